//! Folders that last: an entry is durable when the folder that holds it was synced.

use std::path::Path;

use crate::error::{IoContext, Result};

/// Makes a folder with its parents, each durable in its own parent.
pub(crate) fn create(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().unwrap_or(Path::new("/"));
    let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
    create(above)?;
    match std::fs::create_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && folder.is_dir() => {}
        made => made.on("create", folder)?,
    }
    sync(above)
}

/// Makes the entries of a folder durable.
pub(crate) fn sync(folder: &Path) -> Result<()> {
    #[cfg(test)]
    synced::note(folder);
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).on("sync", folder)
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
