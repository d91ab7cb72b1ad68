//! The suite `search`: pages of models and versions, beside MLflow on SQLite, and beside themselves in a registry ten times as large.

use std::path::Path;
use std::process::Command;

use halfback::{
    AnyCommand, Content, CreateModel, CreateSchema, Options, Page, RegisterVersion, Registry,
    SearchModels, SearchVersions, SetAlias, Stage, UpdateVersion, View, no_progress,
};

use crate::Ground;
use crate::measure::{Outcome, Rounds, Row, Unit, medians, seconds};
use crate::program::{Program, peer};

/// A registry by how much it holds.
#[derive(Clone, Copy)]
struct Size {
    models: usize,
    versions: usize,
}

/// As many as MLflow still answers for in a bearable time.
const FEW: Size = Size { models: 10_000, versions: 3 };
const MANY: Size = Size { models: 100_000, versions: 5 };
/// How much slower a page may be among many models than among few.
const GROWTH: f64 = 3.0;

const KINDS: [&str; 5] = ["fraud", "credit", "churn", "vision", "price"];
const SCHEMAS: usize = 20;
const TEAMS: usize = 50;
const BATCHES: usize = 97;
const CONTENTS: usize = 8;

pub(crate) fn measure(ground: &Ground) -> Outcome<Vec<Row>> {
    let folder = ground.folder.path();
    let few = Filled::new(&folder.join("few.hb"), FEW)?;
    let many = Filled::new(&folder.join("many.hb"), MANY)?;
    let mut rows = beside_mlflow(ground, &few, &many)?;
    rows.extend(CASES.iter().map(|case| case.measure(&few, &many)).collect::<Outcome<Vec<_>>>()?);
    Ok(rows)
}

/// In Python, as MLflow is: among few models beside it, and among many beside few.
fn beside_mlflow(ground: &Ground, few: &Filled, many: &Filled) -> Outcome<Vec<Row>> {
    let mut command = Command::new(&ground.python);
    command.arg(peer("search.py")).args([few.registry.path(), many.registry.path()]);
    let mut python = Program::start(command.current_dir(&ground.folder))?;
    python.answer::<0>("ready")?;
    let mut beside = |name, what, peer_name, least| {
        // One call of MLflow may take seconds.
        let rounds = Rounds { warm_up: 1, counted: 9 };
        let [few, mlflow, many] = medians(rounds, || python.measure(what))?;
        let beside = Row::cost(name, Unit::MILLISECONDS, few, (peer_name, mlflow));
        let grown =
            Row::cost("… of ten times as many", Unit::MILLISECONDS, many, ("the line above", few));
        Outcome::Ok([beside.at_least_times(least), grown.at_least_times(GROWTH.recip())])
    };
    let (models, versions) = ("MLflow search_registered_models", "MLflow search_model_versions");
    let rows = [
        beside("versions by tag, Python", "versions_by_tag", versions, 50.0)?,
        beside("models by tag, Python", "models_by_tag", models, 50.0)?,
        beside("models by name prefix, Python", "models_by_prefix", models, 20.0)?,
        beside("all models, Python", "all_models", models, 20.0)?,
        beside("all versions, Python", "all_versions", versions, 20.0)?,
    ];
    Ok(rows.into_iter().flatten().collect())
}

/// A registry with its models, and the moment at which it had half of them.
struct Filled {
    registry: Registry,
    half: View,
}

impl Filled {
    /// Many commands share a commit: what is measured is reading.
    fn new(path: &Path, size: Size) -> Outcome<Filled> {
        const MODELS: usize = 250;
        let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
        for schema in 0..SCHEMAS {
            let name = format!("risk.area{schema:02}");
            let schema = CreateSchema { name, parents: true, ..CreateSchema::default() };
            registry.execute(schema)?;
        }
        let model = registry.create_model("risk.area00.contents")?;
        let digests = (0..CONTENTS).map(|content| {
            let bytes = format!("content {content}").into_bytes();
            let content = Content::Bytes { name: "model.bin".into(), bytes };
            Ok(registry.put_artifact(&model.name, &content, &mut no_progress)?.digest)
        });
        let digests = digests.collect::<Outcome<Vec<String>>>()?;
        registry.delete_model(&model.name)?;
        let mut half = 0;
        for begin in (0..size.models).step_by(MODELS) {
            if begin <= size.models / 2 {
                half = registry.info()?.commit;
            }
            let models = begin..size.models.min(begin + MODELS);
            let commands = models.flat_map(|number| commands(number, size.versions, &digests));
            registry.transact(commands.collect(), None)?;
        }
        let half = registry.as_of(half)?;
        Ok(Filled { registry, half })
    }
}

/// What makes a model, its versions, their aliases and stages; `peers/search.py` gives MLflow the same.
fn commands(number: usize, versions: usize, digests: &[String]) -> Vec<AnyCommand> {
    let schema = number % SCHEMAS;
    let kind = KINDS.iter().cycle().nth(number / SCHEMAS % KINDS.len()).unwrap_or(&"");
    let name = format!("risk.area{schema:02}.{kind}_{number:06}");
    let team = [("team".to_owned(), format!("t{}", number / 100 % TEAMS))];
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

/// A search whose first page is measured.
struct Case {
    name: &'static str,
    of: Of,
    filter: &'static str,
    place: Place,
}

enum Of {
    Models,
    Versions,
}

enum Place {
    First,
    /// The page in the middle of the list.
    Deep,
    /// The first page, as of when half of the models were there.
    AsOfHalf,
}

impl Case {
    const fn new(name: &'static str, of: Of, filter: &'static str) -> Case {
        Case { name, of, filter, place: Place::First }
    }

    const fn at(self, place: Place) -> Case {
        Case { place, ..self }
    }
}

const CASES: [Case; 19] = [
    Case::new("models by tag", Of::Models, "tags.team = 't7'"),
    Case::new("models by name prefix", Of::Models, r"name LIKE 'fraud\_%'"),
    Case::new("models by a narrow prefix", Of::Models, r"name LIKE 'fraud\_0010%'"),
    Case::new("models by a word", Of::Models, "MATCH 'fraud'"),
    Case::new("models by two words", Of::Models, "MATCH 'fraud b17'"),
    Case::new("models by the beginning of a word", Of::Models, "MATCH 'b1*'"),
    Case::new("models by alias", Of::Models, "alias = 'champion'"),
    Case::new("all models", Of::Models, ""),
    Case::new("all models, deep page", Of::Models, "").at(Place::Deep),
    Case::new("all models, as of halfway", Of::Models, "").at(Place::AsOfHalf),
    Case::new("versions by tag", Of::Versions, "tags.team = 't7'"),
    Case::new("versions by tag, deep page", Of::Versions, "tags.team = 't7'").at(Place::Deep),
    Case::new("versions by tag, as of halfway", Of::Versions, "tags.team = 't7'")
        .at(Place::AsOfHalf),
    Case::new(
        "versions by stage and tag",
        Of::Versions,
        "stage = 'production' AND tags.team = 't7'",
    ),
    Case::new("versions by a word", Of::Versions, "MATCH 'fraud'"),
    Case::new("versions by alias", Of::Versions, "alias = 'champion'"),
    Case::new("all versions", Of::Versions, ""),
    Case::new("all versions, deep page", Of::Versions, "").at(Place::Deep),
    Case::new("all versions, as of halfway", Of::Versions, "").at(Place::AsOfHalf),
];

impl Case {
    fn measure(&self, few: &Filled, many: &Filled) -> Outcome<Row> {
        let (in_few, in_many) = (self.cursor(few)?, self.cursor(many)?);
        let rounds = Rounds { warm_up: 3, counted: 30 };
        let [few, many] = medians(rounds, || {
            let few = seconds(|| self.page(few, 100, in_few.clone()))?;
            Ok([few, seconds(|| self.page(many, 100, in_many.clone()))?])
        })?;
        let row = Row::cost(self.name, Unit::MILLISECONDS, many, ("ours, a tenth as many", few));
        Ok(row.at_most(5.0))
    }

    /// A page: how many it has, and where the next one begins.
    fn page(
        &self,
        filled: &Filled,
        size: u32,
        cursor: Option<String>,
    ) -> Outcome<(usize, Option<String>)> {
        let view = match self.place {
            Place::First | Place::Deep => &filled.registry,
            Place::AsOfHalf => &filled.half,
        };
        let (filter, page_size) = (Some(self.filter.to_owned()), Some(size));
        let (found, cursor) = match self.of {
            Of::Models => counted(view.search_models(SearchModels {
                filter,
                page_size,
                cursor,
                ..SearchModels::default()
            })?),
            Of::Versions => counted(view.search_versions(SearchVersions {
                filter,
                page_size,
                cursor,
                ..SearchVersions::default()
            })?),
        };
        if found == 0 {
            return Err(format!("no page of {}", self.name).into());
        }
        Ok((found, cursor))
    }

    /// Where the measured page begins.
    fn cursor(&self, filled: &Filled) -> Outcome<Option<String>> {
        const PAGE: u32 = 1000;
        if !matches!(self.place, Place::Deep) {
            return Ok(None);
        }
        let mut cursors = Vec::new();
        let mut next = self.page(filled, PAGE, None)?.1;
        while let Some(cursor) = next {
            next = self.page(filled, PAGE, Some(cursor.clone()))?.1;
            cursors.push(cursor);
        }
        let middle = cursors.len() / 2;
        Ok(cursors.into_iter().nth(middle))
    }
}

fn counted<T>(page: Page<T>) -> (usize, Option<String>) {
    (page.items.len(), page.cursor)
}
