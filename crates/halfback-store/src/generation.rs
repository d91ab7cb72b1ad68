//! The generation words: a small shared file by which every process knows that its cached
//! records are still true, without asking the database.
//!
//! Each word is a seqlock. A writer makes the words it touches odd before it commits and even
//! after; a cached record stays true while its words are even and unmoved.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::{MmapOptions, MmapRaw};

use crate::error::{IoContext, Result};
use crate::id::EntityId;

/// How many words there are.
pub const WORDS: usize = 1024;
const MAGIC: &[u8; 8] = b"hb-gen-1";
const HEADER: usize = 64;
const SIZE: usize = HEADER + WORDS * 8;

/// The place of one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(u16);

impl Word {
    /// Names, renames and deletions: whatever can make a name mean something else.
    pub const STRUCTURE: Self = Self(0);

    /// The word of an entity; several entities share one.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "mixed, then kept below WORDS"
    )]
    pub fn of(entity: EntityId) -> Self {
        // Fibonacci hashing, so that ids in sequence spread.
        let mixed = (entity.0 as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        Self(1 + (mixed % (WORDS as u64 - 1)) as u16)
    }

    /// The word's index, 0 to 1,023.
    pub const fn index(self) -> u16 {
        self.0
    }

    /// The word at an index that [`Word::index`] gave.
    pub const fn at(index: u16) -> Option<Self> {
        if (index as usize) < WORDS { Some(Self(index)) } else { None }
    }
}

/// The mapped words of one registry.
#[derive(Debug)]
pub struct Generation {
    map: MmapRaw,
    writable: bool,
}

impl Generation {
    /// Maps the words of the registry `uuid` at `path`; `None` when the file is absent, short, or
    /// of another registry.
    pub fn map(path: &Path, uuid: &str, writable: bool) -> Result<Option<Self>> {
        let file = match OpenOptions::new().read(true).write(writable).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).on("open", path),
        };
        let mut header = [0; HEADER];
        let length = file.metadata().on("examine", path)?.len();
        if length != SIZE as u64 || file.read_exact_at(&mut header, 0).is_err() {
            return Ok(None);
        }
        if header != self::header(uuid) {
            return Ok(None);
        }
        Self::from_file(&file, path, writable).map(Some)
    }

    /// Writes fresh words for the registry `uuid` and maps them; the caller holds the writer lock.
    pub fn create(path: &Path, uuid: &str) -> Result<Self> {
        let fresh = path.with_extension("new");
        let mut content = header(uuid).to_vec();
        content.resize(SIZE, 0);
        std::fs::write(&fresh, content).on("write", &fresh)?;
        std::fs::rename(&fresh, path).on("replace", path)?;
        let file = OpenOptions::new().read(true).write(true).open(path).on("open", path)?;
        Self::from_file(&file, path, true)
    }

    fn from_file(file: &File, path: &Path, writable: bool) -> Result<Self> {
        let mut options = MmapOptions::new();
        options.len(SIZE);
        let map = if writable { options.map_raw(file) } else { options.map_raw_read_only(file) };
        Ok(Self { map: map.on("map", path)?, writable })
    }

    /// The word's value while it is stable, else `None`.
    pub fn stable(&self, word: Word) -> Option<u64> {
        let value = self.word(word).load(Ordering::Acquire);
        value.is_multiple_of(2).then_some(value)
    }

    /// Makes words odd: a commit that touches them is about to happen.
    pub fn begin(&self, words: &[Word]) {
        self.advance(words, 1);
    }

    /// Makes words even again: the commit happened, or was given up.
    pub fn end(&self, words: &[Word]) {
        self.advance(words, 0);
    }

    /// Makes every odd word even: their writer died. The caller holds the writer lock.
    pub fn repair(&self) {
        for index in 0..WORDS {
            #[expect(clippy::cast_possible_truncation, reason = "WORDS fits in 16 bits")]
            let word = self.word(Word(index as u16));
            if !word.load(Ordering::Acquire).is_multiple_of(2) {
                word.fetch_add(1, Ordering::AcqRel);
            }
        }
    }

    /// Adds one to each word whose parity is `parity ^ 1`.
    fn advance(&self, words: &[Word], parity: u64) {
        if !self.writable {
            return;
        }
        for word in words {
            let word = self.word(*word);
            if word.load(Ordering::Acquire) % 2 != parity {
                word.fetch_add(1, Ordering::AcqRel);
            }
        }
    }

    fn word(&self, word: Word) -> &AtomicU64 {
        let base = NonNull::new(self.map.as_mut_ptr()).unwrap_or(NonNull::dangling());
        // SAFETY: the mapping is SIZE bytes long, page aligned, and lives as long as `self`; a
        // `Word` is below WORDS; other processes use the same atomics, and read-only mappings are
        // only loaded from.
        unsafe { base.add(HEADER + usize::from(word.0) * 8).cast::<AtomicU64>().as_ref() }
    }
}

fn header(uuid: &str) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    for (place, byte) in header.iter_mut().zip(MAGIC.iter().chain(uuid.as_bytes())) {
        *place = *byte;
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_shared_and_a_dead_writer_is_repaired() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("generation");
        let writer = Generation::create(&path, "u").unwrap();
        let reader = Generation::map(&path, "u", false).unwrap().unwrap();
        let word = Word::of(EntityId(7));
        let before = reader.stable(word).unwrap();
        writer.begin(&[word]);
        assert_eq!(reader.stable(word), None);
        writer.repair();
        assert_eq!(reader.stable(word), Some(before + 2));
        assert_eq!(reader.stable(Word::STRUCTURE), Some(0));
    }

    #[test]
    fn a_file_of_another_registry_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("generation");
        Generation::create(&path, "one").unwrap();
        assert!(Generation::map(&path, "two", true).unwrap().is_none());
        std::fs::write(&path, b"short").unwrap();
        assert!(Generation::map(&path, "one", true).unwrap().is_none());
    }

    #[test]
    fn entities_spread_over_the_words() {
        let used: std::collections::HashSet<Word> =
            (1..=1000).map(|id| Word::of(EntityId(id))).collect();
        assert!(used.len() > 550, "{}", used.len());
        assert!(!used.contains(&Word::STRUCTURE));
    }
}
