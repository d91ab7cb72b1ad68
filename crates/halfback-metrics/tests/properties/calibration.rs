//! Calibration: identities that hold for any forecast.

use halfback_metrics::{
    Bins, Brier, Labels, Matrix, Scores, brier_score, murphy, recalibration, reliability,
};
use proptest::prelude::*;

fn rows() -> impl Strategy<Value = Vec<(bool, f64)>> {
    let row = (any::<bool>(), (0u8..=10).prop_map(|tenth| f64::from(tenth) / 10.0));
    prop::collection::vec(row, 1..60)
}

proptest! {
    #[test]
    fn parts_make_the_brier_score(rows in rows()) {
        let (truth, p): (Vec<bool>, Vec<f64>) = rows.into_iter().unzip();
        let parts = murphy(Labels::Bool(&truth), Scores::F64(&p), None, None).unwrap();
        let table = Matrix::new(Scores::F64(&p), 1, "y_proba").unwrap();
        let brier = brier_score(Labels::Bool(&truth), table, None, &Brier::default()).unwrap();
        let sum = parts.reliability - parts.resolution + parts.uncertainty;
        prop_assert!((sum - brier.value).abs() < 1e-12);
    }

    #[test]
    fn every_row_is_in_one_bin(rows in rows(), count in 1usize..20) {
        let (truth, p): (Vec<bool>, Vec<f64>) = rows.into_iter().unzip();
        for bins in [Bins::Uniform(count), Bins::Quantile(count)] {
            let table = reliability(Labels::Bool(&truth), Scores::F64(&p), None, None, bins).unwrap();
            prop_assert_eq!(table.bins.iter().map(|bin| bin.weight).sum::<f64>(), truth.len() as f64);
            prop_assert!(table.expected_error() <= table.maximum_error() + 1e-12);
            for bin in &table.bins {
                prop_assert!(bin.predicted <= bin.upper + 1e-12);
                prop_assert!(bin.predicted >= bin.lower - 1e-12);
            }
        }
    }
}

#[test]
fn separated_classes_have_no_slope() {
    let truth = [false, false, true, true];
    let fit = |p: &[f64]| recalibration(Labels::Bool(&truth), Scores::F64(p), None, None).unwrap();
    assert!(fit(&[0.1, 0.2, 0.6, 0.9]).slope.undefined.is_some());
    assert!(fit(&[0.5, 0.5, 0.5, 0.5]).slope.undefined.is_some());
    assert!(fit(&[0.1, 0.7, 0.6, 0.9]).slope.undefined.is_none());
    assert_eq!(fit(&[0.5, 0.5, 0.5, 0.5]).in_the_large.value, 0.0);
}
