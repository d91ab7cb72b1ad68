//! The examination of the whole database: the engine's own files, the log, and every table against
//! the log's entries.
//!
//! What is damaged is a finding and no error, and the examination goes on behind it.

use crate::erasure;
use crate::error::{Kind, Result};
use crate::fact::{Change, Fact, row_hash, rows_digest};
use crate::id::{CommitNumber, EntityId, hex, uuid_moment};
use crate::log::{self, Header, payload_digest};
use crate::merkle::Hash;
use crate::schema::FACTS;
use crate::sql::{Sql, Value};
use crate::tx::identity_digest;

/// Something that is not as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A stable word for what kind of thing is wrong.
    pub code: &'static str,
    /// What it was found at.
    pub subject: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: &'static str,
}

/// What was found so far.
#[derive(Debug, Default)]
pub struct Findings {
    found: Vec<Finding>,
    /// How many are not kept.
    more: usize,
    /// What is as it was recorded, and worth knowing.
    notices: Vec<Finding>,
}

/// Findings that are kept: a registry that somebody spoiled has no end of them.
const MOST: usize = 1000;

const RESTORE: &str = "restore a backup; nothing in the registry can mend it";
const EDITED: &str = "find out who wrote to the database, and restore a backup from before";

impl Findings {
    /// Adds one.
    pub fn push(&mut self, finding: Finding) {
        if self.found.last() == Some(&finding) {
            return;
        }
        if self.found.len() < MOST { self.found.push(finding) } else { self.more += 1 }
    }

    fn add(&mut self, code: &'static str, subject: String, message: &str, remedy: &'static str) {
        self.push(Finding { code, subject, message: message.to_owned(), remedy });
    }

    fn at_commit(&mut self, code: &'static str, commit: i64, message: &str) {
        self.add(code, format!("commit {commit}"), message, EDITED);
    }

    /// Something is not there that no erasure accounts for.
    pub(crate) fn missing(&mut self, kind: &str, subject: String) {
        let message = format!("its {kind} is missing, and no erasure says why");
        self.add("missing", subject, &message, EDITED);
    }

    /// Something is there again that was erased.
    pub(crate) fn returned(&mut self, digest: String) {
        let message = "what was erased is there again: somebody put it back outside halfback";
        self.add("erasure", digest, message, EDITED);
    }

    /// Takes the outcome of one part of the examination: that something is damaged is a finding
    /// under `code`, and any other error is one.
    pub fn part<T>(&mut self, code: &'static str, outcome: Result<T>) -> Result<Option<T>> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind() == Kind::Integrity => {
                self.add(code, code.to_owned(), &error.to_string(), RESTORE);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// What is no damage and yet worth knowing.
    pub fn take_notices(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.notices)
    }

    fn notice_clock(&mut self, first: CommitNumber, count: u64) {
        self.notices.push(Finding {
            code: "clock",
            subject: format!("commit {first}"),
            message: format!(
                "the machine's clock was behind the commit before, here for the first of {count} times; such commits have the time after that one"
            ),
            remedy: "see to the machine's clock; what it said is in the log as `clock`",
        });
    }

    /// All of them; where there are too many, the last one says how many more.
    pub fn into_vec(mut self) -> Vec<Finding> {
        if self.more > 0 {
            let message = format!("{} more findings are not listed", self.more);
            let subject = "findings".to_owned();
            self.found.push(Finding { code: "more", subject, message, remedy: RESTORE });
        }
        self.found
    }
}

/// Called again and again while a check is at work; an error ends it.
pub type Pace<'a> = &'a mut dyn FnMut() -> Result<()>;

/// Examines the whole database; gives the number of fact rows.
pub fn check(sql: &mut dyn Sql, findings: &mut Findings, pace: Pace<'_>) -> Result<u64> {
    let engine = sql.examine();
    for message in findings.part("database", engine)?.into_iter().flatten() {
        findings.add("database", "database".into(), &message, RESTORE);
    }
    pace()?;
    let verified = log::verify(sql);
    if let Some(verified) = findings.part("log", verified)?
        && let Some(first) = verified.first_clock_behind
    {
        findings.notice_clock(first, verified.clock_behind);
    }
    pace()?;
    let rows = hash_rows(sql, pace);
    let rows = findings.part("database", rows)?;
    if let Some((_, rows)) = &rows {
        part(findings, |findings| check_rows(sql, rows, findings))?;
    }
    part(findings, |findings| check_intervals(sql, findings, pace))?;
    part(findings, |findings| check_texts(sql, findings))?;
    part(findings, |findings| check_identities(sql, findings))?;
    part(findings, |findings| check_next_id(sql, findings))?;
    part(findings, |findings| erasure::check(sql, findings))?;
    pace()?;
    part(findings, |findings| check_touches(sql, findings))?;
    Ok(rows.map_or(0, |(count, _)| count))
}

/// Runs one part, which adds its own findings.
fn part(findings: &mut Findings, work: impl FnOnce(&mut Findings) -> Result<()>) -> Result<()> {
    let outcome = work(findings);
    findings.part("database", outcome).map(drop)
}

/// How many rows there are, and the hash of each for the commit that opened it and the one that
/// closed it, in the order of the commits.
type Rows = (u64, Vec<(i64, Hash)>);

fn hash_rows(sql: &mut dyn Sql, pace: Pace<'_>) -> Result<Rows> {
    /// Rows between two calls of `pace`.
    const STRIDE: u64 = 4096;
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
            if count % STRIDE == 0 { pace() } else { Ok(()) }
        })?;
    }
    hashes.sort_unstable();
    Ok((count, hashes))
}

/// Recomputes the `rows` of every header from the rows as they are.
fn check_rows(sql: &mut dyn Sql, rows: &[(i64, Hash)], findings: &mut Findings) -> Result<()> {
    const STRAY: &str = "a row names a commit that the log does not have";
    let mut rest = rows;
    sql.query("SELECT n, header FROM log ORDER BY n", &[], &mut |row| {
        let number = row.int(0)?;
        let (before, from) = rest.split_at(rest.partition_point(|(n, _)| *n < number));
        let (own, after) = from.split_at(from.partition_point(|(n, _)| *n == number));
        rest = after;
        for (n, _) in before {
            findings.at_commit("stray_row", *n, STRAY);
        }
        let digest = hex(&rows_digest(own.iter().map(|(_, hash)| *hash).collect()));
        match Header::from_bytes(row.blob(1)?) {
            Ok(header) if header.rows == digest => {}
            Ok(_) => findings.at_commit(
                "rows",
                number,
                "rows that this commit opened or closed were changed outside halfback",
            ),
            Err(error) => findings.at_commit("header", number, &error.to_string()),
        }
        Ok(())
    })?;
    for (n, _) in rest {
        findings.at_commit("stray_row", *n, STRAY);
    }
    Ok(())
}

/// Facts that hold from the first moment of what they are about to its last: the fact and its key,
/// then the table and the column of what they are about.
const CONTINUOUS: [(&str, &str, &str, &str); 2] =
    [("profile", "target", "securable", "id"), ("version_state", "version", "version", "id")];

/// The rows of a key follow each other, and where something must always be said, without a gap.
fn check_intervals(sql: &mut dyn Sql, findings: &mut Findings, pace: Pace<'_>) -> Result<()> {
    const REMEDY: &str = "restore a backup; if nobody wrote to the database, report it as a defect";
    for fact in FACTS {
        sql.query(&overlapping(fact), &[], &mut |row| {
            let subject = format!("{} since commit {}", fact.table, row.int(0)?);
            let message =
                "two facts of one thing hold at the same time, or one ends before it begins";
            findings.add("intervals", subject, message, REMEDY);
            Ok(())
        })?;
        pace()?;
    }
    for (fact, key, table, id) in CONTINUOUS {
        sql.query(&interrupted(fact, key, table, id), &[], &mut |row| {
            let subject = format!("{table} {}", row.int(0)?);
            let message = format!("`{fact}` says nothing about it for a part of its life");
            findings.add("intervals", subject, &message, REMEDY);
            Ok(())
        })?;
        pace()?;
    }
    Ok(())
}

/// `SELECT` of the rows that begin before the one before them, by key, ends.
fn overlapping(fact: &Fact) -> String {
    let key: Vec<&str> = fact.columns.iter().take(fact.key).map(|column| column.name).collect();
    let ends = if fact.stays { "since > until" } else { "since >= until" };
    format!(
        "SELECT since FROM (SELECT since, until, LAG(until) OVER (PARTITION BY {} ORDER BY until) AS before \
         FROM {}) AS follows WHERE since < before OR {ends}",
        key.join(", "),
        fact.table
    )
}

/// `SELECT` of what a fact does not cover from its first commit to its last.
fn interrupted(fact: &str, key: &str, table: &str, id: &str) -> String {
    format!(
        "SELECT about.id FROM (SELECT {id} AS id, MIN(since) AS since, MAX(until) AS until FROM {table} GROUP BY {id}) AS about \
         LEFT JOIN (SELECT {key} AS id, MIN(since) AS since, MAX(until) AS until FROM {fact} GROUP BY {key}) AS said ON said.id = about.id \
         WHERE about.since <> about.until AND (said.id IS NULL OR said.since <> about.since OR said.until <> about.until) \
         UNION SELECT id FROM (SELECT {key} AS id, since, LAG(until) OVER (PARTITION BY {key} ORDER BY until) AS before FROM {fact}) AS follows \
         WHERE since > before"
    )
}

fn check_texts(sql: &mut dyn Sql, findings: &mut Findings) -> Result<()> {
    sql.query("SELECT digest, salt, body FROM text", &[], &mut |row| {
        if row.blob(0)? != payload_digest(row.blob(1)?, row.text(2)?) {
            let subject = format!("text {}", hex(row.blob(0)?));
            findings.add("text", subject, "a comment was changed outside halfback", EDITED);
        }
        Ok(())
    })
}

/// Names may be erased, not exchanged; and a registry's identity says when it was created.
fn check_identities(sql: &mut dyn Sql, findings: &mut Findings) -> Result<()> {
    sql.query("SELECT uuid, created FROM registry", &[], &mut |row| {
        let (moment, created) = (uuid_moment(row.text(0)?), row.int(1)?);
        if moment.is_some_and(|moment| moment.micros() != created) {
            let message = "its time of creation is not that of its identity";
            findings.add("database", "registry".into(), message, EDITED);
        }
        Ok(())
    })?;
    let names = "SELECT n.id, n.salt, n.proof, n.subject, n.name, p.identity FROM principal_name n \
         LEFT JOIN principal p ON p.id = n.id";
    sql.query(names, &[], &mut |row| {
        let identity = [row.text(2)?, row.text(3)?, row.text(4)?];
        let digest = identity_digest(row.blob(1)?, identity);
        if row.opt_blob(5)?.is_none_or(|recorded| recorded != digest) {
            let message = "a principal's name was changed outside halfback";
            findings.add("name", format!("p{}", row.int(0)?), message, EDITED);
        }
        Ok(())
    })
}

/// No id is given twice.
fn check_next_id(sql: &mut dyn Sql, findings: &mut Findings) -> Result<()> {
    let next = sql.first("SELECT next_id FROM head", &[], |row| row.int(0))?;
    // That the head is missing is told of the log.
    let Some(next) = next else { return Ok(()) };
    let mut last = 0;
    for fact in FACTS.iter().filter(|fact| fact.columns.iter().any(|column| column.name == "id")) {
        let largest = format!("SELECT MAX(id) FROM {}", fact.table);
        let largest = sql.first(&largest, &[], |row| row.opt_int(0))?.flatten();
        last = last.max(largest.unwrap_or_default());
    }
    if next <= last {
        let message = format!("the next id, {next}, is not above the last that was given, {last}");
        findings.add("database", "head".into(), &message, EDITED);
    }
    Ok(())
}

/// The index by which histories are found says what the headers say.
fn check_touches(sql: &mut dyn Sql, findings: &mut Findings) -> Result<()> {
    const CHANGED: &str = "the histories that this commit belongs to were changed outside halfback";
    let mut touches: Vec<(i64, EntityId)> = Vec::new();
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
        for (n, _) in before {
            findings.at_commit("history", *n, CHANGED);
        }
        let header = Header::from_bytes(row.blob(1)?);
        let same = |header: &Header| own.iter().map(|(_, entity)| entity).eq(&header.entities);
        if header.is_ok_and(|header| !same(&header)) {
            findings.at_commit("history", number, CHANGED);
        }
        Ok(())
    })?;
    for (n, _) in rest {
        findings.at_commit("history", *n, CHANGED);
    }
    Ok(())
}
