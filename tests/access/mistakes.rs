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
