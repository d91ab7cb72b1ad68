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
use proptest::sample::select;

const SCHEMAS: [&str; 3] = ["main.default", "main.risk", "ops.fraud"];
const NAMES: [&str; 4] = ["fraud", "Fraud_2", "credit", "straße"];
const TEXTS: [&str; 6] = ["a", "Fraud by card", "credit risk", "100% sure", "STRASSE", "b_2"];
const KEYS: [&str; 2] = ["team", "my key"];
const ALIASES: [&str; 3] = ["champion", "challenger", "Champ"];
const WORDS: [&str; 7] = ["fraud", "FRAUD card", "cred*", "risk", "strasse", "2", "card fr*"];
const PATTERNS: [&str; 10] =
    ["fraud", "%", "fr%", "Fr%", "%a%", "c_ed%t", "%\\%%", "%STRASSE%", "main.%", "%d by%d"];

/// A step in the life of a registry; one that is refused changes nothing.
#[derive(Debug, Clone)]
enum Step {
    Create { schema: usize, name: usize, task: Option<usize>, comment: Option<usize> },
    Register { model: usize, comment: Option<usize>, param: usize },
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
        6 => (at.clone(), maybe.clone(), 0..5_usize)
            .prop_map(|(model, comment, param)| Step::Register { model, comment, param }),
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
        Step::Register { model: at, comment, param } => {
            let Some(model) = model(*at) else { return Ok(()) };
            let param = [
                Param::Int(7),
                Param::Float(0.5),
                Param::Bool(true),
                Param::Text("fraud".into()),
                Param::Text("7".into()),
            ][*param]
                .clone();
            let register = RegisterVersion {
                model: model.name.clone(),
                comment: text(*comment),
                run: text(*comment),
                params: BTreeMap::from([("p".to_owned(), param)]),
                ..RegisterVersion::default()
            };
            let content = Content::Bytes { name: "m".into(), bytes: vec![0; *at] };
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

/// What a filter may look at.
#[derive(Debug)]
struct Row<'a> {
    id: i64,
    model: &'a Model,
    version: Option<&'a ModelVersion>,
}

impl Row<'_> {
    fn parts(&self) -> Vec<&str> {
        self.model.name.split('.').collect()
    }

    fn tags(&self) -> &BTreeMap<String, String> {
        self.version.map_or(&self.model.tags, |version| &version.tags)
    }

    fn comment(&self) -> Option<&String> {
        self.version.map_or(self.model.comment.as_ref(), |version| version.comment.as_ref())
    }

    /// The values of an attribute: none, one, or for `alias` several.
    fn values(&self, attribute: &str) -> Vec<String> {
        let one = |value: Option<&String>| value.cloned().into_iter().collect();
        match attribute {
            "catalog" => vec![self.parts()[0].into()],
            "schema" => vec![self.parts()[1].into()],
            "name" => vec![self.parts()[2].into()],
            "model" => vec![self.model.name.clone()],
            "task" => one(self.model.task.as_ref()),
            "owner" => one(self.model.owner.as_ref()),
            "comment" => one(self.comment()),
            "tags.team" => one(self.tags().get("team")),
            "tag.`my key`" => one(self.tags().get("my key")),
            "run_id" => one(self.version.and_then(|version| version.run.as_ref())),
            "digest" => self.version.map(|version| version.digest.clone()).into_iter().collect(),
            "alias" => match self.version {
                Some(version) => version.aliases.clone(),
                None => self.model.aliases.keys().cloned().collect(),
            },
            other => unreachable!("{other}"),
        }
    }

    fn words(&self) -> Vec<String> {
        let model = [self.model.task.as_ref(), self.model.comment.as_ref()];
        let mut texts = vec![self.parts()[2].to_owned()];
        texts.extend(model.into_iter().flatten().cloned());
        texts.extend(self.model.tags.values().cloned());
        texts.extend(self.comment().cloned());
        texts.extend(self.tags().values().cloned());
        split(&texts.join(" "))
    }
}

fn fold(text: &str) -> String {
    text.to_lowercase().replace('ß', "ss")
}

fn split(text: &str) -> Vec<String> {
    let words = fold(text);
    let words = words.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A filter by its plainest reading.
#[derive(Debug, Clone)]
enum Naive {
    Compare { attribute: &'static str, sign: &'static str, value: String },
    In { attribute: &'static str, negated: bool, values: Vec<&'static str>, bound: bool },
    Like { attribute: &'static str, negated: bool, fold: bool, pattern: &'static str },
    Null { attribute: &'static str, negated: bool },
    Number { attribute: &'static str, sign: &'static str, value: i64 },
    Stage { negated: bool, stage: &'static str },
    Param { sign: &'static str, value: &'static str },
    Match(&'static str),
    And(Vec<Naive>),
    Or(Vec<Naive>),
    Not(Box<Naive>),
}

impl Naive {
    fn text(&self) -> String {
        let not = |negated: &bool| if *negated { "NOT " } else { "" };
        let quoted = |text: &str| format!("'{text}'");
        let joined = |parts: &[Self], word: &str| {
            let parts: Vec<String> =
                parts.iter().map(|part| format!("({})", part.text())).collect();
            parts.join(word)
        };
        match self {
            Self::Compare { attribute, sign, value } => format!("{attribute} {sign} '{value}'"),
            Self::In { attribute, negated, bound: true, .. } => {
                format!("{attribute} {}IN :list", not(negated))
            }
            Self::In { attribute, negated, values, .. } => {
                let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
                format!("{attribute} {}IN ({})", not(negated), values.join(", "))
            }
            Self::Like { attribute, negated, fold, pattern } => {
                let word = if *fold { "ILIKE" } else { "LIKE" };
                format!("{attribute} {}{word} '{pattern}'", not(negated))
            }
            Self::Null { attribute, negated } => format!("{attribute} IS {}NULL", not(negated)),
            Self::Number { attribute, sign, value } => format!("{attribute} {sign} {value}"),
            Self::Stage { negated, stage } => {
                format!("stage {} '{stage}'", if *negated { "!=" } else { "=" })
            }
            Self::Param { sign, value } => format!("params.p {sign} {value}"),
            Self::Match(words) => format!("MATCH '{words}'"),
            Self::And(parts) => joined(parts, " AND "),
            Self::Or(parts) => joined(parts, " OR "),
            Self::Not(part) => format!("NOT ({})", part.text()),
        }
    }

    /// The list that `:list` is bound to, where it is in the filter. All lists are the same one.
    fn binds(&self) -> bool {
        match self {
            Self::In { bound, .. } => *bound,
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::binds),
            Self::Not(part) => part.binds(),
            _ => false,
        }
    }

    fn passes(&self, row: &Row<'_>) -> bool {
        match self {
            Self::Compare { attribute, sign, value } => {
                row.values(attribute).iter().any(|found| holds(sign, found.cmp(value)))
            }
            Self::In { attribute, negated, values, bound } => {
                let values = if *bound { &LIST[..] } else { values.as_slice() };
                let found = row.values(attribute);
                found.iter().any(|found| values.contains(&found.as_str()) != *negated)
            }
            Self::Like { attribute, negated, fold: folds, pattern } => {
                row.values(attribute).iter().any(|found| {
                    let matches = match folds {
                        true => like(&fold(pattern), &fold(found)),
                        false => like(pattern, found),
                    };
                    matches != *negated
                })
            }
            Self::Null { attribute, negated } => row.values(attribute).is_empty() != *negated,
            Self::Number { attribute, sign, value } => {
                let number = match *attribute {
                    "number" => row.version.unwrap().number,
                    "size" => row.version.unwrap().size,
                    _ => row
                        .version
                        .map_or(row.model.created_at, |v| v.created_at)
                        .timestamp_millis(),
                };
                holds(sign, number.cmp(value))
            }
            Self::Stage { negated, stage } => {
                let json = serde_json::to_value(row.version.unwrap().stage).unwrap();
                (json == stage.to_lowercase()) != *negated
            }
            Self::Param { sign, value } => {
                let ordering = match (&row.version.unwrap().params["p"], *value) {
                    // No whole number equals it.
                    (Param::Int(param), "6.5") => Some((2 * *param).cmp(&13)),
                    (Param::Float(param), "6.5") => param.partial_cmp(&6.5),
                    (Param::Int(param), "7") => Some(param.cmp(&7)),
                    (Param::Float(param), "7") => param.partial_cmp(&7.0),
                    (Param::Bool(param), "TRUE") => Some(param.cmp(&true)),
                    (param, "'fraud'" | "'7'") => {
                        let text = match param {
                            Param::Text(text) => text.clone(),
                            other => serde_json::to_string(other).unwrap(),
                        };
                        Some(text.as_str().cmp(value.trim_matches('\'')))
                    }
                    _ => None,
                };
                ordering.map_or(*sign == "!=", |ordering| holds(sign, ordering))
            }
            Self::Match(words) => words.split(' ').all(|word| match word.strip_suffix('*') {
                Some(begin) => row.words().iter().any(|found| found.starts_with(&fold(begin))),
                None => row.words().contains(&fold(word)),
            }),
            Self::And(parts) => parts.iter().all(|part| part.passes(row)),
            Self::Or(parts) => parts.iter().any(|part| part.passes(row)),
            Self::Not(part) => !part.passes(row),
        }
    }
}

const LIST: [&str; 3] = ["fraud", "champion", "credit risk"];
const SIGNS: [&str; 6] = ["=", "!=", "<", "<=", ">", ">="];

fn holds(sign: &str, ordering: std::cmp::Ordering) -> bool {
    match sign {
        "=" => ordering.is_eq(),
        "!=" => ordering.is_ne(),
        "<" => ordering.is_lt(),
        "<=" => ordering.is_le(),
        ">" => ordering.is_gt(),
        _ => ordering.is_ge(),
    }
}

fn like(pattern: &str, text: &str) -> bool {
    let mut chars = pattern.chars();
    match chars.next() {
        None => text.is_empty(),
        Some('%') => {
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| like(chars.as_str(), &text[at..]))
        }
        Some(c) => {
            let (is_one, c) = (c == '_', if c == '\\' { chars.next().unwrap() } else { c });
            let mut rest = text.chars();
            rest.next().is_some_and(|found| is_one || found == c)
                && like(chars.as_str(), rest.as_str())
        }
    }
}

fn filters(versions: bool) -> BoxedStrategy<Naive> {
    let mut texts =
        vec!["catalog", "schema", "task", "owner", "comment", "tags.team", "tag.`my key`"];
    let mut every = vec!["name", "model", "alias"];
    let mut numbers = vec!["creation_timestamp"];
    if versions {
        texts.push("run_id");
        every.push("digest");
        numbers.extend(["number", "size"]);
    }
    every.extend(&texts);
    let mut equal = texts.clone();
    equal.extend(["name", "alias"]);
    let values = prop_oneof![
        select(TEXTS.to_vec()),
        select(NAMES.to_vec()),
        select(ALIASES.to_vec()),
        select(vec!["risk", "ops"]),
    ];
    let plain = prop_oneof![select(NAMES.to_vec()), select(vec!["champion", "risk", "b_2"])];
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
        1 => (select(vec!["comment", "alias", "tags.team"]), any::<bool>()).prop_map(
            |(attribute, negated)| Naive::In { attribute, negated, values: vec![], bound: true }
        ),
        4 => (select(every.clone()), any::<bool>(), any::<bool>(), select(PATTERNS.to_vec())).prop_map(
            |(attribute, negated, fold, pattern)| Naive::Like { attribute, negated, fold, pattern }
        ),
        1 => (select(every), any::<bool>())
            .prop_map(|(attribute, negated)| Naive::Null { attribute, negated }),
        1 => (select(numbers), select(SIGNS.to_vec()), 0..4_i64)
            .prop_map(|(attribute, sign, value)| Naive::Number { attribute, sign, value }),
        3 => select(WORDS.to_vec()).prop_map(Naive::Match),
    ];
    let leaf = if versions {
        prop_oneof![
            8 => leaf,
            1 => (any::<bool>(), select(vec!["none", "Staging", "PRODUCTION"]))
                .prop_map(|(negated, stage)| Naive::Stage { negated, stage }),
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
    let mut keys = vec!["name", "catalog", "task", "comment", "tags.team", "alias"];
    if versions {
        keys.push("run_id");
    }
    prop::collection::vec((select(keys), any::<bool>()), 0..3)
}

/// The rows in the order that was asked for; what is absent comes last.
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
        a.id.cmp(&b.id)
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

fn hold(view: &View, versions: bool, filter: &Naive, order: &[(&'static str, bool)]) {
    let (models, all) = everything(view);
    let by_id: BTreeMap<&str, &Model> =
        models.iter().map(|model| (model.name.as_str(), model)).collect();
    let mut rows: Vec<Row<'_>> = if versions {
        all.iter()
            .map(|v| Row { id: v.id, model: by_id[v.model.as_str()], version: Some(v) })
            .collect()
    } else {
        models.iter().map(|model| Row { id: model.id, model, version: None }).collect()
    };
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
        past in any::<prop::sample::Index>(),
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
