//! HDF5: what the attributes of the root say, which is where Keras's older format has its description.
//!
//! Source: "HDF5 File Format Specification Version 3.0" and `keras/src/legacy/saving/legacy_h5_format.py`.
//! Read are attributes that lie in the root's own header, where h5py puts them, with one text each.
//! Anything else that may hide a description is said to be unread, and could be a program.

use serde_json::Value;

use super::source::{Look, Source, Stop};
use super::{Format, found, keras};

const MAGIC: &[u8; 8] = b"\x89HDF\r\n\x1a\n";
/// Where a superblock can begin: here, or at any doubling of it.
const FIRST: u64 = 512;
/// How many blocks and messages a header may have, and objects a heap: each costs a look.
const MAX_BLOCKS: usize = 64;
const MAX_MESSAGES: usize = 4_096;
const MAX_OBJECTS: usize = 4_096;
/// Bytes of a message: of the oldest form of a header, which has the most.
const MAX_MESSAGE: usize = 64 << 10;
/// Bytes of a text.
const MAX_TEXT: usize = 4 << 20;

const CONTINUATION: u64 = 0x10;
const ATTRIBUTE: u64 = 0x0c;
const ATTRIBUTE_INFO: u64 = 0x15;
/// A flag of messages: what is meant lies elsewhere.
const SHARED: u64 = 2;

/// The attributes of the root that say what a file is.
#[derive(Default)]
struct Described {
    keras_version: Option<String>,
    backend: Option<String>,
    model_config: Option<String>,
    training_config: Option<String>,
    /// The root says more than was understood.
    unread: bool,
}

pub(super) fn recognise(source: &Source<'_>) -> Look<Format> {
    let Some(base) = begin(source)? else { return Err(Stop::Else) };
    let described = found(File::open(source, base).and_then(|file| file.describe()))?;
    let described = described.unwrap_or(Described { unread: true, ..Described::default() });
    let Some(version) = described.keras_version else {
        if described.unread || described.model_config.is_some() {
            let mut format = Format { executable: true, ..Format::default() };
            format.note("unread", "attributes");
            return Ok(format);
        }
        return Err(Stop::Else);
    };
    let name = if described.model_config.is_some() { "hdf5" } else { "hdf5 weights" };
    let mut format = Format::new("keras", name);
    format.version(version);
    if let Some(backend) = described.backend {
        format.note("backend", backend);
    }
    if described.unread {
        format.executable = true;
        format.note("unread", "attributes");
    }
    let texts =
        [("model_config", described.model_config), ("training_config", described.training_config)];
    for (name, text) in texts {
        let Some(text) = text else { continue };
        if let Ok(config) = serde_json::from_str::<Value>(&text) {
            format.executable |= keras::brings_code(&config);
            format.say_all(name, &config);
        } else {
            // Python reads some JSON that is refused here.
            format.executable = true;
            format.note("unread", name);
        }
    }
    Ok(format)
}

/// Where the superblock is.
pub(super) fn begin(source: &Source<'_>) -> Look<Option<u64>> {
    let places = std::iter::successors(Some(FIRST), |at| at.checked_mul(2));
    for at in std::iter::once(0).chain(places.take_while(|at| *at < source.size())) {
        let mut magic = [0; MAGIC.len()];
        if source.fill(at, &mut magic)? == magic.len() && magic == *MAGIC {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// A file whose superblock was read.
struct File<'s, 'a> {
    source: &'s Source<'a>,
    /// Where addresses begin.
    base: u64,
    /// Bytes of an address, and of a length.
    address: u64,
    length: u64,
    root: u64,
}

impl<'s, 'a> File<'s, 'a> {
    fn open(source: &'s Source<'a>, base: u64) -> Look<Self> {
        let mut at = Cursor { source, at: base + MAGIC.len() as u64, end: source.size() };
        let version = at.number(1)?;
        let (address, length) = match version {
            0 | 1 => {
                // Versions of what is not looked at, and a reserved byte.
                at.skip(4)?;
                let sizes = (at.number(1)?, at.number(1)?);
                at.skip(1 + 2 + 2 + 4 + 4 * version)?;
                sizes
            }
            2 | 3 => {
                let sizes = (at.number(1)?, at.number(1)?);
                at.skip(1)?;
                sizes
            }
            _ => return Err(Stop::Else),
        };
        if ![address, length].iter().all(|size| matches!(size, 2 | 4 | 8)) {
            return Err(Stop::Else);
        }
        // The base, the place of free space or of an extension, and the end of the file; the oldest
        // have that of a driver and a name as well.
        at.skip(if version < 2 { 5 } else { 3 } * address)?;
        let root = at.number(address)?;
        Ok(Self { source, base, address, length, root })
    }

    /// What lies at an address, so many bytes long.
    fn block(&self, address: u64, length: u64) -> Look<Cursor<'s, 'a>> {
        let at = self.base.checked_add(address).ok_or(Stop::Else)?;
        let end = at.checked_add(length).ok_or(Stop::Else)?;
        if end > self.source.size() {
            return Err(Stop::Else);
        }
        Ok(Cursor { source: self.source, at, end })
    }

    fn describe(&self) -> Look<Described> {
        let mut header = self.block(self.root, 4)?;
        let is_old = header.take(4, 4)? != b"OHDR";
        let (first, ordered) = if is_old { self.old_header()? } else { self.header()? };
        let mut described = Described::default();
        let mut blocks = vec![first];
        let head = if is_old { 8 } else { 4 + 2 * u64::from(ordered) };
        let (mut looked, mut messages) = (0, 0);
        while let Some(mut block) = blocks.pop() {
            looked += 1;
            // What is left of a block is shorter than the head of a message.
            while block.left() >= head {
                messages += 1;
                if looked > MAX_BLOCKS || messages > MAX_MESSAGES {
                    return Err(Stop::Else);
                }
                let kind = block.number(if is_old { 2 } else { 1 })?;
                let (size, flags) = (block.number(2)?, block.number(1)?);
                block.skip(if is_old { 3 } else { head - 4 })?;
                let mut message = block.part(size)?;
                match kind {
                    CONTINUATION => {
                        let (at, length) =
                            (message.number(self.address)?, message.number(self.length)?);
                        blocks.push(self.continuation(at, length, is_old)?);
                    }
                    ATTRIBUTE if flags & SHARED != 0 => described.unread = true,
                    ATTRIBUTE => self.attribute(message, &mut described)?,
                    ATTRIBUTE_INFO => described.unread |= self.keeps_elsewhere(message)?,
                    _ => {}
                }
            }
        }
        Ok(described)
    }

    /// The messages of a header of the first version.
    fn old_header(&self) -> Look<(Cursor<'s, 'a>, bool)> {
        let mut header = self.block(self.root, 16)?;
        if header.number(1)? != 1 {
            return Err(Stop::Else);
        }
        header.skip(7)?;
        let length = header.number(4)?;
        Ok((self.block(self.root.checked_add(16).ok_or(Stop::Else)?, length)?, false))
    }

    /// The messages of a header, and whether each has a number.
    fn header(&self) -> Look<(Cursor<'s, 'a>, bool)> {
        let rest = self.source.size().saturating_sub(self.base).saturating_sub(self.root);
        let mut header = self.block(self.root, rest)?;
        header.skip(4)?;
        if header.number(1)? != 2 {
            return Err(Stop::Else);
        }
        let flags = header.number(1)?;
        // Times, and how many attributes lie where.
        header.skip(16 * u64::from(flags & 0x20 != 0) + 4 * u64::from(flags & 0x10 != 0))?;
        let length = header.number(1 << (flags & 3))?;
        Ok((header.part(length)?, flags & 4 != 0))
    }

    fn continuation(&self, at: u64, length: u64, is_old: bool) -> Look<Cursor<'s, 'a>> {
        let mut block = self.block(at, length)?;
        if !is_old {
            if block.take(4, 4)? != b"OCHK" {
                return Err(Stop::Else);
            }
            let messages = block.left().checked_sub(4).ok_or(Stop::Else)?;
            return block.part(messages);
        }
        Ok(block)
    }

    /// Whether attributes lie outside of the header: many of them, or large ones.
    fn keeps_elsewhere(&self, mut info: Cursor<'s, 'a>) -> Look<bool> {
        info.skip(1)?;
        let flags = info.number(1)?;
        info.skip(2 * (flags & 1))?;
        let heap = info.number(self.address)?;
        Ok(heap != u64::MAX >> (64 - 8 * self.address))
    }

    fn attribute(&self, mut message: Cursor<'s, 'a>, described: &mut Described) -> Look<()> {
        let version = message.number(1)?;
        let flags = message.number(1)?;
        let sizes = [message.number(2)?, message.number(2)?, message.number(2)?];
        message.skip(u64::from(version == 3))?;
        // The oldest are padded.
        let padded = |size: u64| if version == 1 { size.next_multiple_of(8) } else { size };
        let [name, kind, space] = sizes.map(|size| message.part(padded(size)));
        let (mut name, kind, space) = (name?, kind?, space?);
        let name = name.take(name.left(), MAX_MESSAGE)?;
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        let place = match name {
            b"keras_version" => &mut described.keras_version,
            b"backend" => &mut described.backend,
            b"model_config" => &mut described.model_config,
            b"training_config" => &mut described.training_config,
            _ => return Ok(()),
        };
        let is_known = matches!(version, 1..=3) && (version == 1 || flags == 0);
        let text = if is_known { found(self.text(kind, space, message))? } else { None };
        described.unread |= text.is_none() || place.is_some();
        *place = text;
        Ok(())
    }

    /// The one text that an attribute holds.
    fn text(
        &self,
        mut kind: Cursor<'s, 'a>,
        mut space: Cursor<'s, 'a>,
        mut value: Cursor<'s, 'a>,
    ) -> Look<String> {
        space.skip(1)?;
        if space.number(1)? != 0 {
            return Err(Stop::Else); // It has dimensions.
        }
        let class = kind.number(1)? & 0x0f;
        let is_text = kind.number(1)? & 0x0f == 1;
        kind.skip(2)?;
        let size = kind.number(4)?;
        let bytes = match class {
            3 => value.take(size, MAX_MESSAGE)?,
            9 if is_text => {
                let length = value.number(4)?;
                let (heap, index) = (value.number(self.address)?, value.number(4)?);
                self.heaped(heap, index, length)?
            }
            _ => return Err(Stop::Else),
        };
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        let text = bytes.get(..end).unwrap_or_default().to_vec();
        String::from_utf8(text).map_err(|_| Stop::Else)
    }

    /// An object of a heap, by its number there.
    fn heaped(&self, heap: u64, index: u64, length: u64) -> Look<Vec<u8>> {
        let mut head = self.block(heap, 8 + self.length)?;
        if head.take(5, 5)? != b"GCOL\x01" {
            return Err(Stop::Else);
        }
        head.skip(3)?;
        let size = head.number(self.length)?;
        let mut objects = self.block(heap, size)?;
        objects.skip(8 + self.length)?;
        for _ in 0..MAX_OBJECTS {
            let number = objects.number(2)?;
            objects.skip(6)?;
            let size = objects.number(self.length)?;
            if number == index && number != 0 {
                let mut object = objects.part(size)?;
                return object.take(length, MAX_TEXT);
            }
            objects.skip(size.checked_next_multiple_of(8).ok_or(Stop::Else)?)?;
        }
        Err(Stop::Else)
    }
}

/// A part of the file that is read from its beginning on, and never beyond its end.
struct Cursor<'s, 'a> {
    source: &'s Source<'a>,
    at: u64,
    end: u64,
}

impl<'s, 'a> Cursor<'s, 'a> {
    fn left(&self) -> u64 {
        self.end - self.at
    }

    /// The next bytes as a part of its own.
    fn part(&mut self, length: u64) -> Look<Cursor<'s, 'a>> {
        let at = self.at;
        self.skip(length)?;
        Ok(Cursor { source: self.source, at, end: self.at })
    }

    fn skip(&mut self, length: u64) -> Look<()> {
        if length > self.left() {
            return Err(Stop::Else);
        }
        self.at += length;
        Ok(())
    }

    fn take(&mut self, length: u64, limit: usize) -> Look<Vec<u8>> {
        let at = self.at;
        self.skip(length)?;
        self.source.exactly(at..self.at, limit)
    }

    /// A number, its lowest byte first.
    fn number(&mut self, width: u64) -> Look<u64> {
        let bytes = self.take(width, 8)?;
        Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}
