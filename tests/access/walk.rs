//! The walk over all commands and queries: each is let through by its privilege and by no other, and
//! shows a stranger nothing.

use std::collections::BTreeSet;

use halfback::{
    CreatePrincipal, Kind, Options, Privilege, Registry, TokenOptions, no_progress, wire,
};
use serde_json::{Value, json};

use super::{MODEL, World};

/// What each command and query needs beside sight of what it names: the privilege, and where.
/// `None` says that sight, or nothing, is enough.
fn requests() -> Vec<(Value, Option<(Privilege, &'static str)>)> {
    use Privilege::{
        ApplyTag, CreateCatalog, CreateModel, CreateModelVersion, CreateSchema, Evaluate, Execute,
        Manage, Modify, ReadAudit, SetAlias,
    };
    const REGISTRY: &str = "registry:/";
    const CATALOG: &str = "catalogs:/risk";
    const SCHEMA: &str = "schemas:/risk.credit";
    let (model, version) = ("risk.credit.default", "models:/risk.credit.default/1");
    let command = |name: &str, mut fields: Value, needs| {
        fields["command"] = name.into();
        (fields, needs)
    };
    let query = |name: &str, mut fields: Value, needs| {
        fields["query"] = name.into();
        (fields, needs)
    };
    let on = |privilege, place| Some((privilege, place));
    vec![
        command("create_catalog", json!({"name": "new"}), on(CreateCatalog, REGISTRY)),
        command("update_catalog", json!({"name": "risk", "comment": "x"}), on(Modify, CATALOG)),
        command("rename_catalog", json!({"name": "risk", "new_name": "r"}), on(Manage, CATALOG)),
        command("delete_catalog", json!({"name": "risk", "cascade": true}), on(Manage, CATALOG)),
        command("create_schema", json!({"name": "risk.new"}), on(CreateSchema, CATALOG)),
        command(
            "update_schema",
            json!({"name": "risk.credit", "comment": "x"}),
            on(Modify, SCHEMA),
        ),
        command(
            "rename_schema",
            json!({"name": "risk.credit", "new_name": "risk.c"}),
            on(Manage, SCHEMA),
        ),
        command(
            "delete_schema",
            json!({"name": "risk.credit", "cascade": true}),
            on(Manage, SCHEMA),
        ),
        command("create_model", json!({"name": "risk.credit.new"}), on(CreateModel, SCHEMA)),
        command("update_model", json!({"name": model, "comment": "x"}), on(Modify, MODEL)),
        command(
            "rename_model",
            json!({"name": model, "new_name": "risk.credit.d"}),
            on(Manage, MODEL),
        ),
        command("delete_model", json!({"name": model}), on(Manage, MODEL)),
        command(
            "register_version",
            json!({"model": model, "digest": format!("sha256:{}", "0".repeat(64))}),
            on(CreateModelVersion, MODEL),
        ),
        command("update_version", json!({"version": version, "comment": "x"}), on(Modify, MODEL)),
        command("archive_version", json!({"version": version}), on(Modify, MODEL)),
        command("restore_version", json!({"version": version}), on(Modify, MODEL)),
        command("delete_version", json!({"version": version}), on(Manage, MODEL)),
        command(
            "set_tag",
            json!({"target": version, "key": "k", "value": "v"}),
            on(ApplyTag, MODEL),
        ),
        command("delete_tag", json!({"target": MODEL, "key": "env"}), on(ApplyTag, MODEL)),
        command(
            "set_alias",
            json!({"model": model, "alias": "next", "version": 1}),
            on(SetAlias, MODEL),
        ),
        command("delete_alias", json!({"model": model, "alias": "champion"}), on(SetAlias, MODEL)),
        command(
            "protect_alias",
            json!({"model": model, "alias": "champion", "protected": true}),
            on(Manage, MODEL),
        ),
        command("set_retention", json!({"least": 1}), on(Manage, REGISTRY)),
        command("purge", json!({"older_than": 0}), on(Manage, REGISTRY)),
        command(
            "sign_version",
            json!({"version": version, "bundle": "{}", "public_key": "none"}),
            on(Modify, MODEL),
        ),
        command("set_signing_keys", json!({"catalog": "risk", "keys": []}), on(Manage, CATALOG)),
        command("purge_version", json!({"version": version, "reason": "x"}), on(Manage, REGISTRY)),
        command(
            "purge_artifact",
            json!({"catalog": "risk", "digest": format!("sha256:{}", "0".repeat(64)), "reason": "x"}),
            on(Manage, CATALOG),
        ),
        command(
            "erase",
            json!({"what": "texts", "target": model, "reason": "x"}),
            on(Manage, REGISTRY),
        ),
        command("repeat_erasures", json!({"erasures": []}), on(Manage, REGISTRY)),
        command("set_hold", json!({"target": MODEL, "reason": "x"}), on(Manage, MODEL)),
        command("release_hold", json!({"target": MODEL}), on(Manage, MODEL)),
        command("create_principal", json!({"name": "new"}), on(Manage, REGISTRY)),
        command("delete_principal", json!({"principal": "other"}), on(Manage, REGISTRY)),
        command("add_member", json!({"group": "team", "member": "other"}), on(Manage, REGISTRY)),
        command(
            "remove_member",
            json!({"group": "team", "member": "member"}),
            on(Manage, REGISTRY),
        ),
        command("grant", json!({"what": "BROWSE", "on": MODEL, "to": "other"}), on(Manage, MODEL)),
        command(
            "revoke",
            json!({"what": "BROWSE", "on": MODEL, "principal": "member"}),
            on(Manage, MODEL),
        ),
        command("set_role", json!({"name": "Own", "includes": ["BROWSE"]}), on(Manage, REGISTRY)),
        command("delete_role", json!({"name": "Custom"}), on(Manage, REGISTRY)),
        command(
            "separate_roles",
            json!({"first": "Reviewer", "second": "Custom", "separated": true}),
            on(Manage, REGISTRY),
        ),
        command(
            "create_token",
            json!({"principal": "other", "hash": "0".repeat(64)}),
            on(Manage, REGISTRY),
        ),
        command("revoke_token", json!({"token": "t0"}), on(Manage, REGISTRY)),
        command("allow_os_users", json!({"allowed": true}), on(Manage, REGISTRY)),
        command(
            "record_evaluation",
            json!({"version": version, "measurement": measurement()}),
            on(Evaluate, MODEL),
        ),
        command(
            "record_comparison",
            json!({"candidate": version, "baseline": version, "measurement": paired_measurement()}),
            on(Evaluate, MODEL),
        ),
        query("get_evaluation", json!({"evaluation": 1}), None),
        query("list_evaluations", json!({"version": version}), None),
        query("get_comparison", json!({"comparison": 1}), None),
        query("list_comparisons", json!({"version": version}), None),
        query("signing_statement", json!({"version": version}), on(Modify, MODEL)),
        query("list_signatures", json!({"version": version}), None),
        query("verify_signature", json!({"version": version, "public_key": "none"}), None),
        query("get_signing_keys", json!({"catalog": "risk"}), None),
        query("get_catalog", json!({"name": "risk"}), None),
        query("get_schema", json!({"name": "risk.credit"}), None),
        query("get_model", json!({"name": model}), None),
        query("get_version", json!({"model": model, "number": 1}), None),
        query("resolve", json!({"uri": "models:/risk.credit.default@champion"}), None),
        query("list_catalogs", json!({}), None),
        query("list_schemas", json!({"catalog": "risk"}), None),
        query("list_models", json!({}), None),
        query("list_versions", json!({"model": model}), None),
        query("search_models", json!({}), None),
        query("search_versions", json!({}), None),
        query("history", json!({"target": MODEL}), None),
        query("log", json!({}), on(ReadAudit, REGISTRY)),
        query("get_artifact", json!({"version": version}), on(Execute, MODEL)),
        query("get_example", json!({"version": version}), on(Execute, MODEL)),
        query("compare_signatures", json!({"old": version, "new": version}), None),
        query("whoami", json!({}), None),
        query("info", json!({}), None),
        query("verify_log", json!({}), on(ReadAudit, REGISTRY)),
        query("prove", json!({"commit": 1}), on(ReadAudit, REGISTRY)),
        query("prove_consistency", json!({"old_size": 1}), on(ReadAudit, REGISTRY)),
        query("get_principal", json!({"principal": "other"}), on(ReadAudit, REGISTRY)),
        query("list_principals", json!({}), on(ReadAudit, REGISTRY)),
        query("list_grants", json!({"on": MODEL}), on(ReadAudit, MODEL)),
        query("list_roles", json!({}), None),
        query("list_erasures", json!({}), on(ReadAudit, REGISTRY)),
        query("list_holds", json!({}), on(ReadAudit, REGISTRY)),
        query("list_tokens", json!({}), on(ReadAudit, REGISTRY)),
        query(
            "explain",
            json!({"privilege": "BROWSE", "on": MODEL, "principal": "other"}),
            on(ReadAudit, MODEL),
        ),
        query("who_can", json!({"privilege": "BROWSE", "on": MODEL}), on(ReadAudit, MODEL)),
        query("what_can", json!({"principal": "other"}), on(ReadAudit, REGISTRY)),
    ]
}

fn measurement() -> Value {
    let metric = json!({"metric": "accuracy", "rows": 2, "value": 0.5});
    json!({
        "task": "binary", "rows": 2, "level": 0.95, "library": "halfback",
        "data_digest": format!("sha256:{}", "0".repeat(64)), "metrics": [metric],
    })
}

fn paired_measurement() -> Value {
    let result = json!({"rows": 2, "verdict": "inconclusive", "reason": "two rows"});
    json!({
        "task": "binary", "metric": "accuracy", "rows": 2, "level": 0.95, "library": "halfback",
        "data_digest": format!("sha256:{}", "0".repeat(64)), "alternative": "difference",
        "margin": 0.0, "adjustment": "holm", "method": "mcnemar_tango", "results": [result],
    })
}

fn name_of(request: &Value) -> &str {
    request.get("command").or_else(|| request.get("query")).unwrap().as_str().unwrap()
}

fn ask(registry: &Registry, request: &Value) -> halfback::Result<String> {
    match request.get("command") {
        Some(_) => wire::execute(registry, json!({"commands": [request]}).to_string().as_bytes())
            .map(|outputs| json!(outputs).to_string()),
        None => wire::query(registry, request.to_string().as_bytes())
            .map(|answer| serde_json::to_string(&answer).unwrap()),
    }
}

/// A world in which everything that the requests name is there.
fn world_for_requests() -> World {
    let world = World::new();
    let registry = &world.steward;
    for name in ["other", "member"] {
        registry.create_service(name).unwrap();
    }
    registry.create_group("team").unwrap();
    registry.add_member("team", "member").unwrap();
    registry.grant("BROWSE", MODEL, "member").unwrap();
    registry.set_role("Custom", &["BROWSE"]).unwrap();
    world
}

#[test]
fn every_command_and_query_has_its_request() {
    let schemas: Value =
        serde_json::from_slice(&serde_json::to_vec(&wire::schemas()).unwrap()).unwrap();
    let names = |list: &str| -> BTreeSet<String> {
        schemas[list].as_object().unwrap().keys().cloned().collect()
    };
    let all: BTreeSet<String> = names("commands").union(&names("queries")).cloned().collect();
    let asked: BTreeSet<String> =
        requests().iter().map(|(request, _)| name_of(request).to_owned()).collect();
    assert_eq!(all, asked);
}

#[test]
fn every_command_and_query_is_let_through_by_its_privilege_and_by_no_other() {
    let world = world_for_requests();
    for (place, what) in
        [("registry:/", "USE CATALOG"), ("registry:/", "USE SCHEMA"), ("registry:/", "BROWSE")]
    {
        world.grant(what, place, "other");
    }
    for (number, (request, needs)) in requests().into_iter().enumerate() {
        let name = format!("asker{number}");
        let session = world.session(&name);
        for what in ["BROWSE", "USE CATALOG", "USE SCHEMA"] {
            world.grant(what, "registry:/", &name);
        }
        let is_denied = |session: &Registry| matches!(ask(session, &request), Err(error) if error.kind() == Kind::Denied);
        let Some((privilege, on)) = needs else {
            assert!(!is_denied(&session), "{request} is denied to who sees it");
            continue;
        };
        assert!(is_denied(&session), "{request} takes nothing");
        for other in Privilege::ALL {
            let gates = [Privilege::Browse, Privilege::UseCatalog, Privilege::UseSchema];
            if other != privilege && !gates.contains(&other) {
                world.grant(other.word(), "registry:/", &name);
            }
        }
        assert!(is_denied(&session), "{request} takes another privilege than {privilege}");
        // A fresh one, so that what a command does is done once: `MANAGE` alone grants nothing.
        let name = format!("holder{number}");
        let session = world.session(&name);
        for what in ["BROWSE", "USE CATALOG", "USE SCHEMA"] {
            world.grant(what, "registry:/", &name);
        }
        world.grant(privilege.word(), on, &name);
        world.steward.deny(privilege.word(), on, &name).unwrap();
        assert!(is_denied(&session), "{request} is let through a denial");
        world.grant(privilege.word(), on, &name);
        let result = ask(&world_of(&world, &name).0, &request);
        if let Err(error) = result {
            assert_ne!(error.kind(), Kind::Denied, "{request}: {error}");
        }
    }
}

/// A copy of a world, and a session of a principal in it: what a command destroys is needed again.
fn world_of(world: &World, name: &str) -> (Registry, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    world.steward.backup(&backup, false, &mut no_progress).unwrap();
    let path = folder.path().join("models.hb");
    halfback::restore(&backup, &path, &mut no_progress).unwrap();
    let steward = Registry::open(&path).unwrap();
    let token = steward.create_token(name, TokenOptions::default()).unwrap().token;
    let session = Registry::open_with_token(&path, Options::default(), &token).unwrap();
    (session, folder)
}

#[test]
fn a_stranger_sees_an_empty_world() {
    let world = world_for_requests();
    let stranger = world.session("stranger");
    let empty = {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { create: true, ..Options::default() };
        let steward = Registry::open_with(folder.path().join("models.hb"), options).unwrap();
        let kind = halfback::PrincipalKind::Service;
        steward
            .execute(CreatePrincipal { name: "stranger".into(), kind, ..Default::default() })
            .unwrap();
        let token = steward.create_token("stranger", TokenOptions::default()).unwrap().token;
        let path = folder.path().join("models.hb");
        (Registry::open_with_token(path, Options::default(), &token).unwrap(), folder)
    };
    for (request, _) in requests() {
        if ["info", "whoami", "list_roles"].contains(&name_of(&request)) {
            continue;
        }
        let shown = |registry: &Registry| match ask(registry, &request) {
            Ok(answer) => answer,
            Err(error) => format!("{}: {error}", error.code()),
        };
        // Only the stranger's own id may differ.
        let own = |registry: &Registry| format!("({})", registry.whoami().unwrap().id.unwrap());
        let shown = |registry: &Registry| shown(registry).replace(&own(registry), "");
        assert_eq!(shown(&stranger), shown(&empty.0), "{request}");
    }
}
