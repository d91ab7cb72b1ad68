//! Backups: a registry's snapshot in a folder of its own, and registries made of backups.
//!
//! A backup holds `registry.db` as one transaction read it and every artifact that this names, laid
//! out as in a registry, so that it can be opened for reading. `backup.json` says whose it is, and
//! keeps it from being written to. Running it again copies the database and what content is new;
//! the old database is replaced when everything that the new one names is there and durable, and what
//! only the old one named is removed after that.

mod restore;

use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::ops::ControlFlow;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::artifact::{
    self, ArtifactStore, Intake, Meter, Named, Progress, STAGED, StagedFolder, Taken, hash_read,
    no_progress, stage_bytes,
};
use crate::check::{Findings, check};
use crate::error::{Detail, Error, IoContext, Kind, Result};
use crate::folder;
use crate::id::{CommitNumber, hex};
use crate::log;
use crate::sql::{Sql, Storage};
use crate::sqlite::{Access, DATABASE, Sqlite};
use crate::target::{self, real};
use crate::tx::Head;

pub use restore::{Amend, Restored, restore};

/// The file that makes a folder a backup.
pub(crate) const MARK: &str = "backup.json";
/// Bytes that are read of it at most.
const MAX_MARK: u64 = 64 << 10;

/// What was backed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// The log's end in the backup.
    pub head: CommitNumber,
    /// The root of its tree, in hexadecimal.
    pub root: String,
    /// The size of the database, in bytes.
    pub database_bytes: u64,
    /// What was copied of the artifacts.
    pub taken: Taken,
    /// Whether nothing is left that only the backup before had.
    pub cleaned: bool,
}

/// What `backup.json` says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    /// The format of backups, 1.
    halfback_backup: u32,
    /// The identity of the registry.
    registry: String,
    /// The SHA-256 of the database, in hexadecimal: of the one that is there, and while it is
    /// replaced of the new one too.
    databases: Vec<String>,
}

/// Copies a registry, as it is now, into the folder `to`, while others write.
///
/// `verify` reads what content the backup has already and replaces what was altered, and holds the log
/// and all rows against each other, as a restore does. A database that is damaged is refused, and the
/// backup stays as it was.
///
/// A folder that holds something else, the backup of another registry, or a backup that has
/// commits which this registry has not, is refused.
pub fn backup(
    registry: &Path,
    storage: &Sqlite,
    to: &Path,
    verify: bool,
    progress: Progress<'_>,
) -> Result<BackedUp> {
    target::refuse_inside(to, "to")?;
    let to = &std::path::absolute(to).on("find", to)?;
    refuse_registry(registry, to)?;
    let place = Place::prepare(to, storage.uuid())?;
    let store = ArtifactStore::new(registry);
    // From before the snapshot until its content is copied.
    let _hold = store.hold()?;
    let staged = StagedFolder::new(to)?;
    let database = staged.path().join(DATABASE);
    let expected = storage_size(storage, registry)?;
    let mut meter = Meter::new(expected, progress);
    let size = copy_database(storage, &database, &mut meter)?;
    refuse_damage(staged.path(), verify).map_err(damaged)?;
    let (head, root, named) = examine(staged.path(), |sql| {
        let head = Head::read(sql)?;
        Ok((head.number, hex(&head.range.root()), artifact::named(sql)?))
    })?;
    place.refuse_other_past(staged.path())?;
    meter.expect(total(&named).saturating_add(size));
    let taken = take(&store, &ArtifactStore::new(to), &named, verify, &mut meter)?;
    let digest = digest(&database)?;
    File::open(&database).and_then(|file| file.sync_all()).on("sync", &database)?;
    // From here on it is done, whatever the caller says.
    meter.finish()?;
    place.mark(Some(digest))?;
    std::fs::rename(&database, to.join(DATABASE)).on("create", &to.join(DATABASE))?;
    folder::sync(to)?;
    // It is backed up, whatever becomes of what the backup before had: the next one removes the rest.
    let cleaned = artifact::keep_only(&ArtifactStore::new(to), &named).unwrap_or(false);
    Ok(BackedUp { head, root, database_bytes: size, taken, cleaned })
}

/// Refuses to open a backup for writing: it would be a second registry of the same identity.
pub(crate) fn refuse_to_write(folder: &Path) -> Result<()> {
    if !folder.join(MARK).exists() {
        return Ok(());
    }
    Err(Detail::ReadOnly(format!(
        "`{}` is a backup, which stays as it is; open it with `read_only`, or make a registry of it with `restore`",
        folder.display()
    ))
    .into())
}

/// Copies the artifacts that are not there yet.
fn take(
    from: &ArtifactStore,
    to: &ArtifactStore,
    named: &[Named],
    verify: bool,
    meter: &mut Meter<'_>,
) -> Result<Taken> {
    let mut intake = Intake::new(to, verify);
    for Named { catalog, digest, .. } in named {
        let within = |error: Error| error.within(digest);
        let (artifact, mut supply) = from.supply(*catalog, digest).map_err(within)?;
        intake.take(*catalog, &artifact, &mut supply, meter).map_err(within)?;
    }
    intake.finish()
}

fn total(named: &[Named]) -> u64 {
    named.iter().map(|named| named.size).fold(0, u64::saturating_add)
}

/// About how many bytes a backup handles.
fn storage_size(storage: &Sqlite, registry: &Path) -> Result<u64> {
    let mut artifacts = 0;
    storage.read(&mut |sql| {
        artifacts = total(&artifact::named(sql)?);
        Ok(())
    })?;
    let database = registry.join(DATABASE).metadata().map_or(0, |metadata| metadata.len());
    Ok(artifacts.saturating_add(database))
}

fn copy_database(storage: &Sqlite, target: &Path, meter: &mut Meter<'_>) -> Result<u64> {
    let (mut told, mut size) = (0, 0);
    storage.copy_to(target, &mut |done, total| {
        size = total;
        let more = done.saturating_sub(told);
        told = done;
        if meter.add(more).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(size)
}

/// Reads the database of a folder that nobody writes to.
fn examine<T>(folder: &Path, read: impl FnOnce(&mut dyn Sql) -> Result<T>) -> Result<T> {
    let storage = Sqlite::open(folder, Access { create: false, read_only: true })?;
    let (mut read, mut answer) = (Some(read), None);
    storage.read(&mut |sql| {
        if let Some(read) = read.take() {
            answer = Some(read(sql)?);
        }
        Ok(())
    })?;
    answer.ok_or_else(|| Detail::Internal("a read gave no answer".into()).into())
}

/// Refuses a damaged database in a folder that nobody writes to: by the engine's own check, and where the
/// `whole` is wanted by that of the log and all rows.
fn refuse_damage(folder: &Path, whole: bool) -> Result<()> {
    examine(folder, |sql| {
        let damage = if whole {
            log::verify(sql)?;
            let mut findings = Findings::default();
            check(sql, &mut findings, &mut || Ok(()))?;
            findings.into_vec().into_iter().next().map(|finding| finding.message)
        } else {
            sql.examine()?.into_iter().next()
        };
        damage.map_or(Ok(()), |message| Err(Detail::Corrupt(message).into()))
    })
}

fn damaged(error: Error) -> Error {
    error.within("the database is damaged, and the backup stays as it was; run `check`, and restore the backup")
}

/// The SHA-256 of a file, in hexadecimal.
fn digest(path: &Path) -> Result<String> {
    let file = File::open(path).on("open", path)?;
    let size = file.metadata().on("examine", path)?.len();
    let (hash, _) = hash_read(file, size, path, &mut Meter::new(size, &mut no_progress))?;
    Ok(hex(&hash))
}

/// Refuses a folder that is the registry, or lies in it, wherever links lead.
fn refuse_registry(registry: &Path, to: &Path) -> Result<()> {
    if real(to)?.starts_with(registry.canonicalize().on("find", registry)?) {
        return Err(Detail::InvalidArgument(format!(
            "`{}` is inside the registry; give a folder outside of it, best on another disk",
            to.display()
        ))
        .into());
    }
    Ok(())
}

/// The folder of a backup, which one program at a time writes to.
struct Place<'a> {
    folder: &'a Path,
    registry: &'a str,
    /// What the mark says of the database that is there.
    databases: Vec<String>,
    lock: File,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        // Not only closed: the child of a fork has the folder open too, and would go on holding it.
        let _: rustix::io::Result<()> = flock(&self.lock, FlockOperation::Unlock);
    }
}

impl<'a> Place<'a> {
    /// Makes the folder where there is none, and takes it where it is this registry's.
    fn prepare(folder: &'a Path, registry: &'a str) -> Result<Self> {
        if folder.exists() && !folder.is_dir() {
            return Err(occupied(folder, "a file is there"));
        }
        folder::create(folder)?;
        let databases = || match Mark::read(folder)? {
            Some(mark) if mark.registry == registry => Ok(mark.databases),
            Some(mark) => Err(Detail::Conflict(format!(
                "`{}` is the backup of another registry, `{}`; give a folder of its own to each",
                folder.display(),
                mark.registry
            ))
            .into()),
            None => refuse_foreign(folder).map(|()| Vec::new()),
        };
        // Looked at before it is locked: the folder of a registry is locked by who has it open.
        databases()?;
        let lock = File::open(folder).on("open", folder)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => {
                return Err(Detail::Busy(format!(
                    "another program is writing a backup to `{}`; try again when it is done",
                    folder.display()
                ))
                .into());
            }
            locked => locked.on("lock", folder)?,
        }
        clear_staged(folder)?;
        let databases = databases()?;
        let place = Self { folder, registry, databases, lock };
        if place.databases.is_empty() {
            place.mark(None)?;
        }
        Ok(place)
    }

    /// Says what the database is, or is about to be; the one that is there stays the right one too.
    fn mark(&self, database: Option<String>) -> Result<()> {
        let present = self.folder.join(DATABASE);
        let mut databases: Vec<String> = database.into_iter().collect();
        if present.exists() {
            let present = digest(&present)?;
            // One that was altered since is not made right by this.
            databases.extend(self.databases.contains(&present).then_some(present));
        }
        databases.dedup();
        let registry = self.registry.to_owned();
        let mark = Mark { halfback_backup: 1, registry, databases };
        let mut text = serde_json::to_vec_pretty(&mark)
            .map_err(|error| Detail::Internal(format!("a mark has no JSON: {error}")))?;
        text.push(b'\n');
        let staged = stage_bytes(self.folder, &text)?;
        staged.sync()?;
        staged.persist(&self.folder.join(MARK))?;
        folder::sync(self.folder)
    }

    /// Refuses a new snapshot that does not go on from the one in the backup.
    fn refuse_other_past(&self, staged: &Path) -> Result<()> {
        let present = self.folder.join(DATABASE);
        if !present.exists() {
            return Ok(());
        }
        let last = examine(self.folder, |sql| {
            let Head { number, .. } = Head::read(sql)?;
            Ok((number, header(sql, number)?))
        });
        let (number, entry) = match last {
            // A damaged one is as good as none: this backup replaces it.
            Err(error) if error.kind() == Kind::Integrity || error.code() == "not_a_registry" => {
                return Ok(());
            }
            last => last?,
        };
        if examine(staged, |sql| header(sql, number))? == entry {
            return Ok(());
        }
        Err(Detail::Conflict(format!(
            "the backup in `{}` goes up to commit {number}, which this registry does not have: it was made before the registry was restored; keep it, and back up to a new folder",
            self.folder.display()
        ))
        .into())
    }
}

fn header(sql: &mut dyn Sql, number: CommitNumber) -> Result<Option<Vec<u8>>> {
    sql.first("SELECT header FROM log WHERE n = ?1", &[number.into()], |row| {
        Ok(row.blob(0)?.to_vec())
    })
}

impl Mark {
    /// The mark of a folder; `None` where there is none.
    fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(MARK);
        let file = match File::open(&path) {
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(None);
            }
            file => file.on("open", &path)?,
        };
        let mut text = Vec::new();
        file.take(MAX_MARK).read_to_end(&mut text).on("read", &path)?;
        let mark: Self = serde_json::from_slice(&text).map_err(|_| {
            Detail::Corrupt(format!(
                "`{}` is damaged; back up to a new folder, or restore from another backup",
                path.display()
            ))
        })?;
        if mark.halfback_backup > 1 {
            return Err(Detail::UnsupportedFormat(format!(
                "the backup in `{}` has format {}, this library knows 1; use a newer halfback",
                folder.display(),
                mark.halfback_backup
            ))
            .into());
        }
        Ok(Some(mark))
    }
}

/// Removes what a killed backup left on its way; the folder is locked.
fn clear_staged(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder).on("read", folder)? {
        let entry = entry.on("read", folder)?;
        if entry.file_name().as_encoded_bytes().starts_with(STAGED.as_bytes()) {
            let path = entry.path();
            let is_folder = entry.file_type().on("examine", &path)?.is_dir();
            if is_folder { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) }
                .on("remove", &path)?;
        }
    }
    Ok(())
}

/// Refuses a folder that holds anything but what a backup left on its way.
fn refuse_foreign(folder: &Path) -> Result<()> {
    let names: Vec<_> = std::fs::read_dir(folder)
        .on("read", folder)?
        .map(|entry| Ok(entry.on("read", folder)?.file_name()))
        .collect::<Result<_>>()?;
    let ours = |name: &OsString| name.as_encoded_bytes().starts_with(STAGED.as_bytes());
    let Some(name) = names.into_iter().find(|name| !ours(name)) else { return Ok(()) };
    let what = if folder.join(DATABASE).exists() {
        "a registry is there".to_owned()
    } else {
        format!("it holds `{}`", name.display())
    };
    Err(occupied(folder, &what))
}

fn occupied(folder: &Path, what: &str) -> Error {
    Detail::AlreadyExists(format!(
        "cannot back up to `{}`: {what}; give a new folder, an empty one, or that of an earlier backup",
        folder.display()
    ))
    .into()
}

fn occupied_target(folder: &Path) -> Error {
    Detail::AlreadyExists(format!(
        "cannot restore to `{}`: something is there already; give a new or empty folder",
        folder.display()
    ))
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_free_after_a_backup_also_where_a_fork_has_it_open() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::prepare(folder.path(), "registry").unwrap();
        assert_eq!(Place::prepare(folder.path(), "registry").err().unwrap().code(), "busy");
        // What the child of a fork has.
        let inherited = place.lock.try_clone().unwrap();
        drop(place);
        Place::prepare(folder.path(), "registry").unwrap();
        drop(inherited);
    }
}
