//! Where things are: the work tree, what cargo builds, and the rooms under `target/`.

use std::path::{Path, PathBuf};

use crate::step::{Failure, Outcome};

/// The work tree, and the folder where cargo puts what it builds.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) root: PathBuf,
    /// `CARGO_TARGET_DIR`, or `target/`: artifacts of cargo only. Everything else is under `target/`.
    pub(crate) cargo_target: PathBuf,
}

impl Project {
    pub(crate) fn find() -> Outcome<Project> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .map(Path::to_path_buf)
            .ok_or_else(|| Failure::new("the xtask crate has left crates/xtask"))?;
        let cargo_target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None => root.join("target"),
        };
        Ok(Project { root, cargo_target })
    }

    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// A path under `target/`, where all set-up and all reports live.
    pub(crate) fn target(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join("target").join(relative)
    }

    /// A file that cargo built with the dev profile.
    pub(crate) fn built(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.cargo_target.join("debug").join(relative)
    }

    /// A file that cargo built with the release profile.
    pub(crate) fn released(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.cargo_target.join("release").join(relative)
    }

    /// How a path of the work tree is shown to people.
    pub(crate) fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}

/// The files below a folder whose names end as asked, sorted.
pub(crate) fn files_below(folder: &Path, suffix: &str) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(suffix) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// An empty folder at the path, whatever was there before.
pub(crate) fn fresh_folder(path: &Path) -> Outcome {
    if path.exists() {
        std::fs::remove_dir_all(path)?;
    }
    Ok(std::fs::create_dir_all(path)?)
}
