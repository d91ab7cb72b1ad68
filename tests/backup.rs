//! Backups while others write, killed backups, damaged ones, and what is made of them.
#![expect(clippy::unwrap_used, reason = "a failed expectation is this file's way of failing")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read as _};
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use halfback::{
    Content, Options, RegisterVersion, Registry, Transfer, VersionRef, no_progress, restore,
};

/// Set in the child processes: which folder to work on.
const FOLDER: &str = "HALFBACK_TEST_FOLDER";
/// Set in the child processes: at which step to stop and wait to be killed.
const STEP: &str = "HALFBACK_TEST_STEP";

fn create(path: &Path) -> Registry {
    Registry::open_with(path, Options { create: true, ..Options::default() }).unwrap()
}

fn reader(path: &Path) -> Registry {
    Registry::open_with(path, Options { read_only: true, ..Options::default() }).unwrap()
}

fn register(registry: &Registry, bytes: &[u8]) {
    let content = Content::Bytes { name: "m".into(), bytes: bytes.to_vec() };
    let version = RegisterVersion { model: "fraud".into(), ..RegisterVersion::default() };
    registry.register_version(&content, version, &mut no_progress).unwrap();
}

/// A folder with the registry `hb`, which has two versions of `fraud`.
fn registry() -> (tempfile::TempDir, Registry) {
    let folder = tempfile::tempdir().unwrap();
    let registry = create(&folder.path().join("hb"));
    registry.create_model("fraud").unwrap();
    register(&registry, b"one");
    register(&registry, b"two");
    (folder, registry)
}

/// Every file below a folder, with its content.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let content = std::fs::read(&path).unwrap();
                found.insert(path, content);
            }
        }
    }
    found
}

fn overwrite(path: &Path, content: &[u8]) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::write(path, content).unwrap();
}

/// What is in a registry is whole, and as it was at a commit.
#[track_caller]
fn check_whole(path: &Path, commit: i64) {
    let registry = reader(path);
    assert_eq!(registry.info().unwrap().commit, commit);
    assert_eq!(registry.check().unwrap().findings, []);
    let open: Vec<PathBuf> = files(path).into_keys().collect();
    registry.close().unwrap();
    assert_eq!(files(path).into_keys().collect::<Vec<_>>(), open, "reading left files");
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

/// Whether a child says `word` before it ends.
fn says(child: &mut Child, word: &str) -> bool {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.map_while(Result::ok).any(|line| line.contains(&format!("> {word}")))
}

/// Ends the threads of a test, also of one that fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn backups_of_a_registry_at_work_are_whole() {
    let name = "backups_of_a_registry_at_work_are_whole";
    if let Some(folder) = inherited() {
        let registry = Registry::open(folder).unwrap();
        for number in 0.. {
            register(&registry, format!("child {number}").as_bytes());
            if number == 0 {
                println!("> began");
            }
        }
    }
    let (folder, registry) = registry();
    let mut other = child(name, registry.path()).spawn().unwrap();
    assert!(says(&mut other, "began"));
    let stop = AtomicBool::new(false);
    let mut last = 0;
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (registry, stop) = (&registry, &stop);
            scope.spawn(move || {
                for number in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    register(registry, format!("thread {thread} {number}").as_bytes());
                    registry.set_alias("fraud", "champion", number % 2 + 1).unwrap();
                }
            });
        }
        let _stop = Stop(&stop);
        let to = folder.path().join("backup");
        for _ in 0..8 {
            let before = registry.info().unwrap().commit;
            let backup = registry.backup(&to, false, &mut no_progress).unwrap();
            assert!(backup.commit >= before, "{before} was acknowledged: {backup:?}");
            assert!(backup.commit > last, "nobody wrote");
            last = backup.commit;
            check_whole(&to, backup.commit);
        }
    });
    other.kill().unwrap();
    other.wait().unwrap();
    let again = folder.path().join("again");
    let restored = restore(folder.path().join("backup"), &again, &mut no_progress).unwrap();
    assert_eq!(restored.commit, last);
    check_whole(&again, last);
    // What was restored can be written to, and backed up on.
    let again = create(&again);
    register(&again, b"after");
    let backup = again.backup(folder.path().join("backup"), false, &mut no_progress).unwrap();
    assert_eq!((backup.commit, backup.files_copied), (last + 1, 1));
}

#[test]
fn a_killed_backup_leaves_the_one_before_and_goes_on_when_it_is_run_again() {
    let name = "a_killed_backup_leaves_the_one_before_and_goes_on_when_it_is_run_again";
    if let Some(folder) = inherited() {
        let wanted: usize = std::env::var(STEP).unwrap().parse().unwrap();
        let mut step = 0;
        let registry = Registry::open(folder.join("hb")).unwrap();
        let done = registry.backup(folder.join("backup"), false, &mut |_: Transfer| {
            if step == wanted {
                println!("> there");
                let _ = std::io::stdin().read(&mut [0]).unwrap();
            }
            step += 1;
            ControlFlow::Continue(())
        });
        done.unwrap();
        println!("> done");
        return;
    }
    let (folder, registry) = registry();
    let to = folder.path().join("backup");
    let first = registry.backup(&to, false, &mut no_progress).unwrap();
    for number in 0..3 {
        register(&registry, format!("{number} ").repeat(800_000).as_bytes());
    }
    let mut killed = 0;
    for step in 0.. {
        let mut other = child(name, folder.path()).env(STEP, step.to_string()).spawn().unwrap();
        let stopped = says(&mut other, "there");
        other.kill().unwrap();
        other.wait().unwrap();
        if !stopped {
            break;
        }
        killed += 1;
        check_whole(&to, first.commit);
    }
    assert!(killed > 3, "a backup has {killed} steps");
    let backup = registry.backup(&to, false, &mut no_progress).unwrap();
    check_whole(&to, backup.commit);
    let left: Vec<PathBuf> = files(&to)
        .into_keys()
        .filter(|path| path.to_string_lossy().contains("/.halfback-"))
        .collect();
    assert_eq!(left, Vec::<PathBuf>::new());
}

#[test]
fn a_cancelled_backup_or_restore_leaves_nothing_half_done() {
    let (folder, registry) = registry();
    let (to, again) = (folder.path().join("backup"), folder.path().join("again"));
    let first = registry.backup(&to, false, &mut no_progress).unwrap();
    register(&registry, b"three");
    let stop_at = |wanted: usize| {
        let mut step = 0;
        move |_: Transfer| {
            step += 1;
            if step > wanted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    };
    let before = files(&to);
    let cancelled = (0..).take_while(|step| {
        let Err(error) = registry.backup(&to, true, &mut stop_at(*step)) else { return false };
        assert_eq!(error.code(), "cancelled");
        check_whole(&to, first.commit);
        let lost: Vec<_> = before.keys().filter(|path| !path.exists()).collect();
        assert!(lost.is_empty(), "{lost:?}");
        true
    });
    assert!(cancelled.count() > 3);
    let cancelled = (0..).take_while(|step| {
        let Err(error) = restore(&to, &again, &mut stop_at(*step)) else { return false };
        assert_eq!(error.code(), "cancelled");
        let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(names.len(), 2, "{names:?}");
        true
    });
    assert!(cancelled.count() > 2);
    check_whole(&again, first.commit + 1);
}

#[test]
fn a_second_backup_copies_what_is_new_and_progress_counts_to_the_end() {
    let (folder, registry) = registry();
    let to = folder.path().join("backup");
    let mut told = Vec::new();
    let first = registry.backup(&to, false, &mut |transfer| {
        told.push(transfer);
        ControlFlow::Continue(())
    });
    let first = first.unwrap();
    assert_eq!((first.files_copied, first.bytes_copied, first.files_kept), (2, 6, 0));
    assert!(told.windows(2).all(|pair| pair[0].done <= pair[1].done), "{told:?}");
    let total = first.database_bytes + 6;
    assert_eq!(told.last(), Some(&Transfer { done: total, total }));
    assert_eq!(first.database_bytes, to.join("registry.db").metadata().unwrap().len());

    let second = registry.backup(&to, true, &mut no_progress).unwrap();
    assert_eq!((second.files_copied, second.files_kept, second.bytes_kept), (0, 2, 6));
    assert_eq!((second.commit, &second.root), (first.commit, &first.root));

    register(&registry, b"three");
    let third = registry.backup(&to, false, &mut no_progress).unwrap();
    assert_eq!((third.files_copied, third.bytes_copied, third.files_kept), (1, 5, 2));
}

#[test]
fn a_damaged_backup_is_not_restored_and_the_error_names_what_is_damaged() {
    let (folder, registry) = registry();
    let (to, again) = (folder.path().join("backup"), folder.path().join("again"));
    registry.backup(&to, false, &mut no_progress).unwrap();
    let whole = files(&to);
    assert_eq!(whole.len(), 6, "{:?}", whole.keys());
    for (path, content) in &whole {
        let places = [0, content.len() / 2, content.len() - 1];
        let flipped = places.map(|place| {
            let mut flipped = content.clone();
            flipped[place] ^= 1;
            Some(flipped)
        });
        let shorter = Some(content[..content.len() - 1].to_vec());
        let longer = Some([content.as_slice(), b"x"].concat());
        for damage in flipped.into_iter().chain([shorter, longer, None]) {
            match damage {
                Some(damage) => overwrite(path, &damage),
                None => std::fs::remove_file(path).unwrap(),
            }
            match restore(&to, &again, &mut no_progress) {
                // White space at the end of the mark says nothing.
                Ok(_) if path.ends_with("backup.json") => std::fs::remove_dir_all(&again).unwrap(),
                outcome => {
                    let error = outcome.unwrap_err();
                    let name = path.file_name().unwrap().to_str().unwrap();
                    assert!(error.to_string().contains(name), "{name} is not in: {error}");
                    assert!(!again.exists());
                }
            }
            std::fs::remove_file(path).unwrap_or_default();
            std::fs::write(path, content).unwrap();
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    restore(&to, &again, &mut no_progress).unwrap();
}

#[test]
fn a_damaged_registry_does_not_replace_its_backup() {
    let (folder, registry) = registry();
    let (path, backup) = (folder.path().join("hb"), folder.path().join("backup"));
    registry.backup(&backup, false, &mut no_progress).unwrap();
    let before = files(&backup);
    registry.close().unwrap();
    let database = std::fs::read(path.join("registry.db")).unwrap();
    let damage = |page: usize| {
        let mut damaged = database.clone();
        damaged[page * 1024..(page + 1) * 1024].fill(0);
        overwrite(&path.join("registry.db"), &damaged);
    };
    let mut refused = 0;
    for page in 1..database.len() / 1024 {
        damage(page);
        // Damage of some pages is told at the door.
        let Ok(registry) = Registry::open(&path) else { continue };
        match registry.backup(&backup, true, &mut no_progress) {
            Err(error) => {
                refused += usize::from(error.code() == "corrupt");
                assert_eq!(files(&backup), before, "page {page}: {error}");
            }
            // A page that held nothing.
            Ok(_) => assert_eq!(reader(&backup).check().unwrap().findings, [], "page {page}"),
        }
    }
    assert!(refused > 20, "{refused}");
    overwrite(&path.join("registry.db"), &database);
    Registry::open(&path).unwrap().backup(&backup, true, &mut no_progress).unwrap();
}

#[test]
fn verifying_replaces_what_was_altered_in_a_backup() {
    let (folder, registry) = registry();
    let to = folder.path().join("backup");
    registry.backup(&to, false, &mut no_progress).unwrap();
    let artifacts = files(&to.join("artifacts"));
    for (path, content) in &artifacts {
        overwrite(path, &content.iter().map(|byte| byte ^ 1).collect::<Vec<_>>());
    }
    overwrite(&to.join("registry.db"), b"not a database");
    registry.backup(&to, false, &mut no_progress).unwrap();
    assert_ne!(files(&to.join("artifacts")), artifacts, "the right size was enough");
    let verified = registry.backup(&to, true, &mut no_progress).unwrap();
    assert_eq!(verified.files_copied, 2);
    assert_eq!(files(&to.join("artifacts")), artifacts);
    check_whole(&to, verified.commit);
}

#[test]
fn a_backup_goes_only_where_nothing_else_is() {
    let (folder, registry) = registry();
    let at = |name: &str| folder.path().join(name);
    // What readers note of themselves is no content.
    let lasting = |folder: &Path| {
        let mut files = files(folder);
        files.retain(|path, _| !path.to_string_lossy().ends_with("-shm"));
        files
    };
    let refused = |to: &Path, code: &str, word: &str| {
        let before = lasting(folder.path());
        let error = registry.backup(to, false, &mut no_progress).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(word), "{word} is not in: {error}");
        assert_eq!(lasting(folder.path()), before);
    };
    refused(registry.path(), "invalid_argument", "inside");
    refused(&registry.path().join("artifacts/new"), "invalid_argument", "inside");
    std::os::unix::fs::symlink(registry.path(), at("link")).unwrap();
    refused(&at("link/new/er"), "invalid_argument", "inside");
    std::fs::write(at("file"), "mine").unwrap();
    refused(&at("file"), "already_exists", "file");
    refused(folder.path(), "already_exists", "holds");
    let other = create(&at("other"));
    refused(&at("other"), "already_exists", "a registry is there");
    other.backup(at("other-backup"), false, &mut no_progress).unwrap();
    refused(&at("other-backup"), "conflict", other.info().unwrap().uuid.as_str());
    // Restored from an older backup, the registry lacks commits that the newer backup has.
    registry.backup(at("old"), false, &mut no_progress).unwrap();
    register(&registry, b"three");
    let newer = registry.backup(at("new"), false, &mut no_progress).unwrap();
    restore(at("old"), at("again"), &mut no_progress).unwrap();
    let again = create(&at("again"));
    for _ in 0..2 {
        let error = again.backup(at("new"), false, &mut no_progress).unwrap_err();
        assert_eq!(error.code(), "conflict", "{error}");
        register(&again, b"other three");
    }
    check_whole(&at("new"), newer.commit);
}

#[test]
fn a_backup_is_read_and_not_written() {
    let (folder, registry) = registry();
    let (to, twice) = (folder.path().join("backup"), folder.path().join("twice"));
    // The right to read is enough to back up.
    let reading = reader(registry.path());
    let backup = reading.backup(&to, false, &mut no_progress).unwrap();
    let error = Registry::open(&to).unwrap_err();
    assert_eq!(error.code(), "read_only");
    assert!(error.to_string().contains("restore"), "{error}");
    let copy = reader(&to);
    assert_eq!(copy.info().unwrap().uuid, registry.info().unwrap().uuid);
    assert_eq!(copy.resolve("fraud/2").unwrap().number, 2);
    assert_eq!(copy.execute(halfback::CreateModel::from("x")).unwrap_err().code(), "read_only");
    // A backup of a backup is one of the same registry.
    let second = copy.backup(&twice, false, &mut no_progress).unwrap();
    assert_eq!((second.registry, second.root), (backup.registry, backup.root));
    check_whole(&twice, backup.commit);
}

#[test]
fn content_that_a_backup_needs_cannot_be_removed_meanwhile() {
    use rustix::fs::{FlockOperation, flock};
    let (folder, registry) = registry();
    // What `ArtifactStore::clear` asks for.
    let clear = || {
        let store = std::fs::File::open(registry.path().join("artifacts")).unwrap();
        flock(store, FlockOperation::NonBlockingLockExclusive)
    };
    let backup = registry.backup(folder.path().join("backup"), false, &mut |_| {
        assert_eq!(clear(), Err(rustix::io::Errno::WOULDBLOCK));
        ControlFlow::Continue(())
    });
    backup.unwrap();
    clear().unwrap();
}

#[test]
fn a_copy_keeps_the_content_and_says_where_it_came_from() {
    let (folder, registry) = registry();
    let target = create(&folder.path().join("target"));
    target.create_model("fraud").unwrap();
    let pinned = registry.resolve("fraud/2").unwrap();
    let copy = |version: &VersionRef| {
        let options = halfback::CopyOptions::default();
        registry.copy_version(version.clone(), &target, options, &mut no_progress).unwrap()
    };
    // Many at once are one copy.
    let copies: Vec<i64> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| copy(&VersionRef::from(&*pinned)).number)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(copies, [1; 8]);
    let copied = target.resolve("fraud/1").unwrap();
    let origin = copied.origin.clone().unwrap();
    assert_eq!(copied.digest, pinned.digest);
    assert_eq!((origin.system.as_str(), &origin.reference), ("halfback", &pinned.pin));
    assert_eq!(origin.uri.as_ref(), Some(&pinned.uri));
    assert_eq!(origin.created_at, Some(pinned.created_at));
    target.verify("fraud/1", &mut no_progress).unwrap();
    // To its own model it is already copied.
    let options = halfback::CopyOptions::default();
    let own = registry.copy_version("fraud/2", &registry, options, &mut no_progress).unwrap();
    assert_eq!(own.pin, pinned.pin);
}

#[test]
fn copies_by_any_way_and_name_are_one_version() {
    let (folder, first) = registry();
    let [one, other, last] = ["one", "other", "last"].map(|name| {
        let registry = create(&folder.path().join(name));
        registry.create_model("fraud").unwrap();
        registry
    });
    let copy = |from: &Registry, version: &str, to: &Registry| {
        let options = halfback::CopyOptions {
            model: Some("fraud".into()),
            ..halfback::CopyOptions::default()
        };
        from.copy_version(version, to, options, &mut no_progress).unwrap()
    };
    copy(&first, "fraud/2", &one);
    copy(&one, "fraud/1", &last);
    let there = last.resolve("fraud/1").unwrap();
    copy(&first, "fraud/2", &other);
    assert_eq!(copy(&other, "fraud/1", &last), *there, "by another way");
    assert_eq!(copy(&first, "fraud/2", &last), *there, "by none");
    first.rename_model("fraud", "swindle").unwrap();
    one.rename_model("fraud", "swindle").unwrap();
    assert_eq!(copy(&first, "swindle/2", &last), *there, "under another name");
    assert_eq!(copy(&one, "swindle/1", &last), *there, "under another name, by another way");
    // Another version is another one, and so is the same to another model.
    assert_eq!(copy(&first, "swindle/1", &last).number, 2);
    last.create_model("other").unwrap();
    let options =
        halfback::CopyOptions { model: Some("other".into()), ..halfback::CopyOptions::default() };
    let elsewhere = other.copy_version("fraud/1", &last, options, &mut no_progress).unwrap();
    assert_eq!((elsewhere.number, elsewhere.model.as_str()), (1, "main.default.other"));
}

#[test]
fn what_the_registry_let_go_of_goes_from_its_backup_with_the_next_one() {
    use rustix::fs::{FlockOperation, flock};
    let (folder, registry) = registry();
    register(&registry, b"shared");
    register(&registry, b"shared");
    let to = folder.path().join("backup");
    registry.backup(&to, false, &mut no_progress).unwrap();
    let content = || files(&to.join("artifacts")).len();
    assert_eq!(content(), 6);
    for version in ["fraud/1", "fraud/3"] {
        registry.delete_version(version).unwrap();
    }
    assert_eq!(registry.purge(Duration::ZERO, false).unwrap().versions, 1);
    // What a killed backup left on its way.
    let catalog = std::fs::read_dir(to.join("artifacts")).unwrap().next().unwrap().unwrap().path();
    let staged = catalog.join("staging/.halfback-0123456789abcdef");
    std::fs::write(&staged, "half").unwrap();
    // Somebody restores it, say.
    let reads = std::fs::File::open(to.join("artifacts")).unwrap();
    flock(&reads, FlockOperation::LockShared).unwrap();
    let backup = registry.backup(&to, false, &mut no_progress).unwrap();
    check_whole(&to, backup.commit);
    assert_eq!(content(), 7 - usize::from(!staged.exists()));
    drop(reads);
    let backup = registry.backup(&to, false, &mut no_progress).unwrap();
    assert_eq!((content(), backup.files_kept), (4, 2));
    check_whole(&to, backup.commit);
    let again = folder.path().join("again");
    restore(&to, &again, &mut no_progress).unwrap();
    check_whole(&again, backup.commit);
}

#[test]
fn what_a_killed_program_left_beside_its_target_goes_with_the_next_one() {
    use rustix::fs::{FlockOperation, flock};
    let (folder, registry) = registry();
    let backup = folder.path().join("backup");
    registry.backup(&backup, false, &mut no_progress).unwrap();
    let path = |name: &str| folder.path().join(name);
    let leave = || {
        std::fs::create_dir_all(path(".halfback-0123456789abcdef/artifacts")).unwrap();
        std::fs::write(path(".halfback-0123456789abcdef/artifacts/m"), "half").unwrap();
        std::fs::write(path(".halfback-fedcba9876543210"), "half").unwrap();
    };
    // Another program's, which is at work, and what is not Halfback's.
    std::fs::create_dir(path(".halfback-00000000000000aa")).unwrap();
    let other = std::fs::File::open(path(".halfback-00000000000000aa")).unwrap();
    flock(&other, FlockOperation::LockExclusive).unwrap();
    std::fs::create_dir(path(".halfback-notes")).unwrap();
    let mut kept = vec![".halfback-00000000000000aa", ".halfback-notes", "backup", "hb"];
    let mut check = |made: &'static str| {
        kept.push(made);
        let names = std::fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        kept.sort_unstable();
        assert_eq!(names, kept);
    };
    leave();
    restore(&backup, path("restored"), &mut no_progress).unwrap();
    check("restored");
    leave();
    registry.bundle("fraud/1", path("fraud.hbz"), false, &mut no_progress).unwrap();
    check("fraud.hbz");
    drop(other);
    std::fs::remove_dir(path(".halfback-00000000000000aa")).unwrap();
}

#[test]
fn a_killed_restore_is_cleared_away_by_the_next_one() {
    let name = "a_killed_restore_is_cleared_away_by_the_next_one";
    if let Some(folder) = inherited() {
        let done = restore(folder.join("backup"), folder.join("again"), &mut |_: Transfer| {
            println!("> there");
            let _ = std::io::stdin().read(&mut [0]).unwrap();
            ControlFlow::Continue(())
        });
        done.unwrap();
        return;
    }
    let (folder, registry) = registry();
    registry.backup(folder.path().join("backup"), false, &mut no_progress).unwrap();
    let count = || std::fs::read_dir(folder.path()).unwrap().count();
    let mut other = child(name, folder.path()).spawn().unwrap();
    assert!(says(&mut other, "there"));
    assert_eq!(count(), 3);
    // One that is at work keeps what it has on its way.
    let beside = folder.path().join("beside");
    restore(folder.path().join("backup"), &beside, &mut no_progress).unwrap();
    assert_eq!(count(), 4);
    other.kill().unwrap();
    other.wait().unwrap();
    std::fs::remove_dir_all(&beside).unwrap();
    restore(folder.path().join("backup"), folder.path().join("again"), &mut no_progress).unwrap();
    assert_eq!(count(), 3);
}
