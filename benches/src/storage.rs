//! The suite `storage`: durable writes of one caller, of many that share commits, and of processes beside each other, beside a bare
//! append with `fdatasync`; and how all costs grow with the registry.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use halfback::{Content, Options, RegisterVersion, Registry, no_progress};

use crate::Ground;
use crate::floor::Floor;
use crate::growth;
use crate::measure::{Outcome, Rounds, Row, Unit, medians};
use crate::program::Program;

/// The first argument of a process that writes beside another; see [`writer`].
pub(crate) const WRITER: &str = "storage-writer";

const CALLERS: usize = 32;
/// The least share of bare SQLite's pace that is asked of writes that share commits.
const OF_BARE: f64 = 0.5;
/// The budget of the wait that 1 of 100 exceeds, among many callers or processes, in milliseconds.
const LONGEST: f64 = 50.0;
/// How long one round of writing takes.
const ROUND: Duration = Duration::from_millis(500);
const ROUNDS: Rounds = Rounds { warm_up: 1, counted: 12 };

pub(crate) fn measure(ground: &Ground) -> Outcome<Vec<Row>> {
    let path = ground.folder.path().join("models.hb");
    let registry = fill(&path)?;
    let mut rows = Vec::new();
    rows.extend(one_process(&registry, ground.folder.path())?);
    registry.close()?;
    rows.extend(two_processes(&path)?);
    rows.extend(growth::measure(ground)?);
    Ok(rows)
}

/// A model for each caller, with two versions.
fn fill(path: &Path) -> Outcome<Registry> {
    let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
    for caller in 0..CALLERS {
        registry.create_model(model(caller).as_str())?;
        for bytes in [b"one".to_vec(), b"two".to_vec()] {
            let content = Content::Bytes { name: "model.bin".into(), bytes };
            let version = RegisterVersion { model: model(caller), ..RegisterVersion::default() };
            registry.register_version(&content, version, &mut no_progress)?;
        }
    }
    Ok(registry)
}

fn model(caller: usize) -> String {
    format!("caller{caller:02}")
}

/// What one round of writing came to, in seconds.
#[derive(Clone, Copy)]
struct Pace {
    /// The time for each write: of the round, not of the caller.
    each: f64,
    /// The wait of a caller that 1 of 100 exceeds.
    p99: f64,
}

impl Pace {
    fn of(mut waits: Vec<f64>, took: Duration) -> Outcome<Self> {
        waits.sort_by(f64::total_cmp);
        let p99 = waits.get(waits.len() * 99 / 100).ok_or("nothing was written")?;
        let each = took.as_secs_f64() / f64::from(u32::try_from(waits.len())?);
        Ok(Self { each, p99: *p99 })
    }
}

/// Calls again and again until the round is over; gives how long each call took.
fn repeat(mut call: impl FnMut(u32) -> Outcome) -> Outcome<Vec<f64>> {
    let began = Instant::now();
    let mut waits = Vec::new();
    for number in 0.. {
        let at = Instant::now();
        call(number)?;
        waits.push(at.elapsed().as_secs_f64());
        if began.elapsed() >= ROUND {
            break;
        }
    }
    Ok(waits)
}

/// Each caller moves the alias of a model of its own.
fn write(registry: &Registry, callers: usize) -> Outcome<Pace> {
    let began = Instant::now();
    let waits = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..callers)
            .map(|caller| {
                scope.spawn(move || {
                    let model = model(caller);
                    let version = |number| 1 + i64::from(number % 2);
                    let waits = repeat(|number| {
                        Ok(registry.set_alias(&model, "champion", version(number)).map(drop)?)
                    });
                    waits.map_err(|error| error.to_string())
                })
            })
            .collect();
        let waits = callers.into_iter().map(|caller| {
            caller.join().map_err(|_| "a caller panicked".to_owned()).and_then(|waits| waits)
        });
        waits.collect::<Result<Vec<_>, _>>()
    });
    Pace::of(waits?.concat(), began.elapsed())
}

/// The least that any durable log has to do: append a page and wait for the disk.
fn append(log: &mut File) -> Outcome<Pace> {
    let page = [0x5a; 4096];
    let began = Instant::now();
    let waits = repeat(|_| Ok(log.write_all(&page).and_then(|()| log.sync_data())?))?;
    Pace::of(waits, began.elapsed())
}

fn one_process(registry: &Registry, folder: &Path) -> Outcome<[Row; 5]> {
    let mut log = OpenOptions::new().append(true).create_new(true).open(folder.join("append"))?;
    let mut floor = Floor::new(&folder.join("floor.db"), CALLERS)?;
    let [one, many, wait, raw, raw_wait, bare_one, bare_many] = medians(ROUNDS, || {
        let one = write(registry, 1)?;
        let many = write(registry, CALLERS)?;
        let raw = append(&mut log)?;
        let bare_one = floor.write(1, ROUND / 2)?;
        let bare_many = floor.write(CALLERS, ROUND / 2)?;
        Ok([one.each, many.each, many.p99, raw.each, raw.p99, bare_one, bare_many])
    })?;
    Ok([
        Row::rate("durable set_alias, one caller", one, ("append 4 KiB + fdatasync", raw))
            .at_least_times(0.6),
        // The faster the disk, the less is there to share: it is held against bare SQLite, which nothing
        // on it can pass. docs/adr/0012-what-sqlite-leaves-of-a-shared-commit.md.
        Row::rate(
            "durable set_alias, 32 callers",
            many,
            ("the same rows by bare SQLite, 32 in each commit", bare_many),
        )
        .at_least_times(OF_BARE),
        Row::rate("…", many, ("one caller", one)),
        Row::rate(
            "the same rows by bare SQLite, 32 in each commit",
            bare_many,
            ("one in each", bare_one),
        ),
        Row::cost(
            "p99 of a write among 32 callers",
            Unit::MILLISECONDS,
            wait,
            ("p99 of append 4 KiB + fdatasync", raw_wait),
        )
        .at_most(LONGEST),
    ])
}

fn two_processes(registry: &Path) -> Outcome<[Row; 3]> {
    let start = |callers: usize| -> Outcome<Program> {
        let mut command = Command::new(std::env::current_exe()?);
        Program::start(command.arg(WRITER).arg(registry).arg(callers.to_string()))
    };
    let (mut one, mut other, mut many) = (start(1)?, start(1)?, start(CALLERS)?);
    let [share, alone_wait, beside_wait, many_wait] = medians(ROUNDS, || {
        one.ask("write");
        other.ask("write");
        let [one_each, one_p99] = one.answer("write")?;
        let [other_each, _] = other.answer("write")?;
        one.ask("write");
        many.ask("write");
        let [_, beside_p99] = one.answer("write")?;
        let [_, many_p99] = many.answer("write")?;
        // Who takes longer for each has written less.
        let larger = one_each.max(other_each) / (one_each + other_each);
        Ok([larger, one_p99, beside_p99, many_p99])
    })?;
    let wait = |name, ours| {
        let beside = ("p99 beside another single one", alone_wait);
        Row::cost(name, Unit::MILLISECONDS, ours, beside).at_most(LONGEST)
    };
    Ok([
        Row::cost(
            "larger share of two busy writer processes",
            Unit::PERCENT,
            share,
            ("an equal share", 0.5),
        )
        .at_most(65.0),
        wait("p99 of a single writer beside 32 callers of another process", beside_wait),
        wait("p99 of 32 callers beside a single writer of another process", many_wait),
    ])
}

/// Writes for one round for every line of its input.
pub(crate) fn writer(registry: &str, callers: &str) -> Outcome {
    let registry = Registry::open(registry)?;
    let callers = callers.parse()?;
    for line in std::io::stdin().lock().lines() {
        line?;
        let Pace { each, p99 } = write(&registry, callers)?;
        println!("[{each}, {p99}]");
    }
    Ok(())
}
