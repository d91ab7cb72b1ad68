//! Edits behind the library's back: whatever the log covers, an edit of it is found.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed expectation is this file's way of failing"
)]

use std::time::Duration;

use halfback::{
    CompareOptions, Content, CreateModel, Dataset, Erasable, EvaluateOptions, ModelKey, Options,
    Origin, PairedSample, Predictions, RegisterVersion, Registry, ReleaseHold, Sample,
    TokenOptions, UpdateModel, no_progress,
};
use halfback_store::schema::FACTS;
use rusqlite::Connection;
use rusqlite::types::Value;

type Row = Vec<Value>;

/// A registry in which every fact table has living and closed rows.
fn registry() -> (tempfile::TempDir, Registry) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { create: true, ..Options::default() };
    let registry = Registry::open_with(folder.path().join("hb"), options).unwrap();
    registry
        .create_model(CreateModel {
            name: "fraud".into(),
            comment: Some("first".into()),
            task: Some("ranking".into()),
            owner: Some("ana".into()),
            origin: Some(origin("models:/fraud")),
            ..CreateModel::default()
        })
        .unwrap();
    registry
        .update_model(UpdateModel {
            name: "fraud".into(),
            comment: Some("second".into()),
            ..UpdateModel::default()
        })
        .unwrap();
    for bytes in [b"one".to_vec(), b"two".to_vec(), b"three".to_vec(), b"four".to_vec()] {
        let content = Content::Bytes { name: "m".into(), bytes };
        let version = RegisterVersion {
            model: "fraud".into(),
            origin: Some(origin("models:/fraud/1")),
            signature: serde_json::json!({"inputs": [{"name": "age", "type": "long"}]})
                .as_object()
                .cloned(),
            ..RegisterVersion::default()
        };
        registry.register_version(&content, version, &mut no_progress).unwrap();
    }
    for version in [1, 2] {
        registry.set_alias("fraud", "champion", version).unwrap();
        registry.set_tag("fraud", "k", &version.to_string()).unwrap();
        registry.protect_alias("fraud", "spare", version == 1).unwrap();
    }
    registry.protect_alias("fraud", "champion", true).unwrap();
    registry.delete_version("fraud/3").unwrap();
    registry.delete_version("fraud/4").unwrap();
    registry.purge(Duration::ZERO, false).unwrap();
    for version in ["fraud/1", "fraud/2"] {
        registry.sign_version(version, &ModelKey::generate().unwrap()).unwrap();
    }
    measure(&registry);
    registry.erase(Erasable::Payload, "5", "a test").unwrap();
    registry.erase(Erasable::Payload, "6", "a test").unwrap();
    for version in ["fraud/1", "fraud/2"] {
        registry.set_hold(version, "an inquiry").unwrap();
        registry.set_hold(version, "a suit").unwrap();
    }
    let ended = ReleaseHold { target: "fraud/1".into(), reason: Some("a suit".into()) };
    registry.release_hold(ended).unwrap();
    registry.rename_model("fraud", "abuse").unwrap();
    give_rights(&registry);
    assert_eq!(registry.check().unwrap().findings, []);
    (folder, registry)
}

/// Two evaluations and two comparisons.
fn measure(registry: &Registry) {
    let (truth, scores) = ([0i64, 1, 1, 0], [0.2, 0.7, 0.4, 0.6]);
    let sample = Sample::new(&truth[..]).scores(&scores[..]).slice("site", &truth[..]);
    let dataset = Dataset { name: "holdout".into(), digest: Some("v1".into()) };
    let predictions = Predictions { y_pred: Some((&truth[..]).into()), y_score: None };
    let pair = PairedSample {
        y_true: (&truth[..]).into(),
        candidate: predictions,
        baseline: predictions,
        ..PairedSample::default()
    };
    for seed in [1, 2] {
        let dataset = Some(dataset.clone());
        let options = EvaluateOptions { seed, dataset: dataset.clone(), ..Default::default() };
        registry.evaluate("fraud/1", &sample, &options).unwrap();
        let options = CompareOptions { seed, dataset, ..Default::default() };
        registry.compare("fraud/2", "fraud/1", &pair, &options).unwrap();
    }
}

/// Living and ended rows in every table that says who may do what.
fn give_rights(registry: &Registry) {
    for group in ["readers", "writers"] {
        registry.create_group(group).unwrap();
    }
    for (name, role) in [("bea", "Own"), ("cem", "Other"), ("dan", "Third")] {
        registry.create_service(name).unwrap();
        registry.add_member("readers", name).unwrap();
        registry.grant("Browser", "models:/abuse", name).unwrap();
        registry.set_role(role, &["BROWSE"]).unwrap();
        registry.separate_roles("Reviewer", role, true).unwrap();
        registry.create_token(name, TokenOptions::default()).unwrap();
    }
    registry.remove_member("readers", "cem").unwrap();
    registry.revoke("Browser", "models:/abuse", "cem").unwrap();
    registry.separate_roles("Reviewer", "Other", false).unwrap();
    registry.delete_role("Other").unwrap();
    registry.delete_principal("dan").unwrap();
    let creator = registry.whoami().unwrap().id.unwrap();
    let token = registry.create_token(&creator, TokenOptions::default()).unwrap().token;
    let session = Registry::open_with_token(registry.path(), Options::default(), &token).unwrap();
    for allowed in [false, true, false, true] {
        session.allow_os_users(allowed).unwrap();
    }
}

fn origin(reference: &str) -> Origin {
    let origin = serde_json::json!({"system": "mlflow", "reference": reference, "created_by": "bo", "earlier": [{"system": "house", "reference": "7"}]});
    serde_json::from_value(origin).unwrap()
}

fn connect(registry: &Registry) -> Connection {
    Connection::open(registry.path().join("registry.db")).unwrap()
}

fn rows(connection: &Connection, table: &str) -> (Vec<String>, Vec<Row>) {
    let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let names: Vec<String> = statement.column_names().map(Into::into).collect();
    let row = |row: &rusqlite::Row<'_>| (0..names.len()).map(|place| row.get(place)).collect();
    let rows = statement.query_map([], row).unwrap().map(Result::unwrap).collect();
    (names, rows)
}

/// Puts `new` in the place of `old`, either of which may be nothing; false where the table's own
/// rules forbid that.
fn exchange(
    connection: &Connection,
    table: &str,
    names: &[String],
    old: Option<&Row>,
    new: Option<&Row>,
) -> bool {
    let transaction = connection.unchecked_transaction().unwrap();
    if let Some(old) = old {
        let same: Vec<String> =
            (1..).zip(names).map(|(place, name)| format!("{name} IS ?{place}")).collect();
        let delete = format!("DELETE FROM {table} WHERE {}", same.join(" AND "));
        let deleted = transaction.execute(&delete, rusqlite::params_from_iter(old)).unwrap();
        assert_eq!(deleted, 1, "{table} {old:?}");
    }
    if let Some(new) = new {
        let places: Vec<String> = (1..=new.len()).map(|place| format!("?{place}")).collect();
        let insert =
            format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), places.join(", "));
        if transaction.execute(&insert, rusqlite::params_from_iter(new)).is_err() {
            return false;
        }
    }
    transaction.commit().unwrap();
    true
}

/// Other values that a column could hold instead.
fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => vec![Value::Text("x".into()), Value::Blob(vec![0; 32])],
        Value::Integer(i64::MAX) => vec![Value::Integer(3)],
        Value::Integer(number) => vec![Value::Integer(number + 1), Value::Integer(i64::MAX)],
        Value::Real(number) => vec![Value::Real(number + 1.0)],
        Value::Text(text) => vec![Value::Text(format!("{text}x")), Value::Null],
        Value::Blob(bytes) => {
            let mut bytes = bytes.clone();
            bytes[0] ^= 1;
            vec![Value::Blob(bytes), Value::Null]
        }
    }
}

fn is_found(registry: &Registry) -> bool {
    registry.check().map_or(true, |report| !report.findings.is_empty())
}

#[test]
fn an_edit_of_any_column_of_any_fact_row_is_found() {
    let (_folder, registry) = registry();
    let connection = connect(&registry);
    for fact in FACTS {
        let (names, rows) = rows(&connection, fact.table);
        assert!(rows.len() > 1, "{} has too few rows to show anything", fact.table);
        for row in &rows {
            for (place, value) in row.iter().enumerate() {
                for other in others(value) {
                    let mut edited = row.clone();
                    edited[place] = other;
                    if exchange(&connection, fact.table, &names, Some(row), Some(&edited)) {
                        assert!(is_found(&registry), "{} {row:?} -> {edited:?}", fact.table);
                        exchange(&connection, fact.table, &names, Some(&edited), Some(row));
                    }
                }
            }
        }
    }
    assert_eq!(registry.check().unwrap().findings, []);
}

#[test]
fn a_fact_row_that_is_removed_or_added_is_found() {
    let (_folder, registry) = registry();
    let connection = connect(&registry);
    for fact in FACTS {
        let (names, rows) = rows(&connection, fact.table);
        for row in &rows {
            exchange(&connection, fact.table, &names, Some(row), None);
            assert!(is_found(&registry), "{} without {row:?}", fact.table);
            exchange(&connection, fact.table, &names, None, Some(row));
        }
        // The same fact once more, closed by another commit: the key alone does not forbid it.
        let mut twin = rows[0].clone();
        *twin.last_mut().unwrap() = Value::Integer(2);
        if exchange(&connection, fact.table, &names, None, Some(&twin)) {
            assert!(is_found(&registry), "{} with {twin:?}", fact.table);
            exchange(&connection, fact.table, &names, Some(&twin), None);
        }
    }
    assert_eq!(registry.check().unwrap().findings, []);
}

#[test]
fn an_edit_of_the_log_or_its_head_is_found() {
    for edit in [
        "DELETE FROM log WHERE n = 2",
        "DELETE FROM log WHERE n = (SELECT MAX(n) FROM log)",
        "INSERT INTO log SELECT n + 1, time + 1, actor, header FROM log ORDER BY n DESC LIMIT 1",
        "UPDATE log SET time = time + 1 WHERE n = 3",
        "UPDATE log SET actor = 7 WHERE n = 3",
        "UPDATE payload SET body = '[]' WHERE n = 2",
        "UPDATE payload SET salt = zeroblob(16) WHERE n = 2",
        "UPDATE text SET body = 'other'",
        "UPDATE head SET time = time - 1",
        "UPDATE head SET n = n - 1",
        "DELETE FROM touch WHERE n = 3",
        "INSERT INTO touch VALUES (1, 4)",
        "INSERT INTO touch VALUES (1, 99)",
        "UPDATE principal_name SET name = 'mallory'",
        "UPDATE principal_name SET subject = 'uid:0x'",
        "UPDATE head SET range = zeroblob(length(range))",
        "UPDATE registry SET created = created + 1",
        "UPDATE head SET next_id = next_id - 1",
    ] {
        let (_folder, registry) = registry();
        let changed = connect(&registry).execute(edit, []).unwrap();
        assert!(changed > 0, "{edit} changed nothing");
        assert!(is_found(&registry), "{edit} was not found");
        let corrupt = registry.verify_log().is_err_and(|error| error.code() == "corrupt");
        let beside = ["text", "touch", "principal_name", "registry", "next_id"]
            .iter()
            .any(|part| edit.contains(part));
        assert!(corrupt || beside, "{edit} was not found in the log");
    }
}

#[test]
fn what_is_gone_without_an_erasure_is_found_and_leaves_a_log_that_verifies() {
    for table in ["payload", "text", "principal_name"] {
        let (_folder, registry) = registry();
        let erased = connect(&registry).execute(&format!("DELETE FROM {table}"), []).unwrap();
        assert!(erased > 0, "{table} was empty");
        registry.verify_log().unwrap();
        assert!(is_missed(&registry), "without {table}");
        let model = registry.get_model("abuse").unwrap();
        assert_eq!(model.comment.is_none(), table == "text");
        assert_eq!(model.owner.is_none(), table == "principal_name");
        let newest = registry.history("abuse").unwrap().items.remove(0);
        assert_eq!(newest.payload.is_none(), table == "payload");
        registry.set_tag("abuse", "after", "erasure").unwrap();
        assert!(is_missed(&registry), "without {table}, after a write");
    }
}

/// Whether something is missing, and nothing else is wrong but the words of what is.
fn is_missed(registry: &Registry) -> bool {
    let codes = codes(registry);
    codes.contains(&"missing".into())
        && codes.iter().all(|code| ["missing", "words"].contains(&code.as_str()))
}

#[test]
fn an_edit_of_the_words_of_a_text_is_found() {
    let (_folder, registry) = registry();
    let connection = connect(&registry);
    let (names, rows) = rows(&connection, "word");
    assert!(rows.iter().any(|row| row[3] != Value::Integer(i64::MAX)), "no word is closed");
    let found = || codes(&registry) == ["words"];
    for row in &rows {
        exchange(&connection, "word", &names, Some(row), None);
        assert!(found(), "without {row:?}");
        for place in 0..row.len() {
            for other in others(&row[place]) {
                let mut edited = row.clone();
                edited[place] = other;
                if exchange(&connection, "word", &names, None, Some(&edited)) {
                    // A word may have gone to another target, where it is as wrong.
                    assert!(codes(&registry).contains(&"words".into()), "{row:?} -> {edited:?}");
                    exchange(&connection, "word", &names, Some(&edited), None);
                }
            }
        }
        exchange(&connection, "word", &names, None, Some(row));
    }
    assert_eq!(registry.check().unwrap().findings, []);
}

fn codes(registry: &Registry) -> Vec<String> {
    registry.check().unwrap().findings.into_iter().map(|finding| finding.code).collect()
}

#[test]
fn facts_that_overlap_or_leave_a_gap_are_found_as_such() {
    for edit in [
        // One value begins before the one before it ends.
        "UPDATE tag SET since = since - 1 WHERE until = 9223372036854775807",
        // And one ends before it begins.
        "UPDATE alias SET since = until + 1 WHERE until < 9223372036854775807",
        // Nothing is said about a model or a version for a while.
        "UPDATE profile SET until = until - 1 WHERE until < 9223372036854775807",
        "UPDATE version_state SET since = since + 1 WHERE until = 9223372036854775807",
        "DELETE FROM version_state WHERE until = 9223372036854775807",
        "DELETE FROM profile",
    ] {
        let (_folder, registry) = registry();
        let changed = connect(&registry).execute(edit, []).unwrap();
        assert!(changed > 0, "{edit} changed nothing");
        assert!(codes(&registry).contains(&"intervals".into()), "{edit}: {:?}", codes(&registry));
    }
}

#[test]
fn an_index_that_says_other_than_its_table_is_found() {
    let (_folder, registry) = registry();
    let connection = connect(&registry);
    connection.pragma_update(None, "writable_schema", true).unwrap();
    // Another definition for the pages of an index: its entries are not those that belong there.
    let edit = "UPDATE sqlite_schema SET sql = 'CREATE INDEX tag_until ON tag (value, until)' \
         WHERE name = 'tag_until'";
    assert_eq!(connection.execute(edit, []).unwrap(), 1);
    drop(connection);
    let path = registry.path().to_owned();
    registry.close().unwrap();
    let registry = Registry::open(path).unwrap();
    assert!(codes(&registry).contains(&"database".into()), "{:?}", codes(&registry));
}
