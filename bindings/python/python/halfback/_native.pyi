from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Self, final

from typing_extensions import disjoint_base

from halfback.entities import ModelVersion

__all__ = [
    "Handle",
    "Resolver",
    "Stamp",
    "__version__",
    "compatible",
    "export",
    "import_mlflow",
    "run_cli",
]

__version__: str

def compatible(request: bytes) -> bytes: ...
def import_mlflow(
    handle: Handle,
    request: bytes,
    fetch: Callable[[bytes, Path], str | PathLike[str]] | None,
    progress: Callable[[int, int], object] | None,
) -> bytes: ...
def export(
    handle: Handle,
    commit: int | None,
    to: str | PathLike[str],
    request: bytes,
    progress: Callable[[int, int], object] | None,
) -> bytes: ...
def run_cli(arguments: list[str]) -> int: ...

@final
class Stamp: ...

@final
class Handle:
    @staticmethod
    def open(path: str | PathLike[str], create: bool, read_only: bool) -> Handle: ...
    def close(self) -> None: ...
    @property
    def closed(self) -> bool: ...
    @property
    def read_only(self) -> bool: ...
    @property
    def path(self) -> Path: ...
    def execute(self, request: bytes) -> bytes: ...
    def query(self, request: bytes) -> bytes: ...
    def moment(self, as_of: bytes) -> int: ...
    def resolve(self, uri: str) -> tuple[bytes, Stamp | None]: ...
    def put_artifact(
        self,
        model: str,
        content: str | PathLike[str] | bytes,
        name: str | None,
        progress: Callable[[int, int], object] | None,
    ) -> bytes: ...
    def hash_artifact(
        self,
        content: str | PathLike[str] | bytes,
        name: str | None,
        progress: Callable[[int, int], object] | None,
    ) -> bytes: ...
    def download(
        self,
        version: bytes,
        as_of: bytes | None,
        to: str | PathLike[str],
        progress: Callable[[int, int], object] | None,
    ) -> Path: ...
    def verify(
        self,
        version: bytes,
        as_of: bytes | None,
        progress: Callable[[int, int], object] | None,
    ) -> bytes: ...
    def sweep(self, options: bytes) -> bytes: ...
    def purge(self, options: bytes) -> bytes: ...
    def compact(self) -> bytes: ...
    def file_path(self, version: bytes, as_of: bytes | None, file: str | None) -> Path: ...

@disjoint_base
class Resolver:
    def __new__(cls, handle: Handle) -> Self: ...
    def resolve(self, uri: str | ModelVersion) -> ModelVersion: ...
    def _forget(self) -> None: ...
