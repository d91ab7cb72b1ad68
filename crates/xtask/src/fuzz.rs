//! libFuzzer on the targets of `tests/fuzz`, for a fixed number of runs.

use std::process::Command;

use crate::{
    project::{Project, fresh_folder},
    step::{Outcome, capture},
    tools,
};

/// Runs of each target; each begins at the seeds and takes the same numbers for chance.
const RUNS: u32 = 20_000;

/// Writes the seeds anew, and gives the names of the targets.
pub(crate) fn targets(project: &Project) -> Outcome<Vec<String>> {
    let seeds = project.target("fuzz/seeds");
    fresh_folder(&seeds)?;
    capture(Command::new(project.built("corpus")).arg("seeds").arg(&seeds))?;
    let mut targets = Vec::new();
    for entry in std::fs::read_dir(&seeds)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            targets.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    targets.sort();
    Ok(targets)
}

/// A run of one target, which ends at the first input that it fails on, takes 5 s for, or takes
/// much memory for.
pub(crate) fn run(project: &Project, target: &str) -> Outcome<Command> {
    let corpus = project.target("fuzz/corpus").join(target);
    fresh_folder(&corpus)?;
    let seeds = project.target("fuzz/seeds");
    let mut fuzz = tools::cargo_fuzz();
    fuzz.current_dir(&project.root)
        // Every target would be optimised with all that it is made of.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .args(["run", "--fuzz-dir", "tests/fuzz", "--features", "libfuzzer", "--target-dir"])
        .arg(project.target("fuzz/build"))
        .arg(target)
        .args([corpus, seeds.join(target)])
        .arg("--")
        .arg(format!("-runs={RUNS}"))
        .arg(format!("-dict={}", seeds.join(format!("{target}.dict")).display()))
        .args(["-seed=1", "-max_len=16384", "-timeout=5"])
        .args(["-rss_limit_mb=1024", "-malloc_limit_mb=64"]);
    Ok(fuzz)
}
