//! Registered models: named lines of versions.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use halfback_store::error::{Detail, Result};
use halfback_store::id::EntityId;
use halfback_store::name::{CatalogName, ModelName, SchemaName};
use halfback_store::schema::{ALIAS, ORIGIN, PROTECTION, VERSION, VERSION_FEATURE, VERSION_STATE};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::origin::Origin;
use super::tag::text_of;
use super::tree::{self, Changes, Profile, Within};
use crate::access::Privilege;
use crate::access::need::Needs;
use crate::command::{Command, Context, Query, Snapshot};
use crate::page::Page;
use crate::securable::Level;

/// A registered model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Model {
    /// The id, which outlives every name.
    pub id: i64,
    /// The pinned reference: no rename moves it, and only this registry takes it.
    pub pin: String,
    /// The target URI, such as `models:/risk.credit.default`.
    pub uri: String,
    /// The full name, such as `risk.credit.default`.
    pub name: String,
    /// What the model is for, such as `binary_classification`.
    pub task: Option<String>,
    /// Free text for people.
    pub comment: Option<String>,
    /// The owner's name; none once it was erased.
    pub owner: Option<String>,
    /// The tags.
    pub tags: BTreeMap<String, String>,
    /// The aliases and the number of the version that each names.
    pub aliases: BTreeMap<String, i64>,
    /// The aliases whose moves need the expected value.
    pub protected_aliases: Vec<String>,
    /// The highest version number that is not archived or deleted.
    pub latest_version: Option<i64>,
    /// What it was in the system that it was brought in from.
    pub origin: Option<Origin>,
    /// The commit that last touched the model or one of its versions.
    pub revision: i64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Who created it; none once the name was erased.
    pub created_by: Option<String>,
    /// When it, or one of its versions, was last touched.
    pub updated_at: DateTime<Utc>,
}

/// Makes a registered model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateModel {
    /// The name, such as `risk.credit.default`.
    pub name: String,
    /// Make the catalog and schema too where they are missing.
    #[serde(default)]
    pub parents: bool,
    /// What the model is for, such as `binary_classification`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Free text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The owner's name; whoever creates it where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Tags to begin with.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// What it was in the system that it is brought in from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Give the model back unchanged where it exists already.
    #[serde(default)]
    pub exist_ok: bool,
    /// Keep a comment and tags that look like keys, tokens or passwords.
    #[serde(default)]
    pub allow_secrets: bool,
}

impl From<&str> for CreateModel {
    fn from(name: &str) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

/// Changes what is said about a model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateModel {
    /// The name.
    pub name: String,
    /// The new task; empty to remove it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The new comment; empty to remove it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The new owner's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The revision that it must have now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_revision: Option<i64>,
    /// Keep a comment that looks like it holds a key, token or password.
    #[serde(default)]
    pub allow_secrets: bool,
}

/// Gives a model another name in the same catalog; its id, versions and aliases stay.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameModel {
    /// The present name.
    pub name: String,
    /// The name it gets; never one that another model had.
    pub new_name: String,
    /// The revision that it must have now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_revision: Option<i64>,
}

/// Removes a model with its versions and aliases from the present; the past keeps it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteModel {
    /// The name.
    pub name: String,
    /// The revision that it must have now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_revision: Option<i64>,
}

impl Command for CreateModel {
    const NAME: &'static str = "create_model";
    type Output = Model;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        let name: ModelName = self.name.parse()?;
        let tagged = !self.tags.is_empty();
        now.needs_to_create(name.catalog(), Some(name.schema()), self.parents, tagged)
    }

    fn apply(self, context: &mut Context<'_>) -> Result<Model> {
        let name: ModelName = self.name.parse()?;
        let schema = context.schema_for(name.schema(), self.parents)?;
        let id = match context.now().find(schema, Level::Model, name.leaf())? {
            Some(id) if self.exist_ok && context.now().sees(id)? => id,
            Some(_) => return Err(tree::taken(Level::Model, &name)),
            None => {
                let Self { task, comment, owner, tags, origin, allow_secrets, .. } = self;
                if let (Some(origin), false) = (&origin, allow_secrets) {
                    origin.refuse_secrets()?;
                }
                let profile = Profile { comment, owner, task, tags, allow_secrets };
                let id = context.add(Level::Model, schema, name.leaf(), profile)?;
                context.add_origin(id, origin)?;
                id
            }
        };
        context.now().model(id)
    }
}

impl Command for UpdateModel {
    const NAME: &'static str = "update_model";
    type Output = Model;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        let on = now.on_model(&self.name)?;
        let needs = Needs::on(&on, Privilege::Modify);
        Ok(needs.and_if(self.owner.is_some(), &on, Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<Model> {
        let id = context.now().model_id(&self.name.parse()?)?;
        context.now().expect_revision(id, self.expect_revision)?;
        let Self { task, comment, owner, allow_secrets, .. } = self;
        context.revise(id, Changes { comment, owner, task, allow_secrets })?;
        context.now().model(id)
    }
}

impl Command for RenameModel {
    const NAME: &'static str = "rename_model";
    type Output = Model;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        let (name, new): (ModelName, ModelName) = (self.name.parse()?, self.new_name.parse()?);
        let on = now.on_model(&self.name)?;
        if name.schema() == new.schema() {
            return Ok(Needs::on(&on, Privilege::Manage));
        }
        let to = now.on_schema(&new.schema().to_string())?;
        Ok(Needs::on(&on, Privilege::Manage).and_if(true, &to, Privilege::CreateModel))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<Model> {
        let (name, new): (ModelName, ModelName) = (self.name.parse()?, self.new_name.parse()?);
        if name.catalog() != new.catalog() {
            return Err(Detail::InvalidArgument(format!(
                "model `{name}` cannot move to catalog `{}`: its artifacts belong to its own; register them there",
                new.catalog()
            ))
            .into());
        }
        let id = context.now().model_id(&name)?;
        context.now().expect_revision(id, self.expect_revision)?;
        let schema = context.schema_for(new.schema(), false)?;
        context
            .without_gain(id, |context| context.rename(Level::Model, id, schema, &new.path()))?;
        context.now().model(id)
    }
}

impl Command for DeleteModel {
    const NAME: &'static str = "delete_model";
    type Output = ();

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on(&now.on_model(&self.name)?, Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<()> {
        let name: ModelName = self.name.parse()?;
        let id = context.now().model_id(&name)?;
        context.now().expect_revision(id, self.expect_revision)?;
        context.remove(Level::Model, id, true, &name)
    }
}

impl Context<'_> {
    /// Closes everything below a model that ends.
    pub(super) fn remove_versions(
        &mut self,
        model: EntityId,
        name: &dyn std::fmt::Display,
    ) -> Result<()> {
        let now = self.now();
        let protected = now.sql.first(
            "SELECT a.name FROM alias a JOIN protection p ON p.model = a.model AND p.alias = a.name AND p.until > ?2 \
             WHERE a.model = ?1 AND a.until > ?2",
            &[model.into(), now.moment.into()],
            |row| row.text(0).map(str::to_owned),
        )?;
        if let Some(alias) = protected {
            return Err(Detail::Protected(format!(
                "model `{name}` has the protected alias `{alias}`; delete that alias first, with the version you expect it to name"
            ))
            .into());
        }
        let Model { aliases, protected_aliases, .. } = self.now().model(model)?;
        for alias in aliases.keys() {
            self.tx.close(&ALIAS, &[model.into(), alias.into()])?;
        }
        for alias in &protected_aliases {
            self.tx.close(&PROTECTION, &[model.into(), alias.into()])?;
        }
        let now = self.now();
        let versions = now.sql.all(
            "SELECT id FROM version WHERE model = ?1 AND until > ?2 AND since <= ?2",
            &[model.into(), now.moment.into()],
            |row| row.id(0),
        )?;
        versions.into_iter().try_for_each(|version| self.remove_version(version))
    }

    /// Closes the rows of a version that ends.
    pub(super) fn remove_version(&mut self, version: EntityId) -> Result<()> {
        self.tx.touch(version)?;
        self.remove_tags(version)?;
        self.tx.close(&ORIGIN, &[version.into()])?;
        // The last first, as `Tx::close` likes it where this commit has opened them.
        let features = self.tx.sql().all(
            "SELECT name FROM version_feature WHERE version = ?1 AND until = 9223372036854775807 ORDER BY name DESC",
            &[version.into()],
            |row| row.text(0).map(str::to_owned),
        )?;
        self.tx.close(&VERSION_STATE, &[version.into()])?;
        for feature in &features {
            self.tx.close(&VERSION_FEATURE, &[version.into(), feature.into()])?;
        }
        self.tx.close(&VERSION, &[version.into()])?;
        Ok(())
    }
}

/// Gives a model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetModel {
    /// The name.
    pub name: String,
}

/// Lists models by name: all, those of a catalog, or those of a schema.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListModels {
    /// A catalog such as `risk` or a schema such as `risk.credit`; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// How many entries at most, 1 to 1,000; 100 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// The cursor of the page before; the first page where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl Query for GetModel {
    const NAME: &'static str = "get_model";
    type Output = Model;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Sight("it is found by its name"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Model> {
        let id = snapshot.model_id(&self.name.parse()?)?;
        snapshot.model(id)
    }
}

impl Query for ListModels {
    const NAME: &'static str = "list_models";
    type Output = Page<Model>;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Sight("only those that are seen are listed"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<Model>> {
        let paging = snapshot.paging(self.page_size, self.cursor);
        let within = snapshot.parent(self.parent.as_deref())?;
        snapshot.models_within(within, paging)
    }
}

/// One statement for all that is single about a model: a page reads a hundred of them.
const RECORD: &str = "\
    SELECT m.parent, m.name, p.task, t.body, p.owner, \
    (SELECT v.number FROM version v \
     JOIN version_state x ON x.version = v.id AND x.until > ?2 AND x.since <= ?2 \
     WHERE v.model = ?1 AND v.until > ?2 AND v.since <= ?2 \
     AND x.stage <> 'archived' AND x.status = 'READY' ORDER BY v.number DESC LIMIT 1), \
    l.n, l.time, f.time, f.actor, o.system, o.reference, o.created, o.creator, o.updated, o.uri, o.earlier \
    FROM securable m \
    JOIN profile p ON p.target = m.id AND p.until > ?2 AND p.since <= ?2 \
    LEFT JOIN log f ON f.n = (SELECT MIN(n) FROM touch WHERE entity = ?1) \
    LEFT JOIN log l ON l.n = (SELECT MAX(n) FROM touch WHERE entity = ?1 AND n <= ?2) \
    LEFT JOIN text t ON t.digest = p.comment \
    LEFT JOIN origin o ON o.target = m.id AND o.until > ?2 AND o.since <= ?2 \
    WHERE m.id = ?1 AND m.until > ?2 AND m.since <= ?2";

/// And one for all of which a model has several: tags, aliases, protected aliases.
const SEVERAL: &str = "\
    SELECT 0, key, value, 0 FROM tag WHERE target = ?1 AND until > ?2 AND since <= ?2 \
    UNION ALL SELECT 1, a.name, '', v.number FROM alias a \
    JOIN version v ON v.id = a.version AND v.until > ?2 AND v.since <= ?2 \
    WHERE a.model = ?1 AND a.until > ?2 AND a.since <= ?2 \
    UNION ALL SELECT 2, alias, '', 0 FROM protection \
    WHERE model = ?1 AND until > ?2 AND since <= ?2";

impl Snapshot<'_> {
    /// The catalog or schema whose models are listed.
    fn parent(&mut self, name: Option<&str>) -> Result<Within> {
        let Some(name) = name else { return Ok(Within::default()) };
        if let Ok(catalog) = name.parse::<CatalogName>() {
            return Ok(Within { catalog: Some(self.catalog_id(&catalog)?), schema: None });
        }
        let schema: SchemaName = name.parse()?;
        Ok(Within { catalog: None, schema: Some(self.schema_id(&schema)?) })
    }

    /// The record of a model.
    pub(crate) fn model(&mut self, id: EntityId) -> Result<Model> {
        self.record(id)
    }

    pub(crate) fn read_model(&mut self, id: EntityId) -> Result<Model> {
        let (pin, logged) = (self.pin(id), self.logged);
        let record = self.sql.first(RECORD, &[id.into(), self.moment.into()], |row| {
            let model = Model {
                id: id.0,
                pin: pin.clone(),
                uri: String::new(),
                name: row.text(1)?.to_owned(),
                task: row.opt_string(2)?,
                comment: row.opt_string(3)?,
                owner: None,
                tags: BTreeMap::new(),
                aliases: BTreeMap::new(),
                protected_aliases: Vec::new(),
                latest_version: row.opt_int(5)?,
                revision: logged.number(row.opt_int(6)?)?,
                updated_at: logged.time(row.opt_int(7)?)?,
                created_at: logged.time(row.opt_int(8)?)?,
                created_by: None,
                origin: None,
            };
            let creator = logged.actor(row.opt_int(9)?)?;
            Ok((model, row.id(0)?, row.id(4)?, creator, Origin::read(row, 10)?))
        })?;
        let (mut record, schema, owner, creator, origin) =
            record.ok_or_else(|| self.absent("model with id", id))?;
        let name = self.schema_name(schema)?.model(&record.name)?;
        record.uri = format!("models:/{name}");
        record.name = name.to_string();
        record.owner = self.principal_name(owner)?;
        record.created_by = self.principal_name(creator)?;
        record.origin = self.origin(origin)?;
        self.sql.query(SEVERAL, &[id.into(), self.moment.into()], &mut |row| {
            let name = row.text(1)?.to_owned();
            match row.int(0)? {
                0 => drop(record.tags.insert(name, row.text(2)?.to_owned())),
                1 => drop(record.aliases.insert(name, row.int(3)?)),
                _ => record.protected_aliases.push(name),
            }
            Ok(())
        })?;
        record.protected_aliases.sort_unstable();
        let text = text_of(&record.tags) + record.comment.as_ref().map_or(0, String::len);
        self.keep(id, id, &record, text);
        Ok(record)
    }
}
