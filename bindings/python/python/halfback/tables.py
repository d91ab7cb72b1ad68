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
    if not any(map(_has_text, _samples(column))):
        return column
    values = [_plain(value) for value in column]
    return [
        None if is_missing(value) else _text(value) if _has_text(value) else value
        for value in values
    ]


def _samples(column: Any) -> list[Any]:
    """A value of each type in a column, which is one in those of polars and Arrow."""
    if getattr(getattr(column, "dtype", None), "kind", "O") in "biufU":
        return []
    values = map(_plain, column)
    if hasattr(column, "null_count"):
        return [next((value for value in values if not is_missing(value)), None)]
    return list({type(value): value for value in values}.values())


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


def _text(value: Any) -> str:
    """The same text for the same value, whichever library's it is."""
    if belongs(value, "decimal", "Decimal"):
        digits = format(value, "f")
        digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
        return "0" if digits == "-0" else digits
    if belongs(value, "pandas", "Timedelta") and not value.nanoseconds:
        return str(value.to_pytimedelta())
    return _text_of_time(value) if _is_time(value) else str(value)


def _text_of_time(value: Any) -> str:
    """A time or duration of numpy as Python writes it, with nanoseconds as pandas does."""
    kind, unit = value.dtype.str[1:].rstrip("]").split("[")
    unit = unit.lstrip("0123456789")
    if unit in "YMWD":
        return str(value)
    whole = value.astype(f"{kind}[us]").item()
    nanoseconds = 0
    if unit not in ("h", "m", "s", "ms", "us"):
        nanoseconds = int(value.astype(f"{kind}[ns]").astype(int)) % 1000
    if isinstance(whole, int) or (nanoseconds and kind == "m8"):
        return str(value)  # beyond what Python holds
    return f"{whole.isoformat(' ', 'microseconds')}{nanoseconds:03}" if nanoseconds else str(whole)


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
