//! Intervals, resamples and comparison.

use halfback_metrics::{
    AreaDifference, Bootstrap, Design, Interval, adjust, bootstrap_roc_auc, bootstrap_weighted,
    clopper_pearson, delong, delong_paired, mcnemar, miettinen_nurminen, newcombe, power_of_means,
    power_of_proportions, rows_for_means, rows_for_proportions, units_by_class, welch, wilson,
};
use pyo3::prelude::*;
use pyo3::types::PyByteArray;

use super::answer::{array, bounds, has_raised, metric, raise, work, work_with_python};
use super::column::Column;
use super::verdict::adjustment;

type Bounds = (f64, f64, f64);
/// Bounds, standard error, p-value of zero, replicates, how many were undefined, as how many the
/// rows count, and the acceleration, where the interval is by that.
type Resampled<'py> = (Bounds, f64, f64, Bound<'py, PyByteArray>, usize, usize, Option<f64>);

/// The interval of a share: `wilson` or `clopper_pearson`.
#[pyfunction]
#[pyo3(signature = (kind, successes, rows, level, /))]
pub(crate) fn metrics_proportion(
    py: Python<'_>,
    kind: &str,
    successes: u64,
    rows: u64,
    level: f64,
) -> PyResult<Bounds> {
    let of = if kind == "wilson" { wilson } else { clopper_pearson };
    work(py, || of(successes, rows, level)).map(bounds)
}

/// The interval of the difference of two shares: `newcombe` or `miettinen_nurminen`.
#[pyfunction]
#[pyo3(signature = (kind, first, second, level, /))]
pub(crate) fn metrics_proportions(
    py: Python<'_>,
    kind: &str,
    first: (u64, u64),
    second: (u64, u64),
    level: f64,
) -> PyResult<Bounds> {
    let of = if kind == "newcombe" { newcombe } else { miettinen_nurminen };
    work(py, || of(first, second, level)).map(bounds)
}

/// The interval of the area under the ROC curve, its variance, and the degrees of freedom of that.
#[pyfunction]
#[pyo3(signature = (y_true, y_score, level, logit, /))]
pub(crate) fn metrics_delong(
    y_true: &Bound<'_, PyAny>,
    y_score: &Bound<'_, PyAny>,
    level: f64,
    logit: bool,
) -> PyResult<(Bounds, f64, f64)> {
    let py = y_true.py();
    let (truth, scores) = (Column::of(y_true, "y_true")?, Column::of(y_score, "y_score")?);
    scores.single(py)?;
    let (truth, scores) = (truth.labels(py)?, scores.ordered(py)?.held);
    work(py, || {
        let area = delong(truth.get(), scores.get())?;
        let interval = if logit { area.logit_interval(level) } else { area.interval(level) };
        interval.map(|interval| (bounds(interval), area.variance, area.freedom))
    })
}

/// The interval of the difference of two areas, its variance, the degrees of freedom of that, its
/// p-value, and both areas.
#[pyfunction]
#[pyo3(signature = (y_true, first, second, level, /))]
pub(crate) fn metrics_delong_paired(
    y_true: &Bound<'_, PyAny>,
    first: &Bound<'_, PyAny>,
    second: &Bound<'_, PyAny>,
    level: f64,
) -> PyResult<(Bounds, [f64; 5])> {
    let py = y_true.py();
    let truth = Column::of(y_true, "y_true")?;
    let (first, second) = (Column::of(first, "first")?, Column::of(second, "second")?);
    first.single(py)?;
    second.single(py)?;
    let (first, second) = (first.ordered(py)?.held, second.ordered(py)?.held);
    let truth = truth.labels(py)?;
    let (areas, interval) = work(py, || {
        let areas = delong_paired(truth.get(), first.get(), second.get())?;
        Ok((areas, areas.interval(level)?))
    })?;
    let p_value = metric(py, areas.p_value())?;
    let AreaDifference { first, second, variance, freedom } = areas;
    Ok((bounds(interval), [variance, freedom, p_value, first.area, second.area]))
}

/// How many rows only the first and only the second has right, all rows, the difference of
/// accuracies, the exact and the mid-p value.
#[pyfunction]
#[pyo3(signature = (y_true, first, second, /))]
pub(crate) fn metrics_mcnemar(
    y_true: &Bound<'_, PyAny>,
    first: &Bound<'_, PyAny>,
    second: &Bound<'_, PyAny>,
) -> PyResult<(u64, u64, u64, f64, f64, f64)> {
    let py = y_true.py();
    let truth = Column::of(y_true, "y_true")?;
    let (first, second) = (Column::of(first, "first")?, Column::of(second, "second")?);
    let (truth, first, second) = (truth.labels(py)?, first.labels(py)?, second.labels(py)?);
    work(py, || {
        let test = mcnemar(truth.get(), first.get(), second.get())?;
        let (difference, exact, mid) = (test.difference(), test.exact(), test.mid_p());
        Ok((test.first_only, test.second_only, test.rows, difference, exact, mid))
    })
}

/// The interval of the difference of two means, its standard error, degrees of freedom and p-value.
#[pyfunction]
#[pyo3(signature = (first, second, level, /))]
pub(crate) fn metrics_welch(
    first: &Bound<'_, PyAny>,
    second: &Bound<'_, PyAny>,
    level: f64,
) -> PyResult<(Bounds, f64, f64, f64)> {
    let py = first.py();
    let (first, second) = (Column::of(first, "first")?, Column::of(second, "second")?);
    let (first, second) = (first.doubles(py)?, second.doubles(py)?);
    let (test, interval) = work(py, || {
        let test = welch(&first, &second)?;
        Ok((test, test.interval(level)?))
    })?;
    let p_value = metric(py, test.p_value())?;
    Ok((bounds(interval), test.standard_error, test.freedom, p_value))
}

/// P-values adjusted for their number, as the bytes of an array.
#[pyfunction]
#[pyo3(signature = (p_values, method, /))]
pub(crate) fn metrics_adjust<'py>(
    p_values: &Bound<'py, PyAny>,
    method: &str,
) -> PyResult<Bound<'py, PyByteArray>> {
    let py = p_values.py();
    let p_values = Column::of(p_values, "p_values")?;
    let p_values = p_values.doubles(py)?;
    let how = adjustment(method);
    work(py, || adjust(&p_values, how)).map(|adjusted| array(py, &adjusted))
}

/// The power of a comparison of means (`p` is none, the difference in standard deviations) or of
/// shares.
#[pyfunction]
#[pyo3(signature = (difference, shares, rows, alpha, ratio, /))]
pub(crate) fn metrics_power(
    py: Python<'_>,
    difference: f64,
    shares: Option<(f64, f64)>,
    rows: u64,
    alpha: f64,
    ratio: f64,
) -> PyResult<f64> {
    let design = Design { alpha, ratio };
    work(py, || match shares {
        None => power_of_means(difference, rows, design),
        Some((p1, p2)) => power_of_proportions(p1, p2, rows, design),
    })
}

/// The fewest rows of the first sample for a power.
#[pyfunction]
#[pyo3(signature = (difference, shares, power, alpha, ratio, /))]
pub(crate) fn metrics_rows(
    py: Python<'_>,
    difference: f64,
    shares: Option<(f64, f64)>,
    power: f64,
    alpha: f64,
    ratio: f64,
) -> PyResult<u64> {
    let design = Design { alpha, ratio };
    work(py, || match shares {
        None => rows_for_means(difference, power, design),
        Some((p1, p2)) => rows_for_proportions(p1, p2, power, design),
    })
}

/// The bootstrap of a metric that Python computes: `metric` is called with the weights of the rows
/// as the bytes of an array, times their own where these are given. `drawn` are the rows' keys, where they are drawn within strata those,
/// and where the metric is made of a mean over each class these.
/// The interval is corrected where there is a number of groups for the jackknife.
#[pyfunction]
#[pyo3(signature = (metric, drawn, sample_weight, replicates, seed, level, jackknife, /))]
pub(crate) fn metrics_bootstrap<'py>(
    metric: &Bound<'py, PyAny>,
    drawn: (Vec<u64>, Option<Vec<u32>>, Option<Vec<u32>>),
    sample_weight: Option<&Bound<'py, PyAny>>,
    replicates: u32,
    seed: u64,
    level: f64,
    jackknife: Option<usize>,
) -> PyResult<Resampled<'py>> {
    let py = metric.py();
    let (keys, strata, classes) = drawn;
    let own = match sample_weight {
        None => vec![1.0; keys.len()],
        Some(given) => Column::of(given, "sample_weight")?.doubles(py)?.to_vec(),
    };
    let mut call = |weights: &[f64]| -> f64 {
        if has_raised() {
            return f64::NAN;
        }
        let answer = metric.call1((array(py, weights),)).and_then(|value| value.extract());
        answer.unwrap_or_else(|error| {
            raise(error);
            f64::NAN
        })
    };
    // With the interpreter lock: the metric is Python's, and lets go of it where it can.
    let outcome = work_with_python(py, || {
        let strata = strata.as_deref();
        let mut outcome = bootstrap_weighted(&keys, strata, &own, replicates, seed, &mut call)?;
        if let Some(classes) = &classes {
            outcome.units = units_by_class(&keys, classes, strata, Some(&own));
        }
        let Some(groups) = jackknife else { return Ok(outcome) };
        let left_out = halfback_metrics::jackknife(&keys, groups, |left| {
            let left: Vec<f64> = left.iter().zip(&own).map(|(left, own)| left * own).collect();
            call(&left)
        })?;
        Ok(outcome.corrected(&left_out))
    })?;
    let interval = work(py, || outcome.interval(level))?;
    Ok(resampled(py, &outcome, interval))
}

/// The bootstrap of the area under the ROC curve, which sorts once.
#[pyfunction]
#[pyo3(signature = (y_true, y_score, replicates, seed, level, /))]
pub(crate) fn metrics_bootstrap_roc_auc<'py>(
    y_true: &Bound<'py, PyAny>,
    y_score: &Bound<'py, PyAny>,
    replicates: u32,
    seed: u64,
    level: f64,
) -> PyResult<Resampled<'py>> {
    let py = y_true.py();
    let (truth, scores) = (Column::of(y_true, "y_true")?, Column::of(y_score, "y_score")?);
    scores.single(py)?;
    let (truth, scores) = (truth.labels(py)?, scores.ordered(py)?.held);
    let (outcome, interval) = work(py, || {
        let outcome = bootstrap_roc_auc(truth.get(), scores.get(), replicates, seed)?;
        let interval = outcome.interval(level)?;
        Ok((outcome, interval))
    })?;
    Ok(resampled(py, &outcome, interval))
}

fn resampled<'py>(py: Python<'py>, outcome: &Bootstrap, interval: Interval) -> Resampled<'py> {
    let (error, p_value) = (outcome.standard_error(), outcome.p_value(0.0));
    let Bootstrap { ref replicates, undefined, units, acceleration, .. } = *outcome;
    (bounds(interval), error, p_value, array(py, replicates), undefined, units, acceleration)
}
