//! Statements put together from parts: values are always parameters.

use std::fmt::Write as _;

use halfback_store::id::CommitNumber;
use halfback_store::sql::Value;
use serde::{Deserialize, Serialize};

/// A parameter, or a column that is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Bound {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

impl From<Value<'_>> for Bound {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Int(value) => Self::Int(value),
            Value::Real(value) => Self::Real(value),
            Value::Text(value) => Self::Text(value.to_owned()),
            Value::Blob(value) => Self::Blob(value.to_vec()),
        }
    }
}

impl<'a> From<&'a Bound> for Value<'a> {
    fn from(bound: &'a Bound) -> Self {
        match bound {
            Bound::Null => Self::Null,
            Bound::Int(value) => Self::Int(*value),
            Bound::Real(value) => Self::Real(*value),
            Bound::Text(value) => Self::Text(value),
            Bound::Blob(value) => Self::Blob(value),
        }
    }
}

/// A part of a statement, in which `@` is the moment and each `$` the next of its parameters.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Fragment {
    sql: String,
    params: Vec<Bound>,
}

impl From<&str> for Fragment {
    fn from(sql: &str) -> Self {
        Self { sql: sql.to_owned(), params: Vec::new() }
    }
}

impl Fragment {
    pub(super) fn new(sql: &str, params: Vec<Bound>) -> Self {
        Self { sql: sql.to_owned(), params }
    }

    /// This part, then another.
    pub(super) fn then(mut self, other: impl Into<Self>) -> Self {
        let other = other.into();
        self.sql += &other.sql;
        self.params.extend(other.params);
        self
    }

    /// This part between two texts.
    pub(super) fn within(self, before: &str, after: &str) -> Self {
        Self { sql: format!("{before}{}{after}", self.sql), params: self.params }
    }

    /// Parts with a text between them.
    pub(super) fn joined(parts: impl IntoIterator<Item = Self>, between: &str) -> Self {
        let mut parts = parts.into_iter();
        let first = parts.next().unwrap_or_default();
        parts.fold(first, |all, part| all.then(between).then(part))
    }

    /// Any of the parts. A chain of `OR` is as deep as it is long, and engines bound the depth.
    pub(super) fn any(mut parts: Vec<Self>) -> Self {
        const CHAIN: usize = 64;
        while parts.len() > CHAIN {
            let chains = parts.chunks(CHAIN).map(<[Self]>::to_vec);
            parts = chains.map(|chain| Self::joined(chain, " OR ").within("(", ")")).collect();
        }
        Self::joined(parts, " OR ").within("(", ")")
    }

    /// This part with a name in it standing for an expression.
    pub(super) fn naming(self, name: &str, expression: &str) -> Self {
        Self { sql: self.sql.replace(name, expression), ..self }
    }

    /// This part about now, whatever moment the statement is about.
    pub(super) fn about_now(self) -> Self {
        self.naming("@", &CommitNumber::NOW.to_string())
    }

    /// The statement as engines take it, `?1` being the moment, and its parameters.
    pub(super) fn statement(&self, moment: CommitNumber) -> (String, Vec<Value<'_>>) {
        let mut sql = String::with_capacity(self.sql.len() + 64);
        let mut number = 1;
        for c in self.sql.chars() {
            match c {
                '@' => sql += "?1",
                '$' => {
                    number += 1;
                    let _ = write!(sql, "?{number}");
                }
                c => sql.push(c),
            }
        }
        let params = std::iter::once(Value::from(moment));
        (sql, params.chain(self.params.iter().map(Value::from)).collect())
    }
}
