//! Holds: what is held is neither erased nor purged until the hold is released.

use halfback_store::error::{Detail, Result};
use halfback_store::id::{CommitNumber, EntityId};
use halfback_store::name::shown;
use halfback_store::schema::HOLD;
use halfback_store::sql::Value;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Reason, parse_principal};
use crate::access::Privilege;
use crate::access::need::Needs;
use crate::access::reference::REGISTRY;
use crate::command::{Command, Context, Snapshot};
use crate::registry::Registry;

/// Keeps all of something from being erased or purged, and all below it, until the hold is released.
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
        let present = context.now().hold_of(id)?;
        if present.is_some_and(|present| present == reason.body) {
            return Ok(());
        }
        let reason = reason.of(context)?;
        context.tx.touch_whole(id)?;
        context.tx.put(&HOLD, &[id.into(), Value::from(&reason)])
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
        if !context.tx.close(&HOLD, &[id.into()])? {
            let shown = shown(&self.target);
            return Err(Detail::NotFound(format!("`{shown}` is not held itself")).into());
        }
        context.tx.touch_whole(id)
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

    /// Why something is held itself.
    fn hold_of(&mut self, id: EntityId) -> Result<Option<String>> {
        self.sql.first(
            "SELECT t.body FROM hold h LEFT JOIN text t ON t.digest = h.reason WHERE h.target = ?1 AND h.until = ?2",
            &[id.into(), CommitNumber::FOREVER.into()],
            |row| Ok(row.opt_string(0)?.unwrap_or_default()),
        )
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
            if let Some(reason) = self.hold_of(next)? {
                return Ok(Some((next, reason)));
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
    /// Keeps something, and all below it, from being erased or purged.
    pub fn set_hold(&self, target: &str, reason: &str) -> Result<()> {
        self.execute(SetHold { target: target.into(), reason: reason.into() })
    }

    /// Ends a hold.
    pub fn release_hold(&self, target: &str) -> Result<()> {
        self.execute(ReleaseHold { target: target.into() })
    }
}
