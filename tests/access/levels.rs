//! Every privilege on every level that it can be granted on, both ways: granted there and nowhere else
//! it lets its call through, and denied on any level it does not.

use halfback::{Privilege, Registry};

use super::{MODEL, World, code};

/// From the top down to the model.
const LEVELS: [&str; 4] = ["registry:/", "catalogs:/risk", "schemas:/risk.credit", MODEL];

/// How many levels, from the top, a privilege can be granted on.
fn levels(privilege: Privilege) -> usize {
    match privilege {
        Privilege::CreateCatalog => 1,
        Privilege::UseCatalog | Privilege::CreateSchema => 2,
        Privilege::UseSchema | Privilege::CreateModel => 3,
        _ => 4,
    }
}

/// What else a call takes, and the call; none where nothing is done with the privilege yet.
fn call(privilege: Privilege, session: &Registry, turn: usize) -> Option<&'static str> {
    let name = "risk.credit.default";
    Some(match privilege {
        Privilege::Browse => code(session.get_model(name)),
        Privilege::UseCatalog | Privilege::UseSchema | Privilege::Execute => {
            code(session.get_artifact("risk.credit.default/1"))
        }
        Privilege::CreateCatalog => code(session.create_catalog(format!("c{turn}").as_str())),
        Privilege::CreateSchema => code(session.create_schema(format!("risk.s{turn}").as_str())),
        Privilege::CreateModel => {
            code(session.create_model(format!("risk.credit.m{turn}").as_str()))
        }
        Privilege::CreateModelVersion => {
            let content = halfback::Content::Bytes {
                name: "m.bin".into(),
                bytes: turn.to_le_bytes().to_vec(),
            };
            code(session.put_artifact(name, &content, &mut halfback::no_progress))
        }
        Privilege::Modify => {
            let comment = Some(format!("turn {turn}"));
            let update = halfback::UpdateModel { name: name.into(), comment, ..Default::default() };
            code(session.update_model(update))
        }
        Privilege::ApplyTag => code(session.set_tag(MODEL, "turn", &turn.to_string())),
        Privilege::SetAlias => code(session.set_alias(name, "turn", 1)),
        Privilege::ReadAudit => code(session.who_can("BROWSE", MODEL)),
        Privilege::Manage => code(session.protect_alias(name, "champion", turn.is_multiple_of(2))),
        Privilege::Evaluate | Privilege::Review | Privilege::Deploy => return None,
    })
}

#[test]
fn every_privilege_on_every_level_both_ways() {
    let world = World::new();
    let session = world.session("ann");
    let mut turn = 0;
    for privilege in Privilege::ALL {
        let word = privilege.word();
        // What the call takes besides.
        let others: &[&str] = match privilege {
            Privilege::Browse => &[],
            Privilege::UseCatalog => &["BROWSE", "USE SCHEMA", "EXECUTE"],
            Privilege::UseSchema => &["BROWSE", "USE CATALOG", "EXECUTE"],
            _ => &["BROWSE", "USE CATALOG", "USE SCHEMA"],
        };
        for other in others {
            world.grant(other, "registry:/", "ann");
        }
        let count = levels(privilege);
        let mut asked = |is_held: bool, what: &str| {
            turn += 1;
            let on = match privilege {
                Privilege::CreateCatalog | Privilege::CreateSchema | Privilege::CreateModel => {
                    LEVELS[count - 1]
                }
                Privilege::UseCatalog => LEVELS[1],
                Privilege::UseSchema => LEVELS[2],
                _ => MODEL,
            };
            let explained = session.explain(word, on);
            // Whoever sees nothing is told nothing.
            let allowed = explained.is_ok_and(|explanation| explanation.allowed);
            assert_eq!(allowed, is_held, "{word} {what}");
            if let Some(found) = call(privilege, &session, turn) {
                let refused =
                    if privilege == Privilege::Browse { "not_found" } else { "permission_denied" };
                assert_eq!(found, if is_held { "ok" } else { refused }, "{word} {what}");
            }
        };
        asked(false, "without anything");
        for granted in &LEVELS[..count] {
            world.grant(word, granted, "ann");
            asked(true, &format!("granted on {granted}"));
            for denied in LEVELS[..count].iter().filter(|denied| *denied != granted) {
                world.steward.deny(word, denied, "ann").unwrap();
                asked(false, &format!("granted on {granted} and denied on {denied}"));
                world.steward.revoke(word, denied, "ann").unwrap();
            }
            world.steward.deny(word, granted, "ann").unwrap();
            asked(false, &format!("denied on {granted}"));
            world.steward.revoke(word, granted, "ann").unwrap();
        }
        asked(false, "once all is taken back");
        for level in &LEVELS[count..] {
            let refused = world.steward.grant(word, level, "ann");
            assert_eq!(code(refused), "invalid_argument", "{word} on {level}");
        }
        for other in others {
            world.steward.revoke(other, "registry:/", "ann").unwrap();
        }
    }
}
