"""Records as tables: one row for each, with the columns that the type of the record has.

A column is what the record's annotation says, so a list without records has the same columns. Only
the library that was asked for is imported, and none for dictionaries.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from halfback.errors import InvalidError
from halfback.libraries import library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["to_arrow", "to_dicts", "to_pandas", "to_polars"]


@dataclass(frozen=True)
class Kind:
    """What a column holds: a scalar, or a list, a map or a record of others."""

    name: Literal[
        "boolean", "integer", "number", "text", "time", "mixed", "json", "list", "map", "record"
    ]
    items: Kind | None = None
    fields: dict[str, Kind] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    name: str
    kind: Kind
    values: list[Any]


def to_dicts(record: type | None, items: Iterable[object], flat: bool) -> list[dict[str, Any]]:
    """Plain dictionaries, one for each record."""
    columns = _columns(record, list(items), flat)
    rows = zip(*(column.values for column in columns), strict=True)
    return [dict(zip((column.name for column in columns), row, strict=True)) for row in rows]


def to_pandas(record: type | None, items: Iterable[object], flat: bool) -> Any:
    """A `pandas.DataFrame`; maps and lists are columns of objects."""
    pandas = library("pandas", "`to_pandas`")
    dtypes = {
        "boolean": "boolean",
        "number": "float64",
        "text": "string",
        "time": "datetime64[us, UTC]",
    }
    series = {}
    for column in _columns(record, list(items), flat):
        dtype = dtypes.get(column.kind.name, "object")
        if column.kind.name == "integer":
            dtype = "Int64" if None in column.values else "int64"
        series[column.name] = pandas.Series(column.values, dtype=dtype)
    return pandas.DataFrame(series)


def to_polars(record: type | None, items: Iterable[object], flat: bool) -> Any:
    """A `polars.DataFrame`; maps are structs with a field for each key that there is."""
    polars = library("polars", "`to_polars`")

    def dtype(kind: Kind, values: Sequence[Any]) -> Any:
        if kind.name == "list":
            return polars.List(dtype(_items(kind), [it for held in values for it in held or ()]))
        if kind.name in ("record", "map"):
            return polars.Struct(
                {key: dtype(*_within(kind, key, values)) for key in _keys(kind, values)}
            )
        return {
            "boolean": polars.Boolean,
            "integer": polars.Int64,
            "number": polars.Float64,
            "time": polars.Datetime("us", "UTC"),
        }.get(_scalar(kind, values), polars.String)

    def series(column: Column) -> Any:
        kind = dtype(column.kind, column.values)
        values = list(map(_fitter(column.kind, column.values), column.values))
        return polars.Series(column.name, values, dtype=kind)

    return polars.DataFrame([series(column) for column in _columns(record, list(items), flat)])


def to_arrow(record: type | None, items: Iterable[object], flat: bool) -> Any:
    """A `pyarrow.Table`; maps are maps, or structs where their values are of several types."""
    arrow = library("pyarrow", "`to_arrow`")

    def dtype(kind: Kind, values: Sequence[Any]) -> Any:
        if kind.name == "list":
            return arrow.list_(dtype(_items(kind), [it for held in values for it in held or ()]))
        if kind.name == "map" and _items(kind).name != "mixed":
            return arrow.map_(arrow.string(), dtype(_items(kind), []))
        if kind.name in ("record", "map"):
            held = {key: dtype(*_within(kind, key, values)) for key in _keys(kind, values)}
            return arrow.struct(list(held.items()))
        return {
            "boolean": arrow.bool_(),
            "integer": arrow.int64(),
            "number": arrow.float64(),
            "time": arrow.timestamp("us", tz="UTC"),
        }.get(_scalar(kind, values), arrow.string())

    def array(column: Column) -> Any:
        kind = dtype(column.kind, column.values)
        values = list(map(_fitter(column.kind, column.values), column.values))
        if arrow.types.is_map(kind):
            values = [None if value is None else list(value.items()) for value in values]
        return arrow.array(values, type=kind)

    columns = _columns(record, list(items), flat)
    return arrow.table({column.name: array(column) for column in columns})


# Columns.


def _columns(record: type | None, items: list[object], flat: bool) -> list[Column]:
    columns = []
    for name, kind in _kinds(record, items).items():
        values = [_plain(kind, getattr(item, name)) for item in items]
        column = Column(name, kind, values)
        spread = flat and kind.name in ("map", "record")
        columns.extend(_spread(column) if spread else [column])
    return columns


def _spread(column: Column) -> list[Column]:
    """One column for each key, such as `tags.team`."""
    spread = []
    for key in _keys(column.kind, column.values):
        kind, values = _within(column.kind, key, column.values)
        if kind.name == "mixed":
            kind = Kind(_scalar(kind, values))  # type: ignore[arg-type]  # one of the scalars
            values = [_fitted(kind.name, value) for value in values]
        spread.append(Column(f"{column.name}.{key}", kind, values))
    return spread


def _plain(kind: Kind, value: Any) -> Any:
    """A value of a record as people's tables hold it: lists and dictionaries of their own."""
    if value is None:
        return None
    if kind.name == "list":
        return [_plain(_items(kind), item) for item in value]
    if kind.name == "record":
        return {key: _plain(held, getattr(value, key)) for key, held in kind.fields.items()}
    if kind.name in ("map", "json"):
        return _copied(value)
    return value


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(held) for key, held in value.items()}
    return [_copied(item) for item in value] if isinstance(value, (list, tuple)) else value


def _keys(kind: Kind, values: Sequence[Any]) -> list[str]:
    """The fields of a record, or the keys that there are in some row."""
    if kind.name == "record":
        return list(kind.fields)
    return sorted({key for value in values if value for key in value})


def _within(kind: Kind, key: str, values: Sequence[Any]) -> tuple[Kind, list[Any]]:
    inner = kind.fields[key] if kind.name == "record" else _items(kind)
    return inner, [None if value is None else value.get(key) for value in values]


def _fitter(kind: Kind, values: Sequence[Any]) -> Callable[[Any], Any]:
    """What makes of a value one that a typed column takes, given all values of the column."""
    if kind.name == "list":
        item = _fitter(_items(kind), [it for held in values for it in held or ()])
        return lambda value: None if value is None else [item(it) for it in value]
    if kind.name in ("map", "record"):
        fit = {key: _fitter(*_within(kind, key, values)) for key in _keys(kind, values)}
        return lambda value: (
            None if value is None else {key: fit[key](held) for key, held in value.items()}
        )
    name = _scalar(kind, values)
    return lambda value: _fitted(name, value)


def _fitted(name: str, value: Any) -> Any:
    if name == "json":
        return None if value is None else json.dumps(value, ensure_ascii=False)
    if value is None or name != "text" or isinstance(value, str):
        return float(value) if name == "number" and value is not None else value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _scalar(kind: Kind, values: Sequence[Any]) -> str:
    """The type of a scalar column; of mixed values the narrowest that holds them all."""
    if kind.name != "mixed":
        return kind.name
    there = {type(value) for value in values if value is not None}
    if there == {bool}:
        return "boolean"
    if there == {int}:
        return "integer"
    return "number" if there and there <= {int, float} else "text"


def _items(kind: Kind) -> Kind:
    return kind.items if kind.items is not None else Kind("json")


# Kinds, from the annotations of the records.


def _kinds(record: type | None, items: list[object]) -> dict[str, Kind]:
    if record is None:
        record = type(items[0]) if items else None
    described = next((cls for cls in getattr(record, "__mro__", ()) if _describes(cls)), None)
    if described is None:
        raise InvalidError(
            "this list is not of records, so it has no columns: `list(…)` gives what is in it",
            "invalid_argument",
        )
    hints = get_type_hints(described)
    return {each.name: _kind(hints[each.name]) for each in fields(described)}


def _describes(cls: type) -> bool:
    """The generated class; the one that people meet is made from it."""
    return "__dataclass_fields__" in vars(cls)


def _kind(hint: Any) -> Kind:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return Kind("text")
    if origin is Mapping:
        values = _kind(inner[1])
        return Kind("json") if values.name == "json" else Kind("map", values)
    if origin is tuple:
        items = _kind(inner[0])
        return Kind("json") if items.name == "json" else Kind("list", items)
    if origin is not None and (origin is Union or origin.__name__ == "UnionType"):
        kinds = [_kind(it) for it in inner if it is not type(None)]
        return kinds[0] if len(kinds) == 1 else Kind("mixed")
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return Kind("record", fields={it.name: _kind(hints[it.name]) for it in fields(hint)})
    scalars: dict[Any, Any] = {
        bool: "boolean", int: "integer", float: "number", str: "text", datetime: "time"
    }  # fmt: skip
    return Kind(scalars.get(hint, "json"))
