//! Proofs that commits are in the log, for those who have the root of its tree and not the log.

use serde::{Deserialize, Serialize};

use crate::error::{Detail, Error, Result};
use crate::id::{CommitNumber, hex, unhex};
use crate::log::{Header, payload_digest};
use crate::merkle::{CompactRange, ConsistencyProver, Hash, Prover, leaf_hash, root_of_path};
use crate::sql::Sql;

/// Says which entries a log has, and how their hashes lead to the root of its tree (RFC 6962).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// How many commits the tree has.
    pub tree_size: u64,
    /// The tree's root, in hexadecimal.
    pub root: String,
    /// The entries, by the numbers of their commits.
    pub entries: Vec<ProvedEntry>,
}

/// One entry of the log, with its way to the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvedEntry {
    /// The header's bytes, which are text: they are what is hashed.
    pub header: String,
    /// The hashes beside the way from the leaf to the root, in hexadecimal.
    pub path: Vec<String>,
    /// What the header's digest of the payload is salted with, in hexadecimal; none once erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
    /// The commands, as they were hashed; none once erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
}

/// Proves that these commits, in ascending order, are in the tree of the log's first `size` ones.
///
/// Reads the header of every one of those: proofs for several commits cost little more than one.
pub fn prove(sql: &mut dyn Sql, size: CommitNumber, commits: &[CommitNumber]) -> Result<Proof> {
    let mut wanted = commits.iter().peekable();
    let mut prover = Prover::default();
    let mut entries = Vec::new();
    sql.query(
        "SELECT l.n, l.header, p.salt, p.body FROM log l LEFT JOIN payload p ON p.n = l.n \
         WHERE l.n <= ?1 ORDER BY l.n",
        &[size.into()],
        &mut |row| {
            let header = row.blob(1)?;
            let number = row.int(0)?;
            let proved = wanted.next_if(|commit| commit.0 == number).is_some();
            if proved {
                entries.push(ProvedEntry {
                    header: String::from_utf8(header.to_vec()).map_err(|_| damaged_log())?,
                    path: Vec::new(),
                    salt: row.opt_blob(2)?.map(hex),
                    payload: row.opt_string(3)?,
                });
            }
            prover.push(leaf_hash(header), proved);
            Ok(())
        },
    )?;
    let tree_size = prover.leaves();
    if u64::try_from(size.0) != Ok(tree_size) || wanted.next().is_some() {
        return Err(damaged_log());
    }
    let (root, paths) = prover.finish();
    for (entry, path) in entries.iter_mut().zip(paths) {
        entry.path = path.iter().map(|hash| hex(hash)).collect();
    }
    Ok(Proof { tree_size, root: hex(&root), entries })
}

/// Says that the log of one size has only grown since it had another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// The root of the tree as it was, and as it is.
    pub roots: [Hash; 2],
    /// The consistency proof (RFC 9162 §2.1.4).
    pub path: Vec<Hash>,
}

/// Proves that the log's first `old` entries are the beginning of its first `new` ones. Reads the
/// header of every one of those.
pub fn prove_growth(sql: &mut dyn Sql, old: CommitNumber, new: CommitNumber) -> Result<Growth> {
    let sizes = u64::try_from(old.0).ok().zip(u64::try_from(new.0).ok());
    let prover = sizes.and_then(|(old, new)| Some((old, new, ConsistencyProver::new(old, new)?)));
    let (before, after, mut prover) = prover.ok_or_else(damaged_log)?;
    let mut tree = CompactRange::default();
    let mut root = (before == 0).then(|| tree.root());
    sql.query("SELECT header FROM log WHERE n <= ?1 ORDER BY n", &[new.into()], &mut |row| {
        let leaf = leaf_hash(row.blob(0)?);
        prover.push(leaf);
        tree.push(leaf);
        if tree.leaves() == before {
            root = Some(tree.root());
        }
        Ok(())
    })?;
    match root {
        Some(root) if tree.leaves() == after => {
            Ok(Growth { roots: [root, tree.root()], path: prover.finish() })
        }
        _ => Err(damaged_log()),
    }
}

impl Proof {
    /// Holds every entry against the root, and every payload against its entry; gives the headers.
    ///
    /// Whether the root is the log's is for the caller to know: from a signed tree head, or from
    /// somebody who has the log.
    pub fn verify(&self) -> Result<Vec<Header>> {
        let root = unhex::<32>(&self.root).ok_or_else(|| refused("its root is no SHA-256"))?;
        let mut headers: Vec<Header> = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let header = entry.verify(self.tree_size, &root)?;
            if headers.last().is_some_and(|before| before.commit >= header.commit) {
                return Err(refused("its entries are out of order"));
            }
            headers.push(header);
        }
        Ok(headers)
    }
}

impl ProvedEntry {
    fn verify(&self, tree_size: u64, root: &Hash) -> Result<Header> {
        let header = Header::from_bytes(self.header.as_bytes())
            .map_err(|_| refused("it holds an entry that cannot be read"))?;
        let commit = header.commit;
        let of = |what: &str| refused(&format!("{what} of commit {commit}"));
        let index = u64::try_from(commit.0).ok().and_then(|number| number.checked_sub(1));
        let path: Option<Vec<Hash>> = self.path.iter().map(|hash| unhex(hash)).collect();
        let leaf = leaf_hash(self.header.as_bytes());
        let reached =
            index.zip(path).and_then(|(index, path)| root_of_path(&leaf, index, tree_size, &path));
        if reached != Some(*root) {
            return Err(of("its root is not reached from the entry"));
        }
        match (&self.salt, &self.payload) {
            (None, None) => {}
            (Some(salt), Some(payload)) => {
                let salt = unhex::<16>(salt).ok_or_else(|| of("it holds no salt for the entry"))?;
                if hex(&payload_digest(&salt, payload)) != header.payload {
                    return Err(of("it holds other commands than the entry"));
                }
            }
            _ => return Err(of("it holds half of the payload")),
        }
        Ok(header)
    }
}

/// A proof that does not hold.
pub fn refused(why: &str) -> Error {
    Detail::ArtifactAltered(format!("the proof is not one: {why}")).into()
}

fn damaged_log() -> Error {
    Detail::Corrupt("the log lacks an entry, or holds one that is damaged; run `check`".into())
        .into()
}
