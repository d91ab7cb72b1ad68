//! The facade's methods on principals, roles, grants, tokens, signatures and evaluations, for the steps
//! of the scenarios.

use std::time::Duration;

use halfback::wire::{Columns, Given, OwnedColumn};
use halfback::{Registry, ReleaseHold, TokenOptions, View};
use serde_json::{Value, json};

use crate::Fields;
use crate::calls::{execute, json_of, query, version};

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
        "evaluate" => evaluate(registry, args),
        "compare" => compare(registry, args),
        "record_evaluation" => execute::<halfback::RecordEvaluation>(registry, args),
        "record_comparison" => execute::<halfback::RecordComparison>(registry, args),
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
        "release_hold" => registry
            .release_hold(serde_json::from_value::<ReleaseHold>(args.clone().into()).unwrap())
            .map(json_of),
        "revoke_token" => registry.revoke_token(text("token")).map(json_of),
        "allow_os_users" => registry.allow_os_users(or_true("allowed")).map(json_of),
        _ => return None,
    })
}

/// A method that tells who may do what; `None` for every other.
pub(crate) fn read(view: &View, name: &str, args: &Fields) -> Option<halfback::Result<Value>> {
    let text = |key: &str| args[key].as_str().unwrap();
    Some(match name {
        "get_evaluation" => query::<halfback::GetEvaluation>(view, args),
        "get_comparison" => query::<halfback::GetComparison>(view, args),
        "list_evaluations" => query::<halfback::ListEvaluations>(view, args),
        "list_comparisons" => query::<halfback::ListComparisons>(view, args),
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
        "list_holds" => query::<halfback::ListHolds>(view, args),
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

/// Columns and options of a step, in which a pair of columns is of a candidate and a baseline.
fn columns(args: &Fields, paired: bool) -> (Columns, Fields) {
    let mut columns = Columns::default();
    let mut options = Fields::new();
    for (key, value) in args {
        match key.as_str() {
            "version" | "candidate" | "baseline" => {}
            "y_pred" | "y_score" if paired => {
                let baseline = format!("baseline.{key}");
                columns.roles.push((key.clone(), column(&value[0])));
                columns.roles.push((baseline, column(&value[1])));
            }
            "y_true" | "y_pred" | "y_score" | "weights" | "clusters" | "strata" => {
                columns.roles.push((key.clone(), column(value)));
            }
            "slices" => {
                let slices = value.as_object().unwrap().iter();
                columns.slices.extend(slices.map(|(name, value)| (name.clone(), column(value))));
            }
            "dataset" if value.is_string() => {
                options.insert(key.clone(), json!({"name": value}));
            }
            _ => {
                options.insert(key.clone(), value.clone());
            }
        }
    }
    (columns, options)
}

fn column(values: &Value) -> Given {
    let values = values.as_array().unwrap();
    // A table comes row by row.
    let width = values.first().and_then(Value::as_array).map(Vec::len);
    let flat: Vec<&Value> = values
        .iter()
        .flat_map(|value| value.as_array().map_or(vec![value], |row| row.iter().collect()))
        .collect();
    let all = |is: fn(&Value) -> bool| flat.iter().all(|value| is(value));
    let values = if all(Value::is_boolean) {
        OwnedColumn::Bool(flat.iter().map(|value| value.as_bool().unwrap()).collect())
    } else if all(Value::is_i64) {
        OwnedColumn::Int(flat.iter().map(|value| value.as_i64().unwrap()).collect())
    } else if all(|value| value.is_number() || value == "$nan" || value == "$inf") {
        let number = |value: &&Value| match value.as_str() {
            Some("$nan") => f64::NAN,
            Some(_) => f64::INFINITY,
            None => value.as_f64().unwrap(),
        };
        OwnedColumn::Float(flat.iter().map(number).collect())
    } else {
        OwnedColumn::Text(flat.iter().map(|value| value.as_str().unwrap().to_owned()).collect())
    };
    Given { values, width, names: Vec::new() }
}

fn evaluate(registry: &Registry, args: &Fields) -> halfback::Result<Value> {
    let (columns, options) = columns(args, false);
    let version = version(&args["version"]);
    let request = json!({"version": version, "options": options}).to_string();
    halfback::wire::evaluate(registry, request.as_bytes(), &columns, None).map(json_of)
}

fn compare(registry: &Registry, args: &Fields) -> halfback::Result<Value> {
    let (columns, options) = columns(args, true);
    let [candidate, baseline] = ["candidate", "baseline"].map(|key| version(&args[key]));
    let request = json!({"candidate": candidate, "baseline": baseline, "options": options});
    halfback::wire::compare(registry, request.to_string().as_bytes(), &columns, None).map(json_of)
}
