//! Forks: a database connection must not cross one, nor may a lock that another thread holds.
//!
//! SQLite keeps what it knows of its file locks in the process's memory, and a child would inherit
//! that knowledge without the locks. So a fork waits until no work is under way, and every idle
//! connection is closed before it happens. Afterwards parent and child open their own, and all
//! else (the queue of writers, which the child starts empty, and the shared generation words)
//! goes on.
//!
//! Whatever touches a connection or a lock of this library does it while [`working`]. It must not
//! wait there for what a forking thread may hold: a binding's hooks, which want the interpreter's
//! lock, are called elsewhere, or on another thread. The gate
//! itself and the queue of writers are the standard library's locks: a lock of `parking_lot` keeps
//! its waiters in a table of the whole process, which a fork may copy in the middle of a change.

use std::cell::{Cell, RefCell};
use std::sync::{Once, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

use parking_lot::Mutex;

use crate::writer_lock::{self, Lines};

/// Something that holds connections while nobody works.
pub(crate) trait Idle: Send + Sync {
    /// Closes them; the next work opens new ones.
    fn release(&self);
}

/// Held for reading while work is under way, for writing while the process forks.
static GATE: RwLock<()> = RwLock::new(());
static IDLE: Mutex<Vec<Weak<dyn Idle>>> = Mutex::new(Vec::new());

thread_local! {
    /// How many guards this thread holds; only the first one passes the gate.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    static FORKING: RefCell<Option<Forking>> = const { RefCell::new(None) };
}

/// Keeps the process from forking until it goes.
#[derive(Debug)]
pub struct Working {
    _gate: Option<RwLockReadGuard<'static, ()>>,
}

/// Keeps the process from forking until the guard goes. A thread that is working already passes
/// at once, so guards may be nested; they go in the reverse of their order.
pub fn working() -> Working {
    let first = DEPTH.replace(DEPTH.get() + 1) == 0;
    if first {
        register();
    }
    Working { _gate: first.then(|| GATE.read().unwrap_or_else(PoisonError::into_inner)) }
}

impl Drop for Working {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// Whether this thread is [`working`]: then it must not wait for another process, nor for anything
/// that a thread may hold while it forks, such as the lock of an interpreter.
pub fn is_working() -> bool {
    DEPTH.get() > 0
}

/// Waits until no work is under way. The fork itself waits too; this is for one who forks and would
/// better let go of something meanwhile.
pub fn settle() {
    if !is_working() {
        drop(GATE.write().unwrap_or_else(PoisonError::into_inner));
    }
}

/// What the forking thread holds across the fork.
struct Forking {
    lines: Lines,
    _gate: RwLockWriteGuard<'static, ()>,
}

/// Has `idle` release its connections before every fork. Call it while [`working`].
pub(crate) fn watch(idle: Weak<dyn Idle>) {
    let mut all = IDLE.lock();
    all.retain(|idle| idle.strong_count() > 0);
    all.push(idle);
}

/// Has every fork ask from now on. Before there is any work: a fork during the first of it would leave
/// its locks to a child that has nobody to let go of them.
fn register() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // SAFETY: the handlers live as long as the program. They run on the forking thread, in
        // this order; the gate makes sure that no other thread holds a lock of this library's.
        unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
    });
}

extern "C" fn before() {
    let gate = GATE.write().unwrap_or_else(PoisonError::into_inner);
    // What is released may itself ask for the gate.
    DEPTH.set(DEPTH.get() + 1);
    let idle: Vec<_> = IDLE.lock().iter().filter_map(Weak::upgrade).collect();
    for idle in idle {
        idle.release();
    }
    FORKING.set(Some(Forking { lines: writer_lock::lines(), _gate: gate }));
}

extern "C" fn in_parent() {
    DEPTH.set(DEPTH.get() - 1);
    drop(FORKING.take());
}

extern "C" fn in_child() {
    DEPTH.set(DEPTH.get() - 1);
    if let Some(mut forking) = FORKING.take() {
        writer_lock::forget_threads(&mut forking.lines);
    }
}
