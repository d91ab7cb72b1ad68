//! The one door to the clock, and the microsecond times that facts and the log carry.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Detail, Error, Result};

/// Microseconds since 1970-01-01T00:00:00Z; written as RFC 3339 text with six decimals in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The present, by the machine's clock.
    #[expect(clippy::disallowed_methods, reason = "this is the clock's one door")]
    pub fn now() -> Self {
        Self(Utc::now().timestamp_micros())
    }

    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The time of the next commit: the clock, but always later than the commit before.
    #[must_use]
    pub fn after(self, previous: Self) -> Self {
        Self(self.0.max(previous.0.saturating_add(1)))
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.timestamp_micros())
    }
}

impl From<Timestamp> for DateTime<Utc> {
    fn from(time: Timestamp) -> Self {
        Self::from_timestamp_micros(time.0).unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&DateTime::from(*self).to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        DateTime::parse_from_rfc3339(text).map(|time| time.to_utc().into()).map_err(|_| {
            Detail::InvalidArgument(format!(
                "`{text}` is not a time; expected RFC 3339 with an offset, like `2026-11-23T10:00:00Z`"
            ))
            .into()
        })
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_always_later_than_the_one_before() {
        let previous = Timestamp::from_micros(100);
        assert_eq!(Timestamp::from_micros(50).after(previous).micros(), 101);
        assert_eq!(Timestamp::from_micros(150).after(previous).micros(), 150);
    }

    #[test]
    fn text_keeps_microseconds_and_takes_any_offset() {
        let time: Timestamp = "2026-11-23T11:00:00.000001+01:00".parse().unwrap();
        assert_eq!(time.to_string(), "2026-11-23T10:00:00.000001Z");
        assert_eq!("yesterday".parse::<Timestamp>().unwrap_err().code(), "invalid_argument");
    }
}
