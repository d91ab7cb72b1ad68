//! The main job, shown end to end: two models trained and registered in Python, and the move of the champion seen by a Java and a
//! Rust program that have the same directory open.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    products::{self, Profile},
    project::{Project, fresh_folder},
    step::{Failure, Outcome, capture, heading, quiet_step, step},
    tools::{self, Tool, Venv},
};

const MODEL: &str = "health.screening.tumour";
const ALIAS: &str = "champion";

/// Enough of a summary to fit its line, and of a digest to tell it from another.
const SUMMARY: usize = 76;
const DIGEST: usize = "sha256:".len() + 12;

/// How long a program may say nothing before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) fn run(project: &Project) -> Outcome {
    tools::require(&[Tool::Python, Tool::Jdk, Tool::Maven])?;
    heading("Set-up");
    let programs = Programs::build(project)?;
    let folder = project.target("demo");
    fresh_folder(&folder)?;
    let summary = show(&programs, &folder.join("models.hb"))?;
    std::fs::write(folder.join("summary.json"), shown(&summary))?;
    println!("\n{}", project.shown(&folder.join("summary.json")));
    Ok(())
}

/// The three programs, ready to run.
struct Programs {
    venv: Venv,
    trainer: std::path::PathBuf,
    classes: std::path::PathBuf,
    jar: std::path::PathBuf,
    watcher: std::path::PathBuf,
}

impl Programs {
    fn build(project: &Project) -> Outcome<Programs> {
        let venv = Venv::demo(project);
        venv.prepare("Python environment")?;
        quiet_step("wheel for Python", || products::installed_wheel(project))?;
        let jar = step("jar for Java", || products::jar(project, Profile::Dev), |_| String::new())?;
        let demo = project.path("crates/xtask/demo");
        let classes = project.target("demo-classes");
        quiet_step("Java watcher", || {
            fresh_folder(&classes)?;
            let mut javac = Command::new("javac");
            javac.args(["-Xlint:all", "-Werror", "--release", "17", "-cp"]).arg(&jar);
            capture(javac.arg("-d").arg(&classes).arg(demo.join("Watch.java"))).map(drop)
        })?;
        quiet_step("Rust watcher", || {
            let arguments = ["build", "--quiet", "--package", "halfback", "--example", "watch"];
            capture(tools::cargo(project).args(arguments)).map(drop)
        })?;
        let watcher = project.built("examples/watch");
        Ok(Programs { venv, trainer: demo.join("train.py"), classes, jar, watcher })
    }

    fn python(&self, registry: &Path) -> Command {
        let mut command = self.venv.command("python");
        command.arg(&self.trainer).arg(registry);
        command
    }

    fn java(&self, registry: &Path) -> Command {
        let mut command = Command::new("java");
        let path = std::env::join_paths([&self.jar, &self.classes]).unwrap_or_default();
        command.arg("--enable-native-access=ALL-UNNAMED").arg("-cp").arg(path).arg("Watch");
        command.arg(registry).args([MODEL, ALIAS]);
        command
    }

    fn rust(&self, registry: &Path) -> Command {
        let mut command = Command::new(&self.watcher);
        command.arg(registry).args([MODEL, ALIAS]);
        command
    }
}

/// Runs the three programs and gives what they measured.
fn show(programs: &Programs, registry: &Path) -> Outcome<Value> {
    let mut python = Program::start("python", programs.python(registry))?;
    train(&mut python)?;

    heading(&format!("Resolve models:/{MODEL}@{ALIAS}, each in its own process"));
    let mut java = Program::start("java", programs.java(registry))?;
    let mut rust = Program::start("rust", programs.rust(registry))?;
    for watcher in [&mut java, &mut rust] {
        let seen = watcher.hear()?;
        println!("  {:<8} version {}", watcher.name, number(&seen, "resolved")?);
    }

    heading("Move the champion from version 1 to version 2 while they run");
    python.tell()?;
    let moved = python.hear()?;
    println!("  {:<8} moved it, durably, in {:.1} ms", "python", float(&moved, "moved_in")? * 1e3);
    let java_saw = java.hear()?;
    let rust_saw = rust.hear()?;
    for (name, saw) in [("java", &java_saw), ("rust", &rust_saw)] {
        let after = float(saw, "after_us")? / 1e3;
        println!(
            "  {name:<8} version {}, seen {after:.1} ms after the commit was begun",
            number(saw, "resolved")?
        );
    }
    java.end()?;
    rust.end()?;

    python.tell()?;
    let python_saw = python.hear()?;
    let summary = close(&mut python, [&python_saw, &java_saw, &rust_saw])?;
    python.end()?;
    Ok(summary)
}

fn train(python: &mut Program) -> Outcome {
    let data = python.hear()?;
    heading(&format!("Train and register, in Python with {}", text(&data, "library")?));
    println!(
        "  {}: {} features, {} rows to train on, {} held out",
        text(&data, "data")?,
        number(&data, "features")?,
        number(&data, "trained_on")?,
        number(&data, "held_out")?
    );
    for _ in 0..2 {
        let version = python.hear()?;
        println!(
            "  version {}  {:<20} AUC {:.3}  {:>7} bytes  {}",
            number(&version, "version")?,
            text(&version, "estimator")?,
            float(&version, "auc")?,
            number(&version, "bytes")?,
            cut(text(&version, "digest")?, DIGEST)
        );
    }
    let champion = python.hear()?;
    println!("  champion → version {}", number(&champion, "champion")?);
    Ok(())
}

/// What the three found, shown and compared.
fn close(python: &mut Program, saw: [&Value; 3]) -> Outcome<Value> {
    let [python_saw, java_saw, rust_saw] = saw;
    heading("Verify the champion's files, every byte, in each language");
    for (name, saw) in [("python", python_saw), ("java", java_saw), ("rust", rust_saw)] {
        println!("  {name:<8} {}", text(saw, "digest")?);
    }
    println!("  {:<8} loads what it downloaded: AUC {:.3}", "python", float(python_saw, "auc")?);

    let past = python.hear()?;
    let history = python.hear()?;
    heading(&format!("History of {MODEL}, newest first"));
    let empty = Vec::new();
    for commit in history.get("history").and_then(Value::as_array).unwrap_or(&empty) {
        println!(
            "  {:>3}  {}  {:<10} {}",
            number(commit, "commit")?,
            text(commit, "time")?,
            text(commit, "actor")?,
            cut(text(commit, "summary")?, SUMMARY)
        );
    }
    let commit = number(&past, "commit")?;
    println!(
        "  as of commit {commit}, before the move, the champion was version {}",
        number(&past, "as_of")?
    );

    let log = python.hear()?;
    heading("Verify the log");
    println!("  {} commits hash to the root {}", number(&log, "commits")?, text(&log, "root")?);

    let of = |key: &str| json!({"python": python_saw.get(key), "java": java_saw.get(key), "rust": rust_saw.get(key)});
    let summary = json!({
        "resolved": of("resolved"),
        "digest": of("digest"),
        "as_of": past.get("as_of"),
        "log_verified": log.get("log_verified"),
    });
    check(&summary)?;
    Ok(summary)
}

/// The summary in the order in which it is told; `serde_json` would sort it by key.
fn shown(summary: &Value) -> String {
    let languages = |key: &str| {
        let of = |language: &str| summary.get(key).and_then(|it| it.get(language)).cloned();
        let value = |language: &str| of(language).unwrap_or_default();
        format!(
            "{{\"python\": {}, \"java\": {}, \"rust\": {}}}",
            value("python"),
            value("java"),
            value("rust")
        )
    };
    let value = |key: &str| summary.get(key).cloned().unwrap_or_default();
    format!(
        "{{\"resolved\": {}, \"digest\": {}, \"as_of\": {}, \"log_verified\": {}}}\n",
        languages("resolved"),
        languages("digest"),
        value("as_of"),
        value("log_verified")
    )
}

/// The three languages agree, the past is the past, and the log is whole.
fn check(summary: &Value) -> Outcome {
    let agree = |key: &str, wanted: Option<&Value>| {
        let values = summary.get(key).and_then(Value::as_object);
        let first = wanted.or_else(|| values?.get("python"));
        values
            .is_some_and(|values| values.len() == 3 && values.values().all(|it| Some(it) == first))
    };
    let checks = [
        (agree("resolved", Some(&json!(2))), "the three languages do not all resolve version 2"),
        (agree("digest", None), "the three languages do not find the same digest"),
        (summary.get("as_of") == Some(&json!(1)), "before the move it was not version 1"),
        (summary.get("log_verified") == Some(&json!(true)), "the log does not verify"),
    ];
    match checks.iter().find(|(holds, _)| !holds) {
        None => Ok(()),
        Some((_, trouble)) => Err(Failure::new(format!("{trouble}: {summary}"))),
    }
}

/// A program of the demo: it says what it sees in JSON lines, and is told to go on by a line.
struct Program {
    name: &'static str,
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Program {
    fn start(name: &'static str, mut command: Command) -> Outcome<Program> {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(|error| {
                Failure::new(format!("cannot start the {name} program: {error}"))
            })?;
        let output = child.stdout.take().ok_or_else(|| Failure::new("a program has no output"))?;
        let input = child.stdin.take();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Program { name, child, input, lines })
    }

    fn hear(&mut self) -> Outcome<Value> {
        let line = self.lines.recv_timeout(PATIENCE).map_err(|_| {
            Failure::new(format!("the {} program ended or hangs; it says why above", self.name))
        })?;
        serde_json::from_str(&line)
            .map_err(|_| Failure::new(format!("the {} program said: {line}", self.name)))
    }

    /// Lets it go on.
    fn tell(&mut self) -> Outcome {
        match &mut self.input {
            Some(input) => Ok(input.write_all(b"\n").and_then(|()| input.flush())?),
            None => Err(Failure::new(format!("the {} program has no input", self.name))),
        }
    }

    fn end(mut self) -> Outcome {
        drop(self.input.take());
        let status = self.child.wait()?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("the {} program failed ({status})", self.name)))
    }
}

impl Drop for Program {
    /// A failure of one program ends the others too.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

fn number(value: &Value, key: &str) -> Outcome<u64> {
    value.get(key).and_then(Value::as_u64).ok_or_else(|| lacks(value, key))
}

fn float(value: &Value, key: &str) -> Outcome<f64> {
    value.get(key).and_then(Value::as_f64).ok_or_else(|| lacks(value, key))
}

fn text<'a>(value: &'a Value, key: &str) -> Outcome<&'a str> {
    value.get(key).and_then(Value::as_str).ok_or_else(|| lacks(value, key))
}

fn lacks(value: &Value, key: &str) -> Failure {
    Failure::new(format!("a program of the demo did not say `{key}`: {value}"))
}

/// The beginning of a text that is too long to be shown whole.
fn cut(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{check, shown};

    fn summary() -> Value {
        json!({
            "resolved": {"python": 2, "java": 2, "rust": 2},
            "digest": {"python": "sha256:a", "java": "sha256:a", "rust": "sha256:a"},
            "as_of": 1,
            "log_verified": true,
        })
    }

    #[test]
    fn the_summary_is_shown_in_its_order() {
        let text = shown(&summary());
        assert!(text.starts_with(r#"{"resolved": {"python": 2, "java": 2, "rust": 2}, "digest""#));
        assert!(text.ends_with("\"as_of\": 1, \"log_verified\": true}\n"));
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), summary());
    }

    fn refused(path: &str, value: Value) -> String {
        let mut summary = summary();
        *summary.pointer_mut(path).unwrap() = value;
        check(&summary).unwrap_err().to_string()
    }

    #[test]
    fn a_language_that_differs_is_noticed() {
        assert!(check(&summary()).is_ok());
        assert!(refused("/resolved/java", json!(1)).contains("version 2"));
        assert!(refused("/digest/rust", json!("sha256:b")).contains("digest"));
        assert!(refused("/digest/python", Value::Null).contains("digest"));
        assert!(refused("/as_of", json!(2)).contains("before the move"));
        assert!(refused("/log_verified", json!(false)).contains("log"));
    }
}
