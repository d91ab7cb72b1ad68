//! The embedded engine: SQLite in WAL mode, readers on pooled connections, one writer at a time
//! among all processes, and the generation words moved around each commit.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::{Detail, Error, IoContext, Result};
use crate::fork::{self, Idle as _};
use crate::generation::{Generation, Word};
use crate::schema;
use crate::sql::{Row, Sql, Storage, Value, Work};
use crate::time::Timestamp;
use crate::writer_lock::WriterLock;

/// The database's file name inside the registry's folder.
pub const DATABASE: &str = "registry.db";
const LOCK: &str = "writer.lock";
const GENERATION: &str = "generation";
/// Marks the database as Halfback's: "HBK1" in ASCII.
const APPLICATION_ID: i64 = 0x4842_4B31;
/// Idle reading connections that are kept.
const IDLE_READERS: usize = 8;
const STATEMENTS: usize = 256;

/// What to do about a registry that is not there, and what may be done with it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Access {
    /// Make the registry when the folder holds none.
    pub create: bool,
    /// Refuse every write.
    pub read_only: bool,
}

/// An open SQLite registry.
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    uuid: String,
    read_only: bool,
    pool: Arc<Pool>,
    lock: Option<WriterLock>,
    generation: Option<Generation>,
}

/// The connections that nobody uses at the moment.
#[derive(Debug, Default)]
struct Pool {
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Option<Connection>>,
}

impl fork::Idle for Pool {
    fn release(&self) {
        self.readers.lock().clear();
        if let Some(mut writer) = self.writer.try_lock() {
            *writer = None;
        }
    }
}

impl Sqlite {
    /// Opens the registry in `folder` while [`fork::working`], or makes it first where [`Access::create`] says so.
    pub fn open(folder: &Path, access: Access) -> Result<Self> {
        let database = folder.join(DATABASE);
        match database.try_exists() {
            Ok(true) => {}
            Err(error) if error.kind() != std::io::ErrorKind::NotADirectory => {
                return Err(error).on("look for", &database);
            }
            _ => refuse_or_prepare(folder, access)?,
        }
        let writes = !access.read_only;
        let lock = writes.then(|| WriterLock::open(&folder.join(LOCK))).transpose()?;
        let connection = match &lock {
            Some(lock) => initialised(&database, lock, access)?,
            None => connect(&database, true)?,
        };
        let uuid = examine(&connection, folder)?;
        let pool = Arc::new(Pool::default());
        pool.readers.lock().push(connection);
        let idle: Weak<Pool> = Arc::downgrade(&pool);
        fork::watch(idle);
        let generation = map_generation(&folder.join(GENERATION), &uuid, lock.as_ref())?;
        Ok(Self {
            path: folder.to_owned(),
            uuid,
            read_only: access.read_only,
            pool,
            lock,
            generation,
        })
    }

    /// Lets idle connections go; the next use makes new ones.
    pub fn release(&self) {
        self.pool.release();
    }

    /// The registry's own identity.
    pub fn uuid(&self) -> &str {
        &self.uuid
    }
}

impl Storage for Sqlite {
    fn read(&self, work: Work<'_>) -> Result<()> {
        let _working = fork::working();
        let idle = self.pool.readers.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect(&self.path.join(DATABASE), self.read_only)?,
        };
        let mut transaction = Transaction { connection: &connection, touched: Vec::new() };
        let outcome = transaction.execute("BEGIN", &[]).and_then(|_| work(&mut transaction));
        // A reading transaction has nothing to keep: ending it cannot lose anything.
        let ended = transaction.execute("COMMIT", &[]);
        if ended.is_ok() {
            let mut readers = self.pool.readers.lock();
            if readers.len() < IDLE_READERS {
                readers.push(connection);
            }
        }
        outcome
    }

    fn write(&self, work: Work<'_>) -> Result<()> {
        let Some(lock) = &self.lock else {
            return Err(read_only());
        };
        let Some(generation) = &self.generation else {
            return Err(Detail::Internal("a writer has no generation words".into()).into());
        };
        let _working = fork::working();
        let _guard = lock.acquire()?;
        generation.repair();
        let mut writer = self.pool.writer.lock();
        let connection = match &mut *writer {
            Some(connection) => connection,
            none => none.insert(connect(&self.path.join(DATABASE), false)?),
        };
        let mut transaction = Transaction { connection, touched: Vec::new() };
        if !connection.is_autocommit() {
            // A panic went through the last transaction: nothing of it may stay.
            transaction.execute("ROLLBACK", &[])?;
        }
        transaction.execute("BEGIN IMMEDIATE", &[])?;
        let outcome = work(&mut transaction).and_then(|()| {
            let words = std::mem::take(&mut transaction.touched);
            generation.begin(&words);
            let committed = transaction.execute("COMMIT", &[]);
            generation.end(&words);
            committed.map(drop)
        });
        if let Err(error) = outcome {
            if transaction.execute("ROLLBACK", &[]).is_err() {
                // The engine may have ended the transaction itself; a fresh connection is clean.
                *writer = None;
            }
            return Err(error);
        }
        Ok(())
    }

    fn change_token(&self, word: Word) -> Option<u64> {
        self.generation.as_ref()?.stable(word)
    }
}

/// One transaction on one connection.
struct Transaction<'a> {
    connection: &'a Connection,
    touched: Vec<Word>,
}

impl Sql for Transaction<'_> {
    fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<usize> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|e| failure(&e))?;
        statement.execute(rusqlite::params_from_iter(params)).map_err(|e| failure(&e))
    }

    fn scan(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        each: &mut dyn FnMut(&dyn Row) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|e| failure(&e))?;
        let mut rows =
            statement.query(rusqlite::params_from_iter(params)).map_err(|e| failure(&e))?;
        while let Some(row) = rows.next().map_err(|e| failure(&e))? {
            if each(row)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn touch(&mut self, word: Word) {
        if !self.touched.contains(&word) {
            self.touched.push(word);
        }
    }
}

impl Row for rusqlite::Row<'_> {
    fn value(&self, index: usize) -> Result<Value<'_>> {
        let text = |bytes| {
            std::str::from_utf8(bytes).map(Value::Text).map_err(|_| {
                Detail::Corrupt("the database holds text that is not UTF-8; run `check`".into())
                    .into()
            })
        };
        match self.get_ref(index).map_err(|e| failure(&e))? {
            ValueRef::Null => Ok(Value::Null),
            ValueRef::Integer(value) => Ok(Value::Int(value)),
            ValueRef::Real(value) => Ok(Value::Real(value)),
            ValueRef::Text(value) => text(value),
            ValueRef::Blob(value) => Ok(Value::Blob(value)),
        }
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Real(value) => ValueRef::Real(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

/// The error of a write to a registry that was opened for reading only.
pub fn read_only() -> Error {
    Detail::ReadOnly(
        "the registry was opened for reading only; open it without `read_only` to change it".into(),
    )
    .into()
}

/// Decides about a folder without a database: an error, or a folder ready for one.
fn refuse_or_prepare(folder: &Path, access: Access) -> Result<()> {
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
    let ours = [LOCK, GENERATION, "artifacts"];
    let foreign = content.into_iter().flatten().flatten().find(|entry| {
        !ours.iter().any(|name| entry.file_name().as_encoded_bytes() == name.as_bytes())
    });
    if let Some(entry) = foreign {
        return Err(Detail::NotARegistry(format!(
            "`{shown}` is not a registry: it holds `{}` but no `{DATABASE}`; give the folder of a registry, or an empty one to create",
            entry.file_name().display()
        ))
        .into());
    }
    if access.read_only || !access.create {
        return Err(Detail::RegistryNotFound(format!(
            "there is no registry in `{shown}`; to make one, open it with `create` set to true"
        ))
        .into());
    }
    std::fs::create_dir_all(folder).on("create", folder)
}

/// The registry's words; made where they are missing or foreign, by whoever may write.
fn map_generation(
    path: &Path,
    uuid: &str,
    lock: Option<&WriterLock>,
) -> Result<Option<Generation>> {
    let mapped = Generation::map(path, uuid, lock.is_some())?;
    let (None, Some(lock)) = (&mapped, lock) else { return Ok(mapped) };
    let _guard = lock.acquire()?;
    match Generation::map(path, uuid, true)? {
        None => Generation::create(path, uuid).map(Some),
        made_meanwhile => Ok(made_meanwhile),
    }
}

/// A connection to a database that has the schema, made now where it is missing and wanted.
fn initialised(database: &Path, lock: &WriterLock, access: Access) -> Result<Connection> {
    if database.try_exists().on("look for", database)? {
        let connection = connect(database, false)?;
        if application_id(&connection)? != 0 || !access.create {
            return Ok(connection);
        }
    }
    let _guard = lock.acquire()?;
    let connection = connect(database, false)?;
    // Another process may have been first, and a process that died half-way left nothing: the
    // schema is made in one transaction.
    if application_id(&connection)? == 0 && is_empty(&connection)? {
        connection
            .pragma_update(None, "journal_mode", "wal")
            .and_then(|()| connection.execute_batch("BEGIN IMMEDIATE"))
            .map_err(|e| failure(&e))?;
        let mut transaction = Transaction { connection: &connection, touched: Vec::new() };
        schema::create(&mut transaction, schema::Dialect::Sqlite, Timestamp::now())?;
        connection
            .pragma_update(None, "application_id", APPLICATION_ID)
            .and_then(|()| connection.execute_batch("COMMIT"))
            .map_err(|e| failure(&e))?;
        if let Some(folder) = database.parent() {
            sync_folder(folder)?;
        }
    }
    Ok(connection)
}

/// Makes a new entry of a folder durable.
fn sync_folder(folder: &Path) -> Result<()> {
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).on("sync", folder)
}

fn connect(database: &Path, read_only: bool) -> Result<Connection> {
    let mode = if read_only {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
    };
    let open = || -> rusqlite::Result<Connection> {
        let connection =
            Connection::open_with_flags(database, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        // Without stable plans, statements with bound ranges are prepared again on every call.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    };
    open().map_err(|error| opening(&error, database))
}

fn opening(error: &rusqlite::Error, database: &Path) -> Error {
    let path = database.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            Detail::NotARegistry(format!("`{path}` is not a registry's database")).into()
        }
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            Detail::PermissionDenied(format!(
                "not allowed to open `{path}`; ask for the right on the registry's folder, or open it with `read_only`"
            ))
            .into()
        }
        _ => failure(error),
    }
}

fn application_id(connection: &Connection) -> Result<i64> {
    connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(|e| opening(&e, Path::new(DATABASE)))
}

fn is_empty(connection: &Connection) -> Result<bool> {
    connection
        .query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|e| failure(&e))
}

/// Holds the database to be a registry of a format that this library reads; gives its identity.
fn examine(connection: &Connection, folder: &Path) -> Result<String> {
    let shown = folder.display();
    if application_id(connection)? != APPLICATION_ID {
        return Err(Detail::NotARegistry(format!(
            "`{shown}` is not a registry: its `{DATABASE}` was made by another program"
        ))
        .into());
    }
    let (uuid, format): (String, i64) = connection
        .query_row("SELECT uuid, format FROM registry", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(|e| failure(&e))?;
    if format > schema::FORMAT {
        return Err(Detail::UnsupportedFormat(format!(
            "`{shown}` has format {format}, this library reads up to {}; use a newer halfback",
            schema::FORMAT
        ))
        .into());
    }
    Ok(uuid)
}

/// What a failure of SQLite means to the caller.
fn failure(error: &rusqlite::Error) -> Error {
    let text = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Detail::Busy("another program keeps the registry locked; try again".into())
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            Detail::PermissionDenied(format!(
                "not allowed to write the registry ({text}); ask for the right on its folder"
            ))
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Detail::Corrupt(format!(
            "the database is damaged ({text}); run `check` and restore a backup"
        )),
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::OutOfMemory) => {
            Detail::Io {
                message: format!("the database could not be read or written: {text}"),
                source: std::io::Error::other(text),
            }
        }
        _ => Detail::Internal(format!("the database refused a statement: {text}")),
    }
    .into()
}
