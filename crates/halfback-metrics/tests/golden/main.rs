//! Every metric and parameter against what scikit-learn and its like gave: values, errors and
//! warnings. `make.py` wrote the files.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::float_cmp,
    reason = "a failed expectation is this file's way of failing"
)]

mod calibration;
mod classification;
mod fairness;
mod ranking;
mod regression;
mod scores;
mod statistics;

use std::collections::HashMap;

use halfback_metrics::{Error, Label, Labels, Matrix, Metric, Scores, Warning};
use serde_json::Value;

/// A file of columns and cases.
struct Book {
    columns: HashMap<String, Column>,
    cases: Vec<Value>,
}

/// A column as it was stored.
struct Column {
    values: Values,
    width: usize,
}

enum Values {
    Bool(Vec<bool>),
    Int(Vec<i64>),
    F64(Vec<f64>),
    F32(Vec<f32>),
    Text(Vec<String>),
}

/// What a call gave: numbers in any nesting, laid flat, with the warnings said; or a text.
#[derive(Debug, Default)]
struct Given {
    numbers: Vec<f64>,
    text: Option<String>,
    warned: Vec<Warning>,
}

impl Given {
    fn numbers(numbers: Vec<f64>) -> Self {
        Self { numbers, ..Self::default() }
    }

    fn metrics(metrics: &[Metric]) -> Self {
        let warning = |metric: &Metric| metric.undefined.and_then(|undefined| undefined.warning);
        Self {
            numbers: metrics.iter().map(|metric| metric.value).collect(),
            text: None,
            warned: metrics.iter().filter_map(warning).collect(),
        }
    }
}

impl From<f64> for Given {
    fn from(number: f64) -> Self {
        Self::numbers(vec![number])
    }
}

impl From<Metric> for Given {
    fn from(metric: Metric) -> Self {
        Self::metrics(&[metric])
    }
}

/// A case while it is answered.
struct Case<'a> {
    book: &'a Book,
    case: &'a Value,
}

impl<'a> Case<'a> {
    fn column(&self, at: usize) -> &'a Column {
        &self.book.columns[self.case["columns"][at].as_str().unwrap()]
    }

    fn param(&self, name: &str) -> &'a Value {
        &self.case["params"][name]
    }

    fn float(&self, name: &str) -> Option<f64> {
        (!self.param(name).is_null()).then(|| number(self.param(name)))
    }

    fn weight(&self) -> Option<&'a [f64]> {
        let name = self.case["weight"].as_str()?;
        Some(self.book.columns[name].floats())
    }

    fn labels(&self, name: &str) -> Option<Vec<Label>> {
        let list = self.param(name).as_array()?;
        Some(list.iter().map(label).collect())
    }
}

fn label(value: &Value) -> Label {
    match value {
        Value::String(text) => Label::Text(text.clone()),
        value => value.as_i64().map_or_else(|| Label::Float(number(value)), Label::Int),
    }
}

impl Column {
    fn floats(&self) -> &[f64] {
        match &self.values {
            Values::F64(values) => values,
            _ => panic!("not a column of f64"),
        }
    }

    fn bools(&self) -> &[bool] {
        match &self.values {
            Values::Bool(values) => values,
            _ => panic!("not a column of bool"),
        }
    }

    fn scores(&self) -> Scores<'_> {
        match &self.values {
            Values::F64(values) => Scores::F64(values),
            Values::F32(values) => Scores::F32(values),
            _ => panic!("not a column of floats"),
        }
    }

    fn matrix(&self) -> Matrix<'_> {
        Matrix::new(self.scores(), self.width, "y_score").unwrap()
    }

    /// Calls with the labels; texts are borrowed for as long as the call takes.
    fn with_labels<T>(&self, call: impl FnOnce(Labels<'_>) -> T) -> T {
        match &self.values {
            Values::Bool(values) => call(Labels::Bool(values)),
            Values::Int(values) => call(Labels::Int(values)),
            Values::F64(values) => call(Labels::Float(values)),
            Values::Text(values) => {
                call(Labels::Text(&values.iter().map(String::as_str).collect::<Vec<_>>()))
            }
            Values::F32(_) => panic!("labels are not of f32"),
        }
    }
}

fn number(value: &Value) -> f64 {
    match value {
        Value::String(text) => text.parse().unwrap(),
        Value::Bool(value) => f64::from(u8::from(*value)),
        value => value.as_f64().unwrap(),
    }
}

fn read(text: &str) -> Book {
    let book: Value = serde_json::from_str(text).unwrap();
    let columns = book["data"].as_object().unwrap().iter();
    let columns = columns.map(|(name, column)| (name.clone(), read_column(column))).collect();
    Book { columns, cases: book["cases"].as_array().unwrap().clone() }
}

fn read_column(column: &Value) -> Column {
    let values = column["values"].as_array().unwrap();
    let width = column["shape"].get(1).map_or(1, |width| width.as_u64().unwrap() as usize);
    let values = match column["kind"].as_str().unwrap() {
        "bool" => Values::Bool(values.iter().map(|value| value.as_bool().unwrap()).collect()),
        "int" => Values::Int(values.iter().map(|value| value.as_i64().unwrap()).collect()),
        "f64" => Values::F64(values.iter().map(number).collect()),
        "f32" => Values::F32(values.iter().map(|value| number(value) as f32).collect()),
        _ => Values::Text(values.iter().map(|value| value.as_str().unwrap().into()).collect()),
    };
    Column { values, width }
}

/// The numbers of a value in any nesting; `None` is scikit-learn's for no support.
fn flat(value: &Value, into: &mut Vec<f64>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| flat(value, into)),
        Value::Null => {}
        value => into.push(number(value)),
    }
}

fn close(got: f64, want: f64, tolerance: f64) -> bool {
    (got.is_nan() && want.is_nan())
        || got == want
        || (got - want).abs() <= tolerance * want.abs().max(got.abs()).max(1e-3)
}

/// Answers every case of a file, and tells how all that differ do so.
fn check(text: &str, tolerance: f64, answer: impl Fn(&Case<'_>) -> Result<Given, Error>) {
    let book = read(text);
    let mut wrong = Vec::new();
    for case in &book.cases {
        let given = answer(&Case { book: &book, case });
        let single =
            case["columns"].as_array().unwrap().iter().any(|column| {
                matches!(book.columns[column.as_str().unwrap()].values, Values::F32(_))
            });
        // scikit-learn computes in the precision of its columns; here sums are in double.
        let tolerance = if single { 2e-6 } else { tolerance };
        if let Some(difference) = differs(case, &given, tolerance) {
            let shown = case.to_string();
            wrong
                .push(format!("{difference}\n    {}", shown.chars().take(400).collect::<String>()));
        }
    }
    let shown = wrong.iter().take(25).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {} cases differ:\n{shown}", wrong.len(), book.cases.len());
}

fn differs(case: &Value, given: &Result<Given, Error>, tolerance: f64) -> Option<String> {
    let (given, want) = match (given, case.get("value")) {
        (Err(_), None) => return None,
        (Err(error), Some(_)) => return Some(format!("refused: {error}")),
        (Ok(given), None) => return Some(format!("{} was due, got {given:?}", case["error"])),
        (Ok(given), Some(want)) => (given, want),
    };
    if let Some(text) = &given.text {
        return (text != want.as_str().unwrap()).then(|| format!("got\n{text}\nwant\n{want}"));
    }
    let mut numbers = Vec::new();
    flat(want, &mut numbers);
    let same = numbers.len() == given.numbers.len()
        && given.numbers.iter().zip(&numbers).all(|(&got, &want)| close(got, want, tolerance));
    if !same {
        return Some(format!("got {:?}", given.numbers));
    }
    let said: Vec<&str> = case["warnings"]
        .as_array()
        .map_or_else(Vec::new, |said| said.iter().map(|one| one.as_str().unwrap()).collect());
    let class = |warning: &Warning| match warning {
        Warning::UndefinedMetric => "UndefinedMetricWarning",
        Warning::User => "UserWarning",
    };
    let warned: Vec<&str> = given.warned.iter().map(class).collect();
    let fits = warned.iter().all(|one| said.contains(one)) && warned.is_empty() == said.is_empty();
    (!fits).then(|| format!("warned {warned:?}"))
}
