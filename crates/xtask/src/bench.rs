//! Runs a suite of the benches beside its peers and shows what it measured.

use std::{fmt::Write as _, process::Command};

use serde_json::Value;

use crate::{
    products::{self, Profile},
    project::Project,
    step::{Failure, Outcome, capture, heading, quiet_step, step},
    tools::{self, Tool, Venv},
};

/// The variable that tells the program where to write its report.
pub(crate) const REPORT: &str = "HALFBACK_BENCH_REPORT";

/// The variable that asks for what takes long.
pub(crate) const LONG: &str = "HALFBACK_LONG";

const PROGRAMS: &str = "benches/peers";

pub(crate) fn run(project: &Project, suite: &str, long: bool) -> Outcome {
    tools::require(&[Tool::Python, Tool::Jdk, Tool::Maven])?;
    heading(&format!("Bench {suite}"));
    quiet_step("suites", || {
        let suites = capture(&mut program(project))?;
        if suites.lines().any(|known| known == suite) {
            return Ok(());
        }
        let suites = suites.lines().collect::<Vec<_>>().join("`, `");
        Err(Failure::new(format!("no suite `{suite}`; there are: `{suites}`")))
    })?;
    let venv = Venv::peers(project);
    Venv::tools(project).prepare("Python environment")?;
    venv.prepare("peers")?;
    quiet_step("wheel for Python", || {
        products::install(&venv, &products::wheel(project, Profile::Release)?)
    })?;
    let class_path = step(
        "jar for Java",
        || products::class_path(project, Profile::Release, PROGRAMS, "bench-classes"),
        |_| String::new(),
    )?;
    if suite == "access" {
        quiet_step("Cedar", || capture(cedar(project).args(["build", "--release"])).map(drop))?;
    }
    let report = project.target(format!("bench/{suite}.json"));
    if report.exists() {
        std::fs::remove_file(&report)?;
    }
    let began = load();
    quiet_step("measure", || {
        let mut bench = program(project);
        bench
            .arg(suite)
            // What the suite starts: the peers' Python, Java with the jar. Where it reports.
            .env("HALFBACK_BENCH_PYTHON", venv.program("python"))
            .env("HALFBACK_BENCH_CLASS_PATH", &class_path)
            .env("HALFBACK_BENCH_CEDAR", project.cargo_target.join("release/halfback-cedar"))
            .env(REPORT, &report)
            .env("MLFLOW_DISABLE_TELEMETRY", "true")
            .env("DO_NOT_TRACK", "true");
        if long {
            bench.env(LONG, "1");
        }
        capture(&mut bench).map(drop)
    })?;
    let ended = load();
    let text = std::fs::read_to_string(&report).map_err(|error| {
        Failure::new(format!("the suite wrote no {}: {error}", project.shown(&report)))
    })?;
    print!("\n{}", table(&serde_json::from_str(&text)?)?);
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    println!("load average {began} at the beginning, {ended} at the end, {processors} processors");
    println!("\n{}", project.shown(&report));
    Ok(())
}

/// The program that measures; without arguments it lists the suites.
pub(crate) fn program(project: &Project) -> Command {
    let mut cargo = tools::cargo(project);
    cargo.args(["run", "--quiet", "--release", "--package", "halfback-benches", "--"]);
    cargo
}

/// Cargo in `benches/cedar`, which is a workspace of its own.
pub(crate) fn cedar(project: &Project) -> Command {
    let mut cargo = tools::cargo(project);
    cargo.current_dir(project.path("benches/cedar"));
    cargo
}

/// How many processes wanted a processor or the disk, as an average over the last minute.
fn load() -> String {
    let averages = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    averages.split_whitespace().next().unwrap_or("unknown").to_owned()
}

const COLUMNS: [&str; 8] = ["name", "ours", "unit", "peer", "peer_name", "ratio", "budget", "met"];
/// Columns of numbers, which stand at the right.
const NUMBERS: [&str; 3] = ["ours", "peer", "ratio"];

/// The report as a table, and how many budgets were met; fails on a row that lacks one of its values.
fn table(report: &Value) -> Outcome<String> {
    let rows = report.as_array().filter(|rows| !rows.is_empty());
    let rows = rows.ok_or_else(|| Failure::new("the report is no list, or an empty one"))?;
    let mut cells = vec![COLUMNS.map(str::to_owned)];
    for row in rows {
        cells.push([
            cell(row, "name", Value::is_string)?,
            cell(row, "ours", Value::is_number)?,
            cell(row, "unit", Value::is_string)?,
            cell(row, "peer", |value| value.is_number() || value.is_null())?,
            cell(row, "peer_name", |value| value.is_string() || value.is_null())?,
            cell(row, "ratio", |value| value.is_number() || value.is_null())?,
            cell(row, "budget", |value| value.is_string() || value.is_null())?,
            cell(row, "met", |value| value.is_boolean() || value.is_null())?,
        ]);
    }
    let widths: [usize; COLUMNS.len()] = std::array::from_fn(|column| {
        let width =
            |row: &[String; COLUMNS.len()]| row.get(column).map_or(0, |text| text.chars().count());
        cells.iter().map(width).max().unwrap_or(0)
    });
    let mut out = String::new();
    for row in &cells {
        for ((text, width), column) in row.iter().zip(widths).zip(COLUMNS) {
            let _ = if NUMBERS.contains(&column) {
                write!(out, "  {text:>width$}")
            } else {
                write!(out, "  {text:<width$}")
            };
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    let met = |row: &&Value| row.get("met").is_some_and(|met| met == true);
    let budgets = rows.iter().filter(|row| row.get("met").is_some_and(Value::is_boolean));
    let _ =
        writeln!(out, "\n{} of {} budgets met", rows.iter().filter(met).count(), budgets.count());
    Ok(out)
}

fn cell(row: &Value, key: &str, fits: impl Fn(&Value) -> bool) -> Outcome<String> {
    match row.get(key) {
        Some(value) if fits(value) => Ok(match value {
            Value::String(text) => text.clone(),
            Value::Null => "-".to_owned(),
            Value::Bool(true) => "yes".to_owned(),
            Value::Bool(false) => "NO".to_owned(),
            number => number.as_f64().map_or_else(|| number.to_string(), digits),
        }),
        _ => Err(Failure::new(format!("a row of the report has no fitting `{key}`: {row}"))),
    }
}

/// Four significant digits are more than a measurement is good for.
fn digits(number: f64) -> String {
    let size = number.abs();
    let places = if size >= 1000.0 {
        0
    } else if size >= 100.0 {
        1
    } else if size >= 10.0 {
        2
    } else {
        3
    };
    format!("{number:.places$}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::table;

    #[test]
    fn a_report_becomes_a_table() {
        let report = json!([
            {"name": "resolve", "ours": 45.25, "unit": "ns", "peer": 2_000_000, "peer_name": "MLflow",
             "ratio": 44198.9, "budget": "≤ 100 ns", "met": true},
            {"name": "put", "ours": 1, "unit": "s", "peer": null, "peer_name": null,
             "ratio": null, "budget": "≤ 0.5 s", "met": false},
            {"name": "open", "ours": 1, "unit": "s", "peer": null, "peer_name": null,
             "ratio": null, "budget": null, "met": null},
        ]);
        let expected = "
  name      ours  unit     peer  peer_name  ratio  budget    met
  resolve  45.25  ns    2000000  MLflow     44199  ≤ 100 ns  yes
  put      1.000  s           -  -              -  ≤ 0.5 s   NO
  open     1.000  s           -  -              -  -         -

1 of 2 budgets met
";
        assert_eq!(table(&report).unwrap(), expected.trim_start_matches('\n'));
    }

    #[test]
    fn a_row_without_a_value_is_refused() {
        let failure = table(&json!([{"name": "resolve"}])).unwrap_err().to_string();
        assert!(failure.contains("no fitting `ours`"), "{failure}");
        assert!(table(&json!([])).is_err());
    }
}
