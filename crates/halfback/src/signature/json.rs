//! A signature's JSON, read with errors that name the field, and written as MLflow writes it.

use std::collections::{BTreeMap, BTreeSet};

use halfback_store::error::{Detail, Error, Result};
use serde_json::{Map, Value, json};

use super::{ColumnSpec, DataType, ParamSpec, Property, Schema, Signature, TensorSpec};

/// How deep arrays, objects and maps can be within each other.
const MAX_DEPTH: usize = 32;
/// How many columns, tensors, parameters and properties one signature can have in all.
const MAX_SPECS: usize = 100_000;
/// How many dimensions a tensor can have: numpy's own limit.
const MAX_DIMENSIONS: usize = 64;

pub(super) fn parse(signature: &Map<String, Value>) -> Result<Signature> {
    let mut reader = Reader { left: MAX_SPECS };
    known(signature, "signature", &["inputs", "outputs", "params"])?;
    let part = |key: &str| signature.get(key).filter(|value| !value.is_null());
    Ok(Signature {
        inputs: part("inputs")
            .map(|inputs| reader.schema(inputs, "signature.inputs"))
            .transpose()?,
        outputs: part("outputs")
            .map(|outputs| reader.schema(outputs, "signature.outputs"))
            .transpose()?,
        params: part("params")
            .map(|params| reader.params(params, "signature.params"))
            .transpose()?,
    })
}

pub(super) fn parse_mlmodel(entry: &Map<String, Value>) -> Result<Signature> {
    let mut signature = Map::new();
    for part in ["inputs", "outputs", "params"] {
        let at = format!("signature.{part}");
        match entry.get(part) {
            Some(Value::String(text)) => {
                let list = serde_json::from_str(text)
                    .map_err(|error| invalid(&at, &format!("is not JSON: {error}")))?;
                signature.insert(part.to_owned(), list);
            }
            Some(Value::Null) | None => {}
            Some(_) => return Err(invalid(&at, "must be a string of JSON")),
        }
    }
    parse(&signature)
}

/// Counts what it reads, so that a signature cannot be without end.
struct Reader {
    left: usize,
}

impl Reader {
    fn count(&mut self, at: &str) -> Result<()> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            invalid(at, &format!("is past the {MAX_SPECS} parts that a signature can have"))
        })?;
        Ok(())
    }

    fn schema(&mut self, value: &Value, at: &str) -> Result<Schema> {
        let specs = list(value, at)?;
        let [first, ..] = specs else {
            return Err(invalid(at, "is empty; leave it out where it is not known"));
        };
        if is_tensor(first) {
            self.tensors(specs, at).map(Schema::Tensors)
        } else {
            self.columns(specs, at).map(Schema::Columns)
        }
    }

    fn columns(&mut self, specs: &[Value], at: &str) -> Result<Vec<ColumnSpec>> {
        let mut columns = Vec::new();
        let mut names = Names::default();
        for (index, spec) in specs.iter().enumerate() {
            let at = format!("{at}[{index}]");
            self.count(&at)?;
            let spec = object(spec, &at)?;
            let data_type = self.data_type(spec, &at, &["name", "required"], 0)?;
            let name = name(spec, &at)?;
            names.add(name.as_ref(), index, &at)?;
            let required = required(spec, &at)?;
            if name.is_none() && !required {
                return Err(invalid(
                    &format!("{at}.required"),
                    "is false for a column without a name; name all columns or require all",
                ));
            }
            columns.push(ColumnSpec { name, data_type, required });
        }
        Ok(columns)
    }

    fn tensors(&mut self, specs: &[Value], at: &str) -> Result<Vec<TensorSpec>> {
        let mut tensors = Vec::new();
        let mut names = Names::default();
        for (index, spec) in specs.iter().enumerate() {
            let at = format!("{at}[{index}]");
            self.count(&at)?;
            if !is_tensor(spec) {
                return Err(invalid(&format!("{at}.type"), "must be `tensor` like the first"));
            }
            let spec = object(spec, &at)?;
            known(spec, &at, &["name", "type", "tensor-spec"])?;
            let name = name(spec, &at)?;
            names.add(name.as_ref(), index, &at)?;
            if name.is_none() && specs.len() > 1 {
                return Err(invalid(&format!("{at}.name"), "is missing; name each of the tensors"));
            }
            let inner_at = format!("{at}.tensor-spec");
            let inner = object(field(spec, "tensor-spec", &at)?, &inner_at)?;
            known(inner, &inner_at, &["dtype", "shape"])?;
            tensors.push(TensorSpec {
                name,
                dtype: dtype(inner, &inner_at)?,
                shape: shape(inner, &inner_at)?,
            });
        }
        Ok(tensors)
    }

    /// Reads `type` and what it brings along; `beside` are the other keys that may stand there.
    fn data_type(
        &mut self,
        spec: &Map<String, Value>,
        at: &str,
        beside: &[&str],
        depth: usize,
    ) -> Result<DataType> {
        if depth > MAX_DEPTH {
            return Err(invalid(at, &format!("is nested deeper than {MAX_DEPTH}")));
        }
        let type_at = format!("{at}.type");
        let word = field(spec, "type", at)?;
        let word = word.as_str().ok_or_else(|| invalid(&type_at, "must be text"))?;
        let inner = match word {
            "array" => Some("items"),
            "map" => Some("values"),
            "object" => Some("properties"),
            _ => None,
        };
        let keys: Vec<&str> = beside.iter().copied().chain(["type"]).chain(inner).collect();
        known(spec, at, &keys)?;
        let Some(key) = inner else {
            return DataType::scalar(word).ok_or_else(|| {
                invalid(
                    &type_at,
                    &format!(
                        "is `{}`, expected `boolean`, `integer`, `long`, `float`, `double`, `string`, `binary`, `datetime`, `array`, `object`, `map`, `sparkml_vector` or `any`",
                        shown(word)
                    ),
                )
            });
        };
        let inner_at = format!("{at}.{key}");
        let inner = object(field(spec, key, at)?, &inner_at)?;
        Ok(match word {
            "array" => {
                DataType::Array(Box::new(self.data_type(inner, &inner_at, &[], depth + 1)?))
            }
            "map" => DataType::Map(Box::new(self.data_type(inner, &inner_at, &[], depth + 1)?)),
            _ => DataType::Object(self.properties(inner, &inner_at, depth + 1)?),
        })
    }

    fn properties(
        &mut self,
        specs: &Map<String, Value>,
        at: &str,
        depth: usize,
    ) -> Result<BTreeMap<String, Property>> {
        if specs.is_empty() {
            return Err(invalid(at, "is empty; an object has at least one property"));
        }
        let mut properties = BTreeMap::new();
        for (name, spec) in specs {
            let at = format!("{at}.{}", shown(name));
            self.count(&at)?;
            let spec = object(spec, &at)?;
            let data_type = self.data_type(spec, &at, &["required"], depth)?;
            let required = required(spec, &at)?;
            properties.insert(name.clone(), Property { data_type, required });
        }
        Ok(properties)
    }

    fn params(&mut self, value: &Value, at: &str) -> Result<Vec<ParamSpec>> {
        let mut params = Vec::new();
        let mut names = Names::default();
        for (index, spec) in list(value, at)?.iter().enumerate() {
            let at = format!("{at}[{index}]");
            self.count(&at)?;
            let param = self.param(object(spec, &at)?, &at)?;
            names.add(Some(&param.name), index, &at)?;
            params.push(param);
        }
        Ok(params)
    }

    fn param(&mut self, spec: &Map<String, Value>, at: &str) -> Result<ParamSpec> {
        // Older versions of MLflow wrote `dtype` for `type`.
        let renamed = match (spec.contains_key("type"), spec.get("dtype")) {
            (false, Some(dtype)) => {
                let mut renamed = spec.clone();
                renamed.remove("dtype");
                renamed.insert("type".to_owned(), dtype.clone());
                Some(renamed)
            }
            _ => None,
        };
        let spec = renamed.as_ref().unwrap_or(spec);
        let data_type = self.data_type(spec, at, &["name", "default", "shape"], 0)?;
        let scalar = DataType::scalar(data_type.word()).is_some();
        if matches!(data_type, DataType::Binary | DataType::SparkMlVector | DataType::Any)
            || !(scalar || matches!(data_type, DataType::Object(_)))
        {
            let problem = format!("is `{}`, which no parameter can be", data_type.word());
            return Err(invalid(&format!("{at}.type"), &problem));
        }
        let name = name(spec, at)?.ok_or_else(|| invalid(&format!("{at}.name"), "is missing"))?;
        let list = match spec.get("shape") {
            None | Some(Value::Null) => false,
            Some(shape) if *shape == json!([-1]) && scalar => true,
            Some(_) => {
                return Err(invalid(
                    &format!("{at}.shape"),
                    "must be null, or [-1] for a list of scalars",
                ));
            }
        };
        let default = field(spec, "default", at)?.clone();
        if !default_fits(&data_type, list, &default) {
            let problem =
                format!("is no {}{}", if list { "list of " } else { "" }, data_type.word());
            return Err(invalid(&format!("{at}.default"), &problem));
        }
        Ok(ParamSpec { name, data_type, default, list })
    }
}

/// Whether the default is null or of the parameter's type; numbers widen as in MLflow's
/// `_enforce_param_datatype`. Only the outside of an object is looked at.
fn default_fits(data_type: &DataType, list: bool, default: &Value) -> bool {
    if default.is_null() {
        return true;
    }
    if list {
        let items = default.as_array();
        return items
            .is_some_and(|items| items.iter().all(|item| default_fits(data_type, false, item)));
    }
    match data_type {
        DataType::Boolean => default.is_boolean(),
        DataType::Integer => default.as_i64().is_some_and(|it| i32::try_from(it).is_ok()),
        DataType::Long => default.is_i64(),
        DataType::Float | DataType::Double => default.is_number(),
        DataType::String | DataType::DateTime => default.is_string(),
        DataType::Object(_) => default.is_object(),
        _ => false,
    }
}

/// The names so far: all have one or none has, and none twice.
#[derive(Default)]
struct Names {
    seen: BTreeSet<String>,
}

impl Names {
    fn add(&mut self, name: Option<&String>, index: usize, at: &str) -> Result<()> {
        let at = format!("{at}.name");
        match name {
            _ if index > 0 && name.is_none() != self.seen.is_empty() => {
                Err(invalid(&at, "must be given for all or for none"))
            }
            Some(name) if !self.seen.insert(name.clone()) => {
                Err(invalid(&at, &format!("`{}` comes twice", shown(name))))
            }
            _ => Ok(()),
        }
    }
}

fn is_tensor(spec: &Value) -> bool {
    spec.get("type").and_then(Value::as_str) == Some("tensor")
}

fn name(spec: &Map<String, Value>, at: &str) -> Result<Option<String>> {
    match spec.get("name") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) => Ok(Some(name.clone())),
        // MLflow keeps the integer names of a table without a header.
        Some(Value::Number(number)) if number.is_i64() => Ok(Some(number.to_string())),
        Some(_) => Err(invalid(&format!("{at}.name"), "must be text")),
    }
}

fn required(spec: &Map<String, Value>, at: &str) -> Result<bool> {
    match spec.get("required") {
        None | Some(Value::Null) => Ok(true),
        Some(Value::Bool(required)) => Ok(*required),
        Some(_) => Err(invalid(&format!("{at}.required"), "must be true or false")),
    }
}

fn dtype(spec: &Map<String, Value>, at: &str) -> Result<String> {
    let value = field(spec, "dtype", at)?;
    let at = format!("{at}.dtype");
    let name = value.as_str().ok_or_else(|| invalid(&at, "must be text"))?;
    if is_dtype(name) {
        return Ok(name.to_owned());
    }
    let problem = format!("is `{}`, expected one of numpy's names such as `float32`", shown(name));
    Err(invalid(&at, &problem))
}

/// The names of numpy, and of `ml_dtypes`, which adds its own to numpy.
pub(crate) fn is_dtype(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "bool",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float16",
        "float32",
        "float64",
        "float96",
        "float128",
        "complex64",
        "complex128",
        "complex192",
        "complex256",
        "str",
        "bytes",
        "object",
        "datetime64",
        "timedelta64",
        "bfloat16",
        "float8_e4m3fn",
        "float8_e4m3fnuz",
        "float8_e5m2",
        "float8_e5m2fnuz",
        "int4",
        "uint4",
    ];
    const UNITS: &[&str] = &["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"];
    let unit = ["datetime64[", "timedelta64["]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix)?.strip_suffix(']'));
    unit.map_or_else(|| NAMES.contains(&name), |unit| UNITS.contains(&unit))
}

fn shape(spec: &Map<String, Value>, at: &str) -> Result<Vec<i64>> {
    let value = field(spec, "shape", at)?;
    let at = format!("{at}.shape");
    let lengths = list(value, &at)?;
    if lengths.len() > MAX_DIMENSIONS {
        return Err(invalid(&at, &format!("has more than {MAX_DIMENSIONS} dimensions")));
    }
    let length = |(index, length): (usize, &Value)| {
        length.as_i64().filter(|length| *length >= -1).ok_or_else(|| {
            invalid(&format!("{at}[{index}]"), "must be a whole number, or -1 for any length")
        })
    };
    lengths.iter().enumerate().map(length).collect()
}

fn list<'a>(value: &'a Value, at: &str) -> Result<&'a [Value]> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| invalid(at, "must be a list"))
}

fn object<'a>(value: &'a Value, at: &str) -> Result<&'a Map<String, Value>> {
    value.as_object().ok_or_else(|| invalid(at, "must be an object"))
}

fn field<'a>(spec: &'a Map<String, Value>, key: &str, at: &str) -> Result<&'a Value> {
    spec.get(key).ok_or_else(|| invalid(&format!("{at}.{key}"), "is missing"))
}

fn known(spec: &Map<String, Value>, at: &str, keys: &[&str]) -> Result<()> {
    match spec.keys().find(|key| !keys.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
            let problem = format!("is not known, expected {}", keys.join(", "));
            Err(invalid(&format!("{at}.{}", shown(key)), &problem))
        }
    }
}

/// At most 80 characters of a text that came from outside.
fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

fn invalid(at: &str, problem: &str) -> Error {
    Detail::InvalidArgument(format!("`{at}` {problem}")).into()
}

pub(super) fn write(signature: &Signature) -> Map<String, Value> {
    let parts = [
        ("inputs", signature.inputs.as_ref().map(schema_json)),
        ("outputs", signature.outputs.as_ref().map(schema_json)),
        ("params", signature.params.as_ref().map(|it| it.iter().map(param_json).collect())),
    ];
    parts.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

fn schema_json(schema: &Schema) -> Value {
    match schema {
        Schema::Columns(columns) => columns.iter().map(column_json).collect(),
        Schema::Tensors(tensors) => tensors.iter().map(tensor_json).collect(),
    }
}

fn column_json(column: &ColumnSpec) -> Value {
    let mut json = type_json(&column.data_type);
    if let Some(name) = &column.name {
        json.insert("name".to_owned(), json!(name));
    }
    json.insert("required".to_owned(), json!(column.required));
    Value::Object(json)
}

fn tensor_json(tensor: &TensorSpec) -> Value {
    let mut json = Map::new();
    if let Some(name) = &tensor.name {
        json.insert("name".to_owned(), json!(name));
    }
    json.insert("type".to_owned(), json!("tensor"));
    let inner = json!({"dtype": tensor.dtype, "shape": tensor.shape});
    json.insert("tensor-spec".to_owned(), inner);
    Value::Object(json)
}

fn param_json(param: &ParamSpec) -> Value {
    let mut json = type_json(&param.data_type);
    json.insert("name".to_owned(), json!(param.name));
    json.insert("default".to_owned(), param.default.clone());
    json.insert("shape".to_owned(), if param.list { json!([-1]) } else { Value::Null });
    Value::Object(json)
}

fn type_json(data_type: &DataType) -> Map<String, Value> {
    let mut json = Map::new();
    json.insert("type".to_owned(), json!(data_type.word()));
    match data_type {
        DataType::Array(items) => {
            json.insert("items".to_owned(), Value::Object(type_json(items)));
        }
        DataType::Map(values) => {
            json.insert("values".to_owned(), Value::Object(type_json(values)));
        }
        DataType::Object(properties) => {
            let property = |(name, property): (&String, &Property)| {
                let mut json = type_json(&property.data_type);
                json.insert("required".to_owned(), json!(property.required));
                (name.clone(), Value::Object(json))
            };
            let properties = properties.iter().map(property).collect();
            json.insert("properties".to_owned(), Value::Object(properties));
        }
        _ => {}
    }
    json
}
