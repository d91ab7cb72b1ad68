//! The lock that one writer holds among all threads of all processes.
//!
//! Processes queue at a POSIX record lock of `writer.lock`, which dies with its process and is
//! not inherited by children; threads of one process queue in a [`Line`] before it. A record
//! lock is lost when any descriptor of the file is closed in the process, so there is one
//! descriptor for each file, shared by all handles and closed when the last one goes.
//!
//! The kernel's wait cannot be ended; so a thread of its own waits there for the whole process, and
//! the threads in line wait for it as long as they like.
//!
//! The kernel does not hand a lock over: whoever asks first after a release gets it, and that is
//! the process that has just released it. So the file has two locks, each of one byte: a
//! process that waits for the writer's holds the turnstile, and nobody takes the writer's without
//! going through that.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use crate::error::{Detail, Error, IoContext, Result};
use crate::{fork, interrupt};

/// How long a writer waits for the others.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// How often a waiting thread asks whether it should stop.
pub(crate) const EVERY: Duration = Duration::from_millis(50);

/// A file's identity: device and inode.
pub(crate) type Key = (u64, u64);

/// The identity of the file at a path, where there is one.
pub(crate) fn key(path: &Path) -> Option<Key> {
    std::fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// The writers of one lock file in this process.
#[derive(Debug)]
pub(crate) struct Line {
    file: Arc<File>,
    handles: usize,
    /// In order of arrival; the first one has the record lock, or is next.
    threads: VecDeque<(u64, Thread)>,
    record: Record,
}

/// Where this process stands with the record lock.
#[derive(Debug, Clone, Copy)]
enum Record {
    Free,
    /// A thread waits in the kernel.
    Asked,
    Ours,
    Refused(Errno),
}

/// Every line of this process, locked for a moment at a time.
pub(crate) type Lines = MutexGuard<'static, BTreeMap<Key, Line>>;

pub(crate) fn lines() -> Lines {
    static LINES: Mutex<BTreeMap<Key, Line>> = Mutex::new(BTreeMap::new());
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the lines fit for the child of a fork, which has one thread and no record lock.
pub(crate) fn forget_threads(lines: &mut Lines) {
    for line in lines.values_mut() {
        line.threads.clear();
        line.record = Record::Free;
    }
}

/// One handle's share of the lock file.
#[derive(Debug)]
pub(crate) struct WriterLock {
    key: Key,
    path: PathBuf,
}

/// Held while writing; the next waiter gets the lock when it goes.
#[derive(Debug)]
pub(crate) struct WriterGuard<'a> {
    lock: &'a WriterLock,
    ticket: u64,
}

impl WriterLock {
    /// Opens or makes the lock file.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let _working = fork::working();
        let mut lines = lines();
        // The identity is read by path first: opening a second descriptor and closing it again
        // would drop a lock that another thread holds.
        if let Some(key) = key(path)
            && let Some(line) = lines.get_mut(&key)
        {
            line.handles += 1;
            return Ok(Self { key, path: path.to_owned() });
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .on("open", path)?;
        let metadata = file.metadata().on("examine", path)?;
        let key = (metadata.dev(), metadata.ino());
        let (file, threads) = (Arc::new(file), VecDeque::new());
        lines.insert(key, Line { file, handles: 1, threads, record: Record::Free });
        Ok(Self { key, path: path.to_owned() })
    }

    /// Whether the lock file is still the one that other processes open.
    pub(crate) fn is_in_place(&self) -> bool {
        key(&self.path) == Some(self.key)
    }

    /// Waits for the lock, up to half a minute.
    ///
    /// Not while [`fork::working`]: other processes decide how long this takes, and a fork must
    /// not wait for them.
    pub(crate) fn acquire(&self) -> Result<WriterGuard<'_>> {
        self.acquire_until(Instant::now() + PATIENCE)
    }

    /// The same for one who has waited for others already, and has half a minute for all of it.
    pub(crate) fn acquire_until(&self, deadline: Instant) -> Result<WriterGuard<'_>> {
        debug_assert!(!fork::is_working(), "a fork would wait for another process");
        let guard = self.join();
        let mut asked = Instant::now();
        while !self.advance(guard.ticket)? {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(self.kept());
            }
            std::thread::park_timeout(EVERY.min(left));
            if asked.elapsed() >= EVERY {
                if interrupt::requested() {
                    return Err(Detail::Cancelled.into());
                }
                asked = Instant::now();
            }
        }
        Ok(guard)
    }

    /// The error of one who waited in vain.
    pub(crate) fn kept(&self) -> Error {
        Detail::Busy(format!(
            "other writers kept the registry for {} s; try again, or find the program that holds `{}`",
            PATIENCE.as_secs(),
            self.path.display()
        ))
        .into()
    }

    /// Joins the end of the line; the guard leaves it.
    fn join(&self) -> WriterGuard<'_> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let ticket = NEXT.fetch_add(1, Ordering::Relaxed);
        if let Some(line) = lines().get_mut(&self.key) {
            line.threads.push_back((ticket, std::thread::current()));
        }
        WriterGuard { lock: self, ticket }
    }

    /// Whether it is this ticket's turn and the record lock is there; has it asked for if not.
    fn advance(&self, ticket: u64) -> Result<bool> {
        let mut lines = lines();
        let Some(line) = lines.get_mut(&self.key) else { return Err(Detail::Closed.into()) };
        if line.threads.front().is_none_or(|(first, _)| *first != ticket) {
            return Ok(false);
        }
        match line.record {
            Record::Ours => return Ok(true),
            Record::Asked => return Ok(false),
            Record::Refused(error) => {
                line.record = Record::Free;
                return Err(error).on("lock", &self.path);
            }
            Record::Free => {}
        }
        match take_at_once(&line.file) {
            Ok(()) => {
                line.record = Record::Ours;
                return Ok(true);
            }
            Err(Errno::AGAIN | Errno::ACCESS) => line.record = Record::Asked,
            Err(error) => return Err(error).on("lock", &self.path),
        }
        let (key, file) = (self.key, line.file.clone());
        drop(lines);
        let asking = std::thread::Builder::new().name("halfback-lock".into());
        if let Err(error) = asking.spawn(move || ask(key, file)) {
            if let Some(line) = self::lines().get_mut(&self.key) {
                line.record = Record::Free;
            }
            return Err(error).on("wait for", &self.path);
        }
        Ok(false)
    }
}

/// Waits in the kernel for this process, and wakes the thread whose turn it is.
fn ask(key: Key, file: Arc<File>) {
    let outcome = wait_for(&file, TURNSTILE).and_then(|()| {
        let outcome = wait_for(&file, WRITER);
        release(&file, TURNSTILE);
        outcome
    });
    let mut lines = lines();
    let Some(line) = lines.get_mut(&key) else { return };
    line.record = match outcome {
        Ok(()) => Record::Ours,
        Err(error) => Record::Refused(error),
    };
    match line.threads.front() {
        Some((_, thread)) => thread.unpark(),
        // Everybody gave up meanwhile.
        None => line.give_back(),
    }
    // Closing a descriptor loses the lock, so it happens before anybody can have it anew.
    drop(file);
    if line.handles == 0 {
        lines.remove(&key);
    }
}

/// The byte that is locked by the process that writes.
const WRITER: libc::off_t = 0;
/// The byte that is locked by the next process to write, and for a moment by everybody else.
const TURNSTILE: libc::off_t = 1;

/// Takes the writer's lock, unless somebody has it or waits for it.
fn take_at_once(file: &File) -> Result<(), Errno> {
    lock(file, TURNSTILE, libc::F_SETLK, libc::F_WRLCK)?;
    let taken = lock(file, WRITER, libc::F_SETLK, libc::F_WRLCK);
    release(file, TURNSTILE);
    taken
}

fn wait_for(file: &File, byte: libc::off_t) -> Result<(), Errno> {
    loop {
        match lock(file, byte, libc::F_SETLKW, libc::F_WRLCK) {
            Err(Errno::INTR) => {}
            // The kernel takes two processes whose threads wait for two registries crosswise for a
            // deadlock; but each of those locks goes when its commit is done.
            Err(Errno::DEADLK) => std::thread::sleep(Duration::from_millis(1)),
            outcome => return outcome,
        }
    }
}

/// Unlocking cannot fail on a descriptor that is open; if it did, the process's end would release
/// the lock.
fn release(file: &File, byte: libc::off_t) {
    let _ = lock(file, byte, libc::F_SETLK, libc::F_UNLCK).is_ok();
}

/// One call of `fcntl` on one byte of the file; `rustix` locks whole files only.
fn lock(file: &File, byte: libc::off_t, how: libc::c_int, kind: libc::c_int) -> Result<(), Errno> {
    let narrow = |number: libc::c_int| libc::c_short::try_from(number).map_err(|_| Errno::INVAL);
    let lock = libc::flock {
        l_type: narrow(kind)?,
        l_whence: narrow(libc::SEEK_SET)?,
        l_start: byte,
        l_len: 1,
        l_pid: 0,
    };
    // SAFETY: the descriptor is open, and the kernel reads `lock`, which outlives the call.
    match unsafe { libc::fcntl(file.as_raw_fd(), how, &raw const lock) } {
        -1 => Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)),
        _ => Ok(()),
    }
}

impl Line {
    fn give_back(&mut self) {
        if let Record::Ours = self.record {
            release(&self.file, WRITER);
        }
        self.record = Record::Free;
    }
}

impl Drop for WriterLock {
    fn drop(&mut self) {
        let _working = fork::working();
        let mut lines = lines();
        let Some(line) = lines.get_mut(&self.key) else { return };
        line.handles -= 1;
        // A thread that waits in the kernel still uses the descriptor, and removes it itself.
        if line.handles == 0 && !matches!(line.record, Record::Asked) {
            lines.remove(&self.key);
        }
    }
}

impl Drop for WriterGuard<'_> {
    fn drop(&mut self) {
        let mut lines = lines();
        let Some(line) = lines.get_mut(&self.lock.key) else { return };
        let first = line.threads.front().is_some_and(|(first, _)| *first == self.ticket);
        line.threads.retain(|(ticket, _)| *ticket != self.ticket);
        if first {
            if !matches!(line.record, Record::Asked) {
                line.give_back();
            }
            if let Some((_, next)) = line.threads.front() {
                next.unpark();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::process::{Child, Command, Stdio};

    const PATH: &str = "HALFBACK_TEST_LOCK";

    /// This test program again, as another process that holds the lock until told otherwise.
    fn holder(name: &str, path: &Path) -> Child {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", name, "--nocapture"]).env(PATH, path);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let said = child.stdout.as_mut().unwrap();
        let mut letter = [0];
        while letter != *b"!" {
            said.read_exact(&mut letter).unwrap();
        }
        child
    }

    /// What [`holder`] runs.
    fn hold() -> bool {
        let Some(path) = std::env::var_os(PATH) else { return false };
        let lock = WriterLock::open(Path::new(&path)).unwrap();
        let _guard = lock.acquire().unwrap();
        println!("!");
        std::io::stdout().flush().unwrap();
        let _ = std::io::stdin().read(&mut [0]).unwrap();
        true
    }

    #[test]
    fn waiting_for_another_process_ends_and_the_place_in_its_queue_stays() {
        if hold() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let name =
            "writer_lock::tests::waiting_for_another_process_ends_and_the_place_in_its_queue_stays";
        let mut other = holder(name, &path);
        let lock = WriterLock::open(&path).unwrap();
        for _ in 0..3 {
            let error =
                lock.acquire_until(Instant::now() + Duration::from_millis(120)).unwrap_err();
            assert_eq!(error.code(), "busy", "{error}");
        }
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| drop(lock.acquire().unwrap()));
            other.stdin.take().unwrap().write_all(b"!").unwrap();
            waits.join().unwrap();
        });
        assert!(other.wait().unwrap().success());
        drop(lock.acquire().unwrap());
        drop(lock);
        assert!(!lines().contains_key(&key(&path).unwrap()), "the descriptor stays open");
    }

    #[test]
    fn who_lets_go_waits_behind_another_process() {
        if let Some(path) = std::env::var_os(PATH) {
            let writer = WriterLock::open(Path::new(&path)).unwrap();
            let guard = writer.acquire().unwrap();
            println!("!");
            std::io::stdout().flush().unwrap();
            let file = lines()[&writer.key].file.clone();
            // Held for a while: who only looks whether the lock is free lets go at once.
            let mut waits = Instant::now();
            while waits.elapsed() < Duration::from_millis(200) {
                if lock(&file, TURNSTILE, libc::F_SETLK, libc::F_WRLCK).is_ok() {
                    release(&file, TURNSTILE);
                    waits = Instant::now();
                }
                std::thread::yield_now();
            }
            // The other process waits, and needs a moment to wake up.
            drop(guard);
            take_at_once(&file).unwrap_err();
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let mut other =
            holder("writer_lock::tests::who_lets_go_waits_behind_another_process", &path);
        let writer = WriterLock::open(&path).unwrap();
        let guard = writer.acquire().unwrap();
        assert!(other.wait().unwrap().success());
        drop(guard);
    }

    #[test]
    fn threads_get_the_lock_in_the_order_of_their_arrival() {
        let folder = tempfile::tempdir().unwrap();
        let lock = WriterLock::open(&folder.path().join("lock")).unwrap();
        let order = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            let first = lock.acquire().unwrap();
            for number in 0..8 {
                let (lock, order) = (&lock, &order);
                scope.spawn(move || {
                    let _guard = lock.acquire().unwrap();
                    order.lock().unwrap().push(number);
                });
                while lines()[&lock.key].threads.len() < number + 2 {
                    std::thread::yield_now();
                }
            }
            drop(first);
        });
        assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
