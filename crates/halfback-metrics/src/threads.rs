//! Several threads for one call. Columns are cut into blocks whose size does not depend on how many
//! threads there are, and what blocks give is put together in their order: so is every sum the same
//! for any number of threads.

use std::cell::Cell;
use std::ops::Range;

/// The rows of a block: a call with fewer is not worth a thread.
pub(crate) const BLOCK: usize = 1 << 16;

thread_local! {
    static THREADS: Cell<usize> = const { Cell::new(1) };
}

/// Lets the kernels that `call` runs use up to `threads` threads; 0 is as many as the machine has.
/// Without it they use one. The results are the same for any number.
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
    let _restore = Restore(THREADS.replace(threads));
    call()
}

/// What `of` gives for each block of `0..rows`, in the order of the blocks.
pub(crate) fn blocks<T: Send>(rows: usize, of: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let block = |at: usize| at * BLOCK..rows.min((at + 1) * BLOCK);
    each(rows.div_ceil(BLOCK), |at| of(block(at)))
}

/// What `of` gives for `0..count`, in that order. Each thread takes neighbours.
pub(crate) fn each<T: Send>(count: usize, of: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let threads = THREADS.get().min(count);
    if threads < 2 {
        return (0..count).map(of).collect();
    }
    let of = &of;
    let share = |thread| share(thread, threads, count);
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|thread| scope.spawn(move || share(thread).map(of).collect::<Vec<T>>()))
            .collect();
        let mut all: Vec<T> = share(0).map(of).collect();
        for other in others {
            match other.join() {
                Ok(part) => all.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    })
}

/// What `of` gives for each of as many equal parts of the rows as there are threads, in their order: for
/// what comes to the same however rows are cut.
pub(crate) fn parts<T: Send>(rows: usize, of: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let parts = THREADS.get().min(rows / BLOCK).max(1);
    each(parts, |at| of(share(at, parts, rows)))
}

/// As many neighbouring parts of `0..count` as there are threads, about equally heavy, where `before` is
/// the weight of all that is before a place: for what comes to the same however it is cut.
pub(crate) fn cuts(count: usize, before: impl Fn(usize) -> usize) -> Vec<Range<usize>> {
    let all = before(count);
    let parts = THREADS.get().min(all / BLOCK).max(1);
    let place = |part: usize| match part {
        0 => 0,
        part if part == parts => count,
        part => (0..count).find(|&at| before(at) >= part * all / parts).unwrap_or(count),
    };
    (0..parts).map(|part| place(part)..place(part + 1)).collect()
}

/// One of equal parts of `0..count`.
fn share(at: usize, parts: usize, count: usize) -> Range<usize> {
    at * count / parts..(at + 1) * count / parts
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, blocks, cuts, each, parts, with_threads};

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
    fn cuts_are_neighbours_of_about_one_weight() {
        let before = |at: usize| [0, 0, 5, 6, 9, 10][at] * BLOCK;
        with_threads(2, || assert_eq!(cuts(5, before), [0..2, 2..5]));
        with_threads(3, || assert_eq!(cuts(5, before), [0..2, 2..4, 4..5]));
        assert_eq!(cuts(5, before), [0..5; 1]);
        with_threads(2, || assert_eq!(cuts(2, |_| 0), [0..2; 1]));
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
