//! `show` and `resolve`: one thing in full, and what a URI means.

use std::collections::BTreeMap;

use clap::Args;
use halfback::{
    ArtifactFile, Catalog, DateTime, EarlierOrigin, Model, ModelVersion, Origin, Schema, Target,
    View,
};
use serde::Serialize;

use super::lists::stage;
use crate::failure::Outcome;
use crate::output::{Format, Output};
use crate::people;
use crate::session::{Past, Session};
use crate::table::{Card, Column};

/// Show a model, version, schema or catalog in full
///
/// A version comes with the list of its files.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback show risk.credit.default
  halfback show risk.credit.default@champion
  halfback show schemas:/risk.credit
  halfback show risk.credit.default/1 --as-of 3 --json")]
pub(crate) struct Show {
    /// A model, a version such as `fraud/3`, `fraud@champion` or `fraud/latest`, a schema such as
    /// `schemas:/risk.credit`, or a catalog such as `catalogs:/risk`
    target: String,
    #[command(flatten)]
    past: Past,
}

/// Something that can be shown, tagged, and has a history.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Securable {
    Catalog(Catalog),
    Schema(Schema),
    Model(Box<Model>),
    Version(Box<ModelVersion>),
}

impl Securable {
    pub(super) fn get(view: &View, target: &str) -> Outcome<Self> {
        Ok(match target.parse()? {
            Target::Catalog(name) => Self::Catalog(view.get_catalog(&name.to_string())?),
            Target::Schema(name) => Self::Schema(view.get_schema(&name.to_string())?),
            Target::Model(name) => Self::Model(Box::new(view.get_model(&name.to_string())?)),
            Target::Version(uri) => {
                Self::Version(Box::new((*view.resolve(uri.to_string())?).clone()))
            }
            // Scripts keep pins of versions.
            Target::Pinned(_) => Self::Version(Box::new((*view.resolve(target)?).clone())),
        })
    }

    pub(super) fn uri(&self) -> &str {
        match self {
            Self::Catalog(catalog) => &catalog.uri,
            Self::Schema(schema) => &schema.uri,
            Self::Model(model) => &model.uri,
            Self::Version(version) => &version.uri,
        }
    }

    pub(super) fn tags(&self) -> &BTreeMap<String, String> {
        match self {
            Self::Catalog(catalog) => &catalog.tags,
            Self::Schema(schema) => &schema.tags,
            Self::Model(model) => &model.tags,
            Self::Version(version) => &version.tags,
        }
    }
}

/// A version's record with the list of its files.
#[derive(Serialize)]
struct WithFiles<'a> {
    #[serde(flatten)]
    version: &'a ModelVersion,
    files: Vec<ArtifactFile>,
    /// Why there are none any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    purged: Option<String>,
}

const FILE: [Column<ArtifactFile>; 3] = [
    Column::right("SIZE", |file| people::size(file.size)),
    Column::whole("SHA-256", |file| people::short_digest(&file.sha256)),
    Column::text("FILE", |file| file.path.clone()),
];

impl Show {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let view = session.view(&self.past)?;
        let found = Securable::get(&view, &self.target)?;
        let output = &mut *session.output;
        match &found {
            Securable::Version(version) if version.location.is_none() => {
                // What is known of a version is shown also where its files are damaged.
                if output.format == Format::People {
                    output.card(&version_card(version))?;
                }
                let (files, purged) = match view.get_artifact(version.as_ref()) {
                    // The version was found, so it is the content that is not there any more.
                    Err(error) if error.code() == "not_found" => (vec![], Some(error.to_string())),
                    artifact => (artifact?.files, None),
                };
                let record = WithFiles { version, files, purged };
                output.record(&record, |output| {
                    output.text("\n")?;
                    match &record.purged {
                        Some(purged) => output.line(purged),
                        None => output.table(&FILE, &record.files),
                    }
                })
            }
            Securable::Version(version) => {
                output.record(&found, |output| output.card(&version_card(version)))
            }
            Securable::Model(model) => {
                output.record(&found, |output| output.card(&model_card(model)))
            }
            Securable::Schema(schema) => output.record(&found, |output| {
                let Schema { uri, comment, owner, tags, .. } = schema;
                let card = profile(Card::new(uri), comment.as_ref(), owner.as_ref(), tags);
                output.card(&stamp(
                    card,
                    schema.created_at,
                    schema.created_by.as_ref(),
                    schema.updated_at,
                    schema.revision,
                ))
            }),
            Securable::Catalog(catalog) => output.record(&found, |output| {
                let Catalog { uri, comment, owner, tags, .. } = catalog;
                let card = profile(Card::new(uri), comment.as_ref(), owner.as_ref(), tags);
                output.card(&stamp(
                    card,
                    catalog.created_at,
                    catalog.created_by.as_ref(),
                    catalog.updated_at,
                    catalog.revision,
                ))
            }),
        }
    }
}

fn pairs(tags: &BTreeMap<String, String>) -> impl Iterator<Item = String> {
    tags.iter().map(|(key, value)| format!("{key}={value}"))
}

fn profile(
    card: Card,
    comment: Option<&String>,
    owner: Option<&String>,
    tags: &BTreeMap<String, String>,
) -> Card {
    card.fact("comment", comment.cloned()).fact("owner", owner.cloned()).facts("tags", pairs(tags))
}

fn stamp(
    card: Card,
    created: DateTime,
    by: Option<&String>,
    updated: DateTime,
    revision: i64,
) -> Card {
    let by = by.map(|name| format!(" by {name}")).unwrap_or_default();
    card.fact("created", format!("{} UTC{by}", people::time(created)))
        .fact("updated", format!("{} UTC, commit {revision}", people::time(updated)))
}

fn origin(card: Card, origin: Option<&Origin>) -> Card {
    let Some(Origin { system, reference, created_at, created_by, uri, earlier, .. }) = origin
    else {
        return card;
    };
    let when = created_at.map(|time| format!(", created there {} UTC", people::time(time)));
    let by = created_by.as_ref().map(|name| format!(" by {name}"));
    let parts = [when, by].into_iter().flatten().collect::<String>();
    let called = uri.as_ref().unwrap_or(reference);
    let card = card.fact("origin", format!("{system} {called}{parts}"));
    earlier.iter().fold(card, |card, EarlierOrigin { system, reference, uri }| {
        let called = uri.as_ref().map(|uri| format!(", {uri}")).unwrap_or_default();
        card.fact("before that", format!("{system} {reference}{called}"))
    })
}

fn model_card(model: &Model) -> Card {
    let latest = model.latest_version.map(|number| format!("version {number}"));
    let aliases = model.aliases.iter().map(|(alias, number)| {
        let protected = model.protected_aliases.contains(alias);
        format!("{alias} = version {number}{}", if protected { ", protected" } else { "" })
    });
    let card = Card::new(&model.uri).fact("task", model.task.clone());
    let card = profile(card, model.comment.as_ref(), model.owner.as_ref(), &model.tags)
        .fact("latest", latest)
        .facts("aliases", aliases);
    let card = origin(card, model.origin.as_ref());
    stamp(card, model.created_at, model.created_by.as_ref(), model.updated_at, model.revision)
}

fn version_card(version: &ModelVersion) -> Card {
    let size = u64::try_from(version.size).unwrap_or_default();
    let exact =
        if size < 1000 { String::new() } else { format!(" ({} bytes)", people::grouped(size)) };
    let signature =
        version.signature.as_ref().and_then(|signature| serde_json::to_string(signature).ok());
    let params =
        version.params.iter().map(|(name, value)| format!("{name}={}", people::param(value)));
    let metrics = version.metrics.iter().map(|(name, value)| format!("{name}={value}"));
    let card = Card::new(&version.uri)
        .fact("aliases", version.aliases.join(" "))
        .fact("stage", stage(version))
        .fact("status", people::word(version.status))
        .fact("comment", version.comment.clone())
        .facts("tags", pairs(&version.tags))
        .fact("flavor", version.flavor.clone())
        .fact("framework", version.framework_version.clone())
        .fact("loading", version.executable.then(|| "runs code that came with it".to_owned()))
        .fact("size", format!("{}{exact}", people::size(size)))
        .fact("digest", version.digest.clone())
        .fact("location", version.location.clone())
        .fact("signature", signature)
        .fact("example", version.has_example.then(|| "yes".to_owned()))
        .facts("params", params)
        .facts("metrics", metrics)
        .fact("run", version.run.clone())
        .fact("code commit", version.code_commit.clone())
        .fact("source", version.source.clone());
    let card = origin(card, version.origin.as_ref());
    stamp(
        card,
        version.created_at,
        version.created_by.as_ref(),
        version.updated_at,
        version.revision,
    )
}

/// Tell which version a URI means
///
/// Prints the URI by number: what it names stays the same wherever an alias moves.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback resolve risk.credit.default@champion
  halfback resolve models:/risk.credit.default/latest --json
  halfback download \"$(halfback resolve risk.credit.default@champion)\" out")]
pub(crate) struct Resolve {
    /// A version such as `fraud/3`, `fraud@champion` or `fraud/latest`
    version: String,
    #[command(flatten)]
    past: Past,
}

impl Resolve {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let version = session.view(&self.past)?.resolve(self.version)?;
        session.output.record(&*version, |output: &mut Output<'_>| output.line(&version.uri))
    }
}
