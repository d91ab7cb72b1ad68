//! Rows that predictions were made for: columns that the caller lends, their digest, and the slices
//! that columns of labels make of them.

use std::collections::BTreeMap;

use halfback_metrics::{Error, Labels};
use halfback_store::artifact::Digest;
use halfback_store::error::{Detail, Result};
use halfback_store::merkle::sha256;
use sha2::{Digest as _, Sha256};

use super::measure::refused;
use super::name;
use super::record::{EXACT, Slice};
use super::scores::Scores;

/// Columns to slice by.
const MOST_SLICES: usize = 32;
/// Values of a column to slice by.
const MOST_VALUES: usize = 200;

/// A column that the caller lends.
#[derive(Debug, Clone, Copy)]
pub enum Column<'a> {
    /// True and false.
    Bool(&'a [bool]),
    /// Whole numbers.
    Int(&'a [i64]),
    /// Numbers in double precision.
    Float(&'a [f64]),
    /// Numbers in single precision.
    Float32(&'a [f32]),
    /// Texts.
    Text(&'a [&'a str]),
    /// Texts that are owned one by one.
    Strings(&'a [String]),
}

impl Default for Column<'_> {
    fn default() -> Self {
        Self::Int(&[])
    }
}

/// Slices and vectors as what a column of them is.
macro_rules! lend {
    ($lent:ident) => {
        lend!($lent, bool => Bool, i64 => Int, f64 => Float, f32 => Float32, &'a str => Text, String => Strings);
    };
    ($lent:ident, $($of:ty => $variant:ident),+) => {
        $(impl<'a> From<&'a [$of]> for $lent<'a> {
            fn from(values: &'a [$of]) -> Self {
                Column::$variant(values).into()
            }
        }

        impl<'a> From<&'a Vec<$of>> for $lent<'a> {
            fn from(values: &'a Vec<$of>) -> Self {
                Column::$variant(values).into()
            }
        })+
    };
}
pub(super) use lend;

lend!(Column);

/// Predictions on rows, and what is true.
#[derive(Debug, Clone, Default)]
pub struct Sample<'a> {
    /// What is true of each row: a class or a number.
    pub y_true: Column<'a>,
    /// What was predicted: a class or a number.
    pub y_pred: Option<Column<'a>>,
    /// The scores of two classes, larger for rows that are likelier positive; or a table of
    /// probabilities with a column for each class in ascending order.
    pub y_score: Option<Scores<'a>>,
    /// How much each row counts.
    pub weights: Option<&'a [f64]>,
    /// The cluster of each row, such as its customer or day: rows of one are not independent, and
    /// intervals come by resamples of whole clusters. Whole numbers, texts or booleans.
    pub clusters: Option<Column<'a>>,
    /// The stratum of each row, such as its site: resamples keep the weight of each.
    pub strata: Option<Column<'a>>,
    /// Columns whose values make slices, by name.
    pub slices: Vec<(&'a str, Column<'a>)>,
}

impl<'a> Sample<'a> {
    /// Rows of which this is true.
    pub fn new(y_true: impl Into<Column<'a>>) -> Self {
        Self { y_true: y_true.into(), ..Self::default() }
    }

    /// With what was predicted.
    #[must_use]
    pub fn predictions(self, y_pred: impl Into<Column<'a>>) -> Self {
        Self { y_pred: Some(y_pred.into()), ..self }
    }

    /// With scores, or a table of probabilities: [`Scores::table`].
    #[must_use]
    pub fn scores(self, y_score: impl Into<Scores<'a>>) -> Self {
        Self { y_score: Some(y_score.into()), ..self }
    }

    /// With how much each row counts.
    #[must_use]
    pub fn weights(self, weights: &'a [f64]) -> Self {
        Self { weights: Some(weights), ..self }
    }

    /// With the cluster of each row.
    #[must_use]
    pub fn clusters(self, clusters: impl Into<Column<'a>>) -> Self {
        Self { clusters: Some(clusters.into()), ..self }
    }

    /// With the stratum of each row.
    #[must_use]
    pub fn strata(self, strata: impl Into<Column<'a>>) -> Self {
        Self { strata: Some(strata.into()), ..self }
    }

    /// With a column whose values make slices.
    #[must_use]
    pub fn slice(mut self, name: &'a str, column: impl Into<Column<'a>>) -> Self {
        self.slices.push((name, column.into()));
        self
    }

    /// The SHA-256 of the columns in their order.
    pub(super) fn digest(&self) -> Digest {
        let mut digest = ColumnDigest::default();
        digest.column("y_true", Some(self.y_true));
        digest.column("y_pred", self.y_pred);
        digest.column("y_score", self.y_score.map(|scores| scores.values));
        digest.column("weights", self.weights.map(Column::Float));
        for &(name, column) in &self.slices {
            digest.column(name, Some(column));
        }
        digest.drawn(&[("clusters", self.clusters), ("strata", self.strata)]);
        digest.finish()
    }
}

impl Column<'_> {
    /// How many values there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Bool(values) => values.len(),
            Self::Int(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Float32(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::Strings(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Refuses NaN and infinities.
    pub(super) fn check_finite(&self, argument: &'static str) -> Result<()> {
        let row = match self {
            Self::Float(values) => values.iter().position(|value| !value.is_finite()),
            Self::Float32(values) => values.iter().position(|value| !value.is_finite()),
            _ => None,
        };
        row.map_or(Ok(()), |row| Err(refused(Error::NotFinite { argument, row })))
    }

    /// Whether a number in it has a fraction.
    pub(super) fn has_fractions(&self) -> bool {
        match self {
            Self::Float(values) => values.iter().any(|value| value.fract() != 0.0),
            Self::Float32(values) => values.iter().any(|value| value.fract() != 0.0),
            _ => false,
        }
    }
}

/// A column as it is, or made into another kind.
#[derive(Debug)]
pub(super) enum Held<'a> {
    Lent(Column<'a>),
    Wide(Vec<f64>),
    Single(Vec<f32>),
    Texts(Vec<&'a str>),
}

impl<'a> Held<'a> {
    /// The column as labels, which are in double precision where they were in single.
    pub(super) fn of(column: Column<'a>) -> Self {
        match column {
            Column::Float32(values) => {
                Self::Wide(values.iter().map(|&value| value.into()).collect())
            }
            Column::Strings(values) => Self::Texts(values.iter().map(String::as_str).collect()),
            column => Self::Lent(column),
        }
    }

    /// The column as numbers, in the precision that they have.
    pub(super) fn numeric(column: Column<'a>, argument: &str) -> Result<Self> {
        match column {
            Column::Int(values) => Ok(Self::Wide(doubles(values, argument)?)),
            Column::Bool(values) => {
                Ok(Self::Wide(values.iter().map(|&value| f64::from(u8::from(value))).collect()))
            }
            Column::Text(_) | Column::Strings(_) => {
                Err(Detail::InvalidArgument(format!("`{argument}` holds texts, expected numbers"))
                    .into())
            }
            column => Ok(Self::Lent(column)),
        }
    }

    /// Numbers in double precision, or in that of the column that they were taken from.
    pub(super) fn taken_from(column: Column<'_>, values: Vec<f64>) -> Self {
        match column {
            #[expect(clippy::cast_possible_truncation, reason = "they were single before")]
            Column::Float32(_) => Self::Single(values.iter().map(|&value| value as f32).collect()),
            _ => Self::Wide(values),
        }
    }

    /// The numbers as a column.
    pub(super) fn column(&self) -> Column<'_> {
        match self {
            Self::Lent(column) => *column,
            Self::Wide(values) => Column::Float(values),
            Self::Single(values) => Column::Float32(values),
            Self::Texts(values) => Column::Text(values),
        }
    }

    pub(super) fn labels(&self) -> Labels<'_> {
        match self {
            Self::Wide(values) => Labels::Float(values),
            Self::Lent(Column::Bool(values)) => Labels::Bool(values),
            Self::Lent(Column::Int(values)) => Labels::Int(values),
            Self::Lent(Column::Float(values)) => Labels::Float(values),
            Self::Texts(values) => Labels::Text(values),
            // These were made wide or borrowed, or are scores.
            Self::Lent(Column::Float32(_) | Column::Strings(_)) | Self::Single(_) => {
                Labels::Int(&[])
            }
            Self::Lent(Column::Text(values)) => Labels::Text(values),
        }
    }

    pub(super) fn scores(&self) -> halfback_metrics::Scores<'_> {
        use halfback_metrics::Scores;
        match self {
            Self::Wide(values) => Scores::F64(values),
            Self::Lent(Column::Float(values)) => Scores::F64(values),
            Self::Single(values) => Scores::F32(values),
            Self::Lent(Column::Float32(values)) => Scores::F32(values),
            Self::Lent(_) | Self::Texts(_) => Scores::F64(&[]),
        }
    }
}

/// Whole numbers that doubles hold.
#[expect(clippy::cast_precision_loss, reason = "none is beyond 2^53")]
fn doubles(values: &[i64], argument: &str) -> Result<Vec<f64>> {
    if let Some(large) = values.iter().find(|value| value.unsigned_abs() > EXACT.unsigned_abs()) {
        return Err(Detail::InvalidArgument(format!(
            "`{argument}` has the whole number `{large}`, which a double would round; subtract a \
             common base"
        ))
        .into());
    }
    Ok(values.iter().map(|&value| value as f64).collect())
}

/// The digest of columns: of each its name, what kind it is of, how many values it has, and these.
/// Lengths and numbers are eight bytes, big-endian, also those of single precision, which are a kind of
/// their own; a column that is not there has the kind 0.
#[derive(Debug, Default)]
pub(super) struct ColumnDigest(Sha256);

impl ColumnDigest {
    pub(super) fn column(&mut self, name: &str, column: Option<Column<'_>>) {
        let Self(hash) = self;
        bytes(hash, name.as_bytes());
        let Some(column) = column else {
            hash.update([0]);
            return;
        };
        let kind = match column {
            Column::Bool(_) => 1,
            Column::Int(_) => 2,
            Column::Float(_) => 3,
            Column::Text(_) | Column::Strings(_) => 4,
            Column::Float32(_) => 5,
        };
        hash.update([kind]);
        hash.update((column.len() as u64).to_be_bytes());
        // Adding zero makes the two zeros one.
        match column {
            Column::Bool(values) => numbers(hash, values.iter().map(|&value| u64::from(value))),
            Column::Int(values) => numbers(hash, values.iter().map(|&value| value.cast_unsigned())),
            Column::Float(values) => {
                numbers(hash, values.iter().map(|&value| (value + 0.0).to_bits()));
            }
            Column::Float32(values) => {
                numbers(hash, values.iter().map(|&value| (f64::from(value) + 0.0).to_bits()));
            }
            Column::Text(values) => {
                for value in values {
                    bytes(hash, value.as_bytes());
                }
            }
            Column::Strings(values) => {
                for value in values {
                    bytes(hash, value.as_bytes());
                }
            }
        }
    }

    /// Columns by which rows are drawn; nothing where there are none. A text without a letter, which
    /// is no slice's name, tells them from slices.
    pub(super) fn drawn(&mut self, columns: &[(&str, Option<Column<'_>>)]) {
        if columns.iter().all(|(_, column)| column.is_none()) {
            return;
        }
        bytes(&mut self.0, b"");
        for &(name, column) in columns {
            self.column(name, column);
        }
    }

    pub(super) fn finish(self) -> Digest {
        Digest::new(self.0.finalize().into())
    }
}

fn bytes(hash: &mut Sha256, content: &[u8]) {
    hash.update((content.len() as u64).to_be_bytes());
    hash.update(content);
}

/// In blocks: hashing eight bytes at a time costs more than the hash.
fn numbers(hash: &mut Sha256, values: impl Iterator<Item = u64>) {
    const BLOCK: usize = 8192;
    let mut block = Vec::with_capacity(BLOCK);
    for value in values {
        block.extend_from_slice(&value.to_be_bytes());
        if block.len() >= BLOCK {
            hash.update(&block);
            block.clear();
        }
    }
    hash.update(&block);
}

/// A key for the cluster of each row: a whole number itself, of a text the first eight bytes of its
/// SHA-256, big-endian.
pub(super) fn keys(argument: &str, column: Column<'_>) -> Result<Vec<u64>> {
    fn of(text: &str) -> u64 {
        let hash = sha256(text.as_bytes());
        hash.iter().take(8).fold(0, |key, &byte| key << 8 | u64::from(byte))
    }
    match column {
        Column::Bool(values) => Ok(values.iter().map(|&value| value.into()).collect()),
        Column::Int(values) => Ok(values.iter().map(|&value| value.cast_unsigned()).collect()),
        Column::Text(values) => Ok(values.iter().map(|value| of(value)).collect()),
        Column::Strings(values) => Ok(values.iter().map(|value| of(value)).collect()),
        Column::Float(_) | Column::Float32(_) => Err(floating(argument)),
    }
}

fn floating(argument: &str) -> halfback_store::error::Error {
    Detail::InvalidArgument(format!(
        "`{argument}` holds floating-point numbers, expected whole numbers, texts or booleans; \
         convert whole ones, and cut others into bins"
    ))
    .into()
}

/// A number for the stratum of each row.
pub(super) fn strata(column: Column<'_>) -> Result<Vec<u32>> {
    let mut numbers: BTreeMap<u64, u32> = BTreeMap::new();
    let mut number = |key| {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        *numbers.entry(key).or_insert(next)
    };
    Ok(keys("strata", column)?.into_iter().map(&mut number).collect())
}

/// The rows of each slice, by column in the order given and by value in theirs.
pub(super) fn slices(
    columns: &[(&str, Column<'_>)],
    rows: usize,
) -> Result<Vec<(Slice, Vec<u32>)>> {
    let wrong = |why: String| Err(Detail::InvalidArgument(why).into());
    if columns.len() > MOST_SLICES {
        return wrong(format!(
            "`slices` has {} columns, expected at most {MOST_SLICES}",
            columns.len()
        ));
    }
    let mut found: Vec<(Slice, Vec<u32>)> = Vec::new();
    for (at, &(column, values)) in columns.iter().enumerate() {
        name(column, "the column of a slice")?;
        if columns.iter().take(at).any(|(before, _)| *before == column) {
            return wrong(format!("`slices` has the column `{column}` twice"));
        }
        if values.len() != rows {
            return wrong(format!("`slices.{column}` has {} rows, expected {rows}", values.len()));
        }
        for (value, chosen) in groups(column, values)? {
            found.push((Slice { column: column.to_owned(), value }, chosen));
        }
    }
    Ok(found)
}

/// The rows of each value, by value.
fn groups(column: &str, values: Column<'_>) -> Result<Vec<(String, Vec<u32>)>> {
    fn by<K: Ord>(
        keys: impl Iterator<Item = K>,
        shown: impl Fn(&K) -> String,
    ) -> Option<Vec<(String, Vec<u32>)>> {
        let mut groups: BTreeMap<K, Vec<u32>> = BTreeMap::new();
        for (key, row) in keys.zip(0u32..) {
            groups.entry(key).or_default().push(row);
            if groups.len() > MOST_VALUES {
                return None;
            }
        }
        Some(groups.into_iter().map(|(key, rows)| (shown(&key), rows)).collect())
    }
    let found = match values {
        Column::Bool(values) => by(values.iter().copied(), bool::to_string),
        Column::Int(values) => by(values.iter().copied(), i64::to_string),
        Column::Text(values) => by(values.iter().copied(), |value| (*value).to_owned()),
        Column::Strings(values) => by(values.iter(), |value| (*value).clone()),
        Column::Float(_) | Column::Float32(_) => {
            return Err(floating(&format!("slices.{column}")));
        }
    };
    found.ok_or_else(|| {
        Detail::InvalidArgument(format!(
            "`slices.{column}` has more than {MOST_VALUES} values; group them first"
        ))
        .into()
    })
}
