"""Halfback: an embeddable model registry with its whole history, shared by Python, Java and Rust.

A trained model goes in with its files and everything that makes it safe to run; an application, in
this or another language, resolves it by an alias and sees every move of the alias at once.

>>> with halfback.open(folder / "new.hb", create=True) as registry:
...     model = registry.create_model("risk.credit.default", parents=True, exist_ok=True)
...     version = registry.register_version("risk.credit.default", "model.joblib")
...     champion = registry.set_alias("risk.credit.default", "champion", version.number)
...     registry.resolve("models:/risk.credit.default@champion").number
1
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` takes longer to load than this module
if TYPE_CHECKING:
    from halfback import commands as commands
    from halfback import records as records
    from halfback._native import __version__ as __version__
    from halfback.arguments import PathArgument
    from halfback.entities import Artifact as Artifact
    from halfback.entities import Catalog as Catalog
    from halfback.entities import CheckReport as CheckReport
    from halfback.entities import Commit as Commit
    from halfback.entities import Model as Model
    from halfback.entities import ModelVersion as ModelVersion
    from halfback.entities import Schema as Schema
    from halfback.pages import Page as Page
    from halfback.pages import Pages as Pages
    from halfback.records import LogVerification as LogVerification
    from halfback.records import Principal as Principal
    from halfback.records import RegistryInfo as RegistryInfo
    from halfback.registry import Registry as Registry
    from halfback.signatures import compatible as compatible
    from halfback.signatures import infer_signature as infer_signature
    from halfback.view import View as View

from halfback.errors import (
    ClosedError,
    ConflictError,
    HalfbackError,
    IntegrityError,
    InternalError,
    InvalidError,
    InvalidTypeError,
    MissingLibraryError,
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
)
from halfback.sentinels import ANY, AnyValue

# Rooms are loaded when somebody asks for what is in them.
_ROOMS = {
    "Artifact": "entities",
    "Catalog": "entities",
    "CheckReport": "entities",
    "Commit": "entities",
    "LogVerification": "records",
    "Model": "entities",
    "ModelVersion": "entities",
    "Page": "pages",
    "Pages": "pages",
    "Principal": "records",
    "Registry": "registry",
    "RegistryInfo": "records",
    "Schema": "entities",
    "View": "view",
    "__version__": "_native",
    "commands": "",
    "compatible": "signatures",
    "infer_signature": "signatures",
    "records": "",
}

__all__ = [
    "ANY",
    "AnyValue",
    "Artifact",
    "Catalog",
    "CheckReport",
    "ClosedError",
    "Commit",
    "ConflictError",
    "HalfbackError",
    "IntegrityError",
    "InternalError",
    "InvalidError",
    "InvalidTypeError",
    "LogVerification",
    "MissingLibraryError",
    "Model",
    "ModelVersion",
    "NotFoundError",
    "Page",
    "Pages",
    "PermissionDeniedError",
    "Principal",
    "Registry",
    "RegistryInfo",
    "Schema",
    "UnavailableError",
    "View",
    "__version__",
    "commands",
    "compatible",
    "infer_signature",
    "open",
    "records",
]


def open(path: PathArgument, *, create: bool = False, read_only: bool = False) -> Registry:
    """Opens the registry in the directory `path`.

    With `create` a registry is made where there is none. With `read_only` every command is refused,
    and the right to read is enough; no file is left in the directory, unless a writer is at work
    there or was killed. Use it in a `with` block, or close it.

    >>> with halfback.open(folder / "fraud.hb", create=True) as registry:
    ...     [catalog.name for catalog in registry.list_catalogs()]
    ['main']
    >>> halfback.open(folder / "nowhere.hb")
    Traceback (most recent call last):
    halfback.NotFoundError: ...
    """
    from halfback.registry import Registry

    return Registry._open(path, create, read_only)


def __getattr__(name: str) -> object:
    room = _ROOMS.get(name)
    if room is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"{__name__}.{room or name}")
    found = getattr(module, name) if room else module
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
