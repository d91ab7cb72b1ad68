//! Numbers of the whole matrix: balanced accuracy, Matthews, kappa, likelihood ratios, cost.

use crate::error::{Error, Metric, Reason, Result, Warning};

use super::{Confusion, Normalize};

/// How far apart two classes are, in Cohen's kappa.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Kappa {
    /// All different classes are equally far apart.
    #[default]
    Plain,
    /// By the number of classes between them.
    Linear,
    /// By the square of that number.
    Quadratic,
}

/// The likelihood ratios of a positive and of a negative prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LikelihoodRatios {
    /// Recall over the share of negatives that were predicted positive.
    pub positive: Metric,
    /// The share of positives that were predicted negative, over specificity.
    pub negative: Metric,
}

/// What each pair of true and predicted class costs, in the unit of the caller.
#[derive(Clone, Debug, PartialEq)]
pub struct CostMatrix {
    classes: usize,
    costs: Vec<f64>,
}

impl CostMatrix {
    /// Costs row after row: true class, predicted class. Gains are negative costs.
    pub fn new(classes: usize, costs: Vec<f64>) -> Result<Self> {
        crate::column::not_empty("costs", classes)?;
        crate::column::same_length("costs", costs.len(), classes.saturating_mul(classes))?;
        crate::column::finite("costs", &costs)?;
        Ok(Self { classes, costs })
    }
}

impl Confusion {
    /// The mean recall of the classes in the truth; `adjusted` makes chance 0 and perfection 1.
    ///
    /// Source: scikit-learn 1.9 `balanced_accuracy_score`.
    pub fn balanced_accuracy(&self, adjusted: bool) -> Metric {
        let recalls: Vec<f64> = self
            .tallies()
            .iter()
            .filter(|tally| tally.truth() != 0.0)
            .map(|tally| tally.true_positive / tally.truth())
            .collect();
        let n = recalls.len() as f64;
        let mean = recalls.iter().sum::<f64>() / n;
        let value = if adjusted { (mean - 1.0 / n) / (1.0 - 1.0 / n) } else { mean };
        if recalls.len() < self.listed {
            return Metric::warned(value, Reason::PredictedNotTrue, Warning::User);
        }
        Metric { value, undefined: self.single_class() }
    }

    /// Matthews' correlation, in Gorodkin's form for several classes (`R_K`).
    ///
    /// Source: Gorodkin, Comparing two K-category assignments by a K-category correlation
    /// coefficient (2004); scikit-learn 1.9 `matthews_corrcoef`.
    pub fn matthews(&self) -> Metric {
        let (truth, predicted) = self.margins(self.classes.len());
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let n: f64 = predicted.iter().sum();
        let covariance = self.correct() * n - dot(&truth, &predicted);
        let variance = (n * n - dot(&predicted, &predicted)) * (n * n - dot(&truth, &truth));
        if variance != 0.0 {
            return Metric::of(covariance / variance.sqrt());
        }
        match self.single_class() {
            Some(undefined) => Metric { value: 0.0, undefined: Some(undefined) },
            None => Metric::silent(0.0, Reason::NoVariance),
        }
    }

    /// Cohen's kappa over the listed classes: agreement beyond chance.
    ///
    /// Source: Cohen (1960; weighted 1968); scikit-learn 1.9 `cohen_kappa_score`.
    pub fn kappa(&self, weights: Kappa) -> Result<Metric> {
        let cells = self.matrix(Normalize::None)?;
        let k = self.listed;
        let (truth, predicted) = self.margins(k);
        let n: f64 = predicted.iter().sum();
        let undefined = Metric::warned(f64::NAN, Reason::OneClass, Warning::UndefinedMetric);
        if n == 0.0 {
            return Ok(undefined);
        }
        let (mut observed, mut expected) = (0.0, 0.0);
        for row in 0..k {
            for column in 0..k {
                let apart = row.abs_diff(column) as f64;
                let weight = match weights {
                    Kappa::Plain => apart.min(1.0),
                    Kappa::Linear => apart,
                    Kappa::Quadratic => apart * apart,
                };
                observed += weight * cells[row * k + column];
                expected += weight * (truth[row] * predicted[column] / n);
            }
        }
        Ok(if expected == 0.0 { undefined } else { Metric::of(1.0 - observed / expected) })
    }

    /// How much a prediction moves the odds of the second of two classes.
    ///
    /// `replace` is given where a ratio is undefined: for the positive one at least 1, for the
    /// negative one within [0, 1], or NaN.
    /// Source: scikit-learn 1.9 `class_likelihood_ratios`.
    pub fn likelihood_ratios(&self, replace: (f64, f64)) -> Result<LikelihoodRatios> {
        check_replacements(replace)?;
        if self.occurring() > 2 || self.listed != 2 {
            let found = self.occurring().max(self.listed);
            return Err(Error::Classes { argument: "y_true", found, expected: "two" });
        }
        let cells = self.matrix(Normalize::None)?;
        let &[tn, fp, fn_, tp] = cells.as_slice() else {
            return Err(Error::Classes { argument: "y_true", found: self.listed, expected: "two" });
        };
        let ratio = |part: f64, whole: f64, undefined: bool, replace: f64| {
            let value = if undefined { replace } else { part / whole };
            let reason =
                if tp + fn_ == 0.0 { Reason::NoPositives } else { Reason::ZeroDenominator };
            if undefined || tp + fn_ == 0.0 {
                Metric::warned(value, reason, Warning::UndefinedMetric)
            } else {
                Metric::of(value)
            }
        };
        Ok(LikelihoodRatios {
            positive: ratio(tp * (tn + fp), fp * (tp + fn_), fp == 0.0, replace.0),
            negative: ratio(fn_ * (tn + fp), tn * (tp + fn_), tn == 0.0, replace.1),
        })
    }

    /// The mean cost of a row of the listed classes; multiplied by their weight it is the total.
    ///
    /// Source: Elkan, The foundations of cost-sensitive learning (IJCAI 2001).
    pub fn mean_cost(&self, costs: &CostMatrix) -> Result<Metric> {
        if costs.classes != self.listed {
            let (found, expected) = (costs.classes, self.listed);
            return Err(Error::Columns { argument: "costs", found, expected });
        }
        let cells = self.matrix(Normalize::None)?;
        let weight: f64 = cells.iter().sum();
        let cost: f64 = cells.iter().zip(&costs.costs).map(|(cell, cost)| cell * cost).sum();
        if weight == 0.0 {
            return Ok(Metric::silent(f64::NAN, Reason::NoneTrueNorPredicted));
        }
        Ok(Metric::of(cost / weight))
    }

    /// The sums of the first `k` rows and columns.
    fn margins(&self, k: usize) -> (Vec<f64>, Vec<f64>) {
        let row = |row| (0..k).map(|column| self.cell(row, column)).sum();
        let column = |column| (0..k).map(|row| self.cell(row, column)).sum();
        ((0..k).map(row).collect(), (0..k).map(column).collect())
    }
}

fn check_replacements((positive, negative): (f64, f64)) -> Result<()> {
    let argument = "replace_undefined_by";
    if positive < 1.0 {
        let expected = "at least 1 for the positive ratio";
        return Err(Error::OutOfRange { argument, found: positive, expected });
    }
    if !(negative.is_nan() || (0.0..=1.0).contains(&negative)) {
        let expected = "within [0, 1] for the negative ratio";
        return Err(Error::OutOfRange { argument, found: negative, expected });
    }
    Ok(())
}
