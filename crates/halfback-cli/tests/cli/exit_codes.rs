//! Each exit code, and the sentence or the JSON on the standard error that goes with it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::{Place, transcript};

/// A line that fails: with its exit code, code, and the beginning of its sentence.
#[track_caller]
pub(crate) fn check(place: &Place, line: &str, exit: i32, code: &str, begins: &str) {
    let said = place.shell(line);
    let sentence = String::from_utf8(said.stderr.clone()).unwrap();
    assert_eq!(said.status.code(), Some(exit), "{line}: {said:?}");
    assert!(sentence.starts_with(&format!("halfback: {begins}")), "{line}: {sentence}");
    // What goes on in further lines is set in.
    assert!(sentence.lines().skip(1).all(|line| line.starts_with("  ")), "{line}: {sentence}");

    let said = place.shell(&format!("{line} --json"));
    assert_eq!(said.status.code(), Some(exit), "{line} --json: {said:?}");
    assert!(said.stdout.is_empty(), "{line} --json: {said:?}");
    let error: Value = serde_json::from_slice(&said.stderr).unwrap();
    assert_eq!(error["error"]["code"], code, "{line}: {error}");
    assert!(error["error"]["message"].as_str().unwrap().starts_with(begins), "{line}: {error}");
    assert!(!error["error"]["kind"].as_str().unwrap().is_empty());
}

#[test]
fn what_cannot_be_meant() {
    let place = Place::prepared();
    let usage = [
        (
            "halfback modles",
            "unrecognized subcommand 'modles'; some similar subcommands exist: 'role', 'models'",
        ),
        (
            "halfback alias set fraud",
            "the following required arguments were not provided: <ALIAS> <VERSION>; see `halfback alias set --help`",
        ),
        (
            "halfback alias set fraud champion one",
            "invalid value 'one' for '<VERSION>': expected a whole number such as `14`",
        ),
        (
            "halfback evaluation show abc",
            "invalid value 'abc' for '<ID>': expected a whole number such as `14`",
        ),
        (
            "halfback models --limit 0",
            "invalid value '0' for '--limit <NUMBER>': expected a whole number from 1 to 4294967295",
        ),
        ("halfback search 'name = :a' --param a=1 --param a=2", "the parameter `a` is given twice"),
        (
            "halfback models --as-of yesterday",
            "invalid value 'yesterday' for '--as-of <MOMENT>': expected a commit's number",
        ),
        (
            "halfback log --limt 3",
            "unexpected argument '--limt' found; a similar argument exists: '--limit'",
        ),
        (
            "halfback register fraud model.onnx --param depth",
            "invalid value 'depth' for '--param <NAME=VALUE>': expected `key=value`",
        ),
        (
            "halfback register fraud model.onnx --param a=1 --param a=2",
            "the parameter `a` is given twice",
        ),
        ("halfback register fraud model.onnx --signature none.json", "`none.json` cannot be read"),
        (
            "halfback register fraud model.onnx --signature model.onnx",
            "`model.onnx` is not the JSON that it should be",
        ),
        ("halfback log verify --as-of 2", "unexpected argument '--as-of' found"),
    ];
    for (line, begins) in usage {
        check(&place, line, 2, "usage", begins);
    }
    check(&place, "halfback show 'a/b/c/d'", 2, "invalid_uri", "`a/b/c/d` is not a model URI");
    check(&place, "halfback models --as-of 99", 2, "invalid_argument", "there is no commit 99");
    check(&place, "halfback search 'name ='", 2, "invalid_filter", "");
    transcript(
        &place,
        "\
$ halfback search --versions \"metric.auc >> 'a'\"
halfback: column 13: expected a value such as 'text', 7 or :name, found `>`
  metric.auc >> 'a'
              ^
[exit 2]
$ halfback search --versions \"tags.x = 1 AND alias IN ('a', 2\"
halfback: column 32: expected `,` or `)`, found the end
  tags.x = 1 AND alias IN ('a', 2
                                 ^
[exit 2]
$ halfback search --order-by \"name DOWN\"
halfback: column 6: expected ASC, DESC or the end, found `DOWN`
  name DOWN
       ^
[exit 2]
",
    );

    let said = place.run(&[]);
    assert_eq!(said.status.code(), Some(2));
    assert!(said.stdout.is_empty());
    assert!(String::from_utf8(said.stderr).unwrap().contains("Commands:"));
}

#[test]
fn what_is_not_there() {
    let place = Place::new();
    let nowhere = "there is no registry in `models.hb`; make one with `halfback init`";
    check(&place, "halfback info", 3, "registry_not_found", nowhere);
    place.done("halfback init");
    check(&place, "halfback show fraud", 3, "not_found", "there is no model `main.default.fraud`");
    check(
        &place,
        "halfback register fraud model.onnx",
        3,
        "not_found",
        "there is no model `main.default.fraud`",
    );
    check(&place, "halfback register fraud none.onnx --create", 3, "not_found", "cannot ");
    check(&place, "halfback resolve fraud@champion", 3, "not_found", "");
}

#[test]
fn what_the_present_state_forbids() {
    let place = Place::prepared();
    let expect = "halfback alias set risk.credit.default champion 2 --expect 2";
    check(
        &place,
        expect,
        4,
        "conflict",
        "alias `champion` of `risk.credit.default` is `1`, expected `2`",
    );
    place.done("halfback alias protect risk.credit.default champion");
    let moves = "halfback alias set risk.credit.default champion 2";
    check(&place, moves, 4, "protected", "alias `champion` of `risk.credit.default` is protected");
    place.done(&format!("{moves} --expect 1"));
    let unset = "halfback tag set risk.credit.default team risk --expect-unset";
    check(&place, unset, 4, "conflict", "tag `team`");
}

#[test]
fn what_the_operating_system_does_not_let() {
    let place = Place::new();
    fs::create_dir(place.path("locked")).unwrap();
    fs::set_permissions(place.path("locked"), PermissionsExt::from_mode(0o555)).unwrap();
    if fs::write(place.path("locked/probe"), b"").is_ok() {
        // The superuser may write anywhere but to what the kernel keeps for itself.
        let said = place.run(&["init", "--registry", "/proc/models.hb"]);
        assert!([Some(3), Some(5), Some(7)].contains(&said.status.code()), "{said:?}");
    } else {
        let line = "halfback init --registry locked/models.hb";
        check(&place, line, 5, "permission_denied", "not allowed to ");
    }
}

/// The stored file with that content.
fn stored(place: &Place, content: &[u8]) -> std::path::PathBuf {
    let mut folders = vec![place.path("models.hb/artifacts")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if fs::read(&path).unwrap() == content {
                return path;
            }
        }
    }
    panic!("no file holds the content");
}

#[test]
fn what_verify_and_check_find() {
    let place = Place::prepared();
    assert!(place.done("halfback check").ends_with(": all is as it was recorded\n"));
    let file = stored(&place, b"weights");
    fs::remove_file(&file).unwrap();
    fs::write(&file, b"Weights").unwrap();
    check(&place, "halfback verify risk.credit.default/1", 1, "artifact_altered", "");
    check(&place, "halfback download risk.credit.default/1 out", 6, "artifact_altered", "");
    assert!(!place.path("out/model.onnx").exists());

    let said = place.run(&["check"]);
    assert_eq!(said.status.code(), Some(1), "{said:?}");
    assert!(said.stderr.is_empty());
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(text.contains("artifact_altered") && text.ends_with(": 1 finding\n"), "{text}");
    let said = place.run(&["check", "--json"]);
    assert_eq!(said.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(report["findings"][0]["code"], "artifact_altered");
    // Nobody who stops reading is told that all is well.
    let said = place.shell("halfback check > /dev/full");
    assert_eq!(said.status.code(), Some(7), "{said:?}");
}

/// A prepared registry that somebody changed behind its back.
fn changed(statement: &str) -> Place {
    let place = Place::prepared();
    let database = rusqlite::Connection::open(place.path("models.hb/registry.db")).unwrap();
    assert_eq!(database.execute(statement, []).unwrap(), 1);
    place
}

#[test]
fn what_log_verify_finds() {
    let header = "SELECT CAST(replace(CAST(header AS TEXT), 'set_alias', 'Set_alias') AS BLOB)";
    let place = changed(&format!("UPDATE log SET header = ({header}) WHERE n = 4"));
    check(&place, "halfback log verify", 1, "corrupt", "");
    assert_eq!(place.run(&["check"]).status.code(), Some(1));
}

#[test]
fn what_is_no_registry_a_newer_or_a_damaged_one() {
    let place = changed("UPDATE registry SET format = 99");
    check(&place, "halfback models", 6, "unsupported_format", "");
    check(&place, "halfback log verify", 6, "unsupported_format", "");
    check(&place, "halfback models --registry folder", 3, "not_a_registry", "`");

    let place = Place::prepared();
    let file = place.path("models.hb/registry.db");
    let mut bytes = fs::read(&file).unwrap();
    bytes[4096..].fill(0xff);
    fs::write(&file, bytes).unwrap();
    check(&place, "halfback models", 6, "corrupt", "");

    // Its artifacts tell that there was a database.
    for content in [vec![], vec![0; 8192]] {
        fs::write(&file, content).unwrap();
        check(&place, "halfback models", 6, "corrupt", "");
        check(&place, "halfback check", 1, "corrupt", "");
    }
    fs::remove_file(&file).unwrap();
    check(&place, "halfback models", 6, "corrupt", "the database of");
}

#[test]
fn a_transfer_that_is_stopped_leaves_nothing() {
    let place = Place::prepared();
    // A hole: it costs no disk, and reading it takes long enough.
    fs::File::create(place.path("big.bin")).unwrap().set_len(4 << 30).unwrap();
    let before = place.done("halfback info");
    let staged = || {
        let catalogs = fs::read_dir(place.path("models.hb/artifacts")).unwrap();
        let staging =
            |catalog: std::io::Result<fs::DirEntry>| catalog.unwrap().path().join("staging");
        catalogs.map(staging).filter_map(|staging| fs::read_dir(staging).ok()).flatten().count()
    };
    let mut register = place.command(crate::PROGRAM);
    register.args(["register", "risk.credit.default", "big.bin"]);
    let mut process = register.stderr(std::process::Stdio::piped()).spawn().unwrap();
    while staged() == 0 {
        assert!(process.try_wait().unwrap().is_none(), "it ended before it was stopped");
        std::thread::yield_now();
    }
    place.done(&format!("kill -INT {}", process.id()));
    let said = process.wait_with_output().unwrap();
    assert_eq!(said.status.code(), Some(130), "{said:?}");
    assert_eq!(String::from_utf8(said.stderr).unwrap(), "halfback: stopped; nothing was changed\n");
    assert_eq!(staged(), 0);
    assert_eq!(place.done("halfback info"), before);
}
