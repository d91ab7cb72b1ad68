//! What a comparison says: the record, its parts, and what they must be to be kept.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use halfback_metrics::{Question, higher_is_better, is_metric};
use halfback_store::artifact::Digest;
use halfback_store::error::{Detail, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::claim::Claims;
use crate::evaluation::measure::{code, refused};
use crate::evaluation::range::{Metric, SHARE, within};
use crate::evaluation::record::{
    Dataset, Slice, Task, check_clusters, check_count, check_level, check_metric, check_replicates,
    damaged, plain,
};
use crate::evaluation::{name, words};

/// Slices of one comparison.
const MOST_RESULTS: usize = 10_000;

/// What is to be shown of the candidate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Alternative {
    /// That it differs from the baseline; with a margin, else that both are equivalent.
    #[default]
    Difference,
    /// That it is better, by more than the margin.
    Superiority,
    /// That it is not worse by the margin or more.
    NonInferiority,
    /// That it is neither better nor worse by the margin or more.
    Equivalence,
}

/// How p-values of slices are adjusted for their number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Adjustment {
    /// The chance of any false finding is held (Holm 1979).
    #[default]
    Holm,
    /// The share of false findings is held, where slices do not overlap (Benjamini and Hochberg 1995).
    BenjaminiHochberg,
    /// The share of false findings is held, for any slices (Benjamini and Yekutieli 2001).
    BenjaminiYekutieli,
}

/// What can be said of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is better.
    Better,
    /// It is worse.
    Worse,
    /// It differs by less than the margin.
    Equivalent,
    /// It is not worse by the margin or more.
    NonInferior,
    /// The rows do not tell.
    Inconclusive,
}

/// Two versions measured on the same rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// The id.
    pub id: i64,
    /// The URI of the version that is to be judged.
    pub candidate: String,
    /// Its id, which outlives its name.
    pub candidate_id: i64,
    /// The URI of the version that it is held against.
    pub baseline: String,
    /// Its id, which outlives its name.
    pub baseline_id: i64,
    /// What can be said over all rows.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// The SHA-256 of the measurement as JSON: the same rows and settings give the same.
    pub digest: String,
    /// What was measured.
    #[serde(flatten)]
    pub measurement: PairedMeasurement,
    /// The commit that kept it.
    pub commit: i64,
    /// When that was.
    pub recorded_at: DateTime<Utc>,
    /// Who kept it; none once the name was erased.
    pub recorded_by: Option<String>,
}

/// One metric of two models on the same rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PairedMeasurement {
    /// What kind of prediction was measured.
    pub task: Task,
    /// The metric, such as `roc_auc`.
    pub metric: String,
    /// Whether more of the metric is better, where it is the caller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub higher_is_better: Option<bool>,
    /// What the rows are of.
    #[serde(default)]
    pub dataset: Option<Dataset>,
    /// How many rows there are.
    pub rows: i64,
    /// The SHA-256 of the columns, `sha256:<hexadecimal>`; docs/evaluation.md says of which bytes.
    pub data_digest: String,
    /// What was to be shown.
    pub alternative: Alternative,
    /// The difference that matters, in the unit of the metric.
    pub margin: f64,
    /// How p-values of slices are adjusted for their number.
    pub adjustment: Adjustment,
    /// The seed of resamples.
    #[serde(default)]
    pub seed: i64,
    /// How many resamples were drawn; none where the differences are told by a formula.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicates: Option<i64>,
    /// The confidence level.
    pub level: f64,
    /// How the differences are told, such as `delong`.
    pub method: String,
    /// The library that measured, such as `halfback 0.1.0`.
    pub library: String,
    /// Whether rows had weights.
    #[serde(default)]
    pub weighted: bool,
    /// How many clusters the rows with a weight are of, where clusters were drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clusters: Option<i64>,
    /// What was found over all rows, and then for each slice.
    pub results: Vec<ComparedSlice>,
}

/// What was found over all rows or for a slice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparedSlice {
    /// The slice; none for all rows.
    #[serde(default)]
    pub slice: Option<Slice>,
    /// How many rows there are.
    pub rows: i64,
    /// The candidate's metric; none where it is undefined.
    #[serde(default)]
    pub candidate_value: Option<f64>,
    /// The baseline's metric; none where it is undefined.
    #[serde(default)]
    pub baseline_value: Option<f64>,
    /// Candidate less baseline.
    #[serde(default)]
    pub difference: Option<f64>,
    /// The lower bound of the difference.
    #[serde(default)]
    pub lower: Option<f64>,
    /// The upper bound of the difference.
    #[serde(default)]
    pub upper: Option<f64>,
    /// The two-sided p-value of what was to be shown: twice that of a one-sided test.
    #[serde(default)]
    pub p_value: Option<f64>,
    /// The p-value adjusted for the number of slices; over all rows the same.
    #[serde(default)]
    pub adjusted_p_value: Option<f64>,
    /// What can be said.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
}

/// The columns of a comparison that are not searched.
#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) replicates: Option<i64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) weighted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) clusters: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) higher_is_better: Option<bool>,
}

/// Writes the words of an enum, which are those of its JSON.
macro_rules! words {
    ($($of:ident: $($variant:ident),+;)+) => {
        $(impl $of {
            pub(super) fn read(word: &str) -> Result<Self> {
                [$(Self::$variant),+]
                    .into_iter()
                    .find(|known| code(known) == word)
                    .ok_or_else(|| damaged("word").into())
            }
        })+
    };
}

words! {
    Alternative: Difference, Superiority, NonInferiority, Equivalence;
    Adjustment: Holm, BenjaminiHochberg, BenjaminiYekutieli;
    Verdict: Better, Worse, Equivalent, NonInferior, Inconclusive;
}

impl PairedMeasurement {
    /// The measurement as it is kept; refused where it says what no measurement can.
    pub(in crate::evaluation) fn checked(mut self) -> Result<Self> {
        let wrong = |why: &str| -> Result<Self> {
            Err(Detail::InvalidArgument(format!("`results` {why}")).into())
        };
        Dataset::check(self.dataset.as_ref())?;
        check_count(self.rows, "`rows`")?;
        check_count(self.seed, "`seed`")?;
        check_replicates(self.replicates)?;
        check_clusters(self.clusters, self.rows)?;
        check_level(self.level)?;
        self.data_digest = self.data_digest.parse::<Digest>()?.to_string();
        check_metric(&self.metric)?;
        name(&self.method, "`method`")?;
        name(&self.library, "`library`")?;
        let metric = Metric::of(&self.metric, self.task);
        metric.check_task()?;
        plain(&mut self.margin, "`margin`")?;
        let direction = if is_metric(&self.metric) {
            Some(higher_is_better(&self.metric).ok_or_else(|| undirected(&self.metric))?)
        } else {
            self.higher_is_better
        };
        let alpha = Question {
            alternative: self.alternative.into(),
            margin: self.margin,
            level: self.level,
            higher_is_better: direction.unwrap_or(true),
        }
        .check()
        .map_err(refused)?;
        metric.check_margin(self.margin)?;
        if self.higher_is_better.is_some() && is_metric(&self.metric) {
            return Err(Detail::InvalidArgument(format!(
                "`higher_is_better` is for a metric of one's own, which `{}` is not; leave it out",
                self.metric
            ))
            .into());
        }
        if self.results.len() > MOST_RESULTS {
            return wrong("has too many slices");
        }
        if self.results.iter().position(|result| result.slice.is_none()) != Some(0) {
            return wrong("begins with what was found over all rows, which has no slice");
        }
        let (alternative, margin, method) = (self.alternative, self.margin, self.method.as_str());
        let claims = Claims { alternative, margin, method, alpha, direction };
        let mut known = BTreeSet::new();
        for result in &mut self.results {
            result.check(metric)?;
            if let Some(why) = claims.contradiction(result) {
                return wrong(&why);
            }
            if result.rows > self.rows {
                return wrong("has a slice of more rows than there are");
            }
            if !known.insert(result.slice.clone()) {
                return wrong("has the same rows twice");
            }
        }
        Ok(self)
    }

    /// What is kept beside the columns, as JSON; none where that is nothing.
    pub(super) fn detail(&self) -> Result<Option<String>> {
        let details = Details {
            replicates: self.replicates,
            weighted: self.weighted,
            clusters: self.clusters,
            higher_is_better: self.higher_is_better,
        };
        if details == Details::default() {
            return Ok(None);
        }
        let json = serde_json::to_string(&details);
        let json = json.map_err(|error| Detail::Internal(format!("details have no JSON: {error}")));
        Ok(Some(json?))
    }
}

impl Details {
    pub(super) fn read(detail: Option<&str>) -> Result<Self> {
        let Some(detail) = detail else { return Ok(Self::default()) };
        serde_json::from_str(detail).map_err(|_| damaged("detail").into())
    }
}

impl ComparedSlice {
    fn check(&mut self, metric: Metric<'_>) -> Result<()> {
        Slice::check(self.slice.as_ref())?;
        check_count(self.rows, "`rows` of a slice")?;
        words(&self.reason, "`reason`")?;
        let numbers = [
            &mut self.candidate_value,
            &mut self.baseline_value,
            &mut self.difference,
            &mut self.lower,
            &mut self.upper,
            &mut self.p_value,
            &mut self.adjusted_p_value,
        ];
        numbers
            .into_iter()
            .flatten()
            .try_for_each(|number| plain(number, "a number of `results`"))?;
        for value in [self.candidate_value, self.baseline_value].into_iter().flatten() {
            metric.check(value, "metric")?;
        }
        self.difference.map_or(Ok(()), |difference| metric.check_difference(difference))?;
        for (p, what) in
            [(self.p_value, "`p_value`"), (self.adjusted_p_value, "`adjusted_p_value`")]
        {
            p.map_or(Ok(()), |p| within(SHARE, p, what))?;
        }
        match self.lower.zip(self.upper) {
            Some((lower, upper)) if lower > upper => Err(Detail::InvalidArgument(format!(
                "the difference of `{}` has a `lower` of {lower} above its `upper` of {upper}",
                metric.name
            ))
            .into()),
            _ => Ok(()),
        }
    }
}

fn undirected(metric: &str) -> Detail {
    Detail::InvalidArgument(format!(
        "`metric` is `{metric}`, of which neither more nor less is better; compare another"
    ))
}
