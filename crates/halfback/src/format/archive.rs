//! Zip archives, the outside of several formats.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, Read};

use flate2::read::DeflateDecoder;
use rawzip::{CompressionMethod, ReaderAt, ZipArchiveEntryWayfinder, ZipLocator};

use super::source::{Look, Source, Stop};
use super::{Format, found, keras, numpy, skops, torch};

/// How many entries are looked at.
const MAX_ENTRIES: usize = 10_000;
/// How much is inflated of one entry.
const MAX_INFLATED: u64 = 4 << 20;
/// How far from the end the directory's end is searched: a comment has at most 65,535 bytes.
const MAX_SEARCH: u64 = (64 << 10) + 22;

pub(super) fn recognise(source: &Source<'_>) -> Look<Format> {
    if !begins(source)? {
        return Err(Stop::Else);
    }
    let Some(archive) = found(Archive::open(source))? else {
        // Another reader may find its way through it.
        let mut format = Format { executable: true, ..Format::default() };
        format.note("unread", "archive");
        return Ok(format);
    };
    let hides = archive.hides() || archive.holds_objects(numpy::is_array)?;
    for family in [keras::recognise, skops::recognise, torch::recognise] {
        if let Some(mut format) = found(family(&archive))? {
            format.executable |= hides;
            return Ok(format);
        }
    }
    // Those that numpy reads need not be named so.
    if hides || archive.holds_objects(|_| true)? {
        return Ok(Format { executable: true, ..Format::default() });
    }
    Err(Stop::Else)
}

pub(super) fn begins(source: &Source<'_>) -> Look<bool> {
    source.begins(b"PK\x03\x04")
}

/// An open archive.
pub(super) struct Archive<'s, 'a> {
    zip: rawzip::ZipArchive<At<'s, 'a>>,
    entries: Vec<Entry>,
    /// Whether there are more entries than that.
    cut: bool,
}

struct Entry {
    name: String,
    method: CompressionMethod,
    place: ZipArchiveEntryWayfinder,
}

impl<'s, 'a> Archive<'s, 'a> {
    fn open(source: &'s Source<'a>) -> Look<Self> {
        let at = At { source, failed: RefCell::new(None) };
        let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
        let zip = ZipLocator::new()
            .max_search_space(MAX_SEARCH)
            .locate_in_reader(at, &mut buffer, source.size())
            .map_err(|(at, _)| at.stop())?;
        let mut entries = Vec::new();
        let mut records = zip.entries(&mut buffer);
        let mut cut = false;
        loop {
            let Ok(record) = records.next_entry() else { return Err(zip.get_ref().stop()) };
            let Some(record) = record else { break };
            if entries.len() == MAX_ENTRIES {
                cut = true;
                break;
            }
            let name = String::from_utf8_lossy(record.file_path().as_ref()).into_owned();
            let method = record.compression_method();
            entries.push(Entry { name, method, place: record.wayfinder() });
        }
        Ok(Self { zip, entries, cut })
    }

    /// Whether there may be code in it whatever it is recognised as: pickles, entries that were not
    /// looked at, and names that come twice, of which readers differ in which they take.
    fn hides(&self) -> bool {
        let names: BTreeSet<&str> = self.names().collect();
        let pickled =
            |name: &&str| [".pkl", ".pickle", ".joblib"].iter().any(|it| name.ends_with(it));
        self.cut || names.len() < self.entries.len() || names.iter().any(pickled)
    }

    /// Whether there is an array of objects among these entries, or one that cannot be read.
    fn holds_objects(&self, among: impl Fn(&str) -> bool) -> Look<bool> {
        for entry in self.entries.iter().filter(|entry| among(&entry.name)) {
            let Some(start) = found(self.inflate(entry, numpy::START))? else { return Ok(true) };
            let Some(end) = numpy::header_end(&start) else { continue };
            let head = found(self.inflate(entry, end.max(numpy::START)))?.unwrap_or(start);
            let head = Source::memory(head, &entry.name, true);
            if found(numpy::recognise(&head))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names().any(|it| it == name)
    }

    /// What an entry holds, if that is no more than is inflated.
    pub(super) fn whole(&self, name: &str) -> Look<Vec<u8>> {
        let bytes = self.read(name)?;
        if (bytes.len() as u64) < MAX_INFLATED { Ok(bytes) } else { Err(Stop::Else) }
    }

    /// What an entry holds, or the beginning of it.
    pub(super) fn read(&self, name: &str) -> Look<Vec<u8>> {
        let entry = self.entries.iter().find(|entry| entry.name == name).ok_or(Stop::Else)?;
        self.inflate(entry, MAX_INFLATED)
    }

    /// What an entry holds, up to so many bytes.
    fn inflate(&self, entry: &Entry, limit: u64) -> Look<Vec<u8>> {
        let Ok(place) = self.zip.get_entry(entry.place) else {
            return Err(self.zip.get_ref().stop());
        };
        let packed = place.reader();
        let mut bytes = Vec::new();
        let read = match entry.method {
            CompressionMethod::STORE => packed.take(limit).read_to_end(&mut bytes),
            CompressionMethod::DEFLATE => {
                // Of an entry that is only looked at, little is taken from the file.
                let buffer = vec![0; usize::try_from(limit.clamp(512, 32 << 10)).unwrap_or(512)];
                DeflateDecoder::new_with_buf(packed, buffer).take(limit).read_to_end(&mut bytes)
            }
            _ => return Err(Stop::Else),
        };
        match read {
            Ok(_) => Ok(bytes),
            Err(_) => Err(self.zip.get_ref().stop()),
        }
    }
}

/// Lets the zip reader read, and remembers when it was the file that failed.
struct At<'s, 'a> {
    source: &'s Source<'a>,
    failed: RefCell<Option<Stop>>,
}

impl At<'_, '_> {
    fn stop(&self) -> Stop {
        self.failed.take().unwrap_or(Stop::Else)
    }
}

impl ReaderAt for At<'_, '_> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.source.fill(offset, buffer).map_err(|stop| {
            *self.failed.borrow_mut() = Some(stop);
            io::Error::other("the file could not be read")
        })
    }
}
