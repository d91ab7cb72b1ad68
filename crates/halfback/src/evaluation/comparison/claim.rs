//! What the numbers of a comparison and its verdict say of each other: a record that contradicts itself
//! is refused.

use super::record::{Alternative, ComparedSlice, Verdict};
use crate::evaluation::measure::code;
use crate::evaluation::range::{goes_with, is_close, is_resampled};

/// What was asked of the differences.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claims<'a> {
    pub(super) alternative: Alternative,
    pub(super) margin: f64,
    pub(super) method: &'a str,
    /// The chance of being wrong.
    pub(super) alpha: f64,
    /// Whether more is better, where that is known.
    pub(super) direction: Option<bool>,
}

impl Claims<'_> {
    /// What is wrong with a result, if anything is.
    pub(super) fn contradiction(&self, result: &ComparedSlice) -> Option<String> {
        let why = numbers(result).or_else(|| self.bounds(result)).or_else(|| p_values(result));
        let verdict = || self.verdict(result);
        let of_verdict = |why| format!("has the verdict `{}` {why}", code(&result.verdict));
        why.map(str::to_owned).or_else(|| verdict().map(of_verdict))
    }

    fn bounds(&self, result: &ComparedSlice) -> Option<&'static str> {
        match (result.difference, result.lower, result.upper) {
            (_, None, None) => None,
            (Some(difference), Some(lower), Some(upper)) => {
                let fits = goes_with(difference, lower, upper, Some(self.method));
                (!fits).then_some(
                    "has bounds that do not hold their `difference`, as they do unless `method` is a bootstrap",
                )
            }
            (None, Some(_), Some(_)) => Some("has bounds without their `difference`"),
            _ => Some("has one of `lower` and `upper` without the other"),
        }
    }

    fn verdict(&self, result: &ComparedSlice) -> Option<&'static str> {
        let verdict = result.verdict;
        if verdict == Verdict::Inconclusive {
            return None;
        }
        let other = match self.alternative {
            Alternative::Difference if self.margin > 0.0 => Some(Verdict::Equivalent),
            Alternative::Difference | Alternative::Superiority => None,
            Alternative::NonInferiority => Some(Verdict::NonInferior),
            Alternative::Equivalence => Some(Verdict::Equivalent),
        };
        if other != Some(verdict) && !matches!(verdict, Verdict::Better | Verdict::Worse) {
            return Some("which its `alternative` and `margin` do not give");
        }
        let Some(difference) = result.difference else { return Some("without a `difference`") };
        if self.is_untold(result) {
            return Some("and a p-value that says otherwise");
        }
        let (Some(higher), margin) = (self.direction, self.margin) else { return None };
        let better = |value: f64| if higher { value } else { -value };
        let bounds = result
            .lower
            .zip(result.upper)
            .map(|(lower, upper)| if higher { [lower, upper] } else { [-upper, -lower] });
        // The estimate of resamples may lie on the other side of what is ruled out.
        let own = (!is_resampled(self.method)).then_some([better(difference); 2]);
        let opposed = |[lower, upper]: [f64; 2]| match verdict {
            Verdict::Better => upper < 0.0,
            Verdict::Worse => lower > 0.0,
            Verdict::Equivalent => lower >= margin || upper <= -margin,
            _ => upper <= -margin,
        };
        let is_opposed = own.is_some_and(opposed) || bounds.is_some_and(opposed);
        is_opposed.then_some("and a difference or interval that says otherwise")
    }

    /// Whether the p-value of what was to be shown says that it was not, or that the opposite was not.
    fn is_untold(&self, result: &ComparedSlice) -> bool {
        let Some(p) = result.adjusted_p_value.or(result.p_value) else { return false };
        if is_close(p, self.alpha, self.alpha) {
            return false;
        }
        let is_shown = p < self.alpha;
        match (self.alternative, result.verdict) {
            (Alternative::Difference, Verdict::Better | Verdict::Worse)
            | (Alternative::Superiority, Verdict::Better)
            | (Alternative::NonInferiority, Verdict::NonInferior)
            | (Alternative::Equivalence, Verdict::Equivalent) => !is_shown,
            (Alternative::Superiority | Alternative::NonInferiority, Verdict::Worse)
            | (Alternative::Equivalence, Verdict::Better | Verdict::Worse) => is_shown,
            _ => false,
        }
    }
}

fn numbers(result: &ComparedSlice) -> Option<&'static str> {
    let values = (result.candidate_value, result.baseline_value);
    let has_any = values.0.or(values.1).or(result.difference).is_some();
    if result.rows == 0 && has_any {
        return Some("has numbers of no rows");
    }
    match (values, result.difference) {
        ((Some(candidate), Some(baseline)), Some(difference)) => {
            let size = candidate.abs() + baseline.abs();
            let fits = is_close(difference, candidate - baseline, size);
            (!fits).then_some(
                "has a `difference` that is not the candidate's value less the baseline's",
            )
        }
        ((Some(_), None) | (None, Some(_)), Some(_)) => {
            Some("has a `difference` where one of both values is undefined")
        }
        _ => None,
    }
}

fn p_values(result: &ComparedSlice) -> Option<&'static str> {
    let (p, adjusted) = result.p_value.zip(result.adjusted_p_value)?;
    let fits = adjusted >= p || is_close(p, adjusted, p);
    (!fits).then_some("has an `adjusted_p_value` below its `p_value`")
}
