//! A registry out again: verified files under their own names, and everything that is known of them.

mod files;
mod mlflow;
mod table;

use std::fs;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use halfback::{
    Artifact, Commit, Comparison, Detail, Evaluation, ListComparisons, ListEvaluations, ListModels,
    ListVersions, Log, Model, ModelVersion, Page, Progress, Result, Transfer, View,
};
use serde::{Deserialize, Serialize};

use crate::failed;
use crate::report::Finding;
use crate::visible::Visible;

/// What an export looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// Plain files: `<catalog>/<schema>/<model>/<number>/…`, with tables as JSON lines and Parquet.
    Files,
    /// A file store that MLflow opens.
    Mlflow,
}

/// What to export.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExportOptions {
    /// Only these models; all when there are none.
    pub models: Vec<String>,
}

/// What was exported.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportReport {
    /// Where it is.
    pub path: PathBuf,
    /// How many models.
    pub models: u64,
    /// How many versions.
    pub versions: u64,
    /// How many files of versions.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// What the layout has no place for.
    pub findings: Vec<Finding>,
}

impl std::fmt::Display for ExportReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, models, versions, files, bytes, findings } = self;
        let path = path.to_string_lossy();
        let path = Visible(&path);
        writeln!(
            f,
            "{models} models, {versions} versions, {files} files, {bytes} bytes in {path}"
        )?;
        findings.iter().try_for_each(|finding| writeln!(f, "{finding}"))
    }
}

/// Copies what a view shows into the folder `to`, which must be new or empty. It appears whole or
/// not at all. `progress` counts bytes.
///
/// The files of every version are held against its digest on the way. The registry's present is
/// exported as it is when this begins, whatever others write meanwhile.
pub fn export(
    view: &View,
    to: &Path,
    layout: Layout,
    options: &ExportOptions,
    progress: Progress<'_>,
) -> Result<ExportReport> {
    let to = std::path::absolute(to).map_err(failed("find", to))?;
    require_empty(&to)?;
    let view = view.still()?;
    let content = Content::read(&view, options)?;
    let parent = to.parent().unwrap_or(Path::new("/")).to_owned();
    fs::create_dir_all(&parent).map_err(failed("create", &parent))?;
    let staging = tempfile::Builder::new().prefix(".halfback-export-").tempdir_in(&parent);
    let staging = staging.map_err(failed("create a folder in", &parent))?;
    // One more level: the outer folder is closed to others, and what appears shall not be.
    let folder = staging.path().join("export");
    fs::create_dir(&folder).map_err(failed("create", &folder))?;
    let total = content.versions.iter().map(stored_size).sum();
    let report = ExportReport {
        path: to.clone(),
        models: content.models.len() as u64,
        versions: content.versions.len() as u64,
        ..ExportReport::default()
    };
    let mut export = Export { view: &view, folder, to, progress, done: 0, total, report };
    match layout {
        Layout::Files => files::write(&mut export, &content)?,
        Layout::Mlflow => mlflow::write(&mut export, &content)?,
    }
    let Export { folder, to, report, .. } = export;
    fs::rename(&folder, &to).map_err(failed("move the export to", &to))?;
    sync(&parent)?;
    Ok(report)
}

fn require_empty(to: &Path) -> Result<()> {
    let occupied = match fs::read_dir(to) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) if error.kind() == ErrorKind::NotADirectory => true,
        Err(error) => return Err(failed("read", to)(error)),
    };
    if occupied {
        return Err(Detail::AlreadyExists(format!(
            "cannot export to `{}`: something is there already; give a new or empty folder",
            to.display()
        ))
        .into());
    }
    Ok(())
}

/// Makes the entries of a folder durable.
fn sync(folder: &Path) -> Result<()> {
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync", folder))
}

/// How many bytes of a version are copied.
fn stored_size(version: &ModelVersion) -> u64 {
    match version.location {
        None => u64::try_from(version.size).unwrap_or_default(),
        Some(_) => 0,
    }
}

/// What is exported: models by name, versions by model and number, commits in order; of each version
/// the evaluations, and the comparisons in which it was judged, in order.
struct Content {
    models: Vec<Model>,
    versions: Vec<ModelVersion>,
    commits: Vec<Commit>,
    evaluations: Vec<Evaluation>,
    comparisons: Vec<Comparison>,
}

impl Content {
    fn read(view: &View, options: &ExportOptions) -> Result<Self> {
        let mut models = if options.models.is_empty() {
            pages(|cursor| view.list_models(ListModels { parent: None, page_size: PAGE, cursor }))?
        } else {
            let named = options.models.iter().map(|name| view.get_model(name));
            named.collect::<Result<_>>()?
        };
        models.sort_by(|a: &Model, b| a.name.cmp(&b.name));
        models.dedup_by_key(|model| model.id);
        let mut versions = Vec::new();
        for model in &models {
            let mut own = pages(|cursor| {
                let model = model.name.clone();
                view.list_versions(ListVersions { model, page_size: PAGE, cursor })
            })?;
            own.reverse();
            versions.extend(own);
        }
        let mut commits = pages(|cursor| view.log(Log { page_size: PAGE, cursor }))?;
        commits.reverse();
        if !options.models.is_empty() {
            let ids = models.iter().map(|model| model.id);
            let ids: std::collections::HashSet<i64> =
                ids.chain(versions.iter().map(|version| version.id)).collect();
            commits.retain(|commit: &Commit| commit.entities.iter().any(|id| ids.contains(id)));
        }
        let (mut evaluations, mut comparisons) = (Vec::new(), Vec::new());
        for version in &versions {
            evaluations.extend(evaluations_of(view, version)?);
            comparisons.extend(comparisons_of(view, version)?);
        }
        Ok(Self { models, versions, commits, evaluations, comparisons })
    }

    /// Whether there is an evaluation of a version, or a comparison in which it was judged.
    fn was_measured(&self, version: &ModelVersion) -> bool {
        let evaluated = |evaluation: &Evaluation| evaluation.version_id == version.id;
        let judged = |comparison: &Comparison| comparison.candidate_id == version.id;
        self.evaluations.iter().any(evaluated) || self.comparisons.iter().any(judged)
    }
}

/// The evaluations of a version with their curves, which lists leave out.
fn evaluations_of(view: &View, version: &ModelVersion) -> Result<Vec<Evaluation>> {
    let listed = pages(|cursor| {
        let version = version.into();
        view.query(ListEvaluations { version, page_size: PAGE, cursor })
    })?;
    listed.iter().rev().map(|evaluation| view.get_evaluation(evaluation.id)).collect()
}

/// The comparisons in which a version was judged.
fn comparisons_of(view: &View, version: &ModelVersion) -> Result<Vec<Comparison>> {
    let mut listed = pages(|cursor| {
        let version = version.into();
        view.query(ListComparisons { version, page_size: PAGE, cursor })
    })?;
    listed.retain(|comparison: &Comparison| comparison.candidate_id == version.id);
    listed.reverse();
    Ok(listed)
}

const PAGE: Option<u32> = Some(1000);

/// All pages of a list.
fn pages<T>(mut page: impl FnMut(Option<String>) -> Result<Page<T>>) -> Result<Vec<T>> {
    let (mut items, mut cursor) = (Vec::new(), None);
    loop {
        let next = page(cursor)?;
        items.extend(next.items);
        cursor = next.cursor;
        if cursor.is_none() {
            return Ok(items);
        }
    }
}

/// An export that is being written.
struct Export<'a> {
    view: &'a View,
    /// Where it is written.
    folder: PathBuf,
    /// Where it will be.
    to: PathBuf,
    progress: Progress<'a>,
    done: u64,
    total: u64,
    report: ExportReport,
}

impl Export<'_> {
    /// Copies the files of a version to a place in the export; none of one whose files are elsewhere, or
    /// were purged.
    fn version(&mut self, version: &ModelVersion, place: &str) -> Result<Option<Artifact>> {
        if version.location.is_some() {
            return Ok(None);
        }
        let artifact = match self.view.get_artifact(version) {
            Err(error) if error.kind() == halfback::Kind::NotFound => {
                self.done += stored_size(version);
                self.finding(&version.uri, error.to_string());
                return Ok(None);
            }
            found => found?,
        };
        let to = self.create_folder(place)?;
        let (done, total) = (self.done, self.total);
        let progress = &mut *self.progress;
        self.view.download(version, &to, &mut |part: Transfer| {
            progress(Transfer { done: done + part.done, total })
        })?;
        self.done += stored_size(version);
        self.report.files += artifact.files.len() as u64;
        self.report.bytes += stored_size(version);
        if (self.progress)(Transfer { done: self.done, total }) == ControlFlow::Break(()) {
            return Err(Detail::Cancelled.into());
        }
        Ok(Some(artifact))
    }

    /// Writes the signatures over a version's files beside them, as the tool `model_signing` reads them.
    fn signatures(&mut self, version: &ModelVersion, beside: &str) -> Result<()> {
        const SHORT: usize = 16;
        for signature in self.view.list_signatures(version)?.items {
            let key = signature.key.get(..SHORT).unwrap_or(&signature.key);
            self.file(&format!("{beside}.{key}.sig"), signature.bundle.as_bytes())?;
        }
        Ok(())
    }

    /// Makes a folder of the export, with those above it.
    fn create_folder(&self, place: &str) -> Result<PathBuf> {
        let path = self.folder.join(place);
        fs::create_dir_all(&path).map_err(failed("create", &path))?;
        Ok(path)
    }

    /// Writes a file of the export, durable.
    fn file(&self, place: &str, bytes: &[u8]) -> Result<()> {
        use std::io::Write;
        let path = self.folder.join(place);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed("create", parent))?;
        }
        let mut file = fs::File::create_new(&path).map_err(failed("write", &path))?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed("write", &path))
    }

    fn finding(&mut self, subject: &str, message: impl Into<String>) {
        self.report.findings.push(Finding::new(subject, message));
    }
}

/// The parts of a full name, the catalog first, none of them quoted.
fn parts(name: &str) -> Vec<String> {
    let (mut parts, mut rest) = (Vec::new(), name);
    while !rest.is_empty() {
        let (part, after) = match rest.strip_prefix('`') {
            Some(quoted) => quoted.split_once('`').unwrap_or((quoted, "")),
            None => rest.split_at(rest.find('.').unwrap_or(rest.len())),
        };
        parts.push(part.to_owned());
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    parts
}
