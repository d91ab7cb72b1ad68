//! What commands and queries need, and the one place where that is held against what is granted.

use halfback_store::error::{Detail, Error, Result};
use halfback_store::id::EntityId;
use halfback_store::name::{CatalogName, SchemaName};

use super::reference::On;
use super::{Privilege, Privileges};
use crate::catalog::tree;
use crate::command::{Context, Query, Snapshot};
use crate::securable::Level;

/// What a command or query needs.
#[derive(Debug, Clone)]
pub enum Needs {
    /// Privileges, each on a securable; more than one in alternatives is enough.
    All(Vec<Need>),
    /// Nothing but to see what it names; the answer holds only what the caller may see. The text
    /// says why that is enough.
    Sight(&'static str),
    /// Nothing; the text says why.
    Anyone(&'static str),
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

    /// What it takes to make something in a catalog, or in one of its schemas; `parents` says that
    /// these are made too where they are missing. What may not be seen is missing, and where that
    /// would be made, its name is taken.
    pub(crate) fn needs_to_create(
        &mut self,
        catalog: &CatalogName,
        schema: Option<&SchemaName>,
        parents: bool,
    ) -> Result<Needs> {
        let found = self.find_catalog(catalog)?;
        let Some(id) = self.parent_seen(found, parents, Level::Catalog, catalog)? else {
            return Ok(Needs::on(&On::registry(), Privilege::CreateCatalog));
        };
        let on = self.on_id(id, &catalog.to_string())?;
        let Some(schema) = schema else { return Ok(Needs::on(&on, Privilege::CreateSchema)) };
        let found = self.find_schema(schema)?;
        let Some(id) = self.parent_seen(found, parents, Level::Schema, schema)? else {
            return Ok(Needs::on(&on, Privilege::CreateSchema));
        };
        let on = self.on_id(id, &schema.to_string())?;
        Ok(Needs::on(&on, Privilege::CreateModel))
    }

    fn parent_seen(
        &mut self,
        found: Option<EntityId>,
        parents: bool,
        level: Level,
        name: &dyn std::fmt::Display,
    ) -> Result<Option<EntityId>> {
        match found {
            Some(id) if self.sees(id)? => Ok(Some(id)),
            Some(_) if parents => Err(tree::taken(level, name)),
            None if parents => Ok(None),
            _ => Err(tree::with_parents(&self.absent(level.noun(), name))),
        }
    }

    /// Answers a query of a session that may ask it.
    pub(crate) fn answer<Q: Query>(&mut self, query: Q) -> Result<Q::Output> {
        if !self.rights()?.is_unbounded() {
            let needs = query.needs(self)?;
            self.admit(&needs)?;
        }
        query.run(self)
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
        if self.holds(privilege, &on.chain)? {
            return Ok(());
        }
        Err(self.denied(privilege, on)?)
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
        let is_unbounded = now.rights()?.is_unbounded();
        let itself = now.session.principal(now.sql)?;
        let Some(itself) = itself.filter(|_| !is_unbounded) else { return Ok(()) };
        if now.identities(itself)?.contains(&to) || Some(to) == now.everyone()? {
            let label = now.principal_label(to)?;
            return Err(Detail::AccessDenied {
                message: format!(
                    "nobody grants to themselves, and you are in {label} or the same; ask somebody else who holds `MANAGE` there"
                ),
                explanation: String::new(),
            }
            .into());
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
        Err(Detail::AccessDenied {
            message: format!(
                "`{what}` gives {lacking}, which you do not hold on {on}, and nobody gives what they do not hold; ask somebody who does"
            ),
            explanation: String::new(),
        }
        .into())
    }

    /// Refuses a state in which nobody holds everything on the registry.
    pub(crate) fn keep_a_steward(&mut self) -> Result<()> {
        let mut now = self.now();
        let holders = now.sql.all(
            "SELECT DISTINCT principal FROM access_grant WHERE securable = 0 AND effect = 'allow' AND until > ?1",
            &[now.moment.into()],
            |row| row.id(0),
        )?;
        for holder in holders {
            for actor in now.actors_of(holder)? {
                let rights = now.rights_of(Some(actor), super::token::Scope::default())?;
                if rights.is_unbounded() {
                    return Ok(());
                }
            }
        }
        Err(Detail::Conflict(
            "then nobody would hold everything on the registry, and nobody could grant it again; make somebody else steward first".into(),
        )
        .into())
    }
}
