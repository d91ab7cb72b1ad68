//! What a write and a read are: a plain struct each, run against a transaction or a snapshot.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use halfback_store::artifact::{ArtifactStore, Digest};
use halfback_store::error::{Detail, Result};
use halfback_store::id::{CommitNumber, EntityId};
use halfback_store::sql::Sql;
use halfback_store::time::Timestamp;
use halfback_store::tx::{Entry, Tx};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::access::need::Needs;
use crate::access::rights::Rights;
use crate::access::session::Session;
use crate::catalog::names::Names;
use crate::format::Format;
use crate::kept::Present;

/// A change of the registry. Its fields are what goes into the log as the commit's payload.
///
/// It is data of its own that another thread may apply: callers that write at the same moment share
/// one durable transaction, and one of them does the work of all.
pub trait Command: Serialize + DeserializeOwned + JsonSchema + Send + 'static {
    /// The stable name, the same in every language and in the log.
    const NAME: &'static str;
    /// What the caller gets back.
    type Output: Serialize + DeserializeOwned + JsonSchema + Send + 'static;

    /// What it takes to do this, on what there is before.
    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs>;

    /// Checks the rule and changes the facts.
    fn apply(self, context: &mut Context<'_>) -> Result<Self::Output>;
}

/// A question to the registry, answered now or as of a past moment.
pub trait Query: Serialize + DeserializeOwned + JsonSchema {
    /// The stable name, the same in every language.
    const NAME: &'static str;
    /// The answer.
    type Output: Serialize + DeserializeOwned + JsonSchema;

    /// What it takes to ask this.
    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs>;

    /// Answers from a snapshot.
    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Self::Output>;
}

/// The contents that this process has had in its hands: only these can be registered.
///
/// What one session has read says nothing of what another one may: the key has its proof, and whom that
/// proves.
pub(crate) type Possessed = Mutex<HashMap<(String, Place, Digest), Held>>;

/// What is known of a possessed content.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    /// The size of all files, in bytes.
    pub(crate) size: u64,
    pub(crate) format: Format,
}

/// Where a possessed content is: in a catalog's store, or only hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Stored(EntityId),
    Elsewhere,
}

/// What a command works with.
#[derive(Debug)]
pub struct Context<'a> {
    pub(crate) tx: Tx<'a>,
    pub(crate) store: &'a ArtifactStore,
    pub(crate) possessed: &'a Possessed,
    pub(crate) session: &'a Session,
    pub(crate) registry: &'a str,
    /// The token of the structural word, which no other process moves meanwhile.
    pub(crate) structure: Option<u64>,
    /// What the session may do, once it was asked for.
    pub(crate) rights: Option<Arc<Rights>>,
}

impl Context<'_> {
    /// The state that the command finds, its own changes included.
    ///
    /// Every one of them has what was read of the session's rights by [`Context::admit`].
    pub(crate) fn now(&mut self) -> Snapshot<'_> {
        let logged = Logged(Some(self.tx.entry()));
        Snapshot {
            sql: self.tx.sql(),
            logged,
            moment: CommitNumber::NOW,
            is_told: false,
            store: self.store,
            session: self.session,
            registry: self.registry,
            names: Names::default(),
            present: None,
            structure: self.structure,
            rights: self.rights.clone(),
        }
    }
}

/// One consistent state of the registry.
pub struct Snapshot<'a> {
    pub(crate) sql: &'a mut dyn Sql,
    pub(crate) moment: CommitNumber,
    /// Whether errors tell the moment.
    pub(crate) is_told: bool,
    pub(crate) store: &'a ArtifactStore,
    pub(crate) session: &'a Session,
    /// The registry's own identity.
    pub(crate) registry: &'a str,
    pub(crate) names: Names,
    /// Where records are kept; none inside a write.
    pub(crate) present: Option<Present<'a>>,
    /// What is to be known of commits. Inside a write the log has no entry of that one yet.
    pub(crate) logged: Logged,
    /// The token of the structural word before the snapshot was taken.
    pub(crate) structure: Option<u64>,
    /// What the session may do, once it was asked for.
    pub(crate) rights: Option<Arc<Rights>>,
}

impl Context<'_> {
    /// Refuses a command that needs more than the session holds.
    pub(crate) fn admit(
        &mut self,
        needs: impl FnOnce(&mut Snapshot<'_>) -> Result<Needs>,
    ) -> Result<()> {
        let mut now = self.now();
        now.require(needs)?;
        let rights = now.rights()?;
        self.rights = Some(rights);
        Ok(())
    }
}

impl Snapshot<'_> {
    /// The token of the structural word now.
    pub(crate) fn structure_now(&self) -> Option<u64> {
        match self.present {
            Some(present) => present.structure(),
            // Inside a write nobody else moves it.
            None => self.structure,
        }
    }
}

impl std::fmt::Debug for Snapshot<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot").field("moment", &self.moment).finish_non_exhaustive()
    }
}

/// What the log says of a commit, or will say of the one that is being made.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Logged(Option<Entry>);

impl Logged {
    pub(crate) fn number(self, found: Option<i64>) -> Result<i64> {
        Self::or(found, self.0.map(|entry| entry.number.0))
    }

    pub(crate) fn time(self, found: Option<i64>) -> Result<DateTime<Utc>> {
        let time = Self::or(found, self.0.map(|entry| entry.time.micros()))?;
        Ok(Timestamp::from_micros(time).into())
    }

    pub(crate) fn actor(self, found: Option<i64>) -> Result<EntityId> {
        Self::or(found.map(EntityId), self.0.and_then(|entry| entry.actor))
    }

    fn or<T>(found: Option<T>, making: Option<T>) -> Result<T> {
        let lacking = || Detail::Corrupt("the log lacks an entry; run `check`".into());
        found.or(making).ok_or_else(|| lacking().into())
    }
}

/// What a caller expects a fact to be before it moves (compare and set).
///
/// In JSON: absent for [`Expect::Any`], null for [`Expect::Unset`], else the value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Expect<T> {
    /// No expectation.
    #[default]
    Any,
    /// The fact must not exist yet.
    Unset,
    /// The fact must have this value.
    Value(T),
}

impl<T> Expect<T> {
    /// Whether there is no expectation.
    pub fn is_any(&self) -> bool {
        matches!(self, Self::Any)
    }
}

impl<T: PartialEq + std::fmt::Display> Expect<T> {
    /// Holds the expectation against the fact as it is; `fact` names it in the error.
    pub(crate) fn hold(&self, present: Option<&T>, fact: &str) -> Result<()> {
        let expected = match self {
            Self::Any => return Ok(()),
            Self::Unset => None,
            Self::Value(value) => Some(value),
        };
        if expected == present {
            return Ok(());
        }
        let shown = |value: Option<&T>| {
            value.map_or_else(|| "not set".to_owned(), |value| format!("`{value}`"))
        };
        Err(Detail::Conflict(format!(
            "{fact} is {}, expected {}; read it again and decide",
            shown(present),
            shown(expected)
        ))
        .into())
    }
}

impl<T: Serialize> Serialize for Expect<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any | Self::Unset => serializer.serialize_none(),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Expect<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Unset, Self::Value))
    }
}

impl<T: JsonSchema> JsonSchema for Expect<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Expect_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Option::<T>::json_schema(generator)
    }
}
