//! Keras 3: a zip archive with `metadata.json`, `config.json` and the weights. The older format is in
//! `hdf5.rs`.
//!
//! Source: `keras/src/saving/saving_lib.py`.

use serde::Deserialize;
use serde_json::Value;

use super::archive::Archive;
use super::source::{Look, Stop};
use super::{Format, found};

#[derive(Deserialize)]
struct Metadata {
    keras_version: String,
    date_saved: Option<String>,
}

pub(super) fn recognise(archive: &Archive<'_, '_>) -> Look<Format> {
    if !archive.has("metadata.json") || !archive.has("config.json") {
        return Err(Stop::Else);
    }
    let document = |name| -> Look<Option<Value>> {
        let text = found(archive.whole(name))?;
        Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
    };
    let (about, config) = (document("metadata.json")?, document("config.json")?);
    let metadata = about.as_ref().and_then(|about| Metadata::deserialize(about).ok());
    // Python reads some JSON that is refused here, so that what is unread may hold anything.
    let (Some(about), Some(metadata)) = (about, metadata) else {
        let mut format = Format { executable: true, ..Format::default() };
        format.note("unread", "metadata.json");
        return Ok(format);
    };
    let mut format = Format::new("keras", "keras");
    format.version(metadata.keras_version);
    if let Some(date) = metadata.date_saved {
        format.note("date_saved", date);
    }
    format.say_all("metadata.json", &about);
    if let Some(config) = config {
        format.executable = brings_code(&config);
        format.say_all("config.json", &config);
    } else {
        format.executable = true;
        format.note("unread", "config.json");
    }
    Ok(format)
}

/// Whether a configuration holds code, or names code that is not Keras's own: bytecode, the function of
/// a `Lambda` layer, a class that was registered by somebody else, or anything in another module.
/// Loading imports these, and older releases import whatever is named.
pub(super) fn brings_code(config: &Value) -> bool {
    match config {
        Value::String(text) => text == "__lambda__",
        Value::Array(items) => items.iter().any(brings_code),
        Value::Object(map) => {
            let text = |key| map.get(key).and_then(Value::as_str);
            let class = text("class_name");
            let foreign = match text("module") {
                None => text("registered_name").is_some(),
                // Functions of Keras are written as such; its other functions can do more.
                Some("builtins") => class != Some("function"),
                Some(module) => {
                    class == Some("function") || module.split('.').next() != Some("keras")
                }
            };
            let registered = text("registered_name").and_then(|name| name.split_once('>'));
            foreign
                || class == Some("Lambda")
                || registered.is_some_and(|(package, _)| package != "keras")
                || map.iter().any(|(key, value)| key == "__lambda__" || brings_code(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
