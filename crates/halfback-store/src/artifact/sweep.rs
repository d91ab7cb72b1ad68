//! Sweeping: what no version names leaves the store, and so does what killed transfers left.
//!
//! Content is found without any lock and removed in small batches. For each batch the store is
//! cleared and nobody registers a version; what was named or put again since the search is left
//! alone.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{DirEntry, Metadata};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::{Artifact, ArtifactStore, Digest, Named, STAGED, named, named_since, transfer};
use crate::error::{Detail, Error, IoContext, Result};
use crate::id::{EntityId, unhex};
use crate::interrupt;
use crate::merkle::Hash;
use crate::sql::{Sql, Storage};
use crate::sqlite::Sqlite;
use crate::time::Timestamp;
use crate::tx::Head;

/// Files that are removed while others wait.
const BATCH: usize = 256;

/// What was removed, or would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files that were removed.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that nobody names and that were changed too lately to be removed.
    pub young_files: u64,
    /// Their bytes.
    pub young_bytes: u64,
}

/// Removes content that no version names or ever named, or that was purged, and what killed
/// transfers left; both only where it was last put before the time `before`. With `dry_run` nothing
/// is removed.
///
/// Where the list of files of a version cannot be read, nobody knows what that version names, and
/// nothing of its catalog is removed.
pub fn sweep(registry: &Path, storage: &Sqlite, before: Timestamp, dry_run: bool) -> Result<Swept> {
    let mut sweep = Sweep::new(registry, storage, dry_run)?;
    for catalog in sweep.store.catalogs()? {
        sweep.leftovers(catalog, before)?;
        let named = sweep.named_in(catalog)?;
        for folder in folders(&sweep.store.catalog(catalog).join("sha256"))? {
            let unnamed = contents(&folder)?.into_iter().filter(|hash| !named.contains(hash));
            sweep.remove(catalog, unnamed.map(|hash| (hash, before)).collect())?;
        }
    }
    Ok(sweep.swept)
}

/// What is left of the contents that purges let go of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    /// What was removed now.
    pub swept: Swept,
    /// Whether nothing is left that no version names.
    pub gone: bool,
}

/// Removes what purges let go of, unless somebody has put it again since its version was deleted:
/// that is left to [`sweep`].
///
/// The list of files of an artifact goes after the files. So one that is gone says that its files
/// are, and what a killed process left is found again.
pub fn remove_purged(registry: &Path, storage: &Sqlite) -> Result<Removed> {
    let mut sweep = Sweep::new(registry, storage, false)?;
    let mut gone = true;
    let mut purged: BTreeMap<EntityId, HashMap<Digest, (Artifact, Timestamp)>> = BTreeMap::new();
    for (catalog, digest, deleted) in read(storage, purged_contents)? {
        match sweep.store.manifest(catalog, &digest) {
            Ok(artifact) => {
                let artifacts = purged.entry(catalog).or_default();
                let (_, last) = artifacts.entry(digest).or_insert((artifact, deleted));
                *last = deleted.max(*last);
            }
            Err(error) if error.code() == "artifact_missing" => {}
            // What it names cannot be told; the files are left to `sweep`.
            Err(_) => gone = false,
        }
    }
    for (catalog, artifacts) in purged {
        let named = sweep.named_in(catalog)?;
        let mut contents: HashMap<Hash, Timestamp> = HashMap::new();
        for (artifact, deleted) in artifacts.values() {
            for hash in files(artifact)?.into_iter().filter(|hash| !named.contains(hash)) {
                let last = contents.entry(hash).or_insert(*deleted);
                *last = (*deleted).max(*last);
            }
        }
        let left: HashSet<Hash> = contents.keys().copied().collect();
        sweep.remove(catalog, contents.into_iter().collect())?;
        let is_there = |hash: &Hash| sweep.store.stored(catalog, hash).symlink_metadata().is_ok();
        let left: HashSet<Hash> = left.into_iter().filter(is_there).collect();
        gone &= left.is_empty();
        let mut lists = Vec::new();
        for (artifact, deleted) in artifacts.into_values() {
            let list = *artifact.digest.hash();
            if !named.contains(&list) && files(&artifact)?.iter().all(|hash| !left.contains(hash)) {
                lists.push((list, deleted));
            }
        }
        let hashes: Vec<Hash> = lists.iter().map(|(list, _)| *list).collect();
        sweep.remove(catalog, lists)?;
        let is_there = |hash: &Hash| sweep.store.stored(catalog, hash).symlink_metadata().is_ok();
        gone &= !hashes.iter().any(is_there);
    }
    Ok(Removed { swept: sweep.swept, gone })
}

/// Removes all content but that of the artifacts in `named` from a store that nobody else writes to;
/// nothing while somebody reads it. Gives whether nothing else is left.
///
/// Where the list of files of one of them cannot be read, nothing of its catalog is removed.
pub(crate) fn keep_only(store: &ArtifactStore, named: &[Named]) -> Result<bool> {
    let Some(_alone) = store.try_clear()? else { return Ok(false) };
    for catalog in store.catalogs()? {
        let named = store.contents(named, catalog)?;
        for folder in folders(&store.catalog(catalog).join("sha256"))? {
            for hash in contents(&folder)?.into_iter().filter(|hash| !named.contains(hash)) {
                let place = store.stored(catalog, &hash);
                std::fs::remove_file(&place).on("remove", &place)?;
            }
        }
        transfer::sweep(&store.catalog(catalog).join("staging"));
    }
    Ok(true)
}

/// What purges let go of: catalog, digest, and when its version was deleted, or lost it while it lived.
fn purged_contents(sql: &mut dyn Sql) -> Result<Vec<(EntityId, Digest, Timestamp)>> {
    sql.all(
        "SELECT DISTINCT s.parent, v.digest, l.time FROM purge p \
         JOIN version v ON v.id = p.version JOIN log l ON l.n = CASE WHEN v.until < p.since THEN v.until ELSE p.since END \
         JOIN securable m ON m.id = v.model JOIN securable s ON s.id = m.parent",
        &[],
        |row| {
            let digest = row.blob(1)?.try_into().map_err(|_| {
                Detail::Corrupt("a version's digest is damaged; run `check`".into())
            })?;
            Ok((row.id(0)?, Digest::new(digest), Timestamp::from_micros(row.int(2)?)))
        },
    )
}

/// One search for what nobody names.
struct Sweep<'a> {
    store: ArtifactStore,
    storage: &'a Sqlite,
    /// What was named when the search began.
    named: Vec<Named>,
    /// The first id of a version that was registered since.
    next: EntityId,
    dry_run: bool,
    swept: Swept,
}

impl<'a> Sweep<'a> {
    fn new(registry: &Path, storage: &'a Sqlite, dry_run: bool) -> Result<Self> {
        let (named, next) = all_named(storage)?;
        let store = ArtifactStore::new(registry);
        Ok(Self { store, storage, named, next, dry_run, swept: Swept::default() })
    }

    fn named_in(&mut self, catalog: EntityId) -> Result<HashSet<Hash>> {
        loop {
            match self.store.contents(&self.named, catalog) {
                Err(error) if error.code() == "artifact_missing" => {
                    // It may have been purged since.
                    let (named, next) = all_named(self.storage)?;
                    if named == self.named {
                        return Err(error);
                    }
                    (self.named, self.next) = (named, next);
                }
                contents => return contents,
            }
        }
    }

    /// Removes contents that nobody names, each where it was last put before its time.
    fn remove(&mut self, catalog: EntityId, contents: Vec<(Hash, Timestamp)>) -> Result<()> {
        if self.dry_run {
            return self.remove_files(catalog, &contents);
        }
        // What is young now is younger then: most of a busy store is looked at only once.
        let mut old = Vec::new();
        for (hash, before) in contents {
            let place = self.store.stored(catalog, &hash);
            if self.swept.is_old(&place, before)?.is_some() {
                old.push((hash, before));
            }
        }
        for batch in old.chunks(BATCH) {
            if interrupt::requested() {
                return Err(Detail::Cancelled.into());
            }
            let _cleared = self.store.clear()?;
            let storage = self.storage;
            storage.alone(|| {
                let since = read(storage, |sql| named_since(sql, self.next))?;
                let named = self.store.contents(&since, catalog)?;
                let unnamed: Vec<_> =
                    batch.iter().filter(|(hash, _)| !named.contains(hash)).copied().collect();
                self.remove_files(catalog, &unnamed)
            })?;
        }
        Ok(())
    }

    fn remove_files(&mut self, catalog: EntityId, contents: &[(Hash, Timestamp)]) -> Result<()> {
        for (hash, before) in contents {
            let place = self.store.stored(catalog, hash);
            if let Some(size) = self.swept.is_old(&place, *before)? {
                self.remove_file(&place, size)?;
            }
        }
        Ok(())
    }

    /// Removes what killed transfers left on its way into the store.
    fn leftovers(&mut self, catalog: EntityId, before: Timestamp) -> Result<()> {
        let staging = self.store.catalog(catalog).join("staging");
        for entry in entries(&staging)? {
            let path = entry.path();
            let ours = entry.file_name().as_encoded_bytes().starts_with(STAGED.as_bytes());
            if !ours || !entry.file_type().on("examine", &path)?.is_file() {
                continue;
            }
            // Gone meanwhile, or still in somebody's hands.
            let Ok(file) = std::fs::File::open(&path) else { continue };
            if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
                && let Some(size) = self.swept.is_old(&path, before)?
            {
                self.remove_file(&path, size)?;
            }
        }
        Ok(())
    }

    fn remove_file(&mut self, path: &Path, size: u64) -> Result<()> {
        if !self.dry_run {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
                removed => removed.on("remove", path)?,
            }
        }
        self.swept.files += 1;
        self.swept.bytes += size;
        Ok(())
    }
}

impl Swept {
    /// The size of a file that was last changed up to a time; a younger one is counted.
    fn is_old(&mut self, path: &Path, before: Timestamp) -> Result<Option<u64>> {
        let metadata = match path.symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            metadata => metadata.on("examine", path)?,
        };
        if modified(&metadata) <= before {
            return Ok(Some(metadata.len()));
        }
        self.young_files += 1;
        self.young_bytes += metadata.len();
        Ok(None)
    }
}

fn modified(metadata: &Metadata) -> Timestamp {
    use std::os::unix::fs::MetadataExt as _;
    let micros = metadata.mtime().saturating_mul(1_000_000);
    Timestamp::from_micros(micros.saturating_add(metadata.mtime_nsec() / 1000))
}

impl ArtifactStore {
    /// The catalogs that have content here.
    fn catalogs(&self) -> Result<Vec<EntityId>> {
        let id = |entry: DirEntry| entry.file_name().to_str()?.parse().ok().map(EntityId);
        Ok(entries(&self.root)?.into_iter().filter_map(id).collect())
    }

    /// Every content of these artifacts that a catalog's store has: their files, and their lists.
    fn contents(&self, named: &[Named], catalog: EntityId) -> Result<HashSet<Hash>> {
        let mut contents = HashSet::new();
        for Named { digest, .. } in named.iter().filter(|named| named.catalog == catalog) {
            let artifact = self.manifest(catalog, digest).map_err(unknown)?;
            contents.extend(hashes(&artifact)?);
        }
        Ok(contents)
    }
}

fn unknown(error: Error) -> Error {
    error.within("nobody can tell which files a version has, so none was removed")
}

/// The contents of an artifact: its files, and the list of them.
fn hashes(artifact: &Artifact) -> Result<Vec<Hash>> {
    let mut hashes = files(artifact)?;
    hashes.push(*artifact.digest.hash());
    Ok(hashes)
}

/// The contents of an artifact's files.
fn files(artifact: &Artifact) -> Result<Vec<Hash>> {
    let damaged = || Detail::Corrupt("a manifest names a file by no SHA-256".into()).into();
    artifact.files.iter().map(|file| unhex(&file.sha256).ok_or_else(damaged)).collect()
}

/// Everything that is named, and the id that the next version gets.
fn all_named(storage: &Sqlite) -> Result<(Vec<Named>, EntityId)> {
    read(storage, |sql| Ok((named(sql)?, EntityId(Head::read(sql)?.next_id))))
}

/// The folders in which a store keeps its contents.
fn folders(above: &Path) -> Result<Vec<PathBuf>> {
    let folders = entries(above)?.into_iter().map(|entry| entry.path());
    Ok(folders.filter(|path| path.is_dir()).collect())
}

/// The contents in one of these folders; what has another name is none, and stays.
fn contents(folder: &Path) -> Result<Vec<Hash>> {
    let Some(begins) = folder.file_name().and_then(|name| name.to_str()) else {
        return Ok(Vec::new());
    };
    let hash = |entry: &DirEntry| unhex(&format!("{begins}{}", entry.file_name().to_str()?));
    Ok(entries(folder)?.iter().filter_map(hash).collect())
}

/// What is in a folder; nothing in one that is not there.
fn entries(folder: &Path) -> Result<Vec<DirEntry>> {
    match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries.on("read", folder)?.map(|entry| entry.on("read", folder)).collect(),
    }
}

/// Reads one snapshot of the database.
fn read<T>(storage: &Sqlite, read: impl FnOnce(&mut dyn Sql) -> Result<T>) -> Result<T> {
    let (mut read, mut answer) = (Some(read), None);
    storage.read(&mut |sql| {
        if let Some(read) = read.take() {
            answer = Some(read(sql)?);
        }
        Ok(())
    })?;
    answer.ok_or_else(|| Detail::Internal("a read gave no answer".into()).into())
}
