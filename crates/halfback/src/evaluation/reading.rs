//! How columns are read: of which task they are, which classes they have, and whose scores are whose.

use halfback_metrics::{Binary, Error, Label, Labels, Matrix, Suite};
use halfback_store::error::{Detail, Result};
use halfback_store::name::shown;

use super::measure::{EvaluateOptions, refused};
use super::record::Task;
use super::sample::{Column, Held, Sample, keys, strata};
use super::scores::Scores;
use crate::catalog::version::Param;

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
    pub(super) fn columns(&self) -> Columns<'a> {
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
    pub(super) fn of(options: &EvaluateOptions) -> Self {
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
    pub(super) fn ordered(&self, columns: &Columns<'_>) -> Result<Option<Held<'static>>> {
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
        let taken = rows.filter_map(|row| row.get(place).copied()).collect();
        Ok(Held::taken_from(scores.values, taken))
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
    pub(super) fn positive(&self, columns: &Columns<'_>) -> String {
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
