//! Columns of Python for evaluations and comparisons: arrays by their buffers, anything else value by
//! value. The interpreter lock is free while the core measures.

use std::ffi::CStr;

use halfback::wire::{self, Columns, OwnMetrics, OwnedColumn};
use halfback::{Detail, Error};
use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString};
use serde::Serialize;

use crate::errors::{self, detached};
use crate::handle::Handle;
use crate::metrics::answer::{array, raise, stoppable};
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
    let mut columns = Columns::default();
    for (name, values) in roles {
        let name: String = name.extract()?;
        // Both models' columns are called the same outside.
        let shown = name.strip_prefix("baseline.").unwrap_or(&name).to_owned();
        columns.roles.push((name, column(&shown, &values)?));
    }
    for (name, values) in slices {
        let name: String = name.extract()?;
        let shown = format!("slices.{name}");
        columns.slices.push((name, column(&shown, &values)?));
    }
    Ok(columns)
}

/// A column of anything: an array, a column of a frame, or a list.
fn column(name: &str, values: &Bound<'_, PyAny>) -> PyResult<OwnedColumn> {
    if values.is_instance_of::<PyString>() {
        return Err(refused(
            values.py(),
            format!("`{name}` is a text, expected a column of values"),
        ));
    }
    if has_nulls(values) {
        let why = format!("`{name}` has missing values; fill them or leave their rows out");
        return Err(refused(values.py(), why));
    }
    let values = plain(values)?;
    if let Some(column) = buffer(&values) {
        return Ok(column);
    }
    let list = match values.call_method0("tolist") {
        Ok(list) => list,
        Err(_) => values,
    };
    let mut cells = Vec::new();
    gather(name, &list, 0, &mut cells)?;
    typed(name, list.py(), &cells)
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

/// The values of a buffer of numbers, whatever its strides; a copy, which nobody changes meanwhile.
fn buffer(values: &Bound<'_, PyAny>) -> Option<OwnedColumn> {
    fn read<T: Element>(values: &Bound<'_, PyAny>) -> Option<Vec<T>> {
        let buffer = PyBuffer::<T>::get(values).ok()?;
        is_native(buffer.format()).then(|| buffer.to_vec(values.py()).ok()).flatten()
    }
    fn whole<T: Element + Into<i64>>(values: &Bound<'_, PyAny>) -> Option<OwnedColumn> {
        Some(OwnedColumn::Int(read::<T>(values)?.into_iter().map(Into::into).collect()))
    }
    read::<f64>(values)
        .map(OwnedColumn::Float)
        .or_else(|| read::<i64>(values).map(OwnedColumn::Int))
        .or_else(|| read::<f32>(values).map(OwnedColumn::Float32))
        .or_else(|| whole::<i32>(values))
        .or_else(|| whole::<i16>(values))
        .or_else(|| whole::<i8>(values))
        .or_else(|| whole::<u32>(values))
        .or_else(|| whole::<u16>(values))
        .or_else(|| whole::<u8>(values))
}

/// Whether numbers are in the machine's byte order, which their type alone does not tell.
fn is_native(format: &CStr) -> bool {
    let swapped: &[u8] = if cfg!(target_endian = "little") { b">!" } else { b"<" };
    !format.to_bytes().first().is_some_and(|first| swapped.contains(first))
}

/// The cells of a list, and of the lists in it.
fn gather<'py>(
    name: &str,
    values: &Bound<'py, PyAny>,
    depth: usize,
    into: &mut Vec<Bound<'py, PyAny>>,
) -> PyResult<()> {
    let Ok(cells) = values.try_iter() else {
        let why = format!("`{name}` is no column; give a list, an array or a column of a frame");
        return Err(refused(values.py(), why));
    };
    for cell in cells {
        let cell = cell?;
        if depth == 0 && (cell.is_instance_of::<PyList>() || cell.hasattr("__array__")?) {
            let row = cell.call_method0("tolist").unwrap_or(cell);
            if row.try_iter().is_ok() && !row.is_instance_of::<PyString>() {
                gather(name, &row, depth + 1, into)?;
            } else {
                into.push(row);
            }
        } else {
            into.push(cell);
        }
    }
    Ok(())
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
        return Ok(OwnedColumn::Text(
            cells.iter().map(PyAnyMethods::extract).collect::<PyResult<_>>()?,
        ));
    }
    if all(is_bool) && !cells.is_empty() {
        return Ok(OwnedColumn::Bool(
            cells.iter().map(PyAnyMethods::extract).collect::<PyResult<_>>()?,
        ));
    }
    if all(is_whole) {
        let whole = cells.iter().map(PyAnyMethods::extract::<i64>).collect::<PyResult<_>>();
        let beyond = || refused(py, format!("`{name}` has whole numbers beyond 64 bits"));
        return whole.map(OwnedColumn::Int).map_err(|_| beyond());
    }
    if all(is_number) {
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
