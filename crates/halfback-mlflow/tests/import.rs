//! Imports of MLflow's registry, from its database and from its file store.
#![expect(clippy::unwrap_used, reason = "a failed expectation is this file's way of failing")]

mod mlflow;

use std::fs;
use std::path::{Path, PathBuf};

use halfback::{DateTime, Detail, Param, Registry, Result, Stage, no_progress};
use halfback_mlflow::{
    Artifacts, Database, Finding, Folder, Options, Report, Source, SourceModel, SourceVersion,
    import,
};
use mlflow::{MADE, Place, RUN, model, version};

fn run(registry: &Registry, source: &mut dyn Source, options: &Options) -> Report {
    import(registry, source, options, &mut no_progress).unwrap()
}

fn from_database(place: &Place, options: &Options) -> Report {
    run(&place.registry, &mut Database::open(place.path("mlflow.db")).unwrap(), options)
}

fn millis(millis: i64) -> Option<DateTime> {
    DateTime::from_timestamp_millis(millis)
}

#[track_caller]
fn finds(report: &Report, subject: &str, what: &str) {
    let found = |finding: &&Finding| finding.subject == subject && finding.message.contains(what);
    assert!(report.findings.iter().any(|finding| found(&finding)), "{:#?}", report.findings);
}

#[test]
fn a_database_comes_over_with_all_it_has() {
    let place = Place::new();
    place.fraud();
    let report = from_database(&place, &Options::default());

    let model = place.registry.get_model("main.default.`fraud.eu`").unwrap();
    assert_eq!(model.comment.as_deref(), Some("finds fraud"));
    assert_eq!(model.tags["team"], "risk");
    assert_eq!(model.aliases["champion"], 2);
    let origin = model.origin.unwrap();
    assert_eq!((&*origin.system, &*origin.reference), ("mlflow", "models:/fraud.eu"));
    assert_eq!(origin.created_at, millis(MADE));
    assert_eq!(origin.updated_at, millis(MADE + 1000));

    let second = place.registry.get_version(&model.name, 2).unwrap();
    assert_eq!(second.stage, Stage::Production);
    assert_eq!(second.comment.as_deref(), Some("the best"));
    assert_eq!(second.run.as_deref(), Some(RUN));
    assert_eq!(second.code_commit.as_deref(), Some("abc123"));
    assert_eq!(second.source.as_deref(), Some(&*format!("runs:/{RUN}/two words")));
    assert_eq!(second.tags["k/a"], "v");
    assert_eq!(second.params["C"], Param::Float(0.1));
    assert_eq!(second.params["n"], Param::Int(3));
    assert_eq!(second.params["id"], Param::Text("007".into()));
    assert_eq!(second.metrics.into_iter().collect::<Vec<_>>(), [("auc".to_owned(), 0.81)]);
    let origin = second.origin.unwrap();
    assert_eq!(origin.reference, "models:/fraud.eu/2");
    assert_eq!(origin.created_by.as_deref(), Some("ada"));
    assert_eq!(place.registry.get_version(&model.name, 1).unwrap().stage, Stage::Archived);
    assert_eq!(place.registry.get_version(&model.name, 3).unwrap_err().code(), "not_found");
    assert!(place.registry.get_version(&model.name, 4).is_ok());

    let counts = report.totals;
    assert_eq!((counts.there, counts.brought, counts.skipped, counts.failed), (4, 3, 1, 0));
    assert_eq!((counts.aliases, counts.tags, counts.files), (1, 2, 6));
    finds(&report, "models:/fraud.eu/2", "`bad`, `inf`");
    assert_eq!(report.findings.len(), 1);
    for row in &report.versions {
        let stored = place.registry.verify(row.uri.as_str(), &mut no_progress).unwrap();
        assert_eq!((&stored.digest, stored.size), (&row.digest, row.bytes));
    }
    assert!(report.to_string().contains("main.default.`fraud.eu`"));
    place.registry.check().unwrap();
}

#[test]
fn a_dry_run_foresees_and_changes_nothing() {
    let place = Place::new();
    place.fraud();
    let before = place.registry.info().unwrap();
    let plan = from_database(&place, &Options::dry_run());
    assert_eq!(place.registry.info().unwrap(), before);
    let done = from_database(&place, &Options::default());
    let mut foreseen = done.totals;
    (foreseen.files, foreseen.bytes) = (0, 0);
    assert_eq!(plan.totals, foreseen);
    assert_eq!(plan.findings, done.findings);
    assert!(plan.to_string().contains("to bring"));
}

#[test]
fn a_second_run_changes_nothing() {
    let place = Place::new();
    place.fraud();
    from_database(&place, &Options::default());
    let before = place.registry.info().unwrap();
    let again = from_database(&place, &Options::default());
    assert_eq!(place.registry.info().unwrap(), before);
    assert_eq!((again.totals.here, again.totals.brought), (3, 0));
}

#[test]
fn what_is_new_in_mlflow_comes_with_the_next_run() {
    let place = Place::new();
    let database = place.fraud();
    from_database(&place, &Options::default());
    version(&database, "fraud.eu", 5, &place.files("five"), "None");
    let alias = "INSERT INTO registered_model_aliases VALUES ('challenger', 4, 'fraud.eu', 'default'), ('next', 5, 'fraud.eu', 'default');
                 UPDATE registered_model_aliases SET version = 4 WHERE alias = 'champion'";
    database.execute_batch(alias).unwrap();
    let report = from_database(&place, &Options::default());
    assert_eq!((report.totals.brought, report.totals.here, report.totals.aliases), (1, 3, 2));
    let model = place.registry.get_model("main.default.`fraud.eu`").unwrap();
    let aliases: Vec<_> = model.aliases.into_iter().collect();
    assert_eq!(aliases, [("challenger".into(), 4), ("champion".into(), 2), ("next".into(), 5)]);
    finds(&report, "models:/fraud.eu@champion", "here it names version 2, in MLflow 4");
}

/// A source that breaks at one of its fetches, as when the program is killed there.
struct Breaking<'a> {
    source: &'a mut dyn Source,
    left: usize,
    error: fn() -> Detail,
}

impl Source for Breaking<'_> {
    fn models(&mut self, findings: &mut Vec<Finding>) -> Result<Vec<SourceModel>> {
        self.source.models(findings)
    }

    fn fetch(&mut self, version: &SourceVersion, into: &Path) -> Result<PathBuf> {
        self.left = self.left.checked_sub(1).ok_or_else(self.error)?;
        self.source.fetch(version, into)
    }
}

#[test]
fn an_interrupted_import_goes_on_where_it_stopped() {
    let whole = Place::new();
    whole.fraud();
    let expected = from_database(&whole, &Options::default());
    for left in 0..3 {
        let place = Place::new();
        place.fraud();
        let mut source = Database::open(place.path("mlflow.db")).unwrap();
        let mut breaking = Breaking { source: &mut source, left, error: || Detail::Cancelled };
        let options = Options::default();
        let broken = import(&place.registry, &mut breaking, &options, &mut no_progress);
        assert_eq!(broken.unwrap_err().code(), "cancelled");
        let rest = run(&place.registry, &mut source, &options);
        assert_eq!((rest.totals.here, rest.totals.brought), (left as u64, 3 - left as u64));
        for row in &expected.versions {
            let version = place.registry.resolve(row.uri.as_str()).unwrap();
            assert_eq!(version.digest, row.digest);
        }
        let model = place.registry.get_model("main.default.`fraud.eu`").unwrap();
        assert_eq!(model.aliases["champion"], 2);
    }
}

#[test]
fn versions_wait_for_one_that_failed_unless_gaps_are_allowed() {
    let missing = || Detail::NotFound("the disk is away".into());
    for (allow_gaps, brought, failed) in [(false, 1, 2), (true, 1, 2)] {
        let place = Place::new();
        place.fraud();
        let mut source = Database::open(place.path("mlflow.db")).unwrap();
        let mut breaking = Breaking { source: &mut source, left: 1, error: missing };
        let options = Options { allow_gaps, ..Options::default() };
        let report = run(&place.registry, &mut breaking, &options);
        assert_eq!((report.totals.brought, report.totals.failed), (brought, failed));
        finds(&report, "models:/fraud.eu/2", "the disk is away");
        assert_eq!(report.findings.iter().any(|f| f.message.contains("wait for it")), !allow_gaps);
        let rest = run(&place.registry, &mut source, &Options::default());
        assert_eq!(rest.totals.brought, 2);
    }
}

#[test]
fn a_gap_is_for_good() {
    let place = Place::new();
    place.fraud();
    fs::rename(place.path("store/two words"), place.path("store/away")).unwrap();
    let waits = from_database(&place, &Options::default());
    assert_eq!((waits.totals.brought, waits.totals.failed), (1, 2));
    finds(&waits, "models:/fraud.eu/2", "two words");
    let gaps = Options { allow_gaps: true, ..Options::default() };
    let report = from_database(&place, &gaps);
    assert_eq!((report.totals.here, report.totals.brought, report.totals.failed), (1, 1, 1));
    finds(&report, "models:/fraud.eu@champion", "version 2 is not brought");
    fs::rename(place.path("store/away"), place.path("store/two words")).unwrap();
    let late = from_database(&place, &gaps);
    finds(&late, "models:/fraud.eu/2", "passed over");
}

#[test]
fn strict_changes_nothing_where_the_plan_has_a_finding() {
    let place = Place::new();
    place.fraud();
    let before = place.registry.info().unwrap();
    let mut source = Database::open(place.path("mlflow.db")).unwrap();
    let strict = Options { strict: true, ..Options::default() };
    let error = import(&place.registry, &mut source, &strict, &mut no_progress).unwrap_err();
    assert!(error.to_string().contains("no finite number"), "{error}");
    assert_eq!(place.registry.info().unwrap(), before);
}

#[test]
fn what_cannot_come_over_is_a_finding_and_does_not_stop_the_rest() {
    let place = Place::new();
    let database = place.fraud();
    database
        .execute_batch(
            "INSERT INTO registered_model_aliases VALUES ('v7', 2, 'fraud.eu', 'default'), ('old', 1, 'fraud.eu', 'default'), ('gone', 3, 'fraud.eu', 'default');
             INSERT INTO registered_model_tags VALUES (' edge ', 'x', 'fraud.eu', 'default');
             INSERT INTO model_version_tags VALUES ('long', printf('%100001c', 'x'), 'fraud.eu', 4, 'default');
             INSERT INTO registered_models (name, workspace) VALUES ('other', 'team-b'), ('greeting', 'default');
             INSERT INTO registered_model_tags VALUES ('mlflow.prompt.is_prompt', 'true', 'greeting', 'default');",
        )
        .unwrap();
    model(&database, "remote");
    version(&database, "remote", 1, "s3://bucket/model", "None");
    model(&database, "served");
    version(&database, "served", 1, "mlflow-artifacts:/served", "None");
    model(&database, "pending");
    version(&database, "pending", 1, &place.files("p"), "None");
    database
        .execute(
            "UPDATE model_versions SET status = 'FAILED_REGISTRATION' WHERE name = 'pending'",
            [],
        )
        .unwrap();
    let report = from_database(&place, &Options::default());
    assert_eq!((report.totals.brought, report.totals.skipped, report.totals.failed), (3, 2, 2));
    finds(&report, "models:/fraud.eu@v7", "reserved");
    finds(&report, "models:/fraud.eu@gone", "version 3 is not brought");
    finds(&report, "models:/fraud.eu/1", "archived in MLflow and yet alias `old`");
    finds(&report, "models:/fraud.eu", "begins or ends with a space");
    finds(&report, "models:/fraud.eu/4", "100001 bytes");
    finds(&report, "models:/remote/1", "only MLflow's own client can fetch");
    finds(&report, "models:/served/1", "tracking server's own folder");
    finds(&report, "models:/pending/1", "FAILED_REGISTRATION");
    finds(&report, "models:/greeting", "a prompt and no model");
    finds(&report, "workspaces/team-b", "1 models of another workspace");

    fs::create_dir(place.path("served")).unwrap();
    fs::write(place.path("served/x"), "x").unwrap();
    let artifacts = Artifacts { root: Some(place.folder.path().into()), within: Vec::new() };
    let source = Database::open(place.path("mlflow.db")).unwrap();
    let report = run(&place.registry, &mut source.with_artifacts(artifacts), &Options::default());
    assert_eq!(report.totals.brought, 1);
}

#[test]
fn hostile_names_and_places_lead_nowhere() {
    let place = Place::new();
    let database = place.database();
    fs::write(place.path("secret"), "secret").unwrap();
    let files = place.files("ok");
    for name in ["../../etc", "a@b", "a%40b", "..", "x\u{202e}y", "e\u{301}", "é", " "] {
        model(&database, name);
        version(&database, name, 1, &files, "None");
    }
    model(&database, "");
    version(&database, "", 1, &files, "None");
    model(&database, "climber");
    database
        .execute("INSERT INTO runs (run_uuid, artifact_uri) VALUES ('r', ?1)", [&files])
        .unwrap();
    version(&database, "climber", 1, "runs:/r/../../secret", "None");
    model(&database, "outside");
    version(&database, "outside", 1, place.path("secret").to_str().unwrap(), "None");
    let within = vec![place.path("store")];
    let source = Database::open(place.path("mlflow.db")).unwrap();
    let report = run(
        &place.registry,
        &mut source.with_artifacts(Artifacts { root: None, within }),
        &Options::default(),
    );
    assert_eq!((report.totals.brought, report.totals.failed), (8, 3));
    finds(&report, "models:/", "empty");
    finds(&report, "models:/climber/1", "leads out of its folder");
    finds(&report, "models:/outside/1", "outside the folders");
    let names: std::collections::BTreeSet<_> =
        report.versions.iter().map(|row| row.uri.clone()).collect();
    assert_eq!(names.len(), 8);
    let escaped = place.registry.get_model("main.default.a%40b").unwrap();
    assert_eq!(escaped.origin.unwrap().reference, "models:/a@b");
}

#[test]
fn a_model_of_the_same_name_is_left_alone() {
    let place = Place::new();
    place.fraud();
    place.registry.create_model("main.default.`fraud.eu`").unwrap();
    let report = from_database(&place, &Options::default());
    assert_eq!((report.totals.brought, report.totals.failed), (0, 3));
    finds(&report, "models:/fraud.eu", "did not come from MLflow");
    let elsewhere = Options { into: Some("mlflow.old".into()), ..Options::default() };
    assert_eq!(from_database(&place, &elsewhere).totals.brought, 3);
    assert!(place.registry.get_model("mlflow.old.`fraud.eu`").is_ok());
}

#[test]
fn models_are_chosen_by_name_and_pattern() {
    let place = Place::new();
    let database = place.fraud();
    model(&database, "churn");
    version(&database, "churn", 1, &place.files("churn"), "None");
    let like = Options { like: Some("ch%".into()), ..Options::dry_run() };
    assert_eq!(from_database(&place, &like).totals.there, 1);
    let names = Options { names: vec!["fraud.eu".into(), "frad".into()], ..Options::dry_run() };
    let report = from_database(&place, &names);
    assert_eq!(report.totals.there, 4);
    finds(&report, "models:/frad", "no model of that name");
}

#[test]
fn names_of_three_parts_keep_them_where_asked() {
    let place = Place::new();
    let database = place.database();
    model(&database, "prod.risk.fraud");
    version(&database, "prod.risk.fraud", 1, &place.files("f"), "None");
    let options = Options { keep_namespaces: true, ..Options::default() };
    from_database(&place, &options);
    assert!(place.registry.get_version("prod.risk.fraud", 1).is_ok());
}

#[test]
fn an_older_database_is_read_without_what_it_lacks() {
    let place = Place::new();
    let database = rusqlite::Connection::open(place.path("mlflow.db")).unwrap();
    database
        .execute_batch(&format!(
            "CREATE TABLE registered_models (name VARCHAR(256) UNIQUE NOT NULL, creation_time BIGINT, last_updated_time BIGINT, description VARCHAR(5000), PRIMARY KEY (name));
             CREATE TABLE model_versions (name VARCHAR(256) NOT NULL, version INTEGER NOT NULL, creation_time BIGINT, last_updated_time BIGINT, description VARCHAR(5000), user_id VARCHAR(256), current_stage VARCHAR(20), source VARCHAR(500), run_id VARCHAR(32) NOT NULL, status VARCHAR(20), status_message VARCHAR(500), PRIMARY KEY (name, version));
             CREATE TABLE runs (run_uuid VARCHAR(32) NOT NULL, artifact_uri VARCHAR(200), PRIMARY KEY (run_uuid));
             CREATE TABLE metrics (key VARCHAR(250) NOT NULL, value FLOAT NOT NULL, timestamp BIGINT NOT NULL, run_uuid VARCHAR(32) NOT NULL);
             INSERT INTO registered_models VALUES ('old', {MADE}, {MADE}, NULL);
             INSERT INTO model_versions VALUES ('old', 1, {MADE}, {MADE}, NULL, 'ada', 'Staging', '{}', '{RUN}', 'READY', NULL);
             INSERT INTO runs VALUES ('{RUN}', '/nowhere');
             INSERT INTO metrics VALUES ('auc', 0.9, 2, '{RUN}'), ('auc', 0.5, 1, '{RUN}');",
            place.files("old"),
        ))
        .unwrap();
    let report = from_database(&place, &Options::default());
    assert_eq!((report.totals.brought, report.findings.len()), (1, 0));
    let version = place.registry.get_version("old", 1).unwrap();
    assert_eq!(version.stage, Stage::Staging);
    assert_eq!(version.metrics, [("auc".to_owned(), 0.9)].into());
}

#[test]
fn what_is_no_database_of_mlflow_is_refused() {
    let place = Place::new();
    let read = |name: &str| {
        let mut source = Database::open(place.path(name))?;
        import(&place.registry, &mut source, &Options::default(), &mut no_progress)
    };
    assert_eq!(read("absent.db").unwrap_err().code(), "not_found");
    assert!(!place.path("absent.db").exists());
    fs::write(place.path("text.db"), "no database at all, but long enough to look at".repeat(40))
        .unwrap();
    assert_eq!(read("text.db").unwrap_err().code(), "corrupt");
    let view = rusqlite::Connection::open(place.path("view.db")).unwrap();
    let endless = "CREATE VIEW registered_models AS WITH RECURSIVE n(name) AS (SELECT 1 UNION ALL SELECT name + 1 FROM n) SELECT name FROM n;
                   CREATE TABLE model_versions (name, version)";
    view.execute_batch(endless).unwrap();
    assert_eq!(read("view.db").unwrap_err().code(), "invalid_argument");
    fs::write(place.path("empty.db"), "").unwrap();
    assert_eq!(read("empty.db").unwrap_err().code(), "invalid_argument");
}

fn write(path: PathBuf, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn a_file_store_comes_over() {
    let place = Place::new();
    let root = place.path("mlruns");
    let files = place.files("one");
    let run = root.join("0").join(RUN);
    write(run.join("meta.yaml"), &format!("artifact_uri: file://{files}\nrun_id: {RUN}\n"));
    write(run.join("params/opt/C"), "0.5");
    write(run.join("metrics/auc"), "1 0.5 0\n2 0.75 1\n1 0.5 0\n");
    write(run.join("tags/mlflow.source.git.commit"), "abc");
    let logged = root.join("0/models/m-1/meta.yaml");
    write(logged, &format!("artifact_location: file://{files}\nmodel_id: m-1\n"));
    let fraud = root.join("models/fraud v2");
    write(
        fraud.join("meta.yaml"),
        &format!(
            "creation_timestamp: {MADE}\ndescription: null\nlast_updated_timestamp: {MADE}\nname: fraud v2\n"
        ),
    );
    write(fraud.join("tags/k/a"), "v");
    write(fraud.join("aliases/champion"), "2");
    let meta = |source: &str, stage: &str| {
        format!(
            "creation_timestamp: {MADE}\ncurrent_stage: {stage}\ndescription: 'it''s: the best'\nname: fraud v2\nrun_id: {RUN}\nsource: {source}\nstatus: READY\nuser_id: ''\nversion: '1'\n"
        )
    };
    write(fraud.join("version-1/meta.yaml"), &meta("models:/m-1", "Staging"));
    write(fraud.join("version-2/meta.yaml"), &meta(&format!("runs:/{RUN}"), "None"));
    write(fraud.join("version-10/meta.yaml"), &meta("models:/m-../../x", "None"));
    write(fraud.join("version-11/meta.yaml"), "- not what mlflow writes");
    write(root.join("models/broken/meta.yaml"), "[");
    std::os::unix::fs::symlink("/etc", root.join("models/link")).unwrap();
    let report = run_folder(&place, &root);
    assert_eq!((report.totals.there, report.totals.brought, report.totals.failed), (3, 2, 1));
    finds(&report, "models:/broken", "not what MLflow writes");
    finds(&report, "models:/fraud v2/11", "not what MLflow writes");
    finds(&report, "models:/fraud v2/10", "a logged model");
    let version = place.registry.get_version("main.default.`fraud v2`", 1).unwrap();
    assert_eq!(version.comment.as_deref(), Some("it's: the best"));
    assert_eq!(version.params["opt/C"], Param::Float(0.5));
    assert_eq!(version.metrics, [("auc".to_owned(), 0.75)].into());
    assert_eq!(version.code_commit.as_deref(), Some("abc"));
    let before = place.registry.info().unwrap();
    run_folder(&place, &root);
    assert_eq!(place.registry.info().unwrap(), before);
}

fn run_folder(place: &Place, root: &Path) -> Report {
    // The files lie beside `mlruns`.
    let artifacts = Artifacts { root: None, within: vec![place.folder.path().into()] };
    let mut source = Folder::open(root).unwrap().with_artifacts(artifacts);
    run(&place.registry, &mut source, &Options::default())
}

#[test]
fn files_elsewhere_are_read_only_where_that_is_said() {
    let place = Place::new();
    let database = place.database();
    let elsewhere = tempfile::tempdir().unwrap();
    let elsewhere = elsewhere.path().canonicalize().unwrap();
    fs::write(elsewhere.join("passwd"), "root").unwrap();
    fs::create_dir(elsewhere.join("served")).unwrap();
    fs::write(elsewhere.join("served/x"), "x").unwrap();
    std::os::unix::fs::symlink(&elsewhere, place.path("link")).unwrap();
    let link = place.path("link/passwd").display().to_string();
    let passwd = elsewhere.join("passwd").display().to_string();
    for (name, at) in [("abs", &*passwd), ("link", &link), ("served", "mlflow-artifacts:/x")] {
        model(&database, name);
        version(&database, name, 1, at, "None");
    }
    let plan = from_database(&place, &Options::dry_run());
    assert_eq!((plan.totals.brought, plan.totals.failed), (0, 3));
    for name in ["abs", "link"] {
        let allow =
            format!("`--within FOLDER` or `within=[FOLDER]`, here `{}`", elsewhere.display());
        finds(&plan, &format!("models:/{name}/1"), &allow);
    }
    let with = |root: Option<PathBuf>, within: &[&Path]| {
        let within = within.iter().map(|it| it.to_path_buf()).collect();
        let source = Database::open(place.path("mlflow.db")).unwrap();
        let mut source = source.with_artifacts(Artifacts { root, within });
        run(&place.registry, &mut source, &Options::dry_run()).totals.brought
    };
    assert_eq!(with(Some(elsewhere.join("served")), &[]), 1);
    assert_eq!(with(None, &[&elsewhere]), 2);
    assert_eq!(with(None, &[Path::new("/")]), 2);
}

#[test]
fn what_looks_like_a_secret_stays_behind_and_its_version_comes() {
    let place = Place::new();
    let database = place.fraud();
    let token = format!("hf_{}", "aB3dE6gH9jK2mN5pQ8rS1tU4vW7xY0zA1b");
    database
        .execute_batch(&format!(
            "INSERT INTO params VALUES ('hub', 'login {token}', '{RUN}'), ('db_password', 'Xk3!ppQz91vLmw', '{RUN}');
             INSERT INTO model_version_tags VALUES ('hub', '{token}', 'fraud.eu', 2, 'default');
             INSERT INTO registered_model_tags VALUES ('api_key', 'zQ8x1Vb9Lk3Jh7Fd5', 'fraud.eu', 'default');"
        ))
        .unwrap();
    let plan = from_database(&place, &Options::dry_run());
    let report = from_database(&place, &Options::default());
    assert_eq!(plan.findings, report.findings);
    assert_eq!((report.totals.brought, report.totals.failed), (3, 0));
    finds(&plan, "models:/fraud.eu/2", "the parameter `hub` is left out");
    finds(&plan, "models:/fraud.eu/2", "the parameter `db_password` is left out");
    finds(&plan, "models:/fraud.eu/2", "the tag `hub` is left out");
    finds(&plan, "models:/fraud.eu", "the tag `api_key` is left out");
    assert!(!plan.to_string().contains(&token));
    let second = place.registry.get_version("main.default.`fraud.eu`", 2).unwrap();
    assert_eq!((second.params.len(), second.tags.len()), (3, 1));

    let into = Some("with.secrets".to_owned());
    let options = Options { allow_secrets: true, into, ..Options::default() };
    let report = from_database(&place, &options);
    assert_eq!((report.totals.brought, report.findings.len()), (3, 1));
    let second = place.registry.get_version("with.secrets.`fraud.eu`", 2).unwrap();
    assert_eq!((second.params.len(), second.tags.len()), (5, 2));
    assert_eq!(second.tags["hub"], token);
}

#[test]
fn a_view_in_the_place_of_a_table_of_places_is_not_run() {
    let place = Place::new();
    let database = place.database();
    database
        .execute_batch(
            "DROP TABLE logged_models;
             CREATE VIEW logged_models AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT 'm-1' AS model_id, 'q' AS artifact_location FROM n WHERE x < 0;",
        )
        .unwrap();
    model(&database, "m");
    version(&database, "m", 1, "models:/m-1", "None");
    let begun = std::time::Instant::now();
    let report = from_database(&place, &Options::dry_run());
    finds(&report, "models:/m/1", "a logged model");
    assert!(begun.elapsed() < std::time::Duration::from_secs(10));
}

#[test]
fn a_report_steers_no_terminal() {
    let place = Place::new();
    let database = place.database();
    model(&database, "e\u{1b}[31mX\n");
    version(&database, "e\u{1b}[31mX\n", 1, "/nowhere\u{9b}2J", "None");
    let text = from_database(&place, &Options::dry_run()).to_string();
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
    assert_eq!(text.lines().count(), 4, "{text}");
    let to = place.path("a\u{1b}[2J");
    let layout = halfback_mlflow::Layout::Files;
    let options = halfback_mlflow::ExportOptions::default();
    let view = place.registry.as_of(1).unwrap();
    let report = halfback_mlflow::export(&view, &to, layout, &options, &mut no_progress).unwrap();
    let text = report.to_string();
    assert!(text.contains(r"a\u{1b}[2J") && !text.contains('\u{1b}'), "{text:?}");
}

#[test]
fn a_model_that_was_made_anew_in_mlflow_is_another_one() {
    let place = Place::new();
    let database = place.fraud();
    from_database(&place, &Options::default());
    database.execute("UPDATE registered_models SET creation_time = creation_time + 1", []).unwrap();
    let report = from_database(&place, &Options::default());
    assert_eq!((report.totals.here, report.totals.failed), (0, 3));
    finds(&report, "models:/fraud.eu", "created at another time");
}

#[test]
fn files_that_change_between_storing_and_hashing_again_are_not_registered() {
    let place = Place::new();
    let database = place.database();
    model(&database, "m");
    let files = PathBuf::from(place.files("m"));
    version(&database, "m", 1, files.to_str().unwrap(), "None");
    let mut source = Database::open(place.path("mlflow.db")).unwrap();
    let mut calls = 0;
    let options = Options::default();
    let report = import(&place.registry, &mut source, &options, &mut |_| {
        calls += 1;
        // Whatever was stored, the source has one file more when it is hashed again.
        fs::write(files.join(format!("late-{calls}")), "late").unwrap();
        std::ops::ControlFlow::Continue(())
    });
    let report = report.unwrap();
    assert_eq!((report.totals.brought, report.totals.failed), (0, 1));
    finds(&report, "models:/m/1", "changed while they were brought");
    assert_eq!(place.registry.get_version("m", 1).unwrap_err().code(), "not_found");
}
