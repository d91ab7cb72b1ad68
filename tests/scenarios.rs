//! Runs `tests/scenarios/*.toml` through the Rust facade; Python and Java run the same files.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is this file's way of failing"
)]

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use halfback::{
    AnyCommand, Command, Content, DateTime, ModelVersion, Options, Query, RegisterVersion,
    Registry, VersionRef, View, no_progress,
};
use serde_json::{Map, Value, json};

type Fields = Map<String, Value>;

#[test]
fn scenarios() {
    let folder = repository().join("tests/scenarios");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            println!("{name}");
            Scenario::new(&name).run(&std::fs::read_to_string(&path).unwrap());
            names.push(name);
        }
    }
    assert!(names.len() >= 30, "only {} scenarios were found", names.len());
    names.sort();
    let ran = repository().join("target/scenarios");
    std::fs::create_dir_all(&ran).unwrap();
    std::fs::write(ran.join("rust.txt"), names.join("\n") + "\n").unwrap();
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

struct Scenario {
    name: String,
    folder: tempfile::TempDir,
    handles: BTreeMap<String, Registry>,
    saved: Fields,
    place: String,
}

impl Scenario {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = json!(folder.path().to_str().unwrap());
        let saved = Fields::from_iter([("dir".to_owned(), dir)]);
        Self { name: name.into(), folder, handles: BTreeMap::new(), saved, place: String::new() }
    }

    fn run(mut self, text: &str) {
        let scenario: Value = toml::from_str(text).unwrap_or_else(|e| panic!("{}: {e}", self.name));
        let steps = scenario["step"].as_array().unwrap();
        for (number, step) in steps.iter().enumerate() {
            let step = step.as_object().unwrap();
            let languages = step.get("only").and_then(Value::as_array);
            if languages.is_some_and(|only| !only.contains(&json!("rust"))) {
                continue;
            }
            let what = step.get("call").or_else(|| step.get("fixture")).unwrap();
            self.place = format!("{}, step {} ({what})", self.name, number + 1);
            self.step(step);
        }
        if scenario.get("tampers").is_none() {
            for registry in self.handles.values().filter(|registry| !registry.is_closed()) {
                registry.verify_log().unwrap();
                assert_eq!(registry.check().unwrap().findings, [], "{}", self.name);
            }
        }
    }

    fn step(&mut self, step: &Fields) {
        if step.contains_key("fixture") {
            self.fixture(step);
            return;
        }
        let before = self.state();
        let result = self.call(step);
        let Some(code) = step.get("error") else {
            let result = result.unwrap_or_else(|error| panic!("{}: {error:?}", self.place));
            if let Some(expected) = step.get("returns") {
                self.compare(&self.filled(expected), &result, "");
            }
            if let Some(name) = step.get("save") {
                self.saved.insert(name.as_str().unwrap().into(), result);
            }
            return;
        };
        let Err(error) = result else { panic!("{} gave {result:?}, not {code}", self.place) };
        assert_eq!(error.code(), code.as_str().unwrap(), "{}: {error}", self.place);
        let message = step.get("message").map_or(Value::from(""), |message| self.filled(message));
        let message = message.as_str().unwrap();
        assert!(error.to_string().contains(message), "{}: {message} not in: {error}", self.place);
        let changed: Vec<String> =
            self.state().into_iter().filter(|row| !before.contains(row)).collect();
        assert!(changed.is_empty(), "{} changed the registry: {changed:?}", self.place);
    }

    /// Every row of every table. Content that was put for a command that then failed stays in the
    /// artifact store, referred to by no row.
    fn state(&self) -> Vec<String> {
        let mut state = Vec::new();
        for registry in self.handles.values() {
            let database = registry.path().join("registry.db");
            let connection = rusqlite::Connection::open(database).unwrap();
            let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
            let tables: Vec<String> = connection
                .prepare(tables)
                .unwrap()
                .query_map([], |row| row.get(0))
                .unwrap()
                .map(Result::unwrap)
                .collect();
            for table in tables {
                let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
                let width = statement.column_count();
                let mut rows = statement.query([]).unwrap();
                while let Some(row) = rows.next().unwrap() {
                    let values: Vec<String> =
                        (0..width).map(|i| format!("{:?}", row.get_ref(i).unwrap())).collect();
                    state.push(format!("{table} {}", values.join(" ")));
                }
            }
        }
        state
    }

    fn fixture(&self, step: &Fields) {
        let path = self.folder.path().join(step["path"].as_str().unwrap());
        let content = || match (step.get("text"), step.get("hex")) {
            (Some(text), _) => text.as_str().unwrap().as_bytes().to_vec(),
            (_, hex) => unhex(hex.unwrap().as_str().unwrap()),
        };
        std::fs::create_dir_all(path.parent().unwrap()).unwrap_or_default();
        match step["fixture"].as_str().unwrap() {
            "write" => std::fs::write(path, content()).unwrap(),
            "folder" => std::fs::create_dir_all(path).unwrap(),
            "symlink" => symlink(step["to"].as_str().unwrap(), path).unwrap(),
            "fifo" => make_node(&path, rustix::fs::FileType::Fifo).unwrap(),
            "device" => make_node(&path, rustix::fs::FileType::CharacterDevice)
                .or_else(|_| make_node(&path, rustix::fs::FileType::Fifo))
                .unwrap(),
            "delete" => matching(&path).iter().for_each(|path| std::fs::remove_file(path).unwrap()),
            "replace" => matching(&path).iter().for_each(|path| overwrite(path, &content())),
            "flip" => matching(&path).iter().for_each(|path| {
                let mut bytes = std::fs::read(path).unwrap();
                let place = usize::try_from(step["byte"].as_u64().unwrap()).unwrap();
                bytes[place] ^= 0xff;
                overwrite(path, &bytes);
            }),
            other => panic!("{}: no fixture is called {other}", self.place),
        }
    }

    fn call(&mut self, step: &Fields) -> halfback::Result<Value> {
        let name = step["call"].as_str().unwrap();
        let args = step.get("args").map_or_else(|| json!({}), |args| self.filled(args));
        let args = args.as_object().unwrap().clone();
        if name == "open" {
            let flag = |key: &str| args.get(key).is_some_and(|value| value == true);
            let options = Options { create: flag("create"), read_only: flag("read_only") };
            let registry = Registry::open_with(args["path"].as_str().unwrap(), options)?;
            let handle = step.get("as").map_or("registry", |name| name.as_str().unwrap());
            self.handles.insert(handle.into(), registry);
            return Ok(Value::Null);
        }
        let handle = step.get("on").map_or("registry", |name| name.as_str().unwrap());
        let registry = &self.handles[handle];
        let Some(moment) = step.get("as_of") else {
            return write(registry, name, &args).unwrap_or_else(|| read(registry, name, &args));
        };
        let moment = self.filled(moment);
        let view = match moment.as_str() {
            Some(time) => registry.as_of(time.parse::<DateTime>().unwrap())?,
            None => registry.as_of(moment.as_i64().unwrap())?,
        };
        read(&view, name, &args)
    }

    /// A value of a step with special and saved values in their places.
    fn filled(&self, value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                fields.iter().map(|(key, value)| (key.clone(), self.filled(value))).collect()
            }
            Value::Array(items) => items.iter().map(|item| self.filled(item)).collect(),
            Value::String(text) => self.filled_text(text),
            other => other.clone(),
        }
    }

    fn filled_text(&self, text: &str) -> Value {
        match text {
            "$null" => Value::Null,
            "$any" | "$nan" | "$inf" => text.into(),
            _ if text.starts_with("$dir/") => {
                text.replacen("$dir", self.saved["dir"].as_str().unwrap(), 1).into()
            }
            _ => match text.strip_prefix('$') {
                None => text.into(),
                Some(path) => {
                    let mut keys = path.split('.');
                    let mut value = &self.saved[keys.next().unwrap()];
                    for key in keys {
                        value = &value[key];
                    }
                    value.clone()
                }
            },
        }
    }

    /// Objects match when what is expected of them is there, lists item by item.
    fn compare(&self, expected: &Value, actual: &Value, at: &str) {
        match (expected, actual) {
            (Value::String(any), _) if any == "$any" => {}
            (Value::Object(expected), Value::Object(actual)) => {
                for (key, value) in expected {
                    let found = actual.get(key);
                    let found = found
                        .unwrap_or_else(|| panic!("{}: no {at}.{key} in {actual:?}", self.place));
                    self.compare(value, found, &format!("{at}.{key}"));
                }
            }
            (Value::Array(expected), Value::Array(actual)) => {
                assert_eq!(expected.len(), actual.len(), "{}{at}: {actual:?}", self.place);
                for (number, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                    self.compare(expected, actual, &format!("{at}[{number}]"));
                }
            }
            _ => assert_eq!(expected, actual, "{}{at}", self.place),
        }
    }
}

/// A method that changes something, or belongs to the registry alone; `None` for every other.
fn write(registry: &Registry, name: &str, args: &Fields) -> Option<halfback::Result<Value>> {
    Some(match name {
        "close" => registry.close().map(Value::from),
        "put_artifact" => registry
            .put_artifact(args["model"].as_str().unwrap(), &content(args), &mut no_progress)
            .map(json_of),
        "hash_artifact" => registry.hash_artifact(&content(args), &mut no_progress).map(json_of),
        "register_version" => register(registry, args),
        "transact" => {
            let commands: Vec<AnyCommand> =
                serde_json::from_value(args["commands"].clone()).unwrap();
            let key = args.get("idempotency_key").map(|key| key.as_str().unwrap());
            registry.transact(commands, key).map(Value::from)
        }
        "create_catalog" => execute::<halfback::CreateCatalog>(registry, args),
        "update_catalog" => execute::<halfback::UpdateCatalog>(registry, args),
        "rename_catalog" => execute::<halfback::RenameCatalog>(registry, args),
        "delete_catalog" => execute::<halfback::DeleteCatalog>(registry, args),
        "create_schema" => execute::<halfback::CreateSchema>(registry, args),
        "update_schema" => execute::<halfback::UpdateSchema>(registry, args),
        "rename_schema" => execute::<halfback::RenameSchema>(registry, args),
        "delete_schema" => execute::<halfback::DeleteSchema>(registry, args),
        "create_model" => execute::<halfback::CreateModel>(registry, args),
        "update_model" => execute::<halfback::UpdateModel>(registry, args),
        "rename_model" => execute::<halfback::RenameModel>(registry, args),
        "delete_model" => execute::<halfback::DeleteModel>(registry, args),
        "update_version" => execute::<halfback::UpdateVersion>(registry, args),
        "archive_version" => execute::<halfback::ArchiveVersion>(registry, args),
        "restore_version" => execute::<halfback::RestoreVersion>(registry, args),
        "delete_version" => execute::<halfback::DeleteVersion>(registry, args),
        "set_tag" => execute::<halfback::SetTag>(registry, args),
        "delete_tag" => execute::<halfback::DeleteTag>(registry, args),
        "set_alias" => execute::<halfback::SetAlias>(registry, args),
        "delete_alias" => execute::<halfback::DeleteAlias>(registry, args),
        "protect_alias" => execute::<halfback::ProtectAlias>(registry, args),
        _ => return None,
    })
}

fn read(view: &View, name: &str, args: &Fields) -> halfback::Result<Value> {
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
        "list_catalogs" => query::<halfback::ListCatalogs>(view, args),
        "list_schemas" => query::<halfback::ListSchemas>(view, args),
        "list_models" => query::<halfback::ListModels>(view, args),
        "list_versions" => query::<halfback::ListVersions>(view, args),
        "history" => query::<halfback::History>(view, args),
        "log" => query::<halfback::Log>(view, args),
        "whoami" => view.whoami().map(json_of),
        "info" => view.info().map(json_of),
        "verify_log" => view.verify_log().map(json_of),
        "check" => view.check().map(json_of),
        other => panic!("the facade has no method `{other}`"),
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

fn execute<C: Command>(registry: &Registry, args: &Fields) -> halfback::Result<Value> {
    let mut args = args.clone();
    if let Some(reference) = args.get_mut("version")
        && reference.is_object()
    {
        *reference = reference["id"].clone();
    }
    let command: C = serde_json::from_value(args.into()).unwrap();
    registry.execute(command).map(json_of)
}

fn query<Q: Query>(view: &View, args: &Fields) -> halfback::Result<Value> {
    view.query(serde_json::from_value::<Q>(args.clone().into()).unwrap()).map(json_of)
}

/// A URI, or the record that a step saved.
fn version(value: &Value) -> VersionRef {
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

fn json_of(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn make_node(path: &Path, kind: rustix::fs::FileType) -> rustix::io::Result<()> {
    let device = rustix::fs::makedev(1, 3);
    rustix::fs::mknodat(rustix::fs::CWD, path, kind, rustix::fs::Mode::RUSR, device)
}

/// The files that a path with at most one `*` as a whole part means.
fn matching(path: &Path) -> Vec<PathBuf> {
    let text = path.to_str().unwrap();
    let Some((before, after)) = text.split_once("/*/") else { return vec![path.to_owned()] };
    let found: Vec<PathBuf> = std::fs::read_dir(before)
        .unwrap()
        .map(|entry| entry.unwrap().path().join(after))
        .filter(|path| path.exists())
        .collect();
    assert!(!found.is_empty(), "nothing matches {text}");
    found
}

fn overwrite(path: &Path, content: &[u8]) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o644)).unwrap();
    std::fs::write(path, content).unwrap();
}
