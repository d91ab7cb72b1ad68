//! Several threads for one call. Columns are cut into blocks whose size does not depend on how many
//! threads there are, and what blocks give is put together in their order: so is every sum the same
//! for any number of threads.

use std::cell::Cell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::team::together;

/// The rows of a block, which is what a thread takes at a time: so few that nobody waits long for the
/// last one.
pub(crate) const BLOCK: usize = 1 << 14;

/// Fewer rows are not worth a thread: it takes about as long until it has begun.
const WORTH: usize = 1 << 16;

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

/// How many threads there are for what takes long.
pub(crate) fn threads() -> usize {
    THREADS.get()
}

/// What `of` gives for each block of `0..rows`, in the order of the blocks.
pub(crate) fn blocks<T: Send>(rows: usize, of: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let block = |at: usize| at * BLOCK..rows.min((at + 1) * BLOCK);
    spread(threads_for(rows), rows.div_ceil(BLOCK), || (), |(), at| of(block(at)))
}

/// Writes all of `out` by blocks: `of` is given the rows of a block and their places. What it gives for
/// each block, in their order.
pub(crate) fn fill<R: Send, T: Send>(
    out: &mut [R],
    of: impl Fn(Range<usize>, &mut [R]) -> T + Sync,
) -> Vec<T> {
    let rows = out.len();
    let places: Vec<Mutex<&mut [R]>> = out.chunks_mut(BLOCK).map(Mutex::new).collect();
    spread(
        threads_for(rows),
        places.len(),
        || (),
        |(), at| {
            let mut places = places[at].lock().unwrap_or_else(PoisonError::into_inner);
            of(at * BLOCK..at * BLOCK + places.len(), &mut places)
        },
    )
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
    let found = Mutex::new(Vec::with_capacity(threads));
    let put = || {
        let part = catch_unwind(AssertUnwindSafe(work));
        found.lock().unwrap_or_else(PoisonError::into_inner).push(part);
    };
    together(threads - 1, put);
    let mut all = Vec::with_capacity(count);
    for part in found.into_inner().unwrap_or_else(PoisonError::into_inner) {
        all.extend(part.unwrap_or_else(|panic| resume_unwind(panic)));
    }
    all.sort_unstable_by_key(|&(at, _)| at);
    all.into_iter().map(|(_, found)| found).collect()
}

/// How many threads so many rows are worth.
fn threads_for(rows: usize) -> usize {
    THREADS.get().min(rows / WORTH).max(1)
}

/// What `of` gives for each of equal parts of the rows, in their order: for what comes to the same
/// however rows are cut. One thread takes one part, and several take some parts each, of at least `least`
/// rows.
pub(crate) fn parts<T: Send>(
    rows: usize,
    least: usize,
    of: impl Fn(Range<usize>) -> T + Sync,
) -> Vec<T> {
    const EACH: usize = 8;
    let threads = threads_for(rows);
    let parts = if threads == 1 { 1 } else { (rows / least).clamp(1, EACH * threads) };
    spread(threads, parts, || (), |(), at| of(share(at, parts, rows)))
}

/// One of equal parts of `0..count`.
fn share(at: usize, parts: usize, count: usize) -> Range<usize> {
    at * count / parts..(at + 1) * count / parts
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, WORTH, blocks, each, each_with, fill, parts, threads_for, with_threads};
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn blocks_come_in_order_and_cover_every_row_once() {
        for rows in [0, 1, BLOCK, BLOCK + 1, 5 * WORTH - 1] {
            for threads in [1, 2, 3, 9] {
                let ranges = with_threads(threads, || blocks(rows, |range| range));
                let covered: Vec<usize> = ranges.into_iter().flatten().collect();
                assert!(covered.into_iter().eq(0..rows));
                let ranges = with_threads(threads, || parts(rows, BLOCK, |range| range));
                assert!(ranges.into_iter().flatten().eq(0..rows));
                let mut filled = vec![0; rows];
                let copy = |range: std::ops::Range<usize>, out: &mut [usize]| {
                    out.iter_mut().zip(range.clone()).for_each(|(out, row)| *out = row);
                    range
                };
                let ranges = with_threads(threads, || fill(&mut filled, copy));
                assert!(ranges.into_iter().flatten().eq(0..rows) && filled.into_iter().eq(0..rows));
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
            let found = with_threads(threads, || each_with(9 * WORTH, 99, state, square));
            assert_eq!((found, made.into_inner()), (squares.clone(), threads));
        }
    }

    #[test]
    fn threads_are_those_of_the_call_alone() {
        assert_eq!(threads_for(10 * WORTH), 1);
        with_threads(3, || assert_eq!([10 * WORTH, WORTH, 0].map(threads_for), [3, 1, 1]));
        let panicked = std::panic::catch_unwind(|| with_threads(3, || panic!("inside")));
        assert!(panicked.is_err());
        assert_eq!(threads_for(10 * WORTH), 1);
        assert!(with_threads(0, || threads_for(10 * WORTH)) >= 1);
    }

    #[test]
    fn a_panic_on_any_thread_is_the_callers() {
        for at in 0..9 {
            let failing = |own: usize| assert!(own != at, "at {own}");
            let panicked = std::panic::catch_unwind(|| with_threads(3, || each(9, failing)));
            let message = panicked.unwrap_err().downcast::<String>().unwrap();
            assert_eq!(*message, format!("at {at}"));
        }
    }
}
