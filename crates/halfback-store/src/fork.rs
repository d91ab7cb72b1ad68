//! Forks: a database connection must not cross one.
//!
//! SQLite keeps what it knows of its file locks in the process's memory, and a child would inherit
//! that knowledge without the locks. So a fork waits until no work is under way, and every idle
//! connection is closed before it happens. Afterwards parent and child open their own, and all
//! else (the writer lock, which belongs to a process, and the shared generation words) goes on.

use std::sync::{Once, Weak};

use parking_lot::{Mutex, RwLock, RwLockReadGuard};

/// Something that holds connections while nobody works.
pub(crate) trait Idle: Send + Sync {
    /// Closes them; the next work opens new ones.
    fn release(&self);
}

/// Held for reading while work is under way, for writing while the process forks.
static GATE: RwLock<()> = RwLock::new(());
static IDLE: Mutex<Vec<Weak<dyn Idle>>> = Mutex::new(Vec::new());

/// Keeps the process from forking until the guard goes. Must not be taken twice by one thread.
pub fn working() -> RwLockReadGuard<'static, ()> {
    GATE.read()
}

/// Has `idle` release its connections before every fork. Call it while [`working`].
pub(crate) fn watch(idle: Weak<dyn Idle>) {
    static WATCHED: Once = Once::new();
    let mut all = IDLE.lock();
    all.retain(|idle| idle.strong_count() > 0);
    all.push(idle);
    drop(all);
    WATCHED.call_once(|| {
        // SAFETY: the handlers live as long as the program. They run on the forking thread, in
        // this order; the gate makes sure that no other thread holds a lock of this library's.
        unsafe { libc::pthread_atfork(Some(before), Some(after), Some(after)) };
    });
}

extern "C" fn before() {
    std::mem::forget(GATE.write());
    let idle: Vec<_> = IDLE.lock().iter().filter_map(Weak::upgrade).collect();
    for idle in idle {
        idle.release();
    }
}

extern "C" fn after() {
    // SAFETY: `before` took the gate on this thread and forgot the guard.
    unsafe { GATE.force_unlock_write() };
}
