//! MLflow's model registry into Halfback, and a registry out again: as folders that MLflow opens,
//! or as plain files that need neither.
//!
//! An import is planned first ([`Options::dry_run`] stops there), then every model and every version
//! is a commit of its own. What is here already is known by its [`Origin`](halfback::Origin) and left
//! as it is, so an import can be repeated, and one that was interrupted goes on where it stopped.
//!
//! ```no_run
//! use halfback::{Registry, no_progress};
//! use halfback_mlflow::{Database, Options, import};
//!
//! let registry = Registry::open("models.hb")?;
//! let mut source = Database::open("mlflow.db")?;
//! let plan = import(&registry, &mut source, &Options::dry_run(), &mut no_progress)?;
//! println!("{plan}");
//! # Ok::<(), halfback::Error>(())
//! ```

mod export;
mod import;
mod name;
mod param;
mod plan;
mod report;
mod source;
mod visible;
mod yaml;

pub use export::{ExportOptions, ExportReport, Layout, export};
pub use import::import;
pub use plan::Options;
pub use report::{Counts, Finding, ModelRow, Report, VersionRow};
pub use source::database::Database;
pub use source::document::{Document, Fetch};
pub use source::folder::Folder;
pub use source::place::Artifacts;
pub use source::{Source, SourceModel, SourceRun, SourceVersion};

/// The error of the operating system, with what was being done to which file.
fn failed(doing: &str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> halfback::Error {
    move |error| {
        let path = path.display();
        let message = format!("cannot {doing} `{path}`: {error}");
        match error.kind() {
            std::io::ErrorKind::NotFound => halfback::Detail::NotFound(message).into(),
            std::io::ErrorKind::PermissionDenied => {
                halfback::Detail::PermissionDenied(message).into()
            }
            _ => halfback::Detail::Io { message, source: error }.into(),
        }
    }
}
