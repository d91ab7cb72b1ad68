//! The writing transaction: opens and closes fact rows, and appends the leaf that covers them.
//!
//! Nothing else in the workspace changes a fact table. A transaction that changed no row leaves
//! no commit.

use std::collections::BTreeSet;

use crate::error::{Detail, Result};
use crate::fact::{Change, Fact, row_hash, rows_digest};
use crate::generation::Word;
use crate::id::{CommitNumber, EntityId, hex, random};
use crate::log::{Header, payload_digest};
use crate::merkle::{CompactRange, Hash, leaf_hash, sha256};
use crate::schema::{DESCRIBING, PRINCIPAL};
use crate::sql::{Sql, Value};
use crate::time::Timestamp;

/// Who acts, and how that was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// How the identity was proved, such as `os_user`.
    pub proof: String,
    /// What the proof is about, such as `uid:1000`: the key of the principal.
    pub subject: String,
    /// The name to show; erasable.
    pub name: String,
    /// The principal, where the proof itself says which.
    pub principal: Option<EntityId>,
}

/// What will be in the log about a commit in the making: its entry is written at the end, so who
/// reads what the commit has changed so far finds none there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The commit's number.
    pub number: CommitNumber,
    /// Its time.
    pub time: Timestamp,
    /// Who acts, once something was changed.
    pub actor: Option<EntityId>,
}

/// A commit in the making.
pub struct Tx<'a> {
    sql: &'a mut dyn Sql,
    actor: &'a Actor,
    number: CommitNumber,
    clock: Timestamp,
    time: Timestamp,
    range: CompactRange,
    leaf: Hash,
    next_id: i64,
    actor_id: Option<EntityId>,
    rows: Vec<Hash>,
    entities: BTreeSet<EntityId>,
    described: BTreeSet<EntityId>,
}

impl std::fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx").field("number", &self.number).finish_non_exhaustive()
    }
}

impl<'a> Tx<'a> {
    /// Begins the commit after the last one.
    pub fn begin(sql: &'a mut dyn Sql, actor: &'a Actor) -> Result<Self> {
        let head = Head::read(sql)?;
        let clock = Timestamp::now();
        Ok(Self {
            sql,
            actor,
            number: CommitNumber(head.number.0 + 1),
            clock,
            time: clock.after(head.time),
            range: head.range,
            leaf: head.leaf,
            next_id: head.next_id,
            actor_id: None,
            rows: Vec::new(),
            entities: BTreeSet::new(),
            described: BTreeSet::new(),
        })
    }

    /// The number that this commit will have.
    pub fn number(&self) -> CommitNumber {
        self.number
    }

    /// The time that this commit will have.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// What this commit's entry in the log will say, as far as that is known.
    pub fn entry(&self) -> Entry {
        Entry { number: self.number, time: self.time, actor: self.actor_id }
    }

    /// Reads what the transaction sees, its own changes included.
    pub fn sql(&mut self) -> &mut dyn Sql {
        self.sql
    }

    /// A new id.
    pub fn new_id(&mut self) -> EntityId {
        let id = self.next_id;
        self.next_id += 1;
        EntityId(id)
    }

    /// Who acts, as a principal of this registry: found, or made in this commit.
    pub fn actor(&mut self) -> Result<EntityId> {
        self.start()
    }

    /// The principal that is known by that name alone, made in this commit where there is none.
    /// Somebody who proved to be of that name is another one.
    ///
    /// The fact row holds `SHA-256(salt ‖ proof ‖ 00 ‖ subject ‖ 00 ‖ name)`, so that a name can be
    /// erased but not exchanged.
    pub fn principal(&mut self, name: &str) -> Result<EntityId> {
        if let Some(id) = principal_of(self.sql, "name", name)? {
            return Ok(id);
        }
        self.start()?;
        self.new_principal("user", "name", name, name)
    }

    /// Makes a principal that is known by this proof of this subject, where there is none yet.
    pub fn add_principal(
        &mut self,
        kind: &str,
        proof: &str,
        subject: &str,
        name: &str,
    ) -> Result<EntityId> {
        self.start()?;
        // Who acts may have become known just now.
        match principal_of(self.sql, proof, subject)? {
            Some(id) => Ok(id),
            None => self.new_principal(kind, proof, subject, name),
        }
    }

    /// Brings back a principal that was deleted, as what it was known: by a proof, its subject and a
    /// name.
    pub fn revive_principal(
        &mut self,
        id: EntityId,
        kind: &str,
        identity: [&str; 3],
    ) -> Result<()> {
        self.start()?;
        let salt = self.sql.first(
            "SELECT salt FROM principal_name WHERE id = ?1",
            &[id.into()],
            |row| Ok(row.blob(0)?.to_vec()),
        )?;
        let salt = salt.ok_or_else(|| Detail::Internal("a principal has no names".into()))?;
        let identity = identity_digest(&salt, identity);
        self.insert(&PRINCIPAL, &[id.into(), kind.into(), Value::from(&identity)])
    }

    /// Opens a row: `values` are all its columns in order. The key must not have a living row.
    pub fn open(&mut self, fact: &Fact, values: &[Value<'_>]) -> Result<()> {
        self.start()?;
        self.insert(fact, values)
    }

    /// Closes the living row of a key; gives whether there was one.
    pub fn close(&mut self, fact: &Fact, key: &[Value<'_>]) -> Result<bool> {
        self.start()?;
        let number = self.number;
        let width = fact.columns.len();
        let living = self.sql.first(&fact.texts().select_living, key, |row| {
            let since = CommitNumber(row.int(width)?);
            let values: Vec<Value<'_>> = (0..width).map(|i| row.value(i)).collect::<Result<_>>()?;
            let own = since == number;
            let change = if own && !fact.stays { Change::Opened } else { Change::Closed };
            Ok((own, row_hash(change, fact.table, &values, since), described(fact, &values)))
        })?;
        let Some((own, hash, described)) = living else { return Ok(false) };
        self.described.extend(described);
        if own && !fact.stays {
            // Opened by this very commit: nobody ever sees it.
            self.sql.execute(&fact.texts().take_back, key)?;
            if fact.table == PRINCIPAL.table {
                // Of somebody who was here before, it is the name still.
                self.sql.execute(
                    "DELETE FROM principal_name WHERE id = ?1 \
                     AND NOT EXISTS (SELECT 1 FROM principal WHERE id = ?1)",
                    key,
                )?;
            }
            // What one commit opens and closes, it closes the other way round: the last is near.
            if let Some(place) = self.rows.iter().rposition(|row| *row == hash) {
                self.rows.swap_remove(place);
            }
        } else {
            let mut params = key.to_vec();
            params.push(number.into());
            self.sql.execute(&fact.texts().close, &params)?;
            self.rows.push(hash);
        }
        Ok(true)
    }

    /// Makes `values` the living row of their key, closing another one.
    pub fn put(&mut self, fact: &Fact, values: &[Value<'_>]) -> Result<()> {
        let key = values.get(..fact.key).unwrap_or_default();
        self.close(fact, key)?;
        self.insert(fact, values)
    }

    /// Stores erasable text; the fact row keeps only this reference, `SHA-256(salt ‖ text)`.
    pub fn text(&mut self, body: &str) -> Result<Vec<u8>> {
        let salt = random::<16>()?;
        let digest = sha256(&[&salt, body.as_bytes()].concat());
        self.sql.execute(
            "INSERT INTO text (digest, salt, body) VALUES (?1, ?2, ?3)",
            &[Value::from(&digest), Value::from(&salt), body.into()],
        )?;
        Ok(digest.to_vec())
    }

    /// Names an entity that this commit is about: it enters the entity's history, and cached
    /// records of it end.
    pub fn touch(&mut self, entity: EntityId) -> Result<()> {
        self.start()?;
        if self.entities.insert(entity) {
            self.sql.touch(Word::of(entity));
            self.sql.execute(
                "INSERT INTO touch (entity, n) VALUES (?1, ?2)",
                &[entity.into(), self.number.into()],
            )?;
        }
        Ok(())
    }

    /// Touches something and, for a version, its model, under whose word cached records of it are.
    pub fn touch_whole(&mut self, entity: EntityId) -> Result<()> {
        self.touch(entity)?;
        let model =
            self.sql.first("SELECT model FROM version WHERE id = ?1", &[entity.into()], |row| {
                row.id(0)
            })?;
        model.map_or(Ok(()), |model| self.touch(model))
    }

    /// Takes what has had a name, comment, task or tag opened or closed since the last call:
    /// whatever is derived from such texts has to follow.
    pub fn take_described(&mut self) -> BTreeSet<EntityId> {
        std::mem::take(&mut self.described)
    }

    /// Says that a name will mean something else: every cached record ends.
    pub fn restructure(&mut self) {
        self.sql.touch(Word::STRUCTURE);
    }

    /// Appends the leaf and moves the head, unless no row changed; gives the commit's number.
    pub fn finish(self, commands: &[&str], payload: &str) -> Result<Option<CommitNumber>> {
        let Some(actor) = self.actor_id else { return Ok(None) };
        if self.rows.is_empty() {
            for entity in self.entities {
                let touched = [entity.into(), self.number.into()];
                self.sql.execute("DELETE FROM touch WHERE entity = ?1 AND n = ?2", &touched)?;
            }
            // Ids that were given out are not given out again.
            self.sql.execute(
                "UPDATE head SET next_id = ?1 WHERE next_id < ?1",
                &[self.next_id.into()],
            )?;
            return Ok(None);
        }
        let salt = random::<16>()?;
        let header = Header {
            commit: self.number,
            previous: hex(&self.leaf),
            time: self.time,
            clock: (self.clock != self.time).then_some(self.clock),
            actor: format!("p{actor}"),
            proof: self.actor.proof.clone(),
            commands: commands.iter().map(|&name| name.to_owned()).collect(),
            entities: self.entities.iter().copied().collect(),
            payload: hex(&payload_digest(&salt, payload)),
            rows: hex(&rows_digest(self.rows)),
        };
        let header = header.to_bytes()?;
        let mut range = self.range;
        let leaf = leaf_hash(&header);
        range.push(leaf);
        self.sql.execute(
            "INSERT INTO log (n, time, actor, header) VALUES (?1, ?2, ?3, ?4)",
            &[self.number.into(), self.time.micros().into(), actor.into(), Value::from(&header)],
        )?;
        self.sql.execute(
            "INSERT INTO payload (n, salt, body) VALUES (?1, ?2, ?3)",
            &[self.number.into(), Value::from(&salt), payload.into()],
        )?;
        self.sql.execute(
            "UPDATE head SET n = ?1, time = ?2, range = ?3, leaf = ?4, next_id = ?5",
            &[
                self.number.into(),
                self.time.micros().into(),
                Value::from(&range.to_bytes()),
                Value::from(&leaf),
                self.next_id.into(),
            ],
        )?;
        Ok(Some(self.number))
    }

    /// Finds or makes the principal who acts, before anything is changed.
    fn start(&mut self) -> Result<EntityId> {
        if let Some(actor) = self.actor_id {
            return Ok(actor);
        }
        let actor = self.actor;
        let known = match actor.principal {
            Some(id) => Some(id),
            None => principal_of(self.sql, &actor.proof, &actor.subject)?,
        };
        let id = if let Some(id) = known {
            id
        } else {
            // Whoever grants to somebody by name means who had it first.
            let called = principals_called(self.sql, &actor.name, CommitNumber::NOW)?;
            let is_taken = called.iter().any(|(_, is_known)| *is_known);
            let name = if is_taken { &actor.subject } else { &actor.name };
            self.new_principal("user", &actor.proof, &actor.subject, name)?
        };
        self.actor_id = Some(id);
        Ok(id)
    }

    fn new_principal(
        &mut self,
        kind: &str,
        proof: &str,
        subject: &str,
        name: &str,
    ) -> Result<EntityId> {
        let id = self.new_id();
        let salt = random::<16>()?;
        let identity = identity_digest(&salt, [proof, subject, name]);
        self.insert(&PRINCIPAL, &[id.into(), kind.into(), Value::from(&identity)])?;
        self.sql.execute(
            "INSERT INTO principal_name (id, salt, proof, subject, name) VALUES (?1, ?2, ?3, ?4, ?5)",
            &[id.into(), Value::from(&salt), proof.into(), subject.into(), name.into()],
        )?;
        Ok(id)
    }

    fn insert(&mut self, fact: &Fact, values: &[Value<'_>]) -> Result<()> {
        if values.len() != fact.columns.len() {
            return Err(Detail::Internal(format!("a row of `{}` is incomplete", fact.table)).into());
        }
        let mut params = values.to_vec();
        params.push(self.number.into());
        self.sql.execute(&fact.texts().insert, &params)?;
        self.rows.push(row_hash(Change::Opened, fact.table, values, self.number));
        self.described.extend(described(fact, values));
        Ok(())
    }
}

/// The principal of a proof and what it is about.
pub fn principal_of(sql: &mut dyn Sql, proof: &str, subject: &str) -> Result<Option<EntityId>> {
    sql.first(
        "SELECT id FROM principal_name WHERE proof = ?1 AND subject = ?2",
        &[proof.into(), subject.into()],
        |row| row.id(0),
    )
}

/// The living principals of a name at a moment, the oldest first, and whether each is known: by a
/// proof, or because it was made known, and given something, under that name. Those of which nothing
/// was ever said but that they owned or made something are not.
pub fn principals_called(
    sql: &mut dyn Sql,
    name: &str,
    moment: CommitNumber,
) -> Result<Vec<(EntityId, bool)>> {
    sql.all(
        "SELECT n.id, n.proof <> 'name' OR EXISTS (SELECT 1 FROM touch t WHERE t.entity = n.id) \
         FROM principal_name n JOIN principal p ON p.id = n.id AND p.until > ?2 AND p.since <= ?2 \
         WHERE n.name = ?1 ORDER BY n.id",
        &[name.into(), moment.into()],
        |row| Ok((row.id(0)?, row.int(1)? != 0)),
    )
}

/// What a principal's fact row says of its erasable identity; see [`Tx::principal`].
pub(crate) fn identity_digest(salt: &[u8], identity: [&str; 3]) -> Hash {
    sha256(&[salt, identity.join("\0").as_bytes()].concat())
}

/// What the texts of a row are about; none for a row that holds no text to search.
fn described(fact: &Fact, values: &[Value<'_>]) -> Option<EntityId> {
    let (_, column) = DESCRIBING.iter().find(|(describing, _)| describing.table == fact.table)?;
    match values.get(*column) {
        Some(Value::Int(id)) => Some(EntityId(*id)),
        _ => None,
    }
}

/// The log's end: what the next commit builds on.
#[derive(Debug, Clone)]
pub struct Head {
    /// The last commit; 0 in a new registry.
    pub number: CommitNumber,
    /// Its time.
    pub time: Timestamp,
    /// The tree over all leaves.
    pub range: CompactRange,
    /// The hash of the last leaf, which the next entry refers to; before the first, that of the
    /// log's [`origin`](crate::checkpoint::origin).
    pub leaf: Hash,
    pub(crate) next_id: i64,
}

impl Head {
    /// Reads the head row.
    pub fn read(sql: &mut dyn Sql) -> Result<Self> {
        let damaged = || Detail::Corrupt("the log's head is damaged; run `check`".into());
        let head = sql.first("SELECT n, time, range, leaf, next_id FROM head", &[], |row| {
            let number = row.int(0)?;
            let leaves = u64::try_from(number).map_err(|_| damaged())?;
            Ok(Self {
                number: CommitNumber(number),
                time: Timestamp::from_micros(row.int(1)?),
                range: CompactRange::from_parts(leaves, row.blob(2)?).ok_or_else(damaged)?,
                leaf: row.blob(3)?.try_into().map_err(|_| damaged())?,
                next_id: row.int(4)?,
            })
        })?;
        head.ok_or_else(|| damaged().into())
    }
}
