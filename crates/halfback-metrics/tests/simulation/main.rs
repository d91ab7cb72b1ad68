//! Simulations with fixed seeds: intervals cover as often as they say, tests find nothing where there
//! is nothing as often as they say, and what is said of two models is false as often as it may be.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "these are tests"
)]

mod fairness;
mod intervals;
mod verdicts;

use halfback_metrics::Interval;
use halfback_metrics::distribution::normal_quantile;

const RUNS: usize = 2_000;

/// Steele, Lea and Flood's `SplitMix64`, of one seed for each test.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        normal_quantile(self.uniform())
    }

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
