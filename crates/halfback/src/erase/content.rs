//! Content that goes at once: that of one version, or of all versions of a catalog that name it.

use std::collections::BTreeSet;

use halfback_store::artifact::Digest;
use halfback_store::error::{Detail, Result};
use halfback_store::id::{CommitNumber, EntityId};
use halfback_store::schema::PURGE;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Erased, Reason};
use crate::access::Privilege;
use crate::access::need::{Needs, denial};
use crate::access::reference::On;
use crate::command::{Command, Context, Snapshot};
use crate::registry::Registry;
use crate::securable::{Selector, Target, VersionRef};

/// Lets go of the content of one version at once, whether it was deleted or not; what is known of the
/// version stays. Refused while another version names the same content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PurgeVersion {
    /// The version.
    pub version: VersionRef,
    /// Why. It stays.
    pub reason: String,
}

/// Lets go of a content of a catalog at once, whichever versions name it, deleted or not; what is known
/// of them stays. Refused where one of them is held, retained, or not the caller's to manage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PurgeArtifact {
    /// The catalog's name.
    pub catalog: String,
    /// The digest of the content, as versions have it.
    pub digest: String,
    /// Why. It stays.
    pub reason: String,
}

impl Command for PurgeVersion {
    const NAME: &'static str = "purge_version";
    type Output = Erased;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<Erased> {
        let mut reason = Reason::new(self.reason)?;
        let mut done = Erased::default();
        let target: Target = self.version.as_str().parse()?;
        refuse_moving(&target)?;
        let mut now = context.now();
        let id = now.target_ever(&target)?;
        now.refuse_aliased(id)?;
        now.refuse_retained(id)?;
        context.purge_version(id, &BTreeSet::new(), &mut reason, &mut done)?;
        Ok(done)
    }
}

impl Command for PurgeArtifact {
    const NAME: &'static str = "purge_artifact";
    type Output = Erased;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on(&now.on_catalog(&self.catalog)?, Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<Erased> {
        let mut reason = Reason::new(self.reason)?;
        let mut done = Erased::default();
        let digest: Digest = self.digest.parse()?;
        let mut now = context.now();
        let catalog = now.catalog_id(&self.catalog.parse()?)?;
        let bearers: BTreeSet<EntityId> =
            now.bearers_of(catalog, digest.hash())?.into_iter().collect();
        if bearers.is_empty() {
            return Err(Detail::NotFound(format!(
                "no version of catalog `{}` has the content `{digest}`, or it was purged already",
                self.catalog
            ))
            .into());
        }
        for bearer in &bearers {
            context.now().refuse_to_purge(*bearer)?;
            context.now().refuse_aliased(*bearer)?;
        }
        for bearer in &bearers {
            context.purge_version(*bearer, &bearers, &mut reason, &mut done)?;
        }
        Ok(done)
    }
}

/// Refuses what is no single version for good: the log has to say what went.
fn refuse_moving(target: &Target) -> Result<()> {
    let why = match target {
        Target::Pinned(_) => return Ok(()),
        Target::Version(uri) => match uri.selector {
            Selector::Number(_) => return Ok(()),
            Selector::Alias(_) | Selector::Latest => format!("`{uri}` moves"),
        },
        Target::Model(name) => format!("`{name}` is a model"),
        Target::Catalog(_) | Target::Schema(_) => "that is no version".to_owned(),
    };
    Err(Detail::InvalidArgument(format!(
        "{why}; name the version by its number, as in `fraud/3`, so that the log says whose content went"
    ))
    .into())
}

impl Snapshot<'_> {
    /// Refuses where an alias points to a version: whoever loads it by that would find nothing.
    pub(super) fn refuse_aliased(&mut self, version: EntityId) -> Result<()> {
        if self.is_purged(version)? {
            return Ok(());
        }
        let alias = self.sql.first(
            "SELECT name FROM alias WHERE version = ?1 AND until = ?2 LIMIT 1",
            &[version.into(), CommitNumber::FOREVER.into()],
            |row| Ok(row.text(0)?.to_owned()),
        )?;
        let Some(alias) = alias else { return Ok(()) };
        let version = if self.sees(version)? {
            let on = self.on_id(version, "")?;
            self.in_full(&on)?.name
        } else {
            "a version that you may not see".to_owned()
        };
        Err(Detail::InUse(format!(
            "the alias `{alias}` points to {version}; move or delete the alias first"
        ))
        .into())
    }

    /// Refuses where a version is not the caller's to manage, held, or retained; what may not be seen is
    /// not named.
    fn refuse_to_purge(&mut self, version: EntityId) -> Result<()> {
        if self.sees(version)? {
            let on = self.on_id(version, "")?;
            let on = On { name: self.pin(version), ..on };
            self.hold(Privilege::Manage, &on)?;
            self.refuse_held(version)?;
            return self.refuse_retained(version);
        }
        let on = self.on_id(version, "")?;
        if !self.holds(Privilege::Manage, &on.chain)? {
            return Err(denial(
                "a version that you may not see names the content too; ask somebody who manages the whole catalog",
            ));
        }
        if self.held_by_law(version)?.is_some() {
            return Err(Detail::Protected(
                "a version that you may not see names the content too, and is held".into(),
            )
            .into());
        }
        self.refuse_retained(version)
    }
}

impl Context<'_> {
    /// Lets go of the content of a version, unless others than those in `with` name it too.
    pub(super) fn purge_version(
        &mut self,
        id: EntityId,
        with: &BTreeSet<EntityId>,
        reason: &mut Reason,
        done: &mut Erased,
    ) -> Result<()> {
        let mut now = self.now();
        let row = now.sql.first(
            "SELECT model, digest, location FROM version WHERE id = ?1",
            &[id.into()],
            |row| Ok((row.id(0)?, row.blob(1)?.to_vec(), row.opt_string(2)?)),
        )?;
        let Some((model, digest, location)) = row else {
            return Err(now.absent("version with id", id));
        };
        if location.is_some() {
            return Err(Detail::InvalidArgument(
                "the content of this version is elsewhere; remove it there".into(),
            )
            .into());
        }
        let catalog = now.catalog_ever(model)?;
        let hash: [u8; 32] = digest
            .as_slice()
            .try_into()
            .map_err(|_| Detail::Corrupt("a version's row is damaged; run `check`".into()))?;
        let bearers = now.bearers_of(catalog, &hash)?;
        if !bearers.contains(&id) {
            return Ok(());
        }
        let others =
            bearers.iter().filter(|bearer| **bearer != id && !with.contains(bearer)).count();
        if others > 0 {
            return Err(Detail::InUse(format!(
                "{others} other versions of the catalog name the same content; it goes with the last of them, or with all by `purge_artifact`"
            ))
            .into());
        }
        now.refuse_held(id)?;
        let why = reason.of(self)?;
        self.tx.open(&PURGE, &[id.into()])?;
        self.tx.erase_content(id, &hash, &why)?;
        done.contents += 1;
        Ok(())
    }
}

impl Registry {
    /// Lets go of the content of one version at once, whether it was deleted or not.
    pub fn purge_version(&self, version: impl Into<VersionRef>, reason: &str) -> Result<Erased> {
        self.erase_by(PurgeVersion { version: version.into(), reason: reason.into() })
    }

    /// Lets go of a content of a catalog at once, with all versions that name it.
    ///
    /// ```
    /// # use halfback::{Content, Options, RegisterVersion, Registry, no_progress};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("models.hb");
    /// # let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
    /// # registry.create_model("fraud")?;
    /// # let content = Content::Bytes { name: "model.bin".into(), bytes: b"weights".to_vec() };
    /// # let version = RegisterVersion { model: "fraud".into(), ..RegisterVersion::default() };
    /// # registry.register_version(&content, version.clone(), &mut no_progress)?;
    /// # registry.register_version(&content, version, &mut no_progress)?;
    /// let version = registry.resolve("fraud/1")?;
    /// let erased = registry.purge_artifact("main", &version.digest, "no licence for the data")?;
    /// assert_eq!((erased.contents, erased.wiped), (2, true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn purge_artifact(&self, catalog: &str, digest: &str, reason: &str) -> Result<Erased> {
        let (catalog, digest) = (catalog.into(), digest.into());
        self.erase_by(PurgeArtifact { catalog, digest, reason: reason.into() })
    }
}
