//! Areas under curves, and distances between them, without making the curves.

use std::borrow::Cow;

use crate::column::{Label, Labels, Scores, Weights, finite, rows};
use crate::encode::check_types;
use crate::error::{Error, Metric, Reason, Result, Warning};
use crate::sum::sum;

use super::ranked::{positives, ranges, steps, ties};
use super::{chosen, distinct, larger, rows_of};

/// The area under the ROC curve of one of two classes, the larger: the chance that a positive row
/// scores above a negative one, ties counting half.
///
/// `max_fpr` within (0, 1] takes the part of the curve up to it, standardized to [0.5, 1].
/// Sources: Hanley and McNeil (1982); McClish, Analyzing a portion of the ROC curve (1989);
/// scikit-learn 1.9 `roc_auc_score`.
pub fn roc_auc(
    y_true: Labels<'_>,
    y_score: Scores<'_>,
    sample_weight: Weights<'_>,
    max_fpr: Option<f64>,
) -> Result<Metric> {
    let scores = checked(y_true, y_score, sample_weight)?;
    let (truth, _) = larger(y_true)?;
    roc_auc_of(&truth, &scores, sample_weight, max_fpr)
}

/// The checks of a column of labels and one of scores.
pub(super) fn checked<'a>(
    y_true: Labels<'_>,
    y_score: Scores<'a>,
    sample_weight: Weights<'_>,
) -> Result<Cow<'a, [f64]>> {
    rows(y_true.len(), ("y_score", y_score.len()), sample_weight)?;
    let scores = y_score.to_f64();
    finite("y_score", &scores)?;
    Ok(scores)
}

/// What there is of each class, and the area between as many pairs.
pub(super) struct Area {
    positive: f64,
    negative: f64,
    /// The sum of the pairs in order, ties counting half, in the square of the unit.
    pairs: f64,
    /// A power of two by which weights are multiplied in pairs, so that these neither vanish nor
    /// overflow.
    unit: f64,
}

impl Area {
    fn under_the_curve(&self) -> f64 {
        self.pairs / ((self.positive * self.unit) * (self.negative * self.unit))
    }
}

pub(super) fn area_of(truth: &[bool], scores: &[f64], weights: Weights<'_>) -> Area {
    if weights.is_none() {
        return counted_area(truth, scores);
    }
    let largest = weights.unwrap_or_default().iter().copied().fold(0.0, f64::max);
    let unit = (-largest.log2().floor().clamp(-1000.0, 1000.0)).exp2();
    let mut sums = Area { positive: 0.0, negative: 0.0, pairs: 0.0, unit };
    steps(truth, scores, weights, |step| {
        let above = sums.positive + 0.5 * step.positive;
        sums.pairs += (step.negative * unit) * (above * unit);
        sums.positive += step.positive;
        sums.negative += step.negative;
    });
    sums
}

/// In whole numbers, which are exact.
fn counted_area(truth: &[bool], scores: &[f64]) -> Area {
    let found = ranges(truth, scores, |range| {
        let positive = positives(range.sorted);
        let negative = range.sorted.len() - positive;
        let above = range.positives_above as u128;
        (positive, negative, 2 * above * negative as u128 + twice_the_pairs(range.sorted))
    });
    let mut sums = (0, 0, 0);
    for (positive, negative, pairs) in found {
        sums = (sums.0 + positive, sums.1 + negative, sums.2 + pairs);
    }
    let (positive, negative, pairs) = sums;
    let (positive, negative, pairs) = (positive as f64, negative as f64, pairs as f64 / 2.0);
    Area { positive, negative, pairs, unit: 1.0 }
}

/// Twice the pairs in order of sorted rows, ties counting one.
fn twice_the_pairs(sorted: &[u64]) -> u128 {
    // As if there were no ties, without a branch. Below 2^32 rows these fit into 64 bits.
    if u32::try_from(sorted.len()).is_ok() {
        let (mut positive, mut pairs, mut tied, mut last) = (0u64, 0u64, false, u64::MAX);
        for &row in sorted {
            let label = row & 1;
            pairs += positive & label.wrapping_sub(1);
            positive += label;
            tied |= row ^ last < 2;
            last = row;
        }
        if !tied {
            return 2 * u128::from(pairs);
        }
    }
    let (mut above, mut pairs) = (0, 0);
    for tied in ties(sorted) {
        let positive = positives(tied);
        pairs += (tied.len() - positive) as u128 * (2 * above + positive) as u128;
        above += positive;
    }
    pairs
}

pub(super) fn roc_auc_of(
    truth: &[bool],
    scores: &[f64],
    weights: Weights<'_>,
    max_fpr: Option<f64>,
) -> Result<Metric> {
    let sums = area_of(truth, scores, weights);
    if sums.positive == 0.0 || sums.negative == 0.0 {
        return Ok(Metric::warned(f64::NAN, Reason::OneClass, Warning::UndefinedMetric));
    }
    match max_fpr {
        None | Some(1.0) => {}
        Some(max) if max > 0.0 && max < 1.0 => {
            return Ok(Metric::of(partial(truth, scores, weights, &sums, max)));
        }
        Some(found) => {
            let expected = "above 0 and at most 1";
            return Err(Error::OutOfRange { argument: "max_fpr", found, expected });
        }
    }
    Ok(Metric::of(sums.under_the_curve()))
}

fn partial(truth: &[bool], scores: &[f64], weights: Weights<'_>, all: &Area, max: f64) -> f64 {
    let (mut tpr, mut fpr, mut area) = (0.0, 0.0, 0.0);
    steps(truth, scores, weights, |step| {
        let (rise, run) = (step.positive / all.positive, step.negative / all.negative);
        let kept = run.min(max - fpr).max(0.0);
        if kept > 0.0 {
            area += kept * (tpr + 0.5 * rise * kept / run);
        }
        tpr += rise;
        fpr += run;
    });
    let least = 0.5 * max * max;
    0.5 * (1.0 + (area - least) / (max - least))
}

/// The mean precision over the positive rows, each at its own threshold, without interpolation.
///
/// `pos_label` is 1 unless given. Source: scikit-learn 1.9 `average_precision_score`.
pub fn average_precision(
    y_true: Labels<'_>,
    y_score: Scores<'_>,
    sample_weight: Weights<'_>,
    pos_label: Option<&Label>,
) -> Result<Metric> {
    let scores = checked(y_true, y_score, sample_weight)?;
    check_types(&[("y_true", y_true)])?;
    let classes = distinct(y_true);
    if classes > 2 {
        let expected = "two; for more give a table of scores";
        return Err(Error::Classes { argument: "y_true", found: classes, expected });
    }
    let truth = rows_of(y_true, pos_label.unwrap_or(&Label::Int(1)))?;
    Ok(average_precision_of(&truth, &scores, sample_weight))
}

pub(super) fn average_precision_of(truth: &[bool], scores: &[f64], weights: Weights<'_>) -> Metric {
    let (mut positive, mut all, mut sum) = (0.0, 0.0, 0.0);
    if weights.is_none() {
        (positive, sum) = counted_precision(truth, scores);
    } else {
        steps(truth, scores, weights, |step| {
            positive += step.positive;
            all += step.positive + step.negative;
            sum += step.positive * (positive / all);
        });
    }
    if positive == 0.0 {
        return Metric::warned(0.0, Reason::NoPositives, Warning::User);
    }
    Metric::of(sum / positive)
}

/// The positive rows, and the sum of the precision at each.
fn counted_precision(truth: &[bool], scores: &[f64]) -> (f64, f64) {
    let found = ranges(truth, scores, |range| {
        let sorted = range.sorted;
        // The places of the positive rows: all are written, and kept are those of positive ones.
        let mut places = vec![0.0; sorted.len() + 1];
        let (mut found, mut tied, mut last) = (0, false, u64::MAX);
        for (&row, place) in sorted.iter().zip(range.rows_above + 1..) {
            places[found] = place as f64;
            found += (row & 1) as usize;
            tied |= row ^ last < 2;
            last = row;
        }
        let above = range.positives_above;
        if !tied {
            return (found, sum(found, |at| (above + at + 1) as f64 / places[at]));
        }
        let (mut positive, mut all, mut sum) = (above, range.rows_above, 0.0);
        for tied in ties(sorted) {
            let own = positives(tied);
            positive += own;
            all += tied.len();
            sum += own as f64 * (positive as f64 / all as f64);
        }
        (found, sum)
    });
    let positive: usize = found.iter().map(|range| range.0).sum();
    (positive as f64, found.iter().map(|range| range.1).sum())
}

/// The Gini coefficient of a score: 2 AUC - 1. Source: Somers' D of a binary truth (1962).
pub fn gini(y_true: Labels<'_>, y_score: Scores<'_>, sample_weight: Weights<'_>) -> Result<Metric> {
    Ok(roc_auc(y_true, y_score, sample_weight, None)?.map(|area| 2.0 * area - 1.0))
}

/// The largest distance between the distributions of positive and of negative scores.
///
/// Source: Smirnov (1939); without weights the statistic of scipy's `ks_2samp`. `pos_label` as
/// in [`roc_curve`](super::roc_curve).
pub fn kolmogorov_smirnov(
    y_true: Labels<'_>,
    y_score: Scores<'_>,
    sample_weight: Weights<'_>,
    pos_label: Option<&Label>,
) -> Result<Metric> {
    let scores = checked(y_true, y_score, sample_weight)?;
    let truth = chosen(y_true, pos_label)?;
    let all = area_of(&truth, &scores, sample_weight);
    if all.positive == 0.0 || all.negative == 0.0 {
        return Ok(Metric::silent(f64::NAN, Reason::OneClass));
    }
    let (mut positive, mut negative, mut most) = (0.0, 0.0, 0.0f64);
    steps(&truth, &scores, sample_weight, |step| {
        positive += step.positive;
        negative += step.negative;
        most = most.max((positive / all.positive - negative / all.negative).abs());
    });
    Ok(Metric::of(most))
}

/// The area under a curve of points whose `x` ascend or descend, by the trapezoidal rule.
///
/// Source: scikit-learn 1.9 `auc`.
pub fn auc(x: &[f64], y: &[f64]) -> Result<f64> {
    crate::column::same_length("y", y.len(), x.len())?;
    if x.len() < 2 {
        return Err(Error::TooFew { argument: "x", found: x.len(), expected: 2 });
    }
    finite("x", x)?;
    finite("y", y)?;
    let descends = x.windows(2).any(|pair| pair[1] < pair[0]);
    if descends && x.windows(2).any(|pair| pair[1] > pair[0]) {
        return Err(Error::Choice { argument: "x", expected: "values that ascend or descend" });
    }
    let strip = |(x, y): (&[f64], &[f64])| (x[1] - x[0]) * (y[1] + y[0]) / 2.0;
    let area: f64 = x.windows(2).zip(y.windows(2)).map(strip).sum();
    Ok(if descends { -area } else { area })
}
