//! `download` and `verify`: the files of a version.

use std::path::{Path, PathBuf};

use clap::Args;
use halfback::{Bundle, VersionUri};

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

/// Read the stored files of a version, or a whole bundle, and hold them against their digest
///
/// Of a bundle, the history is held against the log's root too, which is told. The exit code is 1
/// where a file is missing or altered.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback verify risk.credit.default@champion
  halfback verify risk.credit.default/1 --json
  halfback bundle risk.credit.default/1 c.hbz && halfback verify c.hbz")]
pub(crate) struct Verify {
    /// A version such as `fraud/3`, `fraud@champion` or `fraud/latest`, or a bundle, which is a file and
    /// usually ends in `.hbz`
    version: String,
    #[command(flatten)]
    past: Past,
}

impl Verify {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let path = Path::new(&self.version);
        let named = path.extension().is_some_and(|it| it == "hbz");
        // A file of another name, which cannot be meant as a version.
        if named || self.version.parse::<VersionUri>().is_err() && path.is_file() {
            return self.bundle(session);
        }
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

    /// Examines a bundle, for which no registry is opened.
    fn bundle(self, session: &mut Session<'_, '_>) -> Outcome {
        self.past.refuse("a bundle, which tells of the moment that it was made at")?;
        let bundle = Bundle::open(&self.version).map_err(Failure::from).map_err(Failure::found)?;
        let found = session
            .transfer("verifying", |progress| bundle.verify(progress))
            .map_err(Failure::found)?;
        session.output.record(&found, |output| {
            output.line(&format!(
                "{} is intact: {}, {}, {}",
                bundle.version().uri,
                people::count(usize::try_from(found.files).unwrap_or(usize::MAX), "file"),
                people::size(found.size),
                found.digest
            ))?;
            output.line(&format!(
                "its history is in the log of registry {} with {} commits and the root {}",
                found.registry, found.tree_size, found.root
            ))
        })
    }
}
