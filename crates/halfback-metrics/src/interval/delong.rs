//! The variance of the area under the ROC curve, and of the difference of two on the same rows.

use crate::column::{Labels, Scores, finite, rows};
use crate::distribution::{normal_quantile, student_two_sided};
use crate::error::{Error, Metric, Reason, Result};
use crate::score::larger;
use crate::score::ranked::{key, split};

use super::{Interval, freedom, student};

/// An area and the variance of its estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AreaEstimate {
    /// The area under the ROC curve.
    pub area: f64,
    /// The variance of the estimate; zero where the classes are separated.
    pub variance: f64,
    /// The degrees of freedom of the variance, by how many rows each class has: few of one tell
    /// little, however many there are of the other.
    pub freedom: f64,
}

/// The difference of two areas on the same rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AreaDifference {
    /// The first score's area.
    pub first: AreaEstimate,
    /// The second score's area.
    pub second: AreaEstimate,
    /// The variance of first less second, which counts what they have in common.
    pub variance: f64,
    /// The degrees of freedom of the variance, as those of [`AreaEstimate`].
    pub freedom: f64,
}

/// The area of `y_score` and its variance. Both of two classes need two rows or more.
///
/// Sources: DeLong, DeLong and Clarke-Pearson (1988), by ranks as in Sun and Xu (2014), with
/// Satterthwaite's degrees of freedom (1946) in place of the normal distribution.
pub fn delong(y_true: Labels<'_>, y_score: Scores<'_>) -> Result<AreaEstimate> {
    let (truth, positives) = classes(y_true)?;
    let places = placements(&truth, y_true.len(), ("y_score", y_score))?;
    Ok(places.estimate(positives))
}

/// The areas of two scores of the same rows, and the variance of their difference.
///
/// Sources: DeLong, DeLong and Clarke-Pearson (1988), by ranks as in Sun and Xu (2014).
pub fn delong_paired(
    y_true: Labels<'_>,
    first: Scores<'_>,
    second: Scores<'_>,
) -> Result<AreaDifference> {
    let (truth, positives) = classes(y_true)?;
    let one = placements(&truth, y_true.len(), ("first", first))?;
    let other = placements(&truth, y_true.len(), ("second", second))?;
    let less = |left: &[f64], right: &[f64]| -> Vec<f64> {
        left.iter().zip(right).map(|(left, right)| left - right).collect()
    };
    let difference = Placements {
        positive: less(&one.positive, &other.positive),
        negative: less(&one.negative, &other.negative),
    };
    let AreaEstimate { variance, freedom, .. } = difference.estimate(positives);
    let (first, second) = (one.estimate(positives), other.estimate(positives));
    Ok(AreaDifference { first, second, variance, freedom })
}

impl AreaEstimate {
    /// The interval on the scale of the area, cut to [0, 1], by Student's distribution.
    pub fn interval(&self, level: f64) -> Result<Interval> {
        let reach = student(level, self.freedom)? * self.variance.sqrt();
        let (lower, upper) = ((self.area - reach).max(0.0), (self.area + reach).min(1.0));
        Ok(Interval { estimate: self.area, lower, upper, level })
    }

    /// The interval on the scale of log odds, which covers better near 0 and 1; the area itself
    /// where it is 0 or 1. Source: Qin and Hotilovac (2008).
    pub fn logit_interval(&self, level: f64) -> Result<Interval> {
        let t = student(level, self.freedom)?;
        let area = self.area;
        if area <= 0.0 || area >= 1.0 {
            return Ok(Interval { estimate: area, lower: area, upper: area, level });
        }
        let odds = (area / (1.0 - area)).ln();
        let reach = t * self.variance.sqrt() / (area * (1.0 - area));
        let back = |odds: f64| 1.0 / (1.0 + (-odds).exp());
        let (lower, upper) = (back(odds - reach), back(odds + reach));
        Ok(Interval { estimate: area, lower, upper, level })
    }
}

impl AreaDifference {
    /// First less second.
    pub fn difference(&self) -> f64 {
        self.first.area - self.second.area
    }

    /// The interval of first less second, cut to [-1, 1].
    pub fn interval(&self, level: f64) -> Result<Interval> {
        let reach = student(level, self.freedom)? * self.variance.sqrt();
        let estimate = self.difference();
        let (lower, upper) = ((estimate - reach).max(-1.0), (estimate + reach).min(1.0));
        Ok(Interval { estimate, lower, upper, level })
    }

    /// The two-sided p-value of no difference; undefined without variance.
    pub fn p_value(&self) -> Metric {
        if self.variance <= 0.0 {
            return Metric::silent(f64::NAN, Reason::NoVariance);
        }
        Metric::of(student_two_sided(self.difference() / self.variance.sqrt(), self.freedom))
    }

    /// The power that this many rows had to find a difference of `margin` at `alpha`.
    pub fn power(&self, margin: f64, alpha: f64) -> f64 {
        let z = -normal_quantile(alpha / 2.0);
        let shift = margin.abs() / self.variance.sqrt();
        crate::distribution::normal_cdf(shift - z) + crate::distribution::normal_cdf(-shift - z)
    }
}

/// For each row, the share of the other class that it is on the right side of, ties counting half.
struct Placements {
    positive: Vec<f64>,
    negative: Vec<f64>,
}

impl Placements {
    fn estimate(&self, positives: usize) -> AreaEstimate {
        let negatives = self.negative.len();
        let (area, above) = mean_and_variance(&self.positive);
        let (_, below) = mean_and_variance(&self.negative);
        let variance = above / positives as f64 + below / negatives as f64;
        AreaEstimate { area, variance, freedom: freedom([positives, negatives]) }
    }
}

fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, squares / (n - 1.0))
}

fn classes(y_true: Labels<'_>) -> Result<(Vec<bool>, usize)> {
    let (truth, found) = larger(y_true)?;
    if found != 2 {
        return Err(Error::Classes { argument: "y_true", found, expected: "two" });
    }
    let positives = truth.iter().filter(|&&truth| truth).count();
    let found = positives.min(truth.len() - positives);
    if found < 2 {
        return Err(Error::TooFew { argument: "y_true", found, expected: 2 });
    }
    Ok((truth, positives))
}

fn placements(
    truth: &[bool],
    expected: usize,
    (argument, scores): (&'static str, Scores<'_>),
) -> Result<Placements> {
    rows(expected, (argument, scores.len()), None)?;
    let scores = scores.to_f64();
    finite(argument, &scores)?;
    let (positive, negative) = split(truth, &scores);
    // Keys ascend as scores descend.
    let below = |keys: &[u64], own: u64| {
        let over = keys.partition_point(|&key| key < own);
        let up_to = keys.partition_point(|&key| key <= own);
        let tied = up_to - over;
        ((keys.len() - up_to) as f64 + 0.5 * tied as f64) / keys.len() as f64
    };
    let mut places = Placements { positive: Vec::new(), negative: Vec::new() };
    for (&truth, &score) in truth.iter().zip(scores.iter()) {
        let own = key(score);
        if truth {
            places.positive.push(below(&negative, own));
        } else {
            places.negative.push(1.0 - below(&positive, own));
        }
    }
    Ok(places)
}
