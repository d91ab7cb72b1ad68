//! What one session may do: everything that it is granted and denied, read once and kept while
//! the structural word has not moved, and the decision itself.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};
use halfback_store::error::{Detail, Result};
use halfback_store::generation::Word;
use halfback_store::id::{CommitNumber, EntityId};
use parking_lot::Mutex;

use super::role::Roles;
use super::token::{Scope, refused};
use super::{Privilege, Privileges};
use crate::catalog::search::Condition;
use crate::command::Snapshot;
use crate::securable::Level;

/// Places that are kept of the securables that were asked for.
const MOST: usize = 100_000;

/// Where a securable lies: the registry, and what is below it down to the securable itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chain {
    ids: [EntityId; 4],
    length: usize,
}

impl Chain {
    pub(crate) const REGISTRY: Self = Self { ids: [EntityId::REGISTRY; 4], length: 1 };

    /// What lies directly in this, by its id.
    pub(crate) fn below(mut self, id: EntityId) -> Self {
        if let Some(place) = self.ids.get_mut(self.length) {
            *place = id;
            self.length += 1;
        }
        self
    }

    /// The securables, the registry first.
    pub(crate) fn ids(&self) -> &[EntityId] {
        self.ids.get(..self.length).unwrap_or_default()
    }

    /// The securable itself.
    pub(crate) fn id(&self) -> EntityId {
        self.ids().last().copied().unwrap_or(EntityId::REGISTRY)
    }

    pub(crate) fn level(&self) -> Level {
        match self.length {
            1 => Level::Registry,
            2 => Level::Catalog,
            3 => Level::Schema,
            _ => Level::Model,
        }
    }

    /// The chain of a model that could lie in this, or of this where it is a model.
    pub(crate) fn filled(mut self) -> Self {
        while self.length < self.ids.len() {
            self = self.below(EntityId(-1));
        }
        self
    }

    /// The chain of the securable that lies on a level above this one, or of this one.
    pub(crate) fn up_to(mut self, level: Level) -> Self {
        let length = match level {
            Level::Registry => 1,
            Level::Catalog => 2,
            Level::Schema => 3,
            Level::Model => 4,
        };
        self.length = self.length.min(length);
        self
    }
}

/// What is granted to the session's principal or to a group that it is in, on one securable.
#[derive(Debug, Clone)]
struct Granted {
    level: Level,
    allowed: Privileges,
    denied: Privileges,
    /// What holds of those models only that meet a condition: its place, and what it gives or takes.
    conditional: Vec<(usize, bool, Privileges)>,
}

impl Granted {
    fn on(level: Level) -> Self {
        let none = Privileges::NONE;
        Self { level, allowed: none, denied: none, conditional: Vec::new() }
    }

    /// What is denied, without condition or with one.
    fn ever_denied(&self) -> Privileges {
        let conditional = self.conditional.iter().filter(|(_, allows, _)| !allows);
        conditional.fold(self.denied, |denied, (_, _, more)| denied.or(*more))
    }

    /// Whether any of these privileges is granted, without condition or with one.
    fn shows(&self, privileges: Privileges) -> bool {
        let conditional = self.conditional.iter().filter(|(_, allows, _)| *allows);
        let given = conditional.fold(self.allowed, |given, (_, _, more)| given.or(*more));
        !given.and(privileges).is_empty()
    }
}

/// What a session may do.
#[derive(Debug)]
pub(crate) struct Rights {
    /// The principal and the groups that it is in, everyone's included; empty for who may nothing.
    identities: Vec<EntityId>,
    granted: HashMap<EntityId, Granted>,
    /// The conditions of grants on models; the first is that the principal owns the model.
    conditions: Vec<Condition>,
    scope: Scope,
    /// The moment that they are of.
    moment: CommitNumber,
    unbounded: bool,
    sees_all: bool,
    chains: Mutex<HashMap<EntityId, Chain>>,
}

/// The place of the condition that the principal owns the model.
const OWNER: usize = 0;

/// What ownership gives.
pub(super) const OF_OWNER: Privileges =
    Privileges::NONE.with(Privilege::Browse).with(Privilege::Manage);
/// What others depend on.
pub(super) const GATES: Privileges =
    Privileges::NONE.with(Privilege::UseCatalog).with(Privilege::UseSchema);
/// What a session is asked for that is to see something: holding anything shows it.
pub(crate) const SIGHT: Privileges = Privileges::ALL;

impl Rights {
    /// Who makes the registry may do everything with it.
    pub(crate) fn of_founder() -> Self {
        Self { unbounded: true, sees_all: true, ..Self::none() }
    }

    fn none() -> Self {
        Self {
            identities: Vec::new(),
            granted: HashMap::new(),
            conditions: Vec::new(),
            scope: Scope::default(),
            moment: CommitNumber::NOW,
            unbounded: false,
            sees_all: false,
            chains: Mutex::default(),
        }
    }

    /// Whether the principal may do nothing, whatever it owns.
    fn is_nobody(&self) -> bool {
        self.identities.is_empty()
    }

    /// What is held on a securable whose place is known, where no condition has to be looked at for
    /// that.
    pub(crate) fn holds_at_once(&self, privilege: Privilege, id: EntityId) -> Option<bool> {
        let chain = self.chain(id)?;
        let mut certain = true;
        let held = self.held(&chain, wanted_for(privilege), &mut |_, _| {
            certain = false;
            Ok(false)
        });
        held.ok().filter(|_| certain).map(|held| held.contains(privilege))
    }

    /// Whether everything is allowed, and nothing can be denied.
    pub(crate) fn is_unbounded(&self) -> bool {
        self.unbounded
    }

    pub(crate) fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// What is held on a securable: of what is `wanted` all, of the rest some. `meets` tells whether
    /// the model meets a condition of a grant or else of a denial; it is asked of models only, where
    /// the answer makes a difference.
    pub(crate) fn held(
        &self,
        chain: &Chain,
        wanted: Privileges,
        meets: &mut dyn FnMut(usize, bool) -> Result<bool>,
    ) -> Result<Privileges> {
        let level = chain.level();
        if self.unbounded {
            return Ok(level.applicable());
        }
        if !self.scope.reaches(chain) {
            return Ok(Privileges::NONE);
        }
        let (allowed, denied) = self.said(chain, wanted, meets)?;
        Ok(self.scope.within(effective(allowed.without(denied), denied, level)))
    }

    /// What is allowed and what is denied on a securable, whatever depends on what.
    fn said(
        &self,
        chain: &Chain,
        wanted: Privileges,
        meets: &mut dyn FnMut(usize, bool) -> Result<bool>,
    ) -> Result<(Privileges, Privileges)> {
        let level = chain.level();
        let wanted = wanted.or(GATES);
        let (mut allowed, mut denied) = (Privileges::NONE, Privileges::NONE);
        for id in chain.ids() {
            let Some(granted) = self.granted.get(id) else { continue };
            allowed = allowed.or(granted.allowed);
            denied = denied.or(granted.denied);
            if level == Level::Model {
                for (condition, allows, privileges) in &granted.conditional {
                    let side = if *allows { &mut allowed } else { &mut denied };
                    // A denial of `BROWSE` takes everything.
                    let wanted = if *allows { wanted } else { wanted.with(Privilege::Browse) };
                    if !privileges.and(wanted).without(*side).is_empty()
                        && meets(*condition, *allows)?
                    {
                        *side = side.or(*privileges);
                    }
                }
            }
        }
        let missing = OF_OWNER.and(wanted).without(allowed.or(denied));
        if level == Level::Model && !missing.is_empty() && !self.is_nobody() && meets(OWNER, true)?
        {
            allowed = allowed.or(OF_OWNER);
        }
        Ok((allowed, denied))
    }

    /// Whether every securable may be seen, whatever it is.
    pub(crate) fn sees_all(&self) -> bool {
        self.sees_all
    }

    /// The securables on which something is granted, without condition or with one.
    pub(crate) fn roots(&self) -> impl Iterator<Item = EntityId> {
        self.granted.iter().filter(|(_, granted)| granted.shows(Privileges::ALL)).map(|(id, _)| *id)
    }

    /// Those of them that show models; all models that may be seen lie in them, or are owned.
    pub(crate) fn showing_models(&self) -> impl Iterator<Item = (EntityId, Level)> {
        let models = Level::Model.applicable();
        let granted = self.granted.iter().filter(move |(_, granted)| granted.shows(models));
        granted.map(|(id, granted)| (*id, granted.level))
    }

    /// The conditions of what shows models in a securable; none where something does without one.
    pub(crate) fn conditional_at(&self, id: EntityId) -> Option<impl Iterator<Item = &Condition>> {
        let models = Level::Model.applicable();
        let granted =
            self.granted.get(&id).filter(|granted| granted.allowed.and(models).is_empty());
        let allowing = granted?.conditional.iter().filter(|(_, allows, _)| *allows);
        Some(allowing.filter_map(|(place, _, _)| self.conditions.get(*place)))
    }

    /// Every securable that anything is said of.
    pub(crate) fn places(&self) -> impl Iterator<Item = EntityId> {
        self.granted.keys().copied()
    }

    /// The principal and the groups that it is in.
    pub(crate) fn identities(&self) -> &[EntityId] {
        &self.identities
    }

    /// What is allowed and what is denied on a securable whatever conditions are met; none where the
    /// scope does not reach it.
    pub(super) fn certain(&self, chain: &Chain) -> Option<(Privileges, Privileges)> {
        if !self.scope.reaches(chain) {
            return None;
        }
        if self.unbounded {
            return Some((Privileges::ALL, Privileges::NONE));
        }
        let said = chain.ids().iter().filter_map(|id| self.granted.get(id));
        Some(said.fold((Privileges::NONE, Privileges::NONE), |(allowed, denied), granted| {
            (allowed.or(granted.allowed), denied.or(granted.denied))
        }))
    }

    /// What is allowed or denied of models that meet a condition: its text, which of both, and what.
    pub(super) fn conditional(
        &self,
        chain: &Chain,
    ) -> impl Iterator<Item = (&str, bool, Privileges)> {
        let said = chain.ids().to_vec().into_iter().filter_map(|id| self.granted.get(&id));
        said.flat_map(|granted| &granted.conditional).filter_map(|(place, allows, privileges)| {
            let condition = self.conditions.get(*place)?;
            Some((condition.text(), *allows, *privileges))
        })
    }

    /// Whether a token narrows them.
    pub(super) fn is_narrowed(&self) -> bool {
        !self.scope.is_all()
    }

    /// What of some privileges the scope lets through.
    pub(super) fn within_scope(&self, privileges: Privileges) -> Privileges {
        self.scope.within(privileges)
    }

    /// The texts of all conditions that bear upon what lies in a securable.
    pub(crate) fn conditions_on(&self, chain: &Chain) -> Vec<String> {
        let granted = chain.ids().iter().filter_map(|id| self.granted.get(id));
        let places =
            granted.flat_map(|granted| granted.conditional.iter().map(|(place, _, _)| *place));
        places
            .filter_map(|place| self.conditions.get(place))
            .map(|condition| condition.text().to_owned())
            .collect()
    }

    fn chain(&self, id: EntityId) -> Option<Chain> {
        self.chains.lock().get(&id).copied()
    }

    fn keep_chain(&self, chain: Chain) {
        let mut chains = self.chains.lock();
        if chains.len() >= MOST {
            chains.clear();
        }
        chains.insert(chain.id(), chain);
    }
}

/// What has to be known to tell whether a privilege is held: whoever holds anything has `BROWSE`, and
/// from whom that is denied, everything is.
fn wanted_for(privilege: Privilege) -> Privileges {
    match privilege {
        Privilege::Browse => SIGHT,
        privilege => GATES.with(privilege),
    }
}

/// What is left of what is allowed and not denied: nothing of what may not be seen, nothing but
/// `BROWSE` of what lies in something that may not be used. Whoever holds anything may see it.
fn effective(mut held: Privileges, denied: Privileges, level: Level) -> Privileges {
    if denied.contains(Privilege::Browse) {
        return Privileges::NONE;
    }
    let used = |privilege, below| level <= below || held.contains(privilege);
    if !used(Privilege::UseCatalog, Level::Catalog) || !used(Privilege::UseSchema, Level::Schema) {
        held = held.and(Privilege::Browse.into());
    }
    // What only means something above does not show what is below.
    held = held.and(level.applicable());
    if held.is_empty() { held } else { held.with(Privilege::Browse) }
}

impl Snapshot<'_> {
    /// What the session may do now, whatever this snapshot's moment.
    ///
    /// What was kept is used where it was read under the state of the structural word that this
    /// snapshot began with, and that still is the state once the snapshot is fixed by a read.
    pub(crate) fn rights(&mut self) -> Result<Arc<Rights>> {
        let session = self.session;
        if !session.is_in_time() {
            return Err(refused());
        }
        if let Some(rights) = &self.rights {
            return Ok(rights.clone());
        }
        let word = self.structure.filter(|_| !self.sql.is_touched(Word::STRUCTURE));
        if let Some(kept) = word.and_then(|word| session.kept(word)) {
            self.sql.fix()?;
            if self.structure_now() == word {
                self.rights = Some(kept.clone());
                return Ok(kept);
            }
        }
        let rights = Arc::new(self.read_rights()?);
        if let Some(word) = word {
            session.keep(word, &rights);
        }
        self.rights = Some(rights.clone());
        Ok(rights)
    }

    /// What the session's principal is granted, as the database says now.
    fn read_rights(&mut self) -> Result<Rights> {
        let moment = std::mem::replace(&mut self.moment, CommitNumber::NOW);
        let rights = self.rights_of_session();
        self.moment = moment;
        rights
    }

    fn rights_of_session(&mut self) -> Result<Rights> {
        let last = self.sql.first("SELECT n FROM head", &[], |row| row.int(0))?;
        if last == Some(0) {
            return Ok(Rights::of_founder());
        }
        let session = self.session;
        let scope = match session.token() {
            Some(token) => token.scope_now(self)?,
            None if !session.is_of_os_user() || self.allows_os_users()? => Scope::default(),
            None => {
                return Err(Detail::Unauthenticated(
                    "this registry takes sessions with a token only; give one as `token` or in `HALFBACK_TOKEN`".into(),
                )
                .into());
            }
        };
        let principal = session.principal(self.sql)?;
        self.rights_of(principal, scope)
    }

    /// What a principal is granted at this snapshot's moment.
    pub(crate) fn rights_of(
        &mut self,
        principal: Option<EntityId>,
        scope: Scope,
    ) -> Result<Rights> {
        let mut rights = Rights { scope, moment: self.moment, ..Rights::none() };
        let mut identities = match principal {
            Some(principal) => self.identities(principal)?,
            None => Vec::new(),
        };
        if let Some(principal) = principal
            && !self.is_living(principal)?
        {
            return Ok(rights);
        }
        identities.extend(self.everyone()?);
        rights.conditions.push(Condition::owned_by(&identities));
        let mut roles = None;
        for identity in &identities {
            let grants = self.sql.all(
                "SELECT securable, kind, what, effect, condition FROM access_grant \
                 WHERE principal = ?1 AND until > ?2 AND since <= ?2",
                &[(*identity).into(), self.moment.into()],
                |row| {
                    Ok((
                        row.id(0)?,
                        Level::named(row.text(1)?),
                        row.text(2)?.to_owned(),
                        row.text(3)? == "allow",
                        row.opt_string(4)?,
                    ))
                },
            )?;
            if grants.is_empty() {
                continue;
            }
            let roles = match &mut roles {
                Some(roles) => roles,
                none => none.insert(Roles::read(self)?),
            };
            for (securable, level, what, allows, condition) in grants {
                let level = level.unwrap_or(Level::Model);
                let privileges = roles.privileges(&what).and(level.applicable());
                let granted = rights.granted.entry(securable).or_insert_with(|| Granted::on(level));
                match condition {
                    Some(condition) => {
                        let place = rights.conditions.len();
                        rights.conditions.push(Condition::parse(&condition)?);
                        granted.conditional.push((place, allows, privileges));
                    }
                    None if allows => granted.allowed = granted.allowed.or(privileges),
                    None => granted.denied = granted.denied.or(privileges),
                }
            }
        }
        for (owned, level) in self.owned_above_models(&identities)? {
            let granted = rights.granted.entry(owned).or_insert_with(|| Granted::on(level));
            granted.allowed = granted.allowed.or(OF_OWNER);
        }
        rights.identities = identities;
        let denied = rights
            .granted
            .values()
            .fold(Privileges::NONE, |denied, granted| denied.or(granted.ever_denied()));
        let at_registry = rights.granted.get(&EntityId::REGISTRY).filter(|_| rights.scope.is_all());
        let allowed = at_registry.map_or(Privileges::NONE, |granted| granted.allowed);
        rights.unbounded = allowed == Privileges::ALL && denied.is_empty();
        rights.sees_all = allowed.without(denied).contains(Privilege::Browse);
        Ok(rights)
    }

    /// The catalogs and schemas that any of the principals owns.
    fn owned_above_models(&mut self, owners: &[EntityId]) -> Result<Vec<(EntityId, Level)>> {
        let owned = self.sql.all(
            "SELECT s.id, s.kind, p.owner FROM securable s CROSS JOIN profile p \
             WHERE s.kind IN ('catalog', 'schema') AND s.until > ?1 AND s.since <= ?1 \
             AND p.target = s.id AND p.until > ?1 AND p.since <= ?1",
            &[self.moment.into()],
            |row| {
                let level = Level::named(row.text(1)?).unwrap_or(Level::Model);
                Ok(((row.id(0)?, level), row.id(2)?))
            },
        )?;
        let owned = owned.into_iter().filter(|(_, owner)| owners.contains(owner));
        Ok(owned.map(|(owned, _)| owned).collect())
    }

    /// Where a securable lies now, or lay last.
    pub(crate) fn chain(&mut self, id: EntityId) -> Result<Chain> {
        if id == EntityId::REGISTRY {
            return Ok(Chain::REGISTRY);
        }
        let rights = self.rights()?;
        // A write may be undone, and what it has made gets its id again: only a read keeps places.
        let is_read = self.present.is_some();
        if let Some(chain) = rights.chain(id).filter(|_| is_read) {
            return Ok(chain);
        }
        let chain = self.chain_at(id, CommitNumber::NOW)?;
        if is_read {
            rights.keep_chain(chain);
        }
        Ok(chain)
    }

    /// Where a securable lies, or the model of a version; and the version, where it is one.
    pub(crate) fn place(&mut self, id: EntityId) -> Result<(Chain, Option<EntityId>)> {
        let is_read = self.present.is_some();
        if let Some(chain) = self.rights()?.chain(id).filter(|_| is_read) {
            return Ok((chain, None));
        }
        let model = self.sql.first(
            "SELECT model FROM version WHERE id = ?1 LIMIT 1",
            &[id.into()],
            |row| row.id(0),
        )?;
        Ok((self.chain(model.unwrap_or(id))?, model.map(|_| id)))
    }

    /// Where a securable lay at a moment, or before.
    pub(crate) fn chain_at(&mut self, id: EntityId, moment: CommitNumber) -> Result<Chain> {
        let mut ids = Vec::with_capacity(3);
        let mut next = id;
        while next != EntityId::REGISTRY && ids.len() < 3 {
            ids.push(next);
            let parent = self.sql.first(
                "SELECT parent FROM securable WHERE id = ?1 AND since <= ?2 ORDER BY until DESC LIMIT 1",
                &[next.into(), moment.into()],
                |row| row.id(0),
            )?;
            next = parent.ok_or_else(|| self.absent("securable with id", id))?;
        }
        Ok(ids.into_iter().rev().fold(Chain::REGISTRY, Chain::below))
    }

    fn is_living_model(&mut self, id: EntityId, moment: CommitNumber) -> Result<bool> {
        let living = self.sql.first(
            "SELECT 1 FROM securable WHERE id = ?1 AND until > ?2 AND since <= ?2",
            &[id.into(), moment.into()],
            |row| row.int(0),
        )?;
        Ok(living.is_some())
    }

    /// What the session holds on a securable.
    pub(crate) fn held(&mut self, chain: &Chain) -> Result<Privileges> {
        let rights = self.rights()?;
        self.held_by(&rights, chain)
    }

    /// Whether the session holds a privilege on a securable.
    pub(crate) fn holds(&mut self, privilege: Privilege, chain: &Chain) -> Result<bool> {
        let rights = self.rights()?;
        let held = self.wanted_by(&rights, chain, wanted_for(privilege))?;
        Ok(held.contains(privilege))
    }

    /// What rights give on a securable, their conditions being looked at as of their moment.
    pub(crate) fn held_by(&mut self, rights: &Rights, chain: &Chain) -> Result<Privileges> {
        self.wanted_by(rights, chain, Privileges::ALL)
    }

    fn wanted_by(
        &mut self,
        rights: &Rights,
        chain: &Chain,
        wanted: Privileges,
    ) -> Result<Privileges> {
        rights.held(chain, wanted, &mut |place, allows| self.meets(rights, chain, place, allows))
    }

    /// Which of the privileges that others depend on are allowed on a securable: under a condition
    /// they are that of the models alone which meet it, and of nothing above.
    pub(super) fn gates_of(&mut self, rights: &Rights, chain: &Chain) -> Result<Privileges> {
        if rights.unbounded {
            return Ok(GATES);
        }
        let (allowed, denied) = rights
            .said(chain, GATES, &mut |place, allows| self.meets(rights, chain, place, allows))?;
        Ok(allowed.without(denied).and(GATES))
    }

    /// Whether a model meets the condition of a grant or else of a denial.
    fn meets(
        &mut self,
        rights: &Rights,
        chain: &Chain,
        place: usize,
        allows: bool,
    ) -> Result<bool> {
        let model = chain.id();
        match rights.conditions.get(place) {
            // A model that ended has lost its tags: what was denied of it stays denied.
            Some(_) if !allows && !self.is_living_model(model, rights.moment)? => Ok(true),
            Some(condition) => condition.is_met(self, model, rights.moment),
            None => Ok(false),
        }
    }

    /// Whether the session may see whatever an id stands for: of principals, only its own.
    pub(crate) fn sees_entity(&mut self, id: EntityId) -> Result<bool> {
        let is_securable = self.sql.first(
            "SELECT 1 FROM securable WHERE id = ?1 UNION ALL SELECT 1 FROM version WHERE id = ?1 LIMIT 1",
            &[id.into()],
            |row| row.int(0),
        )?;
        match is_securable {
            Some(_) => self.sees(id),
            None => Ok(self.session.principal(self.sql)? == Some(id)),
        }
    }

    /// Whether the session may see a catalog, schema, model or version.
    pub(crate) fn sees(&mut self, id: EntityId) -> Result<bool> {
        let rights = self.rights()?;
        if rights.sees_all() {
            return Ok(true);
        }
        let (chain, _) = self.place(id)?;
        Ok(self.held_by(&rights, &chain)?.contains(Privilege::Browse))
    }
}
