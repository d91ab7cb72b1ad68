"""Metrics of the caller's own: functions that the core calls for all rows, slices and resamples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from halfback.arguments import flag, text, wrong_type
from halfback.errors import InvalidError
from halfback.libraries import library

__all__ = ["OwnMetric", "OwnMetrics"]

OwnMetric: TypeAlias = Callable[..., float]
"""`metric(y_true, y_pred, sample_weight=…)`, a number; of scores where there are no labels."""


class OwnMetrics:
    """Functions by name, and the rows that they are called with: arrays that nobody can change.

    `argument` is what the functions were given as.
    """

    def __init__(self, argument: str, functions: object, roles: Mapping[str, Any]) -> None:
        if not isinstance(functions, Mapping):
            raise wrong_type(argument, "a mapping from names to functions (`dict`)", functions)
        for name, function in functions.items():
            text(f"{argument} key", name)
            if not callable(function):
                raise wrong_type(
                    f"{argument}[{name!r}]", "a function that gives a number", function
                )
        self.names: list[str] = list(functions)
        self._argument = argument
        self._functions = dict(functions)
        self._roles = roles
        self._all: list[Any] = []
        self._chosen: list[Any] = []

    def one(self, higher_is_better: object) -> tuple[str, bool]:
        """The only name, and whether more of it is better."""
        if len(self.names) != 1:
            found = len(self.names)
            message = f"`{self._argument}` has {found} functions, expected one"
            raise InvalidError(message, "invalid_argument")
        [name] = self.names
        if higher_is_better is None:
            message = f"`higher_is_better` is missing; say whether more of `{name}` is better"
            raise InvalidError(message, "invalid_argument")
        return name, flag("higher_is_better", higher_is_better)

    def select(self, places: bytes) -> None:
        """Takes some of the rows from now on, by their places among all."""
        numpy = library("numpy", "a metric of one's own")
        chosen = numpy.frombuffer(places, dtype=numpy.uint32)
        self._chosen = [_locked(column[chosen]) for column in self._columns()]

    def value(self, name: str, is_baseline: bool, weights: bytearray) -> float:
        """A metric of the rows, as one of the versions predicts them."""
        numpy = library("numpy", "a metric of one's own")
        truth, *predicted = self._chosen or self._columns()
        weight = numpy.frombuffer(memoryview(weights).toreadonly())
        found = self._functions[name](truth, predicted[is_baseline], sample_weight=weight)
        place, wanted = f"{self._argument}[{name!r}]", "a function that gives a number"
        if not _is_number(found):
            raise wrong_type(place, wanted, found)
        try:
            return float(found)
        except OverflowError:
            raise InvalidError(
                f"`{place}` gives a number beyond a float's; scale it down", "invalid_argument"
            ) from None
        except (TypeError, ValueError):
            raise wrong_type(place, wanted, found) from None

    def _columns(self) -> list[Any]:
        """The truth, and what each version predicts; read once the core has found them right."""
        if not self._all:
            numpy = library("numpy", "a metric of one's own")
            given = "y_pred" if "y_pred" in self._roles else "y_score"
            names = [
                "y_true",
                *(name for name in (given, f"baseline.{given}") if name in self._roles),
            ]
            self._all = [_locked(_flat(numpy.array(self._roles[name]))) for name in names]
        return self._all


def _is_number(found: Any) -> bool:
    """Whether it is one, and none that `float` would make of a text, a time or a complex number."""
    kind = getattr(getattr(found, "dtype", None), "kind", "f")
    return hasattr(found, "__float__") and getattr(found, "ndim", 0) == 0 and kind not in "cSUMm"


def _flat(array: Any) -> Any:
    """A table of one column as that column."""
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def _locked(array: Any) -> Any:
    """Its values over memory that nobody can write to; objects can only be marked so."""
    if array.dtype.hasobject:
        array.flags.writeable = False
        return array
    return type(array)(array.shape, array.dtype, array.tobytes())
