//! Text from a registry as a terminal may show it. Names, comments, tags and payloads are other
//! people's: a control character in them must not reach the terminal, and one that nobody sees
//! must be seen.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Whether a character steers the terminal, reorders the line, or leaves no mark.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// The text in one line, with every hidden character written as Rust writes it: `\n`, `\u{1b}`.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => shown.extend(c.escape_default()),
            c if is_hidden(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown.into()
}

/// JSON with every hidden character inside its strings written as `\u…`, which is the same JSON.
pub(crate) fn visible_json(json: &str) -> Cow<'_, str> {
    // The line breaks of the layout are ASCII; those inside strings are escaped already.
    let is_hidden = |c: char| is_hidden(c) && c != '\n';
    if !json.contains(is_hidden) {
        return json.into();
    }
    let mut shown = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(c);
        }
    }
    shown.into()
}

/// How many columns a visible text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text in at most `most` columns, with `…` where it goes on.
pub(crate) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if width(text) <= most {
        return text.into();
    }
    let mut taken = 0;
    let kept = text.char_indices().find(|(_, c)| {
        taken += c.width().unwrap_or(0);
        taken >= most
    });
    let (kept, _) = text.split_at(kept.map_or(text.len(), |(at, _)| at));
    format!("{kept}…").into()
}

/// The end of the text in at most `most` columns, after `…` where there is more before it.
pub(crate) fn cut_beginning(text: &str, most: usize) -> Cow<'_, str> {
    if width(text) <= most {
        return text.into();
    }
    let mut taken = 0;
    let left_out = text.char_indices().rev().find(|(_, c)| {
        taken += c.width().unwrap_or(0);
        taken >= most
    });
    let (_, kept) = text.split_at(left_out.map_or(0, |(at, c)| at + c.len_utf8()));
    format!("…{kept}").into()
}

/// The text in at most `most` columns, with `…` in its middle where it is longer: names mostly differ at
/// an end.
pub(crate) fn cut_middle(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.into();
    }
    let before = most.div_ceil(2);
    let end = cut_beginning(text, most - before + 1);
    format!("{}{}", cut(text, before), end.trim_start_matches('…'))
}

/// The lines of a text of other people, each in at most `most` columns where words allow it.
pub(crate) fn wrapped(text: &str, most: Option<usize>) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in visible(paragraph).split(' ') {
            let fits = most.is_none_or(|most| width(&line) + 1 + width(word) <= most);
            if !line.is_empty() && !fits {
                lines.push(std::mem::take(&mut line));
            } else if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_and_not_sent() {
        assert_eq!(visible("plain: ü 漢 👍"), "plain: ü 漢 👍");
        assert_eq!(visible("a\x1b[31mb\r\n\t\u{7f}\u{9b}"), r"a\u{1b}[31mb\r\n\t\u{7f}\u{9b}");
        assert_eq!(visible("\u{202e}fdp\u{200b}\u{e0041}"), r"\u{202e}fdp\u{200b}\u{e0041}");
    }

    #[test]
    fn json_stays_the_same_json() {
        let text = "\x1b]0;x\x07 \u{9b}2J \u{202e} \u{7f} \u{e0041} ü\n";
        let json = serde_json::to_string_pretty(&[text]).unwrap();
        let shown = visible_json(&json);
        assert!(!shown.contains(|c| is_hidden(c) && c != '\n'), "{shown:?}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&shown).unwrap(), [text]);
    }

    #[test]
    fn a_cut_text_has_the_columns_it_was_given() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("漢字漢字", 5), "漢字…");
        assert_eq!(cut("漢字漢字", 4), "漢…");
        assert_eq!(cut("abc", 1), "…");
        assert_eq!(cut_beginning("abcdef", 6), "abcdef");
        assert_eq!(cut_beginning("abcdef", 4), "…def");
        assert_eq!(cut_beginning("漢字漢字", 4), "…字");
        assert_eq!(cut_middle("abcdef", 6), "abcdef");
        assert_eq!(cut_middle("abcdef", 5), "ab…ef");
        assert_eq!(cut_middle("abcdefgh", 4), "a…gh");
        assert_eq!(cut_middle("漢字漢字", 5), "漢…字");
    }

    #[test]
    fn long_text_goes_on_in_the_next_line_at_a_space() {
        assert_eq!(
            wrapped("one two  three\nfour\x1b", Some(8)),
            ["one two ", "three", r"four\u{1b}"]
        );
        assert_eq!(wrapped("one two three", None), ["one two three"]);
    }
}
