//! What an erasure says is left of it is true, and what holds, signatures and examples make of it.

use std::time::Duration;

use halfback::{
    AnyCommand, Content, CopyOptions, CreateModel, Erasable, Example, ModelKey, Options,
    PurgeVersion, RegisterVersion, Registry, RenameModel, SetHold, SweepOptions, TokenOptions,
    UpdateVersion, no_progress,
};

use super::{SECRET, World, holding};

fn content(text: &str) -> Content {
    Content::Bytes { name: "model.bin".into(), bytes: text.as_bytes().to_vec() }
}

fn purge(version: &str) -> PurgeVersion {
    PurgeVersion { version: version.into(), reason: "no licence".into() }
}

#[test]
fn what_a_killed_purge_left_goes_with_the_next_one() {
    let world = World::with_comment("plain");
    let artifacts = world.registry.path().join("artifacts");
    // The command alone, as of a process that was killed after its commit.
    world.registry.execute(purge("fraud/1")).unwrap();
    assert!(!holding(&artifacts, "weights").is_empty());
    let again = world.registry.purge_version("fraud/1", "no licence").unwrap();
    assert_eq!((again.contents, again.wiped), (0, true));
    assert_eq!(holding(&artifacts, "weights"), Vec::<String>::new());
}

#[test]
fn what_was_put_again_or_cannot_be_told_is_not_said_to_be_gone() {
    let world = World::with_comment("plain");
    let artifacts = world.registry.path().join("artifacts");
    world.registry.delete_version("fraud/1").unwrap();
    world.registry.put_artifact("fraud", &content("weights"), &mut no_progress).unwrap();
    let purged = world.registry.execute(purge("fraud/1")).map(|done| done.contents);
    assert_eq!(purged.unwrap(), 1);
    assert!(!world.registry.purge_version("fraud/1", "no licence").unwrap().wiped);
    assert!(!holding(&artifacts, "weights").is_empty());
    world.registry.sweep(SweepOptions { grace: Duration::ZERO, dry_run: false }).unwrap();
    assert!(world.registry.purge_version("fraud/1", "no licence").unwrap().wiped);

    world.register("other");
    let digest = world.registry.get_version("fraud", 2).unwrap().digest;
    let hash = digest.strip_prefix("sha256:").unwrap();
    let mut lists = Vec::new();
    for catalog in std::fs::read_dir(&artifacts).unwrap() {
        let list = catalog.unwrap().path().join("sha256").join(&hash[..2]).join(&hash[2..]);
        lists.extend(list.exists().then_some(list));
    }
    std::fs::remove_file(&lists[0]).unwrap();
    std::fs::write(&lists[0], "altered").unwrap();
    assert!(!world.registry.purge_version("fraud/2", "no licence").unwrap().wiped);
}

#[test]
fn a_backup_that_somebody_reads_says_what_it_could_not_clean() {
    let world = World::with_comment("plain");
    let backup = world.folder.path().join("backup");
    assert!(world.registry.backup(&backup, false, &mut no_progress).unwrap().cleaned);
    world.registry.purge_version("fraud/1", "no licence").unwrap();
    let reader =
        Registry::open_with(&backup, Options { read_only: true, ..Options::default() }).unwrap();
    let mut cleaned = Vec::new();
    let to = world.folder.path().join("fraud.hbz");
    let read = reader.bundle("fraud/1", &to, false, &mut |_| {
        let done = world.registry.backup(&backup, false, &mut no_progress).unwrap();
        cleaned.push(done.cleaned);
        std::ops::ControlFlow::Break(())
    });
    read.unwrap_err();
    assert_eq!(cleaned, [false]);
    assert!(!holding(&backup, "weights").is_empty());
    assert!(world.registry.backup(&backup, false, &mut no_progress).unwrap().cleaned);
    assert_eq!(holding(&backup, "weights"), Vec::<String>::new());
}

#[test]
fn nothing_leaves_a_hold_by_a_new_name() {
    let world = World::with_comment("plain");
    world.registry.create_schema("main.open").unwrap();
    let rename = |to: &str| {
        world.registry.execute(RenameModel {
            name: "fraud".into(),
            new_name: to.into(),
            expect_revision: None,
        })
    };
    world.registry.set_hold("schemas:/main.default", "suit 12").unwrap();
    let error = rename("main.open.fraud").unwrap_err();
    assert_eq!(error.code(), "protected");
    assert!(error.to_string().contains("suit 12"), "{error}");
    rename("scoring").unwrap();
    world.registry.release_hold("schemas:/main.default").unwrap();
    // What is held further up, or itself, is held there too.
    world.registry.set_hold("catalogs:/main", "suit 12").unwrap();
    world
        .registry
        .execute(RenameModel {
            name: "scoring".into(),
            new_name: "main.open.fraud".into(),
            expect_revision: None,
        })
        .unwrap();
    let error = world.registry.purge_version("main.open.fraud/1", "why").unwrap_err();
    assert_eq!(error.code(), "protected");
}

#[test]
fn what_stays_is_not_said_in_one_commit_with_what_may_have_to_go() {
    let world = World::with_comment("plain");
    let said = CreateModel { name: "x".into(), comment: Some(SECRET.into()), ..Default::default() };
    let hold: AnyCommand = SetHold { target: "fraud".into(), reason: "suit 12".into() }.into();
    let error = world.registry.transact(vec![said.into(), hold.clone()], None).unwrap_err();
    assert_eq!(error.code(), "invalid_argument");
    world.registry.transact(vec![hold.clone(), hold], None).unwrap();
}

#[test]
fn records_of_before_are_not_served() {
    let world = World::with_comment("plain");
    let comment = Some(SECRET.into());
    let update = UpdateVersion {
        version: "fraud/1".into(),
        comment,
        stage: None,
        expect_revision: None,
        allow_secrets: false,
    };
    world.registry.update_version(update).unwrap();
    let revision = || {
        let of_version = world.registry.get_version("fraud", 1).unwrap();
        assert_eq!(world.registry.resolve("fraud/1").unwrap().revision, of_version.revision);
        assert_eq!(of_version.revision, world.registry.info().unwrap().commit);
        of_version.comment
    };
    world.registry.erase(Erasable::Payload, "fraud/1", "why").unwrap();
    assert_eq!(revision().as_deref(), Some(SECRET));
    world.registry.erase(Erasable::Texts, "fraud/1", "why").unwrap();
    assert_eq!(revision(), None);
    world.registry.set_hold("fraud/1", "suit 12").unwrap();
    revision();
    world.registry.release_hold("fraud/1").unwrap();
    revision();
    world.registry.purge_version("fraud/1", "why").unwrap();
    revision();
}

#[test]
fn a_version_without_its_example_goes_on_its_way() {
    let world = World::new();
    world.registry.create_model("fraud").unwrap();
    let example = Example { columns: None, rows: vec![serde_json::json!([SECRET])], outputs: None };
    let version = RegisterVersion {
        model: "fraud".into(),
        example: Some(example),
        ..RegisterVersion::default()
    };
    world.registry.register_version(&content("weights"), version, &mut no_progress).unwrap();
    assert!(world.registry.get_version("fraud", 1).unwrap().has_example);
    world.registry.erase(Erasable::Texts, "fraud/1", "a telephone number").unwrap();
    assert!(!world.registry.get_version("fraud", 1).unwrap().has_example);
    let bundle = world.folder.path().join("fraud.hbz");
    world.registry.bundle("fraud/1", &bundle, false, &mut no_progress).unwrap();
    let bundle = halfback::Bundle::open(bundle).unwrap();
    bundle.verify(&mut no_progress).unwrap();
    world.registry.create_model("copy").unwrap();
    let options = CopyOptions { model: Some("copy".into()), ..CopyOptions::default() };
    world.registry.copy_version("fraud/1", &world.registry, options, &mut no_progress).unwrap();
    world.is_clean(SECRET);
    world.is_sound();
}

#[test]
fn comments_of_tokens_go_with_the_names_and_by_themselves() {
    let world = World::new();
    let ada = world.registry.create_user("ada", Some(77)).unwrap().id.unwrap();
    let comment = |text: &str| TokenOptions { comment: Some(text.into()), ..Default::default() };
    let token = world.registry.create_token(&ada, comment(&format!("{SECRET}1"))).unwrap();
    world.registry.create_token(&ada, comment(&format!("{SECRET}2"))).unwrap();
    let erased = world.registry.erase(Erasable::Texts, &token.record.id, "a number").unwrap();
    assert_eq!((erased.texts, erased.payloads), (1, 1));
    world.is_clean(&format!("{SECRET}1"));
    assert!(!holding(world.folder.path(), &format!("{SECRET}2")).is_empty());
    world.registry.delete_principal(&ada).unwrap();
    let erased = world.registry.erase(Erasable::Names, &ada, "asked").unwrap();
    assert_eq!((erased.names, erased.texts), (1, 1));
    world.is_clean(SECRET);
    world.is_sound();
}

#[test]
fn a_purged_version_is_purged_whoever_had_to_sign_it() {
    let world = World::with_comment("plain");
    let key = ModelKey::generate().unwrap();
    world.registry.sign_version("fraud/1", &key).unwrap();
    world.registry.set_signing_keys("main", [key.public_key().to_pem()]).unwrap();
    world.registry.create_user("ben", Some(77)).unwrap();
    world.registry.grant("Consumer", "registry:/", "ben").unwrap();
    let token = world.registry.create_token("ben", TokenOptions::default()).unwrap().token;
    let path = world.registry.path();
    let ben = Registry::open_with_token(path, Options::default(), &token).unwrap();
    ben.get_artifact("fraud/1").unwrap();
    world.registry.purge_version("fraud/1", "no licence").unwrap();
    for (who, registry) in [("steward", &world.registry), ("ben", &ben)] {
        let error = registry.get_artifact("fraud/1").unwrap_err();
        assert_eq!(error.code(), "not_found", "{who}: {error}");
        let error = registry.file_path("fraud/1", None).unwrap_err();
        assert!(error.to_string().contains("was purged at"), "{who}: {error}");
    }
    let explained = ben.explain("EXECUTE", "fraud/1").unwrap();
    assert!(explained.text.contains("was purged at"), "{}", explained.text);
}

#[test]
fn a_content_goes_with_all_versions_that_name_it_unless_one_has_to_stay() {
    let world = World::with_comment("plain");
    world.register("weights");
    world.registry.create_model("other").unwrap();
    let version = RegisterVersion { model: "other".into(), ..RegisterVersion::default() };
    world.registry.register_version(&content("weights"), version, &mut no_progress).unwrap();
    world.registry.delete_version("fraud/2").unwrap();
    let digest = world.registry.get_version("fraud", 1).unwrap().digest;
    let purge = |registry: &Registry| registry.purge_artifact("main", &digest, "no licence");

    // One who manages the catalog, but neither manages nor sees all that is in it.
    world.registry.create_user("ben", Some(77)).unwrap();
    world.registry.grant("MANAGE", "catalogs:/main", "ben").unwrap();
    for needed in ["BROWSE", "USE CATALOG", "USE SCHEMA"] {
        world.registry.grant(needed, "catalogs:/main", "ben").unwrap();
    }
    let token = world.registry.create_token("ben", TokenOptions::default()).unwrap().token;
    let path = world.registry.path();
    let ben = Registry::open_with_token(path, Options::default(), &token).unwrap();
    world.registry.deny("MANAGE", "other", "ben").unwrap();
    let error = purge(&ben).unwrap_err();
    assert_eq!(error.code(), "permission_denied");
    assert!(error.to_string().contains("MANAGE"), "{error}");
    world.registry.deny("BROWSE", "other", "ben").unwrap();
    let error = purge(&ben).unwrap_err();
    assert_eq!(error.code(), "permission_denied");
    assert!(error.to_string().contains("you may not see"), "{error}");
    let named = ["other", "pin:"].iter().any(|name| error.to_string().contains(name));
    assert!(!named, "{error}");

    world.registry.set_hold("other", "suit 12").unwrap();
    assert_eq!(purge(&world.registry).unwrap_err().code(), "protected");
    world.registry.release_hold("other").unwrap();
    world.registry.set_retention(Duration::from_secs(3600)).unwrap();
    assert_eq!(purge(&world.registry).unwrap_err().code(), "protected");
    world.registry.set_retention(Duration::ZERO).unwrap();
    let absent = format!("sha256:{}", "0".repeat(64));
    let error = world.registry.purge_artifact("main", &absent, "why").unwrap_err();
    assert_eq!(error.code(), "not_found");
    assert!(!holding(&path.join("artifacts"), "weights").is_empty());

    let done = purge(&world.registry).unwrap();
    assert_eq!((done.contents, done.wiped), (3, true));
    assert_eq!(holding(&path.join("artifacts"), "weights"), Vec::<String>::new());
    assert_eq!(purge(&world.registry).unwrap_err().code(), "not_found");
    world.is_sound();
}

#[test]
fn signatures_travel_with_the_files() {
    let world = World::with_comment("plain");
    let (key, other) = (ModelKey::generate().unwrap(), ModelKey::generate().unwrap());
    let [public, other] = [&key, &other].map(|key| key.public_key().to_pem().to_owned());
    world.registry.sign_version("fraud/1", &key).unwrap();
    let path = world.folder.path().join("fraud.hbz");
    world.registry.bundle("fraud/1", &path, false, &mut no_progress).unwrap();
    let bundle = halfback::Bundle::open(&path).unwrap();
    assert_eq!(bundle.signatures().len(), 1);
    let signed_by = bundle.verify(&mut no_progress).unwrap().signed_by;
    assert_eq!(signed_by, [key.public_key().fingerprint()]);
    bundle.verify_signed(&[&other, &public], &mut no_progress).unwrap();
    let error = bundle.verify_signed(&[&other], &mut no_progress).unwrap_err();
    assert_eq!(error.code(), "not_found");
    let none: [&str; 0] = [];
    assert_eq!(bundle.verify_signed(&none, &mut no_progress).unwrap_err().code(), "not_found");

    // Where the other registry asks for a signature by that key, what came in can be loaded; by
    // another one it cannot.
    let target = World::new();
    target.registry.create_model("fraud").unwrap();
    target.registry.create_model("copy").unwrap();
    target.registry.set_signing_keys("main", [public.clone()]).unwrap();
    target.registry.submit(&bundle, CopyOptions::default(), &mut no_progress).unwrap();
    let kept = target.registry.list_signatures("fraud/1").unwrap().items;
    assert!(kept.len() == 1 && kept[0].trusted, "{kept:?}");
    target.registry.verify("fraud/1", &mut no_progress).unwrap();
    let options = CopyOptions { model: Some("copy".into()), ..CopyOptions::default() };
    let copy = |options: CopyOptions| {
        world.registry.copy_version("fraud/1", &target.registry, options, &mut no_progress)
    };
    copy(options.clone()).unwrap();
    target.registry.verify("copy/1", &mut no_progress).unwrap();
    target.registry.set_signing_keys("main", [other]).unwrap();
    assert_eq!(target.registry.get_artifact("copy/1").unwrap_err().code(), "permission_denied");

    // What was signed since comes with the next copy, which is the version that is there.
    let third = ModelKey::generate().unwrap();
    world.registry.sign_version("fraud/1", &third).unwrap();
    assert_eq!(copy(options).unwrap().number, 1);
    assert_eq!(target.registry.list_signatures("copy/1").unwrap().items.len(), 2);

    // What was signed abroad comes home with the copy, which is the version that it is from.
    target.registry.set_signing_keys("main", Vec::<String>::new()).unwrap();
    target.registry.sign_version("copy/1", &ModelKey::generate().unwrap()).unwrap();
    let home = CopyOptions { model: Some("fraud".into()), ..CopyOptions::default() };
    let home = target.registry.copy_version("copy/1", &world.registry, home, &mut no_progress);
    assert_eq!(home.unwrap().number, 1);
    assert_eq!(world.registry.list_signatures("fraud/1").unwrap().items.len(), 3);

    // A signature of other files is none of this version's.
    world.register("others");
    world.registry.sign_version("fraud/2", &key).unwrap();
    let foreign = world.registry.list_signatures("fraud/2").unwrap().items.remove(0);
    let version = RegisterVersion {
        model: "copy".into(),
        signatures: vec![halfback::CarriedSignature {
            public_key: foreign.public_key,
            bundle: foreign.bundle,
        }],
        ..RegisterVersion::default()
    };
    let error = target.registry.register_version(&content("mine"), version, &mut no_progress);
    let error = error.unwrap_err();
    assert_eq!(error.code(), "invalid_argument");
    assert!(error.to_string().contains("signatures[0]"), "{error}");
}
