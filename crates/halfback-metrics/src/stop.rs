//! Long work that its caller may stop: resamples by the thousand.

use std::cell::Cell;

use crate::error::{Error, Result};

thread_local! {
    static STOP: Cell<Option<fn() -> bool>> = const { Cell::new(None) };
    /// What was done since the last question.
    static WORK: Cell<usize> = const { Cell::new(0) };
}

/// Lets `stop` end the measurements and bootstraps that `call` runs on this thread: all of them together
/// ask it some times a second, and where it answers `true` they give [`Error::Stopped`].
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
    WORK.set(0);
    call()
}

/// Asks the stop of [`with_stop`] now: before what cannot be taken back.
pub fn check_stop() -> Result<()> {
    WORK.set(0);
    if STOP.get().is_some_and(|stop| stop()) { Err(Error::Stopped) } else { Ok(()) }
}

/// The work between two questions, in rows gone through: milliseconds.
pub(crate) const PACE: usize = 1 << 20;

/// Counts work whose end is a good place for a question.
pub(crate) fn after(work: usize) -> Result<()> {
    count(work);
    if WORK.get() < PACE { Ok(()) } else { check_stop() }
}

/// Counts work, in rows gone through.
pub(crate) fn count(work: usize) {
    WORK.set(WORK.get().saturating_add(work));
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::{PACE, with_stop};
    use crate::threads::with_threads;
    use crate::{
        Bootstrap, Error, Labels, Scores, Settings, Suite, bootstrap, bootstrap_roc_auc, jackknife,
    };

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
    fn small_bootstraps_are_counted_together_and_a_row_by_what_it_costs() {
        let keys: Vec<u64> = (0..128).collect();
        let calls = Cell::new(0);
        let small = || {
            calls.set(calls.get() + 1);
            bootstrap(&keys, 1024, 1, |_| 0.5)
        };
        let found = after(1, || (0..100).try_for_each(|_| small().map(drop)));
        assert_eq!((found, calls.get()), (Err(Error::Stopped), 2 * PACE / 128 / 1024));

        let classes: Vec<i64> = (0..1000).collect();
        let (truth, weights) = (Labels::Int(&classes), vec![1.0; 1000]);
        let suite = Suite::multiclass(truth, Some(truth), None, Some(&weights), None).unwrap();
        let settings = Settings { replicates: 100, ..Settings::default() };
        assert_eq!(after(3, || suite.measure(&settings)).unwrap_err(), Error::Stopped);
        assert!(LEFT.get() == u32::MAX);
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
