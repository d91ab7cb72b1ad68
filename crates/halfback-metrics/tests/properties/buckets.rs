//! Buckets of scores and values: what they state about their errors holds, and can be reached.
#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places are within the values"
)]

use halfback_metrics::{
    Batch, Finished, Labels, Quantiles, ScoreSummary, Scores, Spec, State, average_precision,
    roc_auc,
};
use proptest::prelude::*;

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-8i8..8).prop_map(|whole| f64::from(whole) / 4.0),
        -10.0f64..10.0,
        (-1.0f64..1.0, -300i32..300).prop_map(|(part, power)| part * 10f64.powi(power)),
        prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO,
    ]
}

fn scores(spec: Spec, truth: &[bool], scores: &[f64]) -> ScoreSummary {
    let mut state = State::new(spec).unwrap();
    let (y_true, y_score) = (Labels::Bool(truth), Scores::F64(scores));
    state.update(Batch::Scores { y_true, y_score, pos_label: None }).unwrap();
    let Finished::Scores(summary) = state.finish().unwrap() else { unreachable!() };
    summary
}

fn quantiles(buckets: Option<u32>, values: &[f64]) -> Quantiles {
    let mut state = State::new(Spec::Quantiles { buckets }).unwrap();
    state.update(Batch::Values { values: Scores::F64(values) }).unwrap();
    let Finished::Quantiles(found) = state.finish().unwrap() else { unreachable!() };
    found
}

/// Definition 7 of Hyndman and Fan over sorted values.
fn plain(sorted: &[f64], q: f64) -> f64 {
    let place = (sorted.len() - 1) as f64 * q;
    let share = place.fract();
    let (left, right) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    // The difference of the two may be infinite.
    left * (1.0 - share) + right * share
}

proptest! {
    #[test]
    fn areas_of_scores_are_within_their_errors(
        rows in prop::collection::vec((any::<bool>(), number()), 1..60),
        buckets in 1u32..20,
    ) {
        let truth: Vec<bool> = rows.iter().map(|row| row.0).collect();
        let margins: Vec<f64> = rows.iter().map(|row| row.1).collect();
        let chances: Vec<f64> = margins.iter().map(|margin| 0.5 + (margin / 25.0).clamp(-0.5, 0.5)).collect();
        for (probabilities, given) in [(false, &margins), (true, &chances)] {
            let found = scores(Spec::Scores { probabilities, buckets: Some(buckets) }, &truth, given);
            let column = Scores::F64(given);
            let area = roc_auc(Labels::Bool(&truth), column, None, None).unwrap().value;
            let precision = average_precision(Labels::Bool(&truth), column, None, None).unwrap().value;
            let off = (found.roc_auc.value - area).abs();
            prop_assert!(area.is_nan() || off <= found.auc_error + 1e-12);
            let off = (found.average_precision.value - precision).abs();
            prop_assert!(off <= found.average_precision_error + 1e-12, "{} {:?}", precision, found);
            let mut different = given.clone();
            different.sort_by(f64::total_cmp);
            different.dedup();
            if !probabilities && different.len() <= buckets as usize {
                prop_assert_eq!((found.auc_error, found.average_precision_error), (0.0, 0.0));
            }
        }
    }

    #[test]
    fn quantiles_are_within_their_errors(
        values in prop::collection::vec(number(), 1..80),
        buckets in 1u32..40,
        q in prop_oneof![0.0f64..=1.0, (0u8..=4).prop_map(|part| f64::from(part) / 4.0)],
    ) {
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (sorted[0], sorted[sorted.len() - 1]);
        let expected = plain(&sorted, q);
        let size = least.abs().max(most.abs());
        for buckets in [None, Some(buckets)] {
            let found = quantiles(buckets, &values);
            prop_assert_eq!((found.count(), found.min(), found.max()), (values.len() as u64, least, most));
            prop_assert!(least <= found.mean() && found.mean() <= most);
            let quantile = found.quantile(q).unwrap();
            prop_assert!(buckets.is_some() || quantile.error == 0.0);
            // The plain formula rounds the larger of two neighbours.
            prop_assert!((quantile.value - expected).abs() <= quantile.error + 1e-12 * size, "{:?} {}", quantile, expected);
            prop_assert!(least <= quantile.value && quantile.value <= most);
            let ends = [found.quantile(0.0).unwrap(), found.quantile(1.0).unwrap()];
            prop_assert_eq!(ends.map(|end| (end.value, end.error)), [(least, 0.0), (most, 0.0)]);
        }
    }

    /// Of 52 bits of a fraction as many are kept as buckets allow.
    #[test]
    fn quantiles_of_one_size_have_small_errors(values in prop::collection::vec(1.0f64..2.0, 100..200)) {
        let found = quantiles(Some(32), &values);
        for part in 0..=20 {
            prop_assert!(found.quantile(f64::from(part) / 20.0).unwrap().error <= 1.0 / 32.0);
        }
    }
}

#[test]
fn the_errors_of_areas_can_be_reached() {
    let spec = Spec::Scores { probabilities: true, buckets: Some(4) };
    let exact = Spec::Scores { probabilities: true, buckets: None };
    // One bucket: two positive rows of one score, before a negative one.
    let (truth, given) = ([true, true, false], [0.2, 0.2, 0.1]);
    let (found, best) = (scores(spec, &truth, &given), scores(exact, &truth, &given));
    assert_eq!((best.roc_auc.value, best.average_precision.value), (1.0, 1.0));
    assert!((best.roc_auc.value - found.roc_auc.value - found.auc_error).abs() < 1e-15);
    let off = best.average_precision.value - found.average_precision.value;
    assert!((off - found.average_precision_error).abs() < 1e-15 && off > 0.3, "{found:?}");
    // A negative row before a bucket of positive rows with a score each.
    let (truth, given) = ([false, true, true, true], [0.9, 0.1, 0.15, 0.2]);
    let (found, worst) = (scores(spec, &truth, &given), scores(exact, &truth, &given));
    let off = found.average_precision.value - worst.average_precision.value;
    assert!((off - found.average_precision_error).abs() < 1e-15 && off > 0.1, "{found:?}");
}

#[test]
fn scores_of_few_values_are_exact_in_buckets() {
    let (truth, given) = ([true, false, true, false], [700.0, -3.0, -2.5, -2.5]);
    let found = scores(Spec::Scores { probabilities: false, buckets: Some(3) }, &truth, &given);
    let exact = scores(Spec::Scores { probabilities: false, buckets: None }, &truth, &given);
    assert_eq!(found, exact);
    let found = scores(Spec::Scores { probabilities: false, buckets: Some(2) }, &truth, &given);
    assert!(found.auc_error > 0.0 && found.average_precision_error > 0.0);
}

#[test]
fn bad_arguments_are_named() {
    for buckets in [0, (1 << 24) + 1] {
        for probabilities in [false, true] {
            let spec = Spec::Scores { probabilities, buckets: Some(buckets) };
            assert_eq!(State::new(spec).unwrap_err().argument(), "buckets");
        }
        let spec = Spec::Quantiles { buckets: Some(buckets) };
        assert_eq!(State::new(spec).unwrap_err().argument(), "buckets");
    }
    let mut state = State::new(Spec::Quantiles { buckets: Some(4) }).unwrap();
    assert_eq!(state.finish().unwrap_err().argument(), "values");
    state.update(Batch::Values { values: Scores::F64(&[]) }).unwrap();
    let before = state.to_bytes();
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let refused = state.update(Batch::Values { values: Scores::F64(&[1.0, bad]) });
        assert_eq!(refused.unwrap_err().argument(), "values");
    }
    assert_eq!(state.to_bytes(), before);
    let found = quantiles(None, &[1.0]);
    for q in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert_eq!(found.quantile(q).unwrap_err().argument(), "q");
    }
}

#[test]
fn bytes_of_version_2_are_for_good() {
    let number = |value: u64| value.to_le_bytes().to_vec();
    let mut state = State::new(Spec::Scores { probabilities: false, buckets: Some(1) }).unwrap();
    let batch = Batch::Scores {
        y_true: Labels::Bool(&[true, false]),
        y_score: Scores::F64(&[1.0, -1.0]),
        pos_label: None,
    };
    state.update(batch).unwrap();
    let head = b"HBMS\x02\x01\x01\0\0\0\x40".to_vec();
    assert_eq!(state.to_bytes(), [head, number(1), number(0), number(1), number(1)].concat());
    let mut state = State::new(Spec::Quantiles { buckets: Some(2) }).unwrap();
    state.update(Batch::Values { values: Scores::F64(&[-0.0, 0.0]) }).unwrap();
    let head = b"HBMS\x02\x03\x02\0\0\0\0".to_vec();
    let sum = vec![0; 67 * 4 + 8];
    let groups = [number(1), number(1 << 63), number(2)].concat();
    assert_eq!(state.to_bytes(), [head, number(0), number(0), sum, groups].concat());
}
