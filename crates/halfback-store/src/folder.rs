//! Folders that last: an entry is durable when the folder that holds it was synced.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::{Detail, IoContext, Result};

/// Makes a folder with its parents, each durable in its own parent.
pub(crate) fn create(folder: &Path) -> Result<()> {
    let mut entries = Entries::default();
    entries.make(folder)?;
    entries.sync()
}

/// Folders whose entries are to be made durable together.
///
/// A folder that is there may be one that another program made and could not sync yet, or never.
/// So its own entry is synced too, by everyone who relies on it; and nothing is made in a folder
/// before its entry lasts, so that those of the folders above need no sync.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    changed: BTreeSet<PathBuf>,
    lasting: BTreeSet<PathBuf>,
}

impl Entries {
    /// Makes a folder with its parents.
    pub(crate) fn make(&mut self, folder: &Path) -> Result<()> {
        let Some(above) = folder.parent() else { return Ok(()) };
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        if folder.is_dir() {
            // Who may not read the folder above has never made anything durable there.
            if std::fs::File::open(above).is_ok() {
                self.changed.insert(above.to_owned());
            }
            return Ok(());
        }
        if self.lasting.insert(above.to_owned()) {
            create(above)?;
        }
        match std::fs::create_dir(folder) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && folder.is_dir() => {}
            made => made.on("create", folder)?,
        }
        self.changed.insert(above.to_owned());
        Ok(())
    }

    /// Notes that the folder has a new entry.
    pub(crate) fn changed(&mut self, folder: &Path) {
        self.changed.insert(folder.to_owned());
    }

    /// Makes all of them durable.
    pub(crate) fn sync(self) -> Result<()> {
        #[cfg(test)]
        for folder in &self.changed {
            synced::note(folder);
        }
        let folders: Vec<PathBuf> = self.changed.into_iter().collect();
        together(&folders, |folder| sync_one(folder))
    }
}

/// Makes the entries of a folder durable.
pub(crate) fn sync(folder: &Path) -> Result<()> {
    #[cfg(test)]
    synced::note(folder);
    sync_one(folder)
}

fn sync_one(folder: &Path) -> Result<()> {
    let opened = std::fs::File::open(folder).on("open", folder)?;
    match opened.sync_all() {
        // A file system that knows no sync of a folder, or that nobody writes to.
        Err(error) if matches!(error.raw_os_error(), Some(libc::EINVAL | libc::EROFS)) => Ok(()),
        synced => synced.on("sync", folder),
    }
}

/// Does `work` on all items side by side: a file system's journal takes syncs that arrive together
/// as one.
pub(crate) fn together<T: Sync>(items: &[T], work: impl Fn(&T) -> Result<()> + Sync) -> Result<()> {
    const LANES: usize = 8;
    let next = AtomicUsize::new(0);
    let lane = || -> Result<()> {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            work(item)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..items.len().min(LANES)).map(|_| scope.spawn(lane)).collect();
        let own = lane();
        others.into_iter().fold(own, |all, other| {
            let other = other
                .join()
                .unwrap_or_else(|_| Err(Detail::Internal("a sync panicked".into()).into()));
            all.and(other)
        })
    })
}

/// What was synced, for tests: nothing else tells before the power fails.
#[cfg(test)]
pub(crate) mod synced {
    use std::cell::RefCell;
    use std::path::{Path, PathBuf};

    thread_local! {
        static FOLDERS: RefCell<Vec<(PathBuf, usize)>> = const { RefCell::new(Vec::new()) };
    }

    pub(super) fn note(folder: &Path) {
        let entries = std::fs::read_dir(folder).map_or(0, Iterator::count);
        FOLDERS.with_borrow_mut(|folders| folders.push((folder.to_owned(), entries)));
    }

    /// The folders that this thread synced since it last asked, with how many entries they held.
    pub(crate) fn take() -> Vec<(PathBuf, usize)> {
        FOLDERS.take()
    }
}
