//! Sweeping, purging and compacting while others work, what is left when one of them is killed, and
//! how long the write-ahead log becomes.
#![expect(clippy::unwrap_used, reason = "a failed expectation is this file's way of failing")]

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Barrier, mpsc};
use std::time::{Duration, Instant, SystemTime};

use halfback::{
    Content, CopyOptions, ModelVersion, Options, Purge, RegisterVersion, Registry, SweepOptions,
    no_progress, restore,
};

/// Sweeps whatever nobody names at this moment.
const AT_ONCE: SweepOptions = SweepOptions { grace: Duration::ZERO, dry_run: false };

fn create(path: &Path) -> Registry {
    Registry::open_with(path, Options { create: true, ..Options::default() }).unwrap()
}

/// A folder with the registry `hb`, which has the model `fraud`.
fn registry() -> (tempfile::TempDir, Registry) {
    let folder = tempfile::tempdir().unwrap();
    let registry = create(&folder.path().join("hb"));
    registry.create_model("fraud").unwrap();
    (folder, registry)
}

fn content(text: &str) -> Content {
    Content::Bytes { name: "m".into(), bytes: text.as_bytes().to_vec() }
}

fn put(registry: &Registry, text: &str) -> String {
    try_put(registry, text).unwrap()
}

fn try_put(registry: &Registry, text: &str) -> halfback::Result<String> {
    let artifact = registry.put_artifact("fraud", &content(text), &mut no_progress)?;
    Ok(artifact.digest)
}

fn register(registry: &Registry, text: &str) -> halfback::Result<ModelVersion> {
    let version = RegisterVersion { model: "fraud".into(), ..RegisterVersion::default() };
    registry.register_version(&content(text), version, &mut no_progress)
}

/// Registers what was put before.
fn name(registry: &Registry, digest: String) -> halfback::Result<ModelVersion> {
    let model = "fraud".into();
    registry.execute(RegisterVersion { model, digest, ..RegisterVersion::default() })
}

/// Every file of the store.
fn stored(registry: &Registry) -> BTreeSet<PathBuf> {
    let mut folders = vec![registry.path().join("artifacts")];
    let mut found = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { assert!(found.insert(path)) }
        }
    }
    found
}

/// Lets every file of the store look as if it was put long ago.
fn grow_old(registry: &Registry) {
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for path in stored(registry) {
        File::open(path).unwrap().set_modified(long_ago).unwrap();
    }
}

#[track_caller]
fn check_whole(registry: &Registry) {
    registry.verify_log().unwrap();
    assert_eq!(registry.check().unwrap().findings, []);
}

#[test]
fn what_nobody_names_goes_once_it_is_old() {
    let (_folder, registry) = registry();
    register(&registry, "named").unwrap();
    register(&registry, "once named").unwrap();
    registry.delete_version("fraud/2").unwrap();
    let named = stored(&registry);
    put(&registry, "never named");
    let all = stored(&registry);
    let young = registry.sweep(SweepOptions::default()).unwrap();
    // The file, and the list of the artifact's files.
    assert_eq!((young.files, young.kept_young), (0, 2));
    assert_eq!(stored(&registry), all);
    grow_old(&registry);
    let dry = registry.sweep(SweepOptions { dry_run: true, ..SweepOptions::default() }).unwrap();
    assert_eq!((dry.files, dry.kept_young, dry.dry_run), (2, 0, true));
    assert_eq!(stored(&registry), all);
    let swept = registry.sweep(SweepOptions::default()).unwrap();
    assert_eq!((swept.files, swept.bytes, swept.kept_young), (2, dry.bytes, 0));
    assert_eq!(stored(&registry), named);
    check_whole(&registry);
    assert_eq!(registry.sweep(AT_ONCE).unwrap().files, 0);
}

#[test]
fn what_killed_transfers_left_goes_once_it_is_old_and_what_is_under_way_stays() {
    let (_folder, registry) = registry();
    register(&registry, "named").unwrap();
    let before = stored(&registry);
    let store = before.first().unwrap().ancestors().nth(3).unwrap().join("staging");
    let (left, under_way) = (store.join(".halfback-0"), store.join(".halfback-1"));
    std::fs::write(&left, "half").unwrap();
    let file = File::create(&under_way).unwrap();
    file.lock().unwrap();
    // What is no business of Halfback's stays too.
    std::fs::write(store.join("notes"), "mine").unwrap();
    std::fs::write(store.with_file_name("sha256").join("readme"), "mine").unwrap();
    let swept = registry.sweep(SweepOptions::default()).unwrap();
    assert_eq!((swept.files, swept.kept_young), (0, 1));
    grow_old(&registry);
    let swept = registry.sweep(SweepOptions::default()).unwrap();
    assert_eq!((swept.files, swept.bytes), (1, 4));
    assert!(!left.exists() && under_way.exists() && store.join("notes").exists());
    check_whole(&registry);
}

#[test]
fn putting_again_renews_the_age_and_so_does_a_copy() {
    let (folder, registry) = registry();
    let digest = put(&registry, "weights");
    grow_old(&registry);
    assert_eq!(put(&registry, "weights"), digest);
    assert_eq!(registry.sweep(SweepOptions::default()).unwrap().kept_young, 2);
    grow_old(&registry);
    let other = create(&folder.path().join("other"));
    other.create_model("fraud").unwrap();
    register(&other, "weights").unwrap();
    // The copy finds the content here already, and is refused only when it is to be registered.
    let model = registry.create_model("other").unwrap().name;
    let options = CopyOptions { model: Some(model), ..CopyOptions::default() };
    let before: Vec<SystemTime> = modified(&registry);
    let copy = other.copy_version("fraud/1", &registry, options, &mut no_progress).unwrap();
    assert_eq!(copy.digest, digest);
    assert!(modified(&registry).iter().zip(before).all(|(now, before)| *now > before));
}

fn modified(registry: &Registry) -> Vec<SystemTime> {
    stored(registry).iter().map(|path| path.metadata().unwrap().modified().unwrap()).collect()
}

#[test]
fn a_version_is_registered_only_for_content_that_is_still_there() {
    let (_folder, registry) = registry();
    let digest = put(&registry, "weights");
    assert_eq!(registry.sweep(AT_ONCE).unwrap().files, 2);
    let commit = registry.info().unwrap().commit;
    let error = name(&registry, digest.clone()).unwrap_err();
    assert_eq!(error.code(), "artifact_missing", "{error}");
    assert!(error.to_string().contains("register the content again"), "{error}");
    assert_eq!(registry.info().unwrap().commit, commit);
    put(&registry, "weights");
    name(&registry, digest).unwrap();
    check_whole(&registry);
}

#[test]
fn a_registry_whose_lists_of_files_are_damaged_is_not_swept() {
    let (_folder, registry) = registry();
    register(&registry, "named").unwrap();
    let list = stored(&registry)
        .into_iter()
        .find(|path| std::fs::read(path).unwrap().starts_with(b"halfback manifest"));
    let list = list.unwrap();
    let text = std::fs::read(&list).unwrap();
    std::fs::remove_file(&list).unwrap();
    let before = stored(&registry);
    let error = registry.sweep(AT_ONCE).unwrap_err();
    assert_eq!(error.code(), "artifact_missing", "{error}");
    assert_eq!(stored(&registry), before);
    std::fs::write(&list, text).unwrap();
    assert_eq!(registry.sweep(AT_ONCE).unwrap().files, 0);
    check_whole(&registry);
}

#[test]
fn who_may_not_write_cannot_sweep_purge_or_compact() {
    let (_folder, registry) = registry();
    let options = Options { read_only: true, ..Options::default() };
    let reader = Registry::open_with(registry.path(), options).unwrap();
    for error in [
        reader.sweep(AT_ONCE).unwrap_err(),
        reader.purge(Duration::ZERO, false).unwrap_err(),
        reader.compact().unwrap_err(),
    ] {
        assert_eq!(error.code(), "read_only", "{error}");
    }
    // What they would do, who may read is told.
    put(&registry, "never named");
    let swept = reader.sweep(SweepOptions { dry_run: true, ..AT_ONCE }).unwrap();
    assert_eq!((swept.files, swept.dry_run), (2, true));
    assert_eq!(stored(&registry).len(), 2);
    assert_eq!(reader.purge(Duration::ZERO, true).unwrap().versions, 0);
}

/// Sets a flag when a thread ends, also by a panic, so that the others end too.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn no_version_ever_names_content_that_is_not_there() {
    let (folder, registry) = registry();
    let stop = AtomicBool::new(false);
    let counts: [AtomicU64; 4] = Default::default();
    let [registered, refused, swept, purged] = &counts;
    let working = || !stop.load(Ordering::SeqCst);
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let (registry, stop, working) = (&registry, &stop, &working);
            scope.spawn(move || {
                let _stop = Stop(stop);
                for round in 0.. {
                    // Few contents, so that threads put, name, delete and remove the same ones;
                    // and time enough between putting and naming to lose them.
                    let texts = (0..4).map(|place| format!("{}", (round + thread + place) % 6));
                    let digests: Vec<_> = texts.map(|text| try_put(registry, &text)).collect();
                    for digest in digests {
                        match digest.and_then(|digest| name(registry, digest)) {
                            Ok(version) => {
                                // Whoever is told that it is registered finds its content.
                                registry.verify(&version, &mut no_progress).unwrap();
                                registered.fetch_add(1, Ordering::SeqCst);
                                registry.delete_version(&version).unwrap();
                            }
                            Err(error) => {
                                assert_eq!(error.code(), "artifact_missing", "{error}");
                                refused.fetch_add(1, Ordering::SeqCst);
                            }
                        }
                    }
                    if !working() {
                        break;
                    }
                }
            });
        }
        scope.spawn(|| {
            let _stop = Stop(&stop);
            while working() {
                swept.fetch_add(registry.sweep(AT_ONCE).unwrap().files, Ordering::SeqCst);
            }
        });
        scope.spawn(|| {
            let _stop = Stop(&stop);
            while working() {
                let versions = registry.purge(Duration::ZERO, false).unwrap().versions;
                purged.fetch_add(versions, Ordering::SeqCst);
            }
        });
        let _stop = Stop(&stop);
        let to = folder.path().join("backup");
        let began = Instant::now();
        // Until everything happened, with backups in between.
        while working() && counts.iter().any(|count| count.load(Ordering::SeqCst) < 20) {
            assert!(began.elapsed() < Duration::from_secs(120), "too little happened: {counts:?}");
            check_whole(&registry);
            registry.backup(&to, false, &mut no_progress).unwrap();
            let options = Options { read_only: true, ..Options::default() };
            check_whole(&Registry::open_with(&to, options).unwrap());
        }
    });
    check_whole(&registry);
    let again = folder.path().join("again");
    registry.backup(folder.path().join("last"), false, &mut no_progress).unwrap();
    restore(folder.path().join("last"), &again, &mut no_progress).unwrap();
    check_whole(&create(&again));
}

#[test]
fn purging_takes_the_content_of_what_was_deleted_and_tells_so_ever_after() {
    let (folder, registry) = registry();
    register(&registry, "one").unwrap();
    register(&registry, "shared").unwrap();
    register(&registry, "shared").unwrap();
    let before = registry.info().unwrap().commit;
    let live = registry.backup(folder.path().join("before"), false, &mut no_progress).unwrap();
    registry.delete_version("fraud/1").unwrap();
    registry.delete_version("fraud/2").unwrap();
    let day = Duration::from_secs(86_400);
    assert_eq!(registry.purge(day, false).unwrap(), halfback::Purged::default());
    let dry = registry.purge(Duration::ZERO, true).unwrap();
    assert_eq!((dry.versions, dry.artifacts, dry.size, dry.files), (1, 1, 3, 0));
    let all = stored(&registry);
    let purged = registry.purge(Duration::ZERO, false).unwrap();
    assert_eq!((purged.versions, purged.size, purged.files), (1, 3, 2));
    assert_eq!(all.len() - stored(&registry).len(), 2);
    let view = registry.as_of(before).unwrap();
    assert_eq!(view.resolve("fraud/1").unwrap().number, 1);
    let to = folder.path().join("out");
    for error in [
        view.download("fraud/1", &to, &mut no_progress).unwrap_err(),
        view.verify("fraud/1", &mut no_progress).unwrap_err(),
        view.file_path("fraud/1", None).unwrap_err(),
        view.get_artifact("fraud/1").unwrap_err(),
        view.copy_version("fraud/1", &registry, CopyOptions::default(), &mut no_progress)
            .unwrap_err(),
    ] {
        assert_eq!(error.code(), "not_found", "{error}");
        let commit = format!("by commit {}", registry.info().unwrap().commit);
        assert!(error.to_string().contains(&commit), "{error}");
    }
    // The other one is named by version 3 as well.
    view.verify("fraud/2", &mut no_progress).unwrap();
    check_whole(&registry);
    let commit = registry.info().unwrap().commit;
    assert_eq!(registry.purge(Duration::ZERO, false).unwrap().versions, 0);
    assert_eq!(registry.info().unwrap().commit, commit, "a rerun leaves no commit");
    // A backup goes on without it; the one from before has it.
    let backup = registry.backup(folder.path().join("after"), false, &mut no_progress).unwrap();
    assert_eq!((live.files_copied, backup.files_copied), (2, 1));
    let again = folder.path().join("again");
    restore(folder.path().join("after"), &again, &mut no_progress).unwrap();
    check_whole(&create(&again));
    registry.delete_version("fraud/3").unwrap();
    assert_eq!(registry.purge(Duration::ZERO, false).unwrap().versions, 2);
    assert_eq!(stored(&registry), BTreeSet::new());
    // The same content can be registered again, and is a version's like any other.
    register(&registry, "one").unwrap();
    check_whole(&registry);
    assert_eq!(registry.sweep(AT_ONCE).unwrap().files, 0);
}

#[test]
fn a_purge_that_was_killed_is_finished_by_the_next_sweep() {
    let (_folder, registry) = registry();
    register(&registry, "one").unwrap();
    registry.delete_version("fraud/1").unwrap();
    // What is durable when a process dies between the commit and the files.
    let purged = registry.execute(Purge { older_than: 0 }).unwrap();
    assert_eq!((purged.versions, purged.files, stored(&registry).len()), (1, 0, 2));
    check_whole(&registry);
    assert_eq!(registry.sweep(SweepOptions::default()).unwrap().kept_young, 2);
    grow_old(&registry);
    assert_eq!(registry.sweep(SweepOptions::default()).unwrap().files, 2);
    assert_eq!(stored(&registry), BTreeSet::new());
    check_whole(&registry);
}

#[test]
fn a_purge_leaves_what_was_put_again_since_its_version_was_deleted() {
    let (_folder, registry) = registry();
    register(&registry, "one").unwrap();
    registry.delete_version("fraud/1").unwrap();
    let digest = put(&registry, "one");
    // Clocks of file systems are coarse.
    for path in stored(&registry) {
        let later = path.metadata().unwrap().modified().unwrap() + Duration::from_secs(60);
        File::open(path).unwrap().set_modified(later).unwrap();
    }
    assert_eq!(registry.purge(Duration::ZERO, false).unwrap().files, 0);
    name(&registry, digest).unwrap();
    check_whole(&registry);
}

/// Writes so many bytes into the database's log, as a large transaction does, and commits.
fn write_much(registry: &Registry, bytes: usize) {
    let database = rusqlite::Connection::open(registry.path().join("registry.db")).unwrap();
    database
        .execute_batch(&format!(
            "PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = off; CREATE TABLE much (b); \
             INSERT INTO much VALUES (zeroblob({bytes})); DROP TABLE much"
        ))
        .unwrap();
    registry.set_tag("fraud", "much", "was written").unwrap();
    registry.delete_tag("fraud", "much").unwrap();
}

fn log_size(registry: &Registry) -> u64 {
    registry.path().join("registry.db-wal").metadata().map_or(0, |metadata| metadata.len())
}

fn external(registry: &Registry) -> rusqlite::Connection {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    rusqlite::Connection::open_with_flags(registry.path().join("registry.db"), flags).unwrap()
}

/// Begins to read, and stays on what is there now.
fn stay(reader: &rusqlite::Connection) -> i64 {
    reader.execute_batch("BEGIN").unwrap();
    reader.query_row("SELECT n FROM head", [], |row| row.get(0)).unwrap()
}

#[test]
fn compacting_gives_space_back_while_others_read() {
    let (_folder, registry) = registry();
    // It leaves its pages free.
    write_much(&registry, 4 << 20);
    let reader = external(&registry);
    let seen = stay(&reader);
    let held = registry.compact().unwrap();
    assert!(held.held, "{held:?}");
    let again: i64 = reader.query_row("SELECT n FROM head", [], |row| row.get(0)).unwrap();
    assert_eq!(again, seen, "the reader lost its snapshot");
    reader.execute_batch("COMMIT").unwrap();
    let done = registry.compact().unwrap();
    assert!(!done.held, "{done:?}");
    assert!(done.bytes_after + (2 << 20) < held.bytes_before, "{held:?} {done:?}");
    assert_eq!(log_size(&registry), 0);
    check_whole(&registry);
    registry.set_tag("fraud", "after", "it").unwrap();
    assert_eq!(registry.get_model("fraud").unwrap().tags["after"], "it");
}

/// Above what the log has to begin anew at.
const MUCH: usize = 24 << 20;
const LOG_BOUND: u64 = 160 << 20;

#[test]
fn the_log_is_given_back_when_a_long_reader_has_ended() {
    let (_folder, registry) = registry();
    let reader = external(&registry);
    let seen = stay(&reader);
    for _ in 0..4 {
        write_much(&registry, MUCH);
    }
    assert!(log_size(&registry) > 64 << 20, "{}", log_size(&registry));
    let again: i64 = reader.query_row("SELECT n FROM head", [], |row| row.get(0)).unwrap();
    assert_eq!(again, seen, "the reader lost its snapshot");
    reader.execute_batch("COMMIT").unwrap();
    for _ in 0..3 {
        registry.set_tag("fraud", "k", "v").unwrap();
        registry.delete_tag("fraud", "k").unwrap();
    }
    assert!(log_size(&registry) <= 16 << 20, "{}", log_size(&registry));
}

#[test]
fn the_log_stays_bounded_while_readers_take_turns() {
    let (_folder, registry) = registry();
    let stop = AtomicBool::new(false);
    // At every moment one of the two reads: each begins anew while the other one stays.
    let (to_second, from_first) = mpsc::channel();
    let (to_first, from_second) = mpsc::channel();
    let began = Barrier::new(3);
    let mut longest = 0;
    to_first.send(()).unwrap();
    std::thread::scope(|scope| {
        for (tell, turn) in [(to_second, from_second), (to_first, from_first)] {
            let (registry, stop, began) = (&registry, &stop, &began);
            scope.spawn(move || {
                let reader = external(registry);
                stay(&reader);
                began.wait();
                while turn.recv().is_ok() && !stop.load(Ordering::SeqCst) {
                    reader.execute_batch("COMMIT").unwrap();
                    stay(&reader);
                    if tell.send(()).is_err() {
                        break;
                    }
                }
            });
        }
        let _stop = Stop(&stop);
        began.wait();
        for _ in 0..12 {
            write_much(&registry, MUCH);
            longest = longest.max(log_size(&registry));
        }
    });
    assert!(longest <= LOG_BOUND, "{longest}");
}
