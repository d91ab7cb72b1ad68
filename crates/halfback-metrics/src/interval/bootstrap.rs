//! The Poisson bootstrap: intervals for any metric that takes weights.

mod area;

pub use area::bootstrap_roc_auc;

use crate::column::{not_empty, same_length};
use crate::distribution::{normal_cdf, normal_quantile};
use crate::error::{Error, Result};
use crate::order::quantile;
use crate::random::{Resampling, RowStream};
use crate::stop::Stop;

use super::{Interval, outside};

/// The most resamples of one bootstrap.
const MOST_REPLICATES: u32 = 1 << 24;

/// A metric over resamples of the rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Bootstrap {
    /// The metric over the rows as they are.
    pub estimate: f64,
    /// The metric over each resample in which it is defined, ascending.
    pub replicates: Vec<f64>,
    /// How many resamples did not have what the metric needs.
    pub undefined: usize,
}

/// Calls `metric` with a weight for each key: once with ones, then for each resample.
///
/// Keys are the rows' own ids, so that any partition gives the same resamples; rows of one key,
/// a cluster, are drawn together, and one cluster alone is refused: it says nothing of others. A
/// metric that gives NaN leaves a resample out.
/// Source: Chamandy et al., Estimating uncertainty for massive data streams (2012).
pub fn bootstrap(
    keys: &[u64],
    replicates: u32,
    seed: u64,
    mut metric: impl FnMut(&[f64]) -> f64,
) -> Result<Bootstrap> {
    check(keys.len(), replicates)?;
    if keys.len() > 1 && keys.iter().all(|key| *key == keys[0]) {
        return Err(Error::TooFew { argument: "keys", found: 1, expected: 2 });
    }
    let resampling = Resampling::new(seed);
    let rows: Vec<RowStream> = keys.iter().map(|&key| resampling.row(key)).collect();
    let mut weights = vec![1.0; keys.len()];
    let estimate = metric(&weights);
    let mut values = Vec::with_capacity(replicates as usize);
    let mut stop = Stop::new();
    for replicate in 0..replicates {
        for (weight, row) in weights.iter_mut().zip(&rows) {
            *weight = row.weight(replicate).into();
        }
        values.push(metric(&weights));
        stop.after(keys.len())?;
    }
    Ok(Bootstrap::new(estimate, values))
}

/// [`bootstrap`] within strata: in every resample each stratum keeps the weight that it has in the
/// rows. `strata` is the stratum of each key, such as its class or site.
///
/// A resample that drew nothing of a stratum is left out. Source: Davison and Hinkley, Bootstrap
/// methods and their application (1997), 3.2, with Poisson weights scaled to each stratum's size.
pub fn bootstrap_stratified(
    keys: &[u64],
    strata: &[u32],
    replicates: u32,
    seed: u64,
    mut metric: impl FnMut(&[f64]) -> f64,
) -> Result<Bootstrap> {
    same_length("strata", strata.len(), keys.len())?;
    let mut names = strata.to_vec();
    names.sort_unstable();
    names.dedup();
    let place = |stratum: &u32| names.partition_point(|name| name < stratum);
    let places: Vec<usize> = strata.iter().map(place).collect();
    let totals = |weights: &[f64]| {
        let mut totals = vec![0.0; names.len()];
        for (&place, weight) in places.iter().zip(weights) {
            totals[place] += weight;
        }
        totals
    };
    let sizes = totals(&vec![1.0; keys.len()]);
    let mut scaled = vec![0.0; keys.len()];
    bootstrap(keys, replicates, seed, |weights| {
        let drawn = totals(weights);
        if drawn.contains(&0.0) {
            return f64::NAN;
        }
        for (row, &place) in places.iter().enumerate() {
            scaled[row] = weights[row] * (sizes[place] / drawn[place]);
        }
        metric(&scaled)
    })
}

fn check(rows: usize, replicates: u32) -> Result<()> {
    not_empty("keys", rows)?;
    if (1..=MOST_REPLICATES).contains(&replicates) {
        return Ok(());
    }
    let (found, expected) = (f64::from(replicates), "from 1 to 2^24");
    Err(Error::OutOfRange { argument: "replicates", found, expected })
}

/// The metric without each of up to `groups` groups of rows, for [`Bootstrap::bca`].
///
/// Rows fall into groups by their number. Source: Efron, The jackknife, the bootstrap and other
/// resampling plans (1982).
pub fn jackknife(
    rows: usize,
    groups: usize,
    mut metric: impl FnMut(&[f64]) -> f64,
) -> Result<Vec<f64>> {
    not_empty("rows", rows)?;
    not_empty("groups", groups)?;
    let groups = groups.min(rows);
    let mut weights = vec![1.0; rows];
    let mut values = Vec::with_capacity(groups);
    let mut stop = Stop::new();
    for group in 0..groups {
        weights.iter_mut().skip(group).step_by(groups).for_each(|weight| *weight = 0.0);
        values.push(metric(&weights));
        weights.iter_mut().skip(group).step_by(groups).for_each(|weight| *weight = 1.0);
        stop.after(rows)?;
    }
    Ok(values)
}

impl Bootstrap {
    /// Whether the replicates differ by more than sums are rounded.
    pub(crate) fn has_variance(&self) -> bool {
        let [first, .., last] = self.replicates.as_slice() else { return false };
        last - first > 1e-12 * self.estimate.abs()
    }

    /// Of the metric over the rows, and over each resample; NaN leaves a resample out.
    pub fn new(estimate: f64, mut replicates: Vec<f64>) -> Self {
        let all = replicates.len();
        replicates.retain(|value| !value.is_nan());
        replicates.sort_unstable_by(f64::total_cmp);
        Self { estimate, undefined: all - replicates.len(), replicates }
    }

    /// The standard deviation of the replicates.
    pub fn standard_error(&self) -> f64 {
        let n = self.replicates.len() as f64;
        let mean = self.replicates.iter().sum::<f64>() / n;
        let squares: f64 = self.replicates.iter().map(|value| (value - mean).powi(2)).sum();
        (squares / (n - 1.0)).sqrt()
    }

    /// The interval between quantiles of the replicates. Source: Efron (1979).
    pub fn percentile(&self, level: f64) -> Result<Interval> {
        let tail = outside(level)? / 2.0;
        self.between(tail, 1.0 - tail, level)
    }

    /// The percentile interval, corrected for bias and for a variance that moves with the value.
    /// `jackknife` is of [`jackknife`]; NaN in it is left out.
    ///
    /// Source: Efron, Better bootstrap confidence intervals (1987).
    pub fn bca(&self, jackknife: &[f64], level: f64) -> Result<Interval> {
        let tail = outside(level)? / 2.0;
        self.enough()?;
        let n = self.replicates.len() as f64;
        let below = self.replicates.partition_point(|&value| value < self.estimate);
        let up_to = self.replicates.partition_point(|&value| value <= self.estimate);
        let share = (below + up_to) as f64 / 2.0 / n;
        let bias = normal_quantile(share.clamp(1.0 / (n + 1.0), n / (n + 1.0)));
        let acceleration = acceleration(jackknife);
        let moved = |tail: f64| {
            let z = bias + normal_quantile(tail);
            normal_cdf(bias + z / (1.0 - acceleration * z))
        };
        self.between(moved(tail), moved(1.0 - tail), level)
    }

    /// The two-sided p-value of the value `null`, by how many replicates lie beyond it.
    /// Source: Davison and Hinkley, Bootstrap methods and their application (1997), 4.2.
    pub fn p_value(&self, null: f64) -> f64 {
        let n = self.replicates.len();
        let at_most = self.replicates.partition_point(|&value| value <= null);
        let at_least = n - self.replicates.partition_point(|&value| value < null);
        let beyond = at_most.min(at_least) as f64;
        (2.0 * (beyond + 1.0) / (n as f64 + 1.0)).min(1.0)
    }

    /// The same of the metric's negative.
    pub(crate) fn negated(&self) -> Self {
        let replicates = self.replicates.iter().rev().map(|value| -value).collect();
        Self { estimate: -self.estimate, replicates, undefined: self.undefined }
    }

    /// The one-sided p-value of a true value of at most `null`.
    pub(crate) fn above(&self, null: f64) -> f64 {
        let at_most = self.replicates.partition_point(|&value| value <= null);
        (at_most as f64 + 1.0) / (self.replicates.len() as f64 + 1.0)
    }

    fn enough(&self) -> Result<()> {
        let found = self.replicates.len();
        if found < 2 {
            return Err(Error::TooFew { argument: "replicates", found, expected: 2 });
        }
        Ok(())
    }

    fn between(&self, low: f64, high: f64, level: f64) -> Result<Interval> {
        self.enough()?;
        let (lower, upper) = (quantile(&self.replicates, low), quantile(&self.replicates, high));
        Ok(Interval { estimate: self.estimate, lower, upper, level })
    }
}

fn acceleration(jackknife: &[f64]) -> f64 {
    let kept: Vec<f64> = jackknife.iter().copied().filter(|value| value.is_finite()).collect();
    let mean = kept.iter().sum::<f64>() / kept.len() as f64;
    let squares: f64 = kept.iter().map(|value| (mean - value).powi(2)).sum();
    let cubes: f64 = kept.iter().map(|value| (mean - value).powi(3)).sum();
    if squares > 0.0 { cubes / (6.0 * squares.powf(1.5)) } else { 0.0 }
}
