//! Every statement that the scenarios run, and the whole schema, put to a real PostgreSQL: it has
//! to understand what SQLite does.
//!
//! The engine itself is not there yet; until it is, this keeps the SQL portable.

use std::collections::BTreeSet;
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Mutex, Once};

use halfback_store::schema::{Dialect, statements};
use rusqlite::ffi;

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

/// Lets PostgreSQL make the schema, and prepare every statement that was seen.
pub(crate) fn understands_everything() {
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
    assert!(seen.len() > 100, "only {} statements were seen", seen.len());
    let mut script: Vec<String> = statements(Dialect::Postgres);
    script.extend(seen.iter().zip(1..).map(|(sql, number)| {
        format!("PREPARE s{number} AS {}", sql.replace('?', "$").replace('\n', " "))
    }));
    let server = Server::start();
    let refused = server.refuses(&script);
    assert!(refused.is_empty(), "PostgreSQL does not understand:\n{}", refused.join("\n"));
    // It would tell.
    let wrong = ["PREPARE wrong AS SELECT unheard FROM securable".to_owned()];
    assert_eq!(server.refuses(&wrong).len(), 1);
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
