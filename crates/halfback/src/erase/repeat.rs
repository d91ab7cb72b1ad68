//! Repeating: what a registry had erased is erased again in one that was restored from a backup of
//! before.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use halfback_store::erasure;
use halfback_store::error::{Detail, IoContext, Result};
use halfback_store::id::{CommitNumber, EntityId, hex, unhex};
use halfback_store::name::shown;
use halfback_store::sql::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Erased, Reason};
use crate::access::Privilege;
use crate::access::need::Needs;
use crate::command::{Command, Context, Snapshot};
use crate::registry::{Options, Registry};

/// Bytes of a list of erasures at most.
const MOST: u64 = 256 << 20;

/// What an entry says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) kind: String,
    pub(super) target: i64,
    pub(super) digest: String,
    pub(super) reason: String,
}

/// Erases again what a registry had erased before it was restored from a backup that has it still.
/// What is not there, or was erased already, is passed over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepeatErasures {
    /// The entries that `list_erasures` gave.
    pub erasures: Vec<String>,
    /// Whether this is within a restore, before anybody works with what is restored: then the
    /// retention keeps nothing that had been purged already. No caller says so.
    #[serde(skip)]
    pub(crate) restoring: bool,
}

/// An erasure that could not be repeated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedErasure {
    /// The entry.
    pub entry: String,
    /// The code of the error: `protected` where it is held, or retained, `in_use` where it is needed.
    pub code: String,
    /// What keeps it.
    pub message: String,
}

impl Command for RepeatErasures {
    const NAME: &'static str = "repeat_erasures";
    type Output = Erased;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<Erased> {
        let mut done = Erased::default();
        let entries = self.erasures.into_iter().map(|line| Ok((Entry::parse(&line)?, line)));
        let entries: Vec<_> = entries.collect::<Result<_>>()?;
        // A content goes with all versions that named it.
        let together = entries.iter().filter(|((entry, _), _)| entry.kind == erasure::CONTENT);
        let together = together.map(|((entry, _), _)| EntityId(entry.target)).collect();
        for ((entry, digest), line) in entries {
            match context.repeat(entry, digest, self.restoring, &together, &mut done) {
                Ok(()) => {}
                // One that has to stay keeps no other.
                Err(error) if matches!(error.code(), "protected" | "in_use") => {
                    let (code, message) = (error.code().to_owned(), error.to_string());
                    done.refused.push(RefusedErasure { entry: line, code, message });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }
}

impl Entry {
    /// Reads kind, target, digest and reason.
    pub(super) fn read(row: &dyn Row) -> Result<Self> {
        Ok(Self {
            kind: row.text(0)?.to_owned(),
            target: row.int(1)?,
            digest: hex(row.blob(2)?),
            reason: row.opt_string(3)?.unwrap_or_default(),
        })
    }

    fn parse(line: &str) -> Result<(Self, [u8; 32])> {
        let refused = |text: &str, what: &str| {
            Detail::InvalidArgument(format!(
                "`{}` is no {what} of an erasure; pass those that `list_erasures` gave",
                shown(text)
            ))
        };
        let entry: Self = serde_json::from_str(line).map_err(|_| refused(line, "entry"))?;
        let digest = unhex::<32>(&entry.digest).ok_or_else(|| refused(&entry.digest, "digest"))?;
        Ok((entry, digest))
    }

    pub(super) fn line(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|error| Detail::Internal(format!("an erasure has no JSON: {error}")).into())
    }
}

impl Context<'_> {
    /// Erases what an entry says, where it is there.
    fn repeat(
        &mut self,
        entry: Entry,
        digest: [u8; 32],
        restoring: bool,
        together: &BTreeSet<EntityId>,
        done: &mut Erased,
    ) -> Result<()> {
        let mut reason = Reason::new(entry.reason)?;
        let target = EntityId(entry.target);
        match entry.kind.as_str() {
            erasure::PAYLOAD => {
                let commit = CommitNumber(entry.target);
                let header = self.now().header(commit);
                if header.is_ok_and(|header| header.payload == entry.digest) {
                    self.erase_payload(commit, &mut reason, done)?;
                }
            }
            erasure::TEXT => {
                let mut texts = self.now().texts_of(target)?;
                texts.retain(|(own, _)| own.as_slice() == digest);
                self.erase_texts(target, &texts, &mut reason, done)?;
            }
            erasure::NAMES => {
                if self.now().is_row("principal", "identity", target, &digest)? {
                    self.end_erased(target)?;
                    self.erase_names(target, &mut reason, done)?;
                }
            }
            erasure::CONTENT => {
                if self.now().is_row("version", "digest", target, &digest)? {
                    if !restoring && !self.now().is_purged(target)? {
                        self.now().refuse_aliased(target)?;
                        self.now().refuse_retained(target)?;
                    }
                    self.purge_version(target, together, &mut reason, done)?;
                }
            }
            other => {
                return Err(Detail::InvalidArgument(format!(
                    "`{}` is no kind of erasure; expected payload, text, names or content",
                    shown(other)
                ))
                .into());
            }
        }
        Ok(())
    }

    /// Ends somebody whose names were erased later: who has no names was deleted before. Not one
    /// without whom something would be nobody's.
    fn end_erased(&mut self, id: EntityId) -> Result<()> {
        let mut now = self.now();
        now.refuse_held(id)?;
        if !now.is_living(id)? || Some(id) == now.everyone()? {
            return Ok(());
        }
        let is_needed = |why: &str| -> Result<()> {
            Err(Detail::InUse(format!(
                "p{id} lives in this registry and {why}; see to that, delete it, and repeat the erasure"
            ))
            .into())
        };
        let kept = now.sql.first(
            "SELECT kind, EXISTS (SELECT 1 FROM profile WHERE owner = ?1 AND until = ?2) \
             FROM principal WHERE id = ?1",
            &[id.into(), CommitNumber::FOREVER.into()],
            |row| Ok((row.text(0)? == "group", row.int(1)? != 0)),
        )?;
        match kept {
            Some((true, _)) => {
                return is_needed("is a group, which others are in for their rights");
            }
            Some((_, true)) => return is_needed("owns something"),
            _ => {}
        }
        if now.has_steward(None)? && !now.has_steward(Some(id))? {
            return is_needed("is the last steward");
        }
        let rights = self.rights.clone();
        self.end_principal(id)?;
        if rights.as_ref().is_some_and(|rights| rights.is_unbounded()) {
            self.rights = rights;
        }
        Ok(())
    }
}

impl Snapshot<'_> {
    pub(super) fn is_purged(&mut self, version: EntityId) -> Result<bool> {
        let purged =
            self.sql.first("SELECT 1 FROM purge WHERE version = ?1", &[version.into()], |row| {
                row.int(0)
            })?;
        Ok(purged.is_some())
    }
}

/// What has to be erased again, and of which registry that is, where it is known.
pub(crate) struct Erasures {
    entries: Vec<String>,
    registry: Option<String>,
}

impl Erasures {
    /// All erasures of the registry, or of the backup, in a folder; or those in a file, one in a line.
    pub(crate) fn at(path: &Path) -> Result<Self> {
        if path.is_dir() { Self::of_registry(path) } else { Self::in_file(path) }
    }

    /// Who has the files may read them.
    fn of_registry(folder: &Path) -> Result<Self> {
        let options = Options { read_only: true, ..Options::default() };
        let registry = Registry::of_os_user(folder, options)?;
        let identity = registry.shared()?.storage.uuid().to_owned();
        let entries = registry.snapshot(|snapshot| {
            snapshot.sql.all(
                "SELECT e.kind, e.target, e.digest, t.body FROM erasure e \
                 LEFT JOIN text t ON t.digest = e.reason ORDER BY e.since, e.kind, e.target, e.digest",
                &[],
                |row| Entry::read(row)?.line(),
            )
        })?;
        Ok(Self { entries, registry: Some(identity) })
    }

    fn in_file(path: &Path) -> Result<Self> {
        let file = File::open(path).on("open", path)?;
        let mut text = String::new();
        let read = file.take(MOST + 1).read_to_string(&mut text).on("read", path)?;
        if read as u64 > MOST {
            return Err(Detail::InvalidArgument(format!(
                "`{}` is larger than {MOST} bytes; pass the lines that `list_erasures` gave",
                path.display()
            ))
            .into());
        }
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        Ok(Self { entries: lines.map(entry_in).collect::<Result<_>>()?, registry: None })
    }

    /// Erases in the registry in a folder that nobody else knows yet.
    pub(crate) fn repeat_in(&self, folder: &Path) -> Result<Erased> {
        let registry = Registry::of_os_user(folder, Options::default())?;
        let shared = registry.shared()?;
        if self.registry.as_ref().is_some_and(|of| of != shared.storage.uuid()) {
            return Err(Detail::Conflict(
                "the erasures are those of another registry than the one that was backed up".into(),
            )
            .into());
        }
        let erasures = self.entries.clone();
        let mut erased = registry.execute_unasked(RepeatErasures { erasures, restoring: true })?;
        erased.wiped = registry.wipe()?;
        registry.close()?;
        Ok(erased)
    }
}

/// The entry that a line is, or that a record of `list_erasures` in it has.
fn entry_in(line: &str) -> Result<String> {
    /// A record as the command line writes it.
    #[derive(Deserialize)]
    struct Record {
        entry: String,
    }
    let entry = match serde_json::from_str::<Record>(line) {
        Ok(record) => record.entry,
        Err(_) => line.to_owned(),
    };
    Entry::parse(&entry)?;
    Ok(entry)
}

impl Registry {
    /// Erases again what the entries say that `list_erasures` gave before this registry
    /// was restored from a backup that has it still. What is held, retained or needed stays, and is in
    /// [`Erased::refused`]; [`restore`](crate::restore()) does it itself where it is given them.
    pub fn repeat_erasures(&self, erasures: Vec<String>) -> Result<Erased> {
        self.erase_by(RepeatErasures { erasures, restoring: false })
    }
}
