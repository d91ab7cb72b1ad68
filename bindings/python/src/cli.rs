//! The command line inside the package: the wheel's script `halfback` runs it.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the command line and gives its exit code. It writes to the process's own streams, and
/// other Python threads go on meanwhile.
#[pyfunction]
pub(crate) fn run_cli(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| halfback_cli::run(arguments, &mut std::io::stdout(), &mut std::io::stderr()))
}
