//! The native methods about keys that sign versions.

use halfback::wire;
use jni::Env;
use jni::objects::{JByteArray, JClass};

use crate::failure::Failure;
use crate::transfer::{path_from, text};

type Outcome<'local> = Result<JByteArray<'local>, Failure>;

pub(crate) fn model_key<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    place: JByteArray<'local>,
) -> Outcome<'local> {
    let place = env.convert_byte_array(place)?;
    Ok(env.byte_array_from_slice(wire::model_key(&place)?.as_bytes())?)
}

pub(crate) fn generate_model_key<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    path: JByteArray<'local>,
) -> Outcome<'local> {
    let path = path_from(env.convert_byte_array(path)?)?;
    Ok(env.byte_array_from_slice(wire::generate_model_key(&path)?.as_bytes())?)
}

pub(crate) fn signing_message<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    statement: JByteArray<'local>,
) -> Outcome<'local> {
    let statement = text(env.convert_byte_array(statement)?)?;
    Ok(env.byte_array_from_slice(&wire::signing_message(&statement))?)
}

pub(crate) fn sign_statement<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    request: JByteArray<'local>,
) -> Outcome<'local> {
    let request = env.convert_byte_array(request)?;
    Ok(env.byte_array_from_slice(wire::sign_statement(&request)?.as_bytes())?)
}
