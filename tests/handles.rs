//! What no scenario can show: other processes, killed writers, forks, and edits behind the
//! library's back.
#![expect(clippy::unwrap_used, reason = "a failed expectation is this file's way of failing")]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

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
        // Nobody has this one open: it can be read, or the error says what else is needed.
        match read("hb") {
            Ok(registry) => assert_eq!(registry.resolve(CHAMPION).unwrap().number, 1),
            Err(error) => {
                assert_eq!(error.code(), "permission_denied", "{error}");
            }
        }
        return;
    }
    let (folder, registry) = registry();
    drop(registry);
    let options = Options { create: true, ..Options::default() };
    let live = Registry::open_with(folder.path().join("live"), options).unwrap();
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
        stranger.args(["--exact", name]).env(FOLDER, folder.path()).uid(65_534).gid(65_534);
    } else {
        std::fs::set_permissions(folder.path().join("hb/writer.lock"), mode(0o444)).unwrap();
        std::fs::set_permissions(folder.path(), mode(0o555)).unwrap();
    }
    let pipes = stranger.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut stranger = pipes.spawn().unwrap();
    // Spawning let its connections go; one of them is open again while the other one reads.
    live.info().unwrap();
    stranger.stdin.take().unwrap().write_all(b"now\n").unwrap();
    let output = stranger.wait_with_output().unwrap();
    std::fs::set_permissions(folder.path(), mode(0o755)).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
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
