//! Metrics of scores and probabilities: how well they rank, and how near they come.

mod area;
mod averaged;
mod curve;
mod gain;
mod hinge;
mod pair;
mod probability;
pub(crate) mod ranked;
mod threshold;

pub use area::{auc, average_precision, gini, kolmogorov_smirnov, roc_auc};
pub use averaged::{
    Multiclass, ScoreAverage, average_precision_by_class, average_precision_by_label,
    average_precision_multiclass, average_precision_multilabel, roc_auc_by_class,
    roc_auc_multiclass, roc_auc_multilabel,
};
pub use curve::{
    DetCurve, PrecisionRecallCurve, RocCurve, det_curve, precision_recall_curve, roc_curve,
};
pub use gain::{GainCurve, gain_curve, lift_at};
pub use hinge::hinge_loss;
pub(crate) use probability::within_unit;
pub use probability::{Brier, brier_score, d2_brier_score, d2_log_loss, log_loss};
pub use threshold::{BestThreshold, Costs, Thresholds, best_threshold, confusion_at_thresholds};

use crate::column::{Label, Labels};
use crate::encode::{check_types, positives};
use crate::error::{Error, Result};
use crate::threads::{blocks, fill};

/// How many classes there are, up to three.
pub(crate) fn distinct(truth: Labels<'_>) -> usize {
    fn count<T: Copy + PartialEq + Sync>(rows: &[T]) -> usize {
        let Some(&first) = rows.first() else { return 0 };
        let Some(&second) = rows.iter().find(|&&row| row != first) else { return 1 };
        // All rows are counted: a sum vectorises where a search does not.
        let either = |&&row: &&T| row == first || row == second;
        let known = blocks(rows.len(), |range| rows[range].iter().filter(either).count());
        if known.into_iter().sum::<usize>() == rows.len() { 2 } else { 3 }
    }
    match truth {
        Labels::Bool(rows) => count(rows),
        Labels::Int(rows) => count(rows),
        Labels::Float(rows) => count(rows),
        Labels::Text(rows) => count(rows),
    }
}

/// Positive rows of a column of at most two classes: those of the larger one, which a column of
/// one class does not have.
pub(crate) fn larger(truth: Labels<'_>) -> Result<(Vec<bool>, usize)> {
    check_types(&[("y_true", truth)])?;
    let found = match truth {
        Labels::Bool(rows) => above_least(rows),
        Labels::Int(rows) => above_least(rows),
        Labels::Float(rows) => above_least(rows),
        Labels::Text(rows) => above_least(rows),
    };
    let expected = "two; for more give a table of scores";
    found.ok_or(Error::Classes { argument: "y_true", found: 3, expected })
}

/// The rows above the least value, and how many values there are; nothing for more than two.
fn above_least<T: Copy + PartialOrd + Sync>(rows: &[T]) -> Option<(Vec<bool>, usize)> {
    let Some(&first) = rows.first() else { return Some((Vec::new(), 0)) };
    let Some(&second) = rows.iter().find(|&&row| row != first) else {
        return Some((vec![false; rows.len()], 1));
    };
    let (least, most) = if first < second { (first, second) } else { (second, first) };
    let mut above = vec![false; rows.len()];
    let known = fill(&mut above, |range, above| {
        let mut known = 0;
        for (above, &row) in above.iter_mut().zip(&rows[range]) {
            known += usize::from(row == most) + usize::from(row == least);
            *above = row == most;
        }
        known
    });
    (known.into_iter().sum::<usize>() == rows.len()).then_some((above, 2))
}

/// Which rows are of a class. Rows of one class may be none of it; rows of several that are none of
/// it are refused.
pub fn rows_of(y_true: Labels<'_>, pos_label: &Label) -> Result<Vec<bool>> {
    let truth = positives(y_true, Some(pos_label))?;
    if distinct(y_true) > 1 && !truth.contains(&true) {
        let label = pos_label.to_string();
        return Err(Error::UnknownLabel { argument: "pos_label", label });
    }
    Ok(truth)
}

/// Positive rows of any column where `positive` is given, and else of one of two classes.
pub(crate) fn chosen(truth: Labels<'_>, positive: Option<&Label>) -> Result<Vec<bool>> {
    check_types(&[("y_true", truth)])?;
    if positive.is_none() && distinct(truth) > 2 {
        let expected = "two; for more give `pos_label`";
        return Err(Error::Classes { argument: "y_true", found: 3, expected });
    }
    positives(truth, positive)
}
