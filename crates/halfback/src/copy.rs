//! Copies of a version: from another registry, or from another catalog of the same one.

use halfback_store::artifact::{self as store, ArtifactFile, Digest, Intake, Meter, Supplied};
use halfback_store::error::{Detail, Kind, Result};
use halfback_store::id::EntityId;
use halfback_store::name::ModelName;
use serde::{Deserialize, Serialize};

use crate::access::Privilege;
use crate::artifact::{Progress, Stored};
use crate::catalog::example::Example;
use crate::catalog::origin::{Origin, REGISTRY};
use crate::catalog::version::{ModelVersion, RegisterVersion};
use crate::command::Snapshot;
use crate::registry::Registry;
use crate::securable::{Pin, VersionRef};
use crate::signing::CarriedSignature;
use crate::view::View;

/// What a copy becomes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CopyOptions {
    /// The model that gets the version; the one of the same name where absent.
    pub model: Option<String>,
    /// Keep texts that look like keys, tokens or passwords.
    pub allow_secrets: bool,
}

/// A version as a registry or a bundle tells of it, on its way into another registry.
#[derive(Debug, Clone)]
pub(crate) struct Parcel {
    pub(crate) version: ModelVersion,
    pub(crate) example: Option<Example>,
    pub(crate) signatures: Vec<CarriedSignature>,
}

impl View {
    /// Copies a version to a model of another registry, or of another catalog of this one: the same
    /// content with its signature, parameters, metrics, tags, comment and example, as they are at
    /// this view's moment, and with the signatures over its files, each of which is verified there.
    /// Aliases and stage are the other registry's to give; so is trust: where its catalog has signing
    /// keys, one of them must be among those that signed before the copy can be loaded.
    ///
    /// The copy's [`Origin`] has the system `halfback`, the version's pin as its reference, its URI,
    /// and its times, and [before it](Origin::earlier) what the version's own origin says: who sees
    /// the copy learns what it was called there, but nobody's name. Copying it again gives the
    /// version that is there already, by whatever way and under whatever name it comes to the model;
    /// and so does a copy of a copy that comes home to the model that it is from.
    ///
    /// ```
    /// # use halfback::{Content, CopyOptions, Options, RegisterVersion, Registry, no_progress};
    /// # let folder = tempfile::tempdir()?;
    /// # let open = |name| Registry::open_with(folder.path().join(name), Options { create: true, ..Options::default() });
    /// let (research, production) = (open("research.hb")?, open("production.hb")?);
    /// # research.create_model("fraud")?;
    /// # let content = Content::Bytes { name: "model.bin".into(), bytes: b"weights".to_vec() };
    /// # let version = RegisterVersion { model: "fraud".into(), ..RegisterVersion::default() };
    /// # research.register_version(&content, version, &mut no_progress)?;
    /// production.create_model("fraud")?;
    /// let options = CopyOptions::default();
    /// let copy = research.copy_version("fraud/1", &production, options, &mut no_progress)?;
    /// let original = research.resolve("fraud/1")?;
    /// assert_eq!(copy.digest, original.digest);
    /// assert_eq!(copy.origin.map(|origin| origin.reference), Some(original.pin.clone()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn copy_version(
        &self,
        version: impl Into<VersionRef>,
        target: &Registry,
        options: CopyOptions,
        progress: Progress<'_>,
    ) -> Result<ModelVersion> {
        let version = version.into();
        let shared = self.shared()?;
        let _hold = shared.store.hold()?;
        let (parcel, Stored { catalog, digest }) = self.snapshot(|snapshot| {
            let stored = snapshot.stored(&version)?;
            let (_, id) = snapshot.version_ref(&version)?;
            let version = snapshot.version(id)?;
            let example = snapshot.example_of(&version)?;
            let signatures = snapshot.carried(id)?;
            Ok((Parcel { version, example, signatures }, stored))
        })?;
        let (artifact, mut supply) = shared.store.supply(catalog, &digest)?;
        target.take_in(parcel, &artifact, &mut supply, options, progress)
    }
}

impl Registry {
    /// Stores the content of a version that is elsewhere, and registers it.
    pub(crate) fn take_in(
        &self,
        parcel: Parcel,
        artifact: &store::Artifact,
        supply: &mut dyn FnMut(&ArtifactFile) -> Result<Supplied<'static>>,
        options: CopyOptions,
        progress: Progress<'_>,
    ) -> Result<ModelVersion> {
        let shared = self.writable()?;
        let model = options.model.unwrap_or_else(|| parcel.version.model.clone());
        let name: ModelName = model.parse()?;
        let (catalog, itself) = self.snapshot(|snapshot| {
            let on = snapshot.on_model(&name.to_string())?;
            snapshot.hold(Privilege::CreateModelVersion, &on)?;
            let model = on.id();
            let itself = snapshot.pinned_in(model, &parcel.version.pin)?;
            let itself = itself.map(|id| snapshot.version(id)).transpose()?;
            Ok((snapshot.catalog_of(model)?, itself))
        })?;
        if let Some(version) = itself {
            if version.digest == artifact.digest.to_string() {
                return Ok(version);
            }
            return Err(Detail::Conflict(format!(
                "`{}` is in this registry with other content: what is brought in is not what it says it is",
                version.uri
            ))
            .into());
        }
        let mut intake = Intake::new(&shared.store, false).renewing();
        let mut meter = Meter::new(artifact.size, progress);
        intake.take(catalog, artifact, supply, &mut meter)?;
        intake.finish()?;
        meter.finish()?;
        shared.possess_stored(&self.handle.session, catalog, artifact)?;
        self.execute(parcel.registration(model, options.allow_secrets))
    }
}

impl Snapshot<'_> {
    /// The version of that model which a pin means; none of another model or registry, or where it was
    /// deleted.
    fn pinned_in(&mut self, model: EntityId, pin: &str) -> Result<Option<EntityId>> {
        if pin.parse::<Pin>().is_err() {
            return Ok(None);
        }
        match self.version_ref(&VersionRef::from(pin)) {
            Ok((of, version)) => Ok((of == model).then_some(version)),
            Err(error) if matches!(error.kind(), Kind::Invalid | Kind::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The version of a model that something was before, which has come home.
    pub(crate) fn at_home(
        &mut self,
        model: EntityId,
        digest: &Digest,
        origin: &Origin,
    ) -> Result<Option<EntityId>> {
        for pin in origin.pins() {
            let Some(version) = self.pinned_in(model, pin)? else { continue };
            // Anybody can claim an origin; with other content it is none.
            if self.version(version)?.digest == digest.to_string() {
                return Ok(Some(version));
            }
        }
        Ok(None)
    }
}

impl Parcel {
    fn registration(self, model: String, allow_secrets: bool) -> RegisterVersion {
        let Self { version, example, signatures } = self;
        RegisterVersion {
            model,
            digest: version.digest,
            flavor: version.flavor,
            framework_version: version.framework_version,
            signature: version.signature,
            example,
            params: version.params,
            metrics: version.metrics,
            run: version.run,
            code_commit: version.code_commit,
            source: version.source,
            comment: version.comment,
            tags: version.tags,
            origin: Some(Origin {
                system: REGISTRY.into(),
                reference: version.pin,
                created_at: Some(version.created_at),
                created_by: version.created_by,
                updated_at: Some(version.updated_at),
                uri: Some(version.uri),
                earlier: version.origin.map(Origin::and_earlier).unwrap_or_default(),
            }),
            exist_ok: true,
            signatures,
            allow_secrets,
            ..RegisterVersion::default()
        }
    }
}
