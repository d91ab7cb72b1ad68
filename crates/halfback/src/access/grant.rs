//! Grants and denials of privileges and roles.

use std::collections::{BTreeSet, HashMap};

use halfback_store::error::{Detail, Result};
use halfback_store::id::EntityId;
use halfback_store::log::Header;
use halfback_store::schema::ACCESS_GRANT;
use halfback_store::sql::Value;
use halfback_store::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Privilege;
use super::need::Needs;
use super::reference::{On, REGISTRY};
use super::rights::GATES;
use super::role::{Grantable, Roles};
use crate::catalog::search::Condition;
use crate::command::{Command, Context, Query, Snapshot};
use crate::page::Page;
use crate::securable::Level;

/// Conditional grants to one principal.
const CONDITIONS: i64 = 100;

/// Gives a principal a privilege or role on a securable and on all below it, now and later, or
/// denies it. Replaces what was said of the same before.
///
/// It takes `MANAGE` there; nobody gives to themselves, nor what they do not hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// A privilege such as `EXECUTE`, or a role such as `Developer`.
    pub what: String,
    /// A catalog, schema or model as a target URI, or `registry:/`.
    pub on: String,
    /// The principal's id or name.
    pub to: String,
    /// Deny it: that wins over every grant.
    #[serde(default)]
    pub deny: bool,
    /// The models that it is about: a filter on tags and aliases, such as `tags.env = 'test'`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

/// Takes back what was granted or denied.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    /// The privilege or role.
    pub what: String,
    /// A catalog, schema or model as a target URI, or `registry:/`.
    pub on: String,
    /// The principal's id or name.
    pub principal: String,
}

/// Lists what is granted and denied: on one securable, to one principal, or all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListGrants {
    /// A catalog, schema or model as a target URI, or `registry:/`; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// A principal's id or name; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// How many entries at most, 1 to 1,000; 100 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// The cursor of the page before; the first page where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What is granted or denied to a principal on a securable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GrantRecord {
    /// The principal's id.
    pub principal: String,
    /// The principal's name; none once it was erased.
    pub name: Option<String>,
    /// The privilege or role.
    pub what: String,
    /// The securable, as a target URI, or `registry:/`.
    pub on: String,
    /// Whether it is denied.
    pub denied: bool,
    /// The models that it is about, where that is not all.
    pub condition: Option<String>,
    /// Since when.
    pub since: chrono::DateTime<chrono::Utc>,
    /// The commit that granted it.
    pub commit: i64,
    /// The id of who granted it.
    pub granted_by: String,
    /// The name of who granted it; none once it was erased.
    pub granted_by_name: Option<String>,
    /// When the principal, or a group's member, last changed the securable or something below it;
    /// reads are not recorded.
    pub last_used: Option<chrono::DateTime<chrono::Utc>>,
}

impl Command for Grant {
    const NAME: &'static str = "grant";
    type Output = ();

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        now.needs_on(&self.on, Privilege::Manage)
    }

    fn apply(self, context: &mut Context<'_>) -> Result<()> {
        let mut now = context.now();
        let on = now.securable(&self.on)?;
        let to = now.principal_id(&self.to)?;
        let roles = Roles::read(&mut now)?;
        let what = roles.grantable(&self.what)?;
        let privileges = roles.privileges(what.word());
        if let Grantable::Privilege(privilege) = what
            && !on.level().applicable().contains(privilege)
        {
            return Err(Detail::InvalidArgument(format!(
                "`{privilege}` means nothing on a {}; grant it on a level above",
                on.level().noun()
            ))
            .into());
        }
        if let (Grantable::Privilege(privilege), Some(_)) = (&what, &self.condition)
            && !Level::Model.applicable().or(GATES).contains(*privilege)
        {
            return Err(Detail::InvalidArgument(format!(
                "conditions are about models, and `{privilege}` means nothing on one; grant it without"
            ))
            .into());
        }
        let condition = self.condition.as_deref().map(Condition::checked).transpose()?;
        if condition.is_some() {
            now.refuse_many_conditions(to)?;
        }
        let effect = if self.deny { "deny" } else { "allow" };
        let present = now.grant(to, on.id(), what.word())?;
        if present.as_ref() == Some(&(effect.to_owned(), condition.clone())) {
            return Ok(());
        }
        let lifts = present.as_ref().is_some_and(|(effect, _)| effect == "deny");
        if !self.deny || lifts {
            context.refuse_for_oneself(to)?;
            context.refuse_to_exceed_on(&on, privileges, what.word())?;
        }
        context.tx.put(
            &ACCESS_GRANT,
            &[
                to.into(),
                on.id().into(),
                what.word().into(),
                on.level().noun().into(),
                effect.into(),
                condition.as_ref().into(),
            ],
        )?;
        context.changed_grant(&on, to)?;
        context.hold_separations()?;
        // The last who holds everything may lose something by a denial, or by a condition that a
        // grant did not have.
        if self.deny || present.is_some() { context.keep_a_steward() } else { Ok(()) }
    }
}

impl Command for Revoke {
    const NAME: &'static str = "revoke";
    type Output = ();

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on(&now.securable_ever(&self.on)?, Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<()> {
        let mut now = context.now();
        let on = now.securable_ever(&self.on)?;
        let from = now.principal_id(&self.principal)?;
        let roles = Roles::read(&mut now)?;
        let what = roles.grantable(&self.what)?;
        let Some((effect, _)) = now.grant(from, on.id(), what.word())? else {
            let principal = now.principal_label(from)?;
            return Err(Detail::NotFound(format!(
                "`{}` is neither granted nor denied to {principal} on {on} itself; `explain` says where it comes from",
                what.word()
            ))
            .into());
        };
        if effect == "deny" {
            // Lifting a denial gives.
            context.refuse_for_oneself(from)?;
            context.refuse_to_exceed_on(&on, roles.privileges(what.word()), what.word())?;
        }
        let key: [Value<'_>; 3] = [from.into(), on.id().into(), what.word().into()];
        context.tx.close(&ACCESS_GRANT, &key)?;
        context.changed_grant(&on, from)?;
        context.keep_a_steward()
    }
}

impl Query for ListGrants {
    const NAME: &'static str = "list_grants";
    type Output = Page<GrantRecord>;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        if let Some(to) = &self.to
            && now.is_itself(to)?
        {
            return Ok(Needs::Anyone("everybody may know what they are granted"));
        }
        now.needs_on(self.on.as_deref().unwrap_or(REGISTRY), Privilege::ReadAudit)
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<GrantRecord>> {
        let paging = snapshot.paging(self.page_size, self.cursor);
        let list = format!("grants {:?} {:?}", self.on, self.to);
        let on = self.on.map(|on| snapshot.securable(&on)).transpose()?;
        let to = self.to.map(|to| snapshot.principal_id(&to)).transpose()?;
        let (principal, securable, what): (i64, i64, String) =
            paging.after(&list)?.unwrap_or((-1, -1, String::new()));
        let rows = snapshot.sql.all(
            "SELECT g.principal, g.securable, g.what, g.effect, g.condition, g.since, l.time, l.actor, n.name, a.name \
             FROM access_grant g JOIN log l ON l.n = g.since \
             LEFT JOIN principal_name n ON n.id = g.principal LEFT JOIN principal_name a ON a.id = l.actor \
             WHERE g.until > ?1 AND g.since <= ?1 AND (?2 < 0 OR g.securable = ?2) AND (?3 < 0 OR g.principal = ?3) \
             AND (g.principal, g.securable, g.what) > (?4, ?5, ?6) \
             ORDER BY g.principal, g.securable, g.what LIMIT ?7",
            &[
                snapshot.moment.into(),
                on.map_or(-1, |on| on.id().0).into(),
                to.map_or(-1, |to| to.0).into(),
                principal.into(),
                securable.into(),
                (&what).into(),
                paging.limit()?.into(),
            ],
            |row| {
                let record = GrantRecord {
                    principal: format!("p{}", row.int(0)?),
                    what: row.text(2)?.to_owned(),
                    on: String::new(),
                    denied: row.text(3)? == "deny",
                    condition: row.opt_string(4)?,
                    commit: row.int(5)?,
                    since: Timestamp::from_micros(row.int(6)?).into(),
                    granted_by: format!("p{}", row.int(7)?),
                    name: row.opt_string(8)?,
                    granted_by_name: row.opt_string(9)?,
                    last_used: None,
                };
                Ok((row.id(0)?, row.id(1)?, record))
            },
        )?;
        let key = |(principal, securable, record): &(EntityId, EntityId, GrantRecord)| {
            (principal.0, securable.0, record.what.clone())
        };
        let page = paging.page(rows, &list, key)?;
        let pairs = page.items.iter().map(|(principal, securable, _)| (*principal, *securable));
        let changes = snapshot.last_changes(&pairs.collect::<Vec<_>>())?;
        page.map(|(principal, securable, mut record)| {
            record.on = snapshot.label_for_grant(securable)?;
            record.last_used = changes.get(&(principal, securable)).map(|time| (*time).into());
            Ok(record)
        })
    }
}

impl Context<'_> {
    /// Enters a grant into the histories of the principal and the securable.
    fn changed_grant(&mut self, on: &On, principal: EntityId) -> Result<()> {
        if on.level() != Level::Registry {
            self.tx.touch(on.id())?;
        }
        self.changed_access(Some(principal))
    }
}

impl Snapshot<'_> {
    /// The catalog, schema, model or registry that a text names.
    pub(crate) fn securable(&mut self, text: &str) -> Result<On> {
        let on = self.on(text)?;
        not_a_version(on, text)
    }

    /// The same, also where it was deleted: what is denied there stays denied for its past.
    fn securable_ever(&mut self, text: &str) -> Result<On> {
        if text == REGISTRY {
            return Ok(On::registry());
        }
        let id = self.target_ever(&text.parse()?)?;
        let on = self.on_id(id, text)?;
        not_a_version(on, text)
    }

    /// Effect and condition of what is granted itself.
    fn grant(
        &mut self,
        principal: EntityId,
        securable: EntityId,
        what: &str,
    ) -> Result<Option<(String, Option<String>)>> {
        self.sql.first(
            "SELECT effect, condition FROM access_grant \
             WHERE principal = ?1 AND securable = ?2 AND what = ?3 AND until > ?4 AND since <= ?4",
            &[principal.into(), securable.into(), what.into(), self.moment.into()],
            |row| Ok((row.text(0)?.to_owned(), row.opt_string(1)?)),
        )
    }

    /// Refuses one more conditional grant to a principal that has very many: each is a column of its
    /// searches.
    fn refuse_many_conditions(&mut self, principal: EntityId) -> Result<()> {
        let many = self.sql.first(
            "SELECT COUNT(*) FROM access_grant WHERE principal = ?1 AND condition IS NOT NULL AND until > ?2",
            &[principal.into(), self.moment.into()],
            |row| row.int(0),
        )?;
        if many.unwrap_or_default() < CONDITIONS {
            return Ok(());
        }
        Err(Detail::InvalidArgument(format!(
            "the principal has {CONDITIONS} conditional grants, which is the most; say more in one condition with `OR`, or grant to a group"
        ))
        .into())
    }

    /// What is allowed, in words, to a principal itself, and where.
    pub(crate) fn granted_words(&mut self, principal: EntityId) -> Result<Vec<(String, EntityId)>> {
        self.sql.all(
            "SELECT what, securable FROM access_grant WHERE principal = ?1 AND effect = 'allow' \
             AND until > ?2 AND since <= ?2",
            &[principal.into(), self.moment.into()],
            |row| Ok((row.text(0)?.to_owned(), row.id(1)?)),
        )
    }

    /// Whether a text names the session's own principal.
    pub(crate) fn is_itself(&mut self, text: &str) -> Result<bool> {
        let itself = self.session.principal(self.sql)?;
        Ok(itself.is_some() && self.principal_id(text).ok() == itself)
    }

    /// The name of what something is granted on. Who is granted something there sees it, unless that
    /// was denied: then only its pin is told.
    fn label_for_grant(&mut self, securable: EntityId) -> Result<String> {
        if securable == EntityId::REGISTRY || self.sees(securable)? {
            return self.securable_label(securable);
        }
        Ok(self.pin(securable))
    }

    /// When each of these principals, or one of a group, last changed a securable or something below
    /// it, where that ever was. One walk over the log, the newest first, answers all.
    fn last_changes(
        &mut self,
        pairs: &[(EntityId, EntityId)],
    ) -> Result<HashMap<(EntityId, EntityId), Timestamp>> {
        const BATCH: i64 = 1000;
        let mut wanted: HashMap<EntityId, BTreeSet<(EntityId, EntityId)>> = HashMap::new();
        for pair in pairs {
            for actor in self.actors_of(pair.0)? {
                wanted.entry(actor).or_default().insert(*pair);
            }
        }
        let mut found = HashMap::new();
        let mut places: HashMap<EntityId, Vec<EntityId>> = HashMap::new();
        let mut next = self.moment.0.saturating_add(1);
        let mut left: BTreeSet<(EntityId, EntityId)> = wanted.values().flatten().copied().collect();
        while !left.is_empty() {
            let (before, mut commits) = (next, Vec::new());
            self.sql.query(
                "SELECT n, actor, time, header FROM log WHERE n < ?1 ORDER BY n DESC LIMIT ?2",
                &[before.into(), BATCH.into()],
                &mut |row| {
                    next = row.int(0)?;
                    let actor = row.id(1)?;
                    if wanted.contains_key(&actor) {
                        let time = Timestamp::from_micros(row.int(2)?);
                        commits.push((actor, time, Header::from_bytes(row.blob(3)?)?.entities));
                    }
                    Ok(())
                },
            )?;
            if next == before {
                break;
            }
            for (actor, time, entities) in commits {
                let mut touched = BTreeSet::from([EntityId::REGISTRY]);
                for entity in entities {
                    let place = places.entry(entity).or_insert_with(|| {
                        // Principals and tokens lie nowhere.
                        let place = self.place(entity).map(|(chain, _)| chain.ids().to_vec());
                        place.unwrap_or_default()
                    });
                    touched.extend(place.iter().copied());
                }
                for pair in wanted.get(&actor).into_iter().flatten() {
                    if left.contains(pair) && touched.contains(&pair.1) {
                        left.remove(pair);
                        found.insert(*pair, time);
                    }
                }
            }
        }
        Ok(found)
    }
}

fn not_a_version(on: On, text: &str) -> Result<On> {
    if on.version.is_none() {
        return Ok(on);
    }
    Err(Detail::InvalidArgument(format!(
        "`{text}` is a version, and privileges are held on its model; name that"
    ))
    .into())
}
