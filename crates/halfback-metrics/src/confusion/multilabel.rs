//! Several labels a row: the same scores from tables of truth values.

use crate::column::{Weights, not_empty, same_length, weights};
use crate::error::{Error, Metric, Result};

use super::sets::{average, check_beta, gathered, jaccard, scores};
use super::{Average, SetScores, Tally, ZeroDivision};

/// What was true and what was predicted of each label of each row.
#[derive(Clone, Debug)]
pub struct MultilabelConfusion<'a> {
    truth: &'a [bool],
    predicted: &'a [bool],
    columns: usize,
    weights: Weights<'a>,
    /// The labels that metrics are about.
    labels: Vec<usize>,
}

impl<'a> MultilabelConfusion<'a> {
    /// Tables of equal shape, row after row, `columns` labels each. `labels` chooses columns.
    pub fn of(
        y_true: &'a [bool],
        y_pred: &'a [bool],
        columns: usize,
        sample_weight: Weights<'a>,
        labels: Option<&[usize]>,
    ) -> Result<Self> {
        if columns == 0 {
            return Err(Error::TooFew { argument: "y_true", found: 0, expected: 1 });
        }
        same_length("y_pred", y_pred.len(), y_true.len())?;
        not_empty("y_true", y_true.len())?;
        same_length("y_true", y_true.len() % columns, 0)?;
        weights(sample_weight, y_true.len() / columns)?;
        let labels = labels.map_or_else(|| (0..columns).collect(), <[usize]>::to_vec);
        if let Some(label) = labels.iter().find(|&&label| label >= columns) {
            return Err(Error::UnknownLabel { argument: "labels", label: label.to_string() });
        }
        Ok(Self { truth: y_true, predicted: y_pred, columns, weights: sample_weight, labels })
    }

    /// The chosen columns.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// Each label over all rows: scikit-learn's `multilabel_confusion_matrix`.
    pub fn tallies(&self) -> Vec<Tally> {
        let mut tallies = vec![Tally::default(); self.columns];
        for (row, (truth, predicted)) in self.pairs().enumerate() {
            let weight = self.weight(row);
            for ((tally, &truth), &predicted) in tallies.iter_mut().zip(truth).zip(predicted) {
                count(tally, truth, predicted, weight);
            }
        }
        self.labels.iter().map(|&label| tallies[label]).collect()
    }

    /// Each row over the chosen labels: the same with `samplewise=True`.
    pub fn row_tallies(&self) -> Vec<Tally> {
        let row = |(row, (truth, predicted)): (usize, (&[bool], &[bool]))| {
            let mut tally = Tally::default();
            for &label in &self.labels {
                count(&mut tally, truth[label], predicted[label], self.weight(row));
            }
            tally
        };
        self.pairs().enumerate().map(row).collect()
    }

    /// Precision, recall and F-beta of an average.
    ///
    /// Source: scikit-learn 1.9 `precision_recall_fscore_support`.
    pub fn scores(&self, how: &Average, beta: f64, zero: ZeroDivision) -> Result<SetScores> {
        check_beta(beta)?;
        let (tallies, weights) = self.averaged(how)?;
        Ok(scores(&tallies, weights.as_deref(), beta, zero))
    }

    /// The Jaccard index of an average. Source: scikit-learn 1.9 `jaccard_score`.
    pub fn jaccard(&self, how: &Average, zero: ZeroDivision) -> Result<Metric> {
        let (tallies, weights) = self.averaged(how)?;
        Ok(average(&tallies, weights.as_deref(), &jaccard(zero)))
    }

    /// Precision, recall, F-beta and support of each chosen label.
    pub fn label_scores(&self, beta: f64, zero: ZeroDivision) -> Result<Vec<(SetScores, f64)>> {
        check_beta(beta)?;
        let tallies = self.tallies();
        Ok(tallies.iter().map(|&t| (scores(&[t], None, beta, zero), t.truth())).collect())
    }

    /// The share of rows whose labels are all right. Source: scikit-learn 1.9 `accuracy_score`.
    pub fn accuracy(&self) -> f64 {
        let right = |(_, (truth, predicted)): &(usize, (&[bool], &[bool]))| truth == predicted;
        let right: f64 =
            self.pairs().enumerate().filter(right).map(|(at, _)| self.weight(at)).sum();
        right / self.total()
    }

    /// The share of labels that are wrong. Source: scikit-learn 1.9 `hamming_loss`.
    pub fn hamming_loss(&self) -> f64 {
        let wrong = |(row, (truth, predicted)): (usize, (&[bool], &[bool]))| {
            let wrong = truth.iter().zip(predicted).filter(|(truth, predicted)| truth != predicted);
            wrong.count() as f64 * self.weight(row)
        };
        let wrong: f64 = self.pairs().enumerate().map(wrong).sum();
        wrong / (self.total() * self.columns as f64)
    }

    pub(super) fn weighted(&self) -> bool {
        self.weights.is_some()
    }

    fn averaged(&self, how: &Average) -> Result<(Vec<Tally>, Option<Vec<f64>>)> {
        match how {
            Average::Binary(_) => Err(Error::Choice {
                argument: "average",
                expected: "`binary` needs one label a row; choose micro, macro, weighted or samples",
            }),
            Average::Samples => Ok((self.row_tallies(), self.weights.map(<[f64]>::to_vec))),
            Average::Micro | Average::Macro | Average::Weighted => {
                Ok(gathered(self.tallies(), how))
            }
        }
    }

    fn pairs(&self) -> impl Iterator<Item = (&'a [bool], &'a [bool])> {
        self.truth.chunks_exact(self.columns).zip(self.predicted.chunks_exact(self.columns))
    }

    fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    fn total(&self) -> f64 {
        let rows = self.truth.len() / self.columns;
        self.weights.map_or(rows as f64, |weights| weights.iter().sum())
    }
}

fn count(tally: &mut Tally, truth: bool, predicted: bool, weight: f64) {
    *match (truth, predicted) {
        (true, true) => &mut tally.true_positive,
        (false, true) => &mut tally.false_positive,
        (true, false) => &mut tally.false_negative,
        (false, false) => &mut tally.true_negative,
    } += weight;
}
