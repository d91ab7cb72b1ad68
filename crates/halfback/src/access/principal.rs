//! Principals: users, service principals and groups. Facts and the log know them by opaque ids;
//! their names are erasable.

use std::collections::BTreeSet;

use halfback_store::error::{Detail, Result};
use halfback_store::id::EntityId;
use halfback_store::name::label;
use halfback_store::schema::{ACCESS_GRANT, MEMBER, PRINCIPAL, TOKEN};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Privilege;
use super::identity::Identity;
use super::need::Needs;
use crate::command::{Command, Context, Query, Snapshot};
use crate::page::Page;

/// The group that everybody is in, whoever they are.
pub(crate) const EVERYONE: &str = "everyone";

/// Who acts, or is granted something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Principal {
    /// The opaque id, such as `p1`; none for somebody who is not known here yet.
    pub id: Option<String>,
    /// The name to show; none once it was erased.
    pub name: Option<String>,
    /// What it is.
    pub kind: PrincipalKind,
    /// How the identity is proved: `os_user`, `token`, the word of an identity such as `oidc`, or
    /// `name` for who has proved nothing yet.
    pub proof: String,
    /// The ids of the groups that it is in, at any depth.
    pub groups: Vec<String>,
    /// The ids of who is directly in this group.
    pub members: Vec<String>,
    /// Whether it may act; not once it was deleted.
    pub active: bool,
}

/// What a principal is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PrincipalKind {
    /// A person.
    #[default]
    User,
    /// A program.
    Service,
    /// Principals that are granted things together.
    Group,
}

impl PrincipalKind {
    const ALL: [Self; 3] = [Self::User, Self::Service, Self::Group];

    /// The word, which is also that of the database.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Service => "service",
            Self::Group => "group",
        }
    }

    fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.word() == word).unwrap_or_default()
    }
}

/// Makes a user, service principal or group known. One who was deleted comes back as the same
/// principal, with nothing of what it held.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePrincipal {
    /// The name; no other principal has it.
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub kind: PrincipalKind,
    /// The number of the operating system's user whose sessions are this user's; without one, a
    /// token proves who it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_user: Option<u32>,
    /// Who the user or service principal is elsewhere, such as `oidc:https://login.example.org|248289`:
    /// sessions that an authenticator proves to be of that are its.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// Give the principal back unchanged where it exists already.
    #[serde(default)]
    pub exist_ok: bool,
}

/// Removes a principal with its grants, memberships and tokens; the past keeps it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeletePrincipal {
    /// The id, such as `p7`, or the name.
    pub principal: String,
}

/// Puts a principal into a group: what the group is granted, it is granted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddMember {
    /// The group's id or name.
    pub group: String,
    /// The id or name of a user, service principal or group.
    pub member: String,
}

/// Takes a principal out of a group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveMember {
    /// The group's id or name.
    pub group: String,
    /// The member's id or name.
    pub member: String,
}

/// Gives a principal.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetPrincipal {
    /// The id, such as `p7`, or the name.
    pub principal: String,
}

/// Lists the principals, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPrincipals {
    /// How many entries at most, 1 to 1,000; 100 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// The cursor of the page before; the first page where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Tells who acts in this session.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Whoami {}

impl Command for CreatePrincipal {
    const NAME: &'static str = "create_principal";
    type Output = Principal;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<Principal> {
        let name = label(&self.name, "principal")?;
        if self.os_user.is_none() && is_id(&name) {
            return Err(Detail::InvalidName(format!(
                "`{name}` is no name for a principal: it is like an id; choose another"
            ))
            .into());
        }
        let (proof, subject) = known_by(self.kind, self.os_user, self.identity.as_deref(), &name)?;
        let mut now = context.now();
        let same = now.principal_of(&proof, &subject)?;
        let living = match same {
            Some(same) => now.is_living(same)?,
            None => false,
        };
        let id = match (same, now.principals_called(&name)?.first()) {
            (Some(same), _) if living && self.exist_ok => same,
            (Some(_), Some(&other)) if !living => {
                let other = now.principal_label(other)?;
                return Err(Detail::AlreadyExists(format!(
                    "{other} has that name now; choose another one"
                ))
                .into());
            }
            (Some(found), None) if !living => {
                now.refuse_renaming(found, &name)?;
                context.tx.revive_principal(found, self.kind.word(), [&proof, &subject, &name])?;
                context.changed_access(Some(found))?;
                found
            }
            (_, Some(&found)) | (Some(found), None) => {
                let found = now.principal_label(found)?;
                return Err(Detail::AlreadyExists(format!(
                    "{found} exists already; pass `exist_ok` to accept that, or choose another name"
                ))
                .into());
            }
            (None, None) => {
                let id = context.tx.add_principal(self.kind.word(), &proof, &subject, &name)?;
                context.tx.touch(id)?;
                context.tx.restructure();
                id
            }
        };
        context.now().principal(id)
    }
}

/// What proves a principal, and as whom.
fn known_by(
    kind: PrincipalKind,
    os_user: Option<u32>,
    identity: Option<&str>,
    name: &str,
) -> Result<(String, String)> {
    let refused =
        |why: String| -> Result<(String, String)> { Err(Detail::InvalidArgument(why).into()) };
    match (kind, os_user, identity) {
        (PrincipalKind::Group, _, Some(_)) => {
            refused("a group is nobody elsewhere; leave `identity` away".into())
        }
        (_, Some(_), Some(_)) => {
            refused("a user is proved by one means; leave `os_user` or `identity` away".into())
        }
        (_, None, Some(identity)) => {
            let identity: Identity = identity.parse()?;
            Ok((identity.proof().to_owned(), identity.subject().to_owned()))
        }
        (PrincipalKind::User, Some(uid), None) => Ok(("os_user".into(), format!("uid:{uid}"))),
        (PrincipalKind::User, None, None) => Ok(("name".into(), name.to_owned())),
        (kind, None, None) => Ok((kind.word().to_owned(), name.to_owned())),
        (kind, Some(_), None) => refused(format!(
            "a {} is no user of the operating system; leave `os_user` away",
            kind.word()
        )),
    }
}

impl Command for DeletePrincipal {
    const NAME: &'static str = "delete_principal";
    type Output = ();

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<()> {
        let mut now = context.now();
        let id = now.principal_id(&self.principal)?;
        let label = now.principal_label(id)?;
        if Some(id) == now.everyone()? {
            return Err(Detail::ReservedName("everybody is always in `everyone`".into()).into());
        }
        let owned = now.sql.first(
            "SELECT s.id, s.kind, s.name FROM profile p JOIN securable s ON s.id = p.target AND s.until > ?2 \
             WHERE p.owner = ?1 AND p.until > ?2 LIMIT 1",
            &[id.into(), now.moment.into()],
            |row| Ok((row.id(0)?, format!("{} `{}`", row.text(1)?, row.text(2)?))),
        )?;
        if let Some((owned, name)) = owned {
            let owned =
                if now.sees(owned)? { name } else { "something that you do not see".into() };
            return Err(Detail::InUse(format!(
                "{label} owns {owned}; give away what it owns first"
            ))
            .into());
        }
        // Of a group for its members; of anybody for whoever comes back by the same proof.
        context.refuse_to_lift(id)?;
        let before = context.now().rights()?;
        context.end_principal(id)?;
        context.refuse_gain(&before)?;
        context.keep_a_steward()
    }
}

impl Context<'_> {
    /// Ends a principal with its grants, memberships and tokens.
    pub(crate) fn end_principal(&mut self, id: EntityId) -> Result<()> {
        let now = self.now();
        let moment = now.moment.into();
        let grants = now.sql.all(
            "SELECT securable, what FROM access_grant WHERE principal = ?1 AND until > ?2",
            &[id.into(), moment],
            |row| Ok((row.id(0)?, row.text(1)?.to_owned())),
        )?;
        let memberships = now.sql.all(
            "SELECT group_id, member FROM member WHERE (group_id = ?1 OR member = ?1) AND until > ?2",
            &[id.into(), moment],
            |row| Ok((row.id(0)?, row.id(1)?)),
        )?;
        let tokens = now.sql.all(
            "SELECT id FROM token WHERE principal = ?1 AND until > ?2",
            &[id.into(), moment],
            |row| row.id(0),
        )?;
        for (securable, what) in grants {
            self.tx.close(&ACCESS_GRANT, &[id.into(), securable.into(), (&what).into()])?;
        }
        for (group, member) in memberships {
            self.tx.close(&MEMBER, &[group.into(), member.into()])?;
        }
        for token in tokens {
            self.tx.close(&TOKEN, &[token.into()])?;
        }
        self.tx.close(&PRINCIPAL, &[id.into()])?;
        self.changed_access(Some(id))
    }
}

impl Command for AddMember {
    const NAME: &'static str = "add_member";
    type Output = ();

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<()> {
        let mut now = context.now();
        let (group, member) = (now.group_id(&self.group)?, now.principal_id(&self.member)?);
        if Some(member) == now.everyone()? {
            return Err(Detail::InvalidArgument(
                "everybody is in no other group; grant to `everyone` what everybody is to hold"
                    .into(),
            )
            .into());
        }
        if now.identities(group)?.contains(&member) {
            let [group, member] = [now.principal_label(group)?, now.principal_label(member)?];
            return Err(Detail::Conflict(format!(
                "{group} is in {member} or the same; groups have no cycles"
            ))
            .into());
        }
        if now.is_member(group, member)? {
            return Ok(());
        }
        context.refuse_for_oneself(member)?;
        context.refuse_beyond(group)?;
        context.tx.open(&MEMBER, &[group.into(), member.into()])?;
        context.changed_access(Some(member))?;
        context.tx.touch(group)?;
        context.hold_separations()?;
        // A group may be denied what its new member had.
        context.keep_a_steward()
    }
}

impl Command for RemoveMember {
    const NAME: &'static str = "remove_member";
    type Output = ();

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<()> {
        let mut now = context.now();
        let (group, member) = (now.group_id(&self.group)?, now.principal_id(&self.member)?);
        if !now.is_member(group, member)? {
            let [group, member] = [now.principal_label(group)?, now.principal_label(member)?];
            return Err(Detail::NotFound(format!("{member} is not directly in {group}")).into());
        }
        context.refuse_to_lift(group)?;
        let before = context.now().rights()?;
        context.tx.close(&MEMBER, &[group.into(), member.into()])?;
        context.changed_access(Some(member))?;
        context.tx.touch(group)?;
        context.refuse_gain(&before)?;
        context.keep_a_steward()
    }
}

impl Query for GetPrincipal {
    const NAME: &'static str = "get_principal";
    type Output = Principal;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::ReadAudit))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Principal> {
        let id = snapshot.principal_id(&self.principal)?;
        snapshot.principal(id)
    }
}

impl Query for ListPrincipals {
    const NAME: &'static str = "list_principals";
    type Output = Page<Principal>;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::ReadAudit))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<Principal>> {
        let paging = snapshot.paging(self.page_size, self.cursor);
        let after: i64 = paging.after("principals")?.unwrap_or_default();
        let ids = snapshot.sql.all(
            "SELECT id FROM principal WHERE id > ?1 AND until > ?2 AND since <= ?2 ORDER BY id LIMIT ?3",
            &[after.into(), snapshot.moment.into(), paging.limit()?.into()],
            |row| row.id(0),
        )?;
        paging.page(ids, "principals", |id| id.0)?.map(|id| snapshot.principal(id))
    }
}

impl Query for Whoami {
    const NAME: &'static str = "whoami";
    type Output = Principal;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Anyone("everybody may know who they are"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Principal> {
        let session = snapshot.session;
        let actor = session.actor();
        match session.principal(snapshot.sql)? {
            Some(id) => Ok(Principal { proof: actor.proof.clone(), ..snapshot.principal(id)? }),
            None => Ok(Principal {
                id: None,
                name: Some(actor.name.clone()),
                kind: PrincipalKind::User,
                proof: actor.proof.clone(),
                groups: Vec::new(),
                members: Vec::new(),
                active: true,
            }),
        }
    }
}

impl Snapshot<'_> {
    /// The record of a principal.
    pub(crate) fn principal(&mut self, id: EntityId) -> Result<Principal> {
        let row = self.sql.first(
            "SELECT p.kind, p.until > ?2, n.name, n.proof FROM principal p \
             LEFT JOIN principal_name n ON n.id = p.id WHERE p.id = ?1 AND p.since <= ?2 \
             ORDER BY p.until DESC LIMIT 1",
            &[id.into(), self.moment.into()],
            |row| {
                let kind = PrincipalKind::of(row.text(0)?);
                Ok((kind, row.int(1)? != 0, row.opt_string(2)?, row.opt_string(3)?))
            },
        )?;
        let (kind, active, name, proof) =
            row.ok_or_else(|| self.absent("principal", format!("p{id}")))?;
        let label = |id: EntityId| format!("p{id}");
        let groups = self.identities(id)?.into_iter().filter(|group| *group != id);
        let groups = groups.map(label).collect();
        let members = self.sql.all(
            "SELECT member FROM member WHERE group_id = ?1 AND until > ?2 AND since <= ?2 ORDER BY member",
            &[id.into(), self.moment.into()],
            |row| row.id(0).map(label),
        )?;
        let proof = proof.unwrap_or_else(|| "erased".to_owned());
        Ok(Principal { id: Some(label(id)), name, kind, proof, groups, members, active })
    }

    /// A principal and the groups that it is in at any depth, itself first. `everyone` is not among
    /// them.
    pub(crate) fn identities(&mut self, id: EntityId) -> Result<Vec<EntityId>> {
        self.reached(
            id,
            "SELECT group_id FROM member WHERE member = ?1 AND until > ?2 AND since <= ?2",
        )
    }

    /// The users and service principals that are a principal, or in it at any depth.
    pub(crate) fn actors_of(&mut self, id: EntityId) -> Result<BTreeSet<EntityId>> {
        let among = if Some(id) == self.everyone()? {
            self.living_principals()?
        } else {
            self.reached(
                id,
                "SELECT member FROM member WHERE group_id = ?1 AND until > ?2 AND since <= ?2",
            )?
        };
        let actors = among.into_iter();
        actors.filter_map(|id| self.is_actor(id).map(|is| is.then_some(id)).transpose()).collect()
    }

    /// A principal, and all that a statement leads to from it and from those that it leads to.
    fn reached(&mut self, id: EntityId, from_one: &str) -> Result<Vec<EntityId>> {
        let (mut reached, mut next) = (vec![id], 0);
        while let Some(one) = reached.get(next).copied() {
            next += 1;
            for found in
                self.sql.all(from_one, &[one.into(), self.moment.into()], |row| row.id(0))?
            {
                if !reached.contains(&found) {
                    reached.push(found);
                }
            }
        }
        Ok(reached)
    }

    /// Whether it is a living user or service principal.
    fn is_actor(&mut self, id: EntityId) -> Result<bool> {
        let kind = self.sql.first(
            "SELECT kind FROM principal WHERE id = ?1 AND until > ?2 AND since <= ?2",
            &[id.into(), self.moment.into()],
            |row| Ok(PrincipalKind::of(row.text(0)?)),
        )?;
        Ok(kind.is_some_and(|kind| kind != PrincipalKind::Group))
    }

    pub(crate) fn living_principals(&mut self) -> Result<Vec<EntityId>> {
        self.sql.all(
            "SELECT id FROM principal WHERE until > ?1 AND since <= ?1 ORDER BY id",
            &[self.moment.into()],
            |row| row.id(0),
        )
    }

    fn is_member(&mut self, group: EntityId, member: EntityId) -> Result<bool> {
        let row = self.sql.first(
            "SELECT 1 FROM member WHERE group_id = ?1 AND member = ?2 AND until > ?3 AND since <= ?3",
            &[group.into(), member.into(), self.moment.into()],
            |row| row.int(0),
        )?;
        Ok(row.is_some())
    }

    /// Refuses to bring back who was deleted under another name: the past calls it by the old one.
    fn refuse_renaming(&mut self, id: EntityId, name: &str) -> Result<()> {
        let old = self.sql.first(
            "SELECT name FROM principal_name WHERE id = ?1",
            &[id.into()],
            |row| Ok(row.text(0)?.to_owned()),
        )?;
        if old.as_deref() == Some(name) {
            return Ok(());
        }
        Err(Detail::AlreadyExists(format!(
            "that was {}, who was deleted; give that name to bring it back, or erase its names first",
            self.principal_label(id)?
        ))
        .into())
    }

    fn group_id(&mut self, reference: &str) -> Result<EntityId> {
        let id = self.principal_id(reference)?;
        let kind = self.principal(id)?.kind;
        if kind != PrincipalKind::Group || Some(id) == self.everyone()? {
            return Err(Detail::InvalidArgument(format!(
                "{} has no members of its own; expected a group",
                self.principal_label(id)?
            ))
            .into());
        }
        Ok(id)
    }
}

/// Whether a text is like the id of a principal.
pub(crate) fn is_id(text: &str) -> bool {
    let digits = text.strip_prefix('p').unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit())
}
