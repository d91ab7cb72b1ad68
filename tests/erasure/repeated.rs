//! What was erased is erased again in a registry that is restored from a backup of before.

use std::path::{Path, PathBuf};
use std::time::Duration;

use halfback::{
    CreatePrincipal, Erasable, Grant, ListErasures, Options, Registry, RestoreOptions,
    TokenOptions, UpdateModel, no_progress, restore, restore_with,
};

use super::{SECRET, World, holding};

/// The entries of all erasures.
fn entries(registry: &Registry) -> Vec<String> {
    let erasures = registry.list_erasures(ListErasures::default()).unwrap().items;
    erasures.into_iter().map(|erasure| erasure.entry).collect()
}

impl World {
    fn backup(&self) -> PathBuf {
        let backup = self.folder.path().join("backup");
        self.registry.backup(&backup, false, &mut no_progress).unwrap();
        backup
    }

    /// Restores the backup with the erasures of a folder or file.
    fn restore(
        &self,
        name: &str,
        erasures: &Path,
    ) -> halfback::Result<(Registry, halfback::Restored)> {
        let options = RestoreOptions { erasures: Some(erasures.to_owned()) };
        let to = self.folder.path().join(name);
        let restored =
            restore_with(self.folder.path().join("backup"), &to, &options, &mut no_progress)?;
        Ok((Registry::open(to)?, restored))
    }
}

#[test]
fn a_restored_registry_erases_again() {
    let world = World::with_comment(&format!("call {SECRET}1"));
    world.register("more weights");
    let path = world.folder.path().join("a.hb");
    let backup = world.folder.path().join("backup");
    world.registry.backup(&backup, false, &mut no_progress).unwrap();
    world.registry.erase(Erasable::Texts, "fraud", "a number").unwrap();
    world.registry.purge_version("fraud/2", "no licence").unwrap();
    let erasures = world.registry.list_erasures(ListErasures::default()).unwrap().items;
    let erasures: Vec<String> = erasures.into_iter().map(|erasure| erasure.entry).collect();
    assert_eq!(erasures.len(), 5);
    assert_eq!(holding(&path, SECRET), Vec::<String>::new());

    let again = world.folder.path().join("again.hb");
    restore(&backup, &again, &mut no_progress).unwrap();
    let restored = Registry::open(&again).unwrap();
    let done = restored.repeat_erasures(erasures.clone()).unwrap();
    assert_eq!((done.texts, done.payloads, done.contents, done.wiped), (2, 2, 1, true));
    assert_eq!(holding(&again, SECRET), Vec::<String>::new());
    assert_eq!(holding(&again.join("artifacts"), "more weights"), Vec::<String>::new());
    assert!(restored.check().unwrap().findings.is_empty());
    let commit = restored.info().unwrap().commit;
    restored.repeat_erasures(erasures).unwrap();
    assert_eq!(restored.info().unwrap().commit, commit);
}

#[test]
fn restoring_repeats_the_erasures_of_the_registry_that_is_there_still() {
    let world = World::with_comment(&format!("call {SECRET}1"));
    world.register("more weights");
    world.backup();
    let path = world.folder.path().join("a.hb");
    world.registry.erase(Erasable::Texts, "fraud", "a number").unwrap();
    world.registry.purge_version("fraud/2", "no licence").unwrap();

    let (again, restored) = world.restore("again.hb", &path).unwrap();
    let erased = restored.erased.unwrap();
    assert_eq!((erased.texts, erased.payloads, erased.contents), (2, 2, 1));
    assert!(erased.wiped && erased.refused.is_empty(), "{erased:?}");
    assert_eq!(restored.commit, again.info().unwrap().commit);
    assert_eq!(restored.root, again.info().unwrap().root);
    let folder = world.folder.path().join("again.hb");
    assert_eq!(holding(&folder, SECRET), Vec::<String>::new());
    assert_eq!(holding(&folder.join("artifacts"), "more weights"), Vec::<String>::new());
    assert!(again.check().unwrap().findings.is_empty());
    again.verify_log().unwrap();
    let last = again.history("fraud").unwrap().items.remove(0);
    assert_eq!(last.commands, ["repeat_erasures"]);

    // From a later backup, and from a file of lines or of records.
    let later = world.folder.path().join("later");
    world.registry.backup(&later, false, &mut no_progress).unwrap();
    let lines = world.folder.path().join("lines");
    std::fs::write(&lines, entries(&world.registry).join("\n")).unwrap();
    let records = world.folder.path().join("records");
    let listed = world.registry.list_erasures(ListErasures::default()).unwrap().items;
    let listed: Vec<_> = listed.iter().map(|it| serde_json::to_string(it).unwrap()).collect();
    std::fs::write(&records, listed.join("\n\n")).unwrap();
    for (name, from) in [("b.hb", &later), ("c.hb", &lines), ("d.hb", &records)] {
        let (_, restored) = world.restore(name, from).unwrap();
        assert_eq!(restored.erased.unwrap().texts, 2, "{name}");
        assert_eq!(holding(&world.folder.path().join(name), SECRET), Vec::<String>::new());
    }
}

#[test]
fn restoring_says_that_no_erasures_were_given_and_refuses_those_of_others() {
    let world = World::with_comment(SECRET);
    let backup = world.backup();
    let plain = world.folder.path().join("plain.hb");
    let restored = restore(&backup, &plain, &mut no_progress).unwrap();
    assert_eq!(restored.erased, None);
    assert!(!holding(&plain, SECRET).is_empty());

    let other = World::with_comment(SECRET);
    other.registry.erase(Erasable::Texts, "fraud", "why").unwrap();
    let error = world.restore("x.hb", other.registry.path()).unwrap_err();
    assert_eq!(error.code(), "conflict");
    let file = world.folder.path().join("file");
    std::fs::write(&file, "{}\n").unwrap();
    assert_eq!(world.restore("x.hb", &file).unwrap_err().code(), "invalid_argument");
    let absent = world.folder.path().join("absent");
    assert_eq!(world.restore("x.hb", &absent).unwrap_err().code(), "not_found");
    assert!(!world.folder.path().join("x.hb").exists());
    // None at all is a list too.
    std::fs::write(&file, "").unwrap();
    let (_, restored) = world.restore("y.hb", &file).unwrap();
    assert!(restored.erased.is_some_and(|erased| erased.texts == 0));
}

#[test]
fn who_restores_needs_no_right_in_what_is_restored() {
    let world = World::with_comment(SECRET);
    let other = CreatePrincipal { name: "ana".into(), os_user: Some(4711), ..Default::default() };
    world.registry.execute(other).unwrap();
    world.registry.grant("Steward", "registry:/", "ana").unwrap();
    let own = world.registry.whoami().unwrap().id.unwrap();
    let token = world.registry.create_token("ana", TokenOptions::default()).unwrap().token;
    let path = world.registry.path();
    let ana = Registry::open_with_token(path, Options::default(), &token).unwrap();
    ana.revoke("Steward", "registry:/", &own).unwrap();
    ana.backup(world.folder.path().join("backup"), false, &mut no_progress).unwrap();
    ana.erase(Erasable::Texts, "fraud", "why").unwrap();
    let (again, restored) = world.restore("again.hb", path).unwrap();
    assert_eq!(restored.erased.unwrap().texts, 2);
    assert_eq!(holding(again.path(), SECRET), Vec::<String>::new());
    let repeated = again.repeat_erasures(Vec::new()).unwrap_err();
    assert_eq!(repeated.code(), "permission_denied");
}

#[test]
fn one_that_lives_in_the_backup_is_ended_and_one_that_is_needed_keeps_no_other() {
    let world = World::with_comment(&format!("call {SECRET}1"));
    let create = |name: &str, uid: u32| {
        let create =
            CreatePrincipal { name: name.into(), os_user: Some(uid), ..Default::default() };
        world.registry.execute(create).unwrap().id.unwrap()
    };
    let (ada, eve) = (create("Ada Q. Lovelace", 77), create("Eve Q. Moneypenny", 78));
    world.registry.grant("Consumer", "registry:/", &ada).unwrap();
    let owner = |owner: &str| UpdateModel {
        name: "fraud".into(),
        owner: Some(owner.into()),
        ..UpdateModel::default()
    };
    let own = world.registry.whoami().unwrap().id.unwrap();
    world.registry.update_model(owner(&eve)).unwrap();
    world.backup();
    world.registry.update_model(owner(&own)).unwrap();
    for (id, why) in [(&ada, "asked"), (&eve, "asked")] {
        world.registry.delete_principal(id).unwrap();
        world.registry.erase(Erasable::Names, id, why).unwrap();
    }
    world.registry.erase(Erasable::Texts, "fraud", "a number").unwrap();

    let (again, restored) = world.restore("again.hb", world.registry.path()).unwrap();
    let erased = restored.erased.unwrap();
    assert_eq!((erased.names, erased.texts), (1, 2));
    let [refused] = &erased.refused[..] else { panic!("{:?}", erased.refused) };
    assert_eq!(refused.code, "in_use");
    assert!(refused.message.contains("owns something"), "{}", refused.message);
    let folder = world.folder.path().join("again.hb");
    assert_eq!(holding(&folder, "Ada Q. Lovelace"), Vec::<String>::new());
    assert_eq!(holding(&folder, SECRET), Vec::<String>::new());
    assert!(again.check().unwrap().findings.is_empty());
    // Once that is seen to, the entry is repeated by itself.
    again.update_model(owner(&own)).unwrap();
    let done = again.repeat_erasures(vec![refused.entry.clone()]).unwrap();
    assert_eq!((done.names, done.refused.len()), (1, 0));
    assert_eq!(holding(&folder, "Eve Q. Moneypenny"), Vec::<String>::new());
}

#[test]
fn the_last_steward_of_the_backup_stays() {
    let world = World::with_comment(SECRET);
    let own = world.registry.whoami().unwrap();
    world.backup();
    let line = world.registry.execute(Grant {
        what: "Consumer".into(),
        on: "registry:/".into(),
        to: "everyone".into(),
        ..Grant::default()
    });
    line.unwrap();
    let database = rusqlite::Connection::open(world.registry.path().join("registry.db")).unwrap();
    let id: i64 = own.id.as_ref().unwrap()[1..].parse().unwrap();
    let hex: String = database
        .query_row("SELECT lower(hex(identity)) FROM principal WHERE id = ?1", [id], |row| {
            row.get(0)
        })
        .unwrap();
    let entry = format!(r#"{{"kind":"names","target":{id},"digest":"{hex}","reason":"asked"}}"#);
    let file = world.folder.path().join("file");
    std::fs::write(&file, entry).unwrap();
    let (again, restored) = world.restore("again.hb", &file).unwrap();
    let refused = restored.erased.unwrap().refused.remove(0);
    assert!(refused.message.contains("owns something") || refused.message.contains("last steward"));
    assert_eq!(again.whoami().unwrap().id, own.id);
}

#[test]
fn an_entry_made_by_hand_erases_nothing_that_stays() {
    let world = World::with_comment("plain");
    world.registry.set_hold("schemas:/main.default", "suit 12").unwrap();
    world.registry.release_hold("schemas:/main.default").unwrap();
    let database = rusqlite::Connection::open(world.registry.path().join("registry.db")).unwrap();
    let commit = world.registry.info().unwrap().commit;
    let header: Vec<u8> = database
        .query_row("SELECT header FROM log WHERE n = ?1", [commit], |row| row.get(0))
        .unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    let payload = header["payload"].as_str().unwrap();
    let said =
        format!(r#"{{"kind":"payload","target":{commit},"digest":"{payload}","reason":"x"}}"#);
    let version = world.registry.get_version("fraud", 1).unwrap();
    let (id, digest) = (version.id, &version.digest["sha256:".len()..]);
    let content = format!(r#"{{"kind":"content","target":{id},"digest":"{digest}","reason":"x"}}"#);
    world.registry.set_retention(Duration::from_secs(3600)).unwrap();

    let done = world.registry.repeat_erasures(vec![said, content.clone()]).unwrap();
    let codes: Vec<&str> = done.refused.iter().map(|refused| refused.code.as_str()).collect();
    assert_eq!(codes, ["protected", "protected"]);
    assert_eq!((done.payloads, done.contents), (0, 0));
    world.registry.get_artifact("fraud/1").unwrap();
    world.registry.set_retention(Duration::ZERO).unwrap();
    let done = world.registry.repeat_erasures(vec![content]).unwrap();
    assert_eq!(done.contents, 1);
}

#[test]
fn a_content_goes_again_with_all_versions_that_named_it() {
    let world = World::with_comment("plain");
    world.register("weights");
    world.backup();
    let digest = world.registry.get_version("fraud", 1).unwrap().digest;
    world.registry.purge_artifact("main", &digest, "no licence").unwrap();
    let (again, restored) = world.restore("again.hb", world.registry.path()).unwrap();
    let erased = restored.erased.unwrap();
    assert_eq!((erased.contents, erased.refused.len(), erased.wiped), (2, 0, true));
    assert_eq!(holding(again.path(), "weights"), Vec::<String>::new());
    assert!(again.check().unwrap().findings.is_empty());
}
