//! Backups, restored registries, and copies of versions between registries.
#![expect(clippy::needless_pass_by_value, reason = "a path from Python is extracted as owned")]

use std::path::PathBuf;

use halfback::wire;
use pyo3::prelude::*;

use crate::handle::Handle;
use crate::object::object;
use crate::transfer::{beside, transferring};

/// Copies the registry into a folder; `progress` counts bytes.
#[pyfunction]
pub(crate) fn backup<'py>(
    py: Python<'py>,
    handle: &Bound<'py, Handle>,
    to: PathBuf,
    verify: bool,
    progress: Option<Py<PyAny>>,
    record: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let registry = handle.get().registry().clone();
    let done = beside(py, progress, move |p| wire::backup(&registry, &to, verify, p))?;
    object(&done, record)
}

/// Makes a registry of a backup; `progress` counts bytes.
#[pyfunction]
pub(crate) fn restore<'py>(
    py: Python<'py>,
    backup: PathBuf,
    to: PathBuf,
    erasures: Option<PathBuf>,
    progress: Option<Py<PyAny>>,
    record: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let done = transferring(py, progress, |p| wire::restore(&backup, &to, erasures, p))?;
    object(&done, record)
}

/// Copies a version to another registry; `progress` counts bytes.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "what is copied, where to, and how")]
pub(crate) fn copy_version<'py>(
    py: Python<'py>,
    handle: &Bound<'py, Handle>,
    version: &[u8],
    as_of: Option<&[u8]>,
    target: &Bound<'py, Handle>,
    options: &[u8],
    progress: Option<Py<PyAny>>,
    record: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let (registry, target) = (handle.get().registry(), target.get().registry());
    let copied = transferring(py, progress, |p| {
        wire::copy_version(registry, version, as_of, target, options, p)
    })?;
    object(&copied, record)
}
