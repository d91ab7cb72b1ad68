//! Numbers as sentences and tables have them.

/// A number with four figures that count, such as `0.9134` or `1234`; `1.234e-7` where it is small, and
/// `1.234e20` where it is large.
pub fn figures(number: f64) -> String {
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

/// [`figures`] without the zeros at the end, as sentences have them.
pub(crate) fn short(number: f64) -> String {
    let text = figures(number);
    match text.split_once('e') {
        Some((number, power)) => format!("{}e{power}", trimmed(number)),
        None => trimmed(&text).to_owned(),
    }
}

/// A level in percent, with as many figures as tell it from 100.
pub fn percent(level: f64) -> String {
    let rest = 100.0 * (1.0 - level);
    if !(rest > 0.0 && rest < 1.0) {
        return short(100.0 * level);
    }
    let digits = (1.0 - rest.log10().floor()).clamp(2.0, 14.0) as usize;
    trimmed(&format!("{:.digits$}", 100.0 * level)).to_owned()
}

fn trimmed(text: &str) -> &str {
    let text = if text.contains('.') { text.trim_end_matches('0') } else { text };
    text.trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_figures() {
        for (number, expected, in_sentences) in [
            (0.0, "0", "0"),
            (0.8125, "0.8125", "0.8125"),
            (1.0, "1.000", "1"),
            (100.0, "100.0", "100"),
            (1200.0, "1200", "1200"),
            (-0.012_345_6, "-0.01235", "-0.01235"),
            (0.000_123_4, "0.0001234", "0.0001234"),
            (0.000_012_34, "1.234e-5", "1.234e-5"),
            (1e-16, "1.000e-16", "1e-16"),
            (12_345.6, "12346", "12346"),
            (1e20, "1.000e20", "1e20"),
            (-1.5e300, "-1.500e300", "-1.5e300"),
            (0.999_94, "0.9999", "0.9999"),
            (0.999_96, "1.000", "1"),
            (-9.999_6, "-10.00", "-10"),
            (999.96, "1000", "1000"),
            (0.000_099_999_6, "0.0001000", "0.0001"),
            (999_999_999_999_999.9, "1.000e15", "1e15"),
            (f64::INFINITY, "inf", "inf"),
        ] {
            assert_eq!(
                (figures(number).as_str(), short(number).as_str()),
                (expected, in_sentences)
            );
        }
    }

    #[test]
    fn a_level_is_never_rounded_to_all() {
        for (level, expected) in [
            (0.95, "95"),
            (0.975, "97.5"),
            (0.57, "57"),
            (0.99, "99"),
            (0.999, "99.9"),
            (0.999_95, "99.995"),
            (0.999_999_9, "99.99999"),
            (1e-7, "1e-5"),
        ] {
            assert_eq!(percent(level), expected);
        }
        assert!(percent(1.0 - f64::EPSILON).starts_with("99.99999999999"));
    }
}
