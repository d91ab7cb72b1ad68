//! Names in as much room as there is: shortened so that they are still told apart.

use std::collections::BTreeSet;

use super::canvas::escaped;

/// What a character takes to the right.
const CHARACTER: f64 = 6.6;

/// A name, and what is shown of it.
#[derive(Debug, PartialEq)]
pub(super) struct Name<'a> {
    pub(super) whole: &'a str,
    pub(super) shown: String,
}

impl<'a> Name<'a> {
    /// A name in at most as many columns.
    pub(super) fn within(whole: &'a str, columns: usize) -> Self {
        Self { whole, shown: shortened(whole, columns) }
    }

    /// Names in as few columns, from `least` to `most`, as tell different ones apart: left out in their
    /// middle, or else where all long ones begin and end alike.
    pub(super) fn all(names: &[&'a str], least: usize, most: usize) -> Vec<Self> {
        let different = names.iter().collect::<BTreeSet<_>>().len();
        let long: Vec<&str> = names.iter().copied().filter(|name| width(name) > least).collect();
        let alike = alike(&long);
        let middle = |columns| names.iter().map(|name| shortened(name, columns)).collect();
        let own = |columns| names.iter().map(|name| part(name, alike, columns)).collect();
        let shown: Vec<String> = (least..=most)
            .flat_map(|columns| -> [Vec<String>; 2] { [middle(columns), own(columns)] })
            .find(|shown| shown.iter().collect::<BTreeSet<_>>().len() == different)
            .unwrap_or_else(|| middle(most));
        names.iter().zip(shown).map(|(whole, shown)| Self { whole, shown }).collect()
    }

    /// What an element holds.
    pub(super) fn content(&self) -> String {
        let shown = escaped(&self.shown);
        if self.shown == self.whole {
            return shown;
        }
        format!("<title>{}</title>{shown}", escaped(self.whole))
    }
}

/// The columns that the widest of some names takes.
pub(super) fn widest(names: &[Name<'_>]) -> usize {
    names.iter().map(|name| width(&name.shown)).max().unwrap_or_default()
}

/// What so many columns take to the right.
#[expect(clippy::cast_precision_loss, reason = "a name has at most some columns")]
pub(super) fn across(columns: usize) -> f64 {
    columns as f64 * CHARACTER
}

/// The columns that a text takes; characters of East Asia take two.
fn width(text: &str) -> usize {
    text.chars().map(width_of).sum()
}

fn width_of(c: char) -> usize {
    if c >= '\u{1100}' { 2 } else { 1 }
}

/// A text of at most as many columns, left out in its middle: names mostly differ at an end.
fn shortened(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(1);
    let end: String = taken(text.chars().rev(), room / 2).chars().rev().collect();
    format!("{}…{end}", taken(text.chars(), room - room / 2))
}

/// As many characters as fit into so many columns.
fn taken(characters: impl Iterator<Item = char>, mut columns: usize) -> String {
    let fits = |c: &char| {
        let left = columns.checked_sub(width_of(*c));
        columns = left.unwrap_or(columns);
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
    if width(name) <= columns {
        return name.to_owned();
    }
    let own = name.chars().count() - end;
    let before: String = name.chars().take(start).collect();
    let after: String = name.chars().skip(own).collect();
    let own: String = name.chars().take(own).skip(start).collect();
    let room = columns.saturating_sub(usize::from(start > 0) + usize::from(end > 0));
    let own = shortened(&own, room);
    let around = room.saturating_sub(width(&own));
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
        check(&["card_fraud", "wire_fraud"], &["card…aud", "wire…aud"]);
        check(&["a fraud by card", "a fraud by wire"], &["a fr…ard", "a fr…ire"]);
        // Where they differ in their middle.
        check(&["the card of all", "the wire of all"], &["… card …", "… wire …"]);
        check(&["all", "the card of all", "the wire of all"], &["all", "… card …", "… wire …"]);
        check(&["the big card of all", "the wire of all"], &["…big…rd…", "… wire …"]);
        check(&["one", "one", "two"], &["one", "one", "two"]);
        check(&["long_name_long_name", "long_name_long_name"], &["long…ame", "long…ame"]);
        check(&["aa", "aaa"], &["aa", "aaa"]);
        check(&[], &[]);
    }

    #[test]
    fn what_is_left_out_is_told() {
        assert_eq!(Name::within("a <name>", 5).content(), "<title>a &lt;name&gt;</title>a …e&gt;");
        assert_eq!(Name::within("<name>", 6).content(), "&lt;name&gt;");
    }
}
