//! Model signatures: what a model takes and gives, in MLflow's JSON.
//!
//! The reference is MLflow 3's `mlflow/types/schema.py`. `MLmodel` files hold each of `inputs`,
//! `outputs` and `params` as a string of JSON; here and on the wire they are the lists themselves.

use std::collections::{BTreeMap, BTreeSet};

use halfback_store::error::{Error, Result};
use schemars::{JsonSchema, Schema as JsonShape, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use compatible::{Compatibility, compatible};

mod compatible;
mod json;

/// What a model takes, gives, and can be told.
///
/// Its JSON is `{"inputs": […], "outputs": […], "params": […]}`, each part as MLflow writes it and
/// left out where it is not known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct Signature {
    /// What the model takes; none when that is not known.
    pub inputs: Option<Schema>,
    /// What the model gives; none when that is not known.
    pub outputs: Option<Schema>,
    /// What can be told beside the inputs, such as a temperature; none when nothing can.
    pub params: Option<Vec<ParamSpec>>,
}

/// Inputs or outputs: columns or tensors, never both.
#[derive(Debug, Clone, PartialEq)]
pub enum Schema {
    /// The columns of a table; all have names or none has.
    Columns(Vec<ColumnSpec>),
    /// Tensors; several have names, one can go without.
    Tensors(Vec<TensorSpec>),
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnSpec {
    /// The name; none when columns go by their position.
    pub name: Option<String>,
    /// What a cell holds.
    pub data_type: DataType,
    /// Whether the column has to be there; true where the JSON does not say.
    pub required: bool,
}

/// What a cell, an item or a property holds.
#[derive(Debug, Clone, PartialEq)]
pub enum DataType {
    /// True or false.
    Boolean,
    /// A signed integer of 32 bits.
    Integer,
    /// A signed integer of 64 bits.
    Long,
    /// A floating-point number of 32 bits.
    Float,
    /// A floating-point number of 64 bits.
    Double,
    /// Text.
    String,
    /// Bytes.
    Binary,
    /// A point in time.
    DateTime,
    /// A list of items of one type.
    Array(Box<DataType>),
    /// Named properties.
    Object(BTreeMap<String, Property>),
    /// Values of one type by names that the signature does not fix.
    Map(Box<DataType>),
    /// A vector of Spark ML.
    SparkMlVector,
    /// Anything.
    Any,
}

/// A property of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// What it holds.
    pub data_type: DataType,
    /// Whether it has to be there; true where the JSON does not say.
    pub required: bool,
}

/// A tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorSpec {
    /// The name; none for the only tensor.
    pub name: Option<String>,
    /// The type of its elements, by the name numpy has for it, such as `float32`.
    pub dtype: String,
    /// The length of each dimension; -1 where any will do.
    pub shape: Vec<i64>,
}

/// A parameter of inference.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamSpec {
    /// The name.
    pub name: String,
    /// What it holds: a scalar other than bytes, or an object.
    pub data_type: DataType,
    /// The value where the caller gives none; null when there is none.
    pub default: Value,
    /// Whether it is a list of such values; `shape` is `[-1]` then and null otherwise.
    pub list: bool,
}

impl Signature {
    /// Reads the JSON form.
    ///
    /// # Errors
    ///
    /// `invalid_argument` names the field, as in `signature.inputs[2].type`.
    pub fn parse(signature: &Map<String, Value>) -> Result<Self> {
        json::parse(signature)
    }

    /// The JSON form, in the words that MLflow would use.
    pub fn to_json(&self) -> Map<String, Value> {
        json::write(self)
    }

    /// The names of the inputs, sorted: those of columns that go by their position have none.
    pub(crate) fn features(&self) -> BTreeSet<&str> {
        match &self.inputs {
            None => BTreeSet::new(),
            Some(Schema::Columns(columns)) => {
                columns.iter().filter_map(|column| column.name.as_deref()).collect()
            }
            Some(Schema::Tensors(tensors)) => {
                tensors.iter().filter_map(|tensor| tensor.name.as_deref()).collect()
            }
        }
    }

    /// Reads the entry `signature` of an `MLmodel` file, whose parts are strings of JSON.
    pub(crate) fn parse_mlmodel(entry: &Map<String, Value>) -> Result<Self> {
        json::parse_mlmodel(entry)
    }
}

impl TryFrom<Map<String, Value>> for Signature {
    type Error = Error;

    fn try_from(signature: Map<String, Value>) -> Result<Self> {
        Self::parse(&signature)
    }
}

impl From<Signature> for Map<String, Value> {
    fn from(signature: Signature) -> Self {
        signature.to_json()
    }
}

/// A free object to the other languages: there, the lists are what MLflow's own classes read.
impl JsonSchema for Signature {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Signature".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> JsonShape {
        Map::<String, Value>::json_schema(generator)
    }
}

impl Schema {
    /// How many columns or tensors there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Columns(columns) => columns.len(),
            Self::Tensors(tensors) => tensors.len(),
        }
    }

    /// Whether there are none, which no parsed schema has.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl DataType {
    /// The word that `type` has in the JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::String => "string",
            Self::Binary => "binary",
            Self::DateTime => "datetime",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
            Self::Map(_) => "map",
            Self::SparkMlVector => "sparkml_vector",
            Self::Any => "any",
        }
    }

    fn scalar(word: &str) -> Option<Self> {
        [
            Self::Boolean,
            Self::Integer,
            Self::Long,
            Self::Float,
            Self::Double,
            Self::String,
            Self::Binary,
            Self::DateTime,
            Self::SparkMlVector,
            Self::Any,
        ]
        .into_iter()
        .find(|scalar| scalar.word() == word)
    }
}

#[cfg(test)]
mod tests;
