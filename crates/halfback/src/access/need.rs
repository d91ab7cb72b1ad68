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
    /// `parents` says that those are made too where they are missing, and `tagged` that it begins with
    /// tags. What may not be seen is missing, and where that would be made, its name is taken.
    pub(crate) fn needs_to_create(
        &mut self,
        catalog: &CatalogName,
        schema: Option<&SchemaName>,
        parents: bool,
        tagged: bool,
    ) -> Result<Needs> {
        let made = |on: &On, privileges: &[Privilege]| {
            let model = schema.map(|_| Privilege::CreateModel);
            let tag = tagged.then_some(Privilege::ApplyTag);
            let all = privileges.iter().copied().chain(model).chain(tag);
            Needs::on(on, all.collect::<Privileges>())
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
        Ok(made(&on, &[]))
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

    /// Refuses what needs more than the session holds; whoever may do everything is not asked. What
    /// nobody is granted, such as the review of one's own version, is refused by [`Self::hold`] alone.
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
        let Some(version) = on.version else { return Ok(()) };
        let is_kept = match privilege {
            Privilege::Execute => self.lacks_signature(version)?.is_some(),
            Privilege::Review => {
                let principal = self.session.principal(self.sql)?;
                self.kept_from_reviewing(principal, privilege, on)?.is_some()
            }
            _ => false,
        };
        if is_kept { Err(self.denied(privilege, on)?) } else { Ok(()) }
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Content, Options, RegisterVersion, Registry, no_progress};

    #[test]
    fn who_registered_a_version_does_not_hold_its_review() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { create: true, ..Options::default() };
        let steward = Registry::open_with(folder.path().join("models.hb"), options).unwrap();
        steward.create_model("fraud").unwrap();
        let content = Content::Bytes { name: "m.bin".into(), bytes: b"weights".to_vec() };
        let version = RegisterVersion { model: "fraud".into(), ..RegisterVersion::default() };
        steward.register_version(&content, version, &mut no_progress).unwrap();
        let hold = |session: &Registry, privilege, on: &str| {
            let held = session.snapshot(|snapshot| {
                let on = snapshot.on(on)?;
                snapshot.hold(privilege, &on)
            });
            held.map_or_else(|error| error.code().to_owned(), |()| "ok".to_owned())
        };
        let version = "models:/fraud/1";
        assert_eq!(hold(&steward, Privilege::Review, version), "permission_denied");
        assert_eq!(hold(&steward, Privilege::Execute, version), "ok");
        assert_eq!(hold(&steward, Privilege::Review, "models:/fraud"), "ok");
        steward.create_service("ann").unwrap();
        steward.grant("Reviewer", "registry:/", "ann").unwrap();
        let token = steward.create_token("ann", crate::TokenOptions::default()).unwrap().token;
        let path = folder.path().join("models.hb");
        let other = Registry::open_with_token(path, Options::default(), &token).unwrap();
        assert_eq!(hold(&other, Privilege::Review, version), "ok");
    }
}
