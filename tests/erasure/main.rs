//! Erasing: no byte of what was erased is left in any file, and what is missing without an erasure is
//! found.
#![expect(clippy::unwrap_used, reason = "a failed expectation is this file's way of failing")]

mod killed;
mod left;
mod repeated;

use std::path::Path;

use halfback::{
    AnyCommand, Bundle, Content, CreateModel, CreatePrincipal, Erasable, ListErasures, Log,
    Options, RegisterVersion, Registry, SetHold, UpdateModel, UpdateVersion, no_progress,
};

const SECRET: &str = "Zyx9Telephone";

/// The files below a folder that hold a text, whatever its case: words are folded.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let bytes = std::fs::read(entry.path()).unwrap().to_ascii_lowercase();
            let text = text.to_ascii_lowercase();
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(entry.path().display().to_string());
            }
        }
    }
    found
}

struct World {
    folder: tempfile::TempDir,
    registry: Registry,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { create: true, ..Options::default() };
        let registry = Registry::open_with(folder.path().join("a.hb"), options).unwrap();
        Self { folder, registry }
    }

    fn register(&self, text: &str) {
        let bytes = text.as_bytes().to_vec();
        let content = Content::Bytes { name: "model.bin".into(), bytes };
        let version = RegisterVersion { model: "fraud".into(), ..RegisterVersion::default() };
        self.registry.register_version(&content, version, &mut no_progress).unwrap();
    }

    /// A model whose comment of now and whose comment of before hold the secret, said once under an
    /// idempotency key.
    fn with_comment(comment: &str) -> Self {
        let world = Self::new();
        let create = CreateModel {
            name: "fraud".into(),
            comment: Some(comment.into()),
            ..CreateModel::default()
        };
        world.registry.transact(vec![create.into()], Some("key")).unwrap();
        // So many that pages split, and what was freed is used again.
        for number in 0..200 {
            world.registry.set_tag("fraud", &format!("k{number}"), "value").unwrap();
        }
        let comment = Some(format!("{comment} {SECRET}2"));
        let update = UpdateModel { name: "fraud".into(), comment, ..UpdateModel::default() };
        world.registry.update_model(update).unwrap();
        world.register("weights");
        world
    }

    #[track_caller]
    fn is_sound(&self) {
        let findings = self.registry.check().unwrap().findings;
        assert!(findings.is_empty(), "{findings:?}");
        self.registry.verify_log().unwrap();
    }

    #[track_caller]
    fn is_clean(&self, text: &str) {
        assert_eq!(holding(self.folder.path(), text), Vec::<String>::new());
    }
}

#[test]
fn no_byte_of_an_erased_comment_is_left() {
    let world = World::with_comment(&format!("call {SECRET}1"));
    let path = world.folder.path().join("a.hb");
    let comment = Some(format!("{SECRET}3"));
    let version = UpdateVersion {
        version: "fraud/1".into(),
        comment,
        stage: None,
        expect_revision: None,
        allow_secrets: false,
    };
    world.registry.update_version(version).unwrap();
    assert!(!holding(&path, SECRET).is_empty());
    let early = tempfile::tempdir().unwrap();
    let backup = early.path().join("backup");
    world.registry.backup(&backup, false, &mut no_progress).unwrap();
    assert!(!holding(&backup, SECRET).is_empty());
    let bundle = early.path().join("fraud.hbb");
    world.registry.bundle("fraud/1", &bundle, false, &mut no_progress).unwrap();
    assert!(holding(early.path(), SECRET).contains(&bundle.display().to_string()));

    let erased = world.registry.erase(Erasable::Texts, "fraud", "a number").unwrap();
    assert_eq!((erased.texts, erased.payloads, erased.wiped), (2, 2, true));
    let erased = world.registry.erase(Erasable::Texts, "fraud/1", "a number").unwrap();
    assert_eq!((erased.texts, erased.payloads, erased.wiped), (1, 1, true));
    world.is_clean(SECRET);
    world.is_sound();
    assert_eq!(world.registry.get_model("fraud").unwrap().comment, None);
    let search = format!("MATCH '{SECRET}1'");
    let found = world.registry.search_models(search.as_str()).map(|page| page.items.len());
    assert_eq!(found.unwrap(), 0);

    // The next backup into the same folder lets go of it too, and later bundles have none of it.
    world.registry.backup(&backup, false, &mut no_progress).unwrap();
    assert_eq!(holding(&backup, SECRET), Vec::<String>::new());
    world.registry.bundle("fraud/1", &bundle, true, &mut no_progress).unwrap();
    Bundle::open(&bundle).unwrap();
    assert_eq!(holding(early.path(), SECRET), Vec::<String>::new());

    // What the key stands for is not done again, nor told.
    let comment = Some(format!("call {SECRET}1"));
    let again = CreateModel { name: "fraud".into(), comment, ..CreateModel::default() };
    let error = world.registry.transact(vec![again.into()], Some("key")).unwrap_err();
    assert_eq!(error.code(), "idempotency_conflict");

    // A second time there is nothing to do, and no commit.
    let before = world.registry.info().unwrap().commit;
    let again = world.registry.erase(Erasable::Texts, "fraud", "a number").unwrap();
    assert_eq!((again.texts, again.payloads, again.wiped), (0, 0, true));
    assert_eq!(world.registry.info().unwrap().commit, before);
}

#[test]
fn names_go_wherever_a_command_says_them() {
    let world = World::new();
    let name = format!("{SECRET} Lovelace");
    let principal = world
        .registry
        .execute(CreatePrincipal { name: name.clone(), os_user: Some(77), ..Default::default() })
        .unwrap();
    let id = principal.id.unwrap();
    world.registry.grant("Consumer", "registry:/", &name).unwrap();
    let erase = |target: &str| world.registry.erase(Erasable::Names, target, "asked by the person");
    assert_eq!(erase(&name).unwrap_err().code(), "invalid_argument");
    assert_eq!(erase(&id).unwrap_err().code(), "in_use");
    assert_eq!(erase("p999").unwrap_err().code(), "not_found");
    let own = world.registry.whoami().unwrap().id.unwrap();
    assert_eq!(erase(&own).unwrap_err().code(), "in_use");
    world.registry.delete_principal(&name).unwrap();

    let erased = erase(&id).unwrap();
    // Made known, granted to, deleted.
    assert_eq!((erased.names, erased.payloads, erased.wiped), (1, 3, true));
    world.is_clean(SECRET);
    world.is_sound();
    // Somebody of that name is somebody else.
    let next = world.registry.create_user(&name, Some(77)).unwrap();
    assert_ne!(next.id, Some(id));
}

#[test]
fn commands_go_and_those_that_say_why_stay() {
    let world = World::with_comment(SECRET);
    let commit = world.registry.log(Log::default()).unwrap().items.last().unwrap().commit + 1;
    let erased = world.registry.erase(Erasable::Payload, &commit.to_string(), "wrong").unwrap();
    assert_eq!((erased.payloads, erased.texts), (1, 0));
    let head = world.registry.info().unwrap().commit;
    let log = world.registry.log(Log::default()).unwrap().items;
    let entry = log.iter().find(|entry| entry.commit == commit).unwrap();
    assert!(entry.payload.is_none() && entry.summary.ends_with("(erased)"), "{entry:?}");
    let erase = |target: &str| world.registry.erase(Erasable::Payload, target, "why");
    assert_eq!(erase(&head.to_string()).unwrap_err().code(), "protected");
    assert_eq!(erase("4711").unwrap_err().code(), "not_found");
    assert_eq!(
        world.registry.erase(Erasable::Payload, "1", "  ").unwrap_err().code(),
        "invalid_argument"
    );
    let listed = world.registry.list_erasures(ListErasures::default()).unwrap().items;
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].kind.as_str(), listed[0].target), ("payload", commit));
    assert_eq!((listed[0].reason.as_str(), listed[0].commit), ("wrong", head));
    // All that is about the model.
    assert!(erase("fraud").unwrap().payloads > 200);
    world.is_sound();
}

#[test]
fn what_is_held_stays() {
    let world = World::with_comment(SECRET);
    let refused = |result: halfback::Result<halfback::Erased>| {
        let error = result.unwrap_err();
        assert_eq!(error.code(), "protected");
        assert!(error.to_string().contains("suit 12"), "{error}");
    };
    for held in ["schemas:/main.default", "registry:/", "fraud"] {
        world.registry.set_hold(held, "suit 12").unwrap();
        refused(world.registry.erase(Erasable::Texts, "fraud", "why"));
        refused(world.registry.erase(Erasable::Payload, "fraud", "why"));
        refused(world.registry.purge_version("fraud/1", "why"));
        world.registry.release_hold(held).unwrap();
        assert_eq!(world.registry.release_hold(held).unwrap_err().code(), "not_found");
    }
    world.registry.set_hold("fraud/1", "suit 12").unwrap();
    world.registry.delete_version("fraud/1").unwrap();
    assert_eq!(world.registry.purge(std::time::Duration::ZERO, false).unwrap().versions, 0);
    world.registry.release_hold("fraud/1").unwrap();
    assert_eq!(world.registry.purge(std::time::Duration::ZERO, false).unwrap().versions, 1);
    world.is_sound();
    let hold: AnyCommand = SetHold { target: "fraud".into(), reason: String::new() }.into();
    assert_eq!(world.registry.transact(vec![hold], None).unwrap_err().code(), "invalid_argument");
}

#[test]
fn the_content_of_a_living_version_goes_at_once() {
    let world = World::with_comment("plain");
    world.register(SECRET);
    world.register(SECRET);
    let purge = |version: &str| world.registry.purge_version(version, "no licence");
    assert_eq!(purge("fraud/2").unwrap_err().code(), "in_use");
    world.registry.delete_version("fraud/3").unwrap();
    world.registry.purge(std::time::Duration::ZERO, false).unwrap();
    assert_eq!(purge("fraud/2").unwrap_err().code(), "in_use");
    purge("fraud/1").unwrap();
    let error = world.registry.get_artifact("fraud/1").unwrap_err();
    assert!(error.to_string().contains("was purged at"), "{error}");
    assert_eq!(world.registry.get_version("fraud", 1).unwrap().number, 1);
    let path = world.folder.path().join("a.hb");
    assert_eq!(holding(&path.join("artifacts"), "weights"), Vec::<String>::new());
    world.is_sound();
}

#[test]
fn features_stay_as_the_signature_does() {
    let world = World::with_comment("plain");
    let content = Content::Bytes { name: "m".into(), bytes: b"weights".to_vec() };
    let signature = serde_json::json!({"inputs": [{"name": "age", "type": "long"}]});
    let version = RegisterVersion {
        model: "fraud".into(),
        comment: Some(SECRET.into()),
        signature: signature.as_object().cloned(),
        ..RegisterVersion::default()
    };
    let version = world.registry.register_version(&content, version, &mut no_progress).unwrap();
    world.registry.erase(Erasable::Texts, &version.uri, "a number").unwrap();
    world.registry.erase(Erasable::Payload, &version.uri, "a number").unwrap();
    world.registry.delete_version(&version).unwrap();
    world.registry.purge_version(&version.pin, "no licence").unwrap();
    let past = world.registry.as_of(version.revision).unwrap();
    for (view, found) in [(&past, 1), (&*world.registry, 0)] {
        let page = view.search_versions("feature = 'age'").unwrap();
        assert_eq!(page.items.len(), found);
    }
    world.is_sound();
}

#[test]
fn what_is_missing_without_an_erasure_is_found() {
    for (table, what) in [("payload", "payload"), ("text", "text"), ("principal_name", "names")] {
        let world = World::with_comment(SECRET);
        let database = world.folder.path().join("a.hb/registry.db");
        let connection = rusqlite::Connection::open(database).unwrap();
        connection.execute(&format!("DELETE FROM {table}"), []).unwrap();
        drop(connection);
        let findings = world.registry.check().unwrap().findings;
        let found = |finding: &halfback::Finding| {
            finding.code == "missing" && finding.message.contains(&format!("its {what} is missing"))
        };
        assert!(findings.iter().any(found), "{table}: {findings:?}");
    }
}

#[test]
fn what_was_erased_does_not_come_back() {
    let world = World::with_comment(SECRET);
    let database = world.folder.path().join("a.hb/registry.db");
    let connection = rusqlite::Connection::open(database).unwrap();
    connection.execute_batch("CREATE TEMP TABLE kept AS SELECT * FROM text").unwrap();
    world.registry.erase(Erasable::Texts, "fraud", "why").unwrap();
    connection.execute_batch("INSERT OR IGNORE INTO text SELECT * FROM kept").unwrap();
    drop(connection);
    let findings = world.registry.check().unwrap().findings;
    assert!(findings.iter().any(|finding| finding.code == "erasure"), "{findings:?}");
}
