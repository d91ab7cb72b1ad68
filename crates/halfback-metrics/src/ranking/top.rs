//! What is among the first documents of each query.

use crate::column::{Matrix, Weights};
use crate::error::{Error, Metric, Result};

use super::Ranked;

/// How many of the best-scored documents are looked at; all unless given. Of equal scores the
/// earlier column goes first.
pub type Cut = Option<usize>;

/// Mean average precision: over queries, the mean precision at each relevant document among the
/// first `k`, of as many as could be there. A query without relevant documents counts 0.
///
/// Source: Manning, Raghavan and Schütze, Introduction to information retrieval (2008), 8.4.
pub fn mean_average_precision(
    y_true: &[bool],
    y_score: Matrix<'_>,
    k: Cut,
    sample_weight: Weights<'_>,
) -> Result<Metric> {
    mean(y_true, y_score, k, sample_weight, |hits, relevant, k| {
        let (mut found, mut sum) = (0.0, 0.0);
        for (rank, _) in hits.iter().enumerate().filter(|&(_, &hit)| hit) {
            found += 1.0;
            sum += found / (rank as f64 + 1.0);
        }
        if relevant == 0 { 0.0 } else { sum / relevant.min(k) as f64 }
    })
}

/// Mean reciprocal rank of the first relevant document, 0 where none is among the first `k`.
///
/// Source: Voorhees, The TREC-8 question answering track report (1999).
pub fn mean_reciprocal_rank(
    y_true: &[bool],
    y_score: Matrix<'_>,
    k: Cut,
    sample_weight: Weights<'_>,
) -> Result<Metric> {
    mean(y_true, y_score, k, sample_weight, |hits, _, _| {
        hits.iter().position(|&hit| hit).map_or(0.0, |rank| 1.0 / (rank as f64 + 1.0))
    })
}

/// The share of queries with a relevant document among the first `k`.
pub fn hit_rate(
    y_true: &[bool],
    y_score: Matrix<'_>,
    k: Cut,
    sample_weight: Weights<'_>,
) -> Result<Metric> {
    mean(y_true, y_score, k, sample_weight, |hits, _, _| f64::from(u8::from(hits.contains(&true))))
}

/// The mean share of the first `k` documents that is relevant; fewer documents than `k` count as
/// not relevant. Source: Manning, Raghavan and Schütze (2008), 8.4.
pub fn precision_at_k(
    y_true: &[bool],
    y_score: Matrix<'_>,
    k: Cut,
    sample_weight: Weights<'_>,
) -> Result<Metric> {
    mean(y_true, y_score, k, sample_weight, |hits, _, k| count(hits) / k as f64)
}

/// The mean share of the relevant documents that is among the first `k`; 0 without any.
pub fn recall_at_k(
    y_true: &[bool],
    y_score: Matrix<'_>,
    k: Cut,
    sample_weight: Weights<'_>,
) -> Result<Metric> {
    mean(y_true, y_score, k, sample_weight, |hits, relevant, _| {
        if relevant == 0 { 0.0 } else { count(hits) / relevant as f64 }
    })
}

fn count(hits: &[bool]) -> f64 {
    hits.iter().filter(|&&hit| hit).count() as f64
}

/// The mean over queries of `score`, which is given whether each of the first documents is relevant,
/// how many are in all, and `k`.
fn mean(
    y_true: &[bool],
    y_score: Matrix<'_>,
    k: Cut,
    sample_weight: Weights<'_>,
    score: impl Fn(&[bool], usize, usize) -> f64,
) -> Result<Metric> {
    let ranked = Ranked::of(y_true, y_score, sample_weight, 1)?;
    let k = k.unwrap_or(ranked.columns);
    if k == 0 {
        return Err(Error::OutOfRange { argument: "k", found: 0.0, expected: "one or more" });
    }
    Ok(ranked.mean(false, |truth, scores| {
        let mut order: Vec<usize> = (0..truth.len()).collect();
        order.sort_by(|&left, &right| (scores[right] + 0.0).total_cmp(&(scores[left] + 0.0)));
        let hits: Vec<bool> = order.iter().take(k).map(|&at| truth[at]).collect();
        score(&hits, truth.iter().filter(|&&one| one).count(), k)
    }))
}
