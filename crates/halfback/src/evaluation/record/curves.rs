//! Curves and counts for pictures, and what they must be to be kept.

use halfback_store::error::{Detail, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::range::{FROM_ZERO, SHARE, within};
use super::super::words;
use super::plain;

/// Points of a curve.
pub(in crate::evaluation) const MOST_POINTS: usize = 101;
/// Classes with a curve of their own: more are not told apart in a picture.
pub(in crate::evaluation) const MOST_CURVES: usize = 10;
/// Classes of a confusion matrix that is kept.
pub(in crate::evaluation) const MOST_CLASSES: usize = 20;

/// Curves and counts over all rows, for pictures; each has 101 points at most.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Curves {
    /// The ROC curve: false positive rate, true positive rate.
    #[serde(default)]
    pub roc: Vec<Point>,
    /// The ROC curves of more than two classes, each against all others; of ten classes at most.
    #[serde(default)]
    pub roc_by_class: Vec<ClassCurve>,
    /// The precision-recall curve: recall, precision.
    #[serde(default)]
    pub precision_recall: Vec<Point>,
    /// The reliability table of probabilities, in ten bins of equal width.
    #[serde(default)]
    pub reliability: Vec<ReliabilityPoint>,
    /// The confusion matrix, of twenty classes at most.
    #[serde(default)]
    pub confusion: Option<ConfusionCounts>,
}

/// The curve of one class against all others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassCurve {
    /// The class.
    pub label: String,
    /// The area under it.
    pub area: f64,
    /// The curve.
    pub points: Vec<Point>,
}

/// A point of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Up.
    pub y: f64,
}

/// Rows of similar probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReliabilityPoint {
    /// Their mean probability.
    pub predicted: f64,
    /// The share of them that is positive.
    pub observed: f64,
    /// How many they are, or their weight.
    pub weight: f64,
}

/// A confusion matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfusionCounts {
    /// The classes.
    pub labels: Vec<String>,
    /// Row after row: true class, predicted class.
    pub counts: Vec<f64>,
}

impl Curves {
    pub(super) fn check(&mut self) -> Result<()> {
        let found = self.roc_by_class.len();
        if found > MOST_CURVES {
            return Err(Detail::InvalidArgument(format!(
                "`roc_by_class` has {found} curves, at most {MOST_CURVES} are kept"
            ))
            .into());
        }
        for curve in &mut self.roc_by_class {
            words(&curve.label, "a label of `roc_by_class`")?;
            share(&mut curve.area, "an area of `roc_by_class`")?;
        }
        let points = self.roc_by_class.iter_mut().map(|curve| &mut curve.points);
        for points in points.chain([&mut self.roc, &mut self.precision_recall]) {
            check_length(points.len(), "a curve")?;
            for point in points {
                share(&mut point.x, "a point of a curve")?;
                share(&mut point.y, "a point of a curve")?;
            }
        }
        check_length(self.reliability.len(), "`reliability`")?;
        for point in &mut self.reliability {
            share(&mut point.predicted, "a probability of `reliability`")?;
            share(&mut point.observed, "a share of `reliability`")?;
            count(&mut point.weight, "a weight of `reliability`")?;
        }
        let Some(confusion) = &mut self.confusion else { return Ok(()) };
        let classes = confusion.labels.len();
        if classes > MOST_CLASSES || confusion.counts.len() != classes * classes {
            return Err(Detail::InvalidArgument(format!(
                "`confusion` has {classes} labels and {} counts; expected at most {MOST_CLASSES}, and a count for each pair",
                confusion.counts.len()
            ))
            .into());
        }
        for label in &confusion.labels {
            words(label, "a label of `confusion`")?;
        }
        confusion.counts.iter_mut().try_for_each(|found| count(found, "a count of `confusion`"))
    }
}

fn share(number: &mut f64, what: &str) -> Result<()> {
    plain(number, what)?;
    within(SHARE, *number, what)
}

fn count(number: &mut f64, what: &str) -> Result<()> {
    plain(number, what)?;
    within(FROM_ZERO, *number, what)
}

fn check_length(found: usize, what: &str) -> Result<()> {
    if found <= MOST_POINTS {
        return Ok(());
    }
    Err(Detail::InvalidArgument(format!(
        "{what} has {found} points, at most {MOST_POINTS} are kept; thin it out"
    ))
    .into())
}
