//! PyTorch's archives: `torch.export`, TorchScript, and `torch.save`.
//!
//! TorchScript counts as executable because its archive holds the program, and `torch.export` because
//! its loader unpickles what it does not read otherwise.
//!
//! Source: `caffe2/serialize/inline_container.h`, `torch/export/pt2_archive/constants.py`,
//! `torch/_export/serde/schema.py` and `torch/serialization.py` in <https://github.com/pytorch/pytorch>.

use std::collections::HashMap;

use serde::Deserialize;

use super::archive::Archive;
use super::source::{Look, Source, Stop, behind};
use super::{Format, pickle};
use crate::signature::{Schema, Signature, TensorSpec};

const MAX_TENSORS: usize = 10_000;
/// As many dimensions as a tensor of PyTorch can have.
const MAX_DIMENSIONS: usize = 64;

pub(super) fn recognise(archive: &Archive<'_, '_>) -> Look<Format> {
    // All entries are in one folder, named like the file; old archives of `torch.export` have none.
    let first = archive.names().next().ok_or(Stop::Else)?;
    let root = first.split_once('/').map(|(root, _)| format!("{root}/")).unwrap_or_default();
    for root in [root.as_str(), ""] {
        for family in [exported, saved] {
            match family(archive, root) {
                Err(Stop::Else) => {}
                other => return other,
            }
        }
    }
    Err(Stop::Else)
}

fn exported(archive: &Archive<'_, '_>, root: &str) -> Look<Format> {
    let old = format!("{root}serialized_exported_program.json");
    let mut format = Format::new("pytorch", "torch.export");
    let program = if archive.has(&old) {
        old
    } else {
        if archive.read(&format!("{root}archive_format"))? != b"pt2" {
            return Err(Stop::Else);
        }
        let models = format!("{root}models/");
        let is_json =
            |name: &str| name.rsplit_once('.').is_some_and(|(_, extension)| extension == "json");
        let is_program = |name: &&str| name.starts_with(&models) && is_json(name);
        archive.names().find(is_program).unwrap_or_default().to_owned()
    };
    for version in ["archive_version", "version"] {
        if let Some(version) = optional(archive.read(&format!("{root}{version}")))? {
            format.note("archive_version", String::from_utf8_lossy(&version));
            break;
        }
    }
    if let Some(program) = optional(archive.read(&program))? {
        if let Some(version) = torch_version(&program) {
            format.version(version);
        }
        // One that is longer than is inflated is cut, and tells no signature.
        let program = serde_json::from_slice::<Program>(&program);
        format.signature =
            program.ok().map(Program::signature).filter(|it| *it != Signature::default());
    }
    format.executable = true;
    Ok(format)
}

/// Among the program's last keys.
fn torch_version(program: &[u8]) -> Option<String> {
    behind(program, b"\"torch_version\":").rev().find_map(|rest| {
        serde_json::Deserializer::from_slice(rest).into_iter::<String>().next()?.ok()
    })
}

/// What is read of an `ExportedProgram`.
#[derive(Deserialize)]
struct Program {
    graph_module: GraphModule,
}

#[derive(Deserialize)]
struct GraphModule {
    graph: Graph,
    signature: GraphSignature,
}

#[derive(Deserialize)]
struct Graph {
    tensor_values: HashMap<String, TensorMeta>,
}

#[derive(Deserialize)]
struct TensorMeta {
    dtype: i64,
    sizes: Vec<Size>,
}

/// A number, or an expression, which any length can meet.
#[derive(Deserialize)]
struct Size {
    as_int: Option<i64>,
}

#[derive(Deserialize)]
struct GraphSignature {
    input_specs: Vec<InputSpec>,
    output_specs: Vec<OutputSpec>,
}

/// An argument of the caller's; the others are the module's own weights and constants.
#[derive(Deserialize)]
struct InputSpec {
    user_input: Option<Value>,
}

#[derive(Deserialize)]
struct OutputSpec {
    user_output: Option<Value>,
}

#[derive(Deserialize)]
struct Value {
    arg: Argument,
}

#[derive(Deserialize)]
struct Argument {
    as_tensor: Option<Tensor>,
}

#[derive(Deserialize)]
struct Tensor {
    name: String,
}

impl Program {
    fn signature(self) -> Signature {
        let GraphModule { graph, signature } = self.graph_module;
        let inputs = signature.input_specs.into_iter().filter_map(|spec| spec.user_input);
        let outputs = signature.output_specs.into_iter().filter_map(|spec| spec.user_output);
        let mut outputs = graph.tensors(outputs);
        // The only output is called like the last step, which says nothing.
        if let Some([only]) = outputs.as_deref_mut() {
            only.name = None;
        }
        let inputs = graph.tensors(inputs);
        Signature {
            inputs: inputs.map(Schema::Tensors),
            outputs: outputs.map(Schema::Tensors),
            params: None,
        }
    }
}

impl Graph {
    /// The tensors on one side. A side with anything else has no schema.
    fn tensors(&self, values: impl Iterator<Item = Value>) -> Option<Vec<TensorSpec>> {
        let tensors: Option<Vec<TensorSpec>> = values
            .take(MAX_TENSORS + 1)
            .map(|value| self.tensor(value.arg.as_tensor?.name))
            .collect();
        tensors.filter(|tensors| (1..=MAX_TENSORS).contains(&tensors.len()))
    }

    fn tensor(&self, name: String) -> Option<TensorSpec> {
        let TensorMeta { dtype, sizes } = self.tensor_values.get(&name)?;
        let dtype = element(*dtype).filter(|_| sizes.len() <= MAX_DIMENSIONS)?.to_owned();
        let shape = sizes.iter().map(|size| size.as_int.map_or(-1, |length| length.max(-1)));
        Some(TensorSpec { name: Some(name), dtype, shape: shape.collect() })
    }
}

/// numpy's name for a `ScalarType` as the programs number them.
fn element(code: i64) -> Option<&'static str> {
    Some(match code {
        1 => "uint8",
        2 => "int8",
        3 => "int16",
        4 => "int32",
        5 => "int64",
        6 => "float16",
        7 => "float32",
        8 => "float64",
        10 => "complex64",
        11 => "complex128",
        12 => "bool",
        13 => "bfloat16",
        28 => "uint16",
        29 => "float8_e4m3fn",
        30 => "float8_e5m2",
        31 => "float8_e4m3fnuz",
        32 => "float8_e5m2fnuz",
        34 => "uint32",
        35 => "uint64",
        _ => return None,
    })
}

fn saved(archive: &Archive<'_, '_>, root: &str) -> Look<Format> {
    let pickled = archive.read(&format!("{root}data.pkl"))?;
    let code = format!("{root}code/");
    let script = archive.has(&format!("{root}constants.pkl"))
        && archive.names().any(|name| name.starts_with(&code));
    let mut format = Format::new("pytorch", if script { "torchscript" } else { "torch.save" });
    format.executable = true;
    if let Some(version) = optional(archive.read(&format!("{root}version")))? {
        format.note("archive_version", String::from_utf8_lossy(&version));
    }
    // A script's classes are those of its own code.
    if !script {
        let pickled = Source::memory(pickled, "data.pkl", false);
        optional(pickle::scan(&pickled).map(|scan| scan.tell(&mut format)))?;
    }
    Ok(format)
}

fn optional<T>(look: Look<T>) -> Look<Option<T>> {
    match look {
        Ok(found) => Ok(Some(found)),
        Err(Stop::Else) => Ok(None),
        Err(failed) => Err(failed),
    }
}
