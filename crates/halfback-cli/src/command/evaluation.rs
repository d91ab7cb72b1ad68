//! `evaluation` and `comparison`: what versions were measured to be, and pictures of it.

use std::fs::{OpenOptions, remove_file};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use halfback::{
    ComparedSlice, Dataset, DateTime, Kind, ListComparisons, ListEvaluations, MetricValue, Slice,
};
use serde_json::json;

use super::whole;
use crate::failure::{Failure, Outcome};
use crate::people;
use crate::session::{Limit, Past, Session};
use crate::table::{Card, Column};
use crate::visible::{cut_middle, visible};

/// List or show what a version was measured to be, or draw it
///
/// Python, Java and Rust measure; the registry keeps the numbers and no rows.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "\
Examples:
  halfback evaluation list risk.credit.default/2
  halfback evaluation show 14")]
pub(crate) enum Evaluation {
    /// List the evaluations of a version, the newest first
    #[command(after_long_help = "\
Examples:
  halfback evaluation list risk.credit.default/2
  halfback evaluation list risk.credit.default@challenger --json")]
    List(List),
    /// Show an evaluation: every metric with its interval, over all rows and by slice
    ///
    /// With `--json` also its curves.
    #[command(after_long_help = "\
Examples:
  halfback evaluation show 14
  halfback evaluation show 14 --json")]
    Show(Show),
    Picture(Picture),
}

// What clap tells of these two is said where they are used.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// A version such as `fraud/3` or `fraud@champion`
    version: String,
    #[command(flatten)]
    limit: Limit,
    #[command(flatten)]
    past: Past,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Its id, as `list` tells it
    #[arg(value_parser = whole)]
    id: i64,
    #[command(flatten)]
    past: Past,
}

/// Draw an evaluation into a new SVG file
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback evaluation picture 14 roc roc.svg
  halfback evaluation picture 14 slices accuracy.svg --metric accuracy")]
pub(crate) struct Picture {
    /// Its id, as `list` tells it
    #[arg(value_parser = whole)]
    id: i64,
    /// What is drawn
    #[arg(value_name = "PICTURE")]
    what: Drawn,
    /// The file to write
    to: PathBuf,
    /// The metric of `slices`; the main one where absent
    #[arg(long)]
    metric: Option<String>,
    #[command(flatten)]
    past: Past,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Drawn {
    /// The ROC curve; of more than two classes one for each, and their average
    Roc,
    /// The precision-recall curve
    PrecisionRecall,
    /// The reliability diagram: observed shares by probability
    Calibration,
    /// The confusion matrix
    Confusion,
    /// A metric over all rows and by slice, with intervals
    Slices,
}

/// List or show how two versions differ on the same rows, or draw it
///
/// Python, Java and Rust measure; the registry keeps the numbers and no rows.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "\
Examples:
  halfback comparison list risk.credit.default/2
  halfback comparison show 15")]
pub(crate) enum Comparison {
    /// List the comparisons of a version with others, the newest first
    #[command(after_long_help = "\
Examples:
  halfback comparison list risk.credit.default/2
  halfback comparison list risk.credit.default@champion --json")]
    List(List),
    /// Show a comparison: the verdict with its reason, and the difference over all rows and by slice
    #[command(after_long_help = "\
Examples:
  halfback comparison show 15
  halfback comparison show 15 --json")]
    Show(Show),
    Picture(Forest),
}

/// Draw a comparison, as a forest plot, into a new SVG file
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback comparison picture 15 forest.svg")]
pub(crate) struct Forest {
    /// Its id, as `list` tells it
    #[arg(value_parser = whole)]
    id: i64,
    /// The file to write
    to: PathBuf,
    #[command(flatten)]
    past: Past,
}

const EVALUATION: [Column<halfback::Evaluation>; 7] = [
    Column::right("ID", |evaluation| evaluation.id.to_string()),
    Column::whole("RECORDED (UTC)", |evaluation| people::time(evaluation.recorded_at)),
    Column::text("BY", |evaluation| evaluation.recorded_by.clone().unwrap_or_default()),
    Column::whole("TASK", |evaluation| people::word(evaluation.measurement.task)),
    Column::right("ROWS", |evaluation| rows(evaluation.measurement.rows)),
    Column::text("MAIN METRIC", |evaluation| {
        evaluation.main_metric().map(headline).unwrap_or_default()
    }),
    Column::text("DATASET", |evaluation| dataset(evaluation.measurement.dataset.as_ref())),
];

const METRIC: [Column<MetricValue>; 6] = [
    Column::whole("METRIC", |value| value.metric.clone()),
    Column::text("SLICE", |value| slice(value.slice.as_ref())),
    Column::right("ROWS", |value| rows(value.rows)),
    Column::right("VALUE", |value| figures(value.value)),
    Column::whole("INTERVAL", |value| interval(value.lower, value.upper)),
    Column::text("HOW", |value| {
        let undefined = value.undefined.as_ref().map(|why| format!("undefined: {why}"));
        let no_interval = value.no_interval.as_ref().map(|why| format!("no interval: {why}"));
        undefined.or(no_interval).or_else(|| value.method.clone()).unwrap_or_default()
    }),
];

const COMPARISON: [Column<halfback::Comparison>; 7] = [
    Column::right("ID", |comparison| comparison.id.to_string()),
    Column::whole("RECORDED (UTC)", |comparison| people::time(comparison.recorded_at)),
    Column::name("CANDIDATE", |comparison| comparison.candidate.clone()),
    Column::name("BASELINE", |comparison| comparison.baseline.clone()),
    Column::whole("METRIC", |comparison| comparison.measurement.metric.clone()),
    Column::whole("VERDICT", |comparison| people::word(comparison.verdict)),
    Column::text("DATASET", |comparison| dataset(comparison.measurement.dataset.as_ref())),
];

const RESULT: [Column<ComparedSlice>; 8] = [
    Column::text("SLICE", |result| match &result.slice {
        None => "all rows".into(),
        of => slice(of.as_ref()),
    }),
    Column::right("ROWS", |result| rows(result.rows)),
    Column::right("CANDIDATE", |result| figures(result.candidate_value)),
    Column::right("BASELINE", |result| figures(result.baseline_value)),
    Column::right("DIFFERENCE", |result| figures(result.difference)),
    Column::whole("INTERVAL", |result| interval(result.lower, result.upper)),
    Column::right("ADJUSTED P", |result| figures(result.adjusted_p_value)),
    Column::whole("VERDICT", |result| people::word(result.verdict)),
];

impl Evaluation {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        match self {
            Self::List(List { version, limit, past }) => {
                let view = session.still(&past)?;
                let none = "no evaluations";
                session.output.list(&EVALUATION, limit.get(), none, |size, cursor| {
                    let version = version.as_str().into();
                    view.query(ListEvaluations { version, page_size: Some(size), cursor })
                })
            }
            Self::Show(Show { id, past }) => {
                let evaluation = session.view(&past)?.get_evaluation(id)?;
                session.output.record(&evaluation, |output| {
                    output.card(&evaluation_card(&evaluation))?;
                    output.text("\n")?;
                    output.table(&METRIC, &evaluation.measurement.metrics)
                })
            }
            Self::Picture(Picture { id, what, to, metric, past }) => {
                let evaluation = session.view(&past)?.get_evaluation(id)?;
                let svg = evaluation.svg(what.into(), metric.as_deref())?;
                write_new(&to, &svg)?;
                drawn(session, "evaluation", id, &to)
            }
        }
    }
}

impl Comparison {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        match self {
            Self::List(List { version, limit, past }) => {
                let view = session.still(&past)?;
                let none = "no comparisons";
                session.output.list(&COMPARISON, limit.get(), none, |size, cursor| {
                    let version = version.as_str().into();
                    view.query(ListComparisons { version, page_size: Some(size), cursor })
                })
            }
            Self::Show(Show { id, past }) => {
                let comparison = session.view(&past)?.get_comparison(id)?;
                session.output.record(&comparison, |output| {
                    output.card(&comparison_card(&comparison))?;
                    output.text("\n")?;
                    output.table(&RESULT, &comparison.measurement.results)
                })
            }
            Self::Picture(Forest { id, to, past }) => {
                let comparison = session.view(&past)?.get_comparison(id)?;
                write_new(&to, &comparison.svg())?;
                drawn(session, "comparison", id, &to)
            }
        }
    }
}

impl From<Drawn> for halfback::Picture {
    fn from(drawn: Drawn) -> Self {
        match drawn {
            Drawn::Roc => Self::Roc,
            Drawn::PrecisionRecall => Self::PrecisionRecall,
            Drawn::Calibration => Self::Calibration,
            Drawn::Confusion => Self::Confusion,
            Drawn::Slices => Self::Slices,
        }
    }
}

fn drawn(session: &mut Session<'_, '_>, what: &str, id: i64, to: &Path) -> Outcome {
    let record = json!({ what: id, "path": to.to_string_lossy() });
    session
        .output
        .record(&record, |output| output.line(&format!("drew {what} {id} in {}", to.display())))
}

fn write_new(to: &Path, svg: &str) -> Outcome {
    let opened = OpenOptions::new().write(true).create_new(true).open(to);
    let written = opened.and_then(|mut file| {
        // Half a picture is not left behind.
        file.write_all(svg.as_bytes()).inspect_err(|_| drop(remove_file(to)))
    });
    written.map_err(|error| {
        let place = to.display();
        let (kind, code, why) = match error.kind() {
            ErrorKind::AlreadyExists => {
                let why = "it is there already and is never overwritten; choose another name";
                (Kind::Conflict, "already_exists", why.to_owned())
            }
            ErrorKind::NotFound => {
                (Kind::NotFound, "not_found", "its folder is not there".to_owned())
            }
            ErrorKind::PermissionDenied => (Kind::Denied, "permission_denied", error.to_string()),
            _ => (Kind::Unavailable, "io", error.to_string()),
        };
        Failure::of(kind, code, format!("cannot write `{place}`: {why}"))
    })
}

fn evaluation_card(evaluation: &halfback::Evaluation) -> Card {
    let measurement = &evaluation.measurement;
    let pictures = evaluation.pictures();
    let pictures = pictures.into_iter().map(|picture| people::word(picture).replace('_', "-"));
    let card = Card::new(&format!("evaluation {} of {}", evaluation.id, evaluation.version))
        .fact("task", people::word(measurement.task))
        .fact("dataset", dataset(measurement.dataset.as_ref()))
        .fact("rows", rows(measurement.rows))
        .fact("weighted", measurement.weighted.then(|| "yes".to_owned()))
        .fact("clusters", measurement.clusters.map(rows))
        .fact("positive", measurement.pos_label.clone())
        .fact("threshold", measurement.threshold.map(|threshold| threshold.to_string()))
        .fact("level", measurement.level.to_string())
        .fact("replicates", measurement.replicates.map(rows))
        .fact("seed", measurement.replicates.map(|_| measurement.seed.to_string()))
        .fact("pictures", pictures.collect::<Vec<_>>().join(" "))
        .fact("library", measurement.library.clone())
        .fact("data", measurement.data_digest.clone());
    recorded(card, evaluation.recorded_at, evaluation.recorded_by.as_ref(), evaluation.commit)
}

fn comparison_card(comparison: &halfback::Comparison) -> Card {
    let measurement = &comparison.measurement;
    let card = Card::new(&format!("comparison {}", comparison.id))
        .fact("candidate", comparison.candidate.clone())
        .fact("baseline", comparison.baseline.clone())
        .fact("verdict", people::word(comparison.verdict))
        .fact("reason", comparison.reason.clone())
        .fact("metric", measurement.metric.clone())
        .fact("higher is better", measurement.higher_is_better.map(yes_or_no))
        .fact("to show", people::word(measurement.alternative))
        .fact("margin", measurement.margin.to_string())
        .fact("dataset", dataset(measurement.dataset.as_ref()))
        .fact("rows", rows(measurement.rows))
        .fact("weighted", measurement.weighted.then(|| "yes".to_owned()))
        .fact("clusters", measurement.clusters.map(rows))
        .fact("level", measurement.level.to_string())
        .fact("method", measurement.method.clone())
        .fact("replicates", measurement.replicates.map(rows))
        .fact("seed", measurement.replicates.map(|_| measurement.seed.to_string()))
        .fact("adjustment", people::word(measurement.adjustment))
        .fact("library", measurement.library.clone())
        .fact("data", measurement.data_digest.clone());
    recorded(card, comparison.recorded_at, comparison.recorded_by.as_ref(), comparison.commit)
}

fn recorded(card: Card, at: DateTime, by: Option<&String>, commit: i64) -> Card {
    let by = by.map(|name| format!(" by {name}")).unwrap_or_default();
    card.fact("recorded", format!("{} UTC{by}, commit {commit}", people::time(at)))
}

fn yes_or_no(is_so: bool) -> String {
    if is_so { "yes" } else { "no" }.to_owned()
}

fn headline(value: &MetricValue) -> String {
    let interval = interval(value.lower, value.upper);
    format!("{} {} {interval}", value.metric, figures(value.value)).trim_end().to_owned()
}

fn figures(value: Option<f64>) -> String {
    value.map(halfback::figures).unwrap_or_default()
}

fn interval(lower: Option<f64>, upper: Option<f64>) -> String {
    let bounds = lower.zip(upper);
    bounds
        .map(|(lower, upper)| {
            format!("[{}, {}]", halfback::figures(lower), halfback::figures(upper))
        })
        .unwrap_or_default()
}

fn rows(count: i64) -> String {
    people::grouped(u64::try_from(count).unwrap_or_default())
}

/// A slice, shortened as in pictures: a longest one would make all lines as wide. JSON has the whole.
fn slice(slice: Option<&Slice>) -> String {
    const MOST: usize = 40;
    let shown = |slice: &Slice| {
        let [column, value] =
            [&slice.column, &slice.value].map(|part| cut_middle(&visible(part), MOST));
        format!("{column} = {value}")
    };
    slice.map(shown).unwrap_or_default()
}

fn dataset(dataset: Option<&Dataset>) -> String {
    let Some(Dataset { name, digest }) = dataset else { return String::new() };
    let digest = digest.as_ref().map(|digest| format!(" ({digest})")).unwrap_or_default();
    format!("{name}{digest}")
}
