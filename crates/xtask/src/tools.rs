//! The tools that the chores call: which must be there, which are fetched, and where they are kept.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    project::Project,
    step::{Failure, Outcome, capture, quiet_step},
};

const PYTHON: (u32, u32) = (3, 11);
const JDK: u32 = 17;
const JAVA_FORMAT: &str = "1.28.0";

/// Names every tool that is missing or too old, and how to get it.
pub(crate) fn require(tools: &[Tool]) -> Outcome {
    let missing: Vec<String> = tools.iter().filter_map(|tool| tool.missing()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("a tool is absent:\n  {}", missing.join("\n  "))))
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Tool {
    Python,
    Jdk,
    Maven,
    Postgres,
    CargoFuzz,
}

impl Tool {
    fn missing(self) -> Option<String> {
        match self {
            Tool::Python => missing_python(),
            Tool::Jdk => missing_jdk(),
            Tool::Maven => first_line("mvn", "--version").is_none().then(|| {
                "Maven (`mvn`): `apt-get install maven`, `brew install maven`, or maven.apache.org"
                    .to_owned()
            }),
            Tool::Postgres => missing_postgres(),
            Tool::CargoFuzz => missing_cargo_fuzz(),
        }
    }
}

fn missing_cargo_fuzz() -> Option<String> {
    let there = cargo_fuzz().arg("--version").output().is_ok_and(|output| output.status.success());
    (!there).then(|| {
        "cargo-fuzz with a nightly Rust: `rustup toolchain install nightly`, `cargo install cargo-fuzz`"
            .to_owned()
    })
}

/// Debian keeps a server's programs off the path.
fn missing_postgres() -> Option<String> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let there = debian.map(|version| version.path().join("bin/pg_ctl")).any(|file| file.is_file());
    (!there && first_line("pg_ctl", "--version").is_none()).then(|| {
        "PostgreSQL's programs (`initdb`, `pg_ctl`, `psql`): `apt-get install postgresql`, \
         `brew install postgresql`, or postgresql.org"
            .to_owned()
    })
}

fn missing_python() -> Option<String> {
    let found = python();
    let version = found.as_deref().and_then(python_version);
    if version.is_some_and(|version| version >= PYTHON) {
        return None;
    }
    let found = match (found, version) {
        (Some(path), Some((major, minor))) => format!(" (`{path}` is {major}.{minor})"),
        _ => String::new(),
    };
    Some(format!(
        "Python 3.11 or newer with `venv`{found}: `apt-get install python3 python3-venv`, `brew install \
         python`, or python.org; another one can be named by the variable PYTHON"
    ))
}

fn missing_jdk() -> Option<String> {
    let version = first_line("javac", "-version").and_then(|line| {
        line.split_whitespace().nth(1)?.split(['.', '-', '+']).next()?.parse::<u32>().ok()
    });
    if version.is_some_and(|version| version >= JDK) {
        return None;
    }
    let found = version.map(|version| format!(" (`javac` is {version})")).unwrap_or_default();
    Some(format!(
        "a JDK 17 or newer (`javac`){found}: `apt-get install openjdk-17-jdk`, `brew install openjdk`, \
         or adoptium.net"
    ))
}

/// The Python that makes the environments: the variable `PYTHON`, or the first one that is new enough.
fn python() -> Option<String> {
    if let Ok(named) = std::env::var("PYTHON") {
        return Some(named);
    }
    let names = ["python3", "python3.14", "python3.13", "python3.12", "python3.11"];
    let there = |name: &&str| python_version(name).is_some();
    let fits = |name: &&str| python_version(name).is_some_and(|version| version >= PYTHON);
    names.into_iter().find(fits).or_else(|| names.into_iter().find(there)).map(str::to_owned)
}

fn python_version(program: &str) -> Option<(u32, u32)> {
    let line = first_line(program, "--version")?;
    let mut parts = line.split_whitespace().nth(1)?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn first_line(program: &str, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).output().ok()?;
    if !output.status.success() {
        return None;
    }
    let text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    String::from_utf8_lossy(&text).lines().next().map(str::to_owned)
}

/// Cargo, the one that runs this.
pub(crate) fn cargo(project: &Project) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    unified(project, &mut command).current_dir(&project.root);
    command
}

/// `cargo fuzz` of a nightly Rust, which the sanitizers need.
pub(crate) fn cargo_fuzz() -> Command {
    let mut command = Command::new("cargo");
    // Set by the cargo that runs this, which is another one.
    command.env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN").args(["+nightly", "fuzz"]);
    command
}

/// One target folder and one idea of Python for cargo and for maturin's cargo: otherwise each would build pyo3 anew after the other.
pub(crate) fn unified<'a>(project: &Project, command: &'a mut Command) -> &'a mut Command {
    command
        .env("CARGO_TARGET_DIR", &project.cargo_target)
        .env("PYO3_PYTHON", Venv::tools(project).program("python"))
        .env("PYO3_BUILD_EXTENSION_MODULE", "1")
}

/// Maven on the project of the Java binding, without chatter.
pub(crate) fn maven(project: &Project) -> Command {
    let mut command = Command::new("mvn");
    command.current_dir(project.path("bindings/java")).args(["-q", "-B"]);
    // Cargo lists its own folders there, and Java would find the library without being told.
    command.env_remove("LD_LIBRARY_PATH");
    command
}

/// A Python environment under `target/`, made from lists of pinned packages.
#[derive(Clone, Debug)]
pub(crate) struct Venv {
    pub(crate) folder: PathBuf,
    lists: Vec<PathBuf>,
}

impl Venv {
    /// What builds, tests and checks the Python binding.
    pub(crate) fn tools(project: &Project) -> Venv {
        Venv::of(project.target("venv"), project, &["tools.txt"])
    }

    /// The same environment with what the demo trains with.
    pub(crate) fn demo(project: &Project) -> Venv {
        Venv::of(project.target("venv"), project, &["tools.txt", "demo.txt"])
    }

    /// The systems that Halfback is measured beside.
    pub(crate) fn peers(project: &Project) -> Venv {
        Venv::of(project.target("bench-venv"), project, &["bench.txt"])
    }

    /// The same environment with the libraries whose models Halfback takes.
    pub(crate) fn frameworks(project: &Project) -> Venv {
        Venv::of(project.target("bench-venv"), project, &["bench.txt", "frameworks.txt"])
    }

    /// An environment with nothing in it.
    pub(crate) fn empty(folder: PathBuf) -> Venv {
        Venv { folder, lists: Vec::new() }
    }

    fn of(folder: PathBuf, project: &Project, lists: &[&str]) -> Venv {
        let list = |name| project.path("crates/xtask/requirements").join(name);
        Venv { folder, lists: lists.iter().map(list).collect() }
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.program(name));
        command.env("VIRTUAL_ENV", &self.folder).env_remove("PYTHONPATH").env_remove("PYTHONHOME");
        command
    }

    /// Makes the environment, or makes it anew where one of its lists has changed.
    pub(crate) fn prepare(&self, what: &str) -> Outcome {
        if self.program("python").exists() && self.missing()?.is_empty() {
            return Ok(());
        }
        let work = || {
            if !self.program("python").exists() || self.changed()? {
                let python = python().ok_or_else(|| Failure::new("no Python was found"))?;
                capture(Command::new(python).args(["-m", "venv", "--clear"]).arg(&self.folder))?;
            }
            for list in self.missing()? {
                capture(self.pip().args(["install", "-r"]).arg(list))?;
                std::fs::copy(list, self.stamp(list))?;
            }
            Ok(())
        };
        quiet_step(what, work)
    }

    /// The lists that the environment does not have as they are now.
    fn missing(&self) -> Outcome<Vec<&PathBuf>> {
        let mut missing = Vec::new();
        for list in &self.lists {
            let wanted = std::fs::read(list)?;
            if std::fs::read(self.stamp(list)).ok().as_ref() != Some(&wanted) {
                missing.push(list);
            }
        }
        Ok(missing)
    }

    /// Whether the environment was made from another text of a list.
    fn changed(&self) -> Outcome<bool> {
        Ok(self.missing()?.iter().any(|list| self.stamp(list).exists()))
    }

    /// A copy of the list that the environment was made from.
    fn stamp(&self, list: &Path) -> PathBuf {
        self.folder.join(list.file_name().unwrap_or_default())
    }

    pub(crate) fn pip(&self) -> Command {
        let mut command = self.command("python");
        command.args(["-m", "pip", "--quiet", "--disable-pip-version-check"]);
        command
    }
}

/// google-java-format, fetched by Maven into `target/tools`.
pub(crate) fn java_format(project: &Project) -> Outcome<Command> {
    let folder = project.target("tools");
    let jar = folder.join(format!("google-java-format-{JAVA_FORMAT}-all-deps.jar"));
    if !jar.is_file() {
        fetch(project, &folder, JAVA_FORMAT)?;
    }
    let mut command = Command::new("java");
    for package in ["api", "code", "file", "parser", "tree", "util"] {
        command
            .arg(format!("--add-exports=jdk.compiler/com.sun.tools.javac.{package}=ALL-UNNAMED"));
    }
    command.arg("-jar").arg(jar).current_dir(&project.root);
    Ok(command)
}

fn fetch(project: &Project, folder: &Path, version: &str) -> Outcome {
    std::fs::create_dir_all(folder)?;
    let artifact = format!("com.google.googlejavaformat:google-java-format:{version}:jar:all-deps");
    // Outside of the binding's project, whose own plugins have no say in this.
    let mut maven = maven(project);
    maven
        .current_dir(folder)
        .arg("dependency:copy")
        .arg(format!("-Dartifact={artifact}"))
        .arg(format!("-DoutputDirectory={}", folder.display()));
    capture(&mut maven).map(drop)
}
