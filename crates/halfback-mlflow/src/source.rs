//! Where models come from: what MLflow says of them, and how their files are fetched.

pub(crate) mod database;
pub(crate) mod document;
pub(crate) mod folder;
pub(crate) mod place;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use halfback::{DateTime, Result};
use serde::{Deserialize, Serialize};

use crate::report::Finding;

/// The workspace of an MLflow that knows none.
pub(crate) const DEFAULT_WORKSPACE: &str = "default";
/// The stage that MLflow gives a version which was deleted.
const DELETED: &str = "deleted_internal";

/// Something that registered models are read from.
pub trait Source {
    /// Everything that is registered. What cannot be read becomes a finding.
    fn models(&mut self, findings: &mut Vec<Finding>) -> Result<Vec<SourceModel>>;

    /// Whether the files of a version can be fetched, as far as that shows without fetching them.
    fn check(&mut self, version: &SourceVersion) -> Result<()> {
        let _ = version;
        Ok(())
    }

    /// Gives the path of a version's file or folder: where it lies, or a copy made inside the empty
    /// folder `into`, which is removed afterwards.
    fn fetch(&mut self, version: &SourceVersion, into: &Path) -> Result<PathBuf>;
}

/// A registered model as MLflow has it. Times are milliseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceModel {
    /// The name.
    pub name: String,
    /// The workspace, where it is not the default one.
    pub workspace: Option<String>,
    /// When it was created.
    pub creation_time: Option<i64>,
    /// When it was last changed.
    pub last_updated_time: Option<i64>,
    /// Free text for people.
    pub description: Option<String>,
    /// The tags.
    pub tags: BTreeMap<String, String>,
    /// The aliases, each with the number of its version.
    pub aliases: BTreeMap<String, i64>,
    /// The versions.
    pub versions: Vec<SourceVersion>,
}

/// A version as MLflow has it. Times are milliseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceVersion {
    /// The model's name.
    pub name: String,
    /// The workspace, where it is not the default one.
    pub workspace: Option<String>,
    /// The number.
    pub version: i64,
    /// When it was created.
    pub creation_time: Option<i64>,
    /// When it was last changed.
    pub last_updated_time: Option<i64>,
    /// Free text for people.
    pub description: Option<String>,
    /// Who created it.
    pub user_id: Option<String>,
    /// The stage, as in `Production`.
    pub current_stage: Option<String>,
    /// The status, as in `READY`.
    pub status: Option<String>,
    /// Where the files came from.
    pub source: Option<String>,
    /// Where the files are, when that is not `source`.
    pub storage_location: Option<String>,
    /// The run that produced it.
    pub run_id: Option<String>,
    /// What that run recorded.
    pub run: Option<SourceRun>,
    /// The tags.
    pub tags: BTreeMap<String, String>,
}

/// What a run recorded.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceRun {
    /// Where its files are.
    pub artifact_uri: Option<String>,
    /// The parameters, as text.
    pub params: BTreeMap<String, String>,
    /// The last value of every metric; none where it is not a finite number.
    pub metrics: BTreeMap<String, Option<f64>>,
    /// The commit of the code.
    pub code_commit: Option<String>,
}

impl SourceModel {
    /// What it is called in MLflow: the reference of its origin.
    pub fn reference(&self) -> String {
        reference(self.workspace.as_deref(), &self.name)
    }
}

impl SourceVersion {
    /// What it is called in MLflow: the reference of its origin.
    pub fn reference(&self) -> String {
        format!("{}/{}", reference(self.workspace.as_deref(), &self.name), self.version)
    }

    /// Whether it was deleted in MLflow, which keeps the number alone.
    pub(crate) fn is_deleted(&self) -> bool {
        self.current_stage.as_ref().is_some_and(|stage| stage.eq_ignore_ascii_case(DELETED))
    }

    /// Where the files are.
    pub(crate) fn place(&self) -> Option<&str> {
        let set = |place: &&str| !place.is_empty();
        let stored = self.storage_location.as_deref().filter(set);
        stored.or_else(|| self.source.as_deref().filter(set))
    }
}

/// `models:/fraud`; MLflow allows no `/` in a name, so the workspace in front leaves it unambiguous.
fn reference(workspace: Option<&str>, name: &str) -> String {
    match workspace {
        None | Some(DEFAULT_WORKSPACE) => format!("models:/{name}"),
        Some(workspace) => format!("workspaces/{workspace}/models:/{name}"),
    }
}

/// A time of MLflow; none for one that no calendar has.
pub(crate) fn time(millis: Option<i64>) -> Option<DateTime> {
    const LAST: i64 = 253_402_300_799_999; // the end of the year 9999
    millis.filter(|millis| (0..=LAST).contains(millis)).and_then(DateTime::from_timestamp_millis)
}

/// A metric as a number, where it is one. MLflow's databases hold infinity as the largest number.
pub(crate) fn finite(value: f64) -> Option<f64> {
    (value.is_finite() && value.abs() < f64::MAX).then_some(value)
}
