//! Columns of Python for evaluations and comparisons: arrays by their buffers, anything else value by
//! value. The interpreter lock is free while the core measures.

use std::ffi::CStr;

use halfback::wire::{self, Columns, Given, OwnMetrics, OwnedColumn};
use halfback::{Detail, Error};
use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple,
};
use serde::Serialize;

use crate::errors::{self, detached};
use crate::handle::Handle;
use crate::metrics::answer::{array, lone_surrogate, raise, stoppable};
use crate::metrics::is_masked;
use crate::object::object;

/// Measures a version's predictions, and keeps the evaluation. `roles` and `slices` have the columns by
/// name; `own` the metrics of the caller's own, if any.
#[pyfunction]
pub(crate) fn evaluate<'py>(
    handle: &Handle,
    request: &[u8],
    roles: &Bound<'py, PyDict>,
    slices: &Bound<'py, PyDict>,
    own: Option<Py<PyAny>>,
    record: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    measured(roles, slices, own, record, |columns, own| {
        wire::evaluate(handle.registry(), request, columns, own)
    })
}

/// Compares two versions' predictions on the same rows, and keeps the comparison.
#[pyfunction]
pub(crate) fn compare<'py>(
    handle: &Handle,
    request: &[u8],
    roles: &Bound<'py, PyDict>,
    slices: &Bound<'py, PyDict>,
    own: Option<Py<PyAny>>,
    record: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    measured(roles, slices, own, record, |columns, own| {
        wire::compare(handle.registry(), request, columns, own)
    })
}

/// Reads the columns, and gives what was kept of them as a record.
fn measured<'py, T: Serialize + Send>(
    roles: &Bound<'py, PyDict>,
    slices: &Bound<'py, PyDict>,
    own: Option<Py<PyAny>>,
    record: &Bound<'py, PyAny>,
    work: impl FnOnce(&Columns, Option<&mut dyn OwnMetrics>) -> halfback::Result<T> + Send,
) -> PyResult<Bound<'py, PyAny>> {
    let columns = columns(roles, slices)?;
    let mut own = own.map(Functions);
    let own = own.as_mut();
    let kept =
        stoppable(record.py(), || work(&columns, own.map(|own| -> &mut dyn OwnMetrics { own })))?;
    object(&kept, record)
}

/// Metrics of the caller's own: a `halfback.own_metrics.OwnMetrics`.
struct Functions(Py<PyAny>);

impl Functions {
    /// What Python raises ends the measuring, which then raises it.
    fn call<T>(&self, call: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>) -> halfback::Result<T> {
        Python::attach(|py| call(self.0.bind(py))).map_err(|error| {
            raise(error);
            Detail::InvalidArgument("a metric of one's own failed".into()).into()
        })
    }
}

impl OwnMetrics for Functions {
    fn select(&mut self, rows: &[u32]) -> halfback::Result<()> {
        let places: Vec<u8> = rows.iter().flat_map(|row| row.to_ne_bytes()).collect();
        self.call(|own| own.call_method1("select", (PyBytes::new(own.py(), &places),)).map(drop))
    }

    fn value(&mut self, metric: &str, is_baseline: bool, weights: &[f64]) -> halfback::Result<f64> {
        self.call(|own| {
            let weights = array(own.py(), weights);
            own.call_method1("value", (metric, is_baseline, weights))?.extract()
        })
    }
}

/// A picture of a record, as SVG.
#[pyfunction]
pub(crate) fn picture(py: Python<'_>, request: &[u8]) -> PyResult<String> {
    detached(py, || wire::picture(request))
}

fn columns(roles: &Bound<'_, PyDict>, slices: &Bound<'_, PyDict>) -> PyResult<Columns> {
    static NAMES: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = roles.py();
    let mut columns = Columns::default();
    for (name, values) in roles {
        let name: String = name.extract()?;
        // Both models' columns are called the same outside.
        let shown = name.strip_prefix("baseline.").unwrap_or(&name).to_owned();
        let mut given = given(&shown, &values)?;
        if shown == "y_score" {
            let names = NAMES.import(py, "halfback.tables", "column_names")?;
            given.names = names.call1((shown, values))?.extract()?;
        }
        columns.roles.push((name, given));
    }
    for (name, values) in slices {
        let name: String = name.extract()?;
        let shown = format!("slices.{name}");
        columns.slices.push((name, given(&shown, &values)?));
    }
    Ok(columns)
}

/// A column or a table of anything: an array, a frame or a column of one, or a list.
fn given(name: &str, values: &Bound<'_, PyAny>) -> PyResult<Given> {
    let py = values.py();
    let is_bytes = values.is_instance_of::<PyBytes>() || values.is_instance_of::<PyByteArray>();
    if is_bytes || values.is_instance_of::<PyString>() {
        return Err(refused(py, format!("`{name}` is a text, expected a column of values")));
    }
    if has_nulls(values) || is_masked(values)? {
        let why = format!("`{name}` has missing values; fill them or leave their rows out");
        return Err(refused(py, why));
    }
    let values = plain(values)?;
    let dimensions = match values.getattr("shape") {
        Ok(shape) => shape.len().unwrap_or(1),
        Err(_) => 1,
    };
    if !(1..=2).contains(&dimensions) {
        return Err(deep(py, name, dimensions));
    }
    if let Some((values, width)) = buffer(&values) {
        return Ok(Given { values, width, names: Vec::new() });
    }
    let list = match values.call_method0("tolist") {
        Ok(list) => list,
        Err(_) => values,
    };
    let (cells, width) = cells(name, &list)?;
    Ok(Given { values: typed(name, py, &cells)?, width, names: Vec::new() })
}

/// Whether a column of polars or Arrow lacks values, which would be NaN in an array.
fn has_nulls(values: &Bound<'_, PyAny>) -> bool {
    let Ok(count) = values.getattr("null_count") else { return false };
    let count = if count.is_callable() { count.call0() } else { Ok(count) };
    count.and_then(|count| count.extract::<usize>()).is_ok_and(|count| count > 0)
}

/// What frames and Arrow hold, as an array of `NumPy`.
fn plain<'py>(values: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if !values.hasattr("to_numpy")? {
        // A table of Arrow gives its columns where rows are asked for one by one.
        let is_table = values.hasattr("column_names")? && values.hasattr("__array__")?;
        return if is_table { values.call_method0("__array__") } else { Ok(values.clone()) };
    }
    if let Ok(array) = values.call_method0("to_numpy") {
        return Ok(array);
    }
    // Arrow copies only where that is said.
    let options = PyDict::new(values.py());
    options.set_item("zero_copy_only", false)?;
    values.call_method("to_numpy", (), Some(&options))
}

/// The values of a buffer of numbers, whatever its strides, and how many columns a table has; a copy,
/// which nobody changes meanwhile.
fn buffer(values: &Bound<'_, PyAny>) -> Option<(OwnedColumn, Option<usize>)> {
    fn read<T: Element, V: From<T>>(
        values: &Bound<'_, PyAny>,
        column: impl FnOnce(Vec<V>) -> OwnedColumn,
    ) -> Option<(OwnedColumn, Option<usize>)> {
        let buffer = PyBuffer::<T>::get(values).ok()?;
        let width = match *buffer.shape() {
            [_] => None,
            [_, width] => Some(width),
            _ => return None,
        };
        let copy = is_native(buffer.format()).then(|| buffer.to_vec(values.py()).ok()).flatten()?;
        Some((column(copy.into_iter().map(Into::into).collect()), width))
    }
    read::<f64, _>(values, OwnedColumn::Float)
        .or_else(|| read::<i64, _>(values, OwnedColumn::Int))
        .or_else(|| read::<f32, _>(values, OwnedColumn::Float32))
        .or_else(|| read::<i32, _>(values, OwnedColumn::Int))
        .or_else(|| read::<i16, _>(values, OwnedColumn::Int))
        .or_else(|| read::<i8, _>(values, OwnedColumn::Int))
        .or_else(|| read::<u32, _>(values, OwnedColumn::Int))
        .or_else(|| read::<u16, _>(values, OwnedColumn::Int))
        .or_else(|| read::<u8, _>(values, OwnedColumn::Int))
}

/// Whether numbers are in the machine's byte order, which their type alone does not tell.
fn is_native(format: &CStr) -> bool {
    let swapped: &[u8] = if cfg!(target_endian = "little") { b">!" } else { b"<" };
    !format.to_bytes().first().is_some_and(|first| swapped.contains(first))
}

/// The cells of a list, or of the rows in it and how many each has.
fn cells<'py>(
    name: &str,
    values: &Bound<'py, PyAny>,
) -> PyResult<(Vec<Bound<'py, PyAny>>, Option<usize>)> {
    let py = values.py();
    let Ok(rows) = values.try_iter() else {
        let why = format!("`{name}` is no column; give a list, an array or a column of a frame");
        return Err(refused(py, why));
    };
    let mut found = Vec::new();
    let mut width = None;
    for (at, row) in rows.enumerate() {
        let row = plain_cell(row?)?;
        let cells = if is_row(&row) {
            Some(row.try_iter()?.map(|cell| plain_cell(cell?)).collect::<PyResult<Vec<_>>>()?)
        } else {
            None
        };
        let found_width = cells.as_ref().map(Vec::len);
        if at > 0 && found_width != width {
            let why =
                format!("`{name}` differs in length at row {at}, expected rows of one length");
            return Err(refused(py, why));
        }
        width = found_width;
        match cells {
            Some(cells) if cells.iter().any(is_row) => return Err(deep(py, name, 3)),
            Some(cells) => found.extend(cells),
            None => found.push(row),
        }
    }
    Ok((found, width))
}

/// A cell of an array as a value or a list of Python.
fn plain_cell(cell: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    let is_plain = cell.is_instance_of::<PyInt>() || cell.is_instance_of::<PyString>();
    if is_plain || !cell.hasattr("__array__")? {
        return Ok(cell);
    }
    Ok(cell.call_method0("tolist").unwrap_or(cell))
}

fn is_row(cell: &Bound<'_, PyAny>) -> bool {
    cell.is_instance_of::<PyList>() || cell.is_instance_of::<PyTuple>()
}

fn deep(py: Python<'_>, name: &str, dimensions: usize) -> PyErr {
    refused(py, format!("`{name}` has {dimensions} dimensions, expected 1 or 2"))
}

/// A column of the one type that all cells have: whole numbers and others together are numbers.
fn typed(name: &str, py: Python<'_>, cells: &[Bound<'_, PyAny>]) -> PyResult<OwnedColumn> {
    let all = |is: fn(&Bound<'_, PyAny>) -> bool| cells.iter().all(is);
    let is_bool = |cell: &Bound<'_, PyAny>| cell.is_instance_of::<PyBool>();
    let is_whole = |cell: &Bound<'_, PyAny>| {
        cell.is_instance_of::<PyInt>() && !cell.is_instance_of::<PyBool>()
    };
    let is_number = |cell: &Bound<'_, PyAny>| {
        let is_plain = cell.is_instance_of::<PyInt>() || cell.is_instance_of::<PyFloat>();
        (is_plain || is_decimal(cell)) && !cell.is_instance_of::<PyBool>()
    };
    let is_text = |cell: &Bound<'_, PyAny>| cell.is_instance_of::<PyString>();
    if all(is_text) && !cells.is_empty() {
        let texts: PyResult<_> = cells.iter().map(PyAnyMethods::extract).collect();
        return texts.map(OwnedColumn::Text).map_err(|_| lone_surrogate(py, name));
    }
    if all(is_bool) && !cells.is_empty() {
        return Ok(OwnedColumn::Bool(
            cells.iter().map(PyAnyMethods::extract).collect::<PyResult<_>>()?,
        ));
    }
    if all(is_whole) {
        let whole: PyResult<_> = cells.iter().map(PyAnyMethods::extract).collect();
        return whole.map(OwnedColumn::Int).or_else(|_| large(name, py, cells));
    }
    if all(is_number) {
        if cells.iter().any(is_rounded) {
            return Err(rounded(py, name));
        }
        return Ok(OwnedColumn::Float(
            cells.iter().map(PyAnyMethods::extract).collect::<PyResult<_>>()?,
        ));
    }
    let known = |cell: &Bound<'_, PyAny>| is_number(cell) || is_bool(cell) || is_text(cell);
    let odd = cells.iter().position(|cell| !known(cell) || is_missing(cell));
    let why = match odd {
        Some(row) if cells.get(row).is_some_and(is_missing) => {
            format!("`{name}` has no value at row {row}; fill it or leave the row out")
        }
        Some(row) => {
            format!("`{name}` holds no number, text or boolean at row {row}; convert it first")
        }
        None => format!("`{name}` mixes texts, numbers and booleans; give values of one type"),
    };
    Err(refused(py, why))
}

/// Whole numbers of which one at least is 2⁶³ or more.
fn large(name: &str, py: Python<'_>, cells: &[Bound<'_, PyAny>]) -> PyResult<OwnedColumn> {
    let numbers: PyResult<Vec<u64>> = cells.iter().map(PyAnyMethods::extract).collect();
    let beyond = || refused(py, format!("`{name}` has whole numbers beyond 64 bits"));
    let numbers = numbers.map_err(|_| beyond())?;
    match name {
        // What tells groups apart are the bits.
        "clusters" | "strata" => {
            Ok(OwnedColumn::Int(numbers.into_iter().map(u64::cast_signed).collect()))
        }
        "y_score" | "weights" => Err(rounded(py, name)),
        "y_true" | "y_pred" => {
            let why = "give such labels as texts, and of numbers subtract a common base";
            Err(refused(py, format!("`{name}` has whole numbers of 2^63 or more; {why}")))
        }
        _ => Ok(OwnedColumn::Text(numbers.iter().map(u64::to_string).collect())),
    }
}

/// Whether a whole number is none that a double holds.
fn is_rounded(cell: &Bound<'_, PyAny>) -> bool {
    const EXACT: u64 = 1 << 53;
    cell.is_instance_of::<PyInt>()
        && !cell.extract::<i64>().is_ok_and(|whole| whole.unsigned_abs() <= EXACT)
}

fn rounded(py: Python<'_>, name: &str) -> PyErr {
    let why = "which a double would round; subtract a common base";
    refused(py, format!("`{name}` has whole numbers beyond 2^53, {why}"))
}

fn is_decimal(cell: &Bound<'_, PyAny>) -> bool {
    cell.get_type().name().is_ok_and(|name| name == "Decimal")
}

/// Whether a cell among others than numbers has no value, as pandas has it too.
fn is_missing(cell: &Bound<'_, PyAny>) -> bool {
    let is_nan = cell.cast::<PyFloat>().is_ok_and(|float| float.value().is_nan());
    let kind = cell.get_type();
    let is_pandas = kind.name().is_ok_and(|name| name == "NAType" || name == "NaTType");
    cell.is_none() || is_nan || is_pandas
}

fn refused(py: Python<'_>, why: String) -> PyErr {
    errors::raised(py, &Error::from(Detail::InvalidArgument(why)))
}
