//! Intervals and verdicts of few clusters, of unequal sizes and of rows that are much alike.

use halfback_metrics::{
    Alternative, Bootstrap, Difference, Error, Question, Verdict, bootstrap, bootstrap_stratified,
};

use crate::{RUNS, Random, covers};

/// Resamples in a run: bounds of six clusters at 95 % lie beyond one in 400 of them.
const REPLICATES: u32 = 1_000;

/// Rows with a common part in each cluster; their mean over clusters is zero.
struct Rows {
    keys: Vec<u64>,
    strata: Vec<u32>,
    values: Vec<f64>,
}

impl Random {
    /// From 1 to 15 rows of each cluster. Clusters of a stratum follow each other.
    fn clusters(&mut self, clusters: u64, in_stratum: u64, deviate: fn(&mut Self) -> f64) -> Rows {
        let mut rows = Rows { keys: Vec::new(), strata: Vec::new(), values: Vec::new() };
        for cluster in 0..clusters {
            let own = deviate(self);
            for _ in 0..=self.next() % 15 {
                rows.keys.push(cluster);
                rows.strata.push((cluster / in_stratum) as u32);
                rows.values.push(own + 0.5 * self.normal());
            }
        }
        rows
    }
}

impl Rows {
    fn mean(&self, weights: &[f64]) -> f64 {
        let sum: f64 = self.values.iter().zip(weights).map(|(value, weight)| value * weight).sum();
        sum / weights.iter().sum::<f64>()
    }

    fn resamples(&self, seed: u64) -> Bootstrap {
        bootstrap(&self.keys, REPLICATES, seed, |weights| self.mean(weights)).unwrap()
    }

    fn within_strata(&self, seed: u64) -> Bootstrap {
        let mean = |weights: &[f64]| self.mean(weights);
        bootstrap_stratified(&self.keys, &self.strata, REPLICATES, seed, mean).unwrap()
    }
}

/// How many of the runs come true.
pub(crate) fn share(mut run: impl FnMut(u64) -> bool) -> f64 {
    (0..RUNS as u64).filter(|&seed| run(seed)).count() as f64 / RUNS as f64
}

/// At 95 % an interval covers as often, but for three standard errors, and in no more than 98 of 100
/// runs: Poisson weights are spread wider than draws of as many clusters.
#[track_caller]
pub(crate) fn covers_at_95(found: f64, what: &str) {
    assert!((0.95 - 0.0147..=0.98).contains(&found), "{what}: {found}");
}

#[test]
fn intervals_of_few_clusters_cover() {
    for clusters in [6, 10, 20, 50] {
        let mut random = Random(clusters);
        let covered = share(|seed| {
            let rows = random.clusters(clusters, clusters, Random::normal);
            covers(&rows.resamples(seed).interval(0.95).unwrap(), 0.0)
        });
        covers_at_95(covered, &format!("{clusters} clusters"));
    }
}

/// As docs/evaluation.md warns.
#[test]
fn intervals_of_skew_clusters_cover_a_little_less() {
    for clusters in [10, 20, 50] {
        let mut random = Random(300 + clusters);
        let covered = share(|seed| {
            let rows = random.clusters(clusters, clusters, |random| -random.uniform().ln() - 1.0);
            covers(&rows.resamples(seed).interval(0.95).unwrap(), 0.0)
        });
        assert!((0.91..=0.945).contains(&covered), "{clusters} clusters: {covered}");
    }
}

#[test]
fn models_that_are_as_good_are_seldom_told_apart_by_few_clusters() {
    let question = Question {
        alternative: Alternative::Difference,
        margin: 0.0,
        level: 0.95,
        higher_is_better: true,
    };
    for clusters in [6, 10, 20, 50] {
        let mut random = Random(100 + clusters);
        let told = share(|seed| {
            // The gap of two models, whose parts in a cluster are as common as those of one.
            let rows =
                random.clusters(clusters, clusters, |random| random.normal() - random.normal());
            let resamples = rows.resamples(seed);
            let judged = question.judge_one(&Difference::Resamples(resamples.clone())).unwrap();
            let is_told = judged.verdict != Verdict::Inconclusive;
            // What the interval rules out the test does, but where 0 lies between two resamples.
            assert!(!is_told || !covers(&judged.interval.unwrap(), 0.0));
            assert_eq!(is_told, resamples.p_value(0.0) <= question.check().unwrap());
            is_told
        });
        covers_at_95(1.0 - told, &format!("{clusters} clusters"));
    }
}

#[test]
fn intervals_of_clusters_within_strata_cover() {
    // The last two have a stratum that is much smaller than the other.
    for (clusters, in_stratum) in [(24_u64, 8), (20, 5), (50, 5), (20, 10), (36, 30), (50, 44)] {
        let strata = clusters.div_ceil(in_stratum);
        let mut random = Random(200 + clusters);
        let covered = share(|seed| {
            let rows = random.clusters(clusters, in_stratum, Random::normal);
            let resamples = rows.within_strata(seed);
            assert!((6..=clusters - strata + 1).contains(&(resamples.units as u64)));
            covers(&resamples.interval(0.95).unwrap(), 0.0)
        });
        covers_at_95(covered, &format!("{clusters} clusters, {in_stratum} in a stratum"));
    }
    // Resamples of a stratum of three clusters vary too little, and tell nothing.
    let rows = Random(3).clusters(30, 3, Random::normal);
    let refused = rows.within_strata(1).interval(0.95).unwrap_err();
    let level = 0.95;
    assert_eq!(refused, Error::TooFewUnits { found: 1, expected: 6, level });
}
