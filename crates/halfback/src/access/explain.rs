//! Why somebody may do something, or what is missing and who can give it; who can do something,
//! and what somebody can do.

use std::collections::BTreeSet;

use halfback_store::error::Result;
use halfback_store::id::{CommitNumber, EntityId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::need::Needs;
use super::principal::PrincipalKind;
use super::reference::On;
use super::rights::Rights;
use super::role::Roles;
use super::token::Scope;
use super::{Privilege, Privileges};
use crate::command::{Query, Snapshot};
use crate::page::Page;
use crate::securable::Level;

/// Those who can give something that are named at most.
const GIVERS: usize = 5;
/// And those that are looked at for it.
const ASKED: usize = 100;

/// Says whether somebody holds a privilege, and why or why not; also as of a past moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Explain {
    /// A privilege such as `EXECUTE`.
    pub privilege: String,
    /// A catalog, schema, model or version as a target URI, or `registry:/`.
    pub on: String,
    /// The principal's id or name; who asks where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
}

/// Lists the users and service principals that hold a privilege.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WhoCan {
    /// A privilege such as `EXECUTE`.
    pub privilege: String,
    /// A catalog, schema, model or version as a target URI, or `registry:/`.
    pub on: String,
}

/// Lists what somebody holds, securable by securable.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WhatCan {
    /// The principal's id or name; who asks where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
}

/// A decision with the chain that led to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// The principal's id; none for somebody who is not known here.
    pub principal: Option<String>,
    /// The privilege.
    pub privilege: String,
    /// The securable that it is asked on.
    pub on: String,
    /// Whether it is held.
    pub allowed: bool,
    /// What was found on the way, in order.
    pub chain: Vec<Link>,
    /// The first that is missing, where it is not held.
    pub missing: Option<Missing>,
    /// All of it in one sentence.
    pub text: String,
}

/// One grant, denial or ownership that a decision rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    /// `grant`, `denial` or `ownership`.
    pub kind: String,
    /// The privilege that it is about.
    pub privilege: String,
    /// The privilege or role that was granted or denied.
    pub what: String,
    /// The securable that it is on.
    pub on: String,
    /// The id of the principal or group that it is granted to.
    pub to: String,
    /// The ids of the groups that lead from the principal to it, the principal first.
    pub through: Vec<String>,
    /// The models that it is about, where that is not all.
    pub condition: Option<String>,
    /// The commit that granted it; none for ownership.
    pub commit: Option<i64>,
}

/// What somebody lacks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    /// The privilege.
    pub privilege: String,
    /// The securable to hold it on, or one above.
    pub on: String,
    /// Why it is missing.
    pub reason: String,
    /// Some of those who can grant it, by id and name.
    pub givers: Vec<String>,
}

/// Somebody who holds a privilege.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Holder {
    /// The principal's id.
    pub principal: String,
    /// The principal's name; none once it was erased.
    pub name: Option<String>,
    /// What it is.
    pub kind: PrincipalKind,
    /// Why it holds it.
    pub text: String,
}

/// What somebody holds on a securable and, as far as it flows down, below it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Held {
    /// The securable, as a target URI, or `registry:/`.
    pub on: String,
    /// The privileges; on a model that no condition was granted for, what is held with certainty.
    pub privileges: Vec<String>,
    /// The conditions under which models below it give more or less.
    pub conditions: Vec<String>,
}

impl Query for Explain {
    const NAME: &'static str = "explain";
    type Output = Explanation;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        of_itself_or(now, self.principal.as_deref(), &self.on)
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Explanation> {
        let privilege = self.privilege.parse()?;
        let on = snapshot.on_then(&self.on)?;
        let (rights, principal, _) = snapshot.rights_of_whom(self.principal.as_deref())?;
        snapshot.explanation(&rights, principal, privilege, &on)
    }
}

impl Query for WhoCan {
    const NAME: &'static str = "who_can";
    type Output = Page<Holder>;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        now.needs_on(&self.on, Privilege::ReadAudit)
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<Holder>> {
        let privilege: Privilege = self.privilege.parse()?;
        let on = snapshot.on_then(&self.on)?;
        let mut holders = Vec::new();
        // Holding anything shows it.
        let giving =
            if privilege == Privilege::Browse { Privileges::ALL } else { privilege.into() };
        for id in snapshot.candidates(&on, giving)? {
            let rights = snapshot.rights_of(Some(id), Scope::default())?;
            let explanation = snapshot.explanation(&rights, Some(id), privilege, &on)?;
            if explanation.allowed {
                let record = snapshot.principal(id)?;
                holders.push(Holder {
                    principal: format!("p{id}"),
                    name: record.name,
                    kind: record.kind,
                    text: explanation.text,
                });
            }
        }
        Ok(Page::whole(holders))
    }
}

impl Query for WhatCan {
    const NAME: &'static str = "what_can";
    type Output = Page<Held>;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        of_itself_or(now, self.principal.as_deref(), super::reference::REGISTRY)
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<Held>> {
        let (rights, principal, within) = snapshot.rights_of_whom(self.principal.as_deref())?;
        if rights.is_unbounded() {
            let registry = On::registry();
            return Ok(Page::whole(vec![Held {
                on: registry.name,
                privileges: Privileges::ALL.words(),
                conditions: Vec::new(),
            }]));
        }
        let mut roots: BTreeSet<EntityId> = rights.roots().chain(within).collect();
        // What is granted flows down to what a token is for; what is owned has no grant.
        let owned = snapshot.owned_models(principal)?;
        roots.extend(owned.iter().copied());
        let mut held = Vec::new();
        for root in roots {
            let chain = snapshot.chain_at(root, snapshot.moment)?;
            let sure = if owned.contains(&root) {
                snapshot.held_by(&rights, &chain)?
            } else {
                rights.held(&chain, Privileges::ALL, &mut |_, _| Ok(false))?
            };
            let conditions = rights.conditions_on(&chain);
            if !sure.is_empty() || !conditions.is_empty() {
                let on = snapshot.securable_label(root)?;
                held.push(Held { on, privileges: sure.words(), conditions });
            }
        }
        Ok(Page::whole(held))
    }
}

/// Nothing is needed to ask about oneself, and `READ AUDIT` to ask about others.
fn of_itself_or(now: &mut Snapshot<'_>, principal: Option<&str>, on: &str) -> Result<Needs> {
    match principal {
        Some(principal) if !now.is_itself(principal)? => now.needs_on(on, Privilege::ReadAudit),
        _ => Ok(Needs::Anyone("everybody may know what they may do")),
    }
}

impl Snapshot<'_> {
    /// The rights of a principal at this snapshot's moment, or of the session where none is named; who
    /// that is, and what its token is for.
    fn rights_of_whom(
        &mut self,
        principal: Option<&str>,
    ) -> Result<(Rights, Option<EntityId>, Option<EntityId>)> {
        if let Some(principal) = principal {
            let principal = Some(self.principal_id(principal)?);
            return Ok((self.rights_of(principal, Scope::default())?, principal, None));
        }
        let session = self.session;
        let scope = match session.token() {
            Some(token) if self.moment == CommitNumber::NOW => token.scope_now(self)?,
            _ => Scope::default(),
        };
        let principal = session.principal(self.sql)?;
        let within = scope.securable();
        Ok((self.rights_of(principal, scope)?, principal, within))
    }

    /// The models that a principal, or a group that it is in, owns.
    fn owned_models(&mut self, principal: Option<EntityId>) -> Result<BTreeSet<EntityId>> {
        let Some(principal) = principal else { return Ok(BTreeSet::new()) };
        let mut owned = BTreeSet::new();
        for owner in self.identities(principal)? {
            owned.extend(self.sql.all(
                "SELECT p.target FROM profile p JOIN securable s ON s.id = p.target \
                 AND s.until > ?2 AND s.since <= ?2 \
                 WHERE p.owner = ?1 AND p.until > ?2 AND p.since <= ?2 AND s.kind = 'model'",
                &[owner.into(), self.moment.into()],
                |row| row.id(0),
            )?);
        }
        Ok(owned)
    }

    /// The users and service principals to whom any of the privileges is granted on a securable or
    /// above, and its owners.
    fn candidates(&mut self, on: &On, privileges: Privileges) -> Result<BTreeSet<EntityId>> {
        let roles = Roles::read(self)?;
        let mut named = BTreeSet::new();
        for id in on.chain.ids() {
            let granted = self.sql.all(
                "SELECT principal, what FROM access_grant WHERE securable = ?1 AND effect = 'allow' \
                 AND until > ?2 AND since <= ?2",
                &[(*id).into(), self.moment.into()],
                |row| Ok((row.id(0)?, roles.privileges(row.text(1)?))),
            )?;
            let giving = granted.into_iter().filter(|(_, given)| !given.and(privileges).is_empty());
            named.extend(giving.map(|(principal, _)| principal));
            named.extend(self.sql.first(
                "SELECT owner FROM profile WHERE target = ?1 AND until > ?2 AND since <= ?2",
                &[(*id).into(), self.moment.into()],
                |row| row.id(0),
            )?);
        }
        let mut candidates = BTreeSet::new();
        for id in named {
            candidates.extend(self.actors_of(id)?);
        }
        Ok(candidates)
    }

    /// Whether a principal with these rights holds a privilege on a securable, and why.
    pub(crate) fn explanation(
        &mut self,
        rights: &Rights,
        principal: Option<EntityId>,
        privilege: Privilege,
        on: &On,
    ) -> Result<Explanation> {
        let on = &self.in_full(on)?;
        let who = match principal {
            Some(id) => self.principal_label(id)?,
            None => format!("`{}`, who is not known here,", self.session.actor().name),
        };
        let mut chain = Vec::new();
        let mut missing = None;
        let gates = self.gates_of(rights, &on.chain)?;
        let held = self.held_by(rights, &on.chain)?;
        for (needed, place) in self.required(privilege, on)? {
            let is_gate = place.level() < on.level();
            let found = self.links(principal, needed, &place, is_gate)?;
            let is_held = if is_gate { gates } else { held }.contains(needed);
            chain.extend(found);
            if !is_held {
                // What others depend on is not narrowed by a token.
                let narrowed = !is_gate && rights.is_narrowed();
                missing = Some(self.missing(narrowed, principal, &chain, needed, &place)?);
                break;
            }
        }
        if missing.is_none() {
            missing = self.kept_from_reviewing(principal, privilege, on)?;
        }
        if missing.is_none() {
            missing = self.kept_unsigned(privilege, on)?;
        }
        let text = match &missing {
            None => {
                let giving = chain.iter().filter(|link| link.kind != "denial");
                let reasons: Vec<String> = giving.map(Link::sentence).collect();
                let because =
                    if reasons.is_empty() { "everything".into() } else { reasons.join("; ") };
                format!("{who} may {privilege} on {on}: {because}")
            }
            Some(missing) => {
                let give = if missing.givers.is_empty() {
                    String::new()
                } else {
                    format!("; it can be granted by {}", missing.givers.join(", "))
                };
                format!("{who} may not {privilege} on {on}: {}{give}", missing.reason)
            }
        };
        Ok(Explanation {
            principal: principal.map(|id| format!("p{id}")),
            privilege: privilege.word().to_owned(),
            on: on.name.clone(),
            allowed: missing.is_none(),
            chain,
            missing,
            text,
        })
    }

    /// What keeps everybody from loading a version that no key of its catalog has signed.
    fn kept_unsigned(&mut self, privilege: Privilege, on: &On) -> Result<Option<Missing>> {
        let Some(version) = on.version.filter(|_| privilege == Privilege::Execute) else {
            return Ok(None);
        };
        let why = self.lacks_signature(version)?;
        Ok(why.map(|why| Missing {
            privilege: privilege.word().to_owned(),
            on: on.name.clone(),
            reason: format!(
                "its catalog asks for a signature, and {why}; let somebody with the key call `sign_version`"
            ),
            givers: Vec::new(),
        }))
    }

    /// What has to be held for a privilege, from the top down.
    fn required(&mut self, privilege: Privilege, on: &On) -> Result<Vec<(Privilege, On)>> {
        let mut required = Vec::new();
        for (level, used) in
            [(Level::Catalog, Privilege::UseCatalog), (Level::Schema, Privilege::UseSchema)]
        {
            if privilege != Privilege::Browse && on.level() > level {
                let chain = on.chain.up_to(level);
                let name = self.securable_label(chain.id())?;
                required.push((used, On { chain, name, version: None }));
            }
        }
        required.push((privilege, on.clone()));
        Ok(required)
    }

    /// The grants, denials and ownerships that bear upon a privilege on a securable.
    fn links(
        &mut self,
        principal: Option<EntityId>,
        privilege: Privilege,
        on: &On,
        is_gate: bool,
    ) -> Result<Vec<Link>> {
        let mut identities = match principal {
            Some(principal) => self.identities(principal)?,
            None => Vec::new(),
        };
        identities.extend(self.everyone()?);
        let roles = Roles::read(self)?;
        let mut links = Vec::new();
        for &securable in on.chain.ids() {
            let level = self.chain_at(securable, self.moment)?.level();
            for &identity in &identities {
                let grants = self.sql.all(
                    "SELECT what, effect, condition, since FROM access_grant \
                     WHERE principal = ?1 AND securable = ?2 AND until > ?3 AND since <= ?3",
                    &[identity.into(), securable.into(), self.moment.into()],
                    |row| {
                        let effect = if row.text(1)? == "allow" { "grant" } else { "denial" };
                        Ok((row.text(0)?.to_owned(), effect, row.opt_string(2)?, row.int(3)?))
                    },
                )?;
                for (what, kind, condition, commit) in grants {
                    let said = roles.privileges(&what).and(level.applicable());
                    // A denial of `BROWSE` takes everything, which is told once.
                    let takes = kind == "denial" && said.contains(Privilege::Browse);
                    let about = if said.contains(privilege) {
                        privilege
                    } else if takes && !is_gate {
                        Privilege::Browse
                    } else {
                        continue;
                    };
                    links.push(Link {
                        kind: kind.to_owned(),
                        privilege: about.word().to_owned(),
                        what,
                        on: self.securable_label(securable)?,
                        to: format!("p{identity}"),
                        through: self.path(principal, identity)?,
                        condition,
                        commit: Some(commit),
                    });
                }
            }
            links.extend(self.ownership(&identities, principal, privilege, securable)?);
        }
        Ok(links)
    }

    fn ownership(
        &mut self,
        identities: &[EntityId],
        principal: Option<EntityId>,
        privilege: Privilege,
        securable: EntityId,
    ) -> Result<Option<Link>> {
        if !matches!(privilege, Privilege::Browse | Privilege::Manage) {
            return Ok(None);
        }
        let owner = self.sql.first(
            "SELECT owner FROM profile WHERE target = ?1 AND until > ?2 AND since <= ?2",
            &[securable.into(), self.moment.into()],
            |row| row.id(0),
        )?;
        let Some(owner) = owner.filter(|owner| identities.contains(owner)) else { return Ok(None) };
        Ok(Some(Link {
            kind: "ownership".to_owned(),
            privilege: privilege.word().to_owned(),
            what: "owner".to_owned(),
            on: self.securable_label(securable)?,
            to: format!("p{owner}"),
            through: self.path(principal, owner)?,
            condition: None,
            commit: None,
        }))
    }

    /// The groups that lead from a principal to one that it is in, itself first.
    fn path(&mut self, from: Option<EntityId>, to: EntityId) -> Result<Vec<String>> {
        let Some(from) = from else { return Ok(vec![format!("p{to}")]) };
        let mut paths = vec![vec![from]];
        let mut next = 0;
        while let Some(path) = paths.get(next).cloned() {
            next += 1;
            let last = path.last().copied().unwrap_or(from);
            if last == to {
                return Ok(path.into_iter().map(|id| format!("p{id}")).collect());
            }
            let groups = self.sql.all(
                "SELECT group_id FROM member WHERE member = ?1 AND until > ?2 AND since <= ?2",
                &[last.into(), self.moment.into()],
                |row| row.id(0),
            )?;
            for group in groups {
                if !paths.iter().any(|path| path.contains(&group)) {
                    paths.push([path.as_slice(), &[group]].concat());
                }
            }
        }
        // Everybody is in `everyone`.
        Ok(vec![format!("p{from}"), format!("p{to}")])
    }

    /// Why a privilege is not held, the most certain cause first.
    fn cause(
        &mut self,
        narrowed: bool,
        principal: Option<EntityId>,
        chain: &[Link],
        privilege: Privilege,
        on: &On,
    ) -> Result<String> {
        let bears = |link: &&Link| {
            link.privilege == privilege.word()
                || link.kind == "denial" && link.privilege == Privilege::Browse.word()
        };
        let said: Vec<&Link> = chain.iter().filter(bears).collect();
        let denied = said.iter().find(|link| link.kind == "denial" && link.condition.is_none());
        if let Some(link) = denied {
            return Ok(link.sentence());
        }
        if narrowed {
            let whole = self.rights_of(principal, Scope::default())?;
            if self.held_by(&whole, &on.chain)?.contains(privilege) {
                return Ok(format!(
                    "the session's token is made for less than its principal holds, and does not reach `{privilege}` on {on}"
                ));
            }
        }
        if said.is_empty() {
            return Ok(format!("nothing grants `{privilege}` on {on}"));
        }
        let said: Vec<String> = said.into_iter().map(Link::sentence).collect();
        Ok(format!("{}, which does not let it through here", said.join("; ")))
    }

    fn missing(
        &mut self,
        narrowed: bool,
        principal: Option<EntityId>,
        chain: &[Link],
        privilege: Privilege,
        on: &On,
    ) -> Result<Missing> {
        let reason = self.cause(narrowed, principal, chain, privilege, on)?;
        let mut givers = Vec::new();
        for id in self.candidates(on, Privilege::Manage.into())?.into_iter().take(ASKED) {
            let rights = self.rights_of(Some(id), Scope::default())?;
            let held = self.held_by(&rights, &on.chain)?;
            if held.contains(Privilege::Manage) && held.contains(privilege) {
                givers.push(self.principal_label(id)?);
            }
            if givers.len() == GIVERS {
                break;
            }
        }
        Ok(Missing { privilege: privilege.word().to_owned(), on: on.name.clone(), reason, givers })
    }

    /// Who registered a version does not review it (dynamic separation of duties, INCITS 359-2012
    /// §5.4).
    pub(super) fn kept_from_reviewing(
        &mut self,
        principal: Option<EntityId>,
        privilege: Privilege,
        on: &On,
    ) -> Result<Option<Missing>> {
        let Some(version) = on.version.filter(|_| privilege == Privilege::Review) else {
            return Ok(None);
        };
        let author = self.sql.first(
            "SELECT l.actor FROM version v JOIN log l ON l.n = v.since WHERE v.id = ?1",
            &[version.into()],
            |row| row.id(0),
        )?;
        if principal.is_none() || author != principal {
            return Ok(None);
        }
        Ok(Some(Missing {
            privilege: privilege.word().to_owned(),
            on: on.name.clone(),
            reason: "who registered a version does not review it; ask another reviewer".to_owned(),
            givers: Vec::new(),
        }))
    }
}

impl Link {
    /// `role `Consumer` is granted to p3 on catalogs:/risk`
    fn sentence(&self) -> String {
        let Self { kind, privilege, what, on, to, through, condition, .. } = self;
        let verb = match kind.as_str() {
            "ownership" => return format!("{to} owns {on}, which gives `{privilege}`"),
            "grant" => "granted",
            _ => "denied",
        };
        let what = if what == privilege {
            format!("`{what}`")
        } else {
            format!("`{privilege}` in role `{what}`")
        };
        let through = match through.as_slice() {
            [first, .., last] if first != last => format!(", in which {first} is"),
            _ => String::new(),
        };
        let condition = condition.as_ref().map(|text| format!(" where {text}")).unwrap_or_default();
        format!("{what} is {verb} to {to}{through} on {on}{condition}")
    }
}
