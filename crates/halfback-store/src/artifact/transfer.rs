//! Moving bytes: one pass reads, hashes and writes, the hash on a thread of its own.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use super::manifest::{Artifact, ArtifactFile};
use super::source::{ContentFiles, Found, Source};
use super::{Progress, Transfer, is_staging_name, staging_name};
use crate::error::{Detail, IoContext, Result};
use crate::id::hex;
use crate::merkle::Hash;

/// Bytes read at once.
const CHUNK: usize = 1 << 20;
/// Bytes after which the disk is told to begin, so that the sync at the end finds little to do.
const AHEAD: u64 = 8 << 20;
/// Chunks under way between the reader and the hash.
const CHUNKS: usize = 4;

/// Reads all files once. With a staging folder each is also copied there and handed to `admit`
/// with its hash, not synced yet.
pub(super) fn read_content(
    content: &ContentFiles<'_>,
    staging: Option<&Path>,
    progress: Progress<'_>,
    mut admit: impl FnMut(Hash, Staged) -> Result<()>,
) -> Result<Artifact> {
    let mut meter = Meter::new(content.size(), progress);
    let sources = match &content.0 {
        Found::Sources(sources) => sources,
        Found::Bytes { name, bytes } => return read_bytes(name, bytes, staging, &mut meter, admit),
    };
    let mut files = Vec::with_capacity(sources.len());
    for source in sources {
        let (hash, staged) = read_source(source, staging, &mut meter)?;
        if let Some(staged) = staged {
            admit(hash, staged)?;
        }
        files.push(source.listed(&hex(&hash)));
    }
    meter.finish()?;
    Artifact::new(files)
}

fn read_bytes(
    name: &str,
    bytes: &[u8],
    staging: Option<&Path>,
    meter: &mut Meter<'_>,
    mut admit: impl FnMut(Hash, Staged) -> Result<()>,
) -> Result<Artifact> {
    let staged = staging.map(Staged::new).transpose()?;
    let mut hash = Sha256::new();
    for chunk in bytes.chunks(CHUNK) {
        hash.update(chunk);
        if let Some(staged) = &staged {
            (&staged.file).write_all(chunk).on("write", &staged.path)?;
        }
        meter.add(chunk.len() as u64)?;
    }
    meter.finish()?;
    let hash = hash.finalize().into();
    if let Some(staged) = staged {
        admit(hash, staged)?;
    }
    let size = bytes.len() as u64;
    Artifact::new(vec![ArtifactFile { path: name.to_owned(), size, sha256: hex(&hash) }])
}

fn read_source(
    source: &Source,
    staging: Option<&Path>,
    meter: &mut Meter<'_>,
) -> Result<(Hash, Option<Staged>)> {
    let file = source.open()?;
    let (hash, read, staged) = if let Some(staging) = staging {
        let (hash, read, staged) = copy_file(&file, &source.place, staging, meter)?;
        (hash, read, Some(staged))
    } else {
        let (hash, read) = hash_file(&file, &source.place, meter)?;
        (hash, read, None)
    };
    // The count too: what lies in /proc gives bytes that its size does not tell of.
    if read != source.size() {
        return Err(source.changed());
    }
    source.hold(&file)?;
    Ok((hash, staged))
}

/// Hashes a file; gives the hash and the number of bytes.
pub(super) fn hash_file(file: &File, path: &Path, meter: &mut Meter<'_>) -> Result<(Hash, u64)> {
    pump(file, size_of(file, path)?, path, None, meter)
}

/// Hashes what a reader gives, `size` being what is expected of it; gives the hash and the number
/// of bytes. `path` is for errors.
pub fn hash_read(
    source: impl Read,
    size: u64,
    path: &Path,
    meter: &mut Meter<'_>,
) -> Result<(Hash, u64)> {
    pump(source, size, path, None, meter)
}

/// Copies a file into a new file of `folder`, not synced yet; gives the hash and the number of
/// bytes too.
pub(crate) fn copy_file(
    file: &File,
    path: &Path,
    folder: &Path,
    meter: &mut Meter<'_>,
) -> Result<(Hash, u64, Staged)> {
    copy_read(file, size_of(file, path)?, path, folder, meter)
}

/// Copies what a reader gives, `size` being what is expected of it, as [`copy_file`] does.
pub(super) fn copy_read(
    source: impl Read,
    size: u64,
    path: &Path,
    folder: &Path,
    meter: &mut Meter<'_>,
) -> Result<(Hash, u64, Staged)> {
    let staged = Staged::new(folder)?;
    let (hash, read) = pump(source, size, path, Some(&staged), meter)?;
    Ok((hash, read, staged))
}

/// Copies what a reader gives to the end of a file on its way; gives the hash and the number of
/// bytes.
pub(crate) fn append_read(
    source: impl Read,
    size: u64,
    path: &Path,
    staged: &Staged,
    meter: &mut Meter<'_>,
) -> Result<(Hash, u64)> {
    pump(source, size, path, Some(staged), meter)
}

fn size_of(file: &File, path: &Path) -> Result<u64> {
    Ok(file.metadata().on("examine", path)?.len())
}

/// Writes bytes into a new file of `folder`, not synced yet.
pub(crate) fn stage_bytes(folder: &Path, bytes: &[u8]) -> Result<Staged> {
    let staged = Staged::new(folder)?;
    (&staged.file).write_all(bytes).on("write", &staged.path)?;
    Ok(staged)
}

/// Reads to the end, writes where there is a target, and hashes: inline when one chunk is all,
/// else beside the reading.
fn pump(
    source: impl Read,
    size: u64,
    path: &Path,
    target: Option<&Staged>,
    meter: &mut Meter<'_>,
) -> Result<(Hash, u64)> {
    if size <= CHUNK as u64 {
        let mut hash = Sha256::new();
        let read = chunks(source, path, target, meter, |chunk| {
            hash.update(&chunk);
            Ok(chunk)
        })?;
        return Ok((hash.finalize().into(), read));
    }
    std::thread::scope(|scope| {
        let (full, to_hash) = sync_channel::<Vec<u8>>(CHUNKS);
        let (empty, reuse) = sync_channel::<Vec<u8>>(CHUNKS);
        let hash = scope.spawn(move || hash_chunks(&to_hash, &empty));
        let read = chunks(source, path, target, meter, |chunk| {
            full.send(chunk)
                .map_err(|_| Detail::Internal("the hashing thread ended early".into()))?;
            Ok(reuse.try_recv().unwrap_or_default())
        });
        drop(full);
        let hash =
            hash.join().map_err(|_| Detail::Internal("the hashing thread panicked".into()))?;
        Ok((hash, read?))
    })
}

fn hash_chunks(chunks: &Receiver<Vec<u8>>, empty: &SyncSender<Vec<u8>>) -> Hash {
    let mut hash = Sha256::new();
    for chunk in chunks {
        hash.update(&chunk);
        // A buffer that finds no room is simply dropped.
        let _ = empty.try_send(chunk).is_ok();
    }
    hash.finalize().into()
}

/// Hands each chunk to `take`, which gives back a buffer to reuse; gives the number of bytes.
fn chunks(
    mut source: impl Read,
    path: &Path,
    target: Option<&Staged>,
    meter: &mut Meter<'_>,
    mut take: impl FnMut(Vec<u8>) -> Result<Vec<u8>>,
) -> Result<u64> {
    let mut total = 0;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let read =
            Read::take(&mut source, CHUNK as u64).read_to_end(&mut buffer).on("read", path)?;
        if read == 0 {
            return Ok(total);
        }
        if let Some(staged) = target {
            (&staged.file).write_all(&buffer).on("write", &staged.path)?;
        }
        total += read as u64;
        if let Some(staged) = target
            && total.is_multiple_of(AHEAD)
        {
            staged.begin_writing(total - AHEAD);
        }
        meter.add(read as u64)?;
        buffer = take(buffer)?;
    }
}

/// Counts bytes for the caller's progress.
pub struct Meter<'a> {
    done: u64,
    total: u64,
    progress: Progress<'a>,
}

impl std::fmt::Debug for Meter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter")
            .field("done", &self.done)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

impl<'a> Meter<'a> {
    /// Counts to `total`.
    pub fn new(total: u64, progress: Progress<'a>) -> Self {
        Self { done: 0, total, progress }
    }

    /// Corrects the total, where it was a guess; what is done stays.
    pub fn expect(&mut self, total: u64) {
        self.total = total.max(self.done);
    }

    /// So many bytes more are done; the code `cancelled` where the caller wants no more.
    pub fn add(&mut self, bytes: u64) -> Result<()> {
        self.done = self.done.saturating_add(bytes).min(self.total.max(self.done));
        self.tell()
    }

    /// Tells that so many bytes are done, however many were read for it.
    pub(super) fn reach(&mut self, done: u64) -> Result<()> {
        self.done = done;
        self.tell()
    }

    /// The last word: all is done.
    pub fn finish(&mut self) -> Result<()> {
        if self.done != self.total || self.total == 0 {
            self.done = self.total;
            self.tell()?;
        }
        Ok(())
    }

    fn tell(&mut self) -> Result<()> {
        match (self.progress)(Transfer { done: self.done, total: self.total }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Detail::Cancelled.into()),
        }
    }
}

/// A file on its way: removed unless it is persisted.
#[derive(Debug)]
pub(crate) struct Staged {
    file: File,
    path: PathBuf,
}

impl Staged {
    /// The file, to write to.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Where it is until it has its name.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn new(folder: &Path) -> Result<Self> {
        loop {
            let path = folder.join(staging_name()?);
            let file =
                OpenOptions::new().write(true).create_new(true).open(&path).on("create", &path)?;
            let staged = Self { file, path };
            // Locked as long as it is open: what is not belongs to nobody, see `sweep`. A file
            // system without such locks keeps what was left.
            if flock(&staged.file, FlockOperation::NonBlockingLockExclusive)
                == Err(Errno::WOULDBLOCK)
            {
                continue;
            }
            // It may have been swept before it was locked.
            if staged.file.metadata().on("examine", &staged.path)?.nlink() > 0 {
                return Ok(staged);
            }
        }
    }

    /// Makes the content durable.
    pub(crate) fn sync(&self) -> Result<()> {
        self.file.sync_data().on("sync", &self.path)
    }

    /// Has the system begin to write out the next [`AHEAD`] bytes from `start` on, without waiting.
    fn begin_writing(&self, start: u64) {
        #[cfg(target_os = "linux")]
        if let (Ok(start), Ok(length)) = (i64::try_from(start), i64::try_from(AHEAD)) {
            use std::os::fd::AsRawFd as _;
            // SAFETY: the descriptor is open, and nothing else is handed over. It is a hint: where
            // it fails, the sync does all.
            unsafe {
                libc::sync_file_range(
                    self.file.as_raw_fd(),
                    start,
                    length,
                    libc::SYNC_FILE_RANGE_WRITE,
                )
            };
        }
    }

    /// Takes the right to write from everyone: stored content never changes.
    pub(super) fn protect(&self) -> Result<()> {
        let mode = self.file.metadata().on("examine", &self.path)?.permissions().mode();
        self.file.set_permissions(Permissions::from_mode(mode & 0o444)).on("protect", &self.path)
    }

    /// Gives the file its name, replacing another one.
    pub(crate) fn persist(self, place: &Path) -> Result<()> {
        std::fs::rename(&self.path, place).on("create", place)
    }

    /// Gives the file its name; gives whether that was free.
    pub(crate) fn persist_new(self, place: &Path) -> Result<bool> {
        match renameat_with(CWD, &self.path, CWD, place, RenameFlags::NOREPLACE) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            // A file system without such a rename.
            Err(Errno::INVAL | Errno::NOSYS) if place.symlink_metadata().is_ok() => Ok(false),
            Err(Errno::INVAL | Errno::NOSYS) => self.persist(place).map(|()| true),
            Err(error) => Err(error).on("create", place),
        }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Gone already when it was persisted; if it stays in the store, `sweep` removes it.
        let _ = std::fs::remove_file(&self.path).is_ok();
    }
}

/// Removes the staged files and folders of programs that ended before they could.
///
/// What cannot be removed stays for the next time: it is in nobody's way.
pub(crate) fn sweep(staging: &Path) {
    for entry in staging.read_dir().into_iter().flatten().flatten() {
        let ours = is_staging_name(&entry.file_name());
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
        if ours
            && let Ok(file) = options.open(entry.path())
            && flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
        {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                discard(&entry.path());
            } else {
                let _ = std::fs::remove_file(entry.path()).is_ok();
            }
        }
    }
}

/// Removes a staged folder, once its name lasts: after a loss of power it would have the one that it
/// was given and that was taken back, and only some of what it held.
fn discard(folder: &Path) {
    let above = folder.parent().unwrap_or(Path::new("/"));
    let _ = crate::folder::sync(above).is_ok() && std::fs::remove_dir_all(folder).is_ok();
}

/// A folder on its way: removed unless it is persisted.
#[derive(Debug)]
pub(crate) struct StagedFolder {
    path: PathBuf,
    /// Locked as long as it is on its way, as a [`Staged`] file is.
    lock: File,
}

impl StagedFolder {
    pub(crate) fn new(parent: &Path) -> Result<Self> {
        sweep(parent);
        loop {
            let path = parent.join(staging_name()?);
            std::fs::create_dir(&path).on("create", &path)?;
            // It may be swept before it is locked.
            let lock = match File::open(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                lock => lock.on("open", &path)?,
            };
            let locked = flock(&lock, FlockOperation::NonBlockingLockExclusive);
            let staged = Self { path, lock };
            if locked != Err(Errno::WOULDBLOCK) && staged.path.is_dir() {
                return Ok(staged);
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the folder its name, replacing an empty one; all that it holds is durable before, and the
    /// name after. Where the name cannot be made durable, it is taken back: nobody may rely on it.
    pub(crate) fn persist(self, place: &Path) -> Result<()> {
        sync_below(&self.path)?;
        std::fs::rename(&self.path, place).on("create", place)?;
        let above = self.path.parent().unwrap_or(Path::new("/"));
        crate::folder::sync(above).inspect_err(|_| drop(std::fs::rename(place, &self.path)))
    }
}

/// Makes the entries of a folder and of all folders in it durable.
fn sync_below(folder: &Path) -> Result<()> {
    for entry in folder.read_dir().on("read", folder)? {
        let entry = entry.on("read", folder)?;
        if entry.file_type().on("examine", &entry.path())?.is_dir() {
            sync_below(&entry.path())?;
        }
    }
    crate::folder::sync(folder)
}

impl Drop for StagedFolder {
    fn drop(&mut self) {
        // Not only closed: the child of a fork may have it open too.
        let _: rustix::io::Result<()> = flock(&self.lock, FlockOperation::Unlock);
        // Gone already when it was persisted.
        if self.path.is_dir() {
            discard(&self.path);
        }
    }
}
