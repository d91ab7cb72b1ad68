//! What a command works with: the registry, the moment it reads, and where its words go.

use std::path::{Display, PathBuf};

use chrono::{DateTime, NaiveDate, NaiveTime};
use clap::Args;
use halfback::{Moment, Options, Progress, Registry, View};

use crate::failure::{Failure, Outcome};
use crate::output::Output;
use crate::stream::Stream;
use crate::transfer::transferring;

/// The options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// The registry's folder
    #[arg(
        long,
        short,
        global = true,
        value_name = "PATH",
        env = "HALFBACK_REGISTRY",
        hide_env_values = true,
        default_value = "models.hb"
    )]
    pub(crate) registry: PathBuf,
    /// Write one JSON document; times in it are RFC 3339, sizes in bytes
    #[arg(long, global = true, conflicts_with = "jsonl")]
    json: bool,
    /// Write JSON, one record in each line, as the records are found
    #[arg(long, global = true)]
    jsonl: bool,
}

/// The moment that a command reads.
#[derive(Debug, Args)]
pub(crate) struct Past {
    /// Read as of a past moment: a commit's number, a time like `2026-11-23T10:00:00Z`, or a date,
    /// which means its first instant in UTC
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    as_of: Option<Moment>,
}

impl Past {
    /// Refuses a moment where `what` is told as of one moment only.
    pub(crate) fn refuse(&self, what: &str) -> Outcome<()> {
        if self.as_of.is_none() {
            return Ok(());
        }
        let message = format!("`--as-of` does not apply to {what}; leave it out");
        Err(Failure::usage(message))
    }
}

/// How much of a list is wanted.
#[derive(Debug, Args)]
pub(crate) struct Limit {
    /// At most so many; all where absent
    #[arg(long, short = 'n', value_name = "NUMBER", value_parser = limit)]
    limit: Option<u32>,
}

impl Limit {
    pub(crate) fn get(&self) -> Option<usize> {
        self.limit.and_then(|limit| usize::try_from(limit).ok())
    }
}

fn limit(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|&number| number > 0);
    number.ok_or_else(|| format!("expected a whole number from 1 to {}", u32::MAX))
}

fn moment(text: &str) -> Result<Moment, String> {
    if let Ok(commit) = text.parse::<i64>() {
        return Ok(Moment::Commit(commit));
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(Moment::Time(time.to_utc()));
    }
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Ok(Moment::Time(date.and_time(NaiveTime::MIN).and_utc()));
    }
    Err("expected a commit's number, a time with its offset like `2026-11-23T10:00:00Z`, or a date like `2026-11-23`".into())
}

/// One run of the command line.
pub(crate) struct Session<'a, 'o> {
    global: Global,
    pub(crate) output: &'a mut Output<'o>,
    stderr: &'a mut dyn Stream,
}

impl<'a, 'o> Session<'a, 'o> {
    pub(crate) fn new(
        global: Global,
        output: &'a mut Output<'o>,
        stderr: &'a mut dyn Stream,
    ) -> Self {
        Self { global, output, stderr }
    }

    /// The registry's folder, as it was said.
    pub(crate) fn place(&self) -> Display<'_> {
        self.global.registry.display()
    }

    /// The registry, for a command that writes.
    pub(crate) fn registry(&self) -> Outcome<Registry> {
        self.open(Options::default())
    }

    /// The registry, and made where there is none.
    pub(crate) fn create(&self) -> Outcome<Registry> {
        self.open(Options { create: true, ..Options::default() })
    }

    /// The registry, for a command that only reads.
    pub(crate) fn reader(&self) -> Outcome<Registry> {
        self.open(Options { read_only: true, ..Options::default() })
    }

    /// The registry at the moment that was asked for.
    pub(crate) fn view(&self, past: &Past) -> Outcome<View> {
        let registry = self.reader()?;
        Ok(match past.as_of {
            Some(moment) => registry.as_of(moment)?,
            None => View::clone(&registry),
        })
    }

    /// The registry at one moment, so that all pages of a list show the same state.
    pub(crate) fn still(&self, past: &Past) -> Outcome<View> {
        Ok(self.view(past)?.still()?)
    }

    fn open(&self, options: Options) -> Outcome<Registry> {
        let path = &self.global.registry;
        Registry::open_with(path, options).map_err(|error| match (error.code(), error.into()) {
            (code @ "registry_not_found", Failure::Said { exit, kind, .. }) => {
                let path = path.display();
                let message = format!(
                    "there is no registry in `{path}`; make one with `halfback init`, or say with `--registry` where it is"
                );
                Failure::Said { exit, kind, code: code.into(), message }
            }
            (_, failure) => failure,
        })
    }

    /// Runs a transfer with progress for people; see [`transferring`].
    pub(crate) fn transfer<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(Progress<'_>) -> halfback::Result<T>,
    ) -> Outcome<T> {
        transferring(doing, self.stderr, work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = match moment(text) {
            Ok(Moment::Commit(number)) => format!("commit {number}"),
            Ok(Moment::Time(time)) => time.to_rfc3339(),
            Err(message) => message.split(' ').next().unwrap_or_default().to_owned(),
        };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn a_moment_is_a_commit_a_time_or_a_date() {
        check("12", "commit 12");
        check("2026-11-23T11:00:00+01:00", "2026-11-23T10:00:00+00:00");
        check("2026-11-23", "2026-11-23T00:00:00+00:00");
        for text in ["", "yesterday", "2026-13-01", "2026-11-23T10:00:00", "99999999999999999999"] {
            check(text, "expected");
        }
    }
}
