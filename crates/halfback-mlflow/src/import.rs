//! The import itself: what the plan says, every model and every version a commit of its own.

use std::ops::ControlFlow;
use std::path::Path;

use halfback::{
    AnyCommand, ArchiveVersion, Content, Detail, Expect, Progress, PutArtifact, Registry, Result,
    SetAlias, Stage, Transfer, UpdateVersion,
};

use crate::plan::{self, ModelPlan, Options, Plan, VersionPlan, is_fatal, waiting};
use crate::report::{Counts, Finding, ModelRow, Report, VersionRow};
use crate::source::Source;

/// Brings what MLflow has registered into the registry; of a dry run, says what would be brought.
///
/// `progress` counts versions. What could not be brought is a finding and does not stop the rest,
/// unless [`strict`](Options::strict).
pub fn import(
    registry: &Registry,
    source: &mut dyn Source,
    options: &Options,
    progress: Progress<'_>,
) -> Result<Report> {
    let plan = plan::plan(registry, source, options)?;
    if options.dry_run {
        return Ok(foreseen(plan));
    }
    let Plan { models, findings } = plan;
    let total = models.iter().map(|model| model.versions.len() as u64).sum();
    let report = Report { findings, ..Report::default() };
    let mut import = Import { registry, source, options, progress, done: 0, total, report };
    import.hold_strict()?;
    for model in models {
        import.model(model)?;
    }
    let mut report = import.report;
    report.add_up();
    Ok(report)
}

/// What an import will do, before it is done.
fn foreseen(plan: Plan) -> Report {
    let row = |model: ModelPlan| {
        let ModelPlan { mut row, create, versions, aliases, .. } = model;
        row.counts.brought = versions.len() as u64;
        row.counts.aliases = aliases.len() as u64;
        row.counts.tags = create.map_or(0, |create| create.tags.len() as u64);
        for version in versions {
            row.counts.aliases += version.aliases.len() as u64;
            row.counts.tags += version.register.tags.len() as u64;
        }
        row
    };
    let mut report = Report {
        dry_run: true,
        models: plan.models.into_iter().map(row).collect(),
        findings: plan.findings,
        ..Report::default()
    };
    report.add_up();
    report
}

struct Import<'a> {
    registry: &'a Registry,
    source: &'a mut dyn Source,
    options: &'a Options,
    progress: Progress<'a>,
    /// Versions that are done, and how many there are.
    done: u64,
    total: u64,
    report: Report,
}

impl Import<'_> {
    fn model(&mut self, plan: ModelPlan) -> Result<()> {
        let ModelPlan { mut row, name, create, versions, aliases } = plan;
        let mut left = versions.len() as u64;
        if let Some(create) = create {
            let tags = create.tags.len() as u64;
            let created = self.registry.execute(create);
            if self.accepted(&row.source, created)?.is_none() {
                row.counts.failed += left;
                self.done += left;
                self.report.models.push(row);
                return Ok(());
            }
            row.counts.tags += tags;
        }
        for version in versions {
            let (reference, number) = (version.source.reference(), version.source.version);
            let brought = self.version(&name, version, &mut row.counts);
            left -= 1;
            self.done += 1;
            if self.accepted(&reference, brought)?.is_some() {
                continue;
            }
            row.counts.failed += 1;
            if !self.options.allow_gaps && left > 0 {
                row.counts.failed += left;
                self.done += left;
                self.report.findings.push(waiting(&row.source, number));
                break;
            }
        }
        self.aliases(&name, &mut row, aliases)?;
        self.report.models.push(row);
        self.tell()
    }

    /// Brings one version: files first, then one commit with all that belongs to it.
    fn version(&mut self, model: &str, plan: VersionPlan, counts: &mut Counts) -> Result<()> {
        self.tell()?;
        let staging = tempfile::Builder::new().prefix("halfback-mlflow-").tempdir();
        let staging = staging.map_err(crate::failed("make a folder in", &std::env::temp_dir()))?;
        let VersionPlan { source, mut register, stage, aliases } = plan;
        let place = self.source.fetch(&source, staging.path())?;
        let (digest, files, bytes) = self.put(model, &place)?;
        register.digest.clone_from(&digest);
        let uri = format!("models:/{model}/{}", source.version);
        let tags = register.tags.len() as u64;
        let mut commands = vec![AnyCommand::from(register)];
        commands.extend(staged(&uri, stage));
        commands.extend(aliases.iter().map(|alias| set_alias(model, alias, source.version)));
        self.registry.transact(commands, None)?;
        counts.brought += 1;
        counts.tags += tags;
        counts.aliases += aliases.len() as u64;
        counts.files += files;
        counts.bytes += bytes;
        let source = source.reference();
        self.report.versions.push(VersionRow { source, uri, digest, files, bytes });
        Ok(())
    }

    /// Stores files, and holds what was stored against the source once more.
    fn put(&mut self, model: &str, place: &Path) -> Result<(String, u64, u64)> {
        let (done, total) = (self.done, self.total);
        let progress = &mut *self.progress;
        // Inside a version nothing is counted, but the caller can still end it.
        let mut within = |_: Transfer| progress(Transfer { done, total });
        let content = Content::Path(place.to_owned());
        let allow_secrets = self.options.allow_secrets;
        let put = PutArtifact { model: model.to_owned(), allow_secrets };
        let stored = self.registry.put_artifact(put, &content, &mut within)?;
        let source = self.registry.hash_artifact(&content, &mut within)?;
        if stored != source {
            return Err(Detail::ArtifactChanged(format!(
                "the files at `{}` changed while they were brought; import again when nothing writes to them",
                place.display()
            ))
            .into());
        }
        Ok((stored.digest, stored.files.len() as u64, stored.size))
    }

    /// Sets aliases on versions that were here already.
    fn aliases(
        &mut self,
        model: &str,
        row: &mut ModelRow,
        aliases: Vec<(String, i64)>,
    ) -> Result<()> {
        for (alias, number) in aliases {
            let set = self.registry.transact(vec![set_alias(model, &alias, number)], None);
            if self.accepted(&format!("{}@{alias}", row.source), set)?.is_some() {
                row.counts.aliases += 1;
            }
        }
        Ok(())
    }

    /// Turns an error into a finding, unless it ends the import.
    fn accepted<T>(&mut self, subject: &str, outcome: Result<T>) -> Result<Option<T>> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(error) if is_fatal(&error) => Err(error),
            Err(error) => {
                self.report.findings.push(Finding::new(subject, error.to_string()));
                self.hold_strict()?;
                Ok(None)
            }
        }
    }

    fn hold_strict(&self) -> Result<()> {
        match self.report.findings.last() {
            Some(Finding { subject, message }) if self.options.strict => {
                Err(Detail::InvalidArgument(format!(
                    "`{subject}`: {message} (the import is strict and stops here)"
                ))
                .into())
            }
            _ => Ok(()),
        }
    }

    fn tell(&mut self) -> Result<()> {
        match (self.progress)(Transfer { done: self.done, total: self.total }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Detail::Cancelled.into()),
        }
    }
}

/// What brings a new version to its stage.
fn staged(uri: &str, stage: Stage) -> Option<AnyCommand> {
    match stage {
        Stage::None => None,
        Stage::Archived => {
            Some(AnyCommand::from(ArchiveVersion { version: uri.into(), expect_revision: None }))
        }
        stage => Some(AnyCommand::from(UpdateVersion {
            version: uri.into(),
            comment: None,
            stage: Some(stage),
            expect_revision: None,
            allow_secrets: false,
        })),
    }
}

fn set_alias(model: &str, alias: &str, version: i64) -> AnyCommand {
    let (model, alias) = (model.to_owned(), alias.to_owned());
    AnyCommand::from(SetAlias { model, alias, version, expect: Expect::Unset })
}
