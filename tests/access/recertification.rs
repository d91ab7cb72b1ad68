//! The lists by which grants are reviewed: who has what, since when, and when it was used.

use halfback::{ListGrants, Registry, TokenOptions};

use super::World;

fn grants(registry: &Registry, to: &str) -> Vec<halfback::GrantRecord> {
    let list = ListGrants { to: Some(to.into()), ..ListGrants::default() };
    registry.query(list).unwrap().items
}

/// Where a principal's grants are, and whether they say that something there was changed.
fn used(world: &World, to: &str) -> Vec<(String, String, bool)> {
    let grants = grants(&world.steward, to).into_iter();
    let mut used: Vec<_> =
        grants.map(|grant| (grant.on, grant.what, grant.last_used.is_some())).collect();
    used.sort();
    used
}

#[test]
fn a_grant_was_used_where_something_below_it_was_changed() {
    let world = World::new();
    let session = world.session("ann");
    for on in ["catalogs:/risk", "catalogs:/sales", "schemas:/sales.web"] {
        world.grant("Developer", on, "ann");
    }
    world.grant("BROWSE", "registry:/", "ann");
    assert!(used(&world, "ann").iter().all(|(_, _, used)| !used));
    session.set_tag("models:/sales.web.churn", "env", "prod").unwrap();
    let time = session.history("sales.web.churn").unwrap().items[0].time;
    let expected = [
        ("catalogs:/risk", "Developer", false),
        ("catalogs:/sales", "Developer", true),
        ("registry:/", "BROWSE", true),
        ("schemas:/sales.web", "Developer", true),
    ];
    let expected = expected.map(|(on, what, used)| (on.to_owned(), what.to_owned(), used));
    assert_eq!(used(&world, "ann"), expected);
    let grants = grants(&world.steward, "ann");
    assert!(grants.iter().all(|grant| grant.last_used.is_none_or(|used| used == time)));
    // Reading is no use that is told.
    session.get_model("risk.credit.default").unwrap();
    assert!(!used(&world, "ann")[0].2);
}

#[test]
fn a_change_by_a_member_is_one_by_the_group() {
    let world = World::new();
    let session = world.session("ann");
    world.steward.create_group("team").unwrap();
    world.steward.add_member("team", "ann").unwrap();
    world.grant("Developer", "catalogs:/sales", "team");
    assert!(!used(&world, "team")[0].2);
    session.set_tag("models:/sales.web.churn", "env", "prod").unwrap();
    assert!(used(&world, "team")[0].2);
}

#[test]
fn what_one_may_not_see_is_not_named_to_whom_it_was_granted() {
    let world = World::new();
    let session = world.session("ann");
    world.grant("Consumer", "catalogs:/risk", "ann");
    world.grant("Consumer", "schemas:/sales.web", "ann");
    world.steward.deny("BROWSE", "catalogs:/risk", "ann").unwrap();
    let mut places: Vec<String> =
        grants(&session, "ann").into_iter().map(|grant| grant.on).collect();
    places.sort();
    places.dedup();
    assert_eq!(places.len(), 2, "{places:?}");
    assert!(places[0].starts_with("pin:/") && places[1] == "schemas:/sales.web", "{places:?}");
    // Who reviews the grants sees all of it.
    assert!(used(&world, "ann").iter().any(|(on, _, _)| on == "catalogs:/risk"));
}

#[test]
fn what_somebody_can_has_what_they_own_and_what_their_token_is_for() {
    let world = World::new();
    let session = world.session("ann");
    let update = halfback::UpdateModel {
        name: "sales.web.churn".into(),
        owner: Some("ann".into()),
        ..halfback::UpdateModel::default()
    };
    world.steward.update_model(update).unwrap();
    let can = |registry: &Registry| -> Vec<String> {
        registry.what_can(None).unwrap().items.into_iter().map(|held| held.on).collect()
    };
    assert_eq!(can(&session), ["models:/sales.web.churn"]);
    world.session("bob");
    world.grant("Consumer", "catalogs:/risk", "bob");
    let narrow = TokenOptions { on: Some("schemas:/risk.credit".into()), ..Default::default() };
    let narrow = world.scoped("bob", narrow);
    assert_eq!(can(&narrow), ["schemas:/risk.credit"]);
}
