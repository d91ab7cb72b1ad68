"""Comparison: whether a difference is one, on the same rows or on independent samples."""

from __future__ import annotations

from functools import wraps
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from halfback import _native
from halfback.metrics.checks import choice, confidence, finite, refused, whole
from halfback.metrics.columns import array
from halfback.metrics.groups import settled
from halfback.metrics.intervals import Interval, draw, one_number, without_replicates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from halfback.metrics.columns import Column

__all__ = [
    "DeLongPaired",
    "McNemar",
    "PairedBootstrap",
    "TwoProportions",
    "Welch",
    "adjust",
    "delong_paired",
    "mcnemar",
    "miettinen_nurminen",
    "newcombe",
    "paired_bootstrap",
    "power_of_means",
    "power_of_proportions",
    "rows_for_means",
    "rows_for_proportions",
    "two_proportions",
    "welch",
]


class DeLongPaired(NamedTuple):
    """The difference of two areas under ROC curves, first less second."""

    estimate: float
    lower: float
    upper: float
    level: float
    variance: float
    freedom: float
    """The degrees of freedom of the variance, of Student's distribution."""

    p_value: float
    first: float
    """The area of the first score."""

    second: float


class McNemar(NamedTuple):
    """On which rows one of two classifiers is right and the other is not."""

    first_only: int
    second_only: int
    rows: int
    difference: float
    """The accuracy of the first less that of the second."""

    exact_p_value: float
    mid_p_value: float
    """Less careful than the exact one, and still at most its level."""


class PairedBootstrap(NamedTuple):
    """The difference of a metric of two models on the same rows, first less second."""

    estimate: float
    lower: float
    upper: float
    level: float
    standard_error: float
    p_value: float
    first: float
    """The metric of the first model."""

    second: float
    replicates: NDArray[Any]
    """The difference over each resample in which it is defined, ascending."""

    undefined: int
    """How many resamples did not have what the metric needs."""

    units: int
    """As how many rows, or clusters of them, those count that were drawn."""

    acceleration: float | None = None
    """By which the interval and the p-value are corrected, where `method` is `bca`."""

    def __repr__(self) -> str:
        return without_replicates(self)


class TwoProportions(NamedTuple):
    """The difference of two shares of independent samples, first less second."""

    estimate: float
    lower: float
    upper: float
    level: float
    p_value: float
    first: tuple[int, int]
    """The successes and rows of the first sample."""

    second: tuple[int, int]


class Welch(NamedTuple):
    """The difference of two means, first less second."""

    estimate: float
    lower: float
    upper: float
    level: float
    standard_error: float
    freedom: float
    p_value: float


def delong_paired(
    y_true: Column, first: Column, second: Column, *, level: float = 0.95
) -> DeLongPaired:
    """Two scores of the same rows, by Student's distribution: few rows of a class tell little.

    Sources: DeLong et al. (1988); Sun and Xu (2014); Satterthwaite (1946).

    >>> from halfback.metrics import delong_paired
    >>> found = delong_paired([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], [0.1, 0.9, 0.35, 0.8])
    >>> found.first, found.second, found.estimate
    (0.75, 0.5, 0.25)
    """
    bounds, rest = _native.metrics_delong_paired(y_true, first, second, confidence(level))
    return DeLongPaired(*bounds, confidence(level), *rest)


def mcnemar(y_true: Column, first: Column, second: Column) -> McNemar:
    """Two columns of predicted labels of the same rows.

    Sources: McNemar (1947); Fagerland, Lydersen and Laake (2013).

    >>> from halfback.metrics import mcnemar
    >>> mcnemar([1, 1, 1, 0], [1, 1, 1, 1], [0, 0, 1, 0])[:3]
    (2, 1, 4)
    """
    return McNemar(*_native.metrics_mcnemar(y_true, first, second))


def paired_bootstrap(
    metric: Callable[..., Any],
    y_true: Column,
    first: Column,
    second: Column,
    *,
    replicates: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    method: str = "percentile",
    keys: Iterable[object] | None = None,
    strata: Iterable[object] | None = None,
    **options: Any,
) -> PairedBootstrap:
    """Any metric of two predictions of the same rows, whose rows are drawn together.

    `metric(y_true, first, **options)` and the same of `second` are called for each resample; what
    else there is to tell is as in `bootstrap`. The p-value is two-sided, of no difference, and by
    the same method as the interval. Sources: those of `bootstrap`; for the p-value Davison and
    Hinkley (1997), 4.2.

    >>> from halfback.metrics import f1_score, paired_bootstrap
    >>> y_true, first, second = [0, 1, 1, 0] * 50, [0, 1, 1, 1] * 50, [0, 1, 0, 1] * 50
    >>> found = paired_bootstrap(f1_score, y_true, first, second, seed=7)
    >>> round(found.first, 3), round(found.second, 3), round(found.estimate, 3)
    (0.8, 0.5, 0.3)
    >>> 0.2 < found.lower < 0.3 < found.upper < 0.4
    True
    """
    if not callable(metric):
        raise refused("metric", metric, "a function of `(y_true, y_pred)`")
    truth = settled(y_true, "y_true", None)
    columns = (truth, settled(first, "first", len(truth)), settled(second, "second", len(truth)))
    pairs: list[tuple[float, float]] = []

    # With the metric's signature, which tells whether it takes weights.
    @wraps(metric)
    def difference(truth: Any, *predicted: Any, **options: Any) -> float:
        one, other = (one_number(metric, metric(truth, own, **options)) for own in predicted)
        if not pairs:
            pairs.append((one, other))
        return _less(one, other)

    found = draw(difference, columns, options, replicates, seed, level, method, keys, strata)
    (estimate, lower, upper), error, p_value, *rest = found
    values, undefined, units, acceleration = rest
    told = (estimate, lower, upper, confidence(level), error, p_value, *pairs[0], values, undefined)
    return PairedBootstrap(*told, units, acceleration)


def welch(first: Column, second: Column, *, level: float = 0.95) -> Welch:
    """The means of two independent samples, whose variances may differ. Source: Welch (1947)."""
    bounds, error, freedom, p_value = _native.metrics_welch(first, second, confidence(level))
    return Welch(*bounds, confidence(level), error, freedom, p_value)


def newcombe(first: tuple[int, int], second: tuple[int, int], *, level: float = 0.95) -> Interval:
    """The difference of two shares, each given as (successes, rows): first less second.

    Source: Newcombe (1998), method 10.
    """
    return _proportions("newcombe", first, second, level)


def miettinen_nurminen(
    first: tuple[int, int], second: tuple[int, int], *, level: float = 0.95
) -> Interval:
    """The score interval of the difference of two shares, each given as (successes, rows).

    Sources: Miettinen and Nurminen (1985); Farrington and Manning (1990).

    >>> from halfback.metrics import miettinen_nurminen
    >>> interval = miettinen_nurminen((56, 70), (48, 80))
    >>> round(interval.lower, 4), round(interval.upper, 4)
    (0.0528, 0.3382)
    """
    return _proportions("miettinen_nurminen", first, second, level)


def two_proportions(
    first: tuple[int, int], second: tuple[int, int], *, level: float = 0.95
) -> TwoProportions:
    """Two shares of independent samples, each given as (successes, rows).

    The interval is that of `miettinen_nurminen`, the p-value two-sided, of equal shares, by the
    same score.

    >>> from halfback.metrics import two_proportions
    >>> found = two_proportions((56, 70), (48, 80))
    >>> round(found.estimate, 3), round(found.p_value, 4)
    (0.2, 0.0083)
    """
    one, other = _share("first", first), _share("second", second)
    bounds, p_value = _native.metrics_two_proportions(one, other, confidence(level))
    return TwoProportions(*bounds, confidence(level), p_value, one, other)


def adjust(p_values: Column, *, method: str = "holm") -> NDArray[Any]:
    """P-values adjusted for their number: a test is a finding where its value is at most the level.

    `holm` holds the chance of any false finding, `benjamini_hochberg` the share of false ones for
    tests that are independent or positively related, `benjamini_yekutieli` for any.
    Sources: Holm (1979); Benjamini and Hochberg (1995); Benjamini and Yekutieli (2001).
    """
    choice("method", method, ("holm", "benjamini_hochberg", "benjamini_yekutieli"))
    return array(_native.metrics_adjust(p_values, method))


def power_of_means(
    difference: float, rows: int, *, alpha: float = 0.05, ratio: float = 1.0
) -> float:
    """The power to find that means differ by `difference`, in standard deviations.

    `rows` are those of the first sample, the second has `ratio` times as many, and `alpha` is the
    chance of a false finding, two-sided. Source: Cohen (1988), by the normal distribution.
    """
    design = (finite("alpha", alpha), finite("ratio", ratio))
    return _native.metrics_power(
        finite("difference", difference), None, whole("rows", rows, 0), *design
    )


def power_of_proportions(
    p1: float, p2: float, rows: int, *, alpha: float = 0.05, ratio: float = 1.0
) -> float:
    """The power to find that two shares differ. Arguments are those of `power_of_means`.

    Source: Fleiss, Levin and Paik (2003), 4.2.
    """
    shares, design = (
        (finite("p1", p1), finite("p2", p2)),
        (finite("alpha", alpha), finite("ratio", ratio)),
    )
    return _native.metrics_power(0.0, shares, whole("rows", rows, 0), *design)


def rows_for_means(
    difference: float, *, power: float = 0.8, alpha: float = 0.05, ratio: float = 1.0
) -> int:
    """The fewest rows of the first sample for `power_of_means` to reach `power`.

    >>> from halfback.metrics import rows_for_means
    >>> rows_for_means(0.5)
    63
    """
    design = (finite("power", power), finite("alpha", alpha), finite("ratio", ratio))
    return _native.metrics_rows(finite("difference", difference), None, *design)


def rows_for_proportions(
    p1: float, p2: float, *, power: float = 0.8, alpha: float = 0.05, ratio: float = 1.0
) -> int:
    """The fewest rows of the first sample for `power_of_proportions` to reach `power`."""
    design = (finite("power", power), finite("alpha", alpha), finite("ratio", ratio))
    return _native.metrics_rows(0.0, (finite("p1", p1), finite("p2", p2)), *design)


def _proportions(
    kind: str, first: tuple[int, int], second: tuple[int, int], level: float
) -> Interval:
    one, other = _share("first", first), _share("second", second)
    level = confidence(level)
    return Interval(*_native.metrics_proportions(kind, one, other, level), level)


def _less(first: float, second: float) -> float:
    """First less second; zero where they differ by no more than sums are rounded."""
    difference = first - second
    rounding = 1e-12 * max(abs(first), abs(second))
    return 0.0 if isfinite(difference) and abs(difference) <= rounding else difference


def _share(argument: str, share: object) -> tuple[int, int]:
    expected = "a pair of successes and rows, of which there is one at least"
    if not isinstance(share, (tuple, list)) or len(share) != 2:
        raise refused(argument, share, expected)
    successes, rows = (whole(argument, number, 0) for number in share)
    if not 0 < rows >= successes:
        raise refused(argument, share, expected)
    return successes, rows
