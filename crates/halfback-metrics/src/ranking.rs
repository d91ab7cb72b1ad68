//! Ranking of documents or labels, a query or example in each row.

mod gain;
mod label;
mod top;

pub use gain::{Dcg, dcg, ndcg};
pub use label::{coverage_error, label_ranking_average_precision, label_ranking_loss};
pub use top::{
    Cut, hit_rate, mean_average_precision, mean_reciprocal_rank, precision_at_k, recall_at_k,
};

use std::borrow::Cow;

use crate::column::{Matrix, Weights, finite, not_empty, same_length, weights};
use crate::error::{Error, Metric, Reason, Result};

/// A table of what is relevant, and scores of the same shape.
struct Ranked<'a> {
    truth: &'a [bool],
    scores: Cow<'a, [f64]>,
    columns: usize,
    weights: Weights<'a>,
}

impl<'a> Ranked<'a> {
    fn of(
        truth: &'a [bool],
        scores: Matrix<'a>,
        sample_weight: Weights<'a>,
        least: usize,
    ) -> Result<Self> {
        let columns = scores.columns();
        let rows = scores.rows();
        let scores = scores.values().to_f64();
        same_length("y_score", scores.len(), truth.len())?;
        not_empty("y_true", truth.len())?;
        weights(sample_weight, rows)?;
        finite("y_score", &scores)?;
        if columns < least {
            return Err(Error::TooFew { argument: "y_true", found: columns, expected: least });
        }
        Ok(Self { truth, scores, columns, weights: sample_weight })
    }

    /// The weighted mean of `score` over rows. Where a row has nothing relevant it is undefined,
    /// unless `bare` says that this has a meaning.
    fn mean(&self, bare: bool, score: impl Fn(&[bool], &[f64]) -> f64) -> Metric {
        let truth = self.truth.chunks_exact(self.columns);
        let rows = truth.zip(self.scores.chunks_exact(self.columns));
        let (mut sum, mut total, mut missing) = (0.0, 0.0, false);
        for (row, (truth, scores)) in rows.enumerate() {
            let weight = self.weights.map_or(1.0, |weights| weights[row]);
            missing |= !truth.contains(&true);
            sum += weight * score(truth, scores);
            total += weight;
        }
        if missing && !bare {
            return Metric::silent(sum / total, Reason::NoneRelevant);
        }
        Metric::of(sum / total)
    }
}
