//! What keeps a registry: backups, restoring, copies and bundles, and letting go of what is not needed.

use std::path::Path;
use std::time::Duration;

use halfback::{
    Bundle, Content, CopyOptions, Erasable, Error, Options, Registry, SweepOptions, UpdateModel,
    no_progress, restore,
};

use super::{Found, HOME, Scenario, Step, World, create_model, find, first, is_whole, sound};

pub(crate) const CARE: Scenario = Scenario { steps: &STEPS, thin: 5, given };

/// A backup that lies beside the disk.
const GIVEN: &str = "given";

/// What is erased.
const COMMENT: &str = "ask Ada Lovelace, 0170 1234";

/// Whether a file of a registry's database holds the comment.
fn is_left(registry: &Path) -> bool {
    ["registry.db", "registry.db-wal"].iter().any(|name| {
        // With calls that are not made to fail.
        let bytes = crate::kernel::unwatched(|| std::fs::read(registry.join(name)));
        let bytes = bytes.unwrap_or_default();
        bytes.windows(COMMENT.len()).any(|window| window == COMMENT.as_bytes())
    })
}

/// The backup that the registry is made of: three versions, and content that no version names.
fn given(folder: &Path) {
    let mut world = World::new(folder);
    let registry = super::open(&folder.join("origin")).unwrap();
    create_model(&registry).unwrap();
    for (run, content) in [("one", first()), ("two", world.content())] {
        super::register(&registry, run, &content).unwrap();
    }
    world.registry = Some(registry.clone());
    let comment = Some(COMMENT.to_owned());
    registry
        .update_model(UpdateModel { name: "fraud".into(), comment, ..UpdateModel::default() })
        .unwrap();
    let old = Content::Bytes { name: "model.bin".into(), bytes: vec![3; 9_000] };
    world.register("old", &old).unwrap();
    registry.backup(folder.join(GIVEN), false, &mut no_progress).unwrap();
    registry.close().unwrap();
}

const STEPS: [Step; 11] = [
    Step {
        name: "restore",
        run: |world| {
            let to = world.disk().join(HOME);
            if !to.join("registry.db").exists() {
                restore(world.folder.join(GIVEN), to, &mut no_progress)?;
            }
            world.registry().map(drop)
        },
        shows: |Found { registry, .. }| is_whole(registry, "one") && is_whole(registry, "two"),
    },
    Step { name: "backup", run: back_up, shows: |found| is_saved(found, "two") },
    Step {
        name: "register",
        run: |world| world.register("three", &world.content()),
        shows: |Found { registry, .. }| is_whole(registry, "three"),
    },
    Step { name: "backup again", run: back_up, shows: |found| is_saved(found, "three") },
    Step {
        name: "copy_version",
        run: |world| {
            let (version, other) = (world.version("one")?, other(&world.disk())?);
            create_model(&other)?;
            let options = CopyOptions::default();
            world.registry()?.copy_version(&version, &other, options, &mut no_progress)?;
            other.close()
        },
        shows: |found| is_brought(found, "one"),
    },
    Step {
        name: "bundle",
        run: |world| {
            let (version, to) = (world.version("two")?, world.disk().join("two.hbz"));
            world.registry()?.bundle(&version, to, true, &mut no_progress).map(drop)
        },
        shows: |Found { disk, .. }| {
            let path = disk.join("two.hbz");
            path.exists() && {
                Bundle::open(path).unwrap().verify(&mut no_progress).unwrap();
                true
            }
        },
    },
    Step {
        name: "submit",
        run: |world| {
            let other = other(&world.disk())?;
            let bundle = Bundle::open(world.disk().join("two.hbz"))?;
            other.submit(&bundle, CopyOptions::default(), &mut no_progress)?;
            other.close()
        },
        shows: |found| is_brought(found, "two"),
    },
    Step {
        name: "purge",
        run: |world| {
            let registry = world.registry()?;
            if let Some(version) = find(&registry, "old")? {
                registry.delete_version(&version)?;
            }
            registry.purge(Duration::ZERO, false).map(drop)
        },
        shows: |Found { registry, .. }| {
            let gone = find(registry, "old").unwrap().is_none();
            gone && registry.purge(Duration::ZERO, true).unwrap().versions == 0
        },
    },
    Step {
        name: "sweep",
        run: |world| {
            let sweep = |dry_run| SweepOptions { grace: Duration::ZERO, dry_run };
            let registry = world.registry()?;
            let of_nobody = Content::Bytes { name: "x".into(), bytes: b"of nobody".to_vec() };
            registry.put_artifact("fraud", &of_nobody, &mut no_progress)?;
            registry.sweep(sweep(false))?;
            assert_eq!(registry.sweep(sweep(true))?.files, 0, "it left something");
            Ok(())
        },
        shows: |_| true,
    },
    Step {
        name: "erase",
        run: |world| {
            let erased = world.registry()?.erase(Erasable::Texts, "fraud", "asked for")?;
            assert!(!(erased.wiped && is_left(&world.disk().join(HOME))), "it is in a file still");
            Ok(())
        },
        shows: |Found { registry, .. }| {
            let model = registry.find_model("fraud").unwrap();
            model.is_some_and(|model| model.comment.is_none())
        },
    },
    Step {
        name: "compact and close",
        run: |world| {
            let registry = world.registry()?;
            registry.compact()?;
            world.registry = None;
            registry.close()
        },
        shows: |_| true,
    },
];

fn back_up(world: &mut World) -> Result<(), Error> {
    world.registry()?.backup(world.disk().join("saved"), false, &mut no_progress).map(drop)
}

/// Another registry, to which versions are brought.
fn other(disk: &Path) -> Result<Registry, Error> {
    super::open(&disk.join("other"))
}

/// Whether the backup has the version of a run; one that is there can be restored.
fn is_saved(Found { disk, .. }: &Found<'_>, run: &str) -> bool {
    let saved = disk.join("saved");
    if !saved.join("registry.db").exists() {
        return false;
    }
    let folder = crate::folder();
    let again = folder.path().join("again");
    restore(saved, &again, &mut no_progress).unwrap();
    let registry = Registry::open_with(again, Options::default()).unwrap();
    sound(&registry);
    is_whole(&registry, run)
}

/// Whether the other registry has the version of a run.
fn is_brought(Found { disk, .. }: &Found<'_>, run: &str) -> bool {
    if !disk.join("other").exists() {
        return false;
    }
    let other = other(disk).unwrap();
    sound(&other);
    let found = find(&other, run).unwrap();
    let origin = found.and_then(|version| version.origin);
    origin.is_some_and(|origin| origin.system == "halfback") && is_whole(&other, run)
}
