//! `register`: a new version of a model.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use halfback::{Content, CreateModel, Param, RegisterVersion};
use serde::de::DeserializeOwned;

use super::{once, pair, whole};
use crate::failure::{Failure, Outcome};
use crate::people;
use crate::session::Session;

/// Store a file or folder and register it as the next version of a model
///
/// The content is hashed while it is stored, and its digest is the version's. The version appears
/// when everything is on the disk, or not at all.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback register fraud model.onnx --create
  halfback register risk.credit.default model.onnx --flavor onnx --comment \"first try\"
  halfback register risk.credit.default folder --param depth=3 --metric auc=0.91 --tag team=credit
  halfback register risk.credit.default model.onnx --exist-ok --json")]
pub(crate) struct Register {
    /// The model's name
    model: String,
    /// The file, or the folder with everything in it
    path: PathBuf,
    /// Make the model, with its catalog and schema, where it is missing; it stays also where
    /// registering then fails
    #[arg(long)]
    create: bool,
    /// Give the existing version back where one of the same content exists already
    #[arg(long)]
    exist_ok: bool,
    /// Free text for people
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    comment: Option<String>,
    /// A tag to begin with; may be given again
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = pair)]
    tags: Vec<(String, String)>,
    /// A parameter of the training: a number, `true`, `false`, or text; may be given again
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    params: Vec<(String, String)>,
    /// What the training measured, a finite number; may be given again
    #[arg(long = "metric", value_name = "NAME=NUMBER", value_parser = metric)]
    metrics: Vec<(String, f64)>,
    /// The format, such as `onnx` or `sklearn`
    #[arg(long)]
    flavor: Option<String>,
    /// The version of the library that made it
    #[arg(long, value_name = "VERSION")]
    framework_version: Option<String>,
    /// A JSON file with inputs, outputs and parameters, as in MLflow
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// A JSON file with rows to try the version with: `{"columns": […], "rows": [[…]]}`
    #[arg(long, value_name = "FILE")]
    example: Option<PathBuf>,
    /// The run that produced it
    #[arg(long)]
    run: Option<String>,
    /// The commit of the code that produced it
    #[arg(long, value_name = "COMMIT")]
    code_commit: Option<String>,
    /// Where it came from
    #[arg(long)]
    source: Option<String>,
    /// Only hash the content, and record the URI where it is kept
    #[arg(long, value_name = "URI")]
    location: Option<String>,
    /// Only where the content has this digest
    #[arg(long)]
    digest: Option<String>,
    /// The version's number, above every one so far; the next one where absent
    #[arg(long, value_parser = whole)]
    number: Option<i64>,
    /// Keep tags and parameters that look like keys, tokens or passwords
    #[arg(long)]
    allow_secrets: bool,
}

fn metric(text: &str) -> Result<(String, f64), String> {
    let (name, number) = pair(text)?;
    let number = number.parse().map_err(|_| format!("`{number}` is not a number"))?;
    Ok((name, number))
}

/// Reads a small JSON file.
fn json<T: DeserializeOwned>(path: &Path) -> Outcome<T> {
    const MOST: u64 = 1 << 20;
    let refused = |why: String| Failure::usage(format!("`{}` {why}", path.display()));
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST + 1).read_to_end(&mut text));
    read.map_err(|error| refused(format!("cannot be read: {error}")))?;
    if text.len() as u64 > MOST {
        return Err(refused("is longer than 1 MiB; a signature or example is small".into()));
    }
    serde_json::from_slice(&text)
        .map_err(|error| refused(format!("is not the JSON that it should be: {error}")))
}

impl Register {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let params = self.params.into_iter().map(|(name, text)| {
            let value = serde_json::from_str(&text).unwrap_or(Param::Text(text));
            (name, value)
        });
        let version = RegisterVersion {
            model: self.model,
            digest: self.digest.unwrap_or_default(),
            number: self.number,
            location: self.location,
            flavor: self.flavor,
            framework_version: self.framework_version,
            signature: self.signature.map(|path| json(&path)).transpose()?,
            example: self.example.map(|path| json(&path)).transpose()?,
            params: once("parameter", params.collect())?,
            metrics: once("metric", self.metrics)?,
            run: self.run,
            code_commit: self.code_commit,
            source: self.source,
            comment: self.comment,
            tags: once("tag", self.tags)?,
            exist_ok: self.exist_ok,
            allow_secrets: self.allow_secrets,
            ..RegisterVersion::default()
        };
        let registry = session.registry()?;
        if self.create {
            registry.create_model(CreateModel {
                name: version.model.clone(),
                parents: true,
                exist_ok: true,
                ..CreateModel::default()
            })?;
        }
        let content = Content::Path(self.path);
        let version = session.transfer("registering", |progress| {
            registry.register_version(&content, version, progress)
        })?;
        session.output.record(&version, |output| {
            let size = people::record_size(version.size);
            output.line(&format!("registered {} ({size}, {})", version.uri, version.digest))
        })
    }
}
