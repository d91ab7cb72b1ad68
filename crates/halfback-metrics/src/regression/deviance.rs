//! Tweedie deviances: Poisson, gamma and their relatives.

use crate::error::{Error, Metric, Reason, Result};

use super::{Regression, too_few};

impl Regression<'_> {
    /// The mean Tweedie deviance of the only output: `power` 0 is squared error, 1 Poisson, 2 gamma,
    /// 3 inverse Gaussian; none is defined within (0, 1).
    ///
    /// Below 0 predictions must be positive; within [1, 2) also the truth zero or more; from 2 both
    /// must be positive. Source: Jørgensen (1987); scikit-learn 1.9 `mean_tweedie_deviance`.
    pub fn tweedie_deviance(&self, power: f64) -> Result<f64> {
        let (truth, predicted) = self.only()?;
        check(power, truth, predicted)?;
        Ok(self.mean(truth, predicted, |y, mu| deviance(power, y, mu)))
    }

    /// Mean Poisson deviance. Source: scikit-learn 1.9 `mean_poisson_deviance`.
    pub fn poisson_deviance(&self) -> Result<f64> {
        self.tweedie_deviance(1.0)
    }

    /// Mean gamma deviance. Source: scikit-learn 1.9 `mean_gamma_deviance`.
    pub fn gamma_deviance(&self) -> Result<f64> {
        self.tweedie_deviance(2.0)
    }

    /// The share of the deviance of the truth's mean that is saved. Undefined where the truth is
    /// constant, for which scikit-learn fails. Source: scikit-learn 1.9 `d2_tweedie_score`.
    pub fn d2_tweedie(&self, power: f64) -> Result<Metric> {
        let (truth, predicted) = self.only()?;
        check_power(power)?;
        if self.rows < 2 {
            return Ok(too_few());
        }
        check(power, truth, predicted)?;
        let loss = self.mean(truth, predicted, |y, mu| deviance(power, y, mu));
        let mean = self.mean(truth, truth, |y, _| y);
        let null = self.mean(truth, truth, |y, _| deviance(power, y, mean));
        if null == 0.0 {
            return Ok(Metric::silent(f64::NAN, Reason::ConstantTruth));
        }
        Ok(Metric::of(1.0 - loss / null))
    }
}

fn check_power(power: f64) -> Result<()> {
    if !power.is_finite() || (power > 0.0 && power < 1.0) {
        let expected = "at most 0, or at least 1";
        return Err(Error::OutOfRange { argument: "power", found: power, expected });
    }
    Ok(())
}

fn check(power: f64, truth: &[f64], predicted: &[f64]) -> Result<()> {
    check_power(power)?;
    if power == 0.0 {
        return Ok(());
    }
    let refuse = |argument, values: &[f64], bad: fn(f64) -> bool, expected| match values
        .iter()
        .copied()
        .find(|&value| bad(value))
    {
        Some(found) => Err(Error::OutOfRange { argument, found, expected }),
        None => Ok(()),
    };
    if power >= 2.0 {
        refuse("y_true", truth, |y| y <= 0.0, "above 0 for this `power`")?;
    } else if power >= 1.0 {
        refuse("y_true", truth, |y| y < 0.0, "zero or more for this `power`")?;
    }
    refuse("y_pred", predicted, |mu| mu <= 0.0, "above 0 for this `power`")
}

fn deviance(p: f64, y: f64, mu: f64) -> f64 {
    if p == 0.0 {
        return (y - mu) * (y - mu);
    }
    if p == 1.0 {
        let log = if y == 0.0 { 0.0 } else { y * (y / mu).ln() };
        return 2.0 * (log - y + mu);
    }
    if p == 2.0 {
        return 2.0 * ((mu / y).ln() + y / mu - 1.0);
    }
    let y_part = if p < 0.0 { y.max(0.0) } else { y };
    let first = y_part.powf(2.0 - p) / ((1.0 - p) * (2.0 - p));
    2.0 * (first - y * mu.powf(1.0 - p) / (1.0 - p) + mu.powf(2.0 - p) / (2.0 - p))
}
