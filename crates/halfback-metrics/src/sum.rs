//! Sums in blocks of eight lanes: near memory bandwidth, and with a smaller error than one running sum.
//!
//! A block's lanes are written to memory before they are added up, which is what has the compiler use
//! vectors of any width for them.

use std::ops::Range;

use crate::threads::{BLOCK, blocks};
use crate::wide::wide;

/// The rows that are added up side by side.
pub(crate) const LANES: usize = 8;
/// A number for each lane: a sum, or a value of as many rows.
pub(crate) type Lanes = [f64; LANES];

/// The sum of `f(row)` over `0..rows`.
#[inline]
pub(crate) fn sum(rows: usize, f: impl Fn(usize) -> f64 + Sync) -> f64 {
    let [sum] = sums(
        rows,
        #[inline(always)]
        |rows, [sums]| {
            let whole = rows.end - rows.len() % LANES;
            let (mut own, mut row) = (*sums, rows.start);
            while row < whole {
                for lane in 0..LANES {
                    own[lane] += f(row + lane);
                }
                row += LANES;
            }
            *sums = own;
            for (lane, row) in (whole..rows.end).enumerate() {
                sums[lane] += f(row);
            }
        },
    );
    sum
}

/// The sum of a column.
pub(crate) fn total(values: &[f64]) -> f64 {
    total_by(values, |value| value)
}

/// The sum of `f` over a column.
#[inline]
pub(crate) fn total_by(values: &[f64], f: impl Fn(f64) -> f64 + Sync) -> f64 {
    sum2(values, values, |value, _| f(value))
}

/// The sum of `f` over pairs of equally long columns.
#[inline]
pub(crate) fn sum2(left: &[f64], right: &[f64], f: impl Fn(f64, f64) -> f64 + Sync) -> f64 {
    let [sum] = sums2(
        left,
        right,
        #[inline(always)]
        |left, right, [sums]| {
            for lane in 0..LANES {
                sums[lane] += f(left[lane], right[lane]);
            }
        },
    );
    sum
}

/// Several sums over pairs of equally long columns: `add` adds what some rows give to their lanes, a loop
/// over the lanes for each sum.
#[inline]
pub(crate) fn sums2<const N: usize>(
    left: &[f64],
    right: &[f64],
    add: impl Fn(&Lanes, &Lanes, &mut [Lanes; N]) + Sync,
) -> [f64; N] {
    sums(
        left.len(),
        #[inline(always)]
        |rows, sums| {
            let (lefts, left_rest) = left[rows.clone()].as_chunks::<LANES>();
            let (rights, right_rest) = right[rows].as_chunks::<LANES>();
            let mut own = *sums;
            for (left, right) in lefts.iter().zip(rights) {
                add(left, right, &mut own);
            }
            *sums = own;
            let count = left_rest.len();
            let (mut left, mut right, mut last) = ([0.0; LANES], [0.0; LANES], [[0.0; LANES]; N]);
            left[..count].copy_from_slice(left_rest);
            right[..count].copy_from_slice(right_rest);
            add(&left, &right, &mut last);
            for (sums, last) in sums.iter_mut().zip(last) {
                sums.iter_mut().zip(last).take(count).for_each(|(sum, last)| *sum += last);
            }
        },
    )
}

/// The sums of the lanes to which `add` adds a block's rows.
#[inline]
fn sums<const N: usize>(
    rows: usize,
    add: impl Fn(Range<usize>, &mut [Lanes; N]) + Sync,
) -> [f64; N] {
    let block = |rows: Range<usize>| {
        let mut sums = [[0.0; LANES]; N];
        wide(
            #[inline(always)]
            || add(rows, &mut sums),
        );
        sums.map(pairwise)
    };
    if rows <= BLOCK {
        return block(0..rows);
    }
    let mut sums = [0.0; N];
    for part in blocks(rows, block) {
        sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
    }
    sums
}

fn pairwise(lanes: Lanes) -> f64 {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

/// Rows that [`square_sum`] and [`log_sum`] ask for at a time.
const CHUNK: usize = 256 * LANES;

/// The sum of the squares of `rows` numbers. `fill` writes those from a row on.
#[inline]
pub(crate) fn square_sum(rows: usize, fill: impl Fn(usize, &mut [f64]) + Sync) -> f64 {
    let [sum] = sums(
        rows,
        #[inline(always)]
        |rows, [sums]| {
            let (mut own, mut block) = (*sums, [0.0; CHUNK]);
            for start in rows.clone().step_by(CHUNK) {
                let length = CHUNK.min(rows.end - start);
                fill(start, &mut block[..length]);
                block[length..].fill(0.0);
                for chunk in block.as_chunks::<LANES>().0 {
                    for lane in 0..LANES {
                        own[lane] += chunk[lane] * chunk[lane];
                    }
                }
            }
            *sums = own;
        },
    );
    sum
}

/// The sum of the logarithms of `rows` numbers, which are positive, normal and finite. `fill` writes
/// those from a row on.
///
/// Mantissas are multiplied and exponents added, so that one logarithm serves hundreds of rows.
#[inline]
pub(crate) fn log_sum(rows: usize, fill: impl Fn(usize, &mut [f64]) + Sync) -> f64 {
    let block = |rows: Range<usize>| {
        wide(
            #[inline(always)]
            || log_sum_of(rows, &fill),
        )
    };
    if rows <= BLOCK {
        return block(0..rows);
    }
    blocks(rows, block).into_iter().sum()
}

#[inline(always)]
fn log_sum_of(rows: Range<usize>, fill: &impl Fn(usize, &mut [f64])) -> f64 {
    // Mantissas are below two: the 256 that a lane has of a chunk multiply to less than 2^256.
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

#[cfg(test)]
mod tests {
    use super::{BLOCK, LANES, log_sum, pairwise, square_sum, sum, sum2, sums2, total, total_by};
    use crate::threads::with_threads;

    /// Of each block a sum for each lane, whatever the processor does at once.
    fn by_lanes(values: &[f64]) -> f64 {
        let block = |block: &[f64]| {
            let mut lanes = [0.0; LANES];
            block.iter().enumerate().for_each(|(row, value)| lanes[row % LANES] += value);
            pairwise(lanes)
        };
        values.chunks(BLOCK).map(block).sum()
    }

    #[test]
    fn sums_are_the_same_to_the_last_bit_however_wide_the_vectors_are() {
        for rows in [0, 1, 7, 8, 9, 2047, 2048, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 13] {
            let column = |step: f64| -> Vec<f64> {
                (0..rows).map(|row| (row as f64 * step).sin() + 1.5).collect()
            };
            let (left, right) = (column(0.7), column(1.3));
            let map = |f: fn(f64, f64) -> f64| -> Vec<f64> {
                left.iter().zip(&right).map(|(&left, &right)| f(left, right)).collect()
            };
            let [differences, products, squares] =
                [map(|l, r| l - r), map(|l, r| l * r), map(|l, _| l * l)].map(|all| by_lanes(&all));
            let copy = |row: usize, out: &mut [f64]| {
                out.copy_from_slice(&left[row..row + out.len()]);
            };
            for threads in [1, 2, 5] {
                with_threads(threads, || {
                    assert_eq!(total(&left), by_lanes(&left));
                    assert_eq!(sum(rows, |row| left[row] - right[row]), differences);
                    assert_eq!(sum2(&left, &right, |left, right| left * right), products);
                    assert_eq!(total_by(&left, |value| value * value), squares);
                    assert_eq!(square_sum(rows, copy), squares);
                    let both = sums2(&left, &right, |left, right, [less, times]| {
                        for lane in 0..LANES {
                            less[lane] += left[lane] - right[lane];
                            times[lane] += left[lane] * right[lane];
                        }
                    });
                    assert_eq!(both, [differences, products]);
                    let logarithms: f64 = left.iter().map(|value| value.ln()).sum();
                    assert!((log_sum(rows, copy) - logarithms).abs() <= 1e-13 * rows as f64);
                });
            }
        }
    }
}
