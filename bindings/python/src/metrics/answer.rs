//! What goes back to Python: numbers with the warnings that belong to them, arrays as bytes, and
//! errors of the kernels as exceptions.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

use halfback_metrics::{Error, Interval, Metric, Undefined, Warning, with_stop, with_threads};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyByteArray;

use crate::errors;

thread_local! {
    static THREADS: Cell<usize> = const { Cell::new(1) };
    /// What was raised while a kernel ran.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// Sets how many threads the kernels that this thread calls may take, 0 for one a processor; gives what
/// was set before.
#[pyfunction]
#[pyo3(signature = (count, /))]
pub(crate) fn metrics_threads(count: usize) -> usize {
    THREADS.replace(count)
}

/// Runs a kernel without the interpreter lock. A signal, such as Ctrl-C, ends one that takes long.
pub(crate) fn work<T: Send>(
    py: Python<'_>,
    kernel: impl FnOnce() -> halfback_metrics::Result<T> + Send,
) -> PyResult<T> {
    let kernel = || with_threads(THREADS.get(), || with_stop(is_raised, kernel));
    match py.detach(|| catch_unwind(AssertUnwindSafe(kernel))) {
        Ok(outcome) => answered(py, outcome),
        Err(payload) => {
            RAISED.take();
            Err(errors::panicked(py, payload.as_ref()))
        }
    }
}

/// Runs work of the core that may measure for long without the interpreter lock. A signal ends the
/// measuring, and then nothing is kept.
pub(crate) fn stoppable<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> halfback::Result<T> + Send,
) -> PyResult<T> {
    let work = || with_threads(THREADS.get(), || with_stop(is_raised, work));
    let outcome = errors::detached(py, work);
    RAISED.take().map_or(outcome, Err)
}

/// Runs a kernel that calls Python; what Python raises is handed to [`raise`] and ends it.
pub(crate) fn work_with_python<T>(
    py: Python<'_>,
    kernel: impl FnOnce() -> halfback_metrics::Result<T>,
) -> PyResult<T> {
    answered(py, with_stop(is_raised, kernel))
}

/// Ends the kernel that runs on this thread.
pub(crate) fn raise(error: PyErr) {
    RAISED.set(Some(error));
}

/// Whether the kernel that runs on this thread is to end.
pub(crate) fn has_raised() -> bool {
    RAISED.with_borrow(Option::is_some)
}

/// Whether something was raised, or a signal came that raises.
fn is_raised() -> bool {
    if !has_raised()
        && let Some(error) = Python::attach(|py| py.check_signals().err())
    {
        raise(error);
    }
    has_raised()
}

fn answered<T>(py: Python<'_>, outcome: halfback_metrics::Result<T>) -> PyResult<T> {
    match RAISED.take() {
        Some(error) => Err(error),
        None => outcome.map_err(|error| match error {
            Error::TooFew { .. } | Error::TooFewUnits { .. } | Error::Beyond { .. } => {
                too_few(py, &error.to_string())
            }
            _ => invalid(py, &error.to_string()),
        }),
    }
}

/// A `ValueError` of which a caller can tell that there were too few of something.
fn too_few(py: Python<'_>, message: &str) -> PyErr {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    CLASS
        .import(py, "halfback.metrics.checks", "TooFewError")
        .and_then(|class| class.call1((message, "invalid_argument")))
        .map_or_else(|error| error, PyErr::from_value)
}

/// A `ValueError` of an argument.
pub(crate) fn invalid(py: Python<'_>, message: &str) -> PyErr {
    errors::exception(py, "invalid", "invalid_argument", message, None)
}

/// A text of which a character is none.
pub(crate) fn lone_surrogate(py: Python<'_>, name: &str) -> PyErr {
    let why = "which is not Unicode text: decode the bytes it came from with the right encoding";
    invalid(py, &format!("`{name}` holds a lone surrogate, {why}"))
}

/// A `TypeError`, which is a `ValueError` too.
pub(crate) fn invalid_type(py: Python<'_>, message: &str) -> PyErr {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    CLASS
        .import(py, "halfback.errors", "InvalidTypeError")
        .and_then(|class| class.call1((message, "invalid_argument")))
        .map_or_else(|error| error, PyErr::from_value)
}

/// The number, after the warning that scikit-learn gives with it.
pub(crate) fn metric(py: Python<'_>, metric: Metric) -> PyResult<f64> {
    warn(py, metric.undefined)?;
    Ok(metric.value)
}

/// The numbers as the bytes of an array, after the first warning among them.
pub(crate) fn metrics<'py>(
    py: Python<'py>,
    metrics: &[Metric],
) -> PyResult<Bound<'py, PyByteArray>> {
    let loud = |metric: &Metric| metric.undefined.filter(|undefined| undefined.warning.is_some());
    warn(py, metrics.iter().find_map(loud))?;
    Ok(array(py, &metrics.iter().map(|metric| metric.value).collect::<Vec<_>>()))
}

/// Warns as scikit-learn does, where it does.
pub(crate) fn warn(py: Python<'_>, undefined: Option<Undefined>) -> PyResult<()> {
    static WARN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let Some(undefined) = undefined else { return Ok(()) };
    let Some(warning) = undefined.warning else { return Ok(()) };
    let user = warning == Warning::User;
    let warn = WARN.import(py, "halfback.metrics.warned", "warn")?;
    warn.call1((user, undefined.reason.to_string())).map(drop)
}

/// Doubles as the bytes of an array that `numpy.frombuffer` takes over.
pub(crate) fn array<'py>(py: Python<'py>, values: &[f64]) -> Bound<'py, PyByteArray> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_ne_bytes()).collect();
    PyByteArray::new(py, &bytes)
}

/// Estimate, lower and upper bound.
pub(crate) fn bounds(interval: Interval) -> (f64, f64, f64) {
    (interval.estimate, interval.lower, interval.upper)
}
