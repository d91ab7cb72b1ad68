//! Distributions: normal, Student's t, beta and binomial, to about 1e-13.

use std::f64::consts::{FRAC_1_SQRT_2, PI, TAU};

/// The chance that a standard normal is at most `x`.
///
/// Source: the complementary error function of musl's libm, exact to the last digit or two, so that
/// far tails keep their digits.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// The chance that a standard normal lies at least as far from 0 as `z`.
pub fn normal_two_sided(z: f64) -> f64 {
    libm::erfc(z.abs() * FRAC_1_SQRT_2)
}

/// The number below which a standard normal lies with chance `p`; infinite at 0 and 1.
///
/// Source: Wichura, Algorithm AS 241 (1988), with one step of Halley's method.
pub fn normal_quantile(p: f64) -> f64 {
    if !(p > 0.0 && p < 1.0) {
        return match p {
            0.0 => f64::NEG_INFINITY,
            1.0 => f64::INFINITY,
            _ => f64::NAN,
        };
    }
    let x = wichura(p);
    // From the nearer tail, where the difference keeps its digits.
    let density = (-0.5 * x * x).exp() / TAU.sqrt();
    let excess = if x < 0.0 { normal_cdf(x) - p } else { (1.0 - p) - normal_cdf(-x) };
    let step = excess / density;
    if step.is_finite() { x - step / (1.0 + 0.5 * x * step) } else { x }
}

fn wichura(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * ratio(r, &CENTRE);
    }
    let r = (-(if q < 0.0 { p } else { 1.0 - p }).ln()).sqrt();
    let x = if r <= 5.0 { ratio(r - 1.6, &SHOULDER) } else { ratio(r - 5.0, &TAIL) };
    x.copysign(q)
}

/// Numerator and denominator, from the constant on.
type Rational = ([f64; 8], [f64; 8]);

const CENTRE: Rational = (
    [
        3.387_132_872_796_366_5,
        133.141_667_891_784_38,
        1_971.590_950_306_551_3,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ],
    [
        1.0,
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_545,
    ],
);

const SHOULDER: Rational = (
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
);

const TAIL: Rational = (
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_87,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        0.599_832_206_555_888,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_7e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
);

fn ratio(r: f64, (above, below): &Rational) -> f64 {
    let sum = |terms: &[f64; 8]| terms.iter().rev().fold(0.0, |sum, term| sum * r + term);
    sum(above) / sum(below)
}

/// The chance that a beta variable of shapes `a` and `b`, above zero, is at most `x`.
///
/// Sources: the continued fraction of DLMF 8.17.22 by Lentz's method; its factor by Loader, Fast and
/// accurate computation of binomial probabilities (2000).
pub fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return if x.is_nan() { x } else { 0.0 };
    }
    if x >= 1.0 {
        return 1.0;
    }
    shares(x, 1.0 - x, a, b)
}

/// [`beta_cdf`] of `x`, whose distance from 1 is given too, since it may have digits that `x` lacks.
fn shares(x: f64, rest: f64, a: f64, b: f64) -> f64 {
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - tail(rest, x, b, a);
    }
    tail(x, rest, a, b)
}

fn tail(x: f64, rest: f64, a: f64, b: f64) -> f64 {
    let factor = a * b / (a + b) * binomial_density(a, a + b, x, rest);
    factor / a / fraction(x, a, b)
}

fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    const MOST: u32 = 200_000;
    let guard = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let (mut c, mut product) = (1.0, d);
    for m in (1..MOST).map(f64::from) {
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let before = product;
        for term in [even, odd] {
            d = 1.0 / guard(1.0 + term * d);
            c = guard(1.0 + term / c);
            product *= c * d;
        }
        if (product - before).abs() <= 1e-16 * product.abs() {
            break;
        }
    }
    1.0 / product
}

/// C(n, k) p^k q^(n - k) for numbers that need not be whole, with q = 1 - p.
fn binomial_density(k: f64, n: f64, p: f64, q: f64) -> f64 {
    let log =
        stirling(n) - stirling(k) - stirling(n - k) - deviance(k, n * p) - deviance(n - k, n * q);
    (n / (2.0 * PI * k * (n - k))).sqrt() * log.exp()
}

/// ln Γ(n + 1) less Stirling's formula.
fn stirling(n: f64) -> f64 {
    if n <= 15.0 {
        return libm::lgamma(n + 1.0) - (n + 0.5) * n.ln() + n - 0.5 * TAU.ln();
    }
    let square = n * n;
    let terms = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0];
    let sum = terms.iter().rev().fold(-691.0 / 360_360.0, |sum, term| sum / square + term);
    sum / n
}

/// k ln(k / m) + m - k, without cancellation near k = m.
fn deviance(k: f64, m: f64) -> f64 {
    if (k - m).abs() >= 0.1 * (k + m) {
        return k * (k / m).ln() + m - k;
    }
    let v = (k - m) / (k + m);
    let mut sum = (k - m) * v;
    let mut term = 2.0 * k * v;
    for j in (1..1000).map(f64::from) {
        term *= v * v;
        let next = sum + term / (2.0 * j + 1.0);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

/// The number below which a beta variable lies with chance `p`.
///
/// Newton's method within a bracket on [`beta_cdf`].
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    if p.is_nan() || p <= 0.0 {
        return if p.is_nan() { p } else { 0.0 };
    }
    if p >= 1.0 {
        return 1.0;
    }
    let slope = |x: f64| {
        // The density of the beta distribution, by that of the binomial one.
        a * b / (a + b) * binomial_density(a, a + b, x, 1.0 - x) / (x * (1.0 - x))
    };
    root(|x| beta_cdf(x, a, b) - p, slope, (0.0, 1.0), a / (a + b))
}

/// The root of an ascending function within a bracket.
fn root(
    f: impl Fn(f64) -> f64,
    slope: impl Fn(f64) -> f64,
    (mut low, mut high): (f64, f64),
    start: f64,
) -> f64 {
    let mut x = start;
    for _ in 0..400 {
        let y = f(x);
        if y == 0.0 {
            return x;
        }
        if y > 0.0 {
            high = x;
        } else {
            low = x;
        }
        let newton = x - y / slope(x);
        let next = if newton > low && newton < high { newton } else { f64::midpoint(low, high) };
        if (next - x).abs() <= 4.0 * f64::EPSILON * next.abs() {
            return next;
        }
        x = next;
    }
    x
}

/// The chance that Student's t with `freedom` degrees lies at least as far from 0 as `t`.
///
/// Source: DLMF 8.17.20 (by the incomplete beta function).
pub fn student_two_sided(t: f64, freedom: f64) -> f64 {
    if t.is_infinite() {
        return 0.0;
    }
    let square = t * t;
    if square.is_infinite() {
        // The first term of the density far out, to the last digit.
        let half = freedom / 2.0;
        let log = libm::lgamma(half + 0.5) - libm::lgamma(half) - 0.5 * (freedom * PI).ln();
        return 2.0 * (log + (half - 0.5) * freedom.ln() - freedom * t.abs().ln()).exp();
    }
    let (x, rest) = (freedom / (freedom + square), square / (freedom + square));
    shares(x, rest, freedom / 2.0, 0.5)
}

/// The number that Student's t exceeds with chance `upper`, at most one half.
pub fn student_quantile(upper: f64, freedom: f64) -> f64 {
    let (a, b) = (freedom / 2.0, 0.5);
    // The root in y = t² / (freedom + t²), or in 1 - y where y is near 1.
    let beyond = |y: f64| shares(1.0 - y, y, a, b) - 2.0 * upper;
    if beyond(0.5) > 0.0 {
        let x = beta_quantile(2.0 * upper, a, b);
        return (freedom * (1.0 - x) / x).sqrt();
    }
    let slope = |y: f64| a * b / (a + b) * binomial_density(b, a + b, y, 1.0 - y) / (y * (1.0 - y));
    let y = root(|y| -beyond(y), slope, (0.0, 1.0), 1.0 / (1.0 + freedom));
    (freedom * y / (1.0 - y)).sqrt()
}

/// The chance of at most `k` successes in `n` trials of chance `p`.
pub fn binomial_cdf(k: f64, n: f64, p: f64) -> f64 {
    if k < 0.0 {
        return 0.0;
    }
    if k >= n { 1.0 } else { beta_cdf(1.0 - p, n - k, k + 1.0) }
}

/// The chance of exactly `k` successes in `n` trials of chance `p` within (0, 1).
pub fn binomial_pmf(k: f64, n: f64, p: f64) -> f64 {
    if k <= 0.0 {
        return (n * (-p).ln_1p()).exp();
    }
    if k >= n { (n * p.ln()).exp() } else { binomial_density(k, n, p, 1.0 - p) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_far_tail_of_student_goes_on() {
        for freedom in [1.0, 1.3, 1.9] {
            // At the last number whose square is one the tail goes down by its power law.
            let near = student_two_sided(1e150, freedom);
            let far = student_two_sided(1e160, freedom);
            assert!((far / near * 10f64.powf(10.0 * freedom) - 1.0).abs() < 1e-9, "{freedom}");
        }
        assert_eq!(student_two_sided(1e200, 2.0), 0.0);
    }
}
