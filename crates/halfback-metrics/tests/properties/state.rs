//! States: merging is a sum, bytes are those of the rows, and foreign bytes are refused.

use halfback_metrics::{
    Batch, Confusion, Finished, Labels, Matrix, Regression, Scores, Spec, State, average_precision,
    brier_score, log_loss, roc_auc,
};
use proptest::prelude::*;

type Row = (bool, i64, f64);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let p = prop_oneof![(0u8..=16).prop_map(|part| f64::from(part) / 16.0), 0.0f64..=1.0];
    prop::collection::vec((any::<bool>(), -3i64..4, p), 1..50)
}

const SPECS: [Spec; 9] = [
    Spec::Classification,
    Spec::Regression,
    Spec::Scores { probabilities: false, buckets: None },
    Spec::Scores { probabilities: true, buckets: None },
    Spec::Scores { probabilities: true, buckets: Some(8) },
    Spec::Scores { probabilities: false, buckets: Some(8) },
    Spec::Scores { probabilities: false, buckets: Some(1) },
    Spec::Quantiles { buckets: None },
    Spec::Quantiles { buckets: Some(8) },
];

fn update(state: &mut State, rows: &[Row]) {
    let truth: Vec<bool> = rows.iter().map(|row| row.0).collect();
    let classes: Vec<i64> = rows.iter().map(|row| row.1).collect();
    let scores: Vec<f64> = rows.iter().map(|row| row.2).collect();
    let targets: Vec<f64> = rows.iter().map(|row| 1e9 + row.1 as f64 + row.2).collect();
    let predicted: Vec<f64> = rows.iter().map(|row| 1e9 + row.1 as f64).collect();
    let values: Vec<f64> =
        rows.iter().map(|row| (row.2 - 0.5) * 20f64.powi(i32::try_from(row.1).unwrap())).collect();
    let (y_true, y_score) = (Labels::Bool(&truth), Scores::F64(&scores));
    state
        .update(match state.spec() {
            Spec::Classification => Batch::Classes { y_true, y_pred: Labels::Int(&classes) },
            Spec::Scores { .. } => Batch::Scores { y_true, y_score, pos_label: None },
            Spec::Regression => {
                Batch::Numbers { y_true: Scores::F64(&targets), y_pred: Scores::F64(&predicted) }
            }
            Spec::Quantiles { .. } => Batch::Values { values: Scores::F64(&values) },
        })
        .unwrap();
}

fn of(spec: Spec, rows: &[Row]) -> State {
    let mut state = State::new(spec).unwrap();
    update(&mut state, rows);
    state
}

proptest! {
    #[test]
    fn partition_and_order_do_not_matter(rows in rows(), cut in 0usize..50, turn in 0usize..50) {
        for spec in SPECS {
            let whole = of(spec, &rows);
            let mut turned = rows.clone();
            turned.rotate_left(turn % rows.len());
            let (left, right) = turned.split_at(cut.min(rows.len()));
            let mut merged = of(spec, right);
            merged.merge(&of(spec, left)).unwrap();
            prop_assert_eq!(merged.to_bytes(), whole.to_bytes());
            let mut streamed = State::new(spec).unwrap();
            for row in &turned {
                update(&mut streamed, std::slice::from_ref(row));
            }
            prop_assert_eq!(streamed.to_bytes(), whole.to_bytes());
            let read = State::from_bytes(&whole.to_bytes()).unwrap();
            prop_assert_eq!(read.to_bytes(), whole.to_bytes());
            prop_assert_eq!(read, whole);
        }
    }

    #[test]
    fn merging_is_a_sum(rows in rows(), parts in prop::collection::vec(0usize..5, 50), turn in 0usize..5) {
        for spec in SPECS {
            let part = |number: usize| {
                let own: Vec<Row> =
                    rows.iter().zip(&parts).filter(|(_, part)| **part == number).map(|(row, _)| *row).collect();
                of(spec, &own)
            };
            let merged = |numbers: &[usize]| {
                let mut sum = State::new(spec).unwrap();
                for &number in numbers {
                    sum.merge(&part(number)).unwrap();
                }
                sum
            };
            let mut turned = [0, 1, 2, 3, 4];
            turned.rotate_left(turn);
            let (left, right) = turned.split_at(2);
            let (mut one, mut other) = (merged(left), merged(right));
            one.merge(&merged(right)).unwrap();
            other.merge(&merged(left)).unwrap();
            let whole = of(spec, &rows).to_bytes();
            prop_assert_eq!(merged(&turned).to_bytes(), &whole[..]);
            prop_assert_eq!(one.to_bytes(), &whole[..]);
            prop_assert_eq!(other.to_bytes(), whole);
        }
    }

    #[test]
    fn states_give_what_columns_give(rows in rows()) {
        let truth: Vec<bool> = rows.iter().map(|row| row.0).collect();
        let classes: Vec<i64> = rows.iter().map(|row| row.1).collect();
        let scores: Vec<f64> = rows.iter().map(|row| row.2).collect();
        let near = |left: f64, right: f64| (left.is_nan() && right.is_nan()) || (left - right).abs() < 1e-9;
        let y_true = Labels::Bool(&truth);
        let direct = Confusion::of(y_true, Labels::Int(&classes), None, None).unwrap();
        prop_assert_eq!(of(Spec::Classification, &rows).finish().unwrap(), Finished::Classification(direct));
        let column = Scores::F64(&scores);
        let area = roc_auc(y_true, column, None, None).unwrap().value;
        for spec in &SPECS[2..7] {
            let Finished::Scores(found) = of(*spec, &rows).finish().unwrap() else { unreachable!() };
            let bound = found.auc_error + 1e-12;
            prop_assert!(near(found.roc_auc.value, area) || (found.roc_auc.value - area).abs() <= bound);
        }
        let Finished::Scores(found) = of(SPECS[3], &rows).finish().unwrap() else { unreachable!() };
        let table = Matrix::new(column, 1, "y_proba").unwrap();
        let labels = [halfback_metrics::Label::Bool(false), halfback_metrics::Label::Bool(true)];
        let loss = log_loss(y_true, table, true, None, Some(&labels)).unwrap().value;
        let brier = brier_score(y_true, table, None, &halfback_metrics::Brier::default()).unwrap().value;
        prop_assert!(near(found.log_loss.unwrap(), loss) && near(found.brier.unwrap(), brier));
        prop_assert!(near(found.average_precision.value, average_precision(y_true, column, None, None).unwrap().value));
        let targets: Vec<f64> = rows.iter().map(|row| 1e9 + row.1 as f64 + row.2).collect();
        let predicted: Vec<f64> = rows.iter().map(|row| 1e9 + row.1 as f64).collect();
        let Finished::Regression(found) = of(Spec::Regression, &rows).finish().unwrap() else { unreachable!() };
        let pair = Regression::single(Scores::F64(&targets), Scores::F64(&predicted), None).unwrap();
        let direct = pair.summary()[0];
        prop_assert!(near(found.mae, direct.mae) && near(found.rmse, direct.rmse));
        let (one, other) = (found.r2.value, direct.r2.value);
        // The direct sums are of rounded distances from 1e9; the state's are exact.
        prop_assert!(near(one, other) || (one - other).abs() < 1e-6 * one.abs().max(1.0));
    }

    #[test]
    fn foreign_bytes_are_refused_or_read(rows in rows(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        for spec in SPECS {
            let bytes = of(spec, &rows).to_bytes();
            prop_assert!(State::from_bytes(&bytes[..cut.index(bytes.len())]).is_err());
            let mut changed = bytes.clone();
            changed[at.index(bytes.len())] = byte;
            if let Ok(mut state) = State::from_bytes(&changed) {
                prop_assert_eq!(state.to_bytes(), changed);
                if let Ok(Finished::Quantiles(found)) = state.finish() {
                    let _ = [0.0, 0.3, 1.0].map(|q| found.quantile(q));
                }
                let copy = state.clone();
                let _ = state.merge(&copy);
            }
        }
    }
}

#[test]
fn bytes_are_for_good() {
    let rows = [(true, 1, 0.75), (false, 0, 0.25), (true, 0, 0.25)];
    let bytes = of(Spec::Classification, &rows).to_bytes();
    let pair = |truth: u8, predicted: u8| {
        let number = |value: u8| [value, 0, 0, 0, 0, 0, 0, 0];
        let class = |value: u8| [vec![0], number(value).to_vec()].concat();
        [class(truth), class(predicted), number(1).to_vec()].concat()
    };
    let head = [b"HBMS\x01\x00\x02".to_vec(), vec![3, 0, 0, 0, 0, 0, 0, 0]].concat();
    assert_eq!(bytes, [head, pair(0, 0), pair(1, 0), pair(1, 1)].concat());
}

#[test]
fn bytes_of_version_1_are_for_good() {
    let number = |value: u64| value.to_le_bytes().to_vec();
    let sums = vec![0; 2 * (67 * 4 + 8)];
    let exact = b"HBMS\x01\x01\0\0\0\0\0".to_vec();
    // The key of 0.5 from above, and one positive row.
    let groups = [1, !(0.5f64.to_bits() | 1 << 63), 1, 0].map(number).concat();
    let state = State::from_bytes(&[exact, sums.clone(), groups].concat()).unwrap();
    let (y_true, y_score) = (Labels::Bool(&[true]), Scores::F64(&[0.5]));
    let mut seen = State::new(Spec::Scores { probabilities: false, buckets: None }).unwrap();
    seen.update(Batch::Scores { y_true, y_score, pos_label: None }).unwrap();
    assert_eq!(seen, state);
    let buckets = b"HBMS\x01\x01\x01\x04\0\0\0".to_vec();
    let groups = [2, 0, 3, 4, 3, 1, 0].map(number).concat();
    let bytes = [buckets, sums, groups].concat();
    let state = State::from_bytes(&bytes).unwrap();
    assert_eq!(state.to_bytes(), bytes);
    let Finished::Scores(found) = state.finish().unwrap() else { unreachable!() };
    assert_eq!((found.positives, found.negatives, found.auc_error), (4, 4, 12.0 / 32.0));
    // Buckets of scores that are no probabilities are of version 2, and all else is not.
    let mut foreign = bytes.clone();
    foreign[6] = 0;
    assert!(State::from_bytes(&foreign).is_err());
    foreign = bytes;
    foreign[4] = 2;
    assert!(State::from_bytes(&foreign).is_err());
}

#[test]
fn states_of_different_kinds_do_not_merge() {
    let mut state = State::new(Spec::Regression).unwrap();
    assert!(state.merge(&State::new(Spec::Classification).unwrap()).is_err());
    assert!(state.finish().is_err());
    let truth = [true];
    let batch = Batch::Classes { y_true: Labels::Bool(&truth), y_pred: Labels::Bool(&truth) };
    assert!(state.update(batch).is_err());
}

#[test]
fn the_largest_counts_and_sums_that_can_be_read_stay_so() {
    let mut bytes = State::new(Spec::Regression).unwrap().to_bytes();
    bytes[6..14].fill(0xFF);
    let last = bytes.len() - 8;
    bytes[last..].copy_from_slice(&(1u64 << 32).to_le_bytes());
    let mut state = State::from_bytes(&bytes).unwrap();
    update(&mut state, &[(true, 1, 0.5)]);
    state.merge(&state.clone()).unwrap();
    let read = State::from_bytes(&state.to_bytes()).unwrap();
    assert_eq!(read, state);
    assert!(read.finish().is_ok());
}
