//! Naming things: targets and version references, and finding what a name stands for.

use std::fmt;
use std::str::FromStr;

use halfback_store::error::{Detail, Error, Kind, Result};
use halfback_store::id::EntityId;
use halfback_store::name::{AliasName, CatalogName, ModelName, SchemaName, shown};
use halfback_store::sql::Value;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::Snapshot;

/// Which version of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// By number, as in `/7`.
    Number(i64),
    /// By alias, as in `@champion`.
    Alias(AliasName),
    /// The highest number that is not archived, as in `/latest`.
    Latest,
}

/// A model's name with the version meant: `models:/catalog.schema.model/7`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionUri {
    /// The model.
    pub model: ModelName,
    /// Which of its versions.
    pub selector: Selector,
}

/// Anything that can be tagged and has a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `catalogs:/risk`
    Catalog(CatalogName),
    /// `schemas:/risk.credit`
    Schema(SchemaName),
    /// `models:/risk.credit.default`
    Model(ModelName),
    /// `models:/risk.credit.default/7`
    Version(VersionUri),
    /// `pin:/<registry>/<id>`
    Pinned(Pin),
}

/// How a caller names a version: by a URI, or by the pin of a record that it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionRef(String);

/// A reference to one entity of one registry: `pin:/<registry>/<id>`. No rename can move it, and no
/// other registry takes it for something of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    registry: String,
    id: EntityId,
}

const PIN: &str = "pin:/";

impl VersionRef {
    /// The text of the reference.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for VersionRef {
    fn from(uri: T) -> Self {
        Self(uri.into())
    }
}

impl From<&crate::ModelVersion> for VersionRef {
    fn from(version: &crate::ModelVersion) -> Self {
        Self(version.pin.clone())
    }
}

impl JsonSchema for VersionRef {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "VersionRef".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "version"})
    }
}

impl FromStr for Pin {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text.strip_prefix(PIN).and_then(|rest| rest.split_once('/'));
        let pin = parts.and_then(|(registry, id)| {
            let id = id.bytes().all(|c| c.is_ascii_digit()).then(|| id.parse().ok())??;
            Some(Self { registry: registry.to_owned(), id: EntityId(id) })
        });
        pin.ok_or_else(|| {
            Detail::InvalidUri(format!(
                "`{}` is not a pin; expected `pin:/<registry>/<id>`, as records have it",
                shown(text)
            ))
            .into()
        })
    }
}

impl FromStr for Target {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Some(name) = text.strip_prefix("catalogs:/") {
            return Ok(Self::Catalog(name.parse()?));
        }
        if let Some(name) = text.strip_prefix("schemas:/") {
            return Ok(Self::Schema(name.parse()?));
        }
        if text.starts_with(PIN) {
            return Ok(Self::Pinned(text.parse()?));
        }
        let (model, selector) = parse(text)?;
        Ok(match selector {
            None => Self::Model(model),
            Some(selector) => Self::Version(VersionUri { model, selector }),
        })
    }
}

impl FromStr for VersionUri {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (model, selector) = parse(text)?;
        let selector = selector.ok_or_else(|| {
            Detail::InvalidUri(format!(
                "`{}` names a model, not a version; add `/1`, `/latest` or `@champion`",
                shown(text)
            ))
        })?;
        Ok(Self { model, selector })
    }
}

/// Reads `[models:/]model[/number|/latest|@alias]`.
fn parse(text: &str) -> Result<(ModelName, Option<Selector>)> {
    let invalid = |why: &str| -> Error {
        Detail::InvalidUri(format!("`{}` is not a model URI: {why}", shown(text))).into()
    };
    let path = text.strip_prefix("models:/").unwrap_or(text);
    let (name, selector) = match path.rfind(['/', '@', '`']) {
        Some(at) if !path[at..].starts_with('`') => path.split_at(at),
        _ => (path, ""),
    };
    if name.is_empty() {
        return Err(invalid("the model's name is missing"));
    }
    if let Some((scheme, _)) = name.split_once(":/") {
        return Err(invalid(&format!(
            "`{}:/` is not known here, expected `models:/`",
            shown(scheme)
        )));
    }
    let selector = match selector.split_at_checked(1) {
        None => None,
        Some(("@", alias)) if alias.eq_ignore_ascii_case("latest") => {
            return Err(invalid("the latest version is written `/latest`"));
        }
        Some(("@", alias)) => Some(Selector::Alias(alias.parse()?)),
        Some((_, "latest")) => Some(Selector::Latest),
        Some((_, number)) => match number.parse::<i64>() {
            Ok(version) if version > 0 && number.bytes().all(|c| c.is_ascii_digit()) => {
                Some(Selector::Number(version))
            }
            _ => {
                return Err(invalid(&format!(
                    "`{}` is no version; expected a number from 1, or `latest`",
                    shown(number)
                )));
            }
        },
    };
    Ok((name.parse()?, selector))
}

impl fmt::Display for VersionUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.selector {
            Selector::Number(number) => write!(f, "models:/{}/{number}", self.model),
            Selector::Latest => write!(f, "models:/{}/latest", self.model),
            Selector::Alias(alias) => write!(f, "models:/{}@{alias}", self.model),
        }
    }
}

/// A level of securables, from the registry down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Level {
    Registry,
    Catalog,
    Schema,
    Model,
}

impl Level {
    /// The noun, which is also the word in the database.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Catalog => "catalog",
            Self::Schema => "schema",
            Self::Model => "model",
        }
    }

    /// The level that a noun names.
    pub(crate) fn named(noun: &str) -> Option<Self> {
        [Self::Registry, Self::Catalog, Self::Schema, Self::Model]
            .into_iter()
            .find(|level| level.noun() == noun)
    }
}

impl Snapshot<'_> {
    /// What is called `name` directly below `parent`.
    pub(crate) fn find(
        &mut self,
        parent: EntityId,
        level: Level,
        name: &str,
    ) -> Result<Option<EntityId>> {
        self.sql.first(
            "SELECT id FROM securable WHERE parent = ?1 AND kind = ?2 AND name = ?3 \
             AND until > ?4 AND since <= ?4",
            &[parent.into(), level.noun().into(), name.into(), self.moment.into()],
            |row| row.id(0),
        )
    }

    pub(crate) fn find_catalog(&mut self, name: &CatalogName) -> Result<Option<EntityId>> {
        self.find(EntityId::REGISTRY, Level::Catalog, name.as_str())
    }

    pub(crate) fn find_schema(&mut self, name: &SchemaName) -> Result<Option<EntityId>> {
        match self.find_catalog(name.catalog())? {
            Some(catalog) => self.find(catalog, Level::Schema, name.leaf()),
            None => Ok(None),
        }
    }

    pub(crate) fn find_model(&mut self, name: &ModelName) -> Result<Option<EntityId>> {
        self.sql.first(
            "SELECT m.id FROM securable c \
             JOIN securable s ON s.parent = c.id AND s.kind = 'schema' AND s.name = ?2 AND s.until > ?4 AND s.since <= ?4 \
             JOIN securable m ON m.parent = s.id AND m.kind = 'model' AND m.name = ?3 AND m.until > ?4 AND m.since <= ?4 \
             WHERE c.parent = 0 AND c.kind = 'catalog' AND c.name = ?1 AND c.until > ?4 AND c.since <= ?4",
            &[
                name.catalog().as_str().into(),
                name.schema().leaf().into(),
                name.leaf().into(),
                self.moment.into(),
            ],
            |row| row.id(0),
        )
    }

    pub(crate) fn catalog_id(&mut self, name: &CatalogName) -> Result<EntityId> {
        let found = self.find_catalog(name)?;
        self.seen(found)?.ok_or_else(|| self.absent("catalog", name))
    }

    pub(crate) fn schema_id(&mut self, name: &SchemaName) -> Result<EntityId> {
        let found = self.find_schema(name)?;
        self.seen(found)?.ok_or_else(|| self.absent("schema", name))
    }

    pub(crate) fn model_id(&mut self, name: &ModelName) -> Result<EntityId> {
        let found = self.find_model(name)?;
        let id = self.seen(found)?.ok_or_else(|| self.absent("model", name))?;
        self.names.know(id, name.clone());
        Ok(id)
    }

    /// The id behind a target.
    pub(crate) fn target_id(&mut self, target: &Target) -> Result<EntityId> {
        match target {
            Target::Catalog(name) => self.catalog_id(name),
            Target::Schema(name) => self.schema_id(name),
            Target::Model(name) => self.model_id(name),
            Target::Version(uri) => self.version_of(uri).map(|(_, version)| version),
            Target::Pinned(pin) => {
                let id = self.pinned(pin)?;
                let living = self.sql.first(
                    "SELECT id FROM securable WHERE id = ?1 AND until > ?2 AND since <= ?2 \
                     UNION ALL SELECT id FROM version WHERE id = ?1 AND until > ?2 AND since <= ?2",
                    &[id.into(), self.moment.into()],
                    |row| row.id(0),
                )?;
                self.seen(living)?.ok_or_else(|| self.absent("entity with id", id))
            }
        }
    }

    /// What was found, if the session may see it: what it may not see is not there.
    fn seen(&mut self, found: Option<EntityId>) -> Result<Option<EntityId>> {
        match found {
            Some(id) if !self.sees(id)? => Ok(None),
            found => Ok(found),
        }
    }

    /// The id behind a target, also of what is deleted: then what was called so last.
    pub(crate) fn target_ever(&mut self, target: &Target) -> Result<EntityId> {
        let living = match target {
            Target::Pinned(pin) => {
                let id = self.pinned(pin)?;
                return if self.existed(id)? && self.sees(id)? {
                    Ok(id)
                } else {
                    Err(self.absent("entity with id", id))
                };
            }
            target => self.target_id(target),
        };
        let (path, selector) = match target {
            Target::Catalog(name) => (vec![name.as_str()], None),
            Target::Schema(name) => (name.path().to_vec(), None),
            Target::Model(name) => (name.path().to_vec(), None),
            Target::Version(uri) => (uri.model.path().to_vec(), Some(&uri.selector)),
            Target::Pinned(_) => return living,
        };
        match (living, selector) {
            (Err(error), None) if error.kind() == Kind::NotFound => {
                // The newest has the highest id.
                let mut bearers = self.bearers(&path)?;
                bearers.sort_unstable();
                while let Some(bearer) = bearers.pop() {
                    if self.existed(bearer)? && self.sees(bearer)? {
                        return Ok(bearer);
                    }
                }
                Err(error)
            }
            (Err(error), Some(Selector::Number(number))) if error.kind() == Kind::NotFound => {
                for model in self.bearers(&path)? {
                    let version = self.sql.first(
                        "SELECT id FROM version WHERE model = ?1 AND number = ?2",
                        &[model.into(), (*number).into()],
                        |row| row.id(0),
                    )?;
                    if let Some(version) = version
                        && self.existed(version)?
                        && self.sees(version)?
                    {
                        return Ok(version);
                    }
                }
                Err(error)
            }
            (living, _) => living,
        }
    }

    /// Whether something had been made by the moment.
    fn existed(&mut self, id: EntityId) -> Result<bool> {
        let first = self.sql.first(
            "SELECT n FROM touch WHERE entity = ?1 AND n <= ?2 LIMIT 1",
            &[id.into(), self.moment.into()],
            |row| row.int(0),
        )?;
        Ok(first.is_some())
    }

    /// The id that a pin of this registry holds.
    fn pinned(&self, pin: &Pin) -> Result<EntityId> {
        if pin.registry == self.registry {
            return Ok(pin.id);
        }
        Err(Detail::InvalidArgument(format!(
            "the record is of another registry (`{}`); read it from this one by its name",
            shown(&pin.registry)
        ))
        .into())
    }

    /// The pin of an entity.
    pub(crate) fn pin(&self, id: EntityId) -> String {
        format!("{PIN}{}/{id}", self.registry)
    }

    /// Model and version behind a URI.
    pub(crate) fn version_of(&mut self, uri: &VersionUri) -> Result<(EntityId, EntityId)> {
        let model = self.model_id(&uri.model)?;
        let version = self.select(model, &uri.selector)?;
        version.map(|version| (model, version)).ok_or_else(|| match &uri.selector {
            Selector::Number(number) => {
                self.absent("version", format!("{number}` of `{}", uri.model))
            }
            Selector::Alias(alias) => self.absent("alias", format!("{alias}` of `{}", uri.model)),
            Selector::Latest => Detail::NotFound(format!(
                "model `{}` has no version that is not archived{}; register one",
                uri.model,
                self.when()
            ))
            .into(),
        })
    }

    /// Model and version behind a reference.
    pub(crate) fn version_ref(&mut self, version: &VersionRef) -> Result<(EntityId, EntityId)> {
        if !version.0.starts_with(PIN) {
            return self.version_of(&version.0.parse()?);
        }
        let id = self.pinned(&version.0.parse()?)?;
        let model = self.sql.first(
            "SELECT model FROM version WHERE id = ?1 AND until > ?2 AND since <= ?2",
            &[id.into(), self.moment.into()],
            |row| row.id(0),
        )?;
        let model = self.seen(model)?.ok_or_else(|| self.absent("version with id", id))?;
        Ok((model, id))
    }

    /// The same where the reference's name meant a model under that token of the structural word, and
    /// the token lasts until the snapshot is fixed: no name has changed since. None where it does not,
    /// or where nothing is found.
    pub(crate) fn version_in(
        &mut self,
        version: &VersionRef,
        model: EntityId,
        structure: u64,
    ) -> Result<Option<(EntityId, EntityId)>> {
        let lasts = |token: Option<u64>| token == Some(structure);
        if version.0.starts_with(PIN) || !lasts(self.structure) {
            return Ok(None);
        }
        let uri: VersionUri = version.0.parse()?;
        let found = self.select(model, &uri.selector)?;
        if !lasts(self.structure_now()) || self.seen(Some(model))?.is_none() {
            return Ok(None);
        }
        self.names.know(model, uri.model);
        Ok(found.map(|version| (model, version)))
    }

    /// The version of a model that a selector means now.
    pub(crate) fn select(
        &mut self,
        model: EntityId,
        selector: &Selector,
    ) -> Result<Option<EntityId>> {
        let moment = self.moment;
        match selector {
            Selector::Number(number) => self.sql.first(
                "SELECT id FROM version WHERE model = ?1 AND number = ?2 AND until > ?3 AND since <= ?3",
                &[model.into(), (*number).into(), moment.into()],
                |row| row.id(0),
            ),
            // The first interval that ends after the moment is the only one that can hold it:
            // the look-up stays short however often the alias has moved.
            Selector::Alias(alias) => self.sql.first(
                "SELECT version FROM (SELECT version, since FROM alias \
                 WHERE model = ?1 AND name = ?2 AND until > ?3 ORDER BY until LIMIT 1) AS first \
                 WHERE since <= ?3",
                &[model.into(), alias.as_str().into(), moment.into()],
                |row| row.id(0),
            ),
            Selector::Latest => self.sql.first(
                "SELECT v.id FROM version v \
                 JOIN version_state x ON x.version = v.id AND x.until > ?2 AND x.since <= ?2 \
                 WHERE v.model = ?1 AND v.until > ?2 AND v.since <= ?2 \
                 AND x.stage <> 'archived' AND x.status = 'READY' ORDER BY v.number DESC LIMIT 1",
                &[model.into(), moment.into()],
                |row| row.id(0),
            ),
        }
    }

    /// The catalog that a model lies in.
    pub(crate) fn catalog_of(&mut self, model: EntityId) -> Result<EntityId> {
        // Models never leave their catalog, so any row of the model and its schema will do.
        self.sql
            .first(
                "SELECT s.parent FROM securable m JOIN securable s ON s.id = m.parent WHERE m.id = ?1",
                &[model.into()],
                |row| row.id(0),
            )?
            .ok_or_else(|| self.absent("model with id", model))
    }

    /// The error of a name that stands for nothing.
    pub(crate) fn absent(&self, noun: &str, name: impl fmt::Display) -> Error {
        Detail::NotFound(format!("there is no {noun} `{name}`{}", self.when())).into()
    }

    /// ` as of commit 7`, or nothing where no moment was asked for.
    pub(crate) fn when(&self) -> String {
        if self.is_told { format!(" as of commit {}", self.moment) } else { String::new() }
    }

    /// Holds the caller's expectation of an entity's last change against the present.
    pub(crate) fn expect_revision(
        &mut self,
        entity: EntityId,
        expected: Option<i64>,
    ) -> Result<()> {
        let Some(expected) = expected else { return Ok(()) };
        let present = self.sql.first(
            "SELECT MAX(n) FROM touch WHERE entity = ?1",
            &[Value::from(entity)],
            |row| row.opt_int(0),
        )?;
        let present = present.flatten().unwrap_or_default();
        if present == expected {
            return Ok(());
        }
        Err(Detail::Conflict(format!(
            "it was last changed by commit {present}, expected {expected}; read it again and decide"
        ))
        .into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn uri(text: &str, expected: &str) {
        match text.parse::<VersionUri>() {
            Ok(uri) => assert_eq!(uri.to_string(), expected),
            Err(error) => assert_eq!(error.code(), expected, "{error}"),
        }
    }

    #[test]
    fn uris_name_one_version() {
        uri("models:/risk.credit.default/7", "models:/risk.credit.default/7");
        uri("fraud@champion", "models:/main.default.fraud@champion");
        uri("fraud/latest", "models:/main.default.fraud/latest");
        uri("`a.b`.c.`d e`@x", "models:/`a.b`.c.`d e`@x");
    }

    #[test]
    fn anything_else_is_refused_with_its_reason() {
        for text in
            ["", "models:/", "fraud", "fraud/0", "fraud/-1", "fraud/+1", "fraud/x", "/1", "@x"]
        {
            uri(text, "invalid_uri");
        }
        for text in ["fraud/99999999999999999999", "fraud@latest", "runs:/abc/model", "fraud/1 "] {
            uri(text, "invalid_uri");
        }
        uri("fraud@", "invalid_name");
        uri("fraud@v1", "reserved_name");
        uri("fraud/1/2", "invalid_name");
        uri("a.b.c.d/1", "invalid_name");
    }
}
