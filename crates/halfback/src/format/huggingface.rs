//! A folder of Hugging Face's `transformers`: `config.json` beside weights.
//!
//! Source: <https://huggingface.co/docs/transformers/main_classes/configuration>.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::source::{Look, Stop};
use super::{Artifact, Format, found};

const MAX_CONFIG: usize = 1 << 20;

#[derive(Deserialize)]
struct Config {
    model_type: Option<String>,
    architectures: Option<Vec<String>>,
    transformers_version: Option<String>,
    /// Names classes in modules of the folder, which loading imports when it is allowed to.
    auto_map: Option<IgnoredAny>,
}

pub(super) fn recognise(artifact: &Artifact<'_>) -> Look<Format> {
    let text = found(artifact.source("config.json")?.whole(MAX_CONFIG))?;
    let Some(config) = text.and_then(|text| serde_json::from_slice::<Config>(&text).ok()) else {
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
    format.executable = config.auto_map.is_some();
    format.add_content(&content);
    Ok(format)
}

/// Weights in formats that are not recognised by themselves.
fn is_weights(path: &str) -> bool {
    ["tf_model.h5", "flax_model.msgpack"].contains(&path)
}
