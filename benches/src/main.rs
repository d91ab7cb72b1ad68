//! Measures a suite beside its peers and writes its report; `cargo xtask bench <suite>` prepares what it needs.
//!
//! Without a suite it lists those that there are.

mod access;
mod filled;
mod floor;
mod growth;
mod measure;
mod metrics;
mod pages;
mod picture;
mod program;
mod registry;
mod search;
mod storage;

use std::path::PathBuf;

use measure::{Outcome, Row};

/// What a suite finds ready.
struct Ground {
    /// An empty folder on the disk that the work tree is on: a temporary folder is often in memory, where nothing is durable.
    folder: tempfile::TempDir,
    /// Where a suite draws what it measured, where it does.
    picture: PathBuf,
}

/// The Python that has Halfback's wheel and the peers.
fn python() -> Outcome<PathBuf> {
    prepared("HALFBACK_BENCH_PYTHON").map(PathBuf::from)
}

/// Where Java finds Halfback's classes and those of `peers/`.
fn class_path() -> Outcome<String> {
    prepared("HALFBACK_BENCH_CLASS_PATH")
}

type Suite = fn(&Ground) -> Outcome<Vec<Row>>;

const SUITES: [(&str, Suite); 6] = [
    ("access", access::measure),
    ("growth", growth::measure),
    ("metrics", metrics::measure),
    ("registry", registry::measure),
    ("search", search::measure),
    ("storage", storage::measure),
];

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => SUITES.iter().for_each(|(name, _)| println!("{name}")),
        [registry::NEIGHBOUR, registry] => registry::neighbour(registry)?,
        [growth::READER, registry, models, half] => growth::reader(registry, models, half)?,
        [storage::WRITER, registry, callers] => storage::writer(registry, callers)?,
        [name] => run(suite(name)?)?,
        _ => return Err("expected the name of one suite".into()),
    }
    Ok(())
}

fn suite(name: &str) -> Outcome<Suite> {
    let found = SUITES.iter().find(|(known, _)| *known == name);
    found.map(|(_, suite)| *suite).ok_or_else(|| {
        let names = SUITES.map(|(name, _)| format!("`{name}`")).join(", ");
        format!("no suite `{name}`; there are: {names}").into()
    })
}

fn run(suite: Suite) -> Outcome {
    let report = PathBuf::from(prepared("HALFBACK_BENCH_REPORT")?);
    let reports = report.parent().ok_or("the report has no folder")?;
    std::fs::create_dir_all(reports)?;
    let ground =
        Ground { folder: tempfile::tempdir_in(reports)?, picture: report.with_extension("svg") };
    let rows = suite(&ground)?;
    rows.iter().filter_map(Row::missed).for_each(|missed| println!("{missed}"));
    let rows: Vec<_> = rows.iter().map(Row::to_json).collect();
    std::fs::write(&report, serde_json::to_string_pretty(&rows)? + "\n")?;
    Ok(())
}

fn prepared(variable: &str) -> Outcome<String> {
    let unset = |_| format!("the variable {variable} is not set; run `cargo xtask bench <suite>`");
    Ok(std::env::var(variable).map_err(unset)?)
}

#[cfg(test)]
mod tests {
    use super::suite;

    #[test]
    fn an_unknown_suite_says_which_there_are() {
        assert!(suite("registry").is_ok());
        let refused = suite("regsitry").err().map(|error| error.to_string());
        assert_eq!(
            refused.unwrap(),
            "no suite `regsitry`; there are: `access`, `growth`, `metrics`, `registry`, `search`, `storage`"
        );
    }
}
