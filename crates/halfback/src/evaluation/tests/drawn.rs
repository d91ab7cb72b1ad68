//! Weights, clusters and strata: how rows are drawn, and what of it is kept.

use super::*;

const CUSTOMERS: [&str; 12] = ["x", "x", "y", "y", "z", "z", "u", "u", "v", "v", "w", "w"];

/// Three customers each, so that few resamples draw nothing of one.
const HALVES: [i64; 12] = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1];

fn clustered() -> Sample<'static> {
    sample().clusters(&CUSTOMERS[..])
}

fn options() -> EvaluateOptions {
    EvaluateOptions { replicates: 500, ..EvaluateOptions::default() }
}

fn slice(value: &str) -> Slice {
    Slice { column: "site".into(), value: value.into() }
}

#[test]
fn intervals_by_clusters_say_so_and_come_back() {
    let (_folder, registry) = registry(1);
    let kept = registry.evaluate("fraud/1", &clustered(), &options()).unwrap();
    let drawn = Some(options().replicates.into());
    assert_eq!((kept.measurement.clusters, kept.measurement.replicates), (Some(6), drawn));
    assert_eq!(registry.get_evaluation(kept.id).unwrap(), kept);
    assert_eq!(registry.evaluate("fraud/1", &clustered(), &options()).unwrap(), kept);
    assert_eq!(registry.check().unwrap().findings, []);
    let plain = measure(&sample(), &options()).unwrap();
    for (by_clusters, plain) in kept.measurement.metrics.iter().zip(&plain.metrics) {
        assert_eq!(by_clusters.value, plain.value, "{}", plain.metric);
        let method = by_clusters.method.as_deref();
        assert!([None, Some("cluster_bootstrap")].contains(&method), "{method:?}");
    }
    let one = kept.metric("accuracy").unwrap();
    assert!(one.method.is_some() && one.lower < one.value && one.value < one.upper);
    // Of six customers, few have rows of either class.
    let area = kept.metric("roc_auc").unwrap();
    assert_eq!(
        (area.method.as_deref(), area.no_interval.as_deref()),
        (None, Some("too_few_units"))
    );
    // Both rows of the last site are of one customer.
    let few = kept.measurement.metric("brier", Some(&slice("c"))).unwrap();
    assert!(few.value.is_some());
    assert_eq!((few.lower, few.upper, &few.method), (None, None, &None));
}

#[test]
fn a_cluster_is_what_it_is_called_in_any_column() {
    let bounds = |sample: &Sample<'_>| {
        let measured = measure(sample, &options()).unwrap();
        let brier = measured.metric("brier", None).unwrap();
        (brier.lower, brier.upper, brier.method.clone(), measured.data_digest)
    };
    let owned: Vec<String> = CUSTOMERS.iter().map(|&customer| customer.into()).collect();
    assert_eq!(bounds(&sample().clusters(&owned)), bounds(&clustered()));
    // Rows that are clusters of their own are drawn by their numbers, as without clusters.
    let (rows, ones) = ((0..12).collect::<Vec<i64>>(), [1.0; 12]);
    let [alone, plain] =
        [sample().clusters(&rows), sample().weights(&ones)].map(|sample| bounds(&sample));
    assert_eq!((alone.0, alone.1), (plain.0, plain.1));
    assert_eq!(alone.2.as_deref(), Some("cluster_bootstrap"));
    let within = bounds(&sample().strata(&HALVES[..]));
    assert_eq!(within.2.as_deref(), Some("stratified_bootstrap"));
    let both = bounds(&clustered().strata(&[0i64; 12][..]));
    assert_eq!(both.2.as_deref(), Some("stratified_cluster_bootstrap"));
    // Of each site there are too few customers.
    assert_eq!(bounds(&clustered().strata(&SITES[..])).2, None);
    let digests: std::collections::BTreeSet<String> = [alone.3, plain.3, within.3, both.3].into();
    assert_eq!(digests.len(), 4);
}

#[test]
fn the_digest_of_drawn_columns_is_as_documented() {
    let mut bytes = Vec::new();
    let text = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend((text.len() as u64).to_be_bytes());
        bytes.extend(text.as_bytes());
    };
    let column = |bytes: &mut Vec<u8>, name: &str, values: Option<[i64; 2]>| {
        text(bytes, name);
        let Some(values) = values else { return bytes.push(0) };
        bytes.push(2);
        for number in [2, values[0], values[1]] {
            bytes.extend(number.to_be_bytes());
        }
    };
    column(&mut bytes, "y_true", Some([1, 0]));
    for name in ["y_pred", "y_score", "weights"] {
        column(&mut bytes, name, None);
    }
    column(&mut bytes, "s", Some([3, 4]));
    let plain = Sample::new(&[1i64, 0][..]).slice("s", &[3i64, 4][..]);
    assert_eq!(plain.digest().to_string(), format!("sha256:{}", hex(&sha256(&bytes))));
    text(&mut bytes, "");
    column(&mut bytes, "clusters", Some([5, 6]));
    column(&mut bytes, "strata", None);
    let clustered = plain.clusters(&[5i64, 6][..]);
    assert_eq!(clustered.digest().to_string(), format!("sha256:{}", hex(&sha256(&bytes))));
    let (clusters, two) = ([5i64, 6], [1i64, 0]);
    let sliced = Sample::new(&two[..]).slice("clusters", &clusters[..]);
    assert_ne!(Sample::new(&two[..]).clusters(&clusters[..]).digest(), sliced.digest());
}

#[test]
fn rows_drawn_alone_are_told_as_before() {
    let plain = measure(&sample(), &options()).unwrap();
    let json = serde_json::to_value(&plain).unwrap();
    let detail = plain.detail().unwrap();
    for absent in ["clusters", "replicates"] {
        assert!(json.get(absent).is_none() && !detail.contains(absent), "{absent}");
    }
    let of_detail = |measurement: &Measurement| {
        let read = Measurement::of_detail(&measurement.detail().unwrap()).unwrap();
        (read.clusters, read.replicates)
    };
    assert_eq!(of_detail(&plain), (None, None));
    let drawn = Some(options().replicates.into());
    assert_eq!(of_detail(&measure(&clustered(), &options()).unwrap()), (Some(6), drawn));
    let formula = measure_pair(&pair(&SCORES, &SCORES), &CompareOptions::default()).unwrap();
    assert_eq!((formula.method.as_str(), formula.replicates), ("delong", None));
    assert!(serde_json::to_value(&formula).unwrap().get("replicates").is_none());
}

#[test]
fn a_comparison_has_weights_clusters_and_strata() {
    let (_folder, registry) = registry(2);
    let worse: Vec<f64> = SCORES.iter().map(|score| 1.0 - score).collect();
    let plain = || pair(&SCORES, &worse);
    // The last site has no weight.
    let weights = [1.0, 2.0, 0.5, 1.5, 3.0, 1.0, 1.0, 0.0, 2.0, 1.0, 0.0, 0.0];
    let weighted = || PairedSample { weights: Some(&weights), ..plain() };
    let clusters = Some((&CUSTOMERS[..]).into());
    let strata = Some((&SITES[..]).into());
    let halves = Some((&HALVES[..]).into());
    let cases = [
        (weighted(), "paired_bootstrap"),
        (PairedSample { clusters, ..plain() }, "paired_cluster_bootstrap"),
        (PairedSample { strata, ..plain() }, "paired_stratified_bootstrap"),
        (
            PairedSample { clusters, strata: halves, ..weighted() },
            "paired_stratified_cluster_bootstrap",
        ),
    ];
    let mut digests = std::collections::BTreeSet::new();
    for (sample, method) in &cases {
        for metric in ["roc_auc", "accuracy", "brier"] {
            let options = CompareOptions {
                metric: Some(metric.into()),
                replicates: 200,
                ..CompareOptions::default()
            };
            let kept = registry.compare("fraud/2", "fraud/1", sample, &options).unwrap();
            assert_eq!(kept.measurement.method, *method, "{metric}");
            assert!(
                kept.measurement.results[0].difference.map(f64::abs) > Some(0.1),
                "{metric} {method}"
            );
            assert_eq!(kept.measurement.replicates, Some(200));
            assert_eq!(kept.measurement.weighted, sample.weights.is_some(), "{method}");
            // No row of the last customer has a weight.
            let clusters = sample.clusters.map(|_| if sample.weights.is_some() { 5 } else { 6 });
            assert_eq!(kept.measurement.clusters, clusters, "{method}");
            assert!(!kept.reason.is_empty());
            assert_eq!(registry.compare("fraud/2", "fraud/1", sample, &options).unwrap(), kept);
            let value = kept.measurement.results[0].candidate_value;
            let own = Sample { weights: sample.weights, ..self::sample() };
            let own = measure(&own, &self::options()).unwrap();
            assert_eq!(value, own.metric(metric, None).unwrap().value, "{metric}");
            digests.insert(kept.measurement.data_digest);
        }
    }
    assert_eq!(digests.len(), cases.len());
    let last = |sample: &PairedSample<'_>| {
        measure_pair(sample, &CompareOptions::default()).unwrap().results.pop().unwrap()
    };
    let (weightless, alone) = (last(&cases[0].0), last(&cases[1].0));
    assert_eq!((weightless.slice, weightless.rows), (Some(slice("c")), 2));
    assert_eq!((weightless.candidate_value, weightless.difference), (None, None));
    assert_eq!(weightless.reason, "all rows have a weight of zero");
    assert_eq!((alone.candidate_value, alone.baseline_value), (Some(1.0), Some(0.0)));
    assert_eq!((alone.difference, alone.verdict), (None, Verdict::Inconclusive));
    assert_eq!(alone.reason, "all rows are of one cluster");
    assert_eq!(registry.check().unwrap().findings, []);
}

#[test]
fn bad_draws_name_the_argument() {
    let nan = [0.5, f64::NAN];
    let columns: [(Column<'_>, &str); 4] = [
        ((&[1i64; 3][..]).into(), "has 3 rows, expected 2"),
        ((&[""; 0][..]).into(), "has 0 rows, expected 2"),
        ((&nan[..]).into(), "floating-point numbers"),
        ((&[1.0f32, 2.0][..]).into(), "floating-point numbers"),
    ];
    let weights: [(&[f64], &str); 5] = [
        (&[1.0], "has 1 rows, expected 2"),
        (&[], "has 0 rows, expected 2"),
        (&[1.0, -1.0], "negative at row 1"),
        (&nan, "NaN or infinity at row 1"),
        (&[0.0, 0.0], "zero in all rows"),
    ];
    let two = [0i64, 1];
    let refused = |argument: &str, sample: Sample<'_>, why: &str| {
        let predictions = Predictions { y_pred: Some((&two[..]).into()), y_score: None };
        let pair = PairedSample {
            y_true: sample.y_true,
            candidate: predictions,
            baseline: predictions,
            weights: sample.weights,
            clusters: sample.clusters,
            strata: sample.strata,
            ..PairedSample::default()
        };
        let errors = [
            measure(&sample.predictions(&two[..]), &options()).unwrap_err(),
            measure_pair(&pair, &CompareOptions::default()).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.code(), "invalid_argument", "{error}");
            let text = error.to_string();
            assert!(text.contains(&format!("`{argument}`")) && text.contains(why), "{text}");
        }
    };
    let truth = || Sample::new(&two[..]);
    for (column, why) in columns {
        refused("clusters", Sample { clusters: Some(column), ..truth() }, why);
        refused("strata", Sample { strata: Some(column), ..truth() }, why);
    }
    refused("clusters", truth().clusters(&["a", "a"][..]), "has 1, expected at least 2");
    for (weights, why) in weights {
        refused("weights", truth().weights(weights), why);
    }
}

#[test]
fn resamples_that_tell_no_interval_are_refused_where_they_are_drawn() {
    let few = |level, replicates| EvaluateOptions { level, replicates, ..Default::default() };
    let refused = |level, replicates, why: &str| {
        let told = measure(&clustered(), &few(level, replicates)).unwrap_err();
        assert_eq!((told.code(), told.to_string().contains(why)), ("invalid_argument", true));
        let options = CompareOptions {
            metric: Some("brier".into()),
            level,
            replicates,
            ..CompareOptions::default()
        };
        let told = measure_pair(&pair(&SCORES, &SCORES), &options).unwrap_err();
        assert_eq!((told.code(), told.to_string().contains(why)), ("invalid_argument", true));
    };
    refused(0.95, 38, "`replicates` has 38, expected at least 39");
    refused(0.8, 8, "`replicates` has 8, expected at least 9");
    refused(0.999_999_9, 1_000_000, "`level` is 0.9999999");
    for sample in [clustered(), sample().weights(&[1.0; 12])] {
        measure(&sample, &few(0.95, 39)).unwrap();
        measure(&sample, &few(0.8, 9)).unwrap();
    }
    // By formulas nothing is drawn.
    measure(&sample(), &few(0.9999, 2)).unwrap();
    let options = CompareOptions { level: 0.9999, replicates: 2, ..CompareOptions::default() };
    measure_pair(&pair(&SCORES, &SCORES), &options).unwrap();
}

#[test]
fn counts_of_clusters_are_counts() {
    let (_folder, registry) = registry(1);
    let measurement = measure(&clustered(), &options()).unwrap();
    for wrong in [
        Measurement { clusters: Some(-1), ..measurement.clone() },
        Measurement { replicates: Some(-1), ..measurement.clone() },
        Measurement { replicates: Some(0), ..measurement },
    ] {
        let error = registry.record_evaluation("fraud/1", wrong).unwrap_err();
        assert_eq!(error.code(), "invalid_argument");
    }
    let (_folder, registry) = self::registry(2);
    let sample = PairedSample { clusters: Some((&CUSTOMERS[..]).into()), ..pair(&SCORES, &SCORES) };
    let measurement = measure_pair(&sample, &CompareOptions::default()).unwrap();
    for (clusters, why) in [(-1, "`clusters` is -1"), (13, "more than the 12 rows")] {
        let wrong = PairedMeasurement { clusters: Some(clusters), ..measurement.clone() };
        let error = registry.record_comparison("fraud/2", "fraud/1", wrong).unwrap_err();
        assert_eq!(error.code(), "invalid_argument");
        assert!(error.to_string().contains(why), "{error}");
    }
}
