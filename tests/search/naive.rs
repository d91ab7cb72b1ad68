//! A filter by its plainest reading: on records, one condition at a time.

use std::collections::BTreeMap;

use halfback::{DateTime, Model, ModelVersion, Param};
use proptest::sample::Index;

/// A day's microseconds.
const DAY: i64 = 86_400_000_000;

/// What a filter may look at.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) id: i64,
    pub(super) model: &'a Model,
    pub(super) version: Option<&'a ModelVersion>,
    /// The version, or all of the model.
    pub(super) versions: Vec<&'a ModelVersion>,
}

impl Row<'_> {
    fn parts(&self) -> Vec<&str> {
        self.model.name.split('.').collect()
    }

    /// When it was made and last touched.
    fn times(&self) -> [DateTime; 2] {
        match self.version {
            Some(version) => [version.created_at, version.updated_at],
            None => [self.model.created_at, self.model.updated_at],
        }
    }

    /// The value of an attribute that is a number; of times, the microseconds.
    fn number(&self, attribute: &str) -> i64 {
        let [created, updated] = self.times();
        match attribute {
            "number" | "version" => self.version.unwrap().number,
            "size" => self.version.unwrap().size,
            "created_at" | "created" => created.timestamp_micros(),
            "updated_at" | "updated" => updated.timestamp_micros(),
            "creation_timestamp" => created.timestamp_millis(),
            "last_updated_timestamp" => updated.timestamp_millis(),
            other => unreachable!("{other}"),
        }
    }

    fn tags(&self) -> &BTreeMap<String, String> {
        self.version.map_or(&self.model.tags, |version| &version.tags)
    }

    fn comment(&self) -> Option<&String> {
        self.version.map_or(self.model.comment.as_ref(), |version| version.comment.as_ref())
    }

    /// The values of an attribute: none, one, or for `alias` and `feature` several. Numbers have leading zeros, to
    /// be ordered as text.
    pub(super) fn values(&self, attribute: &str) -> Vec<String> {
        let one = |value: Option<&String>| value.cloned().into_iter().collect();
        let of = |value: fn(&ModelVersion) -> Option<&String>| one(self.version.and_then(value));
        let word = |value: fn(&ModelVersion) -> serde_json::Value| {
            self.version.map(|version| value(version).as_str().unwrap().to_owned())
        };
        match attribute {
            "catalog" => vec![self.parts()[0].into()],
            "schema" => vec![self.parts()[1].into()],
            "name" => vec![self.parts()[2].into()],
            "model" => vec![self.model.name.clone()],
            "task" => one(self.model.task.as_ref()),
            "owner" => one(self.model.owner.as_ref()),
            "comment" => one(self.comment()),
            "tags.team" => one(self.tags().get("team")),
            "tag.`my key`" => one(self.tags().get("my key")),
            "run" | "run_id" => of(|version| version.run.as_ref()),
            "source" | "source_path" => of(|version| version.source.as_ref()),
            "flavor" => of(|version| version.flavor.as_ref()),
            "location" => of(|version| version.location.as_ref()),
            "code_commit" => of(|version| version.code_commit.as_ref()),
            "stage" => word(|version| serde_json::json!(version.stage)).into_iter().collect(),
            "status" => word(|version| serde_json::json!(version.status)).into_iter().collect(),
            "digest" => self.version.map(|version| version.digest.clone()).into_iter().collect(),
            "alias" => match self.version {
                Some(version) => version.aliases.clone(),
                None => self.model.aliases.keys().cloned().collect(),
            },
            "feature" | "features" => self.features(),
            other => vec![format!("{:020}", self.number(other))],
        }
    }

    fn features(&self) -> Vec<String> {
        let signatures = self.versions.iter().filter_map(|version| version.signature.as_ref());
        let inputs = signatures.filter_map(|signature| signature["inputs"].as_array());
        inputs.flatten().map(|input| input["name"].as_str().unwrap().to_owned()).collect()
    }

    fn words(&self) -> Vec<String> {
        let model = [self.model.task.as_ref(), self.model.comment.as_ref()];
        let mut texts = vec![self.parts()[2].to_owned()];
        texts.extend(model.into_iter().flatten().cloned());
        texts.extend(self.model.tags.values().cloned());
        texts.extend(self.comment().cloned());
        texts.extend(self.tags().values().cloned());
        split(&texts.join(" "))
    }
}

fn fold(text: &str) -> String {
    text.to_lowercase().replace('ß', "ss")
}

fn split(text: &str) -> Vec<String> {
    let words = fold(text);
    let words = words.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A filter by its plainest reading.
#[derive(Debug, Clone)]
pub(super) enum Naive {
    Compare {
        attribute: &'static str,
        sign: &'static str,
        value: String,
    },
    In {
        attribute: &'static str,
        negated: bool,
        values: Vec<&'static str>,
        bound: bool,
    },
    Like {
        attribute: &'static str,
        negated: bool,
        fold: bool,
        pattern: &'static str,
    },
    Null {
        attribute: &'static str,
        negated: bool,
    },
    Number {
        attribute: &'static str,
        sign: &'static str,
        value: i64,
    },
    /// One of the numbers or times that there are, or beside it. Of times the whole day, if so.
    Near {
        attribute: &'static str,
        sign: &'static str,
        at: Index,
        off: i64,
        day: bool,
    },
    Time {
        attribute: &'static str,
        sign: &'static str,
        text: String,
        value: i64,
    },
    Word {
        attribute: &'static str,
        negated: bool,
        words: Vec<&'static str>,
    },
    /// The digests of some versions, or of none.
    Digest {
        negated: bool,
        listed: bool,
        at: Vec<Option<Index>>,
    },
    Hashes {
        negated: bool,
        listed: bool,
        digests: Vec<String>,
    },
    Param {
        sign: &'static str,
        value: &'static str,
    },
    Match(&'static str),
    And(Vec<Naive>),
    Or(Vec<Naive>),
    Not(Box<Naive>),
}

impl Naive {
    pub(super) fn text(&self) -> String {
        let not = |negated: &bool| if *negated { "NOT " } else { "" };
        let quoted = |text: &str| format!("'{text}'");
        let joined = |parts: &[Self], word: &str| {
            let parts: Vec<String> =
                parts.iter().map(|part| format!("({})", part.text())).collect();
            parts.join(word)
        };
        match self {
            Self::Compare { attribute, sign, value } => format!("{attribute} {sign} '{value}'"),
            Self::In { attribute, negated, bound: true, .. } => {
                format!("{attribute} {}IN :list", not(negated))
            }
            Self::In { attribute, negated, values, .. } => {
                let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
                format!("{attribute} {}IN ({})", not(negated), values.join(", "))
            }
            Self::Like { attribute, negated, fold, pattern } => {
                let word = if *fold { "ILIKE" } else { "LIKE" };
                format!("{attribute} {}{word} '{pattern}'", not(negated))
            }
            Self::Null { attribute, negated } => format!("{attribute} IS {}NULL", not(negated)),
            Self::Number { attribute, sign, value } => format!("{attribute} {sign} {value}"),
            Self::Time { attribute, sign, text, .. } => format!("{attribute} {sign} '{text}'"),
            Self::Word { attribute, negated, words } => one_of(attribute, *negated, false, words),
            Self::Hashes { negated, listed, digests } => {
                one_of("digest", *negated, *listed, digests)
            }
            Self::Near { .. } | Self::Digest { .. } => unreachable!("it was not settled"),
            Self::Param { sign, value } => format!("params.p {sign} {value}"),
            Self::Match(words) => format!("MATCH '{words}'"),
            Self::And(parts) => joined(parts, " AND "),
            Self::Or(parts) => joined(parts, " OR "),
            Self::Not(part) => format!("NOT ({})", part.text()),
        }
    }

    /// The list that `:list` is bound to, where it is in the filter. All lists are the same one.
    pub(super) fn binds(&self) -> bool {
        match self {
            Self::In { bound, .. } => *bound,
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::binds),
            Self::Not(part) => part.binds(),
            _ => false,
        }
    }

    /// The same with the values that there are in the places of those that were only pointed at.
    pub(super) fn settled(&self, rows: &[Row<'_>]) -> Self {
        let parts = |parts: &[Self]| parts.iter().map(|part| part.settled(rows)).collect();
        match self {
            Self::And(inner) => Self::And(parts(inner)),
            Self::Or(inner) => Self::Or(parts(inner)),
            Self::Not(part) => Self::Not(Box::new(part.settled(rows))),
            Self::Near { attribute, sign, at, off, day } => {
                let known = rows.get(at.index(rows.len().max(1))).map(|row| row.number(attribute));
                let value = known.unwrap_or_default() + off;
                let (attribute, sign) = (*attribute, *sign);
                if !["created", "created_at", "updated", "updated_at"].contains(&attribute) {
                    return Self::Number { attribute, sign, value };
                }
                let time = DateTime::from_timestamp_micros(value).unwrap();
                if !day {
                    let text = time.format("%FT%T%.6fZ").to_string();
                    return Self::Time { attribute, sign, text, value };
                }
                let (text, value) = (time.format("%F").to_string(), value - value.rem_euclid(DAY));
                Self::Time { attribute, sign, text, value }
            }
            Self::Digest { negated, listed, at } => {
                let digest = |at: &Option<Index>| {
                    let row = at.and_then(|at| rows.get(at.index(rows.len().max(1))));
                    let unknown = || format!("sha256:{}", "0".repeat(64));
                    row.map_or_else(unknown, |row| row.version.unwrap().digest.clone())
                };
                let digests = at.iter().map(digest).collect();
                Self::Hashes { negated: *negated, listed: *listed, digests }
            }
            other => other.clone(),
        }
    }

    pub(super) fn passes(&self, row: &Row<'_>) -> bool {
        match self {
            Self::Compare { attribute, sign, value } => {
                row.values(attribute).iter().any(|found| holds(sign, found.cmp(value)))
            }
            Self::In { attribute, negated, values, bound } => {
                let values = if *bound { &LIST[..] } else { values.as_slice() };
                let found = row.values(attribute);
                found.iter().any(|found| values.contains(&found.as_str()) != *negated)
            }
            Self::Like { attribute, negated, fold: folds, pattern } => {
                row.values(attribute).iter().any(|found| {
                    let matches = match folds {
                        true => like(&fold(pattern), &fold(found)),
                        false => like(pattern, found),
                    };
                    matches != *negated
                })
            }
            Self::Null { attribute, negated } => row.values(attribute).is_empty() != *negated,
            Self::Number { attribute, sign, value } | Self::Time { attribute, sign, value, .. } => {
                holds(sign, row.number(attribute).cmp(value))
            }
            Self::Word { attribute, negated, words } => {
                let found = row.values(attribute).remove(0);
                words.iter().any(|word| word.eq_ignore_ascii_case(&found)) != *negated
            }
            Self::Hashes { negated, digests, .. } => {
                digests.contains(&row.version.unwrap().digest) != *negated
            }
            Self::Near { .. } | Self::Digest { .. } => unreachable!("it was not settled"),
            Self::Param { sign, value } => {
                let ordering = match (&row.version.unwrap().params["p"], *value) {
                    // No whole number equals it.
                    (Param::Int(param), "6.5") => Some((2 * *param).cmp(&13)),
                    (Param::Float(param), "6.5") => param.partial_cmp(&6.5),
                    (Param::Int(param), "7") => Some(param.cmp(&7)),
                    (Param::Float(param), "7") => param.partial_cmp(&7.0),
                    (Param::Bool(param), "TRUE") => Some(param.cmp(&true)),
                    (param, "'fraud'" | "'7'") => {
                        let text = match param {
                            Param::Text(text) => text.clone(),
                            other => serde_json::to_string(other).unwrap(),
                        };
                        Some(text.as_str().cmp(value.trim_matches('\'')))
                    }
                    _ => None,
                };
                ordering.map_or(*sign == "!=", |ordering| holds(sign, ordering))
            }
            Self::Match(words) => words.split(' ').all(|word| match word.strip_suffix('*') {
                Some(begin) => row.words().iter().any(|found| found.starts_with(&fold(begin))),
                None => row.words().contains(&fold(word)),
            }),
            Self::And(parts) => parts.iter().all(|part| part.passes(row)),
            Self::Or(parts) => parts.iter().any(|part| part.passes(row)),
            Self::Not(part) => !part.passes(row),
        }
    }
}

/// `attribute = 'word'`, or a list where that is asked for or needed.
fn one_of<T: AsRef<str>>(attribute: &str, negated: bool, listed: bool, words: &[T]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{}'", word.as_ref())).collect();
    match (quoted.as_slice(), negated) {
        ([word], false) if !listed => format!("{attribute} = {word}"),
        ([word], true) if !listed => format!("{attribute} != {word}"),
        (_, false) => format!("{attribute} IN ({})", quoted.join(", ")),
        (_, true) => format!("{attribute} NOT IN ({})", quoted.join(", ")),
    }
}

pub(super) const LIST: [&str; 3] = ["fraud", "champion", "credit risk"];
pub(super) const SIGNS: [&str; 6] = ["=", "!=", "<", "<=", ">", ">="];

fn holds(sign: &str, ordering: std::cmp::Ordering) -> bool {
    match sign {
        "=" => ordering.is_eq(),
        "!=" => ordering.is_ne(),
        "<" => ordering.is_lt(),
        "<=" => ordering.is_le(),
        ">" => ordering.is_gt(),
        _ => ordering.is_ge(),
    }
}

fn like(pattern: &str, text: &str) -> bool {
    let mut chars = pattern.chars();
    match chars.next() {
        None => text.is_empty(),
        Some('%') => {
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| like(chars.as_str(), &text[at..]))
        }
        Some(c) => {
            let (is_one, c) = (c == '_', if c == '\\' { chars.next().unwrap() } else { c });
            let mut rest = text.chars();
            rest.next().is_some_and(|found| is_one || found == c)
                && like(chars.as_str(), rest.as_str())
        }
    }
}
