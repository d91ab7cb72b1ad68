//! Records that were read and are still true: a page of a list reads anew only what has moved.
//!
//! As `resolve` does, this rests on the generation words; see [`Stamp`]. A snapshot is of one
//! state, though, and a kept record is of the latest. So a snapshot notes the state of all words before
//! it is taken, and uses and keeps records only while that state lasts: then both are of one
//! state. That holds for records of a past moment as well: what is erased is erased from the past too.

use std::sync::Arc;

use foldhash::HashMap;
use halfback_store::error::Result;
use halfback_store::generation::Word;
use halfback_store::id::{CommitNumber, EntityId};
use halfback_store::sql::Storage;
use parking_lot::Mutex;

use crate::cache::Stamp;
use crate::catalog::model::Model;
use crate::catalog::version::ModelVersion;
use crate::command::Snapshot;
use crate::page::Page;
use crate::registry::Shared;

/// Records of a kind that are kept; past that they are read anew.
const MOST: usize = 4_096;
/// The bytes of text in a record that is kept; of longer ones there may be too many.
const LONGEST: usize = 16 << 10;

/// The records that a process keeps of one registry.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    models: Records<Model>,
    versions: Records<ModelVersion>,
}

type Records<T> = Mutex<HashMap<(EntityId, CommitNumber), Entry<T>>>;

/// A record as it was read.
#[derive(Debug)]
pub(crate) struct Entry<T> {
    model: EntityId,
    stamp: Stamp,
    record: Arc<T>,
}

/// A record that can be kept.
pub(crate) trait Record: Clone {
    fn records(kept: &Kept) -> &Records<Self>;

    /// Reads it anew, and keeps it.
    fn read(snapshot: &mut Snapshot<'_>, id: EntityId) -> Result<Self>;
}

impl Record for Model {
    fn records(kept: &Kept) -> &Records<Self> {
        &kept.models
    }

    fn read(snapshot: &mut Snapshot<'_>, id: EntityId) -> Result<Self> {
        snapshot.read_model(id)
    }
}

impl Record for ModelVersion {
    fn records(kept: &Kept) -> &Records<Self> {
        &kept.versions
    }

    fn read(snapshot: &mut Snapshot<'_>, id: EntityId) -> Result<Self> {
        snapshot.read_version(id)
    }
}

/// The latest state, as a snapshot of it was taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Present<'a> {
    shared: &'a Shared,
    words: u64,
}

impl<'a> Present<'a> {
    /// To be called before the snapshot is taken. None where the storage keeps no words.
    pub(crate) fn of(shared: &'a Shared) -> Option<Self> {
        Some(Self { shared, words: shared.storage.change_tokens()? })
    }

    /// The token of the structural word now.
    pub(crate) fn structure(&self) -> Option<u64> {
        self.shared.storage.change_token(Word::STRUCTURE)
    }

    /// Whether no commit has begun since.
    fn lasts(&self) -> bool {
        self.shared.storage.change_tokens() == Some(self.words)
    }
}

impl Snapshot<'_> {
    /// The record of an id.
    pub(crate) fn record<T: Record>(&mut self, id: EntityId) -> Result<T> {
        match self.kept([id]).pop().flatten() {
            Some(kept) => Ok(T::clone(&kept)),
            None => T::read(self, id),
        }
    }

    /// The records of a page: the words are gone through once for all that were kept.
    pub(crate) fn records<T: Record, K>(&mut self, page: Page<(EntityId, K)>) -> Result<Page<T>> {
        let mut kept = self.kept(page.items.iter().map(|(id, _)| *id)).into_iter();
        page.map(|(id, _)| match kept.next().flatten() {
            Some(kept) => Ok(T::clone(&kept)),
            None => T::read(self, id),
        })
    }

    /// The records as they were kept, each where that is still true.
    fn kept<T: Record>(&self, ids: impl IntoIterator<Item = EntityId>) -> Vec<Option<Arc<T>>> {
        let Some(present) = self.present else { return Vec::new() };
        let records = T::records(&present.shared.kept).lock();
        let current = |id| {
            let Entry { stamp, record, .. } = records.get(&(id, self.moment))?;
            stamp.is_current(present.shared).then(|| record.clone())
        };
        let kept: Vec<_> = ids.into_iter().map(current).collect();
        drop(records);
        // Last: what was current before a commit began is not of this snapshot's moment.
        let is_of_moment = || kept.iter().any(Option::is_some) && present.lasts();
        if is_of_moment() { kept } else { Vec::new() }
    }

    /// The stamp under which this snapshot has read a model; none where a commit has begun since.
    pub(crate) fn state_of(&self, model: EntityId) -> Option<Stamp> {
        let present = self.present?;
        // In this order: a commit after the stamp was read makes an entry that is never current.
        Stamp::now(present.shared, model).filter(|_| present.lasts())
    }

    /// Keeps a record of this snapshot with so many bytes of text, which is true while its model
    /// is.
    pub(crate) fn keep<T: Record>(&self, id: EntityId, model: EntityId, record: &T, text: usize) {
        let Some(present) = self.present.filter(|_| text <= LONGEST) else { return };
        let Some(stamp) = self.state_of(model) else { return };
        let mut records = T::records(&present.shared.kept).lock();
        if records.len() >= MOST {
            records.clear();
        }
        records.insert((id, self.moment), Entry { model, stamp, record: Arc::new(record.clone()) });
    }

    /// A record as it was kept before its model changed, with the model: what neither such a change nor
    /// time changes is true of this snapshot, as long as no name and no right has changed since.
    pub(crate) fn kept_before<T: Record>(&mut self, id: EntityId) -> Result<Option<(EntityId, T)>> {
        let Some(structure) = self.structure else { return Ok(None) };
        let Some(present) = self.present else { return Ok(None) };
        let found = {
            let records = T::records(&present.shared.kept).lock();
            let entry = records
                .get(&(id, self.moment))
                .filter(|entry| entry.stamp.structure() == structure);
            entry.map(|entry| (entry.model, entry.record.clone()))
        };
        let Some((model, record)) = found else { return Ok(None) };
        self.sql.fix()?;
        Ok((self.structure_now() == Some(structure)).then(|| (model, T::clone(&record))))
    }
}

#[cfg(test)]
mod tests {
    use crate::registry::{Options, Registry};
    use crate::{Content, CreateModel, RegisterVersion, SetTag, Stage, UpdateVersion, no_progress};

    #[test]
    fn whatever_changes_of_a_version_is_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { create: true, ..Options::default() };
        let registry = Registry::open_with(folder.path(), options).unwrap();
        registry.create_model("fraud").unwrap();
        for bytes in [b"one".to_vec(), b"two".to_vec()] {
            let content = Content::Bytes { name: "m.bin".into(), bytes };
            let version = RegisterVersion { model: "fraud".into(), ..RegisterVersion::default() };
            registry.register_version(&content, version, &mut no_progress).unwrap();
        }
        let update = |stage: Option<Stage>, comment: Option<&str>| {
            let update = UpdateVersion {
                version: "models:/fraud/1".into(),
                comment: comment.map(str::to_owned),
                stage,
                expect_revision: None,
                allow_secrets: false,
            };
            registry.execute(update).map(drop)
        };
        let changes: [&dyn Fn() -> halfback_store::error::Result<()>; 8] = [
            &|| registry.set_alias("fraud", "champion", 1).map(drop),
            &|| update(Some(Stage::Production), None),
            &|| update(None, Some("by hand")),
            &|| registry.set_tag("models:/fraud/1", "team", "risk").map(drop),
            &|| registry.set_alias("fraud", "champion", 2).map(drop),
            &|| registry.set_alias("fraud", "champion", 1).map(drop),
            &|| update(None, Some("")),
            &|| registry.rename_model("fraud", "theft").map(drop),
        ];
        let mut revisions = Vec::new();
        for change in changes {
            change().unwrap();
            let name = &registry.list_models(crate::ListModels::default()).unwrap().items[0].name;
            let found = registry.resolve(format!("models:/{name}@champion").as_str()).unwrap();
            // Of a moment of which nothing is kept yet.
            let whole = registry.as_of(registry.info().unwrap().commit).unwrap();
            assert_eq!(*found, whole.get_version(name, found.number).unwrap());
            revisions.push(found.revision);
        }
        revisions.dedup();
        assert!(revisions.len() > 5, "{revisions:?}");
    }

    #[test]
    fn what_was_erased_is_not_kept_of_the_past_either() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { create: true, ..Options::default() };
        let registry = Registry::open_with(folder.path(), options).unwrap();
        let model = CreateModel { comment: Some("of Ann".into()), ..CreateModel::from("fraud") };
        registry.create_model(model).unwrap();
        let past = registry.as_of(registry.info().unwrap().commit).unwrap();
        let comment = || past.get_model("fraud").unwrap().comment;
        assert_eq!(comment().as_deref(), Some("of Ann"));
        registry.erase(crate::Erasable::Texts, "models:/fraud", "asked for").unwrap();
        assert_eq!(comment(), None);
    }

    #[test]
    fn a_snapshot_neither_sees_what_came_after_it_nor_keeps_what_went_before() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { create: true, ..Options::default() };
        let registry = Registry::open_with(folder.path(), options).unwrap();
        let id = registry.execute(CreateModel::from("fraud")).unwrap().id;
        let id = halfback_store::id::EntityId(id);
        let tagged = |value: &str| SetTag {
            target: "models:/fraud".into(),
            key: "team".into(),
            value: value.into(),
            ..SetTag::default()
        };
        // As another thread does: whoever reads does not write meanwhile.
        let elsewhere = |work: &(dyn Fn() + Sync)| {
            std::thread::scope(|scope| scope.spawn(work).join().unwrap());
        };
        let tag = |value: &str| elsewhere(&|| registry.execute(tagged(value)).unwrap());
        let team = |read: &crate::Model| read.tags.get("team").cloned().unwrap_or_default();
        let read = || team(&registry.get_model("fraud").unwrap());

        tag("one");
        registry
            .snapshot(|snapshot| {
                assert_eq!(team(&snapshot.model(id)?), "one");
                tag("two");
                // Another snapshot reads and keeps what is true now.
                elsewhere(&|| assert_eq!(read(), "two"));
                assert_eq!(team(&snapshot.model(id)?), "one");
                Ok(())
            })
            .unwrap();
        assert_eq!(read(), "two");

        registry
            .snapshot(|snapshot| {
                tag("three");
                tag("four");
                // What is of the state between begin and now is not kept for later.
                assert_eq!(team(&snapshot.model(id)?), "four");
                tag("five");
                assert_eq!(team(&snapshot.model(id)?), "four");
                Ok(())
            })
            .unwrap();
        assert_eq!(read(), "five");
    }
}
