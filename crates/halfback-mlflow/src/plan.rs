//! What an import will do, decided before anything is changed.

mod commands;

use std::collections::{BTreeMap, BTreeSet};

use halfback::{
    AliasName, CreateModel, Detail, Error, Kind, ListVersions, Model, ModelName, RegisterVersion,
    Registry, Result, Selector, Stage, VersionUri,
};

use serde::{Deserialize, Serialize};

use crate::name;
use crate::report::{Counts, Finding, ModelRow};
use crate::source::{DEFAULT_WORKSPACE, Source, SourceModel, SourceVersion, time};
use commands::{create, version_plan};

/// The kind of system in the origin of everything that an import brings.
pub(crate) const SYSTEM: &str = "mlflow";
/// The tag of a registered model that is a prompt.
const PROMPT: &str = "mlflow.prompt.is_prompt";

/// What to import, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of one call")]
pub struct Options {
    /// The schema that the models come into; `main.default` where absent.
    pub into: Option<String>,
    /// Names of three parts, as Unity Catalog has them, keep their catalog and schema.
    pub keep_namespaces: bool,
    /// Only plan, and change nothing.
    pub dry_run: bool,
    /// Only models of these names; all when there are none.
    pub names: Vec<String>,
    /// Only models whose name is like this pattern: `%` is any text, `_` any character.
    pub like: Option<String>,
    /// The workspace to import; the default one where absent.
    pub workspace: Option<String>,
    /// Go on with a model's later versions after one that failed. Numbers only ascend here, so the
    /// one that failed can then not come later under its number.
    pub allow_gaps: bool,
    /// Bring tags and parameters that look like a key, token or password too; else each of them is left
    /// out, and a finding.
    pub allow_secrets: bool,
    /// Stop at the first finding; where the plan has one, nothing is changed.
    pub strict: bool,
}

impl Options {
    /// Only plan, and change nothing.
    pub fn dry_run() -> Self {
        Self { dry_run: true, ..Self::default() }
    }
}

/// Everything that is to be done.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) models: Vec<ModelPlan>,
    pub(crate) findings: Vec<Finding>,
}

/// What is to be done for one model.
#[derive(Debug)]
pub(crate) struct ModelPlan {
    /// What is known without doing anything: what is there, here already, skipped or cannot come.
    pub(crate) row: ModelRow,
    /// The name here; empty where nothing is to be done.
    pub(crate) name: String,
    pub(crate) create: Option<CreateModel>,
    pub(crate) versions: Vec<VersionPlan>,
    /// Aliases to be set on versions that are here already.
    pub(crate) aliases: Vec<(String, i64)>,
}

/// A version to be brought.
#[derive(Debug)]
pub(crate) struct VersionPlan {
    pub(crate) source: SourceVersion,
    pub(crate) register: RegisterVersion,
    pub(crate) stage: Stage,
    pub(crate) aliases: Vec<String>,
}

/// Plans an import.
pub(crate) fn plan(
    registry: &Registry,
    source: &mut dyn Source,
    options: &Options,
) -> Result<Plan> {
    let into = name::schema(options.into.as_deref().unwrap_or("main.default"))?;
    let mut plan = Plan::default();
    let mut models = source.models(&mut plan.findings)?;
    models.sort_by(|a, b| a.name.cmp(&b.name));
    let selected = selected(models, options, &mut plan.findings);
    let mut taken = BTreeMap::new();
    for model in selected {
        let reference = model.reference();
        let name = match options.keep_namespaces.then(|| three_parts(&model.name)).flatten() {
            Some(name) => Ok(name),
            None => name::mapped(&into, &model.name),
        };
        let name = name.and_then(|name| match taken.insert(name.to_string(), reference.clone()) {
            None => Ok(name),
            Some(other) => Err(Detail::AlreadyExists(format!(
                "`{name}` stands for `{other}` already; rename one of them in MLflow"
            ))
            .into()),
        });
        let Plan { models, findings } = &mut plan;
        match name.and_then(|name| planned(registry, source, options, &model, &name, findings)) {
            Ok(planned) => models.push(planned),
            Err(error) if is_fatal(&error) => return Err(error),
            Err(error) => {
                findings.push(Finding::new(&reference, error.to_string()));
                models.push(unplanned(&model));
            }
        }
    }
    Ok(plan)
}

/// Whether an error ends the whole import instead of being one version's finding.
pub(crate) fn is_fatal(error: &Error) -> bool {
    matches!(error.kind(), Kind::Closed | Kind::Internal)
        || matches!(error.detail(), Detail::Cancelled | Detail::ReadOnly(_) | Detail::Busy(_))
}

fn selected(
    models: Vec<SourceModel>,
    options: &Options,
    findings: &mut Vec<Finding>,
) -> Vec<SourceModel> {
    let workspace = options.workspace.as_deref().unwrap_or(DEFAULT_WORKSPACE);
    let mut elsewhere: BTreeMap<String, usize> = BTreeMap::new();
    let mut missing: BTreeSet<&str> = options.names.iter().map(String::as_str).collect();
    let mut selected = Vec::new();
    for model in models {
        if model.tags.get(PROMPT).is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            missing.remove(model.name.as_str());
            findings.push(Finding::new(
                model.reference(),
                "it is a prompt and no model, and left out: its text is in the tags of its versions in MLflow",
            ));
            continue;
        }
        let own = model.workspace.as_deref().unwrap_or(DEFAULT_WORKSPACE);
        if own != workspace {
            *elsewhere.entry(own.to_owned()).or_default() += 1;
            continue;
        }
        let named = options.names.is_empty() || missing.remove(model.name.as_str());
        if named && options.like.as_ref().is_none_or(|pattern| like(pattern, &model.name)) {
            selected.push(model);
        }
    }
    for (workspace, count) in elsewhere {
        findings.push(Finding::new(
            format!("workspaces/{workspace}"),
            format!("{count} models of another workspace are left out; import it on its own, into a schema of its own"),
        ));
    }
    for name in missing {
        findings.push(Finding::new(format!("models:/{name}"), "MLflow has no model of that name"));
    }
    selected
}

/// Whether a text is like a pattern in which `%` is any text and `_` any character.
fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut back) = (0, 0, None);
    while let Some(&c) = text.get(t) {
        match pattern.get(p) {
            Some('%') => {
                back = Some((p, t));
                p += 1;
            }
            Some(&wanted) if wanted == '_' || wanted == c => {
                p += 1;
                t += 1;
            }
            _ => match back {
                Some((at, from)) => {
                    p = at + 1;
                    t = from + 1;
                    back = Some((at, t));
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|c| *c == '%'))
}

/// The name of a model in Unity Catalog.
fn three_parts(name: &str) -> Option<ModelName> {
    let parts: Vec<&str> = name.split('.').collect();
    let [catalog, schema, model] = parts.as_slice() else { return None };
    ModelName::from_path([catalog, schema, model]).ok()
}

/// A model that cannot be planned: nothing of it comes over.
fn unplanned(model: &SourceModel) -> ModelPlan {
    let there = model.versions.len() as u64;
    let deleted = model.versions.iter().filter(|version| version.is_deleted()).count() as u64;
    ModelPlan {
        row: ModelRow {
            source: model.reference(),
            model: None,
            counts: Counts {
                there,
                skipped: deleted,
                failed: there - deleted,
                ..Counts::default()
            },
        },
        name: String::new(),
        create: None,
        versions: Vec::new(),
        aliases: Vec::new(),
    }
}

fn planned(
    registry: &Registry,
    source: &mut dyn Source,
    options: &Options,
    model: &SourceModel,
    name: &ModelName,
    findings: &mut Vec<Finding>,
) -> Result<ModelPlan> {
    let reference = model.reference();
    let present = registry.find_model(&name.to_string())?;
    if let Some(present) = &present {
        require_same(present, model, &reference)?;
    }
    let here = match &present {
        Some(_) => known(registry, &name.to_string())?,
        None => Here::default(),
    };
    let create = match &present {
        None => Some(create(model, name, options, findings)),
        Some(_) => None,
    };
    let row = ModelRow {
        source: reference,
        model: Some(name.to_string()),
        counts: Counts { there: model.versions.len() as u64, ..Counts::default() },
    };
    let mut planned = ModelPlan {
        row,
        name: name.to_string(),
        create,
        versions: Vec::new(),
        aliases: Vec::new(),
    };
    planned.versions(source, options, model, &here, findings);
    planned.aliases(model, present.as_ref(), &here, findings);
    Ok(planned)
}

/// Refuses a model that is not the one which an earlier import brought.
fn require_same(present: &Model, model: &SourceModel, reference: &str) -> Result<()> {
    let origin = present.origin.as_ref();
    let same = origin.is_some_and(|origin| {
        origin.system == SYSTEM
            && origin.reference == reference
            && origin.created_at == time(model.creation_time)
    });
    if same {
        return Ok(());
    }
    let what = match origin {
        None => "did not come from MLflow".to_owned(),
        Some(origin) if origin.reference == reference => {
            "came from a model of the same name that was created at another time, in another MLflow or before it was deleted there".to_owned()
        }
        Some(origin) => format!("came from `{}` of `{}`", origin.reference, origin.system),
    };
    Err(Detail::AlreadyExists(format!(
        "`{}` exists here and {what}; import into another schema, or rename it here",
        present.name
    ))
    .into())
}

/// The versions of a model that are here.
#[derive(Default)]
struct Here {
    /// The number of each origin.
    origins: BTreeMap<String, i64>,
    archived: BTreeSet<i64>,
    highest: i64,
}

fn known(registry: &Registry, model: &str) -> Result<Here> {
    let mut here = Here::default();
    let mut cursor = None;
    loop {
        let list = ListVersions { model: model.into(), page_size: Some(1000), cursor };
        let page = registry.list_versions(list)?;
        for version in page.items {
            here.highest = here.highest.max(version.number);
            if version.stage == Stage::Archived {
                here.archived.insert(version.number);
            }
            if let Some(origin) = version.origin.filter(|origin| origin.system == SYSTEM) {
                here.origins.insert(origin.reference, version.number);
            }
        }
        cursor = page.cursor;
        if cursor.is_none() {
            return Ok(here);
        }
    }
}

impl ModelPlan {
    fn versions(
        &mut self,
        source: &mut dyn Source,
        options: &Options,
        model: &SourceModel,
        here: &Here,
        findings: &mut Vec<Finding>,
    ) {
        let mut versions: Vec<&SourceVersion> = model.versions.iter().collect();
        versions.sort_by_key(|version| version.version);
        let mut halted = None;
        for version in versions {
            let reference = version.reference();
            let counts = &mut self.row.counts;
            if version.is_deleted() {
                counts.skipped += 1;
            } else if here.origins.contains_key(&reference) {
                counts.here += 1;
            } else if let Some(status) = unready(version) {
                counts.skipped += 1;
                findings.push(Finding::new(
                    reference,
                    format!("its status is `{status}`: it has no files; register it again in MLflow if it is needed"),
                ));
            } else if halted.is_some() {
                counts.failed += 1;
            } else if let Err(error) = available(source, version, here) {
                counts.failed += 1;
                findings.push(Finding::new(reference, error.to_string()));
                halted = (!options.allow_gaps).then_some(version.version);
            } else {
                let version = version_plan(version, &self.name, options, findings);
                self.versions.push(version);
            }
        }
        if let Some(number) = halted {
            self.halt(number, findings);
        }
    }

    /// Says that later versions wait for one that failed, where there are any.
    fn halt(&self, number: i64, findings: &mut Vec<Finding>) {
        if self.row.counts.failed > 1 {
            findings.push(waiting(&self.row.source, number));
        }
    }

    fn aliases(
        &mut self,
        model: &SourceModel,
        present: Option<&Model>,
        here: &Here,
        findings: &mut Vec<Finding>,
    ) {
        for (alias, &number) in &model.aliases {
            let mut refuse = |why: String| {
                let subject = format!("{}@{alias}", self.row.source);
                findings.push(Finding::new(subject, format!("the alias is left out: {why}")));
            };
            if let Err(error) = checked_alias(alias) {
                refuse(format!("{error}"));
                continue;
            }
            match present.and_then(|present| present.aliases.get(alias)) {
                Some(&named) if named == number => continue,
                Some(named) => {
                    refuse(format!(
                        "here it names version {named}, in MLflow {number}; move it here if it is meant"
                    ));
                    continue;
                }
                None => {}
            }
            let reference = format!("{}/{number}", self.row.source);
            if let Some(version) =
                self.versions.iter_mut().find(|version| version.source.version == number)
            {
                version.aliases.push(alias.clone());
                if version.stage == Stage::Archived {
                    version.stage = Stage::None;
                    findings.push(Finding::new(
                        reference,
                        format!("it is archived in MLflow and yet alias `{alias}` names it: it is brought without the stage; delete the alias and archive it here, if nothing uses it"),
                    ));
                }
            } else if let Some(&number) = here.origins.get(&reference) {
                if here.archived.contains(&number) {
                    refuse(format!("version {number} is archived here; restore it first"));
                } else {
                    self.aliases.push((alias.clone(), number));
                }
            } else {
                refuse(format!("version {number} is not brought"));
            }
        }
    }
}

/// The finding of versions that wait for an earlier one.
pub(crate) fn waiting(model: &str, number: i64) -> Finding {
    Finding::new(
        model,
        format!(
            "the versions after {number} wait for it, because numbers only ascend; import again when it can come, or allow gaps to give it up"
        ),
    )
}

/// The status of a version that never became ready.
fn unready(version: &SourceVersion) -> Option<&str> {
    version.status.as_deref().filter(|status| !matches!(*status, "READY" | ""))
}

/// Whether a version can be brought, as far as that shows before.
fn available(source: &mut dyn Source, version: &SourceVersion, here: &Here) -> Result<()> {
    let number = version.version;
    if number < 1 {
        return Err(Detail::InvalidArgument(format!("`{number}` is no version number")).into());
    }
    if number <= here.highest {
        return Err(Detail::AlreadyExists(format!(
            "the number {number} is passed over here: later versions exist already; register its files by hand, with a new number"
        ))
        .into());
    }
    source.check(version)
}

fn checked_alias(alias: &str) -> Result<()> {
    let name: AliasName = alias.parse()?;
    let uri: VersionUri = format!("m@{alias}").parse()?;
    match uri.selector {
        Selector::Alias(read) if read.as_str() == alias && name.as_str() == alias => Ok(()),
        _ => Err(Detail::InvalidName(format!(
            "`{alias}` is not in Unicode's normal form C; rename it in MLflow"
        ))
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn patterns_match_as_in_sql() {
        for (pattern, text, expected) in [
            ("fraud%", "fraud.eu", true),
            ("%eu", "fraud.eu", true),
            ("f_aud", "fraud", true),
            ("f_aud", "faud", false),
            ("%", "", true),
            ("", "", true),
            ("", "a", false),
            ("%a%b%", "xxaxxbxx", true),
            ("%a%b", "xxaxxbxx", false),
            ("fraud", "Fraud", false),
        ] {
            assert_eq!(like(pattern, text), expected, "{pattern} {text}");
        }
        assert!(!like(&"%a".repeat(50), &"a".repeat(49)));
    }
}
