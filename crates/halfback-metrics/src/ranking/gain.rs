//! Discounted cumulative gain.

use crate::column::{Matrix, Weights, finite, not_empty, same_length, weights};
use crate::error::{Error, Metric, Reason, Result};

/// How gains are cumulated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dcg {
    /// Only the best-scored documents count; all unless given.
    pub k: Option<usize>,
    /// The base of the logarithm of the discount, above 0 and not 1.
    pub log_base: f64,
    /// Takes equal scores in one order, the last document first, rather than their mean.
    pub ignore_ties: bool,
}

impl Default for Dcg {
    fn default() -> Self {
        Self { k: None, log_base: 2.0, ignore_ties: false }
    }
}

/// The mean discounted cumulative gain: documents in columns, gains in `y_true`.
///
/// Sources: Järvelin and Kekäläinen (2002); ties by McSherry and Najork, Computing information
/// retrieval performance measures efficiently in the presence of tied scores (2008); scikit-learn
/// 1.9 `dcg_score`.
pub fn dcg(
    y_true: Matrix<'_>,
    y_score: Matrix<'_>,
    sample_weight: Weights<'_>,
    options: Dcg,
) -> Result<f64> {
    let (gains, scores) = checked(y_true, y_score, sample_weight, options)?;
    let columns = y_true.columns();
    let discounts = discounts(columns, options);
    let rows = gains.chunks_exact(columns).zip(scores.chunks_exact(columns));
    Ok(mean(
        rows.map(|(gains, scores)| row_gain(gains, scores, &discounts, options)),
        sample_weight,
    ))
}

/// [`dcg`] over the best that the gains allow, within [0, 1]; zero where all gains are. Gains are
/// zero or more. The base of the discount does not matter.
///
/// Source: scikit-learn 1.9 `ndcg_score`.
pub fn ndcg(
    y_true: Matrix<'_>,
    y_score: Matrix<'_>,
    sample_weight: Weights<'_>,
    options: Dcg,
) -> Result<Metric> {
    let (gains, scores) = checked(y_true, y_score, sample_weight, options)?;
    if let Some(&found) = gains.iter().find(|&&gain| gain < 0.0) {
        return Err(Error::OutOfRange { argument: "y_true", found, expected: "zero or more" });
    }
    let columns = y_true.columns();
    let discounts = discounts(columns, options);
    let mut bare = false;
    let rows = gains.chunks_exact(columns).zip(scores.chunks_exact(columns));
    let shares = rows.map(|(gains, scores)| {
        let best = row_gain(gains, gains, &discounts, Dcg { ignore_ties: true, ..options });
        bare |= best == 0.0;
        if best == 0.0 { 0.0 } else { row_gain(gains, scores, &discounts, options) / best }
    });
    let value = mean(shares, sample_weight);
    Ok(if bare { Metric::silent(value, Reason::NoneRelevant) } else { Metric::of(value) })
}

type Table<'a> = std::borrow::Cow<'a, [f64]>;

fn checked<'a>(
    y_true: Matrix<'a>,
    y_score: Matrix<'a>,
    sample_weight: Weights<'_>,
    options: Dcg,
) -> Result<(Table<'a>, Table<'a>)> {
    same_length("y_score", y_score.rows(), y_true.rows())?;
    not_empty("y_true", y_true.rows())?;
    weights(sample_weight, y_true.rows())?;
    let (found, expected) = (y_score.columns(), y_true.columns());
    if found != expected {
        return Err(Error::Columns { argument: "y_score", found, expected });
    }
    if expected < 2 {
        return Err(Error::TooFew { argument: "y_true", found: expected, expected: 2 });
    }
    let base = options.log_base;
    if !(base > 0.0 && base != 1.0 && base.is_finite()) {
        let expected = "above 0 and not 1";
        return Err(Error::OutOfRange { argument: "log_base", found: base, expected });
    }
    if options.k == Some(0) {
        return Err(Error::OutOfRange { argument: "k", found: 0.0, expected: "one or more" });
    }
    let (gains, scores) = (y_true.values().to_f64(), y_score.values().to_f64());
    finite("y_true", &gains)?;
    finite("y_score", &scores)?;
    Ok((gains, scores))
}

fn discounts(columns: usize, options: Dcg) -> Vec<f64> {
    let base = options.log_base.ln();
    let kept = options.k.unwrap_or(columns);
    let discount = |rank: usize| if rank < kept { base / (rank as f64 + 2.0).ln() } else { 0.0 };
    (0..columns).map(discount).collect()
}

fn row_gain(gains: &[f64], scores: &[f64], discounts: &[f64], options: Dcg) -> f64 {
    let mut order: Vec<usize> = (0..gains.len()).rev().collect();
    order.sort_by(|&left, &right| (scores[right] + 0.0).total_cmp(&(scores[left] + 0.0)));
    if options.ignore_ties {
        return order.iter().zip(discounts).map(|(&at, discount)| gains[at] * discount).sum();
    }
    let mut rank = 0;
    let mut sum = 0.0;
    for tied in order.chunk_by(|&left, &right| scores[left] == scores[right]) {
        let gain: f64 = tied.iter().map(|&at| gains[at]).sum::<f64>() / tied.len() as f64;
        sum += gain * discounts[rank..rank + tied.len()].iter().sum::<f64>();
        rank += tied.len();
    }
    sum
}

fn mean(rows: impl Iterator<Item = f64>, weights: Weights<'_>) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for (row, value) in rows.enumerate() {
        let weight = weights.map_or(1.0, |weights| weights[row]);
        sum += weight * value;
        total += weight;
    }
    sum / total
}
