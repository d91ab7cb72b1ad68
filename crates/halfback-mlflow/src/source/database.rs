//! A tracking database: the SQLite file of an MLflow, read as it is and never written.
//!
//! Which columns there are depends on the MLflow that wrote it. Databases back to 1.0 are read: what
//! an older one does not have is left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use halfback::{Detail, Error, Result};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, Row};

use super::place::{Artifacts, Lookup};
use super::{Source, SourceModel, SourceRun, SourceVersion, finite};
use crate::report::Finding;

/// The tag of a run that holds the commit of its code.
pub(super) const CODE_COMMIT: &str = "mlflow.source.git.commit";
/// The longest text that is read of one column, in bytes; MLflow allows 100,000 characters.
const MOST: usize = 1 << 20;
/// How long SQLite may work for one row. MLflow's own tables need far less: what takes longer, such as
/// a generated column, was put there by someone else.
const PATIENCE: Duration = Duration::from_secs(30);
/// After how many steps of its machine SQLite asks whether to go on.
const STEPS: std::ffi::c_int = 10_000;

/// A tracking database in one file.
#[derive(Debug)]
pub struct Database {
    path: PathBuf,
    connection: Connection,
    tables: Tables,
    limit: Limit,
    artifacts: Artifacts,
}

/// When SQLite has to have the next row.
#[derive(Debug, Clone)]
struct Limit {
    each: Duration,
    until: Arc<Mutex<Instant>>,
}

impl Limit {
    fn new(each: Duration) -> Self {
        Self { each, until: Arc::new(Mutex::new(Instant::now() + each)) }
    }

    /// Begins anew, for a statement or its next row.
    fn renew(&self) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + self.each;
    }

    fn is_over(&self) -> bool {
        Instant::now() >= *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the statements of a connection that take longer.
    fn hold(&self, connection: &mut Connection) -> rusqlite::Result<()> {
        let limit = self.clone();
        connection.progress_handler(STEPS, Some(move || limit.is_over()))
    }
}

impl Lookup for Database {
    fn run(&self, id: &str) -> Result<Option<String>> {
        self.place("runs", "artifact_uri", "run_uuid", id)
    }

    fn logged_model(&self, id: &str) -> Result<Option<String>> {
        self.place("logged_models", "artifact_location", "model_id", id)
    }

    fn base(&self) -> &Path {
        self.home()
    }

    fn home(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }
}

impl Database {
    /// Opens the SQLite file of an MLflow. Relative places of files start at its folder.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_within(path.as_ref(), PATIENCE)
    }

    fn open_within(path: &Path, patience: Duration) -> Result<Self> {
        let real = path.canonicalize().map_err(crate::failed("open", path))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let limit = Limit::new(patience);
        let open = || -> rusqlite::Result<_> {
            let mut connection = Connection::open_with_flags(&real, flags)?;
            limit.hold(&mut connection)?;
            connection.execute_batch(
                "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON",
            )?;
            let tables = Tables::of(&connection)?;
            Ok((connection, tables))
        };
        let (connection, tables) = open().map_err(|error| damaged(&real, &error))?;
        Ok(Self { path: real, connection, tables, limit, artifacts: Artifacts::default() })
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

    /// The place in a table's row of that id; none too where the table is not there.
    fn place(&self, table: &str, column: &str, key: &str, id: &str) -> Result<Option<String>> {
        if !self.tables.has(table) {
            return Ok(None);
        }
        let sql = self.tables.select(table, &[column], &format!("WHERE {key} = ?1"));
        self.limit.renew();
        let read = || {
            let mut statement = self.connection.prepare_cached(&sql)?;
            statement.query_row([id], |row| text(row, 0)).optional()
        };
        Ok(read().map_err(|error| damaged(&self.path, &error))?.flatten())
    }
}

/// The error of a version that does not say where its files are.
pub(super) fn placeless() -> Error {
    Detail::NotFound("MLflow does not say where its files are".into()).into()
}

fn damaged(path: &Path, error: &rusqlite::Error) -> Error {
    if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) {
        return Detail::InvalidArgument(format!(
            "`{}` takes too long to read, longer than any database that MLflow wrote; import through the tracking URI if it is one",
            path.display()
        ))
        .into();
    }
    Detail::Corrupt(format!("cannot read `{}` as an MLflow database: {error}", path.display()))
        .into()
}

impl Source for Database {
    fn models(&mut self, findings: &mut Vec<Finding>) -> Result<Vec<SourceModel>> {
        let mut read = || -> rusqlite::Result<_> {
            self.limit.renew();
            // One transaction: a server may be writing.
            let reading = self.connection.unchecked_transaction()?;
            let tables = Tables::of(&reading)?;
            let models = if tables.has("registered_models") && tables.has("model_versions") {
                Some(
                    Reader { connection: &reading, tables: &tables, limit: &self.limit, findings }
                        .everything()?,
                )
            } else {
                None
            };
            reading.finish()?;
            Ok((models, tables))
        };
        let (models, tables) = read().map_err(|error| damaged(&self.path, &error))?;
        self.tables = tables;
        models.ok_or_else(|| {
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
#[derive(Debug)]
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
    limit: &'a Limit,
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
        self.limit.renew();
        let mut statement = self.connection.prepare(&self.tables.select(table, columns, which))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            each(row)?;
            self.limit.renew();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_takes_too_long_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mlflow.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE runs (run_uuid)").unwrap();
        let database = Database::open_within(&path, Duration::from_millis(50)).unwrap();
        let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) \
                       SELECT x FROM n WHERE x < 0";
        database.limit.renew();
        let read = database.connection.query_row(endless, [], |_| Ok(()));
        let error = damaged(&path, &read.unwrap_err());
        assert_eq!(error.code(), "invalid_argument");
        assert!(error.to_string().contains("takes too long"), "{error}");
        // The next one has its own time.
        std::thread::sleep(Duration::from_millis(60));
        assert_eq!(database.run("r").unwrap(), None);
    }

    #[test]
    fn a_view_is_not_asked_where_files_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mlflow.db");
        let view =
            "CREATE VIEW logged_models AS SELECT 'm-1' AS model_id, '/x' AS artifact_location";
        Connection::open(&path).unwrap().execute_batch(view).unwrap();
        assert_eq!(Database::open(&path).unwrap().logged_model("m-1").unwrap(), None);
    }
}
