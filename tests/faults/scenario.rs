//! A life of a registry in steps, and what must hold of it whatever happened to the machine.

use std::path::Path;

use halfback::{
    AnyCommand, Content, CreateModel, Detail, Error, ListVersions, ModelVersion, Options,
    RegisterVersion, Registry, SetTag, UpdateModel, no_progress,
};

/// What may be done more than once, and whether it was done.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    run: fn(&mut World) -> Result<(), Error>,
    /// Whether the registry shows it; that it shows all of it, or nothing, is asserted.
    shows: fn(&Registry) -> bool,
}

/// The folder of the world that is watched: all that the steps write lies in it.
pub(crate) const DISK: &str = "disk";

/// A folder with a disk and with content to register, and the handle that the steps use.
pub(crate) struct World {
    folder: std::path::PathBuf,
    registry: Option<Registry>,
}

impl World {
    /// The world in a folder, see [`prepare`].
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), registry: None }
    }

    /// Runs one step; a registry that is not open is opened first.
    pub(crate) fn run(&mut self, step: &Step) -> Result<(), Error> {
        (step.run)(self)
    }

    fn registry(&mut self) -> Result<Registry, Error> {
        if let Some(registry) = &self.registry {
            return Ok(registry.clone());
        }
        let options = Options { create: true, ..Options::default() };
        let registry = Registry::open_with(self.folder.join(DISK).join("hb"), options)?;
        Ok(self.registry.insert(registry).clone())
    }

    fn register(&mut self, run: &str, content: &Content) -> Result<(), Error> {
        let version = RegisterVersion {
            model: "fraud".into(),
            run: Some(run.into()),
            ..RegisterVersion::default()
        };
        self.registry()?.register_version(content, version, &mut no_progress).map(drop)
    }

    fn version(&mut self, run: &str) -> Result<ModelVersion, Error> {
        let missing = || Detail::NotFound(format!("run `{run}` brought no version"));
        find(&self.registry()?, run)?.ok_or_else(|| missing().into())
    }
}

/// The newest version that a run brought.
fn find(registry: &Registry, run: &str) -> Result<Option<ModelVersion>, Error> {
    let page =
        registry.list_versions(ListVersions { model: "fraud".into(), ..ListVersions::default() });
    match page {
        Err(error) if error.code() == "not_found" => Ok(None),
        page => Ok(page?.items.into_iter().find(|version| version.run.as_deref() == Some(run))),
    }
}

fn tag(registry: &Registry, target: &str, key: &str) -> Option<String> {
    let model = registry.find_model(target).unwrap()?;
    model.tags.get(key).cloned()
}

pub(crate) const STEPS: [Step; 13] = [
    Step { name: "open", run: |world| world.registry().map(drop), shows: |_| true },
    Step {
        name: "create_model",
        run: |world| {
            let model = CreateModel {
                name: "fraud".into(),
                comment: Some("first".into()),
                exist_ok: true,
                ..CreateModel::default()
            };
            world.registry()?.create_model(model).map(drop)
        },
        shows: |registry| registry.find_model("fraud").unwrap().is_some(),
    },
    Step {
        name: "register bytes",
        run: |world| {
            let bytes = b"weights of the first".to_vec();
            world.register("one", &Content::Bytes { name: "model.bin".into(), bytes })
        },
        shows: |registry| is_whole(registry, "one"),
    },
    Step {
        name: "register folder",
        run: |world| {
            let content = world.folder.join("content");
            world.register("two", &content.into())
        },
        shows: |registry| is_whole(registry, "two"),
    },
    Step {
        name: "set_alias",
        run: |world| {
            let version = world.version("one")?;
            world.registry()?.set_alias("fraud", "champion", version.number).map(drop)
        },
        shows: |registry| champion(registry).is_some(),
    },
    Step {
        name: "move alias",
        run: |world| {
            let version = world.version("two")?;
            world.registry()?.set_alias("fraud", "champion", version.number).map(drop)
        },
        shows: |registry| champion(registry).as_deref() == Some("two"),
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
        shows: |registry| {
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
        shows: |registry| {
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
        run: |world| {
            let content = world.folder.join("content");
            world.register("three", &content.into())
        },
        shows: |registry| is_whole(registry, "three"),
    },
    Step {
        name: "read back",
        run: |world| {
            let registry = world.registry()?;
            let version = world.version("two")?;
            let to = world.folder.join(DISK).join("out");
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
        shows: |registry| tag(registry, "fraud", "last").is_some(),
    },
];

/// Whether the version of a run is there, with all its content.
fn is_whole(registry: &Registry, run: &str) -> bool {
    let Some(version) = find(registry, run).unwrap() else { return false };
    let artifact = registry.verify(&version, &mut no_progress).unwrap();
    assert_eq!(artifact.digest, version.digest);
    true
}

/// The run of the version that is the champion.
fn champion(registry: &Registry) -> Option<String> {
    let version = registry.find_version("models:/fraud@champion").unwrap()?;
    Some(version.run.clone().expect("every version has a run"))
}

/// Makes a world with an empty disk in a folder.
pub(crate) fn prepare(folder: &Path) {
    std::fs::create_dir(folder.join(DISK)).unwrap();
    let content = folder.join("content");
    std::fs::create_dir_all(content.join("sub/below")).unwrap();
    for (path, bytes) in [
        ("model.txt", b"tree\nversion=v4\nnum_class=1\nfeature_names=age\n".to_vec()),
        ("sub/weights", vec![7; 10_000]),
        ("sub/below/weights", b"weights of the first".to_vec()),
    ] {
        std::fs::write(content.join(path), bytes).unwrap();
    }
}

/// Holds a registry to what was acknowledged: by number, the steps that were.
///
/// A step that was not may have happened or not, but not in part.
pub(crate) fn hold(folder: &Path, acknowledged: &[usize]) {
    let options = Options { create: true, ..Options::default() };
    let registry = Registry::open_with(folder.join(DISK).join("hb"), options)
        .unwrap_or_else(|error| panic!("cannot open it: {error}"));
    let shown: Vec<bool> = STEPS.iter().map(|step| (step.shows)(&registry)).collect();
    for number in acknowledged {
        assert!(shown[*number], "`{}` was acknowledged and is lost", STEPS[*number].name);
    }
    registry.verify_log().unwrap();
    assert_eq!(registry.check().unwrap().findings, []);
    // And it goes on.
    let mut world = World { folder: folder.to_owned(), registry: Some(registry.clone()) };
    for number in [1, 2] {
        world.run(&STEPS[number]).unwrap();
        assert!((STEPS[number].shows)(&registry), "`{}` is not there", STEPS[number].name);
    }
    world.version("one").unwrap();
    registry.set_alias("fraud", "after", find(&registry, "one").unwrap().unwrap().number).unwrap();
    registry.close().unwrap();
}
