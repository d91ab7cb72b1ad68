"""Measures of what differs between groups of people: fairlearn's, with their intervals.

`sensitive_features` is a column with the group of each row, or several whose groups are crossed:
a dict of columns by name, a list of columns, or a table of pandas, polars, pyarrow or numpy. Labels
are booleans, whole numbers or texts, none of them missing. `y_true` and `y_pred` are of two classes
from {0, 1}, {-1, 1} or booleans; where `pos_label` is given, of any, all others being negative.

`method` is `between_groups`, the largest of a group against the smallest, or `to_overall`, a group
against all rows. A difference of 0 and a ratio of 1 is parity. A group without the rows that a rate
is of, such as one without positives, is left out; a measure that no group has is NaN.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from halfback import _native
from halfback.metrics.checks import choice, confidence, resamples, seeded
from halfback.metrics.groups import features, settled
from halfback.metrics.intervals import Interval, numbered, numbered_keys
from halfback.metrics.warned import warn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from halfback.metrics.columns import Column

__all__ = [
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equal_opportunity_difference",
    "equal_opportunity_ratio",
    "equalized_odds_difference",
    "equalized_odds_ratio",
    "fairness_interval",
]

METHODS = ("between_groups", "to_overall")


def demographic_parity_difference(
    y_true: Column,
    y_pred: Column,
    *,
    sensitive_features: Any,
    method: str = "between_groups",
    sample_weight: Column | None = None,
    pos_label: object = None,
) -> float:
    """The largest difference of the share that is predicted positive.

    `y_true` is checked and not used. Source: fairlearn 0.15 `demographic_parity_difference`.

    >>> from halfback.metrics import demographic_parity_difference
    >>> sex = ["f", "f", "m", "m"]
    >>> demographic_parity_difference([1, 0, 1, 0], [1, 0, 1, 1], sensitive_features=sex)
    0.5
    """
    call = (y_true, y_pred, sensitive_features, method, sample_weight, pos_label)
    return _measured("demographic_parity_difference", *call)[0]


def demographic_parity_ratio(
    y_true: Column,
    y_pred: Column,
    *,
    sensitive_features: Any,
    method: str = "between_groups",
    sample_weight: Column | None = None,
    pos_label: object = None,
) -> float:
    """The smallest ratio of the share that is predicted positive.

    `y_true` is checked and not used. Below 0.8 is where the four-fifths rule of the United States'
    Uniform Guidelines on Employee Selection Procedures (1978) sees adverse impact.
    Source: fairlearn 0.15 `demographic_parity_ratio`.
    """
    call = (y_true, y_pred, sensitive_features, method, sample_weight, pos_label)
    return _measured("demographic_parity_ratio", *call)[0]


def equal_opportunity_difference(
    y_true: Column,
    y_pred: Column,
    *,
    sensitive_features: Any,
    method: str = "between_groups",
    sample_weight: Column | None = None,
    pos_label: object = None,
) -> float:
    """The largest difference of the true positive rate.

    Sources: Hardt, Price and Srebro (2016); fairlearn 0.15 `equal_opportunity_difference`.
    """
    call = (y_true, y_pred, sensitive_features, method, sample_weight, pos_label)
    return _measured("equal_opportunity_difference", *call)[0]


def equal_opportunity_ratio(
    y_true: Column,
    y_pred: Column,
    *,
    sensitive_features: Any,
    method: str = "between_groups",
    sample_weight: Column | None = None,
    pos_label: object = None,
) -> float:
    """The smallest ratio of the true positive rate.

    Sources: Hardt, Price and Srebro (2016); fairlearn 0.15 `equal_opportunity_ratio`.
    """
    call = (y_true, y_pred, sensitive_features, method, sample_weight, pos_label)
    return _measured("equal_opportunity_ratio", *call)[0]


def equalized_odds_difference(
    y_true: Column,
    y_pred: Column,
    *,
    sensitive_features: Any,
    method: str = "between_groups",
    sample_weight: Column | None = None,
    agg: str = "worst_case",
    pos_label: object = None,
) -> float:
    """The difference of the true and of the false positive rate: the larger, or their `mean`.

    Sources: Hardt, Price and Srebro (2016); fairlearn 0.15 `equalized_odds_difference`.
    """
    call = (y_true, y_pred, sensitive_features, method, sample_weight, pos_label, agg)
    return _measured("equalized_odds_difference", *call)[0]


def equalized_odds_ratio(
    y_true: Column,
    y_pred: Column,
    *,
    sensitive_features: Any,
    method: str = "between_groups",
    sample_weight: Column | None = None,
    agg: str = "worst_case",
    pos_label: object = None,
) -> float:
    """The ratio of the true and of the false positive rate: the smaller, or their `mean`.

    Sources: Hardt, Price and Srebro (2016); fairlearn 0.15 `equalized_odds_ratio`.
    """
    call = (y_true, y_pred, sensitive_features, method, sample_weight, pos_label, agg)
    return _measured("equalized_odds_ratio", *call)[0]


def fairness_interval(
    name: str,
    y_true: Column,
    y_pred: Column,
    *,
    sensitive_features: Any,
    method: str = "between_groups",
    sample_weight: Column | None = None,
    agg: str = "worst_case",
    pos_label: object = None,
    level: float = 0.95,
    replicates: int = 1000,
    seed: int = 0,
    keys: Iterable[object] | None = None,
    strata: Iterable[object] | None = None,
) -> Interval:
    """A measure by its `name` with the interval of a Poisson bootstrap over rows.

    `keys` and `strata` are those of `bootstrap`. Bounds are NaN, with a warning, where the measure
    is, and where it is the same in every resample; too few resamples that have it, or too few rows
    or clusters of a group, are an error. It covers at its level where two groups differ, or where
    one group is farther out than all others on either side. A largest difference is never below
    zero, and larger in resamples than in the rows on average: the lower bound is no test of whether
    groups differ, and where several groups are about as far out as each other the interval lies too
    far from parity, however many rows there are. Of two groups chosen beforehand `two_proportions`
    and `judge` tell more. `agg` is that of equalized odds. Sources: Efron (1979); Chamandy et al.
    (2012).

    >>> from halfback.metrics import fairness_interval
    >>> y_true, y_pred, sex = [1, 0] * 60, [1, 0, 1, 1] * 30, ["f", "f", "m", "m"] * 30
    >>> name = "demographic_parity_difference"
    >>> found = fairness_interval(name, y_true, y_pred, sensitive_features=sex, seed=7)
    >>> found.estimate, 0.3 < found.lower < 0.5 < found.upper < 0.7
    (0.5, True)
    """
    choice("name", name, __all__[:-1])
    level = confidence(level)
    count, start = resamples(replicates), seeded(seed)
    rows = len(settled(y_true, "y_true", None))
    drawn = (
        None if keys is None else numbered_keys(keys, rows),
        numbered("strata", strata, rows),
    )
    settings = (level, count, start, *drawn)
    call = (y_true, y_pred, sensitive_features, method, sample_weight, pos_label, agg)
    estimate, bounds = _measured(name, *call, settings)
    if bounds is None:
        why = (
            "undefined"
            if math.isnan(estimate)
            else "the same in every resample, or in most undefined"
        )
        warn(False, f"the measure is {why}")
    lower, upper = bounds or (math.nan, math.nan)
    return Interval(estimate, lower, upper, level)


def _measured(
    name: str,
    y_true: Column,
    y_pred: Column,
    sensitive_features: Any,
    method: str,
    sample_weight: Column | None,
    pos_label: object,
    agg: str = "worst_case",
    settings: tuple[float, int, int, Any, Any] | None = None,
) -> tuple[float, tuple[float, float] | None]:
    choice("method", method, METHODS)
    choice("agg", agg, ("worst_case", "mean"))
    measure = (name, method == "to_overall", agg == "mean")
    columns = features(sensitive_features)[1]
    return _native.metrics_fairness(
        measure, y_true, y_pred, columns, sample_weight, pos_label, settings
    )
