//! Checkpoints: when what the write-ahead log holds is copied into the database, and who does it.
//!
//! A caller that is alone copies before it lets go of the writer lock. One that committed for
//! others has told them first, and copies on a connection of its own while the next batches are at
//! work. The log can begin anew only when all of it was copied, which takes the lock: so once it is
//! long, whoever has copied beside the others copies again what they wrote meanwhile, which is
//! little, and the next leader copies the rest.

use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::{Connection, ffi};

/// The pages that are left to copy when a checkpoint is due.
const PAGES: i64 = 4000;
/// The pages of the log at which it has to begin anew.
const MOST: i64 = 3 * PAGES;
/// The same, also where more than a little is left: the disk is slower than the writers. The file is
/// still shorter then than what SQLite leaves of it, so that it is written over and not made anew.
const MOST_EVER: i64 = 4 * PAGES - PAGES / 4;

/// Whether a checkpoint is due after a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    No,
    /// While nobody writes.
    AtOnce,
    /// While others write.
    Beside,
}

/// The log of a database: its pages, and those of them that are not copied yet.
#[derive(Debug, Clone, Copy)]
struct Log {
    pages: i64,
    left: i64,
}

/// The checkpoints of this process.
#[derive(Debug, Default)]
pub(super) struct Checkpoints {
    /// Whether a long log has just been copied but for a little.
    is_caught_up: AtomicBool,
}

impl Checkpoints {
    /// Looks at the log through the writing connection; `shared` says whether several callers wrote.
    pub(super) fn due(&self, connection: Option<&Connection>, shared: bool) -> Due {
        let Some(Ok(log)) =
            connection.map(|connection| Log::after(ffi::SQLITE_CHECKPOINT_NOOP, connection))
        else {
            return Due::No;
        };
        if log.pages < MOST {
            self.is_caught_up.store(false, Ordering::Relaxed);
        }
        log.due(shared, self.is_caught_up.load(Ordering::Relaxed))
    }

    /// Copies while nobody writes.
    pub(super) fn run(&self, connection: &Connection) {
        self.is_caught_up.store(false, Ordering::Relaxed);
        copy(connection);
    }

    /// Copies while others write.
    pub(super) fn run_beside(&self, connection: &Connection) {
        if copy(connection).is_some_and(|log| log.pages >= MOST) && copy(connection).is_some() {
            self.is_caught_up.store(true, Ordering::Relaxed);
        }
    }
}

impl Log {
    /// The log after a checkpoint. Not by the pragma, which the engine would prepare anew each time.
    fn after(checkpoint: c_int, connection: &Connection) -> rusqlite::Result<Self> {
        let (mut pages, mut copied) = (-1, -1);
        // SAFETY: the connection is open, nobody else uses it meanwhile, and both numbers outlive the
        // call.
        let code = unsafe {
            ffi::sqlite3_wal_checkpoint_v2(
                connection.handle(),
                c"main".as_ptr(),
                checkpoint,
                &raw mut pages,
                &raw mut copied,
            )
        };
        match code {
            // Another one is at it.
            ffi::SQLITE_OK | ffi::SQLITE_BUSY => {
                Ok(Self { pages: pages.into(), left: (pages - copied).into() })
            }
            code => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
        }
    }

    fn due(self, shared: bool, is_caught_up: bool) -> Due {
        let Self { pages, left } = self;
        match shared {
            // Where a long reader keeps the log from beginning anew, little is left each time.
            true if pages >= MOST_EVER && left >= PAGES / 4 => Due::AtOnce,
            true if left >= PAGES => Due::Beside,
            true if pages >= MOST && is_caught_up => Due::AtOnce,
            false if left >= PAGES => Due::AtOnce,
            _ => Due::No,
        }
    }
}

/// Leaves checkpoints to [`Checkpoints`].
pub(super) fn not_by_itself(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))
}

/// Copies what no reader still needs in the log; gives what the log is then. What was committed is
/// durable without it, so a failure is left to the next one, which meets it again.
fn copy(connection: &Connection) -> Option<Log> {
    Log::after(ffi::SQLITE_CHECKPOINT_PASSIVE, connection).ok()
}

#[cfg(test)]
mod tests {
    use super::super::create::PAGE_SIZE;
    use super::*;

    #[test]
    fn who_wrote_for_others_copies_after_them_until_the_log_is_long() {
        let check = |pages, left, shared, is_caught_up, due| {
            assert_eq!(Log { pages, left }.due(shared, is_caught_up), due);
        };
        check(PAGES - 1, PAGES - 1, false, false, Due::No);
        check(PAGES, PAGES, false, false, Due::AtOnce);
        check(PAGES, PAGES, true, false, Due::Beside);
        check(MOST, PAGES - 1, true, false, Due::No);
        check(MOST, PAGES - 1, true, true, Due::AtOnce);
        check(MOST, PAGES, true, true, Due::Beside);
        check(MOST - 1, 1, true, true, Due::No);
        check(MOST_EVER, MOST_EVER, true, false, Due::AtOnce);
        check(MOST_EVER, PAGES / 4 - 1, true, false, Due::No);
    }

    #[test]
    fn after_a_long_log_was_copied_beside_the_next_leader_has_it_begin_anew() {
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            let connection = Connection::open(folder.path().join("a.db")).unwrap();
            connection.pragma_update(None, "page_size", PAGE_SIZE).unwrap();
            connection.pragma_update(None, "journal_mode", "wal").unwrap();
            connection.pragma_update(None, "synchronous", "off").unwrap();
            not_by_itself(&connection).unwrap();
            connection
        };
        let (writer, reader, beside) = (open(), open(), open());
        let pages = "CREATE TABLE t (body); \
                     WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2000) \
                     INSERT INTO t SELECT randomblob(4000) FROM n";
        writer.execute_batch(pages).unwrap();
        let checkpoints = Checkpoints::default();
        assert_eq!(checkpoints.due(Some(&writer), true), Due::Beside);
        // A reader keeps the log from beginning anew.
        reader.execute_batch("BEGIN; SELECT count(*) FROM t").unwrap();
        for _ in 0..3 {
            checkpoints.run_beside(&beside);
            writer.execute_batch("UPDATE t SET body = randomblob(4000)").unwrap();
        }
        reader.execute_batch("COMMIT").unwrap();
        checkpoints.run_beside(&beside);
        assert_eq!(checkpoints.due(Some(&writer), true), Due::AtOnce);
        checkpoints.run(&writer);
        assert_eq!(checkpoints.due(Some(&writer), true), Due::No);
        writer.execute_batch("DELETE FROM t WHERE rowid = 1").unwrap();
        let log = Log::after(ffi::SQLITE_CHECKPOINT_NOOP, &writer).unwrap();
        assert!(log.pages < 100, "{log:?}");
    }
}
