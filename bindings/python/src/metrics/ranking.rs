//! Metrics of rankings: a query or an example in each row.

use halfback_metrics::{
    Dcg, Metric, coverage_error, dcg, hit_rate, label_ranking_average_precision,
    label_ranking_loss, mean_average_precision, mean_reciprocal_rank, ndcg, precision_at_k,
    recall_at_k,
};
use pyo3::prelude::*;

use super::answer::{invalid, metric, work};
use super::column::Column;
use super::sets::weights;

/// Discounted cumulative gain: `dcg` or `ndcg`.
#[pyfunction]
#[pyo3(signature = (kind, y_true, y_score, k, log_base, sample_weight, ignore_ties, /))]
pub(crate) fn metrics_gain(
    kind: &str,
    y_true: &Bound<'_, PyAny>,
    y_score: &Bound<'_, PyAny>,
    k: Option<usize>,
    log_base: f64,
    sample_weight: &Bound<'_, PyAny>,
    ignore_ties: bool,
) -> PyResult<f64> {
    let py = y_true.py();
    let (truth, scores) = tables(py, y_true, y_score)?;
    let weight = Column::given(sample_weight, "sample_weight")?;
    let weight = weights(py, weight.as_ref())?;
    let (gains, numbers) = (truth.numbers(py)?, scores.ordered(py)?.held);
    let (gain_width, width) = (truth.width(), scores.width());
    let options = Dcg { k, log_base, ignore_ties };
    let value = work(py, || {
        let truth = gains.table(gain_width, "y_true")?;
        let scores = numbers.table(width, "y_score")?;
        if kind == "dcg" {
            return dcg(truth, scores, weight.as_deref(), options).map(Metric::of);
        }
        ndcg(truth, scores, weight.as_deref(), options)
    })?;
    metric(py, value)
}

/// A metric of what is relevant and how it is ranked.
#[pyfunction]
#[pyo3(signature = (kind, y_true, y_score, k, sample_weight, /))]
pub(crate) fn metrics_relevant(
    kind: &str,
    y_true: &Bound<'_, PyAny>,
    y_score: &Bound<'_, PyAny>,
    k: Option<usize>,
    sample_weight: &Bound<'_, PyAny>,
) -> PyResult<f64> {
    let py = y_true.py();
    let (truth, scores) = tables(py, y_true, y_score)?;
    let weight = Column::given(sample_weight, "sample_weight")?;
    let weight = weights(py, weight.as_ref())?;
    let weight = weight.as_deref();
    if (truth.rows(), truth.width()) != (scores.rows(), scores.width()) {
        return Err(invalid(py, "`y_score` differs in shape from `y_true`"));
    }
    let (relevant, numbers, width) =
        (truth.indicators(py)?, scores.ordered(py)?.held, scores.width());
    let value = work(py, || {
        let scores = numbers.table(width, "y_score")?;
        match kind {
            "label_precision" => label_ranking_average_precision(&relevant, scores, weight),
            "coverage" => coverage_error(&relevant, scores, weight),
            "label_loss" => label_ranking_loss(&relevant, scores, weight),
            "map" => mean_average_precision(&relevant, scores, k, weight),
            "mrr" => mean_reciprocal_rank(&relevant, scores, k, weight),
            "hits" => hit_rate(&relevant, scores, k, weight),
            "precision" => precision_at_k(&relevant, scores, k, weight),
            _ => recall_at_k(&relevant, scores, k, weight),
        }
    })?;
    metric(py, value)
}

fn tables(
    py: Python<'_>,
    y_true: &Bound<'_, PyAny>,
    y_score: &Bound<'_, PyAny>,
) -> PyResult<(Column, Column)> {
    let (truth, scores) = (Column::of(y_true, "y_true")?, Column::of(y_score, "y_score")?);
    for column in [&truth, &scores] {
        if column.is_flat() {
            let message =
                format!("`{}` is one column, expected a row for each query", column.name());
            return Err(invalid(py, &message));
        }
    }
    Ok((truth, scores))
}
