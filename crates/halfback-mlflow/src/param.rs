//! Parameters: MLflow has text, Halfback also numbers and booleans.

use halfback::Param;

/// A number or a boolean where the text says exactly that, else the text.
pub(crate) fn parsed(text: &str) -> Param {
    const EXACT: u64 = 1 << 53;
    match text {
        "True" => return Param::Bool(true),
        "False" => return Param::Bool(false),
        _ => {}
    }
    if let Ok(number) = text.parse::<i64>() {
        let same = number.unsigned_abs() <= EXACT && number.to_string() == text;
        return if same { Param::Int(number) } else { Param::Text(text.to_owned()) };
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && decimal(text) == decimal(&format!("{number:e}")) => {
            Param::Float(number)
        }
        _ => Param::Text(text.to_owned()),
    }
}

/// The text that Python would have logged.
pub(crate) fn written(param: &Param) -> String {
    match param {
        Param::Bool(true) => "True".into(),
        Param::Bool(false) => "False".into(),
        Param::Int(number) => number.to_string(),
        Param::Float(number) => format!("{number:?}"),
        Param::Text(text) => text.clone(),
    }
}

/// Sign, digits and the power of ten of the last one: equal exactly for equal decimal numbers. None
/// for what is written as no number is, such as `007`.
fn decimal(text: &str) -> Option<(bool, String, i64)> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
    let padded = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || padded || !digits(whole) || !digits(fraction) {
        return None;
    }
    let all = format!("{whole}{fraction}");
    let cut = all.trim_end_matches('0');
    let zeros = i64::try_from(all.len() - cut.len()).ok()?;
    let significant = cut.trim_start_matches('0').to_owned();
    if significant.is_empty() {
        return Some((negative, significant, 0));
    }
    let last = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(zeros)?;
    Some((negative, significant, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_where_they_are_exact() {
        let int = Param::Int;
        for (text, expected) in [("3", int(3)), ("-17", int(-17)), ("0", int(0))] {
            assert_eq!(parsed(text), expected);
        }
        for (text, expected) in [
            ("0.1", 0.1),
            ("1.0", 1.0),
            ("1e-05", 1e-5),
            ("1e+16", 1e16),
            ("2.50", 2.5),
            ("-0.0", -0.0),
            ("1E3", 1000.0),
        ] {
            assert_eq!(parsed(text), Param::Float(expected), "{text}");
        }
        assert_eq!(parsed("True"), Param::Bool(true));
    }

    #[test]
    fn what_would_lose_something_stays_text() {
        for text in [
            "",
            "007",
            "+5",
            "1_000",
            "nan",
            "inf",
            "9007199254740993",
            "0.10000000000000000001",
            "00.5",
            ".5",
            "1e999",
            "true",
            " 1",
            "12345678901234567890",
            "0x10",
            "1e",
        ] {
            assert_eq!(parsed(text), Param::Text(text.into()), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        for param in [Param::Bool(false), Param::Int(-4), Param::Float(1e-7), Param::Float(3.0)] {
            assert_eq!(parsed(&written(&param)), param);
        }
    }
}
