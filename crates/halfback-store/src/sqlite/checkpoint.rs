//! Checkpoints: when what the write-ahead log holds is copied into the database, and who does it.
//!
//! A caller that is alone copies before it lets go of the writer lock. One that committed for
//! others has told them first, and copies on a connection of its own while the next batches are at
//! work. The log can begin anew only when all of it was copied, which takes the lock: so once it is
//! long, whoever has copied beside the others copies again what they wrote meanwhile, which is
//! little, and the next leader copies the rest.

use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use rusqlite::{Connection, ffi};

/// The bytes that are left to copy when a checkpoint is due.
const LEFT: i64 = 4 << 20;
/// The bytes of the log at which it has to begin anew.
const MOST: i64 = 3 * LEFT;
/// The same, also where more than a little is left: the disk is slower than the writers. The file is
/// still shorter then than what SQLite leaves of it, so that it is written over and not made anew.
const MOST_EVER: i64 = 4 * LEFT - LEFT / 4;

/// Whether a checkpoint is due after a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    No,
    /// While nobody writes.
    AtOnce,
    /// While others write.
    Beside,
}

/// The log of a database: its bytes, and those of them that are not copied yet.
#[derive(Debug, Clone, Copy)]
struct Log {
    bytes: i64,
    left: i64,
}

/// The checkpoints of this process.
#[derive(Debug, Default)]
pub(super) struct Checkpoints {
    /// Whether a long log has just been copied but for a little.
    is_caught_up: AtomicBool,
    /// The bytes that a page takes in the log; 0 before it is known.
    frame: AtomicI64,
}

impl Checkpoints {
    /// Looks at the log through the writing connection; `shared` says whether several callers wrote.
    pub(super) fn due(&self, connection: Option<&Connection>, shared: bool) -> Due {
        let look = |connection| self.log_after(ffi::SQLITE_CHECKPOINT_NOOP, connection);
        let Some(log) = connection.and_then(look) else { return Due::No };
        if log.bytes < MOST {
            self.is_caught_up.store(false, Ordering::Relaxed);
        }
        log.due(shared, self.is_caught_up.load(Ordering::Relaxed))
    }

    /// Copies while nobody writes.
    pub(super) fn run(&self, connection: &Connection) {
        self.is_caught_up.store(false, Ordering::Relaxed);
        self.copy(connection);
    }

    /// Copies while others write.
    pub(super) fn run_beside(&self, connection: &Connection) {
        if self.copy(connection).is_some_and(|log| log.bytes >= MOST)
            && self.copy(connection).is_some()
        {
            self.is_caught_up.store(true, Ordering::Relaxed);
        }
    }

    /// Copies what no reader still needs in the log; gives what the log is then. What was committed is
    /// durable without it, so a failure is left to the next one, which meets it again.
    fn copy(&self, connection: &Connection) -> Option<Log> {
        self.log_after(ffi::SQLITE_CHECKPOINT_PASSIVE, connection)
    }

    /// The log after a checkpoint. Not by the pragma, which the engine would prepare anew each time.
    fn log_after(&self, checkpoint: c_int, connection: &Connection) -> Option<Log> {
        let frame = self.frame(connection).ok()?;
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
                let bytes = |pages: c_int| frame.saturating_mul(pages.into());
                Some(Log { bytes: bytes(pages), left: bytes(pages - copied) })
            }
            _ => None,
        }
    }

    /// A page and its header. Databases keep the size of their pages.
    fn frame(&self, connection: &Connection) -> rusqlite::Result<i64> {
        let known = self.frame.load(Ordering::Relaxed);
        if known > 0 {
            return Ok(known);
        }
        let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        self.frame.store(page + 24, Ordering::Relaxed);
        Ok(page + 24)
    }
}

impl Log {
    fn due(self, shared: bool, is_caught_up: bool) -> Due {
        let Self { bytes, left } = self;
        match shared {
            // Where a long reader keeps the log from beginning anew, little is left each time.
            true if bytes >= MOST_EVER && left >= LEFT / 4 => Due::AtOnce,
            true if left >= LEFT => Due::Beside,
            true if bytes >= MOST && is_caught_up => Due::AtOnce,
            false if left >= LEFT => Due::AtOnce,
            _ => Due::No,
        }
    }
}

/// Leaves checkpoints to [`Checkpoints`].
pub(super) fn not_by_itself(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_wrote_for_others_copies_after_them_until_the_log_is_long() {
        let check = |bytes, left, shared, is_caught_up, due| {
            assert_eq!(Log { bytes, left }.due(shared, is_caught_up), due);
        };
        check(LEFT - 1, LEFT - 1, false, false, Due::No);
        check(LEFT, LEFT, false, false, Due::AtOnce);
        check(LEFT, LEFT, true, false, Due::Beside);
        check(MOST, LEFT - 1, true, false, Due::No);
        check(MOST, LEFT - 1, true, true, Due::AtOnce);
        check(MOST, LEFT, true, true, Due::Beside);
        check(MOST - 1, 1, true, true, Due::No);
        check(MOST_EVER, MOST_EVER, true, false, Due::AtOnce);
        check(MOST_EVER, LEFT / 4 - 1, true, false, Due::No);
    }

    #[test]
    fn after_a_long_log_was_copied_beside_the_next_leader_has_it_begin_anew() {
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            let connection = Connection::open(folder.path().join("a.db")).unwrap();
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
        let log = checkpoints.log_after(ffi::SQLITE_CHECKPOINT_NOOP, &writer).unwrap();
        assert!(log.bytes < 100 << 10, "{log:?}");
    }
}
