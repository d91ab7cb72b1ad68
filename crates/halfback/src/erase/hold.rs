//! Holds: what is held is neither erased nor purged until the hold is released.

use halfback_store::error::{Detail, Result};
use halfback_store::id::{CommitNumber, EntityId, hex, unhex};
use halfback_store::name::shown;
use halfback_store::schema::HOLD;
use halfback_store::sql::Value;
use halfback_store::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Reason, parse_principal};
use crate::DateTime;
use crate::access::Privilege;
use crate::access::need::Needs;
use crate::access::reference::REGISTRY;
use crate::command::{Command, Context, Query, Snapshot};
use crate::page::Page;
use crate::registry::Registry;

/// Keeps all of something from being erased or purged, and all below it, until the hold is released.
/// What is held for another reason too is held until the last of them is released.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetHold {
    /// `registry:/`, a URI, a model, a version, or the id of a principal such as `p7`.
    pub target: String,
    /// Why.
    pub reason: String,
}

/// Ends a hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseHold {
    /// What is held.
    pub target: String,
    /// The reason that it was held for; needed where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Lists the holds, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListHolds {
    /// How many entries at most, 1 to 1,000; 100 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// The cursor of the page before; the first page where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Something that is neither erased nor purged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HoldRecord {
    /// What is held, as `release_hold` takes it: `registry:/`, a target URI, the id of a principal, or the
    /// pin of what was deleted and has left its name to another.
    pub target: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: DateTime,
    /// The commit that set it.
    pub commit: i64,
    /// The principal who set it.
    pub actor: String,
}

/// A hold that is in force: the digest of its reason, and the reason.
struct Hold {
    digest: Vec<u8>,
    reason: String,
}

impl From<&str> for ReleaseHold {
    fn from(target: &str) -> Self {
        Self { target: target.into(), reason: None }
    }
}

impl Command for SetHold {
    const NAME: &'static str = "set_hold";
    type Output = ();

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        now.needs_to_hold(&self.target)
    }

    fn apply(self, context: &mut Context<'_>) -> Result<()> {
        let mut reason = Reason::new(self.reason)?;
        let id = context.now().holdable(&self.target)?;
        if context.now().holds_on(id)?.iter().any(|hold| hold.reason == reason.body) {
            return Ok(());
        }
        let reason = reason.of(context)?;
        context.tx.touch_whole(id)?;
        context.tx.open(&HOLD, &[id.into(), Value::from(&reason)])
    }
}

impl Command for ReleaseHold {
    const NAME: &'static str = "release_hold";
    type Output = ();

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        now.needs_to_hold(&self.target)
    }

    fn apply(self, context: &mut Context<'_>) -> Result<()> {
        let id = context.now().holdable(&self.target)?;
        let target = shown(&self.target);
        let mut holds = context.now().holds_on(id)?;
        if let Some(reason) = &self.reason {
            holds.retain(|hold| hold.reason == *reason);
        }
        match holds.as_slice() {
            [hold] => {
                context.tx.close(&HOLD, &[id.into(), Value::from(&hold.digest)])?;
                context.tx.touch_whole(id)
            }
            [] => {
                let why = if self.reason.is_some() { " for that reason" } else { "" };
                Err(Detail::NotFound(format!(
                    "`{target}` is not held itself{why}; `list_holds` says what is"
                ))
                .into())
            }
            several => {
                let reasons: Vec<String> =
                    several.iter().map(|hold| format!("\"{}\"", shown(&hold.reason))).collect();
                Err(Detail::InvalidArgument(format!(
                    "`{target}` is held for {} reasons: {}; pass as `reason` which of them ends",
                    several.len(),
                    reasons.join(", ")
                ))
                .into())
            }
        }
    }
}

impl Query for ListHolds {
    const NAME: &'static str = "list_holds";
    type Output = Page<HoldRecord>;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::ReadAudit))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<HoldRecord>> {
        let paging = snapshot.paging(self.page_size, self.cursor);
        let (commit, target, digest): (i64, i64, String) =
            paging.after("holds")?.unwrap_or_default();
        let digest = unhex::<32>(&digest).map_or_else(Vec::new, |digest| digest.to_vec());
        let rows = snapshot.sql.all(
            "SELECT h.target, t.body, h.since, l.time, l.actor, h.reason FROM hold h \
             JOIN log l ON l.n = h.since LEFT JOIN text t ON t.digest = h.reason \
             WHERE h.since <= ?1 AND h.until > ?1 AND (h.since, h.target, h.reason) > (?2, ?3, ?4) \
             ORDER BY h.since, h.target, h.reason LIMIT ?5",
            &[
                snapshot.moment.into(),
                commit.into(),
                target.into(),
                Value::from(&digest),
                paging.limit()?.into(),
            ],
            |row| {
                let record = HoldRecord {
                    target: String::new(),
                    reason: row.opt_string(1)?.unwrap_or_default(),
                    since: Timestamp::from_micros(row.int(3)?).into(),
                    commit: row.int(2)?,
                    actor: format!("p{}", row.int(4)?),
                };
                Ok((row.id(0)?, hex(row.blob(5)?), record))
            },
        )?;
        let page = paging.page(rows, "holds", |(target, digest, record)| {
            (record.commit, target.0, digest.clone())
        })?;
        page.map(|(target, _, record)| {
            Ok(HoldRecord { target: snapshot.held_label(target)?, ..record })
        })
    }
}

impl Snapshot<'_> {
    fn needs_to_hold(&mut self, target: &str) -> Result<Needs> {
        let id = match parse_principal(target) {
            Some(_) => EntityId::REGISTRY,
            None => self.holdable(target)?,
        };
        Ok(Needs::on(&self.on_id(id, target)?, Privilege::Manage))
    }

    /// What a hold is put on, also where it was deleted.
    fn holdable(&mut self, target: &str) -> Result<EntityId> {
        if let Some(id) = parse_principal(target) {
            let found =
                self.sql.first("SELECT id FROM principal WHERE id = ?1", &[id.into()], |row| {
                    row.id(0)
                })?;
            return found.ok_or_else(|| self.absent("principal", target));
        }
        if target == REGISTRY {
            return Ok(EntityId::REGISTRY);
        }
        self.target_ever(&target.parse()?)
    }

    /// What something is held by itself, the oldest hold first.
    fn holds_on(&mut self, id: EntityId) -> Result<Vec<Hold>> {
        self.sql.all(
            "SELECT h.reason, t.body FROM hold h LEFT JOIN text t ON t.digest = h.reason \
             WHERE h.target = ?1 AND h.until = ?2 ORDER BY h.since, h.reason",
            &[id.into(), CommitNumber::FOREVER.into()],
            |row| {
                let reason = row.opt_string(1)?.unwrap_or_default();
                Ok(Hold { digest: row.blob(0)?.to_vec(), reason })
            },
        )
    }

    /// What is held, as `release_hold` takes it; a pin where the caller may not see it.
    fn held_label(&mut self, id: EntityId) -> Result<String> {
        if id == EntityId::REGISTRY {
            return Ok(REGISTRY.to_owned());
        }
        let principal =
            self.sql
                .first("SELECT id FROM principal WHERE id = ?1", &[id.into()], |row| row.id(0))?;
        match principal {
            Some(id) => Ok(format!("p{id}")),
            None if !self.sees(id)? => Ok(self.pin(id)),
            None => {
                let on = self.on_id(id, "")?;
                let name = self.in_full(&on)?.name;
                // What was deleted may have left its name to another.
                let is_its = self.target_ever(&name.parse()?).is_ok_and(|bearer| bearer == id);
                Ok(if is_its { name } else { self.pin(id) })
            }
        }
    }

    /// Whether anything at all is held.
    pub(crate) fn holds_anything(&mut self) -> Result<bool> {
        let held = self.sql.first(
            "SELECT 1 FROM hold WHERE until = ?1 LIMIT 1",
            &[CommitNumber::FOREVER.into()],
            |row| row.int(0),
        )?;
        Ok(held.is_some())
    }

    /// What holds something: itself, or what it lies in; and why.
    pub(crate) fn held_by_law(&mut self, id: EntityId) -> Result<Option<(EntityId, String)>> {
        /// Version, model, schema, catalog, registry.
        const DEPTH: usize = 5;
        let mut next = id;
        for _ in 0..DEPTH {
            if let Some(hold) = self.holds_on(next)?.into_iter().next() {
                return Ok(Some((next, hold.reason)));
            }
            if next == EntityId::REGISTRY {
                break;
            }
            next = self.above(next)?.unwrap_or(EntityId::REGISTRY);
        }
        Ok(None)
    }

    /// Refuses to move what is held through what it lies in out of that: nothing would keep it then.
    pub(crate) fn refuse_to_leave_hold(&mut self, from: EntityId, to: EntityId) -> Result<()> {
        let Some((held, reason)) = self.held_by_law(from)? else { return Ok(()) };
        if held == EntityId::REGISTRY || from == to {
            return Ok(());
        }
        let mut next = Some(to);
        while let Some(place) = next.filter(|place| *place != EntityId::REGISTRY) {
            if place == held {
                // What holds it further up goes on to, as both lie in that.
                return Ok(());
            }
            next = self.above(place)?;
        }
        let label = self.securable_label(held).unwrap_or_else(|_| format!("entity {held}"));
        Err(Detail::Protected(format!(
            "`{label}` is held (\"{}\"), and what is moved out of it would not be; `release_hold` first, and hold the model itself where it has to stay",
            shown(&reason)
        ))
        .into())
    }

    pub(super) fn refuse_held(&mut self, id: EntityId) -> Result<()> {
        let Some((held, reason)) = self.held_by_law(id)? else { return Ok(()) };
        let label = match self.securable_label(held) {
            Ok(label) => format!("`{label}`"),
            Err(_) => format!("entity {held}"),
        };
        Err(Detail::Protected(format!(
            "{label} is held (\"{}\"): nothing of it is erased before `release_hold`",
            shown(&reason)
        ))
        .into())
    }
}

impl Registry {
    /// Keeps something, and all below it, from being erased or purged, for one more reason.
    ///
    /// ```
    /// # use halfback::{ListHolds, Options, Registry, ReleaseHold};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("models.hb");
    /// # let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
    /// # registry.create_model("fraud")?;
    /// registry.set_hold("fraud", "case 12")?;
    /// registry.set_hold("fraud", "audit of May")?;
    /// registry.release_hold(ReleaseHold { target: "fraud".into(), reason: Some("case 12".into()) })?;
    /// let held = registry.list_holds(ListHolds::default())?.items;
    /// assert_eq!(held[0].reason, "audit of May");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_hold(&self, target: &str, reason: &str) -> Result<()> {
        self.execute(SetHold { target: target.into(), reason: reason.into() })
    }

    /// Ends a hold: the only one on a target, or that of a reason.
    pub fn release_hold(&self, hold: impl Into<ReleaseHold>) -> Result<()> {
        self.execute(hold.into())
    }
}
