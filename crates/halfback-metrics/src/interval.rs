//! Intervals: how far a number from these rows may be from that of all rows like them.

mod bootstrap;
mod delong;
mod proportion;

pub(crate) use bootstrap::freedom;
pub use bootstrap::{
    Bootstrap, bootstrap, bootstrap_roc_auc, bootstrap_stratified, bootstrap_weighted,
    fewest_replicates, jackknife, jackknife_groups, several, units, units_by_class,
};
pub use delong::{AreaDifference, AreaEstimate, delong, delong_paired};
pub use proportion::{clopper_pearson, wilson};
pub(crate) use proportion::{mean_of_shares, share as proportion_share};

use serde::{Deserialize, Serialize};

use crate::distribution::{normal_quantile, student_quantile};
use crate::error::{Error, Result};

/// An estimate and the bounds that hold the true value with a chance of about `level`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The number from these rows.
    pub estimate: f64,
    /// The lower bound.
    pub lower: f64,
    /// The upper bound.
    pub upper: f64,
    /// The confidence level, within (0, 1).
    pub level: f64,
}

/// Refuses what is no level, and gives the share outside.
pub(crate) fn outside(level: f64) -> Result<f64> {
    if level > 0.0 && level < 1.0 {
        return Ok(1.0 - level);
    }
    Err(Error::OutOfRange { argument: "level", found: level, expected: "above 0 and below 1" })
}

/// How many standard errors reach from the middle to a two-sided bound.
pub(crate) fn critical(level: f64) -> Result<f64> {
    Ok(-normal_quantile(outside(level)? / 2.0))
}

/// The same where the standard error is known with so many degrees of freedom.
pub(crate) fn student(level: f64, freedom: f64) -> Result<f64> {
    Ok(student_quantile(outside(level)? / 2.0, freedom))
}
