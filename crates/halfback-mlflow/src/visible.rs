//! Text of other people as a terminal may show it: what a report says of a name or a place came from
//! the source, and a control character in it must not reach the terminal.

use std::fmt::{self, Write};

/// Writes a text in one line, every character that steers the terminal, reorders the line or leaves no
/// mark written as Rust writes it: `\n`, `\u{1b}`.
pub(crate) struct Visible<'a>(pub(crate) &'a str);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '\n' | '\r' | '\t' => write!(f, "{}", c.escape_default()),
            c if is_hidden(c) => write!(f, "{}", c.escape_unicode()),
            c => f.write_char(c),
        })
    }
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_and_not_sent() {
        let shown = |text| Visible(text).to_string();
        assert_eq!(shown("plain: ü 漢 👍"), "plain: ü 漢 👍");
        assert_eq!(shown("a\x1b[31mb\r\n\t\u{9b}"), r"a\u{1b}[31mb\r\n\t\u{9b}");
        assert_eq!(shown("\u{202e}fdp\u{200b}"), r"\u{202e}fdp\u{200b}");
    }
}
