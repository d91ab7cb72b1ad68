//! Bundles: the functions behind `halfback.open_bundle`. Each opens the file for itself, and
//! `identity` says which bundle it was, so that nothing stays open.
#![expect(clippy::needless_pass_by_value, reason = "a path from Python is extracted as owned")]

use std::path::PathBuf;

use halfback::wire;
use pyo3::prelude::*;

use crate::errors::detached;
use crate::handle::Handle;
use crate::object::object;
use crate::transfer::transferring;

/// Writes a version into one file; `progress` counts bytes.
#[pyfunction]
pub(crate) fn bundle(
    py: Python<'_>,
    handle: &Bound<'_, Handle>,
    version: &[u8],
    as_of: Option<&[u8]>,
    to: PathBuf,
    overwrite: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<PathBuf> {
    let registry = handle.get().registry();
    transferring(py, progress, |p| wire::bundle(registry, version, as_of, &to, overwrite, p))
}

/// Which bundle it is, and what it says.
#[pyfunction]
pub(crate) fn open_bundle<'py>(
    py: Python<'py>,
    path: PathBuf,
    record: &Bound<'py, PyAny>,
) -> PyResult<(String, Bound<'py, PyAny>)> {
    let (identity, manifest) = detached(py, || wire::open_bundle(&path))?;
    Ok((identity, object(&manifest, record)?))
}

/// A page of the commits in a bundle, newest first.
#[pyfunction]
pub(crate) fn bundle_history<'py>(
    py: Python<'py>,
    path: PathBuf,
    identity: &str,
    page: &[u8],
    record: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let commits = detached(py, || wire::bundle_history(&path, identity, page))?;
    object(&commits, record)
}

/// Examines a whole bundle; `progress` counts bytes.
#[pyfunction]
pub(crate) fn bundle_verify<'py>(
    py: Python<'py>,
    path: PathBuf,
    identity: &str,
    keys: Option<&[u8]>,
    progress: Option<Py<PyAny>>,
    record: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let found = transferring(py, progress, |p| wire::bundle_verify(&path, identity, keys, p))?;
    object(&found, record)
}

/// Copies the files out of a bundle, verified; `progress` counts bytes.
#[pyfunction]
pub(crate) fn bundle_download(
    py: Python<'_>,
    path: PathBuf,
    identity: &str,
    to: PathBuf,
    progress: Option<Py<PyAny>>,
) -> PyResult<PathBuf> {
    transferring(py, progress, |p| wire::bundle_download(&path, identity, &to, p))
}

/// Brings the version of a bundle into a registry; `progress` counts bytes.
#[pyfunction]
pub(crate) fn submit<'py>(
    py: Python<'py>,
    handle: &Bound<'py, Handle>,
    path: PathBuf,
    identity: Option<&str>,
    options: &[u8],
    progress: Option<Py<PyAny>>,
    record: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let registry = handle.get().registry();
    let version =
        transferring(py, progress, |p| wire::submit(registry, &path, identity, options, p))?;
    object(&version, record)
}

/// Whether loading the files at a path can run code that is in them.
#[pyfunction]
pub(crate) fn is_executable(py: Python<'_>, path: PathBuf) -> PyResult<bool> {
    detached(py, || wire::is_executable(&path))
}
