//! Metrics for Java: arrays come in, one array of numbers goes out. `dev.halfback.metrics` gives both
//! their shapes.
//!
//! A call is the name of a metric, its columns in a fixed order, and its options as numbers, NaN
//! where an option is not given. What a metric gives is laid flat by [`Numbers`] and read back in the
//! same order.

mod classes;
mod column;
mod fairness;
mod inference;
mod numbers;
mod ranking;
mod regression;
mod score;
mod state;
mod verdict;

use halfback_metrics::{Error, Label, Reason};
use jni::objects::{JByteArray, JClass, JDoubleArray, JObject, JObjectArray};
use jni::{Env, NativeMethod, native_method};

use crate::failure::{Failure, Throw};
use crate::transfer::{json, text};

use column::Columns;
pub(crate) use column::threads;
use numbers::{Numbers, REASONS};
use state::{
    free_state, merge_states, new_state, read_state, state_kind, update_state, write_state,
};

type Outcome<T> = Result<T, Failure>;

/// The methods of `dev.halfback.metrics.Native`.
pub(crate) const METHODS: &[NativeMethod<'_>] = &[
    native_method! {
        static fn measure(
            metric: [jbyte], kinds: [jbyte], columns: [java.lang.Object], options: [jdouble]
        ) -> [jdouble],
        error_policy = Throw
    },
    native_method! {
        static fn describe(
            metric: [jbyte], kinds: [jbyte], columns: [java.lang.Object], options: [jdouble]
        ) -> [jbyte],
        error_policy = Throw
    },
    native_method! { static fn reasons() -> [jbyte], error_policy = Throw },
    native_method! { static fn use_threads(count: jint) -> jint, error_policy = Throw },
    native_method! { static fn new_state(options: [jdouble]) -> jlong, error_policy = Throw },
    native_method! {
        static fn update_state(state: jlong, kinds: [jbyte], columns: [java.lang.Object]),
        error_policy = Throw
    },
    native_method! { static fn merge_states(state: jlong, other: jlong), error_policy = Throw },
    native_method! { static fn write_state(state: jlong) -> [jbyte], error_policy = Throw },
    native_method! { static fn read_state(bytes: [jbyte]) -> jlong, error_policy = Throw },
    native_method! { static fn state_kind(state: jlong) -> jlong, error_policy = Throw },
    native_method! { static fn finish_state(state: jlong) -> [jdouble], error_policy = Throw },
    native_method! {
        static fn state_quantiles(state: jlong, q: [jdouble]) -> [jdouble], error_policy = Throw
    },
    native_method! { static fn state_labels(state: jlong) -> [jbyte], error_policy = Throw },
    native_method! { static fn free_state(state: jlong), error_policy = Throw },
];

/// Computes a metric.
fn measure<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    metric: JByteArray<'local>,
    kinds: JByteArray<'local>,
    columns: JObjectArray<'local, JObject<'local>>,
    options: JDoubleArray<'local>,
) -> Outcome<JDoubleArray<'local>> {
    let metric = text(env.convert_byte_array(metric)?)?;
    let columns = Columns::read(env, kinds, &columns, options)?;
    let numbers = columns.with(|call| {
        let mut numbers = Numbers::default();
        let rooms = [
            fairness::measure,
            classes::measure,
            score::measure,
            regression::measure,
            ranking::measure,
            inference::measure,
        ];
        for room in rooms {
            if room(&metric, call, &mut numbers)? {
                return Ok(numbers);
            }
        }
        Err(Failure::Defect("a metric that does not exist was asked for"))
    })?;
    numbers.into_array(env)
}

/// Sets how many threads the metrics that this thread asks for may take, 0 for one a processor; gives
/// what was set before.
fn use_threads<'local>(
    _env: &mut Env<'local>,
    _class: JClass<'local>,
    count: jni::sys::jint,
) -> Outcome<jni::sys::jint> {
    if count < 0 {
        return Err(Failure::Defect("a number of threads is below zero"));
    }
    Ok(column::THREADS.replace(count))
}

/// Tells what is text: classes, groups, reports, verdicts.
fn describe<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    metric: JByteArray<'local>,
    kinds: JByteArray<'local>,
    columns: JObjectArray<'local, JObject<'local>>,
    options: JDoubleArray<'local>,
) -> Outcome<JByteArray<'local>> {
    let metric = text(env.convert_byte_array(metric)?)?;
    let columns = Columns::read(env, kinds, &columns, options)?;
    let text = columns.with(|call| match &*metric {
        "judge" => verdict::judge(call),
        "groups" => fairness::names(call),
        metric => classes::describe(metric, call),
    })?;
    Ok(env.byte_array_from_slice(text.as_bytes())?)
}

/// Why a metric may be undefined, in the order in which [`Numbers`] counts: names and texts.
fn reasons<'local>(env: &mut Env<'local>, _class: JClass<'local>) -> Outcome<JByteArray<'local>> {
    let reasons: Vec<(Reason, String)> =
        REASONS.iter().map(|reason| (*reason, reason.to_string())).collect();
    Ok(env.byte_array_from_slice(&json(&reasons)?)?)
}

/// What a finished state tells.
fn finish_state<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    state: jni::sys::jlong,
) -> Outcome<JDoubleArray<'local>> {
    let mut numbers = Numbers::default();
    state::finish(state, &mut numbers)?;
    numbers.into_array(env)
}

/// Quantiles of the values that a state has seen.
fn state_quantiles<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    state: jni::sys::jlong,
    q: JDoubleArray<'local>,
) -> Outcome<JDoubleArray<'local>> {
    let mut shares = vec![0.0; q.len(env)?];
    q.get_region(env, 0, &mut shares)?;
    let mut numbers = Numbers::default();
    state::quantiles(state, &shares, &mut numbers)?;
    numbers.into_array(env)
}

/// The classes that a state has counted.
fn state_labels<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    state: jni::sys::jlong,
) -> Outcome<JByteArray<'local>> {
    let labels = state::labels(state)?;
    Ok(env.byte_array_from_slice(&json(&labels)?)?)
}

/// The label in a column of one row; none where the column is not given.
fn only(labels: Option<&[Label]>) -> Outcome<Option<&Label>> {
    match labels {
        None => Ok(None),
        Some([label]) => Ok(Some(label)),
        Some(_) => Err(Error::Choice { argument: "pos_label", expected: "one label" }.into()),
    }
}
