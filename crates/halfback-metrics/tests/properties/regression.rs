//! Metrics of numbers: what is fused equals what is not, and scales do what they should.

use halfback_metrics::{
    Error, Multioutput, Regression, Scores, interval_coverage, regression_summary,
};
use proptest::prelude::*;

fn rows() -> impl Strategy<Value = Vec<(f64, f64, f64)>> {
    let number = -50.0f64..50.0;
    prop::collection::vec((number.clone(), number, 0.0f64..4.0), 2..60)
}

fn near(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-10 * left.abs().max(right.abs()).max(1.0)
}

proptest! {
    #[test]
    fn one_pass_gives_what_many_give(rows in rows(), far in prop_oneof![Just(0.0), Just(1e6)]) {
        let truth: Vec<f64> = rows.iter().map(|row| row.0 + far).collect();
        let predicted: Vec<f64> = rows.iter().map(|row| row.1 + far).collect();
        let weights: Vec<f64> = rows.iter().map(|row| row.2).collect();
        prop_assume!(weights.iter().any(|&weight| weight > 0.0));
        for w in [None, Some(weights.as_slice())] {
            let pair = Regression::single(Scores::F64(&truth), Scores::F64(&predicted), w).unwrap();
            let all = pair.summary()[0];
            let alone = regression_summary(Scores::F64(&truth), Scores::F64(&predicted), w).unwrap();
            prop_assert_eq!(all, alone);
            let one = |outputs: halfback_metrics::Outputs| {
                outputs.average(Multioutput::Uniform).unwrap().value
            };
            prop_assert!(near(all.mae, one(pair.mean_absolute_error())));
            prop_assert!(near(all.rmse, one(pair.root_mean_squared_error())));
            prop_assert!(near(all.bias, one(pair.bias())));
            let r2 = one(pair.r2(true));
            prop_assert!((all.r2.value - r2).abs() <= 1e-6 * r2.abs().max(1.0));
        }
    }

    #[test]
    fn relative_errors_are_bounded_and_do_not_depend_on_the_unit(rows in rows(), unit in 0.1f64..10.0) {
        let of = |unit: f64| {
            let truth: Vec<f64> = rows.iter().map(|row| row.0 * unit).collect();
            let predicted: Vec<f64> = rows.iter().map(|row| row.1 * unit).collect();
            let pair = Regression::single(Scores::F64(&truth), Scores::F64(&predicted), None).unwrap();
            (pair.symmetric_percentage_error().values[0].value, pair.weighted_percentage_error().values[0].value)
        };
        let (one, other) = (of(1.0), of(unit));
        prop_assert!((0.0..=2.0 + 1e-12).contains(&one.0));
        prop_assert!(near(one.0, other.0));
        prop_assert!(near(one.1, other.1));
    }

    #[test]
    fn intervals_hold_what_is_between_their_ends(rows in rows()) {
        let truth: Vec<f64> = rows.iter().map(|row| row.0).collect();
        let lower: Vec<f64> = rows.iter().map(|row| row.1 - row.2).collect();
        let upper: Vec<f64> = rows.iter().map(|row| row.1 + row.2).collect();
        let column = |values| Scores::F64(values);
        let found =
            interval_coverage(column(&truth), column(&lower), column(&upper), 0.1, None).unwrap();
        let held = (0..truth.len()).filter(|&at| lower[at] <= truth[at] && truth[at] <= upper[at]);
        prop_assert!(near(found.coverage, held.count() as f64 / truth.len() as f64));
        prop_assert!(found.score >= found.mean_width - 1e-9);
    }
}

#[test]
fn what_is_not_finite_is_found() {
    let rows = [1.0, 2.0, 3.0];
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let other = [1.0, bad, 3.0];
        let of = |y: &[f64], p: &[f64]| regression_summary(Scores::F64(y), Scores::F64(p), None);
        assert_eq!(of(&other, &rows), Err(Error::NotFinite { argument: "y_true", row: 1 }));
        assert_eq!(of(&rows, &other), Err(Error::NotFinite { argument: "y_pred", row: 1 }));
        assert!(of(&other, &other).is_err());
    }
}
