//! `sweep`, `purge` and `compact`: giving disk space back.

use std::time::Duration;

use clap::Args;
use halfback::SweepOptions;

use crate::failure::Outcome;
use crate::people;
use crate::session::Session;

/// Remove files that no version needs
///
/// Removes content that was stored and never registered, content that was purged, and what killed
/// transfers left; each only where it was stored longer ago than the grace period. Others go on
/// working meanwhile.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback sweep --dry-run
  halfback sweep
  halfback sweep --grace 7d --json")]
pub(crate) struct Sweep {
    /// What was stored more lately than this stays: somebody may be about to register it. A number
    /// with `s`, `m`, `h`, `d` or `w`
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "24h")]
    grace: Duration,
    /// Only tell what would be removed
    #[arg(long)]
    dry_run: bool,
}

/// Let go of the content of versions that were deleted long ago
///
/// Their files are gone for good then; their numbers, parameters and history stay, and reads of the
/// past say when the content was purged. Content that another version has stays.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback purge --older-than 365d --dry-run
  halfback purge --older-than 365d
  halfback purge --older-than 52w --json")]
pub(crate) struct Purge {
    /// How long ago a version was deleted at least: a number with `s`, `m`, `h`, `d` or `w`
    #[arg(long, value_name = "TIME", value_parser = duration)]
    older_than: Duration,
    /// Only tell what would be purged
    #[arg(long)]
    dry_run: bool,
}

/// Give the free space of the database back to the disk
///
/// Writers wait meanwhile, readers read on. On the way it takes up to twice the size of the database,
/// half of it in the system's temporary folder (`TMPDIR`).
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback compact
  halfback compact --json")]
pub(crate) struct Compact {}

impl Sweep {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let options = SweepOptions { grace: self.grace, dry_run: self.dry_run };
        let registry = if self.dry_run { session.reader() } else { session.registry() }?;
        let swept = registry.sweep(options)?;
        session.output.record(&swept, |output| {
            let done = if swept.dry_run { "would remove" } else { "removed" };
            output.line(&format!("{done} {}", files(swept.files, swept.bytes)))?;
            if swept.kept_young > 0 {
                let kept = files(swept.kept_young, swept.kept_young_bytes);
                output.line(&format!("kept {kept} that nobody names yet"))?;
            }
            Ok(())
        })
    }
}

impl Purge {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let registry = if self.dry_run { session.reader() } else { session.registry() }?;
        let purged = registry.purge(self.older_than, self.dry_run)?;
        session.output.record(&purged, |output| {
            let versions = count(purged.versions, "version");
            let content = people::size(purged.size);
            if self.dry_run {
                return output.line(&format!("would purge {versions} with {content} of content"));
            }
            let files = files(purged.files, purged.bytes);
            output.line(&format!("purged {versions} with {content} of content; removed {files}"))
        })
    }
}

impl Compact {
    pub(crate) fn run(session: &mut Session<'_, '_>) -> Outcome {
        let compacted = session.registry()?.compact()?;
        session.output.record(&compacted, |output| {
            let (before, after) = (compacted.bytes_before, compacted.bytes_after);
            if compacted.held {
                return output.line("compacted; somebody still reads what was there before, and the disk has the space back with a commit after they end");
            }
            output.line(&format!("{} before, {} now", people::size(before), people::size(after)))
        })
    }
}

fn count(number: u64, noun: &str) -> String {
    people::count(usize::try_from(number).unwrap_or(usize::MAX), noun)
}

/// `2 files (1.2 MB)`
fn files(number: u64, bytes: u64) -> String {
    format!("{} ({})", count(number, "file"), people::size(bytes))
}

/// A duration such as `90d`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let units = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("w", 604_800)];
    let parsed = units.iter().find_map(|(unit, seconds)| {
        let number = text.strip_suffix(unit)?;
        let number: u64 =
            number.bytes().all(|b| b.is_ascii_digit()).then(|| number.parse().ok())??;
        number.checked_mul(*seconds).map(Duration::from_secs)
    });
    parsed.ok_or_else(|| "expected a number with `s`, `m`, `h`, `d` or `w`, like `90d`".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_whole_number_of_a_unit() {
        let check = |text, seconds: Option<u64>| {
            assert_eq!(duration(text).ok().map(|duration| duration.as_secs()), seconds, "{text}");
        };
        check("0s", Some(0));
        check("90m", Some(5400));
        check("24h", Some(86_400));
        check("365d", Some(31_536_000));
        check("2w", Some(1_209_600));
        for wrong in ["", "d", "90", "-1d", "+1d", "1.5h", "1 d", "9999999999999999999w", "1y"] {
            check(wrong, None);
        }
    }
}
