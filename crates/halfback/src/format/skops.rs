//! skops: a scikit-learn model in a zip archive, whose `schema.json` names types and never runs them.
//!
//! Source: <https://skops.readthedocs.io/en/stable/persistence.html>.

use serde::Deserialize;

use super::archive::Archive;
use super::source::{Look, Stop, behind};
use super::{Format, pickle};

#[derive(Deserialize)]
struct Schema {
    #[serde(rename = "__class__")]
    class: String,
    #[serde(rename = "__module__")]
    module: String,
    #[serde(rename = "__loader__")]
    _loader: String,
    protocol: Option<u32>,
    #[serde(rename = "_skops_version")]
    skops_version: Option<String>,
}

pub(super) fn recognise(archive: &Archive<'_, '_>) -> Look<Format> {
    let text = archive.read("schema.json")?;
    let schema: Schema = serde_json::from_slice(&text).map_err(|_| Stop::Else)?;
    let mut format = Format::new(pickle::flavor_of(&schema.module).unwrap_or("sklearn"), "skops");
    format.note("class", format!("{}.{}", schema.module, schema.class));
    if let Some(protocol) = schema.protocol {
        format.note("protocol", protocol.to_string());
    }
    if let Some(version) = schema.skops_version {
        format.note("skops_version", version);
    }
    if let Some(version) = sklearn_version(&text) {
        format.version(version);
    }
    Ok(format)
}

/// The version in the state of the first estimator: JSON in a string of the JSON.
fn sklearn_version(text: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Node {
        content: String,
    }
    behind(text, b"\"_sklearn_version\":").find_map(|rest| {
        let node = serde_json::Deserializer::from_slice(rest).into_iter::<Node>().next()?.ok()?;
        serde_json::from_str(&node.content).ok()
    })
}
