"""`import halfback` is light: rooms load when somebody enters them."""

from __future__ import annotations

import subprocess
import sys

import halfback
import pytest

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
