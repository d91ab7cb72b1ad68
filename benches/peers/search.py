"""The Python side of the suite `search`: Halfback and MLflow in one process, in turn.

    python search.py REGISTRY LARGER

The working directory gets MLflow's store on SQLite, which is filled with what the registry holds.
After saying `[]` it reads the name of a measurement a line, does one round of it, and says a JSON
list: the seconds of one call of Halfback, of the call of MLflow that does the same, and of the one
of Halfback in the larger registry.
"""

from __future__ import annotations

import json
import logging
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import halfback
from mlflow.store.model_registry.dbmodels.models import (
    SqlModelVersion,
    SqlModelVersionTag,
    SqlRegisteredModel,
    SqlRegisteredModelAlias,
    SqlRegisteredModelTag,
)
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore
from sqlalchemy import insert

if TYPE_CHECKING:
    from collections.abc import Callable, Sized

PAGE = 100
CALLS = 9  # of Halfback in a round; of MLflow it is one
TAG = "tags.team = 't7'"


def seconds(call: Callable[[], Sized]) -> float:
    """The seconds that one call takes, which finds a full page."""
    began = time.perf_counter()
    found = len(call())
    took = time.perf_counter() - began
    if found != PAGE:
        message = f"expected a page of {PAGE}, found {found}"
        raise ValueError(message)
    return took


class Bench:
    """Halfback's registry and MLflow's, and every measurement as a method of its name."""

    def __init__(self, registry: str, larger: str) -> None:
        self.registry = halfback.open(registry)
        self.larger = halfback.open(larger)
        self.store = SqlAlchemyStore(f"sqlite:///{Path('mlflow.db').absolute()}")
        self._fill()

    def _fill(self) -> None:
        """Writes the rows straight into the tables that MLflow's store has made.

        Only reads are compared here, and its own calls would take most of an hour.
        """
        models, model_tags, aliases, versions, version_tags = [], [], [], [], []
        for model in self.registry.search_models(page_size=1000):
            name = model.name.rsplit(".", 1)[-1]
            models.append({"name": name, "description": model.comment})
            model_tags += [{"name": name, "key": k, "value": v} for k, v in model.tags.items()]
            aliases += [
                {"name": name, "alias": alias, "version": number}
                for alias, number in model.aliases.items()
            ]
        for version in self.registry.search_versions(page_size=1000):
            key = {"name": version.model.rsplit(".", 1)[-1], "version": version.number}
            source = {"source": "file:///model.bin", "current_stage": version.stage.capitalize()}
            versions.append(key | source)
            version_tags += [key | {"key": k, "value": v} for k, v in version.tags.items()]
        with self.store.engine.begin() as connection:
            for table, rows in (
                (SqlRegisteredModel, models),
                (SqlRegisteredModelTag, model_tags),
                (SqlModelVersion, versions),
                (SqlModelVersionTag, version_tags),
                (SqlRegisteredModelAlias, aliases),
            ):
                connection.execute(insert(table.__table__), rows)

    def _models(self, filter: str, theirs: str) -> tuple[float, ...]:
        return self._beside(
            lambda registry: registry.search_models(filter, page_size=PAGE).page(),
            lambda: self.store.search_registered_models(theirs, max_results=PAGE),
        )

    def _versions(self, filter: str) -> tuple[float, ...]:
        return self._beside(
            lambda registry: registry.search_versions(filter, page_size=PAGE).page(),
            lambda: self.store.search_model_versions(filter, max_results=PAGE),
        )

    def _beside(
        self, ours: Callable[[halfback.Registry], Sized], mlflow: Callable[[], Sized]
    ) -> tuple[float, ...]:
        def median(registry: halfback.Registry) -> float:
            return statistics.median(seconds(lambda: ours(registry)) for _ in range(CALLS))

        return median(self.registry), seconds(mlflow), median(self.larger)

    def versions_by_tag(self) -> tuple[float, ...]:
        """The newest of one team."""
        return self._versions(TAG)

    def models_by_tag(self) -> tuple[float, ...]:
        """The first by name of one team."""
        return self._models(TAG, TAG)

    def models_by_prefix(self) -> tuple[float, ...]:
        """A fifth of all models has that beginning."""
        # In MLflow's patterns the underscore cannot be escaped.
        return self._models(r"name LIKE 'fraud\_%'", "name LIKE 'fraud%'")

    def all_models(self) -> tuple[float, ...]:
        """The first by name."""
        return self._models("", "")

    def all_versions(self) -> tuple[float, ...]:
        """The newest."""
        return self._versions("")


def main(registry: str, larger: str) -> None:
    """Measures what it is asked to until nobody asks any more."""
    # MLflow tells about each of its migrations; nobody would read it.
    logging.disable()
    bench = Bench(registry, larger)
    print("[]", flush=True)
    for line in sys.stdin:
        print(json.dumps(getattr(bench, line.strip())()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
