//! Intervals for a share of rows.

use crate::distribution::beta_quantile;
use crate::error::{Error, Result};

use super::{Interval, critical, outside};

/// The score interval for `successes` of `rows`.
///
/// Source: Wilson, Probable inference, the law of succession, and statistical inference (1927).
pub fn wilson(successes: u64, rows: u64, level: f64) -> Result<Interval> {
    let estimate = share(successes, rows)?;
    let z = critical(level)?;
    let n = rows as f64;
    let spread = 1.0 + z * z / n;
    let middle = (estimate + z * z / (2.0 * n)) / spread;
    let reach = z / spread * (estimate * (1.0 - estimate) / n + z * z / (4.0 * n * n)).sqrt();
    let lower = if successes == 0 { 0.0 } else { middle - reach };
    let upper = if successes == rows { 1.0 } else { middle + reach };
    Ok(Interval { estimate, lower, upper, level })
}

/// The exact interval for `successes` of `rows`, which never covers less than its level.
///
/// Source: Clopper and Pearson (1934), by quantiles of the beta distribution.
pub fn clopper_pearson(successes: u64, rows: u64, level: f64) -> Result<Interval> {
    let estimate = share(successes, rows)?;
    let tail = outside(level)? / 2.0;
    let (k, n) = (successes as f64, rows as f64);
    let lower = if successes == 0 { 0.0 } else { beta_quantile(tail, k, n - k + 1.0) };
    // The upper tail as a lower one of the other class keeps its digits.
    let upper = if successes == rows { 1.0 } else { 1.0 - beta_quantile(tail, n - k, k + 1.0) };
    Ok(Interval { estimate, lower, upper, level })
}

/// The interval of the mean of shares of different rows, by the interval of each: squares of how far
/// a bound is from its share add up.
///
/// Source: Zou and Donner, Construction of confidence limits about effect measures (2008).
pub(crate) fn mean_of_shares(shares: &[(u64, u64)], level: f64) -> Result<Interval> {
    let (mut sum, mut below, mut above) = (0.0, 0.0, 0.0);
    for &(successes, rows) in shares {
        let share = wilson(successes, rows, level)?;
        sum += share.estimate;
        below += (share.estimate - share.lower).powi(2);
        above += (share.upper - share.estimate).powi(2);
    }
    let count = shares.len() as f64;
    let estimate = sum / count;
    let (lower, upper) = (estimate - below.sqrt() / count, estimate + above.sqrt() / count);
    Ok(Interval { estimate, lower, upper, level })
}

pub(crate) fn share(successes: u64, rows: u64) -> Result<f64> {
    crate::column::not_empty("rows", usize::from(rows > 0))?;
    if successes > rows {
        let (found, expected) = (successes as f64, "at most `rows`");
        return Err(Error::OutOfRange { argument: "successes", found, expected });
    }
    Ok(successes as f64 / rows as f64)
}
