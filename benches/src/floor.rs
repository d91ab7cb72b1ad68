//! The least that a write and a resolve cost on SQLite, by prepared statements alone: the rows of a moved
//! alias, their indexes and their entry in the log, with nothing looked up, checked, hashed or handed
//! between threads; and the rows that an alias resolves to, with no name read from a URI, no access
//! decided and no record made of them.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, params};

use crate::measure::Outcome;

/// The bytes of an entry in the log, and of the commands that it covers.
const ENTRY: usize = 640;
const COMMANDS: usize = 120;
const FOREVER: i64 = i64::MAX;
/// The bytes of a page, and the pages of the log after which it is copied, as a registry has them.
const PAGE_SIZE: i64 = 1 << 10;
const CHECKPOINT: i64 = 4000;

const TABLES: &str = "
    CREATE TABLE alias (model INTEGER NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (model, name, until)) STRICT, WITHOUT ROWID;
    CREATE INDEX alias_until ON alias (model, until);
    CREATE INDEX alias_name ON alias (name, version, until, since, model);
    CREATE TABLE touch (entity INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (entity, n)) STRICT, WITHOUT ROWID;
    CREATE TABLE log (n INTEGER PRIMARY KEY, time INTEGER NOT NULL, actor INTEGER NOT NULL, header BLOB NOT NULL) STRICT;
    CREATE TABLE payload (n INTEGER PRIMARY KEY, salt BLOB NOT NULL, body TEXT NOT NULL) STRICT;
    CREATE TABLE head (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, range BLOB NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO head VALUES (1, 0, zeroblob(512));";

/// The rows of a version that an alias names, in the order in which one leads to the next.
const RESOLVE: &str = "
    SELECT m.id, v.id, v.number, x.status, x.stage, v.digest, v.size, v.location, v.flavor, v.framework_version, v.executable, v.signature, v.params, v.metrics, v.run, v.code_commit, v.source, t.body, f.time, w.name, l.n, l.time
    FROM securable c CROSS JOIN securable s ON s.parent = c.id AND s.kind = 'schema' AND s.name = ?2 AND s.until > ?4 AND s.since <= ?4
    CROSS JOIN securable m ON m.parent = s.id AND m.kind = 'model' AND m.name = ?3 AND m.until > ?4 AND m.since <= ?4
    CROSS JOIN alias a ON a.model = m.id AND a.name = 'champion' AND a.until > ?4 AND a.since <= ?4
    CROSS JOIN version v ON v.id = a.version AND v.until > ?4 AND v.since <= ?4
    CROSS JOIN version_state x ON x.version = v.id AND x.until > ?4 AND x.since <= ?4
    LEFT JOIN text t ON t.digest = x.comment
    LEFT JOIN log f ON f.n = v.since LEFT JOIN principal_name w ON w.id = f.actor
    LEFT JOIN log l ON l.n = (SELECT MAX(n) FROM touch WHERE entity = v.id AND n <= ?4)
    WHERE c.parent = 0 AND c.kind = 'catalog' AND c.name = ?1 AND c.until > ?4 AND c.since <= ?4";
const TAGS: &str = "SELECT key, value FROM tag WHERE target = ?1 AND until > ?2 AND since <= ?2";
const ALIASES: &str =
    "SELECT name FROM alias WHERE model = ?1 AND version = ?2 AND until > ?3 AND since <= ?3";

/// The moment of what is read as it is.
pub(crate) const NOW: i64 = FOREVER - 1;

/// A connection that reads the rows of a registry.
pub(crate) struct Bare {
    connection: Connection,
}

impl Bare {
    pub(crate) fn open(registry: &Path) -> Outcome<Bare> {
        let path = registry.join("registry.db");
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        // As a registry does: without it statements are prepared again for the values that are bound.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "cache_size", -(16 << 10))?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Bare { connection })
    }

    /// Reads what the alias `champion` of a model, whose whole name this is, resolves to as of a commit.
    pub(crate) fn resolve(&self, model: &str, moment: i64) -> Outcome {
        let run = |sql: &str| self.connection.prepare_cached(sql)?.execute([]);
        run("BEGIN")?;
        let mut name = model.split('.');
        let name = [name.next(), name.next(), name.next()];
        let params = params![name[0], name[1], name[2], moment];
        let ids = self.connection.prepare_cached(RESOLVE)?.query_row(params, |row| {
            for column in 2..22 {
                row.get_ref(column)?;
            }
            Ok([row.get::<_, i64>(0)?, row.get(1)?])
        });
        let [model, version] = ids?;
        self.read(TAGS, &[version, moment])?;
        self.read(ALIASES, &[model, version, moment])?;
        run("COMMIT")?;
        Ok(())
    }

    fn read(&self, sql: &str, params: &[i64]) -> Outcome {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(params))?;
        while let Some(row) = rows.next()? {
            row.get_ref(0)?.as_str()?;
        }
        Ok(())
    }
}

/// A database with the tables that moving an alias changes, opened as a registry's writer opens its own.
pub(crate) struct Floor {
    connection: Connection,
    models: i64,
    number: i64,
}

impl Floor {
    /// In a process that has a registry open, whose code for the log's file is used.
    pub(crate) fn new(path: &Path, models: usize) -> Outcome<Floor> {
        let connection =
            Connection::open_with_flags_and_vfs(path, OpenFlags::default(), c"halfback")?;
        connection.pragma_update(None, "page_size", PAGE_SIZE)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "temp_store", "memory")?;
        connection.pragma_update(None, "cache_size", -(16 << 10))?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT)?;
        connection.execute_batch(TABLES)?;
        connection.set_prepared_statement_cache_capacity(64);
        let models = i64::try_from(models)?;
        for model in 0..models {
            let alias = params![model, FOREVER];
            connection.execute("INSERT INTO alias VALUES (?1, 'champion', 0, 0, ?2)", alias)?;
        }
        Ok(Floor { connection, models, number: 0 })
    }

    /// Writes for so long, so many in each commit; gives the seconds for each.
    pub(crate) fn write(&mut self, batch: usize, time: Duration) -> Outcome<f64> {
        let began = Instant::now();
        let mut written = 0;
        while began.elapsed() < time {
            self.run("BEGIN IMMEDIATE")?;
            for place in 0..batch {
                if place > 0 {
                    self.run("SAVEPOINT part")?;
                }
                self.move_alias()?;
                if place > 0 {
                    self.run("RELEASE part")?;
                }
                written += 1;
            }
            self.run("COMMIT")?;
        }
        Ok(began.elapsed().as_secs_f64() / f64::from(written))
    }

    fn run(&self, sql: &str) -> Outcome {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    fn move_alias(&mut self) -> Outcome {
        self.number += 1;
        let (n, model) = (self.number, self.number % self.models);
        let run = |sql: &str, params: &[&dyn rusqlite::ToSql]| -> Outcome {
            self.connection.prepare_cached(sql)?.execute(params)?;
            Ok(())
        };
        let close =
            "UPDATE alias SET until = ?1 WHERE model = ?2 AND name = 'champion' AND until = ?3";
        run(close, params![n, model, FOREVER])?;
        let open = "INSERT INTO alias VALUES (?1, 'champion', ?2, ?3, ?4)";
        run(open, params![model, n % 2, n, FOREVER])?;
        for entity in [model, 1_000 + model, 2_000 + model] {
            run("INSERT INTO touch VALUES (?1, ?2)", params![entity, n])?;
        }
        run("INSERT INTO log VALUES (?1, ?1, 1, ?2)", params![n, [0x5a_u8; ENTRY].as_slice()])?;
        let commands = "x".repeat(COMMANDS);
        run(
            "INSERT INTO payload VALUES (?1, ?2, ?3)",
            params![n, [0_u8; 16].as_slice(), commands],
        )?;
        run("UPDATE head SET n = ?1, range = ?2", params![n, [0_u8; 512].as_slice()])
    }
}
