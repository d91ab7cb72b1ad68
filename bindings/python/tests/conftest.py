"""Registries for tests to work on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import halfback
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODEL = "risk.credit.default"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how many of the scenarios ran that all languages share."""
    from test_scenarios import RAN

    terminalreporter.write_line(f"{len(RAN)} scenarios ran")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[halfback.Registry]:
    """A registry with one model, two versions, and `champion` on the first."""
    with halfback.open(tmp_path / "models.hb", create=True) as registry:
        registry.create_model(MODEL, parents=True)
        registry.register_version(MODEL, b"weights")
        registry.register_version(MODEL, b"more weights")
        registry.set_alias(MODEL, "champion", 1)
        yield registry


@pytest.fixture
def big_file(tmp_path: Path) -> Path:
    """A file that takes long enough to copy and to hash that something can happen meanwhile."""
    path = tmp_path / "big.bin"
    with path.open("wb") as file:
        file.truncate(2 << 30)  # a hole: it costs no disk, and reading it still takes its time
    return path
