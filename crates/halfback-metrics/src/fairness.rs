//! How a metric differs between groups of people, and the measures of that which have names.
//!
//! A group is a combination of labels from one column or several. Source of all definitions: fairlearn
//! 0.15; Hardt, Price and Srebro, Equality of opportunity in supervised learning (2016).

use crate::column::{Label, Labels, Weights, not_empty, same_length, weights};
use crate::encode::{check_types, encode, positives};
use crate::error::{Error, Metric, Reason, Result};
use crate::interval::{Bootstrap, Interval, bootstrap_weighted, outside, units};
use crate::suite::{Settings, is_enough};

/// Groups in all.
const MOST_GROUPS: usize = 10_000;

/// The rows of each group.
#[derive(Clone, Debug, PartialEq)]
pub struct Groups {
    /// The labels of each group, one for each column, in the order of the labels.
    names: Vec<Vec<Label>>,
    /// The group of each row.
    codes: Vec<u32>,
}

/// A metric of each group, and of all rows.
#[derive(Clone, Debug, PartialEq)]
pub struct ByGroup {
    /// The metric of each group, in the order of [`Groups::names`].
    pub groups: Vec<Metric>,
    /// The metric of all rows.
    pub overall: Metric,
}

/// What groups are held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Relation {
    /// Each other: the largest against the smallest.
    #[default]
    BetweenGroups,
    /// All rows.
    ToOverall,
}

/// How two differences or ratios become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Aggregate {
    /// The worse of both.
    #[default]
    WorstCase,
    /// Their mean.
    Mean,
}

/// What a measure compares between groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parity {
    /// The share that is predicted positive.
    Demographic,
    /// The true positive rate.
    EqualOpportunity,
    /// The true and the false positive rate.
    EqualizedOdds(Aggregate),
}

/// A measure between groups with its interval, by a bootstrap over rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disparity {
    /// The measure; undefined where a group has no rows that it is of.
    pub metric: Metric,
    /// That of resamples in which it is defined; none where the measure is undefined or does not
    /// vary. Too few such resamples, or clusters, are an error.
    ///
    /// It covers at its level where two groups differ, or where one group is farther out than all
    /// others on either side. A largest difference is never below zero, and that of resamples is
    /// larger on average than that of the rows: the lower bound is no test of whether groups
    /// differ, and where several groups are about as far out as each other the interval lies too
    /// far from parity, however many rows there are.
    pub interval: Option<Interval>,
}

impl Groups {
    /// The groups that occur in one column, or crossed in several.
    pub fn of(columns: &[Labels<'_>]) -> Result<Self> {
        let Some(first) = columns.first() else {
            return Err(Error::TooFew { argument: "groups", found: 0, expected: 1 });
        };
        not_empty("groups", first.len())?;
        let mut names: Vec<Vec<Label>> = vec![Vec::new()];
        let mut codes = vec![0u32; first.len()];
        for column in columns {
            same_length("groups", column.len(), first.len())?;
            let encoded = encode(&[("groups", *column)])?;
            let k = encoded.classes.len();
            let own = encoded.codes.into_iter().next().unwrap_or_default();
            let crossed: Vec<u64> = codes
                .iter()
                .zip(&own)
                .map(|(&code, &own)| u64::from(code) * k as u64 + u64::from(own))
                .collect();
            let mut known = crossed.clone();
            known.sort_unstable();
            known.dedup();
            if known.len() > MOST_GROUPS {
                let expected = "at most 10000 groups";
                return Err(Error::Classes { argument: "groups", found: known.len(), expected });
            }
            let name = |&code: &u64| {
                let mut name = names[code as usize / k].clone();
                name.push(encoded.classes[code as usize % k].clone());
                name
            };
            let next = known.iter().map(name).collect();
            let place = |code: &u64| known.partition_point(|known| known < code) as u32;
            codes = crossed.iter().map(place).collect();
            names = next;
        }
        Ok(Self { names, codes })
    }

    /// The labels of each group.
    pub fn names(&self) -> &[Vec<Label>] {
        &self.names
    }

    /// The place of each row's group among [`Groups::names`].
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// The rows of each group, in their order.
    pub fn rows(&self) -> Vec<Vec<u32>> {
        let mut rows = vec![Vec::new(); self.names.len()];
        for (&code, row) in self.codes.iter().zip(0u32..) {
            rows[code as usize].push(row);
        }
        rows
    }

    /// Any metric by group: `metric` is called with the rows of each group, and with all.
    pub fn measure(&self, mut metric: impl FnMut(&[u32]) -> Result<Metric>) -> Result<ByGroup> {
        let groups = self.rows().iter().map(|rows| metric(rows)).collect::<Result<_>>()?;
        let all: Vec<u32> = (0..self.codes.len() as u32).collect();
        Ok(ByGroup { groups, overall: metric(&all)? })
    }
}

impl ByGroup {
    /// The smallest value of a group; undefined groups are left out.
    pub fn min(&self) -> Metric {
        self.extreme(f64::min)
    }

    /// The largest value of a group; undefined groups are left out.
    pub fn max(&self) -> Metric {
        self.extreme(f64::max)
    }

    /// The largest difference: of two groups, or of a group and all rows.
    pub fn difference(&self, relation: Relation) -> Metric {
        match relation {
            Relation::BetweenGroups => {
                let (most, least) = (self.max(), self.min());
                most.map(|most| most - least.value)
            }
            Relation::ToOverall => self.held(|group, overall| (group - overall).abs(), f64::max),
        }
    }

    /// The smallest ratio: of two groups, or of a group and all rows, whichever is larger.
    pub fn ratio(&self, relation: Relation) -> Metric {
        match relation {
            Relation::BetweenGroups => share(self.min(), self.max()),
            Relation::ToOverall => self.held(
                |group, overall| {
                    let ratio = group / overall;
                    if ratio > 1.0 { 1.0 / ratio } else { ratio }
                },
                f64::min,
            ),
        }
    }

    fn extreme(&self, choose: fn(f64, f64) -> f64) -> Metric {
        let known = self.groups.iter().filter_map(|group| group.defined().ok());
        let found = known.filter(|value| !value.is_nan()).reduce(choose);
        found.map_or(Metric::silent(f64::NAN, Reason::TooFewRows), Metric::of)
    }

    fn held(&self, of: impl Fn(f64, f64) -> f64, choose: fn(f64, f64) -> f64) -> Metric {
        if self.overall.undefined.is_some() {
            return self.overall;
        }
        let known = self.groups.iter().filter_map(|group| group.defined().ok());
        let found = known
            .map(|value| of(value, self.overall.value))
            .filter(|value| !value.is_nan())
            .reduce(choose);
        found.map_or(Metric::silent(f64::NAN, Reason::ZeroDenominator), Metric::of)
    }
}

fn share(least: Metric, most: Metric) -> Metric {
    if most.undefined.is_none() && most.value == 0.0 {
        return Metric::silent(f64::NAN, Reason::ZeroDenominator);
    }
    least.map(|least| least / most.value)
}

/// Predictions of two classes by group, counted.
#[derive(Clone, Debug)]
pub struct Fairness {
    /// The cell of each row: four for each group, by truth and prediction.
    cells: Vec<u32>,
    groups: usize,
    /// What each row counts for; once where there are none.
    weights: Option<Vec<f64>>,
    /// The numbers of the rows, or their clusters.
    keys: Vec<u64>,
    strata: Option<Vec<u32>>,
}

impl Fairness {
    /// Two columns of two classes, and the groups of their rows. `pos_label` may be left out where
    /// labels are from {0, 1} or {-1, 1}; every other label is negative, and one that no row has is
    /// refused.
    pub fn of(
        y_true: Labels<'_>,
        y_pred: Labels<'_>,
        groups: &Groups,
        pos_label: Option<&Label>,
    ) -> Result<Self> {
        crate::column::rows(y_true.len(), ("y_pred", y_pred.len()), None)?;
        same_length("groups", groups.codes.len(), y_true.len())?;
        check_types(&[("y_true", y_true), ("y_pred", y_pred)])?;
        let truth = positives(y_true, pos_label)?;
        let predicted = positives(y_pred, pos_label).map_err(|error| error.renamed("y_pred"))?;
        if let Some(label) =
            pos_label.filter(|_| !truth.contains(&true) && !predicted.contains(&true))
        {
            return Err(Error::UnknownLabel { argument: "pos_label", label: label.to_string() });
        }
        let cell = |((&group, &truth), &predicted): ((&u32, &bool), &bool)| {
            4 * group + 2 * u32::from(truth) + u32::from(predicted)
        };
        let cells: Vec<u32> = groups.codes.iter().zip(&truth).zip(&predicted).map(cell).collect();
        let keys = (0..cells.len() as u64).collect();
        let groups = groups.names.len();
        Ok(Self { cells, groups, weights: None, keys, strata: None })
    }

    /// The same rows, each counted as often as its weight.
    pub fn weighted(mut self, sample_weight: Weights<'_>) -> Result<Self> {
        weights(sample_weight, self.cells.len())?;
        self.weights = sample_weight.map(<[f64]>::to_vec);
        Ok(self)
    }

    /// With a key for each row: intervals draw those of one, a cluster, together, as [`bootstrap`](crate::bootstrap)
    /// has it.
    pub fn clustered(self, keys: &[u64]) -> Result<Self> {
        same_length("keys", keys.len(), self.cells.len())?;
        Ok(Self { keys: keys.to_vec(), ..self })
    }

    /// With the stratum of each row, whose weight every resample keeps.
    pub fn stratified(self, strata: &[u32]) -> Result<Self> {
        same_length("strata", strata.len(), self.cells.len())?;
        Ok(Self { strata: Some(strata.to_vec()), ..self })
    }

    /// The largest difference between groups, or to all rows.
    pub fn difference(&self, parity: Parity, relation: Relation) -> Metric {
        disparity(&self.counts(), parity, &|by| by.difference(relation), f64::max)
    }

    /// The smallest ratio between groups, or to all rows.
    pub fn ratio(&self, parity: Parity, relation: Relation) -> Metric {
        disparity(&self.counts(), parity, &|by| by.ratio(relation), f64::min)
    }

    /// [`Fairness::difference`] with its interval.
    pub fn difference_interval(
        &self,
        parity: Parity,
        relation: Relation,
        settings: &Settings,
    ) -> Result<Disparity> {
        self.resampled(parity, &|by| by.difference(relation), f64::max, settings)
    }

    /// [`Fairness::ratio`] with its interval.
    pub fn ratio_interval(
        &self,
        parity: Parity,
        relation: Relation,
        settings: &Settings,
    ) -> Result<Disparity> {
        self.resampled(parity, &|by| by.ratio(relation), f64::min, settings)
    }

    fn resampled(
        &self,
        parity: Parity,
        of: &dyn Fn(&ByGroup) -> Metric,
        worse: fn(f64, f64) -> f64,
        settings: &Settings,
    ) -> Result<Disparity> {
        let Settings { replicates, seed, level } = *settings;
        outside(level)?;
        let all = self.counts();
        let metric = disparity(&all, parity, of, worse);
        let (own, strata) = (self.all_weights(), self.strata.as_deref());
        let resamples =
            bootstrap_weighted(&self.keys, strata, &own, replicates, seed, |weights| {
                let counts = self.counted(weights);
                // What has nobody of a group tells nothing of it.
                let is_there = |cells: &[f64; 4]| cells.iter().any(|&weight| weight > 0.0);
                if all.iter().zip(&counts).any(|(all, drawn)| is_there(all) && !is_there(drawn)) {
                    return f64::NAN;
                }
                let value = disparity(&counts, parity, of, worse).defined().unwrap_or(f64::NAN);
                // Rates that strata fix differ by how sums are rounded.
                if (value - metric.value).abs() <= 1e-12 { metric.value } else { value }
            })?;
        if metric.undefined.is_some() {
            return Ok(Disparity { metric, interval: None });
        }
        if resamples.replicates.len() > 1 && !(resamples.has_variance() && is_enough(&resamples)) {
            return Ok(Disparity { metric, interval: None });
        }
        let resamples = Bootstrap { units: self.fewest(parity), ..resamples };
        Ok(Disparity { metric, interval: Some(resamples.interval(level)?) })
    }

    /// As how many clusters, or rows, those that a rate of a group is of count, of whichever is fewest.
    fn fewest(&self, parity: Parity) -> usize {
        let own = self.all_weights();
        let count = |group: usize, cells: &[usize]| {
            let is_in =
                |cell: u32| cell as usize / 4 == group && cells.contains(&(cell as usize % 4));
            let weights = self.cells.iter().zip(&own);
            let weights: Vec<f64> =
                weights.map(|(&cell, own)| if is_in(cell) { *own } else { 0.0 }).collect();
            units(&self.keys, self.strata.as_deref(), Some(&weights))
        };
        let wholes: &[&[usize]] = match parity {
            Parity::Demographic => &[&ALL],
            Parity::EqualOpportunity => &[&POSITIVE],
            Parity::EqualizedOdds(_) => &[&POSITIVE, &NEGATIVE],
        };
        let groups = (0..self.groups).flat_map(|group| wholes.iter().map(move |of| (group, *of)));
        groups.map(|(group, of)| count(group, of)).filter(|&found| found > 0).min().unwrap_or(0)
    }

    fn all_weights(&self) -> Vec<f64> {
        self.weights.clone().unwrap_or_else(|| vec![1.0; self.cells.len()])
    }

    /// The weight of each cell of each group.
    fn counts(&self) -> Vec<[f64; 4]> {
        self.counted(&self.all_weights())
    }

    fn counted(&self, weights: &[f64]) -> Vec<[f64; 4]> {
        let mut counts = vec![[0.0; 4]; self.groups];
        for (&cell, weight) in self.cells.iter().zip(weights) {
            counts[cell as usize / 4][cell as usize % 4] += weight;
        }
        counts
    }
}

/// The cells of a group that a rate is of: true negative, false positive, false negative, true
/// positive.
const ALL: [usize; 4] = [0, 1, 2, 3];
const NEGATIVE: [usize; 2] = [0, 1];
const POSITIVE: [usize; 2] = [2, 3];

/// A measure of counted groups.
fn disparity(
    counts: &[[f64; 4]],
    parity: Parity,
    of: &dyn Fn(&ByGroup) -> Metric,
    worse: fn(f64, f64) -> f64,
) -> Metric {
    let rate = |part: &[usize], whole: &[usize], reason| {
        let rate = |cells: &[f64; 4]| {
            let all: f64 = whole.iter().map(|&cell| cells[cell]).sum();
            let hits: f64 = part.iter().map(|&cell| cells[cell]).sum();
            if all > 0.0 { Metric::of(hits / all) } else { Metric::silent(0.0, reason) }
        };
        let mut sums = [0.0; 4];
        for cells in counts {
            for (sum, cell) in sums.iter_mut().zip(cells) {
                *sum += cell;
            }
        }
        // fairlearn takes zero for a rate of nothing; here that group has none.
        of(&ByGroup { groups: counts.iter().map(rate).collect(), overall: rate(&sums) })
    };
    let selection = || rate(&[1, 3], &ALL, Reason::TooFewRows);
    let true_positive = || rate(&[3], &POSITIVE, Reason::NoPositives);
    let false_positive = || rate(&[1], &NEGATIVE, Reason::NoNegatives);
    match parity {
        Parity::Demographic => selection(),
        Parity::EqualOpportunity => true_positive(),
        Parity::EqualizedOdds(aggregate) => {
            let (one, other) = (true_positive(), false_positive());
            if one.undefined.is_some() || other.undefined.is_some() {
                return if one.undefined.is_some() { one } else { other };
            }
            Metric::of(match aggregate {
                Aggregate::WorstCase => worse(one.value, other.value),
                Aggregate::Mean => f64::midpoint(one.value, other.value),
            })
        }
    }
}
