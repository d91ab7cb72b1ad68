//! The hot read: `resolve` answered from memory, and never stale.
//!
//! Each thread keeps its own map, so that readers share nothing. An entry is true while the two
//! generation words it was read under have not moved: the word of its model, and the word of the
//! structure (names).

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use foldhash::{HashMap, HashMapExt as _};
use halfback_store::error::Result;
use halfback_store::generation::Word;
use halfback_store::id::EntityId;
use halfback_store::sql::Storage;

use crate::catalog::version::ModelVersion;
use crate::registry::{Handle, Shared};
use crate::securable::VersionRef;
use crate::view::View;

/// Entries that one thread keeps for one handle; past that it begins anew.
const MOST: usize = 10_000;

/// What tells whether a cached record is still true; see
/// [`Registry::is_current`](crate::Registry::is_current).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    word: Word,
    model: u64,
    structure: u64,
}

impl Stamp {
    /// The stamp as three numbers, for a cache in another language.
    pub fn to_parts(self) -> [u64; 3] {
        [u64::from(self.word.index()), self.model, self.structure]
    }

    /// The stamp that [`Stamp::to_parts`] took apart; `None` for other numbers.
    pub fn from_parts([word, model, structure]: [u64; 3]) -> Option<Self> {
        let word = Word::at(u16::try_from(word).ok()?)?;
        Some(Self { word, model, structure })
    }

    /// The stamp under which records of `model` may be read now; `None` while one is changing.
    pub(crate) fn now(shared: &Shared, model: EntityId) -> Option<Self> {
        let word = Word::of(model);
        let structure = shared.storage.change_token(Word::STRUCTURE)?;
        Some(Self { word, model: shared.storage.change_token(word)?, structure })
    }

    /// The token of the structural word.
    pub(crate) fn structure(&self) -> u64 {
        self.structure
    }

    pub(crate) fn is_current(&self, shared: &Shared) -> bool {
        shared.storage.change_token(self.word) == Some(self.model)
            && shared.storage.change_token(Word::STRUCTURE) == Some(self.structure)
    }
}

struct Entry {
    model: EntityId,
    record: Arc<ModelVersion>,
    stamp: Option<Stamp>,
}

/// The model that a URI meant, and the token of the structural word under which it did.
type Guess = (EntityId, Option<u64>);

impl Entry {
    fn guess(&self) -> Guess {
        (self.model, self.stamp.map(|stamp| stamp.structure))
    }
}

struct Entries {
    handle: Weak<Handle>,
    of: HashMap<Box<str>, Entry>,
}

thread_local! {
    static CACHE: RefCell<HashMap<u64, Entries>> = RefCell::new(HashMap::new());
}

/// The version behind a URI, from memory where that is still true.
pub(crate) fn resolve(view: &View, uri: &VersionRef) -> Result<Arc<ModelVersion>> {
    let handle = &view.handle;
    let known = CACHE.with_borrow(|cache| {
        let entry = cache.get(&handle.id)?.of.get(uri.as_str())?;
        let current = entry.stamp.is_some_and(|stamp| handle.is_current(&stamp));
        Some(if current { Ok(entry.record.clone()) } else { Err(entry.guess()) })
    });
    match known {
        Some(Ok(record)) => Ok(record),
        Some(Err(guess)) => fill(view, uri, Some(guess)).map(|(record, _)| record),
        None => fill(view, uri, None).map(|(record, _)| record),
    }
}

/// The version behind a URI from the database, with the stamp it was read under; none while it
/// was changing, or where the storage keeps no words.
pub(crate) fn resolve_stamped(
    view: &View,
    uri: &VersionRef,
) -> Result<(Arc<ModelVersion>, Option<Stamp>)> {
    let guess =
        CACHE.with_borrow(|cache| Some(cache.get(&view.handle.id)?.of.get(uri.as_str())?.guess()));
    fill(view, uri, guess)
}

/// Reads the record and keeps it. The words are read before the snapshot is taken: a commit in
/// between leaves an entry that the next look finds moved. For that the model must be known
/// beforehand; where the guess is wrong, all words must have lasted, or one more read settles it.
fn fill(
    view: &View,
    uri: &VersionRef,
    guess: Option<Guess>,
) -> Result<(Arc<ModelVersion>, Option<Stamp>)> {
    let shared = view.shared()?;
    let read = |guess: Option<Guess>| -> Result<Entry> {
        let stamp = guess.and_then(|(model, _)| Stamp::now(&shared, model));
        view.glance(|snapshot| {
            let known = match guess {
                Some((model, Some(under))) => snapshot.version_in(uri, model, under)?,
                _ => None,
            };
            let (model, version) = match known {
                Some(known) => known,
                None => snapshot.version_ref(uri)?,
            };
            let record = Arc::new(snapshot.version(version)?);
            let stamp = stamp.filter(|_| guess.is_some_and(|(guess, _)| guess == model));
            Ok(Entry { model, record, stamp: stamp.or_else(|| snapshot.state_of(model)) })
        })
    };
    let mut entry = read(guess)?;
    if entry.stamp.is_none() && guess.is_none_or(|(guess, _)| guess != entry.model) {
        entry = read(Some((entry.model, None)))?;
    }
    let answer = (entry.record.clone(), entry.stamp);
    keep(&view.handle, uri.as_str(), entry);
    Ok(answer)
}

fn keep(handle: &Arc<Handle>, uri: &str, entry: Entry) {
    CACHE.with_borrow_mut(|cache| {
        if !cache.contains_key(&handle.id) {
            // The moment a thread meets a new handle is when it lets go of dead ones.
            cache.retain(|_, entries| entries.handle.strong_count() > 0);
        }
        let entries = cache
            .entry(handle.id)
            .or_insert_with(|| Entries { handle: Arc::downgrade(handle), of: HashMap::new() });
        if entries.of.len() >= MOST {
            entries.of.clear();
        }
        entries.of.insert(uri.into(), entry);
    });
}
