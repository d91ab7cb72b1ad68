//! Intervals and tests of a share, of two, of areas, means and resamples.

use halfback_metrics::{
    Adjustment, Design, Interval, Labels, Scores, adjust, bootstrap, bootstrap_roc_auc,
    bootstrap_stratified, clopper_pearson, delong, delong_paired, jackknife, mcnemar,
    miettinen_nurminen, newcombe, power_of_proportions, rows_for_proportions, welch, wilson,
};

use crate::{RUNS, Random, covers, holds};

/// Exactly, over all outcomes.
fn coverage(rows: u64, p: f64, interval: impl Fn(u64) -> Interval) -> f64 {
    let mut chance = (1.0 - p).powi(rows as i32);
    let mut sum = 0.0;
    for k in 0..=rows {
        if covers(&interval(k), p) {
            sum += chance;
        }
        chance *= (rows - k) as f64 / (k + 1) as f64 * p / (1.0 - p);
    }
    sum
}

#[test]
fn intervals_of_a_share_cover() {
    let shares: Vec<f64> = (1..100).map(|hundredth| f64::from(hundredth) / 100.0).collect();
    let mean =
        |of: &dyn Fn(f64) -> f64| shares.iter().map(|&p| of(p)).sum::<f64>() / shares.len() as f64;
    let exact = |p| coverage(60, p, |k| clopper_pearson(k, 60, 0.95).unwrap());
    assert!(shares.iter().all(|&p| exact(p) >= 0.95 - 1e-12));
    let score = |p| coverage(60, p, |k| wilson(k, 60, 0.95).unwrap());
    assert!((mean(&score) - 0.95).abs() < 0.005, "{}", mean(&score));
    assert!(shares.iter().all(|&p| score(p) > 0.83));
}

#[test]
fn intervals_of_two_shares_cover() {
    let mut random = Random(1);
    let (mut first, mut second) = (0, 0);
    for _ in 0..RUNS {
        let a = (random.successes(70, 0.6), 70);
        let b = (random.successes(50, 0.4), 50);
        first += usize::from(covers(&newcombe(a, b, 0.9).unwrap(), 0.2));
        second += usize::from(covers(&miettinen_nurminen(a, b, 0.9).unwrap(), 0.2));
    }
    // Counts are discrete: the level cannot be met exactly.
    holds(first, RUNS, 0.9, 0.01);
    holds(second, RUNS, 0.9, 0.01);
}

/// Rows of two normal classes, and scores that share a part.
fn classes(random: &mut Random, rows: usize, apart: f64) -> (Vec<bool>, Vec<f64>, Vec<f64>) {
    let truth: Vec<bool> = (0..rows).map(|row| row % 3 == 0).collect();
    let mut scores = (Vec::new(), Vec::new());
    for &truth in &truth {
        let common = random.normal() + if truth { apart } else { 0.0 };
        scores.0.push(common + 0.7 * random.normal());
        scores.1.push(common + 0.7 * random.normal());
    }
    (truth, scores.0, scores.1)
}

#[test]
fn delong_covers_and_holds_its_level() {
    let mut random = Random(2);
    // Scores differ by `apart` at a variance of 2 (1 + 0.49).
    let apart = 1.0;
    let area = halfback_metrics::distribution::normal_cdf(apart / (2.0f64 * 1.49).sqrt());
    let (mut wald, mut logit, mut found, mut difference) = (0, 0, 0, 0);
    for _ in 0..RUNS {
        let (truth, one, other) = classes(&mut random, 180, apart);
        let truth = Labels::Bool(&truth);
        let (one, other) = (Scores::F64(&one), Scores::F64(&other));
        let estimate = delong(truth, one).unwrap();
        wald += usize::from(covers(&estimate.interval(0.95).unwrap(), area));
        logit += usize::from(covers(&estimate.logit_interval(0.95).unwrap(), area));
        let pair = delong_paired(truth, one, other).unwrap();
        found += usize::from(pair.p_value().value < 0.05);
        difference += usize::from(covers(&pair.interval(0.95).unwrap(), 0.0));
    }
    holds(wald, RUNS, 0.95, 0.005);
    holds(logit, RUNS, 0.95, 0.005);
    holds(found, RUNS, 0.05, 0.0);
    holds(difference, RUNS, 0.95, 0.0);
}

#[test]
fn bootstrap_covers() {
    let mut random = Random(3);
    let (mut percentile, mut corrected) = (0, 0);
    for run in 0..RUNS {
        // The mean of 80 exponential numbers: skew, for which the correction is made.
        let rows: Vec<f64> = (0..80).map(|_| -random.uniform().ln()).collect();
        let mean = |weights: &[f64]| {
            let sum: f64 = rows.iter().zip(weights).map(|(row, weight)| row * weight).sum();
            sum / weights.iter().sum::<f64>()
        };
        let keys: Vec<u64> = (0..80).collect();
        let resamples = bootstrap(&keys, 400, run as u64, mean).unwrap();
        percentile += usize::from(covers(&resamples.interval(0.9).unwrap(), 1.0));
        let left_out = jackknife(&keys, 80, mean).unwrap();
        let better = resamples.corrected(&left_out).interval(0.9).unwrap();
        corrected += usize::from(covers(&better, 1.0));
    }
    // With 80 skew rows the percentile interval is known to be a little short.
    holds(percentile, RUNS, 0.9, 0.015);
    holds(corrected, RUNS, 0.9, 0.01);
}

#[test]
fn bootstrap_is_as_wide_as_delong() {
    let mut random = Random(4);
    let (truth, scores, _) = classes(&mut random, 2_000, 1.0);
    let (truth, scores) = (Labels::Bool(&truth), Scores::F64(&scores));
    let resamples = bootstrap_roc_auc(truth, scores, 2_000, 5).unwrap();
    let estimate = delong(truth, scores).unwrap();
    assert!((resamples.estimate - estimate.area).abs() < 1e-12);
    // The standard error of a standard deviation over 2,000 is 1.6 %.
    let ratio = resamples.standard_error() / estimate.variance.sqrt();
    assert!((ratio - 1.0).abs() < 0.07, "{ratio}");
    assert_eq!(resamples.undefined, 0);
}

#[test]
fn the_quick_bootstrap_is_the_general_one() {
    // Few scores, some scores of several rows, and none.
    for (rows, levels) in [(60, 2.0), (900, 2.0), (900, 200.0), (900, 1e9)] {
        let (truth, scores, _) = classes(&mut Random(5), rows, 1.0);
        let scores: Vec<f64> = scores.iter().map(|score| (score * levels).round()).collect();
        let keys: Vec<u64> = (0..truth.len() as u64).collect();
        let (labels, column) = (Labels::Bool(&truth), Scores::F64(&scores));
        let general = bootstrap(&keys, 50, 9, |weights| {
            halfback_metrics::roc_auc(labels, column, Some(weights), None).unwrap().value
        });
        let quick = bootstrap_roc_auc(labels, column, 50, 9).unwrap();
        let general = general.unwrap();
        assert_eq!(general.undefined, quick.undefined);
        assert!((general.estimate - quick.estimate).abs() < 1e-12);
        assert_eq!(general.replicates.len(), quick.replicates.len());
        for (left, right) in general.replicates.iter().zip(&quick.replicates) {
            assert!((left - right).abs() < 1e-12, "{levels} levels: {left} and {right}");
        }
    }
}

#[test]
fn resamples_do_not_depend_on_the_order_of_rows() {
    let values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0];
    let sum = |keys: &[u64]| {
        let keys = keys.to_vec();
        let of = keys.clone();
        bootstrap(&keys, 100, 1, move |weights| {
            of.iter().zip(weights).map(|(&key, weight)| values[key as usize] * weight).sum()
        })
        .unwrap()
        .replicates
    };
    assert_eq!(sum(&[0, 1, 2, 3, 4, 5]), sum(&[5, 2, 0, 4, 1, 3]));
}

#[test]
fn a_paired_bootstrap_holds_its_level() {
    let mut random = Random(6);
    let mut found = 0;
    for run in 0..RUNS {
        let gaps: Vec<f64> = (0..100).map(|_| random.normal() - random.normal()).collect();
        let keys: Vec<u64> = (0..100).collect();
        let resamples = bootstrap(&keys, 300, run as u64, |weights| {
            gaps.iter().zip(weights).map(|(gap, weight)| gap * weight).sum::<f64>()
        });
        found += usize::from(resamples.unwrap().p_value(0.0) <= 0.1);
    }
    holds(found, RUNS, 0.1, 0.01);
}

#[test]
fn mcnemar_holds_its_level() {
    let mut random = Random(7);
    let (mut exact, mut middle) = (0, 0);
    for _ in 0..RUNS {
        let truth = vec![true; 200];
        let mut guess = || -> Vec<bool> { (0..200).map(|_| random.uniform() < 0.7).collect() };
        let (one, other) = (guess(), guess());
        let test = mcnemar(Labels::Bool(&truth), Labels::Bool(&one), Labels::Bool(&other)).unwrap();
        exact += usize::from(test.exact() <= 0.05);
        middle += usize::from(test.mid_p() <= 0.05);
    }
    // Too careful by its nature, yet not without any finding.
    assert!((20..=RUNS / 20).contains(&exact), "{exact}");
    holds(middle, RUNS, 0.05, 0.005);
}

#[test]
fn welch_holds_its_level() {
    let mut random = Random(8);
    let (mut found, mut covered) = (0, 0);
    for _ in 0..RUNS {
        let one: Vec<f64> = (0..12).map(|_| 3.0 * random.normal()).collect();
        let other: Vec<f64> = (0..40).map(|_| random.normal()).collect();
        let test = welch(&one, &other).unwrap();
        found += usize::from(test.p_value().value <= 0.05);
        covered += usize::from(covers(&test.interval(0.95).unwrap(), 0.0));
    }
    holds(found, RUNS, 0.05, 0.0);
    assert_eq!(found, RUNS - covered);
}

#[test]
fn adjustments_hold_what_they_say() {
    let mut random = Random(9);
    let (mut any, mut shares, mut other_shares) = (0, 0.0, 0.0);
    for _ in 0..RUNS {
        // Twenty tests, of which the last five have something to find.
        let p = |random: &mut Random, shift: f64| {
            1.0 - halfback_metrics::distribution::normal_cdf(random.normal() + shift)
        };
        let tests: Vec<f64> =
            (0..20).map(|at| p(&mut random, if at < 15 { 0.0 } else { 3.0 })).collect();
        let findings = |how| -> (f64, f64) {
            let adjusted = adjust(&tests, how).unwrap();
            let found = |range: std::ops::Range<usize>| {
                adjusted[range].iter().filter(|&&p| p <= 0.1).count() as f64
            };
            (found(0..15), found(0..20))
        };
        any += usize::from(findings(Adjustment::Holm).0 > 0.0);
        let share = |(wrong, all): (f64, f64)| if all == 0.0 { 0.0 } else { wrong / all };
        shares += share(findings(Adjustment::BenjaminiHochberg));
        other_shares += share(findings(Adjustment::BenjaminiYekutieli));
    }
    assert!(any as f64 / RUNS as f64 <= 0.1 + 4.0 * (0.09 / RUNS as f64).sqrt(), "{any}");
    // Benjamini and Hochberg's is exactly 15/20 of the level for independent tests.
    assert!((shares / RUNS as f64 - 0.075).abs() < 0.015, "{shares}");
    assert!(other_shares < shares);
}

#[test]
fn planned_rows_find_what_they_should() {
    let design = Design { alpha: 0.05, ratio: 1.0 };
    let rows = rows_for_proportions(0.6, 0.45, 0.8, design).unwrap();
    assert!(power_of_proportions(0.6, 0.45, rows, design).unwrap() >= 0.8);
    assert!(power_of_proportions(0.6, 0.45, rows - 1, design).unwrap() < 0.8);
    let mut random = Random(10);
    let found = (0..RUNS)
        .filter(|_| {
            let a = (random.successes(rows, 0.6), rows);
            let b = (random.successes(rows, 0.45), rows);
            miettinen_nurminen(a, b, 0.95).unwrap().lower > 0.0
        })
        .count();
    holds(found, RUNS, 0.8, 0.01);
}

#[test]
fn resamples_without_what_is_needed_give_no_interval() {
    let resamples = bootstrap(&[0, 1, 2], 20, 1, |_| f64::NAN).unwrap();
    assert_eq!(resamples.undefined, 20);
    assert!(resamples.interval(0.9).is_err());
    assert!(resamples.corrected(&[]).interval(0.9).is_err());
}

#[test]
fn a_stratified_bootstrap_covers_what_is_within_strata() {
    let mut random = Random(11);
    let mut covered = 0;
    let strata: Vec<u32> = (0..90).map(|row| row / 30).collect();
    let keys: Vec<u64> = (0..90).collect();
    for run in 0..RUNS {
        // Strata far apart, of which a third of the rows each are known to come.
        let rows: Vec<f64> =
            strata.iter().map(|&stratum| 50.0 * f64::from(stratum) + random.normal()).collect();
        let mean = |weights: &[f64]| {
            let sum: f64 = rows.iter().zip(weights).map(|(row, weight)| row * weight).sum();
            sum / weights.iter().sum::<f64>()
        };
        let resamples = bootstrap_stratified(&keys, &strata, 300, run as u64, mean).unwrap();
        let interval = resamples.interval(0.9).unwrap();
        covered += usize::from(covers(&interval, 50.0));
        assert!(interval.upper - interval.lower < 1.0);
    }
    holds(covered, RUNS, 0.9, 0.015);
}

#[test]
fn rows_of_a_cluster_are_drawn_together() {
    const CLUSTERS: u64 = 80;
    const EACH: u64 = 4;
    let mut random = Random(12);
    let clusters: Vec<u64> = (0..CLUSTERS * EACH).map(|row| row / EACH).collect();
    let rows: Vec<u64> = (0..CLUSTERS * EACH).collect();
    let (mut covered, mut covered_without) = (0, 0);
    for run in 0..RUNS as u64 {
        let mut values = Vec::new();
        for _ in 0..CLUSTERS {
            let own = random.normal();
            values.extend((0..EACH).map(|_| own + 0.5 * random.normal()));
        }
        let mean = |weights: &[f64]| {
            let sum: f64 = values.iter().zip(weights).map(|(value, weight)| value * weight).sum();
            sum / weights.iter().sum::<f64>()
        };
        let covers_zero = |keys: &[u64]| {
            let interval = bootstrap(keys, 200, run, mean).unwrap().interval(0.9).unwrap();
            usize::from(covers(&interval, 0.0))
        };
        covered += covers_zero(&clusters);
        covered_without += covers_zero(&rows);
    }
    holds(covered, RUNS, 0.9, 0.01);
    // As if there were four times as many independent rows.
    assert!(covered_without < RUNS * 7 / 10, "{covered_without}");
}

#[test]
fn strata_keep_their_weight_in_every_resample() {
    let keys: Vec<u64> = (0..20).collect();
    let strata: Vec<u32> = (0..20).map(|row| 7 * u32::from(row >= 5)).collect();
    let resamples = bootstrap_stratified(&keys, &strata, 200, 3, |weights| {
        weights[5..].iter().sum::<f64>() / weights.iter().sum::<f64>()
    });
    let resamples = resamples.unwrap();
    assert!(resamples.replicates.iter().all(|share| (share - 0.75).abs() < 1e-12));
    assert!(resamples.undefined > 0, "a stratum of five rows is not drawn once in 148 times");
    assert!(bootstrap_stratified(&keys, &strata[1..], 10, 3, |_| 0.0).is_err());
}
