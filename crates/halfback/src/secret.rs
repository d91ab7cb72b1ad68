//! Texts that look like credentials, so that they do not get into a log that keeps them for good.
//!
//! Each kind is told by what its maker says about its form; beside these, an assignment to a word such as
//! `password` counts when its value looks random.

use std::ops::Range;

use halfback_store::error::{Detail, Error, Result};
use halfback_store::name::shown;

/// How much of a text is looked at, in bytes.
const MAX_TEXT: usize = 1 << 20;

/// A credential that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// What it is, such as `AWS access key`.
    pub kind: &'static str,
    /// Its first characters, at most four and at most a quarter of it, and `…`.
    pub excerpt: String,
    /// Where it begins, in bytes.
    pub position: usize,
}

/// The first credential in a text.
pub fn find(text: &str) -> Option<Secret> {
    let bytes = text.as_bytes();
    let text = Text(bytes.get(..MAX_TEXT).unwrap_or(bytes));
    let found =
        [text.tokens(), text.pem(), text.url_password(), text.account_key(), text.assignment()];
    let (kind, range) = found.into_iter().flatten().min_by_key(|(_, range)| range.start)?;
    let secret = String::from_utf8_lossy(text.slice(range.clone())).into_owned();
    let shown = secret.chars().take((secret.chars().count() / 4).min(4));
    Some(Secret { kind, excerpt: shown.chain(['…']).collect(), position: range.start })
}

/// The first credential in a value, by itself or beside the name it goes by.
pub(crate) fn find_named(name: &str, value: &str) -> Option<Secret> {
    find(value).or_else(|| find(&format!("{name}={value}")))
}

/// Refuses a value that looks like a credential, by itself or beside the name it goes by.
pub(crate) fn refuse_named(name: &str, value: &str, what: &str) -> Result<()> {
    find_named(name, value).map_or(Ok(()), |secret| Err(secret.refused(what)))
}

/// Refuses a text that looks like a credential; `what` names the text in the error.
pub(crate) fn refuse(text: &str, what: &str) -> Result<()> {
    find(text).map_or(Ok(()), |secret| Err(secret.refused(what)))
}

impl Secret {
    /// The error that says where it was found.
    pub(crate) fn refused(&self, what: &str) -> Error {
        Detail::SecretSuspected(format!(
            "{what} looks like it holds a secret ({}, `{}`), and what is stored stays in the history; keep it elsewhere, or pass `allow_secrets` if it is none",
            self.kind,
            shown(&self.excerpt)
        ))
        .into()
    }
}

type Found = Option<(&'static str, Range<usize>)>;

/// A token with a prefix of its own: what follows it, and how long that is at least and at most.
struct Token {
    kind: &'static str,
    prefix: &'static str,
    follows: fn(u8) -> bool,
    length: Range<usize>,
}

const fn token(
    kind: &'static str,
    prefix: &'static str,
    follows: fn(u8) -> bool,
    length: Range<usize>,
) -> Token {
    Token { kind, prefix, follows, length }
}

/// The longest that a run of characters is followed.
const LONG: usize = 512;

const TOKENS: &[Token] = &[
    token("Halfback token", "halfback_t", is_word, 64..LONG),
    // docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html: unique identifiers.
    token("AWS access key", "AKIA", is_upper_or_digit, 16..17),
    token("AWS access key", "ASIA", is_upper_or_digit, 16..17),
    // docs.github.com: about authentication to GitHub, token formats.
    token("GitHub token", "ghp_", is_alphanumeric, 36..LONG),
    token("GitHub token", "gho_", is_alphanumeric, 36..LONG),
    token("GitHub token", "ghu_", is_alphanumeric, 36..LONG),
    token("GitHub token", "ghs_", is_alphanumeric, 36..LONG),
    token("GitHub token", "ghr_", is_alphanumeric, 36..LONG),
    token("GitHub token", "github_pat_", is_word, 40..LONG),
    // docs.gitlab.com/security/tokens: token prefixes.
    token("GitLab token", "glpat-", is_url_safe, 20..LONG),
    // docs.slack.dev/authentication/tokens.
    token("Slack token", "xoxb-", is_url_safe, 20..LONG),
    token("Slack token", "xoxp-", is_url_safe, 20..LONG),
    token("Slack token", "xoxa-", is_url_safe, 20..LONG),
    token("Slack token", "xoxr-", is_url_safe, 20..LONG),
    token("Slack token", "xoxs-", is_url_safe, 20..LONG),
    // cloud.google.com/docs/authentication/api-keys: keys have 39 characters.
    token("Google API key", "AIza", is_url_safe, 35..36),
    // platform.openai.com and docs.anthropic.com: API keys.
    token("Anthropic API key", "sk-ant-", is_url_safe, 32..LONG),
    token("OpenAI API key", "sk-proj-", is_url_safe, 32..LONG),
    token("OpenAI API key", "sk-svcacct-", is_url_safe, 32..LONG),
    token("OpenAI API key", "sk-", is_alphanumeric, 40..LONG),
    // huggingface.co/docs/hub/security-tokens.
    token("Hugging Face token", "hf_", is_alphanumeric, 34..LONG),
    // docs.databricks.com/dev-tools/auth/pat: `dapi` and 32 hexadecimal digits.
    token("Databricks token", "dapi", is_hexadecimal, 32..33),
];

/// Words whose value is a secret when it looks random.
const KEYWORDS: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "api-key",
    "access_key",
    "secret_key",
    "private_key",
    "credential",
];

struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    fn slice(&self, range: Range<usize>) -> &'a [u8] {
        self.0.get(range).unwrap_or_default()
    }

    fn at(&self, at: usize) -> Option<u8> {
        self.0.get(at).copied()
    }

    fn after(&self, at: usize) -> &'a [u8] {
        self.slice(at..self.0.len())
    }

    /// Where a run of such bytes ends, or has become longer than what is looked for: starts can be
    /// many, and to follow each to the end would be quadratic.
    fn run(&self, start: usize, is: impl Fn(u8) -> bool) -> usize {
        let within = self.slice(start..self.0.len().min(start.saturating_add(LONG)));
        start + within.iter().take_while(|byte| is(**byte)).count()
    }

    /// Whether a word can begin here.
    fn is_start(&self, at: usize) -> bool {
        self.at(at).is_some_and(is_word)
            && at.checked_sub(1).and_then(|before| self.at(before)).is_none_or(|it| !is_word(it))
    }

    /// Tokens with a prefix, and JSON web tokens, at every place where a word begins.
    fn tokens(&self) -> Found {
        (0..self.0.len()).filter(|at| self.is_start(*at)).find_map(|at| {
            TOKENS.iter().find_map(|token| self.token(at, token)).or_else(|| self.web_token(at))
        })
    }

    fn token(&self, at: usize, token: &Token) -> Found {
        self.after(at).strip_prefix(token.prefix.as_bytes())?;
        let start = at + token.prefix.len();
        let end = self.run(start, token.follows);
        let body = self.slice(start..end);
        let ends = self.at(end).is_none_or(|it| !is_alphanumeric(it));
        let fits = body.len() >= token.length.start
            && (token.length.end == LONG || body.len() < token.length.end);
        // `xxxxxxxx` stands for a token in documents.
        let varied = distinct(body) >= 6;
        (fits && ends && varied).then_some((token.kind, at..end))
    }

    /// RFC 7519: three parts of base64url, the first and the second JSON objects.
    fn web_token(&self, at: usize) -> Found {
        self.after(at).strip_prefix(b"eyJ")?;
        if at > 0 && self.at(at - 1).is_some_and(is_url_safe) {
            return None;
        }
        // Parts can be long, and each is looked at from no more than three starts.
        let part =
            |start| start + self.after(start).iter().take_while(|it| is_url_safe(**it)).count();
        let header = part(at);
        let claims = part(header + 1);
        let end = part(claims + 1);
        let dots = self.at(header) == Some(b'.') && self.at(claims) == Some(b'.');
        let lengths =
            [header - at, claims.saturating_sub(header + 1), end.saturating_sub(claims + 1)];
        let long = lengths.iter().all(|length| *length >= 16);
        (dots && long && self.is_web_header(at..header)).then_some(("JSON web token", at..end))
    }

    /// Whether this is base64url of JSON with the member `alg`, which RFC 7515 requires.
    fn is_web_header(&self, range: Range<usize>) -> bool {
        let decoded = base64url(self.slice(range));
        decoded.first() == Some(&b'{') && decoded.windows(5).any(|it| it == b"\"alg\"")
    }

    /// RFC 7468, and the older labels of OpenSSL and OpenSSH.
    fn pem(&self) -> Found {
        let begin = b"-----BEGIN ";
        let mut from = 0;
        while let Some(found) = position(self.after(from), begin) {
            let at = from + found;
            from = at + begin.len();
            let end = self.run(from, |it| it.is_ascii_uppercase() || it == b' ');
            let label = self.slice(from..end);
            if label.ends_with(b"PRIVATE KEY") && self.after(end).starts_with(b"-----") {
                return Some(("private key", at..end + 5));
            }
        }
        None
    }

    /// RFC 3986: `scheme://user:password@host`.
    fn url_password(&self) -> Found {
        let mut from = 0;
        while let Some(found) = position(self.after(from), b"://") {
            let start = from + found + 3;
            from = start;
            let end = self.run(start, |it| it.is_ascii_graphic() && !b"/?#\"'<>\\`".contains(&it));
            let authority = self.slice(start..end);
            let scheme = found > 0 && self.at(start - 4).is_some_and(is_alphanumeric);
            let at = authority.iter().rposition(|it| *it == b'@');
            let colon = authority.iter().position(|it| *it == b':');
            if let (true, Some(at), Some(colon)) = (scheme, at, colon)
                && colon + 1 < at
                && !is_reference(self.slice(start + colon + 1..start + at))
            {
                return Some(("password in a URL", start + colon + 1..start + at));
            }
        }
        None
    }

    /// learn.microsoft.com: configure Azure Storage connection strings; the key is 64 bytes in base64.
    fn account_key(&self) -> Found {
        let word = b"AccountKey=";
        let mut start = 0;
        while let Some(found) = position(self.after(start), word) {
            start += found + word.len();
            let end = self.run(start, is_base64);
            if (86..=88).contains(&(end - start)) {
                return Some(("Azure storage key", start..end));
            }
        }
        None
    }

    /// `password = …`, `"token": "…"` and the like. An AWS secret key, which has 40 characters of
    /// base64 and no prefix, is found by its word too.
    fn assignment(&self) -> Found {
        let lower = self.0.to_ascii_lowercase();
        let mut first: Found = None;
        for word in KEYWORDS {
            let mut from = 0;
            while let Some(found) = lower.get(from..).and_then(|it| position(it, word.as_bytes())) {
                let at = from + found;
                from = at + word.len();
                if first.as_ref().is_some_and(|(_, range)| range.start <= at) {
                    break;
                }
                if let Some(value) = self.value(from) {
                    let before = lower.get(at.saturating_sub(16)..at).unwrap_or_default();
                    let aws = position(before, b"aws").is_some() && value.len() == 40;
                    first = Some((if aws { "AWS secret key" } else { "assigned secret" }, value));
                }
            }
        }
        first
    }

    /// The random value that is assigned to the word which ends here.
    fn value(&self, end: usize) -> Option<Range<usize>> {
        let space = |it| it == b' ' || it == b'\t';
        // The rest of the name, as in `token_prod` or `SECRET_ACCESS_KEY`, and its closing quote.
        let rest = self.slice(end..self.0.len().min(end + 33));
        let name = end + rest.iter().take_while(|it| is_url_safe(**it)).count();
        if name - end > 32 {
            return None;
        }
        let quoted = name + usize::from(self.at(name).is_some_and(is_quote));
        let sign = self.run(quoted, space);
        let sign_end = self.run(sign, |it| it == b'=' || it == b':' || it == b'>');
        if !(1..=2).contains(&(sign_end - sign)) {
            return None;
        }
        let start = self.run(sign_end, space);
        let start = start + usize::from(self.at(start).is_some_and(is_quote));
        let value_end = self.run(start, |it| {
            it.is_ascii_graphic() && !is_quote(it) && !b",;<>()[]{}".contains(&it)
        });
        is_random(self.slice(start..value_end)).then_some(start..value_end)
    }
}

/// Whether a value is neither words, nor a digest, an id or a path, and varied enough to be random.
fn is_random(value: &[u8]) -> bool {
    let is = |what: fn(&u8) -> bool| value.iter().any(what);
    let classes = [
        is(u8::is_ascii_lowercase),
        is(u8::is_ascii_uppercase),
        is(u8::is_ascii_digit),
        is(|it| !it.is_ascii_alphanumeric()),
    ];
    let classes = classes.into_iter().filter(|it| *it).count();
    // Digests, commits and UUIDs are of hexadecimal digits alone.
    let hexadecimal = value.iter().all(|it| is_hexadecimal(*it) || *it == b'-');
    let path =
        position(value, b"://").is_some() || value.starts_with(b"/") || value.starts_with(b".");
    let digest = value.starts_with(b"sha256:") || value.starts_with(b"sha256-");
    value.len() >= 12
        && is(u8::is_ascii_digit)
        && classes >= 3
        && !hexadecimal
        && !path
        && !digest
        && !is_reference(value)
        && entropy(value) >= 3.0
}

/// Whether a value only says where the secret is, as in `${TOKEN}`, or is blotted out.
fn is_reference(value: &[u8]) -> bool {
    value.starts_with(b"$")
        || value.starts_with(b"{")
        || value.starts_with(b"<")
        || value.starts_with(b"%")
        || distinct(value) <= 1
}

/// Shannon's entropy of the bytes, in bits for each.
#[expect(clippy::cast_precision_loss, reason = "texts are far shorter than 2^52")]
fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0_usize; 256];
    for byte in value {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let share = |count: usize| count as f64 / value.len() as f64;
    counts.iter().filter(|it| **it > 0).map(|it| -share(*it) * share(*it).log2()).sum()
}

fn distinct(value: &[u8]) -> usize {
    let mut seen = [false; 256];
    for byte in value {
        if let Some(seen) = seen.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    }
    seen.into_iter().filter(|seen| *seen).count()
}

/// RFC 4648, without padding; ends at the first byte that is none of it.
fn base64url(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => break,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            let [.., byte] = (bits >> held).to_be_bytes();
            bytes.push(byte);
        }
    }
    bytes
}

fn position(bytes: &[u8], text: &[u8]) -> Option<usize> {
    let first = text.first()?;
    let mut from = 0;
    loop {
        let rest = bytes.get(from..)?;
        let found = from + rest.iter().position(|byte| byte == first)?;
        if bytes.get(found..)?.starts_with(text) {
            return Some(found);
        }
        from = found + 1;
    }
}

fn is_upper_or_digit(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_url_safe(byte: u8) -> bool {
    is_word(byte) || byte == b'-'
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)
}

fn is_hexadecimal(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

fn is_quote(byte: u8) -> bool {
    b"\"'`".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::find;

    /// What is found, as `kind`, and where it begins; keys are made up and put together here.
    #[test]
    fn credentials_are_found() {
        let header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
        let web = format!(
            "Bearer {header}.{}.{}",
            "eyJzdWIiOiIxMjM0NTY3ODkwIn0", "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
        );
        let azure = format!("Name=x;Account{}={}==;", "Key", "aB3/".repeat(21) + "aB");
        let cases = [
            (concat!("AK", "IAQ3EGRTW7XK2MPLZ4"), "AWS access key", 0),
            (concat!("key=AS", "IAQ3EGRTW7XK2MPLZ4,"), "AWS access key", 4),
            (
                concat!("aws_secret_access_", "key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzQ8Wk3p1T"),
                "AWS secret key",
                24,
            ),
            (concat!("gh", "p_16C7e42F292c6912E7710c838347Ae178B4a"), "GitHub token", 0),
            (concat!("gh", "o_16C7e42F292c6912E7710c838347Ae178B4a"), "GitHub token", 0),
            (
                concat!("use github", "_pat_11AB5CD3E0fG7hI9jK1lM2_nO3pQ4rS5tU6vW7xY8zA9bC0dE1"),
                "GitHub token",
                4,
            ),
            (concat!("gl", "pat-xY12zW34vU56tS78rQ90"), "GitLab token", 0),
            (concat!("xo", "xb-123456789012-abcDEF456ghiJKL"), "Slack token", 0),
            (concat!("AI", "zaSyD3fG7hJ9kL1mN2pQ4rS6tU8vW0xY1zA-B"), "Google API key", 0),
            (concat!("sk", "-ant-api03-abcdefGHIJKL0123456789mnopqrst"), "Anthropic API key", 0),
            (concat!("sk", "-proj-abcdefGHIJKL0123456789mnopqrst_UV"), "OpenAI API key", 0),
            (concat!("sk", "-abcdefGHIJKL0123456789mnopqrstUVWXyz012345678"), "OpenAI API key", 0),
            (concat!("hf", "_aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH"), "Hugging Face token", 0),
            (concat!("da", "pi0123456789abcdef0123456789abcdef"), "Databricks token", 0),
            (azure.as_str(), "Azure storage key", 18),
            (web.as_str(), "JSON web token", 7),
            (concat!("-----BEGIN RSA PRIVATE", " KEY-----\nMIIE"), "private key", 0),
            (concat!("-----BEGIN PRIVATE", " KEY-----"), "private key", 0),
            (concat!("-----BEGIN OPENSSH PRIVATE", " KEY-----"), "private key", 0),
            (concat!("postgres://me:hunter2", "@db.example.com/x"), "password in a URL", 14),
            (concat!("https://me:p:w@x", "@h"), "password in a URL", 11),
            (concat!("pass", "word=Tr0ub4dor&3xyz"), "assigned secret", 9),
            (concat!(r#"{"db_pass"#, r#"word": "x9$Kq2!vLm7@"}"#), "assigned secret", 17),
            (concat!("TO", "KEN: zQ8x-1Vb9_Lk3Jh7Fd5"), "assigned secret", 7),
            (concat!("höhe; api_", "key => 'zQ8x1Vb9Lk3Jh7Fd5'"), "assigned secret", 19),
        ];
        for (text, kind, position) in cases {
            let found = find(text).unwrap_or_else(|| panic!("nothing in `{text}`"));
            assert_eq!((found.kind, found.position), (kind, position), "{text}");
        }
    }

    #[test]
    fn what_only_looks_alike_is_not() {
        let cases = [
            "",
            "a model that predicts who defaults",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "token: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "secret = 123e4567-e89b-12d3-a456-426614174000",
            "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
            "SGVsbG8sIHdvcmxkIQ==",
            "password=changeme",
            "password: ${DB_PASSWORD_2026_Prod}",
            "password = ************",
            "tokens: 128000 of Context-Window",
            "the token is read from /run/Secrets/db_password_1",
            "token = https://Example.com/a1?b=2",
            "tokenizer=BertTokenizerFast",
            "AKIA",
            "AKIAIOSFODNN7EXAMPL",
            "xAKIAQ3EGRTW7XK2MPLZ4",
            "AKIAQ3EGRTW7XK2MPLZ4A",
            concat!("gh", "p_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
            "sk-learn pipelines are fine, sk-abcdef too",
            "hf_hub_download",
            "dapiweb",
            "https://example.com:8443/a@b",
            "https://me@example.com/x",
            "https://me:${PASSWORD}@example.com/x",
            "see ://x:y@z",
            "eyJ.eyJ.abc",
            "eyJhIjoxMjM0NTY3ODkwMTIzNDU2.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
            "-----BEGIN CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----",
            "AccountKey=short",
        ];
        for text in cases {
            assert_eq!(find(text), None, "{text}");
        }
    }

    #[test]
    fn the_first_is_shown_masked() {
        let text = concat!(
            "a pass",
            "word=Tr0ub4dor&3xyz and gh",
            "p_16C7e42F292c6912E7710c838347Ae178B4a"
        );
        let found = find(text).unwrap();
        assert_eq!((found.position, found.excerpt.as_str()), (11, "Tr0…"));
        let found = find(&text[20..]).unwrap();
        assert_eq!((found.kind, found.excerpt.as_str()), ("GitHub token", concat!("gh", "p_…")));
    }

    #[test]
    fn long_texts_are_looked_at_up_to_a_mebibyte() {
        let key = concat!("AK", "IAQ3EGRTW7XK2MPLZ4");
        let text = |before: usize| format!("{}{key}", " ".repeat(before));
        assert_eq!(find(&text((1 << 20) - 20)).map(|it| it.position), Some((1 << 20) - 20));
        assert_eq!(find(&text(1 << 20)), None);
        // What would be quadratic if each start were followed to the end.
        for part in ["eyJ-", "://", "token=", "-----BEGIN ", "sk-", "password"] {
            assert_eq!(find(&part.repeat((1 << 20) / part.len())), None, "{part}");
        }
    }
}
