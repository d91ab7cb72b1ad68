//! The area under the ROC curve over resamples: rows are sorted once, and each pass over them serves
//! several resamples, side by side in the lanes of a vector.

use crate::column::{Labels, Scores, finite, rows};
use crate::error::Result;
use crate::random::{MOST, Resampling, RowStream, poisson};
use crate::score::larger;
use crate::score::ranked::sorted;
use crate::stop::{PACE, after};
use crate::threads::{each, each_with, threads};

use super::clusters::Part;
use super::{Bootstrap, check};

/// The bootstrap of the area under the ROC curve, of rows keyed by their number: the rows are
/// sorted once, and eight resamples are one pass.
pub fn bootstrap_roc_auc(
    y_true: Labels<'_>,
    y_score: Scores<'_>,
    replicates: u32,
    seed: u64,
) -> Result<Bootstrap> {
    rows(y_true.len(), ("y_score", y_score.len()), None)?;
    check(y_true.len(), replicates)?;
    let scores = y_score.to_f64();
    finite("y_score", &scores)?;
    let (truth, _) = larger(y_true)?;
    let ranked = ranked(&truth, &scores, Resampling::new(seed));
    let [estimate, ..] = areas(&ranked, |_| [1; LANES]);
    let passes = (replicates as usize).div_ceil(LANES);
    let at_once = (PACE / y_true.len()).max(1) * threads();
    let mut values = Vec::with_capacity(passes * LANES);
    for first in (0..passes).step_by(at_once) {
        let drawn = each(at_once.min(passes - first), |pass| {
            areas(&ranked, |row| drawn(row, ((first + pass) * LANES / 2) as u32))
        });
        values.extend(drawn.into_iter().flatten());
        after(PACE)?;
    }
    values.truncate(replicates as usize);
    Ok(Bootstrap::new(estimate, values, units(&truth)))
}

/// [`units_by_class`](super::units_by_class()) of rows that are drawn alone.
fn units(truth: &[bool]) -> usize {
    let positive = truth.iter().filter(|&&truth| truth).count();
    match [positive, truth.len() - positive] {
        [0, all] | [all, 0] => all,
        classes => Part::units(classes.map(|units| Part { units, weight: 1.0 })),
    }
}

/// The resamples of one pass.
const LANES: usize = 8;

/// A row by descending score. Of equal scores negative rows come first.
struct Ranked {
    stream: RowStream,
    /// All bits of a positive row.
    positive: u16,
    last_of_ties: bool,
    /// Whether rows of both classes have this score.
    mixed: bool,
}

/// The rows of ranges of scores, from the largest on. Equal scores are in one range.
fn ranked(truth: &[bool], scores: &[f64], resampling: Resampling) -> Vec<Vec<Ranked>> {
    const POSITIVE: u64 = 1 << 63;
    let numbered = |key: u64, row: usize| (key, row as u64 | u64::from(truth[row]) << 63);
    let ranges = sorted(truth, scores, numbered);
    each_with(
        truth.len(),
        ranges.len(),
        || (),
        |(), range| {
            let mut ranked = Vec::with_capacity(ranges[range].len());
            for tied in ranges[range].chunk_by(|left, right| left.0 == right.0) {
                let mixed = (tied[0].1 ^ tied[tied.len() - 1].1) & POSITIVE != 0;
                ranked.extend(tied.iter().enumerate().map(|(at, &(_, row))| Ranked {
                    stream: resampling.row(row & !POSITIVE),
                    positive: if row & POSITIVE == 0 { 0 } else { u16::MAX },
                    last_of_ties: at + 1 == tied.len(),
                    mixed,
                }));
            }
            ranked
        },
    )
}

/// The weights of a row in the resamples from `2 * pair` on.
#[inline]
fn drawn(row: &Ranked, pair: u32) -> [u16; LANES] {
    let mut weights = [0; LANES];
    for (both, pair) in weights.as_chunks_mut::<2>().0.iter_mut().zip(pair..) {
        *both = row.stream.pair(pair).map(|uniform| poisson(uniform) as u16);
    }
    weights
}

/// So few rows that the pairs among them fit into 16 bits.
const CHUNK: usize = 32;
const _: () = assert!((CHUNK * MOST / 2).pow(2) <= u16::MAX as usize);

/// Sums over the rows of a resample.
#[derive(Clone, Copy, Default)]
struct Sums {
    positive: u64,
    negative: u64,
    /// The pairs in order.
    pairs: u128,
    /// The pairs of equal scores.
    tied: u128,
    /// The sums over the rows so far of one score.
    tied_positive: u64,
    tied_negative: u64,
}

/// The areas with whole weights of at most [`MOST`], in whole numbers.
#[inline]
fn areas(ranked: &[Vec<Ranked>], weights: impl Fn(&Ranked) -> [u16; LANES]) -> [f64; LANES] {
    let mut sums = [Sums::default(); LANES];
    let mut drawn = [[0; LANES]; CHUNK];
    for chunk in ranked.iter().flat_map(|range| range.chunks(CHUNK)) {
        for (row, drawn) in chunk.iter().zip(&mut drawn) {
            *drawn = weights(row);
        }
        let mut own = Tally::default();
        own.add(chunk, &drawn);
        for (lane, sums) in sums.iter_mut().enumerate() {
            let negative = u64::from(own.negative[lane]);
            sums.pairs += u128::from(u64::from(own.pairs[lane]) + negative * sums.positive);
            sums.positive += u64::from(own.positive[lane]);
            sums.negative += negative;
        }
        if chunk.iter().any(|row| row.mixed) {
            ties(chunk, &drawn, &mut sums);
        }
    }
    sums.map(Sums::area)
}

/// Sums over the rows of a chunk.
#[derive(Default)]
struct Tally {
    positive: [u16; LANES],
    negative: [u16; LANES],
    pairs: [u16; LANES],
}

impl Tally {
    /// Not inlined: by itself it is compiled to vectors, and not where it is called.
    #[inline(never)]
    fn add(&mut self, rows: &[Ranked], drawn: &[[u16; LANES]]) {
        for (row, drawn) in rows.iter().zip(drawn) {
            for lane in 0..LANES {
                let positive = drawn[lane] & row.positive;
                let negative = drawn[lane] ^ positive;
                self.pairs[lane] += negative * self.positive[lane];
                self.positive[lane] += positive;
                self.negative[lane] += negative;
            }
        }
    }
}

/// Adds the pairs of equal scores. Those of a score that goes on in the next chunk are added with it.
fn ties(chunk: &[Ranked], drawn: &[[u16; LANES]], sums: &mut [Sums; LANES]) {
    let mut end = 0;
    for tied in chunk.chunk_by(|row, _| !row.last_of_ties) {
        let start = end;
        end += tied.len();
        let [.., last] = tied else { continue };
        if !last.mixed {
            continue;
        }
        let mut own = Tally::default();
        own.add(tied, &drawn[start..end]);
        for (lane, sums) in sums.iter_mut().enumerate() {
            sums.tied_positive += u64::from(own.positive[lane]);
            sums.tied_negative += u64::from(own.negative[lane]);
            if last.last_of_ties {
                sums.tied += u128::from(sums.tied_positive) * u128::from(sums.tied_negative);
                (sums.tied_positive, sums.tied_negative) = (0, 0);
            }
        }
    }
}

impl Sums {
    fn area(self) -> f64 {
        if self.positive == 0 || self.negative == 0 {
            return f64::NAN;
        }
        let twice = 2 * self.pairs + self.tied;
        twice as f64 / (2.0 * self.positive as f64 * self.negative as f64)
    }
}
