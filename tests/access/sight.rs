//! What errors, histories and explanations say to who may not see all that they are about.

use halfback::{DeleteCatalog, Explain, UpdateModel};

use super::{MODEL, World, code};

#[test]
fn a_refusal_names_nothing_that_is_not_seen() {
    let world = World::new();
    let registry = &world.steward;
    let session = world.session("ann");
    world.grant("MANAGE", "catalogs:/risk", "ann");
    world.grant("MANAGE", "registry:/", "ann");
    world.add_model("risk.secret.hidden");
    registry.deny("BROWSE", "schemas:/risk.secret", "ann").unwrap();
    world.session("bob");
    let owner = Some("bob".to_owned());
    let update = UpdateModel { name: "risk.secret.hidden".into(), owner, ..Default::default() };
    registry.update_model(update).unwrap();
    let all = DeleteCatalog { name: "risk".into(), cascade: true, ..Default::default() };
    world.grant("Steward", "registry:/", "bob");
    let refusals = [
        ("permission_denied", session.execute(all).unwrap_err()),
        ("in_use", session.delete_principal("bob").unwrap_err()),
        ("permission_denied", session.create_token("bob", Default::default()).unwrap_err()),
        ("permission_denied", session.grant("MANAGE", "registry:/", "bob").unwrap_err()),
    ];
    for (expected, refused) in refusals {
        assert_eq!(refused.code(), expected);
        let told = format!("{refused} {}", refused.explanation().unwrap_or_default());
        assert!(!told.contains("secret") && !told.contains("hidden"), "{told}");
    }
    assert!(registry.delete_principal("bob").unwrap_err().to_string().contains("hidden"));
}

#[test]
fn the_history_of_what_moved_tells_nothing_of_where_it_came_from() {
    let world = World::new();
    let registry = &world.steward;
    let eve = world.session("eve");
    world.add_model("risk.hidden.fraud");
    world.add_model("risk.open.other");
    world.grant("BROWSE", "schemas:/risk.open", "eve");
    registry.rename_model("risk.hidden.fraud", "risk.open.fraud").unwrap();
    registry.set_tag("models:/risk.open.fraud", "seen", "yes").unwrap();
    let history = |target: &str| eve.history(target).unwrap().items;
    for target in ["models:/risk.open.fraud", "models:/risk.open.fraud/1"] {
        for commit in history(target) {
            let told = format!("{commit:?}");
            assert!(!told.contains("hidden"), "{target}: {told}");
        }
    }
    let commits = history("models:/risk.open.fraud");
    assert!(commits[0].payload.is_some(), "what was said since is told");
    assert!(commits.last().unwrap().payload.is_none());
    // Who sees where it came from is told all but what the new name was.
    world.grant("BROWSE", "schemas:/risk.hidden", "eve");
    let told = format!("{:?}", history("models:/risk.open.fraud"));
    assert!(told.contains("risk.hidden.fraud"), "{told}");
}

#[test]
fn the_past_is_explained_by_where_a_model_was() {
    let world = World::new();
    let registry = &world.steward;
    world.session("bob");
    registry.create_schema("risk.other").unwrap();
    for what in ["USE CATALOG", "BROWSE"] {
        world.grant(what, "catalogs:/risk", "bob");
    }
    for what in ["USE SCHEMA", "EXECUTE"] {
        world.grant(what, "schemas:/risk.credit", "bob");
    }
    let before = registry.info().unwrap().commit;
    registry.rename_model("risk.credit.default", "risk.other.default").unwrap();
    let past = registry.as_of(before).unwrap();
    let explain = |on: &str| Explain {
        privilege: "EXECUTE".into(),
        on: on.into(),
        principal: Some("bob".into()),
    };
    assert!(past.query(explain(MODEL)).unwrap().allowed);
    let who = |holders: halfback::Page<halfback::Holder>| -> Vec<_> {
        holders.items.into_iter().filter_map(|holder| holder.name).collect()
    };
    assert!(who(past.who_can("EXECUTE", MODEL).unwrap()).contains(&"bob".to_owned()));
    let moved = "models:/risk.other.default";
    assert!(!registry.query(explain(moved)).unwrap().allowed);
    assert!(!who(registry.who_can("EXECUTE", moved).unwrap()).contains(&"bob".to_owned()));
    assert_eq!(code(past.query(explain(moved))), "not_found");
}
