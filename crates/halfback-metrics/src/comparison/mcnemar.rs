//! Two classifiers on the same rows.

use crate::column::{Labels, not_empty, rows};
use crate::distribution::{binomial_cdf, binomial_pmf, normal_cdf};
use crate::encode::encode;
use crate::error::Result;
use crate::interval::{Interval, critical};

use super::proportions::beyond_shares;

/// On which rows one of two classifiers is right and the other is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct McNemar {
    /// Rows on which only the first is right.
    pub first_only: u64,
    /// Rows on which only the second is right.
    pub second_only: u64,
    /// All rows.
    pub rows: u64,
}

/// Counts the rows on which two classifiers differ.
///
/// Source: `McNemar`, Note on the sampling error of the difference between correlated proportions or
/// percentages (1947).
pub fn mcnemar(y_true: Labels<'_>, first: Labels<'_>, second: Labels<'_>) -> Result<McNemar> {
    rows(y_true.len(), ("first", first.len()), None)?;
    rows(y_true.len(), ("second", second.len()), None)?;
    let encoded = encode(&[("y_true", y_true), ("first", first), ("second", second)])?;
    let [truth, first, second] = [0, 1, 2].map(|at| &encoded.codes[at]);
    let (mut first_only, mut second_only) = (0, 0);
    for ((truth, first), second) in truth.iter().zip(first).zip(second) {
        first_only += u64::from(first == truth && second != truth);
        second_only += u64::from(first != truth && second == truth);
    }
    Ok(McNemar { first_only, second_only, rows: y_true.len() as u64 })
}

impl McNemar {
    /// The accuracy of the first less that of the second.
    pub fn difference(&self) -> f64 {
        (self.first_only as f64 - self.second_only as f64) / self.rows as f64
    }

    /// The exact two-sided p-value of equal accuracy, 1 where they never differ. It is too
    /// careful for few rows.
    pub fn exact(&self) -> f64 {
        self.doubled_tail().min(1.0)
    }

    /// The mid-p value, which counts half of what is just as extreme.
    /// Source: Fagerland, Lydersen and Laake, The `McNemar` test for binary matched-pairs data (2013).
    pub fn mid_p(&self) -> f64 {
        let (least, n) = self.least();
        if n == 0.0 { 1.0 } else { (self.doubled_tail() - binomial_pmf(least, n, 0.5)).min(1.0) }
    }

    fn least(&self) -> (f64, f64) {
        let least = self.first_only.min(self.second_only) as f64;
        (least, self.first_only as f64 + self.second_only as f64)
    }

    fn doubled_tail(&self) -> f64 {
        let (least, n) = self.least();
        2.0 * binomial_cdf(least, n, 0.5)
    }

    /// The share of rows on which only one of both is right.
    pub(super) fn share_apart(&self) -> f64 {
        (self.first_only as f64 + self.second_only as f64) / self.rows as f64
    }
}

impl McNemar {
    /// The score interval of [`McNemar::difference`].
    ///
    /// Source: Tango, Equivalence test and confidence interval for the difference in proportions
    /// for the paired-sample design (1998).
    pub fn interval(&self, level: f64) -> Result<Interval> {
        not_empty("rows", usize::from(self.rows > 0))?;
        let z = critical(level)?;
        let estimate = self.difference();
        let bound = |end: f64| {
            let (mut inside, mut outside) = (estimate, end);
            for _ in 0..200 {
                let middle = f64::midpoint(inside, outside);
                if middle == inside || middle == outside {
                    break;
                }
                let near = self.score(middle).abs() < z;
                *(if near { &mut inside } else { &mut outside }) = middle;
            }
            f64::midpoint(inside, outside)
        };
        Ok(Interval { estimate, lower: bound(-1.0), upper: bound(1.0), level })
    }

    /// The one-sided p-value of a true difference of at most `null`: of no difference by the mid-p
    /// value, and else by Tango's score.
    pub(super) fn above(&self, null: f64) -> f64 {
        if let Some(certain) = beyond_shares(self.difference(), null) {
            return certain;
        }
        if null == 0.0 {
            let half = self.mid_p() / 2.0;
            return if self.difference() > 0.0 { half } else { 1.0 - half };
        }
        normal_cdf(-self.score(null))
    }

    /// How many standard errors the estimate is above a difference within (-1, 1).
    fn score(&self, difference: f64) -> f64 {
        let n = self.rows as f64;
        let gap = n * (self.difference() - difference);
        let spread = 2.0 * self.restricted(difference) + difference * (1.0 - difference);
        if gap == 0.0 { 0.0 } else { gap / (n * spread).max(0.0).sqrt() }
    }

    /// The likeliest share of rows on which only the second is right, where the difference is `d`.
    fn restricted(&self, d: f64) -> f64 {
        let (n, b, c) = (self.rows as f64, self.first_only as f64, self.second_only as f64);
        let linear = -b - c + (2.0 * n - b + c) * d;
        let constant = -c * d * (1.0 - d);
        let root = (linear * linear - 8.0 * n * constant).max(0.0).sqrt();
        (root - linear) / (4.0 * n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_restricted_share_is_the_likeliest() {
        let counts = McNemar { first_only: 7, second_only: 3, rows: 50 };
        for d in [-0.2, -0.01, 0.05, 0.3] {
            let likelihood =
                |q: f64| 7.0 * (q + d).ln() + 3.0 * q.ln() + 40.0 * (1.0 - 2.0 * q - d).ln();
            let share = counts.restricted(d);
            assert!(likelihood(share) > likelihood(share + 1e-4));
            assert!(likelihood(share) > likelihood(share - 1e-4));
        }
    }

    #[test]
    fn rows_without_differences_bound_the_difference() {
        // Then the score is √(n d / (1 - d)), and the bounds are z² / (n + z²).
        let none = McNemar { first_only: 0, second_only: 0, rows: 30 };
        let interval = none.interval(0.95).unwrap();
        let z2 = critical(0.95).unwrap().powi(2);
        assert!((interval.upper - z2 / (30.0 + z2)).abs() < 1e-12);
        assert!((interval.lower + interval.upper).abs() < 1e-12);
    }

    #[test]
    fn at_zero_the_score_is_mcnemars() {
        let counts = McNemar { first_only: 12, second_only: 5, rows: 90 };
        assert!((counts.score(0.0) - 7.0 / 17.0f64.sqrt()).abs() < 1e-12);
    }
}
