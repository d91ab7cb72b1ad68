//! What is done with a registry in steps, and what must hold of it whatever happened to the machine.

mod care;
mod life;

use std::path::{Path, PathBuf};

use halfback::{
    Content, CreateModel, Detail, Error, ListVersions, ModelVersion, Options, RegisterVersion,
    Registry, no_progress,
};

pub(crate) use care::CARE;
pub(crate) use life::LIFE;

/// What is done in one process. The first step makes the registry, or opens it.
pub(crate) struct Scenario {
    pub(crate) steps: &'static [Step],
    /// In a short run one of so many calls is tried.
    pub(crate) thin: usize,
    /// Makes what lies beside the disk before.
    given: fn(&Path),
}

/// What may be done more than once, and whether it was done.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    run: fn(&mut World) -> Result<(), Error>,
    /// Whether the disk shows it; that it shows all of it, or nothing, is asserted.
    shows: fn(&Found<'_>) -> bool,
}

/// What is on a disk.
struct Found<'a> {
    disk: PathBuf,
    registry: &'a Registry,
}

/// The folder of the world that is watched: all that the steps write lies in it.
pub(crate) const DISK: &str = "disk";
/// The registry on it.
const HOME: &str = "hb";

/// A folder with a disk and with content to register, and the handle that the steps use.
pub(crate) struct World {
    folder: PathBuf,
    registry: Option<Registry>,
}

impl World {
    /// The world in a folder, see [`Scenario::prepare`].
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
        let registry = open(&self.disk().join(HOME))?;
        Ok(self.registry.insert(registry).clone())
    }

    fn disk(&self) -> PathBuf {
        self.folder.join(DISK)
    }

    fn content(&self) -> Content {
        self.folder.join("content").into()
    }

    fn register(&mut self, run: &str, content: &Content) -> Result<(), Error> {
        register(&self.registry()?, run, content)
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

fn open(path: &Path) -> Result<Registry, Error> {
    Registry::open_with(path, Options { create: true, ..Options::default() })
}

fn create_model(registry: &Registry) -> Result<(), Error> {
    let model = CreateModel {
        name: "fraud".into(),
        comment: Some("first".into()),
        exist_ok: true,
        ..CreateModel::default()
    };
    registry.create_model(model).map(drop)
}

fn register(registry: &Registry, run: &str, content: &Content) -> Result<(), Error> {
    let version = RegisterVersion {
        model: "fraud".into(),
        run: Some(run.into()),
        ..RegisterVersion::default()
    };
    registry.register_version(content, version, &mut no_progress).map(drop)
}

fn first() -> Content {
    Content::Bytes { name: "model.bin".into(), bytes: b"weights of the first".to_vec() }
}

/// Whether the version of a run is there, with all its content.
fn is_whole(registry: &Registry, run: &str) -> bool {
    let Some(version) = find(registry, run).unwrap() else { return false };
    let artifact = registry.verify(&version, &mut no_progress).unwrap();
    assert_eq!(artifact.digest, version.digest);
    true
}

impl Scenario {
    /// Makes a world with an empty disk in a folder.
    pub(crate) fn prepare(&self, folder: &Path) {
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
        (self.given)(folder);
    }

    /// Holds a disk to what was acknowledged: by number, the steps that were.
    ///
    /// A step that was not may have happened or not, but not in part.
    pub(crate) fn hold(&self, folder: &Path, acknowledged: &[usize]) {
        let mut world = World::new(folder);
        let disk = world.disk();
        let was_there = disk.join(HOME).join("registry.db").exists();
        assert!(was_there || !acknowledged.contains(&0), "the registry is lost");
        world.run(&self.steps[0]).unwrap_or_else(|error| panic!("cannot open it: {error}"));
        let registry = world.registry().unwrap();
        let found = Found { disk, registry: &registry };
        let shown: Vec<bool> = self.steps.iter().map(|step| (step.shows)(&found)).collect();
        for number in acknowledged {
            assert!(shown[*number], "`{}` was acknowledged and is lost", self.steps[*number].name);
        }
        sound(&registry);
        // And it goes on.
        create_model(&registry).unwrap();
        register(&registry, "later", &first()).unwrap();
        assert!(is_whole(&registry, "later"));
        let version = world.version("later").unwrap();
        registry.set_alias("fraud", "after", version.number).unwrap();
        registry.close().unwrap();
    }
}

fn sound(registry: &Registry) {
    registry.verify_log().unwrap();
    assert_eq!(registry.check().unwrap().findings, []);
}
