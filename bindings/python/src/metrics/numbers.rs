//! Metrics of numbers against numbers.

use halfback_metrics::{
    Error, Metric, Multioutput, Outputs, Reason, Regression, interval_coverage, regression_summary,
};
use pyo3::prelude::*;

use super::answer::{invalid, metric, metrics, work};
use super::column::Column;
use super::sets::weights;

/// A metric of one output or several. `option` is the quantile, the power, or whether a constant
/// truth has a finite score; `multioutput` is `raw_values`, `uniform_average`, `variance_weighted`
/// or weights.
#[pyfunction]
#[pyo3(signature = (kind, y_true, y_pred, sample_weight, multioutput, option, /))]
pub(crate) fn metrics_regression<'py>(
    kind: &str,
    y_true: &Bound<'py, PyAny>,
    y_pred: &Bound<'py, PyAny>,
    sample_weight: &Bound<'py, PyAny>,
    multioutput: &Bound<'py, PyAny>,
    option: f64,
) -> PyResult<Bound<'py, PyAny>> {
    let py = y_true.py();
    let (truth, predicted) = (Column::of(y_true, "y_true")?, Column::of(y_pred, "y_pred")?);
    let weight = Column::given(sample_weight, "sample_weight")?;
    let weight = weights(py, weight.as_ref())?;
    let how = match multioutput.extract::<&str>() {
        Ok(name) => How::Named(name),
        Err(_) => How::Weights(Column::of(multioutput, "multioutput")?.doubles(py)?.into_owned()),
    };
    let [held_truth, held_predicted] = if RELATIVE.contains(&kind) {
        [truth.numbers(py)?, predicted.numbers(py)?]
    } else {
        Column::differences(py, [&truth, &predicted])?
    };
    let (width, predicted_width) = (truth.width(), predicted.width());
    let scores = work(py, || {
        let pair = Regression::of(
            held_truth.table(width, "y_true")?,
            held_predicted.table(predicted_width, "y_pred")?,
            weight.as_deref(),
        )?;
        how.scores(kind, &outputs(kind, &pair, option)?)
    })?;
    match scores {
        Scored::Raw(raw) => Ok(metrics(py, &raw)?.into_any()),
        Scored::One(one) => Ok(metric(py, one)?.into_pyobject(py)?.into_any()),
    }
}

/// Those that differ where truth and prediction are moved alike.
const RELATIVE: [&str; 5] = ["msle", "rmsle", "mape", "smape", "wmape"];

enum How<'a> {
    Named(&'a str),
    Weights(Vec<f64>),
}

enum Scored {
    Raw(Vec<Metric>),
    One(Metric),
}

impl How<'_> {
    fn scores(&self, kind: &str, outputs: &Outputs) -> halfback_metrics::Result<Scored> {
        // Of this one scikit-learn weighs also a single output.
        let is_root = kind == "rmse" && outputs.values.len() == 1;
        let how = match self {
            Self::Weights(weights)
                if is_root && matches!(weights[..], [weight] if weight > 0.0) =>
            {
                Multioutput::Uniform
            }
            Self::Named("raw_values") => return Ok(raw(outputs)),
            Self::Named("variance_weighted") => Multioutput::Variance,
            Self::Named(_) => Multioutput::Uniform,
            Self::Weights(weights) => Multioutput::Weights(weights),
        };
        outputs.average(how).map(Scored::One)
    }
}

/// One for each output; where there are too few rows for any, scikit-learn gives one for all.
fn raw(outputs: &Outputs) -> Scored {
    let bare = |one: &&Metric| one.undefined.is_some_and(|why| why.reason == Reason::TooFewRows);
    match outputs.values.first().filter(bare) {
        Some(&one) => Scored::One(one),
        None => Scored::Raw(outputs.values.clone()),
    }
}

fn outputs(kind: &str, pair: &Regression<'_>, option: f64) -> halfback_metrics::Result<Outputs> {
    let finite = option != 0.0;
    Ok(match kind {
        "mae" => pair.mean_absolute_error(),
        "mse" => pair.mean_squared_error(),
        "rmse" => pair.root_mean_squared_error(),
        "msle" => pair.mean_squared_log_error()?,
        "rmsle" => pair.root_mean_squared_log_error()?,
        "mape" => pair.mean_absolute_percentage_error(),
        "smape" => pair.symmetric_percentage_error(),
        "wmape" => pair.weighted_percentage_error(),
        "bias" => pair.bias(),
        "median" => pair.median_absolute_error(),
        "r2" => pair.r2(finite),
        "explained" => pair.explained_variance(finite),
        "d2_absolute" => pair.d2_absolute_error()?,
        "pinball" => pair.pinball_loss(option)?,
        _ => pair.d2_pinball(option)?,
    })
}

/// A metric of one output: `max`, `tweedie` or `d2_tweedie`.
#[pyfunction]
#[pyo3(signature = (kind, y_true, y_pred, sample_weight, power, /))]
pub(crate) fn metrics_single(
    kind: &str,
    y_true: &Bound<'_, PyAny>,
    y_pred: &Bound<'_, PyAny>,
    sample_weight: &Bound<'_, PyAny>,
    power: f64,
) -> PyResult<f64> {
    let py = y_true.py();
    let (truth, predicted) = (Column::of(y_true, "y_true")?, Column::of(y_pred, "y_pred")?);
    let weight = Column::given(sample_weight, "sample_weight")?;
    let weight = weights(py, weight.as_ref())?;
    if truth.is_table() || predicted.is_table() {
        return Err(invalid(py, "`y_true` has several outputs, expected one"));
    }
    let [truth, predicted] = if kind == "max" {
        Column::differences(py, [&truth, &predicted])?
    } else {
        [truth.numbers(py)?, predicted.numbers(py)?]
    };
    let value = work(py, || {
        let pair = Regression::single(truth.get(), predicted.get(), weight.as_deref())?;
        Ok(match kind {
            "max" => Metric::of(pair.max_error()?),
            "tweedie" => Metric::of(pair.tweedie_deviance(power)?),
            _ => pair.d2_tweedie(power)?,
        })
    })?;
    metric(py, value)
}

/// Mean absolute error, root mean squared error, bias and R² of one output, in one pass.
#[pyfunction]
#[pyo3(signature = (y_true, y_pred, sample_weight, /))]
pub(crate) fn metrics_summary(
    y_true: &Bound<'_, PyAny>,
    y_pred: &Bound<'_, PyAny>,
    sample_weight: &Bound<'_, PyAny>,
) -> PyResult<(f64, f64, f64, f64)> {
    let py = y_true.py();
    let (truth, predicted) = (Column::of(y_true, "y_true")?, Column::of(y_pred, "y_pred")?);
    truth.single(py)?;
    predicted.single(py)?;
    let weight = Column::given(sample_weight, "sample_weight")?;
    let weight = weights(py, weight.as_ref())?;
    let [truth, predicted] = Column::differences(py, [&truth, &predicted])?;
    let summary = work(py, || {
        if truth.get().is_empty() && predicted.get().is_empty() {
            return Err(Error::Empty { argument: "y_true" });
        }
        regression_summary(truth.get(), predicted.get(), weight.as_deref())
    })?;
    Ok((summary.mae, summary.rmse, summary.bias, metric(py, summary.r2)?))
}

/// Coverage, mean width and interval score.
#[pyfunction]
#[pyo3(signature = (y_true, lower, upper, alpha, sample_weight, /))]
pub(crate) fn metrics_coverage(
    y_true: &Bound<'_, PyAny>,
    lower: &Bound<'_, PyAny>,
    upper: &Bound<'_, PyAny>,
    alpha: f64,
    sample_weight: &Bound<'_, PyAny>,
) -> PyResult<(f64, f64, f64)> {
    let py = y_true.py();
    let truth = Column::of(y_true, "y_true")?;
    let (lower, upper) = (Column::of(lower, "lower")?, Column::of(upper, "upper")?);
    for column in [&truth, &lower, &upper] {
        column.single(py)?;
    }
    let weight = Column::given(sample_weight, "sample_weight")?;
    let weight = weights(py, weight.as_ref())?;
    let [truth, lower, upper] = Column::differences(py, [&truth, &lower, &upper])?;
    let found = work(py, || {
        interval_coverage(truth.get(), lower.get(), upper.get(), alpha, weight.as_deref())
    })?;
    Ok((found.coverage, found.mean_width, found.score))
}
