//! Metrics of scores and probabilities.

use halfback_metrics::{
    Brier, Costs, Error, Metric, Multiclass, ScoreAverage, auc, average_precision,
    average_precision_by_class, average_precision_by_label, average_precision_multiclass,
    average_precision_multilabel, best_threshold, brier_score, confusion_at_thresholds,
    d2_brier_score, d2_log_loss, det_curve, gain_curve, gini, hinge_loss, kolmogorov_smirnov,
    lift_at, log_loss, precision_recall_curve, roc_auc, roc_auc_by_class, roc_auc_multiclass,
    roc_auc_multilabel, roc_curve,
};
use halfback_metrics::{Label, Labels, Scores, Undefined};
use pyo3::prelude::*;
use pyo3::types::PyByteArray;

use super::answer::{array, invalid, metric, metrics, warn, work};
use super::column::{Column, HeldLabels, HeldScores, label};
use super::sets::{column_of_weights, listed, weights};

/// The area under the ROC curve of two classes, of more, or of several labels a row; of pairs of classes
/// a tuple with it.
#[pyfunction]
#[pyo3(signature = (y_true, y_score, average, sample_weight, max_fpr, multi_class, labels, /))]
pub(crate) fn metrics_roc_auc<'py>(
    y_true: &Bound<'py, PyAny>,
    y_score: &Bound<'py, PyAny>,
    average: Option<&str>,
    sample_weight: &Bound<'py, PyAny>,
    max_fpr: Option<f64>,
    multi_class: &str,
    labels: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = y_true.py();
    let (mut truth, scores) = (Column::of(y_true, "y_true")?, Column::of(y_score, "y_score")?);
    let weight = Column::given(sample_weight, "sample_weight")?;
    let weight = column_of_weights(py, weight.as_ref())?;
    let (numbers, width) = (scores.ordered(py)?.held, scores.width());
    if truth.is_table() {
        truth.unboxed(py)?;
        let indicators = truth.indicators(py)?;
        same_width(py, &truth, &scores)?;
        let how = averaged(average);
        let columns = how.is_none().then_some(ScoreAverage::Macro);
        if columns.is_some() {
            return by_column(py, &indicators, &numbers, width, weight.as_deref(), max_fpr);
        }
        let how = how.unwrap_or_default();
        let area = work(py, || {
            let table = numbers.table(width, "y_score")?;
            roc_auc_multilabel(&indicators, table, how, weight.as_deref(), max_fpr)
        })?;
        return Ok(metric(py, area)?.into_pyobject(py)?.into_any());
    }
    let labels = listed(py, &mut truth, labels)?;
    let held = truth.targets(py)?;
    if width == 1 {
        let area = work(py, || roc_auc(held.get(), numbers.get(), weight.as_deref(), max_fpr))?;
        return Ok(metric(py, area)?.into_pyobject(py)?.into_any());
    }
    if width == 2
        && let Some(area) = of_one_class(py, &held, &numbers, weight.as_deref())?
    {
        return Ok(metric(py, area)?.into_pyobject(py)?.into_any());
    }
    if max_fpr.is_some_and(|most| most < 1.0) {
        let message = "`max_fpr` does not fit: a partial area is for two classes only";
        return Err(invalid(py, message));
    }
    let how = match multi_class {
        "ovr" => Multiclass::OneVsRest,
        "ovo" => Multiclass::OneVsOne,
        _ => return Err(invalid(py, "`multi_class` is `raise`, expected `ovr` or `ovo`")),
    };
    let labels = labels.as_deref();
    let weight = weight.as_deref();
    let Some(average) = averaged(average) else {
        if how == Multiclass::OneVsOne {
            let message = "`average` is `None`, expected `macro` or `weighted` with `ovo`";
            return Err(invalid(py, message));
        }
        let areas = work(py, || {
            roc_auc_by_class(held.get(), numbers.table(width, "y_score")?, weight, labels)
        })?;
        return Ok(metrics(py, &areas)?.into_any());
    };
    let area = work(py, || {
        let table = numbers.table(width, "y_score")?;
        roc_auc_multiclass(held.get(), table, how, average, weight, labels)
    })?;
    let area = metric(py, area)?;
    if how == Multiclass::OneVsOne {
        return Ok((area,).into_pyobject(py)?.into_any());
    }
    Ok(area.into_pyobject(py)?.into_any())
}

/// The area that is none, of two columns of scores where the truth has one class.
fn of_one_class(
    py: Python<'_>,
    truth: &HeldLabels<'_>,
    numbers: &HeldScores<'_>,
    weight: Option<&[f64]>,
) -> PyResult<Option<Metric>> {
    work(py, || {
        let all = numbers.get().to_f64();
        let column = |at: usize| -> Vec<f64> { all.iter().skip(at).step_by(2).copied().collect() };
        let area = |at| roc_auc(truth.get(), Scores::F64(&column(at)), weight, None);
        match (area(0), area(1)) {
            (Ok(one), Ok(_)) => Ok(Some(one).filter(|one| one.undefined.is_some())),
            // Several classes are another matter.
            (Err(Error::Classes { .. }), _) => Ok(None),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    })
}

/// The area of each label of a table.
fn by_column<'py>(
    py: Python<'py>,
    truth: &[bool],
    numbers: &HeldScores<'_>,
    width: usize,
    weight: Option<&[f64]>,
    max_fpr: Option<f64>,
) -> PyResult<Bound<'py, PyAny>> {
    let areas = work(py, || {
        let all = numbers.get().to_f64();
        let column = |at: usize| -> halfback_metrics::Result<Metric> {
            let own: Vec<bool> = truth.iter().skip(at).step_by(width).copied().collect();
            let scores: Vec<f64> = all.iter().skip(at).step_by(width).copied().collect();
            let truth = Labels::Bool(&own);
            roc_auc(truth, Scores::F64(&scores), weight, max_fpr)
        };
        (0..width).map(column).collect::<halfback_metrics::Result<Vec<_>>>()
    })?;
    Ok(metrics(py, &areas)?.into_any())
}

/// Average precision of two classes, of more, or of several labels a row.
#[pyfunction]
#[pyo3(signature = (y_true, y_score, average, pos_label, sample_weight, /))]
pub(crate) fn metrics_average_precision<'py>(
    y_true: &Bound<'py, PyAny>,
    y_score: &Bound<'py, PyAny>,
    average: Option<&str>,
    pos_label: &Bound<'py, PyAny>,
    sample_weight: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = y_true.py();
    let (truth, scores) = (Column::of(y_true, "y_true")?, Column::of(y_score, "y_score")?);
    let weight = Column::given(sample_weight, "sample_weight")?;
    let weight = column_of_weights(py, weight.as_ref())?;
    let weight = weight.as_deref();
    let (numbers, width) = (scores.ordered(py)?.held, scores.width());
    if (truth.is_table() || width > 1) && label(pos_label, "pos_label")? != Some(Label::Int(1)) {
        let message = "`pos_label` does not fit: it is 1 where there are more than two classes, or several labels a row";
        return Err(invalid(py, message));
    }
    if truth.is_table() {
        truth.unboxed(py)?;
        let indicators = truth.indicators(py)?;
        same_width(py, &truth, &scores)?;
        let Some(how) = averaged(average) else {
            let areas = work(py, || {
                average_precision_by_label(&indicators, numbers.table(width, "y_score")?, weight)
            })?;
            return Ok(metrics(py, &areas)?.into_any());
        };
        let area = work(py, || {
            average_precision_multilabel(&indicators, numbers.table(width, "y_score")?, how, weight)
        })?;
        return Ok(metric(py, area)?.into_pyobject(py)?.into_any());
    }
    let held = truth.targets(py)?;
    let positive = truth.class(pos_label, "pos_label")?;
    let area = if width == 1 {
        work(py, || average_precision(held.get(), numbers.get(), weight, positive.as_ref()))?
    } else {
        let Some(how) = averaged(average) else {
            let areas = work(py, || {
                average_precision_by_class(held.get(), numbers.table(width, "y_score")?, weight)
            })?;
            return Ok(metrics(py, &areas)?.into_any());
        };
        work(py, || {
            average_precision_multiclass(held.get(), numbers.table(width, "y_score")?, how, weight)
        })?
    };
    Ok(metric(py, area)?.into_pyobject(py)?.into_any())
}

/// The columns of a curve as the bytes of arrays, the type of the scores as numpy names it, and
/// whether the thresholds are of that type and no doubles.
#[pyfunction]
#[pyo3(signature = (kind, y_true, y_score, pos_label, sample_weight, drop, /))]
pub(crate) fn metrics_curve<'py>(
    kind: &str,
    y_true: &Bound<'py, PyAny>,
    y_score: &Bound<'py, PyAny>,
    pos_label: &Bound<'py, PyAny>,
    sample_weight: &Bound<'py, PyAny>,
    drop: bool,
) -> PyResult<(Vec<Bound<'py, PyByteArray>>, &'static str, bool)> {
    let py = y_true.py();
    let (truth, scores) = (Column::of(y_true, "y_true")?, Column::of(y_score, "y_score")?);
    scores.single(py)?;
    let weight = Column::given(sample_weight, "sample_weight")?;
    let weight = column_of_weights(py, weight.as_ref())?;
    let weight = weight.as_deref();
    let (held, numbers) = (truth.targets(py)?, scores.ordered(py)?);
    let positive = truth.class(pos_label, "pos_label")?;
    let positive = positive.as_ref();
    let (mut columns, undefined): (Vec<Vec<f64>>, Option<Undefined>) = work(py, || {
        let (truth, scores) = (held.get(), numbers.held.get());
        Ok(match kind {
            "roc" => {
                let c = roc_curve(truth, scores, weight, positive, drop)?;
                let columns = vec![c.false_positive_rate, c.true_positive_rate, c.thresholds];
                (columns, c.undefined)
            }
            "precision_recall" => {
                let c = precision_recall_curve(truth, scores, weight, positive, drop)?;
                (vec![c.precision, c.recall, c.thresholds], c.undefined)
            }
            "det" => {
                let c = det_curve(truth, scores, weight, positive, drop)?;
                (vec![c.false_positive_rate, c.false_negative_rate, c.thresholds], None)
            }
            "gain" => {
                let expected = "two or more, one of them positive";
                let bare = Error::Classes { argument: "y_true", found: 1, expected };
                let curve = gain_curve(truth, scores, weight, positive)?.ok_or(bare)?;
                (vec![curve.share, curve.gain, curve.lift], None)
            }
            _ => {
                let t = confusion_at_thresholds(truth, scores, weight, positive)?;
                let counts =
                    vec![t.true_negative, t.false_positive, t.false_negative, t.true_positive];
                (counts.into_iter().chain([t.thresholds]).collect(), None)
            }
        })
    })?;
    warn(py, undefined)?;
    let mut exact = None;
    if kind != "gain"
        && let Some(thresholds) = columns.last_mut()
    {
        // Those of the others are doubles, as infinity is among them.
        if matches!(kind, "precision_recall" | "thresholds") {
            exact = numbers.bits(thresholds);
        }
        for place in thresholds {
            *place = numbers.threshold(*place);
        }
    }
    let mut columns: Vec<_> = columns.iter().map(|column| array(py, column)).collect();
    let is_exact = exact.is_some();
    if let (Some(exact), Some(thresholds)) = (exact, columns.last_mut()) {
        *thresholds = PyByteArray::new(py, &exact);
    }
    Ok((columns, scores.kind(), is_exact))
}

/// What one number tells of a ranking: `ks`, `gini`, or the lift of the best `share`.
#[pyfunction]
#[pyo3(signature = (kind, y_true, y_score, pos_label, sample_weight, share, /))]
pub(crate) fn metrics_ranked(
    kind: &str,
    y_true: &Bound<'_, PyAny>,
    y_score: &Bound<'_, PyAny>,
    pos_label: &Bound<'_, PyAny>,
    sample_weight: &Bound<'_, PyAny>,
    share: f64,
) -> PyResult<f64> {
    let py = y_true.py();
    let (truth, scores) = (Column::of(y_true, "y_true")?, Column::of(y_score, "y_score")?);
    scores.single(py)?;
    let weight = Column::given(sample_weight, "sample_weight")?;
    let weight = weights(py, weight.as_ref())?;
    let weight = weight.as_deref();
    let (held, numbers) = (truth.targets(py)?, scores.ordered(py)?.held);
    let positive = truth.class(pos_label, "pos_label")?;
    let positive = positive.as_ref();
    let value = work(py, || match kind {
        "ks" => kolmogorov_smirnov(held.get(), numbers.get(), weight, positive),
        "gini" => gini(held.get(), numbers.get(), weight),
        _ => lift_at(held.get(), numbers.get(), weight, positive, share),
    })?;
    metric(py, value)
}

/// The cheapest threshold and its mean cost. Costs are of true positive, false positive, false
/// negative and true negative.
#[pyfunction]
#[pyo3(signature = (y_true, y_score, pos_label, sample_weight, costs, /))]
pub(crate) fn metrics_best_threshold(
    y_true: &Bound<'_, PyAny>,
    y_score: &Bound<'_, PyAny>,
    pos_label: &Bound<'_, PyAny>,
    sample_weight: &Bound<'_, PyAny>,
    costs: (f64, f64, f64, f64),
) -> PyResult<(f64, f64)> {
    let py = y_true.py();
    let (truth, scores) = (Column::of(y_true, "y_true")?, Column::of(y_score, "y_score")?);
    scores.single(py)?;
    let weight = Column::given(sample_weight, "sample_weight")?;
    let weight = weights(py, weight.as_ref())?;
    let (held, numbers) = (truth.targets(py)?, scores.ordered(py)?);
    let positive = truth.class(pos_label, "pos_label")?;
    let (true_positive, false_positive, false_negative, true_negative) = costs;
    let costs = Costs { true_positive, false_positive, false_negative, true_negative };
    let positive = positive.as_ref();
    let best = work(py, || {
        best_threshold(held.get(), numbers.held.get(), weight.as_deref(), positive, &costs)
    })?;
    Ok((numbers.threshold(best.threshold), best.mean_cost))
}

/// A loss of probabilities or margins: `log`, `log_sum`, `d2_log`, `brier`, `d2_brier`, `hinge`; the
/// precision of the probabilities, where it is less than that of what holds them.
#[pyfunction]
#[pyo3(signature = (kind, y_true, y_proba, sample_weight, labels, pos_label, half, epsilon, /))]
#[expect(clippy::too_many_arguments, reason = "what the metrics of Python take")]
pub(crate) fn metrics_loss(
    kind: &str,
    y_true: &Bound<'_, PyAny>,
    y_proba: &Bound<'_, PyAny>,
    sample_weight: &Bound<'_, PyAny>,
    labels: &Bound<'_, PyAny>,
    pos_label: &Bound<'_, PyAny>,
    half: Option<bool>,
    epsilon: Option<f64>,
) -> PyResult<f64> {
    let py = y_true.py();
    let argument = if kind == "hinge" { "pred_decision" } else { "y_proba" };
    let (mut truth, scores) = (Column::of(y_true, "y_true")?, Column::of(y_proba, argument)?);
    let weight = Column::given(sample_weight, "sample_weight")?;
    let weight = weights(py, weight.as_ref())?;
    let weight = weight.as_deref();
    if truth.is_table() {
        if kind == "hinge" {
            truth.single(py)?;
        }
        if !labels.is_none() {
            let message = "`labels` does not fit: the columns of `y_true` are the classes";
            return Err(invalid(py, message));
        }
    }
    let labels = listed(py, &mut truth, labels)?;
    let labels = labels.as_deref();
    let positive = truth.class(pos_label, "pos_label")?.or_else(|| truth.largest());
    let brier = Brier { pos_label: positive, labels, scale_by_half: half };
    // scikit-learn takes a truth of one column for each class, one of which is 1.
    let places = if truth.is_table() { Some(truth.places(py)?) } else { None };
    let held = match &places {
        Some(places) => HeldLabels::Int(places),
        // Margins of several classes need no type of labels.
        None if kind == "hinge" && scores.width() > 1 => truth.labels(py)?,
        None => truth.targets(py)?,
    };
    let columns: Vec<Label> = (0..).map(Label::Int).take(truth.width()).collect();
    let labels = labels.or_else(|| places.is_some().then_some(columns.as_slice()));
    let brier = Brier { labels, ..brier };
    let (numbers, width) = (scores.numbers(py)?, scores.width());
    let value = work(py, || {
        let (truth, table) = (held.get(), numbers.table(width, argument)?);
        let table = epsilon.map_or(table, |epsilon| table.with_epsilon(epsilon));
        match kind {
            "log" => log_loss(truth, table, true, weight, labels),
            "log_sum" => log_loss(truth, table, false, weight, labels),
            "d2_log" => d2_log_loss(truth, table, weight, labels),
            "brier" => brier_score(truth, table, weight, &brier),
            "d2_brier" => d2_brier_score(truth, table, weight, &brier),
            _ => hinge_loss(truth, table, weight, labels).map(Metric::of),
        }
    })?;
    metric(py, value)
}

/// The area under a curve of points.
#[pyfunction]
#[pyo3(signature = (x, y, /))]
pub(crate) fn metrics_auc(x: &Bound<'_, PyAny>, y: &Bound<'_, PyAny>) -> PyResult<f64> {
    let py = x.py();
    let (x, y) = (Column::of(x, "x")?, Column::of(y, "y")?);
    x.single(py)?;
    let ([x], y) = (Column::differences(py, [&x])?, y.doubles(py)?);
    work(py, || auc(&x.get().to_f64(), &y))
}

fn same_width(py: Python<'_>, truth: &Column, scores: &Column) -> PyResult<()> {
    if truth.width() == scores.width() {
        return Ok(());
    }
    let (found, expected) = (scores.width(), truth.width());
    Err(invalid(py, &format!("`y_score` has {found} columns, expected {expected} as `y_true`")))
}

fn averaged(average: Option<&str>) -> Option<ScoreAverage> {
    Some(match average? {
        "micro" => ScoreAverage::Micro,
        "weighted" => ScoreAverage::Weighted,
        "samples" => ScoreAverage::Samples,
        _ => ScoreAverage::Macro,
    })
}
