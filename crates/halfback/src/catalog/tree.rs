//! What catalogs, schemas and models share: a name below a parent, a profile, a beginning and
//! an end.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use halfback_store::error::{Detail, Error, Result};
use halfback_store::id::EntityId;
use halfback_store::name::{CatalogName, SchemaName, text};
use halfback_store::schema::{ACCESS_GRANT, ORIGIN, PROFILE, SECURABLE, TAG};
use halfback_store::sql::Value;

use crate::access::Privilege;
use crate::access::need::denial;
use crate::command::{Context, Snapshot};
use crate::page::{Page, Paging};
use crate::secret;
use crate::securable::Level;

/// What is said about something when it is made.
#[derive(Debug, Default)]
pub(super) struct Profile {
    pub(super) comment: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) task: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) allow_secrets: bool,
}

/// What is said anew; `None` leaves a field as it is, empty text clears it.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) comment: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) task: Option<String>,
    /// Keep a comment that looks like a credential.
    pub(super) allow_secrets: bool,
}

/// What the database says about a catalog, schema or model.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) parent: EntityId,
    pub(super) name: String,
    pub(super) owner_id: EntityId,
    pub(super) owner: Option<String>,
    pub(super) comment_ref: Option<Vec<u8>>,
    pub(super) comment: Option<String>,
    pub(super) task: Option<String>,
    pub(super) stamp: Stamp,
}

/// When something came to be and when it was last touched.
#[derive(Debug)]
pub(super) struct Stamp {
    pub(super) revision: i64,
    pub(super) created_at: DateTime<Utc>,
    pub(super) created_by: Option<String>,
    pub(super) updated_at: DateTime<Utc>,
}

/// Schemas that are gone through before asking for more of them.
const SCHEMAS: i64 = 500;

/// Where to look: everywhere, in one catalog, or in one schema.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Within {
    pub(super) catalog: Option<EntityId>,
    pub(super) schema: Option<EntityId>,
}

/// A schema that is there at the moment.
#[derive(Debug, Clone)]
pub(super) struct LivingSchema {
    pub(super) id: EntityId,
    pub(super) catalog: String,
    pub(super) name: String,
}

/// The error of a name that is in use.
pub(crate) fn taken(level: Level, name: impl fmt::Display) -> Error {
    Detail::AlreadyExists(format!(
        "{} `{name}` exists already; pass `exist_ok` to accept that, or choose another name",
        level.noun()
    ))
    .into()
}

impl Context<'_> {
    /// The catalog of that name, made where it is missing and `parents` says so.
    pub(super) fn catalog_for(&mut self, name: &CatalogName, parents: bool) -> Result<EntityId> {
        match self.now().find_catalog(name)? {
            Some(id) => Ok(id),
            None if parents => {
                self.add(Level::Catalog, EntityId::REGISTRY, name.as_str(), Profile::default())
            }
            None => Err(with_parents(&self.now().absent("catalog", name))),
        }
    }

    /// The schema of that name, made with its catalog where missing and `parents` says so.
    pub(super) fn schema_for(&mut self, name: &SchemaName, parents: bool) -> Result<EntityId> {
        let catalog = self.catalog_for(name.catalog(), parents)?;
        match self.now().find(catalog, Level::Schema, name.leaf())? {
            Some(id) => Ok(id),
            None if parents => self.add(Level::Schema, catalog, name.leaf(), Profile::default()),
            None => Err(with_parents(&self.now().absent("schema", name))),
        }
    }

    /// Makes something new below `parent`.
    pub(super) fn add(
        &mut self,
        level: Level,
        parent: EntityId,
        name: &str,
        profile: Profile,
    ) -> Result<EntityId> {
        let id = self.tx.new_id();
        self.tx.touch(id)?;
        if level != Level::Model {
            // Its owner holds something on all that will be in it.
            self.changed_access(None)?;
        }
        self.tx.open(&SECURABLE, &[parent.into(), level.noun().into(), name.into(), id.into()])?;
        let owner = match profile.owner.filter(|owner| !owner.is_empty()) {
            Some(owner) => self.owner(owner)?,
            None => self.tx.actor()?,
        };
        let comment = self.comment(profile.comment, profile.allow_secrets)?;
        let task = profile.task.filter(|task| !task.is_empty());
        let task = task.map(|task| text(task, "task")).transpose()?;
        self.tx.open(
            &PROFILE,
            &[id.into(), owner.into(), comment.as_ref().into(), task.as_ref().into()],
        )?;
        let Profile { tags, allow_secrets, .. } = profile;
        if !tags.is_empty() {
            self.without_gain(id, |context| {
                context.add_tags(id, level.noun(), &tags, allow_secrets)
            })?;
        }
        Ok(id)
    }

    /// The principal that an owner's id or name means; one who is not known yet becomes so.
    fn owner(&mut self, owner: String) -> Result<EntityId> {
        let owner = text(owner, "owner")?;
        match self.now().known_principal(&owner)? {
            Some(known) => Ok(known),
            None => self.tx.principal(&owner),
        }
    }

    /// Stores a comment; gives the reference that goes into the fact row.
    pub(crate) fn comment(
        &mut self,
        comment: Option<String>,
        allow_secrets: bool,
    ) -> Result<Option<Vec<u8>>> {
        let comment = comment.filter(|comment| !comment.is_empty());
        if !allow_secrets {
            secret::refuse(comment.as_deref().unwrap_or_default(), "`comment`")?;
        }
        comment.map(|comment| self.tx.text(&text(comment, "comment")?)).transpose()
    }

    /// Changes what is said about something; nothing happens where it says the same already.
    pub(super) fn revise(&mut self, id: EntityId, changes: Changes) -> Result<()> {
        let entry = self.now().entry(id)?;
        let owner = match changes.owner {
            Some(owner) if owner.is_empty() => {
                return Err(Detail::InvalidArgument(
                    "the owner is empty; everything has an owner, name another one".into(),
                )
                .into());
            }
            Some(owner) if entry.owner.as_ref() != Some(&owner) => self.owner(owner)?,
            _ => entry.owner_id,
        };
        if owner != entry.owner_id {
            self.refuse_to_own(id, entry.owner_id, owner)?;
        }
        let comment = match changes.comment {
            Some(comment) if comment != entry.comment.unwrap_or_default() => {
                self.comment(Some(comment), changes.allow_secrets)?
            }
            _ => entry.comment_ref.clone(),
        };
        let task = match changes.task {
            Some(task) => Some(text(task, "task")?).filter(|task| !task.is_empty()),
            None => entry.task.clone(),
        };
        if owner == entry.owner_id && comment == entry.comment_ref && task == entry.task {
            return Ok(());
        }
        self.tx.touch(id)?;
        if owner != entry.owner_id {
            self.changed_access(None)?;
        }
        let values = [id.into(), owner.into(), comment.as_ref().into(), task.as_ref().into()];
        self.tx.put(&PROFILE, &values)
    }

    /// Gives something another name below `parent`; `path` is its whole new name, from the catalog
    /// on. A name that another one ever had is refused: under it, old version numbers would mean
    /// something else.
    pub(super) fn rename(
        &mut self,
        level: Level,
        id: EntityId,
        parent: EntityId,
        path: &[&str],
    ) -> Result<()> {
        let Entry { parent: old_parent, name, .. } = self.now().entry(id)?;
        let new = *path.last().unwrap_or(&"");
        if (old_parent, name.as_str()) == (parent, new) {
            return Ok(());
        }
        let noun = level.noun();
        if self.now().bearers(path)?.iter().any(|bearer| *bearer != id) {
            return Err(Detail::AlreadyExists(format!(
                "the name `{new}` is or was another {noun}'s, and a name never changes what its past meant; choose another name"
            ))
            .into());
        }
        self.now().refuse_to_leave_hold(old_parent, parent)?;
        self.tx.touch(id)?;
        self.changed_access(None)?;
        self.tx.close(&SECURABLE, &[old_parent.into(), noun.into(), Value::from(&name)])?;
        self.tx.open(&SECURABLE, &[parent.into(), noun.into(), new.into(), id.into()])
    }

    /// Removes something from the present, with what it holds where `cascade` says so.
    pub(super) fn remove(
        &mut self,
        level: Level,
        id: EntityId,
        cascade: bool,
        name: impl fmt::Display,
    ) -> Result<()> {
        let below = match level {
            Level::Registry => Some(Level::Catalog),
            Level::Catalog => Some(Level::Schema),
            Level::Schema => Some(Level::Model),
            Level::Model => None,
        };
        if let Some(below) = below {
            let children = self.now().all_children(id)?;
            if let (Some((child, first)), false) = (children.first(), cascade) {
                let first = if self.now().sees(*child)? {
                    format!("{} `{first}`", below.noun())
                } else {
                    format!("a {}", below.noun())
                };
                return Err(Detail::NotEmpty(format!(
                    "{} `{name}` holds {first}{}; delete what it holds first, or pass `cascade`",
                    level.noun(),
                    if children.len() > 1 { " and more" } else { "" },
                ))
                .into());
            }
            for (child, name) in children {
                // Something on the way down may be denied.
                let mut now = self.now();
                if !now.sees(child)? {
                    return Err(denial(format!(
                        "you may not delete all that the {} holds; ask somebody else who holds `MANAGE` there",
                        level.noun()
                    )));
                }
                let on = now.on_id(child, &name)?;
                now.hold(Privilege::Manage, &on)?;
                self.remove(below, child, true, name)?;
            }
        } else {
            self.remove_versions(id, &name)?;
        }
        let entry = self.now().entry(id)?;
        self.tx.touch(id)?;
        self.changed_access(None)?;
        self.remove_tags(id)?;
        self.remove_grants(id)?;
        self.tx.close(&ORIGIN, &[id.into()])?;
        self.tx.close(&PROFILE, &[id.into()])?;
        let key = [entry.parent.into(), level.noun().into(), Value::from(&entry.name)];
        self.tx.close(&SECURABLE, &key)?;
        Ok(())
    }

    /// Closes every grant on something that ends; what is denied stays so for its past.
    fn remove_grants(&mut self, id: EntityId) -> Result<()> {
        let now = self.now();
        let grants = now.sql.all(
            "SELECT principal, what FROM access_grant WHERE securable = ?1 AND effect = 'allow' AND until > ?2",
            &[id.into(), now.moment.into()],
            |row| Ok((row.id(0)?, row.text(1)?.to_owned())),
        )?;
        for (principal, what) in grants {
            self.tx.close(&ACCESS_GRANT, &[principal.into(), id.into(), Value::from(&what)])?;
        }
        Ok(())
    }

    /// Closes every tag of something that ends.
    pub(super) fn remove_tags(&mut self, target: EntityId) -> Result<()> {
        for key in self.now().tags(target)?.keys() {
            self.tx.close(&TAG, &[target.into(), key.into()])?;
        }
        Ok(())
    }
}

pub(crate) fn with_parents(absent: &Error) -> Error {
    Detail::NotFound(format!("{absent}; create it first, or pass `parents`")).into()
}

impl Snapshot<'_> {
    /// The row of a catalog, schema or model with its profile.
    pub(super) fn entry(&mut self, id: EntityId) -> Result<Entry> {
        let stamp = self.stamp(id)?;
        let entry = self.sql.first(
            "SELECT s.parent, s.name, p.owner, o.name, p.comment, t.body, p.task FROM securable s \
             JOIN profile p ON p.target = s.id AND p.until > ?2 AND p.since <= ?2 \
             LEFT JOIN principal_name o ON o.id = p.owner LEFT JOIN text t ON t.digest = p.comment \
             WHERE s.id = ?1 AND s.until > ?2 AND s.since <= ?2",
            &[id.into(), self.moment.into()],
            |row| {
                Ok((
                    row.id(0)?,
                    row.text(1)?.to_owned(),
                    row.id(2)?,
                    row.opt_string(3)?,
                    row.opt_blob(4)?.map(<[u8]>::to_vec),
                    row.opt_string(5)?,
                    row.opt_string(6)?,
                ))
            },
        )?;
        let (parent, name, owner_id, owner, comment_ref, comment, task) =
            entry.ok_or_else(|| self.absent("entity with id", id))?;
        Ok(Entry { parent, name, owner_id, owner, comment_ref, comment, task, stamp })
    }

    /// Everything that was ever called by the whole name `path`, catalog first, whichever catalogs
    /// and schemas of these names it lay in.
    pub(crate) fn bearers(&mut self, path: &[&str]) -> Result<Vec<EntityId>> {
        let mut bearers = vec![EntityId::REGISTRY];
        for (level, name) in [Level::Catalog, Level::Schema, Level::Model].into_iter().zip(path) {
            let mut below = Vec::new();
            for parent in bearers {
                below.extend(self.sql.all(
                    "SELECT DISTINCT id FROM securable WHERE parent = ?1 AND kind = ?2 AND name = ?3",
                    &[parent.into(), level.noun().into(), (*name).into()],
                    |row| row.id(0),
                )?);
            }
            bearers = below;
        }
        Ok(bearers)
    }

    /// The last part of the name of a catalog, schema or model.
    pub(super) fn entry_name(&mut self, id: EntityId) -> Result<String> {
        self.sql
            .first(
                "SELECT name FROM securable WHERE id = ?1 AND until > ?2 AND since <= ?2",
                &[id.into(), self.moment.into()],
                |row| row.text(0).map(str::to_owned),
            )?
            .ok_or_else(|| self.absent("entity with id", id))
    }

    /// First and last commit of an entity.
    pub(super) fn stamp(&mut self, id: EntityId) -> Result<Stamp> {
        let logged = self.logged;
        let stamp = self.sql.first(
            "SELECT l.n, f.time, f.actor, l.time FROM touch t \
             LEFT JOIN log f ON f.n = t.n \
             LEFT JOIN log l ON l.n = (SELECT MAX(n) FROM touch WHERE entity = ?1 AND n <= ?2) \
             WHERE t.entity = ?1 AND t.n <= ?2 ORDER BY t.n LIMIT 1",
            &[id.into(), self.moment.into()],
            |row| {
                let creator = logged.actor(row.opt_int(2)?)?;
                let stamp = Stamp {
                    revision: logged.number(row.opt_int(0)?)?,
                    created_at: logged.time(row.opt_int(1)?)?,
                    created_by: None,
                    updated_at: logged.time(row.opt_int(3)?)?,
                };
                Ok((stamp, creator))
            },
        )?;
        let (mut stamp, creator) = stamp.ok_or_else(|| self.absent("entity with id", id))?;
        stamp.created_by = self.principal_name(creator)?;
        Ok(stamp)
    }

    /// The id that the next new entity gets.
    pub(super) fn next_id(&mut self) -> Result<EntityId> {
        let next = self.sql.first("SELECT next_id FROM head", &[], |row| row.id(0))?;
        Ok(next.unwrap_or(EntityId(0)))
    }

    /// An id above all that was made by the moment, and not above what was made later: ids are
    /// given out as commits are, so that halving finds it.
    pub(super) fn first_id_after(&mut self) -> Result<EntityId> {
        let (mut low, mut high) = (0, self.next_id()?.0);
        while low < high {
            let middle = low + (high - low) / 2;
            let made = self.sql.first(
                "SELECT entity, n FROM touch WHERE entity >= ?1 ORDER BY entity, n LIMIT 1",
                &[middle.into()],
                |row| Ok((row.int(0)?, row.int(1)?)),
            )?;
            match made {
                Some((entity, commit)) if commit <= self.moment.0 => low = entity + 1,
                _ => high = middle,
            }
        }
        Ok(EntityId(low))
    }

    /// A page of what lies directly below `parent`, by name; `query` names the list.
    pub(super) fn children(
        &mut self,
        parent: EntityId,
        level: Level,
        paging: &Paging,
        query: &str,
    ) -> Result<Page<(EntityId, String)>> {
        let query = format!("{} {query}", level.noun());
        let mut after: String = paging.after(&query)?.unwrap_or_default();
        let limit = paging.limit()?;
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut seen = Vec::new();
        loop {
            let rows = self.sql.all(
                "SELECT id, name FROM securable WHERE parent = ?1 AND kind = ?2 AND name > ?3 \
                 AND until > ?4 AND since <= ?4 ORDER BY name LIMIT ?5",
                &[
                    parent.into(),
                    level.noun().into(),
                    Value::from(&after),
                    self.moment.into(),
                    limit.into(),
                ],
                |row| Ok((row.id(0)?, row.text(1)?.to_owned())),
            )?;
            let is_last = rows.len() < wanted;
            for (id, name) in rows {
                after.clone_from(&name);
                if self.sees(id)? {
                    seen.push((id, name));
                }
            }
            if is_last || seen.len() >= wanted {
                break;
            }
        }
        paging.page(seen, &query, |(_, name)| name.clone())
    }

    /// Reads the models in the schemas of `within` by full name, after the one with the parts
    /// `last`, until there are `limit` of them. `read` gives those of one schema after a name, at
    /// most as many as it is told.
    pub(super) fn by_schema<T>(
        &mut self,
        within: Within,
        [catalog, schema, model]: [&str; 3],
        limit: i64,
        mut read: impl FnMut(&mut Self, &LivingSchema, &str, i64) -> Result<Vec<T>>,
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        let mut schemas = self.schemas(within, catalog, schema, ">=")?;
        while let Some(last) = schemas.last().cloned() {
            for living in &schemas {
                let is_begun = living.catalog == catalog && living.name == schema;
                let after = if is_begun { model } else { "" };
                let wanted = limit - i64::try_from(found.len()).unwrap_or(limit);
                if wanted <= 0 {
                    return Ok(found);
                }
                found.extend(read(self, living, after, wanted)?);
            }
            schemas = self.schemas(within, &last.catalog, &last.name, ">")?;
        }
        Ok(found)
    }

    /// The next schemas after one, or from it on.
    fn schemas(
        &mut self,
        Within { catalog: in_catalog, schema: in_schema }: Within,
        catalog: &str,
        schema: &str,
        sign: &str,
    ) -> Result<Vec<LivingSchema>> {
        let sql = format!(
            "SELECT s.id, c.name, s.name FROM securable c CROSS JOIN securable s \
             WHERE c.parent = 0 AND c.kind = 'catalog' AND s.parent = c.id AND s.kind = 'schema' \
             AND c.until > ?1 AND c.since <= ?1 AND s.until > ?1 AND s.since <= ?1 \
             AND (?2 = 0 OR c.id = ?2) AND (?3 = 0 OR s.id = ?3) \
             AND c.name >= ?4 AND (c.name, s.name) {sign} (?4, ?5) ORDER BY c.name, s.name LIMIT ?6"
        );
        self.sql.all(
            &sql,
            &[
                self.moment.into(),
                in_catalog.unwrap_or(EntityId(0)).into(),
                in_schema.unwrap_or(EntityId(0)).into(),
                catalog.into(),
                schema.into(),
                SCHEMAS.into(),
            ],
            |row| {
                let (catalog, name) = (row.text(1)?.to_owned(), row.text(2)?.to_owned());
                Ok(LivingSchema { id: row.id(0)?, catalog, name })
            },
        )
    }

    /// Everything that lies directly below `parent`.
    fn all_children(&mut self, parent: EntityId) -> Result<Vec<(EntityId, String)>> {
        self.sql.all(
            "SELECT id, name FROM securable WHERE parent = ?1 AND until > ?2 AND since <= ?2 ORDER BY name",
            &[parent.into(), self.moment.into()],
            |row| Ok((row.id(0)?, row.text(1)?.to_owned())),
        )
    }
}
