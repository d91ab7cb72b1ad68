//! The classification report: a record, and the text that scikit-learn prints.

use std::fmt::Write as _;

use crate::error::{Error, Result};

use super::{Average, Confusion, MultilabelConfusion, SetScores, ZeroDivision};

/// The scores of every class and their averages.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// A row for each class.
    pub classes: Vec<ReportRow>,
    /// The share of right rows, in place of the micro average where both are the same.
    pub accuracy: Option<ReportRow>,
    /// The averages: micro (unless there is accuracy), macro, weighted, and samples for several
    /// labels a row.
    pub averages: Vec<ReportRow>,
    /// Whether supports are counts of rows, which are printed as whole numbers.
    whole: bool,
}

/// One line of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportRow {
    /// The class, or the average.
    pub name: String,
    /// Precision, recall and F1.
    pub scores: SetScores,
    /// True rows, or their weight.
    pub support: f64,
}

impl Confusion {
    /// The report of the listed classes. `names` stand for the classes, one each.
    ///
    /// Source: scikit-learn 1.9 `classification_report`.
    pub fn report(&self, names: Option<&[&str]>, zero: ZeroDivision) -> Result<Report> {
        let labels: Vec<String> = self.labels().iter().map(ToString::to_string).collect();
        let rows = self.label_scores(1.0, zero)?;
        let rows = rows.into_iter().map(|row| (row.scores, row.support));
        let classes = named(&labels, names, rows)?;
        let hidden = &self.present[self.listed..];
        let is_accuracy = !self.given || hidden.iter().all(|present| !present);
        let support = classes.iter().map(|row| row.support).sum();
        let average = |name: &str, how| -> Result<ReportRow> {
            Ok(ReportRow { name: name.into(), scores: self.scores(&how, 1.0, zero)?, support })
        };
        let micro = average(if is_accuracy { "accuracy" } else { "micro avg" }, Average::Micro)?;
        let others =
            [average("macro avg", Average::Macro)?, average("weighted avg", Average::Weighted)?];
        let (accuracy, first) = if is_accuracy { (Some(micro), None) } else { (None, Some(micro)) };
        let right = (0..self.classes.len()).any(|class| self.count(class, class) > 0);
        Ok(Report {
            classes,
            accuracy,
            averages: first.into_iter().chain(others).collect(),
            // scikit-learn counts in floats where no row is right.
            whole: self.weights.is_none() && right,
        })
    }
}

impl MultilabelConfusion<'_> {
    /// The report of the chosen labels. `names` stand for them, one each.
    ///
    /// Source: scikit-learn 1.9 `classification_report`.
    pub fn report(&self, names: Option<&[&str]>, zero: ZeroDivision) -> Result<Report> {
        let labels: Vec<String> = self.labels().iter().map(ToString::to_string).collect();
        let classes = named(&labels, names, self.label_scores(1.0, zero)?.into_iter())?;
        let support = classes.iter().map(|row| row.support).sum();
        let averages = [
            ("micro avg", Average::Micro),
            ("macro avg", Average::Macro),
            ("weighted avg", Average::Weighted),
            ("samples avg", Average::Samples),
        ];
        let average = |(name, how): (&str, Average)| -> Result<ReportRow> {
            Ok(ReportRow { name: name.into(), scores: self.scores(&how, 1.0, zero)?, support })
        };
        let averages = averages.into_iter().map(average).collect::<Result<_>>()?;
        Ok(Report { classes, accuracy: None, averages, whole: !self.weighted() })
    }
}

fn named(
    labels: &[String],
    names: Option<&[&str]>,
    rows: impl Iterator<Item = (SetScores, f64)>,
) -> Result<Vec<ReportRow>> {
    let names: Vec<String> = match names {
        None => labels.to_vec(),
        Some(names) if names.len() == labels.len() => {
            names.iter().map(|&name| name.to_owned()).collect()
        }
        Some(names) => {
            let (found, expected) = (names.len(), labels.len());
            return Err(Error::Lengths { argument: "target_names", found, expected });
        }
    };
    let row = |(name, (scores, support))| ReportRow { name, scores, support };
    Ok(names.into_iter().zip(rows).map(row).collect())
}

impl Report {
    /// The text that scikit-learn prints, with `digits` after the point, at most 64.
    pub fn to_text(&self, digits: usize) -> String {
        const AVERAGE: usize = "weighted avg".len();
        let digits = digits.min(64);
        let name_width = |row: &ReportRow| row.name.chars().count();
        let widest = self.classes.iter().map(name_width).max().unwrap_or(0);
        let width = widest.max(AVERAGE).max(digits);
        let mut text = format!("{:>width$} ", "");
        for head in ["precision", "recall", "f1-score", "support"] {
            let _ = write!(text, " {head:>9}");
        }
        text.push_str("\n\n");
        for row in &self.classes {
            self.line(&mut text, row, width, digits);
        }
        text.push('\n');
        if let Some(row) = &self.accuracy {
            let (accuracy, support) = (row.scores.fscore.value, self.support(row.support));
            let accuracy = fixed(accuracy, digits);
            let _ = writeln!(
                text,
                "{:>width$}  {:>9} {:>9} {accuracy:>9} {support:>9}",
                row.name, "", ""
            );
        }
        for row in &self.averages {
            self.line(&mut text, row, width, digits);
        }
        text
    }

    fn line(&self, text: &mut String, row: &ReportRow, width: usize, digits: usize) {
        let _ = write!(text, "{:>width$} ", row.name);
        for metric in [row.scores.precision, row.scores.recall, row.scores.fscore] {
            let _ = write!(text, " {:>9}", fixed(metric.value, digits));
        }
        let _ = writeln!(text, " {:>9}", self.support(row.support));
    }

    fn support(&self, support: f64) -> String {
        if self.whole { format!("{support}") } else { format!("{support:?}") }
    }
}

/// As Python writes it.
fn fixed(value: f64, digits: usize) -> String {
    if value.is_nan() { "nan".into() } else { format!("{value:.digits$}") }
}
