//! `models`, `versions` and `history`: lists, the last two with the newest first.

use clap::Args;
use halfback::{Commit, ListModels, ListVersions, Model, ModelVersion, Stage};

use crate::failure::Outcome;
use crate::people;
use crate::session::{Limit, Past, Session};
use crate::table::Column;

/// List models by name
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback models
  halfback models risk.credit
  halfback models --as-of 2 --json")]
pub(crate) struct Models {
    /// Only those of a catalog such as `risk`, or of a schema such as `risk.credit`
    parent: Option<String>,
    #[command(flatten)]
    limit: Limit,
    #[command(flatten)]
    past: Past,
}

pub(super) const MODEL: [Column<Model>; 7] = [
    Column::name("NAME", |model| model.name.clone()),
    Column::right("LATEST", |model| model.latest_version.map_or(String::new(), |v| v.to_string())),
    Column::text("ALIASES", |model| {
        let named = model.aliases.iter().map(|(alias, number)| format!("{alias}={number}"));
        named.collect::<Vec<_>>().join(" ")
    }),
    Column::whole("UPDATED (UTC)", |model| people::time(model.updated_at)),
    Column::text("TASK", |model| model.task.clone().unwrap_or_default()),
    Column::text("COMMENT", |model| model.comment.clone().unwrap_or_default()),
    Column::text("OWNER", |model| model.owner.clone().unwrap_or_default()),
];

impl Models {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let view = session.still(&self.past)?;
        session.output.list(&MODEL, self.limit.get(), "no models", |size, cursor| {
            let parent = self.parent.clone();
            view.list_models(ListModels { parent, page_size: Some(size), cursor })
        })
    }
}

/// List the versions of a model, the newest first
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback versions risk.credit.default
  halfback versions risk.credit.default --limit 10 --json")]
pub(crate) struct Versions {
    /// The model's name
    model: String,
    #[command(flatten)]
    limit: Limit,
    #[command(flatten)]
    past: Past,
}

pub(super) fn stage(version: &ModelVersion) -> String {
    if version.stage == Stage::None { String::new() } else { people::word(version.stage) }
}

const VERSION: [Column<ModelVersion>; 9] = [
    Column::right("VERSION", |version| version.number.to_string()),
    Column::text("ALIASES", |version| version.aliases.join(" ")),
    Column::whole("STAGE", stage),
    Column::text("FLAVOR", |version| version.flavor.clone().unwrap_or_default()),
    Column::right("SIZE", |version| people::record_size(version.size)),
    Column::whole("DIGEST", |version| people::short_digest(&version.digest)),
    Column::whole("REGISTERED (UTC)", |version| people::time(version.created_at)),
    Column::text("BY", |version| version.created_by.clone().unwrap_or_default()),
    Column::text("COMMENT", |version| version.comment.clone().unwrap_or_default()),
];

impl Versions {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let view = session.still(&self.past)?;
        session.output.list(&VERSION, self.limit.get(), "no versions", |size, cursor| {
            let model = self.model.clone();
            view.list_versions(ListVersions { model, page_size: Some(size), cursor })
        })
    }
}

/// Tell who did what to something, and when, the newest first
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback history risk.credit.default
  halfback history risk.credit.default/1
  halfback history schemas:/risk.credit --json")]
pub(crate) struct History {
    /// A model, a version such as `fraud/3`, a schema such as `schemas:/risk.credit`, or a catalog
    /// such as `catalogs:/risk`
    target: String,
    #[command(flatten)]
    limit: Limit,
    #[command(flatten)]
    past: Past,
}

pub(super) const COMMIT: [Column<Commit>; 4] = [
    Column::right("COMMIT", |commit| commit.commit.to_string()),
    Column::whole("TIME (UTC)", |commit| people::time(commit.time)),
    Column::text("BY", |commit| {
        commit.actor_name.clone().unwrap_or_else(|| format!("{} (erased)", commit.actor))
    }),
    Column::text("WHAT", |commit| commit.summary.clone()),
];

impl History {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let view = session.still(&self.past)?;
        session.output.list(&COMMIT, self.limit.get(), "no commits", |size, cursor| {
            let target = self.target.clone();
            view.query(halfback::History { target, page_size: Some(size), cursor })
        })
    }
}
