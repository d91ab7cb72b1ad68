//! The calls by which this program reaches the kernel.
//!
//! A program's own definition of a function comes before the C library's, so the standard library
//! and SQLite call these. They hand everything on, until a test [watches](watch) a folder: then
//! calls about it can fail as a [`Plan`] says, and what they change is kept as [`Event`]s. The
//! code under test is exactly the code that ships.

use std::ffi::{CStr, CString, OsStr, c_char, c_int, c_long, c_void};
use std::mem::MaybeUninit;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use libc::{mode_t, off64_t, size_t, ssize_t};

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Opens what is there.
    Open,
    /// Opens what is not there yet.
    Create,
    Read,
    Write,
    Sync,
    Truncate,
    Rename,
    Remove,
    Folder,
    Map,
}

pub(crate) const KINDS: [Kind; 10] = [
    Kind::Open,
    Kind::Create,
    Kind::Read,
    Kind::Write,
    Kind::Sync,
    Kind::Truncate,
    Kind::Rename,
    Kind::Remove,
    Kind::Folder,
    Kind::Map,
];

/// Which calls fail, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Plan {
    /// None does.
    Sound,
    /// The nth call of a kind, counted from 0, fails with an error of the system, once.
    Once(Kind, u32, i32),
    /// The nth call of a kind and every later one.
    Onwards(Kind, u32, i32),
    /// From the nth call on that takes space there is none left.
    Full(u32),
    /// What every program must bear: reads and writes do half of what they should, and every other
    /// call is interrupted by a signal.
    Awkward,
}

impl Plan {
    /// The kind of calls that fail, where it is one.
    pub(crate) fn kind(self) -> Option<Kind> {
        match self {
            Self::Once(kind, ..) | Self::Onwards(kind, ..) => Some(kind),
            Self::Sound | Self::Full(_) | Self::Awkward => None,
        }
    }
}

/// A change of the watched folder. Files and folders are known by their inodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// An entry for something that was not there.
    Made {
        folder: u64,
        name: PathBuf,
        inode: u64,
        is_folder: bool,
    },
    Renamed {
        from: (u64, PathBuf),
        to: (u64, PathBuf),
    },
    Removed {
        folder: u64,
        name: PathBuf,
    },
    Written {
        inode: u64,
        offset: u64,
        bytes: Vec<u8>,
    },
    Truncated {
        inode: u64,
        length: u64,
    },
    Synced {
        inode: u64,
        failed: bool,
    },
    /// What the test says about this point.
    Mark(usize),
}

/// A folder that is watched, by one test at a time.
pub(crate) struct Watch(MutexGuard<'static, ()>);

/// What happened while a folder was watched.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) events: Vec<Event>,
    /// What the registry's file of words told to be durable when each event was over.
    pub(crate) durable: Vec<u64>,
    /// Whether a call met the plan.
    pub(crate) met: bool,
}

struct State {
    folder: PathBuf,
    plan: Plan,
    /// Calls of the plan's kind so far.
    calls: u32,
    met: bool,
    interrupted: bool,
    events: Vec<Event>,
    durable: Vec<u64>,
}

static ACTIVE: AtomicBool = AtomicBool::new(false);
static STATE: Mutex<Option<State>> = Mutex::new(None);

/// Keeps other tests from watching.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does what the test itself looks at: none of its calls is watched.
pub(crate) fn unwatched<T>(look: impl FnOnce() -> T) -> T {
    let active = ACTIVE.swap(false, Ordering::SeqCst);
    let seen = look();
    ACTIVE.store(active, Ordering::SeqCst);
    seen
}

/// Watches a folder, which is given without links.
pub(crate) fn watch(folder: &Path, plan: Plan) -> Watch {
    let one = alone();
    let state = State {
        folder: folder.to_owned(),
        plan,
        calls: 0,
        met: false,
        interrupted: false,
        events: Vec::new(),
        durable: Vec::new(),
    };
    *lock() = Some(state);
    ACTIVE.store(true, Ordering::SeqCst);
    Watch(one)
}

impl Watch {
    /// Notes something between the calls.
    #[expect(clippy::unused_self, reason = "only who watches may")]
    pub(crate) fn mark(&self, number: usize) {
        if let Some(state) = &mut *lock() {
            state.changed(Event::Mark(number));
        }
    }

    pub(crate) fn end(self) -> Seen {
        let Self(_alone) = self;
        ACTIVE.store(false, Ordering::SeqCst);
        let state = lock().take();
        let State { events, durable, met, .. } = state.expect("a watch has a state");
        Seen { events, durable, met }
    }
}

fn lock() -> MutexGuard<'static, Option<State>> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What becomes of a call.
enum Fate {
    Passes,
    Halved,
    Fails(i32),
}

impl State {
    fn fate(&mut self, kind: Kind) -> Fate {
        let (nth, error, onwards) = match self.plan {
            Plan::Once(planned, nth, error) if planned == kind => (nth, error, false),
            Plan::Onwards(planned, nth, error) if planned == kind => (nth, error, true),
            Plan::Full(nth) if matches!(kind, Kind::Create | Kind::Write | Kind::Folder) => {
                (nth, libc::ENOSPC, true)
            }
            Plan::Awkward if matches!(kind, Kind::Read | Kind::Write | Kind::Open) => {
                self.met = true;
                self.interrupted = !self.interrupted;
                return if self.interrupted { Fate::Fails(libc::EINTR) } else { Fate::Halved };
            }
            _ => return Fate::Passes,
        };
        let call = self.calls;
        self.calls += 1;
        if call == nth || call > nth && onwards {
            self.met = true;
            return Fate::Fails(error);
        }
        Fate::Passes
    }

    fn changed(&mut self, event: Event) {
        self.events.push(event);
        self.durable.push(self.told().unwrap_or(0));
    }

    /// What the file of words of the registry in `hb` holds as its durable commit, which a store into
    /// mapped memory put there and no call: read without a call that is watched.
    fn told(&self) -> Option<u64> {
        const PLACE: i64 = 56;
        let path = CString::new(self.folder.join("hb/generation").into_os_string().into_vec());
        let mut word = [0_u8; 8];
        // SAFETY: the path ends with a zero, the buffer is as long as is said, and the file is closed.
        let read = unsafe {
            let file = libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.ok()?.as_ptr(), 0);
            let read = libc::syscall(libc::SYS_pread64, file, word.as_mut_ptr(), word.len(), PLACE);
            libc::syscall(libc::SYS_close, file);
            read
        };
        (read == 8).then_some(u64::from_le_bytes(word))
    }
}

/// The state, where a path is watched.
fn watched(path: Option<&Path>) -> Option<Guard> {
    let guard = lock();
    let folder = &guard.as_ref()?.folder;
    path?.starts_with(folder).then_some(Guard(guard))
}

struct Guard(MutexGuard<'static, Option<State>>);

impl Guard {
    fn fate(&mut self, kind: Kind) -> Fate {
        self.0.as_mut().map_or(Fate::Passes, |state| state.fate(kind))
    }

    fn changed(&mut self, event: Option<Event>) {
        if let (Some(state), Some(event)) = (&mut *self.0, event) {
            state.changed(event);
        }
    }
}

/// The state, where the open file is watched.
fn watched_file(fd: c_int) -> Option<Guard> {
    if !ACTIVE.load(Ordering::Relaxed) {
        return None;
    }
    watched(link(&format!("/proc/self/fd/{fd}\0")).as_deref())
}

/// What a link of the system's leads to; `name` ends with a zero.
fn link(name: &str) -> Option<PathBuf> {
    let mut buffer = [0_u8; 4096];
    // SAFETY: the name ends with a zero, and the buffer is as long as is said.
    let length = unsafe {
        libc::syscall(
            libc::SYS_readlinkat,
            libc::AT_FDCWD,
            name.as_ptr(),
            buffer.as_mut_ptr(),
            buffer.len(),
        )
    };
    let target = buffer.get(..usize::try_from(length).ok()?)?;
    Some(OsStr::from_bytes(target).into())
}

/// The whole path that a call names.
///
/// # Safety
/// `path` is a string that ends with a zero.
unsafe fn named(folder: c_int, path: *const c_char) -> Option<PathBuf> {
    if !ACTIVE.load(Ordering::Relaxed) {
        return None;
    }
    // SAFETY: as the caller says.
    let path = Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(path) }.to_bytes()));
    if path.is_absolute() {
        return Some(path.to_owned());
    }
    let base = if folder == libc::AT_FDCWD { "cwd".into() } else { format!("fd/{folder}") };
    Some(link(&format!("/proc/self/{base}\0"))?.join(path))
}

/// The metadata behind a path, links not followed.
fn status(path: &Path) -> Option<libc::stat> {
    let path = [path.as_os_str().as_bytes(), b"\0"].concat();
    let mut status = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the path ends with a zero, and the kernel fills the status where it gives 0.
    unsafe {
        let outcome = libc::syscall(
            libc::SYS_newfstatat,
            libc::AT_FDCWD,
            path.as_ptr(),
            status.as_mut_ptr(),
            libc::AT_SYMLINK_NOFOLLOW,
        );
        (outcome == 0).then(|| status.assume_init())
    }
}

fn inode_of(fd: c_int) -> Option<u64> {
    let mut status = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the kernel fills the status where it gives 0.
    unsafe {
        let outcome = libc::syscall(libc::SYS_fstat, fd, status.as_mut_ptr());
        (outcome == 0).then(|| status.assume_init().st_ino)
    }
}

/// A path as an entry of a folder.
fn entry(path: &Path) -> Option<(u64, PathBuf)> {
    Some((status(path.parent()?)?.st_ino, path.file_name()?.into()))
}

fn made(path: &Path, is_folder: bool) -> Option<Event> {
    let (folder, name) = entry(path)?;
    Some(Event::Made { folder, name, inode: status(path)?.st_ino, is_folder })
}

fn fail(error: i32) -> c_int {
    // SAFETY: every thread has a place for its error.
    unsafe { *libc::__errno_location() = error };
    -1
}

#[expect(clippy::cast_possible_truncation, reason = "descriptors and outcomes are small")]
fn small(outcome: c_long) -> c_int {
    outcome as c_int
}

#[expect(clippy::cast_possible_truncation, reason = "the kernel gives both the same width")]
fn long(outcome: c_long) -> ssize_t {
    outcome as ssize_t
}

/// # Safety
/// As `openat`.
unsafe fn open_at(folder: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: as the caller says.
    let call = || small(unsafe { libc::syscall(libc::SYS_openat, folder, path, flags, mode) });
    // SAFETY: as the caller says.
    let name = unsafe { named(folder, path) };
    let Some((mut guard, name)) = watched(name.as_deref()).zip(name) else { return call() };
    let creates = flags & libc::O_CREAT != 0 && status(&name).is_none();
    if let Fate::Fails(error) = guard.fate(if creates { Kind::Create } else { Kind::Open }) {
        return fail(error);
    }
    let fd = call();
    if fd >= 0 {
        guard.changed(creates.then(|| made(&name, false)).flatten());
        if flags & libc::O_TRUNC != 0 {
            guard.changed(inode_of(fd).map(|inode| Event::Truncated { inode, length: 0 }));
        }
    }
    fd
}

#[unsafe(no_mangle)]
unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: as the caller says.
    unsafe { open_at(libc::AT_FDCWD, path, flags, mode) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: as the caller says.
    unsafe { open_at(libc::AT_FDCWD, path, flags, mode) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn openat64(
    folder: c_int,
    path: *const c_char,
    flags: c_int,
    mode: mode_t,
) -> c_int {
    // SAFETY: as the caller says.
    unsafe { open_at(folder, path, flags, mode) }
}

/// Reads, as `call` does for a number of bytes.
fn get(fd: c_int, count: size_t, call: impl Fn(size_t) -> c_long) -> ssize_t {
    let fate = watched_file(fd).map_or(Fate::Passes, |mut guard| guard.fate(Kind::Read));
    let done = match fate {
        Fate::Fails(error) => c_long::from(fail(error)),
        Fate::Halved => call(count.div_ceil(2)),
        Fate::Passes => call(count),
    };
    long(done)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn read(fd: c_int, buffer: *mut c_void, count: size_t) -> ssize_t {
    // SAFETY: as the caller says, for no more bytes.
    get(fd, count, |count| unsafe { libc::syscall(libc::SYS_read, fd, buffer, count) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pread64(
    fd: c_int,
    buffer: *mut c_void,
    count: size_t,
    offset: off64_t,
) -> ssize_t {
    // SAFETY: as the caller says, for no more bytes.
    get(fd, count, |count| unsafe { libc::syscall(libc::SYS_pread64, fd, buffer, count, offset) })
}

/// Writes, at the file's own position where no other is given.
///
/// # Safety
/// As `write`.
unsafe fn put(fd: c_int, buffer: *const c_void, count: size_t, at: Option<off64_t>) -> ssize_t {
    let call = |count: size_t| -> c_long {
        // SAFETY: as the caller says, for no more bytes.
        unsafe {
            match at {
                Some(at) => libc::syscall(libc::SYS_pwrite64, fd, buffer, count, at),
                None => libc::syscall(libc::SYS_write, fd, buffer, count),
            }
        }
    };
    let Some(mut guard) = watched_file(fd) else { return long(call(count)) };
    // SAFETY: only asks.
    let at = at.unwrap_or_else(|| unsafe { libc::syscall(libc::SYS_lseek, fd, 0, libc::SEEK_CUR) });
    let done = match guard.fate(Kind::Write) {
        Fate::Fails(error) => return fail(error) as ssize_t,
        Fate::Halved => call(count.div_ceil(2)),
        Fate::Passes => call(count),
    };
    if let (Ok(length @ 1..), Ok(offset), Some(inode)) =
        (usize::try_from(done), u64::try_from(at), inode_of(fd))
    {
        // SAFETY: the kernel has read so many bytes there.
        let bytes = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), length) }.to_vec();
        guard.changed(Some(Event::Written { inode, offset, bytes }));
    }
    long(done)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn write(fd: c_int, buffer: *const c_void, count: size_t) -> ssize_t {
    // SAFETY: as the caller says.
    unsafe { put(fd, buffer, count, None) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite64(
    fd: c_int,
    buffer: *const c_void,
    count: size_t,
    offset: off64_t,
) -> ssize_t {
    // SAFETY: as the caller says.
    unsafe { put(fd, buffer, count, Some(offset)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn writev(fd: c_int, parts: *const libc::iovec, count: c_int) -> ssize_t {
    if !ACTIVE.load(Ordering::Relaxed) || count < 1 {
        // SAFETY: as the caller says.
        return long(unsafe { libc::syscall(libc::SYS_writev, fd, parts, count) });
    }
    // One part alone is a legal answer.
    // SAFETY: there is at least one part.
    unsafe { put(fd, (*parts).iov_base, (*parts).iov_len, None) }
}

/// # Safety
/// The number is that of a call which takes a descriptor and nothing else.
unsafe fn sync_by(number: c_long, fd: c_int) -> c_int {
    // SAFETY: as the caller says.
    let call = || small(unsafe { libc::syscall(number, fd) });
    let Some(mut guard) = watched_file(fd) else { return call() };
    let outcome = match guard.fate(Kind::Sync) {
        Fate::Fails(error) => fail(error),
        Fate::Passes | Fate::Halved => call(),
    };
    let failed = outcome != 0;
    guard.changed(inode_of(fd).map(|inode| Event::Synced { inode, failed }));
    outcome
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fsync(fd: c_int) -> c_int {
    // SAFETY: takes a descriptor.
    unsafe { sync_by(libc::SYS_fsync, fd) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fdatasync(fd: c_int) -> c_int {
    // SAFETY: takes a descriptor.
    unsafe { sync_by(libc::SYS_fdatasync, fd) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ftruncate64(fd: c_int, length: off64_t) -> c_int {
    // SAFETY: as the caller says.
    let call = || small(unsafe { libc::syscall(libc::SYS_ftruncate, fd, length) });
    let Some(mut guard) = watched_file(fd) else { return call() };
    if let Fate::Fails(error) = guard.fate(Kind::Truncate) {
        return fail(error);
    }
    let outcome = call();
    if let (0, Ok(length), Some(inode)) = (outcome, u64::try_from(length), inode_of(fd)) {
        guard.changed(Some(Event::Truncated { inode, length }));
    }
    outcome
}

#[unsafe(no_mangle)]
unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: as the caller says.
    let call = || small(unsafe { libc::syscall(libc::SYS_rename, from, to) });
    // SAFETY: as the caller says.
    let names = unsafe { (named(libc::AT_FDCWD, from), named(libc::AT_FDCWD, to)) };
    let Some(mut guard) = watched(names.1.as_deref()) else { return call() };
    if let Fate::Fails(error) = guard.fate(Kind::Rename) {
        return fail(error);
    }
    let outcome = call();
    if let (0, Some(from), Some(to)) =
        (outcome, names.0.as_deref().and_then(entry), names.1.as_deref().and_then(entry))
    {
        guard.changed(Some(Event::Renamed { from, to }));
    }
    outcome
}

/// Does something to a name, by `call`.
///
/// # Safety
/// `path` is a string that ends with a zero.
unsafe fn at_name(
    folder: c_int,
    path: *const c_char,
    kind: Kind,
    call: impl Fn() -> c_long,
) -> c_int {
    // SAFETY: as the caller says.
    let name = unsafe { named(folder, path) };
    let Some((mut guard, name)) = watched(name.as_deref()).zip(name) else { return small(call()) };
    if let Fate::Fails(error) = guard.fate(kind) {
        return fail(error);
    }
    let outcome = small(call());
    if outcome == 0 {
        guard.changed(match kind {
            Kind::Folder => made(&name, true),
            _ => entry(&name).map(|(folder, name)| Event::Removed { folder, name }),
        });
    }
    outcome
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mkdir(path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: as the caller says.
    let call = || unsafe { libc::syscall(libc::SYS_mkdir, path, mode) };
    // SAFETY: as the caller says.
    unsafe { at_name(libc::AT_FDCWD, path, Kind::Folder, call) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn rmdir(path: *const c_char) -> c_int {
    // SAFETY: as the caller says.
    let call = || unsafe { libc::syscall(libc::SYS_rmdir, path) };
    // SAFETY: as the caller says.
    unsafe { at_name(libc::AT_FDCWD, path, Kind::Remove, call) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: as the caller says.
    let call = || unsafe { libc::syscall(libc::SYS_unlink, path) };
    // SAFETY: as the caller says.
    unsafe { at_name(libc::AT_FDCWD, path, Kind::Remove, call) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unlinkat(folder: c_int, path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: as the caller says.
    let call = || unsafe { libc::syscall(libc::SYS_unlinkat, folder, path, flags) };
    // SAFETY: as the caller says.
    unsafe { at_name(folder, path, Kind::Remove, call) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mmap64(
    address: *mut c_void,
    length: size_t,
    protection: c_int,
    flags: c_int,
    fd: c_int,
    offset: off64_t,
) -> *mut c_void {
    if fd >= 0
        && let Some(mut guard) = watched_file(fd)
        && let Fate::Fails(error) = guard.fate(Kind::Map)
    {
        fail(error);
        return libc::MAP_FAILED;
    }
    // SAFETY: as the caller says.
    let place =
        unsafe { libc::syscall(libc::SYS_mmap, address, length, protection, flags, fd, offset) };
    std::ptr::with_exposed_provenance_mut(long(place).cast_unsigned())
}

/// Refused for what is watched: who calls it goes on to read and write.
#[unsafe(no_mangle)]
unsafe extern "C" fn copy_file_range(
    from: c_int,
    from_at: *mut off64_t,
    to: c_int,
    to_at: *mut off64_t,
    length: size_t,
    flags: u32,
) -> ssize_t {
    if watched_file(to).is_some() {
        return fail(libc::ENOSYS) as ssize_t;
    }
    // SAFETY: as the caller says.
    let done = unsafe {
        libc::syscall(libc::SYS_copy_file_range, from, from_at, to, to_at, length, flags)
    };
    long(done)
}
