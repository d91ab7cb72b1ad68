//! All tests of the three languages, and the check that each language ran every scenario.

use std::{path::Path, process::Command};

use crate::{
    bench, fuzz,
    products::{self, Profile},
    project::{Project, files_below, fresh_folder},
    step::{Failure, Outcome, heading, quiet_step, record, step},
    suites::{Tally, compare_scenarios},
    tools::{self, Tool, Venv},
};

const LANGUAGES: [&str; 3] = ["rust", "python", "java"];

pub(crate) fn run(project: &Project, long: bool) -> Outcome {
    tools::require(&[Tool::Python, Tool::Jdk, Tool::Maven, Tool::Postgres])?;
    if long {
        tools::require(&[Tool::CargoFuzz])?;
    }
    // Left by an earlier run, they would hide a language that ran none.
    fresh_folder(&project.target("scenarios"))?;
    let mut tests = Tests { project, long, total: Tally::default(), troubles: Vec::new() };
    heading("Tests");
    Venv::tools(project).prepare("Python environment")?;
    tests.rust()?;
    tests.python()?;
    if long {
        tests.peers()?;
    }
    tests.java()?;
    tests.torture()?;
    if long {
        tests.cedar()?;
        tests.growth()?;
        tests.fuzz()?;
    }
    tests.scenarios()?;
    tests.close()
}

struct Tests<'a> {
    project: &'a Project,
    long: bool,
    total: Tally,
    troubles: Vec<String>,
}

impl Tests<'_> {
    fn rust(&mut self) -> Outcome {
        let project = self.project;
        quiet_step("build for Rust", || {
            let mut build = tools::cargo(project);
            build.args(["test", "--quiet", "--workspace", "--no-run"]);
            crate::step::capture(&mut build).map(drop)
        })?;
        let mut tests = tools::cargo(project);
        tests.args(["test", "--quiet", "--workspace", "--no-fail-fast"]);
        self.suite("rust", &mut tests, |output| Ok(Tally::of_cargo(output)))
    }

    fn python(&mut self) -> Outcome {
        let project = self.project;
        quiet_step("wheel for Python", || products::installed_wheel(project))?;
        let report = project.target("reports/python.xml");
        clear(&report)?;
        let mut pytest = Venv::tools(project).command("python");
        pytest
            .current_dir(project.path("bindings/python"))
            .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
            .arg(format!("--junitxml={}", report.display()));
        self.suite("python", &mut pytest, |_| {
            Ok(Tally::of_junit(&std::fs::read_to_string(&report).unwrap_or_default()))
        })
    }

    /// Python beside the other systems themselves, in an environment that has them.
    fn peers(&mut self) -> Outcome {
        let project = self.project;
        let venv = Venv::frameworks(project);
        venv.prepare("peers")?;
        quiet_step("wheel beside its peers", || {
            products::install(&venv, &products::wheel(project, Profile::Dev)?)
        })?;
        let report = project.target("reports/peers.xml");
        clear(&report)?;
        let mut pytest = venv.command("python");
        pytest
            .current_dir(project.path("bindings/python"))
            .args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/peers"])
            .arg(format!("--junitxml={}", report.display()))
            .env("MLFLOW_DISABLE_TELEMETRY", "true")
            .env("DO_NOT_TRACK", "true");
        self.suite("peers", &mut pytest, |_| {
            Ok(Tally::of_junit(&std::fs::read_to_string(&report).unwrap_or_default()))
        })
    }

    fn java(&mut self) -> Outcome {
        let project = self.project;
        let library = step(
            "native library for Java",
            || products::java_library(project, Profile::Dev),
            |_| String::new(),
        )?;
        let reports = project.path("bindings/java/target/surefire-reports");
        fresh_folder(&reports)?;
        let mut maven = products::maven_with(project, &library);
        maven.arg("test");
        self.suite("java", &mut maven, |_| Tally::of_reports(&reports))
    }

    /// Writers and readers of the three languages on one registry, and writers killed at random.
    fn torture(&mut self) -> Outcome {
        let project = self.project;
        let class_path = step(
            "jar for the torture test",
            || products::class_path(project, Profile::Dev, "tests/torture", "torture-classes"),
            |_| String::new(),
        )?;
        let (kills, seed) = (if self.long { "1000" } else { "20" }, std::env::var("HALFBACK_SEED"));
        let mut torture = Command::new(project.built("examples/torture"));
        torture.args([kills, seed.as_deref().unwrap_or("any")]);
        torture.arg(Venv::tools(project).program("python")).arg(class_path);
        self.suite("torture", &mut torture, |output| {
            // It ends at the first failure.
            let passed = usize::from(output.contains(&format!("{kills} kills, ")));
            Ok(Tally { passed, failed: 1 - passed, skipped: 0 })
        })
    }

    /// Access decisions held against Cedar's.
    fn cedar(&mut self) -> Outcome {
        let mut tests = bench::cedar(self.project);
        tests.args(["test", "--quiet", "--locked"]);
        self.suite("cedar", &mut tests, |output| Ok(Tally::of_cargo(output)))
    }

    /// What was promised of a registry with a million versions, as the bench `growth` measures it.
    fn growth(&mut self) -> Outcome {
        let report = self.project.target("bench/growth.json");
        clear(&report)?;
        let mut growth = bench::program(self.project);
        growth.arg("growth").env(bench::REPORT, &report);
        self.suite("growth", &mut growth, |_| {
            let report = std::fs::read_to_string(&report).unwrap_or_else(|_| "[]".to_owned());
            Ok(Tally::of_budgets(&serde_json::from_str(&report)?))
        })
    }

    /// libFuzzer on everything that reads foreign bytes.
    fn fuzz(&mut self) -> Outcome {
        for target in fuzz::targets(self.project)? {
            let mut run = fuzz::run(self.project, &target)?;
            self.suite(&format!("fuzz-{target}"), &mut run, |output| {
                // It ends at the first failure.
                let passed = usize::from(output.contains("\nDone "));
                Ok(Tally { passed, failed: 1 - passed, skipped: 0 })
            })?;
        }
        Ok(())
    }

    /// Runs one suite to its end and counts it; a failure is told at the close, after the other suites.
    fn suite(
        &mut self,
        name: &str,
        command: &mut Command,
        count: impl FnOnce(&str) -> Outcome<Tally>,
    ) -> Outcome {
        if self.long {
            command.env(bench::LONG, "1");
        }
        let log = self.project.target(format!("reports/{name}.txt"));
        let work = || {
            let (passed, output) = record(command, &log)?;
            Ok((passed, count(&output)?, output))
        };
        let says = |(_, tally, _): &(bool, Tally, String)| format!("{} passed", tally.passed);
        let (passed, tally, output) = step(&format!("{name} tests"), work, says)?;
        self.total = self.total.plus(tally);
        let trouble = tally.trouble().or_else(|| (!passed).then(|| "the runner failed".to_owned()));
        if let Some(trouble) = trouble {
            println!("\n{output}");
            self.troubles.push(format!("{name}: {trouble} (see {})", self.project.shown(&log)));
        }
        Ok(())
    }

    fn scenarios(&mut self) -> Outcome {
        let all: Vec<String> = files_below(&self.project.path("tests/scenarios"), ".toml")?
            .iter()
            .filter_map(|path| path.file_stem().map(|name| name.to_string_lossy().into_owned()))
            .collect();
        for language in LANGUAGES {
            let list = self.project.target(format!("scenarios/{language}.txt"));
            let ran = std::fs::read_to_string(list).unwrap_or_default();
            if let Err(failure) = compare_scenarios(language, &all, &ran) {
                self.troubles.push(failure.to_string());
            }
        }
        println!("  {:<34} {:>8}  in each of {}", "scenarios", all.len(), LANGUAGES.join(", "));
        Ok(())
    }

    fn close(self) -> Outcome {
        for trouble in &self.troubles {
            println!("  {trouble}");
        }
        let Tally { passed, failed, skipped } = self.total;
        let skipped = if skipped == 0 { String::new() } else { format!(", {skipped} skipped") };
        println!("\n{passed} passed, {failed} failed{skipped}");
        match self.troubles.len() {
            0 => Ok(()),
            _ => Err(Failure::new("the tests did not pass")),
        }
    }
}

fn clear(report: &Path) -> Outcome {
    if report.exists() {
        std::fs::remove_file(report)?;
    }
    Ok(())
}
