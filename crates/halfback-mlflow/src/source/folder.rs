//! An `mlruns` folder: MLflow's file store.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use halfback::{Detail, Result};

use super::database::{CODE_COMMIT, placeless};
use super::place::{Artifacts, Lookup};
use super::{Source, SourceModel, SourceRun, SourceVersion, finite};
use crate::report::Finding;
use crate::{failed, yaml};

/// The longest file that is read of MLflow's own, in bytes; the files of versions are not meant.
const MOST: u64 = 1 << 20;
/// The longest part of a file of metrics that is looked at for its last line, in bytes.
const TAIL: u64 = 64 << 20;
/// How deep a name with `/` may go.
const DEEPEST: usize = 16;

/// The file store of an MLflow in one folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    artifacts: Artifacts,
    runs: HashMap<String, PathBuf>,
}

impl Folder {
    /// Opens an `mlruns` folder. Relative places of files start at the folder above it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let real = path.canonicalize().map_err(failed("open", path))?;
        if !real.join("models").is_dir() {
            return Err(Detail::InvalidArgument(format!(
                "`{}` is no file store of MLflow with registered models: it has no folder `models`; give the folder `mlruns`",
                path.display()
            ))
            .into());
        }
        Ok(Self { path: real, artifacts: Artifacts::default(), runs: HashMap::new() })
    }

    /// Says how the places of files are found on this machine.
    #[must_use]
    pub fn with_artifacts(mut self, artifacts: Artifacts) -> Self {
        self.artifacts = artifacts;
        self
    }

    fn locate(&self, version: &SourceVersion) -> Result<PathBuf> {
        self.artifacts.locate(version.place().ok_or_else(placeless)?, self)
    }

    /// The folders of all runs, by id.
    fn find_runs(&self) -> Result<HashMap<String, PathBuf>> {
        let mut runs = HashMap::new();
        for experiment in folders(&self.path)? {
            for run in folders(&experiment)? {
                if let Some(id) = name(&run).filter(|_| run.join("meta.yaml").is_file()) {
                    runs.insert(id, run);
                }
            }
        }
        Ok(runs)
    }
}

impl Lookup for Folder {
    fn run(&self, id: &str) -> Result<Option<String>> {
        let Some(folder) = self.runs.get(id) else { return Ok(None) };
        Ok(meta(folder)?.remove("artifact_uri"))
    }

    fn logged_model(&self, id: &str) -> Result<Option<String>> {
        // An id is one name, whatever a source says.
        if !id.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_')) {
            return Ok(None);
        }
        let mut places = folders(&self.path)?.into_iter().map(|it| it.join("models").join(id));
        let Some(folder) = places.find(|place| place.is_dir()) else { return Ok(None) };
        Ok(meta(&folder)?.remove("artifact_location"))
    }

    fn base(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    fn home(&self) -> &Path {
        &self.path
    }
}

impl Source for Folder {
    fn models(&mut self, findings: &mut Vec<Finding>) -> Result<Vec<SourceModel>> {
        self.runs = self.find_runs()?;
        let mut models = Vec::new();
        for folder in folders(&self.path.join("models"))? {
            match self.model(&folder, findings) {
                Ok(model) => models.push(model),
                Err(error) => findings.push(Finding::new(
                    format!("models:/{}", name(&folder).unwrap_or_default()),
                    format!("the model is left out: {error}"),
                )),
            }
        }
        Ok(models)
    }

    fn check(&mut self, version: &SourceVersion) -> Result<()> {
        self.locate(version).map(drop)
    }

    fn fetch(&mut self, version: &SourceVersion, _: &Path) -> Result<PathBuf> {
        self.locate(version)
    }
}

impl Folder {
    fn model(&self, folder: &Path, findings: &mut Vec<Finding>) -> Result<SourceModel> {
        let mut meta = meta(folder)?;
        let named = name(folder).unwrap_or_default();
        let mut model = SourceModel {
            name: meta.remove("name").unwrap_or(named),
            creation_time: integer(&meta, "creation_timestamp"),
            last_updated_time: integer(&meta, "last_updated_timestamp"),
            description: meta.remove("description"),
            tags: texts(&folder.join("tags"))?,
            ..SourceModel::default()
        };
        for (alias, number) in texts(&folder.join("aliases"))? {
            match number.trim().parse() {
                Ok(number) => {
                    model.aliases.insert(alias, number);
                }
                Err(_) => findings.push(Finding::new(
                    format!("{}@{}", model.reference(), alias.escape_debug()),
                    "the alias is left out: it names no number",
                )),
            }
        }
        for place in folders(folder)? {
            let Some(number) = name(&place).and_then(|name| number_of(&name)) else { continue };
            match self.version(&place, &model.name, number) {
                Ok(version) => model.versions.push(version),
                Err(error) => findings.push(Finding::new(
                    format!("{}/{number}", model.reference()),
                    format!("the version is left out: {error}"),
                )),
            }
        }
        Ok(model)
    }

    fn version(&self, folder: &Path, model: &str, number: i64) -> Result<SourceVersion> {
        let mut meta = meta(folder)?;
        let run_id = meta.remove("run_id").filter(|id| !id.is_empty());
        let run = run_id.as_ref().and_then(|id| self.runs.get(id));
        Ok(SourceVersion {
            name: model.to_owned(),
            version: number,
            creation_time: integer(&meta, "creation_timestamp"),
            last_updated_time: integer(&meta, "last_updated_timestamp"),
            description: meta.remove("description"),
            user_id: meta.remove("user_id"),
            current_stage: meta.remove("current_stage"),
            status: meta.remove("status"),
            source: meta.remove("source"),
            storage_location: meta.remove("storage_location"),
            run: run.map(|folder| recorded(folder)).transpose()?,
            run_id,
            workspace: None,
            tags: texts(&folder.join("tags"))?,
        })
    }
}

/// What a run recorded.
fn recorded(folder: &Path) -> Result<SourceRun> {
    let mut metrics = BTreeMap::new();
    for (name, path) in files(&folder.join("metrics"))? {
        if let Some(value) = last_metric(&tail(&path)?) {
            metrics.insert(name, finite(value));
        }
    }
    Ok(SourceRun {
        artifact_uri: meta(folder)?.remove("artifact_uri"),
        params: texts(&folder.join("params"))?,
        metrics,
        code_commit: texts(&folder.join("tags"))?.remove(CODE_COMMIT),
    })
}

/// The value of the latest line, where lines are `timestamp value step`.
fn last_metric(text: &str) -> Option<f64> {
    let read = |line: &str| {
        let mut words = line.split_whitespace();
        let timestamp: i64 = words.next()?.parse().ok()?;
        let value: f64 = words.next()?.parse().ok()?;
        let step: i64 = words.next().map_or(Some(0), |step| step.parse().ok())?;
        Some((step, timestamp, value))
    };
    let latest = text.lines().filter_map(read).max_by_key(|(step, time, _)| (*step, *time));
    latest.map(|(_, _, value)| value)
}

/// The scalars of a `meta.yaml`.
fn meta(folder: &Path) -> Result<BTreeMap<String, String>> {
    let path = folder.join("meta.yaml");
    yaml::read(&read(&path)?).ok_or_else(|| {
        Detail::Corrupt(format!("`{}` is not what MLflow writes", path.display())).into()
    })
}

fn integer(meta: &BTreeMap<String, String>, name: &str) -> Option<i64> {
    meta.get(name)?.parse().ok()
}

/// The number in the name of a version's folder.
fn number_of(folder: &str) -> Option<i64> {
    folder.strip_prefix("version-")?.parse().ok()
}

/// The files below a folder as texts, by their path.
fn texts(folder: &Path) -> Result<BTreeMap<String, String>> {
    files(folder)?.into_iter().map(|(name, path)| Ok((name, read(&path)?))).collect()
}

/// The files below a folder, by their path; none where there is no folder. Links are not followed.
fn files(folder: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    let mut open = vec![(folder.to_owned(), String::new(), 0)];
    while let Some((folder, prefix, depth)) = open.pop() {
        if !folder.is_dir() || depth > DEEPEST {
            continue;
        }
        for entry in fs::read_dir(&folder).map_err(failed("read", &folder))? {
            let entry = entry.map_err(failed("read", &folder))?;
            let Some(name) = entry.file_name().to_str().map(|name| format!("{prefix}{name}"))
            else {
                continue;
            };
            let kind = entry.file_type().map_err(failed("read", &entry.path()))?;
            if kind.is_dir() {
                open.push((entry.path(), format!("{name}/"), depth + 1));
            } else if kind.is_file() {
                found.insert(name, entry.path());
            }
        }
    }
    Ok(found)
}

/// The folders directly below one, by name, without hidden ones and links.
fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed("read", folder))? {
        let entry = entry.map_err(failed("read", folder))?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !hidden && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn name(path: &Path) -> Option<String> {
    path.file_name()?.to_str().map(str::to_owned)
}

/// A file's text, as Python reads it.
fn read(path: &Path) -> Result<String> {
    let file = fs::File::open(path).map_err(failed("read", path))?;
    let mut bytes = Vec::new();
    file.take(MOST + 1).read_to_end(&mut bytes).map_err(failed("read", path))?;
    if bytes.len() as u64 > MOST {
        return Err(Detail::InvalidArgument(format!(
            "`{}` has more than {MOST} bytes, which MLflow does not write",
            path.display()
        ))
        .into());
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The end of a file, which may be long.
fn tail(path: &Path) -> Result<String> {
    use std::io::{Seek, SeekFrom};
    let mut file = fs::File::open(path).map_err(failed("read", path))?;
    let length = file.metadata().map_err(failed("read", path))?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).map_err(failed("read", path))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes).map_err(failed("read", path))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_metric_is_that_of_the_last_step() {
        assert_eq!(last_metric("1 0.5 0\n3 0.7 1\n2 0.9 2\n"), Some(0.9));
        assert_eq!(last_metric("1 0.5\n2 0.6\n"), Some(0.6));
        assert!(last_metric("1 nan 0\n").is_some_and(f64::is_nan));
        assert_eq!(last_metric("broken"), None);
    }
}
