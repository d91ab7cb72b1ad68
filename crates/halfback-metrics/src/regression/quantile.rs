//! Medians and weighted quantiles as scikit-learn takes them.

use crate::column::Weights;

use super::{Outputs, Pair, Regression};
use crate::error::Metric;

impl Regression<'_> {
    /// Median absolute error, in the unit of the target.
    /// Source: scikit-learn 1.9 `median_absolute_error`.
    pub fn median_absolute_error(&self) -> Outputs {
        let one = |(y, p): &Pair<'_>| {
            let errors: Vec<f64> = y.iter().zip(p.iter()).map(|(y, p)| (p - y).abs()).collect();
            Metric::of(median_of(&errors, self.weights))
        };
        Outputs::plain(self.outputs.iter().map(one).collect())
    }
}

/// The median, with weights where there are some.
pub(crate) fn median_of(values: &[f64], weights: Weights<'_>) -> f64 {
    match weights {
        None => median(values.to_vec()),
        Some(_) => weighted_quantile(values, weights, 0.5),
    }
}

/// The mean of the middle one or two values.
fn median(mut values: Vec<f64>) -> f64 {
    let middle = values.len() / 2;
    let odd = values.len() % 2 == 1;
    let (lower, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    if odd {
        return upper;
    }
    let lower = lower.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    f64::midpoint(lower, upper)
}

/// The value at which the cumulated weight reaches `share` of all, or the mean of two values where
/// it reaches that exactly. Source: scikit-learn 1.9 `_weighted_percentile(average=True)`.
pub(super) fn weighted_quantile(values: &[f64], weights: Weights<'_>, share: f64) -> f64 {
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    let mut rows: Vec<(f64, f64)> =
        values.iter().enumerate().map(|(row, &value)| (value, weight(row))).collect();
    rows.sort_by(|left, right| left.0.total_cmp(&right.0));
    let mut sum = 0.0;
    let reached: Vec<f64> = rows
        .iter()
        .map(|row| {
            sum += row.1;
            sum
        })
        .collect();
    let last = rows.len() - 1;
    let rank = share * 100.0 / 100.0 * sum;
    let rank = if rank == 0.0 { f64::from_bits(1) } else { rank };
    let at = reached.partition_point(|&reached| reached < rank).min(last);
    if reached[at] - rank > f64::EPSILON {
        return rows[at].0;
    }
    let mut next = (at + 1).min(last);
    if rows[next].1 == 0.0 {
        let beyond = reached.partition_point(|&one| one <= reached[at]);
        next = if beyond > last { at } else { beyond };
    }
    f64::midpoint(rows[at].0, rows[next].0)
}
