//! Group commit: callers that arrive together share one durable transaction, each with a
//! savepoint of its own. `docs/adr/0006-one-caller-commits-for-all.md` says why so.
//!
//! Whoever finds nobody at work leads: it takes the writer lock, runs its own work and that of
//! everybody who waits by then, in the order of their arrival, commits, and hands the lead on.
//! Nobody is told anything before the commit, neither success nor failure: a failure, too, may
//! come from what another one has just written.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::Transaction;
use super::connection::{failure, head, refused};
use crate::error::{Detail, Error, Kind, Result};
use crate::fork;
use crate::generation::{Generation, Word};
use crate::id::CommitNumber;
use crate::sql::Work;

/// For how long a batch takes in more, unless the disk is slower than that.
const LONGEST: Duration = Duration::from_millis(2);
/// The same on the slowest disk.
const LONGEST_EVER: Duration = Duration::from_millis(20);
/// The commands in one batch. A list that has more is a batch of its own, so that nobody waits for
/// the work of others for long.
const MOST: usize = 64;

/// The callers that wait for their work to be done.
///
/// Used only while [`fork::working`]: a fork finds it unlocked. Its lock is the standard library's:
/// one of `parking_lot` that is taken yields the processor, and a leader that yields to everybody
/// whom it serves waits for all of them.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// The process whose threads wait here: a fork copies the queue, but not the threads.
    process: u32,
    /// Whether one of them leads.
    led: bool,
    jobs: VecDeque<Job>,
}

/// What one caller wants done.
struct Job {
    weight: usize,
    work: Work,
    part: Part,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("weight", &self.weight).finish_non_exhaustive()
    }
}

/// The executing side of a caller's part; a caller whose part is dropped is told so.
struct Part(Arc<Slip>);

/// What the caller looks at. No fork waits for those who wait here, see [`fork`].
#[derive(Default)]
struct Slip {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
enum State {
    #[default]
    Waits,
    Leads,
    Ended(Ended),
    /// The caller has heard of the end.
    Heard,
}

/// How the work of one caller ended.
enum Ended {
    Returned(Result<()>),
    Panicked(Box<dyn Any + Send>),
}

/// What the callers of a batch are to be told.
pub(super) struct Told(Vec<(Part, Ended)>);

/// What a waiting caller finds.
pub(super) enum Turn {
    /// It has to lead: [`Queue::work`].
    Lead,
    /// Its work is durable, or failed.
    Over(Result<()>),
    /// Nothing yet.
    Wait,
}

/// A caller's place in the queue; dropping it gives up what has not begun, and the lead.
pub(super) struct Seat<'a> {
    queue: &'a Queue,
    slip: Arc<Slip>,
}

impl Queue {
    /// Joins the end of the queue.
    pub(super) fn join(&self, weight: usize, work: Work) -> Seat<'_> {
        let _working = fork::working();
        let slip = Arc::new(Slip::default());
        let mut waiting = self.lock();
        let process = std::process::id();
        if waiting.process != process {
            // The parent does what its threads asked for. Not dropped: their locks may be held.
            std::mem::forget(std::mem::take(&mut *waiting));
            waiting.process = process;
        }
        waiting.jobs.push_back(Job { weight, work, part: Part(slip.clone()) });
        if !waiting.led {
            waiting.hand_on();
        }
        Seat { queue: self, slip }
    }

    /// Does the work of everybody who waits, in their order, and commits it; gives whom to tell what.
    ///
    /// The caller leads and has the writer lock; both may go on to the next before anybody is told.
    pub(super) fn work(&self, writer: &mut Writer, generation: &Generation) -> Told {
        let mut batch = Batch::default();
        let began = Instant::now();
        while let Some(job) = self.next(batch.weight) {
            batch.add(writer, job);
            if batch.is_lost(writer) || began.elapsed() >= writer.longest() {
                break;
            }
        }
        batch.commit(writer, generation)
    }

    /// Gives the lead to the next in the queue.
    pub(super) fn hand_on(&self) {
        self.lock().hand_on();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job, where it is not too much for a batch of that weight.
    fn next(&self, weight: usize) -> Option<Job> {
        let mut waiting = self.lock();
        let next = waiting.jobs.front()?;
        let fits = weight == 0 || weight.saturating_add(next.weight) <= MOST;
        if fits { waiting.jobs.pop_front() } else { None }
    }
}

impl Waiting {
    /// Lets the first in the queue lead.
    fn hand_on(&mut self) {
        let first = self.jobs.front();
        self.led = first.is_some();
        if let Some(first) = first {
            first.part.0.set(State::Leads);
        }
    }
}

impl Seat<'_> {
    /// Waits for so long at most. Work that panicked panics here.
    pub(super) fn wait(&self, patience: Duration) -> Turn {
        let state = self.slip.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut state, _) = self
            .slip
            .changed
            .wait_timeout_while(state, patience, |state| matches!(state, State::Waits))
            .unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Waits | State::Heard => return Turn::Wait,
            State::Leads => return Turn::Lead,
            State::Ended(_) => {}
        }
        let ended = std::mem::replace(&mut *state, State::Heard);
        drop(state);
        match ended {
            State::Ended(Ended::Returned(result)) => Turn::Over(result),
            State::Ended(Ended::Panicked(panic)) => resume_unwind(panic),
            _ => Turn::Wait,
        }
    }

    /// Leaves the queue, unless the work has begun or the caller leads.
    pub(super) fn withdraw(&self) -> bool {
        let _working = fork::working();
        let mut waiting = self.queue.lock();
        let place = waiting.jobs.iter().position(|job| Arc::ptr_eq(&job.part.0, &self.slip));
        let leads = matches!(*self.slip.lock(), State::Leads);
        place.filter(|_| !leads).and_then(|place| waiting.jobs.remove(place)).is_some()
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        if matches!(*self.slip.lock(), State::Heard) {
            return;
        }
        let _working = fork::working();
        let mut waiting = self.queue.lock();
        let state = std::mem::replace(&mut *self.slip.lock(), State::Heard);
        if matches!(state, State::Waits | State::Leads) {
            waiting.jobs.retain(|job| !Arc::ptr_eq(&job.part.0, &self.slip));
        }
        if matches!(state, State::Leads) {
            waiting.hand_on();
        }
    }
}

impl Told {
    /// Whether there is more than one caller.
    pub(super) fn is_shared(&self) -> bool {
        self.0.len() > 1
    }

    pub(super) fn tell(self) {
        for (part, ended) in self.0 {
            part.tell(ended);
        }
    }
}

impl Part {
    fn tell(&self, ended: Ended) {
        self.0.set(State::Ended(ended));
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let left = matches!(*self.0.lock(), State::Waits);
        if left {
            self.tell(Ended::Returned(Err(lost())));
        }
    }
}

impl Slip {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: State) {
        *self.lock() = state;
        self.changed.notify_one();
    }
}

/// What writes in this process.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) connection: Option<Connection>,
    /// How long the last commit took.
    took: Duration,
}

impl Writer {
    /// For how long callers are taken into a batch: as long as its commit will take about, so that
    /// no wait is more than doubled by it.
    fn longest(&self) -> Duration {
        self.took.clamp(LONGEST, LONGEST_EVER)
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<usize> {
        let connection = self.connection.as_ref().ok_or(rusqlite::Error::InvalidQuery)?;
        connection.prepare_cached(sql)?.execute([])
    }

    /// Whether a transaction is open. After some failures the engine ends it by itself.
    fn is_open(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| !connection.is_autocommit())
    }

    /// Undoes the whole transaction.
    fn roll_back(&mut self) {
        // What kept it from beginning, or ended it, may be the connection's own: a fresh one is
        // clean.
        if !self.is_open() || self.execute("ROLLBACK").is_err() {
            self.connection = None;
        }
    }

    /// The last commit of the transaction that is open.
    fn head(&self) -> rusqlite::Result<CommitNumber> {
        self.connection.as_ref().map_or(Err(rusqlite::Error::InvalidQuery), head)
    }

    /// What a failure means to the caller.
    fn refused(&self, error: &rusqlite::Error) -> Error {
        self.connection
            .as_ref()
            .map_or_else(|| failure(error), |connection| refused(connection, error))
    }
}

/// What shares a transaction.
#[derive(Default)]
struct Batch {
    weight: usize,
    words: Vec<Word>,
    /// Whether there is something to commit.
    filled: bool,
    parts: Vec<(Part, Ended)>,
}

impl Batch {
    /// Does a job in the transaction. If that fails, what others did stays.
    fn add(&mut self, writer: &mut Writer, Job { weight, work, part }: Job) {
        self.weight = self.weight.saturating_add(weight);
        let mut touched = Vec::new();
        let ended = catch_unwind(AssertUnwindSafe(|| {
            touched = self.run(writer, work)?;
            Ok(())
        }));
        let ended = match ended {
            Ok(Ok(())) => {
                self.filled = true;
                touched.retain(|word| !self.words.contains(word));
                self.words.append(&mut touched);
                Ended::Returned(Ok(()))
            }
            Ok(failed) => {
                self.undo(writer);
                Ended::Returned(failed)
            }
            Err(panic) => {
                self.undo(writer);
                Ended::Panicked(panic)
            }
        };
        self.parts.push((part, ended));
    }

    /// Runs the work: the first in a transaction has it for itself, the next have a savepoint.
    fn run(&self, writer: &Writer, work: Work) -> Result<Vec<Word>> {
        let execute = |sql| writer.execute(sql).map_err(|error| writer.refused(&error));
        execute(if self.filled { "SAVEPOINT part" } else { "BEGIN IMMEDIATE" })?;
        let connection = writer.connection.as_ref().ok_or_else(lost)?;
        let mut transaction = Transaction { before: &self.words, ..Transaction::on(connection) };
        work(&mut transaction)?;
        let touched = transaction.touched;
        if self.filled {
            execute("RELEASE part")?;
        }
        if writer.is_open() { Ok(touched) } else { Err(lost()) }
    }

    /// Whether the engine has ended the transaction, or the connection is gone.
    fn is_lost(&self, writer: &Writer) -> bool {
        writer.connection.is_none() || self.filled && !writer.is_open()
    }

    fn undo(&self, writer: &mut Writer) {
        if self.filled && writer.is_open() {
            let undone =
                writer.execute("ROLLBACK TO part").and_then(|_| writer.execute("RELEASE part"));
            if undone.is_ok() {
                return;
            }
        }
        writer.roll_back();
    }

    /// Makes everything durable; gives what each caller is to be told.
    fn commit(mut self, writer: &mut Writer, generation: &Generation) -> Told {
        if !self.filled {
            return Told(self.parts);
        }
        let began = Instant::now();
        generation.begin(&self.words);
        let head = writer.head();
        // A failure may end the transaction: what says why is the first that did.
        let open = writer.is_open();
        let committed = head.and_then(|head| writer.execute("COMMIT").map(|_| head));
        if let Ok(head) = committed {
            generation.acknowledge(head);
        }
        generation.end(&self.words);
        writer.took = began.elapsed();
        if let Err(error) = committed {
            let refused = || if open { writer.refused(&error) } else { lost() };
            // Nothing of it happened, neither what a part did nor why it could not.
            for (_, ended) in &mut self.parts {
                match ended {
                    Ended::Panicked(_) => {}
                    // What the engine itself met says more.
                    Ended::Returned(Err(met)) if met.kind() == Kind::Unavailable => {}
                    Ended::Returned(result) => {
                        *result = Err(refused());
                    }
                }
            }
            writer.roll_back();
        }
        Told(self.parts)
    }
}

fn lost() -> Error {
    Detail::Busy("the database gave up what several callers wrote together; try again".into())
        .into()
}
