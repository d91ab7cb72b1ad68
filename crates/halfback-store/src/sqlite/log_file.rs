//! The file that a writer's connection has its write-ahead log in: a commit goes there in one piece.
//!
//! SQLite writes each page of the log with two calls to the system, and a commit has ten pages and
//! more. Nobody looks for them before the commit is synced: only then do other connections learn of
//! them. So they are kept in memory until SQLite syncs, or reads them itself. And only the data is
//! synced, where SQLite as it is built here has the times of the file written too. All other files, and
//! whatever else is done with this one, are left to SQLite's own code for the system.

use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::fs::{File, OpenOptions};
use std::mem::size_of;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::ptr;
use std::sync::OnceLock;

use rusqlite::ffi::{self, sqlite3_file, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs};

use crate::folder;

/// The name under which SQLite knows it.
const NAME: &CStr = c"halfback";
/// The bytes that are kept at most: SQLite's own code writes fewer than 128 KiB in one call.
const MOST: usize = 64 << 10;

/// The log's file as SQLite sees it. The file of the system follows it in memory.
#[repr(C)]
struct LogFile {
    methods: *const sqlite3_io_methods,
    /// Where in the file the kept bytes belong.
    from: sqlite3_int64,
    kept: Vec<u8>,
    /// The same file, opened once more to sync its data, with its path.
    data: Option<(File, PathBuf)>,
    /// Whether the folder was synced, so that the file is there after a loss of power.
    is_settled: bool,
}

/// SQLite's own code for files.
struct System(*mut sqlite3_vfs);

// SAFETY: SQLite lets any thread use what was registered, and it stays for good.
unsafe impl Send for System {}
// SAFETY: as above.
unsafe impl Sync for System {}

static SYSTEM: OnceLock<System> = OnceLock::new();

/// Makes SQLite know this code, once in a process; gives the name to open a connection with.
pub(super) fn name() -> rusqlite::Result<&'static CStr> {
    static REGISTERED: OnceLock<c_int> = OnceLock::new();
    // SAFETY: the code that was found stays for good, and so does what is registered beside it.
    let code = *REGISTERED.get_or_init(|| unsafe {
        let system = ffi::sqlite3_vfs_find(ptr::null());
        let Some(found) = system.as_ref() else { return ffi::SQLITE_ERROR };
        let size = c_int::try_from(size_of::<LogFile>()).unwrap_or(c_int::MAX);
        let own = sqlite3_vfs {
            szOsFile: found.szOsFile.saturating_add(size),
            pNext: ptr::null_mut(),
            zName: NAME.as_ptr(),
            xOpen: Some(open),
            ..*found
        };
        SYSTEM.get_or_init(|| System(system));
        ffi::sqlite3_vfs_register(Box::leak(Box::new(own)), 0)
    });
    match code {
        ffi::SQLITE_OK => Ok(NAME),
        code => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
    }
}

/// Opens a file; only that of the log becomes one of ours.
unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    opened: *mut c_int,
) -> c_int {
    let Some(System(system)) = SYSTEM.get() else { return ffi::SQLITE_CANTOPEN };
    // SAFETY: SQLite hands over memory for our file with one of the system behind it, and the
    // system's code stays for good.
    unsafe {
        let Some(open) = (**system).xOpen else { return ffi::SQLITE_CANTOPEN };
        if flags & ffi::SQLITE_OPEN_WAL == 0 {
            return open(*system, name, file, flags, opened);
        }
        let log = file.cast::<LogFile>();
        log.write(LogFile::new(ptr::null()));
        let code = open(*system, name, behind(file), flags, opened);
        if !(*behind(file)).pMethods.is_null() {
            (*log).methods = &raw const METHODS;
        }
        if code == ffi::SQLITE_OK && !name.is_null() {
            let path = PathBuf::from(OsStr::from_bytes(CStr::from_ptr(name).to_bytes()));
            let data = OpenOptions::new().write(true).open(&path).ok();
            (*log).data = data.map(|data| (data, path));
        }
        code
    }
}

/// The file of the system behind ours.
///
/// # Safety
///
/// `file` is memory for one of ours with one of the system behind it.
unsafe fn behind(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: as the caller says.
    unsafe { file.cast::<LogFile>().add(1).cast() }
}

/// Calls a method of the system's file.
macro_rules! system {
    ($system:expr, $method:ident $(, $argument:expr)*) => {
        match (*(*$system).pMethods).$method {
            Some(method) => method($system $(, $argument)*),
            None => ffi::SQLITE_IOERR,
        }
    };
}

impl LogFile {
    fn new(methods: *const sqlite3_io_methods) -> Self {
        Self { methods, from: 0, kept: Vec::new(), data: None, is_settled: false }
    }

    /// Writes what is kept. What could not be written is given up, as SQLite gives up the commit.
    ///
    /// # Safety
    ///
    /// `system` is the open file of the system behind this one.
    unsafe fn flush(&mut self, system: *mut sqlite3_file) -> c_int {
        if self.kept.is_empty() {
            return ffi::SQLITE_OK;
        }
        // There are at most `MOST`.
        let size = c_int::try_from(self.kept.len()).unwrap_or(c_int::MAX);
        // SAFETY: as the caller says.
        let code = unsafe { system!(system, xWrite, self.kept.as_ptr().cast(), size, self.from) };
        self.kept.clear();
        code
    }

    /// Keeps bytes that belong at a place, where need be after writing those that are kept.
    ///
    /// # Safety
    ///
    /// As for [`Self::flush`].
    unsafe fn keep(
        &mut self,
        bytes: &[u8],
        from: sqlite3_int64,
        system: *mut sqlite3_file,
    ) -> c_int {
        let end = sqlite3_int64::try_from(self.kept.len()).map(|kept| self.from + kept);
        if end != Ok(from) || self.kept.len() + bytes.len() > MOST {
            // SAFETY: as the caller says.
            let code = unsafe { self.flush(system) };
            if code != ffi::SQLITE_OK {
                return code;
            }
            self.from = from;
        }
        self.kept.extend_from_slice(bytes);
        ffi::SQLITE_OK
    }
}

/// Methods that first write what is kept, and methods that need not.
macro_rules! methods {
    ($($kind:ident $name:ident = $method:ident($($argument:ident: $type:ty),*);)*) => {
        $(unsafe extern "C" fn $name(file: *mut sqlite3_file $(, $argument: $type)*) -> c_int {
            // SAFETY: SQLite calls it with a file that `open` made.
            unsafe {
                methods!($kind file);
                let system = behind(file);
                system!(system, $method $(, $argument)*)
            }
        })*
    };
    (written $file:ident) => {
        let log = &mut *$file.cast::<LogFile>();
        let code = log.flush(behind($file));
        if code != ffi::SQLITE_OK {
            return code;
        }
    };
    (passed $file:ident) => {};
}

methods! {
    written read = xRead(into: *mut c_void, size: c_int, from: sqlite3_int64);
    written truncate = xTruncate(size: sqlite3_int64);
    written file_size = xFileSize(size: *mut sqlite3_int64);
    passed lock = xLock(level: c_int);
    passed unlock = xUnlock(level: c_int);
    passed is_reserved = xCheckReservedLock(reserved: *mut c_int);
    passed control = xFileControl(operation: c_int, argument: *mut c_void);
    passed sector_size = xSectorSize();
    passed characteristics = xDeviceCharacteristics();
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    bytes: *const c_void,
    size: c_int,
    from: sqlite3_int64,
) -> c_int {
    let Ok(size) = usize::try_from(size) else { return ffi::SQLITE_IOERR };
    // SAFETY: SQLite calls it with a file that `open` made, and with so many bytes.
    unsafe {
        let bytes = std::slice::from_raw_parts(bytes.cast(), size);
        let log = &mut *file.cast::<LogFile>();
        log.keep(bytes, from, behind(file))
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: SQLite calls it with a file that `open` made.
    unsafe {
        let log = &mut *file.cast::<LogFile>();
        let system = behind(file);
        let code = log.flush(system);
        if code != ffi::SQLITE_OK {
            return code;
        }
        let Some((data, path)) = &log.data else { return system!(system, xSync, flags) };
        if data.sync_data().is_err() {
            return ffi::SQLITE_IOERR_FSYNC;
        }
        // SQLite's own code takes a folder that cannot be synced for one that is.
        if !log.is_settled && folder::sync(path.parent().unwrap_or(path)).is_err() {
            return ffi::SQLITE_IOERR_DIR_FSYNC;
        }
        log.is_settled = true;
        ffi::SQLITE_OK
    }
}

/// What is still kept belongs to no commit.
unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file that `open` made, once.
    unsafe {
        file.cast::<LogFile>().drop_in_place();
        let system = behind(file);
        system!(system, xClose)
    }
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(is_reserved),
    xFileControl: Some(control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::{Connection, OpenFlags};

    /// Stands for the system's file: notes what is written, or fails.
    #[repr(C)]
    struct Noted {
        methods: *const sqlite3_io_methods,
        writes: Vec<(sqlite3_int64, Vec<u8>)>,
        answer: c_int,
    }

    #[repr(C)]
    struct Both {
        log: LogFile,
        noted: Noted,
    }

    static NOTING: sqlite3_io_methods =
        sqlite3_io_methods { xWrite: Some(note), xSync: Some(noted_sync), ..METHODS };

    unsafe extern "C" fn note(
        file: *mut sqlite3_file,
        bytes: *const c_void,
        size: c_int,
        from: sqlite3_int64,
    ) -> c_int {
        // SAFETY: `with` makes such a file.
        unsafe {
            let noted = &mut *file.cast::<Noted>();
            let bytes = std::slice::from_raw_parts(bytes.cast(), size.try_into().unwrap());
            noted.writes.push((from, bytes.to_vec()));
            noted.answer
        }
    }

    unsafe extern "C" fn noted_sync(_: *mut sqlite3_file, _: c_int) -> c_int {
        ffi::SQLITE_OK
    }

    /// A log whose writes are noted; gives what came there, and how the last call ended.
    fn with(
        answer: c_int,
        calls: &[Option<(&[u8], sqlite3_int64)>],
    ) -> (Vec<(sqlite3_int64, Vec<u8>)>, c_int) {
        let mut both = Both {
            log: LogFile::new(&raw const METHODS),
            noted: Noted { methods: &raw const NOTING, writes: Vec::new(), answer },
        };
        let file = (&raw mut both).cast::<sqlite3_file>();
        let mut code = ffi::SQLITE_OK;
        for call in calls {
            // SAFETY: one file lies behind the other, as `open` makes them.
            code = unsafe {
                match call {
                    Some((bytes, from)) => {
                        write(file, bytes.as_ptr().cast(), bytes.len().try_into().unwrap(), *from)
                    }
                    None => sync(file, 0),
                }
            };
        }
        (both.noted.writes, code)
    }

    #[test]
    fn what_follows_goes_in_one_piece_when_it_is_synced() {
        let (one, two): (&[u8], &[u8]) = (b"one", b"two");
        assert_eq!(with(0, &[Some((one, 7)), Some((two, 10))]).0, []);
        let (writes, code) = with(0, &[Some((one, 7)), Some((two, 10)), None, None]);
        assert_eq!((writes, code), (vec![(7, b"onetwo".to_vec())], ffi::SQLITE_OK));
    }

    #[test]
    fn what_is_elsewhere_or_too_much_lets_the_rest_go_first() {
        let (one, two): (&[u8], &[u8]) = (b"one", b"two");
        let (writes, _) = with(0, &[Some((one, 7)), Some((two, 7)), None]);
        assert_eq!(writes, [(7, one.to_vec()), (7, two.to_vec())]);
        let much = vec![0; MOST];
        let (writes, _) = with(0, &[Some((&much, 0)), Some((one, i64::try_from(MOST).unwrap()))]);
        assert_eq!(writes, [(0, much)]);
    }

    #[test]
    fn what_could_not_be_written_fails_the_sync_and_is_given_up() {
        let (writes, code) = with(ffi::SQLITE_FULL, &[Some((b"one", 7)), None]);
        assert_eq!((writes.len(), code), (1, ffi::SQLITE_FULL));
        let (writes, code) = with(ffi::SQLITE_FULL, &[Some((b"one", 7)), None, None]);
        assert_eq!((writes.len(), code), (1, ffi::SQLITE_OK));
    }

    #[test]
    fn a_transaction_larger_than_the_cache_reads_its_own_pages_and_shows_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let flags = OpenFlags::default();
        let writer = Connection::open_with_flags_and_vfs(&path, flags, name().unwrap()).unwrap();
        writer.pragma_update(None, "journal_mode", "wal").unwrap();
        writer.pragma_update(None, "cache_size", 10).unwrap();
        writer.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY, body)").unwrap();
        let reader = Connection::open(&path).unwrap();
        let rows = |connection: &Connection| -> i64 {
            connection.query_row("SELECT count(body) FROM t", [], |row| row.get(0)).unwrap()
        };
        let fill = "BEGIN; WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 900) \
                    INSERT INTO t (body) SELECT randomblob(2000) FROM n";
        writer.execute_batch(fill).unwrap();
        assert_eq!((rows(&writer), rows(&reader)), (900, 0));
        writer.execute_batch("ROLLBACK").unwrap();
        writer.execute_batch(fill).unwrap();
        writer.execute_batch("SAVEPOINT s; DELETE FROM t; ROLLBACK TO s; COMMIT").unwrap();
        assert_eq!((rows(&writer), rows(&reader)), (900, 900));
        let sound: String =
            reader.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
    }
}
