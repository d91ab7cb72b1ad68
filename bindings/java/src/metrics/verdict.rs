//! What differences that were measured let one say.

use halfback_metrics::{
    Adjustment, Alternative, Bootstrap, Difference, Interval, Judgement, McNemar, Question, Welch,
    two_proportions,
};
use serde_json::{Value, json};

use super::Outcome;
use super::classes::{choice, unknown};
use super::column::{Call, whole};
use crate::failure::Failure;

/// Judges differences, as JSON: each is a column of the place of its record and its numbers. Options:
/// alternative, margin, level, whether more is better, adjustment.
pub(super) fn judge(call: &Call<'_>) -> Outcome<String> {
    let question = Question {
        alternative: alternative(call)?,
        margin: call.number(1)?,
        level: call.number(2)?,
        higher_is_better: choice(call, 3)? == 1,
    };
    let given = (0..call.width()).map(|at| difference(call.doubles(at)?));
    let differences = given.collect::<Outcome<Vec<_>>>()?;
    let judged = question.judge(&differences, adjustment(call, 4)?)?;
    Ok(judged.into_iter().map(told).collect::<Value>().to_string())
}

fn told(judgement: Judgement) -> Value {
    let Judgement { verdict, reason, interval, p_value, adjusted_p_value } = judgement;
    json!({
        "verdict": verdict,
        "reason": reason,
        "interval": interval.map(|Interval { estimate, lower, upper, level }| json!({
            "estimate": number(estimate),
            "lower": number(lower),
            "upper": number(upper),
            "level": number(level),
        })),
        "p_value": p_value.map(number),
        "adjusted_p_value": adjusted_p_value.map(number),
    })
}

/// A number, as a text that Java reads where JSON has none for it: as null it would be lost.
fn number(number: f64) -> Value {
    if number.is_finite() {
        number.into()
    } else if number.is_nan() {
        "NaN".into()
    } else if number > 0.0 {
        "Infinity".into()
    } else {
        "-Infinity".into()
    }
}

fn alternative(call: &Call<'_>) -> Outcome<Alternative> {
    Ok(match choice(call, 0)? {
        0 => Alternative::Difference,
        1 => Alternative::Superiority,
        2 => Alternative::NonInferiority,
        3 => Alternative::Equivalence,
        _ => return Err(unknown()),
    })
}

/// The place of an adjustment in Java's enum.
pub(super) fn adjustment(call: &Call<'_>, at: usize) -> Outcome<Adjustment> {
    Ok(match choice(call, at)? {
        0 => Adjustment::Holm,
        1 => Adjustment::BenjaminiHochberg,
        2 => Adjustment::BenjaminiYekutieli,
        _ => return Err(unknown()),
    })
}

fn difference(numbers: &[f64]) -> Outcome<Difference> {
    let count = |number| whole(number, "difference").map(|count| count as u64);
    let difference = match *numbers {
        [0.0, estimate, variance, freedom] => {
            // Rounding may leave a variance of nothing below zero.
            let standard_error = variance.clamp(0.0, f64::INFINITY).sqrt();
            Difference::Areas { estimate, standard_error, freedom }
        }
        [1.0, first_only, second_only, rows] => Difference::Counts(McNemar {
            first_only: count(first_only)?,
            second_only: count(second_only)?,
            rows: count(rows)?,
        }),
        [2.0, difference, standard_error, freedom] => {
            Difference::Means(Welch { difference, standard_error, freedom })
        }
        [3.0, successes, rows, other, other_rows] => {
            let first = (count(successes)?, count(rows)?);
            Difference::Proportions(two_proportions(first, (count(other)?, count(other_rows)?))?)
        }
        [4.0, estimate, units, acceleration, ref replicates @ ..] => {
            let units = whole(units, "difference")?;
            Difference::Resamples(Bootstrap {
                acceleration: (!acceleration.is_nan()).then_some(acceleration),
                ..Bootstrap::new(estimate, replicates.to_vec(), units)
            })
        }
        _ => return Err(Failure::Defect("a difference that does not exist was given")),
    };
    Ok(difference.checked()?)
}
