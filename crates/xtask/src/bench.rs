//! Runs a suite of the benches beside its peers and shows what it measured.

use std::fmt::Write as _;

use serde_json::Value;

use crate::{
    products::{self, Profile},
    project::Project,
    step::{Failure, Outcome, capture, heading, quiet_step, step},
    tools::{self, Tool, Venv},
};

pub(crate) fn run(project: &Project, suite: &str) -> Outcome {
    tools::require(&[Tool::Python, Tool::Jdk, Tool::Maven])?;
    heading(&format!("Bench {suite}"));
    let venv = Venv::peers(project);
    Venv::tools(project).prepare("Python environment")?;
    venv.prepare("peers")?;
    quiet_step("wheel for Python", || {
        products::install(&venv, &products::wheel(project, Profile::Release)?)
    })?;
    let library = step(
        "native library for Java",
        || products::java_library(project, Profile::Release),
        |_| String::new(),
    )?;
    let report = project.target(format!("bench/{suite}.json"));
    if report.exists() {
        std::fs::remove_file(&report)?;
    }
    quiet_step("measure", || {
        let mut bench = tools::cargo(project);
        bench
            .args(["run", "--quiet", "--release", "--package", "halfback-benches", "--", suite])
            // What the suite starts: the peers' Python, the jar's library, the report.
            .env("HALFBACK_BENCH_PYTHON", venv.program("python"))
            .env("HALFBACK_BENCH_JAVA_LIBRARY", &library)
            .env("HALFBACK_BENCH_REPORT", &report)
            .env("MLFLOW_DISABLE_TELEMETRY", "true")
            .env("DO_NOT_TRACK", "true");
        capture(&mut bench).map(drop)
    })?;
    let text = std::fs::read_to_string(&report).map_err(|error| {
        Failure::new(format!("the suite wrote no {}: {error}", project.shown(&report)))
    })?;
    print!("\n{}", table(&serde_json::from_str(&text)?)?);
    println!("\n{}", project.shown(&report));
    Ok(())
}

/// The report as a table; fails on a row that lacks one of its six values.
fn table(report: &Value) -> Outcome<String> {
    let rows = report.as_array().filter(|rows| !rows.is_empty());
    let rows = rows.ok_or_else(|| Failure::new("the report is no list, or an empty one"))?;
    let mut cells: Vec<[String; 6]> =
        vec![["name", "ours", "unit", "peer", "peer_name", "ratio"].map(str::to_owned)];
    for row in rows {
        cells.push([
            cell(row, "name", Value::is_string)?,
            cell(row, "ours", Value::is_number)?,
            cell(row, "unit", Value::is_string)?,
            cell(row, "peer", |value| value.is_number() || value.is_null())?,
            cell(row, "peer_name", |value| value.is_string() || value.is_null())?,
            cell(row, "ratio", |value| value.is_number() || value.is_null())?,
        ]);
    }
    let widths: [usize; 6] = std::array::from_fn(|column| {
        let width = |row: &[String; 6]| row.get(column).map_or(0, |text| text.chars().count());
        cells.iter().map(width).max().unwrap_or(0)
    });
    let mut out = String::new();
    for row in &cells {
        for (column, (text, width)) in row.iter().zip(widths).enumerate() {
            let number = [1, 3, 5].contains(&column);
            let _ = if number {
                write!(out, "  {text:>width$}")
            } else {
                write!(out, "  {text:<width$}")
            };
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    Ok(out)
}

fn cell(row: &Value, key: &str, fits: impl Fn(&Value) -> bool) -> Outcome<String> {
    match row.get(key) {
        Some(value) if fits(value) => Ok(match value {
            Value::String(text) => text.clone(),
            Value::Null => "-".to_owned(),
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
            {"name": "resolve", "ours": 45.25, "unit": "ns", "peer": 2_000_000, "peer_name": "MLflow", "ratio": 44198.9},
            {"name": "put", "ours": 1, "unit": "s", "peer": null, "peer_name": null, "ratio": null},
        ]);
        let expected = "
  name      ours  unit     peer  peer_name  ratio
  resolve  45.25  ns    2000000  MLflow     44199
  put      1.000  s           -  -              -
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
