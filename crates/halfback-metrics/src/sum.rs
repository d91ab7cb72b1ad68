//! Sums in blocks of eight lanes: near memory bandwidth, and with a smaller error than one running sum.

use std::ops::Range;

use crate::threads::{BLOCK, blocks};

/// The sum of `f(row)` over `0..rows`.
#[inline]
pub(crate) fn sum(rows: usize, f: impl Fn(usize) -> f64 + Sync) -> f64 {
    if rows <= BLOCK {
        return sum_of(0..rows, &f);
    }
    blocks(rows, |range| sum_of(range, &f)).into_iter().sum()
}

#[inline]
fn sum_of(rows: Range<usize>, f: impl Fn(usize) -> f64) -> f64 {
    const LANES: usize = 8;
    let mut lanes = [0.0f64; LANES];
    let whole = rows.end - rows.len() % LANES;
    let mut at = rows.start;
    while at < whole {
        for (offset, lane) in lanes.iter_mut().enumerate() {
            *lane += f(at + offset);
        }
        at += LANES;
    }
    let rest: f64 = (whole..rows.end).map(f).sum();
    pairwise(lanes) + rest
}

/// The sum of `f` over pairs of equally long columns.
#[inline]
pub(crate) fn sum2(left: &[f64], right: &[f64], f: impl Fn(f64, f64) -> f64 + Sync) -> f64 {
    if left.len() <= BLOCK {
        return sum2_of(left, right, &f);
    }
    let part = |range: Range<usize>| sum2_of(&left[range.clone()], &right[range], &f);
    blocks(left.len(), part).into_iter().sum()
}

#[inline]
fn sum2_of(left: &[f64], right: &[f64], f: impl Fn(f64, f64) -> f64) -> f64 {
    const LANES: usize = 8;
    let mut lanes = [0.0f64; LANES];
    let (lefts, left_rest) = left.as_chunks::<LANES>();
    let (rights, right_rest) = right.as_chunks::<LANES>();
    for (left, right) in lefts.iter().zip(rights) {
        for lane in 0..LANES {
            lanes[lane] += f(left[lane], right[lane]);
        }
    }
    let rest: f64 = left_rest.iter().zip(right_rest).map(|(&left, &right)| f(left, right)).sum();
    pairwise(lanes) + rest
}

/// Several sums over pairs of equally long columns: `of` gives those of a few rows.
///
/// Each sum of its own over rows that are near by is quicker than all in one loop, which has more lanes
/// than the processor has registers.
#[inline]
pub(crate) fn sums2<const N: usize>(
    left: &[f64],
    right: &[f64],
    of: impl Fn(&[f64], &[f64]) -> [f64; N] + Sync,
) -> [f64; N] {
    const NEAR: usize = 512;
    let add = |mut sums: [f64; N], part: [f64; N]| {
        sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        sums
    };
    let block = |range: Range<usize>| {
        let few = left[range.clone()].chunks(NEAR).zip(right[range].chunks(NEAR));
        few.map(|(left, right)| of(left, right)).fold([0.0; N], add)
    };
    blocks(left.len(), block).into_iter().fold([0.0; N], add)
}

/// The sum of a column.
pub(crate) fn total(values: &[f64]) -> f64 {
    total_by(values, |value| value)
}

/// The sum of `f` over a column.
#[inline]
pub(crate) fn total_by(values: &[f64], f: impl Fn(f64) -> f64 + Sync) -> f64 {
    if values.len() <= BLOCK {
        return total_of(values, &f);
    }
    blocks(values.len(), |range| total_of(&values[range], &f)).into_iter().sum()
}

#[inline]
fn total_of(values: &[f64], f: impl Fn(f64) -> f64) -> f64 {
    let mut lanes = [0.0f64; 8];
    let (chunks, rest) = values.as_chunks::<8>();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += f(value);
        }
    }
    pairwise(lanes) + rest.iter().map(|&value| f(value)).sum::<f64>()
}

/// In halves, as vectors are added up: another order would have each of them taken apart.
fn pairwise(lanes: [f64; 8]) -> f64 {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// The sum of the squares of `rows` numbers. `fill` writes those from a row on.
#[inline]
pub(crate) fn square_sum(rows: usize, fill: impl Fn(usize, &mut [f64]) + Sync) -> f64 {
    if rows <= BLOCK {
        return square_sum_of(0..rows, &fill);
    }
    blocks(rows, |range| square_sum_of(range, &fill)).into_iter().sum()
}

#[inline]
fn square_sum_of(rows: Range<usize>, fill: impl Fn(usize, &mut [f64])) -> f64 {
    const LANES: usize = 8;
    const CHUNK: usize = 256 * LANES;
    let mut block = [0.0f64; CHUNK];
    let mut lanes = [0.0f64; LANES];
    for start in rows.clone().step_by(CHUNK) {
        let length = CHUNK.min(rows.end - start);
        fill(start, &mut block[..length]);
        block[length..].fill(0.0);
        for chunk in block.as_chunks::<LANES>().0 {
            for lane in 0..LANES {
                lanes[lane] += chunk[lane] * chunk[lane];
            }
        }
    }
    pairwise(lanes)
}

/// The sum of the logarithms of `rows` numbers, which are positive, normal and finite. `fill` writes
/// those from a row on.
///
/// Mantissas are multiplied and exponents added, so that one logarithm serves hundreds of rows.
#[inline]
pub(crate) fn log_sum(rows: usize, fill: impl Fn(usize, &mut [f64]) + Sync) -> f64 {
    if rows <= BLOCK {
        return log_sum_of(0..rows, &fill);
    }
    blocks(rows, |range| log_sum_of(range, &fill)).into_iter().sum()
}

#[inline]
fn log_sum_of(rows: Range<usize>, fill: impl Fn(usize, &mut [f64])) -> f64 {
    const LANES: usize = 8;
    // Mantissas are below two: 256 of them multiply to less than 2^256.
    const CHUNK: usize = 256 * LANES;
    const FRACTION: u64 = (1 << 52) - 1;
    let mut block = [1.0f64; CHUNK];
    let (mut logs, mut exponent) = (0.0, 0u64);
    for start in rows.clone().step_by(CHUNK) {
        let length = CHUNK.min(rows.end - start);
        fill(start, &mut block[..length]);
        // What is left of the last chunk counts as ones.
        block[length..].fill(1.0);
        let mut product = [1.0f64; LANES];
        let mut powers = [0u64; LANES];
        for chunk in block.as_chunks::<LANES>().0 {
            for lane in 0..LANES {
                let bits = chunk[lane].to_bits();
                powers[lane] += bits >> 52;
                product[lane] *= f64::from_bits((bits & FRACTION) | 1.0f64.to_bits());
            }
        }
        logs += product.iter().map(|product| product.ln()).sum::<f64>();
        exponent += powers.iter().sum::<u64>();
    }
    let bias = 1023 * CHUNK as u64 * rows.len().div_ceil(CHUNK) as u64;
    (exponent as i64 - bias as i64) as f64 * std::f64::consts::LN_2 + logs
}
