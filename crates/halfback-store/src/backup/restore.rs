//! A registry made of a backup, examined before it has its name.

use std::fs::File;
use std::path::Path;

use super::{Mark, examine, occupied_target, refuse_damage, take, total};
use crate::artifact::{self, ArtifactStore, Meter, Progress, StagedFolder, Taken, copy_file};
use crate::error::{Detail, Error, IoContext, Result};
use crate::folder;
use crate::id::{CommitNumber, hex};
use crate::sqlite::DATABASE;
use crate::target::{self, real};
use crate::tx::Head;

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The registry's identity, which is that of the one that was backed up.
    pub registry: String,
    /// The log's end.
    pub head: CommitNumber,
    /// The root of its tree, in hexadecimal.
    pub root: String,
    /// The size of the database, in bytes.
    pub database_bytes: u64,
    /// The files of the artifacts.
    pub taken: Taken,
}

/// What changes the database in a folder, and leaves nothing of it open.
pub type Amend<'a> = dyn FnMut(&Path) -> Result<()> + 'a;

/// Makes a registry of a backup in the folder `to`, which must be absent or empty.
///
/// Everything is examined first: the database as SQLite and by its digest, the log, every row and
/// every file. The registry appears whole under its name or not at all.
///
/// `amend` changes the database once that was examined, in a folder that nobody else knows; content
/// that is named no more after that is not taken over.
pub fn restore(
    backup: &Path,
    to: &Path,
    amend: Option<&mut Amend<'_>>,
    progress: Progress<'_>,
) -> Result<Restored> {
    target::refuse_empty(backup, "backup")?;
    let mark = Mark::read(backup)?.ok_or_else(|| no_backup(backup))?;
    target::refuse_empty(to, "to")?;
    let to = &target::folder_behind(&std::path::absolute(to).on("find", to)?)?;
    if real(to)?.starts_with(backup.canonicalize().on("find", backup)?) {
        return Err(Detail::InvalidArgument(format!(
            "`{}` is inside the backup; restore to another folder",
            to.display()
        ))
        .into());
    }
    target::refuse_inside(to, "to")?;
    if to.exists() && !std::fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_none()) {
        return Err(occupied_target(to));
    }
    let from = ArtifactStore::new(backup);
    // The next backup into that folder leaves the content of the database that is read here.
    let _hold = match from.hold() {
        // A file system without such locks.
        Err(error) if error.code() == "io" => None,
        hold => Some(hold?),
    };
    let above = to.parent().unwrap_or(Path::new("/"));
    folder::create(above)?;
    let staged = StagedFolder::new(above)?;
    let source = backup.join(DATABASE);
    let size = source.metadata().map_or(0, |metadata| metadata.len());
    let mut meter = Meter::new(size, progress);
    copy_database(&mark, &source, staged.path(), &mut meter).map_err(damaged)?;
    refuse_damage(staged.path(), true).map_err(damaged)?;
    if let Some(amend) = amend {
        amended(staged.path(), amend)?;
    }
    let (head, root, named) = examine(staged.path(), |sql| {
        let head = Head::read(sql)?;
        Ok((head.number, hex(&head.range.root()), artifact::named(sql)?))
    })
    .map_err(damaged)?;
    meter.expect(total(&named).saturating_add(size));
    let taken = take(&from, &ArtifactStore::new(staged.path()), &named, false, &mut meter)
        .map_err(damaged)?;
    meter.finish()?;
    staged.persist(to)?;
    let database_bytes = to.join(DATABASE).metadata().map_or(size, |metadata| metadata.len());
    Ok(Restored { registry: mark.registry, head, root, database_bytes, taken })
}

/// Has the database of a staged folder changed. In a folder of its own, as the staged one is locked by
/// who makes it, and a registry's by who has it open.
fn amended(staged: &Path, amend: &mut Amend<'_>) -> Result<()> {
    let (database, apart) = (staged.join(DATABASE), staged.join("amended"));
    let moved = apart.join(DATABASE);
    folder::create(&apart)?;
    std::fs::rename(&database, &moved).on("move", &database)?;
    amend(&apart)?;
    let log = apart.join(format!("{DATABASE}-wal"));
    if log.metadata().is_ok_and(|log| log.len() > 0) {
        return Err(Detail::Internal("a restored database was left open".into()).into());
    }
    std::fs::rename(&moved, &database).on("move", &moved)?;
    std::fs::remove_dir_all(&apart).on("remove", &apart)
}

/// Copies the database, hashed on the way.
fn copy_database(mark: &Mark, source: &Path, folder: &Path, meter: &mut Meter<'_>) -> Result<()> {
    let file = match File::open(source) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Detail::ArtifactMissing(format!(
                "`{}` is not there: the backup was never finished; take another one",
                source.display()
            ))
            .into());
        }
        file => file.on("open", source)?,
    };
    let (hash, _, staged) = copy_file(&file, source, folder, meter)?;
    staged.sync()?;
    staged.persist(&folder.join(DATABASE))?;
    if mark.databases.contains(&hex(&hash)) {
        return Ok(());
    }
    Err(Detail::ArtifactAltered(format!(
        "`{}` is not what was backed up: its SHA-256 is not the recorded one",
        source.display()
    ))
    .into())
}

fn damaged(error: Error) -> Error {
    error.within("the backup cannot be restored; back up again with `verify`, or take another one")
}

fn no_backup(folder: &Path) -> Error {
    let folder = folder.display();
    Detail::NotARegistry(format!(
        "`{folder}` is not a backup: it has no `{}`; give the folder that `backup` wrote",
        super::MARK
    ))
    .into()
}
