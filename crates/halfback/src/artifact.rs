//! Artifacts of versions: putting content in, and taking it out verified.

use std::path::{Path, PathBuf};

use halfback_store::artifact::{self as store, ArtifactStore, ContentFiles, Digest, ReadSeek};
use halfback_store::error::{Detail, Error, Result};
use halfback_store::id::EntityId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Privilege;
use crate::access::need::Needs;
use crate::access::session::Session;
use crate::command::{Held, Place, Query, Snapshot};
use crate::format::{self, Files, Format};
use crate::registry::{Registry, Shared};
use crate::securable::VersionRef;
use crate::view::View;

pub use halfback_store::artifact::{Content, Progress, Transfer, no_progress};

/// A set of files, addressed by their content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Artifact {
    /// The digest, `sha256:<hexadecimal>`: equal exactly when all paths and contents are equal.
    pub digest: String,
    /// The size of all files, in bytes.
    pub size: u64,
    /// The files, sorted by path.
    pub files: Vec<ArtifactFile>,
}

/// One file of an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArtifactFile {
    /// The path inside the artifact, parts joined by `/`.
    pub path: String,
    /// The size in bytes.
    pub size: u64,
    /// The SHA-256 of the content, in hexadecimal.
    pub sha256: String,
}

impl From<store::Artifact> for Artifact {
    fn from(artifact: store::Artifact) -> Self {
        let file = |store::ArtifactFile { path, size, sha256 }| ArtifactFile { path, size, sha256 };
        Self {
            digest: artifact.digest.to_string(),
            size: artifact.size,
            files: artifact.files.into_iter().map(file).collect(),
        }
    }
}

/// For which model content is stored, and what it may hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PutArtifact {
    /// The model's name.
    pub model: String,
    /// Store content whose metadata looks like it holds a key, token or password.
    pub allow_secrets: bool,
}

impl From<&str> for PutArtifact {
    fn from(model: &str) -> Self {
        Self { model: model.to_owned(), ..Self::default() }
    }
}

impl From<&String> for PutArtifact {
    fn from(model: &String) -> Self {
        model.as_str().into()
    }
}

impl TryFrom<&Artifact> for store::Artifact {
    type Error = Error;

    /// Checks every path and hash, and that the list is in order.
    fn try_from(artifact: &Artifact) -> Result<Self> {
        let files = artifact.files.iter().cloned();
        let file = |ArtifactFile { path, size, sha256 }| store::ArtifactFile { path, size, sha256 };
        Self::from_list(files.map(file).collect())
    }
}

/// Lists the files of a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetArtifact {
    /// The version.
    pub version: VersionRef,
}

impl Query for GetArtifact {
    const NAME: &'static str = "get_artifact";
    type Output = Artifact;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        // Asked here too, a signature that the catalog wants would be verified twice.
        Ok(Needs::Sight("`stored` asks for EXECUTE, also who may do everything"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Artifact> {
        let stored = snapshot.stored(&self.version)?;
        snapshot.store.manifest(stored.catalog, &stored.digest).map(Into::into)
    }
}

/// Where the registry keeps the artifact of a version.
pub(crate) struct Stored {
    pub(crate) catalog: EntityId,
    pub(crate) digest: Digest,
}

impl Snapshot<'_> {
    pub(crate) fn stored(&mut self, version: &VersionRef) -> Result<Stored> {
        let (_, id) = self.version_ref(version)?;
        let on = self.on_id(id, version.as_str())?;
        let (catalog, digest, location) = self.artifact_of(id)?;
        // Before anything else is asked: who sees a version may know that, and there is nothing to
        // vouch for any more.
        self.refuse_purged(id, &digest)?;
        self.hold(Privilege::Execute, &on)?;
        match location {
            None => Ok(Stored { catalog, digest }),
            Some(location) => Err(Detail::InvalidArgument(format!(
                "the version's files are not in the registry but at `{location}`; fetch them there and hold them against `{digest}` with `hash_artifact`"
            ))
            .into()),
        }
    }
}

impl Registry {
    /// Copies content into the store of a model's catalog, so that
    /// [`RegisterVersion`](crate::RegisterVersion) can name it; durable when this returns.
    ///
    /// Content whose files say of themselves what looks like a key, token or password is refused
    /// before any of it is copied, unless [`PutArtifact::allow_secrets`] says otherwise.
    ///
    /// ```
    /// # use halfback::{Content, Options, Registry, no_progress};
    /// # let folder = tempfile::tempdir()?;
    /// # let registry = Registry::open_with(folder.path().join("hb"), Options { create: true, ..Options::default() })?;
    /// registry.create_model("fraud")?;
    /// let content = Content::Bytes { name: "model.bin".into(), bytes: b"weights".to_vec() };
    /// let artifact = registry.put_artifact("fraud", &content, &mut no_progress)?;
    /// assert_eq!(artifact.size, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn put_artifact(
        &self,
        put: impl Into<PutArtifact>,
        content: &Content,
        progress: Progress<'_>,
    ) -> Result<Artifact> {
        let put: PutArtifact = put.into();
        let shared = self.writable()?;
        let catalog = self.snapshot(|snapshot| {
            let on = snapshot.on_model(&put.model)?;
            snapshot.hold(Privilege::CreateModelVersion, &on)?;
            snapshot.catalog_of(on.id())
        })?;
        let files = ContentFiles::find(content)?;
        let format = format::recognise(&files)?;
        if !put.allow_secrets {
            format.refuse_secrets()?;
        }
        let artifact = shared.store.put(catalog, &files, progress)?;
        let held = Held { size: artifact.size, format };
        shared.possess(&self.handle.session, Place::Stored(catalog), artifact.digest, held);
        Ok(artifact.into())
    }

    /// Hashes content without storing it: what a version stored elsewhere is registered with, and
    /// what a fetched copy is held against.
    pub fn hash_artifact(&self, content: &Content, progress: Progress<'_>) -> Result<Artifact> {
        let shared = self.shared()?;
        let files = ContentFiles::find(content)?;
        let format = format::recognise(&files)?;
        let artifact = ArtifactStore::hash(&files, progress)?;
        let held = Held { size: artifact.size, format };
        shared.possess(&self.handle.session, Place::Elsewhere, artifact.digest, held);
        Ok(artifact.into())
    }
}

impl Shared {
    /// Looks at a content that this process stored, so that a version can be registered for it.
    pub(crate) fn possess_stored(
        &self,
        session: &Session,
        catalog: EntityId,
        artifact: &store::Artifact,
    ) -> Result<()> {
        let files = StoredFiles { store: &self.store, catalog, artifact };
        let held = Held { size: artifact.size, format: format::recognise(&files)? };
        self.possess(session, Place::Stored(catalog), artifact.digest, held);
        Ok(())
    }
}

/// Tells what content is: framework, versions, signature, and whether loading it runs code.
/// Nothing is loaded or run to find out.
///
/// ```
/// # use halfback::{Content, recognise};
/// let tree = b"tree\nversion=v4\nnum_class=1\nfeature_names=age income\n".to_vec();
/// let format = recognise(&Content::Bytes { name: "model.txt".into(), bytes: tree })?;
/// assert_eq!(format.flavor.as_deref(), Some("lightgbm"));
/// # Ok::<(), halfback::Error>(())
/// ```
pub fn recognise(content: &Content) -> Result<Format> {
    format::recognise(&ContentFiles::find(content)?)
}

/// The files of an artifact in the store.
struct StoredFiles<'a> {
    store: &'a ArtifactStore,
    catalog: EntityId,
    artifact: &'a store::Artifact,
}

impl Files for StoredFiles<'_> {
    fn list(&self) -> Vec<(String, u64)> {
        self.artifact.files.iter().map(|file| (file.path.clone(), file.size)).collect()
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek + '_>> {
        let file = self.artifact.file(path);
        let file = file.ok_or_else(|| Detail::NotFound(format!("there is no file `{path}`")))?;
        Ok(Box::new(self.store.open_file(self.catalog, file)?))
    }
}

impl Files for ContentFiles<'_> {
    fn list(&self) -> Vec<(String, u64)> {
        self.list()
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek + '_>> {
        self.open(path)
    }
}

impl View {
    /// Lists the files of a version.
    pub fn get_artifact(&self, version: impl Into<VersionRef>) -> Result<Artifact> {
        self.query(GetArtifact { version: version.into() })
    }

    /// Copies a version's files into the folder `to`, verified on the way; they appear whole or
    /// not at all. Gives the path of the file, or of the folder when there are several.
    ///
    /// One file replaces a file of its name; a folder must be new, empty, or hold the same.
    pub fn download(
        &self,
        version: impl Into<VersionRef>,
        to: impl AsRef<Path>,
        progress: Progress<'_>,
    ) -> Result<PathBuf> {
        let Stored { catalog, digest } = self.stored(&version.into())?;
        self.shared()?.store.download(catalog, &digest, to.as_ref(), progress)
    }

    /// Reads every stored byte of a version and holds it against its digest.
    pub fn verify(
        &self,
        version: impl Into<VersionRef>,
        progress: Progress<'_>,
    ) -> Result<Artifact> {
        let Stored { catalog, digest } = self.stored(&version.into())?;
        self.shared()?.store.verify(catalog, &digest, progress).map(Into::into)
    }

    /// Where a file of a version lies in the store, to be opened in place and never written.
    /// `None` means the only file.
    pub fn file_path(&self, version: impl Into<VersionRef>, file: Option<&str>) -> Result<PathBuf> {
        let Stored { catalog, digest } = self.stored(&version.into())?;
        self.shared()?.store.file_path(catalog, &digest, file)
    }

    fn stored(&self, version: &VersionRef) -> Result<Stored> {
        self.snapshot(|snapshot| snapshot.stored(version))
    }
}
