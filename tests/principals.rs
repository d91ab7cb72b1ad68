//! The facade's methods on principals, roles, grants, tokens and signatures, for the steps of the
//! scenarios.

use std::time::Duration;

use halfback::{Registry, TokenOptions, View};
use serde_json::Value;

use crate::{Fields, execute, json_of, query, version};

/// A method that changes who may do what; `None` for every other.
pub(crate) fn write(
    registry: &Registry,
    name: &str,
    args: &Fields,
) -> Option<halfback::Result<Value>> {
    let text = |key: &str| args[key].as_str().unwrap();
    let parts = |key: &str| args.get(key).map_or_else(Vec::new, texts);
    let or_true = |key: &str| args.get(key).is_none_or(|flag| flag == true);
    Some(match name {
        "create_user" | "create_service"
            if args.contains_key("exist_ok") || args.contains_key("identity") =>
        {
            let mut fields = args.clone();
            let kind = name.trim_start_matches("create_");
            fields.insert("kind".into(), kind.into());
            execute::<halfback::CreatePrincipal>(registry, &fields)
        }
        "create_user" => {
            let os_user =
                args.get("os_user").map(|uid| u32::try_from(uid.as_u64().unwrap()).unwrap());
            registry.create_user(text("name"), os_user).map(json_of)
        }
        "create_service" => registry.create_service(text("name")).map(json_of),
        "create_group" => registry.create_group(text("name")).map(json_of),
        "set_retention" => execute::<halfback::SetRetention>(registry, args),
        "sign_version" => execute::<halfback::SignVersion>(registry, args),
        "set_signing_keys" => {
            registry.set_signing_keys(text("catalog"), parts("keys")).map(json_of)
        }
        "delete_principal" => registry.delete_principal(text("principal")).map(json_of),
        "add_member" => registry.add_member(text("group"), text("member")).map(json_of),
        "remove_member" => registry.remove_member(text("group"), text("member")).map(json_of),
        "grant" | "deny" if args.contains_key("where") => {
            let mut fields = args.clone();
            let condition = fields.remove("where").unwrap();
            fields.extend([
                ("condition".into(), condition),
                ("deny".into(), (name == "deny").into()),
            ]);
            execute::<halfback::Grant>(registry, &fields)
        }
        "grant" => registry.grant(text("what"), text("on"), text("to")).map(json_of),
        "deny" => registry.deny(text("what"), text("on"), text("to")).map(json_of),
        "revoke" => registry.revoke(text("what"), text("on"), text("principal")).map(json_of),
        "set_role" => {
            let includes = parts("includes");
            let includes: Vec<&str> = includes.iter().map(String::as_str).collect();
            registry.set_role(text("name"), &includes).map(json_of)
        }
        "delete_role" => registry.delete_role(text("name")).map(json_of),
        "separate_roles" => registry
            .separate_roles(text("first"), text("second"), or_true("separated"))
            .map(json_of),
        "create_token" => {
            let owned = |key: &str| args.get(key).map(|text| text.as_str().unwrap().to_owned());
            let expires_in = args.get("expires_in").map(|seconds| seconds.as_u64().unwrap());
            let options = TokenOptions {
                expires_in: expires_in.map(Duration::from_secs),
                privileges: parts("privileges"),
                on: owned("on"),
                comment: owned("comment"),
            };
            registry.create_token(text("principal"), options).map(json_of)
        }
        "erase" => {
            let what = serde_json::from_value(args["what"].clone()).unwrap();
            registry.erase(what, text("target"), text("reason")).map(json_of)
        }
        "purge_version" => registry.purge_version(text("version"), text("reason")).map(json_of),
        "purge_artifact" => {
            registry.purge_artifact(text("catalog"), text("digest"), text("reason")).map(json_of)
        }
        "repeat_erasures" => registry.repeat_erasures(parts("erasures")).map(json_of),
        "set_hold" => registry.set_hold(text("target"), text("reason")).map(json_of),
        "release_hold" => registry.release_hold(text("target")).map(json_of),
        "revoke_token" => registry.revoke_token(text("token")).map(json_of),
        "allow_os_users" => registry.allow_os_users(or_true("allowed")).map(json_of),
        _ => return None,
    })
}

/// A method that tells who may do what; `None` for every other.
pub(crate) fn read(view: &View, name: &str, args: &Fields) -> Option<halfback::Result<Value>> {
    let text = |key: &str| args[key].as_str().unwrap();
    Some(match name {
        "list_signatures" => view.list_signatures(version(&args["version"])).map(json_of),
        "verify_signature" => {
            view.verify_signature(version(&args["version"]), text("public_key")).map(json_of)
        }
        "signing_statement" => view.signing_statement(version(&args["version"])).map(Value::from),
        "get_signing_keys" => view.get_signing_keys(text("catalog")).map(json_of),
        "get_principal" => view.get_principal(text("principal")).map(json_of),
        "list_principals" => query::<halfback::ListPrincipals>(view, args),
        "list_grants" => query::<halfback::ListGrants>(view, args),
        "list_roles" => view.list_roles().map(json_of),
        "list_erasures" => query::<halfback::ListErasures>(view, args),
        "list_tokens" => query::<halfback::ListTokens>(view, args),
        "explain" if !args.contains_key("principal") => {
            view.explain(text("privilege"), text("on")).map(json_of)
        }
        "explain" => query::<halfback::Explain>(view, args),
        "who_can" => view.who_can(text("privilege"), text("on")).map(json_of),
        "what_can" => {
            view.what_can(args.get("principal").map(|it| it.as_str().unwrap())).map(json_of)
        }
        _ => return None,
    })
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}
