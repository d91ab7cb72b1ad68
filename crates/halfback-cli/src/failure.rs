//! What ends a command early, the exit code it has, and the sentence that says why.

use std::borrow::Cow;
use std::io;

use clap::error::{ContextKind, ErrorKind};
use halfback::{Error, Kind};
use serde_json::json;

use crate::output::Format;
use crate::stream::{Stream, coloured};
use crate::visible::{visible, visible_json};

/// The result of a command.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// The exit code where a check found something, or an import could not bring everything.
pub(crate) const FINDINGS: u8 = 1;
const INVALID: u8 = 2;
const UNAVAILABLE: u8 = 7;
const INTERNAL: u8 = 70;
/// As a shell has it for a program that Ctrl-C ended: 128 and the signal's number.
const INTERRUPTED: u8 = 130;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There is something to say.
    Said { exit: u8, kind: &'static str, code: Cow<'static, str>, message: String },
    /// The help, for a command line that says too little.
    Help(String),
    /// Nobody reads the output any more.
    Unread,
}

impl Failure {
    /// A command line that cannot be meant.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Said {
            exit: INVALID,
            kind: Kind::Invalid.name(),
            code: "usage".into(),
            message: message.into(),
        }
    }

    /// A defect; the panic's own words are on the standard error already.
    pub(crate) fn panicked() -> Self {
        let message = "the command failed; this is a defect in halfback, please report it".into();
        let kind = Kind::Internal.name();
        Self::Said { exit: INTERNAL, kind, code: "internal".into(), message }
    }

    /// A failure of that kind and code, with the exit code that it has wherever it happens.
    pub(crate) fn of(kind: Kind, code: impl Into<Cow<'static, str>>, message: String) -> Self {
        let code = code.into();
        let exit = match kind {
            _ if code == "cancelled" => INTERRUPTED,
            Kind::Invalid => INVALID,
            Kind::NotFound => 3,
            Kind::Conflict => 4,
            Kind::Denied => 5,
            Kind::Integrity => 6,
            Kind::Unavailable => UNAVAILABLE,
            _ => INTERNAL,
        };
        let message =
            if code == "cancelled" { "stopped; nothing was changed".into() } else { message };
        Self::Said { exit, kind: kind.name(), code, message }
    }

    /// The same failure as what a check found, where stored bytes are not as they were recorded.
    pub(crate) fn found(self) -> Self {
        match self {
            Self::Said { kind, code, message, .. }
                if kind == Kind::Integrity.name() && code != "unsupported_format" =>
            {
                Self::Said { exit: FINDINGS, kind, code, message }
            }
            other => other,
        }
    }

    /// Says it on the standard error and gives the exit code. `so_far` is the code that the
    /// command had reached.
    pub(crate) fn report(self, so_far: u8, format: Format, stderr: &mut dyn Stream) -> u8 {
        let (exit, text) = match self {
            Self::Unread => return so_far,
            Self::Help(help) => (INVALID, help),
            Self::Said { exit, kind, code, message } if format == Format::People => {
                let _ = (kind, code);
                let name =
                    if coloured(stderr) { "\x1b[1;31mhalfback:\x1b[0m" } else { "halfback:" };
                (exit, format!("{name} {}\n", lines(&message)))
            }
            Self::Said { exit, kind, code, message } => {
                let error = json!({"error": {"kind": kind, "code": code, "message": message}});
                (exit, format!("{}\n", visible_json(&error.to_string())))
            }
        };
        // Where nobody can be told, the exit code still tells.
        let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
        exit
    }
}

/// A message as people read it: what goes on in further lines, such as the place in a filter, stands
/// below, set in, so that it is never taken for another message.
fn lines(message: &str) -> String {
    let lines = message.split('\n').enumerate().map(|(at, line)| {
        let is_set_in = at == 0 || line.starts_with("  ");
        format!("{}{}", if is_set_in { "" } else { "  " }, visible(line))
    });
    lines.collect::<Vec<_>>().join("\n")
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::of(error.kind(), error.code(), error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::Unread;
        }
        let message = format!("cannot write the output: {error}");
        Self::of(Kind::Unavailable, "io", message)
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        let text = error.render().to_string();
        if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            return Self::Help(text);
        }
        // What is wrong is the first paragraph, and what may have been meant follows as tips.
        let mut message = String::new();
        for (at, paragraph) in text.split("\n\n").enumerate() {
            let words: Vec<&str> = paragraph.split_whitespace().collect();
            let words = words.join(" ");
            if at == 0 {
                message.push_str(words.strip_prefix("error: ").unwrap_or(&words));
            } else if let Some(tip) = words.strip_prefix("tip: ") {
                message.push_str("; ");
                message.push_str(tip);
            }
        }
        let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
        let command: Vec<&str> = usage
            .split_whitespace()
            .skip_while(|word| *word == "Usage:")
            .take_while(|word| !word.starts_with(['[', '<', '-']))
            .collect();
        let command = if command.is_empty() { "halfback".into() } else { command.join(" ") };
        Self::usage(format!("{message}; see `{command} --help`"))
    }
}
