//! Metrics of rows that come in batches: the state that machines merge.

use std::sync::{Mutex, PoisonError};

use halfback_metrics::{
    Batch, Error, ErrorSummary, Finished, Quantiles, Result, ScoreSummary, Spec, State,
};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::answer::{array, invalid, metric, work};
use super::column::{Column, label};

/// The native half of `halfback.metrics.State`.
#[pyclass(module = "halfback._native", frozen)]
#[derive(Debug)]
pub(crate) struct MetricState {
    spec: Spec,
    state: Mutex<State>,
}

impl From<State> for MetricState {
    fn from(state: State) -> Self {
        Self { spec: state.spec(), state: state.into() }
    }
}

impl MetricState {
    /// Without the interpreter lock: another thread may be at work on the state for long.
    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        // A panic leaves the state as it was: every update is made whole or not at all.
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn finished(&self) -> Result<Finished> {
        // All that can be wrong is that there are no rows.
        self.with(|state| state.finish()).map_err(|error| error.renamed("y_true"))
    }

    fn values(&self) -> Result<Quantiles> {
        match self.finished()? {
            Finished::Quantiles(values) => Ok(values),
            _ => Err(Error::Choice { argument: "kind", expected: "a state of `quantiles`" }),
        }
    }
}

#[pymethods]
impl MetricState {
    /// Nothing seen yet, for `classification`, `scores`, `regression` or `quantiles`.
    #[new]
    #[pyo3(signature = (kind, probabilities, buckets, /))]
    fn new(
        py: Python<'_>,
        kind: &str,
        probabilities: bool,
        buckets: Option<u32>,
    ) -> PyResult<Self> {
        let spec = match kind {
            "classification" => Spec::Classification,
            "scores" => Spec::Scores { probabilities, buckets },
            "regression" => Spec::Regression,
            "quantiles" => Spec::Quantiles { buckets },
            _ => {
                let kinds = "`classification`, `scores`, `regression` or `quantiles`";
                let message = format!("`kind` is `{kind}`, expected {kinds}");
                return Err(invalid(py, &message));
            }
        };
        work(py, || State::new(spec)).map(Self::from)
    }

    /// The kind, whether scores are probabilities, and the buckets.
    fn spec(&self) -> (&'static str, bool, Option<u32>) {
        match self.spec {
            Spec::Classification => ("classification", false, None),
            Spec::Scores { probabilities, buckets } => ("scores", probabilities, buckets),
            Spec::Regression => ("regression", false, None),
            Spec::Quantiles { buckets } => ("quantiles", false, buckets),
        }
    }

    /// Sees more rows.
    #[pyo3(signature = (y_true, other, pos_label, /))]
    fn update(
        &self,
        y_true: &Bound<'_, PyAny>,
        other: &Bound<'_, PyAny>,
        pos_label: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let py = y_true.py();
        let truth = Column::of(y_true, "y_true")?;
        match self.spec {
            Spec::Classification => {
                let predicted = Column::of(other, "y_pred")?;
                let (y_true, y_pred) = (truth.labels(py)?, predicted.labels(py)?);
                work(py, || {
                    let batch = Batch::Classes { y_true: y_true.get(), y_pred: y_pred.get() };
                    self.with(|state| state.update(batch))
                })
            }
            Spec::Scores { .. } => {
                let scores = Column::of(other, "y_score")?;
                scores.single(py)?;
                let positive = label(pos_label, "pos_label")?;
                let (y_true, y_score) = (truth.labels(py)?, scores.numbers(py)?);
                work(py, || {
                    let (y_true, y_score) = (y_true.get(), y_score.get());
                    let batch = Batch::Scores { y_true, y_score, pos_label: positive.as_ref() };
                    self.with(|state| state.update(batch))
                })
            }
            Spec::Regression => {
                let predicted = Column::of(other, "y_pred")?;
                truth.single(py)?;
                predicted.single(py)?;
                let (y_true, y_pred) = (truth.numbers(py)?, predicted.numbers(py)?);
                work(py, || {
                    let batch = Batch::Numbers { y_true: y_true.get(), y_pred: y_pred.get() };
                    self.with(|state| state.update(batch))
                })
            }
            Spec::Quantiles { .. } => {
                truth.single(py)?;
                let values = truth.numbers(py)?;
                work(py, || {
                    let batch = Batch::Values { values: values.get() };
                    self.with(|state| state.update(batch)).map_err(|error| error.renamed("y_true"))
                })
            }
        }
    }

    /// Sees what another has seen.
    #[pyo3(signature = (other, /))]
    fn merge(&self, py: Python<'_>, other: &Self) -> PyResult<()> {
        work(py, || {
            // A copy, so that a state may be merged with itself.
            let other = other.with(|state| state.clone());
            self.with(|state| state.merge(&other))
        })
    }

    /// The metrics of all rows seen.
    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = PyDict::new(py);
        match work(py, || self.finished())? {
            Finished::Classification(confusion) => {
                let classes: Vec<_> = confusion
                    .labels()
                    .iter()
                    .map(|label| named(py, label))
                    .collect::<PyResult<_>>()?;
                let matrix = work(py, || confusion.matrix(halfback_metrics::Normalize::None))?;
                found.set_item("labels", classes)?;
                found.set_item("matrix", array(py, &matrix))?;
                found.set_item("accuracy", confusion.accuracy())?;
                let balanced = confusion.balanced_accuracy(false);
                found.set_item("balanced_accuracy", balanced.value)?;
                found.set_item("matthews_corrcoef", confusion.matthews().value)?;
            }
            Finished::Scores(summary) => scores(py, &found, &summary)?,
            Finished::Regression(summary) => numbers(py, &found, &summary)?,
            Finished::Quantiles(values) => {
                found.set_item("count", values.count())?;
                found.set_item("min", values.min())?;
                found.set_item("max", values.max())?;
                found.set_item("mean", values.mean())?;
            }
        }
        Ok(found)
    }

    /// Quantiles, each with its error.
    #[pyo3(signature = (q, /))]
    fn quantiles(&self, py: Python<'_>, q: Vec<f64>) -> PyResult<Vec<(f64, f64)>> {
        work(py, || {
            let values = self.values()?;
            let quantile = |q| values.quantile(q).map(|found| (found.value, found.error));
            q.into_iter().map(quantile).collect()
        })
    }

    /// The state as bytes.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &py.detach(|| self.with(|state| state.to_bytes())))
    }

    /// The state that `to_bytes` wrote.
    #[staticmethod]
    #[pyo3(signature = (bytes, /))]
    fn from_bytes(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        work(py, || State::from_bytes(bytes)).map(Self::from)
    }

    fn __eq__(&self, py: Python<'_>, other: &Self) -> bool {
        py.detach(|| {
            let other = other.with(|state| state.clone());
            self.with(|state| *state == other)
        })
    }
}

fn named<'py>(py: Python<'py>, label: &halfback_metrics::Label) -> PyResult<Bound<'py, PyAny>> {
    use halfback_metrics::Label;
    Ok(match label {
        Label::Bool(value) => value.into_pyobject(py)?.to_owned().into_any(),
        Label::Int(value) => value.into_pyobject(py)?.into_any(),
        Label::Float(value) => value.into_pyobject(py)?.into_any(),
        Label::Text(value) => value.into_pyobject(py)?.into_any(),
    })
}

fn scores(py: Python<'_>, found: &Bound<'_, PyDict>, summary: &ScoreSummary) -> PyResult<()> {
    found.set_item("positives", summary.positives)?;
    found.set_item("negatives", summary.negatives)?;
    found.set_item("roc_auc", metric(py, summary.roc_auc)?)?;
    found.set_item("auc_error", summary.auc_error)?;
    found.set_item("average_precision", metric(py, summary.average_precision)?)?;
    found.set_item("average_precision_error", summary.average_precision_error)?;
    if let Some(loss) = summary.log_loss {
        found.set_item("log_loss", loss)?;
    }
    if let Some(brier) = summary.brier {
        found.set_item("brier_score", brier)?;
    }
    Ok(())
}

fn numbers(py: Python<'_>, found: &Bound<'_, PyDict>, summary: &ErrorSummary) -> PyResult<()> {
    found.set_item("mean_absolute_error", summary.mae)?;
    found.set_item("root_mean_squared_error", summary.rmse)?;
    found.set_item("bias", summary.bias)?;
    found.set_item("r2", metric(py, summary.r2)?)
}
