//! `alias`: movable names for one version of a model.

use clap::{Args, Subcommand};
use halfback::{DeleteAlias, Expect, Registry, SetAlias};
use serde::Serialize;

use super::whole;
use crate::failure::Outcome;
use crate::session::{Past, Session};
use crate::table::Column;

/// Set, delete, protect or list the aliases of a model
#[derive(Debug, Subcommand)]
#[command(after_long_help = "\
Examples:
  halfback alias set risk.credit.default champion 2
  halfback alias list risk.credit.default
  halfback alias protect risk.credit.default champion
  halfback alias delete risk.credit.default challenger")]
pub(crate) enum Alias {
    Set(Set),
    Delete(Delete),
    Protect(Protect),
    List(List),
}

/// Let an alias name a version, or move it there
///
/// A protected alias moves only with `--expect`, which says what it names now.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback alias set risk.credit.default champion 2
  halfback alias set risk.credit.default champion 2 --expect 1")]
pub(crate) struct Set {
    /// The model's name
    model: String,
    /// The alias, such as `champion`
    alias: String,
    /// The number of the version that it shall name
    #[arg(value_parser = whole)]
    version: i64,
    /// Only where it names this version now
    #[arg(long, value_name = "VERSION", value_parser = whole, conflicts_with = "expect_unset")]
    expect: Option<i64>,
    /// Only where it is not set now
    #[arg(long)]
    expect_unset: bool,
}

/// Delete an alias; the past keeps it
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback alias delete risk.credit.default challenger
  halfback alias delete risk.credit.default champion --expect 1")]
pub(crate) struct Delete {
    /// The model's name
    model: String,
    /// The alias
    alias: String,
    /// Only where it names this version now
    #[arg(long, value_name = "VERSION", value_parser = whole)]
    expect: Option<i64>,
}

/// Protect an alias, set or not: then every move of it needs `--expect`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback alias protect risk.credit.default champion
  halfback alias protect risk.credit.default champion --off")]
pub(crate) struct Protect {
    /// The model's name
    model: String,
    /// The alias
    alias: String,
    /// Protect it no longer
    #[arg(long)]
    off: bool,
}

/// List the aliases of a model, also those that are protected and not set
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback alias list risk.credit.default
  halfback alias list risk.credit.default --as-of 4 --json")]
pub(crate) struct List {
    /// The model's name
    model: String,
    #[command(flatten)]
    past: Past,
}

impl Alias {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        match self {
            Self::Set(command) => command.run(session),
            Self::Delete(command) => command.run(session),
            Self::Protect(command) => command.run(session),
            Self::List(command) => command.run(session),
        }
    }
}

impl Set {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let Self { model, alias, version, expect, expect_unset } = self;
        let expect = match expect {
            Some(number) => Expect::Value(number),
            None if expect_unset => Expect::Unset,
            None => Expect::Any,
        };
        let said = alias.clone();
        let version = session.registry()?.execute(SetAlias { model, alias, version, expect })?;
        session.output.record(&version, |output| {
            output.line(&format!("models:/{}@{said} is version {}", version.model, version.number))
        })
    }
}

impl Delete {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let Self { model, alias, expect } = self;
        let registry = session.registry()?;
        let expect = expect.map_or(Expect::Any, Expect::Value);
        let (name, said) = (model.clone(), alias.clone());
        registry.execute(DeleteAlias { model, alias, expect })?;
        changed(session, &registry, &name, &said, "is deleted")
    }
}

impl Protect {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let Self { model, alias, off } = self;
        let registry = session.registry()?;
        registry.protect_alias(&model, &alias, !off)?;
        let now = if off { "is not protected any more" } else { "is protected" };
        changed(session, &registry, &model, &alias, now)
    }
}

/// Writes the record of the model whose alias changed.
fn changed(
    session: &mut Session<'_, '_>,
    registry: &Registry,
    model: &str,
    alias: &str,
    now: &str,
) -> Outcome {
    let model = registry.get_model(model)?;
    session.output.record(&model, |output| output.line(&format!("{}@{alias} {now}", model.uri)))
}

/// One alias of a list.
#[derive(Serialize)]
struct Entry {
    alias: String,
    version: Option<i64>,
    protected: bool,
}

const ENTRY: [Column<Entry>; 3] = [
    Column::text("ALIAS", |entry| entry.alias.clone()),
    Column::right("VERSION", |entry| entry.version.map_or("not set".into(), |v| v.to_string())),
    Column::whole("PROTECTED", |entry| if entry.protected { "yes" } else { "" }.to_owned()),
];

impl List {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let model = session.view(&self.past)?.get_model(&self.model)?;
        let unset =
            model.protected_aliases.iter().filter(|name| !model.aliases.contains_key(*name));
        let mut aliases: Vec<(&String, Option<i64>)> =
            model.aliases.iter().map(|(alias, number)| (alias, Some(*number))).collect();
        aliases.extend(unset.map(|alias| (alias, None)));
        aliases.sort();
        let entry = |(alias, version): (&String, Option<i64>)| Entry {
            alias: alias.clone(),
            version,
            protected: model.protected_aliases.contains(alias),
        };
        let aliases = aliases.into_iter().map(entry).collect();
        session.output.whole_list(&ENTRY, "no aliases", aliases)
    }
}
