//! The hinge loss of decision values.

use crate::column::{Label, Labels, Matrix, Weights, finite, rows};
use crate::confusion::class_codes;
use crate::error::{Error, Result};

use super::larger;
use super::probability::{sorted, weighted_mean};

/// The mean of max(0, 1 - margin).
///
/// For two classes `pred_decision` has one column, positive for the larger class. For more it has
/// a column for each class of `labels` or of the truth, and the margin is to the best other class.
/// Source: Crammer and Singer (2001); scikit-learn 1.9 `hinge_loss`.
pub fn hinge_loss(
    y_true: Labels<'_>,
    pred_decision: Matrix<'_>,
    sample_weight: Weights<'_>,
    labels: Option<&[Label]>,
) -> Result<f64> {
    rows(y_true.len(), ("pred_decision", pred_decision.rows()), sample_weight)?;
    let decisions = pred_decision.values().to_f64();
    finite("pred_decision", &decisions)?;
    let columns = pred_decision.columns();
    let labels = labels.map(sorted);
    let many = labels.as_ref().map_or_else(|| super::distinct(y_true), Vec::len) > 2;
    if !many {
        if columns != 1 {
            return Err(Error::Columns { argument: "pred_decision", found: columns, expected: 1 });
        }
        let (truth, _) = larger(y_true)?;
        let loss = |row: usize| {
            let sign = if truth[row] { 1.0 } else { -1.0 };
            (1.0 - sign * decisions[row]).max(0.0)
        };
        return Ok(weighted_mean(truth.len(), sample_weight, loss));
    }
    let (classes, codes) = class_codes(y_true, labels.as_deref())?;
    if classes != columns {
        let (found, expected) = (columns, classes);
        return Err(Error::Columns { argument: "pred_decision", found, expected });
    }
    let loss = |row: usize| {
        let (own, decisions) = (codes[row] as usize, &decisions[row * columns..][..columns]);
        let others = decisions.iter().enumerate().filter(|&(at, _)| at != own);
        let best = others.map(|(_, &value)| value).fold(f64::NEG_INFINITY, f64::max);
        (1.0 - (decisions[own] - best)).max(0.0)
    };
    Ok(weighted_mean(codes.len(), sample_weight, loss))
}
