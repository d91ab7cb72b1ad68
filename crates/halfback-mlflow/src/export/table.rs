//! Tables of records, as JSON lines and as Parquet. Columns, their types and what they mean come
//! from the JSON Schema of the record, so a field that a record gains is exported and documented.

use std::fmt::Write;
use std::sync::Arc;

use halfback::{DateTime, Detail, Error, Result};
use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use serde_json::{Map, Value, json};

/// Rows of one kind.
pub(super) struct Table {
    pub(super) name: &'static str,
    without: &'static [&'static str],
    columns: Vec<Column>,
    rows: Vec<Map<String, Value>>,
}

struct Column {
    name: String,
    kind: Kind,
    about: String,
}

/// What a column holds. In JSON lines a time is text and the rest is as it is; Parquet has lists and
/// mappings as JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Number,
    Boolean,
    Time,
    Json,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Time => "time",
            Self::Json => "json",
        }
    }

    fn of(schema: &Value, records: &Value) -> Self {
        let word = |value: &Value| value.as_str().map(str::to_owned);
        let types: Vec<String> = match schema.get("type") {
            Some(Value::Array(types)) => types.iter().filter_map(word).collect(),
            Some(single) => word(single).into_iter().collect(),
            None => Vec::new(),
        };
        let named = types.iter().map(String::as_str).find(|name| *name != "null");
        let format = schema.get("format").and_then(Value::as_str);
        match named {
            Some("string") if format == Some("date-time") => Self::Time,
            Some("string") => Self::Text,
            Some("integer") => Self::Integer,
            Some("number") => Self::Number,
            Some("boolean") => Self::Boolean,
            None if is_enumeration(schema, records) => Self::Text,
            Some(_) | None => Self::Json,
        }
    }
}

/// Whether a schema is that of an enumeration of words, here or where it points to.
fn is_enumeration(schema: &Value, records: &Value) -> bool {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|at| at.rsplit('/').next());
    let schema = target.and_then(|name| records.get(name)).unwrap_or(schema);
    let choices = schema.get("oneOf").and_then(Value::as_array);
    schema.get("enum").is_some()
        || choices
            .is_some_and(|all| all.iter().all(|one| one.get("const").is_some_and(Value::is_string)))
}

impl Table {
    /// The table of a record, but for the fields `without`, with one column more for each of `more`.
    pub(super) fn new(
        name: &'static str,
        record: &str,
        without: &'static [&'static str],
        more: &[(&str, Kind, &str)],
    ) -> Self {
        let schemas = halfback::wire::schemas();
        let none = Value::Null;
        let records = schemas.get("records").unwrap_or(&none);
        let fields = records.pointer(&format!("/{record}/properties")).and_then(Value::as_object);
        let column = |(name, schema): (&String, &Value)| Column {
            name: name.clone(),
            kind: Kind::of(schema, records),
            about: about(schema),
        };
        let fields = fields.into_iter().flatten();
        let kept = fields.filter(|(field, _)| !without.contains(&field.as_str()));
        let mut columns: Vec<Column> = kept.map(column).collect();
        columns.extend(more.iter().map(|(name, kind, about)| Column {
            name: (*name).to_owned(),
            kind: *kind,
            about: (*about).to_owned(),
        }));
        Self { name, without, columns, rows: Vec::new() }
    }

    /// Adds a record, with the values of the columns that it does not have itself.
    pub(super) fn add(
        &mut self,
        record: &impl serde::Serialize,
        more: &[(&str, Value)],
    ) -> Result<()> {
        let Ok(Value::Object(mut row)) = serde_json::to_value(record) else {
            return Err(Detail::Internal("a record has no JSON".into()).into());
        };
        row.retain(|field, _| !self.without.contains(&field.as_str()));
        row.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        self.rows.push(row);
        Ok(())
    }

    /// One JSON object a line.
    pub(super) fn json_lines(&self) -> Vec<u8> {
        let mut lines = String::new();
        for row in &self.rows {
            // Writing to a string does not fail.
            let _ = writeln!(lines, "{}", Value::Object(row.clone()));
        }
        lines.into_bytes()
    }

    /// The columns, for programs.
    pub(super) fn schema(&self) -> Value {
        let column = |column: &Column| json!({"name": column.name, "type": column.kind.word(), "about": column.about});
        json!({"name": self.name, "columns": self.columns.iter().map(column).collect::<Vec<_>>()})
    }

    /// The columns, for people.
    pub(super) fn describe(&self, out: &mut String) {
        let _ = writeln!(
            out,
            "## `{0}.jsonl`, `{0}.parquet`\n\n| Column | Type | What it is |\n|---|---|---|",
            self.name
        );
        for Column { name, kind, about } in &self.columns {
            let about = about.replace('|', "\\|").replace('\n', " ");
            let _ = writeln!(out, "| `{name}` | {} | {about} |", kind.word());
        }
        out.push('\n');
    }

    /// The table as a Parquet file: the same rows in the same order give the same bytes.
    pub(super) fn parquet(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.write(&mut bytes).map_err(|error| -> Error {
            Detail::Internal(format!("`{}` cannot be written as Parquet: {error}", self.name))
                .into()
        })?;
        Ok(bytes)
    }

    fn write(&self, bytes: &mut Vec<u8>) -> parquet::errors::Result<()> {
        let fields = self.columns.iter().map(|column| column.field().map(Arc::new));
        let fields = fields.collect::<parquet::errors::Result<_>>()?;
        let schema = Type::group_type_builder(self.name).with_fields(fields).build()?;
        let properties = WriterProperties::builder().set_created_by("halfback".into()).build();
        let mut file = SerializedFileWriter::new(bytes, Arc::new(schema), Arc::new(properties))?;
        let mut group = file.next_row_group()?;
        for column in &self.columns {
            let cells = self.rows.iter().map(|row| row.get(&column.name).unwrap_or(&Value::Null));
            match column.kind {
                Kind::Text => put::<ByteArrayType>(&mut group, cells, |cell| {
                    cell.as_str().map(|text| text.as_bytes().to_vec().into())
                }),
                Kind::Json => put::<ByteArrayType>(&mut group, cells, |cell| {
                    (!cell.is_null()).then(|| ByteArray::from(cell.to_string().into_bytes()))
                }),
                Kind::Integer => put::<Int64Type>(&mut group, cells, Value::as_i64),
                Kind::Number => put::<DoubleType>(&mut group, cells, Value::as_f64),
                Kind::Boolean => put::<BoolType>(&mut group, cells, Value::as_bool),
                Kind::Time => put::<Int64Type>(&mut group, cells, |cell| {
                    cell.as_str()?.parse::<DateTime>().ok().map(|time| time.timestamp_micros())
                }),
            }?;
        }
        group.close()?;
        file.close()?;
        Ok(())
    }
}

impl Column {
    fn field(&self) -> parquet::errors::Result<Type> {
        let (physical, logical) = match self.kind {
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Json => (Physical::BYTE_ARRAY, Some(LogicalType::Json)),
            Kind::Integer => (Physical::INT64, None),
            Kind::Number => (Physical::DOUBLE, None),
            Kind::Boolean => (Physical::BOOLEAN, None),
            Kind::Time => (Physical::INT64, Some(micros())),
        };
        Type::primitive_type_builder(&self.name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_converted_type(ConvertedType::NONE)
            .with_logical_type(logical)
            .build()
    }
}

fn micros() -> LogicalType {
    LogicalType::timestamp(true, TimeUnit::MICROS)
}

/// Writes the next column.
fn put<'a, T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    cells: impl Iterator<Item = &'a Value>,
    read: impl Fn(&Value) -> Option<T::T>,
) -> parquet::errors::Result<()> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    for cell in cells {
        let value = read(cell);
        levels.push(i16::from(value.is_some()));
        values.extend(value);
    }
    if let Some(mut column) = group.next_column()? {
        column.typed::<T>().write_batch(&values, Some(&levels), None)?;
        column.close()?;
    }
    Ok(())
}

/// What a field is, from its schema.
fn about(schema: &Value) -> String {
    schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned()
}
