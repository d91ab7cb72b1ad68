//! A file store of MLflow, and not a database: the form of these files is the same in every MLflow
//! since 1.0, while a database is only opened by the release whose schema it has, and that changes
//! several times a year. `mlflow migrate-filestore` turns the one into the other.
//!
//! Parameters and metrics belong to runs there, so every version has one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use halfback::{Model, ModelVersion, Result, Stage};
use serde_json::{Value, json};

use super::{Content, Export, parts};
use crate::plan::SYSTEM;
use crate::{name, param, yaml};

/// The experiment that all runs are put into.
const EXPERIMENT: &str = "0";

const README: &str = "\
# A model registry as MLflow opens it

Written by Halfback. The folder `mlruns` is a file store of MLflow:

    export MLFLOW_ALLOW_FILE_STORE=true
    python -c \"import mlflow; print(mlflow.MlflowClient('@').search_registered_models())\"

`mlflow migrate-filestore` brings it into a database. The store names the place of files by absolute
paths, as MLflow does: where the folder is moved, write the new place into the files `meta.yaml`.
";

pub(super) fn write(export: &mut Export<'_>, content: &Content) -> Result<()> {
    let names = names(&content.models);
    let root = export.to.join("mlruns");
    let store = Store { uri: file_uri(&root.to_string_lossy()) };
    let started = content.models.iter().map(|model| model.created_at.timestamp_millis()).min();
    store.experiment(export, started.unwrap_or_default())?;
    export.create_folder("mlruns/models")?;
    let mut runs = BTreeSet::new();
    for model in &content.models {
        let Some(name) = names.get(&model.name) else {
            export.finding(&model.uri, "the model is left out: MLflow has no such name");
            continue;
        };
        write_model(export, model, name)?;
        for version in content.versions.iter().filter(|version| version.model == model.name) {
            store.version(export, version, name, &mut runs)?;
            if content.was_measured(version) {
                export.finding(
                    &version.uri,
                    "what was measured of it is left out; the other layout has it",
                );
            }
        }
    }
    let readme = README.replace('@', &store.uri.replace('\'', "%27"));
    export.file("README.md", readme.as_bytes())
}

/// What the models are called in MLflow: as they were when they came from there, else by their last
/// part in `main.default` and by their full name elsewhere; by the full name too where two would
/// have the same.
fn names(models: &[Model]) -> BTreeMap<String, String> {
    let mut wanted: BTreeMap<String, Vec<&Model>> = BTreeMap::new();
    for model in models {
        wanted.entry(short(model)).or_default().push(model);
    }
    let mut names = BTreeMap::new();
    let mut taken = BTreeSet::new();
    let (single, shared): (Vec<_>, Vec<_>) =
        wanted.into_iter().partition(|(_, models)| models.len() == 1);
    for (name, models) in single {
        taken.insert(name.clone());
        names.extend(models.into_iter().map(|model| (model.name.clone(), name.clone())));
    }
    for model in shared.into_iter().flat_map(|(_, models)| models) {
        let mut name = model.name.replace('`', "");
        if !taken.insert(name.clone()) {
            name = format!("{name}~{}", name::digest(&model.name));
            taken.insert(name.clone());
        }
        names.insert(model.name.clone(), name);
    }
    names.retain(|_, name| is_model_name(name));
    names
}

fn short(model: &Model) -> String {
    let origin = model.origin.as_ref().filter(|origin| origin.system == SYSTEM);
    let original = origin.and_then(|origin| origin.reference.strip_prefix("models:/"));
    if let Some(name) = original.filter(|name| is_model_name(name)) {
        return name.to_owned();
    }
    match parts(&model.name).as_slice() {
        [catalog, schema, leaf] if catalog == "main" && schema == "default" => leaf.clone(),
        parts => parts.join("."),
    }
}

/// Whether MLflow's file store takes a name, which becomes that of a folder.
fn is_model_name(name: &str) -> bool {
    const LONGEST: usize = 255;
    let plain = !name.contains(['/', '\\', ':', '%', '\0']) && name.trim() == name;
    plain && !matches!(name, "" | "." | "..") && name.len() <= LONGEST
}

/// Whether MLflow takes the key of a tag, parameter or metric: it becomes a path.
fn is_key(key: &str) -> bool {
    const LONGEST: usize = 250;
    let letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '/' | '.' | '-' | ' ' | ':');
    let part = |part: &str| !matches!(part, "" | "." | "..");
    key.len() <= LONGEST && key.chars().all(letter) && key.split('/').all(part)
}

fn is_alias(alias: &str) -> bool {
    const LONGEST: usize = 255;
    let letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    alias.len() <= LONGEST && alias.chars().all(letter)
}

/// A path as a URI.
fn file_uri(path: &str) -> String {
    let mut uri = "file://".to_owned();
    for byte in path.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
        if plain {
            uri.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

/// The file store that is written.
struct Store {
    uri: String,
}

impl Store {
    fn experiment(&self, export: &Export<'_>, time: i64) -> Result<()> {
        let meta = yaml::write(&[
            ("artifact_location", json!(format!("{}/{EXPERIMENT}", self.uri))),
            ("creation_time", json!(time)),
            ("experiment_id", json!(EXPERIMENT)),
            ("last_update_time", json!(time)),
            ("lifecycle_stage", json!("active")),
            ("name", json!("Default")),
        ]);
        export.file(&format!("mlruns/{EXPERIMENT}/meta.yaml"), meta.as_bytes())
    }

    fn version(
        &self,
        export: &mut Export<'_>,
        version: &ModelVersion,
        name: &str,
        runs: &mut BTreeSet<String>,
    ) -> Result<()> {
        let run = run_id(version, runs);
        let artifacts = format!("{EXPERIMENT}/{run}/artifacts");
        let stored = export.version(version, &format!("mlruns/{artifacts}/model"))?;
        export.signatures(version, &format!("mlruns/{EXPERIMENT}/{run}/model"))?;
        let source = match &version.location {
            Some(location) => {
                export.finding(&version.uri, format!("its files stay at `{location}`"));
                location.clone()
            }
            None => format!("{}/{artifacts}/model", self.uri),
        };
        if stored.is_some()
            && !export.folder.join(format!("mlruns/{artifacts}/model/MLmodel")).is_file()
        {
            export.finding(
                &version.uri,
                "its files are no MLflow model (there is no file `MLmodel`): MLflow lists and downloads the version, and cannot load it",
            );
        }
        if version.has_example {
            export
                .finding(&version.uri, "its example rows are left out; the other layout has them");
        }
        self.run(export, version, &run)?;
        let origin = version.origin.as_ref();
        let created = origin.and_then(|origin| origin.created_at).unwrap_or(version.created_at);
        let updated = origin.and_then(|origin| origin.updated_at).unwrap_or(version.updated_at);
        let user = origin.and_then(|origin| origin.created_by.clone());
        let folder = format!("mlruns/models/{name}/version-{}", version.number);
        let meta = yaml::write(&[
            ("creation_timestamp", json!(created.timestamp_millis())),
            ("current_stage", json!(stage(version.stage))),
            ("description", json!(version.comment)),
            ("last_updated_timestamp", json!(updated.timestamp_millis())),
            ("name", json!(name)),
            ("run_id", json!(run)),
            ("run_link", Value::Null),
            ("source", json!(source)),
            ("status", json!(version.status)),
            ("status_message", Value::Null),
            ("storage_location", json!(source)),
            ("user_id", json!(user)),
            ("version", json!(version.number)),
        ]);
        export.file(&format!("{folder}/meta.yaml"), meta.as_bytes())?;
        let tags = version.tags.iter().map(|(key, value)| (key.as_str(), value.clone()));
        texts(export, &version.uri, "tag", &format!("{folder}/tags"), tags)
    }

    /// The run of a version: what the training was told and what it measured.
    fn run(&self, export: &mut Export<'_>, version: &ModelVersion, id: &str) -> Result<()> {
        const FINISHED: i64 = 3;
        const LOCAL: i64 = 4;
        let folder = format!("mlruns/{EXPERIMENT}/{id}");
        let origin = version.origin.as_ref();
        let time = origin.and_then(|origin| origin.created_at).unwrap_or(version.created_at);
        let time = time.timestamp_millis();
        let user = origin.and_then(|origin| origin.created_by.clone());
        let meta = yaml::write(&[
            ("artifact_uri", json!(format!("{}/{EXPERIMENT}/{id}/artifacts", self.uri))),
            ("end_time", json!(time)),
            ("entry_point_name", json!("")),
            ("experiment_id", json!(EXPERIMENT)),
            ("lifecycle_stage", json!("active")),
            ("run_id", json!(id)),
            ("run_name", json!(version.uri)),
            ("run_uuid", json!(id)),
            ("source_name", json!("")),
            ("source_type", json!(LOCAL)),
            ("source_version", json!("")),
            ("start_time", json!(time)),
            ("status", json!(FINISHED)),
            ("tags", json!([])),
            ("user_id", json!(user.or(version.created_by.clone()).unwrap_or_default())),
        ]);
        export.file(&format!("{folder}/meta.yaml"), meta.as_bytes())?;
        for kind in ["params", "metrics", "tags"] {
            export.create_folder(&format!("{folder}/{kind}"))?;
        }
        let params =
            version.params.iter().map(|(key, value)| (key.as_str(), param::written(value)));
        texts(export, &version.uri, "parameter", &format!("{folder}/params"), params)?;
        let metrics = version.metrics.iter();
        let metrics = metrics.map(|(key, value)| (key.as_str(), format!("{time} {value:?} 0\n")));
        texts(export, &version.uri, "metric", &format!("{folder}/metrics"), metrics)?;
        let commit =
            version.code_commit.iter().map(|commit| ("mlflow.source.git.commit", commit.clone()));
        texts(export, &version.uri, "tag", &format!("{folder}/tags"), commit)
    }
}

fn write_model(export: &mut Export<'_>, model: &Model, name: &str) -> Result<()> {
    let origin = model.origin.as_ref();
    let created = origin.and_then(|origin| origin.created_at).unwrap_or(model.created_at);
    let updated = origin.and_then(|origin| origin.updated_at).unwrap_or(model.updated_at);
    let folder = format!("mlruns/models/{name}");
    let meta = yaml::write(&[
        ("creation_timestamp", json!(created.timestamp_millis())),
        ("description", json!(model.comment)),
        ("last_updated_timestamp", json!(updated.timestamp_millis())),
        ("name", json!(name)),
    ]);
    export.file(&format!("{folder}/meta.yaml"), meta.as_bytes())?;
    let tags = model.tags.iter().map(|(key, value)| (key.as_str(), value.clone()));
    texts(export, &model.uri, "tag", &format!("{folder}/tags"), tags)?;
    if !model.protected_aliases.is_empty() {
        export.finding(&model.uri, "the protection of its aliases is left out: MLflow knows none");
    }
    for (alias, number) in &model.aliases {
        if is_alias(alias) {
            export.file(&format!("{folder}/aliases/{alias}"), number.to_string().as_bytes())?;
        } else {
            let subject = format!("{}@{alias}", model.uri);
            export.finding(
                &subject,
                "the alias is left out: MLflow takes letters, digits, `_` and `-`",
            );
        }
    }
    Ok(())
}

/// The id of a version's run: the one it came from, or one of its own where that is no id of MLflow's
/// or another version has it already, whose files are in its folder.
fn run_id(version: &ModelVersion, runs: &mut BTreeSet<String>) -> String {
    const LENGTH: usize = 32;
    let is_id = |id: &&String| {
        id.len() == LENGTH && id.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
    };
    let known = version.run.as_ref().filter(is_id).cloned();
    let own = || format!("{}{:020x}", name::digest(&version.uri), version.id);
    let id = known.filter(|id| !runs.contains(id)).unwrap_or_else(own);
    runs.insert(id.clone());
    id
}

/// Writes texts as files that have their keys as paths.
fn texts<'a>(
    export: &mut Export<'_>,
    subject: &str,
    noun: &str,
    folder: &str,
    entries: impl Iterator<Item = (&'a str, String)>,
) -> Result<()> {
    let mut written: BTreeSet<&str> = BTreeSet::new();
    for (key, text) in entries {
        // In MLflow's folders `a` and `a/b` cannot both be keys. Sorted, `a` comes first.
        let mut above = key.match_indices('/').filter_map(|(at, _)| key.get(..at));
        if !is_key(key) {
            export.finding(subject, format!("the {noun} `{key}` is left out: MLflow takes letters, digits, and `_`, `-`, `.`, `:`, `/` and spaces in keys"));
        } else if above.any(|above| written.contains(above)) {
            export.finding(subject, format!("the {noun} `{key}` is left out: MLflow's files have no place for it beside a key that it continues"));
        } else {
            export.file(&format!("{folder}/{key}"), text.as_bytes())?;
            written.insert(key);
        }
    }
    Ok(())
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::None => "None",
        Stage::Staging => "Staging",
        Stage::Production => "Production",
        Stage::Archived => "Archived",
    }
}
