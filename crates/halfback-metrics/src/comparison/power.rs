//! How many rows a comparison of two independent samples takes, and what it would find.

use crate::distribution::{normal_cdf, normal_quantile};
use crate::error::{Error, Result};

/// A planned comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    /// The chance of a false finding, two-sided, within (0, 1).
    pub alpha: f64,
    /// The rows of the second sample over those of the first, above 0.
    pub ratio: f64,
}

impl Design {
    fn check(self) -> Result<Self> {
        unit("alpha", self.alpha)?;
        if !(self.ratio > 0.0 && self.ratio.is_finite()) {
            let expected = "above 0";
            return Err(Error::OutOfRange { argument: "ratio", found: self.ratio, expected });
        }
        Ok(self)
    }
}

/// The power to find that means differ by `difference`, in standard deviations, with `rows` in the
/// first sample.
///
/// Source: Cohen, Statistical power analysis for the behavioral sciences (1988), by the normal
/// distribution: with fewer than about 30 rows a sample it is too hopeful.
pub fn power_of_means(difference: f64, rows: u64, design: Design) -> Result<f64> {
    let design = design.check()?;
    crate::column::finite("difference", &[difference])?;
    let spread = (1.0 + 1.0 / design.ratio).sqrt();
    Ok(two_sided(difference, rows as f64, design.alpha, spread, spread))
}

/// The power to find that shares differ, with `rows` in the first sample.
///
/// Source: Fleiss, Levin and Paik, Statistical methods for rates and proportions (2003), 4.2.
pub fn power_of_proportions(p1: f64, p2: f64, rows: u64, design: Design) -> Result<f64> {
    let design = design.check()?;
    unit("p1", p1)?;
    unit("p2", p2)?;
    let pooled = (p1 + p2 * design.ratio) / (1.0 + design.ratio);
    let null = (pooled * (1.0 - pooled) * (1.0 + 1.0 / design.ratio)).sqrt();
    let alternative = (p1 * (1.0 - p1) + p2 * (1.0 - p2) / design.ratio).sqrt();
    Ok(two_sided(p1 - p2, rows as f64, design.alpha, null, alternative))
}

/// The fewest rows of the first sample for [`power_of_means`] to reach `power`.
pub fn rows_for_means(difference: f64, power: f64, design: Design) -> Result<u64> {
    let expected = "a difference that some number of rows can show";
    let none = Error::OutOfRange { argument: "difference", found: difference, expected };
    fewest(power, none, |rows| power_of_means(difference, rows, design))
}

/// The fewest rows of the first sample for [`power_of_proportions`] to reach `power`.
pub fn rows_for_proportions(p1: f64, p2: f64, power: f64, design: Design) -> Result<u64> {
    let expected = "a share that some number of rows can tell from `p1`";
    let none = Error::OutOfRange { argument: "p2", found: p2, expected };
    fewest(power, none, |rows| power_of_proportions(p1, p2, rows, design))
}

fn two_sided(difference: f64, rows: f64, alpha: f64, null: f64, alternative: f64) -> f64 {
    let critical = -normal_quantile(alpha / 2.0) * null;
    let shift = difference.abs() * rows.sqrt();
    normal_cdf((shift - critical) / alternative) + normal_cdf((-shift - critical) / alternative)
}

/// The fewest rows that have this power; `none` where no number of them has it.
fn fewest(power: f64, none: Error, of: impl Fn(u64) -> Result<f64>) -> Result<u64> {
    const MOST: u64 = 1 << 52;
    unit("power", power)?;
    let mut enough = 2;
    while of(enough)? < power {
        enough *= 2;
        if enough > MOST {
            return Err(none);
        }
    }
    let mut few = 1;
    while enough - few > 1 {
        let middle = u64::midpoint(few, enough);
        *(if of(middle)? < power { &mut few } else { &mut enough }) = middle;
    }
    Ok(enough)
}

fn unit(argument: &'static str, found: f64) -> Result<()> {
    if found > 0.0 && found < 1.0 {
        return Ok(());
    }
    Err(Error::OutOfRange { argument, found, expected: "above 0 and below 1" })
}
