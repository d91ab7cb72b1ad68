//! One confusion matrix: agreement with naive counts, bounds, symmetry.

use halfback_metrics::{Average, Confusion, Kappa, Labels, Normalize, ZeroDivision};
use proptest::prelude::*;

fn pairs() -> impl Strategy<Value = Vec<(i64, i64)>> {
    let class = prop_oneof![0i64..3, -2i64..2, Just(i64::MAX), Just(i64::MIN), 0i64..300];
    prop::collection::vec((class.clone(), class), 1..60)
}

fn confusion(pairs: &[(i64, i64)]) -> Confusion {
    let (truth, predicted): (Vec<i64>, Vec<i64>) = pairs.iter().copied().unzip();
    Confusion::of(Labels::Int(&truth), Labels::Int(&predicted), None, None).unwrap()
}

proptest! {
    #[test]
    fn counts_are_those_of_a_naive_count(pairs in pairs()) {
        let confusion = confusion(&pairs);
        let labels: Vec<i64> =
            confusion.labels().iter().map(|label| label.to_string().parse().unwrap()).collect();
        prop_assert!(labels.is_sorted());
        let cells = confusion.matrix(Normalize::None).unwrap();
        for (at, cell) in cells.iter().enumerate() {
            let pair = (labels[at / labels.len()], labels[at % labels.len()]);
            let count = pairs.iter().filter(|&&one| one == pair).count();
            prop_assert_eq!(*cell, count as f64);
        }
    }

    #[test]
    fn texts_and_numbers_count_alike(pairs in pairs()) {
        let text = |value: &i64| format!("{:025}", i128::from(*value) + (1 << 70));
        let truth: Vec<String> = pairs.iter().map(|(truth, _)| text(truth)).collect();
        let predicted: Vec<String> = pairs.iter().map(|(_, predicted)| text(predicted)).collect();
        let truth: Vec<&str> = truth.iter().map(String::as_str).collect();
        let predicted: Vec<&str> = predicted.iter().map(String::as_str).collect();
        let texts =
            Confusion::of(Labels::Text(&truth), Labels::Text(&predicted), None, None).unwrap();
        let numbers = confusion(&pairs);
        let matrix = |confusion: &Confusion| confusion.matrix(Normalize::None).unwrap();
        prop_assert_eq!(matrix(&texts), matrix(&numbers));
    }

    #[test]
    fn scores_stay_within_bounds(pairs in pairs()) {
        let confusion = confusion(&pairs);
        prop_assert!((0.0..=1.0).contains(&confusion.accuracy()));
        prop_assert!((-1.0..=1.0 + 1e-12).contains(&confusion.matthews().value));
        for average in [Average::Micro, Average::Macro, Average::Weighted] {
            let scores = confusion.scores(&average, 1.0, ZeroDivision::Zero).unwrap();
            for metric in [scores.precision, scores.recall, scores.fscore] {
                prop_assert!((0.0..=1.0 + 1e-12).contains(&metric.value));
            }
        }
    }

    #[test]
    fn agreement_does_not_depend_on_who_is_the_truth(pairs in pairs()) {
        let turned: Vec<(i64, i64)> = pairs.iter().map(|&(left, right)| (right, left)).collect();
        let (one, other) = (confusion(&pairs), confusion(&turned));
        let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a - b).abs() < 1e-9;
        prop_assert!(same(one.matthews().value, other.matthews().value));
        for weights in [Kappa::Plain, Kappa::Linear, Kappa::Quadratic] {
            let (one, other) = (one.kappa(weights).unwrap(), other.kappa(weights).unwrap());
            prop_assert!(same(one.value, other.value) || one.value.is_nan());
        }
    }

    #[test]
    fn weights_of_one_change_nothing(pairs in pairs()) {
        let (truth, predicted): (Vec<i64>, Vec<i64>) = pairs.iter().copied().unzip();
        let ones = vec![1.0; pairs.len()];
        let (truth, predicted) = (Labels::Int(&truth), Labels::Int(&predicted));
        let weighted = Confusion::of(truth, predicted, Some(&ones), None).unwrap();
        prop_assert_eq!(weighted.tallies(), confusion(&pairs).tallies());
    }
}
