//! A copy of the whole database as one snapshot of it, while others write.

use std::ops::ControlFlow;
use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::connection::{Mode, failure, opening};
use super::{Sqlite, overtaken};
use crate::error::{Detail, Result};
use crate::fork;

/// Bytes copied between two questions whether to go on.
const STEP: i32 = 4 << 20;

impl Sqlite {
    /// Copies the database, as one transaction reads it, into the file at `target`, which is empty
    /// or not there. Not durable yet. `step` hears how many bytes are done, and of how many.
    ///
    /// Writers go on meanwhile; what they write stays beside the database, in its log, until the
    /// copy is done, and a fork of this process waits for that too.
    pub fn copy_to(
        &self,
        target: &Path,
        step: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<()> {
        let _working = fork::working();
        let opened = &self.opened;
        let reader = opened.reader(self.lock.is_none())?;
        let source = &reader.connection;
        // The transaction begins with its first read.
        let copied = source
            .execute_batch("BEGIN; SELECT uuid FROM registry")
            .map_err(|error| failure(&error))
            .and_then(|()| copy(source, target, step));
        let ended = source.execute_batch("COMMIT");
        if !opened.holds(&reader) {
            return Err(overtaken());
        }
        if ended.is_ok() && copied.is_ok() {
            opened.pool.keep(reader);
        }
        copied
    }
}

fn copy(
    source: &Connection,
    target: &Path,
    step: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<()> {
    let size: i32 = source
        .pragma_query_value(None, "page_size", |row| row.get(0))
        .map_err(|error| failure(&error))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut copy = Connection::open_with_flags(target, flags)
        .map_err(|error| opening(&error, target, Mode::Write))?;
    // Nobody sees the copy before it is whole and synced.
    copy.pragma_update(None, "journal_mode", "off")
        .and_then(|()| copy.pragma_update(None, "synchronous", "off"))
        .map_err(|error| failure(&error))?;
    let backup = Backup::new(source, &mut copy).map_err(|error| failure(&error))?;
    loop {
        let outcome = backup.step(STEP / size.max(1)).map_err(|error| failure(&error))?;
        let pages = backup.progress();
        let bytes = |count: i32| u64::try_from(i64::from(size) * i64::from(count)).unwrap_or(0);
        let total = bytes(pages.pagecount);
        if step(total.saturating_sub(bytes(pages.remaining)), total).is_break() {
            return Err(Detail::Cancelled.into());
        }
        match outcome {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            _ => return Err(Detail::Busy("the database is locked; try again".into()).into()),
        }
    }
}
