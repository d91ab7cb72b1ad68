//! What a Java `long` stands for: one open registry, and the word that stops its transfers.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use halfback::{Registry, Transfer};
use jni::Env;
use jni::objects::JObject;
use jni::sys::jlong;

use crate::failure::Failure;
use crate::transfer::report;

/// One open registry as Java holds it.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) registry: Registry,
    interrupted: AtomicBool,
}

impl Handle {
    pub(crate) fn new(registry: Registry) -> Self {
        Self { registry, interrupted: AtomicBool::new(false) }
    }

    /// Hands the handle to Java, which gives it back to [`Handle::free`].
    pub(crate) fn into_raw(self) -> jlong {
        Box::into_raw(Box::new(self)).expose_provenance().cast_signed() as jlong
    }

    /// The handle behind a Java `long`, for the length of one native call.
    pub(crate) fn borrow<'call>(handle: jlong) -> Result<&'call Self, Failure> {
        let pointer = pointer(handle)?;
        // SAFETY: Java's `Handle` makes its `long` from `into_raw` alone and keeps itself reachable
        // until each call that passes it has returned; `free` runs only after that.
        Ok(unsafe { &*pointer })
    }

    /// Ends what [`Handle::into_raw`] began. Called once, when no Java object can reach it.
    pub(crate) fn free(handle: jlong) -> Result<(), Failure> {
        let pointer = pointer(handle)?;
        // SAFETY: as in `borrow`; the Cleaner runs its action once.
        drop(unsafe { Box::from_raw(pointer) });
        Ok(())
    }

    pub(crate) fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Release);
    }

    /// Runs `work` with a progress callback that tells `listener` (which may be null) and stops
    /// when the listener says so or the handle is being closed.
    pub(crate) fn transfer<T>(
        &self,
        env: &mut Env<'_>,
        listener: &JObject<'_>,
        work: impl FnOnce(&Registry, &mut dyn FnMut(Transfer) -> ControlFlow<()>) -> halfback::Result<T>,
    ) -> Result<T, Failure> {
        let mut stopped_by_close = false;
        let outcome = transferring(env, listener, |progress| {
            work(&self.registry, &mut |transfer| {
                if self.interrupted.load(Ordering::Acquire) {
                    stopped_by_close = true;
                    return ControlFlow::Break(());
                }
                progress(transfer)
            })
        });
        match outcome {
            Err(Failure::Registry(_)) if stopped_by_close => Err(Failure::Closed),
            outcome => outcome,
        }
    }
}

/// Runs `work` with a progress callback that tells `listener`, which may be null, and stops when
/// that says so.
pub(crate) fn transferring<T>(
    env: &mut Env<'_>,
    listener: &JObject<'_>,
    work: impl FnOnce(&mut dyn FnMut(Transfer) -> ControlFlow<()>) -> halfback::Result<T>,
) -> Result<T, Failure> {
    let mut failed = None;
    let outcome = work(&mut |transfer| {
        report(env, listener, transfer).unwrap_or_else(|error| {
            failed = Some(error);
            ControlFlow::Break(())
        })
    });
    match (outcome, failed) {
        (Err(_), Some(error)) => Err(Failure::Jvm(error)),
        (outcome, _) => Ok(outcome?),
    }
}

fn pointer(handle: jlong) -> Result<*mut Handle, Failure> {
    const NULL: &str = "a null handle reached the native library";
    debug_assert!(handle != 0, "{NULL}");
    match usize::try_from(handle.cast_unsigned()) {
        Ok(address) if address != 0 => Ok(std::ptr::with_exposed_provenance_mut(address)),
        _ => Err(Failure::Defect(NULL)),
    }
}
