//! The names that the records of a page share: each is read once from a snapshot.

use std::collections::HashMap;

use halfback_store::error::Result;
use halfback_store::id::EntityId;
use halfback_store::name::{ModelName, SchemaName};

use crate::command::Snapshot;

/// What was read so far.
#[derive(Debug, Default)]
pub(crate) struct Names {
    schemas: HashMap<EntityId, SchemaName>,
    models: HashMap<EntityId, ModelName>,
    principals: HashMap<EntityId, Option<String>>,
}

impl Names {
    /// Keeps a name that was read already.
    pub(crate) fn know(&mut self, model: EntityId, name: ModelName) {
        self.models.insert(model, name);
    }
}

impl Snapshot<'_> {
    /// The full name of a schema.
    pub(super) fn schema_name(&mut self, id: EntityId) -> Result<SchemaName> {
        if let Some(name) = self.names.schemas.get(&id) {
            return Ok(name.clone());
        }
        let name = self.sql.first(
            "SELECT c.name, s.name FROM securable s \
             JOIN securable c ON c.id = s.parent AND c.until > ?2 AND c.since <= ?2 \
             WHERE s.id = ?1 AND s.until > ?2 AND s.since <= ?2",
            &[id.into(), self.moment.into()],
            |row| SchemaName::from_path([row.text(0)?, row.text(1)?]),
        )?;
        let name = name.ok_or_else(|| self.absent("schema with id", id))?;
        self.names.schemas.insert(id, name.clone());
        Ok(name)
    }

    /// The full name of a model.
    pub(super) fn model_name(&mut self, id: EntityId) -> Result<ModelName> {
        if let Some(name) = self.names.models.get(&id) {
            return Ok(name.clone());
        }
        let row = self.sql.first(
            "SELECT parent, name FROM securable WHERE id = ?1 AND until > ?2 AND since <= ?2",
            &[id.into(), self.moment.into()],
            |row| Ok((row.id(0)?, row.text(1)?.to_owned())),
        )?;
        let (schema, leaf) = row.ok_or_else(|| self.absent("model with id", id))?;
        let name = self.schema_name(schema)?.model(&leaf)?;
        self.names.models.insert(id, name.clone());
        Ok(name)
    }

    /// What a principal is called; none once the name was erased.
    pub(crate) fn principal_name(&mut self, id: EntityId) -> Result<Option<String>> {
        if let Some(name) = self.names.principals.get(&id) {
            return Ok(name.clone());
        }
        let name = self.sql.first(
            "SELECT name FROM principal_name WHERE id = ?1",
            &[id.into()],
            |row| row.text(0).map(str::to_owned),
        )?;
        self.names.principals.insert(id, name.clone());
        Ok(name)
    }
}
