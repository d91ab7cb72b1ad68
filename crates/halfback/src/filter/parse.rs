//! Reads a filter: tokens with their places, then one function for each level of precedence.

use super::{
    At, Attribute, Comparison, Condition, Filter, Literal, MOST_BYTES, MOST_DEPTH, MOST_TESTS,
    MOST_VALUES, Operand, refused,
};
use halfback_store::error::{Error, Result};
use halfback_store::name::shown;

const KEYWORDS: [&str; 13] = [
    "AND", "OR", "NOT", "LIKE", "ILIKE", "IN", "IS", "NULL", "MATCH", "TRUE", "FALSE", "ASC",
    "DESC",
];
const A_VALUE: &str = "a value such as 'text', 7 or :name";

/// Whether a key may hold the character without quotes.
pub(super) fn in_key(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/')
}

pub(super) fn filter(text: &str) -> Result<Filter> {
    let mut parser = Parser::new(text)?;
    parser.skip_space();
    if parser.rest().is_empty() {
        return Ok(Filter::And(Vec::new()));
    }
    let filter = parser.either()?;
    parser.end("AND, OR or the end")?;
    Ok(filter)
}

pub(super) fn order(text: &str) -> Result<(Attribute, bool)> {
    let mut parser = Parser::new(text)?;
    let attribute = parser.attribute()?;
    let descending = parser.keyword("DESC");
    if !descending {
        parser.keyword("ASC");
    }
    parser.end("ASC, DESC or the end")?;
    Ok((attribute, descending))
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    tests: usize,
    values: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self> {
        let parser = Self { text, at: 0, depth: 0, tests: 0, values: 0 };
        if text.len() > MOST_BYTES {
            let why = format!("it is {} bytes long, expected at most {MOST_BYTES}", text.len());
            return Err(parser.refused(why));
        }
        if let Some(at) = text.find('\0') {
            return Err(refused(text, At(at), "U+0000 is nowhere in the registry; remove it"));
        }
        Ok(parser)
    }

    fn either(&mut self) -> Result<Filter> {
        self.chain("OR", Self::all, Filter::Or)
    }

    fn all(&mut self) -> Result<Filter> {
        self.chain("AND", Self::not, Filter::And)
    }

    /// Parts joined by a word; a single part stands for itself.
    fn chain(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Filter>,
        join: fn(Vec<Filter>) -> Filter,
    ) -> Result<Filter> {
        let first = part(self)?;
        let mut parts = vec![first];
        while self.keyword(word) {
            parts.push(part(self)?);
        }
        match <[Filter; 1]>::try_from(parts) {
            Ok([single]) => Ok(single),
            Err(parts) => Ok(join(parts)),
        }
    }

    fn not(&mut self) -> Result<Filter> {
        self.skip_space();
        let start = self.at;
        if self.depth == MOST_DEPTH {
            return Err(self.refused(format!("it is nested deeper than {MOST_DEPTH} levels")));
        }
        self.depth += 1;
        let filter = if self.keyword("NOT") {
            Filter::Not(Box::new(self.not()?))
        } else if self.sign("(") {
            let inner = self.either()?;
            self.expect(")", "AND, OR or `)`")?;
            inner
        } else {
            self.tests += 1;
            if self.tests > MOST_TESTS {
                let why = format!("it has more than {MOST_TESTS} comparisons");
                return Err(refused(self.text, At(start), why));
            }
            self.test()?
        };
        self.depth -= 1;
        Ok(filter)
    }

    fn test(&mut self) -> Result<Filter> {
        if self.keyword("MATCH") {
            return Ok(Filter::Match(self.value()?));
        }
        let attribute = self.attribute()?;
        for comparison in Comparison::ALL {
            if self.sign(comparison.sign()) {
                return Ok(Filter::Test(attribute, Condition::Compare(comparison, self.value()?)));
            }
        }
        if self.sign("<>") {
            let condition = Condition::Compare(Comparison::NotEqual, self.value()?);
            return Ok(Filter::Test(attribute, condition));
        }
        if self.keyword("IS") {
            let negated = self.keyword("NOT");
            if !self.keyword("NULL") {
                return Err(self.expected("NULL"));
            }
            return Ok(Filter::Test(attribute, Condition::Null { negated }));
        }
        let negated = self.keyword("NOT");
        let condition = if self.keyword("LIKE") {
            Condition::Like { negated, fold: false, pattern: self.value()? }
        } else if self.keyword("ILIKE") {
            Condition::Like { negated, fold: true, pattern: self.value()? }
        } else if self.keyword("IN") {
            Condition::In { negated, values: self.list()? }
        } else if negated {
            return Err(self.expected("LIKE, ILIKE or IN"));
        } else {
            return Err(self.expected("an operator: =, !=, <, <=, >, >=, LIKE, ILIKE, IN or IS"));
        };
        Ok(Filter::Test(attribute, condition))
    }

    /// A list in parentheses, or the parameter that holds one.
    fn list(&mut self) -> Result<Vec<Operand>> {
        if !self.sign("(") {
            let value = self.value()?;
            if matches!(value.value, Literal::Parameter(_)) {
                return Ok(vec![value]);
            }
            return Err(refused(
                self.text,
                value.at,
                "expected a list such as ('a', 'b') or :list",
            ));
        }
        let mut values = Vec::new();
        loop {
            values.push(self.value()?);
            self.values += 1;
            if self.values > MOST_VALUES {
                return Err(self.refused(format!("its lists hold more than {MOST_VALUES} values")));
            }
            if self.sign(")") {
                return Ok(values);
            }
            self.expect(",", "`,` or `)`")?;
        }
    }

    fn attribute(&mut self) -> Result<Attribute> {
        self.skip_space();
        let at = At(self.at);
        let name = self.word();
        if name.is_empty() || KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(name)) {
            self.at = at.0;
            return Err(self.expected("an attribute such as name or tags.team"));
        }
        let name = name.to_ascii_lowercase();
        if !self.rest().starts_with('.') {
            return Ok(Attribute { at, name, key: None, part: None });
        }
        self.at += 1;
        let (key, part) = match self.rest().chars().next() {
            Some(quote @ ('`' | '"')) => (self.quoted(quote)?, self.part()?),
            _ => (self.take_while(in_key).to_owned(), None),
        };
        if key.is_empty() {
            return Err(self.expected("a key, quoted with backticks where it holds a space"));
        }
        Ok(Attribute { at, name, key: Some(key), part })
    }

    /// The word that follows a quoted key after a dot.
    fn part(&mut self) -> Result<Option<(At, String)>> {
        if !self.rest().starts_with('.') {
            return Ok(None);
        }
        self.at += 1;
        let at = At(self.at);
        match self.word() {
            "" => Err(self.expected("what is meant of the key, such as lower")),
            part => Ok(Some((at, part.to_owned()))),
        }
    }

    fn value(&mut self) -> Result<Operand> {
        self.skip_space();
        let at = At(self.at);
        let value = match self.rest().chars().next() {
            Some(quote @ ('\'' | '"')) => Literal::Text(self.quoted(quote)?),
            Some(':') => {
                self.at += 1;
                match self.word() {
                    "" => return Err(self.expected("the parameter's name")),
                    name => Literal::Parameter(name.to_owned()),
                }
            }
            Some(c) if c.is_ascii_digit() || matches!(c, '+' | '-' | '.') => self.number()?,
            _ if self.keyword("TRUE") => Literal::Bool(true),
            _ if self.keyword("FALSE") => Literal::Bool(false),
            _ => return Err(self.expected(A_VALUE)),
        };
        Ok(Operand { at, value })
    }

    fn number(&mut self) -> Result<Literal> {
        let start = self.at;
        let number = self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        let number = number.strip_prefix('+').unwrap_or(number);
        if let Ok(number) = number.parse() {
            return Ok(Literal::Int(number));
        }
        match number.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Literal::Real(number)),
            _ => {
                let why = format!("`{}` is not a number; text stands in quotes", shown(number));
                Err(refused(self.text, At(start), why))
            }
        }
    }

    /// Text in quotes, with doubled quotes for those inside.
    fn quoted(&mut self, quote: char) -> Result<String> {
        let start = self.at;
        let mut text = String::new();
        self.at += quote.len_utf8();
        loop {
            text += self.take_while(|c| c != quote);
            if self.rest().is_empty() {
                let why = format!("the {quote} is not closed; a {quote} inside is doubled");
                return Err(refused(self.text, At(start), why));
            }
            self.at += quote.len_utf8();
            if !self.rest().starts_with(quote) {
                return Ok(text);
            }
            text.push(quote);
            self.at += quote.len_utf8();
        }
    }

    fn end(&mut self, expected: &str) -> Result<()> {
        self.skip_space();
        if self.rest().is_empty() { Ok(()) } else { Err(self.expected(expected)) }
    }

    fn expect(&mut self, sign: &str, expected: &str) -> Result<()> {
        if self.sign(sign) { Ok(()) } else { Err(self.expected(expected)) }
    }

    /// Steps over a sign that is next.
    fn sign(&mut self, sign: &str) -> bool {
        self.skip_space();
        // `<` must not take the first half of `<>`.
        let is_next =
            self.rest().starts_with(sign) && !(sign == "<" && self.rest().starts_with("<>"));
        if is_next {
            self.at += sign.len();
        }
        is_next
    }

    /// Steps over a keyword that is next, in any case.
    fn keyword(&mut self, keyword: &str) -> bool {
        self.skip_space();
        let start = self.at;
        let is_next = self.word().eq_ignore_ascii_case(keyword);
        if !is_next {
            self.at = start;
        }
        is_next
    }

    fn word(&mut self) -> &'a str {
        self.take_while(|c| c.is_ascii_alphanumeric() || c == '_')
    }

    fn skip_space(&mut self) {
        self.take_while(char::is_whitespace);
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn expected(&mut self, what: &str) -> Error {
        self.skip_space();
        let start = self.at;
        let mut found = self.word();
        if found.is_empty() {
            found = self.take_while(|c| !c.is_whitespace());
        }
        self.at = start;
        let found = match found {
            "" => "the end".to_owned(),
            found => format!("`{}`", shown(found)),
        };
        self.refused(format!("expected {what}, found {found}"))
    }

    fn refused(&self, why: String) -> Error {
        refused(self.text, At(self.at), why)
    }
}
