//! Ranking metrics against the sums over pairs and thresholds that define them.

use halfback_metrics::{
    Costs, Labels, Matrix, Scores, average_precision, best_threshold, brier_score, gini,
    kolmogorov_smirnov, lift_at, log_loss, roc_auc,
};
use proptest::prelude::*;

/// Truths with scores from few values, so that many are tied.
fn rows() -> impl Strategy<Value = Vec<(bool, f64)>> {
    let row = (any::<bool>(), (0u8..12).prop_map(|tenth| f64::from(tenth) / 16.0));
    prop::collection::vec(row, 2..50)
}

fn columns(rows: &[(bool, f64)]) -> (Vec<bool>, Vec<f64>) {
    rows.iter().copied().unzip()
}

/// The share of pairs in order, ties counting half.
fn pairs(rows: &[(bool, f64)]) -> f64 {
    let (mut won, mut all) = (0.0, 0.0);
    for (_, high) in rows.iter().filter(|row| row.0) {
        for (_, low) in rows.iter().filter(|row| !row.0) {
            won += if high > low {
                1.0
            } else if high == low {
                0.5
            } else {
                0.0
            };
            all += 1.0;
        }
    }
    won / all
}

fn auc(rows: &[(bool, f64)], weights: Option<&[f64]>) -> f64 {
    let (truth, scores) = columns(rows);
    roc_auc(Labels::Bool(&truth), Scores::F64(&scores), weights, None).unwrap().value
}

fn near(left: f64, right: f64) -> bool {
    (left.is_nan() && right.is_nan()) || (left - right).abs() < 1e-12
}

proptest! {
    #[test]
    fn area_is_the_share_of_pairs_in_order(rows in rows()) {
        prop_assert!(near(auc(&rows, None), pairs(&rows)));
    }

    #[test]
    fn area_does_not_move_with_the_scale(rows in rows()) {
        let moved: Vec<(bool, f64)> = rows.iter().map(|&(t, s)| (t, (4.0 * s).exp() - 7.0)).collect();
        let turned: Vec<(bool, f64)> = rows.iter().map(|&(t, s)| (t, -s)).collect();
        prop_assert!(near(auc(&rows, None), auc(&moved, None)));
        prop_assert!(near(auc(&rows, None), 1.0 - auc(&turned, None)));
    }

    #[test]
    fn a_whole_weight_is_a_repeated_row(rows in rows(), counts in prop::collection::vec(0u8..4, 50)) {
        let repeated: Vec<(bool, f64)> = rows
            .iter()
            .zip(&counts)
            .flat_map(|(&row, &count)| std::iter::repeat_n(row, count.into()))
            .collect();
        let weights: Vec<f64> = counts[..rows.len()].iter().map(|&count| count.into()).collect();
        prop_assume!(repeated.len() > 1);
        prop_assert!(near(auc(&rows, Some(&weights)), auc(&repeated, None)));
        let (truth, scores) = columns(&rows);
        let (truth2, scores2) = columns(&repeated);
        let table = |scores| Matrix::new(Scores::F64(scores), 1, "y_proba").unwrap();
        let (truth, truth2) = (Labels::Bool(&truth), Labels::Bool(&truth2));
        let options = halfback_metrics::Brier::default();
        let one = brier_score(truth, table(&scores), Some(&weights), &options).unwrap();
        let other = brier_score(truth2, table(&scores2), None, &options).unwrap();
        prop_assert!(near(one.value, other.value));
        let labels = [halfback_metrics::Label::Bool(false), halfback_metrics::Label::Bool(true)];
        let one = log_loss(truth, table(&scores), true, Some(&weights), Some(&labels)).unwrap();
        let other = log_loss(truth2, table(&scores2), true, None, Some(&labels)).unwrap();
        prop_assert!((one.value - other.value).abs() < 1e-10);
        let one = average_precision(truth, Scores::F64(&scores), Some(&weights), None).unwrap();
        let other = average_precision(truth2, Scores::F64(&scores2), None, None).unwrap();
        prop_assert!(near(one.value, other.value));
    }

    #[test]
    fn distances_are_what_they_say(rows in rows()) {
        let (truth, scores) = columns(&rows);
        let (truth, scores_) = (Labels::Bool(&truth), Scores::F64(&scores));
        prop_assert!(near(gini(truth, scores_, None).unwrap().value, 2.0 * pairs(&rows) - 1.0));
        let share = |of: bool, from: f64| {
            let all = rows.iter().filter(|row| row.0 == of).count() as f64;
            rows.iter().filter(|row| row.0 == of && row.1 >= from).count() as f64 / all
        };
        let gaps = scores.iter().map(|&from| (share(true, from) - share(false, from)).abs());
        let most = gaps.fold(0.0, f64::max);
        let found = kolmogorov_smirnov(truth, scores_, None, None).unwrap();
        prop_assert!(found.undefined.is_some() || near(found.value, most));
        let whole = lift_at(truth, scores_, None, None, 1.0).unwrap();
        prop_assert!(whole.undefined.is_some() || near(whole.value, 1.0));
    }

    #[test]
    fn the_best_threshold_is_the_cheapest(rows in rows(), wrong in 0.1f64..9.0, missed in 0.1f64..9.0) {
        let (truth, scores) = columns(&rows);
        let costs = Costs {
            true_positive: 0.0,
            false_positive: wrong,
            false_negative: missed,
            true_negative: 0.0,
        };
        let cost = |from: f64| {
            let one = |&(truth, score): &(bool, f64)| match (truth, score >= from) {
                (true, false) => missed,
                (false, true) => wrong,
                _ => 0.0,
            };
            rows.iter().map(one).sum::<f64>() / rows.len() as f64
        };
        let least = scores.iter().copied().chain([f64::INFINITY]).map(cost).fold(f64::MAX, f64::min);
        let best = best_threshold(Labels::Bool(&truth), Scores::F64(&scores), None, None, &costs).unwrap();
        prop_assert!((best.mean_cost - least).abs() < 1e-9);
        prop_assert!((cost(best.threshold) - least).abs() < 1e-9);
    }
}

#[test]
fn lift_shares_ties_out_evenly() {
    let truth = [true, true, false, false];
    let scores = [0.9, 0.5, 0.5, 0.1];
    let lift = |share| {
        lift_at(Labels::Bool(&truth), Scores::F64(&scores), None, None, share).unwrap().value
    };
    assert_eq!(lift(0.25), 2.0);
    assert_eq!(lift(0.5), 1.5);
    assert!((lift(0.75) - 4.0 / 3.0).abs() < 1e-12);
}
