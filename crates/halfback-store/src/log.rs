//! The log: one header for each commit, hashed into a Merkle tree, and its verification.
//!
//! The stored header bytes are what is hashed, so a verifier never has to serialize anything.
//! [`verify`] holds the entries against the tree head, [`check_rows`] holds every fact row
//! against the entry of the commit that opened or closed it.

use serde::{Deserialize, Serialize};

use crate::error::{Detail, Error, Result};
use crate::fact::{Change, row_hash, rows_digest};
use crate::id::{CommitNumber, EntityId, hex};
use crate::merkle::{CompactRange, Hash, leaf_hash, sha256};
use crate::schema::FACTS;
use crate::sql::{Row, Sql, Value};
use crate::time::Timestamp;
use crate::tx::{Head, identity_digest};

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
        serde_json::from_slice(bytes)
            .map_err(|error| Detail::Corrupt(format!("a log header is damaged: {error}")).into())
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

/// Recomputes the `rows_digest` of every commit from the fact rows as they are, and holds every
/// text against its reference; gives the number of rows, and the findings.
pub fn check_rows(sql: &mut dyn Sql) -> Result<(u64, Vec<Finding>)> {
    let (count, mut rows) = hash_rows(sql)?;
    rows.sort_unstable();
    let mut findings = Vec::new();
    let mut rest = rows.as_slice();
    sql.query("SELECT n, header FROM log ORDER BY n", &[], &mut |row| {
        let number = row.int(0)?;
        let (before, from) = rest.split_at(rest.partition_point(|(n, _)| *n < number));
        let (own, after) = from.split_at(from.partition_point(|(n, _)| *n == number));
        rest = after;
        findings.extend(before.iter().map(|(n, _)| Finding::stray(*n)));
        let digest = hex(&rows_digest(own.iter().map(|(_, hash)| *hash).collect()));
        match Header::from_bytes(row.blob(1)?) {
            Ok(header) if header.rows == digest => {}
            Ok(_) => findings.push(Finding::rows(number)),
            Err(error) => findings.push(Finding::new("header", number, &error.to_string())),
        }
        Ok(())
    })?;
    findings.extend(rest.iter().map(|(n, _)| Finding::stray(*n)));
    findings.dedup();
    check_texts(sql, &mut findings)?;
    check_identities(sql, &mut findings)?;
    check_touches(sql, &mut findings)?;
    Ok((count, findings))
}

/// The hash of each row for the commit that opened it and the one that closed it.
fn hash_rows(sql: &mut dyn Sql) -> Result<(u64, Vec<(i64, Hash)>)> {
    let mut count = 0;
    let mut hashes = Vec::new();
    for fact in FACTS {
        let width = fact.columns.len();
        sql.query(&fact.select_all(), &[], &mut |row| {
            let values: Vec<Value<'_>> = (0..width).map(|i| row.value(i)).collect::<Result<_>>()?;
            let since = CommitNumber(row.int(width)?);
            let until = CommitNumber(row.int(width + 1)?);
            hashes.push((since.0, row_hash(Change::Opened, fact.table, &values, since)));
            if until != CommitNumber::FOREVER {
                hashes.push((until.0, row_hash(Change::Closed, fact.table, &values, since)));
            }
            count += 1;
            Ok(())
        })?;
    }
    Ok((count, hashes))
}

fn check_texts(sql: &mut dyn Sql, findings: &mut Vec<Finding>) -> Result<()> {
    sql.query("SELECT digest, salt, body FROM text", &[], &mut |row| {
        if row.blob(0)? != payload_digest(row.blob(1)?, row.text(2)?) {
            findings.push(Finding {
                code: "text",
                subject: format!("text {}", hex(row.blob(0)?)),
                message: "a comment was changed outside halfback; restore a backup".into(),
            });
        }
        Ok(())
    })
}

/// Names may be erased, not exchanged.
fn check_identities(sql: &mut dyn Sql, findings: &mut Vec<Finding>) -> Result<()> {
    let names = "SELECT n.id, n.salt, n.proof, n.subject, n.name, p.identity FROM principal_name n \
         LEFT JOIN principal p ON p.id = n.id";
    sql.query(names, &[], &mut |row| {
        let identity = [row.text(2)?, row.text(3)?, row.text(4)?];
        let digest = identity_digest(row.blob(1)?, identity);
        if row.opt_blob(5)?.is_none_or(|recorded| recorded != digest) {
            findings.push(Finding {
                code: "name",
                subject: format!("p{}", row.int(0)?),
                message: "a principal's name was changed outside halfback; restore a backup".into(),
            });
        }
        Ok(())
    })
}

/// The index by which histories are found says what the headers say.
fn check_touches(sql: &mut dyn Sql, findings: &mut Vec<Finding>) -> Result<()> {
    let mut touches = Vec::new();
    sql.query("SELECT n, entity FROM touch", &[], &mut |row| {
        touches.push((row.int(0)?, row.id(1)?));
        Ok(())
    })?;
    touches.sort_unstable();
    let mut rest = touches.as_slice();
    sql.query("SELECT n, header FROM log ORDER BY n", &[], &mut |row| {
        let number = row.int(0)?;
        let (before, from) = rest.split_at(rest.partition_point(|(n, _)| *n < number));
        let (own, after) = from.split_at(from.partition_point(|(n, _)| *n == number));
        rest = after;
        findings.extend(before.iter().map(|(n, _)| Finding::history(*n)));
        let header = Header::from_bytes(row.blob(1)?);
        let same = |header: &Header| own.iter().map(|(_, entity)| entity).eq(&header.entities);
        if header.is_ok_and(|header| !same(&header)) {
            findings.push(Finding::history(number));
        }
        Ok(())
    })?;
    findings.extend(rest.iter().map(|(n, _)| Finding::history(*n)));
    findings.dedup();
    Ok(())
}

/// Something that is not as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A stable word for what kind of thing is wrong.
    pub code: &'static str,
    /// What it was found at.
    pub subject: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Finding {
    fn new(code: &'static str, commit: i64, message: &str) -> Self {
        Self { code, subject: format!("commit {commit}"), message: message.to_owned() }
    }

    fn rows(commit: i64) -> Self {
        Self::new(
            "rows",
            commit,
            "rows that this commit opened or closed were changed outside halfback; restore a backup",
        )
    }

    fn history(commit: i64) -> Self {
        Self::new(
            "history",
            commit,
            "the histories that this commit belongs to were changed outside halfback; restore a backup",
        )
    }

    fn stray(commit: i64) -> Self {
        Self::new(
            "stray_row",
            commit,
            "a row names a commit that the log does not have; restore a backup",
        )
    }
}
