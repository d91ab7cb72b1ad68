//! A filter becomes SQL that both engines read alike; what they do not say alike becomes a check
//! of the row.
//!
//! There is no third truth value: a comparison with something absent does not hold, not even
//! `!=`, and `NOT` turns exactly around what it stands before.

mod value;

use std::collections::BTreeSet;

use halfback_store::error::{Error, Result};
use halfback_store::name::{CatalogName, ModelName, SchemaName, TagKey, shown};
use serde_json::Value as Json;
use unicode_normalization::UnicodeNormalization;

use super::attribute::{Attribute, Index, Kind, Source, Subject, live};
use super::check::{Check, ParamTest};
use super::fragment::{Bound, Fragment};
use crate::filter::{
    self, At, Comparison, Condition, Filter, Operand, Pattern, Start, after_prefix, refused,
};
use crate::word;

/// Words in one `MATCH`.
const MOST_WORDS: usize = 32;

pub(super) type Parameters = serde_json::Map<String, Json>;

/// What a filter became.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    /// Conditions that a row must meet.
    pub(super) conditions: Vec<Fragment>,
    /// Checks that a row must pass, on these columns.
    pub(super) checks: Vec<Check>,
    pub(super) columns: Vec<Fragment>,
    /// Each gives the ids of all rows that can pass.
    pub(super) seeds: Vec<Seed>,
}

/// A `SELECT` of `id` from an index: every row that passes is among them.
#[derive(Debug, Clone)]
pub(super) struct Seed {
    pub(super) select: Fragment,
    /// Each id comes once, and they come in order.
    pub(super) ordered: bool,
    /// A list of models by name finds them through its own index as well.
    pub(super) in_list: bool,
}

/// A part of a filter: wholly SQL, or with checks in it.
enum Node {
    Sql(Fragment),
    Check(Check),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
}

/// A condition on one value, whose operands are known.
enum Test {
    Compare(Comparison, Bound),
    In(bool, Vec<Bound>),
    Null(bool),
    /// Begins with, or does not.
    Prefix(bool, String),
}

/// Compiles the filter of a search.
pub(super) fn compile(subject: Subject, text: &str, parameters: &Parameters) -> Result<Compiled> {
    let mut compiler = Compiler {
        subject,
        text,
        parameters,
        used: BTreeSet::new(),
        columns: Vec::new(),
        values: 0,
    };
    let filter = Filter::parse(text)?;
    let (node, seeds) = compiler.node(&filter)?;
    if let Some(unused) = parameters.keys().find(|name| !compiler.used.contains(*name)) {
        let why = format!("the parameter `{}` is bound, but not in the filter", shown(unused));
        return Err(refused(text, At(0), why));
    }
    let mut compiled = Compiled { seeds, ..Compiled::default() };
    let mut nodes = vec![node];
    while let Some(node) = nodes.pop() {
        match node {
            Node::And(parts) => nodes.extend(parts),
            Node::Sql(condition) => compiled.conditions.push(condition),
            node => {
                let check = compiler.check(node);
                compiled.checks.push(check);
            }
        }
    }
    compiled.columns = compiler.columns;
    Ok(compiled)
}

/// The attribute of a subject that is meant, with its key.
pub(super) fn attribute(
    subject: Subject,
    text: &str,
    named: &filter::Attribute,
) -> Result<(&'static Attribute, Source, Option<String>)> {
    let wrong = |why: String| refused(text, named.at, why);
    let Some(attribute) = Attribute::named(&named.name) else {
        let near = Attribute::near(subject, &named.name);
        let near = near.map(|name| format!(", did you mean `{name}`")).unwrap_or_default();
        return Err(wrong(format!(
            "no attribute is called `{}`{near}; expected one of {}, or MATCH",
            shown(&named.name),
            Attribute::list(subject)
        )));
    };
    let Some(source) = attribute.of(subject) else {
        return Err(wrong(format!("models have no `{}`, versions do", named.name)));
    };
    if let (Some((at, part)), true) = (&named.part, attribute.kind != Kind::Metric) {
        let why = format!("nothing follows the key of `{}`, found `{}`", named.name, shown(part));
        return Err(refused(text, *at, why));
    }
    let key = match (&named.key, attribute.kind) {
        (Some(key), Kind::Tag) => {
            let key: TagKey = key.parse().map_err(|error: Error| wrong(error.to_string()))?;
            Some(key.as_str().to_owned())
        }
        (Some(key), Kind::Param) => Some(key.clone()),
        (Some(key), Kind::Metric) => Some(metric_key(text, named, key)?),
        (None, Kind::Tag | Kind::Param | Kind::Metric) => {
            return Err(wrong(format!("expected a key, as in `{}.name`", named.name)));
        }
        (Some(_), _) => return Err(wrong(format!("`{}` has no keys", named.name))),
        (None, _) => None,
    };
    Ok((attribute, source, key))
}

/// A metric and what is meant of it as one key.
fn metric_key(text: &str, named: &filter::Attribute, key: &str) -> Result<String> {
    let (at, key) = match &named.part {
        Some((at, part)) => (*at, format!("{key}.{part}")),
        None => (named.at, key.to_owned()),
    };
    if !metric(&key).0.contains('.') {
        return Ok(key);
    }
    let why = format!(
        "`{}` is no metric; a metric's name has no dot, and only `.value`, `.lower` or `.upper` follow it",
        shown(&key)
    );
    Err(refused(text, at, why))
}

/// A metric, and the column of it that is meant.
fn metric(key: &str) -> (&str, &str) {
    match key.rsplit_once('.') {
        Some((name, column @ ("value" | "lower" | "upper"))) => (name, column),
        _ => (key, "value"),
    }
}

/// The expression of an attribute, with its key as a parameter.
pub(super) fn expression(sql: &str, key: Option<&str>) -> Fragment {
    if sql.contains('#') {
        let (key, column) = metric(key.unwrap_or_default());
        return expression(&sql.replace('#', column), Some(key));
    }
    let keys = key.filter(|_| sql.contains('$')).map(|key| Bound::Text(key.to_owned()));
    Fragment::new(sql, keys.into_iter().collect())
}

/// Catalog, schema and name of the model that a row is or belongs to.
pub(super) fn full_name(subject: Subject) -> [Fragment; 3] {
    ["catalog", "schema", "name"].map(|name| {
        let source = Attribute::named(name).and_then(|attribute| attribute.of(subject));
        source.map_or_else(Fragment::default, |source| source.sql.into())
    })
}

struct Compiler<'a> {
    subject: Subject,
    text: &'a str,
    parameters: &'a Parameters,
    used: BTreeSet<String>,
    columns: Vec<Fragment>,
    /// Values of the lists so far.
    values: usize,
}

impl Compiler<'_> {
    fn node(&mut self, filter: &Filter) -> Result<(Node, Vec<Seed>)> {
        match filter {
            Filter::And(parts) => {
                let (nodes, seeds) = self.nodes(parts)?;
                Ok((all(nodes), seeds.concat()))
            }
            Filter::Or(parts) => {
                let (nodes, seeds) = self.nodes(parts)?;
                Ok((any(nodes), union(&seeds).into_iter().collect()))
            }
            Filter::Not(part) => Ok((not(self.node(part)?.0), Vec::new())),
            Filter::Test(attribute, condition) => self.test(attribute, condition),
            Filter::Match(words) => self.matching(words),
        }
    }

    fn nodes(&mut self, parts: &[Filter]) -> Result<(Vec<Node>, Vec<Vec<Seed>>)> {
        let parts = parts.iter().map(|part| self.node(part)).collect::<Result<Vec<_>>>()?;
        Ok(parts.into_iter().unzip())
    }

    /// A part as a check: what is SQL in it becomes a column.
    fn check(&mut self, node: Node) -> Check {
        match node {
            Node::Check(check) => check,
            Node::Sql(condition) => {
                Check::Decided(self.column(condition.within("CASE WHEN ", " THEN 1 ELSE 0 END")))
            }
            Node::And(parts) => {
                Check::And(parts.into_iter().map(|part| self.check(part)).collect())
            }
            Node::Or(parts) => Check::Or(parts.into_iter().map(|part| self.check(part)).collect()),
            Node::Not(part) => Check::Not(Box::new(self.check(*part))),
        }
    }

    fn column(&mut self, column: Fragment) -> usize {
        self.columns.push(column);
        self.columns.len() - 1
    }

    fn test(
        &mut self,
        named: &filter::Attribute,
        condition: &Condition,
    ) -> Result<(Node, Vec<Seed>)> {
        let (attribute, source, key) = attribute(self.subject, self.text, named)?;
        match attribute.kind {
            Kind::Param => self.param(source, key.unwrap_or_default(), condition),
            Kind::Name | Kind::FullName => match self.named(attribute.kind, condition)? {
                Some(parts) => Ok(parts),
                None if attribute.kind == Kind::FullName => self.full_name_like(named, condition),
                None => self.scalar(attribute.kind, source, None, condition, named),
            },
            kind => self.scalar(kind, source, key.as_deref(), condition, named),
        }
    }

    /// A test of one value, or of any of several.
    fn scalar(
        &mut self,
        kind: Kind,
        source: Source,
        key: Option<&str>,
        condition: &Condition,
        named: &filter::Attribute,
    ) -> Result<(Node, Vec<Seed>)> {
        let test = match condition {
            Condition::Compare(comparison, value) => {
                let is_equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
                if matches!(kind, Kind::Word(_) | Kind::Digest) && !is_equality {
                    let why = format!("`{}` has no order; expected =, != or IN", named.name);
                    return Err(refused(self.text, named.at, why));
                }
                Test::Compare(*comparison, self.bound(kind, value)?)
            }
            Condition::In { negated, values } => {
                let values = self.literals(values)?;
                let bound = values.iter().map(|value| self.bound(kind, value));
                Test::In(*negated, bound.collect::<Result<_>>()?)
            }
            Condition::Null { negated } => Test::Null(*negated),
            Condition::Like { negated, fold, pattern } => {
                let pattern = self.pattern(kind, pattern, *fold, named)?;
                match pattern.start().filter(|_| kind != Kind::Digest) {
                    Some(Start::Whole(text)) if *negated => {
                        Test::Compare(Comparison::NotEqual, Bound::Text(text))
                    }
                    Some(Start::Whole(text)) => Test::Compare(Comparison::Equal, Bound::Text(text)),
                    Some(Start::Prefix(prefix)) => Test::Prefix(*negated, prefix),
                    start => {
                        let check = self.like(kind, source, key, pattern, *negated);
                        return Ok(match start {
                            // What the index can say stands before the check.
                            Some(Start::Partly(prefix)) if !negated => {
                                let test = Test::Prefix(false, prefix);
                                let (begins, seeds) = place(kind, source, key, &test);
                                (Node::And(vec![Node::Sql(begins), check]), seeds)
                            }
                            _ => (check, Vec::new()),
                        });
                    }
                }
            }
        };
        let (condition, seeds) = place(kind, source, key, &test);
        Ok((Node::Sql(condition), seeds))
    }

    fn like(
        &mut self,
        kind: Kind,
        source: Source,
        key: Option<&str>,
        pattern: Pattern,
        negated: bool,
    ) -> Node {
        if let Some(name) = kind.of_several() {
            // Each with its length before it, since a name may hold any character.
            let all = format!("(SELECT string_agg(length({name}) || ':' || {name}, '') ");
            let names = Fragment::from(source.sql).within(&all, ")");
            return Node::Check(Check::AnyLike { column: self.column(names), pattern, negated });
        }
        let column = self.column(expression(source.sql, key));
        Node::Check(Check::Like { column, pattern, negated })
    }

    /// `=`, `!=` and `IN` on names: any end of a full name for `name`, the full name for `model`,
    /// written and completed as everywhere. `None` for other conditions.
    fn named(&mut self, kind: Kind, condition: &Condition) -> Result<Option<(Node, Vec<Seed>)>> {
        let (negated, values) = match condition {
            Condition::Compare(Comparison::Equal, value) => (false, vec![value.clone()]),
            Condition::Compare(Comparison::NotEqual, value) => (true, vec![value.clone()]),
            Condition::In { negated, values } => (*negated, self.literals(values)?),
            _ => return Ok(None),
        };
        let mut parts = Vec::new();
        let mut leaves = Vec::new();
        for value in &values {
            let text = self.string(value)?;
            let name: ModelName =
                text.parse().map_err(|error: Error| refused(self.text, value.at, error))?;
            leaves.push(Bound::Text(name.leaf().to_owned()));
            let given = if kind == Kind::FullName { 3 } else { parts_of(&text) };
            let names = [name.catalog().as_str(), name.schema().leaf(), name.leaf()];
            let equal = full_name(self.subject).into_iter().zip(names).skip(3 - given).map(
                |(part, name)| part.then(Fragment::new(" = $", vec![Bound::Text(name.to_owned())])),
            );
            parts.push(Fragment::joined(equal, " AND ").within("(", ")"));
        }
        let found = Fragment::any(parts);
        if negated {
            return Ok(Some((not(Node::Sql(found)), Vec::new())));
        }
        let index = Attribute::named("name").and_then(|name| name.of(self.subject)?.index);
        let seed = index.map(|index| seed(index, None, &Test::In(false, leaves)));
        Ok(Some((Node::Sql(found), seed.into_iter().collect())))
    }

    fn full_name_like(
        &mut self,
        named: &filter::Attribute,
        condition: &Condition,
    ) -> Result<(Node, Vec<Seed>)> {
        let node = match condition {
            Condition::Like { negated, fold, pattern } => {
                let pattern = self.pattern(Kind::FullName, pattern, *fold, named)?;
                let [column, ..] = full_name(self.subject).map(|part| self.column(part));
                Node::Check(Check::NameLike { column, pattern, negated: *negated })
            }
            Condition::Null { negated } => Node::Sql(truth(*negated)),
            _ => {
                let why = "`model` has no order here; expected =, !=, IN, LIKE or ILIKE";
                return Err(refused(self.text, named.at, why));
            }
        };
        Ok((node, Vec::new()))
    }

    fn param(
        &mut self,
        source: Source,
        name: String,
        condition: &Condition,
    ) -> Result<(Node, Vec<Seed>)> {
        let test = match condition {
            Condition::Compare(comparison, value) => {
                ParamTest::Compare(*comparison, self.literal(value)?)
            }
            Condition::In { negated, values } => {
                let values = self.literals(values)?;
                let values = values.iter().map(|value| self.literal(value));
                ParamTest::In { negated: *negated, values: values.collect::<Result<_>>()? }
            }
            Condition::Like { negated, fold, pattern } => {
                let text = self.pattern_text(pattern)?;
                ParamTest::Like { negated: *negated, pattern: Pattern::new(&text, *fold) }
            }
            Condition::Null { negated } => ParamTest::Null { negated: *negated },
        };
        let column = self.column(source.sql.into());
        Ok((Node::Check(Check::Param { column, name, test }), Vec::new()))
    }

    /// Free text: every word is one of the row, or for a version one of its model.
    fn matching(&mut self, operand: &Operand) -> Result<(Node, Vec<Seed>)> {
        let text = self.string(operand)?;
        let mut tests = Vec::new();
        for term in text.split_whitespace() {
            let mut words: Vec<String> = word::words(term).collect();
            let last = if term.ends_with('*') { words.pop() } else { None };
            tests.extend(
                words.into_iter().map(|w| Test::Compare(Comparison::Equal, Bound::Text(w))),
            );
            tests.extend(last.map(|begin| Test::Prefix(false, begin)));
        }
        if tests.is_empty() {
            return Err(refused(self.text, operand.at, "expected words, found none"));
        }
        if tests.len() > MOST_WORDS {
            let why = format!("expected at most {MOST_WORDS} words, found {}", tests.len());
            return Err(refused(self.text, operand.at, why));
        }
        let targets = match self.subject {
            Subject::Models => "w.target = m.id",
            Subject::Versions => "w.target IN (v.id, v.model)",
        };
        let mut found = Vec::new();
        let mut seeds = Vec::new();
        for test in &tests {
            let word = condition(&"w.word".into(), test);
            let exists =
                format!("EXISTS (SELECT 1 FROM word w WHERE {targets} AND {} AND ", live!("w"));
            // A row has few words, but many words have one beginning: go by the row.
            let by_row = match test {
                Test::Prefix(..) => condition(&"(w.word || '')".into(), test),
                _ => word.clone(),
            };
            found.push(by_row.within(&exists, ")"));
            let own = concat!("SELECT w.target AS id FROM word w WHERE ", live!("w"), " AND ");
            let own = word.clone().within(own, "");
            let single = matches!(test, Test::Compare(..));
            seeds.push(match self.subject {
                Subject::Models => Seed { select: own, ordered: single, in_list: false },
                Subject::Versions => {
                    let model = concat!(
                        " UNION ALL SELECT v.id FROM word w CROSS JOIN version v WHERE v.model = w.target AND ",
                        live!("w"), " AND ", live!("v"), " AND ",
                    );
                    Seed { select: own.then(word.within(model, "")), ordered: false, in_list: false }
                }
            });
        }
        Ok((Node::Sql(Fragment::joined(found, " AND ").within("(", ")")), seeds))
    }

    fn pattern(
        &mut self,
        kind: Kind,
        operand: &Operand,
        fold: bool,
        named: &filter::Attribute,
    ) -> Result<Pattern> {
        if matches!(kind, Kind::Int | Kind::Metric | Kind::Time | Kind::Word(_)) {
            let why = format!("`{}` is no free text; LIKE and ILIKE do not apply", named.name);
            return Err(refused(self.text, named.at, why));
        }
        let text = self.pattern_text(operand)?;
        // Names are kept in normal form C.
        let is_name = matches!(kind, Kind::Name | Kind::FullName | Kind::Alias);
        let text = if is_name { text.nfc().collect() } else { text };
        Ok(Pattern::new(&text, fold))
    }

    fn pattern_text(&mut self, operand: &Operand) -> Result<String> {
        let text = self.string(operand)?;
        if text.chars().count() > Pattern::MOST {
            let why = format!("expected a pattern of at most {} characters", Pattern::MOST);
            return Err(refused(self.text, operand.at, why));
        }
        Ok(text)
    }
}

/// How many parts a model's name, known to be one, was given with.
fn parts_of(name: &str) -> usize {
    let reads =
        |read: Result<()>| read.map_or_else(|error| error.code() == "reserved_name", |()| true);
    if reads(name.parse::<CatalogName>().map(drop)) {
        1
    } else if reads(name.parse::<SchemaName>().map(drop)) {
        2
    } else {
        3
    }
}

/// A test put where the attribute is: the condition, and where an index serves it the seed.
fn place(kind: Kind, source: Source, key: Option<&str>, test: &Test) -> (Fragment, Vec<Seed>) {
    let expression = expression(source.sql, key);
    let placed = match (kind.of_several(), test) {
        (Some(_), Test::Null(negated)) => expression
            .within(if *negated { "EXISTS (SELECT 1 " } else { "NOT EXISTS (SELECT 1 " }, ")"),
        (Some(name), test) => expression
            .within("EXISTS (SELECT 1 ", " AND ")
            .then(condition(&name.into(), test))
            .then(")"),
        (_, Test::Null(_)) => condition(&expression, test),
        (_, test) if source.optional => {
            condition(&expression, test).within("COALESCE(", ", FALSE)")
        }
        (_, test) => condition(&expression, test),
    };
    let served = match test {
        // Few versions are above a bound that is worth asking for.
        Test::Compare(comparison, _) if kind == Kind::Metric => *comparison != Comparison::NotEqual,
        Test::Compare(comparison, _) => *comparison == Comparison::Equal,
        Test::In(negated, _) => !negated,
        Test::Prefix(negated, prefix) => !negated && !prefix.is_empty(),
        Test::Null(_) => false,
    };
    let index = source.index.filter(|_| served);
    (placed, index.map(|index| seed(index, key, test)).into_iter().collect())
}

fn seed(index: Index, key: Option<&str>, test: &Test) -> Seed {
    let column = expression(index.column, key);
    // Which bound of a metric is meant is not in its name.
    let key = if index.column.contains('#') { key.map(|key| metric(key).0) } else { key };
    let select = expression(index.select, key).then(" AND ").then(condition(&column, test));
    let ordered = index.ordered && matches!(test, Test::Compare(..));
    Seed { select, ordered, in_list: index.column == "m.name" }
}

/// A test of an expression, as SQL.
fn condition(expression: &Fragment, test: &Test) -> Fragment {
    let compare = |sign: &str, value: &Bound| {
        expression.clone().then(Fragment::new(&format!(" {sign} $"), vec![value.clone()]))
    };
    match test {
        Test::Compare(comparison, value) => compare(comparison.sign(), value),
        Test::In(negated, values) => {
            let places = vec!["$"; values.len()].join(", ");
            let sql = format!(" {}IN ({places})", if *negated { "NOT " } else { "" });
            expression.clone().then(Fragment::new(&sql, values.clone()))
        }
        Test::Null(negated) => {
            expression.clone().then(if *negated { " IS NOT NULL" } else { " IS NULL" })
        }
        Test::Prefix(negated, prefix) => {
            let from = compare(">=", &Bound::Text(prefix.clone()));
            let to = after_prefix(prefix).map(|end| compare("<", &Bound::Text(end)));
            let range = Fragment::joined([from].into_iter().chain(to), " AND ");
            if *negated { range.within("NOT (", ")") } else { range.within("(", ")") }
        }
    }
}

fn truth(holds: bool) -> Fragment {
    if holds { "1 = 1" } else { "1 = 0" }.into()
}

fn all(nodes: Vec<Node>) -> Node {
    joined(nodes, " AND ", true, Node::And)
}

fn any(nodes: Vec<Node>) -> Node {
    joined(nodes, " OR ", false, Node::Or)
}

/// SQL where every part is SQL.
fn joined(nodes: Vec<Node>, between: &str, of_none: bool, join: fn(Vec<Node>) -> Node) -> Node {
    if nodes.is_empty() {
        return Node::Sql(truth(of_none));
    }
    if !nodes.iter().all(|node| matches!(node, Node::Sql(_))) {
        return join(nodes);
    }
    let parts = nodes.into_iter().filter_map(|node| match node {
        Node::Sql(condition) => Some(condition),
        _ => None,
    });
    Node::Sql(Fragment::joined(parts, between).within("(", ")"))
}

fn not(node: Node) -> Node {
    match node {
        Node::Sql(condition) => Node::Sql(condition.within("NOT (", ")")),
        node => Node::Not(Box::new(node)),
    }
}

/// Where every branch has a seed: what comes from any of them.
fn union(branches: &[Vec<Seed>]) -> Option<Seed> {
    let selects = branches.iter().map(|seeds| seeds.first().map(|seed| seed.select.clone()));
    let selects = selects.collect::<Option<Vec<_>>>()?;
    Some(Seed { select: Fragment::joined(selects, " UNION ALL "), ordered: false, in_list: false })
}
