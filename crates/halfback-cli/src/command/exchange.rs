//! `import` and `export`: models from MLflow, and everything out again.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::{Args, Subcommand, ValueEnum};
use halfback::Kind as ErrorKind;
use halfback_mlflow::{
    Artifacts, Database, ExportOptions, Folder, Layout, Options, Report, Source,
};
use serde::Deserialize;
use serde_json::json;

use crate::failure::{FINDINGS, Failure, Outcome};
use crate::people;
use crate::session::{Past, Session};

/// The Python through which a tracking server is read.
const PYTHON: &str = "HALFBACK_PYTHON";

/// Bring models in from another registry
#[derive(Debug, Subcommand)]
#[command(after_long_help = "\
Examples:
  halfback import mlflow mlruns --dry-run
  halfback import mlflow mlruns")]
pub(crate) enum Import {
    Mlflow(Box<Mlflow>),
}

/// Bring registered models in from MLflow, with versions, files, aliases, tags, stages and metrics
///
/// What is here already is left as it is: an import can be repeated, and goes on where it was
/// interrupted. What cannot come over is listed at the end, with what can be done about it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback import mlflow mlruns --dry-run
  halfback import mlflow mlruns --into risk.mlflow --like 'risk%' --json

Where a version could not be brought, of a dry run could not be, the exit code is 1.

A tracking server, or Unity Catalog, is read through the Python named by HALFBACK_PYTHON, `python3`
where absent, in which halfback and mlflow are installed:
  halfback import mlflow http://localhost:5000
  halfback import mlflow databricks-uc")]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of one command")]
pub(crate) struct Mlflow {
    /// A tracking database, `sqlite:///mlflow.db`, a folder `mlruns`, or a tracking URI
    source: String,
    /// Only tell what would be brought
    #[arg(long)]
    dry_run: bool,
    /// The schema that the models come into; `main.default` where absent
    #[arg(long, value_name = "SCHEMA")]
    into: Option<String>,
    /// Only this model; may be given again
    #[arg(long = "model", value_name = "NAME")]
    names: Vec<String>,
    /// Only models whose name is like this: `%` is any text, `_` any character
    #[arg(long, value_name = "PATTERN")]
    like: Option<String>,
    /// The workspace to import; the default one where absent
    #[arg(long)]
    workspace: Option<String>,
    /// The folder that `mlflow-artifacts:/` stands for
    #[arg(long, value_name = "FOLDER")]
    artifacts: Option<PathBuf>,
    /// Only read files in this folder, `/` for anywhere; may be given again. Where absent, the folder
    /// of the database or `mlruns` itself, and that of `--artifacts`
    #[arg(long, value_name = "FOLDER")]
    within: Vec<PathBuf>,
    /// Go on with a model's later versions after one that failed
    #[arg(long)]
    allow_gaps: bool,
    /// Bring tags and parameters that look like a key, token or password too
    #[arg(long)]
    allow_secrets: bool,
    /// Change nothing where the plan has a finding, and stop at the first one
    #[arg(long)]
    strict: bool,
}

/// Copy everything out: as plain files with tables, or as a store that MLflow opens
///
/// The files of every version are verified on the way. The folder appears complete or not at all,
/// and needs no Halfback to be read.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback export everything
  halfback export for-mlflow --layout mlflow --model risk.credit.default
  halfback export past --as-of 5")]
pub(crate) struct Export {
    /// The folder to make; it must be new or empty
    to: PathBuf,
    /// How it is laid out
    #[arg(long, value_enum, default_value_t = Kind::Files)]
    layout: Kind,
    /// Only this model; may be given again
    #[arg(long = "model", value_name = "NAME")]
    models: Vec<String>,
    #[command(flatten)]
    past: Past,
}

/// How an export is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Files by model and version, with tables as JSON lines and Parquet
    Files,
    /// A file store that MLflow opens
    Mlflow,
}

impl Import {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let Self::Mlflow(command) = self;
        let report = match command.local() {
            Some(place) => command.read(&place, session)?,
            None => command.ask_python(session)?,
        };
        if report.totals.failed > 0 {
            session.output.code = FINDINGS;
        }
        let text = report.to_string();
        session.output.record(&report, |output| output.lines(&text))
    }
}

impl Mlflow {
    /// The file or folder on this machine; none for a tracking URI.
    fn local(&self) -> Option<PathBuf> {
        let source = &self.source;
        if let Some(path) = source.strip_prefix("sqlite:///") {
            return Some(path.split('?').next().unwrap_or(path).into());
        }
        if let Some(path) = source.strip_prefix("file://") {
            return Some(path.into());
        }
        let scheme = source.split_once(':').is_some_and(|(scheme, _)| {
            !scheme.is_empty()
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        });
        let named = matches!(source.as_str(), "databricks" | "databricks-uc" | "uc");
        (Path::new(source).exists() || !(scheme || named)).then(|| source.into())
    }

    fn read(&self, place: &Path, session: &mut Session<'_, '_>) -> Outcome<Report> {
        let artifacts = Artifacts { root: self.artifacts.clone(), within: self.within.clone() };
        let inside = place.join("mlruns");
        let folder = if !place.join("models").is_dir() && inside.join("models").is_dir() {
            inside
        } else {
            place.to_owned()
        };
        let mut source: Box<dyn Source> = if folder.is_dir() {
            Box::new(Folder::open(folder)?.with_artifacts(artifacts))
        } else {
            Box::new(Database::open(place)?.with_artifacts(artifacts))
        };
        let options = Options {
            into: self.into.clone(),
            keep_namespaces: false,
            dry_run: self.dry_run,
            names: self.names.clone(),
            like: self.like.clone(),
            workspace: self.workspace.clone(),
            allow_gaps: self.allow_gaps,
            allow_secrets: self.allow_secrets,
            strict: self.strict,
        };
        let registry = session.registry()?;
        session.transfer("importing", |progress| {
            halfback_mlflow::import(&registry, source.as_mut(), &options, progress)
        })
    }

    /// Has Python read a tracking server through MLflow's own client.
    ///
    /// It answers in the last line of its standard output; whatever a library says there goes to
    /// the standard error.
    fn ask_python(&self, session: &mut Session<'_, '_>) -> Outcome<Report> {
        let python = std::env::var_os(PYTHON).unwrap_or_else(|| "python3".into());
        let request = json!({
            "registry": session.place().to_string(),
            "source": self.source,
            "options": {
                "into": self.into, "dry_run": self.dry_run, "names": self.names, "like": self.like,
                "workspace": self.workspace, "artifacts": self.artifacts, "within": self.within,
                "allow_gaps": self.allow_gaps, "allow_secrets": self.allow_secrets,
                "strict": self.strict,
            },
        });
        let absent = |error: std::io::Error| {
            Failure::usage(format!(
                "`{}` is a tracking server, which is read through Python, and `{}` cannot be started ({error}); say with {PYTHON} which Python has halfback and mlflow",
                self.source,
                python.to_string_lossy()
            ))
        };
        let mut child = Command::new(&python)
            // Without the present folder among the places of modules: what lies there is data.
            .args(["-P", "-m", "halfback.importers.mlflow"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(absent)?;
        if let Some(mut stdin) = child.stdin.take() {
            // Where Python ended early, its own words on the standard error say why.
            let _ = stdin.write_all(request.to_string().as_bytes()).is_ok();
        }
        let output = child.wait_with_output().map_err(absent)?;
        let lines = output.stdout.rsplit(|byte| *byte == b'\n');
        let last = lines.into_iter().find(|line| !line.is_empty()).unwrap_or_default();
        match serde_json::from_slice(last) {
            Ok(Answer::Report(report)) => Ok(*report),
            Ok(Answer::Error { kind, code, message }) => {
                Err(Failure::of(known(&kind), code, message))
            }
            Err(_) => Err(Failure::usage(format!(
                "`{}` could not be read through `{}`; see what it says above",
                self.source,
                python.to_string_lossy()
            ))),
        }
    }
}

/// What Python answers.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Report(Box<Report>),
    Error { kind: String, code: String, message: String },
}

/// The kind of that name.
fn known(name: &str) -> ErrorKind {
    let kinds = [
        ErrorKind::Invalid,
        ErrorKind::NotFound,
        ErrorKind::Conflict,
        ErrorKind::Denied,
        ErrorKind::Integrity,
        ErrorKind::Unavailable,
        ErrorKind::Closed,
    ];
    kinds.into_iter().find(|kind| kind.name() == name).unwrap_or(ErrorKind::Internal)
}

impl Export {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let view = session.view(&self.past)?;
        let layout = match self.layout {
            Kind::Files => Layout::Files,
            Kind::Mlflow => Layout::Mlflow,
        };
        let options = ExportOptions { models: self.models };
        let report = session.transfer("exporting", |progress| {
            halfback_mlflow::export(&view, &self.to, layout, &options, progress)
        })?;
        session.output.record(&report, |output| {
            output.line(&format!(
                "exported {} with {} and {} ({}) to {}",
                people::count(usize::try_from(report.models).unwrap_or(usize::MAX), "model"),
                people::count(usize::try_from(report.versions).unwrap_or(usize::MAX), "version"),
                people::count(usize::try_from(report.files).unwrap_or(usize::MAX), "file"),
                people::size(report.bytes),
                report.path.display()
            ))?;
            for finding in &report.findings {
                output.line(&format!("{}: {}", finding.subject, finding.message))?;
            }
            Ok(())
        })
    }
}
