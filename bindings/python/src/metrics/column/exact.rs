//! Whole numbers that doubles do not hold apart, where their order or their differences decide alone.

use pyo3::prelude::*;

use super::{Column, HeldScores, Values};

/// Up to here a double holds every whole number.
const EXACT: u64 = 1 << 53;

/// Numbers by their order, and what they stand for where they are places.
#[derive(Debug)]
pub(crate) struct Ordered<'a> {
    /// The numbers, or for each its place among all that differ.
    pub(crate) held: HeldScores<'a>,
    /// The numbers that differ, sorted; none where they are held as they are.
    levels: Option<Vec<i128>>,
}

impl Ordered<'_> {
    /// The number at a place; infinity is none.
    fn level(&self, place: f64) -> Option<i128> {
        let levels = self.levels.as_ref()?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is a place"
        )]
        place.is_finite().then(|| levels.get(place as usize).copied()).flatten()
    }

    /// A threshold as a double.
    #[expect(clippy::cast_precision_loss, reason = "as numpy converts them")]
    pub(crate) fn threshold(&self, place: f64) -> f64 {
        self.level(place).map_or(place, |level| level as f64)
    }

    /// The bits of thresholds as whole numbers of 64 bits; nothing where they are doubles.
    pub(crate) fn bits(&self, places: &[f64]) -> Option<Vec<u8>> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "all are of 64 bits, with a sign or not"
        )]
        let bits = |&place: &f64| Some((self.level(place)? as u64).to_ne_bytes());
        Some(places.iter().map(bits).collect::<Option<Vec<_>>>()?.concat())
    }
}

impl Column {
    /// Numbers of which the order decides alone.
    pub(crate) fn ordered(&self, py: Python<'_>) -> PyResult<Ordered<'_>> {
        let Some(values) = self.whole().filter(|_| self.is_beyond()) else {
            return Ok(Ordered { held: self.numbers(py)?, levels: None });
        };
        let mut levels = values.clone();
        levels.sort_unstable();
        levels.dedup();
        #[expect(clippy::cast_precision_loss, reason = "there are less than 2^53 rows")]
        let place = |value: &i128| levels.partition_point(|level| level < value) as f64;
        let places: Vec<f64> = values.iter().map(place).collect();
        Ok(Ordered { held: HeldScores::F64(places.into()), levels: Some(levels) })
    }

    /// Columns of which the differences within a row, or within a column, decide alone.
    pub(crate) fn differences<'a, const N: usize>(
        py: Python<'_>,
        columns: [&'a Self; N],
    ) -> PyResult<[HeldScores<'a>; N]> {
        let mut held = Vec::with_capacity(N);
        for column in columns {
            held.push(column.numbers(py)?);
        }
        let width = columns.first().map_or(1, |column| column.width()).max(1);
        let fit = columns.iter().all(|column| column.width() == width);
        if fit && columns.iter().any(|column| column.is_beyond()) {
            let whole: Option<Vec<_>> = columns.iter().map(|column| column.whole()).collect();
            for (held, shifted) in held.iter_mut().zip(shifted(&whole.unwrap_or_default(), width)) {
                *held = HeldScores::F64(shifted.into());
            }
        }
        held.try_into().map_err(|_| super::invalid(py, "columns are missing"))
    }

    fn is_beyond(&self) -> bool {
        match &self.values {
            Values::Int(values) => values.get().iter().any(|value| value.unsigned_abs() > EXACT),
            Values::Large(large) => large.numbers.iter().any(|&value| value > EXACT),
            _ => false,
        }
    }

    fn whole(&self) -> Option<Vec<i128>> {
        Some(match &self.values {
            Values::Bool(values) => values.iter().map(|&value| value.into()).collect(),
            Values::Int(values) => values.get().iter().map(|&value| value.into()).collect(),
            Values::Large(large) => large.numbers.iter().map(|&value| value.into()).collect(),
            Values::F32(_) | Values::F64(_) | Values::Text(_) => return None,
        })
    }
}

/// Tables of one width, each column less the least number that it has in any of them.
fn shifted(tables: &[Vec<i128>], width: usize) -> Vec<Vec<f64>> {
    let mut least = vec![i128::MAX; width];
    for row in tables.iter().flat_map(|table| table.chunks(width)) {
        for (least, &value) in least.iter_mut().zip(row) {
            *least = value.min(*least);
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "what is left is rounded once")]
    let less = |row: &[i128]| -> Vec<f64> {
        row.iter().zip(&least).map(|(value, least)| (value - least) as f64).collect()
    };
    tables.iter().map(|table| table.chunks(width).flat_map(less).collect()).collect()
}
