//! What few rows or clusters tell: as how many independent ones they count, and how much farther than
//! the percentiles of their resamples the bounds lie.

use std::collections::BTreeMap;

use crate::distribution::{normal_cdf, normal_quantile, student_quantile, student_two_sided};
use crate::error::{Error, Result};
use crate::interval::outside;

/// As how many units, drawn independently of each other, the keys of rows count: rows of one key, a
/// cluster, are one, and else each row. Within strata that is one more than the degrees of
/// freedom of a sum of their means, each taken as equally spread; `weights` are the
/// rows' own, and what has none does not count; how unequal they are makes no difference.
/// Where a stratum has fewer than four, they count as one, which tells nothing: of so many as were
/// drawn, Poisson draws of n clusters vary by `(n - 1) E(1 / N)` of what they should, which is 0.58
/// for two, 0.87 for three, 0.99 for four.
///
/// Source: Satterthwaite, An approximate distribution of estimates of variance components (1946).
pub fn units(keys: &[u64], strata: Option<&[u32]>, weights: Option<&[f64]>) -> usize {
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    let rows = || (0..keys.len()).filter(|&row| weight(row) > 0.0);
    let all = distinct(rows().map(|row| keys[row])).len();
    let Some(strata) = strata else { return all };
    let pairs = distinct(rows().map(|row| (strata[row], keys[row])));
    let mut parts: BTreeMap<u32, Part> = BTreeMap::new();
    for (stratum, _) in pairs {
        parts.entry(stratum).or_default().units += 1;
    }
    for row in rows() {
        parts.entry(strata[row]).or_default().weight += weight(row);
    }
    // A cluster may have rows in several strata.
    let most = all.saturating_sub(parts.len());
    if parts.len() < 2 { all } else { Part::units(parts.into_values()).min(most + 1) }
}

/// [`units()`] for a metric that is made of a mean over each class, whatever their shares, as an area
/// under the ROC curve is: a small class decides. `classes` is the class of each row.
pub fn units_by_class(
    keys: &[u64],
    classes: &[u32],
    strata: Option<&[u32]>,
    weights: Option<&[f64]>,
) -> usize {
    let mut all: BTreeMap<u32, f64> = BTreeMap::new();
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    for (row, class) in classes.iter().enumerate() {
        *all.entry(*class).or_default() += weight(row);
    }
    let share = |(row, class): (usize, &u32)| all.get(class).map_or(0.0, |all| weight(row) / all);
    let shares: Vec<f64> = classes.iter().enumerate().map(share).collect();
    units(keys, Some(classes), Some(&shares)).min(units(keys, strata, weights))
}

/// The rows of a stratum.
#[derive(Default)]
pub(super) struct Part {
    pub(super) units: usize,
    pub(super) weight: f64,
}

impl Part {
    /// As how many units all together count.
    pub(super) fn units(parts: impl IntoIterator<Item = Self>) -> usize {
        let parts: Vec<Self> = parts.into_iter().collect();
        let is_known = parts.iter().all(|part| part.units >= 4);
        if is_known { Self::freedom(&parts) as usize + 1 } else { 1 }
    }

    fn freedom(parts: &[Self]) -> f64 {
        let (mut variance, mut squares) = (0.0, 0.0);
        for Self { units, weight } in parts {
            let share = weight * weight / *units as f64;
            variance += share;
            squares += share * share / (*units as f64 - 1.0);
        }
        variance * variance / squares
    }
}

/// The degrees of freedom of a sum of a mean of each class, by how many rows these have, two at
/// least, and as if they were equally spread: spreads of few rows are too uncertain to count.
///
/// Source: Satterthwaite, An approximate distribution of estimates of variance components (1946).
pub(crate) fn freedom(classes: impl IntoIterator<Item = usize>) -> f64 {
    let part = |units| Part { units, weight: 1.0 };
    Part::freedom(&classes.into_iter().map(part).collect::<Vec<_>>())
}

/// Refuses one cluster of several rows: it says nothing of others.
pub fn several(argument: &'static str, keys: &[u64]) -> Result<()> {
    match keys {
        [first, rest @ ..] if !rest.is_empty() && rest.iter().all(|key| key == first) => {
            Err(Error::TooFew { argument, found: 1, expected: 2 })
        }
        _ => Ok(()),
    }
}

/// The values that there are, ascending.
pub(super) fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// The fewest units that tell anything at a level: the smallest two-sided p-value of as many is
/// `2^(1 - units)`, as that of a sign test.
///
/// Source: Cameron, Gelbach and Miller, Bootstrap-based improvements for inference with clustered
/// errors (2008), on how few p-values few clusters have.
pub(crate) fn fewest(level: f64) -> Result<usize> {
    let outside = outside(level)?;
    Ok((2..64).find(|&units| smallest(units) <= outside / 2.0).unwrap_or(usize::MAX))
}

/// The smallest one-sided p-value of so many units.
fn smallest(units: usize) -> f64 {
    0.5f64.powi(i32::try_from(units).unwrap_or(i32::MAX))
}

/// The share of resamples beyond each bound of an interval: `Φ(-√(n/(n-1)) t)` with Student's
/// quantile of `n - 1` degrees of freedom.
///
/// Source: Hesterberg, What teachers should know about the bootstrap (2015), on expanded
/// percentiles.
pub(super) fn tail(units: usize, level: f64) -> Result<f64> {
    let (upper, expected) = (outside(level)? / 2.0, fewest(level)?);
    if units < expected {
        return Err(Error::TooFewUnits { found: units, expected, level });
    }
    let freedom = units as f64 - 1.0;
    Ok(normal_cdf(-student_quantile(upper, freedom) * widened(units)))
}

/// The one-sided p-value of a share of resamples beyond a value, so that [`tail`] of an interval that
/// ends there has that share.
pub(super) fn p_value(units: usize, share: f64) -> f64 {
    if units < 2 {
        return 1.0;
    }
    let t = normal_quantile(share) / widened(units);
    let half = student_two_sided(t, units as f64 - 1.0) / 2.0;
    let below = if t < 0.0 { half } else { 1.0 - half };
    below.max(smallest(units))
}

fn widened(units: usize) -> f64 {
    let units = units as f64;
    (units / (units - 1.0)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_are_counted_within_strata() {
        let keys = [1, 1, 2, 3, 4, 5, 6, 7, 8];
        let count = |keys: &[u64], strata: &[u32]| units(keys, Some(strata), None);
        assert_eq!(units(&keys, None, None), 8);
        assert_eq!(count(&keys, &[3; 9]), 8);
        assert_eq!(count(&[1, 2, 2], &[3; 3]), 2);
        // Of the same weight, six degrees of freedom; of other ones, fewer.
        let halves = [0, 0, 0, 0, 0, 9, 9, 9, 9];
        let same = [0.5, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
        assert_eq!(units(&keys, Some(&halves), Some(&same)), 7);
        assert_eq!(count(&keys, &halves), 6);
        // A small stratum beside a large one decides: of 50 and 4, each half of the weight.
        let strata: Vec<u32> = (0..54).map(|row| u32::from(row >= 50)).collect();
        let weights: Vec<f64> = (0..54).map(|row| if row < 50 { 0.02 } else { 0.25 }).collect();
        let keys: Vec<u64> = (0..54).collect();
        assert_eq!(units(&keys, Some(&strata), Some(&weights)), 4);
        // What has no weight does not count.
        assert_eq!(units(&keys[..3], None, Some(&[1.0, 0.0, 2.0])), 2);
        // A stratum of three tells nothing.
        assert_eq!(count(&keys[..9], &[0, 0, 0, 1, 1, 1, 1, 1, 1]), 1);
        // The same four clusters in both strata.
        assert_eq!(count(&[1, 2, 3, 4, 1, 2, 3, 4], &[0, 0, 0, 0, 1, 1, 1, 1]), 3);
    }

    #[test]
    fn a_small_class_decides() {
        let keys: Vec<u64> = (0..1_000).collect();
        let of = |positive: u32| -> Vec<u32> {
            (0..1_000).map(|row| u32::from(row < positive)).collect()
        };
        let count = |positive| units_by_class(&keys, &of(positive), None, None);
        assert_eq!([3, 5, 6, 20, 500, 997, 1_000].map(count), [1, 5, 6, 20, 999, 1, 1_000]);
        // Not more than the strata say.
        let strata: Vec<u32> = keys.iter().map(|key| u32::from(*key < 3)).collect();
        assert_eq!(units_by_class(&keys, &of(500), Some(&strata), None), 1);
        // Of ten positives, four without weight.
        let weights: Vec<f64> = (0..1_000).map(|row| if row < 4 { 0.0 } else { 2.5 }).collect();
        assert_eq!(units_by_class(&keys, &of(10), None, Some(&weights)), 6);
    }

    #[test]
    fn one_cluster_of_several_rows_is_refused() {
        for keys in [&[4, 2, 4][..], &[4], &[]] {
            assert_eq!(several("keys", keys), Ok(()));
        }
        let alone = Error::TooFew { argument: "keys", found: 1, expected: 2 };
        assert_eq!(several("keys", &[4, 4]), Err(alone));
    }

    #[test]
    fn a_level_takes_as_many_units_as_a_sign_test() {
        let levels = [0.4, 0.5, 0.75, 0.9, 0.9375, 0.95, 0.99, 0.999];
        assert_eq!(levels.map(|level| fewest(level).unwrap()), [2, 2, 3, 5, 5, 6, 8, 11]);
        for clusters in 2..40 {
            let p = 2.0 * p_value(clusters, 1e-12);
            assert!(p >= 2.0f64.powi(1 - clusters as i32), "{clusters}");
            // No level asks for more than the smallest p-value.
            assert!(tail(clusters, 1.0 - p).is_ok(), "{clusters}");
            assert!(tail(clusters, 1.0 - 0.99 * 2.0 * smallest(clusters)).is_err(), "{clusters}");
        }
        assert_eq!(p_value(1, 1e-12), 1.0);
    }

    #[test]
    fn p_values_invert_the_tails() {
        // scipy 1.17.1: norm.cdf(-t.ppf(0.975, C - 1) * sqrt(C / (C - 1))).
        let known = [(6, 0.002_431_803), (10, 0.008_550_639), (50, 0.021_179_411)];
        for (clusters, expected) in known {
            let tail = tail(clusters, 0.95).unwrap();
            assert!((tail - expected).abs() < 1e-9, "{clusters}: {tail}");
            assert!((p_value(clusters, tail) - 0.025).abs() < 1e-12);
            assert!((p_value(clusters, 1.0 - tail) - 0.975).abs() < 1e-12);
        }
        assert_eq!((p_value(9, 0.5), p_value(9, 1.0)), (0.5, 1.0));
        let tail = tail(100_000, 0.95).unwrap();
        assert!((tail - 0.025).abs() < 1e-5, "{tail}");
    }
}
