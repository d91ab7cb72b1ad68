//! Finding the files of content, those of a folder without leaving it.

use std::fs::{File, Metadata};
use std::io::{Cursor, Read, Seek};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;

use super::Content;
use super::manifest::{Artifact, ArtifactFile, check_path};
use crate::error::{Detail, IoContext, Result};

/// A reader that can move.
pub trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// The files of content, found and not yet read.
///
/// What is looked at here is what [`ArtifactStore::put`](super::ArtifactStore::put) stores: a file
/// that changes after it was found ends whatever reads it next.
#[derive(Debug)]
pub struct ContentFiles<'a>(pub(super) Found<'a>);

#[derive(Debug)]
pub(super) enum Found<'a> {
    /// Files on disk, sorted by path.
    Sources(Vec<Source>),
    /// Bytes under a file name.
    Bytes { name: &'a str, bytes: &'a [u8] },
}

impl<'a> ContentFiles<'a> {
    /// Finds the files, and refuses what cannot be an artifact.
    pub fn find(content: &'a Content) -> Result<Self> {
        match content {
            Content::Path(path) => {
                let mut sources = find(path)?;
                sources.sort_by(|one, other| one.path.cmp(&other.path));
                Artifact::new(sources.iter().map(|source| source.listed("")).collect())?;
                Ok(Self(Found::Sources(sources)))
            }
            Content::Bytes { name, .. } if name.contains('/') => Err(Detail::InvalidArtifact(
                format!("`{name}` is not the name of a single file; leave the folders out"),
            )
            .into()),
            Content::Bytes { name, bytes } => {
                check_path(name)?;
                Ok(Self(Found::Bytes { name, bytes }))
            }
        }
    }

    /// The path of each file, sorted, and its size in bytes.
    pub fn list(&self) -> Vec<(String, u64)> {
        match &self.0 {
            Found::Sources(sources) => {
                sources.iter().map(|source| (source.path.clone(), source.size())).collect()
            }
            Found::Bytes { name, bytes } => vec![((*name).to_owned(), bytes.len() as u64)],
        }
    }

    /// Opens the file at a path.
    pub fn open(&self, path: &str) -> Result<Box<dyn ReadSeek + '_>> {
        let absent = || Detail::NotFound(format!("there is no file `{path}`"));
        match &self.0 {
            Found::Sources(sources) => {
                let found = sources.binary_search_by(|source| source.path.as_str().cmp(path));
                let source = found.ok().and_then(|at| sources.get(at)).ok_or_else(absent)?;
                Ok(Box::new(source.open()?))
            }
            Found::Bytes { name, bytes } if *name == path => Ok(Box::new(Cursor::new(*bytes))),
            Found::Bytes { .. } => Err(absent().into()),
        }
    }

    /// The size of all files, in bytes.
    pub(super) fn size(&self) -> u64 {
        match &self.0 {
            Found::Sources(sources) => sources.iter().map(Source::size).sum(),
            Found::Bytes { bytes, .. } => bytes.len() as u64,
        }
    }
}

/// A file to be read: where it lies, its path in the artifact, and what it was when it was found.
#[derive(Debug)]
pub(super) struct Source {
    /// The folder that is read, and the way from there to the file, without links.
    root: Arc<File>,
    way: PathBuf,
    pub(super) place: PathBuf,
    pub(super) path: String,
    pub(super) fingerprint: Fingerprint,
}

/// The files of a file or folder. Links are followed while they stay inside.
fn find(content: &Path) -> Result<Vec<Source>> {
    let root = content.canonicalize().on("read", content)?;
    let metadata = root.metadata().on("examine", &root)?;
    if metadata.is_file() {
        let name = content.file_name().or_else(|| root.file_name()).unwrap_or_default();
        let path = utf8(Path::new(name), content)?;
        check_path(&path)?;
        let (folder, way) = match (root.parent(), root.file_name()) {
            (Some(folder), Some(way)) => (folder, PathBuf::from(way)),
            _ => return Err(special(content)),
        };
        let folder = Arc::new(File::open(folder).on("open", folder)?);
        let fingerprint = Fingerprint::from(&metadata);
        return Ok(vec![Source { root: folder, way, place: root, path, fingerprint }]);
    }
    if !metadata.is_dir() {
        return Err(special(content));
    }
    let opened = Arc::new(File::open(&root).on("open", &root)?);
    let mut walk = Walk { root: root.clone(), opened, found: Vec::new() };
    walk.folder(&root, "", &mut vec![root.clone()])?;
    Ok(walk.found)
}

struct Walk {
    root: PathBuf,
    opened: Arc<File>,
    found: Vec<Source>,
}

impl Walk {
    /// Collects the files below `folder`; `above` are the real paths that lead here.
    fn folder(&mut self, folder: &Path, prefix: &str, above: &mut Vec<PathBuf>) -> Result<()> {
        for entry in folder.read_dir().on("read", folder)? {
            let entry = entry.on("read", folder)?;
            let name = utf8(Path::new(&entry.file_name()), &entry.path())?;
            let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            check_path(&path)?;
            self.entry(&entry.path(), path, above)?;
        }
        Ok(())
    }

    fn entry(&mut self, place: &Path, path: String, above: &mut Vec<PathBuf>) -> Result<()> {
        let real = match place.canonicalize() {
            Err(error) if place.is_symlink() && error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Detail::InvalidArtifact(format!(
                    "`{path}` is a link to nothing; remove it, or put the file there"
                ))
                .into());
            }
            real => real.on("read", place)?,
        };
        let Ok(way) = real.strip_prefix(&self.root) else {
            return Err(Detail::InvalidArtifact(format!(
                "`{path}` is a link that leads outside the folder; copy the folder with its links resolved first (`cp -rL`)"
            ))
            .into());
        };
        let metadata = real.metadata().on("examine", &real)?;
        if metadata.is_file() {
            let (root, way) = (self.opened.clone(), way.to_owned());
            let fingerprint = Fingerprint::from(&metadata);
            self.found.push(Source { root, way, place: real, path, fingerprint });
            Ok(())
        } else if !metadata.is_dir() {
            Err(special(Path::new(&path)))
        } else if above.contains(&real) {
            Err(Detail::InvalidArtifact(format!(
                "`{path}` is a link to a folder that holds it; remove the link"
            ))
            .into())
        } else {
            above.push(real.clone());
            self.folder(&real, &path, above)?;
            above.pop();
            Ok(())
        }
    }
}

fn utf8(name: &Path, place: &Path) -> Result<String> {
    name.to_str().map(str::to_owned).ok_or_else(|| {
        Detail::InvalidArtifact(format!(
            "the name of `{}` is not UTF-8; rename it",
            place.display()
        ))
        .into()
    })
}

fn special(path: &Path) -> crate::Error {
    Detail::InvalidArtifact(format!(
        "`{}` is neither a file nor a folder (a device, pipe or socket); remove it",
        path.display()
    ))
    .into()
}

impl Source {
    pub(super) fn size(&self) -> u64 {
        self.fingerprint.size
    }

    /// The entry of an artifact for it.
    pub(super) fn listed(&self, sha256: &str) -> ArtifactFile {
        let (path, size) = (self.path.clone(), self.size());
        ArtifactFile { path, size, sha256: sha256.to_owned() }
    }

    /// Opens the file, and only the one that was found, whatever took its place or that of a folder
    /// on the way meanwhile.
    pub(super) fn open(&self) -> Result<File> {
        let file = self.descend().map_err(|error| match error {
            Errno::LOOP | Errno::NOTDIR | Errno::NOENT => self.changed(),
            error => {
                let failed: Result<()> = Err(error).on("open", &self.place);
                failed.err().unwrap_or_else(|| self.changed())
            }
        })?;
        self.hold(&file)?;
        Ok(file)
    }

    /// Holds an open file against what was found.
    pub(super) fn hold(&self, file: &File) -> Result<()> {
        let metadata = file.metadata().on("examine", &self.place)?;
        if Fingerprint::from(&metadata) == self.fingerprint { Ok(()) } else { Err(self.changed()) }
    }

    /// Goes down from the folder one name at a time and through no link: what was found had its
    /// links resolved, so a link on the way is new.
    fn descend(&self) -> Result<File, Errno> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut names = self.way.iter().peekable();
        let mut at: Option<File> = None;
        while let Some(name) = names.next() {
            let last = names.peek().is_none();
            let kind = if last { OFlags::empty() } else { OFlags::DIRECTORY | OFlags::PATH };
            let above = at.as_ref().unwrap_or(&self.root).as_fd();
            at = Some(openat(above, name, flags | kind, Mode::empty())?.into());
        }
        at.ok_or(Errno::NOENT)
    }

    /// The error of a file that is not what it was.
    pub(super) fn changed(&self) -> crate::Error {
        Detail::ArtifactChanged(format!(
            "`{}` changed while it was being read; register it again when nothing writes to it",
            self.path
        ))
        .into()
    }
}

/// What tells that a file was written to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    plain: bool,
    size: u64,
    inode: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl From<&Metadata> for Fingerprint {
    fn from(metadata: &Metadata) -> Self {
        Self {
            plain: metadata.is_file(),
            size: metadata.len(),
            inode: metadata.ino(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}
