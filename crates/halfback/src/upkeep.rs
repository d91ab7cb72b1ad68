//! Upkeep: giving disk space back that nothing needs any more.

use std::time::Duration;

use halfback_store::artifact;
use halfback_store::error::Result;
use halfback_store::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::access::Privilege;
use crate::registry::Registry;

/// How to sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SweepOptions {
    /// What was put more lately than this stays, a day by default: somebody may be about to register
    /// it. In whole seconds on the wire.
    #[serde(serialize_with = "seconds", deserialize_with = "from_seconds")]
    pub grace: Duration,
    /// Only tell what would be removed.
    pub dry_run: bool,
}

impl Default for SweepOptions {
    fn default() -> Self {
        Self { grace: Duration::from_secs(24 * 60 * 60), dry_run: false }
    }
}

/// The seconds of a duration, rounded up: waiting longer is the safe side.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0))
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(whole_seconds(*duration))
}

fn from_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_secs)
}

/// What a sweep removed, or would remove.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Swept {
    /// Files that were removed.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that no version names, and that are too young to be removed.
    pub kept_young: u64,
    /// Their bytes.
    pub kept_young_bytes: u64,
    /// Whether this only tells what would be removed.
    pub dry_run: bool,
}

/// What compacting the database gave back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Compacted {
    /// The size of the database with its log before, in bytes.
    pub bytes_before: u64,
    /// The size after, in bytes.
    pub bytes_after: u64,
    /// Whether somebody reads a state from before still: the disk has the space back with a commit
    /// after they end.
    pub held: bool,
}

impl Registry {
    /// Removes files that nothing needs: content that no version names or ever named, content that
    /// was purged, and what killed transfers left; each only when it was put longer ago than the
    /// grace period. Others read, put and register meanwhile. Telling what would be removed takes the
    /// right to read only.
    ///
    /// Fails with the code `artifact_missing` or `artifact_altered` where the list of files of a
    /// version cannot be read: what that version names cannot be told from what nobody names.
    ///
    /// ```
    /// # use halfback::{Content, Options, Registry, SweepOptions, no_progress};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("models.hb");
    /// # let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
    /// # registry.create_model("fraud")?;
    /// # let content = Content::Bytes { name: "model.bin".into(), bytes: b"weights".to_vec() };
    /// registry.put_artifact("fraud", &content, &mut no_progress)?;
    /// let swept = registry.sweep(SweepOptions::default())?;
    /// // The file, and the list of the files.
    /// assert_eq!((swept.files, swept.kept_young), (0, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sweep(&self, options: SweepOptions) -> Result<Swept> {
        let SweepOptions { grace, dry_run } = options;
        let shared = if dry_run { self.shared()? } else { self.writable()? };
        self.hold_on_registry(Privilege::Manage)?;
        let grace = i64::try_from(grace.as_micros()).unwrap_or(i64::MAX);
        let before = Timestamp::from_micros(Timestamp::now().micros().saturating_sub(grace));
        let swept = artifact::sweep(&shared.path, &shared.storage, before, dry_run)?;
        Ok(Swept {
            files: swept.files,
            bytes: swept.bytes,
            kept_young: swept.young_files,
            kept_young_bytes: swept.young_bytes,
            dry_run,
        })
    }

    /// Gives the free space of the database back to the disk. Writers wait, readers read on; on the
    /// way it takes up to twice the size of the database, half of it in the temporary folder.
    ///
    /// ```
    /// # use halfback::{Options, Registry};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("models.hb");
    /// # let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
    /// let compacted = registry.compact()?;
    /// assert!(compacted.bytes_after <= compacted.bytes_before);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn compact(&self) -> Result<Compacted> {
        let shared = self.writable()?;
        self.hold_on_registry(Privilege::Manage)?;
        let done = shared.storage.compact()?;
        Ok(Compacted {
            bytes_before: done.bytes_before,
            bytes_after: done.bytes_after,
            held: done.held,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_cross_in_whole_seconds_and_wait_rather_too_long() {
        let read = |text| serde_json::from_str::<SweepOptions>(text).unwrap();
        assert_eq!(read("{}"), SweepOptions::default());
        assert_eq!(read(r#"{"grace":90}"#).grace, Duration::from_secs(90));
        let options = SweepOptions { grace: Duration::from_millis(1500), dry_run: true };
        let text = serde_json::to_string(&options).unwrap();
        assert_eq!(text, r#"{"grace":2,"dry_run":true}"#);
    }
}
