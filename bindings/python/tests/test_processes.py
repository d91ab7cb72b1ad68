"""Several processes at one registry: forks, pickles, and moves that everybody sees at once."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from typing import TYPE_CHECKING

import halfback
import numpy as np
import pytest
from conftest import MODEL
from halfback import metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from halfback.reads import Reads

CHAMPION = f"models:/{MODEL}@champion"
# Python warns of any fork of a process with threads; that it works is what is tested.
forks = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def in_child(work: Callable[[], None]) -> None:
    """Runs `work` in a forked child and fails when it fails, or hangs for a minute."""
    ended_well(forked(work))


def forked(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(code)
    return child


def ended_well(child: int) -> None:
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


@forks
def test_a_handle_works_on_after_a_fork(registry: halfback.Registry) -> None:
    held = registry.resolve(CHAMPION)
    view = registry.as_of(registry.info().commit)

    def child() -> None:
        assert registry.resolve(CHAMPION) == held
        registry.set_alias(MODEL, "champion", 2)
        assert registry.resolve(CHAMPION).number == 2
        assert held.file_path().read_bytes() == b"weights"
        assert view.resolve(CHAMPION).number == 1
        registry.close()

    in_child(child)
    assert registry.resolve(CHAMPION).number == 2
    registry.set_alias(MODEL, "champion", 1)
    assert registry.resolve(CHAMPION) is registry.resolve(CHAMPION)


@forks
def test_a_child_and_its_parent_see_each_others_moves(registry: halfback.Registry) -> None:
    to_child, from_parent = multiprocessing.Pipe()
    registry.resolve(CHAMPION)

    def child() -> None:
        for number in (2, 1) * 20:
            assert from_parent.recv() == number
            assert registry.resolve(CHAMPION).number == number
            registry.set_alias(MODEL, "champion", 3 - number)
            from_parent.send(3 - number)

    def parent() -> None:
        for number in (2, 1) * 20:
            registry.set_alias(MODEL, "champion", number)
            assert registry.resolve(CHAMPION).number == number
            to_child.send(number)
            assert to_child.recv() == 3 - number
            assert registry.resolve(CHAMPION).number == 3 - number

    other = forked(child)
    parent()
    ended_well(other)


@forks
def test_a_fork_in_the_midst_of_writes_harms_neither_side(registry: halfback.Registry) -> None:
    stop = threading.Event()
    failures: list[BaseException] = []

    def write() -> None:
        count = 0
        try:
            while not stop.is_set():
                registry.set_tag(MODEL, "count", str(count))
                registry.resolve(CHAMPION)
                count += 1
        except BaseException as error:  # shown by the test's own thread
            failures.append(error)

    def child() -> None:
        assert registry.resolve(CHAMPION).number == 1
        registry.set_tag(MODEL, "child", "was here")

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            in_child(child)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert registry.get_model(MODEL).tags["child"] == "was here"
    assert registry.check().findings == ()


def number_of(registry: Reads) -> int:
    return registry.resolve(CHAMPION).number


@forks
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_handles_travel_to_worker_processes(registry: halfback.Registry, method: str) -> None:
    before = registry.as_of(registry.info().commit)
    registry.set_alias(MODEL, "champion", 2)
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(number_of, [registry, before, registry]) == [2, 1, 2]


def test_a_handle_pickles_as_its_location(registry: halfback.Registry) -> None:
    again = pickle.loads(pickle.dumps(registry))
    assert again.path == registry.path
    again.close()
    assert not registry.closed
    with halfback.open(registry.path, read_only=True) as reading:
        copied = pickle.loads(pickle.dumps(reading))
        with copied, pytest.raises(halfback.PermissionDeniedError) as caught:
            copied.create_catalog("marketing")
    assert caught.value.code == "read_only"


OTHER = """
import sys, halfback
with halfback.open(sys.argv[1]) as registry:
    for line in sys.stdin:
        alias, number = line.split()
        if alias == "move":
            registry.set_alias("risk.credit.default", "champion", int(number))
        print(registry.resolve("models:/risk.credit.default@champion").number, flush=True)
"""


@pytest.fixture
def other(registry: halfback.Registry, tmp_path: Path) -> Iterator[Callable[[str, int], int]]:
    """Another process with the same registry open, which is told what to do line by line."""
    script = tmp_path / "other.py"
    script.write_text(OTHER)
    command = [sys.executable, str(script), str(registry.path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        to_it, from_it = process.stdin, process.stdout

        def ask(what: str, number: int) -> int:
            to_it.write(f"{what} {number}\n")
            to_it.flush()
            return int(from_it.readline())

        yield ask
        to_it.close()
        assert process.wait(60) == 0


def test_two_processes_see_each_move_at_once(
    registry: halfback.Registry, other: Callable[[str, int], int]
) -> None:
    for number in (2, 1) * 50:
        registry.set_alias(MODEL, "champion", number)
        assert other("look", 0) == number
        assert other("move", 3 - number) == 3 - number
        assert registry.resolve(CHAMPION).number == 3 - number


FORK_DURING = """
import os, sys, threading, time, warnings
import halfback

warnings.simplefilter("ignore", DeprecationWarning)
registry = halfback.open(sys.argv[1])
told, failures = threading.Event(), []


def progress(done, total):
    told.set()
    time.sleep(0.2)  # lets the other thread have the interpreter lock, and fork


def work():
    try:
        {work}
    except BaseException as error:
        failures.append(error)


thread = threading.Thread(target=work)
thread.start()
assert told.wait(30)
child = os.fork()
if child == 0:
    registry.set_tag("{model}", "child", "was here")
    os._exit(0 if registry.check().findings == () else 1)
thread.join()
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 0
assert failures == [], failures
assert registry.get_model("{model}").tags["child"] == "was here"
"""


@pytest.mark.parametrize(
    "work",
    [
        "registry.check(artifacts=False, progress=progress)",
        "registry.check(progress=progress)",
        "registry.backup(sys.argv[1] + '.backup', progress=progress)",
    ],
)
def test_a_fork_during_a_check_or_a_backup_waits_for_nobody_who_waits_for_it(
    tmp_path: Path, work: str
) -> None:
    # No content: then every byte of a backup is the database's, and is told inside of the copy.
    with halfback.open(tmp_path / "models.hb", create=True) as registry:
        registry.create_model(MODEL, parents=True)
    script = FORK_DURING.replace("{work}", work).replace("{model}", MODEL)
    # Of a program that hangs with the interpreter lock nothing but its parent tells.
    subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "models.hb")], check=True, timeout=60
    )


@forks
def test_a_fork_inside_of_progress_ends_in_both_processes(registry: halfback.Registry) -> None:
    parent = os.getpid()
    children: list[int] = []

    def progress(done: int, total: int) -> None:
        if not children:
            children.append(os.fork())

    try:
        report = registry.check(progress=progress)
    except halfback.UnavailableError as error:
        if os.getpid() != parent:
            os._exit(0 if error.code == "cancelled" else 1)
        raise
    finally:
        if os.getpid() != parent:
            os._exit(2)
    assert report.findings == ()
    ended_well(children[0])


@forks
def test_metrics_take_threads_on_both_sides_of_a_fork() -> None:
    random = np.random.default_rng(0)
    score = random.random(300_000)
    truth = random.random(score.size) < score

    def area() -> object:
        with metrics.n_threads(2):
            return metrics.roc_auc_score(truth, score)

    expected = area()

    def same() -> None:
        assert area() == expected

    in_child(same)
    is_over = threading.Event()

    def go_on() -> None:
        while not is_over.is_set():
            area()

    other = threading.Thread(target=go_on)
    other.start()
    try:
        for _ in range(10):
            in_child(same)
    finally:
        is_over.set()
        other.join()
    same()
