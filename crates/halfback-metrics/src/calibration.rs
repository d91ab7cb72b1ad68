//! Whether probabilities mean what they say.

use crate::column::{Label, Labels, Scores, Weights, rows};
use crate::distribution::normal_two_sided;
use crate::error::{Error, Metric, Reason, Result};
use crate::order::quantile;
use crate::score::chosen;
use crate::score::ranked::steps;
use crate::score::within_unit;
use crate::sum::sum;

/// How probabilities are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bins {
    /// This many intervals of equal width.
    Uniform(usize),
    /// This many intervals between quantiles of the probabilities.
    Quantile(usize),
}

/// Rows of similar probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReliabilityBin {
    /// The probability above which it starts; the first takes its lower end too.
    pub lower: f64,
    /// The largest probability it takes.
    pub upper: f64,
    /// Its rows, or their weight.
    pub weight: f64,
    /// The mean probability.
    pub predicted: f64,
    /// The share of positive rows.
    pub observed: f64,
}

/// The reliability table: bins that have rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Reliability {
    /// By ascending probability.
    pub bins: Vec<ReliabilityBin>,
}

/// Probabilities and what came, of two classes.
struct Forecast<'a> {
    truth: Vec<bool>,
    p: std::borrow::Cow<'a, [f64]>,
    weights: Weights<'a>,
}

impl<'a> Forecast<'a> {
    fn of(
        y_true: Labels<'_>,
        y_prob: Scores<'a>,
        weights: Weights<'a>,
        pos_label: Option<&Label>,
    ) -> Result<Self> {
        rows(y_true.len(), ("y_prob", y_prob.len()), weights)?;
        let p = y_prob.to_f64();
        within_unit("y_prob", &p)?;
        if crate::score::distinct(y_true) > 2 {
            let expected = "two";
            return Err(Error::Classes { argument: "y_true", found: 3, expected });
        }
        Ok(Self { truth: chosen(y_true, pos_label)?, p, weights })
    }

    fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    fn y(&self, row: usize) -> f64 {
        f64::from(u8::from(self.truth[row]))
    }
}

/// The reliability table. `pos_label` may be left out where labels are from {0, 1} or {-1, 1}.
///
/// Source: DeGroot and Fienberg (1983); bins as in scikit-learn 1.9 `calibration_curve`.
pub fn reliability(
    y_true: Labels<'_>,
    y_prob: Scores<'_>,
    sample_weight: Weights<'_>,
    pos_label: Option<&Label>,
    bins: Bins,
) -> Result<Reliability> {
    let forecast = Forecast::of(y_true, y_prob, sample_weight, pos_label)?;
    let edges = edges(&forecast.p, bins)?;
    let count = edges.len() - 1;
    let mut sums = vec![[0.0f64; 3]; count];
    for row in 0..forecast.truth.len() {
        let (p, weight) = (forecast.p[row], forecast.weight(row));
        let bin = edges[1..count].partition_point(|&edge| edge < p);
        for (sum, term) in sums[bin].iter_mut().zip([1.0, p, forecast.y(row)]) {
            *sum += weight * term;
        }
    }
    let bin = |(at, [weight, predicted, observed]): (usize, [f64; 3])| ReliabilityBin {
        lower: edges[at],
        upper: edges[at + 1],
        weight,
        predicted: predicted / weight,
        observed: observed / weight,
    };
    let bins = sums.into_iter().enumerate().map(bin).filter(|bin| bin.weight > 0.0).collect();
    Ok(Reliability { bins })
}

fn edges(p: &[f64], bins: Bins) -> Result<Vec<f64>> {
    const MOST: usize = 1 << 20;
    let (Bins::Uniform(count) | Bins::Quantile(count)) = bins;
    if count == 0 || count > MOST {
        let expected = "one bin or more, at most 2^20";
        return Err(Error::OutOfRange { argument: "n_bins", found: count as f64, expected });
    }
    // numpy's linspace and percentile round like this, and a rounding decides of a tie.
    let step = 1.0 / count as f64;
    let part = |at: usize| if at == count { 1.0 } else { at as f64 * step };
    if matches!(bins, Bins::Uniform(_)) {
        return Ok((0..=count).map(part).collect());
    }
    let mut sorted = p.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Ok((0..=count).map(|at| quantile(&sorted, part(at) * 100.0 / 100.0)).collect())
}

impl Reliability {
    /// The mean distance of observed from predicted, weighted by rows: the expected calibration
    /// error (ECE). Source: Naeini, Cooper and Hauskrecht (AAAI 2015).
    pub fn expected_error(&self) -> f64 {
        let total: f64 = self.bins.iter().map(|bin| bin.weight).sum();
        self.bins.iter().map(|bin| bin.weight / total * bin.distance()).sum()
    }

    /// The largest distance of observed from predicted: the maximum calibration error (MCE).
    /// Source: Naeini, Cooper and Hauskrecht (AAAI 2015).
    pub fn maximum_error(&self) -> f64 {
        self.bins.iter().map(ReliabilityBin::distance).fold(0.0, f64::max)
    }

    /// The mean distance over bins, each counting the same: with [`Bins::Quantile`] the adaptive
    /// calibration error (ACE). Source: Nixon et al., Measuring calibration in deep learning (2019).
    pub fn adaptive_error(&self) -> f64 {
        self.bins.iter().map(ReliabilityBin::distance).sum::<f64>() / self.bins.len() as f64
    }
}

impl ReliabilityBin {
    fn distance(&self) -> f64 {
        (self.observed - self.predicted).abs()
    }
}

/// What a Brier score is made of: reliability - resolution + uncertainty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Murphy {
    /// How far observed shares are from the probabilities; less is better.
    pub reliability: f64,
    /// How far observed shares are from their mean; more is better.
    pub resolution: f64,
    /// The variance of what came.
    pub uncertainty: f64,
}

/// The decomposition over the different probabilities, so that its parts make exactly the Brier
/// score. Source: Murphy, A new vector partition of the probability score (1973).
pub fn murphy(
    y_true: Labels<'_>,
    y_prob: Scores<'_>,
    sample_weight: Weights<'_>,
    pos_label: Option<&Label>,
) -> Result<Murphy> {
    let forecast = Forecast::of(y_true, y_prob, sample_weight, pos_label)?;
    let (mut positive, mut total) = (0.0, 0.0);
    steps(&forecast.truth, &forecast.p, sample_weight, |step| {
        positive += step.positive;
        total += step.positive + step.negative;
    });
    let base = positive / total;
    let mut parts = Murphy { reliability: 0.0, resolution: 0.0, uncertainty: base * (1.0 - base) };
    steps(&forecast.truth, &forecast.p, sample_weight, |step| {
        let weight = step.positive + step.negative;
        let observed = step.positive / weight;
        parts.reliability += weight / total * (step.score - observed).powi(2);
        parts.resolution += weight / total * (observed - base).powi(2);
    });
    Ok(parts)
}

/// A logistic regression of what came on the log odds of the probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recalibration {
    /// 1 for perfect calibration; below where probabilities are too extreme.
    pub slope: Metric,
    /// 0 for perfect calibration.
    pub intercept: Metric,
    /// The intercept with the slope held at 1: calibration in the large.
    pub in_the_large: Metric,
}

/// Calibration slope and intercept. Probabilities are clipped to [1e-15, 1 - 1e-15].
///
/// Source: Cox, Two further applications of a model for binary regression (1958), by Newton's
/// method. Undefined where probabilities separate the classes or are constant.
pub fn recalibration(
    y_true: Labels<'_>,
    y_prob: Scores<'_>,
    sample_weight: Weights<'_>,
    pos_label: Option<&Label>,
) -> Result<Recalibration> {
    const NEAREST: f64 = 1e-15;
    let forecast = Forecast::of(y_true, y_prob, sample_weight, pos_label)?;
    let odds: Vec<f64> = forecast
        .p
        .iter()
        .map(|p| p.clamp(NEAREST, 1.0 - NEAREST))
        .map(|p| p.ln() - (-p).ln_1p())
        .collect();
    let undefined = Metric::silent(f64::NAN, Reason::Separated);
    let fit = if overlaps(&forecast, &odds) { newton(&forecast, &odds, true) } else { None };
    let one = newton(&forecast, &odds, false);
    Ok(Recalibration {
        slope: fit.map_or(undefined, |(_, slope)| Metric::of(slope)),
        intercept: fit.map_or(undefined, |(intercept, _)| Metric::of(intercept)),
        in_the_large: one.map_or(undefined, |(intercept, _)| Metric::of(intercept)),
    })
}

/// Whether there is a finite solution: the classes overlap in more than one point.
fn overlaps(forecast: &Forecast<'_>, odds: &[f64]) -> bool {
    let range = |class: bool| {
        let of = |&row: &usize| forecast.truth[row] == class && forecast.weight(row) > 0.0;
        (0..odds.len()).filter(of).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), row| {
            (low.min(odds[row]), high.max(odds[row]))
        })
    };
    let (negative, positive) = (range(false), range(true));
    negative.0 < positive.1 && positive.0 < negative.1
}

/// Intercept and slope of the likeliest line; nothing where it does not converge.
fn newton(forecast: &Forecast<'_>, odds: &[f64], free: bool) -> Option<(f64, f64)> {
    let (mut intercept, mut slope) = (0.0, 1.0);
    let mut likelihood = log_likelihood(forecast, odds, intercept, slope);
    for _ in 0..100 {
        let mut sums = [0.0f64; 5];
        for (row, &x) in odds.iter().enumerate() {
            let weight = forecast.weight(row);
            let p = 1.0 / (1.0 + (-(intercept + slope * x)).exp());
            let (gap, spread) = (weight * (forecast.y(row) - p), weight * p * (1.0 - p));
            let terms = [gap, gap * x, spread, spread * x, spread * x * x];
            for (sum, term) in sums.iter_mut().zip(terms) {
                *sum += term;
            }
        }
        let [g0, g1, h00, h01, h11] = sums;
        let (d0, d1) = if free {
            let det = h00 * h11 - h01 * h01;
            ((h11 * g0 - h01 * g1) / det, (h00 * g1 - h01 * g0) / det)
        } else {
            (g0 / h00, 0.0)
        };
        if !(d0.is_finite() && d1.is_finite()) {
            return None;
        }
        // Half steps until the likelihood does not fall, which Newton's own step may make it.
        let mut part = 1.0;
        let next = loop {
            let next = log_likelihood(forecast, odds, intercept + part * d0, slope + part * d1);
            if next >= likelihood - 1e-12 * likelihood.abs() || part < 1e-6 {
                break next;
            }
            part *= 0.5;
        };
        likelihood = next;
        intercept += part * d0;
        slope += part * d1;
        if d0.abs() <= 1e-13 * (1.0 + intercept.abs()) && d1.abs() <= 1e-13 * (1.0 + slope.abs()) {
            return (intercept.abs() < 1e6).then_some((intercept, slope));
        }
    }
    None
}

fn log_likelihood(forecast: &Forecast<'_>, odds: &[f64], intercept: f64, slope: f64) -> f64 {
    sum(odds.len(), |row| {
        let line = intercept + slope * odds[row];
        let signed = if forecast.truth[row] { line } else { -line };
        let log =
            if signed > 0.0 { -(-signed).exp().ln_1p() } else { signed - signed.exp().ln_1p() };
        forecast.weight(row) * log
    })
}

/// Spiegelhalter's test that probabilities are calibrated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spiegelhalter {
    /// Standard normal for calibrated probabilities.
    pub z: Metric,
    /// The two-sided p-value.
    pub p_value: Metric,
}

/// Source: Spiegelhalter, Probabilistic prediction in patient management and clinical trials (1986).
/// Undefined where all probabilities are 0, ½ or 1.
pub fn spiegelhalter(
    y_true: Labels<'_>,
    y_prob: Scores<'_>,
    sample_weight: Weights<'_>,
    pos_label: Option<&Label>,
) -> Result<Spiegelhalter> {
    let forecast = Forecast::of(y_true, y_prob, sample_weight, pos_label)?;
    let (mut excess, mut variance) = (0.0, 0.0);
    for row in 0..forecast.truth.len() {
        let (p, weight) = (forecast.p[row], forecast.weight(row));
        excess += weight * (forecast.y(row) - p) * (1.0 - 2.0 * p);
        variance += weight * weight * (1.0 - 2.0 * p).powi(2) * p * (1.0 - p);
    }
    if variance == 0.0 {
        let undefined = Metric::silent(f64::NAN, Reason::NoVariance);
        return Ok(Spiegelhalter { z: undefined, p_value: undefined });
    }
    let z = excess / variance.sqrt();
    Ok(Spiegelhalter { z: Metric::of(z), p_value: Metric::of(normal_two_sided(z)) })
}
