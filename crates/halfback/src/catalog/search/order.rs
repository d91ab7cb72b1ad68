//! The order of a search: its keys, and where a page begins.

use halfback_store::error::{Detail, Result};

use super::attribute::{Kind, Subject};
use super::compile::{attribute, expression, full_name};
use super::fragment::{Bound, Fragment};
use crate::filter::{parse_order, refused};

/// Keys in one order.
const MOST: usize = 8;

/// By what rows are ordered; no two rows have all keys alike.
#[derive(Debug)]
pub(super) struct Order {
    keys: Vec<Key>,
    /// Whether this is the order of full names, and nothing else.
    pub(super) is_by_name: bool,
    /// Whether this is the order of ids, and nothing else.
    pub(super) is_by_id: bool,
}

#[derive(Debug)]
struct Key {
    expression: Fragment,
    descending: bool,
    optional: bool,
}

impl Order {
    /// Reads `attribute [ASC|DESC]` entries; of none: models by name, the newest versions first.
    pub(super) fn parse(subject: Subject, entries: &[String]) -> Result<Self> {
        if entries.len() > MOST {
            return Err(Detail::InvalidFilter(format!(
                "order_by has {} entries, expected at most {MOST}",
                entries.len()
            ))
            .into());
        }
        let usual = [match subject {
            Subject::Models => "model".to_owned(),
            Subject::Versions => "created_at DESC".to_owned(),
        }];
        let entries = if entries.is_empty() { usual.as_slice() } else { entries };
        let mut keys = Vec::new();
        let mut unique = false;
        let mut is_by_name = false;
        for (place, entry) in entries.iter().enumerate() {
            let (named, descending) = parse_order(entry)?;
            let (attribute, source, key) = attribute(subject, entry, &named)?;
            let of = |expression, optional| Key { expression, descending, optional };
            match attribute.kind {
                Kind::Param => {
                    let why = "nothing is ordered by parameters; expected another attribute";
                    return Err(refused(entry, named.at, why));
                }
                Kind::FullName => {
                    is_by_name = place == 0 && !descending && subject == Subject::Models;
                    unique |= subject == Subject::Models;
                    keys.extend(full_name(subject).map(|part| of(part, false)));
                }
                // Whatever is made later has a greater id.
                _ if attribute.is_creation() && place + 1 == entries.len() => {
                    unique = true;
                    keys.push(of(id(subject), false));
                }
                kind => keys.push(match kind.of_several() {
                    Some(name) => {
                        // Not by the order of names, which would pass all that were ever closed.
                        let first = format!("(SELECT MIN({name} || '') ");
                        of(Fragment::from(source.sql).within(&first, ")"), true)
                    }
                    None => of(expression(source.sql, key.as_deref()), source.optional),
                }),
            }
            // What follows a key that no two rows share decides nothing.
            if unique {
                break;
            }
        }
        if !unique {
            keys.push(Key { expression: id(subject), descending: false, optional: false });
        }
        let is_by_id = matches!(keys.as_slice(), [key] if key.expression == id(subject));
        Ok(Self { keys, is_by_name, is_by_id })
    }

    pub(super) fn columns(&self) -> impl Iterator<Item = Fragment> {
        self.keys
            .iter()
            .zip(1..)
            .map(|(key, place)| key.expression.clone().then(format!(" AS k{place}").as_str()))
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether the last key goes down.
    pub(super) fn is_descending(&self) -> bool {
        self.keys.last().is_some_and(|key| key.descending)
    }

    pub(super) fn clause(&self) -> Fragment {
        let keys = self.keys.iter().zip(1..).map(|(key, place)| {
            let direction = if key.descending { " DESC" } else { "" };
            let nulls = if key.optional { " NULLS LAST" } else { "" };
            Fragment::from(format!("k{place}{direction}{nulls}").as_str())
        });
        Fragment::joined(keys, ", ").within(" ORDER BY ", "")
    }

    /// The order of the last key alone, where all others are alike, read from a column that
    /// equals it and lies in an index in that order.
    pub(super) fn clause_on(&self, column: &str) -> Fragment {
        let descending = self.is_descending();
        format!(" ORDER BY {column}{}", if descending { " DESC" } else { "" }).as_str().into()
    }

    /// What comes after a row by the last key alone, on a column that equals it.
    pub(super) fn after_on(&self, column: &str, last: &[Bound]) -> Fragment {
        let sign = if self.is_descending() { "<" } else { ">" };
        let key = last.last().cloned().into_iter().collect();
        Fragment::new(&format!("{column} {sign} $"), key)
    }

    /// What comes after a row with these keys.
    pub(super) fn after(&self, last: &[Bound]) -> Fragment {
        let one_way =
            |descending| self.keys.iter().all(|key| key.descending == descending && !key.optional);
        // One comparison of rows, which an index can begin at.
        for (descending, sign) in [(false, ") > ("), (true, ") < (")] {
            if one_way(descending) {
                let keys =
                    Fragment::joined(self.keys.iter().map(|key| key.expression.clone()), ", ");
                let places = vec!["$"; last.len()].join(", ");
                let values = Fragment::new(&places, last.to_vec());
                return keys.within("(", sign).then(values).then(")");
            }
        }
        let mut after: Option<Fragment> = None;
        for (key, value) in self.keys.iter().zip(last).rev() {
            let later = key.later(value);
            after = Some(match after {
                None => later,
                Some(rest) => {
                    let rest = rest.within("(", ")");
                    later.then(" OR (").then(key.same(value)).then(" AND ").then(rest).then(")")
                }
            });
        }
        after.unwrap_or_default().within("(", ")")
    }
}

impl Key {
    fn later(&self, value: &Bound) -> Fragment {
        if *value == Bound::Null {
            return "1 = 0".into();
        }
        let sign = if self.descending { " < $" } else { " > $" };
        let later = self.expression.clone().then(Fragment::new(sign, vec![value.clone()]));
        if self.optional {
            later.then(" OR ").then(self.expression.clone()).then(" IS NULL")
        } else {
            later
        }
    }

    fn same(&self, value: &Bound) -> Fragment {
        match value {
            Bound::Null => self.expression.clone().then(" IS NULL"),
            value => self.expression.clone().then(Fragment::new(" = $", vec![value.clone()])),
        }
    }
}

fn id(subject: Subject) -> Fragment {
    subject.id().into()
}
