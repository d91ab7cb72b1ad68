//! Noticing that this process is the child of a fork.
//!
//! A database connection must not be used, nor closed, by a child that inherited it; handles
//! compare [`count`] with the count they were made at, which costs one atomic load.

use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

static FORKS: AtomicU64 = AtomicU64::new(0);

/// How many forks lie between the process that first asked and this one.
pub fn count() -> u64 {
    FORKS.load(Ordering::Acquire)
}

/// Starts counting; later calls do nothing.
pub fn watch() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        extern "C" fn in_child() {
            FORKS.fetch_add(1, Ordering::AcqRel);
        }
        // SAFETY: the handler only adds to an atomic, which is safe in a child of a
        // multi-threaded process, and the function lives as long as the program.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
}
