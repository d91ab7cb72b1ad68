//! Grants and denials on nested securables, said to Cedar: what both it and Halfback can express.
//!
//! A grant is a `permit`, a denial a `forbid`; groups and securables are entities in entities; a
//! condition on tags is a `when`. What Halfback asks for beside a privilege, the use of the catalog
//! and of the schema, is one more decision each.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid,
    PolicySet, Request, RestrictedExpression,
};

/// What can go wrong while a world is said.
pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Who and what there is.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// Principals and groups, by name, with the groups that they are in.
    pub principals: BTreeMap<String, Vec<String>>,
    /// Securables, by name, with the one that each lies in, and the tags of each.
    pub securables: BTreeMap<String, (Option<String>, BTreeMap<String, String>)>,
    /// What is granted and denied.
    pub grants: Vec<Grant>,
}

/// A grant or a denial.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Whether it is a grant.
    pub allows: bool,
    /// The privilege.
    pub privilege: String,
    /// The securable.
    pub on: String,
    /// The principal or group.
    pub to: String,
    /// The securables that it is about.
    pub condition: Option<Condition>,
}

/// A condition on tags.
#[derive(Debug, Clone)]
pub enum Condition {
    /// The tag has the value.
    Is(String, String),
    /// The tag has one of the values.
    In(String, Vec<String>),
    /// Both hold.
    And(Box<Condition>, Box<Condition>),
    /// One of them holds.
    Or(Box<Condition>, Box<Condition>),
}

/// Cedar, with a world said to it.
#[derive(Debug)]
pub struct Cedar {
    policies: PolicySet,
    entities: Entities,
}

impl Cedar {
    /// Says a world. Fails on names that are no names in Cedar.
    pub fn new(world: &World) -> Outcome<Self> {
        let mut policies = String::new();
        for grant in &world.grants {
            writeln!(policies, "{}", policy(grant))?;
        }
        let mut entities = Vec::new();
        for (name, groups) in &world.principals {
            let groups = groups.iter().map(|group| uid("Principal", group));
            let groups = groups.collect::<Outcome<HashSet<_>>>()?;
            entities.push(Entity::new_no_attrs(uid("Principal", name)?, groups));
        }
        for (name, (parent, tags)) in &world.securables {
            let parent = parent.iter().map(|parent| uid("Securable", parent));
            let tags = tags
                .iter()
                .map(|(key, value)| (key.clone(), RestrictedExpression::new_string(value.clone())));
            let uid = uid("Securable", name)?;
            let parent = parent.collect::<Outcome<HashSet<_>>>()?;
            entities.push(Entity::new(uid, tags.collect(), parent)?);
        }
        Ok(Self { policies: policies.parse()?, entities: Entities::from_entities(entities, None)? })
    }

    /// Whether a principal holds a privilege on a securable. Fails where a policy does.
    pub fn allows(&self, principal: &str, privilege: &str, securable: &str) -> Outcome<bool> {
        let request = Request::new(
            uid("Principal", principal)?,
            uid("Action", privilege)?,
            uid("Securable", securable)?,
            Context::empty(),
            None,
        )?;
        let answer = Authorizer::new().is_authorized(&request, &self.policies, &self.entities);
        match answer.diagnostics().errors().next() {
            Some(error) => Err(error.clone().into()),
            None => Ok(answer.decision() == Decision::Allow),
        }
    }
}

fn uid(kind: &str, name: &str) -> Outcome<EntityUid> {
    let kind: EntityTypeName = kind.parse()?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(name)))
}

fn policy(grant: &Grant) -> String {
    let Grant { allows, privilege, on, to, condition } = grant;
    let effect = if *allows { "permit" } else { "forbid" };
    let when = condition.as_ref().map(|it| format!(" when {{ {} }}", expression(it)));
    format!(
        "{effect}(principal in Principal::{to:?}, action == Action::{privilege:?}, \
         resource in Securable::{on:?}){};",
        when.unwrap_or_default()
    )
}

fn expression(condition: &Condition) -> String {
    match condition {
        Condition::Is(key, value) => format!("(resource has {key} && resource.{key} == {value:?})"),
        Condition::In(key, values) => {
            format!("(resource has {key} && {values:?}.contains(resource.{key}))")
        }
        Condition::And(one, two) => format!("({} && {})", expression(one), expression(two)),
        Condition::Or(one, two) => format!("({} || {})", expression(one), expression(two)),
    }
}
