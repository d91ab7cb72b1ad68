//! A folder of Hugging Face's `transformers`: `config.json` beside weights, and the configurations of
//! tokenizers and processors wherever they lie.
//!
//! Source: <https://huggingface.co/docs/transformers/main_classes/configuration>.

use serde::Deserialize;
use serde_json::Value;

use super::source::{Look, Source, Stop};
use super::{Artifact, Format, found};

const MAX_CONFIG: usize = 4 << 20;
/// What names classes in modules of the folder, which loading imports when it is allowed to.
const CODE: [&str; 2] = ["auto_map", "custom_pipelines"];

#[derive(Deserialize)]
struct Config {
    model_type: Option<String>,
    architectures: Option<Vec<String>>,
    transformers_version: Option<String>,
}

pub(super) fn recognise(artifact: &Artifact<'_>) -> Look<Format> {
    let document = found(read(&artifact.source("config.json")?))?;
    let config = document.as_ref().and_then(|document| Config::deserialize(document).ok());
    let (Some(document), Some(config)) = (document, config) else {
        return Ok(artifact.undescribed("config.json")?);
    };
    if config.model_type.is_none() && config.architectures.is_none() {
        return Err(Stop::Else);
    }
    let content = artifact.contents(|path| path != "config.json")?;
    if content.flavor.is_none() && !artifact.list.iter().any(|(path, _)| is_weights(path)) {
        return Err(Stop::Else);
    }
    let mut format = Format::new("transformers", "huggingface");
    if let Some(version) = config.transformers_version {
        format.version(version);
    }
    if let Some(model_type) = config.model_type {
        format.note("model_type", model_type);
    }
    if let Some(architectures) = config.architectures {
        format.note("architectures", architectures.join(", "));
    }
    format.executable = names_code(&document);
    format.say_all("config.json", &document);
    format.add_content(content);
    Ok(format)
}

/// Whether a file is named like the configuration of a model, a tokenizer or a processor.
pub(super) fn is_config(path: &str) -> bool {
    path.ends_with("config.json")
}

/// What a configuration says about itself; it makes no format of its own.
pub(super) fn recognise_file(source: &Source<'_>) -> Look<Format> {
    if !is_config(source.path()) {
        return Err(Stop::Else);
    }
    let mut format = Format::default();
    // Python reads some JSON that is refused here.
    let document = found(read(source))?;
    format.executable = document.as_ref().is_none_or(names_code);
    if let Some(document) = &document {
        let name = source.path().rsplit('/').next().unwrap_or_default();
        format.say_all(name, document);
    }
    Ok(format)
}

fn read(source: &Source<'_>) -> Look<Value> {
    serde_json::from_slice(&source.whole(MAX_CONFIG)?).map_err(|_| Stop::Else)
}

/// Configurations hold others, such as that of the text model in one of images and text.
fn names_code(document: &Value) -> bool {
    match document {
        Value::Object(map) => map.iter().any(|(key, value)| {
            CODE.contains(&key.as_str()) && !value.is_null() || names_code(value)
        }),
        Value::Array(items) => items.iter().any(names_code),
        _ => false,
    }
}

/// Weights in formats that are not recognised by themselves.
fn is_weights(path: &str) -> bool {
    ["tf_model.h5", "flax_model.msgpack"].contains(&path)
}
