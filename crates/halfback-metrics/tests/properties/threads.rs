//! Any number of threads gives the same bits.

use halfback_metrics::{
    Brier, Confusion, Labels, Matrix, Multioutput, Normalize, Regression, Resampling, Scores,
    average_precision, bootstrap, bootstrap_roc_auc, brier_score, log_loss, regression_summary,
    roc_auc, with_threads,
};

/// Enough rows for four threads, and no whole number of blocks.
const ROWS: usize = 5 * (1 << 16) - 321;

/// Labels, and probabilities that lean towards them; some tie.
fn columns() -> (Vec<i64>, Vec<f64>) {
    let random = Resampling::new(5);
    let drawn = |key| f64::from(random.weight(key, 1)) + f64::from(random.weight(key, 2)) / 7.0;
    let labels: Vec<i64> =
        (0..ROWS as u64).map(|row| i64::from(random.weight(row, 0) % 2)).collect();
    let scores = labels.iter().zip(0..).map(|(&label, row)| {
        let spread = (row as f64 * 0.618_033_988_749).fract();
        ((label as f64 + drawn(row) + spread) / 12.0).min(1.0)
    });
    let scores = scores.collect();
    (labels, scores)
}

/// Every kernel that is cut into blocks.
fn measured(labels: &[i64], scores: &[f64]) -> Vec<u64> {
    let (truth, score) = (Labels::Int(labels), Scores::F64(scores));
    let table = Matrix::new(score, 1, "y_proba").unwrap();
    let numbers: Vec<f64> = labels.iter().map(|&label| label as f64).collect();
    let pair = Regression::single(Scores::F64(&numbers), score, None).unwrap();
    let weighted = Regression::single(Scores::F64(&numbers), score, Some(scores)).unwrap();
    let summary = regression_summary(Scores::F64(&numbers), score, None).unwrap();
    let resampled = bootstrap_roc_auc(truth, score, 9, 3).unwrap();
    let mut all = vec![
        roc_auc(truth, score, None, None).unwrap().value,
        roc_auc(truth, score, Some(scores), None).unwrap().value,
        average_precision(truth, score, None, None).unwrap().value,
        log_loss(truth, table, true, None, None).unwrap().value,
        brier_score(truth, table, None, &Brier::default()).unwrap().value,
        pair.mean_squared_error().average(Multioutput::Uniform).unwrap().value,
        weighted.mean_absolute_error().average(Multioutput::Uniform).unwrap().value,
        summary.rmse,
        summary.r2.value,
    ];
    all.extend(resampled.replicates);
    all.extend(Confusion::of(truth, truth, None, None).unwrap().matrix(Normalize::None).unwrap());
    all.into_iter().map(f64::to_bits).collect()
}

#[test]
fn the_quick_bootstrap_of_many_ranges_is_the_general_one() {
    let (labels, scores) = columns();
    let (truth, score) = (Labels::Int(&labels), Scores::F64(&scores));
    let quick = bootstrap_roc_auc(truth, score, 3, 7).unwrap();
    let keys: Vec<u64> = (0..labels.len() as u64).collect();
    let general =
        bootstrap(&keys, 3, 7, |weights| roc_auc(truth, score, Some(weights), None).unwrap().value);
    let general = general.unwrap();
    assert!((quick.estimate - roc_auc(truth, score, None, None).unwrap().value).abs() < 1e-12);
    assert_eq!(quick.replicates.len(), 3);
    for (quick, general) in quick.replicates.iter().zip(&general.replicates) {
        assert!((quick - general).abs() < 1e-12, "{quick} and {general}");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let (labels, scores) = columns();
    let one = measured(&labels, &scores);
    for threads in [0, 2, 3, 8] {
        assert_eq!(with_threads(threads, || measured(&labels, &scores)), one, "{threads} threads");
    }
}

#[test]
fn a_bad_row_is_found_in_any_block() {
    let (labels, mut scores) = columns();
    *scores.get_mut(ROWS - 2).unwrap() = f64::NAN;
    let refused = with_threads(2, || {
        roc_auc(Labels::Int(&labels), Scores::F64(&scores), None, None).unwrap_err().to_string()
    });
    assert!(refused.contains(&format!("row {}", ROWS - 2)), "{refused}");
}
