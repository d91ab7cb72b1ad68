//! Opening a registry, and the one road for every write.

use std::collections::HashMap;
use std::ops::Deref;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, LazyLock, Weak};

use halfback_store::artifact::{ArtifactStore, Digest};
use halfback_store::error::{Detail, Error, IoContext, Result};
use halfback_store::fork;
use halfback_store::generation::Word;
use halfback_store::id::CommitNumber;
use halfback_store::merkle::sha256;
use halfback_store::name::{DEFAULT_CATALOG, DEFAULT_SCHEMA, text};
use halfback_store::sql::{Sql, Storage, Value};
use halfback_store::sqlite::{Access, Sqlite};
use halfback_store::tx::{Head, Tx};
use parking_lot::Mutex;

use crate::access::grant::Grant;
use crate::access::need::Needs;
use crate::access::principal::{CreatePrincipal, EVERYONE, PrincipalKind};
use crate::access::reference::REGISTRY;
use crate::access::rights::Rights;
use crate::access::role::STEWARD;
use crate::access::session::Session;
use crate::access::token;
use crate::cache::Stamp;
use crate::catalog::CreateSchema;
use crate::command::{self, Command, Context, Possessed, Snapshot};
use crate::commands::AnyCommand;
use crate::erase::{self, WIPING};
use crate::kept::Kept;
use crate::view::View;

/// How to open a registry.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Make the registry where the folder holds none.
    pub create: bool,
    /// Refuse every write. The right to read is enough then, and no file is left in the folder,
    /// unless a writer is at work there or was killed.
    pub read_only: bool,
}

/// An open registry: the only door to what is in it.
///
/// A handle is cheap to clone and to share between threads. It has every read of [`View`], for
/// the present; writes are [`Command`]s.
#[derive(Debug, Clone)]
pub struct Registry {
    view: View,
}

impl Deref for Registry {
    type Target = View;

    fn deref(&self) -> &View {
        &self.view
    }
}

impl Registry {
    /// Opens the registry in a folder.
    ///
    /// Fails with the code `registry_not_found` where there is none; see [`Options::create`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, Options::default())
    }

    /// Opens the registry in a folder as the options say.
    ///
    /// The session is that of the token in `HALFBACK_TOKEN`, or in the file that `HALFBACK_TOKEN_FILE`
    /// names; where there is neither, it is the operating system's user's.
    pub fn open_with(path: impl AsRef<Path>, options: Options) -> Result<Self> {
        let registry = Self::of_os_user(path.as_ref(), options)?;
        match token::of_environment()? {
            Some(token) => registry.with_token(&token),
            None => Ok(registry),
        }
    }

    /// Opens the registry in a folder for the session that a token proves; whatever is wrong with
    /// the token, it fails with the code `unauthenticated`.
    pub fn open_with_token(path: impl AsRef<Path>, options: Options, token: &str) -> Result<Self> {
        Self::of_os_user(path.as_ref(), options)?.with_token(token)
    }

    pub(crate) fn of_os_user(path: &Path, options: Options) -> Result<Self> {
        let shared = Shared::open(path, options)?;
        let registry = Self { view: View::new(Session::of_os_user(), shared) };
        if !options.read_only && registry.is_empty()? {
            registry.found()?;
        }
        Ok(registry)
    }

    /// The same registry in the session that a token proves.
    fn with_token(self, token: &str) -> Result<Self> {
        let shared = self.shared()?;
        let (token, name) = self.snapshot(|snapshot| snapshot.authenticate(token))?;
        Self::joined(shared, Session::of_token(token, name))
    }

    /// Another handle of what is open, which ends with it, in a session of its own.
    pub(crate) fn joined(shared: Arc<Shared>, session: Session) -> Result<Self> {
        shared.join()?;
        Ok(Self { view: View::new(session, shared) })
    }

    fn is_empty(&self) -> Result<bool> {
        self.snapshot(|snapshot| Ok(Head::read(snapshot.sql)?.number.0 == 0))
    }

    /// The first commit: what every registry holds, and that its creator is steward.
    fn found(&self) -> Result<()> {
        let schema = CreateSchema {
            name: format!("{DEFAULT_CATALOG}.{DEFAULT_SCHEMA}"),
            parents: true,
            exist_ok: true,
            ..CreateSchema::default()
        };
        let actor = self.handle.session.actor();
        let creator = CreatePrincipal {
            name: actor.name.clone(),
            os_user: actor.subject.strip_prefix("uid:").and_then(|uid| uid.parse().ok()),
            exist_ok: true,
            ..CreatePrincipal::default()
        };
        let everyone = CreatePrincipal {
            name: EVERYONE.into(),
            kind: PrincipalKind::Group,
            exist_ok: true,
            ..CreatePrincipal::default()
        };
        let steward = Grant {
            what: STEWARD.into(),
            on: REGISTRY.into(),
            to: actor.name.clone(),
            ..Grant::default()
        };
        // Before there is anybody else whom the creator's name could mean.
        let commands = vec![schema.into(), creator.into(), steward.into(), everyone.into()];
        self.commit_all(commands, None, |context| {
            // Somebody else may have been first meanwhile.
            Ok(context.tx.number().0 == 1)
        })
        .map(drop)
    }

    /// The registry's folder.
    pub fn path(&self) -> &Path {
        &self.handle.shared.path
    }

    /// Closes the handle and its clones; every use after that, another close included, fails with
    /// the code `closed`.
    pub fn close(&self) -> Result<()> {
        if self.handle.closed.swap(true, Ordering::AcqRel) {
            return Err(Detail::Closed.into());
        }
        self.handle.shared.leave();
        Ok(())
    }

    /// Whether the handle was closed.
    pub fn is_closed(&self) -> bool {
        self.handle.closed.load(Ordering::Acquire)
    }

    /// Whether a record that was read under this stamp is still true. Costs three loads.
    pub fn is_current(&self, stamp: &Stamp) -> bool {
        self.handle.is_current(stamp)
    }

    /// Runs one command as one commit.
    pub fn execute<C: Command>(&self, command: C) -> Result<C::Output> {
        let payload = payload(&[logged(&command)?])?;
        let apply = move |context: &mut Context<'_>| {
            context.admit(|now| command.needs(now))?;
            command.apply(context)
        };
        let (output, _) = self.commit(vec![C::NAME], payload, apply)?;
        Ok(output)
    }

    /// Refuses what [`Registry::execute`] would refuse of a command that needs this, before there is one:
    /// work whose outcome may not be kept is not begun.
    pub(crate) fn admit(
        &self,
        needs: impl FnOnce(&mut Snapshot<'_>) -> Result<Needs>,
    ) -> Result<()> {
        self.writable()?;
        self.snapshot(|snapshot| snapshot.require(needs))
    }

    /// Runs a command in a registry that is nobody's yet, for whoever has its files: they are not
    /// asked what they may do there.
    pub(crate) fn execute_unasked<C: Command>(&self, command: C) -> Result<C::Output> {
        let payload = payload(&[logged(&command)?])?;
        let apply = move |context: &mut Context<'_>| {
            context.rights = Some(Arc::new(Rights::of_founder()));
            command.apply(context)
        };
        let (output, _) = self.commit(vec![C::NAME], payload, apply)?;
        Ok(output)
    }

    /// Runs commands as one commit: all of them, or none. Gives the output of each as JSON.
    ///
    /// With an idempotency key the commands run once: a repetition by the same principal gives
    /// the outputs of the first time, and other commands under the same key are refused.
    pub fn transact(
        &self,
        commands: Vec<AnyCommand>,
        idempotency_key: Option<&str>,
    ) -> Result<Vec<serde_json::Value>> {
        if !commands.iter().any(|command| WIPING.contains(&command.name())) {
            return self.commit_all(commands, idempotency_key, |_| Ok(true));
        }
        let mut outputs = self.commit_all(commands, idempotency_key, |_| Ok(true))?;
        let wiped = self.wipe()?;
        for output in outputs.iter_mut().filter_map(|output| output.get_mut("wiped")) {
            *output = wiped.into();
        }
        Ok(outputs)
    }

    /// Runs commands as one commit where `begin` says so; else none.
    fn commit_all(
        &self,
        commands: Vec<AnyCommand>,
        idempotency_key: Option<&str>,
        begin: impl FnOnce(&mut Context<'_>) -> Result<bool> + Send + 'static,
    ) -> Result<Vec<serde_json::Value>> {
        let names: Vec<&'static str> = commands.iter().map(AnyCommand::name).collect();
        erase::refuse_mixed(&names)?;
        let values = commands
            .iter()
            .map(|command| serde_json::to_value(command).map_err(|error| no_json(&error)))
            .collect::<Result<Vec<_>>>()?;
        let payload = payload(&values)?;
        let key = idempotency_key.map(|key| Key::new(key, &payload)).transpose()?;
        let (outputs, _) = self.commit(names, payload, move |context| {
            if commands.is_empty() || !begin(context)? {
                return Ok(Vec::new());
            }
            // Whoever may not act any more is not told either what came of it before.
            context.now().rights()?;
            if let Some(key) = &key
                && let Some(outputs) = key.repeated(context)?
            {
                return Ok(outputs);
            }
            let many = commands.len() > 1;
            let outputs = (0..)
                .zip(commands)
                .map(|(at, command)| {
                    let name = command.name();
                    let place = |error: Error| error.within(format!("commands[{at}] ({name})"));
                    let applied = context
                        .admit(|now| command.needs(now))
                        .and_then(|()| command.apply(context));
                    applied.map_err(|error| if many { place(error) } else { error })
                })
                .collect::<Result<_>>()?;
            if let Some(key) = &key {
                key.keep(context, &outputs)?;
            }
            Ok(outputs)
        })?;
        Ok(outputs)
    }

    /// The one road of every write; gives the commit's number where a row changed.
    fn commit<T: Send + 'static>(
        &self,
        commands: Vec<&'static str>,
        payload: String,
        apply: impl FnOnce(&mut Context<'_>) -> Result<T> + Send + 'static,
    ) -> Result<(T, Option<CommitNumber>)> {
        let weight = commands.len();
        let (handle, shared) = (self.handle.clone(), self.shared()?);
        let (give, output) = sync_channel(1);
        let work = {
            let shared = shared.clone();
            move |sql: &mut dyn Sql| {
                let tx = Tx::begin(sql, handle.session.actor())?;
                let mut context = Context {
                    tx,
                    store: &shared.store,
                    possessed: &shared.possessed,
                    session: &handle.session,
                    registry: shared.storage.uuid(),
                    structure: shared.storage.change_token(Word::STRUCTURE),
                    rights: None,
                };
                let applied = apply(&mut context)?;
                context.index_words()?;
                let number = context.tx.finish(&commands, &payload)?;
                // The caller waits for it, unless it panicked meanwhile.
                let _ = give.send((applied, number)).is_ok();
                Ok(())
            }
        };
        shared.storage.write(weight, Box::new(work))?;
        output.recv().map_err(|_| Detail::Internal("a write gave no answer".into()).into())
    }

    /// The shared part, for an operation that will write.
    pub(crate) fn writable(&self) -> Result<Arc<Shared>> {
        let shared = self.shared()?;
        if shared.options.read_only {
            return Err(halfback_store::sqlite::read_only());
        }
        Ok(shared)
    }
}

/// The command as it goes into the log: its fields, and its name as `command`.
fn logged<C: Command>(command: &C) -> Result<serde_json::Value> {
    let mut value = serde_json::to_value(command).map_err(|error| no_json(&error))?;
    if let Some(fields) = value.as_object_mut() {
        fields.insert("command".into(), C::NAME.into());
    }
    Ok(value)
}

fn payload(commands: &[serde_json::Value]) -> Result<String> {
    serde_json::to_string(commands).map_err(|error| no_json(&error))
}

fn no_json(error: &serde_json::Error) -> Error {
    Detail::InvalidArgument(format!("a command holds a value that has no JSON: {error}")).into()
}

/// An idempotency key with the digest of the commands it stands for.
struct Key {
    key: String,
    digest: [u8; 32],
}

impl Key {
    fn new(key: &str, payload: &str) -> Result<Self> {
        const MOST: usize = 255;
        if key.is_empty() || key.len() > MOST {
            return Err(Detail::InvalidArgument(format!(
                "an idempotency key has 1 to {MOST} bytes, this one {}",
                key.len()
            ))
            .into());
        }
        let key = text(key.to_owned(), "the idempotency key")?;
        Ok(Self { key, digest: sha256(payload.as_bytes()) })
    }

    /// The outputs of the first time, where there was one.
    fn repeated(&self, context: &mut Context<'_>) -> Result<Option<Vec<serde_json::Value>>> {
        let actor = context.tx.actor()?;
        let kept = context.tx.sql().first(
            "SELECT digest, outputs FROM idempotency WHERE actor = ?1 AND key = ?2",
            &[actor.into(), Value::from(&self.key)],
            |row| Ok((row.blob(0)? == self.digest, row.text(1)?.to_owned())),
        )?;
        match kept {
            None => Ok(None),
            Some((true, outputs)) if outputs.is_empty() => {
                Err(Detail::IdempotencyConflict(format!(
                    "what came of the commands under idempotency key `{}` was erased; take a new key",
                    self.key
                ))
                .into())
            }
            Some((true, outputs)) => serde_json::from_str(&outputs).map(Some).map_err(|_| {
                Detail::Corrupt("a kept output is damaged; run `check`".into()).into()
            }),
            Some((false, _)) => Err(Detail::IdempotencyConflict(format!(
                "idempotency key `{}` was used for other commands; take a new key",
                self.key
            ))
            .into()),
        }
    }

    fn keep(&self, context: &mut Context<'_>, outputs: &Vec<serde_json::Value>) -> Result<()> {
        let actor = context.tx.actor()?;
        let outputs = serde_json::to_string(outputs).map_err(|error| no_json(&error))?;
        let time = context.tx.time().micros();
        context.tx.sql().execute(
            "INSERT INTO idempotency (actor, key, digest, time, outputs) VALUES (?1, ?2, ?3, ?4, ?5)",
            &[
                actor.into(),
                Value::from(&self.key),
                Value::from(&self.digest),
                time.into(),
                Value::from(&outputs),
            ],
        )?;
        Ok(())
    }
}

/// One `open`: what is closed, and who acts.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) id: u64,
    pub(crate) session: Session,
    shared: Arc<Shared>,
    closed: AtomicBool,
}

impl Handle {
    /// A handle of what is open already.
    pub(crate) fn new(session: Session, shared: Arc<Shared>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { id, session, shared, closed: AtomicBool::new(false) }
    }

    /// The registry, while the handle is open.
    pub(crate) fn shared(&self) -> Result<Arc<Shared>> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Detail::Closed.into());
        }
        Ok(self.shared.clone())
    }

    pub(crate) fn is_current(&self, stamp: &Stamp) -> bool {
        !self.closed.load(Ordering::Acquire)
            && stamp.is_current(&self.shared)
            && self.session.is_in_time()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if !*self.closed.get_mut() {
            self.shared.leave();
        }
    }
}

/// What all handles of a registry in this process share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) path: PathBuf,
    pub(crate) options: Options,
    pub(crate) storage: Sqlite,
    pub(crate) store: ArtifactStore,
    pub(crate) possessed: Possessed,
    pub(crate) kept: Kept,
    /// Handles that are open; the storage is closed with the last one.
    handles: AtomicUsize,
}

/// The folder's identity, and whether it is for reading only.
type Place = (u64, u64, bool);

static OPEN: LazyLock<Mutex<HashMap<Place, Weak<Shared>>>> = LazyLock::new(Mutex::default);

impl Shared {
    fn open(path: &Path, options: Options) -> Result<Arc<Self>> {
        if path.as_os_str().is_empty() {
            return Err(Detail::InvalidArgument(
                "the registry's path is empty; give its folder".into(),
            )
            .into());
        }
        let path = std::path::absolute(path).on("find", path)?;
        let known = {
            let _working = fork::working();
            Self::known(&OPEN.lock(), place(&path, options))
        };
        if let Some(shared) = known {
            return Ok(shared);
        }
        let access = Access { create: options.create, read_only: options.read_only };
        let shared = Arc::new(Self {
            storage: Sqlite::open(&path, access)?,
            store: ArtifactStore::new(&path),
            possessed: Possessed::default(),
            kept: Kept::default(),
            handles: AtomicUsize::new(1),
            options,
            path,
        });
        let _working = fork::working();
        let place = place(&shared.path, options);
        let mut open = OPEN.lock();
        // Another thread may have been first meanwhile: all handles share one.
        if let Some(first) = Self::known(&open, place) {
            return Ok(first);
        }
        if let Some(place) = place {
            open.retain(|_, shared| shared.strong_count() > 0);
            open.insert(place, Arc::downgrade(&shared));
        }
        Ok(shared)
    }

    /// The registry at a place, where a handle of it is open already and leads there still.
    fn known(open: &HashMap<Place, Weak<Self>>, place: Option<Place>) -> Option<Arc<Self>> {
        let shared = open.get(&place?).and_then(Weak::upgrade)?;
        if !shared.storage.is_in_place() {
            return None;
        }
        shared.join().ok()?;
        Some(shared)
    }

    /// One handle more is open, unless the last one was closed: that is for good.
    fn join(&self) -> Result<()> {
        let joined = |handles| (handles > 0).then_some(handles + 1);
        let joined = self.handles.fetch_update(Ordering::AcqRel, Ordering::Acquire, joined);
        joined.map(drop).map_err(|_| Detail::Closed.into())
    }

    /// Keeps what is known of a content that this process has read.
    pub(crate) fn possess(
        &self,
        session: &Session,
        place: command::Place,
        digest: Digest,
        held: command::Held,
    ) {
        let _working = fork::working();
        self.possessed.lock().insert((session.bearer(), place, digest), held);
    }

    /// One handle less is open.
    fn leave(&self) {
        if self.handles.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.storage.close();
        }
    }
}

fn place(path: &Path, options: Options) -> Option<Place> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino(), options.read_only))
}
