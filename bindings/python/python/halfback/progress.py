"""A bar for transfers that take long: one line on a terminal, a small table in a notebook.

It appears only where somebody looks: standard error is a terminal, or a Jupyter kernel runs the
program. Nothing is ever written to a pipe or a file.
"""

from __future__ import annotations

import shutil
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from halfback import arguments
from halfback.entities import _size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from halfback.arguments import Progress

__all__ = ["Bar", "telling"]

_PATIENCE = 0.5  # seconds until a transfer counts as long
_EVERY = 0.1  # seconds between two pictures


class Surface(Protocol):
    """Where a bar can be seen."""

    def show(self, picture: Picture) -> None:
        """Shows the state of the transfer in place of the one before."""

    def end(self) -> None:
        """Leaves the place as a person expects it."""


class Picture:
    """The state of a transfer, in words."""

    def __init__(self, doing: str, done: int, total: int, seconds: float) -> None:
        self.doing = doing
        self.part = min(done / total, 1.0) if total else 1.0
        rate = done / seconds if seconds > 0 else 0.0
        left = (total - done) / rate if rate else None
        self.amount = f"{_size(done)} of {_size(total)}"
        self.rate = f"{_size(int(rate))}/s"
        if done >= total:
            self.time = f"in {duration(seconds)}"
        else:
            self.time = "" if left is None else f"{duration(left)} left"


class Bar:
    """Called with the bytes done and the total; shows a bar once the transfer has taken long."""

    def __init__(
        self, doing: str, surface: Surface, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._doing = doing
        self._surface = surface
        self._clock = clock
        self._start = clock()
        self._next = self._start + _PATIENCE
        self._shown = False

    def __call__(self, done: int, total: int) -> None:
        """Takes note of how far the transfer is."""
        now = self._clock()
        last = done >= total and self._shown
        if now < self._next and not last:
            return
        self._next = now + _EVERY
        self._shown = True
        self._surface.show(Picture(self._doing, done, total, now - self._start))

    def end(self) -> None:
        """Ends the line, if there is one."""
        if self._shown:
            self._surface.end()


class Terminal:
    """One line of a terminal, written over and over."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._marks = ("█", "░") if _can_write(stream, "█░") else ("#", ".")

    def show(self, picture: Picture) -> None:
        """Writes the line; what doesn't fit is left out, the bar first."""
        width = shutil.get_terminal_size().columns - 1
        said = f" {picture.part:4.0%}  {picture.amount}  {picture.rate}  {picture.time}".rstrip()
        room = min(width - len(picture.doing) - len(said) - 1, 30)
        full, empty = self._marks
        filled = int(picture.part * room)
        bar = " " + full * filled + empty * (room - filled) if room >= 5 else ""
        self._write(f"\r{(picture.doing + bar + said)[:width]}\x1b[K")

    def end(self) -> None:
        self._write("\n")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            pass  # the terminal is gone, and the transfer has no need of it


class Notebook:
    """The output of a notebook's cell, replaced as the transfer goes on."""

    def __init__(self, display: Any) -> None:
        self._display = display
        self._handle: Any = None

    def show(self, picture: Picture) -> None:
        """Displays the bar, or replaces the one that is there."""
        from halfback.notebook import progress_html

        shown = self._display.HTML(progress_html(picture))
        if self._handle is None:
            self._handle = self._display.display(shown, display_id=True)
        else:
            self._handle.update(shown)

    def end(self) -> None:
        """The last picture stays."""


@contextmanager
def telling(doing: str, progress: Progress | None) -> Iterator[Callable[[int, int], object] | None]:
    """What a transfer tells its progress to: the caller's function, a bar, or nothing."""
    asked = arguments.callback("progress", progress)
    if asked is not None:
        yield asked or None
        return
    surface = _surface()
    if surface is None:
        yield None
        return
    bar = Bar(doing, surface)
    try:
        yield bar
    finally:
        bar.end()


def _surface() -> Surface | None:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if getattr(shell, "kernel", None) is not None:
        from importlib import import_module

        return Notebook(import_module("IPython.display"))
    stream = sys.stderr
    try:
        seen = stream is not None and stream.isatty()
    except ValueError:  # closed
        seen = False
    return Terminal(stream) if seen else None


def _can_write(stream: TextIO, text: str) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def duration(seconds: float) -> str:
    """A time in the units that a person looks at."""
    whole = round(seconds)
    if seconds < 0.95:
        return f"{seconds:.1f} s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
