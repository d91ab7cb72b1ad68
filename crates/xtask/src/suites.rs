//! What the test runners of the three languages say of themselves, added up.

use std::path::Path;

use serde_json::Value;

use crate::{
    project::files_below,
    step::{Failure, Outcome},
};

/// How many tests a suite ran, by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

impl Tally {
    pub(crate) fn plus(self, other: Tally) -> Tally {
        Tally {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }

    /// A suite that ran nothing, or left a test out, has not passed.
    pub(crate) fn trouble(self) -> Option<String> {
        match self {
            Tally { failed: 0, skipped: 0, passed: 0 } => Some("ran no test".to_owned()),
            Tally { failed: 0, skipped: 0, .. } => None,
            Tally { failed: 0, skipped, .. } => Some(format!("{skipped} skipped")),
            Tally { failed, .. } => Some(format!("{failed} failed")),
        }
    }

    /// Adds up cargo's closing lines, `test result: ok. 5 passed; 0 failed; 1 ignored; …`.
    pub(crate) fn of_cargo(output: &str) -> Tally {
        let mut tally = Tally::default();
        for line in output.lines().filter_map(|line| line.strip_prefix("test result: ")) {
            let counts = line.split_once(". ").map_or("", |(_, counts)| counts);
            for (count, word) in counts.split("; ").filter_map(|part| part.split_once(' ')) {
                let count = count.parse().unwrap_or(0);
                match word {
                    "passed" => tally.passed += count,
                    "failed" => tally.failed += count,
                    "ignored" => tally.skipped += count,
                    _ => {}
                }
            }
        }
        tally
    }

    /// Adds up the suites of a report in `JUnit`'s XML, as pytest and Surefire write it.
    pub(crate) fn of_junit(xml: &str) -> Tally {
        let mut tally = Tally::default();
        for tag in xml.split("<testsuite ").skip(1) {
            let tag = tag.split_once('>').map_or(tag, |(tag, _)| tag);
            let count = |name: &str| -> usize {
                let value = tag.split_once(&format!(" {name}=\"")).map(|(_, rest)| rest);
                value.and_then(|rest| rest.split('"').next()?.parse().ok()).unwrap_or(0)
            };
            let (failed, skipped) = (count("failures") + count("errors"), count("skipped"));
            tally = tally.plus(Tally {
                passed: count("tests").saturating_sub(failed + skipped),
                failed,
                skipped,
            });
        }
        tally
    }

    /// Counts the budgets of a bench's report, each of which is met or missed.
    pub(crate) fn of_budgets(report: &Value) -> Tally {
        let rows = report.as_array().into_iter().flatten();
        rows.filter_map(|row| row.get("met")?.as_bool()).fold(Tally::default(), |tally, met| {
            tally.plus(Tally { passed: usize::from(met), failed: usize::from(!met), skipped: 0 })
        })
    }

    /// Adds up the reports in a folder.
    pub(crate) fn of_reports(folder: &Path) -> Outcome<Tally> {
        let mut tally = Tally::default();
        for file in files_below(folder, ".xml")? {
            tally = tally.plus(Tally::of_junit(&std::fs::read_to_string(file)?));
        }
        Ok(tally)
    }
}

/// Compares the scenarios that a language ran with those that there are.
pub(crate) fn compare_scenarios(language: &str, all: &[String], ran: &str) -> Outcome {
    let ran: Vec<&str> = ran.lines().map(str::trim).filter(|name| !name.is_empty()).collect();
    let missed: Vec<&str> =
        all.iter().map(String::as_str).filter(|name| !ran.contains(name)).collect();
    let unknown: Vec<&str> =
        ran.iter().copied().filter(|name| all.iter().all(|it| it != name)).collect();
    if all.is_empty() {
        return Err(Failure::new("there are no scenarios in tests/scenarios"));
    }
    if !missed.is_empty() {
        return Err(Failure::new(format!("{language} did not run: {}", missed.join(", "))));
    }
    if !unknown.is_empty() {
        return Err(Failure::new(format!(
            "{language} ran what is no file: {}",
            unknown.join(", ")
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Tally, compare_scenarios};

    #[test]
    fn cargo_results_add_up() {
        let output = "\
running 3 tests
test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
   Doc-tests halfback
test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s
";
        assert_eq!(Tally::of_cargo(output), Tally { passed: 7, failed: 2, skipped: 1 });
    }

    #[test]
    fn reports_of_pytest_and_surefire_add_up() {
        let pytest = r#"<?xml version="1.0"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" time="0.1"></testsuite></testsuites>"#;
        assert_eq!(Tally::of_junit(pytest), Tally { passed: 4, failed: 3, skipped: 3 });
        let surefire = r#"<testsuite xmlns:xsi="x" name="A" time="1" tests="2" errors="0" skipped="0" failures="0">"#;
        assert_eq!(Tally::of_junit(surefire), Tally { passed: 2, failed: 0, skipped: 0 });
    }

    #[test]
    fn budgets_are_met_or_missed() {
        let report = json!([{"met": true}, {"met": false}, {"met": null}, {"met": true}]);
        assert_eq!(Tally::of_budgets(&report), Tally { passed: 2, failed: 1, skipped: 0 });
        assert_eq!(Tally::of_budgets(&json!([])).trouble().as_deref(), Some("ran no test"));
    }

    #[test]
    fn a_suite_that_ran_nothing_or_skipped_is_in_trouble() {
        assert_eq!(Tally::default().trouble().as_deref(), Some("ran no test"));
        let skipped = Tally { passed: 5, failed: 0, skipped: 1 };
        assert_eq!(skipped.trouble().as_deref(), Some("1 skipped"));
        assert_eq!(Tally { passed: 5, failed: 0, skipped: 0 }.trouble(), None);
    }

    #[test]
    fn a_scenario_that_was_not_run_is_named() {
        let all = ["alias".to_owned(), "bytes".to_owned()];
        let missed = compare_scenarios("java", &all, "alias\n").unwrap_err().to_string();
        assert_eq!(missed, "java did not run: bytes");
        let unknown = compare_scenarios("java", &all, "alias\nbytes\nother\n").unwrap_err();
        assert_eq!(unknown.to_string(), "java ran what is no file: other");
        assert!(compare_scenarios("java", &all, "bytes\nalias\n").is_ok());
        assert!(compare_scenarios("java", &[], "").is_err());
    }
}
