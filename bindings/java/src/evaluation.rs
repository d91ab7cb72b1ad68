//! The native methods that measure: columns come as bytes, see `ColumnBytes` and `Columns::decode`.

use halfback::Registry;
use halfback::wire::{self, Columns, OwnMetrics};
use halfback_metrics::with_threads;
use jni::Env;
use jni::objects::{JByteArray, JClass};
use jni::sys::jlong;
use serde::Serialize;

use crate::failure::Failure;
use crate::handle::Handle;
use crate::metrics::threads;
use crate::transfer::json;

type Outcome<'local> = Result<JByteArray<'local>, Failure>;

pub(crate) fn evaluate<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    request: JByteArray<'local>,
    columns: JByteArray<'local>,
) -> Outcome<'local> {
    measured(env, handle, request, columns, wire::evaluate)
}

pub(crate) fn compare<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    request: JByteArray<'local>,
    columns: JByteArray<'local>,
) -> Outcome<'local> {
    measured(env, handle, request, columns, wire::compare)
}

pub(crate) fn picture<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    request: JByteArray<'local>,
) -> Outcome<'local> {
    let request = env.convert_byte_array(request)?;
    Ok(env.byte_array_from_slice(wire::picture(&request)?.as_bytes())?)
}

/// Reads what is to be measured, and writes what was kept of it.
fn measured<'local, T: Serialize>(
    env: &mut Env<'local>,
    handle: jlong,
    request: JByteArray<'local>,
    columns: JByteArray<'local>,
    of: impl FnOnce(&Registry, &[u8], &Columns, Option<&mut dyn OwnMetrics>) -> halfback::Result<T>,
) -> Outcome<'local> {
    let request = env.convert_byte_array(request)?;
    let columns = Columns::decode(&env.convert_byte_array(columns)?)?;
    let registry = &Handle::borrow(handle)?.registry;
    let kept = with_threads(threads(), || of(registry, &request, &columns, None))?;
    Ok(env.byte_array_from_slice(&json(&kept)?)?)
}
