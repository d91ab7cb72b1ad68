//! What commands and queries need, and the one place where that is held against what is granted.

use std::collections::BTreeSet;

use halfback_store::error::{Detail, Error, Result};
use halfback_store::id::{CommitNumber, EntityId};
use halfback_store::name::{CatalogName, SchemaName};

use super::reference::On;
use super::rights::Rights;
use super::token::Scope;
use super::{Privilege, Privileges};
use crate::catalog::tree;
use crate::command::{Context, Query, Snapshot};
use crate::securable::Level;

/// What a command or query needs.
#[derive(Debug, Clone)]
pub enum Needs {
    /// Privileges, each on a securable: all of them.
    All(Vec<Need>),
    /// Nothing but to see what it names; the answer holds only what the caller may see. The text
    /// says why that is enough.
    Sight(&'static str),
    /// Nothing; the text says why.
    Anyone(&'static str),
}

/// The refusal of what nobody may do for themselves or beyond what they hold: no grant is missing that
/// an explanation could name.
pub(crate) fn denial(message: impl Into<String>) -> Error {
    Detail::AccessDenied { message: message.into(), explanation: String::new() }.into()
}

/// A privilege that is needed on a securable.
#[derive(Debug, Clone)]
pub struct Need {
    pub(crate) privilege: Privilege,
    pub(crate) on: On,
}

impl Needs {
    /// Privileges on one securable.
    pub(crate) fn on(on: &On, privileges: impl Into<Privileges>) -> Self {
        let needs = privileges.into().iter().map(|privilege| Need { privilege, on: on.clone() });
        Self::All(needs.collect())
    }

    /// A privilege on the registry itself.
    pub(crate) fn on_registry(privilege: Privilege) -> Self {
        Self::on(&On::registry(), privilege)
    }

    /// This, and a privilege more where `needed`.
    pub(crate) fn and_if(mut self, needed: bool, on: &On, privilege: Privilege) -> Self {
        if let (true, Self::All(needs)) = (needed, &mut self) {
            needs.push(Need { privilege, on: on.clone() });
        }
        self
    }
}

impl Snapshot<'_> {
    /// Privileges on the securable that a text names.
    pub(crate) fn needs_on(
        &mut self,
        text: &str,
        privileges: impl Into<Privileges>,
    ) -> Result<Needs> {
        Ok(Needs::on(&self.on(text)?, privileges))
    }

    /// What it takes to make a schema in a catalog, or a model in a schema where one is given;
    /// `parents` says that those are made too where they are missing. What may not be seen is
    /// missing, and where that would be made, its name is taken.
    pub(crate) fn needs_to_create(
        &mut self,
        catalog: &CatalogName,
        schema: Option<&SchemaName>,
        parents: bool,
    ) -> Result<Needs> {
        let made = |on: &On, privileges: &[Privilege]| {
            let model = schema.map(|_| Privilege::CreateModel);
            Needs::on(on, privileges.iter().copied().chain(model).collect::<Privileges>())
        };
        let to_make = [Privilege::CreateCatalog, Privilege::CreateSchema];
        let needs = made(&On::registry(), &to_make);
        let found = self.find_catalog(catalog)?;
        let Some(id) = self.parent_seen(found, parents, &needs, Level::Catalog, catalog)? else {
            return Ok(needs);
        };
        let on = self.on_id(id, &catalog.to_string())?;
        let needs = made(&on, &[Privilege::CreateSchema]);
        let Some(schema) = schema else { return Ok(needs) };
        let found = self.find_schema(schema)?;
        let Some(id) = self.parent_seen(found, parents, &needs, Level::Schema, schema)? else {
            return Ok(needs);
        };
        let on = self.on_id(id, &schema.to_string())?;
        Ok(Needs::on(&on, Privilege::CreateModel))
    }

    fn parent_seen(
        &mut self,
        found: Option<EntityId>,
        parents: bool,
        needs: &Needs,
        level: Level,
        name: &dyn std::fmt::Display,
    ) -> Result<Option<EntityId>> {
        match found {
            Some(id) if self.sees(id)? => Ok(Some(id)),
            Some(_) if parents => {
                // Only who could make it learns that it is there.
                self.admit(needs)?;
                Err(tree::taken(level, name))
            }
            None if parents => Ok(None),
            _ => Err(tree::with_parents(&self.absent(level.noun(), name))),
        }
    }

    /// Answers a query of a session that may ask it.
    pub(crate) fn answer<Q: Query>(&mut self, query: Q) -> Result<Q::Output> {
        self.require(|now| query.needs(now))?;
        query.run(self)
    }

    /// Refuses what needs more than the session holds; whoever may do everything is not asked.
    pub(crate) fn require(&mut self, needs: impl FnOnce(&mut Self) -> Result<Needs>) -> Result<()> {
        if self.rights()?.is_unbounded() {
            return Ok(());
        }
        let needs = needs(self)?;
        self.admit(&needs)
    }

    /// Refuses what needs more than the session holds.
    pub(crate) fn admit(&mut self, needs: &Needs) -> Result<()> {
        let Needs::All(needs) = needs else { return Ok(()) };
        for need in needs {
            self.hold(need.privilege, &need.on)?;
        }
        Ok(())
    }

    /// Refuses where the session does not hold a privilege.
    pub(crate) fn hold(&mut self, privilege: Privilege, on: &On) -> Result<()> {
        if !self.holds(privilege, &on.chain)? {
            return Err(self.denied(privilege, on)?);
        }
        match on.version {
            Some(version)
                if privilege == Privilege::Execute && self.lacks_signature(version)?.is_some() =>
            {
                Err(self.denied(privilege, on)?)
            }
            _ => Ok(()),
        }
    }

    /// The error of a session that lacks a privilege, with what is missing and who can give it.
    fn denied(&mut self, privilege: Privilege, on: &On) -> Result<Error> {
        let rights = self.rights()?;
        let principal = self.session.principal(self.sql)?;
        let explanation = self.explanation(&rights, principal, privilege, on)?;
        let message = explanation.text.clone();
        let explanation = serde_json::to_string(&explanation).unwrap_or_default();
        Ok(Detail::AccessDenied { message, explanation }.into())
    }
}

impl Context<'_> {
    /// Says that somebody's rights changed: what is kept of them ends.
    pub(crate) fn changed_access(&mut self, entity: Option<EntityId>) -> Result<()> {
        if let Some(entity) = entity {
            self.tx.touch(entity)?;
        }
        self.tx.restructure();
        self.rights = None;
        Ok(())
    }

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

    /// Refuses to give more on a securable than one holds there.
    pub(crate) fn refuse_to_exceed_on(
        &mut self,
        on: &On,
        privileges: Privileges,
        what: &str,
    ) -> Result<()> {
        let held = self.now().held(&on.chain)?;
        let lacking = privileges.and(on.level().applicable()).without(held);
        if lacking.is_empty() {
            return Ok(());
        }
        Err(denial(format!(
            "`{what}` gives {lacking}, which you do not hold on {on}, and nobody gives what they do not hold; ask somebody who does"
        )))
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
        self.refuse_more(&own, &theirs, &[(true, false)], &format!("{label} holds"))
    }

    /// Refuses a state in which the session holds more than it did.
    pub(crate) fn refuse_gain(&mut self, before: &Rights) -> Result<()> {
        if before.is_unbounded() {
            return Ok(());
        }
        let after = self.now().rights()?;
        self.refuse_more(before, &after, &[(true, true), (false, false)], "it would give you")
    }

    /// Refuses where one holds more than the other, which is to be asked with the truth of conditions
    /// of grants (and the opposite of denials) that goes with each.
    fn refuse_more(
        &mut self,
        own: &Rights,
        more: &Rights,
        assumed: &[(bool, bool)],
        what: &str,
    ) -> Result<()> {
        let places: BTreeSet<EntityId> = own.places().chain(more.places()).collect();
        for place in std::iter::once(EntityId::REGISTRY).chain(places) {
            let chain = self.now().chain_at(place, CommitNumber::NOW)?;
            let held = |rights: &Rights, met: bool| {
                rights.held(&chain, Privileges::ALL, &mut |_, allows| Ok(allows == met))
            };
            for (of_more, of_own) in assumed {
                let gain = held(more, *of_more)?.without(held(own, *of_own)?);
                if !gain.is_empty() {
                    let on = self.now().securable_label(place)?;
                    return Err(denial(format!(
                        "{what} {gain} on `{on}`, which you do not hold, and nobody gives what they do not hold; ask somebody who does"
                    )));
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
}
