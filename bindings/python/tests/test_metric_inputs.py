"""Columns and tables of every kind that `halfback.metrics` takes."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from halfback import metrics

if TYPE_CHECKING:
    from collections.abc import Callable

TRUTH = [0, 1, 1, 0, 1, 0]
PREDICTED = [0, 1, 0, 0, 1, 1]
SCORES = [0.125, 0.75, 0.5, 0.25, 0.875, 0.625]
ACCURACY = 4 / 6
AREA = 8 / 9


LABELS: dict[str, Callable[[list[int]], Any]] = {
    "list": list,
    "tuple": tuple,
    "floats": lambda values: [float(value) for value in values],
    "bools": lambda values: [bool(value) for value in values],
    "numpy scalars": lambda values: [np.int32(value) for value in values],
    "texts": lambda values: [str(value) for value in values],
    "array": lambda values: array("q", values),
    "column of a table": lambda values: np.array([values, values]).T[:, 1],
    "table of one column": lambda values: np.array(values).reshape(-1, 1),
    "every second": lambda values: np.repeat(values, 2)[::2],
    "backwards": lambda values: np.array(values[::-1])[::-1],
    "strings": lambda values: np.array([f"class {value}" for value in values]),
    "swapped strings": lambda values: np.array([f"{value}é" for value in values]).astype(">U9"),
    "objects": lambda values: np.array([f"{value}" for value in values], dtype=object),
    "variable strings": lambda values: np.array(
        [f"{value}" for value in values], dtype=np.dtypes.StringDType()
    ),
    "series": pd.Series,
    "series with an index": lambda values: pd.Series(values, index=range(10, 10 + len(values))),
    "nullable series": lambda values: pd.Series(values, dtype="Int64"),
    "halves": lambda values: pd.Series(values, dtype="float16"),
    "large": lambda values: np.array(values, "u8") + np.uint64(2**63),
    "large list": lambda values: [value + 2**63 for value in values],
    "swapped large": lambda values: (np.array(values, "u8") + np.uint64(2**63)).astype(">u8"),
    "series of strings": lambda values: pd.Series([f"{value}" for value in values]),
    "categories": lambda values: pd.Series(values).astype("category"),
    "polars": pl.Series,
    "polars strings": lambda values: pl.Series([f"{value}" for value in values]),
    "polars bools": lambda values: pl.Series([bool(value) for value in values]),
    "arrow": pa.array,
    "arrow strings": lambda values: pa.array([f"{value}" for value in values]),
    "arrow bools": lambda values: pa.array([bool(value) for value in values]),
    "arrow chunks": lambda values: pa.chunked_array([values[:2], values[2:]]),
}
LABELS |= {
    f"numpy {kind}": lambda values, kind=kind: np.array(values, dtype=kind)  # type: ignore[misc]
    for kind in (
        *("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "g"),
        *(">i2", ">i4", ">i8", ">u2", ">u4", ">u8", ">f4", ">f8", "<i8"),
    )
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_every_kind_are_taken(kind: str) -> None:
    make = LABELS[kind]
    assert metrics.accuracy_score(make(TRUTH), make(PREDICTED)) == ACCURACY
    averaged = metrics.f1_score(make(TRUTH), make(PREDICTED), average="macro")
    assert averaged == metrics.f1_score(TRUTH, PREDICTED, average="macro")


class Capsule:
    """A column that is known by its Arrow capsule alone."""

    def __init__(self, values: list[float]) -> None:
        self._values = pa.array(values)

    def __arrow_c_array__(self, requested: object = None) -> object:
        return self._values.__arrow_c_array__(requested)


class Like:
    """A column that is known by `__array__` alone."""

    def __init__(self, values: list[float]) -> None:
        self._values = values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self._values, dtype=dtype)


NUMBERS: dict[str, Callable[[list[float]], Any]] = {
    "list": list,
    "array": lambda values: array("d", values),
    "read-only": lambda values: np.frombuffer(np.array(values).tobytes()),
    "not aligned": lambda values: np.frombuffer(b"x" + np.array(values).tobytes(), "f8", offset=1),
    "column of a table": lambda values: np.array([values, values]).T[:, 0],
    "every third": lambda values: np.repeat(values, 3)[::3],
    "backwards": lambda values: np.array(values[::-1])[::-1],
    "series": pd.Series,
    "nullable series": lambda values: pd.Series(values, dtype="Float64"),
    "halves in a series": lambda values: pd.Series(values, dtype="float16"),
    "halves in polars": lambda values: pl.Series(np.array(values, "f2")),
    "halves in arrow": lambda values: pa.array(np.array(values, "f2")),
    "polars": pl.Series,
    "arrow": pa.array,
    "arrow with chunks": lambda values: pa.chunked_array([values[:1], values[1:]]),
    "capsule": Capsule,
    "array-like": Like,
    "whole eighths": lambda values: [int(value * 8) for value in values],
    "objects": lambda values: np.array(values, dtype=object),
}
NUMBERS |= {
    f"numpy {kind}": lambda values, kind=kind: np.array(values, dtype=kind)  # type: ignore[misc]
    for kind in ["f2", "f4", "f8", ">f4", ">f8", "<f8", "g"]
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_of_every_kind_are_taken(kind: str) -> None:
    make = NUMBERS[kind]
    assert metrics.roc_auc_score(TRUTH, make(SCORES)) == AREA
    same = metrics.mean_absolute_error(make(SCORES), make(SCORES[::-1]))
    scale = 8 if kind == "whole eighths" else 1
    assert same == metrics.mean_absolute_error(SCORES, SCORES[::-1]) * scale
    weighted = metrics.accuracy_score(TRUTH, PREDICTED, sample_weight=make(SCORES))
    assert weighted == metrics.accuracy_score(TRUTH, PREDICTED, sample_weight=SCORES)


TABLES: dict[str, Callable[[list[list[int]]], Any]] = {
    "lists": list,
    "rows of arrays": lambda rows: [np.array(row) for row in rows],
    "numpy": np.array,
    "by columns": lambda rows: np.asfortranarray(rows),
    "swapped": lambda rows: np.array(rows, ">i4"),
    "part of a wider": lambda rows: np.pad(np.array(rows), 1)[1:-1, 1:-1],
    "frame": pd.DataFrame,
    "polars": lambda rows: pl.DataFrame(rows, orient="row"),
    "bools": lambda rows: np.array(rows, bool),
    "floats": lambda rows: np.array(rows, float),
}


@pytest.mark.parametrize("kind", TABLES)
def test_tables_of_every_kind_are_taken(kind: str) -> None:
    make = TABLES[kind]
    truth, predicted = make([[1, 0, 1], [0, 1, 1]]), make([[1, 0, 0], [0, 1, 1]])
    assert metrics.hamming_loss(truth, predicted) == pytest.approx(1 / 6)
    assert metrics.accuracy_score(truth, predicted) == 0.5
    assert metrics.label_ranking_loss(truth, [[0.5, 0.1, 0.4], [0.1, 0.9, 0.3]]) == 0.0
    one = metrics.jaccard_score(truth, predicted, average=None)
    assert np.array_equal(one, [1.0, 1.0, 0.5])


def test_sparse_tables_are_taken() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    truth = sparse.csr_matrix([[1, 0], [0, 1]])
    assert metrics.accuracy_score(truth, sparse.csr_matrix([[1, 0], [1, 1]])) == 0.5


def test_counts_that_are_huge_are_exact() -> None:
    assert metrics.wilson(10**15, 2 * 10**15).estimate == 0.5
    assert metrics.accuracy_score([-(2**63), 2**63 - 1], [-(2**63), 2**63 - 1]) == 1.0


@pytest.mark.parametrize("of", [list, tuple, np.array, pd.DataFrame], ids=lambda of: of.__name__)
@pytest.mark.parametrize(
    "name", ["coverage_error", "label_ranking_average_precision_score", "label_ranking_loss"]
)
def test_scores_of_labels_may_be_whole_numbers(name: str, of: Callable[..., Any]) -> None:
    relevant, scores = [[1, 0, 0], [0, 1, 1]], [[3, 1, 4], [1, 3, -2]]
    measure = getattr(metrics, name)
    expected = measure(relevant, np.array(scores, float))
    assert measure(of(relevant), of(scores)) == expected
