//! The bindings' data path: requests come as JSON in UTF-8 bytes, and answers are values that
//! serialize, for each language in the shape that it reads best.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use halfback_store::checkpoint::{self, Checkpoint};
use halfback_store::error::{Detail, Error, Result};
use halfback_store::id::unhex;
use halfback_store::name::said;
use halfback_store::note::{ExternalKey, SigningKey, VerifyingKey};
use schemars::{JsonSchema, SchemaGenerator};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::access::explain::Explanation;
use crate::access::token::{NewToken, TokenOptions};
use crate::artifact::{Artifact, Progress};
use crate::backup::{Backup, RestoreOptions, Restored};
use crate::bundle::{Bundle, BundleManifest, BundleVerification};
use crate::cache::{Stamp, resolve_stamped};
use crate::catalog::version::ModelVersion;
use crate::check::{Check, CheckReport};
use crate::commands::{AnyCommand, AnyQuery, Each, each_command, each_query};
use crate::history::Commit;
use crate::page::Page;
use crate::proof::{ConsistencyProof, InclusionProof, Keys, LogExport};
use crate::purge::Purged;
use crate::registry::Registry;
use crate::securable::VersionRef;
use crate::signature::{Compatibility, Signature};
use crate::upkeep::{Compacted, Swept};
use crate::view::{Moment, View};

pub use crate::commands::Answer;
pub use crate::evaluation::wire::{
    Columns, Given, OwnMetrics, OwnedColumn, compare, evaluate, picture,
};
pub use crate::signing::wire::{generate_model_key, model_key, sign_statement, signing_message};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Transaction {
    commands: Vec<Value>,
    #[serde(default)]
    idempotency_key: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenRequest {
    principal: String,
    #[serde(default)]
    expires_in: Option<u64>,
    #[serde(default)]
    privileges: Vec<String>,
    #[serde(default)]
    on: Option<String>,
    #[serde(default)]
    comment: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signatures {
    old: Map<String, Value>,
    new: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum AsOf {
    Commit(i64),
    Time(String),
}

/// Runs `{"commands": […], "idempotency_key": …}`; gives the list of outputs.
pub fn execute(registry: &Registry, request: &[u8]) -> Result<Vec<Value>> {
    let transaction: Transaction = read(request, "a transaction")?;
    let commands = transaction
        .commands
        .into_iter()
        .enumerate()
        .map(|(at, command)| {
            let name =
                command.get("command").and_then(Value::as_str).unwrap_or("a command").to_owned();
            serde_json::from_value::<AnyCommand>(command)
                .map_err(|error| refused(&format!("commands[{at}] ({name})"), &error))
        })
        .collect::<Result<Vec<_>>>()?;
    registry.transact(commands, transaction.idempotency_key.as_deref())
}

/// Answers `{"query": name, …, "as_of": {"commit": n} or {"time": text}}`.
pub fn query(registry: &Registry, request: &[u8]) -> Result<Answer> {
    let mut fields: Map<String, Value> = read(request, "a query")?;
    let view = match fields.remove("as_of") {
        None | Some(Value::Null) => View::clone(registry),
        Some(moment) => registry.as_of(as_of(moment)?)?,
    };
    let name = fields.get("query").and_then(Value::as_str).unwrap_or("a query").to_owned();
    let query: AnyQuery =
        serde_json::from_value(Value::Object(fields)).map_err(|error| refused(&name, &error))?;
    view.snapshot(|snapshot| query.run(snapshot))
}

/// Makes a token as `{"principal": …, "expires_in": seconds, "privileges": […], "on": …, "comment": …}`
/// says; see [`Registry::create_token`].
pub fn create_token(registry: &Registry, request: &[u8]) -> Result<NewToken> {
    let TokenRequest { principal, expires_in, privileges, on, comment } =
        read(request, "a token's request")?;
    let expires_in = expires_in.map(Duration::from_secs);
    registry.create_token(&principal, TokenOptions { expires_in, privileges, on, comment })
}

/// The commit number of `{"commit": n}` or `{"time": text}`, once it is known to have come.
pub fn moment(registry: &Registry, moment: &[u8]) -> Result<u64> {
    let view = registry.as_of(as_of(read(moment, "a moment")?)?)?;
    Ok(view.commit().and_then(|commit| u64::try_from(commit).ok()).unwrap_or_default())
}

/// The version behind a URI now, with the stamp under which a facade may keep it; none while it
/// is changing.
pub fn resolve(registry: &Registry, uri: &str) -> Result<(Arc<ModelVersion>, Option<Stamp>)> {
    resolve_stamped(registry, &uri.into())
}

/// Downloads a version, given as a JSON string or id; see [`View::download`].
pub fn download(
    registry: &Registry,
    version: &[u8],
    as_of: Option<&[u8]>,
    to: &Path,
    progress: Progress<'_>,
) -> Result<PathBuf> {
    view(registry, as_of)?.download(reference(version)?, to, progress)
}

/// Verifies a version's files and lists them; see [`View::verify`].
pub fn verify(
    registry: &Registry,
    version: &[u8],
    as_of: Option<&[u8]>,
    progress: Progress<'_>,
) -> Result<Artifact> {
    view(registry, as_of)?.verify(reference(version)?, progress)
}

/// Examines the whole registry; see [`View::check_with`].
pub fn check(registry: &Registry, artifacts: bool, progress: Progress<'_>) -> Result<CheckReport> {
    registry.check_with(Check { artifacts }, progress)
}

/// Holds the signatures of `{"old": …, "new": …}` against each other; see
/// [`compatible`](crate::compatible).
pub fn compatible(request: &[u8]) -> Result<Compatibility> {
    let signatures: Signatures = read(request, "a pair of signatures")?;
    let [old, new] = [("old", signatures.old), ("new", signatures.new)]
        .map(|(name, signature)| Signature::parse(&signature).map_err(|error| error.within(name)));
    Ok(crate::signature::compatible(&old?, &new?))
}

/// Where a version's file lies; see [`View::file_path`].
pub fn file_path(
    registry: &Registry,
    version: &[u8],
    as_of: Option<&[u8]>,
    file: Option<&str>,
) -> Result<PathBuf> {
    view(registry, as_of)?.file_path(reference(version)?, file)
}

/// Backs up the registry; see [`Registry::backup`].
pub fn backup(
    registry: &Registry,
    to: &Path,
    verify: bool,
    progress: Progress<'_>,
) -> Result<Backup> {
    registry.backup(to, verify, progress)
}

/// Makes a registry of a backup; see [`restore_with`](crate::restore_with).
pub fn restore(
    backup: &Path,
    to: &Path,
    erasures: Option<PathBuf>,
    progress: Progress<'_>,
) -> Result<Restored> {
    crate::backup::restore_with(backup, to, &RestoreOptions { erasures }, progress)
}

/// Copies a version to another registry as `{"model": …, "allow_secrets": …}` says; see
/// [`View::copy_version`].
pub fn copy_version(
    registry: &Registry,
    version: &[u8],
    as_of: Option<&[u8]>,
    target: &Registry,
    options: &[u8],
    progress: Progress<'_>,
) -> Result<ModelVersion> {
    let (version, options) = (reference(version)?, read(options, "the options of a copy")?);
    view(registry, as_of)?.copy_version(version, target, options, progress)
}

/// Bundles a version; see [`View::bundle`].
pub fn bundle(
    registry: &Registry,
    version: &[u8],
    as_of: Option<&[u8]>,
    to: &Path,
    overwrite: bool,
    progress: Progress<'_>,
) -> Result<PathBuf> {
    view(registry, as_of)?.bundle(reference(version)?, to, overwrite, progress)
}

/// Opens a bundle; gives its identity and what it says. The other functions on bundles open the
/// file again, and take the identity so that they are about the same one.
pub fn open_bundle(path: &Path) -> Result<(String, BundleManifest)> {
    let bundle = Bundle::open(path)?;
    Ok((bundle.identity().to_owned(), bundle.manifest().clone()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PageOf {
    #[serde(default)]
    page_size: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

/// Lists the commits in a bundle, the page that `{"page_size": …, "cursor": …}` says; see
/// [`Bundle::history_page`].
pub fn bundle_history(path: &Path, identity: &str, page: &[u8]) -> Result<Page<Commit>> {
    let PageOf { page_size, cursor } = read(page, "a page")?;
    same_bundle(path, identity)?.history_page(page_size, cursor)
}

/// Examines a bundle, with `["PEM", …]` also whether one of these keys has signed it; see
/// [`Bundle::verify`] and [`Bundle::verify_signed`].
pub fn bundle_verify(
    path: &Path,
    identity: &str,
    keys: Option<&[u8]>,
    progress: Progress<'_>,
) -> Result<BundleVerification> {
    let bundle = same_bundle(path, identity)?;
    match keys {
        None => bundle.verify(progress),
        Some(keys) => bundle.verify_signed(&read::<Vec<String>>(keys, "a list of keys")?, progress),
    }
}

/// Copies the files out of a bundle; see [`Bundle::download`].
pub fn bundle_download(
    path: &Path,
    identity: &str,
    to: &Path,
    progress: Progress<'_>,
) -> Result<PathBuf> {
    same_bundle(path, identity)?.download(to, progress)
}

/// Brings a bundle in as `{"model": …, "allow_secrets": …}` says; see [`Registry::submit`].
pub fn submit(
    registry: &Registry,
    path: &Path,
    identity: Option<&str>,
    options: &[u8],
    progress: Progress<'_>,
) -> Result<ModelVersion> {
    let bundle = match identity {
        Some(identity) => same_bundle(path, identity)?,
        None => Bundle::open(path)?,
    };
    registry.submit(&bundle, read(options, "the options of a copy")?, progress)
}

/// Whether loading the files at a path runs code that is in them, whatever a record says.
pub fn is_executable(path: &Path) -> Result<bool> {
    Ok(crate::artifact::recognise(&path.into())?.executable)
}

fn same_bundle(path: &Path, identity: &str) -> Result<Bundle> {
    let bundle = Bundle::open(path)?;
    if bundle.identity() == identity {
        return Ok(bundle);
    }
    Err(Detail::ArtifactChanged(format!(
        "`{}` is another bundle than the one that was opened; open it again",
        path.display()
    ))
    .into())
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Signing {
    File(PathBuf),
    Env(String),
    /// What a function of the caller signed: the log's head, and the signature in hexadecimal.
    Signed {
        key: String,
        head: String,
        signature: String,
    },
}

impl Signing {
    /// A head of the log, and the note of it.
    fn sign(self, registry: &Registry) -> Result<(Checkpoint, String)> {
        let key = match self {
            Self::File(path) => SigningKey::from_file(path)?,
            Self::Env(variable) => SigningKey::from_env(&variable)?,
            Self::Signed { key, head, signature } => {
                let origin = checkpoint::origin(&registry.info()?.uuid);
                let head = Checkpoint::unsigned(&head, &origin)?;
                // What is no signature does not verify either.
                let signature = unhex::<64>(&signature).unwrap_or([0; 64]).to_vec();
                let key = ExternalKey::new(key.parse()?, move |_: &[u8]| Ok(signature.clone()));
                let note = head.sign(&key)?;
                return Ok((head, note));
            }
        };
        let head = registry.log_head()?;
        let note = head.sign(&key)?;
        Ok((head, note))
    }
}

/// The public key of the private one that `{"file": path}` or `{"env": variable}` names; or
/// `{"key": text}`, once it is known to be one.
pub fn log_key(request: &[u8]) -> Result<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case", deny_unknown_fields)]
    enum Place {
        File(PathBuf),
        Env(String),
        Key(String),
    }
    let key = match read(request, "the place of a key")? {
        Place::File(path) => SigningKey::from_file(path)?,
        Place::Env(variable) => SigningKey::from_env(&variable)?,
        Place::Key(text) => return Ok(text.parse::<VerifyingKey>()?.to_string()),
    };
    Ok(key.verifying_key().to_string())
}

/// Makes a key in a file; gives the public one. See [`generate_log_key`](crate::generate_log_key).
pub fn generate_log_key(path: &Path, name: &str) -> Result<String> {
    Ok(crate::proof::generate_log_key(path, name)?.to_string())
}

/// The text that a function of the caller is to sign.
pub fn log_head(registry: &Registry) -> Result<String> {
    Ok(registry.log_head()?.text())
}

/// The log's head, signed as `{"file": path}`, `{"env": variable}` or `{"signed": {"key": …, "head": …,
/// "signature": …}}` says; see [`Registry::checkpoint`].
pub fn checkpoint(registry: &Registry, signing: &[u8]) -> Result<String> {
    let signing: Signing = read(signing, "a signing")?;
    signing.sign(registry).map(|(_, note)| note)
}

/// Writes the log into a file, signed as of [`checkpoint()`]; see [`Registry::export_log`].
pub fn export_log(
    registry: &Registry,
    to: &Path,
    signing: Option<&[u8]>,
    overwrite: bool,
    progress: Progress<'_>,
) -> Result<LogExport> {
    let Some(signing) = signing else {
        return registry.export_log(to, None, overwrite, progress);
    };
    let signing: Signing = read(signing, "a signing")?;
    let (head, note) = signing.sign(registry)?;
    registry.export_head(to, &head, Some(note), overwrite, progress)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToVerify<P> {
    proof: P,
    #[serde(default)]
    checkpoint: Option<String>,
    #[serde(default)]
    key: Option<String>,
}

impl<P> ToVerify<P> {
    fn keys(&self) -> Result<Keys> {
        match (&self.checkpoint, &self.key) {
            (None, None) => Ok(Keys::default()),
            (None, Some(_)) => Err(Detail::InvalidArgument(
                "a key without a checkpoint proves nothing; give `checkpoint` too".into(),
            )
            .into()),
            (Some(_), key) => Keys::parse(key.as_deref().unwrap_or_default()),
        }
    }
}

/// Verifies `{"proof": …, "checkpoint": …, "key": …}`; see
/// [`verify_inclusion`](crate::verify_inclusion).
pub fn verify_inclusion(request: &[u8]) -> Result<Commit> {
    let request: ToVerify<InclusionProof> = read(request, "a proof")?;
    let keys = request.keys()?;
    crate::proof::verify_inclusion(&request.proof, request.checkpoint.as_deref(), &keys.all())
}

/// Verifies `{"proof": …, "checkpoint": …, "key": …}`; see
/// [`verify_consistency`](crate::verify_consistency).
pub fn verify_consistency(request: &[u8]) -> Result<()> {
    let request: ToVerify<ConsistencyProof> = read(request, "a proof")?;
    let keys = request.keys()?;
    crate::proof::verify_consistency(&request.proof, request.checkpoint.as_deref(), &keys.all())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PurgeOptions {
    older_than: u64,
    #[serde(default)]
    dry_run: bool,
}

/// Removes files that nothing needs, as `{"grace": seconds, "dry_run": …}` says; see
/// [`Registry::sweep`].
pub fn sweep(registry: &Registry, options: &[u8]) -> Result<Swept> {
    registry.sweep(read(options, "the options of a sweep")?)
}

/// Lets go of content as `{"older_than": seconds, "dry_run": …}` says; see [`Registry::purge`].
pub fn purge(registry: &Registry, options: &[u8]) -> Result<Purged> {
    let PurgeOptions { older_than, dry_run } = read(options, "the options of a purge")?;
    registry.purge(Duration::from_secs(older_than), dry_run)
}

/// Gives the free space of the database back; see [`Registry::compact`].
pub fn compact(registry: &Registry) -> Result<Compacted> {
    registry.compact()
}

fn view(registry: &Registry, moment: Option<&[u8]>) -> Result<View> {
    match moment {
        None => Ok(View::clone(registry)),
        Some(moment) => registry.as_of(as_of(read(moment, "a moment")?)?),
    }
}

fn as_of(value: Value) -> Result<Moment> {
    match serde_json::from_value(value).map_err(|error| refused("as_of", &error))? {
        AsOf::Commit(number) => Ok(Moment::Commit(number)),
        AsOf::Time(text) => {
            let time: halfback_store::time::Timestamp = text.parse()?;
            Ok(Moment::Time(time.into()))
        }
    }
}

fn reference(version: &[u8]) -> Result<VersionRef> {
    read(version, "a version")
}

fn read<T: DeserializeOwned>(request: &[u8], what: &str) -> Result<T> {
    if std::str::from_utf8(request).is_err() {
        return Err(Detail::InvalidArgument(format!("{what} is not UTF-8 text")).into());
    }
    serde_json::from_slice(request).map_err(|error| refused(what, &error))
}

fn refused(what: &str, error: &serde_json::Error) -> Error {
    Detail::InvalidArgument(format!("{what} cannot be read: {}", said(error))).into()
}

/// The JSON Schemas of everything on the wire: `records`, `commands`, `queries`, and the name of
/// each one's `outputs`. `cargo xtask codegen` makes the other languages' types from it.
pub fn schemas() -> Value {
    struct Collect {
        records: SchemaGenerator,
        schemas: Map<String, Value>,
        outputs: Map<String, Value>,
    }

    impl Each for Collect {
        fn of<T: JsonSchema, Output: JsonSchema>(&mut self, name: &str) {
            let schema = schemars::schema_for!(T).to_value();
            self.schemas.insert(name.to_owned(), schema);
            self.records.subschema_for::<Output>();
            let output = match Output::schema_name().as_ref() {
                "null" => Value::Null,
                other => other.into(),
            };
            self.outputs.insert(name.to_owned(), output);
        }
    }

    let mut collect =
        Collect { records: SchemaGenerator::default(), schemas: Map::new(), outputs: Map::new() };
    each_command(&mut collect);
    let commands = std::mem::take(&mut collect.schemas);
    each_query(&mut collect);
    let queries = std::mem::take(&mut collect.schemas);
    // What methods give that are neither commands nor queries.
    collect.records.subschema_for::<CheckReport>();
    collect.records.subschema_for::<Backup>();
    collect.records.subschema_for::<Restored>();
    collect.records.subschema_for::<BundleManifest>();
    collect.records.subschema_for::<BundleVerification>();
    collect.records.subschema_for::<Swept>();
    collect.records.subschema_for::<Compacted>();
    collect.records.subschema_for::<Explanation>();
    collect.records.subschema_for::<NewToken>();
    collect.records.subschema_for::<LogExport>();
    let records = collect.records.take_definitions(true);
    json!({
        "records": records,
        "commands": commands,
        "queries": queries,
        "outputs": collect.outputs,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_output_is_a_record_that_has_a_schema() {
        let schemas = schemas();
        for (name, output) in schemas["outputs"].as_object().unwrap() {
            let known =
                output.is_null() || schemas["records"].get(output.as_str().unwrap()).is_some();
            assert!(known, "{name} gives {output}");
        }
        assert!(schemas["commands"].as_object().unwrap().len() > 30);
    }
}
