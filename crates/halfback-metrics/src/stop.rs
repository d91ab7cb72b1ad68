//! Long work that its caller may stop: resamples by the thousand.

use std::cell::Cell;

use crate::error::{Error, Result};

thread_local! {
    static STOP: Cell<Option<fn() -> bool>> = const { Cell::new(None) };
}

/// Lets `stop` end the bootstraps that `call` runs on this thread: they ask it some times a second, and
/// where it answers `true` they give [`Error::Stopped`].
///
/// ```
/// use halfback_metrics::{Error, bootstrap, with_stop};
///
/// let keys: Vec<u64> = (0..1 << 20).collect();
/// let found = with_stop(|| true, || bootstrap(&keys, 10, 0, |_| 0.5));
/// assert_eq!(found, Err(Error::Stopped));
/// ```
pub fn with_stop<T>(stop: fn() -> bool, call: impl FnOnce() -> T) -> T {
    struct Restore(Option<fn() -> bool>);
    impl Drop for Restore {
        fn drop(&mut self) {
            STOP.set(self.0);
        }
    }
    let _restore = Restore(STOP.replace(Some(stop)));
    call()
}

/// The rows that are gone through between two questions: milliseconds.
pub(crate) const PACE: usize = 1 << 20;

/// Asks at the pace of the rows that are gone through.
#[derive(Debug)]
pub(crate) struct Stop {
    stop: Option<fn() -> bool>,
    rows: usize,
}

impl Stop {
    pub(crate) fn new() -> Self {
        Self { stop: STOP.get(), rows: 0 }
    }

    /// After so many rows more.
    pub(crate) fn after(&mut self, rows: usize) -> Result<()> {
        self.rows = self.rows.saturating_add(rows);
        if self.rows < PACE {
            return Ok(());
        }
        self.rows = 0;
        if self.stop.is_some_and(|stop| stop()) { Err(Error::Stopped) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::{PACE, with_stop};
    use crate::threads::with_threads;
    use crate::{Bootstrap, Error, Labels, Scores, bootstrap, bootstrap_roc_auc, jackknife};

    thread_local! {
        static LEFT: Cell<u32> = const { Cell::new(0) };
    }

    /// Yes at the question after so many.
    fn asked() -> bool {
        LEFT.set(LEFT.get().wrapping_sub(1));
        LEFT.get() == u32::MAX
    }

    fn after<T>(questions: u32, call: impl FnOnce() -> T) -> T {
        LEFT.set(questions);
        with_stop(asked, call)
    }

    #[test]
    fn a_bootstrap_ends_where_it_is_stopped_and_is_the_same_where_it_is_not() {
        let rows = PACE / 4;
        let keys: Vec<u64> = (0..rows as u64).collect();
        let calls = Cell::new(0);
        let metric = |weights: &[f64]| {
            calls.set(calls.get() + 1);
            weights[0]
        };
        assert_eq!(after(2, || bootstrap(&keys, 1000, 1, metric)), Err(Error::Stopped));
        assert_eq!(calls.replace(0), 1 + 3 * 4);
        assert_eq!(after(1, || jackknife(&keys, 100, metric)), Err(Error::Stopped));
        assert_eq!(calls.get(), 2 * 4);
        let truth: Vec<i64> = (0..2000).map(|row| row % 2).collect();
        let scores: Vec<f64> = (0..2000).map(|row| f64::from(row * 7919 % 1009)).collect();
        let area = || -> Result<Bootstrap, Error> {
            bootstrap_roc_auc(Labels::Int(&truth), Scores::F64(&scores), 9000, 1)
        };
        for threads in [1, 3] {
            with_threads(threads, || {
                assert_eq!(after(0, area), Err(Error::Stopped));
                assert_eq!(after(u32::MAX - 1, area), area());
                assert_ne!(LEFT.get(), u32::MAX - 1, "nobody asked");
            });
        }
    }
}
