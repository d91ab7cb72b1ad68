//! The project's chores, one door for people and CI: `cargo xtask help`.

mod bench;
mod codegen;
mod demo;
mod fuzz;
mod lint;
mod package;
mod products;
mod project;
mod readme;
mod step;
mod suites;
mod test;
mod tools;

use std::process::ExitCode;

use project::Project;
use step::{Failure, Outcome};

const HELP: &str = "\
The project's chores. All set-up lives under target/.

Usage: cargo xtask <chore>

  demo               Trains two models in Python, registers them, and lets a Java and a Rust
                     program watch the champion move; writes target/demo/summary.json
  test [--long]      Runs all tests of Rust, Python and Java; --long runs the long ones as well
  lint               Checks format, lints, types and documents in all three languages
  bench <suite> [--long]
                     Measures a suite in release mode; writes target/bench/<suite>.json. With
                     --long `storage` and `growth` go on to a million versions
  codegen [--check]  Writes the Python and Java types from the Rust definitions;
                     --check only says whether they are current
  package            Builds the wheel, the jar and the crates, and uses each from an empty
                     environment
  help               Shows this

Needed: Rust, Python 3.11 or newer, a JDK 17 or newer, Maven. What else is needed is fetched from
the package registries that these are set up for.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nxtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Outcome {
    let project = Project::find()?;
    match arguments {
        ["demo"] => demo::run(&project),
        ["test"] => test::run(&project, false),
        ["test", "--long"] => test::run(&project, true),
        ["lint"] => lint::run(&project),
        ["bench", suite] => bench::run(&project, suite, false),
        ["bench", suite, "--long"] => bench::run(&project, suite, true),
        ["codegen"] => codegen::run(&project, codegen::Mode::Write),
        ["codegen", "--check"] => codegen::run(&project, codegen::Mode::Check),
        ["package"] => package::run(&project),
        ["help" | "--help" | "-h"] | [] => {
            println!("{HELP}");
            Ok(())
        }
        _ => Err(Failure::new(format!(
            "no such chore: `{}`; `cargo xtask help` lists them",
            arguments.join(" ")
        ))),
    }
}
