//! Cumulative gain and lift: what the best-scored part of the rows holds of the positive ones.

use crate::column::{Label, Labels, Scores, Weights};
use crate::error::{Error, Metric, Reason, Result};

use super::threshold::confusion_at_thresholds;

/// The curve of cumulative gains, from nothing to all rows.
#[derive(Clone, Debug, PartialEq)]
pub struct GainCurve {
    /// The share of rows at or above each threshold, starting from 0.
    pub share: Vec<f64>,
    /// The share of the positive rows among them.
    pub gain: Vec<f64>,
    /// Gain over share: how many times as many positives as by chance. Its first value is the
    /// second's.
    pub lift: Vec<f64>,
}

/// Gains and lifts at every threshold; nothing without positive rows. `pos_label` as in
/// [`roc_curve`](super::roc_curve).
///
/// Source: Ling and Li, Data mining for direct marketing (KDD 1998).
pub fn gain_curve(
    y_true: Labels<'_>,
    y_score: Scores<'_>,
    sample_weight: Weights<'_>,
    pos_label: Option<&Label>,
) -> Result<Option<GainCurve>> {
    let points = confusion_at_thresholds(y_true, y_score, sample_weight, pos_label)?;
    let end = points.thresholds.len() - 1;
    let positives = points.true_positive[end];
    if positives == 0.0 {
        return Ok(None);
    }
    let total = positives + points.false_positive[end];
    let (mut share, mut gain) = (vec![0.0], vec![0.0]);
    for (hit, miss) in points.true_positive.iter().zip(&points.false_positive) {
        share.push((hit + miss) / total);
        gain.push(hit / positives);
    }
    let mut lift: Vec<f64> =
        share.iter().zip(&gain).skip(1).map(|(share, gain)| gain / share).collect();
    lift.insert(0, lift[0]);
    Ok(Some(GainCurve { share, gain, lift }))
}

/// The lift of the best-scored `share` of rows, within (0, 1]. Where equal scores straddle its end,
/// its expectation over their order.
pub fn lift_at(
    y_true: Labels<'_>,
    y_score: Scores<'_>,
    sample_weight: Weights<'_>,
    pos_label: Option<&Label>,
    share: f64,
) -> Result<Metric> {
    if !(share > 0.0 && share <= 1.0) {
        let expected = "above 0 and at most 1";
        return Err(Error::OutOfRange { argument: "share", found: share, expected });
    }
    let Some(curve) = gain_curve(y_true, y_score, sample_weight, pos_label)? else {
        return Ok(Metric::silent(f64::NAN, Reason::NoPositives));
    };
    let after = curve.share.partition_point(|&one| one < share).min(curve.share.len() - 1);
    let (left, right) = (curve.share[after - 1], curve.share[after]);
    let part = ((share - left) / (right - left)).min(1.0);
    let gain = curve.gain[after - 1] + part * (curve.gain[after] - curve.gain[after - 1]);
    Ok(Metric::of(gain / share))
}
