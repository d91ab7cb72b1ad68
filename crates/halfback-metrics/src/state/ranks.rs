//! Rows of two classes by score: every score, or buckets.

use super::bytes::{Reader, Writer, bad};
use super::exact::ExactSum;
use super::runs::{Group, Runs, largest};
use super::{ScoreSummary, Spec, buckets_fit};
use crate::column::not_empty;
use crate::error::{Metric, Reason, Result, Warning};
use crate::score::ranked::key;

/// Positive and negative rows by key, which ascends as scores descend.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ranks {
    probabilities: bool,
    buckets: Option<u32>,
    runs: Runs<2>,
    log_loss: ExactSum,
    brier: ExactSum,
}

impl Ranks {
    pub(super) fn new(probabilities: bool, buckets: Option<u32>) -> Result<Self> {
        buckets_fit(buckets)?;
        let (log_loss, brier) = (ExactSum::default(), ExactSum::default());
        let runs = Runs::new(buckets.filter(|_| !probabilities));
        Ok(Self { probabilities, buckets, runs, log_loss, brier })
    }

    pub(super) fn spec(&self) -> Spec {
        Spec::Scores { probabilities: self.probabilities, buckets: self.buckets }
    }

    pub(super) fn probabilities(&self) -> bool {
        self.probabilities
    }

    pub(super) fn add(&mut self, truth: &[bool], scores: &[f64]) {
        let (probabilities, buckets) = (self.probabilities, self.buckets);
        self.runs.add(truth.iter().zip(scores).map(|(&truth, &score)| {
            let key = match buckets {
                Some(buckets) if probabilities => {
                    let bucket = ((score * f64::from(buckets)) as u32).min(buckets - 1);
                    u64::from(buckets - 1 - bucket)
                }
                _ => key(score),
            };
            (key, [truth.into(), (!truth).into()])
        }));
        if probabilities {
            let (low, high) = (f64::EPSILON, 1.0 - f64::EPSILON);
            for (&truth, &p) in truth.iter().zip(scores) {
                let own = if truth { p } else { 1.0 - p };
                // The system's logarithm differs from machine to machine in its last bit.
                self.log_loss.add(-libm::log(own.clamp(low, high)));
                self.brier.add((1.0 - own) * (1.0 - own));
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.runs.merge(&other.runs);
        self.log_loss.merge(&other.log_loss);
        self.brier.merge(&other.brier);
    }

    pub(super) fn summary(&self) -> Result<ScoreSummary> {
        let (dropped, groups) = self.runs.settled();
        not_empty("y_true", groups.len())?;
        let blurred = dropped > 0 || (self.probabilities && self.buckets.is_some());
        let Area { positives, negatives, pairs, tied } = Area::of(&groups);
        let Precision { tied: precision, best, worst } = Precision::of(&groups);
        let all = 2.0 * positives as f64 * negatives as f64;
        let one = positives == 0 || negatives == 0;
        let warning = Warning::UndefinedMetric;
        let rows = positives as f64 + negatives as f64;
        let mean = |sum: &ExactSum| self.probabilities.then(|| sum.value().0 / rows);
        let of_positives = |sum: f64| if positives == 0 { 0.0 } else { sum / positives as f64 };
        Ok(ScoreSummary {
            positives,
            negatives,
            roc_auc: if one {
                Metric::warned(f64::NAN, Reason::OneClass, warning)
            } else {
                Metric::of(pairs as f64 / all)
            },
            auc_error: if one || !blurred { 0.0 } else { tied as f64 / all },
            average_precision: if positives == 0 {
                Metric::warned(0.0, Reason::NoPositives, Warning::User)
            } else {
                Metric::of(of_positives(precision))
            },
            average_precision_error: if blurred {
                of_positives((best - precision).max(precision - worst).max(0.0))
            } else {
                0.0
            },
            log_loss: mean(&self.log_loss),
            brier: mean(&self.brier),
        })
    }

    /// Of version 2 are buckets of scores that are no probabilities; all else is of version 1.
    pub(super) fn version(&self) -> u8 {
        if self.buckets.is_some() && !self.probabilities { 2 } else { 1 }
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        let (dropped, groups) = self.runs.settled();
        if self.version() == 1 {
            writer.byte(self.probabilities.into());
            writer.half(self.buckets.unwrap_or(0));
            self.log_loss.write(writer);
            self.brier.write(writer);
        } else {
            writer.half(self.buckets.unwrap_or(0));
            writer.byte(dropped as u8);
        }
        Runs::write(&groups, writer);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let first = reader.version() == 1;
        let probabilities = first && reader.truth()?;
        let buckets = Some(reader.half()?).filter(|&buckets| buckets > 0);
        let mut ranks = Self::new(probabilities, buckets).map_err(|_| bad("known buckets"))?;
        if (ranks.version() == 1) != first {
            return Err(bad("buckets of its version"));
        }
        if first {
            ranks.log_loss = ExactSum::read(reader)?;
            ranks.brier = ExactSum::read(reader)?;
            let largest = buckets.map_or(u64::MAX, |buckets| u64::from(buckets - 1));
            ranks.runs = Runs::read(reader, None, 0, largest)?;
        } else {
            let dropped = reader.dropped()?;
            ranks.runs = Runs::read(reader, buckets, dropped, largest(dropped))?;
        }
        Ok(ranks)
    }
}

/// Twice the pairs of a positive and a negative row that are in order, a tie counted once, and the
/// pairs that are tied.
#[derive(Default)]
struct Area {
    positives: u64,
    negatives: u64,
    pairs: u128,
    tied: u128,
}

impl Area {
    fn of(groups: &[Group<2>]) -> Self {
        let mut area = Self::default();
        for &(_, [positive, negative]) in groups {
            let (p, n) = (u128::from(positive), u128::from(negative));
            // Foreign bytes may say any counts.
            let before = 2 * u128::from(area.positives);
            area.pairs = area.pairs.saturating_add(n.saturating_mul(before + p));
            area.tied = area.tied.saturating_add(n.saturating_mul(p));
            area.positives = area.positives.saturating_add(positive);
            area.negatives = area.negatives.saturating_add(negative);
        }
        area
    }
}

/// Sums over positive rows of the precision at their score: where the rows of a group are tied, and
/// for the best and the worst scores that they may have had.
#[derive(Default)]
struct Precision {
    tied: f64,
    best: f64,
    worst: f64,
}

impl Precision {
    /// What a group adds depends on how many rows stand before it, and not on their order. The
    /// precision at a positive row of a group is least where it is alone and stands behind all
    /// negative and all other positive rows that do not come after it, and largest where all
    /// positive rows of the group are tied before the negative ones.
    fn of(groups: &[Group<2>]) -> Self {
        let mut sums = Self::default();
        let (mut above, mut below) = (0.0, 0.0);
        for &(_, [positive, negative]) in groups {
            let (p, n) = (positive as f64, negative as f64);
            if positive > 0 {
                sums.best += p * ((above + p) / (above + p + below));
                sums.tied += p * ((above + p) / (above + p + below + n));
                sums.worst += each_alone(above, positive, below + n);
            }
            above += p;
            below += n;
        }
        sums
    }
}

/// At most the sum of (above + i) / (above + i + below) for i from 1 to `count`, and less by no more
/// than 5e-5.
fn each_alone(above: f64, count: u64, below: f64) -> f64 {
    const ONE_BY_ONE: u64 = 1024;
    let first = count.min(ONE_BY_ONE);
    let one = |i: u64| (above + i as f64) / (above + i as f64 + below);
    let sum: f64 = (1..=first).map(one).sum();
    let rest = (count - first) as f64;
    // 1 / x is convex, so that it is at most its mean from x - 1/2 to x + 1/2 (Hermite, Hadamard).
    let from = above + first as f64 + below + 0.5;
    sum + (rest - below * (rest / from).ln_1p())
}

#[cfg(test)]
mod tests {
    use super::each_alone;

    #[test]
    fn many_rows_are_summed_as_each_for_itself() {
        for (above, below) in [(0.0, 0.0), (0.0, 7.0), (3.0, 1e6), (1e6, 3.0), (0.0, 1e9)] {
            let count = 100_000u32;
            let plain: f64 =
                (1..=count).map(|i| (above + f64::from(i)) / (above + f64::from(i) + below)).sum();
            let found = each_alone(above, count.into(), below);
            assert!(found <= plain + 1e-9 * plain.abs(), "{found} {plain}");
            assert!(plain - found <= 5e-5 + 1e-9 * plain.abs(), "{found} {plain}");
        }
    }
}
