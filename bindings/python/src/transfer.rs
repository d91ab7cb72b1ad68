//! Long transfers of bytes: the interpreter lock is free, Ctrl-C works, and progress is reported.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use halfback::{Progress, Transfer};
use pyo3::prelude::*;

use crate::errors;

/// Often enough that Ctrl-C feels immediate, seldom enough that taking the lock costs nothing.
const EVERY: Duration = Duration::from_millis(50);

/// Runs `work` without the interpreter lock and takes the lock now and then, to let signal handlers
/// run and to call `progress(done, total)`.
///
/// What either of them raises ends the transfer, and is the exception that the caller sees.
pub(crate) fn transferring<T: Send>(
    py: Python<'_>,
    progress: Option<Py<PyAny>>,
    work: impl FnOnce(Progress<'_>) -> halfback::Result<T> + Send,
) -> PyResult<T> {
    let mut reporter = Reporter { callable: progress, last: Instant::now(), raised: None };
    let outcome = errors::detached(py, || work(&mut |transfer| reporter.report(&transfer)));
    reporter.raised.map_or(outcome, Err)
}

struct Reporter {
    callable: Option<Py<PyAny>>,
    last: Instant,
    raised: Option<PyErr>,
}

impl Reporter {
    fn report(&mut self, transfer: &Transfer) -> ControlFlow<()> {
        if transfer.done < transfer.total && self.last.elapsed() < EVERY {
            return ControlFlow::Continue(());
        }
        let outcome = Python::attach(|py| {
            py.check_signals()?;
            if let Some(callable) = &self.callable {
                callable.call1(py, (transfer.done, transfer.total))?;
            }
            PyResult::Ok(())
        });
        self.last = Instant::now();
        match outcome {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.raised = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}
