//! Simulations with fixed seeds: what is said of two models is false as often as it may be, at the
//! borders of each claim, where it is hardest.
#![expect(clippy::cast_precision_loss, clippy::unwrap_used, reason = "these are tests")]

use halfback_metrics::distribution::normal_quantile;
use halfback_metrics::{
    Adjustment, Alternative, Labels, PairedDifference, Question, Scores, Verdict, bootstrap,
    delong_paired, mcnemar,
};

const RUNS: usize = 2_000;

/// Steele, Lea and Flood's `SplitMix64`, of one seed for each test.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        ((z >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        normal_quantile(self.uniform())
    }

    /// Two classifiers on the same rows: each alone is right on these shares of them.
    fn counts(&mut self, rows: usize, first: f64, second: f64) -> PairedDifference {
        let truth = vec![true; rows];
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for _ in 0..rows {
            let at = self.uniform();
            one.push(at < first || at >= first + second);
            other.push(at >= first);
        }
        let [truth, one, other] = [&truth, &one, &other].map(|rows| Labels::Bool(rows));
        PairedDifference::Counts(mcnemar(truth, one, other).unwrap())
    }

    /// The mean of gaps with this mean, over resamples.
    fn resamples(&mut self, rows: usize, mean: f64, seed: u64) -> PairedDifference {
        let gaps: Vec<f64> = (0..rows).map(|_| mean + self.normal()).collect();
        let keys: Vec<u64> = (0..rows as u64).collect();
        let of = |weights: &[f64]| {
            let sum: f64 = gaps.iter().zip(weights).map(|(gap, weight)| gap * weight).sum();
            sum / weights.iter().sum::<f64>()
        };
        PairedDifference::Resamples(bootstrap(&keys, 400, seed, of).unwrap())
    }

    /// Two scores of the same rows that rank as well as each other.
    fn areas(&mut self, rows: usize) -> PairedDifference {
        let truth: Vec<bool> = (0..rows).map(|row| row % 3 == 0).collect();
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for &truth in &truth {
            let common = self.normal() + if truth { 1.0 } else { 0.0 };
            one.push(common + 0.7 * self.normal());
            other.push(common + 0.7 * self.normal());
        }
        delong_paired(Labels::Bool(&truth), Scores::F64(&one), Scores::F64(&other)).unwrap().into()
    }
}

/// The verdicts of as many runs.
fn verdicts(
    alternative: Alternative,
    margin: f64,
    mut difference: impl FnMut(u64) -> PairedDifference,
) -> Vec<Verdict> {
    let question = Question { alternative, margin, level: 0.9, higher_is_better: true };
    (0..RUNS).map(|run| question.judge_one(&difference(run as u64)).unwrap().verdict).collect()
}

/// A share may differ by four standard errors, and by what is known of the method besides.
#[track_caller]
fn holds(verdicts: &[Verdict], which: &[Verdict], share: f64, besides: f64) {
    let found = verdicts.iter().filter(|verdict| which.contains(verdict)).count();
    let found = found as f64 / verdicts.len() as f64;
    let error = 4.0 * (share * (1.0 - share) / verdicts.len() as f64).sqrt();
    assert!((found - share).abs() <= error + besides, "{found} in place of {share} ± {error}");
}

#[test]
fn equal_models_are_seldom_told_apart() {
    use Alternative::Difference;
    let told = [Verdict::Better, Verdict::Worse];
    let mut random = Random(1);
    holds(&verdicts(Difference, 0.0, |_| random.areas(150)), &told, 0.1, 0.005);
    // Counts are discrete: the level cannot be met exactly.
    holds(&verdicts(Difference, 0.0, |_| random.counts(400, 0.1, 0.1)), &told, 0.1, 0.015);
    holds(&verdicts(Difference, 0.0, |run| random.resamples(100, 0.0, run)), &told, 0.1, 0.015);
}

#[test]
fn models_that_are_no_better_are_seldom_called_so() {
    use Alternative::Superiority;
    let mut random = Random(2);
    let better = [Verdict::Better];
    holds(&verdicts(Superiority, 0.0, |_| random.areas(150)), &better, 0.05, 0.005);
    holds(&verdicts(Superiority, 0.05, |_| random.counts(400, 0.15, 0.1)), &better, 0.05, 0.01);
    let shifted = verdicts(Superiority, 0.2, |run| random.resamples(100, 0.2, run));
    holds(&shifted, &better, 0.05, 0.01);
}

#[test]
fn models_worse_by_the_margin_are_seldom_called_non_inferior() {
    use Alternative::NonInferiority;
    let mut random = Random(3);
    let called = [Verdict::NonInferior, Verdict::Better, Verdict::Equivalent];
    holds(&verdicts(NonInferiority, 0.05, |_| random.counts(400, 0.1, 0.15)), &called, 0.05, 0.01);
    let shifted = verdicts(NonInferiority, 0.2, |run| random.resamples(100, -0.2, run));
    holds(&shifted, &called, 0.05, 0.01);
}

#[test]
fn models_apart_by_the_margin_are_seldom_called_equivalent() {
    use Alternative::{Difference, Equivalence};
    let mut random = Random(4);
    let equivalent = [Verdict::Equivalent];
    holds(&verdicts(Equivalence, 0.1, |_| random.counts(400, 0.15, 0.05)), &equivalent, 0.05, 0.01);
    let shifted = verdicts(Equivalence, 0.4, |run| random.resamples(100, 0.4, run));
    holds(&shifted, &equivalent, 0.05, 0.01);
    let either = verdicts(Difference, 0.4, |run| random.resamples(100, 0.4, run));
    let called = either.iter().filter(|&&verdict| verdict == Verdict::Equivalent).count();
    assert!(called as f64 / RUNS as f64 <= 0.05 + 4.0 * (0.0475 / RUNS as f64).sqrt() + 0.01);
}

#[test]
fn equal_models_with_enough_rows_are_found_equivalent() {
    let mut random = Random(5);
    let found = verdicts(Alternative::Equivalence, 0.05, |_| random.counts(1_000, 0.1, 0.1));
    let equivalent = found.iter().filter(|&&verdict| verdict == Verdict::Equivalent).count();
    assert!(equivalent > RUNS * 9 / 10, "{equivalent}");
}

#[test]
fn of_many_slices_without_a_difference_seldom_any_is_called_different() {
    let mut random = Random(6);
    let question = Question {
        alternative: Alternative::Difference,
        margin: 0.0,
        level: 0.9,
        higher_is_better: true,
    };
    let mut any = 0;
    for _ in 0..RUNS {
        let slices: Vec<PairedDifference> = (0..8).map(|_| random.areas(90)).collect();
        let judged = question.judge(&slices, Adjustment::Holm).unwrap();
        any += usize::from(judged.iter().any(|one| one.verdict != Verdict::Inconclusive));
    }
    // Holm holds the chance of any false finding at or below the level.
    let most = 0.1 + 4.0 * (0.09 / RUNS as f64).sqrt() + 0.01;
    assert!((0.05..=most).contains(&(any as f64 / RUNS as f64)), "{any}");
}
