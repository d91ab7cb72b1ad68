//! What numbers of measurements can be: a record from elsewhere says nothing impossible.

use halfback_metrics::range;
use halfback_store::error::{Detail, Result};

use super::record::Task;

/// What rounding may leave a value outside of where it lies, of its size or of one.
const SLACK: f64 = 1e-6;
/// Ways to tell an interval that has the value inside; that of resamples may not.
const AROUND: [&str; 8] = [
    "wilson",
    "wilson_jaccard",
    "mean_of_wilson",
    "delta",
    "delong_logit",
    "logit",
    "student_t",
    "order_statistics",
];
/// Where shares and probabilities lie.
pub(super) const SHARE: (f64, f64) = (0.0, 1.0);
/// Where counts and weights lie.
pub(super) const FROM_ZERO: (f64, f64) = (0.0, f64::INFINITY);

/// Refuses a number that lies elsewhere.
pub(super) fn within((least, most): (f64, f64), number: f64, what: &str) -> Result<()> {
    let slack = slack(number);
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

/// Refuses a value that the metric never has; one of the caller's own has any.
pub(super) fn check_value(task: Task, metric: &str, value: f64) -> Result<()> {
    match range(metric, task == Task::Binary) {
        Some(range) => within(range, value, &format!("metric `{metric}`")),
        None => Ok(()),
    }
}

/// Refuses a difference of two values that the metric never has.
pub(super) fn check_difference(task: Task, metric: &str, difference: f64) -> Result<()> {
    let Some((least, most)) = range(metric, task == Task::Binary) else { return Ok(()) };
    within((least - most, most - least), difference, &format!("the difference of `{metric}`"))
}

/// Whether a value may have these bounds, as they were told.
pub(super) fn goes_with(value: f64, lower: f64, upper: f64, method: Option<&str>) -> bool {
    let is_around = method.is_some_and(|method| AROUND.contains(&method));
    let slack = slack(value);
    lower <= upper && (!is_around || (lower - slack..=upper + slack).contains(&value))
}

fn slack(number: f64) -> f64 {
    SLACK * number.abs().max(1.0)
}
