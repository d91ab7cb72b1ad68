//! XGBoost's JSON, and the same in UBJSON.
//!
//! Models are large, and what is asked for stands at their two ends: the features before the trees, and
//! the parameters, the objective and the version after them. So only the ends are read.
//!
//! Source: <https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html> and
//! `src/common/json.cc` for the subset of UBJSON: texts and keys have lengths of eight bytes.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Format;
use super::source::{Look, Source, Stop, behind};
use crate::signature::{ColumnSpec, DataType, Schema, Signature};

const MAX_BEGINNING: usize = 2 << 20;
const MAX_END: usize = 64 << 10;
const MAX_DEPTH: usize = 8;
const MAX_FEATURES: usize = 100_000;

pub(super) fn recognise_json(source: &Source<'_>) -> Look<Format> {
    if source.byte(0)? != b'{' {
        return Err(Stop::Else);
    }
    let head = source.upto(0, 64)?;
    let head: Vec<u8> = head.into_iter().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if !head.starts_with(b"{\"learner\":{") {
        return Err(Stop::Else);
    }
    let (beginning, end) = (source.upto(0, MAX_BEGINNING)?, source.tail(MAX_END)?);
    let facts = Facts {
        attributes: json_after(&beginning, "attributes").unwrap_or_default(),
        names: json_after(&beginning, "feature_names").unwrap_or_default(),
        types: json_after(&beginning, "feature_types").unwrap_or_default(),
        params: json_after(&end, "learner_model_param").unwrap_or_default(),
        objective: json_after(&end, "objective").unwrap_or_default(),
        version: json_after(&end, "version").ok_or(Stop::Else)?,
    };
    Ok(facts.tell("xgboost-json"))
}

/// The value of a key, the last of that name that has the right type. In a text within the JSON the
/// key's quotes would be escaped.
fn json_after<T: DeserializeOwned>(bytes: &[u8], key: &str) -> Option<T> {
    let key = format!("\"{key}\"");
    behind(bytes, key.as_bytes()).rev().find_map(|rest| {
        let rest = rest.trim_ascii_start().strip_prefix(b":")?;
        serde_json::Deserializer::from_slice(rest).into_iter::<T>().next()?.ok()
    })
}

pub(super) fn recognise_ubj(source: &Source<'_>) -> Look<Format> {
    if !source.begins(b"{L\0\0\0\0\0\0\0\x07learner{")? {
        return Err(Stop::Else);
    }
    let (beginning, end) = (source.upto(0, MAX_BEGINNING)?, source.tail(MAX_END)?);
    let facts = Facts {
        attributes: ubj_after(&beginning, "attributes").unwrap_or_default(),
        names: ubj_after(&beginning, "feature_names").unwrap_or_default(),
        types: ubj_after(&beginning, "feature_types").unwrap_or_default(),
        params: ubj_after(&end, "learner_model_param").unwrap_or_default(),
        objective: ubj_after(&end, "objective").unwrap_or_default(),
        version: ubj_after(&end, "version").ok_or(Stop::Else)?,
    };
    Ok(facts.tell("xgboost-ubj"))
}

fn ubj_after<T: DeserializeOwned>(bytes: &[u8], key: &str) -> Option<T> {
    let mut text = vec![b'L'];
    text.extend((key.len() as u64).to_be_bytes());
    text.extend(key.as_bytes());
    behind(bytes, &text).rev().find_map(|rest| {
        let value = Ubj { bytes: rest, left: MAX_FEATURES }.value(0)?;
        serde_json::from_value(value).ok()
    })
}

/// UBJSON, as much as XGBoost writes outside of its trees.
struct Ubj<'a> {
    bytes: &'a [u8],
    left: usize,
}

impl<'a> Ubj<'a> {
    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.left = self.left.checked_sub(1)?;
        match self.byte()? {
            b'Z' => Some(Value::Null),
            b'T' => Some(true.into()),
            b'F' => Some(false.into()),
            b'i' => Some(i8::from_be_bytes(self.array()?).into()),
            b'U' => Some(u8::from_be_bytes(self.array()?).into()),
            b'I' => Some(i16::from_be_bytes(self.array()?).into()),
            b'l' => Some(i32::from_be_bytes(self.array()?).into()),
            b'L' => Some(i64::from_be_bytes(self.array()?).into()),
            b'd' => Some(f32::from_be_bytes(self.array()?).into()),
            b'D' => Some(f64::from_be_bytes(self.array()?).into()),
            b'S' => self.text().map(Value::String),
            b'[' => self.list(depth),
            b'{' => self.object(depth),
            _ => None,
        }
    }

    fn list(&mut self, depth: usize) -> Option<Value> {
        let mut list = Vec::new();
        if let Some(rest) = self.bytes.strip_prefix(b"#") {
            self.bytes = rest;
            for _ in 0..self.length()? {
                list.push(self.value(depth + 1)?);
            }
        } else {
            while !self.closed(b']')? {
                list.push(self.value(depth + 1)?);
            }
        }
        Some(list.into())
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        let mut object = serde_json::Map::new();
        while !self.closed(b'}')? {
            let key = self.text()?;
            object.insert(key, self.value(depth + 1)?);
        }
        Some(object.into())
    }

    fn closed(&mut self, end: u8) -> Option<bool> {
        let closed = *self.bytes.first()? == end;
        if closed {
            self.byte()?;
        }
        Some(closed)
    }

    fn text(&mut self) -> Option<String> {
        let length = self.length()?;
        let text = self.take(length)?;
        String::from_utf8(text.to_vec()).ok()
    }

    fn length(&mut self) -> Option<usize> {
        match self.byte()? {
            b'L' => usize::try_from(i64::from_be_bytes(self.array()?)).ok(),
            _ => None,
        }
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }
}

struct Facts {
    /// What people noted.
    attributes: BTreeMap<String, String>,
    names: Vec<String>,
    types: Vec<String>,
    params: BTreeMap<String, Value>,
    objective: BTreeMap<String, Value>,
    version: [u32; 3],
}

impl Facts {
    fn tell(self, format: &str) -> Format {
        let mut format = Format::new("xgboost", format);
        let [major, minor, patch] = self.version;
        format.version(format!("{major}.{minor}.{patch}"));
        for (name, text) in &self.attributes {
            format.say(name, text);
        }
        for (key, name) in [("num_class", "num_class"), ("num_feature", "features")] {
            if let Some(Value::String(value)) = self.params.get(key) {
                format.note(name, value);
            }
        }
        if let Some(Value::String(objective)) = self.objective.get("name") {
            format.note("objective", objective);
        }
        format.signature = self.inputs();
        format
    }

    fn inputs(&self) -> Option<Signature> {
        if self.names.is_empty() || self.names.len() > MAX_FEATURES {
            return None;
        }
        let types = self.types.iter().map(Some).chain(std::iter::repeat(None));
        let column = |(name, kind): (&String, Option<&String>)| ColumnSpec {
            name: Some(name.clone()),
            data_type: match kind.map(String::as_str) {
                Some("int") => DataType::Long,
                // An indicator.
                Some("i") => DataType::Boolean,
                // A category, of whatever type the frame has it.
                Some("c") => DataType::Any,
                _ => DataType::Double,
            },
            required: true,
        };
        let columns = self.names.iter().zip(types).map(column).collect();
        Some(Signature { inputs: Some(Schema::Columns(columns)), ..Signature::default() })
    }
}
