//! The embedded engine: SQLite in WAL mode, readers on pooled connections, one writer at a time
//! among all processes, and the generation words moved around each commit.

mod batch;
mod checkpoint;
mod connection;
mod copy;
mod create;
mod log_file;
mod upkeep;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use parking_lot::Mutex;
use rusqlite::Connection;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

use crate::error::{Detail, Error, IoContext, Result};
use crate::filesystem;
use crate::folder;
use crate::fork::{self, Idle as _};
use crate::generation::{Durable, Generation, Word};
use crate::interrupt;
use crate::sql::{Row, Sql, Storage, Value, View, Work};
use crate::writer_lock::{self, EVERY, PATIENCE, WriterGuard, WriterLock};

use batch::{Queue, Turn, Writer};
use checkpoint::{Checkpoints, Due};
use connection::{
    Fingerprint, Mode, application_id, beside, connect, examine, failure, foreign, is_empty,
    keep_log, refused, settle,
};

use create::{initialise, make, refuse_leftovers, refuse_or_prepare};
pub use upkeep::Compacted;
use upkeep::LogBound;

/// The database's file name inside the registry's folder.
pub const DATABASE: &str = "registry.db";
pub(crate) const LOCK: &str = "writer.lock";
pub(crate) const GENERATION: &str = "generation";
pub(crate) const ARTIFACTS: &str = "artifacts";
/// Idle reading connections that are kept.
const IDLE_READERS: usize = 8;

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
    opened: Opened,
    lock: Option<WriterLock>,
    queue: Queue,
    checkpoints: Checkpoints,
    log: LogBound,
}

/// What was found in the folder when it was opened.
#[derive(Debug)]
struct Opened {
    folder: PathBuf,
    database: PathBuf,
    /// The database file's identity in the file system, and the registry's own.
    file: writer_lock::Key,
    uuid: String,
    pool: Arc<Pool>,
    generation: Option<Arc<Generation>>,
}

/// The connections that nobody uses at the moment.
#[derive(Debug, Default)]
struct Pool {
    readers: Mutex<Vec<Reader>>,
    writer: Mutex<Writer>,
    /// Whether the writer's connection has committed what no reader has looked at since: it has that
    /// in memory, and the readers have to read all anew.
    is_written: AtomicBool,
}

/// A connection for reading.
#[derive(Debug)]
struct Reader {
    connection: Connection,
    /// What must not change under a connection that takes the database for immutable.
    still: Option<Still>,
}

/// Tells whether anybody wrote: the file, and where they are mapped the words.
type Still = (Fingerprint, Option<u64>);

impl fork::Idle for Pool {
    fn release(&self) {
        let _working = fork::working();
        self.readers.lock().clear();
        if let Some(mut writer) = self.writer.try_lock() {
            writer.connection = None;
        }
    }
}

impl Pool {
    /// Keeps a connection that is idle again.
    fn keep(&self, reader: Reader) {
        let mut readers = self.readers.lock();
        if readers.len() < IDLE_READERS {
            readers.push(reader);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.release();
    }
}

impl Sqlite {
    /// Opens the registry in `folder`, or makes it first where [`Access::create`] says so.
    pub fn open(folder: &Path, access: Access) -> Result<Self> {
        if !access.read_only {
            filesystem::refuse_network(folder)?;
        }
        let database = folder.join(DATABASE);
        match database.try_exists() {
            Ok(true) => {}
            Err(error) if error.kind() != std::io::ErrorKind::NotADirectory => {
                return Err(error).on("look for", &database);
            }
            _ => refuse_or_prepare(folder, access)?,
        }
        if access.read_only {
            let opened = Opened::to_read(folder)?;
            return Ok(Self::of(opened, None));
        }
        crate::backup::refuse_to_write(folder)?;
        let lock =
            WriterLock::open(&folder.join(LOCK)).map_err(|error| unwritable(error, folder))?;
        let mut opened = Opened::to_write(folder, access, None)?;
        if opened.is_none() {
            let guard = lock.acquire()?;
            opened = Opened::to_write(folder, access, Some(&guard))?;
        }
        let opened = opened.ok_or_else(|| moved(folder))?;
        Ok(Self::of(opened, Some(lock)))
    }

    fn of(opened: Opened, lock: Option<WriterLock>) -> Self {
        Self {
            opened,
            lock,
            queue: Queue::default(),
            checkpoints: Checkpoints::default(),
            log: LogBound::default(),
        }
    }

    /// Lets go of idle connections and of the words: nobody will read any more, and nobody may
    /// write. Reads that are under way go on.
    pub fn close(&self) {
        let _working = fork::working();
        self.opened.pool.release();
        if let Some(generation) = &self.opened.generation {
            generation.retire();
        }
    }

    /// Runs work in the transaction of a batch, or gives up at the deadline.
    fn write_until(&self, deadline: Instant, weight: usize, work: Work) -> Result<()> {
        let Some(lock) = &self.lock else {
            return Err(read_only());
        };
        let seat = self.queue.join(weight, work);
        loop {
            match seat.wait(EVERY) {
                Turn::Over(result) => return result,
                Turn::Lead => self.lead(lock, deadline)?,
                Turn::Wait if Instant::now() >= deadline && seat.withdraw() => {
                    return Err(lock.kept());
                }
                Turn::Wait if interrupt::requested() && seat.withdraw() => {
                    return Err(Detail::Cancelled.into());
                }
                Turn::Wait => {}
            }
        }
    }

    /// Does the work of a caller, who waits until the deadline, and of those who wait behind it.
    fn lead(&self, lock: &WriterLock, deadline: Instant) -> Result<()> {
        let opened = &self.opened;
        let Some(generation) = &opened.generation else {
            return Err(Detail::Internal("a writer has no generation words".into()).into());
        };
        let guard = lock.acquire_until(deadline)?;
        let _working = fork::working();
        if !self.is_in_place() {
            return Err(moved(&opened.folder));
        }
        generation.repair()?;
        let mut writer = opened.pool.writer.lock();
        if writer.connection.is_none() {
            writer.connection = Some(opened.writer()?);
        }
        if let Some(connection) = &writer.connection {
            // Only a program that is not Halfback locks the database now.
            let left = deadline.saturating_duration_since(Instant::now()).max(EVERY);
            connection.busy_timeout(left.min(connection::PATIENCE)).map_err(|e| failure(&e))?;
        }
        let told = self.queue.work(&mut writer, generation);
        opened.pool.is_written.store(true, Ordering::Relaxed);
        let due = self.checkpoints.due(writer.connection.as_ref(), told.is_shared());
        if let (Due::AtOnce, Some(connection)) = (due, &writer.connection) {
            self.checkpoints.run(connection);
            self.log.keep(connection, &opened.database);
        }
        drop(writer);
        drop(guard);
        // The next one begins while these are told.
        self.queue.hand_on();
        told.tell();
        if due == Due::Beside
            && let Ok(reader) = opened.reader(false)
        {
            self.checkpoints.run_beside(&reader.connection);
            opened.pool.keep(reader);
        }
        Ok(())
    }

    /// The registry's own identity.
    pub fn uuid(&self) -> &str {
        &self.opened.uuid
    }

    /// Whether the folder still holds what was opened: not after it was moved, replaced or deleted.
    pub fn is_in_place(&self) -> bool {
        self.opened.is_in_place() && self.lock.as_ref().is_none_or(WriterLock::is_in_place)
    }
}

impl Opened {
    fn new(folder: &Path, file: Option<writer_lock::Key>, uuid: String) -> Result<Self> {
        let pool = Arc::new(Pool::default());
        let idle: Weak<Pool> = Arc::downgrade(&pool);
        fork::watch(idle);
        Ok(Self {
            folder: folder.to_owned(),
            database: folder.join(DATABASE),
            file: file.ok_or_else(|| moved(folder))?,
            uuid,
            pool,
            generation: None,
        })
    }

    fn to_read(folder: &Path) -> Result<Self> {
        let _working = fork::working();
        let database = folder.join(DATABASE);
        let words = folder.join(GENERATION);
        let file = writer_lock::key(&database);
        let durable = Durable::read(&words)?;
        let (connection, mode) = reader(&database)?;
        let mut opened = Self::new(folder, file, examine(&connection, folder, durable, mode)?)?;
        let words = Generation::map(&words, &opened.uuid, false)?;
        opened.generation = words.map(Arc::new);
        Ok(opened)
    }

    /// What is there to write to. `None` where something is missing that only the holder of the
    /// writer lock may make.
    fn to_write(
        folder: &Path,
        access: Access,
        guard: Option<&WriterGuard<'_>>,
    ) -> Result<Option<Self>> {
        let _working = fork::working();
        let database = folder.join(DATABASE);
        let mode = Mode::Write;
        if !database.try_exists().on("look for", &database)? {
            if guard.is_none() {
                return Ok(None);
            }
            if access.create {
                refuse_leftovers(folder)?;
                make(&database)?;
            }
        }
        let words = folder.join(GENERATION);
        let durable = Durable::read(&words)?;
        let connection = connect(&database, mode)?;
        if access.create && application_id(&connection, mode)? == 0 && is_empty(&connection)? {
            if guard.is_none() {
                return Ok(None);
            }
            refuse_leftovers(folder)?;
            // Its name lasts before there is a file beside it: no loss of power leaves that alone.
            folder::sync(folder)?;
            initialise(&connection)?;
            folder::sync(folder)?;
        }
        let uuid = examine(&connection, folder, durable, mode)?;
        settle(folder)?;
        let mut opened = Self::new(folder, writer_lock::key(&database), uuid)?;
        opened.pool.readers.lock().push(Reader { connection, still: None });
        opened.generation = match Generation::map(&words, &opened.uuid, true)? {
            None if guard.is_none() => return Ok(None),
            None => Some(Arc::new(Generation::make(&words, &opened.uuid, durable)?)),
            mapped => mapped.map(Arc::new),
        };
        Ok(Some(opened))
    }

    fn is_in_place(&self) -> bool {
        writer_lock::key(&self.database) == Some(self.file)
    }

    /// A new connection, held to lead to the registry that was opened.
    fn same(
        &self,
        open: impl FnOnce(&Path) -> Result<(Connection, Mode)>,
    ) -> Result<(Connection, Mode)> {
        let durable = Durable::read(&self.folder.join(GENERATION))?;
        let opened = open(&self.database);
        if !self.is_in_place() {
            return Err(moved(&self.folder));
        }
        let (connection, mode) = opened?;
        if examine(&connection, &self.folder, durable, mode)? != self.uuid {
            return Err(moved(&self.folder));
        }
        Ok((connection, mode))
    }

    /// A new connection that can write.
    fn connect(&self) -> Result<Connection> {
        let open = |database: &Path| Ok((connect(database, Mode::Write)?, Mode::Write));
        self.same(open).map(|(connection, _)| connection)
    }

    /// A connection to read one snapshot with.
    fn reader(&self, read_only: bool) -> Result<Reader> {
        while let Some(reader) = self.pool.readers.lock().pop() {
            // Without words, the time of the last change alone would tell, which is coarse.
            if self.generation.is_some() && self.holds(&reader) || reader.still.is_none() {
                return Ok(reader);
            }
        }
        if !read_only {
            return Ok(Reader { connection: self.connect()?, still: None });
        }
        let still = self.still();
        let (connection, mode) = self.same(reader)?;
        if mode == Mode::Read {
            return Ok(Reader { connection, still: None });
        }
        let still = Some(still.ok_or_else(overtaken)?);
        Ok(Reader { connection, still })
    }

    /// A connection to write with.
    fn writer(&self) -> Result<Connection> {
        let connection = self.connect()?;
        settle(&self.folder)?;
        // Another program may have changed that.
        keep_log(&connection)?;
        // What a savepoint needs to be undone goes into memory, not into files.
        connection.pragma_update(None, "temp_store", "memory").map_err(|e| failure(&e))?;
        // A checkpoint inside of the commit would keep everybody waiting for both.
        checkpoint::not_by_itself(&connection).map_err(|e| failure(&e))?;
        Ok(connection)
    }

    fn still(&self) -> Option<Still> {
        let words = self.generation.as_ref().map(|generation| generation.sum());
        Some((Fingerprint::of(&self.database)?, words))
    }

    /// Whether what the connection reads is one consistent state.
    fn holds(&self, reader: &Reader) -> bool {
        reader.still.is_none() || reader.still == self.still()
    }
}

/// A connection for one who may only read.
///
/// While nobody writes it is an immutable one, which needs no right to the folder and leaves no
/// file there.
fn reader(database: &Path) -> Result<(Connection, Mode)> {
    let immutable = || Ok((connect(database, Mode::Immutable)?, Mode::Immutable));
    let unwritten = || Fingerprint::of(database).is_some();
    if !beside(database, "-wal").exists() && unwritten() {
        return immutable();
    }
    let connection = connect(database, Mode::Read).and_then(|connection| {
        // Only a read shows whether the files beside the database can be used.
        application_id(&connection, Mode::Read).map(|_| connection)
    });
    match connection {
        Err(error) if error.code() == "permission_denied" && unwritten() => immutable(),
        connection => Ok((connection?, Mode::Read)),
    }
}

/// Where the folder or its file system takes no files, the way out is to read.
fn unwritable(error: Error, folder: &Path) -> Error {
    if error.code() != "permission_denied" {
        return error;
    }
    Detail::PermissionDenied(format!(
        "not allowed to write to the registry in `{}`; open it with `read_only` to read it, or ask for the right on its folder",
        folder.display()
    ))
    .into()
}

fn overtaken() -> Error {
    Detail::Busy("another program began to write meanwhile; try again".into()).into()
}

fn moved(folder: &Path) -> Error {
    Detail::RegistryNotFound(format!(
        "the registry in `{}` was moved, replaced or deleted since it was opened; open it again",
        folder.display()
    ))
    .into()
}

impl Storage for Sqlite {
    fn read(&self, view: View<'_>) -> Result<()> {
        let _working = fork::working();
        let opened = &self.opened;
        let reader = opened.reader(self.lock.is_none())?;
        let (outcome, is_over) = read_on(&reader.connection, view);
        if !opened.holds(&reader) {
            return Err(overtaken());
        }
        if is_over {
            opened.pool.keep(reader);
        }
        outcome
    }

    fn glance(&self, view: View<'_>) -> Result<()> {
        let pool = &self.opened.pool;
        // Once after each commit: a reader that has looked since is as good, and the writer free.
        if pool.is_written.swap(false, Ordering::Relaxed) {
            let _working = fork::working();
            if let Some(mut writer) = pool.writer.try_lock()
                && let Some(connection) = writer.connection.take()
            {
                // A panic meanwhile takes the connection, and its transaction, with it.
                let (outcome, is_over) = read_on(&connection, view);
                writer.connection = is_over.then_some(connection);
                return outcome;
            }
        }
        self.read(view)
    }

    fn settle(&self) -> Result<()> {
        self.lock.as_ref().map_or(Ok(()), |lock| lock.acquire().map(drop))
    }

    fn write(&self, weight: usize, work: Work) -> Result<()> {
        self.write_until(Instant::now() + PATIENCE, weight, work)
    }

    fn change_token(&self, word: Word) -> Option<u64> {
        self.opened.generation.as_ref()?.stable(word)
    }

    fn change_tokens(&self) -> Option<u64> {
        self.opened.generation.as_ref().map(|words| words.sum())
    }
}

/// Reads in a transaction; gives how that went, and whether the transaction is over.
fn read_on(connection: &Connection, view: View<'_>) -> (Result<()>, bool) {
    let mut transaction = Transaction::on(connection);
    let outcome = transaction.execute("BEGIN", &[]).and_then(|_| view(&mut transaction));
    // A reading transaction has nothing to keep: ending it cannot lose anything.
    let is_over = transaction.execute("COMMIT", &[]).is_ok();
    (outcome, is_over)
}

/// One transaction on one connection.
struct Transaction<'a> {
    connection: &'a Connection,
    /// Whether a statement has read or written.
    is_fixed: bool,
    touched: Vec<Word>,
    /// What earlier work in the same transaction has touched.
    before: &'a [Word],
}

impl<'a> Transaction<'a> {
    fn on(connection: &'a Connection) -> Self {
        Self { connection, is_fixed: false, touched: Vec::new(), before: &[] }
    }
}

impl Sql for Transaction<'_> {
    fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<usize> {
        let mut statement =
            self.connection.prepare_cached(sql).map_err(|e| refused(self.connection, &e))?;
        statement
            .execute(rusqlite::params_from_iter(params))
            .map_err(|e| refused(self.connection, &e))
    }

    fn scan(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        each: &mut dyn FnMut(&dyn Row) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let mut statement =
            self.connection.prepare_cached(sql).map_err(|e| refused(self.connection, &e))?;
        let mut rows = statement
            .query(rusqlite::params_from_iter(params))
            .map_err(|e| refused(self.connection, &e))?;
        while let Some(row) = rows.next().map_err(|e| refused(self.connection, &e))? {
            if each(row)?.is_break() {
                break;
            }
        }
        self.is_fixed = true;
        Ok(())
    }

    fn fix(&mut self) -> Result<()> {
        if self.is_fixed {
            return Ok(());
        }
        self.scan("SELECT n FROM head", &[], &mut |_| Ok(ControlFlow::Break(())))
    }

    fn examine(&mut self) -> Result<Vec<String>> {
        let mut found: Vec<String> = Vec::new();
        self.scan("PRAGMA integrity_check", &[], &mut |row| {
            found.push(row.text(0)?.to_owned());
            Ok(ControlFlow::Continue(()))
        })?;
        found.retain(|message| message != "ok");
        found.extend(foreign(self.connection).map_err(|e| refused(self.connection, &e))?);
        Ok(found)
    }

    fn touch(&mut self, word: Word) {
        if !self.touched.contains(&word) {
            self.touched.push(word);
        }
    }

    fn is_touched(&self, word: Word) -> bool {
        self.touched.contains(&word) || self.before.contains(&word)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_others_and_then_leads_has_one_deadline_for_both() {
        let folder = tempfile::tempdir().unwrap();
        let access = Access { create: true, read_only: false };
        let registry = Sqlite::open(folder.path(), access).unwrap();
        let lock = WriterLock::open(&folder.path().join(LOCK)).unwrap();
        let guard = lock.acquire().unwrap();
        let began = Instant::now();
        let deadline = began + EVERY * 4;
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let written = registry.write_until(deadline, 1, Box::new(|_| Ok(())));
                    assert_eq!(written.unwrap_err().code(), "busy");
                });
            }
        });
        assert!(began.elapsed() < PATIENCE / 2, "{:?}", began.elapsed());
        drop(guard);
        registry.write(1, Box::new(|_| Ok(()))).unwrap();
    }

    #[test]
    fn a_database_that_another_program_left_without_a_log_gets_one_before_a_write() {
        let folder = tempfile::tempdir().unwrap();
        let access = Access { create: true, read_only: false };
        drop(Sqlite::open(folder.path(), access).unwrap());
        let database = folder.path().join(DATABASE);
        let mode = |sql: &str| -> String {
            let other = Connection::open(&database).unwrap();
            other.query_row(sql, [], |row| row.get(0)).unwrap()
        };
        assert_eq!(mode("PRAGMA journal_mode = delete"), "delete");
        let registry = Sqlite::open(folder.path(), access).unwrap();
        registry.write(1, Box::new(|_| Ok(()))).unwrap();
        assert_eq!(mode("PRAGMA journal_mode"), "wal");
    }

    #[test]
    fn a_new_registry_is_durable_in_the_folder_above() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("a/b.hb");
        folder::synced::take();
        Sqlite::open(&folder, Access { create: true, read_only: false }).unwrap();
        let synced = folder::synced::take();
        for expected in [above.path().to_owned(), above.path().join("a")] {
            assert!(synced.contains(&(expected, 1)), "{synced:?}");
        }
        assert!(synced.iter().any(|(synced, entries)| *synced == folder && *entries > 1));
    }

    #[test]
    fn who_writes_to_a_registry_relies_on_a_name_that_lasts() {
        let above = tempfile::tempdir().unwrap();
        let access = Access { create: true, read_only: false };
        drop(Sqlite::open(&above.path().join("a.hb"), access).unwrap());
        // As a program leaves it that was killed before it could sync the name.
        let moved = above.path().join("b.hb");
        std::fs::rename(above.path().join("a.hb"), &moved).unwrap();
        folder::synced::take();
        let registry = Sqlite::open(&moved, access).unwrap();
        let name = (above.path().to_owned(), 1);
        assert!(folder::synced::take().contains(&name));
        registry.write(1, Box::new(|_| Ok(()))).unwrap();
        assert!(folder::synced::take().contains(&name));
    }
}
