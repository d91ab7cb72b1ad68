//! Evidence: the log verified, also against signed checkpoints; checkpoints and proofs for those who
//! have no registry; the whole log as a file.

use std::path::Path;

use chrono::{DateTime, Utc};
use halfback_store::artifact::Meter;
use halfback_store::checkpoint::{self, Checkpoint, origin};
use halfback_store::error::{Detail, Error, Result};
use halfback_store::export::{self, Export};
use halfback_store::id::{CommitNumber, hex, unhex};
use halfback_store::log;
use halfback_store::merkle::{Hash, is_consistent};
use halfback_store::note::{Signer, SigningKey, Verifier, VerifyingKey};
use halfback_store::proof::{Proof, ProvedEntry, prove, prove_growth, refused};
use halfback_store::tx::Head;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Privilege;
use crate::access::need::Needs;
use crate::artifact::Progress;
use crate::command::{Query, Snapshot};
use crate::history::Commit;
use crate::registry::Registry;
use crate::view::View;

/// The log is intact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LogVerification {
    /// How many commits were read and hashed.
    pub commits: i64,
    /// The root of the tree over them, in hexadecimal.
    pub root: String,
    /// The time of the last one.
    pub head_time: DateTime<Utc>,
    /// How many of the commits the newest of the given checkpoints covers.
    pub checkpoint: Option<u64>,
    /// How many commits were made while the machine's clock was behind the commit before, by more
    /// than a millisecond.
    pub clock_behind: u64,
    /// The first of them.
    pub first_clock_behind: Option<i64>,
}

/// Recomputes the log's tree from every entry and holds it against the recorded head, and against
/// signed checkpoints.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyLog {
    /// A checkpoint of this log, or several after one another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
    /// The public key that the checkpoints are signed with, or several with space between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// Proves that a commit is in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prove {
    /// The commit's number.
    pub commit: i64,
}

/// Proves that the log has only grown since it had so many entries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProveConsistency {
    /// How many entries it had.
    pub old_size: i64,
}

/// One entry of a log, and how its hash leads to the root of the log's tree (RFC 6962).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InclusionProof {
    /// Which log it is, as its checkpoints call it.
    pub origin: String,
    /// The commit's number: that of the leaf, counted from 1.
    pub commit: i64,
    /// How many entries the tree has.
    pub tree_size: u64,
    /// The tree's root, in hexadecimal.
    pub root: String,
    /// The entry's bytes, which are text: they are what is hashed.
    pub header: String,
    /// The hash of the entry as a leaf of the tree, in hexadecimal.
    pub leaf_hash: String,
    /// The hashes beside the way from the leaf to the root, in hexadecimal.
    pub path: Vec<String>,
    /// What the entry's digest of the payload is salted with, in hexadecimal; none once erased.
    pub salt: Option<String>,
    /// The commands, as they were hashed; none once erased.
    pub payload: Option<String>,
}

/// The log of one size is the beginning of that of another (RFC 9162).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyProof {
    /// Which log it is, as its checkpoints call it.
    pub origin: String,
    /// How many entries the tree had.
    pub old_size: u64,
    /// Its root then, in hexadecimal.
    pub old_root: String,
    /// How many entries the tree has.
    pub tree_size: u64,
    /// Its root, in hexadecimal.
    pub root: String,
    /// The hashes that lead to both roots, in hexadecimal.
    pub path: Vec<String>,
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogExport {
    /// The identity of the registry.
    pub registry: String,
    /// The file.
    pub path: String,
    /// How many entries it has.
    pub commits: u64,
    /// The root of the tree over them, in hexadecimal.
    pub root: String,
    /// The signed checkpoint, where there was a signer.
    pub checkpoint: Option<String>,
}

impl Query for VerifyLog {
    const NAME: &'static str = "verify_log";
    type Output = LogVerification;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::ReadAudit))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<LogVerification> {
        let Some(checkpoint) = self.checkpoint else {
            return match self.key {
                None => snapshot.verify_log(&[]),
                Some(_) => Err(Detail::InvalidArgument(
                    "a key without a checkpoint proves nothing; give `checkpoint` too".into(),
                )
                .into()),
            };
        };
        let keys = Keys::parse(self.key.as_deref().unwrap_or_default())?;
        let checkpoints = checkpoint::open(&checkpoint, &keys.all(), &origin(snapshot.registry))?;
        snapshot.verify_log(&checkpoints)
    }
}

impl Query for Prove {
    const NAME: &'static str = "prove";
    type Output = InclusionProof;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::ReadAudit))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<InclusionProof> {
        let size = snapshot.log_size()?;
        if self.commit < 1 || self.commit > size.0 {
            return Err(no_commit(self.commit, 1, size));
        }
        let Proof { tree_size, root, entries } =
            prove(snapshot.sql, size, &[CommitNumber(self.commit)])?;
        let lost = || Detail::Internal("a proof has no entry".into());
        let ProvedEntry { header, path, salt, payload } =
            entries.into_iter().next().ok_or_else(lost)?;
        let leaf_hash = hex(&halfback_store::merkle::leaf_hash(header.as_bytes()));
        let origin = origin(snapshot.registry);
        let commit = self.commit;
        Ok(InclusionProof {
            origin,
            commit,
            tree_size,
            root,
            header,
            leaf_hash,
            path,
            salt,
            payload,
        })
    }
}

impl Query for ProveConsistency {
    const NAME: &'static str = "prove_consistency";
    type Output = ConsistencyProof;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::ReadAudit))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<ConsistencyProof> {
        let size = snapshot.log_size()?;
        if self.old_size < 0 || self.old_size > size.0 {
            return Err(no_commit(self.old_size, 0, size));
        }
        let growth = prove_growth(snapshot.sql, CommitNumber(self.old_size), size)?;
        let [old_root, root] = growth.roots;
        Ok(ConsistencyProof {
            origin: origin(snapshot.registry),
            old_size: self.old_size.unsigned_abs(),
            old_root: hex(&old_root),
            tree_size: size.0.unsigned_abs(),
            root: hex(&root),
            path: growth.path.iter().map(|hash| hex(hash)).collect(),
        })
    }
}

fn no_commit(number: i64, first: i64, CommitNumber(last): CommitNumber) -> Error {
    Detail::InvalidArgument(format!("there is no commit {number}; expected {first} to {last}"))
        .into()
}

impl Snapshot<'_> {
    /// How many entries the log had at this moment.
    fn log_size(&mut self) -> Result<CommitNumber> {
        Ok(self.moment.min(Head::read(self.sql)?.number))
    }

    fn verify_log(&mut self, checkpoints: &[Checkpoint]) -> Result<LogVerification> {
        let verified = log::read(self.sql, checkpoints, &mut |_| Ok(()))?;
        Ok(LogVerification {
            commits: verified.head.number.0,
            root: hex(&verified.head.range.root()),
            head_time: verified.head.time.into(),
            checkpoint: verified.checkpoint,
            clock_behind: verified.clock_behind,
            first_clock_behind: verified.first_clock_behind.map(|CommitNumber(number)| number),
        })
    }
}

impl View {
    /// Recomputes the log's tree and holds it against the recorded head; an error names the first
    /// bad entry.
    ///
    /// Whoever can write the files can write all of the log anew:
    /// [`verify_log_against`](Self::verify_log_against) a checkpoint finds that out.
    pub fn verify_log(&self) -> Result<LogVerification> {
        self.query(VerifyLog::default())
    }

    /// The same, and holds the log against a signed checkpoint, or several after one another: it
    /// must have all entries that they cover, as they were. [`VerifyLog`] takes keys as text.
    ///
    /// The error names the first bad entry. Where somebody wrote anew all that follows it, it lies
    /// between two checkpoints, and the error names these.
    ///
    /// ```
    /// # use halfback::{Options, Registry, SigningKey};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("models.hb");
    /// # let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
    /// let key = SigningKey::generate("halfback/models")?;
    /// let checkpoint = registry.checkpoint(&key)?;
    /// registry.create_model("fraud")?;
    ///
    /// let verified = registry.verify_log_against(&checkpoint, &[key.verifying_key()])?;
    /// assert_eq!((verified.commits, verified.checkpoint), (2, Some(1)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify_log_against(
        &self,
        checkpoint: &str,
        keys: &[&dyn Verifier],
    ) -> Result<LogVerification> {
        self.hold_on_registry(Privilege::ReadAudit)?;
        self.snapshot(|snapshot| {
            let checkpoints = checkpoint::open(checkpoint, keys, &origin(snapshot.registry))?;
            snapshot.verify_log(&checkpoints)
        })
    }

    /// Proves that a commit is in the log, for somebody who has a checkpoint of it and not the log;
    /// [`verify_inclusion`] verifies that. On a view of the past the proof is in the tree as it was
    /// then: that of a checkpoint from that commit.
    ///
    /// ```
    /// # use halfback::{Options, Registry, SigningKey, verify_inclusion};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("models.hb");
    /// # let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
    /// # let key = SigningKey::generate("halfback/models")?;
    /// registry.create_model("fraud")?;
    /// let checkpoint = registry.checkpoint(&key)?;
    /// let proof = registry.prove(2)?;
    ///
    /// let commit = verify_inclusion(&proof, Some(&checkpoint), &[key.verifying_key()])?;
    /// assert_eq!(commit.commands, ["create_model"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn prove(&self, commit: i64) -> Result<InclusionProof> {
        self.query(Prove { commit })
    }

    /// Proves that the log has only grown since it had `old_size` entries, for somebody who has
    /// checkpoints of both sizes; [`verify_consistency`] verifies that.
    pub fn prove_consistency(&self, old_size: i64) -> Result<ConsistencyProof> {
        self.query(ProveConsistency { old_size })
    }
}

impl Registry {
    /// The head of the log's tree as it is recorded, signed: a checkpoint (<https://c2sp.org/tlog-checkpoint>) to be kept where
    /// those who can write the registry cannot.
    ///
    /// It signs what is there: [verify](View::verify_log_against) the log against the checkpoint
    /// before it first. The key is not the registry's to have: [`SigningKey`] takes it from a file
    /// or the environment, and any other [`Signer`] will do.
    pub fn checkpoint(&self, signer: &dyn Signer) -> Result<String> {
        // Signing may take its time, and another process: not in a snapshot.
        self.log_head()?.sign(signer)
    }

    /// The head that is to be signed.
    pub(crate) fn log_head(&self) -> Result<Checkpoint> {
        self.hold_on_registry(Privilege::ReadAudit)?;
        self.snapshot(|snapshot| {
            let range = Head::read(snapshot.sql)?.range;
            let origin = origin(snapshot.registry);
            Ok(Checkpoint { origin, size: range.leaves(), root: range.root() })
        })
    }

    /// Writes the log into a file of JSON lines that can be verified without Halfback
    /// (docs/proofs.md), with a checkpoint where there is a signer; durable when this returns.
    ///
    /// The log is verified on the way: one that is damaged is not exported. The commands are in it,
    /// except where they were erased, and the names of people only as far as the commands name them.
    /// An export that is there already is replaced only with `overwrite`. `progress` counts the bytes
    /// of entries.
    pub fn export_log(
        &self,
        to: impl AsRef<Path>,
        signer: Option<&dyn Signer>,
        overwrite: bool,
        progress: Progress<'_>,
    ) -> Result<LogExport> {
        let to = to.as_ref();
        export::refuse_taken(to, overwrite)?;
        let head = self.log_head()?;
        let note = signer.map(|signer| head.sign(signer)).transpose()?;
        self.export_head(to, &head, note, overwrite, progress)
    }

    /// Exports the log as far as a head of it goes, which `note` is of.
    pub(crate) fn export_head(
        &self,
        to: &Path,
        head: &Checkpoint,
        note: Option<String>,
        overwrite: bool,
        progress: Progress<'_>,
    ) -> Result<LogExport> {
        self.hold_on_registry(Privilege::ReadAudit)?;
        export::refuse_taken(to, overwrite)?;
        let mut meter = Meter::new(0, progress);
        let export = Export::create(to)?;
        let registry = self.snapshot(|snapshot| {
            let registry = snapshot.registry.to_owned();
            export.write(snapshot.sql, &registry, head, note.as_deref(), &mut meter)?;
            Ok(registry)
        })?;
        meter.finish()?;
        let path = export.finish(overwrite)?;
        Ok(LogExport {
            registry,
            path: path.to_string_lossy().into_owned(),
            commits: head.size,
            root: hex(&head.root),
            checkpoint: note,
        })
    }
}

/// Makes a key that signs checkpoints in a new file, which only its owner may read; gives the public
/// key, for everybody who verifies.
///
/// The best name is the log's own, `halfback/` and the registry's
/// [identity](crate::RegistryInfo::uuid). Keep the file where those who can write the registry
/// cannot read it.
///
/// ```
/// # use halfback::{SigningKey, generate_log_key};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("log.key");
/// let public = generate_log_key(&path, "halfback/models")?;
/// assert_eq!(SigningKey::from_file(&path)?.verifying_key(), &public);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn generate_log_key(path: impl AsRef<Path>, name: &str) -> Result<VerifyingKey> {
    let key = SigningKey::generate(name)?;
    key.write_new(path)?;
    Ok(key.verifying_key().clone())
}

/// Verifies that an entry is in the log that a checkpoint is of; gives the commit that it tells of,
/// without the name of who made it. Needs no registry.
///
/// Without a checkpoint it only says that the proof is one of its own root: whether that is the
/// log's is for the caller to know.
pub fn verify_inclusion(
    proof: &InclusionProof,
    checkpoint: Option<&str>,
    keys: &[&dyn Verifier],
) -> Result<Commit> {
    let InclusionProof { origin, commit, tree_size, root, header, leaf_hash, path, .. } = proof;
    let entry = ProvedEntry {
        header: header.clone(),
        path: path.clone(),
        salt: proof.salt.clone(),
        payload: proof.payload.clone(),
    };
    let proved = Proof { tree_size: *tree_size, root: root.clone(), entries: vec![entry] };
    let headers = proved.verify()?;
    let told = Commit::of(header.as_bytes(), proof.payload.as_deref(), None)?;
    if headers.len() != 1 || told.commit != *commit || told.leaf_hash != *leaf_hash {
        return Err(refused("it names another commit than its entry"));
    }
    hold_heads(checkpoint, keys, origin, &[(*tree_size, read_hash(root)?)])?;
    Ok(told)
}

/// Verifies that a log has only grown, between the sizes of two checkpoints: give both, one after
/// the other. Needs no registry.
///
/// Without checkpoints it only says that the proof is one of its own roots.
///
/// ```
/// # use halfback::{Options, Registry, SigningKey, verify_consistency};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("models.hb");
/// # let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
/// # let key = SigningKey::generate("halfback/models")?;
/// let old = registry.checkpoint(&key)?;
/// registry.create_model("fraud")?;
/// let new = registry.checkpoint(&key)?;
///
/// let proof = registry.prove_consistency(1)?;
/// verify_consistency(&proof, Some(&(old + &new)), &[key.verifying_key()])?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify_consistency(
    proof: &ConsistencyProof,
    checkpoint: Option<&str>,
    keys: &[&dyn Verifier],
) -> Result<()> {
    let ConsistencyProof { origin, old_size, old_root, tree_size, root, path } = proof;
    let (old, new) = ((*old_size, read_hash(old_root)?), (*tree_size, read_hash(root)?));
    let path = path.iter().map(|hash| read_hash(hash)).collect::<Result<Vec<Hash>>>()?;
    if !is_consistent((old.0, &old.1), (new.0, &new.1), &path) {
        return Err(refused("its hashes do not lead to both roots"));
    }
    hold_heads(checkpoint, keys, origin, &[old, new])
}

/// Holds checkpoints against the heads that a proof is about.
fn hold_heads(
    notes: Option<&str>,
    keys: &[&dyn Verifier],
    origin: &str,
    heads: &[(u64, Hash)],
) -> Result<()> {
    let Some(notes) = notes else { return Ok(()) };
    for Checkpoint { size, root, .. } in checkpoint::open(notes, keys, origin)? {
        match heads.iter().find(|head| head.0 == size) {
            Some(head) if head.1 == root => {}
            Some(_) => {
                return Err(refused(&format!("the checkpoint of {size} entries has another root")));
            }
            None => {
                let sizes: Vec<String> = heads.iter().map(|head| head.0.to_string()).collect();
                let sizes = sizes.join(" and ");
                return Err(Detail::InvalidCheckpoint(format!(
                    "it covers {size} entries, the proof is about {sizes}"
                ))
                .into());
            }
        }
    }
    Ok(())
}

fn read_hash(text: &str) -> Result<Hash> {
    unhex(text).ok_or_else(|| refused("it holds what is no SHA-256"))
}

/// Public keys from their texts.
#[derive(Default)]
pub(crate) struct Keys(Vec<VerifyingKey>);

impl Keys {
    /// Reads the keys in a text, with space between.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let keys = text.split_whitespace().map(str::parse).collect::<Result<Vec<_>>>()?;
        if keys.is_empty() {
            return Err(Detail::InvalidArgument(
                "a checkpoint needs the public key that it is signed with; give `key`".into(),
            )
            .into());
        }
        Ok(Self(keys))
    }

    pub(crate) fn all(&self) -> Vec<&dyn Verifier> {
        self.0.iter().map(|key| key as &dyn Verifier).collect()
    }
}
