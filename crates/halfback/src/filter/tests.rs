use super::*;
use proptest::prelude::*;

/// How a filter reads back, or where and why it does not.
#[track_caller]
fn check(text: &str, expected: &str) {
    match Filter::parse(text) {
        Ok(filter) => assert_eq!(filter.to_string(), expected, "{text}"),
        Err(error) => {
            assert_eq!(error.code(), "invalid_filter");
            let text = error.to_string();
            assert_eq!(text.lines().next().unwrap(), expected);
        }
    }
}

#[test]
fn the_grammar() {
    check("", "");
    check("  name = 'a' ", "name = 'a'");
    check("name='it''s'", "name = 'it''s'");
    check("NAME <> \"a\"\"b\"", "name != 'a\"b'");
    check("a=1 or b=2 and not c=3", "a = 1 OR (b = 2 AND NOT c = 3)");
    check("not (a=1 or b=2)", "NOT (a = 1 OR b = 2)");
    check("tags.`my key` like 'x%'", "tags.`my key` LIKE 'x%'");
    check("tag.\"a\"\"b\" ILIKE :p", "tag.`a\"b` ILIKE :p");
    check("metric.`a b`.lower > 0", "metric.`a b`.lower > 0");
    check("metric.\"a\".lower > 0", "metric.`a`.lower > 0");
    check("tags.mlflow.source IS NOT NULL", "tags.mlflow.source IS NOT NULL");
    check("x in ('a', :b, 3.5)", "x IN ('a', :b, 3.5)");
    check("x not in :list", "x NOT IN (:list)");
    check("size >= -1e3 AND p = +5", "size >= -1000.0 AND p = 5");
    check("match 'credit*' and params.on = true", "MATCH 'credit*' AND params.on = TRUE");
}

#[test]
fn errors_say_where_and_what_was_expected() {
    check("name =", "column 7: expected a value such as 'text', 7 or :name, found the end");
    check("name = AND", "column 8: expected a value such as 'text', 7 or :name, found `AND`");
    check("(a = 1", "column 7: expected AND, OR or `)`, found the end");
    check("a = 1 b", "column 7: expected AND, OR or the end, found `b`");
    check("a = 'x", "column 5: the ' is not closed; a ' inside is doubled");
    check("and = 1", "column 1: expected an attribute such as name or tags.team, found `and`");
    check("a NOT = 1", "column 7: expected LIKE, ILIKE or IN, found `=`");
    check("a IS 1", "column 6: expected NULL, found `1`");
    check("a IN 'x'", "column 6: expected a list such as ('a', 'b') or :list");
    check("é = 1", "column 1: expected an attribute such as name or tags.team, found `é`");
    check("a = 1x", "column 5: `1x` is not a number; text stands in quotes");
    check(
        "tags. = 1",
        "column 7: expected a key, quoted with backticks where it holds a space, found `=`",
    );
    check(
        "metric.`a b`. > 1",
        "column 15: expected what is meant of the key, such as lower, found `>`",
    );
    check(
        "metric.`a`b > 1",
        "column 11: expected an operator: =, !=, <, <=, >, >=, LIKE, ILIKE, IN or IS, found `b`",
    );
    check("a = :", "column 6: expected the parameter's name, found the end");
}

#[test]
fn a_caret_stands_below_the_place() {
    let error = Filter::parse("name = 'a' AND owner ~ 'b'").unwrap_err().to_string();
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(lines[1], "  name = 'a' AND owner ~ 'b'");
    assert_eq!(lines[2].find('^'), lines[1].find('~'));
}

#[test]
fn size_depth_and_count_are_bounded() {
    let deep = |levels| format!("{}a=1{}", "(".repeat(levels), ")".repeat(levels));
    assert!(Filter::parse(&deep(MOST_DEPTH - 1)).is_ok());
    assert!(Filter::parse(&deep(MOST_DEPTH)).is_err());
    assert!(Filter::parse(&"NOT ".repeat(4000)).is_err());
    assert!(Filter::parse(&" ".repeat(MOST_BYTES + 1)).is_err());
    let wide = |tests| vec!["a=1"; tests].join(" OR ");
    assert!(Filter::parse(&wide(MOST_TESTS)).is_ok());
    assert!(Filter::parse(&wide(MOST_TESTS + 1)).is_err());
    let list = |values| format!("a IN ({})", vec!["1"; values].join(","));
    assert!(Filter::parse(&list(MOST_VALUES)).is_ok());
    assert!(Filter::parse(&list(MOST_VALUES + 1)).is_err());
}

fn operands() -> impl Strategy<Value = Operand> {
    let value = prop_oneof![
        "[^\0]{0,8}".prop_map(Literal::Text),
        any::<i64>().prop_map(Literal::Int),
        (-1e300..1e300).prop_map(Literal::Real),
        any::<bool>().prop_map(Literal::Bool),
        "[a-z_][a-z0-9_]{0,4}".prop_map(Literal::Parameter),
    ];
    value.prop_map(|value| Operand { at: At(0), value })
}

fn conditions() -> impl Strategy<Value = Condition> {
    prop_oneof![
        (prop::sample::select(Comparison::ALL.to_vec()), operands())
            .prop_map(|(comparison, value)| Condition::Compare(comparison, value)),
        (any::<bool>(), any::<bool>(), operands())
            .prop_map(|(negated, fold, pattern)| { Condition::Like { negated, fold, pattern } }),
        (any::<bool>(), prop::collection::vec(operands(), 1..4))
            .prop_map(|(negated, values)| Condition::In { negated, values }),
        any::<bool>().prop_map(|negated| Condition::Null { negated }),
    ]
}

fn filters() -> impl Strategy<Value = Filter> {
    let part = prop::option::of("[a-z0-9_]{1,5}");
    let attribute =
        ("x[a-z_]{0,5}", prop::option::of(("[^\0]{1,6}", part))).prop_map(|(name, key)| {
            let (key, part) = key.unzip();
            let part = part.flatten().map(|part| (At(0), part));
            Attribute { at: At(0), name, key, part }
        });
    let leaf = prop_oneof![
        4 => (attribute, conditions()).prop_map(|(a, c)| Filter::Test(a, c)),
        1 => operands().prop_map(Filter::Match),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::Or),
            inner.prop_map(|part| Filter::Not(Box::new(part))),
        ]
    })
}

proptest! {
    #[test]
    fn a_printed_filter_reads_back_as_itself(filter in filters()) {
        let text = filter.to_string();
        prop_assert_eq!(Filter::parse(&text).map_err(|error| error.to_string()), Ok(filter));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC*|.*|([a-z]+|[=<>!()'\"`:.,*%]| |NOT|AND|OR|IN|[0-9]+){0,20}") {
        let _ = Filter::parse(&text).is_ok();
        let _ = parse_order(&text).is_ok();
    }
}
