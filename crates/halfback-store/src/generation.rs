//! The generation words: a small shared file by which every process knows that its cached
//! records are still true, without asking the database.
//!
//! Each word is a seqlock. A writer makes the words it touches odd before it commits and even
//! after; a cached record stays true while its words are even and unmoved.
//!
//! All who map the words must map the same file, whatever happens to its name. So whoever maps
//! them keeps a shared lock on the registry's folder, and only a process that gets that lock for
//! itself alone makes a new file; and a file tells its own inode, so that a copy is not taken for
//! it. `docs/adr/0004-one-file-of-words.md` says what follows from that.
//!
//! Beside the words stands the number of a commit that is durable: a database that ends before it has
//! lost what was acknowledged (`docs/adr/0014-the-words-tell-what-is-durable.md`).

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::Crc;
use memmap2::{MmapOptions, MmapRaw};
use parking_lot::Mutex;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::error::{Detail, IoContext, Result};
use crate::id::{CommitNumber, EntityId, random};

/// How many words there are.
pub const WORDS: usize = 1024;
const MAGIC: &[u8; 8] = b"hb-gen-2";
const HEADER: usize = 64;
/// Where in the header the durable commit stands; what is before that names the file.
const DURABLE: usize = HEADER - 8;
/// Where the registry's identity stands.
const UUID: Range<usize> = 16..52;
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
    file: File,
    header: [u8; HEADER],
    writable: bool,
    /// Holds the shared lock on the folder; none once they are retired.
    presence: Mutex<Option<File>>,
}

impl Generation {
    /// Maps the words of the registry `uuid` in the folder of `path`; `None` when the file is
    /// absent, short, a copy, or of another registry.
    pub fn map(path: &Path, uuid: &str, writable: bool) -> Result<Option<Self>> {
        // A pipe would be waited for.
        if path.metadata().is_ok_and(|found| !found.is_file()) {
            let path = path.display();
            let message = format!("`{path}` is no file; remove it, and it is made anew");
            return Err(Detail::Corrupt(message).into());
        }
        loop {
            let file = match options(writable).open(path) {
                Ok(file) => file,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error).on("open", path),
            };
            let header = header(uuid, &file).on("examine", path)?;
            if !is_whole(&file, &header) {
                return Ok(None);
            }
            let presence = presence(path, FlockOperation::LockShared)?;
            // Until the lock was there, another file may have taken the place of this one.
            if is_at(path, &file) && is_whole(&file, &header) {
                return Self::from_file(file, path, header, writable, presence).map(Some);
            }
        }
    }

    /// Makes the words of the registry `uuid` where [`Generation::map`] finds none, and maps them;
    /// what was told to be durable stays. The caller holds the writer lock.
    ///
    /// Fails with the code `busy` while a process still maps words that were deleted or replaced.
    pub fn make(path: &Path, uuid: &str, durable: Durable) -> Result<Self> {
        let file = options(true).create(true).truncate(false).open(path).on("make", path)?;
        let header = header(uuid, &file).on("examine", path)?;
        let lock = if has_header(&file, &header) {
            // Cut short, but the file that everybody maps.
            FlockOperation::LockShared
        } else {
            FlockOperation::NonBlockingLockExclusive
        };
        let presence = presence(path, lock)?;
        lengthen(&file).on("write", path)?;
        let shared = presence.try_clone().on("lock", path)?;
        let words = Self::from_file(file, path, header, true, presence)?;
        if lock == FlockOperation::NonBlockingLockExclusive {
            words.fill(|_| true)?;
            // The header comes last: before it, nobody takes the file for whole.
            words.file.write_all_at(&header, 0).on("write", path)?;
            flock(&shared, FlockOperation::LockShared).on("lock", path)?;
        }
        if let Some(commit) = durable.commit(uuid) {
            words.acknowledge(commit);
        }
        words.repair()?;
        Ok(words)
    }

    fn from_file(
        file: File,
        path: &Path,
        header: [u8; HEADER],
        writable: bool,
        presence: File,
    ) -> Result<Self> {
        let mut options = MmapOptions::new();
        options.len(SIZE);
        let map = if writable { options.map_raw(&file) } else { options.map_raw_read_only(&file) };
        Ok(Self {
            map: map.on("map", path)?,
            file,
            header,
            writable,
            presence: Mutex::new(Some(presence)),
        })
    }

    /// The word's value while it is stable, else `None`.
    pub fn stable(&self, word: Word) -> Option<u64> {
        let value = self.word(word).load(Ordering::Acquire);
        // A word is never zero, unless the file was cut short and grew again.
        (value.is_multiple_of(2) && value != 0).then_some(value)
    }

    /// The sum of all words: it moves with every commit.
    pub fn sum(&self) -> u64 {
        words().fold(0, |sum, word| sum.wrapping_add(self.word(word).load(Ordering::Acquire)))
    }

    /// Makes words odd: a commit that touches them is about to happen.
    pub fn begin(&self, words: &[Word]) {
        for word in words.iter().filter(|_| self.writable) {
            let word = self.word(*word);
            if word.load(Ordering::Acquire).is_multiple_of(2) {
                word.fetch_add(1, Ordering::AcqRel);
            }
        }
    }

    /// Makes words even again, and other than before: the commit happened, or was given up.
    pub fn end(&self, words: &[Word]) {
        for word in words.iter().filter(|_| self.writable) {
            let word = self.word(*word);
            let odd = word.load(Ordering::Acquire) % 2;
            word.fetch_add(2 - odd, Ordering::AcqRel);
        }
    }

    /// Says that a commit is durable, which the disk has said before.
    pub fn acknowledge(&self, commit: CommitNumber) {
        if self.writable {
            let told = Durable::of(commit, &self.header[UUID]);
            self.at(DURABLE).store(told.0, Ordering::Release);
        }
    }

    /// Lets others make new words: from here on nobody may rely on these, nor write under them.
    pub fn retire(&self) {
        // Closed and not unlocked: the child of a fork shares the lock, and may go on.
        self.presence.lock().take();
    }

    /// Makes every odd word even: their writer died. Makes good what somebody cut off the file.
    /// The caller holds the writer lock.
    ///
    /// Fails with the code `closed` once the words are retired.
    pub fn repair(&self) -> Result<()> {
        if self.presence.lock().is_none() {
            return Err(Detail::Closed.into());
        }
        let path = Path::new("generation");
        if self.file.metadata().on("examine", path)?.len() < SIZE as u64 {
            lengthen(&self.file).on("write", path)?;
            // The durable commit comes back with the next one.
            self.file.write_all_at(&self.header, 0).on("write", path)?;
        }
        for word in words() {
            let word = self.word(word);
            if !word.load(Ordering::Acquire).is_multiple_of(2) {
                word.fetch_add(1, Ordering::AcqRel);
            }
        }
        self.fill(|word| word == 0)
    }

    /// Gives every word whose value is `unfit` a new one that it never had.
    fn fill(&self, unfit: impl Fn(u64) -> bool) -> Result<()> {
        let mut fresh = None;
        for word in words().map(|word| self.word(word)) {
            if unfit(word.load(Ordering::Acquire)) {
                let value = match fresh {
                    Some(value) => value,
                    None => *fresh.insert((u64::from_le_bytes(random::<8>()?) >> 3 | 1) << 1),
                };
                word.store(value, Ordering::Release);
            }
        }
        Ok(())
    }

    fn word(&self, word: Word) -> &AtomicU64 {
        self.at(HEADER + usize::from(word.0) * 8)
    }

    /// The eight bytes at a place, which is that of a word or of the durable commit.
    fn at(&self, place: usize) -> &AtomicU64 {
        let base = NonNull::new(self.map.as_mut_ptr()).unwrap_or(NonNull::dangling());
        // SAFETY: the mapping is SIZE bytes long, page aligned, and lives as long as `self`; a
        // `Word` is below WORDS, and all places are multiples of eight; other processes use the same
        // atomics, and read-only mappings are only loaded from.
        unsafe { base.add(place).cast::<AtomicU64>().as_ref() }
    }
}

/// The number of a durable commit with a check sum over it and the registry's identity, in eight bytes
/// that are stored at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Durable(u64);

impl Durable {
    const CHECK: u32 = 20;

    /// What the file at `path` tells, whichever registry's it is; read before the database, which may
    /// only go on meanwhile.
    pub fn read(path: &Path) -> Result<Self> {
        let mut bytes = [0; 8];
        let read = options(false).open(path).and_then(|file| {
            if file.metadata()?.is_file() {
                file.read_exact_at(&mut bytes, DURABLE as u64)?;
            }
            Ok(())
        });
        match read {
            // It is absent, or cut short.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof) =>
            {
                Ok(Self(0))
            }
            read => read.on("read", path).map(|()| Self(u64::from_le_bytes(bytes))),
        }
    }

    /// The commit; `None` where it is not told, damaged, or of another registry.
    pub fn commit(self, uuid: &str) -> Option<CommitNumber> {
        let commit = CommitNumber(i64::try_from(self.0 >> Self::CHECK).ok()?);
        (commit.0 > 0 && self == Self::of(commit, uuid.as_bytes())).then_some(commit)
    }

    fn of(commit: CommitNumber, uuid: &[u8]) -> Self {
        let number = commit.0.cast_unsigned() << Self::CHECK;
        let mut crc = Crc::new();
        crc.update(uuid);
        crc.update(&number.to_le_bytes());
        Self(number | u64::from(crc.sum() >> (u32::BITS - Self::CHECK)))
    }
}

fn words() -> impl Iterator<Item = Word> {
    (0..).map_while(Word::at)
}

fn options(writable: bool) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(writable).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    options
}

/// What a whole file of this registry begins with.
fn header(uuid: &str, file: &File) -> std::io::Result<[u8; HEADER]> {
    let inode = file.metadata()?.ino().to_le_bytes();
    let mut header = [0; HEADER];
    let content = MAGIC.iter().chain(&inode).chain(uuid.as_bytes());
    for (place, byte) in header.iter_mut().zip(content) {
        *place = *byte;
    }
    Ok(header)
}

/// Gives the file its size, with zeros written and not left out: where a full disk has no room for
/// them this fails, and a store into the mapped words would end the process.
fn lengthen(file: &File) -> std::io::Result<()> {
    let length = file.metadata()?.len();
    if let Some(missing) = usize::try_from(length).ok().and_then(|length| SIZE.checked_sub(length))
    {
        file.write_all_at(&vec![0; missing], length)?;
    }
    file.set_len(SIZE as u64)
}

fn has_header(file: &File, header: &[u8; HEADER]) -> bool {
    let mut found = [0; HEADER];
    file.read_exact_at(&mut found, 0).is_ok() && found.get(..DURABLE) == header.get(..DURABLE)
}

fn is_whole(file: &File, header: &[u8; HEADER]) -> bool {
    has_header(file, header)
        && file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == SIZE as u64)
}

/// Whether `path` still leads to the open file.
fn is_at(path: &Path, file: &File) -> bool {
    let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    let there = std::fs::metadata(path).map(identity);
    there.is_ok_and(|there| file.metadata().is_ok_and(|open| identity(open) == there))
}

/// The folder, locked as one who maps its words (shared) or makes them (exclusive).
fn presence(path: &Path, lock: FlockOperation) -> Result<File> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let opened = File::open(folder).on("open", folder)?;
    loop {
        match flock(&opened, lock) {
            Ok(()) => return Ok(opened),
            Err(Errno::INTR) => {}
            Err(Errno::WOULDBLOCK) => {
                return Err(Detail::Busy(format!(
                    "`{}` was deleted or replaced while programs have the registry open; close it in all of them, then open it again",
                    path.display()
                ))
                .into());
            }
            Err(error) => return Err(error).on("lock", folder),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bench() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("generation");
        (folder, path)
    }

    fn make(path: &Path, uuid: &str) -> Result<Generation> {
        Generation::make(path, uuid, Durable::read(path)?)
    }

    fn map(path: &Path) -> Option<Generation> {
        Generation::map(path, "u", false).unwrap()
    }

    #[test]
    fn words_are_shared_and_a_dead_writer_is_repaired() {
        let (_folder, path) = bench();
        let writer = make(&path, "u").unwrap();
        let reader = map(&path).unwrap();
        let word = Word::of(EntityId(7));
        let before = reader.stable(word).unwrap();
        let still = reader.stable(Word::STRUCTURE).unwrap();
        writer.begin(&[word]);
        assert_eq!(reader.stable(word), None);
        writer.repair().unwrap();
        assert_eq!(reader.stable(word), Some(before + 2));
        assert_eq!(reader.stable(Word::STRUCTURE), Some(still));
        // A word moves with each commit, also where two writers got into each other's way.
        writer.end(&[word]);
        assert_eq!(reader.stable(word), Some(before + 4));
    }

    #[test]
    fn a_file_of_another_registry_is_not_used() {
        let (_folder, path) = bench();
        drop(make(&path, "one").unwrap());
        assert!(Generation::map(&path, "two", true).unwrap().is_none());
        std::fs::write(&path, b"short").unwrap();
        assert!(Generation::map(&path, "one", true).unwrap().is_none());
        drop(make(&path, "one").unwrap());
        assert!(Generation::map(&path, "one", true).unwrap().is_some());
    }

    #[test]
    fn new_words_are_made_only_when_nobody_has_old_ones() {
        let (folder, path) = bench();
        let reader = {
            drop(make(&path, "u").unwrap());
            map(&path).unwrap()
        };
        let copy = folder.path().join("copy");
        std::fs::copy(&path, &copy).unwrap();
        for replace in [false, true] {
            std::fs::remove_file(&path).unwrap();
            if replace {
                std::fs::rename(&copy, &path).unwrap();
            }
            assert!(map(&path).is_none());
            let error = make(&path, "u").unwrap_err();
            assert_eq!(error.code(), "busy", "{error}");
        }
        let before = reader.stable(Word::STRUCTURE);
        drop(reader);
        drop(make(&path, "u").unwrap());
        assert_ne!(map(&path).unwrap().stable(Word::STRUCTURE), before);
    }

    #[test]
    fn what_was_cut_off_is_made_good_in_place_with_words_that_never_were() {
        let (_folder, path) = bench();
        let writer = make(&path, "u").unwrap();
        let reader = map(&path).unwrap();
        let word = words().last().unwrap();
        let before = reader.stable(word).unwrap();
        let cut = |length| {
            OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
        };
        // By the next to open it, while others have it,
        cut(HEADER as u64);
        assert!(map(&path).is_none());
        drop(make(&path, "u").unwrap());
        let second = reader.stable(word).unwrap();
        assert_ne!(second, before);
        // and by a writer that has it open.
        cut(0);
        writer.repair().unwrap();
        assert!(![before, second].contains(&reader.stable(word).unwrap()));
        assert_eq!(map(&path).unwrap().stable(word), reader.stable(word));
        // Grown again by somebody else: no value rather than a wrong one.
        cut(0);
        cut(SIZE as u64);
        assert_eq!(reader.stable(word), None);
    }

    #[test]
    fn the_durable_commit_is_told_of_one_registry_and_not_where_it_is_damaged() {
        const ONE: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
        const OTHER: &str = "01890a5d-ac96-774b-bcce-b302099a8058";
        let (_folder, path) = bench();
        assert_eq!(Durable::read(&path).unwrap().commit(ONE), None);
        let words = make(&path, ONE).unwrap();
        assert_eq!(Durable::read(&path).unwrap().commit(ONE), None);
        for number in [1, 2, 1_000_000_000_000] {
            words.acknowledge(CommitNumber(number));
            let told = Durable::read(&path).unwrap();
            assert_eq!((told.commit(ONE), told.commit(OTHER)), (Some(CommitNumber(number)), None));
            for bit in 0..64 {
                assert_eq!(Durable(told.0 ^ 1 << bit).commit(ONE), None, "bit {bit}");
            }
        }
        // It is not what names the file, and stays when that is made anew.
        drop(words);
        assert!(Generation::map(&path, ONE, true).unwrap().is_some());
        let copy = path.with_extension("copy");
        std::fs::copy(&path, &copy).unwrap();
        std::fs::rename(&copy, &path).unwrap();
        assert!(Generation::map(&path, ONE, true).unwrap().is_none());
        drop(make(&path, ONE).unwrap());
        assert_eq!(
            Durable::read(&path).unwrap().commit(ONE),
            Some(CommitNumber(1_000_000_000_000))
        );
    }

    #[test]
    fn all_words_have_room_on_the_disk() {
        let (_folder, path) = bench();
        let words = make(&path, "u").unwrap();
        let room = || std::fs::metadata(&path).unwrap().blocks() * 512;
        assert!(room() >= SIZE as u64, "{}", room());
        OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
        words.repair().unwrap();
        assert!(room() >= SIZE as u64, "{}", room());
    }

    #[test]
    fn entities_spread_over_the_words() {
        let used: std::collections::HashSet<Word> =
            (1..=1000).map(|id| Word::of(EntityId(id))).collect();
        assert!(used.len() > 550, "{}", used.len());
        assert!(!used.contains(&Word::STRUCTURE));
    }
}
