//! Rankings: small cases by hand, and bounds for any.

use halfback_metrics::{
    Matrix, Scores, hit_rate, mean_average_precision, mean_reciprocal_rank, precision_at_k,
    recall_at_k,
};
use proptest::prelude::*;

#[test]
fn two_queries_by_hand() {
    // In order of score: relevant, not, relevant; and not, not, relevant.
    let truth = [true, true, false, true, false, false];
    let scores = [0.9, 0.1, 0.5, 0.1, 0.9, 0.5];
    let table = Matrix::new(Scores::F64(&scores), 3, "y_score").unwrap();
    let at = |k| {
        [
            mean_average_precision(&truth, table, k, None).unwrap().value,
            mean_reciprocal_rank(&truth, table, k, None).unwrap().value,
            hit_rate(&truth, table, k, None).unwrap().value,
            precision_at_k(&truth, table, k, None).unwrap().value,
            recall_at_k(&truth, table, k, None).unwrap().value,
        ]
    };
    let close = |got: [f64; 5], want: [f64; 5]| {
        got.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-12)
    };
    let all = [7.0 / 12.0, 2.0 / 3.0, 1.0, 0.5, 1.0];
    assert!(close(at(None), all), "{:?}", at(None));
    assert!(close(at(Some(2)), [0.25, 0.5, 0.5, 0.25, 0.25]), "{:?}", at(Some(2)));
    let weighted = hit_rate(&truth, table, Some(1), Some(&[3.0, 1.0])).unwrap();
    assert_eq!(weighted.value, 0.75);
}

proptest! {
    #[test]
    fn shares_grow_with_k(rows in prop::collection::vec((any::<bool>(), 0.0f64..1.0), 12)) {
        let (truth, scores): (Vec<bool>, Vec<f64>) = rows.into_iter().unzip();
        let table = Matrix::new(Scores::F64(&scores), 4, "y_score").unwrap();
        let (mut hit, mut recall) = (0.0, 0.0);
        for k in 1..=4 {
            let next = hit_rate(&truth, table, Some(k), None).unwrap().value;
            prop_assert!((hit..=1.0).contains(&next));
            hit = next;
            let next = recall_at_k(&truth, table, Some(k), None).unwrap().value;
            prop_assert!((recall - 1e-12..=1.0 + 1e-12).contains(&next));
            recall = next;
        }
    }
}
