//! Numbers as the buffer protocol lends them, and copies where they do not lie as the kernels read them.

use std::mem::{align_of, size_of};

use pyo3::buffer::PyUntypedBuffer;

use super::Values;
use super::large::Large;

/// Numbers that the caller lends, or a copy.
#[derive(Debug)]
pub(super) enum Numbers<T> {
    Lent(Lent<T>),
    Own(Vec<T>),
}

impl<T: Plain> Numbers<T> {
    pub(super) fn get(&self) -> &[T] {
        match self {
            Self::Lent(lent) => lent.get(),
            Self::Own(values) => values,
        }
    }
}

/// A contiguous, aligned buffer of `T` in the byte order of this machine.
#[derive(Debug)]
pub(super) struct Lent<T> {
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
pub(super) trait Plain: Copy {}
impl Plain for i64 {}
impl Plain for f32 {}
impl Plain for f64 {}

pub(super) fn lent<T: Plain, const N: usize>(
    buffer: PyUntypedBuffer,
    swapped: bool,
    of: impl Fn([u8; N]) -> T,
) -> Numbers<T> {
    match Lent::of(buffer, swapped) {
        Ok(lent) => Numbers::Lent(lent),
        Err(buffer) => Numbers::Own(gather(&buffer, |bytes| of(ordered(bytes, swapped)))),
    }
}

pub(super) fn own<const N: usize>(
    buffer: &PyUntypedBuffer,
    swapped: bool,
    of: impl Fn([u8; N]) -> i64,
) -> Values {
    Values::Int(Numbers::Own(gather(buffer, |bytes| of(ordered(bytes, swapped)))))
}

/// Whole numbers without a sign; those that do not all fit with one are kept apart.
pub(super) fn unsigned(buffer: &PyUntypedBuffer, swapped: bool) -> Values {
    let values = gather(buffer, |bytes| u64::from_ne_bytes(ordered(bytes, swapped)));
    let whole: Option<Vec<i64>> = values.iter().map(|&value| value.try_into().ok()).collect();
    whole.map_or_else(|| Values::Large(Large::of(values)), |whole| Values::Int(Numbers::Own(whole)))
}

fn ordered<const N: usize>(mut bytes: [u8; N], swapped: bool) -> [u8; N] {
    if swapped {
        bytes.reverse();
    }
    bytes
}

/// Every item in the order of the rows, whatever the strides.
pub(super) fn gather<const N: usize, T>(
    buffer: &PyUntypedBuffer,
    of: impl Fn([u8; N]) -> T,
) -> Vec<T> {
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
pub(super) fn rows(buffer: &PyUntypedBuffer, mut each: impl FnMut(&[u8]), size: usize) {
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
