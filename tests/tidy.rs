//! Holds the rules of ARCHITECTURE.md that a machine can hold.
#![expect(clippy::unwrap_used, reason = "a failed expectation is this file's way of failing")]

use std::path::{Path, PathBuf};

/// A source file: its path from the repository's root, and its text.
struct Source {
    path: String,
    text: String,
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The files below `folder` that end in one of `endings`.
fn sources(folder: &str, endings: &[&str]) -> Vec<Source> {
    let root = repository();
    let mut folders = vec![root.join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                folders.push(path);
            } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
                let text = std::fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                found.push(Source { path, text });
            }
        }
    }
    assert!(!found.is_empty(), "no source below {folder}");
    found
}

/// Only files whose path ends in one of `allowed` may hold `text`.
#[track_caller]
fn only_in(folder: &str, text: &str, allowed: &[&str]) {
    let strays: Vec<String> = sources(folder, &[".rs"])
        .into_iter()
        .filter(|source| source.text.contains(text))
        .map(|source| source.path)
        .filter(|path| !allowed.iter().any(|allowed| path.ends_with(allowed)))
        .collect();
    assert!(strays.is_empty(), "`{text}` belongs in {allowed:?} only, found in {strays:?}");
}

#[test]
fn dependencies_point_one_way() {
    only_in("crates/halfback-store/src", "halfback::", &[]);
    only_in("crates/halfback-cli/src", "halfback_store", &[]);
    only_in("bindings/python/src", "halfback_store", &[]);
    only_in("bindings/java/src", "halfback_store", &[]);
    only_in("crates/halfback/src", "rusqlite", &[]);
    only_in("crates/halfback-mlflow", "halfback_store", &[]);
    for foreign in ["halfback_store", "halfback::", "std::fs", "std::io", "std::time"] {
        only_in("crates/halfback-metrics/src", foreign, &[]);
    }
    only_in("crates/halfback-metrics/src", "unsafe {", &["wide.rs"]);
}

#[test]
fn doors_are_the_only_way() {
    only_in("crates", "bincode::", &["codec.rs"]);
    only_in("crates", "Utc::now", &["time.rs"]);
    only_in("crates", "getrandom::", &["id.rs"]);
    only_in("crates/halfback/src", "storage.write(", &["registry.rs"]);
    only_in("crates/halfback/src", "storage.read(", &["view.rs"]);
    only_in("crates/halfback-store/src", ".texts()", &["tx.rs"]);
}

#[test]
fn files_say_what_they_are_and_stay_short() {
    const MOST: usize = 760;
    for folder in ["crates", "bindings", "tests", "benches"] {
        for Source { path, text } in sources(folder, &[".rs"]) {
            let opens = text.starts_with("//!") || path.ends_with("tests.rs");
            assert!(opens, "{path} does not open with `//!`");
            assert!(text.lines().count() <= MOST, "{path} is longer than {MOST} lines");
            let stem = Path::new(&path).file_stem().unwrap().to_string_lossy().into_owned();
            let vague = ["utils", "util", "common", "helper", "helpers", "manager", "processor"];
            assert!(!vague.contains(&stem.as_str()), "{path} has a name that says nothing");
        }
    }
}

#[test]
fn every_command_and_query_has_a_method_in_each_language() {
    let schemas = halfback::wire::schemas();
    let text = |folder, endings: &[&str]| -> String {
        sources(folder, endings).into_iter().map(|source| source.text).collect()
    };
    let rust = text("crates/halfback/src", &[".rs"]);
    let python = text("bindings/python/python/halfback", &[".py"]);
    let java = text("bindings/java/src/main/java", &[".java"]);
    let scenarios = text("tests/scenarios", &[".toml"]);
    for list in ["commands", "queries"] {
        let names = schemas.get(list).unwrap().as_object().unwrap().keys();
        for name in names.flat_map(|name| methods(name)) {
            assert!(rust.contains(&format!("pub fn {name}(")), "Rust has no `{name}`");
            assert!(python.contains(&format!("def {name}(")), "Python has no `{name}`");
            assert!(java.contains(&format!(" {}(", camel(name))), "Java has no `{}`", camel(name));
            assert!(scenarios.contains(&format!("\"{name}\"")), "no scenario calls `{name}`");
        }
    }
}

/// The methods of a command or query: one of its name, or one for each kind of what it does.
fn methods(name: &str) -> Vec<&str> {
    match name {
        "create_principal" => vec!["create_user", "create_service", "create_group"],
        "grant" => vec!["grant", "deny"],
        name => vec![name],
    }
}

#[test]
fn every_error_code_is_shown_by_a_scenario_or_listed_with_its_test() {
    let errors = sources("crates/halfback-store/src", &["/error.rs"]).remove(0).text;
    let code = |line: &'_ str| Some(line.split_once("(Kind::")?.1.split('"').nth(1)?.to_owned());
    let codes: Vec<String> = errors.lines().filter_map(code).collect();
    assert!(codes.len() > 20, "{codes:?}");
    let scenarios: String =
        sources("tests/scenarios", &[".toml"]).into_iter().map(|source| source.text).collect();
    let list = sources("tests/scenarios", &["README.md"]).remove(0).text;
    for code in codes {
        let shown = scenarios.contains(&format!("error = \"{code}\""));
        let listed = list.contains(&format!("| `{code}` |"));
        assert!(shown != listed, "`{code}`: shown {shown}, listed {listed}");
    }
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap().to_owned();
    for word in words {
        let (first, rest) = word.split_at(1);
        camel += &first.to_uppercase();
        camel += rest;
    }
    camel
}
