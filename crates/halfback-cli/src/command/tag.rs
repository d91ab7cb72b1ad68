//! `tag`: keys and values on a catalog, schema, model or version.

use clap::{Args, Subcommand};
use halfback::{DeleteTag, Expect, SetTag};
use serde::Serialize;

use super::show::Securable;
use crate::failure::Outcome;
use crate::session::{Past, Session};
use crate::table::Column;

/// Set, delete or list the tags of a model, version, schema or catalog
#[derive(Debug, Subcommand)]
#[command(after_long_help = "\
Examples:
  halfback tag set risk.credit.default team credit
  halfback tag list risk.credit.default
  halfback tag delete risk.credit.default team")]
pub(crate) enum Tag {
    Set(Set),
    Delete(Delete),
    List(List),
}

/// Set a tag, or give it another value
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback tag set risk.credit.default team credit
  halfback tag set risk.credit.default/1 validated yes
  halfback tag set schemas:/risk.credit tier 1")]
pub(crate) struct Set {
    /// A model, a version such as `fraud/3`, a schema such as `schemas:/risk.credit`, or a catalog
    /// such as `catalogs:/risk`
    target: String,
    /// The key
    key: String,
    /// The value
    #[arg(allow_hyphen_values = true)]
    value: String,
    /// Only where the value is this now
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, conflicts_with = "expect_unset")]
    expect: Option<String>,
    /// Only where there is no such tag now
    #[arg(long)]
    expect_unset: bool,
    /// Keep a value that looks like a key, token or password
    #[arg(long)]
    allow_secrets: bool,
}

/// Delete a tag; the past keeps it
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback tag delete risk.credit.default team
  halfback tag delete risk.credit.default team --expect credit")]
pub(crate) struct Delete {
    /// A model, a version such as `fraud/3`, a schema such as `schemas:/risk.credit`, or a catalog
    /// such as `catalogs:/risk`
    target: String,
    /// The key
    key: String,
    /// Only where the value is this now
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    expect: Option<String>,
}

/// List the tags of something
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback tag list risk.credit.default
  halfback tag list risk.credit.default/1 --json")]
pub(crate) struct List {
    /// A model, a version such as `fraud/3`, a schema such as `schemas:/risk.credit`, or a catalog
    /// such as `catalogs:/risk`
    target: String,
    #[command(flatten)]
    past: Past,
}

impl Tag {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        match self {
            Self::Set(command) => command.run(session),
            Self::Delete(command) => command.run(session),
            Self::List(command) => command.run(session),
        }
    }
}

impl Set {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let Self { target, key, value, expect, expect_unset, allow_secrets } = self;
        let registry = session.registry()?;
        let expect = match expect {
            Some(value) => Expect::Value(value),
            None if expect_unset => Expect::Unset,
            None => Expect::Any,
        };
        let said = format!("{key}={value}");
        registry.execute(SetTag { target: target.clone(), key, value, expect, allow_secrets })?;
        let tagged = Securable::get(&registry, &target)?;
        session
            .output
            .record(&tagged, |output| output.line(&format!("{} has {said}", tagged.uri())))
    }
}

impl Delete {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let Self { target, key, expect } = self;
        let registry = session.registry()?;
        let expect = expect.map_or(Expect::Any, Expect::Value);
        let said = key.clone();
        registry.execute(DeleteTag { target: target.clone(), key, expect })?;
        let tagged = Securable::get(&registry, &target)?;
        session.output.record(&tagged, |output| {
            output.line(&format!("{} has no tag {said} any more", tagged.uri()))
        })
    }
}

/// One tag of a list.
#[derive(Serialize)]
struct Entry {
    key: String,
    value: String,
}

const ENTRY: [Column<Entry>; 2] =
    [Column::text("KEY", |tag| tag.key.clone()), Column::text("VALUE", |tag| tag.value.clone())];

impl List {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let tagged = Securable::get(&session.view(&self.past)?, &self.target)?;
        let entry =
            |(key, value): (&String, &String)| Entry { key: key.clone(), value: value.clone() };
        let tags = tagged.tags().iter().map(entry).collect();
        session.output.whole_list(&ENTRY, "no tags", tags)
    }
}
