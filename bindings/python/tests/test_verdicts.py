"""What `halfback.metrics` says of two models or samples, and what it refuses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from halfback import InvalidError, metrics
from halfback.metrics import (
    Judgement,
    equivalence,
    judge,
    judge_all,
    non_inferiority,
    paired_bootstrap,
    superiority,
    two_proportions,
)
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Callable

RANDOM = np.random.default_rng(7)
TRUTH = RANDOM.integers(0, 2, 400)
FIRST = TRUTH + RANDOM.normal(0, 0.8, 400)
SECOND = FIRST + RANDOM.normal(0, 0.8, 400)
LABELS = [FIRST > 0.5, SECOND > 0.5]

AREAS = metrics.delong_paired(TRUTH, FIRST, SECOND)
COUNTS = metrics.mcnemar(TRUTH, *LABELS)
RESAMPLES = paired_bootstrap(metrics.f1_score, TRUTH, *LABELS, seed=1)
MEANS = metrics.welch(FIRST[:200], SECOND[200:] - 0.4)
SHARES = two_proportions((160, 200), (130, 200))

DIFFERENCES: dict[str, metrics.Difference] = {
    "areas": AREAS,
    "counts": COUNTS,
    "resamples": RESAMPLES,
    "means": MEANS,
    "shares": SHARES,
    "a bootstrap": metrics.bootstrap(
        lambda one, other, sample_weight: float(np.average(one - other, weights=sample_weight)),
        FIRST,
        SECOND - 0.4,
    ),
}


def estimate(difference: Any) -> float:
    return float(getattr(difference, "estimate", getattr(difference, "difference", math.nan)))


@pytest.mark.parametrize("kind", DIFFERENCES)
def test_every_difference_is_judged(kind: str) -> None:
    difference = DIFFERENCES[kind]
    found = judge(difference)
    assert found.verdict == "better"
    assert found.interval is not None
    assert found.interval.estimate == estimate(difference)
    assert found.interval.lower > 0
    assert found.interval.level == 0.95
    assert found.reason.endswith("more is better, and 0 is ruled out")
    assert found.p_value == found.adjusted_p_value
    assert judge(difference, higher_is_better=False).verdict == "worse"
    wide = found.interval.upper + 0.05
    assert judge(difference, margin=wide).verdict == "better"
    assert equivalence(difference, margin=wide).verdict == "equivalent"
    assert equivalence(difference, margin=found.interval.lower / 2).verdict == "better"
    assert superiority(difference).verdict == "better"
    assert superiority(difference, margin=wide).verdict == "inconclusive"
    turned = non_inferiority(difference, margin=wide, higher_is_better=False)
    assert turned.verdict == "non_inferior"
    assert "not worse by the margin" in turned.reason
    narrow = judge(difference, level=0.5).interval
    assert narrow is not None
    assert narrow.lower > found.interval.lower


def test_p_values_are_those_of_the_tests() -> None:
    assert judge(AREAS).p_value == pytest.approx(AREAS.p_value, rel=1e-12)
    assert judge(COUNTS).p_value == pytest.approx(COUNTS.mid_p_value, rel=1e-12)
    assert judge(MEANS).p_value == pytest.approx(MEANS.p_value, rel=1e-12)
    assert judge(SHARES).p_value == pytest.approx(SHARES.p_value, rel=1e-12)
    assert judge(RESAMPLES).p_value == RESAMPLES.p_value
    t = (AREAS.estimate + 0.02) / math.sqrt(AREAS.variance)
    found = non_inferiority(AREAS, margin=0.02)
    assert found.p_value == pytest.approx(2 * stats.t.sf(t, AREAS.freedom), rel=1e-9)
    # Satterthwaite's of two classes, as if they were equally spread.
    classes = [sum(TRUTH), len(TRUTH) - sum(TRUTH)]
    parts = sum(1 / rows**2 / (rows - 1) for rows in classes)
    assert AREAS.freedom == pytest.approx(sum(1 / rows for rows in classes) ** 2 / parts)
    test = stats.ttest_ind(FIRST[:200], SECOND[200:] - 0.4, equal_var=False, alternative="greater")
    assert superiority(MEANS).p_value == pytest.approx(2 * test.pvalue, rel=1e-9)


def test_intervals_are_those_of_the_measurements() -> None:
    for measured in (AREAS, MEANS, SHARES, RESAMPLES):
        interval = judge(measured).interval
        assert interval is not None
        assert interval[:3] == pytest.approx(measured[:3], rel=1e-12)
    assert SHARES[:4] == metrics.miettinen_nurminen((160, 200), (130, 200))
    pooled = math.sqrt(0.725 * 0.275 * (1 / 200 + 1 / 200) * 400 / 399)
    assert SHARES.p_value == pytest.approx(2 * stats.norm.sf(0.15 / pooled), rel=1e-9)


def test_several_are_adjusted_for_their_number() -> None:
    weak = metrics.Welch(0.022, 0.0, 0.0, 0.95, 0.01, 1e9, 0.0)
    assert judge(weak).verdict == "better"
    several = [weak, weak._replace(standard_error=0.0), weak, weak]
    found = judge_all(several)
    assert [one.verdict for one in found] == ["inconclusive"] * 4
    assert found[0].p_value is not None
    assert found[0].adjusted_p_value == pytest.approx(3 * found[0].p_value, rel=1e-12)
    assert "among so many questions" in found[0].reason
    relaxed = judge_all(iter(several), adjustment="benjamini_hochberg")
    assert [one.verdict for one in relaxed] == ["better", "inconclusive", "better", "better"]
    for method in ("holm", "benjamini_hochberg", "benjamini_yekutieli"):
        mixed = judge_all([*DIFFERENCES.values()], adjustment=method)
        p_values = [one.p_value for one in mixed]
        adjusted = [one.adjusted_p_value for one in mixed]
        assert adjusted == pytest.approx(metrics.adjust(p_values, method=method), rel=1e-12)


def test_what_does_not_vary_says_why() -> None:
    same = judge(metrics.delong_paired(TRUTH, FIRST, FIRST))
    assert same[2:] == (None, None, None)
    assert same.verdict == "inconclusive"
    assert same.reason.startswith("both give the same on all rows")
    constant = judge(metrics.welch([1.0, 1.0], [2.0, 2.0]))
    assert constant.reason.startswith("both samples are constant")
    # Counts bound how often two classifiers can differ that never did.
    never = metrics.mcnemar([1] * 400, [1] * 400, [1] * 400)
    assert equivalence(never, margin=0.02).verdict == "equivalent"


def test_a_judgement_is_read_at_a_glance() -> None:
    said = repr(judge(SHARES))
    assert said.startswith(
        "Judgement(verdict='better', reason='the difference is 0.15 with the 95 %"
    )
    assert isinstance(judge(SHARES), Judgement)
    assert repr(RESAMPLES).endswith(
        "replicates=<1000 values>, undefined=0, units=400, acceleration=None)"
    )


def test_paired_bootstrap_draws_rows_together() -> None:
    first, second = (metrics.f1_score(TRUTH, labels) for labels in LABELS)
    assert (RESAMPLES.first, RESAMPLES.second) == pytest.approx((first, second))
    assert RESAMPLES.estimate == pytest.approx(first - second)
    assert RESAMPLES.lower < RESAMPLES.estimate < RESAMPLES.upper
    # As `bootstrap` of a function of both columns.
    own = metrics.bootstrap(
        lambda truth, one, other, sample_weight: (
            metrics.f1_score(truth, one, sample_weight=sample_weight)
            - metrics.f1_score(truth, other, sample_weight=sample_weight)
        ),
        TRUTH,
        *LABELS,
        seed=1,
    )
    assert np.array_equal(own.replicates, RESAMPLES.replicates)
    # As wide as what is known of areas.
    area = paired_bootstrap(metrics.roc_auc_score, TRUTH, FIRST, SECOND, replicates=400)
    assert area.estimate == pytest.approx(AREAS.estimate, rel=1e-12)
    assert area.standard_error == pytest.approx(math.sqrt(AREAS.variance), rel=0.15)
    with pytest.warns(UserWarning, match="the same in every resample"):
        same = paired_bootstrap(metrics.f1_score, TRUTH, LABELS[0], LABELS[0], replicates=50)
    assert (same.estimate, same.p_value) == (0, 1)
    assert math.isnan(same.lower)


def test_paired_bootstrap_takes_what_bootstrap_does() -> None:
    clusters = [at // 4 for at in range(400)]
    options: dict[str, Any] = {"replicates": 200, "seed": 3}
    columns = (TRUTH, *LABELS)
    plain = paired_bootstrap(metrics.recall_score, *columns, **options)
    clustered = paired_bootstrap(metrics.recall_score, *columns, keys=clusters, **options)
    assert clustered.standard_error != plain.standard_error
    held = paired_bootstrap(
        metrics.recall_score, *columns, strata=[at % 2 for at in range(400)], **options
    )
    assert held.standard_error != plain.standard_error
    skewed = paired_bootstrap(metrics.recall_score, *columns, method="bca", **options)
    assert np.array_equal(skewed.replicates, plain.replicates)
    assert skewed.lower != plain.lower
    zero = paired_bootstrap(metrics.recall_score, *columns, pos_label=0, **options)
    assert zero.first == metrics.recall_score(*columns[:2], pos_label=0)
    # A metric without weights sees each row as often as it was drawn.
    numbers = (TRUTH, FIRST, SECOND)
    most = paired_bootstrap(metrics.max_error, *numbers, **options)
    assert most.estimate == most.first - most.second
    for make in (list, pd.Series, pl.Series):
        found = paired_bootstrap(metrics.recall_score, *map(make, columns), **options)
        assert np.array_equal(found.replicates, plain.replicates)
    four = [0, 1] * 4
    scores = [at / 8 for at in range(8)]
    undefined = paired_bootstrap(metrics.roc_auc_score, four, scores, scores[::-1], level=0.5)
    assert undefined.undefined > 0
    assert undefined.units == 7


INVALID: dict[str, tuple[Callable[[], object], str]] = {
    "no difference": (lambda: judge(3), "`difference` is `3`, expected a difference as of"),  # type: ignore[arg-type]
    "none": (lambda: judge_all([]), "`differences` is empty"),
    "one alone": (lambda: judge_all(AREAS), "`differences` is `DeLongPaired"),  # type: ignore[arg-type]
    "a number": (lambda: judge_all(3), "`differences` is `3`"),  # type: ignore[arg-type]
    "a text": (lambda: judge_all([AREAS, "x"]), "`differences[1]` is `x`"),  # type: ignore[list-item]
    "alternative": (lambda: judge(AREAS, alternative="less"), "`alternative` is `less`"),  # type: ignore[arg-type]
    "adjustment": (lambda: judge_all([AREAS], adjustment="none"), "`adjustment` is `none`"),  # type: ignore[arg-type]
    "margin below zero": (lambda: judge(AREAS, margin=-0.1), "`margin` is `-0.1`"),
    "margin of NaN": (lambda: judge(AREAS, margin=math.nan), "`margin` is `nan`"),
    "endless margin": (lambda: judge(AREAS, margin=math.inf), "`margin` is `inf`"),
    "margin of text": (lambda: judge(AREAS, margin="a"), "`margin` is `a`"),  # type: ignore[arg-type]
    "no margin": (lambda: equivalence(AREAS, margin=0), "`margin` is `0`, expected above zero"),
    "no margin that is missing": (
        lambda: judge(AREAS, alternative="non_inferiority"),
        "`margin` is `0`, expected above zero",
    ),
    "margin in percent": (lambda: equivalence(COUNTS, margin=2), "`margin` is `2`, expected below"),
    "level": (lambda: judge(AREAS, level=1), "`level` is `1`"),
    "level in percent": (lambda: judge(AREAS, level=95), "`level` is `95`"),
    "level of NaN": (lambda: judge(AREAS, level=math.nan), "`level` is `nan`"),
    "direction": (lambda: judge(AREAS, higher_is_better=2), "`higher_is_better` is `2`"),  # type: ignore[arg-type]
    "NaN": (lambda: judge(AREAS._replace(estimate=math.nan)), "`difference` is `NaN`"),
    "variance": (lambda: judge(AREAS._replace(variance=math.nan)), "`difference` is `NaN`"),
    "words": (
        lambda: judge(AREAS._replace(estimate="a")),  # type: ignore[arg-type]
        "`difference` has a value of `estimate`",
    ),
    "counts": (lambda: judge(COUNTS._replace(rows=1)), "`difference` is `"),
    "second is short": (
        lambda: paired_bootstrap(metrics.f1_score, TRUTH, LABELS[0], LABELS[1][:9]),
        "`second` has 9 rows, expected 400",
    ),
    "first is short": (
        lambda: paired_bootstrap(metrics.f1_score, TRUTH, LABELS[0][:9], LABELS[1]),
        "`first` has 9 rows, expected 400",
    ),
    "no rows": (lambda: paired_bootstrap(metrics.f1_score, [], [], []), "`y_true` is empty"),
    "no metric": (lambda: paired_bootstrap("f1", TRUTH, *LABELS), "`metric` is `f1`"),  # type: ignore[arg-type]
    "a metric of several": (
        lambda: paired_bootstrap(metrics.confusion_matrix, TRUTH, *LABELS),
        "`metric` is `confusion_matrix`, expected one that gives a number",
    ),
    "strata without weights": (
        lambda: paired_bootstrap(metrics.max_error, TRUTH, FIRST, SECOND, strata=TRUTH),
        "`metric` is `max_error`, expected one that takes weights",
    ),
    "method": (
        lambda: paired_bootstrap(metrics.f1_score, TRUTH, *LABELS, method="t"),
        "`method` is `t`",
    ),
    "NaN of a model": (
        lambda: paired_bootstrap(metrics.mean_absolute_error, TRUTH, FIRST, [math.nan] * 400),
        "has NaN or infinity at row 0",
    ),
    "more than all": (lambda: two_proportions((3, 2), (1, 2)), "`first` is `(3, 2)`"),
    "nobody": (lambda: two_proportions((1, 2), (0, 0)), "`second` is `(0, 0)`"),
    "level of shares": (lambda: two_proportions((1, 2), (0, 1), level=0), "`level` is `0`"),
}


@pytest.mark.parametrize("name", INVALID)
def test_what_is_wrong_is_refused_by_name(name: str) -> None:
    call, message = INVALID[name]
    with pytest.raises(InvalidError) as refused:
        call()
    assert isinstance(refused.value, ValueError)
    assert message in refused.value.message


def test_few_clusters_are_told_wider_and_too_few_not_at_all() -> None:
    def drawn(clusters: int, **options: Any) -> metrics.PairedBootstrap:
        keys = [at % clusters for at in range(400)]
        columns = (TRUTH, *LABELS)
        return paired_bootstrap(metrics.accuracy_score, *columns, keys=keys, seed=1, **options)

    six = drawn(6)
    judged = metrics.judge(six)
    assert judged.interval == six[:4]
    assert judged.p_value == six.p_value >= 2.0**-5
    assert six.units == 6
    assert "units=6" in repr(six)
    plain = np.quantile(six.replicates, [0.025, 0.975])
    assert six.lower < plain[0] < plain[1] < six.upper
    few = metrics.judge(six, level=0.99)
    assert few == (
        "inconclusive",
        "this rests on too few rows or clusters: they count as 6, a level of 99 % takes 8",
        None,
        None,
        None,
    )
    with pytest.raises(ValueError, match="this rests on too few rows or clusters: they count as 5"):
        drawn(5)
    with pytest.raises(ValueError, match="`replicates` has 100, expected at least 411"):
        drawn(6, replicates=100)
    with pytest.raises(ValueError, match="`keys` has 1, expected at least 2"):
        drawn(1)
    many = metrics.judge_all([six, drawn(40)], level=0.99)
    assert [one.interval is None for one in many] == [True, False]


@pytest.mark.parametrize("keys", [None, [at // 4 for at in range(400)]], ids=["rows", "clusters"])
def test_a_corrected_interval_is_judged_as_it_is_told(keys: list[int] | None) -> None:
    columns = (TRUTH, *LABELS)
    found = paired_bootstrap(metrics.f1_score, *columns, method="bca", keys=keys, seed=1)
    assert found.acceleration is not None
    judged = metrics.judge(found)
    assert judged.interval == found[:4]
    assert judged.p_value == found.p_value
    plain = paired_bootstrap(metrics.f1_score, *columns, keys=keys, seed=1)
    assert plain.acceleration is None
    assert plain.p_value != found.p_value
    # The level at which the interval ends at zero leaves as much outside.
    ends = paired_bootstrap(
        metrics.f1_score, *columns, method="bca", keys=keys, seed=1, level=1 - found.p_value
    )
    assert min(abs(ends.lower), abs(ends.upper)) < 0.1 * found.standard_error
