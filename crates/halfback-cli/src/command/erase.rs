//! `erase`, `erasures` and `hold`: forgetting for good, and keeping from that.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use halfback::{
    Erasable, Erased, ErasureRecord, HoldRecord, ListErasures, ListHolds, ReleaseHold, SetHold,
};

use crate::failure::{FINDINGS, Failure, Outcome};
use crate::output::Output;
use crate::people;
use crate::session::{Limit, Past, Session};
use crate::table::Column;

/// Erase commands, names, texts or a version's content for good
///
/// The log keeps what went, when and why. Backups from before have it still.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback erase texts risk.credit.default --reason \"a telephone number\"
  halfback erase payload 2 --reason \"said a password\" --json")]
pub(crate) struct Erase {
    /// What is erased
    what: What,
    /// A commit's number or an entity for `payload`, an id such as `p7` for `names`, an entity for
    /// `texts` (or a token such as `t12`), a version for `content`, or a digest for the content of all
    /// versions that have it
    target: String,
    /// The catalog of the digest
    #[arg(long, default_value = "main")]
    catalog: String,
    /// Why; the log keeps it
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// The commands of a commit, or of all about an entity
    Payload,
    /// The names of a principal
    Names,
    /// The comments and the example of an entity
    Texts,
    /// The files of a version
    Content,
}

/// List what was erased, or erase it again in a registry that was restored
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback erasures
  halfback erasures --json")]
pub(crate) struct Erasures {
    /// Erase again what the lines of this file say, each an entry or one of the JSON lines of this list
    #[arg(long, value_name = "FILE")]
    repeat: Option<PathBuf>,
    #[command(flatten)]
    limit: Limit,
    #[command(flatten)]
    past: Past,
}

/// Keep something from being erased or purged, or no longer, or list what is held
#[derive(Debug, Subcommand)]
#[command(after_long_help = "\
Examples:
  halfback hold set risk.credit.default --reason \"suit 12\"
  halfback hold set catalogs:/risk --reason audit && halfback hold release catalogs:/risk")]
pub(crate) enum Hold {
    Set(Set),
    Release(Release),
    List(Holds),
}

/// Keep something, and all below it, from being erased or purged
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback hold set risk.credit.default --reason \"suit 12\"
  halfback hold set registry:/ --reason audit --json")]
pub(crate) struct Set {
    /// An entity, an id such as `p7`, or `registry:/`
    target: String,
    /// Why
    #[arg(long)]
    reason: String,
}

/// End a hold
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback hold set catalogs:/risk --reason audit && halfback hold release catalogs:/risk")]
pub(crate) struct Release {
    /// What is held
    target: String,
    /// The reason of the hold to end; needed where there are several
    #[arg(long)]
    reason: Option<String>,
}

/// List what is held, why and since when
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback hold list
  halfback hold list --json")]
pub(crate) struct Holds {
    #[command(flatten)]
    limit: Limit,
    #[command(flatten)]
    past: Past,
}

impl Erase {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let Self { what, target, catalog, reason } = self;
        let registry = session.registry()?;
        let what = match what {
            What::Payload => Erasable::Payload,
            What::Names => Erasable::Names,
            What::Texts => Erasable::Texts,
            What::Content if target.starts_with("sha256:") => {
                let erased = registry.purge_artifact(&catalog, &target, &reason)?;
                return tell(session, &erased);
            }
            What::Content => {
                let version: halfback::VersionRef = target.as_str().into();
                let erased = registry.purge_version(version, &reason)?;
                return tell(session, &erased);
            }
        };
        let erased = registry.erase(what, &target, &reason)?;
        tell(session, &erased)
    }
}

fn tell(session: &mut Session<'_, '_>, erased: &Erased) -> Outcome {
    if !erased.wiped {
        session.output.code = FINDINGS;
    }
    session.output.record(erased, |output| say(output, erased))
}

/// Says what was erased, and what was not.
pub(super) fn say(output: &mut Output<'_>, erased: &Erased) -> Outcome {
    let count = |number: u64, noun: &str| {
        people::count(usize::try_from(number).unwrap_or(usize::MAX), noun)
    };
    output.line(&format!(
        "erased the commands of {}, {}, the names of {} and {}",
        count(erased.payloads, "commit"),
        count(erased.texts, "text"),
        count(erased.names, "principal"),
        count(erased.contents, "content"),
    ))?;
    for refused in &erased.refused {
        output.line(&format!("not erased: {}: {}", refused.entry, refused.message))?;
    }
    if erased.wiped {
        return Ok(());
    }
    output.line("it is erased, and bytes of it are in the files still: somebody reads a state from before, content was put again, or the files could not be written anew (`halfback compact` says why); run it again later")
}

const HOLD: [Column<HoldRecord>; 4] = [
    Column::name("TARGET", |hold| hold.target.clone()),
    Column::whole("SINCE (UTC)", |hold| people::time(hold.since)),
    Column::whole("BY", |hold| hold.actor.clone()),
    Column::text("REASON", |hold| hold.reason.clone()),
];

const ERASURE: [Column<ErasureRecord>; 6] = [
    Column::right("COMMIT", |erasure| erasure.commit.to_string()),
    Column::whole("TIME (UTC)", |erasure| people::time(erasure.time)),
    Column::whole("BY", |erasure| erasure.actor.clone()),
    Column::whole("KIND", |erasure| erasure.kind.clone()),
    Column::right("TARGET", |erasure| erasure.target.to_string()),
    Column::text("REASON", |erasure| erasure.reason.clone()),
];

impl Erasures {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        if let Some(path) = &self.repeat {
            let lines = std::fs::read_to_string(path).map_err(|error| {
                Failure::usage(format!("`{}` cannot be read: {error}", path.display()))
            })?;
            let entries = lines.lines().filter(|line| !line.trim().is_empty()).map(entry).collect();
            let erased = session.registry()?.repeat_erasures(entries)?;
            return tell(session, &erased);
        }
        let view = session.still(&self.past)?;
        session.output.list(&ERASURE, self.limit.get(), "nothing was erased", |size, cursor| {
            view.list_erasures(ListErasures { page_size: Some(size), cursor })
        })
    }
}

/// The entry of a line, which may be a whole record of the list.
fn entry(line: &str) -> String {
    let record: Option<ErasureRecord> = serde_json::from_str(line).ok();
    record.map_or_else(|| line.to_owned(), |record| record.entry)
}

impl Hold {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        match self {
            Self::Set(Set { target, reason }) => {
                let hold = SetHold { target, reason };
                session.registry()?.execute(hold.clone())?;
                session
                    .output
                    .record(&hold, |output| output.line(&format!("{} is held", hold.target)))
            }
            Self::Release(Release { target, reason }) => {
                let release = ReleaseHold { target, reason };
                session.registry()?.execute(release.clone())?;
                let said = match &release.reason {
                    Some(reason) => {
                        format!("{} is not held for \"{reason}\" any more", release.target)
                    }
                    None => format!("{} is not held any more", release.target),
                };
                session.output.record(&release, |output| output.line(&said))
            }
            Self::List(Holds { limit, past }) => {
                let view = session.still(&past)?;
                session.output.list(&HOLD, limit.get(), "nothing is held", |size, cursor| {
                    view.list_holds(ListHolds { page_size: Some(size), cursor })
                })
            }
        }
    }
}
