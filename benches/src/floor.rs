//! The least that a write costs on SQLite: the rows of a moved alias, their indexes and their entry in the
//! log, by prepared statements alone, with nothing looked up, checked, hashed or handed between threads.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, params};

use crate::measure::Outcome;

/// The bytes of an entry in the log, and of the commands that it covers.
const ENTRY: usize = 640;
const COMMANDS: usize = 120;
const FOREVER: i64 = i64::MAX;
/// The commits after which the log is copied: about the pages that a registry waits for.
const CHECKPOINT: i64 = 2000;

const TABLES: &str = "
    CREATE TABLE alias (model INTEGER NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (model, name, until)) STRICT, WITHOUT ROWID;
    CREATE INDEX alias_until ON alias (model, until);
    CREATE INDEX alias_name ON alias (name, version, until, since, model);
    CREATE TABLE touch (entity INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (entity, n)) STRICT, WITHOUT ROWID;
    CREATE TABLE log (n INTEGER PRIMARY KEY, time INTEGER NOT NULL, actor INTEGER NOT NULL, header BLOB NOT NULL) STRICT;
    CREATE TABLE payload (n INTEGER PRIMARY KEY, salt BLOB NOT NULL, body TEXT NOT NULL) STRICT;
    CREATE TABLE head (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, range BLOB NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO head VALUES (1, 0, zeroblob(512));";

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
