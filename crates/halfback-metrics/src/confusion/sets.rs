//! Precision, recall, F and Jaccard from what was true and what was predicted of each class.

use crate::column::Label;
use crate::error::{Error, Metric, Reason, Result, Warning};

use super::Confusion;

/// One class against all others, in rows or in weight.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Tally {
    /// Of the class, and predicted.
    pub true_positive: f64,
    /// Of another class, and predicted.
    pub false_positive: f64,
    /// Of the class, and not predicted.
    pub false_negative: f64,
    /// Of another class, and not predicted.
    pub true_negative: f64,
}

impl Tally {
    fn predicted(&self) -> f64 {
        self.true_positive + self.false_positive
    }

    pub(super) fn truth(&self) -> f64 {
        self.true_positive + self.false_negative
    }

    fn add(self, other: &Self) -> Self {
        Self {
            true_positive: self.true_positive + other.true_positive,
            false_positive: self.false_positive + other.false_positive,
            false_negative: self.false_negative + other.false_negative,
            true_negative: self.true_negative + other.true_negative,
        }
    }
}

/// How the scores of classes become one number.
#[derive(Clone, Debug, PartialEq)]
pub enum Average {
    /// The score of this class; for two classes only.
    Binary(Label),
    /// The score of all classes counted together.
    Micro,
    /// The mean over classes.
    Macro,
    /// The mean over classes, weighted by their true rows.
    Weighted,
    /// The mean over rows; for several labels a row only.
    Samples,
}

/// What a share of nothing is: scikit-learn's `zero_division`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ZeroDivision {
    /// Zero, with a warning.
    #[default]
    Warn,
    /// Zero.
    Zero,
    /// One.
    One,
    /// NaN, which means leave out.
    Nan,
}

impl ZeroDivision {
    fn metric(self, reason: Reason) -> Metric {
        match self {
            Self::Warn => Metric::warned(0.0, reason, Warning::UndefinedMetric),
            Self::Zero => Metric::silent(0.0, reason),
            Self::One => Metric::silent(1.0, reason),
            Self::Nan => Metric::silent(f64::NAN, reason),
        }
    }

    fn share(self, part: f64, whole: f64, reason: Reason) -> Metric {
        if whole == 0.0 { self.metric(reason) } else { Metric::of(part / whole) }
    }
}

/// Precision, recall and F of one average.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SetScores {
    /// The share of what was predicted that is true.
    pub precision: Metric,
    /// The share of what is true that was predicted.
    pub recall: Metric,
    /// The weighted harmonic mean of both.
    pub fscore: Metric,
}

/// Precision, recall and F of one class.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelScores {
    /// The class.
    pub label: Label,
    /// Its scores.
    pub scores: SetScores,
    /// Its true rows, or their weight.
    pub support: f64,
}

/// A share of a tally: precision, recall and so on.
type Share<'a> = &'a dyn Fn(&Tally) -> Metric;

/// The average of shares over tallies, as scikit-learn's `_nanaverage` has it: NaN is left out, and
/// weights that are all zero count for nothing.
pub(super) fn average(tallies: &[Tally], weights: Option<&[f64]>, share: Share<'_>) -> Metric {
    let shares: Vec<Metric> = tallies.iter().map(share).collect();
    let undefined = shares.iter().find_map(|share| share.undefined);
    let (mut sum, mut whole, mut plain, mut kept) = (0.0, 0.0, 0.0, 0.0);
    for (at, share) in shares.iter().enumerate().filter(|(_, share)| !share.value.is_nan()) {
        let weight = weights.map_or(1.0, |weights| weights[at]);
        sum += weight * share.value;
        whole += weight;
        plain += share.value;
        kept += 1.0;
    }
    let value = if whole == 0.0 { plain / kept } else { sum / whole };
    Metric { value, undefined }
}

pub(super) fn precision(zero: ZeroDivision) -> impl Fn(&Tally) -> Metric {
    move |t| zero.share(t.true_positive, t.predicted(), Reason::NonePredicted)
}

pub(super) fn recall(zero: ZeroDivision) -> impl Fn(&Tally) -> Metric {
    move |t| zero.share(t.true_positive, t.truth(), Reason::NoneTrue)
}

/// Source: van Rijsbergen, Information Retrieval (1979), in scikit-learn's form
/// (1 + β²) TP / (β² true + predicted).
pub(super) fn fscore(beta: f64, zero: ZeroDivision) -> impl Fn(&Tally) -> Metric {
    move |t| {
        if beta == f64::INFINITY {
            return recall(zero)(t);
        }
        if beta == 0.0 {
            return precision(zero)(t);
        }
        let square = beta * beta;
        let whole = square * t.truth() + t.predicted();
        zero.share((1.0 + square) * t.true_positive, whole, Reason::NoneTrueNorPredicted)
    }
}

/// Source: Jaccard (1901): the size of the intersection over that of the union.
pub(super) fn jaccard(zero: ZeroDivision) -> impl Fn(&Tally) -> Metric {
    move |t| {
        let union = t.true_positive + t.false_positive + t.false_negative;
        zero.share(t.true_positive, union, Reason::NoneTrueNorPredicted)
    }
}

pub(super) fn scores(
    tallies: &[Tally],
    weights: Option<&[f64]>,
    beta: f64,
    zero: ZeroDivision,
) -> SetScores {
    SetScores {
        precision: average(tallies, weights, &precision(zero)),
        recall: average(tallies, weights, &recall(zero)),
        fscore: average(tallies, weights, &fscore(beta, zero)),
    }
}

pub(super) fn check_beta(beta: f64) -> Result<()> {
    if beta >= 0.0 {
        return Ok(());
    }
    Err(Error::OutOfRange { argument: "beta", found: beta, expected: "zero or more" })
}

/// Tallies and their weights for an average over classes.
pub(super) fn gathered(tallies: Vec<Tally>, how: &Average) -> (Vec<Tally>, Option<Vec<f64>>) {
    match how {
        Average::Micro => (vec![tallies.iter().fold(Tally::default(), Tally::add)], None),
        Average::Weighted => {
            let weights = tallies.iter().map(Tally::truth).collect();
            (tallies, Some(weights))
        }
        Average::Binary(_) | Average::Macro | Average::Samples => (tallies, None),
    }
}

impl Confusion {
    /// Each listed class against all others: `multilabel_confusion_matrix` of one column.
    pub fn tallies(&self) -> Vec<Tally> {
        let k = self.classes.len();
        let (mut truth, mut predicted) = (vec![0.0; k], vec![0.0; k]);
        for row in 0..k {
            for column in 0..k {
                let cell = self.cell(row, column);
                truth[row] += cell;
                predicted[column] += cell;
            }
        }
        let total = self.total();
        let tally = |class: usize| {
            let hit = self.cell(class, class);
            Tally {
                true_positive: hit,
                false_positive: predicted[class] - hit,
                false_negative: truth[class] - hit,
                true_negative: total - truth[class] - predicted[class] + hit,
            }
        };
        (0..self.listed).map(tally).collect()
    }

    /// Precision, recall and F-beta of an average.
    ///
    /// Source: scikit-learn 1.9 `precision_recall_fscore_support`. `Average::Binary` is for two
    /// classes, of which its label must be one; `Average::Samples` is for [`MultilabelConfusion`].
    ///
    /// [`MultilabelConfusion`]: crate::MultilabelConfusion
    pub fn scores(&self, how: &Average, beta: f64, zero: ZeroDivision) -> Result<SetScores> {
        check_beta(beta)?;
        let (tallies, weights) = self.averaged(how)?;
        Ok(scores(&tallies, weights.as_deref(), beta, zero))
    }

    /// The Jaccard index of an average. Source: scikit-learn 1.9 `jaccard_score`.
    pub fn jaccard(&self, how: &Average, zero: ZeroDivision) -> Result<Metric> {
        self.averaged_share(how, &jaccard(zero))
    }

    /// The share of what is not of a class that was not predicted: the recall of the others.
    /// Source: Yerushalmy (1947).
    pub fn specificity(&self, how: &Average, zero: ZeroDivision) -> Result<Metric> {
        self.averaged_share(how, &|t| {
            zero.share(t.true_negative, t.true_negative + t.false_positive, Reason::NoNegatives)
        })
    }

    /// The share of what was not predicted as a class that is not of it.
    /// Source: Altman and Bland, Diagnostic tests 2: predictive values (BMJ 309, 1994).
    pub fn negative_predictive_value(&self, how: &Average, zero: ZeroDivision) -> Result<Metric> {
        self.averaged_share(how, &|t| {
            zero.share(t.true_negative, t.true_negative + t.false_negative, Reason::NonePredicted)
        })
    }

    /// Precision, recall and F-beta of each listed class, and its support.
    pub fn label_scores(&self, beta: f64, zero: ZeroDivision) -> Result<Vec<LabelScores>> {
        check_beta(beta)?;
        let row = |(label, tally): (&Label, Tally)| LabelScores {
            label: label.clone(),
            scores: scores(&[tally], None, beta, zero),
            support: tally.truth(),
        };
        Ok(self.labels().iter().zip(self.tallies()).map(row).collect())
    }

    /// The Jaccard index of each listed class.
    pub fn label_jaccard(&self, zero: ZeroDivision) -> Vec<Metric> {
        self.tallies().iter().map(jaccard(zero)).collect()
    }

    fn averaged_share(&self, how: &Average, share: Share<'_>) -> Result<Metric> {
        let (tallies, weights) = self.averaged(how)?;
        Ok(average(&tallies, weights.as_deref(), share))
    }

    fn averaged(&self, how: &Average) -> Result<(Vec<Tally>, Option<Vec<f64>>)> {
        match how {
            Average::Binary(label) => Ok((vec![self.binary(label)?], None)),
            Average::Samples => Err(Error::Choice {
                argument: "average",
                expected: "`samples` needs several labels a row",
            }),
            Average::Micro | Average::Macro | Average::Weighted => {
                Ok(gathered(self.tallies(), how))
            }
        }
    }

    fn binary(&self, label: &Label) -> Result<Tally> {
        let occurring = self.occurring();
        if occurring > 2 {
            let expected = "two for `average='binary'`; choose micro, macro or weighted";
            return Err(Error::Classes { argument: "y_true", found: occurring, expected });
        }
        let all = Self { listed: self.classes.len(), ..self.clone() };
        let at = self.classes.iter().position(|class| class == label);
        match at.filter(|&at| self.present[at]) {
            Some(at) => Ok(all.tallies()[at]),
            None if occurring == 2 => {
                Err(Error::UnknownLabel { argument: "pos_label", label: label.to_string() })
            }
            None => Ok(Tally { true_negative: self.total(), ..Tally::default() }),
        }
    }
}
