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

    /// Whose the contents are that the session has read: two proofs may say the same of two people.
    pub(crate) fn bearer(&self) -> String {
        format!("{}:{}", self.actor.proof, self.actor.subject)
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
        self.expires().is_none_or(|expires| Timestamp::now() < expires)
    }

    /// When what proves the session ends.
    pub(crate) fn expires(&self) -> Option<Timestamp> {
        match &self.proved {
            Proof::OfOsUser => None,
            Proof::OfToken(token) => token.expires,
            Proof::Elsewhere(expires) => *expires,
        }
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
    use crate::CreateModel;
    use crate::registry::{Options, Registry};

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
    #[test]
    fn a_newcomer_does_not_take_a_name_that_stands_for_somebody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("models.hb");
        let options = Options { create: true, ..Options::default() };
        let steward = Registry::open_with(&path, options).unwrap();
        for what in ["Consumer", "CREATE CATALOG"] {
            steward.grant(what, "registry:/", "everyone").unwrap();
        }
        let ben = steward.create_user("ben", None).unwrap().id;
        // Who but owns something gives way.
        let owned = CreateModel { owner: Some("eve".into()), ..CreateModel::from("fraud") };
        steward.create_model(owned).unwrap();
        let newcomer = |name: &str, uid: u32| {
            let actor = Actor { subject: format!("uid:{uid}"), name: name.into(), ..os_user() };
            let session = Session::of_identity(actor, None);
            let registry = Registry::joined(steward.shared().unwrap(), session).unwrap();
            registry.create_catalog(format!("c{uid}").as_str()).unwrap();
            registry.whoami().unwrap()
        };
        let found = newcomer("ben", 4711);
        assert_eq!(found.name.as_deref(), Some("uid:4711"));
        assert_eq!(steward.get_principal("ben").unwrap().id, ben);
        assert_eq!(steward.get_principal("uid:4711").unwrap().id, found.id);
        let eve = newcomer("eve", 4712);
        assert_eq!(eve.name.as_deref(), Some("eve"));
        assert_eq!(steward.get_principal("eve").unwrap().id, eve.id);
        // Nor where the name was given first by the operating system.
        assert_eq!(newcomer("eve", 4713).name.as_deref(), Some("uid:4713"));
    }
}
