//! Metrics of labels against labels, one label a row or several.

use std::borrow::Cow;

use halfback_metrics::{
    Average, Confusion, CostMatrix, Error, Kappa, Label, Metric, MultilabelConfusion, Normalize,
    Report, ReportRow, SetScores, Tally, ZeroDivision, top_k_accuracy,
};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyDict};

use super::answer::{array, invalid, metric, metrics, warn, work};
use super::column::{Column, HeldLabels, without_zeros};

/// The columns of a call.
struct Pair {
    truth: Column,
    predicted: Column,
    weight: Option<Column>,
    labels: Option<Vec<Label>>,
}

/// What a call counts.
enum Counted {
    Classes(Confusion),
    /// Several labels a row, as scikit-learn's indicator tables.
    Tables(Tables),
}

impl Counted {
    /// Whether counts are whole numbers: scikit-learn's are floats where no row is right.
    fn is_whole(&self) -> bool {
        !matches!(self, Self::Classes(confusion) if confusion.correct() == 0.0)
    }
}

struct Tables {
    truth: Vec<bool>,
    predicted: Vec<bool>,
    width: usize,
    weight: Option<Vec<f64>>,
    labels: Option<Vec<usize>>,
}

impl Tables {
    fn of(&self) -> halfback_metrics::Result<MultilabelConfusion<'_>> {
        let (weight, labels) = (self.weight.as_deref(), self.labels.as_deref());
        MultilabelConfusion::of(&self.truth, &self.predicted, self.width, weight, labels)
    }
}

impl Pair {
    fn of(
        truth: (&Bound<'_, PyAny>, &'static str),
        predicted: (&Bound<'_, PyAny>, &'static str),
        weight: &Bound<'_, PyAny>,
        labels: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let py = weight.py();
        let (mut truth, mut predicted) =
            (Column::of(truth.0, truth.1)?, Column::of(predicted.0, predicted.1)?);
        let mut labels = Column::given(labels, "labels")?;
        let mut columns = vec![&mut truth, &mut predicted];
        columns.extend(&mut labels);
        Column::align(py, &mut columns)?;
        let weight = Column::given(weight, "sample_weight")?;
        let labels = labels.map(|labels| labels.classes(py)).transpose()?;
        Ok(Self { truth, predicted, weight, labels })
    }

    fn usual(
        y_true: &Bound<'_, PyAny>,
        y_pred: &Bound<'_, PyAny>,
        weight: &Bound<'_, PyAny>,
        labels: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        Self::of((y_true, "y_true"), (y_pred, "y_pred"), weight, labels)
    }

    fn count(&self, py: Python<'_>) -> PyResult<Counted> {
        if self.truth.is_table() || self.predicted.is_table() {
            return self.tables(py).map(Counted::Tables);
        }
        self.classes(py).map(Counted::Classes)
    }

    /// Where only one label a row has a meaning.
    fn classes(&self, py: Python<'_>) -> PyResult<Confusion> {
        let (truth, predicted) = (self.truth.targets(py)?, self.predicted.targets(py)?);
        let weight = weights(py, self.weight.as_ref())?;
        let labels = self.labels.as_deref();
        work(py, || Confusion::of(truth.get(), predicted.get(), weight.as_deref(), labels))
    }

    fn tables(&self, py: Python<'_>) -> PyResult<Tables> {
        let (truth, predicted) = (&self.truth, &self.predicted);
        truth.unboxed(py)?;
        predicted.unboxed(py)?;
        if truth.width() != predicted.width() {
            let (found, expected) = (predicted.width(), truth.width());
            let name = predicted.name();
            let message = format!("`{name}` has {found} columns, expected {expected} as `y_true`");
            return Err(invalid(py, &message));
        }
        let place = |label: &Label| match label {
            Label::Int(place) => usize::try_from(*place).ok(),
            _ => None,
        };
        let labels = self.labels.as_ref().map(|labels| {
            labels.iter().map(place).collect::<Option<Vec<_>>>().ok_or_else(|| {
                invalid(py, "`labels` does not fit: expected numbers of columns from 0")
            })
        });
        Ok(Tables {
            truth: truth.indicators(py)?,
            predicted: predicted.indicators(py)?,
            width: truth.width(),
            weight: weights(py, self.weight.as_ref())?.map(Cow::into_owned),
            labels: labels.transpose()?,
        })
    }

    /// Names classes as scikit-learn does: as the truth has them where it has all of them.
    fn name(&self, report: &mut Report) {
        let all_true = self.labels.is_none() && report.classes.iter().all(|row| row.support > 0.0);
        for row in &mut report.classes {
            let whole = row.name.trim_end_matches(".0");
            row.name = match self.truth.kind() {
                "uint64" => without_zeros(&row.name).to_owned(),
                "int64" if all_true => whole.to_owned(),
                "bool" if all_true => label_name(whole),
                _ => continue,
            };
        }
    }

    fn is_whole(&self) -> bool {
        self.weight.as_ref().is_none_or(Column::is_whole)
    }
}

/// A truth value, as numbers beside it have it.
fn label_name(number: &str) -> String {
    match number {
        "0" => Label::Bool(false).to_string(),
        "1" => Label::Bool(true).to_string(),
        other => other.to_owned(),
    }
}

/// Weights as the kernels take them.
pub(super) fn weights<'a>(
    py: Python<'_>,
    weight: Option<&'a Column>,
) -> PyResult<Option<Cow<'a, [f64]>>> {
    if let Some(weight) = weight
        && !weight.is_flat()
    {
        let (name, width) = (weight.name(), weight.width());
        let message = format!("`{name}` is a table with {width} columns, expected one dimension");
        return Err(invalid(py, &message));
    }
    column_of_weights(py, weight)
}

/// The same, where scikit-learn also takes a table of one column.
pub(super) fn column_of_weights<'a>(
    py: Python<'_>,
    weight: Option<&'a Column>,
) -> PyResult<Option<Cow<'a, [f64]>>> {
    weight.map(|weight| weight.doubles(py)).transpose()
}

/// The classes that `labels` lists, beside those of the truth.
pub(super) fn listed(
    py: Python<'_>,
    truth: &mut Column,
    labels: &Bound<'_, PyAny>,
) -> PyResult<Option<Vec<Label>>> {
    let Some(mut labels) = Column::given(labels, "labels")? else { return Ok(None) };
    Column::align(py, &mut [truth, &mut labels])?;
    labels.classes(py).map(Some)
}

/// Accuracy; with `loss` the share that is wrong; without `normalize` how many.
#[pyfunction]
#[pyo3(signature = (y_true, y_pred, sample_weight, normalize, loss, /))]
pub(crate) fn metrics_accuracy(
    y_true: &Bound<'_, PyAny>,
    y_pred: &Bound<'_, PyAny>,
    sample_weight: &Bound<'_, PyAny>,
    normalize: bool,
    loss: bool,
) -> PyResult<f64> {
    let py = y_true.py();
    let none = py.None();
    let pair = Pair::usual(y_true, y_pred, sample_weight, none.bind(py))?;
    Ok(match pair.count(py)? {
        Counted::Classes(confusion) => match (normalize, loss) {
            (true, false) => confusion.accuracy(),
            (true, true) => confusion.zero_one_loss(),
            (false, false) => confusion.correct(),
            (false, true) => confusion.total() - confusion.correct(),
        },
        Counted::Tables(tables) => {
            let share = work(py, || tables.of().map(|confusion| confusion.accuracy()))?;
            let share = if loss { 1.0 - share } else { share };
            if normalize {
                share
            } else {
                counted(share, tables.truth.len() / tables.width, tables.weight.as_deref())
            }
        }
    })
}

/// How many rows a share of them is, or their weight.
fn counted(share: f64, rows: usize, weight: Option<&[f64]>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "rows are below 2^53")]
    let rows = rows as f64;
    weight.map_or_else(|| (share * rows).round(), |weight| share * weight.iter().sum::<f64>())
}

/// The share of labels that are wrong, and whether there are several labels a row.
#[pyfunction]
#[pyo3(signature = (y_true, y_pred, sample_weight, /))]
pub(crate) fn metrics_hamming(
    y_true: &Bound<'_, PyAny>,
    y_pred: &Bound<'_, PyAny>,
    sample_weight: &Bound<'_, PyAny>,
) -> PyResult<(f64, bool)> {
    let py = y_true.py();
    let none = py.None();
    match Pair::usual(y_true, y_pred, sample_weight, none.bind(py))?.count(py)? {
        Counted::Classes(confusion) => Ok((confusion.zero_one_loss(), false)),
        Counted::Tables(tables) => {
            work(py, || tables.of().map(|confusion| (confusion.hamming_loss(), true)))
        }
    }
}

/// Precision, recall, F and support: numbers for an average, else the bytes of arrays. Warns of
/// those whose bit is set in `loud`: 1, 2, 4.
#[pyfunction]
#[pyo3(signature = (y_true, y_pred, beta, labels, pos_label, average, sample_weight, zero, loud, /))]
#[expect(clippy::too_many_arguments, reason = "those of scikit-learn's function")]
pub(crate) fn metrics_scores<'py>(
    y_true: &Bound<'py, PyAny>,
    y_pred: &Bound<'py, PyAny>,
    beta: f64,
    labels: &Bound<'py, PyAny>,
    pos_label: &Bound<'py, PyAny>,
    average: Option<&str>,
    sample_weight: &Bound<'py, PyAny>,
    zero: u8,
    loud: u8,
) -> PyResult<Bound<'py, PyAny>> {
    let py = y_true.py();
    let pair = chosen(Pair::usual(y_true, y_pred, sample_weight, labels)?, average);
    let counted = pair.count(py)?;
    let zero = zero_division(zero);
    let hush = |at: u8, one: Metric| {
        if loud & (1 << at) == 0 { Metric::of(one.value) } else { one }
    };
    let Some(how) = averaged(&pair, average, pos_label)? else {
        let rows: Vec<(SetScores, f64)> = work(py, || match &counted {
            Counted::Classes(confusion) => {
                let rows = confusion.label_scores(beta, zero)?;
                Ok(rows.into_iter().map(|row| (row.scores, row.support)).collect())
            }
            Counted::Tables(tables) => tables.of()?.label_scores(beta, zero),
        })?;
        let column = |at: u8, of: fn(&SetScores) -> Metric| -> PyResult<_> {
            let column: Vec<Metric> = rows.iter().map(|(row, _)| hush(at, of(row))).collect();
            metrics(py, &column)
        };
        let precision = column(0, |scores| scores.precision)?;
        let recall = column(1, |scores| scores.recall)?;
        let fscore = column(2, |scores| scores.fscore)?;
        let support: Vec<f64> = rows.iter().map(|(_, support)| *support).collect();
        let whole = pair.is_whole() && counted.is_whole();
        let support = array(py, &support);
        return Ok((precision, recall, fscore, support, whole).into_pyobject(py)?.into_any());
    };
    let scores = work(py, || match &counted {
        Counted::Classes(confusion) => confusion.scores(&how, beta, zero),
        Counted::Tables(tables) => tables.of()?.scores(&how, beta, zero),
    })?;
    let precision = metric(py, hush(0, scores.precision))?;
    let recall = metric(py, hush(1, scores.recall))?;
    let fscore = metric(py, hush(2, scores.fscore))?;
    Ok((precision, recall, fscore).into_pyobject(py)?.into_any())
}

/// Jaccard's index, specificity or the negative predictive value.
#[pyfunction]
#[pyo3(signature = (kind, y_true, y_pred, labels, pos_label, average, sample_weight, zero, /))]
#[expect(clippy::too_many_arguments, reason = "those of scikit-learn's function")]
pub(crate) fn metrics_share<'py>(
    kind: &str,
    y_true: &Bound<'py, PyAny>,
    y_pred: &Bound<'py, PyAny>,
    labels: &Bound<'py, PyAny>,
    pos_label: &Bound<'py, PyAny>,
    average: Option<&str>,
    sample_weight: &Bound<'py, PyAny>,
    zero: u8,
) -> PyResult<Bound<'py, PyAny>> {
    let py = y_true.py();
    let pair = chosen(Pair::usual(y_true, y_pred, sample_weight, labels)?, average);
    let counted = pair.count(py)?;
    let zero = zero_division(zero);
    let how = averaged(&pair, average, pos_label)?;
    let one = |confusion: &Confusion, how: &Average| match kind {
        "jaccard" => confusion.jaccard(how, zero),
        "specificity" => confusion.specificity(how, zero),
        _ => confusion.negative_predictive_value(how, zero),
    };
    let Some(how) = how else {
        let rows = work(py, || match &counted {
            Counted::Classes(confusion) if kind == "jaccard" => Ok(confusion.label_jaccard(zero)),
            Counted::Classes(_) => Err(Error::Choice {
                argument: "average",
                expected: "one of `binary`, `micro`, `macro` and `weighted`",
            }),
            Counted::Tables(tables) => {
                tables.of()?.tallies().iter().map(|tally| by_tally(tally, zero)).collect()
            }
        })?;
        return Ok(metrics(py, &rows)?.into_any());
    };
    let share = work(py, || match &counted {
        Counted::Classes(confusion) => one(confusion, &how),
        Counted::Tables(tables) if kind == "jaccard" => tables.of()?.jaccard(&how, zero),
        Counted::Tables(_) => {
            Err(Error::Choice { argument: "y_true", expected: "this metric takes one label a row" })
        }
    })?;
    Ok(metric(py, share)?.into_pyobject(py)?.into_any())
}

/// The Jaccard index of one label of a table: that of the confusion of its column.
fn by_tally(tally: &Tally, zero: ZeroDivision) -> halfback_metrics::Result<Metric> {
    let cells = [
        (false, false, tally.true_negative),
        (false, true, tally.false_positive),
        (true, false, tally.false_negative),
        (true, true, tally.true_positive),
    ];
    let truth = cells.map(|cell| cell.0);
    let predicted = cells.map(|cell| cell.1);
    let weight = cells.map(|cell| cell.2);
    let whole = MultilabelConfusion::of(&truth, &predicted, 1, Some(&weight), None)?;
    whole.jaccard(&Average::Macro, zero)
}

/// The matrix as the bytes of an array, the number of classes, and whether it counts whole rows.
#[pyfunction]
#[pyo3(signature = (y_true, y_pred, labels, sample_weight, normalize, /))]
pub(crate) fn metrics_confusion<'py>(
    y_true: &Bound<'py, PyAny>,
    y_pred: &Bound<'py, PyAny>,
    labels: &Bound<'py, PyAny>,
    sample_weight: &Bound<'py, PyAny>,
    normalize: Option<&str>,
) -> PyResult<(Bound<'py, PyByteArray>, usize, bool)> {
    let py = y_true.py();
    let pair = Pair::usual(y_true, y_pred, sample_weight, labels)?;
    if pair.truth.is_table() || pair.predicted.is_table() {
        let message = "`y_true` has several labels a row; use `multilabel_confusion_matrix`";
        return Err(invalid(py, message));
    }
    let scale = match normalize {
        None => Normalize::None,
        Some("true") => Normalize::True,
        Some("pred") => Normalize::Predicted,
        Some(_) => Normalize::All,
    };
    let confusion = pair.classes(py)?;
    let matrix = work(py, || confusion.matrix(scale))?;
    warn(py, confusion.single_class())?;
    let whole = normalize.is_none() && pair.is_whole();
    Ok((array(py, &matrix), confusion.labels().len(), whole))
}

/// The matrices of each label, or of each row, as the bytes of one array, and whether they count
/// whole rows.
#[pyfunction]
#[pyo3(signature = (y_true, y_pred, labels, sample_weight, samplewise, /))]
pub(crate) fn metrics_multilabel<'py>(
    y_true: &Bound<'py, PyAny>,
    y_pred: &Bound<'py, PyAny>,
    labels: &Bound<'py, PyAny>,
    sample_weight: &Bound<'py, PyAny>,
    samplewise: bool,
) -> PyResult<(Bound<'py, PyByteArray>, bool)> {
    let py = y_true.py();
    let pair = Pair::usual(y_true, y_pred, sample_weight, labels)?;
    let counted = pair.count(py)?;
    let whole = pair.weight.is_none() && counted.is_whole();
    let tallies = match counted {
        Counted::Classes(_) if samplewise => {
            let message = "`samplewise` does not fit: it needs several labels a row";
            return Err(invalid(py, message));
        }
        Counted::Classes(confusion) => confusion.tallies(),
        Counted::Tables(tables) => work(py, || {
            let tables = tables.of()?;
            Ok(if samplewise { tables.row_tallies() } else { tables.tallies() })
        })?,
    };
    let cells = |t: &Tally| [t.true_negative, t.false_positive, t.false_negative, t.true_positive];
    let cells: Vec<f64> = tallies.iter().flat_map(cells).collect();
    Ok((array(py, &cells), whole))
}

/// The report as text, or as a dict of dicts.
#[pyfunction]
#[pyo3(signature = (y_true, y_pred, labels, names, sample_weight, digits, dict, zero, /))]
#[expect(clippy::too_many_arguments, reason = "those of scikit-learn's function")]
#[expect(clippy::needless_pass_by_value, reason = "a list from Python is extracted as owned")]
pub(crate) fn metrics_report<'py>(
    y_true: &Bound<'py, PyAny>,
    y_pred: &Bound<'py, PyAny>,
    labels: &Bound<'py, PyAny>,
    names: Option<Vec<String>>,
    sample_weight: &Bound<'py, PyAny>,
    digits: usize,
    dict: bool,
    zero: u8,
) -> PyResult<Bound<'py, PyAny>> {
    let py = y_true.py();
    let pair = Pair::usual(y_true, y_pred, sample_weight, labels)?;
    let counted = pair.count(py)?;
    let shown = names.as_ref().map_or(usize::MAX, Vec::len);
    let mut names: Option<Vec<&str>> =
        names.as_ref().map(|names| names.iter().map(String::as_str).collect());
    // As with scikit-learn, which pairs listed classes with names as far as both go.
    if let (Some(names), Some(labels)) = (&mut names, &pair.labels) {
        names.resize(labels.len(), "");
    }
    let zero = zero_division(zero);
    let mut report = work(py, || match &counted {
        Counted::Classes(confusion) => confusion.report(names.as_deref(), zero),
        Counted::Tables(tables) => tables.of()?.report(names.as_deref(), zero),
    })?;
    report.classes.truncate(shown);
    if names.is_none() && matches!(counted, Counted::Classes(_)) {
        pair.name(&mut report);
    }
    let rows = report.classes.iter().chain(&report.accuracy).chain(&report.averages);
    for row in rows.clone() {
        for one in [row.scores.precision, row.scores.recall, row.scores.fscore] {
            if one.undefined.is_some_and(|undefined| undefined.warning.is_some()) {
                warn(py, one.undefined)?;
                return written(py, &report, digits, dict);
            }
        }
    }
    written(py, &report, digits, dict)
}

fn written<'py>(
    py: Python<'py>,
    report: &Report,
    digits: usize,
    dict: bool,
) -> PyResult<Bound<'py, PyAny>> {
    if !dict {
        return Ok(report.to_text(digits).into_pyobject(py)?.into_any());
    }
    let line = |row: &ReportRow| -> PyResult<_> {
        let line = PyDict::new(py);
        line.set_item("precision", row.scores.precision.value)?;
        line.set_item("recall", row.scores.recall.value)?;
        line.set_item("f1-score", row.scores.fscore.value)?;
        line.set_item("support", row.support)?;
        Ok(line)
    };
    let whole = PyDict::new(py);
    for row in &report.classes {
        whole.set_item(&row.name, line(row)?)?;
    }
    if let Some(row) = &report.accuracy {
        whole.set_item(&row.name, row.scores.fscore.value)?;
    }
    for row in &report.averages {
        whole.set_item(&row.name, line(row)?)?;
    }
    Ok(whole.into_any())
}

/// Matthews' correlation, or balanced accuracy, plain or adjusted.
#[pyfunction]
#[pyo3(signature = (kind, y_true, y_pred, sample_weight, /))]
pub(crate) fn metrics_agreement(
    kind: &str,
    y_true: &Bound<'_, PyAny>,
    y_pred: &Bound<'_, PyAny>,
    sample_weight: &Bound<'_, PyAny>,
) -> PyResult<f64> {
    let py = y_true.py();
    let none = py.None();
    let confusion = Pair::usual(y_true, y_pred, sample_weight, none.bind(py))?.classes(py)?;
    let value = work(py, || {
        Ok(match kind {
            "matthews" => confusion.matthews(),
            "balanced" => confusion.balanced_accuracy(false),
            _ => confusion.balanced_accuracy(true),
        })
    })?;
    metric(py, value)
}

/// Cohen's kappa; `replace` is given where it is undefined.
#[pyfunction]
#[pyo3(signature = (y1, y2, labels, weights, sample_weight, replace, /))]
pub(crate) fn metrics_kappa(
    y1: &Bound<'_, PyAny>,
    y2: &Bound<'_, PyAny>,
    labels: &Bound<'_, PyAny>,
    weights: Option<&str>,
    sample_weight: &Bound<'_, PyAny>,
    replace: f64,
) -> PyResult<f64> {
    let py = y1.py();
    let confusion = Pair::of((y1, "y1"), (y2, "y2"), sample_weight, labels)?.classes(py)?;
    let weights = match weights {
        None => Kappa::Plain,
        Some("linear") => Kappa::Linear,
        Some(_) => Kappa::Quadratic,
    };
    let kappa = work(py, || confusion.kappa(weights))?;
    warn(py, confusion.single_class())?;
    let value = metric(py, kappa)?;
    Ok(if kappa.undefined.is_some() && value.is_nan() { replace } else { value })
}

/// The positive and the negative likelihood ratio.
#[pyfunction]
#[pyo3(signature = (y_true, y_pred, labels, sample_weight, positive, negative, /))]
pub(crate) fn metrics_likelihood(
    y_true: &Bound<'_, PyAny>,
    y_pred: &Bound<'_, PyAny>,
    labels: &Bound<'_, PyAny>,
    sample_weight: &Bound<'_, PyAny>,
    positive: f64,
    negative: f64,
) -> PyResult<(f64, f64)> {
    let py = y_true.py();
    let confusion = Pair::usual(y_true, y_pred, sample_weight, labels)?.classes(py)?;
    let ratios = work(py, || confusion.likelihood_ratios((positive, negative)))?;
    Ok((metric(py, ratios.positive)?, metric(py, ratios.negative)?))
}

/// The mean cost of a row.
#[pyfunction]
#[pyo3(signature = (y_true, y_pred, costs, labels, sample_weight, /))]
pub(crate) fn metrics_cost(
    y_true: &Bound<'_, PyAny>,
    y_pred: &Bound<'_, PyAny>,
    costs: &Bound<'_, PyAny>,
    labels: &Bound<'_, PyAny>,
    sample_weight: &Bound<'_, PyAny>,
) -> PyResult<f64> {
    let py = y_true.py();
    let confusion = Pair::usual(y_true, y_pred, sample_weight, labels)?.classes(py)?;
    let costs = Column::of(costs, "cost_matrix")?;
    if costs.is_flat() || costs.rows() != costs.width() {
        return Err(invalid(py, "`cost_matrix` is not square, expected a row for each true class"));
    }
    let (classes, numbers) = (costs.width(), costs.numbers(py)?);
    let cost = work(py, || {
        let costs = CostMatrix::new(classes, numbers.get().to_f64().into_owned())?;
        confusion.mean_cost(&costs)
    })?;
    metric(py, cost)
}

/// The share of rows whose class has one of the `k` best scores; without `normalize` their number
/// or weight.
#[pyfunction]
#[pyo3(signature = (y_true, y_score, k, normalize, sample_weight, labels, /))]
pub(crate) fn metrics_top_k(
    y_true: &Bound<'_, PyAny>,
    y_score: &Bound<'_, PyAny>,
    k: usize,
    normalize: bool,
    sample_weight: &Bound<'_, PyAny>,
    labels: &Bound<'_, PyAny>,
) -> PyResult<f64> {
    let py = y_true.py();
    let (mut truth, scores) = (Column::of(y_true, "y_true")?, Column::of(y_score, "y_score")?);
    let weight = Column::given(sample_weight, "sample_weight")?;
    let weight = weights(py, weight.as_ref())?;
    let labels = listed(py, &mut truth, labels)?;
    let (truth, numbers): (HeldLabels<'_>, _) = (truth.targets(py)?, scores.ordered(py)?.held);
    let width = scores.width();
    let value = work(py, || {
        let table = numbers.table(width, "y_score")?;
        top_k_accuracy(truth.get(), table, k, weight.as_deref(), labels.as_deref())
    })?;
    let share = metric(py, value)?;
    Ok(if normalize { share } else { counted(share, truth.get().len(), weight.as_deref()) })
}

/// For two classes `labels` choose nothing, as scikit-learn has it: the positive class does.
fn chosen(pair: Pair, average: Option<&str>) -> Pair {
    if average == Some("binary") { Pair { labels: None, ..pair } } else { pair }
}

fn averaged(
    pair: &Pair,
    average: Option<&str>,
    pos_label: &Bound<'_, PyAny>,
) -> PyResult<Option<Average>> {
    Ok(match average {
        None => None,
        Some("binary") => {
            let positive = pair.truth.class(pos_label, "pos_label")?.unwrap_or(Label::Int(1));
            Some(Average::Binary(positive))
        }
        Some("micro") => Some(Average::Micro),
        Some("macro") => Some(Average::Macro),
        Some("weighted") => Some(Average::Weighted),
        Some(_) => Some(Average::Samples),
    })
}

/// As `halfback.metrics.checks.zero` numbers them.
fn zero_division(zero: u8) -> ZeroDivision {
    match zero {
        0 => ZeroDivision::Zero,
        1 => ZeroDivision::One,
        2 => ZeroDivision::Nan,
        _ => ZeroDivision::Warn,
    }
}
