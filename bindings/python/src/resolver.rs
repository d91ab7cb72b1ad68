//! The hot read: the record that a URI names, from memory, never stale.

use halfback::Registry;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::handle::{Handle, Stamp};

/// Enough for every URI that one process keeps asking for; the core has a cache of its own below.
const CAPACITY: usize = 4096;

/// The base of `halfback.Registry` that answers `resolve`.
///
/// A hit is a look-up by the string's own hash, two atomic loads and the very object that was given
/// before. Everything else is Python's `_resolve`. The records in `known` hold a `Handle` and never
/// a `Resolver`, so no cycle runs through here that the garbage collector would have to see.
#[pyclass(frozen, subclass, weakref, module = "halfback._native")]
#[derive(Debug)]
pub(crate) struct Resolver {
    registry: Registry,
    known: Py<PyDict>,
}

/// A record that was resolved, and what says whether it still holds.
#[pyclass(frozen, module = "halfback._native")]
#[derive(Debug)]
struct Known {
    record: Py<PyAny>,
    stamp: halfback::Stamp,
}

#[pymethods]
impl Resolver {
    #[new]
    fn new(py: Python<'_>, handle: &Bound<'_, Handle>) -> Self {
        Self { registry: handle.get().registry().clone(), known: PyDict::new(py).unbind() }
    }

    /// The version that a reference names now.
    ///
    /// `uri` is text such as `models:/risk.credit.default@champion`, where `models:/` may be left
    /// out, or a `ModelVersion`, which is then read again. As long as nothing has moved the same
    /// object is given, without asking the database; a move by any process shows at once.
    ///
    /// >>> registry.resolve("risk.credit.default@champion").number
    /// 1
    fn resolve<'py>(
        this: &Bound<'py, Self>,
        uri: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let resolver = this.get();
        let known = resolver.known.bind(this.py());
        if !uri.is_exact_instance_of::<PyString>() {
            return Ok(resolve_anew(this, uri)?.0);
        }
        if let Some(found) = known.get_item(uri)?
            && let Ok(found) = found.cast_exact::<Known>()
            && resolver.registry.is_current(&found.get().stamp)
        {
            return Ok(found.get().record.bind(this.py()).clone());
        }
        let (record, stamp) = resolve_anew(this, uri)?;
        if let Some(stamp) = stamp {
            make_room(known)?;
            let found = Known { record: record.clone().unbind(), stamp: stamp.get().0 };
            known.set_item(uri, Bound::new(this.py(), found)?)?;
        }
        Ok(record)
    }

    /// Lets go of the records that `resolve` keeps.
    fn _forget(&self, py: Python<'_>) {
        self.known.bind(py).clear();
    }
}

type Resolved<'py> = (Bound<'py, PyAny>, Option<Bound<'py, Stamp>>);

fn resolve_anew<'py>(
    this: &Bound<'py, Resolver>,
    uri: &Bound<'py, PyAny>,
) -> PyResult<Resolved<'py>> {
    this.call_method1(pyo3::intern!(this.py(), "_resolve"), (uri,))?.extract()
}

/// Drops the oldest record when the cache is full.
fn make_room(known: &Bound<'_, PyDict>) -> PyResult<()> {
    if known.len() >= CAPACITY
        && let Some((oldest, _)) = known.iter().next()
    {
        known.del_item(oldest)?;
    }
    Ok(())
}
