//! What people get wrong: it is refused with what was meant, and nothing slips through.

use std::time::Duration;

use halfback::{Explain, Grant, TokenOptions};

use super::{MODEL, World, code};

#[test]
fn who_was_deleted_comes_back_under_the_same_name() {
    let world = World::new();
    let registry = &world.steward;
    let ben = registry.create_user("ben", Some(4711)).unwrap();
    registry.grant("Consumer", "registry:/", "ben").unwrap();
    registry.delete_principal("ben").unwrap();
    let renamed = registry.create_user("benjamin", Some(4711)).unwrap_err();
    assert_eq!(renamed.code(), "already_exists");
    assert!(renamed.to_string().contains("`ben` (p"), "{renamed}");
    let back = registry.create_user("ben", Some(4711)).unwrap();
    assert_eq!((back.id, back.proof.as_str()), (ben.id, "os_user"));
    let (privilege, on, principal) = ("EXECUTE".into(), MODEL.into(), Some("ben".into()));
    let explain = registry.query(Explain { privilege, on, principal }).unwrap();
    assert!(!explain.allowed, "{}", explain.text);
    // Another service took a name that a user had: the user does not come back beside it.
    registry.create_user("eve", None).unwrap();
    registry.delete_principal("eve").unwrap();
    registry.create_service("eve").unwrap();
    assert_eq!(code(registry.create_user("eve", None)), "already_exists");
}

#[test]
fn what_cannot_be_meant_is_said() {
    let world = World::new();
    let registry = &world.steward;
    let session = world.session("scoring");
    let grant = |what: &str, condition: Option<&str>| {
        let (what, on, to) = (what.into(), "catalogs:/risk".into(), "scoring".into());
        let condition = condition.map(Into::into);
        registry.execute(Grant { what, on, to, deny: false, condition })
    };
    for what in ["CREATE MODEL", "CREATE SCHEMA"] {
        assert_eq!(code(grant(what, Some("tags.env = 'prod'"))), "invalid_argument", "{what}");
    }
    for what in ["USE CATALOG", "USE SCHEMA", "BROWSE"] {
        grant(what, None).unwrap();
    }
    grant("EXECUTE", Some("tags.env = 'prod'")).unwrap();
    let denied = session.get_artifact("risk.credit.default/1").unwrap_err().to_string();
    assert!(denied.contains("where tags.env = 'prod'"), "{denied}");
    grant("EXECUTE", None).unwrap();
    let options = TokenOptions { privileges: vec!["BROWSE".into()], ..TokenOptions::default() };
    let narrow = world.scoped("scoring", options);
    let denied = narrow.get_artifact("risk.credit.default/1").unwrap_err().to_string();
    assert!(denied.contains("session's token"), "{denied}");
    let hint = |on: &str| registry.grant("BROWSE", on, "scoring").unwrap_err().to_string();
    assert!(hint("risk").contains("`catalogs:/risk` is there"), "{}", hint("risk"));
    assert!(hint("risk.credit").contains("`schemas:/risk.credit` is there"));
    assert!(!hint("sails").contains("is there"));
    let never = TokenOptions { expires_in: Some(Duration::MAX), ..TokenOptions::default() };
    let beyond = registry.create_token("scoring", never).unwrap_err().to_string();
    assert!(beyond.contains("without an end"), "{beyond}");
    let token = registry.create_token("scoring", TokenOptions::default()).unwrap().token;
    assert_eq!(code(registry.set_tag("risk.credit.default", "note", &token)), "secret_suspected");
    assert_eq!(code(registry.set_retention(Duration::from_secs(1 << 62))), "invalid_argument");
}

#[test]
fn a_role_that_is_kept_apart_stays() {
    let world = World::new();
    let registry = &world.steward;
    registry.set_role("Maker", &["EXECUTE"]).unwrap();
    registry.separate_roles("Maker", "Reviewer", true).unwrap();
    assert_eq!(code(registry.delete_role("Maker")), "in_use");
    registry.separate_roles("Maker", "Reviewer", false).unwrap();
    registry.delete_role("Maker").unwrap();
}

#[test]
fn names_are_found_in_whatever_form_they_are_typed() {
    let world = World::new();
    let registry = &world.steward;
    let decomposed = "Cafe\u{301}";
    let group = registry.create_group(decomposed).unwrap();
    assert_eq!(group.name.as_deref(), Some("Caf\u{e9}"));
    registry.grant("BROWSE", MODEL, decomposed).unwrap();
    registry.set_role(decomposed, &["EXECUTE"]).unwrap();
    registry.grant(decomposed, MODEL, "Caf\u{e9}").unwrap();
    registry.separate_roles(decomposed, "Auditor", true).unwrap();
    registry.separate_roles(decomposed, "Auditor", false).unwrap();
    registry.revoke(decomposed, MODEL, decomposed).unwrap();
    registry.delete_role(decomposed).unwrap();
}

#[test]
fn a_hold_is_named_so_that_it_can_be_released() {
    let world = World::new();
    let registry = &world.steward;
    registry.set_hold("sales.web.churn", "a suit").unwrap();
    registry.delete_model("sales.web.churn").unwrap();
    let held = || registry.list_holds(halfback::ListHolds::default()).unwrap().items;
    assert_eq!(held()[0].target, "models:/sales.web.churn");
    registry.create_model("sales.web.churn").unwrap();
    registry.set_hold("sales.web.churn", "another").unwrap();
    let [old, new] = [held()[0].target.clone(), held()[1].target.clone()];
    assert!(old.starts_with("pin:/") && new == "models:/sales.web.churn", "{old}, {new}");
    registry.release_hold(old.as_str()).unwrap();
    assert_eq!(held()[0].reason, "another");
}

#[test]
fn no_alias_points_to_what_was_purged() {
    let world = World::new();
    let registry = &world.steward;
    let purge = || registry.purge_version("risk.credit.default/1", "no licence");
    assert_eq!(code(purge()), "in_use");
    registry.delete_alias("risk.credit.default", "champion").unwrap();
    purge().unwrap();
    purge().unwrap();
    assert_eq!(code(registry.set_alias("risk.credit.default", "champion", 1)), "conflict");
    // A list of erasures passes by what an alias points to, and says so.
    let id = registry.resolve("sales.web.churn/1").unwrap().id;
    let digest = registry.resolve("sales.web.churn/1").unwrap().digest.clone();
    let hash = digest.strip_prefix("sha256:").unwrap();
    let entry = format!(
        "{{\"kind\":\"content\",\"target\":{id},\"digest\":\"{hash}\",\"reason\":\"no licence\"}}"
    );
    let refused = registry.repeat_erasures(vec![entry]).unwrap().refused;
    assert_eq!(refused.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["in_use"]);
    assert_eq!(registry.check().unwrap().findings, []);
}

#[test]
fn who_comes_and_goes_in_one_transaction_was_never_there() {
    let world = World::new();
    let registry = &world.steward;
    let create = halfback::CreatePrincipal { name: "eve".into(), ..Default::default() };
    let commands = vec![
        create.into(),
        halfback::DeletePrincipal { principal: "eve".into() }.into(),
        halfback::SetTag {
            target: MODEL.into(),
            key: "k".into(),
            value: "v".into(),
            ..Default::default()
        }
        .into(),
    ];
    registry.transact(commands, None).unwrap();
    assert_eq!(registry.check().unwrap().findings, []);
}
