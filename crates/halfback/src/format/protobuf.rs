//! Protocol buffers on the wire, as much as telling fields apart needs.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding/>.

use std::ops::Range;

use super::source::{Look, Source, Stop};

/// A message: a range of a file.
#[derive(Clone)]
pub(super) struct Message<'s, 'a> {
    source: &'s Source<'a>,
    at: u64,
    end: u64,
}

/// A field's value.
pub(super) enum Value {
    /// Of wire type 0.
    Varint(u64),
    /// Of wire type 1 or 5, which no field asked for here has.
    Fixed,
    /// Of wire type 2: text, bytes, a message or packed numbers.
    Bytes(Range<u64>),
}

impl<'s, 'a> Message<'s, 'a> {
    pub(super) fn whole(source: &'s Source<'a>) -> Self {
        Self { source, at: 0, end: source.size() }
    }

    /// The message that a field of this one holds.
    pub(super) fn within(&self, value: &Value) -> Look<Self> {
        let range = value.bytes()?;
        Ok(Self { source: self.source, at: range.start, end: range.end })
    }

    /// The text that a field of this message holds.
    pub(super) fn text(&self, value: &Value, limit: usize) -> Look<String> {
        let bytes = self.source.exactly(value.bytes()?, limit)?;
        String::from_utf8(bytes).map_err(|_| Stop::Else)
    }

    /// The beginning of a text for people, whatever is wrong with it.
    pub(super) fn words(&self, value: &Value, limit: usize) -> Look<String> {
        let range = value.bytes()?;
        let length = usize::try_from(range.end - range.start).unwrap_or(limit).min(limit);
        // What lies in the window costs nothing.
        let bytes = self.source.exactly(range.start..range.start + length as u64, limit)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The next field's number and value; none at the end.
    pub(super) fn next(&mut self) -> Look<Option<(u64, Value)>> {
        if self.at == self.end {
            return Ok(None);
        }
        let tag = self.varint()?;
        let (number, wire) = (tag >> 3, tag & 7);
        let value = match wire {
            0 => Value::Varint(self.varint()?),
            1 => self.skip(8).map(|_| Value::Fixed)?,
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.skip(length)?)
            }
            5 => self.skip(4).map(|_| Value::Fixed)?,
            _ => return Err(Stop::Else),
        };
        if number == 0 { Err(Stop::Else) } else { Ok(Some((number, value))) }
    }

    fn skip(&mut self, length: u64) -> Look<Range<u64>> {
        let start = self.at;
        let end = start.checked_add(length).filter(|end| *end <= self.end).ok_or(Stop::Else)?;
        self.at = end;
        Ok(start..end)
    }

    fn varint(&mut self) -> Look<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let at = self.skip(1)?.start;
            let byte = self.source.byte(at)?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Stop::Else)
    }
}

impl Value {
    fn bytes(&self) -> Look<Range<u64>> {
        match self {
            Self::Bytes(range) => Ok(range.clone()),
            _ => Err(Stop::Else),
        }
    }

    /// A signed number.
    pub(super) fn number(&self) -> Look<i64> {
        match self {
            Self::Varint(value) => Ok(value.cast_signed()),
            _ => Err(Stop::Else),
        }
    }
}
