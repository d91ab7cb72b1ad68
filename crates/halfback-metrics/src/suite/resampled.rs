//! Intervals by resamples: with weights, of whole clusters, and within strata.

use super::prepared::Prepared;
use super::{Measured, Method, NoInterval, Settings, Suite, Told};
use crate::column::same_length;
use crate::error::{Error, Metric, Result};
use crate::interval::{Bootstrap, bootstrap_weighted, several, units};

impl Suite {
    /// With the cluster of each row, such as its customer: rows of one are drawn together, and every
    /// interval comes by resamples of whole clusters, of which two at least are needed, and more at
    /// a high level: [`Bootstrap::interval`] allows for how few there are. Formulas would take the
    /// rows for independent.
    ///
    /// Source: Davison and Hinkley, Bootstrap methods and their application (1997), 3.8.
    pub fn clustered(self, clusters: &[u64]) -> Result<Self> {
        same_length("clusters", clusters.len(), self.rows())?;
        several("clusters", clusters)?;
        Ok(Self { keys: clusters.to_vec(), is_clustered: true, ..self })
    }

    /// With the stratum of each row, such as its site: in every resample each keeps the weight that
    /// it has in the rows, as [`bootstrap_stratified`](crate::bootstrap_stratified) has it.
    pub fn stratified(self, strata: &[u32]) -> Result<Self> {
        same_length("strata", strata.len(), self.rows())?;
        Ok(Self { strata: Some(strata.to_vec()), ..self })
    }

    /// Of how many clusters the rows with a weight are; none where each row is drawn alone.
    pub fn clusters(&self) -> Option<usize> {
        self.is_clustered.then(|| units(&self.keys, None, self.weights.as_deref()))
    }

    /// Whether all rows with a weight are of one cluster, so that resamples say nothing.
    pub fn is_one_cluster(&self) -> bool {
        self.clusters() == Some(1)
    }

    /// Whether intervals come by resamples alone.
    pub fn is_resampled(&self) -> bool {
        self.weights.is_some() || self.is_clustered || self.strata.is_some()
    }

    /// Rows of a slice may all have a weight of zero.
    pub(super) fn check_weights(&self) -> Result<()> {
        match &self.weights {
            Some(weights) if is_empty(weights) => Err(Error::ZeroWeights),
            _ => Ok(()),
        }
    }

    /// A metric over resamples of the rows, called with the weight of each.
    pub(super) fn resample(
        &self,
        replicates: u32,
        seed: u64,
        metric: impl FnMut(&[f64]) -> f64,
    ) -> Result<Bootstrap> {
        let (own, strata) = (self.all_weights(), self.strata.as_deref());
        bootstrap_weighted(&self.keys, strata, &own, replicates, seed, metric)
    }

    /// The weight of each row; one where there are none.
    pub(super) fn all_weights(&self) -> Vec<f64> {
        self.weights.clone().unwrap_or_else(|| vec![1.0; self.rows()])
    }

    pub(super) fn measure_resampled(
        &self,
        names: &[&'static str],
        prepared: &Prepared,
        settings: &Settings,
    ) -> Result<Vec<Measured>> {
        let method = self.method(false);
        let values = prepared.values(names, self.weights.as_deref());
        if self.is_one_cluster() {
            let told = Err(NoInterval::TooFewUnits);
            let measured = |(&name, metric)| Measured::new(name, metric, told, method);
            return Ok(names.iter().zip(values).map(measured).collect());
        }
        let mut replicates = vec![Vec::new(); names.len()];
        self.resample(settings.replicates, settings.seed, |weights| {
            if self.is_clustered && is_empty(weights) {
                return f64::NAN;
            }
            let values = prepared.values(names, Some(weights));
            for (kept, value) in replicates.iter_mut().zip(values) {
                kept.push(value.defined().unwrap_or(f64::NAN));
            }
            0.0
        })?;
        let measured = |((&name, metric), kept): ((&&'static str, Metric), Vec<f64>)| {
            // The first call was with all rows once.
            let resamples =
                Bootstrap::new(metric.value, kept[1..].to_vec(), self.units_of(name, None));
            Measured::new(name, metric, told(&resamples, settings.level), method)
        };
        // What drew nothing of a stratum was not asked for.
        let asked = settings.replicates as usize + 1;
        for kept in &mut replicates {
            kept.resize(asked, f64::NAN);
        }
        Ok(names.iter().zip(values).zip(replicates).map(measured).collect())
    }

    /// How rows are drawn.
    pub(super) fn method(&self, is_paired: bool) -> Method {
        match (is_paired, self.is_clustered, self.strata.is_some()) {
            (false, false, false) => Method::Bootstrap,
            (false, false, true) => Method::StratifiedBootstrap,
            (false, true, false) => Method::ClusterBootstrap,
            (false, true, true) => Method::StratifiedClusterBootstrap,
            (true, false, false) => Method::PairedBootstrap,
            (true, false, true) => Method::PairedStratifiedBootstrap,
            (true, true, false) => Method::PairedClusterBootstrap,
            (true, true, true) => Method::PairedStratifiedClusterBootstrap,
        }
    }
}

/// The interval of resamples.
pub(super) fn told(resamples: &Bootstrap, level: f64) -> Told {
    let found = match resamples.interval(level) {
        Err(Error::TooFew { .. }) => Err(NoInterval::TooFewResamples),
        found => found.map_err(|_| NoInterval::TooFewUnits),
    };
    match found {
        Err(NoInterval::TooFewUnits) => found,
        _ if resamples.undefined > resamples.replicates.len() => {
            Err(NoInterval::UndefinedResamples)
        }
        Ok(_) if !resamples.has_variance() => Err(NoInterval::NoVariance),
        Ok(interval) if !(interval.lower.is_finite() && interval.upper.is_finite()) => {
            Err(NoInterval::TooLarge)
        }
        _ => found,
    }
}

/// Whether half of the resamples at least have what the metric needs: fewer are no picture of the rows.
pub(crate) fn is_enough(resamples: &Bootstrap) -> bool {
    resamples.replicates.len() >= resamples.undefined.max(2)
}

/// Whether a resample drew nothing.
pub(super) fn is_empty(weights: &[f64]) -> bool {
    weights.iter().all(|&weight| weight == 0.0)
}
