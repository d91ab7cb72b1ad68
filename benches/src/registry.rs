//! The suite `registry`: reads, writes, opening and files, beside MLflow on SQLite and beside the bare operations of the machine.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::hint::black_box;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use halfback::{Content, CreateModel, Options, RegisterVersion, Registry, no_progress};
use sha2::{Digest as _, Sha256};

use crate::Ground;
use crate::measure::{Outcome, Rounds, Row, Unit, median, medians, seconds};
use crate::program::{Program, peer};

/// The first argument of the process that commits beside the measured ones; see [`neighbour`].
pub(crate) const NEIGHBOUR: &str = "registry-neighbour";

/// As many as MLflow takes a few seconds for. More would slow it down and not Halfback.
const MODELS: usize = 100;
const VERSIONS: usize = 3;
const MODEL: &str = "risk.credit.m050";
const OTHER: &str = "risk.credit.m051";
const CHAMPION: &str = "models:/risk.credit.m050@champion";

pub(crate) fn measure(ground: &Ground) -> Outcome<Vec<Row>> {
    let folder = ground.folder.path();
    let path = folder.join("models.hb");
    fill(&path)?;
    let mut python = python(ground)?;
    let registry = Registry::open(&path)?;

    let mut rows = Vec::new();
    rows.extend(resolve(&registry, &mut python)?);
    rows.extend(resolve_after_a_change(&registry, &mut python)?);
    rows.extend(writes(&mut python)?);
    rows.push(durable_write(&registry, folder)?);
    rows.extend(opening(&mut python)?);
    drop(python);
    rows.extend(imports()?);
    rows.push(large_file(&registry, folder)?);
    Ok(rows)
}

/// The models that `peers/registry.py` gives MLflow too.
fn fill(path: &Path) -> Outcome {
    let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
    for number in 0..MODELS {
        let name = format!("risk.credit.m{number:03}");
        let model = CreateModel { name: name.clone(), parents: true, ..CreateModel::default() };
        registry.create_model(model)?;
        for version in 1..=VERSIONS {
            let bytes = format!("{name} {version}").into_bytes();
            let content = Content::Bytes { name: "model.bin".into(), bytes };
            register(&registry, &name, &content)?;
        }
        registry.set_alias(&name, "champion", 1)?;
    }
    Ok(registry.close()?)
}

fn register(registry: &Registry, model: &str, content: &Content) -> halfback::Result<()> {
    let version = RegisterVersion { model: model.into(), ..RegisterVersion::default() };
    registry.register_version(content, version, &mut no_progress).map(drop)
}

/// Python with Halfback and MLflow, once it has filled MLflow's store.
fn python(ground: &Ground) -> Outcome<Program> {
    let mut command = Command::new(crate::python()?);
    command.arg(peer("registry.py")).args([MODEL, &MODELS.to_string(), &VERSIONS.to_string()]);
    let mut python = Program::start(command.current_dir(&ground.folder))?;
    python.answer::<0>("ready")?;
    Ok(python)
}

// Reads.

/// From memory, while another process keeps committing.
fn resolve(registry: &Registry, python: &mut Program) -> Outcome<[Row; 3]> {
    let rounds = Rounds { warm_up: 10, counted: 60 };
    let mut java = Command::new("java");
    java.args(["--enable-native-access=ALL-UNNAMED", "-cp", &crate::class_path()?, "Resolve"]);
    let mut java = Program::start(java.arg(registry.path()).arg(CHAMPION))?;
    let neighbour =
        Program::start(Command::new(std::env::current_exe()?).arg(NEIGHBOUR).arg(registry.path()))?;

    let mut seen = BTreeSet::new();
    let [in_rust, in_python, in_java, mlflow] = medians(rounds, || {
        let in_rust = resolve_often(registry)?;
        seen.insert(registry.resolve(CHAMPION)?.number);
        let [in_python, mlflow] = python.measure("resolve")?;
        let [in_java] = java.measure("resolve")?;
        Ok([in_rust, in_python, in_java, mlflow])
    })?;
    drop(neighbour);

    if seen != BTreeSet::from([1, 2]) {
        return Err(
            format!("the champion moves between 1 and 2, and only {seen:?} was seen").into()
        );
    }
    let mlflow = ("MLflow get_model_version_by_alias", mlflow);
    let row = |name, ours, most: f64| {
        Row::cost(name, Unit::NANOSECONDS, ours, mlflow).at_most(most).at_least_times(1000.0)
    };
    Ok([
        row("resolve from cache, Rust", in_rust, 100.0),
        row("resolve from cache, Python", in_python, 300.0),
        row("resolve from cache, Java", in_java, 300.0),
    ])
}

/// The seconds of one call, from batches that are shorter than the time for which the system leaves a processor to one thread: on a
/// busy machine most of them are not interrupted.
fn resolve_often(registry: &Registry) -> Outcome<f64> {
    const BATCHES: u32 = 20;
    const CALLS: u32 = 10_000;
    let batch = |_| {
        let took = seconds(|| {
            (0..CALLS).try_for_each(|_| {
                registry.resolve(black_box(CHAMPION)).map(|version| drop(black_box(version)))
            })
        })?;
        Ok(took / f64::from(CALLS))
    };
    Ok(median((0..BATCHES).map(batch).collect::<Outcome<_>>()?))
}

/// Commits until its input ends: tags on another model, and now and then a move of the alias that the others resolve.
pub(crate) fn neighbour(path: &str) -> Outcome {
    const PERIOD: Duration = Duration::from_millis(10);
    const MOVE: i64 = 10;
    let registry = Registry::open(path)?;
    let (end, ended) = channel();
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink()).is_ok();
        end.send(())
    });
    for number in 0_i64.. {
        if number % MOVE == 0 {
            registry.set_alias(MODEL, "champion", 2 - number / MOVE % 2)?;
        } else {
            registry.set_tag(OTHER, "neighbour", &number.to_string())?;
        }
        if ended.recv_timeout(PERIOD) != Err(RecvTimeoutError::Timeout) {
            break;
        }
    }
    Ok(())
}

/// From the database: each call is the first one after a commit that touched the model.
fn resolve_after_a_change(registry: &Registry, python: &mut Program) -> Outcome<[Row; 2]> {
    const CALLS: u32 = 25;
    let other = Registry::open(registry.path())?;
    let mut changes = 0..;
    let [in_rust, in_python, mlflow] = medians(Rounds { warm_up: 2, counted: 30 }, || {
        let calls = changes.by_ref().take(CALLS as usize).map(|change: u32| {
            other.set_tag(MODEL, "rust", &change.to_string())?;
            seconds(|| registry.resolve(black_box(CHAMPION)).map(black_box))
        });
        let in_rust = median(calls.collect::<Outcome<_>>()?);
        let [in_python, mlflow] = python.measure("resolve_after_a_change")?;
        Ok([in_rust, in_python, mlflow])
    })?;
    let mlflow = ("MLflow get_model_version_by_alias", mlflow);
    let row = |name, ours| Row::cost(name, Unit::MICROSECONDS, ours, mlflow);
    Ok([
        row("resolve after a change, Rust", in_rust).at_most(20.0),
        row("resolve after a change, Python", in_python),
    ])
}

// Writes.

fn writes(python: &mut Program) -> Outcome<[Row; 2]> {
    let rounds = Rounds { warm_up: 1, counted: 20 };
    let mut beside = |name, what, peer_name| {
        let [ours, mlflow] = medians(rounds, || python.measure(what))?;
        let row = Row::cost(name, Unit::MILLISECONDS, ours, (peer_name, mlflow));
        Outcome::Ok(row.at_least_times(5.0))
    };
    Ok([
        beside(
            "register a version of 1 KiB, Python",
            "register_version",
            "MLflow create_model_version",
        )?,
        beside("set an alias, Python", "set_alias", "MLflow set_registered_model_alias")?,
    ])
}

/// One caller, beside the least that any durable log has to do: append a page to a file and wait for the disk.
fn durable_write(registry: &Registry, folder: &Path) -> Outcome<Row> {
    const WRITES: u32 = 200;
    let page = [0x5a; 4096];
    let mut log = OpenOptions::new().append(true).create_new(true).open(folder.join("append"))?;
    let mut versions = [1, 2].into_iter().cycle();
    let [ours, raw] = medians(Rounds { warm_up: 1, counted: 15 }, || {
        let ours = seconds(|| {
            versions
                .by_ref()
                .take(WRITES as usize)
                .try_for_each(|version| registry.set_alias(MODEL, "challenger", version).map(drop))
        })?;
        let raw = seconds(|| {
            (0..WRITES).try_for_each(|_| log.write_all(&page).and_then(|()| log.sync_data()))
        })?;
        Ok([ours / f64::from(WRITES), raw / f64::from(WRITES)])
    })?;
    Ok(Row::rate("durable set_alias, one caller, Rust", ours, ("append 4 KiB + fdatasync", raw))
        .at_least_times(0.6))
}

// Opening and loading.

fn opening(python: &mut Program) -> Outcome<[Row; 2]> {
    let mut beside = |name, what, peer_name, counted| {
        let rounds = Rounds { warm_up: 1, counted };
        let [ours, mlflow] = medians(rounds, || python.measure(what))?;
        Outcome::Ok(Row::cost(name, Unit::MILLISECONDS, ours, (peer_name, mlflow)))
    };
    let new = beside("new registry, Python", "new_registry", "MLflow new SQLite store", 9)?;
    let open = beside("open a registry, Python", "open_registry", "MLflow open SQLite store", 21)?;
    Ok([new.at_most(50.0).at_least_times(20.0), open.at_most(10.0)])
}

/// Each import in a process of its own.
fn imports() -> Outcome<[Row; 4]> {
    let import = |modules: &[&str]| -> Outcome<[f64; 2]> {
        let mut python = Command::new(crate::python()?);
        Program::start(python.arg(peer("imports.py")).args(modules))?.answer("import")
    };
    let rounds = Rounds { warm_up: 1, counted: 9 };
    let [cpu, memory, rooms_cpu, rooms_memory, their_cpu, their_memory] = medians(rounds, || {
        let [cpu, memory] = import(&["halfback"])?;
        let [rooms_cpu, rooms_memory] = import(&["halfback.registry", "halfback.commands"])?;
        let [their_cpu, their_memory] = import(&["mlflow"])?;
        Ok([cpu, memory, rooms_cpu, rooms_memory, their_cpu, their_memory])
    })?;
    let mlflow = |figure| ("import mlflow", figure);
    let time = |name, ours| Row::cost(name, Unit::MILLISECONDS, ours, mlflow(their_cpu));
    let memory_of = |name, ours| Row::cost(name, Unit::MEGABYTES, ours, mlflow(their_memory));
    Ok([
        time("import halfback, CPU time", cpu).at_most(60.0).at_least_times(15.0),
        memory_of("import halfback, resident", memory).at_most(40.0),
        // Rooms are loaded when somebody enters them: what all of them cost together.
        time("import halfback and its rooms, CPU time", rooms_cpu),
        memory_of("import halfback and its rooms, resident", rooms_memory),
    ])
}

// Files.

/// A file beside the slower of the two things that registering it cannot do without: hashing it, and a durable copy of it.
fn large_file(registry: &Registry, folder: &Path) -> Outcome<Row> {
    const SIZE: u64 = 512 << 20;
    const HEAD: u64 = 1 << 20;
    let (path, copy) = (folder.join("large.bin"), folder.join("copy.bin"));
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    // Bytes that no disk can compress.
    let random = |size| io::Result::Ok(File::open("/dev/urandom")?.take(size));
    io::copy(&mut random(SIZE)?, &mut file)?;
    let content = Content::Path(path.clone());
    let [ours, hash, copied] = medians(Rounds { warm_up: 1, counted: 5 }, || {
        // Another content each time, so that it is always one which the registry does not have.
        io::Seek::rewind(&mut file)?;
        io::copy(&mut random(HEAD)?, &mut file)?;
        file.sync_all()?;
        let ours = seconds(|| register(registry, MODEL, &content))?;
        let hash = seconds(|| sha256(&path))?;
        let copied =
            seconds(|| std::fs::copy(&path, &copy).and_then(|_| File::open(&copy)?.sync_all()))?;
        std::fs::remove_file(&copy)?;
        Ok([ours, hash, copied])
    })?;
    let slower =
        if hash > copied { ("SHA-256 alone", hash) } else { ("copy + fsync alone", copied) };
    Ok(Row::cost("register a file of 512 MiB, Rust", Unit::MILLISECONDS, ours, slower)
        .at_least_times(0.7))
}

fn sha256(path: &Path) -> io::Result<[u8; 32]> {
    const CHUNK: u64 = 1 << 20;
    let file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut chunk = Vec::new();
    while (&file).take(CHUNK).read_to_end(&mut chunk)? > 0 {
        hash.update(&chunk);
        chunk.clear();
    }
    Ok(hash.finalize().into())
}
