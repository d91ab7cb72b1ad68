//! The suite `metrics`: metrics from Python beside scikit-learn's and fairlearn's on the same buffers, in processor time on one
//! thread, and each beside one read of its columns.

use std::process::Command;

use crate::Ground;
use crate::measure::{Outcome, Rounds, Row, Unit, medians};
use crate::program::{Program, peer};

/// The variable that asks for what takes long.
const LONG: &str = "HALFBACK_LONG";

const SIZES: [(u64, &str); 3] = [(100_000, "10⁵"), (1_000_000, "10⁶"), (10_000_000, "10⁷")];

/// A measurement of `metrics.py`, as people call it, and how many times quicker than the peer it is to be.
const LINES: [(&str, &str, &str, f64); 8] = [
    ("roc_auc", "ROC AUC", "scikit-learn", 12.0),
    ("average_precision", "average precision", "scikit-learn", 12.0),
    ("log_loss", "log loss", "scikit-learn", 80.0),
    ("brier", "Brier score", "scikit-learn", 30.0),
    ("confusion_2", "confusion of 2 classes", "scikit-learn", 30.0),
    ("confusion_10", "confusion of 10 classes", "scikit-learn", 30.0),
    ("report_texts", "report of classes as texts", "scikit-learn", 20.0),
    ("errors", "MAE, RMSE and R²", "scikit-learn", 10.0),
];

/// What two threads are measured for, and how many times one's speed they are to have; a read shows what the memory allows.
const THREADS: [(&str, &str, Option<f64>); 9] = [
    ("read", "one read of 2 columns", None),
    ("roc_auc", "ROC AUC", Some(1.6)),
    ("average_precision", "average precision", Some(1.6)),
    ("log_loss", "log loss", Some(1.6)),
    ("brier", "Brier score", Some(1.6)),
    ("confusion_2", "confusion of 2 classes", Some(1.6)),
    ("confusion_10", "confusion of 10 classes", Some(1.6)),
    ("errors", "MAE, RMSE and R²", Some(1.6)),
    ("bootstrap", "100 resamples of ROC AUC", Some(1.6)),
];

pub(crate) fn measure(ground: &Ground) -> Outcome<Vec<Row>> {
    let mut command = Command::new(crate::python()?);
    for library in ["OMP", "OPENBLAS", "MKL"] {
        command.env(format!("{library}_NUM_THREADS"), "1");
    }
    let mut python = Program::start(command.arg(peer("metrics.py")).current_dir(&ground.folder))?;
    python.answer::<0>("ready")?;
    let sizes = if std::env::var_os(LONG).is_some() { &SIZES[..] } else { &SIZES[..2] };
    let mut rows = Vec::new();
    for (what, name, peer_name, least) in LINES {
        for (count, size) in sizes {
            let name = format!("{name}, {size} rows");
            rows.extend(beside(&mut python, (what, *count), name, (peer_name, least))?);
        }
    }
    let name = "bootstrap of ROC AUC, 1,000 × 10⁵ rows".to_owned();
    rows.extend(beside(&mut python, ("bootstrap", SIZES[0].0), name, ("scikit-learn", 100.0))?);
    let name = "2 metrics by 5 groups, 10⁶ rows".to_owned();
    rows.extend(beside(&mut python, ("groups", SIZES[1].0), name, ("fairlearn", 50.0))?);
    for (count, size) in sizes.iter().skip(1) {
        rows.extend(by_threads(&mut python, *count, size)?);
    }
    let [ours, theirs, _] = round(&mut python, "ten", 10)?;
    let peer = ("scikit-learn", theirs);
    rows.push(Row::cost("ROC AUC of 10 rows", Unit::MICROSECONDS, ours, peer).at_most(5.0));
    let mut java = Command::new("java");
    java.args(["--enable-native-access=ALL-UNNAMED", "-cp", &crate::class_path()?, "TenRows"]);
    let mut java = Program::start(&mut java)?;
    let rounds = Rounds { warm_up: 3, counted: 5 };
    let [in_java] = medians(rounds, || java.measure("ten"))?;
    let peer = ("Python", ours);
    rows.push(Row::cost("… in Java", Unit::MICROSECONDS, in_java, peer).at_most(5.0));
    Ok(rows)
}

/// Two threads beside one. Of columns beyond every cache, what gains less has to be as quick as two threads that only read.
fn by_threads(python: &mut Program, count: u64, size: &str) -> Outcome<Vec<Row>> {
    let is_beyond_caches = count == SIZES[2].0;
    let mut read = 0.0;
    let mut rows = Vec::new();
    for (what, name, least) in THREADS {
        let [two, one, _] = python.measure(&format!("threads {what} {count}"))?;
        let name = format!("{name}, {size} rows, 2 threads by the clock");
        let row = Row::cost(name, Unit::MILLISECONDS, two, ("one thread", one));
        rows.push(match least {
            None => {
                read = two;
                row
            }
            Some(least) if is_beyond_caches && two > one / least => {
                row.at_most((read * Unit::MILLISECONDS.scale * 100.0).round() / 100.0)
            }
            Some(least) => row.at_least_times(least),
        });
    }
    Ok(rows)
}

fn beside(
    python: &mut Program,
    (what, count): (&str, u64),
    name: String,
    (peer, least): (&'static str, f64),
) -> Outcome<[Row; 2]> {
    let [ours, theirs, read] = round(python, what, count)?;
    Ok([
        Row::cost(name, Unit::MILLISECONDS, ours, (peer, theirs)).at_least_times(least),
        Row::cost("…", Unit::MILLISECONDS, ours, ("one read of its numbers", read)),
    ])
}

fn round(python: &mut Program, what: &str, count: u64) -> Outcome<[f64; 3]> {
    let rounds = Rounds { warm_up: 1, counted: 5 };
    medians(rounds, || python.measure(&format!("{what} {count}")))
}
