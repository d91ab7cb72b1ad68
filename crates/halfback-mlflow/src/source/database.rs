//! A tracking database: the SQLite file of an MLflow, read as it is and never written.
//!
//! Which columns there are depends on the MLflow that wrote it. Databases back to 1.0 are read: what
//! an older one does not have is left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use halfback::{Detail, Error, Result};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

use super::place::{Artifacts, Lookup};
use super::{Source, SourceModel, SourceRun, SourceVersion, finite};
use crate::report::Finding;

/// The tag of a run that holds the commit of its code.
pub(super) const CODE_COMMIT: &str = "mlflow.source.git.commit";
/// The longest text that is read of one column, in bytes; MLflow allows 100,000 characters.
const MOST: usize = 1 << 20;

/// A tracking database in one file.
#[derive(Debug)]
pub struct Database {
    path: PathBuf,
    connection: Connection,
    artifacts: Artifacts,
}

impl Lookup for Database {
    fn run(&self, id: &str) -> Option<String> {
        self.place("SELECT artifact_uri FROM runs WHERE run_uuid = ?1", id)
    }

    fn logged_model(&self, id: &str) -> Option<String> {
        self.place("SELECT artifact_location FROM logged_models WHERE model_id = ?1", id)
    }
}

impl Database {
    /// Opens the SQLite file of an MLflow. Relative places of files start at its folder.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let real = path.canonicalize().map_err(crate::failed("open", path))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(&real, flags).map_err(|e| damaged(&real, &e))?;
        let set =
            "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON";
        connection.execute_batch(set).map_err(|e| damaged(&real, &e))?;
        Ok(Self { path: real, connection, artifacts: Artifacts::default() })
    }

    /// Says how the places of files are found on this machine.
    #[must_use]
    pub fn with_artifacts(mut self, artifacts: Artifacts) -> Self {
        self.artifacts = artifacts;
        self
    }

    fn locate(&self, version: &SourceVersion) -> Result<PathBuf> {
        let place = version.place().ok_or_else(placeless)?;
        let base = self.path.parent().unwrap_or(Path::new("/"));
        self.artifacts.locate(place, base, self)
    }

    /// The place that a statement gives for an id; none too where the table is not there.
    fn place(&self, sql: &str, id: &str) -> Option<String> {
        let mut statement = self.connection.prepare_cached(sql).ok()?;
        statement.query_row([id], |row| text(row, 0)).ok().flatten()
    }
}

/// The error of a version that does not say where its files are.
pub(super) fn placeless() -> Error {
    Detail::NotFound("MLflow does not say where its files are".into()).into()
}

fn damaged(path: &Path, error: &rusqlite::Error) -> Error {
    Detail::Corrupt(format!("cannot read `{}` as an MLflow database: {error}", path.display()))
        .into()
}

impl Source for Database {
    fn models(&mut self, findings: &mut Vec<Finding>) -> Result<Vec<SourceModel>> {
        let mut read = || -> rusqlite::Result<_> {
            // One transaction: a server may be writing.
            let reading = self.connection.unchecked_transaction()?;
            let tables = Tables::of(&reading)?;
            let models = if tables.has("registered_models") && tables.has("model_versions") {
                Some(Reader { connection: &reading, tables: &tables, findings }.everything()?)
            } else {
                None
            };
            reading.finish()?;
            Ok(models)
        };
        let read = read().map_err(|error| damaged(&self.path, &error))?;
        read.ok_or_else(|| {
            Detail::InvalidArgument(format!(
                "`{}` is no MLflow database: it has no registered models; give the file that `mlflow server --backend-store-uri` names",
                self.path.display()
            ))
            .into()
        })
    }

    fn check(&mut self, version: &SourceVersion) -> Result<()> {
        self.locate(version).map(drop)
    }

    fn fetch(&mut self, version: &SourceVersion, _: &Path) -> Result<PathBuf> {
        self.locate(version)
    }
}

/// The tables that are there, with their columns. A view or a virtual table is none: what it would
/// run is someone else's.
struct Tables(HashMap<String, BTreeSet<String>>);

impl Tables {
    fn of(connection: &Connection) -> rusqlite::Result<Self> {
        const KNOWN: [&str; 10] = [
            "registered_models",
            "model_versions",
            "registered_model_tags",
            "model_version_tags",
            "registered_model_aliases",
            "runs",
            "params",
            "latest_metrics",
            "metrics",
            "tags",
        ];
        let mut tables = HashMap::new();
        let plain = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1 \
                     AND sql NOT LIKE 'CREATE VIRTUAL%'";
        for table in KNOWN.iter().chain(&["logged_models"]) {
            if !connection.prepare_cached(plain)?.exists([table])? {
                continue;
            }
            let mut columns = connection.prepare(&format!("PRAGMA table_info({table})"))?;
            let names = columns.query_map([], |row| row.get::<_, String>(1))?;
            tables.insert((*table).to_owned(), names.collect::<rusqlite::Result<_>>()?);
        }
        Ok(Self(tables))
    }

    fn has(&self, table: &str) -> bool {
        self.0.contains_key(table)
    }

    /// `SELECT` of columns, with null for each that this database does not have.
    fn select(&self, table: &str, columns: &[&str], which: &str) -> String {
        let there = self.0.get(table);
        let column = |name: &&str| {
            let known = there.is_some_and(|there| there.contains(*name));
            if known { format!("\"{name}\"") } else { "NULL".to_owned() }
        };
        let columns: Vec<String> = columns.iter().map(column).collect();
        format!("SELECT {} FROM {table} {which}", columns.join(", "))
    }
}

/// Workspace and name of a model.
type Key = (Option<String>, String);

struct Reader<'a> {
    connection: &'a Connection,
    tables: &'a Tables,
    findings: &'a mut Vec<Finding>,
}

impl Reader<'_> {
    fn everything(&mut self) -> rusqlite::Result<Vec<SourceModel>> {
        let mut models = self.models()?;
        let runs = self.runs()?;
        let versions = self.versions()?;
        for mut version in versions {
            let key = (version.workspace.clone(), version.name.clone());
            version.run = version.run_id.as_ref().and_then(|id| runs.get(id)).cloned();
            match models.get_mut(&key) {
                Some(model) => model.versions.push(version),
                None => self.findings.push(Finding::new(
                    version.reference(),
                    "its model is not in the database; the version is left out",
                )),
            }
        }
        self.tags(&mut models)?;
        self.aliases(&mut models)?;
        Ok(models.into_values().collect())
    }

    /// Calls `each` with the rows of a table, where it has one.
    fn rows(
        &self,
        table: &str,
        columns: &[&str],
        which: &str,
        mut each: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        if !self.tables.has(table) {
            return Ok(());
        }
        let mut statement = self.connection.prepare(&self.tables.select(table, columns, which))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            each(row)?;
        }
        Ok(())
    }

    fn models(&self) -> rusqlite::Result<BTreeMap<Key, SourceModel>> {
        let mut models = BTreeMap::new();
        let columns = ["workspace", "name", "creation_time", "last_updated_time", "description"];
        self.rows("registered_models", &columns, "", |row| {
            let model = SourceModel {
                workspace: text(row, 0)?,
                name: text(row, 1)?.unwrap_or_default(),
                creation_time: integer(row, 2)?,
                last_updated_time: integer(row, 3)?,
                description: text(row, 4)?,
                ..SourceModel::default()
            };
            models.insert((model.workspace.clone(), model.name.clone()), model);
            Ok(())
        })?;
        Ok(models)
    }

    fn versions(&self) -> rusqlite::Result<Vec<SourceVersion>> {
        let mut versions = Vec::new();
        let columns = [
            "workspace",
            "name",
            "version",
            "creation_time",
            "last_updated_time",
            "description",
            "user_id",
            "current_stage",
            "status",
            "source",
            "storage_location",
            "run_id",
        ];
        self.rows("model_versions", &columns, "ORDER BY version", |row| {
            versions.push(SourceVersion {
                workspace: text(row, 0)?,
                name: text(row, 1)?.unwrap_or_default(),
                version: integer(row, 2)?.unwrap_or_default(),
                creation_time: integer(row, 3)?,
                last_updated_time: integer(row, 4)?,
                description: text(row, 5)?,
                user_id: text(row, 6)?,
                current_stage: text(row, 7)?,
                status: text(row, 8)?,
                source: text(row, 9)?,
                storage_location: text(row, 10)?,
                run_id: text(row, 11)?.filter(|id| !id.is_empty()),
                ..SourceVersion::default()
            });
            Ok(())
        })?;
        Ok(versions)
    }

    fn tags(&self, models: &mut BTreeMap<Key, SourceModel>) -> rusqlite::Result<()> {
        let columns = ["workspace", "name", "key", "value", "version"];
        self.rows("registered_model_tags", &columns, "", |row| {
            if let Some(model) = models.get_mut(&key(row)?) {
                model.tags.extend(pair(row, 2)?);
            }
            Ok(())
        })?;
        self.rows("model_version_tags", &columns, "", |row| {
            let (Some(model), Some(number)) = (models.get_mut(&key(row)?), integer(row, 4)?) else {
                return Ok(());
            };
            let at = model.versions.binary_search_by_key(&number, |version| version.version);
            if let Some(version) = at.ok().and_then(|at| model.versions.get_mut(at)) {
                version.tags.extend(pair(row, 2)?);
            }
            Ok(())
        })
    }

    fn aliases(&self, models: &mut BTreeMap<Key, SourceModel>) -> rusqlite::Result<()> {
        let columns = ["workspace", "name", "alias", "version"];
        self.rows("registered_model_aliases", &columns, "", |row| {
            if let (Some(model), Some(alias), Some(version)) =
                (models.get_mut(&key(row)?), text(row, 2)?, integer(row, 3)?)
            {
                model.aliases.insert(alias, version);
            }
            Ok(())
        })
    }

    /// What the runs that produced versions recorded.
    fn runs(&self) -> rusqlite::Result<HashMap<String, SourceRun>> {
        let mut runs: HashMap<String, SourceRun> = HashMap::new();
        self.rows("runs", &["run_uuid", "artifact_uri"], OF_VERSIONS, |row| {
            if let Some(id) = text(row, 0)? {
                let run = SourceRun { artifact_uri: text(row, 1)?, ..SourceRun::default() };
                runs.insert(id, run);
            }
            Ok(())
        })?;
        let entry = ["run_uuid", "key", "value"];
        self.rows("params", &entry, OF_VERSIONS, |row| {
            if let (Some(run), Some((key, value))) = (run(row, &mut runs)?, pair(row, 1)?) {
                run.params.insert(key, value);
            }
            Ok(())
        })?;
        self.rows("tags", &entry, OF_VERSIONS, |row| {
            if let (Some(run), Some((key, value))) = (run(row, &mut runs)?, pair(row, 1)?)
                && key == CODE_COMMIT
            {
                run.code_commit = Some(value);
            }
            Ok(())
        })?;
        // Before 1.4 there was no table of the latest; the last row of this order is it.
        let (table, order) = if self.tables.has("latest_metrics") {
            ("latest_metrics", OF_VERSIONS.to_owned())
        } else {
            ("metrics", format!("{OF_VERSIONS} ORDER BY 4, 5"))
        };
        let columns = ["run_uuid", "key", "value", "step", "timestamp", "is_nan"];
        self.rows(table, &columns, &order, |row| {
            if let (Some(run), Some(key)) = (run(row, &mut runs)?, text(row, 1)?) {
                let nan = integer(row, 5)?.is_some_and(|is_nan| is_nan != 0);
                let value = number(row, 2)?.filter(|_| !nan).and_then(finite);
                run.metrics.insert(key, value);
            }
            Ok(())
        })?;
        Ok(runs)
    }
}

/// Only what runs that produced a version recorded.
const OF_VERSIONS: &str = "WHERE run_uuid IN (SELECT run_id FROM model_versions)";

fn run<'a>(
    row: &Row<'_>,
    runs: &'a mut HashMap<String, SourceRun>,
) -> rusqlite::Result<Option<&'a mut SourceRun>> {
    Ok(text(row, 0)?.and_then(|id| runs.get_mut(&id)))
}

/// Workspace and name in the first two columns.
fn key(row: &Row<'_>) -> rusqlite::Result<Key> {
    Ok((text(row, 0)?, text(row, 1)?.unwrap_or_default()))
}

/// Key and value in the columns from `first` on; MLflow means empty text by null.
fn pair(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<(String, String)>> {
    let value = text(row, first + 1)?.unwrap_or_default();
    Ok(text(row, first)?.map(|key| (key, value)))
}

/// A column's text. SQLite holds whatever was put there, so a number is taken as its digits.
fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<String>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Text(bytes) if bytes.len() <= MOST => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) => return Err(too_long(column, bytes.len())),
        ValueRef::Null | ValueRef::Blob(_) => None,
    })
}

fn too_long(column: usize, length: usize) -> rusqlite::Error {
    let why = format!("a text of {length} bytes, at most {MOST} are read");
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, why.into())
}

fn integer(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<i64>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Integer(number) => Some(number),
        ValueRef::Text(text) => std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()),
        _ => None,
    })
}

fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<f64>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Real(number) => Some(number),
        #[expect(
            clippy::cast_precision_loss,
            reason = "MLflow's metrics are floating-point numbers"
        )]
        ValueRef::Integer(number) => Some(number as f64),
        _ => None,
    })
}
