//! Ways to more than one was granted, each of which has to fail.

use halfback::{
    AnyCommand, Content, CreateModel, CreatePrincipal, Grant, Options, RegisterVersion, Registry,
    SetTag, TokenOptions, no_progress,
};

use super::{MODEL, World, code};

fn uses(world: &World, name: &str) {
    for what in ["USE CATALOG", "USE SCHEMA"] {
        world.grant(what, "registry:/", name);
    }
}

#[test]
fn what_was_undone_gives_no_right_to_what_gets_its_id() {
    let world = World::new();
    let session = world.session("ann");
    uses(&world, "ann");
    world.grant("Developer", "schemas:/sales.web", "ann");
    assert_eq!(code(session.get_model("sales.web.churn")), "ok");
    let name = |number: i32| format!("sales.web.x{number}");
    let mut commands: Vec<AnyCommand> = Vec::new();
    for number in 0..20 {
        commands.push(CreateModel { name: name(number), ..CreateModel::default() }.into());
        let target = format!("models:/{}", name(number));
        let tag = SetTag { target, key: "k".into(), value: "v".into(), ..SetTag::default() };
        commands.push(tag.into());
    }
    commands.push(CreateModel { name: name(0), ..CreateModel::default() }.into());
    assert_eq!(code(session.transact(commands, None)), "already_exists");
    for number in 0..20 {
        let secret = format!("risk.credit.secret{number}");
        world.steward.create_model(secret.as_str()).unwrap();
        assert_eq!(code(session.get_model(&secret)), "not_found");
    }
    assert_eq!(session.search_models("").unwrap().items.len(), 1);
}

#[test]
fn who_manages_acts_for_nobody_who_holds_more() {
    let world = World::new();
    let manager = world.session("manager");
    world.grant("MANAGE", "registry:/", "manager");
    let steward = world.steward.whoami().unwrap().id.unwrap();
    let token = |principal: &str| manager.create_token(principal, TokenOptions::default());
    assert_eq!(code(token(&steward)), "permission_denied");
    world.steward.create_group("stewards").unwrap();
    world.grant("Steward", "registry:/", "stewards");
    manager.create_service("puppet").unwrap();
    assert_eq!(code(token("puppet")), "ok");
    assert_eq!(code(manager.add_member("stewards", "puppet")), "permission_denied");
    assert_eq!(code(manager.set_role("Own", &["EXECUTE"])), "permission_denied");
}

#[test]
fn a_token_that_ends_makes_none_that_lasts() {
    let world = World::new();
    let hour = std::time::Duration::from_secs(3600);
    let short = TokenOptions { expires_in: Some(hour), ..TokenOptions::default() };
    world.session("ann");
    world.grant("Steward", "registry:/", "ann");
    let session = world.scoped("ann", short);
    world.steward.create_service("puppet").unwrap();
    for principal in ["ann", "puppet"] {
        let lasting = session.create_token(principal, TokenOptions::default());
        assert_eq!(code(lasting), "permission_denied", "{principal}");
    }
}

#[test]
fn content_belongs_to_the_session_that_read_it() {
    let world = World::new();
    let registry = &world.steward;
    let session = world.session("ann");
    registry.create_model("risk.credit.own").unwrap();
    uses(&world, "ann");
    world.grant("BROWSE", MODEL, "ann");
    world.grant("Developer", "models:/risk.credit.own", "ann");
    let digest = session.get_version("risk.credit.default", 1).unwrap().digest;
    let version =
        RegisterVersion { model: "risk.credit.own".into(), digest, ..RegisterVersion::default() };
    assert_eq!(code(session.execute(version.clone())), "invalid_argument");
    assert_eq!(code(registry.execute(version)), "ok");
}

#[test]
fn a_denial_outlasts_the_model_that_it_is_about() {
    let world = World::new();
    let registry = &world.steward;
    let session = world.session("ann");
    world.grant("Consumer", "catalogs:/risk", "ann");
    world.add_model("risk.credit.tagged");
    registry.deny("EXECUTE", MODEL, "ann").unwrap();
    let conditional = Grant {
        what: "EXECUTE".into(),
        on: "catalogs:/risk".into(),
        to: "everyone".into(),
        deny: true,
        condition: Some("tags.env = 'prod'".into()),
    };
    registry.set_tag("models:/risk.credit.tagged", "env", "prod").unwrap();
    // The steward would lose something by a denial to everybody.
    assert_eq!(code(registry.execute(conditional.clone())), "conflict");
    registry.execute(Grant { to: "ann".into(), ..conditional }).unwrap();
    let before = registry.info().unwrap().commit;
    let past = session.as_of(before).unwrap();
    let names = ["risk.credit.default/1", "risk.credit.tagged/1"];
    for name in names {
        assert_eq!(code(past.get_artifact(name)), "permission_denied", "{name}");
    }
    registry.delete_alias("risk.credit.default", "champion").unwrap();
    for name in ["risk.credit.default", "risk.credit.tagged"] {
        registry.delete_model(name).unwrap();
    }
    for name in names {
        assert_eq!(code(past.get_artifact(name)), "permission_denied", "{name}");
    }
}

#[test]
fn no_condition_comes_true_by_ones_own_hand() {
    let world = World::new();
    let session = world.session("ann");
    uses(&world, "ann");
    for what in ["BROWSE", "APPLY TAG", "SET ALIAS"] {
        world.grant(what, MODEL, "ann");
    }
    for condition in ["tags.team = 'ours'", "alias = 'open'"] {
        let grant = Grant {
            what: if condition.starts_with("tags") { "EXECUTE" } else { "MODIFY" }.into(),
            on: "registry:/".into(),
            to: "ann".into(),
            condition: Some(condition.into()),
            ..Grant::default()
        };
        world.steward.execute(grant).unwrap();
    }
    assert_eq!(code(session.set_tag(MODEL, "team", "ours")), "permission_denied");
    assert_eq!(code(session.set_alias("risk.credit.default", "open", 1)), "permission_denied");
    assert_eq!(code(session.set_tag(MODEL, "team", "theirs")), "ok");
    world.steward.set_tag(MODEL, "team", "ours").unwrap();
    assert_eq!(code(session.get_artifact("risk.credit.default/1")), "ok");
}

#[test]
fn nobody_lifts_a_denial_from_themselves() {
    let world = World::new();
    let registry = &world.steward;
    let session = world.session("ann");
    for what in ["Consumer", "MANAGE", "EVALUATE", "MODIFY"] {
        world.grant(what, "registry:/", "ann");
    }
    registry.create_group("restricted").unwrap();
    registry.add_member("restricted", "ann").unwrap();
    registry.set_role("NoExec", &["EXECUTE"]).unwrap();
    registry.deny("NoExec", "registry:/", "restricted").unwrap();
    assert_eq!(code(session.get_artifact("risk.credit.default/1")), "permission_denied");
    assert_eq!(code(session.remove_member("restricted", "ann")), "permission_denied");
    assert_eq!(code(session.delete_principal("restricted")), "permission_denied");
    assert_eq!(code(session.set_role("NoExec", &["EVALUATE"])), "permission_denied");
    assert_eq!(code(session.revoke("NoExec", "registry:/", "restricted")), "permission_denied");
}

#[test]
fn somebody_who_can_prove_it_stays_steward() {
    let world = World::new();
    let registry = &world.steward;
    let creator = registry.whoami().unwrap().id.unwrap();
    // A name is no proof.
    registry.create_user("bob", None).unwrap();
    world.grant("Steward", "registry:/", "bob");
    assert_eq!(code(registry.revoke("Steward", "registry:/", &creator)), "conflict");
    registry.set_role("Root", &["Steward"]).unwrap();
    let ann = world.session("ann");
    world.grant("Root", "registry:/", "ann");
    registry.revoke("Steward", "registry:/", &creator).unwrap();
    assert_eq!(code(ann.set_role("Root", &["Browser"])), "conflict");
}

#[test]
fn roles_in_roles_take_no_time() {
    let world = World::new();
    let registry = &world.steward;
    let name = |layer: usize, number: usize| format!("L{layer}-{number}");
    for layer in 0..30 {
        for number in 0..2 {
            let parts = match layer {
                0 => vec!["BROWSE".to_owned()],
                layer => vec![name(layer - 1, 0), name(layer - 1, 1)],
            };
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            registry.set_role(&name(layer, number), &parts).unwrap();
        }
    }
    let session = world.session("ann");
    world.grant(&name(29, 0), MODEL, "ann");
    assert_eq!(code(session.get_model("risk.credit.default")), "ok");
}

#[test]
fn names_that_are_taken_are_told_only_to_who_may_make_them() {
    let world = World::new();
    let stranger = world.session("stranger");
    let create = |name: &str| {
        let name = name.to_owned();
        code(stranger.create_model(CreateModel { name, parents: true, ..CreateModel::default() }))
    };
    assert_eq!(create("risk.credit.x"), create("nothing.credit.x"));
    // And nothing comes of an empty list, whoever sends it.
    let before = world.steward.info().unwrap().commit;
    assert_eq!(code(stranger.transact(Vec::new(), Some("key"))), "ok");
    assert_eq!(world.steward.info().unwrap().commit, before);
}

#[test]
fn a_bundle_tells_nothing_of_what_else_a_commit_was_about() {
    let world = World::new();
    let session = world.session("ann");
    uses(&world, "ann");
    world.grant("EXECUTE", MODEL, "ann");
    let tag = |target: &str| -> AnyCommand {
        let (target, key, value) = (target.into(), "both".into(), "hidden".into());
        SetTag { target, key, value, ..SetTag::default() }.into()
    };
    let version = "models:/risk.credit.default/1";
    world.steward.transact(vec![tag(version), tag("models:/sales.web.churn")], None).unwrap();
    let to = world.path().join("../v.hbz");
    session.bundle(version, &to, false, &mut no_progress).unwrap();
    let bytes = std::fs::read(&to).unwrap();
    assert!(!bytes.windows(5).any(|window| window == b"churn"));
    halfback::Bundle::open(&to).unwrap().verify(&mut no_progress).unwrap();
}

/// Whoever an application says.
#[derive(Clone, Copy)]
struct Says(&'static str, Option<halfback::DateTime>);

impl halfback::Authenticator for Says {
    fn authenticate(&self) -> halfback::Result<halfback::Proved> {
        Ok(halfback::Proved { identity: self.0.parse()?, expires: self.1 })
    }
}

fn known_as(world: &World, name: &str, says: Says) -> Registry {
    let (name, identity) = (name.to_owned(), Some(says.0.to_owned()));
    let create = CreatePrincipal { name, identity, ..CreatePrincipal::default() };
    world.steward.execute(create).unwrap();
    Registry::open_as(world.path(), Options::default(), &says).unwrap()
}

#[test]
fn content_belongs_to_the_proof_too() {
    let world = World::new();
    let one = known_as(&world, "ann", Says("oidc:7", None));
    let other = known_as(&world, "bob", Says("ldap:7", None));
    for name in ["ann", "bob"] {
        world.grant("Developer", "registry:/", name);
    }
    let content = Content::Bytes { name: "m.bin".into(), bytes: b"of ann".to_vec() };
    let artifact = one.put_artifact("risk.credit.default", &content, &mut no_progress).unwrap();
    let version = RegisterVersion {
        model: "risk.credit.default".into(),
        digest: artifact.digest,
        ..RegisterVersion::default()
    };
    assert_eq!(code(other.execute(version.clone())), "invalid_argument");
    assert_eq!(code(one.execute(version)), "ok");
}

#[test]
fn what_is_proved_for_an_hour_makes_no_token_that_lasts() {
    let world = World::new();
    let hour = std::time::Duration::from_secs(3600);
    let end = world.steward.info().unwrap().created_at + hour;
    let session = known_as(&world, "ann", Says("oidc:7", Some(end)));
    let token = |expires_in| TokenOptions { expires_in, ..TokenOptions::default() };
    for expires_in in [None, Some(2 * hour)] {
        assert_eq!(code(session.create_token("ann", token(expires_in))), "permission_denied");
    }
    assert_eq!(code(session.create_token("ann", token(Some(hour / 2)))), "ok");
    // And it is no session of the operating system's user.
    world.session("admin");
    for name in ["ann", "admin"] {
        world.grant("Steward", "registry:/", name);
    }
    assert_eq!(code(session.allow_os_users(false)), "ok");
    assert_eq!(code(world.steward.whoami()), "unauthenticated");
}

#[test]
fn what_is_denied_on_something_deleted_can_be_lifted() {
    let world = World::new();
    let registry = &world.steward;
    world.session("bob");
    world.grant("Steward", "registry:/", "bob");
    let manager = world.session("manager");
    for what in ["USE CATALOG", "USE SCHEMA", "MANAGE"] {
        world.grant(what, "registry:/", "manager");
    }
    let pin = registry.get_model("sales.web.churn").unwrap().pin;
    for name in ["risk.credit.default", "sales.web.churn"] {
        registry.deny("EXECUTE", &format!("models:/{name}"), "bob").unwrap();
        registry.delete_alias(name, "champion").unwrap();
        registry.delete_model(name).unwrap();
    }
    assert_eq!(code(manager.revoke("EXECUTE", MODEL, "bob")), "permission_denied");
    assert_eq!(code(registry.revoke("EXECUTE", MODEL, "bob")), "ok");
    assert_eq!(code(registry.revoke("EXECUTE", MODEL, "bob")), "not_found");
    assert_eq!(code(registry.revoke("EXECUTE", &pin, "bob")), "ok");
    // Nothing new is granted there.
    assert_eq!(code(registry.grant("EXECUTE", MODEL, "bob")), "not_found");
}
