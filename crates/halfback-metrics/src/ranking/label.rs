//! Ranking of the labels of an example.

use crate::column::{Matrix, Weights};
use crate::error::{Metric, Result};

use super::Ranked;

/// The mean share of labels at or above a true one that are true; 1 where none or all are.
///
/// `y_true` has the shape of `y_score`. Source: Tsoumakas, Katakis and Vlahavas (2010);
/// scikit-learn 1.9 `label_ranking_average_precision_score`.
pub fn label_ranking_average_precision(
    y_true: &[bool],
    y_score: Matrix<'_>,
    sample_weight: Weights<'_>,
) -> Result<Metric> {
    let ranked = Ranked::of(y_true, y_score, sample_weight, 1)?;
    Ok(ranked.mean(true, |truth, scores| {
        let relevant = truth.iter().filter(|&&one| one).count();
        if relevant == 0 || relevant == truth.len() {
            return 1.0;
        }
        let share = |own: f64| {
            let above = truth.iter().zip(scores).filter(|&(_, &score)| score >= own);
            let (mut all, mut hits) = (0.0, 0.0);
            for (&hit, _) in above {
                all += 1.0;
                hits += f64::from(u8::from(hit));
            }
            hits / all
        };
        let own = truth.iter().zip(scores).filter(|&(&one, _)| one);
        own.map(|(_, &score)| share(score)).sum::<f64>() / relevant as f64
    }))
}

/// The mean number of labels down to the worst-scored true one; 0 where none is.
///
/// Source: Tsoumakas, Katakis and Vlahavas (2010); scikit-learn 1.9 `coverage_error`.
pub fn coverage_error(
    y_true: &[bool],
    y_score: Matrix<'_>,
    sample_weight: Weights<'_>,
) -> Result<Metric> {
    let ranked = Ranked::of(y_true, y_score, sample_weight, 2)?;
    Ok(ranked.mean(true, |truth, scores| {
        let own = truth.iter().zip(scores).filter(|&(&one, _)| one);
        let worst = own.map(|(_, &score)| score).fold(f64::INFINITY, f64::min);
        scores.iter().filter(|&&score| score >= worst).count() as f64
    }))
}

/// The mean share of pairs of a true and a false label that are not in order, ties among them; 0
/// where there is no pair.
///
/// Source: Tsoumakas, Katakis and Vlahavas (2010); scikit-learn 1.9 `label_ranking_loss`.
pub fn label_ranking_loss(
    y_true: &[bool],
    y_score: Matrix<'_>,
    sample_weight: Weights<'_>,
) -> Result<Metric> {
    let ranked = Ranked::of(y_true, y_score, sample_weight, 2)?;
    Ok(ranked.mean(true, |truth, scores| {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&left, &right| (scores[left] + 0.0).total_cmp(&(scores[right] + 0.0)));
        let (mut relevant, mut wrong, mut pairs) = (0.0, 0.0, 0.0);
        for tied in order.chunk_by(|&left, &right| scores[left] == scores[right]) {
            let here = tied.iter().filter(|&&at| truth[at]).count() as f64;
            relevant += here;
            let others = tied.len() as f64 - here;
            wrong += relevant * others;
            pairs += others;
        }
        if relevant == 0.0 || pairs == 0.0 { 0.0 } else { wrong / (relevant * pairs) }
    }))
}
