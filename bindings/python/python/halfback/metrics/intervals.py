"""Intervals: how far a number from these rows may be from that of all rows like them.

`level` is the confidence level, within (0, 1).
"""

from __future__ import annotations

from array import array as vector
from math import isnan
from typing import TYPE_CHECKING, Any, NamedTuple

from halfback import _native
from halfback.arguments import text
from halfback.metrics.checks import choice, confidence, refused, resamples, seeded, whole
from halfback.metrics.columns import array
from halfback.metrics.warned import warn
from halfback.tables import is_missing

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
    "draw",
    "numbered",
    "numbered_keys",
    "one_number",
    "plain_values",
    "takes_weights",
    "wilson",
    "without_replicates",
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
    freedom: float
    """The degrees of freedom of the variance, of Student's distribution."""


def without_replicates(resamples: Any) -> str:
    """The `repr` of a named tuple with replicates, of which nobody reads a thousand."""
    shown = resamples._asdict() | {"replicates": f"<{len(resamples.replicates)} values>"}
    fields = ", ".join(f"{name}={value}" for name, value in shown.items())
    return f"{type(resamples).__name__}({fields})"


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

    units: int
    """As how many rows, or clusters of them, those count that were drawn."""

    acceleration: float | None = None
    """By which the interval is corrected, where `method` is `bca`."""

    def __repr__(self) -> str:
        return without_replicates(self)


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
    [0, 1]. Both classes need two rows or more, and by Student's distribution few of one say little.
    Sources: DeLong et al. (1988); Sun and Xu (2014); Qin and Hotilovac (2008); for few rows
    Satterthwaite (1946).
    """
    choice("scale", scale, ("logit", "area"))
    bounds, *rest = _native.metrics_delong(y_true, y_score, confidence(level), scale == "logit")
    return DeLong(*bounds, confidence(level), *rest)


def bootstrap(
    metric: Callable[..., Any],
    *columns: Column,
    replicates: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    method: str = "percentile",
    keys: Iterable[object] | None = None,
    strata: Iterable[object] | None = None,
    **options: Any,
) -> BootstrapInterval:
    """The Poisson bootstrap of any metric that is a number.

    `metric(*columns, sample_weight=…, **options)` is called with ones, and then for each resample;
    a metric without `sample_weight` is called with each row as often as it was drawn. A row's
    weights depend on the seed and on its key alone, which is its number unless `keys` are given:
    rows of one key, a cluster, are drawn together, and any order or partition of the rows draws the
    same resamples. A `sample_weight` of the rows is multiplied by the draws. With `strata`, such as
    classes or sites, each of them keeps the rows, or the weight, that it has. `method` is
    `percentile` or `bca`, which takes up to 200 calls more. A metric that is NaN leaves a resample
    out. The interval is wider than the percentiles by how few rows, or clusters, there are: a level
    of 95 % takes six of them at least, and 39 resamples or, of few rows, more. Areas, average
    precision and balanced accuracy count those of the smaller class; where another metric rests on
    few of the rows its interval is too narrow. Bounds are NaN, with a warning, where the metric is
    the same in every resample.
    For the difference of two models there is `paired_bootstrap`. Sources: Efron (1979, 1987);
    Chamandy et al. (2012); for strata Davison and Hinkley (1997); for few rows Hesterberg (2015).

    >>> from halfback.metrics import accuracy_score, bootstrap
    >>> found = bootstrap(accuracy_score, [0, 1, 1, 0] * 50, [0, 1, 0, 0] * 50, seed=7)
    >>> found.estimate, 0.6 < found.lower < 0.75 < found.upper < 0.9
    (0.75, True)
    """
    found = draw(metric, columns, options, replicates, seed, level, method, keys, strata)
    (estimate, lower, upper), error, _, *rest = found
    values, undefined, units, acceleration = rest
    told = (estimate, lower, upper, confidence(level), error, values, undefined)
    return BootstrapInterval(*told, units, acceleration)


def draw(
    metric: Callable[..., Any],
    columns: Any,
    options: dict[str, Any],
    replicates: int,
    seed: int,
    level: float,
    method: str,
    keys: Iterable[object] | None,
    strata: Iterable[object] | None,
) -> Any:
    """The bounds, the standard error, the p-value of zero, the replicates, how many are not, as
    how many the rows count, and the acceleration.
    """
    from halfback.metrics.scores import roc_auc_score

    if not callable(metric):
        raise refused("metric", metric, "a function of `(y_true, y_pred)`")
    choice("method", method, ("percentile", "bca"))
    count, start = resamples(replicates), seeded(seed)
    level = confidence(level)
    is_plain = keys is None and strata is None and method == "percentile" and not options
    if metric is roc_auc_score and is_plain and len(columns) == 2 and not _is_table(columns[1]):
        truth, scores = columns
        found = _native.metrics_bootstrap_roc_auc(truth, scores, count, start, level)
    else:
        rows = _rows(columns)
        own = options.pop("sample_weight", None)
        is_weighed = strata is not None or own is not None
        resampled = _resampled(metric, columns, options, is_weighed)
        groups = 200 if method == "bca" else None
        classes = columns[0] if _is_by_class(metric) and not _is_table(columns[0]) else None
        drawn = (
            numbered_keys(keys, rows),
            numbered("strata", strata, rows),
            numbered("y_true", classes, rows),
        )
        found = _native.metrics_bootstrap(resampled, drawn, own, count, start, level, groups)
    bounds, error, p_value, values, *rest = found
    if isnan(bounds[1]):
        warn(False, "the metric is the same in every resample")
    return bounds, error, p_value, array(values), *rest


def _resampled(
    metric: Callable[..., Any], columns: Any, options: dict[str, Any], is_weighed: bool
) -> Callable[[bytearray], float]:
    """The metric as a function of the rows' weights."""
    takes = takes_weights(metric, options)
    if is_weighed and not takes:
        raise refused("metric", getattr(metric, "__name__", metric), "one that takes weights")

    def of(weights: bytearray) -> float:
        own = array(weights)
        if not own.any():
            return float("nan")
        if takes:
            return _quietly(metric, columns, options | {"sample_weight": own})
        return _quietly(metric, [_drawn(column, own) for column in columns], options)

    return of


def takes_weights(metric: Callable[..., Any], options: dict[str, Any]) -> bool:
    """Whether the metric has `sample_weight`; pairs of classes have it only by name.

    >>> from halfback.metrics import accuracy_score, max_error
    >>> from halfback.metrics.intervals import takes_weights
    >>> takes_weights(accuracy_score, {}), takes_weights(max_error, {})
    (True, False)
    """
    from inspect import Parameter, signature

    if options.get("multi_class") == "ovo":
        return False
    try:
        parameters = signature(metric).parameters
    except (TypeError, ValueError):
        return True
    of_all = any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters.values())
    return of_all or "sample_weight" in parameters


def _drawn(column: Any, counts: Any) -> Any:
    """Each row as often as it was drawn."""
    import numpy as np

    return np.repeat(np.asarray(column), counts.astype(np.int64), axis=0)


def _quietly(metric: Callable[..., Any], columns: Any, options: dict[str, Any]) -> float:
    """Resamples that a metric is not defined for are counted, and not told one by one."""
    import warnings

    from halfback.metrics.warned import undefined_metric_warning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", undefined_metric_warning())
        return one_number(metric, metric(*columns, **options))


def one_number(metric: Callable[..., Any], found: Any) -> float:
    """What a metric gave, refused where it is no number."""
    if not hasattr(found, "__float__") or getattr(found, "ndim", 0) != 0:
        raise refused("metric", getattr(metric, "__name__", metric), "one that gives a number")
    return float(found)


def _is_by_class(metric: Callable[..., Any]) -> bool:
    """Whether it is made of a mean over each class, so that a small class decides."""
    from inspect import unwrap

    names = ("roc_auc_score", "average_precision_score", "balanced_accuracy_score")
    return getattr(unwrap(metric), "__name__", None) in names


def _is_table(column: Any) -> bool:
    shape = getattr(column, "shape", None)
    if shape is not None:
        return len(shape) > 1
    return bool(isinstance(column, (list, tuple)) and column and hasattr(column[0], "__len__"))


def _rows(columns: tuple[Any, ...]) -> int:
    if not columns:
        from halfback.errors import InvalidError

        raise InvalidError(
            "`columns` are missing, expected those of the metric", "invalid_argument"
        )
    if not hasattr(columns[0], "__len__"):
        raise refused("columns", columns[0], "arrays or lists")
    return len(columns[0])


def numbered_keys(keys: Iterable[object] | None, rows: int) -> vector[int]:
    """A number for the key of each row; its place where there are none."""
    if keys is None:
        return vector("Q", range(rows))
    plain = plain_values("keys", keys, rows)
    try:
        return vector("Q", map(_key, plain))
    except UnicodeEncodeError:
        for row, key in enumerate(plain):
            if isinstance(key, str):
                text(f"keys[{row}]", key)
        raise


def numbered(argument: str, values: Iterable[object] | None, rows: int) -> vector[int] | None:
    """A number for each different value."""
    if values is None:
        return None
    numbers: dict[object, int] = {}
    plain = plain_values(argument, values, rows)
    return vector("I", [numbers.setdefault(value, len(numbers)) for value in plain])


def plain_values(argument: str, values: Iterable[object], rows: int) -> list[object]:
    """Python's own values, whichever library's column they are in: a key is the same in all."""
    for name in ("to_pylist", "to_list", "tolist"):
        convert = getattr(values, name, None)
        if convert is not None:
            values = convert()
            break
    plain = [_plain_value(value) for value in values]
    if len(plain) != rows:
        from halfback.errors import InvalidError

        message = f"`{argument}` has {len(plain)} rows, expected {rows}"
        raise InvalidError(message, "invalid_argument")
    for row, value in enumerate(plain):
        if is_missing(value):
            from halfback.errors import InvalidError

            message = f"`{argument}` has no value at row {row}"
            raise InvalidError(message, "invalid_argument")
    return plain


def _plain_value(value: Any) -> object:
    for name in ("as_py", "item"):
        convert = getattr(value, name, None)
        if convert is not None:
            return convert()
    return value


def _key(key: object) -> int:
    """A number for a key that is the same in every process, and of texts in every language."""
    if hasattr(key, "__index__"):
        return int(key.__index__()) & 0xFFFF_FFFF_FFFF_FFFF
    from hashlib import blake2b, sha256

    if isinstance(key, str):
        return int.from_bytes(sha256(key.encode()).digest()[:8], "big")
    return int.from_bytes(blake2b(repr(key).encode(), digest_size=8).digest(), "little")


def _proportion(kind: str, successes: int, rows: int, level: float) -> Interval:
    won, all_rows = whole("successes", successes, 0), whole("rows", rows, 0)
    level = confidence(level)
    return Interval(*_native.metrics_proportion(kind, won, all_rows, level), level)
