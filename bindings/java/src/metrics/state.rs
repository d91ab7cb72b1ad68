//! Mergeable states: what a Java `long` of `dev.halfback.metrics.State` stands for.

use halfback_metrics::{Batch, Error, Finished, Label, Spec, State};
use jni::Env;
use jni::objects::{JByteArray, JClass, JDoubleArray, JObject, JObjectArray};
use jni::sys::jlong;

use super::column::{Call, Columns};
use super::numbers::Numbers;
use super::{Outcome, only};
use crate::failure::Failure;

/// Options: 0 for classes, 1 for scores, 2 for numbers, 3 for values; whether scores are probabilities; buckets.
pub(super) fn new_state<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    options: JDoubleArray<'local>,
) -> Outcome<jlong> {
    let mut given = [f64::NAN; 3];
    options.get_region(env, 0, &mut given)?;
    let columns = Columns::of(given.to_vec());
    let spec = columns.with(|call| {
        Ok(match call.count(0, "spec")? {
            0 => Spec::Classification,
            1 => {
                Spec::Scores { probabilities: call.option(1) == Some(1.0), buckets: buckets(call)? }
            }
            2 => Spec::Regression,
            _ => Spec::Quantiles { buckets: buckets(call)? },
        })
    })?;
    Ok(into_raw(State::new(spec)?))
}

fn buckets(call: &Call<'_>) -> Outcome<Option<u32>> {
    let found = call.optional_count(2, "buckets")?;
    Ok(found.map(|found| u32::try_from(found).unwrap_or(u32::MAX)))
}

/// Columns: truth, predictions or scores, the positive class; or values.
pub(super) fn update_state<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    state: jlong,
    kinds: JByteArray<'local>,
    columns: JObjectArray<'local, JObject<'local>>,
) -> Outcome<()> {
    let options = env.new_double_array(0)?;
    let columns = Columns::read(env, kinds, &columns, options)?;
    let state = borrow(state)?;
    columns.with(|call| {
        let positive = call.listed(2);
        let batch = match state.spec() {
            Spec::Classification => {
                Batch::Classes { y_true: call.labels(0)?, y_pred: call.labels(1)? }
            }
            Spec::Scores { .. } => Batch::Scores {
                y_true: call.labels(0)?,
                y_score: call.scores(1)?,
                pos_label: only(positive.as_deref())?,
            },
            Spec::Regression => Batch::Numbers { y_true: call.scores(0)?, y_pred: call.scores(1)? },
            Spec::Quantiles { .. } => Batch::Values { values: call.scores(0)? },
        };
        Ok(state.update(batch)?)
    })
}

pub(super) fn merge_states<'local>(
    _env: &mut Env<'local>,
    _class: JClass<'local>,
    state: jlong,
    other: jlong,
) -> Outcome<()> {
    if state == other {
        return Err(Failure::Defect("a state was merged with itself"));
    }
    let other: &State = borrow(other)?;
    Ok(borrow(state)?.merge(other)?)
}

pub(super) fn write_state<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    state: jlong,
) -> Outcome<JByteArray<'local>> {
    Ok(env.byte_array_from_slice(&borrow(state)?.to_bytes())?)
}

pub(super) fn read_state<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    bytes: JByteArray<'local>,
) -> Outcome<jlong> {
    Ok(into_raw(State::from_bytes(&env.convert_byte_array(bytes)?)?))
}

/// The place of its kind: 0 for classes, 1 for scores, 2 for numbers, 3 for values.
pub(super) fn state_kind<'local>(
    _env: &mut Env<'local>,
    _class: JClass<'local>,
    state: jlong,
) -> Outcome<jlong> {
    Ok(match borrow(state)?.spec() {
        Spec::Classification => 0,
        Spec::Scores { .. } => 1,
        Spec::Regression => 2,
        Spec::Quantiles { .. } => 3,
    })
}

pub(super) fn free_state<'local>(
    _env: &mut Env<'local>,
    _class: JClass<'local>,
    state: jlong,
) -> Outcome<()> {
    // SAFETY: Java's Cleaner runs its action once, when nothing can reach the state any more.
    drop(unsafe { Box::from_raw(pointer(state)?) });
    Ok(())
}

/// What a state tells: which kind it is, and its numbers.
pub(super) fn finish(state: jlong, out: &mut Numbers) -> Outcome<()> {
    match borrow(state)?.finish()? {
        Finished::Classification(confusion) => {
            let matrix = confusion.matrix(halfback_metrics::Normalize::None)?;
            out.list(&matrix)
        }
        Finished::Scores(summary) => out
            .count(summary.positives)
            .count(summary.negatives)
            .metric(summary.roc_auc)
            .number(summary.auc_error)
            .metric(summary.average_precision)
            .number(summary.average_precision_error)
            .number(summary.log_loss.unwrap_or(f64::NAN))
            .number(summary.brier.unwrap_or(f64::NAN)),
        Finished::Regression(summary) => {
            out.number(summary.mae).number(summary.rmse).number(summary.bias).metric(summary.r2)
        }
        Finished::Quantiles(_) => return quantiles(state, &[], out),
    };
    Ok(())
}

/// Where the values that a state has seen lie: their number and bounds, and quantiles.
pub(super) fn quantiles(state: jlong, q: &[f64], out: &mut Numbers) -> Outcome<()> {
    let Finished::Quantiles(values) = borrow(state)?.finish()? else {
        let expected = "a state for quantiles";
        return Err(Error::Choice { argument: "state", expected }.into());
    };
    out.count(values.count()).number(values.min()).number(values.max()).number(values.mean());
    for &q in q {
        let quantile = values.quantile(q)?;
        out.number(q).number(quantile.value).number(quantile.error);
    }
    Ok(())
}

/// The classes that were counted.
pub(super) fn labels(state: jlong) -> Outcome<Vec<Label>> {
    match borrow(state)?.finish()? {
        Finished::Classification(confusion) => Ok(confusion.labels().to_vec()),
        _ => Ok(Vec::new()),
    }
}

fn into_raw(state: State) -> jlong {
    Box::into_raw(Box::new(state)).expose_provenance().cast_signed() as jlong
}

fn borrow<'call>(state: jlong) -> Outcome<&'call mut State> {
    // SAFETY: Java's `State` makes its `long` from `into_raw` alone, holds its lock during each call,
    // and frees it only after that.
    Ok(unsafe { &mut *pointer(state)? })
}

fn pointer(state: jlong) -> Outcome<*mut State> {
    match usize::try_from(state.cast_unsigned()) {
        Ok(address) if address != 0 => Ok(std::ptr::with_exposed_provenance_mut(address)),
        _ => Err(Failure::Defect("a null state reached the native library")),
    }
}
