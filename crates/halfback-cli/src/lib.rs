//! The command line of Halfback: every read of a registry, and the writes of daily work, for people
//! at a terminal and for programs.
//!
//! ```
//! let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
//! let code = halfback_cli::run(["halfback", "--version"], &mut stdout, &mut stderr);
//! assert_eq!(code, 0);
//! assert!(stdout.starts_with(b"halfback "));
//! ```

mod command;
mod failure;
mod output;
mod people;
mod session;
mod stream;
mod table;
mod transfer;
mod visible;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};

use clap::{CommandFactory, FromArgMatches};
use output::{Format, Output};
use session::Session;

pub use stream::Stream;

/// Runs the command line `arguments`, the program's name first, and gives its exit code.
///
/// | Code | Meaning |
/// |---|---|
/// | 0 | done |
/// | 1 | `check`, `verify` or `log verify` found something, or `import` could not bring every version |
/// | 2 | the command line or a value in it is not valid |
/// | 3 | what was asked for is not there |
/// | 4 | the present state forbids it |
/// | 5 | a right is missing |
/// | 6 | the registry is damaged, or of a newer format |
/// | 7 | the machine could not do it now |
/// | 70 | a defect of Halfback |
/// | 130 | stopped by Ctrl-C; nothing was left half-done |
///
/// An output that nobody reads any more, as in `halfback log | head -1`, is no failure.
pub fn run<I>(arguments: I, stdout: &mut dyn Stream, stderr: &mut dyn Stream) -> u8
where
    I: IntoIterator,
    I::Item: Into<OsString>,
{
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let format = Format::of(&arguments);
    let mut output = Output::new(stdout, format);
    let ran = catch_unwind(AssertUnwindSafe(|| {
        execute(arguments, &mut output, stderr)?;
        output.finish()
    }));
    let code = output.code;
    drop(output);
    match ran.unwrap_or_else(|_| Err(failure::Failure::panicked())) {
        Ok(()) => code,
        Err(failure) => failure.report(code, format, stderr),
    }
}

fn execute(
    arguments: Vec<OsString>,
    output: &mut Output<'_>,
    stderr: &mut dyn Stream,
) -> failure::Outcome {
    let width = output.width().unwrap_or(100).clamp(40, 100);
    let parsed = command::Arguments::command()
        .term_width(width)
        .try_get_matches_from(arguments)
        .and_then(|matches| command::Arguments::from_arg_matches(&matches));
    match parsed {
        Ok(command::Arguments { global, command }) => {
            command.run(&mut Session::new(global, output, stderr))
        }
        Err(asked) if !asked.use_stderr() => output.text(&asked.render().to_string()),
        Err(error) => Err(error.into()),
    }
}
