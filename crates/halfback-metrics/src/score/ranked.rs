//! Rows by descending score: the one sort on which ranking metrics stand.

use crate::threads::{each, parts};

/// All rows of one score.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) score: f64,
    /// The weight of the positive rows with this score.
    pub(crate) positive: f64,
    /// The weight of the negative rows with this score.
    pub(crate) negative: f64,
}

/// Calls `step` for every different score, from the largest to the smallest. Rows without weight
/// are left out.
pub(crate) fn steps(
    truth: &[bool],
    scores: &[f64],
    weights: Option<&[f64]>,
    step: impl FnMut(Step),
) {
    match weights {
        None => counted(truth, scores, step),
        Some(weights) => weighted(truth, scores, weights, step),
    }
}

/// Positive and negative rows are sorted apart, as plain numbers, and merged: a row takes eight
/// bytes and no label travels with it.
fn counted(truth: &[bool], scores: &[f64], mut step: impl FnMut(Step)) {
    let (positive, negative) = split(truth, scores);
    let (mut p, mut n) = (0, 0);
    while p < positive.len() || n < negative.len() {
        let next_positive = positive.get(p).copied().unwrap_or(u64::MAX);
        let next_negative = negative.get(n).copied().unwrap_or(u64::MAX);
        let key = next_positive.min(next_negative);
        let (first_p, first_n) = (p, n);
        while positive.get(p) == Some(&key) {
            p += 1;
        }
        while negative.get(n) == Some(&key) {
            n += 1;
        }
        let (positive, negative) = ((p - first_p) as f64, (n - first_n) as f64);
        step(Step { score: score(key), positive, negative });
    }
}

/// The keys of positive and of negative rows, sorted.
pub(crate) fn split(truth: &[bool], scores: &[f64]) -> (Vec<u64>, Vec<u64>) {
    let mut sorted = parts(truth.len(), |rows| split_part(&truth[rows.clone()], &scores[rows]));
    if let [_] = sorted.as_slice() {
        return sorted.swap_remove(0);
    }
    let (positive, negative): (Vec<_>, Vec<_>) = sorted.into_iter().unzip();
    let both = [positive, negative];
    let mut merged = each(2, |class| merged(&both[class])).into_iter();
    (merged.next().unwrap_or_default(), merged.next().unwrap_or_default())
}

fn split_part(truth: &[bool], scores: &[f64]) -> (Vec<u64>, Vec<u64>) {
    // Both places are written and one is kept: a branch on the label would be guessed wrong.
    let positives = truth.iter().filter(|&&truth| truth).count();
    let mut positive = vec![0u64; positives + 1];
    let mut negative = vec![0u64; truth.len() - positives + 1];
    let (mut p, mut n) = (0, 0);
    for (&truth, &score) in truth.iter().zip(scores) {
        let key = key(score);
        positive[p] = key;
        negative[n] = key;
        p += usize::from(truth);
        n += usize::from(!truth);
    }
    positive.truncate(p);
    negative.truncate(n);
    positive.sort_unstable();
    negative.sort_unstable();
    (positive, negative)
}

/// Sorted lists as one.
fn merged(lists: &[Vec<u64>]) -> Vec<u64> {
    match lists {
        [] => Vec::new(),
        [only] => only.clone(),
        lists => {
            let (left, right) = lists.split_at(lists.len() / 2);
            merge(&merged(left), &merged(right))
        }
    }
}

fn merge(left: &[u64], right: &[u64]) -> Vec<u64> {
    let mut all = Vec::with_capacity(left.len() + right.len());
    let (mut l, mut r) = (0, 0);
    while l < left.len() && r < right.len() {
        // Without a branch: which of the two is less cannot be guessed.
        let takes_left = left[l] <= right[r];
        all.push(if takes_left { left[l] } else { right[r] });
        l += usize::from(takes_left);
        r += usize::from(!takes_left);
    }
    all.extend_from_slice(&left[l..]);
    all.extend_from_slice(&right[r..]);
    all
}

fn weighted(truth: &[bool], scores: &[f64], weights: &[f64], mut step: impl FnMut(Step)) {
    let mut rows: Vec<(u64, f64, bool)> = truth
        .iter()
        .zip(scores)
        .zip(weights)
        .filter(|&(_, &weight)| weight != 0.0)
        .map(|((&truth, &score), &weight)| (key(score), weight, truth))
        .collect();
    rows.sort_by_key(|row| row.0);
    for tied in rows.chunk_by(|left, right| left.0 == right.0) {
        let mut sums = Step { score: score(tied[0].0), positive: 0.0, negative: 0.0 };
        for &(_, weight, truth) in tied {
            *if truth { &mut sums.positive } else { &mut sums.negative } += weight;
        }
        step(sums);
    }
}

/// A number that ascends as the score descends.
pub(crate) fn key(score: f64) -> u64 {
    // Adding zero makes the two zeros one.
    let bits = (score + 0.0).to_bits();
    let mask = ((bits as i64) >> 63) as u64;
    !(bits ^ (mask | 1 << 63))
}

fn score(key: u64) -> f64 {
    let bits = !key;
    let mask = (!(bits as i64) >> 63) as u64;
    f64::from_bits(bits ^ (mask | 1 << 63))
}

#[cfg(test)]
mod tests {
    use super::{key, score};

    #[test]
    fn keys_descend_and_come_back() {
        let scores = [f64::MAX, 2.0, 1.0, f64::MIN_POSITIVE, 0.0, -1e-300, -1.0, f64::MIN];
        assert!(scores.windows(2).all(|pair| key(pair[0]) < key(pair[1])));
        assert!(scores.iter().all(|&one| score(key(one)) == one));
        assert_eq!(key(0.0), key(-0.0));
    }
}
