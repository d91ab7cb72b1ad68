//! `LIKE` and `ILIKE`: the same in every engine, because they are decided here.

use crate::word::folded;

/// A pattern: `%` stands for any text, `_` for one character, `\` takes the next character as it
/// is. `ILIKE` compares folded text.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    parts: Vec<Part>,
    fold: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Any,
    One,
    Char(char),
}

/// What a pattern says of where the text begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// The text is exactly this.
    Whole(String),
    /// The text begins with this; nothing else is asked.
    Prefix(String),
    /// The text begins with this, and more is asked.
    Partly(String),
}

impl Pattern {
    /// Characters in a pattern.
    pub(crate) const MOST: usize = 1000;

    pub(crate) fn new(text: &str, fold: bool) -> Self {
        let mut parts = Vec::new();
        let mut chars = text.chars();
        let mut literal = String::new();
        let flush = |literal: &mut String, parts: &mut Vec<Part>| {
            let text = if fold { folded(literal) } else { std::mem::take(literal) };
            parts.extend(text.chars().map(Part::Char));
            literal.clear();
        };
        while let Some(c) = chars.next() {
            match c {
                '%' | '_' => {
                    flush(&mut literal, &mut parts);
                    parts.push(if c == '%' { Part::Any } else { Part::One });
                }
                '\\' => literal.push(chars.next().unwrap_or('\\')),
                c => literal.push(c),
            }
        }
        flush(&mut literal, &mut parts);
        parts.dedup_by(|a, b| (*a, *b) == (Part::Any, Part::Any));
        Self { parts, fold }
    }

    /// Whether a text matches as a whole.
    pub(crate) fn matches(&self, text: &str) -> bool {
        if self.fold { self.matches_exactly(&folded(text)) } else { self.matches_exactly(text) }
    }

    /// Goes through both at once; after a `%` it may begin again one character later.
    fn matches_exactly(&self, text: &str) -> bool {
        let (mut parts, mut rest) = (self.parts.as_slice(), text.chars());
        let mut again = None;
        loop {
            match (parts.split_first(), rest.clone().next()) {
                (Some((Part::Any, after)), _) => {
                    again = Some((after, rest.clone()));
                    parts = after;
                }
                (Some((Part::One, after)), Some(_)) => {
                    rest.next();
                    parts = after;
                }
                (Some((Part::Char(expected), after)), Some(c)) if *expected == c => {
                    rest.next();
                    parts = after;
                }
                (None, None) => return true,
                _ => {
                    let Some((after, from)) = &mut again else { return false };
                    if from.next().is_none() {
                        return false;
                    }
                    (parts, rest) = (after, from.clone());
                }
            }
        }
    }

    /// What can be asked of an index; none where case does not matter or the start is open.
    pub(crate) fn start(&self) -> Option<Start> {
        if self.fold {
            return None;
        }
        let mut literal = String::new();
        for (place, part) in self.parts.iter().enumerate() {
            match part {
                Part::Char(c) => literal.push(*c),
                Part::Any if place + 1 == self.parts.len() => return Some(Start::Prefix(literal)),
                _ if literal.is_empty() => return None,
                _ => return Some(Start::Partly(literal)),
            }
        }
        Some(Start::Whole(literal))
    }
}

/// The least text after all that begin with `prefix`; none where nothing comes after them.
pub(crate) fn after_prefix(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // The range leaves out surrogates, which are no characters.
        if let Some(next) = (last..=char::MAX).nth(1) {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(pattern: &str, fold: bool, matching: &[&str], others: &[&str]) {
        let pattern = Pattern::new(pattern, fold);
        for text in matching {
            assert!(pattern.matches(text), "{pattern:?} {text}");
        }
        for text in others {
            assert!(!pattern.matches(text), "{pattern:?} {text}");
        }
    }

    #[test]
    fn wildcards_stand_for_characters() {
        check("a%c_", false, &["abcd", "acx", "accé"], &["ac", "abc", "Abcd"]);
        check("%ab%ab", false, &["abab", "xabyabab"], &["ab", "aba"]);
        check("", false, &[""], &["a"]);
        check("%", false, &["", "a"], &[]);
        check("100\\%", false, &["100%"], &["100x"]);
        check("a\\", false, &["a\\"], &["a"]);
    }

    #[test]
    fn case_is_folded_as_unicode_says() {
        check("STRASSE%", true, &["Straße 1", "strasse"], &["stras"]);
        check("é_", true, &["E\u{301}x"], &["ex"]);
    }

    #[test]
    fn the_start_serves_an_index() {
        let start = |pattern| Pattern::new(pattern, false).start();
        assert_eq!(start("ab%"), Some(Start::Prefix("ab".into())));
        assert_eq!(start("ab%c"), Some(Start::Partly("ab".into())));
        assert_eq!(start("ab"), Some(Start::Whole("ab".into())));
        assert_eq!(start("%ab"), None);
        assert_eq!(after_prefix("az"), Some("a{".into()));
        assert_eq!(after_prefix("a\u{10ffff}"), Some("b".into()));
        assert_eq!(after_prefix("\u{d7ff}"), Some("\u{e000}".into()));
        assert_eq!(after_prefix("\u{10ffff}"), None);
    }

    /// The plainest reading of a pattern.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('%', rest)) => (0..=text.len()).any(|skip| naive(rest, &text[skip..])),
            Some(('_', rest)) => !text.is_empty() && naive(rest, &text[1..]),
            Some((c, rest)) => text.first() == Some(c) && naive(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn patterns_match_what_their_plainest_reading_matches(pattern in "[ab%_]{0,8}", text in "[ab]{0,10}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(
                Pattern::new(&pattern, false).matches(&text),
                naive(&chars(&pattern), &chars(&text))
            );
        }
    }
}
