//! Lists come as pages. A cursor is opaque, belongs to one query, and stays good while others
//! write: it holds the last key seen, never an offset.

use halfback_store::codec;
use halfback_store::error::{Detail, Result};
use halfback_store::id::hex;
use halfback_store::merkle::sha256;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::command::Snapshot;

/// The largest page.
const MOST: u32 = 1000;
const USUAL: u32 = 100;

/// Which page of which list: its size, the cursor of the page before, and the moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Paging {
    size: Option<u32>,
    cursor: Option<String>,
    moment: i64,
    registry: String,
}

impl Snapshot<'_> {
    /// The page of a list at this snapshot's moment; a cursor of another moment is refused.
    pub(crate) fn paging(&self, size: Option<u32>, cursor: Option<String>) -> Paging {
        Paging { size, cursor, moment: self.moment.0, registry: self.registry.to_owned() }
    }
}

impl Paging {
    /// The page of a list that never changes, in a bundle.
    pub(crate) fn in_bundle(identity: &str, size: Option<u32>, cursor: Option<String>) -> Self {
        Self { size, cursor, moment: 0, registry: identity.to_owned() }
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last page.
    pub cursor: Option<String>,
}

impl<T> Page<T> {
    /// A list that is short by its nature, on one page.
    pub(crate) fn whole(items: Vec<T>) -> Self {
        Self { items, cursor: None }
    }

    /// The same page of other entries.
    pub(crate) fn map<U>(self, convert: impl FnMut(T) -> Result<U>) -> Result<Page<U>> {
        let items = self.items.into_iter().map(convert).collect::<Result<_>>()?;
        Ok(Page { items, cursor: self.cursor })
    }
}

impl Paging {
    /// How many entries this page holds at most.
    fn rows(&self) -> Result<usize> {
        match self.size.unwrap_or(USUAL) {
            size @ 1..=MOST => Ok(size as usize),
            size => Err(Detail::InvalidArgument(format!(
                "page_size {size} is out of range; expected 1 to {MOST}"
            ))
            .into()),
        }
    }

    /// The last key of the page before, for the list that `query` names.
    pub(crate) fn after<K: DeserializeOwned>(&self, query: &str) -> Result<Option<K>> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let refused = || {
            Detail::InvalidArgument(
                "the cursor is not of this list; pass the cursor of the page before, or none"
                    .into(),
            )
        };
        let blob = unhex(cursor).ok_or_else(refused)?;
        let (of, key): (String, K) = codec::decode(&blob).map_err(|_| refused())?;
        if of == self.fingerprint(query) { Ok(Some(key)) } else { Err(refused().into()) }
    }

    /// Tells cursors of other lists, moments and registries apart.
    fn fingerprint(&self, query: &str) -> String {
        let list = format!("{} {} {query}", self.registry, self.moment);
        hex(&sha256(list.as_bytes())).split_at(16).0.to_owned()
    }

    /// How many rows to read: one more than the page, which tells whether another follows.
    pub(crate) fn limit(&self) -> Result<i64> {
        Ok(i64::try_from(self.rows()?).unwrap_or(i64::from(MOST)) + 1)
    }

    /// Cuts the rows that [`Paging::limit`] read to a page.
    pub(crate) fn page<T, K: Serialize>(
        &self,
        mut rows: Vec<T>,
        query: &str,
        key: impl FnOnce(&T) -> K,
    ) -> Result<Page<T>> {
        let size = self.rows()?;
        let more = rows.len() > size;
        rows.truncate(size);
        let cursor = match rows.last() {
            Some(last) if more => Some(hex(&codec::encode(&(self.fingerprint(query), key(last)))?)),
            _ => None,
        };
        Ok(Page { items: rows, cursor })
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs
        .iter()
        .map(|pair| {
            halfback_store::id::unhex::<1>(std::str::from_utf8(pair).ok()?).map(|[byte]| byte)
        })
        .collect()
}
