//! Exports in both layouts, and the way back in.
#![expect(clippy::unwrap_used, reason = "a failed expectation is this file's way of failing")]

mod mlflow;

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use halfback::{
    Column, CompareOptions, Content, EvaluateOptions, Example, PairedSample, Predictions,
    RegisterVersion, Sample, no_progress,
};
use halfback_mlflow::{
    Database, ExportOptions, ExportReport, Folder, Layout, Options, export, import,
};
use mlflow::Place;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;

/// A registry with everything of MLflow's and a model of its own.
fn filled() -> Place {
    let place = Place::new();
    place.fraud();
    let mut source = Database::open(place.path("mlflow.db")).unwrap();
    import(&place.registry, &mut source, &Options::default(), &mut no_progress).unwrap();
    let name = "risk.credit.`..`";
    let create = halfback::CreateModel { name: name.into(), parents: true, ..Default::default() };
    place.registry.create_model(create).unwrap();
    let content = Content::Bytes { name: "model.bin".into(), bytes: b"weights".to_vec() };
    let example = Example { columns: None, rows: vec![1.into()], outputs: Some(vec![0.5.into()]) };
    let version = RegisterVersion {
        model: name.into(),
        example: Some(example),
        ..RegisterVersion::default()
    };
    place.registry.register_version(&content, version, &mut no_progress).unwrap();
    place
}

fn written(place: &Place, name: &str, layout: Layout) -> ExportReport {
    let options = ExportOptions::default();
    export(&place.registry, &place.path(name), layout, &options, &mut no_progress).unwrap()
}

fn lines(place: &Place, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(place.path(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The paths and contents of all files below a folder.
fn tree(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let (mut open, mut found) = (vec![folder.to_owned()], Vec::new());
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn plain_files_tell_everything() {
    let place = filled();
    let report = written(&place, "out", Layout::Files);
    assert_eq!((report.models, report.versions, report.files), (2, 4, 7));
    let second = place.path("out/main/default/fraud.eu/2/model.skops");
    assert_eq!(
        fs::read(second).unwrap(),
        fs::read(place.path("store/two words/model.skops")).unwrap()
    );
    assert_eq!(fs::read(place.path("out/risk/credit/%2E%2E/1/model.bin")).unwrap(), b"weights");

    let versions = lines(&place, "out/versions.jsonl");
    assert_eq!(versions[1]["folder"], "main/default/fraud.eu/2");
    assert_eq!(versions[1]["params"]["n"], 3);
    assert_eq!(versions[1]["example"], Value::Null);
    assert_eq!(versions[3]["example"]["rows"][0], 1);
    assert_eq!(lines(&place, "out/models.jsonl")[0]["aliases"]["champion"], 2);
    let history = lines(&place, "out/history.jsonl");
    let commits = i64::try_from(history.len()).unwrap();
    assert_eq!(commits, place.registry.info().unwrap().commit);
    for file in lines(&place, "out/files.jsonl") {
        let content = Content::Path(place.path("out").join(file["place"].as_str().unwrap()));
        let artifact = place.registry.hash_artifact(&content, &mut no_progress).unwrap();
        assert_eq!(artifact.files[0].sha256, file["sha256"].as_str().unwrap());
    }
    described(&place);
    let readme = fs::read_to_string(place.path("out/README.md")).unwrap();
    assert!(readme.contains("| `digest` | text |") && readme.contains("| `created_at` | time |"));
    assert!(readme.contains("| `stage` | text |") && readme.contains("| `number` | integer |"));
}

/// Every column of every table is in the schema, with what it is.
#[track_caller]
fn described(place: &Place) {
    let schema: Value =
        serde_json::from_slice(&fs::read(place.path("out/schema.json")).unwrap()).unwrap();
    for table in schema.get("tables").and_then(Value::as_array).unwrap() {
        let name = table["name"].as_str().unwrap();
        let rows = lines(place, &format!("out/{name}.jsonl"));
        let columns = table["columns"].as_array().unwrap();
        for column in columns {
            assert_ne!(column["about"], "", "{name}: {column}");
        }
        for key in rows.iter().flat_map(|row| row.as_object().unwrap().keys()) {
            assert!(columns.iter().any(|column| column["name"] == **key), "{name} has no {key}");
        }
        let file = fs::File::open(place.path(&format!("out/{name}.parquet"))).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let metadata = reader.metadata().file_metadata();
        assert_eq!(usize::try_from(metadata.num_rows()).unwrap(), rows.len());
        assert_eq!(metadata.schema_descr().num_columns(), columns.len());
        let stored: Vec<_> = reader.get_row_iter(None).unwrap().collect();
        assert_eq!(stored.len(), rows.len());
    }
}

#[test]
fn what_was_measured_is_told_with_its_slices() {
    let place = filled();
    let registry = &place.registry;
    let content = Content::Bytes { name: "model.bin".into(), bytes: b"others".to_vec() };
    let version = RegisterVersion { model: "risk.credit.`..`".into(), ..Default::default() };
    registry.register_version(&content, version, &mut no_progress).unwrap();
    let (one, two) = ("risk.credit.`..`/1", "risk.credit.`..`/2");
    let (truth, sites) = ([0i64, 1, 1, 0, 1, 0], ["a", "a", "a", "b", "b", "b"]);
    let [better, worse] = [[0.1, 0.8, 0.7, 0.3, 0.6, 0.4], [0.4, 0.3, 0.7, 0.6, 0.6, 0.2]];
    let sample = Sample::new(&truth[..]).scores(&better[..]).slice("site", &sites[..]);
    registry.evaluate(two, &sample, &EvaluateOptions::default()).unwrap();
    let options = EvaluateOptions { threshold: 0.65, ..EvaluateOptions::default() };
    let last = registry.evaluate(two, &sample, &options).unwrap();
    let scores = |scores| Predictions { y_pred: None, y_score: Some(Column::Float(scores).into()) };
    let pair = PairedSample {
        y_true: (&truth[..]).into(),
        candidate: scores(&better),
        baseline: scores(&worse),
        slices: vec![("site", (&sites[..]).into())],
        ..PairedSample::default()
    };
    let compared = registry.compare(two, one, &pair, &CompareOptions::default()).unwrap();
    written(&place, "out", Layout::Files);

    let evaluations = lines(&place, "out/evaluations.jsonl");
    assert_eq!(evaluations.len(), 2);
    assert_eq!(
        (&evaluations[1]["id"], &evaluations[1]["threshold"]),
        (&last.id.into(), &0.65.into())
    );
    assert!(evaluations[1]["curves"]["roc"].is_array() && evaluations[1].get("metrics").is_none());
    let metrics = lines(&place, "out/evaluation_metrics.jsonl");
    assert_eq!(metrics.len(), 2 * last.measurement.metrics.len());
    let area = last.metric("roc_auc").unwrap();
    let of = |metric: &&Value| {
        metric["evaluation"] == last.id
            && metric["metric"] == "roc_auc"
            && metric["slice"].is_null()
    };
    let told: Vec<&Value> = metrics.iter().filter(of).collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["value"].as_f64(), area.value);
    assert_eq!(told[0]["version"], last.version);
    let of_site = metrics.iter().filter(|metric| metric["slice"] == "site");
    assert!(of_site.clone().count() > 0 && of_site.clone().any(|it| it["slice_value"] == "b"));

    let comparisons = lines(&place, "out/comparisons.jsonl");
    assert_eq!(comparisons.len(), 1, "of the candidate alone");
    assert_eq!(comparisons[0]["baseline"], compared.baseline);
    let results = lines(&place, "out/comparison_results.jsonl");
    let told: Vec<_> = results.iter().map(|it| (&it["slice_value"], &it["rows"])).collect();
    assert_eq!(
        told,
        [(&Value::Null, &6.into()), (&"a".into(), &3.into()), (&"b".into(), &3.into())]
    );
    described(&place);
    let report = written(&place, "mlflow", Layout::Mlflow);
    let left = report.findings.iter().filter(|it| it.message.contains("what was measured"));
    assert_eq!(left.map(|it| it.subject.as_str()).collect::<Vec<_>>(), [last.version]);
}

#[test]
fn the_same_content_gives_the_same_bytes() {
    let place = filled();
    written(&place, "one", Layout::Files);
    written(&place, "two", Layout::Files);
    assert!(tree(&place.path("one")) == tree(&place.path("two")));
    let commit = place.registry.info().unwrap().commit;
    place.registry.create_model("later").unwrap();
    let view = place.registry.as_of(commit).unwrap();
    let options = ExportOptions::default();
    export(&view, &place.path("past"), Layout::Files, &options, &mut no_progress).unwrap();
    assert!(tree(&place.path("one")) == tree(&place.path("past")));
}

#[test]
fn an_export_appears_whole_or_not_at_all() {
    let place = filled();
    fs::create_dir(place.path("full")).unwrap();
    fs::write(place.path("full/x"), "x").unwrap();
    let options = ExportOptions::default();
    for layout in [Layout::Files, Layout::Mlflow] {
        let refused =
            export(&place.registry, &place.path("full"), layout, &options, &mut no_progress);
        assert_eq!(refused.unwrap_err().code(), "already_exists");
        let mut calls = 0;
        let stopped = export(&place.registry, &place.path("out"), layout, &options, &mut |_| {
            calls += 1;
            if calls > 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(stopped.unwrap_err().code(), "cancelled");
        assert!(!place.path("out").exists());
    }
    let left = fs::read_dir(place.folder.path()).unwrap();
    let left = left.filter(|entry| {
        entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with(".halfback")
    });
    assert_eq!(left.count(), 0);
    fs::create_dir(place.path("empty")).unwrap();
    written(&place, "empty", Layout::Files);
}

#[test]
fn an_altered_file_ends_an_export() {
    let place = filled();
    let stored = place.registry.file_path("risk.credit.`..`/1", None).unwrap();
    fs::remove_file(&stored).unwrap();
    fs::write(&stored, "WEIGHTS").unwrap();
    let options = ExportOptions::default();
    let error =
        export(&place.registry, &place.path("out"), Layout::Files, &options, &mut no_progress);
    assert_eq!(error.unwrap_err().code(), "artifact_altered");
    assert!(!place.path("out").exists());
}

#[test]
fn what_was_purged_is_told_and_its_files_are_not_there() {
    let place = filled();
    place.registry.purge_version("risk.credit.`..`/1", "no licence").unwrap();
    for (name, layout) in [("files", Layout::Files), ("mlflow", Layout::Mlflow)] {
        let report = written(&place, name, layout);
        let purged = report.findings.iter().filter(|f| f.message.contains("was purged at"));
        assert_eq!(purged.count(), 1, "{report}");
    }
    let versions = lines(&place, "files/versions.jsonl");
    let purged = versions.iter().find(|version| version["model"] == "risk.credit.`..`").unwrap();
    assert_eq!(purged["folder"], Value::Null);
    assert!(versions.iter().any(|version| version["folder"].is_string()));
}

#[test]
fn some_models_come_alone() {
    let place = filled();
    let options = ExportOptions { models: vec!["risk.credit.`..`".into()] };
    let out = place.path("out");
    let report = export(&place.registry, &out, Layout::Files, &options, &mut no_progress).unwrap();
    assert_eq!((report.models, report.versions), (1, 1));
    assert_eq!(lines(&place, "out/history.jsonl").len(), 2);
    let unknown = ExportOptions { models: vec!["nothing".into()] };
    let error =
        export(&place.registry, &place.path("no"), Layout::Files, &unknown, &mut no_progress);
    assert_eq!(error.unwrap_err().code(), "not_found");
}

#[test]
fn what_goes_out_to_mlflow_comes_back_the_same() {
    let place = filled();
    place.registry.protect_alias("main.default.`fraud.eu`", "champion", true).unwrap();
    let report = written(&place, "out dir", Layout::Mlflow);
    let told: Vec<&str> = report.findings.iter().map(|f| f.message.as_str()).collect();
    assert_eq!(told.len(), 3, "{told:#?}");
    for what in ["protection of its aliases", "no file `MLmodel`", "example rows"] {
        assert!(told.iter().any(|message| message.contains(what)), "{told:#?}");
    }
    let back = Place::new();
    let mut source = Folder::open(place.path("out dir/mlruns")).unwrap();
    let report =
        import(&back.registry, &mut source, &Options::default(), &mut no_progress).unwrap();
    assert_eq!((report.totals.brought, report.totals.failed), (4, 0), "{report}");
    let there = place.registry.get_model("main.default.`fraud.eu`").unwrap();
    let here = back.registry.get_model("main.default.`fraud.eu`").unwrap();
    assert_eq!(
        (&here.comment, &here.tags, &here.aliases),
        (&there.comment, &there.tags, &there.aliases)
    );
    assert_eq!(here.origin, there.origin);
    for number in [1, 2, 4] {
        let there = place.registry.get_version(&there.name, number).unwrap();
        let here = back.registry.get_version(&here.name, number).unwrap();
        assert_eq!((&here.digest, here.stage), (&there.digest, there.stage));
        assert_eq!(
            (&here.params, &here.metrics, &here.tags),
            (&there.params, &there.metrics, &there.tags)
        );
        assert_eq!(
            (&here.comment, &here.code_commit, &here.origin),
            (&there.comment, &there.code_commit, &there.origin)
        );
    }
}
