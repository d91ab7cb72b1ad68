//! Which of the rows a metric rests on, so that few of them are told as few.

use super::{Columns, Suite};
use crate::interval::{units, units_by_class};

impl Suite {
    /// As how many units the rows count for a metric; in a comparison also with the predictions of
    /// `other`. A share counts the rows that it is a share of, a mean over classes those of each class,
    /// and what is a mean over rows all of them.
    pub(super) fn units_of(&self, metric: &str, other: Option<&Self>) -> usize {
        let (strata, weights) = (self.strata.as_deref(), self.weights.as_deref());
        if let Some(classes) = self.classes_of(metric) {
            return units_by_class(&self.keys, &classes, strata, weights);
        }
        let is_of =
            |row| self.is_of(metric, row) || other.is_some_and(|other| other.is_of(metric, row));
        let own = |row| weights.map_or(1.0, |weights| weights[row]);
        let weight = |row| if is_of(row) { own(row) } else { 0.0 };
        let weights: Vec<f64> = (0..self.rows()).map(weight).collect();
        units(&self.keys, strata, Some(&weights))
    }

    /// The class of each row, for a metric that is made of a mean over each class.
    fn classes_of(&self, metric: &str) -> Option<Vec<u32>> {
        match (&self.columns, metric) {
            (
                Columns::Binary { truth, .. },
                "roc_auc" | "average_precision" | "balanced_accuracy",
            ) => Some(truth.iter().map(|&truth| u32::from(truth)).collect()),
            (
                Columns::Multiclass { truth, .. },
                "roc_auc_ovr" | "balanced_accuracy" | "precision_macro" | "f1_macro",
            ) => Some(truth.clone()),
            _ => None,
        }
    }

    /// Whether a row is one of those that a share is taken of.
    fn is_of(&self, metric: &str, row: usize) -> bool {
        let Columns::Binary { truth, predicted: Some(predicted), .. } = &self.columns else {
            return true;
        };
        match metric {
            "recall" => truth[row],
            "specificity" => !truth[row],
            "precision" => predicted[row],
            "negative_predictive_value" => !predicted[row],
            "f1" => truth[row] || predicted[row],
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Binary, NoInterval, Settings};
    use super::*;
    use crate::column::{Labels, Scores};
    use crate::interval::bootstrap_roc_auc;

    /// Rows of which so many are positive, and predicted so.
    fn suite(positive: usize, predicted: usize) -> Suite {
        let first = |count: usize| (0..60).map(|row| row < count).collect::<Vec<bool>>();
        let scores: Vec<f64> = (0..60).map(|row| f64::from(row * 7 % 60)).collect();
        Suite::binary(
            Labels::Bool(&first(positive)),
            Some(Labels::Bool(&first(predicted))),
            Some(Scores::F64(&scores)),
            Some(&[2.0; 60]),
            Binary::default(),
        )
        .unwrap()
    }

    #[test]
    fn each_metric_counts_what_it_rests_on() {
        let one = suite(10, 5);
        let count = |name| one.units_of(name, None);
        assert_eq!(["accuracy", "matthews", "log_loss"].map(count), [60; 3]);
        assert_eq!(["recall", "specificity"].map(count), [10, 50]);
        assert_eq!(["precision", "negative_predictive_value", "f1"].map(count), [5, 55, 10]);
        let by_class = units_by_class(&one.keys, &one.classes_of("roc_auc").unwrap(), None, None);
        for name in ["roc_auc", "average_precision", "balanced_accuracy"] {
            assert_eq!(count(name), by_class);
        }
        // Rows that either of two models predicts as positive.
        assert_eq!(one.units_of("precision", Some(&suite(10, 20))), 20);
        // Of a cluster of all positives and of others, by strata.
        let keys: Vec<u64> = (0..60).map(|row| if row < 10 { 0 } else { row }).collect();
        assert_eq!(one.clone().clustered(&keys).unwrap().units_of("recall", None), 1);
        let strata: Vec<u32> = (0..60).map(|row| u32::from(row < 3)).collect();
        assert_eq!(one.stratified(&strata).unwrap().units_of("roc_auc", None), 1);
    }

    #[test]
    fn an_area_counts_the_same_wherever_it_is_resampled() {
        for positive in [0, 3, 5, 12, 30, 57, 60] {
            let (suite, truth) = (suite(positive, 5), vec![true; positive]);
            let truth = [truth, vec![false; 60 - positive]].concat();
            let scores: Vec<f64> = (0..60).map(|row| f64::from(row * 7 % 60)).collect();
            let area =
                bootstrap_roc_auc(Labels::Bool(&truth), Scores::F64(&scores), 100, 1).unwrap();
            assert_eq!(area.units, suite.units_of("roc_auc", None), "{positive}");
        }
    }

    #[test]
    fn three_positives_tell_no_area_but_an_accuracy() {
        let measured = suite(3, 5).measure(&Settings::default()).unwrap();
        let why = |name| measured.iter().find(|one| one.name == name).unwrap().no_interval;
        for name in ["roc_auc", "average_precision", "balanced_accuracy", "recall", "f1"] {
            assert_eq!(why(name), Some(NoInterval::TooFewUnits), "{name}");
        }
        assert_eq!(["accuracy", "specificity"].map(why), [None; 2]);
    }
}
