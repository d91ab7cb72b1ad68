//! Metrics of the caller's own: functions of a language that the core calls for all rows, each slice
//! and each resample.

use halfback_metrics::{Compared, Error as Misuse, Measured, Settings, Suite};
use halfback_store::error::{Detail, Error, Result};
use halfback_store::name::shown;

use super::measure::{refused, weightless};
use super::record::check_metric;

/// Functions of a language, called by name; of all rows until some are selected.
pub trait OwnMetrics {
    /// Means some of the rows from now on, by their places among all.
    fn select(&mut self, rows: &[u32]) -> Result<()>;

    /// A metric of the rows as one model predicts them, with how much each counts; NaN where it is
    /// undefined. An error ends the measuring.
    fn value(&mut self, metric: &str, is_baseline: bool, weights: &[f64]) -> Result<f64>;
}

/// The functions that are measured by, and what the first of them failed with.
pub(super) struct Own<'a> {
    names: &'a [String],
    functions: &'a mut dyn OwnMetrics,
    failed: Option<Error>,
}

impl<'a> Own<'a> {
    pub(super) fn new(names: &'a [String], functions: &'a mut dyn OwnMetrics) -> Result<Self> {
        for name in names {
            check_metric(name)?;
            if halfback_metrics::is_metric(name) {
                return Err(Detail::InvalidArgument(format!(
                    "`{}` is a metric that is measured already; give one's own another name",
                    shown(name)
                ))
                .into());
            }
        }
        Ok(Self { names, functions, failed: None })
    }

    /// Each metric with its name, over a suite of all rows or of those chosen.
    pub(super) fn measure(
        &mut self,
        suite: &Suite,
        chosen: Option<&[u32]>,
        settings: &Settings,
    ) -> Result<Vec<(String, Measured)>> {
        self.select(chosen)?;
        let mut all = Vec::new();
        for name in self.names {
            let measured = suite.measure_by(settings, |weights| self.ask(name, false, weights));
            let measured = match self.answered(measured)? {
                Err(Misuse::ZeroWeights) => weightless("own"),
                measured => measured.map_err(refused)?,
            };
            all.push((name.clone(), measured));
        }
        Ok(all)
    }

    /// A metric of both models, over a suite of all rows or of those chosen.
    pub(super) fn compare(
        &mut self,
        metric: &str,
        suite: &Suite,
        chosen: Option<&[u32]>,
        replicates: u32,
        seed: u64,
    ) -> Result<halfback_metrics::Result<Compared>> {
        self.select(chosen)?;
        let compared = suite.compare_by(replicates, seed, |weights| {
            [false, true].map(|is_baseline| self.ask(metric, is_baseline, weights))
        });
        self.answered(compared)
    }

    fn select(&mut self, chosen: Option<&[u32]>) -> Result<()> {
        chosen.map_or(Ok(()), |rows| self.functions.select(rows))
    }

    fn ask(&mut self, name: &str, is_baseline: bool, weights: &[f64]) -> f64 {
        if self.failed.is_some() {
            return f64::NAN;
        }
        self.functions.value(name, is_baseline, weights).unwrap_or_else(|error| {
            self.failed = Some(error);
            f64::NAN
        })
    }

    fn answered<T>(&mut self, found: T) -> Result<T> {
        self.failed.take().map_or(Ok(found), Err)
    }
}
