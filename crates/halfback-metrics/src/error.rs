//! What can be wrong with a call, and what a metric says where its number stands for nothing.

use serde::{Deserialize, Serialize};

/// The result of a metric: misuse is an [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// A misuse. Each names the argument to mend, as scikit-learn spells it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Columns that belong together differ in length.
    #[error("`{argument}` has {found} rows, expected {expected}")]
    Lengths {
        /// The argument that is too long or too short.
        argument: &'static str,
        /// Its rows.
        found: usize,
        /// The rows of the columns before it.
        expected: usize,
    },
    /// A column has no rows.
    #[error("`{argument}` is empty, expected at least one row")]
    Empty {
        /// The empty argument.
        argument: &'static str,
    },
    /// A column has fewer rows, or a table fewer columns, than the formula needs.
    #[error("`{argument}` has {found}, expected at least {expected}")]
    TooFew {
        /// The argument.
        argument: &'static str,
        /// How many it has.
        found: usize,
        /// The least that is needed.
        expected: usize,
    },
    /// So few rows, or clusters of them, that nothing is told at this level.
    #[error(
        "this rests on too few rows or clusters: they count as {found}, a `level` of {level} takes {expected}"
    )]
    TooFewUnits {
        /// As how many they count; strata take some off.
        found: usize,
        /// The least that the level needs.
        expected: usize,
        /// The confidence level.
        level: f64,
    },
    /// Bounds that no number of resamples reaches.
    #[error("`{argument}` has bounds beyond all resamples: {expected}")]
    Beyond {
        /// The argument.
        argument: &'static str,
        /// What would tell more.
        expected: &'static str,
    },
    /// A number is NaN or infinite.
    #[error("`{argument}` has NaN or infinity at row {row}; remove or fill such rows")]
    NotFinite {
        /// The argument.
        argument: &'static str,
        /// The first such row.
        row: usize,
    },
    /// A weight is below zero.
    #[error("`sample_weight` is negative at row {row}, expected zero or more")]
    NegativeWeight {
        /// The first such row.
        row: usize,
    },
    /// All weights are zero.
    #[error("`sample_weight` is zero in all rows, expected at least one above zero")]
    ZeroWeights,
    /// Texts are held against numbers.
    #[error("`{argument}` mixes texts with numbers; give labels of one type")]
    MixedLabels {
        /// The argument that differs from those before it.
        argument: &'static str,
    },
    /// Labels are numbers with fractions.
    #[error("`{argument}` has the label `{found}`, expected classes; is this a regression?")]
    Continuous {
        /// The argument.
        argument: &'static str,
        /// The first label with a fraction.
        found: f64,
    },
    /// Nobody said which class is positive, and the labels do not tell.
    #[error(
        "`{argument}` has the label `{label}`: labels are from {{0, 1}} or {{-1, 1}}, or `pos_label` is given"
    )]
    NoPositive {
        /// The column.
        argument: &'static str,
        /// A label.
        label: String,
    },
    /// A label is not among those listed.
    #[error("`{argument}` has the label `{label}`, which is not among those expected")]
    UnknownLabel {
        /// The argument.
        argument: &'static str,
        /// The label.
        label: String,
    },
    /// The number of classes does not fit.
    #[error("`{argument}` has {found} classes, expected {expected}")]
    Classes {
        /// The argument.
        argument: &'static str,
        /// Its classes.
        found: usize,
        /// What the metric takes.
        expected: &'static str,
    },
    /// A table's columns do not fit the classes.
    #[error("`{argument}` has {found} columns, expected {expected}; pass all classes as `labels`")]
    Columns {
        /// The argument.
        argument: &'static str,
        /// Its columns.
        found: usize,
        /// The columns that are needed.
        expected: usize,
    },
    /// A number lies where it may not.
    #[error("`{argument}` is `{}`, expected {expected}", shown(.found))]
    OutOfRange {
        /// The argument.
        argument: &'static str,
        /// The number.
        found: f64,
        /// Where it may lie.
        expected: &'static str,
    },
    /// A choice that this metric does not have.
    #[error("`{argument}` does not fit: {expected}")]
    Choice {
        /// The argument.
        argument: &'static str,
        /// What would fit.
        expected: &'static str,
    },
    /// Bytes are not those of a state that this version reads.
    #[error("`{argument}` is not a state of this version: {expected}")]
    State {
        /// The argument.
        argument: &'static str,
        /// What was expected there.
        expected: &'static str,
    },
    /// No misuse: [`with_stop`](crate::with_stop) ended the call.
    #[error("stopped by the caller before all resamples were drawn")]
    Stopped,
}

/// A number with an exponent where it would be long without.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "errors lend their fields")]
fn shown(number: &f64) -> String {
    let size = number.abs();
    let is_long = number.is_finite() && (size >= 1e21 || size > 0.0 && size < 1e-7);
    if is_long { format!("{number:e}") } else { number.to_string() }
}

impl Error {
    /// The argument to mend.
    pub fn argument(&self) -> &'static str {
        match (self.clone().place(), self) {
            (Some(argument), _) => argument,
            (None, Self::TooFewUnits { .. }) => "level",
            (None, Self::Stopped) => "replicates",
            (None, _) => "sample_weight",
        }
    }

    /// The same misuse of an argument that the caller knows by another name.
    #[must_use]
    pub fn renamed(mut self, name: &'static str) -> Self {
        if let Some(argument) = self.place() {
            *argument = name;
        }
        self
    }

    /// Where the argument is named; nowhere where it is always the same.
    fn place(&mut self) -> Option<&mut &'static str> {
        match self {
            Self::Lengths { argument, .. }
            | Self::Empty { argument }
            | Self::TooFew { argument, .. }
            | Self::Beyond { argument, .. }
            | Self::NotFinite { argument, .. }
            | Self::MixedLabels { argument }
            | Self::Continuous { argument, .. }
            | Self::UnknownLabel { argument, .. }
            | Self::NoPositive { argument, .. }
            | Self::Classes { argument, .. }
            | Self::Columns { argument, .. }
            | Self::OutOfRange { argument, .. }
            | Self::Choice { argument, .. }
            | Self::State { argument, .. } => Some(argument),
            Self::TooFewUnits { .. }
            | Self::NegativeWeight { .. }
            | Self::ZeroWeights
            | Self::Stopped => None,
        }
    }
}

/// Why a metric is undefined for its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// Nothing was predicted for a class.
    #[error("nothing was predicted for a class")]
    NonePredicted,
    /// Nothing of a class is in the truth.
    #[error("the truth has no rows of a class")]
    NoneTrue,
    /// Nothing of a class is in the truth or was predicted.
    #[error("a class is neither in the truth nor predicted")]
    NoneTrueNorPredicted,
    /// A predicted class is missing in the truth.
    #[error("predictions have classes that are not in the truth")]
    PredictedNotTrue,
    /// The truth has one class only.
    #[error("the truth has one class only")]
    OneClass,
    /// The truth has no positive rows.
    #[error("the truth has no positive rows")]
    NoPositives,
    /// The truth has no negative rows.
    #[error("the truth has no negative rows")]
    NoNegatives,
    /// A denominator of the formula is zero.
    #[error("a denominator is zero")]
    ZeroDenominator,
    /// The truth is constant, so that there is nothing to explain.
    #[error("the truth is constant")]
    ConstantTruth,
    /// A true value is zero, so that a relative error has no bound.
    #[error("a true value is zero")]
    ZeroTarget,
    /// There are too few rows.
    #[error("there are too few rows")]
    TooFewRows,
    /// All rows are counted as right, whatever the scores are.
    #[error("the choice of `k` makes every row right")]
    Meaningless,
    /// No document is relevant.
    #[error("no document is relevant")]
    NoneRelevant,
    /// The iteration did not find a solution: the scores separate the classes, or are constant.
    #[error("the scores separate the classes or are constant")]
    Separated,
    /// The probabilities of a row do not sum to one.
    #[error("probabilities do not sum to one")]
    NotProbabilities,
    /// `labels` are not in ascending order, which is how columns are taken.
    #[error("`labels` are not in ascending order, which is how columns are taken")]
    UnsortedLabels,
    /// A sum is beyond the largest number.
    #[error("the values are too large for a sum")]
    TooLarge,
    /// There is no variance to divide by.
    #[error("there is no variance")]
    NoVariance,
    /// A metric of the caller's own is NaN.
    #[error("it is not a number")]
    NotANumber,
}

/// The class of the warning that scikit-learn gives with an undefined number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// `sklearn.exceptions.UndefinedMetricWarning`.
    UndefinedMetric,
    /// `UserWarning`.
    User,
}

/// A number that stands for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[error("undefined: {reason}")]
pub struct Undefined {
    /// Why.
    pub reason: Reason,
    /// What scikit-learn warns with; nothing where it is silent.
    pub warning: Option<Warning>,
}

/// One number, and whether it stands for something.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// What scikit-learn gives, also where the metric is undefined.
    pub value: f64,
    /// Why the value stands for nothing.
    pub undefined: Option<Undefined>,
}

impl Metric {
    /// A number that stands for itself.
    pub const fn of(value: f64) -> Self {
        Self { value, undefined: None }
    }

    /// A number that scikit-learn gives without a word.
    pub const fn silent(value: f64, reason: Reason) -> Self {
        Self { value, undefined: Some(Undefined { reason, warning: None }) }
    }

    /// A number that scikit-learn gives with a warning.
    pub const fn warned(value: f64, reason: Reason, warning: Warning) -> Self {
        Self { value, undefined: Some(Undefined { reason, warning: Some(warning) }) }
    }

    /// The number where it stands for something, and else why it does not.
    pub fn defined(self) -> std::result::Result<f64, Undefined> {
        self.undefined.map_or(Ok(self.value), Err)
    }

    /// `f` of the number, undefined where this is.
    #[must_use]
    pub fn map(self, f: impl FnOnce(f64) -> f64) -> Self {
        Self { value: f(self.value), ..self }
    }
}
