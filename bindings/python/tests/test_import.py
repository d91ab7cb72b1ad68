"""`import halfback` is light: rooms load when somebody enters them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import halfback
import pytest

if TYPE_CHECKING:
    from pathlib import Path

LIGHT = """
import sys, time
start = time.process_time()
import halfback
took = time.process_time() - start
heavy = {"dataclasses", "inspect", "json", "typing", "halfback._native", "halfback.records"}
print(sorted(heavy & set(sys.modules) - before), took)
"""


def test_it_loads_little_and_fast() -> None:
    script = "import sys; before = set(sys.modules)\n" + LIGHT
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout
    loaded, took = said.rsplit(" ", 1)
    assert loaded == "[]"
    assert float(took) < 0.06


WORK = """
import sys
before = set(sys.modules)
import halfback
with halfback.open(sys.argv[1], create=True) as registry:
    registry.create_model("fraud")
    version = registry.register_version("fraud", b"weights")
    registry.set_alias("fraud", "champion", 1)
    registry.resolve("fraud@champion").verify()
    [model.name for model in registry.list_models()]
loaded = set(sys.modules) - before
ours = {name for name in loaded if name.startswith("halfback.")}
print(sorted({name.partition(".")[0] for name in loaded} - sys.stdlib_module_names - {"halfback"}))
print(sorted(ours))
"""
ROOMS = [
    "examples",
    "frames",
    "frameworks",
    "libraries",
    "notebook",
    "objects",
    "own_metrics",
    "signatures",
]


def test_daily_work_loads_no_other_library_and_no_room_that_it_does_not_use(
    tmp_path: Path,
) -> None:
    said = subprocess.run(
        [sys.executable, "-c", WORK, str(tmp_path / "new.hb")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    others, ours = said.splitlines()
    assert others == "[]"
    assert "halfback.reads" in ours
    assert [room for room in ROOMS if f"'halfback.{room}'" in ours] == []


@pytest.mark.parametrize("name", halfback.__all__)
def test_everything_it_promises_is_there(name: str) -> None:
    assert getattr(halfback, name) is not None
    assert name in dir(halfback)


def test_what_it_does_not_have_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Regsitry'"):
        halfback.Regsitry  # noqa: B018


def test_the_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    assert halfback.__version__ == version("halfback")
