//! Keys that sign versions.
#![expect(clippy::needless_pass_by_value, reason = "a path from Python is extracted as owned")]

use std::path::PathBuf;

use halfback::wire;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::detached;

/// The public half of the key in a place, as PEM.
#[pyfunction]
pub(crate) fn model_key(py: Python<'_>, place: &[u8]) -> PyResult<String> {
    detached(py, || wire::model_key(place))
}

/// Makes a key in a file; gives the public half.
#[pyfunction]
pub(crate) fn generate_model_key(py: Python<'_>, path: PathBuf) -> PyResult<String> {
    detached(py, || wire::generate_model_key(&path))
}

/// The bytes that a callable is to sign.
#[pyfunction]
pub(crate) fn signing_message<'py>(py: Python<'py>, statement: &str) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &wire::signing_message(statement))
}

/// Signs a statement; gives the bundle.
#[pyfunction]
pub(crate) fn sign_statement(py: Python<'_>, request: &[u8]) -> PyResult<String> {
    detached(py, || wire::sign_statement(request))
}
