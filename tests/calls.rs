//! What the calls of scenarios are in the Rust facade.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use halfback::{
    AnyCommand, Bundle, Command, Content, CopyOptions, ModelVersion, PutArtifact, Query,
    RegisterVersion, Registry, VersionRef, View, no_progress,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Fields, principals};

/// A function that no registry is open for.
pub(crate) fn without_registry(name: &str, args: &Fields) -> Option<halfback::Result<Value>> {
    let text = |key: &str| args[key].as_str().unwrap();
    let bundle = || Bundle::open(text("path"));
    Some(match name {
        "restore" => {
            let erasures = args.get("erasures").and_then(Value::as_str).map(PathBuf::from);
            let options = halfback::RestoreOptions { erasures };
            let (backup, to) = (text("backup"), text("to"));
            halfback::restore_with(backup, to, &options, &mut no_progress).map(json_of)
        }
        "generate_log_key" => {
            halfback::generate_log_key(text("path"), text("name")).map(|key| key.to_string().into())
        }
        "verify_inclusion" => halfback::wire::verify_inclusion(&to_verify(args)).map(json_of),
        "verify_consistency" => {
            halfback::wire::verify_consistency(&to_verify(args)).map(Value::from)
        }
        "open_bundle" => bundle().map(|bundle| json_of(bundle.manifest())),
        "verify_bundle" => bundle().and_then(|it| it.verify(&mut no_progress)).map(json_of),
        "bundle_history" => {
            let size = args.get("page_size").and_then(Value::as_u64);
            let cursor = args.get("cursor").and_then(Value::as_str).map(str::to_owned);
            let size = size.map(|size| u32::try_from(size).unwrap());
            bundle().and_then(|it| it.history_page(size, cursor)).map(json_of)
        }
        "download_bundle" => bundle()
            .and_then(|it| it.download(text("to"), &mut no_progress))
            .map(|path| path.to_str().unwrap().into()),
        _ => return None,
    })
}

pub(crate) fn copy_options(args: &Fields) -> CopyOptions {
    CopyOptions {
        model: args.get("model").map(|model| model.as_str().unwrap().to_owned()),
        allow_secrets: args.get("allow_secrets").is_some_and(|value| value == true),
    }
}

/// A method that changes something, or belongs to the registry alone; `None` for every other.
pub(crate) fn write(
    registry: &Registry,
    name: &str,
    args: &Fields,
) -> Option<halfback::Result<Value>> {
    if let Some(result) = short(registry, name, args) {
        return Some(result);
    }
    Some(match name {
        "close" => registry.close().map(Value::from),
        "backup" => {
            let verify = args.get("verify").is_some_and(|value| value == true);
            let to = args["to"].as_str().unwrap();
            registry.backup(to, verify, &mut no_progress).map(json_of)
        }
        "checkpoint" => {
            signing_key(args).and_then(|key| registry.checkpoint(&key)).map(Value::from)
        }
        "export_log" => {
            let overwrite = args.get("overwrite").is_some_and(|value| value == true);
            let key = args.contains_key("key_file").then(|| signing_key(args)).transpose();
            key.and_then(|key| {
                let signer = key.as_ref().map(|key| key as &dyn halfback::Signer);
                let to = args["to"].as_str().unwrap();
                registry.export_log(to, signer, overwrite, &mut no_progress).map(json_of)
            })
        }
        "submit" => Bundle::open(args["bundle"].as_str().unwrap()).and_then(|bundle| {
            registry.submit(&bundle, copy_options(args), &mut no_progress).map(json_of)
        }),
        _ if name != "transact" && args.contains_key("idempotency_key") => {
            once(registry, name, args)
        }
        "put_artifact" => {
            registry.put_artifact(put(args), &content(args), &mut no_progress).map(json_of)
        }
        "hash_artifact" => registry.hash_artifact(&content(args), &mut no_progress).map(json_of),
        "register_version" => register(registry, args),
        "sweep" => registry.sweep(of(args)).map(json_of),
        "purge" => {
            let older_than = Duration::from_secs(args["older_than"].as_u64().unwrap());
            let dry_run = args.get("dry_run").is_some_and(|dry_run| dry_run == true);
            registry.purge(older_than, dry_run).map(json_of)
        }
        "compact" => registry.compact().map(json_of),
        "transact" => {
            let commands = args["commands"].as_array().unwrap();
            let commands: Vec<AnyCommand> =
                commands.iter().map(|fields| of(fields.as_object().unwrap())).collect();
            let key = args.get("idempotency_key").map(|key| key.as_str().unwrap());
            registry.transact(commands, key).map(Value::from)
        }
        "create_catalog" => execute::<halfback::CreateCatalog>(registry, args),
        "rename_catalog" => execute::<halfback::RenameCatalog>(registry, args),
        "delete_catalog" => execute::<halfback::DeleteCatalog>(registry, args),
        "create_schema" => execute::<halfback::CreateSchema>(registry, args),
        "rename_schema" => execute::<halfback::RenameSchema>(registry, args),
        "delete_schema" => execute::<halfback::DeleteSchema>(registry, args),
        "create_model" => execute::<halfback::CreateModel>(registry, args),
        "rename_model" => execute::<halfback::RenameModel>(registry, args),
        "delete_model" => execute::<halfback::DeleteModel>(registry, args),
        "archive_version" => execute::<halfback::ArchiveVersion>(registry, args),
        "restore_version" => execute::<halfback::RestoreVersion>(registry, args),
        "delete_version" => execute::<halfback::DeleteVersion>(registry, args),
        "set_tag" => execute::<halfback::SetTag>(registry, args),
        "delete_tag" => execute::<halfback::DeleteTag>(registry, args),
        "set_alias" => execute::<halfback::SetAlias>(registry, args),
        "delete_alias" => execute::<halfback::DeleteAlias>(registry, args),
        "protect_alias" => execute::<halfback::ProtectAlias>(registry, args),
        _ => return principals::write(registry, name, args),
    })
}

/// The short methods of the facade, for steps that say no more than they take.
fn short(registry: &Registry, name: &str, args: &Fields) -> Option<halfback::Result<Value>> {
    let text = |key: &str| args.get(key).and_then(Value::as_str);
    let keys: Vec<&str> = args.keys().map(String::as_str).collect();
    // The keys of a map come sorted.
    Some(match (name, keys.as_slice()) {
        ("create_catalog", ["name"]) => registry.create_catalog(text("name")?).map(json_of),
        ("create_schema", ["name"]) => registry.create_schema(text("name")?).map(json_of),
        ("create_model", ["name"]) => registry.create_model(text("name")?).map(json_of),
        ("rename_catalog", ["name", "new_name"]) => {
            registry.rename_catalog(text("name")?, text("new_name")?).map(json_of)
        }
        ("rename_schema", ["name", "new_name"]) => {
            registry.rename_schema(text("name")?, text("new_name")?).map(json_of)
        }
        ("rename_model", ["name", "new_name"]) => {
            registry.rename_model(text("name")?, text("new_name")?).map(json_of)
        }
        ("delete_catalog", ["name"]) => registry.delete_catalog(text("name")?).map(json_of),
        ("delete_schema", ["name"]) => registry.delete_schema(text("name")?).map(json_of),
        ("delete_model", ["name"]) => registry.delete_model(text("name")?).map(json_of),
        ("archive_version", ["version"]) => {
            registry.archive_version(version(&args["version"])).map(json_of)
        }
        ("restore_version", ["version"]) => {
            registry.restore_version(version(&args["version"])).map(json_of)
        }
        ("delete_version", ["version"]) => {
            registry.delete_version(version(&args["version"])).map(json_of)
        }
        ("set_tag", ["key", "target", "value"]) => {
            registry.set_tag(text("target")?, text("key")?, text("value")?).map(json_of)
        }
        ("delete_tag", ["key", "target"]) => {
            registry.delete_tag(text("target")?, text("key")?).map(json_of)
        }
        ("set_alias", ["alias", "model", "version"]) => {
            let number = args["version"].as_i64()?;
            registry.set_alias(text("model")?, text("alias")?, number).map(json_of)
        }
        ("delete_alias", ["alias", "model"]) => {
            registry.delete_alias(text("model")?, text("alias")?).map(json_of)
        }
        ("protect_alias", ["alias", "model", "protected"]) => {
            let protected = args["protected"].as_bool()?;
            registry.protect_alias(text("model")?, text("alias")?, protected).map(json_of)
        }
        ("update_catalog", _) if !args.contains_key("idempotency_key") => {
            registry.update_catalog(of(args)).map(json_of)
        }
        ("update_schema", _) if !args.contains_key("idempotency_key") => {
            registry.update_schema(of(args)).map(json_of)
        }
        ("update_model", _) if !args.contains_key("idempotency_key") => {
            registry.update_model(of(args)).map(json_of)
        }
        ("update_version", _) if !args.contains_key("idempotency_key") => {
            registry.update_version(of(args)).map(json_of)
        }
        _ => return None,
    })
}

/// One command under an idempotency key; what it registers is put first.
fn once(registry: &Registry, name: &str, args: &Fields) -> halfback::Result<Value> {
    let mut fields = args.clone();
    let key = fields.remove("idempotency_key");
    if fields.contains_key("content") {
        let content = content(&fields);
        let artifact = match fields.get("location") {
            None => registry.put_artifact(put(&fields), &content, &mut no_progress)?,
            Some(_) => registry.hash_artifact(&content, &mut no_progress)?,
        };
        fields.retain(|key, _| key != "content" && key != "name");
        fields.insert("digest".into(), artifact.digest.into());
    }
    fields.insert("command".into(), name.into());
    let command: AnyCommand = of(&fields);
    let outputs = registry.transact(vec![command], key.as_ref().and_then(Value::as_str))?;
    Ok(outputs.into_iter().next().unwrap())
}

pub(crate) fn read(view: &View, name: &str, args: &Fields) -> halfback::Result<Value> {
    let text = |key: &str| args[key].as_str().unwrap();
    let version = |key: &str| version(&args[key]);
    match name {
        "resolve" => view.resolve(version("uri")).map(|version| json_of(&*version)),
        "find_version" => view
            .find_version(text("uri"))
            .map(|found| found.map_or(Value::Null, |version| json_of(&*version))),
        "find_model" => view.find_model(text("name")).map(json_of),
        "download" => view
            .download(version("version"), text("to"), &mut no_progress)
            .map(|path| path.to_str().unwrap().into()),
        "verify" => view.verify(version("version"), &mut no_progress).map(json_of),
        "file_path" => view
            .file_path(version("version"), args.get("file").map(|file| file.as_str().unwrap()))
            .map(|path| path.to_str().unwrap().into()),
        "get_catalog" => view.get_catalog(text("name")).map(json_of),
        "get_schema" => view.get_schema(text("name")).map(json_of),
        "get_model" => view.get_model(text("name")).map(json_of),
        "get_version" => {
            view.get_version(text("model"), args["number"].as_i64().unwrap()).map(json_of)
        }
        "get_artifact" => view.get_artifact(version("version")).map(json_of),
        "get_example" => view.get_example(version("version")).map(json_of),
        "compare_signatures" => {
            view.compare_signatures(version("old"), version("new")).map(json_of)
        }
        "list_catalogs" => query::<halfback::ListCatalogs>(view, args),
        "list_schemas" => query::<halfback::ListSchemas>(view, args),
        "list_models" => query::<halfback::ListModels>(view, args),
        "list_versions" => query::<halfback::ListVersions>(view, args),
        "search_models" => view.search_models(of::<halfback::SearchModels>(args)).map(json_of),
        "search_versions" => {
            view.search_versions(of::<halfback::SearchVersions>(args)).map(json_of)
        }
        "history" => query::<halfback::History>(view, args),
        "log" => query::<halfback::Log>(view, args),
        "whoami" => view.whoami().map(json_of),
        "info" => view.info().map(json_of),
        "verify_log" => query::<halfback::VerifyLog>(view, args),
        "prove" => view.prove(args["commit"].as_i64().unwrap()).map(json_of),
        "prove_consistency" => {
            view.prove_consistency(args["old_size"].as_i64().unwrap()).map(json_of)
        }
        "check" => view.check_with(of::<halfback::Check>(args), &mut no_progress).map(json_of),
        other => principals::read(view, other, args)
            .unwrap_or_else(|| panic!("the facade has no method `{other}`")),
    }
}

/// Registers content; numbers that JSON cannot hold are put in by hand.
fn register(registry: &Registry, args: &Fields) -> halfback::Result<Value> {
    let mut fields = args.clone();
    fields.remove("content");
    fields.remove("name");
    let mut special = BTreeMap::new();
    if let Some(Value::Object(params)) = fields.get_mut("params") {
        for (name, float) in [("$nan", f64::NAN), ("$inf", f64::INFINITY)] {
            params.retain(|key, value| {
                let found = *value == name;
                if found {
                    special.insert(key.clone(), halfback::Param::Float(float));
                }
                !found
            });
        }
    }
    fields.entry("digest").or_insert("".into());
    let mut version: RegisterVersion = serde_json::from_value(fields.into()).unwrap();
    version.params.extend(special);
    registry.register_version(&content(args), version, &mut no_progress).map(json_of)
}

fn signing_key(args: &Fields) -> halfback::Result<halfback::SigningKey> {
    halfback::SigningKey::from_file(args["key_file"].as_str().unwrap())
}

/// A proof, with a checkpoint and its key where the step gives them.
fn to_verify(args: &Fields) -> Vec<u8> {
    serde_json::to_vec(args).unwrap()
}

pub(crate) fn execute<C: Command>(registry: &Registry, args: &Fields) -> halfback::Result<Value> {
    registry.execute(of::<C>(args)).map(json_of)
}

/// A command of its fields, of which `version` may be a saved record.
fn of<T: DeserializeOwned>(args: &Fields) -> T {
    let mut args = args.clone();
    if let Some(reference) = args.get_mut("version")
        && reference.is_object()
    {
        *reference = reference["pin"].clone();
    }
    serde_json::from_value(args.into()).unwrap()
}

pub(crate) fn query<Q: Query>(view: &View, args: &Fields) -> halfback::Result<Value> {
    view.query(serde_json::from_value::<Q>(args.clone().into()).unwrap()).map(json_of)
}

/// A URI, or the record that a step saved.
pub(crate) fn version(value: &Value) -> VersionRef {
    match value.as_str() {
        Some(uri) => uri.into(),
        None => VersionRef::from(&serde_json::from_value::<ModelVersion>(value.clone()).unwrap()),
    }
}

fn content(args: &Fields) -> Content {
    match &args["content"] {
        Value::String(path) => path.as_str().into(),
        bytes => Content::Bytes {
            name: args.get("name").map_or("model.bin", |name| name.as_str().unwrap()).into(),
            bytes: match bytes.get("text") {
                Some(text) => text.as_str().unwrap().as_bytes().to_vec(),
                None => unhex(bytes["hex"].as_str().unwrap()),
            },
        },
    }
}

fn put(args: &Fields) -> PutArtifact {
    let allow_secrets = args.get("allow_secrets").is_some_and(|allowed| allowed == true);
    PutArtifact { allow_secrets, ..args["model"].as_str().unwrap().into() }
}

pub(crate) fn json_of(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}
