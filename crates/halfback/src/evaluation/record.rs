//! What an evaluation says: the record, its parts, and what they must be to be kept.

mod curves;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use halfback_store::artifact::Digest;
use halfback_store::error::{Detail, Result};
use halfback_store::name::visible;
use halfback_store::sql::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::range::{Metric, goes_with};
use super::{name, words};

pub use curves::{ClassCurve, ConfusionCounts, Curves, Point, ReliabilityPoint};
pub(super) use curves::{MOST_CLASSES, MOST_CURVES, MOST_POINTS};

/// Metrics of one evaluation, over all slices.
const MOST_METRICS: usize = 100_000;
/// The largest whole number that every reader of JSON gets exactly, 2⁵³.
pub(super) const EXACT: i64 = 1 << 53;

/// What a version was measured to be on some rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evaluation {
    /// The id.
    pub id: i64,
    /// The URI of the version.
    pub version: String,
    /// The id of the version, which outlives its name.
    pub version_id: i64,
    /// The SHA-256 of the measurement as JSON: the same rows and settings give the same.
    pub digest: String,
    /// What was measured.
    #[serde(flatten)]
    pub measurement: Measurement,
    /// The commit that kept it.
    pub commit: i64,
    /// When that was.
    pub recorded_at: DateTime<Utc>,
    /// Who kept it; none once the name was erased.
    pub recorded_by: Option<String>,
}

/// What was measured, how, and on what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// What kind of prediction was measured.
    pub task: Task,
    /// What the rows are of.
    #[serde(default)]
    pub dataset: Option<Dataset>,
    /// How many rows there are.
    pub rows: i64,
    /// The SHA-256 of the columns, `sha256:<hexadecimal>`; docs/evaluation.md says of which bytes.
    pub data_digest: String,
    /// The seed of resamples.
    #[serde(default)]
    pub seed: i64,
    /// How many resamples were drawn; none where intervals are by formulas alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicates: Option<i64>,
    /// The confidence level of all intervals.
    pub level: f64,
    /// The library that measured, such as `halfback 0.1.0`.
    pub library: String,
    /// Whether rows had weights.
    #[serde(default)]
    pub weighted: bool,
    /// How many clusters the rows with a weight are of, where clusters were drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clusters: Option<i64>,
    /// The class that counts as positive, where there are two.
    #[serde(default)]
    pub pos_label: Option<String>,
    /// The probability from which on positive was predicted, where no labels were given.
    #[serde(default)]
    pub threshold: Option<f64>,
    /// The metrics over all rows, then those of each slice.
    pub metrics: Vec<MetricValue>,
    /// Curves over all rows, thinned out for pictures.
    #[serde(default)]
    pub curves: Option<Curves>,
}

/// What kind of prediction is measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// One of two classes.
    #[default]
    Binary,
    /// One of several classes.
    Multiclass,
    /// A number.
    Regression,
}

/// A dataset, by the name that people know it by.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// Its name.
    pub name: String,
    /// What tells its state, such as a digest, version or snapshot.
    #[serde(default)]
    pub digest: Option<String>,
}

/// The rows that have one value in a column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slice {
    /// The column.
    pub column: String,
    /// The value.
    pub value: String,
}

/// One metric of all rows or of a slice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetricValue {
    /// The metric, such as `roc_auc`.
    pub metric: String,
    /// The slice; none for all rows.
    #[serde(default)]
    pub slice: Option<Slice>,
    /// How many rows there are.
    pub rows: i64,
    /// The value; none where it is undefined.
    #[serde(default)]
    pub value: Option<f64>,
    /// The lower bound of the interval; none where the rows do not tell one.
    #[serde(default)]
    pub lower: Option<f64>,
    /// The upper bound of the interval.
    #[serde(default)]
    pub upper: Option<f64>,
    /// How the interval came about, such as `wilson`.
    #[serde(default)]
    pub method: Option<String>,
    /// Why there is no value, such as `one_class`.
    #[serde(default)]
    pub undefined: Option<String>,
    /// Why there is a value and no interval, such as `too_few_units`.
    #[serde(default)]
    pub no_interval: Option<String>,
}

/// The columns of an evaluation that are not searched.
#[derive(Serialize, Deserialize)]
struct Details {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replicates: Option<i64>,
    weighted: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clusters: Option<i64>,
    pos_label: Option<String>,
    threshold: Option<f64>,
    curves: Option<Curves>,
}

impl Task {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Multiclass => "multiclass",
            Self::Regression => "regression",
        }
    }

    /// The metrics that say most, the best first.
    pub(super) const fn usual_metrics(self) -> [&'static str; 3] {
        match self {
            Self::Binary | Self::Multiclass => ["roc_auc", "roc_auc_ovr", "accuracy"],
            Self::Regression => ["rmse", "mae", "r2"],
        }
    }

    pub(super) fn from_word(word: &str) -> Result<Self> {
        [Self::Binary, Self::Multiclass, Self::Regression]
            .into_iter()
            .find(|task| task.word() == word)
            .ok_or_else(|| damaged("task").into())
    }
}

/// A value that only damage explains.
pub(super) fn damaged(what: &str) -> Detail {
    Detail::Corrupt(format!("the {what} of an evaluation or comparison is damaged; run `check`"))
}

/// The digest in a column.
pub(super) fn digest(bytes: &[u8]) -> Result<Digest> {
    Ok(Digest::new(bytes.try_into().map_err(|_| damaged("digest"))?))
}

impl From<&str> for Dataset {
    fn from(name: &str) -> Self {
        Self { name: name.to_owned(), digest: None }
    }
}

impl Dataset {
    pub(super) fn read(row: &dyn Row, first: usize) -> Result<Option<Self>> {
        let digest = row.opt_string(first + 1)?;
        Ok(row.opt_string(first)?.map(|name| Self { name, digest }))
    }

    pub(super) fn check(dataset: Option<&Self>) -> Result<()> {
        let Some(dataset) = dataset else { return Ok(()) };
        name(&dataset.name, "`dataset`")?;
        dataset.digest.as_ref().map_or(Ok(()), |digest| name(digest, "`dataset.digest`"))
    }
}

impl Slice {
    /// The columns of a slice, empty for all rows.
    pub(super) fn columns(slice: Option<&Self>) -> (&str, &str) {
        slice.map_or(("", ""), |slice| (&slice.column, &slice.value))
    }

    pub(super) fn read(row: &dyn Row, first: usize) -> Result<Option<Self>> {
        let column = row.text(first)?;
        let value = row.text(first + 1)?.to_owned();
        Ok((!column.is_empty()).then(|| Self { column: column.to_owned(), value }))
    }

    pub(super) fn check(slice: Option<&Self>) -> Result<()> {
        let Some(slice) = slice else { return Ok(()) };
        name(&slice.column, "the column of a slice")?;
        words(&slice.value, "the value of a slice")
    }
}

impl std::fmt::Display for Slice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} = {}", self.column, self.value)
    }
}

/// Refuses a number that is not finite, and makes a negative zero a positive one, as engines do.
pub(super) fn plain(number: &mut f64, what: &str) -> Result<()> {
    *number += 0.0;
    if number.is_finite() {
        return Ok(());
    }
    Err(Detail::InvalidArgument(format!(
        "{what} is {number}; expected a finite number, and where there is none why it is undefined"
    ))
    .into())
}

pub(super) fn check_level(level: f64) -> Result<()> {
    if level > 0.0 && level < 1.0 {
        return Ok(());
    }
    Err(Detail::InvalidArgument(format!("`level` is {level}, expected above 0 and below 1")).into())
}

pub(super) fn check_count(count: i64, what: &str) -> Result<()> {
    if (0..=EXACT).contains(&count) {
        return Ok(());
    }
    Err(Detail::InvalidArgument(format!("{what} is {count}, expected 0 to 2^53")).into())
}

pub(super) fn check_replicates(count: Option<i64>) -> Result<()> {
    match count {
        Some(0) => Err(Detail::InvalidArgument(
            "`replicates` is 0; leave it out where no resamples were drawn".into(),
        )
        .into()),
        Some(count) => check_count(count, "`replicates`"),
        None => Ok(()),
    }
}

pub(super) fn check_clusters(clusters: Option<i64>, rows: i64) -> Result<()> {
    let Some(clusters) = clusters else { return Ok(()) };
    check_count(clusters, "`clusters`")?;
    if clusters <= rows {
        return Ok(());
    }
    Err(Detail::InvalidArgument(format!("`clusters` is {clusters}, more than the {rows} rows"))
        .into())
}

/// A metric's name, which searches know it by.
pub(super) fn check_metric(metric: &str) -> Result<()> {
    name(metric, "the name of a metric")?;
    visible(metric, "the name of a metric")?;
    if !metric.contains('.') {
        return Ok(());
    }
    Err(Detail::InvalidArgument(format!(
        "metric `{metric}` has a dot in its name, which `metric.name.lower` would not tell apart"
    ))
    .into())
}

impl Evaluation {
    /// A metric over all rows.
    pub fn metric(&self, metric: &str) -> Option<&MetricValue> {
        self.measurement.metric(metric, None)
    }

    /// The metric that says most: the area under the ROC curve, else accuracy, and the root of the
    /// mean squared error of a regression; where there is none of these, the first that was measured.
    pub fn main_metric(&self) -> Option<&MetricValue> {
        let usual = self.measurement.task.usual_metrics();
        let usual = usual.into_iter().find_map(|metric| self.metric(metric));
        usual.or_else(|| self.measurement.metrics.first())
    }
}

impl Measurement {
    /// A metric of all rows or of a slice.
    pub fn metric(&self, metric: &str, slice: Option<&Slice>) -> Option<&MetricValue> {
        self.metrics.iter().find(|value| value.metric == metric && value.slice.as_ref() == slice)
    }

    /// The measurement as it is kept; refused where it says what no measurement can.
    pub(super) fn checked(mut self) -> Result<Self> {
        Dataset::check(self.dataset.as_ref())?;
        check_count(self.rows, "`rows`")?;
        check_count(self.seed, "`seed`")?;
        check_level(self.level)?;
        check_replicates(self.replicates)?;
        check_clusters(self.clusters, self.rows)?;
        self.data_digest = self.data_digest.parse::<Digest>()?.to_string();
        name(&self.library, "`library`")?;
        if let Some(label) = &self.pos_label {
            words(label, "`pos_label`")?;
        }
        if let Some(threshold) = &mut self.threshold {
            plain(threshold, "`threshold`")?;
        }
        let is_of_classes = self.threshold.is_some() || self.pos_label.is_some();
        if is_of_classes && self.task == Task::Regression {
            return Err(Detail::InvalidArgument(
                "`threshold` and `pos_label` are for classes, which a regression has not; leave them out"
                    .into(),
            )
            .into());
        }
        let is_binary = self.task == Task::Binary || self.has_two_classes();
        let found = self.metrics.len();
        if found == 0 || found > MOST_METRICS {
            return Err(Detail::InvalidArgument(format!(
                "`metrics` has {found} entries, expected 1 to {MOST_METRICS}"
            ))
            .into());
        }
        let mut known = BTreeSet::new();
        for value in &mut self.metrics {
            value.check(self.task, is_binary, self.rows)?;
            if !known.insert((value.metric.clone(), value.slice.clone())) {
                return Err(Detail::InvalidArgument(format!(
                    "`metrics` has `{}` twice for the same rows",
                    value.metric
                ))
                .into());
            }
        }
        if let Some(curves) = &mut self.curves {
            curves.check()?;
        }
        Ok(self)
    }

    fn has_two_classes(&self) -> bool {
        let confusion = self.curves.as_ref().and_then(|curves| curves.confusion.as_ref());
        confusion.is_some_and(|confusion| confusion.labels.len() == 2)
    }

    /// What is kept beside the columns, as JSON.
    pub(super) fn detail(&self) -> Result<String> {
        let details = Details {
            replicates: self.replicates,
            weighted: self.weighted,
            clusters: self.clusters,
            pos_label: self.pos_label.clone(),
            threshold: self.threshold,
            curves: self.curves.clone(),
        };
        serde_json::to_string(&details)
            .map_err(|error| Detail::Internal(format!("details have no JSON: {error}")).into())
    }

    /// A measurement of which only that is known.
    pub(super) fn of_detail(detail: &str) -> Result<Self> {
        let Details { replicates, weighted, clusters, pos_label, threshold, curves } =
            serde_json::from_str(detail).map_err(|_| damaged("detail"))?;
        let rest = Self::default();
        Ok(Self { replicates, weighted, clusters, pos_label, threshold, curves, ..rest })
    }
}

impl MetricValue {
    fn check(&mut self, task: Task, is_binary: bool, rows: i64) -> Result<()> {
        check_metric(&self.metric)?;
        Metric::of(&self.metric, task).check_task()?;
        let metric = self.metric.clone();
        let wrong = |why: &str| -> Result<()> {
            Err(Detail::InvalidArgument(format!("metric `{metric}` {why}")).into())
        };
        Slice::check(self.slice.as_ref())?;
        check_count(self.rows, "`rows` of a metric")?;
        if self.rows > rows {
            return wrong("is of more rows than there are");
        }
        let numbers = [&mut self.value, &mut self.lower, &mut self.upper];
        for number in numbers.into_iter().flatten() {
            plain(number, &format!("metric `{}`", self.metric))?;
        }
        if self.rows == 0 && self.value.is_some() {
            return wrong("has a value of no rows");
        }
        let of = Metric { name: &self.metric, task, is_binary };
        self.value.map_or(Ok(()), |value| of.check(value, "metric"))?;
        for bound in [self.lower, self.upper].into_iter().flatten() {
            of.check(bound, "a bound of metric")?;
        }
        for text in [&self.method, &self.undefined, &self.no_interval].into_iter().flatten() {
            name(text, "the method or reason of a metric")?;
        }
        if self.no_interval.is_some() && (self.value.is_none() || self.lower.is_some()) {
            return wrong("has a `no_interval`, which is for a value without bounds; leave it out");
        }
        match (self.value, &self.undefined, self.lower, self.upper) {
            (Some(_), Some(_), ..) => wrong("has a value and is undefined; expected one of both"),
            (None, None, ..) => wrong("has no value; say why in `undefined`"),
            (None, Some(_), None, None) | (Some(_), None, None, None) => Ok(()),
            (Some(value), None, Some(lower), Some(upper))
                if goes_with(value, lower, upper, self.method.as_deref()) =>
            {
                Ok(())
            }
            _ => wrong(
                "has bounds that do not go together; expected `lower` and `upper` in order, around the value unless `method` is a bootstrap",
            ),
        }
    }
}
