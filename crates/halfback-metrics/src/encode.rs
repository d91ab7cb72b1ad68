//! Labels become codes: small numbers that index tables, in the order of the sorted classes.

use std::collections::HashMap;

use crate::column::{Label, Labels};
use crate::error::{Error, Result};
use crate::threads::fill;

/// Columns of one set of classes, as codes.
#[derive(Debug)]
pub(crate) struct Encoded {
    /// The classes, sorted.
    pub(crate) classes: Vec<Label>,
    /// For each column, the index of each row's class.
    pub(crate) codes: Vec<Vec<u32>>,
}

/// The classes of columns together, in ascending order; each column has its name in errors.
///
/// ```
/// use halfback_metrics::{Label, Labels, classes};
///
/// let found = classes(&[("y_true", Labels::Text(&["yes", "no", "yes"]))])?;
/// assert_eq!(found, [Label::Text("no".into()), Label::Text("yes".into())]);
/// # Ok::<(), halfback_metrics::Error>(())
/// ```
pub fn classes(columns: &[(&'static str, Labels<'_>)]) -> Result<Vec<Label>> {
    Ok(encode(columns)?.classes)
}

/// Encodes columns together. `names` are the columns' names in errors.
pub(crate) fn encode(columns: &[(&'static str, Labels<'_>)]) -> Result<Encoded> {
    let texts = columns.iter().filter(|(_, column)| matches!(column, Labels::Text(_))).count();
    if texts == columns.len() {
        return Ok(encode_texts(columns));
    }
    check_types(columns)?;
    let whole: Vec<Vec<i64>> = columns.iter().map(|(_, column)| whole(*column)).collect();
    let (mut classes, codes) = number(&whole);
    let order = sort(&mut classes);
    let kind = kind(columns.iter().map(|(_, column)| *column));
    let classes = classes.into_iter().map(|class| label(kind, class)).collect();
    Ok(Encoded { classes, codes: renumber(codes, &order) })
}

/// Refuses texts beside numbers, and floats that are no classes.
pub(crate) fn check_types(columns: &[(&'static str, Labels<'_>)]) -> Result<()> {
    let first = columns.first().is_some_and(|(_, column)| matches!(column, Labels::Text(_)));
    for (argument, column) in columns {
        if matches!(column, Labels::Text(_)) != first {
            return Err(Error::MixedLabels { argument });
        }
        if let Labels::Float(rows) = column {
            check_whole(argument, rows)?;
        }
    }
    Ok(())
}

fn check_whole(argument: &'static str, rows: &[f64]) -> Result<()> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if rows.iter().all(|&value| value.abs() <= EXACT && (value as i64) as f64 == value) {
        return Ok(());
    }
    crate::column::finite(argument, rows)?;
    let odd = rows.iter().find(|&&value| value.abs() > EXACT || value.fract() != 0.0);
    Err(Error::Continuous { argument, found: odd.copied().unwrap_or_default() })
}

/// What the classes of columns are shown as: floats where one column is of floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Bool,
    Int,
    Float,
}

pub(crate) fn kind<'a>(columns: impl Iterator<Item = Labels<'a>>) -> Kind {
    let kind = |column| match column {
        Labels::Bool(_) => Kind::Bool,
        Labels::Float(_) => Kind::Float,
        Labels::Int(_) | Labels::Text(_) => Kind::Int,
    };
    columns.map(kind).max().unwrap_or(Kind::Int)
}

pub(crate) fn label(kind: Kind, class: i64) -> Label {
    match kind {
        Kind::Bool => Label::Bool(class != 0),
        Kind::Int => Label::Int(class),
        Kind::Float => Label::Float(class as f64),
    }
}

fn whole(column: Labels<'_>) -> Vec<i64> {
    match column {
        Labels::Bool(rows) => rows.iter().map(|&value| value.into()).collect(),
        Labels::Int(rows) => rows.to_vec(),
        Labels::Float(rows) => rows.iter().map(|&value| value as i64).collect(),
        Labels::Text(_) => Vec::new(),
    }
}

/// Numbers values in the order in which they come.
fn number(columns: &[Vec<i64>]) -> (Vec<i64>, Vec<Vec<u32>>) {
    let mut seen: HashMap<i64, u32> = HashMap::new();
    let mut classes = Vec::new();
    let mut code = |&value: &i64| {
        *seen.entry(value).or_insert_with(|| {
            classes.push(value);
            classes.len() as u32 - 1
        })
    };
    let codes = columns.iter().map(|column| column.iter().map(&mut code).collect()).collect();
    (classes, codes)
}

/// Sorts classes, and gives for each old code the new one.
fn sort<V: Copy + Ord>(classes: &mut Vec<V>) -> Vec<u32> {
    let mut sorted: Vec<(V, usize)> =
        classes.iter().copied().enumerate().map(|(code, class)| (class, code)).collect();
    sorted.sort_unstable();
    let mut order = vec![0; classes.len()];
    for (new, &(_, old)) in sorted.iter().enumerate() {
        order[old] = new as u32;
    }
    *classes = sorted.into_iter().map(|(class, _)| class).collect();
    order
}

fn renumber(mut codes: Vec<Vec<u32>>, order: &[u32]) -> Vec<Vec<u32>> {
    for code in codes.iter_mut().flatten() {
        *code = order[*code as usize];
    }
    codes
}

/// Hashing every text is slow, and a hash that is quick can be attacked: a small cache by the
/// first bytes and the length stands before the standard map, and only costs time when it misses.
fn encode_texts(columns: &[(&'static str, Labels<'_>)]) -> Encoded {
    let mut texts = Texts::default();
    let mut codes = Vec::with_capacity(columns.len());
    for (_, column) in columns {
        if let Labels::Text(rows) = column {
            codes.push(rows.iter().map(|&text| texts.code(text)).collect());
        }
    }
    let mut classes = texts.classes;
    let order = sort(&mut classes);
    let classes = classes.into_iter().map(|class| Label::Text(class.to_owned())).collect();
    Encoded { classes, codes: renumber(codes, &order) }
}

/// Texts as they come, and their numbers.
struct Texts<'a> {
    seen: HashMap<&'a str, u32>,
    classes: Vec<&'a str>,
    cache: [(&'a str, u32); SLOTS],
}

const SLOTS: usize = 256;

impl Default for Texts<'_> {
    fn default() -> Self {
        Self { seen: HashMap::new(), classes: Vec::new(), cache: [("", u32::MAX); SLOTS] }
    }
}

impl<'a> Texts<'a> {
    fn code(&mut self, text: &'a str) -> u32 {
        let slot = slot(text.as_bytes()) % SLOTS;
        let (known, code) = self.cache[slot];
        if code != u32::MAX && known == text {
            return code;
        }
        let next = self.classes.len() as u32;
        let code = *self.seen.entry(text).or_insert(next);
        if code == next {
            self.classes.push(text);
        }
        self.cache[slot] = (text, code);
        code
    }
}

fn slot(text: &[u8]) -> usize {
    let mut head = [0u8; 8];
    let kept = text.len().min(8);
    head[..kept].copy_from_slice(&text[..kept]);
    let last = text.last().copied().unwrap_or_default();
    let mixed = (u64::from_le_bytes(head) ^ (u64::from(last) << 56) ^ text.len() as u64)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 48) as usize
}

/// Which rows are positive. Without `positive` the larger of the classes is, where they are from
/// {0, 1}, {-1, 1} or one of these, as scikit-learn's `_check_pos_label_consistency` has it.
pub(crate) fn positives(truth: Labels<'_>, positive: Option<&Label>) -> Result<Vec<bool>> {
    check_types(&[("y_true", truth)])?;
    let Some(positive) = positive else { return default_positives(truth) };
    Ok(match (truth, positive) {
        (Labels::Text(rows), Label::Text(text)) => rows.iter().map(|row| row == text).collect(),
        (Labels::Text(rows), _) => vec![false; rows.len()],
        (Labels::Int(rows), Label::Int(class)) => {
            let mut positive = vec![false; rows.len()];
            fill(&mut positive, |range, positive| {
                for (positive, row) in positive.iter_mut().zip(&rows[range]) {
                    *positive = row == class;
                }
            });
            positive
        }
        (rows, positive) => match positive.number() {
            Some(class) => numbers(rows).map(|row| row == class).collect(),
            None => vec![false; rows.len()],
        },
    })
}

fn default_positives(truth: Labels<'_>) -> Result<Vec<bool>> {
    let bad = |found: &str| Err(Error::NoPositive { argument: "y_true", label: found.to_owned() });
    match truth {
        Labels::Bool(rows) => Ok(rows.to_vec()),
        Labels::Text(rows) => bad(rows.first().copied().unwrap_or_default()),
        rows => {
            let (mut low, mut high, mut odd) = (false, false, None);
            for value in numbers(rows) {
                low |= value == -1.0;
                high |= value == 0.0;
                if value != -1.0 && value != 0.0 && value != 1.0 {
                    odd = Some(value);
                }
            }
            if odd.is_some() || (low && high) {
                return bad(&odd.unwrap_or(-1.0).to_string());
            }
            Ok(numbers(rows).map(|value| value == 1.0).collect())
        }
    }
}

/// A column of numbers in double precision; nothing for texts.
pub(crate) fn numbers<'a>(column: Labels<'a>) -> Box<dyn Iterator<Item = f64> + 'a> {
    match column {
        Labels::Bool(rows) => Box::new(rows.iter().map(|&row| f64::from(u8::from(row)))),
        Labels::Int(rows) => Box::new(rows.iter().map(|&row| row as f64)),
        Labels::Float(rows) => Box::new(rows.iter().copied()),
        Labels::Text(_) => Box::new(std::iter::empty()),
    }
}
/// Refuses labels that are not in ascending order, each once.
pub(crate) fn ascending(labels: &[Label]) -> Result<()> {
    let in_order = |pair: &[Label]| match (&pair[0], &pair[1]) {
        (Label::Text(left), Label::Text(right)) => left < right,
        (left, right) => match (left.number(), right.number()) {
            (Some(left), Some(right)) => left < right,
            _ => false,
        },
    };
    if labels.windows(2).all(in_order) {
        return Ok(());
    }
    Err(Error::Choice { argument: "labels", expected: "each label once, in ascending order" })
}
