//! Folders that last: an entry is durable when the folder that holds it was synced.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::{Detail, IoContext, Result};

/// Makes a folder with its parents, each durable in its own parent.
pub(crate) fn create(folder: &Path) -> Result<()> {
    let mut changed = BTreeSet::new();
    make(folder, &mut changed)?;
    sync_all(&changed)
}

/// Makes a folder with its parents. Those that got a new entry go into `changed`: they are to be
/// synced.
pub(crate) fn make(folder: &Path, changed: &mut BTreeSet<PathBuf>) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().unwrap_or(Path::new("/"));
    let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
    make(above, changed)?;
    match std::fs::create_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && folder.is_dir() => {}
        made => made.on("create", folder)?,
    }
    changed.insert(above.to_owned());
    Ok(())
}

/// Makes the entries of a folder durable.
pub(crate) fn sync(folder: &Path) -> Result<()> {
    #[cfg(test)]
    synced::note(folder);
    sync_one(folder)
}

/// Makes the entries of several folders durable.
pub(crate) fn sync_all(folders: &BTreeSet<PathBuf>) -> Result<()> {
    #[cfg(test)]
    for folder in folders {
        synced::note(folder);
    }
    let folders: Vec<&PathBuf> = folders.iter().collect();
    together(&folders, |folder| sync_one(folder))
}

fn sync_one(folder: &Path) -> Result<()> {
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).on("sync", folder)
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
