"""The Python side of the suite `registry`: Halfback and MLflow in one process, in turn.

    python registry.py MODEL MODELS VERSIONS

The working directory holds the registry `models.hb`, with MODELS models of VERSIONS versions each,
open nowhere; MLflow's store on SQLite is made beside it and filled alike. After saying `[]` it
reads the name of a measurement a line, does one round of it, and says a JSON list: the seconds of
one call of Halfback, and of the call of MLflow that does the same.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import statistics
import sys
import time
from itertools import count, cycle, repeat
from pathlib import Path
from typing import TYPE_CHECKING

import halfback
from mlflow import MlflowClient
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

BATCHES = 20  # batches in a round of what is in memory
CALLS = 10_000  # calls in a batch, short enough to be seldom interrupted on a busy machine
FEW = 25  # calls in a round of what asks a database
WRITES = 5  # commits in a round


def seconds(call: Callable[[], object]) -> float:
    """The seconds that one call takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def median(calls: Iterable[Callable[[], object]]) -> float:
    """The median of the seconds that each call takes."""
    return statistics.median(seconds(call) for call in calls)


def sqlite(database: Path) -> str:
    """The URI of an MLflow store."""
    return f"sqlite:///{database.absolute()}"


class Bench:
    """Halfback's registry and MLflow's, and every measurement as a method of its name."""

    def __init__(self, model: str, models: int, versions: int) -> None:
        self.model = model
        self.champion = f"models:/{model}@champion"
        self.numbers = count()
        self.file = Path("model.bin")
        self._fill(models, versions)
        # What is opened over and over is a fresh copy of these, which no cache knows.
        self.filled = shutil.copytree("models.hb", "filled.hb")
        self.filled_store = shutil.copy("mlflow.db", "filled.db")
        self.registry = halfback.open("models.hb")
        self.other = halfback.open("models.hb")
        self.aliases = cycle((1, 2))

    def _fill(self, models: int, versions: int) -> None:
        """What the registry holds, for MLflow."""
        uri = sqlite(Path("mlflow.db"))
        self.store = SqlAlchemyStore(uri)
        self.client = MlflowClient(uri, uri)
        for number in range(models):
            name = f"risk.credit.m{number:03}"
            self.client.create_registered_model(name)
            for _ in range(versions):
                self._create_version(name)
            self.client.set_registered_model_alias(name, "champion", "1")

    def _create_version(self, name: str) -> None:
        # Nothing is waited for, and no file is looked at: MLflow only writes down where it is.
        self.client.create_model_version(name, self.file.absolute().as_uri(), await_creation_for=0)

    def _resolve_mlflow(self) -> None:
        self.store.get_model_version_by_alias(self.model, "champion")

    def resolve(self) -> tuple[float, float]:
        """From memory; a call's share of the loop that makes it does not count."""
        registry, champion = self.registry, self.champion

        def calls() -> None:
            for _ in repeat(None, CALLS):
                registry.resolve(champion)

        def nothing() -> None:
            for _ in repeat(None, CALLS):
                pass

        ours = median(repeat(calls, BATCHES)) - median(repeat(nothing, BATCHES))
        return ours / CALLS, median(repeat(self._resolve_mlflow, FEW))

    def resolve_after_a_change(self) -> tuple[float, float]:
        """From the database: each call is the first one after a commit that touched the model."""

        def ours() -> float:
            self.other.set_tag(self.model, "python", str(next(self.numbers)))
            return seconds(lambda: self.registry.resolve(self.champion))

        return (
            statistics.median(ours() for _ in range(FEW)),
            median(repeat(self._resolve_mlflow, FEW)),
        )

    def register_version(self) -> tuple[float, float]:
        """Ours copies, hashes and syncs the file, always a new one; MLflow's does not read it."""

        def ours() -> float:
            self.file.write_bytes(os.urandom(1024))
            return seconds(lambda: self.registry.register_version(self.model, self.file))

        return (
            statistics.median(ours() for _ in range(WRITES)),
            median(repeat(lambda: self._create_version(self.model), WRITES)),
        )

    def set_alias(self) -> tuple[float, float]:
        """An alias that moves with every call."""
        versions = [next(self.aliases) for _ in range(WRITES)]

        def ours(version: int) -> Callable[[], object]:
            return lambda: self.registry.set_alias(self.model, "candidate", version)

        def mlflow(version: int) -> Callable[[], object]:
            return lambda: self.client.set_registered_model_alias(
                self.model, "candidate", str(version)
            )

        return median(map(ours, versions)), median(map(mlflow, versions))

    def new_registry(self) -> tuple[float, float]:
        """A registry where there was nothing."""
        number = next(self.numbers)
        return self._opened(Path(f"new-{number}.hb"), Path(f"new-{number}.db"), create=True)

    def open_registry(self) -> tuple[float, float]:
        """The registry as it was filled."""
        number = next(self.numbers)
        folder = shutil.copytree(self.filled, f"open-{number}.hb")
        database = shutil.copy(self.filled_store, f"open-{number}.db")
        return self._opened(Path(folder), Path(database), create=False)

    @staticmethod
    def _opened(folder: Path, database: Path, *, create: bool) -> tuple[float, float]:
        began = time.perf_counter()
        registry = halfback.open(folder, create=create)
        between = time.perf_counter()
        store = SqlAlchemyStore(sqlite(database))
        ended = time.perf_counter()
        registry.close()
        store.engine.dispose()
        return between - began, ended - between


def main(model: str, models: str, versions: str) -> None:
    """Measures what it is asked to until nobody asks any more."""
    # MLflow tells about each of its migrations; nobody would read it.
    logging.disable()
    bench = Bench(model, int(models), int(versions))
    print("[]", flush=True)
    for line in sys.stdin:
        print(json.dumps(getattr(bench, line.strip())()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
