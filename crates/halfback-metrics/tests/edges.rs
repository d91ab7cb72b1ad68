//! Sets of metrics at the edges of what columns can be.
#![expect(clippy::unwrap_used, clippy::float_cmp, reason = "these are tests")]

use halfback_metrics::{
    Binary, Label, Labels, Matrix, Measured, NoInterval, Reason, Scores, Settings, Suite, log_loss,
    roc_auc,
};

fn measured(suite: &Suite, name: &str) -> Measured {
    let all = suite.measure(&Settings::default()).unwrap();
    all.into_iter().find(|one| one.name == name).unwrap()
}

fn scored(truth: &[i64], scores: Scores<'_>, how: Binary<'_>) -> Suite {
    Suite::binary(Labels::Int(truth), None, Some(scores), None, how).unwrap()
}

#[test]
fn scores_keep_their_precision() {
    let (truth, single) = ([1, 0, 1, 0], [0.7f32, 0.0, 0.0, 0.3]);
    let double = single.map(f64::from);
    let how = Binary { threshold: 0.7, ..Binary::default() };
    // 0.7 reaches 0.7.
    let recall = |scores| measured(&scored(&truth, scores, how), "recall").metric.value;
    assert_eq!((recall(Scores::F32(&single)), recall(Scores::F64(&double))), (0.5, 0.0));
    // Logarithms are clipped by the precision that the scores have.
    for scores in [Scores::F32(&single), Scores::F64(&double)] {
        let expected = log_loss(
            Labels::Int(&truth),
            Matrix::new(scores, 1, "y_score").unwrap(),
            true,
            None,
            None,
        )
        .unwrap()
        .value;
        let found = measured(&scored(&truth, scores, Binary::default()), "log_loss");
        assert!((found.metric.value - expected).abs() < 1e-12, "{expected}");
    }
}

#[test]
fn weights_too_large_or_small_are_refused_by_their_name() {
    let numbers = |weights: &[f64]| {
        Suite::regression(Scores::F64(&[0.0, 1.0]), Scores::F64(&[1.0, 1.0]), Some(weights))
    };
    for weights in [[1e300, 1.0], [1e-200, 1e-200], [1e-61, 0.0]] {
        assert_eq!(numbers(&weights).unwrap_err().argument(), "sample_weight");
    }
    for weights in [[1e60, 1e-300], [1e-60, 1e-60], [1.0, 0.0]] {
        assert!(numbers(&weights).is_ok());
    }
}

#[test]
fn an_area_of_weights_of_any_size_is_that_of_weights_of_one() {
    let (truth, scores) = ([0, 1, 0, 1, 1], [0.1, 0.4, 0.45, 0.8, 0.45]);
    let area = |weight: f64| {
        roc_auc(Labels::Int(&truth), Scores::F64(&scores), Some(&[weight; 5]), None).unwrap().value
    };
    for weight in [1e307, 1e160, 3.0, 1e-170, 1e-300] {
        assert!((area(weight) - 4.5 / 6.0).abs() < 1e-12, "{weight}: {}", area(weight));
    }
}

#[test]
fn a_truth_that_is_constant_but_for_rounding_explains_nothing() {
    for truth in [0.1, 0.7, 1e-9] {
        let (truth, predicted) = ([truth; 29], [truth + 0.1; 29]);
        let suite = Suite::regression(Scores::F64(&truth), Scores::F64(&predicted), None).unwrap();
        assert_eq!(measured(&suite, "r2").metric.undefined.unwrap().reason, Reason::ConstantTruth);
    }
    // Resamples without the one row that differs are left out.
    let truth: Vec<f64> = (0..30).map(|row| if row == 0 { 0.3 } else { 0.1 }).collect();
    let predicted: Vec<f64> = (0..30).map(|row| 0.1 + f64::from(row % 7) / 100.0).collect();
    let weights = [1.0; 30];
    let suite =
        Suite::regression(Scores::F64(&truth), Scores::F64(&predicted), Some(&weights)).unwrap();
    assert!(measured(&suite, "r2").interval.unwrap().lower > -100.0);
}

#[test]
fn errors_that_are_mostly_none_have_a_median_with_an_interval() {
    let truth = [0.0; 100];
    let mostly: Vec<f64> = (0..100).map(|row| f64::from((row - 60i32).max(0))).collect();
    let suite = |predicted: &[f64]| {
        Suite::regression(Scores::F64(&truth), Scores::F64(predicted), None).unwrap()
    };
    let told = measured(&suite(&mostly), "median_absolute_error").interval.unwrap();
    assert_eq!((told.lower, told.upper), (0.0, 0.0));
    let same = measured(&suite(&[1.0; 100]), "median_absolute_error");
    assert_eq!(same.no_interval, Some(NoInterval::NoVariance));
}

#[test]
fn rows_that_are_all_the_same_tell_no_mean() {
    for rows in [3, 7, 1_000] {
        let suite = scored(&vec![1; rows], Scores::F64(&vec![0.1; rows]), Binary::default());
        for name in ["brier", "log_loss"] {
            assert_eq!(measured(&suite, name).no_interval, Some(NoInterval::NoVariance), "{rows}");
        }
    }
}

#[test]
fn the_brier_score_of_two_classes_is_one_at_most() {
    let table = [0.1, 0.9, 0.9, 0.1, 0.9, 0.1];
    let table = Matrix::new(Scores::F64(&table), 2, "y_score").unwrap();
    let suite = Suite::multiclass(Labels::Int(&[0, 1, 0]), None, Some(table), None, None).unwrap();
    assert_eq!(measured(&suite, "brier").interval.unwrap().upper, 1.0);
}

#[test]
fn labels_out_of_order_or_twice_are_refused() {
    let table = [1.0 / 3.0; 9];
    let suite = |labels: [i64; 3]| {
        let table = Matrix::new(Scores::F64(&table), 3, "y_score").unwrap();
        let labels = labels.map(Label::Int);
        Suite::multiclass(Labels::Int(&[0, 1, 0]), None, Some(table), None, Some(&labels))
    };
    for labels in [[0, 0, 1], [1, 0, 2]] {
        assert_eq!(suite(labels).unwrap_err().argument(), "labels");
    }
    assert!(suite([0, 1, 2]).is_ok());
}

#[test]
fn one_positive_tells_no_difference() {
    let truth: Vec<i64> = (0..40).map(|row| i64::from(row == 0)).collect();
    let second: Vec<i64> = (0..40).map(|row| i64::from(row == 1)).collect();
    let of = |predicted: &[i64]| {
        let (truth, predicted) = (Labels::Int(&truth), Labels::Int(predicted));
        Suite::binary(truth, Some(predicted), None, None, Binary::default()).unwrap()
    };
    let compared = of(&truth).compare(&of(&second), "matthews", 2_000, 0).unwrap();
    assert!(compared.difference.is_none());
}
