//! Where a search begins: with what an index gives for the filter, or with the list itself.

use std::ops::ControlFlow;

use halfback_store::error::Result;

use super::attribute::live;
use super::compile::Seed;
use super::fragment::{Bound, Fragment};
use super::{Found, Search};
use crate::catalog::tree::Within;
use crate::command::Snapshot;

/// How many ids of a seed are read to see whether it is small: more and more, so that a small one
/// is found at the cost of a small one.
const SMALL: [usize; 3] = [1 << 9, 1 << 12, 1 << 14];
/// What it takes to look up a candidate's name, in entries of a list that are passed over.
const LOOK_UP: usize = 3;

const NAMES: &str = "\
    SELECT id, name FROM securable WHERE parent = ?1 AND kind = 'model' AND name > ?2 \
    AND until > ?3 AND since <= ?3 ORDER BY name";

/// How the rows of a page are come by.
pub(super) enum Plan<'a> {
    /// Through the list in its own order: it soon fills a page, or nothing narrows it.
    List,
    /// Through a seed that gives its ids in the list's order.
    Ordered(&'a Seed),
    /// All of a seed, sorted.
    Sorted(&'a Seed),
    /// All names of a seed, sorted.
    Named(&'a Seed),
    /// Through the list in its own order, looking only at these ids, which are all of the seed's.
    Among(&'a Seed, Vec<i64>),
}

impl Search {
    pub(super) fn plan(&self, snapshot: &mut Snapshot<'_>, limit: i64) -> Result<Plan<'_>> {
        let seeds = self.filter.seeds.as_slice();
        let in_order = |seed: &&Seed| self.order.is_by_id && seed.ordered;
        if let [seed] = seeds
            && in_order(&seed)
        {
            return Ok(Plan::Ordered(seed));
        }
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let entities = usize::try_from(snapshot.next_id()?.0).unwrap_or(usize::MAX);
        // Entries of the list until a page is full, as if the ids lay evenly among all.
        let passing = |ids: usize| wanted.saturating_mul(entities) / ids.max(1);
        let is_listed = self.order.is_by_name || self.order.is_by_id;
        // The list finds a name's beginning by itself.
        let is_of_names = self.order.is_by_name && matches!(seeds, [seed] if seed.in_list);
        let enough = |ids: usize| is_listed && passing(ids) < ids || is_of_names && ids > wanted;
        let Some((seed, ids)) = smallest(seeds, snapshot, enough)? else {
            return Ok(seeds.iter().find(in_order).map_or(Plan::List, Plan::Ordered));
        };
        Ok(if in_order(&seed) {
            Plan::Ordered(seed)
        } else if self.order.is_by_id {
            Plan::Among(seed, ids)
        } else if !self.order.is_by_name {
            Plan::Sorted(seed)
        } else if seed.in_list && ids.len() > wanted {
            Plan::List
        } else if passing(ids.len()) < LOOK_UP * ids.len() {
            Plan::Among(seed, ids)
        } else {
            Plan::Named(seed)
        })
    }

    /// Those of the ids that pass, in the list's order. None where the list has so few of them
    /// that sorting is better.
    pub(super) fn among(
        &self,
        snapshot: &mut Snapshot<'_>,
        mut ids: Vec<i64>,
        limit: i64,
    ) -> Result<Option<Vec<Found>>> {
        ids.sort_unstable();
        ids.dedup();
        if self.order.is_by_id {
            self.among_ids(snapshot, ids, limit).map(Some)
        } else {
            self.among_names(snapshot, &ids, limit)
        }
    }

    fn among_ids(
        &self,
        snapshot: &mut Snapshot<'_>,
        mut ids: Vec<i64>,
        limit: i64,
    ) -> Result<Vec<Found>> {
        let descending = self.order.is_descending();
        if let Some([Bound::Int(last)]) = self.after.as_deref() {
            ids.retain(|id| if descending { id < last } else { id > last });
        }
        if descending {
            ids.reverse();
        }
        self.first_of(snapshot, &ids, limit)
    }

    fn among_names(
        &self,
        snapshot: &mut Snapshot<'_>,
        ids: &[i64],
        limit: i64,
    ) -> Result<Option<Vec<Found>>> {
        let last = self.last_name();
        let mut left = ids.len().saturating_mul(2 * LOOK_UP);
        let found = snapshot.by_schema(
            Within::default(),
            last,
            limit,
            |snapshot, schema, after, wanted| {
                let mut after = after.to_owned();
                let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
                let mut found = Vec::new();
                while found.len() < wanted {
                    let mut next = Vec::new();
                    snapshot.sql.scan(
                        NAMES,
                        &[schema.id.into(), (&after).into(), snapshot.moment.into()],
                        &mut |row| {
                            if left == 0 || next.len() == wanted {
                                return Ok(ControlFlow::Break(()));
                            }
                            left -= 1;
                            let id = row.int(0)?;
                            if ids.binary_search(&id).is_ok() {
                                next.push((id, row.text(1)?.to_owned()));
                            }
                            Ok(ControlFlow::Continue(()))
                        },
                    )?;
                    let Some((_, last)) = next.last() else { break };
                    after.clone_from(last);
                    let next: Vec<i64> = next.into_iter().map(|(id, _)| id).collect();
                    found.extend(self.of(snapshot, &next, limit)?);
                }
                found.truncate(wanted);
                Ok(found)
            },
        )?;
        Ok((left > 0).then_some(found))
    }

    /// Models by name, all names of a seed having been read and sorted.
    pub(super) fn named(
        &self,
        snapshot: &mut Snapshot<'_>,
        seed: &Seed,
        limit: i64,
    ) -> Result<Vec<Found>> {
        let select = seed.select.clone().within(
            "SELECT m.id, m.parent, m.name FROM (",
            concat!(
                ") d CROSS JOIN securable m WHERE m.id = d.id AND (m.kind || '') = 'model' AND ",
                live!("m")
            ),
        );
        let (sql, params) = select.statement(snapshot.moment);
        let rows = snapshot
            .sql
            .all(&sql, &params, |row| Ok((row.int(0)?, row.id(1)?, row.text(2)?.to_owned())))?;
        let mut named = Vec::with_capacity(rows.len());
        for (id, schema, name) in rows {
            named.push((snapshot.schema_name(schema)?, name, id));
        }
        named.sort_unstable_by(|a, b| (a.0.path(), &a.1, a.2).cmp(&(b.0.path(), &b.1, b.2)));
        named.dedup();
        let [catalog, schema, model] = self.last_name();
        let last = ([catalog, schema], model);
        named.retain(|(schema, name, _)| (schema.path(), name.as_str()) > last);
        let ids: Vec<i64> = named.into_iter().map(|(_, _, id)| id).collect();
        self.first_of(snapshot, &ids, limit)
    }

    /// The first that pass of ids that are in the list's order.
    fn first_of(&self, snapshot: &mut Snapshot<'_>, ids: &[i64], limit: i64) -> Result<Vec<Found>> {
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        for some in ids.chunks(wanted) {
            found.extend(self.of(snapshot, some, limit)?);
            if found.len() >= wanted {
                break;
            }
        }
        found.truncate(wanted);
        Ok(found)
    }

    /// Those of some ids that pass, sorted.
    fn of(&self, snapshot: &mut Snapshot<'_>, ids: &[i64], limit: i64) -> Result<Vec<Found>> {
        self.sorted(snapshot, self.base(Some(&Seed::of(ids))), limit)
    }
}

impl Seed {
    /// Ids that are known, each once.
    fn of(ids: &[i64]) -> Self {
        // A few lengths make a few statements; nothing has the id 0.
        let length = ids.len().max(2).next_power_of_two();
        let ids = ids.iter().copied().chain(std::iter::repeat(0)).take(length);
        let rows = vec!["($)"; length - 1].join(", ");
        // The first says what all are, to an engine that wants to know.
        let select = format!("SELECT column1 AS id FROM (VALUES (CAST($ AS BIGINT)), {rows}) e");
        let select = Fragment::new(&select, ids.map(Bound::Int).collect());
        Self { select, ordered: true, in_list: false }
    }

    /// The first of the ids that it gives.
    fn ids(&self, snapshot: &mut Snapshot<'_>, most: usize) -> Result<Vec<i64>> {
        let select = self.select.clone().then(format!(" LIMIT {most}").as_str());
        let (sql, params) = select.statement(snapshot.moment);
        snapshot.sql.all(&sql, &params, |row| row.int(0))
    }
}

/// The seed with the fewest ids, and those; none where all have too many, or more than enough to
/// come upon them in the list.
fn smallest<'a>(
    seeds: &'a [Seed],
    snapshot: &mut Snapshot<'_>,
    enough: impl Fn(usize) -> bool,
) -> Result<Option<(&'a Seed, Vec<i64>)>> {
    for most in SMALL {
        for seed in seeds {
            let ids = seed.ids(snapshot, most)?;
            if ids.len() < most {
                return Ok(Some((seed, ids)));
            }
        }
        if enough(most) {
            break;
        }
    }
    Ok(None)
}
