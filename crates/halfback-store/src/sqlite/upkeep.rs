//! Upkeep: what is done while nobody writes, and the bounds of the write-ahead log.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Connection;

use super::connection::{beside, refused};
use super::{Sqlite, moved, read_only};
use crate::error::Result;
use crate::fork;

/// The bytes of the write-ahead log from which on it has to begin anew. A checkpoint by itself keeps
/// it at a few MiB, unless readers take turns so closely that one is always in the way.
const LONG: u64 = 64 << 20;
/// How long writers wait for such readers, once for every [`LONG`] bytes.
const PATIENCE: Duration = Duration::from_millis(100);

/// What compacting did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// The size of the database with its log before, in bytes.
    pub bytes_before: u64,
    /// The size after.
    pub bytes_after: u64,
    /// Whether a reader still needs the old pages: they go with a later commit.
    pub held: bool,
}

/// Keeps the write-ahead log from growing without end.
#[derive(Debug, Default)]
pub(super) struct LogBound {
    /// The size at which to try next, above [`LONG`]; 0 for that itself.
    next: AtomicU64,
}

impl LogBound {
    /// Has a log that became long begin anew. The caller has the writer lock.
    ///
    /// A reader that stays on a snapshot keeps the log, whatever a writer does; so writers do not
    /// wait for it again before the log has grown by as much.
    pub(super) fn keep(&self, connection: &Connection, database: &Path) {
        let next = self.next.load(Ordering::Relaxed).max(LONG);
        if log_size(database) < next {
            return;
        }
        let _ = connection.busy_timeout(PATIENCE).is_ok();
        let done = truncate(connection);
        let _ = connection.busy_timeout(super::connection::PATIENCE).is_ok();
        // What was committed is durable without this, so a failure is left to the next time.
        let left = if done.unwrap_or(false) { 0 } else { log_size(database).max(next) };
        self.next.store(left.saturating_add(LONG), Ordering::Relaxed);
    }
}

/// Copies the log into the database and empties it; gives whether no reader was in the way.
fn truncate(connection: &Connection) -> Result<bool> {
    let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
    let busy: i64 = connection
        .prepare_cached(checkpoint)
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(|error| refused(connection, &error))?;
    Ok(busy == 0)
}

fn log_size(database: &Path) -> u64 {
    size(&beside(database, "-wal"))
}

fn size(path: &Path) -> u64 {
    path.metadata().map_or(0, |metadata| metadata.len())
}

impl Sqlite {
    /// Runs `work` while nobody writes, in any process.
    pub fn alone<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let lock = self.lock.as_ref().ok_or_else(read_only)?;
        let _guard = lock.acquire()?;
        if !self.is_in_place() {
            return Err(moved(&self.opened.folder));
        }
        work()
    }

    /// Writes the database anew without the pages that are free, and in the order of its tables.
    ///
    /// Writers wait, readers read on, and a fork of this process waits too. On the disk this takes
    /// up to twice the size of the database, half of it in the system's temporary folder.
    pub fn compact(&self) -> Result<Compacted> {
        self.alone(|| {
            let _working = fork::working();
            let database = &self.opened.database;
            let all = || size(database).saturating_add(log_size(database));
            let bytes_before = all();
            let connection = self.opened.connect()?;
            truncate(&connection)?;
            connection.execute_batch("VACUUM").map_err(|error| refused(&connection, &error))?;
            let held = !truncate(&connection)?;
            Ok(Compacted { bytes_before, bytes_after: all(), held })
        })
    }
}
