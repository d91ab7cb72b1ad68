//! Sums of floats without rounding, so that they do not depend on the order.

use super::bytes::{Reader, Writer, bad};
use crate::error::Result;

/// Digits of 32 bits from 2^-1074 on: all floats, with room for 2^63 of them.
const DIGITS: usize = 68;

/// The size of the last digit, which no sum of floats reaches.
const LAST: i64 = 1 << 32;

/// A sum as a fixed-point number of every bit that a float can have.
///
/// Source: Kulisch's long accumulator, in the form of Neal, Fast exact summation using small and
/// large superaccumulators (2015).
#[derive(Clone, Debug)]
pub(super) struct ExactSum {
    digits: [i64; DIGITS],
    /// How many numbers may have left carries behind.
    pending: u32,
}

impl Default for ExactSum {
    fn default() -> Self {
        Self { digits: [0; DIGITS], pending: 0 }
    }
}

impl PartialEq for ExactSum {
    fn eq(&self, other: &Self) -> bool {
        self.settled().digits == other.settled().digits
    }
}

impl ExactSum {
    /// Adds a finite number.
    #[inline]
    pub(super) fn add(&mut self, value: f64) {
        const MOST: u32 = 1 << 29;
        let bits = value.to_bits();
        let exponent = (bits >> 52 & 0x7FF) as usize;
        let fraction = bits & ((1 << 52) - 1);
        let mantissa = if exponent == 0 { fraction } else { fraction | 1 << 52 };
        let place = exponent.saturating_sub(1);
        let wide = u128::from(mantissa) << (place % 32);
        let sign = if value.is_sign_negative() { -1 } else { 1 };
        let at = place / 32;
        for (offset, digit) in self.digits[at..at + 3].iter_mut().enumerate() {
            *digit += sign * i64::from((wide >> (32 * offset)) as u32);
        }
        self.pending += 1;
        if self.pending >= MOST {
            self.settle();
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.settle();
        let other = other.settled();
        for (digit, other) in self.digits.iter_mut().zip(other.digits) {
            *digit += other;
        }
        self.settle();
    }

    /// Carries, so that every digit but the last, which has the sign, is within [0, 2^32).
    fn settle(&mut self) {
        let mut carry = 0;
        for digit in &mut self.digits[..DIGITS - 1] {
            let sum = *digit + carry;
            carry = sum >> 32;
            *digit = sum & 0xFFFF_FFFF;
        }
        let last = &mut self.digits[DIGITS - 1];
        // Sums of foreign bytes may be as large as they can be read.
        *last = (*last + carry).clamp(-LAST, LAST);
        self.pending = 0;
    }

    fn settled(&self) -> Self {
        let mut settled = self.clone();
        settled.settle();
        settled
    }

    /// The mean of so many numbers, also where their sum is beyond the largest float.
    pub(super) fn mean(&self, count: u64) -> f64 {
        let (sum, _) = self.value();
        if sum.is_finite() {
            return sum / count as f64;
        }
        libm::ldexp(self.scaled(-64).0 / count as f64, 64)
    }

    /// The sum as a float and what it lacks.
    pub(super) fn value(&self) -> (f64, f64) {
        self.scaled(0)
    }

    /// The same, times a power of two.
    fn scaled(&self, power: i32) -> (f64, f64) {
        let mut sum = self.settled();
        let negative = sum.digits[DIGITS - 1] < 0;
        if negative {
            sum.digits.iter_mut().for_each(|digit| *digit = -*digit);
            sum.settle();
        }
        let Some(top) = sum.digits.iter().rposition(|&digit| digit != 0) else { return (0.0, 0.0) };
        let low = top.saturating_sub(3);
        let kept = sum.digits[low..=top].iter().rev();
        let wide = kept.fold(0u128, |wide, &digit| wide << 32 | (digit & 0xFFFF_FFFF) as u128);
        // One bit less, for the float may be rounded up to the next power of two.
        let wide = if top > low + 2 { wide >> 1 } else { wide };
        let shift = i32::from(top > low + 2);
        let high = wide as f64;
        let rest = (wide as i128 - high as i128) as f64;
        let scale = |value: f64| {
            libm::ldexp(
                if negative { -value } else { value },
                32 * low as i32 - 1074 + shift + power,
            )
        };
        (scale(high), scale(rest))
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        let settled = self.settled();
        for digit in &settled.digits[..DIGITS - 1] {
            writer.half(*digit as u32);
        }
        writer.number(settled.digits[DIGITS - 1] as u64);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let mut sum = Self::default();
        for digit in &mut sum.digits[..DIGITS - 1] {
            *digit = reader.half()?.into();
        }
        let last = reader.number()? as i64;
        if !(-LAST..=LAST).contains(&last) {
            return Err(bad("a sum of floats"));
        }
        sum.digits[DIGITS - 1] = last;
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::ExactSum;

    fn sum(values: &[f64]) -> ExactSum {
        let mut sum = ExactSum::default();
        for &value in values {
            sum.add(value);
        }
        sum
    }

    #[test]
    fn nothing_is_lost() {
        assert_eq!(sum(&[1e300, 1.0, -1e300]).value(), (1.0, 0.0));
        assert_eq!(sum(&[f64::MAX, -f64::MAX]).value(), (0.0, 0.0));
        assert_eq!(sum(&[5e-324, 5e-324]).value(), (1e-323, 0.0));
        assert_eq!(sum(&[-5e-324, 1.0, -1.0]).value(), (-5e-324, 0.0));
        assert_eq!(sum(&[1.0, 2f64.powi(-70)]).value(), (1.0, 2f64.powi(-70)));
        assert_eq!(sum(&[0.1; 10]).value().0, 1.0);
        assert_eq!(sum(&[f64::MAX, f64::MAX]).value().0, f64::INFINITY);
        for value in [3.5, -1e-310, 1e308, -0.1, 2f64.powi(-1022), 4_294_967_296.0] {
            assert_eq!(sum(&[value]).value(), (value, 0.0));
        }
    }

    #[test]
    fn means_are_finite() {
        assert_eq!(sum(&[f64::MAX; 3]).mean(3), f64::MAX);
        assert_eq!(sum(&[f64::MIN; 3]).mean(4), f64::MIN / 4.0 * 3.0);
        assert_eq!(sum(&[5e-324, 1e-323]).mean(1), 1.5e-323);
        assert_eq!(sum(&[1.0, 2.0]).mean(2), 1.5);
    }

    #[test]
    fn order_and_partition_do_not_matter() {
        let values = [1e20, -3.7, 1e-20, 7.0, -1e20, 0.1, 1e100];
        let mut turned = values;
        turned.reverse();
        assert_eq!(sum(&values), sum(&turned));
        let mut merged = sum(&values[..3]);
        merged.merge(&sum(&values[3..]));
        assert_eq!(merged, sum(&values));
    }
}
