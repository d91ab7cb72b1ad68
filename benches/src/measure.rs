//! How a suite measures: rounds in which ours and the peers take turns, medians, and the rows of the report.

use std::borrow::Cow;
use std::error::Error;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// How often a measurement is repeated; less often where it takes longer than [`LONGEST`].
#[derive(Clone, Copy)]
pub(crate) struct Rounds {
    /// Rounds at the beginning that do not count: caches fill, Java compiles.
    pub(crate) warm_up: usize,
    /// Rounds that count.
    pub(crate) counted: usize,
}

/// When a measurement ends early, unless it has fewer counted rounds than [`LEAST`].
const LONGEST: Duration = Duration::from_secs(20);
const LEAST: usize = 3;

/// The median of each column over the counted rounds.
///
/// One round measures all of its columns in turn, so that whatever else the machine does falls on ours and on the peer alike.
pub(crate) fn medians<const N: usize>(
    rounds: Rounds,
    mut round: impl FnMut() -> Outcome<[f64; N]>,
) -> Outcome<[f64; N]> {
    let began = Instant::now();
    for _ in 0..rounds.warm_up {
        round()?;
        if began.elapsed() > LONGEST / 2 {
            break;
        }
    }
    let mut counted = Vec::new();
    while counted.len() < rounds.counted {
        counted.push(round()?);
        if counted.len() >= LEAST && began.elapsed() > LONGEST {
            break;
        }
    }
    let column = |at: usize| counted.iter().filter_map(|row| row.get(at).copied()).collect();
    Ok(std::array::from_fn(|at| median(column(at))))
}

/// The middle value, or the mean of the two in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    if values.len() % 2 == 1 { at(half) } else { f64::midpoint(at(half.wrapping_sub(1)), at(half)) }
}

/// The seconds that `work` takes.
pub(crate) fn seconds<T, E: Into<Box<dyn Error>>>(
    work: impl FnOnce() -> Result<T, E>,
) -> Outcome<f64> {
    let began = Instant::now();
    let done = work();
    let took = began.elapsed().as_secs_f64();
    done.map_err(Into::into)?;
    Ok(took)
}

/// What a figure is counted in.
#[derive(Clone, Copy)]
pub(crate) struct Unit {
    pub(crate) name: &'static str,
    /// How many of it are one second, one byte, or one operation a second.
    pub(crate) scale: f64,
}

impl Unit {
    pub(crate) const NANOSECONDS: Unit = Unit { name: "ns", scale: 1e9 };
    pub(crate) const MICROSECONDS: Unit = Unit { name: "µs", scale: 1e6 };
    pub(crate) const MILLISECONDS: Unit = Unit { name: "ms", scale: 1e3 };
    pub(crate) const BYTES: Unit = Unit { name: "B", scale: 1.0 };
    pub(crate) const MEGABYTES: Unit = Unit { name: "MB", scale: 1e-6 };
    pub(crate) const PERCENT: Unit = Unit { name: "%", scale: 1e2 };
    pub(crate) const PER_SECOND: Unit = Unit { name: "1/s", scale: 1.0 };
}

/// One line of the report: a figure of ours beside the peer's, and what was promised of it.
pub(crate) struct Row {
    name: Cow<'static, str>,
    unit: Unit,
    ours: f64,
    peer: Option<Peer>,
    most: Option<f64>,
    least_ratio: Option<f64>,
}

struct Peer {
    name: &'static str,
    figure: f64,
    /// How many times better ours is.
    ratio: f64,
}

impl Row {
    /// A figure of which less is better: seconds, or bytes.
    pub(crate) fn cost(
        name: impl Into<Cow<'static, str>>,
        unit: Unit,
        ours: f64,
        (peer_name, peer): (&'static str, f64),
    ) -> Row {
        let peer = Peer { name: peer_name, figure: peer * unit.scale, ratio: peer / ours };
        Row { peer: Some(peer), ..Row::alone(name, unit, ours) }
    }

    /// A figure of which less is better, and that has none beside it.
    pub(crate) fn alone(name: impl Into<Cow<'static, str>>, unit: Unit, ours: f64) -> Row {
        let (name, ours) = (name.into(), ours * unit.scale);
        Row { name, unit, ours, peer: None, most: None, least_ratio: None }
    }

    /// How many in a second, from the seconds that one takes.
    pub(crate) fn rate(
        name: &'static str,
        ours: f64,
        (peer_name, peer): (&'static str, f64),
    ) -> Row {
        let row = Row::cost(name, Unit::PER_SECOND, ours, (peer_name, peer));
        let peer = row.peer.map(|peer| Peer { figure: peer.figure.recip(), ..peer });
        Row { ours: row.ours.recip(), peer, ..row }
    }

    /// The budget: our figure is at most this many of its unit.
    pub(crate) fn at_most(self, most: f64) -> Row {
        Row { most: Some(most), ..self }
    }

    /// The budget: ours is at least this many times as good as the peer.
    pub(crate) fn at_least_times(self, ratio: f64) -> Row {
        Row { least_ratio: Some(ratio), ..self }
    }

    fn budget(&self) -> Option<String> {
        let most = self.most.map(|most| format!("≤ {most} {}", self.unit.name));
        let ratio = self.least_ratio.map(|ratio| format!("≥ {} ×", (ratio * 1e3).round() / 1e3));
        let parts: Vec<String> = most.into_iter().chain(ratio).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    fn met(&self) -> bool {
        self.most.is_none_or(|most| self.ours <= most)
            && self
                .least_ratio
                .is_none_or(|least| self.peer.as_ref().is_some_and(|peer| peer.ratio >= least))
    }

    /// What is to be said where the budget is missed.
    pub(crate) fn missed(&self) -> Option<String> {
        let budget = self.budget().filter(|_| !self.met())?;
        Some(format!("{}: {:.3} {}, not {budget}", self.name, self.ours, self.unit.name))
    }

    pub(crate) fn to_json(&self) -> Value {
        let budget = self.budget();
        json!({
            "name": self.name,
            "ours": self.ours,
            "unit": self.unit.name,
            "peer": self.peer.as_ref().map(|peer| peer.figure),
            "peer_name": self.peer.as_ref().map(|peer| peer.name),
            "ratio": self.peer.as_ref().map(|peer| peer.ratio),
            "met": budget.is_some().then(|| self.met()),
            "budget": budget,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Rounds, Row, Unit, median, medians};

    #[test]
    fn the_median_is_in_the_middle() {
        let check = |values: &[f64], middle: &str| {
            assert_eq!(median(values.to_vec()).to_string(), middle);
        };
        check(&[9.0, 1.0, 2.0], "2");
        check(&[9.0, 1.0, 2.0, 4.0], "3");
        check(&[], "NaN");
    }

    #[test]
    fn rounds_count_after_the_warm_up() {
        let mut round = 0.0;
        let rounds = Rounds { warm_up: 2, counted: 3 };
        let columns = medians(rounds, || {
            round += 1.0;
            Ok([round, -round])
        });
        assert_eq!(columns.unwrap().map(|median| median.to_string()), ["4", "-4"]);
    }

    #[test]
    fn a_cost_is_better_when_it_is_less() {
        let row = Row::cost("resolve", Unit::NANOSECONDS, 5e-8, ("MLflow", 2e-3));
        let report = row.at_most(100.0).at_least_times(50_000.0).to_json();
        assert_eq!(report["ours"], json!(50.0));
        assert_eq!(report["ratio"], json!(40_000.0));
        assert_eq!(report["budget"], json!("≤ 100 ns, ≥ 50000 ×"));
        assert_eq!(report["met"], json!(false));
    }

    #[test]
    fn a_missed_budget_is_told() {
        let open = |most| Row::alone("open", Unit::MILLISECONDS, 0.002).at_most(most).missed();
        assert_eq!(open(1.5).as_deref(), Some("open: 2.000 ms, not ≤ 1.5 ms"));
        assert_eq!(open(2.5), None);
    }

    #[test]
    fn a_rate_is_better_when_it_is_more() {
        let row = Row::rate("write", 0.002, ("append", 0.001)).at_least_times(0.5).to_json();
        assert_eq!((&row["ours"], &row["peer"]), (&json!(500.0), &json!(1000.0)));
        assert_eq!((&row["ratio"], &row["met"]), (&json!(0.5), &json!(true)));
    }

    #[test]
    fn what_has_no_budget_does_not_meet_one() {
        let row = Row::cost("open", Unit::MILLISECONDS, 1.0, ("MLflow", 2.0)).to_json();
        assert!(row["budget"].is_null() && row["met"].is_null());
    }

    #[test]
    fn what_stands_alone_has_no_peer() {
        let row = Row::alone("open", Unit::MILLISECONDS, 0.002).at_most(1.0).to_json();
        assert_eq!((&row["ours"], &row["met"]), (&json!(2.0), &json!(false)));
        assert!(row["peer"].is_null() && row["peer_name"].is_null() && row["ratio"].is_null());
    }
}
