//! MLflow in, and everything out again: `halfback.importers.mlflow` and `Registry.export`.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use halfback::{Detail, Error, Moment, Result};
use halfback_mlflow::{
    Artifacts, Database, Document, ExportOptions, Fetch, Folder, Layout, Options, SourceVersion,
};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use serde::{Deserialize, Serialize};

use crate::errors::raised;
use crate::handle::Handle;
use crate::object::object;
use crate::transfer::transferring;

/// An import as Python asks for it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Import {
    source: From,
    artifacts: Artifacts,
    options: Options,
}

/// Where the models come from.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum From {
    Database(PathBuf),
    Folder(PathBuf),
    /// What Python read through MLflow's own client, as JSON.
    Document(String),
}

/// An export as Python asks for it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Export {
    layout: Layout,
    models: Vec<String>,
}

/// A report as data, and as the table that people read.
#[derive(Serialize)]
struct Told<'a, T> {
    report: &'a T,
    text: String,
}

/// Brings models of MLflow in. `fetch(version, folder)` gives the path of a version's files where the
/// source is a document; `progress` counts versions.
#[pyfunction]
pub(crate) fn import_mlflow<'py>(
    py: Python<'py>,
    handle: &Bound<'py, Handle>,
    request: &[u8],
    fetch: Option<Py<PyAny>>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let request: Import = read(py, request)?;
    let registry = handle.get().registry();
    let Import { source, artifacts, options } = request;
    let stopped = Mutex::new(None);
    let outcome = transferring(py, progress, |told| match source {
        From::Database(path) => {
            let mut source = Database::open(path)?.with_artifacts(artifacts);
            halfback_mlflow::import(registry, &mut source, &options, told)
        }
        From::Folder(path) => {
            let mut source = Folder::open(path)?.with_artifacts(artifacts);
            halfback_mlflow::import(registry, &mut source, &options, told)
        }
        From::Document(json) => {
            let mut source = Document::from_json(json.as_bytes(), fetching(fetch, &stopped))?;
            halfback_mlflow::import(registry, &mut source, &options, told)
        }
    });
    match stopped.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(stop) => Err(stop),
        None => told(py, &outcome?),
    }
}

/// Copies everything that a view shows into a folder; `progress` counts bytes.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "a path from Python is extracted as owned")]
pub(crate) fn export<'py>(
    py: Python<'py>,
    handle: &Bound<'py, Handle>,
    commit: Option<i64>,
    to: PathBuf,
    request: &[u8],
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let Export { layout, models } = read(py, request)?;
    let registry = handle.get().registry();
    let report = transferring(py, progress, |told| {
        let options = ExportOptions { models };
        match commit {
            None => halfback_mlflow::export(registry, &to, layout, &options, told),
            Some(commit) => {
                let view = registry.as_of(Moment::Commit(commit))?;
                halfback_mlflow::export(&view, &to, layout, &options, told)
            }
        }
    })?;
    told(py, &report)
}

/// Fetches through Python. An exception is the finding of one version; what is none, such as Ctrl-C,
/// ends the import and is what the caller sees.
fn fetching(fetch: Option<Py<PyAny>>, stopped: &Mutex<Option<PyErr>>) -> Fetch<'_> {
    Box::new(move |version: &SourceVersion, into: &Path| -> Result<PathBuf> {
        Python::attach(|py| {
            let Some(fetch) = &fetch else {
                return Err(Detail::InvalidArgument("nothing fetches the files".into()).into());
            };
            let version = object(version, &py.None().into_bound(py));
            let path = version.and_then(|version| fetch.call1(py, (version, into)));
            path.and_then(|path| path.extract::<PathBuf>(py)).map_err(|error| -> Error {
                if error.is_instance_of::<PyException>(py) {
                    return Detail::NotFound(format!("the files cannot be fetched: {error}"))
                        .into();
                }
                *stopped.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                Detail::Cancelled.into()
            })
        })
    })
}

fn read<T: serde::de::DeserializeOwned>(py: Python<'_>, request: &[u8]) -> PyResult<T> {
    serde_json::from_slice(request).map_err(|error| {
        let what = format!("the request cannot be read: {error}");
        raised(py, &Detail::InvalidArgument(what).into())
    })
}

fn told<'py, T: Serialize + std::fmt::Display>(
    py: Python<'py>,
    report: &T,
) -> PyResult<Bound<'py, PyAny>> {
    let told = Told { report, text: report.to_string() };
    object(&told, &py.None().into_bound(py))
}
