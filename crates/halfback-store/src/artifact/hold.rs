//! Who takes content out of the store waits for those who rely on it, and the other way round.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::ArtifactStore;
use crate::error::{Detail, IoContext, Result};
use crate::interrupt;

/// How long one side waits for the other.
const PATIENCE: Duration = Duration::from_secs(30);
const EVERY: Duration = Duration::from_millis(50);

/// While it is held, content that is in the store stays, or nobody relies on its staying.
#[derive(Debug)]
pub struct Hold {
    folder: Option<File>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        // Not only closed: the child of a fork has the file open too, and would go on holding it.
        if let Some(folder) = &self.folder {
            let _: rustix::io::Result<()> = flock(folder, FlockOperation::Unlock);
        }
    }
}

impl ArtifactStore {
    /// Keeps all content in the store until the hold goes: nobody can [`clear`](Self::clear).
    /// Any number of holds may be held at once, and the right to read the store is enough.
    ///
    /// It is taken by whoever reads a list of artifacts first and their files later, as a backup
    /// does; one read needs none, since an open file stays readable.
    pub fn hold(&self) -> Result<Hold> {
        self.lock(FlockOperation::NonBlockingLockShared)
    }

    /// Waits for every [`hold`](Self::hold) to go and keeps new ones out. Whoever removes stored
    /// content holds this from finding what nobody names until it is removed.
    pub fn clear(&self) -> Result<Hold> {
        self.lock(FlockOperation::NonBlockingLockExclusive)
    }

    /// The same where nobody holds anything; `None` where somebody does.
    pub(crate) fn try_clear(&self) -> Result<Option<Hold>> {
        self.try_lock(FlockOperation::NonBlockingLockExclusive)
    }

    /// A lock of the folder itself: there is no file to make, and a killed process leaves nothing.
    fn lock(&self, operation: FlockOperation) -> Result<Hold> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(hold) = self.try_lock(operation)? {
                return Ok(hold);
            }
            if interrupt::requested() {
                return Err(Detail::Cancelled.into());
            }
            if Instant::now() >= deadline {
                return Err(busy(&self.root));
            }
            std::thread::park_timeout(EVERY);
        }
    }

    fn try_lock(&self, operation: FlockOperation) -> Result<Option<Hold>> {
        let folder = match File::open(&self.root) {
            // Nothing was ever stored.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Some(Hold { folder: None }));
            }
            folder => folder.on("open", &self.root)?,
        };
        match flock(&folder, operation) {
            Ok(()) => Ok(Some(Hold { folder: Some(folder) })),
            Err(Errno::WOULDBLOCK | Errno::INTR) => Ok(None),
            Err(error) => Err(error).on("lock", &self.root),
        }
    }
}

fn busy(root: &Path) -> crate::Error {
    Detail::Busy(format!(
        "another program kept `{}` for {} s, for a backup or to remove content; try again when it is done",
        root.display(),
        PATIENCE.as_secs()
    ))
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::FlockOperation::{NonBlockingLockExclusive, NonBlockingLockShared};

    #[test]
    fn holds_share_the_store_and_clearing_has_it_alone() {
        let registry = tempfile::tempdir().unwrap();
        let store = ArtifactStore::new(registry.path());
        drop((store.hold().unwrap(), store.clear().unwrap()));
        std::fs::create_dir(&store.root).unwrap();
        let free = |operation| flock(File::open(&store.root).unwrap(), operation);
        let holds = (store.hold().unwrap(), store.hold().unwrap());
        assert_eq!(free(NonBlockingLockExclusive), Err(Errno::WOULDBLOCK));
        drop(holds);
        let clearing = store.clear().unwrap();
        assert_eq!(free(NonBlockingLockShared), Err(Errno::WOULDBLOCK));
        let waiting = std::thread::scope(|scope| {
            let waits = scope.spawn(|| store.hold().map(drop));
            drop(clearing);
            waits.join().unwrap()
        });
        waiting.unwrap();
    }
}
