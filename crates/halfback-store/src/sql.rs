//! What the domain sees of a database: values, rows, and the two traits an engine implements.
//!
//! Statements are written once for every engine: parameters are `?1`, `?2`…, and only what
//! SQLite and PostgreSQL have in common is used.

use std::fmt::Debug;
use std::ops::ControlFlow;

use crate::error::{Detail, Result};
use crate::generation::Word;
use crate::id::{CommitNumber, EntityId};

/// A parameter or a column, borrowed. Booleans and times travel as [`Value::Int`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// No value.
    Null,
    /// A whole number.
    Int(i64),
    /// A finite floating point number.
    Real(f64),
    /// Text without U+0000.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Value<'_> {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<EntityId> for Value<'_> {
    fn from(value: EntityId) -> Self {
        Self::Int(value.0)
    }
}

impl From<CommitNumber> for Value<'_> {
    fn from(value: CommitNumber) -> Self {
        Self::Int(value.0)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Blob(value)
    }
}

impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(value: &'a Vec<u8>) -> Self {
        Self::Blob(value)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(value: &'a [u8; N]) -> Self {
        Self::Blob(value)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One row of a result, valid while the callback that got it runs.
pub trait Row {
    /// The column at `index`, counted from 0.
    fn value(&self, index: usize) -> Result<Value<'_>>;
}

impl dyn Row + '_ {
    /// The column as a whole number.
    pub fn int(&self, index: usize) -> Result<i64> {
        match self.value(index)? {
            Value::Int(value) => Ok(value),
            other => Err(unexpected(index, "a whole number", &other)),
        }
    }

    /// The column as a floating point number.
    pub fn real(&self, index: usize) -> Result<f64> {
        match self.value(index)? {
            Value::Real(value) => Ok(value),
            other => Err(unexpected(index, "a floating point number", &other)),
        }
    }

    /// The column as a floating point number, or `None` for NULL.
    pub fn opt_real(&self, index: usize) -> Result<Option<f64>> {
        if self.value(index)? == Value::Null { Ok(None) } else { self.real(index).map(Some) }
    }

    /// The column as an id.
    pub fn id(&self, index: usize) -> Result<EntityId> {
        self.int(index).map(EntityId)
    }

    /// The column as text.
    pub fn text(&self, index: usize) -> Result<&str> {
        match self.value(index)? {
            Value::Text(value) => Ok(value),
            other => Err(unexpected(index, "text", &other)),
        }
    }

    /// The column as bytes.
    pub fn blob(&self, index: usize) -> Result<&[u8]> {
        match self.value(index)? {
            Value::Blob(value) => Ok(value),
            other => Err(unexpected(index, "bytes", &other)),
        }
    }

    /// The column as a whole number, or `None` for NULL.
    pub fn opt_int(&self, index: usize) -> Result<Option<i64>> {
        if self.value(index)? == Value::Null { Ok(None) } else { self.int(index).map(Some) }
    }

    /// The column as text, or `None` for NULL.
    pub fn opt_text(&self, index: usize) -> Result<Option<&str>> {
        if self.value(index)? == Value::Null { Ok(None) } else { self.text(index).map(Some) }
    }

    /// The column as owned text, or `None` for NULL.
    pub fn opt_string(&self, index: usize) -> Result<Option<String>> {
        Ok(self.opt_text(index)?.map(str::to_owned))
    }

    /// The column as bytes, or `None` for NULL.
    pub fn opt_blob(&self, index: usize) -> Result<Option<&[u8]>> {
        if self.value(index)? == Value::Null { Ok(None) } else { self.blob(index).map(Some) }
    }
}

fn unexpected(index: usize, expected: &str, found: &Value<'_>) -> crate::Error {
    Detail::Corrupt(format!(
        "the database holds {found:?} in column {index} where {expected} belongs; run `check`"
    ))
    .into()
}

/// Runs statements inside one transaction.
pub trait Sql {
    /// Runs a statement that changes rows; gives how many.
    fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<usize>;

    /// Runs a query and hands each row to `each`, until that says to stop.
    fn scan(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        each: &mut dyn FnMut(&dyn Row) -> Result<ControlFlow<()>>,
    ) -> Result<()>;

    /// Fixes the state that is read, as the first statement does too: what is committed later is not
    /// seen.
    fn fix(&mut self) -> Result<()>;

    /// What the engine finds wrong with its own files, tables and indexes.
    fn examine(&mut self) -> Result<Vec<String>>;

    /// Says that a cache word moves with this transaction; ignored outside [`Storage::write`].
    fn touch(&mut self, word: Word);

    /// Whether the word moves with what is not committed yet, by this work or by work before it that
    /// shares the transaction.
    fn is_touched(&self, word: Word) -> bool;
}

impl dyn Sql + '_ {
    /// Runs a query and hands each row to `each`.
    pub fn query(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        each: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        self.scan(sql, params, &mut |row| each(row).map(ControlFlow::Continue))
    }

    /// The first row of a query, or `None`.
    pub fn first<T>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        mut read: impl FnMut(&dyn Row) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut first = None;
        self.scan(sql, params, &mut |row| {
            first = Some(read(row)?);
            Ok(ControlFlow::Break(()))
        })?;
        Ok(first)
    }

    /// All rows of a query.
    pub fn all<T>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        mut read: impl FnMut(&dyn Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        self.query(sql, params, &mut |row| {
            rows.push(read(row)?);
            Ok(())
        })?;
        Ok(rows)
    }
}

/// Reading inside one transaction.
pub type View<'a> = &'a mut dyn FnMut(&mut dyn Sql) -> Result<()>;

/// Writing inside one transaction, on whatever thread.
pub type Work = Box<dyn FnOnce(&mut dyn Sql) -> Result<()> + Send>;

/// A database with snapshots for readers and one durable transaction at a time for writers.
pub trait Storage: Send + Sync + Debug {
    /// Runs `view` on one consistent snapshot.
    fn read(&self, view: View<'_>) -> Result<()>;

    /// As [`Storage::read`], for what reads a few rows that have just been written: where it can, it
    /// finds them in memory. A writer may have to wait for it.
    fn glance(&self, view: View<'_>) -> Result<()>;

    /// Runs `work` as the only writer; what it did is durable when this returns `Ok`, and undone
    /// when `work` failed.
    ///
    /// Callers that arrive together may share one durable transaction, to which `weight`, the
    /// number of commands, says how much this one adds. One of them does the work of all.
    fn write(&self, weight: usize, work: Work) -> Result<()>;

    /// Waits until a writer that is at work now has committed or given up; one that begins later
    /// commits with a later time. Storage that was opened for reading only does not wait.
    fn settle(&self) -> Result<()>;

    /// The token of a cache word. While it stays the same and is stable, nothing that the word
    /// stands for has changed. `None`: being written, or this engine keeps no words here.
    fn change_token(&self, word: Word) -> Option<u64>;

    /// What the tokens of all words come to. While it stays the same no commit has begun or ended;
    /// `None` where this engine keeps no words here.
    fn change_tokens(&self) -> Option<u64>;
}
