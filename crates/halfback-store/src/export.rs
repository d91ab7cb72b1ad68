//! The log as JSON lines, for auditors who have no Halfback: a line about the log, and a line for
//! each entry. `docs/verify_log.py` verifies it, and docs/proofs.md describes it.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::artifact::{Meter, Staged, sweep_staged};
use crate::checkpoint::{Checkpoint, origin};
use crate::error::{Detail, IoContext, Result};
use crate::folder;
use crate::id::hex;
use crate::log::{self, Stored};
use crate::sql::Sql;
use crate::target;

/// The version of the format.
const VERSION: u32 = 1;
/// How a file of this format begins.
const MAGIC: &[u8] = b"{\"halfback_log\":";

/// The first line.
#[derive(Serialize)]
struct First<'a> {
    halfback_log: u32,
    registry: &'a str,
    origin: String,
    tree_size: u64,
    root: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<&'a str>,
}

/// A line for an entry.
#[derive(Serialize)]
struct Line<'a> {
    commit: i64,
    leaf_hash: String,
    header: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a str>,
}

/// Refuses a place where no export can be written; with `overwrite` one may be there.
pub fn refuse_taken(to: &Path, overwrite: bool) -> Result<()> {
    target::refuse_taken(to, overwrite, MAGIC, "an exported log")
}

/// An export that is being written: under its name when it is finished, and gone before.
#[derive(Debug)]
pub struct Export {
    staged: Staged,
    to: PathBuf,
}

impl Export {
    /// An export that will be at `to`.
    pub fn create(to: &Path) -> Result<Self> {
        let to = std::path::absolute(to).on("find", to)?;
        let folder = to.parent().unwrap_or(Path::new("/"));
        sweep_staged(folder);
        Ok(Self { staged: Staged::new(folder)?, to })
    }

    /// Writes the entries of the head, and verifies the whole log on the way: one that is damaged is
    /// not exported. `note` is the head, signed. `meter` counts
    /// the bytes of headers.
    pub fn write(
        &self,
        sql: &mut dyn Sql,
        registry: &str,
        head: &Checkpoint,
        note: Option<&str>,
        meter: &mut Meter<'_>,
    ) -> Result<()> {
        let mut out = BufWriter::new(self.staged.file());
        let first = First {
            halfback_log: VERSION,
            registry,
            origin: origin(registry),
            tree_size: head.size,
            root: hex(&head.root),
            checkpoint: note,
        };
        let mut write = |line: serde_json::Result<Vec<u8>>| {
            let mut line =
                line.map_err(|error| Detail::Internal(format!("an entry has no JSON: {error}")))?;
            line.push(b'\n');
            out.write_all(&line).on("write", self.staged.path())
        };
        write(serde_json::to_vec(&first))?;
        let all = "SELECT SUM(LENGTH(header)) FROM log WHERE n <= ?1";
        let size = i64::try_from(head.size).unwrap_or(i64::MAX);
        let bytes = sql.first(all, &[size.into()], |row| row.opt_int(0))?.flatten();
        meter.expect(bytes.unwrap_or_default().unsigned_abs());
        log::read(sql, std::slice::from_ref(head), &mut |entry: &Stored<'_>| {
            // The log may have grown since its head was signed.
            if u64::try_from(entry.number.0).is_ok_and(|number| number > head.size) {
                return Ok(());
            }
            let header = std::str::from_utf8(entry.header)
                .map_err(|_| Detail::Corrupt(format!("log entry {} is not text", entry.number)))?;
            write(serde_json::to_vec(&Line {
                commit: entry.number.0,
                leaf_hash: hex(&entry.leaf),
                header,
                salt: entry.payload.map(|(salt, _)| hex(salt)),
                payload: entry.payload.map(|(_, payload)| payload),
            }))?;
            meter.add(entry.header.len() as u64)
        })?;
        out.flush().on("write", self.staged.path())
    }

    /// Gives the export its name; durable when this returns.
    pub fn finish(self, overwrite: bool) -> Result<PathBuf> {
        self.staged.sync()?;
        if overwrite {
            self.staged.persist(&self.to)?;
        } else if !self.staged.persist_new(&self.to)? {
            return Err(target::taken(&self.to));
        }
        folder::sync(self.to.parent().unwrap_or(Path::new("/")))?;
        Ok(self.to)
    }
}
