//! Aliases: movable names for one version of a model.

use halfback_store::error::{Detail, Result};
use halfback_store::id::EntityId;
use halfback_store::name::{AliasName, ModelName};
use halfback_store::schema::{ALIAS, PROTECTION};
use halfback_store::sql::Value;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::version::{ModelVersion, Stage};
use crate::access::Privilege;
use crate::access::need::Needs;
use crate::command::{Command, Context, Expect, Snapshot};

/// Lets an alias name a version, or moves it there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetAlias {
    /// The model's name.
    pub model: String,
    /// The alias; not `latest` and not a number.
    pub alias: String,
    /// The number of the version that it shall name.
    pub version: i64,
    /// The number that it must name now; null: it must not be set.
    #[serde(default, skip_serializing_if = "Expect::is_any")]
    pub expect: Expect<i64>,
}

/// Removes an alias from the present.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteAlias {
    /// The model's name.
    pub model: String,
    /// The alias.
    pub alias: String,
    /// The number that it must name now.
    #[serde(default, skip_serializing_if = "Expect::is_any")]
    pub expect: Expect<i64>,
}

/// Protects an alias, set or not: then every move needs the expected value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProtectAlias {
    /// The model's name.
    pub model: String,
    /// The alias.
    pub alias: String,
    /// Whether it is protected from now on.
    #[serde(default = "yes")]
    pub protected: bool,
}

fn yes() -> bool {
    true
}

impl Command for SetAlias {
    const NAME: &'static str = "set_alias";
    type Output = ModelVersion;

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on(&now.on_model(&self.model)?, Privilege::SetAlias))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<ModelVersion> {
        let moved = Moved::find(context, &self.model, &self.alias)?;
        moved.hold(&self.expect)?;
        let now = context.now();
        let version = now.sql.first(
            "SELECT v.id, x.stage, EXISTS (SELECT 1 FROM purge p WHERE p.version = v.id) FROM version v JOIN version_state x ON x.version = v.id AND x.until > ?3 \
             WHERE v.model = ?1 AND v.number = ?2 AND v.until > ?3",
            &[moved.model.into(), self.version.into(), now.moment.into()],
            |row| Ok((row.id(0)?, Stage::from_word(row.text(1)?)?, row.int(2)? != 0)),
        )?;
        let (version, stage, is_purged) = version.ok_or_else(|| {
            now.absent("version", format!("{}` of `{}", self.version, moved.name))
        })?;
        if stage == Stage::Archived {
            return Err(Detail::Archived(format!(
                "version {} of `{}` is archived; restore it first, or choose another version",
                self.version, moved.name
            ))
            .into());
        }
        if is_purged {
            return Err(Detail::Conflict(format!(
                "the content of version {} of `{}` was purged, and who loads it would find nothing; choose another version",
                self.version, moved.name
            ))
            .into());
        }
        if moved.present.map(|(id, _)| id) != Some(version) {
            moved.touch(context)?;
            context.tx.touch(version)?;
            let alias = moved.alias.as_str();
            let row = [moved.model.into(), alias.into(), version.into()];
            context.without_gain(moved.model, |context| context.tx.put(&ALIAS, &row))?;
        }
        let mut now = context.now();
        now.names.know(moved.model, moved.name);
        now.version(version)
    }
}

impl Command for DeleteAlias {
    const NAME: &'static str = "delete_alias";
    type Output = ();

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on(&now.on_model(&self.model)?, Privilege::SetAlias))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<()> {
        let moved = Moved::find(context, &self.model, &self.alias)?;
        if moved.present.is_none() {
            let alias = format!("{}` of `{}", moved.alias, moved.name);
            return Err(context.now().absent("alias", alias));
        }
        moved.hold(&self.expect)?;
        moved.touch(context)?;
        let key = [moved.model.into(), moved.alias.as_str().into()];
        context.without_gain(moved.model, |context| context.tx.close(&ALIAS, &key).map(drop))
    }
}

impl Command for ProtectAlias {
    const NAME: &'static str = "protect_alias";
    type Output = ();

    fn needs(&self, now: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on(&now.on_model(&self.model)?, Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<()> {
        let moved = Moved::find(context, &self.model, &self.alias)?;
        if moved.is_protected == self.protected {
            return Ok(());
        }
        context.tx.touch(moved.model)?;
        let row: [Value<'_>; 2] = [moved.model.into(), moved.alias.as_str().into()];
        if self.protected {
            context.tx.open(&PROTECTION, &row)
        } else {
            context.tx.close(&PROTECTION, &row).map(drop)
        }
    }
}

/// An alias that is about to move.
struct Moved {
    name: ModelName,
    model: EntityId,
    alias: AliasName,
    /// Id and number of the version that it names.
    present: Option<(EntityId, i64)>,
    is_protected: bool,
}

impl Moved {
    fn find(context: &mut Context<'_>, model: &str, alias: &str) -> Result<Self> {
        let (name, alias): (ModelName, AliasName) = (model.parse()?, alias.parse()?);
        let mut now = context.now();
        let model = now.model_id(&name)?;
        let found = now.sql.first(
            "SELECT EXISTS (SELECT 1 FROM protection WHERE model = ?1 AND alias = ?2 AND until > ?3), v.id, v.number \
             FROM head LEFT JOIN alias a ON a.model = ?1 AND a.name = ?2 AND a.until > ?3 \
             LEFT JOIN version v ON v.id = a.version AND v.until > ?3",
            &[model.into(), alias.as_str().into(), now.moment.into()],
            |row| Ok((row.int(0)? != 0, row.opt_int(1)?.map(EntityId).zip(row.opt_int(2)?))),
        )?;
        let no_head = || Detail::Corrupt("the registry has no head; run `check`".into());
        let (is_protected, present) = found.ok_or_else(no_head)?;
        Ok(Self { name, model, alias, present, is_protected })
    }

    /// Holds the expected version against the present one; a protected alias needs one.
    fn hold(&self, expect: &Expect<i64>) -> Result<()> {
        if expect.is_any() && self.is_protected {
            return Err(Detail::Protected(format!(
                "alias `{}` of `{}` is protected; say in `expect` which version you believe it names now",
                self.alias, self.name
            ))
            .into());
        }
        let number = self.present.map(|(_, number)| number);
        expect.hold(number.as_ref(), &format!("alias `{}` of `{}`", self.alias, self.name))
    }

    /// Touches the model and the version that loses the alias.
    fn touch(&self, context: &mut Context<'_>) -> Result<()> {
        context.tx.touch(self.model)?;
        self.present.map_or(Ok(()), |(version, _)| context.tx.touch(version))
    }
}
