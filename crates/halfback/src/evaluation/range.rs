//! What numbers of measurements can be: a record from elsewhere says nothing impossible.

use halfback_metrics::{is_metric, is_of_regression, range};
use halfback_store::error::{Detail, Result};

use super::record::Task;

/// How far rounding may take a number from another, of their size.
const SLACK: f64 = 1e-6;
/// Where shares and probabilities lie.
pub(super) const SHARE: (f64, f64) = (0.0, 1.0);
/// Where counts and weights lie.
pub(super) const FROM_ZERO: (f64, f64) = (0.0, f64::INFINITY);

/// Refuses a number that lies elsewhere by more than rounding.
pub(super) fn within((least, most): (f64, f64), number: f64, what: &str) -> Result<()> {
    let size = [least, most].into_iter().filter(|end| end.is_finite());
    let slack = SLACK * size.map(f64::abs).fold(0.0, f64::max);
    if (least - slack..=most + slack).contains(&number) {
        return Ok(());
    }
    let expected = match (least.is_finite(), most.is_finite()) {
        (true, true) => format!("{least} to {most}"),
        (true, false) => format!("{least} or more"),
        _ => format!("{most} or less"),
    };
    Err(Detail::InvalidArgument(format!("{what} is {number}, expected {expected}")).into())
}

/// A metric of records: whose values they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metric<'a> {
    pub(super) name: &'a str,
    pub(super) task: Task,
    /// Whether there are two classes.
    pub(super) is_binary: bool,
}

impl<'a> Metric<'a> {
    pub(super) fn of(name: &'a str, task: Task) -> Self {
        Self { name, task, is_binary: task == Task::Binary }
    }

    /// Refuses a metric of numbers for classes, and the other way round.
    pub(super) fn check_task(self) -> Result<()> {
        let Self { name, task, .. } = self;
        if !is_metric(name) || is_of_regression(name) == (task == Task::Regression) {
            return Ok(());
        }
        let word = task.word();
        Err(Detail::InvalidArgument(format!("metric `{name}` is none of the task `{word}`")).into())
    }

    /// Where it lies; nothing is known of one of the caller's own.
    fn range(self) -> Option<(f64, f64)> {
        range(self.name, self.is_binary)
    }

    /// Refuses a value, or a bound of one, that it never has.
    pub(super) fn check(self, value: f64, what: &str) -> Result<()> {
        let what = format!("{what} `{}`", self.name);
        self.range().map_or(Ok(()), |range| within(range, value, &what))
    }

    /// Refuses a difference of two values that it never has.
    pub(super) fn check_difference(self, difference: f64) -> Result<()> {
        let Some((least, most)) = self.range() else { return Ok(()) };
        let what = format!("the difference of `{}`", self.name);
        within((least - most, most - least), difference, &what)
    }

    /// Refuses a margin that no difference reaches.
    pub(super) fn check_margin(self, margin: f64) -> Result<()> {
        let Some((least, most)) = self.range() else { return Ok(()) };
        let (name, reach) = (self.name, most - least);
        if margin < reach {
            return Ok(());
        }
        Err(Detail::InvalidArgument(format!(
            "`margin` is {margin}, expected below {reach}, the largest difference of `{name}`"
        ))
        .into())
    }
}

/// Whether two numbers are one, but for rounding.
pub(super) fn is_close(one: f64, other: f64, size: f64) -> bool {
    (one - other).abs() <= SLACK * size
}

/// Whether a value may have these bounds, as they were told: resamples alone may lie on one side of it.
pub(super) fn goes_with(value: f64, lower: f64, upper: f64, method: Option<&str>) -> bool {
    let slack = SLACK * lower.abs().max(upper.abs());
    let is_around = (lower - slack..=upper + slack).contains(&value);
    lower <= upper && (is_around || method.is_some_and(is_resampled))
}

/// Whether a way to tell an interval is one by resamples.
pub(super) fn is_resampled(method: &str) -> bool {
    method.contains("bootstrap")
}
