//! The registry as it is, or as it was at a past moment: every read.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use halfback_store::error::{Detail, Kind, Result};
use halfback_store::fork;
use halfback_store::generation::Word;
use halfback_store::id::{CommitNumber, EntityId};
use halfback_store::log;
use halfback_store::sql::{self, Sql, Storage};
use halfback_store::sqlite::Sqlite;
use halfback_store::time::Timestamp;
use halfback_store::tx::Head;

use crate::access::Privilege;
use crate::access::explain::{Explain, Explanation, Held, Holder, WhatCan, WhoCan};
use crate::access::grant::{GrantRecord, ListGrants};
use crate::access::principal::{GetPrincipal, ListPrincipals, Principal, Whoami};
use crate::access::reference::On;
use crate::access::role::{ListRoles, Role};
use crate::access::session::Session;
use crate::access::token::{ListTokens, TokenRecord};
use crate::cache;
use crate::catalog::compare::CompareSignatures;
use crate::catalog::example::{Example, GetExample};
use crate::catalog::model::{GetModel, ListModels, Model};
use crate::catalog::names::Names;
use crate::catalog::search::{SearchModels, SearchVersions};
use crate::catalog::version::{GetVersion, ListVersions, ModelVersion, Resolve};
use crate::catalog::{Catalog, GetCatalog, GetSchema, ListCatalogs, ListSchemas, Schema};
use crate::command::{Logged, Query, Snapshot};
use crate::erase::hold::{HoldRecord, ListHolds};
use crate::erase::{ErasureRecord, ListErasures};
use crate::history::{Commit, History, Info, Log, RegistryInfo};
use crate::kept::Present;
use crate::page::Page;
use crate::registry::{Handle, Shared};
use crate::securable::VersionRef;
use crate::signature::Compatibility;

/// A moment of the registry's past: a commit's number, or a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Right after that commit; 0 is before the first.
    Commit(i64),
    /// What had been committed by that time.
    Time(DateTime<Utc>),
}

impl From<i64> for Moment {
    fn from(commit: i64) -> Self {
        Self::Commit(commit)
    }
}

impl From<DateTime<Utc>> for Moment {
    fn from(time: DateTime<Utc>) -> Self {
        Self::Time(time)
    }
}

/// The registry at a moment. [`Registry`](crate::Registry) has all of this for the present.
#[derive(Debug, Clone)]
pub struct View {
    pub(crate) handle: Arc<Handle>,
    pub(crate) moment: CommitNumber,
    /// Whether errors tell the moment.
    is_told: bool,
}

impl View {
    pub(crate) fn new(session: Session, shared: Arc<Shared>) -> Self {
        let (handle, moment) = (Arc::new(Handle::new(session, shared)), CommitNumber::NOW);
        Self { handle, moment, is_told: false }
    }

    /// The registry as it was at a past moment, with every read that it has now.
    ///
    /// A moment that has not come yet is refused: what it will show is not known.
    pub fn as_of(&self, moment: impl Into<Moment>) -> Result<Self> {
        let moment = self.commit_at(moment.into())?;
        Ok(Self { handle: self.handle.clone(), moment, is_told: true })
    }

    /// The registry as this view shows it by now, and still does once others have written: for lists of
    /// several pages. Its errors do not tell the moment, which nobody asked for.
    pub fn still(&self) -> Result<Self> {
        match self.commit() {
            Some(_) => Ok(self.clone()),
            None => Ok(Self { is_told: false, ..self.as_of(self.info()?.commit)? }),
        }
    }

    /// The commit whose state this view shows; none for the present.
    pub fn commit(&self) -> Option<i64> {
        (self.moment != CommitNumber::NOW).then_some(self.moment.0)
    }

    /// The version that a URI or a record means.
    ///
    /// For the present, a URI is answered from a process-local cache, which is never stale: it
    /// ends with the first commit, of any process, that touches the model or a name.
    pub fn resolve(&self, version: impl Into<VersionRef>) -> Result<Arc<ModelVersion>> {
        let uri = version.into();
        if self.moment == CommitNumber::NOW {
            return cache::resolve(self, &uri);
        }
        self.query(Resolve { uri }).map(Arc::new)
    }

    /// The version that a URI means, or `None` where there is none.
    pub fn find_version(&self, uri: &str) -> Result<Option<Arc<ModelVersion>>> {
        present(self.resolve(uri))
    }

    /// A model.
    pub fn get_model(&self, name: &str) -> Result<Model> {
        self.query(GetModel { name: name.into() })
    }

    /// A model, or `None` where there is none.
    pub fn find_model(&self, name: &str) -> Result<Option<Model>> {
        present(self.get_model(name))
    }

    /// A version by its number.
    pub fn get_version(&self, model: &str, number: i64) -> Result<ModelVersion> {
        self.query(GetVersion { model: model.into(), number })
    }

    /// A catalog.
    pub fn get_catalog(&self, name: &str) -> Result<Catalog> {
        self.query(GetCatalog { name: name.into() })
    }

    /// A schema.
    pub fn get_schema(&self, name: &str) -> Result<Schema> {
        self.query(GetSchema { name: name.into() })
    }

    /// The catalogs by name, a page at a time.
    pub fn list_catalogs(&self, list: ListCatalogs) -> Result<Page<Catalog>> {
        self.query(list)
    }

    /// The schemas of a catalog by name, a page at a time.
    pub fn list_schemas(&self, list: ListSchemas) -> Result<Page<Schema>> {
        self.query(list)
    }

    /// Models by name, a page at a time.
    pub fn list_models(&self, list: ListModels) -> Result<Page<Model>> {
        self.query(list)
    }

    /// The versions of a model, the newest first, a page at a time.
    pub fn list_versions(&self, list: ListVersions) -> Result<Page<ModelVersion>> {
        self.query(list)
    }

    /// Models that pass a filter, a page at a time.
    ///
    /// ```
    /// # use halfback::{Options, Registry, SearchModels};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("models.hb");
    /// # let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
    /// registry.create_model("fraud")?;
    /// registry.set_tag("fraud", "team", "risk")?;
    /// let page = registry.search_models(SearchModels {
    ///     filter: Some("tags.team = :team AND name LIKE 'fr%'".into()),
    ///     parameters: [("team".into(), "risk".into())].into_iter().collect(),
    ///     order_by: vec!["updated_at DESC".into()],
    ///     ..SearchModels::default()
    /// })?;
    /// assert_eq!(page.items[0].name, "main.default.fraud");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn search_models(&self, search: impl Into<SearchModels>) -> Result<Page<Model>> {
        self.query(search.into())
    }

    /// Versions of all models that pass a filter, a page at a time.
    ///
    /// ```
    /// # use halfback::{Options, Registry};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("models.hb");
    /// # let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
    /// let page = registry.search_versions("stage = 'production' AND MATCH 'credit default*'")?;
    /// assert!(page.items.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn search_versions(&self, search: impl Into<SearchVersions>) -> Result<Page<ModelVersion>> {
        self.query(search.into())
    }

    /// The newest commits that touched something; [`History`] itself gives further pages.
    pub fn history(&self, target: &str) -> Result<Page<Commit>> {
        self.query(History { target: target.into(), ..History::default() })
    }

    /// All commits, the newest first, a page at a time.
    pub fn log(&self, list: Log) -> Result<Page<Commit>> {
        self.query(list)
    }

    /// The example rows of a version; the code `not_found` where it has none.
    pub fn get_example(&self, version: impl Into<VersionRef>) -> Result<Example> {
        self.query(GetExample { version: version.into() })
    }

    /// Whether callers of one version can call another instead, and why not.
    pub fn compare_signatures(
        &self,
        old: impl Into<VersionRef>,
        new: impl Into<VersionRef>,
    ) -> Result<Compatibility> {
        self.query(CompareSignatures { old: old.into(), new: new.into() })
    }

    /// Who acts in this session.
    pub fn whoami(&self) -> Result<Principal> {
        self.query(Whoami {})
    }

    /// A principal, by its id or name.
    pub fn get_principal(&self, principal: &str) -> Result<Principal> {
        self.query(GetPrincipal { principal: principal.into() })
    }

    /// The principals, the oldest first, a page at a time.
    pub fn list_principals(&self, list: ListPrincipals) -> Result<Page<Principal>> {
        self.query(list)
    }

    /// What is granted and denied, a page at a time.
    pub fn list_grants(&self, list: ListGrants) -> Result<Page<GrantRecord>> {
        self.query(list)
    }

    /// What was erased, when and why, a page at a time.
    pub fn list_erasures(&self, list: ListErasures) -> Result<Page<ErasureRecord>> {
        self.query(list)
    }

    /// What is held, why and since when, a page at a time.
    pub fn list_holds(&self, list: ListHolds) -> Result<Page<HoldRecord>> {
        self.query(list)
    }

    /// The roles, by name.
    pub fn list_roles(&self) -> Result<Page<Role>> {
        self.query(ListRoles {})
    }

    /// The tokens, the oldest first, a page at a time.
    pub fn list_tokens(&self, list: ListTokens) -> Result<Page<TokenRecord>> {
        self.query(list)
    }

    /// Whether the session's principal holds a privilege on a securable, and why or why not;
    /// [`Explain`] itself asks about others.
    pub fn explain(&self, privilege: &str, on: &str) -> Result<Explanation> {
        self.query(Explain { privilege: privilege.into(), on: on.into(), principal: None })
    }

    /// Whether the session's principal holds a privilege on a catalog, schema or model, known by its
    /// id; false where it does not see it or nothing has that id. Answered from memory while nobody's rights have changed.
    ///
    /// ```
    /// # use halfback::{Options, Privilege, Registry};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("models.hb");
    /// # let registry = Registry::open_with(path, Options { create: true, ..Options::default() })?;
    /// let model = registry.create_model("fraud")?;
    /// assert!(registry.can(Privilege::Execute, model.id)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn can(&self, privilege: Privilege, id: i64) -> Result<bool> {
        let id = EntityId(id);
        let shared = self.shared()?;
        let session = &self.handle.session;
        let kept = {
            let _working = fork::working();
            let word = shared.storage.change_token(Word::STRUCTURE);
            word.filter(|_| session.is_in_time()).and_then(|word| session.kept(word))
        };
        if let Some(held) = kept.and_then(|rights| rights.holds_at_once(privilege, id)) {
            return Ok(held);
        }
        self.snapshot(|snapshot| match snapshot.chain(id) {
            Ok(chain) => snapshot.holds(privilege, &chain),
            // As what is not seen.
            Err(error) if error.kind() == Kind::NotFound => Ok(false),
            Err(error) => Err(error),
        })
    }

    /// The users and service principals that hold a privilege on a securable.
    pub fn who_can(&self, privilege: &str, on: &str) -> Result<Page<Holder>> {
        self.query(WhoCan { privilege: privilege.into(), on: on.into() })
    }

    /// What the session's principal, or another one, holds.
    pub fn what_can(&self, principal: Option<&str>) -> Result<Page<Held>> {
        self.query(WhatCan { principal: principal.map(str::to_owned) })
    }

    /// What identifies the registry, and how far it has come.
    pub fn info(&self) -> Result<RegistryInfo> {
        self.query(Info {})
    }

    /// Refuses where the session does not hold a privilege on the registry.
    pub(crate) fn hold_on_registry(&self, privilege: Privilege) -> Result<()> {
        self.snapshot(|snapshot| snapshot.hold(privilege, &On::registry()))
    }

    /// Answers any [`Query`] at this view's moment.
    pub fn query<Q: Query>(&self, query: Q) -> Result<Q::Output> {
        self.snapshot(|snapshot| snapshot.answer(query))
    }

    /// Runs `read` on one consistent state.
    pub(crate) fn snapshot<T>(
        &self,
        read: impl FnOnce(&mut Snapshot<'_>) -> Result<T>,
    ) -> Result<T> {
        self.snapshot_by(Sqlite::read, read)
    }

    /// The same for what reads a few rows only; see [`Storage::glance`].
    pub(crate) fn glance<T>(&self, read: impl FnOnce(&mut Snapshot<'_>) -> Result<T>) -> Result<T> {
        self.snapshot_by(Sqlite::glance, read)
    }

    fn snapshot_by<T>(
        &self,
        by: fn(&Sqlite, sql::View<'_>) -> Result<()>,
        read: impl FnOnce(&mut Snapshot<'_>) -> Result<T>,
    ) -> Result<T> {
        let shared = self.shared()?;
        let present = Present::of(&shared);
        let structure = present.and_then(|present| present.structure());
        let mut read = Some(read);
        let mut answer = None;
        by(&shared.storage, &mut |sql| {
            if let Some(read) = read.take() {
                answer = Some(read(&mut Snapshot {
                    present,
                    structure,
                    ..self.snapshot_on(sql, &shared)
                })?);
            }
            Ok(())
        })?;
        answer.ok_or_else(|| Detail::Internal("a read gave no answer".into()).into())
    }

    fn snapshot_on<'a>(&'a self, sql: &'a mut dyn Sql, shared: &'a Shared) -> Snapshot<'a> {
        Snapshot {
            sql,
            moment: self.moment,
            is_told: self.is_told,
            store: &shared.store,
            session: &self.handle.session,
            registry: shared.storage.uuid(),
            names: Names::default(),
            present: None,
            logged: Logged::default(),
            structure: None,
            rights: None,
        }
    }

    pub(crate) fn shared(&self) -> Result<Arc<Shared>> {
        self.handle.shared()
    }

    fn commit_at(&self, moment: Moment) -> Result<CommitNumber> {
        let Head { number: CommitNumber(last), time: newest, .. } =
            self.snapshot(|snapshot| Head::read(snapshot.sql))?;
        match moment {
            Moment::Commit(number) if (0..=last).contains(&number) => Ok(CommitNumber(number)),
            Moment::Commit(number) => Err(Detail::InvalidArgument(format!(
                "there is no commit {number}; expected 0 to {last}"
            ))
            .into()),
            Moment::Time(time) => {
                let time = Timestamp::from(time);
                if time >= Timestamp::now() {
                    return Err(Detail::InvalidArgument(format!(
                        "{time} has not come yet; expected a past moment"
                    ))
                    .into());
                }
                if time > newest {
                    // A writer at work may have taken an earlier time, and this moment is to show
                    // the same whenever it is asked for.
                    self.shared()?.storage.settle()?;
                }
                self.snapshot(|snapshot| log::last_by(snapshot.sql, time))
            }
        }
    }
}

/// Turns "not found" into `None`.
fn present<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
