//! Rows by descending score: the one sort on which ranking metrics stand.
//!
//! Rows without weights are dealt into ranges of scores, by splitters that a sample gives; a range fits
//! into the nearest caches and is sorted there by its leading bits. Equal scores never fall into two
//! ranges, so that each range is counted for itself, on any thread, and nothing is merged. Ranges depend
//! on the rows alone: what they give, put together in their order, is the same for any number of threads.
//!
//! Source of the dealing: Frazer and `McKellar`, Samplesort (1970); of the sort in a range: Neubert, The
//! Flashsort1 algorithm (1998).

use crate::random::scattered;
use crate::threads::{each_with, parts};

/// All rows of one score.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) score: f64,
    /// The weight of the positive rows with this score.
    pub(crate) positive: f64,
    /// The weight of the negative rows with this score.
    pub(crate) negative: f64,
}

/// Calls `step` for every different score, from the largest to the smallest. Rows without weight
/// are left out.
pub(crate) fn steps(
    truth: &[bool],
    scores: &[f64],
    weights: Option<&[f64]>,
    mut step: impl FnMut(Step),
) {
    if let Some(weights) = weights {
        return weighted(truth, scores, weights, step);
    }
    let sorted = ranges(truth, scores, |range| (range.sign, range.sorted.to_vec()));
    for (sign, sorted) in sorted {
        for tied in ties(&sorted) {
            let positive = positives(tied);
            let negative = (tied.len() - positive) as f64;
            let score = score(sign | tied[0] >> 1);
            step(Step { score, positive: positive as f64, negative });
        }
    }
}

/// The keys of positive and of negative rows, sorted.
pub(crate) fn split(truth: &[bool], scores: &[f64]) -> (Vec<u64>, Vec<u64>) {
    let of_label = |sorted: &[u64], label: u64, sign: u64| -> Vec<u64> {
        let own = sorted.iter().filter(|&&row| row & 1 == label);
        own.map(|row| sign | row >> 1).collect()
    };
    let apart = ranges(truth, scores, |range| {
        [1, 0].map(|label| of_label(range.sorted, label, range.sign))
    });
    let all = |label: usize| apart.iter().flat_map(|both| &both[label]).copied().collect();
    (all(0), all(1))
}

/// The rows of each range of scores, as `row` gives them for their keys and numbers, sorted: from the
/// largest score to the smallest where the key comes first in them.
pub(crate) fn sorted<R: Copy + Default + Ord + Send + Sync>(
    truth: &[bool],
    scores: &[f64],
    row: impl Fn(u64, usize) -> R + Sync,
) -> Vec<Vec<R>> {
    let (splitters, dealt) = dealt(truth, scores, row);
    each_with(
        truth.len(),
        splitters.ranges(),
        || (),
        |(), range| {
            let mut rows = pieces(&dealt, range).concat();
            rows.sort_unstable();
            rows
        },
    )
}

/// Rows whose scores lie side by side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range<'a> {
    /// For each row, ascending, its key without the sign, and below it whether the row is positive.
    pub(super) sorted: &'a [u64],
    /// The sign of all keys.
    sign: u64,
    /// The positive rows that score above these.
    pub(super) positives_above: usize,
    /// The rows that score above these.
    pub(super) rows_above: usize,
}

/// The rows of each score, by descending score.
pub(super) fn ties(sorted: &[u64]) -> impl Iterator<Item = &[u64]> {
    sorted.chunk_by(|left, right| left ^ right < 2)
}

/// How many of these rows are positive.
pub(super) fn positives(sorted: &[u64]) -> usize {
    sorted.iter().map(|row| row & 1).sum::<u64>() as usize
}

/// What `of` gives for each range of scores, from the largest to the smallest.
pub(super) fn ranges<T: Send>(
    truth: &[bool],
    scores: &[f64],
    of: impl Fn(Range<'_>) -> T + Sync,
) -> Vec<T> {
    let packed = |key: u64, row: usize| key << 1 | u64::from(truth[row]);
    let (splitters, dealt) = dealt(truth, scores, packed);
    let count = splitters.ranges();
    let mut above = Vec::with_capacity(count + 1);
    above.push((0, 0));
    for range in 0..count {
        let sum = |(positives, rows): (usize, usize), part: &Dealt<u64>| {
            (positives + part.positives[range], rows + part.range(range).len())
        };
        above.push(dealt.iter().fold(above[range], sum));
    }
    each_with(truth.len(), count, Sorter::default, |sorter, range| {
        let (positives_above, rows_above) = above[range];
        let sorted = sorter.sort(&pieces(&dealt, range), above[range + 1].1 - rows_above);
        of(Range { sorted, sign: splitters.sign(range), positives_above, rows_above })
    })
}

/// The rows, as `row` gives them for their keys and numbers, dealt into ranges of scores, in parts.
fn dealt<R: Copy + Default + Send>(
    truth: &[bool],
    scores: &[f64],
    row: impl Fn(u64, usize) -> R + Sync,
) -> (Splitters, Vec<Dealt<R>>) {
    let splitters = Splitters::of(scores);
    let deal = |rows| splitters.deal(truth, scores, rows, &row);
    let dealt = parts(truth.len(), WORTH_DEALING, deal);
    (splitters, dealt)
}

/// What each part has of a range.
fn pieces<R>(dealt: &[Dealt<R>], range: usize) -> Vec<&[R]> {
    dealt.iter().map(|part| part.range(range)).collect()
}

/// The least rows that are dealt apart: each range then has a piece of them.
const WORTH_DEALING: usize = 1 << 16;

/// The rows that a range has about.
const RANGE: usize = 1 << 12;

/// The most levels of [`Splitters`].
const DEEPEST: u32 = 8;
const MOST: usize = 1 << DEEPEST;

/// Bounds between ranges.
struct Splitters {
    /// As a binary search visits them, from place 1 on: after the one at `i` that at `2i` or `2i + 1`.
    tree: [u64; MOST],
    levels: u32,
    /// How many ranges are before the sign of the score changes.
    before: usize,
    /// What is quicker than the search, where the scores allow it.
    table: Option<Table>,
}

/// The ranges of equally wide cells of keys.
struct Table {
    ranges: [u8; CELLS],
    least: u64,
    most: u64,
    shift: u32,
    /// The range of scores below zero, which are few or none.
    last: u8,
}

const CELLS: usize = 1 << 12;

impl Splitters {
    /// Splitters from a sample, and one at zero, so that the scores of a range have one sign.
    fn of(scores: &[f64]) -> Self {
        const EACH: usize = 8;
        let levels = (scores.len() / RANGE).max(2).ilog2().min(DEEPEST);
        let ranges = 1usize << levels;
        let mut bounds = vec![ZERO];
        let mut table = None;
        if ranges > 2 {
            let mut sample: Vec<u64> =
                (0..EACH * ranges).map(|at| key(scores[scattered(at, scores.len())])).collect();
            sample.sort_unstable();
            table = Table::of(&sample, ranges);
            bounds.extend((1..ranges - 1).map(|at| sample[at * sample.len() / (ranges - 1)]));
            bounds.sort_unstable();
        }
        let mut tree = [0; MOST];
        for level in 0..levels {
            for at in 0..1usize << level {
                tree[(1 << level) + at] = bounds[((2 * at + 1) << (levels - level - 1)) - 1];
            }
        }
        let before = match table {
            Some(_) => ranges - 1,
            None => bounds.partition_point(|&bound| bound <= ZERO),
        };
        Self { tree, levels, before, table }
    }

    fn ranges(&self) -> usize {
        1 << self.levels
    }

    fn sign(&self, range: usize) -> u64 {
        if range < self.before { 0 } else { ZERO }
    }

    /// The ranges of scores.
    fn find(&self, scores: &[f64]) -> Vec<u8> {
        const LANES: usize = 4;
        if let Some(table) = &self.table {
            return scores.iter().map(|&score| table.find(key(score))).collect();
        }
        let mut ids = vec![0u8; scores.len()];
        let (chunks, rest) = scores.as_chunks::<LANES>();
        let (own, own_rest) = ids.as_chunks_mut::<LANES>();
        for (chunk, own) in chunks.iter().zip(own) {
            *own = self.search(chunk.map(key));
        }
        for (&score, own) in rest.iter().zip(own_rest) {
            [*own] = self.search([key(score)]);
        }
        ids
    }

    /// How many splitters are at most each key. Several rows at a time, and no branch on what cannot be
    /// guessed.
    #[inline]
    fn search<const N: usize>(&self, keys: [u64; N]) -> [u8; N] {
        let mut places = [1usize; N];
        for _ in 0..self.levels {
            for lane in 0..N {
                let right = self.tree[places[lane] & (MOST - 1)] <= keys[lane];
                places[lane] = 2 * places[lane] + usize::from(right);
            }
        }
        places.map(|place| (place & (self.ranges() - 1)) as u8)
    }

    /// Deals rows into the ranges, as `row` gives them for their keys and numbers: counts, then places.
    fn deal<R: Copy + Default>(
        &self,
        truth: &[bool],
        scores: &[f64],
        rows: std::ops::Range<usize>,
        row: impl Fn(u64, usize) -> R,
    ) -> Dealt<R> {
        let scores = &scores[rows.clone()];
        let ids = self.find(scores);
        let mut counts = [[0usize; 2]; MOST];
        for (&id, &truth) in ids.iter().zip(&truth[rows.clone()]) {
            counts[usize::from(id)][usize::from(truth)] += 1;
        }
        let mut starts = Vec::with_capacity(self.ranges() + 1);
        let mut places = [0usize; MOST];
        let mut start = 0;
        for (place, [negative, positive]) in places.iter_mut().zip(counts).take(self.ranges()) {
            *place = start;
            starts.push(start);
            start += negative + positive;
        }
        starts.push(start);
        let mut dealt = vec![R::default(); scores.len()];
        for ((&id, &score), number) in ids.iter().zip(scores).zip(rows) {
            let place = &mut places[usize::from(id)];
            dealt[*place] = row(key(score), number);
            *place += 1;
        }
        Dealt { rows: dealt, starts, positives: counts.map(|[_, positive]| positive) }
    }
}

impl Table {
    /// A table for a sorted sample; nothing where it would put too many rows into one range.
    fn of(sample: &[u64], ranges: usize) -> Option<Self> {
        let edge = sample.len() / ranges;
        let (least, most) = (sample[edge], sample[sample.len() - 1 - edge]);
        if most >= ZERO || least == most {
            return None;
        }
        let shift = ((most - least).ilog2() + 1).saturating_sub(CELLS.ilog2());
        let mut table = Self { ranges: [0; CELLS], least, most, shift, last: (ranges - 1) as u8 };
        let mut counts = vec![0usize; CELLS];
        for &key in sample {
            counts[table.cell(key)] += 1;
        }
        let mut before = 0;
        let mut heaviest = 0;
        for (range, count) in table.ranges.iter_mut().zip(counts) {
            *range = (before * (ranges - 1) / sample.len()) as u8;
            before += count;
            heaviest = heaviest.max(count);
        }
        (heaviest <= 4 * edge).then_some(table)
    }

    #[inline]
    fn cell(&self, key: u64) -> usize {
        ((key.clamp(self.least, self.most) - self.least) >> self.shift) as usize & (CELLS - 1)
    }

    #[inline]
    fn find(&self, key: u64) -> u8 {
        let below_zero = (key >> 63) as u8;
        self.ranges[self.cell(key)] | (self.last * below_zero)
    }
}

/// Rows by their ranges.
struct Dealt<R> {
    rows: Vec<R>,
    /// Where each range starts, and the end.
    starts: Vec<usize>,
    positives: [usize; MOST],
}

impl<R> Dealt<R> {
    fn range(&self, range: usize) -> &[R] {
        &self.rows[self.starts[range]..self.starts[range + 1]]
    }
}

/// Sorts one range after the other in the same memory.
#[derive(Default)]
struct Sorter {
    rows: Vec<u64>,
    places: Vec<u32>,
}

impl Sorter {
    /// The rows of all pieces, of which there are `count`, sorted.
    fn sort(&mut self, pieces: &[&[u64]], count: usize) -> &[u64] {
        /// Below so many the plain sort is the quickest.
        const FEW: usize = 32;
        if self.rows.len() < count {
            self.rows.resize(count, 0);
        }
        let rows = &mut self.rows[..count];
        let mut least = u64::MAX;
        let mut most = 0;
        for &row in pieces.iter().copied().flatten() {
            least = least.min(row);
            most = most.max(row);
        }
        if count <= FEW || most ^ least < 2 || u32::try_from(count).is_err() {
            let mut end = 0;
            for piece in pieces {
                rows[end..end + piece.len()].copy_from_slice(piece);
                end += piece.len();
            }
            rows.sort_unstable();
            return rows;
        }
        // About one cell for each row, by the leading bits above the least.
        let cells = count.next_power_of_two();
        let shift = ((most - least).ilog2() + 1).saturating_sub(cells.ilog2());
        let cell = |row: u64| ((row - least) >> shift) as usize & (cells - 1);
        self.places.clear();
        self.places.resize(cells, 0);
        let places = &mut self.places[..cells];
        for &row in pieces.iter().copied().flatten() {
            places[cell(row)] += 1;
        }
        let mut heavy = Vec::new();
        let mut start = 0;
        for place in places.iter_mut() {
            let own = *place;
            if own as usize > FEW {
                heavy.push(start as usize..(start + own) as usize);
            }
            *place = start;
            start += own;
        }
        for &row in pieces.iter().copied().flatten() {
            let place = &mut places[cell(row)];
            rows[*place as usize] = row;
            *place += 1;
        }
        for cell in heavy {
            rows[cell].sort_unstable();
        }
        bubble(rows);
        insert(rows);
        rows
    }
}

/// Swaps neighbours, without a branch: after it few rows are out of their places.
fn bubble(rows: &mut [u64]) {
    let Some((&first, _)) = rows.split_first() else { return };
    let mut largest = first;
    for at in 1..rows.len() {
        let row = rows[at];
        rows[at - 1] = largest.min(row);
        largest = largest.max(row);
    }
    if let Some(last) = rows.last_mut() {
        *last = largest;
    }
}

/// Sorts rows that are all but in their places.
fn insert(rows: &mut [u64]) {
    for at in 1..rows.len() {
        let row = rows[at];
        let mut place = at;
        while place > 0 && rows[place - 1] > row {
            rows[place] = rows[place - 1];
            place -= 1;
        }
        rows[place] = row;
    }
}

fn weighted(truth: &[bool], scores: &[f64], weights: &[f64], mut step: impl FnMut(Step)) {
    let mut rows: Vec<(u64, f64, bool)> = truth
        .iter()
        .zip(scores)
        .zip(weights)
        .filter(|&(_, &weight)| weight != 0.0)
        .map(|((&truth, &score), &weight)| (key(score), weight, truth))
        .collect();
    rows.sort_by_key(|row| row.0);
    for tied in rows.chunk_by(|left, right| left.0 == right.0) {
        let mut sums = Step { score: score(tied[0].0), positive: 0.0, negative: 0.0 };
        for &(_, weight, truth) in tied {
            *if truth { &mut sums.positive } else { &mut sums.negative } += weight;
        }
        step(sums);
    }
}

/// The key from which on scores are below zero.
const ZERO: u64 = 1 << 63;

/// A number that ascends as the score descends.
pub(crate) fn key(score: f64) -> u64 {
    // Adding zero makes the two zeros one.
    let bits = (score + 0.0).to_bits();
    let mask = ((bits as i64) >> 63) as u64;
    !(bits ^ (mask | ZERO))
}

/// The score of a key.
pub(crate) fn score(key: u64) -> f64 {
    let bits = !key;
    let mask = (!(bits as i64) >> 63) as u64;
    f64::from_bits(bits ^ (mask | ZERO))
}

#[cfg(test)]
mod tests {
    use super::{RANGE, Step, key, score, split, steps};
    use crate::random::Resampling;
    use crate::threads::with_threads;

    #[test]
    fn keys_descend_and_come_back() {
        let scores = [f64::MAX, 2.0, 1.0, f64::MIN_POSITIVE, 0.0, -1e-300, -1.0, f64::MIN];
        assert!(scores.windows(2).all(|pair| key(pair[0]) < key(pair[1])));
        assert!(scores.iter().all(|&one| score(key(one)) == one));
        assert_eq!(key(0.0), key(-0.0));
    }

    /// Every kind of column, from one row to more than two threads share.
    fn columns() -> Vec<Vec<f64>> {
        let random = Resampling::new(11);
        let unit = |row: u64| (row as f64 * 0.618_033_988_749).fract() - 0.3;
        let kinds: [&dyn Fn(u64) -> f64; 8] = [
            &unit,
            // Above zero but for two rows.
            &|row| if row % 9999 == 5 { -(row as f64) } else { unit(row) + 0.31 },
            &|row| f64::from(random.weight(row, 0)) - 1.0,
            &|row| (unit(row) * 900.0).exp() * if row % 3 == 0 { -1.0 } else { 1.0 },
            &|_| -0.5,
            // All in one cell but for one row.
            &|row| if row == 7 { 1e300 } else { unit(row) * 1e-300 },
            &|row| -(row as f64),
            &|row| if row % 2 == 0 { 0.0 } else { -0.0 },
        ];
        let counts = [1, 2, 33, RANGE, 3 * RANGE + 5, 64 * RANGE];
        let column =
            |kind: &dyn Fn(u64) -> f64, count: usize| (0..count as u64).map(kind).collect();
        kinds.iter().flat_map(|kind| counts.map(|count| column(kind, count))).collect()
    }

    #[test]
    fn steps_are_those_of_a_plain_sort() {
        for scores in columns() {
            let truth: Vec<bool> = (0..scores.len()).map(|row| row % 5 < 2).collect();
            let mut plain: Vec<(u64, bool)> =
                scores.iter().map(|&score| key(score)).zip(truth.iter().copied()).collect();
            plain.sort_unstable();
            let mut expected: Vec<(u64, f64, f64)> = Vec::new();
            for tied in plain.chunk_by(|left, right| left.0 == right.0) {
                let positive = tied.iter().filter(|row| row.1).count();
                expected.push((tied[0].0, positive as f64, (tied.len() - positive) as f64));
            }
            let of = |label| plain.iter().filter(|row| row.1 == label).map(|row| row.0).collect();
            let apart: (Vec<u64>, Vec<u64>) = (of(true), of(false));
            for threads in [1, 2, 3] {
                let mut found = Vec::new();
                let step = |step: Step| found.push((key(step.score), step.positive, step.negative));
                with_threads(threads, || steps(&truth, &scores, None, step));
                assert!(found == expected, "{} rows from {}", scores.len(), scores[0]);
                assert!(with_threads(threads, || split(&truth, &scores)) == apart);
            }
        }
    }
}
