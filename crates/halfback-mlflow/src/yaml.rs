//! The YAML of MLflow's `meta.yaml`: one mapping from names to scalars.

use std::collections::BTreeMap;
use std::fmt::Write;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::Value;

/// More than MLflow has fields; what comes after is not read.
const MAX_EVENTS: usize = 4096;

/// The scalars of the outermost mapping, as text; null is left out, and so is everything nested.
pub(crate) fn read(text: &str) -> Option<BTreeMap<String, String>> {
    let mut entries = BTreeMap::new();
    let (mut depth, mut key) = (0_usize, None::<String>);
    for event in Parser::new_from_str(text).take(MAX_EVENTS) {
        match event.ok()?.0 {
            Event::SequenceStart(..) if depth == 0 => return None,
            Event::MappingStart(..) | Event::SequenceStart(..) => depth += 1,
            Event::MappingEnd | Event::SequenceEnd => {
                depth = depth.checked_sub(1)?;
                match depth {
                    0 => return Some(entries),
                    1 => key = None,
                    _ => {}
                }
            }
            Event::Scalar(text, style, ..) if depth == 1 => match key.take() {
                None => key = Some(text.into_owned()),
                Some(name) if !is_null(&text, style) => {
                    entries.insert(name, text.into_owned());
                }
                Some(_) => {}
            },
            Event::Alias(_) if depth == 1 => key = None,
            Event::Scalar(..) if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

fn is_null(text: &str, style: ScalarStyle) -> bool {
    style == ScalarStyle::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// A mapping as YAML: every text is quoted as JSON quotes it, which YAML reads as the same.
pub(crate) fn write(entries: &[(&str, Value)]) -> String {
    let line = |(name, value): &(&str, Value)| [*name, ": ", &scalar(value), "\n"].concat();
    entries.iter().map(line).collect()
}

fn scalar(value: &Value) -> String {
    let mut out = String::new();
    for c in value.to_string().chars() {
        // JSON leaves these as they are, and YAML does not read them raw.
        if matches!(
            c,
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        ) {
            // Writing to a string does not fail.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_reads_back() {
        let text = "a: \"b\"\\ # 'c'\n\t\u{85}\u{feff}é\u{1f600}";
        let written = write(&[
            ("text", json!(text)),
            ("none", Value::Null),
            ("number", json!(12)),
            ("empty", json!("")),
        ]);
        let read = read(&written).unwrap();
        assert_eq!(read["text"], text);
        assert_eq!(read["number"], "12");
        assert_eq!(read["empty"], "");
        assert!(!read.contains_key("none"));
    }

    #[test]
    fn what_mlflow_writes_reads() {
        let text = "aliases: []\ncreation_timestamp: 17\ndescription: null\nname: a.b\ntags:\n- x: {y: z}\nuser_id: ''\nversion: '3'\n";
        let read = read(text).unwrap();
        let names: Vec<&str> = read.keys().map(String::as_str).collect();
        assert_eq!(names, ["creation_timestamp", "name", "user_id", "version"]);
        assert_eq!(read["version"], "3");
    }

    #[test]
    fn hostile_text_gives_nothing() {
        for text in ["", "- a", "a", "a: [", "a: *b", &"[".repeat(10_000), &"{a: ".repeat(10_000)] {
            assert!(read(text).is_none_or(|entries| entries.is_empty()), "{text:.20}");
        }
    }
}
