"""Warnings with numbers that stand for nothing, in scikit-learn's classes where it is imported."""

from __future__ import annotations

import sys
import warnings

from halfback.libraries import loaded

__all__ = ["UndefinedMetricWarning", "undefined_metric_warning", "warn"]


class UndefinedMetricWarning(UserWarning):
    """A metric is undefined for these rows; its number is only a convention.

    Where scikit-learn is imported, its own class of this name is used in place of this one.
    """


def undefined_metric_warning() -> type[UserWarning]:
    """The class that warnings have in this program now."""
    exceptions = loaded("sklearn.exceptions")
    found: type[UserWarning] = getattr(exceptions, "UndefinedMetricWarning", UndefinedMetricWarning)
    return found


def warn(user: bool, reason: str) -> None:
    """Warns of the metric function that called the native half."""
    category = UserWarning if user else undefined_metric_warning()
    name, level = "", 2
    while (module := _module(level)).startswith("halfback.metrics."):
        if module != "halfback.metrics.frame":  # calls a metric, and is none
            name = sys._getframe(level - 1).f_code.co_name
        level += 1
    warnings.warn(f"`{name}` stands for nothing here: {reason}", category, stacklevel=level)


def _module(level: int) -> str:
    """The module of the function so many calls below the caller, itself the first."""
    found: str = sys._getframe(level).f_globals.get("__name__", "")
    return found
