//! One metric of two models on the same rows.

use super::prepared::Prepared;
use super::resampled::{is_empty, is_enough};
use super::{Columns, Method, Suite, higher_is_better};
use crate::column::{Labels, Scores};
use crate::comparison::{Difference, McNemar, less};
use crate::error::{Error, Metric, Reason, Result};
use crate::interval::{Bootstrap, delong_paired};

/// A metric of two models, and their difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Of the first.
    pub first: Metric,
    /// Of the second.
    pub second: Metric,
    /// First less second; none where one of both is undefined, or where too few resamples have it.
    pub difference: Option<Difference>,
    /// How the difference is told.
    pub method: Method,
}

impl Suite {
    /// Whether a formula tells the difference of two models in this metric, and no resamples are drawn.
    pub fn is_by_formula(&self, metric: &str) -> bool {
        !self.is_resampled() && matches!(metric, "accuracy" | "roc_auc")
    }

    /// Compares this with another model on the same rows by a metric of [`Suite::names`]: areas by
    /// DeLong, accuracy by `McNemar` and Tango, and else, or with weights, clusters or strata, by a
    /// bootstrap of both together. One cluster tells no difference.
    pub fn compare(
        &self,
        other: &Self,
        metric: &str,
        replicates: u32,
        seed: u64,
    ) -> Result<Compared> {
        let unknown = Error::Choice {
            argument: "metric",
            expected: "a metric that both models have, and of which more or less is better",
        };
        let named = |suite: &Self| suite.names().into_iter().find(|name| *name == metric);
        let (Some(name), Some(_), Some(_)) = (named(self), named(other), higher_is_better(metric))
        else {
            return Err(unknown);
        };
        self.same_truth(other)?;
        self.same_draws(other)?;
        self.check_weights()?;
        let prepared = [self, other].map(|suite| Prepared::of(suite, Some(name)));
        crate::stop::after(prepared.iter().map(Prepared::work).sum())?;
        let of = |at: usize, weights: Option<&[f64]>| only(prepared[at].values(&[name], weights));
        let [first, second] = [0, 1].map(|at| of(at, self.weights.as_deref()));
        let defined = first.undefined.is_none() && second.undefined.is_none();
        let (difference, method) = match name {
            "accuracy" if self.is_by_formula(name) => {
                (self.counts_with(other).map(Difference::Counts), Method::McnemarTango)
            }
            "roc_auc" if self.is_by_formula(name) => (self.areas_with(other)?, Method::Delong),
            _ if !defined || self.is_one_cluster() => (None, self.method(true)),
            _ => {
                let resamples = self.resample(replicates, seed, |weights| {
                    if self.is_resampled() && is_empty(weights) {
                        return f64::NAN;
                    }
                    let value = |at| of(at, Some(weights)).defined().unwrap_or(f64::NAN);
                    less(value(0), value(1))
                })?;
                let resamples = Bootstrap { units: self.units_of(name, Some(other)), ..resamples };
                let difference = is_enough(&resamples).then_some(Difference::Resamples(resamples));
                (difference, self.method(true))
            }
        };
        Ok(Compared { first, second, difference: difference.filter(|_| defined), method })
    }

    fn same_draws(&self, other: &Self) -> Result<()> {
        if self.weights != other.weights {
            let expected = "the same weights for both models";
            return Err(Error::Choice { argument: "sample_weight", expected });
        }
        if (&self.keys, self.is_clustered) != (&other.keys, other.is_clustered) {
            let expected = "the same clusters for both models";
            return Err(Error::Choice { argument: "clusters", expected });
        }
        if self.strata != other.strata {
            let expected = "the same strata for both models";
            return Err(Error::Choice { argument: "strata", expected });
        }
        Ok(())
    }

    fn same_truth(&self, other: &Self) -> Result<()> {
        let same = match (&self.columns, &other.columns) {
            (Columns::Binary { truth, .. }, Columns::Binary { truth: second, .. }) => {
                truth == second
            }
            (
                Columns::Multiclass { truth, classes, .. },
                Columns::Multiclass { truth: second, classes: others, .. },
            ) => truth == second && classes == others,
            (Columns::Regression { truth, .. }, Columns::Regression { truth: second, .. }) => {
                truth == second
            }
            _ => false,
        };
        if same {
            return Ok(());
        }
        Err(Error::Choice { argument: "y_true", expected: "the same rows and classes for both" })
    }

    fn counts_with(&self, other: &Self) -> Option<McNemar> {
        fn right<T: PartialEq>(truth: &[T], predicted: &[T]) -> Vec<bool> {
            truth.iter().zip(predicted).map(|(truth, predicted)| truth == predicted).collect()
        }
        let of = |suite: &Self| match &suite.columns {
            Columns::Binary { truth, predicted: Some(predicted), .. } => {
                Some(right(truth, predicted))
            }
            Columns::Multiclass { truth, predicted, .. } => Some(right(truth, predicted)),
            _ => None,
        };
        let (first, second) = (of(self)?, of(other)?);
        let only = |one: bool| {
            first.iter().zip(&second).filter(|(a, b)| **a == one && **b != one).count() as u64
        };
        Some(McNemar { first_only: only(true), second_only: only(false), rows: first.len() as u64 })
    }

    fn areas_with(&self, other: &Self) -> Result<Option<Difference>> {
        let (Some((truth, first)), Some((_, second))) =
            (self.binary_scores(), other.binary_scores())
        else {
            return Ok(None);
        };
        let positives = truth.iter().filter(|&&truth| truth).count();
        if positives.min(truth.len() - positives) < 2 {
            return Ok(None);
        }
        let areas = delong_paired(Labels::Bool(truth), Scores::F64(first), Scores::F64(second))?;
        Ok(Some(areas.into()))
    }
}

fn only(values: Vec<Metric>) -> Metric {
    let none = Metric::silent(f64::NAN, Reason::TooFewRows);
    values.into_iter().next().unwrap_or(none)
}
