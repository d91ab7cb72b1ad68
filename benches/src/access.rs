//! The suite `access`: what a decision costs, beside Cedar, and a search by somebody who may see little.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use halfback::{
    AddMember, AnyCommand, CreateModel, CreatePrincipal, CreateSchema, Grant, Options,
    PrincipalKind, Privilege, Registry, SearchModels, TokenOptions,
};

use crate::measure::{Outcome, Row, Unit, median};
use crate::program::Program;
use crate::{Ground, prepared};

/// The variable that names the program of `cedar/`.
const CEDAR: &str = "HALFBACK_BENCH_CEDAR";

const SCHEMAS: usize = 20;
const BATCH: usize = 500;
/// Decisions in one measurement of warm ones.
const CALLS: u32 = 100_000;
/// The groups that lead from a principal to one that is granted something.
const DEPTH: usize = 4;
/// Of so many models, somebody is granted one.
const SELDOM: usize = 1000;

/// How much there is.
#[derive(Clone, Copy)]
struct Size {
    principals: usize,
    grants: usize,
    models: usize,
}

const SMALL: Size = Size { principals: 100, grants: 1_000, models: 2_000 };
const LARGE: Size = Size { principals: 10_000, grants: 100_000, models: 200_000 };

/// What was measured in a registry, in seconds.
struct Costs {
    warm: f64,
    first: f64,
    page: f64,
    filtered: f64,
}

pub(crate) fn measure(ground: &Ground) -> Outcome<Vec<Row>> {
    let folder = ground.folder.path();
    let small = costs(&folder.join("small.hb"), SMALL)?;
    let large = costs(&folder.join("large.hb"), LARGE)?;
    let mut cedar = Program::start(&mut Command::new(prepared(CEDAR)?))?;
    let [cedar] = cedar.measure(&SMALL.grants.to_string())?;
    let fewer = |cost| ("with a hundredth of the grants", cost);
    let (nano, milli) = (Unit::NANOSECONDS, Unit::MILLISECONDS);
    Ok(vec![
        Row::cost("warm decision, 100,000 grants", nano, large.warm, fewer(small.warm))
            .at_most(1_000.0),
        Row::cost(
            "warm decision, 1,000 grants",
            nano,
            small.warm,
            ("Cedar, a policy for each", cedar),
        ),
        Row::cost(
            "a principal's first decision, 100,000 grants",
            milli,
            large.first,
            fewer(small.first),
        )
        .at_most(2.0),
        Row::cost(
            "all models of one who sees 0.1 % of 200,000",
            milli,
            large.page,
            fewer(small.page),
        )
        .at_most(5.0),
        Row::cost(
            "models by tag of one who sees 0.1 % of 200,000",
            milli,
            large.filtered,
            fewer(small.filtered),
        )
        .at_most(5.0),
    ])
}

fn costs(path: &Path, size: Size) -> Outcome<Costs> {
    let steward = fill(path, size)?;
    let session = |name: &str| -> Outcome<Registry> {
        let token = steward.create_token(name, TokenOptions::default())?.token;
        Ok(Registry::open_with_token(path, Options::default(), &token)?)
    };
    let firsts = (0..20).map(|number| -> Outcome<f64> {
        let session = session(&user(number))?;
        let began = Instant::now();
        black_box(session.can(Privilege::Execute, steward.get_model(&model(number))?.id)?);
        Ok(began.elapsed().as_secs_f64())
    });
    let first = median(firsts.collect::<Outcome<_>>()?);

    // One of ten grants of this principal's, which it holds through groups in groups.
    let someone = session(&user(0))?;
    let id = steward.get_model(&model(0))?.id;
    if !someone.can(Privilege::Execute, id)? {
        return Err("what is granted through groups is not held".into());
    }
    let warm = (0..9).map(|_| -> Outcome<f64> {
        let began = Instant::now();
        for _ in 0..CALLS {
            black_box(someone.can(Privilege::Execute, black_box(id))?);
        }
        Ok(began.elapsed().as_secs_f64() / f64::from(CALLS))
    });
    let warm = median(warm.collect::<Outcome<_>>()?);

    let seldom = session("seldom")?;
    let page = |search: &SearchModels, expected: usize| -> Outcome<f64> {
        let times = (0..31).map(|_| -> Outcome<f64> {
            let began = Instant::now();
            let found = seldom.search_models(search.clone())?.items.len();
            let took = began.elapsed().as_secs_f64();
            if found == expected {
                Ok(took)
            } else {
                Err(format!("{found} models are seen").into())
            }
        });
        Ok(median(times.collect::<Outcome<_>>()?))
    };
    let seen = size.models / SELDOM;
    let all = page(&SearchModels::default(), seen.min(100))?;
    let filtered = page(&"tags.team = 't0'".into(), seen.min(100))?;
    Ok(Costs { warm, first, page: all, filtered })
}

fn user(number: usize) -> String {
    format!("user{number}")
}

fn group(number: usize, depth: usize) -> String {
    format!("group{number}-{depth}")
}

fn model(number: usize) -> String {
    format!("risk.area{:02}.m{number:06}", number % SCHEMAS)
}

/// Models, and principals who are each in a chain of groups whose last one is granted ten models.
fn fill(path: &Path, size: Size) -> Outcome<Registry> {
    let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
    let mut batch = Batch { registry: &registry, commands: Vec::new() };
    for schema in 0..SCHEMAS {
        let name = format!("risk.area{schema:02}");
        batch.add(CreateSchema { name, parents: true, ..CreateSchema::default() })?;
    }
    for number in 0..size.models {
        let tags = [("team".to_owned(), format!("t{}", number % 10))].into();
        batch.add(CreateModel { name: model(number), tags, ..CreateModel::default() })?;
    }
    let principal =
        |name: String, kind| CreatePrincipal { name, kind, ..CreatePrincipal::default() };
    let chains = size.principals / 10;
    for chain in 0..chains {
        for depth in 0..DEPTH {
            batch.add(principal(group(chain, depth), PrincipalKind::Group))?;
            if depth > 0 {
                let (group, member) = (group(chain, depth), group(chain, depth - 1));
                batch.add(AddMember { group, member })?;
            }
        }
    }
    for number in 0..size.principals {
        batch.add(principal(user(number), PrincipalKind::Service))?;
        batch.add(AddMember { group: group(number % chains, 0), member: user(number) })?;
    }
    batch.add(principal("seldom".into(), PrincipalKind::Service))?;
    let grant = |what: &str, on: String, to: String| Grant {
        what: what.into(),
        on,
        to,
        ..Grant::default()
    };
    for what in ["USE CATALOG", "USE SCHEMA"] {
        batch.add(grant(what, "registry:/".into(), "everyone".into()))?;
    }
    for number in 0..size.grants {
        let holder = number % chains;
        let on = format!("models:/{}", model(number % size.models));
        batch.add(grant("EXECUTE", on, group(holder, DEPTH - 1)))?;
    }
    for number in (0..size.models).step_by(SELDOM) {
        let on = format!("models:/{}", model(number));
        batch.add(grant("EXECUTE", on, "seldom".into()))?;
    }
    batch.commit()?;
    Ok(registry)
}

/// Commands that share a commit: what is measured is not the filling.
struct Batch<'a> {
    registry: &'a Registry,
    commands: Vec<AnyCommand>,
}

impl Batch<'_> {
    fn add(&mut self, command: impl Into<AnyCommand>) -> Outcome {
        self.commands.push(command.into());
        if self.commands.len() >= BATCH { self.commit() } else { Ok(()) }
    }

    fn commit(&mut self) -> Outcome {
        self.registry.transact(std::mem::take(&mut self.commands), None)?;
        Ok(())
    }
}
