//! What no scenario can show: other processes, killed writers, forks, and edits behind the
//! library's back.
#![expect(clippy::unwrap_used, reason = "a failed expectation is this file's way of failing")]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

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
    for kill in 1..=5 {
        let mut writer =
            child("a_killed_writer_loses_nothing_that_it_acknowledged", registry.path())
                .spawn()
                .unwrap();
        let mut numbers = said(&mut writer);
        let mut last: i64 = numbers.nth(kill * 7).unwrap().parse().unwrap();
        writer.kill().unwrap();
        writer.wait().unwrap();
        last = numbers.last().map_or(last, |number| number.parse().unwrap());
        let kept: i64 = registry.get_model("fraud").unwrap().tags["count"].parse().unwrap();
        assert!(kept == last || kept == last + 1, "acknowledged {last}, found {kept}");
        registry.verify_log().unwrap();
        // The next writer repairs the words, and the cache answers again.
        registry.set_alias("fraud", "champion", 1 + i64::try_from(kill).unwrap() % 2).unwrap();
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
        return;
    }
    let (folder, registry) = registry();
    drop(registry);
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
    let output = stranger.current_dir("/").output().unwrap();
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
fn every_kind_of_edit_is_found() {
    for edit in [
        "UPDATE securable SET name = 'other' WHERE kind = 'model'",
        "UPDATE profile SET task = 'other'",
        "UPDATE version SET digest = zeroblob(32)",
        "UPDATE version_state SET stage = 'production'",
        "UPDATE alias SET version = version + 1",
        "UPDATE tag SET value = 'other'",
        "UPDATE principal SET kind = 'group'",
        "UPDATE protection SET alias = 'other'",
        "UPDATE text SET body = 'other'",
        "DELETE FROM tag",
        "UPDATE tag SET until = 3",
        "INSERT INTO tag VALUES (3, 'k', 'v', 2, 9223372036854775807)",
        "INSERT INTO tag VALUES (3, 'k', 'v', 99, 9223372036854775807)",
        "DELETE FROM log WHERE n = 2",
        "DELETE FROM log WHERE n = (SELECT MAX(n) FROM log)",
        "UPDATE log SET time = time + 1 WHERE n = 3",
        "UPDATE log SET actor = 7 WHERE n = 3",
        "UPDATE payload SET body = '[]' WHERE n = 2",
        "UPDATE head SET time = time - 1",
        "UPDATE head SET range = zeroblob(length(range))",
    ] {
        let (_folder, registry) = registry();
        registry.set_tag("fraud", "k", "v").unwrap();
        registry.protect_alias("fraud", "champion", true).unwrap();
        let comment = halfback::UpdateModel {
            name: "fraud".into(),
            comment: Some("c".into()),
            ..Default::default()
        };
        registry.update_model(comment).unwrap();
        assert_eq!(registry.check().unwrap().findings, []);
        tamper(&registry, edit);
        assert_ne!(registry.check().unwrap().findings, [], "{edit} was not found");
    }
}

#[test]
fn every_bit_of_a_header_counts() {
    let (_folder, registry) = registry();
    let headers = "SELECT n, header FROM log";
    let connection = rusqlite::Connection::open(registry.path().join("registry.db")).unwrap();
    let headers: Vec<(i64, Vec<u8>)> = connection
        .prepare(headers)
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let write = |n: i64, header: &[u8]| {
        connection.execute("UPDATE log SET header = ?2 WHERE n = ?1", (n, header)).unwrap();
    };
    let (n, header) = headers.last().unwrap();
    for (place, byte) in header.iter().enumerate() {
        let mut changed = header.clone();
        if let Some(place) = changed.get_mut(place) {
            *place = byte ^ 1;
        }
        write(*n, &changed);
        assert_eq!(registry.verify_log().unwrap_err().code(), "corrupt", "byte {place}");
    }
    write(*n, header);
    registry.verify_log().unwrap();
}

#[test]
fn erased_payloads_and_names_leave_a_log_that_verifies() {
    let (_folder, registry) = registry();
    tamper(&registry, "DELETE FROM payload");
    tamper(&registry, "DELETE FROM principal_name");
    assert_eq!(registry.check().unwrap().findings, []);
    let newest = registry.history("fraud").unwrap().items.remove(0);
    assert_eq!((newest.payload, newest.actor_name), (None, None));
    assert_eq!(newest.summary, "set_alias (erased)");
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
