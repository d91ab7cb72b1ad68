//! The words of names, tasks, comments and tag values: how text is split and folded, and the
//! table `word`, which follows every change of such a text.
//!
//! The table is derived: it can be made anew from the facts. Whoever erases a text erases the
//! words of its target with it.

use std::collections::{BTreeMap, BTreeSet};

use halfback_store::check::{Finding, Findings, Pace};
use halfback_store::error::Result;
use halfback_store::id::EntityId;
use halfback_store::sql::Value;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::command::{Context, Snapshot};

/// Characters by which words are told apart; longer words are cut.
const LONGEST: usize = 64;

/// Text as it is compared where case does not matter: case folded as Unicode says, in normal
/// form C.
pub(crate) fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    caseless::default_case_fold_str(&text.nfc().collect::<String>()).nfc().collect()
}

/// The folded words of a text in their order: Unicode's words (UAX 29), split further at `_`,
/// `.` and `:`, which join words in identifiers.
pub(crate) fn words(text: &str) -> impl Iterator<Item = String> {
    let folded = folded(text);
    let words: Vec<String> = folded
        .unicode_words()
        // A mark that stands on a space makes a word of both.
        .flat_map(|word| word.split(|c: char| "_.:".contains(c) || c.is_whitespace()))
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(LONGEST).collect())
        .collect();
    words.into_iter()
}

impl Context<'_> {
    /// Lets the words follow every text that this transaction opened or closed.
    ///
    /// The one place that writes words: it compares those of the present state with those that
    /// are stored, so no command can forget it.
    pub(crate) fn index_words(&mut self) -> Result<()> {
        for target in self.tx.take_described() {
            let (present, stored) = (self.present_words(target)?, self.stored_words(target)?);
            for word in stored.difference(&present) {
                self.close_word(target, word)?;
            }
            for word in present.difference(&stored) {
                let number = self.tx.number();
                self.tx.sql().execute(
                    "INSERT INTO word (word, target, since, until) VALUES (?1, ?2, ?3, 9223372036854775807)",
                    &[Value::from(word), target.into(), number.into()],
                )?;
            }
        }
        Ok(())
    }

    fn close_word(&mut self, target: EntityId, word: &str) -> Result<()> {
        let number = self.tx.number();
        self.tx.sql().execute(
            "UPDATE word SET until = ?3 WHERE word = ?1 AND target = ?2 AND until = 9223372036854775807",
            &[word.into(), target.into(), number.into()],
        )?;
        Ok(())
    }

    /// Makes the words of a target anew, those of the past too: a text of it was erased.
    pub(crate) fn remake_words(&mut self, target: EntityId) -> Result<()> {
        let EntityId(id) = target;
        let said = self.now().words_said(id, id.saturating_add(1))?;
        self.tx.sql().execute("DELETE FROM word WHERE target = ?1", &[target.into()])?;
        for (word, lives) in said.into_values().flatten() {
            for (since, until) in lives {
                self.tx.sql().execute(
                    "INSERT INTO word (word, target, since, until) VALUES (?1, ?2, ?3, ?4)",
                    &[Value::from(&word), target.into(), since.into(), until.into()],
                )?;
            }
        }
        Ok(())
    }

    /// The words of everything that is said about `target` now.
    fn present_words(&mut self, target: EntityId) -> Result<BTreeSet<String>> {
        let mut found = BTreeSet::new();
        self.tx.sql().query(
            "SELECT name FROM securable WHERE id = ?1 AND until = 9223372036854775807 \
             UNION ALL SELECT task FROM profile WHERE target = ?1 AND until = 9223372036854775807 AND task IS NOT NULL \
             UNION ALL SELECT t.body FROM profile p JOIN text t ON t.digest = p.comment WHERE p.target = ?1 AND p.until = 9223372036854775807 \
             UNION ALL SELECT t.body FROM version_state x JOIN text t ON t.digest = x.comment WHERE x.version = ?1 AND x.until = 9223372036854775807 \
             UNION ALL SELECT value FROM tag WHERE target = ?1 AND until = 9223372036854775807",
            &[target.into()],
            &mut |row| {
                found.extend(words(row.text(0)?));
                Ok(())
            },
        )?;
        Ok(found)
    }

    fn stored_words(&mut self, target: EntityId) -> Result<BTreeSet<String>> {
        let words = self.tx.sql().all(
            "SELECT word FROM word WHERE target = ?1 AND until = 9223372036854775807",
            &[target.into()],
            |row| row.text(0).map(str::to_owned),
        )?;
        Ok(words.into_iter().collect())
    }
}

/// The first and the last commit of a text or word, the last one not included.
type Life = (i64, i64);

/// The words of what is said about one target over all time, and when.
type Said = BTreeMap<String, Vec<Life>>;

impl Snapshot<'_> {
    /// Holds the stored words of all time against the facts and texts that they come from.
    pub(crate) fn check_words(&mut self, findings: &mut Findings, pace: Pace<'_>) -> Result<()> {
        /// Targets that are compared at once.
        const STRIDE: i64 = 4096;
        let mut next = i64::MIN;
        while let Some(from) = self.first_target(next)? {
            next = from.saturating_add(STRIDE);
            self.compare_words(from, next, findings)?;
            pace()?;
        }
        Ok(())
    }

    /// The first target from an id on that texts or words are about.
    fn first_target(&mut self, from: i64) -> Result<Option<i64>> {
        let first = self.sql.first(
            "SELECT MIN(id) FROM (SELECT MIN(id) AS id FROM securable WHERE id >= ?1 \
             UNION ALL SELECT MIN(target) FROM profile WHERE target >= ?1 \
             UNION ALL SELECT MIN(version) FROM version_state WHERE version >= ?1 \
             UNION ALL SELECT MIN(target) FROM tag WHERE target >= ?1 \
             UNION ALL SELECT MIN(target) FROM word WHERE target >= ?1) AS ids",
            &[from.into()],
            |row| row.opt_int(0),
        )?;
        Ok(first.flatten().filter(|id| *id < i64::MAX))
    }

    /// The same for the targets from one id up to, not including, another.
    fn compare_words(&mut self, from: i64, to: i64, findings: &mut Findings) -> Result<()> {
        let said = self.words_said(from, to)?;
        let mut stored: BTreeMap<i64, Said> = BTreeMap::new();
        self.sql.query(
            "SELECT target, word, since, until FROM word WHERE target >= ?1 AND target < ?2 ORDER BY target, until",
            &[from.into(), to.into()],
            &mut |row| {
                let words = stored.entry(row.int(0)?).or_default();
                words.entry(row.text(1)?.to_owned()).or_default().push((row.int(2)?, row.int(3)?));
                Ok(())
            },
        )?;
        let targets: BTreeSet<i64> = said.keys().chain(stored.keys()).copied().collect();
        for target in targets {
            if stored.get(&target) != said.get(&target).filter(|said| !said.is_empty()) {
                findings.push(Finding {
                    code: "words",
                    subject: format!("entity {target}"),
                    message: "the words by which it is found are not those of its texts".into(),
                    remedy: "restore a backup; meanwhile searches with `MATCH` may miss it, and nothing else is wrong",
                });
            }
        }
        Ok(())
    }

    fn words_said(&mut self, from: i64, to: i64) -> Result<BTreeMap<i64, Said>> {
        let mut said: BTreeMap<i64, Said> = BTreeMap::new();
        self.sql.query(
            "SELECT id, since, until, name FROM securable WHERE id >= ?1 AND id < ?2 \
             UNION ALL SELECT target, since, until, task FROM profile WHERE target >= ?1 AND target < ?2 AND task IS NOT NULL \
             UNION ALL SELECT p.target, p.since, p.until, t.body FROM profile p LEFT JOIN text t ON t.digest = p.comment WHERE p.target >= ?1 AND p.target < ?2 AND p.comment IS NOT NULL \
             UNION ALL SELECT x.version, x.since, x.until, t.body FROM version_state x LEFT JOIN text t ON t.digest = x.comment WHERE x.version >= ?1 AND x.version < ?2 AND x.comment IS NOT NULL \
             UNION ALL SELECT target, since, until, value FROM tag WHERE target >= ?1 AND target < ?2",
            &[from.into(), to.into()],
            &mut |row| {
                let life = (row.int(1)?, row.int(2)?);
                // A text that was erased has no words any more.
                if let Some(text) = row.opt_text(3)? {
                    let said = said.entry(row.int(0)?).or_default();
                    for word in words(text) {
                        said.entry(word).or_default().push(life);
                    }
                }
                Ok(())
            },
        )?;
        for said in said.values_mut() {
            said.values_mut().for_each(join);
        }
        Ok(said)
    }
}

/// Joins lives that touch.
fn join(lives: &mut Vec<Life>) {
    lives.sort_unstable();
    let mut joined: Vec<Life> = Vec::with_capacity(lives.len());
    for (since, until) in lives.drain(..) {
        match joined.last_mut() {
            Some((_, end)) if since <= *end => *end = until.max(*end),
            _ => joined.push((since, until)),
        }
    }
    *lives = joined;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(words(text).collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn text_is_split_as_unicode_says_and_identifiers_further() {
        check("Fraud, by card!", &["fraud", "by", "card"]);
        check("credit_default.v2", &["credit", "default", "v2"]);
        check("don't", &["don't"]);
        check("  ---  ", &[]);
        check("信用", &["信", "用"]);
    }

    #[test]
    fn case_and_normal_form_do_not_matter() {
        check("STRASSE straße", &["strasse", "strasse"]);
        assert_eq!(folded("E\u{301}"), folded("é"));
        assert_eq!(folded("ΣΊΣΥΦΟΣ"), folded("σίσυφος"));
    }

    #[test]
    fn long_words_are_cut() {
        check(&"x".repeat(1000), &["x".repeat(64).as_str()]);
    }

    proptest! {
        #[test]
        fn words_are_short_and_hold_no_space(text in "\\PC*") {
            for word in words(&text) {
                prop_assert!((1..=LONGEST).contains(&word.chars().count()), "{word}");
                prop_assert!(!word.contains([' ', '_', '.', ':']), "{word}");
            }
        }
    }
}
