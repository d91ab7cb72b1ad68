//! Every structural byte of an archive, from what it says (PKWARE's APPNOTE 6.3.10, §4.3 and §4.5.3).

use super::Entry;
use crate::error::{Detail, Result};

/// Bytes of the two end records and the locator between them.
pub(super) const END: usize = 56 + 20 + 22;
/// Bytes of a directory entry before its name.
const FIXED: usize = 46;

/// Made on Unix, for version 4.5, which has 64 bits.
const MADE_BY: u16 = 3 << 8 | VERSION;
const VERSION: u16 = 45;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;
const STORED: u16 = 0;
const MIDNIGHT: u16 = 0;
/// 1 January 1980, the first that zip can say.
const DATE: u16 = 1 << 5 | 1;
/// A plain file that its owner may write and everybody may read.
const MODE: u32 = 0o100_644;
/// Says that the number is in the record with 64 bits.
const SEE_64: u32 = u32::MAX;

/// Bytes in little-endian order.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn u16(&mut self, value: u16) -> &mut Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    fn u64(&mut self, value: u64) -> &mut Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    /// What local header and directory entry have in common.
    fn about(&mut self, entry: &Entry, extra: u16) -> Result<&mut Self> {
        let name = u16::try_from(entry.name.len()).map_err(|_| {
            Detail::InvalidArgument("a name in an archive is longer than 65,535 bytes".into())
        })?;
        self.u16(VERSION).u16(FLAGS).u16(STORED).u16(MIDNIGHT).u16(DATE).u32(entry.crc);
        Ok(self.u32(SEE_64).u32(SEE_64).u16(name).u16(extra))
    }
}

/// The header before an entry's content.
pub(super) fn local(entry: &Entry) -> Result<Vec<u8>> {
    let mut bytes = Bytes::default();
    bytes.u32(0x0403_4b50).about(entry, 20)?.0.extend(entry.name.as_bytes());
    bytes.u16(1).u16(16).u64(entry.size).u64(entry.size);
    Ok(bytes.0)
}

/// The directory's entry for one whose header is at `offset`.
pub(super) fn central(entry: &Entry, offset: u64) -> Result<Vec<u8>> {
    let mut bytes = Bytes::default();
    // No comment, on the first disk, binary.
    bytes.u32(0x0201_4b50).u16(MADE_BY).about(entry, 28)?.u16(0).u16(0).u16(0);
    bytes.u32(MODE << 16).u32(SEE_64).0.extend(entry.name.as_bytes());
    bytes.u16(1).u16(24).u64(entry.size).u64(entry.size).u64(offset);
    Ok(bytes.0)
}

/// What follows a directory of `count` entries and `size` bytes that begins at `start`.
pub(super) fn end(count: u64, size: u64, start: u64) -> [u8; END] {
    let mut bytes = Bytes::default();
    bytes.u32(0x0606_4b50).u64(44).u16(MADE_BY).u16(VERSION).u32(0).u32(0);
    bytes.u64(count).u64(count).u64(size).u64(start);
    bytes.u32(0x0706_4b50).u32(0).u64(start.saturating_add(size)).u32(1);
    bytes.u32(0x0605_4b50).u16(0).u16(0).u16(u16::MAX).u16(u16::MAX).u32(SEE_64).u32(SEE_64).u16(0);
    let mut end = [0; END];
    end.copy_from_slice(&bytes.0);
    end
}

/// Number of entries, size and start of the directory, as an end record has them.
pub(super) fn counts(end: &[u8; END]) -> (u64, u64, u64) {
    (number(end, 24), number(end, 40), number(end, 48))
}

/// The first entry of a directory, and its length there; or what is wrong with it.
pub(super) fn entry(directory: &[u8]) -> Result<(Entry, usize), &'static str> {
    let short = |at| u16::from_le_bytes(bytes(directory, at));
    let long = |at| u32::from_le_bytes(bytes(directory, at));
    if directory.len() < FIXED || long(0) != 0x0201_4b50 {
        return Err("is cut short");
    }
    if short(10) != STORED {
        return Err("is compressed, which halfback never does");
    }
    if long(38) != MODE << 16 {
        return Err("is not a plain file");
    }
    let length = usize::from(short(28));
    let name = directory.get(FIXED..FIXED + length).ok_or("is cut short")?;
    let name = std::str::from_utf8(name).map_err(|_| "has a name that is not UTF-8")?;
    let size = number(directory, FIXED + length + 4);
    let entry = Entry { name: name.to_owned(), size, crc: long(16) };
    Ok((entry, FIXED + length + 28))
}

fn number(bytes_: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes(bytes_, at))
}

/// The bytes at a place; zeros where there are none, which is no number that fits.
fn bytes<const N: usize>(all: &[u8], at: usize) -> [u8; N] {
    all.get(at..at + N).and_then(|found| found.try_into().ok()).unwrap_or([0; N])
}
