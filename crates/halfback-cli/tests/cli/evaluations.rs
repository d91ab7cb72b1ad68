//! What is told of evaluations and comparisons, and their pictures.

use serde_json::json;

use crate::exit_codes::check;
use crate::json::json;
use crate::{Place, transcript};

#[test]
fn an_evaluation_is_listed_shown_and_drawn() {
    transcript(
        &Place::prepared(),
        "\
$ halfback evaluation list risk.credit.default/1
no evaluations
$ halfback evaluation list risk.credit.default/2
ID  RECORDED (UTC)       BY   TASK    ROWS  MAIN METRIC                      DATASET
14  YYYY-MM-DD hh:mm:ss  ana  binary    12  roc_auc 0.9722 [0.5779, 0.9989]  applications-2026-q1
$ halfback evaluation show 14
evaluation 14 of models:/risk.credit.default/2
  task       binary
  dataset    applications-2026-q1
  rows       12
  positive   1
  threshold  0.5
  level      0.95
  pictures   roc precision-recall calibration confusion slices
  library    halfback 0.1.0
  data       sha256:################################################################
  recorded   YYYY-MM-DD hh:mm:ss UTC by ana, commit 16

METRIC                     SLICE           ROWS    VALUE  INTERVAL           HOW
accuracy                                     12   0.9167  [0.6461, 0.9851]   wilson
balanced_accuracy                            12   0.9167  [0.6384, 0.9850]   mean_of_wilson
precision                                    12   0.8571  [0.4869, 0.9743]   wilson
recall                                       12    1.000  [0.6097, 1.000]    wilson
specificity                                  12   0.8333  [0.4365, 0.9699]   wilson
negative_predictive_value                    12    1.000  [0.5655, 1.000]    wilson
f1                                           12   0.9231  [0.6549, 0.9870]   wilson_jaccard
matthews                                     12   0.8452  [0.4246, 1.000]    delta
roc_auc                                      12   0.9722  [0.5779, 0.9989]   delong_logit
average_precision                            12   0.9762  [0.1773, 0.9999]   logit
log_loss                                     12   0.3516  [0.1995, 0.5037]   student_t
brier                                        12  0.09979  [0.03474, 0.1648]  student_t
accuracy                   region = north     6    1.000  [0.6097, 1.000]    wilson
balanced_accuracy          region = north     6    1.000  [0.6030, 1.000]    mean_of_wilson
precision                  region = north     6    1.000  [0.4385, 1.000]    wilson
recall                     region = north     6    1.000  [0.4385, 1.000]    wilson
specificity                region = north     6    1.000  [0.4385, 1.000]    wilson
negative_predictive_value  region = north     6    1.000  [0.4385, 1.000]    wilson
f1                         region = north     6    1.000  [0.6097, 1.000]    wilson_jaccard
matthews                   region = north     6    1.000  [0.3497, 1.000]    delta
roc_auc                    region = north     6    1.000                     no interval: no_variance
average_precision          region = north     6    1.000                     no interval: no_variance
log_loss                   region = north     6   0.2943  [0.07388, 0.5147]  student_t
brier                      region = north     6  0.07708  [0, 0.1641]        student_t
accuracy                   region = south     6   0.8333  [0.4365, 0.9699]   wilson
balanced_accuracy          region = south     6   0.8333  [0.4707, 0.9693]   mean_of_wilson
precision                  region = south     6   0.7500  [0.3006, 0.9544]   wilson
recall                     region = south     6    1.000  [0.4385, 1.000]    wilson
specificity                region = south     6   0.6667  [0.2077, 0.9385]   wilson
negative_predictive_value  region = south     6    1.000  [0.3424, 1.000]    wilson
f1                         region = south     6   0.8571  [0.4623, 0.9767]   wilson_jaccard
matthews                   region = south     6   0.7071  [-0.02562, 1.000]  delta
roc_auc                    region = south     6    1.000                     no interval: no_variance
average_precision          region = south     6    1.000                     no interval: no_variance
log_loss                   region = south     6   0.4089  [0.1234, 0.6945]   student_t
brier                      region = south     6   0.1225  [0, 0.2508]        student_t
$ halfback evaluation picture 14 roc roc.svg && grep -c '<svg' roc.svg
drew evaluation 14 in roc.svg
1
$ halfback evaluation picture 14 slices f1.svg --metric f1 && grep -c 'f1 by slice' f1.svg
drew evaluation 14 in f1.svg
1
$ halfback evaluation picture 14 roc other.svg --metric f1
halfback: `metric` is `f1`, which the picture `roc` does not take; it is for `slices`
[exit 2]
$ halfback evaluation picture 14 confusion confusion.svg --json
{
  \"evaluation\": 14,
  \"path\": \"confusion.svg\"
}
",
    );
}

#[test]
fn a_comparison_is_listed_shown_and_drawn() {
    transcript(
        &Place::prepared(),
        "\
$ halfback comparison list risk.credit.default/1
ID  RECORDED (UTC)       CANDIDATE                      BASELINE                       METRIC   VERDICT       DATASET
15  YYYY-MM-DD hh:mm:ss  models:/risk.credit.default/2  models:/risk.credit.default/1  roc_auc  inconclusive  applications-2026-q1
$ halfback comparison show 15
comparison 15
  candidate   models:/risk.credit.default/2
  baseline    models:/risk.credit.default/1
  verdict     inconclusive
  reason      the difference is 0.1806 with the 95 % interval -0.06779 to 0.4289: it may be 0, and may reach the margin 0.05; more rows would tell
  metric      roc_auc
  to show     difference
  margin      0.05
  dataset     applications-2026-q1
  rows        12
  level       0.95
  method      delong
  adjustment  holm
  library     halfback 0.1.0
  data        sha256:################################################################
  recorded    YYYY-MM-DD hh:mm:ss UTC by ana, commit 17

SLICE           ROWS  CANDIDATE  BASELINE  DIFFERENCE  INTERVAL            ADJUSTED P  VERDICT
all rows          12     0.9722    0.7917      0.1806  [-0.06779, 0.4289]      0.1363  inconclusive
region = north     6      1.000    0.8889      0.1111  [-0.3252, 0.5474]       0.7478  inconclusive
region = south     6      1.000    0.6667      0.3333  [-0.5921, 1.000]        0.7478  inconclusive
$ halfback comparison list risk.credit.default/9
halfback: there is no version `9` of `risk.credit.default`
[exit 3]
$ halfback comparison list risk.credit.default/9 --as-of 16
halfback: there is no version `9` of `risk.credit.default` as of commit 16
[exit 3]
$ halfback comparison picture 15 forest.svg && grep -c 'candidate less baseline' forest.svg
drew comparison 15 in forest.svg
1
",
    );
}

#[test]
fn resamples_and_the_direction_of_an_own_metric_are_told() {
    let place = Place::prepared();
    let registry = halfback::Registry::open(place.path("models.hb")).unwrap();
    let [one, two] = ["risk.credit.default/1", "risk.credit.default/2"];
    let digest = format!("sha256:{}", "0".repeat(64));
    let evaluation = json!({
        "task": "binary", "rows": 200, "level": 0.95, "library": "own 1.0", "data_digest": digest,
        "seed": 7, "replicates": 2000,
        "metrics": [{"metric": "conversion", "rows": 200, "value": 0.99996}],
    });
    let evaluation = serde_json::from_value(evaluation).unwrap();
    let evaluation = registry.record_evaluation(two, evaluation).unwrap().id;
    let comparison = |better: bool| {
        let comparison = json!({
            "task": "binary", "rows": 200, "level": 0.95, "library": "own 1.0",
            "data_digest": digest, "seed": 0, "replicates": 500, "metric": "conversion",
            "higher_is_better": better, "method": "own", "alternative": "superiority",
            "margin": 0, "adjustment": "holm",
            "results": [{
                "rows": 200, "difference": if better { 0.5 } else { -0.5 },
                "verdict": "better", "reason": "a test",
            }],
        });
        let comparison = serde_json::from_value(comparison).unwrap();
        registry.record_comparison(two, one, comparison).unwrap().id
    };
    let [higher, lower] = [true, false].map(comparison);
    drop(registry);
    transcript(
        &place,
        &format!(
            "\
$ halfback evaluation show {evaluation} | grep -E 'replicates|seed|^conversion'
  replicates  2,000
  seed        7
conversion   200  1.000
$ halfback comparison show {higher} | grep -E 'replicates|seed|higher'
  higher is better  yes
  replicates        500
  seed              0
$ halfback comparison show {lower} | grep higher
  higher is better  no
"
        ),
    );
}

#[test]
fn a_long_slice_does_not_make_every_line_as_long() {
    let place = Place::prepared();
    let registry = halfback::Registry::open(place.path("models.hb")).unwrap();
    let value = |begin: &str| format!("{begin}\u{1b}{}", "x".repeat(5000));
    let slice = |begin: &str| json!({"column": "site", "value": value(begin)});
    let evaluation = json!({
        "task": "binary", "rows": 200, "level": 0.95, "library": "own 1.0",
        "data_digest": format!("sha256:{}", "0".repeat(64)),
        "metrics": [
            {"metric": "conversion", "rows": 200, "value": 0.5},
            {"metric": "conversion", "rows": 9, "value": 0.5, "slice": slice("a")},
            {"metric": "conversion", "rows": 8, "value": 0.5, "slice": slice("b")},
        ],
    });
    let evaluation = serde_json::from_value(evaluation).unwrap();
    let evaluation = registry.record_evaluation("risk.credit.default/2", evaluation).unwrap().id;
    drop(registry);
    let (begin, end) = (r"\u{1b}xxxxxxxxxxxx", "x".repeat(20));
    transcript(
        &place,
        &format!(
            "\
$ halfback evaluation show {evaluation} | grep site
conversion  site = a{begin}…{end}     9  0.5000
conversion  site = b{begin}…{end}     8  0.5000
"
        ),
    );
}

#[test]
fn a_picture_that_cannot_be_is_told_and_leaves_no_file() {
    let place = Place::prepared();
    for (line, exit, code, begins) in [
        ("evaluation show 1", 3, "not_found", "there is no evaluation with id"),
        ("comparison show 14", 3, "not_found", "there is no comparison with id"),
        ("evaluation list risk.credit.default/9", 3, "not_found", ""),
        ("evaluation picture 14 roc model.onnx", 4, "already_exists", "cannot write `model.onnx`"),
        ("evaluation picture 14 roc none/roc.svg", 3, "not_found", "cannot write `none/roc.svg`"),
        ("evaluation picture 14 slices x.svg --metric mae", 2, "invalid_argument", "`metric` is"),
        ("evaluation picture 14 pie x.svg", 2, "usage", "invalid value 'pie' for '<PICTURE>'"),
    ] {
        check(&place, &format!("halfback {line}"), exit, code, begins);
    }
    assert!(!place.path("x.svg").exists());
    assert_eq!(std::fs::read(place.path("model.onnx")).unwrap(), b"weights");
    // Before it was measured there was none.
    let before = json(&place, "halfback evaluation show 14 --json")["commit"].as_i64().unwrap() - 1;
    let line = format!("halfback evaluation list risk.credit.default/2 --json --as-of {before}");
    assert_eq!(json(&place, &line), json!([]));
    check(&place, &format!("halfback evaluation show 14 --as-of {before}"), 3, "not_found", "");
}
