//! Python: frozen dataclasses for records and commands.

use std::fmt::Write as _;

use super::{
    ORIGIN,
    schema::{Api, Field, Kind, Record, pascal, wrapped},
};
use crate::step::{Failure, Outcome};

const WIDTH: usize = 100;

pub(crate) fn files(api: &Api) -> Outcome<[(&'static str, String); 2]> {
    Ok([("records.py", records(api)?), ("commands.py", commands(api))])
}

fn records(api: &Api) -> Outcome<String> {
    let mut out = module(
        "The records that reads and commands give: plain, frozen, and pinned to one moment.",
    );
    out.push_str(
        "from __future__ import annotations\n\nfrom collections.abc import Mapping\nfrom dataclasses import dataclass\n\
         from datetime import datetime\nfrom typing import Any, ClassVar, Literal\n\n",
    );
    let mut names: Vec<&str> = api.records.iter().map(|record| record.name.as_str()).collect();
    names.extend(api.enumerations.keys().map(String::as_str));
    out.push_str(&exports(names));
    for (name, enumeration) in &api.enumerations {
        let values: Vec<String> =
            enumeration.values.iter().map(|(value, _)| format!("{value:?}")).collect();
        let _ = writeln!(out, "{name} = Literal[{}]", values.join(", "));
        let mut doc = enumeration.doc.clone();
        for (value, about) in enumeration.values.iter().filter(|(_, about)| !about.is_empty()) {
            let _ = write!(doc, "\n\n`{value}`: {about}");
        }
        out.push_str(&docstring(&doc, 0));
        out.push('\n');
    }
    for record in &api.records {
        out.push_str(&class(record, &record.name, None));
        out.push_str(&wire(record)?);
    }
    Ok(out)
}

fn commands(api: &Api) -> String {
    let mut out = module(
        "The commands, as values: what `Registry.transact` carries out together or not at all.",
    );
    out.push_str(
        "from __future__ import annotations\n\nfrom abc import ABC, abstractmethod\n\
         from collections.abc import Mapping\nfrom dataclasses import dataclass\n\
         from datetime import datetime\nfrom typing import Any, ClassVar\n\n",
    );
    let expects =
        api.commands.iter().flat_map(|command| &command.fields).any(Field::is_expectation);
    let fields = api.commands.iter().flat_map(|command| &command.fields);
    let mut records = vec!["ModelVersion"];
    records.extend(fields.filter_map(|field| match &field.kind {
        Kind::Enumeration(name) | Kind::Record(name) => Some(name.as_str()),
        _ => None,
    }));
    records.sort_unstable();
    records.dedup();
    let _ = writeln!(out, "from halfback.records import {}", records.join(", "));
    if expects {
        out.push_str("from halfback.sentinels import ANY, AnyValue\n");
    }
    out.push('\n');
    let mut names: Vec<String> = api.commands.iter().map(|command| pascal(&command.name)).collect();
    names.push("Command".to_owned());
    out.push_str(&exports(names.iter().map(String::as_str).collect()));
    out.push_str(
        "class Command(ABC):\n    \"\"\"One command, ready to be carried out by `Registry.transact`.\"\"\"\n\n    \
         NAME: ClassVar[str]\n    \"\"\"The command's name, as the log shows it.\"\"\"\n\n    @abstractmethod\n    \
         def to_wire(self) -> dict[str, Any]:\n        \"\"\"The command as a JSON object.\"\"\"\n\n\n",
    );
    for command in &api.commands {
        out.push_str(&class(command, &pascal(&command.name), Some(&command.name)));
        out.push_str(&to_wire(command));
    }
    out
}

fn module(doc: &str) -> String {
    // `typing.get_type_hints` and what is built on it read the annotations at run time.
    format!(
        "# {ORIGIN}\n# ruff: noqa: TC003 (annotations can be read at run time)\n\"\"\"{doc}\"\"\"\n\n"
    )
}

fn exports(mut names: Vec<&str>) -> String {
    names.sort_unstable();
    let quoted: Vec<String> = names.iter().map(|name| format!("    {name:?},\n")).collect();
    format!("__all__ = [\n{}]\n\n", quoted.concat())
}

/// The head of a class and its fields.
fn class(record: &Record, name: &str, command: Option<&str>) -> String {
    let base = if command.is_some() { "(Command)" } else { "" };
    let mut out = format!("@dataclass(frozen=True, kw_only=True)\nclass {name}{base}:\n");
    out.push_str(&docstring(&record.doc, 4));
    if let Some(name) = command {
        let _ = writeln!(out, "\n    NAME: ClassVar[str] = {name:?}");
    }
    out.push('\n');
    for field in &record.fields {
        let _ = writeln!(out, "    {}: {}", field.name, annotation(field, command.is_some()));
        out.push_str(&docstring(&field.doc, 4));
    }
    out.push('\n');
    out
}

fn annotation(field: &Field, command: bool) -> String {
    let kind = kind(&field.kind);
    if !command {
        return if field.nullable { format!("{kind} | None = None") } else { kind };
    }
    if field.is_expectation() {
        return format!("{kind} | AnyValue | None = ANY");
    }
    match (field.required, field.default) {
        (true, _) if field.nullable => format!("{kind} | None"),
        (true, _) => kind,
        (false, Some(true)) => format!("{kind} = True"),
        (false, Some(false)) => format!("{kind} = False"),
        (false, None) => format!("{kind} | None = None"),
    }
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Text => "str".to_owned(),
        Kind::Integer => "int".to_owned(),
        Kind::Number => "float".to_owned(),
        Kind::Boolean => "bool".to_owned(),
        Kind::Time => "datetime".to_owned(),
        Kind::Scalar => "str | int | float | bool".to_owned(),
        Kind::Anything => "Any".to_owned(),
        Kind::Version => "ModelVersion | str".to_owned(),
        Kind::Record(name) | Kind::Enumeration(name) => name.clone(),
        Kind::List(items) => format!("tuple[{}, ...]", self::kind(items)),
        Kind::Map(values) => format!("Mapping[str, {}]", self::kind(values)),
    }
}

/// What the fields are that JSON does not know, for the native half.
fn wire(record: &Record) -> Outcome<String> {
    let mut entries = Vec::new();
    for Field { name, kind, .. } in &record.fields {
        let class = class_of(kind)
            .map_err(|failure| Failure::new(format!("{}.{name}: {failure}", record.name)))?;
        entries.extend(class.map(|class| format!("{name:?}: {class}")));
    }
    if entries.is_empty() {
        return Ok(String::new());
    }
    Ok(format!("    _WIRE: ClassVar[Mapping[str, type]] = {{{}}}\n\n", entries.join(", ")))
}

/// The class of what a value becomes, or each item of a list; `tuple` is a list of what JSON knows.
fn class_of(kind: &Kind) -> Outcome<Option<&str>> {
    Ok(match kind {
        Kind::Time => Some("datetime"),
        Kind::Record(name) => Some(name),
        Kind::List(items) => match class_of(items)? {
            Some("tuple") => return Err(Failure::new("a list of lists needs a record between")),
            class => class.or(Some("tuple")),
        },
        Kind::Map(values) if class_of(values)?.is_some() => {
            return Err(Failure::new("a map of records needs a record between"));
        }
        _ => None,
    })
}

fn to_wire(command: &Record) -> String {
    let mut out = "    def to_wire(self) -> dict[str, Any]:\n        \"\"\"The command as a JSON object; what was not given \
                   is left out.\"\"\"\n        wire: dict[str, Any] = {\n            \"command\": self.NAME,\n"
        .to_owned();
    let always = |field: &&Field| field.required || field.default.is_some();
    for field in command.fields.iter().filter(always) {
        let _ = writeln!(out, "            {:?}: {},", field.name, sent(field));
    }
    out.push_str("        }\n");
    for field in command.fields.iter().filter(|field| !always(field)) {
        let absent = if field.is_expectation() { "ANY" } else { "None" };
        let _ = writeln!(
            out,
            "        if self.{0} is not {absent}:\n            wire[{0:?}] = {1}",
            field.name,
            sent(field)
        );
    }
    out.push_str("        return wire\n\n");
    out
}

fn sent(field: &Field) -> String {
    let value = format!("self.{}", field.name);
    match &field.kind {
        Kind::Version => {
            format!("{value}.pin if isinstance({value}, ModelVersion) else {value}")
        }
        _ => value,
    }
}

fn docstring(doc: &str, indent: usize) -> String {
    if doc.is_empty() {
        return String::new();
    }
    let space = " ".repeat(indent);
    let text = doc.replace('\\', "\\\\");
    let lines = wrapped(&text, WIDTH - indent - 6);
    let mut out = format!("{space}\"\"\"{}", lines.first().map_or("", String::as_str));
    for line in lines.iter().skip(1) {
        out.push('\n');
        if !line.is_empty() {
            let _ = write!(out, "{space}{line}");
        }
    }
    if lines.len() > 1 {
        let _ = write!(out, "\n{space}");
    }
    out.push_str("\"\"\"\n");
    out
}
