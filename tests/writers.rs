//! Callers that write at the same moment: they share durable transactions, and none is harmed by
//! another one; and processes that write side by side get their turns.
#![expect(clippy::unwrap_used, reason = "a failed expectation is this file's way of failing")]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use halfback::{
    AnyCommand, Content, Expect, Log, Options, RegisterVersion, Registry, SetAlias, SetTag,
    no_progress,
};
use halfback_store::Result;
use halfback_store::error::Detail;
use halfback_store::generation::Word;
use halfback_store::id::EntityId;
use halfback_store::sql::{Sql, Storage};
use halfback_store::sqlite::{Access, Sqlite};

const CALLERS: usize = 32;
/// How often a test tries for callers that really shared a transaction.
const ROUNDS: usize = 200;

fn registry(versions: usize) -> (tempfile::TempDir, Registry) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { create: true, ..Options::default() };
    let registry = Registry::open_with(folder.path().join("hb"), options).unwrap();
    registry.create_model("fraud").unwrap();
    for version in 0..versions {
        let content = Content::Bytes { name: "m".into(), bytes: version.to_be_bytes().into() };
        let version = RegisterVersion { model: "fraud".into(), ..RegisterVersion::default() };
        registry.register_version(&content, version, &mut no_progress).unwrap();
    }
    (folder, registry)
}

/// Runs `call` on many threads that begin together; gives what each returned, in their order.
fn together<T: Send>(call: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(CALLERS);
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let (start, call) = (&start, &call);
                scope.spawn(move || {
                    start.wait();
                    call(caller)
                })
            })
            .collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    })
}

#[test]
fn each_caller_has_its_own_commit_and_one_s_failure_is_its_own() {
    const TURNS: usize = 10;
    let (_folder, registry) = registry(1);
    let before = registry.info().unwrap().commit;
    together(|caller| {
        for turn in 0..TURNS {
            // Every third fails, before or after it has changed something.
            let value = turn.to_string();
            let target = format!("fraud/{}", 1 + i32::from(caller % 6 == 2));
            let done = registry.transact(
                vec![
                    tag("fraud", &format!("caller{caller}"), &value),
                    tag(if caller % 3 == 2 { &target } else { "fraud/1" }, "any", &value),
                    tag(if caller % 6 == 5 { "no such model" } else { "fraud/1" }, "some", &value),
                ],
                None,
            );
            assert_eq!(done.is_ok(), caller % 3 != 2, "{done:?}");
        }
    });
    let model = registry.get_model("fraud").unwrap();
    for caller in 0..CALLERS {
        let kept = model.tags.get(&format!("caller{caller}")).map(String::as_str);
        assert_eq!(kept, (caller % 3 != 2).then_some("9"), "{caller}");
    }
    let after = registry.info().unwrap().commit;
    let wrote = (0..CALLERS).filter(|caller| caller % 3 != 2).count() * TURNS;
    assert_eq!(after - before, i64::try_from(wrote).unwrap());
    in_order(&registry, after);
}

fn tag(target: &str, key: &str, value: &str) -> AnyCommand {
    AnyCommand::from(SetTag {
        target: target.into(),
        key: key.into(),
        value: value.into(),
        allow_secrets: false,
        expect: Expect::Any,
    })
}

/// The commits up to `last` have every number once, and their times grow.
fn in_order(registry: &Registry, last: i64) {
    let mut commits = Vec::new();
    let mut list = Log { page_size: Some(1000), cursor: None };
    loop {
        let page = registry.log(list).unwrap();
        commits.extend(page.items);
        if page.cursor.is_none() {
            break;
        }
        list = Log { page_size: Some(1000), cursor: page.cursor };
    }
    commits.reverse();
    let numbers: Vec<i64> = commits.iter().map(|commit| commit.commit).collect();
    assert_eq!(numbers, (1..=last).collect::<Vec<_>>());
    assert!(commits.iter().zip(commits.iter().skip(1)).all(|(one, next)| one.time < next.time));
    registry.verify_log().unwrap();
    assert_eq!(registry.check().unwrap().findings, []);
}

#[test]
fn of_callers_that_expect_the_same_value_one_wins() {
    let (_folder, registry) = registry(2);
    for round in 0..20 {
        let expect = |_| match round {
            0 => Expect::Unset,
            _ => Expect::Value(1 + (round - 1) % 2),
        };
        let moved = together(|caller| {
            registry.execute(SetAlias {
                model: "fraud".into(),
                alias: "champion".into(),
                version: 1 + round % 2,
                expect: expect(caller),
            })
        });
        let (won, lost): (Vec<_>, Vec<_>) = moved.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1, "round {round}");
        assert!(lost.into_iter().all(|lost| lost.unwrap_err().code() == "conflict"));
    }
}

#[test]
fn an_idempotency_key_holds_among_callers_of_one_moment() {
    let (_folder, registry) = registry(1);
    let before = registry.info().unwrap().commit;
    for key in ["one", "two", "three"] {
        let outputs = together(|_| {
            registry.transact(vec![tag("fraud", "k", key), tag("fraud", "l", key)], Some(key))
        });
        let outputs: Vec<_> = outputs.into_iter().map(Result::unwrap).collect();
        assert!(outputs.iter().all(|output| output == outputs.first().unwrap()));
    }
    assert_eq!(registry.info().unwrap().commit, before + 3);
}

/// A store of numbers in one table.
fn numbers() -> (tempfile::TempDir, Sqlite) {
    let folder = tempfile::tempdir().unwrap();
    let access = Access { create: true, read_only: false };
    let store = Sqlite::open(&folder.path().join("hb"), access).unwrap();
    write(&store, |sql| {
        sql.execute("CREATE TABLE parent (n INTEGER PRIMARY KEY)", &[])?;
        let child = "CREATE TABLE number (n INTEGER PRIMARY KEY, \
                     parent INTEGER REFERENCES parent (n) DEFERRABLE INITIALLY DEFERRED)";
        sql.execute(child, &[]).map(drop)
    })
    .unwrap();
    (folder, store)
}

fn write(
    store: &Sqlite,
    work: impl FnOnce(&mut dyn Sql) -> Result<()> + Send + 'static,
) -> Result<()> {
    store.write(1, Box::new(work))
}

/// The word that each of these writes moves.
fn word() -> Word {
    Word::of(EntityId(7))
}

fn insert(sql: &mut dyn Sql, number: i64) -> Result<()> {
    sql.touch(word());
    sql.execute("INSERT INTO number (n) VALUES (?1)", &[number.into()]).map(drop)
}

fn kept(store: &Sqlite) -> Vec<i64> {
    let mut kept = Vec::new();
    let all = "SELECT n FROM number ORDER BY n";
    store
        .read(&mut |sql| {
            kept = sql.all(all, &[], |row| row.int(0))?;
            Ok(())
        })
        .unwrap();
    kept
}

/// Each commit that touched the word moved it by two.
fn commits(store: &Sqlite, since: u64) -> usize {
    usize::try_from((store.change_token(word()).unwrap() - since) / 2).unwrap()
}

#[test]
fn callers_share_transactions_and_a_panic_reaches_only_the_caller_of_it() {
    let (_folder, store) = numbers();
    let since = store.change_token(word()).unwrap();
    let mut wrote = Vec::new();
    for round in 0..ROUNDS {
        let number = |caller: usize| i64::try_from(round * CALLERS + caller).unwrap();
        let ends = together(|caller| {
            let number = number(caller);
            let call = || {
                write(&store, move |sql| {
                    insert(sql, number)?;
                    match caller % 4 {
                        0 => std::panic::panic_any(number),
                        1 => Err(Detail::Conflict(number.to_string()).into()),
                        _ => Ok(()),
                    }
                })
            };
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(call))
        });
        for (caller, end) in ends.into_iter().enumerate() {
            match (caller % 4, end) {
                (0, Err(panic)) => assert_eq!(panic.downcast_ref(), Some(&number(caller))),
                (1, Ok(Err(error))) => assert_eq!(error.to_string(), number(caller).to_string()),
                (2 | 3, Ok(Ok(()))) => wrote.push(number(caller)),
                (_, end) => panic!("caller {caller} got {end:?}"),
            }
        }
        assert_eq!(kept(&store), wrote);
        if commits(&store, since) < wrote.len() {
            return;
        }
    }
    panic!("no two of {} writes shared a commit", wrote.len());
}

#[test]
fn a_commit_that_fails_fails_for_everybody_in_it() {
    let (_folder, store) = numbers();
    let mut wrote = Vec::new();
    let mut shared = false;
    for round in 0..ROUNDS {
        let number = |caller: usize| i64::try_from(round * CALLERS + caller).unwrap();
        let since = store.change_token(word()).unwrap();
        let ends = together(|caller| {
            let number = number(caller);
            write(&store, move |sql| {
                insert(sql, number)?;
                if caller == 7 {
                    // Found out by the commit, not before.
                    sql.execute("UPDATE number SET parent = 1 WHERE n = ?1", &[number.into()])?;
                }
                Ok(())
            })
        });
        let failed: Vec<_> = ends.iter().filter_map(|end| end.as_ref().err()).collect();
        assert!(ends.get(7).unwrap().is_err());
        let messages = failed.iter().map(ToString::to_string);
        assert!(messages.clone().all(|message| message.contains("FOREIGN KEY")), "{failed:?}");
        wrote.extend((0..CALLERS).filter(|at| ends.get(*at).unwrap().is_ok()).map(number));
        assert_eq!(kept(&store), wrote);
        // The words moved with the failed commit too, and are even: what is cached is read again.
        assert!(commits(&store, since) > 0);
        shared |= failed.len() > 1;
        if shared {
            break;
        }
    }
    assert!(shared, "the failing write never shared a commit");
    write(&store, |sql| insert(sql, -1)).unwrap();
    assert_eq!(kept(&store).first(), Some(&-1));
}

#[test]
fn a_long_list_is_a_batch_of_its_own() {
    let (_folder, store) = numbers();
    let store = Arc::new(store);
    let since = store.change_token(word()).unwrap();
    let ends = together(|caller| {
        let number = i64::try_from(caller).unwrap();
        store.write(1000, Box::new(move |sql: &mut dyn Sql| insert(sql, number)))
    });
    assert!(ends.iter().all(Result::is_ok));
    assert_eq!(commits(&store, since), CALLERS);
}

#[test]
fn no_reader_sees_what_is_not_acknowledged_to_last() {
    let (_folder, registry) = registry(1);
    registry.set_tag("fraud/1", "count", "0").unwrap();
    let begun = AtomicI64::new(0);
    let over = AtomicBool::new(false);
    let acknowledged = AtomicI64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    let least = acknowledged.load(Ordering::SeqCst);
                    let version = registry.resolve("models:/fraud/1").unwrap();
                    let seen: i64 = version.tags.get("count").unwrap().parse().unwrap();
                    let most = begun.load(Ordering::SeqCst);
                    assert!((least..=most).contains(&seen), "{least} ≤ {seen} ≤ {most}");
                }
            });
        }
        together(|caller| {
            for turn in 0..20 {
                if caller == 0 {
                    let count = turn + 1;
                    begun.store(count, Ordering::SeqCst);
                    registry.set_tag("fraud/1", "count", &count.to_string()).unwrap();
                    acknowledged.store(count, Ordering::SeqCst);
                } else {
                    registry.set_tag("fraud", &caller.to_string(), &turn.to_string()).unwrap();
                }
            }
        });
        over.store(true, Ordering::SeqCst);
    });
}

#[test]
fn the_log_of_the_database_stays_short_while_many_write() {
    /// The 8,000 pages at which it begins anew, and what a batch may add to them.
    const MOST: u64 = 10_000 * 4120;
    let (folder, store) = numbers();
    write(&store, |sql| {
        sql.execute("CREATE TABLE page (n INTEGER PRIMARY KEY, bytes BLOB)", &[]).map(drop)
    })
    .unwrap();
    let log = folder.path().join("hb/registry.db-wal");
    let longest = together(|caller| {
        let number = i64::try_from(caller).unwrap();
        let once = |_| {
            write(&store, move |sql| {
                // Twenty-five pages.
                let put = "INSERT OR REPLACE INTO page (n, bytes) VALUES (?1, zeroblob(100000))";
                sql.execute(put, &[number.into()]).map(drop)
            })
            .unwrap();
            std::fs::metadata(&log).unwrap().len()
        };
        (0..50).map(once).max().unwrap()
    });
    let longest = longest.into_iter().max().unwrap();
    assert!(longest <= MOST, "{longest} bytes");
}

#[test]
fn a_fork_finds_no_transaction_and_no_work_of_the_parent() {
    if let Some(folder) = inherited() {
        let registry = Registry::open(&folder).unwrap();
        let over = AtomicBool::new(false);
        let wrote = AtomicI64::new(0);
        std::thread::scope(|scope| {
            for caller in 0..8 {
                let (registry, over, wrote) = (&registry, &over, &wrote);
                scope.spawn(move || {
                    let mut turn = 0;
                    while !over.load(Ordering::SeqCst) {
                        let (key, value) = (format!("c{caller}"), turn.to_string());
                        registry.set_tag("fraud", &key, &value).unwrap();
                        wrote.fetch_add(1, Ordering::SeqCst);
                        turn += 1;
                    }
                });
            }
            for number in 0..10_i64 {
                // SAFETY: the child only uses the library, and ends without the parent's exit code.
                let process = unsafe { libc::fork() };
                if process == 0 {
                    let done = registry.set_tag("fraud", "child", &number.to_string()).is_ok();
                    // SAFETY: ends this process at once.
                    unsafe { libc::_exit(i32::from(!done)) };
                }
                let mut status = 0;
                // SAFETY: waits for the child made above; `status` outlives the call.
                unsafe { libc::waitpid(process, &raw mut status, 0) };
                assert_eq!(status, 0);
            }
            over.store(true, Ordering::SeqCst);
        });
        println!("> {}", wrote.into_inner() + 10);
        return;
    }
    let (_folder, registry) = registry(1);
    let before = registry.info().unwrap().commit;
    let name = "a_fork_finds_no_transaction_and_no_work_of_the_parent";
    let output = child(name, &registry).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    let wrote: i64 =
        said.split("> ").nth(1).and_then(|rest| rest.lines().next()).unwrap().parse().unwrap();
    // Nothing was written twice, by parent and child.
    assert_eq!(registry.info().unwrap().commit, before + wrote);
    in_order(&registry, before + wrote);
}

/// Set in the child processes: the registry's folder.
const FOLDER: &str = "HALFBACK_TEST_FOLDER";

fn inherited() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// This test program again, running only the test `name`, which does its part as a child.
fn child(name: &str, registry: &Registry) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]);
    command.env(FOLDER, registry.path());
    command
}

/// Set in the child processes that write: by how many threads.
const THREADS: &str = "HALFBACK_TEST_THREADS";

/// What a child does: it writes until it is killed, and says so after each commit.
fn write_on(folder: PathBuf) {
    let registry = Registry::open(folder).unwrap();
    println!("> ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    let threads: usize = std::env::var(THREADS).unwrap().parse().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let registry = &registry;
            scope.spawn(move || {
                let key = format!("{}.{thread}", std::process::id());
                for number in 0_i64.. {
                    registry.set_tag("fraud", &key, &number.to_string()).unwrap();
                    println!("> wrote");
                }
            });
        }
    });
}

/// How many commits each of two processes had, with so many threads each, when the first had
/// `enough` or both together ten times that.
fn beside(name: &str, threads: [usize; 2], enough: usize) -> [usize; 2] {
    let (_folder, registry) = registry(1);
    let counts = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let start = Barrier::new(counts.len());
    let over = || {
        let [first, second] = counts.each_ref().map(|count| count.load(Ordering::SeqCst));
        first >= enough || first + second >= 10 * enough
    };
    std::thread::scope(|scope| {
        for (count, threads) in counts.iter().zip(threads) {
            let (registry, start, over) = (&registry, &start, &over);
            scope.spawn(move || {
                let mut writer = child(name, registry)
                    .env(THREADS, threads.to_string())
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .unwrap();
                let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
                let mut lines = lines.map_while(Result::ok).filter(|line| line.contains("> "));
                assert!(lines.next().unwrap().contains("ready"));
                start.wait();
                drop(writer.stdin.take());
                for _ in lines {
                    if over() {
                        break;
                    }
                    count.fetch_add(1, Ordering::SeqCst);
                }
                writer.kill().unwrap();
                writer.wait().unwrap();
            });
        }
    });
    counts.map(AtomicUsize::into_inner)
}

#[test]
fn two_busy_processes_share_the_commits() {
    if let Some(folder) = inherited() {
        return write_on(folder);
    }
    let [one, other] = beside("two_busy_processes_share_the_commits", [1, 1], 300);
    let share = one * 100 / (one + other);
    assert!((35..=65).contains(&share), "{one} and {other} commits");
}

#[test]
fn a_single_writer_has_its_turns_beside_a_process_with_many() {
    if let Some(folder) = inherited() {
        return write_on(folder);
    }
    let name = "a_single_writer_has_its_turns_beside_a_process_with_many";
    let [single, many] = beside(name, [1, 4], 100);
    // A batch of the others holds four at most, and then it is the single one's turn.
    assert!(single * 7 >= many, "{single} and {many} commits");
}
