//! Ways to give oneself or an accomplice more than one holds, each of which has to fail.

use halfback::{
    AnyCommand, Content, CreateCatalog, CreateModel, Grant, RegisterVersion, Registry,
    TokenOptions, UpdateCatalog, UpdateModel, no_progress,
};

use super::{MODEL, World, code};

const PROD: &str = "tags.env = 'prod'";

fn deny_where(world: &World, what: &str, on: &str, to: &str) {
    let (what, on, to) = (what.into(), on.into(), to.into());
    let grant = Grant { what, on, to, deny: true, condition: Some(PROD.into()) };
    world.steward.execute(grant).unwrap();
}

/// A session of `manager`, which is a consumer and may manage everywhere.
fn manager(world: &World) -> Registry {
    let session = world.session("manager");
    for what in ["Consumer", "MANAGE"] {
        world.grant(what, "registry:/", "manager");
    }
    for other in ["scoring", "accomplice"] {
        world.session(other);
    }
    session
}

fn token(session: &Registry, principal: &str) -> &'static str {
    code(session.create_token(principal, TokenOptions::default()))
}

#[test]
fn a_conditional_denial_is_not_passed_by_through_others() {
    let world = World::new();
    let session = manager(&world);
    world.grant("Consumer", "registry:/", "scoring");
    assert_eq!(token(&session, "scoring"), "ok");
    deny_where(&world, "EXECUTE", "registry:/", "manager");
    assert_eq!(token(&session, "scoring"), "permission_denied");
    assert_eq!(token(&session, "accomplice"), "ok");
    for on in ["registry:/", "catalogs:/risk", "schemas:/risk.credit"] {
        assert_eq!(code(session.grant("EXECUTE", on, "accomplice")), "permission_denied", "{on}");
        assert_eq!(code(session.grant("USE SCHEMA", on, "accomplice")), "ok", "{on}");
    }
    // The model is not of those, and a denial less is no more.
    assert_eq!(code(session.grant("EXECUTE", MODEL, "accomplice")), "ok");
    assert_eq!(code(session.deny("EXECUTE", "registry:/", "accomplice")), "ok");
}

#[test]
fn a_denial_is_not_left_by_going_and_coming_back() {
    let world = World::new();
    let session = manager(&world);
    world.grant("Consumer", "registry:/", "everyone");
    for who in ["manager", "scoring"] {
        world.steward.deny("EXECUTE", "catalogs:/risk", who).unwrap();
    }
    assert_eq!(code(session.delete_principal("scoring")), "permission_denied");
    assert_eq!(code(session.delete_principal("accomplice")), "ok");
    assert_eq!(code(world.steward.delete_principal("scoring")), "ok");
}

#[test]
fn who_is_denied_the_same_is_no_danger() {
    let world = World::new();
    let session = manager(&world);
    world.grant("Consumer", "registry:/", "scoring");
    for to in ["manager", "scoring"] {
        deny_where(&world, "EXECUTE", "registry:/", to);
    }
    assert_eq!(token(&session, "scoring"), "ok");
    deny_where(&world, "BROWSE", "schemas:/risk.credit", "manager");
    assert_eq!(token(&session, "scoring"), "permission_denied");
}

#[test]
fn a_conditional_denial_is_not_left_with_its_group() {
    let world = World::new();
    let session = manager(&world);
    let registry = &world.steward;
    for group in ["restricted", "harmless"] {
        registry.create_group(group).unwrap();
        registry.add_member(group, "manager").unwrap();
    }
    deny_where(&world, "EXECUTE", "registry:/", "restricted");
    assert_eq!(code(session.remove_member("restricted", "manager")), "permission_denied");
    assert_eq!(code(session.delete_principal("restricted")), "permission_denied");
    assert_eq!(code(session.remove_member("harmless", "manager")), "ok");
    assert_eq!(code(session.delete_principal("harmless")), "ok");
}

#[test]
fn a_denial_further_down_binds_who_grants_above() {
    let world = World::new();
    let session = manager(&world);
    world.steward.deny("EXECUTE", "schemas:/risk.credit", "manager").unwrap();
    for on in ["registry:/", "catalogs:/risk", "schemas:/risk.credit", MODEL] {
        assert_eq!(code(session.grant("EXECUTE", on, "accomplice")), "permission_denied", "{on}");
    }
    assert_eq!(code(session.grant("EXECUTE", "catalogs:/sales", "accomplice")), "ok");
    // What is not reached cannot be used.
    world.steward.deny("USE SCHEMA", "schemas:/sales.web", "manager").unwrap();
    assert_eq!(code(session.grant("EXECUTE", "registry:/", "scoring")), "permission_denied");
    assert_eq!(code(session.set_role("Own", &["EXECUTE"])), "permission_denied");
}

#[test]
fn what_others_own_counts_where_one_may_not_manage() {
    let world = World::new();
    let session = manager(&world);
    world.add_model("risk.secret.own");
    let owner = |name: &str| {
        let update = UpdateModel {
            name: "risk.secret.own".into(),
            owner: Some(name.into()),
            ..UpdateModel::default()
        };
        world.steward.update_model(update).unwrap();
    };
    owner("scoring");
    assert_eq!(token(&session, "scoring"), "ok");
    world.steward.deny("MANAGE", "schemas:/risk.secret", "manager").unwrap();
    assert_eq!(token(&session, "scoring"), "permission_denied");
    owner("manager");
    assert_eq!(token(&session, "scoring"), "ok");
}

#[test]
fn a_denial_is_not_lifted_from_others_by_way_of_their_group() {
    let world = World::new();
    let registry = &world.steward;
    let session = world.session("manager");
    let bob = world.session("bob");
    world.grant("MANAGE", "registry:/", "manager");
    world.grant("Consumer", "registry:/", "bob");
    for group in ["restricted", "inner"] {
        registry.create_group(group).unwrap();
    }
    registry.add_member("restricted", "inner").unwrap();
    registry.add_member("inner", "bob").unwrap();
    registry.deny("EXECUTE", "catalogs:/risk", "restricted").unwrap();
    let lifting: [(&str, halfback::Result<()>); 5] = [
        ("revoke", session.revoke("EXECUTE", "catalogs:/risk", "restricted")),
        ("remove_member", session.remove_member("restricted", "inner")),
        ("remove_member", session.remove_member("inner", "bob")),
        ("delete_principal", session.delete_principal("restricted")),
        ("delete_principal", session.delete_principal("inner")),
    ];
    for (call, result) in lifting {
        assert_eq!(code(result), "permission_denied", "{call}");
    }
    assert_eq!(code(bob.get_artifact("risk.credit.default/1")), "permission_denied");
    world.grant("EXECUTE", "catalogs:/risk", "manager");
    assert_eq!(code(session.remove_member("inner", "bob")), "ok");
    assert_eq!(code(session.delete_principal("inner")), "ok");
}

#[test]
fn everybody_is_in_no_other_group() {
    let world = World::new();
    world.steward.create_group("restricted").unwrap();
    let refused = world.steward.add_member("restricted", "everyone").unwrap_err();
    assert_eq!(refused.code(), "invalid_argument");
    assert!(refused.to_string().contains("grant to `everyone`"), "{refused}");
}

#[test]
fn roles_are_kept_apart_through_everyone_too() {
    let world = World::new();
    let registry = &world.steward;
    world.session("bob");
    registry.set_role("Maker", &["Developer"]).unwrap();
    registry.separate_roles("Maker", "Reviewer", true).unwrap();
    world.grant("Maker", "registry:/", "everyone");
    assert_eq!(code(registry.grant("Reviewer", "registry:/", "bob")), "conflict");
    registry.revoke("Maker", "registry:/", "everyone").unwrap();
    world.grant("Reviewer", "registry:/", "bob");
    assert_eq!(code(registry.grant("Maker", "registry:/", "everyone")), "conflict");
}

#[test]
fn developers_and_reviewers_can_be_kept_apart() {
    let world = World::new();
    let registry = &world.steward;
    registry.separate_roles("Developer", "Reviewer", true).unwrap();
    for name in ["bob", "ann"] {
        world.session(name);
    }
    world.grant("Developer", "catalogs:/risk", "bob");
    assert_eq!(code(registry.grant("Reviewer", "catalogs:/sales", "bob")), "conflict");
    // A steward of the whole registry holds everything and is outside; one of a part is not.
    world.grant("Steward", "registry:/", "ann");
    assert_eq!(code(registry.grant("Reviewer", "registry:/", "ann")), "ok");
    assert_eq!(code(registry.grant("Developer", "registry:/", "ann")), "conflict");
    world.session("part");
    assert_eq!(code(registry.grant("Steward", "catalogs:/risk", "part")), "conflict");
}

#[test]
fn tags_at_the_beginning_are_tags_too() {
    let world = World::new();
    let session = world.session("dev");
    for what in ["USE CATALOG", "USE SCHEMA", "BROWSE"] {
        world.grant(what, "registry:/", "dev");
    }
    let creating = ["CREATE CATALOG", "CREATE SCHEMA", "CREATE MODEL", "CREATE MODEL VERSION"];
    for what in creating {
        world.grant(what, "registry:/", "dev");
    }
    let tags = || [("approved".to_owned(), "yes".to_owned())].into();
    let version = || {
        let content = Content::Bytes { name: "m.bin".into(), bytes: b"evil".to_vec() };
        let version = RegisterVersion {
            model: "risk.credit.default".into(),
            tags: tags(),
            ..Default::default()
        };
        session.register_version(&content, version, &mut no_progress).map(drop)
    };
    let model = |name: &str, parents: bool| -> AnyCommand {
        CreateModel { name: name.into(), parents, tags: tags(), ..CreateModel::default() }.into()
    };
    let schema = |name: &str, parents: bool| -> AnyCommand {
        let name = name.into();
        halfback::CreateSchema { name, parents, tags: tags(), ..Default::default() }.into()
    };
    let all = || -> Vec<AnyCommand> {
        vec![
            CreateCatalog { name: "evil".into(), tags: tags(), ..Default::default() }.into(),
            schema("risk.evil", false),
            schema("other.evil", true),
            model("risk.credit.evil", false),
            model("risk.bad.evil", true),
            model("worse.bad.evil", true),
        ]
    };
    for command in all() {
        let shown = format!("{command:?}");
        assert_eq!(code(session.transact(vec![command], None)), "permission_denied", "{shown}");
    }
    assert_eq!(code(version()), "permission_denied");
    let untagged = CreateModel { name: "risk.credit.fine".into(), ..CreateModel::default() };
    assert_eq!(code(session.create_model(untagged)), "ok");
    world.grant("APPLY TAG", "registry:/", "dev");
    for command in all() {
        let shown = format!("{command:?}");
        assert_eq!(code(session.transact(vec![command], None)), "ok", "{shown}");
    }
    assert_eq!(code(version()), "ok");
    // Nor does a model begin with what makes one's own grant true.
    let grant = Grant {
        what: "EXECUTE".into(),
        on: "registry:/".into(),
        to: "dev".into(),
        condition: Some("tags.approved = 'yes'".into()),
        ..Grant::default()
    };
    world.steward.execute(grant).unwrap();
    let own = session.transact(vec![model("risk.credit.mine", false)], None);
    assert_eq!(code(own), "permission_denied");
}

#[test]
fn who_manages_does_not_make_that_their_own() {
    let world = World::new();
    let registry = &world.steward;
    let session = world.session("manager");
    registry.create_group("team").unwrap();
    registry.add_member("team", "manager").unwrap();
    world.session("bob");
    for what in ["USE CATALOG", "USE SCHEMA", "MODIFY", "MANAGE", "CREATE MODEL"] {
        world.grant(what, "catalogs:/risk", "manager");
    }
    let catalog = |owner: &str| {
        let owner = Some(owner.to_owned());
        code(session.update_catalog(UpdateCatalog {
            name: "risk".into(),
            owner,
            ..Default::default()
        }))
    };
    let model = |name: &str, owner: &str| {
        let (name, owner) = (name.to_owned(), Some(owner.to_owned()));
        code(session.update_model(UpdateModel { name, owner, ..Default::default() }))
    };
    for owner in ["manager", "team", "everyone"] {
        assert_eq!(catalog(owner), "permission_denied", "{owner}");
        assert_eq!(model("risk.credit.default", owner), "permission_denied", "{owner}");
    }
    session.create_model("risk.credit.own").unwrap();
    assert_eq!(model("risk.credit.own", "manager"), "ok");
    assert_eq!(model("risk.credit.own", "team"), "ok");
    // What one's team owns is not one's own.
    assert_eq!(model("risk.credit.own", "manager"), "permission_denied");
    assert_eq!(model("risk.credit.default", "bob"), "ok");
    world.steward.deny("MANAGE", "schemas:/risk.credit", "manager").unwrap();
    assert_eq!(catalog("bob"), "permission_denied");
}
