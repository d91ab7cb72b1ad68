//! What a metric gives, laid flat: `dev.halfback.metrics.Numbers` reads it in the same order.

use halfback_metrics::{Interval, Metric, Reason, SetScores};
use jni::Env;
use jni::objects::JDoubleArray;

use crate::failure::Failure;

/// Every reason, each known to Java by its place.
pub(super) const REASONS: [Reason; 17] = [
    Reason::NonePredicted,
    Reason::NoneTrue,
    Reason::NoneTrueNorPredicted,
    Reason::PredictedNotTrue,
    Reason::OneClass,
    Reason::NoPositives,
    Reason::NoNegatives,
    Reason::ZeroDenominator,
    Reason::ConstantTruth,
    Reason::ZeroTarget,
    Reason::TooFewRows,
    Reason::Meaningless,
    Reason::NoneRelevant,
    Reason::Separated,
    Reason::NotProbabilities,
    Reason::UnsortedLabels,
    Reason::NoVariance,
];

/// Numbers, and lists of them with their lengths before them.
#[derive(Default)]
pub(super) struct Numbers(Vec<f64>);

#[expect(clippy::cast_precision_loss, reason = "counts of rows are below 2^53")]
impl Numbers {
    pub(super) fn number(&mut self, number: f64) -> &mut Self {
        self.0.push(number);
        self
    }

    pub(super) fn count(&mut self, count: u64) -> &mut Self {
        self.number(count as f64)
    }

    pub(super) fn list(&mut self, numbers: &[f64]) -> &mut Self {
        self.0.push(numbers.len() as f64);
        self.0.extend_from_slice(numbers);
        self
    }

    /// A number, and the place of the reason why it is undefined, or -1.
    pub(super) fn metric(&mut self, metric: Metric) -> &mut Self {
        let reason = metric.undefined.map(|undefined| undefined.reason);
        self.number(metric.value).reason(reason)
    }

    pub(super) fn reason(&mut self, reason: Option<Reason>) -> &mut Self {
        let place = reason.and_then(|reason| REASONS.iter().position(|known| *known == reason));
        self.number(place.map_or(-1.0, |place| place as f64))
    }

    pub(super) fn metrics(&mut self, metrics: &[Metric]) -> &mut Self {
        self.count(metrics.len() as u64);
        for metric in metrics {
            self.metric(*metric);
        }
        self
    }

    pub(super) fn sets(&mut self, scores: &SetScores) -> &mut Self {
        self.metric(scores.precision).metric(scores.recall).metric(scores.fscore)
    }

    pub(super) fn interval(&mut self, interval: &Interval) -> &mut Self {
        self.number(interval.estimate)
            .number(interval.lower)
            .number(interval.upper)
            .number(interval.level)
    }

    pub(super) fn into_array<'local>(
        self,
        env: &mut Env<'local>,
    ) -> Result<JDoubleArray<'local>, Failure> {
        let array = env.new_double_array(self.0.len())?;
        array.set_region(env, 0, &self.0)?;
        Ok(array)
    }
}
