//! Taking in artifacts that are whole elsewhere: what is here already stays, the rest is copied.

use std::io::Read;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, utimensat};

use super::transfer::{self, Meter, Staged};
use super::{Artifact, ArtifactFile, ArtifactStore, BATCH, Digest, hold_against, open};
use crate::error::Result;
use crate::folder;
use crate::id::{EntityId, hex};
use crate::merkle::{Hash, sha256};

/// A file to copy: what it reads as, and the place that errors name.
pub type Supplied<'a> = (Box<dyn Read + 'a>, PathBuf);

/// How much was taken in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Files that were copied.
    pub files_copied: u64,
    /// Their bytes.
    pub bytes_copied: u64,
    /// Files that were there already.
    pub files_kept: u64,
    /// Their bytes.
    pub bytes_kept: u64,
}

/// Takes artifacts into a store, each content once; all of it is durable after
/// [`finish`](Intake::finish).
#[derive(Debug)]
pub struct Intake<'a> {
    store: &'a ArtifactStore,
    /// Whether what is there is read, and not only looked at for its size.
    verify: bool,
    /// Whether what is there becomes as young as what is put.
    renew: bool,
    catalog: Option<EntityId>,
    batch: Vec<(Hash, Staged)>,
    /// The folders of content that was there: who put it may have ended before it synced them.
    relied: folder::Entries,
    taken: Taken,
}

impl<'a> Intake<'a> {
    /// An intake into a store. With `verify` content that is there already is read and hashed, and
    /// replaced where it was altered; without, the right size is enough.
    pub fn new(store: &'a ArtifactStore, verify: bool) -> Self {
        Self {
            store,
            verify,
            renew: false,
            catalog: None,
            batch: Vec::new(),
            relied: folder::Entries::default(),
            taken: Taken::default(),
        }
    }

    /// Gives content that is there already the age of what is put now: somebody is going to name it,
    /// and whoever sweeps the store leaves what is young.
    #[must_use]
    pub fn renewing(self) -> Self {
        Self { renew: true, ..self }
    }

    /// Takes in one artifact whose files `supply` opens. Content that does not have its hash is
    /// refused with the code `artifact_altered`.
    pub fn take(
        &mut self,
        catalog: EntityId,
        artifact: &Artifact,
        supply: &mut dyn FnMut(&ArtifactFile) -> Result<Supplied<'static>>,
        meter: &mut Meter<'_>,
    ) -> Result<()> {
        let staging = self.staging(catalog)?;
        for file in &artifact.files {
            if self.is_there(catalog, file, meter)? {
                self.rely_on(&self.store.file_of(catalog, file)?)?;
                self.taken.files_kept += 1;
                self.taken.bytes_kept += file.size;
                continue;
            }
            let (source, place) = supply(file)?;
            let (hash, _, staged) =
                transfer::copy_read(source, file.size, &place, &staging, meter)?;
            hold_against(file, &hash, &place)?;
            self.add(catalog, hash, staged)?;
            self.taken.files_copied += 1;
            self.taken.bytes_copied += file.size;
        }
        let _hold = self.store.hold()?;
        let place = self.store.stored(catalog, artifact.digest.hash());
        let there = self.store.manifest(catalog, &artifact.digest).is_ok();
        if !there || !self.stays_young(&place) {
            let manifest = artifact.manifest();
            let staged = transfer::stage_bytes(&staging, manifest.as_bytes())?;
            self.add(catalog, sha256(manifest.as_bytes()), staged)?;
        }
        self.rely_on(&place)
    }

    fn rely_on(&mut self, place: &Path) -> Result<()> {
        let Some(folder) = place.parent().filter(|folder| folder.is_dir()) else { return Ok(()) };
        self.relied.make(folder)?;
        self.relied.changed(folder);
        Ok(())
    }

    /// Makes durable what was taken in; gives how much that was.
    pub fn finish(mut self) -> Result<Taken> {
        self.admit()?;
        self.relied.sync()?;
        Ok(self.taken)
    }

    /// The catalog's folder for files on their way.
    fn staging(&mut self, catalog: EntityId) -> Result<PathBuf> {
        let staging = self.store.catalog(catalog).join("staging");
        if self.catalog != Some(catalog) {
            self.admit()?;
            folder::create(&staging)?;
            transfer::sweep(&staging);
            self.catalog = Some(catalog);
        }
        Ok(staging)
    }

    fn is_there(
        &self,
        catalog: EntityId,
        file: &ArtifactFile,
        meter: &mut Meter<'_>,
    ) -> Result<bool> {
        if self.batch.iter().any(|(hash, _)| hex(hash) == file.sha256) {
            meter.add(file.size)?;
            return Ok(true);
        }
        let place = self.store.file_of(catalog, file)?;
        let _hold = self.store.hold()?;
        if !self.stays_young(&place) {
            return Ok(false);
        }
        if !place.metadata().is_ok_and(|found| found.is_file() && found.len() == file.size) {
            return Ok(false);
        }
        if !self.verify {
            meter.add(file.size)?;
            return Ok(true);
        }
        let (hash, _) = transfer::hash_file(&open(&place, file)?, &place, meter)?;
        Ok(hex(&hash) == file.sha256)
    }

    /// Renews the age of a file where that is wanted. Who may not, or finds none, copies it.
    fn stays_young(&self, place: &Path) -> bool {
        let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
        let times = Timestamps { last_access: now, last_modification: now };
        !self.renew || utimensat(CWD, place, &times, AtFlags::empty()).is_ok()
    }

    fn add(&mut self, catalog: EntityId, hash: Hash, staged: Staged) -> Result<()> {
        self.catalog = Some(catalog);
        self.batch.push((hash, staged));
        if self.batch.len() < BATCH { Ok(()) } else { self.admit() }
    }

    fn admit(&mut self) -> Result<()> {
        match self.catalog {
            Some(catalog) if !self.batch.is_empty() => {
                self.store.admit(catalog, self.batch.drain(..))
            }
            _ => Ok(()),
        }
    }
}

impl ArtifactStore {
    /// The artifact's list of files, and a way to open them, for the [`Intake`] of another store.
    pub fn supply(
        &self,
        catalog: EntityId,
        digest: &Digest,
    ) -> Result<(Artifact, impl FnMut(&ArtifactFile) -> Result<Supplied<'static>> + use<'_>)> {
        Ok((self.manifest(catalog, digest)?, self.opening(catalog)))
    }

    /// Opens files of a catalog.
    pub fn opening(
        &self,
        catalog: EntityId,
    ) -> impl FnMut(&ArtifactFile) -> Result<Supplied<'static>> + use<'_> {
        move |file| {
            let place = self.file_of(catalog, file)?;
            Ok((Box::new(open(&place, file)?), place))
        }
    }
}
