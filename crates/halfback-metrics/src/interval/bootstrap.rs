//! The Poisson bootstrap: intervals for any metric that takes weights.

mod area;
mod clusters;
mod resamples;
mod strata;

pub use area::bootstrap_roc_auc;
use clusters::distinct;
pub(crate) use clusters::freedom;

pub use clusters::{several, units, units_by_class};
pub use resamples::{Bootstrap, fewest_replicates};
use strata::Strata;

use crate::column::{not_empty, same_length, weights};
use crate::error::{Error, Result};
use crate::random::{Resampling, RowStream};
use crate::stop::after;

/// The most resamples of one bootstrap.
const MOST_REPLICATES: u32 = 1 << 24;

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
    several("keys", keys)?;
    let resampling = Resampling::new(seed);
    let rows: Vec<RowStream> = keys.iter().map(|&key| resampling.row(key)).collect();
    let mut weights = vec![1.0; keys.len()];
    let estimate = metric(&weights);
    let mut values = Vec::with_capacity(replicates as usize);
    for replicate in 0..replicates {
        for (weight, row) in weights.iter_mut().zip(&rows) {
            *weight = row.weight(replicate).into();
        }
        values.push(metric(&weights));
        after(keys.len())?;
    }
    Ok(Bootstrap::new(estimate, values, units(keys, None, None)))
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
    metric: impl FnMut(&[f64]) -> f64,
) -> Result<Bootstrap> {
    same_length("strata", strata.len(), keys.len())?;
    let own = vec![1.0; keys.len()];
    bootstrap_weighted(keys, Some(strata), &own, replicates, seed, metric)
}

/// [`bootstrap`] of rows that have weights of their own, which strata keep in every resample: `metric`
/// is called with those of the rows that were drawn.
pub fn bootstrap_weighted(
    keys: &[u64],
    strata: Option<&[u32]>,
    own: &[f64],
    replicates: u32,
    seed: u64,
    mut metric: impl FnMut(&[f64]) -> f64,
) -> Result<Bootstrap> {
    check(keys.len(), replicates)?;
    weights(Some(own), keys.len())?;
    let units = units(keys, strata, Some(own));
    let strata = strata.map(|strata| Strata::of(strata, own));
    let mut drawn = own.to_vec();
    let resamples = bootstrap(keys, replicates, seed, |times| {
        for (drawn, (own, times)) in drawn.iter_mut().zip(own.iter().zip(times)) {
            *drawn = own * times;
        }
        let is_whole = strata.as_ref().is_none_or(|strata| strata.scale(&mut drawn));
        if is_whole { metric(&drawn) } else { f64::NAN }
    })?;
    Ok(Bootstrap { units, ..resamples })
}

fn check(rows: usize, replicates: u32) -> Result<()> {
    not_empty("keys", rows)?;
    if (1..=MOST_REPLICATES).contains(&replicates) {
        return Ok(());
    }
    let (found, expected) = (f64::from(replicates), "from 1 to 2^24");
    Err(Error::OutOfRange { argument: "replicates", found, expected })
}

/// The metric without each of up to `groups` groups of rows, for [`Bootstrap::corrected`].
///
/// Rows of one key are left out together; keys fall into groups by their order. Source: Efron, The
/// jackknife, the bootstrap and other resampling plans (1982).
pub fn jackknife(
    keys: &[u64],
    groups: usize,
    mut metric: impl FnMut(&[f64]) -> f64,
) -> Result<Vec<f64>> {
    let (left_out, groups) = jackknife_groups(keys, groups)?;
    let mut weights = vec![1.0; keys.len()];
    let mut values = Vec::with_capacity(groups);
    for group in 0..groups {
        for (weight, own) in weights.iter_mut().zip(&left_out) {
            *weight = if *own == group { 0.0 } else { 1.0 };
        }
        values.push(metric(&weights));
        after(keys.len())?;
    }
    Ok(values)
}

/// The group with which [`jackknife`] leaves each row out, and how many groups there are.
pub fn jackknife_groups(keys: &[u64], groups: usize) -> Result<(Vec<usize>, usize)> {
    not_empty("keys", keys.len())?;
    not_empty("groups", groups)?;
    let known = distinct(keys.iter().copied());
    let groups = groups.min(known.len());
    let group = |key: &u64| known.partition_point(|known| known < key) % groups;
    Ok((keys.iter().map(group).collect(), groups))
}
