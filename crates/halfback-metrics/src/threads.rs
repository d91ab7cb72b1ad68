//! Several threads for one call. Columns are cut into blocks whose size does not depend on how many
//! threads there are, and what blocks give is put together in their order: so is every sum the same
//! for any number of threads.

use std::cell::Cell;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The rows of a block: a call with fewer is not worth a thread.
pub(crate) const BLOCK: usize = 1 << 16;

const MOST: usize = 256;

thread_local! {
    static THREADS: Cell<usize> = const { Cell::new(1) };
}

/// Lets the kernels that `call` runs use up to `threads` threads; 0 is as many as the machine has.
/// Without it they use one, and never more than 256. The results are the same for any number.
///
/// ```
/// use halfback_metrics::{Labels, Scores, roc_auc, with_threads};
///
/// let (truth, scores) = ([0, 1, 1], [0.1, 0.4, 0.3]);
/// let area = || roc_auc(Labels::Int(&truth), Scores::F64(&scores), None, None);
/// assert_eq!(with_threads(2, area)?, area()?);
/// # Ok::<(), halfback_metrics::Error>(())
/// ```
pub fn with_threads<T>(threads: usize, call: impl FnOnce() -> T) -> T {
    struct Restore(usize);
    impl Drop for Restore {
        fn drop(&mut self) {
            THREADS.set(self.0);
        }
    }
    let available = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if threads == 0 { available() } else { threads };
    let _restore = Restore(THREADS.replace(threads.min(MOST)));
    call()
}

/// What `of` gives for each block of `0..rows`, in the order of the blocks.
pub(crate) fn blocks<T: Send>(rows: usize, of: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let block = |at: usize| at * BLOCK..rows.min((at + 1) * BLOCK);
    each(rows.div_ceil(BLOCK), |at| of(block(at)))
}

/// What `of` gives for `0..count`, in that order.
pub(crate) fn each<T: Send>(count: usize, of: impl Fn(usize) -> T + Sync) -> Vec<T> {
    spread(THREADS.get(), count, || (), |(), at| of(at))
}

/// [`each`] where all of `0..count` together is work for so many rows, and each thread has a state of
/// its own, as memory that is used again. What `of` gives must not depend on it.
pub(crate) fn each_with<S, T: Send>(
    rows: usize,
    count: usize,
    state: impl Fn() -> S + Sync,
    of: impl Fn(&mut S, usize) -> T + Sync,
) -> Vec<T> {
    spread(threads_for(rows), count, state, of)
}

/// Each thread takes what comes next, so that one that is late or slow holds nobody up.
fn spread<S, T: Send>(
    threads: usize,
    count: usize,
    state: impl Fn() -> S + Sync,
    of: impl Fn(&mut S, usize) -> T + Sync,
) -> Vec<T> {
    let threads = threads.min(count);
    if threads < 2 {
        let mut state = state();
        return (0..count).map(|at| of(&mut state, at)).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut state = state();
        let take = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|&at| at < count);
        let taken = std::iter::from_fn(take);
        taken.map(|at| (at, of(&mut state, at))).collect::<Vec<(usize, T)>>()
    };
    let mut all = std::thread::scope(|scope| {
        // A machine that has no thread left computes with those that there are.
        let spawn = |_| std::thread::Builder::new().spawn_scoped(scope, work).ok();
        let others: Vec<_> = (1..threads).filter_map(spawn).collect();
        let mut all = work();
        for other in others {
            match other.join() {
                Ok(part) => all.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    all.sort_unstable_by_key(|&(at, _)| at);
    all.into_iter().map(|(_, found)| found).collect()
}

/// How many threads so many rows are worth.
fn threads_for(rows: usize) -> usize {
    THREADS.get().min(rows / BLOCK).max(1)
}

/// What `of` gives for each of as many equal parts of the rows as there are threads, in their order: for
/// what comes to the same however rows are cut.
pub(crate) fn parts<T: Send>(rows: usize, of: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let parts = threads_for(rows);
    each(parts, |at| of(share(at, parts, rows)))
}

/// One of equal parts of `0..count`.
fn share(at: usize, parts: usize, count: usize) -> Range<usize> {
    at * count / parts..(at + 1) * count / parts
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, blocks, each, each_with, parts, with_threads};
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn blocks_come_in_order_and_cover_every_row_once() {
        for rows in [0, 1, BLOCK, BLOCK + 1, 5 * BLOCK - 1] {
            for threads in [1, 2, 3, 9] {
                let ranges = with_threads(threads, || blocks(rows, |range| range));
                let covered: Vec<usize> = ranges.into_iter().flatten().collect();
                assert!(covered.into_iter().eq(0..rows));
            }
        }
        assert_eq!(with_threads(4, || each(3, |at| at)), [0, 1, 2]);
    }

    #[test]
    fn a_state_belongs_to_one_thread() {
        let squares: Vec<usize> = (0..99).map(|at| at * at).collect();
        for threads in [1, 2, 3] {
            let made = AtomicUsize::new(0);
            let state = || {
                made.fetch_add(1, Ordering::Relaxed);
                Vec::new()
            };
            let square = |seen: &mut Vec<usize>, at: usize| {
                assert!(seen.iter().all(|&before| before < at));
                seen.push(at);
                at * at
            };
            let found = with_threads(threads, || each_with(9 * BLOCK, 99, state, square));
            assert_eq!((found, made.into_inner()), (squares.clone(), threads));
        }
    }

    #[test]
    fn threads_are_those_of_the_call_alone() {
        let parts = |rows| parts(rows, |range| range).len();
        assert_eq!(parts(10 * BLOCK), 1);
        with_threads(3, || assert_eq!((parts(10 * BLOCK), parts(BLOCK), parts(0)), (3, 1, 1)));
        let panicked = std::panic::catch_unwind(|| with_threads(3, || panic!("inside")));
        assert!(panicked.is_err());
        assert_eq!(parts(10 * BLOCK), 1);
        assert!(with_threads(0, || parts(10 * BLOCK)) >= 1);
    }
}
