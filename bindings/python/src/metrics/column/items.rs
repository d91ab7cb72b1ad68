//! Values of Python, one by one.

use pyo3::exceptions::{PyAttributeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyList, PyString, PyTuple};

use super::super::answer::lone_surrogate;
use super::super::text::Words;
use super::buffer::Numbers;
use super::large::Large;
use super::{Values, missing, mixed, odd, too_large};

/// Values of Python, one by one, of whatever type holds all that came.
#[derive(Default)]
pub(super) struct Items {
    kind: Kind,
    ints: Vec<i64>,
    larges: Vec<u64>,
    floats: Vec<f64>,
    words: Words,
    /// Whether there were decimals, which numpy keeps as objects.
    pub(super) boxed: bool,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Kind {
    #[default]
    Nothing,
    Bool,
    Int,
    Large,
    Float,
    Text,
}

impl Items {
    pub(super) fn add(&mut self, item: &Bound<'_, PyAny>, name: &'static str) -> PyResult<()> {
        let py = item.py();
        if let Ok(text) = item.cast::<PyString>() {
            if !matches!(self.kind, Kind::Nothing | Kind::Text) {
                let has_nan = self.floats.iter().any(|value| value.is_nan());
                return Err(if has_nan { missing(py, name) } else { mixed(py, name) });
            }
            self.kind = Kind::Text;
            self.words.text(text.to_str().map_err(|_| lone_surrogate(py, name))?);
        } else if item.is_instance_of::<PyBool>() {
            self.whole(i64::from(item.extract::<bool>()?), Kind::Bool, py, name)?;
        } else if item.is_instance_of::<PyInt>() {
            match item.extract() {
                Ok(whole) => self.whole(whole, Kind::Int, py, name)?,
                Err(_) => self.large(item.extract().map_err(|_| too_large(py, name))?, py, name)?,
            }
        } else if item.is_instance_of::<PyFloat>() {
            self.float(item.extract()?, py, name)?;
        } else if item.get_type().name().is_ok_and(|kind| kind == "Decimal") {
            self.boxed = true;
            self.float(item.call_method0("__float__")?.extract()?, py, name)?;
        } else {
            let value = match item.call_method0("item") {
                // It has none, or several of them.
                Err(error)
                    if error.is_instance_of::<PyAttributeError>(py)
                        || error.is_instance_of::<PyValueError>(py) =>
                {
                    None
                }
                other => Some(other?),
            };
            match value {
                Some(value) if !value.get_type().is(item.get_type()) => self.add(&value, name)?,
                _ => return Err(odd(item, name)),
            }
        }
        Ok(())
    }

    fn whole(
        &mut self,
        value: i64,
        kind: Kind,
        py: Python<'_>,
        name: &'static str,
    ) -> PyResult<()> {
        match (self.kind, u64::try_from(value)) {
            (Kind::Text, _) => return Err(mixed(py, name)),
            (Kind::Large, Ok(value)) => self.larges.push(value),
            #[expect(clippy::cast_precision_loss, reason = "as numpy converts them")]
            (Kind::Float | Kind::Large, _) => return self.float(value as f64, py, name),
            (Kind::Nothing | Kind::Bool | Kind::Int, _) => {
                self.kind = if self.kind == Kind::Int { Kind::Int } else { kind };
                self.ints.push(value);
            }
        }
        Ok(())
    }

    /// A number of 2⁶³ or more: beside one below zero all are floats, as in numpy.
    fn large(&mut self, value: u64, py: Python<'_>, name: &'static str) -> PyResult<()> {
        if matches!(self.kind, Kind::Nothing | Kind::Bool | Kind::Int)
            && let Ok(larges) = self.ints.iter().map(|&value| value.try_into()).collect()
        {
            self.larges = larges;
            self.ints.clear();
            self.kind = Kind::Large;
        }
        if self.kind == Kind::Large {
            self.larges.push(value);
            return Ok(());
        }
        #[expect(clippy::cast_precision_loss, reason = "as numpy converts them")]
        self.float(value as f64, py, name)
    }

    #[expect(clippy::cast_precision_loss, reason = "as numpy converts them")]
    fn float(&mut self, value: f64, py: Python<'_>, name: &'static str) -> PyResult<()> {
        match self.kind {
            Kind::Text if value.is_nan() => return Err(missing(py, name)),
            Kind::Text => return Err(mixed(py, name)),
            Kind::Float => {}
            Kind::Large => {
                let before = std::mem::take(&mut self.larges).into_iter();
                self.floats = before.map(|value| value as f64).collect();
            }
            Kind::Nothing | Kind::Bool | Kind::Int => {
                let before = std::mem::take(&mut self.ints).into_iter();
                self.floats = before.map(|value| value as f64).collect();
            }
        }
        self.kind = Kind::Float;
        self.floats.push(value);
        Ok(())
    }

    pub(super) fn finish(self) -> Values {
        match self.kind {
            Kind::Bool => Values::Bool(self.ints.into_iter().map(|value| value != 0).collect()),
            Kind::Int => Values::Int(Numbers::Own(self.ints)),
            Kind::Large => Values::Large(Large::of(self.larges)),
            Kind::Nothing | Kind::Float => Values::F64(Numbers::Own(self.floats)),
            Kind::Text => Values::Text(self.words.finish()),
        }
    }
}

/// The cells of a row of a table; nothing where the item is one value.
pub(super) fn cells<'py>(item: &Bound<'py, PyAny>) -> PyResult<Option<Vec<Bound<'py, PyAny>>>> {
    if item.is_instance_of::<PyList>() || item.is_instance_of::<PyTuple>() {
        return item.try_iter()?.collect::<PyResult<_>>().map(Some);
    }
    let scalar = item.is_instance_of::<PyInt>()
        || item.is_instance_of::<PyFloat>()
        || item.is_instance_of::<PyString>();
    if scalar || !item.hasattr("tolist")? {
        return Ok(None);
    }
    let list = item.call_method0("tolist")?;
    if list.is_instance_of::<PyList>() { cells(&list) } else { Ok(None) }
}
