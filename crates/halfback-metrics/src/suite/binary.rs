//! The metrics of two classes.

use super::prepared::Prepared;
use super::table::Table;
use super::{Measured, Method, NoInterval, Told, mean_and_error, student};
use crate::error::{Metric, Reason, Result};
use crate::interval::{AreaEstimate, Interval, critical, freedom, wilson};

const OF_LABELS: [&str; 8] = [
    "accuracy",
    "balanced_accuracy",
    "precision",
    "recall",
    "specificity",
    "negative_predictive_value",
    "f1",
    "matthews",
];

pub(super) fn names(labels: bool, scores: bool, probabilities: bool) -> Vec<&'static str> {
    let ranks = ["roc_auc", "average_precision"].into_iter().filter(|_| scores);
    let losses = ["log_loss", "brier"].into_iter().filter(|_| probabilities);
    OF_LABELS.into_iter().filter(|_| labels).chain(ranks).chain(losses).collect()
}

/// The log loss and the squared distance of each row; logarithms clipped by `epsilon`.
pub(super) fn losses(
    truth: &[bool],
    probabilities: &[f64],
    epsilon: f64,
) -> Vec<(&'static str, Vec<f64>)> {
    let own = |(&truth, &p): (&bool, &f64)| if truth { p } else { 1.0 - p };
    let rows = || truth.iter().zip(probabilities).map(own);
    let log = |p: f64| -p.clamp(epsilon, 1.0 - epsilon).ln();
    vec![
        ("log_loss", rows().map(log).collect()),
        ("brier", rows().map(|p| (1.0 - p) * (1.0 - p)).collect()),
    ]
}

/// Hits and all of a share that is a metric, and why it is undefined where there are none.
fn share(name: &str, table: &Table) -> Option<(f64, f64, Reason)> {
    let [tn, fp, fn_, tp] = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(t, p)| table.weight(t, p));
    Some(match name {
        "accuracy" => (tp + tn, tp + tn + fp + fn_, Reason::TooFewRows),
        "precision" => (tp, tp + fp, Reason::NonePredicted),
        "recall" => (tp, tp + fn_, Reason::NoPositives),
        "specificity" => (tn, tn + fp, Reason::NoNegatives),
        "negative_predictive_value" => (tn, tn + fn_, Reason::NonePredicted),
        // The Jaccard index, which F1 follows.
        "f1" => (tp, tp + fp + fn_, Reason::NoneTrueNorPredicted),
        _ => return None,
    })
}

/// F1 as a function of the Jaccard index.
fn f1(jaccard: f64) -> f64 {
    2.0 * jaccard / (1.0 + jaccard)
}

pub(super) fn of_table(name: &str, table: &Table) -> Metric {
    match share(name, table) {
        Some((_, whole, reason)) if whole <= 0.0 => Metric::silent(0.0, reason),
        Some((part, whole, _)) if name == "f1" => Metric::of(f1(part / whole)),
        Some((part, whole, _)) => Metric::of(part / whole),
        None if name == "balanced_accuracy" => table.balanced_accuracy().metric,
        None => table.matthews().metric,
    }
}

pub(super) fn measure(
    names: &[&'static str],
    prepared: &Prepared,
    level: f64,
) -> Result<Vec<Measured>> {
    let table = prepared.table(None);
    let areas = prepared.ranked.first().map(|ranked| (ranked, ranked.areas(None)));
    let one = |&name: &&'static str| -> Result<Measured> {
        let measured = |metric, told, method| Measured::new(name, metric, told, method);
        if let Some(losses) = prepared.loss(name) {
            let metric = Metric::of(prepared.mean(name, None).unwrap_or(f64::NAN));
            let most = if name == "brier" { 1.0 } else { f64::INFINITY };
            let told = mean_interval(losses, level, (0.0, most))?;
            return Ok(measured(metric, told, Method::StudentT));
        }
        if let ("roc_auc", Some((ranked, areas))) = (name, &areas) {
            let metric = areas.roc_auc();
            let told = match ranked.delong_variance(areas) {
                Ok(variance) => {
                    let classes = [areas.positive as usize, areas.negative as usize];
                    area_interval(metric.value, variance, freedom(classes), level)?
                }
                Err(why) => Err(why),
            };
            return Ok(measured(metric, told, Method::DelongLogit));
        }
        if let ("average_precision", Some((_, areas))) = (name, &areas) {
            let metric = areas.average_precision();
            let told = precision_interval(metric.value, areas.positive, level)?;
            return Ok(measured(metric, told, Method::Logit));
        }
        let Some(table) = &table else {
            let metric = Metric::silent(f64::NAN, Reason::TooFewRows);
            return Ok(measured(metric, Err(NoInterval::TooFewUnits), Method::Delta));
        };
        let metric = of_table(name, table);
        if let Some((part, whole, _)) = share(name, table) {
            let method = if name == "f1" { Method::WilsonJaccard } else { Method::Wilson };
            if metric.undefined.is_some() {
                return Ok(measured(metric, Err(NoInterval::TooFewUnits), method));
            }
            let mut interval = wilson(part.round() as u64, whole.round() as u64, level)?;
            if name == "f1" {
                let [lower, upper] = [interval.lower, interval.upper].map(f1);
                interval = Interval { estimate: metric.value, lower, upper, level };
            }
            return Ok(measured(metric, Ok(interval), method));
        }
        if name == "balanced_accuracy" {
            return Ok(measured(
                metric,
                Table::mean_of(&table.recalls(), level)?,
                Method::MeanOfWilson,
            ));
        }
        Ok(measured(metric, table.interval(Table::matthews, level)?, Method::Delta))
    };
    names.iter().map(one).collect()
}

pub(super) fn mean_interval(losses: &[f64], level: f64, range: (f64, f64)) -> Result<Told> {
    Ok(match mean_and_error(losses) {
        Ok((mean, error)) => Ok(student(mean, error, losses.len(), level, range)?),
        Err(why) => Err(why),
    })
}

/// The interval of an area on the scale of log odds; none at its ends.
///
/// Source: Qin and Hotilovac, Comparison of non-parametric confidence intervals for the area under
/// the ROC curve (2008).
pub(super) fn area_interval(area: f64, variance: f64, freedom: f64, level: f64) -> Result<Told> {
    if area <= 0.0 || area >= 1.0 {
        return Ok(Err(NoInterval::NoVariance));
    }
    AreaEstimate { area, variance, freedom }.logit_interval(level).map(Ok)
}

/// Source: Boyd, Eng and Page, Area under the precision-recall curve: point estimates and confidence
/// intervals (2013), 4.2.
fn precision_interval(area: f64, positives: f64, level: f64) -> Result<Told> {
    if area <= 0.0 || area >= 1.0 {
        return Ok(Err(NoInterval::NoVariance));
    }
    let middle = (area / (1.0 - area)).ln();
    let reach = critical(level)? / (positives * area * (1.0 - area)).sqrt();
    let back = |odds: f64| 1.0 / (1.0 + (-odds).exp());
    let (lower, upper) = (back(middle - reach), back(middle + reach));
    Ok(Ok(Interval { estimate: area, lower, upper, level }))
}
