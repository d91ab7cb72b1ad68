//! Damage behind the library's back: flipped bits, zeroed pages, files cut short, exchanged or
//! deleted. Whatever is opened or read says what is wrong or answers as before; and where an
//! answer changed, `check` tells.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed expectation is this file's way of failing"
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use halfback::{
    AnyCommand, Check, Content, CreateModel, Error, ListModels, ListVersions, Log, Options,
    RegisterVersion, Registry, SetAlias, SetTag, no_progress,
};
use rusqlite::Connection;
use serde::Serialize;

/// Set in the child process, which does the damage: a read of mapped memory can end a process.
const CHILD: &str = "HALFBACK_TEST_CHILD";
const MODELS: usize = 40;
const PAGE: usize = 1024;

/// A registry that was closed, one that a killed writer left, and what both answer.
struct Sound {
    folder: tempfile::TempDir,
    answers: BTreeMap<String, Result<String, String>>,
}

impl Sound {
    fn new() -> Self {
        let folder = folder();
        let path = folder.path().join("closed");
        let registry = open(&path).unwrap();
        for number in 0..MODELS {
            fill(&registry, number);
        }
        let content = folder.path().join("content");
        std::fs::create_dir(&content).unwrap();
        for (name, bytes) in [("weights", vec![3; 9000]), ("config", b"{}".to_vec())] {
            std::fs::write(content.join(name), bytes).unwrap();
        }
        register(&registry, "model-0", &content.into());
        registry.close().unwrap();
        // Some pages are free.
        let database = Connection::open(path.join("registry.db")).unwrap();
        let free = "CREATE TABLE spare (body); \
                    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20) \
                    INSERT INTO spare SELECT zeroblob(3000) FROM n; DROP TABLE spare";
        database.execute_batch(free).unwrap();
        drop(database);
        let registry = open(&path).unwrap();
        copy(&path, &folder.path().join("killed"));
        registry.set_tag("model-1", "last", "in the wal").unwrap();
        for file in ["registry.db", "registry.db-wal", "generation"] {
            std::fs::copy(path.join(file), folder.path().join("killed").join(file)).unwrap();
        }
        registry.close().unwrap();
        let registry = open(&path).unwrap();
        assert_eq!(registry.check().unwrap().findings, []);
        let answers = answers(&registry);
        assert!(answers.values().all(Result::is_ok), "{answers:#?}");
        registry.close().unwrap();
        Self { folder, answers }
    }

    fn path(&self, state: &str) -> PathBuf {
        self.folder.path().join(state)
    }

    /// Does some damage to a copy, and holds what it then says to what is sound.
    fn damaged(&self, state: &str, what: &str, damage: impl FnOnce(&Path)) {
        println!("> {state}: {what}");
        std::io::stdout().flush().unwrap();
        let folder = folder();
        let path = folder.path().join("hb");
        copy(&self.path(state), &path);
        damage(&path);
        for options in [
            Options { read_only: true, ..Options::default() },
            Options { create: true, ..Options::default() },
        ] {
            match Registry::open_with(&path, options) {
                Err(error) => hold_code(&error, what),
                Ok(registry) => self.hold(&registry, what),
            }
        }
    }

    /// Whether a damaged copy can be opened to write; one that is refused keeps its files as they are.
    fn opened(&self, state: &str, damage: impl FnOnce(&Path)) -> Result<(), String> {
        let folder = folder();
        let path = folder.path().join("hb");
        copy(&self.path(state), &path);
        damage(&path);
        let files =
            || ["registry.db", "registry.db-wal"].map(|file| std::fs::read(path.join(file)).ok());
        let before = files();
        let Err(error) = open(&path) else { return Ok(()) };
        assert!(before == files(), "the refused opening changed its files");
        Err(error.code().to_owned())
    }

    fn hold(&self, registry: &Registry, what: &str) {
        let given = answers(registry);
        for (question, answer) in &given {
            if let Err(code) = answer {
                assert_ne!(code, "internal", "{what}: {question}");
            }
        }
        // Nothing here damages an artifact.
        let check = Check { artifacts: false };
        let told = match registry.check_with(check, &mut no_progress) {
            Ok(report) => !report.findings.is_empty(),
            Err(error) => {
                let told = error.to_string().contains("is not as it was recorded");
                assert!(told || ["corrupt", "io"].contains(&error.code()), "{what}: {error}");
                true
            }
        };
        let same = given == self.answers;
        if !told && !same {
            let differs =
                given.iter().filter(|(question, answer)| self.answers[*question] != **answer);
            panic!("{what}: nobody tells of {:#?}", differs.collect::<Vec<_>>());
        }
        let written = registry.set_tag("model-2", "after", "the damage");
        if let Err(error) = written {
            hold_code(&error, what);
        }
    }
}

/// The words in which a damage may be told.
fn hold_code(error: &Error, what: &str) {
    const CODES: [&str; 9] = [
        "corrupt",
        "io",
        "not_a_registry",
        "registry_not_found",
        "unsupported_format",
        "not_found",
        "permission_denied",
        "read_only",
        "busy",
    ];
    assert!(CODES.contains(&error.code()), "{what}: {} {error}", error.code());
}

fn open(path: &Path) -> Result<Registry, Error> {
    Registry::open_with(path, Options { create: true, ..Options::default() })
}

fn fill(registry: &Registry, number: usize) {
    let model = format!("model-{number}");
    let comment = format!("comment of model {number} ").repeat(1 + number % 4 * 40);
    let model_of = CreateModel {
        name: model.clone(),
        comment: Some(comment),
        task: Some("ranking".into()),
        ..CreateModel::default()
    };
    let set = |key: &str| SetTag {
        target: model.clone(),
        key: key.into(),
        value: format!("value of {key}"),
        ..SetTag::default()
    };
    let commands: Vec<AnyCommand> = vec![model_of.into(), set("team").into(), set("tier").into()];
    registry.transact(commands, None).unwrap();
    let bytes = format!("weights of {number}").into_bytes();
    register(registry, &model, &Content::Bytes { name: "m".into(), bytes });
    let (alias, version) = ("champion".into(), 1);
    let alias = SetAlias { model: model.clone(), alias, version, ..SetAlias::default() };
    registry.transact(vec![alias.into(), set("team").into()], None).unwrap();
}

fn register(registry: &Registry, model: &str, content: &Content) {
    let version = RegisterVersion { model: model.into(), ..RegisterVersion::default() };
    registry.register_version(content, version, &mut no_progress).unwrap();
}

/// What a registry says of itself, question by question: an answer or an error's code.
fn answers(registry: &Registry) -> BTreeMap<String, Result<String, String>> {
    fn text<T: Serialize>(answer: Result<T, Error>) -> Result<String, String> {
        answer
            .map(|answer| serde_json::to_string(&answer).unwrap())
            .map_err(|error| error.code().to_owned())
    }
    let mut answers = BTreeMap::new();
    let models = ListModels::default();
    answers.insert("models".into(), text(registry.list_models(models)));
    answers.insert("log".into(), text(registry.log(Log::default())));
    let found = registry.search_models("tags.team LIKE 'value%' AND MATCH 'comment'");
    answers.insert("search".into(), text(found));
    for number in [0, 1, 17, MODELS - 1] {
        let model = format!("model-{number}");
        let list = ListVersions { model: model.clone(), ..ListVersions::default() };
        answers.insert(format!("{model} versions"), text(registry.list_versions(list)));
        answers.insert(format!("{model} history"), text(registry.history(&model)));
        let champion = registry.resolve(format!("models:/{model}@champion").as_str());
        answers
            .insert(format!("{model} champion"), text(champion.map(|version| (*version).clone())));
        let verified = registry.verify(format!("{model}/1").as_str(), &mut no_progress);
        answers.insert(format!("{model} files"), text(verified));
    }
    answers.insert("proof".into(), text(registry.verify_log().map(|log| log.root)));
    answers
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else if entry.path().iter().any(|part| part == "artifacts") {
            // Nobody writes to what is stored.
            std::fs::hard_link(entry.path(), to).unwrap();
        } else {
            std::fs::write(to, std::fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

/// A folder in memory where the machine has one.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}

type Edit<'a> = &'a dyn Fn(&mut Vec<u8>);

fn edit(path: &Path, edit: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    edit(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

/// Places that a seed chooses.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        // Knuth's MMIX generator; its high bits are the good ones.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

fn is_long() -> bool {
    std::env::var_os("HALFBACK_LONG").is_some()
}

/// Runs `damage` in a child process, and tells its last words where it ends badly.
fn in_child(test: &str, damage: impl FnOnce(&Sound, &mut Dice)) {
    if std::env::var_os(CHILD).is_none() {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(CHILD, "1");
        let output = child.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let last = said.lines().rfind(|line| line.contains("> "));
        let (status, signal) = (output.status, output.status.signal());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(status.success(), "{status} (signal {signal:?}) at {last:?}\n{errors}");
        return;
    }
    // SAFETY: ends this process where it hangs.
    unsafe { libc::alarm(if is_long() { 3600 } else { 300 }) };
    let seed = std::env::var("HALFBACK_SEED").map_or(11, |seed| seed.parse().unwrap());
    println!("> HALFBACK_SEED={seed}");
    damage(&Sound::new(), &mut Dice(seed));
}

/// The pages of the database by the table or index that they belong to and their kind.
fn pages(database: &Path) -> BTreeMap<String, Vec<usize>> {
    let connection = Connection::open(database).unwrap();
    let mut pages: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut used = vec![];
    let mut statement =
        connection.prepare("SELECT name || ' ' || pagetype, pageno FROM dbstat").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, u32>(1)?))).unwrap();
    for (name, page) in rows.map(Result::unwrap) {
        let page = page as usize;
        used.push(page);
        pages.entry(name).or_default().push(page);
    }
    let all = usize::try_from(database.metadata().unwrap().len()).unwrap() / PAGE;
    pages.insert("freelist".into(), (1..=all).filter(|page| !used.contains(page)).collect());
    pages
}

#[test]
fn damage_to_the_database_is_told_or_changes_nothing() {
    in_child("damage_to_the_database_is_told_or_changes_nothing", |sound, dice| {
        let database = sound.path("closed").join("registry.db");
        let pages = pages(&database);
        for kind in ["log internal", "word internal", "alias leaf", "tag_value leaf", "freelist"] {
            assert!(pages.get(kind).is_some_and(|pages| !pages.is_empty()), "no {kind}: {pages:?}");
        }
        let flips = if is_long() { 60 } else { 2 };
        for (kind, pages) in &pages {
            for _ in 0..flips {
                let page = pages[dice.below(pages.len())];
                let (byte, bit) = ((page - 1) * PAGE + dice.below(PAGE), dice.below(8));
                sound.damaged("closed", &format!("{kind}: bit {bit} of byte {byte}"), |path| {
                    edit(&path.join("registry.db"), |bytes| bytes[byte] ^= 1 << bit);
                });
            }
            let page = pages[dice.below(pages.len())];
            sound.damaged("closed", &format!("{kind}: page {page} zeroed"), |path| {
                edit(&path.join("registry.db"), |bytes| {
                    bytes[(page - 1) * PAGE..page * PAGE].fill(0);
                });
            });
        }
        for byte in (0..100)
            .filter(|byte| is_long() || byte % 3 == 0 || (16..24).contains(byte) || *byte == 47)
        {
            let bit = dice.below(8);
            sound.damaged("closed", &format!("header: bit {bit} of byte {byte}"), |path| {
                edit(&path.join("registry.db"), |bytes| bytes[byte] ^= 1 << bit);
            });
        }
        let length = usize::try_from(database.metadata().unwrap().len()).unwrap();
        for length in [0, 1, 99, 100, PAGE - 1, PAGE, length / 2, length - PAGE, length - 1] {
            sound.damaged("closed", &format!("cut to {length} bytes"), |path| {
                edit(&path.join("registry.db"), |bytes| bytes.truncate(length));
            });
        }
    });
}

#[test]
fn damage_to_the_write_ahead_log_is_told_or_harms_nothing() {
    in_child("damage_to_the_write_ahead_log_is_told_or_harms_nothing", |sound, dice| {
        let length = sound.path("killed").join("registry.db-wal").metadata().unwrap().len();
        let length = usize::try_from(length).unwrap();
        assert!(length > 2 * PAGE, "{length}");
        let wal = |what: &str, change: Edit<'_>| {
            sound.damaged("killed", what, |path| edit(&path.join("registry.db-wal"), change));
        };
        sound.damaged("killed", "nothing", |_| ());
        assert_eq!(sound.opened("killed", |_| ()), Ok(()));
        let code = sound.opened("killed", |path| {
            edit(&path.join("registry.db-wal"), |bytes| bytes[2 * PAGE] ^= 1);
        });
        assert_eq!(code, Err("corrupt".to_owned()));
        for _ in 0..if is_long() { 500 } else { 20 } {
            let (byte, bit) = (dice.below(length), dice.below(8));
            wal(&format!("wal: bit {bit} of byte {byte}"), &|bytes| bytes[byte] ^= 1 << bit);
        }
        for byte in (0..32).step_by(if is_long() { 1 } else { 3 }) {
            wal(&format!("wal: byte {byte} of the header"), &|bytes| bytes[byte] ^= 0x10);
        }
        for cut in [0, 1, 32, 33, 32 + 24, length / 2, length - PAGE, length - 1] {
            wal(&format!("wal cut to {cut} bytes"), &|bytes| bytes.truncate(cut));
        }
        wal("wal zeroed", &|bytes| bytes.fill(0));
        sound.damaged("killed", "wal deleted", |path| {
            std::fs::remove_file(path.join("registry.db-wal")).unwrap();
        });
        sound.damaged("closed", "wal of another state", |path| {
            let wal = sound.path("killed").join("registry.db-wal");
            std::fs::copy(wal, path.join("registry.db-wal")).unwrap();
        });
        sound.damaged("closed", "shm of garbage", |path| {
            std::fs::write(path.join("registry.db-shm"), vec![0xA5; 32 << 10]).unwrap();
        });
    });
}

#[test]
fn damage_to_the_files_beside_the_database_is_told_or_changes_nothing() {
    in_child(
        "damage_to_the_files_beside_the_database_is_told_or_changes_nothing",
        |sound, dice| {
            for length in [0, 1, 8, 63, 64, 65, 4096, 8255, 8257, 20_000] {
                sound.damaged("closed", &format!("generation of {length} bytes"), |path| {
                    edit(&path.join("generation"), |bytes| bytes.resize(length, 0xA5));
                });
            }
            for byte in 0..64 {
                sound.damaged("closed", &format!("generation: byte {byte}"), |path| {
                    edit(&path.join("generation"), |bytes| bytes[byte] ^= 1);
                });
            }
            sound.damaged("closed", "words of garbage", |path| {
                edit(&path.join("generation"), |bytes| {
                    bytes[64..]
                        .iter_mut()
                        .for_each(|byte| *byte = u8::try_from(dice.below(256)).unwrap());
                });
            });
            sound.damaged("closed", "a folder for words", |path| {
                std::fs::remove_file(path.join("generation")).unwrap();
                std::fs::create_dir(path.join("generation")).unwrap();
            });
            sound.damaged("closed", "a lock with content", |path| {
                std::fs::write(path.join("writer.lock"), vec![0xA5; 9000]).unwrap();
            });
            sound.damaged("closed", "no lock", |path| {
                std::fs::remove_file(path.join("writer.lock")).unwrap();
            });
            sound.damaged("closed", "a folder for a lock", |path| {
                std::fs::remove_file(path.join("writer.lock")).unwrap();
                std::fs::create_dir(path.join("writer.lock")).unwrap();
            });
        },
    );
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

#[test]
fn damage_to_any_artifact_is_found_by_check_and_by_nothing_else_taken_for_sound() {
    let sound = Sound::new();
    let path = sound.path("closed");
    let registry = open(&path).unwrap();
    let stored = files(&path.join("artifacts"));
    assert!(stored.len() > 2 * MODELS, "{}", stored.len());
    let mut dice = Dice(3);
    let step = if is_long() { 1 } else { 8 };
    for file in stored.iter().step_by(step).chain(&stored[stored.len() - 3..]) {
        let whole = std::fs::read(file).unwrap();
        let (byte, bit) = (dice.below(whole.len()), dice.below(8));
        let damages: [Edit<'_>; 5] = [
            &|bytes| bytes[byte] ^= 1 << bit,
            &|bytes| bytes.truncate(byte),
            &|bytes| bytes.push(0),
            &|bytes| bytes.fill(0),
            &Vec::clear,
        ];
        for damage in damages {
            std::fs::remove_file(file).unwrap();
            let mut bytes = whole.clone();
            damage(&mut bytes);
            std::fs::write(file, bytes).unwrap();
            let report = registry.check().unwrap();
            let codes: Vec<&str> =
                report.findings.iter().map(|found| found.code.as_str()).collect();
            assert_eq!(codes, ["artifact_altered"], "{}", file.display());
            assert!(report.findings[0].message.contains("model-"), "{report:?}");
        }
        std::fs::remove_file(file).unwrap();
        let report = registry.check().unwrap();
        assert_eq!(report.findings[0].code, "artifact_missing", "{}", file.display());
        let fast = Check { artifacts: false };
        let report = registry.check_with(fast, &mut no_progress).unwrap();
        assert_eq!((report.artifacts, report.findings), (0, vec![]));
        std::fs::write(file, &whole).unwrap();
    }
    assert_eq!(registry.check().unwrap().findings, []);
}

#[test]
fn whatever_is_other_in_the_schema_is_found_and_taken_for_damage() {
    let sound = Sound::new();
    let path = sound.path("closed");
    let database = path.join("registry.db");
    let whole = std::fs::read(&database).unwrap();
    for (edit, name) in [
        ("DROP VIEW v_alias", "v_alias"),
        ("DROP VIEW v_tag; CREATE VIEW v_tag AS SELECT 9 AS value", "v_tag"),
        ("DROP INDEX alias_until", "alias_until"),
        ("CREATE TABLE foreign_table (a)", "foreign_table"),
        ("CREATE TRIGGER t BEFORE INSERT ON log BEGIN DELETE FROM word; END", "`t`"),
    ] {
        Connection::open(&database).unwrap().execute_batch(edit).unwrap();
        let registry = open(&path).unwrap();
        let report = registry.check().unwrap();
        assert!(report.findings[0].message.contains(name), "{edit}: {report:?}");
        drop(registry);
        std::fs::write(&database, &whole).unwrap();
    }
    let edit = "ALTER TABLE version RENAME COLUMN digest TO digit";
    Connection::open(&database).unwrap().execute_batch(edit).unwrap();
    let error = open(&path).unwrap().resolve("models:/model-0/1").unwrap_err();
    assert_eq!(error.code(), "corrupt", "{error}");
    assert!(error.to_string().contains("another state of its development"), "{error}");
    std::fs::write(&database, &whole).unwrap();
    Connection::open(&database).unwrap().execute_batch("ANALYZE").unwrap();
    assert_eq!(open(&path).unwrap().check().unwrap().findings, []);
    std::fs::remove_file(path.join("generation")).unwrap();
    std::fs::create_dir(path.join("generation")).unwrap();
    let error = open(&path).unwrap_err();
    assert!(error.to_string().contains("generation` is no file; remove it"), "{error}");
}

#[test]
fn what_is_no_file_in_the_place_of_an_artifact_is_neither_waited_for_nor_read_to_its_end() {
    let sound = Sound::new();
    let path = sound.path("closed");
    let registry = open(&path).unwrap();
    let place = registry.file_path("models:/model-0/1", None).unwrap();
    let pipe = |place: &Path| {
        assert!(Command::new("mkfifo").arg(place).status().unwrap().success());
    };
    let endless = |place: &Path| std::os::unix::fs::symlink("/dev/zero", place).unwrap();
    let sparse = |place: &Path| File::create(place).unwrap().set_len(1 << 40).unwrap();
    let folder = |place: &Path| std::fs::create_dir(place).unwrap();
    let whole = std::fs::read(&place).unwrap();
    for put in [&pipe as &dyn Fn(&Path), &endless, &sparse, &folder] {
        std::fs::remove_file(&place).unwrap();
        put(&place);
        let report = registry.check().unwrap();
        assert!(report.findings.iter().all(|found| found.code == "artifact_altered"), "{report:?}");
        assert!(!report.findings.is_empty());
        let to = sound.path("download");
        let download = registry.download("models:/model-0/1", &to, &mut no_progress);
        assert_eq!(download.unwrap_err().code(), "artifact_altered");
        let backup = registry.backup(sound.path("backup"), false, &mut no_progress);
        assert_eq!(backup.unwrap_err().code(), "artifact_altered");
        if std::fs::remove_file(&place).is_err() {
            std::fs::remove_dir(&place).unwrap();
        }
        std::fs::write(&place, &whole).unwrap();
    }
    assert_eq!(registry.check().unwrap().findings, []);
}

#[test]
fn words_that_are_cut_short_under_who_reads_them_lose_nothing() {
    let test = "words_that_are_cut_short_under_who_reads_them_lose_nothing";
    let cut = |path: &Path| {
        let words = std::fs::File::options().write(true).open(path.join("generation")).unwrap();
        words.set_len(0).unwrap();
    };
    if let Some(path) = std::env::var_os(CHILD).map(PathBuf::from) {
        let registry = open(&path).unwrap();
        let uri = "models:/model-0@champion";
        assert_eq!(registry.resolve(uri).unwrap().number, 1);
        cut(&path);
        // A write makes the words whole before it uses them, and then they are read again.
        registry.set_tag("model-0", "acknowledged", "v").unwrap();
        assert_eq!(registry.resolve(uri).unwrap().number, 1);
        println!("> written");
        std::io::stdout().flush().unwrap();
        cut(&path);
        assert_eq!(registry.resolve(uri).unwrap().number, 1);
        return;
    }
    let folder = folder();
    let registry = open(folder.path()).unwrap();
    fill(&registry, 0);
    registry.close().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(CHILD, folder.path());
    let output = child.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("> written"), "{said}");
    // `docs/adr/0004-one-file-of-words.md`: the system may end who looks into the missing part.
    let status = output.status;
    assert!(status.success() || status.signal() == Some(libc::SIGBUS), "{status}: {said}");
    let registry = open(folder.path()).unwrap();
    assert!(registry.get_model("model-0").unwrap().tags.contains_key("acknowledged"));
    assert_eq!(registry.check().unwrap().findings, []);
}

#[test]
fn a_database_that_was_lost_is_damage_and_no_missing_registry() {
    let folder = folder();
    let path = folder.path();
    let registry = open(path).unwrap();
    fill(&registry, 0);
    register(&registry, "model-0", &Content::Bytes { name: "m".into(), bytes: vec![7; 99] });
    registry.close().unwrap();
    let database = path.join("registry.db");
    let whole = std::fs::read(&database).unwrap();
    let elsewhere = self::folder();
    let foreign = elsewhere.path().join("other.db");
    Connection::open(&foreign).unwrap().execute("CREATE TABLE t (x)", []).unwrap();
    let foreign = std::fs::read(foreign).unwrap();
    let states =
        [Some(vec![]), Some(vec![0; whole.len()]), Some(b"text".repeat(9999)), Some(foreign), None];
    for state in states {
        match &state {
            Some(bytes) => std::fs::write(&database, bytes).unwrap(),
            None => std::fs::remove_file(&database).unwrap(),
        }
        for (create, read_only) in [(false, false), (true, false), (false, true)] {
            let options = Options { create, read_only };
            let error = Registry::open_with(path, options).unwrap_err();
            let size = state.as_ref().map(Vec::len);
            assert_eq!(error.code(), "corrupt", "{size:?} {options:?}: {error}");
            assert!(error.to_string().contains("restore a backup"), "{error}");
        }
    }
    std::fs::write(path.join("registry.db-wal"), b"").unwrap();
    let error = Registry::open(path).unwrap_err();
    assert_eq!(error.code(), "corrupt", "{error}");
    std::fs::remove_dir_all(path.join("artifacts")).unwrap();
    assert_eq!(Registry::open(path).unwrap_err().code(), "not_a_registry");
    std::fs::remove_file(path.join("registry.db-wal")).unwrap();
    assert_eq!(Registry::open(path).unwrap_err().code(), "registry_not_found");
}

#[test]
fn damage_is_laid_to_versions_of_its_catalog() {
    let folder = folder();
    let registry = open(folder.path()).unwrap();
    let content = Content::Bytes { name: "m".into(), bytes: vec![7; 99] };
    for model in ["fraud", "risk.credit.default"] {
        let command = CreateModel { name: model.into(), parents: true, ..CreateModel::default() };
        registry.execute(command).unwrap();
        register(&registry, model, &content);
    }
    let catalogs = std::fs::read_dir(folder.path().join("artifacts")).unwrap();
    let mut catalogs: Vec<PathBuf> = catalogs.map(|entry| entry.unwrap().path()).collect();
    catalogs.sort();
    for (catalog, own, other) in [
        (&catalogs[0], "main.default.fraud/1", "risk"),
        (&catalogs[1], "risk.credit.default/1", "fraud"),
    ] {
        let aside = folder.path().join("artifacts/aside");
        std::fs::rename(catalog, &aside).unwrap();
        let report = registry.check().unwrap();
        assert_eq!(report.findings.len(), 1, "{report:?}");
        let message = &report.findings[0].message;
        assert!(message.contains(own) && !message.contains(other), "{message}");
        std::fs::rename(&aside, catalog).unwrap();
    }
    assert_eq!(registry.check().unwrap().findings, []);
}
