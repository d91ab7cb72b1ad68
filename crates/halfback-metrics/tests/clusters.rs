//! Sets of metrics with clusters, strata and weights: simulations with fixed seeds, and resamples
//! that are the same in a slice.
#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::float_cmp,
    clippy::indexing_slicing,
    reason = "a failed expectation is this file's way of failing"
)]

mod random;

use halfback_metrics::{
    Alternative, Binary, Brier, Difference, Error, Labels, Measured, Method, Question, Scores,
    Settings, Suite, Verdict, bootstrap, bootstrap_stratified, brier_score,
};
use random::Random;

const RUNS: usize = 2_000;

/// Rows of each customer.
const EACH: usize = 5;

impl Random {
    /// Customers whose rows are much alike, and two models that are as good as each other.
    fn customers(&mut self, customers: usize) -> Rows {
        let mut rows = Rows::default();
        for customer in 0..customers as u64 {
            let truth = self.uniform() < 0.4;
            let common = 0.7 * self.normal() + if truth { 0.7 } else { -0.7 };
            let own = [self.normal(), self.normal()];
            for _ in 0..EACH {
                rows.truth.push(truth);
                rows.customers.push(customer);
                rows.weights.push(0.2 + 2.0 * self.uniform());
                for (model, own) in rows.models.iter_mut().zip(own) {
                    let odds = common + 0.7 * own + 0.2 * self.normal();
                    model.push(1.0 / (1.0 + (-1.5 * odds).exp()));
                }
            }
        }
        rows
    }
}

#[derive(Default)]
struct Rows {
    truth: Vec<bool>,
    customers: Vec<u64>,
    weights: Vec<f64>,
    models: [Vec<f64>; 2],
}

impl Rows {
    fn suite(&self, model: usize, weights: Option<&[f64]>) -> Suite {
        let (truth, scores) = (Labels::Bool(&self.truth), Scores::F64(&self.models[model]));
        Suite::binary(truth, None, Some(scores), weights, Binary::default()).unwrap()
    }

    fn clustered(&self, model: usize, weights: Option<&[f64]>) -> Suite {
        self.suite(model, weights).clustered(&self.customers).unwrap()
    }
}

fn of<'a>(measured: &'a [Measured], name: &str) -> &'a Measured {
    measured.iter().find(|one| one.name == name).unwrap()
}

/// A share of the runs may differ by four standard errors, and by a hundredth.
#[track_caller]
fn near(found: usize, share: f64, what: &str) {
    let found = found as f64 / RUNS as f64;
    let error = 4.0 * (share * (1.0 - share) / RUNS as f64).sqrt();
    assert!((found - share).abs() <= error + 0.01, "{what}: {found} in place of {share}");
}

#[test]
fn intervals_of_clusters_cover_and_formulas_do_not() {
    const NAMES: [&str; 5] = ["accuracy", "recall", "roc_auc", "log_loss", "brier"];
    let mut random = Random(1);
    let settings = Settings { level: 0.9, replicates: 200, seed: 0 };
    let whole = random.customers(200_000).suite(0, None).measure(&settings).unwrap();
    let (mut covered, mut covered_without) = ([0; NAMES.len()], [0; NAMES.len()]);
    for run in 0..RUNS {
        let rows = random.customers(80);
        let settings = Settings { seed: run as u64, ..settings };
        let kinds = [rows.clustered(0, None), rows.suite(0, None)];
        for (suite, covered) in kinds.iter().zip([&mut covered, &mut covered_without]) {
            let measured = suite.measure(&settings).unwrap();
            for (name, covered) in NAMES.iter().zip(covered) {
                let interval = of(&measured, name).interval.unwrap();
                let truth = of(&whole, name).metric.value;
                *covered += usize::from((interval.lower..=interval.upper).contains(&truth));
            }
        }
    }
    for ((name, covered), without) in NAMES.iter().zip(covered).zip(covered_without) {
        near(covered, 0.9, name);
        // As if there were five times as many independent rows.
        assert!(without < RUNS * 7 / 10, "{name}: {without}");
    }
}

/// How often two models that are as good as each other are told apart at 90 %.
fn told_apart(metric: &str, mut suites: impl FnMut(&mut Random) -> [Suite; 2]) -> usize {
    let question = Question {
        alternative: Alternative::Difference,
        margin: 0.0,
        level: 0.9,
        higher_is_better: true,
    };
    let mut random = Random(2);
    let told = |run| {
        let [one, other] = suites(&mut random);
        let compared = one.compare(&other, metric, 200, run as u64).unwrap();
        let verdict = question.judge_one(&compared.difference.unwrap()).unwrap().verdict;
        usize::from(verdict != Verdict::Inconclusive)
    };
    (0..RUNS).map(told).sum()
}

#[test]
fn equal_models_are_seldom_told_apart_with_weights_or_clusters() {
    for metric in ["roc_auc", "accuracy", "brier"] {
        // One row of each customer.
        let weighted = told_apart(metric, |random| {
            let rows = random.customers(120);
            let alone: Vec<u32> = (0..120 * EACH as u32).step_by(EACH).collect();
            [0, 1].map(|model| rows.suite(model, Some(&rows.weights)).select(&alone))
        });
        near(weighted, 0.1, metric);
        let clustered = told_apart(metric, |random| {
            let rows = random.customers(80);
            [0, 1].map(|model| rows.clustered(model, None))
        });
        near(clustered, 0.1, metric);
    }
    let alone = told_apart("roc_auc", |random| {
        let rows = random.customers(80);
        [0, 1].map(|model| rows.suite(model, None))
    });
    assert!(alone > RUNS / 4, "{alone}: DeLong takes rows for independent");
}

#[test]
fn resamples_are_those_of_the_bootstrap_with_the_same_keys() {
    let rows = Random(3).customers(40);
    let strata: Vec<u32> = rows.truth.iter().map(|&truth| 7 * u32::from(truth)).collect();
    let settings = Settings { level: 0.9, replicates: 100, seed: 5 };
    let table = Scores::F64(&rows.models[0]);
    let table = halfback_metrics::Matrix::new(table, 1, "y_score").unwrap();
    let brier = |weights: &[f64]| {
        let weights: Vec<f64> = weights.iter().zip(&rows.weights).map(|(a, b)| a * b).collect();
        brier_score(Labels::Bool(&rows.truth), table, Some(&weights), &Brier::default())
            .unwrap()
            .value
    };
    // Both strata have the weight of their rows.
    let within = |weights: &[f64]| {
        let total = |of: bool, weight: &dyn Fn(usize) -> f64| -> f64 {
            (0..weights.len()).filter(|&row| rows.truth[row] == of).map(weight).sum()
        };
        let factors = [false, true].map(|of| {
            total(of, &|row| rows.weights[row]) / total(of, &|row| rows.weights[row] * weights[row])
        });
        let scaled = |row: usize| weights[row] * factors[usize::from(rows.truth[row])];
        brier(&(0..weights.len()).map(scaled).collect::<Vec<f64>>())
    };
    let plain: Vec<u64> = (0..rows.truth.len() as u64).collect();
    let suite = || rows.suite(0, Some(&rows.weights));
    let clustered = || rows.clustered(0, Some(&rows.weights));
    let cases = [
        (suite(), Method::Bootstrap, bootstrap(&plain, 100, 5, brier)),
        (clustered(), Method::ClusterBootstrap, bootstrap(&rows.customers, 100, 5, brier)),
        (
            suite().stratified(&strata).unwrap(),
            Method::StratifiedBootstrap,
            bootstrap_stratified(&plain, &strata, 100, 5, within),
        ),
        (
            clustered().stratified(&strata).unwrap(),
            Method::StratifiedClusterBootstrap,
            bootstrap_stratified(&rows.customers, &strata, 100, 5, within),
        ),
    ];
    for (suite, method, expected) in cases {
        let measured = suite.measure(&settings).unwrap();
        let expected = expected.unwrap().interval(0.9).unwrap();
        let found = of(&measured, "brier");
        assert_eq!(found.method, Some(method));
        let found = found.interval.unwrap();
        for (found, expected) in [(found.lower, expected.lower), (found.upper, expected.upper)] {
            assert!((found - expected).abs() < 1e-12, "{method:?}: {found} {expected}");
        }
        assert!(measured.iter().all(|one| one.method == Some(method)), "{method:?}");
    }
}

#[test]
fn no_formula_is_left_in_a_comparison_with_weights_clusters_or_strata() {
    let rows = Random(4).customers(40);
    let strata: Vec<u32> = rows.truth.iter().map(|&truth| u32::from(truth)).collect();
    let pairs = [
        ([0, 1].map(|it| rows.suite(it, Some(&rows.weights))), Method::PairedBootstrap),
        ([0, 1].map(|it| rows.clustered(it, None)), Method::PairedClusterBootstrap),
        (
            [0, 1].map(|it| rows.suite(it, None).stratified(&strata).unwrap()),
            Method::PairedStratifiedBootstrap,
        ),
        (
            [0, 1].map(|it| rows.clustered(it, None).stratified(&strata).unwrap()),
            Method::PairedStratifiedClusterBootstrap,
        ),
    ];
    for ([one, other], method) in pairs {
        let measured = one.measure(&Settings::default()).unwrap();
        for name in one.names() {
            let compared = one.compare(&other, name, 100, 1).unwrap();
            assert_eq!(compared.method, method, "{name}");
            assert_eq!(compared.first.value, of(&measured, name).metric.value, "{name}");
            let difference = compared.difference.unwrap();
            assert!(matches!(difference, Difference::Resamples(_)), "{name}");
            assert!(difference.has_variance(), "{name}");
        }
        let alone = rows.suite(1, None);
        let argument = one.compare(&alone, "f1", 10, 1).unwrap_err().argument();
        assert!(["sample_weight", "clusters", "strata"].contains(&argument), "{argument}");
    }
}

#[test]
fn a_slice_draws_its_clusters_as_the_whole_does() {
    let rows = Random(5).customers(30);
    let suite = rows.clustered(0, None);
    assert_eq!((suite.clusters(), rows.suite(0, None).clusters()), (Some(30), None));
    let chosen: Vec<u32> = (0..rows.truth.len() as u32).filter(|row| row % 3 == 0).collect();
    let part = suite.select(&chosen);
    // The same rows first: a cluster's draw does not hang on where its rows are.
    let turned: Vec<u32> = chosen.iter().rev().copied().collect();
    let interval = |suite: &Suite| {
        let measured = suite.measure(&Settings::default()).unwrap();
        of(&measured, "recall").interval.unwrap()
    };
    assert_eq!(interval(&part), interval(&suite.select(&turned)));
    assert_eq!(part.clusters(), Some(30));
}

#[test]
fn one_cluster_tells_nothing() {
    let rows = Random(6).customers(2);
    let suite = rows.suite(0, None);
    let refused = suite.clone().clustered(&[3; 2 * EACH]).unwrap_err();
    assert_eq!(refused, Error::TooFew { argument: "clusters", found: 1, expected: 2 });
    assert_eq!(suite.clone().clustered(&[1, 2]).unwrap_err().argument(), "clusters");
    assert_eq!(suite.stratified(&[1, 2]).unwrap_err().argument(), "strata");
    let first: Vec<u32> = (0..EACH as u32).collect();
    let [one, other] = [0, 1].map(|model| rows.clustered(model, None).select(&first));
    assert!(one.is_one_cluster());
    let measured = one.measure(&Settings::default()).unwrap();
    assert!(measured.iter().all(|one| one.interval.is_none()));
    assert!(of(&measured, "accuracy").metric.undefined.is_none());
    assert_eq!(one.compare(&other, "accuracy", 10, 1).unwrap().difference, None);
}

#[test]
fn too_few_clusters_for_a_level_tell_nothing() {
    let question = Question {
        alternative: Alternative::Difference,
        margin: 0.0,
        level: 0.95,
        higher_is_better: true,
    };
    let judged = |customers: usize, level: f64, replicates: u32| {
        let rows = Random(7).customers(customers);
        let suites = [0, 1].map(|model| rows.clustered(model, None));
        let settings = Settings { level, replicates, seed: 1 };
        let measured = suites[0].measure(&settings).unwrap();
        let difference = suites[0].compare(&suites[1], "brier", replicates, 1).unwrap().difference;
        let question = Question { level, ..question };
        let judgement = question.judge_one(&difference.unwrap()).unwrap();
        let interval = of(&measured, "brier").interval;
        assert_eq!(interval.is_none(), judgement.interval.is_none());
        judgement
    };
    let few = judged(5, 0.95, 1_000);
    assert_eq!((few.verdict, few.p_value), (Verdict::Inconclusive, None));
    assert_eq!(
        few.reason,
        "this rests on too few rows or clusters: they count as 5, a level of 95 % takes 6"
    );
    assert!(judged(5, 0.9, 1_000).interval.is_some());
    assert!(judged(6, 0.95, 1_000).interval.is_some());
    let few = judged(6, 0.95, 300).reason;
    let expected =
        "300 resamples of rows that count as 6 are too few for a level of 95 %: it takes 411";
    assert_eq!(few, expected);
    // Clusters count where each row is one of its own, too, and rows within strata.
    let (truth, predicted) = ([0.0; 5], [0.1, 0.2, -0.1, 0.4, 0.3]);
    let suite = Suite::regression(Scores::F64(&truth), Scores::F64(&predicted), None).unwrap();
    let bias = |suite: &Suite| of(&suite.measure(&Settings::default()).unwrap(), "bias").interval;
    assert_eq!(bias(&suite.clone().clustered(&[1, 2, 3, 4, 5]).unwrap()), None);
    assert_eq!(bias(&suite.clone().stratified(&[1; 5]).unwrap()), None);
    assert!(bias(&suite).is_some());
}

#[test]
fn resamples_that_draw_nothing_are_left_out() {
    let (truth, predicted) = ([1.0, 2.0, 3.0, 4.0], [1.5, 2.5, 3.5, 14.0]);
    let suite = Suite::regression(Scores::F64(&truth), Scores::F64(&predicted), None).unwrap();
    let suite = suite.clustered(&[1, 1, 2, 2]).unwrap();
    // Of the second cluster half is far off; in one resample of seven no cluster is drawn.
    let measured = suite.measure(&Settings { level: 0.5, ..Settings::default() }).unwrap();
    let median = of(&measured, "median_absolute_error").interval.unwrap();
    assert_eq!((median.lower, median.upper), (0.5, 5.25));
}

#[test]
fn what_never_varies_has_no_interval() {
    let truth = [true, false, true, false, true, false, true];
    let scores = [0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.6];
    let (truth, scores) = (Labels::Bool(&truth), Scores::F64(&scores));
    let suite = Suite::binary(truth, None, Some(scores), None, Binary::default()).unwrap();
    let suite = suite.clustered(&[1, 1, 2, 2, 3, 3, 4]).unwrap();
    let settings = Settings { level: 0.8, ..Settings::default() };
    let measured = suite.measure(&settings).unwrap();
    for name in ["accuracy", "recall", "f1", "roc_auc"] {
        assert_eq!((of(&measured, name).metric.value, of(&measured, name).interval), (1.0, None));
    }
    assert!(of(&measured, "brier").interval.is_some());
    // Each row a stratum of its own: a resample with all of them is too rare.
    let strata: Vec<u32> = (0..7).collect();
    let alone = suite.clone().stratified(&strata).unwrap();
    let few = Settings { replicates: 2, ..settings };
    assert!(alone.measure(&few).unwrap().iter().all(|one| one.interval.is_none()));
    assert_eq!(alone.compare(&alone, "brier", 2, 0).unwrap().difference, None);
}
