//! An open bundle: what is in it, and getting it out.

use std::path::{Path, PathBuf};

use halfback_store::archive::Archive;
use halfback_store::artifact::{self as store, Supplied};
use halfback_store::error::{Detail, Error, Kind, Result};
use halfback_store::id::hex;
use halfback_store::merkle::sha256;
use halfback_store::name::said;
use halfback_store::proof::Proof;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{BundleManifest, ENTRIES, FILES, FORMAT, HISTORY, MANIFEST, MOST, PROOF};
use crate::artifact::{Artifact, Progress, Transfer};
use crate::catalog::example::Example;
use crate::catalog::version::ModelVersion;
use crate::copy::{CopyOptions, Parcel};
use crate::history::Commit;
use crate::page::{Page, Paging};
use crate::registry::Registry;
use crate::signing::CarriedSignature;

/// An open bundle: one version in one file. It needs no registry and no right to write.
#[derive(Debug)]
pub struct Bundle {
    pub(super) archive: Archive,
    pub(super) path: PathBuf,
    pub(super) manifest: BundleManifest,
    pub(super) artifact: store::Artifact,
    identity: String,
}

/// Only the format, whatever else a manifest may say one day.
#[derive(Deserialize)]
struct Format {
    halfback_bundle: u32,
}

impl Bundle {
    /// Opens the bundle at `path`: reads the list of its entries and its manifest. The files are
    /// verified when they are read; [`Bundle::verify`] examines everything.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let archive = Archive::open(path)?;
        let names = || archive.entries().iter().map(|entry| entry.name.as_str());
        if names().take(ENTRIES).ne([MANIFEST, HISTORY, PROOF]) {
            return Err(archive.altered("it does not begin with a manifest, a history and a proof"));
        }
        let text = archive.read(0, MOST)?;
        let unreadable = |error: serde_json::Error| {
            archive.altered(&format!("its manifest cannot be read: {}", said(&error)))
        };
        let Format { halfback_bundle: format } =
            serde_json::from_slice(&text).map_err(unreadable)?;
        if format > FORMAT {
            return Err(Detail::UnsupportedFormat(format!(
                "`{}` has format {format}, this library reads up to {FORMAT}; use a newer halfback",
                path.display()
            ))
            .into());
        }
        let manifest: BundleManifest = serde_json::from_slice(&text).map_err(unreadable)?;
        let artifact = store::Artifact::try_from(&manifest.artifact)
            .map_err(|error| archive.altered(&format!("its manifest is not one: {error}")))?;
        let same = manifest.artifact.digest == artifact.digest.to_string()
            && manifest.artifact.size == artifact.size
            && manifest.version.digest == manifest.artifact.digest
            && u64::try_from(manifest.version.size) == Ok(artifact.size);
        if !same {
            return Err(archive.altered("its files do not give the digest and size of the version"));
        }
        let listed = artifact.files.iter().map(|file| (format!("{FILES}{}", file.path), file.size));
        let found =
            archive.entries().iter().skip(ENTRIES).map(|entry| (entry.name.clone(), entry.size));
        if !listed.eq(found) {
            return Err(archive.altered("its files are not those that its manifest lists"));
        }
        let identity = hex(&sha256(&text));
        Ok(Self { archive, path: path.to_owned(), manifest, artifact, identity })
    }

    /// The file that was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What tells this bundle from any other: the SHA-256 of its manifest, in hexadecimal.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Everything that the bundle says of the version.
    pub fn manifest(&self) -> &BundleManifest {
        &self.manifest
    }

    /// The version, as it was when it was bundled.
    pub fn version(&self) -> &ModelVersion {
        &self.manifest.version
    }

    /// The version's example rows.
    pub fn example(&self) -> Option<&Example> {
        self.manifest.example.as_ref()
    }

    /// The signatures over the version's files, as they stand in the bundle; [`Bundle::verify`] holds
    /// them against the files, and [`Bundle::verify_signed`] against keys that you trust.
    pub fn signatures(&self) -> &[CarriedSignature] {
        &self.manifest.signatures
    }

    /// The version's files.
    pub fn files(&self) -> &Artifact {
        &self.manifest.artifact
    }

    /// The commits that touched the version, the newest first, as they stand in the bundle;
    /// [`Bundle::verify`] holds them against the log.
    pub fn history(&self) -> Result<Vec<Commit>> {
        let text = self.archive.read(1, MOST)?;
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let mut commits =
            lines.map(|line| self.parsed(line, HISTORY)).collect::<Result<Vec<Commit>>>()?;
        commits.reverse();
        Ok(commits)
    }

    /// The same a page at a time: how many commits at most, 1 to 1,000 and 100 where absent, and the
    /// cursor of the page before.
    pub fn history_page(
        &self,
        page_size: Option<u32>,
        cursor: Option<String>,
    ) -> Result<Page<Commit>> {
        const LIST: &str = "history";
        let paging = Paging::in_bundle(&self.identity, page_size, cursor);
        let (before, limit) = (paging.after(LIST)?.unwrap_or(i64::MAX), paging.limit()?);
        let commits = self.history()?.into_iter().filter(|commit| commit.commit < before);
        let commits = commits.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
        paging.page(commits, LIST, |commit: &Commit| commit.commit)
    }

    /// Copies the version's files into the folder `to`, verified on the way, as
    /// [`View::download`](crate::View::download) does.
    pub fn download(&self, to: impl AsRef<Path>, progress: Progress<'_>) -> Result<PathBuf> {
        store::download(&self.artifact, &mut self.supply(), to.as_ref(), progress)
            .map_err(|error| self.explained(error))
    }

    pub(super) fn proof(&self) -> Result<Proof> {
        self.parsed(&self.archive.read(2, MOST)?, PROOF)
    }

    /// Opens files of the artifact.
    pub(super) fn supply(
        &self,
    ) -> impl FnMut(&store::ArtifactFile) -> Result<Supplied<'static>> + use<'_> {
        |file| {
            let found =
                self.artifact.files.binary_search(file).map_err(|_| {
                    Detail::NotFound(format!("the bundle has no file `{}`", file.path))
                })?;
            Ok((self.archive.content(found + ENTRIES)?, self.path.clone()))
        }
    }

    fn parsed<T: DeserializeOwned>(&self, text: &[u8], name: &str) -> Result<T> {
        serde_json::from_slice(text).map_err(|error| {
            self.archive.altered(&format!("`{name}` cannot be read: {}", said(&error)))
        })
    }

    /// The same error, where the way out is another one than for a stored file.
    fn explained(&self, error: Error) -> Error {
        if error.kind() == Kind::Integrity && error.code() == "artifact_altered" {
            self.archive.altered(&error.to_string())
        } else {
            error
        }
    }
}

impl Registry {
    /// Brings the version of a bundle in as a new version of a model, with everything that
    /// [`copy_version`](crate::View::copy_version) brings, once [`Bundle::verify`] has examined all of
    /// it. Submitting it again gives the version that is there already.
    pub fn submit(
        &self,
        bundle: &Bundle,
        options: CopyOptions,
        progress: Progress<'_>,
    ) -> Result<ModelVersion> {
        self.writable()?;
        // Read twice: what is there already is not read while it is stored.
        let size = bundle.artifact.size;
        let total = size.saturating_mul(2);
        bundle.verify(&mut |Transfer { done, .. }| progress(Transfer { done, total }))?;
        let progress: Progress<'_> = &mut |Transfer { done, .. }| {
            progress(Transfer { done: size.saturating_add(done), total })
        };
        let parcel = Parcel {
            version: bundle.manifest.version.clone(),
            example: bundle.manifest.example.clone(),
            signatures: bundle.manifest.signatures.clone(),
        };
        self.take_in(parcel, &bundle.artifact, &mut bundle.supply(), options, progress)
            .map_err(|error| bundle.explained(error))
    }
}
