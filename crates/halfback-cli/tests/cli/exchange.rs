//! Imports: what their exit code says, and what a Python that reads a tracking server may do.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rusqlite::Connection;
use serde_json::Value;

use crate::Place;
use crate::exit_codes::check;

/// A tracking database with a version of a model in each place.
fn database(place: &Place, places: &[&str]) {
    let database = Connection::open(place.path("mlflow.db")).unwrap();
    database
        .execute_batch(
            "CREATE TABLE registered_models (name);
             CREATE TABLE model_versions (name, version, status, source);
             CREATE TABLE model_version_tags (name, version, key, value);
             INSERT INTO registered_models VALUES ('churn');",
        )
        .unwrap();
    for (number, source) in (1..).zip(places) {
        let version = "INSERT INTO model_versions VALUES ('churn', ?1, 'READY', ?2)";
        database.execute(version, rusqlite::params![number, source]).unwrap();
    }
    let password = "INSERT INTO model_version_tags VALUES ('churn', 1, 'password', ?1)";
    database.execute(password, ["Xk3!ppQz91vLmw"]).unwrap();
}

#[test]
fn an_import_that_leaves_a_version_behind_says_so_by_its_exit_code() {
    let place = Place::prepared();
    database(&place, &["model.onnx", "/etc/passwd"]);
    for (line, exit, names_a_folder) in [
        ("halfback import mlflow mlflow.db --dry-run", 1, true),
        ("halfback import mlflow mlflow.db", 1, true),
        ("halfback import mlflow mlflow.db --within / --dry-run", 0, false),
        ("halfback import mlflow mlflow.db --within /etc --into m.secret --dry-run", 1, false),
    ] {
        let said = place.shell(line);
        assert_eq!(said.status.code(), Some(exit), "{line}: {said:?}");
        let told = String::from_utf8(said.stdout).unwrap();
        assert_eq!(told.contains("here `/etc`"), names_a_folder, "{line}: {told}");
    }
    let said = place.shell("halfback import mlflow mlflow.db --json");
    assert_eq!(said.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!((&report["totals"]["here"], &report["totals"]["failed"]), (&1.into(), &1.into()));
    assert!(!place.done("halfback show churn/1").contains("password"));
    let allowed = "halfback import mlflow mlflow.db --within / --into m.all --allow-secrets";
    place.done(allowed);
    assert!(place.done("halfback show m.all.churn/1").contains("password"));
}

/// Has a program of that text stand in for Python; gives what to put before a line.
fn python(place: &Place, program: &str) -> String {
    let path = place.path("python");
    fs::write(&path, format!("#!/bin/sh\necho \"$@\" > asked; cat > request\n{program}\n"))
        .unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    "HALFBACK_PYTHON=./python halfback import mlflow http://localhost:1".into()
}

#[test]
fn python_answers_in_its_last_line_and_finds_no_modules_in_the_present_folder() {
    let place = Place::prepared();
    let totals = r#""there":1,"brought":1,"here":0,"skipped":0,"failed":0,"aliases":0,"tags":0,"files":1,"bytes":7"#;
    let report = format!(
        r#"{{"report":{{"dry_run":false,"models":[],"totals":{{{totals}}},"versions":[],"findings":[]}}}}"#
    );
    let line = python(&place, &format!("echo 'a stray word'; echo; echo '{report}'"));
    assert!(place.done(&format!("{line} --allow-secrets")).contains("total"));
    let asked = fs::read_to_string(place.path("asked")).unwrap();
    assert_eq!(asked, "-P -m halfback.importers.mlflow\n");
    let request: Value = serde_json::from_slice(&fs::read(place.path("request")).unwrap()).unwrap();
    assert_eq!(request["options"]["allow_secrets"], true);
    let line =
        python(&place, &format!("echo '{}'", report.replace(r#""failed":0"#, r#""failed":1"#)));
    assert_eq!(place.shell(&line).status.code(), Some(1));
}

#[test]
fn errors_through_python_keep_their_kind() {
    let place = Place::prepared();
    for (kind, code, exit) in [
        ("invalid", "invalid_argument", 2),
        ("not_found", "registry_not_found", 3),
        ("conflict", "already_exists", 4),
        ("denied", "read_only", 5),
        ("integrity", "corrupt", 6),
        ("unavailable", "busy", 7),
        ("internal", "internal", 70),
        ("unheard", "of", 70),
    ] {
        let error =
            format!(r#"{{"error":{{"kind":"{kind}","code":"{code}","message":"it is so"}}}}"#);
        let line = python(&place, &format!("echo '{error}'"));
        check(&place, &line, exit, code, "it is so");
    }
    let line = python(&place, "echo 'no answer'");
    check(&place, &line, 2, "usage", "`http://localhost:1` could not be read");
}
