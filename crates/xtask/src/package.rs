//! Builds what people install, and uses each from an empty environment: the README's examples, run against the wheel in a fresh
//! virtual environment, the jar in a fresh Maven project, and the crates in a fresh cargo project.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    products::{self, Profile, VERSION},
    project::{Project, fresh_folder},
    readme,
    step::{Outcome, capture, heading, step},
    tools::{self, Tool, Venv},
};

pub(crate) fn run(project: &Project) -> Outcome {
    tools::require(&[Tool::Python, Tool::Jdk, Tool::Maven])?;
    heading("Package");
    Venv::tools(project).prepare("Python environment")?;
    let packages = [wheel(project)?, jar(project)?, crates(project)?].concat();
    println!();
    for package in packages {
        let size = std::fs::metadata(&package)?.len();
        println!("  {:>11} bytes  {}", size, project.shown(&package));
    }
    Ok(())
}

fn wheel(project: &Project) -> Outcome<Vec<PathBuf>> {
    let wheel = step("wheel", || products::wheel(project, Profile::Release), |it| name(it))?;
    let used = || {
        let venv = Venv::empty(project.target("package/venv"));
        fresh_folder(&venv.folder)?;
        venv.prepare("empty environment")?;
        products::install(&venv, &wheel)?;
        // The Java program below opens the registry that this leaves.
        let folder = project.target("package/handoff");
        fresh_folder(&folder)?;
        let script = folder.join("handoff.py");
        std::fs::write(&script, readme::block(project, "python")?)?;
        capture(venv.command("python").current_dir(&folder).arg(script))
    };
    step("used in an empty environment", used, |said| last_line(said))?;
    Ok(vec![wheel])
}

fn jar(project: &Project) -> Outcome<Vec<PathBuf>> {
    let jar = step("jar", || products::jar(project, Profile::Release), |it| name(it))?;
    let used = || {
        // A repository of its own, so that no other build of the same version can be found.
        let repository = project.target("package/maven");
        let installed = repository.join("dev/halfback");
        if installed.exists() {
            std::fs::remove_dir_all(installed)?;
        }
        let folder = project.target("package/java");
        fresh_folder(&folder.join("src/main/java"))?;
        std::fs::write(folder.join("pom.xml"), pom(&readme::block(project, "xml")?))?;
        let source = readme::block(project, "java")?;
        std::fs::write(folder.join("src/main/java/Handoff.java"), source)?;
        let maven = || {
            let mut maven = tools::maven(project);
            maven.current_dir(&folder);
            maven.arg(format!("-Dmaven.repo.local={}", repository.display()));
            maven
        };
        let pom = project.path("bindings/java/target/dependency-reduced-pom.xml");
        let mut install = maven();
        install.arg("install:install-file").arg(format!("-Dfile={}", jar.display()));
        capture(install.arg(format!("-DpomFile={}", pom.display())))?;
        let list = folder.join("classpath.txt");
        let mut compile = maven();
        compile.args(["compile", "dependency:build-classpath"]);
        capture(compile.arg(format!("-Dmdep.outputFile={}", list.display())))?;
        let classpath = std::fs::read_to_string(list)?;
        let mut java = Command::new("java");
        java.current_dir(project.target("package/handoff"));
        let classes = folder.join("target/classes");
        java.arg("--enable-native-access=ALL-UNNAMED").arg("-cp");
        capture(java.arg(format!("{}:{classpath}", classes.display())).arg("Handoff"))
    };
    step("used in an empty Maven project", used, |said| last_line(said))?;
    Ok(vec![jar])
}

/// A Maven project that has the README's dependency and nothing else.
fn pom(dependency: &str) -> String {
    format!(
        r#"<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>example</groupId>
  <artifactId>handoff</artifactId>
  <version>1</version>
  <properties>
    <maven.compiler.source>17</maven.compiler.source>
    <maven.compiler.target>17</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
{dependency}  </dependencies>
</project>
"#
    )
}

fn crates(project: &Project) -> Outcome<Vec<PathBuf>> {
    let names = ["halfback-store", "halfback", "halfback-mlflow", "halfback-cli"];
    let packed = || {
        let mut package = tools::cargo(project);
        // What is being packed need not be committed yet.
        package.args(["package", "--quiet", "--allow-dirty"]);
        capture(package.args(names.iter().flat_map(|name| ["--package", name])))?;
        Ok(names.map(|name| project.cargo_target.join(format!("package/{name}-{VERSION}.crate"))))
    };
    let packages = step("crates", packed, |_| names.join(", "))?;
    let used = || {
        let folder = project.target("package/rust");
        fresh_folder(&folder.join("src"))?;
        for package in &packages {
            capture(Command::new("tar").arg("-xzf").arg(package).arg("-C").arg(&folder))?;
        }
        std::fs::write(folder.join("Cargo.toml"), manifest(&names))?;
        std::fs::write(folder.join("src/main.rs"), readme::block(project, "rust")?)?;
        // The versions that the tests ran with.
        std::fs::copy(project.path("Cargo.lock"), folder.join("Cargo.lock"))?;
        let mut run = tools::cargo(project);
        capture(run.current_dir(&folder).args(["run", "--quiet"]))
    };
    step("used in an empty cargo project", used, |said| last_line(said))?;
    Ok(packages.to_vec())
}

/// A cargo project that depends on the crates as they were packed, in place of what crates.io has.
fn manifest(names: &[&str]) -> String {
    let patches: Vec<String> =
        names.iter().map(|name| format!("{name} = {{ path = \"{name}-{VERSION}\" }}\n")).collect();
    format!(
        "[package]\nname = \"handoff\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nhalfback = \"{VERSION}\"\ntempfile = \"3\"\n\n[patch.crates-io]\n{}",
        patches.concat()
    )
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn last_line(output: &str) -> String {
    output.lines().last().unwrap_or_default().to_owned()
}
