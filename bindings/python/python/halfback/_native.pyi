from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Self, TypeVar, final

from typing_extensions import disjoint_base

from halfback.entities import ModelVersion

__all__ = [
    "Handle",
    "Resolver",
    "Stamp",
    "__version__",
    "backup",
    "bundle",
    "bundle_download",
    "bundle_history",
    "bundle_verify",
    "checkpoint",
    "compatible",
    "copy_version",
    "export",
    "export_log",
    "generate_log_key",
    "generate_model_key",
    "import_mlflow",
    "is_executable",
    "log_head",
    "log_key",
    "model_key",
    "open_bundle",
    "restore",
    "run_cli",
    "sign_statement",
    "signing_message",
    "submit",
    "verify_consistency",
    "verify_inclusion",
]

__version__: str

_R = TypeVar("_R")

def backup(
    handle: Handle,
    to: str | PathLike[str],
    verify: bool,
    progress: Callable[[int, int], object] | None,
    record: type[_R],
) -> _R: ...
def restore(
    backup: str | PathLike[str],
    to: str | PathLike[str],
    erasures: str | PathLike[str] | None,
    progress: Callable[[int, int], object] | None,
    record: type[_R],
) -> _R: ...
def copy_version(
    handle: Handle,
    version: bytes,
    as_of: bytes | None,
    target: Handle,
    options: bytes,
    progress: Callable[[int, int], object] | None,
    record: type[_R],
) -> _R: ...
def bundle(
    handle: Handle,
    version: bytes,
    as_of: bytes | None,
    to: str | PathLike[str],
    overwrite: bool,
    progress: Callable[[int, int], object] | None,
) -> Path: ...
def open_bundle(path: str | PathLike[str], record: type[_R]) -> tuple[str, _R]: ...
def bundle_history(
    path: str | PathLike[str], identity: str, page: bytes, record: type[_R]
) -> dict[str, Any]: ...
def bundle_verify(
    path: str | PathLike[str],
    identity: str,
    keys: bytes | None,
    progress: Callable[[int, int], object] | None,
    record: type[_R],
) -> _R: ...
def bundle_download(
    path: str | PathLike[str],
    identity: str,
    to: str | PathLike[str],
    progress: Callable[[int, int], object] | None,
) -> Path: ...
def submit(
    handle: Handle,
    path: str | PathLike[str],
    identity: str | None,
    options: bytes,
    progress: Callable[[int, int], object] | None,
    record: type[_R],
) -> _R: ...
def is_executable(path: str | PathLike[str]) -> bool: ...
def compatible(request: bytes, record: type[_R]) -> _R: ...
def model_key(place: bytes) -> str: ...
def generate_model_key(path: str | PathLike[str]) -> str: ...
def signing_message(statement: str) -> bytes: ...
def sign_statement(request: bytes) -> str: ...
def log_key(request: bytes) -> str: ...
def generate_log_key(path: str | PathLike[str], name: str) -> str: ...
def log_head(handle: Handle) -> str: ...
def checkpoint(handle: Handle, signing: bytes) -> str: ...
def export_log(
    handle: Handle,
    to: str | PathLike[str],
    signing: bytes | None,
    overwrite: bool,
    progress: Callable[[int, int], object] | None,
    record: type[_R],
) -> _R: ...
def verify_inclusion(request: bytes, record: type[_R]) -> _R: ...
def verify_consistency(request: bytes) -> None: ...
def import_mlflow(
    handle: Handle,
    request: bytes,
    fetch: Callable[[Mapping[str, Any], Path], str | PathLike[str]] | None,
    progress: Callable[[int, int], object] | None,
) -> Any: ...
def export(
    handle: Handle,
    commit: int | None,
    to: str | PathLike[str],
    request: bytes,
    progress: Callable[[int, int], object] | None,
) -> Any: ...
def run_cli(arguments: list[str]) -> int: ...

@final
class Stamp: ...

@final
class Handle:
    @staticmethod
    def open(
        path: str | PathLike[str], create: bool, read_only: bool, token: str | None
    ) -> Handle: ...
    @staticmethod
    def reopen(path: str | PathLike[str], read_only: bool, of_token: bool) -> Handle: ...
    def close(self) -> None: ...
    @property
    def closed(self) -> bool: ...
    @property
    def read_only(self) -> bool: ...
    @property
    def of_token(self) -> bool: ...
    @property
    def path(self) -> Path: ...
    def execute(self, request: bytes, records: list[Any]) -> list[Any]: ...
    def query(self, request: bytes, record: type) -> Any: ...
    def create_token(self, request: bytes, record: type[_R]) -> _R: ...
    def moment(self, as_of: bytes) -> int: ...
    def resolve(self, uri: str, record: type[_R]) -> tuple[_R, Stamp | None]: ...
    def put_artifact(
        self,
        model: str,
        content: str | PathLike[str] | bytes,
        name: str | None,
        allow_secrets: bool,
        progress: Callable[[int, int], object] | None,
        record: type[_R],
    ) -> _R: ...
    def hash_artifact(
        self,
        content: str | PathLike[str] | bytes,
        name: str | None,
        progress: Callable[[int, int], object] | None,
        record: type[_R],
    ) -> _R: ...
    def download(
        self,
        version: bytes,
        as_of: bytes | None,
        to: str | PathLike[str],
        progress: Callable[[int, int], object] | None,
    ) -> Path: ...
    def check(
        self, artifacts: bool, progress: Callable[[int, int], object] | None, record: type[_R]
    ) -> _R: ...
    def verify(
        self,
        version: bytes,
        as_of: bytes | None,
        progress: Callable[[int, int], object] | None,
        record: type[_R],
    ) -> _R: ...
    def sweep(self, options: bytes, record: type[_R]) -> _R: ...
    def purge(self, options: bytes, record: type[_R]) -> _R: ...
    def compact(self, record: type[_R]) -> _R: ...
    def file_path(self, version: bytes, as_of: bytes | None, file: str | None) -> Path: ...

@disjoint_base
class Resolver:
    def __new__(cls, handle: Handle) -> Self: ...
    def resolve(self, uri: str | ModelVersion) -> ModelVersion: ...
    def _forget(self) -> None: ...
