//! `download` and `verify`: the files of a version.

use std::path::PathBuf;

use clap::Args;

use crate::failure::{Failure, Outcome};
use crate::people;
use crate::session::{Past, Session};

/// Copy the files of a version, verified on the way
///
/// The files appear complete or not at all. A single file goes into the folder under its own name,
/// in place of one that is there; several files become the folder itself, which must be new, empty,
/// or hold the same. Prints where they are.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback download risk.credit.default@champion
  halfback download risk.credit.default/1 models/credit
  halfback download risk.credit.default@champion past --as-of 5")]
pub(crate) struct Download {
    /// A version such as `fraud/3`, `fraud@champion` or `fraud/latest`
    version: String,
    /// The folder to copy to
    #[arg(default_value = ".")]
    to: PathBuf,
    #[command(flatten)]
    past: Past,
}

impl Download {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let view = session.view(&self.past)?;
        let version = view.resolve(self.version)?;
        let path = session.transfer("downloading", |progress| {
            view.download(version.as_ref(), &self.to, progress)
        })?;
        let record = serde_json::json!({ "uri": version.uri, "path": path.to_string_lossy() });
        session.output.record(&record, |output| output.line(&path.to_string_lossy()))
    }
}

/// Read the stored files of a version and hold them against its digest
///
/// The exit code is 1 where a file is missing or altered.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback verify risk.credit.default@champion
  halfback verify risk.credit.default/1 --json")]
pub(crate) struct Verify {
    /// A version such as `fraud/3`, `fraud@champion` or `fraud/latest`
    version: String,
    #[command(flatten)]
    past: Past,
}

impl Verify {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let view = session.view(&self.past)?;
        let version = view.resolve(self.version)?;
        let artifact = session
            .transfer("verifying", |progress| view.verify(version.as_ref(), progress))
            .map_err(Failure::found)?;
        session.output.record(&artifact, |output| {
            output.line(&format!(
                "{} is intact: {}, {}, {}",
                version.uri,
                people::count(artifact.files.len(), "file"),
                people::size(artifact.size),
                artifact.digest
            ))
        })
    }
}
