//! A zip archive whose bytes are a function of its entries: stored, in order, all sizes in 64 bits,
//! one fixed time, no comments.
//!
//! Any zip tool reads it. This reader takes nothing else: it computes from the names, sizes and
//! CRCs what every structural byte must be, and compares. So nothing can hide between entries or
//! behind them, overlap, be there twice, or claim a size that the file does not have.

mod layout;

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::Crc;

use crate::artifact::{Meter, Staged, append_read, hash_read, sweep_staged};
use crate::error::{Detail, Error, IoContext, Result};
use crate::folder;
use crate::merkle::Hash;
use crate::name::shown;
use crate::target;

use layout::{END, central, end, local};

/// How an archive begins.
const MAGIC: [u8; 4] = *b"PK\x03\x04";
/// Bytes of a central directory that are read at most: enough for some 500,000 entries.
const MAX_DIRECTORY: u64 = 64 << 20;

/// One entry of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its path, parts joined by `/`.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// The CRC-32 of its content.
    crc: u32,
}

/// An archive that is being written: under its name when it is finished, and gone before.
#[derive(Debug)]
pub struct Writer {
    staged: Staged,
    to: PathBuf,
    entries: Vec<Entry>,
    at: u64,
}

impl Writer {
    /// An archive that will be at `to`.
    pub fn create(to: &Path) -> Result<Self> {
        let to = std::path::absolute(to).on("find", to)?;
        let folder = to.parent().unwrap_or(Path::new("/"));
        sweep_staged(folder);
        let staged = Staged::new(folder)?;
        Ok(Self { staged, to, entries: Vec::new(), at: 0 })
    }

    /// Adds an entry of `size` bytes; gives the hash of what was read. `place` names the source in
    /// errors.
    pub fn add(
        &mut self,
        name: &str,
        size: u64,
        source: impl Read,
        place: &Path,
        meter: &mut Meter<'_>,
    ) -> Result<Hash> {
        let mut entry = Entry { name: name.to_owned(), size, crc: 0 };
        let header = local(&entry)?;
        self.write(&header)?;
        let mut source = Checked { source, crc: Crc::new() };
        let (hash, read) = append_read(&mut source, size, place, &self.staged, meter)?;
        if read != size {
            return Err(Detail::ArtifactAltered(format!(
                "`{}` has {read} bytes, not the {size} that were recorded",
                place.display()
            ))
            .into());
        }
        // The header goes before the content, and says its CRC.
        entry.crc = source.crc.sum();
        let path = self.staged.path();
        self.staged.file().write_all_at(&local(&entry)?, self.at).on("write", path)?;
        self.at += header.len() as u64 + size;
        self.entries.push(entry);
        Ok(hash)
    }

    /// Ends the archive and gives it its name, in place of a file of that name only with
    /// `overwrite`; durable when this returns.
    pub fn finish(self, overwrite: bool) -> Result<PathBuf> {
        let mut directory = Vec::new();
        let mut offset = 0;
        for entry in &self.entries {
            directory.extend(central(entry, offset)?);
            offset += local(entry)?.len() as u64 + entry.size;
        }
        let size = directory.len() as u64;
        if size > MAX_DIRECTORY {
            return Err(Detail::InvalidArgument(format!(
                "an archive of {} files is too large",
                self.entries.len()
            ))
            .into());
        }
        directory.extend(end(self.entries.len() as u64, size, offset));
        self.write(&directory)?;
        self.staged.sync()?;
        if overwrite {
            self.staged.persist(&self.to)?;
        } else if !self.staged.persist_new(&self.to)? {
            return Err(target::taken(&self.to));
        }
        folder::sync(self.to.parent().unwrap_or(Path::new("/")))?;
        Ok(self.to)
    }

    fn write(&self, bytes: &[u8]) -> Result<()> {
        self.staged.file().write_all(bytes).on("write", self.staged.path())
    }
}

/// Refuses a place where no file can be made, or where something is already; with `overwrite` only what is no archive, which may
/// be anything, even a registry's own file.
pub fn refuse_taken(to: &Path, overwrite: bool) -> Result<()> {
    target::refuse_taken(to, overwrite, &MAGIC, "a bundle")
}

/// A reader that computes the CRC of what passes.
struct Checked<R> {
    source: R,
    crc: Crc,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.crc.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// An archive that is open for reading.
#[derive(Debug)]
pub struct Archive {
    file: Arc<File>,
    path: PathBuf,
    entries: Vec<Entry>,
    /// Where each entry's header begins.
    offsets: Vec<u64>,
}

impl Archive {
    /// Opens an archive: reads its end and its directory, and holds them against each other. Each
    /// entry's own header is read with the entry.
    pub fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            // A pipe would wait for its writer.
            .custom_flags(libc::O_NONBLOCK)
            .open(path)
            .on("open", path)?;
        let metadata = file.metadata().on("examine", path)?;
        if !metadata.is_file() {
            return Err(no_archive(path));
        }
        let mut archive = Self {
            file: Arc::new(file),
            path: path.to_owned(),
            entries: Vec::new(),
            offsets: Vec::new(),
        };
        archive.read_directory(metadata.len())?;
        Ok(archive)
    }

    /// The entries, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The size of the whole file.
    pub fn size(&self) -> u64 {
        let size =
            |entry: &Entry| local(entry).and_then(|it| Ok(it.len() + central(entry, 0)?.len()));
        let all = self.entries.iter().map(|entry| entry.size + size(entry).unwrap_or(0) as u64);
        all.sum::<u64>() + END as u64
    }

    /// The content of a small entry, held against its CRC.
    pub fn read(&self, entry: usize, most: u64) -> Result<Vec<u8>> {
        let Entry { name, size, .. } = self.entry(entry)?;
        if *size > most {
            return Err(self
                .altered(&format!("`{}` has {size} bytes, at most {most} are read", shown(name))));
        }
        let mut source = self.section(entry)?;
        let mut content = Vec::new();
        source.read_to_end(&mut content).on("read", &self.path)?;
        self.check(entry, &source)?;
        Ok(content)
    }

    /// Reads an entry and holds it against its CRC; gives its hash.
    pub fn hash(&self, entry: usize, meter: &mut Meter<'_>) -> Result<Hash> {
        let mut source = self.section(entry)?;
        let (hash, _) = hash_read(&mut source, self.entry(entry)?.size, &self.path, meter)?;
        self.check(entry, &source)?;
        Ok(hash)
    }

    /// Reads an entry, whose header is held against the directory; the content is for the caller
    /// to verify.
    pub fn content(&self, entry: usize) -> Result<Box<dyn Read>> {
        Ok(Box::new(self.section(entry)?))
    }

    /// The same for who reads here and there in it.
    pub fn seekable(&self, entry: usize) -> Result<impl Read + Seek + use<>> {
        Ok(self.section(entry)?.source)
    }

    /// The error of an archive that is not as it was written.
    pub fn altered(&self, why: &str) -> Error {
        altered(&self.path, why)
    }

    fn entry(&self, entry: usize) -> Result<&Entry> {
        self.entries.get(entry).ok_or_else(|| self.altered("an entry is missing"))
    }

    fn section(&self, entry: usize) -> Result<Checked<Section>> {
        let offset = self.offsets.get(entry).copied().unwrap_or_default();
        let entry = self.entry(entry)?;
        let expected = local(entry)?;
        let mut header = vec![0; expected.len()];
        self.file.read_exact_at(&mut header, offset).on("read", &self.path)?;
        if header != expected {
            return Err(self.altered(&format!(
                "the header of `{}` differs from what the directory says",
                shown(&entry.name)
            )));
        }
        let begin = offset + expected.len() as u64;
        let source = Section { file: self.file.clone(), begin, size: entry.size, at: 0 };
        Ok(Checked { source, crc: Crc::new() })
    }

    fn check(&self, entry: usize, read: &Checked<Section>) -> Result<()> {
        let entry = self.entry(entry)?;
        if read.source.left() == 0 && read.crc.sum() == entry.crc {
            return Ok(());
        }
        Err(self.altered(&format!(
            "the content of `{}` is not what its CRC-32 says",
            shown(&entry.name)
        )))
    }

    fn read_directory(&mut self, size: u64) -> Result<()> {
        let Some(place) = size.checked_sub(END as u64) else {
            return Err(no_archive(&self.path));
        };
        let mut magic = [0; 4];
        self.file.read_exact_at(&mut magic, 0).on("read", &self.path)?;
        if magic != MAGIC {
            return Err(no_archive(&self.path));
        }
        let mut tail = [0; END];
        self.file.read_exact_at(&mut tail, place).on("read", &self.path)?;
        let (count, length, start) = layout::counts(&tail);
        if tail != end(count, length, start) || start.checked_add(length) != Some(place) {
            return Err(self.altered("its end is missing, or not as halfback writes it"));
        }
        let length = usize::try_from(length).ok().filter(|_| length <= MAX_DIRECTORY);
        let Some(length) = length else {
            return Err(self.altered("its directory is too large"));
        };
        let mut directory = vec![0; length];
        self.file.read_exact_at(&mut directory, start).on("read", &self.path)?;
        let mut rest = directory.as_slice();
        let mut offset = 0_u64;
        while !rest.is_empty() {
            let number = self.entries.len();
            let (entry, length) = layout::entry(rest)
                .map_err(|why| self.altered(&format!("entry {number} {why}")))?;
            if rest.get(..length) != Some(&central(&entry, offset)?) {
                return Err(self.altered(&format!(
                    "the directory tells of `{}` in another way than halfback does",
                    shown(&entry.name)
                )));
            }
            rest = rest.get(length..).unwrap_or_default();
            self.offsets.push(offset);
            let next = (local(&entry)?.len() as u64)
                .checked_add(entry.size)
                .and_then(|length| offset.checked_add(length));
            offset = next.filter(|next| *next <= start).ok_or_else(|| {
                self.altered(&format!(
                    "`{}` would reach beyond the file's content",
                    shown(&entry.name)
                ))
            })?;
            self.entries.push(entry);
        }
        if offset != start || self.entries.len() as u64 != count {
            return Err(self.altered("its entries do not fill it"));
        }
        Ok(())
    }
}

/// A part of a file, read without moving the file's own place.
#[derive(Debug)]
struct Section {
    file: Arc<File>,
    begin: u64,
    size: u64,
    /// How far it was read, from its beginning.
    at: u64,
}

impl Section {
    fn left(&self) -> u64 {
        self.size.saturating_sub(self.at)
    }
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(usize::try_from(self.left()).unwrap_or(usize::MAX));
        if most == 0 {
            return Ok(0);
        }
        let place = self.begin.saturating_add(self.at);
        let read = self.file.read_at(buffer.get_mut(..most).unwrap_or_default(), place)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Section {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(way) => self.size.checked_add_signed(way),
            SeekFrom::Current(way) => self.at.checked_add_signed(way),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

fn no_archive(path: &Path) -> Error {
    Detail::InvalidArtifact(format!(
        "`{}` is not a bundle; give the file that `bundle` wrote",
        path.display()
    ))
    .into()
}

fn altered(path: &Path, why: &str) -> Error {
    Detail::ArtifactAltered(format!(
        "`{}` is damaged or was altered: {why}; get it again, or make it anew with `bundle`",
        path.display()
    ))
    .into()
}

#[cfg(test)]
mod tests;
