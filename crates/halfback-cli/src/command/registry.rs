//! `init`, `info` and `check`: the registry as a whole.

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
                .fact("you are", format!("{} ({})", whoami.name, whoami.proof))
                .fact("halfback", info.library_version.clone());
            output.card(&card)
        })
    }
}

/// Hold the whole registry against its log
///
/// Recomputes the log's tree, the digest of every row that a commit changed, and the digest of every
/// stored file, and tells what is not as it was recorded. The exit code is 1 where something is
/// wrong. It reads every stored byte.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback check
  halfback check --json")]
pub(crate) struct Check {}

const FINDING: [Column<Finding>; 3] = [
    Column::whole("FINDING", |finding| finding.code.clone()),
    Column::text("SUBJECT", |finding| finding.subject.clone()),
    Column::text("MESSAGE", |finding| finding.message.clone()),
];

impl Check {
    pub(crate) fn run(session: &mut Session<'_, '_>) -> Outcome {
        let report = session.reader()?.check()?;
        if !report.findings.is_empty() {
            session.output.code = FINDINGS;
        }
        session.output.record(&report, |output| {
            let CheckReport { commits, rows, artifacts, findings } = &report;
            let examined = format!(
                "examined {}, {} and {}",
                people::count(usize::try_from(*commits).unwrap_or_default(), "commit"),
                people::count(usize::try_from(*rows).unwrap_or_default(), "row"),
                people::count(usize::try_from(*artifacts).unwrap_or_default(), "artifact"),
            );
            if findings.is_empty() {
                return output.line(&format!("{examined}: all is as it was recorded"));
            }
            output.table(&FINDING, findings)?;
            output.line(&format!("{examined}: {}", people::count(findings.len(), "finding")))
        })
    }
}
