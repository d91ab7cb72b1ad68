//! `log`: all commits, whether they are as they were written, and evidence of that for others.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use halfback::{ConsistencyProof, InclusionProof, SigningKey, VerifyLog, generate_log_key};
use serde_json::json;

use super::lists::COMMIT;
use super::whole;
use crate::failure::{Failure, Outcome};
use crate::people;
use crate::session::{Limit, Past, Session};
use crate::table::Card;

/// List all commits, the newest first; verify, sign, prove or export the log
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_value_name = "COMMAND",
    after_long_help = "\
Examples:
  halfback log
  halfback log --limit 20
  halfback log --jsonl | head -1
  halfback log verify"
)]
pub(crate) struct Log {
    #[command(flatten)]
    limit: Limit,
    #[command(flatten)]
    past: Past,
    #[command(subcommand)]
    command: Option<LogCommand>,
}

#[derive(Debug, Subcommand)]
enum LogCommand {
    Verify(Verify),
    Key(Key),
    Checkpoint(Checkpoint),
    Prove(Prove),
    Consistency(Consistency),
    Export(Export),
}

/// Recompute the log's tree and hold it against the recorded head, and against signed checkpoints
///
/// The exit code is 1 where an entry is not as it was written, and the message names the first
/// such entry. Whoever can write the registry's files can write the whole log anew: only a checkpoint
/// that is kept elsewhere finds that out.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback log verify
  halfback log verify --json
  halfback log verify --checkpoint checkpoints.txt --key \"$(cat log.pub)\"")]
struct Verify {
    /// A file with a checkpoint of this log, or several after one another; `-` for the standard input
    #[arg(long, value_name = "FILE", requires = "key")]
    checkpoint: Option<PathBuf>,
    /// The public key that the checkpoints are signed with, as `log key` showed it; as often as needed
    #[arg(long = "key", value_name = "KEY", requires = "checkpoint")]
    key: Vec<String>,
}

/// Make a key that signs checkpoints, in a new file that only you may read; write its public half
///
/// Keep the file where those who can write the registry cannot read it, and give the public key to
/// everybody who verifies.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback log key second.key > second.pub
  halfback log key models.key --name halfback/models --json")]
struct Key {
    /// The file to make
    file: PathBuf,
    /// The key's name; that of the registry's log where absent
    #[arg(long)]
    name: Option<String>,
}

/// Where the private key is.
#[derive(Debug, Args)]
struct Signing {
    /// The file of the private key; the text in the environment variable `HALFBACK_LOG_KEY` where
    /// absent
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

const VARIABLE: &str = "HALFBACK_LOG_KEY";

impl Signing {
    fn key(&self) -> Outcome<SigningKey> {
        Ok(match &self.key_file {
            Some(file) => SigningKey::from_file(file)?,
            None => SigningKey::from_env(VARIABLE)?,
        })
    }
}

/// Sign the log's head as it is: write a checkpoint to be kept elsewhere
///
/// It signs what is there: verify the log against the checkpoint before it first. Checkpoints may be
/// kept one after another in one file.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback log checkpoint --key-file log.key >> checkpoints.txt
  HALFBACK_LOG_KEY=$(cat log.key) halfback log checkpoint --json")]
struct Checkpoint {
    #[command(flatten)]
    signing: Signing,
}

/// Prove that a commit is in the log, for somebody who has a checkpoint and not the registry
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback log prove 2
  halfback log prove 2 --as-of 3 --json")]
struct Prove {
    /// The commit's number
    #[arg(value_parser = whole)]
    commit: i64,
    #[command(flatten)]
    past: Past,
}

/// Prove that the log has only grown, for somebody who has checkpoints and not the registry
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback log consistency 2
  halfback log consistency 2 --as-of 3 --json")]
struct Consistency {
    /// How many entries it had
    #[arg(value_parser = whole)]
    old_size: i64,
    #[command(flatten)]
    past: Past,
}

/// Write the log into a file that can be verified without Halfback
///
/// The file has a line of JSON for each entry, with the commands; `docs/verify_log.py` verifies it. A
/// log that is damaged is not exported.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  halfback log export log.jsonl
  halfback log export log.jsonl --key-file log.key --overwrite --json")]
struct Export {
    /// The file to write, usually ending in `.jsonl`
    to: PathBuf,
    /// Replace an export that is there
    #[arg(long)]
    overwrite: bool,
    /// Put a checkpoint into it, signed with the key in this file
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

impl Log {
    pub(crate) fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        match self.command {
            Some(LogCommand::Verify(command)) => return command.run(session),
            Some(LogCommand::Key(command)) => return command.run(session),
            Some(LogCommand::Checkpoint(command)) => return command.run(session),
            Some(LogCommand::Prove(command)) => return command.run(session),
            Some(LogCommand::Consistency(command)) => return command.run(session),
            Some(LogCommand::Export(command)) => return command.run(session),
            None => {}
        }
        let view = session.still(&self.past)?;
        session.output.list(&COMMIT, self.limit.get(), "no commits", |size, cursor| {
            view.log(halfback::Log { page_size: Some(size), cursor })
        })
    }
}

impl Verify {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let checkpoint = self.checkpoint.as_deref().map(read).transpose()?;
        let key = (!self.key.is_empty()).then(|| self.key.join("\n"));
        let verified = session.reader()?.query(VerifyLog { checkpoint, key });
        let log = verified.map_err(|error| Failure::from(error).found())?;
        session.output.record(&log, |output| {
            let mut card = Card::new("the log is intact")
                .fact("commits", log.commits.to_string())
                .fact("root", log.root.clone())
                .fact("last", format!("{} UTC", people::time(log.head_time)));
            if let Some(covered) = log.checkpoint {
                card = card.fact("checkpoint", format!("of {covered} commits, all as signed"));
            }
            if let Some(first) = log.first_clock_behind {
                let times = people::count(
                    usize::try_from(log.clock_behind).unwrap_or(usize::MAX),
                    "commit",
                );
                card = card.fact("clock behind", format!("at {times}, the first is {first}"));
            }
            output.card(&card)
        })
    }
}

/// The text of a file, or of the standard input.
fn read(path: &Path) -> Outcome<String> {
    // More than all checkpoints that are read at once.
    const MOST: u64 = 8 << 20;
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().take(MOST).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MOST).read_to_string(&mut text))
    };
    match read {
        Ok(_) => Ok(text),
        Err(error) => {
            Err(Failure::usage(format!("cannot read the checkpoint `{}`: {error}", path.display())))
        }
    }
}

impl Key {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let name = match self.name {
            Some(name) => name,
            None => format!("halfback/{}", session.reader()?.info()?.uuid),
        };
        let key = generate_log_key(&self.file, &name)?.to_string();
        let record = json!({ "path": self.file.to_string_lossy(), "key": key });
        session.output.record(&record, |output| output.line(&key))
    }
}

impl Checkpoint {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let key = self.signing.key()?;
        let checkpoint = session.reader()?.checkpoint(&key)?;
        let record = json!({ "checkpoint": checkpoint });
        session.output.record(&record, |output| output.lines(&checkpoint))
    }
}

impl Prove {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let proof = session.view(&self.past)?.prove(self.commit)?;
        session.output.record(&proof, |output| {
            let InclusionProof { commit, tree_size, root, leaf_hash, path, .. } = &proof;
            let card = Card::new(&format!("commit {commit} is in the log"))
                .fact("entries", tree_size.to_string())
                .fact("root", root.clone())
                .fact("leaf", leaf_hash.clone())
                .fact("path", path.join(" "));
            output.card(&card)
        })
    }
}

impl Consistency {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let proof = session.view(&self.past)?.prove_consistency(self.old_size)?;
        session.output.record(&proof, |output| {
            let ConsistencyProof { old_size, old_root, tree_size, root, path, .. } = &proof;
            let card = Card::new("the log has only grown")
                .fact("from", old_size.to_string())
                .fact("root then", old_root.clone())
                .fact("to", tree_size.to_string())
                .fact("root", root.clone())
                .fact("path", path.join(" "));
            output.card(&card)
        })
    }
}

impl Export {
    fn run(self, session: &mut Session<'_, '_>) -> Outcome {
        let key = self.key_file.as_ref().map(SigningKey::from_file).transpose()?;
        let registry = session.reader()?;
        let done = session.transfer("exporting", |progress| {
            let signer = key.as_ref().map(|key| key as &dyn halfback::Signer);
            registry.export_log(&self.to, signer, self.overwrite, progress)
        })?;
        session.output.record(&done, |output| {
            let commits = usize::try_from(done.commits).unwrap_or(usize::MAX);
            let commits = people::count(commits, "commit");
            output.line(&format!("exported {commits} to {}", self.to.display()))
        })
    }
}
