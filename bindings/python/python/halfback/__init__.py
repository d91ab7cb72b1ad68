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
    from halfback import metrics as metrics
    from halfback import records as records
    from halfback._native import __version__ as __version__
    from halfback.arguments import PathArgument, Progress
    from halfback.bundles import Bundle as Bundle
    from halfback.bundles import open_bundle as open_bundle
    from halfback.entities import Artifact as Artifact
    from halfback.entities import Backup as Backup
    from halfback.entities import Catalog as Catalog
    from halfback.entities import CheckReport as CheckReport
    from halfback.entities import Commit as Commit
    from halfback.entities import Comparison as Comparison
    from halfback.entities import Evaluation as Evaluation
    from halfback.entities import Explanation as Explanation
    from halfback.entities import GrantRecord as GrantRecord
    from halfback.entities import Model as Model
    from halfback.entities import ModelVersion as ModelVersion
    from halfback.entities import NewToken as NewToken
    from halfback.entities import Restored as Restored
    from halfback.entities import Schema as Schema
    from halfback.entities import VersionSignature as VersionSignature
    from halfback.pages import Page as Page
    from halfback.pages import Pages as Pages
    from halfback.proofs import SigningKey as SigningKey
    from halfback.proofs import generate_log_key as generate_log_key
    from halfback.proofs import verify_consistency as verify_consistency
    from halfback.proofs import verify_inclusion as verify_inclusion
    from halfback.records import BundleVerification as BundleVerification
    from halfback.records import ConsistencyProof as ConsistencyProof
    from halfback.records import Held as Held
    from halfback.records import Holder as Holder
    from halfback.records import InclusionProof as InclusionProof
    from halfback.records import LogExport as LogExport
    from halfback.records import LogVerification as LogVerification
    from halfback.records import Principal as Principal
    from halfback.records import RegistryInfo as RegistryInfo
    from halfback.records import Role as Role
    from halfback.records import SigningKeys as SigningKeys
    from halfback.records import TokenRecord as TokenRecord
    from halfback.registry import Registry as Registry
    from halfback.signatures import compatible as compatible
    from halfback.signatures import infer_signature as infer_signature
    from halfback.signing import ModelKey as ModelKey
    from halfback.signing import generate_model_key as generate_model_key
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
    "Backup": "entities",
    "Bundle": "bundles",
    "BundleVerification": "records",
    "Catalog": "entities",
    "CheckReport": "entities",
    "Commit": "entities",
    "Comparison": "entities",
    "ConsistencyProof": "records",
    "Evaluation": "entities",
    "Explanation": "entities",
    "GrantRecord": "entities",
    "Held": "records",
    "Holder": "records",
    "InclusionProof": "records",
    "LogExport": "records",
    "LogVerification": "records",
    "Model": "entities",
    "ModelKey": "signing",
    "ModelVersion": "entities",
    "NewToken": "entities",
    "Page": "pages",
    "Pages": "pages",
    "Principal": "records",
    "Registry": "registry",
    "RegistryInfo": "records",
    "Restored": "entities",
    "Role": "records",
    "Schema": "entities",
    "SigningKey": "proofs",
    "SigningKeys": "records",
    "TokenRecord": "records",
    "VersionSignature": "entities",
    "View": "view",
    "__version__": "_native",
    "commands": "",
    "compatible": "signatures",
    "generate_log_key": "proofs",
    "generate_model_key": "signing",
    "infer_signature": "signatures",
    "metrics": "",
    "open_bundle": "bundles",
    "records": "",
    "verify_consistency": "proofs",
    "verify_inclusion": "proofs",
}

__all__ = [
    "ANY",
    "AnyValue",
    "Artifact",
    "Backup",
    "Bundle",
    "BundleVerification",
    "Catalog",
    "CheckReport",
    "ClosedError",
    "Commit",
    "Comparison",
    "ConflictError",
    "ConsistencyProof",
    "Evaluation",
    "Explanation",
    "GrantRecord",
    "HalfbackError",
    "Held",
    "Holder",
    "InclusionProof",
    "IntegrityError",
    "InternalError",
    "InvalidError",
    "InvalidTypeError",
    "LogExport",
    "LogVerification",
    "MissingLibraryError",
    "Model",
    "ModelKey",
    "ModelVersion",
    "NewToken",
    "NotFoundError",
    "Page",
    "Pages",
    "PermissionDeniedError",
    "Principal",
    "Registry",
    "RegistryInfo",
    "Restored",
    "Role",
    "Schema",
    "SigningKey",
    "SigningKeys",
    "TokenRecord",
    "UnavailableError",
    "VersionSignature",
    "View",
    "__version__",
    "commands",
    "compatible",
    "generate_log_key",
    "generate_model_key",
    "infer_signature",
    "metrics",
    "open",
    "open_bundle",
    "records",
    "restore",
]


def open(
    path: PathArgument,
    *,
    create: bool = False,
    read_only: bool = False,
    token: str | None = None,
) -> Registry:
    """Opens the registry in the directory `path`.

    With `create` a registry is made where there is none. With `read_only` every command is refused,
    and the right to read is enough; no file is left in the directory, unless a writer is at work
    there or was killed. Use it in a `with` block, or close it.

    The session is that of `token`; without one that of the token in `HALFBACK_TOKEN`, or in the
    file that `HALFBACK_TOKEN_FILE` names; else that of the operating system's user.

    >>> with halfback.open(folder / "fraud.hb", create=True) as registry:
    ...     [catalog.name for catalog in registry.list_catalogs()]
    ['main']
    >>> halfback.open(folder / "nowhere.hb")
    Traceback (most recent call last):
    halfback.NotFoundError: ...
    """
    from halfback.registry import Registry

    return Registry._open(path, create, read_only, token)


def restore(
    backup: PathArgument,
    to: PathArgument,
    *,
    erasures: PathArgument | None = None,
    progress: Progress | None = None,
) -> Restored:
    """Makes a registry of a backup in the folder `to`, which must be absent or empty.

    Everything is examined before the registry has its name: the database, the log, every row, and
    every file against its digest. A backup that is damaged is refused, and the error names what is.
    The registry has the identity of the one that was backed up: where that one still exists, only
    one of the two may go on.

    What was erased after the backup is erased again where `erasures` says it: the folder of the
    registry that was backed up, or of a later backup; or a file with the `entry` of everything that
    `list_erasures` gives, one in a line. Without, `erased` of the answer is None.

    >>> backup = registry.backup(folder / "backup")
    >>> halfback.restore(folder / "backup", folder / "again.hb").root == backup.root
    True
    >>> registry.erase("texts", "risk.credit.default", "a telephone number").wiped
    True
    >>> halfback.restore(
    ...     folder / "backup", folder / "third.hb", erasures=registry.path
    ... ).erased.refused
    []
    """
    from halfback import _native, arguments
    from halfback.entities import Restored
    from halfback.progress import telling

    source, target = arguments.path("backup", backup), arguments.path("to", to)
    known = None if erasures is None else arguments.path("erasures", erasures)
    with telling("restoring", progress) as told:
        return _native.restore(source, target, known, told, Restored)


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
