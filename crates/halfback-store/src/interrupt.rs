//! How a program that wants to stop ends a long wait: a binding says how to find out.

use std::sync::OnceLock;

static REQUESTED: OnceLock<fn() -> bool> = OnceLock::new();

/// Has `requested` asked, on the waiting thread and about every 50 ms, while a call waits for
/// another writer, and again and again while a check is at work; `true` ends the wait with the code
/// `cancelled`. The first setting stays.
///
/// A binding sets this once, so that Ctrl-C works in its language. While a thread is
/// [`working`](crate::fork::is_working) the answer must not wait for one that forks.
pub fn ask(requested: fn() -> bool) {
    REQUESTED.get_or_init(|| requested);
}

/// Whether the program wants its calls to end.
pub fn requested() -> bool {
    REQUESTED.get().is_some_and(|requested| requested())
}
