//! Roles: named sets of privileges, in a hierarchy; and those that nobody may hold together.

use std::collections::{BTreeMap, BTreeSet};

use halfback_store::error::{Detail, Error, Result};
use halfback_store::id::EntityId;
use halfback_store::name::{label, normal_form, shown};
use halfback_store::schema::{ROLE, SEPARATION};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::need::Needs;
use super::{Privilege, Privileges};
use crate::command::{Command, Context, Query, Snapshot};
use crate::page::Page;

/// The roles that every registry has; each holds what is listed, and what the roles in it hold.
const BUILT_IN: [(&str, &[&str]); 7] = [
    ("Browser", &["BROWSE"]),
    ("Consumer", &["Browser", "USE CATALOG", "USE SCHEMA", "EXECUTE"]),
    (
        "Developer",
        &["Consumer", "CREATE MODEL", "CREATE MODEL VERSION", "MODIFY", "APPLY TAG", "EVALUATE"],
    ),
    ("Reviewer", &["Consumer", "EVALUATE", "REVIEW"]),
    ("Deployer", &["Consumer", "SET ALIAS", "DEPLOY"]),
    ("Auditor", &["Browser", "READ AUDIT"]),
    (
        "Steward",
        &[
            "Developer",
            "Reviewer",
            "Deployer",
            "Auditor",
            "CREATE CATALOG",
            "CREATE SCHEMA",
            "MANAGE",
        ],
    ),
];

/// Privileges and roles in one role.
const MOST: usize = 100;

/// The role that the creator of a registry holds on it, and that somebody always holds.
pub(crate) const STEWARD: &str = "Steward";

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Role {
    /// The name.
    pub name: String,
    /// The roles and privileges that it was made of.
    pub includes: Vec<String>,
    /// All privileges that it gives.
    pub privileges: Vec<String>,
    /// Whether every registry has it.
    pub built_in: bool,
    /// The roles that nobody may hold together with it.
    pub separated_from: Vec<String>,
}

/// Makes a role, or gives it another content.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRole {
    /// The name; not one of a privilege or of a role that every registry has.
    pub name: String,
    /// Privileges such as `EXECUTE`, and roles whose privileges it has too.
    pub includes: Vec<String>,
}

/// Removes a role that nobody holds, and that is in no other one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteRole {
    /// The name.
    pub name: String,
}

/// Says that nobody may hold two roles together, on whatever securables, directly, through groups
/// or through other roles (static separation of duties, INCITS 359-2012 §5.3); or no longer.
///
/// Stewards of the registry hold every role by that, and are outside.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeparateRoles {
    /// One of the roles.
    pub first: String,
    /// The other.
    pub second: String,
    /// Whether they are kept apart from now on.
    pub separated: bool,
}

/// Lists all roles by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRoles {}

/// The roles of a registry at a moment.
#[derive(Debug, Clone)]
pub(crate) struct Roles(BTreeMap<String, Vec<String>>);

/// What can be granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Grantable {
    Privilege(Privilege),
    Role(String),
}

impl Grantable {
    /// The word for it: a privilege's or the role's name.
    pub(crate) fn word(&self) -> &str {
        match self {
            Self::Privilege(privilege) => privilege.word(),
            Self::Role(name) => name,
        }
    }
}

impl Roles {
    pub(crate) fn read(snapshot: &mut Snapshot<'_>) -> Result<Self> {
        let own = snapshot.sql.all(
            "SELECT name, includes FROM role WHERE until > ?1 AND since <= ?1",
            &[snapshot.moment.into()],
            |row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())),
        )?;
        let mut roles = Self::built_in();
        for (name, includes) in own {
            let includes = serde_json::from_str(&includes).map_err(|_| {
                Detail::Corrupt(format!("the role `{name}` is damaged; run `check`"))
            })?;
            roles.0.insert(name, includes);
        }
        Ok(roles)
    }

    pub(crate) fn built_in() -> Self {
        let owned = |parts: &[&str]| parts.iter().map(|&part| part.to_owned()).collect();
        Self(BUILT_IN.iter().map(|(name, parts)| ((*name).to_owned(), owned(parts))).collect())
    }

    /// What a word means: a privilege in any case, or a role by its name.
    pub(crate) fn grantable(&self, word: &str) -> Result<Grantable> {
        let name = normal_form(word);
        if self.0.contains_key(&name) {
            return Ok(Grantable::Role(name));
        }
        word.parse().map(Grantable::Privilege).map_err(|_| self.unknown(word))
    }

    fn unknown(&self, word: &str) -> Error {
        let roles: Vec<&str> = self.0.keys().map(String::as_str).collect();
        Detail::InvalidArgument(format!(
            "`{}` is no privilege and no role here; expected one of {}, or a role: {}",
            shown(word),
            Privileges::ALL,
            roles.join(", ")
        ))
        .into()
    }

    /// What a privilege or role gives; nothing for what is neither (any more).
    pub(crate) fn privileges(&self, word: &str) -> Privileges {
        let mut all = Privileges::NONE;
        for part in self.within(word) {
            if let Ok(privilege) = part.parse::<Privilege>() {
                all = all.with(privilege);
            }
        }
        all
    }

    /// A role with all roles and privileges in it, at any depth.
    pub(crate) fn within(&self, word: &str) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut next = vec![word.to_owned()];
        while let Some(word) = next.pop() {
            if seen.insert(word.clone()) {
                next.extend(self.0.get(&word).into_iter().flatten().cloned());
            }
        }
        seen
    }

    fn is_role(&self, word: &str) -> bool {
        self.0.contains_key(word)
    }
}

fn is_built_in(name: &str) -> bool {
    BUILT_IN.iter().any(|(built_in, _)| *built_in == name)
}

impl Command for SetRole {
    const NAME: &'static str = "set_role";
    type Output = Role;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<Role> {
        let name = label(&self.name, "role")?;
        if name.parse::<Privilege>().is_ok() || is_built_in(&name) {
            return Err(Detail::ReservedName(format!(
                "`{}` is no name for a role of one's own; choose another",
                shown(&name)
            ))
            .into());
        }
        let mut roles = Roles::read(&mut context.now())?;
        let mut includes = BTreeSet::new();
        for word in &self.includes {
            if roles.within(word).contains(&name) {
                return Err(Detail::Conflict(format!(
                    "`{}` holds the role `{name}` itself; roles have no cycles",
                    shown(word)
                ))
                .into());
            }
            includes.insert(roles.grantable(word)?.word().to_owned());
        }
        if includes.len() > MOST {
            return Err(Detail::InvalidArgument(format!(
                "the role includes {} privileges and roles; {MOST} at most",
                includes.len()
            ))
            .into());
        }
        if includes.is_empty() {
            return Err(Detail::InvalidArgument(
                "the role includes nothing; name privileges or roles".into(),
            )
            .into());
        }
        let includes: Vec<String> = includes.into_iter().collect();
        let value = serde_json::json!(includes).to_string();
        let before = context.now().rights()?;
        let old = roles.privileges(&name);
        if roles.0.insert(name.clone(), includes.clone()) != Some(includes) {
            context.refuse_to_exceed(old.or(roles.privileges(&name)), &name)?;
            context.tx.put(&ROLE, &[(&name).into(), (&value).into()])?;
            context.changed_access(None)?;
            context.hold_separations()?;
            context.refuse_gain(&before)?;
            context.keep_a_steward()?;
        }
        context.now().role(&name)
    }
}

impl Command for DeleteRole {
    const NAME: &'static str = "delete_role";
    type Output = ();

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<()> {
        let name = normal_form(&self.name);
        if is_built_in(&name) {
            return Err(
                Detail::ReservedName(format!("every registry has the role `{name}`")).into()
            );
        }
        let mut now = context.now();
        let roles = Roles::read(&mut now)?;
        if !roles.is_role(&name) {
            return Err(now.absent("role", shown(&name)));
        }
        if let Some((other, _)) = roles.0.iter().find(|(_, parts)| parts.contains(&name)) {
            return Err(Detail::InUse(format!(
                "the role `{other}` includes the role `{name}`; set it anew without it first"
            ))
            .into());
        }
        let held = now.sql.first(
            "SELECT principal FROM access_grant WHERE what = ?1 AND until > ?2 LIMIT 1",
            &[(&name).into(), now.moment.into()],
            |row| row.id(0),
        )?;
        if let Some(holder) = held {
            let holder = now.principal_label(holder)?;
            return Err(Detail::InUse(format!(
                "{holder} holds the role `{name}`; revoke it first"
            ))
            .into());
        }
        // One of that name made later would not be kept apart any more, and nobody would have said so.
        let pairs = now.separations()?;
        let apart = pairs.iter().find(|(first, second)| [first, second].contains(&&name));
        if let Some((first, second)) = apart {
            let other = if *first == name { second } else { first };
            return Err(Detail::InUse(format!(
                "the role `{name}` is kept apart from `{other}`; end that with `separate_roles` first"
            ))
            .into());
        }
        context.tx.close(&ROLE, &[(&name).into()])?;
        context.changed_access(None)
    }
}

impl Command for SeparateRoles {
    const NAME: &'static str = "separate_roles";
    type Output = ();

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::Manage))
    }

    fn apply(mut self, context: &mut Context<'_>) -> Result<()> {
        let roles = Roles::read(&mut context.now())?;
        for name in [&mut self.first, &mut self.second] {
            *name = normal_form(name);
            if !roles.is_role(name) {
                return Err(context.now().absent("role", shown(name)));
            }
        }
        if roles.within(&self.first).contains(&self.second)
            || roles.within(&self.second).contains(&self.first)
        {
            return Err(Detail::InvalidArgument(format!(
                "`{}` and `{}` hold one another; only roles apart can be separated",
                self.first, self.second
            ))
            .into());
        }
        let pair = if self.first < self.second {
            [&self.first, &self.second]
        } else {
            [&self.second, &self.first]
        };
        let key = pair.map(halfback_store::sql::Value::from);
        let present = context.now().separations()?;
        let is_present = present.iter().any(|(first, second)| pair == [first, second]);
        if is_present == self.separated {
            return Ok(());
        }
        if self.separated {
            context.tx.open(&SEPARATION, &key)?;
        } else {
            context.tx.close(&SEPARATION, &key)?;
        }
        context.changed_access(None)?;
        context.hold_separations()
    }
}

impl Query for ListRoles {
    const NAME: &'static str = "list_roles";
    type Output = Page<Role>;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Anyone("what a role means is said to whoever is granted it"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<Role>> {
        let names: Vec<String> = Roles::read(snapshot)?.0.into_keys().collect();
        let roles = names.iter().map(|name| snapshot.role(name)).collect::<Result<_>>()?;
        Ok(Page::whole(roles))
    }
}

impl Snapshot<'_> {
    fn role(&mut self, name: &str) -> Result<Role> {
        let roles = Roles::read(self)?;
        let apart = self.separations()?.into_iter().filter_map(|(first, second)| {
            if first == name { Some(second) } else { (second == name).then_some(first) }
        });
        Ok(Role {
            name: name.to_owned(),
            includes: roles.0.get(name).cloned().unwrap_or_default(),
            privileges: roles.privileges(name).words(),
            built_in: is_built_in(name),
            separated_from: apart.collect(),
        })
    }

    /// The pairs of roles that nobody may hold together.
    pub(crate) fn separations(&mut self) -> Result<Vec<(String, String)>> {
        self.sql.all(
            "SELECT first, second FROM separation WHERE until > ?1 AND since <= ?1 ORDER BY first, second",
            &[self.moment.into()],
            |row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())),
        )
    }
}

impl Context<'_> {
    /// Refuses a state in which somebody holds two roles that are kept apart.
    pub(crate) fn hold_separations(&mut self) -> Result<()> {
        let mut now = self.now();
        let separations = now.separations()?;
        if separations.is_empty() {
            return Ok(());
        }
        let roles = Roles::read(&mut now)?;
        let everyone = now.everyone()?;
        for principal in now.living_principals()? {
            let mut held = BTreeSet::new();
            for identity in now.identities(principal)?.into_iter().chain(everyone) {
                for (word, on) in now.granted_words(identity)? {
                    let within = roles.within(&word);
                    // Who holds everything on the registry is outside.
                    if on != EntityId::REGISTRY || !within.contains(STEWARD) {
                        held.extend(within);
                    }
                }
            }
            let both = |(first, second): &&(String, String)| {
                held.contains(first.as_str()) && held.contains(second.as_str())
            };
            if let Some((first, second)) = separations.iter().find(both) {
                let principal = now.principal_label(principal)?;
                return Err(Detail::Conflict(format!(
                    "{principal} would hold `{first}` and `{second}`, which are kept apart; revoke one first"
                ))
                .into());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steward_holds_every_privilege_and_every_role_what_it_says() {
        let roles = Roles::built_in();
        assert_eq!(roles.privileges(STEWARD), Privileges::ALL);
        assert_eq!(
            roles.privileges("Consumer").to_string(),
            "BROWSE, USE CATALOG, USE SCHEMA, EXECUTE"
        );
        assert!(!roles.privileges("Developer").contains(Privilege::Review));
        assert!(!roles.privileges("Developer").contains(Privilege::SetAlias));
        assert!(roles.privileges("Nobody").is_empty());
        for (_, parts) in BUILT_IN {
            for part in parts {
                assert!(roles.grantable(part).is_ok(), "{part}");
            }
        }
    }
}
