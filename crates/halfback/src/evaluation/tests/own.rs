//! Metrics of the caller's own, by the door of the bindings.

use halfback_store::error::Error;
use serde_json::{Value as Json, json};

use super::wire::{Columns, OwnMetrics, OwnedColumn, compare, evaluate};
use super::*;

const WORSE: [f64; 12] = [0.35, 0.6, 0.2, 0.5, 0.45, 0.7, 0.45, 0.75, 0.5, 0.4, 0.4, 0.35];
const WEIGHTS: [f64; 12] = [1.0, 2.0, 0.5, 1.5, 3.0, 1.0, 1.0, 0.5, 2.0, 1.0, 0.0, 0.0];
const HALVES: [&str; 12] = ["l", "l", "l", "l", "l", "l", "r", "r", "r", "r", "r", "r"];
const CUSTOMERS: [i64; 12] = [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6];

/// `brier`, `squares`, their sum, and what no metric should be.
#[derive(Default)]
struct Squares {
    chosen: Option<Vec<u32>>,
    calls: usize,
    most: Option<usize>,
}

impl OwnMetrics for Squares {
    fn select(&mut self, rows: &[u32]) -> Result<()> {
        self.chosen = Some(rows.to_vec());
        Ok(())
    }

    fn value(&mut self, metric: &str, is_baseline: bool, weights: &[f64]) -> Result<f64> {
        self.calls += 1;
        if self.most.is_some_and(|most| self.calls > most) {
            return Err(Detail::NotFound("the function".into()).into());
        }
        let rows = self.chosen.clone().unwrap_or_else(|| (0..12).collect());
        assert_eq!(rows.len(), weights.len());
        let square = |(row, weight): (&u32, &f64)| {
            let row = *row as usize;
            let score = if is_baseline { WORSE[row] } else { SCORES[row] };
            weight * (f64::from(i32::try_from(TRUTH[row]).unwrap()) - score).powi(2)
        };
        let sum: f64 = rows.iter().zip(weights).map(square).sum();
        Ok(match metric {
            "squares" => sum,
            "own_brier" => sum / weights.iter().sum::<f64>(),
            "nan" => f64::NAN,
            "once" if self.calls > 2 => f64::NAN,
            "endless" => f64::INFINITY,
            _ => 3.0,
        })
    }
}

fn texts(values: &[&str]) -> OwnedColumn {
    OwnedColumn::Text(values.iter().map(|&value| value.into()).collect())
}

fn columns(drawn: &str) -> Columns {
    let mut roles = vec![
        ("y_true".into(), OwnedColumn::Int(TRUTH.to_vec())),
        ("y_score".into(), OwnedColumn::Float(SCORES.to_vec())),
        ("baseline.y_score".into(), OwnedColumn::Float(WORSE.to_vec())),
    ];
    let known = [
        ("weights", OwnedColumn::Float(WEIGHTS.to_vec())),
        ("clusters", OwnedColumn::Int(CUSTOMERS.to_vec())),
        ("strata", texts(&HALVES)),
    ];
    let known = known.into_iter().filter(|(name, _)| drawn.contains(name));
    roles.extend(known.map(|(name, column)| (name.to_owned(), column)));
    let roles = roles.into_iter().map(|(role, column)| (role, column.into())).collect();
    Columns { roles, slices: vec![("site".into(), texts(&SITES).into())] }
}

fn evaluated(registry: &Registry, metrics: &Json, drawn: &str) -> Result<Evaluation> {
    let options = json!({"replicates": 500});
    let request = json!({"version": "fraud/1", "metrics": metrics, "options": options});
    evaluate(
        registry,
        request.to_string().as_bytes(),
        &columns(drawn),
        Some(&mut Squares::default()),
    )
}

fn compared(
    registry: &Registry,
    metric: &str,
    higher_is_better: Option<bool>,
    drawn: &str,
) -> Result<Comparison> {
    let request = json!({
        "candidate": "fraud/2", "baseline": "fraud/1", "higher_is_better": higher_is_better,
        "options": {"metric": metric, "replicates": 500, "margin": 0.001},
    });
    let mut own = Squares::default();
    let own = higher_is_better.map(|_| -> &mut dyn OwnMetrics { &mut own });
    compare(registry, request.to_string().as_bytes(), &columns(drawn), own)
}

fn near(found: Option<f64>, expected: Option<f64>) {
    match (found, expected) {
        (Some(found), Some(expected)) => assert!((found - expected).abs() < 1e-12),
        _ => assert_eq!(found, expected),
    }
}

#[test]
fn the_same_metric_is_told_by_the_same_resamples() {
    let (_folder, registry) = registry(2);
    for drawn in ["weights", "clusters", "strata", "weights clusters strata"] {
        let kept = evaluated(&registry, &json!(["own_brier", "squares"]), drawn).unwrap();
        assert_eq!(kept.measurement.replicates, Some(500));
        assert_eq!(registry.get_evaluation(kept.id).unwrap(), kept);
        for known in kept.measurement.metrics.iter().filter(|value| value.metric == "brier") {
            let own = kept.measurement.metric("own_brier", known.slice.as_ref()).unwrap();
            assert_eq!((own.rows, &own.method), (known.rows, &known.method), "{drawn}");
            near(own.value, known.value);
            near(own.lower, known.lower);
            near(own.upper, known.upper);
            let sum = kept.measurement.metric("squares", known.slice.as_ref()).unwrap();
            assert_eq!(sum.value.is_some(), own.value.is_some());
        }
        let [own, known] = [("own_brier", Some(false)), ("brier", None)]
            .map(|(metric, better)| compared(&registry, metric, better, drawn).unwrap());
        assert_eq!(own.measurement.method, known.measurement.method);
        assert_eq!(own.measurement.data_digest, known.measurement.data_digest);
        for (own, known) in own.measurement.results.iter().zip(&known.measurement.results) {
            near(own.candidate_value, known.candidate_value);
            near(own.difference, known.difference);
            near(own.lower, known.lower);
            near(own.upper, known.upper);
            assert_eq!((own.verdict, own.rows), (known.verdict, known.rows), "{drawn}");
        }
    }
}

#[test]
fn a_comparison_by_an_own_metric_says_so() {
    let (_folder, registry) = registry(2);
    let kept = compared(&registry, "squares", Some(false), "").unwrap();
    let measurement = &kept.measurement;
    assert_eq!((measurement.metric.as_str(), kept.verdict), ("squares", Verdict::Better));
    assert_eq!((measurement.higher_is_better, measurement.replicates), (Some(false), Some(500)));
    assert_eq!(measurement.method, "paired_bootstrap");
    assert_eq!(registry.get_comparison(kept.id).unwrap(), kept);
    assert_eq!(compared(&registry, "squares", Some(false), "").unwrap(), kept);
    let turned = compared(&registry, "squares", Some(true), "").unwrap();
    assert_eq!((turned.verdict, turned.measurement.higher_is_better), (Verdict::Worse, Some(true)));
    assert_eq!(turned.measurement.results[0].difference, measurement.results[0].difference);
    let known = compared(&registry, "brier", None, "").unwrap();
    assert_eq!(known.measurement.higher_is_better, None);
    assert_eq!(registry.check().unwrap().findings, []);
}

#[test]
fn what_is_no_number_is_undefined() {
    let (_folder, registry) = registry(2);
    let names = ["nan", "endless", "constant"];
    let kept = evaluated(&registry, &json!(names), "weights").unwrap();
    let last = Slice { column: "site".into(), value: "c".into() };
    let reasons = names.map(|name| {
        let weightless = kept.measurement.metric(name, Some(&last)).unwrap();
        assert_eq!(weightless.undefined.as_deref(), Some("too_few_rows"));
        let value = kept.metric(name).unwrap();
        assert_eq!((value.lower, &value.method), (None, &None));
        let no_interval = (name == "constant").then_some("no_variance");
        assert_eq!(value.no_interval.as_deref(), no_interval);
        value.undefined.as_deref()
    });
    assert_eq!(reasons, [Some("not_a_number"), Some("too_large"), None]);
    for (metric, reason) in [
        ("nan", "it is not a number"),
        ("endless", "too large"),
        ("once", "too few resamples"),
        ("constant", "both give the same"),
    ] {
        let kept = compared(&registry, metric, Some(true), "").unwrap();
        assert_eq!(kept.verdict, Verdict::Inconclusive, "{metric}");
        assert!(kept.reason.contains(reason), "{metric}: {}", kept.reason);
    }
}

#[test]
fn a_failed_function_ends_it_and_nothing_is_kept() {
    let (_folder, registry) = registry(2);
    let before = registry.info().unwrap();
    let requests = [
        json!({"version": "fraud/1", "metrics": ["squares"]}),
        json!({
            "candidate": "fraud/2", "baseline": "fraud/1", "higher_is_better": true,
            "options": {"metric": "squares"},
        }),
    ];
    for most in [0, 1, 2, 5] {
        let failed = |at: usize, call: fn(&Registry, &[u8], &mut Squares) -> Result<(), Error>| {
            let mut own = Squares { most: Some(most), ..Squares::default() };
            let error = call(&registry, requests[at].to_string().as_bytes(), &mut own).unwrap_err();
            assert_eq!((error.code(), own.calls), ("not_found", most + 1));
        };
        failed(0, |registry, request, own| {
            evaluate(registry, request, &columns(""), Some(own)).map(drop)
        });
        failed(1, |registry, request, own| {
            compare(registry, request, &columns(""), Some(own)).map(drop)
        });
    }
    assert_eq!(registry.info().unwrap(), before);
}

#[test]
fn nothing_is_measured_for_who_may_not_keep_it() {
    let (folder, registry) = registry(2);
    registry.create_service("reader").unwrap();
    registry.grant("Consumer", "registry:/", "reader").unwrap();
    let token = registry.create_token("reader", crate::TokenOptions::default()).unwrap().token;
    let path = folder.path().join("hb");
    let reader = Registry::open_with_token(&path, Options::default(), &token).unwrap();
    let options = Options { read_only: true, ..Options::default() };
    let read_only = Registry::open_with(&path, options).unwrap();
    let evaluation = json!({"version": "fraud/1", "metrics": ["squares"]}).to_string().into_bytes();
    let comparison = json!({
        "candidate": "fraud/2", "baseline": "fraud/1", "higher_is_better": true,
        "options": {"metric": "squares"},
    });
    let comparison = comparison.to_string().into_bytes();
    let measured = measure(&sample(), &EvaluateOptions::default()).unwrap();
    let paired = measure_pair(&pair(&SCORES, &WORSE), &CompareOptions::default()).unwrap();
    for (registry, code) in [(&reader, "permission_denied"), (&read_only, "read_only")] {
        let mut own = Squares::default();
        let errors = [
            evaluate(registry, &evaluation, &columns(""), Some(&mut own)).unwrap_err(),
            compare(registry, &comparison, &columns(""), Some(&mut own)).unwrap_err(),
        ];
        assert_eq!(own.calls, 0, "{code}");
        let [first, second] =
            ["fraud/1", "fraud/2"].map(|version| registry.resolve(version).unwrap());
        let kept = [
            registry.record_evaluation(first.as_ref(), measured.clone()).unwrap_err(),
            registry
                .record_comparison(second.as_ref(), first.as_ref(), paired.clone())
                .unwrap_err(),
        ];
        for (error, kept) in errors.iter().zip(&kept) {
            assert_eq!((error.code(), error.to_string()), (code, kept.to_string()));
        }
    }
}

#[test]
fn half_of_an_own_metric_is_refused() {
    let (_folder, registry) = registry(2);
    let refused = |error: Error, argument: &str| {
        assert_eq!(error.code(), "invalid_argument", "{error}");
        assert!(error.to_string().contains(argument), "{argument}: {error}");
    };
    let request = json!({"version": "fraud/1", "metrics": ["squares"]}).to_string();
    refused(evaluate(&registry, request.as_bytes(), &columns(""), None).unwrap_err(), "`metrics`");
    for (metric, better, has_function, argument) in [
        (Some("squares"), None, true, "`higher_is_better`"),
        (Some("brier"), None, true, "`higher_is_better`"),
        (Some("brier"), Some(false), true, "`brier`"),
        (None, Some(true), true, "`metric`"),
        (None, None, true, "`metric`"),
        (Some("squares"), Some(true), false, "`higher_is_better`"),
        (Some("brier"), Some(false), false, "`higher_is_better`"),
        (None, Some(true), false, "`higher_is_better`"),
    ] {
        let request = json!({
            "candidate": "fraud/2", "baseline": "fraud/1", "higher_is_better": better,
            "options": {"metric": metric},
        });
        let own: &mut dyn OwnMetrics = &mut Squares::default();
        let own = has_function.then_some(own);
        let error = compare(&registry, request.to_string().as_bytes(), &columns(""), own);
        refused(error.unwrap_err(), argument);
    }
}

#[test]
fn names_of_other_metrics_are_refused() {
    let (_folder, registry) = registry(2);
    for name in ["", "a.b", "a\0", "brier", "rmse", "roc_auc_ovr"] {
        let errors = [
            evaluated(&registry, &json!([name]), "").map(drop).unwrap_err(),
            compared(&registry, name, Some(true), "").map(drop).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.code(), "invalid_argument", "{name}: {error}");
        }
    }
    let error = evaluated(&registry, &json!(["squares", "squares"]), "").unwrap_err();
    assert!(error.to_string().contains("twice"), "{error}");
}
