"""Metrics of the caller's own in an evaluation."""

from __future__ import annotations

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
    made = registry.evaluate(f"{MODEL}/1", TRUTH, TRUTH, metrics=own, replicates=20)
    found = {each.metric: each for each in made.metrics}
    assert (found["none"].value, found["none"].undefined) == (None, "not_a_number")
    assert (found["endless"].value, found["endless"].undefined) == (None, "too_large")
    for name, value in (("rare", 1.0), ("constant", 3.0)):
        assert (found[name].value, found[name].lower, found[name].method) == (value, None, None)
    sliced = registry.evaluate(
        f"{MODEL}/1",
        TRUTH,
        TRUTH,
        metrics={"constant": constant, "profit": profit},
        weights=weights,
        slices={"half": HALVES},
        replicates=20,
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
        replicates=20,
    ).metric("profit", ("customer", "customer 3"))
    assert alone is not None
    assert (alone.rows, alone.lower) == (4, None)
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
    assert registry.info() == before


def test_a_metric_cannot_change_the_rows(registry: halfback.Registry) -> None:
    def spoils(y_true: Any, *_: Any, sample_weight: Any) -> float:
        y_true[0] = 5
        return 0.0

    truth = np.array(TRUTH)
    with pytest.raises(ValueError, match="read-only"):
        registry.evaluate(f"{MODEL}/1", truth, TRUTH, metrics={"spoils": spoils})
    assert truth.tolist() == TRUTH


WRONG: list[tuple[Any, type[Exception], str]] = [
    ([profit], halfback.InvalidTypeError, "`metrics`"),
    ({"profit": 3}, halfback.InvalidTypeError, "profit"),
    ({3: profit}, halfback.InvalidTypeError, "metrics key"),
    ({"": profit}, halfback.InvalidError, "`metrics`"),
    ({"a.b": profit}, halfback.InvalidError, "`metrics`"),
    ({"accuracy": profit}, halfback.InvalidError, "measured already"),
    ({"text": lambda *_, sample_weight: "3 €"}, halfback.InvalidTypeError, "a number"),
    ({"a\0": profit}, halfback.InvalidError, "metric"),
]


@pytest.mark.parametrize(("given", "error", "why"), WRONG)
def test_wrong_metrics_are_named(
    registry: halfback.Registry, given: Any, error: type[Exception], why: str
) -> None:
    before = registry.info()
    with pytest.raises(error, match=why):
        registry.evaluate(f"{MODEL}/1", TRUTH, TRUTH, metrics=given, replicates=20)
    with pytest.raises(halfback.NotFoundError):
        registry.evaluate(f"{MODEL}/99", TRUTH, TRUTH, metrics={"profit": profit})
    assert registry.info() == before
