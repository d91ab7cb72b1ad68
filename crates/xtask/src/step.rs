//! Steps: a short heading, a command that runs, the time it took, and a failure that says what to do.

use std::{
    fmt,
    io::{IsTerminal as _, Write as _},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// What went wrong, for a person.
#[derive(Debug)]
pub(crate) struct Failure(String);

pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Failure(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure(error.to_string())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Failure(format!("unexpected JSON: {error}"))
    }
}

/// Runs one step under a heading: `what`, dots while it runs, then the time it took and what it says.
pub(crate) fn step<T>(
    what: &str,
    work: impl FnOnce() -> Outcome<T>,
    says: impl FnOnce(&T) -> String,
) -> Outcome<T> {
    let terminal = std::io::stdout().is_terminal();
    if terminal {
        print!("  {what:<34} …");
        std::io::stdout().flush()?;
    }
    let began = Instant::now();
    let result = work();
    let took = seconds(began.elapsed());
    if terminal {
        print!("\r\x1b[K");
    }
    match &result {
        Ok(value) => println!("  {what:<34} {took:>8}  {}", says(value)),
        Err(_) => println!("  {what:<34} {took:>8}  failed"),
    }
    result
}

/// A step that has nothing to say but that it passed.
pub(crate) fn quiet_step(what: &str, work: impl FnOnce() -> Outcome) -> Outcome {
    step(what, work, |()| String::new())
}

pub(crate) fn heading(text: &str) {
    println!("\n{text}");
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// Runs a command and gives what it printed to its standard output. Where it fails, the failure holds all that it printed.
pub(crate) fn capture(command: &mut Command) -> Outcome<String> {
    let shown = shown(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure(format!("cannot run `{shown}`: {error}")))?;
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(out);
    }
    let err = String::from_utf8_lossy(&output.stderr);
    Err(Failure(format!("{out}{err}\n`{shown}` failed ({})", output.status)))
}

/// Runs a command whose report is read by the caller whether it passes or fails, and keeps all that it printed in a file.
pub(crate) fn record(command: &mut Command, log: &Path) -> Outcome<(bool, String)> {
    let shown = shown(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure(format!("cannot run `{shown}`: {error}")))?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(log, &text)?;
    Ok((output.status.success(), text))
}

/// The command as a person would type it, without the end of a long one.
fn shown(command: &Command) -> String {
    const LONGEST: usize = 160;
    let parts: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|part| part.to_string_lossy())
        .collect();
    let line = parts.join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", line.get(..end).unwrap_or_default()),
        None => line,
    }
}
