//! Metrics by group and measures of fairness, held against fairlearn.

use halfback_metrics::{
    Aggregate, Average, Confusion, Error, Fairness, Groups, Label, Labels, Metric, Parity,
    Relation, Settings, ZeroDivision,
};

use crate::{Case, Column, Given, Values, check};

#[test]
fn fairness() {
    check(include_str!("fairness.json"), 1e-12, answer);
}

fn groups(case: &Case<'_>, from: usize) -> Groups {
    let count = case.case["columns"].as_array().unwrap().len();
    let texts: Vec<Vec<&str>> = (from..count).map(|at| texts(case.column(at))).collect();
    let columns: Vec<Labels<'_>> = (from..count)
        .zip(&texts)
        .map(|(at, texts)| match &case.column(at).values {
            Values::Int(values) => Labels::Int(values),
            _ => Labels::Text(texts),
        })
        .collect();
    Groups::of(&columns).unwrap()
}

fn texts(column: &Column) -> Vec<&str> {
    match &column.values {
        Values::Text(values) => values.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

fn ints<'a>(case: &Case<'a>, at: usize) -> &'a [i64] {
    match &case.column(at).values {
        Values::Int(values) => values,
        _ => panic!("not a column of whole numbers"),
    }
}

fn answer(case: &Case<'_>) -> Result<Given, Error> {
    let (truth, predicted) = (ints(case, 0), ints(case, 1));
    let name = case.case["fn"].as_str().unwrap();
    let groups = groups(case, 2);
    if name == "by_group" {
        return by_group(case, truth, predicted, &groups);
    }
    let relation = match case.param("method").as_str().unwrap() {
        "between_groups" => Relation::BetweenGroups,
        _ => Relation::ToOverall,
    };
    let aggregate =
        if case.param("agg") == "mean" { Aggregate::Mean } else { Aggregate::WorstCase };
    let parity = match name.rsplit_once('_').unwrap().0 {
        "demographic_parity" => Parity::Demographic,
        "equal_opportunity" => Parity::EqualOpportunity,
        _ => Parity::EqualizedOdds(aggregate),
    };
    let fairness = Fairness::of(Labels::Int(truth), Labels::Int(predicted), &groups, None)?;
    let settings = Settings { level: 0.9, replicates: 100, seed: 1 };
    let (found, disparity) = if name.ends_with("difference") {
        (
            fairness.difference(parity, relation),
            fairness.difference_interval(parity, relation, &settings)?,
        )
    } else {
        (fairness.ratio(parity, relation), fairness.ratio_interval(parity, relation, &settings)?)
    };
    assert_eq!(disparity.metric, found);
    if let Some(interval) = disparity.interval {
        assert!((0.0..=1.0).contains(&interval.lower) && interval.lower <= interval.upper);
    }
    Ok(Given::numbers(vec![found.value]))
}

fn by_group(
    case: &Case<'_>,
    truth: &[i64],
    predicted: &[i64],
    groups: &Groups,
) -> Result<Given, Error> {
    let metric = |rows: &[u32]| -> Result<Metric, Error> {
        let pick =
            |column: &[i64]| -> Vec<i64> { rows.iter().map(|&row| column[row as usize]).collect() };
        let (truth, predicted) = (pick(truth), pick(predicted));
        let confusion = Confusion::of(Labels::Int(&truth), Labels::Int(&predicted), None, None)?;
        let scores = || confusion.scores(&Average::Binary(Label::Int(1)), 1.0, ZeroDivision::Warn);
        Ok(match case.param("metric").as_str().unwrap() {
            "accuracy_score" => Metric::of(confusion.accuracy()),
            "recall_score" => scores()?.recall,
            _ => scores()?.precision,
        })
    };
    let by = groups.measure(metric)?;
    let mut all = by.groups.clone();
    all.extend([by.overall, by.min(), by.max()]);
    all.extend([Relation::BetweenGroups, Relation::ToOverall].map(|it| by.difference(it)));
    all.extend([Relation::BetweenGroups, Relation::ToOverall].map(|it| by.ratio(it)));
    Ok(Given::metrics(&all))
}

#[test]
fn groups_cross_and_keep_their_rows() {
    let one = ["b", "a", "b", "a"];
    let groups = Groups::of(&[Labels::Text(&one), Labels::Int(&[1, 1, 1, 2])]).unwrap();
    let text = |name: &str, number| vec![Label::Text(name.into()), Label::Int(number)];
    assert_eq!(groups.names(), [text("a", 1), text("a", 2), text("b", 1)]);
    assert_eq!(groups.rows(), [vec![1], vec![3], vec![0, 2]]);
    assert_eq!(Groups::of(&[]).unwrap_err().argument(), "groups");
    let short = Groups::of(&[Labels::Text(&one), Labels::Int(&[1])]);
    assert_eq!(short.unwrap_err().argument(), "groups");
}

#[test]
fn a_group_without_what_a_rate_is_of_is_left_out() {
    let groups = Groups::of(&[Labels::Int(&[0, 0, 1, 1, 2, 2])]).unwrap();
    let (truth, predicted) = ([1, 0, 1, 0, 0, 0], [1, 0, 0, 0, 1, 0]);
    let fairness =
        Fairness::of(Labels::Int(&truth), Labels::Int(&predicted), &groups, None).unwrap();
    let found = fairness.difference(Parity::EqualOpportunity, Relation::BetweenGroups);
    assert_eq!(found.defined(), Ok(1.0));
    let nobody = Fairness::of(Labels::Int(&[0; 6]), Labels::Int(&predicted), &groups, None);
    let found = nobody.unwrap().difference(Parity::EqualOpportunity, Relation::BetweenGroups);
    assert!(found.defined().is_err());
}

#[test]
fn a_row_of_weight_two_is_two_rows() {
    let (groups, truth) = ([0, 0, 1, 1, 1], [1, 0, 1, 1, 0]);
    let predicted = [1, 0, 1, 0, 1];
    let twice = |rows: &[i64]| -> Vec<i64> {
        rows.iter().zip([1, 2, 2, 1, 2]).flat_map(|(&row, count)| vec![row; count]).collect()
    };
    let of = |groups: &[i64], truth: &[i64], predicted: &[i64]| {
        let groups = Groups::of(&[Labels::Int(groups)]).unwrap();
        Fairness::of(Labels::Int(truth), Labels::Int(predicted), &groups, None).unwrap()
    };
    let counted = of(&twice(&groups), &twice(&truth), &twice(&predicted));
    let once = of(&groups, &truth, &predicted);
    let weighed = once.clone().weighted(Some(&[1.0, 2.0, 2.0, 1.0, 2.0])).unwrap();
    for parity in [Parity::Demographic, Parity::EqualizedOdds(Aggregate::Mean)] {
        for relation in [Relation::BetweenGroups, Relation::ToOverall] {
            let both = |fairness: &Fairness| {
                [fairness.difference(parity, relation), fairness.ratio(parity, relation)]
            };
            assert_eq!(both(&weighed), both(&counted));
            assert_ne!(both(&weighed), both(&once));
        }
    }
    assert_eq!(once.clone().weighted(Some(&[0.0; 5])).unwrap_err(), Error::ZeroWeights);
    assert_eq!(once.weighted(Some(&[1.0])).unwrap_err().argument(), "sample_weight");
}

#[test]
fn what_does_not_fit_is_named() {
    let groups = Groups::of(&[Labels::Int(&[0, 1])]).unwrap();
    let refused = |truth: &[&str], predicted: &[&str], positive: Option<&str>| {
        let positive = positive.map(|label| Label::Text(label.into()));
        let (truth, predicted) = (Labels::Text(truth), Labels::Text(predicted));
        Fairness::of(truth, predicted, &groups, positive.as_ref()).map_err(|it| it.argument()).err()
    };
    assert_eq!(refused(&["a", "b"], &["a", "a"], None), Some("y_true"));
    assert_eq!(refused(&["a", "b"], &["a", "a"], Some("c")), Some("pos_label"));
    assert_eq!(refused(&["a", "b"], &["a", "a"], Some("b")), None);
    let unlike = |truth: Labels<'_>, predicted: Labels<'_>| {
        Fairness::of(truth, predicted, &groups, None).unwrap_err().argument()
    };
    assert_eq!(unlike(Labels::Int(&[0, 1]), Labels::Int(&[0, 2])), "y_pred");
    assert_eq!(unlike(Labels::Text(&["a", "b"]), Labels::Int(&[0, 1])), "y_pred");
}
