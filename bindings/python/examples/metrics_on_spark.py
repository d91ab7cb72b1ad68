"""Metrics of a table that no machine holds: a state for each partition, merged as a tree.

    spark-submit metrics_on_spark.py PARQUET

The table has the columns `y_true`, of 0 and 1, and `y_score`, of probabilities. Every executor
needs `halfback` and `pyarrow`. What comes out does not depend on how Spark has cut the rows.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from halfback.metrics import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FAN_IN = 8


def states(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """One state of all batches of a partition."""
    state = State("scores", probabilities=True)
    for batch in batches:
        state.update(batch.column("y_true"), batch.column("y_score"))
    yield pa.RecordBatch.from_pydict({"state": [state.to_bytes()]})


def merged(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """One state of all states of a partition."""
    state = State("scores", probabilities=True)
    for batch in batches:
        for data in batch.column("state").to_pylist():
            state.merge(State.from_bytes(data))
    yield pa.RecordBatch.from_pydict({"state": [state.to_bytes()]})


def measure(frame: Any) -> State:
    """The state of all rows of a Spark data frame; the driver sees at most `FAN_IN` of them."""
    width = frame.rdd.getNumPartitions()
    parts = frame.select("y_true", "y_score").mapInArrow(states, "state binary")
    while width > FAN_IN:
        width = -(-width // FAN_IN)
        parts = parts.repartition(width).mapInArrow(merged, "state binary")
    whole = State("scores", probabilities=True)
    for row in parts.collect():
        whole.merge(State.from_bytes(bytes(row.state)))
    return whole


def main(path: str) -> None:
    """Prints the metrics of a table of Parquet."""
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.appName("metrics").getOrCreate()
    for name, value in measure(spark.read.parquet(path)).finish().items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main(sys.argv[1])
