//! Pictures are well-formed, escaped, and can be looked at.

use super::super::comparison::{Adjustment, Alternative, ComparedSlice, PairedMeasurement};
use super::super::measure::{EvaluateOptions, measure};
use super::super::sample::Sample;
use super::super::scores::Scores;
use super::canvas::number;
use super::*;

const HOSTILE: &str = "</text><script>alert('1')</script>&\u{1}\"";

fn evaluation(sample: &Sample<'_>) -> Evaluation {
    let options = EvaluateOptions { level: 0.9, ..EvaluateOptions::default() };
    Evaluation {
        id: 1,
        version: "models:/main.default.fraud/1".into(),
        version_id: 2,
        digest: String::new(),
        measurement: measure(sample, &options).unwrap(),
        commit: 3,
        recorded_at: chrono::DateTime::UNIX_EPOCH,
        recorded_by: None,
    }
}

/// Well-formed, with nothing in it that runs or is loaded.
fn check(svg: &str) {
    let mut reader = quick_xml::Reader::from_str(svg);
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Start(tag) => {
                let name = tag.name();
                assert!(!matches!(name.as_ref(), "script" | "image" | "foreignObject"), "{svg}");
            }
            _ => {}
        }
    }
    assert!(
        !svg.contains("href") && !["NaN", "inf,", "\"inf"].iter().any(|odd| svg.contains(odd)),
        "{svg}"
    );
}

/// Writes pictures into the folder of the variable, to be looked at.
fn keep(name: &str, svg: &str) {
    check(svg);
    if let Some(folder) = std::env::var_os("HALFBACK_PICTURES") {
        let path = std::path::Path::new(&folder).join(format!("{name}.svg"));
        std::fs::write(path, svg).unwrap();
    }
}

#[test]
fn every_picture_is_well_formed_and_escaped() {
    let truth: Vec<i64> = (0..600).map(|row| i64::from(row % 7 < 3)).collect();
    let noise = |row: i32| (f64::from(row * 7919 % 1000) / 1000.0 - 0.5) * 0.9;
    let scores: Vec<f64> = (0..600)
        .map(|row| (0.35 + 0.3 * f64::from(row % 7 < 3) + noise(row)).clamp(0.0, 1.0))
        .collect();
    let regions: Vec<&str> = (0..600)
        .map(|row| ["north", "south", HOSTILE, "東京の北の方にある地区と長い名前"][row % 4])
        .collect();
    let sample = Sample::new(&truth).scores(&scores).slice("region of the customer", &regions);
    let two = evaluation(&sample);
    assert_eq!(two.pictures(), Picture::ALL);
    for picture in Picture::ALL {
        let name = super::super::measure::code(&picture);
        keep(&name, &two.svg(picture, None).unwrap());
    }
    keep("slices-f1", &two.svg(Picture::Slices, Some("f1")).unwrap());
    assert_eq!(two.svg(Picture::Slices, Some("mae")).unwrap_err().code(), "invalid_argument");
    let error = two.svg(Picture::Roc, Some("f1")).unwrap_err();
    assert_eq!(error.code(), "invalid_argument");
    assert!(error.to_string().contains("`f1`, which the picture `roc` does not take"), "{error}");
    let classes: Vec<String> =
        (0..600).map(|row| format!("class {}{}", row % 9, "x".repeat(row % 9))).collect();
    let guesses: Vec<String> = (0..600)
        .map(|row| format!("class {0}{1}", row * row % 9, "x".repeat(row * row % 9)))
        .collect();
    let many = evaluation(&Sample::new(&classes).predictions(&guesses));
    keep("confusion-many", &many.svg(Picture::Confusion, None).unwrap());
    assert_eq!(many.svg(Picture::Roc, None).unwrap_err().code(), "invalid_argument");
    assert!(many.measurement.curves.unwrap().roc_by_class.is_empty());
    let numbers: Vec<f64> = (0..50).map(|row| f64::from(row) * 1.5).collect();
    let flat = evaluation(&Sample::new(&numbers).predictions(&numbers));
    keep("slices-regression", &flat.svg(Picture::Slices, None).unwrap());
    assert_eq!(flat.pictures(), [Picture::Slices]);
}

/// Classes of which the later are guessed worse.
fn of_classes(count: u32, name: impl Fn(u32) -> String) -> Evaluation {
    let rows = 1200;
    let truth: Vec<String> = (0..rows).map(|row| name(row % count)).collect();
    let noise = |row: u32, at: u32| f64::from((row * 7919 + at * 104_729) % 1009) / 1009.0;
    let mut scores = Vec::new();
    for row in 0..rows {
        let own = |at: u32| {
            let right = if at == row % count { 1.0 / (1.0 + f64::from(at) * 0.4) } else { 0.0 };
            (noise(row, at) + 0.6 * noise(at, row) + right).exp()
        };
        let all: f64 = (0..count).map(own).sum();
        scores.extend((0..count).map(|at| own(at) / all));
    }
    evaluation(&Sample::new(&truth).scores(Scores::table(&scores, count as usize)))
}

#[test]
fn why_there_is_no_picture_is_told() {
    let many = of_classes(21, |at| at.to_string());
    for (picture, said) in [
        (Picture::Confusion, "two to twenty classes"),
        (Picture::Roc, "three to ten"),
        (Picture::Calibration, "two classes with probabilities"),
    ] {
        let error = many.svg(picture, None).unwrap_err().to_string();
        assert!(error.contains("expected one of `slices`;") && error.contains(said), "{error}");
    }
}

#[test]
fn more_classes_have_a_curve_each_and_an_average() {
    for count in [3, 6, 10] {
        let many = of_classes(count, |at| format!("class {at}{}", "y".repeat(at as usize)));
        let svg = many.svg(Picture::Roc, None).unwrap();
        keep(&format!("roc-{count}"), &svg);
        keep(&format!("confusion-{count}"), &many.svg(Picture::Confusion, None).unwrap());
        assert_eq!(
            svg.matches("<polyline class=\"a l\"").count(),
            2,
            "on the square and in the list"
        );
        let curves = many.measurement.curves.as_ref().unwrap();
        assert_eq!(curves.roc_by_class.len(), count as usize);
        let mean =
            curves.roc_by_class.iter().map(|curve| curve.area).sum::<f64>() / f64::from(count);
        let metric = many.metric("roc_auc_ovr").unwrap().value.unwrap();
        assert!((mean - metric).abs() < 1e-12);
        assert!(svg.contains(&format!(">{metric:.3}<")));
    }
    let hostile = of_classes(3, |at| format!("{at}{HOSTILE}"));
    keep("roc-hostile", &hostile.svg(Picture::Roc, None).unwrap());
    let too_many = of_classes(11, |at| at.to_string());
    assert!(!too_many.pictures().contains(&Picture::Roc));
}

/// The texts of a picture that are shortened, each with its whole.
fn shortened(svg: &str) -> Vec<(String, String)> {
    let texts = svg.split("<text ").filter_map(|text| text.split_once("</text>"));
    let texts = texts.filter_map(|(text, _)| text.split_once("<title>")?.1.split_once("</title>"));
    texts.map(|(whole, shown)| (shown.to_owned(), whole.to_owned())).collect()
}

#[test]
fn long_names_are_told_apart_and_known_in_full() {
    use std::collections::BTreeSet;
    let kinds = ["card", "wire", "cheque", "account", "identity", "loan"];
    let name = |at: u32| format!("transaction_fraud_{}_{at}", kinds[at as usize % 6]);
    let many = of_classes(10, name);
    let twelve = of_classes(12, |at| format!("{}_of_a_customer_transaction", name(at)));
    let truth: Vec<i64> = (0..600).map(|row| i64::from(row % 7 < 3)).collect();
    let places: Vec<String> = (0..600)
        .map(|row| format!("the branch office of the region {} in the country", row % 12))
        .collect();
    let slices = evaluation(&Sample::new(&truth).predictions(&truth).slice("branch", &places));
    for (picture, svg, expected) in [
        ("long-roc", many.svg(Picture::Roc, None), 10),
        ("long-confusion-10", many.svg(Picture::Confusion, None), 10),
        ("long-confusion", twelve.svg(Picture::Confusion, None), 12),
        ("long-slices", slices.svg(Picture::Slices, None), 12),
    ] {
        let svg = svg.unwrap();
        keep(picture, &svg);
        let names = shortened(&svg);
        let [shown, whole] = [0, 1].map(|side| {
            names.iter().map(|name| [&name.0, &name.1][side]).collect::<BTreeSet<_>>().len()
        });
        assert_eq!((shown, whole), (whole, expected), "{picture}: {names:?}");
    }
}

#[test]
fn wide_and_many_names_can_be_looked_at() {
    let wide = |at: u32| format!("{}{at}", "W".repeat(12));
    let cjk = |at: u32| format!("{}第{at}類の取引", "不正".repeat(4));
    for count in [3, 10, 12, 20] {
        for (kind, many) in [("wide", of_classes(count, wide)), ("cjk", of_classes(count, cjk))] {
            keep(&format!("{kind}-{count}"), &many.svg(Picture::Confusion, None).unwrap());
            if count <= 10 {
                keep(&format!("{kind}-roc-{count}"), &many.svg(Picture::Roc, None).unwrap());
            }
        }
    }
    let truth: Vec<i64> = (0..60).map(|row| i64::from(row % 7 < 3)).collect();
    let sites: Vec<String> = (0..60).map(|row| wide(row % 6) + &cjk(row % 6)).collect();
    let slices = evaluation(&Sample::new(&truth).predictions(&truth).slice("WWW", &sites));
    keep("wide-slices", &slices.svg(Picture::Slices, None).unwrap());
}

#[test]
fn a_comparison_is_a_forest() {
    use Verdict::{Better, Equivalent, Inconclusive, NonInferior, Worse};
    let result = |at: i32, verdict| ComparedSlice {
        slice: (at > 0).then(|| Slice { column: "site".into(), value: format!("{at} {HOSTILE}") }),
        rows: 1_234_567 / i64::from(at + 1),
        candidate_value: Some(0.9),
        baseline_value: Some(0.85),
        difference: (at != 4).then(|| 0.02 * f64::from(at - 2)),
        lower: (at != 4).then(|| 0.02 * f64::from(at - 2) - 0.03),
        upper: (at != 4).then(|| 0.02 * f64::from(at - 2) + 0.03),
        p_value: None,
        adjusted_p_value: None,
        verdict,
        reason: "a test".into(),
    };
    let verdicts = [Worse, Inconclusive, Equivalent, Better, Inconclusive, NonInferior];
    let mut results: Vec<ComparedSlice> =
        (0..).zip(verdicts).map(|(at, verdict)| result(at, verdict)).collect();
    let comparison = |results| Comparison {
        id: 1,
        candidate: "models:/fraud/2".into(),
        candidate_id: 2,
        baseline: "models:/fraud/1".into(),
        baseline_id: 1,
        verdict: Better,
        reason: String::new(),
        digest: String::new(),
        measurement: PairedMeasurement {
            task: Task::Binary,
            metric: "roc_auc".into(),
            dataset: None,
            rows: 1_234_567,
            data_digest: String::new(),
            alternative: Alternative::Difference,
            margin: 0.03,
            adjustment: Adjustment::Holm,
            seed: 0,
            level: 0.95,
            replicates: None,
            higher_is_better: None,
            method: "delong".into(),
            library: String::new(),
            weighted: false,
            clusters: None,
            results,
        },
        commit: 1,
        recorded_at: chrono::DateTime::UNIX_EPOCH,
        recorded_by: None,
    };
    let forest = comparison(results.clone()).svg();
    keep("forest", &forest);
    assert!(forest.contains("margin: ±0.03"));
    results.extend((6..90).map(|at| result(at, Inconclusive)));
    let long = comparison(results).svg();
    keep("forest-long", &long);
    assert!(long.contains("and 50 more"));
    keep("forest-none", &comparison(Vec::new()).svg());
}

/// A record of one metric over all rows and by a slice.
fn recorded(metric: &str, values: [(f64, Option<(f64, f64)>); 2]) -> Evaluation {
    let truth = [0i64, 1, 0, 1];
    let mut evaluation = evaluation(&Sample::new(&truth[..]).predictions(&truth[..]));
    let one = evaluation.measurement.metrics[0].clone();
    let slices = [None, Some(Slice { column: "site".into(), value: "a".into() })];
    let metrics = slices.into_iter().zip(values).map(|(slice, (value, bounds))| MetricValue {
        metric: metric.into(),
        slice,
        value: Some(value),
        lower: bounds.map(|bounds| bounds.0),
        upper: bounds.map(|bounds| bounds.1),
        no_interval: None,
        ..one.clone()
    });
    evaluation.measurement.metrics = metrics.collect();
    evaluation
}

/// The numbers below the axis.
fn ticks(svg: &str) -> Vec<&str> {
    let texts = svg.split("</text>").filter(|text| text.contains("\"middle\" class=\"s\""));
    texts.filter_map(|text| text.rsplit('>').next()).collect()
}

#[test]
fn numbers_are_told_as_finely_as_they_differ() {
    let close = (0.999_999_44, Some((0.999_999_01, 0.999_999_73)));
    let svg = recorded("roc_auc", [close, close]).svg(Picture::Slices, None).unwrap();
    keep("slices-close", &svg);
    assert!(svg.contains(">0.99999944 [0.99999901, 0.99999973]<"), "{svg}");
    let told = ticks(&svg);
    let different: std::collections::BTreeSet<_> = told.iter().collect();
    assert!(told.len() > 1 && different.len() == told.len(), "{told:?}");
    // As ever, where there is room.
    let wide = (0.8, Some((0.7, 0.9)));
    let svg = recorded("roc_auc", [wide, wide]).svg(Picture::Slices, None).unwrap();
    assert!(svg.contains(">0.8 [0.7, 0.9]<"), "{svg}");
}

#[test]
fn an_axis_ends_where_the_metric_does_and_bears_the_largest_numbers() {
    let svg = recorded("roc_auc", [(1.0, None), (1.0, None)]).svg(Picture::Slices, None).unwrap();
    keep("slices-one", &svg);
    assert_eq!(ticks(&svg).last(), Some(&"1"));
    let huge = (1e308, Some((-1.7e308, 1.7e308)));
    let svg = recorded("profit", [huge, (-1.7e308, None)]).svg(Picture::Slices, None).unwrap();
    keep("slices-huge", &svg);
    let svg = recorded("profit", [(f64::MAX, None), (f64::MIN, None)]);
    keep("slices-largest", &svg.svg(Picture::Slices, None).unwrap());
    let tiny = (5e-324, Some((0.0, 1e-323)));
    keep("slices-tiny", &recorded("mae", [tiny, tiny]).svg(Picture::Slices, None).unwrap());
}

#[test]
fn names_that_are_not_seen_are_told() {
    let names = ["", "a b", "a\u{a0}b", "\u{200b}", "\u{202e}evil", "a\u{2028}b"];
    let odd = of_classes(6, |at| names[at as usize].to_owned());
    for (picture, name) in [(Picture::Confusion, "odd-confusion"), (Picture::Roc, "odd-roc")] {
        let svg = odd.svg(picture, None).unwrap();
        keep(name, &svg);
        for shown in [">(empty)<", ">a b<", r">a\u{a0}b<", r">\u{200b}<", r">\u{202e}evil<"] {
            assert!(svg.contains(shown), "{shown}: {svg}");
        }
    }
}

#[test]
fn small_cells_do_not_speak_of_percent() {
    for (count, has) in [(10, true), (20, false)] {
        let svg = of_classes(count, |at| at.to_string()).svg(Picture::Confusion, None).unwrap();
        assert_eq!((svg.contains(" %<"), svg.contains("shades and %")), (has, has));
    }
}

#[test]
fn numbers_have_three_digits() {
    let numbers = [0.12345, 95.0, 1234.5, -0.5, 1e-9, 1e12].map(number);
    assert_eq!(numbers, ["0.123", "95", "1234", "-0.5", "1.00e-9", "1.00e12"]);
}
