//! The commands: each is what can be said on the command line, beside what it does.

mod access;
mod alias;
mod completions;
mod erase;
mod evaluation;
mod exchange;
mod files;
mod lists;
mod log;
mod principal;
mod register;
mod registry;
mod role;
mod search;
mod show;
mod signing;
mod tag;
mod token;
mod transit;
mod upkeep;

use std::collections::BTreeMap;

use clap::{Parser, Subcommand};

use crate::failure::{Failure, Outcome};
use crate::session::{Global, Session};

/// Models with their versions, files and history, in one folder.
///
/// A registry is a folder, `models.hb` where nothing else is said by `--registry` or
/// `HALFBACK_REGISTRY`. A model's name has three parts, catalog, schema and model, as in
/// `risk.credit.default`; `fraud` alone is `main.default.fraud`. A version is named by number, by
/// alias, or as the latest: `fraud/3`, `fraud@champion`, `fraud/latest`. Times are in UTC.
#[derive(Debug, Parser)]
#[command(
    name = "halfback",
    bin_name = "halfback",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    after_long_help = "\
Exit codes:
  0    done
  1    check, verify or log verify found something, or import could not bring every version
  2    the command line, or a value in it, is not valid
  3    what was asked for is not there
  4    the present state forbids it
  5    a right is missing
  6    the registry is damaged, or of a newer format
  7    the machine could not do it now
  70   a defect of Halfback
  130  stopped by Ctrl-C; nothing was left half-done

`halfback help COMMAND` tells more about a command, with examples."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one in a process")]
pub(crate) enum Command {
    Init(registry::Init),
    Info(registry::Info),
    Models(lists::Models),
    Versions(lists::Versions),
    Show(show::Show),
    Search(search::Search),
    History(lists::History),
    Resolve(show::Resolve),
    Register(register::Register),
    #[command(subcommand)]
    Alias(alias::Alias),
    #[command(subcommand)]
    Tag(tag::Tag),
    Download(files::Download),
    Verify(files::Verify),
    #[command(subcommand)]
    Evaluation(evaluation::Evaluation),
    #[command(subcommand)]
    Comparison(evaluation::Comparison),
    Log(log::Log),
    Check(registry::Check),
    Backup(transit::Backup),
    Restore(transit::Restore),
    Copy(transit::Copy),
    Bundle(transit::Bundle),
    Submit(transit::Submit),
    Sweep(upkeep::Sweep),
    Purge(upkeep::Purge),
    Compact(upkeep::Compact),
    Erase(erase::Erase),
    Erasures(erase::Erasures),
    #[command(subcommand)]
    Hold(erase::Hold),
    Sign(signing::Sign),
    #[command(subcommand)]
    Signature(signing::Signature),
    #[command(subcommand)]
    SigningKeys(signing::Keys),
    #[command(subcommand)]
    Import(exchange::Import),
    Export(exchange::Export),
    Whoami(principal::Whoami),
    #[command(subcommand)]
    Principal(principal::Principal),
    #[command(subcommand)]
    Member(principal::Member),
    Grant(access::Give),
    Revoke(access::Revoke),
    Grants(access::Grants),
    Explain(access::Why),
    WhoCan(access::WhoCan),
    WhatCan(access::WhatCan),
    #[command(subcommand)]
    Role(role::Role),
    #[command(subcommand)]
    Token(token::Token),
    Completions(completions::Completions),
}

impl Command {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        match self {
            Self::Init(_) => registry::Init::run(session),
            Self::Info(_) => registry::Info::run(session),
            Self::Models(command) => command.run(session),
            Self::Versions(command) => command.run(session),
            Self::Show(command) => command.run(session),
            Self::Search(command) => command.run(session),
            Self::History(command) => command.run(session),
            Self::Resolve(command) => command.run(session),
            Self::Register(command) => command.run(session),
            Self::Alias(command) => command.run(session),
            Self::Tag(command) => command.run(session),
            Self::Download(command) => command.run(session),
            Self::Verify(command) => command.run(session),
            Self::Evaluation(command) => command.run(session),
            Self::Comparison(command) => command.run(session),
            Self::Log(command) => command.run(session),
            Self::Check(command) => command.run(session),
            Self::Backup(command) => command.run(session),
            Self::Restore(command) => command.run(session),
            Self::Copy(command) => command.run(session),
            Self::Bundle(command) => command.run(session),
            Self::Submit(command) => command.run(session),
            Self::Sweep(command) => command.run(session),
            Self::Purge(command) => command.run(session),
            Self::Compact(_) => upkeep::Compact::run(session),
            Self::Erase(command) => command.run(session),
            Self::Erasures(command) => command.run(session),
            Self::Hold(command) => command.run(session),
            Self::Sign(command) => command.run(session),
            Self::Signature(command) => command.run(session),
            Self::SigningKeys(command) => command.run(session),
            Self::Import(command) => command.run(session),
            Self::Export(command) => command.run(session),
            Self::Whoami(_) => principal::Whoami::run(session),
            Self::Principal(command) => command.run(session),
            Self::Member(command) => command.run(session),
            Self::Grant(command) => command.run(session),
            Self::Revoke(command) => command.run(session),
            Self::Grants(command) => command.run(session),
            Self::Explain(command) => command.run(session),
            Self::WhoCan(command) => command.run(session),
            Self::WhatCan(command) => command.run(session),
            Self::Role(command) => command.run(session),
            Self::Token(command) => command.run(session),
            Self::Completions(command) => command.run(session),
        }
    }
}

/// Reads `KEY=VALUE`; the key ends at the first `=`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected `key=value`".into()),
    }
}

/// Reads a whole number, such as an id.
fn whole(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "expected a whole number such as `14`".into())
}

/// What is given by name, each name once.
fn once<T>(noun: &str, pairs: Vec<(String, T)>) -> Outcome<BTreeMap<String, T>> {
    let mut named = BTreeMap::new();
    for (name, value) in pairs {
        if named.contains_key(&name) {
            return Err(Failure::usage(format!(
                "the {noun} `{name}` is given twice; say which value it has"
            )));
        }
        named.insert(name, value);
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_one_that_clap_can_read() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_pair_is_cut_at_the_first_sign() {
        assert_eq!(pair("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert_eq!(pair("a="), Ok(("a".into(), String::new())));
        assert!(pair("a").is_err() && pair("=b").is_err());
    }
}
