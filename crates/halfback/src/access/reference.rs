//! How callers name principals and securables, and what both are called in texts.

use std::fmt;

use halfback_store::error::{Detail, Error, Kind, Result};
use halfback_store::id::EntityId;
use halfback_store::name::{CatalogName, ModelName, SchemaName, normal_form, shown};
use halfback_store::tx::{principal_of, principals_called};

use super::principal::{EVERYONE, is_id};
use super::rights::Chain;
use crate::command::Snapshot;
use crate::securable::{Level, Target, VersionRef};

/// The registry itself, as a securable.
pub(crate) const REGISTRY: &str = "registry:/";

/// Something that privileges are held on, found by its name.
#[derive(Debug, Clone)]
pub(crate) struct On {
    pub(crate) chain: Chain,
    /// The name that it was found by.
    pub(crate) name: String,
    /// The version that was meant, where the name was a version's.
    pub(crate) version: Option<EntityId>,
}

impl On {
    pub(crate) fn registry() -> Self {
        Self { chain: Chain::REGISTRY, name: REGISTRY.to_owned(), version: None }
    }

    pub(crate) fn id(&self) -> EntityId {
        self.chain.id()
    }

    pub(crate) fn level(&self) -> Level {
        self.chain.level()
    }
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level() {
            Level::Registry => f.write_str("the registry"),
            level => write!(f, "{} `{}`", level.noun(), self.name),
        }
    }
}

impl Snapshot<'_> {
    /// The securable that a text names: `registry:/`, or a target. A version stands for its model.
    pub(crate) fn on(&mut self, text: &str) -> Result<On> {
        if text == REGISTRY {
            return Ok(On::registry());
        }
        let target: Target = text.parse()?;
        match self.target_id(&target) {
            Ok(id) => self.on_id(id, text),
            Err(error) if error.kind() == Kind::NotFound => Err(self.or_above(text, error)?),
            Err(error) => Err(error),
        }
    }

    /// The error of a name that is no model's, with the catalog or schema that it may have meant.
    fn or_above(&mut self, text: &str, error: Error) -> Result<Error> {
        let mut meant = None;
        if let Ok(name) = text.parse::<CatalogName>() {
            meant = self.find_catalog(&name)?.map(|id| (id, format!("catalogs:/{name}")));
        } else if let Ok(name) = text.parse::<SchemaName>() {
            meant = self.find_schema(&name)?.map(|id| (id, format!("schemas:/{name}")));
        }
        match meant {
            Some((id, uri)) if self.sees(id)? => {
                Ok(Detail::NotFound(format!("{error}; `{uri}` is there, if you mean that")).into())
            }
            _ => Ok(error),
        }
    }

    /// The same where it lay at this snapshot's moment; what one may do is asked of where it lies now.
    pub(crate) fn on_then(&mut self, text: &str) -> Result<On> {
        let on = self.on(text)?;
        let chain = self.chain_at(on.id(), self.moment)?;
        Ok(On { chain, ..on })
    }

    /// The catalog of a name.
    pub(crate) fn on_catalog(&mut self, name: &str) -> Result<On> {
        let id = self.catalog_id(&name.parse()?)?;
        self.on_id(id, name)
    }

    /// The schema of a name.
    pub(crate) fn on_schema(&mut self, name: &str) -> Result<On> {
        let id = self.schema_id(&name.parse()?)?;
        self.on_id(id, name)
    }

    /// The model of a name.
    pub(crate) fn on_model(&mut self, name: &str) -> Result<On> {
        let id = self.model_id(&name.parse()?)?;
        self.on_id(id, name)
    }

    /// The model of a version.
    pub(crate) fn on_version(&mut self, version: &VersionRef) -> Result<On> {
        let (_, id) = self.version_ref(version)?;
        self.on_id(id, version.as_str())
    }

    /// A securable that is known by its id.
    pub(crate) fn on_id(&mut self, id: EntityId, name: &str) -> Result<On> {
        if id == EntityId::REGISTRY {
            return Ok(On::registry());
        }
        let (chain, version) = self.place(id)?;
        Ok(On { chain, name: name.to_owned(), version })
    }

    /// The same with its whole name, as it is now.
    pub(crate) fn in_full(&mut self, on: &On) -> Result<On> {
        let mut name = self.securable_label(on.id())?;
        if let Some(version) = on.version {
            name = format!("{name}/{}", self.version_number(version)?);
        }
        Ok(On { name, ..on.clone() })
    }

    /// The living principal that a text names: an id such as `p7`, or a name that only one has.
    pub(crate) fn principal_id(&mut self, text: &str) -> Result<EntityId> {
        let known = self.known_principal(text)?;
        known.ok_or_else(|| {
            Detail::NotFound(format!(
                "there is no principal `{}`{}; make it known with `create_user`, `create_service` or `create_group` first",
                shown(text),
                self.when()
            ))
            .into()
        })
    }

    /// The same; none where nobody is named so.
    pub(crate) fn known_principal(&mut self, text: &str) -> Result<Option<EntityId>> {
        if is_id(text) {
            let id = text.get(1..).and_then(|digits| digits.parse().ok()).map(EntityId);
            if let Some(id) = id
                && self.is_living(id)?
            {
                return Ok(Some(id));
            }
        }
        match self.principals_called(text)?.as_slice() {
            [] => Ok(None),
            [id] => Ok(Some(*id)),
            several => {
                let several = several.to_vec();
                let labels: Vec<String> = several
                    .into_iter()
                    .map(|id| self.principal_label(id))
                    .collect::<Result<_>>()?;
                Err(Detail::InvalidArgument(format!(
                    "`{}` may be any of {}; say which by its id",
                    shown(text),
                    labels.join(", ")
                ))
                .into())
            }
        }
    }

    /// Whether a principal is there: not once it was deleted.
    pub(crate) fn is_living(&mut self, id: EntityId) -> Result<bool> {
        let row = self.sql.first(
            "SELECT 1 FROM principal WHERE id = ?1 AND until > ?2 AND since <= ?2",
            &[id.into(), self.moment.into()],
            |row| row.int(0),
        )?;
        Ok(row.is_some())
    }

    /// The living principals of a name, the oldest first; those who are but a name, as owners and
    /// authors of what was brought in, only where there are no others.
    pub(crate) fn principals_called(&mut self, name: &str) -> Result<Vec<EntityId>> {
        let found = principals_called(self.sql, &normal_form(name), self.moment)?;
        let known = found.iter().any(|(_, is_known)| *is_known);
        let found = found.into_iter().filter(|(_, is_known)| *is_known || !known);
        Ok(found.map(|(id, _)| id).collect())
    }

    pub(crate) fn principal_of(&mut self, proof: &str, subject: &str) -> Result<Option<EntityId>> {
        principal_of(self.sql, proof, subject)
    }

    /// The group that everybody is in.
    pub(crate) fn everyone(&mut self) -> Result<Option<EntityId>> {
        self.principal_of("group", EVERYONE)
    }

    /// A principal as texts name it, such as `` `alice` (p7) ``.
    pub(crate) fn principal_label(&mut self, id: EntityId) -> Result<String> {
        let name = self.sql.first(
            "SELECT name FROM principal_name WHERE id = ?1",
            &[id.into()],
            |row| row.text(0).map(shown),
        )?;
        Ok(name.map_or_else(|| format!("p{id}"), |name| format!("`{name}` (p{id})")))
    }

    /// What a securable is called now, or was last, as a target.
    pub(crate) fn securable_label(&mut self, id: EntityId) -> Result<String> {
        if id == EntityId::REGISTRY {
            return Ok(REGISTRY.to_owned());
        }
        let mut parts = Vec::new();
        let mut next = id;
        while next != EntityId::REGISTRY && parts.len() < 3 {
            let row = self.sql.first(
                "SELECT parent, name FROM securable WHERE id = ?1 ORDER BY until DESC LIMIT 1",
                &[next.into()],
                |row| Ok((row.id(0)?, row.text(1)?.to_owned())),
            )?;
            let (parent, name) = row.ok_or_else(|| self.absent("securable with id", id))?;
            parts.push(name);
            next = parent;
        }
        parts.reverse();
        match parts.as_slice() {
            [catalog, schema, model] => {
                Ok(format!("models:/{}", ModelName::from_path([catalog, schema, model])?))
            }
            [catalog, schema] => {
                Ok(format!("schemas:/{}", SchemaName::from_path([catalog, schema])?))
            }
            _ => {
                Ok(format!("catalogs:/{}", format!("`{}`", parts.concat()).parse::<CatalogName>()?))
            }
        }
    }
}
