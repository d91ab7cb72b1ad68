//! What the difference of two models or samples lets one say, and why.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::figures::{percent, short};
use crate::interval::{Interval, outside};

use super::{Adjustment, Difference, adjust};

/// What is to be shown of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alternative {
    /// That it differs from the baseline; with a margin, else that both are equivalent.
    #[default]
    Difference,
    /// That it is better, by more than the margin.
    Superiority,
    /// That it is not worse by the margin or more.
    NonInferiority,
    /// That it is neither better nor worse by the margin or more: two one-sided tests.
    Equivalence,
}

/// What can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The candidate is better.
    Better,
    /// The candidate is worse.
    Worse,
    /// They differ by less than the margin.
    Equivalent,
    /// The candidate is not worse by the margin or more.
    NonInferior,
    /// The rows do not tell.
    Inconclusive,
}

/// A question about a difference, candidate less baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Question {
    /// What is to be shown.
    pub alternative: Alternative,
    /// A difference that matters, zero or more, in the unit of the metric.
    pub margin: f64,
    /// The confidence level, within (0, 1): what is said of one difference is wrong with a chance of
    /// `1 - level` at most, and with half of it where only one side can be wrong.
    pub level: f64,
    /// Whether more of the metric is better.
    pub higher_is_better: bool,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// What can be said.
    pub verdict: Verdict,
    /// Why, for people.
    pub reason: String,
    /// The interval of candidate less baseline; none where the rows have no variance, or
    /// where rows, clusters or resamples are too few for the level.
    pub interval: Option<Interval>,
    /// The two-sided p-value of what is to be shown: twice that of a one-sided test.
    pub p_value: Option<f64>,
    /// The p-value adjusted for the number of questions that were judged together: what is to be
    /// shown is shown where it is at most `1 - level`.
    pub adjusted_p_value: Option<f64>,
}

/// A claim about the difference, more being better.
#[derive(Clone, Copy)]
enum Claim {
    Different,
    Above(f64),
    Below(f64),
    Within(f64),
}

impl Question {
    /// Judges differences that are looked at together, such as those of slices: every kind of claim
    /// is adjusted for their number. An interval is that of its difference alone.
    ///
    /// Sources: ICH E9, Statistical principles for clinical trials (1998), 3.3.2 and 5.5, for
    /// margins and one-sided tests at half the level; Schuirmann (1987) for equivalence by two
    /// one-sided tests; EMA, Points to consider on switching between superiority and non-inferiority
    /// (2000), for superiority after non-inferiority.
    pub fn judge(
        &self,
        differences: &[Difference],
        adjustment: Adjustment,
    ) -> Result<Vec<Judgement>> {
        let alpha = self.check()?;
        if self.margin >= 1.0 && differences.iter().any(Difference::is_of_shares) {
            let expected = "below 1, for the difference is one of shares";
            return Err(Error::OutOfRange { argument: "margin", found: self.margin, expected });
        }
        let untold: Vec<Option<String>> = differences.iter().map(|one| self.untold(one)).collect();
        let known: Vec<Difference> = differences
            .iter()
            .zip(&untold)
            .filter(|(_, untold)| untold.is_none())
            .map(|(one, _)| if self.higher_is_better { one.clone() } else { one.negated() })
            .collect();
        let mut tables = Vec::new();
        for (claim, _) in self.claims() {
            let p_values: Vec<f64> = known.iter().map(|one| claim.p_value(one)).collect();
            let adjusted =
                if known.is_empty() { Vec::new() } else { adjust(&p_values, adjustment)? };
            tables.push((p_values, adjusted));
        }
        let mut at = 0;
        let mut judge = |(difference, untold): (&Difference, Option<String>)| {
            if let Some(why) = untold {
                return Ok(Judgement::inconclusive(why));
            }
            let row: Vec<(f64, f64)> =
                tables.iter().map(|(p, adjusted)| (p[at], adjusted[at])).collect();
            let interval = difference.interval(self.level)?;
            let judged = self.judgement(&known[at], &interval, &row, alpha);
            at += 1;
            Ok(judged)
        };
        differences.iter().zip(untold).map(&mut judge).collect()
    }

    /// Why nothing is told of a difference; none where something is.
    fn untold(&self, difference: &Difference) -> Option<String> {
        let without = difference.without_variance().map(str::to_owned);
        without.or_else(|| difference.too_few(self.level))
    }

    /// Judges a single difference.
    pub fn judge_one(&self, difference: &Difference) -> Result<Judgement> {
        let one = self.judge(std::slice::from_ref(difference), Adjustment::Holm)?;
        Ok(one
            .into_iter()
            .next()
            .unwrap_or_else(|| Judgement::inconclusive("nothing was compared".into())))
    }

    /// Refuses what is no question; gives the chance of being wrong.
    pub fn check(&self) -> Result<f64> {
        let alpha = outside(self.level)?;
        let found = self.margin;
        if !(found >= 0.0 && found.is_finite()) {
            return Err(Error::OutOfRange { argument: "margin", found, expected: "zero or more" });
        }
        let needed =
            matches!(self.alternative, Alternative::NonInferiority | Alternative::Equivalence);
        if needed && found == 0.0 {
            let expected = "above zero: the largest difference that does not matter";
            return Err(Error::OutOfRange { argument: "margin", found, expected });
        }
        Ok(alpha)
    }

    /// The claims in the order in which they are made, the one that is to be shown marked.
    fn claims(&self) -> Vec<(Claim, bool)> {
        let margin = self.margin;
        match self.alternative {
            Alternative::Difference if margin > 0.0 => {
                vec![(Claim::Different, true), (Claim::Within(margin), false)]
            }
            Alternative::Difference => vec![(Claim::Different, true)],
            Alternative::Superiority => {
                vec![(Claim::Above(margin), true), (Claim::Below(0.0), false)]
            }
            Alternative::NonInferiority => vec![
                (Claim::Above(0.0), false),
                (Claim::Above(-margin), true),
                (Claim::Below(-margin), false),
            ],
            Alternative::Equivalence => vec![
                (Claim::Within(margin), true),
                (Claim::Above(margin), false),
                (Claim::Below(-margin), false),
            ],
        }
    }

    /// Judges a difference of which more is better.
    fn judgement(
        &self,
        difference: &Difference,
        interval: &Interval,
        p_values: &[(f64, f64)],
        alpha: f64,
    ) -> Judgement {
        let claims = self.claims();
        let shown = claims.iter().zip(p_values).find(|((_, is_main), _)| *is_main);
        let (p_value, adjusted) = shown.map_or((1.0, 1.0), |(_, &found)| found);
        let made = claims.iter().zip(p_values).find(|(_, (_, adjusted))| *adjusted <= alpha);
        let made = made.map(|((claim, _), _)| *claim);
        let verdict = made.map_or(Verdict::Inconclusive, |claim| claim.verdict(difference));
        Judgement {
            verdict,
            reason: self.reason(verdict, made, interval, p_value <= alpha),
            interval: Some(*interval),
            p_value: Some(p_value),
            adjusted_p_value: Some(adjusted),
        }
    }

    fn reason(
        &self,
        verdict: Verdict,
        made: Option<Claim>,
        interval: &Interval,
        is_shown: bool,
    ) -> String {
        let Interval { estimate, lower, upper, level } = *interval;
        let bounds = format!(
            "the difference is {} with the {} % interval {} to {}",
            short(estimate),
            percent(level),
            short(lower),
            short(upper)
        );
        let better = if self.higher_is_better { "more" } else { "less" };
        let margin = short(self.margin);
        match (verdict, made) {
            (Verdict::Better, Some(Claim::Above(past))) if past > 0.0 => {
                format!("{bounds}: better by more than the margin {margin}, {better} being better")
            }
            (Verdict::Worse, Some(Claim::Below(past))) if past < 0.0 => {
                format!("{bounds}: worse by more than the margin {margin}, {better} being better")
            }
            (Verdict::Better | Verdict::Worse, _) => {
                format!("{bounds}: {better} is better, and 0 is ruled out")
            }
            (Verdict::Equivalent, _) => format!("{bounds}: within the margin {margin} both ways"),
            (Verdict::NonInferior, _) => {
                format!("{bounds}: not worse by the margin {margin}, {better} being better")
            }
            (Verdict::Inconclusive, _) => format!("{bounds}: {}", self.open(interval, is_shown)),
        }
    }

    /// What an interval leaves open; `is_shown` where the claim would be, were it the only one.
    fn open(&self, interval: &Interval, is_shown: bool) -> String {
        let (mut lower, mut upper) = (interval.lower, interval.upper);
        if !self.higher_is_better {
            (lower, upper) = (-upper, -lower);
        }
        let margin = short(self.margin);
        let inside = match self.alternative {
            Alternative::Difference => lower > 0.0 || upper < 0.0,
            Alternative::Superiority => lower > self.margin || upper < 0.0,
            Alternative::NonInferiority => lower > -self.margin,
            Alternative::Equivalence => lower > -self.margin && upper < self.margin,
        };
        if inside {
            return if is_shown {
                "this alone would tell, among so many questions it does not".into()
            } else {
                "the interval alone would tell, the test does not; more rows or resamples would"
                    .into()
            };
        }
        match self.alternative {
            Alternative::Difference if self.margin > 0.0 => {
                format!("it may be 0, and may reach the margin {margin}; more rows would tell")
            }
            Alternative::Difference => "it may be 0; more rows, or a margin, would tell".into(),
            Alternative::Superiority => {
                format!("it may be no better than the margin {margin}; more rows would tell")
            }
            Alternative::NonInferiority => {
                format!("it may be worse by the margin {margin}; more rows would tell")
            }
            Alternative::Equivalence => {
                format!("it may reach the margin {margin}; more rows would tell")
            }
        }
    }
}

impl Claim {
    fn p_value(self, difference: &Difference) -> f64 {
        let one_sided = match self {
            Self::Different => difference.above(0.0).min(difference.below(0.0)),
            Self::Above(null) => difference.above(null),
            Self::Below(null) => difference.below(null),
            Self::Within(margin) => difference.above(-margin).max(difference.below(margin)),
        };
        (2.0 * one_sided).min(1.0)
    }

    fn verdict(self, difference: &Difference) -> Verdict {
        match self {
            // The estimate of resamples may lie on the other side.
            Self::Different if difference.below(0.0) < difference.above(0.0) => Verdict::Worse,
            Self::Above(null) if null < 0.0 => Verdict::NonInferior,
            Self::Different | Self::Above(_) => Verdict::Better,
            Self::Below(_) => Verdict::Worse,
            Self::Within(_) => Verdict::Equivalent,
        }
    }
}

impl Judgement {
    fn inconclusive(reason: String) -> Self {
        Self {
            verdict: Verdict::Inconclusive,
            reason,
            interval: None,
            p_value: None,
            adjusted_p_value: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::Bootstrap;

    fn judge(alternative: Alternative, margin: f64, estimate: f64) -> Verdict {
        let question = Question { alternative, margin, level: 0.95, higher_is_better: true };
        let difference = Difference::Areas { estimate, standard_error: 0.01, freedom: 1e6 };
        let judged = question.judge_one(&difference).unwrap();
        // Less being better turns everything around.
        let turned = Question { higher_is_better: false, ..question };
        assert_eq!(turned.judge_one(&difference.negated()).unwrap().verdict, judged.verdict);
        judged.verdict
    }

    #[test]
    fn verdicts_follow_the_interval() {
        use Alternative::{Difference, Equivalence, NonInferiority, Superiority};
        use Verdict::{Better, Equivalent, Inconclusive, NonInferior, Worse};
        // The interval reaches 0.0196 to both sides.
        assert_eq!(judge(Difference, 0.0, 0.02), Better);
        assert_eq!(judge(Difference, 0.0, 0.019), Inconclusive);
        assert_eq!(judge(Difference, 0.0, -0.02), Worse);
        assert_eq!(judge(Difference, 0.03, 0.01), Equivalent);
        assert_eq!(judge(Superiority, 0.01, 0.02), Inconclusive);
        assert_eq!(judge(Superiority, 0.01, 0.03), Better);
        assert_eq!(judge(Superiority, 0.01, -0.02), Worse);
        assert_eq!(judge(NonInferiority, 0.03, -0.01), NonInferior);
        assert_eq!(judge(NonInferiority, 0.03, 0.02), Better);
        assert_eq!(judge(NonInferiority, 0.03, -0.011), Inconclusive);
        assert_eq!(judge(NonInferiority, 0.03, -0.05), Worse);
        assert_eq!(judge(Equivalence, 0.03, 0.01), Equivalent);
        assert_eq!(judge(Equivalence, 0.03, 0.011), Inconclusive);
        assert_eq!(judge(Equivalence, 0.03, 0.05), Better);
        assert_eq!(judge(Equivalence, 0.03, -0.05), Worse);
    }

    #[test]
    fn a_margin_is_needed_where_the_claim_is_about_one() {
        let question = |alternative, margin| {
            Question { alternative, margin, level: 0.95, higher_is_better: true }.check()
        };
        assert!(question(Alternative::Equivalence, 0.0).is_err());
        assert!(question(Alternative::NonInferiority, 0.0).is_err());
        assert!(question(Alternative::Difference, f64::NAN).is_err());
        assert!(question(Alternative::Superiority, -1.0).is_err());
        assert!(question(Alternative::Superiority, 0.0).is_ok());
    }

    #[test]
    fn a_margin_of_shares_is_below_one() {
        let counts = crate::McNemar { first_only: 12, second_only: 5, rows: 90 };
        let question = |margin| Question {
            alternative: Alternative::NonInferiority,
            margin,
            level: 0.95,
            higher_is_better: true,
        };
        let percent = question(2.0).judge_one(&Difference::Counts(counts));
        assert_eq!(percent.unwrap_err().argument(), "margin");
        let judged = question(0.02).judge_one(&Difference::Counts(counts)).unwrap();
        assert_eq!(judged.verdict, Verdict::NonInferior);
    }

    fn resamples(estimate: f64, from: f64) -> Bootstrap {
        Bootstrap::new(
            estimate,
            (0..1000).map(|at| from + f64::from(at) / 1000.0).collect(),
            10_000,
        )
    }

    #[test]
    fn the_side_is_that_of_the_smaller_p_value() {
        let question = Question {
            alternative: Alternative::Difference,
            margin: 0.0,
            level: 0.95,
            higher_is_better: true,
        };
        // A skew metric: its estimate is below zero, and all but one of a hundred resamples above.
        let above = Difference::Resamples(resamples(-0.005, -0.01));
        let judged = question.judge_one(&above).unwrap();
        assert_eq!(judged.verdict, Verdict::Better);
        assert!(judged.interval.unwrap().lower > 0.0);
        let turned = Question { higher_is_better: false, ..question };
        assert_eq!(turned.judge_one(&above).unwrap().verdict, Verdict::Worse);
        assert_eq!(question.judge_one(&above.negated()).unwrap().verdict, Verdict::Worse);
    }

    #[test]
    fn a_corrected_interval_is_judged_as_it_is_told() {
        let question = Question {
            alternative: Alternative::Difference,
            margin: 0.0,
            level: 0.95,
            higher_is_better: true,
        };
        // Of the resamples 2 % are at most 0; half of the others are below the estimate, or less.
        for (estimate, verdict) in [(0.48, Verdict::Better), (0.3, Verdict::Inconclusive)] {
            let plain = resamples(estimate, -0.02);
            let corrected = Difference::Resamples(plain.clone().corrected(&[1.0, 2.0, 3.0]));
            let judged = question.judge_one(&corrected).unwrap();
            assert_eq!(judged.verdict, verdict, "{estimate}");
            assert_eq!(judged.interval.unwrap().lower > 0.0, verdict == Verdict::Better);
            let plain = question.judge_one(&Difference::Resamples(plain)).unwrap();
            assert_eq!(plain.verdict, Verdict::Better);
        }
    }

    #[test]
    fn slices_are_adjusted_for_their_number() {
        let question = Question {
            alternative: Alternative::Difference,
            margin: 0.0,
            level: 0.95,
            higher_is_better: true,
        };
        let weak = Difference::Areas { estimate: 0.022, standard_error: 0.01, freedom: 1e6 };
        let none = Difference::Areas { estimate: 0.0, standard_error: 0.0, freedom: 1e6 };
        assert_eq!(question.judge_one(&weak).unwrap().verdict, Verdict::Better);
        let all = vec![weak.clone(), none, weak.clone(), weak];
        let judged = question.judge(&all, Adjustment::Holm).unwrap();
        assert_eq!(judged[0].verdict, Verdict::Inconclusive);
        assert!(judged[0].reason.contains("among so many"), "{}", judged[0].reason);
        let p = judged[0].p_value.unwrap();
        assert!((judged[0].adjusted_p_value.unwrap() - 3.0 * p).abs() < 1e-12);
        assert_eq!((judged[1].verdict, judged[1].p_value), (Verdict::Inconclusive, None));
        let relaxed = question.judge(&all, Adjustment::BenjaminiHochberg).unwrap();
        assert_eq!(relaxed[0].verdict, Verdict::Better);
    }

    #[test]
    fn reasons_are_read_at_any_scale() {
        for (estimate, shown) in [(1e-16, "1e-16"), (1.5e300, "1.5e300"), (0.5, "0.5")] {
            let question = Question {
                alternative: Alternative::Difference,
                margin: 0.0,
                level: 0.999_999_9,
                higher_is_better: true,
            };
            let difference =
                Difference::Areas { estimate, standard_error: estimate / 100.0, freedom: 1e6 };
            let reason = question.judge_one(&difference).unwrap().reason;
            let begins = format!("the difference is {shown} with the 99.99999 % interval ");
            assert!(reason.starts_with(&begins) && reason.len() < 140, "{reason}");
        }
    }
}
