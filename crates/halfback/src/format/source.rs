//! A file to look into: read where asked, through a small window, and never more than allowed.

use std::cell::{Cell, RefCell};
use std::io::{Cursor, SeekFrom};
use std::ops::Range;
use std::path::Path;

use halfback_store::artifact::ReadSeek;
use halfback_store::error::{Error, IoContext};

/// How many bytes are read of one file.
const MAX_BYTES: u64 = 8 << 20;
/// How many bytes are kept to look at one by one: small, since skipping large fields is common and
/// each landing costs a window.
const WINDOW: usize = 4 << 10;

/// Why recognising came to an end.
#[derive(Debug)]
pub(super) enum Stop {
    /// The content is something else, or damaged, or more than may be read.
    Else,
    /// It could not be read.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The result of looking into a file.
pub(super) type Look<T> = Result<T, Stop>;

/// A file.
pub(super) struct Source<'a> {
    reader: RefCell<Box<dyn ReadSeek + 'a>>,
    path: String,
    size: u64,
    /// What may still be read of this file, and of all files.
    left: Cell<u64>,
    total: Option<&'a Cell<u64>>,
    /// Whether there is more of it that was not taken along.
    cut: bool,
    window: RefCell<(u64, Vec<u8>)>,
}

impl<'a> Source<'a> {
    pub(super) fn open(
        reader: Box<dyn ReadSeek + 'a>,
        path: &str,
        size: u64,
        total: &'a Cell<u64>,
    ) -> Self {
        Self {
            reader: RefCell::new(reader),
            path: path.to_owned(),
            size,
            left: Cell::new(MAX_BYTES),
            total: Some(total),
            cut: false,
            window: RefCell::default(),
        }
    }

    /// Bytes that were taken from a file, to be looked at like a file; `cut` when there are more.
    pub(super) fn memory(bytes: Vec<u8>, path: &str, cut: bool) -> Source<'static> {
        Source {
            size: bytes.len() as u64,
            reader: RefCell::new(Box::new(Cursor::new(bytes))),
            path: path.to_owned(),
            left: Cell::new(MAX_BYTES),
            total: None,
            cut,
            window: RefCell::default(),
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Fills the buffer from an offset on; less at the end of the file or of what may be read.
    pub(super) fn fill(&self, offset: u64, buffer: &mut [u8]) -> Look<usize> {
        let left = self.total.map_or(self.left.get(), |total| self.left.get().min(total.get()));
        let wanted = (buffer.len() as u64).min(left).min(self.size.saturating_sub(offset));
        let wanted = usize::try_from(wanted).unwrap_or(0);
        let path = Path::new(&self.path);
        let mut reader = self.reader.borrow_mut();
        reader.seek(SeekFrom::Start(offset)).on("read", path)?;
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..wanted).filter(|rest| !rest.is_empty()) {
            match reader.read(rest) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                failed @ Err(_) => {
                    failed.on("read", path)?;
                }
            }
        }
        self.left.set(self.left.get().saturating_sub(filled as u64));
        if let Some(total) = self.total {
            total.set(total.get().saturating_sub(filled as u64));
        }
        Ok(filled)
    }

    /// Whether nothing more may be read although there may be more.
    pub(super) fn is_spent(&self) -> bool {
        self.cut || self.left.get() == 0 || self.total.is_some_and(|total| total.get() == 0)
    }

    /// At most so many bytes from an offset on.
    pub(super) fn upto(&self, offset: u64, length: usize) -> Look<Vec<u8>> {
        let rest = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length.min(rest)];
        let filled = self.fill(offset, &mut bytes)?;
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// The last bytes of the file, at most so many.
    pub(super) fn tail(&self, length: usize) -> Look<Vec<u8>> {
        self.upto(self.size.saturating_sub(length as u64), length)
    }

    /// The whole file, if it is no longer than that.
    pub(super) fn whole(&self, limit: usize) -> Look<Vec<u8>> {
        let bytes = self.upto(0, limit)?;
        if bytes.len() as u64 == self.size { Ok(bytes) } else { Err(Stop::Else) }
    }

    /// Exactly these bytes.
    pub(super) fn exactly(&self, range: Range<u64>, limit: usize) -> Look<Vec<u8>> {
        let length = usize::try_from(range.end.saturating_sub(range.start)).ok();
        let length = length.filter(|length| *length <= limit).ok_or(Stop::Else)?;
        if length > WINDOW {
            let bytes = self.upto(range.start, length)?;
            return if bytes.len() == length { Ok(bytes) } else { Err(Stop::Else) };
        }
        let within = |window: &(u64, Vec<u8>)| {
            let start = usize::try_from(range.start.checked_sub(window.0)?).ok()?;
            Some(window.1.get(start..start.checked_add(length)?)?.to_vec())
        };
        if let Some(bytes) = within(&self.window.borrow()) {
            return Ok(bytes);
        }
        let window = (range.start, self.upto(range.start, WINDOW)?);
        let bytes = within(&window);
        *self.window.borrow_mut() = window;
        bytes.ok_or(Stop::Else)
    }

    /// The byte at an offset.
    pub(super) fn byte(&self, offset: u64) -> Look<u8> {
        if let (start, bytes) = &*self.window.borrow()
            && let Some(at) = offset.checked_sub(*start).and_then(|at| usize::try_from(at).ok())
            && let Some(byte) = bytes.get(at)
        {
            return Ok(*byte);
        }
        let end = offset.checked_add(1).ok_or(Stop::Else)?;
        self.exactly(offset..end, 1)?.first().copied().ok_or(Stop::Else)
    }

    /// Whether the file begins with that.
    pub(super) fn begins(&self, magic: &[u8]) -> Look<bool> {
        match self.exactly(0..magic.len() as u64, magic.len()) {
            Ok(bytes) => Ok(bytes == magic),
            Err(Stop::Else) => Ok(false),
            Err(failed) => Err(failed),
        }
    }
}

/// Where a short text is found.
pub(super) fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    bytes.windows(text.len()).position(|window| window == text)
}

/// What stands behind each place where a short text is found.
pub(super) fn behind<'a>(
    bytes: &'a [u8],
    text: &'a [u8],
) -> impl DoubleEndedIterator<Item = &'a [u8]> {
    let found = bytes.windows(text.len()).enumerate().filter(move |(_, window)| *window == text);
    found.filter_map(move |(at, _)| bytes.get(at + text.len()..))
}
