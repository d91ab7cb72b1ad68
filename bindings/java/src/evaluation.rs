//! The native methods that measure: columns come as bytes, see `ColumnBytes` and `Columns::decode`.

use halfback::wire::{self, Columns};
use jni::Env;
use jni::objects::{JByteArray, JClass};
use jni::sys::jlong;

use crate::failure::Failure;
use crate::handle::Handle;
use crate::transfer::json;

type Outcome<'local> = Result<JByteArray<'local>, Failure>;

pub(crate) fn evaluate<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    request: JByteArray<'local>,
    columns: JByteArray<'local>,
) -> Outcome<'local> {
    let request = env.convert_byte_array(request)?;
    let columns = Columns::decode(&env.convert_byte_array(columns)?)?;
    let kept = wire::evaluate(&Handle::borrow(handle)?.registry, &request, &columns)?;
    Ok(env.byte_array_from_slice(&json(&kept)?)?)
}

pub(crate) fn compare<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    request: JByteArray<'local>,
    columns: JByteArray<'local>,
) -> Outcome<'local> {
    let request = env.convert_byte_array(request)?;
    let columns = Columns::decode(&env.convert_byte_array(columns)?)?;
    let kept = wire::compare(&Handle::borrow(handle)?.registry, &request, &columns)?;
    Ok(env.byte_array_from_slice(&json(&kept)?)?)
}

pub(crate) fn picture<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    request: JByteArray<'local>,
) -> Outcome<'local> {
    let request = env.convert_byte_array(request)?;
    Ok(env.byte_array_from_slice(wire::picture(&request)?.as_bytes())?)
}
