//! Metrics of numbers against numbers, for one output or several.

mod deviance;
mod explained;
mod interval;
mod quantile;

pub(crate) use explained::share;
pub use interval::{IntervalCoverage, interval_coverage};
pub(crate) use quantile::median_of;

use std::borrow::Cow;

use crate::column::{Matrix, Scores, Weights, finite, not_empty, same_length, weights};
use crate::error::{Error, Metric, Reason, Result, Undefined};
use crate::sum::{LANES, sum, sum2, sums2, total};

/// Targets and predictions, checked once for any number of metrics.
#[derive(Clone, Debug)]
pub struct Regression<'a> {
    /// For each output, the true values and the predictions.
    outputs: Vec<Pair<'a>>,
    weights: Weights<'a>,
    rows: usize,
}

/// The true values and the predictions of an output.
type Pair<'a> = (Cow<'a, [f64]>, Cow<'a, [f64]>);

/// How the numbers of several outputs become one.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Multioutput<'a> {
    /// Their mean.
    #[default]
    Uniform,
    /// Their mean weighted by the variance of the truth: for R², explained variance and D² only.
    Variance,
    /// Their mean with these weights.
    Weights(&'a [f64]),
}

/// A metric of each output.
#[derive(Clone, Debug, PartialEq)]
pub struct Outputs {
    /// One for each output.
    pub values: Vec<Metric>,
    /// What variance weights are, where the metric has them.
    spread: Option<Vec<f64>>,
    /// Set where all outputs together are undefined, as with too few rows.
    whole: Option<Undefined>,
}

/// What one pass over an output gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorSummary {
    /// The mean absolute error, in the unit of the target.
    pub mae: f64,
    /// The root of the mean squared error, in the unit of the target.
    pub rmse: f64,
    /// The mean of prediction less truth, in the unit of the target.
    pub bias: f64,
    /// The share of the variance of the truth that is explained.
    pub r2: Metric,
}

/// [`Regression::summary`] of one output, in a single pass also over what must be finite.
pub fn regression_summary(
    y_true: Scores<'_>,
    y_pred: Scores<'_>,
    sample_weight: Weights<'_>,
) -> Result<ErrorSummary> {
    crate::column::rows(y_true.len(), ("y_pred", y_pred.len()), sample_weight)?;
    let (truth, predicted) = (y_true.to_f64(), y_pred.to_f64());
    let rows = truth.len();
    let pair = Regression { outputs: Vec::new(), weights: sample_weight, rows };
    let summary = pair.summary_of(&truth, &predicted);
    // NaN and infinities are never lost in these sums: columns are searched only if one shows.
    if !(summary.mae.is_finite() && summary.rmse.is_finite() && summary.bias.is_finite()) {
        finite("y_true", &truth)?;
        finite("y_pred", &predicted)?;
    }
    Ok(summary)
}

impl<'a> Regression<'a> {
    /// Tables of equal shape: a row for each example, a column for each output.
    pub fn of(y_true: Matrix<'a>, y_pred: Matrix<'a>, sample_weight: Weights<'a>) -> Result<Self> {
        let rows = y_true.rows();
        same_length("y_pred", y_pred.rows(), rows)?;
        not_empty("y_true", rows)?;
        weights(sample_weight, rows)?;
        let (found, expected) = (y_pred.columns(), y_true.columns());
        if found != expected {
            return Err(Error::Columns { argument: "y_pred", found, expected });
        }
        let (truth, predicted) = (columns("y_true", y_true)?, columns("y_pred", y_pred)?);
        let outputs = truth.into_iter().zip(predicted).collect();
        Ok(Self { outputs, weights: sample_weight, rows })
    }

    /// One output.
    pub fn single(
        y_true: Scores<'a>,
        y_pred: Scores<'a>,
        sample_weight: Weights<'a>,
    ) -> Result<Self> {
        let (y_true, y_pred) =
            (Matrix::new(y_true, 1, "y_true")?, Matrix::new(y_pred, 1, "y_pred")?);
        Self::of(y_true, y_pred, sample_weight)
    }

    /// Mean absolute error, in the unit of the target. Source: scikit-learn 1.9
    /// `mean_absolute_error`.
    pub fn mean_absolute_error(&self) -> Outputs {
        self.means(|y, p| (p - y).abs())
    }

    /// Mean squared error. Source: scikit-learn 1.9 `mean_squared_error`.
    pub fn mean_squared_error(&self) -> Outputs {
        self.means(|y, p| (y - p) * (y - p))
    }

    /// Root of the mean squared error of each output, in the unit of the target.
    /// Source: scikit-learn 1.9 `root_mean_squared_error`.
    pub fn root_mean_squared_error(&self) -> Outputs {
        self.mean_squared_error().map(f64::sqrt)
    }

    /// Mean squared difference of ln(1 + value). All values must be above -1.
    /// Source: scikit-learn 1.9 `mean_squared_log_error`.
    pub fn mean_squared_log_error(&self) -> Result<Outputs> {
        self.above_minus_one()?;
        Ok(self.means(|y, p| (y.ln_1p() - p.ln_1p()).powi(2)))
    }

    /// The root of [`mean_squared_log_error`](Self::mean_squared_log_error) of each output.
    /// Source: scikit-learn 1.9 `root_mean_squared_log_error`.
    pub fn root_mean_squared_log_error(&self) -> Result<Outputs> {
        Ok(self.mean_squared_log_error()?.map(f64::sqrt))
    }

    /// Mean absolute error relative to the truth, 1 for 100 %. Undefined where a true value is
    /// zero, which counts as 2^-52. Source: scikit-learn 1.9 `mean_absolute_percentage_error`.
    pub fn mean_absolute_percentage_error(&self) -> Outputs {
        let mut outputs = self.means(|y, p| (p - y).abs() / y.abs().max(f64::EPSILON));
        for (value, (truth, _)) in outputs.values.iter_mut().zip(&self.outputs) {
            if truth.iter().any(|y| y.abs() < f64::EPSILON) {
                *value = Metric::silent(value.value, Reason::ZeroTarget);
            }
        }
        outputs
    }

    /// Mean of |error| over the mean size of truth and prediction, within [0, 2]; zero where both
    /// are zero. Source: Makridakis, Accuracy measures: theoretical and practical concerns (1993).
    pub fn symmetric_percentage_error(&self) -> Outputs {
        self.means(|y, p| {
            let size = y.abs() + p.abs();
            if size == 0.0 { 0.0 } else { 2.0 * (p - y).abs() / size }
        })
    }

    /// The sum of |error| over the sum of |truth|.
    /// Source: Kolassa and Schütz, Advantages of the MAD/mean ratio over the MAPE (2007).
    pub fn weighted_percentage_error(&self) -> Outputs {
        let one = |(truth, predicted): &Pair<'_>| {
            let error = self.mean(truth, predicted, |y, p| (p - y).abs());
            let size = self.mean(truth, truth, |y, _| y.abs());
            if size == 0.0 {
                return Metric::silent(f64::NAN, Reason::ZeroDenominator);
            }
            Metric::of(error / size)
        };
        Outputs::plain(self.outputs.iter().map(one).collect())
    }

    /// Mean of prediction less truth, in the unit of the target.
    pub fn bias(&self) -> Outputs {
        self.means(|y, p| p - y)
    }

    /// Mean pinball loss of a quantile `alpha` within [0, 1].
    /// Source: Koenker and Bassett (1978); scikit-learn 1.9 `mean_pinball_loss`.
    pub fn pinball_loss(&self, alpha: f64) -> Result<Outputs> {
        check_share(alpha)?;
        Ok(self.means(|y, p| pinball(alpha, y - p)))
    }

    /// The largest absolute error of the only output. Source: scikit-learn 1.9 `max_error`.
    pub fn max_error(&self) -> Result<f64> {
        let (truth, predicted) = self.only()?;
        let errors = truth.iter().zip(predicted).map(|(y, p)| (y - p).abs());
        Ok(errors.fold(0.0, f64::max))
    }

    /// Mean absolute, root mean squared error, bias and R² of each output, in one pass.
    pub fn summary(&self) -> Vec<ErrorSummary> {
        self.outputs.iter().map(|(y, p)| self.summary_of(y, p)).collect()
    }

    fn summary_of(&self, truth: &[f64], predicted: &[f64]) -> ErrorSummary {
        let shift = centre(truth);
        let [absolute, squared, error, from, mut spread] = match self.weights {
            None => sums2(
                truth,
                predicted,
                #[inline(always)]
                |y, p, [absolute, squared, error, from, spread]| {
                    for lane in 0..LANES {
                        absolute[lane] += (p[lane] - y[lane]).abs();
                    }
                    for lane in 0..LANES {
                        squared[lane] += (p[lane] - y[lane]) * (p[lane] - y[lane]);
                    }
                    for lane in 0..LANES {
                        error[lane] += p[lane] - y[lane];
                    }
                    for lane in 0..LANES {
                        from[lane] += y[lane] - shift;
                    }
                    for lane in 0..LANES {
                        spread[lane] += (y[lane] - shift) * (y[lane] - shift);
                    }
                },
            ),
            Some(w) => {
                let mut sums = [0.0; 5];
                for ((y, p), w) in truth.iter().zip(predicted).zip(w) {
                    let (error, from) = (p - y, y - shift);
                    let terms = [error.abs(), error * error, error, from, from * from];
                    for (sum, term) in sums.iter_mut().zip(terms) {
                        *sum += w * term;
                    }
                }
                sums
            }
        };
        let weight = self.weight();
        spread -= from * from / weight;
        // A shift far from the mean costs digits: then the mean itself is taken.
        if from * from / weight > 100.0 * spread && spread != 0.0 {
            spread = self.spread(truth);
        }
        ErrorSummary {
            mae: absolute / weight,
            rmse: (squared / weight).sqrt(),
            bias: error / weight,
            r2: if self.rows < 2 { too_few() } else { share(squared, spread, true) },
        }
    }

    /// The sum of squared distances from the mean, with weights.
    fn spread(&self, values: &[f64]) -> f64 {
        let first = values[0];
        let mean = first + self.mean(values, values, |y, _| y - first);
        self.mean(values, values, |y, _| (y - mean) * (y - mean)) * self.weight()
    }

    fn weight(&self) -> f64 {
        self.weights.map_or(self.rows as f64, total)
    }

    fn mean(&self, truth: &[f64], predicted: &[f64], loss: impl Fn(f64, f64) -> f64 + Sync) -> f64 {
        let sum = match self.weights {
            None => sum2(truth, predicted, loss),
            Some(w) => sum(self.rows, |row| w[row] * loss(truth[row], predicted[row])),
        };
        sum / self.weight()
    }

    fn means(&self, loss: impl Fn(f64, f64) -> f64 + Sync) -> Outputs {
        let one = |(y, p): &Pair<'_>| Metric::of(self.mean(y, p, &loss));
        Outputs::plain(self.outputs.iter().map(one).collect())
    }

    fn only(&self) -> Result<(&[f64], &[f64])> {
        match self.outputs.as_slice() {
            [(truth, predicted)] => Ok((truth, predicted)),
            outputs => {
                Err(Error::Columns { argument: "y_true", found: outputs.len(), expected: 1 })
            }
        }
    }

    fn above_minus_one(&self) -> Result<()> {
        for (truth, predicted) in &self.outputs {
            for (argument, values) in [("y_true", truth), ("y_pred", predicted)] {
                if let Some(&found) = values.iter().find(|&&value| value <= -1.0) {
                    return Err(Error::OutOfRange { argument, found, expected: "above -1" });
                }
            }
        }
        Ok(())
    }
}

impl Outputs {
    fn plain(values: Vec<Metric>) -> Self {
        Self { values, spread: None, whole: None }
    }

    fn map(mut self, f: impl Fn(f64) -> f64) -> Self {
        for value in &mut self.values {
            value.value = f(value.value);
        }
        self
    }

    /// One number of all outputs. Weights are for several outputs, one each, and not all zero.
    pub fn average(&self, how: Multioutput<'_>) -> Result<Metric> {
        let undefined = self.whole.or_else(|| self.values.iter().find_map(|one| one.undefined));
        let outputs = self.values.len();
        let weights = match how {
            Multioutput::Uniform => None,
            Multioutput::Variance => {
                let expected = "`variance_weighted` is for R², explained variance and D²";
                let spread = self.spread.as_deref();
                let spread = spread.ok_or(Error::Choice { argument: "multioutput", expected })?;
                spread.iter().any(|&spread| spread != 0.0).then_some(spread)
            }
            Multioutput::Weights(_) if outputs == 1 => {
                let expected = "weights need several outputs";
                return Err(Error::Choice { argument: "multioutput", expected });
            }
            Multioutput::Weights(weights) => {
                same_length("multioutput", weights.len(), outputs)?;
                finite("multioutput", weights)?;
                if weights.iter().sum::<f64>() == 0.0 {
                    let expected = "weights that do not sum to zero";
                    return Err(Error::Choice { argument: "multioutput", expected });
                }
                Some(weights)
            }
        };
        if self.whole.is_some() {
            return Ok(Metric { value: f64::NAN, undefined });
        }
        let weight = |at: usize| weights.map_or(1.0, |weights| weights[at]);
        let whole: f64 = (0..outputs).map(weight).sum();
        let sum: f64 = (0..outputs).map(|at| weight(at) * self.values[at].value).sum();
        Ok(Metric { value: sum / whole, undefined })
    }
}

/// What R² and D² of one row are.
fn too_few() -> Metric {
    Metric::warned(f64::NAN, Reason::TooFewRows, crate::error::Warning::UndefinedMetric)
}

fn pinball(alpha: f64, above: f64) -> f64 {
    if above >= 0.0 { alpha * above } else { (alpha - 1.0) * above }
}

fn check_share(alpha: f64) -> Result<()> {
    if (0.0..=1.0).contains(&alpha) {
        return Ok(());
    }
    Err(Error::OutOfRange { argument: "alpha", found: alpha, expected: "within [0, 1]" })
}

/// About the mean; exactly the value where all are equal.
fn centre(values: &[f64]) -> f64 {
    const GLANCE: usize = 1024;
    let few = &values[..values.len().min(GLANCE)];
    let first = values[0];
    first + few.iter().map(|value| value - first).sum::<f64>() / few.len() as f64
}

/// The columns of a table, which are finite; copied where there are several.
fn columns<'a>(argument: &'static str, table: Matrix<'a>) -> Result<Vec<Cow<'a, [f64]>>> {
    let values = table.values().to_f64();
    finite(argument, &values)?;
    let width = table.columns();
    if width == 1 {
        return Ok(vec![values]);
    }
    let column = |at| Cow::Owned(values.iter().skip(at).step_by(width).copied().collect());
    Ok((0..width).map(column).collect())
}
