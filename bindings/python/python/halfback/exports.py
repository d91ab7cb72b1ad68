"""What an export tells of itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ExportReport"]


class ExportReport:
    """What `Registry.export` copied, and what the layout has no place for."""

    path: Path
    """Where it is."""
    models: int
    """How many models."""
    versions: int
    """How many versions."""
    files: int
    """How many files of versions."""
    bytes: int
    """Their size in bytes."""
    findings: tuple[Mapping[str, str], ...]
    """What the layout has no place for: `subject` and `message`."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        report = told["report"]
        self._report, self._text = dict(report), str(told["text"])
        self.path = Path(report["path"])
        self.models, self.versions = report["models"], report["versions"]
        self.files, self.bytes = report["files"], report["bytes"]
        self.findings = tuple(report["findings"])

    def to_dict(self) -> dict[str, Any]:
        """The whole report as plain values, for programs."""
        return dict(self._report)

    def __repr__(self) -> str:
        return self._text.rstrip()
