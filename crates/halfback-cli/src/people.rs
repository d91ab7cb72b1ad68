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

/// A number with four figures that count, such as `0.9134` or `1234`; `1.234e-7` where it is small.
pub(crate) fn figures(number: f64) -> String {
    if number == 0.0 {
        return "0".into();
    }
    // Its power of ten once it is rounded: 0.99996 is 1.000.
    let rounded = format!("{number:.3e}");
    let power = rounded.rsplit_once('e').and_then(|(_, power)| power.parse().ok());
    let power: i32 = power.unwrap_or_default();
    if !(-4..15).contains(&power) {
        return rounded;
    }
    let digits = usize::try_from(3 - power).unwrap_or_default();
    format!("{number:.digits$}")
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
    fn numbers_have_four_figures() {
        for (number, expected) in [
            (0.0, "0"),
            (0.8125, "0.8125"),
            (1.0, "1.000"),
            (-0.012_345_6, "-0.01235"),
            (0.000_123_4, "0.0001234"),
            (0.000_012_34, "1.234e-5"),
            (12_345.6, "12346"),
            (1e20, "1.000e20"),
            (0.999_94, "0.9999"),
            (0.999_96, "1.000"),
            (-9.999_6, "-10.00"),
            (999.96, "1000"),
            (0.000_099_999_6, "0.0001000"),
            (999_999_999_999_999.9, "1.000e15"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(figures(number), expected, "{number}");
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
