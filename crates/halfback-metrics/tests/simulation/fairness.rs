//! Intervals of measures of fairness where groups do differ, and where they do not.

use halfback_metrics::{
    Aggregate, Disparity, Fairness, Groups, Labels, Parity, Relation, Settings,
};

use crate::{RUNS, Random, covers, holds};

/// Of a group: how likely its rows are positive, and to be predicted so where they are and are not.
#[derive(Clone, Copy)]
struct Rates {
    positive: f64,
    true_positive: f64,
    false_positive: f64,
}

impl Rates {
    fn selected(self) -> f64 {
        self.positive * self.true_positive + (1.0 - self.positive) * self.false_positive
    }
}

/// Rows of groups that are as large as each other, but for chance.
fn rows(random: &mut Random, rows: usize, groups: &[Rates]) -> Fairness {
    let (mut names, mut truth, mut predicted) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rows {
        let at = random.next() % groups.len() as u64;
        let group = groups.get(at as usize).unwrap();
        let positive = random.uniform() < group.positive;
        let rate = if positive { group.true_positive } else { group.false_positive };
        names.push(at.cast_signed());
        truth.push(positive);
        predicted.push(random.uniform() < rate);
    }
    let groups = Groups::of(&[Labels::Int(&names)]).unwrap();
    Fairness::of(Labels::Bool(&truth), Labels::Bool(&predicted), &groups, None).unwrap()
}

/// How many of as many intervals at 90 % hold the true measure.
fn covered(
    seed: u64,
    size: usize,
    groups: &[Rates],
    truth: f64,
    of: impl Fn(&Fairness, &Settings) -> Disparity,
) -> usize {
    let mut random = Random(seed);
    let run = |run| {
        let settings = Settings { level: 0.9, replicates: 400, seed: run };
        let found = of(&rows(&mut random, size, groups), &settings).interval.unwrap();
        usize::from(covers(&found, truth))
    };
    (0..RUNS as u64).map(run).sum()
}

const FAR: Rates = Rates { positive: 0.5, true_positive: 0.8, false_positive: 0.3 };
const NEAR: Rates = Rates { positive: 0.4, true_positive: 0.6, false_positive: 0.2 };
const BETWEEN: Relation = Relation::BetweenGroups;

#[test]
fn intervals_of_two_groups_that_differ_cover() {
    let two = [FAR, NEAR];
    let (one, other) = (FAR.selected(), NEAR.selected());
    let difference = |parity, relation, size, truth| {
        covered(1, size, &two, truth, |rows, settings| {
            rows.difference_interval(parity, relation, settings).unwrap()
        })
    };
    let ratio = |parity, truth| {
        covered(2, 400, &two, truth, |rows, settings| {
            rows.ratio_interval(parity, BETWEEN, settings).unwrap()
        })
    };
    let odds = Parity::EqualizedOdds;
    holds(difference(Parity::Demographic, BETWEEN, 400, one - other), RUNS, 0.9, 0.01);
    let half = (one - other) / 2.0;
    holds(difference(Parity::Demographic, Relation::ToOverall, 400, half), RUNS, 0.9, 0.01);
    holds(difference(Parity::EqualOpportunity, BETWEEN, 400, 0.2), RUNS, 0.9, 0.01);
    holds(difference(odds(Aggregate::Mean), BETWEEN, 400, 0.15), RUNS, 0.9, 0.01);
    // The worse of two rates is larger in resamples: the interval is a little too wide.
    holds(difference(odds(Aggregate::WorstCase), BETWEEN, 1_000, 0.2), RUNS, 0.9, 0.02);
    let middle = Rates { positive: 0.45, true_positive: 0.7, false_positive: 0.25 };
    let between = covered(5, 600, &[FAR, middle, NEAR], one - other, |rows, settings| {
        rows.difference_interval(Parity::Demographic, BETWEEN, settings).unwrap()
    });
    holds(between, RUNS, 0.9, 0.01);
    holds(ratio(Parity::Demographic, other / one), RUNS, 0.9, 0.01);
    holds(ratio(Parity::EqualOpportunity, 0.75), RUNS, 0.9, 0.01);
}

#[test]
fn an_interval_of_equal_groups_never_holds_zero() {
    let hits = covered(3, 400, &[FAR, FAR], 0.0, |rows, settings| {
        rows.difference_interval(Parity::Demographic, BETWEEN, settings).unwrap()
    });
    assert_eq!(hits, 0);
}

#[test]
fn groups_as_far_out_as_each_other_are_not_covered_and_more_rows_do_not_help() {
    let five = [FAR, FAR, FAR, NEAR, NEAR];
    let truth = FAR.selected() - NEAR.selected();
    for size in [400, 2_000] {
        let hits = covered(4, size, &five, truth, |rows, settings| {
            rows.difference_interval(Parity::Demographic, BETWEEN, settings).unwrap()
        });
        assert!((0.35..0.6).contains(&(hits as f64 / RUNS as f64)), "{hits}");
    }
}

#[test]
fn clusters_and_strata_are_drawn_as_in_a_bootstrap() {
    let mut random = Random(6);
    let fairness = rows(&mut random, 240, &[FAR, NEAR]);
    let keys: Vec<u64> = (0..240).map(|row| row / 6).collect();
    let settings = Settings { level: 0.9, replicates: 400, seed: 1 };
    let interval = |fairness: &Fairness, settings: &Settings| {
        fairness.difference_interval(Parity::Demographic, BETWEEN, settings)
    };
    let plain = interval(&fairness, &settings).unwrap().interval.unwrap();
    let clustered = fairness.clone().clustered(&keys).unwrap();
    let together = interval(&clustered, &settings).unwrap().interval.unwrap();
    assert_eq!((plain.estimate, plain == together), (together.estimate, false));
    let strata: Vec<u32> = (0..240).map(|row| row / 120).collect();
    let within = clustered.stratified(&strata).unwrap();
    assert_ne!(interval(&within, &settings).unwrap().interval.unwrap(), together);
    let few: Vec<u64> = (0..240).map(|row| row / 60).collect();
    let few = fairness.clone().clustered(&few).unwrap();
    assert_eq!(interval(&few, &settings).unwrap_err().argument(), "level");
    assert!(interval(&few, &Settings { level: 0.8, ..settings }).is_ok());
    let one = Settings { replicates: 1, ..settings };
    assert_eq!(interval(&fairness, &one).unwrap_err().argument(), "replicates");
    assert_eq!(fairness.clone().clustered(&[1]).unwrap_err().argument(), "keys");
    assert_eq!(fairness.stratified(&[1]).unwrap_err().argument(), "strata");
}
