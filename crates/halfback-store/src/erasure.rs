//! Erasing: the commands of commits, names and texts are let go of for good. A fact row says of each
//! what it was by its digest, which the log has covered all along, and why it went.

use std::collections::BTreeSet;

use crate::check::Findings;
use crate::error::{Detail, Result};
use crate::id::{CommitNumber, EntityId, hex, unhex};
use crate::log::Header;
use crate::merkle::Hash;
use crate::schema::ERASURE;
use crate::sql::Sql;
use crate::tx::Tx;

/// The commands of a commit; the target is the commit's number.
pub const PAYLOAD: &str = "payload";
/// A text of a securable, version or example; the target is what the text is about.
pub const TEXT: &str = "text";
/// The names of a principal.
pub const NAMES: &str = "names";
/// The content of a version.
pub const CONTENT: &str = "content";

impl Tx<'_> {
    /// Lets go of a commit's commands, and of what an idempotency key keeps of their outcome; gives
    /// whether they were there.
    pub fn erase_payload(&mut self, commit: CommitNumber, reason: &[u8]) -> Result<bool> {
        let found = self.sql().first(
            "SELECT l.header, l.time FROM log l JOIN payload p ON p.n = l.n WHERE l.n = ?1",
            &[commit.into()],
            |row| Ok((Header::from_bytes(row.blob(0)?)?, row.int(1)?)),
        )?;
        let Some((header, time)) = found else { return Ok(false) };
        let digest = unhex::<32>(&header.payload).ok_or_else(damaged)?;
        self.sql().execute("DELETE FROM payload WHERE n = ?1", &[commit.into()])?;
        self.sql()
            .execute("UPDATE idempotency SET outputs = '' WHERE time = ?1", &[time.into()])?;
        for entity in header.entities {
            self.touch_whole(entity)?;
        }
        self.record(PAYLOAD, commit.0, &digest, reason)?;
        Ok(true)
    }

    /// Lets go of a text that is about `target`; gives what it said, where it was there.
    pub fn erase_text(
        &mut self,
        target: EntityId,
        digest: &[u8],
        reason: &[u8],
    ) -> Result<Option<String>> {
        let body = self.sql().first(
            "SELECT body FROM text WHERE digest = ?1",
            &[digest.into()],
            |row| Ok(row.text(0)?.to_owned()),
        )?;
        if body.is_some() {
            self.sql().execute("DELETE FROM text WHERE digest = ?1", &[digest.into()])?;
            self.touch_whole(target)?;
            self.record(TEXT, target.0, digest, reason)?;
        }
        if let Some(body) = &body {
            // What a commit said first and took back itself is named by no row.
            let named = REFERENCES.map(|(table, column)| {
                format!("AND NOT EXISTS (SELECT 1 FROM {table} WHERE {column} = text.digest)")
            });
            let orphans = format!("DELETE FROM text WHERE body = ?1 {}", named.join(" "));
            self.sql().execute(&orphans, &[body.into()])?;
        }
        Ok(body)
    }

    /// Lets go of a principal's names: its id stays. Gives subject and name, where they were there.
    pub fn erase_names(&mut self, id: EntityId, reason: &[u8]) -> Result<Option<[String; 2]>> {
        let found = self.sql().first(
            "SELECT p.identity, n.subject, n.name FROM principal_name n JOIN principal p ON p.id = n.id WHERE n.id = ?1",
            &[id.into()],
            |row| Ok((row.blob(0)?.to_vec(), [row.text(1)?.to_owned(), row.text(2)?.to_owned()])),
        )?;
        let Some((digest, names)) = found else { return Ok(None) };
        self.sql().execute("DELETE FROM principal_name WHERE id = ?1", &[id.into()])?;
        self.touch(id)?;
        // Records of whatever it owns show its name.
        self.restructure();
        self.record(NAMES, id.0, &digest, reason)?;
        Ok(Some(names))
    }

    /// Records that a version's content was let go of.
    pub fn erase_content(&mut self, version: EntityId, digest: &[u8], reason: &[u8]) -> Result<()> {
        self.touch_whole(version)?;
        self.record(CONTENT, version.0, digest, reason)
    }

    fn record(&mut self, kind: &str, target: i64, digest: &[u8], reason: &[u8]) -> Result<()> {
        self.open(&ERASURE, &[kind.into(), target.into(), digest.into(), reason.into()])
    }
}

fn damaged() -> Detail {
    Detail::Corrupt("a log header is damaged; run `check`".into())
}

/// Holds what is missing against what was erased: either without the other is a finding.
pub(crate) fn check(sql: &mut dyn Sql, findings: &mut Findings) -> Result<()> {
    let mut erased: BTreeSet<(String, Hash)> = BTreeSet::new();
    sql.query("SELECT kind, digest FROM erasure", &[], &mut |row| {
        let digest = row.blob(1)?.try_into().map_err(|_| damaged())?;
        erased.insert((row.text(0)?.to_owned(), digest));
        Ok(())
    })?;
    let mut missing = |kind: &str, digest: &[u8], subject: String| {
        let is_erased = digest.try_into().is_ok_and(|hash| erased.contains(&(kind.into(), hash)));
        if !is_erased {
            findings.missing(kind, subject);
        }
    };
    sql.query(
        "SELECT l.n, l.header FROM log l WHERE NOT EXISTS (SELECT 1 FROM payload p WHERE p.n = l.n)",
        &[],
        &mut |row| {
            // A header that cannot be read is a finding of its own.
            if let Ok(header) = Header::from_bytes(row.blob(1)?) {
                let digest = unhex::<32>(&header.payload).unwrap_or_default();
                missing(PAYLOAD, &digest, format!("commit {}", row.int(0)?));
            }
            Ok(())
        },
    )?;
    sql.query(
        "SELECT p.id, p.identity FROM principal p WHERE NOT EXISTS (SELECT 1 FROM principal_name n WHERE n.id = p.id)",
        &[],
        &mut |row| {
            missing(NAMES, row.blob(1)?, format!("p{}", row.int(0)?));
            Ok(())
        },
    )?;
    for (table, column) in REFERENCES {
        sql.query(
            &format!(
                "SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL \
                 AND NOT EXISTS (SELECT 1 FROM text WHERE text.digest = {column})"
            ),
            &[],
            &mut |row| {
                missing(TEXT, row.blob(0)?, format!("text {}", hex(row.blob(0)?)));
                Ok(())
            },
        )?;
    }
    sql.query(
        "SELECT e.digest FROM erasure e JOIN text t ON t.digest = e.digest WHERE e.kind = 'text' \
         UNION ALL SELECT e.digest FROM erasure e JOIN payload p ON p.n = e.target WHERE e.kind = 'payload' \
         UNION ALL SELECT e.digest FROM erasure e JOIN principal_name n ON n.id = e.target WHERE e.kind = 'names'",
        &[],
        &mut |row| {
            findings.returned(hex(row.blob(0)?));
            Ok(())
        },
    )
}

/// The columns that refer to texts.
const REFERENCES: [(&str, &str); 6] = [
    ("profile", "comment"),
    ("version", "example"),
    ("version_state", "comment"),
    ("token", "comment"),
    ("erasure", "reason"),
    ("hold", "reason"),
];
