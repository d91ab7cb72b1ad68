"""Signatures: MLflow's, where it has one, and of everything else that holds columns."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import halfback
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from halfback.signatures import infer_signature
from signature_cases import INPUTS, PARAMS, RECORDED
from sklearn.linear_model import LogisticRegression

# Where Halfback says something else than MLflow, and why.
REFUSED = "MLflow gives up and says `any` for all of the data"
DIFFERENT = {
    "frame of uint64": REFUSED,
    "frame of complex128": REFUSED,
    "frame of timedelta64[ns]": REFUSED,
    "array without dimensions": REFUSED,
    "dictionary that is empty": REFUSED,
    "dictionary with keys that are numbers": REFUSED,
    "list of an empty array": REFUSED,
    "list of mixed types": REFUSED,
    "list of integers and floats": REFUSED,
    "rows with clashing types": REFUSED,
    "rows without values": REFUSED,
    "one set": REFUSED,
    "frame of mixed objects": REFUSED,
    "frame of decimals": REFUSED,
    "frame without columns": REFUSED,
    "frame with a name twice": REFUSED,
    "structured array": "MLflow says a tensor of `void96`",
    "csr array": "MLflow knows matrices only",
    "coo matrix": "MLflow knows two formats only",
    "list of small numbers of NumPy": "MLflow knows 32 and 64 bits only",
    "list of tuples": "MLflow knows lists only",
    "rows with NaN": "MLflow says that the column is required",
    "frame with numbers as names": "MLflow's names are numbers",
    "an empty list": "MLflow says that an empty list holds times",
}


def said(part: str, data: Any) -> Any:
    try:
        signature = infer_signature(**{part: data})
    except halfback.InvalidError as error:
        return f"refused: {error}"
    return json.loads(json.dumps(signature[part]))


@pytest.mark.parametrize(
    ("part", "name"), [("inputs", name) for name in INPUTS] + [("params", name) for name in PARAMS]
)
def test_it_is_mlflows_or_it_is_said_why_not(part: str, name: str) -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))[part][name]
    ours = said(part, {"inputs": INPUTS, "params": PARAMS}[part][name])
    refused = [isinstance(it, str) for it in (ours, recorded)]
    same = ours == recorded or all(refused)
    assert same == (name not in DIFFERENT)
    if DIFFERENT.get(name) == REFUSED:
        assert refused[0]
        assert recorded == [{"type": "any", "required": True}]


ROWS: dict[str, list[Any]] = {
    "flag": [True, None],
    "count": [1, 2],
    "score": [0.5, float("nan")],
    "name": ["a", None],
    "raw": [b"x", b"y"],
    "day": [date(2026, 2, 3), date(2026, 2, 4)],
    "time": [datetime(2026, 2, 3), None],
    "list": [[1.5], []],
    "place": [{"x": 1, "y": None}, {"x": 2, "y": "t"}],
    "deep": [[{"a": [True]}], []],
    "nothing": [None, None],
}
SPECS = [
    {"name": "flag", "type": "boolean", "required": False},
    {"name": "count", "type": "long", "required": True},
    {"name": "score", "type": "double", "required": False},
    {"name": "name", "type": "string", "required": False},
    {"name": "raw", "type": "binary", "required": True},
    {"name": "day", "type": "datetime", "required": True},
    {"name": "time", "type": "datetime", "required": False},
    {"name": "list", "type": "array", "items": {"type": "double"}, "required": True},
    {
        "name": "place",
        "type": "object",
        "properties": {
            "x": {"type": "long", "required": True},
            "y": {"type": "string", "required": False},
        },
        "required": True,
    },
    {
        "name": "deep",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"a": {"type": "array", "items": {"type": "boolean"}, "required": True}},
        },
        "required": True,
    },
    {"name": "nothing", "type": "any", "required": False},
]


@pytest.mark.parametrize(
    "make",
    [
        pl.DataFrame,
        pa.table,
        lambda rows: pa.table(rows).to_batches()[0],
        lambda rows: pl.DataFrame(rows).lazy(),
        lambda rows: pa.concat_tables([pa.table(rows), pa.table(rows)]),
        lambda rows: {name: pl.Series(values) for name, values in rows.items()},
        lambda rows: [
            dict(zip(rows, row, strict=True)) for row in zip(*rows.values(), strict=True)
        ],
    ],
    ids=["polars", "arrow", "batch", "lazy", "chunks", "series", "rows"],
)
def test_every_container_has_the_same_columns(make: Any) -> None:
    assert infer_signature(make(ROWS))["inputs"] == SPECS


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pl.Series([1], dtype=pl.Int8), "integer"),
        (pl.Series([1], dtype=pl.UInt32), "long"),
        (pl.Series([1.5], dtype=pl.Float32), "float"),
        (pl.Series(["a"], dtype=pl.Categorical), "string"),
        (pl.Series(["a"], dtype=pl.Enum(["a"])), "string"),
        (pa.array([1], pa.int16()), "integer"),
        (pa.array([1], pa.int32()), "integer"),
        (pa.array([1], pa.uint32()), "long"),
        (pa.array([1.5], pa.float32()), "float"),
        (pa.array(["a"]).dictionary_encode(), "string"),
        (pa.array(["a"], pa.large_string()), "string"),
        (pa.array(["a"], pa.string_view()), "string"),
        (pa.array([b"ab"], pa.binary(2)), "binary"),
        (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())), "map"),
        (pa.array([[1.5, 2.5]], pa.list_(pa.float64(), 2)), "array"),
        (pl.Series([[1, 2]], dtype=pl.Array(pl.Int64, 2)), "array"),
    ],
)
def test_types_of_polars_and_arrow(column: Any, expected: str) -> None:
    assert infer_signature(column)["inputs"][0]["type"] == expected


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([1], dtype=pl.UInt64),
        pl.Series(["1.5"]).cast(pl.Decimal(4, 2)),
        pa.array([1], pa.uint64()),
        pa.array([1], pa.duration("s")),
    ],
)
def test_a_type_that_no_signature_has_is_named(column: Any) -> None:
    with pytest.raises(halfback.InvalidError, match="which no signature has"):
        infer_signature(column)


def test_the_example_of_an_estimator_tells_inputs_and_outputs() -> None:
    frame = pd.DataFrame({"age": [20, 30, 40, 50], "income": [1.5, 2.5, 3.5, 4.5]})
    model = LogisticRegression().fit(frame, ["no", "no", "yes", "yes"])
    names = ["age", "income"]
    signature = infer_signature(model, frame, {"threshold": 0.5})
    assert [spec["name"] for spec in signature["inputs"]] == names
    assert signature["outputs"] == [{"type": "string", "required": True}]
    assert signature["params"] == [
        {"name": "threshold", "type": "double", "default": 0.5, "shape": None}
    ]
    proba = infer_signature(model, frame, method="predict_proba")["outputs"]
    assert proba == [{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}]
    model = LogisticRegression().fit(frame.to_numpy(), [0, 0, 1, 1])
    plain = infer_signature(model, frame.to_numpy())
    assert plain["inputs"][0]["tensor-spec"] == {"dtype": "float64", "shape": [-1, 2]}
    assert plain["outputs"][0]["tensor-spec"] == {"dtype": "int64", "shape": [-1]}


@pytest.mark.parametrize(
    ("example", "method", "message"),
    [
        (None, "predict", "an example is needed"),
        (np.zeros((2, 5)), "predict", "failed on the example"),
        (np.zeros((2, 1)), "foretell", "has no `foretell`"),
    ],
)
def test_what_an_estimator_needs(example: Any, method: str, message: str) -> None:
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(halfback.InvalidError, match=message):
        infer_signature(model, example, method=method)


def test_nothing_has_no_signature() -> None:
    with pytest.raises(halfback.InvalidError, match="nothing was given"):
        infer_signature()


def test_depth_is_bounded() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    for bottomless in (deep, {"a": deep}, [{"a": deep}]):
        with pytest.raises(halfback.InvalidError, match="nested more than 64"):
            infer_signature(bottomless)
