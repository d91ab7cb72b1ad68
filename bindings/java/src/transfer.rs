//! What crosses between Java and Rust besides JSON: paths, contents and progress.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use halfback::{Content, Transfer};
use jni::objects::{JByteArray, JObject, JValue};
use jni::{Env, jni_sig, jni_str};
use serde::Serialize;

use crate::failure::Failure;

/// A byte array that may be null.
pub(crate) fn optional(
    env: &mut Env<'_>,
    bytes: &JByteArray<'_>,
) -> Result<Option<Vec<u8>>, Failure> {
    if bytes.is_null() { Ok(None) } else { Ok(Some(env.convert_byte_array(bytes)?)) }
}

/// Text that Java has encoded strictly, so that a lone surrogate never gets here.
pub(crate) fn text(bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|_| Failure::Defect("text that is not UTF-8 was passed"))
}

/// The content that Java describes: a path, or bytes under a file name.
pub(crate) fn content(
    env: &mut Env<'_>,
    path: &JByteArray<'_>,
    name: &JByteArray<'_>,
    bytes: &JByteArray<'_>,
) -> Result<Content, Failure> {
    match (optional(env, path)?, optional(env, name)?, optional(env, bytes)?) {
        (Some(path), None, None) => Ok(Content::Path(path_from(path)?)),
        (None, Some(name), Some(bytes)) => Ok(Content::Bytes { name: text(name)?, bytes }),
        _ => Err(Failure::Defect("a content is a path, or bytes with a name")),
    }
}

/// A path from the bytes of its name, which need not be UTF-8 on Unix.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "fails on other systems")]
pub(crate) fn path_from(bytes: Vec<u8>) -> Result<PathBuf, Failure> {
    use std::os::unix::ffi::OsStringExt;
    Ok(PathBuf::from(std::ffi::OsString::from_vec(bytes)))
}

/// A path from its text.
#[cfg(not(unix))]
pub(crate) fn path_from(bytes: Vec<u8>) -> Result<PathBuf, Failure> {
    text(bytes).map(PathBuf::from)
}

/// The bytes of a path's name, as [`path_from`] takes them.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "fails on other systems")]
pub(crate) fn path_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    use std::os::unix::ffi::OsStrExt;
    Ok(path.as_os_str().as_bytes().to_vec())
}

/// The text of a path, as [`path_from`] takes it.
#[cfg(not(unix))]
pub(crate) fn path_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let text = path.to_str().ok_or(Failure::Defect("a path that is not Unicode was returned"))?;
    Ok(text.as_bytes().to_vec())
}

/// The JSON of an answer.
pub(crate) fn json(answer: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(answer).map_err(|_| Failure::Defect("an answer could not be encoded"))
}

/// Tells the Java listener how far a transfer is and asks whether it goes on. The Java half keeps
/// what a listener throws, so only a failing JVM is an error here.
pub(crate) fn report(
    env: &mut Env<'_>,
    listener: &JObject<'_>,
    transfer: Transfer,
) -> jni::errors::Result<ControlFlow<()>> {
    if listener.is_null() {
        return Ok(ControlFlow::Continue(()));
    }
    let goes_on = env.call_method(
        listener,
        jni_str!("report"),
        jni_sig!((jlong, jlong) -> jboolean),
        &[JValue::Long(transfer.done.cast_signed()), JValue::Long(transfer.total.cast_signed())],
    )?;
    Ok(if goes_on.z()? { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
}
