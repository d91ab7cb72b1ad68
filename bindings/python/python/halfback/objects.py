"""Models that are Python objects: saved in the safest format, registered, and read back."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import replace
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from halfback import arguments
from halfback.errors import HalfbackError, InvalidError, NotFoundError
from halfback.examples import array_of, compare, first_rows, plain_example, restore
from halfback.frameworks import executable, framework_of, reader_of, require_trust
from halfback.libraries import belongs
from halfback.signatures import infer_signature, named_inputs, of_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from halfback.arguments import Param
    from halfback.entities import ModelVersion
    from halfback.examples import ExampleCheck
    from halfback.frameworks import Format, Framework

__all__ = ["check_example", "load", "saved"]

_AUTO = "auto"


@contextmanager
def saved(
    model: object,
    *,
    example: Any,
    outputs: Any,
    method: str | None,
    format: str | None,
    store_example: bool,
    given: Mapping[str, Any],
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The file that a model becomes, while it is registered, and what is known of it.

    What is `given` goes before what is found out.
    """
    framework = framework_of(model)
    wanted = arguments.optional(arguments.text, "format", format)
    # An example for a graph of PyTorch may be a tensor; everything else sees the array in it.
    chosen = framework.choose(model, wanted, example)
    if belongs(example, "torch", "Tensor"):
        example = array_of(example)
    facts: dict[str, Any] = {"flavor": framework.flavor, "framework_version": framework.version()}
    facts |= _about_example(framework, model, example, outputs, method, store_example)
    facts |= {key: value for key, value in given.items() if value is not None}
    facts["params"] = _scalars(framework.params(model)) | dict(given.get("params") or {})
    if executable(chosen.name) and wanted is None:
        safest = framework.formats[0]
        there = safest.installed
        why = f"does not fit this `{type(model).__name__}`" if there else "is not installed"
        install = "" if there else f"`pip install {safest.needs}`, or "
        warnings.warn(
            f"`{safest.name}` {why}, so the model is registered as {chosen.name}, which can run "
            f"code when it is loaded: `load` takes `trust=True` for it; {install}say "
            f'`format="{chosen.name}"`',
            UserWarning,
            stacklevel=4,
        )
    with TemporaryDirectory(prefix="halfback-") as folder:
        path = Path(folder) / chosen.file
        _save(framework, model, chosen, path, example)
        yield path, facts


def load(version: ModelVersion, *, trust: bool, into: Any) -> Any:
    """The model that a version holds, read from its verified files."""
    trust = arguments.flag("trust", trust)
    files = [file.path for file in version._reads().get_artifact(version).files]
    framework, format, path = _reader(version, files)
    require_trust(format, version, trust)
    version.verify()
    with _named(version.file_path(path), path) as file:
        return _load(framework, version, format, file, trust=trust, into=into)


def load_files(
    version: ModelVersion,
    files: Mapping[str, Path],
    *,
    executable: bool,
    trust: bool,
    into: Any,
) -> Any:
    """The model in verified files that are somewhere else than in a registry.

    `executable` says what was found in them; the record is the word of whoever made it.
    """
    trust = arguments.flag("trust", trust)
    framework, format, path = _reader(version, files)
    require_trust(format, replace(version, executable=executable), trust)
    return _load(framework, version, format, files[path], trust=trust, into=into)


def _reader(version: ModelVersion, files: Iterable[str]) -> tuple[Framework, Format, str]:
    """What reads the model of a version, and from which file."""
    found = reader_of(version.flavor, files)
    if found is None:
        kind = "of no known format" if version.flavor is None else f"of `{version.flavor}`"
        raise InvalidError(
            f"`{version.uri}` is {kind} and holds no file that halfback can load: `download` it "
            "and load it with its own library",
            "invalid_argument",
        )
    return found


def check_example(
    version: ModelVersion,
    model: Any,
    *,
    method: str | None,
    tolerance: float,
    trust: bool,
    into: Any,
) -> ExampleCheck:
    """Asks a model about the example rows of a version and compares with what was stored."""
    example = version._reads().get_example(version)
    if example.outputs is None:
        raise NotFoundError(
            f"the example of `{version.uri}` has no outputs to compare with; they are stored when "
            "the model is registered with `register`",
            "not_found",
        )
    if model is None:
        model = load(version, trust=trust, into=into)
    inputs = restore(example, version.signature)
    if (
        callable(model)
        and not hasattr(model, "predict")
        and not belongs(model, "torch.nn", "Module")
    ):
        answers = model(inputs)
    else:
        answers = framework_of(model).predict(model, inputs, method)
    return compare(example.outputs, answers, arguments.tolerance("tolerance", tolerance))


def _about_example(
    framework: Framework,
    model: Any,
    example: Any,
    outputs: Any,
    method: str | None,
    store_example: bool,
) -> dict[str, Any]:
    """The signature, and the example rows with what the model answers to them."""
    asked = isinstance(outputs, str) and outputs == _AUTO
    if example is None:
        if outputs is not None and not asked:
            raise InvalidError(
                "`outputs` are answers to an example: give the `example` too", "invalid_argument"
            )
        return {}
    rows = first_rows(example)
    answers = _answers(framework, model, rows, method) if asked else outputs
    signature = of_rows(named_inputs(infer_signature(example, answers), model, example), answers)
    facts: dict[str, Any] = {"signature": signature}
    stored = plain_example(rows, None if answers is None else first_rows(answers))
    names = [spec.get("name") for spec in signature["inputs"]]
    if stored is not None and "columns" not in stored and len(names) > 1 and all(names):
        stored["columns"] = names  # an array, whose columns the estimator knows
    if store_example and stored is not None:
        facts["example"] = stored
    return facts


def _answers(framework: Framework, model: Any, rows: Any, method: str | None) -> Any:
    try:
        return framework.predict(model, rows, method)
    except HalfbackError:
        raise
    except Exception as error:
        raise InvalidError(
            f"this `{type(model).__name__}` failed on the example: {error}; give an example as the "
            "model takes it, or `outputs=None` to register it without asking it",
            "invalid_argument",
        ) from error


def _save(framework: Framework, model: Any, format: Format, path: Path, example: Any) -> None:
    try:
        framework.save(model, format, path, example)
    except HalfbackError:
        raise
    except Exception as error:
        raise InvalidError(
            f"this `{type(model).__name__}` could not be written as `{format.name}`: {error}; "
            "`format` names another format",
            "invalid_argument",
        ) from error


def _load(
    framework: Framework,
    version: ModelVersion,
    format: Format,
    file: Path,
    *,
    trust: bool,
    into: Any,
) -> Any:
    try:
        return framework.load(file, format, trust=trust, into=into)
    except HalfbackError:
        raise
    except Exception as error:
        raise InvalidError(
            f"`{version.uri}` could not be read as `{format.name}`: {error}; it is as it was "
            "registered, so look whether it was whole then, and which version of "
            f"`{framework.flavor}` wrote it",
            "invalid_artifact",
        ) from error


@contextmanager
def _named(stored: Path, name: str) -> Iterator[Path]:
    """A stored file under its own name: libraries go by the ending."""
    with TemporaryDirectory(prefix="halfback-") as folder:
        path = Path(folder) / name
        path.symlink_to(stored)
        yield path


def _scalars(params: Mapping[str, Any]) -> dict[str, Param]:
    """The parameters that a version can hold: text, finite numbers and booleans."""
    scalars: dict[str, Param] = {}
    for name, value in params.items():
        held = value.item() if getattr(value, "shape", None) == () else value
        finite = not isinstance(held, float) or isfinite(held)
        small = not isinstance(held, int) or held.bit_length() < 64
        if isinstance(held, (str, int, float, bool)) and finite and small:
            scalars[str(name)] = held
    return scalars
