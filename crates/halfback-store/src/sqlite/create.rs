//! A folder without a database: what it means, and how a registry is made in it.

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rusqlite::Connection;

use super::connection::{APPLICATION_ID, keep_log, refused};
use super::{ARTIFACTS, Access, DATABASE, GENERATION, LOCK, Transaction};
use crate::error::{Detail, IoContext, Result};
use crate::folder;
use crate::schema;
use crate::target;
use crate::time::Timestamp;

/// Decides about a folder without a database: an error, or a folder ready for one.
pub(super) fn refuse_or_prepare(folder: &Path, access: Access) -> Result<()> {
    let shown = folder.display();
    let content = match std::fs::read_dir(folder) {
        Ok(entries) => Some(entries),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            return Err(Detail::NotARegistry(format!(
                "`{shown}` is a file; a registry is a folder"
            ))
            .into());
        }
        Err(error) => return Err(error).on("read", folder),
    };
    let lost = refuse_leftovers(folder);
    let foreign = content.into_iter().flatten().flatten().find(|entry| {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let ours = [LOCK, GENERATION, ARTIFACTS].iter().any(|ours| name == ours.as_bytes());
        // What SQLite keeps beside a database that was there.
        !ours && (lost.is_ok() || !name.starts_with(DATABASE.as_bytes()))
    });
    if let Some(entry) = foreign {
        return Err(Detail::NotARegistry(format!(
            "`{shown}` is not a registry: it holds `{}` but no `{DATABASE}`; give the folder of a registry, or an empty one to create",
            entry.file_name().display()
        ))
        .into());
    }
    lost?;
    if access.read_only || !access.create {
        return Err(Detail::RegistryNotFound(format!(
            "there is no registry in `{shown}`; to make one, open it with `create` set to true"
        ))
        .into());
    }
    target::refuse_inside(folder, "path")?;
    folder::create(folder)
}

/// Refuses a folder without a database that has artifacts: they come after the database, so that was
/// lost.
pub(super) fn refuse_leftovers(folder: &Path) -> Result<()> {
    let artifacts = folder.join(ARTIFACTS);
    let kept = artifacts.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    if kept {
        return Err(Detail::Corrupt(format!(
            "the database of `{}` was lost: `{DATABASE}` is missing, empty or overwritten, or `{DATABASE}-wal` is, which a young one is in, but there are artifacts in `{ARTIFACTS}`; put back both as they were, restore a backup, or begin anew in another folder",
            folder.display()
        ))
        .into());
    }
    Ok(())
}

/// Makes an empty database, as SQLite would.
pub(super) fn make(database: &Path) -> Result<()> {
    let mut options = std::fs::File::options();
    options.write(true).create_new(true).mode(0o644).open(database).on("make", database).map(drop)
}

/// The bytes of a page. A commit writes each page that it changed whole, for a few rows of many tables:
/// small pages make less of it. `docs/adr/0012-what-sqlite-leaves-of-a-shared-commit.md`.
const PAGE_SIZE: i64 = 1 << 10;

/// Makes the schema; in one transaction, so that a process that dies half-way leaves nothing.
pub(super) fn initialise(connection: &Connection) -> Result<()> {
    connection.pragma_update(None, "page_size", PAGE_SIZE).map_err(|e| refused(connection, &e))?;
    keep_log(connection)?;
    connection.execute_batch("BEGIN IMMEDIATE").map_err(|e| refused(connection, &e))?;
    let mut transaction = Transaction::on(connection);
    schema::create(&mut transaction, schema::Dialect::Sqlite, Timestamp::now())?;
    connection
        .pragma_update(None, "application_id", APPLICATION_ID)
        .and_then(|()| connection.execute_batch("COMMIT"))
        .map_err(|e| refused(connection, &e))
}
