//! What is built for people to install: the wheel, the jar and the native library inside it.

use std::{ffi::OsString, path::PathBuf, process::Command};

use crate::{
    project::{Project, files_below, fresh_folder},
    step::{Failure, Outcome, capture},
    tools::{Venv, cargo, maven, unified},
};

/// One version for the crates, the wheel and the jar.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    Release,
}

/// Builds the Python wheel and gives its path.
pub(crate) fn wheel(project: &Project, profile: Profile) -> Outcome<PathBuf> {
    let folder = match profile {
        // Slow, and for the chores alone: its name says that nobody should install it.
        Profile::Dev => project.target("debug/wheel"),
        Profile::Release => project.target("package/wheel"),
    };
    fresh_folder(&folder)?;
    let mut maturin = Venv::tools(project).command("maturin");
    unified(project, &mut maturin)
        .current_dir(project.path("bindings/python"))
        .args(["build", "--quiet", "--out"])
        .arg(&folder);
    match profile {
        // For this machine alone: no search for libraries to take along.
        Profile::Dev => maturin.args(["--profile", "dev", "--compatibility", "linux"]),
        Profile::Release => maturin.arg("--release"),
    };
    capture(&mut maturin)?;
    let wheels = files_below(&folder, ".whl")?;
    wheels.into_iter().next().ok_or_else(|| Failure::new("maturin built no wheel"))
}

/// Installs a wheel in an environment, in place of the one that is there.
pub(crate) fn install(venv: &Venv, wheel: &PathBuf) -> Outcome {
    let mut pip = venv.pip();
    pip.args(["install", "--no-index", "--no-deps", "--force-reinstall"]).arg(wheel);
    capture(&mut pip).map(drop)
}

/// Builds the wheel with the dev profile and installs it where the tests, the demo and the type checks run.
pub(crate) fn installed_wheel(project: &Project) -> Outcome {
    install(&Venv::tools(project), &wheel(project, Profile::Dev)?)
}

/// Builds the native library of the Java binding and gives its path.
pub(crate) fn java_library(project: &Project, profile: Profile) -> Outcome<PathBuf> {
    let mut build = cargo(project);
    build.args(["build", "--quiet", "--package", "halfback-java"]);
    if profile == Profile::Release {
        build.arg("--release");
    }
    capture(&mut build)?;
    let name =
        std::env::consts::DLL_PREFIX.to_owned() + "halfback_java" + std::env::consts::DLL_SUFFIX;
    Ok(match profile {
        Profile::Dev => project.built(name),
        Profile::Release => project.released(name),
    })
}

/// Builds the jar, with the native library of this machine inside, and gives its path.
pub(crate) fn jar(project: &Project, profile: Profile) -> Outcome<PathBuf> {
    let library = java_library(project, profile)?;
    let folder = project.target("native");
    let platform = format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH);
    fresh_folder(&folder.join(&platform))?;
    if let Some(name) = library.file_name() {
        std::fs::copy(&library, folder.join(&platform).join(name))?;
    }
    let mut maven = maven(project);
    maven.arg(format!("-Dhalfback.native.dir={}", folder.display()));
    let packaged = capture(maven.args(["-Dmaven.test.skip=true", "package"]));
    // Left among the classes, it would be found by tests of a jar without a native library.
    let native = project.path("bindings/java/target/classes/native");
    if native.exists() {
        std::fs::remove_dir_all(native)?;
    }
    packaged?;
    Ok(project.path(format!("bindings/java/target/halfback-{VERSION}.jar")))
}

/// The jar as people get it, and the Java programs of a folder, compiled against it.
pub(crate) fn class_path(
    project: &Project,
    profile: Profile,
    programs: &str,
    classes: &str,
) -> Outcome<OsString> {
    let jar = jar(project, profile)?;
    let classes = project.target(classes);
    fresh_folder(&classes)?;
    let mut javac = Command::new("javac");
    javac.args(["-Xlint:all", "-Werror", "--release", "17", "-cp"]).arg(&jar);
    javac.arg("-d").arg(&classes).args(files_below(&project.path(programs), ".java")?);
    capture(&mut javac)?;
    std::env::join_paths([jar, classes])
        .map_err(|error| Failure::new(format!("the work tree is no place for Java: {error}")))
}

/// Maven that loads the native library from where cargo put it.
pub(crate) fn maven_with(project: &Project, library: &std::path::Path) -> Command {
    let mut command = maven(project);
    command.arg(format!("-Dhalfback.library={}", library.display()));
    command
}
