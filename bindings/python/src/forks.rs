//! Forks: other Python threads go on while one that wants to fork waits for work that is under way.

use halfback::fork;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Has `os.fork` wait without the interpreter lock first: the core's own handler waits with it.
pub(crate) fn settle_before(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let hooks = PyDict::new(py);
    hooks.set_item("before", wrap_pyfunction!(settle, module)?)?;
    py.import("os")?.call_method("register_at_fork", (), Some(&hooks)).map(drop)
}

/// Waits until no work is under way.
#[pyfunction]
fn settle(py: Python<'_>) {
    py.detach(fork::settle);
}
