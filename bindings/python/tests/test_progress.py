"""The bar: on a terminal and in a notebook, for what takes long, and nowhere else."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import halfback
import pytest
from conftest import MODEL
from halfback.progress import Bar, Picture, Terminal, duration, telling

if TYPE_CHECKING:
    from pathlib import Path


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Screen:
    """A surface that remembers what was shown."""

    def __init__(self) -> None:
        self.pictures: list[Picture] = []
        self.ended = 0

    def show(self, picture: Picture) -> None:
        self.pictures.append(picture)

    def end(self) -> None:
        self.ended += 1


def moved(*steps: tuple[float, int]) -> Screen:
    screen, clock = Screen(), Clock()
    bar = Bar("storing", screen, clock)
    for seconds, done in steps:
        clock.now = 100 + seconds
        bar(done, 1000)
    bar.end()
    return screen


def test_what_is_quick_shows_nothing() -> None:
    screen = moved((0.1, 10), (0.3, 500), (0.49, 1000))
    assert screen.pictures == []
    assert screen.ended == 0


def test_what_takes_long_shows_now_and_then_and_at_the_end() -> None:
    screen = moved((0.2, 100), (0.6, 300), (0.65, 310), (0.71, 400), (0.75, 1000))
    assert [picture.amount for picture in screen.pictures] == [
        "300 B of 1.0 kB",
        "400 B of 1.0 kB",
        "1.0 kB of 1.0 kB",
    ]
    assert [picture.time for picture in screen.pictures] == ["1 s left", "1 s left", "in 0.8 s"]
    assert screen.ended == 1


def test_a_picture_is_in_words() -> None:
    picture = Picture("storing", 1_300_000_000, 2_100_000_000, 2.0)
    said = (picture.amount, picture.rate, picture.time)
    assert said == ("1.3 GB of 2.1 GB", "650.0 MB/s", "1 s left")
    assert Picture("storing", 0, 0, 1.0).part == 1
    assert Picture("storing", 0, 10, 0.0).time == ""


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.04, "0.0 s"),
        (0.6, "0.6 s"),
        (0.97, "1 s"),
        (59, "59 s"),
        (61, "1 min 01 s"),
        (3725, "1 h 02 min"),
    ],
)
def test_times_are_said_shortly(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_line_fits_its_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: int, encoding: str
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="")
    terminal = Terminal(stream)
    terminal.show(Picture("downloading", 62, 100, 1.0))
    terminal.end()
    line = raw.getvalue().decode(encoding)
    assert line.startswith("\rdownloading")
    assert line.endswith("\x1b[K\n")
    assert len(line.removeprefix("\r").removesuffix("\x1b[K\n")) < columns
    marks = "█" if encoding == "utf-8" else "#"
    assert (marks in line) == (columns >= 80)


def test_a_terminal_that_goes_away_ends_no_transfer() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(5, "Input/output error")

    Terminal(Gone()).show(Picture("storing", 1, 2, 1.0))


SLOW = """
import sys, time, halfback, halfback.progress
registry = halfback.open(sys.argv[1])
progress = {"default": None, "off": False}[sys.argv[2]]
with halfback.progress.telling("storing", progress) as told:
    for done in range(1, 9):
        time.sleep(0.1)
        if told is not None:
            told(done * 1_000_000, 8_000_000)
registry.put_artifact("risk.credit.default", b"small", progress=progress)
"""


def on_a_terminal(*arguments: str) -> str:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, *arguments],
        stderr=theirs,
        env={**os.environ, "COLUMNS": "120", "PYTHONIOENCODING": "utf-8"},
    ) as process:
        os.close(theirs)
        said = b""
        try:
            while part := os.read(ours, 4096):
                said += part
        except OSError:  # how Linux says that the other side is closed
            pass
        assert process.wait(timeout=60) == 0
    os.close(ours)
    return said.decode()


def test_a_terminal_shows_a_bar(registry: halfback.Registry) -> None:
    said = on_a_terminal(str(registry.path), "default")
    lines = said.strip().split("\r")
    assert lines[-1].startswith("storing ██████████████████████████████ 100%  8.0 MB of 8.0 MB")
    assert 2 <= len(lines) <= 6
    assert "/s" in lines[0]
    assert " left" in lines[0]
    assert said.count("\n") == 1  # the small transfer shows nothing


def test_false_shows_no_bar(registry: halfback.Registry) -> None:
    assert on_a_terminal(str(registry.path), "off") == ""


def test_a_pipe_gets_nothing(registry: halfback.Registry) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SLOW, str(registry.path), "default"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (ran.stdout, ran.stderr) == ("", "")


def test_a_line_is_ended_when_a_transfer_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Tty()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr("halfback.progress._PATIENCE", 0.0)

    def interrupted() -> None:
        with telling("storing", None) as told:
            assert told is not None
            told(1, 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stream.getvalue().endswith("\n")


class Display:
    """What `IPython.display` gives: a handle whose content can be replaced."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.displays = 0

    def HTML(self, markup: str) -> str:  # noqa: N802  # IPython's name
        return markup

    def display(self, markup: str, *, display_id: bool) -> Display:
        assert display_id
        self.displays += 1
        self.shown.append(markup)
        return self

    def update(self, markup: str) -> None:
        self.shown.append(markup)


def test_a_notebook_shows_one_display_that_is_updated(monkeypatch: pytest.MonkeyPatch) -> None:
    display = Display()
    ipython: Any = ModuleType("IPython")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    monkeypatch.setattr("halfback.progress._PATIENCE", 0.0)
    monkeypatch.setattr("halfback.progress._EVERY", 0.0)
    with telling("downloading", None) as told:
        assert told is not None
        told(1, 4)
        told(4, 4)
    assert display.displays == 1
    assert ["25%" in display.shown[0], "100%" in display.shown[1]] == [True, True]
    assert len(display.shown) == 2


def test_ipython_in_a_pipe_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ipython: Any = ModuleType("IPython")
    ipython.get_ipython = lambda: None
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    with telling("storing", None) as told:
        assert told is None


@pytest.mark.parametrize("value", [True, 1, "yes"])
def test_progress_is_a_function_or_false(
    registry: halfback.Registry, tmp_path: Path, value: Any
) -> None:
    version = registry.get_version(MODEL, 1)
    for call in (
        lambda: registry.put_artifact(MODEL, b"x", progress=value),
        lambda: registry.hash_artifact(b"x", progress=value),
        lambda: version.download(tmp_path, progress=value),
        lambda: version.verify(progress=value),
    ):
        with pytest.raises(halfback.InvalidTypeError, match="`progress` must be a function"):
            call()
