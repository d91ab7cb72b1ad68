//! A program of `peers/`: it reads the name of a measurement a line, and answers with a JSON list of figures.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::measure::Outcome;

/// A source file of `peers/`.
pub(crate) fn peer(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(file)
}

/// A running program; dropping it ends it.
pub(crate) struct Program {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Outcome<Program> {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            // Cargo lists its own folders there, and Java would find the library without being told.
            .env_remove("LD_LIBRARY_PATH")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start `{program}`: {error}"))?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("a program has no output")?;
        Ok(Program { child, input, output: BufReader::new(output) })
    }

    /// One round of a measurement.
    pub(crate) fn measure<const N: usize>(&mut self, what: &str) -> Outcome<[f64; N]> {
        self.ask(what);
        self.answer(what)
    }

    /// Begins a round, which ends with [`Program::answer`].
    pub(crate) fn ask(&mut self, what: &str) {
        if let Some(input) = &mut self.input {
            // Where it has ended already, the missing answer is what tells.
            let _ = writeln!(input, "{what}").and_then(|()| input.flush()).is_ok();
        }
    }

    /// What it says by itself.
    pub(crate) fn answer<const N: usize>(&mut self, what: &str) -> Outcome<[f64; N]> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let figures: Option<Vec<f64>> = serde_json::from_str(&line).ok();
        figures
            .and_then(|figures| figures.try_into().ok())
            .ok_or_else(|| format!("expected {N} figures of `{what}`, found `{line}`").into())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The end of its input is the end of its work; there is nothing to do about one that fails then.
        drop(self.input.take());
        drop(self.child.wait());
    }
}
