//! Shares of what could be explained: R², explained variance, and D² of absolute and pinball loss.

use crate::error::{Metric, Reason, Result};

use super::quantile::weighted_quantile;
use super::{Outputs, Pair, Regression, check_share, pinball, too_few};

/// 1 - loss / null: where there is nothing to explain, 1 for no loss and 0 for any, unless
/// `finite` is off.
pub(crate) fn share(loss: f64, null: f64, finite: bool) -> Metric {
    if null != 0.0 {
        return Metric::of(1.0 - loss / null);
    }
    let value = match (finite, loss == 0.0) {
        (true, true) => 1.0,
        (true, false) => 0.0,
        (false, _) => 1.0 - loss / null,
    };
    Metric::silent(value, Reason::ConstantTruth)
}

impl Regression<'_> {
    /// The share of the variance of the truth that is explained. A constant truth gives 1 or 0
    /// where `force_finite`, else NaN or -∞. Source: scikit-learn 1.9 `r2_score`.
    pub fn r2(&self, force_finite: bool) -> Outputs {
        if self.rows < 2 {
            return self.undefined();
        }
        let parts = |y: &[f64], p: &[f64]| {
            let loss = self.mean(y, p, |y, p| (y - p) * (y - p)) * self.weight();
            (loss, self.spread(y))
        };
        self.shares(force_finite, parts)
    }

    /// As R², of the error less its mean. Source: scikit-learn 1.9 `explained_variance_score`.
    pub fn explained_variance(&self, force_finite: bool) -> Outputs {
        let parts = |y: &[f64], p: &[f64]| {
            let bias = self.mean(y, p, |y, p| y - p);
            let loss = self.mean(y, p, |y, p| (y - p - bias) * (y - p - bias));
            (loss, self.spread(y) / self.weight())
        };
        self.shares(force_finite, parts)
    }

    /// The share of the pinball loss of the truth's own quantile `alpha` that is saved.
    /// Source: Koenker and Machado (1999); scikit-learn 1.9 `d2_pinball_score`.
    pub fn d2_pinball(&self, alpha: f64) -> Result<Outputs> {
        check_share(alpha)?;
        if self.rows < 2 {
            return Ok(self.undefined());
        }
        let parts = |y: &[f64], p: &[f64]| {
            let quantile = weighted_quantile(y, self.weights, alpha);
            let loss = self.mean(y, p, |y, p| pinball(alpha, y - p));
            (loss, self.mean(y, y, |y, _| pinball(alpha, y - quantile)))
        };
        Ok(self.shares(true, parts))
    }

    /// The share of the absolute error of the truth's own median that is saved.
    /// Source: scikit-learn 1.9 `d2_absolute_error_score`.
    pub fn d2_absolute_error(&self) -> Result<Outputs> {
        self.d2_pinball(0.5)
    }

    fn shares(&self, finite: bool, parts: impl Fn(&[f64], &[f64]) -> (f64, f64)) -> Outputs {
        let part = |(y, p): &Pair<'_>| parts(y, p);
        let parts: Vec<(f64, f64)> = self.outputs.iter().map(part).collect();
        Outputs {
            values: parts.iter().map(|&(loss, null)| share(loss, null, finite)).collect(),
            spread: Some(parts.iter().map(|&(_, null)| null).collect()),
            whole: None,
        }
    }

    fn undefined(&self) -> Outputs {
        let outputs = self.outputs.len();
        Outputs {
            values: vec![too_few(); outputs],
            spread: Some(vec![0.0; outputs]),
            whole: too_few().undefined,
        }
    }
}
