"""Long transfers: others run meanwhile, Ctrl-C and `progress` can end them, and nothing is left."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
from conftest import MODEL

if TYPE_CHECKING:
    from pathlib import Path

    import halfback


def files_of(registry: halfback.Registry) -> set[Path]:
    return {path for path in (registry.path / "artifacts").rglob("*") if path.is_file()}


def test_progress_is_told_in_bytes_up_to_the_end(
    registry: halfback.Registry, tmp_path: Path
) -> None:
    (tmp_path / "model.bin").write_bytes(bytes(3 << 20))
    told: list[tuple[int, int]] = []
    version = registry.register_version(
        MODEL, tmp_path / "model.bin", progress=lambda done, total: told.append((done, total))
    )
    assert told[-1] == (3 << 20, 3 << 20)
    assert told == sorted(told)
    for transfer in (
        version.verify,
        lambda progress: version.download(tmp_path, progress=progress),
    ):
        told.clear()
        transfer(progress=lambda done, total: told.append((done, total)))
        assert told[-1] == (3 << 20, 3 << 20)


class Enough(Exception):  # noqa: N818  # it is no error
    """What a progress function raises in these tests."""


def test_what_progress_raises_ends_the_transfer(
    registry: halfback.Registry, big_file: Path
) -> None:
    before, stored = registry.info(), files_of(registry)
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        raise Enough(done)

    with pytest.raises(Enough) as caught:
        registry.register_version(MODEL, big_file, progress=progress)
    assert len(told) == 1
    done, total = told[0]
    assert caught.value.args == (done,)
    assert done < total == big_file.stat().st_size
    assert registry.info() == before
    assert files_of(registry) == stored


def test_a_download_that_is_ended_leaves_nothing(
    registry: halfback.Registry, tmp_path: Path
) -> None:
    (tmp_path / "model.bin").write_bytes(bytes(1 << 20))
    version = registry.register_version(MODEL, tmp_path / "model.bin")

    def progress(done: int, total: int) -> None:
        raise Enough

    with pytest.raises(Enough):
        version.download(tmp_path / "out", progress=progress)
    left = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert left == []


INTERRUPTED = """
import sys, threading, time, halfback

registry = halfback.open(sys.argv[1])
before = registry.info()
reached = []

def progress(done, total):
    reached[:] = [done, total]
    print("moving", flush=True)

def others_run():
    time.sleep(0.1)
    print("moving", flush=True)

start = time.monotonic()
try:
    if sys.argv[3] == "put":
        registry.put_artifact("risk.credit.default", sys.argv[2], progress=progress)
    else:
        threading.Thread(target=others_run).start()
        registry.hash_artifact(sys.argv[2])
except KeyboardInterrupt:
    assert not reached or reached[0] < reached[1], reached
    assert registry.info() == before
    assert registry.resolve("risk.credit.default@champion").number == 1
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize(
    ("call", "size"),
    [("put", 4 << 30), ("hash", 256 << 30)],  # the second would take minutes
)
def test_ctrl_c_ends_a_long_transfer(
    registry: halfback.Registry, tmp_path: Path, call: str, size: int
) -> None:
    big, script, stored = tmp_path / "big.bin", tmp_path / "script.py", files_of(registry)
    with big.open("wb") as file:
        file.truncate(size)
    script.write_text(INTERRUPTED)
    with subprocess.Popen(
        [sys.executable, str(script), str(registry.path), str(big), call],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "moving\n"
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=30)
        finally:
            process.kill()
    assert rest.endswith("interrupted\n")
    assert process.returncode == 0
    assert files_of(registry) == stored


def test_other_threads_run_during_a_transfer(registry: halfback.Registry, big_file: Path) -> None:
    took: list[float] = []

    def hash_it() -> None:
        start = time.monotonic()
        registry.hash_artifact(big_file)
        took.append(time.monotonic() - start)

    worker = threading.Thread(target=hash_it)
    worker.start()
    longest, last = 0.0, time.monotonic()
    while worker.is_alive():
        worker.join(0.001)
        now = time.monotonic()
        longest, last = max(longest, now - last), now
    assert longest < took[0] / 2, (longest, took)
