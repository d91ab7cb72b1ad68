"""Choices of a call: what is none of them is refused with the argument's name.

As in scikit-learn, such an error is both a `ValueError` and a `TypeError`.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from halfback.errors import InvalidError, InvalidTypeError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "BELOW_ONE",
    "LEAST",
    "MOST",
    "TooFewError",
    "as_float",
    "choice",
    "confidence",
    "finite",
    "flag",
    "number",
    "refused",
    "resamples",
    "whole",
    "zero",
]

WARN = 3

LEAST, MOST = 5e-324, 1.7976931348623157e308
"""The least number above zero, and the largest."""

BELOW_ONE = 1 - 2.0**-53


class TooFewError(InvalidError):
    """There are fewer rows, clusters or resamples than it takes."""


def refused(argument: str, value: object, expected: str) -> InvalidTypeError:
    """The error of an argument that is not what it may be."""
    return InvalidTypeError(
        f"`{argument}` is `{_shown(value)}`, expected {expected}", "invalid_argument"
    )


def _shown(value: object) -> str:
    try:
        return str(value)[:80]
    except ValueError:  # a whole number of thousands of digits
        return "a number beyond all bounds"


def choice(argument: str, value: object, names: Iterable[str | None]) -> None:
    """Refuses what is none of the names."""
    if not (value is None or isinstance(value, str)) or value not in names:
        one = ", ".join("`None`" if name is None else f"`{name}`" for name in names)
        raise refused(argument, value, f"one of {one}")


def flag(argument: str, value: object) -> bool:
    """Refuses what is no truth value; numpy's are some."""
    if value is True or value is False:
        return value
    if type(value).__name__ in ("bool", "bool_"):
        return bool(value)
    raise refused(argument, value, "`True` or `False`")


def confidence(value: float) -> float:
    """A confidence level as a double."""
    return number("level", value, LEAST, BELOW_ONE, "above 0 and below 1")


def number(argument: str, value: object, low: float, high: float, expected: str) -> float:
    """Refuses what is no number from `low` to `high`."""
    found = as_float(value)
    if found is not None and low <= found <= high:
        return found
    raise refused(argument, value, expected)


def finite(argument: str, value: object) -> float:
    """Refuses what is no finite number."""
    return number(argument, value, -MOST, MOST, "a finite number")


def as_float(value: object) -> float | None:
    """A number as a double, and nothing for a text, a truth value or an array."""
    if isinstance(value, (bool, str)) or getattr(value, "ndim", None):
        return None
    if type(value).__name__ in ("bool", "bool_") or not hasattr(value, "__float__"):
        return None
    with contextlib.suppress(OverflowError, TypeError, ValueError):
        return float(value)
    return None


def whole(argument: str, value: object, least: int, most: int | None = None) -> int:
    """Refuses what is no whole number of at least `least`, and at most `most`."""
    if not isinstance(value, bool) and hasattr(value, "__index__"):
        with contextlib.suppress(TypeError):  # an array
            found = int(value.__index__())
            if least <= found <= ((1 << 62) - 1 if most is None else most):
                return found
    range_ = f"of at least {least}" if most is None else f"from {least} to {most}"
    raise refused(argument, value, f"a whole number {range_}")


def resamples(value: object) -> int:
    """Refuses what is no number of resamples."""
    return whole("replicates", value, 1, 1 << 24)


def seeded(value: object) -> int:
    """Refuses what is no seed: 64 bits."""
    return whole("seed", value, 0, (1 << 64) - 1)


def zero(value: object, nan: bool = True) -> int:
    """`zero_division` as the native half numbers it: 0, 1, 2 for NaN, 3 to warn."""
    if isinstance(value, str):
        if value == "warn":
            return WARN
    elif (found := as_float(value)) is not None:
        if found in (0.0, 1.0):
            return int(found)
        if nan and found != found:
            return 2
    allowed = "`warn`, 0, 1 or NaN" if nan else "`warn`, 0 or 1"
    raise refused("zero_division", value, allowed)
