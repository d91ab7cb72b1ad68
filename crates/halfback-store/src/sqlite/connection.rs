//! Connections to the database: how each kind is opened, and what SQLite's failures mean.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags};
use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::io::Errno;

use super::create::refuse_leftovers;
use super::{DATABASE, GENERATION, log_file};
use crate::error::{Detail, Error, IoContext, Kind, Result};
use crate::folder;
use crate::generation::Durable;
use crate::id::CommitNumber;
use crate::schema::{self, Dialect};

/// Kibibytes of pages that a connection keeps at most: a page of a list reads its records from all
/// over the tables.
const CACHE: i64 = 16 << 10;

/// Marks the database as Halfback's: "HBK1" in ASCII.
pub(super) const APPLICATION_ID: i64 = 0x4842_4B31;
const STATEMENTS: usize = 256;
/// How long SQLite waits for a lock of its own.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes that the write-ahead log keeps on the disk at most when it begins anew.
const LOG_SIZE: i64 = 16 << 20;

/// What a connection may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Write,
    Read,
    /// Read a database that nobody writes, without the files beside it.
    Immutable,
}

pub(super) fn connect(database: &Path, mode: Mode) -> Result<Connection> {
    let (path, flags) = match mode {
        Mode::Write => (database.to_owned(), OpenFlags::SQLITE_OPEN_READ_WRITE),
        Mode::Read => (database.to_owned(), OpenFlags::SQLITE_OPEN_READ_ONLY),
        Mode::Immutable => {
            (immutable(database)?, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI)
        }
    };
    let open = || -> rusqlite::Result<Connection> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match mode {
            Mode::Write => Connection::open_with_flags_and_vfs(&path, flags, log_file::name()?)?,
            Mode::Read | Mode::Immutable => Connection::open_with_flags(&path, flags)?,
        };
        // Without stable plans, statements with bound ranges are prepared again on every call.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "cache_size", -CACHE)?;
        connection.pragma_update_and_check(None, "journal_size_limit", LOG_SIZE, |_| Ok(()))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    };
    let connection = open().map_err(|error| opening(&error, database, mode))?;
    if mode == Mode::Write && connection.is_readonly(MAIN_DB).map_err(|e| failure(&e))? {
        // What SQLite opens where it could not open for writing, for whatever reason.
        let error = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
        return Err(opening(&rusqlite::Error::SqliteFailure(error, None), database, mode));
    }
    Ok(connection)
}

/// The database as a URI that says that nobody writes it.
fn immutable(database: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(database).on("find", database)?;
    let escaped = absolute.as_os_str().as_bytes().iter().map(|byte| {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
            char::from(*byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    Ok(format!("file://{}?immutable=1", escaped.collect::<String>()).into())
}

/// What a database file that nobody writes to keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fingerprint {
    file: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Fingerprint {
    /// `None` while there is a log of changes that the file does not hold yet.
    pub(super) fn of(database: &Path) -> Option<Self> {
        if ["-wal", "-journal"].iter().any(|end| size_of(&beside(database, end)) != Some(0)) {
            return None;
        }
        let metadata = std::fs::metadata(database).ok()?;
        Some(Self {
            file: (metadata.dev(), metadata.ino()),
            size: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

/// The size of a file, 0 where there is none, `None` where nobody tells.
fn size_of(path: &Path) -> Option<u64> {
    match std::fs::metadata(path) {
        Ok(metadata) => Some(metadata.len()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(0),
        Err(_) => None,
    }
}

/// The file that SQLite keeps beside the database under this ending.
pub(super) fn beside(database: &Path, end: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(end);
    path.into()
}

/// What a failure to open means to the caller.
pub(super) fn opening(error: &rusqlite::Error, database: &Path, mode: Mode) -> Error {
    let path = database.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            let foreign =
                || Detail::NotARegistry(format!("`{path}` is not a registry's database")).into();
            let folder = database.parent().unwrap_or(Path::new("."));
            refuse_leftovers(folder).err().unwrap_or_else(foreign)
        }
        // Such as a format of the schema that there is not.
        Some(ErrorCode::Unknown) => damaged(&error.to_string()),
        // The same code whatever kept the system from opening it.
        Some(ErrorCode::CannotOpen) if may_open(database, mode) => failure(error),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            let way_out = match mode {
                Mode::Write => {
                    "ask for the right on the registry's folder, or open it with `read_only`"
                }
                Mode::Read if Fingerprint::of(database).is_none() => {
                    "a program that wrote it ended without closing it, and to recover what it left takes the right to write; ask for that, or have the owner open it once"
                }
                Mode::Read | Mode::Immutable => "ask for the right to read it",
            };
            Detail::PermissionDenied(format!("not allowed to open `{path}`; {way_out}")).into()
        }
        _ => failure(error),
    }
}

/// Whether this process has the right to open the database, and to make the files beside it.
fn may_open(database: &Path, mode: Mode) -> bool {
    let may = |path: &Path, right| accessat(CWD, path, right, AtFlags::EACCESS);
    let file = match mode {
        Mode::Write => Access::READ_OK | Access::WRITE_OK,
        Mode::Read | Mode::Immutable => Access::READ_OK,
    };
    let folder = match mode {
        Mode::Immutable => Access::EXEC_OK,
        _ => Access::WRITE_OK | Access::EXEC_OK,
    };
    let above = database.parent().unwrap_or(Path::new("."));
    matches!(may(database, file), Ok(()) | Err(Errno::NOENT)) && may(above, folder).is_ok()
}

pub(super) fn application_id(connection: &Connection, mode: Mode) -> Result<i64> {
    connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(|error| {
        opening(&error, connection.path().map_or(Path::new(DATABASE), Path::new), mode)
    })
}

/// Has the database keep a log of what is written, if it does not yet. A commit without one is not durable
/// when it is told: SQLite removes a file for it, and does not sync the folder.
pub(super) fn keep_log(connection: &Connection) -> Result<()> {
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
        .map_err(|e| refused(connection, &e))?;
    // Where a sync fails, the pragma fails without an error and tells what mode is left.
    if mode == "wal" { Ok(()) } else { Err(unavailable("it cannot keep a log of what is written")) }
}

pub(super) fn is_empty(connection: &Connection) -> Result<bool> {
    connection
        .query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|e| failure(&e))
}

/// The last commit that the connection sees.
pub(super) fn head(connection: &Connection) -> rusqlite::Result<CommitNumber> {
    let mut statement = connection.prepare_cached("SELECT n FROM head")?;
    statement.query_row([], |row| row.get(0).map(CommitNumber))
}

/// Holds the database to be a registry of a format that this library reads, with all that was
/// acknowledged, as `durable` was told before it was opened; gives its identity.
pub(super) fn examine(
    connection: &Connection,
    folder: &Path,
    durable: Durable,
    mode: Mode,
) -> Result<String> {
    let shown = folder.display();
    let id = application_id(connection, mode)?;
    if id != APPLICATION_ID {
        refuse_leftovers(folder)?;
    }
    if id == 0 && is_empty(connection)? {
        return Err(Detail::RegistryNotFound(format!(
            "the registry in `{shown}` was never finished; to make it, open it with `create` set to true"
        ))
        .into());
    }
    if id != APPLICATION_ID {
        return Err(Detail::NotARegistry(format!(
            "`{shown}` is not a registry: its `{DATABASE}` was made by another program"
        ))
        .into());
    }
    let (uuid, format): (String, i64) = connection
        .query_row("SELECT uuid, format FROM registry", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(|e| refused(connection, &e))?;
    if format > schema::FORMAT {
        return Err(Detail::UnsupportedFormat(format!(
            "`{shown}` has format {format}, this library reads up to {}; use a newer halfback",
            schema::FORMAT
        ))
        .into());
    }
    let found = match head(connection).map_err(|e| refused(connection, &e)) {
        // A damaged head is told by whoever reads it.
        Err(error) if error.kind() == Kind::Integrity => None,
        found => Some(found?),
    };
    if let (Some(known), Some(found)) = (durable.commit(&uuid), found)
        && found < known
    {
        // Closing it leaves the files as they are: the last one to close a log removes it.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .map_err(|e| failure(&e))?;
        return Err(Detail::Corrupt(format!(
            "the registry in `{shown}` ends with commit {found}, and commit {known} was acknowledged: `{DATABASE}-wal` was deleted or damaged, or `{DATABASE}` replaced by an older one; put back both as they were, or `restore` a backup to a new folder; to go on with what is left, move the file `{GENERATION}` away"
        ))
        .into());
    }
    Ok(uuid)
}

/// Makes durable what a program that was killed had not synced, and what is read as if it were: the
/// folder's name, and the last commit in the log.
pub(super) fn settle(folder: &Path) -> Result<()> {
    folder::create(folder)?;
    let log = beside(&folder.join(DATABASE), "-wal");
    match File::open(&log).and_then(|file| file.sync_data()) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        synced => synced.on("sync", &log),
    }
}

/// What is other in the database's schema than this library makes it.
pub(super) fn foreign(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut own: BTreeSet<String> = schema::statements(Dialect::Sqlite).into_iter().collect();
    let mut found = Vec::new();
    // Statistics are SQLite's own.
    let mut statement = connection.prepare(
        "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite@_%' ESCAPE '@'",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (name, sql) = (row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        if !own.remove(&sql) {
            found.push(format!("`{name}` is not in the schema as it was made"));
        }
    }
    found.extend(own.iter().map(|sql| {
        let name: Vec<&str> = sql.split_whitespace().skip(1).take(2).collect();
        format!("the {} is missing, or other than it was made", name.join(" ").to_lowercase())
    }));
    Ok(found)
}

/// What a failure of a statement means to the caller.
pub(super) fn refused(connection: &Connection, error: &rusqlite::Error) -> Error {
    let is_not_understood = matches!(error, rusqlite::Error::SqlInputError { .. })
        || error.sqlite_error_code() == Some(ErrorCode::Unknown);
    if is_not_understood {
        match foreign(connection) {
            Ok(found) if found.is_empty() => {}
            Ok(_) => return other_schema(&error.to_string()),
            Err(_) => return damaged(&error.to_string()),
        }
    }
    // What no command writes twice is there twice where an index is damaged.
    if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
        && connection
            .pragma_query_value(None, "integrity_check", |row| row.get::<_, String>(0))
            .is_ok_and(|found| found != "ok")
    {
        return damaged(&error.to_string());
    }
    let path = connection.path().map_or(Path::new(DATABASE), Path::new);
    let read_only = error.sqlite_error_code() == Some(ErrorCode::ReadOnly);
    if read_only && connection.is_readonly(MAIN_DB) == Ok(false) && may_open(path, Mode::Write) {
        // It could not open a file beside the database for writing, and opened it for reading.
        return unavailable(&error.to_string());
    }
    failure(error)
}

/// What a failure of SQLite means to the caller.
pub(super) fn failure(error: &rusqlite::Error) -> Error {
    let text = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Detail::Busy("another program keeps the registry locked; try again".into())
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Detail::PermissionDenied(
            format!("not allowed to write the registry ({text}); ask for the right on its folder"),
        ),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => return damaged(&text),
        // A missing right to make a file beside the database is `ReadOnly`.
        Some(
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::OutOfMemory,
        ) => return unavailable(&text),
        None if is_unlike(error) => return damaged(&text),
        _ => Detail::Internal(format!("the database refused a statement: {text}")),
    }
    .into()
}

/// Whether a row is not what every row there is.
fn is_unlike(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{
        FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, QueryReturnedNoRows,
        Utf8Error,
    };
    matches!(
        error,
        FromSqlConversionFailure(..)
            | IntegralValueOutOfRange(..)
            | InvalidColumnType(..)
            | QueryReturnedNoRows
            | Utf8Error(..)
    )
}

/// The tables are not those of this library: until the first release the format has no number for that.
fn other_schema(text: &str) -> Error {
    Detail::Corrupt(format!(
        "the database's tables are not those of this library ({text}): another state of its development made \
         the registry, and reads it, or the database is damaged; then run `check` and restore a backup"
    ))
    .into()
}

fn damaged(text: &str) -> Error {
    Detail::Corrupt(format!("the database is damaged ({text}); run `check` and restore a backup"))
        .into()
}

fn unavailable(text: &str) -> Error {
    Detail::Io {
        message: format!("the database could not be read or written: {text}"),
        source: std::io::Error::other(text.to_owned()),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_not_what_all_are_is_damage() {
        let connection = Connection::open_in_memory().unwrap();
        let text = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0));
        for sql in ["SELECT CAST(x'61ff' AS TEXT)", "SELECT 7", "SELECT 'a' WHERE false"] {
            assert_eq!(failure(&text(sql).unwrap_err()).code(), "corrupt", "{sql}");
        }
        assert_eq!(failure(&text("SELECT nothing").unwrap_err()).code(), "internal");
    }

    #[test]
    fn a_key_that_is_there_twice_is_damage_where_an_index_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.db");
        let connection = Connection::open(&path).unwrap();
        let made = "CREATE TABLE pair (a UNIQUE, b); CREATE INDEX pair_a ON pair (a); \
                    INSERT INTO pair VALUES (1, 2)";
        connection.execute_batch(made).unwrap();
        let twice = |connection: &Connection| {
            let error = connection.execute("INSERT INTO pair VALUES (1, 3)", []).unwrap_err();
            refused(connection, &error).code().to_owned()
        };
        assert_eq!(twice(&connection), "internal");
        // The index is another one than its pages.
        let other = "PRAGMA writable_schema = on; \
                     UPDATE sqlite_schema SET sql = 'CREATE INDEX pair_a ON pair (b)' WHERE name = 'pair_a'";
        connection.execute_batch(other).unwrap();
        assert_eq!(twice(&Connection::open(&path).unwrap()), "corrupt");
    }
}
