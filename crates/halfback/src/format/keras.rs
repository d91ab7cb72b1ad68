//! Keras 3: a zip archive with `metadata.json`, `config.json` and the weights.
//!
//! Source: `keras/src/saving/saving_lib.py`.

use serde::Deserialize;

use super::Format;
use super::archive::Archive;
use super::source::{Look, Stop, find};

#[derive(Deserialize)]
struct Metadata {
    keras_version: String,
    date_saved: Option<String>,
}

pub(super) fn recognise(archive: &Archive<'_, '_>) -> Look<Format> {
    let metadata = archive.read("metadata.json")?;
    let metadata: Metadata = serde_json::from_slice(&metadata).map_err(|_| Stop::Else)?;
    let config = archive.read("config.json")?;
    let mut format = Format::new("keras", "keras");
    format.version(metadata.keras_version);
    if let Some(date) = metadata.date_saved {
        format.note("date_saved", date);
    }
    // A `Lambda` layer holds marshalled bytecode.
    format.executable = find(&config, b"\"__lambda__\"").is_some();
    Ok(format)
}
