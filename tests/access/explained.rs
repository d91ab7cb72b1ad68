//! Explanations and decisions say the same.

use halfback::{Explain, Grant, Privilege, Registry};
use proptest::prelude::*;

use super::World;

const PLACES: [&str; 4] =
    ["registry:/", "catalogs:/risk", "schemas:/risk.credit", "models:/risk.credit.default"];
const WORDS: [&str; 8] = [
    "BROWSE",
    "USE CATALOG",
    "USE SCHEMA",
    "EXECUTE",
    "SET ALIAS",
    "MANAGE",
    "Consumer",
    "Deployer",
];
const CONDITIONS: [&str; 3] = ["tags.env = 'test'", "tags.env = 'prod'", "alias = 'champion'"];

/// What is granted or denied, where, to the session or a group that it is in, and of which models.
type Said = (usize, usize, bool, bool, Option<usize>);

fn explained(session: &Registry, privilege: Privilege, on: &str) -> halfback::Explanation {
    let (privilege, on) = (privilege.word().to_owned(), on.to_owned());
    session.query(Explain { privilege, on, principal: None }).unwrap()
}

/// Holds what is explained against what is decided.
fn hold(world: &World, session: &Registry) {
    let registry = &world.steward;
    let ids = [
        registry.get_catalog("risk").unwrap().id,
        registry.get_schema("risk.credit").unwrap().id,
        registry.get_model("risk.credit.default").unwrap().id,
    ];
    for (on, id) in PLACES.into_iter().skip(1).zip(ids) {
        let sees = session.can(Privilege::Browse, id).unwrap();
        for privilege in Privilege::ALL {
            let decided = session.can(privilege, id).unwrap();
            let (word, principal) = (privilege.word().to_owned(), Some("ann".to_owned()));
            let asked = Explain { privilege: word, on: on.to_owned(), principal };
            let told = registry.query(asked).unwrap();
            assert_eq!(told.allowed, decided, "{} ({privilege} on {on})", told.text);
            assert_eq!(told.missing.is_none(), decided);
            if sees {
                assert_eq!(explained(session, privilege, on), told);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn what_is_explained_is_what_is_decided(
        said in prop::collection::vec(
            (0..WORDS.len(), 0..PLACES.len(), prop::bool::weighted(0.2), any::<bool>(),
             prop::option::of(0..CONDITIONS.len())),
            1..8,
        ),
    ) {
        let said: Vec<Said> = said;
        let world = World::new();
        let session = world.session("ann");
        world.steward.create_group("team").unwrap();
        world.steward.add_member("team", "ann").unwrap();
        for (what, on, deny, group, condition) in said {
            // Some mean nothing there.
            let _ = world.steward.execute(Grant {
                what: WORDS[what].into(),
                on: PLACES[on].into(),
                to: if group { "team" } else { "ann" }.into(),
                deny,
                condition: condition.map(|at| CONDITIONS[at].into()),
            });
        }
        hold(&world, &session);
    }
}

#[test]
fn a_denial_of_sight_is_told_as_what_takes_everything() {
    let world = World::new();
    world.session("ann");
    world.grant("Consumer", "registry:/", "ann");
    world.steward.deny("BROWSE", "catalogs:/risk", "ann").unwrap();
    let asked = Explain {
        privilege: "EXECUTE".into(),
        on: "models:/risk.credit.default".into(),
        principal: Some("ann".into()),
    };
    let told = world.steward.query(asked).unwrap();
    assert!(told.text.contains("`BROWSE` is denied to"), "{}", told.text);
    assert!(told.chain.iter().any(|link| link.kind == "denial"), "{told:?}");
}

#[test]
fn a_narrow_token_is_not_blamed_for_a_condition() {
    let world = World::new();
    world.session("ann");
    world.grant("Consumer", "registry:/", "ann");
    let (what, on, to) = ("USE CATALOG".into(), "catalogs:/risk".into(), "ann".into());
    let condition = Some("tags.env = 'test'".into());
    world.steward.execute(Grant { what, on, to, deny: true, condition }).unwrap();
    let options = halfback::TokenOptions {
        privileges: vec!["Consumer".into()],
        ..halfback::TokenOptions::default()
    };
    let narrow = world.scoped("ann", options);
    let denied = explained(&narrow, Privilege::Execute, "models:/risk.credit.default");
    assert!(denied.text.contains("is denied to") && !denied.text.contains("token"), "{denied:?}");
}

#[test]
fn a_role_under_a_condition_opens_what_it_lies_in() {
    let world = World::new();
    let session = world.session("ann");
    let grant = |condition: &str| {
        let (what, on, to) = ("Consumer".into(), "catalogs:/risk".into(), "ann".into());
        let condition = Some(condition.into());
        world.steward.execute(Grant { what, on, to, deny: false, condition }).unwrap();
    };
    let model = "models:/risk.credit.default";
    grant("tags.env = 'test'");
    let allowed = explained(&session, Privilege::Execute, model);
    assert!(allowed.allowed, "{}", allowed.text);
    session.get_artifact("risk.credit.default/1").unwrap();
    grant("tags.env = 'prod'");
    let denied = world.steward.query(Explain {
        privilege: "EXECUTE".into(),
        on: model.into(),
        principal: Some("ann".into()),
    });
    let denied = denied.unwrap();
    assert!(!denied.allowed && denied.text.contains("where tags.env = 'prod'"), "{}", denied.text);
}
