//! `completions`

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use crate::failure::Outcome;
use crate::session::Session;

/// Write a script that lets a shell complete the command line
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback completions bash > halfback.bash
  halfback completions zsh > _halfback

The script goes where the shell looks for completions, such as
`~/.local/share/bash-completion/completions/halfback` for bash.")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let mut script = Vec::new();
        generate(self.shell, &mut super::Arguments::command(), "halfback", &mut script);
        session.output.text(&String::from_utf8_lossy(&script))
    }
}
