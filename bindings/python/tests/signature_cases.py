"""Data whose signatures are held against MLflow's.

`python signature_cases.py`, where MLflow is installed, writes what MLflow says of each case to
`mlflow_signatures.json`; the tests compare with that file and need no MLflow.
"""

from __future__ import annotations

import json
import sys
import warnings
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sparse

RECORDED = Path(__file__).with_name("mlflow_signatures.json")
NOON = datetime(2026, 2, 3, 12)

DTYPES = [
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64", "complex128", "datetime64[ns]", "timedelta64[ns]", "U5", "S5",
]  # fmt: skip
NULLABLE = ["Int8", "Int32", "Int64", "UInt32", "Float32", "Float64", "boolean", "string"]


def frame(**columns: Any) -> Any:
    return pd.DataFrame(columns)


def objects(*values: Any) -> Any:
    return pd.Series(list(values), dtype=object)


INPUTS: dict[str, Any] = {
    **{f"array of {dtype}": np.zeros(3, dtype) for dtype in DTYPES},
    **{f"frame of {dtype}": frame(x=np.zeros(3, dtype)) for dtype in DTYPES},
    **{f"frame of {dtype}": frame(x=pd.array(["1", "0"], dtype="string").astype(dtype))
       for dtype in NULLABLE if dtype != "boolean"},
    **{f"frame of {dtype} with a hole": frame(x=pd.array([None, None], dtype=dtype))
       for dtype in NULLABLE},
    "array of two dimensions": np.zeros((4, 3)),
    "array of four dimensions": np.zeros((4, 28, 28, 3), "uint8"),
    "array without rows": np.zeros((0, 3), "float32"),
    "array of objects": np.array([1, "a", None], dtype=object),
    "array of text": np.array(["a", "long text"]),
    "array without dimensions": np.array(1.0),
    "structured array": np.zeros(3, [("age", "i4"), ("income", "f8")]),
    "dictionary of arrays": {"a": np.zeros((2, 3)), "b": np.zeros(2, "int32")},
    "dictionary of lists": {"a": [1, 2], "b": ["x", None], "c": 1.5, "d": None},
    "dictionary with a dictionary": {"a": {"b": [1.5], "c": "x"}, "d": [{"e": 1}, {"f": True}]},
    "dictionary that is empty": {},
    "dictionary with keys that are numbers": {1: [1]},
    "dictionary of an array and a list": {"a": np.zeros(2), "b": [1]},
    "csr matrix": sparse.csr_matrix(np.eye(3)),
    "csc matrix": sparse.csc_matrix(np.eye(3, dtype="float32")),
    "csr array": sparse.csr_array(np.eye(3)),
    "coo matrix": sparse.coo_matrix(np.eye(3)),
    "list of numbers": [1, 2, 3],
    "list of numbers with holes": [1.5, None, float("nan")],
    "list of text": ["a", "b"],
    "list of bytes": [b"a", bytearray(b"b")],
    "list of booleans": [True, False],
    "list of times": [NOON, NOON],
    "list of lists": [[1, 2], [], [3]],
    "list of lists of text with holes": [["a", None], None],
    "list of arrays": [np.zeros(2), np.ones(2)],
    "list of an empty array": [np.zeros(0)],
    "list of NumPy's numbers": [np.float32(1), np.float32(2)],
    "list of small numbers of NumPy": [np.int8(1)],
    "list of mixed types": [1, "a"],
    "list of integers and floats": [1, 2.5],
    "list that is empty": [],
    "list of nothing": [None, None],
    "list of tuples": [(1, 2), (3, 4)],
    "rows": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
    "rows with holes": [{"a": 1, "b": None}, {"a": 2}],
    "rows with NaN": [{"a": 1.5}, {"a": float("nan")}],
    "rows with nested lists": [{"a": [[1.5], []]}, {"a": [[]]}],
    "rows with objects": [{"a": {"x": 1, "y": "t"}}, {"a": {"y": None, "z": True}}, {"a": None}],
    "rows with objects in lists": [{"a": [{"x": 1}, {"x": 2, "y": [1.5]}]}, {"a": []}],
    "rows with times": [{"a": NOON, "b": date(2026, 2, 3)}],
    "rows with clashing types": [{"a": 1}, {"a": "x"}],
    "rows without values": [{}, {}],
    "rows with an empty object": [{"a": {}}, {"a": {"x": 1}}],
    "one number": 1,
    "one text": "text",
    "one set": {1, 2},
    "frame of numbers": frame(age=[39, 41], income=[1.5, None]),
    "frame of text": frame(a=["x", "y"], b=["x", None]),
    "frame of objects of text": frame(a=objects("x", None)),
    "frame of bytes": frame(a=objects(b"x", b"y")),
    "frame of booleans with a hole": frame(a=objects(True, None)),
    "frame of integers with a hole": frame(a=objects(1, None)),
    "frame of mixed objects": frame(a=objects(1, "x")),
    "frame of lists": frame(a=objects([1.5], [2.5, 3.5])),
    "frame of arrays": frame(a=objects(np.zeros(2, "float32"), np.ones(2, "float32"))),
    "frame of dictionaries": frame(a=objects({"x": 1}, {"y": "t"})),
    "frame of lists of dictionaries": frame(a=objects([{"x": 1}], [{"x": 2}, {"x": None}])),
    "frame of times": frame(a=pd.to_datetime(["2026-02-03", None])),
    "frame of times with a zone": frame(a=pd.to_datetime(["2026-02-03"]).tz_localize("UTC")),
    "frame of dates": frame(a=objects(date(2026, 2, 3), None)),
    "frame of categories": frame(a=pd.Series(["x", "y"], dtype="category")),
    "frame of categories of numbers": frame(a=pd.Series([1, 2], dtype="category")),
    "frame of nothing": frame(a=objects(None, None)),
    "frame of NaN": frame(a=[float("nan")] * 2),
    "frame of 32-bit NaN": frame(a=np.array([1, np.nan], "float32")),
    "frame of decimals": frame(a=objects(Decimal("1.5"))),
    "frame without rows": frame(a=np.zeros(0), b=objects()),
    "frame without columns": frame(),
    "frame with numbers as names": pd.DataFrame({0: [1.5], 1: ["x"]}),
    "frame with a name twice": pd.DataFrame([[1, 2]], columns=["a", "a"]),
    "frame of Arrow's types": frame(a=[1, None], b=["x", "y"]).convert_dtypes(
        dtype_backend="pyarrow"
    ),
    "series": pd.Series([1.5, 2.5]),
    "series with a name": pd.Series(["x", None], name="city"),
    "series of integers": pd.Series([1, 2], name="count"),
}  # fmt: skip

PARAMS: dict[str, Any] = {
    "scalars": {"a": 1, "b": 1.5, "c": "x", "d": True},
    "bytes": {"a": b"x"},
    "scalars of NumPy": {"a": np.float32(0.5), "b": np.int32(7), "c": np.bool_(True)},
    "times": {"a": NOON, "b": np.datetime64("2026-02-03T12:00:00")},
    "lists": {"a": [1, 2], "b": [1.5, 2.5], "c": ["x", "y"], "d": [True, False]},
    "a list of integers and floats": {"a": [1.5, 2]},
    "a list of booleans and integers": {"a": [True, 1]},
    "a list of times": {"a": [NOON, NOON]},
    "an empty list": {"a": []},
    "arrays": {"a": np.array([1.5, 2.5]), "b": np.array([1, 2], "int32")},
    "a dictionary": {"a": {"b": 1, "c": ["x"]}},
    "nested lists": {"a": [[1]]},
    "nothing": {"a": None},
    "mixed": {"a": [1, {"b": 2}]},
}


def by_mlflow() -> dict[str, dict[str, Any]]:
    infer_signature = import_module("mlflow.models").infer_signature

    def said(**given: Any) -> Any:
        try:
            signature = infer_signature(**given).to_dict()
        except Exception as error:
            return f"refused: {type(error).__name__}"
        part = signature["params" if "params" in given else "inputs"]
        return json.loads(part)

    warnings.simplefilter("ignore")
    return {
        "inputs": {name: said(model_input=data) for name, data in INPUTS.items()},
        "params": {name: said(params=data) for name, data in PARAMS.items()},
    }


if __name__ == "__main__":
    recorded = json.dumps(by_mlflow(), indent=1, sort_keys=True, default=str)
    RECORDED.write_text(recorded + "\n", encoding="utf-8")
    sys.stdout.write(f"{RECORDED.name}: {len(INPUTS)} inputs, {len(PARAMS)} params\n")
