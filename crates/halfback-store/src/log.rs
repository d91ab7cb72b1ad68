//! The log: one header for each commit, hashed into a Merkle tree, and its verification.
//!
//! The stored header bytes are what is hashed, so a verifier never has to serialize anything.
//! [`verify`] holds the entries against the tree head; [`check`](crate::check) holds the tables
//! against the entries.

use serde::{Deserialize, Serialize};

use crate::error::{Detail, Error, Result};
use crate::id::{CommitNumber, EntityId, hex};
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

/// Recomputes the tree from every entry and holds it against the head; gives the head.
///
/// Finds an entry that was changed, removed, added or moved, and a payload that does not belong
/// to its entry; an erased payload is no error.
pub fn verify(sql: &mut dyn Sql) -> Result<Head> {
    let head = Head::read(sql)?;
    let mut tree = CompactRange::default();
    let mut previous = Timestamp::from_micros(i64::MIN);
    sql.query(
        "SELECT l.n, l.time, l.actor, l.header, p.salt, p.body FROM log l \
         LEFT JOIN payload p ON p.n = l.n ORDER BY l.n",
        &[],
        &mut |row| {
            let number = CommitNumber(i64::try_from(tree.leaves()).unwrap_or(i64::MAX) + 1);
            previous = verify_entry(row, number, previous).map_err(|why| damaged(number, &why))?;
            tree.push(leaf_hash(row.blob(3)?));
            Ok(())
        },
    )?;
    if tree.leaves() != head.range.leaves() {
        return Err(Detail::Corrupt(format!(
            "the log has {} entries, its head counts {}; entries were removed or added at the end",
            tree.leaves(),
            head.range.leaves()
        ))
        .into());
    }
    if tree != head.range || previous.max(Timestamp::from_micros(0)) != head.time {
        return Err(Detail::Corrupt(
            "the log's entries do not give the recorded tree head; an entry or the head was changed".into(),
        )
        .into());
    }
    Ok(head)
}

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

/// Holds one entry against its place; gives its time, or says what is wrong.
fn verify_entry(
    row: &dyn Row,
    number: CommitNumber,
    previous: Timestamp,
) -> Result<Timestamp, String> {
    let text = |error: Error| error.to_string();
    let header = Header::from_bytes(row.blob(3).map_err(text)?).map_err(text)?;
    let time = Timestamp::from_micros(row.int(1).map_err(text)?);
    if row.int(0).map_err(text)? != number.0 || header.commit != number {
        return Err("it stands in the place of another entry".into());
    }
    if header.time != time || header.actor != format!("p{}", row.int(2).map_err(text)?) {
        return Err("its time or actor differs from its header".into());
    }
    if time <= previous {
        return Err("it is not later than the entry before".into());
    }
    if let (Some(salt), Some(body)) =
        (row.opt_blob(4).map_err(text)?, row.opt_text(5).map_err(text)?)
        && hex(&payload_digest(salt, body)) != header.payload
    {
        return Err("its payload was changed".into());
    }
    Ok(time)
}

fn damaged(number: CommitNumber, why: &str) -> Error {
    Detail::Corrupt(format!("log entry {number} is damaged: {why}")).into()
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
