//! TensorFlow's `SavedModel`: `saved_model.pb` beside its variables.
//!
//! Source: `saved_model.proto`, `meta_graph.proto` and `types.proto` in
//! <https://github.com/tensorflow/tensorflow/tree/master/tensorflow/core>.

use super::onnx::dimensions;
use super::protobuf::{Message, Value};
use super::source::{Look, Source, Stop};
use super::{Artifact, Format};
use crate::signature::{Schema, Signature, TensorSpec};

const MAX_NAME: usize = 4 << 10;
const MAX_TENSORS: usize = 10_000;

pub(super) fn recognise(artifact: &Artifact<'_>) -> Look<Format> {
    let mut format = recognise_file(&artifact.source("saved_model.pb")?)?;
    format.note("file", "saved_model.pb");
    format.add_content(artifact.contents(|path| path != "saved_model.pb")?);
    Ok(format)
}

/// The graph can read and write files, but it is TensorFlow's own, not code that came with it.
pub(super) fn recognise_file(source: &Source<'_>) -> Look<Format> {
    if source.path().rsplit('/').next() != Some("saved_model.pb") {
        return Err(Stop::Else);
    }
    let mut model = Message::whole(source);
    let mut format = Format::new("tensorflow", "saved_model");
    let mut signature = Signature::default();
    let mut version = None;
    while let Some((field, value)) = model.next()? {
        match field {
            1 => format.note("schema_version", value.number()?.to_string()),
            2 if version.is_none() => {
                version = Some(meta_graph(model.within(&value)?, &mut signature)?);
            }
            2 => {}
            _ => return Err(Stop::Else),
        }
    }
    format.version(version.ok_or(Stop::Else)?);
    format.signature = Some(signature).filter(|it| *it != Signature::default());
    Ok(format)
}

/// Reads the signature of a `MetaGraphDef`, and gives the version that wrote it.
fn meta_graph(mut graph: Message<'_, '_>, signature: &mut Signature) -> Look<String> {
    let mut version = None;
    while let Some((field, value)) = graph.next()? {
        match field {
            1 => {
                let mut info = graph.within(&value)?;
                while let Some((field, value)) = info.next()? {
                    if field == 5 {
                        version = Some(info.text(&value, MAX_NAME)?);
                    }
                }
            }
            5 => {
                let (name, definition) = entry(graph.within(&value)?)?;
                if let ("serving_default", Some(definition)) = (name.as_str(), definition) {
                    *signature = signature_def(definition)?;
                }
            }
            _ => {}
        }
    }
    version.ok_or(Stop::Else)
}

/// The key and the value of a map's entry.
fn entry<'s, 'a>(mut entry: Message<'s, 'a>) -> Look<(String, Option<Message<'s, 'a>>)> {
    let (mut key, mut held) = (String::new(), None);
    while let Some((field, value)) = entry.next()? {
        match field {
            1 => key = entry.text(&value, MAX_NAME)?,
            2 => held = Some(entry.within(&value)?),
            _ => {}
        }
    }
    Ok((key, held))
}

fn signature_def(mut definition: Message<'_, '_>) -> Look<Signature> {
    let mut sides = [Some(Vec::new()), Some(Vec::new())];
    let [inputs, outputs] = &mut sides;
    while let Some((field, value)) = definition.next()? {
        let side = match field {
            1 => &mut *inputs,
            2 => &mut *outputs,
            _ => continue,
        };
        let (name, info) = entry(definition.within(&value)?)?;
        let tensor = info.map(|info| tensor_info(name, info)).transpose()?.flatten();
        match (side.as_mut(), tensor) {
            (Some(tensors), Some(tensor)) if tensors.len() < MAX_TENSORS => tensors.push(tensor),
            // A side with anything that is no tensor of a known rank has no schema.
            _ => *side = None,
        }
    }
    let [inputs, outputs] = sides.map(|side| {
        let mut tensors = side.filter(|tensors| !tensors.is_empty())?;
        // The entries of a map come in any order.
        tensors.sort_by(|one, other| one.name.cmp(&other.name));
        Some(Schema::Tensors(tensors))
    });
    Ok(Signature { inputs, outputs, params: None })
}

fn tensor_info(name: String, mut info: Message<'_, '_>) -> Look<Option<TensorSpec>> {
    let (mut dtype, mut shape) = (None, Some(Vec::new()));
    while let Some((field, value)) = info.next()? {
        match field {
            2 => dtype = element(value.number()?),
            3 if unknown_rank(info.within(&value)?)? => shape = None,
            3 => shape = Some(dimensions(info.within(&value)?, 2)?),
            _ => {}
        }
    }
    let spec = dtype.zip(shape).map(|(dtype, shape)| TensorSpec {
        name: Some(name),
        dtype: dtype.to_owned(),
        shape,
    });
    Ok(spec)
}

fn unknown_rank(mut shape: Message<'_, '_>) -> Look<bool> {
    while let Some((field, value)) = shape.next()? {
        if let (3, Value::Varint(1)) = (field, value) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// numpy's name for a `DataType`.
fn element(code: i64) -> Option<&'static str> {
    Some(match code {
        1 => "float32",
        2 => "float64",
        3 => "int32",
        4 => "uint8",
        5 => "int16",
        6 => "int8",
        7 => "object",
        8 => "complex64",
        9 => "int64",
        10 => "bool",
        14 => "bfloat16",
        17 => "uint16",
        18 => "complex128",
        19 => "float16",
        22 => "uint32",
        23 => "uint64",
        _ => return None,
    })
}
