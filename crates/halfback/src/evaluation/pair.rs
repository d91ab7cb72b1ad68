//! Two models on the same rows: the numbers of a comparison.

use halfback_metrics::{self as metrics, Compared, Difference, Judgement, Method, Question, Suite};
use halfback_store::artifact::Digest;
use halfback_store::error::{Detail, Error, Result};
use halfback_store::name::shown;

use serde::Deserialize;

use super::comparison::{Adjustment, Alternative, ComparedSlice, PairedMeasurement, Verdict};
use super::measure::{
    check_options, check_reach, check_rows, code, library, refused, replicates, usual_metric,
};
use super::own::Own;
use super::range::Metric;
use super::reading::{Columns, Reading, label};
use super::record::{Dataset, EXACT, Slice, Task};
use super::sample::{Column, ColumnDigest, Held, slices};
use super::scores::Scores;
use crate::catalog::version::Param;

/// What a model predicts for the rows of a [`PairedSample`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Predictions<'a> {
    /// What it predicts: a class or a number.
    pub y_pred: Option<Column<'a>>,
    /// Its scores, as in [`Sample`](super::Sample).
    pub y_score: Option<Scores<'a>>,
}

/// The predictions of two models on the same rows, and what is true.
#[derive(Debug, Clone, Default)]
pub struct PairedSample<'a> {
    /// What is true of each row: a class or a number.
    pub y_true: Column<'a>,
    /// What the candidate predicts.
    pub candidate: Predictions<'a>,
    /// What the baseline predicts.
    pub baseline: Predictions<'a>,
    /// How much each row counts.
    pub weights: Option<&'a [f64]>,
    /// The cluster of each row, as in [`Sample`](super::Sample).
    pub clusters: Option<Column<'a>>,
    /// The stratum of each row, as in [`Sample`](super::Sample).
    pub strata: Option<Column<'a>>,
    /// Columns whose values make slices, by name.
    pub slices: Vec<(&'a str, Column<'a>)>,
}

impl<'a> Predictions<'a> {
    /// With the columns of its scores in another order, if there is one.
    fn ordered(self, scores: Option<&'a Held<'_>>) -> Self {
        Self { y_score: self.y_score.map(|table| table.ordered(scores)), ..self }
    }
}

impl<'a> PairedSample<'a> {
    fn columns(&self, predictions: Predictions<'a>) -> Columns<'a> {
        let Predictions { y_pred, y_score } = predictions;
        let Self { y_true, weights, clusters, strata, .. } = *self;
        Columns { y_true, y_pred, y_score, weights, clusters, strata }
    }
}

/// How two models are compared.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CompareOptions {
    /// The task; guessed where absent, as in [`EvaluateOptions`](super::EvaluateOptions).
    pub task: Option<Task>,
    /// The metric; where absent the area under the ROC curve, else accuracy, and the root of the mean
    /// squared error of a regression.
    pub metric: Option<String>,
    /// What the rows are of.
    pub dataset: Option<Dataset>,
    /// What is to be shown.
    pub alternative: Alternative,
    /// The difference that matters, in the unit of the metric, zero or more.
    pub margin: f64,
    /// How p-values of slices are adjusted for their number.
    pub adjustment: Adjustment,
    /// The positive class; may be left out where labels are from {0, 1} or {-1, 1}.
    pub pos_label: Option<Param>,
    /// The classes in ascending order, where the truth does not have them all.
    pub labels: Vec<Param>,
    /// Where only probabilities are given: from this one on, positive is predicted.
    pub threshold: f64,
    /// The confidence level.
    pub level: f64,
    /// Resamples, where a bootstrap is needed: 2 / (1 - level) - 1 at least.
    #[serde(deserialize_with = "replicates")]
    pub replicates: u32,
    /// The seed of resamples.
    pub seed: u64,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self {
            task: None,
            metric: None,
            dataset: None,
            alternative: Alternative::default(),
            margin: 0.0,
            adjustment: Adjustment::default(),
            pos_label: None,
            labels: Vec::new(),
            threshold: 0.5,
            level: 0.95,
            replicates: 2_000,
            seed: 0,
        }
    }
}

/// Compares the predictions of two models on the same rows by one metric: areas by DeLong, accuracy
/// by `McNemar` and Tango, and else, or with weights, clusters or strata, by a bootstrap of both
/// together.
///
/// Slices are judged together, adjusted for their number. Whatever is wrong with the rows fails with
/// the code `invalid_argument`, and names the argument.
pub fn measure_pair(
    sample: &PairedSample<'_>,
    options: &CompareOptions,
) -> Result<PairedMeasurement> {
    measure_pair_with(sample, options, None)
}

/// [`measure_pair`], by a metric of the caller's own and whether more of it is better.
pub(super) fn measure_pair_with(
    sample: &PairedSample<'_>,
    options: &CompareOptions,
    own: Option<(Own<'_>, bool)>,
) -> Result<PairedMeasurement> {
    let (mut own, direction) = own.unzip();
    check_options(options.level, options.seed, options.replicates)?;
    let rows = check_rows(sample.y_true.len())?;
    let groups = slices(&sample.slices, sample.y_true.len())?;
    let mut reading = Reading {
        task: options.task,
        pos_label: options.pos_label.as_ref().map(label),
        labels: options.labels.iter().map(label).collect(),
        threshold: options.threshold,
    };
    let [candidate, baseline] = [("candidate", sample.candidate), ("baseline", sample.baseline)]
        .map(|(whose, predictions)| {
            let ordered = reading.ordered(&sample.columns(predictions));
            ordered.map_err(|error| error.within(whose))
        });
    let (candidate, baseline) = (candidate?, baseline?);
    let sample = &PairedSample {
        candidate: sample.candidate.ordered(candidate.as_ref()),
        baseline: sample.baseline.ordered(baseline.as_ref()),
        ..sample.clone()
    };
    let suite = |reading: &Reading, predictions: Predictions<'_>, whose: &str| {
        reading.suite(&sample.columns(predictions)).map_err(|error| error.within(whose))
    };
    let (task, candidate) = suite(&reading, sample.candidate, "candidate")?;
    reading.task = Some(task);
    let (_, baseline) = suite(&reading, sample.baseline, "baseline")?;
    let metric = match &options.metric {
        Some(metric) => metric.clone(),
        None => usual_metric(task, &candidate).to_owned(),
    };
    let better = direction.or_else(|| metrics::higher_is_better(&metric));
    let question = Question {
        alternative: options.alternative.into(),
        margin: options.margin,
        level: options.level,
        higher_is_better: better.unwrap_or(true),
    };
    question.check().map_err(refused)?;
    Metric::of(&metric, task).check_margin(options.margin)?;
    let is_by_formula = own.is_none() && candidate.is_by_formula(&metric);
    if !is_by_formula {
        check_reach(options.level, options.replicates)?;
    }
    let mut compare = |slice: Option<(Slice, &[u32])>, candidate: &Suite, baseline: &Suite| {
        let (slice, chosen) = slice.unzip();
        let CompareOptions { replicates, seed, .. } = *options;
        let compared = match &mut own {
            Some(own) => own.compare(&metric, candidate, chosen, replicates, seed)?,
            None => candidate.compare(baseline, &metric, replicates, seed),
        };
        let (compared, unknown) = match compared {
            Err(metrics::Error::ZeroWeights) => (None, "all rows have a weight of zero".into()),
            Err(error) => return Err(named(error, &metric, candidate, baseline)),
            Ok(compared) => {
                let unknown = unknown(&compared, candidate.is_one_cluster());
                (Some(compared), unknown)
            }
        };
        let rows = i64::try_from(candidate.rows()).unwrap_or(EXACT);
        Ok(Part { slice, rows, compared, unknown })
    };
    let overall = compare(None, &candidate, &baseline)?;
    let method = overall.compared.as_ref().map(|compared| compared.method);
    let mut results = judged(&question, &[overall], metrics::Adjustment::Holm)?;
    let mut parts = Vec::new();
    for (slice, chosen) in groups {
        let [candidate, baseline] = [&candidate, &baseline].map(|suite| suite.select(&chosen));
        parts.push(compare(Some((slice, &chosen)), &candidate, &baseline)?);
    }
    results.extend(judged(&question, &parts, options.adjustment.into())?);
    PairedMeasurement {
        task,
        metric,
        higher_is_better: direction,
        dataset: options.dataset.clone(),
        rows,
        data_digest: data_digest(sample).to_string(),
        alternative: options.alternative,
        margin: options.margin,
        adjustment: options.adjustment,
        seed: i64::try_from(options.seed).unwrap_or(EXACT),
        replicates: (!is_by_formula).then_some(options.replicates.into()),
        level: options.level,
        method: method.as_ref().map(code).unwrap_or_default(),
        library: library(),
        weighted: sample.weights.is_some(),
        clusters: candidate.clusters().map(|clusters| i64::try_from(clusters).unwrap_or(EXACT)),
        results,
    }
    .checked()
}

/// An unknown metric with those that there are.
fn named(error: metrics::Error, metric: &str, candidate: &Suite, baseline: &Suite) -> Error {
    if error.argument() != "metric" {
        return refused(error);
    }
    let known: Vec<&str> = candidate
        .names()
        .into_iter()
        .filter(|name| baseline.names().contains(name))
        .filter(|name| metrics::higher_is_better(name).is_some())
        .collect();
    Detail::InvalidArgument(format!(
        "`metric` is `{}`, expected one of {}",
        shown(metric),
        known.join(", ")
    ))
    .into()
}

fn data_digest(sample: &PairedSample<'_>) -> Digest {
    let mut digest = ColumnDigest::default();
    digest.column("y_true", Some(sample.y_true));
    for predictions in [sample.candidate, sample.baseline] {
        digest.column("y_pred", predictions.y_pred);
        digest.column("y_score", predictions.y_score.map(|scores| scores.values));
    }
    for &(name, column) in &sample.slices {
        digest.column(name, Some(column));
    }
    let weights = sample.weights.map(Column::Float);
    let (clusters, strata) = (sample.clusters, sample.strata);
    digest.drawn(&[("weights", weights), ("clusters", clusters), ("strata", strata)]);
    digest.finish()
}

/// What was found on some rows.
struct Part {
    slice: Option<Slice>,
    rows: i64,
    /// None where no row has a weight.
    compared: Option<Compared>,
    /// Why there is no difference, where there is none.
    unknown: String,
}

impl Part {
    fn difference(&self) -> Option<&Difference> {
        self.compared.as_ref()?.difference.as_ref()
    }
}

/// Judges parts together; those without a difference say why.
fn judged(
    question: &Question,
    parts: &[Part],
    adjustment: metrics::Adjustment,
) -> Result<Vec<ComparedSlice>> {
    let known: Vec<Difference> =
        parts.iter().filter_map(|part| part.difference().cloned()).collect();
    let mut judgements = question.judge(&known, adjustment).map_err(refused)?.into_iter();
    let result = |part: &Part| {
        let judgement = part.difference().and_then(|_| judgements.next());
        let value = |of: fn(&Compared) -> metrics::Metric| {
            let metric = of(part.compared.as_ref()?);
            metric.defined().ok().filter(|it| it.is_finite())
        };
        let interval = judgement.as_ref().and_then(|judgement| judgement.interval);
        let (verdict, reason) = match &judgement {
            Some(Judgement { verdict, reason, .. }) => ((*verdict).into(), reason.clone()),
            None => (Verdict::Inconclusive, part.unknown.clone()),
        };
        ComparedSlice {
            slice: part.slice.clone(),
            rows: part.rows,
            candidate_value: value(|both| both.first),
            baseline_value: value(|both| both.second),
            difference: part.difference().map(Difference::estimate),
            lower: interval.map(|interval| interval.lower),
            upper: interval.map(|interval| interval.upper),
            p_value: judgement.as_ref().and_then(|judgement| judgement.p_value),
            adjusted_p_value: judgement.as_ref().and_then(|judgement| judgement.adjusted_p_value),
            verdict,
            reason,
        }
    };
    Ok(parts.iter().map(result).collect())
}

/// Why a difference is not known.
fn unknown(compared: &Compared, is_one_cluster: bool) -> String {
    let undefined = compared.first.undefined.or(compared.second.undefined);
    if let Some(undefined) = undefined {
        return format!("the metric is undefined: {}", undefined.reason);
    }
    match compared.method {
        _ if is_one_cluster => "all rows are of one cluster".into(),
        Method::McnemarTango | Method::Delong => "there are too few rows of a class".into(),
        _ => "too few resamples have what the metric needs".into(),
    }
}

impl From<Alternative> for metrics::Alternative {
    fn from(alternative: Alternative) -> Self {
        match alternative {
            Alternative::Difference => Self::Difference,
            Alternative::Superiority => Self::Superiority,
            Alternative::NonInferiority => Self::NonInferiority,
            Alternative::Equivalence => Self::Equivalence,
        }
    }
}

impl From<Adjustment> for metrics::Adjustment {
    fn from(adjustment: Adjustment) -> Self {
        match adjustment {
            Adjustment::Holm => Self::Holm,
            Adjustment::BenjaminiHochberg => Self::BenjaminiHochberg,
            Adjustment::BenjaminiYekutieli => Self::BenjaminiYekutieli,
        }
    }
}

impl From<metrics::Verdict> for Verdict {
    fn from(verdict: metrics::Verdict) -> Self {
        match verdict {
            metrics::Verdict::Better => Self::Better,
            metrics::Verdict::Worse => Self::Worse,
            metrics::Verdict::Equivalent => Self::Equivalent,
            metrics::Verdict::NonInferior => Self::NonInferior,
            metrics::Verdict::Inconclusive => Self::Inconclusive,
        }
    }
}
