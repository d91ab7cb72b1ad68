//! An open registry: requests come as bytes and answers go as records, and no call holds the
//! interpreter lock while the core works.

use std::path::PathBuf;

use halfback::{Content, Options, PutArtifact, Registry, wire};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::errors::{self, detached};
use crate::object::object;
use crate::transfer::{beside, transferring};

/// An open registry; `halfback.Registry` and `halfback.View` are what people use.
#[pyclass(frozen, weakref, module = "halfback._native")]
#[derive(Debug)]
pub(crate) struct Handle {
    registry: Registry,
    read_only: bool,
}

/// What a resolved record rests on; `Resolver` asks whether it still holds.
#[pyclass(frozen, module = "halfback._native")]
#[derive(Debug)]
pub(crate) struct Stamp(pub(crate) halfback::Stamp);

impl Handle {
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }
}

#[pymethods]
impl Handle {
    /// Opens the registry in the directory `path`, for the session of a token where there is one.
    #[staticmethod]
    #[expect(clippy::needless_pass_by_value, reason = "a path from Python is extracted as owned")]
    fn open(
        py: Python<'_>,
        path: PathBuf,
        create: bool,
        read_only: bool,
        token: Option<&str>,
    ) -> PyResult<Self> {
        let options = Options { create, read_only };
        let registry = detached(py, || match token {
            Some(token) => Registry::open_with_token(&path, options, token),
            None => Registry::open_with(&path, options),
        })?;
        Ok(Self { registry, read_only })
    }

    /// Opens what was pickled. A token is never in a pickle: where one proved the session, the
    /// environment has to give one, and the session is not silently somebody else's.
    #[staticmethod]
    fn reopen(py: Python<'_>, path: PathBuf, read_only: bool, of_token: bool) -> PyResult<Self> {
        let handle = Self::open(py, path, false, read_only, None)?;
        if of_token && !handle.of_token() {
            return Err(errors::unproved(py));
        }
        Ok(handle)
    }

    /// Closes the registry; a second close is an error.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        detached(py, || self.registry.close())
    }

    /// Whether the registry was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.registry.is_closed()
    }

    /// Whether it was opened for reading only.
    #[getter]
    fn read_only(&self) -> bool {
        self.read_only
    }

    /// Whether a token proves the session.
    #[getter]
    fn of_token(&self) -> bool {
        self.registry.is_of_token()
    }

    /// The directory of the registry.
    #[getter]
    fn path(&self) -> PathBuf {
        self.registry.path().to_path_buf()
    }

    /// Executes commands as one atomic transaction and gives the list of their outputs.
    /// `records` has the class of each output.
    fn execute<'py>(
        &self,
        py: Python<'py>,
        request: &[u8],
        records: &Bound<'py, PyList>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let outputs = detached(py, || wire::execute(&self.registry, request))?;
        outputs.iter().zip(records).map(|(output, record)| object(output, &record)).collect()
    }

    /// Answers a query.
    fn query<'py>(
        &self,
        py: Python<'py>,
        request: &[u8],
        record: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        object(&detached(py, || wire::query(&self.registry, request))?, record)
    }

    /// Makes a token for a principal.
    fn create_token<'py>(
        &self,
        py: Python<'py>,
        request: &[u8],
        record: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        object(&detached(py, || wire::create_token(&self.registry, request))?, record)
    }

    /// The number of the commit that was the newest at a moment.
    fn moment(&self, py: Python<'_>, as_of: &[u8]) -> PyResult<u64> {
        detached(py, || wire::moment(&self.registry, as_of))
    }

    /// The version that `uri` names now, and what this answer rests on: nothing that could be kept
    /// while the version is changing.
    fn resolve<'py>(
        &self,
        py: Python<'py>,
        uri: &str,
        record: &Bound<'py, PyAny>,
    ) -> PyResult<(Bound<'py, PyAny>, Option<Stamp>)> {
        let (version, stamp) = detached(py, || wire::resolve(&self.registry, uri))?;
        Ok((object(&*version, record)?, stamp.map(Stamp)))
    }

    /// Stores a file, a folder, or with `name` bytes, in the catalog of `model`.
    #[expect(clippy::too_many_arguments, reason = "what is stored, where to, and how")]
    fn put_artifact<'py>(
        &self,
        py: Python<'py>,
        model: String,
        content: &Bound<'py, PyAny>,
        name: Option<String>,
        allow_secrets: bool,
        progress: Option<Py<PyAny>>,
        record: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let content = content_of(content, name)?;
        let put = PutArtifact { model, allow_secrets };
        let artifact =
            transferring(py, progress, |p| self.registry.put_artifact(put, &content, p))?;
        object(&artifact, record)
    }

    /// Hashes a file, a folder, or with `name` bytes, and stores nothing.
    fn hash_artifact<'py>(
        &self,
        py: Python<'py>,
        content: &Bound<'py, PyAny>,
        name: Option<String>,
        progress: Option<Py<PyAny>>,
        record: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let content = content_of(content, name)?;
        let artifact = transferring(py, progress, |p| self.registry.hash_artifact(&content, p))?;
        object(&artifact, record)
    }

    /// Copies the files of a version to `to`, verified, and gives where they are.
    #[expect(clippy::needless_pass_by_value, reason = "a path from Python is extracted as owned")]
    fn download(
        &self,
        py: Python<'_>,
        version: &[u8],
        as_of: Option<&[u8]>,
        to: PathBuf,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<PathBuf> {
        transferring(py, progress, |p| wire::download(&self.registry, version, as_of, &to, p))
    }

    /// Reads every stored byte of a version again and gives its artifact.
    fn verify<'py>(
        &self,
        py: Python<'py>,
        version: &[u8],
        as_of: Option<&[u8]>,
        progress: Option<Py<PyAny>>,
        record: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let artifact =
            transferring(py, progress, |p| wire::verify(&self.registry, version, as_of, p))?;
        object(&artifact, record)
    }

    /// Examines the whole registry and gives the report.
    fn check<'py>(
        &self,
        py: Python<'py>,
        artifacts: bool,
        progress: Option<Py<PyAny>>,
        record: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let registry = self.registry.clone();
        let report = beside(py, progress, move |p| wire::check(&registry, artifacts, p))?;
        object(&report, record)
    }

    /// Removes files that nothing needs.
    fn sweep<'py>(
        &self,
        py: Python<'py>,
        options: &[u8],
        record: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        object(&detached(py, || wire::sweep(&self.registry, options))?, record)
    }

    /// Lets go of the content of versions that were deleted long ago.
    fn purge<'py>(
        &self,
        py: Python<'py>,
        options: &[u8],
        record: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        object(&detached(py, || wire::purge(&self.registry, options))?, record)
    }

    /// Gives the free space of the database back.
    fn compact<'py>(
        &self,
        py: Python<'py>,
        record: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        object(&detached(py, || wire::compact(&self.registry))?, record)
    }

    /// The stored file of a version, in place.
    fn file_path(
        &self,
        py: Python<'_>,
        version: &[u8],
        as_of: Option<&[u8]>,
        file: Option<&str>,
    ) -> PyResult<PathBuf> {
        detached(py, || wire::file_path(&self.registry, version, as_of, file))
    }
}

/// Whether callers of one signature can call another, and why not.
#[pyfunction]
pub(crate) fn compatible<'py>(
    py: Python<'py>,
    request: &[u8],
    record: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    object(&detached(py, || wire::compatible(request))?, record)
}

/// Bytes when they have a name, else the path of a file or folder.
fn content_of(content: &Bound<'_, PyAny>, name: Option<String>) -> PyResult<Content> {
    Ok(match name {
        Some(name) => Content::Bytes { name, bytes: content.extract()? },
        None => Content::Path(content.extract()?),
    })
}
