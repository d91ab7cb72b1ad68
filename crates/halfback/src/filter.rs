//! The filter grammar: what a search may ask, as syntax. What the attributes mean is decided
//! where they are searched.
//!
//! ```text
//! filter     = and (OR and)*            and = not (AND not)*            not = NOT not | test | ( filter )
//! test       = attribute = value        also !=, <, <=, >, >=
//!            | attribute [NOT] LIKE value | attribute [NOT] ILIKE value     % any text, _ one character, \ takes the next as it is
//!            | attribute [NOT] IN (value, …) | attribute [NOT] IN :list
//!            | attribute IS [NOT] NULL
//!            | MATCH value                 words, all of them; a trailing * begins a word
//! attribute  = word | word.key             a key is quoted with ` or " where it must be
//!            | word.`key`.part
//! value      = 'text' | "text" | number | TRUE | FALSE | :parameter
//! ```

mod parse;
mod pattern;

use std::fmt;

use halfback_store::error::{Detail, Error, Result};
use halfback_store::name::shown;

pub(crate) use pattern::{Pattern, Start, after_prefix};

/// Bytes in a filter or an order.
const MOST_BYTES: usize = 16 << 10;
/// Parentheses and `NOT`s inside one another.
const MOST_DEPTH: usize = 64;
/// Values of all `IN` lists of a filter together, bound ones included.
pub(crate) const MOST_VALUES: usize = 1000;
/// Tests in one filter.
const MOST_TESTS: usize = 250;

/// A filter as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    /// All of them; of none: everything.
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    Test(Attribute, Condition),
    Match(Operand),
}

/// What is said of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    Compare(Comparison, Operand),
    Like { negated: bool, fold: bool, pattern: Operand },
    In { negated: bool, values: Vec<Operand> },
    Null { negated: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// An attribute's name, the key of one that has keys, and what follows a quoted one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Attribute {
    pub(crate) at: At,
    pub(crate) name: String,
    pub(crate) key: Option<String>,
    pub(crate) part: Option<(At, String)>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Operand {
    pub(crate) at: At,
    pub(crate) value: Literal,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Text(String),
    Int(i64),
    Real(f64),
    Bool(bool),
    Parameter(String),
}

/// Where in the text something stands, in bytes. Two filters that say the same are equal
/// wherever they say it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At(pub(crate) usize);

impl PartialEq for At {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Filter {
    /// Reads a filter; blank text is the filter that everything passes.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        parse::filter(text)
    }

    /// The names of all attributes in it; `MATCH` for free text.
    pub(crate) fn attributes(&self) -> Vec<&str> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::attributes).collect(),
            Self::Not(part) => part.attributes(),
            Self::Test(attribute, _) => vec![attribute.name.as_str()],
            Self::Match(_) => vec!["MATCH"],
        }
    }
}

/// Reads `attribute [ASC|DESC]`; gives whether it is descending.
pub(crate) fn parse_order(text: &str) -> Result<(Attribute, bool)> {
    parse::order(text)
}

/// The error at a place of a filter: its column, what is wrong, and the text around it.
pub(crate) fn refused(text: &str, at: At, why: impl fmt::Display) -> Error {
    const AROUND: usize = 40;
    let (before, after) = text.split_at_checked(at.0).unwrap_or((text, ""));
    let column = before.chars().count() + 1;
    let lead: String = before.chars().skip(column.saturating_sub(AROUND + 1)).collect();
    let follow: String = after.chars().take(AROUND).collect();
    let (lead, follow) = (shown(&lead), shown(&follow));
    let caret = " ".repeat(lead.chars().count());
    Detail::InvalidFilter(format!("column {column}: {why}\n  {lead}{follow}\n  {caret}^")).into()
}

impl Comparison {
    pub(crate) const ALL: [Self; 6] = [
        Self::Equal,
        Self::NotEqual,
        Self::LessOrEqual,
        Self::Less,
        Self::GreaterOrEqual,
        Self::Greater,
    ];

    /// The operator as it is written, also in SQL.
    pub(crate) const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Whether two things that compare as `ordering` pass.
    pub(crate) fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, parts: &[Self], word: &str| {
            for (place, part) in parts.iter().enumerate() {
                let separator = if place == 0 { "" } else { word };
                match part {
                    Self::And(_) | Self::Or(_) => write!(f, "{separator}({part})")?,
                    _ => write!(f, "{separator}{part}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::And(parts) => joined(f, parts, " AND "),
            Self::Or(parts) => joined(f, parts, " OR "),
            Self::Not(part) => match **part {
                Self::And(_) | Self::Or(_) => write!(f, "NOT ({part})"),
                _ => write!(f, "NOT {part}"),
            },
            Self::Test(attribute, condition) => write!(f, "{attribute} {condition}"),
            Self::Match(words) => write!(f, "MATCH {words}"),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not = |negated: &bool| if *negated { "NOT " } else { "" };
        match self {
            Self::Compare(comparison, value) => write!(f, "{} {value}", comparison.sign()),
            Self::Like { negated, fold, pattern } => {
                let word = if *fold { "ILIKE" } else { "LIKE" };
                write!(f, "{}{word} {pattern}", not(negated))
            }
            Self::In { negated, values } => {
                write!(f, "{}IN (", not(negated))?;
                for (place, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if place == 0 { "" } else { ", " })?;
                }
                f.write_str(")")
            }
            Self::Null { negated } => write!(f, "IS {}NULL", not(negated)),
        }
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        let Some(key) = &self.key else { return Ok(()) };
        let is_plain = !key.is_empty() && key.chars().all(parse::in_key);
        match &self.part {
            None if is_plain => write!(f, ".{key}"),
            None => write!(f, ".`{}`", key.replace('`', "``")),
            Some((_, part)) => write!(f, ".`{}`.{part}", key.replace('`', "``")),
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Literal::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Literal::Int(number) => write!(f, "{number}"),
            Literal::Real(number) => write!(f, "{number:?}"),
            Literal::Bool(value) => f.write_str(if *value { "TRUE" } else { "FALSE" }),
            Literal::Parameter(name) => write!(f, ":{name}"),
        }
    }
}

#[cfg(test)]
mod tests;
