//! YAML, read from events into the shape of JSON, so that depth and size stay bounded.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

use super::source::{Look, Stop};

const MAX_DEPTH: usize = 32;
/// How many bytes the values can take, those that aliases repeat included.
const MAX_BYTES: usize = 8 << 20;
/// About what a value takes beside its text.
const VALUE: usize = 64;

/// The first document. Plain scalars are null, true or false, or else text: numbers, which are not
/// asked for here, stay as they are written.
pub(super) fn read(text: &str) -> Look<Value> {
    let mut builder = Builder { open: Vec::new(), anchors: HashMap::new(), left: MAX_BYTES };
    for event in Parser::new_from_str(text) {
        let Ok((event, _)) = event else { return Err(Stop::Else) };
        if let Some(document) = builder.event(event)? {
            return Ok(document);
        }
    }
    Err(Stop::Else)
}

struct Builder {
    /// The lists and maps that have begun.
    open: Vec<Open>,
    /// What has been given a name, with how many bytes it takes.
    anchors: HashMap<usize, (Value, usize)>,
    left: usize,
}

struct Open {
    value: Value,
    /// The key whose value is next.
    key: Option<String>,
    anchor: usize,
    /// What was left when this began.
    left: usize,
}

impl Builder {
    /// Takes an event; gives the document when that is complete.
    fn event(&mut self, event: Event<'_>) -> Look<Option<Value>> {
        let (value, anchor, left) = match event {
            Event::Scalar(text, style, anchor, _) => {
                let size = VALUE + text.len();
                self.count(size)?;
                (scalar(&text, style), anchor, self.left + size)
            }
            Event::Alias(anchor) => {
                let (value, size) = self.anchors.get(&anchor).ok_or(Stop::Else)?;
                // Paid for before it is copied.
                self.left = self.left.checked_sub(*size).ok_or(Stop::Else)?;
                (value.clone(), 0, self.left + size)
            }
            Event::SequenceStart(anchor, _) => return self.begin(Value::Array(vec![]), anchor),
            Event::MappingStart(anchor, _) => {
                return self.begin(Value::Object(Map::new()), anchor);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Open { value, anchor, left, .. } = self.open.pop().ok_or(Stop::Else)?;
                (value, anchor, left)
            }
            _ => return Ok(None),
        };
        if anchor != 0 {
            let size = left.saturating_sub(self.left);
            // A name keeps a copy, which has to be paid for too.
            self.count(size)?;
            self.anchors.insert(anchor, (value.clone(), size));
        }
        self.put(value)
    }

    fn count(&mut self, size: usize) -> Look<()> {
        self.left = self.left.checked_sub(size).ok_or(Stop::Else)?;
        Ok(())
    }

    fn begin(&mut self, value: Value, anchor: usize) -> Look<Option<Value>> {
        if self.open.len() == MAX_DEPTH {
            return Err(Stop::Else);
        }
        let left = self.left;
        self.count(VALUE)?;
        self.open.push(Open { value, key: None, anchor, left });
        Ok(None)
    }

    fn put(&mut self, value: Value) -> Look<Option<Value>> {
        let Some(open) = self.open.last_mut() else { return Ok(Some(value)) };
        match (&mut open.value, open.key.take(), value) {
            (Value::Array(list), _, value) => list.push(value),
            (Value::Object(map), Some(key), value) => {
                map.insert(key, value);
            }
            (Value::Object(_), None, Value::String(key)) => open.key = Some(key),
            (Value::Object(_), None, Value::Bool(key)) => open.key = Some(key.to_string()),
            _ => return Err(Stop::Else),
        }
        Ok(None)
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    match (style, text) {
        (ScalarStyle::Plain, "" | "~" | "null" | "Null" | "NULL") => Value::Null,
        (ScalarStyle::Plain, "true" | "True" | "TRUE") => Value::Bool(true),
        (ScalarStyle::Plain, "false" | "False" | "FALSE") => Value::Bool(false),
        (_, text) => Value::String(text.to_owned()),
    }
}
