//! How near probabilities come: log loss and Brier score, and what they explain.

use std::borrow::Cow;

use crate::column::{Label, Labels, Matrix, Weights, finite, rows, same_length};
use crate::confusion::class_codes;
use crate::encode::positives;
use crate::error::{Error, Metric, Reason, Result, Undefined, Warning};
use crate::sum::{log_sum, square_sum, sum, total, total_by};

use super::larger;
use super::pair::{Sum, sum_of_pair};

/// The class of each row.
enum Classes {
    /// Of a single column: whether it is the class that the column is of.
    Two(Vec<bool>),
    /// The column of the class.
    Many(Vec<u32>),
}

/// Rows with their classes and probabilities.
struct Forecast<'a> {
    classes: Classes,
    /// Row after row; one column stands for the larger of two classes.
    probabilities: Cow<'a, [f64]>,
    columns: usize,
    /// Whether the rows sum to one and labels came in order.
    undefined: Option<Undefined>,
    epsilon: f64,
    weights: Weights<'a>,
}

/// The mean of -ln of the probability of each row's class; without `normalize` the sum.
///
/// `y_proba` has one column, for the larger of two classes, or one for each class of `labels` or
/// of the truth. Probabilities are clipped to [ε, 1 - ε], ε by their precision. A warning where
/// rows do not sum to one. Source: Good (1952); scikit-learn 1.9 `log_loss`.
pub fn log_loss(
    y_true: Labels<'_>,
    y_proba: Matrix<'_>,
    normalize: bool,
    sample_weight: Weights<'_>,
    labels: Option<&[Label]>,
) -> Result<Metric> {
    rows(y_true.len(), ("y_proba", y_proba.rows()), sample_weight)?;
    if let (1, None, None) = (y_proba.columns(), sample_weight, labels) {
        let what = Sum::Logarithms(y_proba.epsilon());
        if let Some(sum) = sum_of_pair(y_true, &y_proba.values().to_f64(), what) {
            return Ok(Metric::of(-sum / if normalize { y_true.len() as f64 } else { 1.0 }));
        }
    }
    let forecast = Forecast::of(y_true, y_proba, sample_weight, labels)?;
    let value = forecast.log_loss() / if normalize { forecast.weight() } else { 1.0 };
    Ok(Metric { value, undefined: forecast.undefined })
}

/// The share of the log loss of the classes' frequencies that the probabilities save.
///
/// Source: scikit-learn 1.9 `d2_log_loss_score`.
pub fn d2_log_loss(
    y_true: Labels<'_>,
    y_proba: Matrix<'_>,
    sample_weight: Weights<'_>,
    labels: Option<&[Label]>,
) -> Result<Metric> {
    if let Some(undefined) = too_few(y_true, y_proba, sample_weight)? {
        return Ok(undefined);
    }
    let forecast = Forecast::of(y_true, y_proba, sample_weight, labels)?;
    // Frequencies are doubles, also where the probabilities are not.
    let epsilon = f64::EPSILON;
    let total = forecast.weight();
    let entropy = |&weight: &f64| -weight * (weight / total).clamp(epsilon, 1.0 - epsilon).ln();
    let null: f64 = forecast.class_weights().iter().map(entropy).sum();
    Ok(explained(forecast.log_loss(), null, forecast.undefined))
}

/// What a share of nothing or of a single row is; it has none.
fn too_few(y_true: Labels<'_>, y_proba: Matrix<'_>, w: Weights<'_>) -> Result<Option<Metric>> {
    let rows = y_true.len();
    same_length("y_proba", y_proba.rows(), rows)?;
    same_length("sample_weight", w.map_or(rows, <[f64]>::len), rows)?;
    let undefined = || Metric::warned(f64::NAN, Reason::TooFewRows, Warning::UndefinedMetric);
    Ok((rows < 2).then(undefined))
}

fn explained(loss: f64, null: f64, undefined: Option<Undefined>) -> Metric {
    let constant = Undefined { reason: Reason::ConstantTruth, warning: None };
    let undefined = undefined.or((null == 0.0).then_some(constant));
    Metric { value: 1.0 - loss / null, undefined }
}

/// How a Brier score is asked for.
#[derive(Clone, Debug, Default)]
pub struct Brier<'a> {
    /// The class of a single column; the larger one unless given. Texts need it.
    pub pos_label: Option<Label>,
    /// The classes of several columns.
    pub labels: Option<&'a [Label]>,
    /// Whether the score lies within [0, 1] rather than [0, 2]; unless given, for two classes.
    pub scale_by_half: Option<bool>,
}

/// The mean squared distance of the probabilities from what came.
///
/// Source: Brier (1950); scikit-learn 1.9 `brier_score_loss`.
pub fn brier_score(
    y_true: Labels<'_>,
    y_proba: Matrix<'_>,
    sample_weight: Weights<'_>,
    options: &Brier<'_>,
) -> Result<Metric> {
    rows(y_true.len(), ("y_proba", y_proba.rows()), sample_weight)?;
    let half = options.scale_by_half.unwrap_or(y_proba.columns() < 3);
    if let (1, None, None) = (y_proba.columns(), sample_weight, &options.pos_label)
        && let Some(sum) = sum_of_pair(y_true, &y_proba.values().to_f64(), Sum::Squares)
    {
        let mean = sum / y_true.len() as f64;
        return Ok(Metric::of(if half { mean } else { 2.0 * mean }));
    }
    let forecast = Forecast::for_brier(y_true, y_proba, sample_weight, options)?;
    let value = forecast.brier() * if half { 0.5 } else { 1.0 };
    Ok(Metric { value, undefined: forecast.undefined })
}

/// The share of the Brier score of the classes' frequencies that the probabilities save.
///
/// Source: scikit-learn 1.9 `d2_brier_score`.
pub fn d2_brier_score(
    y_true: Labels<'_>,
    y_proba: Matrix<'_>,
    sample_weight: Weights<'_>,
    options: &Brier<'_>,
) -> Result<Metric> {
    if let Some(undefined) = too_few(y_true, y_proba, sample_weight)? {
        return Ok(undefined);
    }
    let forecast = Forecast::for_brier(y_true, y_proba, sample_weight, options)?;
    let total = forecast.weight();
    // Rounding may take a share past all.
    let share = |weight: &f64| (weight / total).min(1.0);
    let shares: Vec<f64> = forecast.class_weights().iter().map(share).collect();
    let null = shares.iter().map(|share| share * (1.0 - share)).sum();
    Ok(explained(forecast.brier(), null, forecast.undefined))
}

impl<'a> Forecast<'a> {
    fn of(
        y_true: Labels<'_>,
        y_proba: Matrix<'a>,
        weights: Weights<'a>,
        labels: Option<&[Label]>,
    ) -> Result<Self> {
        let (probabilities, epsilon) = checked(y_true, y_proba, weights)?;
        let columns = y_proba.columns();
        let ordered = labels.map(sorted);
        let given = ordered.as_deref();
        let plain = columns == 1 && given.is_none();
        let two = plain.then(|| larger(y_true)).transpose().unwrap_or_default();
        let classes = if let Some((truth, 2)) = two {
            Classes::Two(truth)
        } else {
            let codes = codes(y_true, given, columns)?;
            match columns {
                1 => Classes::Two(codes.into_iter().map(|code| code == 1).collect()),
                _ => Classes::Many(codes),
            }
        };
        let unordered = labels.is_some_and(|labels| given != Some(labels));
        let user = |reason| Undefined { reason, warning: Some(Warning::User) };
        let undefined = unordered.then_some(user(Reason::UnsortedLabels));
        let off = columns > 1 && !sum_to_one(&probabilities, columns, epsilon);
        let undefined = undefined.or(off.then_some(user(Reason::NotProbabilities)));
        Ok(Self { classes, probabilities, columns, undefined, epsilon, weights })
    }

    fn for_brier(
        y_true: Labels<'_>,
        y_proba: Matrix<'a>,
        weights: Weights<'a>,
        options: &Brier<'_>,
    ) -> Result<Self> {
        if y_proba.columns() > 1 {
            return Self::of(y_true, y_proba, weights, options.labels);
        }
        let (probabilities, epsilon) = checked(y_true, y_proba, weights)?;
        let (above, classes) = larger(y_true)?;
        let text = matches!(y_true, Labels::Text(_));
        let positive = options.pos_label.as_ref();
        let truth = if classes == 2 && positive.is_none() && !text {
            above
        } else {
            match positives(y_true, positive) {
                Err(error) if text => return Err(error),
                // One class that is none of the usual ones is the positive one.
                Err(_) => vec![true; y_true.len()],
                Ok(truth) => truth,
            }
        };
        let classes = Classes::Two(truth);
        Ok(Self { classes, probabilities, columns: 1, undefined: None, epsilon, weights })
    }

    fn rows(&self) -> usize {
        self.probabilities.len() / self.columns
    }

    fn weight(&self) -> f64 {
        self.weights.map_or(self.rows() as f64, total)
    }

    /// The weight of each class.
    fn class_weights(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.columns.max(2)];
        let weight = |row: usize| self.weights.map_or(1.0, |weights| weights[row]);
        match &self.classes {
            Classes::Two(truth) => {
                truth
                    .iter()
                    .enumerate()
                    .for_each(|(row, &one)| sums[usize::from(one)] += weight(row));
            }
            Classes::Many(codes) => {
                codes
                    .iter()
                    .enumerate()
                    .for_each(|(row, &code)| sums[code as usize] += weight(row));
            }
        }
        sums
    }

    /// The probabilities of the rows' own classes, from a row on.
    fn own(&self, start: usize, own: &mut [f64]) {
        let end = start + own.len();
        match &self.classes {
            Classes::Two(truth) => {
                let rows = truth[start..end].iter().zip(&self.probabilities[start..end]);
                for (own, (&one, &p)) in own.iter_mut().zip(rows) {
                    *own = if one { p } else { 1.0 - p };
                }
            }
            Classes::Many(codes) => {
                for (own, row) in own.iter_mut().zip(start..end) {
                    *own = self.probabilities[row * self.columns + codes[row] as usize];
                }
            }
        }
    }

    fn log_loss(&self) -> f64 {
        let (low, high) = (self.epsilon, 1.0 - self.epsilon);
        let clipped = |start: usize, own: &mut [f64]| {
            self.own(start, own);
            for p in own {
                *p = p.max(low).min(high);
            }
        };
        let Some(weights) = self.weights else { return -log_sum(self.rows(), clipped) };
        let mut own = vec![0.0; self.rows()];
        clipped(0, &mut own);
        sum(own.len(), |row| -weights[row] * own[row].ln())
    }

    /// The mean squared distance over all columns, two of them for a single one.
    fn brier(&self) -> f64 {
        let sum = match &self.classes {
            Classes::Two(truth) => 2.0 * self.squares(truth),
            Classes::Many(codes) => sum(codes.len(), |row| {
                let own = codes[row] as usize;
                let table = &self.probabilities[row * self.columns..][..self.columns];
                let miss = |(at, &p): (usize, &f64)| (f64::from(u8::from(at == own)) - p).powi(2);
                let squares: f64 = table.iter().enumerate().map(miss).sum();
                self.weights.map_or(1.0, |weights| weights[row]) * squares
            }),
        };
        sum / self.weight()
    }

    /// The sum of the squared distances of a single column.
    fn squares(&self, truth: &[bool]) -> f64 {
        if let Some(w) = self.weights {
            let miss = |row: usize| f64::from(u8::from(truth[row])) - self.probabilities[row];
            return sum(truth.len(), |row| w[row] * miss(row) * miss(row));
        }
        square_sum(truth.len(), |start, out| {
            let rows = start..start + out.len();
            for (out, (&one, &p)) in
                out.iter_mut().zip(truth[rows.clone()].iter().zip(&self.probabilities[rows]))
            {
                *out = f64::from(u8::from(one)) - p;
            }
        })
    }
}

/// The mean of `loss(row)`.
pub(super) fn weighted_mean(
    rows: usize,
    weights: Weights<'_>,
    loss: impl Fn(usize) -> f64 + Sync,
) -> f64 {
    match weights {
        None => sum(rows, loss) / rows as f64,
        Some(w) => sum(rows, |row| w[row] * loss(row)) / total(w),
    }
}

/// Labels in the order of the columns.
pub(super) fn sorted(labels: &[Label]) -> Vec<Label> {
    let mut labels = labels.to_vec();
    let number = |label: &Label| label.number().unwrap_or(f64::INFINITY);
    labels.sort_by(|left, right| match (left, right) {
        (Label::Text(left), Label::Text(right)) => left.cmp(right),
        (left, right) => number(left).total_cmp(&number(right)),
    });
    labels
}

fn codes(y_true: Labels<'_>, labels: Option<&[Label]>, columns: usize) -> Result<Vec<u32>> {
    let (classes, codes) = class_codes(y_true, labels)?;
    if classes < 2 {
        let (argument, expected) = if labels.is_some() {
            ("labels", "two or more")
        } else {
            ("y_true", "two or more; give all of them as `labels`")
        };
        return Err(Error::Classes { argument, found: classes, expected });
    }
    let found = columns.max(2);
    if classes == found {
        return Ok(codes);
    }
    Err(Error::Columns { argument: "y_proba", found: columns, expected: classes })
}

fn checked<'a>(
    y_true: Labels<'_>,
    y_proba: Matrix<'a>,
    weights: Weights<'_>,
) -> Result<(Cow<'a, [f64]>, f64)> {
    rows(y_true.len(), ("y_proba", y_proba.rows()), weights)?;
    let probabilities = y_proba.values().to_f64();
    within_unit("y_proba", &probabilities)?;
    Ok((probabilities, y_proba.epsilon()))
}

/// Refuses what is no probability.
pub(crate) fn within_unit(argument: &'static str, values: &[f64]) -> Result<()> {
    // What is cut off, without a branch: NaN stays NaN.
    if total_by(values, |value| (value - value.clamp(0.0, 1.0)).abs()) == 0.0 {
        return Ok(());
    }
    finite(argument, values)?;
    let found = values.iter().copied().find(|value| !(0.0..=1.0).contains(value));
    let expected = "a probability within [0, 1]";
    Err(Error::OutOfRange { argument, found: found.unwrap_or_default(), expected })
}

fn sum_to_one(probabilities: &[f64], columns: usize, epsilon: f64) -> bool {
    let most = 1e-8 + epsilon.sqrt();
    probabilities.chunks_exact(columns).all(|row| (row.iter().sum::<f64>() - 1.0).abs() <= most)
}
