"""Intervals of `MetricFrame`, of groups and of all rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from halfback import metrics
from halfback.metrics import MetricFrame

RANDOM = np.random.default_rng(8)
TRUTH = RANDOM.random(300)
GUESS = TRUTH + RANDOM.normal(0, 0.1, 300)
SITE = np.where(np.arange(300) % 3 == 0, "north", "south")
OPTIONS: dict[str, Any] = {"replicates": 60, "seed": 2, "level": 0.9}


def test_all_rows_have_an_interval_too() -> None:
    frame = MetricFrame(
        metrics={"mae": metrics.mean_absolute_error, "most": metrics.max_error},
        y_true=TRUTH,
        y_pred=GUESS,
        sensitive_features=SITE,
    )
    found = frame.overall_interval(**OPTIONS)
    assert {*found} == {"mae", "most"}
    for name, metric in (("mae", metrics.mean_absolute_error), ("most", metrics.max_error)):
        alone = metrics.bootstrap(metric, TRUTH, GUESS, **OPTIONS)
        assert found[name][:5] == alone[:5]
        assert found[name].estimate == frame.overall[name]


def test_a_metric_without_weights_is_drawn_with_all_its_columns() -> None:
    def within(y_true: Any, y_pred: Any, bound: Any) -> float:
        return float(np.mean(np.abs(np.subtract(y_true, y_pred)) < bound))

    bound = list(np.where(SITE == "north", 0.2, 0.1))
    frame = MetricFrame(
        metrics=within,
        y_true=TRUTH,
        y_pred=GUESS,
        sensitive_features=SITE,
        sample_params={"bound": bound},
    )
    # The same by weights.
    hit = np.abs(TRUTH - GUESS) < bound
    everyone = frame.overall_interval(**OPTIONS)
    alone = metrics.bootstrap(metrics.accuracy_score, np.ones(300, int), hit * 1, **OPTIONS)
    assert np.allclose(everyone.replicates, alone.replicates)
    for name, found in frame.intervals(**OPTIONS).items():
        own = name == SITE
        alone = metrics.bootstrap(
            metrics.accuracy_score, np.ones(own.sum(), int), hit[own] * 1, **OPTIONS
        )
        assert np.allclose(found.replicates, alone.replicates)


def test_a_mean_that_is_undefined_has_no_interval() -> None:
    frame = MetricFrame(
        metrics=lambda y_true, y_pred: float("nan"),
        y_true=[0, 1],
        y_pred=[0, 1],
        sensitive_features=["a", "b"],
    )
    assert frame.overall_interval() is None


def test_groups_draw_clusters_and_strata_of_their_own() -> None:
    frame = MetricFrame(
        metrics=metrics.mean_absolute_error, y_true=TRUTH, y_pred=GUESS, sensitive_features=SITE
    )
    # Each site has ten customers of its own and three days.
    customers = [f"{site} {at // 3 % 10}" for at, site in enumerate(SITE)]
    day = np.arange(300) // 100
    drawn: dict[str, Any] = {"keys": customers, "strata": day, **OPTIONS, "replicates": 500}
    plain = frame.intervals(**OPTIONS)
    for name, found in frame.intervals(**drawn).items():
        own = name == SITE
        options = drawn | {"keys": np.array(customers)[own], "strata": day[own]}
        alone = metrics.bootstrap(metrics.mean_absolute_error, TRUTH[own], GUESS[own], **options)
        assert found[:5] == alone[:5] != plain[name][:5]
        assert found.units == alone.units == 8
    everyone = frame.overall_interval(**drawn)
    assert everyone.units == 18
    assert everyone[:5] == metrics.bootstrap(metrics.mean_absolute_error, TRUTH, GUESS, **drawn)[:5]
    # Of the south there is one customer, of the north there are too few for the level.
    few = np.where(SITE == "north", [f"north {at // 3 % 4}" for at in range(300)], "south")
    assert frame.intervals(keys=few, **OPTIONS) == {"north": None, "south": None}
    assert frame.intervals(keys=few, **OPTIONS | {"level": 0.8})["north"] is not None
    with pytest.raises(ValueError, match="`keys` has 2 rows, expected 300"):
        frame.intervals(keys=[1, 2])
    with pytest.raises(ValueError, match="`strata` has 2 rows, expected 300"):
        frame.overall_interval(strata=[1, 2])
