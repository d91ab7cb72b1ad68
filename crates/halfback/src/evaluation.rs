//! Measured evidence: what versions were measured to be on which rows, with intervals, and how two of
//! them compare.
//!
//! Numbers are computed here from columns that the caller lends ([`Sample`]); a command keeps them
//! and never sees the rows.

mod comparison;
mod curve;
mod measure;
mod own;
mod pair;
mod picture;
mod range;
mod reading;
mod record;
mod sample;
mod scores;
pub(crate) mod wire;

use halfback_store::artifact::Digest;
use halfback_store::error::{Detail, Kind, Result};
use halfback_store::id::{CommitNumber, EntityId};
use halfback_store::merkle::sha256;
use halfback_store::name::{text, text_within};
use halfback_store::schema::{EVALUATION, EVALUATION_METRIC};
use halfback_store::sql::Value;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Privilege;
use crate::access::need::Needs;
use crate::command::{Command, Context, Query, Snapshot};
use crate::page::Page;
use crate::registry::Registry;
use crate::securable::VersionRef;
use crate::view::View;

pub use comparison::{
    Adjustment, Alternative, ComparedSlice, Comparison, GetComparison, ListComparisons,
    PairedMeasurement, RecordComparison, Verdict,
};
pub use measure::{EvaluateOptions, measure};
pub use pair::{CompareOptions, PairedSample, Predictions, measure_pair};
pub use picture::Picture;
pub use record::{
    ClassCurve, ConfusionCounts, Curves, Dataset, Evaluation, Measurement, MetricValue, Point,
    ReliabilityPoint, Slice, Task,
};
pub use sample::{Column, Sample};
pub use scores::Scores;

/// Keeps what was measured of a version, as [`measure`](measure()) gives it. The same measurement of
/// the same version is kept once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordEvaluation {
    /// The version.
    pub version: VersionRef,
    /// What was measured.
    pub measurement: Measurement,
}

/// Gives an evaluation by its id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetEvaluation {
    /// The id.
    pub evaluation: i64,
}

/// Lists the evaluations of a version, the newest first, without their curves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListEvaluations {
    /// The version.
    pub version: VersionRef,
    /// How many entries at most, 1 to 1,000; 100 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// The cursor of the page before; the first page where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl Command for RecordEvaluation {
    const NAME: &'static str = "record_evaluation";
    type Output = Evaluation;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        needs(now, &self.version)
    }

    fn apply(self, context: &mut Context<'_>) -> Result<Evaluation> {
        let (model, version) = context.now().version_ref(&self.version)?;
        let measurement = self.measurement.checked()?;
        let digest = digest_of(&measurement)?;
        let known = context.now().sql.first(
            "SELECT id FROM evaluation WHERE version = ?1 AND digest = ?2 AND until > ?3",
            &[version.into(), Value::from(&digest), CommitNumber::NOW.into()],
            |row| row.id(0),
        )?;
        if let Some(known) = known {
            return context.now().evaluation(known);
        }
        let id = context.tx.new_id();
        context.tx.touch(model)?;
        context.tx.touch(version)?;
        let data: Digest = measurement.data_digest.parse()?;
        let dataset = measurement.dataset.as_ref();
        context.tx.open(
            &EVALUATION,
            &[
                id.into(),
                version.into(),
                measurement.task.word().into(),
                dataset.map(|dataset| &dataset.name).into(),
                dataset.and_then(|dataset| dataset.digest.as_ref()).into(),
                measurement.rows.into(),
                Value::from(data.hash()),
                measurement.seed.into(),
                measurement.level.into(),
                (&measurement.library).into(),
                (&measurement.detail()?).into(),
                Value::from(&digest),
            ],
        )?;
        for (metric, place) in measurement.metrics.iter().zip(0i64..) {
            let (slice, value) = Slice::columns(metric.slice.as_ref());
            context.tx.open(
                &EVALUATION_METRIC,
                &[
                    id.into(),
                    (&metric.metric).into(),
                    slice.into(),
                    value.into(),
                    place.into(),
                    metric.rows.into(),
                    metric.value.into(),
                    metric.lower.into(),
                    metric.upper.into(),
                    metric.method.as_ref().into(),
                    metric.undefined.as_ref().into(),
                    metric.no_interval.as_ref().into(),
                ],
            )?;
        }
        context.now().evaluation(id)
    }
}

impl Query for GetEvaluation {
    const NAME: &'static str = "get_evaluation";
    type Output = Evaluation;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Sight("who sees a version may know what it was measured to be"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Evaluation> {
        let id = EntityId(self.evaluation);
        let version = snapshot.sql.first(
            "SELECT version FROM evaluation WHERE id = ?1 AND until > ?2 AND since <= ?2",
            &[id.into(), snapshot.moment.into()],
            |row| row.id(0),
        )?;
        snapshot.seen_version(version)?.ok_or_else(|| snapshot.absent("evaluation with id", id))?;
        snapshot.evaluation(id)
    }
}

impl Query for ListEvaluations {
    const NAME: &'static str = "list_evaluations";
    type Output = Page<Evaluation>;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Sight("who sees a version may know what it was measured to be"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<Evaluation>> {
        let (_, version) = snapshot.version_ref(&self.version)?;
        let paging = snapshot.paging(self.page_size, self.cursor);
        let query = format!("evaluations {version}");
        let before: i64 = paging.after(&query)?.unwrap_or(i64::MAX);
        let ids = snapshot.sql.all(
            "SELECT id FROM evaluation WHERE version = ?1 AND id < ?2 AND until > ?3 AND since <= ?3 \
             ORDER BY id DESC LIMIT ?4",
            &[version.into(), before.into(), snapshot.moment.into(), paging.limit()?.into()],
            |row| row.id(0),
        )?;
        paging.page(ids, &query, |id| id.0)?.map(|id| {
            let mut evaluation = snapshot.evaluation(id)?;
            evaluation.measurement.curves = None;
            Ok(evaluation)
        })
    }
}

impl Snapshot<'_> {
    /// A version that was found, if it lives at the moment and the session may see it.
    fn seen_version(&mut self, version: Option<EntityId>) -> Result<Option<EntityId>> {
        let Some(version) = version else { return Ok(None) };
        let pin = VersionRef::from(self.pin(version).as_str());
        match self.version_ref(&pin) {
            Ok((_, version)) => Ok(Some(version)),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The record of an evaluation.
    fn evaluation(&mut self, id: EntityId) -> Result<Evaluation> {
        let logged = self.logged;
        let row = self.sql.first(
            "SELECT e.version, e.task, e.dataset, e.dataset_digest, e.rows, e.data_digest, e.seed, e.level, \
             e.library, e.detail, e.digest, e.since, l.time, l.actor FROM evaluation e \
             LEFT JOIN log l ON l.n = e.since WHERE e.id = ?1 AND e.until > ?2 AND e.since <= ?2",
            &[id.into(), self.moment.into()],
            |row| {
                let measurement = Measurement {
                    task: Task::from_word(row.text(1)?)?,
                    dataset: Dataset::read(row, 2)?,
                    rows: row.int(4)?,
                    data_digest: record::digest(row.blob(5)?)?.to_string(),
                    seed: row.int(6)?,
                    level: row.real(7)?,
                    library: row.text(8)?.to_owned(),
                    ..Measurement::of_detail(row.text(9)?)?
                };
                let evaluation = Evaluation {
                    id: id.0,
                    version: String::new(),
                    version_id: row.int(0)?,
                    digest: record::digest(row.blob(10)?)?.to_string(),
                    measurement,
                    commit: row.int(11)?,
                    recorded_at: logged.time(row.opt_int(12)?)?,
                    recorded_by: None,
                };
                Ok((evaluation, logged.actor(row.opt_int(13)?)?))
            },
        )?;
        let (mut evaluation, actor) = row.ok_or_else(|| self.absent("evaluation with id", id))?;
        evaluation.version = self.version(EntityId(evaluation.version_id))?.uri;
        evaluation.recorded_by = self.principal_name(actor)?;
        evaluation.measurement.metrics = self.sql.all(
            "SELECT metric, slice, slice_value, rows, value, lower, upper, method, undefined, no_interval \
             FROM evaluation_metric WHERE evaluation = ?1 AND until > ?2 AND since <= ?2 ORDER BY place",
            &[id.into(), self.moment.into()],
            |row| {
                Ok(MetricValue {
                    metric: row.text(0)?.to_owned(),
                    slice: Slice::read(row, 1)?,
                    rows: row.int(3)?,
                    value: row.opt_real(4)?,
                    lower: row.opt_real(5)?,
                    upper: row.opt_real(6)?,
                    method: row.opt_string(7)?,
                    undefined: row.opt_string(8)?,
                    no_interval: row.opt_string(9)?,
                })
            },
        )?;
        Ok(evaluation)
    }
}

/// What it takes to keep what a version was measured to be.
fn needs(now: &mut Snapshot<'_>, version: &VersionRef) -> Result<Needs> {
    Ok(Needs::on(&now.on_version(version)?, Privilege::Evaluate))
}

/// The SHA-256 of a measurement as JSON.
fn digest_of(measurement: &impl Serialize) -> Result<[u8; 32]> {
    let json = serde_json::to_vec(measurement)
        .map_err(|error| Detail::Internal(format!("a measurement has no JSON: {error}")))?;
    Ok(sha256(&json))
}

/// A name of a metric, slice, method or the like.
fn name(value: &str, field: &str) -> Result<()> {
    const MOST: usize = 250;
    if value.is_empty() {
        return Err(Detail::InvalidArgument(format!("{field} is empty; give it a name")).into());
    }
    text_within(value.to_owned(), field, MOST).map(drop)
}

/// A text that may be longer.
fn words(value: &str, field: &str) -> Result<()> {
    text(value.to_owned(), field).map(drop)
}

impl Registry {
    /// Measures a version's predictions on rows, with intervals, and keeps the evaluation; see
    /// [`measure`](measure()).
    ///
    /// ```
    /// # use halfback::{Content, Options, RegisterVersion, Registry, no_progress};
    /// use halfback::{EvaluateOptions, Sample};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let registry = Registry::open_with(folder.path().join("hb"), Options { create: true, ..Options::default() })?;
    /// # registry.create_model("fraud")?;
    /// # let content = Content::Bytes { name: "model.bin".into(), bytes: b"weights".to_vec() };
    /// # registry.register_version(&content, RegisterVersion { model: "fraud".into(), ..RegisterVersion::default() }, &mut no_progress)?;
    /// let truth = [0, 0, 1, 1, 0, 1, 1, 0];
    /// let scores = [0.1, 0.4, 0.35, 0.8, 0.2, 0.9, 0.6, 0.7];
    /// let sample = Sample::new(&truth[..]).scores(&scores[..]).slice("site", &[1, 1, 1, 1, 2, 2, 2, 2][..]);
    /// let options = EvaluateOptions { dataset: Some("fraud-2026-q1".into()), ..EvaluateOptions::default() };
    /// let evaluation = registry.evaluate("models:/fraud/1", &sample, &options)?;
    /// let area = evaluation.metric("roc_auc").unwrap();
    /// assert_eq!(area.value, Some(0.8125));
    /// assert!(area.lower.unwrap() < 0.5, "eight rows tell little");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn evaluate(
        &self,
        version: impl Into<VersionRef>,
        sample: &Sample<'_>,
        options: &EvaluateOptions,
    ) -> Result<Evaluation> {
        self.evaluate_by(version.into(), || measure(sample, options))
    }

    /// Keeps what `measure` gives, which is asked once the version is known to be there and the session
    /// may: of that one, wherever an alias moves meanwhile.
    fn evaluate_by(
        &self,
        version: VersionRef,
        measure: impl FnOnce() -> Result<Measurement>,
    ) -> Result<Evaluation> {
        let version = VersionRef::from(self.resolve(version)?.as_ref());
        self.admit(|now| needs(now, &version))?;
        self.keep(RecordEvaluation { version, measurement: measure()? })
    }

    /// Keeps what was measured, unless its caller has stopped that. It is not asked within the
    /// transaction: a language that waits for its own lock there would hold up who forks.
    fn keep<C: Command>(&self, measured: C) -> Result<C::Output> {
        halfback_metrics::check_stop().map_err(measure::refused)?;
        self.execute(measured)
    }

    /// Keeps what was measured of a version elsewhere.
    pub fn record_evaluation(
        &self,
        version: impl Into<VersionRef>,
        measurement: Measurement,
    ) -> Result<Evaluation> {
        self.execute(RecordEvaluation { version: version.into(), measurement })
    }
}

impl View {
    /// An evaluation by its id.
    pub fn get_evaluation(&self, evaluation: i64) -> Result<Evaluation> {
        self.query(GetEvaluation { evaluation })
    }

    /// The newest evaluations of a version, without their curves; [`ListEvaluations`] itself gives
    /// further pages.
    pub fn list_evaluations(&self, version: impl Into<VersionRef>) -> Result<Page<Evaluation>> {
        self.query(ListEvaluations { version: version.into(), page_size: None, cursor: None })
    }
}

#[cfg(test)]
mod tests;
