//! `init`, `info` and `check`: the registry as a whole.

use std::collections::BTreeSet;

use clap::Args;
use halfback::{CheckReport, Finding, Kind};

use crate::failure::{FINDINGS, Failure, Outcome};
use crate::people;
use crate::session::Session;
use crate::table::{Card, Column};

/// Make a registry
///
/// Makes the folder and the registry in it. A registry that is there already stays as it is.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback init
  halfback init --registry other.hb")]
pub(crate) struct Init {}

impl Init {
    pub(crate) fn run(session: &mut Session<'_, '_>) -> Outcome {
        let there = match session.reader() {
            Ok(_) => true,
            Err(Failure::Said { kind, .. }) if kind == Kind::NotFound.name() => false,
            Err(failure) => return Err(failure),
        };
        let info = session.create()?.info()?;
        let path = session.place().to_string();
        session.output.record(&info, |output| {
            let done = if there { "there is a registry already in" } else { "made a registry in" };
            output.line(&format!("{done} `{path}`"))
        })
    }
}

/// Tell what identifies the registry, and how far it has come
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback info
  halfback info --json")]
pub(crate) struct Info {}

impl Info {
    pub(crate) fn run(session: &mut Session<'_, '_>) -> Outcome {
        let registry = session.reader()?;
        let info = registry.info()?;
        let whoami = registry.whoami()?;
        session.output.record(&info, |output| {
            let card = Card::new(&registry.path().display().to_string())
                .fact("commit", info.commit.to_string())
                .fact("root", info.root.clone())
                .fact("identity", info.uuid.clone())
                .fact("format", info.format.to_string())
                .fact("created", format!("{} UTC", people::time(info.created_at)))
                .fact("you are", people::principal(&whoami))
                .fact("halfback", info.library_version.clone());
            output.card(&card)
        })
    }
}

/// Hold the whole registry against its log
///
/// Has the database examine itself, recomputes the log's tree, the digest of every row that a commit
/// changed, the words of every text and the digest of every stored file, and tells what is not as it
/// was recorded and what to do. The exit code is 1 where something is wrong.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback check
  halfback check --no-artifacts
  halfback check --json")]
pub(crate) struct Check {
    /// Leave out the content of the artifacts: nothing but the database is read
    #[arg(long)]
    no_artifacts: bool,
}

const FINDING: [Column<Finding>; 3] = [
    Column::whole("FINDING", |finding| finding.code.clone()),
    Column::text("SUBJECT", |finding| finding.subject.clone()),
    Column::text("MESSAGE", |finding| finding.message.clone()),
];

impl Check {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        // A database that is too damaged to be opened is what a check looks for.
        let registry = session.reader().map_err(Failure::found)?;
        let check = halfback::Check { artifacts: !self.no_artifacts };
        let report =
            session.transfer("checking", |progress| registry.check_with(check, progress))?;
        if !report.findings.is_empty() {
            session.output.code = FINDINGS;
        }
        session.output.record(&report, |output| {
            let CheckReport { commits, rows, artifacts, findings, notices } = &report;
            let mut examined = format!(
                "examined {} and {}",
                people::count(usize::try_from(*commits).unwrap_or_default(), "commit"),
                people::count(usize::try_from(*rows).unwrap_or_default(), "row"),
            );
            if !self.no_artifacts {
                let artifacts = usize::try_from(*artifacts).unwrap_or_default();
                examined = format!(
                    "{} and {}",
                    examined.replace(" and ", ", "),
                    people::count(artifacts, "artifact")
                );
            }
            for notice in notices {
                let Finding { subject, message, remedy, .. } = notice;
                output.line(&format!("note at {subject}: {message}; {remedy}"))?;
            }
            if findings.is_empty() {
                return output.line(&format!("{examined}: all is as it was recorded"));
            }
            output.table(&FINDING, findings)?;
            let remedies: BTreeSet<(&str, &str)> =
                findings.iter().map(|f| (f.code.as_str(), f.remedy.as_str())).collect();
            for (code, remedy) in remedies {
                output.line(&format!("{code}: {remedy}"))?;
            }
            output.line(&format!("{examined}: {}", people::count(findings.len(), "finding")))
        })
    }
}
