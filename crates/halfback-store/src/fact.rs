//! Fact tables: what every row of them has in common, and how a row is hashed.
//!
//! A fact row lives from the commit `since` up to, not including, the commit `until`; its only
//! change is being closed. The hash of a row is part of the log for good, see [`row_hash`].

use std::fmt::Write as _;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use crate::id::CommitNumber;
use crate::merkle::Hash;
use crate::sql::Value;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// `BIGINT`: numbers, ids, booleans, times.
    Int,
    /// `DOUBLE PRECISION`: finite, and no negative zero, which SQLite keeps as zero.
    Real,
    /// `TEXT`, compared byte by byte.
    Text,
    /// `BLOB` or `BYTEA`.
    Blob,
}

/// A column of a fact table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Type,
    /// Whether it may be NULL.
    pub optional: bool,
}

impl Column {
    /// A column that is always filled.
    pub const fn new(name: &'static str, kind: Type) -> Self {
        Self { name, kind, optional: false }
    }

    /// A column that may be NULL.
    pub const fn optional(name: &'static str, kind: Type) -> Self {
        Self { name, kind, optional: true }
    }
}

/// A fact table: at most one row of a key lives at any moment.
#[derive(Debug)]
pub struct Fact {
    /// The table's name.
    pub table: &'static str,
    /// The columns; the first [`Fact::key`] of them are the key.
    pub columns: &'static [Column],
    /// How many columns form the key.
    pub key: usize,
    /// Whether a row stays, never visible, that its own commit opened and closed. A number that it
    /// holds must not be given out again. Its key never has a second row.
    pub stays: bool,
    /// Its statements, once the first was needed.
    pub(crate) texts: OnceLock<Texts>,
    /// Further indexes: name and column list.
    pub indexes: &'static [(&'static str, &'static str)],
}

/// The statements that change a fact table.
#[derive(Debug)]
pub(crate) struct Texts {
    /// `INSERT` of a row: the columns, then `since`; `until` is [`CommitNumber::FOREVER`].
    pub(crate) insert: String,
    /// `SELECT` of all columns and `since` of the living row of a key.
    pub(crate) select_living: String,
    /// `UPDATE` that closes the living row of a key; the commit is the parameter after the key.
    pub(crate) close: String,
    /// `DELETE` of a living row that its own commit opened.
    pub(crate) take_back: String,
}

impl Fact {
    /// The statements that change it, written once: a commit runs several.
    pub(crate) fn texts(&self) -> &Texts {
        self.texts.get_or_init(|| {
            let (table, columns, living) = (self.table, self.names(), self.living());
            let places: Vec<String> =
                (1..=self.columns.len() + 1).map(|place| format!("?{place}")).collect();
            Texts {
                insert: format!(
                    "INSERT INTO {table} ({columns}, since, until) VALUES ({}, {})",
                    places.join(", "),
                    CommitNumber::FOREVER
                ),
                select_living: format!("SELECT {columns}, since FROM {table} WHERE {living}"),
                close: format!("UPDATE {table} SET until = ?{} WHERE {living}", self.key + 1),
                take_back: format!("DELETE FROM {table} WHERE {living}"),
            }
        })
    }

    /// `SELECT` of all columns, `since` and `until` of every row there ever was.
    pub(crate) fn select_all(&self) -> String {
        format!("SELECT {}, since, until FROM {}", self.names(), self.table)
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        names.join(", ")
    }

    fn living(&self) -> String {
        let mut condition = format!("until = {}", CommitNumber::FOREVER);
        for (place, column) in (1..).zip(self.columns.iter().take(self.key)) {
            let _ = write!(condition, " AND {} = ?{place}", column.name);
        }
        condition
    }
}

/// What a commit did to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The row lives from this commit on.
    Opened,
    /// The row lived up to this commit.
    Closed,
}

/// The hash of a row that a commit opened or closed.
///
/// `SHA-256(change ‖ text(table) ‖ value(column 1) ‖ … ‖ value(column n) ‖ int(since))`, where
/// `change` is `+` or `-`; NULL is `00`, an integer `01` and 8 bytes, a float `02` and the 8 bytes
/// of its bits, text `03`, a blob `04`, each of the last two followed by its length in 8 bytes and
/// its content. All numbers are big-endian.
pub fn row_hash(change: Change, table: &str, values: &[Value<'_>], since: CommitNumber) -> Hash {
    let mut hash = Sha256::new();
    hash.update(match change {
        Change::Opened => b"+",
        Change::Closed => b"-",
    });
    for value in [Value::Text(table)].iter().chain(values).chain([&Value::from(since)]) {
        match value {
            Value::Null => hash.update([0]),
            Value::Int(value) => {
                hash.update([1]);
                hash.update(value.to_be_bytes());
            }
            Value::Real(value) => {
                hash.update([2]);
                hash.update(value.to_bits().to_be_bytes());
            }
            Value::Text(value) => bytes(&mut hash, 3, value.as_bytes()),
            Value::Blob(value) => bytes(&mut hash, 4, value),
        }
    }
    hash.finalize().into()
}

fn bytes(hash: &mut Sha256, tag: u8, content: &[u8]) {
    hash.update([tag]);
    hash.update((content.len() as u64).to_be_bytes());
    hash.update(content);
}

/// The `rows_digest` of a commit: `SHA-256` over the sorted hashes of its rows.
pub fn rows_digest(mut rows: Vec<Hash>) -> Hash {
    rows.sort_unstable();
    crate::merkle::sha256(rows.as_flattened())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::hex;

    /// The format is for good: this vector never changes.
    #[test]
    fn the_hash_of_a_row_is_fixed() {
        let values = [Value::Int(7), Value::Text("champion"), Value::Null, Value::Blob(&[1, 2])];
        let hash = row_hash(Change::Opened, "alias", &values, CommitNumber(3));
        let mut bytes = vec![b'+', 3, 0, 0, 0, 0, 0, 0, 0, 5];
        bytes.extend(b"alias");
        bytes.extend([1, 0, 0, 0, 0, 0, 0, 0, 7, 3, 0, 0, 0, 0, 0, 0, 0, 8]);
        bytes.extend(b"champion");
        bytes.extend([0, 4, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 0, 0, 0, 0, 0, 0, 0, 3]);
        assert_eq!(hex(&hash), hex(&crate::merkle::sha256(&bytes)));
    }

    #[test]
    fn neighbouring_texts_do_not_run_into_one_another() {
        let hash = |a, b| {
            row_hash(Change::Opened, "t", &[Value::Text(a), Value::Text(b)], CommitNumber(1))
        };
        assert_ne!(hash("ab", "c"), hash("a", "bc"));
    }
}
