//! ONNX: a `ModelProto`, recognised by having no other fields than that, and a graph.
//!
//! Source: <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>.

use std::collections::HashSet;

use super::protobuf::{Message, Value};
use super::source::{Look, Source, Stop};
use super::{Format, found};
use crate::signature::{Schema, Signature, TensorSpec};

const MAX_NAME: usize = 4 << 10;
const MAX_TENSORS: usize = 10_000;
/// How much of a text for people is read.
const MAX_WORDS: usize = 1 << 20;
/// How deep subgraphs are followed.
const MAX_DEPTH: usize = 16;

pub(super) fn recognise(source: &Source<'_>) -> Look<Format> {
    let mut format = Format::new("onnx", "onnx");
    let mut model = Message::whole(source);
    let (mut ir_version, mut graph, mut producer) = (0, None, [const { String::new() }; 2]);
    let mut opsets = 0;
    while let Some((field, value)) = model.next()? {
        match field {
            1 => ir_version = value.number()?,
            2 => producer[0] = model.text(&value, MAX_NAME)?,
            3 => producer[1] = model.text(&value, MAX_NAME)?,
            7 => graph = Some(model.within(&value)?),
            8 => {
                let (domain, version) = opset(model.within(&value)?)?;
                opsets += 1;
                if domain.is_empty() {
                    format.note("opset", version.to_string());
                } else if opsets < 32 {
                    format.note(&format!("opset.{}", super::clipped(domain)), version.to_string());
                }
            }
            5 => {
                value.number()?;
            }
            4 | 6 | 14 | 20 | 25 | 26 => {
                model.within(&value)?;
            }
            _ => return Err(Stop::Else),
        }
    }
    let graph = graph.filter(|_| (1..=1000).contains(&ir_version) && opsets > 0);
    format.note("ir_version", ir_version.to_string());
    format.version(producer.join(" "));
    format.signature = match signature(graph.ok_or(Stop::Else)?) {
        Ok(signature) => Some(signature).filter(|it| *it != Signature::default()),
        Err(Stop::Else) => None,
        Err(failed) => return Err(failed),
    };
    // As far as the file may still be read.
    found(words(&Message::whole(source), &MODEL, &mut format, 0))?;
    Ok(format)
}

/// Where a message has texts for people, and what it holds that may have more.
struct Kind {
    doc_string: u64,
    metadata_props: u64,
    /// The fields of messages, in the order in which they are read while the file may be.
    inner: &'static [(u64, &'static Kind)],
}

const fn kind(
    doc_string: u64,
    metadata_props: u64,
    inner: &'static [(u64, &'static Kind)],
) -> Kind {
    Kind { doc_string, metadata_props, inner }
}

/// The number of a field that a message does not have.
const NONE: u64 = 0;

static MODEL: Kind = kind(6, 14, &[(7, &GRAPH), (25, &FUNCTION), (20, &TRAINING)]);
static GRAPH: Kind =
    kind(10, 16, &[(11, &VALUE), (12, &VALUE), (1, &NODE), (13, &VALUE), (5, &TENSOR)]);
static NODE: Kind = kind(6, 9, &[(5, &ATTRIBUTE)]);
static ATTRIBUTE: Kind = kind(13, NONE, &[(6, &GRAPH), (11, &GRAPH)]);
static FUNCTION: Kind = kind(8, 14, &[(7, &NODE), (12, &VALUE), (11, &ATTRIBUTE)]);
static TRAINING: Kind = kind(NONE, NONE, &[(1, &GRAPH), (2, &GRAPH)]);
static TENSOR: Kind = kind(12, 16, &[]);
static VALUE: Kind = kind(3, 4, &[]);

/// Judges the texts for people in a message, its own before those of the messages in it.
fn words(message: &Message<'_, '_>, kind: &Kind, format: &mut Format, depth: usize) -> Look<()> {
    let mut fields = message.clone();
    while let Some((field, value)) = fields.next()? {
        if field == kind.doc_string {
            format.say("doc_string", &fields.words(&value, MAX_WORDS)?);
        } else if field == kind.metadata_props {
            let mut entry = fields.within(&value)?;
            let (mut name, mut text) = (String::new(), String::new());
            while let Some((field, value)) = entry.next()? {
                match field {
                    1 => name = entry.words(&value, MAX_NAME)?,
                    2 => text = entry.words(&value, MAX_WORDS)?,
                    _ => {}
                }
            }
            format.say(&name, &text);
        }
    }
    for (number, kind) in kind.inner.iter().filter(|_| depth < MAX_DEPTH) {
        let mut fields = message.clone();
        while let Some((field, value)) = fields.next()? {
            if field == *number {
                words(&fields.within(&value)?, kind, format, depth + 1)?;
            }
        }
    }
    Ok(())
}

fn opset(mut opset: Message<'_, '_>) -> Look<(String, i64)> {
    let (mut domain, mut version) = (String::new(), 0);
    while let Some((field, value)) = opset.next()? {
        match field {
            1 => domain = opset.text(&value, MAX_NAME)?,
            2 => version = value.number()?,
            _ => return Err(Stop::Else),
        }
    }
    Ok((if domain == "ai.onnx" { String::new() } else { domain }, version))
}

/// The tensors of the graph. A side with anything else, such as the maps that converted classifiers
/// give, has no schema.
fn signature(mut graph: Message<'_, '_>) -> Look<Signature> {
    let (mut inputs, mut outputs) = (Side::default(), Side::default());
    let mut initial = HashSet::new();
    while let Some((field, value)) = graph.next()? {
        match field {
            5 if initial.len() < MAX_TENSORS => {
                initial.extend(initializer(graph.within(&value)?)?);
            }
            11 => inputs.add(graph.within(&value)?)?,
            12 => outputs.add(graph.within(&value)?)?,
            _ => {}
        }
    }
    // Before IR version 4, weights were inputs too; later they are inputs that can be left out.
    inputs.0.retain(|(name, _)| !initial.contains(name));
    Ok(Signature { inputs: inputs.schema(), outputs: outputs.schema(), params: None })
}

/// The name of a `TensorProto`.
fn initializer(mut tensor: Message<'_, '_>) -> Look<Option<String>> {
    while let Some((field, value)) = tensor.next()? {
        if field == 8 {
            return tensor.text(&value, MAX_NAME).map(Some);
        }
    }
    Ok(None)
}

/// The named values on one side; those that are no tensors of a known shape have no spec.
#[derive(Default)]
struct Side(Vec<(String, Option<TensorSpec>)>);

impl Side {
    fn add(&mut self, mut info: Message<'_, '_>) -> Look<()> {
        let (mut name, mut tensor) = (String::new(), None);
        while let Some((field, value)) = info.next()? {
            match field {
                1 => name = info.text(&value, MAX_NAME)?,
                2 => tensor = tensor_type(info.within(&value)?)?,
                _ => {}
            }
        }
        if self.0.len() == MAX_TENSORS {
            return Err(Stop::Else);
        }
        let spec =
            tensor.map(|(dtype, shape)| TensorSpec { name: Some(name.clone()), dtype, shape });
        self.0.push((name, spec));
        Ok(())
    }

    fn schema(self) -> Option<Schema> {
        let tensors: Option<Vec<TensorSpec>> = self.0.into_iter().map(|(_, spec)| spec).collect();
        tensors.filter(|tensors| !tensors.is_empty()).map(Schema::Tensors)
    }
}

fn tensor_type(mut kind: Message<'_, '_>) -> Look<Option<(String, Vec<i64>)>> {
    let mut found = None;
    while let Some((field, value)) = kind.next()? {
        if field != 1 {
            continue;
        }
        let mut tensor = kind.within(&value)?;
        let (mut dtype, mut shape) = (None, None);
        while let Some((field, value)) = tensor.next()? {
            match field {
                1 => dtype = element(value.number()?),
                2 => shape = Some(dimensions(tensor.within(&value)?, 1)?),
                _ => {}
            }
        }
        found = dtype.map(str::to_owned).zip(shape);
    }
    Ok(found)
}

/// The lengths in a shape: of ONNX those given in field 1, of TensorFlow in field 2. A dimension
/// without a length, or with a name for it, is free.
pub(super) fn dimensions(mut shape: Message<'_, '_>, field: u64) -> Look<Vec<i64>> {
    let mut lengths = Vec::new();
    while let Some((number, value)) = shape.next()? {
        if number != field {
            continue;
        }
        let mut dimension = shape.within(&value)?;
        let mut length = -1;
        while let Some((number, value)) = dimension.next()? {
            if let (1, Value::Varint(_)) = (number, &value) {
                length = value.number()?.max(-1);
            }
        }
        lengths.push(length);
        if lengths.len() > 64 {
            return Err(Stop::Else);
        }
    }
    Ok(lengths)
}

/// numpy's name for a `TensorProto.DataType`.
fn element(code: i64) -> Option<&'static str> {
    Some(match code {
        1 => "float32",
        2 => "uint8",
        3 => "int8",
        4 => "uint16",
        5 => "int16",
        6 => "int32",
        7 => "int64",
        8 => "str",
        9 => "bool",
        10 => "float16",
        11 => "float64",
        12 => "uint32",
        13 => "uint64",
        14 => "complex64",
        15 => "complex128",
        16 => "bfloat16",
        17 => "float8_e4m3fn",
        18 => "float8_e4m3fnuz",
        19 => "float8_e5m2",
        20 => "float8_e5m2fnuz",
        21 => "uint4",
        22 => "int4",
        _ => return None,
    })
}
