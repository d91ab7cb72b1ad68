//! A confusion matrix as shares of all rows: averages over its classes, and by the delta method how
//! far each may be off.

use crate::error::{Metric, Reason, Result};
use crate::interval::{Interval, mean_of_shares, student};

use super::{NoInterval, Told};

/// Shares of rows, row after row: true class, predicted class.
pub(super) struct Table {
    k: usize,
    shares: Vec<f64>,
    truth: Vec<f64>,
    predicted: Vec<f64>,
    total: f64,
}

/// A metric of a table, and how it moves with the share of each cell.
pub(super) struct Smooth<'a> {
    pub(super) metric: Metric,
    gradient: Box<dyn Fn(usize, usize) -> f64 + 'a>,
    range: (f64, f64),
}

impl Table {
    /// A table of counts or weights, of which there are some.
    pub(super) fn new(cells: &[f64], k: usize) -> Self {
        let total: f64 = cells.iter().sum();
        let shares: Vec<f64> = cells.iter().map(|cell| cell / total).collect();
        let truth = (0..k).map(|i| (0..k).map(|j| shares[i * k + j]).sum()).collect();
        let predicted = (0..k).map(|j| (0..k).map(|i| shares[i * k + j]).sum()).collect();
        Self { k, shares, truth, predicted, total }
    }

    fn diagonal(&self, class: usize) -> f64 {
        self.shares[class * self.k + class]
    }

    pub(super) fn accuracy(&self) -> f64 {
        (0..self.k).map(|class| self.diagonal(class)).sum()
    }

    /// The weight of a cell.
    pub(super) fn weight(&self, truth: usize, predicted: usize) -> f64 {
        self.shares[truth * self.k + predicted] * self.total
    }

    /// The mean recall of the classes in the truth.
    pub(super) fn balanced_accuracy(&self) -> Smooth<'_> {
        let known = |class: &usize| self.truth[*class] > 0.0;
        let classes = (0..self.k).filter(known).count() as f64;
        let recall = |class: usize| self.diagonal(class) / self.truth[class];
        let mean = (0..self.k).filter(known).map(recall).sum::<f64>() / classes;
        let stray = (0..self.k).any(|class| !known(&class) && self.predicted[class] > 0.0);
        let metric = if classes < 2.0 {
            Metric::silent(mean, Reason::OneClass)
        } else if stray {
            Metric::silent(mean, Reason::PredictedNotTrue)
        } else {
            Metric::of(mean)
        };
        let gradient = move |i: usize, j: usize| {
            let own = if i == j { 1.0 } else { 0.0 };
            (own - recall(i)) / self.truth[i] / classes
        };
        Smooth { metric, gradient: Box::new(gradient), range: (0.0, 1.0) }
    }

    /// The mean precision of the classes that occur.
    pub(super) fn precision(&self) -> Smooth<'_> {
        let classes = self.occurring();
        let precision = |class: usize| {
            let predicted = self.predicted[class];
            if predicted > 0.0 { self.diagonal(class) / predicted } else { 0.0 }
        };
        let mean = (0..self.k).map(precision).sum::<f64>() / classes;
        let unpredicted = |class: usize| self.truth[class] > 0.0 && self.predicted[class] <= 0.0;
        let undefined = (0..self.k).any(unpredicted);
        let metric =
            if undefined { Metric::silent(mean, Reason::NonePredicted) } else { Metric::of(mean) };
        let gradient = move |i: usize, j: usize| {
            let own = if i == j { 1.0 } else { 0.0 };
            (own - precision(j)) / self.predicted[j] / classes
        };
        Smooth { metric, gradient: Box::new(gradient), range: (0.0, 1.0) }
    }

    /// The mean F1 of the classes that occur.
    pub(super) fn f1(&self) -> Smooth<'_> {
        let classes = self.occurring();
        let whole = |class: usize| self.truth[class] + self.predicted[class];
        let f1 = move |class: usize| {
            if whole(class) > 0.0 { 2.0 * self.diagonal(class) / whole(class) } else { 0.0 }
        };
        let mean = (0..self.k).map(f1).sum::<f64>() / classes;
        let gradient = move |i: usize, j: usize| {
            let own = if i == j { 2.0 / whole(i) } else { 0.0 };
            (own - f1(i) / whole(i) - f1(j) / whole(j)) / classes
        };
        Smooth { metric: Metric::of(mean), gradient: Box::new(gradient), range: (0.0, 1.0) }
    }

    /// Matthews' correlation in Gorodkin's form.
    pub(super) fn matthews(&self) -> Smooth<'_> {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let covariance = self.accuracy() - dot(&self.truth, &self.predicted);
        let of_truth = 1.0 - dot(&self.truth, &self.truth);
        let of_predicted = 1.0 - dot(&self.predicted, &self.predicted);
        let root = (of_truth * of_predicted).max(0.0).sqrt();
        let flat = is_constant(&self.truth) || is_constant(&self.predicted);
        let metric = if flat {
            Metric::silent(0.0, Reason::NoVariance)
        } else {
            Metric::of((covariance / root).clamp(-1.0, 1.0))
        };
        let value = metric.value;
        let gradient = move |i: usize, j: usize| {
            let own = if i == j { 1.0 } else { 0.0 };
            // With all shares as they are the whole is 1: its own part is the same in every cell.
            let numerator = own - self.predicted[i] - self.truth[j];
            numerator / root + value * (self.truth[i] / of_truth + self.predicted[j] / of_predicted)
        };
        Smooth { metric, gradient: Box::new(gradient), range: (-1.0, 1.0) }
    }

    /// Cohen's kappa.
    pub(super) fn kappa(&self) -> Smooth<'_> {
        let chance: f64 = self.truth.iter().zip(&self.predicted).map(|(r, c)| r * c).sum();
        let agreed = self.accuracy();
        let left = 1.0 - chance;
        let alone = is_constant(&self.truth) && is_constant(&self.predicted);
        let metric = if alone && agreed > 0.0 {
            Metric::silent(f64::NAN, Reason::OneClass)
        } else {
            Metric::of((agreed - chance) / left)
        };
        let gradient = move |i: usize, j: usize| {
            let own = if i == j { 1.0 } else { 0.0 };
            let by_chance = self.predicted[i] + self.truth[j];
            own / left - by_chance * (1.0 - agreed) / (left * left)
        };
        Smooth { metric, gradient: Box::new(gradient), range: (-1.0, 1.0) }
    }

    fn occurring(&self) -> f64 {
        (0..self.k).filter(|&class| self.truth[class] + self.predicted[class] > 0.0).count() as f64
    }

    /// Of each class of the truth, how many rows are predicted so, and how many there are.
    pub(super) fn recalls(&self) -> Vec<(u64, u64)> {
        self.counts(&self.truth)
    }

    /// Of each predicted class, how many rows are of it, and how many were predicted so.
    pub(super) fn precisions(&self) -> Vec<(u64, u64)> {
        self.counts(&self.predicted)
    }

    fn counts(&self, margin: &[f64]) -> Vec<(u64, u64)> {
        let count = |share: f64| (share * self.total).round() as u64;
        let counts = margin.iter().enumerate();
        let counts = counts.map(|(class, &all)| (count(self.diagonal(class)), count(all)));
        counts.filter(|&(_, all)| all > 0).collect()
    }

    /// The interval of the mean of shares of different rows.
    pub(super) fn mean_of(shares: &[(u64, u64)], level: f64) -> Result<Told> {
        Ok(if shares.is_empty() {
            Err(NoInterval::TooFewUnits)
        } else {
            Ok(mean_of_shares(shares, level)?)
        })
    }

    /// The interval by the delta method for multinomial counts, and Student's t. The variance is that
    /// of the table with a right and a wrong row more of each class, so that few rows that are all
    /// right, or all of a rare class, are no certainty.
    ///
    /// Sources: Agresti, Categorical data analysis (2013), 16.1; Agresti and Coull, Approximate is
    /// better than "exact" for interval estimation of binomial proportions (1998), on the rows more.
    pub(super) fn interval(
        &self,
        of: for<'a> fn(&'a Self) -> Smooth<'a>,
        level: f64,
    ) -> Result<Told> {
        if self.total < 2.0 {
            return Ok(Err(NoInterval::TooFewUnits));
        }
        let table = self.widened();
        let smooth = of(&table);
        let slope = |(cell, &share): (usize, &f64)| {
            (share > 0.0).then(|| (share, (smooth.gradient)(cell / self.k, cell % self.k)))
        };
        let slopes: Vec<(f64, f64)> = table.shares.iter().enumerate().filter_map(slope).collect();
        let mean: f64 = slopes.iter().map(|(share, slope)| share * slope).sum();
        let square = |(share, slope): &(f64, f64)| share * (slope - mean).powi(2);
        let variance = slopes.iter().map(square).sum::<f64>() / table.total;
        if variance.is_nan() {
            return Ok(Err(NoInterval::NoVariance));
        }
        let reach = student(level, self.total - 1.0)? * variance.sqrt();
        let (estimate, (least, most)) = (of(self).metric.value, smooth.range);
        let (lower, upper) = ((estimate - reach).max(least), (estimate + reach).min(most));
        Ok(Ok(Interval { estimate, lower, upper, level }))
    }

    /// With a right row more of each class that occurs, and one shared out over the others.
    fn widened(&self) -> Self {
        let occurs: Vec<bool> =
            (0..self.k).map(|class| self.truth[class] + self.predicted[class] > 0.0).collect();
        let others = self.occurring() - 1.0;
        let cell = |(cell, share): (usize, &f64)| {
            let (truth, predicted) = (cell / self.k, cell % self.k);
            let more = match (truth == predicted, occurs[truth] && occurs[predicted]) {
                (_, false) => 0.0,
                (true, _) => 1.0,
                (false, _) => 1.0 / others,
            };
            share * self.total + more
        };
        let cells: Vec<f64> = self.shares.iter().enumerate().map(cell).collect();
        Self::new(&cells, self.k)
    }
}

/// Whether all rows are of one class.
fn is_constant(margin: &[f64]) -> bool {
    margin.iter().filter(|&&share| share > 0.0).count() < 2
}

#[cfg(test)]
mod tests {
    use super::*;

    type Of = for<'a> fn(&'a Table) -> Smooth<'a>;

    /// Gradients against differences, up to what is the same in every cell.
    #[test]
    fn slopes_are_those_of_the_metrics() {
        let cells = [30.0, 5.0, 2.0, 7.0, 21.0, 4.0, 1.0, 6.0, 14.0];
        let all: [Of; 5] =
            [Table::balanced_accuracy, Table::precision, Table::f1, Table::matthews, Table::kappa];
        for of in all {
            let table = Table::new(&cells, 3);
            let smooth = of(&table);
            let step = 1e-5;
            let slope = |cell: usize| {
                let moved = |by: f64| {
                    let mut cells = cells;
                    cells[cell] += by;
                    of(&Table::new(&cells, 3)).metric.value
                };
                (moved(step) - moved(-step)) / (2.0 * step) * 90.0
            };
            // A step in one cell also makes the whole larger: that takes the mean slope away.
            let mean: f64 =
                (0..9).map(|cell| cells[cell] / 90.0 * (smooth.gradient)(cell / 3, cell % 3)).sum();
            for cell in 0..9 {
                let own = (smooth.gradient)(cell / 3, cell % 3) - mean;
                assert!((own - slope(cell)).abs() < 1e-5, "{own} {}", slope(cell));
            }
        }
    }
}
