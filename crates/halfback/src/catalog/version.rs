//! Model versions: numbered for good, content fixed by digest.

mod register;

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use halfback_store::artifact::Digest;
use halfback_store::error::{Detail, Result};
use halfback_store::id::EntityId;
use halfback_store::name::ModelName;
use halfback_store::schema::VERSION_STATE;
use halfback_store::time::Timestamp;
use schemars::JsonSchema;
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};
use serde_json::Map;

use super::origin::Origin;
use super::tag::text_of;
use crate::access::Privilege;
use crate::access::need::Needs;
use crate::command::{Command, Context, Query, Snapshot};
use crate::page::Page;
use crate::securable::{Selector, VersionRef};

pub use register::RegisterVersion;
pub(crate) use register::checked_json;

/// A version of a registered model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelVersion {
    /// The id, which outlives every name.
    pub id: i64,
    /// The pinned reference: no rename moves it, and only this registry takes it.
    pub pin: String,
    /// The URI, such as `models:/risk.credit.default/7`.
    pub uri: String,
    /// The model's full name.
    pub model: String,
    /// The number, counted from 1 and never used again under that name.
    pub number: i64,
    /// Whether the version can be used.
    pub status: Status,
    /// How far it has come.
    pub stage: Stage,
    /// The artifact's digest, `sha256:<hexadecimal>`.
    pub digest: String,
    /// The size of all files, in bytes.
    pub size: i64,
    /// Where the artifact is, when it is not in the registry's own store.
    pub location: Option<String>,
    /// The format of the artifact, such as `onnx` or `sklearn`.
    pub flavor: Option<String>,
    /// The version of the library that made it, where the files tell.
    pub framework_version: Option<String>,
    /// Whether loading it runs code that came with it, as loading any pickle does.
    pub executable: bool,
    /// Inputs, outputs and parameters, as in MLflow.
    pub signature: Option<Map<String, serde_json::Value>>,
    /// Whether it has example rows, which `get_example` gives; not where they were erased.
    pub has_example: bool,
    /// The training's parameters.
    pub params: BTreeMap<String, Param>,
    /// What the training measured, by name; each a finite number.
    pub metrics: BTreeMap<String, f64>,
    /// The run that produced it.
    pub run: Option<String>,
    /// The commit of the code that produced it.
    pub code_commit: Option<String>,
    /// Where it came from.
    pub source: Option<String>,
    /// Free text for people.
    pub comment: Option<String>,
    /// The tags.
    pub tags: BTreeMap<String, String>,
    /// The aliases that name it.
    pub aliases: Vec<String>,
    /// What it was in the system that it was brought in from.
    pub origin: Option<Origin>,
    /// The commit that last touched it.
    pub revision: i64,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// Who registered it; none once the name was erased.
    pub created_by: Option<String>,
    /// When it was last touched.
    pub updated_at: DateTime<Utc>,
}

/// Whether a version can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Its registration is under way.
    PendingRegistration,
    /// It can be used.
    Ready,
    /// Its registration did not succeed.
    FailedRegistration,
}

/// How far a version has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// No stage.
    None,
    /// Under trial.
    Staging,
    /// In use.
    Production,
    /// Kept, and not to be used.
    Archived,
}

impl Stage {
    const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Staging => "staging",
            Self::Production => "production",
            Self::Archived => "archived",
        }
    }

    pub(super) fn from_word(word: &str) -> Result<Self> {
        [Self::None, Self::Staging, Self::Production, Self::Archived]
            .into_iter()
            .find(|stage| stage.word() == word)
            .ok_or_else(|| {
                Detail::Corrupt(format!("a version has the stage `{word}`; run `check`")).into()
            })
    }
}

impl Status {
    const fn word(self) -> &'static str {
        match self {
            Self::PendingRegistration => "PENDING_REGISTRATION",
            Self::Ready => "READY",
            Self::FailedRegistration => "FAILED_REGISTRATION",
        }
    }

    fn from_word(word: &str) -> Result<Self> {
        [Self::PendingRegistration, Self::Ready, Self::FailedRegistration]
            .into_iter()
            .find(|status| status.word() == word)
            .ok_or_else(|| {
                Detail::Corrupt(format!("a version has the status `{word}`; run `check`")).into()
            })
    }
}

/// A parameter's value.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Param {
    /// True or false.
    Bool(bool),
    /// A whole number within ±2⁵³.
    Int(i64),
    /// A finite number.
    Float(f64),
    /// Text.
    Text(String),
}

impl<'de> Deserialize<'de> for Param {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Param;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, a number or a boolean")
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Param, E> {
                Ok(Param::Bool(value))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Param, E> {
                Ok(Param::Int(value))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Param, E> {
                // A whole number that would silently turn into a float of other digits.
                i64::try_from(value)
                    .map(Param::Int)
                    .map_err(|_| E::custom(format!("{value} is beyond ±2^53; pass it as text")))
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Param, E> {
                Ok(Param::Float(value))
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Param, E> {
                Ok(Param::Text(value.to_owned()))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// Changes what is said about a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateVersion {
    /// The version.
    pub version: VersionRef,
    /// The new comment; empty to remove it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The new stage; `archived` has commands of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// The revision that it must have now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_revision: Option<i64>,
    /// Keep a comment that looks like it holds a key, token or password.
    #[serde(default)]
    pub allow_secrets: bool,
}

/// Archives a version: it stays readable, and no alias can name it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArchiveVersion {
    /// The version.
    pub version: VersionRef,
    /// The revision that it must have now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_revision: Option<i64>,
}

/// Takes a version back out of the archive, to no stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreVersion {
    /// The version.
    pub version: VersionRef,
    /// The revision that it must have now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_revision: Option<i64>,
}

/// Removes a version from the present; the past keeps it, and its number is never used again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteVersion {
    /// The version.
    pub version: VersionRef,
    /// The revision that it must have now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_revision: Option<i64>,
}

impl Command for UpdateVersion {
    const NAME: &'static str = "update_version";
    type Output = ModelVersion;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on(&now.on_version(&self.version)?, Privilege::Modify))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<ModelVersion> {
        if self.stage == Some(Stage::Archived) {
            return Err(Detail::InvalidArgument(
                "the stage `archived` is reached by `archive_version`".into(),
            )
            .into());
        }
        let (model, id) = context.expected(&self.version, self.expect_revision)?;
        let state = context.now().state(id)?;
        if state.stage == Stage::Archived && self.stage.is_some() {
            return Err(Detail::Archived(
                "the version is archived; take it out with `restore_version` first".into(),
            )
            .into());
        }
        let comment = match self.comment {
            Some(comment) if comment != state.comment.unwrap_or_default() => {
                context.comment(Some(comment), self.allow_secrets)?
            }
            _ => state.comment_ref.clone(),
        };
        let stage = self.stage.unwrap_or(state.stage);
        if comment != state.comment_ref || stage != state.stage {
            context.tx.touch(model)?;
            context.tx.touch(id)?;
            context.put_state(id, state.status, stage, comment.as_ref())?;
        }
        context.now().version(id)
    }
}

impl Command for ArchiveVersion {
    const NAME: &'static str = "archive_version";
    type Output = ModelVersion;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on(&now.on_version(&self.version)?, Privilege::Modify))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<ModelVersion> {
        let (model, id) = context.expected(&self.version, self.expect_revision)?;
        context.refuse_named(model, id, "archive")?;
        context.set_stage(model, id, Stage::Archived)
    }
}

impl Command for RestoreVersion {
    const NAME: &'static str = "restore_version";
    type Output = ModelVersion;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on(&now.on_version(&self.version)?, Privilege::Modify))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<ModelVersion> {
        let (model, id) = context.expected(&self.version, self.expect_revision)?;
        if !context.now().is_archived(id)? {
            return context.now().version(id);
        }
        context.set_stage(model, id, Stage::None)
    }
}

impl Command for DeleteVersion {
    const NAME: &'static str = "delete_version";
    type Output = ();

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on(&now.on_version(&self.version)?, Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<()> {
        let (model, id) = context.expected(&self.version, self.expect_revision)?;
        context.refuse_named(model, id, "delete")?;
        context.tx.touch(model)?;
        context.remove_version(id)
    }
}

impl Context<'_> {
    /// Model and version behind a reference, with the expected revision held.
    fn expected(
        &mut self,
        version: &VersionRef,
        revision: Option<i64>,
    ) -> Result<(EntityId, EntityId)> {
        let (model, id) = self.now().version_ref(version)?;
        self.now().expect_revision(id, revision)?;
        Ok((model, id))
    }

    /// Refuses to end a version that an alias names.
    fn refuse_named(&mut self, model: EntityId, version: EntityId, verb: &str) -> Result<()> {
        if let Some(alias) = self.now().alias_of(model, version)? {
            let number = self.now().version_number(version)?;
            return Err(Detail::InUse(format!(
                "cannot {verb} version {number}: alias `{alias}` names it; move or delete the alias first"
            ))
            .into());
        }
        Ok(())
    }

    fn set_stage(&mut self, model: EntityId, id: EntityId, stage: Stage) -> Result<ModelVersion> {
        let state = self.now().state(id)?;
        if state.stage != stage {
            self.tx.touch(model)?;
            self.tx.touch(id)?;
            self.put_state(id, state.status, stage, state.comment_ref.as_ref())?;
        }
        self.now().version(id)
    }

    fn put_state(
        &mut self,
        version: EntityId,
        status: Status,
        stage: Stage,
        comment: Option<&Vec<u8>>,
    ) -> Result<()> {
        self.tx.put(
            &VERSION_STATE,
            &[version.into(), status.word().into(), stage.word().into(), comment.into()],
        )
    }
}

pub(super) fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Detail::Internal(format!("a value has no JSON: {error}")).into())
}

/// Gives a version by its number.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetVersion {
    /// The model's name.
    pub model: String,
    /// The version's number.
    pub number: i64,
}

/// Gives the version that a URI means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolve {
    /// A URI such as `models:/risk.credit.default@champion`.
    pub uri: VersionRef,
}

/// Lists the versions of a model, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListVersions {
    /// The model's name.
    pub model: String,
    /// How many entries at most, 1 to 1,000; 100 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// The cursor of the page before; the first page where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl Query for GetVersion {
    const NAME: &'static str = "get_version";
    type Output = ModelVersion;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Sight("it is found by its model's name"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<ModelVersion> {
        let name: ModelName = self.model.parse()?;
        let model = snapshot.model_id(&name)?;
        match snapshot.select(model, &Selector::Number(self.number))? {
            Some(version) => snapshot.version(version),
            None => Err(snapshot.absent("version", format!("{}` of `{name}", self.number))),
        }
    }
}

impl Query for Resolve {
    const NAME: &'static str = "resolve";
    type Output = ModelVersion;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Sight("it is found by its model's name"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<ModelVersion> {
        let (_, version) = snapshot.version_ref(&self.uri)?;
        snapshot.version(version)
    }
}

impl Query for ListVersions {
    const NAME: &'static str = "list_versions";
    type Output = Page<ModelVersion>;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Sight("they are found by their model's name"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<ModelVersion>> {
        let paging = snapshot.paging(self.page_size, self.cursor);
        let query = format!("versions {}", self.model);
        let model = snapshot.model_id(&self.model.parse()?)?;
        let before: i64 = paging.after(&query)?.unwrap_or(i64::MAX);
        let rows = snapshot.sql.all(
            "SELECT id, number FROM version WHERE model = ?1 AND number < ?2 \
             AND until > ?3 AND since <= ?3 ORDER BY number DESC LIMIT ?4",
            &[model.into(), before.into(), snapshot.moment.into(), paging.limit()?.into()],
            |row| Ok((row.id(0)?, row.int(1)?)),
        )?;
        snapshot.records(paging.page(rows, &query, |(_, number)| *number)?)
    }
}

/// What may change about a version.
struct State {
    status: Status,
    stage: Stage,
    comment_ref: Option<Vec<u8>>,
    comment: Option<String>,
}

/// A version without its tags and aliases, with the model that it is of and its bytes of text.
struct Found {
    model: EntityId,
    record: ModelVersion,
    text: usize,
}

/// One statement for all that is single about a version: `resolve` after a change is as fast as
/// the number of statements is small.
const RECORD: &str = "\
    SELECT v.model, v.number, x.status, x.stage, v.digest, v.size, v.location, v.flavor, \
    v.framework_version, v.executable, v.signature, (SELECT digest FROM text WHERE digest = v.example), v.params, v.metrics, v.run, v.code_commit, v.source, t.body, \
    l.n, l.time, f.time, f.actor, w.name, o.system, o.reference, o.created, o.creator, o.updated, o.uri, o.earlier \
    FROM version v \
    JOIN version_state x ON x.version = v.id AND x.until > ?2 AND x.since <= ?2 \
    LEFT JOIN log f ON f.n = v.since \
    LEFT JOIN principal_name w ON w.id = f.actor \
    LEFT JOIN log l ON l.n = (SELECT MAX(n) FROM touch WHERE entity = ?1 AND n <= ?2) \
    LEFT JOIN text t ON t.digest = x.comment \
    LEFT JOIN origin o ON o.target = v.id AND o.until > ?2 AND o.since <= ?2 \
    WHERE v.id = ?1 AND v.until > ?2 AND v.since <= ?2";

/// What of that may change without a change of names or rights.
const CHANGING: &str = "\
    SELECT x.status, x.stage, t.body, l.n, l.time FROM version_state x \
    JOIN log l ON l.n = (SELECT MAX(n) FROM touch WHERE entity = ?1 AND n <= ?2) \
    LEFT JOIN text t ON t.digest = x.comment \
    WHERE x.version = ?1 AND x.until > ?2 AND x.since <= ?2";

impl Snapshot<'_> {
    /// The record of a version.
    pub(crate) fn version(&mut self, id: EntityId) -> Result<ModelVersion> {
        self.record(id)
    }

    pub(crate) fn read_version(&mut self, id: EntityId) -> Result<ModelVersion> {
        let Found { model, mut record, text } = match self.kept_version(id)? {
            Some(found) => found,
            None => self.whole_version(id)?,
        };
        self.sql.query(
            "SELECT 0, key, value FROM tag WHERE target = ?1 AND until > ?2 AND since <= ?2 \
             UNION ALL SELECT 1, name, name FROM alias WHERE model = ?3 AND version = ?1 AND until > ?2 AND since <= ?2",
            &[id.into(), self.moment.into(), model.into()],
            &mut |row| {
                let name = row.text(1)?.to_owned();
                if row.int(0)? == 0 {
                    record.tags.insert(name, row.text(2)?.to_owned());
                } else {
                    record.aliases.push(name);
                }
                Ok(())
            },
        )?;
        record.aliases.sort_unstable();
        self.keep(id, model, &record, text + text_of(&record.tags));
        Ok(record)
    }

    /// A version that was kept before its model changed, with what may have changed read anew.
    fn kept_version(&mut self, id: EntityId) -> Result<Option<Found>> {
        let Some((model, mut record)) = self.kept_before::<ModelVersion>(id)? else {
            return Ok(None);
        };
        // These can be erased.
        if record.has_example || record.origin.is_some() {
            return Ok(None);
        }
        let found = self.sql.first(CHANGING, &[id.into(), self.moment.into()], |row| {
            record.status = Status::from_word(row.text(0)?)?;
            record.stage = Stage::from_word(row.text(1)?)?;
            record.comment = row.opt_string(2)?;
            record.revision = row.int(3)?;
            record.updated_at = Timestamp::from_micros(row.int(4)?).into();
            Ok(())
        })?;
        record.tags.clear();
        record.aliases.clear();
        // The rest was short enough to be kept.
        let text = record.comment.as_ref().map_or(0, String::len);
        Ok(found.map(|()| Found { model, record, text }))
    }

    fn whole_version(&mut self, id: EntityId) -> Result<Found> {
        let damaged = || Detail::Corrupt("a version's row is damaged; run `check`".into());
        let (pin, logged) = (self.pin(id), self.logged);
        let record = self.sql.first(RECORD, &[id.into(), self.moment.into()], |row| {
            let digest = Digest::new(row.blob(4)?.try_into().map_err(|_| damaged())?);
            let signature = row.opt_text(10)?.map(serde_json::from_str).transpose();
            let version = ModelVersion {
                id: id.0,
                pin: pin.clone(),
                uri: String::new(),
                model: String::new(),
                number: row.int(1)?,
                status: Status::from_word(row.text(2)?)?,
                stage: Stage::from_word(row.text(3)?)?,
                digest: digest.to_string(),
                size: row.int(5)?,
                location: row.opt_string(6)?,
                flavor: row.opt_string(7)?,
                framework_version: row.opt_string(8)?,
                executable: row.int(9)? != 0,
                signature: signature.map_err(|_| damaged())?,
                has_example: row.opt_blob(11)?.is_some(),
                params: serde_json::from_str(row.text(12)?).map_err(|_| damaged())?,
                metrics: serde_json::from_str(row.text(13)?).map_err(|_| damaged())?,
                run: row.opt_string(14)?,
                code_commit: row.opt_string(15)?,
                source: row.opt_string(16)?,
                comment: row.opt_string(17)?,
                tags: BTreeMap::new(),
                aliases: Vec::new(),
                revision: logged.number(row.opt_int(18)?)?,
                updated_at: logged.time(row.opt_int(19)?)?,
                created_at: logged.time(row.opt_int(20)?)?,
                created_by: row.opt_string(22)?,
                origin: None,
            };
            let texts =
                [row.opt_text(10)?, row.opt_text(12)?, row.opt_text(13)?, row.opt_text(17)?];
            let text: usize = texts.into_iter().flatten().map(str::len).sum();
            // Only the commit that is being made has no entry yet, and none to name its actor.
            let making = match row.opt_int(21)? {
                Some(_) => None,
                None => Some(logged.actor(None)?),
            };
            Ok((version, row.id(0)?, making, Origin::read(row, 23)?, text))
        })?;
        let (mut record, model, making, origin, text) =
            record.ok_or_else(|| self.absent("version with id", id))?;
        record.model = self.model_name(model)?.to_string();
        record.uri = format!("models:/{}/{}", record.model, record.number);
        if let Some(creator) = making {
            record.created_by = self.principal_name(creator)?;
        }
        record.origin = self.origin(origin)?;
        Ok(Found { model, record, text })
    }

    /// Catalog, digest and location of a version's artifact.
    pub(crate) fn artifact_of(
        &mut self,
        id: EntityId,
    ) -> Result<(EntityId, Digest, Option<String>)> {
        let row = self.sql.first(
            "SELECT model, digest, location FROM version WHERE id = ?1 AND until > ?2 AND since <= ?2",
            &[id.into(), self.moment.into()],
            |row| {
                let digest = row.blob(1)?.try_into().map_err(|_| {
                    Detail::Corrupt("a version's digest is damaged; run `check`".into())
                })?;
                Ok((row.id(0)?, Digest::new(digest), row.opt_string(2)?))
            },
        )?;
        let (model, digest, location) = row.ok_or_else(|| self.absent("version with id", id))?;
        Ok((self.catalog_of(model)?, digest, location))
    }

    fn state(&mut self, id: EntityId) -> Result<State> {
        let state = self.sql.first(
            "SELECT x.status, x.stage, x.comment, t.body FROM version_state x \
             LEFT JOIN text t ON t.digest = x.comment \
             WHERE x.version = ?1 AND x.until > ?2 AND x.since <= ?2",
            &[id.into(), self.moment.into()],
            |row| {
                Ok(State {
                    status: Status::from_word(row.text(0)?)?,
                    stage: Stage::from_word(row.text(1)?)?,
                    comment_ref: row.opt_blob(2)?.map(<[u8]>::to_vec),
                    comment: row.opt_string(3)?,
                })
            },
        )?;
        state.ok_or_else(|| self.absent("version with id", id))
    }

    fn is_archived(&mut self, id: EntityId) -> Result<bool> {
        Ok(self.state(id)?.stage == Stage::Archived)
    }

    pub(crate) fn version_number(&mut self, id: EntityId) -> Result<i64> {
        self.sql
            .first(
                "SELECT number FROM version WHERE id = ?1 AND until > ?2 AND since <= ?2",
                &[id.into(), self.moment.into()],
                |row| row.int(0),
            )?
            .ok_or_else(|| self.absent("version with id", id))
    }

    /// The first alias of a model that names one version of it.
    fn alias_of(&mut self, model: EntityId, version: EntityId) -> Result<Option<String>> {
        // Sorted here: the engine would go through all that the model's aliases ever named.
        let aliases = self.sql.all(
            "SELECT name FROM alias WHERE model = ?1 AND version = ?2 AND until > ?3 AND since <= ?3",
            &[model.into(), version.into(), self.moment.into()],
            |row| row.text(0).map(str::to_owned),
        )?;
        Ok(aliases.into_iter().min())
    }
}
