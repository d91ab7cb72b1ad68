//! A session: who acts, and how that was proved.

use std::sync::Arc;

use halfback_store::error::Result;
use halfback_store::id::EntityId;
use halfback_store::sql::Sql;
use halfback_store::time::Timestamp;
use halfback_store::tx::{Actor, principal_of};
use halfback_store::user::os_user;
use parking_lot::Mutex;

use super::principal::{EVERYONE, is_id};
use super::rights::Rights;
use super::token::Token;

/// Who acts through a handle. What they may do is kept beside the token of the structural word
/// that it was read under, and read anew once that has moved.
#[derive(Debug)]
pub(crate) struct Session {
    actor: Actor,
    proved: Proof,
    kept: Mutex<Option<(u64, Arc<Rights>)>>,
}

/// What proves who acts.
#[derive(Debug)]
enum Proof {
    OfOsUser,
    OfToken(Token),
    /// By others, until a moment.
    Elsewhere(Option<Timestamp>),
}

/// A login name that stands for somebody else here is not used.
fn told_apart(actor: Actor) -> Actor {
    let taken = actor.name == EVERYONE || is_id(&actor.name);
    let name = if taken { actor.subject.clone() } else { actor.name };
    Actor { name, ..actor }
}

impl Session {
    /// Whoever the operating system says is running this process.
    pub(crate) fn of_os_user() -> Self {
        Self { actor: told_apart(os_user()), proved: Proof::OfOsUser, kept: Mutex::default() }
    }

    /// The principal that a token was made for.
    pub(crate) fn of_token(token: Token, name: String) -> Self {
        let actor = Actor {
            proof: "token".into(),
            subject: format!("token:{}", token.id),
            name,
            principal: Some(token.principal),
        };
        Self { actor, proved: Proof::OfToken(token), kept: Mutex::default() }
    }

    /// Who is known by an identity that others prove.
    pub(crate) fn of_identity(actor: Actor, expires: Option<Timestamp>) -> Self {
        Self { actor, proved: Proof::Elsewhere(expires), kept: Mutex::default() }
    }

    pub(crate) fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The token that proves the session.
    pub(crate) fn token(&self) -> Option<&Token> {
        match &self.proved {
            Proof::OfToken(token) => Some(token),
            Proof::OfOsUser | Proof::Elsewhere(_) => None,
        }
    }

    /// Whether the operating system alone says who acts.
    pub(crate) fn is_of_os_user(&self) -> bool {
        matches!(self.proved, Proof::OfOsUser)
    }

    /// Who acts, as a principal of the registry; none for somebody who is not known there yet.
    pub(crate) fn principal(&self, sql: &mut dyn Sql) -> Result<Option<EntityId>> {
        match self.actor.principal {
            Some(principal) => Ok(Some(principal)),
            None => principal_of(sql, &self.actor.proof, &self.actor.subject),
        }
    }

    /// Whether what proves the session still holds, as far as the clock says.
    pub(crate) fn is_in_time(&self) -> bool {
        let expires = match &self.proved {
            Proof::OfOsUser => None,
            Proof::OfToken(token) => token.expires,
            Proof::Elsewhere(expires) => *expires,
        };
        expires.is_none_or(|expires| Timestamp::now() < expires)
    }

    /// The rights that were read under this token of the structural word.
    pub(crate) fn kept(&self, word: u64) -> Option<Arc<Rights>> {
        let kept = self.kept.lock();
        kept.as_ref().filter(|(under, _)| *under == word).map(|(_, rights)| rights.clone())
    }

    pub(crate) fn keep(&self, word: u64, rights: &Arc<Rights>) {
        *self.kept.lock() = Some((word, rights.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_name_is_nobody_elses() {
        let check = |login: &str, expected: &str| {
            let actor = Actor { name: login.into(), subject: "uid:7".into(), ..os_user() };
            assert_eq!(told_apart(actor).name, expected);
        };
        check("ana", "ana");
        check("everyone", "uid:7");
        check("p7", "uid:7");
        check("pat", "pat");
    }
}
