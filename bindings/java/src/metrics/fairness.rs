//! What differs between groups of rows. `dev.halfback.metrics.Groups` keeps the place of each row's
//! group, and gives it as a column of ints.

use halfback_metrics::{
    Aggregate, ByGroup, Fairness, Groups, Labels, Metric, Parity, Relation, Settings,
};

use super::classes::choice;
use super::column::Call;
use super::inference::{replicate, seed};
use super::numbers::{Numbers, REASONS};
use super::{Outcome, only};
use crate::failure::Failure;
use crate::transfer::json;

pub(super) fn measure(metric: &str, call: &Call<'_>, out: &mut Numbers) -> Outcome<bool> {
    match metric {
        "group_codes" => {
            let codes: Vec<f64> = crossed(call)?.codes().iter().map(|&code| code.into()).collect();
            out.list(&codes);
        }
        "by_group" => {
            let by = by_group(call)?;
            out.metric(by.min()).metric(by.max());
            for relation in [Relation::BetweenGroups, Relation::ToOverall] {
                out.metric(by.difference(relation)).metric(by.ratio(relation));
            }
        }
        "fairness" => fairness(call, out)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// The labels of each group, as JSON.
pub(super) fn names(call: &Call<'_>) -> Outcome<String> {
    let names = json(&crossed(call)?.names())?;
    String::from_utf8(names).map_err(|_| Failure::Defect("JSON is not UTF-8"))
}

/// The groups of all columns.
fn crossed(call: &Call<'_>) -> Outcome<Groups> {
    let features: Vec<Labels<'_>> =
        (0..call.width()).map(|at| call.labels(at)).collect::<Outcome<_>>()?;
    Ok(Groups::of(&features).map_err(|error| error.renamed("features"))?)
}

/// Columns: the values of groups and then that of all rows, and the places of the reasons why they
/// are undefined, or -1.
fn by_group(call: &Call<'_>) -> Outcome<ByGroup> {
    let Labels::Int(places) = call.labels(1)? else {
        return Err(Failure::Defect("places of reasons are ints"));
    };
    let metric = |(&value, &place): (&f64, &i64)| {
        let reason = usize::try_from(place).ok().and_then(|place| REASONS.get(place));
        reason.map_or(Metric::of(value), |&reason| Metric::silent(value, reason))
    };
    let mut groups: Vec<Metric> = call.doubles(0)?.iter().zip(places).map(metric).collect();
    let overall = groups.pop().ok_or(Failure::Defect("the metric of all rows is missing"))?;
    Ok(ByGroup { groups, overall })
}

/// Columns: truth, predictions, weights, the positive class, the groups' places. Options: what is
/// compared, whether the ratio is due, to what, of two rates which; and level, resamples, seed where
/// an interval is due.
fn fairness(call: &Call<'_>, out: &mut Numbers) -> Outcome<()> {
    let groups = Groups::of(&[call.labels(4)?])?;
    let listed = call.listed(3);
    let positive = only(listed.as_deref())?;
    let fairness = Fairness::of(call.labels(0)?, call.labels(1)?, &groups, positive)?
        .weighted(call.weights(2))?;
    let aggregate = if choice(call, 3)? == 1 { Aggregate::Mean } else { Aggregate::WorstCase };
    let parity = match choice(call, 0)? {
        0 => Parity::Demographic,
        1 => Parity::EqualOpportunity,
        _ => Parity::EqualizedOdds(aggregate),
    };
    let is_ratio = choice(call, 1)? == 1;
    let relation =
        if choice(call, 2)? == 1 { Relation::ToOverall } else { Relation::BetweenGroups };
    if call.option(4).is_none() {
        let of = if is_ratio { Fairness::ratio } else { Fairness::difference };
        out.metric(of(&fairness, parity, relation));
        return Ok(());
    }
    let settings =
        Settings { level: call.number(4)?, replicates: replicate(call, 5)?, seed: seed(call, 6)? };
    let of = if is_ratio { Fairness::ratio_interval } else { Fairness::difference_interval };
    let found = of(&fairness, parity, relation, &settings)?;
    out.metric(found.metric).count(u64::from(found.interval.is_some()));
    if let Some(interval) = found.interval {
        out.interval(&interval);
    }
    Ok(())
}
