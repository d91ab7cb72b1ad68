//! Format, lints, types and documents of the three languages, with every warning an error.

use std::{ffi::OsString, path::PathBuf};

use crate::{
    codegen, products,
    project::{Project, files_below},
    step::{Failure, Outcome, capture, heading, quiet_step},
    tools::{self, Tool, Venv},
};

/// Programs outside of the bindings.
const PROGRAMS: [&str; 3] = ["crates/xtask/demo", "benches/peers", "tests/torture"];

pub(crate) fn run(project: &Project) -> Outcome {
    tools::require(&[Tool::Python, Tool::Jdk, Tool::Maven])?;
    heading("Lint");
    Venv::tools(project).prepare("Python environment")?;
    let mut checks = Checks { failures: Vec::new() };
    checks.hold("machine paths", || machine_paths(project));
    rust(project, &mut checks);
    checks.hold("codegen --check", || codegen::generate(project, codegen::Mode::Check).map(drop));
    python(project, &mut checks);
    java(project, &mut checks);
    match checks.failures.len() {
        0 => println!("\nno warnings"),
        _ => return Err(Failure::new(checks.failures.join("\n\n"))),
    }
    Ok(())
}

/// All checks are held, so that one run tells all that is wrong.
struct Checks {
    failures: Vec<String>,
}

impl Checks {
    fn hold(&mut self, what: &str, check: impl FnOnce() -> Outcome) {
        if let Err(failure) = quiet_step(what, check) {
            self.failures.push(format!("{what}:\n{failure}"));
        }
    }
}

fn rust(project: &Project, checks: &mut Checks) {
    let cargo = |arguments: &[&str]| {
        let mut cargo = tools::cargo(project);
        capture(cargo.args(arguments).env("RUSTDOCFLAGS", "-D warnings")).map(drop)
    };
    for package in ["Cargo.toml", "benches/cedar/Cargo.toml"] {
        let check = ["--all", "--check", "--", "--color", "never"];
        let format = [&["fmt", "--manifest-path", package][..], &check].concat();
        checks.hold(&format!("cargo fmt {package}"), || cargo(&format));
        let lock = ["update", "--quiet", "--workspace", "--locked", "--manifest-path", package];
        checks.hold(&format!("lock file of {package}"), || cargo(&lock));
    }
    checks.hold("cargo clippy", || {
        let features = ["--features", "xtask/schemas", "--", "-D", "warnings"];
        cargo(&[&["clippy", "--quiet", "--workspace", "--all-targets"][..], &features].concat())
    });
    checks.hold("cargo doc", || {
        let crates = ["halfback-store", "halfback-metrics", "halfback", "halfback-mlflow"]
            .map(|name| ["--package", name]);
        cargo(&[&["doc", "--quiet", "--no-deps"][..], crates.as_flattened()].concat())
    });
}

fn python(project: &Project, checks: &mut Checks) {
    let venv = Venv::tools(project);
    let binding = project.path("bindings/python");
    let run = |program: &str, arguments: &[&str], paths: &[PathBuf]| {
        let mut command = venv.command(program);
        capture(command.current_dir(&binding).args(arguments).args(paths)).map(drop)
    };
    let settings = binding.join("pyproject.toml").display().to_string();
    let all = [&[binding.clone()][..], &PROGRAMS.map(|folder| project.path(folder))].concat();
    let ruff = |arguments: &[&str]| {
        run("ruff", &[arguments, &["--no-cache", "--config", &settings]].concat(), &all)
    };
    checks.hold("ruff check", || ruff(&["check"]));
    checks.hold("ruff format", || ruff(&["format", "--check"]));
    checks.hold("wheel for Python", || products::installed_wheel(project));
    checks.hold("mypy", || run("mypy", &["--strict", "--no-incremental"], &[]));
    checks.hold("stubtest", || run("stubtest", &["halfback._native"], &[]));
}

fn java(project: &Project, checks: &mut Checks) {
    checks.hold("google-java-format", || {
        let mut format = tools::java_format(project)?;
        format.arg("--dry-run");
        for folder in PROGRAMS {
            format.args(files_below(&project.path(folder), ".java")?);
        }
        let unformatted = capture(&mut format)?;
        if unformatted.trim().is_empty() {
            return Ok(());
        }
        Err(Failure::new(format!("google-java-format would change:\n{unformatted}")))
    });
    // Layout, documentation, and a compiler that takes no warning.
    checks.hold("mvn -Plint", || {
        capture(tools::maven(project).args(["-Plint", "test-compile"])).map(drop)
    });
}

/// No file of the work tree names a place of the machine it was written on.
fn machine_paths(project: &Project) -> Outcome {
    // In parts, so that this file is not one that it finds.
    let mut places = ["home", "Users", "root"].map(|name| format!("/{name}/")).to_vec();
    places.push(format!("{}/", project.root.display()));
    let listed = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
    let mut git = std::process::Command::new("git");
    let files = capture(git.current_dir(&project.root).args(listed))?;
    let mut found = Vec::new();
    for file in files.split('\0').filter(|file| !file.is_empty()) {
        let Ok(bytes) = std::fs::read(project.path(OsString::from(file))) else {
            // Deleted in the work tree and not yet in the index.
            continue;
        };
        let text = String::from_utf8_lossy(&bytes);
        for (number, line) in text.lines().enumerate() {
            if places.iter().any(|place| line.contains(place.as_str())) {
                found.push(format!("{file}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    match found.len() {
        0 => Ok(()),
        _ => Err(Failure::new(format!("a place of one machine:\n  {}", found.join("\n  ")))),
    }
}
