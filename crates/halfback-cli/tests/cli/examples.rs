//! The help of every command, and its examples, which are run.

use std::collections::BTreeSet;

use crate::Place;

/// What the program says to people in its help.
#[track_caller]
fn help(command: &[&str]) -> String {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let arguments = [&["halfback", "help"], command].concat();
    let code = halfback_cli::run(&arguments, &mut stdout, &mut stderr);
    assert_eq!((code, stderr.as_slice()), (0, &[][..]), "{arguments:?}");
    String::from_utf8(stdout).unwrap()
}

/// The commands that a help lists.
fn commands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let words = listed.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
    words
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .filter(|name| name != "help")
        .collect()
}

/// Every command with its help.
fn all() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open: Vec<Vec<String>> =
        commands(&help(&[])).into_iter().map(|name| vec![name]).collect();
    while let Some(command) = open.pop() {
        let text = help(&command.iter().map(String::as_str).collect::<Vec<_>>());
        for name in commands(&text) {
            open.push([command.clone(), vec![name]].concat());
        }
        found.push((command.join(" "), text));
    }
    found
}

fn examples(help: &str) -> Vec<&str> {
    let below = help.lines().skip_while(|line| *line != "Examples:").skip(1);
    below.take_while(|line| !line.is_empty()).map(str::trim).collect()
}

#[test]
fn every_command_has_a_help_with_examples_that_work() {
    let all = all();
    let names: BTreeSet<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    for name in
        ["init", "search", "alias set", "alias protect", "tag list", "log verify", "register"]
    {
        assert!(names.contains(name), "{names:?}");
    }
    for (name, help) in &all {
        let examples = examples(help);
        assert!(!examples.is_empty(), "{name} has no example:\n{help}");
        for example in examples {
            assert!(example.contains(&format!("halfback {name}")), "{name}: {example}");
            Place::prepared().done(example);
        }
        assert!(
            help.lines().all(|line| line.chars().count() <= 100),
            "{name} is too wide:\n{help}"
        );
        assert!(help.contains("--registry <PATH>") && help.contains("HALFBACK_REGISTRY"), "{help}");
    }
}

#[test]
fn every_read_of_the_past_says_how_it_is_named() {
    let past: Vec<String> = all()
        .into_iter()
        .filter(|(_, help)| help.contains("--as-of"))
        .map(|(name, _)| name)
        .collect();
    let past: BTreeSet<&str> = past.iter().map(String::as_str).collect();
    let expected = [
        "alias list",
        "bundle",
        "comparison list",
        "comparison picture",
        "comparison show",
        "copy",
        "download",
        "erasures",
        "evaluation list",
        "evaluation picture",
        "evaluation show",
        "explain",
        "export",
        "grants",
        "history",
        "hold list",
        "log",
        "log consistency",
        "log prove",
        "models",
        "principal list",
        "principal show",
        "resolve",
        "role list",
        "search",
        "show",
        "signature list",
        "tag list",
        "token list",
        "verify",
        "versions",
        "what-can",
        "who-can",
    ];
    assert_eq!(past, expected.into());
}

#[test]
fn shells_can_read_the_completions() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(
            place.done(&format!("halfback completions {shell}")).contains("register"),
            "{shell}"
        );
    }
    place.done("halfback completions bash > completions.bash && bash -n completions.bash");
    let said = place.done(
        "bash -c '. ./completions.bash; COMP_WORDS=(halfback ver); COMP_CWORD=1; \
         _halfback halfback ver halfback; echo ${COMPREPLY[@]}'",
    );
    assert_eq!(said, "versions verify\n");
}
