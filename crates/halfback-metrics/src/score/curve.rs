//! ROC, precision-recall and DET curves.

use crate::column::{Label, Labels, Scores, Weights};
use crate::error::{Error, Reason, Result, Undefined, Warning};

use super::distinct;
use super::threshold::{Thresholds, confusion_at_thresholds};

/// False and true positive rates, from the highest threshold to the lowest.
#[derive(Clone, Debug, PartialEq)]
pub struct RocCurve {
    /// The share of negative rows at or above each threshold; NaN without negative rows.
    pub false_positive_rate: Vec<f64>,
    /// The share of positive rows at or above each threshold; NaN without positive rows.
    pub true_positive_rate: Vec<f64>,
    /// Infinity, and then scores.
    pub thresholds: Vec<f64>,
    /// Why a rate is NaN.
    pub undefined: Option<Undefined>,
}

/// Precision and recall, from the lowest threshold to the highest, and then (1, 0).
#[derive(Clone, Debug, PartialEq)]
pub struct PrecisionRecallCurve {
    /// One longer than the thresholds.
    pub precision: Vec<f64>,
    /// One longer than the thresholds; one everywhere without positive rows.
    pub recall: Vec<f64>,
    /// Scores, ascending.
    pub thresholds: Vec<f64>,
    /// Why recall stands for nothing.
    pub undefined: Option<Undefined>,
}

/// False positive and false negative rates, from the lowest threshold to the highest.
#[derive(Clone, Debug, PartialEq)]
pub struct DetCurve {
    /// The share of negative rows at or above each threshold.
    pub false_positive_rate: Vec<f64>,
    /// The share of positive rows below each threshold.
    pub false_negative_rate: Vec<f64>,
    /// Scores, ascending; infinity where nothing is predicted positive.
    pub thresholds: Vec<f64>,
}

/// The ROC curve. `pos_label` may be left out where labels are from {0, 1} or {-1, 1};
/// `drop_intermediate` leaves out points on straight lines.
///
/// Source: Fawcett, An introduction to ROC analysis (2006); scikit-learn 1.9 `roc_curve`.
pub fn roc_curve(
    y_true: Labels<'_>,
    y_score: Scores<'_>,
    sample_weight: Weights<'_>,
    pos_label: Option<&Label>,
    drop_intermediate: bool,
) -> Result<RocCurve> {
    let mut points = confusion_at_thresholds(y_true, y_score, sample_weight, pos_label)?;
    if drop_intermediate && points.thresholds.len() > 2 {
        let bends = |values: &[f64], at: usize| {
            (values[at + 1] - values[at]) - (values[at] - values[at - 1]) != 0.0
        };
        keep(&mut points, |p, at| bends(&p.false_positive, at) || bends(&p.true_positive, at));
    }
    let (negatives, positives) = (last(&points.false_positive), last(&points.true_positive));
    let reason = match (negatives <= 0.0, positives <= 0.0) {
        (true, _) => Some(Reason::NoNegatives),
        (false, true) => Some(Reason::NoPositives),
        (false, false) => None,
    };
    let warned = |reason| Undefined { reason, warning: Some(Warning::UndefinedMetric) };
    Ok(RocCurve {
        false_positive_rate: rates(&points.false_positive, negatives),
        true_positive_rate: rates(&points.true_positive, positives),
        thresholds: std::iter::once(f64::INFINITY).chain(points.thresholds).collect(),
        undefined: reason.map(warned),
    })
}

/// Shares of a total, starting from zero.
fn rates(counts: &[f64], total: f64) -> Vec<f64> {
    let rate = |count: f64| if total <= 0.0 { f64::NAN } else { count / total };
    std::iter::once(0.0).chain(counts.iter().copied()).map(rate).collect()
}

fn last(values: &[f64]) -> f64 {
    values.last().copied().unwrap_or(0.0)
}

/// Keeps the first and the last point, and those between that `kept` wants.
fn keep(points: &mut Thresholds, kept: impl Fn(&Thresholds, usize) -> bool) {
    let end = points.thresholds.len() - 1;
    let chosen: Vec<usize> =
        (0..=end).filter(|&at| at == 0 || at == end || kept(points, at)).collect();
    for column in points.columns() {
        *column = chosen.iter().map(|&at| column[at]).collect();
    }
}

/// Whether the true positives move before or after the point.
fn moves(points: &Thresholds, at: usize) -> bool {
    let hits = &points.true_positive;
    hits[at] != hits[at - 1] || hits[at + 1] != hits[at]
}

/// The precision-recall curve. `pos_label` and `drop_intermediate` as in [`roc_curve`].
///
/// Source: scikit-learn 1.9 `precision_recall_curve`.
pub fn precision_recall_curve(
    y_true: Labels<'_>,
    y_score: Scores<'_>,
    sample_weight: Weights<'_>,
    pos_label: Option<&Label>,
    drop_intermediate: bool,
) -> Result<PrecisionRecallCurve> {
    let mut points = confusion_at_thresholds(y_true, y_score, sample_weight, pos_label)?;
    if drop_intermediate && points.thresholds.len() > 2 {
        keep(&mut points, moves);
    }
    let positives = last(&points.true_positive);
    let precision = |(&hit, &miss): (&f64, &f64)| {
        if hit + miss == 0.0 { 0.0 } else { hit / (hit + miss) }
    };
    let recall = |&hit: &f64| if positives == 0.0 { 1.0 } else { hit / positives };
    let pairs = points.true_positive.iter().zip(&points.false_positive).rev();
    let warned = Undefined { reason: Reason::NoPositives, warning: Some(Warning::User) };
    Ok(PrecisionRecallCurve {
        precision: pairs.map(precision).chain([1.0]).collect(),
        recall: points.true_positive.iter().rev().map(recall).chain([0.0]).collect(),
        thresholds: points.thresholds.iter().rev().copied().collect(),
        undefined: (positives == 0.0).then_some(warned),
    })
}

/// The detection error tradeoff curve. `pos_label` and `drop_intermediate` as in [`roc_curve`].
///
/// Source: Martin et al., The DET curve in assessment of detection task performance (1997);
/// scikit-learn 1.9 `det_curve`. An error where the truth has not exactly two classes.
pub fn det_curve(
    y_true: Labels<'_>,
    y_score: Scores<'_>,
    sample_weight: Weights<'_>,
    pos_label: Option<&Label>,
    drop_intermediate: bool,
) -> Result<DetCurve> {
    let mut points = confusion_at_thresholds(y_true, y_score, sample_weight, pos_label)?;
    let found = distinct(y_true);
    if found != 2 {
        return Err(Error::Classes { argument: "y_true", found, expected: "two" });
    }
    points.true_positive.insert(0, 0.0);
    points.false_positive.insert(0, 0.0);
    points.true_negative.insert(0, last(&points.false_positive));
    points.false_negative.insert(0, last(&points.true_positive));
    points.thresholds.insert(0, f64::INFINITY);
    if drop_intermediate && points.thresholds.len() > 2 {
        keep(&mut points, moves);
    }
    let (hits, misses) = (&points.true_positive, &points.false_positive);
    let (positives, negatives) = (last(hits), last(misses));
    // Only the last of the points without a false positive, and the first with all positives.
    let first = misses.partition_point(|&miss| miss <= misses[0]) - 1;
    let end = hits.partition_point(|&hit| hit < positives) + 1;
    let turned = |value: &dyn Fn(usize) -> f64| (first..end).rev().map(value).collect();
    Ok(DetCurve {
        false_positive_rate: turned(&|at| misses[at] / negatives),
        false_negative_rate: turned(&|at| (positives - hits[at]) / positives),
        thresholds: turned(&|at| points.thresholds[at]),
    })
}
