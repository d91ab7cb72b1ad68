//! Names in as much room as there is: shortened so that they are still told apart.

use std::collections::BTreeSet;

use super::canvas::escaped;

/// What a column takes to the right: a small letter in most fonts.
const COLUMN: f64 = 7.0;
/// Widths are in parts of a column.
const PARTS: usize = 4;

/// A name, and what is shown of it.
#[derive(Debug, PartialEq)]
pub(super) struct Name<'a> {
    pub(super) whole: &'a str,
    pub(super) shown: String,
}

impl<'a> Name<'a> {
    /// A name in at most as many columns.
    pub(super) fn within(whole: &'a str, columns: usize) -> Self {
        Self { whole, shown: shortened(&visible(whole), columns) }
    }

    /// Names in as few columns, from `least` to `most`, as tell different ones apart: left out in their
    /// middle, or where all long ones begin and end alike, or those that would be the same. Where
    /// nothing does, they are numbered.
    pub(super) fn all(names: &[&'a str], least: usize, most: usize) -> Vec<Self> {
        let different = distinct(names);
        let seen: Vec<String> = names.iter().copied().map(named).collect();
        let all: Vec<&str> = seen.iter().map(String::as_str).collect();
        let long: Vec<&str> =
            all.iter().copied().filter(|name| width(name) > least * PARTS).collect();
        let alike = alike(&long);
        let middle = |columns| all.iter().map(|name| shortened(name, columns)).collect();
        let own = |columns| all.iter().map(|name| part(name, alike, columns)).collect();
        let shown: Vec<String> = (least..=most)
            .flat_map(|columns| -> [Vec<String>; 3] {
                [middle(columns), own(columns), apart(&all, columns)]
            })
            .find(|shown| distinct(shown) == different)
            .unwrap_or_else(|| numbered(names, &apart(&all, most), most));
        names.iter().zip(shown).map(|(whole, shown)| Self { whole, shown }).collect()
    }

    /// What an element holds.
    pub(super) fn content(&self) -> String {
        let shown = escaped(&self.shown);
        if self.shown == self.whole || self.whole.is_empty() {
            return shown;
        }
        format!("<title>{}</title>{shown}", escaped(self.whole))
    }
}

/// The columns that the widest of some names takes.
pub(super) fn widest(names: &[Name<'_>]) -> usize {
    names.iter().map(|name| width(&name.shown).div_ceil(PARTS)).max().unwrap_or_default()
}

/// What so many columns take to the right.
#[expect(clippy::cast_precision_loss, reason = "a name has at most some columns")]
pub(super) fn across(columns: usize) -> f64 {
    columns as f64 * COLUMN
}

/// A name with what would not be seen in it; none is told.
fn named(name: &str) -> String {
    if name.is_empty() { "(empty)".into() } else { visible(name) }
}

/// A text with what would not be seen in it: tabs and the like, spaces that SVG would fold, and what
/// looks like a space, or like nothing, or turns the text around.
fn visible(name: &str) -> String {
    let mut before = ' ';
    let last = name.trim_end_matches(' ').len();
    let mut shown = String::with_capacity(name.len());
    for (at, c) in name.char_indices() {
        let is_folded = c == ' ' && (before == ' ' || at >= last);
        before = c;
        match c {
            _ if is_folded => shown.push('␣'),
            '\0'..='\u{1f}' => shown.extend(char::from_u32(0x2400 + u32::from(c))),
            '\u{7f}' => shown.push('␡'),
            c if c != ' ' && (is_unseen(c) || c.is_whitespace()) => {
                shown.extend(c.escape_unicode());
            }
            c => shown.push(c),
        }
    }
    shown
}

/// Whether a character reorders the text or leaves no mark.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// What a text takes, in parts of a column.
fn width(text: &str) -> usize {
    text.chars().map(width_of).sum()
}

/// What a character takes in most fonts without serifs, or a little more.
fn width_of(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}' => 0,
        'm' | 'M' | 'w' | 'ж' | 'м' | 'ш' | 'щ' | 'ю' | 'Ж' | 'М' | 'Ш' | 'Щ' | 'Ю' => 6,
        'W'
        | '@'
        | '%'
        | '—'
        | '…'
        | '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{1f000}'.. => 7,
        '\u{2000}'..='\u{206f}' => 4,
        c if c.is_uppercase() || c >= '\u{1100}' => 5,
        _ => 4,
    }
}

/// A text of at most as many columns, left out in its middle: names mostly differ at an end.
fn shortened(text: &str, columns: usize) -> String {
    if width(text) <= columns.saturating_mul(PARTS) {
        return text.to_owned();
    }
    let room = columns.saturating_sub(1);
    let end: String = taken(text.chars().rev(), room / 2 * PARTS).chars().rev().collect();
    format!("{}…{end}", taken(text.chars(), (room - room / 2) * PARTS))
}

/// Names of at most as many columns; those that would be the same are left out where they are alike.
fn apart(names: &[&str], columns: usize) -> Vec<String> {
    let shown: Vec<String> = names.iter().map(|name| shortened(name, columns)).collect();
    let own = |(name, as_shown): (&&str, &String)| {
        let same = names.iter().zip(&shown).filter(|(_, other)| *other == as_shown);
        let same: Vec<&str> = same.map(|(name, _)| *name).collect();
        match distinct(&same) {
            1 => as_shown.clone(),
            _ => part(name, alike(&same), columns),
        }
    };
    names.iter().zip(&shown).map(own).collect()
}

/// The same, with a number after each but the first of different names that are shown the same.
fn numbered(names: &[&str], shown: &[String], columns: usize) -> Vec<String> {
    let number = |(at, name): (usize, &String)| {
        let before = names.iter().zip(shown).take(at).filter(|(_, other)| *other == name);
        let others: BTreeSet<&str> = before.map(|(other, _)| *other).collect();
        let is_known = names.get(at).is_some_and(|whole| others.contains(whole));
        if others.is_empty() || is_known {
            return name.clone();
        }
        let number = format!(" #{}", others.len() + 1);
        format!("{}{number}", shortened(name, columns.saturating_sub(number.len())))
    };
    shown.iter().enumerate().map(number).collect()
}

fn distinct<T: Ord>(names: &[T]) -> usize {
    names.iter().collect::<BTreeSet<_>>().len()
}

/// As many characters as fit into so many parts of a column.
fn taken(characters: impl Iterator<Item = char>, mut room: usize) -> String {
    let fits = |c: &char| {
        let left = room.checked_sub(width_of(*c));
        room = left.unwrap_or(room);
        left.is_some()
    };
    characters.take_while(fits).collect()
}

/// How many characters names have in common where they begin, and where the rest of them ends.
fn alike(names: &[&str]) -> (usize, usize) {
    let Some((first, others)) = names.split_first() else { return (0, 0) };
    let begin = others.iter().map(|other| common(first.chars(), other.chars()));
    let start = begin.min().unwrap_or_default();
    let rest = |name: &str| name.chars().skip(start).collect::<Vec<char>>();
    let own = rest(first);
    let end = others.iter().map(|other| common(own.iter().rev(), rest(other).iter().rev()));
    (start, end.min().unwrap_or_default())
}

/// How far both are the same.
fn common<T: PartialEq>(one: impl Iterator<Item = T>, other: impl Iterator<Item = T>) -> usize {
    one.zip(other).take_while(|(one, other)| one == other).count()
}

/// What is a name's own, with as much around it of what all long ones have in common as there is room.
fn part(name: &str, (start, end): (usize, usize), columns: usize) -> String {
    if width(name) <= columns.saturating_mul(PARTS) {
        return name.to_owned();
    }
    let own = name.chars().count() - end;
    let before: String = name.chars().take(start).collect();
    let after: String = name.chars().skip(own).collect();
    let own: String = name.chars().take(own).skip(start).collect();
    let room = columns.saturating_sub(usize::from(start > 0) + usize::from(end > 0));
    let own = shortened(&own, room);
    let around = (room * PARTS).saturating_sub(width(&own));
    let near: String = taken(before.chars().rev(), around - around / 2).chars().rev().collect();
    let mark = |kept: &str, whole: &str| if kept == whole { "" } else { "…" };
    let next = taken(after.chars(), around / 2);
    format!("{}{near}{own}{next}{}", mark(&near, &before), mark(&next, &after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_shortened_in_their_middle() {
        for (text, columns, expected) in [
            ("short", 5, "short"),
            ("longer", 5, "lo…er"),
            ("longer", 4, "lo…r"),
            ("longer", 0, "…"),
            ("東京都", 5, "東…都"),
        ] {
            assert_eq!(shortened(text, columns), expected);
        }
    }

    #[track_caller]
    fn check(names: &[&str], expected: &[&str]) {
        let shown: Vec<String> =
            Name::all(names, 8, 12).into_iter().map(|name| name.shown).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn different_names_stay_different() {
        check(&["card_fraud", "pink_fraud"], &["card…aud", "pink…aud"]);
        check(&["a fraud by card", "a fraud by pink"], &["a fr…ard", "a fr…ink"]);
        // Where they differ in their middle.
        check(&["the card of all", "the pink of all"], &["… card …", "… pink …"]);
        check(&["all", "the card of all", "the pink of all"], &["all", "… card …", "… pink …"]);
        check(&["the big card of all", "the pink of all"], &["…big…rd…", "… pink …"]);
        check(&["one", "one", "two"], &["one", "one", "two"]);
        check(&["long_note_long_note", "long_note_long_note"], &["long…ote", "long…ote"]);
        check(&["aa", "aaa"], &["aa", "aaa"]);
        // Two that are alike, beside one that is not.
        check(
            &["first_kind_a_of_all", "first_kind_b_of_all", "another_long_name"],
            &["…d_a_o…", "…d_b_o…", "anot…me"],
        );
        check(&[], &[]);
    }

    #[test]
    fn nothing_else_tells_them_apart_but_a_number() {
        let names = ["x1y1", "x1y2", "x2y1", "x2y2", "x1y2"]
            .map(|name| name.split("").collect::<Vec<_>>().join(&"-".repeat(9)));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let shown: Vec<String> =
            Name::all(&names, 8, 9).into_iter().map(|name| name.shown).collect();
        assert_eq!(distinct(&shown), 4, "{shown:?}");
        assert_eq!(shown[1], shown[4]);
        assert!(shown.iter().all(|name| name.chars().count() <= 9), "{shown:?}");
    }

    #[test]
    fn wide_letters_have_their_room() {
        for (text, columns, expected) in [
            ("WWWW", 7, "WWWW"),
            ("WWWW", 6, "W…W"),
            ("illi", 4, "illi"),
            ("ABCD", 5, "ABCD"),
            ("ABCDE", 5, "A…E"),
            ("東京都", 6, "東京都"),
            ("e\u{301}e\u{301}", 2, "e\u{301}e\u{301}"),
        ] {
            assert_eq!(shortened(text, columns), expected);
        }
    }

    #[test]
    fn what_would_not_be_seen_is_shown() {
        let names = ["a b", "a\tb", "a\nb", "a  b", " a b", "a b ", "a\u{85}b", "a\u{7f}b"];
        let shown: Vec<String> = Name::all(&names, 9, 9).iter().map(Name::content).collect();
        let text: Vec<&str> =
            shown.iter().map(|name| name.rsplit('>').next().unwrap_or_default()).collect();
        assert_eq!(text, ["a b", "a␉b", "a␊b", "a ␣b", "␣a b", "a b␣", "a\\u{85}b", "a␡b"]);
    }

    #[test]
    fn different_names_never_look_alike() {
        for (name, expected) in [
            ("a\u{a0}b", r"a\u{a0}b"),
            ("a\u{3000}b", r"a\u{3000}b"),
            ("\u{200b}", r"\u{200b}"),
            ("a\u{2028}b", r"a\u{2028}b"),
            ("\u{202e}evil", r"\u{202e}evil"),
            ("", "(empty)"),
            ("東京", "東京"),
        ] {
            let shown: Vec<String> =
                Name::all(&[name, "a b"], 16, 20).into_iter().map(|name| name.shown).collect();
            assert_eq!(shown, [expected, "a b"]);
        }
        let both = Name::all(&["", "(empty)"], 16, 20);
        assert_ne!(both[0].shown, both[1].shown);
        assert_eq!(both[0].content(), "(empty)");
    }

    #[test]
    fn what_is_left_out_is_told() {
        assert_eq!(Name::within("a <name>", 5).content(), "<title>a &lt;name&gt;</title>a …e&gt;");
        assert_eq!(Name::within("<nano>", 6).content(), "&lt;nano&gt;");
    }
}
