//! What resamples tell of a metric: intervals and p-values, by percentiles or corrected for bias and
//! acceleration, and of clusters wider by how few there are.

use super::clusters;
use crate::distribution::{normal_cdf, normal_quantile};
use crate::error::{Error, Result};
use crate::interval::{Interval, outside};
use crate::order::quantile;

/// A metric over resamples of the rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Bootstrap {
    /// The metric over the rows as they are.
    pub estimate: f64,
    /// The metric over each resample in which it is defined, ascending.
    pub replicates: Vec<f64>,
    /// How many resamples did not have what the metric needs.
    pub undefined: usize,
    /// Of how many clusters the rows are, as [`clusters`](super::clusters()) counts them; none where
    /// each row was drawn alone.
    pub clusters: Option<usize>,
    /// By which intervals and p-values are corrected; none where they are percentiles.
    pub acceleration: Option<f64>,
}

impl Bootstrap {
    /// Of the metric over the rows, and over each resample; NaN leaves a resample out.
    pub fn new(estimate: f64, mut replicates: Vec<f64>) -> Self {
        let all = replicates.len();
        replicates.retain(|value| !value.is_nan());
        replicates.sort_unstable_by(f64::total_cmp);
        let undefined = all - replicates.len();
        Self { estimate, replicates, undefined, clusters: None, acceleration: None }
    }

    /// The same of rows that were drawn by whole clusters.
    #[must_use]
    pub fn of_clusters(self, clusters: Option<usize>) -> Self {
        Self { clusters, ..self }
    }

    /// The same with intervals and p-values corrected for bias and for a variance that moves with
    /// the value. `jackknife` is of [`jackknife`](super::jackknife()); NaN in it is left out.
    ///
    /// Source: Efron, Better bootstrap confidence intervals (1987).
    #[must_use]
    pub fn corrected(self, jackknife: &[f64]) -> Self {
        Self { acceleration: Some(acceleration(jackknife)), ..self }
    }

    /// The standard deviation of the replicates.
    pub fn standard_error(&self) -> f64 {
        let n = self.replicates.len() as f64;
        let mean = self.replicates.iter().sum::<f64>() / n;
        let squares: f64 = self.replicates.iter().map(|value| (value - mean).powi(2)).sum();
        (squares / (n - 1.0)).sqrt()
    }

    /// The interval between quantiles of the replicates, or the corrected one. Of clusters it is
    /// wider, and refused where these or the resamples are too few for the level.
    ///
    /// Sources: Efron (1979, 1987); of clusters Hesterberg, What teachers should know about the
    /// bootstrap (2015).
    pub fn interval(&self, level: f64) -> Result<Interval> {
        let tail = self.tail(level)?;
        let shares = [tail, 1.0 - tail].map(|tail| self.moved(tail));
        if self.clusters.is_some() {
            let least = shares.map(|share| share.min(1.0 - share)).into_iter().fold(0.5, f64::min);
            self.reach(least)?;
        }
        let [lower, upper] = shares.map(|share| self.bound(share));
        Ok(Interval { estimate: self.estimate, lower, upper, level })
    }

    /// The two-sided p-value of the value `null`, by how many replicates lie beyond it: the level
    /// whose interval ends there has as much outside.
    ///
    /// Source: Davison and Hinkley, Bootstrap methods and their application (1997), 4.2.
    pub fn p_value(&self, null: f64) -> f64 {
        (2.0 * self.above(null).min(self.below(null))).min(1.0)
    }

    /// The one-sided p-value of a true value of at most `null`.
    pub(crate) fn above(&self, null: f64) -> f64 {
        self.one_sided(self.replicates.partition_point(|&value| value <= null), 1.0)
    }

    /// The one-sided p-value of a true value of at least `null`.
    pub(crate) fn below(&self, null: f64) -> f64 {
        let below = self.replicates.partition_point(|&value| value < null);
        self.one_sided(self.replicates.len() - below, -1.0)
    }

    /// The same of the metric's negative.
    pub(crate) fn negated(&self) -> Self {
        Self {
            estimate: -self.estimate,
            replicates: self.replicates.iter().rev().map(|value| -value).collect(),
            acceleration: self.acceleration.map(|acceleration| -acceleration),
            ..*self
        }
    }

    /// Whether the replicates differ by more than sums are rounded.
    pub(crate) fn has_variance(&self) -> bool {
        let [first, .., last] = self.replicates.as_slice() else { return false };
        last - first > 1e-12 * self.estimate.abs()
    }

    /// The share of resamples beyond each bound, before it is corrected.
    pub(crate) fn tail(&self, level: f64) -> Result<f64> {
        let plain = outside(level)? / 2.0;
        self.reach(1.0 / 3.0)?;
        let Some(clusters) = self.clusters else { return Ok(plain) };
        let tail = clusters::tail(clusters, level)?;
        self.reach(tail)?;
        Ok(tail)
    }

    /// Refuses a share for a bound beyond all resamples, which is not known.
    fn reach(&self, share: f64) -> Result<()> {
        let (found, expected) = (self.replicates.len(), (1.0 / share - 1.0).ceil() as usize);
        if found < expected {
            return Err(Error::TooFew { argument: "replicates", found, expected });
        }
        Ok(())
    }

    /// The replicate that has this share of them below it. Of clusters it is the one that a test by
    /// how many lie beyond it turns at (Davison and Hinkley 1997, 5.2).
    fn bound(&self, share: f64) -> f64 {
        let n = self.replicates.len() as f64;
        let share = match self.clusters {
            None => share,
            Some(_) => ((n + 1.0) * share - 1.0) / (n - 1.0),
        };
        quantile(&self.replicates, share)
    }

    /// The p-value of so many replicates at or beyond a value, by whose lower bounds it is told where
    /// `side` is 1, and -1 by its upper ones.
    fn one_sided(&self, beyond: usize, side: f64) -> f64 {
        let n = self.replicates.len() as f64;
        let mut share = (beyond as f64 + 1.0) / (n + 1.0);
        if let Some(acceleration) = self.acceleration {
            let (bias, acceleration) = (side * self.bias(), side * acceleration);
            let moved = normal_quantile(share) - bias;
            let stretched = 1.0 + acceleration * moved;
            share = if stretched > 0.0 {
                normal_cdf(moved / stretched - bias)
            } else {
                f64::from(u8::from(moved > 0.0))
            };
            // No resample says less than one.
            share = share.max(1.0 / (n + 1.0));
        }
        self.clusters.map_or(share, |clusters| clusters::p_value(clusters, share))
    }

    /// The share that a corrected bound has below it.
    fn moved(&self, tail: f64) -> f64 {
        let Some(acceleration) = self.acceleration else { return tail };
        let bias = self.bias();
        let z = bias + normal_quantile(tail);
        let shrunk = 1.0 - acceleration * z;
        if shrunk > 0.0 { normal_cdf(bias + z / shrunk) } else { f64::from(u8::from(z > 0.0)) }
    }

    /// How far the middle of the replicates is from the estimate, in standard deviations.
    fn bias(&self) -> f64 {
        let n = self.replicates.len() as f64;
        let below = self.replicates.partition_point(|&value| value < self.estimate);
        let up_to = self.replicates.partition_point(|&value| value <= self.estimate);
        let share = (below + up_to) as f64 / 2.0 / n;
        normal_quantile(share.clamp(1.0 / (n + 1.0), n / (n + 1.0)))
    }
}

fn acceleration(jackknife: &[f64]) -> f64 {
    let kept: Vec<f64> = jackknife.iter().copied().filter(|value| value.is_finite()).collect();
    let mean = kept.iter().sum::<f64>() / kept.len() as f64;
    let squares: f64 = kept.iter().map(|value| (mean - value).powi(2)).sum();
    let cubes: f64 = kept.iter().map(|value| (mean - value).powi(3)).sum();
    if squares > 0.0 { cubes / (6.0 * squares.powf(1.5)) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Skew resamples, from exp(-1) on.
    fn skew() -> Bootstrap {
        let values = (1..1000).map(|at| normal_quantile(f64::from(at) / 1000.0).exp() - 0.3);
        Bootstrap::new(0.9, values.collect())
    }

    #[test]
    fn a_p_value_is_that_of_the_interval_that_ends_there() {
        let corrected = skew().corrected(&[1.0, 1.2, 0.7, 3.0, 1.1, 0.4]);
        assert!(corrected.acceleration.unwrap().abs() > 0.05);
        let clustered = |resamples: Bootstrap| resamples.of_clusters(Some(12));
        for resamples in [skew(), corrected.clone(), clustered(skew()), clustered(corrected)] {
            for level in [0.5, 0.8, 0.95] {
                let Interval { lower, upper, .. } = resamples.interval(level).unwrap();
                for end in [lower, upper] {
                    let p = resamples.p_value(end);
                    assert!(
                        (p - (1.0 - level)).abs() < 0.02 * (1.0 - level) + 0.004,
                        "{p} {level}"
                    );
                }
                let sides = [resamples.above(lower), resamples.below(upper)];
                for p in sides {
                    assert!((2.0 * p - (1.0 - level)).abs() < 0.02, "{p} {level}");
                }
            }
        }
    }

    #[test]
    fn the_negative_turns_everything_around() {
        let one = skew().corrected(&[1.0, 1.2, 0.7, 3.0]).of_clusters(Some(9));
        let other = one.negated();
        let (interval, turned) = (one.interval(0.8).unwrap(), other.interval(0.8).unwrap());
        assert!((interval.lower + turned.upper).abs() < 1e-12);
        assert!((interval.upper + turned.lower).abs() < 1e-12);
        for null in [-1.0, 0.2, 0.9, 3.0] {
            assert!((one.above(null) - other.below(-null)).abs() < 1e-12, "{null}");
        }
    }

    #[test]
    fn too_few_clusters_or_resamples_tell_nothing() {
        let refused = skew().of_clusters(Some(5)).interval(0.95).unwrap_err();
        let (argument, level) = ("keys", 0.95);
        assert_eq!(refused, Error::TooFewClusters { argument, found: 5, expected: 6, level });
        assert!(skew().of_clusters(Some(6)).interval(0.95).is_ok());
        // Both bounds would lie beyond all of them.
        let refused = skew().of_clusters(Some(8)).interval(0.99).unwrap_err();
        let Error::TooFew { argument: "replicates", found: 999, expected } = refused else {
            panic!("{refused}")
        };
        assert!((10_000..12_000).contains(&expected), "{expected}");
        assert!(skew().interval(0.99).is_ok());
    }
}
