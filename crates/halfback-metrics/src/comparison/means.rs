//! The means of two samples.

use crate::column::finite;
use crate::distribution::{student_quantile, student_two_sided};
use crate::error::{Error, Metric, Reason, Result};
use crate::interval::{Interval, outside};

/// The difference of two means, whose variances may differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Welch {
    /// The mean of the first sample less that of the second.
    pub difference: f64,
    /// The standard error of the difference.
    pub standard_error: f64,
    /// Degrees of freedom by Satterthwaite's formula.
    pub freedom: f64,
}

/// Two samples of two numbers or more.
///
/// Source: Welch, The generalization of Student's problem when several different population
/// variances are involved (1947).
pub fn welch(first: &[f64], second: &[f64]) -> Result<Welch> {
    let (mean, variance) = moments("first", first)?;
    let (other, other_variance) = moments("second", second)?;
    let (a, b) = (variance / first.len() as f64, other_variance / second.len() as f64);
    // In shares, whose squares neither vanish nor overflow.
    let (c, d) = (a / (a + b), b / (a + b));
    let parts = c * c / (first.len() as f64 - 1.0) + d * d / (second.len() as f64 - 1.0);
    Ok(Welch { difference: mean - other, standard_error: (a + b).sqrt(), freedom: 1.0 / parts })
}

fn moments(argument: &'static str, sample: &[f64]) -> Result<(f64, f64)> {
    finite(argument, sample)?;
    if sample.len() < 2 {
        return Err(Error::TooFew { argument, found: sample.len(), expected: 2 });
    }
    let n = sample.len() as f64;
    let first = sample[0];
    let mean = first + sample.iter().map(|value| value - first).sum::<f64>() / n;
    let squares: f64 = sample.iter().map(|value| (value - mean) * (value - mean)).sum();
    Ok((mean, squares / (n - 1.0)))
}

impl Welch {
    /// The two-sided p-value of equal means; undefined where both samples are constant.
    pub fn p_value(&self) -> Metric {
        if self.standard_error == 0.0 {
            return Metric::silent(f64::NAN, Reason::NoVariance);
        }
        Metric::of(student_two_sided(self.difference / self.standard_error, self.freedom))
    }

    /// The interval of the difference; no wider than a point where both samples are constant.
    pub fn interval(&self, level: f64) -> Result<Interval> {
        let tail = outside(level)? / 2.0;
        let estimate = self.difference;
        let reach = if self.standard_error == 0.0 {
            0.0
        } else {
            student_quantile(tail, self.freedom) * self.standard_error
        };
        Ok(Interval { estimate, lower: estimate - reach, upper: estimate + reach, level })
    }

    /// The one-sided p-value of a true difference of at most `null`.
    pub(super) fn above(&self, null: f64) -> f64 {
        let t = (self.difference - null) / self.standard_error;
        let half = student_two_sided(t, self.freedom) / 2.0;
        if t > 0.0 { half } else { 1.0 - half }
    }
}
