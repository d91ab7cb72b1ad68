//! The numbers: the metrics of a task over all rows, and those of each slice.

use halfback_metrics::{Error, Measured, Metric, Reason, Settings, Suite, higher_is_better};
use halfback_store::error::{Detail, Result};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::curve;
use super::own::Own;
use super::reading::Reading;
use super::record::{Dataset, EXACT, Measurement, MetricValue, Slice, Task, check_level};
use super::sample::{Sample, slices};
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
    let y_score = sample.y_score.map(|scores| scores.ordered(ordered.as_ref()));
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
