//! Whole stories, with every word that is said.

use std::io::{self, Write};

use halfback_cli::Stream;

use serde_json::json;

use crate::exit_codes::check;
use crate::json::json;
use crate::{Place, masked, transcript};

#[test]
fn the_tour_in_the_documents_is_what_happens() {
    let tour = include_str!("../../../../docs/cli.md");
    let place = Place::new();
    let mut told = 0;
    for block in tour.split("```console\n").skip(1) {
        let (block, _) = block.split_once("```").unwrap();
        if block.contains("halfback evaluation") {
            place.measure();
        }
        transcript(&place, block);
        told += 1;
    }
    assert!(told > 5);
}

/// A terminal of that width.
struct Terminal(usize, Vec<u8>);

impl Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Terminal {
    fn terminal_width(&self) -> Option<usize> {
        Some(self.0)
    }
}

/// What a command says to a person, without colours.
fn read_along(place: &Place, width: usize, arguments: &[&str]) -> String {
    let mut terminal = Terminal(width, Vec::new());
    let registry = place.path("models.hb").to_str().unwrap().to_owned();
    let arguments = [&["halfback", "--registry", &registry], arguments].concat();
    let code = halfback_cli::run(arguments, &mut terminal, &mut Terminal(width, Vec::new()));
    assert_eq!(code, 0);
    let text = String::from_utf8(terminal.1).unwrap();
    masked(place, &text.replace("\x1b[1m", "").replace("\x1b[0m", ""))
}

#[test]
fn a_terminal_gets_lines_that_fit() {
    let place = Place::prepared();
    place.done("halfback tag set risk.credit.default/2 note \"$(seq -s ' ' 60)\"");
    place.done("halfback register risk.credit.default model.onnx --comment 'a name in \u{6f22}\u{5b57} and more'");
    let commands: [&[&str]; 6] = [
        &["models"],
        &["versions", "risk.credit.default"],
        &["log"],
        &["search", "--versions"],
        &["history", "risk.credit.default"],
        &["help", "register"],
    ];
    for command in commands {
        for width in [60, 80, 120] {
            let said = read_along(&place, width, command);
            let widest = said.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= width, "{command:?} at {width}:\n{said}");
        }
    }
    assert_eq!(
        read_along(&place, 60, &["models"]),
        "\
NAME                 LATEST  ALIASES     UPDATED (UTC)
risk.credit.default       3  challenge…  YYYY-MM-DD hh:mm:ss
"
    );
}

#[test]
fn what_was_purged_is_shown_without_its_files() {
    let place = Place::prepared();
    let commit = json(&place, "halfback info --json")["commit"].to_string();
    place.done("halfback alias delete risk.credit.default challenger");
    let registry = halfback::Registry::open(place.path("models.hb")).unwrap();
    registry.delete_version("risk.credit.default/2").unwrap();
    place.done("halfback purge --older-than 0s");
    let line = format!("halfback show risk.credit.default/2 --as-of {commit}");
    let said = place.done(&line);
    assert!(said.starts_with("models:/risk.credit.default/2\n"), "{said}");
    let last = said.lines().last().unwrap();
    assert!(last.contains("was purged at"), "{said}");
    let shown = json(&place, &format!("{line} --json"));
    assert_eq!((&shown["number"], &shown["files"]), (&json!(2), &json!([])));
    assert_eq!(shown["purged"], json!(last));
    let kept = json(&place, "halfback show risk.credit.default/1 --json");
    assert_eq!((kept["files"].as_array().unwrap().len(), kept.get("purged")), (1, None));
}

#[test]
fn a_bundle_is_verified_under_any_name_and_as_of_no_other_moment() {
    let place = Place::prepared();
    place.done("halfback bundle risk.credit.default/1 credit.hbz && cp credit.hbz ./credit-1.zip");
    for name in ["credit.hbz", "./credit-1.zip", "$PWD/credit-1.zip"] {
        let said = place.done(&format!("halfback verify {name}"));
        assert!(said.contains("is intact"), "{said}");
        let begins = "`--as-of` does not apply to a bundle";
        check(&place, &format!("halfback verify {name} --as-of 3"), 2, "usage", begins);
    }
    // What can be a version is one, whatever files there are.
    place.done("mkdir risk.credit.default && cp credit.hbz risk.credit.default/1");
    assert!(!place.done("halfback verify risk.credit.default/1").contains("history"));
}

#[test]
fn who_may_only_read_is_told_what_would_go() {
    let place = Place::prepared();
    // Nobody may write to a backup.
    place.done("halfback backup saved");
    let said = place.done("halfback sweep --dry-run --registry saved");
    assert_eq!(said, "would remove 0 files (0 B)\n");
    let said = place.done("halfback purge --older-than 0s --dry-run --registry saved");
    assert_eq!(said, "would purge 0 versions with 0 B of content\n");
}
