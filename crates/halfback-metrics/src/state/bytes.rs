//! Bytes of a state, written and read with every length checked.

use crate::error::{Error, Result};

const MAGIC: &[u8; 4] = b"HBMS";
/// The latest version.
const VERSION: u8 = 2;

pub(super) fn bad(expected: &'static str) -> Error {
    Error::State { argument: "bytes", expected }
}

pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new(version: u8) -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.push(version);
        Self(bytes)
    }

    pub(super) fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(super) fn number(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn half(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

pub(super) struct Reader<'a> {
    rest: &'a [u8],
    version: u8,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self> {
        let mut reader = Self { rest: bytes, version: 0 };
        if reader.take(MAGIC.len())? != MAGIC {
            return Err(bad("`HBMS` at its start"));
        }
        reader.version = reader.byte()?;
        if !(1..=VERSION).contains(&reader.version) {
            return Err(bad("version 1 or 2"));
        }
        Ok(reader)
    }

    pub(super) fn version(&self) -> u8 {
        self.version
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        self.array().map(|[byte]: [u8; 1]| byte)
    }

    pub(super) fn number(&mut self) -> Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn half(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn truth(&mut self) -> Result<bool> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(bad("a truth value")),
        }
    }

    /// How many low bits of keys are dropped.
    pub(super) fn dropped(&mut self) -> Result<u32> {
        let bits = self.byte()?.into();
        if bits <= u64::BITS { Ok(bits) } else { Err(bad("bits of a key")) }
    }

    /// How many items of at least `size` bytes follow: no more than there is room for.
    pub(super) fn count(&mut self, size: usize) -> Result<usize> {
        let count = usize::try_from(self.number()?).map_err(|_| bad("a count"))?;
        if count > self.rest.len() / size {
            return Err(bad("as many items as it says"));
        }
        Ok(count)
    }

    pub(super) fn text(&mut self) -> Result<String> {
        let length = self.count(1)?;
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| bad("text in UTF-8"))?;
        Ok(text.to_owned())
    }

    pub(super) fn end(&self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(bad("nothing behind its end")) }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(|| bad("more bytes"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| bad("more bytes"))
    }
}
