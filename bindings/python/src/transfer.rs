//! Long transfers of bytes: the interpreter lock is free, Ctrl-C works, and progress is reported.
//!
//! A thread that forks has the interpreter lock, and waits until no work is under way in the core
//! (`halfback::fork`). So nobody may wait for the interpreter lock in the midst of such work.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use halfback::{Detail, Progress, Transfer, fork};
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
    let mut listener = Listener { callable: progress, raised: None };
    let mut pace = Pace(Instant::now());
    let outcome = errors::detached(py, || {
        work(&mut |transfer| {
            if !pace.is_due(&transfer) {
                return ControlFlow::Continue(());
            }
            let flow = Python::attach(|py| listener.hear(py, Some(&transfer)));
            pace = Pace(Instant::now());
            flow
        })
    });
    listener.raised.map_or(outcome, Err)
}

/// The same for work that keeps a fork waiting for long: it runs on a thread of its own, which never
/// waits for the interpreter lock while it does so, and this one listens.
pub(crate) fn beside<T: Send + 'static>(
    py: Python<'_>,
    progress: Option<Py<PyAny>>,
    work: impl FnOnce(Progress<'_>) -> halfback::Result<T> + Send + 'static,
) -> PyResult<T> {
    let mut listener = Listener { callable: progress, raised: None };
    let process = std::process::id();
    let stop = Arc::new(AtomicBool::new(false));
    let (sender, mut reports) = channel::<Report>();
    let worker = {
        let stop = stop.clone();
        move || {
            STOP.set(Some(stop.clone()));
            let mut pace = Pace(Instant::now());
            work(&mut |transfer| {
                if !pace.is_due(&transfer) {
                    return ControlFlow::Continue(());
                }
                // Before a fork can wait for this thread, it waits for the answer.
                let (answer, answered) = sync_channel(1);
                let sent = sender.send(Report { transfer, answer });
                if sent.is_ok() && !fork::is_working() {
                    let _: Result<(), _> = answered.recv();
                }
                pace = Pace(Instant::now());
                if stop.load(Ordering::Acquire) {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })
        }
    };
    let worker = std::thread::Builder::new()
        .name("halfback-work".into())
        .spawn(worker)
        .map_err(|error| errors::internal(py, &format!("no thread could be started: {error}")))?;
    loop {
        let reports = &mut reports;
        let report = match py.detach(move || reports.recv_timeout(EVERY)) {
            Ok(report) => Some(report),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let heard = listener.hear(py, report.as_ref().map(|report| &report.transfer));
        if heard.is_break() {
            stop.store(true, Ordering::Release);
        }
        if std::process::id() != process {
            // What was called forked: the worker is the parent's.
            return Err(listener
                .raised
                .unwrap_or_else(|| errors::raised(py, &Detail::Cancelled.into())));
        }
    }
    let outcome = errors::detached(py, || joined(worker));
    listener.raised.map_or(outcome, Err)
}

fn joined<T>(worker: JoinHandle<halfback::Result<T>>) -> halfback::Result<T> {
    worker.join().unwrap_or_else(|panic| resume_unwind(panic))
}

thread_local! {
    /// What says to a thread that works beside its caller that it should stop.
    static STOP: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// Whether this thread works beside its caller, and if so whether it should stop.
pub(crate) fn told_to_stop() -> Option<bool> {
    STOP.with_borrow(|stop| stop.as_ref().map(|stop| stop.load(Ordering::Acquire)))
}

/// How far the work is, and where it hears that this was taken note of.
struct Report {
    transfer: Transfer,
    #[expect(dead_code, reason = "that it is dropped is the answer")]
    answer: SyncSender<()>,
}

/// When something was last told.
struct Pace(Instant);

impl Pace {
    fn is_due(&self, transfer: &Transfer) -> bool {
        transfer.done >= transfer.total || self.0.elapsed() >= EVERY
    }
}

/// Who hears how far a transfer is, and of signals.
struct Listener {
    callable: Option<Py<PyAny>>,
    raised: Option<PyErr>,
}

impl Listener {
    fn hear(&mut self, py: Python<'_>, transfer: Option<&Transfer>) -> ControlFlow<()> {
        if self.raised.is_some() {
            return ControlFlow::Break(());
        }
        let outcome = py.check_signals().and_then(|()| match (&self.callable, transfer) {
            (Some(callable), Some(transfer)) => {
                callable.call1(py, (transfer.done, transfer.total)).map(drop)
            }
            _ => Ok(()),
        });
        match outcome {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.raised = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}
