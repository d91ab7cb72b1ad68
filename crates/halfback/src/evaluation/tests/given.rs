//! What is given as scores and labels: tables, the names of their columns, and what is refused.

use super::*;

const NAMED: [&str; 6] = ["no", "yes", "yes", "no", "yes", "no"];
/// Of "yes".
const CERTAIN: [f64; 6] = [0.1, 0.8, 0.7, 0.2, 0.9, 0.3];

fn of(label: &str) -> EvaluateOptions {
    EvaluateOptions { pos_label: Some(Param::Text(label.into())), ..EvaluateOptions::default() }
}

fn both(yes_first: bool) -> Vec<f64> {
    CERTAIN
        .iter()
        .flat_map(|&yes| if yes_first { [yes, 1.0 - yes] } else { [1.0 - yes, yes] })
        .collect()
}

fn names(of: &[&str]) -> Vec<String> {
    of.iter().map(|&name| name.to_owned()).collect()
}

fn refusal(sample: &Sample<'_>, options: &EvaluateOptions) -> String {
    let error = measure(sample, options).unwrap_err();
    assert_eq!(error.code(), "invalid_argument");
    error.to_string()
}

#[test]
fn the_score_of_the_positive_class_is_in_its_own_column() {
    let table = both(false);
    for (positive, column) in [("yes", CERTAIN.to_vec()), ("no", CERTAIN.map(|p| 1.0 - p).to_vec())]
    {
        let of_table = Sample::new(&NAMED[..]).scores(Scores::table(&table, 2));
        let of_column = Sample::new(&NAMED[..]).scores(&column);
        let found = measure(&of_table, &of(positive)).unwrap();
        assert_eq!(found.metric("roc_auc", None).unwrap().value, Some(1.0), "{positive}");
        assert_eq!(found.metrics, measure(&of_column, &of(positive)).unwrap().metrics);
    }
    // Where the rows have one class, `labels` tell whose the columns are.
    let alone = Sample::new(&["yes", "yes"][..]).scores(Scores::table(&table[..4], 2));
    assert!(refusal(&alone, &of("yes")).contains("`y_score` has 2 columns, expected 1"));
    let labels = vec![Param::Text("yes".into()), Param::Text("zzz".into())];
    let found = measure(&alone, &EvaluateOptions { labels, ..of("yes") }).unwrap();
    assert_eq!(found.metric("recall", None).unwrap().value, Some(0.5));
    let alone = Sample::new(&[1i64, 1][..]).scores(Scores::table(&table[..4], 2));
    let found = measure(&alone, &EvaluateOptions::default()).unwrap();
    assert_eq!(found.metric("recall", None).unwrap().value, Some(0.5));
}

#[test]
fn both_columns_are_probabilities() {
    let truth = [0i64, 1];
    for (table, why) in [
        ([f64::NAN, 0.2, 0.3, 0.7], "`y_score` has NaN"),
        ([0.8, 0.2, -0.3, 1.3], "`y_score` is `-0.3`"),
        ([0.8, 0.2, 0.3, 0.6], "rows whose probabilities sum to one"),
    ] {
        let sample = Sample::new(&truth[..]).scores(Scores::table(&table[..], 2));
        let error = refusal(&sample, &EvaluateOptions::default());
        assert!(error.contains(why), "{error}");
    }
}

fn table<'a>(values: &'a [f64], names: &'a [String]) -> Sample<'a> {
    Sample::new(&NAMED[..]).scores(Scores::table(values, 2).named(names))
}

#[test]
fn names_of_columns_say_whose_they_are() {
    let (straight, turned) = (both(false), both(true));
    let expected = measure(&table(&straight, &[]), &of("yes")).unwrap();
    for (values, given) in [
        (&straight, names(&["no", "yes"])),
        (&turned, names(&["yes", "no"])),
        (&straight, names(&["p0", "p1"])),
    ] {
        assert_eq!(measure(&table(values, &given), &of("yes")).unwrap(), expected, "{given:?}");
    }
    for (given, why) in [
        (["yes", "p"], "`y_score` has the column `p`, which is none of the classes"),
        (["yes", "yes"], "`y_score` has no column `no`, which is one of the classes"),
    ] {
        let error = refusal(&table(&turned, &names(&given)), &of("yes"));
        assert!(error.contains(why), "{error}");
    }
    // Numbers and truth values are classes by their digits and words.
    let wide = [0.1, 0.2, 0.7, 0.6, 0.3, 0.1, 0.1, 0.8, 0.1];
    let sorted = [0.7, 0.1, 0.2, 0.1, 0.6, 0.3, 0.1, 0.1, 0.8];
    let three = [5i64, 7, 9];
    let plain = EvaluateOptions::default();
    let expected = Sample::new(&three[..]).scores(Scores::table(&sorted[..], 3));
    let given = names(&["7", "9.0", "5"]);
    let sample = Sample::new(&three[..]).scores(Scores::table(&wide[..], 3).named(&given));
    assert_eq!(measure(&sample, &plain).unwrap(), measure(&expected, &plain).unwrap());
    let given = names(&["True", "False"]);
    let truth = NAMED.map(|name| name == "yes");
    let sample = Sample::new(&truth[..]).scores(Scores::table(&turned, 2).named(&given));
    assert_eq!(measure(&sample, &plain).unwrap().metric("roc_auc", None).unwrap().value, Some(1.0));
}

#[test]
fn a_comparison_reads_tables_by_their_names_too() {
    let (straight, turned) = (both(false), both(true));
    let given = names(&["yes", "no"]);
    let scored = |scores| Predictions { y_pred: None, y_score: Some(scores) };
    let sample = |baseline| PairedSample {
        y_true: (&NAMED[..]).into(),
        candidate: scored(Scores::table(&straight, 2)),
        baseline: scored(baseline),
        ..PairedSample::default()
    };
    let options =
        CompareOptions { pos_label: Some(Param::Text("no".into())), ..Default::default() };
    let found = measure_pair(&sample(Scores::table(&turned, 2).named(&given)), &options).unwrap();
    assert_eq!(found, measure_pair(&sample(Scores::table(&straight, 2)), &options).unwrap());
    assert_eq!(found.results[0].baseline_value, Some(1.0));
    let given = names(&["yes", "p"]);
    let odd = sample(Scores::table(&turned, 2).named(&given));
    let error = measure_pair(&odd, &options).unwrap_err().to_string();
    assert!(error.contains("baseline: `y_score` has the column `p`"), "{error}");
}

#[test]
fn scores_have_the_rows_of_the_truth() {
    let truth = [0i64, 1, 0, 1];
    let eight = [0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.3, 0.7];
    let plain = EvaluateOptions::default();
    for (scores, rows) in [
        (Scores::from(&eight[..]), 8),
        (Scores::table(&eight[..], 4), 2),
        (Scores::table(&eight[..], 1), 8),
    ] {
        let error = refusal(&Sample::new(&truth[..]).scores(scores), &plain);
        let columns = error.contains("`y_score` has 4 columns");
        assert!(
            columns || error.contains(&format!("`y_score` has {rows} rows, expected 4")),
            "{error}"
        );
    }
    // A table of one column is that column.
    let one = Sample::new(&truth[..]).scores(Scores::table(&eight[..4], 1));
    let column = Sample::new(&truth[..]).scores(&eight[..4]);
    assert_eq!(measure(&one, &plain).unwrap(), measure(&column, &plain).unwrap());
}

#[test]
fn a_truth_with_nan_is_told_before_the_task_is_guessed() {
    let truth = [0.0, 1.0, f64::NAN, 1.0];
    let scores = [0.1, 0.8, 0.4, 0.7];
    let error = refusal(&Sample::new(&truth[..]).scores(&scores[..]), &EvaluateOptions::default());
    assert!(error.contains("`y_true` has NaN or infinity at row 2"), "{error}");
    let error = refusal(&Sample::new(&[0i64, 1][..]), &EvaluateOptions::default());
    assert!(error.contains("give `y_pred` or `y_score`"), "{error}");
}

#[test]
fn labels_are_held_against_the_rows() {
    let whole = |labels: &[i64]| EvaluateOptions {
        labels: labels.iter().map(|&label| Param::Int(label)).collect(),
        ..EvaluateOptions::default()
    };
    let truth = [0i64, 1, 1, 0];
    let sample = Sample::new(&truth[..]).predictions(&truth[..]);
    assert_eq!(measure(&sample, &whole(&[0, 1])).unwrap().task, Task::Binary);
    for (labels, why) in [
        (&[5, 6][..], "`labels` lacks the class `0`, which is in `y_true`"),
        (&[0], "`labels` lacks the class `1`, which is in `y_true`"),
        (&[1, 0], "`labels` has `0` after `1`"),
        (&[1, 1], "`labels` has `1` after `1`"),
    ] {
        let error = refusal(&sample, &whole(labels));
        assert!(error.contains(why), "{error}");
    }
    let numbers = [0.5, 1.5, 2.5, 0.5];
    let regression = Sample::new(&numbers[..]).predictions(&numbers[..]);
    assert!(refusal(&regression, &whole(&[0, 1])).contains("`labels` is for classes"));
    assert!(refusal(&regression, &of("a")).contains("`pos_label` is for classes"));
}
