//! What others wrote never steers the terminal of those who read it.

use crate::Place;

const ESCAPE: &str = "\x1b]0;owned\x07\x1b[2J\r\u{9b}31m\u{202e}";

#[track_caller]
fn harmless(said: &std::process::Output) -> String {
    let text = [said.stdout.as_slice(), &said.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!text.contains(bad), "{text:?}");
    text
}

#[test]
fn control_characters_from_a_registry_are_shown_and_not_sent() {
    let place = Place::prepared();
    let registry = halfback::Registry::open(place.path("models.hb")).unwrap();
    let model = "risk.credit.default";
    let comment = Some(ESCAPE.to_owned());
    registry
        .update_model(halfback::UpdateModel {
            name: model.into(),
            comment: comment.clone(),
            task: comment.clone(),
            ..Default::default()
        })
        .unwrap();
    registry.set_tag(model, "team", ESCAPE).unwrap();
    let content = halfback::Content::Bytes { name: "m\u{9b}.bin".into(), bytes: vec![1] };
    let version = halfback::RegisterVersion {
        model: model.into(),
        comment: comment.clone(),
        flavor: comment.clone(),
        source: comment.clone(),
        tags: [("k".to_owned(), ESCAPE.to_owned())].into(),
        params: [(ESCAPE.to_owned(), halfback::Param::Text(ESCAPE.into()))].into(),
        ..Default::default()
    };
    let content_refused =
        registry.register_version(&content, version.clone(), &mut halfback::no_progress).is_err();
    if content_refused {
        let content = halfback::Content::Bytes { name: "m.bin".into(), bytes: vec![1] };
        registry.register_version(&content, version, &mut halfback::no_progress).unwrap();
    }
    for line in [
        "models",
        "versions risk.credit.default",
        "show risk.credit.default",
        "show risk.credit.default/latest",
        "tag list risk.credit.default",
        "log",
        "history risk.credit.default",
        "search",
        "search --versions",
        "resolve risk.credit.default/latest",
    ] {
        for format in ["", " --json", " --jsonl"] {
            let said = place.shell(&format!("halfback {line}{format}"));
            assert!(said.status.success(), "{line}{format}: {said:?}");
            harmless(&said);
        }
    }
    let shown = place.done("halfback tag list risk.credit.default");
    assert!(shown.contains(r"\u{1b}]0;owned\u{7}\u{1b}[2J\r\u{9b}31m\u{202e}"), "{shown}");
    let json: serde_json::Value =
        serde_json::from_str(&place.done("halfback tag list risk.credit.default --json")).unwrap();
    assert_eq!(json[0]["value"], ESCAPE);
}

#[test]
fn control_characters_from_the_command_line_are_shown_and_not_sent() {
    let place = Place::prepared();
    for arguments in [
        &["show", ESCAPE][..],
        &[ESCAPE],
        &["models", "--as-of", ESCAPE],
        &["show", "risk.credit.default", ESCAPE],
        &["models", &format!("--{ESCAPE}")],
        &["info", "--registry", ESCAPE],
        &["register", "risk.credit.default", ESCAPE],
        &["tag", "set", "risk.credit.default", ESCAPE, "x"],
        &["tag", "set", "risk.credit.default", "k", ESCAPE],
        &["search", ESCAPE],
        &["download", "risk.credit.default/1", ESCAPE],
    ] {
        for format in [&[][..], &["--json"]] {
            let said = place.run(&[arguments, format].concat());
            assert!(said.status.code().is_some_and(|code| code <= 7), "{arguments:?}: {said:?}");
            let text = harmless(&said);
            assert!(!text.is_empty(), "{arguments:?}");
        }
    }
}

#[test]
fn colours_are_for_terminals() {
    let place = Place::prepared();
    for variables in ["", "NO_COLOR=1 ", "TERM=xterm-256color ", "CLICOLOR_FORCE=1 "] {
        let said = place.shell(&format!("{variables}halfback models"));
        assert!(!String::from_utf8(said.stdout).unwrap().contains('\x1b'));
    }
}
