//! The threads that help a call. They wait between calls: to start a thread takes as long as a kernel on
//! a hundred thousand rows.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use rayon_core::{ThreadPool, ThreadPoolBuilder};

/// The team, once there is one. Who finds it at work starts threads of its own and does not wait for
/// another call's work.
static TEAM: Mutex<Option<Team>> = Mutex::new(None);

struct Team {
    /// The process whose threads they are: a fork copies the team, but not the threads.
    process: u32,
    threads: usize,
    pool: ThreadPool,
}

/// Runs `work` on this thread and on up to so many others, and comes back when all are done. `work` must
/// not panic.
pub(crate) fn together(others: usize, work: impl Fn() + Sync) {
    let done = AtomicUsize::new(0);
    let work = || {
        work();
        done.fetch_add(1, Ordering::Release);
    };
    let work_with = |started: usize| {
        work();
        await_soon(|| done.load(Ordering::Acquire) > started);
    };
    if let Some(team) = claim(others).as_deref().and_then(Option::as_ref) {
        team.pool.in_place_scope(|scope| {
            (0..others).for_each(|_| scope.spawn(|_| work()));
            work_with(others);
        });
        return;
    }
    std::thread::scope(|scope| {
        // A machine that has no thread left computes with those that there are.
        let spawn = |_: &usize| std::thread::Builder::new().spawn_scoped(scope, work).is_ok();
        work_with((0..others).filter(spawn).count());
    });
}

/// The team, with at least so many threads; none where it is at work or the machine has no threads left.
fn claim(threads: usize) -> Option<MutexGuard<'static, Option<Team>>> {
    let mut team = TEAM.try_lock().ok()?;
    let process = std::process::id();
    if let Some(found) = team.take_if(|team| team.process != process) {
        // Nobody is there who could end.
        std::mem::forget(found);
    }
    if team.as_ref().is_none_or(|team| team.threads < threads) {
        let builder = ThreadPoolBuilder::new().num_threads(threads);
        let pool = builder.thread_name(|at| format!("halfback-metrics-{at}")).build().ok()?;
        *team = Some(Team { process, threads, pool });
    }
    Some(team)
}

/// Comes back when `done`, or after a while: to sleep and be woken takes longer than a block or two.
fn await_soon(done: impl Fn() -> bool) {
    // Some hundred microseconds where nobody else waits.
    const LOOKS: usize = 500;
    for _ in 0..LOOKS {
        if done() {
            return;
        }
        // One that waits for this very processor gets it.
        std::thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::{TEAM, claim, together};
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Barrier, Mutex};

    #[test]
    fn all_work_at_once_with_the_team_without_it_and_one_inside_of_another() {
        let check = |others: usize| {
            let (all, seen) = (Barrier::new(others + 1), Mutex::new(HashSet::new()));
            together(others, || {
                // Passed only if as many threads are here at the same time.
                all.wait();
                seen.lock().unwrap().insert(std::thread::current().id());
            });
            assert_eq!(seen.into_inner().unwrap().len(), others + 1);
        };
        (0..5).for_each(check);
        let held = TEAM.lock().unwrap();
        (0..5).for_each(check);
        assert!(claim(1).is_none());
        drop(held);
        let inner = AtomicUsize::new(0);
        together(2, || {
            together(2, || {
                inner.fetch_add(1, Ordering::Relaxed);
            });
        });
        assert_eq!(inner.into_inner(), 9);
    }
}
