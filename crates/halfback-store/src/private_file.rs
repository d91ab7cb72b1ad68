//! Files with private keys: whoever else may read or write one could sign with it.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::error::{Detail, IoContext as _, Result};

/// What users who neither own the file nor are in its group may not do: read and write.
const OTHERS: u32 = 0o006;

/// Refuses the key in an open file that every user of the machine may read or write.
pub fn refuse_open_to_all(file: &File, path: &Path) -> Result<()> {
    let metadata = file.metadata().on("read", path)?;
    if metadata.mode() & OTHERS == 0 {
        return Ok(());
    }
    Err(Detail::PermissionDenied(format!(
        "every user of this machine may read or write the key in `{}`, so a signature with it would prove nothing; make a new one that only you may read (mode 0600)",
        path.display()
    ))
    .into())
}
