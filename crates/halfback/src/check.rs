//! The examination of a whole registry: database, log, facts, words and artifacts.

use std::ops::ControlFlow;

use halfback_store::artifact::{self, ArtifactStore, Named};
use halfback_store::check::{self as store, Findings};
use halfback_store::error::{Detail, Error, Kind, Result};
use halfback_store::id::CommitNumber;
use halfback_store::interrupt;
use halfback_store::tx::Head;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Privilege;
use crate::artifact::{Progress, Transfer, no_progress};
use crate::command::Snapshot;
use crate::view::View;

/// What an examination of the whole registry found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckReport {
    /// How many commits were examined.
    pub commits: i64,
    /// How many fact rows were examined.
    pub rows: u64,
    /// How many artifacts were examined.
    pub artifacts: u64,
    /// What is not as it was recorded; empty when all is well.
    pub findings: Vec<Finding>,
    /// What is no damage and yet worth knowing, such as a clock that was behind.
    pub notices: Vec<Finding>,
}

/// Something that is not as it was recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// A stable word for what kind of thing is wrong.
    pub code: String,
    /// What it was found at.
    pub subject: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// Examines the database, the log, every fact row, the words and every artifact. What is damaged
/// is reported; an error is what kept the examination from its work.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Whether every stored byte of every artifact is read too; true where absent.
    #[serde(default = "every_byte")]
    pub artifacts: bool,
}

impl Default for Check {
    fn default() -> Self {
        Self { artifacts: every_byte() }
    }
}

fn every_byte() -> bool {
    true
}

impl View {
    /// Examines the database, the log, every fact row, the words and every artifact, and reports
    /// what is not as it was recorded and what to do.
    ///
    /// ```
    /// # use halfback::{Options, Registry};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("models.hb");
    /// # let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
    /// assert!(registry.check()?.findings.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check(&self) -> Result<CheckReport> {
        self.check_with(Check::default(), &mut no_progress)
    }

    /// The same with or without the artifacts' content, and with progress: the bytes of the
    /// artifacts, none of which are done while the database is examined.
    pub fn check_with(&self, check: Check, progress: Progress<'_>) -> Result<CheckReport> {
        match self.hold_on_registry(Privilege::ReadAudit) {
            Err(error) if error.kind() == Kind::Denied => {
                return Err(self.denied(error, progress)?);
            }
            // What says who may ask may be what is damaged.
            _ => {}
        }
        let shared = self.shared()?;
        // Nothing is purged from what is read first until it has been read.
        let _hold = shared.store.hold()?;
        let mut findings = Findings::default();
        let database =
            self.snapshot(|snapshot| snapshot.check_database(check, &mut findings, progress))?;
        // Not in a snapshot: it would keep every state since then, and a fork of this process, waiting
        // for as long as the files take.
        let failed = failed(&shared.store, &database.named, progress)?;
        if !failed.is_empty() {
            self.snapshot(|snapshot| {
                failed.iter().try_for_each(|(named, error)| {
                    let versions = snapshot.versions_of(named);
                    let versions = findings.part("database", versions)?.unwrap_or_default();
                    findings.push(artifact_finding(named, error, &versions));
                    Ok(())
                })
            })?;
        }
        let Database { named, rows, commits } = database;
        let told = |found: Vec<_>| found.into_iter().map(Finding::from).collect();
        let notices = told(findings.take_notices());
        let findings = told(findings.into_vec());
        Ok(CheckReport { commits, rows, artifacts: named.len() as u64, findings, notices })
    }

    /// A denial, which says of a database that is not as it was recorded that this may be why: what
    /// was granted is read from it.
    fn denied(&self, denial: Error, progress: Progress<'_>) -> Result<Error> {
        let mut findings = Findings::default();
        let check = Check { artifacts: false };
        self.snapshot(|snapshot| snapshot.check_database(check, &mut findings, progress))?;
        if findings.into_vec().is_empty() {
            return Ok(denial);
        }
        Ok(Detail::PermissionDenied(format!(
            "{denial}; and the database is not as it was recorded, so that what was granted may be damaged: have its owner run `check`"
        ))
        .into())
    }
}

/// What was found out about the database, beside the findings.
struct Database {
    /// The artifacts that are to be read.
    named: Vec<Named>,
    rows: u64,
    commits: i64,
}

impl Snapshot<'_> {
    fn check_database(
        &mut self,
        check: Check,
        findings: &mut Findings,
        progress: Progress<'_>,
    ) -> Result<Database> {
        let named = if check.artifacts { artifact::named(self.sql) } else { Ok(Vec::new()) };
        let named = findings.part("database", named)?.unwrap_or_default();
        let total = named.iter().fold(0_u64, |sum, named| sum.saturating_add(named.size));
        let pace: store::Pace<'_> = &mut || {
            let stopped = progress(Transfer { done: 0, total }).is_break();
            if stopped || interrupt::requested() { Err(Detail::Cancelled.into()) } else { Ok(()) }
        };
        let rows = store::check(self.sql, findings, pace)?;
        let words = self.check_words(findings, pace);
        findings.part("database", words)?;
        let head = Head::read(self.sql);
        let commits = findings.part("log", head)?.map_or(0, |head| head.number.0);
        Ok(Database { named, rows, commits })
    }

    /// The living versions of an artifact, as the end of a sentence.
    fn versions_of(&mut self, Named { catalog, digest, .. }: &Named) -> Result<String> {
        const SHOWN: usize = 3;
        let mut names = self.sql.all(
            "SELECT w.catalog, w.schema, w.model, w.number FROM v_version w \
             JOIN version v ON v.id = w.id AND v.until = ?3 \
             JOIN securable m ON m.id = v.model AND m.until = ?3 \
             JOIN securable s ON s.id = m.parent AND s.until = ?3 \
             WHERE w.digest = ?1 AND w.location IS NULL AND s.parent = ?2 LIMIT 4",
            &[digest.hash().into(), (*catalog).into(), CommitNumber::FOREVER.into()],
            |row| {
                let name = [row.text(0)?, row.text(1)?, row.text(2)?].join(".");
                Ok(format!("`{name}/{}`", row.int(3)?))
            },
        )?;
        let more = if names.len() > SHOWN { " and others" } else { "" };
        names.truncate(SHOWN);
        let names = names.join(", ");
        Ok(if names.is_empty() { names } else { format!("; it is the artifact of {names}{more}") })
    }
}

/// Reads every byte of the artifacts; gives those that are not as they were recorded.
fn failed<'a>(
    store: &ArtifactStore,
    named: &'a [Named],
    progress: Progress<'_>,
) -> Result<Vec<(&'a Named, Error)>> {
    let mut failed = Vec::new();
    let mut told = |transfer| match progress(transfer) {
        ControlFlow::Continue(()) if interrupt::requested() => ControlFlow::Break(()),
        flow => flow,
    };
    store.verify_all(named, &mut told, &mut |at, error| {
        failed.extend(named.get(at).map(|named| (named, error)));
    })?;
    Ok(failed)
}

fn artifact_finding(named: &Named, error: &Error, versions: &str) -> store::Finding {
    store::Finding {
        code: error.code(),
        subject: named.digest.to_string(),
        message: format!("{error}{versions}"),
        remedy: match error.kind() {
            Kind::Integrity => "restore the file from a backup, or register the same content again",
            _ => "see to it that the file can be read, then check again",
        },
    }
}

impl From<store::Finding> for Finding {
    fn from(finding: store::Finding) -> Self {
        let store::Finding { code, subject, message, remedy } = finding;
        Self { code: code.into(), subject, message, remedy: remedy.into() }
    }
}
