//! Runs `tests/scenarios/*.toml` through the Rust facade; Python and Java run the same files.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is this file's way of failing"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use calls::{copy_options, json_of, read, unhex, version, without_registry, write};
use halfback::{DateTime, Options, Registry, TokenOptions, View, no_progress};
use serde_json::{Map, Value, json};

type Fields = Map<String, Value>;

mod calls;
mod postgres;
mod principals;
mod stranger;

#[test]
fn scenarios() {
    postgres::watch();
    let mut files: Vec<PathBuf> = std::fs::read_dir(repository().join("tests/scenarios"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    let only = std::env::var("HALFBACK_SCENARIO").ok();
    let mut names = Vec::new();
    let (mut failed, mut strangers) = (Vec::new(), 0);
    for path in files {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if only.as_ref().is_some_and(|only| *only != name) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        // One that fails does not keep the others from running.
        match std::panic::catch_unwind(|| Scenario::new(&name).run(&text)) {
            Ok(more) => {
                strangers += more;
                println!("scenario {name} ... ok");
            }
            Err(_) => failed.push(name.clone()),
        }
        names.push(name);
    }
    println!("{} scenarios ran", names.len());
    assert!(!names.is_empty(), "no scenario ran");
    if only.is_none() {
        let ran = repository().join("target/scenarios");
        std::fs::create_dir_all(&ran).unwrap();
        std::fs::write(ran.join("rust.txt"), names.join("\n") + "\n").unwrap();
    }
    assert!(failed.is_empty(), "failed: {}", failed.join(", "));
    println!("{strangers} strangers saw nothing");
    assert!(only.is_some() || strangers * 10 >= names.len() * 9, "{strangers} strangers looked");
    if only.is_none() {
        postgres::understands_everything();
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

struct Scenario {
    name: String,
    folder: tempfile::TempDir,
    handles: BTreeMap<String, Registry>,
    /// The sessions of the principals that steps were made as.
    sessions: BTreeMap<String, Registry>,
    saved: Fields,
    place: String,
    strangers: usize,
}

impl Scenario {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = json!(folder.path().to_str().unwrap());
        let saved = Fields::from_iter([("dir".to_owned(), dir)]);
        let (handles, sessions) = (BTreeMap::new(), BTreeMap::new());
        let (name, place) = (name.into(), String::new());
        Self { name, folder, handles, sessions, saved, place, strangers: 0 }
    }

    /// Runs the steps; gives how many strangers saw nothing of what they left.
    fn run(mut self, text: &str) -> usize {
        let scenario: Value = toml::from_str(text).unwrap_or_else(|e| panic!("{}: {e}", self.name));
        assert!(scenario["about"].as_str().is_some_and(|about| !about.is_empty()), "{}", self.name);
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
                self.strangers += usize::from(stranger::sees_nothing(registry));
            }
        }
        self.strangers
    }

    fn step(&mut self, step: &Fields) {
        if step.contains_key("fixture") {
            self.fixture(step);
            return;
        }
        if step["call"] != "open"
            && let Some(name) = step.get("as")
        {
            self.open_session(step, name.as_str().unwrap());
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
        let after = self.state();
        let missing = |from: &BTreeSet<String>, other: &BTreeSet<String>| -> Vec<String> {
            from.difference(other).cloned().collect()
        };
        let changed = (missing(&before.rows, &after.rows), missing(&after.rows, &before.rows));
        assert_eq!(changed, (vec![], vec![]), "{} changed the registry", self.place);
        let lost = missing(&before.stored, &after.stored);
        assert!(lost.is_empty(), "{} changed stored files: {lost:?}", self.place);
        // Content that was put for a command that was then refused may stay: no row names it. What
        // its own files give away is refused before.
        let puts = match step["call"].as_str().unwrap() {
            "register_version" | "copy_version" | "submit" => true,
            "put_artifact" => error.code() != "secret_suspected",
            _ => false,
        };
        let new = missing(&after.stored, &before.stored);
        assert!(puts || new.is_empty(), "{} stored files: {new:?}", self.place);
        assert_eq!(after.staged, Vec::<PathBuf>::new(), "{} left staged files", self.place);
    }

    /// Opens the session of a principal, once in a scenario, beside the handle of a step.
    fn open_session(&mut self, step: &Fields, name: &str) {
        if self.sessions.contains_key(name) {
            return;
        }
        let registry = &self.handles[handle(step)];
        let new = registry.create_token(name, TokenOptions::default()).unwrap();
        let options = Options::default();
        let session = Registry::open_with_token(registry.path(), options, &new.token).unwrap();
        self.sessions.insert(name.into(), session);
    }

    /// What a refused step must leave as it is.
    fn state(&self) -> State {
        let mut state = State::default();
        let open = self.handles.values().filter(|registry| !registry.is_closed());
        let folders: BTreeSet<&Path> = open.map(Registry::path).collect();
        for folder in folders {
            rows(folder, &mut state.rows);
            for path in files(&folder.join("artifacts")) {
                if path.components().any(|part| part.as_os_str() == "staging") {
                    state.staged.push(path);
                } else {
                    let content = std::fs::read(&path).unwrap();
                    state.stored.insert(format!("{} {content:?}", path.display()));
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
            "delete" => matching(&path).iter().for_each(|path| {
                let is_folder = path.is_dir();
                if is_folder { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }
                    .unwrap();
            }),
            "replace" => matching(&path).iter().for_each(|path| overwrite(path, &content())),
            "flip" => matching(&path).iter().for_each(|path| {
                let mut bytes = std::fs::read(path).unwrap();
                let place = usize::try_from(step["byte"].as_i64().unwrap()).unwrap();
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
            let path = args["path"].as_str().unwrap();
            let registry = match args.get("token") {
                Some(token) => Registry::open_with_token(path, options, token.as_str().unwrap())?,
                None => Registry::open_with(path, options)?,
            };
            let handle = step.get("as").map_or("registry", |name| name.as_str().unwrap());
            self.handles.insert(handle.into(), registry);
            return Ok(Value::Null);
        }
        if let Some(result) = without_registry(name, &args) {
            return result;
        }
        let registry = match step.get("as") {
            Some(name) => &self.sessions[name.as_str().unwrap()],
            None => &self.handles[handle(step)],
        };
        let Some(moment) = step.get("as_of") else {
            return self
                .elsewhere(registry, name, &args)
                .or_else(|| write(registry, name, &args))
                .unwrap_or_else(|| read(registry, name, &args));
        };
        let moment = self.filled(moment);
        let view = match moment.as_str() {
            Some(time) => registry.as_of(time.parse::<DateTime>().unwrap())?,
            None => registry.as_of(moment.as_i64().unwrap())?,
        };
        self.elsewhere(&view, name, &args).unwrap_or_else(|| read(&view, name, &args))
    }

    /// A method that takes a version to another place.
    fn elsewhere(&self, view: &View, name: &str, args: &Fields) -> Option<halfback::Result<Value>> {
        let flag = |key: &str| args.get(key).is_some_and(|value| value == true);
        Some(match name {
            "copy_version" => {
                let target = &self.handles[args["to"].as_str().unwrap()];
                view.copy_version(
                    version(&args["version"]),
                    target,
                    copy_options(args),
                    &mut no_progress,
                )
                .map(json_of)
            }
            "bundle" => {
                let path = args["path"].as_str().unwrap();
                view.bundle(version(&args["version"]), path, flag("overwrite"), &mut no_progress)
                    .map(|path| path.to_str().unwrap().into())
            }
            _ => return None,
        })
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
            "$null" => return Value::Null,
            "$any" | "$nan" | "$inf" => return text.into(),
            _ => {}
        }
        let is_path =
            |path: &str| path.chars().all(|c| c.is_ascii_alphanumeric() || "_.".contains(c));
        if let Some(path) = text.strip_prefix('$')
            && is_path(path)
        {
            return self.saved_at(path);
        }
        let shown = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut filled = text.replace("$dir", self.saved["dir"].as_str().unwrap());
        while let Some((before, rest)) = filled.split_once("${") {
            let (path, after) = rest.split_once('}').unwrap();
            filled = format!("{before}{}{after}", shown(self.saved_at(path)));
        }
        filled.into()
    }

    fn saved_at(&self, path: &str) -> Value {
        let mut keys = path.split('.');
        let name = keys.next().unwrap();
        let mut value = self.saved.get(name);
        for key in keys {
            value = value.and_then(|value| match value {
                Value::Array(items) => items.get(key.parse::<usize>().ok()?),
                value => value.get(key),
            });
        }
        value.unwrap_or_else(|| panic!("{}: nothing is saved as {path}", self.place)).clone()
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

/// The name of the handle that a step goes to.
fn handle(step: &Fields) -> &str {
    step.get("on").map_or("registry", |name| name.as_str().unwrap())
}

/// Every row of every table, what is stored, and what was left on its way there.
#[derive(Default)]
struct State {
    rows: BTreeSet<String>,
    stored: BTreeSet<String>,
    staged: Vec<PathBuf>,
}

fn rows(registry: &Path, found: &mut BTreeSet<String>) {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = registry.join("registry.db");
    let connection = rusqlite::Connection::open_with_flags(database, flags).unwrap();
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
            found.insert(format!("{table} {}", values.join(" ")));
        }
    }
}

/// The files below a folder, which may be absent.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn make_node(path: &Path, kind: rustix::fs::FileType) -> rustix::io::Result<()> {
    let device = rustix::fs::makedev(1, 3);
    rustix::fs::mknodat(rustix::fs::CWD, path, kind, rustix::fs::Mode::RUSR, device)
}

/// The files that a path with at most one `*`, inside one part, means; there must be one.
fn matching(path: &Path) -> Vec<PathBuf> {
    let text = path.to_str().unwrap();
    let Some((before, after)) = text.split_once('*') else { return vec![path.to_owned()] };
    let (folder, prefix) = before.rsplit_once('/').unwrap();
    let (suffix, rest) = after.split_once('/').unwrap_or((after, ""));
    let found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(prefix) && name.ends_with(suffix))
        .map(|name| Path::new(folder).join(name))
        .map(|path| if rest.is_empty() { path } else { path.join(rest) })
        .filter(|path| path.exists())
        .collect();
    assert!(!found.is_empty(), "nothing matches {text}");
    found
}

fn overwrite(path: &Path, content: &[u8]) {
    if path.exists() {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o644)).unwrap();
    }
    std::fs::write(path, content).unwrap();
}
