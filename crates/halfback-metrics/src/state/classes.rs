//! Counts of pairs of classes.

use std::collections::BTreeMap;

use super::bytes::{Reader, Writer, bad};
use crate::column::Label;
use crate::confusion::{Confusion, MOST_CLASSES};
use crate::encode::{Kind, label};
use crate::error::{Error, Result};

/// Two classes, each a kind and eight bytes or more, and their count.
const LEAST_PAIR: usize = 26;

/// A class as it is ordered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Number(i64),
    Text(String),
}

/// Pairs of true and predicted class, and how often each came.
#[derive(Clone, Debug, PartialEq, Default)]
pub(super) struct Classes {
    kind: Option<Kind>,
    pairs: BTreeMap<(Class, Class), u64>,
}

impl Classes {
    pub(super) fn add(&mut self, confusion: &Confusion) -> Result<()> {
        self.merge(&Self::of(confusion))
    }

    fn of(confusion: &Confusion) -> Self {
        let labels = confusion.labels();
        let kind = labels.first().map(|label| match label {
            Label::Bool(_) => Kind::Bool,
            Label::Int(_) | Label::Text(_) => Kind::Int,
            Label::Float(_) => Kind::Float,
        });
        let class = |label: &Label| match label {
            Label::Bool(value) => Class::Number((*value).into()),
            Label::Int(value) => Class::Number(*value),
            Label::Float(value) => Class::Number(*value as i64),
            Label::Text(text) => Class::Text(text.clone()),
        };
        let mut pairs = BTreeMap::new();
        for (row, truth) in labels.iter().enumerate() {
            for (column, predicted) in labels.iter().enumerate() {
                let count = confusion.count(row, column);
                if count > 0 {
                    pairs.insert((class(truth), class(predicted)), count);
                }
            }
        }
        Self { kind, pairs }
    }

    pub(super) fn merge(&mut self, other: &Self) -> Result<()> {
        let text = |classes: &Self| {
            classes.pairs.keys().next().map(|(truth, _)| matches!(truth, Class::Text(_)))
        };
        if let (Some(own), Some(other)) = (text(self), text(other))
            && own != other
        {
            return Err(Error::MixedLabels { argument: "y_true" });
        }
        let mut merged = self.pairs.clone();
        for (pair, count) in &other.pairs {
            let sum = merged.entry(pair.clone()).or_insert(0);
            *sum = sum.saturating_add(*count);
        }
        let found = distinct(&merged).len();
        if found > MOST_CLASSES {
            return Err(Error::Classes { argument: "y_true", found, expected: "at most 4096" });
        }
        self.pairs = merged;
        self.kind = self.kind.max(other.kind);
        Ok(())
    }

    pub(super) fn confusion(&self) -> Result<Confusion> {
        let classes = distinct(&self.pairs);
        crate::column::not_empty("y_true", classes.len())?;
        let mut counts = vec![0u64; classes.len() * classes.len()];
        let place = |class: &Class| classes.binary_search(&class).unwrap_or_default();
        for ((truth, predicted), &count) in &self.pairs {
            counts[place(truth) * classes.len() + place(predicted)] = count;
        }
        let kind = self.kind.unwrap_or(Kind::Int);
        let name = |class: &&Class| match class {
            Class::Number(number) => label(kind, *number),
            Class::Text(text) => Label::Text(text.clone()),
        };
        Ok(Confusion::of_counts(classes.iter().map(name).collect(), counts))
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.byte(match self.kind {
            None => 0,
            Some(Kind::Bool) => 1,
            Some(Kind::Int) => 2,
            Some(Kind::Float) => 3,
        });
        writer.number(self.pairs.len() as u64);
        for ((truth, predicted), &count) in &self.pairs {
            for class in [truth, predicted] {
                match class {
                    Class::Number(number) => {
                        writer.byte(0);
                        writer.number(*number as u64);
                    }
                    Class::Text(text) => {
                        writer.byte(1);
                        writer.text(text);
                    }
                }
            }
            writer.number(count);
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let kind = match reader.byte()? {
            0 => None,
            1 => Some(Kind::Bool),
            2 => Some(Kind::Int),
            3 => Some(Kind::Float),
            _ => return Err(bad("a known type of labels")),
        };
        let mut pairs = BTreeMap::new();
        for _ in 0..reader.count(LEAST_PAIR)? {
            let pair = (read_class(reader)?, read_class(reader)?);
            let count = reader.number()?;
            if pairs.last_key_value().is_some_and(|(last, _)| *last >= pair) || count == 0 {
                return Err(bad("pairs of classes in order, each with rows"));
            }
            pairs.insert(pair, count);
        }
        let classes = distinct(&pairs);
        let texts = classes.iter().filter(|class| matches!(class, Class::Text(_))).count();
        if classes.len() > MOST_CLASSES || (texts > 0 && texts < classes.len()) {
            return Err(bad("at most 4,096 classes of one type"));
        }
        if kind.is_none() != classes.is_empty() {
            return Err(bad("a type of labels where there are some"));
        }
        Ok(Self { kind, pairs })
    }
}

fn read_class(reader: &mut Reader<'_>) -> Result<Class> {
    match reader.byte()? {
        0 => Ok(Class::Number(reader.number()? as i64)),
        1 => Ok(Class::Text(reader.text()?)),
        _ => Err(bad("a number or a text")),
    }
}

fn distinct(pairs: &BTreeMap<(Class, Class), u64>) -> Vec<&Class> {
    let mut classes: Vec<&Class> =
        pairs.keys().flat_map(|(truth, predicted)| [truth, predicted]).collect();
    classes.sort_unstable();
    classes.dedup();
    classes
}
