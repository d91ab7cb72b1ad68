//! Signed versions: a signature over a version's files in the format of OpenSSF Model Signing v1.0
//! (<https://github.com/ossf/model-signing-spec>), which its tool `model_signing` makes and verifies
//! too. Not to be confused with a version's `signature`, which says what goes in and out of a model.
//!
//! A catalog may ask for it: then only versions that one of its keys has signed can be loaded.

use std::path::Path;

use chrono::{DateTime, Utc};
use halfback_store::artifact::Artifact;
use halfback_store::error::{Detail, Kind, Result};
use halfback_store::id::{CommitNumber, EntityId};
use halfback_store::new_file::write_new;
use halfback_store::schema::{SETTING, VERSION_SIGNATURE};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) mod bundle;
pub(crate) mod key;
mod statement;
pub(crate) mod wire;

use self::bundle::SignedStatement;
use self::key::{ModelSigner, PublicKey};
use self::statement::Statement;
use crate::access::Privilege;
use crate::access::need::Needs;
use crate::command::{Command, Context, Query, Snapshot};
use crate::page::Page;
use crate::registry::Registry;
use crate::securable::VersionRef;
use crate::view::View;

/// The setting of a catalog that holds its keys.
const KEYS: &str = "signing_keys";
/// The keys of a catalog at most.
const MOST_KEYS: usize = 100;

/// Keeps a signature over a version's files, made by [`Registry::sign_version`], by the tool
/// `model_signing`, or by whoever holds the key. It must be of these files, and verify with the key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignVersion {
    /// The version.
    pub version: VersionRef,
    /// The signature: a Sigstore bundle, as the tool writes it into `model.sig`.
    pub bundle: String,
    /// The public key that it verifies with, on the curve P-256, as PEM.
    pub public_key: String,
}

/// Says which keys sign the versions of a catalog. Where there is one, versions that none of them
/// has signed cannot be loaded, downloaded or copied, whatever else is granted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetSigningKeys {
    /// The catalog's name.
    pub catalog: String,
    /// Public keys on the curve P-256, as PEM; none to ask for no signature any more.
    pub keys: Vec<String>,
}

/// Gives the keys that sign the versions of a catalog.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetSigningKeys {
    /// The catalog's name.
    pub catalog: String,
}

/// The keys that sign the versions of a catalog.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SigningKeys {
    /// Whether versions without a signature by one of them cannot be loaded.
    pub required: bool,
    /// The public keys, as PEM.
    pub keys: Vec<String>,
}

/// Lists the signatures over a version's files, by key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSignatures {
    /// The version.
    pub version: VersionRef,
}

/// Gives what is signed of a version: an in-toto statement of its files, as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SigningStatement {
    /// The version.
    pub version: VersionRef,
}

/// Holds a version's signature by a key against the version's files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifySignature {
    /// The version.
    pub version: VersionRef,
    /// The public key, as PEM.
    pub public_key: String,
}

/// A signature over files on its way with them: in a bundle, in a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CarriedSignature {
    /// The public key that it verifies with, as PEM. Whose key that is, it cannot say.
    pub public_key: String,
    /// The signature: a Sigstore bundle.
    pub bundle: String,
}

impl CarriedSignature {
    /// Holds it against files; gives how bundles name its key.
    pub(crate) fn verify(&self, artifact: &Artifact) -> Result<String> {
        let key = PublicKey::from_pem(&self.public_key)?;
        SignedStatement::parse(&self.bundle)?.verify(&key, &Statement::of("", artifact))?;
        Ok(key.fingerprint())
    }
}

/// What is to be signed of a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UnsignedStatement {
    /// An in-toto statement of the version's files, as JSON.
    pub statement: String,
}

/// A signature over a version's files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VersionSignature {
    /// The SHA-256 of the public key's PEM, in hexadecimal, as bundles name keys.
    pub key: String,
    /// The public key, as PEM.
    pub public_key: String,
    /// Whether the catalog has the key among those that sign its versions.
    pub trusted: bool,
    /// The commit that kept it.
    pub commit: i64,
    /// When that was.
    pub kept_at: DateTime<Utc>,
    /// Who kept it; none once the name was erased.
    pub kept_by: Option<String>,
    /// The signature: a Sigstore bundle.
    pub bundle: String,
}

impl Command for SignVersion {
    const NAME: &'static str = "sign_version";
    type Output = VersionSignature;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on(&now.on_version(&self.version)?, Privilege::Modify))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<VersionSignature> {
        let mut now = context.now();
        let (model, id) = now.version_ref(&self.version)?;
        let expected = now.statement(id)?;
        let signature = CarriedSignature { public_key: self.public_key, bundle: self.bundle };
        let fingerprint = context.keep_signature(model, id, &signature, &expected)?;
        let kept = context.now().signatures(id)?.into_iter().find(|it| it.key == fingerprint);
        kept.ok_or_else(|| Detail::Internal("a signature was not kept".into()).into())
    }
}

impl Context<'_> {
    /// Keeps the signatures that a version brings with it, each once it is verified.
    ///
    /// It takes no right of its own: a signature vouches by its key, whoever brings it.
    pub(crate) fn keep_carried(
        &mut self,
        model: EntityId,
        id: EntityId,
        carried: &[CarriedSignature],
    ) -> Result<()> {
        if carried.is_empty() {
            return Ok(());
        }
        if carried.len() > MOST_KEYS {
            return Err(Detail::InvalidArgument(format!(
                "`signatures` has {} signatures; a version brings {MOST_KEYS} at most",
                carried.len()
            ))
            .into());
        }
        let expected = self.now().statement(id)?;
        for (at, signature) in carried.iter().enumerate() {
            self.keep_signature(model, id, signature, &expected)
                .map_err(|error| error.within(format!("signatures[{at}]")))?;
        }
        Ok(())
    }

    /// Verifies a signature and keeps it, unless it is kept already; gives how its key is named.
    fn keep_signature(
        &mut self,
        model: EntityId,
        id: EntityId,
        signature: &CarriedSignature,
        expected: &Statement,
    ) -> Result<String> {
        let CarriedSignature { public_key, bundle } = signature;
        let key = PublicKey::from_pem(public_key)?;
        SignedStatement::parse(bundle)?.verify(&key, expected)?;
        let fingerprint = key.fingerprint();
        let known = self.tx.sql().first(
            "SELECT 1 FROM version_signature WHERE version = ?1 AND key = ?2 AND bundle = ?3 AND until = ?4",
            &[
                id.into(),
                (&fingerprint).into(),
                bundle.into(),
                CommitNumber::FOREVER.into(),
            ],
            |row| row.int(0),
        )?;
        if known.is_none() {
            self.tx.touch(model)?;
            self.tx.touch(id)?;
            let key = [id.into(), (&fingerprint).into(), key.to_pem().into()];
            let values = [&key[..], &[bundle.into()]].concat();
            self.tx.put(&VERSION_SIGNATURE, &values)?;
        }
        Ok(fingerprint)
    }
}

impl Command for SetSigningKeys {
    const NAME: &'static str = "set_signing_keys";
    type Output = SigningKeys;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on(&now.on_catalog(&self.catalog)?, Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<SigningKeys> {
        let catalog = context.now().catalog_id(&self.catalog.parse()?)?;
        if self.keys.len() > MOST_KEYS {
            return Err(Detail::InvalidArgument(format!(
                "`keys` has {} keys; a catalog has {MOST_KEYS} at most",
                self.keys.len()
            ))
            .into());
        }
        let keys = self.keys.iter().map(|key| Ok(PublicKey::from_pem(key)?.to_pem().to_owned()));
        let mut keys = keys.collect::<Result<Vec<_>>>()?;
        keys.sort_unstable();
        keys.dedup();
        if context.now().signing_keys(catalog)? != keys {
            context.tx.touch(catalog)?;
            if keys.is_empty() {
                context.tx.close(&SETTING, &[catalog.into(), KEYS.into()])?;
            } else {
                let value = serde_json::to_string(&keys).unwrap_or_default();
                context.tx.put(&SETTING, &[catalog.into(), KEYS.into(), (&value).into()])?;
            }
        }
        Ok(SigningKeys { required: !keys.is_empty(), keys })
    }
}

impl Query for GetSigningKeys {
    const NAME: &'static str = "get_signing_keys";
    type Output = SigningKeys;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Sight("who sees a catalog may know who vouches for what is in it"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<SigningKeys> {
        let catalog = snapshot.catalog_id(&self.catalog.parse()?)?;
        let keys = snapshot.signing_keys(catalog)?;
        Ok(SigningKeys { required: !keys.is_empty(), keys })
    }
}

impl Query for ListSignatures {
    const NAME: &'static str = "list_signatures";
    type Output = Page<VersionSignature>;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Sight("who sees a version may know who vouches for it"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<VersionSignature>> {
        let (_, id) = snapshot.version_ref(&self.version)?;
        snapshot.signatures(id).map(Page::whole)
    }
}

impl Query for VerifySignature {
    const NAME: &'static str = "verify_signature";
    type Output = VersionSignature;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Sight("who sees a version may know who vouches for it"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<VersionSignature> {
        let (_, id) = snapshot.version_ref(&self.version)?;
        let key = PublicKey::from_pem(&self.public_key)?;
        let fingerprint = key.fingerprint();
        let found = snapshot.signatures(id)?.into_iter().find(|it| it.key == fingerprint);
        let found = found.ok_or_else(|| {
            Detail::NotFound(format!(
                "no signature of the version is by the key `{fingerprint}`; `list_signatures` says which there are"
            ))
        })?;
        SignedStatement::parse(&found.bundle)?.verify(&key, &snapshot.statement(id)?)?;
        Ok(found)
    }
}

impl Query for SigningStatement {
    const NAME: &'static str = "signing_statement";
    type Output = UnsignedStatement;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on(&now.on_version(&self.version)?, Privilege::Modify))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<UnsignedStatement> {
        let (_, id) = snapshot.version_ref(&self.version)?;
        Ok(UnsignedStatement { statement: snapshot.statement(id)?.to_json()? })
    }
}

impl Snapshot<'_> {
    /// What is to be signed of a version.
    fn statement(&mut self, version: EntityId) -> Result<Statement> {
        let name = self.version(version)?.model;
        match self.artifact_of(version)? {
            (catalog, digest, None) => {
                let artifact = self.store.manifest(catalog, &digest)?;
                Ok(Statement::of(&name, &artifact))
            }
            (_, _, Some(location)) => Err(Detail::InvalidArgument(format!(
                "the version's files are not in the registry but at `{location}`; register a version with the files themselves to sign it"
            ))
            .into()),
        }
    }

    /// The signatures that a version takes along, by key.
    pub(crate) fn carried(&mut self, version: EntityId) -> Result<Vec<CarriedSignature>> {
        let kept = self
            .signatures(version)?
            .into_iter()
            .map(|kept| CarriedSignature { public_key: kept.public_key, bundle: kept.bundle });
        Ok(kept.collect())
    }

    fn signatures(&mut self, version: EntityId) -> Result<Vec<VersionSignature>> {
        let (catalog, ..) = self.artifact_of(version)?;
        let trusted = self.signing_keys(catalog)?;
        let logged = self.logged;
        let rows = self.sql.all(
            "SELECT s.key, s.public_key, s.bundle, s.since, l.time, l.actor FROM version_signature s \
             LEFT JOIN log l ON l.n = s.since \
             WHERE s.version = ?1 AND s.until > ?2 AND s.since <= ?2 ORDER BY s.key",
            &[version.into(), self.moment.into()],
            |row| {
                let public_key = row.text(1)?.to_owned();
                let signature = VersionSignature {
                    key: row.text(0)?.to_owned(),
                    trusted: trusted.contains(&public_key),
                    public_key,
                    commit: row.int(3)?,
                    kept_at: logged.time(row.opt_int(4)?)?,
                    kept_by: None,
                    bundle: row.text(2)?.to_owned(),
                };
                Ok((signature, logged.actor(row.opt_int(5)?)?))
            },
        )?;
        let named = rows.into_iter().map(|(signature, actor)| {
            let kept_by = self.principal_name(actor)?;
            Ok(VersionSignature { kept_by, ..signature })
        });
        named.collect()
    }

    /// The keys that sign the versions of a catalog; none where nothing has to be signed.
    fn signing_keys(&mut self, catalog: EntityId) -> Result<Vec<String>> {
        let keys = self.sql.first(
            "SELECT value FROM setting WHERE target = ?1 AND key = ?2 AND until > ?3 AND since <= ?3",
            &[catalog.into(), KEYS.into(), self.moment.into()],
            |row| Ok(serde_json::from_str(row.text(0)?).ok()),
        )?;
        match keys {
            None => Ok(Vec::new()),
            Some(Some(keys)) => Ok(keys),
            Some(None) => {
                Err(Detail::Corrupt("the keys of a catalog are damaged; run `check`".into()).into())
            }
        }
    }

    /// Why a version cannot be loaded for want of a signature; none where it can.
    ///
    /// Every time, a signature is verified anew. Keys and signatures of now decide, also of the past.
    pub(crate) fn lacks_signature(&mut self, version: EntityId) -> Result<Option<String>> {
        let (catalog, digest, _) = self.artifact_of(version)?;
        let moment = std::mem::replace(&mut self.moment, CommitNumber::NOW);
        let keys = self.signing_keys(catalog);
        let kept = match &keys {
            Ok(keys) if !keys.is_empty() => self.kept_signatures(version, keys),
            _ => Ok(Vec::new()),
        };
        self.moment = moment;
        let (keys, kept) = (keys?, kept?);
        if keys.is_empty() {
            return Ok(None);
        }
        if let Some(purged) = self.purged(version, &digest)? {
            return Ok(Some(purged));
        }
        let expected = match self.statement(version) {
            Ok(expected) => expected,
            Err(error) if error.kind() == Kind::Invalid => return Ok(Some(error.to_string())),
            Err(error) => return Err(error),
        };
        let mut why = "no key of its catalog has signed it".to_owned();
        for (public_key, bundle) in kept {
            let verified = PublicKey::from_pem(&public_key)
                .and_then(|key| SignedStatement::parse(&bundle)?.verify(&key, &expected));
            match verified {
                Ok(()) => return Ok(None),
                Err(error) => why = error.to_string(),
            }
        }
        Ok(Some(why))
    }

    /// Public keys and bundles of a version, of these keys.
    fn kept_signatures(
        &mut self,
        version: EntityId,
        keys: &[String],
    ) -> Result<Vec<(String, String)>> {
        let kept = self.sql.all(
            "SELECT public_key, bundle FROM version_signature \
             WHERE version = ?1 AND until > ?2 AND since <= ?2",
            &[version.into(), self.moment.into()],
            |row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())),
        )?;
        Ok(kept.into_iter().filter(|(key, _)| keys.contains(key)).collect())
    }
}

impl Registry {
    /// Signs a version's files, and keeps the signature. The key itself is never kept.
    ///
    /// ```
    /// # use halfback::{Content, ModelKey, Options, RegisterVersion, Registry, no_progress};
    /// # let folder = tempfile::tempdir()?;
    /// # let registry = Registry::open_with(folder.path().join("hb"), Options { create: true, ..Options::default() })?;
    /// # registry.create_model("fraud")?;
    /// # let content = Content::Bytes { name: "model.bin".into(), bytes: b"weights".to_vec() };
    /// # registry.register_version(&content, RegisterVersion { model: "fraud".into(), ..RegisterVersion::default() }, &mut no_progress)?;
    /// let key = ModelKey::generate()?;
    /// registry.sign_version("models:/fraud/1", &key)?;
    /// registry.set_signing_keys("main", [key.public_key().to_pem()])?;
    /// assert!(registry.list_signatures("models:/fraud/1")?.items[0].trusted);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sign_version(
        &self,
        version: impl Into<VersionRef>,
        signer: &dyn ModelSigner,
    ) -> Result<VersionSignature> {
        let version = version.into();
        let statement = self.signing_statement(version.clone())?;
        let bundle = bundle::sign(&statement, signer)?;
        let public_key = signer.public_key().to_pem().to_owned();
        self.execute(SignVersion { version, bundle, public_key })
    }

    /// Says which keys sign the versions of a catalog; see [`SetSigningKeys`].
    pub fn set_signing_keys(
        &self,
        catalog: &str,
        keys: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<SigningKeys> {
        let keys = keys.into_iter().map(Into::into).collect();
        self.execute(SetSigningKeys { catalog: catalog.into(), keys })
    }
}

impl View {
    /// The signatures over a version's files, by key.
    pub fn list_signatures(
        &self,
        version: impl Into<VersionRef>,
    ) -> Result<Page<VersionSignature>> {
        self.query(ListSignatures { version: version.into() })
    }

    /// The keys that sign the versions of a catalog.
    pub fn get_signing_keys(&self, catalog: &str) -> Result<SigningKeys> {
        self.query(GetSigningKeys { catalog: catalog.into() })
    }

    /// What is signed of a version: an in-toto statement of its files, as JSON.
    pub fn signing_statement(&self, version: impl Into<VersionRef>) -> Result<String> {
        Ok(self.query(SigningStatement { version: version.into() })?.statement)
    }

    /// Holds a version's signature by a key, a public one as PEM, against the version's files; fails
    /// where there is none.
    pub fn verify_signature(
        &self,
        version: impl Into<VersionRef>,
        public_key: &str,
    ) -> Result<VersionSignature> {
        self.query(VerifySignature { version: version.into(), public_key: public_key.to_owned() })
    }

    /// Writes a signature into a new file, for the tool `model_signing` and others.
    pub fn export_signature(
        &self,
        version: impl Into<VersionRef>,
        public_key: &str,
        to: impl AsRef<Path>,
    ) -> Result<()> {
        let signature = self.verify_signature(version, public_key)?;
        write_new(to.as_ref(), signature.bundle.as_bytes(), 0o644)
    }
}

#[cfg(test)]
mod tests;
