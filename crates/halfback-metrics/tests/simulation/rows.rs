//! Intervals and verdicts of few rows, each drawn alone.

use halfback_metrics::{
    Alternative, Difference, Question, Scores, Settings, Suite, Verdict, bootstrap,
};

use crate::clusters::{covers_at_95, share};
use crate::{Random, covers};

fn suite(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> Suite {
    Suite::regression(Scores::F64(truth), Scores::F64(predicted), weights).unwrap()
}

#[test]
fn intervals_of_few_rows_cover() {
    for rows in [6, 12, 50] {
        let keys: Vec<u64> = (0..rows).collect();
        let mut random = Random(500 + rows);
        let covered = share(|seed| {
            let values: Vec<f64> = keys.iter().map(|_| random.normal()).collect();
            let mean = |weights: &[f64]| {
                let sum: f64 =
                    values.iter().zip(weights).map(|(value, weight)| value * weight).sum();
                sum / weights.iter().sum::<f64>()
            };
            covers(&bootstrap(&keys, 1_000, seed, mean).unwrap().interval(0.95).unwrap(), 0.0)
        });
        covers_at_95(covered, &format!("{rows} rows"));
    }
}

/// As docs/evaluation.md says.
#[test]
fn weights_that_differ_keep_the_level() {
    for rows in [8, 12, 50] {
        let mut random = Random(600 + rows);
        let covered = share(|seed| {
            let weights: Vec<f64> = (0..rows).map(|_| (random.normal() / 2.0).exp()).collect();
            let predicted: Vec<f64> = (0..rows).map(|_| random.normal()).collect();
            let suite = suite(&vec![0.0; predicted.len()], &predicted, Some(&weights));
            let measured = suite.measure(&Settings { seed, ..Settings::default() }).unwrap();
            let bias = measured.iter().find(|one| one.name == "bias").unwrap();
            covers(&bias.interval.unwrap(), 0.0)
        });
        covers_at_95(covered, &format!("{rows} rows"));
    }
}

#[test]
fn models_that_are_as_good_are_seldom_told_apart_by_few_rows() {
    let question = Question {
        alternative: Alternative::Difference,
        margin: 0.0,
        level: 0.95,
        higher_is_better: false,
    };
    for rows in [6, 12, 50] {
        let mut random = Random(700 + rows);
        let told = share(|seed| {
            let mut column = || (0..rows).map(|_| random.normal()).collect::<Vec<f64>>();
            let [truth, first, second] = [column(), column(), column()];
            let [first, second] = [first, second].map(|predicted| suite(&truth, &predicted, None));
            let compared = first.compare(&second, "mae", 1_000, seed).unwrap();
            let Some(Difference::Resamples(resamples)) = compared.difference else { panic!() };
            assert_eq!(resamples.units as u64, rows);
            question.judge_one(&Difference::Resamples(resamples)).unwrap().verdict
                != Verdict::Inconclusive
        });
        covers_at_95(1.0 - told, &format!("{rows} rows"));
    }
}
