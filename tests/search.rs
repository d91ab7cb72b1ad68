//! Holds search against its plainest reading: random registries and filters, now and in the past.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed expectation is this file's way of failing"
)]

use std::collections::BTreeMap;

use halfback::{
    Content, ListModels, ListVersions, Model, ModelVersion, Options, Param, RegisterVersion,
    Registry, SearchModels, SearchVersions, Stage, UpdateModel, UpdateVersion, View, no_progress,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};

#[path = "search/naive.rs"]
mod naive;

use naive::{LIST, Naive, Row, SIGNS};

const SCHEMAS: [&str; 3] = ["main.default", "main.risk", "ops.fraud"];
const NAMES: [&str; 4] = ["fraud", "Fraud_2", "credit", "straße"];
const TEXTS: [&str; 6] = ["a", "Fraud by card", "credit risk", "100% sure", "STRASSE", "b_2"];
const KEYS: [&str; 2] = ["team", "my key"];
const ALIASES: [&str; 3] = ["champion", "challenger", "Champ"];
const LOCATIONS: [&str; 2] = ["s3://fraud", "s3://credit/risk"];
/// The inputs of a version are those whose bit is set.
const FEATURES: [&str; 4] = ["fraud", "3:b 2", "größe", "credit risk"];
const STAGES: [&str; 4] = ["none", "Staging", "PRODUCTION", "archived"];
const STATUSES: [&str; 3] = ["READY", "ready", "FAILED_REGISTRATION"];
const WORDS: [&str; 7] = ["fraud", "FRAUD card", "cred*", "risk", "strasse", "2", "card fr*"];
const PATTERNS: [&str; 10] =
    ["fraud", "%", "fr%", "Fr%", "%a%", "c_ed%t", "%\\%%", "%STRASSE%", "main.%", "%d by%d"];

/// A step in the life of a registry; one that is refused changes nothing.
#[derive(Debug, Clone)]
enum Step {
    Create { schema: usize, name: usize, task: Option<usize>, comment: Option<usize> },
    Register { model: usize, size: usize, param: usize, features: u8, about: [Option<usize>; 5] },
    Describe { model: usize, comment: usize },
    Comment { version: usize, comment: usize },
    Stage { version: usize, stage: Stage },
    Tag { model: usize, version: bool, key: usize, value: Option<usize> },
    Alias { version: usize, alias: usize, set: bool },
    Rename { model: usize, schema: usize, name: usize },
    DeleteModel { model: usize },
    DeleteVersion { version: usize },
}

fn steps() -> impl Strategy<Value = Step> {
    let text = 0..TEXTS.len();
    let maybe = prop::option::of(0..TEXTS.len());
    let at = 0..16_usize;
    let stage = select(vec![Stage::None, Stage::Staging, Stage::Production]);
    let schemas = 0..SCHEMAS.len();
    let names = 0..NAMES.len();
    prop_oneof![
        6 => (schemas.clone(), names.clone(), maybe.clone(), maybe.clone())
            .prop_map(|(schema, name, task, comment)| Step::Create { schema, name, task, comment }),
        6 => (at.clone(), 0..4_usize, 0..5_usize, 0..16_u8, prop::array::uniform5(maybe.clone()))
            .prop_map(|(model, size, param, features, about)| {
                Step::Register { model, size, param, features, about }
            }),
        2 => (at.clone(), text.clone()).prop_map(|(model, comment)| Step::Describe { model, comment }),
        2 => (at.clone(), text).prop_map(|(version, comment)| Step::Comment { version, comment }),
        2 => (at.clone(), stage).prop_map(|(version, stage)| Step::Stage { version, stage }),
        5 => (at.clone(), any::<bool>(), 0..KEYS.len(), maybe).prop_map(
            |(model, version, key, value)| Step::Tag { model, version, key, value }
        ),
        4 => (at.clone(), 0..ALIASES.len(), any::<bool>())
            .prop_map(|(version, alias, set)| Step::Alias { version, alias, set }),
        1 => (at.clone(), schemas, names)
            .prop_map(|(model, schema, name)| Step::Rename { model, schema, name }),
        1 => at.clone().prop_map(|model| Step::DeleteModel { model }),
        1 => at.prop_map(|version| Step::DeleteVersion { version }),
    ]
}

fn take(registry: &Registry, step: &Step) -> halfback::Result<()> {
    let (models, versions) = everything(registry);
    let model = |at: usize| models.get(at % models.len().max(1));
    let version = |at: usize| versions.get(at % versions.len().max(1));
    let text = |at: Option<usize>| at.map(|at| TEXTS[at].to_owned());
    let named = |schema: usize, name: usize| format!("{}.{}", SCHEMAS[schema], NAMES[name]);
    match step {
        Step::Create { schema, name, task, comment } => registry
            .create_model(halfback::CreateModel {
                name: named(*schema, *name),
                parents: true,
                task: text(*task),
                comment: text(*comment),
                ..halfback::CreateModel::default()
            })
            .map(drop),
        Step::Register { model: at, size, param, features, about } => {
            let Some(model) = model(*at) else { return Ok(()) };
            let param = [
                Param::Int(7),
                Param::Float(0.5),
                Param::Bool(true),
                Param::Text("fraud".into()),
                Param::Text("7".into()),
            ][*param]
                .clone();
            let [comment, run, source, flavor, place] = *about;
            let place = place.and_then(|place| LOCATIONS.get(place));
            let register = RegisterVersion {
                model: model.name.clone(),
                location: place.map(|place| (*place).to_owned()),
                flavor: flavor.map(|flavor| NAMES[flavor % NAMES.len()].to_owned()),
                comment: text(comment),
                run: text(run),
                code_commit: text(run),
                source: text(source),
                params: BTreeMap::from([("p".to_owned(), param)]),
                signature: signature(*features),
                ..RegisterVersion::default()
            };
            let content = Content::Bytes { name: "m".into(), bytes: vec![0; *size] };
            registry.register_version(&content, register, &mut no_progress).map(drop)
        }
        Step::Describe { model: at, comment } => {
            let Some(model) = model(*at) else { return Ok(()) };
            let (name, comment) = (model.name.clone(), text(Some(*comment)));
            registry.update_model(UpdateModel { name, comment, ..UpdateModel::default() }).map(drop)
        }
        Step::Comment { version: at, comment } => {
            revise(registry, version(*at), text(Some(*comment)), None)
        }
        Step::Stage { version: at, stage } => revise(registry, version(*at), None, Some(*stage)),
        Step::Tag { model: at, version: of_version, key, value } => {
            let target = match of_version {
                true => version(*at).map(|version| &version.uri),
                false => model(*at).map(|model| &model.uri),
            };
            let Some(target) = target else { return Ok(()) };
            match value {
                Some(value) => registry.set_tag(target, KEYS[*key], TEXTS[*value]),
                None => registry.delete_tag(target, KEYS[*key]),
            }
        }
        Step::Alias { version: at, alias, set } => {
            let Some(version) = version(*at) else { return Ok(()) };
            match set {
                true => {
                    registry.set_alias(&version.model, ALIASES[*alias], version.number).map(drop)
                }
                false => registry.delete_alias(&version.model, ALIASES[*alias]),
            }
        }
        Step::Rename { model: at, schema, name } => {
            let Some(model) = model(*at) else { return Ok(()) };
            registry.rename_model(&model.name, &named(*schema, *name)).map(drop)
        }
        Step::DeleteModel { model: at } => {
            model(*at).map_or(Ok(()), |model| registry.delete_model(&model.name))
        }
        Step::DeleteVersion { version: at } => {
            version(*at).map_or(Ok(()), |version| registry.delete_version(version))
        }
    }
}

/// A signature that takes the features of these bits; none where no bit is set.
fn signature(bits: u8) -> Option<serde_json::Map<String, serde_json::Value>> {
    let taken = FEATURES.iter().enumerate().filter(|(place, _)| bits & (1 << place) != 0);
    let inputs: Vec<_> =
        taken.map(|(_, name)| serde_json::json!({"name": name, "type": "long"})).collect();
    let signature = serde_json::json!({ "inputs": inputs });
    signature.as_object().filter(|_| !inputs.is_empty()).cloned()
}

fn revise(
    registry: &Registry,
    version: Option<&ModelVersion>,
    comment: Option<String>,
    stage: Option<Stage>,
) -> halfback::Result<()> {
    let Some(version) = version else { return Ok(()) };
    let version = version.into();
    registry
        .update_version(UpdateVersion {
            version,
            comment,
            stage,
            expect_revision: None,
            allow_secrets: false,
        })
        .map(drop)
}

/// Every model by name and every version, the newest first, by the lists.
fn everything(view: &View) -> (Vec<Model>, Vec<ModelVersion>) {
    let models = view.list_models(ListModels { page_size: Some(1000), ..ListModels::default() });
    let models = models.unwrap().items;
    let mut versions = Vec::new();
    for model in &models {
        let list = ListVersions { model: model.name.clone(), ..ListVersions::default() };
        versions.extend(view.list_versions(list).unwrap().items);
    }
    versions.sort_by_key(|version| std::cmp::Reverse(version.id));
    (models, versions)
}

fn filters(versions: bool) -> BoxedStrategy<Naive> {
    let mut texts =
        vec!["catalog", "schema", "task", "owner", "comment", "tags.team", "tag.`my key`"];
    let mut every = vec!["name", "model", "alias", "feature"];
    let mut numbers = vec!["creation_timestamp", "last_updated_timestamp"];
    let times = vec!["created_at", "created", "updated_at", "updated"];
    if versions {
        texts.extend(["run_id", "run", "source", "source_path", "flavor", "location"]);
        texts.push("code_commit");
        every.push("digest");
        numbers.extend(["number", "version", "size", "size"]);
    }
    let mut near = times.clone();
    near.extend(&numbers);
    let mut present = every.clone();
    present.extend(&near);
    if versions {
        present.extend(["stage", "status"]);
    }
    every.extend(&texts);
    let mut equal = texts.clone();
    equal.extend(["name", "alias", "feature"]);
    texts.extend(["features", "features"]);
    let values = prop_oneof![
        select(TEXTS.to_vec()),
        select(NAMES.to_vec()),
        select(ALIASES.to_vec()),
        select(FEATURES.to_vec()),
        select(vec!["risk", "ops"]),
        select(LOCATIONS.to_vec()),
    ];
    let plain =
        prop_oneof![select(NAMES.to_vec()), select(vec!["champion", "risk", "b_2", "größe"])];
    let leaf = prop_oneof![
        3 => (select(equal.clone()), select(vec!["=", "="]), plain.clone()).prop_map(
            |(attribute, sign, value)| Naive::Compare { attribute, sign, value: value.into() }
        ),
        3 => (select(texts), select(SIGNS.to_vec()), values).prop_map(
            |(attribute, sign, value)| Naive::Compare { attribute, sign, value: value.into() }
        ),
        1 => (select(vec!["=", "!="]), 0..SCHEMAS.len(), 0..NAMES.len()).prop_map(
            |(sign, schema, name)| Naive::Compare {
                attribute: "model",
                sign,
                value: format!("{}.{}", SCHEMAS[schema], NAMES[name]),
            }
        ),
        2 => (select(equal), any::<bool>(), prop::collection::vec(plain, 1..3), Just(false))
            .prop_map(|(attribute, negated, values, bound)| Naive::In { attribute, negated, values, bound }),
        1 => (select(vec!["comment", "alias", "feature", "tags.team"]), any::<bool>()).prop_map(
            |(attribute, negated)| Naive::In { attribute, negated, values: vec![], bound: true }
        ),
        4 => (select(every.clone()), any::<bool>(), any::<bool>(), select(PATTERNS.to_vec())).prop_map(
            |(attribute, negated, fold, pattern)| Naive::Like { attribute, negated, fold, pattern }
        ),
        1 => (select(present), any::<bool>())
            .prop_map(|(attribute, negated)| Naive::Null { attribute, negated }),
        1 => (select(numbers), select(SIGNS.to_vec()), 0..4_i64)
            .prop_map(|(attribute, sign, value)| Naive::Number { attribute, sign, value }),
        4 => (select(near), select(SIGNS.to_vec()), any::<Index>(), -1..2_i64, prop::bool::weighted(0.1))
            .prop_map(|(attribute, sign, at, off, day)| Naive::Near { attribute, sign, at, off, day }),
        3 => select(WORDS.to_vec()).prop_map(Naive::Match),
    ];
    let leaf = if versions {
        prop_oneof![
            8 => leaf,
            1 => (any::<bool>(), prop::collection::vec(select(STAGES.to_vec()), 1..3)).prop_map(
                |(negated, words)| Naive::Word { attribute: "stage", negated, words }
            ),
            1 => (any::<bool>(), prop::collection::vec(select(STATUSES.to_vec()), 1..3)).prop_map(
                |(negated, words)| Naive::Word { attribute: "status", negated, words }
            ),
            1 => (
                any::<bool>(),
                any::<bool>(),
                prop::collection::vec(prop::option::weighted(0.9, any::<Index>()), 1..3),
            )
                .prop_map(|(negated, listed, at)| Naive::Digest { negated, listed, at }),
            1 => (select(SIGNS.to_vec()), select(vec!["7", "6.5", "TRUE", "'fraud'", "'7'"]))
                .prop_map(|(sign, value)| Naive::Param { sign, value }),
        ]
        .boxed()
    } else {
        leaf.boxed()
    };
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            2 => prop::collection::vec(inner.clone(), 1..4).prop_map(Naive::And),
            2 => prop::collection::vec(inner.clone(), 1..4).prop_map(Naive::Or),
            1 => inner.prop_map(|part| Naive::Not(Box::new(part))),
        ]
    })
    .boxed()
}

/// Keys to order by, each with whether it descends.
fn orders(versions: bool) -> impl Strategy<Value = Vec<(&'static str, bool)>> {
    let mut keys = vec!["name", "catalog", "task", "comment", "tags.team", "alias", "feature"];
    keys.extend(["created_at", "updated_at", "creation_timestamp", "last_updated_timestamp"]);
    if versions {
        keys.extend(["run_id", "source", "flavor", "location", "code_commit", "digest"]);
        keys.extend(["stage", "status", "number", "size"]);
    }
    prop::collection::vec((select(keys), any::<bool>()), 0..3)
}

/// The rows in the order that was asked for; what is absent comes last. Of the same time, they come
/// as they were made, or the other way round where the latest is asked for first.
fn sorted(rows: &mut [Row<'_>], order: &[(&str, bool)]) {
    if order.is_empty() {
        return; // They come from the lists, whose order is the usual one.
    }
    rows.sort_by(|a, b| {
        for (key, descending) in order {
            let value = |row: &Row<'_>| row.values(key).into_iter().min();
            let ordering = match (value(a), value(b)) {
                (Some(a), Some(b)) if *descending => b.cmp(&a),
                (Some(a), Some(b)) => a.cmp(&b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            };
            if ordering.is_ne() {
                return ordering;
            }
        }
        match order.last() {
            Some(("created_at" | "creation_timestamp", true)) => b.id.cmp(&a.id),
            _ => a.id.cmp(&b.id),
        }
    });
}

/// All pages of a search, as ids.
fn pages<T>(
    mut page: impl FnMut(Option<String>) -> halfback::Page<T>,
    id: impl Fn(&T) -> i64,
) -> Vec<i64> {
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let next = page(cursor);
        found.extend(next.items.iter().map(&id));
        cursor = next.cursor;
        if cursor.is_none() {
            return found;
        }
    }
}

fn own<'a>(versions: &'a [ModelVersion], model: &Model) -> Vec<&'a ModelVersion> {
    versions.iter().filter(|version| version.model == model.name).collect()
}

fn hold(view: &View, versions: bool, filter: &Naive, order: &[(&'static str, bool)]) {
    let (models, all) = everything(view);
    let by_id: BTreeMap<&str, &Model> =
        models.iter().map(|model| (model.name.as_str(), model)).collect();
    let mut rows: Vec<Row<'_>> = if versions {
        all.iter()
            .map(|v| Row {
                id: v.id,
                model: by_id[v.model.as_str()],
                version: Some(v),
                versions: vec![v],
            })
            .collect()
    } else {
        models
            .iter()
            .map(|model| Row { id: model.id, model, version: None, versions: own(&all, model) })
            .collect()
    };
    let filter = &filter.settled(&rows);
    rows.retain(|row| filter.passes(row));
    sorted(&mut rows, order);
    let expected: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let text = filter.text();
    let order_by: Vec<String> = order
        .iter()
        .map(|(key, descending)| format!("{key} {}", if *descending { "desc" } else { "ASC" }))
        .collect();
    let mut parameters = serde_json::Map::new();
    if filter.binds() {
        parameters.insert("list".into(), LIST.to_vec().into());
    }
    let (filter, page_size) = (Some(text.clone()), Some(2));
    let found = if versions {
        let search = SearchVersions { filter, parameters, order_by, page_size, cursor: None };
        pages(
            |cursor| view.search_versions(SearchVersions { cursor, ..search.clone() }).unwrap(),
            |v| v.id,
        )
    } else {
        let search = SearchModels { filter, parameters, order_by, page_size, cursor: None };
        pages(
            |cursor| view.search_models(SearchModels { cursor, ..search.clone() }).unwrap(),
            |m| m.id,
        )
    };
    assert_eq!(found, expected, "{text} {order:?} as of {:?}", view.commit());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn search_finds_what_its_plainest_reading_finds(
        steps in prop::collection::vec(steps(), 10..50),
        of_models in prop::collection::vec((filters(false), orders(false)), 12),
        of_versions in prop::collection::vec((filters(true), orders(true)), 12),
        past in any::<Index>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { create: true, ..Options::default() };
        let registry = Registry::open_with(folder.path().join("r.hb"), options).unwrap();
        for step in &steps {
            if let Err(error) = take(&registry, step) {
                prop_assert_ne!(error.kind(), halfback::Kind::Internal, "{}", error);
            }
        }
        let last = registry.info().unwrap().commit;
        let past = i64::try_from(past.index(usize::try_from(last).unwrap() + 1)).unwrap();
        for view in [View::clone(&registry), registry.as_of(past).unwrap()] {
            for (versions, searches) in [(false, &of_models), (true, &of_versions)] {
                for (filter, order) in searches {
                    hold(&view, versions, filter, order);
                }
            }
        }
        registry.verify_log().unwrap();
    }
}

#[test]
fn the_longest_lists_are_answered_and_longer_ones_refused() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { create: true, ..Options::default() };
    let registry = Registry::open_with(folder.path().join("hb"), options).unwrap();
    registry.create_model("m7").unwrap();
    let names: Vec<String> = (0..1000).map(|number| format!("m{number}")).collect();
    for attribute in ["name", "task", "tags.k", "model"] {
        let search = |filter: String| SearchModels {
            filter: Some(filter),
            parameters: [("l".to_owned(), names.clone().into())].into_iter().collect(),
            ..SearchModels::default()
        };
        let found = registry.search_models(search(format!("{attribute} IN :l"))).unwrap();
        let is_name = ["name", "model"].contains(&attribute);
        assert_eq!(found.items.len(), usize::from(is_name), "{attribute}");
        let twice = search(format!("{attribute} IN :l OR {attribute} IN :l"));
        let error = registry.search_models(twice).unwrap_err();
        assert_eq!(error.code(), "invalid_filter", "{error}");
    }
}
