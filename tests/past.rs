//! Random commands against a naive registry in memory: the present is equal after every one of
//! them, and in the end every past commit is.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed expectation is this file's way of failing"
)]

use std::collections::{BTreeMap, BTreeSet};

use halfback::{
    ArchiveVersion, Content, CreateSchema, DeleteAlias, Expect, ListModels, ListVersions, Options,
    RegisterVersion, Registry, SetAlias, SetTag, Stage, UpdateVersion, View, no_progress,
};
use proptest::prelude::*;

const NAMES: [&str; 4] = ["main.one.a", "main.one.b", "main.two.a", "main.two.`c d`"];
const ALIASES: [&str; 2] = ["champion", "challenger"];
const KEYS: [&str; 2] = ["team", "note"];

/// A command; the numbers are places in the lists above, versions, or contents.
#[derive(Debug, Clone)]
enum Op {
    Create(usize),
    Rename(usize, usize),
    Delete(usize),
    Register { name: usize, content: u8, exist_ok: bool },
    Update { name: usize, version: i64, stage: Option<Stage>, comment: Option<u8> },
    Archive(usize, i64),
    Restore(usize, i64),
    DeleteVersion(usize, i64),
    SetAlias { name: usize, alias: usize, version: i64, expect: Expect<i64> },
    DeleteAlias { name: usize, alias: usize, expect: Expect<i64> },
    Protect { name: usize, alias: usize, protected: bool },
    SetTag { name: usize, key: usize, value: u8, expect: Expect<String> },
    DeleteTag { name: usize, key: usize },
    TagVersion { name: usize, version: i64, key: usize, value: u8 },
}

fn expect<T: Clone + std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Expect<T>> {
    prop_oneof![
        3 => Just(()).prop_map(|()| None),
        1 => Just(()).prop_map(|()| Some(None)),
        2 => value.prop_map(|value| Some(Some(value))),
    ]
    .prop_map(|expect| match expect {
        None => Expect::Any,
        Some(None) => Expect::Unset,
        Some(Some(value)) => Expect::Value(value),
    })
}

fn op() -> impl Strategy<Value = Op> {
    let name = || 0..NAMES.len();
    let alias = || 0..ALIASES.len();
    let key = || 0..KEYS.len();
    let version = || 1_i64..5;
    let stage = prop_oneof![Just(Stage::None), Just(Stage::Staging), Just(Stage::Production)];
    prop_oneof![
        4 => name().prop_map(Op::Create),
        1 => (name(), name()).prop_map(|(name, new)| Op::Rename(name, new)),
        1 => name().prop_map(Op::Delete),
        6 => (name(), 0_u8..3, any::<bool>())
            .prop_map(|(name, content, exist_ok)| Op::Register { name, content, exist_ok }),
        2 => (name(), version(), prop::option::of(stage), prop::option::of(0_u8..3))
            .prop_map(|(name, version, stage, comment)| Op::Update { name, version, stage, comment }),
        2 => (name(), version()).prop_map(|(name, version)| Op::Archive(name, version)),
        2 => (name(), version()).prop_map(|(name, version)| Op::Restore(name, version)),
        1 => (name(), version()).prop_map(|(name, version)| Op::DeleteVersion(name, version)),
        5 => (name(), alias(), version(), expect(version()))
            .prop_map(|(name, alias, version, expect)| Op::SetAlias { name, alias, version, expect }),
        1 => (name(), alias(), expect(version()))
            .prop_map(|(name, alias, expect)| Op::DeleteAlias { name, alias, expect }),
        1 => (name(), alias(), any::<bool>())
            .prop_map(|(name, alias, protected)| Op::Protect { name, alias, protected }),
        3 => (name(), key(), 0_u8..2, expect((0_u8..2).prop_map(|value| value.to_string())))
            .prop_map(|(name, key, value, expect)| Op::SetTag { name, key, value, expect }),
        1 => (name(), key()).prop_map(|(name, key)| Op::DeleteTag { name, key }),
        2 => (name(), version(), key(), 0_u8..2)
            .prop_map(|(name, version, key, value)| Op::TagVersion { name, version, key, value }),
    ]
}

type Tags = BTreeMap<String, String>;

#[derive(Debug, Clone, PartialEq)]
struct Version {
    content: u8,
    stage: Stage,
    comment: Option<String>,
    tags: Tags,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Model {
    id: usize,
    versions: BTreeMap<i64, Version>,
    aliases: BTreeMap<String, i64>,
    protected: BTreeSet<String>,
    tags: Tags,
}

/// What the registry holds, as simply as it can be said.
#[derive(Debug, Clone, Default, PartialEq)]
struct Naive {
    models: BTreeMap<usize, Model>,
    /// Which models ever had a name, and the highest number that each model gave.
    bearers: BTreeMap<usize, BTreeSet<usize>>,
    highest: BTreeMap<usize, i64>,
}

type Outcome = Result<(), &'static str>;

fn held<T: PartialEq>(expect: &Expect<T>, present: Option<&T>) -> Outcome {
    let expected = match expect {
        Expect::Any => return Ok(()),
        Expect::Unset => None,
        Expect::Value(value) => Some(value),
    };
    if expected == present { Ok(()) } else { Err("conflict") }
}

impl Naive {
    fn model(&mut self, name: usize) -> Result<&mut Model, &'static str> {
        self.models.get_mut(&name).ok_or("not_found")
    }

    fn version(&mut self, name: usize, number: i64) -> Result<&mut Version, &'static str> {
        self.model(name)?.versions.get_mut(&number).ok_or("not_found")
    }

    /// A version that no alias names.
    fn unnamed(&mut self, name: usize, number: i64) -> Result<&mut Model, &'static str> {
        self.version(name, number)?;
        let model = self.model(name)?;
        if model.aliases.values().any(|named| *named == number) { Err("in_use") } else { Ok(model) }
    }

    fn apply(&mut self, op: &Op) -> Outcome {
        match op {
            Op::Create(name) => self.create(*name)?,
            Op::Rename(name, new) => self.rename(*name, *new)?,
            Op::Delete(name) => {
                let model = self.model(*name)?;
                if model.aliases.keys().any(|alias| model.protected.contains(alias)) {
                    return Err("protected");
                }
                self.models.remove(name);
            }
            Op::Register { name, content, exist_ok } => {
                self.register(*name, *content, *exist_ok)?;
            }
            Op::Update { name, version, stage, comment } => {
                let version = self.version(*name, *version)?;
                if version.stage == Stage::Archived && stage.is_some() {
                    return Err("archived");
                }
                version.stage = stage.unwrap_or(version.stage);
                if let Some(comment) = comment {
                    version.comment = Some(said(*comment)).filter(|comment| !comment.is_empty());
                }
            }
            Op::Archive(name, number) => {
                self.unnamed(*name, *number)?;
                self.version(*name, *number)?.stage = Stage::Archived;
            }
            Op::Restore(name, number) => {
                let version = self.version(*name, *number)?;
                if version.stage == Stage::Archived {
                    version.stage = Stage::None;
                }
            }
            Op::DeleteVersion(name, number) => {
                self.unnamed(*name, *number)?.versions.remove(number);
            }
            Op::SetAlias { name, alias, version, expect } => {
                let model = self.movable(*name, *alias, expect)?;
                let stage = model.versions.get(version).ok_or("not_found")?.stage;
                if stage == Stage::Archived {
                    return Err("archived");
                }
                model.aliases.insert(ALIASES[*alias].into(), *version);
            }
            Op::DeleteAlias { name, alias, expect } => {
                if !self.model(*name)?.aliases.contains_key(ALIASES[*alias]) {
                    return Err("not_found");
                }
                self.movable(*name, *alias, expect)?.aliases.remove(ALIASES[*alias]);
            }
            Op::Protect { name, alias, protected } => {
                let aliases = &mut self.model(*name)?.protected;
                if *protected {
                    aliases.insert(ALIASES[*alias].into());
                } else {
                    aliases.remove(ALIASES[*alias]);
                }
            }
            Op::SetTag { name, key, value, expect } => {
                let tags = &mut self.model(*name)?.tags;
                held(expect, tags.get(KEYS[*key]))?;
                tags.insert(KEYS[*key].into(), value.to_string());
            }
            Op::DeleteTag { name, key } => {
                self.model(*name)?.tags.remove(KEYS[*key]).ok_or("not_found")?;
            }
            Op::TagVersion { name, version, key, value } => {
                let tags = &mut self.version(*name, *version)?.tags;
                tags.insert(KEYS[*key].into(), value.to_string());
            }
        }
        Ok(())
    }

    fn create(&mut self, name: usize) -> Outcome {
        if self.models.contains_key(&name) {
            return Err("already_exists");
        }
        let id = self.highest.len();
        self.highest.insert(id, 0);
        self.bearers.entry(name).or_default().insert(id);
        self.models.insert(name, Model { id, ..Model::default() });
        Ok(())
    }

    fn rename(&mut self, name: usize, new: usize) -> Outcome {
        let id = self.model(name)?.id;
        if name == new {
            return Ok(());
        }
        if self.bearers.get(&new).is_some_and(|bearers| bearers.iter().any(|bearer| *bearer != id))
        {
            return Err("already_exists");
        }
        let model = self.models.remove(&name).ok_or("not_found")?;
        self.bearers.entry(new).or_default().insert(id);
        self.models.insert(new, model);
        Ok(())
    }

    fn register(&mut self, name: usize, content: u8, exist_ok: bool) -> Outcome {
        let model = self.model(name)?;
        if exist_ok && model.versions.values().any(|version| version.content == content) {
            return Ok(());
        }
        let id = model.id;
        let bearers = self.bearers[&name].iter().chain([&id]);
        let number = 1 + bearers.map(|bearer| self.highest[bearer]).max().unwrap_or_default();
        self.highest.insert(id, number);
        let version = Version { content, stage: Stage::None, comment: None, tags: Tags::new() };
        self.model(name)?.versions.insert(number, version);
        Ok(())
    }

    fn movable(
        &mut self,
        name: usize,
        alias: usize,
        expect: &Expect<i64>,
    ) -> Result<&mut Model, &'static str> {
        let model = self.model(name)?;
        if expect.is_any() && model.protected.contains(ALIASES[alias]) {
            return Err("protected");
        }
        held(expect, model.aliases.get(ALIASES[alias]))?;
        Ok(model)
    }
}

fn said(comment: u8) -> String {
    if comment == 0 { String::new() } else { format!("comment {comment}") }
}

fn bytes(content: u8) -> Content {
    Content::Bytes { name: "m".into(), bytes: vec![content] }
}

fn run(registry: &Registry, op: &Op) -> halfback::Result<()> {
    let uri = |name: usize, number: i64| format!("{}/{number}", NAMES[name]);
    match op.clone() {
        Op::Create(name) => registry.create_model(NAMES[name]).map(drop),
        Op::Rename(name, new) => registry.rename_model(NAMES[name], NAMES[new]).map(drop),
        Op::Delete(name) => registry.delete_model(NAMES[name]),
        Op::Register { name, content, exist_ok } => {
            let model = NAMES[name].into();
            let version = RegisterVersion { model, exist_ok, ..RegisterVersion::default() };
            registry.register_version(&bytes(content), version, &mut no_progress).map(drop)
        }
        Op::Update { name, version, stage, comment } => {
            let version = uri(name, version).into();
            let comment = comment.map(said);
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
        Op::Archive(name, number) => {
            let version = uri(name, number).into();
            registry.execute(ArchiveVersion { version, expect_revision: None }).map(drop)
        }
        Op::Restore(name, number) => registry.restore_version(uri(name, number)).map(drop),
        Op::DeleteVersion(name, number) => registry.delete_version(uri(name, number)),
        Op::SetAlias { name, alias, version, expect } => {
            let (model, alias) = (NAMES[name].into(), ALIASES[alias].into());
            registry.execute(SetAlias { model, alias, version, expect }).map(drop)
        }
        Op::DeleteAlias { name, alias, expect } => {
            let (model, alias) = (NAMES[name].into(), ALIASES[alias].into());
            registry.execute(DeleteAlias { model, alias, expect })
        }
        Op::Protect { name, alias, protected } => {
            registry.protect_alias(NAMES[name], ALIASES[alias], protected)
        }
        Op::SetTag { name, key, value, expect } => {
            let (target, key) = (NAMES[name].into(), KEYS[key].into());
            let value = value.to_string();
            registry.execute(SetTag { target, key, value, expect, ..SetTag::default() })
        }
        Op::DeleteTag { name, key } => registry.delete_tag(NAMES[name], KEYS[key]),
        Op::TagVersion { name, version, key, value } => {
            registry.set_tag(&uri(name, version), KEYS[key], &value.to_string())
        }
    }
}

/// What a view shows, read through lists in small pages and through every alias.
fn shown(view: &View, digests: &[String]) -> BTreeMap<String, Model> {
    let mut models = BTreeMap::new();
    let mut cursor = None;
    loop {
        let list = ListModels { page_size: Some(2), cursor, ..ListModels::default() };
        let page = view.list_models(list).unwrap();
        for record in page.items {
            let versions = versions(view, &record.name, digests);
            for (alias, number) in &record.aliases {
                let resolved = view.resolve(format!("{}@{alias}", record.uri)).unwrap();
                assert_eq!(resolved.number, *number);
            }
            let latest = versions.iter().rev().find(|(_, v)| v.stage != Stage::Archived);
            assert_eq!(record.latest_version, latest.map(|(number, _)| *number));
            let model = Model {
                id: 0,
                versions,
                aliases: record.aliases,
                protected: record.protected_aliases.into_iter().collect(),
                tags: record.tags,
            };
            models.insert(record.name, model);
        }
        cursor = page.cursor;
        if cursor.is_none() {
            return models;
        }
    }
}

fn versions(view: &View, model: &str, digests: &[String]) -> BTreeMap<i64, Version> {
    let list = ListVersions { model: model.into(), ..ListVersions::default() };
    let versions = view.list_versions(list).unwrap().items.into_iter();
    versions
        .map(|record| {
            let content = digests.iter().position(|digest| *digest == record.digest).unwrap();
            let content = u8::try_from(content).unwrap();
            let version = Version {
                content,
                stage: record.stage,
                comment: record.comment,
                tags: record.tags,
            };
            (record.number, version)
        })
        .collect()
}

fn expected(naive: &Naive) -> BTreeMap<String, Model> {
    let named = |(name, model): (&usize, &Model)| {
        (NAMES[*name].to_owned(), Model { id: 0, ..model.clone() })
    };
    naive.models.iter().map(named).collect()
}

fn agree(ops: &[Op]) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { create: true, ..Options::default() };
    let registry = Registry::open_with(folder.path().join("hb"), options).unwrap();
    for schema in ["main.one", "main.two"] {
        registry.execute(CreateSchema { name: schema.into(), ..CreateSchema::default() }).unwrap();
    }
    let digests: Vec<String> = (0..3)
        .map(|content| registry.hash_artifact(&bytes(content), &mut no_progress).unwrap().digest)
        .collect();
    let mut naive = Naive::default();
    let mut past = Vec::new();
    for op in ops {
        let before = (naive.clone(), registry.info().unwrap().commit);
        let outcome = naive.apply(op);
        if outcome.is_err() {
            naive = before.0.clone();
        }
        let real = run(&registry, op).map_err(|error| error.code());
        assert_eq!(real, outcome, "{op:?}");
        let commit = registry.info().unwrap().commit;
        assert_eq!(commit, before.1 + i64::from(naive != before.0), "{op:?}");
        assert_eq!(shown(&registry, &digests), expected(&naive), "{op:?}");
        past.push((commit, expected(&naive)));
    }
    for (commit, expected) in past {
        assert_eq!(shown(&registry.as_of(commit).unwrap(), &digests), expected, "of {commit}");
    }
    registry.verify_log().unwrap();
    assert_eq!(registry.check().unwrap().findings, []);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if std::env::var_os("HALFBACK_LONG").is_some() { 400 } else { 16 },
        max_shrink_iters: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn present_and_past_are_as_a_naive_registry_says(ops in prop::collection::vec(op(), 1..60)) {
        agree(&ops);
    }
}
