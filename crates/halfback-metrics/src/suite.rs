//! What a task is measured by: its set of metrics with an interval each, in a few passes over
//! columns that were checked once; and any of them compared between two models on the same rows.

mod basis;
mod binary;
mod multiclass;
mod own;
mod paired;
mod prepared;
mod regression;
mod resampled;
mod table;

use serde::{Deserialize, Serialize};

use crate::column::{Label, Labels, Matrix, Scores, Weights, finite, rows};
use crate::encode::{encode, positives};
use crate::error::{Error, Metric, Result};
use crate::interval::{Interval, outside};
use crate::score::within_unit;

pub use multiclass::probabilities;
pub use paired::Compared;
use prepared::Prepared;
pub(crate) use resampled::is_enough;

/// How an interval came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// Wilson's score interval for a share of rows (1927).
    Wilson,
    /// Wilson's interval of the Jaccard index, of which the F score is a function that rises.
    WilsonJaccard,
    /// Wilson's intervals of the shares of each class, put together as by Zou and Donner (2008).
    MeanOfWilson,
    /// The delta method over the cells of the confusion matrix.
    Delta,
    /// DeLong's variance (1988) with Student's t on the scale of log odds.
    DelongLogit,
    /// The interval on the scale of log odds of Boyd, Eng and Page (2013).
    Logit,
    /// Student's t on the mean over rows (1908), or on what the metric is a function of.
    StudentT,
    /// Two order statistics, by the binomial distribution.
    OrderStatistics,
    /// Percentiles of a Poisson bootstrap over the rows.
    Bootstrap,
    /// The same within strata.
    StratifiedBootstrap,
    /// Percentiles of a Poisson bootstrap over clusters of rows.
    ClusterBootstrap,
    /// The same within strata.
    StratifiedClusterBootstrap,
    /// DeLong's variance of the difference of two areas (1988).
    Delong,
    /// Tango's score interval (1998); of no difference `McNemar`'s mid-p value.
    McnemarTango,
    /// Percentiles of a Poisson bootstrap that draws the rows of both models together.
    PairedBootstrap,
    /// The same within strata.
    PairedStratifiedBootstrap,
    /// Percentiles of a Poisson bootstrap that draws clusters of rows of both models together.
    PairedClusterBootstrap,
    /// The same within strata.
    PairedStratifiedClusterBootstrap,
}

/// A metric of the set.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Its name.
    pub name: &'static str,
    /// Its value, or why it stands for nothing.
    pub metric: Metric,
    /// Its interval; none where it is undefined, and where the rows do not tell one.
    pub interval: Option<Interval>,
    /// Why there is a value and no interval.
    pub no_interval: Option<NoInterval>,
    /// How intervals of this metric come about; none where it has none.
    pub method: Option<Method>,
}

/// Why a metric has a value and no interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoInterval {
    /// Rows, those of a class, or clusters are too few for the level.
    TooFewUnits,
    /// The resamples that have a value do not reach as far as the bounds.
    TooFewResamples,
    /// More than half of the resamples do not have what the metric needs.
    UndefinedResamples,
    /// The rows, or their resamples, have no variance to tell an interval by.
    NoVariance,
    /// A bound is beyond the largest number.
    TooLarge,
}

/// An interval, or why there is none.
type Told = std::result::Result<Interval, NoInterval>;

impl Measured {
    /// A metric with what is told of its interval, where it is defined.
    fn new(name: &'static str, metric: Metric, told: Told, method: Method) -> Self {
        let told = metric.undefined.is_none().then_some(told);
        let interval = told.and_then(Told::ok);
        Self { name, metric, interval, no_interval: told.and_then(Told::err), method: Some(method) }
    }
}

/// How intervals are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The confidence level, within (0, 1).
    pub level: f64,
    /// Resamples, where a bootstrap is needed.
    pub replicates: u32,
    /// The seed of resamples.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { level: 0.95, replicates: 1_000, seed: 0 }
    }
}

/// How a classification is read.
#[derive(Clone, Copy, Debug)]
pub struct Binary<'a> {
    /// The positive class; may be left out where labels are from {0, 1} or {-1, 1}.
    pub pos_label: Option<&'a Label>,
    /// Where only probabilities are given: from this one on, positive is predicted.
    pub threshold: f64,
}

impl Default for Binary<'_> {
    fn default() -> Self {
        Self { pos_label: None, threshold: 0.5 }
    }
}

/// Columns of one task, checked.
#[derive(Clone, Debug)]
pub struct Suite {
    columns: Columns,
    /// The distance from 1 to the next number of the scores' precision.
    epsilon: f64,
    weights: Option<Vec<f64>>,
    /// The numbers of the rows in the whole, or their clusters, by which resamples draw them.
    keys: Vec<u64>,
    is_clustered: bool,
    strata: Option<Vec<u32>>,
}

#[derive(Clone, Debug)]
enum Columns {
    Binary {
        truth: Vec<bool>,
        predicted: Option<Vec<bool>>,
        scores: Option<Vec<f64>>,
        probabilities: bool,
        by_threshold: bool,
    },
    Multiclass {
        classes: Vec<Label>,
        truth: Vec<u32>,
        predicted: Vec<u32>,
        /// Row after row.
        scores: Option<Vec<f64>>,
    },
    Regression {
        truth: Vec<f64>,
        predicted: Vec<f64>,
    },
}

impl Suite {
    /// Two classes, with predicted labels, scores or both. Scores that all lie within [0, 1] are
    /// taken as probabilities of the positive class.
    pub fn binary(
        y_true: Labels<'_>,
        y_pred: Option<Labels<'_>>,
        y_score: Option<Scores<'_>>,
        sample_weight: Weights<'_>,
        how: Binary<'_>,
    ) -> Result<Self> {
        let n = y_true.len();
        rows(n, ("y_true", n), sample_weight)?;
        check_threshold(how.threshold)?;
        let truth = positives(y_true, how.pos_label)?;
        let named = [("y_true", Some(y_true)), ("y_pred", y_pred)];
        let given: Vec<(&'static str, Labels<'_>)> =
            named.into_iter().filter_map(|(name, column)| Some((name, column?))).collect();
        let classes = encode(&given)?.classes;
        let found = classes.len();
        let unknown = |label: &&Label| found == 2 && !classes.contains(label);
        if let Some(label) = how.pos_label.filter(unknown) {
            let label = label.to_string();
            return Err(Error::UnknownLabel { argument: "pos_label", label });
        }
        if found > 2 {
            return Err(Error::Classes {
                argument: given[given.len() - 1].0,
                found,
                expected: "two",
            });
        }
        let mut predicted = None;
        if let Some(y_pred) = y_pred {
            rows(n, ("y_pred", y_pred.len()), None)?;
            predicted = Some(positives(y_pred, how.pos_label)?);
        }
        let epsilon = y_score.map_or(f64::EPSILON, |scores| scores.epsilon());
        // As the precision of the scores writes it, so that 0.7 reaches 0.7.
        let is_single = matches!(y_score, Some(Scores::F32(_)));
        let threshold = if is_single { f64::from(how.threshold as f32) } else { how.threshold };
        let scores = y_score.map(|scores| checked_scores(n, scores)).transpose()?;
        let within = |scores: &Vec<f64>| within_unit("y_score", scores).is_ok();
        let probabilities = scores.as_ref().is_some_and(within);
        let by_threshold = predicted.is_none() && probabilities;
        if let (true, Some(scores)) = (by_threshold, &scores) {
            predicted = Some(scores.iter().map(|&score| score >= threshold).collect());
        }
        if predicted.is_none() && scores.is_none() {
            return Err(Error::Choice { argument: "y_pred", expected: "labels, or scores" });
        }
        let columns = Columns::Binary { truth, predicted, scores, probabilities, by_threshold };
        Ok(Self { epsilon, ..Self::new(columns, sample_weight, n)? })
    }

    /// Several classes, with predicted labels, a table of probabilities, or both. `labels` are the
    /// classes of the table's columns in ascending order, where the truth does not have them all.
    pub fn multiclass(
        y_true: Labels<'_>,
        y_pred: Option<Labels<'_>>,
        y_score: Option<Matrix<'_>>,
        sample_weight: Weights<'_>,
        labels: Option<&[Label]>,
    ) -> Result<Self> {
        let n = y_true.len();
        rows(n, ("y_true", n), sample_weight)?;
        if let Some(y_pred) = y_pred {
            rows(n, ("y_pred", y_pred.len()), None)?;
        }
        let (classes, truth, labelled) = multiclass::codes(y_true, y_pred, labels)?;
        let epsilon = y_score.map_or(f64::EPSILON, |table| table.values().epsilon());
        let scores =
            y_score.map(|table| multiclass::probabilities(table, n, classes.len())).transpose()?;
        let predicted = match (labelled, &scores) {
            (Some(predicted), _) => predicted,
            (None, Some(scores)) => multiclass::likeliest(scores, classes.len()),
            (None, None) => {
                return Err(Error::Choice { argument: "y_pred", expected: "labels, or scores" });
            }
        };
        let columns = Columns::Multiclass { classes, truth, predicted, scores };
        Ok(Self { epsilon, ..Self::new(columns, sample_weight, n)? })
    }

    /// Numbers.
    pub fn regression(
        y_true: Scores<'_>,
        y_pred: Scores<'_>,
        sample_weight: Weights<'_>,
    ) -> Result<Self> {
        let n = y_true.len();
        rows(n, ("y_pred", y_pred.len()), sample_weight)?;
        let (truth, predicted) = (y_true.to_f64().into_owned(), y_pred.to_f64().into_owned());
        finite("y_true", &truth)?;
        finite("y_pred", &predicted)?;
        Self::new(Columns::Regression { truth, predicted }, sample_weight, n)
    }

    fn new(columns: Columns, weights: Weights<'_>, rows: usize) -> Result<Self> {
        let largest = weights.unwrap_or_default().iter().copied().fold(0.0, f64::max);
        // Products of two and of four sums neither vanish nor overflow.
        if largest != 0.0 && !(1e-60..=1e60).contains(&largest) {
            let expected = "the largest weight within 1e-60 and 1e60";
            return Err(Error::OutOfRange { argument: "sample_weight", found: largest, expected });
        }
        Ok(Self {
            columns,
            epsilon: f64::EPSILON,
            weights: weights.map(<[f64]>::to_vec),
            keys: (0..rows as u64).collect(),
            is_clustered: false,
            strata: None,
        })
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.keys.len()
    }

    /// Whether labels were predicted by a threshold on probabilities.
    pub fn is_by_threshold(&self) -> bool {
        matches!(self.columns, Columns::Binary { by_threshold: true, .. })
    }

    /// Whether the scores of two classes are probabilities.
    pub fn has_probabilities(&self) -> bool {
        match &self.columns {
            Columns::Binary { probabilities, .. } => *probabilities,
            Columns::Multiclass { scores, .. } => scores.is_some(),
            Columns::Regression { .. } => false,
        }
    }

    /// The truth and the scores of two classes.
    pub fn binary_scores(&self) -> Option<(&[bool], &[f64])> {
        match &self.columns {
            Columns::Binary { truth, scores: Some(scores), .. } => Some((truth, scores)),
            _ => None,
        }
    }

    /// The classes, the class of each row, and its scores, row after row.
    pub fn multiclass_scores(&self) -> Option<(&[Label], &[u32], &[f64])> {
        match &self.columns {
            Columns::Multiclass { classes, truth, scores: Some(scores), .. } => {
                Some((classes, truth, scores))
            }
            _ => None,
        }
    }

    /// The counts of a classification, row after row: true class, predicted class. Of two classes,
    /// the negative one comes first.
    pub fn counts(&self) -> Option<(Option<&[Label]>, Vec<f64>)> {
        let cells = Prepared::of(self, None).cells(self.weights.as_deref())?;
        match &self.columns {
            Columns::Multiclass { classes, .. } => Some((Some(classes), cells)),
            _ => Some((None, cells)),
        }
    }

    /// Some of the rows, by their places here.
    #[must_use]
    pub fn select(&self, chosen: &[u32]) -> Self {
        fn pick<T: Copy>(column: &[T], chosen: &[u32]) -> Vec<T> {
            chosen.iter().map(|&row| column[row as usize]).collect()
        }
        let table = |table: &Vec<f64>, columns: usize| -> Vec<f64> {
            let row = |&row: &u32| &table[row as usize * columns..][..columns];
            chosen.iter().flat_map(row).copied().collect()
        };
        let columns = match &self.columns {
            Columns::Binary { truth, predicted, scores, probabilities, by_threshold } => {
                Columns::Binary {
                    truth: pick(truth, chosen),
                    predicted: predicted.as_deref().map(|column| pick(column, chosen)),
                    scores: scores.as_deref().map(|column| pick(column, chosen)),
                    probabilities: *probabilities,
                    by_threshold: *by_threshold,
                }
            }
            Columns::Multiclass { classes, truth, predicted, scores } => Columns::Multiclass {
                truth: pick(truth, chosen),
                predicted: pick(predicted, chosen),
                scores: scores.as_ref().map(|scores| table(scores, classes.len())),
                classes: classes.clone(),
            },
            Columns::Regression { truth, predicted } => Columns::Regression {
                truth: pick(truth, chosen),
                predicted: pick(predicted, chosen),
            },
        };
        Self {
            columns,
            epsilon: self.epsilon,
            weights: self.weights.as_deref().map(|column| pick(column, chosen)),
            keys: pick(&self.keys, chosen),
            is_clustered: self.is_clustered,
            strata: self.strata.as_deref().map(|column| pick(column, chosen)),
        }
    }

    /// The names of the metrics that these columns have, in the order of [`Suite::measure`].
    pub fn names(&self) -> Vec<&'static str> {
        match &self.columns {
            Columns::Binary { predicted, scores, probabilities, .. } => {
                binary::names(predicted.is_some(), scores.is_some(), *probabilities)
            }
            Columns::Multiclass { scores, .. } => multiclass::names(scores.is_some()),
            Columns::Regression { .. } => regression::NAMES.to_vec(),
        }
    }

    /// The metrics with their intervals: by formulas, and with weights, clusters or strata by a
    /// bootstrap.
    pub fn measure(&self, settings: &Settings) -> Result<Vec<Measured>> {
        outside(settings.level)?;
        self.check_weights()?;
        let names = self.names();
        let prepared = Prepared::of(self, None);
        crate::stop::after(prepared.work())?;
        if self.is_resampled() {
            return self.measure_resampled(&names, &prepared, settings);
        }
        match &self.columns {
            Columns::Binary { .. } => binary::measure(&names, &prepared, settings.level),
            Columns::Multiclass { .. } => multiclass::measure(&names, &prepared, settings.level),
            Columns::Regression { truth, predicted } => {
                regression::measure(truth, predicted, &prepared, settings.level)
            }
        }
    }
}

/// Whether more of a metric is better; nothing where neither is.
pub fn higher_is_better(metric: &str) -> Option<bool> {
    const LOWER: [&str; 6] = ["log_loss", "brier", "mae", "rmse", "median_absolute_error", "mape"];
    if metric == "bias" { None } else { Some(!LOWER.contains(&metric)) }
}

/// The least and the most that a metric can be, of two classes or of more; nothing of a name that no
/// task has.
pub fn range(metric: &str, is_binary: bool) -> Option<(f64, f64)> {
    const ANY: f64 = f64::INFINITY;
    is_metric(metric).then_some(match metric {
        "bias" => (-ANY, ANY),
        "r2" => (-ANY, 1.0),
        "log_loss" | "mae" | "rmse" | "median_absolute_error" | "mape" => (0.0, ANY),
        "matthews" | "kappa" => (-1.0, 1.0),
        "brier" if !is_binary => (0.0, 2.0),
        _ => (0.0, 1.0),
    })
}

/// Whether a metric of any task has this name.
pub fn is_metric(name: &str) -> bool {
    let all =
        [binary::names(true, true, true), multiclass::names(true), regression::NAMES.to_vec()];
    all.concat().contains(&name)
}

/// Whether a metric of a regression has this name.
pub fn is_of_regression(name: &str) -> bool {
    regression::NAMES.contains(&name)
}

fn checked_scores(rows: usize, scores: Scores<'_>) -> Result<Vec<f64>> {
    crate::column::same_length("y_score", scores.len(), rows)?;
    let scores = scores.to_f64().into_owned();
    finite("y_score", &scores)?;
    Ok(scores)
}

fn check_threshold(found: f64) -> Result<()> {
    if found.is_finite() {
        return Ok(());
    }
    Err(Error::OutOfRange { argument: "threshold", found, expected: "a finite number" })
}

/// A mean and its standard error; none for fewer than two rows or without variance.
fn mean_and_error(values: &[f64]) -> std::result::Result<(f64, f64), NoInterval> {
    let n = values.len() as f64;
    if values.len() < 2 {
        return Err(NoInterval::TooFewUnits);
    }
    let (least, most) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &it| (low.min(it), high.max(it)));
    // No more than the last digits of a loss are rounded by.
    if most - least <= 1e-14 * least.abs().max(most.abs()) {
        return Err(NoInterval::NoVariance);
    }
    let mean = crate::sum::total(values) / n;
    let squares = crate::sum::sum(values.len(), |row| (values[row] - mean).powi(2));
    let error = (squares / (n - 1.0) / n).sqrt();
    if error.is_finite() { Ok((mean, error)) } else { Err(NoInterval::TooLarge) }
}

/// Student's interval around an estimate from this many rows, cut to where the metric lies.
fn student(
    estimate: f64,
    error: f64,
    rows: usize,
    level: f64,
    (least, most): (f64, f64),
) -> Result<Interval> {
    let reach = crate::interval::student(level, rows as f64 - 1.0)? * error;
    let (lower, upper) = ((estimate - reach).max(least), (estimate + reach).min(most));
    Ok(Interval { estimate, lower, upper, level })
}
