//! What the fields of a record are, told by its class.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDateTime, PyDict, PyString, PyTuple, PyType};

/// What a value becomes.
#[derive(Debug)]
pub(crate) enum Shape {
    /// What JSON would make of it.
    Plain,
    /// An aware `datetime`.
    Time,
    /// A tuple of plain values.
    Tuple,
    /// A record, or a tuple of such records.
    Record(Py<Layout>),
}

impl Shape {
    /// `None` is plain; else `datetime`, `tuple` or the class of a record.
    pub(crate) fn of(class: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = class.py();
        if class.is_none() {
            Ok(Self::Plain)
        } else if class.is(py.get_type::<PyDateTime>()) {
            Ok(Self::Time)
        } else if class.is(py.get_type::<PyTuple>()) {
            Ok(Self::Tuple)
        } else {
            Layout::of(class.cast::<PyType>()?).map(Self::Record)
        }
    }
}

/// A class of records: its fields, and what those become that `_WIRE` of the class has.
#[pyclass(frozen, module = "halfback._native")]
#[derive(Debug)]
pub(crate) struct Layout {
    class: Py<PyType>,
    fields: Vec<Field>,
    /// By the number of the field before: which field came next the last time.
    order: Vec<AtomicUsize>,
}

/// A field of a record.
#[derive(Debug)]
pub(crate) struct Field {
    name: String,
    pub(crate) key: Py<PyString>,
    pub(crate) shape: Shape,
}

impl Layout {
    /// Each class is looked at once; they are few, and live as long as the process.
    fn of(class: &Bound<'_, PyType>) -> PyResult<Py<Self>> {
        static KNOWN: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
        let known = KNOWN.get_or_init(class.py(), || PyDict::new(class.py()).unbind());
        let known = known.bind(class.py());
        if let Some(layout) = known.get_item(class)? {
            return Ok(layout.cast_into::<Self>()?.unbind());
        }
        let layout = Bound::new(class.py(), Self::read(class)?)?;
        known.set_item(class, &layout)?;
        Ok(layout.unbind())
    }

    fn read(class: &Bound<'_, PyType>) -> PyResult<Self> {
        let wire = class.getattr_opt("_WIRE")?;
        let names = class.getattr("__dataclass_fields__")?;
        let mut fields = Vec::new();
        for name in names.try_iter()? {
            let name = name?.cast_into::<PyString>()?;
            let shape = match &wire {
                Some(wire) if wire.contains(&name)? => Shape::of(&wire.get_item(&name)?)?,
                _ => Shape::Plain,
            };
            fields.push(Field { name: name.to_str()?.to_owned(), key: name.unbind(), shape });
        }
        let order = (0..=fields.len()).map(AtomicUsize::new).collect();
        Ok(Self { class: class.clone().unbind(), fields, order })
    }

    /// The field of a name. `next` notes how far the record has come, 0 at its beginning: fields
    /// come in the order of the record before, so that one look mostly finds them.
    pub(crate) fn field(&self, name: &str, next: &mut usize) -> Option<&Field> {
        let expected = self.order.get(*next)?;
        let mut at = expected.load(Ordering::Relaxed);
        if self.fields.get(at).is_none_or(|field| field.name != name) {
            at = self.fields.iter().position(|field| field.name == name)?;
            expected.store(at, Ordering::Relaxed);
        }
        *next = at + 1;
        self.fields.get(at)
    }

    /// A record without its attributes, and the dictionary that they go into. No `__init__` runs:
    /// what the core gives needs no check.
    pub(crate) fn begin<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyDict>)> {
        static NEW: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let new = NEW.get_or_try_init(py, || {
            let object = py.import("builtins")?.getattr("object")?;
            object.getattr("__new__").map(Bound::unbind)
        })?;
        let record = new.bind(py).call1((&self.class,))?;
        let fields = record.getattr(pyo3::intern!(py, "__dict__"))?.cast_into()?;
        Ok((record, fields))
    }
}
