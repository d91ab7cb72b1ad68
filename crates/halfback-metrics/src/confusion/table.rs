//! The counting itself: columns of small whole numbers index a table, in one pass.

use crate::column::{Label, Labels, Weights};
use crate::encode::{Kind, kind, label};
use crate::error::{Error, Result};
use crate::threads::parts;

use super::{Confusion, check_size};

/// Counts over classes as they were found, sorted.
pub(super) struct Table {
    classes: Vec<Label>,
    counts: Vec<u64>,
    weights: Option<Vec<f64>>,
}

/// The widest span of numbers that is counted without encoding them first.
const WIDEST: usize = 128;

/// Counts numbers that lie close together; nothing for others.
pub(super) fn dense(truth: Labels<'_>, predicted: Labels<'_>, w: Weights<'_>) -> Option<Table> {
    match truth {
        Labels::Bool(rows) => dense_left(rows, predicted, w, truth),
        Labels::Int(rows) => dense_left(rows, predicted, w, truth),
        Labels::Float(rows) => dense_left(rows, predicted, w, truth),
        Labels::Text(_) => None,
    }
}

fn dense_left<L: Whole>(
    left: &[L],
    right: Labels<'_>,
    w: Weights<'_>,
    truth: Labels<'_>,
) -> Option<Table> {
    let kind = kind([truth, right].into_iter());
    match right {
        Labels::Bool(right) => dense_both(left, right, w, kind),
        Labels::Int(right) => dense_both(left, right, w, kind),
        Labels::Float(right) => dense_both(left, right, w, kind),
        Labels::Text(_) => None,
    }
}

/// A number that is whole.
trait Whole: Copy + Sync {
    fn whole(self) -> i64;
}

impl Whole for bool {
    fn whole(self) -> i64 {
        self.into()
    }
}

impl Whole for i64 {
    fn whole(self) -> i64 {
        self
    }
}

impl Whole for f64 {
    fn whole(self) -> i64 {
        self as i64
    }
}

fn dense_both<L: Whole, R: Whole>(
    left: &[L],
    right: &[R],
    w: Weights<'_>,
    kind: Kind,
) -> Option<Table> {
    const GLANCE: usize = 4096;
    let (few, few_right) = (left.len().min(GLANCE), right.len().min(GLANCE));
    let (low, span) = span(&left[..few], &right[..few_right])?;
    let counted = count(left, right, low, span).map(|counts| (low, span, counts)).or_else(|| {
        let (low, span) = self::span(left, right)?;
        count(left, right, low, span).map(|counts| (low, span, counts))
    });
    let (low, span, counts) = counted?;
    let weights = w.map(|w| weigh(left, right, low, span, w));
    Some(compact(&counts, weights, low, span, kind))
}

/// The least number and how many there are up to the largest.
fn span<L: Whole, R: Whole>(left: &[L], right: &[R]) -> Option<(i64, usize)> {
    let bounds = |(low, high): (i64, i64), value: i64| (low.min(value), high.max(value));
    let start = (i64::MAX, i64::MIN);
    let both = left.iter().map(|value| value.whole()).fold(start, bounds);
    let (low, high) = right.iter().map(|value| value.whole()).fold(both, bounds);
    let span = usize::try_from(high.checked_sub(low)?).ok()?.checked_add(1)?;
    (span <= WIDEST).then_some((low, span))
}

/// Counts pairs; nothing where a number lies outside the span.
fn count<L: Whole, R: Whole>(left: &[L], right: &[R], low: i64, span: usize) -> Option<Vec<u64>> {
    let wide = span + 1;
    // A part is not to take longer with its tables than with its rows.
    let least = 16 * wide * wide;
    let tables =
        parts(left.len(), least, |rows| tally(&left[rows.clone()], &right[rows], low, span));
    let sum = |at: usize| tables.iter().map(|table| table[at]).sum::<u64>();
    let outside = (0..wide).any(|at| sum(span * wide + at) + sum(at * wide + span) > 0);
    let cells = (0..span * span).map(|cell| sum(cell / span * wide + cell % span));
    (!outside).then(|| cells.collect())
}

/// Counts pairs in a table that is wider by one: there is counted what lies outside the span.
fn tally<L: Whole, R: Whole>(left: &[L], right: &[R], low: i64, span: usize) -> Vec<u64> {
    // Neighbouring rows of the same pair would wait for each other's sums: each of four rows has
    // a table of its own. The last row and column of a table take what lies outside.
    let wide = span + 1;
    let code = |value: i64| (value.wrapping_sub(low) as u64).min(span as u64) as usize;
    let mut tables = vec![0u64; 4 * wide * wide];
    let (one, rest) = tables.split_at_mut(wide * wide);
    let (two, rest) = rest.split_at_mut(wide * wide);
    let (three, four) = rest.split_at_mut(wide * wide);
    let (lefts, left_rest) = left.as_chunks::<4>();
    let (rights, right_rest) = right.as_chunks::<4>();
    for (l, r) in lefts.iter().zip(rights) {
        one[code(l[0].whole()) * wide + code(r[0].whole())] += 1;
        two[code(l[1].whole()) * wide + code(r[1].whole())] += 1;
        three[code(l[2].whole()) * wide + code(r[2].whole())] += 1;
        four[code(l[3].whole()) * wide + code(r[3].whole())] += 1;
    }
    for (l, r) in left_rest.iter().zip(right_rest) {
        one[code(l.whole()) * wide + code(r.whole())] += 1;
    }
    (0..wide * wide).map(|at| one[at] + two[at] + three[at] + four[at]).collect()
}

fn weigh<L: Whole, R: Whole>(
    left: &[L],
    right: &[R],
    low: i64,
    span: usize,
    w: &[f64],
) -> Vec<f64> {
    let mut sums = vec![0.0; span * span];
    for ((l, r), w) in left.iter().zip(right).zip(w) {
        let code = |value: i64| value.wrapping_sub(low) as usize;
        sums[code(l.whole()) * span + code(r.whole())] += w;
    }
    sums
}

/// Leaves out the numbers of the span that do not occur.
fn compact(counts: &[u64], w: Option<Vec<f64>>, low: i64, span: usize, kind: Kind) -> Table {
    let occurs = |&class: &usize| {
        (0..span).any(|other| counts[class * span + other] + counts[other * span + class] > 0)
    };
    let kept: Vec<usize> = (0..span).filter(occurs).collect();
    let classes = kept.iter().map(|&class| label(kind, low + class as i64)).collect();
    let pick = |&row: &usize| kept.iter().map(move |&column| row * span + column);
    let cells: Vec<usize> = kept.iter().flat_map(pick).collect();
    Table {
        classes,
        weights: w.map(|weights| cells.iter().map(|&cell| weights[cell]).collect()),
        counts: cells.iter().map(|&cell| counts[cell]).collect(),
    }
}

/// Counts codes.
pub(super) fn of_codes(
    classes: Vec<Label>,
    truth: &[u32],
    predicted: &[u32],
    w: Weights<'_>,
) -> Table {
    let k = classes.len();
    let mut counts = vec![0u64; k * k];
    for (&truth, &predicted) in truth.iter().zip(predicted) {
        counts[truth as usize * k + predicted as usize] += 1;
    }
    let weights = w.map(|w| {
        let mut sums = vec![0.0; k * k];
        for ((&truth, &predicted), w) in truth.iter().zip(predicted).zip(w) {
            sums[truth as usize * k + predicted as usize] += w;
        }
        sums
    });
    Table { classes, counts, weights }
}

impl Table {
    /// Puts the listed classes first.
    pub(super) fn arrange(self, labels: Option<&[Label]>) -> Result<Confusion> {
        let found = self.classes.len();
        let Some(labels) = labels else {
            return Ok(Confusion {
                classes: self.classes,
                listed: found,
                given: false,
                present: vec![true; found],
                counts: self.counts,
                weights: self.weights,
            });
        };
        check_list(labels)?;
        check_size(labels.len() + found)?;
        let mut from: Vec<Option<usize>> = labels
            .iter()
            .map(|label| self.classes.iter().position(|class| class == label))
            .collect();
        let mut classes = labels.to_vec();
        for (at, class) in self.classes.iter().enumerate() {
            if !labels.contains(class) {
                classes.push(class.clone());
                from.push(Some(at));
            }
        }
        let pick = |row: &Option<usize>| -> Vec<Option<usize>> {
            from.iter().map(|at| Some((*row)? * found + (*at)?)).collect()
        };
        let cells: Vec<Option<usize>> = from.iter().flat_map(pick).collect();
        Ok(Confusion {
            classes,
            listed: labels.len(),
            given: true,
            present: from.iter().map(Option::is_some).collect(),
            counts: cells.iter().map(|cell| cell.map_or(0, |at| self.counts[at])).collect(),
            weights: self.weights.map(|weights| {
                cells.iter().map(|cell| cell.map_or(0.0, |at| weights[at])).collect()
            }),
        })
    }
}

fn check_list(labels: &[Label]) -> Result<()> {
    if labels.is_empty() {
        return Err(Error::TooFew { argument: "labels", found: 0, expected: 1 });
    }
    check_size(labels.len())?;
    let twice = labels.iter().enumerate().any(|(at, label)| labels[..at].contains(label));
    if twice {
        return Err(Error::Choice { argument: "labels", expected: "each label once" });
    }
    Ok(())
}
