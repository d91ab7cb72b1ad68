//! What rights come to on something that is not there yet: what is compared before anything is given.

use halfback_store::id::EntityId;

use super::rights::{Chain, GATES, OF_OWNER, Rights};
use super::{Privilege, Privileges};
use crate::securable::Level;

/// Which conditions are taken to be met.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Met<'a> {
    All,
    None,
    /// That of this text.
    One(&'a str),
}

impl Met<'_> {
    fn is(self, text: &str) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::One(one) => one == text,
        }
    }
}

/// What is taken to be true of a model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Assumed<'a> {
    /// Which conditions of grants are met.
    grants: Met<'a>,
    /// And which of denials.
    denials: Met<'a>,
    /// Who owns it, where that matters.
    owner: Option<EntityId>,
}

impl Assumed<'_> {
    /// What leaves the least: no grant's condition is met, and every denial's is.
    pub(crate) const LEAST: Self = Self { grants: Met::None, denials: Met::All, owner: None };
}

impl Level {
    /// The privileges that bear upon something on this level: those that mean something there, and
    /// those that it is reached by.
    pub(crate) fn bearing(self) -> Privileges {
        self.applicable().or(GATES)
    }
}

impl Rights {
    /// What is allowed and not denied on a securable, or on a model that could be there. A privilege
    /// counts where what it is reached by is merely missing, and not where that is denied: who gives
    /// may wait for what is missing.
    pub(crate) fn standing(&self, chain: &Chain, assumed: Assumed<'_>) -> Privileges {
        let level = chain.level();
        let Some((mut allowed, mut denied)) = self.certain(chain) else {
            return Privileges::NONE;
        };
        if level == Level::Model {
            for (text, allows, privileges) in self.conditional(chain) {
                let (met, side) = if allows {
                    (assumed.grants, &mut allowed)
                } else {
                    (assumed.denials, &mut denied)
                };
                if met.is(text) {
                    *side = side.or(privileges);
                }
            }
            if assumed.owner.is_some_and(|owner| self.identities().contains(&owner)) {
                allowed = allowed.or(OF_OWNER);
            }
        }
        if denied.contains(Privilege::Browse) {
            return Privileges::NONE;
        }
        let mut held = allowed.without(denied).and(level.bearing());
        if !held.and(level.applicable()).is_empty() {
            held = held.with(Privilege::Browse);
        }
        let is_barred = |gate, below| level > below && denied.contains(gate);
        if is_barred(Privilege::UseCatalog, Level::Catalog)
            || is_barred(Privilege::UseSchema, Level::Schema)
        {
            held = held.and(Privilege::Browse.into());
        }
        self.within_scope(held)
    }

    /// What these rights can come to on a securable, or on a model that could be there, and others do
    /// not with the same tags and aliases.
    ///
    /// Whatever makes a difference, one of these does too: that no condition is met but the one of the
    /// grant that gives it; or that every grant's is, and of the denials' the one that takes it.
    pub(crate) fn beyond(
        &self,
        own: &Rights,
        chain: &Chain,
        owner: Option<EntityId>,
    ) -> Privileges {
        let gain = |grants, denials| {
            let assumed = Assumed { grants, denials, owner };
            self.standing(chain, assumed).without(own.standing(chain, assumed))
        };
        let granting = self.conditional(chain).filter(|(_, allows, _)| *allows);
        let denying = own.conditional(chain).filter(|(_, allows, _)| !allows);
        let by_grants = granting.map(|(text, ..)| gain(Met::One(text), Met::None));
        let by_denials = denying.map(|(text, ..)| gain(Met::All, Met::One(text)));
        by_grants.chain(by_denials).fold(gain(Met::None, Met::None), Privileges::or)
    }
}
