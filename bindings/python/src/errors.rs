//! How a failure of the core becomes an exception of `halfback.errors`.
//!
//! The exceptions are Python classes, so that people and type checkers can read them; this room
//! finds the right one through `halfback.errors.from_core` and keeps panics from crossing.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use halfback::Explanation;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::object::object;

thread_local! {
    /// What a signal handler raised while this thread waited inside the core.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// Lets signal handlers run while the core waits; whether one of them raised an exception, which
/// the call then ends with. Not where a fork waits for this thread: who forks has the interpreter
/// lock.
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method itself is of one lifetime, and `attach` wants one for every"
)]
pub(crate) fn interrupted() -> bool {
    if let Some(stop) = crate::transfer::told_to_stop() {
        return stop;
    }
    if halfback::fork::is_working() {
        return false;
    }
    Python::attach(|py| py.check_signals()).is_err_and(|error| {
        RAISED.set(Some(error));
        true
    })
}

/// Runs `work` without the interpreter lock; other Python threads go on meanwhile.
///
/// An error, and also a panic, becomes the exception that `halfback.errors` has for it.
pub(crate) fn detached<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> halfback::Result<T> + Send,
) -> PyResult<T> {
    match py.detach(|| catch_unwind(AssertUnwindSafe(work))) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(RAISED.take().unwrap_or_else(|| raised(py, &error))),
        Err(payload) => Err(panicked(py, payload.as_ref())),
    }
}

/// Runs `work` with the interpreter lock; a panic becomes an exception here too.
pub(crate) fn caught<T>(py: Python<'_>, work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|payload| Err(panicked(py, payload.as_ref())))
}

/// The exception for an error of the core.
pub(crate) fn raised(py: Python<'_>, error: &halfback::Error) -> PyErr {
    let explanation = error.explanation().and_then(|json| explained(py, json).ok());
    exception(py, error.kind().name(), error.code(), &error.to_string(), explanation)
}

/// The exception where a token proved the session that was pickled, and nothing proves this one.
pub(crate) fn unproved(py: Python<'_>) -> PyErr {
    let message = "a token proved the session that was pickled, and the token is not in the pickle; \
                   set `HALFBACK_TOKEN` or `HALFBACK_TOKEN_FILE` where it is unpickled";
    exception(py, "denied", "unauthenticated", message, None)
}

/// The exception for a fault of the library itself.
pub(crate) fn internal(py: Python<'_>, message: &str) -> PyErr {
    exception(py, "internal", "internal", message, None)
}

/// Panics, without the interpreter lock or with it, so that a test can see what arrives in Python.
/// Only debug builds have it.
#[cfg(debug_assertions)]
#[expect(clippy::panic, reason = "this panic is the test's input")]
#[pyfunction]
pub(crate) fn panic(py: Python<'_>, message: String, locked: bool) -> PyResult<()> {
    if locked {
        return caught(py, move || std::panic::panic_any(message));
    }
    detached(py, move || std::panic::panic_any(message))
}

pub(crate) fn panicked(py: Python<'_>, payload: &(dyn Any + Send)) -> PyErr {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    internal(py, &format!("the library failed: {text}; please report it"))
}

/// The record of a decision.
fn explained<'py>(py: Python<'py>, json: &str) -> PyResult<Bound<'py, PyAny>> {
    let explanation: Explanation =
        serde_json::from_str(json).map_err(|error| internal(py, &error.to_string()))?;
    object(&explanation, &py.import("halfback.entities")?.getattr("Explanation")?)
}

pub(crate) fn exception(
    py: Python<'_>,
    kind: &str,
    code: &str,
    message: &str,
    explanation: Option<Bound<'_, PyAny>>,
) -> PyErr {
    static FROM_CORE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    FROM_CORE
        .import(py, "halfback.errors", "from_core")
        .and_then(|from_core| from_core.call1((kind, code, message, explanation)))
        .map_or_else(|error| error, PyErr::from_value)
}
