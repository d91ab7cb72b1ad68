//! Artifacts: files addressed by content, kept apart for each catalog.
//!
//! `artifacts/<catalog id>/sha256/ab/cdef…` holds every file and every manifest under its own
//! SHA-256. A manifest lists the files of one artifact; its digest is the artifact's digest.

mod hold;
mod intake;
mod manifest;
mod source;
mod sweep;
mod transfer;

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::Read as _;
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Detail, Error, IoContext, Result};
use crate::folder;
use crate::id::{EntityId, hex, random, unhex};
use crate::merkle::{Hash, sha256};
use crate::sql::Sql;
use crate::target;

pub use hold::Hold;
pub use intake::{Intake, Supplied, Taken};
pub use manifest::{Artifact, ArtifactFile, Digest};
pub use source::{ContentFiles, ReadSeek};
pub(crate) use sweep::keep_only;
pub use sweep::{Removed, Swept, remove_purged, sweep};
pub use transfer::{Meter, hash_read};
pub(crate) use transfer::{
    Staged, StagedFolder, append_read, copy_file, stage_bytes, sweep as sweep_staged,
};

/// What to store: a file or folder on disk, or bytes under a file name.
#[derive(Debug, Clone)]
pub enum Content {
    /// A file, or a folder with everything in it.
    Path(PathBuf),
    /// Bytes that become one file.
    Bytes {
        /// The file's name, without folders.
        name: String,
        /// Its content.
        bytes: Vec<u8>,
    },
}

impl From<&Path> for Content {
    fn from(path: &Path) -> Self {
        Self::Path(path.to_owned())
    }
}

impl From<PathBuf> for Content {
    fn from(path: PathBuf) -> Self {
        Self::Path(path)
    }
}

impl From<&str> for Content {
    fn from(path: &str) -> Self {
        Self::Path(path.into())
    }
}

/// How far a transfer is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Bytes done so far.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
}

/// Told about every MiB of a transfer, and its end; [`ControlFlow::Break`] cancels it.
pub type Progress<'a> = &'a mut dyn FnMut(Transfer) -> ControlFlow<()>;

/// A [`Progress`] for callers that want none.
pub fn no_progress(_: Transfer) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Files that are made durable together.
const BATCH: usize = 64;

/// An artifact that a version names, or named once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The catalog in whose store it is.
    pub catalog: EntityId,
    /// Its digest.
    pub digest: Digest,
    /// The size of all its files, in bytes.
    pub size: u64,
}

/// The artifacts of every version that there ever was, except those that are kept elsewhere or were
/// purged: the past can be asked for its files too.
pub fn named(sql: &mut dyn Sql) -> Result<Vec<Named>> {
    named_since(sql, EntityId::REGISTRY)
}

/// The same of the versions whose id is this one or a later one.
pub(crate) fn named_since(sql: &mut dyn Sql, first: EntityId) -> Result<Vec<Named>> {
    sql.all(
        "SELECT DISTINCT s.parent, v.digest, v.size FROM version v \
         JOIN securable m ON m.id = v.model JOIN securable s ON s.id = m.parent \
         WHERE v.id >= ?1 AND v.location IS NULL \
         AND NOT EXISTS (SELECT 1 FROM purge p WHERE p.version = v.id) \
         ORDER BY s.parent, v.digest",
        &[first.into()],
        |row| {
            let damaged = || Detail::Corrupt("a version's digest is damaged; run `check`".into());
            Ok(Named {
                catalog: row.id(0)?,
                digest: Digest::new(row.blob(1)?.try_into().map_err(|_| damaged())?),
                size: row.int(2)?.try_into().map_err(|_| damaged())?,
            })
        },
    )
}

/// The artifacts of a registry.
#[derive(Debug, Clone)]
pub struct ArtifactStore {
    root: PathBuf,
}

impl ArtifactStore {
    /// The artifacts below the registry's folder.
    pub fn new(registry: &Path) -> Self {
        Self { root: registry.join("artifacts") }
    }

    /// Copies content into the catalog's store, hashing it on the way; durable when this returns.
    pub fn put(
        &self,
        catalog: EntityId,
        content: &ContentFiles<'_>,
        progress: Progress<'_>,
    ) -> Result<Artifact> {
        let staging = self.catalog(catalog).join("staging");
        if !staging.is_dir() {
            folder::create(&staging)?;
        }
        transfer::sweep(&staging);
        let mut batch = Vec::new();
        let artifact =
            transfer::read_content(content, Some(&staging), progress, |hash, staged| {
                batch.push((hash, staged));
                if batch.len() < BATCH { Ok(()) } else { self.admit(catalog, batch.drain(..)) }
            })?;
        let manifest = artifact.manifest();
        let staged = transfer::stage_bytes(&staging, manifest.as_bytes())?;
        batch.push((sha256(manifest.as_bytes()), staged));
        self.admit(catalog, batch.into_iter())?;
        Ok(artifact)
    }

    /// Hashes content without storing it.
    pub fn hash(content: &ContentFiles<'_>, progress: Progress<'_>) -> Result<Artifact> {
        transfer::read_content(content, None, progress, |_, _| Ok(()))
    }

    /// Whether the catalog holds an artifact of that digest.
    pub fn contains(&self, catalog: EntityId, digest: &Digest) -> bool {
        self.stored(catalog, digest.hash()).is_file()
    }

    /// Refuses an artifact of which a file is not there, or has another size.
    pub fn refuse_incomplete(&self, catalog: EntityId, digest: &Digest) -> Result<()> {
        for file in &self.manifest(catalog, digest)?.files {
            let place = self.file_of(catalog, file)?;
            match place.metadata() {
                Ok(found) if found.is_file() && found.len() == file.size => {}
                Ok(_) => return Err(altered(&place, &format!("`{}`", file.path))),
                Err(error) => return Err(missing(&error, &place, &format!("`{}`", file.path))),
            }
        }
        Ok(())
    }

    /// The artifact's list of files, held against its digest.
    pub fn manifest(&self, catalog: EntityId, digest: &Digest) -> Result<Artifact> {
        let path = self.stored(catalog, digest.hash());
        let mut text = Vec::new();
        let read = regular(&path, "the manifest")?.read_to_end(&mut text);
        read.map_err(|error| missing(&error, &path, "the manifest"))?;
        if sha256(&text) != *digest.hash() {
            return Err(altered(&path, "the manifest"));
        }
        Artifact::from_manifest(&text)
    }

    /// Reads every stored byte of an artifact and holds it against the manifest.
    pub fn verify(
        &self,
        catalog: EntityId,
        digest: &Digest,
        progress: Progress<'_>,
    ) -> Result<Artifact> {
        let artifact = self.manifest(catalog, digest)?;
        let mut meter = transfer::Meter::new(artifact.size, progress);
        for file in &artifact.files {
            Self::verify_file(&self.file_of(catalog, file)?, file, &mut meter)?;
        }
        meter.finish()?;
        Ok(artifact)
    }

    /// Reads every stored byte of many artifacts, once also where they share it, and tells which
    /// of them are not as they were recorded.
    pub fn verify_all(
        &self,
        artifacts: &[Named],
        progress: Progress<'_>,
        found: &mut dyn FnMut(usize, Error),
    ) -> Result<()> {
        let total = artifacts.iter().fold(0_u64, |sum, named| sum.saturating_add(named.size));
        let mut meter = transfer::Meter::new(total, progress);
        let (mut sound, mut done) = (HashSet::new(), 0_u64);
        for (at, Named { catalog, digest, size }) in artifacts.iter().enumerate() {
            match self.verify_once(*catalog, digest, &mut sound, &mut meter) {
                Err(error) if matches!(error.detail(), Detail::Cancelled) => return Err(error),
                Err(error) => found(at, error),
                Ok(()) => {}
            }
            done = done.saturating_add(*size);
            meter.reach(done)?;
        }
        meter.finish()
    }

    /// Verifies what is not known to be sound.
    fn verify_once(
        &self,
        catalog: EntityId,
        digest: &Digest,
        sound: &mut HashSet<PathBuf>,
        meter: &mut transfer::Meter<'_>,
    ) -> Result<()> {
        for file in self.manifest(catalog, digest)?.files {
            let path = self.file_of(catalog, &file)?;
            if !sound.contains(&path) {
                Self::verify_file(&path, &file, meter)?;
                sound.insert(path);
            }
        }
        Ok(())
    }

    fn verify_file(
        path: &Path,
        file: &ArtifactFile,
        meter: &mut transfer::Meter<'_>,
    ) -> Result<()> {
        let (hash, _) = transfer::hash_file(&open(path, file)?, path, meter)?;
        if hex(&hash) != file.sha256 {
            return Err(altered(path, &format!("`{}`", file.path)));
        }
        Ok(())
    }

    /// Where a file of an artifact lies; its content is as recorded unless someone edited the
    /// store: [`ArtifactStore::verify`] tells. `None` means the only file.
    pub fn file_path(
        &self,
        catalog: EntityId,
        digest: &Digest,
        file: Option<&str>,
    ) -> Result<PathBuf> {
        let artifact = self.manifest(catalog, digest)?;
        let found = match (file, artifact.files.as_slice()) {
            (None, [only]) => only,
            (None, files) => {
                return Err(Detail::InvalidArgument(format!(
                    "the artifact has {} files; say which, as in `{}`",
                    files.len(),
                    files.first().map_or("", |file| &file.path)
                ))
                .into());
            }
            (Some(path), _) => artifact.file(path).ok_or_else(|| {
                Detail::NotFound(format!(
                    "the artifact has no file `{path}`; its manifest lists what it has"
                ))
            })?,
        };
        let path = self.file_of(catalog, found)?;
        open(&path, found)?;
        Ok(path)
    }

    /// Opens a file of an artifact, as its manifest lists it.
    pub fn open_file(&self, catalog: EntityId, file: &ArtifactFile) -> Result<std::fs::File> {
        open(&self.file_of(catalog, file)?, file)
    }

    /// Copies an artifact into the folder `to`, verified on the way; appears whole or not at all.
    ///
    /// An artifact of one file becomes `to/<name>`, replacing a file of that name, and that path
    /// is returned. A folder becomes `to`, which must be absent, empty, or hold the same already.
    pub fn download(
        &self,
        catalog: EntityId,
        digest: &Digest,
        to: &Path,
        progress: Progress<'_>,
    ) -> Result<PathBuf> {
        let artifact = self.manifest(catalog, digest)?;
        let mut supply = self.opening(catalog);
        download(&artifact, &mut supply, to, progress)
    }

    /// Moves staged files to the places that their hashes give them; durable when this returns.
    fn admit(
        &self,
        catalog: EntityId,
        staged: impl Iterator<Item = (Hash, transfer::Staged)>,
    ) -> Result<()> {
        let staged: Vec<(Hash, transfer::Staged)> = staged.collect();
        folder::together(&staged, |(_, staged)| staged.sync())?;
        // Nobody removes content under a name between looking at its age and this.
        let _hold = self.hold()?;
        let mut entries = folder::Entries::default();
        for (hash, staged) in staged {
            let place = self.stored(catalog, &hash);
            let folder = place.parent().unwrap_or(&self.root);
            entries.make(folder)?;
            staged.protect()?;
            staged.persist(&place)?;
            entries.changed(folder);
        }
        entries.sync()
    }

    fn catalog(&self, catalog: EntityId) -> PathBuf {
        self.root.join(catalog.to_string())
    }

    fn stored(&self, catalog: EntityId, hash: &Hash) -> PathBuf {
        let name = hex(hash);
        let (folder, file) = name.split_at(2);
        self.catalog(catalog).join("sha256").join(folder).join(file)
    }

    fn file_of(&self, catalog: EntityId, file: &ArtifactFile) -> Result<PathBuf> {
        let hash = unhex::<32>(&file.sha256)
            .ok_or_else(|| Detail::Corrupt("a manifest names a file by no SHA-256".into()))?;
        Ok(self.stored(catalog, &hash))
    }
}

/// Copies an artifact whose files `supply` opens into the folder `to`; see
/// [`ArtifactStore::download`].
pub fn download(
    artifact: &Artifact,
    supply: &mut dyn FnMut(&ArtifactFile) -> Result<Supplied<'static>>,
    to: &Path,
    progress: Progress<'_>,
) -> Result<PathBuf> {
    target::refuse_registry(to, "to")?;
    let mut download = Download { supply, meter: Meter::new(artifact.size, progress) };
    match artifact.single() {
        Some(file) => download.file(file, to),
        None => download.folder(artifact, &target::folder_behind(to)?).map(|_| to.to_owned()),
    }
}

/// Holds the hash of what was read at `place` against what it was to be.
pub fn hold_against(file: &ArtifactFile, hash: &Hash, place: &Path) -> Result<()> {
    if hex(hash) == file.sha256 { Ok(()) } else { Err(altered(place, &format!("`{}`", file.path))) }
}

/// A download under way.
struct Download<'a> {
    supply: &'a mut dyn FnMut(&ArtifactFile) -> Result<Supplied<'static>>,
    meter: Meter<'a>,
}

impl Download<'_> {
    fn file(&mut self, file: &ArtifactFile, to: &Path) -> Result<PathBuf> {
        if to.exists() && !to.is_dir() {
            return Err(occupied(to, "a file is"));
        }
        folder::create(to)?;
        transfer::sweep(to);
        let place = to.join(&file.path);
        if place.is_dir() {
            return Err(occupied(&place, "a folder is"));
        }
        let staged = self.copy_verified(file, to)?;
        self.meter.finish()?;
        staged.persist(&place)?;
        folder::sync(to)?;
        Ok(place)
    }

    fn folder(&mut self, artifact: &Artifact, to: &Path) -> Result<PathBuf> {
        let occupant = std::fs::read_dir(to).map(|mut entries| entries.next().is_some());
        match occupant {
            Ok(false) => {}
            Ok(true) => {
                let content = Content::Path(to.to_owned());
                let same = ContentFiles::find(&content)
                    .and_then(|files| ArtifactStore::hash(&files, &mut no_progress))
                    .is_ok_and(|present| present == *artifact);
                return if same { Ok(to.to_owned()) } else { Err(occupied(to, "other files are")) };
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
                return Err(occupied(to, "a file is"));
            }
            Err(error) => return Err(error).on("read", to),
        }
        let parent = match to.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        folder::create(parent)?;
        let staging = StagedFolder::new(parent)?;
        for file in &artifact.files {
            let place = staging.path().join(&file.path);
            let folder = place.parent().unwrap_or(staging.path());
            folder::create(folder)?;
            self.copy_verified(file, folder)?.persist(&place)?;
        }
        self.meter.finish()?;
        staging.persist(to)?;
        Ok(to.to_owned())
    }

    fn copy_verified(&mut self, file: &ArtifactFile, folder: &Path) -> Result<Staged> {
        let (source, place) = (self.supply)(file)?;
        let (hash, _, staged) =
            transfer::copy_read(source, file.size, &place, folder, &mut self.meter)?;
        hold_against(file, &hash, &place)?;
        staged.sync()?;
        Ok(staged)
    }
}

/// Opens a file that is as long as was recorded: one of another size needs no reading to be told.
fn open(path: &Path, file: &ArtifactFile) -> Result<std::fs::File> {
    let what = format!("`{}`", file.path);
    let opened = regular(path, &what)?;
    if opened.metadata().on("examine", path)?.len() != file.size {
        return Err(unlike(path, &what, "its size is not the recorded one"));
    }
    Ok(opened)
}

/// Opens a file, and nothing else that somebody may have put in its place: a pipe would be waited for, and a
/// device has no end.
fn regular(path: &Path, what: &str) -> Result<std::fs::File> {
    let mut options = std::fs::File::options();
    let opened = options.read(true).custom_flags(libc::O_NONBLOCK).open(path);
    let opened = opened.map_err(|error| missing(&error, path, what))?;
    if !opened.metadata().on("examine", path)?.is_file() {
        return Err(unlike(path, what, "it is no file any more"));
    }
    Ok(opened)
}

fn missing(error: &std::io::Error, path: &Path, what: &str) -> Error {
    let path = path.display();
    match error.kind() {
        std::io::ErrorKind::NotFound => Detail::ArtifactMissing(format!(
            "{what} is missing from the artifact store at `{path}`; restore it from a backup, or register the content again"
        ))
        .into(),
        std::io::ErrorKind::PermissionDenied => Detail::PermissionDenied(format!(
            "not allowed to read {what} at `{path}`; ask for the right on that path"
        ))
        .into(),
        kind => Detail::Io {
            message: format!("cannot read {what} at `{path}`: {error}"),
            source: kind.into(),
        }
        .into(),
    }
}

fn altered(path: &Path, what: &str) -> Error {
    unlike(path, what, "its SHA-256 is not the recorded one")
}

fn unlike(path: &Path, what: &str, how: &str) -> Error {
    Detail::ArtifactAltered(format!(
        "{what} was altered at `{}`: {how}; restore it from a backup, or register the content again",
        path.display()
    ))
    .into()
}

fn occupied(path: &Path, by: &str) -> Error {
    Detail::AlreadyExists(format!(
        "cannot download to `{}`: {by} there already; give a new or empty folder",
        path.display()
    ))
    .into()
}

/// How the name of a file or folder on its way begins.
pub(crate) const STAGED: &str = ".halfback-";

/// A name that nobody else uses, for a file on its way.
fn staging_name() -> Result<String> {
    Ok(format!("{STAGED}{}", hex(&random::<8>()?)))
}

/// Whether a name is one that [`staging_name`] gave.
fn is_staging_name(name: &OsStr) -> bool {
    let random = name.to_str().and_then(|name| name.strip_prefix(STAGED));
    random.is_some_and(|random| unhex::<8>(random).is_some())
}

#[cfg(test)]
mod tests;
