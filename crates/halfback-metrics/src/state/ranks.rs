//! Rows of two classes by score: exact runs, or buckets.

use super::bytes::{Reader, Writer, bad};
use super::exact::ExactSum;
use super::{ScoreSummary, Spec};
use crate::column::not_empty;
use crate::error::{Error, Metric, Reason, Result, Warning};
use crate::score::ranked::key;

/// Rows of one score: its key, which ascends as scores descend, and positive and negative rows.
type Group = (u64, u64, u64);

/// Groups by key, in runs that are merged as they grow.
#[derive(Clone, Debug)]
pub(super) struct Ranks {
    probabilities: bool,
    buckets: Option<u32>,
    /// Each sorted, with no key twice; a run is at least twice as long as the one after it.
    runs: Vec<Vec<Group>>,
    log_loss: ExactSum,
    brier: ExactSum,
}

impl PartialEq for Ranks {
    fn eq(&self, other: &Self) -> bool {
        self.spec() == other.spec()
            && self.groups() == other.groups()
            && self.log_loss == other.log_loss
            && self.brier == other.brier
    }
}

const MOST_BUCKETS: u32 = 1 << 24;

impl Ranks {
    pub(super) fn new(probabilities: bool, buckets: Option<u32>) -> Result<Self> {
        let fits = buckets.is_none_or(|buckets| (1..=MOST_BUCKETS).contains(&buckets));
        if !fits || (buckets.is_some() && !probabilities) {
            let expected = "from 1 to 2^24, of probabilities";
            return Err(Error::Choice { argument: "buckets", expected });
        }
        let (log_loss, brier) = (ExactSum::default(), ExactSum::default());
        Ok(Self { probabilities, buckets, runs: Vec::new(), log_loss, brier })
    }

    pub(super) fn spec(&self) -> Spec {
        Spec::Scores { probabilities: self.probabilities, buckets: self.buckets }
    }

    pub(super) fn probabilities(&self) -> bool {
        self.probabilities
    }

    pub(super) fn add(&mut self, truth: &[bool], scores: &[f64]) {
        let mut run: Vec<Group> = truth
            .iter()
            .zip(scores)
            .map(|(&truth, &score)| (self.key(score), u64::from(truth), u64::from(!truth)))
            .collect();
        run.sort_unstable_by_key(|group| group.0);
        fold(&mut run);
        self.push(run);
        if self.probabilities {
            let (low, high) = (f64::EPSILON, 1.0 - f64::EPSILON);
            for (&truth, &p) in truth.iter().zip(scores) {
                let own = if truth { p } else { 1.0 - p };
                self.log_loss.add(-own.clamp(low, high).ln());
                self.brier.add((1.0 - own) * (1.0 - own));
            }
        }
    }

    fn key(&self, score: f64) -> u64 {
        match self.buckets {
            None => key(score),
            Some(buckets) => {
                let bucket = ((score * f64::from(buckets)) as u32).min(buckets - 1);
                u64::from(buckets - 1 - bucket)
            }
        }
    }

    fn push(&mut self, mut run: Vec<Group>) {
        while let Some(last) = self.runs.pop_if(|last| last.len() < 2 * run.len()) {
            run = merged(&last, &run);
        }
        self.runs.push(run);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.push(other.groups());
        self.log_loss.merge(&other.log_loss);
        self.brier.merge(&other.brier);
    }

    fn groups(&self) -> Vec<Group> {
        self.runs.iter().rev().fold(Vec::new(), |all, run| merged(run, &all))
    }

    pub(super) fn summary(&self) -> Result<ScoreSummary> {
        let groups = self.groups();
        not_empty("y_true", groups.len())?;
        let (mut above, mut below, mut precisions) = (0u64, 0u64, 0.0);
        let (mut pairs, mut tied) = (0u128, 0u128);
        for &(_, positive, negative) in &groups {
            let (p, n) = (u128::from(positive), u128::from(negative));
            // Foreign bytes may say any counts.
            pairs = pairs.saturating_add(n.saturating_mul(2 * u128::from(above) + p));
            tied = tied.saturating_add(n.saturating_mul(p));
            above = above.saturating_add(positive);
            below = below.saturating_add(negative);
            precisions += positive as f64 * (above as f64 / (above as f64 + below as f64));
        }
        let all = 2.0 * above as f64 * below as f64;
        let one = above == 0 || below == 0;
        let warning = Warning::UndefinedMetric;
        let rows = above as f64 + below as f64;
        let mean = |sum: &ExactSum| self.probabilities.then(|| sum.value().0 / rows);
        Ok(ScoreSummary {
            positives: above,
            negatives: below,
            roc_auc: if one {
                Metric::warned(f64::NAN, Reason::OneClass, warning)
            } else {
                Metric::of(pairs as f64 / all)
            },
            auc_error: if one || self.buckets.is_none() { 0.0 } else { tied as f64 / all },
            average_precision: if above == 0 {
                Metric::warned(0.0, Reason::NoPositives, Warning::User)
            } else {
                Metric::of(precisions / above as f64)
            },
            log_loss: mean(&self.log_loss),
            brier: mean(&self.brier),
        })
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.byte(self.probabilities.into());
        writer.half(self.buckets.unwrap_or(0));
        self.log_loss.write(writer);
        self.brier.write(writer);
        let groups = self.groups();
        writer.number(groups.len() as u64);
        for (key, positive, negative) in groups {
            for number in [key, positive, negative] {
                writer.number(number);
            }
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let probabilities = match reader.byte()? {
            0 => false,
            1 => true,
            _ => return Err(bad("a truth value")),
        };
        let buckets = Some(reader.half()?).filter(|&buckets| buckets > 0);
        let mut ranks = Self::new(probabilities, buckets).map_err(|_| bad("known buckets"))?;
        ranks.log_loss = ExactSum::read(reader)?;
        ranks.brier = ExactSum::read(reader)?;
        let mut run: Vec<Group> = Vec::new();
        for _ in 0..reader.count(24)? {
            let group = (reader.number()?, reader.number()?, reader.number()?);
            let ordered = run.last().is_none_or(|last| last.0 < group.0);
            let inside = buckets.is_none_or(|buckets| group.0 < buckets.into());
            if !ordered || !inside || group.1.saturating_add(group.2) == 0 {
                return Err(bad("scores in order, each with rows"));
            }
            run.push(group);
        }
        if !run.is_empty() {
            ranks.runs.push(run);
        }
        Ok(ranks)
    }
}

/// Makes groups of one key one.
fn fold(run: &mut Vec<Group>) {
    run.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = kept.1.saturating_add(next.1);
            kept.2 = kept.2.saturating_add(next.2);
        }
        same
    });
}

fn merged(left: &[Group], right: &[Group]) -> Vec<Group> {
    let mut all = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    while let (Some(one), Some(other)) = (left.peek(), right.peek()) {
        let next = if one.0 <= other.0 { left.next() } else { right.next() };
        all.extend(next.copied());
    }
    all.extend(left.copied());
    all.extend(right.copied());
    fold(&mut all);
    all
}
