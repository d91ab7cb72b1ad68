//! Origins: what a model or version was in the system that it was brought in from.

use chrono::{DateTime, Utc};
use halfback_store::error::{Detail, Result};
use halfback_store::id::EntityId;
use halfback_store::name::text;
use halfback_store::schema::ORIGIN;
use halfback_store::sql::Row;
use halfback_store::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::command::{Context, Snapshot};
use crate::secret;
use crate::securable::Pin;

/// What something was in the system that it was brought in from. Times and names here are that
/// system's word; when it came into this registry, and by whom, the log tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The kind of system, such as `mlflow`.
    pub system: String,
    /// What it was called there, such as `models:/fraud/3`.
    pub reference: String,
    /// When it was created there.
    #[serde(default)]
    pub created_at: Option<DateTime<Utc>>,
    /// Who created it there; none where unknown, or once the name was erased.
    #[serde(default)]
    pub created_by: Option<String>,
    /// When it was last changed there.
    #[serde(default)]
    pub updated_at: Option<DateTime<Utc>>,
    /// Its URI there, where the reference is another name for it: names can move.
    #[serde(default)]
    pub uri: Option<String>,
    /// What it was before, where that system had it from another one; the nearest first. Of more than
    /// 32, the nearest and the first of all are kept.
    #[serde(default, deserialize_with = "or_none")]
    pub earlier: Vec<EarlierOrigin>,
}

/// What something was in a system from which another system had it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EarlierOrigin {
    /// The kind of system.
    pub system: String,
    /// What it was called there.
    pub reference: String,
    /// Its URI there, where the reference is another name for it.
    #[serde(default)]
    pub uri: Option<String>,
}

/// The kind of system that a registry is; what it calls a version is the version's pin.
pub(crate) const REGISTRY: &str = "halfback";

/// How many systems something may have been in before.
const MOST_EARLIER: usize = 32;

/// A list that may be null.
fn or_none<'de, D: Deserializer<'de>>(value: D) -> Result<Vec<EarlierOrigin>, D::Error> {
    Option::deserialize(value).map(Option::unwrap_or_default)
}

impl Origin {
    /// Refuses names that hold a secret, such as a URI with a password.
    pub(super) fn refuse_secrets(&self) -> Result<()> {
        let Self { reference, uri, earlier, .. } = self;
        let earlier =
            earlier.iter().flat_map(|earlier| [Some(&earlier.reference), earlier.uri.as_ref()]);
        for text in [Some(reference), uri.as_ref()].into_iter().chain(earlier).flatten() {
            secret::refuse(text, "`origin`")?;
        }
        Ok(())
    }

    /// What comes before this where something is brought on from here.
    pub(crate) fn and_earlier(self) -> Vec<EarlierOrigin> {
        let Self { system, reference, uri, earlier, .. } = self;
        let mut all = vec![EarlierOrigin { system, reference, uri }];
        all.extend(earlier);
        if all.len() > MOST_EARLIER {
            // The first of all says where it really is from.
            all.drain(MOST_EARLIER - 1..all.len() - 1);
        }
        all
    }

    /// The versions of registries that it was, by their pins; the nearest first.
    pub(crate) fn pins(&self) -> impl Iterator<Item = &str> {
        let earlier = self.earlier.iter().map(|earlier| (&earlier.system, &earlier.reference));
        std::iter::once((&self.system, &self.reference))
            .chain(earlier)
            .filter(|(system, reference)| *system == REGISTRY && reference.parse::<Pin>().is_ok())
            .map(|(_, reference)| reference.as_str())
    }

    /// The origin in the columns from `first` on: system, reference, created, creator, updated,
    /// URI, earlier. The creator comes as an id, whose name is still to be read.
    pub(super) fn read(row: &dyn Row, first: usize) -> Result<Option<(Self, Option<EntityId>)>> {
        let damaged = || Detail::Corrupt("an origin's row is damaged; run `check`".into());
        let Some(system) = row.opt_string(first)? else { return Ok(None) };
        let time = |index| -> Result<Option<DateTime<Utc>>> {
            Ok(row.opt_int(index)?.map(|micros| Timestamp::from_micros(micros).into()))
        };
        let origin = Self {
            system,
            reference: row.text(first + 1)?.to_owned(),
            created_at: time(first + 2)?,
            created_by: None,
            updated_at: time(first + 4)?,
            uri: row.opt_string(first + 5)?,
            earlier: match row.opt_text(first + 6)? {
                Some(earlier) => serde_json::from_str(earlier).map_err(|_| damaged())?,
                None => Vec::new(),
            },
        };
        Ok(Some((origin, row.opt_int(first + 3)?.map(EntityId))))
    }
}

impl Snapshot<'_> {
    /// An origin that was read, with its creator's name.
    pub(super) fn origin(
        &mut self,
        read: Option<(Origin, Option<EntityId>)>,
    ) -> Result<Option<Origin>> {
        let Some((origin, creator)) = read else { return Ok(None) };
        let created_by = creator.map(|id| self.principal_name(id)).transpose()?.flatten();
        Ok(Some(Origin { created_by, ..origin }))
    }
}

impl Context<'_> {
    /// Keeps where something new was brought in from.
    pub(super) fn add_origin(&mut self, target: EntityId, origin: Option<Origin>) -> Result<()> {
        let Some(origin) = origin else { return Ok(()) };
        let mut named = vec![(&origin.system, &origin.reference)];
        named.extend(origin.earlier.iter().map(|earlier| (&earlier.system, &earlier.reference)));
        if named.iter().any(|(system, reference)| system.is_empty() || reference.is_empty()) {
            return Err(Detail::InvalidArgument(
                "an origin names its system and what it was called there".into(),
            )
            .into());
        }
        let earlier = earlier(origin.earlier)?;
        let creator = match origin.created_by {
            Some(name) if !name.is_empty() => {
                Some(self.tx.principal(&text(name, "origin.created_by")?)?)
            }
            _ => None,
        };
        let uri = origin.uri.map(|uri| text(uri, "origin.uri")).transpose()?;
        let micros = |time: Option<DateTime<Utc>>| time.map(|time| Timestamp::from(time).micros());
        self.tx.open(
            &ORIGIN,
            &[
                target.into(),
                (&text(origin.system, "origin.system")?).into(),
                (&text(origin.reference, "origin.reference")?).into(),
                micros(origin.created_at).into(),
                creator.into(),
                micros(origin.updated_at).into(),
                uri.as_ref().into(),
                earlier.as_ref().into(),
            ],
        )
    }
}

/// Earlier origins as they are stored; none where there are none.
fn earlier(origins: Vec<EarlierOrigin>) -> Result<Option<String>> {
    if origins.is_empty() {
        return Ok(None);
    }
    if origins.len() > MOST_EARLIER {
        let why =
            format!("`origin.earlier` has {}, at most {MOST_EARLIER} are kept", origins.len());
        return Err(Detail::InvalidArgument(why).into());
    }
    let said = |value: String, field: &str| text(value, &format!("origin.earlier.{field}"));
    let checked = |EarlierOrigin { system, reference, uri }| {
        Ok(EarlierOrigin {
            system: said(system, "system")?,
            reference: said(reference, "reference")?,
            uri: uri.map(|uri| said(uri, "uri")).transpose()?,
        })
    };
    let origins = origins.into_iter().map(checked).collect::<Result<Vec<_>>>()?;
    let json = serde_json::to_string(&origins)
        .map_err(|error| Detail::Internal(format!("an origin has no JSON: {error}")))?;
    text(json, "origin.earlier").map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: usize) -> EarlierOrigin {
        EarlierOrigin { system: "house".into(), reference: number.to_string(), uri: None }
    }

    #[test]
    fn of_a_long_way_the_nearest_and_the_first_are_kept() {
        let origin = |count: usize| Origin {
            earlier: (1..=count).map(place).collect(),
            ..serde_json::from_str(r#"{"system": "house", "reference": "0", "earlier": null}"#)
                .unwrap()
        };
        let ways = |count| -> Vec<String> {
            origin(count).and_earlier().into_iter().map(|place| place.reference).collect()
        };
        assert_eq!(ways(2), ["0", "1", "2"]);
        let long = ways(MOST_EARLIER);
        assert_eq!(long.len(), MOST_EARLIER);
        assert_eq!((long[30].as_str(), long[31].as_str()), ("30", "32"));
    }

    #[test]
    fn earlier_origins_are_bounded_in_number_and_size() {
        let many = (0..=MOST_EARLIER).map(place).collect();
        assert_eq!(earlier(many).unwrap_err().code(), "invalid_argument");
        let long = EarlierOrigin { reference: "x".repeat(60_000), ..place(1) };
        assert!(earlier(vec![long.clone()]).is_ok());
        assert_eq!(earlier(vec![long.clone(), long]).unwrap_err().code(), "invalid_argument");
        assert_eq!(earlier(Vec::new()).unwrap(), None);
    }
}
