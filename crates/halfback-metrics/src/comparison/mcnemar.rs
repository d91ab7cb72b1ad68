//! Two classifiers on the same rows.

use crate::column::{Labels, rows};
use crate::distribution::{binomial_cdf, binomial_pmf};
use crate::encode::encode;
use crate::error::Result;

/// On which rows one of two classifiers is right and the other is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct McNemar {
    /// Rows on which only the first is right.
    pub first_only: u64,
    /// Rows on which only the second is right.
    pub second_only: u64,
    /// All rows.
    pub rows: u64,
}

/// Counts the rows on which two classifiers differ.
///
/// Source: `McNemar`, Note on the sampling error of the difference between correlated proportions or
/// percentages (1947).
pub fn mcnemar(y_true: Labels<'_>, first: Labels<'_>, second: Labels<'_>) -> Result<McNemar> {
    rows(y_true.len(), ("first", first.len()), None)?;
    rows(y_true.len(), ("second", second.len()), None)?;
    let encoded = encode(&[("y_true", y_true), ("first", first), ("second", second)])?;
    let [truth, first, second] = [0, 1, 2].map(|at| &encoded.codes[at]);
    let (mut first_only, mut second_only) = (0, 0);
    for ((truth, first), second) in truth.iter().zip(first).zip(second) {
        first_only += u64::from(first == truth && second != truth);
        second_only += u64::from(first != truth && second == truth);
    }
    Ok(McNemar { first_only, second_only, rows: y_true.len() as u64 })
}

impl McNemar {
    /// The accuracy of the first less that of the second.
    pub fn difference(&self) -> f64 {
        (self.first_only as f64 - self.second_only as f64) / self.rows as f64
    }

    /// The exact two-sided p-value of equal accuracy, 1 where they never differ. It is too
    /// careful for few rows.
    pub fn exact(&self) -> f64 {
        self.doubled_tail().min(1.0)
    }

    /// The mid-p value, which counts half of what is just as extreme.
    /// Source: Fagerland, Lydersen and Laake, The `McNemar` test for binary matched-pairs data (2013).
    pub fn mid_p(&self) -> f64 {
        let (least, n) = self.least();
        if n == 0.0 { 1.0 } else { (self.doubled_tail() - binomial_pmf(least, n, 0.5)).min(1.0) }
    }

    fn least(&self) -> (f64, f64) {
        let least = self.first_only.min(self.second_only) as f64;
        (least, self.first_only as f64 + self.second_only as f64)
    }

    fn doubled_tail(&self) -> f64 {
        let (least, n) = self.least();
        2.0 * binomial_cdf(least, n, 0.5)
    }
}
