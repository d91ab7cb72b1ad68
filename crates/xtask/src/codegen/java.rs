//! Java: immutable records, enums, and the commands behind one sealed interface.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{
    ORIGIN,
    schema::{Api, Enumeration, Field, Kind, Record, camel, pascal, wrapped},
};

/// google-java-format wraps the rest; prose is given in lines that it leaves alone.
const WIDTH: usize = 90;

/// The records of what privileges are granted on.
const SECURABLES: [&str; 3] = ["Catalog", "Schema", "Model"];

/// Paths under `dev/halfback` and their texts.
pub(crate) fn files(api: &Api) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for (name, enumeration) in &api.enumerations {
        files.push((format!("{name}.java"), enumeration_file(name, enumeration)));
    }
    for record in &api.records {
        files.push((format!("{}.java", record.name), record_file(record)));
    }
    let is_version = |field: &Field| field.kind == Kind::Version;
    if api.commands.iter().flat_map(|command| &command.fields).any(is_version) {
        files.push(("commands/VersionReference.java".to_owned(), version_reference()));
    }
    files.push(("commands/Command.java".to_owned(), command_interface(api)));
    for command in &api.commands {
        files.push((format!("commands/{}.java", pascal(&command.name)), command_file(command)));
    }
    files
}

/// The head of a file; `facade` are the types of the facade's package that it names from another.
fn head(package: &str, body: &str, facade: &[&str]) -> String {
    // Imports follow what the body names; the formatter sorts them.
    let known = [
        ("@JsonInclude", "com.fasterxml.jackson.annotation.JsonInclude"),
        ("@JsonProperty", "com.fasterxml.jackson.annotation.JsonProperty"),
        ("@JsonValue", "com.fasterxml.jackson.annotation.JsonValue"),
        ("ArrayList<", "java.util.ArrayList"),
        ("Collections.", "java.util.Collections"),
        ("Instant ", "java.time.Instant"),
        ("LinkedHashMap<", "java.util.LinkedHashMap"),
        ("List<", "java.util.List"),
        ("Map<", "java.util.Map"),
    ];
    let mut imports: Vec<String> = known
        .iter()
        .filter(|(used, _)| body.contains(used))
        .map(|(_, name)| (*name).into())
        .collect();
    imports.extend(facade.iter().map(|name| format!("dev.halfback.{name}")));
    imports.sort();
    let imports: Vec<String> = imports.iter().map(|name| format!("import {name};\n")).collect();
    format!("// {ORIGIN}\npackage {package};\n\n{}\n{body}", imports.concat())
}

fn enumeration_file(name: &str, enumeration: &Enumeration) -> String {
    let mut body = format!("{}public enum {name} {{\n", javadoc(&enumeration.doc, &[]));
    for (position, (value, doc)) in enumeration.values.iter().enumerate() {
        let doc = if doc.is_empty() { format!("`{value}`.") } else { doc.clone() };
        let end = if position + 1 == enumeration.values.len() { ";" } else { "," };
        let _ = write!(body, "{}", javadoc(&doc, &[]));
        let _ = writeln!(body, "@JsonProperty({value:?}) {}{end}\n", value.to_uppercase());
    }
    body.push_str("}\n");
    head("dev.halfback", &body, &[])
}

/// The types of the facade's package that a command's fields have.
fn facade(command: &Record) -> Vec<&str> {
    let types = command.fields.iter().filter_map(|field| match &field.kind {
        _ if field.is_expectation() => Some("Expect"),
        Kind::Record(name) | Kind::Enumeration(name) => Some(name.as_str()),
        Kind::Version => Some("ModelVersion"),
        _ => None,
    });
    types.collect::<BTreeSet<_>>().into_iter().collect()
}

fn record_file(record: &Record) -> String {
    let components: Vec<String> =
        record.fields.iter().map(|field| component(field, false)).collect();
    let mut body = format!(
        "{}public record {}({}){} {{\n",
        javadoc(&record.doc, &record.fields.iter().collect::<Vec<_>>()),
        record.name,
        components.join(", "),
        if SECURABLES.contains(&record.name.as_str()) { " implements Securable" } else { "" },
    );
    body.push_str(&copies(record, &record.name));
    body.push_str(shown(&record.name));
    body.push_str("}\n");
    head("dev.halfback", &body, &[])
}

/// The text of a record that is a sentence of its own, or holds what is not to be shown.
fn shown(name: &str) -> &'static str {
    match name {
        "Explanation" => {
            "\n/** All of it in one sentence. */\n@Override\npublic String toString() {\nreturn text;\n}\n"
        }
        "NewToken" => {
            "/** Hides the token. */\n@Override\npublic String toString() {\n\
             return \"NewToken[token=***, record=\" + record + \"]\";\n}\n"
        }
        _ => "",
    }
}

/// The compact constructor, where a list or a map has to be made immutable.
fn copies(record: &Record, name: &str) -> String {
    let mut lines = String::new();
    for field in &record.fields {
        let name = name_of(field);
        let copy = match &field.kind {
            // Any JSON may be null, which `List.copyOf` refuses.
            Kind::List(items) if **items == Kind::Anything => {
                format!("Collections.unmodifiableList(new ArrayList<>({name}))")
            }
            Kind::List(_) => format!("List.copyOf({name})"),
            // In its own order, which `Map.copyOf` would lose.
            Kind::Map(_) => format!("Collections.unmodifiableMap(new LinkedHashMap<>({name}))"),
            _ => continue,
        };
        let _ = writeln!(lines, "{name} = {name} == null ? null : {copy};");
    }
    if record.fields.iter().any(Field::is_expectation) {
        lines.push_str("expect = expect == null ? Expect.any() : expect;\n");
    }
    if lines.is_empty() {
        return lines;
    }
    let copies = lines.contains("new LinkedHashMap")
        || lines.contains("new ArrayList")
        || lines.contains("copyOf");
    let doc = if copies {
        "Keeps its own copies, so that no caller can change it."
    } else {
        "Without an expectation, any present value is as good as another."
    };
    format!("/** {doc} */\npublic {name} {{\n{lines}}}\n")
}

fn command_interface(api: &Api) -> String {
    let names: Vec<String> = api.commands.iter().map(|command| pascal(&command.name)).collect();
    let body = format!(
        "/** One command, ready to be carried out by {{@code Registry.transact}}. */\n\
         public sealed interface Command permits {} {{\n\n  /** The command's name, as the log shows it. */\n  \
         @JsonProperty(\"command\")\n  String command();\n}}\n",
        names.join(", ")
    );
    head("dev.halfback.commands", &body, &[])
}

fn command_file(command: &Record) -> String {
    let name = pascal(&command.name);
    let components: Vec<String> =
        command.fields.iter().map(|field| component(field, true)).collect();
    let mut body = javadoc(&command.doc, &command.fields.iter().collect::<Vec<_>>());
    let _ = writeln!(
        body,
        "@JsonInclude(JsonInclude.Include.NON_NULL)\npublic record {name}({}) implements Command {{\n",
        components.join(", ")
    );
    body.push_str(&copies(command, &name));
    let _ =
        writeln!(body, "\n@Override\npublic String command() {{\nreturn {:?};\n}}\n", command.name);
    body.push_str(&factories(command, &name));
    for field in command.fields.iter().filter(|field| !field.required) {
        body.push_str(&wither(command, &name, field));
    }
    body.push_str("}\n");
    head("dev.halfback.commands", &body, &facade(command))
}

/// `of` with what is required; a version comes as its URI or as its record.
fn factories(command: &Record, name: &str) -> String {
    let required: Vec<&Field> = command.fields.iter().filter(|field| field.required).collect();
    let of = |version: Option<&str>| {
        let parameters: Vec<String> = required
            .iter()
            .map(|field| match (&field.kind, version) {
                (Kind::Version, Some(version)) => format!("{version} {}", name_of(field)),
                _ => format!("{} {}", given(&field.kind), name_of(field)),
            })
            .collect();
        let arguments: Vec<String> = command
            .fields
            .iter()
            .map(|field| match field.kind {
                Kind::Version if field.required => {
                    format!("VersionReference.of({})", name_of(field))
                }
                _ if field.required => name_of(field),
                _ if field.is_expectation() => "Expect.any()".to_owned(),
                _ => "null".to_owned(),
            })
            .collect();
        format!(
            "{}public static {name} of({}) {{\nreturn new {name}({});\n}}\n\n",
            method_doc(
                "The command with what it needs; the rest is left to the defaults.",
                &required
            ),
            parameters.join(", "),
            arguments.join(", ")
        )
    };
    if required.iter().any(|field| field.kind == Kind::Version) {
        return of(Some("String")) + &of(Some("ModelVersion"));
    }
    of(None)
}

fn wither(command: &Record, name: &str, changed: &Field) -> String {
    let arguments: Vec<String> = command.fields.iter().map(name_of).collect();
    let parameter =
        if changed.is_expectation() { expectation(changed) } else { given(&changed.kind) };
    format!(
        "{}public {name} with{}({parameter} {}) {{\nreturn new {name}({});\n}}\n\n",
        method_doc(&format!("The same command with another `{}`.", name_of(changed)), &[changed]),
        pascal(&changed.name),
        name_of(changed),
        arguments.join(", ")
    )
}

fn method_doc(doc: &str, parameters: &[&Field]) -> String {
    let mut text = javadoc(doc, parameters);
    text.truncate(text.trim_end().len() - "*/".len());
    text.push_str("* @return the command\n */\n");
    text
}

fn component(field: &Field, command: bool) -> String {
    let name = name_of(field);
    let mut out = String::new();
    if name != field.name {
        let _ = write!(out, "@JsonProperty({:?}) ", field.name);
    }
    if command && field.is_expectation() {
        // `Expect.any()` is empty and left out; `Expect.unset()` is sent as null.
        out.push_str("@JsonInclude(JsonInclude.Include.NON_EMPTY) ");
        return format!("{out}{} {name}", expectation(field));
    }
    let absent = field.nullable || (command && !field.required);
    let kind = if absent { boxed(&field.kind) } else { given(&field.kind) };
    format!("{out}{kind} {name}")
}

fn expectation(field: &Field) -> String {
    format!("Expect<{}>", boxed(&field.kind))
}

/// The type of a value that is there.
fn given(kind: &Kind) -> String {
    match kind {
        Kind::Integer => "long".to_owned(),
        Kind::Number => "double".to_owned(),
        Kind::Boolean => "boolean".to_owned(),
        other => boxed(other),
    }
}

/// The type of a value that may be null.
fn boxed(kind: &Kind) -> String {
    match kind {
        Kind::Text => "String".to_owned(),
        Kind::Integer => "Long".to_owned(),
        Kind::Number => "Double".to_owned(),
        Kind::Boolean => "Boolean".to_owned(),
        Kind::Time => "Instant".to_owned(),
        Kind::Scalar | Kind::Anything => "Object".to_owned(),
        Kind::Version => "VersionReference".to_owned(),
        Kind::Record(name) | Kind::Enumeration(name) => name.clone(),
        Kind::List(items) => format!("List<{}>", boxed(items)),
        Kind::Map(values) => format!("Map<String, {}>", boxed(values)),
    }
}

fn javadoc(doc: &str, parameters: &[&Field]) -> String {
    let mut out = "/**\n".to_owned();
    for line in wrapped(&prose(doc), WIDTH) {
        let _ = writeln!(out, " * {line}");
    }
    let documented: Vec<&&Field> =
        parameters.iter().filter(|field| !field.doc.is_empty()).collect();
    if !documented.is_empty() {
        out.push_str(" *\n");
    }
    for field in documented {
        let doc = prose(&field.doc).split_whitespace().collect::<Vec<_>>().join(" ");
        let doc = doc.replace(" <p>", " ");
        let _ = writeln!(out, " * @param {} {doc}", name_of(field));
    }
    out.push_str(" */\n");
    out
}

/// The component's name: the field's in camel case, but for a word that Java keeps for itself.
fn name_of(field: &Field) -> String {
    match field.name.as_str() {
        "protected" => "isProtected".to_owned(),
        name => camel(name),
    }
}

/// Markdown to Javadoc: code, characters that HTML keeps for itself, and paragraphs.
fn prose(doc: &str) -> String {
    let mut out = String::new();
    for (position, part) in super::schema::plain(doc).split('`').enumerate() {
        if position % 2 == 1 {
            let _ = write!(out, "{{@code {part}}}");
        } else {
            out.push_str(&part.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
        }
    }
    out.replace("\n\n", "\n\n<p>")
}

fn version_reference() -> String {
    let body = "\
/**
 * Names one version in a command: by its URI, or pinned by its record.
 *
 * @param value the URI, or the pin of the record
 */
public record VersionReference(@JsonValue String value) {

  /** Holds a URI or a pin. */
  public VersionReference {
    if (value == null) {
      throw new IllegalArgumentException(\"a version is named by its URI or its record\");
    }
  }

  /**
   * The version that a URI names at the time of the command.
   *
   * @param uri such as {@code models:/risk.credit.default@champion}
   * @return the reference
   */
  public static VersionReference of(String uri) {
    return new VersionReference(uri);
  }

  /**
   * The version of a record, whatever its names have moved to.
   *
   * @param version the record
   * @return the reference
   */
  public static VersionReference of(ModelVersion version) {
    return new VersionReference(version.pin());
  }
}
";
    head("dev.halfback.commands", body, &["ModelVersion"])
}
