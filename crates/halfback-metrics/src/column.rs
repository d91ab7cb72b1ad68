//! Borrowed columns: labels, scores, tables of scores, weights; and the checks at the door.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A weight for each row, zero or more; without them every row counts once.
pub type Weights<'a> = Option<&'a [f64]>;

/// A column of class labels.
#[derive(Clone, Copy, Debug)]
pub enum Labels<'a> {
    /// `false` is the class 0 and `true` the class 1.
    Bool(&'a [bool]),
    /// Whole numbers.
    Int(&'a [i64]),
    /// Whole numbers that are stored as floats.
    Float(&'a [f64]),
    /// Texts, which are ordered by their code points.
    Text(&'a [&'a str]),
}

impl Labels<'_> {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Bool(rows) => rows.len(),
            Self::Int(rows) => rows.len(),
            Self::Float(rows) => rows.len(),
            Self::Text(rows) => rows.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One class label. Numbers equal each other across types, as in Python: `true` is 1 and 1.0.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Label {
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number stored as a float.
    Float(f64),
    /// A text.
    Text(String),
}

impl Label {
    /// The label as a number, unless it is a text.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            Self::Text(_) => None,
        }
    }
}

impl PartialEq for Label {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(left), Self::Text(right)) => left == right,
            (Self::Int(left), Self::Int(right)) => left == right,
            (left, right) => left.number().is_some() && left.number() == right.number(),
        }
    }
}

impl fmt::Display for Label {
    /// As Python's `str` writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(true) => f.write_str("True"),
            Self::Bool(false) => f.write_str("False"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(value) => f.write_str(value),
        }
    }
}

/// A column of scores, probabilities, targets or predictions.
#[derive(Clone, Copy, Debug)]
pub enum Scores<'a> {
    /// Single precision. Sums are made in double precision.
    F32(&'a [f32]),
    /// Double precision.
    F64(&'a [f64]),
}

impl<'a> Scores<'a> {
    /// How many numbers there are.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers in double precision; a copy only where they are not.
    pub fn to_f64(self) -> Cow<'a, [f64]> {
        match self {
            Self::F32(values) => Cow::Owned(values.iter().map(|&value| value.into()).collect()),
            Self::F64(values) => Cow::Borrowed(values),
        }
    }

    /// The distance from 1 to the next number of this precision.
    pub(crate) fn epsilon(&self) -> f64 {
        match self {
            Self::F32(_) => f32::EPSILON.into(),
            Self::F64(_) => f64::EPSILON,
        }
    }
}

/// A table of numbers, row after row.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    values: Scores<'a>,
    columns: usize,
    epsilon: Option<f64>,
}

impl<'a> Matrix<'a> {
    /// A table of `values.len() / columns` rows; `argument` is its name in errors.
    pub fn new(values: Scores<'a>, columns: usize, argument: &'static str) -> Result<Self> {
        if columns == 0 {
            return Err(Error::TooFew { argument, found: 0, expected: 1 });
        }
        let odd = values.len() % columns;
        if odd != 0 {
            let expected = values.len() - odd + columns;
            return Err(Error::Lengths { argument, found: values.len(), expected });
        }
        Ok(Self { values, columns, epsilon: None })
    }

    /// The same of numbers that are less precise than what holds them: `epsilon` is the distance from 1
    /// to the next of them.
    #[must_use]
    pub fn with_epsilon(self, epsilon: f64) -> Self {
        Self { epsilon: Some(epsilon), ..self }
    }

    /// The distance from 1 to the next number of the values' type.
    pub(crate) fn epsilon(&self) -> f64 {
        self.epsilon.unwrap_or_else(|| self.values.epsilon())
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.values.len() / self.columns
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All numbers, row after row.
    pub fn values(&self) -> Scores<'a> {
        self.values
    }
}

/// Refuses a column without rows.
pub(crate) fn not_empty(argument: &'static str, rows: usize) -> Result<()> {
    if rows == 0 { Err(Error::Empty { argument }) } else { Ok(()) }
}

/// Refuses columns that differ in length.
pub(crate) fn same_length(argument: &'static str, found: usize, expected: usize) -> Result<()> {
    if found == expected { Ok(()) } else { Err(Error::Lengths { argument, found, expected }) }
}

/// Refuses NaN and infinities.
pub(crate) fn finite(argument: &'static str, values: &[f64]) -> Result<()> {
    // `x * 0` is zero for finite numbers only; a sum of zeros vectorises where a search does not.
    if crate::sum::total_by(values, |value| value * 0.0) == 0.0 {
        return Ok(());
    }
    let row = values.iter().position(|value| !value.is_finite()).unwrap_or_default();
    Err(Error::NotFinite { argument, row })
}

/// Refuses weights that no formula here is made for.
pub(crate) fn weights(weights: Weights<'_>, rows: usize) -> Result<()> {
    let Some(weights) = weights else { return Ok(()) };
    same_length("sample_weight", weights.len(), rows)?;
    finite("sample_weight", weights)?;
    if let Some(row) = weights.iter().position(|&weight| weight < 0.0) {
        return Err(Error::NegativeWeight { row });
    }
    if weights.iter().all(|&weight| weight == 0.0) { Err(Error::ZeroWeights) } else { Ok(()) }
}

/// Refuses a truth and a prediction of different length, no rows at all, and weights that do not
/// fit them.
pub(crate) fn rows(truth: usize, other: (&'static str, usize), w: Weights<'_>) -> Result<()> {
    same_length(other.0, other.1, truth)?;
    not_empty("y_true", truth)?;
    weights(w, truth)
}
