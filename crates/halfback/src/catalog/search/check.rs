//! What the engines cannot say alike, decided here on the columns of a candidate row.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use halfback_store::artifact::Digest;
use halfback_store::error::{Detail, Result};
use halfback_store::name::{CatalogName, ModelName};
use halfback_store::sql::{Row, Value};

use crate::catalog::version::Param;
use crate::filter::{Comparison, Literal, Pattern};

/// A test of a row; columns are counted from the first that was asked for.
#[derive(Debug)]
pub(super) enum Check {
    And(Vec<Check>),
    Or(Vec<Check>),
    Not(Box<Check>),
    /// The engine has decided: 1 or 0.
    Decided(usize),
    /// The text, or digest, in a column.
    Like {
        column: usize,
        pattern: Pattern,
        negated: bool,
    },
    /// Any of the texts in a column, each with its length in characters and `:` before it.
    AnyLike {
        column: usize,
        pattern: Pattern,
        negated: bool,
    },
    /// The full name whose parts are in three columns from here.
    NameLike {
        column: usize,
        pattern: Pattern,
        negated: bool,
    },
    /// The parameter of that name.
    Param {
        column: usize,
        name: String,
        test: ParamTest,
    },
}

/// A test of a parameter; one that is absent passes only [`ParamTest::Null`].
#[derive(Debug)]
pub(super) enum ParamTest {
    Compare(Comparison, Literal),
    In { negated: bool, values: Vec<Literal> },
    Like { negated: bool, pattern: Pattern },
    Null { negated: bool },
}

impl Check {
    /// Whether the row passes; `first` is the place of column 0.
    pub(super) fn passes(&self, row: &dyn Row, first: usize) -> Result<bool> {
        match self {
            Self::And(parts) => {
                for part in parts {
                    if !part.passes(row, first)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Or(parts) => {
                for part in parts {
                    if part.passes(row, first)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(part) => Ok(!part.passes(row, first)?),
            Self::Decided(column) => Ok(row.int(first + column)? == 1),
            Self::Like { column, pattern, negated } => match row.value(first + column)? {
                Value::Text(text) => Ok(pattern.matches(text) != *negated),
                Value::Blob(hash) => {
                    let hash = hash.try_into().map_err(|_| damaged())?;
                    Ok(pattern.matches(&Digest::new(hash).to_string()) != *negated)
                }
                _ => Ok(false),
            },
            Self::AnyLike { column, pattern, negated } => {
                let mut rest = row.opt_text(first + column)?.unwrap_or_default();
                while let Some((text, after)) = first_of(rest) {
                    if pattern.matches(text) != *negated {
                        return Ok(true);
                    }
                    rest = after;
                }
                Ok(false)
            }
            Self::NameLike { column, pattern, negated } => {
                let part = |offset| row.text(first + column + offset);
                let name = full_name(part(0)?, part(1)?, part(2)?)?;
                Ok(pattern.matches(&name.to_string()) != *negated)
            }
            Self::Param { column, name, test } => {
                let params: BTreeMap<String, Param> =
                    serde_json::from_str(row.text(first + column)?).map_err(|_| damaged())?;
                Ok(test.passes(params.get(name)))
            }
        }
    }
}

/// The first of the texts in a column, and what follows it.
fn first_of(texts: &str) -> Option<(&str, &str)> {
    let (length, rest) = texts.split_once(':')?;
    let mut ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    rest.split_at_checked(ends.nth(length.parse().ok()?)?)
}

fn full_name(catalog: &str, schema: &str, model: &str) -> Result<ModelName> {
    format!("`{catalog}`").parse::<CatalogName>()?.schema(schema)?.model(model)
}

fn damaged() -> Detail {
    Detail::Corrupt("a version's row is damaged; run `check`".into())
}

impl ParamTest {
    fn passes(&self, param: Option<&Param>) -> bool {
        match (self, param) {
            (Self::Null { negated }, _) => param.is_some() == *negated,
            (_, None) => false,
            (Self::Compare(comparison, literal), Some(param)) => match compare(param, literal) {
                Some(ordering) => comparison.holds(ordering),
                None => *comparison == Comparison::NotEqual,
            },
            (Self::In { negated, values }, Some(param)) => {
                values.iter().any(|value| compare(param, value) == Some(Ordering::Equal))
                    != *negated
            }
            (Self::Like { negated, pattern }, Some(param)) => {
                pattern.matches(&text(param)) != *negated
            }
        }
    }
}

/// How a parameter compares with a literal; text compares with how a number or boolean is
/// written, as in MLflow, whose parameters are all text.
#[expect(clippy::cast_precision_loss, reason = "parameters are within ±2^53, where it is exact")]
fn compare(param: &Param, literal: &Literal) -> Option<Ordering> {
    match (param, literal) {
        (Param::Int(param), Literal::Int(literal)) => Some(param.cmp(literal)),
        (Param::Int(param), Literal::Real(literal)) => (*param as f64).partial_cmp(literal),
        (Param::Float(param), Literal::Int(literal)) => param.partial_cmp(&(*literal as f64)),
        (Param::Float(param), Literal::Real(literal)) => param.partial_cmp(literal),
        (Param::Bool(param), Literal::Bool(literal)) => Some(param.cmp(literal)),
        (param, Literal::Text(literal)) => Some(text(param).as_str().cmp(literal)),
        _ => None,
    }
}

/// A parameter as it is written.
fn text(param: &Param) -> String {
    match param {
        Param::Bool(value) => value.to_string(),
        Param::Int(value) => value.to_string(),
        Param::Float(value) => serde_json::json!(value).to_string(),
        Param::Text(value) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(param: &Param, comparison: Comparison, literal: Literal, expected: bool) {
        assert_eq!(ParamTest::Compare(comparison, literal).passes(Some(param)), expected);
    }

    #[test]
    fn texts_are_told_apart_by_their_lengths() {
        let mut rest = "3:a:b0:4:höhe1:🦀";
        let mut found = Vec::new();
        while let Some((text, after)) = first_of(rest) {
            found.push(text);
            rest = after;
        }
        assert_eq!(found, ["a:b", "", "höhe", "🦀"]);
        assert_eq!(first_of("2:x"), None);
    }

    #[test]
    fn parameters_compare_by_what_they_are() {
        use Comparison::{Equal, Greater, Less, NotEqual};
        check(&Param::Int(10), Greater, Literal::Int(9), true);
        check(&Param::Int(10), Less, Literal::Real(10.5), true);
        check(&Param::Float(0.5), Equal, Literal::Real(0.5), true);
        check(&Param::Float(2.0), Equal, Literal::Int(2), true);
        check(&Param::Int(10), Equal, Literal::Text("10".into()), true);
        check(&Param::Bool(true), Equal, Literal::Bool(true), true);
        check(&Param::Bool(true), Equal, Literal::Text("true".into()), true);
        check(&Param::Text("adam".into()), Equal, Literal::Int(1), false);
        check(&Param::Text("adam".into()), NotEqual, Literal::Int(1), true);
        check(&Param::Text("b".into()), Greater, Literal::Text("a".into()), true);
        assert!(!ParamTest::Compare(NotEqual, Literal::Int(1)).passes(None));
        assert!(ParamTest::Null { negated: false }.passes(None));
    }
}
