//! The metrics of several classes.

use super::binary::{area_interval, mean_interval};
use super::prepared::{Areas, Prepared};
use super::table::{Smooth, Table};
use super::{Measured, Method, NoInterval};
use crate::column::{Label, Labels, Matrix, finite, same_length};
use crate::confusion::MOST_CLASSES;
use crate::encode::{ascending, encode};
use crate::error::{Error, Metric, Reason, Result};
use crate::interval::{freedom, wilson};
use crate::score::within_unit;

const OF_LABELS: [&str; 6] =
    ["accuracy", "balanced_accuracy", "precision_macro", "f1_macro", "matthews", "kappa"];

/// How far from one the probabilities of a row may sum: what single precision leaves.
const SLACK: f64 = 3.5e-4;

pub(super) fn names(scores: bool) -> Vec<&'static str> {
    let of_scores = ["roc_auc_ovr", "log_loss", "brier"].into_iter().filter(|_| scores);
    OF_LABELS.into_iter().chain(of_scores).collect()
}

/// The classes, and the class of each row in the truth and as predicted.
type Codes = (Vec<Label>, Vec<u32>, Option<Vec<u32>>);

/// Encodes both columns together.
pub(super) fn codes(
    y_true: Labels<'_>,
    y_pred: Option<Labels<'_>>,
    labels: Option<&[Label]>,
) -> Result<Codes> {
    let columns: Vec<(&'static str, Labels<'_>)> =
        [Some(("y_true", y_true)), y_pred.map(|y_pred| ("y_pred", y_pred))]
            .into_iter()
            .flatten()
            .collect();
    let encoded = encode(&columns)?;
    let mut all = encoded.codes.into_iter();
    let (truth, predicted) = (all.next().unwrap_or_default(), all.next());
    if let Some(labels) = labels {
        ascending(labels)?;
    }
    let classes = labels.map_or_else(|| encoded.classes.clone(), <[Label]>::to_vec);
    let found = classes.len();
    if !(2..=MOST_CLASSES).contains(&found) {
        let expected = "from two to 4096";
        return Err(Error::Classes { argument: "y_true", found, expected });
    }
    let place = |class: &Label| {
        let at = classes.iter().position(|known| known == class);
        let unknown = || Error::UnknownLabel { argument: "labels", label: class.to_string() };
        at.map(|at| at as u32).ok_or_else(unknown)
    };
    let places = encoded.classes.iter().map(place).collect::<Result<Vec<u32>>>()?;
    let moved = |codes: Vec<u32>| codes.into_iter().map(|code| places[code as usize]).collect();
    Ok((classes, moved(truth), predicted.map(moved)))
}

/// The probabilities of a table with a row for each of `rows` and a column for each of `classes`, row
/// after row. Fails unless each is within [0, 1] and the sum of each row is one.
pub fn probabilities(table: Matrix<'_>, rows: usize, classes: usize) -> Result<Vec<f64>> {
    same_length("y_score", table.rows(), rows)?;
    let found = table.columns();
    if found != classes {
        return Err(Error::Columns { argument: "y_score", found, expected: classes });
    }
    let values = table.values().to_f64().into_owned();
    finite("y_score", &values)?;
    within_unit("y_score", &values)?;
    let sums = values.chunks_exact(classes).map(|row| row.iter().sum::<f64>());
    if let Some(found) = sums.into_iter().find(|sum| (sum - 1.0).abs() > SLACK) {
        let expected = "rows whose probabilities sum to one";
        return Err(Error::OutOfRange { argument: "y_score", found, expected });
    }
    Ok(values)
}

/// The first of the likeliest classes of each row.
pub(super) fn likeliest(scores: &[f64], classes: usize) -> Vec<u32> {
    let best = |row: &[f64]| {
        let mut best = 0;
        for class in 1..row.len() {
            if row[class] > row[best] {
                best = class;
            }
        }
        best as u32
    };
    scores.chunks_exact(classes).map(best).collect()
}

/// The log loss and the squared distance of each row; logarithms clipped by `epsilon`.
pub(super) fn losses(
    truth: &[u32],
    scores: &[f64],
    k: usize,
    epsilon: f64,
) -> Vec<(&'static str, Vec<f64>)> {
    let rows = || scores.chunks_exact(k).zip(truth);
    let log = |(row, &class): (&[f64], &u32)| {
        let p = row[class as usize] / row.iter().sum::<f64>();
        -p.clamp(epsilon, 1.0 - epsilon).ln()
    };
    // Of two classes, half of it, as scikit-learn has it.
    let scale = if k < 3 { 0.5 } else { 1.0 };
    let squares = |(row, &class): (&[f64], &u32)| {
        let square = |(at, p): (usize, &f64)| {
            let came = if at == class as usize { 1.0 } else { 0.0 };
            (p - came) * (p - came)
        };
        scale * row.iter().enumerate().map(square).sum::<f64>()
    };
    vec![("log_loss", rows().map(log).collect()), ("brier", rows().map(squares).collect())]
}

/// The mean of the one-vs-rest areas.
pub(super) fn mean_area(areas: &[Areas]) -> Metric {
    let values: Vec<Metric> = areas.iter().map(Areas::roc_auc).collect();
    if let Some(undefined) = values.iter().find(|value| value.undefined.is_some()) {
        return *undefined;
    }
    Metric::of(values.iter().map(|value| value.value).sum::<f64>() / values.len() as f64)
}

/// DeLong's variance of the mean of the one-vs-rest areas, and its degrees of freedom.
fn mean_area_variance(
    prepared: &Prepared,
    areas: &[Areas],
) -> std::result::Result<(f64, f64), NoInterval> {
    let counts: Vec<usize> = areas.iter().map(|areas| areas.positive as usize).collect();
    if counts.iter().any(|&count| count < 2) {
        return Err(NoInterval::TooFewUnits);
    }
    // Each row's part in all classes' areas at once: they are not independent.
    let mut influence = vec![0.0; prepared.rows];
    for (ranked, areas) in prepared.ranked.iter().zip(areas) {
        ranked.add_influence(areas, 1.0 / counts.len() as f64, &mut influence);
    }
    let mut squares = vec![0.0; counts.len()];
    for (class, influence) in prepared.classes_of_rows().zip(&influence) {
        squares[class] += influence * influence;
    }
    let n = prepared.rows as f64;
    let part = |(squares, &count): (&f64, &usize)| squares * count as f64 / (count as f64 - 1.0);
    let variance = squares.iter().zip(&counts).map(part).sum::<f64>() / (n * n);
    if variance > 0.0 { Ok((variance, freedom(counts))) } else { Err(NoInterval::NoVariance) }
}

pub(super) fn of_table(name: &str, table: &Table) -> Metric {
    match name {
        "accuracy" => Metric::of(table.accuracy()),
        "balanced_accuracy" => table.balanced_accuracy().metric,
        "precision_macro" => table.precision().metric,
        "f1_macro" => table.f1().metric,
        "matthews" => table.matthews().metric,
        _ => table.kappa().metric,
    }
}

pub(super) fn measure(
    names: &[&'static str],
    prepared: &Prepared,
    level: f64,
) -> Result<Vec<Measured>> {
    let n = prepared.rows;
    let one = |&name: &&'static str| -> Result<Measured> {
        let measured = |metric, told, method| Measured::new(name, metric, told, method);
        if let Some(losses) = prepared.loss(name) {
            let most = match name {
                "brier" if prepared.classes > 2 => 2.0,
                "brier" => 1.0,
                _ => f64::INFINITY,
            };
            let metric = Metric::of(prepared.mean(name, None).unwrap_or(f64::NAN));
            return Ok(measured(
                metric,
                mean_interval(losses, level, (0.0, most))?,
                Method::StudentT,
            ));
        }
        if name == "roc_auc_ovr" {
            let areas: Vec<Areas> = prepared.ranked.iter().map(|one| one.areas(None)).collect();
            let metric = mean_area(&areas);
            let told = match mean_area_variance(prepared, &areas) {
                _ if metric.undefined.is_some() => Err(NoInterval::TooFewUnits),
                Ok((variance, freedom)) => area_interval(metric.value, variance, freedom, level)?,
                Err(why) => Err(why),
            };
            return Ok(measured(metric, told, Method::DelongLogit));
        }
        let Some(table) = prepared.table(None) else {
            let metric = Metric::silent(f64::NAN, Reason::TooFewRows);
            return Ok(measured(metric, Err(NoInterval::TooFewUnits), Method::Delta));
        };
        let metric = of_table(name, &table);
        if name == "accuracy" {
            let right = (table.accuracy() * n as f64).round() as u64;
            return Ok(measured(metric, Ok(wilson(right, n as u64, level)?), Method::Wilson));
        }
        let of: fn(&Table) -> Smooth<'_> = match name {
            "balanced_accuracy" | "precision_macro" => {
                let is_recall = name == "balanced_accuracy";
                let shares = if is_recall { table.recalls() } else { table.precisions() };
                return Ok(measured(metric, Table::mean_of(&shares, level)?, Method::MeanOfWilson));
            }
            "f1_macro" => Table::f1,
            "matthews" => Table::matthews,
            _ => Table::kappa,
        };
        Ok(measured(metric, table.interval(of, level)?, Method::Delta))
    };
    names.iter().map(one).collect()
}
