//! What is said of two models or samples, at the borders of each claim, where it is hardest.

use halfback_metrics::distribution::normal_cdf;
use halfback_metrics::{
    Adjustment, Alternative, Difference, Labels, Question, Scores, Verdict, bootstrap,
    delong_paired, mcnemar, two_proportions, welch,
};

use crate::{RUNS, Random, holds as share_holds};

impl Random {
    /// Two classifiers on the same rows: each alone is right on these shares of them.
    fn counts(&mut self, rows: usize, first: f64, second: f64) -> Difference {
        let truth = vec![true; rows];
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for _ in 0..rows {
            let at = self.uniform();
            one.push(at < first || at >= first + second);
            other.push(at >= first);
        }
        let [truth, one, other] = [&truth, &one, &other].map(|rows| Labels::Bool(rows));
        Difference::Counts(mcnemar(truth, one, other).unwrap())
    }

    /// The mean of gaps with this mean, over resamples.
    fn resamples(&mut self, rows: usize, mean: f64, seed: u64) -> Difference {
        let gaps: Vec<f64> = (0..rows).map(|_| mean + self.normal()).collect();
        let keys: Vec<u64> = (0..rows as u64).collect();
        let of = |weights: &[f64]| {
            let sum: f64 = gaps.iter().zip(weights).map(|(gap, weight)| gap * weight).sum();
            sum / weights.iter().sum::<f64>()
        };
        Difference::Resamples(bootstrap(&keys, 400, seed, of).unwrap())
    }

    /// Two scores of the same rows, as far apart from those of the other class as is said.
    fn areas(&mut self, rows: usize, first: f64, second: f64) -> Difference {
        let truth: Vec<bool> = (0..rows).map(|row| row % 3 == 0).collect();
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for &truth in &truth {
            let common = self.normal();
            let mut score = |apart| common + if truth { apart } else { 0.0 } + 0.7 * self.normal();
            one.push(score(first));
            other.push(score(second));
        }
        delong_paired(Labels::Bool(&truth), Scores::F64(&one), Scores::F64(&other)).unwrap().into()
    }

    /// Two samples of unlike variances and sizes.
    fn means(&mut self, first: f64, second: f64) -> Difference {
        let one: Vec<f64> = (0..12).map(|_| first + 3.0 * self.normal()).collect();
        let other: Vec<f64> = (0..40).map(|_| second + self.normal()).collect();
        Difference::Means(welch(&one, &other).unwrap())
    }

    /// Two shares of samples of unlike sizes.
    fn shares(&mut self, first: f64, second: f64) -> Difference {
        let one = (self.successes(250, first), 250);
        let other = (self.successes(180, second), 180);
        Difference::Proportions(two_proportions(one, other).unwrap())
    }
}

/// The true difference of [`Random::areas`].
fn area(first: f64, second: f64) -> f64 {
    let of = |apart: f64| normal_cdf(apart / (2.0f64 * 1.49).sqrt());
    of(first) - of(second)
}

/// The verdicts of as many runs.
fn verdicts(
    alternative: Alternative,
    margin: f64,
    mut difference: impl FnMut(u64) -> Difference,
) -> Vec<Verdict> {
    let question = Question { alternative, margin, level: 0.9, higher_is_better: true };
    (0..RUNS).map(|run| question.judge_one(&difference(run as u64)).unwrap().verdict).collect()
}

/// How many of the verdicts are among `which`.
fn holds(verdicts: &[Verdict], which: &[Verdict], share: f64, besides: f64) {
    let found = verdicts.iter().filter(|verdict| which.contains(verdict)).count();
    share_holds(found, verdicts.len(), share, besides);
}

#[test]
fn equal_models_are_seldom_told_apart() {
    use Alternative::Difference;
    let told = [Verdict::Better, Verdict::Worse];
    let mut random = Random(1);
    holds(&verdicts(Difference, 0.0, |_| random.areas(150, 1.0, 1.0)), &told, 0.1, 0.005);
    // Counts are discrete: the level cannot be met exactly.
    holds(&verdicts(Difference, 0.0, |_| random.counts(400, 0.1, 0.1)), &told, 0.1, 0.015);
    holds(&verdicts(Difference, 0.0, |run| random.resamples(100, 0.0, run)), &told, 0.1, 0.015);
    holds(&verdicts(Difference, 0.0, |_| random.means(1.0, 1.0)), &told, 0.1, 0.005);
    holds(&verdicts(Difference, 0.0, |_| random.shares(0.3, 0.3)), &told, 0.1, 0.01);
}

#[test]
fn models_that_are_no_better_are_seldom_called_so() {
    use Alternative::Superiority;
    let mut random = Random(2);
    let better = [Verdict::Better];
    holds(&verdicts(Superiority, 0.0, |_| random.areas(150, 1.0, 1.0)), &better, 0.05, 0.005);
    holds(&verdicts(Superiority, 0.05, |_| random.counts(400, 0.15, 0.1)), &better, 0.05, 0.01);
    let shifted = verdicts(Superiority, 0.2, |run| random.resamples(100, 0.2, run));
    holds(&shifted, &better, 0.05, 0.01);
    let areas = verdicts(Superiority, area(1.6, 1.2), |_| random.areas(240, 1.6, 1.2));
    holds(&areas, &better, 0.05, 0.01);
    holds(&verdicts(Superiority, 0.5, |_| random.means(1.5, 1.0)), &better, 0.05, 0.005);
    holds(&verdicts(Superiority, 0.1, |_| random.shares(0.4, 0.3)), &better, 0.05, 0.01);
}

#[test]
fn models_worse_by_the_margin_are_seldom_called_non_inferior() {
    use Alternative::NonInferiority;
    let mut random = Random(3);
    let called = [Verdict::NonInferior, Verdict::Better, Verdict::Equivalent];
    holds(&verdicts(NonInferiority, 0.05, |_| random.counts(400, 0.1, 0.15)), &called, 0.05, 0.01);
    let shifted = verdicts(NonInferiority, 0.2, |run| random.resamples(100, -0.2, run));
    holds(&shifted, &called, 0.05, 0.01);
    let areas = verdicts(NonInferiority, area(1.6, 1.2), |_| random.areas(240, 1.2, 1.6));
    holds(&areas, &called, 0.05, 0.01);
    holds(&verdicts(NonInferiority, 0.5, |_| random.means(1.0, 1.5)), &called, 0.05, 0.005);
    holds(&verdicts(NonInferiority, 0.1, |_| random.shares(0.3, 0.4)), &called, 0.05, 0.01);
}

#[test]
fn models_apart_by_the_margin_are_seldom_called_equivalent() {
    use Alternative::{Difference, Equivalence};
    let mut random = Random(4);
    let equivalent = [Verdict::Equivalent];
    holds(&verdicts(Equivalence, 0.1, |_| random.counts(400, 0.15, 0.05)), &equivalent, 0.05, 0.01);
    let shifted = verdicts(Equivalence, 0.4, |run| random.resamples(100, 0.4, run));
    holds(&shifted, &equivalent, 0.05, 0.01);
    let areas = verdicts(Equivalence, area(1.6, 1.2), |_| random.areas(600, 1.6, 1.2));
    holds(&areas, &equivalent, 0.05, 0.01);
    // So far that the other border of the margin is out of reach: then the level is met.
    holds(&verdicts(Equivalence, 3.0, |_| random.means(4.0, 1.0)), &equivalent, 0.05, 0.005);
    holds(&verdicts(Equivalence, 0.2, |_| random.shares(0.3, 0.5)), &equivalent, 0.05, 0.01);
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
        let slices: Vec<Difference> = (0..8).map(|_| random.areas(90, 1.0, 1.0)).collect();
        let judged = question.judge(&slices, Adjustment::Holm).unwrap();
        any += usize::from(judged.iter().any(|one| one.verdict != Verdict::Inconclusive));
    }
    // Holm holds the chance of any false finding at or below the level.
    let most = 0.1 + 4.0 * (0.09 / RUNS as f64).sqrt() + 0.01;
    assert!((0.05..=most).contains(&(any as f64 / RUNS as f64)), "{any}");
}
