//! Columns from Python: lent by the buffer protocol where they lie as the kernels read them, and
//! copied where they do not. Nothing here knows a library: what has no buffer becomes an array or a
//! list in `halfback.metrics.columns` first.

use std::borrow::Cow;
use std::mem::{align_of, size_of};

use halfback_metrics::{Label, Labels, Matrix, Scores};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyFloat, PyInt, PyList, PyString, PyTuple};

use super::answer::{invalid, invalid_type};
use super::text::{Texts, Words};

/// A column or a table of one type, row after row.
#[derive(Debug)]
pub(crate) struct Column {
    /// The argument that it came as.
    name: &'static str,
    values: Values,
    /// The columns of a table; none where the values are one column.
    width: Option<usize>,
}

#[derive(Debug)]
enum Values {
    // Not lent: a byte of a buffer of truth values may be any.
    Bool(Vec<bool>),
    Int(Numbers<i64>),
    F32(Numbers<f32>),
    F64(Numbers<f64>),
    Text(Texts),
}

/// Numbers that the caller lends, or a copy.
#[derive(Debug)]
enum Numbers<T> {
    Lent(Lent<T>),
    Own(Vec<T>),
}

impl<T: Plain> Numbers<T> {
    fn get(&self) -> &[T] {
        match self {
            Self::Lent(lent) => lent.get(),
            Self::Own(values) => values,
        }
    }
}

/// A contiguous, aligned buffer of `T` in the byte order of this machine.
#[derive(Debug)]
struct Lent<T> {
    buffer: PyUntypedBuffer,
    kind: std::marker::PhantomData<T>,
}

impl<T: Plain> Lent<T> {
    fn of(buffer: PyUntypedBuffer, swapped: bool) -> Result<Self, PyUntypedBuffer> {
        let aligned = buffer.buf_ptr().addr().is_multiple_of(align_of::<T>());
        let whole = buffer.item_size() == size_of::<T>() && buffer.is_c_contiguous();
        if swapped || !aligned || !whole {
            return Err(buffer);
        }
        Ok(Self { buffer, kind: std::marker::PhantomData })
    }

    #[expect(unsafe_code, reason = "the buffer protocol gives an address and a length")]
    fn get(&self) -> &[T] {
        let items = self.buffer.item_count();
        if items == 0 {
            return &[];
        }
        // SAFETY: the exporter keeps the memory until the buffer is released, which `self` owns; `of`
        // has seen that it is contiguous, aligned and of items of this size, and every pattern of
        // bits is a `T`. As with numpy's own functions, which let other threads run too, the caller
        // must not write to an array while a metric reads it; lengths are those of the buffer.
        unsafe { std::slice::from_raw_parts(self.buffer.buf_ptr().cast::<T>(), items) }
    }
}

/// A number of which every pattern of bits is one.
trait Plain: Copy {}
impl Plain for i64 {}
impl Plain for f32 {}
impl Plain for f64 {}

impl Column {
    /// The column `name` of a call.
    pub(crate) fn of(value: &Bound<'_, PyAny>, name: &'static str) -> PyResult<Self> {
        static PLAIN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        if let Some(column) = Self::known(value, name)? {
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
            ("f", 4) => Values::F32(lent(buffer, swapped, f32::from_ne_bytes)),
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
                Values::Text(words.finish())
            }
            ("O", _) => {
                let list = value.call_method0("tolist")?;
                let mut column = Self::of_items(&list, name)?;
                // An empty table's list has lost its width.
                column.width = width.or(column.width);
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
        Ok(Some(Self { name, values, width }))
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
        Ok(Self { name, values: items.finish(), width })
    }

    /// The argument that it came as.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    fn len(&self) -> usize {
        match &self.values {
            Values::Bool(values) => values.len(),
            Values::Int(values) => values.get().len(),
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
            Values::F32(_) => "float32",
            Values::F64(_) => "float64",
            Values::Text(_) => "str",
        }
    }

    /// Whether the values count in whole numbers.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.values, Values::Bool(_) | Values::Int(_))
    }

    /// Refuses a table where one column is due.
    pub(crate) fn single(&self, py: Python<'_>) -> PyResult<()> {
        if !self.is_table() {
            return Ok(());
        }
        let (name, width) = (self.name, self.width());
        Err(invalid(py, &format!("`{name}` has {width} columns, expected one column")))
    }

    /// One column of labels, for as long as this lives.
    pub(crate) fn labels(&self, py: Python<'_>) -> PyResult<HeldLabels<'_>> {
        self.single(py)?;
        Ok(match &self.values {
            Values::Bool(values) => HeldLabels::Bool(values),
            Values::Int(values) => HeldLabels::Int(values.get()),
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
            Values::Text(_) => Err(odd()),
        }
    }

    /// The place of the 1 in each row of a table of labels.
    pub(crate) fn places(&self, py: Python<'_>) -> PyResult<Vec<i64>> {
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

/// The class that a value of Python is.
pub(crate) fn label(value: &Bound<'_, PyAny>, name: &'static str) -> PyResult<Option<Label>> {
    if value.is_none() {
        return Ok(None);
    }
    let mut items = Items::default();
    items.add(value, name)?;
    let column = Column { name, values: items.finish(), width: None };
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

/// Values of Python, one by one, of whatever type holds all that came.
#[derive(Default)]
struct Items {
    kind: Kind,
    ints: Vec<i64>,
    floats: Vec<f64>,
    words: Words,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Kind {
    #[default]
    Nothing,
    Bool,
    Int,
    Float,
    Text,
}

impl Items {
    fn add(&mut self, item: &Bound<'_, PyAny>, name: &'static str) -> PyResult<()> {
        let py = item.py();
        if let Ok(text) = item.cast::<PyString>() {
            if !matches!(self.kind, Kind::Nothing | Kind::Text) {
                return Err(mixed(py, name));
            }
            self.kind = Kind::Text;
            self.words.text(text.to_str()?);
        } else if item.is_instance_of::<PyBool>() {
            self.whole(i64::from(item.extract::<bool>()?), Kind::Bool, py, name)?;
        } else if item.is_instance_of::<PyInt>() {
            let whole = item.extract().map_err(|_| too_large(py, name))?;
            self.whole(whole, Kind::Int, py, name)?;
        } else if item.is_instance_of::<PyFloat>() {
            self.float(item.extract()?, py, name)?;
        } else {
            let value = match item.call_method0("item") {
                Err(error) if error.is_instance_of::<PyAttributeError>(py) => None,
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
        match self.kind {
            Kind::Text => return Err(mixed(py, name)),
            #[expect(clippy::cast_precision_loss, reason = "as numpy converts them")]
            Kind::Float => self.floats.push(value as f64),
            Kind::Nothing | Kind::Bool | Kind::Int => {
                self.kind = if self.kind == Kind::Int { Kind::Int } else { kind };
                self.ints.push(value);
            }
        }
        Ok(())
    }

    fn float(&mut self, value: f64, py: Python<'_>, name: &'static str) -> PyResult<()> {
        match self.kind {
            Kind::Text => return Err(mixed(py, name)),
            Kind::Float => {}
            Kind::Nothing | Kind::Bool | Kind::Int => {
                #[expect(clippy::cast_precision_loss, reason = "as numpy converts them")]
                let before = std::mem::take(&mut self.ints).into_iter().map(|value| value as f64);
                self.floats = before.collect();
                self.kind = Kind::Float;
            }
        }
        self.floats.push(value);
        Ok(())
    }

    fn finish(self) -> Values {
        match self.kind {
            Kind::Bool => Values::Bool(self.ints.into_iter().map(|value| value != 0).collect()),
            Kind::Int => Values::Int(Numbers::Own(self.ints)),
            Kind::Nothing | Kind::Float => Values::F64(Numbers::Own(self.floats)),
            Kind::Text => Values::Text(self.words.finish()),
        }
    }
}

/// The cells of a row of a table; nothing where the item is one value.
fn cells<'py>(item: &Bound<'py, PyAny>) -> PyResult<Option<Vec<Bound<'py, PyAny>>>> {
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

fn lent<T: Plain, const N: usize>(
    buffer: PyUntypedBuffer,
    swapped: bool,
    of: impl Fn([u8; N]) -> T,
) -> Numbers<T> {
    match Lent::of(buffer, swapped) {
        Ok(lent) => Numbers::Lent(lent),
        Err(buffer) => Numbers::Own(gather(&buffer, |bytes| of(ordered(bytes, swapped)))),
    }
}

fn own<const N: usize>(
    buffer: &PyUntypedBuffer,
    swapped: bool,
    of: impl Fn([u8; N]) -> i64,
) -> Values {
    Values::Int(Numbers::Own(gather(buffer, |bytes| of(ordered(bytes, swapped)))))
}

/// Whole numbers that do not all fit are taken as floats.
fn unsigned(buffer: &PyUntypedBuffer, swapped: bool) -> Values {
    let values = gather(buffer, |bytes| u64::from_ne_bytes(ordered(bytes, swapped)));
    let whole: Option<Vec<i64>> = values.iter().map(|&value| value.try_into().ok()).collect();
    #[expect(clippy::cast_precision_loss, reason = "as numpy converts them")]
    whole.map_or_else(
        || Values::F64(Numbers::Own(values.iter().map(|&value| value as f64).collect())),
        |whole| Values::Int(Numbers::Own(whole)),
    )
}

fn ordered<const N: usize>(mut bytes: [u8; N], swapped: bool) -> [u8; N] {
    if swapped {
        bytes.reverse();
    }
    bytes
}

/// Every item in the order of the rows, whatever the strides.
fn gather<const N: usize, T>(buffer: &PyUntypedBuffer, of: impl Fn([u8; N]) -> T) -> Vec<T> {
    let mut values = Vec::with_capacity(buffer.item_count());
    rows(
        buffer,
        |item| {
            if let Some(bytes) = item.first_chunk::<N>() {
                values.push(of(*bytes));
            }
        },
        N,
    );
    values
}

/// Calls with the bytes of every item, row after row.
#[expect(unsafe_code, reason = "the buffer protocol gives an address, a shape and strides")]
fn rows(buffer: &PyUntypedBuffer, mut each: impl FnMut(&[u8]), size: usize) {
    let (shape, strides) = (buffer.shape(), buffer.strides());
    let (&height, width) = match shape {
        [height] => (height, 1),
        [height, width] => (height, *width),
        _ => return,
    };
    let down = strides.first().copied().unwrap_or_default();
    let across = strides.get(1).copied().unwrap_or_default();
    debug_assert_eq!(size, buffer.item_size(), "the caller has matched the size");
    let start = buffer.buf_ptr().cast::<u8>();
    for row in 0..height {
        for column in 0..width {
            // SAFETY: the exporter promises that every index within the shape is an item of
            // `item_size` bytes at these strides, for as long as the buffer is held; no index is
            // outside it, so no product overflows.
            let item = unsafe {
                let offset = row.cast_signed() * down + column.cast_signed() * across;
                std::slice::from_raw_parts(start.offset(offset), size)
            };
            each(item);
        }
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

fn odd(item: &Bound<'_, PyAny>, name: &str) -> PyErr {
    let kind = item.get_type().name().map_or_else(|_| String::new(), |name| name.to_string());
    let message = format!("`{name}` has a value of type `{kind}`, expected numbers or texts");
    if item.is_none() { invalid(item.py(), &message) } else { invalid_type(item.py(), &message) }
}
