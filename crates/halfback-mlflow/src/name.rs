//! How a name of MLflow becomes a name here.
//!
//! A name is kept as it is, dots and spaces too (the part is then quoted with backticks), unless it
//! holds what names here cannot hold. Then each such character becomes `%` and two hexadecimal digits
//! for each of its bytes, and so does a `%` that two hexadecimal digits follow. A name that would be
//! longer than 255 characters or is not in Unicode's normal form C is cut to 200 and ends in `~` and
//! twelve digits of its SHA-256. So two names never become one.

use std::fmt::Write;

use halfback::{Detail, MAX_PART, ModelName, Result, SchemaName};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

/// The model that stands for one of MLflow's in a schema.
pub(crate) fn mapped(schema: &SchemaName, name: &str) -> Result<ModelName> {
    schema.model(&part(schema, name)?)
}

/// The schema that a text names, as in `risk.credit`.
pub(crate) fn schema(text: &str) -> Result<SchemaName> {
    text.parse()
}

fn part(schema: &SchemaName, name: &str) -> Result<String> {
    const KEPT: usize = 200;
    if name.is_empty() {
        return Err(Detail::InvalidName("a model's name is empty".into()).into());
    }
    let mut escaped = String::with_capacity(name.len());
    let last = name.chars().count() - 1;
    for (at, (byte, c)) in name.char_indices().enumerate() {
        let after = name.get(byte + c.len_utf8()..).unwrap_or_default();
        let code = after.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
        let edge = (at == 0 || at == last) && c.is_whitespace();
        // A character is asked about between two letters: at the edge, a space is refused anyway.
        let refused = schema.model(&format!("a{c}a")).is_err();
        if refused || edge || (c == '%' && code) {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                // Writing to a string does not fail.
                let _ = write!(escaped, "%{byte:02X}");
            }
        } else {
            escaped.push(c);
        }
    }
    if escaped.chars().count() <= MAX_PART && escaped.nfc().eq(escaped.chars()) {
        return Ok(escaped);
    }
    let kept: String = escaped.nfc().take(KEPT).collect();
    Ok(format!("{}~{}", kept.trim_end(), digest(name)))
}

/// Twelve hexadecimal digits that tell one name from another.
pub(crate) fn digest(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(6).fold(String::new(), |mut digits, byte| {
        // Writing to a string does not fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: &str) {
        assert_eq!(mapped(&schema("main.default").unwrap(), name).unwrap().to_string(), expected);
    }

    #[test]
    fn most_names_stay() {
        check("fraud", "main.default.fraud");
        check("fraud.eu", "main.default.`fraud.eu`");
        check("my model", "main.default.`my model`");
        check("100%", "main.default.100%");
        check("größe", "main.default.größe");
    }

    #[test]
    fn the_rest_is_escaped() {
        check("a@b", "main.default.a%40b");
        check("a%40b", "main.default.a%2540b");
        check(" a ", "main.default.%20a%20");
        check("a\u{202e}b", "main.default.a%E2%80%AEb");
        check("..", "main.default.`..`");
        check("../../etc", "main.default.`..%2F..%2Fetc`");
    }

    #[test]
    fn two_names_never_become_one() {
        let names =
            ["a@b", "a%40b", "a%2540b", "a%%40b", "e\u{301}", "é", "a ", "a%20", "%", "%%", "%25"];
        let long = [format!("{}a", "x".repeat(300)), format!("{}b", "x".repeat(300))];
        let names = names.into_iter().chain(long.iter().map(String::as_str));
        let schema = schema("s").unwrap();
        let mut seen = std::collections::BTreeMap::new();
        for name in names {
            let mapped = mapped(&schema, name).unwrap().to_string();
            assert_eq!(seen.insert(mapped, name), None, "{name}");
        }
    }
}
