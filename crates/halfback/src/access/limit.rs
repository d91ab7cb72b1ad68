//! That nobody gives what they do not hold, and nobody gains by their own hand: what is asked when
//! something is granted, never when it is decided.

use std::collections::BTreeSet;

use halfback_store::error::{Detail, Result};
use halfback_store::id::{CommitNumber, EntityId};

use super::Privileges;
use super::need::denial;
use super::reference::On;
use super::rights::{OF_OWNER, Rights};
use super::role::Roles;
use super::standing::Assumed;
use super::token::Scope;
use crate::command::{Context, Snapshot};
use crate::securable::Level;

impl Context<'_> {
    /// Refuses to give to oneself, unless there is nothing that one does not have already.
    pub(crate) fn refuse_for_oneself(&mut self, to: EntityId) -> Result<()> {
        let mut now = self.now();
        if now.rights()?.is_unbounded() {
            return Ok(());
        }
        let is_oneself = match now.session.principal(now.sql)? {
            Some(itself) => now.identities(itself)?.contains(&to),
            None => false,
        };
        if is_oneself || Some(to) == now.everyone()? {
            let label = now.principal_label(to)?;
            return Err(denial(format!(
                "nobody grants to themselves, and you are in {label} or the same; ask somebody else who holds `MANAGE` there"
            )));
        }
        Ok(())
    }

    /// Refuses to give more on the registry than one holds there.
    pub(crate) fn refuse_to_exceed(&mut self, privileges: Privileges, what: &str) -> Result<()> {
        self.refuse_to_exceed_on(&On::registry(), privileges, what)
    }

    /// Refuses to give more on a securable than one holds there, and on all that is or could be
    /// below it: a denial further down counts, and so does one of the models that meet a condition.
    pub(crate) fn refuse_to_exceed_on(
        &mut self,
        on: &On,
        privileges: Privileges,
        what: &str,
    ) -> Result<()> {
        let mut now = self.now();
        let own = now.rights()?;
        if own.is_unbounded() {
            return Ok(());
        }
        let refused = |lacking: Privileges, place: &str| {
            Err(denial(format!(
                "`{what}` gives {lacking}, which you do not hold on {place}, and nobody gives what they do not hold; ask somebody who does"
            )))
        };
        let given = privileges.and(on.level().applicable());
        let lacking = given.without(now.held(&on.chain)?);
        if !lacking.is_empty() {
            return refused(lacking, &on.to_string());
        }
        if on.level() == Level::Model {
            return Ok(());
        }
        for place in std::iter::once(on.id()).chain(own.places()) {
            let chain = now.chain_at(place, CommitNumber::NOW)?;
            if !chain.ids().contains(&on.id()) {
                continue;
            }
            for chain in [chain, chain.filled()] {
                let held = own.standing(&chain, Assumed::LEAST);
                let lacking = given.and(chain.level().bearing()).without(held);
                if !lacking.is_empty() {
                    let place = now.label_where_seen(place)?;
                    return refused(lacking, &format!("all that can be in {place}"));
                }
            }
        }
        Ok(())
    }

    /// Refuses to lift the denials of a group from who leaves it, where one may not lift them
    /// directly.
    pub(crate) fn refuse_to_lift(&mut self, group: EntityId) -> Result<()> {
        let mut now = self.now();
        if now.rights()?.is_unbounded() {
            return Ok(());
        }
        let roles = Roles::read(&mut now)?;
        for group in now.identities(group)? {
            for (securable, what) in self.now().denied_to(group)? {
                let mut now = self.now();
                let label = now.label_where_seen(securable)?;
                let on = now.on_id(securable, &label)?;
                self.refuse_to_exceed_on(&on, roles.privileges(&what), &what)?;
            }
        }
        Ok(())
    }

    /// Refuses to give something to oneself as its owner, or with it what one does not hold in it. Whoever
    /// owns it gives it to whom they like, also to a group that they are in.
    pub(crate) fn refuse_to_own(
        &mut self,
        id: EntityId,
        from: EntityId,
        to: EntityId,
    ) -> Result<()> {
        let now = self.now();
        if now.session.principal(now.sql)? != Some(from) {
            self.refuse_for_oneself(to)?;
        }
        let mut now = self.now();
        let label = now.securable_label(id)?;
        let on = now.on_id(id, &label)?;
        self.refuse_to_exceed_on(&on, OF_OWNER, "ownership")
    }

    /// Refuses to let others act for a principal, or be in a group, that holds more than oneself.
    pub(crate) fn refuse_beyond(&mut self, principal: EntityId) -> Result<()> {
        let mut now = self.now();
        let own = now.rights()?;
        if own.is_unbounded() {
            return Ok(());
        }
        let theirs = now.rights_of(Some(principal), Scope::default())?;
        let label = now.principal_label(principal)?;
        self.refuse_more(&own, &theirs, &format!("{label} holds"))
    }

    /// Refuses a state in which the session holds more than it did.
    pub(crate) fn refuse_gain(&mut self, before: &Rights) -> Result<()> {
        if before.is_unbounded() {
            return Ok(());
        }
        let after = self.now().rights()?;
        self.refuse_more(before, &after, "it would give you")
    }

    /// Refuses where there is or could be something on which one holds more than the other: on each
    /// securable that something is said of, on a model that could be in it, and on those that are
    /// owned.
    fn refuse_more(&mut self, own: &Rights, more: &Rights, what: &str) -> Result<()> {
        let mut now = self.now();
        let homes = now.homes(more)?;
        let said = own.places().chain(more.places()).chain(homes.iter().map(|(home, _)| *home));
        let places: BTreeSet<EntityId> = std::iter::once(EntityId::REGISTRY).chain(said).collect();
        for place in places {
            let chain = now.chain_at(place, CommitNumber::NOW)?;
            let mut owners = vec![None];
            match chain.level() {
                Level::Model => owners = vec![now.owner_of(place)?],
                _ => owners.extend(
                    homes.iter().filter(|(home, _)| *home == place).map(|(_, owner)| Some(*owner)),
                ),
            }
            for chain in [chain, chain.filled()] {
                for owner in &owners {
                    let gain = more.beyond(own, &chain, *owner);
                    if !gain.is_empty() {
                        let on = now.label_where_seen(place)?;
                        return Err(denial(format!(
                            "{what} {gain} on {on} or in it, which you do not hold, and nobody gives what they do not hold; ask somebody who does"
                        )));
                    }
                }
            }
        }
        Ok(())
    }

    /// Makes a change to a model that must not give the session more on it: a condition of its own
    /// could come true by it, or that of a denial end.
    pub(crate) fn without_gain<T>(
        &mut self,
        id: EntityId,
        change: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        if self.now().rights()?.is_unbounded() {
            return change(self);
        }
        let before = self.held_on(id)?;
        let changed = change(self)?;
        let gain = self.held_on(id)?.without(before);
        if gain.is_empty() {
            return Ok(changed);
        }
        Err(denial(format!(
            "it would give you {gain} there, and nobody grants to themselves; ask somebody else who may do it"
        )))
    }

    fn held_on(&mut self, id: EntityId) -> Result<Privileges> {
        let mut now = self.now();
        let on = now.on_id(id, "")?;
        now.held(&on.chain)
    }

    /// Refuses a state in which nobody who can prove themselves for good holds everything on the
    /// registry.
    pub(crate) fn keep_a_steward(&mut self) -> Result<()> {
        if self.now().has_steward(None)? {
            return Ok(());
        }
        Err(Detail::Conflict(
            "then nobody would hold everything on the registry, and nobody could grant it again; make somebody else steward first".into(),
        )
        .into())
    }
}

impl Snapshot<'_> {
    /// Whether somebody, other than `without`, who can prove themselves for good holds everything on
    /// the registry.
    pub(crate) fn has_steward(&mut self, without: Option<EntityId>) -> Result<bool> {
        let holders = self.sql.all(
            "SELECT DISTINCT principal FROM access_grant WHERE securable = 0 AND effect = 'allow' AND until > ?1",
            &[self.moment.into()],
            |row| row.id(0),
        )?;
        for holder in holders {
            for actor in self.actors_of(holder)? {
                if Some(actor) == without || !self.can_prove_itself(actor)? {
                    continue;
                }
                if self.rights_of(Some(actor), Scope::default())?.is_unbounded() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// What a securable is called, for who sees it.
    fn label_where_seen(&mut self, id: EntityId) -> Result<String> {
        if id == EntityId::REGISTRY {
            return Ok("the registry".to_owned());
        }
        if !self.sees(id)? {
            return Ok("something that you do not see".to_owned());
        }
        Ok(format!("`{}`", self.securable_label(id)?))
    }

    /// The schemas of the models that any of the principals owns, with the owner.
    fn homes(&mut self, rights: &Rights) -> Result<BTreeSet<(EntityId, EntityId)>> {
        let mut homes = BTreeSet::new();
        for owner in rights.identities() {
            homes.extend(self.sql.all(
                "SELECT DISTINCT s.parent FROM profile p JOIN securable s ON s.id = p.target \
                 WHERE p.owner = ?1 AND p.until > ?2 AND s.kind = 'model' AND s.until > ?2",
                &[(*owner).into(), CommitNumber::NOW.into()],
                |row| Ok((row.id(0)?, *owner)),
            )?);
        }
        Ok(homes)
    }

    fn owner_of(&mut self, id: EntityId) -> Result<Option<EntityId>> {
        self.sql.first(
            "SELECT owner FROM profile WHERE target = ?1 AND until > ?2",
            &[id.into(), CommitNumber::NOW.into()],
            |row| row.id(0),
        )
    }

    /// What is denied to a principal itself, with where.
    fn denied_to(&mut self, principal: EntityId) -> Result<Vec<(EntityId, String)>> {
        self.sql.all(
            "SELECT securable, what FROM access_grant \
             WHERE principal = ?1 AND effect = 'deny' AND until > ?2",
            &[principal.into(), CommitNumber::NOW.into()],
            |row| Ok((row.id(0)?, row.text(1)?.to_owned())),
        )
    }
}
