//! The means of two samples.

use crate::column::finite;
use crate::distribution::student_two_sided;
use crate::error::{Error, Metric, Reason, Result};
use crate::interval::{Interval, outside, student};

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
    let (one, other) = (Moments::of("first", first)?, Moments::of("second", second)?);
    let unit = one.unit.max(other.unit);
    let [a, b] = [one, other].map(|sample| sample.variance_of_mean * (sample.unit / unit).powi(2));
    // In shares, whose squares neither vanish nor overflow.
    let (c, d) = (a / (a + b), b / (a + b));
    let parts = c * c / (first.len() as f64 - 1.0) + d * d / (second.len() as f64 - 1.0);
    let (difference, standard_error) = (one.mean - other.mean, (a + b).sqrt() * unit);
    Ok(Welch { difference, standard_error, freedom: 1.0 / parts })
}

/// The bits of a number that tell its power of two.
const EXPONENT: u64 = 0x7FF << 52;

#[derive(Clone, Copy)]
struct Moments {
    mean: f64,
    /// In the square of the unit.
    variance_of_mean: f64,
    /// A power of two as large as the values are apart, so that no square vanishes or overflows.
    unit: f64,
}

impl Moments {
    fn of(argument: &'static str, sample: &[f64]) -> Result<Self> {
        finite(argument, sample)?;
        if sample.len() < 2 {
            return Err(Error::TooFew { argument, found: sample.len(), expected: 2 });
        }
        let (n, first) = (sample.len() as f64, sample[0]);
        let apart = sample.iter().map(|value| (value - first).abs()).fold(0.0, f64::max);
        if apart == 0.0 {
            return Ok(Self { mean: first, variance_of_mean: 0.0, unit: f64::MIN_POSITIVE });
        }
        let unit = f64::from_bits(apart.min(f64::MAX).to_bits() & EXPONENT).max(f64::MIN_POSITIVE);
        let units = |value: &f64| value / unit - first / unit;
        let mean = sample.iter().map(units).sum::<f64>() / n;
        let squares: f64 = sample.iter().map(|value| (units(value) - mean).powi(2)).sum();
        let variance_of_mean = squares / (n - 1.0) / n;
        Ok(Self { mean: (first / unit + mean) * unit, variance_of_mean, unit })
    }
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
        outside(level)?;
        let estimate = self.difference;
        let reach = if self.standard_error == 0.0 {
            0.0
        } else {
            student(level, self.freedom)? * self.standard_error
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_neither_overflow_nor_vanish() {
        let (first, second) = ([1.0, 2.0, 4.0, 2.5], [0.5, 2.5, 0.0]);
        let known = welch(&first, &second).unwrap();
        for scale in [1e200, 1e-200, 2f64.powi(1000)] {
            let scaled = |sample: &[f64]| sample.iter().map(|v| v * scale).collect::<Vec<_>>();
            let found = welch(&scaled(&first), &scaled(&second)).unwrap();
            assert!((found.freedom / known.freedom - 1.0).abs() < 1e-12);
            assert!((found.standard_error / scale / known.standard_error - 1.0).abs() < 1e-12);
            assert!((found.p_value().value - known.p_value().value).abs() < 1e-12);
        }
        // The units of both samples may be far apart.
        let found = welch(&[1e200, 2e200, 4e200], &second).unwrap();
        assert!((0.11..0.13).contains(&found.p_value().value), "{:?}", found.p_value());
        let found = welch(&[1e200; 3], &second).unwrap();
        assert!((found.standard_error - 0.763_762_615_825_973_4).abs() < 1e-12);
        assert_eq!(found.p_value().value, 0.0);
        // With one degree of freedom p is 2 / (π t).
        let found = welch(&[1e200; 2], &[1.0, 3.0]).unwrap();
        let expected = 2.0 / (std::f64::consts::PI * 1e200);
        assert!((found.p_value().value / expected - 1.0).abs() < 1e-12, "{:?}", found.p_value());
    }
}
