//! Two versions on the same rows: the difference of one metric, overall and by slice, and what it lets
//! one say.

mod claim;
mod record;

use halfback_store::artifact::Digest;
use halfback_store::error::{Detail, Result};
use halfback_store::id::{CommitNumber, EntityId};
use halfback_store::schema::{COMPARISON, COMPARISON_RESULT};
use halfback_store::sql::Value;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::digest_of;
use super::measure::code;
use super::pair::{CompareOptions, PairedSample, measure_pair};
use super::record::{Dataset, Slice, Task, damaged, digest};
use crate::access::Privilege;
use crate::access::need::Needs;
use crate::command::{Command, Context, Query, Snapshot};
use crate::page::Page;
use crate::registry::Registry;
use crate::securable::VersionRef;
use crate::view::View;

use record::Details;
pub use record::{Adjustment, Alternative, ComparedSlice, Comparison, PairedMeasurement, Verdict};

/// Keeps how two versions compare, as [`measure_pair`] gives it. The same comparison is kept once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordComparison {
    /// The version that is to be judged.
    pub candidate: VersionRef,
    /// The version that it is held against, another one.
    pub baseline: VersionRef,
    /// What was measured.
    pub measurement: PairedMeasurement,
}

/// Gives a comparison by its id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetComparison {
    /// The id.
    pub comparison: i64,
}

/// Lists the comparisons of a version, as candidate or baseline, the newest first. Those with a
/// version that may not be seen are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListComparisons {
    /// The version.
    pub version: VersionRef,
    /// How many entries at most, 1 to 1,000; 100 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// The cursor of the page before; the first page where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl Command for RecordComparison {
    const NAME: &'static str = "record_comparison";
    type Output = Comparison;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        needs(now, [&self.candidate, &self.baseline])
    }

    fn apply(self, context: &mut Context<'_>) -> Result<Comparison> {
        let (model, candidate) = context.now().version_ref(&self.candidate)?;
        let (other, baseline) = context.now().version_ref(&self.baseline)?;
        context.now().refuse_itself(candidate, baseline)?;
        let measurement = self.measurement.checked()?;
        let digest = digest_of(&measurement)?;
        let known = context.now().sql.first(
            "SELECT id FROM comparison WHERE candidate = ?1 AND baseline = ?2 AND digest = ?3 AND until > ?4",
            &[candidate.into(), baseline.into(), Value::from(&digest), CommitNumber::NOW.into()],
            |row| row.id(0),
        )?;
        if let Some(known) = known {
            return context.now().comparison(known);
        }
        let id = context.tx.new_id();
        for touched in [model, candidate, other, baseline] {
            context.tx.touch(touched)?;
        }
        let data: Digest = measurement.data_digest.parse()?;
        let dataset = measurement.dataset.as_ref();
        context.tx.open(
            &COMPARISON,
            &[
                id.into(),
                candidate.into(),
                baseline.into(),
                measurement.task.word().into(),
                (&measurement.metric).into(),
                dataset.map(|dataset| &dataset.name).into(),
                dataset.and_then(|dataset| dataset.digest.as_ref()).into(),
                measurement.rows.into(),
                Value::from(data.hash()),
                (&code(&measurement.alternative)).into(),
                measurement.margin.into(),
                (&code(&measurement.adjustment)).into(),
                measurement.seed.into(),
                measurement.level.into(),
                (&measurement.method).into(),
                (&measurement.library).into(),
                measurement.detail()?.as_ref().into(),
                Value::from(&digest),
            ],
        )?;
        for (result, place) in measurement.results.iter().zip(0i64..) {
            let (slice, value) = Slice::columns(result.slice.as_ref());
            context.tx.open(
                &COMPARISON_RESULT,
                &[
                    id.into(),
                    slice.into(),
                    value.into(),
                    place.into(),
                    result.rows.into(),
                    result.candidate_value.into(),
                    result.baseline_value.into(),
                    result.difference.into(),
                    result.lower.into(),
                    result.upper.into(),
                    result.p_value.into(),
                    result.adjusted_p_value.into(),
                    (&code(&result.verdict)).into(),
                    (&result.reason).into(),
                ],
            )?;
        }
        context.now().comparison(id)
    }
}

impl Query for GetComparison {
    const NAME: &'static str = "get_comparison";
    type Output = Comparison;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Sight("who sees both versions may know how they compare"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Comparison> {
        let id = EntityId(self.comparison);
        let versions = snapshot.sql.first(
            "SELECT candidate, baseline FROM comparison WHERE id = ?1 AND until > ?2 AND since <= ?2",
            &[id.into(), snapshot.moment.into()],
            |row| Ok([row.id(0)?, row.id(1)?]),
        )?;
        for version in versions.map_or([None, None], |versions| versions.map(Some)) {
            let seen = snapshot.seen_version(version)?;
            seen.ok_or_else(|| snapshot.absent("comparison with id", id))?;
        }
        snapshot.comparison(id)
    }
}

impl Query for ListComparisons {
    const NAME: &'static str = "list_comparisons";
    type Output = Page<Comparison>;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Sight("who sees both versions may know how they compare"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<Comparison>> {
        let (_, version) = snapshot.version_ref(&self.version)?;
        let paging = snapshot.paging(self.page_size, self.cursor);
        let query = format!("comparisons {version}");
        let mut before: i64 = paging.after(&query)?.unwrap_or(i64::MAX);
        let limit = paging.limit()?;
        let mut seen = Vec::new();
        loop {
            let some = snapshot.sql.all(
                "SELECT id, candidate, baseline FROM comparison WHERE candidate = ?1 AND id < ?2 AND until > ?3 AND since <= ?3 \
                 UNION ALL SELECT id, candidate, baseline FROM comparison WHERE baseline = ?1 AND id < ?2 AND until > ?3 AND since <= ?3 \
                 ORDER BY id DESC LIMIT ?4",
                &[version.into(), before.into(), snapshot.moment.into(), limit.into()],
                |row| Ok((row.id(0)?, row.id(1)?, row.id(2)?)),
            )?;
            let ended = i64::try_from(some.len()).unwrap_or(limit) < limit;
            for (id, candidate, baseline) in some {
                before = id.0;
                let other = if candidate == version { baseline } else { candidate };
                if snapshot.seen_version(Some(other))?.is_some() {
                    seen.push(id);
                }
            }
            if ended || i64::try_from(seen.len()).unwrap_or(limit) >= limit {
                break;
            }
        }
        seen.truncate(usize::try_from(limit).unwrap_or_default());
        paging.page(seen, &query, |id| id.0)?.map(|id| snapshot.comparison(id))
    }
}

/// What it takes to keep how two versions compare.
fn needs(now: &mut Snapshot<'_>, [candidate, baseline]: [&VersionRef; 2]) -> Result<Needs> {
    let needs = Needs::on(&now.on_version(candidate)?, Privilege::Evaluate);
    // Seeing the baseline is needed as well: it is found by what names it.
    now.version_ref(baseline)?;
    Ok(needs)
}

impl Snapshot<'_> {
    /// A version is no baseline for itself.
    fn refuse_itself(&mut self, candidate: EntityId, baseline: EntityId) -> Result<()> {
        if candidate != baseline {
            return Ok(());
        }
        let uri = self.version(candidate)?.uri;
        Err(Detail::InvalidArgument(format!(
            "`baseline` is the same version as `candidate`, `{uri}`; name the version that it is to be held against"
        ))
        .into())
    }

    /// The record of a comparison.
    fn comparison(&mut self, id: EntityId) -> Result<Comparison> {
        let logged = self.logged;
        let row = self.sql.first(
            "SELECT k.candidate, k.baseline, k.task, k.metric, k.dataset, k.dataset_digest, k.rows, k.data_digest, \
             k.alternative, k.margin, k.adjustment, k.seed, k.level, k.method, k.library, k.detail, k.digest, \
             k.since, l.time, l.actor FROM comparison k LEFT JOIN log l ON l.n = k.since \
             WHERE k.id = ?1 AND k.until > ?2 AND k.since <= ?2",
            &[id.into(), self.moment.into()],
            |row| {
                let Details { replicates, weighted, clusters, higher_is_better } =
                    Details::read(row.opt_text(15)?)?;
                let measurement = PairedMeasurement {
                    task: Task::from_word(row.text(2)?)?,
                    metric: row.text(3)?.to_owned(),
                    higher_is_better,
                    dataset: Dataset::read(row, 4)?,
                    rows: row.int(6)?,
                    data_digest: digest(row.blob(7)?)?.to_string(),
                    alternative: Alternative::read(row.text(8)?)?,
                    margin: row.real(9)?,
                    adjustment: Adjustment::read(row.text(10)?)?,
                    seed: row.int(11)?,
                    replicates,
                    level: row.real(12)?,
                    method: row.text(13)?.to_owned(),
                    library: row.text(14)?.to_owned(),
                    weighted,
                    clusters,
                    results: Vec::new(),
                };
                let comparison = Comparison {
                    id: id.0,
                    candidate: String::new(),
                    candidate_id: row.int(0)?,
                    baseline: String::new(),
                    baseline_id: row.int(1)?,
                    verdict: Verdict::Inconclusive,
                    reason: String::new(),
                    digest: digest(row.blob(16)?)?.to_string(),
                    measurement,
                    commit: row.int(17)?,
                    recorded_at: logged.time(row.opt_int(18)?)?,
                    recorded_by: None,
                };
                Ok((comparison, logged.actor(row.opt_int(19)?)?))
            },
        )?;
        let (mut comparison, actor) = row.ok_or_else(|| self.absent("comparison with id", id))?;
        comparison.candidate = self.version(EntityId(comparison.candidate_id))?.uri;
        comparison.baseline = self.version(EntityId(comparison.baseline_id))?.uri;
        comparison.recorded_by = self.principal_name(actor)?;
        comparison.measurement.results = self.sql.all(
            "SELECT slice, slice_value, rows, candidate_value, baseline_value, difference, lower, upper, p_value, \
             adjusted_p_value, verdict, reason FROM comparison_result \
             WHERE comparison = ?1 AND until > ?2 AND since <= ?2 ORDER BY place",
            &[id.into(), self.moment.into()],
            |row| {
                Ok(ComparedSlice {
                    slice: Slice::read(row, 0)?,
                    rows: row.int(2)?,
                    candidate_value: row.opt_real(3)?,
                    baseline_value: row.opt_real(4)?,
                    difference: row.opt_real(5)?,
                    lower: row.opt_real(6)?,
                    upper: row.opt_real(7)?,
                    p_value: row.opt_real(8)?,
                    adjusted_p_value: row.opt_real(9)?,
                    verdict: Verdict::read(row.text(10)?)?,
                    reason: row.text(11)?.to_owned(),
                })
            },
        )?;
        let overall = comparison.measurement.results.first().ok_or_else(|| damaged("result"))?;
        (comparison.verdict, comparison.reason) = (overall.verdict, overall.reason.clone());
        Ok(comparison)
    }
}

impl Registry {
    /// Compares two versions' predictions on the same rows, and keeps the comparison with what it
    /// lets one say; see [`measure_pair`].
    pub fn compare(
        &self,
        candidate: impl Into<VersionRef>,
        baseline: impl Into<VersionRef>,
        sample: &PairedSample<'_>,
        options: &CompareOptions,
    ) -> Result<Comparison> {
        self.compare_by([candidate.into(), baseline.into()], || measure_pair(sample, options))
    }

    /// Keeps what `measure` gives, which is asked once both versions are known to be there and not the
    /// same, and the session may: of these, wherever an alias moves meanwhile.
    pub(super) fn compare_by(
        &self,
        [candidate, baseline]: [VersionRef; 2],
        measure: impl FnOnce() -> Result<PairedMeasurement>,
    ) -> Result<Comparison> {
        let (candidate, baseline) = (self.resolve(candidate)?, self.resolve(baseline)?);
        let [one, other] = [&candidate, &baseline].map(|version| EntityId(version.id));
        self.snapshot(|snapshot| snapshot.refuse_itself(one, other))?;
        let [candidate, baseline] = [candidate, baseline].map(|it| VersionRef::from(it.as_ref()));
        self.admit(|now| needs(now, [&candidate, &baseline]))?;
        self.keep(RecordComparison { candidate, baseline, measurement: measure()? })
    }

    /// Keeps how two versions compare, where that was measured elsewhere.
    pub fn record_comparison(
        &self,
        candidate: impl Into<VersionRef>,
        baseline: impl Into<VersionRef>,
        measurement: PairedMeasurement,
    ) -> Result<Comparison> {
        let (candidate, baseline) = (candidate.into(), baseline.into());
        self.execute(RecordComparison { candidate, baseline, measurement })
    }
}

impl View {
    /// A comparison by its id.
    pub fn get_comparison(&self, comparison: i64) -> Result<Comparison> {
        self.query(GetComparison { comparison })
    }

    /// The newest comparisons of a version; [`ListComparisons`] itself gives further pages.
    pub fn list_comparisons(&self, version: impl Into<VersionRef>) -> Result<Page<Comparison>> {
        self.query(ListComparisons { version: version.into(), page_size: None, cursor: None })
    }
}
