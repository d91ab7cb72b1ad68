//! What a difference that was measured lets one say.

use halfback_metrics::{
    Adjustment, Alternative, Bootstrap, Difference, Judgement, McNemar, Question, Verdict, Welch,
    two_proportions,
};
use pyo3::prelude::*;

use super::answer::{bounds, invalid_type, work};
use super::column::Column;

type Bounds = (f64, f64, f64);
type Judged = (&'static str, String, Option<Bounds>, Option<f64>, Option<f64>);

/// Two shares, each given as (successes, rows): the interval of their difference and its p-value.
#[pyfunction]
#[pyo3(signature = (first, second, level, /))]
pub(crate) fn metrics_two_proportions(
    py: Python<'_>,
    first: (u64, u64),
    second: (u64, u64),
    level: f64,
) -> PyResult<(Bounds, f64)> {
    work(py, || {
        let shares = two_proportions(first, second)?;
        Ok((bounds(shares.interval(level)?), shares.p_value()))
    })
}

/// Judges differences, each with the name of its class. The question is its alternative, margin,
/// level, and whether more is better. Gives of each the verdict, the reason, the bounds, the p-value
/// and the adjusted one.
#[pyfunction]
#[pyo3(signature = (differences, question, adjustment, /))]
#[expect(clippy::needless_pass_by_value, reason = "what comes from Python is extracted as owned")]
pub(crate) fn metrics_judge(
    py: Python<'_>,
    differences: Vec<(String, Bound<'_, PyAny>)>,
    question: (String, f64, f64, bool),
    adjustment: &str,
) -> PyResult<Vec<Judged>> {
    let (alternative, margin, level, higher_is_better) = question;
    let question =
        Question { alternative: self::alternative(&alternative), margin, level, higher_is_better };
    let adjustment = self::adjustment(adjustment);
    let differences: Vec<Difference> =
        differences.iter().map(|(kind, one)| difference(kind, one)).collect::<PyResult<_>>()?;
    let judged = work(py, || {
        let differences: Vec<Difference> =
            differences.into_iter().map(Difference::checked).collect::<Result<_, _>>()?;
        question.judge(&differences, adjustment)
    })?;
    Ok(judged.into_iter().map(told).collect())
}

/// A difference by the fields of its class.
fn difference(kind: &str, given: &Bound<'_, PyAny>) -> PyResult<Difference> {
    let py = given.py();
    let number = |name| field::<f64>(given, name);
    let count = |name| field::<u64>(given, name);
    Ok(match kind {
        "DeLongPaired" => Difference::Areas {
            estimate: number("estimate")?,
            standard_error: number("variance")?.clamp(0.0, f64::INFINITY).sqrt(),
            freedom: number("freedom")?,
        },
        "McNemar" => Difference::Counts(McNemar {
            first_only: count("first_only")?,
            second_only: count("second_only")?,
            rows: count("rows")?,
        }),
        "Welch" => Difference::Means(Welch {
            difference: number("estimate")?,
            standard_error: number("standard_error")?,
            freedom: number("freedom")?,
        }),
        "TwoProportions" => {
            let (first, second) = (field(given, "first")?, field(given, "second")?);
            Difference::Proportions(work(py, || two_proportions(first, second))?)
        }
        _ => {
            let replicates = Column::of(&given.getattr("replicates")?, "replicates")?;
            let replicates = replicates.doubles(py)?.to_vec();
            let units = field(given, "units")?;
            let resamples = Bootstrap::new(number("estimate")?, replicates, units);
            let acceleration = field(given, "acceleration")?;
            Difference::Resamples(Bootstrap { acceleration, ..resamples })
        }
    })
}

fn field<'py, T: FromPyObjectOwned<'py>>(given: &Bound<'py, PyAny>, name: &str) -> PyResult<T> {
    let wrong = |_| {
        let message = format!("`difference` has a value of `{name}` that a measurement never has");
        invalid_type(given.py(), &message)
    };
    given.getattr(name)?.extract().map_err(Into::into).map_err(wrong)
}

fn alternative(name: &str) -> Alternative {
    match name {
        "superiority" => Alternative::Superiority,
        "non_inferiority" => Alternative::NonInferiority,
        "equivalence" => Alternative::Equivalence,
        _ => Alternative::Difference,
    }
}

/// An adjustment by its name in Python.
pub(super) fn adjustment(name: &str) -> Adjustment {
    match name {
        "holm" => Adjustment::Holm,
        "benjamini_hochberg" => Adjustment::BenjaminiHochberg,
        _ => Adjustment::BenjaminiYekutieli,
    }
}

fn told(judgement: Judgement) -> Judged {
    let verdict = match judgement.verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Equivalent => "equivalent",
        Verdict::NonInferior => "non_inferior",
        Verdict::Inconclusive => "inconclusive",
    };
    let Judgement { reason, interval, p_value, adjusted_p_value, .. } = judgement;
    (verdict, reason, interval.map(bounds), p_value, adjusted_p_value)
}
