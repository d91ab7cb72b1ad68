//! One confusion matrix from one pass over two columns of labels, and all that follows from it.

mod agreement;
mod multilabel;
mod report;
mod sets;
mod table;
mod top;

pub use agreement::{CostMatrix, Kappa, LikelihoodRatios};
pub use multilabel::MultilabelConfusion;
pub use report::{Report, ReportRow};
pub use sets::{Average, LabelScores, SetScores, Tally, ZeroDivision};
pub(crate) use top::class_codes;
pub use top::top_k_accuracy;

use crate::column::{Label, Labels, Weights};
use crate::encode::{Encoded, check_types, encode};
use crate::error::{Error, Metric, Reason, Result, Warning};

/// The most classes of one matrix, which then has 2^24 cells.
pub(crate) const MOST_CLASSES: usize = 4096;

/// How many rows of each true class were predicted as each class.
///
/// Without weights all counts are whole and exact.
#[derive(Clone, Debug, PartialEq)]
pub struct Confusion {
    /// The classes that were listed, and then the others that occur, sorted.
    classes: Vec<Label>,
    /// How many of `classes` metrics are about.
    listed: usize,
    /// Whether `labels` were given.
    given: bool,
    /// Which classes occur in a column at all, be it with no weight.
    present: Vec<bool>,
    /// Row after row: true class, predicted class.
    counts: Vec<u64>,
    /// The sums of weights where there are weights.
    weights: Option<Vec<f64>>,
}

/// How a matrix is scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Normalize {
    /// Not at all.
    #[default]
    None,
    /// Each true class sums to one.
    True,
    /// Each predicted class sums to one.
    Predicted,
    /// All cells sum to one.
    All,
}

impl Confusion {
    /// Counts two columns of equal length.
    ///
    /// `labels` chooses the classes that metrics are about, and their order; they need not occur.
    /// At most 4,096 classes.
    pub fn of(
        y_true: Labels<'_>,
        y_pred: Labels<'_>,
        sample_weight: Weights<'_>,
        labels: Option<&[Label]>,
    ) -> Result<Self> {
        crate::column::rows(y_true.len(), ("y_pred", y_pred.len()), sample_weight)?;
        check_types(&[("y_true", y_true), ("y_pred", y_pred)])?;
        let dense = table::dense(y_true, y_pred, sample_weight);
        let table = dense.map_or_else(|| sparse(y_true, y_pred, sample_weight), Ok)?;
        table.arrange(labels)
    }

    /// The matrix of sorted classes whose counts are known.
    pub(crate) fn of_counts(classes: Vec<Label>, counts: Vec<u64>) -> Self {
        let listed = classes.len();
        Self { listed, given: false, present: vec![true; listed], classes, counts, weights: None }
    }

    /// The classes that metrics are about.
    pub fn labels(&self) -> &[Label] {
        &self.classes[..self.listed]
    }

    /// The matrix of the listed classes, row after row: true class, predicted class.
    ///
    /// Source: scikit-learn 1.9 `confusion_matrix`. An error where none of the listed classes
    /// is in the truth.
    pub fn matrix(&self, normalize: Normalize) -> Result<Vec<f64>> {
        let k = self.listed;
        let in_truth = |class| (0..self.classes.len()).any(|other| self.count(class, other) > 0);
        if !(0..k).any(in_truth) {
            let label = self.classes.first().map(ToString::to_string).unwrap_or_default();
            return Err(Error::UnknownLabel { argument: "labels", label });
        }
        let mut cells: Vec<f64> = (0..k * k).map(|cell| self.cell(cell / k, cell % k)).collect();
        let sums: Vec<f64> = match normalize {
            Normalize::None => return Ok(cells),
            Normalize::True => {
                (0..k).map(|row| (0..k).map(|at| self.cell(row, at)).sum()).collect()
            }
            Normalize::Predicted => {
                (0..k).map(|at| (0..k).map(|row| self.cell(row, at)).sum()).collect()
            }
            Normalize::All => vec![cells.iter().sum(); k],
        };
        for (at, cell) in cells.iter_mut().enumerate() {
            let sum = if normalize == Normalize::True { sums[at / k] } else { sums[at % k] };
            *cell = if sum == 0.0 { 0.0 } else { *cell / sum };
        }
        Ok(cells)
    }

    /// What scikit-learn's `confusion_matrix` warns of: there is one class only.
    pub fn single_class(&self) -> Option<crate::error::Undefined> {
        let warned = Metric::warned(0.0, Reason::OneClass, Warning::User);
        warned.undefined.filter(|_| self.listed == 1)
    }

    /// The share of rows that are right, over all classes that occur.
    ///
    /// Source: scikit-learn 1.9 `accuracy_score`.
    pub fn accuracy(&self) -> f64 {
        self.correct() / self.total()
    }

    /// The share of rows that are wrong: `zero_one_loss`, and `hamming_loss` of one column.
    pub fn zero_one_loss(&self) -> f64 {
        (self.total() - self.correct()) / self.total()
    }

    /// The weight of the rows that are right (without weights, their number).
    pub fn correct(&self) -> f64 {
        (0..self.classes.len()).map(|class| self.cell(class, class)).sum()
    }

    /// The weight of all rows (without weights, their number).
    pub fn total(&self) -> f64 {
        match &self.weights {
            Some(weights) => weights.iter().sum(),
            None => self.counts.iter().map(|&count| u128::from(count)).sum::<u128>() as f64,
        }
    }

    pub(crate) fn count(&self, truth: usize, predicted: usize) -> u64 {
        self.counts[truth * self.classes.len() + predicted]
    }

    fn cell(&self, truth: usize, predicted: usize) -> f64 {
        let at = truth * self.classes.len() + predicted;
        self.weights.as_ref().map_or_else(|| self.counts[at] as f64, |weights| weights[at])
    }

    /// How many classes occur.
    fn occurring(&self) -> usize {
        self.present.iter().filter(|&&present| present).count()
    }
}

fn sparse(y_true: Labels<'_>, y_pred: Labels<'_>, w: Weights<'_>) -> Result<table::Table> {
    let Encoded { classes, codes } = encode(&[("y_true", y_true), ("y_pred", y_pred)])?;
    check_size(classes.len())?;
    Ok(table::of_codes(classes, &codes[0], &codes[1], w))
}

fn check_size(classes: usize) -> Result<()> {
    if classes <= MOST_CLASSES {
        return Ok(());
    }
    Err(Error::Classes { argument: "y_true", found: classes, expected: "at most 4096" })
}
