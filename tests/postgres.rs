//! Every statement that is written in the code or that the scenarios run, and the whole schema, put to a
//! real PostgreSQL: it has to understand what SQLite does.
//!
//! The engine itself is not there yet; until it is, this keeps the SQL portable.

use std::collections::BTreeSet;
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Mutex, Once};

use halfback::{AnyCommand, CreateModel, Options, Registry, SearchModels};
use halfback_store::schema::{Dialect, statements};
use rusqlite::ffi;

use crate::repository;

static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// From now on, notes every statement that a connection of this process runs.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: `trace` has the signature of an extension's entry point and lives forever.
        let answer = unsafe { ffi::sqlite3_auto_extension(Some(trace)) };
        assert_eq!(answer, ffi::SQLITE_OK);
    });
}

unsafe extern "C" fn trace(
    connection: *mut ffi::sqlite3,
    _: *mut *mut c_char,
    _: *const ffi::sqlite3_api_routines,
) -> c_int {
    // SAFETY: the connection is the one that is being opened, and `note` lives forever.
    unsafe {
        ffi::sqlite3_trace_v2(connection, ffi::SQLITE_TRACE_STMT, Some(note), std::ptr::null_mut())
    }
}

unsafe extern "C" fn note(
    _: c_uint,
    _: *mut c_void,
    statement: *mut c_void,
    _: *mut c_void,
) -> c_int {
    // SAFETY: for this event SQLite hands over the statement, whose text lives as long as it.
    let text = unsafe { CStr::from_ptr(ffi::sqlite3_sql(statement.cast())) };
    SEEN.lock().unwrap().insert(text.to_str().unwrap().to_owned());
    0
}

/// A search where two indexes meet that give hundreds each, which is more than a scenario has.
fn search_among_many() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { create: true, ..Options::default() };
    let registry = Registry::open_with(folder.path(), options).unwrap();
    let model = |number: usize| {
        let tags = [("team".to_owned(), (number % 3).to_string())].into();
        let comment = Some(if number.is_multiple_of(2) { "even" } else { "odd" }.to_owned());
        let name = format!("m{number}");
        AnyCommand::from(CreateModel { name, comment, tags, ..CreateModel::default() })
    };
    registry.transact((0..900).map(model).collect(), None).unwrap();
    let filter = Some("tags.team = '1' AND MATCH 'even'".to_owned());
    let search = SearchModels { filter, page_size: Some(1000), ..SearchModels::default() };
    assert_eq!(registry.search_models(search).unwrap().items.len(), 150);
}

/// Lets PostgreSQL make the schema, and prepare every statement that was seen.
pub(crate) fn understands_everything() {
    search_among_many();
    let engine =
        ["PRAGMA", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "CREATE", "VACUUM"];
    let seen: Vec<String> = SEEN
        .lock()
        .unwrap()
        .iter()
        .filter(|sql| !engine.iter().any(|word| sql.starts_with(word)))
        .filter(|sql| !sql.contains("sqlite_schema"))
        .cloned()
        .collect();
    let put_together = |text: &String| text.ends_with([' ', '(']) || text.contains(['{', '$', '@']);
    let (beginnings, whole): (Vec<String>, Vec<String>) =
        all_written().into_iter().partition(put_together);
    let unseen: Vec<String> = beginnings
        .into_iter()
        .filter(|text| {
            let beginning = text.split(['{', '$', '@']).next().unwrap();
            !seen.iter().any(|seen| seen.contains(beginning))
        })
        .collect();
    assert!(unseen.is_empty(), "no scenario runs these statements:\n{}", unseen.join("\n"));
    assert!(seen.len() > 100 && whole.len() > 100, "{} seen, {} read", seen.len(), whole.len());
    let mut script: Vec<String> = statements(Dialect::Postgres);
    script.extend(seen.iter().chain(&whole).zip(1..).map(|(sql, number)| {
        format!("PREPARE s{number} AS {}", sql.replace('?', "$").replace('\n', " "))
    }));
    let server = Server::start();
    let refused = server.refuses(&script);
    assert!(refused.is_empty(), "PostgreSQL does not understand:\n{}", refused.join("\n"));
    // It would tell.
    let wrong = ["PREPARE wrong AS SELECT unheard FROM securable".to_owned()];
    assert_eq!(server.refuses(&wrong).len(), 1);
}

/// Every statement that is written down in the code, or the beginning of one that is put together while
/// it runs; not what only SQLite has to understand.
fn all_written() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in ["halfback", "halfback-store"] {
        let mut open = vec![repository().join("crates").join(part).join("src")];
        while let Some(path) = open.pop() {
            if path.is_dir() {
                let entries = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
                open.extend(entries.filter(|path| path.file_stem().unwrap() != "sqlite"));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.extend(written(&std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

/// The texts of a file that are, or begin, a statement; not those of its unit tests.
fn written(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    // Quotes within texts and as characters would be taken for their ends.
    let code = lines.collect::<Vec<_>>().join("\n").replace("\\\"", "'").replace("'\"'", "' '");
    // A text goes on past the end of its line after a backslash, without what the next begins with.
    let texts = code.split('"').skip(1).step_by(2).map(|text| {
        let lines = text.split("\\\n").enumerate();
        lines.map(|(at, line)| if at == 0 { line } else { line.trim_start() }).collect::<String>()
    });
    let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];
    let found: Vec<String> =
        texts.filter(|text| verbs.iter().any(|verb| text.starts_with(verb))).collect();
    let begun = verbs.iter().map(|verb| code.matches(&format!("\"{verb}")).count());
    // Else a quote was taken for another, and what follows it for code.
    assert!(found.len() >= begun.sum(), "{source}");
    found
}

/// A server of its own, in a temporary folder, that listens nowhere but there.
struct Server {
    programs: PathBuf,
    folder: tempfile::TempDir,
}

/// Who the server runs as where the test is run by root, whom it refuses: nobody.
const NOBODY: u32 = 65_534;

impl Server {
    fn start() -> Self {
        let server = Self { programs: programs(), folder: tempfile::tempdir().unwrap() };
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(server.folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let data = server.data();
        server.run(
            "initdb",
            &[
                "-U",
                "halfback",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
                "-D",
                &data,
            ],
        );
        let options = format!(
            "-c listen_addresses='' -c fsync=off -c unix_socket_directories='{}'",
            server.folder.path().display()
        );
        let log = server.folder.path().join("log");
        server.run(
            "pg_ctl",
            &["start", "-w", "-D", &data, "-l", log.to_str().unwrap(), "-o", &options],
        );
        server
    }

    fn data(&self) -> String {
        self.folder.path().join("data").to_str().unwrap().to_owned()
    }

    /// What is said about the statements that are refused, each with the statement.
    fn refuses(&self, statements: &[String]) -> Vec<String> {
        let script = self.folder.path().join("script.sql");
        std::fs::write(&script, statements.join(";\n") + ";\n").unwrap();
        let folder = self.folder.path().to_str().unwrap();
        let output = self.command(
            "psql",
            &[
                "-X",
                "-q",
                "-h",
                folder,
                "-U",
                "halfback",
                "-d",
                "postgres",
                "-f",
                script.to_str().unwrap(),
            ],
        );
        let said = String::from_utf8(output.stderr).unwrap();
        let errors = said.lines().filter(|line| line.contains("ERROR"));
        errors
            .map(|error| {
                let line = error.split(':').nth(2).and_then(|line| line.parse::<usize>().ok());
                let statement = line.and_then(|line| statements.get(line - 1));
                format!("{error}\n    {}", statement.map_or("", String::as_str))
            })
            .collect()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = self.command(program, arguments);
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(self.programs.join(program));
        command.args(arguments).current_dir(&self.folder).env("LC_ALL", "C");
        if rustix::process::geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.output().unwrap_or_else(|error| panic!("{program}: {error}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.command("pg_ctl", &["stop", "-m", "immediate", "-D", &self.data()]);
    }
}

/// Where PostgreSQL's programs are: Debian keeps those of a server off the path.
fn programs() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    debian
        .map(|version| version.path().join("bin"))
        .chain(std::env::split_paths(&path))
        .find(|folder| {
            ["initdb", "pg_ctl", "psql"].iter().all(|program| folder.join(program).is_file())
        })
        .unwrap_or_else(|| panic!("PostgreSQL is absent; install the Debian package `postgresql`"))
}
