//! Bundles: one version in one file, with its record, its history and the proof of both, to be read,
//! verified and loaded where there is no registry.
//!
//! A bundle is a zip archive of stored entries: `manifest.json` (what the version is and which files
//! it has), `history.jsonl` (the commits that touched it, the oldest first), `proof.json` (the log's
//! entries of these commits, with their way to the root of its tree), and the files below `files/`.
//! The same version at the same moment of a registry always gives the same bytes.

mod read;
mod verify;

use std::path::{Path, PathBuf};

use halfback_store::archive::{Writer, refuse_taken};
use halfback_store::artifact::{self as store, Meter};
use halfback_store::error::{Detail, Result};
use halfback_store::id::{CommitNumber, EntityId};
use halfback_store::proof::{Proof, prove};
use halfback_store::tx::Head;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifact::{Artifact, Progress, Stored};
use crate::catalog::example::Example;
use crate::catalog::version::ModelVersion;
use crate::command::Snapshot;
use crate::history::Commit;
use crate::securable::VersionRef;
use crate::signing::CarriedSignature;
use crate::view::View;

pub use read::Bundle;
pub use verify::BundleVerification;

const MANIFEST: &str = "manifest.json";
const HISTORY: &str = "history.jsonl";
const PROOF: &str = "proof.json";
/// How many entries there are before the files.
const ENTRIES: usize = 3;
/// Where the version's files are in a bundle.
const FILES: &str = "files/";

/// The format of bundles that this library writes.
const FORMAT: u32 = 1;
/// Bytes of a manifest, of a history and of a proof at most.
const MOST: u64 = 64 << 20;

/// What a bundle says of the version in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BundleManifest {
    /// The format of the bundle, 1.
    pub halfback_bundle: u32,
    /// The identity of the registry that the version comes from.
    pub registry: String,
    /// The last commit of the moment that the version is told as of.
    pub commit: i64,
    /// The files of the version.
    pub artifact: Artifact,
    /// The version, as it was then.
    pub version: ModelVersion,
    /// Its example rows.
    pub example: Option<Example>,
    /// The signatures over its files, by key.
    #[serde(default)]
    pub signatures: Vec<CarriedSignature>,
}

/// Everything that a bundle holds beside the files.
struct Told {
    manifest: BundleManifest,
    history: Vec<Commit>,
    proof: Proof,
}

impl View {
    /// Writes a version into one file, with its record, its history and the proof of both; durable
    /// when this returns. Gives the file's path.
    ///
    /// [`Bundle::open`] reads it without a registry, and
    /// [`Registry::submit`](crate::Registry::submit) brings it into another one. Names of people,
    /// and whatever else was changed in the same commits, are in the history: it goes where the
    /// file goes. A file that is there already is replaced only with `overwrite`.
    ///
    /// Proving reads the whole log once.
    ///
    /// ```
    /// # use halfback::{Bundle, Content, Options, RegisterVersion, Registry, no_progress};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("hb");
    /// # let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
    /// # registry.create_model("fraud")?;
    /// # let content = Content::Bytes { name: "model.bin".into(), bytes: b"weights".to_vec() };
    /// # let version = RegisterVersion { model: "fraud".into(), ..RegisterVersion::default() };
    /// # registry.register_version(&content, version, &mut no_progress)?;
    /// let path = folder.path().join("fraud-1.hbz");
    /// registry.bundle("fraud/1", &path, false, &mut no_progress)?;
    ///
    /// let bundle = Bundle::open(&path)?;
    /// assert_eq!(bundle.version().number, 1);
    /// let verified = bundle.verify(&mut no_progress)?;
    /// assert_eq!(verified.root, registry.info()?.root);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bundle(
        &self,
        version: impl Into<VersionRef>,
        to: impl AsRef<Path>,
        overwrite: bool,
        progress: Progress<'_>,
    ) -> Result<PathBuf> {
        let (version, to) = (version.into(), to.as_ref());
        refuse_taken(to, overwrite)?;
        let shared = self.shared()?;
        let _hold = shared.store.hold()?;
        let (catalog, artifact, told) = self.snapshot(|snapshot| {
            let Stored { catalog, digest } = snapshot.stored(&version)?;
            let artifact = snapshot.store.manifest(catalog, &digest)?;
            let (_, id) = snapshot.version_ref(&version)?;
            let told = snapshot.told(id, &artifact)?;
            Ok((catalog, artifact, told))
        })?;
        let mut supply = shared.store.opening(catalog);
        let words = words(&told)?;
        let total = artifact.size + words.iter().map(|(_, text)| text.len() as u64).sum::<u64>();
        let mut meter = Meter::new(total, progress);
        let mut writer = Writer::create(to)?;
        for (name, text) in &words {
            writer.add(name, text.len() as u64, text.as_slice(), to, &mut meter)?;
        }
        for file in &artifact.files {
            let (source, place) = supply(file)?;
            let name = format!("{FILES}{}", file.path);
            let hash = writer.add(&name, file.size, source, &place, &mut meter)?;
            store::hold_against(file, &hash, &place)?;
        }
        meter.finish()?;
        writer.finish(overwrite)
    }
}

impl Snapshot<'_> {
    /// The record of a version with its example, its history, and the proof of that.
    fn told(&mut self, id: EntityId, artifact: &store::Artifact) -> Result<Told> {
        let head = Head::read(self.sql)?.number;
        let moment = self.moment.min(head);
        let version = self.version(id)?;
        let example = self.example_of(&version)?;
        let signatures = self.carried(id)?;
        let mut history = self.commits_of(id)?;
        let commits: Vec<CommitNumber> =
            history.iter().map(|commit| CommitNumber(commit.commit)).collect();
        let mut proof = prove(self.sql, moment, &commits)?;
        for (commit, entry) in history.iter_mut().zip(&mut proof.entries) {
            // The headers have the ids in any case; what the commands say may be about more.
            if self.shown(commit.clone())?.payload.is_none() {
                commit.payload = None;
                commit.summary = format!("{} (erased)", commit.commands.join("; "));
                (entry.salt, entry.payload) = (None, None);
            }
        }
        let manifest = BundleManifest {
            halfback_bundle: FORMAT,
            registry: self.registry.to_owned(),
            commit: moment.0,
            artifact: artifact.clone().into(),
            version,
            example,
            signatures,
        };
        Ok(Told { manifest, history, proof })
    }
}

/// What is in a bundle before the files, by entry.
fn words(told: &Told) -> Result<[(&'static str, Vec<u8>); 3]> {
    let mut history = Vec::new();
    for commit in &told.history {
        history.extend(json(serde_json::to_vec(commit))?);
    }
    let words = [
        (MANIFEST, json(serde_json::to_vec_pretty(&told.manifest))?),
        (HISTORY, history),
        (PROOF, json(serde_json::to_vec_pretty(&told.proof))?),
    ];
    match words.iter().find(|(_, text)| text.len() as u64 > MOST) {
        None => Ok(words),
        Some((name, text)) => Err(Detail::InvalidArgument(format!(
            "the bundle's `{name}` would have {} bytes, at most {MOST} are read; bundle the version as of an earlier moment",
            text.len()
        ))
        .into()),
    }
}

/// JSON with the end of its line.
fn json(text: serde_json::Result<Vec<u8>>) -> Result<Vec<u8>> {
    let mut text =
        text.map_err(|error| Detail::Internal(format!("a bundle has no JSON: {error}")))?;
    text.push(b'\n');
    Ok(text)
}
