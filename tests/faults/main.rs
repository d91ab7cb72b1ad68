//! The same registry whatever happens to the machine: calls that fail, a disk that is full, and
//! losses of power.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed expectation is this suite's way of failing"
)]

mod kernel;
mod replay;
mod scenario;

use std::collections::HashSet;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use halfback::{Options, Registry};
use kernel::{Event, KINDS, Kind, Plan, Seen};
use replay::{Dice, Disk, Luck, Tree};
use scenario::{CARE, DISK, LIFE, Scenario, World};

/// Set in the child processes: the folder of their world, and the plan.
const FOLDER: &str = "HALFBACK_TEST_FOLDER";
const PLAN: &str = "HALFBACK_TEST_PLAN";

/// A folder in memory where the machine has one: what is tested is what is asked to be synced.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}

fn is_long() -> bool {
    std::env::var_os("HALFBACK_LONG").is_some()
}

fn plan_of(text: &str) -> Plan {
    let words: Vec<&str> = text.split(' ').collect();
    let number = |at: usize| words[at].parse::<u32>().unwrap();
    let kind = |at: usize| KINDS[number(at) as usize];
    let error = |at: usize| i32::try_from(number(at)).unwrap();
    match words[0] {
        "sound" => Plan::Sound,
        "awkward" => Plan::Awkward,
        "full" => Plan::Full(number(1)),
        "once" => Plan::Once(kind(1), number(2), error(3)),
        "onwards" => Plan::Onwards(kind(1), number(2), error(3)),
        other => panic!("there is no plan `{other}`"),
    }
}

/// What a child does: all steps, each twice where it fails, and tells what came of them.
fn live(scenario: &Scenario, folder: &Path, plan: Plan) {
    // SAFETY: ends this process where a step hangs.
    unsafe { libc::alarm(60) };
    let folder = folder.canonicalize().unwrap();
    let watch = kernel::watch(&folder.join(DISK), plan);
    let mut world = World::new(&folder);
    for (number, step) in scenario.steps.iter().enumerate() {
        let outcome = world.run(step).or_else(|error| {
            println!("> failed {number} {} {error}", error.code());
            world.run(step)
        });
        match outcome {
            Ok(()) => println!("> done {number}"),
            Err(error) => println!("> gave up {number} {} {error}", error.code()),
        }
    }
    drop(world);
    println!("> met {}", watch.end().met);
}

/// The life of a child under a plan.
struct Life {
    folder: tempfile::TempDir,
    said: Vec<String>,
}

impl Life {
    fn of(scenario: &Scenario, test: &str, plan: &str) -> Self {
        let folder = folder();
        scenario.prepare(folder.path());
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
        command.env(FOLDER, folder.path()).env(PLAN, plan);
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let said = text.lines().filter_map(|line| Some(line.split_once("> ")?.1.to_owned()));
        let said: Vec<String> = said.collect();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "plan `{plan}`: {}\n{said:#?}\n{errors}", output.status);
        Self { folder, said }
    }

    fn met(&self) -> bool {
        self.said.iter().any(|line| line == "met true")
    }

    fn numbers(&self, word: &str) -> Vec<usize> {
        let said = self.said.iter().filter_map(|line| line.strip_prefix(word));
        said.map(|rest| rest.split(' ').next().unwrap().parse().unwrap()).collect()
    }
}

/// One plan: the child lives under it, and then the registry must be sound. Tells whether a call
/// met the plan.
fn check(scenario: &Scenario, test: &str, plan: &str) -> bool {
    let life = Life::of(scenario, test, plan);
    let reads = plan_of(plan).kind() == Some(Kind::Read);
    let once = matches!(plan_of(plan), Plan::Once(..));
    let mut failed = false;
    for line in &life.said {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        let code = match words[..] {
            ["failed", _, code, ..] => code,
            ["gave", "up", _, rest, ..] if !once => rest.split(' ').next().unwrap(),
            ["gave", ..] => panic!("plan `{plan}`: {line}: it failed once, and never worked again"),
            _ => continue,
        };
        // SQLite takes a file system that cannot read for a damaged one.
        let proper = code == "io" || code == "corrupt" && reads || code == "not_found" && failed;
        assert!(proper, "plan `{plan}`: {line}");
        failed = true;
    }
    let folder = life.folder.path();
    let done = life.numbers("done ");
    let sound = std::panic::catch_unwind(|| scenario.hold(folder, &done));
    assert!(sound.is_ok(), "plan `{plan}`: {:#?}", life.said);
    life.met()
}

#[test]
fn whatever_call_fails_nothing_acknowledged_is_lost_and_nothing_is_half_done() {
    let test = "whatever_call_fails_nothing_acknowledged_is_lost_and_nothing_is_half_done";
    whatever_fails(&LIFE, test);
}

#[test]
fn whatever_call_fails_backups_copies_and_what_is_kept_are_whole() {
    let test = "whatever_call_fails_backups_copies_and_what_is_kept_are_whole";
    whatever_fails(&CARE, test);
}

/// The body of a test, which runs itself in processes whose calls fail.
fn whatever_fails(scenario: &Scenario, test: &str) {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return live(scenario, Path::new(&folder), plan_of(&std::env::var(PLAN).unwrap()));
    }
    let _alone = kernel::alone();
    assert!(!check(scenario, test, "sound"));
    assert!(check(scenario, test, "awkward"));
    // Each call of each kind fails in each of the ways; in a short run in one of them, and of the many
    // reads and writes every fourth does.
    let ways = [("once", libc::EIO), ("onwards", libc::EIO), ("once", libc::ENOSPC)];
    let nths = |kind: usize, way: usize| {
        let (word, error) = ways[way];
        let many = matches!(KINDS[kind], Kind::Read | Kind::Write);
        let step = match (is_long(), many) {
            (true, _) => 1,
            (false, true) => 4 * ways.len() * scenario.thin,
            (false, false) => ways.len() * scenario.thin,
        };
        (way % step..).step_by(step).map(move |nth| format!("{word} {kind} {nth} {error}"))
    };
    let step = if is_long() { 1 } else { 9 * scenario.thin };
    let mut families: Vec<Box<dyn Iterator<Item = String> + Send>> = Vec::new();
    for kind in 0..KINDS.len() {
        families.extend((0..ways.len()).map(|way| Box::new(nths(kind, way)) as Box<_>));
    }
    families.push(Box::new((0..).step_by(step).map(|nth| format!("full {nth}"))));
    let (families, plans) = (Mutex::new(families), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(family) = { families.lock().unwrap().pop() } {
                    let met = family.take_while(|plan| check(scenario, test, plan)).count();
                    plans.fetch_add(met, Ordering::Relaxed);
                }
            });
        }
    });
    let plans = plans.into_inner();
    println!("{plans} plans were met");
    assert!(plans > 200, "only {plans} plans were met");
}

/// A life of this process, call by call.
struct Recording {
    /// The watched folder's inode.
    inode: u64,
    events: Vec<Event>,
    /// What was told to be durable when each of them was over.
    durable: Vec<u64>,
    met: bool,
    /// The disk as it was left.
    left: Tree,
}

fn record(scenario: &Scenario, plan: Plan) -> Recording {
    let folder = folder();
    let root = folder.path().canonicalize().unwrap();
    scenario.prepare(&root);
    let disk = root.join(DISK);
    let watch = kernel::watch(&disk, plan);
    let mut world = World::new(&root);
    for (number, step) in scenario.steps.iter().enumerate() {
        let outcome = world.run(step).or_else(|_| world.run(step));
        outcome.unwrap_or_else(|error| panic!("{plan:?}, `{}`: {error}", step.name));
        watch.mark(number);
    }
    drop(world);
    let seen = watch.end();
    let (inode, left) = (disk.metadata().unwrap().ino(), replay::tree_of(&disk));
    let Seen { events, durable, met } = seen;
    let options = Options { read_only: true, ..Options::default() };
    let commits = Registry::open_with(disk.join("hb"), options).unwrap().info().unwrap().commit;
    assert_eq!(durable.last().map(|told| told >> 20), Some(commits.cast_unsigned()));
    Recording { inode, events, durable, met, left }
}

/// What no power loss may take and nobody relies on: the files that are mapped into memory.
fn is_passing(path: &Path) -> bool {
    path.ends_with("registry.db-shm") || path.ends_with("generation")
}

/// Makes the disk as it may be after a loss of power, and holds the registry on it to what was
/// acknowledged before.
fn survive(
    scenario: &Scenario,
    tree: &Tree,
    acknowledged: &[usize],
    durable: &[u64],
    dice: &mut Dice,
) {
    let folder = folder();
    scenario.prepare(folder.path());
    for (path, content) in tree {
        let path = folder.path().join(DISK).join(path);
        match content {
            None => std::fs::create_dir(&path).unwrap(),
            Some(content) if is_passing(&path) => pass(&path, content, durable, dice),
            Some(content) => std::fs::write(&path, content).unwrap(),
        }
    }
    scenario.hold(folder.path(), acknowledged);
}

/// A file that was mapped is lost, or holds zeros, or what was there some time before; `durable` is
/// what it told until then.
fn pass(path: &PathBuf, content: &[u8], durable: &[u64], dice: &mut Dice) {
    let luck = dice.below(3);
    if luck == 0 {
        return;
    }
    let mut content = content.to_vec();
    if luck == 2 {
        content.resize(content.len().max(1 << 13), 0);
        let words = content[64..].chunks_exact_mut(8);
        words.for_each(|word| word.copy_from_slice(&dice.roll().to_le_bytes()));
    }
    if path.ends_with("hb/generation") && content.len() >= 64 {
        let last = durable.len() - 1;
        let told = durable[if dice.below(2) == 0 { last } else { dice.below(durable.len()) }];
        content[56..64].copy_from_slice(&told.to_le_bytes());
    }
    std::fs::write(path, &content).unwrap();
    if path.ends_with("generation") && content.len() > 16 && content[0] != 0 {
        // The words' file tells its own inode, which a power loss does not change.
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.write_all_at(&file.metadata().unwrap().ino().to_le_bytes(), 8).unwrap();
    }
}

/// Loses the power after calls of a recording; gives how many different disks there were.
struct Outage<'a> {
    scenario: &'static Scenario,
    recording: &'a Recording,
    seed: u64,
    /// Disks by chance at each point, beside those with nothing and with everything that may be lost.
    samples: usize,
    /// Only from this call on, and after each of the next few.
    from: usize,
    /// Then only after the steps' ends, and after every so many calls.
    every: usize,
}

impl Outage<'_> {
    fn strike(&self) -> usize {
        let seen = Mutex::new(HashSet::new());
        std::thread::scope(|scope| {
            let lanes: Vec<_> = (0..2)
                .map(|lane| {
                    scope.spawn({
                        let seen = &seen;
                        move || self.lane(lane, seen)
                    })
                })
                .collect();
            for lane in lanes {
                lane.join().unwrap();
            }
        });
        seen.into_inner().unwrap().len()
    }

    fn lane(&self, lane: usize, seen: &Mutex<HashSet<u64>>) {
        const NEXT: usize = 8;
        let mut disk = Disk::new(self.recording.inode);
        let mut acknowledged = Vec::new();
        for (point, event) in self.recording.events.iter().enumerate() {
            disk.apply(event);
            let is_mark = if let Event::Mark(step) = event {
                acknowledged.push(*step);
                true
            } else {
                false
            };
            let since = point.checked_sub(self.from);
            let is_asked =
                since.is_some_and(|since| is_mark || since < NEXT || point % self.every == 0);
            if point % 2 == lane && is_asked {
                self.point(&disk, point, &acknowledged, seen);
            }
        }
    }

    fn point(&self, disk: &Disk, point: usize, acknowledged: &[usize], seen: &Mutex<HashSet<u64>>) {
        /// Changes of which every subset is tried.
        const FEW: usize = 3;
        let mut dice = Dice::new(self.seed ^ replay::mixed(point as u64));
        let few = if disk.loose() <= FEW { 1 << disk.loose() } else { 0 };
        let subsets = (0..few).map(|subset: usize| {
            let mut bits = 0;
            disk.tree(|| {
                bits += 1;
                if subset >> (bits - 1) & 1 == 1 { Luck::Kept } else { Luck::Lost }
            })
        });
        let all = [Luck::Lost, Luck::Kept].into_iter().map(|luck| disk.tree(|| luck));
        let mut trees: Vec<Tree> = subsets.chain(all).collect();
        trees.extend((0..self.samples).map(|_| disk.tree(|| dice.luck())));
        for tree in trees {
            let mut hasher = DefaultHasher::new();
            (&tree, acknowledged.len()).hash(&mut hasher);
            if !seen.lock().unwrap().insert(hasher.finish()) {
                continue;
            }
            let survived = std::panic::catch_unwind({
                let mut dice = dice.clone();
                // Up to the next call: it is told between the calls.
                let told = self.recording.durable.len().min(point + 2);
                let durable = &self.recording.durable[..told];
                move || survive(self.scenario, &tree, acknowledged, durable, &mut dice)
            });
            let call = &self.recording.events[point];
            assert!(survived.is_ok(), "after call {point}, {call:.90?}");
        }
    }
}

/// A seed that is told, and can be given again.
fn seed() -> u64 {
    let given = std::env::var("HALFBACK_SEED").ok().map(|seed| seed.parse().unwrap());
    let seed = given.unwrap_or_else(|| if is_long() { RandomState::new().hash_one(0) } else { 7 });
    println!("HALFBACK_SEED={seed}");
    seed
}

#[test]
fn a_loss_of_power_takes_nothing_that_was_acknowledged() {
    power_is_lost(&LIFE);
}

#[test]
fn a_loss_of_power_takes_no_backup_and_no_copy() {
    power_is_lost(&CARE);
}

fn power_is_lost(scenario: &'static Scenario) {
    let recording = record(scenario, Plan::Sound);
    let mut disk = Disk::new(recording.inode);
    recording.events.iter().for_each(|event| disk.apply(event));
    let lasting =
        |tree: Tree| -> Tree { tree.into_iter().filter(|(path, _)| !is_passing(path)).collect() };
    // A call that nobody noticed would show here.
    assert!(lasting(disk.tree(|| Luck::Kept)) == lasting(recording.left.clone()));
    let (samples, every) = if is_long() { (15, 1) } else { (3, scenario.thin) };
    let disks =
        Outage { scenario, recording: &recording, seed: seed(), samples, from: 0, every }.strike();
    println!("{disks} disks after {} calls", recording.events.len());
    assert!(disks > 500, "only {disks} disks");
}

#[test]
fn what_is_acknowledged_after_a_failed_sync_lasts() {
    a_sync_fails(&LIFE);
}

#[test]
fn backups_and_copies_that_are_acknowledged_after_a_failed_sync_last() {
    a_sync_fails(&CARE);
}

fn a_sync_fails(scenario: &'static Scenario) {
    let seed = seed();
    let (step, samples, every) =
        if is_long() { (1, 3, 7) } else { (6 * scenario.thin, 1, usize::MAX) };
    let sound = record(scenario, Plan::Sound);
    let registry = sound.events.iter().find_map(|event| match event {
        Event::Made { inode, is_folder: true, .. } => Some(*inode),
        _ => None,
    });
    let synced = sound.events.iter().filter_map(|event| match event {
        Event::Synced { inode, .. } => Some(*inode),
        _ => None,
    });
    // Also in a short run each of those by which a registry and its log come to be, and what lies beside it.
    let nths = (0..).zip(synced).filter(|(nth, inode)| {
        let is_folder = Some(*inode) == registry || *inode == sound.inode;
        (*nth as usize).is_multiple_of(step) || *nth < 12 || is_folder
    });
    for (nth, _) in nths {
        let recording = record(scenario, Plan::Once(Kind::Sync, nth, libc::EIO));
        assert!(recording.met, "sync {nth} was not met");
        println!("sync {nth} fails");
        let seed = seed ^ u64::from(nth);
        // What is before it is as in a life without faults.
        let is_failed = |event: &Event| matches!(event, Event::Synced { failed: true, .. });
        let from = recording.events.iter().position(is_failed).unwrap();
        Outage { scenario, recording: &recording, seed, samples, from, every }.strike();
    }
}
