//! `backup`, `restore`, `copy`, `bundle` and `submit`: registries and versions on their way to
//! another place.

use std::path::PathBuf;

use clap::Args;
use halfback::{
    Bundle as File, CopyOptions, CreateModel, ModelVersion, Options, Registry, RestoreOptions,
};
use serde_json::json;

use crate::failure::Outcome;
use crate::people;
use crate::session::{Past, Session};

fn count(number: u64, noun: &str) -> String {
    people::count(usize::try_from(number).unwrap_or(usize::MAX), noun)
}

/// Copy the whole registry to another folder, while others write
///
/// The folder is new, empty, or an earlier backup of this registry: then only content that is new is
/// copied, and what was purged goes. A backup that is interrupted leaves the one before as it was; run it again. It can be
/// read like a registry, and `restore` makes one of it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback backup saved
  halfback backup saved --verify --json")]
pub(crate) struct Backup {
    /// The folder of the backup
    to: PathBuf,
    /// Read what the backup has already, and copy again what was altered
    #[arg(long)]
    verify: bool,
}

impl Backup {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let registry = session.reader()?;
        let done = session
            .transfer("backing up", |progress| registry.backup(&self.to, self.verify, progress))?;
        session.output.record(&done, |output| {
            output.line(&format!(
                "backed up commit {} to {}: copied {} ({}), kept {} ({})",
                done.commit,
                self.to.display(),
                count(done.files_copied, "file"),
                people::size(done.bytes_copied),
                count(done.files_kept, "file"),
                people::size(done.bytes_kept),
            ))?;
            if done.cleaned {
                return Ok(());
            }
            output.line("what the backup before had is still there, as somebody reads it: back up once more")
        })
    }
}

/// Make a registry of a backup
///
/// Everything is examined first: the database, the log, every row, and every file against its digest.
/// The registry appears complete in the new folder or not at all. It has the identity of the one
/// that was backed up: where that one still exists, only one of the two may go on.
///
/// What was erased after the backup is in it still, unless `--erasures` says what that was: then it is
/// erased again before the registry has its name.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback backup saved && halfback restore saved again.hb
  halfback backup saved && halfback restore saved again.hb --erasures models.hb
  halfback backup saved && halfback restore saved again.hb --json")]
pub(crate) struct Restore {
    /// The folder of the backup
    backup: PathBuf,
    /// The folder of the registry to make; it must be new or empty
    to: PathBuf,
    /// What was erased since: the folder of the registry or of a later backup, or a file that
    /// `halfback erasures --jsonl` wrote
    #[arg(long, value_name = "PATH")]
    erasures: Option<PathBuf>,
}

impl Restore {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let options = RestoreOptions { erasures: self.erasures };
        let done = session.transfer("restoring", |progress| {
            halfback::restore_with(&self.backup, &self.to, &options, progress)
        })?;
        session.output.record(&done, |output| {
            output.line(&format!(
                "restored commit {} to {}: {} ({}), all as it was recorded",
                done.commit,
                self.to.display(),
                count(done.files, "file"),
                people::size(done.bytes),
            ))?;
            let Some(erased) = &done.erased else {
                return output.line(
                    "no erasures were given: what was erased after the backup is here again (see --erasures)",
                );
            };
            super::erase::say(output, erased)
        })
    }
}

/// What becomes of a version that is brought in.
#[derive(Debug, Args)]
struct Arrival {
    /// The model that gets it; the one of the same name where absent
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Make the model, with its catalog and schema, where it is missing; it stays also where the
    /// rest then fails
    #[arg(long)]
    create: bool,
    /// Keep tags and parameters that look like keys, tokens or passwords
    #[arg(long)]
    allow_secrets: bool,
}

impl Arrival {
    /// The options of the copy, once there is a model for it.
    fn prepare(self, version: &ModelVersion, registry: &Registry) -> Outcome<CopyOptions> {
        if self.create {
            registry.create_model(CreateModel {
                name: self.model.clone().unwrap_or_else(|| version.model.clone()),
                parents: true,
                exist_ok: true,
                ..CreateModel::default()
            })?;
        }
        Ok(CopyOptions { model: self.model, allow_secrets: self.allow_secrets })
    }
}

/// Runs `bring`, which brings a version in; gives it with whether it was there before.
fn arriving(
    registry: &Registry,
    bring: impl FnOnce() -> Outcome<ModelVersion>,
) -> Outcome<(ModelVersion, bool)> {
    let before = registry.as_of(registry.info()?.commit)?;
    let version = bring()?;
    let known = before.find_version(&version.pin)?.is_some();
    Ok((version, known))
}

/// Copy a version to another registry, or to another model of this one
///
/// The copy has the same files, and with them signature, parameters, metrics, tags, comment and
/// example; its origin names the original. Copying again gives the version that is there already.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback init -r prod.hb && halfback copy risk.credit.default@champion prod.hb --create
  halfback copy risk.credit.default/1 models.hb --model prod.credit.default --create")]
pub(crate) struct Copy {
    /// A version such as `fraud/3`, `fraud@champion` or `fraud/latest`
    version: String,
    /// The folder of the registry that gets it
    to: PathBuf,
    #[command(flatten)]
    arrival: Arrival,
    #[command(flatten)]
    past: Past,
}

impl Copy {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let view = session.view(&self.past)?;
        let version = view.resolve(self.version)?;
        let target = Registry::open_with(&self.to, Options::default())?;
        let options = self.arrival.prepare(&version, &target)?;
        let (copy, known) = arriving(&target, || {
            session.transfer("copying", |progress| {
                view.copy_version(version.as_ref(), &target, options, progress)
            })
        })?;
        session.output.record(&copy, |output| {
            output.line(&if known {
                format!("{} was there already, as {}", version.uri, copy.uri)
            } else {
                format!("copied {} to {}", version.uri, copy.uri)
            })
        })
    }
}

/// Write a version into one file, with its history and the proof of it
///
/// The file is a zip archive that Halfback reads, verifies and loads without a registry: on a laptop,
/// in a container, across an air gap. `verify` examines it, `submit` brings it into another registry.
/// The same version at the same moment gives the same bytes. The history names who did what.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback bundle risk.credit.default@champion credit.hbz
  halfback bundle risk.credit.default/1 credit-1.hbz --overwrite --json
  halfback bundle risk.credit.default/1 past.hbz --as-of 5")]
pub(crate) struct Bundle {
    /// A version such as `fraud/3`, `fraud@champion` or `fraud/latest`
    version: String,
    /// The file to write, usually ending in `.hbz`
    to: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    past: Past,
}

impl Bundle {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let view = session.view(&self.past)?;
        let version = view.resolve(self.version)?;
        let path = session.transfer("bundling", |progress| {
            view.bundle(version.as_ref(), &self.to, self.overwrite, progress)
        })?;
        let record = json!({ "uri": version.uri, "path": path.to_string_lossy() });
        session.output.record(&record, |output| {
            output.line(&format!("bundled {} in {}", version.uri, self.to.display()))
        })
    }
}

/// Bring the version in a bundle into the registry
///
/// The whole bundle is verified first. Submitting it again gives the version that is there already.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback bundle risk.credit.default/1 c.hbz && halfback submit c.hbz --model prod.a.b --create
  halfback bundle risk.credit.default/2 c.hbz && halfback submit c.hbz --json")]
pub(crate) struct Submit {
    /// The bundle
    bundle: PathBuf,
    #[command(flatten)]
    arrival: Arrival,
}

impl Submit {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let registry = session.registry()?;
        let bundle = File::open(&self.bundle)?;
        let options = self.arrival.prepare(bundle.version(), &registry)?;
        let (version, known) = arriving(&registry, || {
            session.transfer("submitting", |progress| registry.submit(&bundle, options, progress))
        })?;
        session.output.record(&version, |output| {
            let (uri, file) = (&version.uri, self.bundle.display());
            output.line(&if known {
                format!("{uri} was there already, as {file} has it")
            } else {
                format!("submitted {uri} from {file}")
            })
        })
    }
}
