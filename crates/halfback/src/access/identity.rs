//! Identities that others prove: what a sign-on service, a database's role or a certificate says of
//! a caller. Halfback asks no such service: an [`Authenticator`] does, and this is where it is
//! plugged in.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use halfback_store::error::{Detail, Error, Result};
use halfback_store::tx::{Actor, principal_of};

use super::session::Session;
use crate::registry::{Options, Registry};

/// What principals are known by already.
const OWN: [&str; 6] = ["os_user", "token", "name", "user", "group", "service"];
const LONGEST: usize = 512;

/// Who somebody is elsewhere: the word for how that is proved, and as whom, such as
/// `oidc:https://login.example.org|248289`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    text: String,
    proof: usize,
}

/// Proves who acts by other means than a token or the operating system's user.
///
/// It vouches for what it gives: an application that checks an OpenID Connect token, for its
/// signature, audience and time. What it proves counts only where a principal was made known with
/// that identity ([`CreatePrincipal::identity`](crate::CreatePrincipal)).
///
/// ```
/// use halfback::{Authenticator, CreatePrincipal, Options, Proved, Registry, Result};
///
/// /// What the sign-on service of the application says of its caller.
/// struct SignedOn(String);
///
/// impl Authenticator for SignedOn {
///     fn authenticate(&self) -> Result<Proved> {
///         Ok(Proved { identity: format!("oidc:{}", self.0).parse()?, expires: None })
///     }
/// }
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("models.hb");
/// let registry = Registry::open_with(&path, Options { create: true, ..Options::default() })?;
/// registry.execute(CreatePrincipal {
///     name: "alice".into(),
///     identity: Some("oidc:248289".into()),
///     ..CreatePrincipal::default()
/// })?;
/// let session = Registry::open_as(&path, Options::default(), &SignedOn("248289".into()))?;
/// assert_eq!(session.whoami()?.name.as_deref(), Some("alice"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Authenticator {
    /// Says who acts, or why that cannot be said.
    fn authenticate(&self) -> Result<Proved>;
}

/// What an [`Authenticator`] says.
#[derive(Debug, Clone)]
pub struct Proved {
    /// Who acts.
    pub identity: Identity,
    /// From when on that is not proved any more; the session ends then.
    pub expires: Option<DateTime<Utc>>,
}

impl Identity {
    /// The word for how it is proved.
    pub fn proof(&self) -> &str {
        self.text.get(..self.proof).unwrap_or_default()
    }

    /// As whom it is proved.
    pub fn subject(&self) -> &str {
        self.text.get(self.proof + 1..).unwrap_or_default()
    }
}

impl FromStr for Identity {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refused = |why: &str| -> Error {
            let text: String = text.chars().take(80).collect();
            Detail::InvalidArgument(format!(
                "`{}` is no identity: {why}; expected one such as `oidc:https://login.example.org|248289`",
                text.escape_debug()
            ))
            .into()
        };
        let (proof, subject) = text.split_once(':').ok_or_else(|| refused("it has no `:`"))?;
        let is_word = |word: &str| word.bytes().all(|it| it.is_ascii_lowercase() || it == b'_');
        if proof.is_empty() || !is_word(proof) {
            return Err(refused("how it is proved is no word of small letters"));
        }
        if OWN.contains(&proof) {
            return Err(refused(&format!("`{proof}` is proved by the registry itself")));
        }
        if subject.trim().is_empty() || subject.chars().any(char::is_control) {
            return Err(refused("it says nobody"));
        }
        if text.len() > LONGEST {
            return Err(refused(&format!("it has more than {LONGEST} bytes")));
        }
        Ok(Self { text: text.to_owned(), proof: proof.len() })
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Registry {
    /// Opens the registry in a folder for the session of whom an authenticator proves. Fails with
    /// the code `unauthenticated` where no principal was made known with that identity.
    pub fn open_as(
        path: impl AsRef<Path>,
        options: Options,
        authenticator: &dyn Authenticator,
    ) -> Result<Self> {
        let Proved { identity, expires } = authenticator.authenticate()?;
        let registry = Self::of_os_user(path.as_ref(), options)?;
        let shared = registry.shared()?;
        let name = registry.snapshot(|snapshot| {
            let found = principal_of(snapshot.sql, identity.proof(), identity.subject())?;
            match found {
                Some(id) if snapshot.is_living(id)? => {
                    Ok(snapshot.principal_name(id)?.unwrap_or_else(|| format!("p{}", id.0)))
                }
                _ => Err(unknown()),
            }
        })?;
        let actor = Actor {
            proof: identity.proof().to_owned(),
            subject: identity.subject().to_owned(),
            name,
            principal: None,
        };
        Self::joined(shared, Session::of_identity(actor, expires.map(Into::into)))
    }
}

fn unknown() -> Error {
    Detail::Unauthenticated(
        "nobody is known here by that identity; a steward makes it known with `create_user`".into(),
    )
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CreatePrincipal, DeletePrincipal};

    #[test]
    fn an_identity_is_a_word_and_a_subject() {
        let check = |text: &str, expected: Result<(&str, &str), &str>| {
            let found = text.parse::<Identity>();
            match expected {
                Ok(parts) => {
                    let found = found.unwrap();
                    assert_eq!((found.proof(), found.subject()), parts);
                    assert_eq!(found.to_string(), text);
                }
                Err(why) => {
                    let error = found.unwrap_err().to_string();
                    assert!(error.contains(why), "{error}");
                }
            }
        };
        check("oidc:https://a.example|7", Ok(("oidc", "https://a.example|7")));
        check("database_role:scoring", Ok(("database_role", "scoring")));
        check("alice", Err("it has no `:`"));
        check(":alice", Err("no word of small letters"));
        check("OIDC:alice", Err("no word of small letters"));
        check("os_user:uid:0", Err("proved by the registry itself"));
        check("token:t1", Err("proved by the registry itself"));
        check("oidc: ", Err("it says nobody"));
        check("oidc:a\u{0}", Err("it says nobody"));
        check(&format!("oidc:{}", "a".repeat(600)), Err("more than 512 bytes"));
    }

    struct Says(&'static str, Option<DateTime<Utc>>);

    impl Authenticator for Says {
        fn authenticate(&self) -> Result<Proved> {
            Ok(Proved { identity: self.0.parse()?, expires: self.1 })
        }
    }

    #[test]
    fn only_who_was_made_known_acts_and_only_while_that_is_proved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("models.hb");
        let options = Options { create: true, ..Options::default() };
        let steward = Registry::open_with(&path, options).unwrap();
        let open = |says: Says| Registry::open_as(&path, Options::default(), &says);
        let code = |refused: Result<Registry>| refused.unwrap_err().code().to_owned();
        assert_eq!(code(open(Says("oidc:7", None))), "unauthenticated");

        let alice = CreatePrincipal {
            name: "alice".into(),
            identity: Some("oidc:7".into()),
            ..CreatePrincipal::default()
        };
        let alice = steward.execute(alice).unwrap();
        let session = open(Says("oidc:7", None)).unwrap();
        assert_eq!(session.whoami().unwrap().id, alice.id);
        let id = alice.id.unwrap();
        assert_eq!(session.create_model("fraud").unwrap_err().code(), "not_found");
        steward.grant("Developer", "schemas:/main.default", "alice").unwrap();
        steward.grant("USE CATALOG", "catalogs:/main", "alice").unwrap();
        steward.create_model("fraud").unwrap();
        assert_eq!(session.get_model("fraud").unwrap().name, "main.default.fraud");

        let before = Some(DateTime::<Utc>::UNIX_EPOCH);
        let late = open(Says("oidc:7", before)).and_then(|late| late.get_model("fraud"));
        assert_eq!(late.unwrap_err().code(), "unauthenticated");
        assert_eq!(code(open(Says("ldap:7", None))), "unauthenticated");

        steward.execute(DeletePrincipal { principal: id }).unwrap();
        assert_eq!(session.get_model("fraud").unwrap_err().code(), "not_found");
        assert_eq!(code(open(Says("oidc:7", None))), "unauthenticated");
    }
}
