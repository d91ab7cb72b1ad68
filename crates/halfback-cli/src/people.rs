//! Sizes, times, digests and principals as people read them.

use halfback::{DateTime, Param, Principal};
use std::time::Duration;

/// A size in decimal units with two or three figures, such as `1.2 MB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let bytes = u128::from(bytes);
    let mut scale = 1;
    for unit in UNITS {
        scale *= 1000;
        let rounded = |times: u128| (bytes * times + scale / 2) / scale;
        match (rounded(10), rounded(1)) {
            (tenths, _) if tenths < 100 => {
                return format!("{}.{} {unit}", tenths / 10, tenths % 10);
            }
            (_, whole) if whole < 1000 => return format!("{whole} {unit}"),
            _ => {}
        }
    }
    format!("{bytes} B")
}

/// A size as in a record, where it is never negative.
pub(crate) fn record_size(bytes: i64) -> String {
    size(u64::try_from(bytes).unwrap_or_default())
}

/// A number with commas between its thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time in UTC to the second, for a column whose title says UTC.
pub(crate) fn time(time: DateTime) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// A duration such as `0:05` or `1:02:03`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// The first figures of a digest: enough to tell two apart at a glance.
pub(crate) fn short_digest(digest: &str) -> String {
    digest.strip_prefix("sha256:").unwrap_or(digest).chars().take(12).collect()
}

/// A principal's name, or its id once the name was erased.
pub(crate) fn named(name: Option<&String>, id: &str) -> String {
    name.map_or(id, String::as_str).to_owned()
}

/// A principal with how it is proved: `ana (os_user)`.
pub(crate) fn principal(principal: &Principal) -> String {
    let id = principal.id.as_deref().unwrap_or("nobody");
    format!("{} ({})", named(principal.name.as_ref(), id), principal.proof)
}

/// `1 file`, `2 files`
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number as u64), if number == 1 { "" } else { "s" })
}

/// A parameter's value as it is written on the command line.
pub(crate) fn param(param: &Param) -> String {
    match param {
        Param::Bool(value) => value.to_string(),
        Param::Int(value) => value.to_string(),
        Param::Float(value) => value.to_string(),
        Param::Text(value) => value.clone(),
    }
}

/// The word that JSON has for a value, such as `none` or `READY`.
pub(crate) fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_two_or_three_figures() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (9_949, "9.9 kB"),
            (9_950, "10 kB"),
            (12_345, "12 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (1_234_567, "1.2 MB"),
            (u64::MAX, "18 EB"),
        ] {
            assert_eq!(size(bytes), expected, "{bytes}");
        }
    }

    #[test]
    fn thousands_and_durations() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(duration(Duration::from_secs(5)), "0:05");
        assert_eq!(duration(Duration::from_secs(3723)), "1:02:03");
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(1200, "file"), "1,200 files");
    }
}
