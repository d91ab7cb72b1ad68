//! Answers of the core as Python's objects, without a text in between.
//!
//! A value becomes what JSON would make of it, and a record where Python says of which class.

use std::fmt::{self, Write as _};

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyList, PyString, PyTuple};
use serde::ser::{Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer};
use serde::ser::{SerializeTuple, SerializeTupleStruct};

use crate::errors;
use crate::record::{Field, Layout, Shape};

/// The answer as an object. With a class of records it is such a record; a list becomes a tuple of
/// them then, and a page has them as its items.
pub(crate) fn object<'py>(
    answer: &impl Serialize,
    class: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = class.py();
    errors::caught(py, || {
        let shape = Shape::of(class)?;
        answer.serialize(Object { py, shape: &shape }).map_err(|refused| refused.0)
    })
}

/// Makes one object of one value.
#[derive(Clone, Copy)]
struct Object<'a, 'py> {
    py: Python<'py>,
    shape: &'a Shape,
}

type Built<'py> = Result<Bound<'py, PyAny>, Refused>;

impl<'a, 'py> Object<'a, 'py> {
    fn items(self, length: usize) -> Items<'a, 'py> {
        Items { object: self, items: Vec::with_capacity(length) }
    }

    /// The fields of a record, or the entries of a mapping.
    fn fields(self) -> Result<Fields<'a, 'py>, Refused> {
        match self.shape {
            Shape::Record(layout) => {
                let layout = layout.get();
                let (object, into) = layout.begin(self.py)?;
                Ok(Fields {
                    object,
                    into,
                    key: None,
                    each: &Shape::Plain,
                    layout: Some(layout),
                    next: 0,
                })
            }
            _ => self.mapping(&Shape::Plain),
        }
    }

    /// A mapping that nobody can change, whose values have one shape.
    fn mapping(self, each: &'a Shape) -> Result<Fields<'a, 'py>, Refused> {
        static READ_ONLY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let object = READ_ONLY.import(self.py, "halfback.wire", "ReadOnlyDict")?.call0()?;
        let into = object.cast::<PyDict>().map_err(PyErr::from)?.clone();
        Ok(Fields { object, into, key: None, each, layout: None, next: 0 })
    }
}

impl<'a, 'py> Serializer for Object<'a, 'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Refused;
    type SerializeSeq = Items<'a, 'py>;
    type SerializeTuple = Items<'a, 'py>;
    type SerializeTupleStruct = Items<'a, 'py>;
    type SerializeTupleVariant = Impossible<Self::Ok, Refused>;
    type SerializeMap = Fields<'a, 'py>;
    type SerializeStruct = Fields<'a, 'py>;
    type SerializeStructVariant = Impossible<Self::Ok, Refused>;

    fn serialize_bool(self, value: bool) -> Built<'py> {
        Ok(PyBool::new(self.py, value).to_owned().into_any())
    }

    fn serialize_i8(self, value: i8) -> Built<'py> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Built<'py> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Built<'py> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Built<'py> {
        Ok(value.into_bound_py_any(self.py)?)
    }

    fn serialize_u8(self, value: u8) -> Built<'py> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Built<'py> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Built<'py> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Built<'py> {
        Ok(value.into_bound_py_any(self.py)?)
    }

    fn serialize_f32(self, value: f32) -> Built<'py> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Built<'py> {
        if value.is_finite() {
            return Ok(PyFloat::new(self.py, value).into_any());
        }
        self.serialize_none() // as in JSON
    }

    fn serialize_char(self, value: char) -> Built<'py> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Built<'py> {
        let text = PyString::new(self.py, value);
        match self.shape {
            Shape::Time => Ok(time(&text)?),
            _ => Ok(text.into_any()),
        }
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Built<'py> {
        // As long as a time is, which is what comes here.
        let mut text = String::with_capacity(32);
        write!(text, "{value}").map_err(<Refused as serde::ser::Error>::custom)?;
        self.serialize_str(&text)
    }

    fn serialize_bytes(self, value: &[u8]) -> Built<'py> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Built<'py> {
        Ok(self.py.None().into_bound(self.py))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Built<'py> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Built<'py> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Built<'py> {
        self.serialize_none()
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Built<'py> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Built<'py> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Built<'py> {
        let mut fields = self.mapping(&Shape::Plain)?;
        fields.serialize_field(variant, value)?;
        SerializeStruct::end(fields)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Items<'a, 'py>, Refused> {
        Ok(self.items(length.unwrap_or_default()))
    }

    fn serialize_tuple(self, length: usize) -> Result<Items<'a, 'py>, Refused> {
        Ok(self.items(length))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        length: usize,
    ) -> Result<Items<'a, 'py>, Refused> {
        Ok(self.items(length))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeTupleVariant, Refused> {
        Err(unknown(name, variant))
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Fields<'a, 'py>, Refused> {
        self.fields()
    }

    fn serialize_struct(
        self,
        name: &'static str,
        _length: usize,
    ) -> Result<Fields<'a, 'py>, Refused> {
        match name {
            "Page" => self.mapping(self.shape),
            _ => self.fields(),
        }
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeStructVariant, Refused> {
        Err(unknown(name, variant))
    }
}

/// A list on its way, or a tuple where it is in a record.
struct Items<'a, 'py> {
    object: Object<'a, 'py>,
    items: Vec<Bound<'py, PyAny>>,
}

impl<'py> SerializeSeq for Items<'_, 'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Refused;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        let shape = match self.object.shape {
            Shape::Tuple => &Shape::Plain,
            shape => shape,
        };
        self.items.push(value.serialize(Object { shape, ..self.object })?);
        Ok(())
    }

    fn end(self) -> Built<'py> {
        let py = self.object.py;
        Ok(match self.object.shape {
            Shape::Plain => PyList::new(py, self.items)?.into_any(),
            _ => PyTuple::new(py, self.items)?.into_any(),
        })
    }
}

impl<'py> SerializeTuple for Items<'_, 'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Refused;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Built<'py> {
        SerializeSeq::end(self)
    }
}

impl<'py> SerializeTupleStruct for Items<'_, 'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Refused;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Built<'py> {
        SerializeSeq::end(self)
    }
}

/// A record or a mapping on its way.
struct Fields<'a, 'py> {
    object: Bound<'py, PyAny>,
    /// The attributes of the record, or the mapping itself.
    into: Bound<'py, PyDict>,
    /// The key of a mapping whose value comes next.
    key: Option<Bound<'py, PyString>>,
    /// What values are of which the layout says nothing.
    each: &'a Shape,
    layout: Option<&'a Layout>,
    /// The number of the field that is likely to come next.
    next: usize,
}

impl<'a> Fields<'a, '_> {
    /// What the layout says of a field.
    fn field(&mut self, name: &str) -> Option<&'a Field> {
        self.layout?.field(name, &mut self.next)
    }
}

impl<'py> SerializeStruct for Fields<'_, 'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Refused;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Refused> {
        let py = self.object.py();
        if let Some(field) = self.field(key) {
            let value = value.serialize(Object { py, shape: &field.shape })?;
            self.into.set_item(field.key.bind(py), value)?;
        } else {
            let value = value.serialize(Object { py, shape: self.each })?;
            self.into.set_item(PyString::intern(py, key), value)?;
        }
        Ok(())
    }

    fn end(self) -> Built<'py> {
        Ok(self.object)
    }
}

impl<'py> SerializeMap for Fields<'_, 'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Refused;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refused> {
        let key = key.serialize(Object { py: self.object.py(), shape: &Shape::Plain })?;
        self.key = Some(key.cast_into().map_err(PyErr::from)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        let py = self.object.py();
        let Some(key) = self.key.take() else {
            return Err(serde::ser::Error::custom("a value came before its key"));
        };
        let field = self.field(key.to_str()?);
        let shape = field.map_or(self.each, |field| &field.shape);
        Ok(self.into.set_item(key, value.serialize(Object { py, shape })?)?)
    }

    fn end(self) -> Built<'py> {
        Ok(self.object)
    }
}

/// An aware time, from text as the core writes it.
fn time<'py>(text: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    static FROM_TEXT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = text.py();
    FROM_TEXT
        .get_or_try_init(py, || {
            let class = py.import("datetime")?.getattr("datetime")?;
            class.getattr("fromisoformat").map(Bound::unbind)
        })?
        .bind(py)
        .call1((text,))
}

/// Why there is no object.
#[derive(Debug)]
struct Refused(PyErr);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refused {}

impl From<PyErr> for Refused {
    fn from(error: PyErr) -> Self {
        Self(error)
    }
}

impl serde::ser::Error for Refused {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = format!("an answer has no object: {message}");
        Self(Python::attach(|py| errors::internal(py, &message)))
    }
}

/// No answer has an enumeration whose variants have fields.
fn unknown(name: &str, variant: &str) -> Refused {
    serde::ser::Error::custom(format!("`{name}::{variant}`"))
}
