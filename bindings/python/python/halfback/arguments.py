"""Checks of arguments, before anything crosses to the core.

A value of the wrong type is an `InvalidTypeError`, and one that JSON can't carry (a number that
isn't finite, text that isn't Unicode) an `InvalidError`; both name the argument. What a name or a
tag may be is the core's business.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import date, datetime, timedelta, timezone
from math import ceil, isfinite
from operator import index
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from halfback.errors import InvalidError, InvalidTypeError
from halfback.sentinels import AnyValue

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["Content", "Moment", "Param", "PathArgument", "Progress"]

PathArgument: TypeAlias = "str | os.PathLike[str]"
"""A path, as the functions of Python's own library take it."""

Content: TypeAlias = "PathArgument | ReadableBuffer"
"""What a version is made of: the path of a file or a folder, or bytes."""

Progress: TypeAlias = Callable[[int, int], object] | Literal[False]
"""Called as `progress(done, total)`, in bytes, now and then. What it raises ends the transfer.

Where none is given, a terminal or a notebook shows a bar for what takes long; `False` shows none.
"""

Moment: TypeAlias = datetime | date | str | int
"""A past moment: the number of a commit, an aware `datetime` or its ISO text, or a date.

A date, also as text such as `2026-11-23`, is its first instant in UTC.
"""

Param: TypeAlias = str | int | float | bool
"""A parameter of a model; scalars of NumPy are taken as the number they hold."""

# What the core's integers hold; JSON itself has no bound.
_INTEGERS = range(-(2**63), 2**63)
_PAGE_SIZES = range(1, 1001)
# As deep as the core reads, with room for what the value lies in.
_DEPTH = 100


def text(name: str, value: object) -> str:
    """Text that UTF-8 can carry."""
    if not isinstance(value, str):
        raise wrong_type(name, "text (`str`)", value)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidError(
            f"`{name}` holds a lone surrogate, which is not Unicode text: "
            "decode the bytes it came from with the right encoding",
            "invalid_argument",
        ) from None
    return value


def texts(name: str, wanted: str, value: object) -> list[str]:
    """Several texts in whatever can be gone through; a single one is none of that."""
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise wrong_type(name, wanted, value)
    return [text(f"{name}[{at}]", item) for at, item in enumerate(value)]


def word(name: str, value: object, words: Iterable[str]) -> str:
    """One of a few words."""
    found, known = text(name, value), list(words)
    if found not in known:
        expected = ", ".join(f"`{each}`" for each in known)
        raise InvalidError(f"`{name}` is `{found}`, expected one of {expected}", "invalid_argument")
    return found


def flag(name: str, value: object) -> bool:
    """`True` or `False`, also NumPy's, and no number that would pass for one."""
    scalar = getattr(value, "item", None)
    held = scalar() if callable(scalar) and getattr(value, "shape", None) == () else value
    if not isinstance(held, bool):
        raise wrong_type(name, "`True` or `False`", value)
    return held


def integer(name: str, value: object) -> int:
    """A whole number, also one of NumPy's."""
    number = _whole(name, value)
    if number not in _INTEGERS:
        raise InvalidError(f"`{name}` is `{number}`, beyond 64 bits", "invalid_argument")
    return number


def within(name: str, value: object, least: int, most: int) -> int:
    """A whole number from `least` to `most`."""
    number = _whole(name, value)
    if not least <= number <= most:
        raise InvalidError(
            f"`{name}` is `{number}`, expected {least} to {most}", "invalid_argument"
        )
    return number


def seconds(name: str, value: object) -> int:
    """Whole seconds of a `timedelta` or a number, rounded up: waiting longer is the safe side."""
    if isinstance(value, timedelta):
        number = -(value // timedelta(seconds=-1))
    elif isinstance(value, float):
        if not isfinite(value):
            raise InvalidError(
                f"`{name}` is `{value}`, no duration: give a finite number of seconds",
                "invalid_argument",
            )
        number = ceil(value)
    else:
        try:
            number = integer(name, value)
        except InvalidTypeError:
            wanted = "a `timedelta` or a number of seconds"
            raise wrong_type(name, wanted, value) from None
    if number not in range(2**63):
        raise InvalidError(
            f"`{name}` is `{value}`, out of range: give a duration of 0 or more",
            "invalid_argument",
        )
    return number


def page_size(value: object) -> int:
    """How many records a page may have; judged before the list is first read."""
    size = integer("page_size", value)
    if size not in _PAGE_SIZES:
        raise InvalidError(
            f"`page_size` is `{size}`, out of range: give 1 to {_PAGE_SIZES[-1]}",
            "invalid_argument",
        )
    return size


def optional(
    check: Callable[[str, object], Any], name: str, value: object
) -> Any:  # the type of `check`, or None
    """`None`, or what `check` lets pass."""
    return None if value is None else check(name, value)


def number(name: str, value: object) -> float:
    """A number, also one of NumPy's."""
    found = None if isinstance(value, (bool, str)) else _number(name, value, "a number")
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        return found
    raise wrong_type(name, "a number", value)


def param(name: str, value: object) -> Param:
    """Text, a number or a boolean."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text(name, value)
    return _number(name, value, "text, a number or a boolean")


def tags(name: str, value: object) -> dict[str, str]:
    """A mapping from text to text."""
    if not isinstance(value, Mapping):
        raise wrong_type(name, "a mapping from text to text (`dict`)", value)
    return {text(f"{name} key", key): text(f"{name}.{key}", item) for key, item in value.items()}


def params(name: str, value: object) -> dict[str, Param]:
    """A mapping from text to text, numbers and booleans."""
    if not isinstance(value, Mapping):
        raise wrong_type(name, "a mapping from text to text, numbers or booleans (`dict`)", value)
    return {text(f"{name} key", key): param(f"{name}.{key}", item) for key, item in value.items()}


def metrics(name: str, value: object) -> dict[str, float]:
    """A mapping from text to numbers."""
    if not isinstance(value, Mapping):
        raise wrong_type(name, "a mapping from text to numbers (`dict`)", value)
    return {text(f"{name} key", key): number(f"{name}.{key}", item) for key, item in value.items()}


def json_object(name: str, value: object) -> dict[str, Any]:
    """A mapping or a record that JSON can hold, to any depth."""
    if not isinstance(value, Mapping) and not _is_record(value):
        raise wrong_type(name, "a mapping (`dict`)", value)
    checked: dict[str, Any] = plain(name, value)
    return checked


def plain(name: str, value: object, depth: int = 0) -> Any:
    """A value that JSON can hold, with every leaf checked and named by where it is."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text(name, value)
    if isinstance(value, datetime):
        return _time(name, value)
    if depth > _DEPTH:
        raise InvalidError(
            f"`{name.split('.')[0]}` is nested more than {_DEPTH} deep: flatten it",
            "invalid_argument",
        )
    if _is_record(value):
        value = {field.name: getattr(value, field.name) for field in fields(value)}  # type: ignore[arg-type]  # a record
    if isinstance(value, Mapping):
        return {
            text(f"{name} key", key): plain(f"{name}.{key}", item, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [plain(f"{name}[{at}]", item, depth + 1) for at, item in enumerate(value)]
    return _number(name, value, "text, a number, a boolean, a list or a mapping")


def path(name: str, value: object) -> str:
    """A path that the operating system can take."""
    if not isinstance(value, (str, os.PathLike)):
        raise wrong_type(name, "a path (`str` or `pathlib.Path`)", value)
    place = os.fsdecode(value)
    try:
        usable = b"\0" not in os.fsencode(place)
    except UnicodeEncodeError:
        usable = False
    if not usable:
        raise InvalidError(
            f"`{name}` is `{place!a}`, which no file system can hold", "invalid_argument"
        )
    return place


def content(value: object, name: str | None) -> tuple[str | bytes, str | None]:
    """The path of a file or folder, or bytes and the name of the file they become."""
    if isinstance(value, (str, os.PathLike)):
        if name is not None:
            raise InvalidError(
                "`name` is for content given as bytes: a file or folder has its own name",
                "invalid_argument",
            )
        return path("content", value), None
    try:
        held = bytes(memoryview(value))  # type: ignore[arg-type]  # refuses what is no buffer
    except TypeError:
        raise wrong_type("content", "a path or bytes", value) from None
    return held, "model.bin" if name is None else text("name", name)


def callback(name: str, value: object) -> Any:
    """Something to call, or `False` for nothing; `None` leaves it to where the program runs."""
    if value is not None and value is not False and not callable(value):
        raise wrong_type(name, "a function `progress(done, total)` or `False`", value)
    return value


def tolerance(name: str, value: object) -> float:
    """How far a number may be from another: not negative."""
    found = number(name, value)
    if found < 0:
        raise InvalidError(f"`{name}` is `{found}`: expected 0 or more", "invalid_argument")
    return found


def moment(name: str, value: object) -> dict[str, Any]:
    """A moment as the core takes it."""
    if isinstance(value, str):
        value = _iso(name, value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=timezone.utc)
    if isinstance(value, datetime):
        return {"time": _time(name, value)}
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        wanted = "an aware `datetime` or its ISO text, a date, or the number of a commit"
        raise wrong_type(name, wanted, value)
    return {"commit": integer(name, value)}


def _iso(name: str, value: str) -> datetime | date:
    """The time or the date that ISO text says; with hyphens, which no commit's number has."""
    if "-" in value:
        for read in (date.fromisoformat, datetime.fromisoformat):
            with suppress(ValueError):
                return read(value)
    raise InvalidError(
        f"`{name}` is `{text(name, value)}`, no moment: give a time with its offset like "
        "`2026-11-23T10:00:00Z`, a date like `2026-11-23`, or the number of a commit",
        "invalid_argument",
    )


def expected(
    check: Callable[[str, object], Any], value: object
) -> dict[str, Any]:  # empty: no expectation
    """The field `expect` of a command, left out when anything may be there now."""
    return {} if isinstance(value, AnyValue) else {"expect": optional(check, "expect", value)}


def wrong_type(name: str, wanted: str, value: object) -> InvalidTypeError:
    """The error for an argument of the wrong type."""
    given = "None" if value is None else f"a `{type(value).__name__}`"
    return InvalidTypeError(f"`{name}` must be {wanted}, not {given}", "invalid_type")


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool):
        raise wrong_type(name, "a whole number (`int`)", value)
    try:
        return index(value)  # type: ignore[arg-type]  # what it refuses is what is looked for
    except TypeError:
        raise wrong_type(name, "a whole number (`int`)", value) from None


def _number(name: str, value: object, wanted: str) -> Param:
    if not isinstance(value, (int, float)):
        scalar = getattr(value, "item", None)  # scalars and 0-d arrays of NumPy and its kin
        if not callable(scalar) or getattr(value, "shape", None) != ():
            raise wrong_type(name, wanted, value)
        return param(name, scalar())
    if isinstance(value, float):
        if not isfinite(value):
            raise InvalidError(
                f"`{name}` is `{value}`: only finite numbers can be stored", "invalid_argument"
            )
        return float(value)
    return integer(name, value)


def _time(name: str, value: datetime) -> str:
    """A time as the core takes it."""
    if value.utcoffset() is None:
        raise InvalidError(
            f"`{name}` is `{value}`, which has no time zone: "
            "use `datetime.now(timezone.utc)` or `value.astimezone()`",
            "invalid_argument",
        )
    try:
        utc = value.astimezone(timezone.utc)
    except OverflowError:
        raise InvalidError(
            f"`{name}` is `{value}`, beyond the years 1 to 9999 in UTC", "invalid_argument"
        ) from None
    return utc.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _is_record(value: object) -> bool:
    return hasattr(value, "__dataclass_fields__") and not isinstance(value, type)
