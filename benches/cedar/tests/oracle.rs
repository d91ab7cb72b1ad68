//! Random principals, groups, grants, denials and conditions: Halfback and Cedar decide alike.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use halfback::{
    AddMember, AnyCommand, CreateModel, CreatePrincipal, CreateSchema, Explain, Options,
    PrincipalKind, Registry,
};
use halfback_cedar::{Cedar, Condition, Grant, World};
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use proptest::test_runner::TestRunner;

const USERS: [&str; 3] = ["ann", "bob", "cyd"];
const GROUPS: [&str; 4] = ["g0", "g1", "g2", "g3"];
const EVERYONE: &str = "everyone";
const CATALOGS: [&str; 2] = ["risk", "shop"];
const SCHEMAS: [&str; 2] = ["a", "b"];
const MODELS: [&str; 2] = ["m", "n"];
const KEYS: [&str; 2] = ["team", "tier"];
const VALUES: [&str; 2] = ["one", "two"];
const REGISTRY: &str = "registry:/";

/// Privileges, and the levels, counted from the registry, that they can be granted on.
const PRIVILEGES: [(&str, usize); 7] = [
    ("USE CATALOG", 1),
    ("USE SCHEMA", 2),
    ("EXECUTE", 3),
    ("CREATE MODEL VERSION", 3),
    ("MODIFY", 3),
    ("APPLY TAG", 3),
    ("SET ALIAS", 3),
];

/// The securables from the registry down, each with the one that it lies in.
fn securables() -> Vec<(String, Option<String>, usize)> {
    let mut all = vec![(REGISTRY.to_owned(), None, 0)];
    for catalog in CATALOGS {
        let within = format!("catalogs:/{catalog}");
        all.push((within.clone(), Some(REGISTRY.to_owned()), 1));
        for schema in SCHEMAS {
            let inner = format!("schemas:/{catalog}.{schema}");
            all.push((inner.clone(), Some(within.clone()), 2));
            for model in MODELS {
                let model = format!("models:/{catalog}.{schema}.{model}");
                all.push((model, Some(inner.clone()), 3));
            }
        }
    }
    all
}

fn condition() -> impl Strategy<Value = Condition> {
    let key = || select(&KEYS[..]).prop_map(str::to_owned);
    let value = || select(&VALUES[..]).prop_map(str::to_owned);
    let leaf = prop_oneof![
        (key(), value()).prop_map(|(key, value)| Condition::Is(key, value)),
        (key(), subsequence(&VALUES[..], 1..=2)).prop_map(|(key, values)| {
            Condition::In(key, values.into_iter().map(str::to_owned).collect())
        }),
    ];
    leaf.prop_recursive(2, 4, 2, |inner| {
        let two = (inner.clone(), inner);
        prop_oneof![
            two.clone().prop_map(|(one, two)| Condition::And(Box::new(one), Box::new(two))),
            two.prop_map(|(one, two)| Condition::Or(Box::new(one), Box::new(two))),
        ]
    })
}

/// The condition as Halfback's filter.
fn filter(condition: &Condition) -> String {
    match condition {
        Condition::Is(key, value) => format!("tags.{key} = '{value}'"),
        Condition::In(key, values) => {
            let values: Vec<String> = values.iter().map(|value| format!("'{value}'")).collect();
            format!("tags.{key} IN ({})", values.join(", "))
        }
        Condition::And(one, two) => format!("({} AND {})", filter(one), filter(two)),
        Condition::Or(one, two) => format!("({} OR {})", filter(one), filter(two)),
    }
}

fn grant() -> impl Strategy<Value = Grant> {
    let holder = || {
        let all: Vec<_> = USERS.iter().chain(&GROUPS).chain(&[EVERYONE]).copied().collect();
        select(all)
    };
    // Most are grants, and wide ones: otherwise hardly anything is allowed.
    let allows = prop::bool::weighted(0.8);
    let asked = prop::option::weighted(0.25, condition());
    let parts = (allows, select(&PRIVILEGES[..]), any::<Index>(), holder(), asked);
    parts.prop_map(|(allows, (privilege, lowest), on, to, condition)| {
        // A denial to everyone is one to the steward, who could grant no more.
        let to = if allows || to != EVERYONE { to } else { GROUPS[0] };
        let fit: Vec<_> = securables().into_iter().filter(|(.., at)| *at <= lowest).collect();
        Grant {
            allows,
            privilege: privilege.to_owned(),
            on: on.get(&fit).0.clone(),
            to: to.to_owned(),
            // The use of a catalog or schema is of no model's.
            condition: condition.filter(|_| lowest == 3),
        }
    })
}

fn world() -> impl Strategy<Value = World> {
    let groups = prop::collection::vec(subsequence(&GROUPS[..], 0..=2), GROUPS.len());
    let users = prop::collection::vec(subsequence(&GROUPS[..], 0..=2), USERS.len());
    let tags = prop::collection::vec(
        prop::collection::btree_map(select(&KEYS[..]), select(&VALUES[..]), 0..=2),
        CATALOGS.len() * SCHEMAS.len() * MODELS.len(),
    );
    let grants = prop::collection::vec(grant(), 0..40);
    (groups, users, tags, grants).prop_map(|(groups, users, tags, mut grants)| {
        // What is said of the same once more takes the place of what was said.
        let mut said = BTreeSet::new();
        grants.reverse();
        grants.retain(|it| said.insert((it.privilege.clone(), it.on.clone(), it.to.clone())));
        grants.reverse();
        let owned = |names: Vec<&str>| -> Vec<String> {
            names.into_iter().map(str::to_owned).chain([EVERYONE.to_owned()]).collect()
        };
        let mut world = World { grants, ..World::default() };
        world.principals.insert(EVERYONE.to_owned(), Vec::new());
        for (number, (group, mut within)) in GROUPS.iter().zip(groups).enumerate() {
            // Only in groups that come after: there are no cycles.
            within.retain(|other| GROUPS[number + 1..].contains(other));
            world.principals.insert((*group).to_owned(), owned(within));
        }
        for (user, within) in USERS.iter().zip(users) {
            world.principals.insert((*user).to_owned(), owned(within));
        }
        let mut tags = tags.into_iter();
        for (name, parent, level) in securables() {
            let tags = if level == 3 { tags.next().unwrap_or_default() } else { BTreeMap::new() };
            let tags = tags.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
            world.securables.insert(name, (parent, tags.collect()));
        }
        world
    })
}

/// The world in a registry.
fn registry(folder: &std::path::Path, world: &World) -> Registry {
    let options = Options { create: true, ..Options::default() };
    let registry = Registry::open_with(folder, options).unwrap();
    let mut commands: Vec<AnyCommand> = Vec::new();
    for (name, (_, tags)) in &world.securables {
        if let Some(name) = name.strip_prefix("schemas:/") {
            let name = name.to_owned();
            commands
                .insert(0, CreateSchema { name, parents: true, ..CreateSchema::default() }.into());
        } else if let Some(name) = name.strip_prefix("models:/") {
            let (name, tags) = (name.to_owned(), tags.clone());
            commands.push(CreateModel { name, tags, ..CreateModel::default() }.into());
        }
    }
    for (names, kind) in [(&GROUPS[..], PrincipalKind::Group), (&USERS[..], PrincipalKind::Service)]
    {
        for name in names {
            let name = (*name).to_owned();
            commands.push(CreatePrincipal { name, kind, ..CreatePrincipal::default() }.into());
        }
    }
    for (member, groups) in &world.principals {
        for group in groups.iter().filter(|group| *group != EVERYONE) {
            let (group, member) = (group.clone(), member.clone());
            commands.push(AddMember { group, member }.into());
        }
    }
    for Grant { allows, privilege, on, to, condition } in &world.grants {
        commands.push(
            halfback::Grant {
                what: privilege.clone(),
                on: on.clone(),
                to: to.clone(),
                deny: !allows,
                condition: condition.as_ref().map(filter),
            }
            .into(),
        );
    }
    registry.transact(commands, None).unwrap();
    registry
}

/// What Cedar says of a privilege, and of the use of all that the securable lies in.
fn expected(cedar: &Cedar, world: &World, who: &str, privilege: &str, on: &str) -> bool {
    let decide = |privilege, on| cedar.allows(who, privilege, on).unwrap();
    let mut allowed = decide(privilege, on);
    let mut inner = on;
    while let Some((Some(outer), _)) = world.securables.get(inner) {
        allowed &= match outer.split_once(":/") {
            Some(("catalogs", _)) => decide("USE CATALOG", outer),
            Some(("schemas", _)) => decide("USE SCHEMA", outer),
            _ => true,
        };
        inner = outer;
    }
    allowed
}

#[test]
fn decisions_are_those_of_cedar() {
    let (asked, allowed) = (Cell::new(0_u32), Cell::new(0_u32));
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let outcome = runner.run(&world(), |world| {
        let folder = tempfile::tempdir().unwrap();
        let registry = registry(folder.path(), &world);
        let cedar = Cedar::new(&world).unwrap();
        for (on, _, level) in securables() {
            for (privilege, _) in PRIVILEGES.iter().filter(|(_, lowest)| level <= *lowest) {
                for who in USERS {
                    let ours = registry.query(Explain {
                        privilege: (*privilege).to_owned(),
                        on: on.clone(),
                        principal: Some(who.to_owned()),
                    });
                    let ours = ours.unwrap();
                    let theirs = expected(&cedar, &world, who, privilege, &on);
                    prop_assert_eq!(ours.allowed, theirs, "{}", ours.text);
                    asked.set(asked.get() + 1);
                    allowed.set(allowed.get() + u32::from(theirs));
                }
            }
        }
        Ok(())
    });
    outcome.unwrap();
    let share = f64::from(allowed.get()) / f64::from(asked.get());
    assert!((0.05..0.95).contains(&share), "{share} of the decisions allow: that shows little");
}
