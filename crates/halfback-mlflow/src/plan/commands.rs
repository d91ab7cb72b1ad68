//! The commands that a plan holds, made of what MLflow says. What cannot be stored is a finding.

use std::collections::BTreeMap;

use halfback::{
    CreateModel, MAX_TEXT, ModelName, Origin, Param, RegisterVersion, Result, Stage, TagKey,
    suspected_secret,
};

use super::{Options, SYSTEM, VersionPlan};
use crate::param;
use crate::report::Finding;
use crate::source::{SourceModel, SourceRun, SourceVersion, time};

pub(super) fn create(
    model: &SourceModel,
    name: &ModelName,
    options: &Options,
    findings: &mut Vec<Finding>,
) -> CreateModel {
    let reference = model.reference();
    CreateModel {
        name: name.to_string(),
        parents: true,
        comment: text(model.description.as_ref(), "description", &reference, findings),
        tags: tags(&model.tags, options, &reference, findings),
        allow_secrets: options.allow_secrets,
        origin: Some(Origin {
            system: SYSTEM.into(),
            created_at: time(model.creation_time),
            created_by: None,
            updated_at: time(model.last_updated_time),
            reference,
            uri: None,
            earlier: Vec::new(),
        }),
        ..CreateModel::default()
    }
}

pub(super) fn version_plan(
    source: &SourceVersion,
    model: &str,
    options: &Options,
    findings: &mut Vec<Finding>,
) -> VersionPlan {
    let reference = source.reference();
    let mut kept = |value: Option<&String>, field| text(value, field, &reference, findings);
    let comment = kept(source.description.as_ref(), "description");
    let run = kept(source.run_id.as_ref(), "run id");
    let from = kept(source.source.as_ref(), "source");
    let created_by = kept(source.user_id.as_ref(), "user");
    let none = SourceRun::default();
    let recorded = source.run.as_ref().unwrap_or(&none);
    let code_commit = kept(recorded.code_commit.as_ref(), "commit of the code");
    let stage = stage(source, &reference, findings);
    let register = RegisterVersion {
        model: model.to_owned(),
        number: Some(source.version),
        params: params(recorded, options, &reference, findings),
        metrics: metrics(recorded, &reference, findings),
        tags: tags(&source.tags, options, &reference, findings),
        allow_secrets: options.allow_secrets,
        run,
        code_commit,
        source: from,
        comment,
        origin: Some(Origin {
            system: SYSTEM.into(),
            created_at: time(source.creation_time),
            created_by,
            updated_at: time(source.last_updated_time),
            reference,
            uri: None,
            earlier: Vec::new(),
        }),
        ..RegisterVersion::default()
    };
    VersionPlan { source: source.clone(), register, stage, aliases: Vec::new() }
}

fn stage(source: &SourceVersion, reference: &str, findings: &mut Vec<Finding>) -> Stage {
    let word = source.current_stage.as_deref().unwrap_or_default();
    match word.to_ascii_lowercase().as_str() {
        "" | "none" => Stage::None,
        "staging" => Stage::Staging,
        "production" => Stage::Production,
        "archived" => Stage::Archived,
        _ => {
            findings.push(Finding::new(
                reference,
                format!("the stage `{word}` is not known and left out; set one by hand"),
            ));
            Stage::None
        }
    }
}

/// A text that can be stored; empty ones are none.
fn text(
    value: Option<&String>,
    field: &str,
    reference: &str,
    findings: &mut Vec<Finding>,
) -> Option<String> {
    let value = value.filter(|value| !value.is_empty())?;
    match storable(value) {
        Ok(()) => Some(value.clone()),
        Err(why) => {
            findings.push(Finding::new(reference, format!("the {field} is left out: {why}")));
            None
        }
    }
}

fn storable(value: &str) -> Result<(), String> {
    if value.contains('\0') {
        return Err("it holds the character U+0000".into());
    }
    if value.len() > MAX_TEXT {
        return Err(format!(
            "it has {} bytes, at most {MAX_TEXT} are kept; store it as a file",
            value.len()
        ));
    }
    Ok(())
}

/// Why a value is left out that would stay in the history for good: on its own, or under its name, it
/// looks like a credential.
fn secret(name: &str, value: &str, options: &Options) -> Option<String> {
    if options.allow_secrets {
        return None;
    }
    let found = suspected_secret(value).or_else(|| suspected_secret(&format!("{name}={value}")))?;
    Some(format!(
        "it looks like it holds a secret ({}, `{}`), and what is stored stays in the history; if it is none, allow secrets with `--allow-secrets` or `allow_secrets=True`",
        found.kind,
        found.excerpt.escape_debug()
    ))
}

fn tags(
    tags: &BTreeMap<String, String>,
    options: &Options,
    reference: &str,
    findings: &mut Vec<Finding>,
) -> BTreeMap<String, String> {
    let mut kept = BTreeMap::new();
    for (key, value) in tags {
        let refused = match key.parse::<TagKey>() {
            Err(error) => error.to_string(),
            Ok(key) if kept.contains_key(key.as_str()) => {
                "another key is the same in Unicode's normal form C".into()
            }
            Ok(key) => {
                match secret(key.as_str(), value, options).map_or_else(|| storable(value), Err) {
                    Ok(()) => {
                        kept.insert(key.as_str().to_owned(), value.clone());
                        continue;
                    }
                    Err(why) => why,
                }
            }
        };
        let key: String = key.chars().take(80).collect();
        findings.push(Finding::new(
            reference,
            format!("the tag `{}` is left out: {refused}", key.escape_debug()),
        ));
    }
    kept
}

/// The parameters, as many as there is room for.
fn params(
    run: &SourceRun,
    options: &Options,
    reference: &str,
    findings: &mut Vec<Finding>,
) -> BTreeMap<String, Param> {
    let mut fit = Vec::new();
    for (name, text) in &run.params {
        let param = param::parsed(text);
        let secret = match &param {
            Param::Text(text) => secret(name, text, options),
            _ => None,
        };
        match secret {
            None => fit.push((name, param)),
            Some(why) => findings.push(Finding::new(
                reference,
                format!("the parameter {} is left out: {why}", listed(&[name])),
            )),
        }
    }
    Room::default().kept(fit.into_iter(), "parameters", reference, findings)
}

/// The metrics that are finite numbers, as many as there is room for.
fn metrics(run: &SourceRun, reference: &str, findings: &mut Vec<Finding>) -> BTreeMap<String, f64> {
    let bad: Vec<&str> = run
        .metrics
        .iter()
        .filter(|(_, value)| !value.is_some_and(f64::is_finite))
        .map(|(name, _)| name.as_str())
        .collect();
    if !bad.is_empty() {
        findings.push(Finding::new(
            reference,
            format!("metrics that are no finite number are left out: {}", listed(&bad)),
        ));
    }
    let finite = run.metrics.iter().filter_map(|(name, value)| {
        value.filter(|value| value.is_finite()).map(|value| (name, value))
    });
    Room::default().kept(finite, "metrics", reference, findings)
}

/// How many bytes of JSON a version's parameters or metrics may still take.
struct Room(usize);

impl Default for Room {
    fn default() -> Self {
        Self(MAX_TEXT - 2)
    }
}

impl Room {
    fn kept<'a, T: serde::Serialize>(
        mut self,
        entries: impl Iterator<Item = (&'a String, T)>,
        what: &str,
        reference: &str,
        findings: &mut Vec<Finding>,
    ) -> BTreeMap<String, T> {
        let mut kept = BTreeMap::new();
        let mut refused = Vec::new();
        for (name, value) in entries {
            let json = serde_json::to_string(&(name, &value)).unwrap_or_default();
            match self.0.checked_sub(json.len()) {
                Some(left) if !name.contains('\0') && !json.contains("\\u0000") => {
                    self.0 = left;
                    kept.insert(name.clone(), value);
                }
                _ => refused.push(name.as_str()),
            }
        }
        if !refused.is_empty() {
            findings.push(Finding::new(
                reference,
                format!("{what} that cannot be stored are left out: {}; all of them together have at most {MAX_TEXT} bytes, none U+0000", listed(&refused)),
            ));
        }
        kept
    }
}

/// Names for a message: the first of them, and how many more.
fn listed(names: &[&str]) -> String {
    const MOST: usize = 5;
    let shown = |name: &&str| {
        let name: String = name.chars().take(80).collect();
        format!("`{}`", name.escape_debug())
    };
    let first: Vec<String> = names.iter().take(MOST).map(shown).collect();
    match names.len().saturating_sub(MOST) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
