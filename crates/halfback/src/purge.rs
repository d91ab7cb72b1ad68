//! Purging: the content of versions that were deleted long ago goes, their rows stay.

use std::collections::BTreeMap;
use std::time::Duration;

use halfback_store::artifact::{self, Digest};
use halfback_store::error::{Detail, Error, Result};
use halfback_store::id::{CommitNumber, EntityId};
use halfback_store::schema::{PURGE, SETTING};
use halfback_store::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Privilege;
use crate::access::need::Needs;
use crate::command::{Command, Context, Snapshot};
use crate::registry::Registry;
use crate::upkeep::whole_seconds;

/// Versions that one commit purges at most: nobody waits long for it, and its entry stays small.
const MOST: usize = 10_000;

/// Lets go of the content of versions that were deleted long enough ago, for good. What is known of
/// them stays; content that another version names stays too.
///
/// As a command of a transaction it leaves the files to the next `sweep`, and purges 10,000 versions
/// at most.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Purge {
    /// How long ago a version was deleted at least, in seconds.
    pub older_than: u64,
}

/// Says how long content is kept at least once its version was deleted: `purge` and `purge_version` pass
/// none sooner. `restore` erases again what had been erased whatever it says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRetention {
    /// How long, in seconds; 0 for no such time.
    pub least: u64,
}

/// The longest retention, in seconds: 1,000 years.
const LONGEST: u64 = 1_000 * 365 * 86_400;

/// The setting of the registry that holds the retention, in seconds.
const RETENTION: &str = "retention";

/// What was purged, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Purged {
    /// Versions whose content was purged.
    pub versions: u64,
    /// Their contents, each counted once.
    pub artifacts: u64,
    /// The size of these, in bytes.
    pub size: u64,
    /// Files that were removed: not those that other versions name too, nor those that are left to
    /// the next `sweep`.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Whether there is more to purge.
    pub more: bool,
}

impl Command for Purge {
    const NAME: &'static str = "purge";
    type Output = Purged;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<Purged> {
        let before = before(context.tx.time(), self.older_than);
        let mut now = context.now();
        now.refuse_sooner(self.older_than)?;
        let (versions, purged) = now.purgeable(before, MOST)?;
        for version in versions {
            context.tx.touch_whole(version)?;
            context.tx.open(&PURGE, &[version.into()])?;
        }
        Ok(purged)
    }
}

impl Command for SetRetention {
    const NAME: &'static str = "set_retention";
    type Output = ();

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<()> {
        if self.least > LONGEST {
            return Err(Detail::InvalidArgument(format!(
                "a retention of {} s is longer than 1,000 years; say at most {LONGEST}",
                self.least
            ))
            .into());
        }
        let registry = EntityId::REGISTRY;
        if context.now().retention()? == self.least {
            return Ok(());
        }
        context.tx.touch(registry)?;
        if self.least == 0 {
            context.tx.close(&SETTING, &[registry.into(), RETENTION.into()])?;
            return Ok(());
        }
        let seconds = self.least.to_string();
        context.tx.put(&SETTING, &[registry.into(), RETENTION.into(), (&seconds).into()])
    }
}

/// The moment that lies so many seconds before another.
fn before(moment: Timestamp, seconds: u64) -> Timestamp {
    let micros = i64::try_from(seconds.saturating_mul(1_000_000)).unwrap_or(i64::MAX);
    Timestamp::from_micros(moment.micros().saturating_sub(micros))
}

impl Registry {
    /// Lets go of the content of versions that were deleted at least so long ago, for good: backups
    /// from before have it, and nothing here has. Names, numbers, parameters and history of these
    /// versions stay; content that another version names stays too. With `dry_run` nothing changes.
    ///
    /// The files go after the commit; whatever keeps that from happening, the next
    /// [`sweep`](Self::sweep) does it.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use halfback::{Content, Options, RegisterVersion, Registry, no_progress};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("models.hb");
    /// # let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
    /// # registry.create_model("fraud")?;
    /// # let content = Content::Bytes { name: "model.bin".into(), bytes: b"weights".to_vec() };
    /// # let version = RegisterVersion { model: "fraud".into(), ..RegisterVersion::default() };
    /// # registry.register_version(&content, version, &mut no_progress)?;
    /// registry.delete_version("fraud/1")?;
    /// let year = Duration::from_secs(365 * 86_400);
    /// assert_eq!(registry.purge(year, false)?.versions, 0);
    /// assert_eq!(registry.purge(Duration::ZERO, false)?.versions, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn purge(&self, older_than: Duration, dry_run: bool) -> Result<Purged> {
        let older_than = whole_seconds(older_than);
        self.hold_on_registry(Privilege::Manage)?;
        if dry_run {
            let before = before(Timestamp::now(), older_than);
            return self.snapshot(|snapshot| {
                snapshot.refuse_sooner(older_than)?;
                Ok(snapshot.purgeable(before, usize::MAX)?.1)
            });
        }
        let shared = self.writable()?;
        let mut all = Purged::default();
        loop {
            let purged = self.execute(Purge { older_than })?;
            all.versions += purged.versions;
            all.artifacts += purged.artifacts;
            all.size += purged.size;
            if !purged.more {
                break;
            }
        }
        if all.versions == 0 {
            return Ok(all);
        }
        // It is purged, whatever becomes of the files now: `sweep` finds what is left.
        if let Ok(removed) = artifact::remove_purged(&shared.path, &shared.storage) {
            all.files = removed.swept.files;
            all.bytes = removed.swept.bytes;
        }
        Ok(all)
    }
}

impl Registry {
    /// Says how long content is kept at least once its version was deleted; no time at all ends that.
    pub fn set_retention(&self, least: Duration) -> Result<()> {
        self.execute(SetRetention { least: whole_seconds(least) })
    }
}

impl Snapshot<'_> {
    /// For how many seconds content is kept at least once its version was deleted, as of now.
    pub(crate) fn retention(&mut self) -> Result<u64> {
        let kept = self.sql.first(
            "SELECT value FROM setting WHERE target = ?1 AND key = ?2 AND until = ?3",
            &[EntityId::REGISTRY.into(), RETENTION.into(), CommitNumber::FOREVER.into()],
            |row| row.text(0)?.parse().map_err(|_| damaged()),
        )?;
        Ok(kept.unwrap_or_default())
    }

    fn refuse_sooner(&mut self, older_than: u64) -> Result<()> {
        let kept = self.retention()?;
        if older_than >= kept {
            return Ok(());
        }
        Err(Detail::Protected(format!(
            "the registry keeps content for {kept} s once its version was deleted; pass that as `older_than` at least, or change it with `set_retention`"
        ))
        .into())
    }

    /// Refuses to let go of the content of a version sooner than the registry keeps it.
    pub(crate) fn refuse_retained(&mut self, version: EntityId) -> Result<()> {
        let kept = self.retention()?;
        if kept == 0 {
            return Ok(());
        }
        let deleted = self.sql.first(
            "SELECT l.time FROM version v JOIN log l ON l.n = v.until WHERE v.id = ?1",
            &[version.into()],
            |row| Ok(Timestamp::from_micros(row.int(0)?)),
        )?;
        let when = match deleted {
            Some(deleted) if deleted <= before(Timestamp::now(), kept) => return Ok(()),
            Some(deleted) => format!("and this one was deleted at {deleted}"),
            None => "and this one was not deleted".to_owned(),
        };
        Err(Detail::Protected(format!(
            "the registry keeps content for {kept} s once its version was deleted, {when}; change that with `set_retention`"
        ))
        .into())
    }

    /// The versions that were deleted up to a moment, and whose content no other version names; about
    /// so many at most.
    fn purgeable(&mut self, before: Timestamp, most: usize) -> Result<(Vec<EntityId>, Purged)> {
        let mut deleted: BTreeMap<(EntityId, [u8; 32]), (Vec<EntityId>, u64)> = BTreeMap::new();
        self.sql.query(
            "SELECT DISTINCT v.id, s.parent, v.digest, v.size FROM version v \
             JOIN log l ON l.n = v.until AND l.time <= ?1 \
             JOIN securable m ON m.id = v.model JOIN securable s ON s.id = m.parent \
             WHERE v.until < ?2 AND v.location IS NULL \
             AND NOT EXISTS (SELECT 1 FROM purge p WHERE p.version = v.id)",
            &[before.micros().into(), CommitNumber::FOREVER.into()],
            &mut |row| {
                let digest = row.blob(2)?.try_into().map_err(|_| damaged())?;
                let (versions, size) = deleted.entry((row.id(1)?, digest)).or_default();
                versions.push(row.id(0)?);
                *size = u64::try_from(row.int(3)?).map_err(|_| damaged())?;
                Ok(())
            },
        )?;
        let holds = self.holds_anything()?;
        let mut found = Vec::new();
        let mut purged = Purged::default();
        for ((catalog, digest), (versions, size)) in deleted {
            let all = self.bearers_of(catalog, &digest)?;
            if !all.iter().all(|version| versions.contains(version)) {
                continue;
            }
            if holds && self.any_held(&versions)? {
                continue;
            }
            if !found.is_empty() && found.len() + versions.len() > most {
                purged.more = true;
                break;
            }
            purged.versions += versions.len() as u64;
            purged.artifacts += 1;
            purged.size += size;
            found.extend(versions);
        }
        Ok((found, purged))
    }

    fn any_held(&mut self, versions: &[EntityId]) -> Result<bool> {
        for version in versions {
            if self.held_by_law(*version)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The versions of a catalog that name a content which is there.
    pub(crate) fn bearers_of(
        &mut self,
        catalog: EntityId,
        digest: &[u8; 32],
    ) -> Result<Vec<EntityId>> {
        self.sql.all(
            "SELECT DISTINCT v.id FROM version v \
             JOIN securable m ON m.id = v.model JOIN securable s ON s.id = m.parent \
             WHERE v.digest = ?1 AND s.parent = ?2 AND v.location IS NULL \
             AND NOT EXISTS (SELECT 1 FROM purge p WHERE p.version = v.id)",
            &[digest.into(), catalog.into()],
            |row| row.id(0),
        )
    }

    /// Refuses a version whose content was purged, whatever moment is looked at: it is gone.
    pub(crate) fn refuse_purged(&mut self, version: EntityId, digest: &Digest) -> Result<()> {
        match self.purged(version, digest)? {
            None => Ok(()),
            Some(purged) => Err(Detail::NotFound(purged).into()),
        }
    }

    /// When the content of a version was purged, in words; none where it was not.
    pub(crate) fn purged(&mut self, version: EntityId, digest: &Digest) -> Result<Option<String>> {
        let purged = self.sql.first(
            "SELECT l.n, l.time FROM purge p JOIN log l ON l.n = p.since WHERE p.version = ?1",
            &[version.into()],
            |row| Ok((row.int(0)?, Timestamp::from_micros(row.int(1)?))),
        )?;
        Ok(purged.map(|(commit, time)| {
            format!("the content `{digest}` was purged at {time} by commit {commit}; only a backup from before has it")
        }))
    }
}

fn damaged() -> Error {
    Detail::Corrupt("a version's row is damaged; run `check`".into()).into()
}
