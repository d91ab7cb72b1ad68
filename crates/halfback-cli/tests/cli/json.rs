//! Output for programs: documents that parse and hold the records, and streams that may end early.

use serde_json::Value;

use crate::Place;

/// The document that a line of a shell writes.
#[track_caller]
pub(crate) fn json(place: &Place, line: &str) -> Value {
    let said = place.done(line);
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{line}: {error}: {said}"))
}

#[test]
fn records_have_the_fields_that_they_have_in_every_language() {
    let place = Place::prepared();
    let schemas = halfback::wire::schemas();
    let fields = |name: &str, record: &Value| {
        let properties = schemas["records"][name]["properties"].as_object().unwrap();
        // Left out where there are none.
        let absent = ["clusters", "replicates", "higher_is_better"];
        for field in properties.keys().filter(|field| !absent.contains(&field.as_str())) {
            assert!(record.get(field).is_some(), "{name} without `{field}`: {record}");
        }
    };
    let model = "risk.credit.default";
    fields("RegistryInfo", &json(&place, "halfback info --json"));
    fields("Model", &json(&place, &format!("halfback show {model} --json")));
    fields("Model", &json(&place, "halfback models --json")[0]);
    fields("Model", &json(&place, "halfback search \"tags.team = 'credit'\" --json")[0]);
    fields("ModelVersion", &json(&place, &format!("halfback versions {model} --json"))[1]);
    fields("ModelVersion", &json(&place, &format!("halfback resolve {model}@champion --json")));
    fields("ModelVersion", &json(&place, "halfback search --versions --json")[0]);
    fields("Schema", &json(&place, "halfback show schemas:/risk.credit --json"));
    fields("Catalog", &json(&place, "halfback show catalogs:/risk --json"));
    fields("Commit", &json(&place, "halfback log --json")[0]);
    fields("Commit", &json(&place, &format!("halfback history {model} --json"))[0]);
    fields("Artifact", &json(&place, &format!("halfback verify {model}/1 --json")));
    fields("LogVerification", &json(&place, "halfback log verify --json"));
    fields("CheckReport", &json(&place, "halfback check --json"));
    fields("ModelVersion", &json(&place, &format!("halfback alias set {model} champion 2 --json")));
    fields("Model", &json(&place, &format!("halfback alias protect {model} champion --json")));
    fields("Model", &json(&place, &format!("halfback tag set {model} a b --json")));

    let evaluations = json(&place, &format!("halfback evaluation list {model}/2 --json"));
    fields("Evaluation", &evaluations[0]);
    let id = &evaluations[0]["id"];
    fields("Evaluation", &json(&place, &format!("halfback evaluation show {id} --json")));
    let comparisons = json(&place, &format!("halfback comparison list {model}/1 --json"));
    fields("Comparison", &comparisons[0]);
    let id = &comparisons[0]["id"];
    fields("Comparison", &json(&place, &format!("halfback comparison show {id} --json")));

    let version = json(&place, &format!("halfback show {model}/2 --json"));
    fields("ModelVersion", &version);
    let paths = ["model.bin", "tokenizer/words.txt"];
    assert_eq!([&version["files"][0]["path"], &version["files"][1]["path"]], paths);
    assert_eq!(version["size"], 1505);
}

#[test]
fn what_is_registered_is_what_was_said() {
    let place = Place::prepared();
    std::fs::write(place.path("signature.json"), r#"{"inputs": [{"type": "double"}]}"#).unwrap();
    std::fs::write(place.path("example.json"), r#"{"columns": ["a"], "rows": [[1]]}"#).unwrap();
    let line = "halfback register risk.credit.default model.onnx --json --comment '- odd' \
        --tag team=a=b --param depth=3 --param rate=0.5 --param fast=true --param note=fine \
        --metric auc=0.91 --flavor onnx --framework-version 1.17 --run r1 --code-commit abc \
        --source s3://bucket/run --number 9 --signature signature.json --example example.json";
    let version = json(&place, line);
    assert_eq!(version["number"], 9);
    assert_eq!(version["comment"], "- odd");
    assert_eq!(version["tags"]["team"], "a=b");
    let params = serde_json::json!({"depth": 3, "rate": 0.5, "fast": true, "note": "fine"});
    assert_eq!(version["params"], params);
    assert_eq!(version["metrics"]["auc"], 0.91);
    let said = ["flavor", "framework_version", "run", "code_commit", "source"].map(|f| &version[f]);
    assert_eq!(said, ["onnx", "1.17", "r1", "abc", "s3://bucket/run"]);
    assert_eq!(version["signature"]["inputs"][0]["type"], "double");
    assert_eq!(version["has_example"], true);

    let again = json(&place, "halfback register risk.credit.default model.onnx --exist-ok --json");
    assert!(again["number"] == 1 || again["number"] == 9, "{again}");
    let elsewhere =
        json(&place, "halfback register risk.credit.default model.onnx --location s3://b/m --json");
    assert_eq!(elsewhere["location"], "s3://b/m");
    place.done("halfback show risk.credit.default/latest");
}

#[test]
fn lists_are_arrays_or_lines() {
    let place = Place::prepared();
    let all = json(&place, "halfback log --json");
    let all = all.as_array().unwrap();
    let lines = place.done("halfback log --jsonl");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(all.len() > 5);
    assert_eq!(*all, lines);
    assert_eq!(json(&place, "halfback log --json --limit 2").as_array().unwrap()[..], all[..2]);
    assert_eq!(json(&place, "halfback models main --json"), Value::Array(vec![]));
    assert_eq!(json(&place, "halfback models --as-of 1 --json"), Value::Array(vec![]));
}

/// More than the 1,000 entries of one page, and than a pipe holds.
fn long() -> Place {
    let place = Place::prepared();
    let registry = halfback::Registry::open(place.path("models.hb")).unwrap();
    let tag = |at: usize| {
        halfback::AnyCommand::from(halfback::SetTag {
            target: "risk.credit.default".into(),
            key: format!("key-{at}"),
            value: "x".repeat(100),
            ..halfback::SetTag::default()
        })
    };
    let model = |at: usize| {
        halfback::AnyCommand::from(halfback::CreateModel::from(format!("many-{at:04}").as_str()))
    };
    registry.transact((0..2500).map(model).chain((0..20).map(tag)).collect(), None).unwrap();
    place
}

#[test]
fn long_lists_come_whole_and_may_be_left() {
    let place = long();
    let models = json(&place, "halfback models main --json");
    assert_eq!(models.as_array().unwrap().len(), 2500);
    let table = place.done("halfback models main");
    assert_eq!(table.lines().count(), 2501);
    assert_eq!(table.matches("NAME").count(), 1);
    assert_eq!(place.done("halfback models main --jsonl --limit 1001").lines().count(), 1001);

    for (line, lines) in [
        ("halfback models main | head -1", 1),
        ("halfback models main --jsonl | head -2", 2),
        ("halfback models main --json | head -3", 3),
        ("halfback help | head -1", 1),
    ] {
        assert_eq!(place.done(line).lines().count(), lines, "{line}");
    }
    // The reader left before the first word.
    let line = "{ halfback models main; echo $? > code; } | true; cat code";
    assert_eq!(place.done(line), "0\n");
}

#[test]
fn a_registry_is_named_by_option_variable_or_custom() {
    let place = Place::prepared();
    std::fs::rename(place.path("models.hb"), place.path("other.hb")).unwrap();
    assert_eq!(place.run(&["models"]).status.code(), Some(3));
    let models = place.done("halfback models --registry other.hb");
    assert_eq!(place.done("halfback -r other.hb models"), models);
    assert_eq!(place.done("HALFBACK_REGISTRY=other.hb halfback models"), models);
    assert_eq!(place.done("HALFBACK_REGISTRY=none.hb halfback models -r other.hb"), models);
}
