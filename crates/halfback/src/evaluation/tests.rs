//! Evaluations and comparisons, from columns to what is found again.

mod contradictions;
mod drawn;
mod given;
mod own;

use halfback_store::id::hex;

use super::*;
use crate::catalog::version::Param;
use crate::{Content, Options, RegisterVersion, SearchVersions, no_progress};

const TRUTH: [i64; 12] = [0, 0, 1, 1, 0, 1, 1, 0, 0, 1, 0, 1];
const SCORES: [f64; 12] = [0.1, 0.4, 0.35, 0.8, 0.2, 0.9, 0.6, 0.7, 0.3, 0.65, 0.15, 0.55];
const SITES: [&str; 12] = ["a", "a", "a", "a", "a", "a", "b", "b", "b", "b", "c", "c"];

fn sample() -> Sample<'static> {
    Sample::new(&TRUTH[..]).scores(&SCORES[..]).slice("site", &SITES[..])
}

fn registry(versions: usize) -> (tempfile::TempDir, Registry) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { create: true, ..Options::default() };
    let registry = Registry::open_with(folder.path().join("hb"), options).unwrap();
    registry.create_model("fraud").unwrap();
    for number in 0..versions {
        let content =
            Content::Bytes { name: "m".into(), bytes: vec![u8::try_from(number).unwrap()] };
        let version = RegisterVersion { model: "fraud".into(), ..RegisterVersion::default() };
        registry.register_version(&content, version, &mut no_progress).unwrap();
    }
    (folder, registry)
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    let weights = vec![1.5; 12];
    for sample in [sample(), sample().weights(&weights)] {
        let bytes = || {
            let options = EvaluateOptions { seed: 7, replicates: 50, ..EvaluateOptions::default() };
            serde_json::to_vec(&measure(&sample, &options).unwrap()).unwrap()
        };
        assert_eq!(bytes(), std::thread::scope(|scope| scope.spawn(bytes).join().unwrap()));
    }
    let other = Sample { y_true: (&[1i64; 12][..]).into(), ..sample() };
    let digest =
        |sample: &Sample<'_>| measure(sample, &EvaluateOptions::default()).unwrap().data_digest;
    assert_ne!(digest(&sample()), digest(&other));
}

#[test]
fn the_digest_of_columns_is_as_documented() {
    let texts = ["ab", ""];
    let sample = Sample::new(&[1i64, -2][..])
        .scores(&[0.5f32, -0.0][..])
        .slice("s", &texts[..])
        .slice("t", &[true, false][..]);
    let mut bytes = Vec::new();
    let text = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend((text.len() as u64).to_be_bytes());
        bytes.extend(text.as_bytes());
    };
    text(&mut bytes, "y_true");
    bytes.push(2);
    for number in [2i64, 1, -2] {
        bytes.extend(number.to_be_bytes());
    }
    text(&mut bytes, "y_pred");
    bytes.push(0);
    text(&mut bytes, "y_score");
    bytes.push(5);
    bytes.extend(2i64.to_be_bytes());
    bytes.extend(0.5f64.to_bits().to_be_bytes());
    bytes.extend(0u64.to_be_bytes());
    text(&mut bytes, "weights");
    bytes.push(0);
    text(&mut bytes, "s");
    bytes.push(4);
    bytes.extend(2i64.to_be_bytes());
    text(&mut bytes, "ab");
    text(&mut bytes, "");
    text(&mut bytes, "t");
    bytes.push(1);
    for number in [2u64, 1, 0] {
        bytes.extend(number.to_be_bytes());
    }
    assert_eq!(sample.digest().to_string(), format!("sha256:{}", hex(&sha256(&bytes))));
}

#[test]
fn an_evaluation_is_kept_once_and_comes_back() {
    let (_folder, registry) = registry(1);
    let before = registry.info().unwrap().commit;
    let dataset = Dataset { name: "fraud-2026-q1".into(), digest: Some("v3".into()) };
    let options = EvaluateOptions { dataset: Some(dataset), ..EvaluateOptions::default() };
    let kept = registry.evaluate("fraud/1", &sample(), &options).unwrap();
    assert_eq!(kept.measurement.task, Task::Binary);
    assert_eq!(kept.measurement.threshold, Some(0.5));
    assert_eq!(kept.measurement.pos_label.as_deref(), Some("1"));
    assert_eq!(kept.measurement, measure(&sample(), &options).unwrap());
    let names = kept.measurement.metrics.iter().filter(|metric| metric.slice.is_none()).count();
    assert_eq!(kept.measurement.metrics.len(), 4 * names);
    let area = kept.metric("roc_auc").unwrap();
    assert!(area.lower < area.value && area.value < area.upper);
    assert_eq!(area.method.as_deref(), Some("delong_logit"));
    let slice = Slice { column: "site".into(), value: "c".into() };
    let few = kept.measurement.metric("roc_auc", Some(&slice)).unwrap();
    assert_eq!((few.rows, few.value, few.lower), (2, Some(1.0), None));
    let curves = kept.measurement.curves.as_ref().unwrap();
    assert_eq!((curves.roc[0].x, curves.roc.last().unwrap().y), (0.0, 1.0));
    assert_eq!(curves.confusion.as_ref().unwrap().counts, [5.0, 1.0, 1.0, 5.0]);
    // Again: nothing new.
    let commit = registry.info().unwrap().commit;
    assert_eq!(registry.evaluate("fraud/1", &sample(), &options).unwrap(), kept);
    assert_eq!(registry.info().unwrap().commit, commit);
    assert_eq!(registry.get_evaluation(kept.id).unwrap(), kept);
    let page = registry.list_evaluations("fraud/1").unwrap();
    assert_eq!(page.items.len(), 1);
    assert_eq!((page.items[0].id, &page.items[0].measurement.curves), (kept.id, &None));
    // Before, it was not there; nor is it once the version is gone.
    let past = registry.as_of(before).unwrap();
    assert_eq!(past.get_evaluation(kept.id).unwrap_err().code(), "not_found");
    assert_eq!(past.list_evaluations("fraud/1").unwrap().items, []);
    registry.delete_version("fraud/1").unwrap();
    assert_eq!(registry.get_evaluation(kept.id).unwrap_err().code(), "not_found");
    let then = registry.as_of(commit).unwrap();
    assert_eq!(then.get_evaluation(kept.id).unwrap(), kept);
    assert_eq!(registry.check().unwrap().findings, []);
}

#[test]
fn tasks_are_told_from_the_columns() {
    let task = |sample: &Sample<'_>| measure(sample, &EvaluateOptions::default()).unwrap().task;
    let three = [0i64, 1, 2, 1];
    let texts = ["cat", "dog", "cow", "cat"];
    assert_eq!(task(&sample()), Task::Binary);
    assert_eq!(task(&Sample::new(&three[..]).predictions(&three[..])), Task::Multiclass);
    assert_eq!(task(&Sample::new(&texts[..]).predictions(&texts[..])), Task::Multiclass);
    let numbers = [1.5, 2.5, 3.0, 4.0];
    assert_eq!(task(&Sample::new(&numbers[..]).predictions(&numbers[..])), Task::Regression);
    let counts = Sample::new(&three[..]).predictions(&numbers[..]);
    assert_eq!(task(&counts), Task::Regression);
    // A table of two columns is of the two classes.
    let table = [0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.3, 0.7];
    let two = Sample::new(&[0i64, 1, 0, 1][..]).scores(Scores::table(&table[..], 2));
    let column = Sample::new(&[0i64, 1, 0, 1][..]).scores(&[0.1, 0.8, 0.4, 0.7][..]);
    let metrics =
        |sample: &Sample<'_>| measure(sample, &EvaluateOptions::default()).unwrap().metrics;
    assert_eq!(metrics(&two), metrics(&column));
    let named = ["no", "yes", "no", "yes"];
    let sample = Sample::new(&named[..]).scores(&[0.1f32, 0.8, 0.4, 0.7][..]);
    let options = EvaluateOptions {
        pos_label: Some(Param::Text("yes".into())),
        ..EvaluateOptions::default()
    };
    let found = measure(&sample, &options).unwrap();
    assert_eq!(found.metric("roc_auc", None).unwrap().value, Some(1.0));
    assert_eq!(found.curves.unwrap().confusion.unwrap().labels, ["not yes", "yes"]);
}

/// What is wrong fails with one code, and the text names the argument.
#[test]
fn bad_rows_name_the_argument() {
    let plain = EvaluateOptions::default();
    let refused = |sample: &Sample<'_>, options: &EvaluateOptions, argument: &str| {
        let error = measure(sample, options).unwrap_err();
        assert_eq!(error.code(), "invalid_argument", "{error}");
        assert!(error.to_string().contains(&format!("`{argument}")), "{argument}: {error}");
    };
    let (two, three) = ([0i64, 1], [0i64, 1, 2]);
    let nan = [0.5, f64::NAN];
    let empty: [i64; 0] = [];
    let truth = || Sample::new(&two[..]);
    refused(&Sample::new(&empty[..]).predictions(&empty[..]), &plain, "y_true");
    refused(&truth(), &plain, "y_pred");
    refused(&truth().predictions(&three[..]), &plain, "y_pred");
    refused(&truth().scores(&nan[..]), &plain, "y_score");
    refused(&truth().scores(&[0.5, f64::INFINITY][..]), &plain, "y_score");
    refused(&truth().scores(&[0.5][..]), &plain, "y_score");
    refused(&truth().scores(&[0.5; 5][..]), &plain, "y_score");
    refused(&truth().scores(&["high", "low"][..]), &plain, "y_score");
    refused(&truth().predictions(&["no", "yes"][..]), &plain, "y_pred");
    refused(&truth().predictions(&two[..]).weights(&[1.0, -1.0]), &plain, "weights");
    refused(&truth().predictions(&two[..]).weights(&[0.0, 0.0]), &plain, "weights");
    refused(&truth().predictions(&two[..]).weights(&[1.0]), &plain, "weights");
    refused(&truth().predictions(&two[..]).weights(&nan), &plain, "weights");
    refused(&truth().predictions(&two[..]).slice("s", &three[..]), &plain, "slices.s");
    refused(&truth().predictions(&two[..]).slice("s", &[0.5, 1.5][..]), &plain, "slices.s");
    let many: Vec<i64> = (0..300).collect();
    let zeros = vec![0i64; 300];
    let many = Sample::new(&zeros).predictions(&zeros).slice("s", &many);
    refused(&many, &plain, "slices.s");
    let twice = truth().predictions(&two[..]).slice("s", &two[..]).slice("s", &two[..]);
    refused(&twice, &plain, "slices");
    let table = [0.2, 0.3, 0.4, 0.3, 0.3, 0.4, 0.3, 0.3, 0.4];
    refused(&Sample::new(&three[..]).scores(Scores::table(&table[..], 3)), &plain, "y_score");
    let numbers = [0.5, 1.5];
    refused(&Sample::new(&numbers[..]), &plain, "y_pred");
    refused(&Sample::new(&numbers[..]).predictions(&nan[..]), &plain, "y_pred");
    refused(&Sample::new(&nan[..]).predictions(&numbers[..]), &plain, "y_true");
    let scored = Sample::new(&numbers[..]).scores(&numbers[..]);
    refused(&scored, &plain, "y_score");
    let good = truth().predictions(&two[..]);
    refused(&good, &EvaluateOptions { level: 1.0, ..plain.clone() }, "level");
    refused(&good, &EvaluateOptions { level: f64::NAN, ..plain.clone() }, "level");
    refused(&good, &EvaluateOptions { replicates: 0, ..plain.clone() }, "replicates");
    refused(&good, &EvaluateOptions { seed: u64::MAX, ..plain.clone() }, "seed");
    refused(&good, &EvaluateOptions { threshold: f64::NAN, ..plain.clone() }, "threshold");
    let dataset = Some(Dataset::default());
    refused(&good, &EvaluateOptions { dataset, ..plain.clone() }, "dataset");
    let texts = ["no", "yes"];
    let named = Sample::new(&texts[..]).predictions(&texts[..]);
    let error = measure(&named, &plain).unwrap_err().to_string();
    assert!(error.contains("pos_label"), "{error}");
}

#[test]
fn what_no_measurement_says_is_not_kept() {
    let (_folder, registry) = registry(1);
    let good = measure(&sample(), &EvaluateOptions::default()).unwrap();
    let refused = |change: &dyn Fn(&mut Measurement)| {
        let mut measurement = good.clone();
        change(&mut measurement);
        let error = registry.record_evaluation("fraud/1", measurement).unwrap_err();
        assert!(["invalid_argument", "invalid_name"].contains(&error.code()), "{error:?}");
    };
    refused(&|it| it.metrics.clear());
    refused(&|it| it.metrics.push(it.metrics[0].clone()));
    refused(&|it| it.metrics[0].value = Some(f64::NAN));
    refused(&|it| it.metrics[0].value = None);
    refused(&|it| it.metrics[0].undefined = Some("one_class".into()));
    refused(&|it| it.metrics[0].lower = None);
    refused(&|it| it.metrics[0].lower = Some(2.0));
    refused(&|it| it.metrics[0].rows = 13);
    refused(&|it| it.metrics[0].metric = "a.b".into());
    refused(&|it| it.metrics[0].metric = "a\0".into());
    refused(&|it| it.metrics[0].slice = Some(Slice { column: String::new(), value: "x".into() }));
    refused(&|it| it.rows = -1);
    refused(&|it| it.level = 0.0);
    refused(&|it| it.data_digest = "md5:0".into());
    refused(&|it| it.library = String::new());
    refused(&|it| {
        let point = Point { x: 0.0, y: 0.0 };
        it.curves = Some(Curves { roc: vec![point; 102], ..Curves::default() });
    });
    refused(&|it| {
        let confusion = ConfusionCounts { labels: vec!["a".into()], counts: Vec::new() };
        it.curves = Some(Curves { confusion: Some(confusion), ..Curves::default() });
    });
    let cannot_be = |change: &dyn Fn(&mut Measurement), said: &str| {
        let mut measurement = good.clone();
        change(&mut measurement);
        let error = registry.record_evaluation("fraud/1", measurement).unwrap_err();
        assert_eq!(error.code(), "invalid_argument", "{error}");
        assert!(error.to_string().contains(said), "{said}: {error}");
    };
    for (metric, value, expected) in [
        ("accuracy", 91.0, "0 to 1"),
        ("roc_auc", 1.7, "0 to 1"),
        ("brier", 1.5, "0 to 1"),
        ("matthews", -1.1, "-1 to 1"),
        ("kappa", 1.1, "-1 to 1"),
        ("mae", -1.0, "0 or more"),
        ("r2", 1.5, "1 or less"),
    ] {
        let said = format!("metric `{metric}` is {value}, expected {expected}");
        let change = |it: &mut Measurement| {
            let value = Some(value);
            it.metrics.truncate(1);
            if ["mae", "r2"].contains(&metric) {
                (it.task, it.threshold, it.pos_label) = (Task::Regression, None, None);
            }
            it.metrics[0] = MetricValue {
                metric: metric.into(),
                value,
                lower: None,
                upper: None,
                ..it.metrics[0].clone()
            };
        };
        cannot_be(&change, &said);
    }
    cannot_be(&|it| it.clusters = Some(13), "`clusters` is 13");
    let why = || Some("too_few_units".to_owned());
    cannot_be(&|it| it.metrics[0].no_interval = why(), "`no_interval`, which is for a value");
    cannot_be(&|it| (it.metrics[0].lower, it.metrics[0].upper) = (Some(0.1), Some(0.2)), "around");
    let curves =
        |change: fn(&mut Curves)| move |it: &mut Measurement| it.curves.as_mut().map_or((), change);
    cannot_be(&curves(|it| it.roc[0].x = -0.5), "a point of a curve is -0.5");
    cannot_be(&curves(|it| it.reliability[0].observed = 2.0), "a share of `reliability` is 2");
    cannot_be(&curves(|it| it.reliability[0].weight = -1.0), "expected 0 or more");
    cannot_be(
        &curves(|it| it.confusion.as_mut().unwrap().counts[0] = -1.0),
        "a count of `confusion` is -1",
    );
    // What rounding leaves, an interval that resamples tell, and one's own.
    let mut odd = good.clone();
    odd.metrics.truncate(3);
    odd.metrics[0].value = Some(1.0 + 1e-15);
    (odd.metrics[0].lower, odd.metrics[0].upper) = (Some(0.5), Some(1.0 + 1e-15));
    (odd.metrics[1].lower, odd.metrics[1].upper) = (Some(0.1), Some(0.2));
    odd.metrics[1].method = Some("bootstrap".into());
    odd.metrics[2] = MetricValue {
        metric: "profit".into(),
        value: Some(-1e9),
        lower: None,
        upper: None,
        ..odd.metrics[2].clone()
    };
    odd.metrics[2].no_interval = why();
    let kept = registry.record_evaluation("fraud/1", odd).unwrap();
    assert_eq!(kept.metric("profit").unwrap().no_interval, why());
    // A negative zero is kept as zero, so that `check` finds what the log covers.
    let mut zero = good.clone();
    zero.metrics[0].value = Some(-0.0);
    (zero.metrics[0].lower, zero.metrics[0].upper) = (Some(-0.0), Some(0.5));
    let kept = registry.record_evaluation("fraud/1", zero).unwrap();
    assert!(kept.measurement.metrics[0].value.unwrap().is_sign_positive());
    assert_eq!(registry.check().unwrap().findings, []);
}

#[test]
fn what_is_undefined_has_no_reason_for_its_interval() {
    let (_folder, registry) = registry(1);
    let mut wrong = measure(&sample(), &EvaluateOptions::default()).unwrap();
    let one = &mut wrong.metrics[0];
    (one.value, one.lower, one.upper, one.method) = (None, None, None, None);
    (one.undefined, one.no_interval) = (Some("one_class".into()), Some("no_variance".into()));
    let error = registry.record_evaluation("fraud/1", wrong).unwrap_err();
    assert!(error.to_string().contains("`no_interval`, which is for a value"), "{error}");
}

fn pair<'a>(candidate: &'a [f64], baseline: &'a [f64]) -> PairedSample<'a> {
    let scores = |scores: &'a [f64]| Predictions { y_pred: None, y_score: Some(scores.into()) };
    PairedSample {
        y_true: (&TRUTH[..]).into(),
        candidate: scores(candidate),
        baseline: scores(baseline),
        slices: vec![("site", (&SITES[..]).into())],
        ..PairedSample::default()
    }
}

#[test]
fn a_comparison_is_kept_with_its_verdict() {
    let (_folder, registry) = registry(3);
    let worse: Vec<f64> = SCORES.iter().map(|score| 1.0 - score).collect();
    let sample = pair(&SCORES, &worse);
    let options = CompareOptions::default();
    let kept = registry.compare("fraud/2", "fraud/1", &sample, &options).unwrap();
    assert_eq!((kept.measurement.metric.as_str(), kept.verdict), ("roc_auc", Verdict::Better));
    assert_eq!(kept.measurement.method, "delong");
    assert_eq!(kept.measurement.results.len(), 4);
    assert_eq!(kept.measurement.results[3].verdict, Verdict::Inconclusive);
    assert!(kept.reason.contains("0 is ruled out"), "{}", kept.reason);
    let commit = registry.info().unwrap().commit;
    assert_eq!(registry.compare("fraud/2", "fraud/1", &sample, &options).unwrap(), kept);
    assert_eq!(registry.info().unwrap().commit, commit);
    assert_eq!(registry.get_comparison(kept.id).unwrap(), kept);
    for version in ["fraud/1", "fraud/2"] {
        assert_eq!(registry.list_comparisons(version).unwrap().items, std::slice::from_ref(&kept));
    }
    assert_eq!(registry.list_comparisons("fraud/3").unwrap().items, []);
    let turned = registry.compare("fraud/1", "fraud/2", &pair(&worse, &SCORES), &options).unwrap();
    assert_eq!(turned.verdict, Verdict::Worse);
    let page = registry
        .query(ListComparisons { version: "fraud/1".into(), page_size: Some(1), cursor: None })
        .unwrap();
    assert_eq!(page.items, [turned]);
    let next =
        ListComparisons { version: "fraud/1".into(), page_size: Some(1), cursor: page.cursor };
    assert_eq!(registry.query(next).unwrap().items, std::slice::from_ref(&kept));
    let told = [
        ("accuracy", Verdict::Better),
        ("log_loss", Verdict::Better),
        ("f1", Verdict::Inconclusive),
    ];
    for (metric, expected) in told {
        let options = CompareOptions { metric: Some(metric.into()), ..options.clone() };
        let other = registry.compare("fraud/2", "fraud/1", &sample, &options).unwrap();
        assert_eq!(other.verdict, expected, "{metric}: {}", other.reason);
    }
    let same = CompareOptions {
        alternative: Alternative::NonInferiority,
        margin: 0.05,
        ..CompareOptions::default()
    };
    let same = registry.compare("fraud/2", "fraud/3", &pair(&SCORES, &SCORES), &same).unwrap();
    assert_eq!(
        (same.verdict, same.measurement.results[0].difference),
        (Verdict::Inconclusive, Some(0.0))
    );
    registry.delete_version("fraud/1").unwrap();
    assert_eq!(registry.get_comparison(kept.id).unwrap_err().code(), "not_found");
    assert_eq!(registry.check().unwrap().findings, []);
}

#[test]
fn a_version_is_no_baseline_for_itself() {
    let (_folder, registry) = registry(2);
    registry.set_alias("fraud", "champion", 2).unwrap();
    let sample = pair(&SCORES, &SCORES);
    let options = CompareOptions::default();
    let error = registry.compare("fraud/2", "fraud@champion", &sample, &options).unwrap_err();
    assert_eq!(error.code(), "invalid_argument");
    assert!(error.to_string().contains("same version as `candidate`"), "{error}");
    let measurement = measure_pair(&sample, &options).unwrap();
    let error = registry.record_comparison("fraud/latest", "fraud/2", measurement).unwrap_err();
    assert!(error.to_string().contains("same version as `candidate`"), "{error}");
}

#[test]
fn what_no_comparison_says_is_not_kept() {
    let (_folder, registry) = registry(2);
    let good = measure_pair(&pair(&SCORES, &SCORES), &CompareOptions::default()).unwrap();
    let recorded = |change: &dyn Fn(&mut PairedMeasurement)| {
        let mut measurement = good.clone();
        change(&mut measurement);
        registry.record_comparison("fraud/2", "fraud/1", measurement)
    };
    let refused = |change: &dyn Fn(&mut PairedMeasurement), argument: &str| {
        let error = recorded(change).unwrap_err();
        assert_eq!(error.code(), "invalid_argument", "{error}");
        assert!(error.to_string().contains(argument), "{argument}: {error}");
    };
    refused(&|it| it.replicates = Some(0), "`replicates`");
    refused(&|it| it.replicates = Some(-1), "`replicates`");
    for metric in ["accuracy", "roc_auc", "rmse"] {
        let of_known = |it: &mut PairedMeasurement| {
            (it.metric, it.higher_is_better) = (metric.into(), Some(false));
            it.task = if metric == "rmse" { Task::Regression } else { Task::Binary };
        };
        refused(&of_known, "`higher_is_better`");
    }
    refused(&|it| it.results[0].candidate_value = Some(91.0), "metric `roc_auc` is 91");
    refused(&|it| it.results[0].difference = Some(-1.5), "the difference of `roc_auc` is -1.5");
    refused(&|it| it.results[0].p_value = Some(1.5), "`p_value` is 1.5");
    refused(&|it| it.results[0].adjusted_p_value = Some(-0.5), "`adjusted_p_value` is -0.5");
    let bounds = |it: &mut PairedMeasurement| {
        (it.results[0].lower, it.results[0].upper) = (Some(0.2), Some(0.1));
    };
    refused(&bounds, "`lower` of 0.2 above its `upper` of 0.1");
    for direction in [None, Some(false), Some(true)] {
        let own = |it: &mut PairedMeasurement| {
            (it.metric, it.higher_is_better) = ("conversion".into(), direction);
        };
        assert_eq!(recorded(&own).unwrap().measurement.higher_is_better, direction);
    }
}

#[test]
fn fields_that_no_measurement_has_are_refused() {
    let (_folder, registry) = registry(2);
    let evaluation = registry.evaluate("fraud/1", &sample(), &EvaluateOptions::default()).unwrap();
    let measured = serde_json::to_value(&evaluation.measurement).unwrap();
    let sample = pair(&SCORES, &SCORES);
    let comparison =
        registry.compare("fraud/2", "fraud/1", &sample, &CompareOptions::default()).unwrap();
    let paired = serde_json::to_value(&comparison.measurement).unwrap();
    for mut measurement in [measured, paired] {
        measurement["levle"] = 0.9.into();
        let errors = [
            serde_json::from_value::<Measurement>(measurement.clone()).unwrap_err().to_string(),
            serde_json::from_value::<PairedMeasurement>(measurement).unwrap_err().to_string(),
        ];
        assert!(errors.iter().any(|error| error.contains("unknown field `levle`")), "{errors:?}");
    }
    // Within a record they have fields of its own beside them.
    let record = serde_json::to_value(&evaluation).unwrap();
    assert_eq!(serde_json::from_value::<Evaluation>(record).unwrap(), evaluation);
    let record = serde_json::to_value(&comparison).unwrap();
    assert_eq!(serde_json::from_value::<Comparison>(record).unwrap(), comparison);
}

#[test]
fn bad_pairs_name_the_argument() {
    let refused = |sample: &PairedSample<'_>, options: &CompareOptions, argument: &str| {
        let error = measure_pair(sample, options).unwrap_err();
        assert_eq!(error.code(), "invalid_argument", "{error}");
        assert!(error.to_string().contains(argument), "{argument}: {error}");
    };
    let good = pair(&SCORES, &SCORES);
    let plain = CompareOptions::default();
    refused(&pair(&SCORES[1..], &SCORES), &plain, "candidate: `y_score`");
    refused(&pair(&SCORES, &SCORES[1..]), &plain, "baseline: `y_score`");
    refused(&good, &CompareOptions { metric: Some("mae".into()), ..plain.clone() }, "`metric`");
    refused(&good, &CompareOptions { margin: -1.0, ..plain.clone() }, "`margin`");
    let equivalence = Alternative::Equivalence;
    refused(&good, &CompareOptions { alternative: equivalence, ..plain.clone() }, "`margin`");
    refused(&good, &CompareOptions { level: 2.0, ..plain.clone() }, "`level`");
    refused(&good, &CompareOptions { replicates: 1, ..plain }, "`replicates`");
}

#[test]
fn versions_are_found_by_what_they_were_measured_to_be() {
    let (_folder, registry) = registry(4);
    let evaluate = |version: &str, scores: &[f64]| {
        let sample = Sample::new(&TRUTH[..]).scores(scores);
        registry.evaluate(version, &sample, &EvaluateOptions::default()).unwrap()
    };
    let worse: Vec<f64> = SCORES.iter().map(|score| 1.0 - score).collect();
    evaluate("fraud/1", &SCORES);
    evaluate("fraud/2", &worse);
    let before = registry.info().unwrap().commit;
    // The newest evaluation counts.
    evaluate("fraud/3", &SCORES);
    evaluate("fraud/3", &worse);
    let found = |view: &View, filter: &str, order: &str| -> Vec<i64> {
        let search = SearchVersions {
            filter: Some(filter.into()),
            order_by: vec![order.into()],
            ..SearchVersions::default()
        };
        let items = view.search_versions(search).unwrap().items;
        items.iter().map(|version| version.number).collect()
    };
    let now = |filter: &str| found(&registry, filter, "version");
    assert_eq!(now("metric.roc_auc > 0.8"), [1]);
    assert_eq!(now("metric.roc_auc.value > 0.8"), [1]);
    assert_eq!(now("metric.roc_auc.lower > 0.3"), [1]);
    assert_eq!(now("metric.roc_auc.upper < 0.7"), [2, 3]);
    assert_eq!(now("metric.roc_auc < 0.8 AND metric.accuracy <= 0.5"), [2, 3]);
    assert_eq!(now("metric.roc_auc IS NULL"), [4]);
    assert_eq!(now("NOT metric.roc_auc > 0.8"), [2, 3, 4]);
    assert_eq!(now("metric.unheard > 0"), Vec::<i64>::new());
    assert_eq!(found(&registry, "", "metric.roc_auc DESC"), [1, 2, 3, 4]);
    let past = registry.as_of(before).unwrap();
    assert_eq!(found(&past, "metric.roc_auc IS NOT NULL", "metric.roc_auc.lower"), [2, 1]);
    let bound = SearchVersions {
        filter: Some("metric.roc_auc >= :least".into()),
        parameters: [("least".to_owned(), 0.8.into())].into_iter().collect(),
        ..SearchVersions::default()
    };
    assert_eq!(registry.search_versions(bound).unwrap().items.len(), 1);
    for (wrong, column) in [
        ("metric > 1", 1),
        ("metric.a.b > 1", 1),
        ("metric.`a b`.most > 1", 14),
        ("metric.`a.lower`.upper > 1", 18),
        ("tag.`a b`.lower = 'x'", 11),
        ("metric.roc_auc = 'x'", 18),
        ("metric.roc_auc LIKE 'a'", 1),
    ] {
        let error = registry.search_versions(wrong).unwrap_err();
        assert_eq!(error.code(), "invalid_filter", "{wrong}");
        assert!(error.to_string().starts_with(&format!("column {column}:")), "{wrong}: {error}");
    }
    let mut spaced = measure(&sample(), &EvaluateOptions::default()).unwrap();
    for value in &mut spaced.metrics {
        value.metric = format!("my {}", value.metric);
    }
    registry.record_evaluation("fraud/4", spaced).unwrap();
    for bound in ["", ".value", ".lower", ".upper"] {
        assert_eq!(now(&format!("metric.`my roc_auc`{bound} > 0.3")), [4], "{bound}");
    }
    assert_eq!(found(&registry, "metric.\"my roc_auc\" > 0", "metric.`my roc_auc`.lower"), [4]);
    assert_eq!(registry.search_models("metric.roc_auc > 1").unwrap_err().code(), "invalid_filter");
}
