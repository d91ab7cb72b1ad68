//! Search of models and versions: a filter, an order, a page at a time, now and as of any moment.

mod attribute;
mod check;
mod compile;
mod fragment;
mod order;

use std::ops::ControlFlow;

use halfback_store::error::{Detail, Result};
use halfback_store::id::EntityId;
use halfback_store::sql::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Map;

use super::model::Model;
use super::version::ModelVersion;
use crate::command::{Query, Snapshot};
use crate::page::{Page, Paging};
use attribute::{Subject, live};
use compile::{Compiled, Seed};
use fragment::{Bound, Fragment};
use order::Order;

/// Finds models.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchModels {
    /// What to find, such as `tags.team = 'risk' AND name LIKE 'credit%'`; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// The values of the filter's parameters: text, numbers, booleans, or lists of them for `IN`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, serde_json::Value>,
    /// Attributes to order by, each with `ASC` or `DESC` where wanted; by name where absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order_by: Vec<String>,
    /// How many entries at most, 1 to 1,000; 100 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// The cursor of the page before; the first page where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Finds versions, whatever their model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchVersions {
    /// What to find, such as `stage = 'production' AND MATCH 'credit'`; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// The values of the filter's parameters: text, numbers, booleans, or lists of them for `IN`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, serde_json::Value>,
    /// Attributes to order by, each with `ASC` or `DESC` where wanted; the newest first where
    /// absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order_by: Vec<String>,
    /// How many entries at most, 1 to 1,000; 100 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// The cursor of the page before; the first page where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl From<&str> for SearchModels {
    fn from(filter: &str) -> Self {
        Self { filter: Some(filter.into()), ..Self::default() }
    }
}

impl From<&str> for SearchVersions {
    fn from(filter: &str) -> Self {
        Self { filter: Some(filter.into()), ..Self::default() }
    }
}

impl Query for SearchModels {
    const NAME: &'static str = "search_models";
    type Output = Page<Model>;

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<Model>> {
        let Self { filter, parameters, order_by, page_size, cursor } = self;
        let paging = Paging { size: page_size, cursor };
        let search = Search::new(Subject::Models, filter, &parameters, &order_by, paging)?;
        search.run(snapshot)?.map(|(id, _)| snapshot.model(id))
    }
}

impl Query for SearchVersions {
    const NAME: &'static str = "search_versions";
    type Output = Page<ModelVersion>;

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<ModelVersion>> {
        let Self { filter, parameters, order_by, page_size, cursor } = self;
        let paging = Paging { size: page_size, cursor };
        let search = Search::new(Subject::Versions, filter, &parameters, &order_by, paging)?;
        search.run(snapshot)?.map(|(id, _)| snapshot.version(id))
    }
}

/// Candidates that are read in full and sorted rather than looked for in the list's own order.
const FEW: i64 = 2_000;
/// Schemas whose models are read before asking for more schemas.
const SCHEMAS: i64 = 500;

/// An id with its order's keys.
type Found = (EntityId, Vec<Bound>);

/// A search that was understood.
struct Search {
    subject: Subject,
    filter: Compiled,
    order: Order,
    paging: Paging,
    /// Names the list that a cursor belongs to.
    list: String,
    after: Option<Vec<Bound>>,
}

impl Search {
    fn new(
        subject: Subject,
        filter: Option<String>,
        parameters: &Map<String, serde_json::Value>,
        order_by: &[String],
        paging: Paging,
    ) -> Result<Self> {
        let filter = filter.unwrap_or_default();
        let list = serde_json::json!([format!("{subject:?}"), filter, parameters, order_by]);
        let list = list.to_string();
        let order = Order::parse(subject, order_by)?;
        let after: Option<Vec<Bound>> = paging.after(&list)?;
        if after.as_ref().is_some_and(|keys| keys.len() != order.len()) {
            return Err(Detail::InvalidArgument("the cursor is damaged; pass none".into()).into());
        }
        let filter = compile::compile(subject, &filter, parameters)?;
        Ok(Self { subject, filter, order, paging, list, after })
    }

    fn run(&self, snapshot: &mut Snapshot<'_>) -> Result<Page<Found>> {
        let limit = self.paging.limit()?;
        let found = match self.seed(snapshot)? {
            None if self.order.is_by_name => self.by_name(snapshot, limit)?,
            seed => {
                let base = self.base(seed.as_ref());
                let after = self.after.as_ref().map(|last| self.order.after(last));
                self.read(snapshot, base, after, limit)?
            }
        };
        self.paging.page(found, &self.list, |(_, keys)| keys.clone())
    }

    /// The index to begin with: the one that leaves the fewest candidates. None where all leave
    /// too many to sort: then the list is read in its own order, which soon fills a page.
    fn seed(&self, snapshot: &mut Snapshot<'_>) -> Result<Option<Seed>> {
        let mut best: Option<(i64, &Seed)> = None;
        for seed in &self.filter.seeds {
            let count = seed.select.clone().within("SELECT COUNT(*) FROM (", "");
            let count = count.then(Fragment::new(" LIMIT $) d", vec![Bound::Int(FEW)]));
            let (sql, params) = count.statement(snapshot.moment);
            let count = snapshot.sql.first(&sql, &params, |row| row.int(0))?.unwrap_or_default();
            let sorted = self.order.is_by_id && seed.ordered;
            if (count < FEW || sorted) && best.is_none_or(|(least, _)| count < least) {
                best = Some((count, seed));
            }
        }
        Ok(best.map(|(_, seed)| seed.clone()))
    }

    /// `FROM … WHERE …`: the rows that live at the moment, all or those of a seed.
    fn base(&self, seed: Option<&Seed>) -> Fragment {
        let rows = match self.subject {
            Subject::Models => "securable m CROSS JOIN securable s CROSS JOIN securable c",
            Subject::Versions => "version v",
        };
        let from = match seed {
            None => Fragment::from(" FROM ").then(rows),
            Some(seed) if seed.ordered => {
                seed.select.clone().within(" FROM (", ") d CROSS JOIN ").then(rows)
            }
            // One seed may give an id more than once.
            Some(seed) => seed
                .select
                .clone()
                .within(" FROM (SELECT DISTINCT id FROM (", ") e) d CROSS JOIN ")
                .then(rows),
        };
        let living = match self.subject {
            Subject::Models => concat!(
                " WHERE m.kind = 'model' AND s.id = m.parent AND c.id = s.parent AND ",
                live!("m"),
                " AND ",
                live!("s"),
                " AND ",
                live!("c"),
            ),
            Subject::Versions => concat!(" WHERE ", live!("v")),
        };
        let seeded = match (seed, self.subject) {
            (None, _) => "",
            (Some(_), Subject::Models) => " AND m.id = d.id",
            (Some(_), Subject::Versions) => " AND v.id = d.id",
        };
        from.then(living).then(seeded)
    }

    /// Models by name, schema by schema: within one, names lie in the index in their order.
    fn by_name(&self, snapshot: &mut Snapshot<'_>, limit: i64) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        let (mut last_catalog, mut last_schema, mut last_model) = match self.after.as_deref() {
            Some([Bound::Text(catalog), Bound::Text(schema), Bound::Text(model)]) => {
                (catalog.clone(), schema.clone(), Some(model.clone()))
            }
            _ => (String::new(), String::new(), None),
        };
        loop {
            let inclusive = last_model.is_some();
            let schemas = schemas(snapshot, &last_catalog, &last_schema, inclusive)?;
            let Some((_, catalog, schema)) = schemas.last() else { return Ok(found) };
            let (next_catalog, next_schema) = (catalog.clone(), schema.clone());
            for (id, catalog, schema) in &schemas {
                let within = Fragment::new(" AND m.parent = $", vec![Bound::Int(id.0)]);
                let is_begun = *catalog == last_catalog && *schema == last_schema;
                let after = last_model
                    .as_ref()
                    .filter(|_| is_begun)
                    .map(|model| Fragment::new("m.name > $", vec![Bound::Text(model.clone())]));
                let wanted = limit - i64::try_from(found.len()).unwrap_or(limit);
                found.extend(self.read(snapshot, self.base(None).then(within), after, wanted)?);
                if i64::try_from(found.len()).unwrap_or(limit) >= limit {
                    return Ok(found);
                }
            }
            (last_catalog, last_schema, last_model) = (next_catalog, next_schema, None);
        }
    }

    /// Reads candidates in order until `limit` of them pass.
    fn read(
        &self,
        snapshot: &mut Snapshot<'_>,
        base: Fragment,
        after: Option<Fragment>,
        limit: i64,
    ) -> Result<Vec<Found>> {
        let id = match self.subject {
            Subject::Models => "m.id",
            Subject::Versions => "v.id",
        };
        let columns = std::iter::once(Fragment::from(id))
            .chain(self.order.columns())
            .chain(self.filter.columns.iter().cloned());
        let mut statement = Fragment::joined(columns, ", ").within("SELECT ", "").then(base);
        for condition in self.filter.conditions.iter().cloned().chain(after) {
            statement = statement.then(" AND ").then(condition);
        }
        statement = statement.then(self.order.clause());
        if self.filter.checks.is_empty() {
            statement = statement.then(Fragment::new(" LIMIT $", vec![Bound::Int(limit)]));
        }
        let (sql, params) = statement.statement(snapshot.moment);
        let most = usize::try_from(limit).unwrap_or_default();
        let mut found = Vec::new();
        snapshot.sql.scan(&sql, &params, &mut |row| {
            if self.passes(row)? {
                let keys = (1..=self.order.len()).map(|place| row.value(place).map(Bound::from));
                found.push((row.id(0)?, keys.collect::<Result<_>>()?));
            }
            Ok(if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(found)
    }

    fn passes(&self, row: &dyn Row) -> Result<bool> {
        for check in &self.filter.checks {
            if !check.passes(row, 1 + self.order.len())? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The schemas after one, or from it on, by catalog and name.
fn schemas(
    snapshot: &mut Snapshot<'_>,
    catalog: &str,
    schema: &str,
    inclusive: bool,
) -> Result<Vec<(EntityId, String, String)>> {
    let sign = if inclusive { ">=" } else { ">" };
    let sql = format!(
        "SELECT s.id, c.name, s.name FROM securable c CROSS JOIN securable s \
         WHERE c.parent = 0 AND c.kind = 'catalog' AND s.parent = c.id AND s.kind = 'schema' \
         AND c.until > ?1 AND c.since <= ?1 AND s.until > ?1 AND s.since <= ?1 \
         AND c.name >= ?2 AND (c.name, s.name) {sign} (?2, ?3) ORDER BY c.name, s.name LIMIT ?4"
    );
    snapshot.sql.all(
        &sql,
        &[snapshot.moment.into(), catalog.into(), schema.into(), SCHEMAS.into()],
        |row| Ok((row.id(0)?, row.text(1)?.to_owned(), row.text(2)?.to_owned())),
    )
}
