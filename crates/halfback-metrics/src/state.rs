//! Metrics of rows that come in batches, on many machines: what is merged is exact, so that any
//! partition and any order of the rows end in the same bytes.

mod bytes;
mod classes;
mod exact;
mod numbers;
mod ranks;
mod runs;
mod values;

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
use values::Values;

pub use values::{Quantile, Quantiles};

/// What a state is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spec {
    /// Labels against labels: a confusion matrix, whose counts are whole.
    Classification,
    /// Two classes against scores.
    Scores {
        /// Scores are within [0, 1], and log loss and Brier score are wanted.
        probabilities: bool,
        /// How many buckets there may be, from 1 to 2^24. Memory is then bounded, and so are the
        /// errors of areas, which [`ScoreSummary::auc_error`] and
        /// [`ScoreSummary::average_precision_error`] state. Buckets of probabilities have equal
        /// width. Other scores are kept as they are while no more of them differ than there are
        /// buckets; beyond that, neighbours share buckets, whose width doubles for all, relative to
        /// the scores, until they fit. Without it every different score is kept, and areas are exact.
        buckets: Option<u32>,
    },
    /// Numbers against numbers, smaller than 1e150 in size. Memory is constant.
    Regression,
    /// A column of numbers.
    Quantiles {
        /// How many buckets there may be, from 1 to 2^24. Memory is then bounded, and so is the error
        /// of quantiles, which [`Quantile::error`] states. Values are kept as scores are that are no
        /// probabilities. Without it every different value is kept, and quantiles are exact.
        buckets: Option<u32>,
    },
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
    /// For [`Spec::Quantiles`].
    Values {
        /// The numbers.
        values: Scores<'a>,
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
    Values(Box<Values>),
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
    /// Of [`Spec::Quantiles`].
    Quantiles(Quantiles),
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
    /// bucket ties. Zero without buckets, and while no buckets are shared.
    pub auc_error: f64,
    /// Average precision, over buckets where there are some.
    pub average_precision: Metric,
    /// How far that may be from the average precision of the scores themselves: up to the best or
    /// the worst order, with ties or without, that rows may have in their buckets.
    pub average_precision_error: f64,
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
            Spec::Quantiles { buckets } => Part::Values(Box::new(Values::new(buckets)?)),
        };
        Ok(Self { part })
    }

    /// What the state is for.
    pub fn spec(&self) -> Spec {
        match &self.part {
            Part::Classes(_) => Spec::Classification,
            Part::Ranks(ranks) => ranks.spec(),
            Part::Numbers(_) => Spec::Regression,
            Part::Values(values) => values.spec(),
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
            (Part::Values(own), Batch::Values { values }) => {
                if values.is_empty() {
                    return Ok(());
                }
                own.add(&values.to_f64())
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
            (Part::Values(values), Part::Values(other)) => {
                values.merge(other);
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
            Part::Values(values) => Finished::Quantiles(values.summary()?),
        })
    }

    /// The state as bytes, the same for the same rows.
    ///
    /// `HBMS`, a byte of the version, a byte of the kind, and then its numbers, little endian.
    /// Version 2 has quantiles and buckets of scores that are no probabilities, version 1 all else.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(match &self.part {
            Part::Classes(_) | Part::Numbers(_) => 1,
            Part::Ranks(ranks) => ranks.version(),
            Part::Values(_) => 2,
        });
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
            Part::Values(values) => {
                writer.byte(3);
                values.write(&mut writer);
            }
        }
        writer.finish()
    }

    /// The state that [`to_bytes`](Self::to_bytes) wrote. Foreign bytes are an error.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes)?;
        let part = match (reader.version(), reader.byte()?) {
            (1, 0) => Part::Classes(Classes::read(&mut reader)?),
            (_, 1) => Part::Ranks(Box::new(Ranks::read(&mut reader)?)),
            (1, 2) => Part::Numbers(Box::new(Numbers::read(&mut reader)?)),
            (2, 3) => Part::Values(Box::new(Values::read(&mut reader)?)),
            _ => return Err(bytes::bad("a known kind")),
        };
        reader.end()?;
        Ok(Self { part })
    }
}

fn buckets_fit(buckets: Option<u32>) -> Result<()> {
    const MOST: u32 = 1 << 24;
    if buckets.is_none_or(|buckets| (1..=MOST).contains(&buckets)) {
        return Ok(());
    }
    Err(Error::Choice { argument: "buckets", expected: "from 1 to 2^24" })
}
