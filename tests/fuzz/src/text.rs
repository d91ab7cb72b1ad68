//! Names, URIs and filters: what parses prints, and what was printed parses to the same.

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};
use std::str::FromStr;

use halfback::fuzz::Filter;
use halfback::{
    AliasName, CatalogName, Error, ModelName, Pin, Result, SchemaName, SearchModels,
    SearchVersions, TagKey, Target, VersionUri,
};
use serde_json::json;

use crate::page::with_registry;
use crate::refused;

/// What names are refused with.
const NAME: [&str; 2] = ["invalid_name", "reserved_name"];
/// What URIs are refused with.
const URI: [&str; 3] = ["invalid_uri", "invalid_name", "reserved_name"];

/// Any text, as a name of each kind.
pub fn names(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    canonical::<CatalogName>(&text, &NAME);
    canonical::<AliasName>(&text, &NAME);
    canonical::<TagKey>(&text, &NAME);
    if let Some(name) = canonical::<SchemaName>(&text, &NAME) {
        assert_eq!(SchemaName::from_path(name.path()).unwrap(), name);
    }
    if let Some(name) = canonical::<ModelName>(&text, &NAME) {
        assert_eq!(ModelName::from_path(name.path()).unwrap(), name);
        assert!(name.to_string().starts_with(&name.schema().to_string()));
    }
}

/// Any text, as what names a thing, and as what a registry is asked for.
pub fn uris(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let version = canonical::<VersionUri>(&text, &URI);
    match text.parse::<Target>() {
        Err(error) => {
            refused(&error, &URI);
            assert_eq!(version, None);
        }
        Ok(target) => {
            let printed = match &target {
                Target::Catalog(name) => format!("catalogs:/{name}"),
                Target::Schema(name) => format!("schemas:/{name}"),
                Target::Model(name) => format!("models:/{name}"),
                Target::Version(uri) => uri.to_string(),
                Target::Pinned(pin) => {
                    assert_eq!(&text.parse::<Pin>().unwrap(), pin);
                    text.clone().into_owned()
                }
            };
            assert_eq!(printed.parse::<Target>().unwrap(), target, "`{printed}`");
            let of_target = if let Target::Version(uri) = target { Some(uri) } else { None };
            assert_eq!(version, of_target);
        }
    }
    with_registry(|registry| {
        let known = ["not_found", "invalid_argument"];
        match registry.resolve(&*text) {
            // The record says of itself what was asked for.
            Ok(found) => assert_eq!(registry.resolve(found.pin.as_str()).unwrap(), found),
            Err(error) => refused(&error, &[&URI[..], &known].concat()),
        }
        if let Err(error) = registry.history(&text) {
            refused(&error, &[&URI[..], &known].concat());
        }
    });
}

/// Any text, as a filter, and as what searches are asked.
pub fn filters(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let found = found(&text);
    match text.parse::<Filter>() {
        Err(error) => {
            refused(&error, &["invalid_filter"]);
            assert_eq!(found, ["invalid_filter", "invalid_filter"].map(|code| Err(code.into())));
        }
        Ok(filter) => {
            let printed = filter.to_string();
            // What is printed has parentheses and doubled quotes that the text could do without.
            let deep = text.matches('(').count() + text.to_ascii_uppercase().matches("NOT").count();
            if deep < 20 && text.len() < 4 << 10 {
                let again: Filter = printed.parse().unwrap();
                assert_eq!(again, filter);
                assert_eq!(again.to_string(), printed);
                assert_eq!(self::found(&printed), found, "{printed}");
                opposite(&text, &found);
            }
        }
    }
    with_registry(|registry| {
        let order = SearchModels { order_by: vec![text.clone().into()], ..SearchModels::default() };
        if let Err(error) = registry.search_models(order) {
            refused(&error, &["invalid_filter"]);
        }
    });
}

/// What finds a thing or its opposite: names of models, and pins of versions, or the error's code.
type Found = [Result<BTreeSet<String>, String>; 2];

fn found(filter: &str) -> Found {
    let parameters = json!({"text": "risk", "number": 1, "list": ["risk", "x"], "yes": true});
    let parameters = parameters.as_object().unwrap().clone();
    let filter = Some(filter.to_owned());
    let code = |error: Error| {
        refused(&error, &["invalid_filter", "invalid_argument"]);
        error.code().to_owned()
    };
    with_registry(|registry| {
        let search = SearchModels {
            filter: filter.clone(),
            parameters: parameters.clone(),
            ..SearchModels::default()
        };
        let models = registry.search_models(search);
        let search = SearchVersions { filter, parameters, ..SearchVersions::default() };
        let versions = registry.search_versions(search);
        [
            models.map(|page| page.items.into_iter().map(|it| it.name).collect()).map_err(code),
            versions.map(|page| page.items.into_iter().map(|it| it.pin).collect()).map_err(code),
        ]
    })
}

/// Nothing passes a filter and its opposite.
fn opposite(text: &str, passing: &Found) {
    if text.trim().is_empty() {
        return;
    }
    for (one, other) in passing.iter().zip(&found(&format!("NOT ({text})"))) {
        match (one, other) {
            (Ok(one), Ok(other)) => assert!(one.is_disjoint(other), "{one:?} {other:?}"),
            (one, other) => assert_eq!(one, other),
        }
    }
}

/// What a text is, where it is one; a printed form that parses to the same and prints the same.
#[track_caller]
fn canonical<T>(text: &str, codes: &[&str]) -> Option<T>
where
    T: FromStr<Err = Error> + Display + Debug + PartialEq,
{
    match text.parse::<T>() {
        Err(error) => {
            refused(&error, codes);
            None
        }
        Ok(value) => {
            let printed = value.to_string();
            let again: T = printed.parse().unwrap();
            assert_eq!(again, value, "`{printed}`");
            assert_eq!(again.to_string(), printed);
            Some(value)
        }
    }
}
