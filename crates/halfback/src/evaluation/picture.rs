//! Pictures of what was measured, as SVG: one file each, without scripts, fonts or anything from elsewhere.
//!
//! Lines and texts take the colour of what is around them, so they are read in light and dark; the
//! colours are of Okabe and Ito (2008), which also those tell apart who see few, and no meaning is in
//! a colour alone.

mod canvas;
mod chart;
mod name;

use halfback_metrics::{percent, range};
use halfback_store::error::{Detail, Result};
use halfback_store::name::shown;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::comparison::{Comparison, Verdict};
use super::measure::code;
use super::record::{Evaluation, MetricValue, Slice, Task};
use canvas::number_by;
use chart::{Bar, bars, curve, fineness};

/// What is drawn of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Picture {
    /// The ROC curve; of more than two classes one for each, and their average.
    Roc,
    /// The precision-recall curve.
    PrecisionRecall,
    /// The reliability diagram: observed shares by probability.
    Calibration,
    /// The confusion matrix.
    Confusion,
    /// A metric over all rows and by slice, with intervals.
    Slices,
}

impl Picture {
    /// Every picture.
    pub const ALL: [Self; 5] =
        [Self::Roc, Self::PrecisionRecall, Self::Calibration, Self::Confusion, Self::Slices];
}

impl Evaluation {
    /// The pictures that there are of it.
    pub fn pictures(&self) -> Vec<Picture> {
        let has = |picture: &Picture| {
            let curves = self.measurement.curves.as_ref();
            match picture {
                Picture::Roc => curves.is_some_and(|curves| {
                    !curves.roc.is_empty() || !curves.roc_by_class.is_empty()
                }),
                Picture::PrecisionRecall => {
                    curves.is_some_and(|curves| !curves.precision_recall.is_empty())
                }
                Picture::Calibration => curves.is_some_and(|curves| !curves.reliability.is_empty()),
                Picture::Confusion => curves.is_some_and(|curves| curves.confusion.is_some()),
                Picture::Slices => true,
            }
        };
        Picture::ALL.into_iter().filter(has).collect()
    }

    /// A picture as SVG; `metric` is that of [`Picture::Slices`], the main one where absent.
    ///
    /// Fails with the code `invalid_argument` where there is no such picture.
    pub fn svg(&self, picture: Picture, metric: Option<&str>) -> Result<String> {
        if let (Some(metric), true) = (metric, picture != Picture::Slices) {
            return Err(Detail::InvalidArgument(format!(
                "`metric` is `{}`, which the picture `{}` does not take; it is for `slices`",
                shown(metric),
                code(&picture)
            ))
            .into());
        }
        let missing = || self.no_picture(&code(&picture));
        if !self.pictures().contains(&picture) {
            return Err(missing().into());
        }
        let curves = self.measurement.curves.as_ref();
        let of = |name: &str| {
            let metric = self.metric(name);
            let step = metric.and_then(|it| it.lower.zip(it.upper)).map_or(f64::INFINITY, fineness);
            let value = metric.and_then(|metric| metric.value);
            value.map(|value| format!("{name} {}", number_by(value, step))).unwrap_or_default()
        };
        match (picture, curves) {
            (Picture::Slices, _) => self.slices(metric),
            (Picture::Roc, Some(curves)) if curves.roc.is_empty() => {
                Ok(chart::by_class(&curves.roc_by_class))
            }
            (Picture::Roc, Some(curves)) => {
                let axes = ("false positive rate", "true positive rate");
                Ok(curve("ROC curve", &of("roc_auc"), axes, &curves.roc, true))
            }
            (Picture::PrecisionRecall, Some(curves)) => {
                let area = of("average_precision");
                let points = &curves.precision_recall;
                Ok(curve("Precision and recall", &area, ("recall", "precision"), points, false))
            }
            (Picture::Calibration, Some(curves)) => {
                Ok(chart::reliability(&curves.reliability, &of("brier")))
            }
            (Picture::Confusion, Some(curves)) => {
                let confusion = curves.confusion.as_ref().ok_or_else(missing)?;
                Ok(chart::confusion(confusion))
            }
            (_, None) => Err(missing().into()),
        }
    }

    /// Why there is no picture of this name.
    pub(super) fn no_picture(&self, name: &str) -> Detail {
        let there: Vec<String> =
            self.pictures().iter().map(|picture| format!("`{}`", code(picture))).collect();
        let known = Picture::ALL.into_iter().find(|picture| code(picture) == name);
        let of = match known {
            Some(Picture::Roc) => "two classes with scores, or of three to ten with probabilities",
            Some(Picture::PrecisionRecall) => "two classes with scores",
            Some(Picture::Calibration) => "two classes with probabilities",
            Some(Picture::Confusion) => "two to twenty classes",
            Some(Picture::Slices) | None => "",
        };
        let kept = match of {
            "" => String::new(),
            of => format!("; it is of {of}, and lists leave it out, `get_evaluation` does not"),
        };
        Detail::InvalidArgument(format!(
            "the evaluation has no picture `{}`, expected one of {}{kept}",
            shown(name),
            there.join(", ")
        ))
    }

    fn slices(&self, metric: Option<&str>) -> Result<String> {
        let main = self.main_metric().map(|main| main.metric.as_str());
        let metric = metric.or(main).unwrap_or_default();
        let values: Vec<&MetricValue> =
            self.measurement.metrics.iter().filter(|value| value.metric == metric).collect();
        if values.is_empty() {
            return Err(Detail::InvalidArgument(format!(
                "`metric` is `{}`, which the evaluation does not have",
                shown(metric)
            ))
            .into());
        }
        let bar = |value: &&MetricValue| Bar {
            column: value.slice.as_ref().map(|slice| slice.column.clone()),
            label: label(value.slice.as_ref()),
            rows: value.rows,
            value: value.value,
            bounds: value.lower.zip(value.upper),
            class: "a",
            note: value
                .undefined
                .as_ref()
                .or(value.no_interval.as_ref())
                .cloned()
                .unwrap_or_default(),
        };
        let level = percent(self.measurement.level);
        let bars_of: Vec<Bar> = values.iter().map(bar).collect();
        let ends = range(metric, self.measurement.task == Task::Binary);
        Ok(bars(&format!("{metric} by slice, with {level} % intervals"), &bars_of, None, ends))
    }
}

impl Comparison {
    /// The differences over all rows and by slice as SVG: a forest plot.
    pub fn svg(&self) -> String {
        let measurement = &self.measurement;
        let bar = |result: &super::comparison::ComparedSlice| Bar {
            column: result.slice.as_ref().map(|slice| slice.column.clone()),
            label: label(result.slice.as_ref()),
            rows: result.rows,
            value: result.difference,
            bounds: result.lower.zip(result.upper),
            class: match result.verdict {
                Verdict::Better => "g",
                Verdict::Worse => "b",
                Verdict::Equivalent | Verdict::NonInferior => "a",
                Verdict::Inconclusive => "n",
            },
            note: code(&result.verdict).replace('_', "-"),
        };
        let all: Vec<Bar> = measurement.results.iter().map(bar).collect();
        let level = percent(measurement.level);
        let title =
            format!("{}, candidate less baseline, with {level} % intervals", measurement.metric);
        let ends = range(&measurement.metric, measurement.task == Task::Binary);
        let ends = ends.map(|(least, most)| (least - most, most - least));
        bars(&title, &all, Some(measurement.margin), ends)
    }
}

/// What a row is called below its column.
fn label(slice: Option<&Slice>) -> String {
    match slice {
        None => "all rows".into(),
        Some(Slice { value, .. }) => value.clone(),
    }
}

#[cfg(test)]
mod tests;
