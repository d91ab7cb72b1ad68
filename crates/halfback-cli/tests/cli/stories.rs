//! Whole stories, with every word that is said.

use std::io::{self, Write};

use halfback_cli::Stream;

use crate::{Place, masked, transcript};

#[test]
fn the_tour_in_the_documents_is_what_happens() {
    let tour = include_str!("../../../../docs/cli.md");
    let place = Place::new();
    let mut told = 0;
    for block in tour.split("```console\n").skip(1) {
        let (block, _) = block.split_once("```").unwrap();
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
