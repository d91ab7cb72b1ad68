//! Where a search begins: with what an index gives for the filter, or with the list itself.

use std::ops::ControlFlow;

use halfback_store::error::Result;

use super::attribute::{Subject, live};
use super::compile::Seed;
use super::fragment::{Bound, Fragment};
use super::{Found, Search, begun};
use crate::catalog::tree::Within;
use crate::command::Snapshot;

/// How many ids of a seed are read to see whether it is small: more and more, so that a small one
/// is found at the cost of a small one.
const SMALL: [usize; 3] = [1 << 9, 1 << 12, 1 << 14];
/// How many ids of a seed are read at once, at most, before it is asked again which has the fewest.
const LEAP: usize = 1 << 10;
/// What it takes to look up a candidate's name, in entries of a list that are passed over.
const LOOK_UP: usize = 3;

const NAMES: &str = "\
    SELECT id, name FROM securable WHERE parent = ?1 AND kind = 'model' AND name > ?2 \
    AND until > ?3 AND since <= ?3 ORDER BY name";

const MODELS: &str = "\
    SELECT COUNT(*) FROM securable WHERE id >= ?1 AND id < ?2 AND (kind || '') = 'model' \
    AND until > ?3 AND since <= ?3";

/// How the rows of a page are come by.
pub(super) enum Plan<'a> {
    /// Through the list in its own order: it soon fills a page, or nothing narrows it.
    List,
    /// Through a seed that gives its ids in the list's order.
    Ordered(&'a Seed),
    /// Through several that do, by whichever has the fewest where the page has come to.
    Leaping(Vec<&'a Seed>),
    /// All of a seed, sorted.
    Sorted(&'a Seed),
    /// All names of a seed, sorted.
    Named(Seed),
    /// Through the list in its own order, looking only at these ids, which are all of the seed's.
    Among(&'a Seed, Vec<i64>),
}

impl<'a> Plan<'a> {
    /// Through seeds that give their ids in the list's order, or where there is none the list.
    fn through(ordered: Vec<&'a Seed>) -> Self {
        match ordered.as_slice() {
            [] => Self::List,
            [seed] => Self::Ordered(seed),
            _ => Self::Leaping(ordered),
        }
    }
}

impl Search {
    pub(super) fn plan(&self, snapshot: &mut Snapshot<'_>, limit: i64) -> Result<Plan<'_>> {
        let seeds = self.filter.seeds.as_slice();
        let in_order = |seed: &&Seed| self.order.is_by_id && seed.ordered;
        let ordered: Vec<&Seed> = seeds.iter().filter(in_order).collect();
        if ordered.len() == seeds.len() {
            return Ok(Plan::through(ordered));
        }
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        // The list finds a name's beginning by itself.
        let is_of_names = self.order.is_by_name && matches!(seeds, [seed] if seed.in_list);
        let is_listed = self.order.is_by_name || self.order.is_by_id;
        let listed = if is_listed { self.listed(snapshot)? } else { 0 };
        // Entries of the list until a page is full, as if the ids lay evenly among all.
        let passing = |ids: usize| wanted.saturating_mul(listed) / ids.max(1);
        let most = if is_of_names {
            wanted.saturating_add(1)
        } else if is_listed {
            // With more of them, the list fills a page before they are read.
            wanted.saturating_mul(listed).isqrt()
        } else {
            usize::MAX
        };
        let Some((seed, ids)) = smallest(seeds, snapshot, most)? else {
            return Ok(Plan::through(ordered));
        };
        if in_order(&seed) {
            return Ok(Plan::Ordered(seed));
        }
        if self.order.is_by_id {
            return Ok(Plan::Among(seed, ids));
        }
        if !self.order.is_by_name {
            return Ok(Plan::Sorted(seed));
        }
        if seed.in_list && ids.len() > wanted {
            return Ok(Plan::List);
        }
        let (narrow, left) = narrowed(seed, &ids, seeds, snapshot)?;
        Ok(if passing(left) < LOOK_UP * ids.len() {
            Plan::Among(seed, ids)
        } else {
            Plan::Named(narrow)
        })
    }

    /// About how many entries the list has, with none left out: of ids given out evenly.
    fn listed(&self, snapshot: &mut Snapshot<'_>) -> Result<usize> {
        const BLOCKS: i64 = 32;
        const BLOCK: i64 = 32;
        let next = snapshot.next_id()?.0;
        let models = match self.subject {
            Subject::Versions => next,
            // Few of the ids are of models where these have many versions.
            Subject::Models => {
                let (step, block) = (next / BLOCKS + 1, BLOCK.min(next / BLOCKS + 1));
                let mut found = 0;
                for begin in (0..BLOCKS).map(|number| number * step) {
                    let ids = [begin.into(), (begin + block).into(), snapshot.moment.into()];
                    let count = snapshot.sql.first(MODELS, &ids, |row| row.int(0))?;
                    found += count.unwrap_or_default();
                }
                found.saturating_mul(step) / block + 1
            }
        };
        Ok(usize::try_from(models).unwrap_or(usize::MAX))
    }

    /// Reads some of every seed's next ids, and goes on with those that reach farthest: that seed
    /// has the fewest here, and whatever passes is among them.
    pub(super) fn leaping(
        &self,
        snapshot: &mut Snapshot<'_>,
        seeds: &[&Seed],
        limit: i64,
    ) -> Result<Vec<Found>> {
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut begun = self.begun(snapshot, "d.id")?;
        let mut last = self.after.clone();
        let mut most = wanted.saturating_mul(2).min(LEAP);
        let mut found = Vec::new();
        while found.len() < wanted {
            let mut farthest: Option<Vec<i64>> = None;
            for seed in seeds {
                let ids = self.next_ids(snapshot, seed, &begun, last.as_deref(), most)?;
                if farthest.as_ref().is_none_or(|other| self.reaches_farther(&ids, other, most)) {
                    farthest = Some(ids);
                }
            }
            let Some(ids) = farthest else { break };
            found.extend(self.of(snapshot, &ids, limit)?);
            let (false, Some(id)) = (ids.len() < most, ids.last()) else { break };
            last = Some(vec![Bound::Int(*id)]);
            if self.order.is_descending() {
                // What is left was there.
                begun = Fragment::default();
            }
            most = most.saturating_mul(2).min(LEAP);
        }
        found.truncate(wanted);
        Ok(found)
    }

    /// Where fewer than were asked for came, they reach to the end.
    fn reaches_farther(&self, ids: &[i64], other: &[i64], most: usize) -> bool {
        if ids.len() < most || other.len() < most {
            return ids.len() < other.len();
        }
        if self.order.is_descending() {
            ids.last() < other.last()
        } else {
            ids.last() > other.last()
        }
    }

    /// The next ids of a seed that gives them in the list's order.
    fn next_ids(
        &self,
        snapshot: &mut Snapshot<'_>,
        seed: &Seed,
        begun: &Fragment,
        last: Option<&[Bound]>,
        most: usize,
    ) -> Result<Vec<i64>> {
        let after =
            last.map(|last| Fragment::from(" AND ").then(self.order.after_on("d.id", last)));
        // Nothing has the id 0.
        let select = seed.select.clone().within("SELECT d.id FROM (", ") d WHERE d.id > 0");
        let select = select
            .then(begun.clone())
            .then(after.unwrap_or_default())
            .then(self.order.clause_on("d.id"))
            .then(Fragment::new(
                " LIMIT $",
                vec![Bound::Int(i64::try_from(most).unwrap_or(i64::MAX))],
            ));
        let (sql, params) = select.statement(snapshot.moment);
        snapshot.sql.all(&sql, &params, |row| row.int(0))
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

    /// The first of the ids that it gives. Where these lie in order, those that were given out
    /// after a past moment are not gone through.
    fn ids(&self, snapshot: &mut Snapshot<'_>, begun: &Fragment, most: usize) -> Result<Vec<i64>> {
        let mut select = self.select.clone();
        if self.ordered && *begun != Fragment::default() {
            select = select.within("SELECT d.id FROM (", ") d WHERE d.id > 0").then(begun.clone());
        }
        let select = select.then(format!(" LIMIT {most}").as_str());
        let (sql, params) = select.statement(snapshot.moment);
        snapshot.sql.all(&sql, &params, |row| row.int(0))
    }
}

/// The seed with the fewest ids, and those; none where all have as many as that, or more.
fn smallest<'a>(
    seeds: &'a [Seed],
    snapshot: &mut Snapshot<'_>,
    most: usize,
) -> Result<Option<(&'a Seed, Vec<i64>)>> {
    let begun = begun(snapshot, "d.id")?;
    let [.., largest] = SMALL;
    let most = most.min(largest);
    let steps = SMALL.into_iter().filter(|step| *step <= most / 2);
    for step in steps.chain([most]) {
        for seed in seeds {
            let ids = seed.ids(snapshot, &begun, step)?;
            if ids.len() < step {
                return Ok(Some((seed, ids)));
            }
        }
    }
    Ok(None)
}

/// A small seed without what the others do not give, and about how many ids are left.
fn narrowed(
    seed: &Seed,
    ids: &[i64],
    seeds: &[Seed],
    snapshot: &mut Snapshot<'_>,
) -> Result<(Seed, usize)> {
    /// So many ids tell what share of all is left, and so few are not worth a question.
    const SOME: usize = 256;
    // An index gives these once for an id that is looked up.
    let others = seeds.iter().filter(|other| other.ordered && other.select != seed.select);
    let narrow = |select: Fragment| {
        others.clone().fold(select, |select, other| {
            let both = select.within("SELECT d.id FROM (", ") d CROSS JOIN (");
            both.then(other.select.clone()).then(") e WHERE e.id = d.id")
        })
    };
    if ids.len() <= SOME || others.clone().next().is_none() {
        return Ok((seed.clone(), ids.len()));
    }
    let some = seed.select.clone().then(format!(" LIMIT {SOME}").as_str());
    let count = narrow(some).within("SELECT COUNT(*) FROM (", ") f");
    let (sql, params) = count.statement(snapshot.moment);
    let left = snapshot.sql.first(&sql, &params, |row| row.int(0))?;
    let left = usize::try_from(left.unwrap_or_default()).unwrap_or_default();
    Ok((Seed { select: narrow(seed.select.clone()), ..*seed }, ids.len() * left / SOME))
}

#[cfg(test)]
mod tests {
    use crate::{
        AnyCommand, Content, CreateModel, Options, RegisterVersion, Registry, SearchModels,
        SearchVersions, Stage, UpdateVersion, View, no_progress,
    };

    const MODELS: usize = 900;

    fn team(number: usize) -> String {
        format!("t{}", number % 3)
    }

    /// A model with a version, every other one in production; names run against the ids.
    fn commands(number: usize, digest: &str) -> Vec<AnyCommand> {
        let name = format!("m{:03}", MODELS - number);
        let tags = [("team".to_owned(), team(number))];
        let comment = Some(if number.is_multiple_of(2) { "even" } else { "odd" }.to_owned());
        let model = CreateModel {
            name: name.clone(),
            comment,
            tags: tags.clone().into(),
            ..Default::default()
        };
        let version = RegisterVersion {
            model: name.clone(),
            digest: digest.to_owned(),
            tags: tags.into(),
            ..RegisterVersion::default()
        };
        let update = UpdateVersion {
            version: format!("models:/{name}/1").as_str().into(),
            stage: number.is_multiple_of(2).then_some(Stage::Production),
            comment: None,
            expect_revision: None,
            allow_secrets: false,
        };
        vec![model.into(), version.into(), update.into()]
    }

    fn fill(registry: &Registry) -> View {
        let content = Content::Bytes { name: "model.bin".into(), bytes: b"content".into() };
        registry.create_model("m").unwrap();
        let digest = registry.put_artifact("m", &content, &mut no_progress).unwrap().digest;
        registry.delete_model("m").unwrap();
        let make = |numbers: std::ops::Range<usize>| {
            let commands = numbers.flat_map(|number| commands(number, &digest)).collect();
            registry.transact(commands, None).unwrap();
            registry.as_of(registry.info().unwrap().commit).unwrap()
        };
        let half = make(0..MODELS / 2);
        make(MODELS / 2..MODELS);
        half
    }

    /// The numbers of what all pages of a search have.
    fn models(view: &View, filter: &str, size: u32) -> Vec<usize> {
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            let (filter, page_size) = (Some(filter.to_owned()), Some(size));
            let search = SearchModels { filter, page_size, cursor, ..SearchModels::default() };
            let page = view.search_models(search).unwrap();
            found.extend(page.items.iter().map(|model| number(&model.name)));
            cursor = page.cursor;
            if cursor.is_none() {
                return found;
            }
        }
    }

    fn versions(view: &View, filter: &str, order: &str, size: u32) -> Vec<usize> {
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            let (filter, page_size) = (Some(filter.to_owned()), Some(size));
            let order_by = vec![order.to_owned()];
            let search =
                SearchVersions { filter, order_by, page_size, cursor, ..SearchVersions::default() };
            let page = view.search_versions(search).unwrap();
            found.extend(page.items.iter().map(|version| number(&version.model)));
            cursor = page.cursor;
            if cursor.is_none() {
                return found;
            }
        }
    }

    fn number(name: &str) -> usize {
        MODELS - name.rsplit_once(".m").unwrap().1.parse::<usize>().unwrap()
    }

    #[test]
    fn what_several_indexes_give_is_found_whatever_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { create: true, ..Options::default() };
        let registry = Registry::open_with(folder.path(), options).unwrap();
        let half = fill(&registry);
        for (view, made) in [(&*registry, MODELS), (&half, MODELS / 2)] {
            let rising: Vec<usize> = (0..made).filter(|number| number % 6 == 4).collect();
            let falling: Vec<usize> = rising.iter().rev().copied().collect();
            for size in [7, 100, 1000] {
                let even = "tags.team = 't1' AND MATCH 'even'";
                assert_eq!(models(view, even, size), falling);
                let staged = "stage = 'production' AND tags.team = 't1'";
                assert_eq!(versions(view, staged, "created_at DESC", size), falling);
                assert_eq!(versions(view, staged, "created_at", size), rising);
                assert_eq!(versions(view, even, "created_at DESC", size), falling);
            }
        }
    }
}
