"""Fields of a record that is given as a mapping, held against those that the record has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from halfback import arguments
from halfback.errors import InvalidError

__all__ = ["fitting"]


def fitting(name: str, value: object, record: type) -> dict[str, Any]:
    """A mapping or record as JSON holds it; what is no field, or of another type, is named by where
    it is. Which fields there must be is the core's business.
    """
    given = arguments.json_object(name, value)
    _check(name, given, record)
    return given


def _check(name: str, value: Any, hint: Any) -> None:
    if isinstance(hint, type) and is_dataclass(hint):
        _check_fields(name, value, _types(hint))
    elif get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise arguments.wrong_type(name, "a list", value)
        for at, item in enumerate(value):
            _check(f"{name}[{at}]", item, get_args(hint)[0])
    elif get_origin(hint) is Literal:
        arguments.word(name, value, get_args(hint))
    elif type(None) in get_args(hint):
        if value is not None:
            _check(name, value, next(kind for kind in get_args(hint) if kind is not type(None)))
    elif hint in _CHECKS:
        _CHECKS[hint](name, value)


def _check_fields(name: str, value: Any, types: Mapping[str, Any]) -> None:
    if not isinstance(value, Mapping):
        raise arguments.wrong_type(name, "a mapping (`dict`)", value)
    for field, item in value.items():
        if field not in types:
            expected = ", ".join(f"`{each}`" for each in types)
            message = f"`{name}` has the field `{field}`, expected one of {expected}"
            raise InvalidError(message, "invalid_argument")
        _check(f"{name}.{field}", item, types[field])


@cache
def _types(record: type) -> dict[str, Any]:
    found = get_type_hints(record)
    return {field: found[field] for field in record.__dataclass_fields__}  # type: ignore[attr-defined]


_CHECKS: dict[Any, Any] = {
    bool: arguments.flag,
    float: arguments.number,
    int: arguments.integer,
    str: arguments.text,
}
