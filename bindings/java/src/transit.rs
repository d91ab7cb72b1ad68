//! The native methods that take registries and versions to other places: backups, copies, bundles.

use halfback::wire;
use jni::Env;
use jni::objects::{JByteArray, JClass, JObject};
use jni::sys::{jboolean, jlong};

use crate::failure::Failure;
use crate::handle::{Handle, transferring};
use crate::transfer::{json, optional, path_bytes, path_from, text};

type Outcome<T> = Result<T, Failure>;

pub(crate) fn backup<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    to: JByteArray<'local>,
    verify: jboolean,
    progress: JObject<'local>,
) -> Outcome<JByteArray<'local>> {
    let to = path_from(env.convert_byte_array(to)?)?;
    let done = Handle::borrow(handle)?.transfer(env, &progress, |registry, progress| {
        wire::backup(registry, &to, verify, progress)
    })?;
    Ok(env.byte_array_from_slice(&json(&done)?)?)
}

pub(crate) fn restore<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    backup: JByteArray<'local>,
    to: JByteArray<'local>,
    erasures: JByteArray<'local>,
    progress: JObject<'local>,
) -> Outcome<JByteArray<'local>> {
    let backup = path_from(env.convert_byte_array(backup)?)?;
    let to = path_from(env.convert_byte_array(to)?)?;
    let erasures = optional(env, &erasures)?.map(path_from).transpose()?;
    let done = transferring(env, &progress, |progress| {
        wire::restore(&backup, &to, erasures.clone(), progress)
    })?;
    Ok(env.byte_array_from_slice(&json(&done)?)?)
}

#[expect(clippy::too_many_arguments, reason = "what is copied, where to, and how")]
pub(crate) fn copy_version<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    version: JByteArray<'local>,
    as_of: JByteArray<'local>,
    target: jlong,
    options: JByteArray<'local>,
    progress: JObject<'local>,
) -> Outcome<JByteArray<'local>> {
    let version = env.convert_byte_array(version)?;
    let as_of = optional(env, &as_of)?;
    let target = &Handle::borrow(target)?.registry;
    let options = env.convert_byte_array(options)?;
    let copy = Handle::borrow(handle)?.transfer(env, &progress, |registry, progress| {
        wire::copy_version(registry, &version, as_of.as_deref(), target, &options, progress)
    })?;
    Ok(env.byte_array_from_slice(&json(&copy)?)?)
}

#[expect(clippy::too_many_arguments, reason = "what is bundled, where to, and how")]
pub(crate) fn bundle<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    version: JByteArray<'local>,
    as_of: JByteArray<'local>,
    to: JByteArray<'local>,
    overwrite: jboolean,
    progress: JObject<'local>,
) -> Outcome<JByteArray<'local>> {
    let version = env.convert_byte_array(version)?;
    let as_of = optional(env, &as_of)?;
    let to = path_from(env.convert_byte_array(to)?)?;
    let path = Handle::borrow(handle)?.transfer(env, &progress, |registry, progress| {
        wire::bundle(registry, &version, as_of.as_deref(), &to, overwrite, progress)
    })?;
    Ok(env.byte_array_from_slice(&path_bytes(&path)?)?)
}

pub(crate) fn submit<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    path: JByteArray<'local>,
    identity: JByteArray<'local>,
    options: JByteArray<'local>,
    progress: JObject<'local>,
) -> Outcome<JByteArray<'local>> {
    let path = path_from(env.convert_byte_array(path)?)?;
    let identity = text(env.convert_byte_array(identity)?)?;
    let options = env.convert_byte_array(options)?;
    let version = Handle::borrow(handle)?.transfer(env, &progress, |registry, progress| {
        wire::submit(registry, &path, Some(&identity), &options, progress)
    })?;
    Ok(env.byte_array_from_slice(&json(&version)?)?)
}

pub(crate) fn open_bundle<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    path: JByteArray<'local>,
) -> Outcome<JByteArray<'local>> {
    let path = path_from(env.convert_byte_array(path)?)?;
    let (identity, manifest) = wire::open_bundle(&path)?;
    let told = serde_json::json!({ "identity": identity, "manifest": manifest });
    Ok(env.byte_array_from_slice(&json(&told)?)?)
}

pub(crate) fn bundle_history<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    path: JByteArray<'local>,
    identity: JByteArray<'local>,
    page: JByteArray<'local>,
) -> Outcome<JByteArray<'local>> {
    let path = path_from(env.convert_byte_array(path)?)?;
    let identity = text(env.convert_byte_array(identity)?)?;
    let page = env.convert_byte_array(page)?;
    Ok(env.byte_array_from_slice(&json(&wire::bundle_history(&path, &identity, &page)?)?)?)
}

pub(crate) fn bundle_verify<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    path: JByteArray<'local>,
    identity: JByteArray<'local>,
    keys: JByteArray<'local>,
    progress: JObject<'local>,
) -> Outcome<JByteArray<'local>> {
    let path = path_from(env.convert_byte_array(path)?)?;
    let identity = text(env.convert_byte_array(identity)?)?;
    let keys = optional(env, &keys)?;
    let found = transferring(env, &progress, |progress| {
        wire::bundle_verify(&path, &identity, keys.as_deref(), progress)
    })?;
    Ok(env.byte_array_from_slice(&json(&found)?)?)
}

pub(crate) fn bundle_download<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    path: JByteArray<'local>,
    identity: JByteArray<'local>,
    to: JByteArray<'local>,
    progress: JObject<'local>,
) -> Outcome<JByteArray<'local>> {
    let path = path_from(env.convert_byte_array(path)?)?;
    let identity = text(env.convert_byte_array(identity)?)?;
    let to = path_from(env.convert_byte_array(to)?)?;
    let written = transferring(env, &progress, |progress| {
        wire::bundle_download(&path, &identity, &to, progress)
    })?;
    Ok(env.byte_array_from_slice(&path_bytes(&written)?)?)
}
