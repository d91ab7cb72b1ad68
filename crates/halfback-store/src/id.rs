//! Opaque ids and the one door to randomness.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Detail, Result};
use crate::time::Timestamp;

/// Identifies a catalog, schema, model, version or principal for good, whatever it is called.
///
/// All kinds share one sequence, so an id alone says which thing is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntityId(pub i64);

impl EntityId {
    /// The registry itself: the parent of catalogs.
    pub const REGISTRY: Self = Self(0);
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of a commit; the first is 1. Commit 0 is the moment before anything happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommitNumber(pub i64);

impl CommitNumber {
    /// Closes no row yet: the `until` of everything that lives.
    pub const FOREVER: Self = Self(i64::MAX);
    /// The moment that sees all that lives, and nothing that was closed.
    pub const NOW: Self = Self(i64::MAX - 1);
}

impl fmt::Display for CommitNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// `N` bytes from the operating system's random number generator.
#[expect(clippy::disallowed_methods, reason = "this is randomness's one door")]
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Detail::Io {
        message: format!("the operating system gave no random bytes: {error}"),
        source: std::io::Error::other(error.to_string()),
    })?;
    Ok(bytes)
}

/// A UUID that begins with a moment in milliseconds (version 7) in its usual text form, RFC 9562.
pub fn uuid(moment: Timestamp) -> Result<String> {
    let mut bytes = random::<16>()?;
    let millis = (moment.micros() / 1_000).to_be_bytes();
    for (byte, own) in bytes.iter_mut().zip(millis.into_iter().skip(2)) {
        *byte = own;
    }
    bytes[6] = bytes[6] & 0x0f | 0x70;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes);
    let parts: Vec<&str> = [0..8, 8..12, 12..16, 16..20, 20..32]
        .into_iter()
        .filter_map(|range| hex.get(range))
        .collect();
    Ok(parts.join("-"))
}

/// The moment that a UUID of version 7 begins with; `None` for any other text.
pub fn uuid_moment(uuid: &str) -> Option<Timestamp> {
    let digits: String = uuid.chars().filter(|digit| *digit != '-').collect();
    let bytes = unhex::<16>(&digits).filter(|bytes| bytes[6] >> 4 == 7)?;
    let millis = bytes.iter().take(6).fold(0, |sum, byte| sum << 8 | i64::from(*byte));
    Some(Timestamp::from_micros(millis.checked_mul(1_000)?))
}

/// Lower-case hexadecimal text.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'?'));
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The bytes that lower-case hexadecimal text stands for; `None` for any other text.
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let nibble = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let bytes: Option<Vec<u8>> =
        pairs.iter().map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?)).collect();
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_goes_there_and_back() {
        assert_eq!(hex(&[0, 0xab, 0xff]), "00abff");
        assert_eq!(unhex::<3>("00abff"), Some([0, 0xab, 0xff]));
        for wrong in ["00abf", "00abFF", "00ab", "zzzzzz", "00ab0é"] {
            assert_eq!(unhex::<3>(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_uuid_says_its_version_and_variant() {
        let uuid = uuid(Timestamp::from_micros(1_770_000_000_123_456)).unwrap();
        assert_eq!(uuid.len(), 36);
        assert_eq!(uuid.as_bytes()[14], b'7');
        assert_eq!(uuid_moment(&uuid), Some(Timestamp::from_micros(1_770_000_000_123_000)));
        assert_eq!(uuid_moment("01234567-89ab-4def-8123-456789abcdef"), None);
        assert_eq!(uuid_moment("other"), None);
        assert!(b"89ab".contains(&uuid.as_bytes()[19]));
    }
}
