//! Example rows of a version: something to try it with, and what it answered then.

use halfback_store::error::{Detail, Result};
use halfback_store::name::text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::version::{ModelVersion, checked_json, json};
use crate::access::Privilege;
use crate::access::need::Needs;
use crate::command::{Context, Query, Snapshot};
use crate::securable::VersionRef;

/// Rows to try a version with, and what it answered to them. They can be erased like a comment:
/// the log holds only their salted hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The names of the columns; none where the input is an array.
    #[serde(default)]
    pub columns: Option<Vec<String>>,
    /// The input, row by row: with columns a list of as many values, else a number, text, or
    /// nested lists of them.
    pub rows: Vec<Value>,
    /// What the version answered to each row, to hold later answers against; none where it was
    /// not tried.
    #[serde(default)]
    pub outputs: Option<Vec<Value>>,
}

impl Example {
    /// Holds the parts against one another.
    fn check(&self) -> Result<()> {
        const MOST: usize = 1000;
        let parts = [("rows", Some(&self.rows)), ("outputs", self.outputs.as_ref())];
        for (part, values) in parts {
            for (at, value) in values.into_iter().flatten().enumerate() {
                checked_json(value, &format!("example.{part}[{at}]"))?;
            }
        }
        for column in self.columns.iter().flatten() {
            text(column.clone(), "example.columns")?;
        }
        let refused = |why: String| Err(Detail::InvalidArgument(why).into());
        if !(1..=MOST).contains(&self.rows.len()) {
            return refused(format!(
                "an example has 1 to {MOST} rows, this one {}; a few are enough to try a version",
                self.rows.len()
            ));
        }
        if let Some(columns) = &self.columns {
            let fits = |row: &Value| row.as_array().is_some_and(|row| row.len() == columns.len());
            if let Some(at) = self.rows.iter().position(|row| !fits(row)) {
                return refused(format!(
                    "example.rows[{at}] does not have the {} values that example.columns names",
                    columns.len()
                ));
            }
        }
        match &self.outputs {
            Some(outputs) if outputs.len() != self.rows.len() => refused(format!(
                "the example has {} rows and {} outputs; expected one output for each row",
                self.rows.len(),
                outputs.len()
            )),
            _ => Ok(()),
        }
    }
}

/// Gives the example rows of a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetExample {
    /// The version.
    pub version: VersionRef,
}

impl Query for GetExample {
    const NAME: &'static str = "get_example";
    type Output = Example;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on(&now.on_version(&self.version)?, Privilege::Execute))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Example> {
        let (_, id) = snapshot.version_ref(&self.version)?;
        let body = snapshot.sql.first(
            "SELECT t.body FROM version v JOIN text t ON t.digest = v.example \
             WHERE v.id = ?1 AND v.until > ?2 AND v.since <= ?2",
            &[id.into(), snapshot.moment.into()],
            |row| row.text(0).map(str::to_owned),
        )?;
        let body = body.ok_or_else(|| {
            Detail::NotFound(
                "the version has no example rows; they are given when it is registered".into(),
            )
        })?;
        serde_json::from_str(&body)
            .map_err(|_| Detail::Corrupt("an example is damaged; run `check`".into()).into())
    }
}

impl Snapshot<'_> {
    /// The example rows that go with a record.
    pub(crate) fn example_of(&mut self, version: &ModelVersion) -> Result<Option<Example>> {
        let example = GetExample { version: VersionRef::from(version) };
        if version.has_example { example.run(self).map(Some) } else { Ok(None) }
    }
}

impl Context<'_> {
    /// Stores example rows; gives the reference that goes into the fact row.
    pub(super) fn example(&mut self, example: &Example) -> Result<Vec<u8>> {
        example.check()?;
        self.tx.text(&text(json(example)?, "example")?)
    }
}
