//! Exact sums of errors and targets.

use super::bytes::{Reader, Writer};
use super::exact::ExactSum;
use crate::column::{finite, not_empty};
use crate::error::{Error, Metric, Reason, Result, Warning};
use crate::regression::{ErrorSummary, share};

/// What a regression's summary needs.
#[derive(Clone, Debug, PartialEq, Default)]
pub(super) struct Numbers {
    rows: u64,
    /// |error|, error, error², truth, truth².
    sums: [ExactSum; 5],
}

/// Beyond this a square may be infinite.
const LARGEST: f64 = 1e150;

impl Numbers {
    pub(super) fn add(&mut self, truth: &[f64], predicted: &[f64]) -> Result<()> {
        for (argument, values) in [("y_true", truth), ("y_pred", predicted)] {
            finite(argument, values)?;
            if let Some(&found) = values.iter().find(|value| value.abs() > LARGEST) {
                let expected = "at most 1e150 in size";
                return Err(Error::OutOfRange { argument, found, expected });
            }
        }
        let [absolute, signed, squared, sum, squares] = &mut self.sums;
        for (&y, &p) in truth.iter().zip(predicted) {
            let error = p - y;
            absolute.add(error.abs());
            signed.add(error);
            squared.add(error * error);
            sum.add(y);
            let (square, rest) = square(y);
            squares.add(square);
            squares.add(rest);
        }
        self.rows = self.rows.saturating_add(truth.len() as u64);
        Ok(())
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.rows = self.rows.saturating_add(other.rows);
        for (sum, other) in self.sums.iter_mut().zip(&other.sums) {
            sum.merge(other);
        }
    }

    pub(super) fn summary(&self) -> Result<ErrorSummary> {
        not_empty("y_true", usize::from(self.rows > 0))?;
        let n = self.rows as f64;
        let [absolute, signed, squared, sum, squares] = &self.sums;
        let loss = squared.value().0;
        Ok(ErrorSummary {
            mae: absolute.value().0 / n,
            rmse: (loss / n).sqrt(),
            bias: signed.value().0 / n,
            r2: if self.rows < 2 {
                Metric::warned(f64::NAN, Reason::TooFewRows, Warning::UndefinedMetric)
            } else {
                share(loss, spread(sum.value(), squares.value(), n), true)
            },
        })
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.number(self.rows);
        self.sums.iter().for_each(|sum| sum.write(writer));
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let mut numbers = Self { rows: reader.number()?, ..Self::default() };
        for sum in &mut numbers.sums {
            *sum = ExactSum::read(reader)?;
        }
        Ok(numbers)
    }
}

/// A square and what rounding took from it. Source: Dekker (1971), with Veltkamp's split.
fn square(value: f64) -> (f64, f64) {
    product(value, value)
}

fn product(a: f64, b: f64) -> (f64, f64) {
    let split = |value: f64| {
        let wide = 134_217_729.0 * value;
        let high = wide - (wide - value);
        (high, value - high)
    };
    let (product, (a1, a2), (b1, b2)) = (a * b, split(a), split(b));
    (product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2)
}

/// The sum of squared distances from the mean, from sums with twice the digits of a float.
fn spread(sum: (f64, f64), squares: (f64, f64), n: f64) -> f64 {
    let mean = sum.0 / n;
    let (back, lost) = product(mean, n);
    let rest = (((sum.0 - back) - lost) + sum.1) / n;
    let (whole, part) = product(sum.0, mean);
    let part = part + (sum.0 * rest + sum.1 * mean);
    let difference = squares.0 - whole;
    // What the subtraction itself rounded away.
    let turned = difference - squares.0;
    let slip = (squares.0 - (difference - turned)) + (-whole - turned);
    let spread = difference + (slip + squares.1 - part);
    // All that is left of a constant truth is the last of the doubled digits.
    if spread <= 1e-28 * squares.0 { 0.0 } else { spread }
}
