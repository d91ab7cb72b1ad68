//! Registries to measure in: models with versions, tags, aliases and stages, which have moved.

use std::path::Path;

use halfback::{
    AnyCommand, Content, CreateModel, CreateSchema, Options, RegisterVersion, Registry, SetAlias,
    SetTag, Stage, UpdateVersion, View, no_progress,
};

use crate::measure::Outcome;

/// A registry by how much it holds.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) models: usize,
    /// Of each model.
    pub(crate) versions: usize,
    /// How often the alias of each model, and a tag of it and of a version, are moved.
    pub(crate) moves: usize,
}

const KINDS: [&str; 5] = ["fraud", "credit", "churn", "vision", "price"];
const SCHEMAS: usize = 20;
const TEAMS: usize = 50;
const BATCHES: usize = 97;
const CONTENTS: usize = 8;

/// A registry with its models, and the moment at which it had half of them.
pub(crate) struct Filled {
    pub(crate) registry: Registry,
    pub(crate) half: View,
}

impl Filled {
    /// Many commands share a commit: what is measured is not the filling.
    pub(crate) fn new(path: &Path, size: Size) -> Outcome<Filled> {
        let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
        for schema in 0..SCHEMAS {
            let name = format!("risk.area{schema:02}");
            let schema = CreateSchema { name, parents: true, ..CreateSchema::default() };
            registry.execute(schema)?;
        }
        let digests = contents(&registry, CONTENTS)?;
        let batch = (size.models / 4).clamp(1, 250);
        let batches = || (0..size.models).step_by(batch);
        let models = |begin: usize| begin..size.models.min(begin + batch);
        let (early, late) = (1..size.moves, size.moves.max(1)..=size.moves);
        let mut half = 0;
        for begin in batches() {
            if begin <= size.models / 2 {
                half = registry.info()?.commit;
            }
            let made = models(begin).flat_map(|number| commands(number, size.versions, &digests));
            registry.transact(made.collect(), None)?;
            for time in early.clone() {
                let moved = models(begin).flat_map(|number| moves(number, size.versions, time));
                registry.transact(moved.collect(), None)?;
            }
        }
        // The last moves come when all are there, so that halfway back they are still to come.
        for (begin, time) in batches().flat_map(|begin| late.clone().map(move |time| (begin, time)))
        {
            let moved = models(begin).flat_map(|number| moves(number, size.versions, time));
            registry.transact(moved.collect(), None)?;
        }
        let half = registry.as_of(half)?;
        Ok(Filled { registry, half })
    }

    /// One that was filled before.
    pub(crate) fn open(path: &Path, half: i64) -> Outcome<Filled> {
        let registry = Registry::open(path)?;
        let half = registry.as_of(half)?;
        Ok(Filled { registry, half })
    }
}

/// Puts as many contents, of which this process may then register versions; gives their digests.
pub(crate) fn contents(registry: &Registry, count: usize) -> Outcome<Vec<String>> {
    let model = registry.create_model("risk.area00.contents")?;
    let digests = (0..count).map(|content| {
        let bytes = format!("content {content}").into_bytes();
        let content = Content::Bytes { name: "model.bin".into(), bytes };
        Ok(registry.put_artifact(&model.name, &content, &mut no_progress)?.digest)
    });
    let digests = digests.collect::<Outcome<Vec<String>>>()?;
    registry.delete_model(&model.name)?;
    Ok(digests)
}

/// The name of a model.
pub(crate) fn name(number: usize) -> String {
    let schema = number % SCHEMAS;
    format!("risk.area{schema:02}.{}_{number:06}", kind(number))
}

fn kind(number: usize) -> &'static str {
    KINDS.iter().cycle().nth(number / SCHEMAS % KINDS.len()).unwrap_or(&"")
}

fn team(number: usize, moves: usize) -> String {
    format!("t{}", (number / 100 + moves) % TEAMS)
}

/// What makes a model, its versions, their aliases and stages; `peers/search.py` gives MLflow the same.
fn commands(number: usize, versions: usize, digests: &[String]) -> Vec<AnyCommand> {
    let (kind, name) = (kind(number), name(number));
    let team = [("team".to_owned(), team(number, 0))];
    let mut commands = vec![AnyCommand::from(CreateModel {
        name: name.clone(),
        comment: Some(format!("{kind} model of batch b{}", number % BATCHES)),
        tags: team.clone().into(),
        ..CreateModel::default()
    })];
    let registrations = digests.iter().cycle().skip(number).take(versions).map(|digest| {
        AnyCommand::from(RegisterVersion {
            model: name.clone(),
            digest: digest.clone(),
            tags: team.clone().into(),
            ..RegisterVersion::default()
        })
    });
    commands.extend(registrations);
    let stage = Some(Stage::Production);
    let version = format!("models:/{name}/1").as_str().into();
    commands.push(
        UpdateVersion {
            version,
            comment: None,
            stage,
            expect_revision: None,
            allow_secrets: false,
        }
        .into(),
    );
    commands.push(
        SetAlias { model: name, alias: "champion".into(), version: 1, ..SetAlias::default() }
            .into(),
    );
    commands
}

/// What moves the alias of a model, its tag, and that of its first version, for the first or a later time.
fn moves(number: usize, versions: usize, time: usize) -> Vec<AnyCommand> {
    let name = name(number);
    let tag = |target: String| SetTag {
        target,
        key: "team".into(),
        value: team(number, time),
        ..SetTag::default()
    };
    let version = i64::try_from(time % versions).unwrap_or_default() + 1;
    vec![
        tag(format!("models:/{name}")).into(),
        tag(format!("models:/{name}/1")).into(),
        SetAlias { model: name, alias: "champion".into(), version, ..SetAlias::default() }.into(),
    ]
}
