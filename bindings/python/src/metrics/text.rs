//! Columns of texts: each different text is kept once, and a row is its number.

use std::collections::HashMap;

/// Rows of texts.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    words: Vec<String>,
    pub(super) codes: Vec<u32>,
}

impl Texts {
    /// The text of every row.
    pub(crate) fn rows(&self) -> Vec<&str> {
        let word = |&code: &u32| self.words.get(code as usize).map_or("", String::as_str);
        self.codes.iter().map(word).collect()
    }
}

const SLOTS: usize = 256;

/// Texts while they come. A small cache by the first bytes and the length stands before the map, as
/// in the encoder of the kernels.
#[derive(Debug)]
pub(crate) struct Words {
    texts: Texts,
    seen: HashMap<Vec<u8>, u32>,
    cache: Vec<Option<(Vec<u8>, u32)>>,
    /// Whether a text had a lone surrogate, for which no text stands.
    is_broken: bool,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            texts: Texts::default(),
            seen: HashMap::new(),
            cache: vec![None; SLOTS],
            is_broken: false,
        }
    }
}

impl Words {
    /// Adds a row in UTF-8.
    pub(crate) fn text(&mut self, text: &str) {
        self.row(text.as_bytes(), || text.to_owned());
    }

    /// Adds a row of numpy's: four bytes a character, filled up with zeros.
    pub(crate) fn add(&mut self, item: &[u8], swapped: bool) {
        let mut is_broken = false;
        self.row(item, || {
            let (characters, _) = item.as_chunks::<4>();
            let points = characters.iter().map(|&bytes| {
                let point = u32::from_ne_bytes(bytes);
                char::from_u32(if swapped { point.swap_bytes() } else { point })
            });
            let text: Option<String> = points.collect();
            is_broken = text.is_none();
            text.unwrap_or_default().trim_end_matches('\0').to_owned()
        });
        self.is_broken |= is_broken;
    }

    fn row(&mut self, key: &[u8], text: impl FnOnce() -> String) {
        let slot = slot(key);
        if let Some(Some((known, code))) = self.cache.get(slot)
            && known == key
        {
            self.texts.codes.push(*code);
            return;
        }
        let code = if let Some(&code) = self.seen.get(key) {
            code
        } else {
            let code = u32::try_from(self.texts.words.len()).unwrap_or(u32::MAX);
            self.texts.words.push(text());
            self.seen.insert(key.to_vec(), code);
            code
        };
        if let Some(place) = self.cache.get_mut(slot) {
            *place = Some((key.to_vec(), code));
        }
        self.texts.codes.push(code);
    }

    /// The rows; none where a text had a lone surrogate.
    pub(crate) fn unbroken(self) -> Option<Texts> {
        (!self.is_broken).then_some(self.texts)
    }

    pub(crate) fn finish(self) -> Texts {
        self.texts
    }
}

fn slot(key: &[u8]) -> usize {
    let head = key.iter().take(8).fold(0u64, |mixed, &byte| mixed << 8 | u64::from(byte));
    let last = key.iter().rev().take(4).fold(0u64, |mixed, &byte| mixed << 8 | u64::from(byte));
    let mixed =
        (head ^ last.rotate_left(29) ^ key.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    usize::try_from(mixed >> 48).unwrap_or_default() % SLOTS
}
