//! What MLflow 3.17 leaves on disk, made by hand: a tracking database with its tables, and a file
//! store with its files.
#![expect(clippy::unwrap_used, reason = "a failed expectation is this file's way of failing")]

use std::fs;
use std::path::PathBuf;

use halfback::{Options, Registry};
use rusqlite::{Connection, params};
use tempfile::TempDir;

/// The tables as MLflow 3.17.2 creates them (`.schema` of its database), as far as a registry needs.
const TABLES: &str = "
CREATE TABLE registered_models (name VARCHAR(256) NOT NULL, creation_time BIGINT, last_updated_time BIGINT, description VARCHAR(5000), workspace VARCHAR(63) DEFAULT 'default' NOT NULL, CONSTRAINT registered_model_pk PRIMARY KEY (workspace, name));
CREATE TABLE model_versions (name VARCHAR(256) NOT NULL, version INTEGER NOT NULL, creation_time BIGINT, last_updated_time BIGINT, description VARCHAR(5000), user_id VARCHAR(256), current_stage VARCHAR(20), source VARCHAR(500), run_id VARCHAR(32), status VARCHAR(20), status_message VARCHAR(500), run_link VARCHAR(500), storage_location VARCHAR(500), workspace VARCHAR(63) DEFAULT 'default' NOT NULL, CONSTRAINT model_version_pk PRIMARY KEY (workspace, name, version));
CREATE TABLE registered_model_tags (\"key\" VARCHAR(250) NOT NULL, value VARCHAR(5000), name VARCHAR(256) NOT NULL, workspace VARCHAR(63) DEFAULT 'default' NOT NULL, CONSTRAINT registered_model_tag_pk PRIMARY KEY (workspace, \"key\", name));
CREATE TABLE model_version_tags (\"key\" VARCHAR(250) NOT NULL, value TEXT, name VARCHAR(256) NOT NULL, version INTEGER NOT NULL, workspace VARCHAR(63) DEFAULT 'default' NOT NULL, CONSTRAINT model_version_tag_pk PRIMARY KEY (workspace, \"key\", name, version));
CREATE TABLE registered_model_aliases (alias VARCHAR(256) NOT NULL, version INTEGER NOT NULL, name VARCHAR(256) NOT NULL, workspace VARCHAR(63) DEFAULT 'default' NOT NULL, CONSTRAINT registered_model_alias_pk PRIMARY KEY (workspace, name, alias));
CREATE TABLE runs (run_uuid VARCHAR(32) NOT NULL, name VARCHAR(250), source_type VARCHAR(20), source_name VARCHAR(500), entry_point_name VARCHAR(50), user_id VARCHAR(256), status VARCHAR(9), start_time BIGINT, end_time BIGINT, source_version VARCHAR(50), lifecycle_stage VARCHAR(20), artifact_uri VARCHAR(200), experiment_id INTEGER, deleted_time BIGINT, CONSTRAINT run_pk PRIMARY KEY (run_uuid));
CREATE TABLE params (\"key\" VARCHAR(250) NOT NULL, value VARCHAR(8000) NOT NULL, run_uuid VARCHAR(32) NOT NULL, CONSTRAINT param_pk PRIMARY KEY (\"key\", run_uuid));
CREATE TABLE latest_metrics (\"key\" VARCHAR(250) NOT NULL, value FLOAT NOT NULL, timestamp BIGINT, step BIGINT NOT NULL, is_nan BOOLEAN NOT NULL, run_uuid VARCHAR(32) NOT NULL, CONSTRAINT latest_metric_pk PRIMARY KEY (\"key\", run_uuid));
CREATE TABLE tags (\"key\" VARCHAR(250) NOT NULL, value VARCHAR(8000), run_uuid VARCHAR(32) NOT NULL, CONSTRAINT tag_pk PRIMARY KEY (\"key\", run_uuid));
CREATE TABLE logged_models (model_id VARCHAR(36) NOT NULL, experiment_id INTEGER NOT NULL, name VARCHAR(500) NOT NULL, artifact_location VARCHAR(1000) NOT NULL, creation_timestamp_ms BIGINT NOT NULL, last_updated_timestamp_ms BIGINT NOT NULL, status INTEGER NOT NULL, lifecycle_stage VARCHAR(32), model_type VARCHAR(500), source_run_id VARCHAR(32), status_message VARCHAR(1000), CONSTRAINT logged_models_pk PRIMARY KEY (model_id));
";

/// When everything was made: 2026-01-01 in milliseconds.
pub(crate) const MADE: i64 = 1_767_225_600_000;
pub(crate) const RUN: &str = "0123456789abcdef0123456789abcdef";

/// A folder with an MLflow and a registry of Halfback.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) registry: Registry,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { create: true, ..Options::default() };
        let registry = Registry::open_with(folder.path().join("models.hb"), options).unwrap();
        Self { folder, registry }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a model folder of MLflow and gives its path.
    pub(crate) fn files(&self, name: &str) -> String {
        let folder = self.path("store").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("MLmodel"), format!("flavors: {{}}\n# {name}\n")).unwrap();
        fs::write(folder.join("model.skops"), name.repeat(100)).unwrap();
        folder.to_str().unwrap().to_owned()
    }

    /// A database with the tables of MLflow and nothing in them.
    pub(crate) fn database(&self) -> Connection {
        let database = Connection::open(self.path("mlflow.db")).unwrap();
        database.execute_batch(TABLES).unwrap();
        database
    }

    /// A database with a model that has all there is to have.
    pub(crate) fn fraud(&self) -> Connection {
        let database = self.database();
        model(&database, "fraud.eu");
        database
            .execute_batch(&format!(
                "UPDATE registered_models SET description = 'finds fraud';
                 INSERT INTO registered_model_tags VALUES ('team', 'risk', 'fraud.eu', 'default');
                 INSERT INTO runs (run_uuid, artifact_uri) VALUES ('{RUN}', '{store}');
                 INSERT INTO params VALUES ('C', '0.1', '{RUN}'), ('n', '3', '{RUN}'), ('id', '007', '{RUN}');
                 INSERT INTO latest_metrics VALUES ('auc', 0.81, 1, 1, 0, '{RUN}'), ('bad', 0, 1, 0, 1, '{RUN}'), ('inf', 1.7976931348623157e308, 1, 0, 0, '{RUN}');
                 INSERT INTO tags VALUES ('mlflow.source.git.commit', 'abc123', '{RUN}');
                 INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms, last_updated_timestamp_ms, status) VALUES ('m-1', 0, 'model', '{one}', 1, 1, 2);",
                store = self.path("store").display(),
                one = self.files("one"),
            ))
            .unwrap();
        self.files("two words");
        version(&database, "fraud.eu", 1, "models:/m-1", "Archived");
        version(&database, "fraud.eu", 2, &format!("runs:/{RUN}/two words"), "Production");
        version(&database, "fraud.eu", 3, "REDACTED-SOURCE-PATH", "Deleted_Internal");
        let four = self.files("four").replace("four", "%66our");
        version(&database, "fraud.eu", 4, &format!("file://{four}"), "None");
        database
            .execute_batch(&format!(
                "UPDATE model_versions SET description = 'the best', user_id = 'ada', run_id = '{RUN}' WHERE version = 2;
                 INSERT INTO model_version_tags VALUES ('k/a', 'v', 'fraud.eu', 2, 'default');
                 INSERT INTO registered_model_aliases VALUES ('champion', 2, 'fraud.eu', 'default');"
            ))
            .unwrap();
        database
    }
}

pub(crate) fn model(database: &Connection, name: &str) {
    database
        .execute(
            "INSERT INTO registered_models (name, creation_time, last_updated_time) VALUES (?1, ?2, ?2 + 1000)",
            params![name, MADE],
        )
        .unwrap();
}

pub(crate) fn version(database: &Connection, name: &str, number: i64, source: &str, stage: &str) {
    database
        .execute(
            "INSERT INTO model_versions (name, version, creation_time, last_updated_time, current_stage, source, status) \
             VALUES (?1, ?2, ?3, ?3 + 1, ?4, ?5, 'READY')",
            params![name, number, MADE + number, stage, source],
        )
        .unwrap();
}
