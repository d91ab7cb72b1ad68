//! Where something may be written: not in the folders in which only Halfback writes.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::backup::MARK;
use crate::error::{Detail, Error, IoContext, Result};
use crate::sqlite::{ARTIFACTS, DATABASE, GENERATION, LOCK};

/// Refuses a place that is, or lies in, the folder of a registry or of a backup, wherever links lead;
/// and one that was left empty. `what` is the argument's name.
pub(crate) fn refuse_registry(to: &Path, what: &str) -> Result<()> {
    refuse_empty(to, what)?;
    let place = real(&std::path::absolute(to).on("find", to)?)?;
    refuse_any(to, place.ancestors())
}

/// Refuses a place where no file can be made, or where something is already; with `overwrite` only
/// what does not begin with `magic`, which may be anything, even a registry's own file.
pub(crate) fn refuse_taken(to: &Path, overwrite: bool, magic: &[u8], what: &str) -> Result<()> {
    refuse_registry(to, "to")?;
    if to.symlink_metadata().is_err() {
        let above = std::path::absolute(to).on("find", to)?;
        let above = above.parent().unwrap_or(Path::new("/"));
        if above.is_dir() {
            return Ok(());
        }
        return Err(Detail::NotFound(format!(
            "cannot write `{}`: there is no folder `{}`; make it first",
            to.display(),
            above.display()
        ))
        .into());
    }
    if !overwrite {
        return Err(taken(to));
    }
    if begins_with(to, magic).on("read", to)? {
        return Ok(());
    }
    Err(Detail::AlreadyExists(format!(
        "`{}` is there already and is not {what}; give another name",
        to.display()
    ))
    .into())
}

fn begins_with(path: &Path, magic: &[u8]) -> std::io::Result<bool> {
    // A pipe would be waited for; a link may lead to nothing.
    let is_file = match path.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        found => found?.is_file(),
    };
    if !is_file {
        return Ok(false);
    }
    let mut begins = vec![0; magic.len()];
    match File::open(path)?.read_exact_at(&mut begins, 0) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| begins == magic),
    }
}

/// Something is there already.
pub(crate) fn taken(to: &Path) -> Error {
    Detail::AlreadyExists(format!(
        "`{}` is there already; give another name, or say that it may be overwritten",
        to.display()
    ))
    .into()
}

/// The same for one that may become, or is, such a folder itself.
pub(crate) fn refuse_inside(to: &Path, what: &str) -> Result<()> {
    refuse_empty(to, what)?;
    let place = real(&std::path::absolute(to).on("find", to)?)?;
    refuse_any(to, place.ancestors().skip(1))
}

/// Refuses a path that was left empty.
pub(crate) fn refuse_empty(path: &Path, what: &str) -> Result<()> {
    if path.as_os_str().is_empty() {
        return Err(Detail::InvalidArgument(format!("`{what}` is empty; give a path")).into());
    }
    Ok(())
}

fn refuse_any<'a>(to: &Path, mut folders: impl Iterator<Item = &'a Path>) -> Result<()> {
    let Some(folder) = folders.find(|folder| is_registry(folder)) else { return Ok(()) };
    Err(Detail::InvalidArgument(format!(
        "`{}` is inside the registry or backup `{}`, where only halfback writes; give another place",
        to.display(),
        folder.display()
    ))
    .into())
}

/// Whether a folder looks like one of Halfback's: a database alone may be anybody's.
fn is_registry(folder: &Path) -> bool {
    let has = |name: &&str| folder.join(name).exists();
    has(&DATABASE) && [LOCK, GENERATION, ARTIFACTS, MARK].iter().any(has)
}

/// The real place of something that is to be made: its folder may be reached through links.
pub(crate) fn real(path: &Path) -> Result<PathBuf> {
    let above = path.ancestors().find(|path| path.exists()).unwrap_or(path);
    let rest = path.strip_prefix(above).unwrap_or(Path::new(""));
    // Part by part: what is joined with nothing would end in a slash.
    Ok(above.canonicalize().on("find", above)?.components().chain(rest.components()).collect())
}

/// The folder that a link leads to: what is made whole replaces a folder, and no link to one.
pub(crate) fn folder_behind(path: &Path) -> Result<PathBuf> {
    if !path.is_symlink() {
        return Ok(path.to_owned());
    }
    path.canonicalize().map_err(|_| {
        Detail::InvalidArgument(format!(
            "`{}` is a link that leads nowhere; give the folder itself",
            path.display()
        ))
        .into()
    })
}
