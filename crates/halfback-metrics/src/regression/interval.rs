//! Prediction intervals: how often they hold the truth, and how wide they are.

use crate::column::{Scores, Weights, finite, rows};
use crate::error::{Error, Result};
use crate::sum::{sum, total};

/// What intervals are worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IntervalCoverage {
    /// The share of rows within their interval, ends included.
    pub coverage: f64,
    /// The mean width, in the unit of the target.
    pub mean_width: f64,
    /// The mean interval score: width, and `2 / alpha` times what the truth lies outside. Less is
    /// better.
    pub score: f64,
}

/// Coverage, width and score of intervals that should miss the truth with chance `alpha`, within
/// (0, 1). An error where `lower` lies above `upper`.
///
/// Source: Gneiting and Raftery, Strictly proper scoring rules, prediction, and estimation (2007).
pub fn interval_coverage(
    y_true: Scores<'_>,
    lower: Scores<'_>,
    upper: Scores<'_>,
    alpha: f64,
    sample_weight: Weights<'_>,
) -> Result<IntervalCoverage> {
    rows(y_true.len(), ("lower", lower.len()), sample_weight)?;
    rows(y_true.len(), ("upper", upper.len()), sample_weight)?;
    if !(alpha > 0.0 && alpha < 1.0) {
        let expected = "above 0 and below 1";
        return Err(Error::OutOfRange { argument: "alpha", found: alpha, expected });
    }
    let (y, lower, upper) = (y_true.to_f64(), lower.to_f64(), upper.to_f64());
    for (argument, values) in [("y_true", &y), ("lower", &lower), ("upper", &upper)] {
        finite(argument, values)?;
    }
    if let Some((&found, _)) = lower.iter().zip(upper.iter()).find(|(low, high)| low > high) {
        let expected = "at most `upper`";
        return Err(Error::OutOfRange { argument: "lower", found, expected });
    }
    let weight = |row: usize| sample_weight.map_or(1.0, |weights| weights[row]);
    let all = sample_weight.map_or(y.len() as f64, total);
    let mean = |f: &(dyn Fn(usize) -> f64 + Sync)| sum(y.len(), |row| weight(row) * f(row)) / all;
    let outside = |row: usize| (lower[row] - y[row]).max(y[row] - upper[row]).max(0.0);
    let width = |row: usize| upper[row] - lower[row];
    Ok(IntervalCoverage {
        coverage: mean(&|row| f64::from(u8::from(outside(row) == 0.0))),
        mean_width: mean(&width),
        score: mean(&|row| width(row) + 2.0 / alpha * outside(row)),
    })
}
