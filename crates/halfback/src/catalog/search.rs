//! Search of models and versions: a filter, an order, a page at a time, now and as of any moment.

mod attribute;
mod check;
mod compile;
mod condition;
mod fragment;
mod order;
mod plan;
mod sight;

use std::ops::ControlFlow;

use halfback_store::error::{Detail, Result};
use halfback_store::id::{CommitNumber, EntityId};
use halfback_store::sql::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Map;

use super::model::Model;
use super::tree::Within;
use super::version::ModelVersion;
use crate::access::need::Needs;
use crate::command::{Query, Snapshot};
use crate::page::{Page, Paging};
use attribute::{Subject, live};
use compile::{Compiled, Seed};
use fragment::{Bound, Fragment};
use order::Order;
use plan::Plan;
use sight::Sight;

pub(crate) use condition::Condition;

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

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Sight("only those that are seen are found"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<Model>> {
        let Self { filter, parameters, order_by, page_size, cursor } = self;
        let paging = snapshot.paging(page_size, cursor);
        let search = Search::everywhere(Subject::Models, filter, &parameters, &order_by, paging)?;
        let found = search.run(snapshot)?;
        snapshot.records(found)
    }
}

impl Snapshot<'_> {
    /// The models of a catalog or schema, or all, by name: a search without a filter.
    pub(super) fn models_within(&mut self, within: Within, paging: Paging) -> Result<Page<Model>> {
        let search = Search::new(Subject::Models, None, &Map::new(), &[], within, paging)?;
        let found = search.run(self)?;
        self.records(found)
    }
}

impl Query for SearchVersions {
    const NAME: &'static str = "search_versions";
    type Output = Page<ModelVersion>;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Sight("only those that are seen are found"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<ModelVersion>> {
        let Self { filter, parameters, order_by, page_size, cursor } = self;
        let paging = snapshot.paging(page_size, cursor);
        let search = Search::everywhere(Subject::Versions, filter, &parameters, &order_by, paging)?;
        let found = search.run(snapshot)?;
        snapshot.records(found)
    }
}

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
    /// Where models are listed by name: everywhere, or in one catalog or schema.
    within: Within,
    /// What the session sees; none where that is everything.
    sight: Option<Sight>,
}

impl Search {
    fn everywhere(
        subject: Subject,
        filter: Option<String>,
        parameters: &Map<String, serde_json::Value>,
        order_by: &[String],
        paging: Paging,
    ) -> Result<Self> {
        Self::new(subject, filter, parameters, order_by, Within::default(), paging)
    }

    fn new(
        subject: Subject,
        filter: Option<String>,
        parameters: &Map<String, serde_json::Value>,
        order_by: &[String],
        within: Within,
        paging: Paging,
    ) -> Result<Self> {
        let filter = filter.unwrap_or_default();
        let list = serde_json::json!([format!("{subject:?}"), filter, parameters, order_by]);
        let list = format!("{list} {within:?}");
        let order = Order::parse(subject, order_by)?;
        let after: Option<Vec<Bound>> = paging.after(&list)?;
        if after.as_ref().is_some_and(|keys| keys.len() != order.len()) {
            return Err(Detail::InvalidArgument("the cursor is damaged; pass none".into()).into());
        }
        let filter = compile::compile(subject, &filter, parameters)?;
        Ok(Self { subject, filter, order, paging, list, after, within, sight: None })
    }

    fn run(mut self, snapshot: &mut Snapshot<'_>) -> Result<Page<Found>> {
        self.sight = Sight::of(snapshot)?;
        self.filter.seeds.extend(self.sight.as_ref().and_then(|sight| sight.seed(self.subject)));
        let limit = self.paging.limit()?;
        let found = match self.plan(snapshot, limit)? {
            Plan::List if self.order.is_by_name => self.by_name(snapshot, limit)?,
            Plan::List => {
                let id = self.subject.id();
                let base = self.base(None).then(self.begun(snapshot, id)?);
                self.sorted(snapshot, base, limit)?
            }
            Plan::Sorted(seed) => self.sorted(snapshot, self.base(Some(seed)), limit)?,
            Plan::Named(seed) => self.named(snapshot, &seed, limit)?,
            Plan::Ordered(seed) => {
                let base = self.base(Some(seed)).then(self.begun(snapshot, "d.id")?);
                let after = self.after.as_ref().map(|last| self.order.after_on("d.id", last));
                self.read(snapshot, base, after, self.order.clause_on("d.id"), limit)?
            }
            Plan::Leaping(seeds) => self.leaping(snapshot, &seeds, limit)?,
            Plan::Among(seed, ids) => match self.among(snapshot, ids, limit)? {
                Some(found) => found,
                None => self.named(snapshot, seed, limit)?,
            },
        };
        self.paging.page(found, &self.list, |(_, keys)| keys.clone())
    }

    fn sorted(
        &self,
        snapshot: &mut Snapshot<'_>,
        base: Fragment,
        limit: i64,
    ) -> Result<Vec<Found>> {
        let after = self.after.as_ref().map(|last| self.order.after(last));
        self.read(snapshot, base, after, self.order.clause(), limit)
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
                " WHERE s.id = m.parent AND c.id = s.parent AND ",
                live!("m"),
                " AND ",
                live!("s"),
                " AND ",
                live!("c"),
            ),
            Subject::Versions => concat!(" WHERE ", live!("v")),
        };
        let seeded = match (seed, self.subject) {
            (None, Subject::Models) => " AND m.kind = 'model'",
            (None, Subject::Versions) => "",
            // Not by the index of names, which would be gone through for each of the seed's ids.
            (Some(_), Subject::Models) => " AND m.id = d.id AND (m.kind || '') = 'model'",
            (Some(_), Subject::Versions) => " AND v.id = d.id",
        };
        from.then(living).then(seeded)
    }

    /// In the order of ids, what was made after a past moment need not be gone through one by one.
    fn begun(&self, snapshot: &mut Snapshot<'_>, id: &str) -> Result<Fragment> {
        // Downwards, whatever comes after another page was there; an engine begins at one bound.
        let is_below = self.order.is_descending() && self.after.is_some();
        if !self.order.is_by_id || is_below {
            return Ok(Fragment::default());
        }
        begun(snapshot, id)
    }

    /// The model that a list of models by name goes on after.
    fn last_name(&self) -> [&str; 3] {
        match self.after.as_deref() {
            Some([Bound::Text(catalog), Bound::Text(schema), Bound::Text(model)]) => {
                [catalog, schema, model]
            }
            _ => [""; 3],
        }
    }

    /// Models by name, schema by schema: within one, names lie in the index in their order.
    fn by_name(&self, snapshot: &mut Snapshot<'_>, limit: i64) -> Result<Vec<Found>> {
        let last = self.last_name();
        snapshot.by_schema(self.within, last, limit, |snapshot, schema, after, wanted| {
            let after = Fragment::new("m.name > $", vec![Bound::Text(after.to_owned())]);
            let within = Fragment::new(" AND m.parent = $", vec![Bound::Int(schema.id.0)]);
            let base = self.base(None).then(within);
            self.read(snapshot, base, Some(after), self.order.clause_on("m.name"), wanted)
        })
    }

    /// Reads candidates in order until `limit` of them pass.
    fn read(
        &self,
        snapshot: &mut Snapshot<'_>,
        base: Fragment,
        after: Option<Fragment>,
        order: Fragment,
        limit: i64,
    ) -> Result<Vec<Found>> {
        let columns = std::iter::once(Fragment::from(self.subject.id()))
            .chain(self.order.columns())
            .chain(self.filter.columns.iter().cloned())
            .chain(self.sight.iter().flat_map(|sight| sight.columns(self.subject)));
        let mut statement = Fragment::joined(columns, ", ").within("SELECT ", "").then(base);
        for condition in self.filter.conditions.iter().cloned().chain(after) {
            statement = statement.then(" AND ").then(condition);
        }
        statement = statement.then(order);
        if self.filter.checks.is_empty() && self.sight.is_none() {
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
        let first = 1 + self.order.len() + self.filter.columns.len();
        self.sight.as_ref().map_or(Ok(true), |sight| sight.passes(row, first))
    }
}

/// That an id was given out by the moment, as one more condition; nothing for the present.
fn begun(snapshot: &mut Snapshot<'_>, id: &str) -> Result<Fragment> {
    if snapshot.moment == CommitNumber::NOW {
        return Ok(Fragment::default());
    }
    let first = Bound::Int(snapshot.first_id_after()?.0);
    Ok(Fragment::new(&format!(" AND {id} < $"), vec![first]))
}
