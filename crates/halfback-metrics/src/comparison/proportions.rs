//! The difference of two shares from independent samples.

use crate::distribution::{normal_cdf, normal_two_sided};
use crate::error::Result;
use crate::interval::{Interval, critical, proportion_share as share, wilson};

/// The interval of the first share less the second, each given as (successes, rows).
///
/// Source: Newcombe, Interval estimation for the difference between independent proportions (1998),
/// method 10.
pub fn newcombe(first: (u64, u64), second: (u64, u64), level: f64) -> Result<Interval> {
    let one = wilson(first.0, first.1, level)?;
    let other = wilson(second.0, second.1, level)?;
    let estimate = one.estimate - other.estimate;
    let down = (one.estimate - one.lower).hypot(other.upper - other.estimate);
    let up = (one.upper - one.estimate).hypot(other.estimate - other.lower);
    Ok(Interval { estimate, lower: estimate - down, upper: estimate + up, level })
}

/// Two shares of independent samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwoProportions {
    first: (u64, u64),
    second: (u64, u64),
}

/// Two shares, each given as (successes, rows).
pub fn two_proportions(first: (u64, u64), second: (u64, u64)) -> Result<TwoProportions> {
    for (successes, rows) in [first, second] {
        share(successes, rows)?;
    }
    Ok(TwoProportions { first, second })
}

/// The score interval of the first share less the second, each given as (successes, rows).
///
/// Source: Miettinen and Nurminen, Comparative analysis of two rates (1985), with the closed form of
/// Farrington and Manning (1990) for the shares under a difference.
pub fn miettinen_nurminen(first: (u64, u64), second: (u64, u64), level: f64) -> Result<Interval> {
    two_proportions(first, second)?.interval(level)
}

impl TwoProportions {
    /// The first share less the second.
    pub fn difference(&self) -> f64 {
        self.samples().difference()
    }

    /// The interval of [`miettinen_nurminen`].
    pub fn interval(&self, level: f64) -> Result<Interval> {
        let (samples, z) = (self.samples(), critical(level)?);
        let estimate = samples.difference();
        let (lower, upper) = (samples.bound(-1.0, z), samples.bound(1.0, z));
        Ok(Interval { estimate, lower, upper, level })
    }

    /// The two-sided p-value of equal shares, by the score of [`miettinen_nurminen`].
    pub fn p_value(&self) -> f64 {
        normal_two_sided(self.samples().score(0.0))
    }

    /// The one-sided p-value of a true difference of at most `null`, by the same score.
    pub(super) fn above(&self, null: f64) -> f64 {
        let samples = self.samples();
        let certain = beyond_shares(samples.difference(), null);
        certain.unwrap_or_else(|| normal_cdf(-samples.score(null)))
    }

    pub(super) fn negated(&self) -> Self {
        Self { first: self.second, second: self.first }
    }

    fn samples(&self) -> Samples {
        let [(p1, n1), (p2, n2)] = [self.first, self.second]
            .map(|(successes, rows)| (successes as f64 / rows as f64, rows as f64));
        Samples { p1, p2, n1, n2 }
    }
}

/// The p-value of a difference of shares of at most `null`, where no true difference is beyond it.
pub(super) fn beyond_shares(estimate: f64, null: f64) -> Option<f64> {
    (null.abs() >= 1.0).then_some(if estimate <= null { 1.0 } else { 0.0 })
}

struct Samples {
    p1: f64,
    p2: f64,
    n1: f64,
    n2: f64,
}

impl Samples {
    fn difference(&self) -> f64 {
        self.p1 - self.p2
    }

    /// The difference between the estimate and `end` that is `z` standard errors away, by bisection.
    fn bound(&self, end: f64, z: f64) -> f64 {
        let (mut inside, mut outside) = (self.difference(), end);
        for _ in 0..200 {
            let middle = f64::midpoint(inside, outside);
            if middle == inside || middle == outside {
                break;
            }
            if self.score(middle).abs() < z { inside = middle } else { outside = middle }
        }
        f64::midpoint(inside, outside)
    }

    /// How many standard errors the estimate is above a difference.
    fn score(&self, difference: f64) -> f64 {
        let gap = self.difference() - difference;
        let p1 = self.restricted(difference);
        let p2 = (p1 - difference).clamp(0.0, 1.0);
        let all = self.n1 + self.n2;
        let variance = (p1 * (1.0 - p1) / self.n1 + p2 * (1.0 - p2) / self.n2) * all / (all - 1.0);
        if gap == 0.0 { 0.0 } else { gap / variance.sqrt() }
    }

    /// The likeliest first share where the shares differ by `d`.
    fn restricted(&self, d: f64) -> f64 {
        let (p1, p2, t) = (self.p1, self.p2, self.n2 / self.n1);
        let a = 1.0 + t;
        let b = -(1.0 + t + p1 + t * p2 + d * (t + 2.0));
        let c = d * d + d * (2.0 * p1 + t + 1.0) + p1 + t * p2;
        let e = -p1 * d * (1.0 + d);
        let v = (b / (3.0 * a)).powi(3) - b * c / (6.0 * a * a) + e / (2.0 * a);
        let u = (b * b / (9.0 * a * a) - c / (3.0 * a)).max(0.0).sqrt().copysign(v);
        let cosine = if u == 0.0 { 0.0 } else { (v / u.powi(3)).clamp(-1.0, 1.0) };
        let w = (std::f64::consts::PI + cosine.acos()) / 3.0;
        (2.0 * u * w.cos() - b / (3.0 * a)).clamp(d.max(0.0), (1.0 + d).min(1.0))
    }
}
