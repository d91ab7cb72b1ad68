//! Whole numbers from 2⁶³ to 2⁶⁴. The kernels' classes have a sign: such columns, and those that are held
//! against them, are classes by their digits, which sort as the numbers do.

use halfback_metrics::Label;
use pyo3::prelude::*;

use super::super::text::{Texts, Words};
use super::{Column, Values, mixed, too_large};

/// Whole numbers without a sign, and their digits.
#[derive(Debug)]
pub(super) struct Large {
    pub(super) numbers: Vec<u64>,
    pub(super) digits: Texts,
}

impl Large {
    pub(super) fn of(numbers: Vec<u64>) -> Self {
        let mut words = Words::default();
        for &number in &numbers {
            words.text(&digits(number));
        }
        Self { numbers, digits: words.finish() }
    }

    #[expect(clippy::cast_precision_loss, reason = "as numpy converts them")]
    pub(super) fn doubles(&self) -> Vec<f64> {
        self.numbers.iter().map(|&number| number as f64).collect()
    }
}

/// As many for every number.
fn digits(number: u64) -> String {
    format!("{number:020}")
}

/// A whole number that a double holds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and in range")]
fn exact(value: f64) -> Option<u64> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    ((0.0..=LARGEST).contains(&value) && value.fract() == 0.0).then_some(value as u64)
}

/// The label of a number beyond those with a sign.
pub(super) fn label(number: u64) -> Label {
    Label::Text(digits(number))
}

/// What the digits of a class stand for, as it is written.
pub(crate) fn without_zeros(digits: &str) -> &str {
    let short = digits.trim_start_matches('0');
    if short.is_empty() { "0" } else { short }
}

impl Column {
    /// Whether its classes are digits.
    pub(crate) fn is_large(&self) -> bool {
        matches!(self.values, Values::Large(_))
    }

    /// Columns of classes that are held against each other are of digits where one of them is.
    pub(crate) fn align(py: Python<'_>, columns: &mut [&mut Self]) -> PyResult<()> {
        if columns.iter().any(|column| column.is_large()) {
            columns.iter_mut().try_for_each(|column| column.enlarge(py))?;
        }
        Ok(())
    }

    /// The class that a value of Python is in this column.
    pub(crate) fn class(
        &self,
        value: &Bound<'_, PyAny>,
        name: &'static str,
    ) -> PyResult<Option<Label>> {
        Ok(match super::label(value, name)? {
            Some(Label::Int(number)) if self.is_large() => {
                Some(number.try_into().map_or(Label::Int(number), label))
            }
            other => other,
        })
    }

    /// The largest of numbers beyond those with a sign: the class that is positive unless another is named.
    pub(crate) fn largest(&self) -> Option<Label> {
        let Values::Large(large) = &self.values else { return None };
        large.numbers.iter().copied().max().map(label)
    }

    fn enlarge(&mut self, py: Python<'_>) -> PyResult<()> {
        let beyond = || too_large(py, self.name);
        let whole = |value: i64| u64::try_from(value).map_err(|_| beyond());
        let numbers: Vec<u64> = match &self.values {
            Values::Large(_) => return Ok(()),
            Values::Bool(values) => values.iter().map(|&value| value.into()).collect(),
            Values::Int(values) => {
                values.get().iter().map(|&value| whole(value)).collect::<PyResult<_>>()?
            }
            Values::F32(_) | Values::F64(_) => {
                let doubles = self.doubles(py)?;
                doubles
                    .iter()
                    .map(|&value| exact(value).ok_or_else(beyond))
                    .collect::<PyResult<_>>()?
            }
            Values::Text(_) => return Err(mixed(py, self.name)),
        };
        self.values = Values::Large(Large::of(numbers));
        Ok(())
    }
}
