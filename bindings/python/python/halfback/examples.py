"""Example rows: how a data set becomes the JSON of a version's example, and a data set again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import isfinite, isnan
from typing import TYPE_CHECKING, Any

from halfback.errors import InvalidError
from halfback.libraries import belongs, library
from halfback.wire import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from halfback.records import Example

__all__ = ["ExampleCheck", "array_of", "compare", "first_rows", "plain_example", "restore"]

MOST_ROWS = 100
_MOST_BYTES = 90_000
_DEEPEST = 64


@dataclass(frozen=True)
class ExampleCheck:
    """How a model's answers to the example rows compare with those that were stored."""

    rows: int
    """How many rows were compared."""

    deviating: tuple[int, ...]
    """The rows whose answer is another one, counted from 0."""

    largest_deviation: float
    """The largest difference between two numbers, relative to the stored one where that is above 1.

    It is infinite where text differs or a number is missing.
    """

    tolerance: float
    """The deviation up to which an answer is the same."""

    @property
    def passed(self) -> bool:
        """Whether every row has the answer that was stored."""
        return not self.deviating


def first_rows(data: Any, count: int = MOST_ROWS) -> Any:
    """The first rows of a data set, in its own type."""
    if belongs(data, "torch", "Tensor"):
        return array_of(data)[:count]
    if belongs(data, "pandas", "DataFrame", "Series"):
        return data.iloc[:count]
    if belongs(data, "polars", "LazyFrame"):
        return data.head(count).collect()
    if belongs(data, "pyarrow", "Table", "RecordBatch", "Array", "ChunkedArray"):
        return data.slice(0, count)
    if belongs(data, "scipy.sparse", "sparray", "spmatrix"):
        return data.tocsr()[:count]
    if isinstance(data, dict):
        return {key: first_rows(held, count) for key, held in data.items()}
    return data[:count]


def array_of(tensor: Any) -> Any:
    """A tensor of PyTorch as an array of NumPy, which has no `bfloat16`: that becomes `float32`."""
    tensor = tensor.detach().cpu()
    return (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy()


def plain_example(data: Any, outputs: Any | None) -> dict[str, Any] | None:
    """The example of a version: as many rows as fit, or `None` where not one does."""
    columns, rows = _rows(data)
    answers = None if outputs is None else _rows(outputs)[1]
    if answers is not None and len(answers) != len(rows):
        raise InvalidError(
            f"the example has {len(rows)} rows and {len(answers)} outputs: expected one output for "
            "each row",
            "invalid_argument",
        )
    rows = rows[:MOST_ROWS]
    while rows:
        example: dict[str, Any] = {"rows": rows}
        if columns is not None:
            example["columns"] = columns
        if answers is not None:
            example["outputs"] = answers[: len(rows)]
        if len(encode(example)) <= _MOST_BYTES:
            return example
        rows = rows[: len(rows) // 2]
    return None


def restore(example: Example, signature: Mapping[str, Any] | None) -> Any:
    """The data set that example rows came from: a frame, an array, arrays by name, or a list."""
    specs = list((signature or {}).get("inputs") or ())
    tensors = bool(specs) and all(spec["type"] == "tensor" for spec in specs)
    if example.columns is None:
        if not tensors:
            return list(example.rows)
        return _array(list(example.rows), specs[0])
    if tensors:
        return {
            spec["name"]: _array([row[at] for row in example.rows], spec)
            for at, spec in enumerate(specs)
        }
    pandas = library("pandas", "an example with columns")
    types = {spec.get("name"): spec["type"] for spec in specs}
    frame = {}
    for at, name in enumerate(example.columns):
        values = [row[at] for row in example.rows]
        frame[name] = pandas.Series(values, dtype=_pandas_type(types.get(name), values))
        if types.get(name) == "datetime":
            frame[name] = pandas.to_datetime(frame[name], format="ISO8601")
    return pandas.DataFrame(frame)


def compare(stored: Iterable[Any], outputs: Any, tolerance: float) -> ExampleCheck:
    """Holds answers against those that were stored, row by row."""
    before, now = list(stored), _rows(outputs)[1]
    if len(before) != len(now):
        raise InvalidError(
            f"the model gave {len(now)} answers to {len(before)} rows", "invalid_argument"
        )
    deviations = [_deviation(one, two) for one, two in zip(before, now, strict=True)]
    return ExampleCheck(
        rows=len(before),
        deviating=tuple(row for row, far in enumerate(deviations) if far > tolerance),
        largest_deviation=max(deviations, default=0.0),
        tolerance=tolerance,
    )


def _deviation(stored: Any, given: Any) -> float:
    if isinstance(stored, (list, tuple)) and isinstance(given, list):
        if len(stored) != len(given):
            return float("inf")
        return max(map(_deviation, stored, given), default=0.0)
    if _is_number(stored) and _is_number(given):
        return float(abs(stored - given) / max(1.0, abs(stored)))
    return 0.0 if stored == given else float("inf")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


# From a data set to rows.


def _rows(data: Any) -> tuple[list[str] | None, list[Any]]:
    """The names of the columns, where there are any, and the rows as JSON holds them."""
    if belongs(data, "torch", "Tensor"):
        data = array_of(data)
    if belongs(data, "scipy.sparse", "sparray", "spmatrix"):
        data = data.toarray()
    if belongs(data, "pandas", "DataFrame"):
        columns = [data.iloc[:, at].tolist() for at in range(data.shape[1])]
        return _table([str(name) for name in data.columns], columns)
    if belongs(data, "polars", "DataFrame"):
        return _table(data.columns, [column.to_list() for column in data.get_columns()])
    if belongs(data, "pyarrow", "Table", "RecordBatch"):
        return _table(data.schema.names, [column.to_pylist() for column in data.columns])
    if isinstance(data, dict):
        return _table(list(data), [_rows(held)[1] for held in data.values()])
    if belongs(data, "numpy", "ndarray") and data.dtype.names is not None:
        names = list(data.dtype.names)
        return _table(names, [data[name].tolist() for name in names])
    for method in ("tolist", "to_list", "to_pylist"):
        listed = getattr(data, method, None)
        if callable(listed):
            data = listed()
            break
    if not isinstance(data, (list, tuple)):
        raise InvalidError(
            f"a `{type(data).__name__}` has no rows: expected an array, a frame or a list",
            "invalid_argument",
        )
    return None, [_cell(row, 0) for row in data]


def _table(names: list[str], columns: list[list[Any]]) -> tuple[list[str], list[Any]]:
    if len({len(column) for column in columns}) > 1:
        raise InvalidError("the columns are not all of one length", "invalid_argument")
    return names, [[_cell(value, 0) for value in row] for row in zip(*columns, strict=True)]


def _cell(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise InvalidError(
            f"a value is nested more than {_DEEPEST} levels deep", "invalid_argument"
        )
    if value is None or isinstance(value, (bool, str)):
        return value
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, (list, tuple)):
        return [_cell(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {str(key): _cell(held, depth + 1) for key, held in value.items()}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return _finite(value)
    listed = getattr(value, "tolist", None)  # arrays and scalars of NumPy
    if callable(listed):
        return _cell(listed(), depth + 1)
    if isinstance(value, int):
        return int(value)
    raise InvalidError(
        f"an example can't hold a `{type(value).__name__}`: expected text, numbers, booleans, "
        "times, or lists of them; `store_example=False` registers without rows",
        "invalid_argument",
    )


def _finite(value: float) -> float | None:
    """A number as JSON holds it: NaN is a hole, and there is nothing that infinity could be."""
    if not isfinite(value) and not isnan(value):
        raise InvalidError(
            f"an example can't hold `{value}`: only finite numbers can be stored",
            "invalid_argument",
        )
    return None if isnan(value) else float(value)


# From rows to a data set.


def _array(values: list[Any], spec: Mapping[str, Any]) -> Any:
    numpy = library("numpy", "an example that is an array")
    tensor = spec["tensor-spec"]
    array = numpy.array(values, dtype=tensor["dtype"])
    # Rows of nothing lose their shape in JSON.
    return array.reshape([len(values), *tensor["shape"][1:]]) if not array.size else array


def _pandas_type(kind: Any, values: list[Any]) -> str | None:
    holes = None in values
    return {
        "boolean": "object" if holes else "bool",
        "integer": "float64" if holes else "int32",
        "long": "float64" if holes else "int64",
        "float": "float32",
        "double": "float64",
    }.get(kind)
