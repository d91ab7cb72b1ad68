//! The log: one header for each commit, hashed into a Merkle tree, and its verification.
//!
//! The stored header bytes are what is hashed, so a verifier never has to serialize anything.
//! [`verify`] holds the entries against the tree head; [`check`](crate::check) holds the tables
//! against the entries.

use serde::{Deserialize, Serialize};

use crate::checkpoint::{Checkpoint, beginning};
use crate::error::{Detail, Error, Result};
use crate::id::{CommitNumber, EntityId, hex, unhex};
use crate::merkle::{CompactRange, Hash, leaf_hash, sha256};
use crate::name::said;
use crate::sql::{Row, Sql};
use crate::time::Timestamp;
use crate::tx::Head;

/// One entry of the log. Written once as JSON with these keys in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The commit's number, counted from 1.
    pub commit: CommitNumber,
    /// The hash of the entry before, as a leaf of the tree, in hexadecimal; for the first entry, the
    /// SHA-256 of the log's [`origin`](crate::checkpoint::origin).
    pub previous: String,
    /// When it happened: later than every commit before.
    pub time: Timestamp,
    /// The machine's clock, where it was behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Timestamp>,
    /// The principal's opaque id, such as `p1`.
    pub actor: String,
    /// How the actor's identity was proved.
    pub proof: String,
    /// The names of the commands.
    pub commands: Vec<String>,
    /// The entities that the commit is about.
    pub entities: Vec<EntityId>,
    /// `SHA-256(salt ‖ payload)` in hexadecimal.
    pub payload: String,
    /// The digest of the rows that the commit opened or closed, in hexadecimal.
    pub rows: String,
}

impl Header {
    /// The bytes that are stored and hashed.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self)
            .map_err(|error| Detail::Internal(format!("a log header failed: {error}")).into())
    }

    /// Reads a stored header.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        serde_json::from_slice(bytes).map_err(|error| {
            Detail::Corrupt(format!("a log header is damaged: {}", said(&error))).into()
        })
    }
}

/// `SHA-256(salt ‖ payload)`.
pub(crate) fn payload_digest(salt: &[u8], payload: &str) -> Hash {
    sha256(&[salt, payload.as_bytes()].concat())
}

/// What an intact log tells of itself.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Its end.
    pub head: Head,
    /// How many entries say that the machine's clock was behind the entry before.
    pub clock_behind: u64,
    /// The first of them.
    pub first_clock_behind: Option<CommitNumber>,
    /// How many entries the newest of the checkpoints covers.
    pub checkpoint: Option<u64>,
}

/// An entry as the database has it.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'a> {
    /// Its place.
    pub number: CommitNumber,
    /// The header's bytes.
    pub header: &'a [u8],
    /// Its hash.
    pub leaf: Hash,
    /// What the payload's digest is salted with, and the payload; none once erased.
    pub payload: Option<(&'a [u8], &'a str)>,
}

/// Recomputes the tree from every entry and holds it against the head.
///
/// Finds an entry that was changed, removed, added or moved, and a payload that does not belong
/// to its entry; an erased payload is no error.
pub fn verify(sql: &mut dyn Sql) -> Result<Verified> {
    read(sql, &[], &mut |_| Ok(()))
}

/// Verifies the log, also against `checkpoints` in the order of their sizes, and calls `each` with
/// every entry; what that was given counts for nothing when this fails.
///
/// The error names the first bad entry: it is the one that its successor does not refer to. Where
/// all successors were written anew it lies between two checkpoints, the last that holds and the
/// first that does not.
pub fn read(
    sql: &mut dyn Sql,
    checkpoints: &[Checkpoint],
    each: &mut dyn FnMut(&Stored<'_>) -> Result<()>,
) -> Result<Verified> {
    let head = Head::read(sql)?;
    let registry =
        sql.first("SELECT uuid FROM registry", &[], |row| Ok(row.text(0)?.to_owned()))?;
    let registry = registry.ok_or_else(|| {
        Detail::Corrupt("the registry has lost its identity; restore a backup".into())
    })?;
    let mut chain = Chain::new(beginning(&registry), checkpoints);
    sql.query(
        "SELECT l.n, l.time, l.actor, l.header, p.salt, p.body FROM log l \
         LEFT JOIN payload p ON p.n = l.n ORDER BY l.n",
        &[],
        &mut |row| each(&chain.add(row)?),
    )?;
    chain.finish(head)
}

/// The entries so far, each held against the one before.
struct Chain<'a> {
    tree: CompactRange,
    time: Timestamp,
    leaf: Hash,
    /// The last entry, where it does not refer to the one before: the leaf that it would have if it
    /// did.
    broken: Option<Hash>,
    checkpoints: &'a [Checkpoint],
    /// How many entries are as a checkpoint says, and how many were not as the next one says.
    held: u64,
    rewritten: Option<u64>,
    clock_behind: u64,
    first_clock_behind: Option<CommitNumber>,
}

impl<'a> Chain<'a> {
    fn new(beginning: Hash, checkpoints: &'a [Checkpoint]) -> Self {
        let mut chain = Self {
            tree: CompactRange::default(),
            time: Timestamp::from_micros(i64::MIN),
            leaf: beginning,
            broken: None,
            checkpoints,
            held: 0,
            rewritten: None,
            clock_behind: 0,
            first_clock_behind: None,
        };
        chain.hold_checkpoints();
        chain
    }

    /// The number of the entry that comes next.
    fn next(&self) -> u64 {
        self.tree.leaves() + 1
    }

    fn add<'r>(&mut self, row: &'r dyn Row) -> Result<Stored<'r>> {
        let next = self.next();
        let number = CommitNumber(i64::try_from(next).unwrap_or(i64::MAX));
        let entry = verify_entry(row, number, self.time);
        let (header, stored) = match entry {
            Ok(entry) => entry,
            Err(why) => {
                self.follow(None)?;
                return Err(self.damaged(next, &why));
            }
        };
        self.follow(unhex(&header.previous))?;
        if header.previous != hex(&self.leaf) {
            if next == 1 {
                return Err(self.damaged(1, "it is not the beginning of this registry's log"));
            }
            let previous = hex(&self.leaf);
            let mended = Header { previous, ..header.clone() }.to_bytes()?;
            self.broken = Some(leaf_hash(&mended));
        }
        if let Some(clock) = header.clock
            && header.time.micros().saturating_sub(clock.micros()) > JITTER
        {
            self.clock_behind += 1;
            self.first_clock_behind.get_or_insert(number);
        }
        self.time = header.time;
        self.leaf = stored.leaf;
        self.tree.push(stored.leaf);
        self.hold_checkpoints();
        Ok(stored)
    }

    /// Judges a broken link by what the next entry, or the head, refers to.
    fn follow(&mut self, next: Option<Hash>) -> Result<()> {
        const CHANGED: &str = "the next one does not refer to it: it was changed";
        let Some(mended) = self.broken.take() else { return Ok(()) };
        let last = self.tree.leaves();
        let before = last.saturating_sub(1);
        Err(match next {
            _ if before <= self.held => self.damaged(last, "it does not refer to the one before"),
            // All that follows vouches for the last one.
            Some(leaf) if leaf == self.leaf => self.damaged(before, CHANGED),
            Some(leaf) if leaf == mended => {
                self.damaged(last, "its reference to the one before was changed")
            }
            _ => self.damaged(
                before,
                &format!("it was changed, or entry {last} is not the one that followed it"),
            ),
        })
    }

    /// Holds the tree against the checkpoints of its size.
    fn hold_checkpoints(&mut self) {
        let size = self.tree.leaves();
        while let Some((checkpoint, rest)) = self.checkpoints.split_first()
            && checkpoint.size == size
        {
            self.checkpoints = rest;
            if self.rewritten.is_some() {
                continue;
            }
            if checkpoint.root == self.tree.root() {
                self.held = size;
            } else {
                self.rewritten = Some(size);
            }
        }
    }

    fn finish(mut self, head: Head) -> Result<Verified> {
        let (entries, counted) = (self.tree.leaves(), head.range.leaves());
        self.follow((entries == counted).then_some(head.leaf))?;
        if entries < counted {
            let why =
                format!("it is missing: the log has {entries} entries, its head counts {counted}");
            return Err(self.damaged(self.next(), &why));
        }
        if entries > counted {
            let why =
                format!("it was added: the log has {entries} entries, its head counts {counted}");
            return Err(self.damaged(counted + 1, &why));
        }
        if self.leaf != head.leaf {
            let why = "the head does not refer to it: one of the two was changed";
            return Err(self.damaged(entries, why));
        }
        if let Some(upto) = self.rewritten {
            return Err(self.rewritten(upto));
        }
        if self.tree != head.range || self.time.max(Timestamp::from_micros(0)) != head.time {
            return Err(Detail::Corrupt(
                "the log's entries do not give the recorded tree head; the head was changed".into(),
            )
            .into());
        }
        if let Some(checkpoint) = self.checkpoints.first() {
            let size = checkpoint.size;
            let unsure = if self.held < entries {
                let from = self.held + 1;
                format!(
                    "; whether entries {from} to {entries} are as they were, a checkpoint of at most {entries} tells"
                )
            } else {
                String::new()
            };
            let why = format!(
                "it is missing: the log has {entries} entries, and a checkpoint covers {size}; entries were removed, or this is an old copy{unsure}"
            );
            return Err(self.damaged(self.next(), &why));
        }
        Ok(Verified {
            head,
            clock_behind: self.clock_behind,
            first_clock_behind: self.first_clock_behind,
            checkpoint: (self.held > 0).then_some(self.held),
        })
    }

    /// An entry is not as it was written. Where one before it must have been bad already, that is
    /// said instead.
    fn damaged(&self, entry: u64, why: &str) -> Error {
        match self.rewritten {
            Some(upto) if upto < entry => self.rewritten(upto),
            _ => Detail::Corrupt(format!("log entry {entry} is damaged: {why}")).into(),
        }
    }

    fn rewritten(&self, upto: u64) -> Error {
        let from = self.held + 1;
        let (which, narrower) = if from == upto {
            (format!("log entry {upto} is damaged"), "")
        } else {
            let which =
                format!("one of the log entries {from} to {upto} is the first that is damaged");
            (which, "; a checkpoint of fewer entries, or an earlier export, tells which")
        };
        Detail::Corrupt(format!(
            "{which}: a checkpoint was signed for other {upto} entries, and what refers to it was written anew{narrower}"
        ))
        .into()
    }
}

/// Microseconds that a clock may be behind without being said to have jumped: commits that were made
/// together follow each other by one.
const JITTER: i64 = 1000;

/// The last commit up to a moment, 0 before the first. As a commit is later than all before it,
/// halving finds it, and no index has to be kept for that.
pub fn last_by(sql: &mut dyn Sql, moment: Timestamp) -> Result<CommitNumber> {
    // `low` is not after the moment, and all from `high` on are.
    let (mut low, mut high) = (0, Head::read(sql)?.number.0.saturating_add(1));
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        // An entry that was removed is no reason to fail: `check` finds that.
        let (number, time) = sql
            .first(
                "SELECT n, time FROM log WHERE n > ?1 AND n <= ?2 ORDER BY n DESC LIMIT 1",
                &[low.into(), middle.into()],
                |row| Ok((row.int(0)?, row.int(1)?)),
            )?
            .unwrap_or((low, i64::MIN));
        if time <= moment.micros() { low = middle } else { high = number }
    }
    Ok(CommitNumber(low))
}

/// Holds one entry against its place; says what is wrong.
fn verify_entry(
    row: &dyn Row,
    number: CommitNumber,
    previous: Timestamp,
) -> Result<(Header, Stored<'_>), String> {
    let text = |error: Error| error.to_string();
    let found = row.int(0).map_err(text)?;
    if found > number.0 {
        return Err(format!("it is missing, the next one is {found}"));
    }
    let bytes = row.blob(3).map_err(text)?;
    let header = Header::from_bytes(bytes).map_err(text)?;
    let time = Timestamp::from_micros(row.int(1).map_err(text)?);
    if found != number.0 || header.commit != number {
        return Err("it stands in the place of another entry".into());
    }
    if header.time != time || header.actor != format!("p{}", row.int(2).map_err(text)?) {
        return Err("its time or actor differs from its header".into());
    }
    if time <= previous {
        return Err("it is not later than the entry before".into());
    }
    let payload = row.opt_blob(4).map_err(text)?.zip(row.opt_text(5).map_err(text)?);
    if payload.is_some_and(|(salt, body)| hex(&payload_digest(salt, body)) != header.payload) {
        return Err("its payload was changed".into());
    }
    Ok((header, Stored { number, header: bytes, leaf: leaf_hash(bytes), payload }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::Storage as _;
    use crate::sqlite::{Access, Sqlite};

    #[test]
    fn halving_finds_the_last_commit_up_to_a_moment() {
        let folder = tempfile::tempdir().unwrap();
        let access = Access { create: true, read_only: false };
        let store = Sqlite::open(&folder.path().join("a.hb"), access).unwrap();
        let fill = |sql: &mut dyn Sql| {
            for number in 1..=6 {
                let insert = "INSERT INTO log (n, time, actor, header) VALUES (?1, ?2, 1, ?3)";
                let values = [number.into(), (10 * number).into(), (&[0; 1]).into()];
                sql.execute(insert, &values)?;
            }
            // The range of six leaves is two hashes.
            sql.execute("UPDATE head SET n = 6, range = ?1", &[(&[0; 64]).into()]).map(drop)
        };
        store.write(1, Box::new(fill)).unwrap();
        let check = |moment, expected| {
            let mut found = None;
            let mut find = |sql: &mut dyn Sql| {
                found = Some(last_by(sql, Timestamp::from_micros(moment))?);
                Ok(())
            };
            store.read(&mut find).unwrap();
            assert_eq!(found, Some(CommitNumber(expected)), "at {moment}");
        };
        check(i64::MIN, 0);
        check(9, 0);
        for number in 1..=6 {
            check(10 * number, number);
            check(10 * number + 9, number);
        }
        check(i64::MAX, 6);
    }
}
