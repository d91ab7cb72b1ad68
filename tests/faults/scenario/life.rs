//! What a registry is for: models, versions, aliases, and reading them back.

use halfback::{AnyCommand, Registry, SetTag, UpdateModel, no_progress};

use super::{Found, Scenario, Step, create_model, first, is_whole};

pub(crate) const LIFE: Scenario = Scenario { steps: &STEPS, thin: 1, given: |_| () };

/// The run of the version that is the champion.
fn champion(registry: &Registry) -> Option<String> {
    let version = registry.find_version("models:/fraud@champion").unwrap()?;
    Some(version.run.clone().expect("every version has a run"))
}

fn tag(registry: &Registry, target: &str, key: &str) -> Option<String> {
    let model = registry.find_model(target).unwrap()?;
    model.tags.get(key).cloned()
}

const STEPS: [Step; 13] = [
    Step { name: "open", run: |world| world.registry().map(drop), shows: |_| true },
    Step {
        name: "create_model",
        run: |world| create_model(&world.registry()?),
        shows: |Found { registry, .. }| registry.find_model("fraud").unwrap().is_some(),
    },
    Step {
        name: "register bytes",
        run: |world| world.register("one", &first()),
        shows: |Found { registry, .. }| is_whole(registry, "one"),
    },
    Step {
        name: "register folder",
        run: |world| world.register("two", &world.content()),
        shows: |Found { registry, .. }| is_whole(registry, "two"),
    },
    Step {
        name: "set_alias",
        run: |world| {
            let version = world.version("one")?;
            world.registry()?.set_alias("fraud", "champion", version.number).map(drop)
        },
        shows: |Found { registry, .. }| champion(registry).is_some(),
    },
    Step {
        name: "move alias",
        run: |world| {
            let version = world.version("two")?;
            world.registry()?.set_alias("fraud", "champion", version.number).map(drop)
        },
        shows: |Found { registry, .. }| champion(registry).as_deref() == Some("two"),
    },
    Step {
        name: "transact",
        run: |world| {
            let set = |key: &str| {
                let (target, key, value) = ("fraud".into(), key.into(), "v".into());
                AnyCommand::SetTag(SetTag { target, key, value, ..SetTag::default() })
            };
            let keyed = Some("once");
            world.registry()?.transact(vec![set("a"), set("b")], keyed).map(drop)
        },
        shows: |Found { registry, .. }| {
            let (a, b) = (tag(registry, "fraud", "a"), tag(registry, "fraud", "b"));
            assert_eq!(a, b, "half a transaction");
            a.is_some()
        },
    },
    Step {
        name: "update_model",
        run: |world| {
            let update = UpdateModel {
                name: "fraud".into(),
                comment: Some("second".into()),
                ..UpdateModel::default()
            };
            world.registry()?.update_model(update).map(drop)
        },
        shows: |Found { registry, .. }| {
            let comment = registry.find_model("fraud").unwrap().and_then(|model| model.comment);
            assert!(comment.iter().all(|text| text == "first" || text == "second"), "{comment:?}");
            comment.as_deref() == Some("second")
        },
    },
    Step {
        name: "close",
        run: |world| world.registry.take().map_or(Ok(()), |registry| registry.close()),
        shows: |_| true,
    },
    Step { name: "open again", run: |world| world.registry().map(drop), shows: |_| true },
    Step {
        name: "register folder again",
        run: |world| world.register("three", &world.content()),
        shows: |Found { registry, .. }| is_whole(registry, "three"),
    },
    Step {
        name: "read back",
        run: |world| {
            let registry = world.registry()?;
            let version = world.version("two")?;
            let to = world.disk().join("out");
            registry.download(&version, to, &mut no_progress)?;
            let champion = registry.resolve("models:/fraud@champion")?;
            assert_eq!(champion.run.as_deref(), Some("two"));
            registry.verify_log().map(drop)
        },
        shows: |_| true,
    },
    Step {
        name: "tag and close",
        run: |world| {
            let registry = world.registry()?;
            registry.set_tag("fraud", "last", "v")?;
            world.registry = None;
            registry.close()
        },
        shows: |Found { registry, .. }| tag(registry, "fraud", "last").is_some(),
    },
];
