//! Tags: a key and a value on a catalog, schema, model or version.

use std::collections::BTreeMap;

use halfback_store::error::{Detail, Result};
use halfback_store::id::EntityId;
use halfback_store::name::{TagKey, text};
use halfback_store::schema::TAG;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Privilege;
use crate::access::need::Needs;
use crate::command::{Command, Context, Expect, Snapshot};
use crate::secret;
use crate::securable::Target;

/// Sets a tag, or gives it another value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetTag {
    /// What is tagged: a URI such as `schemas:/risk.credit`, or a model or version.
    pub target: String,
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
    /// Keep a value that looks like a key, token or password.
    #[serde(default)]
    pub allow_secrets: bool,
    /// What the value must be now; null: the tag must not exist.
    #[serde(default, skip_serializing_if = "Expect::is_any")]
    pub expect: Expect<String>,
}

/// Removes a tag from the present.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteTag {
    /// What is tagged: a URI such as `schemas:/risk.credit`, or a model or version.
    pub target: String,
    /// The key.
    pub key: String,
    /// What the value must be now.
    #[serde(default, skip_serializing_if = "Expect::is_any")]
    pub expect: Expect<String>,
}

impl Command for SetTag {
    const NAME: &'static str = "set_tag";
    type Output = ();

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        now.needs_on(&self.target, Privilege::ApplyTag)
    }

    fn apply(self, context: &mut Context<'_>) -> Result<()> {
        let (id, present, key) = context.tag_of(&self.target, &self.key)?;
        self.expect.hold(present.as_ref(), &format!("tag `{key}` of `{}`", self.target))?;
        if present.as_ref() == Some(&self.value) {
            return Ok(());
        }
        if !self.allow_secrets {
            secret::refuse_named(key.as_str(), &self.value, &format!("tag `{key}`"))?;
        }
        let value = text(self.value, "the tag's value")?;
        context.tx.touch_whole(id)?;
        let kind = context.tx.sql().first(
            "SELECT kind FROM securable WHERE id = ?1 LIMIT 1",
            &[id.into()],
            |row| row.text(0).map(str::to_owned),
        )?;
        let kind = kind.as_deref().unwrap_or(VERSION);
        context.without_gain(id, |context| context.put_tag(id, kind, &key, &value))
    }
}

impl Command for DeleteTag {
    const NAME: &'static str = "delete_tag";
    type Output = ();

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        now.needs_on(&self.target, Privilege::ApplyTag)
    }

    fn apply(self, context: &mut Context<'_>) -> Result<()> {
        let (id, present, key) = context.tag_of(&self.target, &self.key)?;
        if present.is_none() {
            return Err(Detail::NotFound(format!("`{}` has no tag `{key}`", self.target)).into());
        }
        self.expect.hold(present.as_ref(), &format!("tag `{key}` of `{}`", self.target))?;
        context.tx.touch_whole(id)?;
        context.without_gain(id, |context| {
            context.tx.close(&TAG, &[id.into(), key.as_str().into()]).map(drop)
        })
    }
}

impl Context<'_> {
    /// The target, the present value, and the key.
    fn tag_of(&mut self, target: &str, key: &str) -> Result<(EntityId, Option<String>, TagKey)> {
        let key: TagKey = key.parse()?;
        let id = self.now().target_id(&target.parse::<Target>()?)?;
        let present = self.now().tags(id)?.remove(key.as_str());
        Ok((id, present, key))
    }

    /// Opens the tags that something of a kind begins with.
    pub(super) fn add_tags(
        &mut self,
        id: EntityId,
        kind: &str,
        tags: &BTreeMap<String, String>,
        allow_secrets: bool,
    ) -> Result<()> {
        for (key, value) in tags {
            let key: TagKey = key.parse()?;
            if !allow_secrets {
                secret::refuse_named(key.as_str(), value, &format!("tag `{key}`"))?;
            }
            let value = text(value.clone(), "the tag's value")?;
            self.put_tag(id, kind, &key, &value)?;
        }
        Ok(())
    }

    fn put_tag(&mut self, id: EntityId, kind: &str, key: &TagKey, value: &str) -> Result<()> {
        self.tx.put(&TAG, &[id.into(), key.as_str().into(), value.into(), kind.into()])
    }
}

/// The kind of what is tagged, where that is a version.
pub(super) const VERSION: &str = "version";

/// The bytes of text in tags.
pub(super) fn text_of(tags: &BTreeMap<String, String>) -> usize {
    tags.iter().map(|(key, value)| key.len() + value.len()).sum()
}

impl Snapshot<'_> {
    /// The tags of something.
    pub(super) fn tags(&mut self, target: EntityId) -> Result<BTreeMap<String, String>> {
        let tags = self.sql.all(
            "SELECT key, value FROM tag WHERE target = ?1 AND until > ?2 AND since <= ?2",
            &[target.into(), self.moment.into()],
            |row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())),
        )?;
        Ok(tags.into_iter().collect())
    }
}
