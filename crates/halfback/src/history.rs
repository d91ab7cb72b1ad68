//! What happened: the history of one thing, and the whole log.

use chrono::{DateTime, Utc};
use halfback_store::error::{Detail, Kind, Result};
use halfback_store::id::{CommitNumber, EntityId, hex};
use halfback_store::log::Header;
use halfback_store::merkle::leaf_hash;
use halfback_store::name::said;
use halfback_store::sql::Row;
use halfback_store::tx::Head;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::access::Privilege;
use crate::access::need::Needs;
use crate::access::rights::Chain;
use crate::command::{Query, Snapshot};
use crate::page::{Page, Paging};
use crate::securable::{Level, Target};

/// One commit: an entry of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Commit {
    /// The commit's number, counted from 1.
    pub commit: i64,
    /// When it happened.
    pub time: DateTime<Utc>,
    /// What the machine's clock said, where it was behind: the commit then has the time after that of
    /// the one before.
    pub clock: Option<DateTime<Utc>>,
    /// Who did it: the principal's opaque id, such as `p1`.
    pub actor: String,
    /// The principal's name; none once it was erased.
    pub actor_name: Option<String>,
    /// How the actor's identity was proved.
    pub proof: String,
    /// The names of the commands.
    pub commands: Vec<String>,
    /// The commands with their fields; none once they were erased.
    pub payload: Option<Vec<Map<String, Value>>>,
    /// The ids of everything that the commit is about.
    pub entities: Vec<i64>,
    /// The commands in one line for people.
    pub summary: String,
    /// The hash of the entry in the log's tree, in hexadecimal.
    pub leaf_hash: String,
}

/// Lists the commits that touched something, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// A URI such as `schemas:/risk.credit`, or a model or version.
    pub target: String,
    /// How many entries at most, 1 to 1,000; 100 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// The cursor of the page before; the first page where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Lists all commits, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// How many entries at most, 1 to 1,000; 100 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// The cursor of the page before; the first page where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

const ENTRY: &str = "SELECT l.header, y.body, p.name FROM log l \
     LEFT JOIN payload y ON y.n = l.n LEFT JOIN principal_name p ON p.id = l.actor";

impl Query for History {
    const NAME: &'static str = "history";
    type Output = Page<Commit>;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Sight("it is found by its name, and what else a commit was about is left away"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<Commit>> {
        let target: Target = self.target.parse()?;
        let entity = snapshot.target_ever(&target)?;
        let paging = snapshot.paging(self.page_size, self.cursor);
        let query = format!("history {entity}");
        let before = snapshot.before(&paging, &query)?;
        let commits = snapshot.sql.all(
            &format!(
                "{ENTRY} JOIN touch t ON t.n = l.n WHERE t.entity = ?1 AND t.n < ?2 ORDER BY t.n DESC LIMIT ?3"
            ),
            &[entity.into(), before.into(), paging.limit()?.into()],
            commit,
        )?;
        paging.page(commits, &query, |commit| commit.commit)?.map(|commit| snapshot.shown(commit))
    }
}

impl Query for Log {
    const NAME: &'static str = "log";
    type Output = Page<Commit>;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::on_registry(Privilege::ReadAudit))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<Page<Commit>> {
        let paging = snapshot.paging(self.page_size, self.cursor);
        let before = snapshot.before(&paging, "log")?;
        let commits = snapshot.sql.all(
            &format!("{ENTRY} WHERE l.n < ?1 ORDER BY l.n DESC LIMIT ?2"),
            &[before.into(), paging.limit()?.into()],
            commit,
        )?;
        paging.page(commits, "log", |commit| commit.commit)
    }
}

impl Snapshot<'_> {
    /// A commit as the session may see it: without what it was about besides, and without its
    /// commands, which would tell of that.
    pub(crate) fn shown(&mut self, mut commit: Commit) -> Result<Commit> {
        if self.held(&Chain::REGISTRY)?.contains(Privilege::ReadAudit) {
            return Ok(commit);
        }
        // One command says nothing but what it is about; a name from before may be of a schema that is
        // not seen.
        let is_plain = match commit.commands.as_slice() {
            [command] => !command.starts_with("rename"),
            _ => false,
        };
        let all = commit.entities.len();
        let moment = CommitNumber(commit.commit);
        let (mut seen, mut is_here) = (Vec::with_capacity(all), true);
        for id in commit.entities {
            if self.sees_entity(EntityId(id))? {
                seen.push(id);
                is_here = is_here && !self.lay_unseen(EntityId(id), moment)?;
            }
        }
        commit.entities = seen;
        if commit.entities.len() < all || !is_plain || !is_here {
            commit.payload = None;
            commit.summary = format!("{} (not all of it may be seen)", commit.commands.join("; "));
        }
        Ok(commit)
    }

    /// Whether a model, or that of a version, lay in a schema that the session does not see, before it
    /// was moved to where it is: what was said of it then names that.
    fn lay_unseen(&mut self, id: EntityId, moment: CommitNumber) -> Result<bool> {
        let chain = match self.place(id) {
            Ok((chain, _)) => chain,
            // A principal lies nowhere.
            Err(error) if error.kind() == Kind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        if chain.level() != Level::Model {
            return Ok(false);
        }
        let home = chain.up_to(Level::Schema).id();
        let then = self.chain_at(chain.id(), moment)?.up_to(Level::Schema).id();
        Ok(then != home && !self.sees(then)?)
    }

    /// The commit before which a page begins.
    fn before(&self, paging: &Paging, query: &str) -> Result<i64> {
        Ok(match paging.after::<i64>(query)? {
            Some(before) => before,
            None => self.moment.0.saturating_add(1),
        })
    }
}

fn commit(row: &dyn Row) -> Result<Commit> {
    Commit::of(row.blob(0)?, row.opt_text(1)?, row.opt_string(2)?)
}

impl Commit {
    /// The commit that an entry of the log tells of.
    pub(crate) fn of(
        bytes: &[u8],
        payload: Option<&str>,
        actor_name: Option<String>,
    ) -> Result<Self> {
        let header = Header::from_bytes(bytes)?;
        let payload = payload.map(serde_json::from_str::<Vec<Map<String, Value>>>).transpose();
        let payload = payload.map_err(|error| {
            let (commit, why) = (header.commit, said(&error));
            Detail::Corrupt(format!("the payload of commit {commit} is damaged: {why}"))
        })?;
        let summary = match &payload {
            Some(commands) => commands.iter().map(summary).collect::<Vec<_>>().join("; "),
            None => format!("{} (erased)", header.commands.join("; ")),
        };
        Ok(Commit {
            commit: header.commit.0,
            time: header.time.into(),
            clock: header.clock.map(Into::into),
            actor: header.actor,
            actor_name,
            proof: header.proof,
            commands: header.commands,
            payload,
            entities: header.entities.into_iter().map(|EntityId(id)| id).collect(),
            summary,
            leaf_hash: hex(&leaf_hash(bytes)),
        })
    }
}

impl Snapshot<'_> {
    /// All commits that touched an entity, the oldest first.
    pub(crate) fn commits_of(&mut self, entity: EntityId) -> Result<Vec<Commit>> {
        self.sql.all(
            &format!(
                "{ENTRY} JOIN touch t ON t.n = l.n WHERE t.entity = ?1 AND t.n <= ?2 ORDER BY t.n"
            ),
            &[entity.into(), self.moment.into()],
            commit,
        )
    }
}

/// `set_alias risk.credit.default alias=champion version=3`
fn summary(command: &Map<String, Value>) -> String {
    const SUBJECTS: [&str; 5] = ["name", "model", "target", "version", "catalog"];
    const MOST: usize = 60;
    let shown = |value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let cut: String = text.chars().take(MOST).collect();
        if cut.len() < text.len() { cut + "…" } else { text }
    };
    let mut words = vec![command.get("command").map(shown).unwrap_or_default()];
    let subject = SUBJECTS.iter().find(|key| command.contains_key(**key));
    words.extend(subject.and_then(|key| command.get(*key)).map(shown));
    for (key, value) in command {
        if key != "command" && Some(&key.as_str()) != subject && *value != Value::Bool(false) {
            words.push(format!("{key}={}", shown(value)));
        }
    }
    words.join(" ")
}

/// What identifies a registry, and how far it has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RegistryInfo {
    /// The registry's own identity.
    pub uuid: String,
    /// The format of its database.
    pub format: i64,
    /// The last commit's number.
    pub commit: i64,
    /// The root of the log's tree, in hexadecimal.
    pub root: String,
    /// When the registry was made.
    pub created_at: DateTime<Utc>,
    /// The version of this library.
    pub library_version: String,
    /// For how many seconds content is kept at least once its version was deleted; 0 where nothing
    /// was said.
    pub retention: u64,
}

/// Tells what identifies the registry, and how far it has come now.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Info {}

impl Query for Info {
    const NAME: &'static str = "info";
    type Output = RegistryInfo;

    fn needs(&self, _: &mut Snapshot<'_>) -> Result<Needs> {
        Ok(Needs::Anyone("it says what registry this is, and how far it has come"))
    }

    fn run(self, snapshot: &mut Snapshot<'_>) -> Result<RegistryInfo> {
        let head = Head::read(snapshot.sql)?;
        let row = snapshot.sql.first("SELECT uuid, format, created FROM registry", &[], |row| {
            Ok((row.text(0)?.to_owned(), row.int(1)?, row.int(2)?))
        })?;
        let (uuid, format, created) = row.ok_or_else(|| {
            Detail::Corrupt("the registry has lost its identity; restore a backup".into())
        })?;
        Ok(RegistryInfo {
            uuid,
            format,
            commit: head.number.0,
            root: hex(&head.range.root()),
            created_at: halfback_store::time::Timestamp::from_micros(created).into(),
            library_version: env!("CARGO_PKG_VERSION").into(),
            retention: snapshot.retention()?,
        })
    }
}
