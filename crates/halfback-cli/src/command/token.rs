//! `token`: what proves a session that is not the operating system's user's. A token is never said
//! on the command line, where every user of the machine could read it.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use halfback::{ListTokens, RevokeToken, TokenOptions, TokenRecord};

use super::upkeep::duration;
use crate::failure::{Failure, Outcome};
use crate::people;
use crate::session::{Limit, Past, Session};
use crate::table::Column;

/// Create, revoke or list tokens
///
/// Whoever has a token acts as its principal: with the token in `HALFBACK_TOKEN`, or in a file that
/// `HALFBACK_TOKEN_FILE` names.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "\
Examples:
  halfback token create scoring --expires-in 90d --to nightly.token
  halfback token list
  halfback token revoke t13")]
pub(crate) enum Token {
    Create(Create),
    Revoke(Revoke),
    List(List),
}

/// Make a token for a principal, and write it: it is shown now and never again
///
/// What is written is the token alone, or with `--json` a record of it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback token create scoring --expires-in 90d --to nightly.token
  halfback token create scoring --privilege Consumer --on risk.credit.default
  halfback token create scoring --comment \"the nightly run\" --json")]
pub(crate) struct Create {
    /// The id or name of the principal
    principal: String,
    /// After what time it ends: a number with `s`, `m`, `h`, `d` or `w`; never where absent
    #[arg(long, value_name = "TIME", value_parser = duration)]
    expires_in: Option<Duration>,
    /// A privilege or role that a session of it has at most, as often as needed; all of its
    /// principal's where absent
    #[arg(long = "privilege", value_name = "PRIVILEGE")]
    privileges: Vec<String>,
    /// The catalog, schema or model that it is for; all where absent
    #[arg(long, value_name = "TARGET")]
    on: Option<String>,
    /// What it is for, for people
    #[arg(long, allow_hyphen_values = true)]
    comment: Option<String>,
    /// A new file for the token, which only you may read; the standard output where absent
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// End a token; its sessions have no right any more
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback token revoke t13")]
pub(crate) struct Revoke {
    /// The token's id, such as `t12`: not the token itself
    #[arg(value_name = "ID")]
    token: String,
}

/// List the tokens that are not revoked, the oldest first
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback token list
  halfback token list scoring --json")]
pub(crate) struct List {
    /// Only those of a principal, by its id or name
    principal: Option<String>,
    #[command(flatten)]
    limit: Limit,
    #[command(flatten)]
    past: Past,
}

impl Token {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        match self {
            Self::Create(command) => command.run(session),
            Self::Revoke(command) => command.run(session),
            Self::List(command) => command.run(session),
        }
    }
}

impl Create {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let Self { principal, expires_in, privileges, on, comment, to } = self;
        let options = TokenOptions { expires_in, privileges, on, comment };
        let registry = session.registry()?;
        let Some(path) = to else {
            let new = registry.create_token(&principal, options)?;
            return session.output.record(&new, |output| output.line(&new.token));
        };
        // Before the token is made, which nobody could read else.
        let mut file = private_file(&path)?;
        let written =
            registry.create_token(&principal, options).map_err(Failure::from).and_then(|new| {
                match writeln!(file, "{}", new.token).and_then(|()| file.sync_all()) {
                    Ok(()) => Ok(new.record),
                    Err(error) => Err(unwritten(&path, &error)),
                }
            });
        if written.is_err() {
            // It is empty, or holds half a token.
            let _ = std::fs::remove_file(&path);
        }
        let record = written?;
        let said = format!("{} is in {}", record.id, path.display());
        session.output.record(&record, |output| output.line(&said))
    }
}

/// A new file that nobody else may read.
fn private_file(path: &Path) -> Outcome<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.open(path).map_err(|error| unwritten(path, &error))
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("`{}` cannot be written: {error}", path.display()))
}

impl Revoke {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        if self.token.starts_with("halfback_") {
            // It is not repeated: what is said goes into logs.
            return Err(Failure::usage(
                "expected the token's id, which `halfback token list` shows",
            ));
        }
        let revoke = RevokeToken { token: self.token };
        session.registry()?.execute(revoke.clone())?;
        session
            .output
            .record(&revoke, |output| output.line(&format!("{} is revoked", revoke.token)))
    }
}

const TOKEN: [Column<TokenRecord>; 7] = [
    Column::whole("ID", |token| token.id.clone()),
    Column::text("PRINCIPAL", |token| people::named(token.name.as_ref(), &token.principal)),
    Column::whole("EXPIRES (UTC)", |token| token.expires_at.map(people::time).unwrap_or_default()),
    Column::text("PRIVILEGES", |token| token.privileges.join(", ")),
    Column::name("ON", |token| token.on.clone().unwrap_or_default()),
    Column::whole("MADE (UTC)", |token| people::time(token.created_at)),
    Column::text("COMMENT", |token| token.comment.clone().unwrap_or_default()),
];

impl List {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let view = session.still(&self.past)?;
        session.output.list(&TOKEN, self.limit.get(), "no tokens", |size, cursor| {
            let principal = self.principal.clone();
            view.list_tokens(ListTokens { principal, page_size: Some(size), cursor })
        })
    }
}
