//! The native methods of `dev.halfback.Native`, one function each, in the order of that file.

use std::path::PathBuf;

use halfback::{Options, PutArtifact, Registry, Stamp, wire};
use jni::objects::{JByteArray, JClass, JLongArray, JObject};
use jni::sys::{jboolean, jlong};
use jni::{Env, EnvUnowned, NativeMethod, native_method};

use crate::evaluation::{compare, evaluate, picture};
use crate::failure::{Failure, Throw};
use crate::handle::Handle;
use crate::proof::{
    checkpoint, export_log, generate_log_key, log_head, log_key, verify_consistency,
    verify_inclusion,
};
use crate::signing::{generate_model_key, model_key, sign_statement, signing_message};
use crate::transfer::{content, json, optional, path_bytes, path_from, text};
use crate::transit::{
    backup, bundle, bundle_download, bundle_history, bundle_verify, copy_version, open_bundle,
    restore, submit,
};
use crate::user;

type Outcome<T> = Result<T, Failure>;

/// The methods of `dev.halfback.Native`. Registering them by name makes a library that does not
/// fit its jar fail when it is loaded, not at the first call.
pub(crate) const METHODS: &[NativeMethod<'_>] = &[
    native_method! {
        static fn open(path: [jbyte], create: jboolean, read_only: jboolean, token: [jbyte])
            -> jlong,
        error_policy = Throw
    },
    native_method! { static fn interrupt(handle: jlong), error_policy = Throw },
    native_method! { static fn close(handle: jlong), error_policy = Throw },
    native_method! { static fn free(handle: jlong), error_policy = Throw },
    native_method! {
        static fn execute(handle: jlong, request: [jbyte]) -> [jbyte], error_policy = Throw
    },
    native_method! {
        static fn query(handle: jlong, request: [jbyte]) -> [jbyte], error_policy = Throw
    },
    native_method! {
        static fn create_token(handle: jlong, request: [jbyte]) -> [jbyte], error_policy = Throw
    },
    native_method! { static fn os_user(login: [jbyte]) -> jlong, error_policy = Throw },
    native_method! {
        static fn compatible(request: [jbyte]) -> [jbyte], error_policy = Throw
    },
    native_method! {
        static fn moment(handle: jlong, as_of: [jbyte]) -> jlong, error_policy = Throw
    },
    native_method! {
        static fn resolve(handle: jlong, uri: [jbyte], stamp: [jlong]) -> [jbyte],
        error_policy = Throw
    },
    native_method! {
        static raw fn is_current(handle: jlong, first: jlong, second: jlong, third: jlong)
            -> jboolean
    },
    native_method! {
        static fn put_artifact(
            handle: jlong, model: [jbyte], path: [jbyte], name: [jbyte], bytes: [jbyte],
            allow_secrets: jboolean, progress: dev.halfback.Progress
        ) -> [jbyte],
        error_policy = Throw
    },
    native_method! {
        static fn hash_artifact(
            handle: jlong, path: [jbyte], name: [jbyte], bytes: [jbyte],
            progress: dev.halfback.Progress
        ) -> [jbyte],
        error_policy = Throw
    },
    native_method! {
        static fn download(
            handle: jlong, version: [jbyte], as_of: [jbyte], to: [jbyte],
            progress: dev.halfback.Progress
        ) -> [jbyte],
        error_policy = Throw
    },
    native_method! {
        static fn check(handle: jlong, artifacts: jboolean, progress: dev.halfback.Progress)
            -> [jbyte],
        error_policy = Throw
    },
    native_method! {
        static fn verify(
            handle: jlong, version: [jbyte], as_of: [jbyte], progress: dev.halfback.Progress
        ) -> [jbyte],
        error_policy = Throw
    },
    native_method! {
        static fn file_path(handle: jlong, version: [jbyte], as_of: [jbyte], file: [jbyte])
            -> [jbyte],
        error_policy = Throw
    },
    native_method! {
        static fn backup(
            handle: jlong, to: [jbyte], verify: jboolean, progress: dev.halfback.Progress
        ) -> [jbyte],
        error_policy = Throw
    },
    native_method! {
        static fn restore(backup: [jbyte], to: [jbyte], erasures: [jbyte], progress: dev.halfback.Progress) -> [jbyte],
        error_policy = Throw
    },
    native_method! {
        static fn copy_version(
            handle: jlong, version: [jbyte], as_of: [jbyte], target: jlong, options: [jbyte],
            progress: dev.halfback.Progress
        ) -> [jbyte],
        error_policy = Throw
    },
    native_method! {
        static fn bundle(
            handle: jlong, version: [jbyte], as_of: [jbyte], to: [jbyte], overwrite: jboolean,
            progress: dev.halfback.Progress
        ) -> [jbyte],
        error_policy = Throw
    },
    native_method! {
        static fn submit(
            handle: jlong, path: [jbyte], identity: [jbyte], options: [jbyte],
            progress: dev.halfback.Progress
        ) -> [jbyte],
        error_policy = Throw
    },
    native_method! { static fn open_bundle(path: [jbyte]) -> [jbyte], error_policy = Throw },
    native_method! {
        static fn bundle_history(path: [jbyte], identity: [jbyte], page: [jbyte]) -> [jbyte],
        error_policy = Throw
    },
    native_method! {
        static fn bundle_verify(
            path: [jbyte], identity: [jbyte], keys: [jbyte], progress: dev.halfback.Progress
        ) -> [jbyte],
        error_policy = Throw
    },
    native_method! {
        static fn bundle_download(
            path: [jbyte], identity: [jbyte], to: [jbyte], progress: dev.halfback.Progress
        ) -> [jbyte],
        error_policy = Throw
    },
    native_method! {
        static fn sweep(handle: jlong, options: [jbyte]) -> [jbyte], error_policy = Throw
    },
    native_method! {
        static fn purge(handle: jlong, options: [jbyte]) -> [jbyte], error_policy = Throw
    },
    native_method! { static fn compact(handle: jlong) -> [jbyte], error_policy = Throw },
    native_method! {
        static fn evaluate(handle: jlong, request: [jbyte], columns: [jbyte]) -> [jbyte],
        error_policy = Throw
    },
    native_method! {
        static fn compare(handle: jlong, request: [jbyte], columns: [jbyte]) -> [jbyte],
        error_policy = Throw
    },
    native_method! { static fn picture(request: [jbyte]) -> [jbyte], error_policy = Throw },
    native_method! { static fn model_key(place: [jbyte]) -> [jbyte], error_policy = Throw },
    native_method! { static fn generate_model_key(path: [jbyte]) -> [jbyte], error_policy = Throw },
    native_method! { static fn signing_message(statement: [jbyte]) -> [jbyte], error_policy = Throw },
    native_method! { static fn sign_statement(request: [jbyte]) -> [jbyte], error_policy = Throw },
    native_method! { static fn log_key(request: [jbyte]) -> [jbyte], error_policy = Throw },
    native_method! {
        static fn generate_log_key(path: [jbyte], name: [jbyte]) -> [jbyte], error_policy = Throw
    },
    native_method! { static fn log_head(handle: jlong) -> [jbyte], error_policy = Throw },
    native_method! {
        static fn checkpoint(handle: jlong, signing: [jbyte]) -> [jbyte], error_policy = Throw
    },
    native_method! {
        static fn export_log(
            handle: jlong, to: [jbyte], signing: [jbyte], overwrite: jboolean,
            progress: dev.halfback.Progress
        ) -> [jbyte],
        error_policy = Throw
    },
    native_method! {
        static fn verify_inclusion(request: [jbyte]) -> [jbyte], error_policy = Throw
    },
    native_method! {
        static fn verify_consistency(request: [jbyte]), error_policy = Throw
    },
];

fn open<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    path: JByteArray<'local>,
    create: jboolean,
    read_only: jboolean,
    token: JByteArray<'local>,
) -> Outcome<jlong> {
    let path = path_from(env.convert_byte_array(path)?)?;
    let options = Options { create, read_only };
    let registry = match optional(env, &token)? {
        Some(token) => Registry::open_with_token(path, options, &text(token)?)?,
        None => Registry::open_with(path, options)?,
    };
    Ok(Handle::new(registry).into_raw())
}

/// Stops the transfers that run on this handle at their next step, so that closing need not wait
/// for the last byte of a large file.
fn interrupt<'local>(_env: &mut Env<'local>, _class: JClass<'local>, handle: jlong) -> Outcome<()> {
    Handle::borrow(handle)?.interrupt();
    Ok(())
}

fn close<'local>(_env: &mut Env<'local>, _class: JClass<'local>, handle: jlong) -> Outcome<()> {
    Ok(Handle::borrow(handle)?.registry.close()?)
}

fn free<'local>(_env: &mut Env<'local>, _class: JClass<'local>, handle: jlong) -> Outcome<()> {
    Handle::free(handle)
}

fn execute<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    request: JByteArray<'local>,
) -> Outcome<JByteArray<'local>> {
    let request = env.convert_byte_array(request)?;
    let output = wire::execute(&Handle::borrow(handle)?.registry, &request)?;
    Ok(env.byte_array_from_slice(&json(&output)?)?)
}

fn query<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    request: JByteArray<'local>,
) -> Outcome<JByteArray<'local>> {
    let request = env.convert_byte_array(request)?;
    let output = wire::query(&Handle::borrow(handle)?.registry, &request)?;
    Ok(env.byte_array_from_slice(&json(&output)?)?)
}

fn create_token<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    request: JByteArray<'local>,
) -> Outcome<JByteArray<'local>> {
    let request = env.convert_byte_array(request)?;
    let token = wire::create_token(&Handle::borrow(handle)?.registry, &request)?;
    Ok(env.byte_array_from_slice(&json(&token)?)?)
}

/// The number of the operating system's user with a login name, or -1.
fn os_user<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    login: JByteArray<'local>,
) -> Outcome<jlong> {
    let login = text(env.convert_byte_array(login)?)?;
    Ok(user::number(&login).map_or(-1, jlong::from))
}

fn compatible<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    request: JByteArray<'local>,
) -> Outcome<JByteArray<'local>> {
    let request = env.convert_byte_array(request)?;
    Ok(env.byte_array_from_slice(&json(&wire::compatible(&request)?)?)?)
}

fn moment<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    as_of: JByteArray<'local>,
) -> Outcome<jlong> {
    let as_of = env.convert_byte_array(as_of)?;
    Ok(wire::moment(&Handle::borrow(handle)?.registry, &as_of)?.cast_signed())
}

fn resolve<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    uri: JByteArray<'local>,
    stamp: JLongArray<'local>,
) -> Outcome<JByteArray<'local>> {
    let uri = text(env.convert_byte_array(uri)?)?;
    let (record, read) = wire::resolve(&Handle::borrow(handle)?.registry, &uri)?;
    // A record that is changing right now has no stamp: these parts are never current.
    let parts = read.map_or([u64::MAX; 3], Stamp::to_parts);
    stamp.set_region(env, 0, &parts.map(u64::cast_signed))?;
    Ok(env.byte_array_from_slice(&json(&*record)?)?)
}

/// The whole cost of a cached `resolve`: no JNI call, no allocation, no lock. Memory safety rests
/// on Java freeing a handle only when nothing can reach it any more.
fn is_current<'local>(
    _env: EnvUnowned<'local>,
    _class: JClass<'local>,
    handle: jlong,
    first: jlong,
    second: jlong,
    third: jlong,
) -> jboolean {
    let parts = [first, second, third].map(i64::cast_unsigned);
    std::panic::catch_unwind(|| {
        Handle::borrow(handle)
            .ok()
            .zip(Stamp::from_parts(parts))
            .is_some_and(|(handle, stamp)| handle.registry.is_current(&stamp))
    })
    // "not current" sends the caller to the database, where a panic has an exception to carry it.
    .unwrap_or(false)
}

#[expect(clippy::too_many_arguments, reason = "a file or named bytes, as Java can pass them")]
fn put_artifact<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    model: JByteArray<'local>,
    path: JByteArray<'local>,
    name: JByteArray<'local>,
    bytes: JByteArray<'local>,
    allow_secrets: jboolean,
    progress: JObject<'local>,
) -> Outcome<JByteArray<'local>> {
    let handle = Handle::borrow(handle)?;
    let model = text(env.convert_byte_array(model)?)?;
    let content = content(env, &path, &name, &bytes)?;
    let artifact = handle.transfer(env, &progress, |registry, progress| {
        registry.put_artifact(PutArtifact { model, allow_secrets }, &content, progress)
    })?;
    Ok(env.byte_array_from_slice(&json(&artifact)?)?)
}

fn hash_artifact<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    path: JByteArray<'local>,
    name: JByteArray<'local>,
    bytes: JByteArray<'local>,
    progress: JObject<'local>,
) -> Outcome<JByteArray<'local>> {
    let handle = Handle::borrow(handle)?;
    let content = content(env, &path, &name, &bytes)?;
    let artifact = handle.transfer(env, &progress, |registry, progress| {
        registry.hash_artifact(&content, progress)
    })?;
    Ok(env.byte_array_from_slice(&json(&artifact)?)?)
}

fn download<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    version: JByteArray<'local>,
    as_of: JByteArray<'local>,
    to: JByteArray<'local>,
    progress: JObject<'local>,
) -> Outcome<JByteArray<'local>> {
    let handle = Handle::borrow(handle)?;
    let version = env.convert_byte_array(version)?;
    let as_of = optional(env, &as_of)?;
    let to = path_from(env.convert_byte_array(to)?)?;
    let written: PathBuf = handle.transfer(env, &progress, |registry, progress| {
        wire::download(registry, &version, as_of.as_deref(), &to, progress)
    })?;
    Ok(env.byte_array_from_slice(&path_bytes(&written)?)?)
}

fn check<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    artifacts: jboolean,
    progress: JObject<'local>,
) -> Outcome<JByteArray<'local>> {
    let handle = Handle::borrow(handle)?;
    let report = handle.transfer(env, &progress, |registry, progress| {
        wire::check(registry, artifacts, progress)
    })?;
    Ok(env.byte_array_from_slice(&json(&report)?)?)
}

fn verify<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    version: JByteArray<'local>,
    as_of: JByteArray<'local>,
    progress: JObject<'local>,
) -> Outcome<JByteArray<'local>> {
    let handle = Handle::borrow(handle)?;
    let version = env.convert_byte_array(version)?;
    let as_of = optional(env, &as_of)?;
    let artifact = handle.transfer(env, &progress, |registry, progress| {
        wire::verify(registry, &version, as_of.as_deref(), progress)
    })?;
    Ok(env.byte_array_from_slice(&json(&artifact)?)?)
}

fn file_path<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    version: JByteArray<'local>,
    as_of: JByteArray<'local>,
    file: JByteArray<'local>,
) -> Outcome<JByteArray<'local>> {
    let version = env.convert_byte_array(version)?;
    let as_of = optional(env, &as_of)?;
    let file = optional(env, &file)?.map(text).transpose()?;
    let registry = &Handle::borrow(handle)?.registry;
    let path = wire::file_path(registry, &version, as_of.as_deref(), file.as_deref())?;
    Ok(env.byte_array_from_slice(&path_bytes(&path)?)?)
}

fn sweep<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    options: JByteArray<'local>,
) -> Outcome<JByteArray<'local>> {
    let options = env.convert_byte_array(options)?;
    let swept = wire::sweep(&Handle::borrow(handle)?.registry, &options)?;
    Ok(env.byte_array_from_slice(&json(&swept)?)?)
}

fn purge<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
    options: JByteArray<'local>,
) -> Outcome<JByteArray<'local>> {
    let options = env.convert_byte_array(options)?;
    let purged = wire::purge(&Handle::borrow(handle)?.registry, &options)?;
    Ok(env.byte_array_from_slice(&json(&purged)?)?)
}

fn compact<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    handle: jlong,
) -> Outcome<JByteArray<'local>> {
    let compacted = wire::compact(&Handle::borrow(handle)?.registry)?;
    Ok(env.byte_array_from_slice(&json(&compacted)?)?)
}
