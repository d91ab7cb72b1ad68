//! Backups of a whole registry, and registries made of backups.

use std::path::{Path, PathBuf};

use halfback_store::backup;
use halfback_store::error::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Privilege;
use crate::artifact::Progress;
use crate::erase::Erased;
use crate::erase::repeat::Erasures;
use crate::registry::Registry;

/// What was backed up, and how much of it was new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Backup {
    /// The identity of the registry.
    pub registry: String,
    /// The folder of the backup.
    pub path: String,
    /// The last commit that the backup holds.
    pub commit: i64,
    /// The root of the log's tree then, in hexadecimal.
    pub root: String,
    /// The size of the database, which is copied every time, in bytes.
    pub database_bytes: u64,
    /// Files of versions that were copied.
    pub files_copied: u64,
    /// Their bytes.
    pub bytes_copied: u64,
    /// Files of versions that the backup had already.
    pub files_kept: u64,
    /// Their bytes.
    pub bytes_kept: u64,
    /// Whether nothing is left there of what the registry had let go of before this: not while
    /// somebody has the backup open. Then back up once more.
    pub cleaned: bool,
}

/// How to restore.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestoreOptions {
    /// Where it says what was erased since the backup was made: the folder of the registry, damaged or
    /// not as long as it opens, or of a later backup; or a file with the entries that `list_erasures`
    /// gives, one in a line. All of that is erased again before the registry has its name.
    pub erasures: Option<PathBuf>,
}

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Restored {
    /// The identity of the registry, which is that of the one that was backed up.
    pub registry: String,
    /// The folder of the registry.
    pub path: String,
    /// The last commit that it holds.
    pub commit: i64,
    /// The root of the log's tree, in hexadecimal.
    pub root: String,
    /// The size of the database, in bytes.
    pub database_bytes: u64,
    /// Files of versions.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What was erased again; none where no erasures were given: then what was erased after the backup
    /// is here again.
    pub erased: Option<Erased>,
}

impl Registry {
    /// Copies the registry, as one moment has it, into the folder `to`, while others write.
    ///
    /// The folder is new, empty, or an earlier backup of this registry: then only content that is
    /// new is copied, and with `verify` what is there already is read, and copied again where it
    /// was altered; what the registry let go of goes from it. A backup that is interrupted leaves the one before as it was, and goes on where
    /// it stopped when it is run again. It can be opened with
    /// [`read_only`](crate::Options::read_only), and [`restore`] makes a registry of it.
    ///
    /// ```
    /// # use halfback::{Options, Registry, no_progress, restore};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("models.hb");
    /// # let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
    /// let to = folder.path().join("backup");
    /// let backup = registry.backup(&to, false, &mut no_progress)?;
    ///
    /// let restored = restore(&to, folder.path().join("again.hb"), &mut no_progress)?;
    /// assert_eq!(restored.root, backup.root);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn backup(
        &self,
        to: impl AsRef<Path>,
        verify: bool,
        progress: Progress<'_>,
    ) -> Result<Backup> {
        let shared = self.shared()?;
        // A backup holds everything, whoever may see it here.
        self.hold_on_registry(Privilege::Manage)?;
        let to = to.as_ref();
        let done = backup::backup(&shared.path, &shared.storage, to, verify, progress)?;
        Ok(Backup {
            registry: shared.storage.uuid().to_owned(),
            path: to.to_string_lossy().into_owned(),
            commit: done.head.0,
            root: done.root,
            database_bytes: done.database_bytes,
            files_copied: done.taken.files_copied,
            bytes_copied: done.taken.bytes_copied,
            files_kept: done.taken.files_kept,
            bytes_kept: done.taken.bytes_kept,
            cleaned: done.cleaned,
        })
    }
}

/// Makes a registry of a [`backup`](Registry::backup) in the folder `to`, which must be absent or
/// empty.
///
/// Everything is examined before the registry has its name: the database, the log, every row, and
/// every file against its digest. A backup that is damaged is refused, and the error names what is.
/// The registry has the identity of the one that was backed up: where that one still exists, only
/// one of the two may go on.
///
/// What was erased since the backup is in it still: see [`restore_with`].
pub fn restore(
    backup: impl AsRef<Path>,
    to: impl AsRef<Path>,
    progress: Progress<'_>,
) -> Result<Restored> {
    restore_with(backup, to, &RestoreOptions::default(), progress)
}

/// Makes a registry of a backup as the options say; see [`restore`].
///
/// What the options have of erasures is repeated in a commit of its own, before the registry has its
/// name. It is that of the operating system's user: who has the files of a registry needs no right in
/// it. What is held in the backup, or needed there, stays, and is in [`Erased::refused`].
///
/// ```
/// # use halfback::{CreateModel, Erasable, Options, Registry, RestoreOptions, no_progress, restore_with};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("models.hb");
/// # let registry = Registry::open_with(&path, Options { create: true, ..Options::default() })?;
/// let comment = Some("ask Ada Lovelace, 0170 1234".into());
/// registry.create_model(CreateModel { name: "fraud".into(), comment, ..CreateModel::default() })?;
/// let saved = folder.path().join("saved");
/// registry.backup(&saved, false, &mut no_progress)?;
/// registry.erase(Erasable::Texts, "fraud", "holds a telephone number")?;
///
/// let options = RestoreOptions { erasures: Some(path) };
/// let again = folder.path().join("again.hb");
/// let restored = restore_with(&saved, &again, &options, &mut no_progress)?;
/// assert_eq!(restored.erased.map(|erased| (erased.texts, erased.wiped)), Some((1, true)));
/// assert_eq!(Registry::open(&again)?.get_model("fraud")?.comment, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn restore_with(
    backup: impl AsRef<Path>,
    to: impl AsRef<Path>,
    options: &RestoreOptions,
    progress: Progress<'_>,
) -> Result<Restored> {
    let to = to.as_ref();
    let erasures = options.erasures.as_deref().map(Erasures::at).transpose()?;
    let mut erased = None;
    let mut repeat = erasures.as_ref().map(|erasures| {
        |folder: &Path| {
            erased = Some(erasures.repeat_in(folder)?);
            Ok(())
        }
    });
    let amend = repeat.as_mut().map(|repeat| repeat as &mut backup::Amend<'_>);
    let done = backup::restore(backup.as_ref(), to, amend, progress)?;
    Ok(Restored {
        registry: done.registry,
        path: to.to_string_lossy().into_owned(),
        commit: done.head.0,
        root: done.root,
        database_bytes: done.database_bytes,
        files: done.taken.files_copied + done.taken.files_kept,
        bytes: done.taken.bytes_copied + done.taken.bytes_kept,
        erased,
    })
}
