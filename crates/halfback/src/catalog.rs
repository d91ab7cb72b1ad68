//! Catalogs and schemas: the two levels of names above models.

pub(crate) mod alias;
pub(crate) mod compare;
pub(crate) mod example;
pub(crate) mod model;
pub(crate) mod names;
pub(crate) mod origin;
pub(crate) mod search;
pub(crate) mod tag;
pub(crate) mod tree;
pub(crate) mod version;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use halfback_store::error::{Detail, Result};
use halfback_store::id::EntityId;
use halfback_store::name::{CatalogName, DEFAULT_CATALOG, DEFAULT_SCHEMA, SchemaName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Privilege;
use crate::access::need::Needs;
use crate::access::reference::On;
use crate::command::{Command, Context, Query, Snapshot};
use crate::page::Page;
use crate::securable::Level;
use tree::{Changes, Profile};

/// A catalog: the upper level of names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Catalog {
    /// The id, which outlives every name.
    pub id: i64,
    /// The pinned reference: no rename moves it, and only this registry takes it.
    pub pin: String,
    /// The target URI, such as `catalogs:/risk`.
    pub uri: String,
    /// The name.
    pub name: String,
    /// Free text for people.
    pub comment: Option<String>,
    /// The owner's name; none once it was erased.
    pub owner: Option<String>,
    /// The tags.
    pub tags: BTreeMap<String, String>,
    /// The commit that last touched it.
    pub revision: i64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Who created it; none once the name was erased.
    pub created_by: Option<String>,
    /// When it was last touched.
    pub updated_at: DateTime<Utc>,
}

/// A schema: the lower level of names, inside a catalog.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Schema {
    /// The id, which outlives every name.
    pub id: i64,
    /// The pinned reference: no rename moves it, and only this registry takes it.
    pub pin: String,
    /// The target URI, such as `schemas:/risk.credit`.
    pub uri: String,
    /// The full name, such as `risk.credit`.
    pub name: String,
    /// The catalog's name.
    pub catalog: String,
    /// Free text for people.
    pub comment: Option<String>,
    /// The owner's name; none once it was erased.
    pub owner: Option<String>,
    /// The tags.
    pub tags: BTreeMap<String, String>,
    /// The commit that last touched it.
    pub revision: i64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Who created it; none once the name was erased.
    pub created_by: Option<String>,
    /// When it was last touched.
    pub updated_at: DateTime<Utc>,
}

/// Makes a catalog.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCatalog {
    /// The name.
    pub name: String,
    /// Free text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The owner's name; whoever creates it where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Tags to begin with.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Give the catalog back unchanged where it exists already.
    #[serde(default)]
    pub exist_ok: bool,
    /// Keep a comment and tags that look like keys, tokens or passwords.
    #[serde(default)]
    pub allow_secrets: bool,
}

/// Changes what is said about a catalog.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateCatalog {
    /// The name.
    pub name: String,
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

/// Gives a catalog another name; its id and contents stay.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameCatalog {
    /// The present name.
    pub name: String,
    /// The name it gets; never one that another catalog had.
    pub new_name: String,
    /// The revision that it must have now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_revision: Option<i64>,
}

/// Removes a catalog from the present; the past keeps it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteCatalog {
    /// The name.
    pub name: String,
    /// Delete its schemas and models with it.
    #[serde(default)]
    pub cascade: bool,
    /// The revision that it must have now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_revision: Option<i64>,
}

/// Makes a schema.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSchema {
    /// The full name, such as `risk.credit`.
    pub name: String,
    /// Make the catalog too where it is missing.
    #[serde(default)]
    pub parents: bool,
    /// Free text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The owner's name; whoever creates it where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Tags to begin with.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Give the schema back unchanged where it exists already.
    #[serde(default)]
    pub exist_ok: bool,
    /// Keep a comment and tags that look like keys, tokens or passwords.
    #[serde(default)]
    pub allow_secrets: bool,
}

/// Changes what is said about a schema.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateSchema {
    /// The full name.
    pub name: String,
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

/// Gives a schema another name in the same catalog; its id and contents stay.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameSchema {
    /// The present full name.
    pub name: String,
    /// The full name it gets; never one that another schema had.
    pub new_name: String,
    /// The revision that it must have now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_revision: Option<i64>,
}

/// Removes a schema from the present; the past keeps it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteSchema {
    /// The full name.
    pub name: String,
    /// Delete its models with it.
    #[serde(default)]
    pub cascade: bool,
    /// The revision that it must have now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_revision: Option<i64>,
}

impl Command for CreateCatalog {
    const NAME: &'static str = "create_catalog";
    type Output = Catalog;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        let needs = Needs::on_registry(Privilege::CreateCatalog);
        Ok(needs.and_if(!self.tags.is_empty(), &On::registry(), Privilege::ApplyTag))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<Catalog> {
        let name: CatalogName = self.name.parse()?;
        let id = match context.now().find_catalog(&name)? {
            Some(id) if self.exist_ok && context.now().sees(id)? => id,
            Some(_) => return Err(tree::taken(Level::Catalog, &name)),
            None => context.add(
                Level::Catalog,
                EntityId::REGISTRY,
                name.as_str(),
                Profile {
                    comment: self.comment,
                    owner: self.owner,
                    task: None,
                    tags: self.tags,
                    allow_secrets: self.allow_secrets,
                },
            )?,
        };
        context.now().catalog(id)
    }
}

impl Command for UpdateCatalog {
    const NAME: &'static str = "update_catalog";
    type Output = Catalog;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        let on = now.on_catalog(&self.name)?;
        let needs = Needs::on(&on, Privilege::Modify);
        Ok(needs.and_if(self.owner.is_some(), &on, Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<Catalog> {
        let id = context.now().catalog_id(&self.name.parse()?)?;
        context.now().expect_revision(id, self.expect_revision)?;
        let Self { comment, owner, allow_secrets, .. } = self;
        context.revise(id, Changes { comment, owner, task: None, allow_secrets })?;
        context.now().catalog(id)
    }
}

impl Command for RenameCatalog {
    const NAME: &'static str = "rename_catalog";
    type Output = Catalog;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on(&now.on_catalog(&self.name)?, Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<Catalog> {
        let (name, new): (CatalogName, CatalogName) = (self.name.parse()?, self.new_name.parse()?);
        keep_default(name.as_str() == DEFAULT_CATALOG)?;
        let id = context.now().catalog_id(&name)?;
        context.now().expect_revision(id, self.expect_revision)?;
        context.rename(Level::Catalog, id, EntityId::REGISTRY, &[new.as_str()])?;
        context.now().catalog(id)
    }
}

impl Command for DeleteCatalog {
    const NAME: &'static str = "delete_catalog";
    type Output = ();

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on(&now.on_catalog(&self.name)?, Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<()> {
        let name: CatalogName = self.name.parse()?;
        keep_default(name.as_str() == DEFAULT_CATALOG)?;
        let id = context.now().catalog_id(&name)?;
        context.now().expect_revision(id, self.expect_revision)?;
        context.remove(Level::Catalog, id, self.cascade, &name)
    }
}

impl Command for CreateSchema {
    const NAME: &'static str = "create_schema";
    type Output = Schema;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        let name: SchemaName = self.name.parse()?;
        now.needs_to_create(name.catalog(), None, self.parents, !self.tags.is_empty())
    }

    fn apply(self, context: &mut Context<'_>) -> Result<Schema> {
        let name: SchemaName = self.name.parse()?;
        let catalog = context.catalog_for(name.catalog(), self.parents)?;
        let id = match context.now().find(catalog, Level::Schema, name.leaf())? {
            Some(id) if self.exist_ok && context.now().sees(id)? => id,
            Some(_) => return Err(tree::taken(Level::Schema, &name)),
            None => context.add(
                Level::Schema,
                catalog,
                name.leaf(),
                Profile {
                    comment: self.comment,
                    owner: self.owner,
                    task: None,
                    tags: self.tags,
                    allow_secrets: self.allow_secrets,
                },
            )?,
        };
        context.now().schema(id)
    }
}

impl Command for UpdateSchema {
    const NAME: &'static str = "update_schema";
    type Output = Schema;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        let on = now.on_schema(&self.name)?;
        let needs = Needs::on(&on, Privilege::Modify);
        Ok(needs.and_if(self.owner.is_some(), &on, Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<Schema> {
        let id = context.now().schema_id(&self.name.parse()?)?;
        context.now().expect_revision(id, self.expect_revision)?;
        let Self { comment, owner, allow_secrets, .. } = self;
        context.revise(id, Changes { comment, owner, task: None, allow_secrets })?;
        context.now().schema(id)
    }
}

impl Command for RenameSchema {
    const NAME: &'static str = "rename_schema";
    type Output = Schema;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on(&now.on_schema(&self.name)?, Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<Schema> {
        let (name, new): (SchemaName, SchemaName) = (self.name.parse()?, self.new_name.parse()?);
        keep_default(is_default(&name))?;
        if name.catalog() != new.catalog() {
            return Err(Detail::InvalidArgument(format!(
                "schema `{name}` cannot move to catalog `{}`: its artifacts belong to its own",
                new.catalog()
            ))
            .into());
        }
        let id = context.now().schema_id(&name)?;
        context.now().expect_revision(id, self.expect_revision)?;
        let catalog = context.now().catalog_id(name.catalog())?;
        context.rename(Level::Schema, id, catalog, &new.path())?;
        context.now().schema(id)
    }
}

impl Command for DeleteSchema {
    const NAME: &'static str = "delete_schema";
    type Output = ();

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on(&now.on_schema(&self.name)?, Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<()> {
        let name: SchemaName = self.name.parse()?;
        keep_default(is_default(&name))?;
        let id = context.now().schema_id(&name)?;
        context.now().expect_revision(id, self.expect_revision)?;
        context.remove(Level::Schema, id, self.cascade, &name)
    }
}

fn is_default(name: &SchemaName) -> bool {
    name.catalog().as_str() == DEFAULT_CATALOG && name.leaf() == DEFAULT_SCHEMA
}

fn keep_default(is_default: bool) -> Result<()> {
    if is_default {
        return Err(Detail::ReservedName(format!(
            "`{DEFAULT_CATALOG}.{DEFAULT_SCHEMA}` always exists; short names mean it"
        ))
        .into());
    }
    Ok(())
}

/// Gives a catalog.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetCatalog {
    /// The name.
    pub name: String,
}

/// Gives a schema.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetSchema {
    /// The full name.
    pub name: String,
}

/// Lists the catalogs by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListCatalogs {
    /// How many entries at most, 1 to 1,000; 100 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// The cursor of the page before; the first page where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Lists the schemas of a catalog by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSchemas {
    /// The catalog's name.
    pub catalog: String,
    /// How many entries at most, 1 to 1,000; 100 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// The cursor of the page before; the first page where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl Query for GetCatalog {
    const NAME: &'static str = "get_catalog";
    type Output = Catalog;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Sight("it is found by its name"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Catalog> {
        let id = snapshot.catalog_id(&self.name.parse()?)?;
        snapshot.catalog(id)
    }
}

impl Query for GetSchema {
    const NAME: &'static str = "get_schema";
    type Output = Schema;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Sight("it is found by its name"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Schema> {
        let id = snapshot.schema_id(&self.name.parse()?)?;
        snapshot.schema(id)
    }
}

impl Query for ListCatalogs {
    const NAME: &'static str = "list_catalogs";
    type Output = Page<Catalog>;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Sight("only those that are seen are listed"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<Catalog>> {
        let paging = snapshot.paging(self.page_size, self.cursor);
        let children = snapshot.children(EntityId::REGISTRY, Level::Catalog, &paging, "")?;
        children.map(|(id, _)| snapshot.catalog(id))
    }
}

impl Query for ListSchemas {
    const NAME: &'static str = "list_schemas";
    type Output = Page<Schema>;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Sight("only those that are seen are listed"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<Schema>> {
        let catalog = snapshot.catalog_id(&self.catalog.parse()?)?;
        let paging = snapshot.paging(self.page_size, self.cursor);
        let children = snapshot.children(catalog, Level::Schema, &paging, &self.catalog)?;
        children.map(|(id, _)| snapshot.schema(id))
    }
}

impl Snapshot<'_> {
    fn catalog(&mut self, id: EntityId) -> Result<Catalog> {
        let entry = self.entry(id)?;
        let name: CatalogName = format!("`{}`", entry.name).parse()?;
        Ok(Catalog {
            id: id.0,
            pin: self.pin(id),
            uri: format!("catalogs:/{name}"),
            name: name.to_string(),
            comment: entry.comment,
            owner: entry.owner,
            tags: self.tags(id)?,
            revision: entry.stamp.revision,
            created_at: entry.stamp.created_at,
            created_by: entry.stamp.created_by,
            updated_at: entry.stamp.updated_at,
        })
    }

    fn schema(&mut self, id: EntityId) -> Result<Schema> {
        let entry = self.entry(id)?;
        let catalog = self.entry_name(entry.parent)?;
        let catalog: CatalogName = format!("`{catalog}`").parse()?;
        let name = catalog.schema(&entry.name)?;
        Ok(Schema {
            id: id.0,
            pin: self.pin(id),
            uri: format!("schemas:/{name}"),
            name: name.to_string(),
            catalog: catalog.to_string(),
            comment: entry.comment,
            owner: entry.owner,
            tags: self.tags(id)?,
            revision: entry.stamp.revision,
            created_at: entry.stamp.created_at,
            created_by: entry.stamp.created_by,
            updated_at: entry.stamp.updated_at,
        })
    }
}
