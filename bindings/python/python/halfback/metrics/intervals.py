"""Intervals: how far a number from these rows may be from that of all rows like them.

`level` is the confidence level, within (0, 1).
"""

from __future__ import annotations

from array import array as vector
from typing import TYPE_CHECKING, Any, NamedTuple

from halfback import _native
from halfback.metrics.checks import choice, whole
from halfback.metrics.columns import array

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from halfback.metrics.columns import Column

__all__ = [
    "BootstrapInterval",
    "DeLong",
    "Interval",
    "bootstrap",
    "clopper_pearson",
    "delong",
    "wilson",
]


class Interval(NamedTuple):
    """An estimate and the bounds that hold the true value with a chance of about `level`."""

    estimate: float
    lower: float
    upper: float
    level: float


class DeLong(NamedTuple):
    """The area under the ROC curve, its interval, and the variance of its estimate."""

    estimate: float
    lower: float
    upper: float
    level: float
    variance: float


class BootstrapInterval(NamedTuple):
    """A metric, its interval, and its replicates over resamples of the rows."""

    estimate: float
    lower: float
    upper: float
    level: float
    standard_error: float
    replicates: NDArray[Any]
    """The metric over each resample in which it is defined, ascending."""

    undefined: int
    """How many resamples did not have what the metric needs."""

    def __repr__(self) -> str:
        # Nobody reads a thousand replicates.
        shown = self._asdict() | {"replicates": f"<{len(self.replicates)} values>"}
        return f"BootstrapInterval({', '.join(f'{name}={value}' for name, value in shown.items())})"


def wilson(successes: int, rows: int, *, level: float = 0.95) -> Interval:
    """The score interval for `successes` of `rows`. Source: Wilson (1927).

    >>> from halfback.metrics import wilson
    >>> interval = wilson(9, 10)
    >>> round(interval.lower, 3), round(interval.upper, 3)
    (0.596, 0.982)
    """
    return _proportion("wilson", successes, rows, level)


def clopper_pearson(successes: int, rows: int, *, level: float = 0.95) -> Interval:
    """The exact interval for `successes` of `rows`, which never covers less than its level.

    Source: Clopper and Pearson (1934).
    """
    return _proportion("clopper_pearson", successes, rows, level)


def delong(y_true: Column, y_score: Column, *, level: float = 0.95, scale: str = "logit") -> DeLong:
    """The area under the ROC curve with DeLong's interval.

    On the `scale` of log odds it covers better near 0 and 1; on that of the `area` it is cut to
    [0, 1]. Both classes need two rows or more. Sources: DeLong et al. (1988); Sun and Xu (2014);
    Qin and Hotilovac (2008).
    """
    choice("scale", scale, ("logit", "area"))
    bounds, variance = _native.metrics_delong(y_true, y_score, float(level), scale == "logit")
    return DeLong(*bounds, float(level), variance)


def bootstrap(
    metric: Callable[..., Any],
    *columns: Column,
    replicates: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    method: str = "percentile",
    keys: Iterable[object] | None = None,
    **options: Any,
) -> BootstrapInterval:
    """The Poisson bootstrap of any metric that takes `sample_weight`.

    `metric(*columns, sample_weight=…, **options)` is called with ones, and then for each resample.
    A row's weights depend on the seed and on its key alone, which is its number unless `keys` are
    given: rows of one key, a cluster, are drawn together, and any order or partition of the rows
    draws the same resamples. `method` is `percentile` or `bca`, which takes up to 200 calls more.
    A metric that is NaN leaves a resample out. For the difference of two models, hand in a function
    of both their columns. Sources: Efron (1979, 1987); Chamandy et al. (2012).

    >>> from halfback.metrics import accuracy_score, bootstrap
    >>> found = bootstrap(accuracy_score, [0, 1, 1, 0] * 50, [0, 1, 0, 0] * 50, seed=7)
    >>> found.estimate, 0.6 < found.lower < 0.75 < found.upper < 0.9
    (0.75, True)
    """
    from halfback.metrics.scores import roc_auc_score

    choice("method", method, ("percentile", "bca"))
    count, start = whole("replicates", replicates, 1), whole("seed", seed, 0)
    level = float(level)
    sorts_once = keys is None and method == "percentile" and not options and len(columns) == 2
    if metric is roc_auc_score and sorts_once and not _is_table(columns[1]):
        truth, scores = columns
        found = _native.metrics_bootstrap_roc_auc(truth, scores, count, start, level)
    else:
        rows = _keys(columns, keys)

        def weighed(weights: bytearray) -> float:
            own = array(weights)
            if not own.any():
                return float("nan")
            return float(_quietly(metric, columns, own, options))

        groups = 200 if method == "bca" else None
        found = _native.metrics_bootstrap(weighed, rows, count, start, level, groups)
    bounds, error, values, undefined = found
    return BootstrapInterval(*bounds, level, error, array(values), undefined)


def _quietly(
    metric: Callable[..., Any], columns: Any, weights: Any, options: dict[str, Any]
) -> Any:
    """Resamples that a metric is not defined for are counted, and not told one by one."""
    import warnings

    from halfback.metrics.warned import undefined_metric_warning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", undefined_metric_warning())
        return metric(*columns, sample_weight=weights, **options)


def _is_table(column: Any) -> bool:
    shape = getattr(column, "shape", None)
    if shape is not None:
        return len(shape) > 1
    return bool(isinstance(column, (list, tuple)) and column and hasattr(column[0], "__len__"))


def _keys(columns: tuple[Any, ...], keys: Iterable[object] | None) -> vector[int]:
    if not columns:
        from halfback.errors import InvalidError

        raise InvalidError(
            "`columns` are missing, expected those of the metric", "invalid_argument"
        )
    if keys is None:
        return vector("Q", range(len(columns[0])))
    return vector("Q", map(_key, keys))


def _key(key: object) -> int:
    """A number for a key that is the same in every process."""
    if hasattr(key, "__index__"):
        return int(key.__index__()) & 0xFFFF_FFFF_FFFF_FFFF
    from hashlib import blake2b

    return int.from_bytes(blake2b(repr(key).encode(), digest_size=8).digest(), "little")


def _proportion(kind: str, successes: int, rows: int, level: float) -> Interval:
    won, all_rows = whole("successes", successes, 0), whole("rows", rows, 0)
    level = float(level)
    return Interval(*_native.metrics_proportion(kind, won, all_rows, level), level)
