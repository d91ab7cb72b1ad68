//! Many tests at once.

use crate::error::{Error, Result};

/// What an adjustment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adjustment {
    /// The chance of any false finding. Source: Holm (1979).
    Holm,
    /// The share of false findings, for tests that are independent or positively related.
    /// Source: Benjamini and Hochberg (1995).
    BenjaminiHochberg,
    /// The share of false findings, for any tests. Source: Benjamini and Yekutieli (2001).
    BenjaminiYekutieli,
}

/// The p-values adjusted for their number, in their order: a test is a finding where its adjusted
/// value is at most the level.
pub fn adjust(p_values: &[f64], how: Adjustment) -> Result<Vec<f64>> {
    crate::score::within_unit("p_values", p_values)?;
    let n = p_values.len();
    if n == 0 {
        return Err(Error::Empty { argument: "p_values" });
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&left, &right| p_values[left].total_cmp(&p_values[right]));
    let mut adjusted = vec![0.0; n];
    if how == Adjustment::Holm {
        let mut most = 0.0f64;
        for (rank, &at) in order.iter().enumerate() {
            most = most.max(p_values[at] * (n - rank) as f64);
            adjusted[at] = most.min(1.0);
        }
        return Ok(adjusted);
    }
    let any: f64 = (1..=n).map(|rank| 1.0 / rank as f64).sum();
    let factor = if how == Adjustment::BenjaminiYekutieli { any } else { 1.0 };
    let mut least = 1.0f64;
    for (rank, &at) in order.iter().enumerate().rev() {
        least = least.min(p_values[at] * factor * n as f64 / (rank as f64 + 1.0));
        adjusted[at] = least;
    }
    Ok(adjusted)
}
