//! Files that are new: nothing that was there is overwritten.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::error::{Detail, Error, IoContext as _, Result, io_error};
use crate::folder;

/// Writes a new file with these permissions; it is durable when this returns. One that cannot be written
/// whole is removed.
pub fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let mut file = opened.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Error::from(Detail::AlreadyExists(format!(
            "`{}` is there already and is never overwritten; choose another name",
            path.display()
        ))),
        _ => io_error("create", path, error),
    })?;
    if let Err(error) = file.write_all(bytes).and_then(|()| file.sync_all()) {
        // Its name is free for the next attempt.
        let _ = std::fs::remove_file(path);
        return Err(io_error("write", path, error));
    }
    let path = std::path::absolute(path).on("find", path)?;
    folder::sync(path.parent().unwrap_or(Path::new("/")))
}
