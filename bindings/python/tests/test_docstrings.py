"""Every example in a docstring does what it says, and every public method has one."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from datetime import timedelta
from typing import TYPE_CHECKING

import halfback
import halfback.metrics
import pytest
from halfback import entities, pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GENERATED = ("halfback.commands", "halfback.records")


def documented() -> Iterator[tuple[str, object]]:
    """Everything of the package that can have a docstring with an example."""
    metrics = pkgutil.iter_modules(halfback.metrics.__path__, "halfback.metrics.")
    for found in (*pkgutil.iter_modules(halfback.__path__, "halfback."), *metrics):
        module = importlib.import_module(found.name)
        if found.name in GENERATED:
            continue
        yield found.name, module
        for name, member in vars(module).items():
            if getattr(member, "__module__", None) not in (found.name, "halfback"):
                continue
            yield f"{found.name}.{name}", member
            if inspect.isclass(member):
                for method, value in vars(member).items():
                    yield f"{found.name}.{name}.{method}", value
    yield "halfback", halfback
    yield "halfback.open", halfback.open


def examples() -> list[doctest.DocTest]:
    parser = doctest.DocTestParser()
    docs = {
        (name, doc): parser.get_doctest(doc, {}, name, None, None)
        for name, value in documented()
        if isinstance(doc := getattr(value, "__doc__", None), str)
    }
    return [test for test in docs.values() if test.examples]


@pytest.mark.parametrize("example", examples(), ids=lambda test: test.name)
def test_example(
    example: doctest.DocTest,
    registry: halfback.Registry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "model.joblib").write_bytes(b"a trained model")
    monkeypatch.chdir(tmp_path)
    example.globs = {
        "halfback": halfback,
        "registry": registry,
        "folder": tmp_path,
        "timedelta": timedelta,
    }
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
    assert result.failed == 0, "".join(said)


@pytest.mark.parametrize(
    "cls", [halfback.Registry, halfback.View, entities.ModelVersion, pages.Pages]
)
def test_every_public_method_has_an_example(cls: type) -> None:
    methods = {
        name: value
        for name, value in inspect.getmembers(cls)
        if not name.startswith("_") and callable(value)
    }
    assert methods
    without = [name for name, value in methods.items() if ">>>" not in (value.__doc__ or "")]
    assert without == []
