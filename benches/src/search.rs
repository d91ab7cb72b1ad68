//! The suite `search`: pages of models and versions, beside MLflow on SQLite, and beside themselves in a registry ten times as large.

use std::process::Command;

use crate::Ground;
use crate::filled::{Filled, Size};
use crate::measure::{Outcome, Rounds, Row, Unit, medians, seconds};
use crate::pages::{SEARCHES, Search};
use crate::program::{Program, peer};

/// As many as MLflow still answers for in a bearable time.
const FEW: Size = Size { models: 10_000, versions: 3, moves: 0 };
const MANY: Size = Size { models: 100_000, versions: 5, moves: 0 };
/// How much slower a page may be among many models than among few.
const GROWTH: f64 = 3.0;

pub(crate) fn measure(ground: &Ground) -> Outcome<Vec<Row>> {
    let folder = ground.folder.path();
    let few = Filled::new(&folder.join("few.hb"), FEW)?;
    let many = Filled::new(&folder.join("many.hb"), MANY)?;
    let mut rows = beside_mlflow(ground, &few, &many)?;
    rows.extend(
        SEARCHES.iter().map(|search| page(search, &few, &many)).collect::<Outcome<Vec<_>>>()?,
    );
    Ok(rows)
}

/// In Python, as MLflow is: among few models beside it, and among many beside few.
fn beside_mlflow(ground: &Ground, few: &Filled, many: &Filled) -> Outcome<Vec<Row>> {
    let mut command = Command::new(crate::python()?);
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

fn page(search: &Search, few: &Filled, many: &Filled) -> Outcome<Row> {
    let (in_few, in_many) = (search.cursor(few)?, search.cursor(many)?);
    if search.page(few, in_few.clone())? == 0 || search.page(many, in_many.clone())? == 0 {
        return Err(format!("no page of {}", search.name).into());
    }
    let rounds = Rounds { warm_up: 3, counted: 30 };
    let [few, many] = medians(rounds, || {
        let few = seconds(|| search.page(few, in_few.clone()))?;
        Ok([few, seconds(|| search.page(many, in_many.clone()))?])
    })?;
    let row = Row::cost(search.name, Unit::MILLISECONDS, many, ("ours, a tenth as many", few));
    Ok(row.at_most(5.0))
}
