//! The sets of metrics: values against the single metrics, intervals against simulations.
#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    reason = "a failed expectation is this file's way of failing"
)]

mod random;

use halfback_metrics::{
    Average, Binary, Brier, Confusion, Difference, Error, Kappa, Label, Labels, Matrix, Measured,
    Method, Multiclass, NoInterval, Reason, Regression, ScoreAverage, Scores, Settings, Suite,
    ZeroDivision, average_precision, brier_score, delong, higher_is_better, log_loss, range,
    roc_auc, roc_auc_multiclass,
};
use random::Random;

const RUNS: usize = 2_000;

impl Random {
    /// Rows of two classes, and probabilities that are a little wrong.
    fn two(&mut self, rows: usize) -> (Vec<i64>, Vec<f64>) {
        let mut truth = Vec::new();
        let mut scores = Vec::new();
        for _ in 0..rows {
            let positive = self.uniform() < 0.4;
            truth.push(i64::from(positive));
            let odds = self.normal() + if positive { 0.7 } else { -0.7 };
            scores.push(1.0 / (1.0 + (-1.5 * odds).exp()));
        }
        (truth, scores)
    }

    /// Rows of three classes, and a table of probabilities.
    fn three(&mut self, rows: usize) -> (Vec<i64>, Vec<f64>) {
        let mut truth = Vec::new();
        let mut scores = Vec::new();
        for _ in 0..rows {
            let at = self.uniform();
            let class = usize::from(at > 0.5) + usize::from(at > 0.8);
            truth.push(class as i64);
            let odds: Vec<f64> = (0..3)
                .map(|other| (self.normal() + if other == class { 1.2 } else { 0.0 }).exp())
                .collect();
            let whole: f64 = odds.iter().sum();
            scores.extend(odds.iter().map(|odds| odds / whole));
        }
        (truth, scores)
    }

    fn numbers(&mut self, rows: usize) -> (Vec<f64>, Vec<f64>) {
        let truth: Vec<f64> = (0..rows).map(|_| 10.0 + 2.0 * self.normal()).collect();
        let predicted = truth.iter().map(|y| y + 0.2 + self.normal()).collect();
        (truth, predicted)
    }
}

fn binary(truth: &[i64], scores: &[f64], weights: Option<&[f64]>) -> Suite {
    let (truth, scores) = (Labels::Int(truth), Scores::F64(scores));
    Suite::binary(truth, None, Some(scores), weights, Binary::default()).unwrap()
}

fn multiclass(truth: &[i64], scores: &[f64], weights: Option<&[f64]>) -> Suite {
    let table = Matrix::new(Scores::F64(scores), 3, "y_score").unwrap();
    let labels = [0, 1, 2].map(Label::Int);
    Suite::multiclass(Labels::Int(truth), None, Some(table), weights, Some(&labels)).unwrap()
}

fn regression(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> Suite {
    Suite::regression(Scores::F64(truth), Scores::F64(predicted), weights).unwrap()
}

fn level(level: f64) -> Settings {
    Settings { level, ..Settings::default() }
}

#[track_caller]
fn check(measured: &[Measured], name: &str, expected: f64) {
    let found = measured.iter().find(|one| one.name == name).unwrap();
    let value = found.metric.defined().unwrap();
    assert!((value - expected).abs() < 1e-12, "{name}: {value} in place of {expected}");
}

#[test]
fn values_are_those_of_the_single_metrics() {
    let mut random = Random(1);
    let (truth, scores) = random.two(300);
    let predicted: Vec<i64> = scores.iter().map(|&score| i64::from(score >= 0.5)).collect();
    let weights: Vec<f64> = (0..300).map(|row| f64::from(row % 4)).collect();
    for weights in [None, Some(weights.as_slice())] {
        let few = Settings { replicates: 20, ..Settings::default() };
        let measured = binary(&truth, &scores, weights).measure(&few).unwrap();
        let (y, p) = (Labels::Int(&truth), Scores::F64(&scores));
        let confusion = Confusion::of(y, Labels::Int(&predicted), weights, None).unwrap();
        let how = Average::Binary(Label::Int(1));
        let sets = confusion.scores(&how, 1.0, ZeroDivision::Warn).unwrap();
        check(&measured, "accuracy", confusion.accuracy());
        check(&measured, "balanced_accuracy", confusion.balanced_accuracy(false).value);
        check(&measured, "precision", sets.precision.value);
        check(&measured, "recall", sets.recall.value);
        check(&measured, "f1", sets.fscore.value);
        check(&measured, "matthews", confusion.matthews().value);
        let negative = confusion.negative_predictive_value(&how, ZeroDivision::Warn).unwrap();
        check(&measured, "negative_predictive_value", negative.value);
        let specificity = confusion.specificity(&how, ZeroDivision::Warn).unwrap();
        check(&measured, "specificity", specificity.value);
        check(&measured, "roc_auc", roc_auc(y, p, weights, None).unwrap().value);
        let precision = average_precision(y, p, weights, None).unwrap();
        check(&measured, "average_precision", precision.value);
        let table = Matrix::new(p, 1, "y_score").unwrap();
        check(&measured, "log_loss", log_loss(y, table, true, weights, None).unwrap().value);
        let brier = brier_score(y, table, weights, &Brier::default()).unwrap();
        check(&measured, "brier", brier.value);
    }
}

#[test]
fn values_of_several_classes_are_those_of_the_single_metrics() {
    let (truth, scores) = Random(2).three(300);
    let best = |row: &[f64]| (0..3).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap() as i64;
    let predicted: Vec<i64> = scores.chunks_exact(3).map(best).collect();
    let measured = multiclass(&truth, &scores, None).measure(&level(0.95)).unwrap();
    let y = Labels::Int(&truth);
    let confusion = Confusion::of(y, Labels::Int(&predicted), None, None).unwrap();
    let sets = confusion.scores(&Average::Macro, 1.0, ZeroDivision::Warn).unwrap();
    check(&measured, "accuracy", confusion.accuracy());
    check(&measured, "balanced_accuracy", confusion.balanced_accuracy(false).value);
    check(&measured, "precision_macro", sets.precision.value);
    check(&measured, "f1_macro", sets.fscore.value);
    check(&measured, "matthews", confusion.matthews().value);
    check(&measured, "kappa", confusion.kappa(Kappa::Plain).unwrap().value);
    let table = Matrix::new(Scores::F64(&scores), 3, "y_score").unwrap();
    let how = (Multiclass::OneVsRest, ScoreAverage::Macro);
    let area = roc_auc_multiclass(y, table, how.0, how.1, None, None).unwrap();
    check(&measured, "roc_auc_ovr", area.value);
    check(&measured, "log_loss", log_loss(y, table, true, None, None).unwrap().value);
    check(&measured, "brier", brier_score(y, table, None, &Brier::default()).unwrap().value);
}

#[test]
fn values_of_numbers_are_those_of_the_single_metrics() {
    let (truth, predicted) = Random(3).numbers(301);
    let weights: Vec<f64> = (0..301).map(|row| f64::from(1 + row % 3)).collect();
    for weights in [None, Some(weights.as_slice())] {
        let few = Settings { replicates: 20, ..Settings::default() };
        let measured = regression(&truth, &predicted, weights).measure(&few).unwrap();
        let (y, p) = (Scores::F64(&truth), Scores::F64(&predicted));
        let single = Regression::single(y, p, weights).unwrap();
        check(&measured, "mae", single.mean_absolute_error().values[0].value);
        check(&measured, "rmse", single.root_mean_squared_error().values[0].value);
        check(&measured, "r2", single.r2(true).values[0].value);
        check(&measured, "bias", single.bias().values[0].value);
        check(&measured, "mape", single.mean_absolute_percentage_error().values[0].value);
        let median = single.median_absolute_error().values[0].value;
        check(&measured, "median_absolute_error", median);
    }
}

#[test]
fn areas_have_delongs_interval() {
    let (truth, scores) = Random(4).two(200);
    // Ties.
    let scores: Vec<f64> = scores.iter().map(|score| (score * 20.0).round() / 20.0).collect();
    let measured = binary(&truth, &scores, None).measure(&level(0.95)).unwrap();
    let area = delong(Labels::Int(&truth), Scores::F64(&scores)).unwrap();
    let expected = area.logit_interval(0.95).unwrap();
    let found = measured.iter().find(|one| one.name == "roc_auc").unwrap().interval.unwrap();
    assert!((found.lower - expected.lower).abs() < 1e-12);
    assert!((found.upper - expected.upper).abs() < 1e-12);
}

/// How often intervals at 90 % hold what the metrics are of very many rows.
fn coverage(
    names: &[&str],
    mut sample: impl FnMut(usize) -> Suite,
    rows: usize,
) -> Vec<(String, f64)> {
    let settings = level(0.9);
    let true_ones = sample(1_000_000).measure(&settings).unwrap();
    let mut covered = vec![0; names.len()];
    for _ in 0..RUNS {
        let measured = sample(rows).measure(&settings).unwrap();
        for (hits, name) in covered.iter_mut().zip(names) {
            let of = |all: &[Measured]| all.iter().find(|one| one.name == *name).unwrap().clone();
            let interval = of(&measured).interval.unwrap();
            let truth = of(&true_ones).metric.value;
            *hits += usize::from((interval.lower..=interval.upper).contains(&truth));
        }
    }
    let share = |hits: &usize| *hits as f64 / RUNS as f64;
    names.iter().map(|name| (*name).to_owned()).zip(covered.iter().map(share)).collect()
}

/// Within four standard errors of 2,000 runs and a hundredth.
#[track_caller]
fn covers(found: &[(String, f64)]) {
    let error = 4.0 * (0.9f64 * 0.1 / RUNS as f64).sqrt();
    for (name, share) in found {
        assert!((share - 0.9).abs() <= error + 0.01, "{name} {share}: {found:?}");
    }
}

#[test]
fn intervals_of_two_classes_cover() {
    let mut random = Random(5);
    let sample = |rows| {
        let (truth, scores) = random.two(rows);
        binary(&truth, &scores, None)
    };
    let names = [
        "accuracy",
        "balanced_accuracy",
        "precision",
        "recall",
        "specificity",
        "negative_predictive_value",
        "f1",
        "matthews",
        "roc_auc",
        "average_precision",
        "log_loss",
        "brier",
    ];
    covers(&coverage(&names, sample, 250));
}

#[test]
fn intervals_of_several_classes_cover() {
    let mut random = Random(6);
    let sample = |rows| {
        let (truth, scores) = random.three(rows);
        multiclass(&truth, &scores, None)
    };
    let names = [
        "accuracy",
        "balanced_accuracy",
        "precision_macro",
        "f1_macro",
        "matthews",
        "kappa",
        "roc_auc_ovr",
        "log_loss",
        "brier",
    ];
    covers(&coverage(&names, sample, 300));
}

#[test]
fn intervals_of_numbers_cover() {
    let mut random = Random(7);
    let sample = |rows| {
        let (truth, predicted) = random.numbers(rows);
        regression(&truth, &predicted, None)
    };
    let names = ["mae", "rmse", "r2", "bias", "median_absolute_error", "mape"];
    covers(&coverage(&names, sample, 150));
}

#[test]
fn intervals_with_weights_are_those_without_where_all_weigh_the_same() {
    let (truth, scores) = Random(8).two(800);
    let ones = vec![1.0; 800];
    let plain = binary(&truth, &scores, None).measure(&level(0.95)).unwrap();
    let weighted = binary(&truth, &scores, Some(&ones)).measure(&level(0.95)).unwrap();
    for (plain, weighted) in plain.iter().zip(&weighted) {
        assert_eq!(weighted.method, Some(Method::Bootstrap));
        assert!((plain.metric.value - weighted.metric.value).abs() < 1e-12, "{}", plain.name);
        let width = |one: &Measured| one.interval.unwrap().upper - one.interval.unwrap().lower;
        let ratio = width(weighted) / width(plain);
        assert!((0.85..1.15).contains(&ratio), "{} {ratio}", plain.name);
    }
}

#[test]
fn two_of_several_classes_have_the_metrics_of_several_with_weights_too() {
    let (truth, scores) = Random(8).two(800);
    let table: Vec<f64> = scores.iter().flat_map(|&score| [1.0 - score, score]).collect();
    let table = Matrix::new(Scores::F64(&table), 2, "y_score").unwrap();
    let measured = |weights| {
        let of = Suite::multiclass(Labels::Int(&truth), None, Some(table), weights, None).unwrap();
        let other = of.compare(&of, "f1_macro", 100, 0).unwrap();
        let mut values: Vec<(&str, f64)> = vec![("compared", other.first.value)];
        let measured = of.measure(&level(0.95)).unwrap();
        values.extend(measured.iter().map(|one| (one.name, one.metric.value)));
        values
    };
    let ones = vec![1.0; 800];
    for (plain, weighted) in measured(None).iter().zip(measured(Some(&ones))) {
        assert!((plain.1 - weighted.1).abs() < 1e-12, "{plain:?} {weighted:?}");
    }
    let values = measured(None);
    let f1 = values.iter().find(|one| one.0 == "f1_macro").unwrap().1;
    assert!((values[0].1 - f1).abs() < 1e-12, "{values:?}");
}

#[test]
fn what_stands_for_nothing_says_why() {
    let measured = binary(&[0, 0, 0], &[0.1, 0.6, 0.2], None).measure(&level(0.95)).unwrap();
    let reason = |name: &str| {
        let found = measured.iter().find(|one| one.name == name).unwrap();
        assert_eq!(found.interval, None, "{name}");
        found.metric.undefined.unwrap().reason
    };
    assert_eq!(reason("roc_auc"), Reason::OneClass);
    assert_eq!(reason("recall"), Reason::NoPositives);
    assert_eq!(reason("average_precision"), Reason::NoPositives);
    assert_eq!(reason("balanced_accuracy"), Reason::OneClass);
    assert_eq!(reason("matthews"), Reason::NoVariance);
    let none = regression(&[3.0, 3.0], &[1.0, 2.0], None).measure(&level(0.95)).unwrap();
    assert_eq!(none[2].metric.undefined.unwrap().reason, Reason::ConstantTruth);
    let zero = regression(&[0.0, 3.0], &[1.0, 2.0], None).measure(&level(0.95)).unwrap();
    assert_eq!(zero[5].metric.undefined.unwrap().reason, Reason::ZeroTarget);
    let huge = regression(&[1e300, 3.0], &[-1e300, 2.0], None).measure(&level(0.95)).unwrap();
    assert_eq!(huge[1].metric.undefined.unwrap().reason, Reason::TooLarge);
    assert_eq!(huge[1].no_interval, None);
}

#[track_caller]
fn has(told: &[(&str, Option<NoInterval>)], name: &str, why: Option<NoInterval>) {
    assert_eq!(told.iter().find(|one| one.0 == name), Some(&(name, why)));
}

#[test]
fn what_has_no_interval_says_why() {
    use NoInterval::{NoVariance, TooFewResamples, TooFewUnits, TooLarge, UndefinedResamples};
    let told = |measured: &[Measured]| -> Vec<(&'static str, Option<NoInterval>)> {
        let known = measured.iter().filter(|one| one.metric.undefined.is_none());
        for one in known.clone() {
            assert_ne!(one.interval.is_some(), one.no_interval.is_some(), "{}", one.name);
        }
        known.map(|one| (one.name, one.no_interval)).collect()
    };
    // A perfect separation of four rows is no certainty.
    let scores = [0.1, 0.2, 0.8, 0.9];
    let sure = told(&binary(&[0, 0, 1, 1], &scores, None).measure(&level(0.95)).unwrap());
    for name in ["roc_auc", "average_precision"] {
        has(&sure, name, Some(NoVariance));
    }
    for name in ["accuracy", "balanced_accuracy", "matthews", "brier"] {
        has(&sure, name, None);
    }
    let one = told(&binary(&[0, 0, 0, 1], &scores, None).measure(&level(0.95)).unwrap());
    has(&one, "roc_auc", Some(TooFewUnits));
    let table = [0.8, 0.1, 0.1, 0.1, 0.8, 0.1, 0.1, 0.1, 0.8];
    let three = told(&multiclass(&[0, 1, 2], &table, None).measure(&level(0.95)).unwrap());
    has(&three, "roc_auc_ovr", Some(TooFewUnits));
    has(&three, "f1_macro", None);
    let one = told(&multiclass(&[0, 0, 0], &table, None).measure(&level(0.95)).unwrap());
    has(&one, "f1_macro", None);
    let numbers = |truth: &[f64], predicted: &[f64]| {
        told(&regression(truth, predicted, None).measure(&level(0.95)).unwrap())
    };
    let alone = numbers(&[3.0], &[1.0]);
    let same = numbers(&[3.0; 20], &[1.0; 20]);
    for name in ["mae", "rmse", "bias", "median_absolute_error"] {
        has(&alone, name, Some(TooFewUnits));
        has(&same, name, Some(NoVariance));
    }
    has(&numbers(&[1e200, 3.0], &[0.0, 2.0]), "mae", Some(TooLarge));

    let (truth, scores) = Random(9).two(40);
    let weighted = |rows: usize| binary(&truth[..rows], &scores[..rows], Some(&[1.0; 40][..rows]));
    let of = |suite: &Suite, replicates| {
        told(&suite.measure(&Settings { replicates, ..Settings::default() }).unwrap())
    };
    has(&of(&weighted(40), 1_000), "brier", None);
    has(&of(&weighted(40), 20), "brier", Some(TooFewResamples));
    has(&of(&weighted(40), 1), "brier", Some(TooFewResamples));
    has(&of(&weighted(4), 1_000), "accuracy", Some(TooFewUnits));
    let exact = truth.iter().map(|&class| class as f64).collect::<Vec<_>>();
    has(&of(&binary(&truth, &exact, Some(&[1.0; 40])), 1_000), "roc_auc", Some(NoVariance));
    let slice: Vec<u32> = (0..4).collect();
    let clusters: Vec<u64> = (0..40).map(|row| row / 4).collect();
    let clustered = weighted(40).clustered(&clusters).unwrap();
    has(&of(&clustered, 1_000), "brier", None);
    has(&of(&clustered.select(&slice), 1_000), "brier", Some(TooFewUnits));

    let own = |suite: &Suite, replicates, number: &mut dyn FnMut(&[f64]) -> f64| {
        let settings = Settings { replicates, ..Settings::default() };
        told(&[suite.measure_by(&settings, number).unwrap()])[0].1
    };
    let mut calls = 0;
    let mut seldom = |weights: &[f64]| {
        calls += 1;
        if calls % 3 == 1 { weights[0] } else { f64::NAN }
    };
    assert_eq!(own(&weighted(40), 1_000, &mut seldom), Some(UndefinedResamples));
    assert_eq!(own(&weighted(40), 20, &mut |weights| weights[0]), Some(TooFewResamples));
    assert_eq!(own(&weighted(40), 1_000, &mut |_| 7.0), Some(NoVariance));
    assert_eq!(own(&clustered.select(&slice), 100, &mut |_| 7.0), Some(TooFewUnits));
    assert_eq!(own(&weighted(40), 1_000, &mut |weights| weights[0]), None);
}

#[test]
fn slices_are_what_their_rows_alone_would_be() {
    let (truth, scores) = Random(9).two(100);
    let suite = binary(&truth, &scores, None);
    let chosen: Vec<u32> = (0..100).filter(|row| row % 3 == 0).collect();
    let pick = |row: &u32| *row as usize;
    let part_truth: Vec<i64> = chosen.iter().map(|row| truth[pick(row)]).collect();
    let part_scores: Vec<f64> = chosen.iter().map(|row| scores[pick(row)]).collect();
    let part = binary(&part_truth, &part_scores, None).measure(&level(0.95)).unwrap();
    assert_eq!(suite.select(&chosen).measure(&level(0.95)).unwrap(), part);
}

#[test]
fn misuse_names_the_argument() {
    let argument = |result: Result<Suite, Error>| result.unwrap_err().argument();
    let two = |truth: &[i64], predicted: Option<&[i64]>, scores: Option<&[f64]>| {
        let (predicted, scores) = (predicted.map(Labels::Int), scores.map(Scores::F64));
        Suite::binary(Labels::Int(truth), predicted, scores, None, Binary::default())
    };
    assert_eq!(argument(two(&[], Some(&[]), None)), "y_true");
    assert_eq!(argument(two(&[0, 1], Some(&[0]), None)), "y_pred");
    assert_eq!(argument(two(&[0, 1], None, Some(&[0.5]))), "y_score");
    assert_eq!(argument(two(&[0, 1], None, Some(&[0.5, f64::NAN]))), "y_score");
    assert_eq!(argument(two(&[0, 1], None, None)), "y_pred");
    assert_eq!(argument(two(&[0, 2], Some(&[0, 2]), None)), "y_true");
    assert_eq!(argument(two(&[0, 1], Some(&[0, 2]), None)), "y_pred");
    let table = |values: &[f64]| {
        let table = Matrix::new(Scores::F64(values), 3, "y_score").unwrap();
        Suite::multiclass(Labels::Int(&[0, 1, 2]), None, Some(table), None, None)
    };
    assert_eq!(argument(table(&[0.3; 9])), "y_score");
    assert_eq!(argument(table(&[0.5, 0.5, 0.0])), "y_score");
    let three = Labels::Int(&[0, 1, 2]);
    let labels = [0, 1].map(Label::Int);
    let unlisted = Suite::multiclass(three, Some(three), None, None, Some(&labels));
    assert_eq!(argument(unlisted), "labels");
    let weights = Some([1.0, -1.0].as_slice());
    let truth = Scores::F64(&[1.0, 2.0]);
    assert_eq!(argument(Suite::regression(truth, truth, weights)), "sample_weight");
}

#[test]
fn two_models_are_compared_by_the_method_of_the_metric() {
    let mut random = Random(10);
    let (truth, first) = random.two(500);
    let second: Vec<f64> =
        first.iter().map(|p| (p + 0.3 * (random.uniform() - 0.5)).clamp(0.0, 1.0)).collect();
    let (one, other) = (binary(&truth, &first, None), binary(&truth, &second, None));
    for name in one.names() {
        let compared = one.compare(&other, name, 300, 1).unwrap();
        let difference = compared.difference.unwrap();
        let expected = compared.first.value - compared.second.value;
        assert!((difference.estimate() - expected).abs() < 1e-12, "{name}");
        let interval = difference.interval(0.95).unwrap();
        assert!(interval.lower <= expected && expected <= interval.upper, "{name}");
        let method = match name {
            "accuracy" => Method::McnemarTango,
            "roc_auc" => Method::Delong,
            _ => Method::PairedBootstrap,
        };
        assert_eq!(compared.method, method, "{name}");
        let same = one.compare(&one, name, 50, 1).unwrap().difference.unwrap();
        assert!(name == "accuracy" || !same.has_variance(), "{name}");
    }
    let bootstrap = one.compare(&other, "brier", 2_000, 1).unwrap().difference.unwrap();
    assert!(matches!(bootstrap, Difference::Resamples(_)));
    assert_eq!(one.compare(&other, "mae", 10, 1).unwrap_err().argument(), "metric");
    let (elsewhere, scores) = random.two(500);
    let elsewhere = binary(&elsewhere, &scores, None);
    assert_eq!(one.compare(&elsewhere, "f1", 10, 1).unwrap_err().argument(), "y_true");
}

#[test]
fn the_range_of_a_metric_is_known() {
    let any = f64::INFINITY;
    for (metric, expected) in [
        ("roc_auc", (0.0, 1.0)),
        ("f1_macro", (0.0, 1.0)),
        ("kappa", (-1.0, 1.0)),
        ("log_loss", (0.0, any)),
        ("r2", (-any, 1.0)),
        ("bias", (-any, any)),
    ] {
        assert_eq!([range(metric, true), range(metric, false)], [Some(expected); 2], "{metric}");
    }
    assert_eq!([true, false].map(|two| range("brier", two)), [Some((0.0, 1.0)), Some((0.0, 2.0))]);
    assert_eq!(range("profit", true), None);
}

#[test]
fn the_better_direction_is_known() {
    assert_eq!(higher_is_better("roc_auc"), Some(true));
    assert_eq!(higher_is_better("log_loss"), Some(false));
    assert_eq!(higher_is_better("bias"), None);
}
