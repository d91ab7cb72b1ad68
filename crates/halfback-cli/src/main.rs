//! The program `halfback`; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut stdout = std::io::stdout();
    let mut stderr = std::io::stderr();
    ExitCode::from(halfback_cli::run(std::env::args_os(), &mut stdout, &mut stderr))
}
