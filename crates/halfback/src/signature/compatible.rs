//! Whether one signature can take another's place, by the rules that MLflow enforces at inference.
//!
//! The reference is `_enforce_schema`, `_enforce_params_schema` and what they call, in MLflow 3's
//! `mlflow/models/utils.py`:
//!
//! - A column, item or property widens from integer to long or double and from float to double.
//!   From long to double it does not: that loses digits.
//! - Columns with names are matched by name, in any order, and columns too many are ignored; columns
//!   without names are matched by position.
//! - A column or property that the new signature requires has to be required by the old one.
//! - Properties of an object that the new signature does not know are refused.
//! - A tensor keeps its dtype and its number of dimensions; -1 takes any length, and an `object`
//!   tensor of shape `[-1]` takes everything.
//! - A parameter widens from integer to long, float or double, from long to float or double, and
//!   from float to double. One that the new signature does not know is ignored; a new one needs a
//!   default.
//!
//! MLflow does not enforce outputs. Whoever reads them wrote code for the old types, so they keep
//! their types to the letter; a new signature may give more named outputs and fix lengths that were free.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ColumnSpec, DataType, ParamSpec, Property, Schema, Signature, TensorSpec};

/// Whether callers of the old signature can call the new one and read what it gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Compatibility {
    /// Whether they can.
    pub compatible: bool,
    /// Why they cannot: one line for each field; empty when they can.
    pub reasons: Vec<String>,
}

/// Holds a new signature against the old one that callers were written for.
///
/// What the old signature does not tell cannot be broken, except that inputs which were free must not
/// become fixed.
pub fn compatible(old: &Signature, new: &Signature) -> Compatibility {
    let mut reasons = Vec::new();
    match (&old.inputs, &new.inputs) {
        (_, None) => {}
        (None, Some(_)) => {
            reasons.push("inputs: the old signature leaves them free, the new one does not".into());
        }
        (Some(old), Some(new)) => inputs(old, new, &mut reasons),
    }
    match (&old.outputs, &new.outputs) {
        (None, _) => {}
        (Some(_), None) => reasons.push("outputs: the new signature does not tell them".into()),
        (Some(old), Some(new)) => outputs(old, new, &mut reasons),
    }
    params(
        old.params.as_deref().unwrap_or_default(),
        new.params.as_deref().unwrap_or_default(),
        &mut reasons,
    );
    Compatibility { compatible: reasons.is_empty(), reasons }
}

fn inputs(old: &Schema, new: &Schema, reasons: &mut Vec<String>) {
    match (old, new) {
        (Schema::Columns(old), Schema::Columns(new)) => {
            let Some(pairs) = pair("inputs", new, old, |column| column.name.as_deref(), reasons)
            else {
                return;
            };
            for (at, new, old) in pairs {
                let required = (old.map(|old| old.required), new.required);
                presence(&at, required, reasons);
                if let Some(old) = old {
                    accepts(&at, &old.data_type, &new.data_type, reasons);
                }
            }
        }
        (Schema::Tensors(old), Schema::Tensors(new)) => {
            let Some(pairs) = pair("inputs", new, old, |tensor| tensor.name.as_deref(), reasons)
            else {
                return;
            };
            for (at, new, old) in pairs {
                match old {
                    None => presence(&at, (None, true), reasons),
                    Some(old) => tensor(&at, old, new, reasons),
                }
            }
        }
        _ => reasons.push(kinds("inputs", old, new)),
    }
}

fn outputs(old: &Schema, new: &Schema, reasons: &mut Vec<String>) {
    match (old, new) {
        (Schema::Columns(old), Schema::Columns(new)) => {
            if old.iter().all(|column| column.name.is_none()) && old.len() != new.len() {
                reasons.push(format!("outputs: {} became {}", old.len(), new.len()));
                return;
            }
            let Some(pairs) = pair("outputs", old, new, |column| column.name.as_deref(), reasons)
            else {
                return;
            };
            for (at, old, new) in pairs {
                output(&at, old, new, reasons);
            }
        }
        (Schema::Tensors(old), Schema::Tensors(new)) => {
            let Some(pairs) = pair("outputs", old, new, |tensor| tensor.name.as_deref(), reasons)
            else {
                return;
            };
            for (at, old, new) in pairs {
                match new {
                    None => reasons.push(format!("{at}: is gone")),
                    // Read the other way round: the reader has to take what the new one gives.
                    Some(new) if dtype_and_shape_fit(new, old) => {}
                    Some(new) => reasons.push(format!("{at}: {} became {}", told(old), told(new))),
                }
            }
        }
        _ => reasons.push(kinds("outputs", old, new)),
    }
}

fn output(at: &str, old: &ColumnSpec, new: Option<&ColumnSpec>, reasons: &mut Vec<String>) {
    match new {
        None if old.required => reasons.push(format!("{at}: is gone")),
        None => {}
        Some(new) if old.required && !new.required => {
            reasons.push(format!("{at}: is not always there any more"));
        }
        Some(new) => gives(at, &old.data_type, &new.data_type, reasons),
    }
}

/// A field to look at, how it is called in a reason, and what it is held against.
type Pair<'a, T> = (String, &'a T, Option<&'a T>);

/// Each of `these` with its namesake, or without names its neighbour, among `those`.
fn pair<'a, T>(
    part: &str,
    these: &'a [T],
    those: &'a [T],
    name: impl Fn(&'a T) -> Option<&'a str>,
    reasons: &mut Vec<String>,
) -> Option<Vec<Pair<'a, T>>> {
    let named = |specs: &'a [T]| specs.first().is_some_and(|spec| name(spec).is_some());
    if named(these) != named(those) {
        reasons.push(format!("{part}: only one of the two signatures names them"));
        return None;
    }
    let by_name: BTreeMap<&str, &T> =
        those.iter().filter_map(|spec| Some((name(spec)?, spec))).collect();
    let pairs = these.iter().enumerate().map(|(index, spec)| match name(spec) {
        Some(name) => (format!("{part}.{name}"), spec, by_name.get(name).copied()),
        None => (format!("{part}[{index}]"), spec, those.get(index)),
    });
    Some(pairs.collect())
}

/// What the old signature requires of a field, none when it does not know the field; and whether the
/// new one requires it.
fn presence(at: &str, required: (Option<bool>, bool), reasons: &mut Vec<String>) {
    match required {
        (None, true) => reasons.push(format!("{at}: is new and required")),
        (Some(false), true) => reasons.push(format!("{at}: was optional and is required")),
        _ => {}
    }
}

/// Whether a value of the old type is taken where the new type is asked for.
fn accepts(at: &str, old: &DataType, new: &DataType, reasons: &mut Vec<String>) {
    match (old, new) {
        (_, DataType::Any)
        | (DataType::Integer, DataType::Long | DataType::Double)
        | (DataType::Float, DataType::Double) => {}
        (DataType::Array(old), DataType::Array(new)) => {
            accepts(&format!("{at}.items"), old, new, reasons);
        }
        (DataType::Map(old), DataType::Map(new)) => {
            accepts(&format!("{at}.values"), old, new, reasons);
        }
        (DataType::Object(old), DataType::Object(new)) => accepts_object(at, old, new, reasons),
        _ if old == new => {}
        _ => reasons.push(format!("{at}: {} does not widen to {}", old.word(), new.word())),
    }
}

fn accepts_object(
    at: &str,
    old: &BTreeMap<String, Property>,
    new: &BTreeMap<String, Property>,
    reasons: &mut Vec<String>,
) {
    for (name, new) in new {
        let at = format!("{at}.{name}");
        let old = old.get(name);
        presence(&at, (old.map(|old| old.required), new.required), reasons);
        if let Some(old) = old {
            accepts(&at, &old.data_type, &new.data_type, reasons);
        }
    }
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        reasons.push(format!("{at}.{name}: is gone, and objects take no unknown property"));
    }
}

/// Whether a reader of the old type can read the new type.
fn gives(at: &str, old: &DataType, new: &DataType, reasons: &mut Vec<String>) {
    match (old, new) {
        (DataType::Any, _) => {}
        (DataType::Array(old), DataType::Array(new)) => {
            gives(&format!("{at}.items"), old, new, reasons);
        }
        (DataType::Map(old), DataType::Map(new)) => {
            gives(&format!("{at}.values"), old, new, reasons);
        }
        (DataType::Object(old), DataType::Object(new)) => {
            for (name, old) in old {
                let at = format!("{at}.{name}");
                match new.get(name) {
                    None if old.required => reasons.push(format!("{at}: is gone")),
                    None => {}
                    Some(new) if old.required && !new.required => {
                        reasons.push(format!("{at}: is not always there any more"));
                    }
                    Some(new) => gives(&at, &old.data_type, &new.data_type, reasons),
                }
            }
        }
        _ if old == new => {}
        _ => reasons.push(format!("{at}: {} became {}", old.word(), new.word())),
    }
}

fn tensor(at: &str, old: &TensorSpec, new: &TensorSpec, reasons: &mut Vec<String>) {
    let takes_everything = new.dtype == "object" && new.shape == [-1];
    if !takes_everything && !dtype_and_shape_fit(old, new) {
        reasons.push(format!("{at}: {} does not fit {}", told(old), told(new)));
    }
}

/// Whether every tensor of the first spec is one of the second.
fn dtype_and_shape_fit(given: &TensorSpec, asked: &TensorSpec) -> bool {
    given.dtype == asked.dtype
        && given.shape.len() == asked.shape.len()
        && given.shape.iter().zip(&asked.shape).all(|(given, asked)| *asked == -1 || given == asked)
}

fn told(tensor: &TensorSpec) -> String {
    format!("{}{:?}", tensor.dtype, tensor.shape)
}

fn kinds(part: &str, old: &Schema, new: &Schema) -> String {
    let word = |schema: &Schema| match schema {
        Schema::Columns(_) => "columns",
        Schema::Tensors(_) => "tensors",
    };
    format!("{part}: {} became {}", word(old), word(new))
}

fn params(old: &[ParamSpec], new: &[ParamSpec], reasons: &mut Vec<String>) {
    let known: BTreeMap<&str, &ParamSpec> =
        old.iter().map(|param| (param.name.as_str(), param)).collect();
    for new in new {
        let at = format!("params.{}", new.name);
        match known.get(new.name.as_str()) {
            None if new.default.is_null() => {
                reasons.push(format!("{at}: is new and has no default"));
            }
            None => {}
            Some(old) => param(&at, old, new, reasons),
        }
    }
}

fn param(at: &str, old: &ParamSpec, new: &ParamSpec, reasons: &mut Vec<String>) {
    if new.default.is_null() && !old.default.is_null() {
        reasons.push(format!("{at}: lost its default"));
    }
    match (old.list, new.list) {
        (true, false) => reasons.push(format!("{at}: a list became one value")),
        (false, true) => reasons.push(format!("{at}: one value became a list")),
        _ => match (&old.data_type, &new.data_type) {
            (DataType::Integer, DataType::Long | DataType::Float | DataType::Double)
            | (DataType::Long, DataType::Float | DataType::Double) => {}
            (old, new) => accepts(at, old, new, reasons),
        },
    }
}
