//! Labels of two classes beside one column of probabilities, in a single pass that also checks both.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::column::Labels;
use crate::encode::check_types;
use crate::sum::{log_sum, square_sum};

/// Columns that are as expected in all likelihood: what a pass finds against it is sorted out by others.
pub(super) struct Pair<'a, T> {
    truth: &'a [T],
    /// The smaller of the two classes.
    least: T,
    /// The larger, which the probabilities are of.
    most: T,
    probabilities: &'a [f64],
}

/// A sum over such columns.
#[derive(Clone, Copy)]
pub(super) enum Sum {
    /// Of the logarithms of the probabilities of the rows' own classes, clipped to this and its rest.
    Logarithms(f64),
    /// Of the squared distances of the probabilities from 0 and 1.
    Squares,
}

/// The sum; nothing where the classes are not two, or where there is what is no probability.
pub(super) fn sum_of_pair(truth: Labels<'_>, probabilities: &[f64], what: Sum) -> Option<f64> {
    match truth {
        Labels::Bool(rows) => Pair::of(rows, probabilities)?.sum(what),
        Labels::Int(rows) => Pair::of(rows, probabilities)?.sum(what),
        Labels::Float(rows) => {
            let pair = Pair::of(rows, probabilities)?;
            let both = [pair.least, pair.most];
            check_types(&[("y_true", Labels::Float(&both))]).ok()?;
            pair.sum(what)
        }
        Labels::Text(_) => None,
    }
}

impl<'a, T: Copy + PartialOrd + Sync> Pair<'a, T> {
    fn of(truth: &'a [T], probabilities: &'a [f64]) -> Option<Self> {
        let &first = truth.first()?;
        let &second = truth.iter().find(|&&row| row != first)?;
        let (least, most) = if first < second { (first, second) } else { (second, first) };
        Some(Self { truth, least, most, probabilities })
    }

    fn sum(&self, what: Sum) -> Option<f64> {
        let rows = self.truth.len();
        let odd = AtomicBool::new(false);
        let sum = match what {
            Sum::Logarithms(least) => log_sum(rows, |start, out| {
                let own = |positive: bool, p: f64| if positive { p } else { 1.0 - p };
                self.fill(start, out, &odd, |positive, p| {
                    own(positive, p).max(least).min(1.0 - least)
                });
            }),
            Sum::Squares => square_sum(rows, |start, out| {
                self.fill(start, out, &odd, |positive, p| if positive { 1.0 - p } else { p });
            }),
        };
        (!odd.into_inner()).then_some(sum)
    }

    /// Writes `of` each row from `start` on, and whether one of them is odd.
    #[inline(always)]
    fn fill(&self, start: usize, out: &mut [f64], odd: &AtomicBool, of: impl Fn(bool, f64) -> f64) {
        let rows = start..start + out.len();
        let mut fine = true;
        let pairs = self.truth[rows.clone()].iter().zip(&self.probabilities[rows]);
        for (out, (&class, &p)) in out.iter_mut().zip(pairs) {
            let positive = class == self.most;
            // No branch: a lazy `&&` would keep this from being done for several rows at once.
            let mut known = positive;
            known |= class == self.least;
            fine &= known;
            fine &= (0.0..=1.0).contains(&p);
            *out = of(positive, p);
        }
        if !fine {
            odd.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Sum, sum_of_pair};
    use crate::column::Labels;

    #[test]
    fn a_pass_gives_the_sums_of_its_formulas_or_nothing() {
        let count = 3 * 2048 + 7;
        let truth: Vec<i64> = (0..count).map(|row| if row % 3 == 0 { 9 } else { -4 }).collect();
        let floats: Vec<f64> = truth.iter().map(|&row| row as f64).collect();
        let bools: Vec<bool> = truth.iter().map(|&row| row == 9).collect();
        let p: Vec<f64> = (0..count).map(|row| f64::from(row % 101) / 100.0).collect();
        let own = |row: usize| if bools[row] { p[row] } else { 1.0 - p[row] };
        let logs: f64 = (0..bools.len()).map(|row| own(row).clamp(1e-9, 1.0 - 1e-9).ln()).sum();
        let squares: f64 = (0..bools.len()).map(|row| (1.0 - own(row)).powi(2)).sum();
        let columns = [Labels::Int(&truth), Labels::Float(&floats), Labels::Bool(&bools)];
        for (what, expected) in [(Sum::Logarithms(1e-9), logs), (Sum::Squares, squares)] {
            for truth in columns {
                let found = sum_of_pair(truth, &p, what).unwrap();
                assert!((found / expected - 1.0).abs() < 1e-13, "{found} {expected}");
            }
            for odd in [f64::NAN, 1.0 + f64::EPSILON, -1e-300, f64::INFINITY] {
                let mut p = p.clone();
                p[4099] = odd;
                assert_eq!(sum_of_pair(columns[0], &p, what), None);
            }
            let mut third = truth.clone();
            third[4099] = 0;
            let halves: Vec<f64> = floats.iter().map(|row| row + 0.5).collect();
            let texts = vec!["a"; p.len()];
            let one = vec![true; p.len()];
            let (third, halves) = (Labels::Int(&third), Labels::Float(&halves));
            for odd in [third, halves, Labels::Bool(&one), Labels::Text(&texts)] {
                assert_eq!(sum_of_pair(odd, &p, what), None);
            }
        }
    }
}
