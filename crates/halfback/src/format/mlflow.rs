//! A folder that MLflow saved: `MLmodel` beside the model of the native flavor.
//!
//! The flavor is the native one, such as `sklearn`, and `python_function` where there is no other.
//!
//! Source: `mlflow/models/model.py`.

use serde_json::{Map, Value};

use super::source::{Look, Source, Stop};
use super::{Artifact, Format, found, yaml};
use crate::signature::Signature;

const MAX_MLMODEL: usize = 1 << 20;
/// The flavor that every model has for callers who do not know the native one.
const ANY: &str = "python_function";

pub(super) fn recognise(artifact: &Artifact<'_>) -> Look<Format> {
    let source = artifact.source("MLmodel")?;
    let Some(model) = found(read(&source))? else {
        return Ok(artifact.undescribed("MLmodel")?);
    };
    let flavors = model.get("flavors").and_then(Value::as_object).ok_or(Stop::Else)?;
    let flavor = flavors.keys().find(|flavor| *flavor != ANY).or_else(|| flavors.keys().next());
    let flavor = flavor.ok_or(Stop::Else)?;
    let mut format = Format::new(&super::clipped(flavor), "mlflow");
    let facts = flavors.get(flavor).and_then(Value::as_object);
    if let Some(version) = facts.and_then(|facts| framework_version(flavor, facts)) {
        format.version(version);
    }
    if let Some(version) = model.get("mlflow_version").and_then(Value::as_str) {
        format.note("mlflow_version", version);
    }
    if let Some(signature) = model.get("signature").and_then(Value::as_object) {
        match Signature::parse_mlmodel(signature) {
            Ok(read) => format.signature = Some(read).filter(|it| *it != Signature::default()),
            Err(error) => format.note("signature", error.to_string()),
        }
    }
    format.say_all("MLmodel", &model);
    let content = artifact.contents(|path| path != "MLmodel")?;
    format.executable = flavors.values().any(brings_code);
    format.add_content(content);
    Ok(format)
}

fn read(source: &Source<'_>) -> Look<Value> {
    let text = source.whole(MAX_MLMODEL)?;
    yaml::read(str::from_utf8(&text).map_err(|_| Stop::Else)?)
}

/// Most flavors write `sklearn_version` and the like; two shorten their name.
fn framework_version<'a>(flavor: &str, facts: &'a Map<String, Value>) -> Option<&'a str> {
    let key = match flavor {
        "xgboost" => "xgb_version".to_owned(),
        "lightgbm" => "lgb_version".to_owned(),
        ANY => "python_version".to_owned(),
        other => format!("{other}_version"),
    };
    facts.get(&key)?.as_str()
}

/// Whether a flavor says that code of the folder is imported or unpickled on loading.
fn brings_code(facts: &Value) -> bool {
    ["code", "python_model", "model_code_path"]
        .iter()
        .any(|key| facts.get(key).is_some_and(|value| !value.is_null()))
        || ["pickle", "cloudpickle"]
            .iter()
            .any(|way| facts.get("serialization_format").is_some_and(|value| value == way))
}
