//! The native methods about evidence: keys, checkpoints, proofs and exports of the log.

use halfback::wire;
use jni::Env;
use jni::objects::{JByteArray, JClass, JObject};
use jni::sys::{jboolean, jlong};

use crate::failure::Failure;
use crate::handle::Handle;
use crate::transfer::{json, optional, path_from, text};

type Outcome<T> = Result<T, Failure>;

pub(crate) fn log_key<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    request: JByteArray<'local>,
) -> Outcome<JByteArray<'local>> {
    let request = env.convert_byte_array(request)?;
    Ok(env.byte_array_from_slice(wire::log_key(&request)?.as_bytes())?)
}

pub(crate) fn generate_log_key<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    path: JByteArray<'local>,
    name: JByteArray<'local>,
) -> Outcome<JByteArray<'local>> {
    let path = path_from(env.convert_byte_array(path)?)?;
    let name = text(env.convert_byte_array(name)?)?;
    Ok(env.byte_array_from_slice(wire::generate_log_key(&path, &name)?.as_bytes())?)
}

pub(crate) fn log_head<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
) -> Outcome<JByteArray<'local>> {
    let head = wire::log_head(&Handle::borrow(handle)?.registry)?;
    Ok(env.byte_array_from_slice(head.as_bytes())?)
}

pub(crate) fn checkpoint<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    signing: JByteArray<'local>,
) -> Outcome<JByteArray<'local>> {
    let signing = env.convert_byte_array(signing)?;
    let note = wire::checkpoint(&Handle::borrow(handle)?.registry, &signing)?;
    Ok(env.byte_array_from_slice(note.as_bytes())?)
}

pub(crate) fn export_log<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    to: JByteArray<'local>,
    signing: JByteArray<'local>,
    overwrite: jboolean,
    progress: JObject<'local>,
) -> Outcome<JByteArray<'local>> {
    let to = path_from(env.convert_byte_array(to)?)?;
    let signing = optional(env, &signing)?;
    let done = Handle::borrow(handle)?.transfer(env, &progress, |registry, progress| {
        wire::export_log(registry, &to, signing.as_deref(), overwrite, progress)
    })?;
    Ok(env.byte_array_from_slice(&json(&done)?)?)
}

pub(crate) fn verify_inclusion<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    request: JByteArray<'local>,
) -> Outcome<JByteArray<'local>> {
    let request = env.convert_byte_array(request)?;
    Ok(env.byte_array_from_slice(&json(&wire::verify_inclusion(&request)?)?)?)
}

pub(crate) fn verify_consistency<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    request: JByteArray<'local>,
) -> Outcome<()> {
    let request = env.convert_byte_array(request)?;
    Ok(wire::verify_consistency(&request)?)
}
