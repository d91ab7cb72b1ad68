//! The values that a filter compares with: written in it, or bound as parameters.

use chrono::{NaiveDate, NaiveTime};
use halfback_store::artifact::Digest;
use halfback_store::error::{Error, Result};
use halfback_store::name::{MAX_TEXT, shown};
use halfback_store::time::Timestamp;
use serde_json::Value as Json;
use unicode_normalization::UnicodeNormalization;

use super::super::attribute::Kind;
use super::super::fragment::Bound;
use super::{Compiler, Parameters};
use crate::filter::{At, Literal, MOST_VALUES, Operand, refused};

impl<'a> Compiler<'a> {
    /// A value as the database has it.
    pub(super) fn bound(&mut self, kind: Kind, operand: &Operand) -> Result<Bound> {
        let wrong = |why: String| refused(self.text, operand.at, why);
        match kind {
            Kind::Int | Kind::Metric => match self.literal(operand)? {
                Literal::Int(number) => Ok(Bound::Int(number)),
                Literal::Real(number) => Ok(Bound::Real(number)),
                _ => Err(refused(self.text, operand.at, "expected a number")),
            },
            Kind::Time => {
                let text = self.string(operand)?;
                let time = time(&text).ok_or_else(|| {
                    let what = "expected a time such as '2026-11-23T10:00:00Z', or a date";
                    refused(self.text, operand.at, format!("{what}, found `{}`", shown(&text)))
                })?;
                Ok(Bound::Int(time.micros()))
            }
            Kind::Word(words) => {
                let text = self.string(operand)?;
                match words.iter().find(|word| word.eq_ignore_ascii_case(&text)) {
                    Some(word) => Ok(Bound::Text((*word).to_owned())),
                    None => Err(refused(
                        self.text,
                        operand.at,
                        format!("expected one of {}, found `{}`", words.join(", "), shown(&text)),
                    )),
                }
            }
            Kind::Digest => {
                let text = self.string(operand)?;
                let digest: Digest =
                    text.parse().map_err(|error: Error| refused(self.text, operand.at, error))?;
                Ok(Bound::Blob(digest.hash().to_vec()))
            }
            Kind::Alias => Ok(Bound::Text(self.string(operand)?.nfc().collect())),
            Kind::Param => Err(wrong("a parameter is not stored alone".into())),
            Kind::Text | Kind::Name | Kind::FullName | Kind::Tag | Kind::Feature => {
                self.string(operand).map(Bound::Text)
            }
        }
    }

    pub(super) fn string(&mut self, operand: &Operand) -> Result<String> {
        match self.literal(operand)? {
            Literal::Text(text) => Ok(text),
            _ => Err(refused(self.text, operand.at, "expected text, which stands in quotes")),
        }
    }

    /// A value as it is written, or as its parameter is bound.
    pub(super) fn literal(&mut self, operand: &Operand) -> Result<Literal> {
        let Literal::Parameter(name) = &operand.value else { return Ok(operand.value.clone()) };
        let value = self.parameter(name, operand.at)?;
        self.scalar_of(name, value, operand.at)
    }

    /// The values of a list; a parameter in it may hold a list itself.
    pub(super) fn literals(&mut self, operands: &[Operand]) -> Result<Vec<Operand>> {
        let mut values = Vec::new();
        for operand in operands {
            let at = operand.at;
            match &operand.value {
                Literal::Parameter(name) => match self.parameter(name, at)? {
                    Json::Array(items) => {
                        for item in items {
                            let value = self.scalar_of(name, item, at)?;
                            values.push(Operand { at, value });
                        }
                    }
                    value => {
                        let value = self.scalar_of(name, value, at)?;
                        values.push(Operand { at, value });
                    }
                },
                _ => values.push(operand.clone()),
            }
            if self.values + values.len() > MOST_VALUES {
                let why = format!("all lists together hold at most {MOST_VALUES} values");
                return Err(refused(self.text, at, why));
            }
        }
        self.values += values.len();
        match values.first() {
            Some(_) => Ok(values),
            None => Err(refused(
                self.text,
                operands.first().map_or(At(0), |o| o.at),
                "the list is empty; nothing is in it",
            )),
        }
    }

    fn parameter(&mut self, name: &str, at: At) -> Result<&'a Json> {
        self.used.insert(name.to_owned());
        let parameters: &'a Parameters = self.parameters;
        parameters.get(name).ok_or_else(|| {
            let why = format!("the parameter `{}` is not bound; give it a value", shown(name));
            refused(self.text, at, why)
        })
    }

    fn scalar_of(&self, name: &str, value: &Json, at: At) -> Result<Literal> {
        let wrong = |why: &str| {
            Err(refused(self.text, at, format!("the parameter `{}` {why}", shown(name))))
        };
        match value {
            Json::String(text) if text.contains('\0') => {
                wrong("holds U+0000, which is nowhere in the registry")
            }
            Json::String(text) if text.len() > MAX_TEXT => {
                wrong("is longer than any text in the registry")
            }
            Json::String(text) => Ok(Literal::Text(text.clone())),
            Json::Bool(value) => Ok(Literal::Bool(*value)),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(number), _) => Ok(Literal::Int(number)),
                (None, Some(number)) => Ok(Literal::Real(number)),
                _ => wrong("is beyond the numbers that can be compared"),
            },
            Json::Null => wrong("is null; ask with IS NULL"),
            Json::Array(_) => wrong("is a list, which only IN takes"),
            Json::Object(_) => wrong("is an object; expected text, a number, a boolean or a list"),
        }
    }
}

/// RFC 3339, or a date, whose first moment in UTC is meant.
fn time(text: &str) -> Option<Timestamp> {
    let date = || {
        Some(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_time(NaiveTime::MIN).and_utc())
    };
    text.parse().ok().or_else(|| date().map(Timestamp::from))
}
