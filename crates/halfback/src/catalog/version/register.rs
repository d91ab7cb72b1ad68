//! Registering a version: what its content must be, which number it gets, and what is kept of it.

use std::collections::{BTreeMap, BTreeSet};

use halfback_store::artifact::Digest;
use halfback_store::error::{Detail, Error, Result};
use halfback_store::id::EntityId;
use halfback_store::name::{ModelName, shown, text, text_within};
use halfback_store::schema::{VERSION, VERSION_FEATURE};
use halfback_store::sql::Value;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{ModelVersion, Param, Stage, Status, json};
use crate::access::Privilege;
use crate::access::need::Needs;
use crate::catalog::example::Example;
use crate::catalog::origin::Origin;
use crate::catalog::tag;
use crate::command::{Command, Context, Held, Place, Snapshot};
use crate::format::Format;
use crate::secret;
use crate::signature::Signature;
use crate::signing::CarriedSignature;

/// The largest whole number that every reader of JSON gets exactly, 2⁵³.
const EXACT: i64 = 1 << 53;

/// Bytes of a signature: enough for tens of thousands of columns.
const MAX_SIGNATURE: usize = 4 << 20;

/// Registers a version. The content is put (or, with `location`, hashed) first, by this process.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterVersion {
    /// The model's name.
    pub model: String,
    /// The digest of the content, as `put_artifact` or `hash_artifact` gave it.
    pub digest: String,
    /// The number to give it, above every one that the name ever had; the next one where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// Where the content is, when it is not in the registry's own store: a URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The format of the artifact, such as `onnx` or `sklearn`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flavor: Option<String>,
    /// The version of the library that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework_version: Option<String>,
    /// Inputs, outputs and parameters, as in MLflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Map<String, serde_json::Value>>,
    /// Rows to try the version with, and what it answers to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<Example>,
    /// The training's parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Param>,
    /// What the training measured, by name; each a finite number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, f64>,
    /// The run that produced it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The commit of the code that produced it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_commit: Option<String>,
    /// Where it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Free text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Tags to begin with.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// What it was in the system that it is brought in from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Give the existing version back where one of the same content, kept at the same place, exists
    /// already; also an archived one: archiving it was somebody's decision. With `origin`, the one
    /// that was brought in from there, that it names as one of this registry, or that was the same
    /// version of another registry before; the same content from elsewhere is another version.
    #[serde(default)]
    pub exist_ok: bool,
    /// Keep texts that look like keys, tokens or passwords.
    #[serde(default)]
    pub allow_secrets: bool,
    /// Signatures over the files, as a copy brings them along; each is verified. Like the files, they
    /// are no part of what the log says.
    #[serde(skip)]
    pub signatures: Vec<CarriedSignature>,
}

impl RegisterVersion {
    /// Refuses params, texts about the version, and what its files say of themselves, where they
    /// hold a secret.
    fn refuse_secrets(&self, format: &Format) -> Result<()> {
        for (name, param) in &self.params {
            if let Param::Text(value) = param {
                secret::refuse_named(name, value, &format!("parameter `{name}`"))?;
            }
        }
        for (what, text) in [("source", &self.source), ("location", &self.location)] {
            secret::refuse(text.as_deref().unwrap_or_default(), &format!("`{what}`"))?;
        }
        if let Some(origin) = &self.origin {
            origin.refuse_secrets()?;
        }
        format.refuse_secrets()
    }
}

impl Command for RegisterVersion {
    const NAME: &'static str = "register_version";
    type Output = ModelVersion;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        let on = now.on_model(&self.model)?;
        let needs = Needs::on(&on, Privilege::CreateModelVersion);
        Ok(needs.and_if(!self.tags.is_empty(), &on, Privilege::ApplyTag))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<ModelVersion> {
        let name: ModelName = self.model.parse()?;
        let model = context.now().model_id(&name)?;
        let digest: Digest = self.digest.parse()?;
        check_location(self.location.as_deref())?;
        let held = context.possession(model, &digest, self.location.as_deref())?;
        if self.exist_ok {
            let found = match &self.origin {
                Some(origin) => context.now().brought_in(model, &digest, origin)?,
                None => context.now().same_content(model, &digest, self.location.as_deref())?,
            };
            if let Some(version) = found {
                context.keep_carried(model, version, &self.signatures)?;
                return context.now().version(version);
            }
        }
        if self.location.is_none() {
            context.refuse_swept(model, &digest)?;
        }
        let next = context.next_number(model, &name)?;
        let number = match self.number {
            Some(number) if number < 1 => {
                return Err(Detail::InvalidArgument(format!(
                    "the number {number} is not a version number; expected 1 or above"
                ))
                .into());
            }
            Some(number) if number < next => return Err(given_out(number, next)),
            Some(number) if number > EXACT => return Err(too_high(number)),
            number => number.unwrap_or(next),
        };
        let id = context.tx.new_id();
        context.tx.touch(model)?;
        context.tx.touch(id)?;
        let field = |value: Option<String>, name| value.map(|value| text(value, name)).transpose();
        let params = checked_params(&self.params)?;
        let metrics = checked_metrics(&self.metrics)?;
        let example = self.example.as_ref().map(|example| context.example(example)).transpose()?;
        if !self.allow_secrets {
            self.refuse_secrets(&held.format)?;
        }
        let Format { flavor, framework_version, executable, signature, .. } = held.format;
        let given = self.signature.as_ref().map(Signature::parse).transpose()?;
        let signature = given.or(signature);
        let features = signature.as_ref().map(Signature::features).unwrap_or_default();
        let features: Vec<String> = features.into_iter().map(str::to_owned).collect();
        let signature = signature.map(|signature| Json::Object(signature.to_json()));
        if let Some(signature) = &signature {
            checked_json(signature, "signature")?;
        }
        let signature = signature.map(|signature| json(&signature)).transpose()?;
        let signature = signature
            .map(|signature| text_within(signature, "signature", MAX_SIGNATURE))
            .transpose()?;
        context.tx.open(
            &VERSION,
            &[
                id.into(),
                model.into(),
                number.into(),
                Value::from(digest.hash()),
                i64::try_from(held.size).unwrap_or(i64::MAX).into(),
                field(self.location, "location")?.as_ref().into(),
                field(self.flavor.or(flavor), "flavor")?.as_ref().into(),
                field(self.framework_version.or(framework_version), "framework_version")?
                    .as_ref()
                    .into(),
                i64::from(executable).into(),
                signature.as_ref().into(),
                example.as_ref().into(),
                Value::from(&params),
                Value::from(&metrics),
                field(self.run, "run")?.as_ref().into(),
                field(self.code_commit, "code_commit")?.as_ref().into(),
                field(self.source, "source")?.as_ref().into(),
            ],
        )?;
        for feature in &features {
            context.tx.open(&VERSION_FEATURE, &[id.into(), feature.into()])?;
        }
        let comment = context.comment(self.comment, self.allow_secrets)?;
        context.put_state(id, Status::Ready, Stage::None, comment.as_ref())?;
        context.add_tags(id, tag::VERSION, &self.tags, self.allow_secrets)?;
        context.add_origin(id, self.origin)?;
        context.keep_carried(model, id, &self.signatures)?;
        context.now().version(id)
    }
}

impl Context<'_> {
    /// What is known of a content that this process has had in its hands; an error for any other.
    fn possession(
        &mut self,
        model: EntityId,
        digest: &Digest,
        location: Option<&str>,
    ) -> Result<Held> {
        let place = match location {
            Some(_) => Place::Elsewhere,
            None => Place::Stored(self.now().catalog_of(model)?),
        };
        let bearer = self.session.bearer();
        if let Some(held) = self.possessed.lock().get(&(bearer, place, *digest)) {
            return Ok(held.clone());
        }
        let first = match location {
            Some(_) => "hash it with `hash_artifact`",
            None => "put it with `put_artifact`",
        };
        Err(Detail::InvalidArgument(format!(
            "content `{digest}` has not been read by this program, and only content at hand can be registered; {first} first"
        ))
        .into())
    }

    /// Refuses content that was put, and that is not in the store any more. Whoever removes content
    /// keeps commits waiting, so what is there now is there when the version names it.
    fn refuse_swept(&mut self, model: EntityId, digest: &Digest) -> Result<()> {
        let catalog = self.now().catalog_of(model)?;
        let swept = format!("content `{digest}` was put, and is not there to be registered");
        self.store.refuse_incomplete(catalog, digest).map_err(|error| error.within(swept))
    }

    /// The next version number: above all that the model, or an earlier one of that name, had.
    fn next_number(&mut self, model: EntityId, name: &ModelName) -> Result<i64> {
        let mut bearers = self.now().bearers(&name.path())?;
        bearers.push(model);
        let mut highest = 0;
        for bearer in bearers {
            let own = self.tx.sql().first(
                "SELECT MAX(number) FROM version WHERE model = ?1",
                &[bearer.into()],
                |row| row.opt_int(0),
            )?;
            highest = highest.max(own.flatten().unwrap_or_default());
        }
        Ok(highest.saturating_add(1))
    }
}

impl Snapshot<'_> {
    /// The newest version of a model with that content at that place.
    fn same_content(
        &mut self,
        model: EntityId,
        digest: &Digest,
        location: Option<&str>,
    ) -> Result<Option<EntityId>> {
        self.sql.first(
            "SELECT id FROM version WHERE digest = ?1 AND model = ?2 AND until > ?3 AND since <= ?3 \
             AND COALESCE(location, '') = ?4 ORDER BY number DESC LIMIT 1",
            &[
                Value::from(digest.hash()),
                model.into(),
                self.moment.into(),
                location.unwrap_or_default().into(),
            ],
            |row| row.id(0),
        )
    }
}

impl Snapshot<'_> {
    /// The version of a model that something from an origin is already.
    fn brought_in(
        &mut self,
        model: EntityId,
        digest: &Digest,
        origin: &Origin,
    ) -> Result<Option<EntityId>> {
        if let Some(same) = self.same_origin(model, digest, origin)? {
            return Ok(Some(same));
        }
        match self.at_home(model, digest, origin)? {
            None => self.same_before(model, digest, origin),
            home => Ok(home),
        }
    }

    /// The version of a model that was the same version of a registry before it came, by another way.
    fn same_before(
        &mut self,
        model: EntityId,
        digest: &Digest,
        origin: &Origin,
    ) -> Result<Option<EntityId>> {
        let pins: BTreeSet<&str> = origin.pins().collect();
        if pins.is_empty() {
            return Ok(None);
        }
        let known = self.sql.all(
            "SELECT v.id, o.system, o.reference, o.created, o.creator, o.updated, o.uri, o.earlier \
             FROM version v JOIN origin o ON o.target = v.id AND o.until > ?3 AND o.since <= ?3 \
             WHERE v.digest = ?1 AND v.model = ?2 AND v.until > ?3 AND v.since <= ?3 \
             ORDER BY v.number DESC",
            &[Value::from(digest.hash()), model.into(), self.moment.into()],
            |row| Ok((row.id(0)?, Origin::read(row, 1)?)),
        )?;
        let same = known.into_iter().find(|(_, known)| {
            known.as_ref().is_some_and(|(known, _)| known.pins().any(|pin| pins.contains(pin)))
        });
        Ok(same.map(|(version, _)| version))
    }

    /// The version of a model that was brought in from an origin, which has one content.
    fn same_origin(
        &mut self,
        model: EntityId,
        digest: &Digest,
        origin: &Origin,
    ) -> Result<Option<EntityId>> {
        let found = self.sql.first(
            "SELECT v.id, v.number, v.digest FROM origin o \
             JOIN version v ON v.id = o.target AND v.until > ?4 AND v.since <= ?4 \
             WHERE o.system = ?1 AND o.reference = ?2 AND o.until > ?4 AND o.since <= ?4 \
             AND v.model = ?3 ORDER BY v.number DESC LIMIT 1",
            &[
                (&origin.system).into(),
                (&origin.reference).into(),
                model.into(),
                self.moment.into(),
            ],
            |row| Ok((row.id(0)?, row.int(1)?, row.blob(2)? == digest.hash())),
        )?;
        match found {
            Some((_, number, false)) => Err(Detail::Conflict(format!(
                "version {number} came from `{}` with other content; one of the two is not what it says it is",
                origin.reference
            ))
            .into()),
            found => Ok(found.map(|(id, ..)| id)),
        }
    }
}

/// Accepts a URI: a scheme, a colon, and something after it.
fn check_location(location: Option<&str>) -> Result<()> {
    let is_uri = |text: &str| {
        text.split_once(':').is_some_and(|(scheme, rest)| {
            let mut letters = scheme.chars();
            letters.next().is_some_and(|c| c.is_ascii_alphabetic())
                && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
                && !rest.is_empty()
        })
    };
    match location {
        Some(location) if !is_uri(location) => Err(Detail::InvalidArgument(format!(
            "location `{}` is not a URI; expected one like `s3://bucket/model.onnx`",
            shown(location)
        ))
        .into()),
        _ => Ok(()),
    }
}

/// The parameters as stored: JSON, with numbers that every reader gets exactly.
fn checked_params(params: &BTreeMap<String, Param>) -> Result<String> {
    for (name, param) in params {
        if name.is_empty() {
            return Err(Detail::InvalidArgument(
                "the name of a parameter is empty; give it one".into(),
            )
            .into());
        }
        text(name.clone(), "the name of a parameter")?;
        match param {
            Param::Text(value) => {
                text(value.clone(), &format!("parameter `{name}`"))?;
            }
            Param::Int(value) if value.unsigned_abs() > EXACT.unsigned_abs() => {
                return Err(Detail::InvalidArgument(format!(
                    "parameter `{name}` is beyond ±2^53, where JSON readers lose digits; pass it as text"
                ))
                .into());
            }
            Param::Float(value) if !value.is_finite() => {
                return Err(Detail::InvalidArgument(format!(
                    "parameter `{name}` is not a finite number; leave it out, or pass it as text"
                ))
                .into());
            }
            _ => {}
        }
    }
    text(json(params)?, "params")
}

/// The metrics as stored: JSON.
fn checked_metrics(metrics: &BTreeMap<String, f64>) -> Result<String> {
    if let Some((name, value)) = metrics.iter().find(|(_, value)| !value.is_finite()) {
        return Err(Detail::InvalidArgument(format!(
            "metric `{name}` is {value}, not a finite number; leave it out"
        ))
        .into());
    }
    text(json(metrics)?, "metrics")
}

/// Accepts JSON whose texts databases can store and whose numbers every reader gets exactly;
/// `place` names it in the error.
pub(crate) fn checked_json(value: &Json, place: &str) -> Result<()> {
    match value {
        Json::String(value) => text(value.clone(), place).map(drop),
        Json::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(at, item)| checked_json(item, &format!("{place}[{at}]"))),
        Json::Object(fields) => fields.iter().try_for_each(|(key, value)| {
            text(key.clone(), place)?;
            checked_json(value, &format!("{place}.{key}"))
        }),
        Json::Number(number) if !number.is_f64() => match number.as_i64() {
            Some(number) if number.unsigned_abs() <= EXACT.unsigned_abs() => Ok(()),
            _ => Err(Detail::InvalidArgument(format!(
                "{place} is {number}, beyond ±2^53, where JSON readers lose digits; pass it as text"
            ))
            .into()),
        },
        _ => Ok(()),
    }
}

fn too_high(number: i64) -> Error {
    Detail::InvalidArgument(format!("the number {number} is too high; at most {EXACT} is kept"))
        .into()
}

fn given_out(number: i64, next: i64) -> Error {
    Detail::AlreadyExists(format!(
        "the number {number} is given out or passed over already; expected {next} or above"
    ))
    .into()
}
