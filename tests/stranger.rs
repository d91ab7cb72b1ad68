//! What somebody who was granted nothing sees of the world that a scenario leaves: what is in an empty
//! one.

use halfback::{ListGrants, Options, Registry, TokenOptions, wire};
use serde_json::{Value, json};

/// Compares what a stranger is answered about everything that a registry holds with what a stranger to
/// an empty one is; gives whether there could be one: not where the session makes nobody known, or
/// everybody is granted something.
pub(crate) fn sees_nothing(registry: &Registry) -> bool {
    let everybodys = ListGrants { to: Some("everyone".into()), ..ListGrants::default() };
    let granted = registry.query(everybodys).map(|page| page.items.len());
    if !granted.is_ok_and(|many| many == 0) {
        return false;
    }
    let requests = requests(registry);
    let Some(stranger) = stranger(registry) else { return false };
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.hb");
    let options = Options { create: true, ..Options::default() };
    let steward = Registry::open_with(&empty, options).unwrap();
    let nobody = self::stranger(&steward).unwrap();
    for request in requests {
        assert_eq!(answer(&stranger, &request), answer(&nobody, &request), "{request}");
    }
    true
}

fn stranger(registry: &Registry) -> Option<Registry> {
    registry.create_service(NAME).ok()?;
    let token = registry.create_token(NAME, TokenOptions::default()).unwrap().token;
    Some(Registry::open_with_token(registry.path(), Options::default(), &token).unwrap())
}

const NAME: &str = "nobody in any scenario";

/// What is asked: every list, and everything that is there by its name.
fn requests(registry: &Registry) -> Vec<Value> {
    let lists = ["list_catalogs", "list_models", "search_models", "search_versions", "log"];
    let more = [
        "list_principals",
        "list_grants",
        "list_tokens",
        "list_erasures",
        "list_holds",
        "verify_log",
    ];
    let mut requests: Vec<Value> =
        lists.into_iter().chain(more).map(|query| json!({"query": query})).collect();
    let catalogs = names(registry, &json!({"query": "list_catalogs"}));
    for catalog in &catalogs {
        requests.push(json!({"query": "get_catalog", "name": catalog}));
        let list = json!({"query": "list_schemas", "catalog": catalog});
        for schema in names(registry, &list) {
            requests.push(json!({"query": "get_schema", "name": schema}));
        }
        requests.push(list);
    }
    for model in names(registry, &json!({"query": "list_models"})) {
        requests.push(json!({"query": "get_model", "name": model}));
        requests.push(json!({"query": "list_versions", "model": model}));
        requests.push(json!({"query": "get_version", "model": model, "number": 1}));
        for query in ["history", "explain", "who_can"] {
            let target = if query == "history" { "target" } else { "on" };
            let mut request = json!({"query": query, target: format!("models:/{model}")});
            if query != "history" {
                request["privilege"] = "BROWSE".into();
            }
            requests.push(request);
        }
        requests.push(json!({"query": "get_artifact", "version": format!("models:/{model}/1")}));
    }
    requests
}

fn names(registry: &Registry, list: &Value) -> Vec<String> {
    let page = wire::query(registry, list.to_string().as_bytes()).unwrap();
    let page: Value = serde_json::to_value(&page).unwrap();
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

/// The answer, or the error with its words; but for the stranger's own id.
fn answer(session: &Registry, request: &Value) -> String {
    let own = session.whoami().unwrap().id.unwrap();
    let answer = match wire::query(session, request.to_string().as_bytes()) {
        Ok(answer) => serde_json::to_string(&answer).unwrap(),
        Err(error) => format!("{}: {error}", error.code()),
    };
    // Who may grant it is said to everybody.
    let (answer, _) = answer.split_once("; it can be granted by").unwrap_or((&answer, ""));
    answer.replace(&format!("({own})"), "")
}
