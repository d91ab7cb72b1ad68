"""The libraries whose models can be registered as objects, each in a room of its own.

A framework says which objects are its own, writes them in its formats, the safest first, and reads
them back. It imports its library only for an object that came from it, or when one is loaded.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from halfback.errors import InvalidError, PermissionDeniedError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from halfback.entities import ModelVersion

__all__ = ["Format", "Framework", "executable", "framework_of", "reader_of"]

# Rooms, asked in this order: a model of Keras can be a module of PyTorch too, and LightGBM and
# XGBoost have estimators of scikit-learn.
_ROOMS = {
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "onnx": "onnx",
    "keras": "keras",
    "pytorch": "torch",
    "sklearn": "sklearn",
}

# A program of `torch.export` is no pickle at first sight: its loader falls back to unpickling, and
# evaluates the expressions of shapes as Python.
_EXECUTABLE = frozenset(["joblib", "pickle", "torch.export", "torch.save"])


def executable(format: str) -> bool:
    """Whether loading a format runs code that came with the file, as loading any pickle does.

    >>> from halfback.frameworks import executable
    >>> executable("joblib"), executable("onnx")
    (True, False)
    """
    return format in _EXECUTABLE


@dataclass(frozen=True)
class Format:
    """One way to write a model down."""

    name: str
    """What it is called, such as `skops`."""

    file: str
    """The file that a model becomes; its ending tells the format when it is read."""

    needs: str
    """The module that writes and reads it."""

    endings: tuple[str, ...] = ()
    """Other endings that files of this format have."""

    @property
    def installed(self) -> bool:
        """Whether the module that writes it is there."""
        return find_spec(self.needs) is not None

    def fits(self, path: str) -> bool:
        """Whether a file has an ending of this format."""
        return PurePosixPath(path).suffix in (PurePosixPath(self.file).suffix, *self.endings)


class Framework(ABC):
    """A library for models."""

    flavor: ClassVar[str]
    """What the registry calls it."""

    formats: ClassVar[tuple[Format, ...]]
    """What it writes, the safest format first."""

    @abstractmethod
    def owns(self, model: object) -> bool:
        """Whether the object is a model of this library; it imports nothing."""

    @abstractmethod
    def version(self) -> str:
        """The version of the library."""

    @abstractmethod
    def save(self, model: Any, format: Format, path: Path, example: Any) -> None:
        """Writes a model to a file."""

    @abstractmethod
    def load(self, path: Path, format: Format, *, trust: bool, into: Any) -> Any:
        """Reads a model back."""

    def suits(self, model: Any, format: Format, example: Any) -> bool:
        """Whether this very model can be written in a format of the library."""
        return format.installed

    def params(self, model: Any) -> dict[str, Any]:
        """What the model was made with."""
        return {}

    def predict(self, model: Any, inputs: Any, method: str | None) -> Any:
        """What the model answers to inputs, `method` being the name of one of its methods."""
        name = "predict" if method is None else method
        asked = getattr(model, name, None)
        if not callable(asked):
            raise InvalidError(
                f"a `{type(model).__name__}` has no `{name}`: name one of its methods, or give "
                "`outputs=None` to register it without outputs",
                "invalid_argument",
            )
        return asked(inputs)

    def choose(self, model: Any, wanted: str | None, example: Any) -> Format:
        """The format that was asked for, or the safest that fits."""
        for format in self.formats:
            if wanted == format.name or (wanted is None and self.suits(model, format, example)):
                return format
        names = ", ".join(f"`{format.name}`" for format in self.formats)
        if wanted is not None:
            raise InvalidError(
                f"`format` is `{wanted}`; a model of `{self.flavor}` is written as {names}",
                "invalid_argument",
            )
        raise InvalidError(
            f"no format of `{self.flavor}` ({names}) fits this `{type(model).__name__}`: "
            "save it yourself and register the file with `register_version`",
            "invalid_argument",
        )


def framework_of(model: object) -> Framework:
    """The framework that an object belongs to."""
    for flavor in _ROOMS:
        framework = _framework(flavor)
        if framework.owns(model):
            return framework
    known = ", ".join(f"`{flavor}`" for flavor in _ROOMS)
    raise InvalidError(
        f"a `{type(model).__name__}` is no model of {known}: save it to a file and register that "
        "with `register_version`",
        "invalid_argument",
    )


def reader_of(flavor: str | None, files: Iterable[str]) -> tuple[Framework, Format, str] | None:
    """What reads a version back: the framework, the format and the file that is the model."""
    paths = [path for path in files if "/" not in path]
    flavors = [flavor] if flavor in _ROOMS else []
    if flavor in (None, "pickle", "safetensors"):
        flavors = list(_ROOMS)
    for known in flavors:
        framework = _framework(known)
        for format in framework.formats:
            for path in paths:
                if format.fits(path):
                    return framework, format, path
    return None


def require_trust(format: Format, version: ModelVersion, trust: bool) -> None:
    """Refuses what runs code when it is loaded, unless the caller trusts where it came from.

    What the content was recognised as counts beside its name: an ending can say anything.
    """
    if (version.executable or executable(format.name)) and not trust:
        raise PermissionDeniedError(
            f"`{version.uri}` is a {format.name} file, and loading one can run whatever code is in "
            "it: pass `trust=True` if you know who made it, or register it in a format that holds "
            "no code",
            "permission_denied",
        )


def _framework(flavor: str) -> Framework:
    module = import_module(f"{__name__}.{_ROOMS[flavor]}")
    framework: Framework = module.FRAMEWORK
    return framework
