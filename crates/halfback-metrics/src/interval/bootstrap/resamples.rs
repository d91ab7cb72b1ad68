//! What resamples tell of a metric: intervals and p-values, by percentiles or corrected for bias and
//! acceleration, and wider by how few rows or clusters there are.

use super::{MOST_REPLICATES, clusters};
use crate::distribution::{normal_cdf, normal_quantile};
use crate::error::{Error, Result};
use crate::interval::Interval;
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
    /// As how many rows, or clusters of them, those count that were drawn: [`units`](super::units()).
    pub units: usize,
    /// By which intervals and p-values are corrected; none where they are percentiles.
    pub acceleration: Option<f64>,
}

impl Bootstrap {
    /// Of the metric over the rows, and over each resample; NaN leaves a resample out. The rows count
    /// as so many [`units`](super::units()).
    pub fn new(estimate: f64, mut replicates: Vec<f64>, units: usize) -> Self {
        let all = replicates.len();
        replicates.retain(|value| !value.is_nan());
        replicates.sort_unstable_by(f64::total_cmp);
        let undefined = all - replicates.len();
        Self { estimate, replicates, undefined, units, acceleration: None }
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

    /// The interval between quantiles of the replicates, or the corrected one, and wider by how few
    /// rows or clusters there are. Where these or the resamples are too few for the level it is
    /// refused, and where all resamples are the same its bounds are NaN: that is no certainty.
    ///
    /// Sources: Efron (1979, 1987); Hesterberg, What teachers should know about the bootstrap (2015).
    pub fn interval(&self, level: f64) -> Result<Interval> {
        let tail = self.tail(level)?;
        let shares = [tail, 1.0 - tail].map(|tail| self.moved(tail));
        let least = shares.map(|share| share.min(1.0 - share)).into_iter().fold(0.5, f64::min);
        self.reach(least)?;
        let is_known = self.has_variance();
        let [lower, upper] =
            shares.map(|share| if is_known { self.bound(share) } else { f64::NAN });
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
        let tail = clusters::tail(self.units, level)?;
        self.reach(tail)?;
        Ok(tail)
    }

    /// Refuses a share for a bound beyond all resamples, which is not known.
    fn reach(&self, share: f64) -> Result<()> {
        let (usable, drawn) = (self.replicates.len(), self.replicates.len() + self.undefined);
        let mut expected = fewest(share);
        if usable as f64 >= expected {
            return Ok(());
        }
        let [below, up_to] = self.around();
        if self.acceleration.is_some() && (up_to == 0 || below == self.replicates.len()) {
            let expected = "they lie on one side of the estimate; `percentile` would tell";
            return Err(Error::Beyond { argument: "method", expected });
        }
        if expected > f64::from(MOST_REPLICATES) {
            let expected = "a lower one, or more rows, would tell";
            return Err(Error::Beyond { argument: "level", expected });
        }
        if usable > 0 {
            // As many draws more as have no value, and some.
            let more = drawn as f64 / usable as f64;
            expected = (expected * more * if self.undefined > 0 { 1.05 } else { 1.0 }).ceil();
        }
        Err(Error::TooFew { argument: "replicates", found: drawn, expected: expected as usize })
    }

    /// The replicate that has this share of them below it: the one that a test by how many lie beyond
    /// it turns at (Davison and Hinkley 1997, 5.2).
    fn bound(&self, share: f64) -> f64 {
        let n = self.replicates.len() as f64;
        quantile(&self.replicates, ((n + 1.0) * share - 1.0) / (n - 1.0))
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
        clusters::p_value(self.units, share)
    }

    /// The share that a corrected bound has below it.
    fn moved(&self, tail: f64) -> f64 {
        let Some(acceleration) = self.acceleration else { return tail };
        let bias = self.bias();
        let z = bias + normal_quantile(tail);
        let shrunk = 1.0 - acceleration * z;
        if shrunk > 0.0 { normal_cdf(bias + z / shrunk) } else { f64::from(u8::from(z > 0.0)) }
    }

    /// How many replicates are below the estimate, and at most there.
    fn around(&self) -> [usize; 2] {
        let below = self.replicates.partition_point(|&value| value < self.estimate);
        [below, self.replicates.partition_point(|&value| value <= self.estimate)]
    }

    /// How far the middle of the replicates is from the estimate, in standard deviations.
    fn bias(&self) -> f64 {
        let n = self.replicates.len() as f64;
        let [below, up_to] = self.around();
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

/// The fewest resamples that tell an interval of any rows at a level; infinitely many at 1.
pub fn fewest_replicates(level: f64) -> f64 {
    fewest((1.0 - level) / 2.0)
}

/// The fewest resamples whose bounds have this share of them beyond; one alone has none.
fn fewest(share: f64) -> f64 {
    (1.0 / share - 1.0 - 1e-9).ceil().max(2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Skew resamples, from exp(-1) on.
    fn skew(units: usize) -> Bootstrap {
        let values = (1..1000).map(|at| normal_quantile(f64::from(at) / 1000.0).exp() - 0.3);
        Bootstrap::new(0.9, values.collect(), units)
    }

    #[test]
    fn a_p_value_is_that_of_the_interval_that_ends_there() {
        let corrected = |units| skew(units).corrected(&[1.0, 1.2, 0.7, 3.0, 1.1, 0.4]);
        assert!(corrected(12).acceleration.unwrap().abs() > 0.05);
        for resamples in [skew(4_000), corrected(4_000), skew(12), corrected(12)] {
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
        let one = skew(9).corrected(&[1.0, 1.2, 0.7, 3.0]);
        let other = one.negated();
        let (interval, turned) = (one.interval(0.8).unwrap(), other.interval(0.8).unwrap());
        assert!((interval.lower + turned.upper).abs() < 1e-12);
        assert!((interval.upper + turned.lower).abs() < 1e-12);
        for null in [-1.0, 0.2, 0.9, 3.0] {
            assert!((one.above(null) - other.below(-null)).abs() < 1e-12, "{null}");
        }
    }

    #[test]
    fn too_few_units_or_resamples_tell_nothing() {
        let refused = skew(5).interval(0.95).unwrap_err();
        let level = 0.95;
        assert_eq!(refused, Error::TooFewUnits { found: 5, expected: 6, level });
        assert!(skew(6).interval(0.95).is_ok());
        // One that has a value beside one that has none.
        for level in [1e-17, 1e-10, 0.1] {
            let alone = Bootstrap::new(0.1, vec![0.1, f64::NAN], 9).interval(level);
            assert!(matches!(alone, Err(Error::TooFew { found: 2, .. })), "{alone:?}");
        }
        // Both bounds would lie beyond all of them.
        let refused = skew(8).interval(0.99).unwrap_err();
        let Error::TooFew { argument: "replicates", found: 999, expected } = refused else {
            panic!("{refused}")
        };
        assert!((10_000..12_000).contains(&expected), "{expected}");
        assert!(skew(4_000).interval(0.99).is_ok());
        // Of many rows a tail of t takes 1/t - 1 of them.
        let few = |replicates: u32| {
            Bootstrap::new(0.5, (0..replicates).map(f64::from).collect(), 1 << 30).interval(0.95)
        };
        let expected = Error::TooFew { argument: "replicates", found: 38, expected: 39 };
        assert_eq!(few(38), Err(expected));
        let all = few(39).unwrap();
        assert!(all.lower.abs() < 1e-6 && (all.upper - 38.0).abs() < 1e-6, "{all:?}");
        // No number of resamples tells a bound.
        let refused = skew(18).interval(0.999_99).unwrap_err();
        assert_eq!(refused.argument(), "level", "{refused}");
    }

    #[test]
    fn the_advised_number_of_resamples_makes_up_for_those_without_a_value() {
        let drawn = |count: usize| {
            let value = |at: usize| if at.is_multiple_of(5) { f64::NAN } else { at as f64 };
            Bootstrap::new(0.5, (0..count).map(value).collect(), 6).interval(0.95)
        };
        let Err(Error::TooFew { found: 100, expected, .. }) = drawn(100) else { panic!() };
        assert!(expected < 600 && drawn(expected).is_ok(), "{expected}");
    }

    #[test]
    fn resamples_that_are_all_the_same_have_no_bounds() {
        let same = Bootstrap::new(1.0, vec![1.0; 1_000], 100).interval(0.95).unwrap();
        assert!(same.estimate == 1.0 && same.lower.is_nan() && same.upper.is_nan());
    }

    #[test]
    fn resamples_on_one_side_have_no_corrected_bounds() {
        for estimate in [-1.0, 100.0] {
            let percentiles = Bootstrap { estimate, ..skew(4_000) };
            assert!(percentiles.interval(0.95).is_ok());
            let corrected = percentiles.corrected(&[1.0, 1.2, 0.7, 3.0]);
            assert_eq!(corrected.interval(0.95).unwrap_err().argument(), "method");
        }
    }
}
