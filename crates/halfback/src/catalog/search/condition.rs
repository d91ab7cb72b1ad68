//! Conditions of grants, in the grammar of searches: whether a model meets one, and which of a
//! page's rows do. Access is that of now, so a search looks at the tags and aliases of now, whatever
//! moment it is about.

use std::fmt::Write as _;

use halfback_store::error::{Detail, Error, Result};
use halfback_store::id::{CommitNumber, EntityId};

use super::attribute::Subject;
use super::compile::{Parameters, compile};
use super::fragment::Fragment;
use crate::command::Snapshot;
use crate::filter::Filter;

/// What a condition may be about.
const ATTRIBUTES: [&str; 4] = ["tag", "tags", "alias", "aliases"];

/// How conditions on tags and aliases name the model's id, and nothing else of it.
const MODEL: &str = "m.id";

/// A condition on a model.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    text: String,
    met: Fragment,
    /// Gives the ids of all models that can meet it.
    pub(super) seed: Option<Fragment>,
}

impl Condition {
    /// Reads the condition of a grant.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let filter = Filter::parse(text)?;
        if let Some(other) = filter.attributes().into_iter().find(|name| !ATTRIBUTES.contains(name))
        {
            return Err(refused(&format!("`{other}` is neither a tag nor an alias")));
        }
        if filter.attributes().is_empty() {
            return Err(refused("it is empty"));
        }
        let compiled = compile(Subject::Models, text, &Parameters::new())?;
        if compiled.conditions.is_empty() || !compiled.checks.is_empty() {
            return Err(refused("it has to compare tags or aliases with `=`, `!=` or `IN`"));
        }
        let met = Fragment::joined(compiled.conditions, " AND ").within("(", ")");
        let seed = compiled.seeds.into_iter().next().map(|seed| seed.select.about_now());
        Ok(Self { text: text.to_owned(), met, seed })
    }

    /// The text of a condition that can be read.
    pub(crate) fn checked(text: &str) -> Result<String> {
        Self::parse(text.trim()).map(|condition| condition.text)
    }

    /// That one of these principals owns the model.
    pub(crate) fn owned_by(owners: &[EntityId]) -> Self {
        let owners = list(owners.iter().copied());
        let met = format!(
            "EXISTS (SELECT 1 FROM profile o WHERE o.target = m.id AND o.until > @ AND o.since <= @ AND o.owner IN ({owners}))"
        );
        let seed = format!(
            "SELECT target AS id FROM profile WHERE owner IN ({owners}) AND until > @ AND since <= @"
        );
        Self {
            text: "owned".to_owned(),
            met: Fragment::from(met.as_str()),
            seed: Some(Fragment::from(seed.as_str()).about_now()),
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether a model meets it at a moment.
    pub(crate) fn is_met(
        &self,
        snapshot: &mut Snapshot<'_>,
        model: EntityId,
        moment: CommitNumber,
    ) -> Result<bool> {
        let select = self
            .met
            .clone()
            .naming(MODEL, &model.to_string())
            .within("SELECT 1 WHERE @ > 0 AND ", "");
        let (sql, params) = select.statement(moment);
        Ok(snapshot.sql.first(&sql, &params, |row| row.int(0))?.is_some())
    }

    /// 1 for a row whose model, in this expression, meets it now; else 0.
    pub(super) fn column(&self, model: &str) -> Fragment {
        self.met.clone().about_now().naming(MODEL, model).within("CASE WHEN ", " THEN 1 ELSE 0 END")
    }
}

/// Ids, for `IN`; nothing has the id -1.
pub(super) fn list(ids: impl Iterator<Item = EntityId>) -> String {
    let mut list = "-1".to_owned();
    for id in ids {
        let _ = write!(list, ", {id}");
    }
    list
}

fn refused(why: &str) -> Error {
    Detail::InvalidFilter(format!(
        "the filter cannot be a grant's condition: {why}; expected one such as `tags.env = 'test'`"
    ))
    .into()
}
