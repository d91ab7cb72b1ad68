//! Names that are valid once built: catalogs, schemas, models, aliases, tag keys.
//!
//! A full name is its parts joined by dots. Any part may be quoted with backticks, one that holds
//! a dot or a space must be; [`Display`](fmt::Display) quotes exactly where it must.

use std::fmt;
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization;

use crate::error::{Detail, Error, Result};

/// The catalog and schema of a name that does not say.
pub const DEFAULT_CATALOG: &str = "main";
/// The schema of a name that does not say.
pub const DEFAULT_SCHEMA: &str = "default";

/// Characters in one part of a name.
pub const MAX_PART: usize = 255;
/// Characters in a tag's key.
pub const MAX_TAG_KEY: usize = 250;
/// Bytes in a tag's value, a comment, or any other text.
pub const MAX_TEXT: usize = 100_000;

/// One part of a full name, in Unicode normal form C.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Part(String);

impl Part {
    fn new(text: &str, noun: &str) -> Result<Self> {
        let invalid = |why: &str| -> Error {
            Detail::InvalidName(format!("`{}` is not a {noun} name: {why}", shown(text))).into()
        };
        // Rules hold for the normal form: U+1FEF, for one, turns into a backtick.
        let normal = normal_form(text);
        let text = normal.as_str();
        if text.is_empty() {
            return Err(
                Detail::InvalidName(format!("the {noun} name is empty; give it one")).into()
            );
        }
        match flaw(text, &['/', ':', '@', '`', '\\'], MAX_PART) {
            Some(why) => Err(invalid(&why)),
            None => Ok(Self(normal)),
        }
    }

    fn needs_quotes(&self) -> bool {
        self.0.chars().any(|c| c == '.' || c.is_whitespace())
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.needs_quotes() { write!(f, "`{}`", self.0) } else { f.write_str(&self.0) }
    }
}

/// The name of a catalog, one part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CatalogName(Part);

/// The full name of a schema: catalog and schema.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaName {
    catalog: CatalogName,
    schema: Part,
}

/// The full name of a registered model: catalog, schema and model.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelName {
    schema: SchemaName,
    model: Part,
}

impl CatalogName {
    /// The name without quotes.
    pub fn as_str(&self) -> &str {
        &self.0.0
    }

    /// The schema of this catalog with that name.
    pub fn schema(&self, name: &str) -> Result<SchemaName> {
        Ok(SchemaName { catalog: self.clone(), schema: Part::new(name, "schema")? })
    }
}

impl SchemaName {
    /// The catalog part.
    pub fn catalog(&self) -> &CatalogName {
        &self.catalog
    }

    /// The last part without quotes.
    pub fn leaf(&self) -> &str {
        &self.schema.0
    }

    /// The parts without quotes, the catalog first.
    pub fn path(&self) -> [&str; 2] {
        [self.catalog.as_str(), self.leaf()]
    }

    /// The name of these parts, the catalog first, none of them quoted.
    pub fn from_path([catalog, schema]: [&str; 2]) -> Result<Self> {
        CatalogName(Part::new(catalog, "catalog")?).schema(schema)
    }

    /// The model of this schema with that name.
    pub fn model(&self, name: &str) -> Result<ModelName> {
        Ok(ModelName { schema: self.clone(), model: Part::new(name, "model")? })
    }
}

impl ModelName {
    /// The schema part.
    pub fn schema(&self) -> &SchemaName {
        &self.schema
    }

    /// The catalog part.
    pub fn catalog(&self) -> &CatalogName {
        &self.schema.catalog
    }

    /// The last part without quotes.
    pub fn leaf(&self) -> &str {
        &self.model.0
    }

    /// The name of these parts, the catalog first, none of them quoted.
    pub fn from_path([catalog, schema, model]: [&str; 3]) -> Result<Self> {
        SchemaName::from_path([catalog, schema])?.model(model)
    }

    /// The parts without quotes, the catalog first.
    pub fn path(&self) -> [&str; 3] {
        let [catalog, schema] = self.schema.path();
        [catalog, schema, self.leaf()]
    }
}

impl fmt::Display for CatalogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.catalog, self.schema)
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.model)
    }
}

impl FromStr for CatalogName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match split(text)?.as_slice() {
            [catalog] => {
                let name = Part::new(catalog, "catalog")?;
                if name.0.eq_ignore_ascii_case("system") {
                    return Err(Detail::ReservedName(format!(
                        "`{catalog}` is reserved for the registry itself; choose another name"
                    ))
                    .into());
                }
                Ok(Self(name))
            }
            parts => Err(too_many(text, "catalog", 1, parts.len())),
        }
    }
}

impl FromStr for SchemaName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match split(text)?.as_slice() {
            [schema] => catalog(DEFAULT_CATALOG)?.schema(schema),
            [name, schema] => catalog(name)?.schema(schema),
            parts => Err(too_many(text, "schema", 2, parts.len())),
        }
    }
}

impl FromStr for ModelName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match split(text)?.as_slice() {
            [model] => catalog(DEFAULT_CATALOG)?.schema(DEFAULT_SCHEMA)?.model(model),
            [schema, model] => catalog(DEFAULT_CATALOG)?.schema(schema)?.model(model),
            [name, schema, model] => catalog(name)?.schema(schema)?.model(model),
            parts => Err(too_many(text, "model", 3, parts.len())),
        }
    }
}

/// A catalog from one part as it stands, dots included.
fn catalog(part: &str) -> Result<CatalogName> {
    if part.contains('.') {
        return Ok(CatalogName(Part::new(part, "catalog")?));
    }
    part.parse()
}

fn too_many(text: &str, noun: &str, most: usize, found: usize) -> Error {
    Detail::InvalidName(format!(
        "`{}` has {found} parts, a {noun} name at most {most}; quote a part that holds a dot with backticks",
        shown(text)
    ))
    .into()
}

/// Splits a full name at the dots that stand outside backticks.
fn split(text: &str) -> Result<Vec<String>> {
    let invalid = |why: &str| -> Error {
        Detail::InvalidName(format!("`{}` is not a name: {why}", shown(text))).into()
    };
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let after = if let Some(quoted) = rest.strip_prefix('`') {
            let (part, after) = quoted
                .split_once('`')
                .ok_or_else(|| invalid("a backtick is opened and not closed"))?;
            parts.push(part.to_owned());
            after
        } else {
            let end = rest.find('.').unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            if part.contains(char::is_whitespace) {
                return Err(invalid("a part with a space is quoted with backticks"));
            }
            parts.push(part.to_owned());
            after
        };
        if after.is_empty() {
            return Ok(parts);
        }
        rest = after
            .strip_prefix('.')
            .ok_or_else(|| invalid("after a quoted part comes a dot or the end"))?;
    }
}

/// A movable name for one version of a model.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AliasName(String);

impl AliasName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AliasName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AliasName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let part = Part::new(text, "alias")?;
        if part.0.contains(char::is_whitespace) {
            return Err(Detail::InvalidName(format!(
                "`{}` is not an alias name: it holds a space; use `-` or `_`",
                shown(text)
            ))
            .into());
        }
        let digits = part.0.strip_prefix(['v', 'V']).unwrap_or(&part.0);
        let number_like = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
        if part.0.eq_ignore_ascii_case("latest") || number_like {
            return Err(Detail::ReservedName(format!(
                "alias `{}` is reserved: `latest` and numbers already name versions; choose another name",
                part.0
            ))
            .into());
        }
        Ok(Self(part.0))
    }
}

/// The key of a tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagKey(String);

impl TagKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TagKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let normal = normal_form(text);
        let text = normal.as_str();
        let invalid = |why: &str| -> Result<Self> {
            Err(Detail::InvalidName(format!("`{}` is not a tag key: {why}", shown(text))).into())
        };
        if text.trim().is_empty() {
            return Err(Detail::InvalidName("a tag key is empty; give it a name".into()).into());
        }
        match flaw(text, &[], MAX_TAG_KEY) {
            Some(why) => invalid(&why),
            None => Ok(Self(normal)),
        }
    }
}

/// Normal form C, in which ASCII is already, and in which names are kept.
pub fn normal_form(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { text.nfc().collect() }
}

/// Accepts any text that every engine can store: no U+0000, at most [`MAX_TEXT`] bytes.
pub fn text(value: String, field: &str) -> Result<String> {
    text_within(value, field, MAX_TEXT)
}

/// Accepts text for `field` of at most `most` bytes that every engine can store.
pub fn text_within(value: String, field: &str, most: usize) -> Result<String> {
    if value.contains('\0') {
        return Err(Detail::InvalidArgument(format!(
            "{field} holds the character U+0000, which databases cannot store; remove it"
        ))
        .into());
    }
    if value.len() > most {
        return Err(Detail::InvalidArgument(format!(
            "{field} is {} bytes long, at most {most} are kept; shorten it or store a file",
            value.len()
        ))
        .into());
    }
    Ok(value)
}

/// A name that people are shown and may type, in Unicode normal form C: of a principal or a role.
/// `noun` says in the error what it names.
pub fn label(value: &str, noun: &str) -> Result<String> {
    let normal = normal_form(value);
    if normal.is_empty() {
        return Err(Detail::InvalidName(format!("the {noun}'s name is empty; give it one")).into());
    }
    match flaw(&normal, &[], MAX_PART) {
        Some(why) => {
            let shown = shown(value);
            Err(Detail::InvalidName(format!("`{shown}` is no name for a {noun}: {why}")).into())
        }
        None => Ok(normal),
    }
}

/// What keeps a text from being a name of at most `most` characters, none of them `reserved`.
fn flaw(text: &str, reserved: &[char], most: usize) -> Option<String> {
    if text.chars().any(is_invisible) {
        return Some("it holds a control or invisible character; remove it".to_owned());
    }
    if let Some(c) = text.chars().find(|c| reserved.contains(c)) {
        return Some(format!("`{c}` has a meaning in URIs; choose another character"));
    }
    if text.trim() != text {
        return Some("it begins or ends with a space; remove it".to_owned());
    }
    (text.chars().count() > most).then(|| format!("it is longer than {most} characters"))
}

/// Refuses a text with control or invisible characters, or with nothing to be seen.
pub fn visible(value: &str, field: &str) -> Result<()> {
    if !value.trim().is_empty() && !value.chars().any(is_invisible) {
        return Ok(());
    }
    Err(Detail::InvalidArgument(format!(
        "{field} is `{}`, expected one that can be read: no control or invisible characters, and not only spaces",
        shown(value)
    ))
    .into())
}

/// Control characters, and format characters that make two names look alike.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// An input as an error message may show it: visible and short.
pub fn shown(text: &str) -> String {
    shown_up_to(text, 80)
}

/// What a reader of somebody else's text says of it, as an error message may show it: it may repeat
/// any part of that text.
pub fn said(error: &impl fmt::Display) -> String {
    shown_up_to(&error.to_string(), 300)
}

fn shown_up_to(text: &str, most: usize) -> String {
    let mut out: String = text
        .chars()
        .take(most)
        .map(|c| if is_invisible(c) { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    if text.chars().nth(most).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn model(text: &str, expected: &str) {
        match text.parse::<ModelName>() {
            Ok(name) => assert_eq!(name.to_string(), expected),
            Err(error) => assert_eq!(error.code(), expected, "{error}"),
        }
    }

    #[test]
    fn short_names_are_completed() {
        model("fraud", "main.default.fraud");
        model("risk.fraud", "main.risk.fraud");
        model("a.b.c", "a.b.c");
    }

    #[test]
    fn quotes_stand_where_they_must() {
        model("`a.b`.c.`d e`", "`a.b`.c.`d e`");
        model("`a`.b.c", "a.b.c");
        model("a b", "invalid_name");
        model("`a", "invalid_name");
        model("`a`b.c", "invalid_name");
    }

    #[test]
    fn hostile_names_are_refused() {
        for name in
            ["", ".", "a..b", "a.b.c.d", "a/b", "a:b", "a@b", "a\0b", "a\u{202e}b", "`` ` ``"]
        {
            model(name, "invalid_name");
        }
        model(&"x".repeat(256), "invalid_name");
        model("system.a.b", "reserved_name");
    }

    #[test]
    fn canonically_equal_names_are_the_same_name() {
        assert_eq!("e\u{301}".parse::<ModelName>().unwrap(), "é".parse::<ModelName>().unwrap());
    }

    #[test]
    fn rules_hold_for_the_normal_form() {
        model("a\u{1fef}b", "invalid_name");
    }

    #[test]
    fn what_is_shown_is_short_and_visible() {
        assert_eq!(shown("a\u{1b}[2J\u{202e}b"), "a\u{fffd}[2J\u{fffd}b");
        assert_eq!(shown(&"x".repeat(81)), "x".repeat(80) + "…");
        let said = said(&format!("unknown field `\u{7f}{}`, expected `a`", "x".repeat(9000)));
        assert!(said.starts_with("unknown field `\u{fffd}xx"), "{said}");
        assert_eq!(said.chars().count(), 301);
    }

    #[test]
    fn aliases_never_look_like_versions() {
        for name in ["latest", "LATEST", "7", "v7", "V12"] {
            assert_eq!(name.parse::<AliasName>().unwrap_err().code(), "reserved_name", "{name}");
        }
        for name in ["champion", "v7b", "v"] {
            assert_eq!(name.parse::<AliasName>().unwrap().as_str(), name);
        }
    }

    proptest! {
        #[test]
        fn every_name_reads_back_as_itself(parts in prop::collection::vec("[^/:@`\\\\\\p{C}]{1,12}", 3)) {
            let quoted: Vec<String> = parts.iter().map(|part| format!("`{part}`")).collect();
            if let Ok(name) = quoted.join(".").parse::<ModelName>() {
                prop_assert_eq!(name.to_string().parse::<ModelName>().unwrap(), name);
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC*|.*") {
            let _ = text.parse::<ModelName>().is_ok();
        }
    }
}
