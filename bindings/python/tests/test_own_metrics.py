"""Metrics of the caller's own in evaluations and comparisons."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import halfback
import pytest
from conftest import MODEL
from halfback import metrics

np = pytest.importorskip("numpy")

TRUTH = [0, 1, 1, 0, 1, 0, 1, 0] * 5
SCORES = [0.1, 0.7, 0.45, 0.6, 0.8, 0.2, 0.9, 0.3] * 5
CUSTOMERS = [f"customer {at // 4}" for at in range(40)]
HALVES = [at < 20 for at in range(40)]
WEIGHTS = [1 + at % 3 for at in range(40)]
SITES = [at % 2 for at in range(40)]
OTHERS = [0.4, 0.4, 0.45, 0.7, 0.3, 0.55, 0.6, 0.4] * 5


def profit(y_true: Any, y_pred: Any, sample_weight: Any) -> float:
    """What rows that are called positive bring."""
    return float(((60 * y_true - 20) * (y_pred >= 0.5) * sample_weight).sum())


def brier(y_true: Any, y_pred: Any, sample_weight: Any) -> float:
    return float(metrics.brier_score_loss(y_true, y_pred, sample_weight=sample_weight))


DRAWN: list[dict[str, Any]] = [
    {"weights": WEIGHTS},
    {"clusters": CUSTOMERS},
    {"strata": SITES},
    {"clusters": CUSTOMERS, "strata": HALVES, "weights": WEIGHTS},
]


@pytest.mark.parametrize("drawn", DRAWN, ids=["weights", "clusters", "strata", "all"])
def test_the_same_metric_has_the_same_interval(
    registry: halfback.Registry, drawn: dict[str, Any]
) -> None:
    made = registry.evaluate(
        f"{MODEL}/1",
        TRUTH,
        y_score=SCORES,
        slices={"half": HALVES, "site": SITES},
        metrics={"own": brier, "profit": profit},
        replicates=100,
        seed=4,
        **drawn,
    )
    for slice_ in (None, ("half", "true"), ("half", "false"), ("site", "0"), ("site", "1")):
        own, known = made.metric("own", slice_), made.metric("brier", slice_)
        assert own is not None
        assert known is not None
        assert (own.rows, own.method) == (known.rows, known.method)
        found, expected = [[each.value, each.lower, each.upper] for each in (own, known)]
        assert found == pytest.approx(expected, abs=1e-12)
        assert made.metric("profit", slice_) is not None
    assert registry.get_evaluation(made.id) == made
    mine, usual = (
        compared(registry, metric, better, seed=4, slices={"half": HALVES, "site": SITES}, **drawn)
        for metric, better in (({"own": brier}, False), ("brier", None))
    )
    assert (mine.method, mine.data_digest) == (usual.method, usual.data_digest)
    for one, other in zip(mine.results, usual.results, strict=True):
        found, expected = (
            [each.candidate_value, each.baseline_value, each.difference, each.lower, each.upper]
            for each in (one, other)
        )
        assert found == pytest.approx(expected, abs=1e-12)
        assert one.p_value == other.p_value
        assert (one.verdict, one.slice, one.rows) == (other.verdict, other.slice, other.rows)


def compared(
    registry: halfback.Registry, metric: Any, higher_is_better: bool | None = None, **given: Any
) -> halfback.Comparison:
    options: dict[str, Any] = {"y_score": (SCORES, OTHERS), "replicates": 100} | given
    return registry.compare(
        f"{MODEL}/2",
        f"{MODEL}/1",
        TRUTH,
        metric=metric,
        higher_is_better=higher_is_better,
        **options,
    )


def test_a_comparison_by_an_own_metric_is_judged_and_kept(registry: halfback.Registry) -> None:
    better = compared(registry, {"profit": profit}, True, slices={"half": HALVES})
    assert (better.metric, better.method, better.replicates) == ("profit", "paired_bootstrap", 100)
    assert (better.verdict, better.higher_is_better) == ("better", True)
    paid = [profit(np.array(TRUTH), np.array(scores), np.ones(40)) for scores in (SCORES, OTHERS)]
    assert better.results[0].candidate_value == paid[0]
    assert better.results[0].difference == paid[0] - paid[1]
    assert len(better.results) == 3
    assert registry.get_comparison(better.id) == better
    assert compared(registry, {"profit": profit}, True, slices={"half": HALVES}) == better
    worse = compared(registry, {"profit": profit}, False)
    assert (worse.verdict, worse.higher_is_better) == ("worse", False)
    assert compared(registry, "brier").higher_is_better is None


def test_a_comparison_says_what_the_functions_say(registry: halfback.Registry) -> None:
    question: dict[str, Any] = {"alternative": "non_inferiority", "margin": 0.02}
    kept = compared(registry, {"own": brier}, False, seed=3, **question).results[0]
    drawn = metrics.paired_bootstrap(brier, TRUTH, SCORES, OTHERS, seed=3, replicates=100)
    said = metrics.judge(drawn, higher_is_better=False, **question)
    assert (kept.verdict, kept.reason) == (said.verdict, said.reason)
    assert kept.p_value == pytest.approx(said.p_value, rel=1e-12)


def test_an_own_metric_is_kept_and_found(registry: halfback.Registry) -> None:
    def evaluated() -> halfback.Evaluation:
        given: dict[str, Any] = {"y_pred": TRUTH[::-1], "metrics": {"profit": profit}}
        return registry.evaluate(f"{MODEL}/1", TRUTH, **given, replicates=50)

    made = evaluated()
    value = made.metric("profit")
    assert value is not None
    assert (value.method, value.value) == ("bootstrap", 200.0)
    assert value.lower is not None
    assert value.upper is not None
    assert value.lower < 200 < value.upper
    assert made.replicates == 50
    assert evaluated() == made
    assert [each.number for each in registry.search_versions("metric.profit = 200")] == [1]
    plain = registry.evaluate(f"{MODEL}/1", TRUTH, TRUTH[::-1], replicates=50)
    assert plain.metrics == tuple(each for each in made.metrics if each.metric != "profit")
    assert (plain.data_digest, plain.replicates) == (made.data_digest, None)
    assert registry.evaluate(f"{MODEL}/1", TRUTH, TRUTH[::-1], metrics={}, replicates=50) == plain


def test_what_is_no_number_is_undefined(registry: halfback.Registry) -> None:
    def none(*_: Any, sample_weight: Any) -> float:
        return float("nan")

    def endless(*_: Any, sample_weight: Any) -> float:
        return float("inf")

    def rare(y_true: Any, *_: Any, sample_weight: Any) -> float:
        """Only with each row once."""
        return 1.0 if (sample_weight == 1).all() else float("nan")

    def constant(*_: Any, sample_weight: Any) -> float:
        return 3.0

    own: dict[str, Any] = {"none": none, "endless": endless, "rare": rare, "constant": constant}
    weights = [1] * 20 + [0] * 20
    made = registry.evaluate(f"{MODEL}/1", TRUTH, TRUTH, metrics=own, replicates=100)
    found = {each.metric: each for each in made.metrics}
    assert (found["none"].value, found["none"].undefined) == (None, "not_a_number")
    assert (found["endless"].value, found["endless"].undefined) == (None, "too_large")
    for name, value, why in (
        ("rare", 1.0, "undefined_resamples"),
        ("constant", 3.0, "no_variance"),
    ):
        assert (found[name].value, found[name].lower, found[name].method) == (value, None, None)
        assert found[name].no_interval == why
    sliced = registry.evaluate(
        f"{MODEL}/1",
        TRUTH,
        TRUTH,
        metrics={"constant": constant, "profit": profit},
        weights=weights,
        slices={"half": HALVES},
        replicates=39,
    )
    weightless = sliced.metric("constant", ("half", "false"))
    assert weightless is not None
    assert weightless.undefined == "too_few_rows"
    alone = registry.evaluate(
        f"{MODEL}/1",
        TRUTH,
        TRUTH,
        metrics={"profit": profit},
        clusters=CUSTOMERS,
        slices={"customer": CUSTOMERS},
        replicates=39,
    ).metric("profit", ("customer", "customer 3"))
    assert alone is not None
    assert (alone.rows, alone.lower, alone.no_interval) == (4, None, "too_few_units")
    assert alone.value is not None


class OwnError(Exception):
    """What a metric may raise."""


@pytest.mark.parametrize("error", [OwnError("broken"), halfback.InvalidError("broken", "own")])
@pytest.mark.parametrize("calls", [0, 1, 2, 5])
def test_errors_of_a_metric_are_passed_on(
    registry: halfback.Registry, error: Exception, calls: int
) -> None:
    left = calls

    def broken(*_: Any, sample_weight: Any) -> float:
        nonlocal left
        left -= 1
        if left < 0:
            raise error
        return float(sample_weight.sum())

    before = registry.info()
    with pytest.raises(type(error), match="broken"):
        registry.evaluate(f"{MODEL}/1", TRUTH, TRUTH, metrics={"broken": broken})
    left = calls
    with pytest.raises(type(error), match="broken"):
        compared(registry, {"broken": broken}, True)
    assert registry.info() == before


def test_a_metric_cannot_change_the_rows(registry: halfback.Registry) -> None:
    def spoils(y_true: Any, *_: Any, sample_weight: Any) -> float:
        y_true[0] = 5
        return 0.0

    def weighs(*_: Any, sample_weight: Any) -> float:
        sample_weight[0] = 5
        return 0.0

    truth = np.array(TRUTH)
    for own in (spoils, weighs):
        with pytest.raises(ValueError, match="read-only"):
            compared(registry, {"own": own}, True, slices={"half": HALVES})
    with pytest.raises(ValueError, match="read-only"):
        registry.evaluate(f"{MODEL}/1", truth, TRUTH, metrics={"spoils": spoils})
    assert truth.tolist() == TRUTH


def test_a_metric_cannot_make_the_rows_writable(registry: halfback.Registry) -> None:
    def unlocks(*columns: Any, sample_weight: Any) -> float:
        for column in (*columns, sample_weight):
            with pytest.raises(ValueError, match="WRITEABLE"):
                column.flags.writeable = True
            assert not getattr(column.base, "flags", column.flags).writeable
        return 0.0

    found = registry.evaluate(
        f"{MODEL}/1", TRUTH, TRUTH, metrics={"own": unlocks}, slices={"half": HALVES}
    )
    assert found.metric("own") is not None


WRONG: list[tuple[Any, type[Exception], str]] = [
    ([profit], halfback.InvalidTypeError, "`metrics`"),
    ({"profit": 3}, halfback.InvalidTypeError, "profit"),
    ({3: profit}, halfback.InvalidTypeError, "metrics key"),
    ({"": profit}, halfback.InvalidError, "name of a metric"),
    ({"a.b": profit}, halfback.InvalidError, "`a.b` has a dot"),
    ({"accuracy": profit}, halfback.InvalidError, "measured already"),
    ({"rmse": profit}, halfback.InvalidError, "measured already"),
    ({"array": lambda y_true, *_, sample_weight: y_true}, halfback.InvalidTypeError, "a number"),
    ({"huge": lambda *_, sample_weight: 10**400}, halfback.InvalidError, "beyond"),
    ({"nothing": lambda *_, sample_weight: None}, halfback.InvalidTypeError, "a number"),
    ({"unweighted": lambda y_true, y_pred: 1.0}, TypeError, "sample_weight"),
    ({"text": lambda *_, sample_weight: "3 €"}, halfback.InvalidTypeError, "a number"),
    ({"a\0": profit}, halfback.InvalidError, "metric"),
    *(
        (
            {"odd": lambda *_, sample_weight, found=found: found},
            halfback.InvalidTypeError,
            "a number",
        )
        for found in (
            np.str_("3.5"),
            np.bytes_(b"3.5"),
            np.array("x"),
            np.datetime64("2026-11-26"),
            np.timedelta64(3, "ns"),
            np.complex128(1 + 2j),
            Decimal("sNaN"),
            1 + 2j,
        )
    ),
]


@pytest.mark.parametrize(("given", "error", "why"), WRONG)
def test_wrong_metrics_are_named(
    registry: halfback.Registry, given: Any, error: type[Exception], why: str
) -> None:
    before = registry.info()
    with pytest.raises(error, match=why):
        registry.evaluate(f"{MODEL}/1", TRUTH, TRUTH, metrics=given, replicates=39)
    with pytest.raises(error, match=why.replace("metrics", "metric")):
        compared(registry, given, True)
    with pytest.raises(halfback.NotFoundError):
        registry.evaluate(f"{MODEL}/99", TRUTH, TRUTH, metrics={"profit": profit})
    assert registry.info() == before


DIRECTIONS: list[tuple[Any, Any, str]] = [
    ({"profit": profit}, None, "`higher_is_better` is missing"),
    ({"profit": profit}, 1, "higher_is_better"),
    ({}, True, "0 functions"),
    ({"profit": profit, "cost": profit}, True, "2 functions"),
    ("brier", False, "`higher_is_better`"),
    (None, True, "`higher_is_better`"),
    (profit, None, "`metric`"),
]


@pytest.mark.parametrize(("metric", "better", "why"), DIRECTIONS)
def test_one_metric_and_its_direction_are_asked_for(
    registry: halfback.Registry, metric: Any, better: Any, why: str
) -> None:
    with pytest.raises(halfback.InvalidError, match=why):
        compared(registry, metric, better)


def test_a_direction_may_be_one_of_numpy(registry: halfback.Registry) -> None:
    kept = compared(registry, {"profit": profit}, np.True_)
    assert (kept.verdict, kept.higher_is_better) == ("better", True)
    for better in (np.int64(1), np.array([True])):
        with pytest.raises(halfback.InvalidTypeError, match="higher_is_better"):
            compared(registry, {"profit": profit}, better)


def test_a_column_that_is_read_once_is_one_of_all_its_values(registry: halfback.Registry) -> None:
    def evaluated(y_true: Any, y_score: Any, weights: Any) -> halfback.Evaluation:
        own: dict[str, Any] = {"profit": profit, "brier_of_own": brier}
        given: dict[str, Any] = {"metrics": own, "slices": {"half": HALVES}, "replicates": 39}
        return registry.evaluate(
            f"{MODEL}/1", y_true, y_score=y_score, weights=weights, seed=7, **given
        )

    def read_once(values: list[Any]) -> Any:
        return (value for value in values)

    once = evaluated(iter(TRUTH), read_once(SCORES), map(float, WEIGHTS))
    assert once == evaluated(TRUTH, SCORES, WEIGHTS)
    pair = compared(registry, {"profit": profit}, True)
    scores = (read_once(SCORES), dict(enumerate(OTHERS)).values())
    assert compared(registry, {"profit": profit}, True, y_score=scores) == pair


def test_replicates_of_own_metrics_are_checked(registry: halfback.Registry) -> None:
    for replicates in (-1, 0, 1, 1_000_001, 2**32, 2**70):
        why = f"`replicates` is `{replicates}`, expected 2 to 1000000"
        with pytest.raises(halfback.InvalidError, match=why):
            compared(registry, {"profit": profit}, True, replicates=replicates)
        with pytest.raises(halfback.InvalidError, match=why):
            registry.evaluate(
                f"{MODEL}/1", TRUTH, TRUTH, metrics={"own": profit}, replicates=replicates
            )
    why = "`replicates` has 38, expected at least 39"
    with pytest.raises(halfback.InvalidError, match=why):
        compared(registry, {"profit": profit}, True, replicates=38)
    with pytest.raises(halfback.InvalidError, match=why):
        registry.evaluate(f"{MODEL}/1", TRUTH, TRUTH, metrics={"own": profit}, replicates=38)
    with pytest.raises(halfback.NotFoundError):
        registry.compare(
            f"{MODEL}/99",
            f"{MODEL}/1",
            TRUTH,
            y_pred=(TRUTH, TRUTH),
            metric={"profit": profit},
            higher_is_better=True,
        )


def test_an_own_metric_may_ask_the_registry(registry: halfback.Registry) -> None:
    def counted(*_: Any, sample_weight: Any) -> float:
        return registry.info().commit * float(sample_weight[0])

    made = registry.evaluate(f"{MODEL}/1", TRUTH, TRUTH, metrics={"own": counted}, replicates=39)
    value = made.metric("own")
    assert value is not None
    assert value.value == made.commit - 1


def test_evidence_is_of_what_an_alias_named_when_it_was_asked(registry: halfback.Registry) -> None:
    first, second = (registry.resolve(f"{MODEL}/{number}") for number in (1, 2))

    def moving(y_true: Any, y_pred: Any, sample_weight: Any) -> float:
        registry.set_alias(MODEL, "champion", 2)
        return profit(y_true, y_pred, sample_weight)

    registry.set_alias(MODEL, "champion", 1)
    own = {"own": moving}
    made = registry.evaluate(
        f"{MODEL}@champion", TRUTH, y_score=SCORES, metrics=own, replicates=100
    )
    assert made.version == first.uri
    registry.set_alias(MODEL, "champion", 1)
    compared = registry.compare(
        f"{MODEL}/2",
        f"{MODEL}@champion",
        TRUTH,
        y_score=(OTHERS, SCORES),
        metric=own,
        higher_is_better=True,
        replicates=39,
    )
    assert (compared.candidate, compared.baseline) == (second.uri, first.uri)


def test_nothing_is_called_for_who_may_not_keep_it(registry: halfback.Registry) -> None:
    called = []

    def counted(*_: Any, sample_weight: Any) -> float:
        called.append(len(sample_weight))
        return 1.0

    with halfback.open(registry.path, read_only=True) as reading:
        with pytest.raises(halfback.PermissionDeniedError) as caught:
            reading.evaluate(f"{MODEL}/1", TRUTH, TRUTH, metrics={"own": counted})
        assert caught.value.code == "read_only"
        with pytest.raises(halfback.PermissionDeniedError):
            reading.compare(
                f"{MODEL}/2",
                f"{MODEL}/1",
                TRUTH,
                y_score=(SCORES, OTHERS),
                metric={"own": counted},
                higher_is_better=True,
            )
    assert called == []
