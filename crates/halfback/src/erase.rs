//! Erasing: what has to be forgotten goes from the present, the past and the log for good, and the log
//! says what went, when and why. Holds keep things from that.

use halfback_store::artifact;
use halfback_store::error::{Detail, Error, Result};
use halfback_store::id::{CommitNumber, EntityId, unhex};
use halfback_store::log::Header;
use halfback_store::name::text;
use halfback_store::sql::Value;
use halfback_store::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod content;
pub(crate) mod hold;
pub(crate) mod repeat;

pub use self::content::{PurgeArtifact, PurgeVersion};
use self::hold::{ReleaseHold, SetHold};
use self::repeat::Entry;
pub use self::repeat::{RefusedErasure, RepeatErasures};
use crate::DateTime;
use crate::access::Privilege;
use crate::access::need::Needs;
use crate::access::principal::is_id;
use crate::access::token;
use crate::command::{Command, Context, Query, Snapshot};
use crate::page::Page;
use crate::registry::Registry;

/// What is erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Erasable {
    /// The commands of a commit, or of all commits about a catalog, schema, model or version.
    #[default]
    Payload,
    /// The names of a principal, wherever a field of the log's commands holds them, and the comments
    /// of its tokens.
    Names,
    /// The comments of a catalog, schema, model or version, of all times, and a version's example; or
    /// the comment of a token.
    Texts,
}

/// Erases for good, and keeps why. Backups from before have it still.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Erase {
    /// What is erased.
    pub what: Erasable,
    /// For `payload` the number of a commit, or a model, version or URI; for `names` the id of a
    /// principal such as `p7`; for `texts` a model, version or URI, or a token such as `t12`.
    pub target: String,
    /// Why. It stays, so it says nothing that had to be erased.
    pub reason: String,
}

/// The commands after which the files are wiped.
pub(crate) const WIPING: [&str; 4] =
    [Erase::NAME, PurgeVersion::NAME, PurgeArtifact::NAME, RepeatErasures::NAME];

/// What was erased.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Erased {
    /// Commits whose commands went.
    pub payloads: u64,
    /// Texts that went.
    pub texts: u64,
    /// Principals whose names went.
    pub names: u64,
    /// Contents that were let go of.
    pub contents: u64,
    /// What `repeat_erasures` had to leave, and why; none for other commands.
    #[serde(default)]
    pub refused: Vec<RefusedErasure>,
    /// Whether no byte of it, nor of what was purged before, is left in the registry's files: not
    /// while somebody reads a state from before, and not where content was put again since its
    /// version was deleted. Then `compact` and `sweep`, or the same command, have to run again.
    pub wiped: bool,
}

/// Something that was erased.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErasureRecord {
    /// `payload`, `text`, `names` or `content`.
    pub kind: String,
    /// The commit's number for `payload`, the id of a principal, version or securable else.
    pub target: i64,
    /// Its digest, which the log has covered since it was there, in hexadecimal.
    pub digest: String,
    /// Why.
    pub reason: String,
    /// The commit that erased it.
    pub commit: i64,
    /// When.
    pub time: DateTime,
    /// The principal who did it.
    pub actor: String,
    /// All that `repeat_erasures` needs, in one line: to be kept beside backups.
    pub entry: String,
}

/// Lists what was erased, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListErasures {
    /// How many entries at most, 1 to 1,000; 100 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// The cursor of the page before; the first page where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// The digest of a text, and the commit that said it first.
type Said = (Vec<u8>, CommitNumber);

/// A reason that is given, and the text of it once something needs it.
struct Reason {
    body: String,
    reference: Option<Vec<u8>>,
}

impl Reason {
    fn new(reason: String) -> Result<Self> {
        if reason.trim().is_empty() {
            return Err(Detail::InvalidArgument(
                "the reason is empty; say why, as the log will".into(),
            )
            .into());
        }
        Ok(Self { body: text(reason, "the reason")?, reference: None })
    }

    fn of(&mut self, context: &mut Context<'_>) -> Result<Vec<u8>> {
        if let Some(reference) = &self.reference {
            return Ok(reference.clone());
        }
        let reference = context.tx.text(&self.body)?;
        self.reference = Some(reference.clone());
        Ok(reference)
    }
}

impl Command for Erase {
    const NAME: &'static str = "erase";
    type Output = Erased;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::Manage))
    }

    fn apply(self, context: &mut Context<'_>) -> Result<Erased> {
        let mut reason = Reason::new(self.reason)?;
        let mut done = Erased::default();
        match self.what {
            Erasable::Payload => {
                for commit in context.now().commits_to_erase(&self.target)? {
                    context.erase_payload(commit, &mut reason, &mut done)?;
                }
            }
            Erasable::Names => {
                // By a name, this very command would say it for good.
                let id = parse_principal(&self.target).ok_or_else(|| {
                    Detail::InvalidArgument(
                        "names are erased by the id of their principal, such as `p7`: a name would be in the log with this command".into(),
                    )
                })?;
                context.erase_names(id, &mut reason, &mut done)?;
            }
            Erasable::Texts => {
                let (id, digests) = context.now().texts_to_erase(&self.target)?;
                context.erase_texts(id, &digests, &mut reason, &mut done)?;
            }
        }
        Ok(done)
    }
}

/// Whether a command's own payload has to stay: it says what was erased or held, and why.
fn is_accountable(command: &str) -> bool {
    WIPING.contains(&command) || [SetHold::NAME, ReleaseHold::NAME].contains(&command)
}

fn accountable(CommitNumber(commit): CommitNumber) -> Error {
    Detail::Protected(format!("commit {commit} says what was erased or held and why, which stays"))
        .into()
}

/// Refuses to say what cannot be erased in one commit with what may have to be.
pub(crate) fn refuse_mixed(commands: &[&str]) -> Result<()> {
    let accountable = commands.iter().find(|command| is_accountable(command));
    let other = commands.iter().find(|command| !is_accountable(command));
    let (Some(accountable), Some(other)) = (accountable, other) else { return Ok(()) };
    Err(Detail::InvalidArgument(format!(
        "`{accountable}` and `{other}` in one transaction: what says why something was erased or held stays for good, and with it what that commit says else; run them one after the other"
    ))
    .into())
}

fn parse_principal(text: &str) -> Option<EntityId> {
    let digits = text.get(1..).filter(|_| is_id(text))?;
    digits.parse().ok().map(EntityId)
}

impl Context<'_> {
    fn erase_payload(
        &mut self,
        commit: CommitNumber,
        reason: &mut Reason,
        done: &mut Erased,
    ) -> Result<()> {
        let there =
            self.tx
                .sql()
                .first("SELECT 1 FROM payload WHERE n = ?1", &[commit.into()], |row| row.int(0))?;
        if there.is_none() {
            return Ok(());
        }
        let header = self.now().header(commit)?;
        if header.commands.iter().any(|command| is_accountable(command)) {
            return Err(accountable(commit));
        }
        for entity in header.entities {
            self.now().refuse_held(entity)?;
        }
        let reason = reason.of(self)?;
        if self.tx.erase_payload(commit, &reason)? {
            done.payloads += 1;
        }
        Ok(())
    }

    fn erase_names(&mut self, id: EntityId, reason: &mut Reason, done: &mut Erased) -> Result<()> {
        let mut now = self.now();
        let found = now.sql.first(
            "SELECT n.proof FROM principal p LEFT JOIN principal_name n ON n.id = p.id WHERE p.id = ?1",
            &[id.into()],
            |row| row.opt_string(0),
        )?;
        let proof = match found {
            None => return Err(now.absent("principal", format!("p{id}"))),
            Some(None) => return Ok(()),
            Some(Some(proof)) => proof,
        };
        if Some(id) == now.everyone()? {
            return Err(Detail::ReservedName("`everyone` is nobody's name".into()).into());
        }
        if now.is_living(id)? && proof != "name" {
            return Err(Detail::InUse(format!(
                "p{id} is known by its names, and could not act without them; delete it first"
            ))
            .into());
        }
        now.refuse_held(id)?;
        let why = reason.of(self)?;
        let Some(names) = self.tx.erase_names(id, &why)? else { return Ok(()) };
        done.names += 1;
        // Those of its tokens, which are about it.
        let texts = self.now().texts_of(id)?;
        self.erase_texts(id, &texts, reason, done)?;
        let says = |value: &str| names.iter().any(|name| name == value);
        self.erase_sayings(None, &says, reason, done)
    }

    fn erase_texts(
        &mut self,
        target: EntityId,
        digests: &[Said],
        reason: &mut Reason,
        done: &mut Erased,
    ) -> Result<()> {
        if digests.is_empty() {
            return Ok(());
        }
        self.now().refuse_held(target)?;
        let why = reason.of(self)?;
        let mut bodies = Vec::new();
        for (digest, first) in digests {
            if let Some(body) = self.tx.erase_text(target, digest, &why)? {
                done.texts += 1;
                bodies.push(body);
                self.erase_payload(*first, reason, done)?;
            }
        }
        self.remake_words(target)?;
        let says = |value: &str| bodies.iter().any(|body| body == value);
        self.erase_sayings(Some(target), &says, reason, done)
    }

    /// Erases the commands and kept outputs, of one target or of all, in which a text is said.
    fn erase_sayings(
        &mut self,
        target: Option<EntityId>,
        says: &dyn Fn(&str) -> bool,
        reason: &mut Reason,
        done: &mut Erased,
    ) -> Result<()> {
        for commit in self.now().erasable_commits(target)? {
            let body = self.tx.sql().first(
                "SELECT body FROM payload WHERE n = ?1",
                &[commit.into()],
                |row| Ok(says_so(row.text(0)?, says)),
            )?;
            if body == Some(true) {
                self.erase_payload(commit, reason, done)?;
            }
        }
        let kept =
            self.tx.sql().all("SELECT actor, key, outputs FROM idempotency", &[], |row| {
                let said = says_so(row.text(2)?, says);
                Ok((row.id(0)?, row.text(1)?.to_owned(), said))
            })?;
        for (actor, key, said) in kept {
            if said {
                self.tx.sql().execute(
                    "UPDATE idempotency SET outputs = '' WHERE actor = ?1 AND key = ?2",
                    &[actor.into(), Value::from(&key)],
                )?;
            }
        }
        Ok(())
    }
}

/// Whether a string in a JSON text says so.
fn says_so(json: &str, says: &dyn Fn(&str) -> bool) -> bool {
    fn within(value: &serde_json::Value, says: &dyn Fn(&str) -> bool) -> bool {
        match value {
            serde_json::Value::String(value) => says(value),
            serde_json::Value::Array(values) => values.iter().any(|value| within(value, says)),
            serde_json::Value::Object(fields) => {
                fields.iter().any(|(key, value)| says(key) || within(value, says))
            }
            _ => false,
        }
    }
    serde_json::from_str(json).is_ok_and(|value| within(&value, says))
}

impl Query for ListErasures {
    const NAME: &'static str = "list_erasures";
    type Output = Page<ErasureRecord>;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::ReadAudit))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<ErasureRecord>> {
        let paging = snapshot.paging(self.page_size, self.cursor);
        let after: Option<(i64, String, i64, String)> = paging.after("erasures")?;
        let (commit, kind, target, digest) = after.unwrap_or_default();
        let digest = unhex::<32>(&digest).map_or_else(Vec::new, |digest| digest.to_vec());
        let records = snapshot.sql.all(
            "SELECT e.kind, e.target, e.digest, t.body, e.since, l.time, l.actor FROM erasure e \
             JOIN log l ON l.n = e.since LEFT JOIN text t ON t.digest = e.reason \
             WHERE e.since <= ?1 AND (e.since, e.kind, e.target, e.digest) > (?2, ?3, ?4, ?5) \
             ORDER BY e.since, e.kind, e.target, e.digest LIMIT ?6",
            &[
                snapshot.moment.into(),
                commit.into(),
                Value::from(&kind),
                target.into(),
                Value::from(&digest),
                paging.limit()?.into(),
            ],
            |row| {
                let entry = Entry::read(row)?;
                let line = entry.line()?;
                Ok(ErasureRecord {
                    kind: entry.kind,
                    target: entry.target,
                    digest: entry.digest,
                    reason: entry.reason,
                    entry: line,
                    commit: row.int(4)?,
                    time: Timestamp::from_micros(row.int(5)?).into(),
                    actor: format!("p{}", row.int(6)?),
                })
            },
        )?;
        paging.page(records, "erasures", |record| {
            (record.commit, record.kind.clone(), record.target, record.digest.clone())
        })
    }
}

impl Snapshot<'_> {
    /// The commit of a number, or all about an entity.
    fn commits_to_erase(&mut self, target: &str) -> Result<Vec<CommitNumber>> {
        let Ok(number) = target.parse::<i64>() else {
            let id = self.target_ever(&target.parse()?)?;
            return self.erasable_commits(Some(id));
        };
        Ok(vec![self.header(CommitNumber(number))?.commit])
    }

    fn header(&mut self, commit: CommitNumber) -> Result<Header> {
        let header =
            self.sql.first("SELECT header FROM log WHERE n = ?1", &[commit.into()], |row| {
                Header::from_bytes(row.blob(0)?)
            })?;
        header.ok_or_else(|| self.absent("commit", commit))
    }

    /// The commits about something, or all of them, whose commands may be erased.
    fn erasable_commits(&mut self, target: Option<EntityId>) -> Result<Vec<CommitNumber>> {
        const COMMITS: &str = "SELECT l.header FROM log l JOIN payload p ON p.n = l.n";
        let of = |row: &dyn halfback_store::sql::Row| {
            let header = Header::from_bytes(row.blob(0)?)?;
            let stays = header.commands.iter().any(|command| is_accountable(command));
            Ok((!stays).then_some(header.commit))
        };
        let commits = match target {
            None => self.sql.all(&format!("{COMMITS} ORDER BY l.n"), &[], of)?,
            Some(target) => self.sql.all(
                &format!("{COMMITS} JOIN touch t ON t.n = l.n WHERE t.entity = ?1 ORDER BY l.n"),
                &[target.into()],
                of,
            )?,
        };
        Ok(commits.into_iter().flatten().collect())
    }

    /// The texts of a target that a command names, and what they are about: those of a token (`t12`)
    /// are about its principal.
    fn texts_to_erase(&mut self, target: &str) -> Result<(EntityId, Vec<Said>)> {
        let token = match token::parse_id(target) {
            None => None,
            Some(token) => self.sql.first(
                "SELECT principal, comment, since FROM token WHERE id = ?1",
                &[token.into()],
                |row| {
                    let comment = row.opt_blob(1)?.map(<[u8]>::to_vec);
                    Ok((row.id(0)?, comment, CommitNumber(row.int(2)?)))
                },
            )?,
        };
        if let Some((principal, comment, since)) = token {
            return Ok((principal, comment.map(|comment| (comment, since)).into_iter().collect()));
        }
        let id = self.target_ever(&target.parse()?)?;
        Ok((id, self.texts_of(id)?))
    }

    /// The texts that were ever said about something, and the commit that said each first.
    fn texts_of(&mut self, target: EntityId) -> Result<Vec<Said>> {
        self.sql.all(
            "SELECT comment, MIN(since) FROM profile WHERE target = ?1 AND comment IS NOT NULL GROUP BY comment \
             UNION ALL SELECT comment, MIN(since) FROM version_state WHERE version = ?1 AND comment IS NOT NULL GROUP BY comment \
             UNION ALL SELECT example, since FROM version WHERE id = ?1 AND example IS NOT NULL \
             UNION ALL SELECT comment, MIN(since) FROM token WHERE principal = ?1 AND comment IS NOT NULL GROUP BY comment",
            &[target.into()],
            |row| Ok((row.blob(0)?.to_vec(), CommitNumber(row.int(1)?))),
        )
    }

    fn is_row(&mut self, table: &str, column: &str, id: EntityId, digest: &[u8]) -> Result<bool> {
        let row = self.sql.first(
            &format!("SELECT 1 FROM {table} WHERE id = ?1 AND {column} = ?2"),
            &[id.into(), digest.into()],
            |row| row.int(0),
        )?;
        Ok(row.is_some())
    }

    /// The catalog that a model lies or lay in.
    fn catalog_ever(&mut self, model: EntityId) -> Result<EntityId> {
        let mut id = model;
        for _ in 0..2 {
            let parent = self.above(id)?;
            id = parent.ok_or_else(|| self.absent("model with id", model))?;
        }
        Ok(id)
    }

    fn above(&mut self, id: EntityId) -> Result<Option<EntityId>> {
        self.sql.first(
            "SELECT model FROM version WHERE id = ?1 \
             UNION ALL SELECT parent FROM (SELECT parent FROM securable WHERE id = ?1 ORDER BY until DESC LIMIT 1) AS above",
            &[id.into()],
            |row| row.id(0),
        )
    }
}

impl Registry {
    /// Erases for good: commands of commits, names of a principal, or texts. The log keeps that, when
    /// and why. Backups from before have it still: see `docs/erasure.md`.
    ///
    /// After the commit the database is written anew, so that no byte is left in its free space; where
    /// that does not come about, [`Erased::wiped`] is false and [`compact`](Self::compact) does it.
    ///
    /// ```
    /// # use halfback::{CreateModel, Erasable, Options, Registry};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("models.hb");
    /// # let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
    /// let comment = Some("ask Ada Lovelace, 0170 1234".into());
    /// registry.create_model(CreateModel { name: "fraud".into(), comment, ..CreateModel::default() })?;
    /// let erased = registry.erase(Erasable::Texts, "fraud", "holds a telephone number")?;
    /// assert_eq!((erased.texts, erased.payloads, erased.wiped), (1, 1, true));
    /// assert_eq!(registry.get_model("fraud")?.comment, None);
    /// assert!(registry.check()?.findings.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn erase(&self, what: Erasable, target: &str, reason: &str) -> Result<Erased> {
        self.erase_by(Erase { what, target: target.into(), reason: reason.into() })
    }

    fn erase_by<C: Command<Output = Erased>>(&self, command: C) -> Result<Erased> {
        let mut done = self.execute(command)?;
        done.wiped = self.wipe()?;
        Ok(done)
    }

    /// Removes from the files what was erased; gives whether nothing of it is left.
    pub(crate) fn wipe(&self) -> Result<bool> {
        let shared = self.writable()?;
        // It is erased, whatever becomes of the files now: `sweep` and `compact` do what is left.
        let files = artifact::remove_purged(&shared.path, &shared.storage);
        let files = files.is_ok_and(|removed| removed.gone);
        Ok(shared.storage.compact().is_ok_and(|compacted| !compacted.held) && files)
    }
}
