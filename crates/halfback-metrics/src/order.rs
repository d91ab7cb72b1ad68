//! Quantiles of sorted numbers.

/// The number at a share of the way through sorted numbers, of which there is one at least.
///
/// Source: Hyndman and Fan's definition 7 (1996), numpy's default.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    let part = place - below as f64;
    let (low, high) = (sorted[below], sorted[above]);
    // numpy goes from the nearer end.
    if part >= 0.5 { high - (high - low) * (1.0 - part) } else { low + (high - low) * part }
}
