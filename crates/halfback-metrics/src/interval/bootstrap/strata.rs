//! Strata of rows: each keeps its weight in every resample.

use super::distinct;

/// The stratum of each row, and the weight of each stratum.
pub(crate) struct Strata {
    places: Vec<usize>,
    weights: Vec<f64>,
}

impl Strata {
    pub(crate) fn of(strata: &[u32], weights: &[f64]) -> Self {
        let names = distinct(strata.iter().copied());
        let place = |stratum: &u32| names.partition_point(|name| name < stratum);
        let places: Vec<usize> = strata.iter().map(place).collect();
        let weights = totals(&places, names.len(), weights);
        Self { places, weights }
    }

    /// Gives each stratum of a resample its weight; false where one drew nothing that has a weight.
    pub(crate) fn scale(&self, drawn: &mut [f64]) -> bool {
        let mut factors = totals(&self.places, self.weights.len(), drawn);
        for (factor, &weight) in factors.iter_mut().zip(&self.weights) {
            if *factor == 0.0 && weight > 0.0 {
                return false;
            }
            *factor = if weight > 0.0 { weight / *factor } else { 0.0 };
        }
        for (drawn, &place) in drawn.iter_mut().zip(&self.places) {
            *drawn *= factors[place];
        }
        true
    }
}

fn totals(places: &[usize], strata: usize, weights: &[f64]) -> Vec<f64> {
    let mut totals = vec![0.0; strata];
    for (&place, weight) in places.iter().zip(weights) {
        totals[place] += weight;
    }
    totals
}

#[cfg(test)]
mod tests {
    use crate::{Scores, Settings, Suite};

    fn suite(rows: u32, weights: Option<&[f64]>, strata: &[u32]) -> Suite {
        let truth: Vec<f64> = (0..rows).map(f64::from).collect();
        let predicted: Vec<f64> = truth.iter().map(|value| value * 1.5 + 1.0).collect();
        let suite = Suite::regression(Scores::F64(&truth), Scores::F64(&predicted), weights);
        suite.unwrap().stratified(strata).unwrap()
    }

    #[test]
    fn strata_keep_their_weight_in_every_resample() {
        let strata: Vec<u32> = (0..30).map(|row| row % 3 * 7).collect();
        let own: Vec<f64> = (0..30).map(|row| f64::from(row % 3 * row)).collect();
        let of = |stratum: u32, weights: &[f64]| -> f64 {
            let rows = strata.iter().zip(weights).filter(|(of, _)| **of == stratum);
            rows.map(|(_, weight)| weight).sum()
        };
        let cases =
            [(suite(30, Some(&own), &strata), &own), (suite(30, None, &strata), &vec![1.0; 30])];
        for (suite, own) in cases {
            let mut calls = 0;
            let found = suite.measure_by(&Settings::default(), |weights| {
                calls += 1;
                for stratum in [0, 7, 14] {
                    assert!((of(stratum, weights) - of(stratum, own)).abs() < 1e-9);
                }
                weights[1]
            });
            assert!(found.unwrap().interval.is_some() && calls > 900);
        }
    }

    #[test]
    fn what_drew_nothing_of_a_stratum_counts_as_left_out() {
        // Seven of a hundred resamples have every row.
        let strata: Vec<u32> = (0..6).collect();
        let weights: Vec<f64> = (0..12).map(|row| f64::from(1 + row % 2)).collect();
        let halves: Vec<u32> = (0..12).map(|row| row / 6).collect();
        let intervals = |suite: Suite| {
            let measured = suite.measure(&Settings::default()).unwrap();
            measured.iter().filter(|one| one.interval.is_some()).count()
        };
        for weights in [None, Some(&weights)] {
            let of = |rows: u32, strata: &[u32]| {
                intervals(suite(rows, weights.map(|all| &all[..rows as usize]), strata))
            };
            assert_eq!(of(6, &strata), 0);
            assert!(of(12, &halves) > 0);
        }
    }
}
