//! Arrays of objects in numpy's `.npy`, which are pickles behind a header. Arrays of anything else are
//! no model, and nothing runs when they are read.
//!
//! Source: `numpy/lib/_format_impl.py` in <https://github.com/numpy/numpy>.

use super::source::{Look, Source, Stop};
use super::{Format, found};

const MAGIC: &[u8] = b"\x93NUMPY";
/// How much of a file tells where its header ends.
pub(super) const START: u64 = 12;
/// How long a header is read; numpy itself reads 10,000 characters where it is not told to trust.
const MAX_HEADER: usize = 64 << 10;

pub(super) fn recognise(source: &Source<'_>) -> Look<Format> {
    if !source.begins(MAGIC)? {
        return Err(Stop::Else);
    }
    // What cannot be read here may be read elsewhere.
    if found(header(source))?.is_some_and(|header| !holds_objects(&header)) {
        return Err(Stop::Else);
    }
    Ok(Format { executable: true, ..Format::default() })
}

/// Whether a file is named like an array.
pub(super) fn is_array(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("npy"))
}

/// The header: a dictionary as Python writes it.
fn header(source: &Source<'_>) -> Look<String> {
    let start = source.upto(0, 12)?;
    let end = header_end(&start).ok_or(Stop::Else)?;
    let begin = if start.get(6) == Some(&1) { 10 } else { START };
    if end < begin {
        return Err(Stop::Else);
    }
    let header = source.exactly(begin..end, MAX_HEADER)?;
    // Characters beyond ASCII, of whatever encoding, are in names.
    Ok(String::from_utf8_lossy(&header).into_owned())
}

/// Where the header ends of a file that begins so; none where it is no array. Of a version that is
/// not known, there is nothing to read.
pub(super) fn header_end(start: &[u8]) -> Option<u64> {
    match start.strip_prefix(MAGIC)? {
        [1, _, length @ ..] => {
            let length = length.first_chunk().map_or(0, |it| u16::from_le_bytes(*it));
            Some(10 + u64::from(length))
        }
        [2 | 3, _, length @ ..] => {
            let length = length.first_chunk().map_or(0, |it| u32::from_le_bytes(*it));
            Some(START + u64::from(length))
        }
        _ => Some(0),
    }
}

/// Whether one of the texts in a header is the type of objects. Texts that are written in any other
/// way than numpy writes them count as such: Python would put them together.
fn holds_objects(header: &str) -> bool {
    let mut rest = header;
    while let Some(start) = rest.find(['\'', '"']) {
        let (before, quoted) = rest.split_at(start);
        let quote = if quoted.starts_with('"') { '"' } else { '\'' };
        let Some((text, after)) = quoted.get(1..).and_then(|text| text.split_once(quote)) else {
            return true;
        };
        let before = before.trim_end();
        let plain = before.is_empty() || before.ends_with(['{', '[', '(', ',', ':']);
        let ends = after.trim_start().starts_with([',', ':', ')', ']', '}']);
        if !plain || !ends || text.contains('\\') || is_objects(text) {
            return true;
        }
        rest = after;
    }
    false
}

/// Whether a text means objects as a type, such as `|O`, `object` or `i4, O`, or as a field in short.
fn is_objects(text: &str) -> bool {
    let is_type = |part: &str| {
        let part = part.trim_matches(|it: char| !it.is_ascii_alphabetic());
        part == "O" || part.eq_ignore_ascii_case("object")
    };
    // A list of texts of two characters is one of names and types.
    text.len() <= 3 && text.contains('O') || text.split(',').any(is_type)
}
