//! A column of numbers by value: every value, or buckets of neighbours.

use super::bytes::{Reader, Writer, bad};
use super::exact::ExactSum;
use super::runs::{Runs, largest};
use super::{Spec, buckets_fit};
use crate::column::{finite, not_empty};
use crate::error::{Error, Result};
use crate::score::ranked::{key, score};

/// Rows by key, which ascends with the value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Values {
    buckets: Option<u32>,
    runs: Runs<1>,
    min: f64,
    max: f64,
    sum: ExactSum,
}

/// Where the values of a column lie.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantiles {
    count: u64,
    min: f64,
    max: f64,
    mean: f64,
    /// How many low bits of keys are dropped.
    dropped: u32,
    /// Keys, and how many rows have it or one before it.
    groups: Vec<(u64, u64)>,
}

/// One quantile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile {
    /// The quantile; the middle of where it may lie.
    pub value: f64,
    /// How far it may be from that of the values themselves, up to rounding. Zero without buckets, and
    /// while there are no more different values than buckets.
    pub error: f64,
}

impl Quantiles {
    /// How many values there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The smallest value, exact.
    pub fn min(&self) -> f64 {
        self.min
    }

    /// The largest value, exact.
    pub fn max(&self) -> f64 {
        self.max
    }

    /// The mean, of an exact sum.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The quantile at `q`, from 0 to 1: of n sorted values, that at place (n - 1) q counted from
    /// zero, on a line between the two next to it. Source: Hyndman and Fan, Sample quantiles in
    /// statistical packages (1996), definition 7, which is numpy's `linear`.
    pub fn quantile(&self, q: f64) -> Result<Quantile> {
        if !(0.0..=1.0).contains(&q) {
            return Err(Error::OutOfRange { argument: "q", found: q, expected: "from 0 to 1" });
        }
        let last = self.count - 1;
        let place = last as f64 * q;
        let before = (place as u64).min(last);
        let share = place - before as f64;
        let (left, right) = (self.at(before), self.at((before + 1).min(last)));
        let low = between(left.0, right.0, share);
        let high = between(left.1, right.1, share);
        let value = middle(low, high);
        Ok(Quantile { value, error: (high - value).max(value - low) })
    }

    /// Between which numbers the value at a place lies.
    fn at(&self, place: u64) -> (f64, f64) {
        if place == 0 {
            return (self.min, self.min);
        }
        if place == self.count - 1 {
            return (self.max, self.max);
        }
        let group = self.groups.partition_point(|group| group.1 <= place);
        let Some(&(key, _)) = self.groups.get(group) else { return (self.max, self.max) };
        let first = key.checked_shl(self.dropped).unwrap_or(0);
        let last = first | !u64::MAX.checked_shl(self.dropped).unwrap_or(0);
        // What is no number is beyond the last one.
        (score(!first).max(self.min), score(!last).min(self.max))
    }
}

/// As numpy's, from the nearer end.
fn between(left: f64, right: f64, share: f64) -> f64 {
    let width = right - left;
    if width.is_infinite() {
        left * (1.0 - share) + right * share
    } else if share < 0.5 {
        left + width * share
    } else {
        right - width * (1.0 - share)
    }
}

fn middle(low: f64, high: f64) -> f64 {
    let width = high - low;
    if width.is_infinite() { low / 2.0 + high / 2.0 } else { low + width / 2.0 }
}

impl Values {
    pub(super) fn new(buckets: Option<u32>) -> Result<Self> {
        buckets_fit(buckets)?;
        let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
        Ok(Self { buckets, runs: Runs::new(buckets), min, max, sum: ExactSum::default() })
    }

    pub(super) fn spec(&self) -> Spec {
        Spec::Quantiles { buckets: self.buckets }
    }

    pub(super) fn add(&mut self, values: &[f64]) -> Result<()> {
        finite("values", values)?;
        self.runs.add(values.iter().map(|&value| (!key(value), [1])));
        for &value in values {
            self.sum.add(value);
            // Adding zero makes the two zeros one.
            self.min = self.min.min(value + 0.0);
            self.max = self.max.max(value + 0.0);
        }
        Ok(())
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.runs.merge(&other.runs);
        self.sum.merge(&other.sum);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    pub(super) fn summary(&self) -> Result<Quantiles> {
        let (dropped, counts) = self.runs.settled();
        not_empty("values", counts.len())?;
        let mut count = 0u64;
        let groups = counts.into_iter().map(|(key, [rows])| {
            count = count.saturating_add(rows);
            (key, count)
        });
        let groups = groups.collect();
        let mean = self.sum.mean(count).clamp(self.min, self.max);
        Ok(Quantiles { count, min: self.min, max: self.max, mean, dropped, groups })
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        let (dropped, groups) = self.runs.settled();
        writer.half(self.buckets.unwrap_or(0));
        writer.byte(dropped as u8);
        writer.number(self.min.to_bits());
        writer.number(self.max.to_bits());
        self.sum.write(writer);
        Runs::write(&groups, writer);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let buckets = Some(reader.half()?).filter(|&buckets| buckets > 0);
        let mut values = Self::new(buckets).map_err(|_| bad("known buckets"))?;
        let dropped = reader.dropped()?;
        values.min = f64::from_bits(reader.number()?);
        values.max = f64::from_bits(reader.number()?);
        values.sum = ExactSum::read(reader)?;
        values.runs = Runs::read(reader, buckets, dropped, largest(dropped))?;
        let (_, groups) = values.runs.settled();
        let ends = groups.first().zip(groups.last()).map(|(first, last)| (first.0, last.0));
        let key = |value: f64| (!key(value)).checked_shr(dropped).unwrap_or(0);
        let fit = match ends {
            None => values.min == f64::INFINITY && values.max == f64::NEG_INFINITY,
            Some(ends) => {
                let (min, max) = (values.min, values.max);
                let numbers = min.is_finite() && max.is_finite() && min <= max;
                numbers && ends == (key(min), key(max))
            }
        };
        if !fit || (buckets.is_none() && dropped > 0) {
            return Err(bad("the least and the largest value of its rows"));
        }
        Ok(values)
    }
}
