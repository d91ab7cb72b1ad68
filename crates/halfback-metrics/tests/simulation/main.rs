//! Simulations with fixed seeds: intervals cover as often as they say, tests find nothing where there
//! is nothing as often as they say, and what is said of two models is false as often as it may be.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "these are tests"
)]

#[path = "../random/mod.rs"]
mod random;

mod classes;
mod clusters;
mod fairness;
mod intervals;
mod rows;
mod verdicts;

use halfback_metrics::Interval;
use random::Random;

const RUNS: usize = 2_000;

impl Random {
    fn successes(&mut self, rows: u64, p: f64) -> u64 {
        (0..rows).filter(|_| self.uniform() < p).count() as u64
    }
}

/// How many of `runs` come true may differ from `share` by four standard errors, and by what is
/// known of the method besides.
#[track_caller]
fn holds(hits: usize, runs: usize, share: f64, besides: f64) {
    let found = hits as f64 / runs as f64;
    let error = 4.0 * (share * (1.0 - share) / runs as f64).sqrt();
    assert!((found - share).abs() <= error + besides, "{found} in place of {share} ± {error}");
}

fn covers(interval: &Interval, value: f64) -> bool {
    interval.lower <= value && value <= interval.upper
}
