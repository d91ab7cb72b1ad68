//! Numbers of the caller's own, told by the resamples of a set of columns.

use super::resampled::{is_empty, is_enough, told};
use super::{Compared, Measured, NoInterval, Settings, Suite};
use crate::comparison::{Difference, less};
use crate::error::{Metric, Reason, Result};
use crate::interval::{Bootstrap, outside};
use crate::sum::total;

impl Suite {
    /// A number of the caller's own with its interval, named `own`. `number` is called with the weight
    /// of each row; in a resample these have the sum that they have in the rows, so that a sum is told
    /// like the mean that it is a multiple of. What is not finite is undefined.
    pub fn measure_by(
        &self,
        settings: &Settings,
        mut number: impl FnMut(&[f64]) -> f64,
    ) -> Result<Measured> {
        outside(settings.level)?;
        self.check_weights()?;
        let metric = defined(number(&self.all_weights()));
        let mut interval = Err(NoInterval::TooFewUnits);
        if metric.undefined.is_none() && !self.is_one_cluster() {
            let resamples = self.resample_by(settings.replicates, settings.seed, number)?;
            interval = told(&resamples, settings.level);
        }
        Ok(Measured::new("own", metric, interval, self.method(false)))
    }

    /// Compares two models by a number of the caller's own. `numbers` gives that of both, as
    /// [`Suite::measure_by`] asks for it.
    pub fn compare_by(
        &self,
        replicates: u32,
        seed: u64,
        mut numbers: impl FnMut(&[f64]) -> [f64; 2],
    ) -> Result<Compared> {
        self.check_weights()?;
        let [first, second] = numbers(&self.all_weights()).map(defined);
        let method = self.method(true);
        let mut compared = Compared { first, second, difference: None, method };
        let is_defined = first.undefined.or(second.undefined).is_none();
        if is_defined && !self.is_one_cluster() {
            let resamples = self.resample_by(replicates, seed, |weights| {
                let [first, second] = numbers(weights);
                less(first, second)
            })?;
            let enough = is_enough(&resamples);
            compared.difference = enough.then_some(Difference::Resamples(resamples));
        }
        Ok(compared)
    }

    fn resample_by(
        &self,
        replicates: u32,
        seed: u64,
        mut number: impl FnMut(&[f64]) -> f64,
    ) -> Result<Bootstrap> {
        let all = total(&self.all_weights());
        let mut scaled = vec![0.0; self.rows()];
        self.resample(replicates, seed, |weights| {
            if is_empty(weights) {
                return f64::NAN;
            }
            let factor = all / total(weights);
            for (scaled, weight) in scaled.iter_mut().zip(weights) {
                *scaled = weight * factor;
            }
            let value = number(&scaled);
            if value.is_finite() { value } else { f64::NAN }
        })
    }
}

fn defined(value: f64) -> Metric {
    match value {
        value if value.is_nan() => Metric::silent(value, Reason::NotANumber),
        value if value.is_infinite() => Metric::silent(value, Reason::TooLarge),
        value => Metric::of(value),
    }
}
