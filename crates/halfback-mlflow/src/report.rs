//! What an import did, or would do: a row for every model, held against the source.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::visible::Visible;

/// What an import did; of a dry run, what it would do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Whether nothing was changed: then `brought` says what would be brought.
    pub dry_run: bool,
    /// One row for every model.
    pub models: Vec<ModelRow>,
    /// The sum of all rows.
    pub totals: Counts,
    /// Every version that was brought, with the digest that its source and its copy both have.
    pub versions: Vec<VersionRow>,
    /// What could not come over as it is, and what can be done about it.
    pub findings: Vec<Finding>,
}

/// One model, there and here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelRow {
    /// What it is called in MLflow, such as `models:/fraud`.
    pub source: String,
    /// What it is called here; none where no name could be found.
    pub model: Option<String>,
    /// Its numbers.
    #[serde(flatten)]
    pub counts: Counts,
}

/// How much of what. `there` is the sum of `brought`, `here`, `skipped` and `failed`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Versions that MLflow has, deleted ones included.
    pub there: u64,
    /// Versions that were brought.
    pub brought: u64,
    /// Versions that were here already.
    pub here: u64,
    /// Versions that were deleted in MLflow, or never became ready.
    pub skipped: u64,
    /// Versions that could not be brought; a finding says why.
    pub failed: u64,
    /// Aliases that were set.
    pub aliases: u64,
    /// Tags that were set, on models and versions.
    pub tags: u64,
    /// Files that were brought.
    pub files: u64,
    /// The size of these files in bytes.
    pub bytes: u64,
}

/// A version that was brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRow {
    /// What it is called in MLflow, such as `models:/fraud/3`.
    pub source: String,
    /// What it is called here.
    pub uri: String,
    /// The digest of its files: recomputed from the source, it is the stored one.
    pub digest: String,
    /// How many files it has.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
}

/// Something that could not come over as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is about, such as `models:/fraud/3`.
    pub subject: String,
    /// What was found, and what can be done about it.
    pub message: String,
}

impl Finding {
    pub(crate) fn new(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self { subject: subject.into(), message: message.into() }
    }
}

/// The finding in one line that a terminal may show.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Visible(&self.subject), Visible(&self.message))
    }
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.there += other.there;
        self.brought += other.brought;
        self.here += other.here;
        self.skipped += other.skipped;
        self.failed += other.failed;
        self.aliases += other.aliases;
        self.tags += other.tags;
        self.files += other.files;
        self.bytes += other.bytes;
    }

    fn cells(&self) -> [u64; 9] {
        let Self { there, brought, here, skipped, failed, aliases, tags, files, bytes } = *self;
        [there, brought, here, skipped, failed, aliases, tags, files, bytes]
    }
}

impl Report {
    pub(crate) fn add_up(&mut self) {
        self.totals = Counts::default();
        for row in &self.models {
            self.totals.add(&row.counts);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let brought = if self.dry_run { "to bring" } else { "brought" };
        let heads =
            ["there", brought, "here", "skipped", "failed", "aliases", "tags", "files", "bytes"];
        let name = |row: &ModelRow| Visible(row.model.as_ref().unwrap_or(&row.source)).to_string();
        let names: Vec<String> = self.models.iter().map(name).collect();
        let wide = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(5);
        let widths: Vec<usize> = heads
            .iter()
            .zip(self.totals.cells())
            .map(|(head, most)| head.len().max(most.to_string().len()))
            .collect();
        let line = |f: &mut fmt::Formatter<'_>, name: &str, cells: &[String]| {
            write!(f, "{name:wide$}")?;
            for (cell, width) in cells.iter().zip(&widths) {
                write!(f, "  {cell:>width$}")?;
            }
            writeln!(f)
        };
        line(f, "model", &heads.map(str::to_owned))?;
        for (row, name) in self.models.iter().zip(&names) {
            line(f, name, &row.counts.cells().map(|cell| cell.to_string()))?;
        }
        line(f, "total", &self.totals.cells().map(|cell| cell.to_string()))?;
        self.findings.iter().try_for_each(|finding| writeln!(f, "{finding}"))
    }
}
