//! Whether the true class is among the best scores.

use crate::column::{Label, Labels, Matrix, Weights, finite, rows};
use crate::encode::{ascending, encode};
use crate::error::{Error, Metric, Reason, Result, Warning};

/// The share of rows whose true class has one of the `k` largest scores.
///
/// `y_score` has a column for each class of `labels`, which are sorted, or of the truth; for two
/// classes it is the single column of the larger one. Of equal scores the later column goes first.
/// Source: scikit-learn 1.9 `top_k_accuracy_score`.
pub fn top_k_accuracy(
    y_true: Labels<'_>,
    y_score: Matrix<'_>,
    k: usize,
    sample_weight: Weights<'_>,
    labels: Option<&[Label]>,
) -> Result<Metric> {
    rows(y_true.len(), ("y_score", y_score.rows()), sample_weight)?;
    if k == 0 {
        return Err(Error::OutOfRange { argument: "k", found: 0.0, expected: "one or more" });
    }
    let scores = y_score.values().to_f64();
    finite("y_score", &scores)?;
    let (classes, codes) = class_codes(y_true, labels)?;
    let columns = y_score.columns();
    check_columns(y_true, columns, classes, labels.is_some())?;
    if columns == 1 && classes < 2 {
        // A single score is that of the larger of two classes.
        return Err(Error::TooFew { argument: "y_true", found: classes, expected: 2 });
    }
    let hits: Vec<bool> = if columns == 1 {
        binary_hits(&scores, &codes, k)
    } else {
        scores.chunks_exact(columns).zip(&codes).map(|(row, &code)| is_hit(row, code, k)).collect()
    };
    let weight = |row: usize| sample_weight.map_or(1.0, |weights| weights[row]);
    let hit: f64 = (0..hits.len()).filter(|&row| hits[row]).map(weight).sum();
    let total: f64 = (0..hits.len()).map(weight).sum();
    let value = hit / total;
    if k >= classes {
        return Ok(Metric::warned(value, Reason::Meaningless, Warning::UndefinedMetric));
    }
    Ok(Metric::of(value))
}

fn check_columns(y_true: Labels<'_>, columns: usize, classes: usize, given: bool) -> Result<()> {
    let binary = classes <= 2;
    let wanted = if binary { 1 } else { classes };
    if columns == wanted {
        return Ok(());
    }
    if binary && !given && columns == 2 && !y_true.is_empty() {
        return Err(Error::Columns { argument: "y_score", found: columns, expected: 1 });
    }
    Err(Error::Columns { argument: "y_score", found: columns, expected: wanted })
}

/// The number of classes, and each row's index among them.
pub(crate) fn class_codes(
    y_true: Labels<'_>,
    labels: Option<&[Label]>,
) -> Result<(usize, Vec<u32>)> {
    let encoded = encode(&[("y_true", y_true)])?;
    let codes = encoded.codes.into_iter().next().unwrap_or_default();
    let Some(labels) = labels else { return Ok((encoded.classes.len(), codes)) };
    ascending(labels)?;
    let place = |class: &Label| {
        let unknown = || Error::UnknownLabel { argument: "y_true", label: class.to_string() };
        let at = labels.iter().position(|label| label == class);
        at.map(|at| at as u32).ok_or_else(unknown)
    };
    let places = encoded.classes.iter().map(place).collect::<Result<Vec<u32>>>()?;
    Ok((labels.len(), codes.into_iter().map(|code| places[code as usize]).collect()))
}

fn binary_hits(scores: &[f64], codes: &[u32], k: usize) -> Vec<bool> {
    let probabilities = scores.iter().all(|score| (0.0..=1.0).contains(score));
    let threshold = if probabilities { 0.5 } else { 0.0 };
    let hit = |(&score, &code): (&f64, &u32)| k > 1 || (score > threshold) == (code == 1);
    scores.iter().zip(codes).map(hit).collect()
}

fn is_hit(row: &[f64], code: u32, k: usize) -> bool {
    let code = code as usize;
    let own = row[code];
    let before = |(at, &score): (usize, &f64)| score > own || (score == own && at > code);
    row.iter().enumerate().filter(|&pair| before(pair)).count() < k
}
