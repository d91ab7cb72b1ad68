//! The metrics of numbers against numbers.

use super::binary::mean_interval;
use super::prepared::Prepared;
use super::{Measured, Method, NoInterval, Told, mean_and_error, student};
use crate::distribution::binomial_cdf;
use crate::error::{Metric, Reason, Result};
use crate::interval::{Interval, outside};
use crate::sum::{sum, total};

pub(super) const NAMES: [&str; 6] = ["mae", "rmse", "r2", "bias", "median_absolute_error", "mape"];

const UNBOUNDED: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);
const FROM_ZERO: (f64, f64) = (0.0, f64::INFINITY);

/// What is averaged: absolute, squared and signed errors, and absolute ones relative to the truth.
pub(super) fn losses(truth: &[f64], predicted: &[f64]) -> Vec<(&'static str, Vec<f64>)> {
    let rows = || truth.iter().zip(predicted);
    let relative = |(y, p): (&f64, &f64)| ((p - y) / y).abs();
    let mut losses = vec![
        ("mae", rows().map(|(y, p)| (p - y).abs()).collect()),
        ("mse", rows().map(|(y, p)| (p - y) * (p - y)).collect()),
        ("bias", rows().map(|(y, p)| p - y).collect()),
    ];
    if truth.iter().all(|&y| y != 0.0) {
        losses.push(("mape", rows().map(relative).collect()));
    }
    losses
}

pub(super) fn value(name: &str, prepared: &Prepared, weights: Option<&[f64]>) -> Metric {
    let mean = |name| prepared.mean(name, weights).unwrap_or(f64::NAN);
    let plain = |value: f64| {
        if value.is_finite() { Metric::of(value) } else { Metric::silent(value, Reason::TooLarge) }
    };
    match name {
        "rmse" => plain(mean("mse").sqrt()),
        "r2" => explained(prepared, weights, mean("mse")),
        "median_absolute_error" => plain(median(prepared, weights)),
        "mape" if prepared.loss("mape").is_none() => Metric::silent(f64::NAN, Reason::ZeroTarget),
        name => plain(mean(name)),
    }
}

fn explained(prepared: &Prepared, weights: Option<&[f64]>, mean_square: f64) -> Metric {
    let truth = &prepared.truth;
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    if truth.len() < 2 {
        return Metric::silent(f64::NAN, Reason::TooFewRows);
    }
    let mut known = (0..truth.len()).filter(|&row| weight(row) > 0.0).map(|row| truth[row]);
    let first = known.next();
    if known.all(|value| Some(value) == first) {
        return Metric::silent(f64::NAN, Reason::ConstantTruth);
    }
    let whole = sum(truth.len(), weight);
    let mean = sum(truth.len(), |row| weight(row) * truth[row]) / whole;
    let spread = sum(truth.len(), |row| weight(row) * (truth[row] - mean).powi(2)) / whole;
    if spread <= 0.0 {
        return Metric::silent(f64::NAN, Reason::ConstantTruth);
    }
    let explained = 1.0 - mean_square / spread;
    if explained.is_finite() {
        Metric::of(explained)
    } else {
        Metric::silent(explained, Reason::TooLarge)
    }
}

fn median(prepared: &Prepared, weights: Option<&[f64]>) -> f64 {
    let errors = prepared.loss("mae").unwrap_or_default();
    crate::regression::median_of(errors, weights)
}

pub(super) fn measure(
    truth: &[f64],
    predicted: &[f64],
    prepared: &Prepared,
    level: f64,
) -> Result<Vec<Measured>> {
    let one = |&name: &&'static str| -> Result<Measured> {
        let metric = value(name, prepared, None);
        let student = |told| (told, Method::StudentT);
        let (told, method) = match name {
            _ if metric.undefined.is_some() => student(Err(NoInterval::TooFewUnits)),
            "rmse" => student(root(prepared, metric.value, level)?),
            "r2" => student(share_interval(truth, predicted, metric.value, level)?),
            "median_absolute_error" => {
                let errors = prepared.loss("mae").unwrap_or_default();
                (median_interval(errors, metric.value, level)?, Method::OrderStatistics)
            }
            "bias" => student(mean_of(prepared, name, level, UNBOUNDED)?),
            name => student(mean_of(prepared, name, level, FROM_ZERO)?),
        };
        let told = match told {
            Ok(it) if !(it.lower.is_finite() && it.upper.is_finite()) => Err(NoInterval::TooLarge),
            told => told,
        };
        Ok(Measured::new(name, metric, told, method))
    };
    NAMES.iter().map(one).collect()
}

fn mean_of(prepared: &Prepared, name: &str, level: f64, range: (f64, f64)) -> Result<Told> {
    mean_interval(prepared.loss(name).unwrap_or_default(), level, range)
}

/// The interval of the mean square, and its roots.
fn root(prepared: &Prepared, estimate: f64, level: f64) -> Result<Told> {
    let square = mean_of(prepared, "mse", level, FROM_ZERO)?;
    Ok(square.map(|it| Interval {
        estimate,
        lower: it.lower.sqrt(),
        upper: it.upper.sqrt(),
        level,
    }))
}

/// The delta method on the two means that R² is a ratio of.
fn share_interval(truth: &[f64], predicted: &[f64], explained: f64, level: f64) -> Result<Told> {
    let mean = total(truth) / truth.len() as f64;
    let spread = sum(truth.len(), |row| (truth[row] - mean).powi(2)) / truth.len() as f64;
    let moved: Vec<f64> = truth
        .iter()
        .zip(predicted)
        .map(|(y, p)| ((1.0 - explained) * (y - mean).powi(2) - (p - y).powi(2)) / spread)
        .collect();
    let known = mean_and_error(&moved);
    let range = (f64::NEG_INFINITY, 1.0);
    Ok(match known {
        Ok((_, error)) => Ok(student(explained, error, truth.len(), level, range)?),
        Err(why) => Err(why),
    })
}

/// Two order statistics between which the median lies with the level's chance at least.
///
/// Source: David and Nagaraja, Order statistics (2003), 7.1.
fn median_interval(errors: &[f64], estimate: f64, level: f64) -> Result<Told> {
    let (n, tail) = (errors.len() as f64, outside(level)? / 2.0);
    // The most errors of which that few below the median are less likely than the tail.
    let (mut few, mut many) = (-1i64, errors.len() as i64);
    while many - few > 1 {
        let middle = i64::midpoint(few, many);
        *(if binomial_cdf(middle as f64, n, 0.5) <= tail { &mut few } else { &mut many }) = middle;
    }
    let Ok(rank) = usize::try_from(few) else { return Ok(Err(NoInterval::TooFewUnits)) };
    let mut sorted = errors.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let (lower, upper) = (sorted[rank], sorted[errors.len() - 1 - rank]);
    let interval = Interval { estimate, lower, upper, level };
    let varies = sorted.first() != sorted.last();
    Ok(if varies { Ok(interval) } else { Err(NoInterval::NoVariance) })
}
