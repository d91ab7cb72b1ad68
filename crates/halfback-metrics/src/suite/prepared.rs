//! What is computed of the columns once, so that each set of weights takes one pass.

use super::table::Table;
use super::{Columns, NoInterval, Suite};
use super::{binary, multiclass, regression};
use crate::error::{Metric, Reason};
use crate::score::ranked::key;
use crate::stop::count;
use crate::sum::{sum2, total};

/// Cells, ranks and losses of the rows.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    /// How many rows there are.
    pub(super) rows: usize,
    /// The cell of each row, true class times `classes` and predicted class.
    codes: Option<Vec<u32>>,
    pub(super) classes: usize,
    is_binary: bool,
    /// The rows by descending score, for each score that is ranked.
    pub(super) ranked: Vec<Ranked>,
    /// What is averaged, by the metric's name.
    pub(super) losses: Vec<(&'static str, Vec<f64>)>,
    /// The true values, for what is explained of them.
    pub(super) truth: Vec<f64>,
}

/// The rows of two classes by descending score.
#[derive(Debug)]
pub(super) struct Ranked {
    rows: Vec<RankedRow>,
}

#[derive(Clone, Copy, Debug)]
struct RankedRow {
    row: u32,
    is_positive: bool,
    is_last_of_ties: bool,
}

/// What one pass over ranked rows gives.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Areas {
    pub(super) positive: f64,
    pub(super) negative: f64,
    pairs: f64,
    precision: f64,
}

impl Areas {
    pub(super) fn roc_auc(&self) -> Metric {
        if self.positive <= 0.0 || self.negative <= 0.0 {
            return Metric::silent(f64::NAN, Reason::OneClass);
        }
        Metric::of(self.pairs / (self.positive * self.negative))
    }

    pub(super) fn average_precision(&self) -> Metric {
        if self.positive <= 0.0 {
            return Metric::silent(0.0, Reason::NoPositives);
        }
        Metric::of(self.precision / self.positive)
    }
}

impl Ranked {
    pub(super) fn new(positive: impl Fn(usize) -> bool, scores: impl Iterator<Item = f64>) -> Self {
        let mut keys: Vec<(u64, u32)> =
            scores.zip(0u32..).map(|(score, row)| (key(score), row)).collect();
        keys.sort_unstable();
        let next = keys.iter().skip(1).map(|next| Some(next.0)).chain([None]);
        let row = |(&(key, row), next): (&(u64, u32), Option<u64>)| RankedRow {
            row,
            is_positive: positive(row as usize),
            is_last_of_ties: next != Some(key),
        };
        Self { rows: keys.iter().zip(next).map(row).collect() }
    }

    /// Calls `step` with the weight of positive and negative rows of each score, descending.
    fn steps(&self, weights: Option<&[f64]>, mut step: impl FnMut(f64, f64)) {
        let (mut positive, mut negative) = (0.0, 0.0);
        for row in &self.rows {
            let weight = weights.map_or(1.0, |weights| weights[row.row as usize]);
            *if row.is_positive { &mut positive } else { &mut negative } += weight;
            if row.is_last_of_ties {
                step(positive, negative);
                (positive, negative) = (0.0, 0.0);
            }
        }
    }

    pub(super) fn areas(&self, weights: Option<&[f64]>) -> Areas {
        let mut areas = Areas::default();
        self.steps(weights, |positive, negative| {
            areas.pairs += negative * (areas.positive + 0.5 * positive);
            areas.positive += positive;
            areas.negative += negative;
            if positive > 0.0 {
                areas.precision += positive * areas.positive / (areas.positive + areas.negative);
            }
        });
        areas
    }

    /// DeLong's variance of the area, by the sums of placements over ties.
    pub(super) fn delong_variance(&self, areas: &Areas) -> std::result::Result<f64, NoInterval> {
        let (m, n) = (areas.positive, areas.negative);
        if m < 2.0 || n < 2.0 {
            return Err(NoInterval::TooFewUnits);
        }
        let area = areas.pairs / (m * n);
        let (mut above, mut left) = (0.0, n);
        let (mut of_positive, mut of_negative) = (0.0, 0.0);
        self.steps(None, |positive, negative| {
            left -= negative;
            let placed = (left + 0.5 * negative) / n - area;
            of_positive += positive * placed * placed;
            let placed = (above + 0.5 * positive) / m - area;
            of_negative += negative * placed * placed;
            above += positive;
        });
        let variance = of_positive / (m - 1.0) / m + of_negative / (n - 1.0) / n;
        if variance > 0.0 { Ok(variance) } else { Err(NoInterval::NoVariance) }
    }

    /// Adds to each row what it moves the area by: the mean over rows of these is zero.
    pub(super) fn add_influence(&self, areas: &Areas, share: f64, into: &mut [f64]) {
        let (m, n) = (areas.positive, areas.negative);
        let (area, all) = (areas.pairs / (m * n), m + n);
        let (mut above, mut left) = (0.0, n);
        for tied in self.rows.chunk_by(|row, _| !row.is_last_of_ties) {
            let positive = tied.iter().filter(|row| row.is_positive).count() as f64;
            let negative = tied.len() as f64 - positive;
            left -= negative;
            for row in tied {
                let moved = if row.is_positive {
                    ((left + 0.5 * negative) / n - area) * all / m
                } else {
                    ((above + 0.5 * positive) / m - area) * all / n
                };
                into[row.row as usize] += share * moved;
            }
            above += positive;
        }
    }
}

impl Prepared {
    /// All that the metrics need, or what one metric needs.
    pub(super) fn of(suite: &Suite, metric: Option<&str>) -> Self {
        let wanted = |names: &[&str]| metric.is_none_or(|metric| names.contains(&metric));
        let by_rank = wanted(&["roc_auc", "average_precision", "roc_auc_ovr"]);
        let by_probability = wanted(&["log_loss", "brier"]);
        let mut prepared = Self { rows: suite.rows(), ..Self::default() };
        match &suite.columns {
            Columns::Binary { truth, predicted, scores, probabilities, .. } => {
                (prepared.classes, prepared.is_binary) = (2, true);
                prepared.codes = predicted.as_ref().map(|predicted| {
                    let code = |(&t, &p): (&bool, &bool)| 2 * u32::from(t) + u32::from(p);
                    truth.iter().zip(predicted).map(code).collect()
                });
                if let Some(scores) = scores {
                    if by_rank {
                        let scores = scores.iter().copied();
                        prepared.ranked.push(Ranked::new(|row| truth[row], scores));
                    }
                    if *probabilities && by_probability {
                        prepared.losses = binary::losses(truth, scores, suite.epsilon);
                    }
                }
            }
            Columns::Multiclass { classes, truth, predicted, scores } => {
                let k = classes.len();
                prepared.classes = k;
                let code = |(&t, &p): (&u32, &u32)| t * k as u32 + p;
                prepared.codes = Some(truth.iter().zip(predicted).map(code).collect());
                if let Some(scores) = scores {
                    for class in (0..k).filter(|_| by_rank) {
                        let column = scores.iter().skip(class).step_by(k).copied();
                        let ranked = Ranked::new(|row| truth[row] as usize == class, column);
                        prepared.ranked.push(ranked);
                    }
                    if by_probability {
                        prepared.losses = multiclass::losses(truth, scores, k, suite.epsilon);
                    }
                }
            }
            Columns::Regression { truth, predicted } => {
                prepared.losses = regression::losses(truth, predicted);
                prepared.truth.clone_from(truth);
            }
        }
        prepared
    }

    /// The weight of each cell of the confusion matrix.
    pub(super) fn cells(&self, weights: Option<&[f64]>) -> Option<Vec<f64>> {
        let codes = self.codes.as_ref()?;
        let k = self.classes;
        if let Some(weights) = weights {
            let mut cells = vec![0.0; k * k];
            for (&code, weight) in codes.iter().zip(weights) {
                cells[code as usize] += weight;
            }
            return Some(cells);
        }
        let mut counts = vec![0u64; k * k];
        for &code in codes {
            counts[code as usize] += 1;
        }
        Some(counts.into_iter().map(|count| count as f64).collect())
    }

    /// The true class of each row.
    pub(super) fn classes_of_rows(&self) -> impl Iterator<Item = usize> {
        self.codes.iter().flatten().map(|&code| code as usize / self.classes)
    }

    pub(super) fn table(&self, weights: Option<&[f64]>) -> Option<Table> {
        self.cells(weights).map(|cells| Table::new(&cells, self.classes))
    }

    pub(super) fn loss(&self, name: &str) -> Option<&[f64]> {
        let found = self.losses.iter().find(|(known, _)| *known == name);
        found.map(|(_, losses)| losses.as_slice())
    }

    /// The mean of a loss.
    pub(super) fn mean(&self, name: &str, weights: Option<&[f64]>) -> Option<f64> {
        let losses = self.loss(name)?;
        Some(match weights {
            None => total(losses) / losses.len() as f64,
            Some(weights) => sum2(losses, weights, |loss, weight| loss * weight) / total(weights),
        })
    }

    /// What one set of weights costs, in rows gone through.
    pub(super) fn work(&self) -> usize {
        let columns = 1 + self.ranked.len() + self.losses.len();
        let cells = if self.codes.is_some() { self.classes * self.classes } else { 0 };
        columns * self.rows + cells
    }

    /// The metrics of these names with weights, or with each row once.
    pub(super) fn values(&self, names: &[&'static str], weights: Option<&[f64]>) -> Vec<Metric> {
        count(self.work());
        if !self.truth.is_empty() {
            return names.iter().map(|name| regression::value(name, self, weights)).collect();
        }
        let table = self.table(weights);
        let areas: Vec<Areas> = self.ranked.iter().map(|ranked| ranked.areas(weights)).collect();
        let value = |&name: &&'static str| {
            if let Some(mean) = self.mean(name, weights) {
                return Metric::of(mean);
            }
            match (name, areas.as_slice(), &table) {
                ("roc_auc", [areas], _) => areas.roc_auc(),
                ("average_precision", [areas], _) => areas.average_precision(),
                ("roc_auc_ovr", areas, _) => multiclass::mean_area(areas),
                (name, _, Some(table)) if self.is_binary => binary::of_table(name, table),
                (name, _, Some(table)) => multiclass::of_table(name, table),
                _ => Metric::silent(f64::NAN, Reason::TooFewRows),
            }
        };
        names.iter().map(value).collect()
    }
}
