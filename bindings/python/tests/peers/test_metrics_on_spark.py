"""The example for Spark gives what one machine gives, to the last byte.

Needs `pyspark`, `pandas`, `pyarrow` and Java 17, which are too much for every run of the tests:
run it with `python -m pytest tests/peers` where they are installed.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from halfback.metrics import State, average_precision_score, roc_auc_score

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).parents[2] / "examples" / "metrics_on_spark.py"
ROWS = 20_000


@pytest.fixture(name="spark", scope="module")
def fixture_spark() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    # Executors find the example by its name.
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(EXAMPLE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "300")
        .getOrCreate()
    )
    yield spark
    spark.stop()


# pyspark and the libraries it calls warn of their own future.
@pytest.mark.filterwarnings("ignore")
def test_the_tree_of_states_is_the_state_of_all_rows(spark: Any) -> None:
    spec = importlib.util.spec_from_file_location("metrics_on_spark", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    sys.modules["metrics_on_spark"] = example
    spec.loader.exec_module(example)
    random = np.random.default_rng(2)
    truth = random.integers(0, 2, ROWS)
    scores = np.round(np.clip(truth * 0.2 + random.random(ROWS) * 0.8, 0, 1), 4)
    rows = pd.DataFrame({"y_true": truth, "y_score": scores})
    whole = State("scores", probabilities=True).update(truth, scores)
    frame = spark.createDataFrame(rows)
    for partitions in (3, 70):
        found = example.measure(frame.repartition(partitions))
        assert found.to_bytes() == whole.to_bytes()
        measured = found.finish()
        assert measured["positives"] + measured["negatives"] == ROWS
        assert measured["roc_auc"] == pytest.approx(roc_auc_score(truth, scores), rel=1e-12)
        precision = average_precision_score(truth, scores)
        assert measured["average_precision"] == pytest.approx(precision, rel=1e-12)
