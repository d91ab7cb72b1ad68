//! Holding everything in a bundle against the rest of it.

use halfback_store::artifact::{self as store, Meter};
use halfback_store::error::{Error, Result};
use halfback_store::log::Header;
use halfback_store::name::{said, shown};
use halfback_store::proof::ProvedEntry;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Bundle, FILES};
use crate::artifact::Progress;
use crate::catalog::version::{ModelVersion, RegisterVersion};
use crate::command::Command as _;
use crate::history::Commit;

/// What a bundle was found to be. Whether the root is the registry's, somebody who has the registry
/// or a signed tree head of it tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BundleVerification {
    /// The digest of the files.
    pub digest: String,
    /// The number of files.
    pub files: u64,
    /// Their size in bytes.
    pub size: u64,
    /// The identity of the registry that the version comes from.
    pub registry: String,
    /// The commit that registered the version.
    pub commit: i64,
    /// How many commits of the version's history are proved.
    pub commits: u64,
    /// How many commits the registry's log had.
    pub tree_size: u64,
    /// The root of its tree, in hexadecimal: every one of these commits leads to it.
    pub root: String,
}

impl Bundle {
    /// Examines the whole bundle: every byte of the file, the digest of every file, the history
    /// against the log's entries, these against the root of the log's tree, and the version's
    /// record against what was registered. An error says what is not as it was bundled.
    ///
    /// What no entry of the log says is told and not proved: names, number, tags, aliases,
    /// comment, stage, and a flavor or signature that was recognised in the files.
    pub fn verify(&self, progress: Progress<'_>) -> Result<BundleVerification> {
        let verification = self.verify_words()?;
        let mut meter = Meter::new(self.artifact.size, progress);
        for (at, file) in self.artifact.files.iter().enumerate() {
            let hash = self.archive.hash(at + 3, &mut meter)?;
            store::hold_against(file, &hash, &self.path).map_err(|_| {
                self.archive
                    .altered(&format!("the SHA-256 of `{FILES}{}` differs", shown(&file.path)))
            })?;
        }
        meter.finish()?;
        Ok(verification)
    }

    /// Examines everything but the files.
    pub(super) fn verify_words(&self) -> Result<BundleVerification> {
        let altered = |why: &str| self.archive.altered(why);
        // Held against its CRC too, also where the file was changed since it was opened.
        self.archive.read(0, super::MOST)?;
        let mut history = self.history()?;
        history.reverse();
        let proof = self.proof()?;
        let headers = proof.verify().map_err(|error| altered(&error.to_string()))?;
        let version = self.version();
        let told = headers.len() == history.len()
            && std::iter::zip(&proof.entries, &history).all(|(entry, told)| is_of(entry, told));
        if !told {
            return Err(altered("its history differs from the entries of the log"));
        }
        let (Some(first), Some(last)) = (headers.first(), headers.last()) else {
            return Err(altered("its history is empty"));
        };
        if !headers.iter().all(|header| header.entities.iter().any(|it| it.0 == version.id)) {
            return Err(altered("its history is that of something else"));
        }
        let registered = proof.entries.first().and_then(|entry| entry.payload.as_deref());
        self.verify_record(first, last, registered)?;
        if u64::try_from(self.manifest.commit) != Ok(proof.tree_size) {
            return Err(altered("its proof is as of another moment than the version"));
        }
        Ok(BundleVerification {
            digest: version.digest.clone(),
            files: self.artifact.files.len() as u64,
            size: self.artifact.size,
            registry: self.manifest.registry.clone(),
            commit: first.commit.0,
            commits: headers.len() as u64,
            tree_size: proof.tree_size,
            root: proof.root,
        })
    }

    /// Holds the version's record against the commits that made it what it is.
    fn verify_record(&self, first: &Header, last: &Header, payload: Option<&str>) -> Result<()> {
        let differs = |what: &str| -> Result<(), Error> {
            Err(self.archive.altered(&format!("the version's {what} is not what the log says")))
        };
        let version = self.version();
        let pin = format!("pin:/{}/{}", self.manifest.registry, version.id);
        if version.pin != pin {
            return differs("pin");
        }
        if version.created_at != first.time.into() {
            return differs("time of registration");
        }
        if version.revision != last.commit.0 || version.updated_at != last.time.into() {
            return differs("revision");
        }
        if version.has_example != self.manifest.example.is_some() {
            return differs("example");
        }
        // An erased payload proves nothing, and is no sign of anything.
        let Some(payload) = payload else { return Ok(()) };
        let commands: Vec<Map<String, Value>> = serde_json::from_str(payload).map_err(|error| {
            self.archive.altered(&format!("a payload cannot be read: {}", said(&error)))
        })?;
        if commands.into_iter().any(|command| self.registers(command)) {
            Ok(())
        } else {
            differs("content, parameters, metrics or source")
        }
    }

    /// Whether a command is the one that registered the version of this record.
    fn registers(&self, mut command: Map<String, Value>) -> bool {
        if command.remove("command") != Some(RegisterVersion::NAME.into()) {
            return false;
        }
        let Ok(command) = serde_json::from_value::<RegisterVersion>(command.into()) else {
            return false;
        };
        let ModelVersion { digest, params, metrics, run, code_commit, source, .. } = self.version();
        let given = |told: &Option<String>, kept: &Option<String>| told.is_none() || told == kept;
        command.digest == *digest
            && json!(command.params) == json!(params)
            && command.metrics == *metrics
            && command.run == *run
            && command.code_commit == *code_commit
            && command.source == *source
            && given(&command.flavor, &self.version().flavor)
            && given(&command.framework_version, &self.version().framework_version)
            && command.number.is_none_or(|number| number == self.version().number)
            && command.example == self.manifest.example
    }
}

/// Whether a commit of the history is what an entry of the log says; the name of who made it is
/// kept beside the log.
fn is_of(entry: &ProvedEntry, told: &Commit) -> bool {
    let name = told.actor_name.clone();
    Commit::of(entry.header.as_bytes(), entry.payload.as_deref(), name)
        .is_ok_and(|commit| commit == *told)
}
