//! Reads the JSON Schemas that the Rust definitions give into the few shapes that the generators know.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::step::{Failure, Outcome};

/// Everything that gets a type in the other languages.
#[derive(Debug, Default)]
pub(crate) struct Api {
    pub(crate) records: Vec<Record>,
    pub(crate) enumerations: BTreeMap<String, Enumeration>,
    pub(crate) commands: Vec<Record>,
}

/// A record or a command. The name is `ModelVersion` for a record, `set_alias` for a command.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) fields: Vec<Field>,
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
    pub(crate) required: bool,
    /// Of an optional boolean: what its absence means.
    pub(crate) default: Option<bool>,
}

#[derive(Debug)]
pub(crate) struct Enumeration {
    pub(crate) doc: String,
    pub(crate) values: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    Number,
    Boolean,
    Time,
    /// Text, a number or a boolean.
    Scalar,
    /// Any JSON.
    Anything,
    /// The URI of one version, or the pin of its record.
    Version,
    Record(String),
    Enumeration(String),
    List(Box<Kind>),
    Map(Box<Kind>),
}

impl Field {
    /// The value that the fact must have now: absent and null differ.
    pub(crate) fn is_expectation(&self) -> bool {
        self.name == "expect"
    }
}

impl Api {
    pub(crate) fn read(schemas: &Value) -> Outcome<Api> {
        let mut api = Api::default();
        // Records refer to one another; a command brings along what it refers to.
        let records = entries(schemas, "records")?;
        let shared = json!({"$defs": schemas.get("records")});
        for (name, schema) in records.filter(|(_, schema)| is_record(schema)) {
            api.add_record(name, schema, &shared)?;
        }
        for (name, schema) in entries(schemas, "commands")? {
            let command = api.record(name, schema, schema)?;
            api.commands.push(command);
        }
        Ok(api)
    }

    fn add_record(&mut self, name: &str, schema: &Value, root: &Value) -> Outcome {
        if self.records.iter().all(|record| record.name != name) {
            let record = self.record(name, schema, root)?;
            // A nested record may have come in while this one was read.
            if self.records.iter().all(|record| record.name != name) {
                self.records.push(record);
            }
        }
        Ok(())
    }

    fn record(&mut self, name: &str, schema: &Value, root: &Value) -> Outcome<Record> {
        let empty = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        let required = texts(schema.get("required"));
        // `required` keeps the order of the definition; the properties may come sorted by name.
        let rest = properties.keys().filter(|key| !required.contains(key));
        let order: Vec<&String> =
            required.iter().filter(|key| properties.contains_key(*key)).chain(rest).collect();
        let mut fields = Vec::new();
        for key in order {
            if key == "command" && properties.get(key).is_some_and(|it| it.get("const").is_some()) {
                continue;
            }
            let schema = properties.get(key).unwrap_or(&Value::Null);
            let (kind, nullable) = self
                .kind(key, schema, root)
                .map_err(|failure| Failure::new(format!("{name}.{key}: {failure}")))?;
            fields.push(Field {
                name: key.clone(),
                doc: doc(schema),
                kind,
                nullable,
                required: required.contains(key),
                default: schema.get("default").and_then(Value::as_bool),
            });
        }
        Ok(Record { name: name.to_owned(), doc: doc(schema), fields })
    }

    /// The kind of a value, and whether it may be null.
    fn kind(&mut self, field: &str, schema: &Value, root: &Value) -> Outcome<(Kind, bool)> {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            return self.referred(field, reference, root);
        }
        for key in ["anyOf", "oneOf", "allOf"] {
            if let Some(Value::Array(choices)) = schema.get(key) {
                return self.choice(field, schema, choices, root);
            }
        }
        let types = match schema.get("type") {
            Some(Value::String(name)) => vec![name.clone()],
            other => texts(other),
        };
        let nullable = types.iter().any(|name| name == "null");
        let types: Vec<&str> =
            types.iter().map(String::as_str).filter(|name| *name != "null").collect();
        let kind = match types.as_slice() {
            ["string"] if schema.get("enum").is_some() => self.enumeration(&pascal(field), schema),
            ["string"] if schema.get("format").is_some_and(|it| it == "date-time") => Kind::Time,
            ["string"] if schema.get("format").is_some_and(|it| it == "version") => Kind::Version,
            ["string"] => Kind::Text,
            ["integer"] => Kind::Integer,
            ["number"] => Kind::Number,
            ["boolean"] => Kind::Boolean,
            ["array"] => {
                let items = schema.get("items").unwrap_or(&Value::Bool(true));
                Kind::List(Box::new(self.kind(field, items, root)?.0))
            }
            ["object"] => {
                if schema.get("properties").is_some() {
                    return Err(Failure::new("a nested record needs a name of its own"));
                }
                let values = schema.get("additionalProperties").unwrap_or(&Value::Bool(true));
                Kind::Map(Box::new(self.kind(field, values, root)?.0))
            }
            [] => Kind::Anything,
            several => mixed(several),
        };
        Ok((kind, nullable))
    }

    fn referred(&mut self, field: &str, reference: &str, root: &Value) -> Outcome<(Kind, bool)> {
        let name = reference.rsplit('/').next().unwrap_or(reference);
        let schema = root
            .get("$defs")
            .and_then(|definitions| definitions.get(name))
            .ok_or_else(|| Failure::new(format!("`{reference}` leads nowhere")))?;
        if schema.get("properties").is_some() {
            self.add_record(name, schema, root)?;
            return Ok((Kind::Record(name.to_owned()), false));
        }
        if !values(schema).is_empty() {
            return Ok((self.enumeration(name, schema), false));
        }
        self.kind(field, schema, root)
    }

    fn choice(
        &mut self,
        field: &str,
        schema: &Value,
        choices: &[Value],
        root: &Value,
    ) -> Outcome<(Kind, bool)> {
        if !values(schema).is_empty() {
            return Ok((self.enumeration(&pascal(field), schema), false));
        }
        let is_null = |choice: &&Value| choice.get("type").is_some_and(|it| it == "null");
        let nullable = choices.iter().any(|choice| is_null(&choice));
        let mut kinds = Vec::new();
        for choice in choices.iter().filter(|choice| !is_null(choice)) {
            let (kind, _) = self.kind(field, choice, root)?;
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let kind = match kinds.as_slice() {
            [kind] => kind.clone(),
            several if several.iter().all(Kind::is_scalar) => Kind::Scalar,
            _ => Kind::Anything,
        };
        Ok((kind, nullable))
    }

    fn enumeration(&mut self, name: &str, schema: &Value) -> Kind {
        self.enumerations
            .entry(name.to_owned())
            .or_insert_with(|| Enumeration { doc: doc(schema), values: values(schema) });
        Kind::Enumeration(name.to_owned())
    }
}

impl Kind {
    fn is_scalar(&self) -> bool {
        matches!(self, Kind::Text | Kind::Integer | Kind::Number | Kind::Boolean | Kind::Scalar)
    }
}

fn mixed(types: &[&str]) -> Kind {
    match types {
        several if several.iter().all(|it| !["array", "object"].contains(it)) => Kind::Scalar,
        _ => Kind::Anything,
    }
}

/// The values of an enumeration with their docs; empty for any other schema.
fn values(schema: &Value) -> Vec<(String, String)> {
    if let Some(Value::Array(choices)) = schema.get("oneOf") {
        // Variants with docs are constants; those without come together in one `enum`.
        return choices
            .iter()
            .flat_map(|choice| match choice.get("const").and_then(Value::as_str) {
                Some(value) => vec![(value.to_owned(), doc(choice))],
                None => values(choice),
            })
            .collect();
    }
    if let Some(value) = schema.get("const").and_then(Value::as_str) {
        return vec![(value.to_owned(), String::new())];
    }
    texts(schema.get("enum")).into_iter().map(|value| (value, String::new())).collect()
}

/// Whether a definition is a record that gets a type: not an enumeration, and not a page, which each language has a generic type for.
fn is_record(schema: &Value) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .is_some_and(|it| !(it.len() == 2 && it.contains_key("items") && it.contains_key("cursor")))
}

fn entries<'a>(
    schemas: &'a Value,
    key: &str,
) -> Outcome<impl Iterator<Item = (&'a String, &'a Value)>> {
    let map = schemas.get(key).and_then(Value::as_object);
    let map = map.filter(|map| !map.is_empty());
    Ok(map.ok_or_else(|| Failure::new(format!("the schemas have no `{key}`")))?.iter())
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The description up to its first example: those are Rust.
fn doc(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let prose = text.lines().take_while(|line| !line.starts_with('#') && !line.starts_with("```"));
    prose.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// `set_alias` → `SetAlias`.
pub(crate) fn pascal(name: &str) -> String {
    name.split('_').map(capitalized).collect()
}

/// `created_at` → `createdAt`.
pub(crate) fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    parts.next().unwrap_or_default().to_owned() + &parts.map(capitalized).collect::<String>()
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// Prose without Rust's links: [`Registry::open`] → `Registry::open`.
pub(crate) fn plain(doc: &str) -> String {
    doc.replace("[`", "`").replace("`]", "`")
}

/// Prose in paragraphs of lines that are at most so wide.
pub(crate) fn wrapped(doc: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in plain(doc).split("\n\n") {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests;
