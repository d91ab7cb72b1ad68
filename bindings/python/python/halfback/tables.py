"""Columns that say which slice or group a row is of, and the tables that such columns are in."""

from __future__ import annotations

from datetime import date, time, timedelta
from enum import Enum
from typing import Any

from halfback.arguments import text
from halfback.libraries import belongs

__all__ = ["column_names", "hides", "is_missing", "named_columns", "worded"]


def named_columns(table: Any) -> list[tuple[Any, Any]] | None:
    """The columns of a table of pandas, polars or Arrow by their names; `None` of anything else."""
    if belongs(table, "pandas", "DataFrame"):
        return list(table.items())
    if belongs(table, "polars", "DataFrame"):
        return list(zip(table.columns, table.get_columns(), strict=True))
    if belongs(table, "pyarrow", "Table", "RecordBatch"):
        return list(zip(table.schema.names, table.columns, strict=True))
    return None


def column_names(argument: str, table: Any) -> list[str]:
    """The names of a table's columns as texts; none of what has no names of its own."""
    if belongs(table, "pandas", "DataFrame"):
        names = table.columns
        if belongs(names, "pandas", "RangeIndex") and (names.start, names.step) == (0, 1):
            return []  # numbered by pandas
    elif belongs(table, "polars", "DataFrame"):
        names = table.columns
    elif belongs(table, "pyarrow", "Table", "RecordBatch"):
        names = table.schema.names
    else:
        return []
    return [text(f"{argument} column", str(name)) for name in names]


def hides(column: Any) -> bool:
    """Whether it is an array of numpy with a mask that hides values."""
    return belongs(column, "numpy.ma", "MaskedArray") and bool(column.mask.any())


def worded(column: Any) -> Any:
    """The column itself, or the texts of its values where they are days, intervals and the like."""
    if belongs(column, "numpy.ma", "MaskedArray"):
        column = column.tolist()  # `None` for what the mask hides
    if not hasattr(column, "__len__") or not hasattr(column, "__getitem__"):
        return column
    if getattr(column, "ndim", 1) != 1 or named_columns(column) is not None:
        return column
    first = next((value for value in map(_plain, column) if not is_missing(value)), None)
    if not _has_text(first):
        return column
    values = [_plain(value) for value in column]
    return [
        None if is_missing(value) else str(value) if _has_text(value) else value for value in values
    ]


def is_missing(value: Any) -> bool:
    """Whether it stands for no value in Python, numpy, pandas or Arrow."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if belongs(value, "decimal", "Decimal"):
        return bool(value.is_nan())
    is_number = isinstance(value, float) or _is_time(value)
    return bool(is_number and value != value)


def _plain(value: Any) -> Any:
    return value.as_py() if hasattr(value, "as_py") else value


def _is_time(value: Any) -> bool:
    return belongs(value, "numpy", "datetime64", "timedelta64")


def _has_text(value: Any) -> bool:
    if isinstance(value, (str, int)):
        return False
    return (
        isinstance(value, (date, time, timedelta, Enum))
        or _is_time(value)
        or belongs(value, "decimal", "Decimal")
        or belongs(value, "uuid", "UUID")
        or belongs(value, "pandas", "Interval", "Period")
    )
