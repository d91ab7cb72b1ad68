"""Verdicts: what a difference that was measured lets one say of a model, and why.

A difference is what `delong_paired`, `mcnemar`, `paired_bootstrap`, `welch` or `two_proportions`
gave, first less second, or `bootstrap` of a function that gives a difference. The first is judged
against the second. A `margin` is a difference that matters, in the unit of the metric.

What is said is wrong with a chance of `1 - level` at most, and with half of it where only one side
can be wrong, as in superiority, non-inferiority and equivalence: two one-sided tests at 5 %, as
most of the literature has them, are asked for by a `level` of 0.9. Sources: ICH E9, Statistical
principles for clinical trials (1998); Schuirmann (1987) for equivalence; EMA (2000) for superiority
after non-inferiority. One-sided tests are by the normal distribution for areas, by Student's for
means, by the mid-p value or Tango's score (1998) for accuracies, by the score of Miettinen and
Nurminen for shares, and by percentiles of resamples.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from halfback import _native
from halfback.errors import InvalidError
from halfback.metrics.checks import choice, flag, number, refused
from halfback.metrics.comparison import (
    DeLongPaired,
    McNemar,
    PairedBootstrap,
    TwoProportions,
    Welch,
)
from halfback.metrics.intervals import BootstrapInterval, Interval

if TYPE_CHECKING:
    from collections.abc import Iterable

    from halfback.records import Adjustment, Alternative, Verdict

__all__ = [
    "Difference",
    "Judgement",
    "equivalence",
    "judge",
    "judge_all",
    "non_inferiority",
    "superiority",
]

Difference = DeLongPaired | McNemar | Welch | TwoProportions | PairedBootstrap | BootstrapInterval
"""What can be judged."""

_CLASSES = (DeLongPaired, McNemar, Welch, TwoProportions, PairedBootstrap, BootstrapInterval)
_ALTERNATIVES = ("difference", "superiority", "non_inferiority", "equivalence")
_ADJUSTMENTS = ("holm", "benjamini_hochberg", "benjamini_yekutieli")


class Judgement(NamedTuple):
    """An answer."""

    verdict: Verdict
    """`better`, `worse`, `equivalent`, `non_inferior` or `inconclusive`."""

    reason: str
    """Why, for people."""

    interval: Interval | None
    """First less second at the level of the question; none where the rows have no variance, or
    where rows, clusters or resamples are too few for the level.
    """

    p_value: float | None
    """The two-sided p-value of what was to be shown: twice that of a one-sided test."""

    adjusted_p_value: float | None
    """The p-value adjusted for the number of differences: what was to be shown is shown where it is
    at most `1 - level`.
    """


def judge(
    difference: Difference,
    *,
    alternative: Alternative = "difference",
    margin: float = 0.0,
    level: float = 0.95,
    higher_is_better: bool = True,
) -> Judgement:
    """Says whether the first is better than the second, worse, or neither.

    `alternative` is what is to be shown: a `difference`, and with a margin else that there is none
    that matters; `superiority` by more than the margin; `non_inferiority`, which is not to be worse
    by the margin or more; or `equivalence`, neither better nor worse by it.

    >>> from halfback.metrics import judge, mcnemar
    >>> y_true = [1] * 100
    >>> first, second = [1] * 90 + [0] * 10, [1] * 70 + [0] * 30
    >>> found = judge(mcnemar(y_true, first, second))
    >>> found.verdict, found.reason.split(": ")[0]
    ('better', 'the difference is 0.2 with the 95 % interval 0.1334 to 0.2888')
    """
    return _judged([difference], alternative, margin, level, higher_is_better)[0]


def judge_all(
    differences: Iterable[Difference],
    *,
    alternative: Alternative = "difference",
    margin: float = 0.0,
    level: float = 0.95,
    higher_is_better: bool = True,
    adjustment: Adjustment = "holm",
) -> list[Judgement]:
    """Judges differences that are looked at together, such as those of slices.

    They are adjusted for their number: see `adjust`. An interval is that of its difference alone.

    >>> from halfback.metrics import judge_all, welch
    >>> slices = [welch([5.1, 4.9, 5.3], [1.0, 1.2, 0.8]), welch([1.0, 1.3, 0.9], [1.1, 1.2, 0.8])]
    >>> [found.verdict for found in judge_all(slices)]
    ['better', 'inconclusive']
    """
    choice("adjustment", adjustment, _ADJUSTMENTS)
    return _judged(_several(differences), alternative, margin, level, higher_is_better, adjustment)


def superiority(
    difference: Difference,
    *,
    margin: float = 0.0,
    level: float = 0.95,
    higher_is_better: bool = True,
) -> Judgement:
    """Says whether the first is better than the second by more than the margin.

    >>> from halfback.metrics import superiority, two_proportions
    >>> superiority(two_proportions((560, 700), (480, 800)), margin=0.1).verdict
    'better'
    """
    return _judged([difference], "superiority", margin, level, higher_is_better)[0]


def non_inferiority(
    difference: Difference, *, margin: float, level: float = 0.95, higher_is_better: bool = True
) -> Judgement:
    """Says whether the first is not worse than the second by the margin or more.

    >>> from halfback.metrics import non_inferiority, two_proportions
    >>> non_inferiority(two_proportions((5600, 7000), (6410, 8000)), margin=0.02).verdict
    'non_inferior'
    """
    return _judged([difference], "non_inferiority", margin, level, higher_is_better)[0]


def equivalence(
    difference: Difference, *, margin: float, level: float = 0.95, higher_is_better: bool = True
) -> Judgement:
    """Says whether both differ by less than the margin, by two one-sided tests (TOST).

    >>> from halfback.metrics import equivalence, two_proportions
    >>> equivalence(two_proportions((5600, 7000), (6410, 8000)), margin=0.02).verdict
    'equivalent'
    """
    return _judged([difference], "equivalence", margin, level, higher_is_better)[0]


def _several(differences: Any) -> list[Difference]:
    if isinstance(differences, _CLASSES) or not hasattr(differences, "__iter__"):
        raise refused("differences", differences, "several differences, such as a list of them")
    several = list(differences)
    if not several:
        raise InvalidError("`differences` is empty, expected at least one", "invalid_argument")
    return several


def _judged(
    differences: list[Difference],
    alternative: str,
    margin: float,
    level: float,
    higher_is_better: bool,
    adjustment: str | None = None,
) -> list[Judgement]:
    choice("alternative", alternative, _ALTERNATIVES)
    question = (
        alternative,
        number("margin", margin, 0.0, math.inf, "a number of zero or more"),
        number("level", level, 0.0, 1.0, "a number above 0 and below 1"),
        flag("higher_is_better", higher_is_better),
    )
    given: list[tuple[str, object]] = []
    for at, difference in enumerate(differences):
        known = next((kind for kind in _CLASSES if isinstance(difference, kind)), None)
        if known is None:
            argument = "difference" if adjustment is None else f"differences[{at}]"
            names = "`delong_paired`, `mcnemar`, `paired_bootstrap`, `welch` or `two_proportions`"
            raise refused(argument, difference, f"a difference as of {names}")
        given.append((known.__name__, difference))
    return [
        Judgement(verdict, reason, bounds and Interval(*bounds, question[2]), p_value, adjusted)
        for verdict, reason, bounds, p_value, adjusted in _native.metrics_judge(
            given, question, adjustment or "holm"
        )
    ]
