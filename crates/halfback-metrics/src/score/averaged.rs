//! Areas of several classes or labels, averaged.

use std::borrow::Cow;

use crate::column::{
    Label, Labels, Matrix, Weights, finite, not_empty, rows, same_length, weights,
};
use crate::confusion::class_codes;
use crate::error::{Error, Metric, Result};

use super::area::{average_precision_of, roc_auc_of};

/// How areas of classes or labels become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ScoreAverage {
    /// All cells of the tables as one column.
    Micro,
    /// The mean over columns.
    #[default]
    Macro,
    /// The mean over columns, weighted by their positive rows.
    Weighted,
    /// The mean over rows.
    Samples,
}

/// How more than two classes are held against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Multiclass {
    /// Each class against all others.
    OneVsRest,
    /// Each class against each other. Source: Hand and Till (2001).
    OneVsOne,
}

/// A metric of one column of truth and one of scores.
type Binary<'a> = &'a dyn Fn(&[bool], &[f64], Weights<'_>) -> Result<Metric>;

/// Tables of truth and scores of one shape, row after row.
struct Tables<'a> {
    truth: Cow<'a, [bool]>,
    scores: Cow<'a, [f64]>,
    columns: usize,
    weights: Weights<'a>,
}

/// The area under the ROC curve for more than two classes.
///
/// `y_score` has a column of probabilities for each class of `labels`, which are sorted, or of
/// the truth. One-vs-one takes no weights, and macro or weighted averages; one-vs-rest all but
/// `Samples`. Source: scikit-learn 1.9 `roc_auc_score(multi_class=…)`.
pub fn roc_auc_multiclass(
    y_true: Labels<'_>,
    y_score: Matrix<'_>,
    how: Multiclass,
    average: ScoreAverage,
    sample_weight: Weights<'_>,
    labels: Option<&[Label]>,
) -> Result<Metric> {
    let (codes, scores) = classes(y_true, y_score, sample_weight, labels, true)?;
    let columns = y_score.columns();
    if average == ScoreAverage::Samples
        || (how == Multiclass::OneVsOne && average == ScoreAverage::Micro)
    {
        let expected = "macro or weighted, and micro for one-vs-rest";
        return Err(Error::Choice { argument: "average", expected });
    }
    if how == Multiclass::OneVsOne {
        if sample_weight.is_some() {
            let expected = "no weights with one-vs-one";
            return Err(Error::Choice { argument: "sample_weight", expected });
        }
        return one_vs_one(&codes, &scores, columns, average == ScoreAverage::Weighted);
    }
    let tables = Tables::one_hot(&codes, scores, columns, sample_weight);
    averaged(&tables, average, &|truth, scores, w| roc_auc_of(truth, scores, w, None))
}

/// The one-vs-rest areas of [`roc_auc_multiclass`], one for each class.
pub fn roc_auc_by_class(
    y_true: Labels<'_>,
    y_score: Matrix<'_>,
    sample_weight: Weights<'_>,
    labels: Option<&[Label]>,
) -> Result<Vec<Metric>> {
    let tables = Tables::of_classes(y_true, y_score, sample_weight, labels, true)?;
    by_column(&tables, &|truth, scores, w| roc_auc_of(truth, scores, w, None))
}

/// The area under the ROC curve for several labels a row; `y_true` has the shape of `y_score`.
///
/// Source: scikit-learn 1.9 `roc_auc_score`.
pub fn roc_auc_multilabel(
    y_true: &[bool],
    y_score: Matrix<'_>,
    average: ScoreAverage,
    sample_weight: Weights<'_>,
    max_fpr: Option<f64>,
) -> Result<Metric> {
    let tables = Tables::of_labels(y_true, y_score, sample_weight)?;
    averaged(&tables, average, &|truth, scores, w| roc_auc_of(truth, scores, w, max_fpr))
}

/// Average precision for more than two classes, each against all others.
///
/// Source: scikit-learn 1.9 `average_precision_score`.
pub fn average_precision_multiclass(
    y_true: Labels<'_>,
    y_score: Matrix<'_>,
    average: ScoreAverage,
    sample_weight: Weights<'_>,
) -> Result<Metric> {
    let tables = Tables::of_classes(y_true, y_score, sample_weight, None, false)?;
    averaged(&tables, average, &|truth, scores, w| Ok(average_precision_of(truth, scores, w)))
}

/// [`average_precision_multiclass`] of each class, in their order.
pub fn average_precision_by_class(
    y_true: Labels<'_>,
    y_score: Matrix<'_>,
    sample_weight: Weights<'_>,
) -> Result<Vec<Metric>> {
    let tables = Tables::of_classes(y_true, y_score, sample_weight, None, false)?;
    by_column(&tables, &|truth, scores, w| Ok(average_precision_of(truth, scores, w)))
}

/// Average precision for several labels a row; `y_true` has the shape of `y_score`.
///
/// Source: scikit-learn 1.9 `average_precision_score`.
pub fn average_precision_multilabel(
    y_true: &[bool],
    y_score: Matrix<'_>,
    average: ScoreAverage,
    sample_weight: Weights<'_>,
) -> Result<Metric> {
    let tables = Tables::of_labels(y_true, y_score, sample_weight)?;
    averaged(&tables, average, &|truth, scores, w| Ok(average_precision_of(truth, scores, w)))
}

/// The average precision of each label of [`average_precision_multilabel`].
pub fn average_precision_by_label(
    y_true: &[bool],
    y_score: Matrix<'_>,
    sample_weight: Weights<'_>,
) -> Result<Vec<Metric>> {
    let tables = Tables::of_labels(y_true, y_score, sample_weight)?;
    by_column(&tables, &|truth, scores, w| Ok(average_precision_of(truth, scores, w)))
}

fn classes<'a>(
    y_true: Labels<'_>,
    y_score: Matrix<'a>,
    sample_weight: Weights<'_>,
    labels: Option<&[Label]>,
    probabilities: bool,
) -> Result<(Vec<u32>, Cow<'a, [f64]>)> {
    rows(y_true.len(), ("y_score", y_score.rows()), sample_weight)?;
    let scores = y_score.values().to_f64();
    finite("y_score", &scores)?;
    let columns = y_score.columns();
    let sums = scores.chunks_exact(columns).map(|row| row.iter().sum::<f64>());
    if let Some(found) = sums.into_iter().find(|sum| probabilities && (sum - 1.0).abs() > 1.001e-5)
    {
        let expected = "probabilities that sum to one in each row";
        return Err(Error::OutOfRange { argument: "y_score", found, expected });
    }
    let (found, codes) = class_codes(y_true, labels)?;
    if found != columns {
        return Err(Error::Columns { argument: "y_score", found: columns, expected: found });
    }
    if columns < 3 {
        let expected = "three or more; for two give one column of scores";
        return Err(Error::Classes { argument: "y_true", found, expected });
    }
    Ok((codes, scores))
}

impl<'a> Tables<'a> {
    /// Each class against all others.
    fn of_classes(
        y_true: Labels<'_>,
        y_score: Matrix<'a>,
        sample_weight: Weights<'a>,
        labels: Option<&[Label]>,
        probabilities: bool,
    ) -> Result<Self> {
        let (codes, scores) = classes(y_true, y_score, sample_weight, labels, probabilities)?;
        Ok(Self::one_hot(&codes, scores, y_score.columns(), sample_weight))
    }

    fn one_hot(
        codes: &[u32],
        scores: Cow<'a, [f64]>,
        columns: usize,
        weights: Weights<'a>,
    ) -> Self {
        let row = |&code: &u32| (0..columns).map(move |at| at == code as usize);
        Self { truth: codes.iter().flat_map(row).collect(), scores, columns, weights }
    }

    /// Several labels a row.
    fn of_labels(
        y_true: &'a [bool],
        y_score: Matrix<'a>,
        sample_weight: Weights<'a>,
    ) -> Result<Self> {
        let scores = y_score.values().to_f64();
        same_length("y_score", scores.len(), y_true.len())?;
        not_empty("y_true", y_true.len())?;
        weights(sample_weight, y_score.rows())?;
        finite("y_score", &scores)?;
        let (truth, columns) = (Cow::Borrowed(y_true), y_score.columns());
        Ok(Self { truth, scores, columns, weights: sample_weight })
    }
}

impl Tables<'_> {
    fn rows(&self) -> usize {
        self.truth.len() / self.columns
    }

    fn column<T: Copy>(&self, table: &[T], column: usize) -> Vec<T> {
        table.iter().skip(column).step_by(self.columns).copied().collect()
    }

    fn positive(&self, column: usize) -> f64 {
        let positive = |&row: &usize| self.truth[row * self.columns + column];
        let weight = |row| self.weights.map_or(1.0, |weights| weights[row]);
        (0..self.rows()).filter(positive).map(weight).sum()
    }
}

fn by_column(tables: &Tables<'_>, metric: Binary<'_>) -> Result<Vec<Metric>> {
    (0..tables.columns)
        .map(|at| {
            let (truth, scores) =
                (tables.column(&tables.truth, at), tables.column(&tables.scores, at));
            metric(&truth, &scores, tables.weights)
        })
        .collect()
}

fn averaged(tables: &Tables<'_>, how: ScoreAverage, metric: Binary<'_>) -> Result<Metric> {
    match how {
        ScoreAverage::Micro => {
            let repeat = |&weight: &f64| std::iter::repeat_n(weight, tables.columns);
            let weights: Option<Vec<f64>> =
                tables.weights.map(|weights| weights.iter().flat_map(repeat).collect());
            metric(&tables.truth, &tables.scores, weights.as_deref())
        }
        ScoreAverage::Macro => Ok(mean(&by_column(tables, metric)?, None)),
        ScoreAverage::Weighted => {
            let weights: Vec<f64> = (0..tables.columns).map(|at| tables.positive(at)).collect();
            if weights.iter().sum::<f64>().abs() <= 1e-8 {
                return Ok(Metric::silent(0.0, crate::error::Reason::NoPositives));
            }
            Ok(mean(&by_column(tables, metric)?, Some(&weights)))
        }
        ScoreAverage::Samples => {
            let truth = tables.truth.chunks_exact(tables.columns);
            let scores = tables.scores.chunks_exact(tables.columns);
            let metrics = truth.zip(scores).map(|(truth, scores)| metric(truth, scores, None));
            Ok(mean(&metrics.collect::<Result<Vec<_>>>()?, tables.weights))
        }
    }
}

/// The mean, in which what has no weight counts for nothing.
fn mean(metrics: &[Metric], weights: Option<&[f64]>) -> Metric {
    let undefined = metrics.iter().find_map(|metric| metric.undefined);
    let (mut sum, mut total) = (0.0, 0.0);
    for (at, metric) in metrics.iter().enumerate() {
        let weight = weights.map_or(1.0, |weights| weights[at]);
        if weight != 0.0 {
            sum += weight * metric.value;
            total += weight;
        }
    }
    Metric { value: sum / total, undefined }
}

fn one_vs_one(codes: &[u32], scores: &[f64], columns: usize, weighted: bool) -> Result<Metric> {
    let mut present: Vec<u32> = codes.to_vec();
    present.sort_unstable();
    present.dedup();
    let (mut areas, mut weights) = (Vec::new(), Vec::new());
    for (at, &one) in present.iter().enumerate() {
        for &other in &present[at + 1..] {
            let kept: Vec<usize> =
                (0..codes.len()).filter(|&row| codes[row] == one || codes[row] == other).collect();
            let area = |class: u32| {
                let truth: Vec<bool> = kept.iter().map(|&row| codes[row] == class).collect();
                let score = |&row: &usize| scores[row * columns + class as usize];
                let scores: Vec<f64> = kept.iter().map(score).collect();
                roc_auc_of(&truth, &scores, None, None)
            };
            let (left, right) = (area(one)?, area(other)?);
            areas.push(Metric::of(f64::midpoint(left.value, right.value)));
            weights.push(kept.len() as f64);
        }
    }
    if areas.is_empty() {
        return Ok(Metric::silent(f64::NAN, crate::error::Reason::OneClass));
    }
    Ok(mean(&areas, weighted.then_some(&weights)))
}
