//! A process is killed while it erases: afterwards nothing is erased or all of it, and what was
//! acknowledged is gone from every file.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use halfback::{CreatePrincipal, Erasable, Erased, ListErasures, Registry, Result};

use super::{SECRET, World, holding};

const PLACE: &str = "HALFBACK_ERASED";
const TEST: &str = "killed::a_killed_erasure_erased_nothing_or_all_of_it";
/// How often a process is killed for each way of erasing.
const ROUNDS: u32 = 6;

/// The ways of erasing, each with how many entries it leaves.
const WAYS: [(&str, usize); 4] = [("texts", 4), ("names", 3), ("content", 1), ("repeat", 8)];

fn erase(registry: &Registry, way: &str, folder: &Path) -> Result<Erased> {
    match way {
        "texts" => registry.erase(Erasable::Texts, "fraud", "a number"),
        "names" => registry.erase(Erasable::Names, &lovelace(folder), "asked"),
        "content" => registry.purge_version("fraud/2", "no licence"),
        _ => {
            let entries = std::fs::read_to_string(folder.join("entries")).unwrap();
            registry.repeat_erasures(entries.lines().map(str::to_owned).collect())
        }
    }
}

/// The id of the one whose names are erased.
fn lovelace(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("id")).unwrap()
}

/// A registry with the secret in comments, names and content, and what erases all of it.
fn world() -> World {
    let world = World::with_comment(&format!("call {SECRET}1"));
    world.register(SECRET);
    let name = format!("{SECRET} Lovelace");
    let create = CreatePrincipal { name: name.clone(), os_user: Some(77), ..Default::default() };
    let id = world.registry.execute(create).unwrap().id.unwrap();
    std::fs::write(world.folder.path().join("id"), &id).unwrap();
    world.registry.grant("Consumer", "registry:/", &id).unwrap();
    world.registry.delete_principal(&name).unwrap();
    world
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &place);
        } else {
            std::fs::copy(entry.path(), place).unwrap();
        }
    }
}

fn entries(registry: &Registry) -> Vec<String> {
    let erasures = registry.list_erasures(ListErasures::default()).unwrap().items;
    erasures.into_iter().map(|erasure| erasure.entry).collect()
}

/// What the process does that is killed.
fn work(folder: &Path) {
    let way = std::env::var("HALFBACK_WAY").unwrap();
    let registry = Registry::open(folder.join("a.hb")).unwrap();
    println!("> began");
    std::io::stdout().flush().unwrap();
    let wiped = erase(&registry, &way, folder).unwrap().wiped;
    println!("> {wiped}");
    std::io::stdout().flush().unwrap();
    let _ = std::io::stdin().read(&mut [0]).unwrap();
}

/// Has a process erase and kills it so long after it began; without a time once it is done. Gives
/// whether it acknowledged the erasure, and how long it took until it ended.
fn killed(folder: &Path, way: &str, after: Option<Duration>) -> (bool, Duration) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", TEST, "--nocapture", "--test-threads=1"])
        .env(PLACE, folder)
        .env("HALFBACK_WAY", way)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("> began")));
    let began = Instant::now();
    let mut said = None;
    match after {
        Some(after) => {
            // The moment at which it is killed, and nothing that the test relies on.
            while began.elapsed() < after {
                std::hint::spin_loop();
            }
        }
        None => said = lines.find(|line| line.contains("> true")),
    }
    let took = began.elapsed();
    child.kill().unwrap();
    child.wait().unwrap();
    let said = said.or_else(|| lines.find(|line| line.contains("> true")));
    (said.is_some(), took)
}

#[test]
fn a_killed_erasure_erased_nothing_or_all_of_it() {
    if let Some(folder) = std::env::var_os(PLACE).map(PathBuf::from) {
        return work(&folder);
    }
    let template = world();
    let source = template.folder.path().to_owned();
    template.registry.close().unwrap();
    // The ids and digests are those of this very past.
    let all_entries = repeated(&source.join("a.hb"));
    for (way, all) in WAYS {
        let mut took = Duration::ZERO;
        let mut acknowledged = 0;
        for round in 0..=ROUNDS {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a.hb");
            copy(&source.join("a.hb"), &path);
            std::fs::write(folder.path().join("entries"), &all_entries).unwrap();
            std::fs::copy(source.join("id"), folder.path().join("id")).unwrap();
            let (done, time) =
                killed(folder.path(), way, (round > 0).then(|| took * (round - 1) / (ROUNDS - 1)));
            if round == 0 {
                assert!(done, "{way}");
                took = time;
            }
            acknowledged += u32::from(done);
            let secret = match way {
                "texts" => format!("{SECRET}1"),
                "names" => format!("{SECRET} Lovelace"),
                _ => SECRET.to_owned(),
            };
            let places = |path: &Path| match way {
                "content" => holding(&path.join("artifacts"), &secret),
                _ => holding(path, &secret),
            };
            if done {
                assert_eq!(places(&path), Vec::<String>::new(), "{way} {round}");
            }
            let registry = Registry::open(&path).unwrap();
            let found = entries(&registry).len();
            assert!(found == 0 || found == all, "{way} {round}: {found} of {all}");
            assert!(!done || found == all, "{way} {round}");
            let findings = registry.check().unwrap().findings;
            assert!(findings.is_empty(), "{way} {round}: {findings:?}");
            registry.verify_log().unwrap();
            assert!(erase(&registry, way, folder.path()).unwrap().wiped, "{way} {round}");
            assert_eq!(entries(&registry).len(), all, "{way} {round}");
            assert_eq!(places(&path), Vec::<String>::new(), "{way} {round}");
            assert!(registry.check().unwrap().findings.is_empty(), "{way} {round}");
        }
        assert!(acknowledged > 0, "{way}");
    }
}

/// What erases everything in a copy of a registry, as that is told by another copy of it.
fn repeated(path: &Path) -> String {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.hb");
    copy(path, &other);
    std::fs::copy(path.with_file_name("id"), folder.path().join("id")).unwrap();
    let registry = Registry::open(&other).unwrap();
    for way in ["texts", "names", "content"] {
        erase(&registry, way, folder.path()).unwrap();
    }
    entries(&registry).join("\n")
}
