//! What the session may see of a search: which rows pass, and where to look for them.

use std::sync::Arc;

use halfback_store::error::Result;
use halfback_store::id::{CommitNumber, EntityId};
use halfback_store::sql::Row;

use super::attribute::Subject;
use super::compile::Seed;
use super::condition::list;
use super::fragment::Fragment;
use crate::access::Privilege;
use crate::access::rights::{Chain, Rights, SIGHT};
use crate::command::Snapshot;
use crate::securable::Level;

/// Models that are granted one by one and looked up by their ids at most.
const MOST: usize = 10_000;

/// The sight of a session that does not see everything.
#[derive(Debug)]
pub(super) struct Sight(Arc<Rights>);

impl Sight {
    /// None for a session that sees everything.
    pub(super) fn of(snapshot: &mut Snapshot<'_>) -> Result<Option<Self>> {
        let rights = snapshot.rights()?;
        Ok((!rights.sees_all()).then_some(Self(rights)))
    }

    /// The columns that [`Sight::passes`] looks at: where the model lies now, or lay last, and
    /// which conditions it meets.
    pub(super) fn columns(&self, subject: Subject) -> Vec<Fragment> {
        let model = match subject {
            Subject::Models => "m.id",
            Subject::Versions => "v.model",
        };
        let parent = |of: &str, name: &str| {
            format!(
                "(SELECT {name}.parent FROM securable {name} WHERE {name}.id = {of} ORDER BY {name}.until DESC LIMIT 1)"
            )
        };
        let schema = parent(model, "x");
        let catalog = parent(&schema, "y");
        let place = [catalog.as_str(), schema.as_str(), model].map(Fragment::from);
        let living = format!(
            "CASE WHEN EXISTS (SELECT 1 FROM securable z WHERE z.id = {model} AND z.until = {}) THEN 1 ELSE 0 END",
            CommitNumber::FOREVER
        );
        let living = std::iter::once(Fragment::from(living.as_str()));
        let conditions = self.0.conditions().iter().map(|condition| condition.column(model));
        place.into_iter().chain(living).chain(conditions).collect()
    }

    /// Whether a row may be seen, its columns beginning at `first`.
    pub(super) fn passes(&self, row: &dyn Row, first: usize) -> Result<bool> {
        let mut chain = Chain::REGISTRY;
        for place in first..first + 3 {
            chain = chain.below(row.id(place)?);
        }
        let is_living = row.int(first + 3)? != 0;
        let meets = &mut |condition: usize, allows: bool| {
            // A model that ended has lost its tags: what was denied of it stays denied.
            Ok(!allows && !is_living || row.int(first + 4 + condition)? != 0)
        };
        Ok(self.0.held(&chain, SIGHT, meets)?.contains(Privilege::Browse))
    }

    /// Every row that may be seen is among these; none where that may be any.
    pub(super) fn seed(&self, subject: Subject) -> Option<Seed> {
        let (mut catalogs, mut schemas, mut models) = (Vec::new(), Vec::new(), Vec::new());
        let mut parts = Vec::new();
        for (id, level) in self.0.showing_models() {
            match level {
                Level::Registry => parts.extend(self.conditional_at_registry()?),
                Level::Catalog => catalogs.push(id),
                Level::Schema => schemas.push(id),
                Level::Model => models.push(id),
            }
        }
        if models.len() > MOST {
            return None;
        }
        parts.extend(self.0.conditions().first().and_then(|owned| owned.seed.clone()));
        let ids = |ids: Vec<EntityId>| list(ids.into_iter());
        // Wherever they lay at the moment: what counts is where they lie now.
        parts.extend([
            format!("SELECT id FROM securable WHERE id IN ({}) AND since <= @", ids(models)),
            format!(
                "SELECT id FROM securable WHERE kind = 'model' AND parent IN ({}) AND since <= @",
                ids(schemas)
            ),
            format!(
                "SELECT b.id FROM securable a CROSS JOIN securable b WHERE a.kind = 'schema' AND a.parent IN ({}) \
                 AND b.kind = 'model' AND b.parent = a.id AND b.since <= @",
                ids(catalogs)
            ),
        ].map(|part| Fragment::from(part.as_str())));
        let models = Fragment::joined(parts, " UNION ALL ");
        let select = match subject {
            Subject::Models => models,
            Subject::Versions => models.within(
                "SELECT f.id AS id FROM version f WHERE f.model IN (SELECT id FROM (",
                ") g)",
            ),
        };
        Some(Seed { select, ordered: false, in_list: false })
    }

    /// The models that can meet the conditions of what is granted on the whole registry; none
    /// where something is granted there without one, or no index gives them.
    fn conditional_at_registry(&self) -> Option<Vec<Fragment>> {
        self.0.conditional_at(EntityId::REGISTRY)?.map(|condition| condition.seed.clone()).collect()
    }
}
