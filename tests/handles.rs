//! What no scenario can show: other processes, killed writers, forks, and edits behind the
//! library's back.
#![expect(clippy::unwrap_used, reason = "a failed expectation is this file's way of failing")]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use halfback::{Content, Options, RegisterVersion, Registry, no_progress};

const CHAMPION: &str = "models:/fraud@champion";
/// Set in the child processes: which folder, and what to do there.
const FOLDER: &str = "HALFBACK_TEST_FOLDER";

/// A registry with two versions of `fraud` and the champion on the first.
fn registry() -> (tempfile::TempDir, Registry) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { create: true, ..Options::default() };
    let registry = Registry::open_with(folder.path().join("hb"), options).unwrap();
    registry.create_model("fraud").unwrap();
    for bytes in [b"one".to_vec(), b"two".to_vec()] {
        let content = Content::Bytes { name: "m".into(), bytes };
        let version = RegisterVersion { model: "fraud".into(), ..RegisterVersion::default() };
        registry.register_version(&content, version, &mut no_progress).unwrap();
    }
    registry.set_alias("fraud", "champion", 1).unwrap();
    (folder, registry)
}

/// This test program again, running only the test `name`, which does its part as a child.
fn child(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]).env(FOLDER, folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn inherited() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// The lines that a child says to its parent.
fn said(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.map_while(Result::ok).filter_map(|line| line.split("> ").nth(1).map(str::to_owned))
}

#[test]
fn a_move_by_another_process_is_seen_at_once() {
    if let Some(folder) = inherited() {
        let registry = Registry::open(folder).unwrap();
        for line in std::io::stdin().lines() {
            let number = line.unwrap().parse().unwrap();
            registry.set_alias("fraud", "champion", number).unwrap();
            println!("> moved");
        }
        return;
    }
    let (_folder, registry) = registry();
    let mut writer =
        child("a_move_by_another_process_is_seen_at_once", registry.path()).spawn().unwrap();
    let mut orders = writer.stdin.take().unwrap();
    let mut answers = said(&mut writer);
    for turn in 0..300 {
        let number = 2 - turn % 2;
        writeln!(orders, "{number}").unwrap();
        assert_eq!(answers.next().as_deref(), Some("moved"));
        for _ in 0..3 {
            assert_eq!(registry.resolve(CHAMPION).unwrap().number, number);
        }
    }
    drop(orders);
    assert!(writer.wait().unwrap().success());
}

/// How often a test repeats what only many repetitions show.
fn often(times: usize) -> usize {
    if std::env::var_os("HALFBACK_LONG").is_some() { times * 20 } else { times }
}

#[test]
fn no_reader_ever_sees_less_than_was_acknowledged_before_it_looked() {
    let name = "no_reader_ever_sees_less_than_was_acknowledged_before_it_looked";
    if let Some(folder) = inherited() {
        let registry = Registry::open(folder).unwrap();
        for number in 1..=often(2000) {
            registry.set_tag("fraud/1", "count", &number.to_string()).unwrap();
            println!("> {number}");
        }
        return;
    }
    let (_folder, registry) = registry();
    registry.set_tag("fraud/1", "count", "0").unwrap();
    let acknowledged = AtomicUsize::new(0);
    let looks = AtomicUsize::new(0);
    let mut writer = child(name, registry.path()).spawn().unwrap();
    let numbers = said(&mut writer);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut last = 0;
                while last < often(2000) {
                    let least = acknowledged.load(Ordering::SeqCst);
                    let champion = registry.resolve(CHAMPION).unwrap();
                    let seen = champion.tags.get("count").unwrap().parse().unwrap();
                    assert!(seen >= least, "{least} was acknowledged, then {seen} was read");
                    assert!(seen >= last, "{last} was read, then {seen}");
                    last = seen;
                    looks.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for number in numbers {
            acknowledged.store(number.parse().unwrap(), Ordering::SeqCst);
        }
    });
    assert!(writer.wait().unwrap().success());
    assert_eq!(acknowledged.into_inner(), often(2000));
    // Far more looks than moves: most were answered from memory.
    assert!(looks.into_inner() > often(2000));
}

#[test]
fn handles_of_one_registry_share_its_lock_file() {
    let (folder, first) = registry();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(first.path(), &link).unwrap();
    let others: Vec<Registry> =
        [first.path(), &link].into_iter().cycle().take(40).map(open).collect();
    let lock = first.path().join("writer.lock");
    let descriptors = std::fs::read_dir("/proc/self/fd").unwrap();
    let held = descriptors.filter(|entry| {
        std::fs::read_link(entry.as_ref().unwrap().path()).is_ok_and(|open| open == lock)
    });
    assert_eq!(held.count(), 1);
    for (turn, other) in (0..).zip(&others) {
        other.set_alias("fraud", "champion", 1 + turn % 2).unwrap();
        assert_eq!(first.resolve(CHAMPION).unwrap().number, 1 + turn % 2);
        other.close().unwrap();
    }
    first.set_alias("fraud", "champion", 1).unwrap();
    assert_eq!(open(&link).resolve(CHAMPION).unwrap().number, 1);
}

fn open(path: impl AsRef<Path>) -> Registry {
    Registry::open(path).unwrap()
}

#[test]
fn another_program_that_keeps_the_database_locked_is_named() {
    let (_folder, registry) = registry();
    let other = rusqlite::Connection::open(registry.path().join("registry.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = registry.set_tag("fraud", "k", "v").unwrap_err();
    assert_eq!((error.code(), error.kind().name()), ("busy", "unavailable"), "{error}");
    assert_eq!(registry.resolve(CHAMPION).unwrap().number, 1);
    other.execute_batch("ROLLBACK").unwrap();
    registry.set_tag("fraud", "k", "v").unwrap();
    assert_eq!(registry.check().unwrap().findings, []);
}

#[test]
fn text_is_kept_up_to_its_limit() {
    const MOST: usize = 100_000;
    let (_folder, registry) = registry();
    registry.set_tag("fraud", "k", &"x".repeat(MOST)).unwrap();
    let before = registry.info().unwrap();
    let error = registry.set_tag("fraud", "k", &"x".repeat(MOST + 1)).unwrap_err();
    assert_eq!(error.code(), "invalid_argument", "{error}");
    let update = halfback::UpdateModel {
        name: "fraud".into(),
        comment: Some("é".repeat(MOST / 2 + 1)),
        ..halfback::UpdateModel::default()
    };
    assert_eq!(registry.update_model(update).unwrap_err().code(), "invalid_argument");
    assert_eq!(registry.info().unwrap(), before);
}

#[test]
fn a_killed_writer_loses_nothing_that_it_acknowledged() {
    if let Some(folder) = inherited() {
        let registry = Registry::open(folder).unwrap();
        for number in 0_i64.. {
            registry.set_tag("fraud", "count", &number.to_string()).unwrap();
            println!("> {number}");
        }
        return;
    }
    let (_folder, registry) = registry();
    for kill in 1..=often(8) {
        let mut writer =
            child("a_killed_writer_loses_nothing_that_it_acknowledged", registry.path())
                .spawn()
                .unwrap();
        let mut numbers = said(&mut writer);
        let mut last: i64 = numbers.nth(kill % 20 * 7).unwrap().parse().unwrap();
        writer.kill().unwrap();
        writer.wait().unwrap();
        last = numbers.last().map_or(last, |number| number.parse().unwrap());
        let kept: i64 = registry.get_model("fraud").unwrap().tags["count"].parse().unwrap();
        assert!(kept == last || kept == last + 1, "acknowledged {last}, found {kept}");
        registry.verify_log().unwrap();
        // The next writer repairs the words, and the cache answers again.
        let number = 1 + i64::try_from(kill).unwrap() % 2;
        registry.set_alias("fraud", "champion", number).unwrap();
        let (_, stamp) = halfback::wire::resolve(&registry, CHAMPION).unwrap();
        assert!(registry.is_current(&stamp.unwrap()), "the words stay odd");
        assert_eq!(registry.resolve(CHAMPION).unwrap().number, number);
    }
    assert_eq!(registry.check().unwrap().findings, []);
}

#[test]
fn a_handle_works_in_the_child_of_a_fork() {
    let Some(folder) = inherited() else {
        // A process of its own: forking a test program with other threads proves little.
        let (_folder, registry) = registry();
        let mut parent = child("a_handle_works_in_the_child_of_a_fork", registry.path());
        assert!(parent.stdout(Stdio::null()).status().unwrap().success());
        assert_eq!(registry.resolve(CHAMPION).unwrap().number, 2);
        assert_eq!(registry.check().unwrap().findings, []);
        return;
    };
    let registry = Registry::open(folder).unwrap();
    assert_eq!(registry.resolve(CHAMPION).unwrap().number, 1);
    // SAFETY: the child only uses the library, and ends without running the parent's exit code.
    let process = unsafe { libc::fork() };
    if process == 0 {
        let moved = registry.set_alias("fraud", "champion", 2).is_ok()
            && registry.resolve(CHAMPION).is_ok_and(|version| version.number == 2);
        // SAFETY: ends this process at once.
        unsafe { libc::_exit(i32::from(!moved)) };
    }
    let mut status = 0;
    // SAFETY: waits for the child made above; `status` outlives the call.
    unsafe { libc::waitpid(process, &raw mut status, 0) };
    assert_eq!(status, 0);
    assert_eq!(registry.resolve(CHAMPION).unwrap().number, 2);
    registry.set_tag("fraud", "parent", "goes on").unwrap();
}

#[test]
fn without_the_right_to_write_a_registry_is_refused_by_name() {
    if let Some(folder) = inherited() {
        let options = Options { create: true, ..Options::default() };
        for path in [folder.join("hb"), folder.join("new")] {
            let error = Registry::open_with(path, options).unwrap_err();
            assert_eq!(error.code(), "permission_denied", "{error}");
        }
        let options = Options { read_only: true, ..Options::default() };
        let read = |name: &str| Registry::open_with(folder.join(name), options);
        std::io::stdin().read_line(&mut String::new()).unwrap();
        let live = read("live").unwrap();
        assert_eq!(live.get_schema("default").unwrap().name, "main.default");
        assert_eq!(live.create_model("fraud").unwrap_err().code(), "read_only");
        // Nobody has this one open; then somebody comes, and goes again.
        let registry = read("hb").unwrap();
        for number in [1, 2, 1] {
            assert_eq!(registry.resolve(CHAMPION).unwrap().number, number);
            assert_eq!(registry.get_model("fraud").unwrap().aliases["champion"], number);
            println!("> seen");
            std::io::stdin().read_line(&mut String::new()).unwrap();
        }
        // Only who may write can recover what a killed writer left.
        let error = read("killed").unwrap_err();
        assert_eq!(error.code(), "permission_denied", "{error}");
        assert!(error.to_string().contains("without closing it"), "{error}");
        return;
    }
    let (folder, registry) = registry();
    registry.grant("Consumer", "registry:/", "everyone").unwrap();
    registry.close().unwrap();
    let options = Options { create: true, ..Options::default() };
    let live = Registry::open_with(folder.path().join("live"), options).unwrap();
    live.grant("Consumer", "registry:/", "everyone").unwrap();
    leave_a_log(registry.path(), &folder.path().join("killed"));
    let mode = |mode| std::os::unix::fs::PermissionsExt::from_mode(mode);
    std::fs::set_permissions(folder.path(), mode(0o755)).unwrap();
    let name = "without_the_right_to_write_a_registry_is_refused_by_name";
    let mut stranger = child(name, folder.path());
    let root = rustix::process::geteuid().is_root();
    let copy = tempfile::tempdir().unwrap();
    if root {
        // Root may write everywhere: somebody else runs a copy of this program.
        let program = copy.path().join("test");
        std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        std::fs::set_permissions(copy.path(), mode(0o755)).unwrap();
        stranger = Command::new(program);
        stranger.args(["--exact", name, "--nocapture", "--test-threads=1"]);
        stranger.env(FOLDER, folder.path()).uid(65_534).gid(65_534);
    } else {
        std::fs::set_permissions(folder.path().join("hb/writer.lock"), mode(0o444)).unwrap();
        std::fs::set_permissions(folder.path(), mode(0o555)).unwrap();
    }
    let pipes = stranger.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut stranger = pipes.spawn().unwrap();
    // Spawning let its connections go; one of them is open again while the other one reads.
    live.info().unwrap();
    let mut orders = stranger.stdin.take().unwrap();
    let mut answers = said(&mut stranger);
    writeln!(orders, "now").unwrap();
    assert_eq!(answers.next().as_deref(), Some("seen"));
    for (number, closes) in [(2, false), (1, true)] {
        let writer = open(folder.path().join("hb"));
        writer.set_alias("fraud", "champion", number).unwrap();
        if closes {
            writer.close().unwrap();
        }
        writeln!(orders, "moved").unwrap();
        assert_eq!(answers.next().as_deref(), Some("seen"));
    }
    writeln!(orders, "done").unwrap();
    let status = stranger.wait().unwrap();
    std::fs::set_permissions(folder.path(), mode(0o755)).unwrap();
    assert!(status.success());
}

/// Copies a registry, and leaves in the copy what a writer leaves that is killed.
fn leave_a_log(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    let writer = open(from);
    writer.set_tag("fraud", "k", "v").unwrap();
    for file in ["registry.db", "registry.db-wal"] {
        std::fs::copy(from.join(file), to.join(file)).unwrap();
    }
    writer.close().unwrap();
}

#[test]
fn reading_only_leaves_no_file_behind_and_sees_whoever_writes() {
    let (_folder, registry) = registry();
    let path = registry.path().to_owned();
    drop(registry);
    let files = || {
        let names = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    let before = files();
    let options = Options { read_only: true, ..Options::default() };
    let reader = Registry::open_with(&path, options).unwrap();
    for number in [1, 2, 1] {
        let writer = open(&path);
        writer.set_alias("fraud", "champion", number).unwrap();
        drop(writer);
        assert_eq!(reader.get_model("fraud").unwrap().aliases["champion"], number);
        assert_eq!(reader.resolve(CHAMPION).unwrap().number, number);
        assert_eq!(files(), before);
    }
    let odd = path.with_file_name("odd ?%#é");
    std::fs::rename(&path, &odd).unwrap();
    assert_eq!(reader.info().unwrap_err().code(), "registry_not_found");
    drop(reader);
    let reader = Registry::open_with(&odd, options).unwrap();
    assert_eq!(reader.resolve(CHAMPION).unwrap().number, 1);
}

#[test]
fn a_handle_never_reaches_another_registry_that_took_the_place_of_its_own() {
    let (folder, first) = registry();
    let (_other_folder, other) = registry();
    other.set_alias("fraud", "champion", 2).unwrap();
    let (path, own) = (first.path().to_owned(), first.info().unwrap().uuid);
    assert_eq!(first.resolve(CHAMPION).unwrap().number, 1);
    let second = other.path().to_owned();
    drop(other);
    std::fs::rename(&path, folder.path().join("old")).unwrap();
    std::fs::rename(second, &path).unwrap();
    release_connections();
    let moved = |error: halfback::Error| {
        assert_eq!(error.code(), "registry_not_found", "{error}");
        assert!(error.to_string().contains("open it again"), "{error}");
    };
    moved(first.info().unwrap_err());
    moved(first.set_tag("fraud", "k", "v").unwrap_err());
    let again = open(&path);
    assert_ne!(again.info().unwrap().uuid, own);
    assert_eq!(again.resolve(CHAMPION).unwrap().number, 2);
    assert_eq!(again.get_model("fraud").unwrap().tags.len(), 0);
    assert_eq!(open(folder.path().join("old")).info().unwrap().uuid, own);
}

/// Has every handle let go of its connections, as any fork does.
fn release_connections() {
    // SAFETY: the child ends at once.
    match unsafe { libc::fork() } {
        // SAFETY: ends this process at once.
        0 => unsafe { libc::_exit(0) },
        child => assert_eq!(ended(child), 0),
    }
}

/// The status of a forked child when it ended.
fn ended(child: libc::pid_t) -> i32 {
    let mut status = 0;
    // SAFETY: waits for a child of this process; `status` outlives the call.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    status
}

#[test]
fn a_deleted_database_is_not_made_anew_by_who_had_it_open() {
    let (_folder, registry) = registry();
    let database = registry.path().join("registry.db");
    for connected in [true, false] {
        if connected {
            std::fs::remove_file(&database).unwrap();
        } else {
            release_connections();
            assert_eq!(registry.info().unwrap_err().code(), "registry_not_found");
        }
        let error = registry.set_tag("fraud", "k", "v").unwrap_err();
        assert_eq!(error.code(), "registry_not_found", "{error}");
        assert!(!database.exists());
        let error = Registry::open(registry.path()).unwrap_err();
        assert_eq!(error.code(), "corrupt", "{error}");
    }
}

#[test]
fn deleted_words_are_not_made_anew_while_anybody_has_them() {
    let name = "deleted_words_are_not_made_anew_while_anybody_has_them";
    if let Some(folder) = inherited() {
        match Registry::open(folder) {
            Ok(registry) => {
                registry.set_alias("fraud", "champion", 2).unwrap();
                println!("> moved");
            }
            Err(error) => println!("> {}", error.code()),
        }
        return;
    }
    let (folder, registry) = registry();
    let words = registry.path().join("generation");
    assert_eq!(registry.resolve(CHAMPION).unwrap().number, 1);
    let other = |expected: &str| {
        let mut other = child(name, registry.path()).spawn().unwrap();
        assert_eq!(said(&mut other).last().as_deref(), Some(expected));
        assert!(other.wait().unwrap().success());
    };
    let copy = folder.path().join("copy");
    std::fs::copy(&words, &copy).unwrap();
    std::fs::remove_file(&words).unwrap();
    other("busy");
    std::fs::rename(copy, &words).unwrap();
    other("busy");
    // Who has them goes on together.
    let read_only = Options { read_only: true, ..Options::default() };
    let reader = Registry::open_with(registry.path(), read_only).unwrap();
    assert_eq!(reader.resolve(CHAMPION).unwrap().number, 1);
    registry.set_alias("fraud", "champion", 2).unwrap();
    assert_eq!(registry.resolve(CHAMPION).unwrap().number, 2);
    assert_eq!(reader.resolve(CHAMPION).unwrap().number, 2);
    registry.set_alias("fraud", "champion", 1).unwrap();
    let path = registry.path().to_owned();
    registry.close().unwrap();
    other("moved");
    let registry = open(path);
    assert_eq!(registry.resolve(CHAMPION).unwrap().number, 2);
    assert_eq!(reader.resolve(CHAMPION).unwrap().number, 2);
}

#[test]
fn forks_are_safe_while_other_threads_open_and_close() {
    let Some(folder) = inherited() else {
        let (folder, registry) = registry();
        let other = folder.path().join("other");
        let options = Options { create: true, ..Options::default() };
        Registry::open_with(other, options).unwrap().create_model("fraud").unwrap();
        let path = registry.path().to_owned();
        drop(registry);
        let mut parent = child("forks_are_safe_while_other_threads_open_and_close", &path);
        assert!(parent.stdout(Stdio::null()).status().unwrap().success());
        return;
    };
    let stop = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for path in [folder.clone(), folder.with_file_name("other")] {
            let stop = &stop;
            scope.spawn(move || {
                while stop.load(Ordering::SeqCst) == 0 {
                    let registry = open(&path);
                    registry.set_tag("fraud", "k", "v").unwrap();
                    registry.delete_tag("fraud", "k").unwrap();
                    registry.close().unwrap();
                }
            });
        }
        let failed = (0..often(200)).find_map(|_| {
            // SAFETY: the child only uses the library, and ends without running exit code.
            let process = unsafe { libc::fork() };
            if process == 0 {
                // SAFETY: a child that hangs is killed by this.
                unsafe { libc::alarm(20) };
                let read = Registry::open(&folder)
                    .and_then(|registry| registry.get_model("fraud").and(registry.close()));
                if let Err(error) = &read {
                    let said = format!("{error}\n");
                    // SAFETY: the bytes live; the standard library's own lock may be held.
                    unsafe { libc::write(2, said.as_ptr().cast(), said.len()) };
                }
                // SAFETY: ends this process at once.
                unsafe { libc::_exit(i32::from(read.is_err())) };
            }
            let status = ended(process);
            (status != 0).then_some(status)
        });
        stop.store(1, Ordering::SeqCst);
        assert_eq!(failed, None, "a child hung (its alarm ended it) or could not read");
    });
}

#[test]
fn waiting_for_another_writer_can_be_interrupted_and_holds_up_no_fork() {
    static ASKED: AtomicBool = AtomicBool::new(false);
    static STOP: AtomicBool = AtomicBool::new(false);
    let name = "waiting_for_another_writer_can_be_interrupted_and_holds_up_no_fork";
    if let Some(folder) = inherited() {
        halfback::interrupt::ask(|| {
            ASKED.store(true, Ordering::SeqCst);
            STOP.load(Ordering::SeqCst)
        });
        let registry = open(&folder);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| registry.set_tag("fraud", "k", "v").unwrap_err());
            while !ASKED.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
            // SAFETY: ends this process where the fork below waits for the other writer.
            unsafe { libc::alarm(20) };
            // SAFETY: the child only uses the library, and ends without running exit code.
            let process = unsafe { libc::fork() };
            if process == 0 {
                let read = registry.resolve(CHAMPION).is_ok();
                // SAFETY: ends this process at once.
                unsafe { libc::_exit(i32::from(!read)) };
            }
            assert_eq!(ended(process), 0);
            STOP.store(true, Ordering::SeqCst);
            assert_eq!(writer.join().unwrap().code(), "cancelled");
        });
        return;
    }
    let (_folder, registry) = registry();
    let path = registry.path().to_owned();
    drop(registry);
    let lock = std::fs::File::options().write(true).open(path.join("writer.lock")).unwrap();
    rustix::fs::fcntl_lock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    assert!(child(name, &path).stdout(Stdio::null()).status().unwrap().success());
    drop(lock);
    open(&path).set_tag("fraud", "k", "v").unwrap();
}

/// Runs SQL behind the library's back.
fn tamper(registry: &Registry, sql: &str) {
    let database = registry.path().join("registry.db");
    let changed = rusqlite::Connection::open(database).unwrap().execute(sql, []).unwrap();
    assert!(changed > 0, "{sql} changed nothing");
}

#[test]
fn a_registry_of_a_newer_format_is_refused() {
    let (_folder, registry) = registry();
    tamper(&registry, "UPDATE registry SET format = 99");
    let path = registry.path().to_owned();
    drop(registry);
    let error = Registry::open(path).unwrap_err();
    assert_eq!(error.code(), "unsupported_format");
    assert!(error.to_string().contains("newer halfback"), "{error}");
}
