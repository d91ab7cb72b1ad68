"""Groups of rows by the labels of sensitive features, and the rows of a column that a group has."""

from __future__ import annotations

from array import array as vector
from collections.abc import Mapping
from typing import Any, NamedTuple

from halfback import _native
from halfback.errors import InvalidError
from halfback.libraries import belongs, loaded
from halfback.metrics.columns import plain
from halfback.tables import named_columns, worded

__all__ = ["Group", "features", "groups", "settled", "taken"]


class Group(NamedTuple):
    """A label of one feature, or a tuple of labels where features are crossed, and its rows."""

    name: Any
    rows: vector[int]


def features(sensitive_features: Any) -> tuple[list[str], list[Any]]:
    """The columns of sensitive features, and their names."""
    names, columns = _features(sensitive_features)
    return names, [worded(column) for column in columns]


def _features(given: Any) -> tuple[list[str], list[Any]]:
    named = list(given.items()) if isinstance(given, Mapping) else named_columns(given)
    if named is not None:
        return [str(name) for name, _ in named], [column for _, column in named]
    if belongs(given, "numpy", "ndarray") and given.ndim == 2:
        return _numbered([given[:, at] for at in range(given.shape[1])])
    if isinstance(given, (list, tuple)) and given and _is_column(given[0]):
        return _numbered(list(given))
    name = getattr(given, "name", None)
    return ([name], [given]) if isinstance(name, str) and name else _numbered([given])


def groups(columns: list[Any]) -> list[Group]:
    """The groups that occur in a column, or in several crossed, in the order of their labels."""
    found = []
    for labels, places in _native.metrics_groups(columns):
        rows = vector("q")
        rows.frombytes(places)
        found.append(Group(labels[0] if len(columns) == 1 else tuple(labels), rows))
    return found


def settled(column: Any, argument: str, expected: int | None) -> Any:
    """A column of rows that can be counted and taken, as many as expected and one at least."""
    if isinstance(column, (str, bytes)):
        message = f"`{argument}` is a single text, expected a column"
        raise InvalidError(message, "invalid_argument")
    scalar = getattr(column, "ndim", 1) == 0
    known = any(belongs(column, module, *classes) for module, classes in _LIBRARIES)
    if scalar or not (known or isinstance(column, (list, tuple))):
        column = plain(column, argument)
    rows = len(column)
    if rows == 0:
        raise InvalidError(f"`{argument}` is empty, expected at least one row", "invalid_argument")
    if expected not in (None, rows):
        message = f"`{argument}` has {rows} rows, expected {expected}"
        raise InvalidError(message, "invalid_argument")
    return column


def taken(column: Any, rows: vector[int]) -> Any:
    """These rows of a settled column or table, as one of the same library."""
    if isinstance(column, (list, tuple)):
        return [column[row] for row in rows]
    if belongs(column, "polars", "Series", "DataFrame"):
        return column[rows.tolist()]
    if belongs(column, "pyarrow", "Array", "ChunkedArray", "Table"):
        return column.take(loaded("pyarrow").array(rows.tolist()))
    places = loaded("numpy").asarray(rows)
    return column.iloc[places] if hasattr(column, "iloc") else column[places]


# Whose columns and tables can be counted and cut as they are.
_LIBRARIES = (
    ("numpy", ("ndarray",)),
    ("pandas", ("Series", "DataFrame")),
    ("polars", ("Series", "DataFrame")),
    ("pyarrow", ("Array", "ChunkedArray", "Table")),
)


def _is_column(value: Any) -> bool:
    if isinstance(value, (str, bytes)):
        return False
    return hasattr(value, "__len__") or hasattr(value, "__arrow_c_array__")


def _numbered(columns: list[Any]) -> tuple[list[str], list[Any]]:
    return [f"sensitive_feature_{at}" for at in range(len(columns))], columns
