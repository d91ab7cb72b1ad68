//! Checkpoints: when what the write-ahead log holds is copied into the database, and who does it.
//!
//! A caller that is alone copies before it lets go of the writer lock. One that committed for
//! others has told them first, and copies on a connection of its own while the next batch is at
//! work. As the log can begin anew only when all of it was copied, now and then the rest is copied
//! with the lock held; by then that is little.

use rusqlite::Connection;

/// The pages that are left to copy when a checkpoint is due.
const PAGES: i64 = 2000;
/// The pages of the log at which it has to begin anew.
const MOST: i64 = 4 * PAGES;

/// Whether a checkpoint is due after a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    No,
    /// While nobody writes.
    AtOnce,
    /// While others write.
    Beside,
}

impl Due {
    /// Looks at the log through the writing connection; `shared` says whether several callers wrote.
    pub(super) fn after(connection: Option<&Connection>, shared: bool) -> Self {
        let log: Option<(i64, i64)> = connection.and_then(|connection| {
            let mut statement = connection.prepare_cached("PRAGMA wal_checkpoint(NOOP)").ok()?;
            statement.query_row([], |row| Ok((row.get(1)?, row.get(2)?))).ok()
        });
        log.map_or(Self::No, |(pages, copied)| Self::of(pages, pages - copied, shared))
    }

    fn of(pages: i64, left: i64, shared: bool) -> Self {
        // Where a long reader keeps the log from beginning anew, little is left each time.
        let full = pages >= MOST && left >= PAGES / 4;
        match (shared, left >= PAGES) {
            (true, _) if full => Self::AtOnce,
            (true, true) => Self::Beside,
            (false, true) => Self::AtOnce,
            _ => Self::No,
        }
    }
}

/// Leaves checkpoints to [`run`].
pub(super) fn not_by_itself(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))
}

/// Copies what no reader still needs in the log. What was committed is durable without it, so a
/// failure is left to the next one, which meets it again.
pub(super) fn run(connection: &Connection) {
    let run =
        || connection.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?.query([])?.next().map(drop);
    let _: rusqlite::Result<()> = run();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_wrote_for_others_copies_after_them_until_the_log_is_long() {
        let check = |pages, left, shared, due| assert_eq!(Due::of(pages, left, shared), due);
        check(PAGES - 1, PAGES - 1, false, Due::No);
        check(PAGES, PAGES, false, Due::AtOnce);
        check(PAGES, PAGES, true, Due::Beside);
        check(MOST, PAGES / 4, true, Due::AtOnce);
        check(MOST, PAGES / 4 - 1, true, Due::No);
        check(10 * MOST, PAGES / 4 - 1, false, Due::No);
    }
}
