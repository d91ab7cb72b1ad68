//! Holding everything in a bundle against the rest of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use halfback_store::artifact::{self as store, Meter, ReadSeek};
use halfback_store::error::{Detail, Result};
use halfback_store::name::{ModelName, TagKey, shown};
use halfback_store::proof::ProvedEntry;
use halfback_store::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Bundle, ENTRIES, FILES};
use crate::artifact::Progress;
use crate::catalog::alias::SetAlias;
use crate::catalog::origin::Origin;
use crate::catalog::tag::{DeleteTag, SetTag};
use crate::catalog::version::{
    ArchiveVersion, ModelVersion, RegisterVersion, RestoreVersion, Stage, UpdateVersion,
};
use crate::command::Command as _;
use crate::format::{self, Files};
use crate::history::Commit;
use crate::signature::Signature;
use crate::signing::key::PublicKey;

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
    /// The keys whose signatures over the files are in the bundle and verify: the SHA-256 of their PEM,
    /// in hexadecimal. Whose keys they are, the bundle cannot say.
    pub signed_by: Vec<String>,
}

impl Bundle {
    /// Examines the whole bundle: every byte of the file, the digest of every file, the history
    /// against the log's entries, these against the root of the log's tree, and the version's
    /// record against what was registered and what its files are. An error says what is not as it
    /// was bundled.
    ///
    /// Told and not proved are what other commits may have changed: the names of model and people,
    /// a number that was given in turn, and tags, aliases, comment and stage where a commit of the
    /// history is about them. So is what a commit registered whose payload was erased. A record may
    /// say less of its files than this library recognises, since an older one wrote it, but nothing
    /// else; and never that loading them runs no code where it does.
    pub fn verify(&self, progress: Progress<'_>) -> Result<BundleVerification> {
        let (verification, registered) = self.verify_words()?;
        let mut meter = Meter::new(self.artifact.size, progress);
        for (at, file) in self.artifact.files.iter().enumerate() {
            let hash = self.archive.hash(at + ENTRIES, &mut meter)?;
            store::hold_against(file, &hash, &self.path).map_err(|_| {
                self.archive
                    .altered(&format!("the SHA-256 of `{FILES}{}` differs", shown(&file.path)))
            })?;
        }
        self.verify_format(&registered)?;
        meter.finish()?;
        Ok(verification)
    }

    /// Examines the whole bundle as [`Bundle::verify`] does, and refuses it with the code `not_found`
    /// unless one of these public keys, as PEM, has signed its files. It takes no registry.
    pub fn verify_signed(
        &self,
        keys: &[impl AsRef<str>],
        progress: Progress<'_>,
    ) -> Result<BundleVerification> {
        let keys = keys.iter().map(|key| Ok(PublicKey::from_pem(key.as_ref())?.fingerprint()));
        let keys = keys.collect::<Result<Vec<_>>>()?;
        let verification = self.verify(progress)?;
        if verification.signed_by.iter().any(|signed| keys.contains(signed)) {
            return Ok(verification);
        }
        Err(Detail::NotFound(format!(
            "none of the keys has signed the files in `{}`, which {}; ask whoever released the version",
            self.path.display(),
            match verification.signed_by.as_slice() {
                [] => "nobody has signed".to_owned(),
                signed => format!("the key `{}` has signed", signed.join("`, `")),
            }
        ))
        .into())
    }

    /// Holds the signatures against the files; gives their keys.
    fn signed_by(&self) -> Result<Vec<String>> {
        let signatures = self.signatures().iter().map(|signature| {
            signature
                .verify(&self.artifact)
                .map_err(|error| self.archive.altered(&error.to_string()))
        });
        signatures.collect()
    }

    /// Examines everything but the files; gives the commands that may have registered the version,
    /// none where their payload was erased.
    fn verify_words(&self) -> Result<(BundleVerification, Vec<RegisterVersion>)> {
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
        let (Some(first), Some(last)) = (history.first(), history.last()) else {
            return Err(altered("its history is empty"));
        };
        if !history.iter().all(|commit| commit.entities.contains(&version.id)) {
            return Err(altered("its history is that of something else"));
        }
        self.verify_record(first, last)?;
        let registered = self.registered(first)?;
        self.verify_unmoved(&history, &registered)?;
        if u64::try_from(self.manifest.commit) != Ok(proof.tree_size) {
            return Err(altered("its proof is as of another moment than the version"));
        }
        let verification = BundleVerification {
            digest: version.digest.clone(),
            files: self.artifact.files.len() as u64,
            size: self.artifact.size,
            registry: self.manifest.registry.clone(),
            commit: first.commit,
            commits: history.len() as u64,
            tree_size: proof.tree_size,
            root: proof.root,
            signed_by: self.signed_by()?,
        };
        Ok((verification, registered))
    }

    /// Holds the version's record against itself and the commits that made it what it is.
    fn verify_record(&self, first: &Commit, last: &Commit) -> Result<()> {
        let version = self.version();
        let named = version.model.parse::<ModelName>();
        let named = named.is_ok_and(|name| {
            name.to_string() == version.model
                && version.uri == format!("models:/{name}/{}", version.number)
        });
        let held = [
            ("pin", version.pin == format!("pin:/{}/{}", self.manifest.registry, version.id)),
            ("name", named && version.number > 0),
            ("time of registration", version.created_at == first.time),
            ("author", version.created_by == first.actor_name),
            ("revision", version.revision == last.commit && version.updated_at == last.time),
            ("example", version.has_example == self.manifest.example.is_some()),
            ("place", version.location.is_none()),
        ];
        self.hold(&held)
    }

    /// The commands of the first commit that may have registered the version of this record.
    fn registered(&self, first: &Commit) -> Result<Vec<RegisterVersion>> {
        // An erased payload proves nothing, and is no sign of anything.
        let Some(payload) = &first.payload else { return Ok(Vec::new()) };
        let commands = payload.iter().filter_map(|command| {
            let mut command = command.clone();
            let name = command.remove("command")?;
            let registers = name.as_str() == Some(RegisterVersion::NAME);
            registers.then(|| serde_json::from_value(command.into()).ok()).flatten()
        });
        let commands: Vec<_> = commands.filter(|command| self.registers(command)).collect();
        self.hold(&[("content, parameters, metrics or source", !commands.is_empty())])?;
        let commands = commands
            .into_iter()
            .filter(|command| same_origin(command.origin.as_ref(), self.version().origin.as_ref()));
        let commands: Vec<_> = commands.collect();
        self.hold(&[("origin", !commands.is_empty())])?;
        Ok(commands)
    }

    /// Whether a command is one that may have registered the version of this record.
    fn registers(&self, command: &RegisterVersion) -> bool {
        let ModelVersion { digest, params, metrics, run, code_commit, source, .. } = self.version();
        command.digest == *digest
            && json!(command.params) == json!(params)
            && command.metrics == *metrics
            && command.run == *run
            && command.code_commit == *code_commit
            && command.source == *source
            && command.number.is_none_or(|number| number == self.version().number)
            && command.example == self.manifest.example
    }

    /// What no commit of the history is about is as it was registered.
    fn verify_unmoved(&self, history: &[Commit], registered: &[RegisterVersion]) -> Result<()> {
        let moved = |commands: &[&str]| {
            let mut all = history.iter().flat_map(|commit| &commit.commands);
            all.any(|command| commands.contains(&command.as_str()))
        };
        let version = self.version();
        let aliases = version.aliases.is_empty() || moved(&[SetAlias::NAME]);
        let described = moved(&[UpdateVersion::NAME]);
        let stage = version.stage == Stage::None
            || described
            || moved(&[ArchiveVersion::NAME, RestoreVersion::NAME]);
        // The text of a comment may have been erased.
        let comment = version.comment.is_none()
            || described
            || registered.is_empty()
            || registered.iter().any(|command| command.comment == version.comment);
        let tags = moved(&[SetTag::NAME, DeleteTag::NAME])
            || registered.is_empty()
            || registered.iter().any(|command| same_tags(&command.tags, &version.tags));
        let held = [("aliases", aliases), ("stage", stage), ("comment", comment), ("tags", tags)];
        self.hold(&held)
    }

    /// Holds what the record says of the files against what they are recognised as, and what was
    /// said when they were registered.
    fn verify_format(&self, registered: &[RegisterVersion]) -> Result<()> {
        let version = self.version();
        let found = format::recognise(self)?;
        self.hold(&[("`executable`", version.executable || !found.executable)])?;
        if registered.is_empty() {
            return Ok(());
        }
        let recognised = found.signature.map(|signature| signature.to_json());
        let signature = registered.iter().any(|command| match &command.signature {
            Some(given) => Signature::parse(given)
                .is_ok_and(|given| version.signature.as_ref() == Some(&given.to_json())),
            None => version.signature.is_none() || version.signature == recognised,
        });
        let flavor = registered.iter().any(|command| {
            let (said, given) = (version.flavor.as_deref(), command.flavor.as_deref());
            says(said, given, found.flavor.as_deref())
        });
        let framework = registered.iter().any(|command| {
            let said = version.framework_version.as_deref();
            let given = command.framework_version.as_deref();
            says(said, given, found.framework_version.as_deref())
        });
        self.hold(&[("flavor", flavor), ("framework version", framework), ("signature", signature)])
    }

    /// An error for the first of the named facts that does not hold.
    fn hold(&self, facts: &[(&str, bool)]) -> Result<()> {
        match facts.iter().find(|(_, holds)| !holds) {
            None => Ok(()),
            Some((what, _)) => Err(self
                .archive
                .altered(&format!("the version's {what} is not what the log and the files say"))),
        }
    }
}

impl Files for Bundle {
    fn list(&self) -> Vec<(String, u64)> {
        self.artifact.files.iter().map(|file| (file.path.clone(), file.size)).collect()
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek + '_>> {
        let found = self.artifact.files.binary_search_by(|file| file.path.as_str().cmp(path));
        let at = found.map_err(|_| Detail::NotFound(format!("there is no file `{path}`")))?;
        Ok(Box::new(self.archive.seekable(at + ENTRIES)?))
    }
}

/// Whether a record says what was given, and else nothing or what was recognised.
fn says(record: Option<&str>, given: Option<&str>, recognised: Option<&str>) -> bool {
    if given.is_some() { record == given } else { record.is_none() || record == recognised }
}

/// Whether an origin is kept as it was given; the name in it may have been erased.
fn same_origin(given: Option<&Origin>, kept: Option<&Origin>) -> bool {
    let (Some(given), Some(kept)) = (given, kept) else { return given.is_none() && kept.is_none() };
    let time = |time: Option<DateTime<Utc>>| time.map(Timestamp::from);
    given.system == kept.system
        && given.reference == kept.reference
        && given.uri == kept.uri
        && given.earlier == kept.earlier
        && time(given.created_at) == time(kept.created_at)
        && time(given.updated_at) == time(kept.updated_at)
        && (kept.created_by.is_none() || kept.created_by == given.created_by)
}

/// Whether tags are kept as they were given; keys are kept in their normal form.
fn same_tags(given: &BTreeMap<String, String>, kept: &BTreeMap<String, String>) -> bool {
    let normal = given.iter().map(|(key, value)| {
        let key: Result<TagKey> = key.parse();
        Some((key.ok()?.to_string(), value.clone()))
    });
    normal.collect::<Option<BTreeMap<_, _>>>().is_some_and(|given| given == *kept)
}

/// Whether a commit of the history is what an entry of the log says; the name of who made it is
/// kept beside the log.
fn is_of(entry: &ProvedEntry, told: &Commit) -> bool {
    let name = told.actor_name.clone();
    Commit::of(entry.header.as_bytes(), entry.payload.as_deref(), name)
        .is_ok_and(|commit| commit == *told)
}
