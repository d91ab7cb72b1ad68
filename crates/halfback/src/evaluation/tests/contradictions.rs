//! Records from elsewhere whose parts contradict each other.

use super::*;

/// A record with one result, or one metric, of which fields were changed.
fn with(base: &str, part: &str, changes: &str) -> serde_json::Value {
    let mut record: serde_json::Value = serde_json::from_str(base).unwrap();
    let changes: serde_json::Map<_, _> = serde_json::from_str(&format!("{{{changes}}}")).unwrap();
    record["rows"] = 200.into();
    record["data_digest"] = format!("sha256:{}", "0".repeat(64)).into();
    for (name, value) in changes {
        let at =
            if record[part][0].get(&name).is_some() { &mut record[part][0] } else { &mut record };
        at[name] = value;
    }
    record
}

#[track_caller]
fn is_told(found: Result<impl std::fmt::Debug>, why: &str, changes: &str) {
    match (found, why) {
        (Ok(_), "") => {}
        (Err(error), why) if !why.is_empty() => {
            assert_eq!(error.code(), "invalid_argument", "{changes}: {error}");
            assert!(error.to_string().contains(why), "{changes}: {error}");
        }
        (found, _) => panic!("{changes}: {found:?}, expected `{why}`"),
    }
}

#[test]
fn an_evaluation_does_not_contradict_itself() {
    let (_folder, registry) = registry(1);
    let base = r#"{"task": "binary", "level": 0.95, "library": "own", "threshold": null, "pos_label": null,
        "metrics": [{"metric": "accuracy", "rows": 200, "value": 0.91, "lower": null, "upper": null,
                     "method": null}]}"#;
    let regression = r#""task": "regression", "metric": "mae""#;
    for (changes, why) in [
        ("", ""),
        (r#""lower": 0.9, "upper": 0.95"#, ""),
        (r#""lower": 0.95, "upper": 0.99"#, "around the value"),
        (r#""lower": 0.95, "upper": 0.99, "method": "bayes""#, "around the value"),
        (r#""lower": 0.95, "upper": 0.99, "method": "bca bootstrap""#, ""),
        (r#""lower": 0.5, "upper": 1.02"#, "a bound of metric `accuracy` is 1.02"),
        (
            r#""lower": -0.5, "upper": 0.95, "method": "bootstrap""#,
            "a bound of metric `accuracy` is -0.5",
        ),
        (r#""metric": "profit", "lower": -0.5, "upper": 1.02"#, ""),
        (r#""value": 2e-8, "lower": 3e-8, "upper": 4e-8"#, "around the value"),
        (r#""value": 0.9, "lower": 0.9000004, "upper": 0.95"#, ""),
        (r#""rows": 0"#, "has a value of no rows"),
        (r#""metric": "rmse""#, "metric `rmse` is none of the task `binary`"),
        (r#""metric": "kappa""#, ""),
        (r#""task": "regression""#, "metric `accuracy` is none of the task `regression`"),
        (regression, ""),
        (
            &format!(r#"{regression}, "value": -5e-7"#),
            "metric `mae` is -0.0000005, expected 0 or more",
        ),
        (
            &format!(r#"{regression}, "threshold": 0.5"#),
            "`threshold` and `pos_label` are for classes",
        ),
        (
            &format!(r#"{regression}, "pos_label": "yes""#),
            "`threshold` and `pos_label` are for classes",
        ),
        (r#""task": "multiclass", "metric": "brier", "value": 1.5"#, ""),
        (r#""metric": "brier", "value": 1.5"#, "metric `brier` is 1.5, expected 0 to 1"),
        (
            r#""task": "multiclass", "metric": "brier", "value": 1.5,
               "curves": {"confusion": {"labels": ["a", "b"], "counts": [1, 2, 3, 4]}}"#,
            "metric `brier` is 1.5, expected 0 to 1",
        ),
    ] {
        let measurement = serde_json::from_value(with(base, "metrics", changes)).unwrap();
        is_told(registry.record_evaluation("fraud/1", measurement), why, changes);
    }
}

#[test]
fn a_comparison_does_not_contradict_itself() {
    let (_folder, registry) = registry(2);
    let base = r#"{"task": "binary", "metric": "accuracy", "level": 0.95, "library": "own", "method": "mine",
        "alternative": "difference", "margin": 0, "adjustment": "holm", "higher_is_better": null,
        "results": [{"rows": 200, "candidate_value": 0.9, "baseline_value": 0.8, "difference": 0.1,
                     "lower": 0.05, "upper": 0.15, "p_value": 0.01, "adjusted_p_value": 0.01,
                     "verdict": "better", "reason": "so"}]}"#;
    let own = r#""metric": "cost", "candidate_value": 8, "baseline_value": 9, "difference": -1, "lower": -2, "upper": -0.5"#;
    for (changes, why) in [
        ("", ""),
        (r#""upper": null"#, "one of `lower` and `upper`"),
        (r#""lower": null"#, "one of `lower` and `upper`"),
        (r#""difference": 0.11"#, "not the candidate's value less the baseline's"),
        (r#""difference": 0.100001"#, ""),
        (r#""candidate_value": null"#, "one of both values is undefined"),
        (r#""candidate_value": null, "baseline_value": null"#, ""),
        (r#""difference": null"#, "bounds without their `difference`"),
        (r#""lower": 0.12"#, "bounds that do not hold their `difference`"),
        (r#""lower": 0.12, "method": "paired_bootstrap""#, ""),
        (r#""rows": 0"#, "numbers of no rows"),
        (r#""metric": "a.b""#, "has a dot in its name"),
        (r#""metric": "a\nb""#, "name of a metric"),
        (r#""metric": "rmse""#, "none of the task `binary`"),
        (r#""metric": "bias", "task": "regression""#, "neither more nor less is better"),
        (r#""p_value": 0.02"#, "`adjusted_p_value` below its `p_value`"),
        // What is to be shown, and what may be said.
        (r#""alternative": "superiority""#, ""),
        (
            r#""alternative": "superiority", "verdict": "non_inferior""#,
            "has the verdict `non_inferior`",
        ),
        (
            r#""alternative": "superiority", "margin": 0.02, "verdict": "equivalent""#,
            "`alternative`",
        ),
        (
            r#""alternative": "non_inferiority", "margin": 0.02, "verdict": "equivalent""#,
            "`alternative`",
        ),
        (r#""alternative": "non_inferiority", "margin": 0.02, "verdict": "non_inferior""#, ""),
        (r#""verdict": "equivalent""#, "which its `alternative` and `margin` do not give"),
        (r#""alternative": "non_inferiority""#, "`margin` is `0`, expected above zero"),
        (r#""alternative": "equivalence""#, "`margin` is `0`, expected above zero"),
        (r#""margin": -1"#, "`margin` is `-1`, expected zero or more"),
        (r#""margin": 1"#, "`margin` is 1, expected below 1, the largest difference of `accuracy`"),
        (r#""margin": 1.5, "metric": "matthews""#, ""),
        (r#""margin": 1.5, "metric": "profit""#, ""),
        // A verdict without what it is told by, or against it.
        (r#""difference": null, "lower": null, "upper": null"#, "`better` without a `difference`"),
        (r#""verdict": "worse""#, "difference or interval that says otherwise"),
        (r#""verdict": "worse", "lower": null, "upper": null"#, "says otherwise"),
        (r#""verdict": "worse", "method": "paired_bootstrap", "lower": -0.3, "upper": -0.2"#, ""),
        (r#""verdict": "worse", "method": "paired_bootstrap""#, "says otherwise"),
        (r#""verdict": "inconclusive""#, ""),
        (r#""adjusted_p_value": 1"#, "a p-value that says otherwise"),
        (r#""p_value": 0.2, "adjusted_p_value": null"#, "a p-value that says otherwise"),
        (r#""p_value": 0.05, "adjusted_p_value": 0.05"#, ""),
        (r#""margin": 0.02, "verdict": "equivalent", "adjusted_p_value": 0.4"#, "says otherwise"),
        (r#""margin": 0.12, "verdict": "equivalent", "adjusted_p_value": 0.4"#, ""),
        (own, ""),
        (&format!(r#"{own}, "higher_is_better": false"#), ""),
        (&format!(r#"{own}, "higher_is_better": true"#), "says otherwise"),
    ] {
        let measurement = serde_json::from_value(with(base, "results", changes)).unwrap();
        is_told(registry.record_comparison("fraud/2", "fraud/1", measurement), why, changes);
    }
}

#[test]
fn a_margin_that_no_difference_reaches_is_refused_before_anything_is_measured() {
    for (metric, margin, why) in [
        ("f1", 1.5, "`margin` is 1.5, expected below 1, the largest difference of `f1`"),
        ("accuracy", 1.0, "expected below 1"),
        ("roc_auc", 1.0, "expected below 1"),
        ("matthews", 1.5, ""),
        ("log_loss", 1.5, ""),
    ] {
        let (metric, name) = (Some(metric.to_owned()), metric);
        let options = CompareOptions { metric, margin, ..CompareOptions::default() };
        is_told(measure_pair(&pair(&SCORES, &SCORES), &options), why, name);
    }
}
