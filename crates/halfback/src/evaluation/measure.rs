//! The numbers: which task it is, its metrics over all rows, and those of each slice.

use halfback_metrics::{
    Binary, Error, Label, Labels, Matrix, Measured, Metric, Reason, Settings, Suite,
    higher_is_better,
};
use halfback_store::error::{Detail, Result};
use halfback_store::name::shown;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::curve;
use super::own::Own;
use super::record::{Dataset, EXACT, Measurement, MetricValue, Slice, Task, check_level};
use super::sample::{Column, Held, Sample, keys, slices, strata};
use super::scores::Scores;
use crate::catalog::version::Param;

/// Rows that can be told by number.
const MOST_ROWS: usize = 1 << 31;

/// Resamples of one measurement.
const MOST_REPLICATES: u32 = 1_000_000;

/// How predictions are measured.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvaluateOptions {
    /// The task. Where absent: a regression where the truth or a prediction has a fraction, and else
    /// one of two classes, or of several where the truth, the predictions or the probabilities have
    /// more than two.
    pub task: Option<Task>,
    /// What the rows are of.
    pub dataset: Option<Dataset>,
    /// The positive class; may be left out where labels are from {0, 1} or {-1, 1}.
    pub pos_label: Option<Param>,
    /// The classes in ascending order, where the truth does not have them all.
    pub labels: Vec<Param>,
    /// Where only probabilities are given: from this one on, positive is predicted.
    pub threshold: f64,
    /// The confidence level of intervals.
    pub level: f64,
    /// Resamples, where a bootstrap is needed: 2 / (1 - level) - 1 at least.
    #[serde(deserialize_with = "replicates")]
    pub replicates: u32,
    /// The seed of resamples.
    pub seed: u64,
}

impl Default for EvaluateOptions {
    fn default() -> Self {
        let Settings { level, replicates, seed } = Settings::default();
        Self {
            task: None,
            dataset: None,
            pos_label: None,
            labels: Vec::new(),
            threshold: 0.5,
            level,
            replicates,
            seed,
        }
    }
}

/// Measures predictions: the metrics of the task over all rows and each slice, each with its
/// interval, and curves for pictures. The same rows and options always give the same.
///
/// Whatever is wrong with the rows fails with the code `invalid_argument`, and names the argument.
pub fn measure(sample: &Sample<'_>, options: &EvaluateOptions) -> Result<Measurement> {
    measure_with(sample, options, None)
}

/// [`measure`], and metrics of the caller's own after the others of the same rows.
pub(super) fn measure_with(
    sample: &Sample<'_>,
    options: &EvaluateOptions,
    mut own: Option<Own<'_>>,
) -> Result<Measurement> {
    check_options(options.level, options.seed, options.replicates)?;
    let settings =
        Settings { level: options.level, replicates: options.replicates, seed: options.seed };
    let rows = check_rows(sample.y_true.len())?;
    let groups = slices(&sample.slices, sample.y_true.len())?;
    let reading = Reading::of(options);
    let ordered = reading.ordered(&sample.columns())?;
    let y_score = sample.y_score.map(|scores| scores.ordered(ordered.as_deref()));
    let sample = &Sample { y_score, ..sample.clone() };
    let columns = sample.columns();
    let (task, suite) = reading.suite(&columns)?;
    let is_resampled = suite.is_resampled() || own.is_some();
    if is_resampled {
        check_reach(options.level, options.replicates)?;
    }
    let mut metrics = Vec::new();
    let mut keep = |part: &Suite, slice: Option<&Slice>, chosen: Option<&[u32]>| -> Result<()> {
        let measured = match part.measure(&settings) {
            Err(Error::ZeroWeights) if slice.is_some() => {
                suite.names().into_iter().map(weightless).collect()
            }
            measured => measured.map_err(refused)?,
        };
        metrics.extend(measured.iter().map(|one| value(one.name, one, slice, part.rows())));
        let Some(own) = &mut own else { return Ok(()) };
        let measured = own.measure(part, chosen, &settings)?;
        metrics.extend(measured.iter().map(|(name, one)| value(name, one, slice, part.rows())));
        Ok(())
    };
    keep(&suite, None, None)?;
    for (slice, chosen) in groups {
        keep(&suite.select(&chosen), Some(&slice), Some(&chosen))?;
    }
    let pos_label = (task == Task::Binary).then(|| reading.positive(&columns));
    Measurement {
        task,
        dataset: options.dataset.clone(),
        rows,
        data_digest: sample.digest().to_string(),
        seed: i64::try_from(options.seed).unwrap_or(EXACT),
        replicates: is_resampled.then_some(options.replicates.into()),
        level: options.level,
        library: library(),
        weighted: sample.weights.is_some(),
        clusters: suite.clusters().map(|clusters| i64::try_from(clusters).unwrap_or(EXACT)),
        threshold: suite.is_by_threshold().then_some(options.threshold),
        curves: curve::curves(&suite, sample.weights, pos_label.as_deref()).map_err(refused)?,
        pos_label,
        metrics,
    }
    .checked()
}

/// This library, as records name it.
pub(super) fn library() -> String {
    concat!("halfback ", env!("CARGO_PKG_VERSION")).to_owned()
}

pub(super) fn check_options(level: f64, seed: u64, replicates: u32) -> Result<()> {
    check_level(level)?;
    if seed > EXACT.cast_unsigned() {
        return Err(Detail::InvalidArgument(format!("`seed` is {seed}, expected 0 to 2^53")).into());
    }
    if (2..=MOST_REPLICATES).contains(&replicates) {
        return Ok(());
    }
    Err(Detail::InvalidArgument(no_replicates(replicates)).into())
}

/// Refuses so few resamples that no rows have an interval at the level.
pub(super) fn check_reach(level: f64, replicates: u32) -> Result<()> {
    let expected = halfback_metrics::fewest_replicates(level);
    if f64::from(replicates) >= expected {
        return Ok(());
    }
    let wrong = if expected > f64::from(MOST_REPLICATES) {
        format!("`level` is {level}, whose bounds lie beyond {MOST_REPLICATES} resamples")
    } else {
        format!("`replicates` has {replicates}, expected at least {expected}")
    };
    Err(Detail::InvalidArgument(wrong).into())
}

/// Reads a number of resamples; says which there may be where it is far from them.
pub(super) fn replicates<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let number = serde_json::Number::deserialize(deserializer)?;
    let count = number.as_u64().and_then(|count| u32::try_from(count).ok());
    count.ok_or_else(|| D::Error::custom(no_replicates(number)))
}

fn no_replicates(found: impl std::fmt::Display) -> String {
    format!("`replicates` is {found}, expected 2 to {MOST_REPLICATES}")
}

pub(super) fn check_rows(rows: usize) -> Result<i64> {
    if rows > MOST_ROWS {
        return Err(Detail::InvalidArgument(format!(
            "`y_true` has {rows} rows, at most {MOST_ROWS} are measured at once"
        ))
        .into());
    }
    Ok(i64::try_from(rows).unwrap_or(EXACT))
}

/// A misuse of a metric, by the names that arguments have here.
#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands it over")]
pub(super) fn refused(error: Error) -> halfback_store::error::Error {
    let text = error.to_string().replace("`sample_weight`", "`weights`");
    Detail::InvalidArgument(text).into()
}

/// The columns of one model.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns<'a> {
    pub(super) y_true: Column<'a>,
    pub(super) y_pred: Option<Column<'a>>,
    pub(super) y_score: Option<Scores<'a>>,
    pub(super) weights: Option<&'a [f64]>,
    pub(super) clusters: Option<Column<'a>>,
    pub(super) strata: Option<Column<'a>>,
}

impl<'a> Sample<'a> {
    fn columns(&self) -> Columns<'a> {
        let Self { y_true, y_pred, y_score, weights, clusters, strata, .. } = *self;
        Columns { y_true, y_pred, y_score, weights, clusters, strata }
    }
}

/// How columns are read.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) task: Option<Task>,
    pub(super) pos_label: Option<Label>,
    pub(super) labels: Vec<Label>,
    pub(super) threshold: f64,
}

impl Reading {
    fn of(options: &EvaluateOptions) -> Self {
        Self {
            task: options.task,
            pos_label: options.pos_label.as_ref().map(label),
            labels: options.labels.iter().map(label).collect(),
            threshold: options.threshold,
        }
    }

    /// The checked columns of the task that they are of.
    pub(super) fn suite(&self, columns: &Columns<'_>) -> Result<(Task, Suite)> {
        if columns.y_true.is_empty() {
            return Err(refused(Error::Empty { argument: "y_true" }));
        }
        columns.y_true.check_finite("y_true")?;
        columns.y_pred.map_or(Ok(()), |column| column.check_finite("y_pred"))?;
        let task = self.task.unwrap_or_else(|| self.guess(columns));
        let suite = match task {
            Task::Regression => self.regression(columns)?,
            _ if columns.y_pred.is_none() && columns.y_score.is_none() => {
                return Err(invalid("`y_pred` is missing; give `y_pred` or `y_score`"));
            }
            Task::Binary => self.binary(columns)?,
            Task::Multiclass => self.multiclass(columns)?,
        };
        Ok((task, drawn(suite, columns)?))
    }

    /// The scores with a column for each class in ascending order, where the names of their columns
    /// say another.
    pub(super) fn ordered(&self, columns: &Columns<'_>) -> Result<Option<Vec<f64>>> {
        let Some(scores) = columns.y_score.filter(Scores::is_named) else { return Ok(None) };
        let Some(places) = scores.places(&self.classes(columns)?)? else { return Ok(None) };
        if places.is_sorted() { Ok(None) } else { scores.taken(&places).map(Some) }
    }

    fn guess(&self, columns: &Columns<'_>) -> Task {
        let Columns { y_true, y_pred, y_score, .. } = columns;
        if y_true.has_fractions() || y_pred.is_some_and(|column| column.has_fractions()) {
            return Task::Regression;
        }
        let wide = y_score.and_then(|scores| scores.columns()).is_some_and(|columns| columns > 2);
        let more = |column: &Column<'_>| more_than_two(&Held::of(*column));
        let many =
            wide || self.labels.len() > 2 || more(y_true) || y_pred.as_ref().is_some_and(more);
        if many && self.pos_label.is_none() { Task::Multiclass } else { Task::Binary }
    }

    fn binary(&self, columns: &Columns<'_>) -> Result<Suite> {
        self.check_labels(columns)?;
        let truth = Held::of(columns.y_true);
        let predicted = columns.y_pred.map(Held::of);
        let scores =
            columns.y_score.map(|scores| self.of_positive(&scores, columns)).transpose()?;
        Suite::binary(
            truth.labels(),
            predicted.as_ref().map(Held::labels),
            scores.as_ref().map(Held::scores),
            columns.weights,
            Binary { pos_label: self.pos_label.as_ref(), threshold: self.threshold },
        )
        .map_err(refused)
    }

    /// The scores of the positive class: of a table its column.
    fn of_positive<'a>(&self, scores: &Scores<'a>, columns: &Columns<'_>) -> Result<Held<'a>> {
        if scores.columns().is_none() {
            return scores.numbers();
        }
        let classes = self.classes(columns)?;
        let positive = self.pos_label.clone().unwrap_or(Label::Int(1));
        let (place, classes) = match classes.iter().position(|class| *class == positive) {
            // The other one of {0, 1} and {-1, 1} comes before it.
            Some(0) if classes.len() == 1 && positive == Label::Int(1) => (1, 2),
            Some(place) => (place, classes.len()),
            // There is none, which is refused with the truth.
            None => return scores.numbers(),
        };
        let values = scores.of_classes(columns.y_true.len(), classes)?;
        let rows = values.chunks_exact(classes);
        Ok(Held::Wide(rows.filter_map(|row| row.get(place).copied()).collect()))
    }

    fn multiclass(&self, columns: &Columns<'_>) -> Result<Suite> {
        let truth = Held::of(columns.y_true);
        let predicted = columns.y_pred.map(Held::of);
        let scores = columns.y_score.map(|scores| scores.numbers()).transpose()?;
        let width = columns.y_score.and_then(|scores| scores.columns()).unwrap_or(1);
        let table = scores.as_ref().map(|scores| Matrix::new(scores.scores(), width, "y_score"));
        let table = table.transpose().map_err(refused)?;
        let labels = (!self.labels.is_empty()).then_some(self.labels.as_slice());
        let predicted = predicted.as_ref().map(Held::labels);
        Suite::multiclass(truth.labels(), predicted, table, columns.weights, labels)
            .map_err(refused)
    }

    fn regression(&self, columns: &Columns<'_>) -> Result<Suite> {
        if columns.y_score.is_some() {
            return Err(invalid(
                "`y_score` is for classes; give the predictions of a regression as `y_pred`",
            ));
        }
        for (argument, is_given) in
            [("labels", !self.labels.is_empty()), ("pos_label", self.pos_label.is_some())]
        {
            if is_given {
                return Err(invalid(format!(
                    "`{argument}` is for classes; leave it out of a regression"
                )));
            }
        }
        let Some(y_pred) = columns.y_pred else {
            return Err(invalid("`y_pred` is missing; give the predictions"));
        };
        let truth = Held::numeric(columns.y_true, "y_true")?;
        let predicted = Held::numeric(y_pred, "y_pred")?;
        Suite::regression(truth.scores(), predicted.scores(), columns.weights).map_err(refused)
    }

    /// The classes in ascending order: `labels`, or else those that come up.
    fn classes(&self, columns: &Columns<'_>) -> Result<Vec<Label>> {
        if !self.labels.is_empty() {
            return Ok(self.labels.clone());
        }
        let held = [("y_true", Some(columns.y_true)), ("y_pred", columns.y_pred)];
        let held = held.map(|(argument, column)| (argument, column.map(Held::of)));
        let given = held.iter().filter_map(|(name, held)| Some((*name, held.as_ref()?.labels())));
        let mut given: Vec<_> = given.collect();
        let text = [if let Some(Label::Text(text)) = &self.pos_label { text.as_str() } else { "" }];
        match &self.pos_label {
            None => {}
            Some(Label::Bool(value)) => {
                given.push(("pos_label", Labels::Bool(std::slice::from_ref(value))));
            }
            Some(Label::Int(value)) => {
                given.push(("pos_label", Labels::Int(std::slice::from_ref(value))));
            }
            Some(Label::Float(value)) => {
                given.push(("pos_label", Labels::Float(std::slice::from_ref(value))));
            }
            Some(Label::Text(_)) => given.push(("pos_label", Labels::Text(&text))),
        }
        halfback_metrics::classes(&given).map_err(refused)
    }

    /// Refuses `labels` that are not in ascending order, or lack a class that comes up.
    fn check_labels(&self, columns: &Columns<'_>) -> Result<()> {
        if self.labels.is_empty() {
            return Ok(());
        }
        let turned = self.labels.windows(2).find_map(|pair| match pair {
            [left, right] if !ascends(left, right) => Some((left, right)),
            _ => None,
        });
        if let Some((left, right)) = turned {
            return Err(invalid(format!(
                "`labels` has `{}` after `{}`, expected each class once, in ascending order",
                shown(&written(right)),
                shown(&written(left))
            )));
        }
        let lacks = |class: &Label, argument: &str| {
            invalid(format!(
                "`labels` lacks the class `{}`, which is in `{argument}`",
                shown(&written(class))
            ))
        };
        for (argument, column) in [("y_true", Some(columns.y_true)), ("y_pred", columns.y_pred)] {
            let Some(column) = column else { continue };
            let found = halfback_metrics::classes(&[(argument, Held::of(column).labels())]);
            let found = found.map_err(refused)?;
            if let Some(class) = found.iter().find(|class| !self.labels.contains(class)) {
                return Err(lacks(class, argument));
            }
        }
        match &self.pos_label {
            Some(class) if !self.labels.contains(class) => Err(lacks(class, "pos_label")),
            _ if self.labels.len() < 2 => Err(invalid("`labels` has one class, expected two")),
            _ => Ok(()),
        }
    }

    /// The positive class as it is written.
    fn positive(&self, columns: &Columns<'_>) -> String {
        match (&self.pos_label, columns.y_true) {
            (Some(label), _) => written(label),
            (None, Column::Bool(_)) => "true".into(),
            (None, _) => "1".into(),
        }
    }
}

/// Whether a class comes before another.
fn ascends(left: &Label, right: &Label) -> bool {
    let number = |label: &Label| match label {
        Label::Bool(value) => Some(f64::from(u8::from(*value))),
        #[expect(clippy::cast_precision_loss, reason = "a float's order")]
        Label::Int(value) => Some(*value as f64),
        Label::Float(value) => Some(*value),
        Label::Text(_) => None,
    };
    match (left, right) {
        (Label::Text(left), Label::Text(right)) => left < right,
        (Label::Int(left), Label::Int(right)) => left < right,
        (left, right) => number(left).zip(number(right)).is_some_and(|(left, right)| left < right),
    }
}

fn invalid(why: impl Into<String>) -> halfback_store::error::Error {
    Detail::InvalidArgument(why.into()).into()
}

/// With clusters and strata, by which rows are drawn.
fn drawn(mut suite: Suite, columns: &Columns<'_>) -> Result<Suite> {
    if let Some(clusters) = columns.clusters {
        suite = suite.clustered(&keys("clusters", clusters)?).map_err(refused)?;
    }
    if let Some(column) = columns.strata {
        suite = suite.stratified(&strata(column)?).map_err(refused)?;
    }
    Ok(suite)
}

fn more_than_two(column: &Held<'_>) -> bool {
    fn many<T: Copy + PartialEq>(rows: &[T]) -> bool {
        let Some(&first) = rows.first() else { return false };
        let Some(&second) = rows.iter().find(|&&row| row != first) else { return false };
        rows.iter().any(|&row| row != first && row != second)
    }
    match column.labels() {
        Labels::Bool(_) => false,
        Labels::Int(rows) => many(rows),
        Labels::Float(rows) => many(rows),
        Labels::Text(rows) => many(rows),
    }
}

pub(super) fn label(param: &Param) -> Label {
    match param {
        Param::Bool(value) => Label::Bool(*value),
        Param::Int(value) => Label::Int(*value),
        Param::Float(value) => Label::Float(*value),
        Param::Text(value) => Label::Text(value.clone()),
    }
}

/// A label as JSON writes it, texts without quotes.
pub(super) fn written(label: &Label) -> String {
    match label {
        Label::Bool(value) => value.to_string(),
        Label::Float(value) if value.fract() == 0.0 => format!("{value:.0}"),
        Label::Float(value) => value.to_string(),
        Label::Int(value) => value.to_string(),
        Label::Text(value) => value.clone(),
    }
}

fn value(metric: &str, one: &Measured, slice: Option<&Slice>, rows: usize) -> MetricValue {
    let defined = one.metric.defined().ok().filter(|value| value.is_finite());
    let interval = one.interval.filter(|_| defined.is_some());
    let undefined = match (defined, one.metric.undefined) {
        (Some(_), _) => None,
        (None, Some(undefined)) => Some(code(&undefined.reason)),
        (None, None) => Some(code(&Reason::TooLarge)),
    };
    MetricValue {
        metric: metric.to_owned(),
        slice: slice.cloned(),
        rows: i64::try_from(rows).unwrap_or(EXACT),
        value: defined,
        lower: interval.map(|interval| interval.lower.min(interval.estimate)),
        upper: interval.map(|interval| interval.upper.max(interval.estimate)),
        method: interval.and(one.method.as_ref()).map(code),
        undefined,
        no_interval: one.no_interval.filter(|_| defined.is_some()).as_ref().map(code),
    }
}

/// A word of the mathematics, as it is stored.
pub(super) fn code(word: &impl serde::Serialize) -> String {
    match serde_json::to_value(word) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// A metric of rows that all have a weight of zero.
pub(super) fn weightless(name: &'static str) -> Measured {
    let metric = Metric::silent(f64::NAN, Reason::TooFewRows);
    Measured { name, metric, interval: None, no_interval: None, method: None }
}

/// The metric by which two models of a task are compared unless another is asked for.
pub(super) fn usual_metric(task: Task, suite: &Suite) -> &'static str {
    let names = suite.names();
    let known = task.usual_metrics().into_iter().find(|metric| names.contains(metric));
    known
        .or_else(|| names.into_iter().find(|name| higher_is_better(name).is_some()))
        .unwrap_or("accuracy")
}
