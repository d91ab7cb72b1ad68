//! Metrics of rows that come in batches, on many machines: what is merged is exact, so that any
//! partition and any order of the rows end in the same bytes.

mod bytes;
mod classes;
mod exact;
mod numbers;
mod ranks;

use crate::column::{Label, Labels, Scores, finite, rows};
use crate::confusion::Confusion;
use crate::encode::positives;
use crate::error::{Error, Metric, Result};
use crate::regression::ErrorSummary;
use crate::score::within_unit;

use bytes::{Reader, Writer};
use classes::Classes;
use numbers::Numbers;
use ranks::Ranks;

/// What a state is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spec {
    /// Labels against labels: a confusion matrix, whose counts are whole.
    Classification,
    /// Two classes against scores.
    Scores {
        /// Scores are within [0, 1], and log loss and Brier score are wanted.
        probabilities: bool,
        /// How many buckets of equal width take probabilities, from 1 to 2^24. Memory is then
        /// bounded, and so is the error of areas, which [`ScoreSummary::auc_error`] states. Without
        /// it every different score is kept, and areas are exact.
        buckets: Option<u32>,
    },
    /// Numbers against numbers, smaller than 1e150 in size. Memory is constant.
    Regression,
}

/// Some rows.
#[derive(Clone, Copy, Debug)]
pub enum Batch<'a> {
    /// For [`Spec::Classification`].
    Classes {
        /// The true labels.
        y_true: Labels<'a>,
        /// The predicted labels.
        y_pred: Labels<'a>,
    },
    /// For [`Spec::Scores`].
    Scores {
        /// The true labels.
        y_true: Labels<'a>,
        /// Larger for rows that are likelier positive.
        y_score: Scores<'a>,
        /// The positive class; may be left out where labels are from {0, 1} or {-1, 1}.
        pos_label: Option<&'a Label>,
    },
    /// For [`Spec::Regression`].
    Numbers {
        /// The true values.
        y_true: Scores<'a>,
        /// The predictions.
        y_pred: Scores<'a>,
    },
}

/// What has been seen of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    part: Part,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Classes(Classes),
    Ranks(Box<Ranks>),
    Numbers(Box<Numbers>),
}

/// What comes of a state.
#[derive(Clone, Debug, PartialEq)]
pub enum Finished {
    /// Of [`Spec::Classification`].
    Classification(Confusion),
    /// Of [`Spec::Scores`].
    Scores(ScoreSummary),
    /// Of [`Spec::Regression`].
    Regression(ErrorSummary),
}

/// Metrics of scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreSummary {
    /// Positive rows.
    pub positives: u64,
    /// Negative rows.
    pub negatives: u64,
    /// The area under the ROC curve.
    pub roc_auc: Metric,
    /// How far that may be from the area of the scores themselves: half the share of pairs that a
    /// bucket ties. Zero without buckets.
    pub auc_error: f64,
    /// Average precision, over buckets where there are some.
    pub average_precision: Metric,
    /// The mean log loss, of probabilities.
    pub log_loss: Option<f64>,
    /// The Brier score, of probabilities.
    pub brier: Option<f64>,
}

impl State {
    /// Nothing seen yet.
    pub fn new(spec: Spec) -> Result<Self> {
        let part = match spec {
            Spec::Classification => Part::Classes(Classes::default()),
            Spec::Scores { probabilities, buckets } => {
                Part::Ranks(Box::new(Ranks::new(probabilities, buckets)?))
            }
            Spec::Regression => Part::Numbers(Box::default()),
        };
        Ok(Self { part })
    }

    /// What the state is for.
    pub fn spec(&self) -> Spec {
        match &self.part {
            Part::Classes(_) => Spec::Classification,
            Part::Ranks(ranks) => ranks.spec(),
            Part::Numbers(_) => Spec::Regression,
        }
    }

    /// Sees more rows; none is no error. After an error the state is what it was.
    pub fn update(&mut self, batch: Batch<'_>) -> Result<()> {
        match (&mut self.part, batch) {
            (Part::Classes(classes), Batch::Classes { y_true, y_pred }) => {
                if y_true.is_empty() && y_pred.is_empty() {
                    return Ok(());
                }
                classes.add(&Confusion::of(y_true, y_pred, None, None)?)
            }
            (Part::Ranks(ranks), Batch::Scores { y_true, y_score, pos_label }) => {
                if y_true.is_empty() && y_score.is_empty() {
                    return Ok(());
                }
                rows(y_true.len(), ("y_score", y_score.len()), None)?;
                let scores = y_score.to_f64();
                finite("y_score", &scores)?;
                if ranks.probabilities() {
                    within_unit("y_score", &scores)?;
                }
                ranks.add(&positives(y_true, pos_label)?, &scores);
                Ok(())
            }
            (Part::Numbers(numbers), Batch::Numbers { y_true, y_pred }) => {
                if y_true.is_empty() && y_pred.is_empty() {
                    return Ok(());
                }
                rows(y_true.len(), ("y_pred", y_pred.len()), None)?;
                numbers.add(&y_true.to_f64(), &y_pred.to_f64())
            }
            _ => Err(Error::Choice { argument: "batch", expected: "what the state's spec is for" }),
        }
    }

    /// Sees what another state has seen, which is of the same spec.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        let expected = "a state of the same spec";
        if self.spec() != other.spec() {
            return Err(Error::Choice { argument: "other", expected });
        }
        match (&mut self.part, &other.part) {
            (Part::Classes(classes), Part::Classes(other)) => classes.merge(other),
            (Part::Ranks(ranks), Part::Ranks(other)) => {
                ranks.merge(other);
                Ok(())
            }
            (Part::Numbers(numbers), Part::Numbers(other)) => {
                numbers.merge(other);
                Ok(())
            }
            _ => Err(Error::Choice { argument: "other", expected }),
        }
    }

    /// The metrics of all rows seen, of which there must be some.
    pub fn finish(&self) -> Result<Finished> {
        Ok(match &self.part {
            Part::Classes(classes) => Finished::Classification(classes.confusion()?),
            Part::Ranks(ranks) => Finished::Scores(ranks.summary()?),
            Part::Numbers(numbers) => Finished::Regression(numbers.summary()?),
        })
    }

    /// The state as bytes, the same for the same rows.
    ///
    /// Version 1: `HBMS`, a byte of the version, a byte of the kind, and then its numbers, little
    /// endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        match &self.part {
            Part::Classes(classes) => {
                writer.byte(0);
                classes.write(&mut writer);
            }
            Part::Ranks(ranks) => {
                writer.byte(1);
                ranks.write(&mut writer);
            }
            Part::Numbers(numbers) => {
                writer.byte(2);
                numbers.write(&mut writer);
            }
        }
        writer.finish()
    }

    /// The state that [`to_bytes`](Self::to_bytes) wrote. Foreign bytes are an error.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes)?;
        let part = match reader.byte()? {
            0 => Part::Classes(Classes::read(&mut reader)?),
            1 => Part::Ranks(Box::new(Ranks::read(&mut reader)?)),
            2 => Part::Numbers(Box::new(Numbers::read(&mut reader)?)),
            _ => return Err(bytes::bad("a known kind")),
        };
        reader.end()?;
        Ok(Self { part })
    }
}
