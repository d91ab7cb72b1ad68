//! Bundles: the same bytes every time, no byte that can change unseen, and hostile ones.
#![expect(clippy::unwrap_used, reason = "a failed expectation is this file's way of failing")]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use halfback::{
    Bundle, Content, CopyOptions, Example, Options, Origin, Param, RegisterVersion, Registry,
    Transfer, no_progress,
};
use halfback_store::archive::{Archive, Writer};
use halfback_store::artifact::Meter;
use serde_json::{Value, json};

fn create(path: &Path) -> Registry {
    Registry::open_with(path, Options { create: true, ..Options::default() }).unwrap()
}

/// A registry whose `fraud/2` is a folder with all that a version can have, and its bundle.
fn bundled() -> (tempfile::TempDir, Registry, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let registry = create(&folder.path().join("hb"));
    registry.create_model("fraud").unwrap();
    let content = Content::Bytes { name: "m".into(), bytes: b"one".to_vec() };
    let version = RegisterVersion { model: "fraud".into(), ..RegisterVersion::default() };
    registry.register_version(&content, version.clone(), &mut no_progress).unwrap();
    let model = folder.path().join("model");
    std::fs::create_dir_all(model.join("deep/er")).unwrap();
    std::fs::write(model.join("weights.bin"), [7; 40]).unwrap();
    std::fs::write(model.join("deep/er/ünï.txt"), "words").unwrap();
    std::fs::write(model.join("deep/empty"), "").unwrap();
    let example = Example {
        columns: Some(vec!["age".into()]),
        rows: vec![json!([39])],
        outputs: Some(vec![json!(0.5)]),
    };
    let version = RegisterVersion {
        example: Some(example),
        params: [("depth".into(), Param::Int(3)), ("rate".into(), Param::Float(1.0))].into(),
        metrics: [("auc".into(), 0.75)].into(),
        comment: Some("boosted".into()),
        tags: [("team".into(), "risk".into())].into(),
        ..version
    };
    registry.register_version(&model.as_path().into(), version, &mut no_progress).unwrap();
    registry.set_alias("fraud", "champion", 2).unwrap();
    registry.set_tag("fraud/2", "checked", "yes").unwrap();
    let path = folder.path().join("fraud-2.hbz");
    registry.bundle("fraud/2", &path, false, &mut no_progress).unwrap();
    (folder, registry, path)
}

/// Opens a bundle and examines all of it.
fn check(path: &Path) -> halfback::Result<halfback::BundleVerification> {
    let bundle = Bundle::open(path)?;
    bundle.history()?;
    bundle.verify(&mut no_progress)
}

/// The entries of a bundle.
fn entries(path: &Path) -> Vec<(String, Vec<u8>)> {
    let archive = Archive::open(path).unwrap();
    let names = archive.entries().iter().map(|entry| entry.name.clone());
    names.enumerate().map(|(at, name)| (name, archive.read(at, 1 << 20).unwrap())).collect()
}

/// Writes entries as a bundle has them, whatever they say.
fn write(path: &Path, entries: &[(String, Vec<u8>)]) {
    let mut none = no_progress;
    let mut meter = Meter::new(1 << 20, &mut none);
    let mut writer = Writer::create(path).unwrap();
    for (name, text) in entries {
        writer.add(name, text.len() as u64, text.as_slice(), path, &mut meter).unwrap();
    }
    writer.finish(true).unwrap();
}

#[test]
fn a_bundle_tells_everything_of_its_version_without_a_registry() {
    let (folder, registry, path) = bundled();
    let version = registry.resolve("fraud/2").unwrap();
    let info = registry.info().unwrap();
    let history = registry.history("fraud/2").unwrap().items;
    let artifact = registry.get_artifact("fraud/2").unwrap();
    let example = registry.get_example("fraud/2").unwrap();
    registry.close().unwrap();
    std::fs::remove_dir_all(folder.path().join("hb")).unwrap();

    let bundle = Bundle::open(&path).unwrap();
    assert_eq!(bundle.version(), &*version);
    assert_eq!(bundle.history().unwrap(), history);
    assert_eq!(history.len(), 3);
    assert_eq!(bundle.files(), &artifact);
    assert_eq!(bundle.example(), Some(&example));
    let verified = bundle.verify(&mut no_progress).unwrap();
    assert_eq!((verified.registry, verified.root), (info.uuid, info.root));
    assert_eq!((verified.files, verified.size, verified.commits), (3, 45, 3));
    assert_eq!(i64::try_from(verified.tree_size), Ok(info.commit));
    let to = bundle.download(folder.path().join("out"), &mut no_progress).unwrap();
    assert_eq!(std::fs::read(to.join("deep/er/ünï.txt")).unwrap(), b"words");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[test]
fn the_same_moment_gives_the_same_bytes() {
    let (folder, registry, path) = bundled();
    let first = std::fs::read(&path).unwrap();
    let again = folder.path().join("again.hbz");
    registry.bundle("fraud@champion", &again, false, &mut no_progress).unwrap();
    assert!(std::fs::read(&again).unwrap() == first);
    let commit = registry.info().unwrap().commit;
    registry.delete_tag("fraud/2", "checked").unwrap();
    registry.bundle("fraud/2", &again, true, &mut no_progress).unwrap();
    assert!(std::fs::read(&again).unwrap() != first);
    assert_eq!(check(&again).unwrap().commits, 4);
    let past = registry.as_of(commit).unwrap();
    past.bundle("fraud/2", &again, true, &mut no_progress).unwrap();
    assert!(std::fs::read(&again).unwrap() == first);
}

#[test]
fn no_byte_of_a_bundle_can_change_unseen() {
    let (folder, _registry, path) = bundled();
    let whole = std::fs::read(&path).unwrap();
    let damaged = folder.path().join("damaged.hbz");
    for place in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[place] ^= 1 << (place % 8);
        std::fs::write(&damaged, &flipped).unwrap();
        let error = check(&damaged).expect_err(&format!("byte {place}"));
        let codes = ["artifact_altered", "invalid_artifact", "unsupported_format"];
        assert!(codes.contains(&error.code()), "byte {place}: {error:?}");
    }
    for length in [0, 1, 97, 98, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&damaged, &whole[..length]).unwrap();
        check(&damaged).expect_err(&format!("cut at {length}"));
    }
}

/// What somebody may have written into the record of `fraud/2`: the place, the value, and a word of
/// the refusal.
fn forged_records() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("/version/size", json!(46), "size"),
        ("/version/number", json!(3), "name"),
        ("/version/uri", json!("models:/main.default.fraud/3"), "name"),
        ("/version/model", json!("main.default.other"), "name"),
        ("/version/created_by", json!("somebody"), "author"),
        ("/version/location", json!("s3://elsewhere/model"), "place"),
        ("/version/comment", json!("approved"), "comment"),
        ("/version/stage", json!("production"), "stage"),
        ("/version/flavor", json!("onnx"), "flavor"),
        ("/version/framework_version", json!("9"), "framework version"),
        (
            "/version/signature",
            json!({ "inputs": [{ "type": "long", "name": "age", "required": true }] }),
            "signature",
        ),
        (
            "/version/origin",
            json!({ "system": "mlflow", "reference": "models:/fraud/3" }),
            "origin",
        ),
    ]
}

/// What somebody can write who knows how bundles are made, CRCs and all.
#[test]
fn a_bundle_that_contradicts_itself_is_refused() {
    let (folder, registry, path) = bundled();
    let whole = entries(&path);
    let forged = folder.path().join("forged.hbz");
    let refused = |entries: &[(String, Vec<u8>)], word: &str| {
        write(&forged, entries);
        let error = check(&forged).expect_err(word);
        assert!(error.to_string().contains(word), "{word} is not in: {error}");
        let target = create(&folder.path().join("target"));
        target.create_model(halfback::CreateModel { exist_ok: true, .."fraud".into() }).unwrap();
        let submitted = Bundle::open(&forged)
            .and_then(|bundle| target.submit(&bundle, CopyOptions::default(), &mut no_progress));
        submitted.expect_err(word);
        assert_eq!(target.get_model("fraud").unwrap().latest_version, None);
    };
    let with = |entry: usize, change: &dyn Fn(&mut Value)| {
        let mut entries = whole.clone();
        let mut value: Value = serde_json::from_slice(&entries[entry].1).unwrap();
        change(&mut value);
        entries[entry].1 = serde_json::to_vec(&value).unwrap();
        entries
    };
    let manifest =
        |path: &str, to: Value| with(0, &|value| *value.pointer_mut(path).unwrap() = to.clone());
    // The files.
    let mut entries = whole.clone();
    entries[5].1[0] ^= 1;
    refused(&entries, "SHA-256");
    let mut entries = whole.clone();
    entries[5].1.push(0);
    refused(&entries, "those that its manifest lists");
    refused(&whole[..5], "those that its manifest lists");
    refused(&[whole.as_slice(), &[("files/zzz".into(), vec![])]].concat(), "manifest lists");
    refused(&[whole.as_slice(), &whole[5..]].concat(), "manifest lists");
    let mut entries = whole.clone();
    entries.swap(3, 4);
    refused(&entries, "manifest lists");
    for path in ["../../evil", "/etc/passwd", "a\\b", "", "weights.bin/../x", "a\nb"] {
        let mut entries = manifest("/artifact/files/2/path", json!(path));
        entries[5].0 = format!("files/{path}");
        refused(&entries, "manifest is not one");
    }
    refused(&manifest("/artifact/files/2/path", json!("deep/EMPTY")), "manifest is not one");
    refused(&manifest("/artifact/files/2/size", json!(-1)), "manifest cannot be read");
    refused(&manifest("/artifact/files/2/size", json!(u64::MAX)), "larger than any disk");
    refused(&manifest("/artifact/size", json!(46)), "digest");
    let digest = json!(format!("sha256:{}", "0".repeat(64)));
    refused(&manifest("/artifact/digest", digest.clone()), "digest");
    refused(&manifest("/version/digest", digest), "digest");
    refused(&manifest("/artifact/files", json!([])), "manifest is not one");
    // The record.
    refused(&manifest("/version/params/depth", json!(4)), "parameters");
    refused(&manifest("/version/metrics/auc", json!(0.99)), "metrics");
    refused(&manifest("/version/id", json!(1)), "history");
    refused(&manifest("/version/revision", json!(1)), "revision");
    refused(&manifest("/version/created_at", json!("2020-01-01T00:00:00Z")), "time");
    refused(&manifest("/registry", json!("another")), "pin");
    refused(&manifest("/commit", json!(3)), "moment");
    refused(&manifest("/example", Value::Null), "example");
    for (path, value, word) in forged_records() {
        refused(&manifest(path, value), word);
    }
    refused(&manifest("/example/rows/0/0", json!(40)), "content");
    refused(&with(0, &|value| value["more"] = json!(1)), "cannot be read");
    // The history and the proof.
    let mut entries = whole.clone();
    let text = String::from_utf8(entries[1].1.clone()).unwrap();
    entries[1].1 = text.replace("\"checked\"", "\"chequed\"").into_bytes();
    refused(&entries, "history");
    entries[1].1 = text.lines().take(2).collect::<Vec<_>>().join("\n").into_bytes();
    refused(&entries, "history");
    entries[1].1 = Vec::new();
    refused(&entries, "history");
    let proof =
        |path: &str, to: Value| with(2, &|value| *value.pointer_mut(path).unwrap() = to.clone());
    refused(&proof("/root", json!("0".repeat(64))), "root is not reached");
    refused(&proof("/root", json!("no")), "root");
    refused(&proof("/tree_size", json!(1)), "root is not reached");
    refused(&proof("/tree_size", json!(u64::MAX)), "root is not reached");
    refused(&proof("/entries/0/path/0", json!("0".repeat(64))), "root is not reached");
    refused(&proof("/entries/0/path", json!([])), "root is not reached");
    refused(&proof("/entries/0/salt", json!("0".repeat(32))), "other commands");
    refused(&proof("/entries/0/payload", json!("[]")), "other commands");
    refused(&proof("/entries/0/payload", Value::Null), "half");
    refused(&with(2, &|value| drop(value["entries"].as_array_mut().unwrap().pop())), "history");
    refused(&with(2, &|value| value["entries"].as_array_mut().unwrap().swap(0, 1)), "order");
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let mut entries = whole.clone();
    entries[0].1 = deep.clone().into_bytes();
    refused(&entries, "manifest cannot be read");
    let mut entries = whole.clone();
    entries[2].1 = deep.into_bytes();
    refused(&entries, "proof.json");
    // Another version's proof.
    registry.bundle("fraud/1", &forged, true, &mut no_progress).unwrap();
    let other = self::entries(&forged);
    let mut entries = whole.clone();
    (entries[1], entries[2]) = (other[1].clone(), other[2].clone());
    refused(&entries, "something else");
    // As it was, it is taken.
    write(&forged, &whole);
    assert!(std::fs::read(&forged).unwrap() == std::fs::read(&path).unwrap());
    check(&forged).unwrap();
}

#[test]
fn a_submitted_version_is_the_same_and_comes_once() {
    let (folder, registry, path) = bundled();
    let original = registry.resolve("fraud/2").unwrap();
    let target = create(&folder.path().join("target"));
    target.create_model("mine").unwrap();
    let bundle = Bundle::open(&path).unwrap();
    let submit = |model: Option<&str>| {
        let model = model.map(str::to_owned);
        target.submit(&bundle, CopyOptions { model, ..CopyOptions::default() }, &mut no_progress)
    };
    assert_eq!(submit(None).unwrap_err().code(), "not_found");
    let version = submit(Some("mine")).unwrap();
    assert_eq!(version.number, 1);
    assert_eq!(version.digest, original.digest);
    assert_eq!((&version.params, &version.metrics), (&original.params, &original.metrics));
    assert_eq!((&version.tags, &version.comment), (&original.tags, &original.comment));
    let origin = version.origin.clone().unwrap();
    assert_eq!((origin.system.as_str(), &origin.reference), ("halfback", &original.pin));
    target.verify("mine/1", &mut no_progress).unwrap();
    let commit = target.info().unwrap().commit;
    assert_eq!(submit(Some("mine")).unwrap().number, 1);
    // A copy from the registry itself is the same version too.
    let options = CopyOptions { model: Some("mine".into()), ..CopyOptions::default() };
    let copy = registry.copy_version("fraud/2", &target, options, &mut no_progress).unwrap();
    assert_eq!(copy.number, 1);
    assert_eq!(target.info().unwrap().commit, commit);
    // At home it is there already.
    let options = CopyOptions::default();
    let home = registry.submit(&bundle, options, &mut no_progress).unwrap();
    assert_eq!(home.pin, original.pin);
    assert_eq!(target.check().unwrap().findings, []);
}

/// The same bundle with other values in its manifest.
fn forge(path: &Path, changes: &[(&str, Value)]) {
    let mut entries = entries(path);
    let (_, text) = entries.first_mut().unwrap();
    let mut manifest: Value = serde_json::from_slice(text).unwrap();
    for (place, value) in changes {
        *manifest.pointer_mut(place).unwrap() = value.clone();
    }
    *text = serde_json::to_vec(&manifest).unwrap();
    write(path, &entries);
}

#[test]
fn what_a_bundle_says_of_its_files_is_held_against_them() {
    let folder = tempfile::tempdir().unwrap();
    let registry = create(&folder.path().join("hb"));
    registry.create_model("fraud").unwrap();
    let version = |name: &str, bytes: &[u8], version: RegisterVersion| {
        let content = Content::Bytes { name: name.into(), bytes: bytes.to_vec() };
        let version = RegisterVersion { model: "fraud".into(), ..version };
        registry.register_version(&content, version, &mut no_progress).unwrap()
    };
    let tree = b"tree\nversion=v4\nnum_class=1\nfeature_names=age income\n";
    let recognised = version("model.txt", tree, RegisterVersion::default());
    assert_eq!(recognised.flavor.as_deref(), Some("lightgbm"));
    let pickle = version(
        "model.pkl",
        b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00K\x01.",
        RegisterVersion::default(),
    );
    assert!(pickle.executable);
    let signature = json!({ "inputs": [{ "type": "long", "name": "age" }] });
    let tag = ("cafe\u{301}".to_owned(), "yes".to_owned());
    let given = RegisterVersion {
        flavor: Some("house".into()),
        signature: signature.as_object().cloned(),
        tags: [tag].into(),
        origin: Some(Origin {
            system: "mlflow".into(),
            reference: "models:/fraud/9".into(),
            created_at: None,
            created_by: Some("kim".into()),
            updated_at: None,
            uri: None,
            earlier: Vec::new(),
        }),
        ..RegisterVersion::default()
    };
    version("model.txt", b"tree\n", given);
    let path = folder.path().join("one.hbz");
    let altered = |version: &str, changes: &[(&str, Value)], word: &str| {
        registry.bundle(version, &path, true, &mut no_progress).unwrap();
        check(&path).unwrap();
        forge(&path, changes);
        let error = check(&path).expect_err(word);
        assert_eq!(error.code(), "artifact_altered");
        assert!(error.to_string().contains(word), "{word} is not in: {error}");
        // It is there already, and refused all the same.
        let options = CopyOptions::default();
        let bundle = Bundle::open(&path).unwrap();
        registry.submit(&bundle, options, &mut no_progress).expect_err(word);
    };
    altered("fraud/1", &[("/version/flavor", json!("sklearn"))], "flavor");
    altered("fraud/1", &[("/version/signature", signature)], "signature");
    altered("fraud/2", &[("/version/executable", json!(false))], "executable");
    altered("fraud/3", &[("/version/flavor", json!(null))], "flavor");
    altered("fraud/3", &[("/version/flavor", json!("lightgbm"))], "flavor");
    altered("fraud/3", &[("/version/signature", json!(null))], "signature");
    altered("fraud/3", &[("/version/signature/inputs/0/name", json!("income"))], "signature");
    altered("fraud/3", &[("/version/origin/reference", json!("models:/fraud/8"))], "origin");
    altered("fraud/3", &[("/version/origin", json!(null))], "origin");
    altered("fraud/3", &[("/version/tags/caf\u{e9}", json!("no"))], "tags");
    altered("fraud/3", &[("/version/aliases", json!(["champion"]))], "aliases");
    altered("fraud/3", &[("/version/comment", json!("approved"))], "comment");
    // Whatever was recognised, an older library may not have known it.
    registry.bundle("fraud/1", &path, true, &mut no_progress).unwrap();
    forge(&path, &[("/version/flavor", json!(null)), ("/version/signature", json!(null))]);
    check(&path).unwrap();
    // Where the payload was erased, nobody knows what was given.
    let database = folder.path().join("hb/registry.db");
    let database = rusqlite::Connection::open(database).unwrap();
    database.execute("DELETE FROM payload", []).unwrap();
    for version in ["fraud/1", "fraud/2", "fraud/3"] {
        registry.bundle(version, &path, true, &mut no_progress).unwrap();
        check(&path).unwrap();
    }
    forge(&path, &[("/version/flavor", json!("sklearn"))]);
    check(&path).unwrap();
    registry.bundle("fraud/2", &path, true, &mut no_progress).unwrap();
    forge(&path, &[("/version/executable", json!(false))]);
    check(&path).unwrap_err();
}

#[test]
fn a_damaged_bundle_is_refused_also_where_its_version_is_there_already() {
    let (folder, registry, path) = bundled();
    let target = create(&folder.path().join("target"));
    target.create_model("fraud").unwrap();
    let submit = |registry: &Registry| {
        let bundle = Bundle::open(&path).unwrap();
        registry.submit(&bundle, CopyOptions::default(), &mut no_progress)
    };
    submit(&target).unwrap();
    let mut damaged = entries(&path);
    damaged[5].1[0] ^= 1;
    write(&path, &damaged);
    for registry in [&registry, &target] {
        let error = submit(registry).unwrap_err();
        assert_eq!(error.code(), "artifact_altered", "{error}");
    }
}

#[test]
fn progress_of_a_submission_goes_on_to_its_end() {
    let (folder, _registry, path) = bundled();
    let target = create(&folder.path().join("target"));
    target.create_model("fraud").unwrap();
    let bundle = Bundle::open(&path).unwrap();
    let mut told = Vec::new();
    let mut note = |transfer: Transfer| {
        told.push((transfer.done, transfer.total));
        ControlFlow::Continue(())
    };
    target.submit(&bundle, CopyOptions::default(), &mut note).unwrap();
    assert!(told.is_sorted() && told.iter().all(|(_, total)| *total == 90), "{told:?}");
    assert_eq!(told.last(), Some(&(90, 90)));
}

#[test]
fn a_bundle_that_is_cancelled_or_refused_leaves_nothing() {
    let (folder, registry, path) = bundled();
    let to = folder.path().join("new.hbz");
    let before = std::fs::read_dir(folder.path()).unwrap().count();
    for steps in 0..4 {
        let mut left = steps;
        let cancelled = registry.bundle("fraud/2", &to, false, &mut |_| {
            left -= 1;
            if left < 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(cancelled.unwrap_err().code(), "cancelled");
    }
    let taken = registry.bundle("fraud/2", &path, false, &mut no_progress).unwrap_err();
    assert_eq!(taken.code(), "already_exists");
    let nowhere = folder.path().join("no/where.hbz");
    let error = registry.bundle("fraud/2", &nowhere, false, &mut no_progress).unwrap_err();
    assert_eq!(error.code(), "not_found", "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), before);
    check(&path).unwrap();
}

#[test]
fn other_tools_read_a_bundle() {
    let (folder, _registry, path) = bundled();
    let script = "\
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as bundle:
    assert bundle.testzip() is None
    print(*bundle.namelist(), sep='\\n')
    bundle.extractall(sys.argv[2])
";
    let out = folder.path().join("out");
    let python = std::process::Command::new("python3")
        .env("PYTHONUTF8", "1")
        .arg("-c")
        .arg(script)
        .args([&path, &out])
        .output()
        .unwrap();
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
    let names: Vec<String> = entries(&path).into_iter().map(|(name, _)| name).collect();
    assert_eq!(String::from_utf8(python.stdout).unwrap(), names.join("\n") + "\n");
    for (name, content) in entries(&path) {
        assert_eq!(std::fs::read(out.join(name)).unwrap(), content);
    }
}
