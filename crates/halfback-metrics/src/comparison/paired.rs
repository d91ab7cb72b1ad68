//! The difference of two models on the same rows: its interval, and p-values of any claim about it.

use crate::distribution::normal_cdf;
use crate::error::Result;
use crate::interval::{AreaDifference, Bootstrap, Interval, critical};

use super::McNemar;

/// A difference, first less second, and how it is distributed.
#[derive(Clone, Debug, PartialEq)]
pub enum PairedDifference {
    /// An estimate that is normal with this standard error, above zero.
    Normal {
        /// First less second.
        estimate: f64,
        /// Its standard error.
        standard_error: f64,
    },
    /// Two accuracies, by the rows on which only one of two classifiers is right.
    Counts(McNemar),
    /// A difference over resamples of the rows.
    Resamples(Bootstrap),
}

impl From<AreaDifference> for PairedDifference {
    fn from(areas: AreaDifference) -> Self {
        let standard_error = areas.variance.max(0.0).sqrt();
        Self::Normal { estimate: areas.difference(), standard_error }
    }
}

impl PairedDifference {
    /// First less second.
    pub fn estimate(&self) -> f64 {
        match self {
            Self::Normal { estimate, .. } => *estimate,
            Self::Counts(counts) => counts.difference(),
            Self::Resamples(resamples) => resamples.estimate,
        }
    }

    /// Whether the rows say anything about how far the difference may be off. Classifiers that are
    /// right on the same rows still do: the rows bound how often they can differ.
    pub fn has_variance(&self) -> bool {
        match self {
            Self::Normal { standard_error, .. } => *standard_error > 0.0,
            Self::Counts(counts) => counts.rows > 0,
            Self::Resamples(resamples) => {
                let values = &resamples.replicates;
                values.len() > 1 && values.first() != values.last()
            }
        }
    }

    /// The interval of first less second: by the normal distribution, by Tango's score for counts,
    /// by percentiles of resamples.
    pub fn interval(&self, level: f64) -> Result<Interval> {
        match self {
            Self::Normal { estimate, standard_error } => {
                let reach = critical(level)? * standard_error;
                let (lower, upper) = (estimate - reach, estimate + reach);
                Ok(Interval { estimate: *estimate, lower, upper, level })
            }
            Self::Counts(counts) => counts.interval(level),
            Self::Resamples(resamples) => resamples.percentile(level),
        }
    }

    /// The one-sided p-value of a true difference of at most `null`: small where it is above.
    pub fn above(&self, null: f64) -> f64 {
        match self {
            Self::Normal { estimate, standard_error } => {
                normal_cdf((null - estimate) / standard_error)
            }
            Self::Counts(counts) => counts.above(null),
            Self::Resamples(resamples) => resamples.above(null),
        }
    }

    /// The one-sided p-value of a true difference of at least `null`: small where it is below.
    pub fn below(&self, null: f64) -> f64 {
        match self {
            Self::Resamples(resamples) => resamples.negated().above(-null),
            other => other.negated().above(-null),
        }
    }

    /// Second less first.
    #[must_use]
    pub fn negated(&self) -> Self {
        match self {
            Self::Normal { estimate, standard_error } => {
                Self::Normal { estimate: -estimate, standard_error: *standard_error }
            }
            Self::Counts(counts) => Self::Counts(McNemar {
                first_only: counts.second_only,
                second_only: counts.first_only,
                rows: counts.rows,
            }),
            Self::Resamples(resamples) => Self::Resamples(resamples.negated()),
        }
    }
}

impl McNemar {
    /// The score interval of [`McNemar::difference`].
    ///
    /// Source: Tango, Equivalence test and confidence interval for the difference in proportions
    /// for the paired-sample design (1998).
    pub fn interval(&self, level: f64) -> Result<Interval> {
        crate::column::not_empty("rows", usize::from(self.rows > 0))?;
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
    fn above(&self, null: f64) -> f64 {
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

    #[test]
    fn both_sides_mirror_each_other() {
        let counts = PairedDifference::Counts(McNemar { first_only: 12, second_only: 5, rows: 90 });
        let normal = PairedDifference::Normal { estimate: 0.1, standard_error: 0.04 };
        for one in [counts, normal] {
            for null in [-0.1, 0.0, 0.02] {
                assert!((one.above(null) - one.negated().below(-null)).abs() < 1e-15);
                assert!((one.above(null) + one.below(null) - 1.0).abs() < 0.01);
            }
        }
    }
}
