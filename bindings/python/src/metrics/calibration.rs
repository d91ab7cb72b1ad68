//! How far probabilities can be taken at their word.

use halfback_metrics::{Bins, Error, murphy, recalibration, reliability, spiegelhalter};
use pyo3::prelude::*;
use pyo3::types::PyByteArray;

use super::answer::{array, metric, work};
use super::column::Column;
use super::sets::weights;

/// The bytes of arrays.
type Columns<'py> = Vec<Bound<'py, PyByteArray>>;

/// The reliability table: for each bin its lower and upper end, weight, mean probability and share
/// of positive rows, as the bytes of arrays; and its expected, maximum and adaptive error.
#[pyfunction]
#[pyo3(signature = (y_true, y_prob, pos_label, sample_weight, bins, quantile, /))]
pub(crate) fn metrics_reliability<'py>(
    y_true: &Bound<'py, PyAny>,
    y_prob: &Bound<'py, PyAny>,
    pos_label: &Bound<'py, PyAny>,
    sample_weight: &Bound<'py, PyAny>,
    bins: usize,
    quantile: bool,
) -> PyResult<(Columns<'py>, (f64, f64, f64))> {
    let py = y_true.py();
    let bins = if quantile { Bins::Quantile(bins) } else { Bins::Uniform(bins) };
    let (table, errors) = forecast(y_true, y_prob, pos_label, sample_weight, |call| {
        let (truth, scores, weight, positive) = call;
        let table = reliability(truth, scores, weight, positive, bins)?;
        let errors = (table.expected_error(), table.maximum_error(), table.adaptive_error());
        Ok((table, errors))
    })?;
    let column = |of: fn(&halfback_metrics::ReliabilityBin) -> f64| {
        array(py, &table.bins.iter().map(of).collect::<Vec<_>>())
    };
    let columns = vec![
        column(|bin| bin.lower),
        column(|bin| bin.upper),
        column(|bin| bin.weight),
        column(|bin| bin.predicted),
        column(|bin| bin.observed),
    ];
    Ok((columns, errors))
}

/// Numbers of calibration: of `murphy` reliability, resolution and uncertainty; of `slope` slope,
/// intercept and calibration in the large; of `spiegelhalter` z and its p-value.
#[pyfunction]
#[pyo3(signature = (kind, y_true, y_prob, pos_label, sample_weight, /))]
pub(crate) fn metrics_calibration(
    kind: &str,
    y_true: &Bound<'_, PyAny>,
    y_prob: &Bound<'_, PyAny>,
    pos_label: &Bound<'_, PyAny>,
    sample_weight: &Bound<'_, PyAny>,
) -> PyResult<Vec<f64>> {
    let py = y_true.py();
    let numbers = forecast(y_true, y_prob, pos_label, sample_weight, |call| {
        let (truth, scores, weight, positive) = call;
        Ok(match kind {
            "murphy" => {
                let parts = murphy(truth, scores, weight, positive)?;
                [parts.reliability, parts.resolution, parts.uncertainty]
                    .map(halfback_metrics::Metric::of)
                    .to_vec()
            }
            "slope" => {
                let fit = recalibration(truth, scores, weight, positive)?;
                vec![fit.slope, fit.intercept, fit.in_the_large]
            }
            _ => {
                let test = spiegelhalter(truth, scores, weight, positive)?;
                vec![test.z, test.p_value]
            }
        })
    })?;
    numbers.into_iter().map(|number| metric(py, number)).collect()
}

type Call<'a> = (
    halfback_metrics::Labels<'a>,
    halfback_metrics::Scores<'a>,
    Option<&'a [f64]>,
    Option<&'a halfback_metrics::Label>,
);

fn forecast<T: Send>(
    y_true: &Bound<'_, PyAny>,
    y_prob: &Bound<'_, PyAny>,
    pos_label: &Bound<'_, PyAny>,
    sample_weight: &Bound<'_, PyAny>,
    kernel: impl FnOnce(Call<'_>) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let py = y_true.py();
    let (truth, scores) = (Column::of(y_true, "y_true")?, Column::of(y_prob, "y_prob")?);
    scores.single(py)?;
    let weight = Column::given(sample_weight, "sample_weight")?;
    let weight = weights(py, weight.as_ref())?;
    let positive = truth.class(pos_label, "pos_label")?;
    let held = if positive.is_some() { truth.labels(py)? } else { truth.targets(py)? };
    let numbers = scores.numbers(py)?;
    work(py, || kernel((held.get(), numbers.get(), weight.as_deref(), positive.as_ref())))
}
