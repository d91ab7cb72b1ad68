//! The lock that one writer holds among all threads of all processes.
//!
//! Processes queue at a POSIX record lock of `writer.lock`, which dies with its process and is
//! not inherited by children; threads of one process queue at a fair mutex before it. A record
//! lock is lost when any descriptor of the file is closed in the process, so there is one
//! descriptor for each file, shared by all handles and closed when the last one goes.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use parking_lot::{Mutex, MutexGuard};
use rustix::fs::{FlockOperation, fcntl_lock};

use crate::error::{IoContext, Result};

/// The file's identity: device and inode.
type Key = (u64, u64);

static OPEN: LazyLock<Mutex<HashMap<Key, Arc<LockFile>>>> = LazyLock::new(Mutex::default);

#[derive(Debug)]
struct LockFile {
    file: File,
    queue: Mutex<()>,
}

/// One handle's share of the lock file.
#[derive(Debug)]
pub(crate) struct WriterLock {
    key: Key,
    path: PathBuf,
    lock: Option<Arc<LockFile>>,
}

/// Held while writing; the next waiter gets the lock when it goes.
#[derive(Debug)]
pub(crate) struct WriterGuard<'a> {
    file: &'a File,
    queue: Option<MutexGuard<'a, ()>>,
}

impl WriterLock {
    /// Opens or makes the lock file.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut open = OPEN.lock();
        // The identity is read by path first: opening a second descriptor and closing it again
        // would drop a lock that another thread holds.
        if let Ok(metadata) = std::fs::metadata(path) {
            let key = (metadata.dev(), metadata.ino());
            if let Some(lock) = open.get(&key) {
                return Ok(Self { key, path: path.to_owned(), lock: Some(lock.clone()) });
            }
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
        let lock = Arc::new(LockFile { file, queue: Mutex::new(()) });
        open.insert(key, lock.clone());
        Ok(Self { key, path: path.to_owned(), lock: Some(lock) })
    }

    /// Waits for the lock.
    pub(crate) fn acquire(&self) -> Result<WriterGuard<'_>> {
        let Some(lock) = &self.lock else { return Err(crate::error::Detail::Closed.into()) };
        let queue = lock.queue.lock();
        loop {
            match fcntl_lock(&lock.file, FlockOperation::LockExclusive) {
                Err(rustix::io::Errno::INTR) => {}
                result => {
                    result.on("lock", &self.path)?;
                    return Ok(WriterGuard { file: &lock.file, queue: Some(queue) });
                }
            }
        }
    }
}

impl Drop for WriterLock {
    fn drop(&mut self) {
        let mut open = OPEN.lock();
        self.lock = None;
        if open.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            open.remove(&self.key);
        }
    }
}

impl Drop for WriterGuard<'_> {
    fn drop(&mut self) {
        // Unlocking cannot fail on a descriptor that is open; if it did, the process's end
        // would release the lock.
        let _ = fcntl_lock(self.file, FlockOperation::Unlock).is_ok();
        if let Some(queue) = self.queue.take() {
            MutexGuard::unlock_fair(queue);
        }
    }
}
