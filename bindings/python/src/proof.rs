//! Checkpoints, proofs and exports of the log, and the keys that sign them.
#![expect(clippy::needless_pass_by_value, reason = "a path from Python is extracted as owned")]

use std::path::PathBuf;

use halfback::wire;
use pyo3::prelude::*;

use crate::errors::detached;
use crate::handle::Handle;
use crate::object::object;
use crate::transfer::beside;

/// The public key of a private one, or the same one once it is known to be one.
#[pyfunction]
pub(crate) fn log_key(py: Python<'_>, request: &[u8]) -> PyResult<String> {
    detached(py, || wire::log_key(request))
}

/// Makes a key in a file; gives the public one.
#[pyfunction]
pub(crate) fn generate_log_key(py: Python<'_>, path: PathBuf, name: &str) -> PyResult<String> {
    detached(py, || wire::generate_log_key(&path, name))
}

/// The text that a callable is to sign.
#[pyfunction]
pub(crate) fn log_head(py: Python<'_>, handle: &Bound<'_, Handle>) -> PyResult<String> {
    let registry = handle.get().registry();
    detached(py, || wire::log_head(registry))
}

/// The log's head, signed.
#[pyfunction]
pub(crate) fn checkpoint(
    py: Python<'_>,
    handle: &Bound<'_, Handle>,
    signing: &[u8],
) -> PyResult<String> {
    let registry = handle.get().registry();
    detached(py, || wire::checkpoint(registry, signing))
}

/// Writes the log into a file; `progress` counts the bytes of entries.
#[pyfunction]
pub(crate) fn export_log<'py>(
    py: Python<'py>,
    handle: &Bound<'py, Handle>,
    to: PathBuf,
    signing: Option<Vec<u8>>,
    overwrite: bool,
    progress: Option<Py<PyAny>>,
    record: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let registry = handle.get().registry().clone();
    let done = beside(py, progress, move |p| {
        wire::export_log(&registry, &to, signing.as_deref(), overwrite, p)
    })?;
    object(&done, record)
}

/// Verifies that an entry is in a log.
#[pyfunction]
pub(crate) fn verify_inclusion<'py>(
    py: Python<'py>,
    request: &[u8],
    record: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    object(&detached(py, || wire::verify_inclusion(request))?, record)
}

/// Verifies that a log has only grown.
#[pyfunction]
pub(crate) fn verify_consistency(py: Python<'_>, request: &[u8]) -> PyResult<()> {
    detached(py, || wire::verify_consistency(request))
}
