//! PMML: a document whose root says so, with its version. Entities are not expanded.
//!
//! Source: <https://dmg.org/pmml/v4-4-1/GeneralStructure.html>.

use std::borrow::Cow;
use std::collections::BTreeMap;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::Format;
use super::source::{Look, Source, Stop, find};
use crate::signature::{ColumnSpec, DataType, Schema, Signature};

const MAX_DOCUMENT: usize = 4 << 20;
const MAX_FIELDS: usize = 100_000;

pub(super) fn recognise(source: &Source<'_>) -> Look<Format> {
    let head = source.upto(0, 1 << 10)?;
    let begins = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head).trim_ascii_start();
    if !begins.starts_with(b"<") || find(&head, b"PMML").is_none() {
        return Err(Stop::Else);
    }
    let text = source.upto(0, MAX_DOCUMENT)?;
    let text = String::from_utf8_lossy(&text);
    let mut document = Document::default();
    let mut reader = Reader::from_str(&text);
    // What was seen before the end, or before something malformed, counts.
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(start) => {
                document.element(&start)?;
                document.path.push(start.local_name().as_ref().to_owned());
                if document.path.len() > 256 {
                    break;
                }
            }
            Event::Empty(start) => document.element(&start)?,
            Event::End(_) => {
                document.path.pop();
            }
            Event::Text(text) => document.text(&text),
            Event::CData(text) => document.text(&text),
            Event::Eof => break,
            _ => {}
        }
    }
    document.format()
}

#[derive(Default)]
struct Document {
    /// The elements that have begun.
    path: Vec<String>,
    version: Option<String>,
    producer: String,
    types: BTreeMap<String, DataType>,
    /// The fields of the outermost model: name, usage, whether a missing value is replaced.
    mining: Vec<(String, String, bool)>,
    outputs: Vec<(String, DataType)>,
    model: Option<String>,
    /// What is written for people, by the name of the attribute or element.
    words: Vec<(String, String)>,
}

impl Document {
    /// What the header says between its elements.
    fn text(&mut self, text: &str) {
        if let [_, header, .., element] | [_, header @ element] = self.path.as_slice()
            && header == "Header"
            && !text.trim().is_empty()
        {
            self.words.push((element.clone(), text.to_owned()));
        }
    }

    fn element(&mut self, start: &BytesStart<'_>) -> Look<()> {
        let name = start.local_name();
        let name: &str = name.as_ref();
        let header = self.path.get(1).map_or(name, String::as_str) == "Header";
        if header || name == "Extension" {
            for attribute in start.attributes().flatten() {
                let value = attribute.normalized_value(XmlVersion::Implicit1_0);
                let value = value.map_or_else(|_| attribute.value.to_string(), Cow::into_owned);
                self.words.push((attribute.key.as_ref().to_owned(), value));
            }
        }
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let fields = self.types.len() + self.mining.len() + self.outputs.len();
        match (path.as_slice(), name) {
            ([], "PMML") => {
                self.version = Some(attribute(start, "version").ok_or(Stop::Else)?);
            }
            ([], _) => return Err(Stop::Else),
            _ if fields > MAX_FIELDS => return Err(Stop::Else),
            ([_, "Header"], "Application") => {
                let parts = ["name", "version"].map(|key| attribute(start, key));
                self.producer = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
            }
            ([_, "DataDictionary"], "DataField") => {
                if let (Some(name), Some(kind)) =
                    (attribute(start, "name"), attribute(start, "dataType"))
                {
                    self.types.insert(name, data_type(&kind));
                }
            }
            // The first model's own; segments have theirs deeper down.
            ([_, model, "MiningSchema"], "MiningField") if is_first(&mut self.model, model) => {
                if let Some(name) = attribute(start, "name") {
                    let usage = attribute(start, "usageType").unwrap_or_else(|| "active".into());
                    let replaced = attribute(start, "missingValueReplacement").is_some();
                    self.mining.push((name, usage, replaced));
                }
            }
            ([_, model, "Output"], "OutputField") if is_first(&mut self.model, model) => {
                if let Some(name) = attribute(start, "name") {
                    let kind = attribute(start, "dataType").unwrap_or_else(|| "double".into());
                    self.outputs.push((name, data_type(&kind)));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn format(self) -> Look<Format> {
        let mut format = Format::new("pmml", "pmml");
        format.version(self.version.clone().ok_or(Stop::Else)?);
        if !self.producer.is_empty() {
            format.note("producer", &self.producer);
        }
        if let Some(model) = &self.model {
            format.note("model", model);
        }
        for (name, text) in &self.words {
            format.say(name, text);
        }
        let signature = self.signature();
        format.signature = Some(signature).filter(|it| *it != Signature::default());
        Ok(format)
    }

    fn signature(self) -> Signature {
        let mut inputs = Vec::new();
        let mut outputs = Vec::new();
        for (name, usage, replaced) in self.mining {
            let Some(data_type) = self.types.get(&name).cloned() else { continue };
            match usage.as_str() {
                "active" => {
                    inputs.push(ColumnSpec { name: Some(name), data_type, required: !replaced });
                }
                "target" | "predicted" => {
                    outputs.push(ColumnSpec { name: Some(name), data_type, required: true });
                }
                _ => {}
            }
        }
        for (name, data_type) in self.outputs {
            outputs.push(ColumnSpec { name: Some(name), data_type, required: true });
        }
        let side = |columns: Vec<ColumnSpec>| Some(columns).filter(|columns| !columns.is_empty());
        Signature {
            inputs: side(inputs).map(Schema::Columns),
            outputs: side(outputs).map(Schema::Columns),
            params: None,
        }
    }
}

/// Whether this is the model that came first.
fn is_first(first: &mut Option<String>, model: &str) -> bool {
    first.get_or_insert_with(|| model.to_owned()) == model
}

fn attribute(start: &BytesStart<'_>, key: &str) -> Option<String> {
    let attribute = start.try_get_attribute(key).ok()??;
    attribute.normalized_value(XmlVersion::Implicit1_0).ok().map(Cow::into_owned)
}

fn data_type(kind: &str) -> DataType {
    match kind {
        "integer" => DataType::Long,
        "float" => DataType::Float,
        "double" => DataType::Double,
        "boolean" => DataType::Boolean,
        "date" | "dateTime" => DataType::DateTime,
        _ if kind.starts_with("date") || kind.starts_with("time") && kind.contains("Since") => {
            DataType::Long
        }
        _ => DataType::String,
    }
}
