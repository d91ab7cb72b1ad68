//! What each threshold would predict, and which is cheapest.

use crate::column::{Label, Labels, Scores, Weights};
use crate::error::{Error, Result};

use super::area::checked;
use super::chosen;
use super::ranked::steps;

/// The confusion of every threshold, from the highest to the lowest: rows that score at or above
/// it are predicted positive.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Thresholds {
    /// Negative rows below the threshold, or their weight.
    pub true_negative: Vec<f64>,
    /// Negative rows at or above it.
    pub false_positive: Vec<f64>,
    /// Positive rows below it.
    pub false_negative: Vec<f64>,
    /// Positive rows at or above it.
    pub true_positive: Vec<f64>,
    /// The different scores, descending.
    pub thresholds: Vec<f64>,
}

impl Thresholds {
    pub(super) fn columns(&mut self) -> [&mut Vec<f64>; 5] {
        [
            &mut self.true_negative,
            &mut self.false_positive,
            &mut self.false_negative,
            &mut self.true_positive,
            &mut self.thresholds,
        ]
    }
}

/// The confusion of every threshold. `pos_label` may be left out where labels are from {0, 1} or
/// {-1, 1}.
///
/// Source: scikit-learn 1.9 `confusion_matrix_at_thresholds`.
pub fn confusion_at_thresholds(
    y_true: Labels<'_>,
    y_score: Scores<'_>,
    sample_weight: Weights<'_>,
    pos_label: Option<&Label>,
) -> Result<Thresholds> {
    let scores = checked(y_true, y_score, sample_weight)?;
    let truth = chosen(y_true, pos_label)?;
    let mut points = Thresholds::default();
    let (mut positive, mut negative) = (0.0, 0.0);
    steps(&truth, &scores, sample_weight, |step| {
        positive += step.positive;
        negative += step.negative;
        points.true_positive.push(positive);
        points.false_positive.push(negative);
        points.thresholds.push(step.score);
    });
    points.false_negative = points.true_positive.iter().map(|hit| positive - hit).collect();
    points.true_negative = points.false_positive.iter().map(|miss| negative - miss).collect();
    Ok(points)
}

/// What a row costs, in the unit of the caller. Gains are negative costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Costs {
    /// A positive row that is predicted positive.
    pub true_positive: f64,
    /// A negative row that is predicted positive.
    pub false_positive: f64,
    /// A positive row that is predicted negative.
    pub false_negative: f64,
    /// A negative row that is predicted negative.
    pub true_negative: f64,
}

/// The cheapest threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestThreshold {
    /// Rows that score at or above it are positive; infinity where none should be.
    pub threshold: f64,
    /// The mean cost of a row there.
    pub mean_cost: f64,
}

/// The threshold with the least mean cost; of equally cheap ones the highest.
///
/// Source: Elkan, The foundations of cost-sensitive learning (IJCAI 2001), over the thresholds that
/// occur.
pub fn best_threshold(
    y_true: Labels<'_>,
    y_score: Scores<'_>,
    sample_weight: Weights<'_>,
    pos_label: Option<&Label>,
    costs: &Costs,
) -> Result<BestThreshold> {
    let all =
        [costs.true_positive, costs.false_positive, costs.false_negative, costs.true_negative];
    if let Some(&found) = all.iter().find(|cost| !cost.is_finite()) {
        return Err(Error::OutOfRange { argument: "costs", found, expected: "finite numbers" });
    }
    let points = confusion_at_thresholds(y_true, y_score, sample_weight, pos_label)?;
    let end = points.thresholds.len() - 1;
    let (positives, negatives) = (points.true_positive[end], points.false_positive[end]);
    let total = positives + negatives;
    let none = positives * costs.false_negative + negatives * costs.true_negative;
    let mut best = BestThreshold { threshold: f64::INFINITY, mean_cost: none / total };
    for (at, &threshold) in points.thresholds.iter().enumerate() {
        let cost = points.true_positive[at] * costs.true_positive
            + points.false_positive[at] * costs.false_positive
            + points.false_negative[at] * costs.false_negative
            + points.true_negative[at] * costs.true_negative;
        if cost / total < best.mean_cost {
            best = BestThreshold { threshold, mean_cost: cost / total };
        }
    }
    Ok(best)
}
