//! Columns from Python: lent by the buffer protocol where they lie as the kernels read them, and
//! copied where they do not. Nothing here knows a library: what has no buffer becomes an array or a
//! list in `halfback.metrics.columns` first.

mod buffer;
mod exact;
mod items;
mod large;

use std::borrow::Cow;

use halfback_metrics::{Label, Labels, Matrix, Scores};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyByteArray, PyBytes, PyList, PyMemoryView, PyString, PyTuple};

use super::answer::{invalid, invalid_type, lone_surrogate};
use super::text::{Texts, Words};
use buffer::{Numbers, gather, lent, own, rows, unsigned};
use items::{Items, cells};
use large::Large;
pub(crate) use large::without_zeros;

/// A column or a table of one type, row after row.
#[derive(Debug)]
pub(crate) struct Column {
    /// The argument that it came as.
    name: &'static str,
    values: Values,
    /// The columns of a table; none where the values are one column.
    width: Option<usize>,
    /// Whether they are numbers that came as objects of Python in an array.
    boxed: bool,
    /// Whether they came under a mask that hides some.
    masked: bool,
}

#[derive(Debug)]
enum Values {
    // Not lent: a byte of a buffer of truth values may be any.
    Bool(Vec<bool>),
    Int(Numbers<i64>),
    Large(Large),
    F32(Numbers<f32>),
    F64(Numbers<f64>),
    Text(Texts),
}
impl Column {
    /// The column `name` of a call.
    pub(crate) fn of(value: &Bound<'_, PyAny>, name: &'static str) -> PyResult<Self> {
        static PLAIN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        refuse_views(value, name)?;
        if let Some(mut column) = Self::known(value, name)? {
            column.masked = is_masked(value)?;
            return Ok(column);
        }
        let py = value.py();
        let plain = PLAIN.import(py, "halfback.metrics.columns", "plain")?.call1((value, name))?;
        Self::known(&plain, name)?.ok_or_else(|| {
            invalid_type(py, &format!("`{name}` is not a column, expected an array or a list"))
        })
    }

    /// Weights or labels that may be left out.
    pub(crate) fn given(value: &Bound<'_, PyAny>, name: &'static str) -> PyResult<Option<Self>> {
        if value.is_none() { Ok(None) } else { Self::of(value, name).map(Some) }
    }

    fn known(value: &Bound<'_, PyAny>, name: &'static str) -> PyResult<Option<Self>> {
        let py = value.py();
        if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
            return Self::of_items(value, name).map(Some);
        }
        let text = value.is_instance_of::<PyBytes>() || value.is_instance_of::<PyByteArray>();
        if text || value.is_instance_of::<PyString>() {
            let message = format!("`{name}` is a single text, expected a column");
            return Err(invalid(py, &message));
        }
        match PyUntypedBuffer::get(value) {
            Ok(buffer) => Self::of_buffer(py, value, buffer, name),
            Err(_) => Ok(None),
        }
    }

    fn of_buffer(
        py: Python<'_>,
        value: &Bound<'_, PyAny>,
        buffer: PyUntypedBuffer,
        name: &'static str,
    ) -> PyResult<Option<Self>> {
        let width = match *buffer.shape() {
            [_] => None,
            [_, width] => Some(width),
            _ => {
                let found = buffer.dimensions();
                let message = format!("`{name}` has {found} dimensions, expected 1 or 2");
                return Err(invalid(py, &message));
            }
        };
        let format = buffer.format().to_string_lossy().into_owned();
        let (order, kind) = match format.as_bytes().first() {
            Some(b'<' | b'>' | b'=' | b'@' | b'!') => format.split_at(1),
            _ => ("", format.as_str()),
        };
        let swapped = match order {
            ">" | "!" => cfg!(target_endian = "little"),
            "<" => cfg!(target_endian = "big"),
            _ => false,
        };
        let values = match (kind, buffer.item_size()) {
            ("?", 1) => Values::Bool(gather(&buffer, |[byte]: [u8; 1]| byte != 0)),
            ("d", 8) => Values::F64(lent(buffer, swapped, f64::from_ne_bytes)),
            // As scikit-learn, which takes single precision in the other byte order for double.
            ("f", 4) if swapped => Values::F64(Numbers::Own(gather(&buffer, |bytes: [u8; 4]| {
                f32::from_bits(u32::from_ne_bytes(bytes).swap_bytes()).into()
            }))),
            ("f", 4) => Values::F32(lent(buffer, false, f32::from_ne_bytes)),
            ("q" | "l" | "i" | "h" | "b", 8) => {
                Values::Int(lent(buffer, swapped, i64::from_ne_bytes))
            }
            ("Q" | "L" | "I", 8) => unsigned(&buffer, swapped),
            ("i" | "l", 4) => own(&buffer, swapped, |bytes| i32::from_ne_bytes(bytes).into()),
            ("I" | "L", 4) => own(&buffer, swapped, |bytes| u32::from_ne_bytes(bytes).into()),
            ("h", 2) => own(&buffer, swapped, |bytes| i16::from_ne_bytes(bytes).into()),
            ("H", 2) => own(&buffer, swapped, |bytes| u16::from_ne_bytes(bytes).into()),
            ("b", 1) => own(&buffer, swapped, |bytes| i8::from_ne_bytes(bytes).into()),
            ("B", 1) => own(&buffer, swapped, |bytes| u8::from_ne_bytes(bytes).into()),
            (kind, size) if kind.ends_with('w') => {
                let mut words = Words::default();
                rows(&buffer, |item| words.add(item, swapped), size);
                Values::Text(words.unbroken().ok_or_else(|| lone_surrogate(py, name))?)
            }
            ("O", _) => {
                let list = value.call_method0("tolist")?;
                let mut column = Self::of_items(&list, name)?;
                // An empty table's list has lost its width.
                column.width = width.or(column.width);
                column.boxed = column.len() > 0 && !matches!(column.values, Values::Text(_));
                return Ok(Some(column));
            }
            (kind, _) if kind.ends_with('s') => {
                let message = format!("`{name}` has labels of bytes, expected text or numbers");
                return Err(invalid_type(py, &message));
            }
            (kind, _) if kind.starts_with('Z') => {
                let message = format!("`{name}` has complex numbers, expected real ones");
                return Err(invalid(py, &message));
            }
            _ => return Ok(None),
        };
        Ok(Some(Self { name, values, width, boxed: false, masked: false }))
    }

    fn of_items(list: &Bound<'_, PyAny>, name: &'static str) -> PyResult<Self> {
        let mut items = Items::default();
        let mut width = None;
        for (row, item) in list.try_iter()?.enumerate() {
            let item = item?;
            let Some(cells) = cells(&item)? else {
                if width.is_some() {
                    return Err(ragged(list.py(), name, row));
                }
                items.add(&item, name)?;
                continue;
            };
            if row > 0 && width != Some(cells.len()) {
                return Err(ragged(list.py(), name, row));
            }
            width = Some(cells.len());
            for cell in &cells {
                items.add(cell, name)?;
            }
        }
        let boxed = items.boxed;
        Ok(Self { name, values: items.finish(), width, boxed, masked: false })
    }

    /// The argument that it came as.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    fn len(&self) -> usize {
        match &self.values {
            Values::Bool(values) => values.len(),
            Values::Int(values) => values.get().len(),
            Values::Large(large) => large.numbers.len(),
            Values::F32(values) => values.get().len(),
            Values::F64(values) => values.get().len(),
            Values::Text(texts) => texts.codes.len(),
        }
    }

    pub(crate) fn rows(&self) -> usize {
        match self.width {
            None => self.len(),
            Some(0) => 0,
            Some(width) => self.len() / width,
        }
    }

    /// The columns of a table, one for a column.
    pub(crate) fn width(&self) -> usize {
        self.width.unwrap_or(1)
    }

    /// Whether there are several values a row.
    pub(crate) fn is_table(&self) -> bool {
        self.width.is_some_and(|width| width != 1)
    }

    /// Whether it was given as a table, be it of one column.
    pub(crate) fn is_flat(&self) -> bool {
        self.width.is_none()
    }

    /// The type of the values as numpy names it.
    pub(crate) fn kind(&self) -> &'static str {
        match self.values {
            Values::Bool(_) => "bool",
            Values::Int(_) => "int64",
            Values::Large(_) => "uint64",
            Values::F32(_) => "float32",
            Values::F64(_) => "float64",
            Values::Text(_) => "str",
        }
    }

    /// Whether the values count in whole numbers.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.values, Values::Bool(_) | Values::Int(_) | Values::Large(_))
    }

    /// Refuses a table where one column is due.
    pub(crate) fn single(&self, py: Python<'_>) -> PyResult<()> {
        if !self.is_table() {
            return Ok(());
        }
        let (name, width) = (self.name, self.width());
        Err(invalid(py, &format!("`{name}` has {width} columns, expected one column")))
    }

    /// One column of the classes of rows, as scikit-learn takes them: no numbers that came as objects.
    pub(crate) fn targets(&self, py: Python<'_>) -> PyResult<HeldLabels<'_>> {
        self.single(py)?;
        self.unboxed(py)?;
        self.labels(py)
    }

    /// Refuses numbers that came as objects, and what a mask hides.
    pub(crate) fn unboxed(&self, py: Python<'_>) -> PyResult<()> {
        if self.masked {
            return Err(missing(py, self.name));
        }
        if !self.boxed {
            return Ok(());
        }
        let name = self.name;
        if let Values::F64(values) = &self.values
            && values.get().iter().any(|value| value.is_nan())
        {
            return Err(missing(py, name));
        }
        let message =
            format!("`{name}` has numbers of type `object`, expected `{name}.astype(int)`");
        Err(invalid(py, &message))
    }

    /// One column of labels, for as long as this lives.
    pub(crate) fn labels(&self, py: Python<'_>) -> PyResult<HeldLabels<'_>> {
        self.single(py)?;
        Ok(match &self.values {
            Values::Bool(values) => HeldLabels::Bool(values),
            Values::Int(values) => HeldLabels::Int(values.get()),
            Values::Large(large) => HeldLabels::Text(large.digits.rows()),
            Values::F64(values) => HeldLabels::Float(Cow::Borrowed(values.get())),
            Values::F32(values) => {
                HeldLabels::Float(values.get().iter().map(|&value| value.into()).collect())
            }
            Values::Text(texts) => HeldLabels::Text(texts.rows()),
        })
    }

    /// The numbers, of one column or of a table, for as long as this lives.
    pub(crate) fn numbers(&self, py: Python<'_>) -> PyResult<HeldScores<'_>> {
        Ok(match &self.values {
            Values::F64(values) => HeldScores::F64(Cow::Borrowed(values.get())),
            Values::F32(values) => HeldScores::F32(values.get()),
            Values::Int(values) => {
                #[expect(clippy::cast_precision_loss, reason = "as numpy converts them")]
                let converted = values.get().iter().map(|&value| value as f64).collect();
                HeldScores::F64(converted)
            }
            Values::Large(large) => HeldScores::F64(large.doubles().into()),
            Values::Bool(values) => {
                HeldScores::F64(values.iter().map(|&value| f64::from(u8::from(value))).collect())
            }
            Values::Text(_) => {
                let message = format!("`{}` has texts, expected numbers", self.name);
                return Err(invalid(py, &message));
            }
        })
    }

    /// One column of numbers in double precision.
    pub(crate) fn doubles(&self, py: Python<'_>) -> PyResult<Cow<'_, [f64]>> {
        self.single(py)?;
        match self.numbers(py)? {
            HeldScores::F64(values) => Ok(values),
            HeldScores::F32(values) => Ok(values.iter().map(|&value| value.into()).collect()),
        }
    }

    /// The truth values of a table of labels, which are 0 and 1.
    pub(crate) fn indicators(&self, py: Python<'_>) -> PyResult<Vec<bool>> {
        let odd = || {
            let message = format!("`{}` is a table, expected 0 and 1 in it", self.name);
            invalid(py, &message)
        };
        let whole = |value: f64| match value {
            0.0 => Ok(false),
            1.0 => Ok(true),
            _ => Err(odd()),
        };
        match &self.values {
            Values::Bool(values) => Ok(values.clone()),
            Values::Int(values) => values
                .get()
                .iter()
                .map(|&value| match value {
                    0 => Ok(false),
                    1 => Ok(true),
                    _ => Err(odd()),
                })
                .collect(),
            Values::F64(values) => values.get().iter().map(|&value| whole(value)).collect(),
            Values::F32(values) => values.get().iter().map(|&value| whole(value.into())).collect(),
            Values::Large(_) | Values::Text(_) => Err(odd()),
        }
    }

    /// The place of the 1 in each row of a table of labels.
    pub(crate) fn places(&self, py: Python<'_>) -> PyResult<Vec<i64>> {
        self.unboxed(py)?;
        let indicators = self.indicators(py)?;
        let place = |row: &[bool]| {
            let mut ones = row.iter().zip(0..).filter(|&(&one, _)| one).map(|(_, place)| place);
            ones.next().filter(|_| ones.next().is_none())
        };
        let places = indicators.chunks_exact(self.width().max(1)).map(place);
        places.collect::<Option<_>>().ok_or_else(|| {
            invalid(py, &format!("`{}` is a table, expected one 1 in each row of it", self.name))
        })
    }

    /// A list of classes.
    pub(crate) fn classes(&self, py: Python<'_>) -> PyResult<Vec<Label>> {
        self.single(py)?;
        Ok(match &self.values {
            Values::Bool(values) => values.iter().map(|&value| Label::Bool(value)).collect(),
            Values::Int(values) => values.get().iter().map(|&value| Label::Int(value)).collect(),
            Values::Large(large) => large.numbers.iter().copied().map(large::label).collect(),
            Values::F64(values) => values.get().iter().map(|&value| Label::Float(value)).collect(),
            Values::F32(values) => {
                values.get().iter().map(|&value| Label::Float(value.into())).collect()
            }
            Values::Text(texts) => {
                texts.rows().into_iter().map(|text| Label::Text(text.to_owned())).collect()
            }
        })
    }
}

/// Refuses memory views and numpy's matrices, as scikit-learn does.
fn refuse_views(value: &Bound<'_, PyAny>, name: &'static str) -> PyResult<()> {
    let kind = value.get_type().name()?;
    if value.is_instance_of::<PyMemoryView>() || kind == "matrix" {
        let message = format!("`{name}` is of type `{kind}`, expected an array or a list");
        return Err(invalid_type(value.py(), &message));
    }
    Ok(())
}

/// Whether an array of numpy has a mask that hides values.
pub(crate) fn is_masked(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    static HIDES: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let hides = HIDES.import(value.py(), "halfback.tables", "hides")?;
    hides.call1((value,))?.is_truthy()
}

/// The class that a value of Python is.
pub(crate) fn label(value: &Bound<'_, PyAny>, name: &'static str) -> PyResult<Option<Label>> {
    if value.is_none() {
        return Ok(None);
    }
    let mut items = Items::default();
    items.add(value, name)?;
    let column = Column { name, values: items.finish(), width: None, boxed: false, masked: false };
    Ok(column.classes(value.py())?.into_iter().next())
}

/// A column of labels while a kernel reads it.
#[derive(Debug)]
pub(crate) enum HeldLabels<'a> {
    Bool(&'a [bool]),
    Int(&'a [i64]),
    Float(Cow<'a, [f64]>),
    Text(Vec<&'a str>),
}

impl HeldLabels<'_> {
    pub(crate) fn get(&self) -> Labels<'_> {
        match self {
            Self::Bool(values) => Labels::Bool(values),
            Self::Int(values) => Labels::Int(values),
            Self::Float(values) => Labels::Float(values),
            Self::Text(values) => Labels::Text(values),
        }
    }
}

/// Numbers while a kernel reads them.
#[derive(Debug)]
pub(crate) enum HeldScores<'a> {
    F32(&'a [f32]),
    F64(Cow<'a, [f64]>),
}

impl HeldScores<'_> {
    pub(crate) fn get(&self) -> Scores<'_> {
        match self {
            Self::F32(values) => Scores::F32(values),
            Self::F64(values) => Scores::F64(values),
        }
    }

    pub(crate) fn table(
        &self,
        width: usize,
        name: &'static str,
    ) -> halfback_metrics::Result<Matrix<'_>> {
        Matrix::new(self.get(), width, name)
    }
}
fn ragged(py: Python<'_>, name: &str, row: usize) -> PyErr {
    invalid(py, &format!("`{name}` differs in length at row {row}, expected rows of one length"))
}

fn mixed(py: Python<'_>, name: &str) -> PyErr {
    invalid(py, &format!("`{name}` mixes texts with numbers; give labels of one type"))
}

fn too_large(py: Python<'_>, name: &str) -> PyErr {
    invalid(py, &format!("`{name}` has a whole number beyond 64 bits"))
}

fn missing(py: Python<'_>, name: &str) -> PyErr {
    invalid(py, &format!("`{name}` has missing values; remove or fill such rows"))
}

/// A missing value of Python or pandas, or one of a type that is no label.
fn odd(item: &Bound<'_, PyAny>, name: &str) -> PyErr {
    let py = item.py();
    let kind = item.get_type().name().map_or_else(|_| String::new(), |name| name.to_string());
    if item.is_none() || matches!(kind.as_str(), "NAType" | "NaTType") {
        return missing(py, name);
    }
    invalid_type(py, &format!("`{name}` has a value of type `{kind}`, expected numbers or texts"))
}
