use serde_json::{Value, json};

use super::{Api, Kind, wrapped};

fn read(property: &Value) -> Result<(Kind, bool), String> {
    let schemas = json!({
        "records": {
            "Thing": {
                "description": "A thing.\n\n# Examples\n\n```\nrust();\n```",
                "properties": {"field": property},
                "required": ["field"],
            },
            "Part": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
            "Page": {"type": "object", "properties": {"items": true, "cursor": true}},
            "Stage": {"oneOf": [
                {"enum": ["none", "staging"], "type": "string"},
                {"const": "production", "description": "In use."},
            ]},
        },
        "commands": {"touch": {"properties": {"command": {"const": "touch"}}}},
    });
    let api = Api::read(&schemas).map_err(|failure| failure.to_string())?;
    let thing = api.records.iter().find(|record| record.name == "Thing").ok_or("no Thing")?;
    assert_eq!(thing.doc, "A thing.");
    assert!(api.records.iter().all(|record| record.name != "Page"));
    assert!(api.commands.iter().all(|command| command.fields.is_empty()));
    thing
        .fields
        .iter()
        .map(|field| (field.kind.clone(), field.nullable))
        .next()
        .ok_or("no field".into())
}

fn check(property: &Value, kind: Kind, nullable: bool) {
    assert_eq!(read(property), Ok((kind, nullable)));
}

#[test]
fn shapes_of_schemars_become_kinds() {
    check(&json!({"type": "string"}), Kind::Text, false);
    check(&json!({"type": ["string", "null"]}), Kind::Text, true);
    check(&json!({"type": "string", "format": "date-time"}), Kind::Time, false);
    check(&json!({"type": "string", "format": "version"}), Kind::Version, false);
    check(&json!({"type": ["string", "integer"]}), Kind::Scalar, false);
    check(&json!({"$ref": "#/$defs/Part"}), Kind::Record("Part".into()), false);
    check(
        &json!({"anyOf": [{"$ref": "#/$defs/Stage"}, {"type": "null"}]}),
        Kind::Enumeration("Stage".into()),
        true,
    );
    check(
        &json!({"type": "array", "items": {"$ref": "#/$defs/Part"}}),
        Kind::List(Box::new(Kind::Record("Part".into()))),
        false,
    );
    check(
        &json!({"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}),
        Kind::Map(Box::new(Kind::Scalar)),
        false,
    );
    check(&json!(true), Kind::Anything, false);
}

#[test]
fn a_reference_that_leads_nowhere_names_the_field() {
    let failure = read(&json!({"$ref": "#/$defs/Absent"})).unwrap_err();
    assert_eq!(failure, "Thing.field: `#/$defs/Absent` leads nowhere");
}

#[test]
fn a_nested_record_without_a_name_is_refused() {
    let failure = read(&json!({"type": "object", "properties": {"a": true}})).unwrap_err();
    assert!(failure.contains("needs a name"), "{failure}");
}

#[test]
fn prose_is_wrapped_by_words_and_keeps_its_paragraphs() {
    assert_eq!(wrapped("one two three\n\nfour", 8), ["one two", "three", "", "four"]);
    assert_eq!(wrapped("see [`Model`]", 80), ["see `Model`"]);
}
