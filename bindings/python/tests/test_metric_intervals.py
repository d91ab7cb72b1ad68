"""Intervals, resamples and comparison of `halfback.metrics`."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from halfback import metrics

if TYPE_CHECKING:
    from pathlib import Path


def test_intervals_and_comparison() -> None:
    random = np.random.default_rng(3)
    truth = random.integers(0, 2, 400)
    first = truth * 0.4 + random.random(400)
    second = first + random.normal(0, 0.3, 400)
    area = metrics.delong(truth, first)
    drawn = metrics.bootstrap(metrics.roc_auc_score, truth, first, seed=1)
    assert drawn.estimate == pytest.approx(area.estimate, rel=1e-12)
    assert area.lower < area.estimate < area.upper
    assert drawn.upper - drawn.lower == pytest.approx(area.upper - area.lower, rel=0.15)
    assert drawn.standard_error == pytest.approx(math.sqrt(area.variance), rel=0.15)
    # The path of any metric draws the same resamples as that which sorts once.
    keyed = metrics.bootstrap(
        metrics.roc_auc_score, truth, first, seed=1, keys=range(400), replicates=200
    )
    quick = metrics.bootstrap(metrics.roc_auc_score, truth, first, seed=1, replicates=200)
    assert np.allclose(keyed.replicates, quick.replicates, rtol=1e-12)
    skewed = metrics.bootstrap(
        metrics.roc_auc_score, truth, first, seed=1, replicates=200, method="bca"
    )
    assert skewed.estimate == drawn.estimate
    assert skewed.lower != quick.lower
    pair = metrics.delong_paired(truth, first, second)
    assert pair.estimate == pytest.approx(pair.first - pair.second)
    assert pair.lower < pair.estimate < pair.upper
    cluster = [f"customer {at // 4}" for at in range(400)]
    clustered = metrics.bootstrap(
        metrics.accuracy_score, truth, first > 0.7, keys=cluster, replicates=50
    )
    assert clustered.undefined == 0
    assert len(clustered.replicates) == 50
    assert repr(clustered).endswith(
        "replicates=<50 values>, undefined=0, units=100, acceleration=None)"
    )
    one, other = metrics.rows_for_means(0.2, power=0.9), metrics.rows_for_proportions(0.5, 0.6)
    assert metrics.power_of_means(0.2, one) >= 0.9 > metrics.power_of_means(0.2, one - 1)
    reached = [metrics.power_of_proportions(0.5, 0.6, rows) for rows in (other, other - 1)]
    assert reached[0] >= 0.8 > reached[1]
    with pytest.raises(ZeroDivisionError):
        metrics.bootstrap(lambda truth, sample_weight: 1 / 0, truth)


def test_a_key_is_the_same_in_every_library() -> None:
    random = np.random.default_rng(4)
    truth, guess = random.integers(0, 2, 300), random.integers(0, 2, 300)

    def lower(keys: Any) -> float:
        drawn = metrics.bootstrap(metrics.accuracy_score, truth, guess, keys=keys, replicates=50)
        return drawn.lower

    for plain in ([f"c{at // 3}" for at in range(300)], [at // 3 + 0.5 for at in range(300)]):
        scalars = list(np.array(plain))
        columns = [np.array(plain), scalars, pd.Series(plain), pl.Series(plain), pa.array(plain)]
        chunked = pa.chunked_array([plain[:100], plain[100:]])
        assert {lower(keys) for keys in [*columns, chunked, tuple(plain)]} == {lower(plain)}


def test_weights_of_the_rows_are_multiplied_by_the_draws() -> None:
    random = np.random.default_rng(6)
    truth, own = random.integers(0, 2, 300), random.random(300)
    guess = truth ^ (random.random(300) < 0.2)
    found = metrics.bootstrap(metrics.accuracy_score, truth, guess, sample_weight=own, seed=2)
    assert found.estimate == metrics.accuracy_score(truth, guess, sample_weight=own)

    def weighed(truth: Any, guess: Any, sample_weight: Any) -> float:
        return metrics.accuracy_score(truth, guess, sample_weight=sample_weight * own)

    same = metrics.bootstrap(weighed, truth, guess, seed=2)
    assert np.array_equal(found.replicates, same.replicates)
    skewed = metrics.bootstrap(
        metrics.accuracy_score, truth, guess, sample_weight=own, seed=2, method="bca"
    )
    assert skewed.lower == metrics.bootstrap(weighed, truth, guess, seed=2, method="bca").lower
    # A stratum keeps its weight.
    with pytest.warns(UserWarning, match="the same in every resample"):
        held = metrics.bootstrap(
            lambda truth, sample_weight: np.average(truth, weights=sample_weight),
            truth,
            strata=truth,
            sample_weight=own,
        )
    assert held.estimate == pytest.approx(np.average(truth, weights=own))
    pair = metrics.paired_bootstrap(
        metrics.recall_score, truth, guess, 1 - guess, sample_weight=own, replicates=100
    )
    assert pair.first == metrics.recall_score(truth, guess, sample_weight=own)
    # Rows without a weight do not count.
    few = metrics.bootstrap(metrics.recall_score, truth, guess, sample_weight=np.arange(300) > 288)
    assert few.units == 11
    for wrong, message in [(own[1:], "has 299 rows"), (-own, "negative"), (own * 0, "zero in all")]:
        with pytest.raises(ValueError, match=f"`sample_weight`.*{message}"):
            metrics.bootstrap(metrics.accuracy_score, truth, guess, sample_weight=wrong)
    with pytest.raises(
        ValueError, match="`metric` is `max_error`, expected one that takes weights"
    ):
        metrics.bootstrap(metrics.max_error, truth, guess, sample_weight=own)


def test_strata_keep_their_weight_in_every_resample() -> None:
    random = np.random.default_rng(5)
    truth = random.integers(0, 2, 500)
    site = np.where(truth == 1, "north", "south")

    def share(truth: Any, sample_weight: Any) -> float:
        return float(np.average(truth, weights=sample_weight))

    with pytest.warns(UserWarning, match="the same in every resample"):
        held = metrics.bootstrap(share, truth, strata=site, replicates=100)
    free = metrics.bootstrap(share, truth, replicates=100)
    assert np.ptp(held.replicates) < 1e-12 < free.upper - free.lower
    assert math.isnan(held.lower)
    assert math.isnan(held.upper)
    with pytest.warns(UserWarning, match="the same in every resample"):
        codes = metrics.bootstrap(share, truth, strata=pa.array(truth), replicates=100)
    assert np.array_equal(codes.replicates, held.replicates)
    skewed = metrics.bootstrap(
        metrics.accuracy_score, truth, truth ^ (random.random(500) < 0.2), strata=site, method="bca"
    )
    assert skewed.lower < skewed.estimate < skewed.upper


def test_metrics_without_weights_see_each_row_as_often_as_it_was_drawn() -> None:
    random = np.random.default_rng(6)
    truth = random.random(300)
    guess = truth + random.normal(0, 0.1, 300)
    most = metrics.bootstrap(metrics.max_error, truth, list(guess), replicates=100)
    assert most.upper == most.estimate == metrics.max_error(truth, guess)
    assert most.lower < most.estimate
    # What takes weights gives the same by repeated rows.
    by_weights = metrics.bootstrap(metrics.mean_absolute_error, truth, guess, replicates=100)

    def plain(truth: Any, guess: Any) -> float:
        return float(np.abs(truth - guess).mean())

    by_rows = metrics.bootstrap(plain, truth, guess, replicates=100)
    assert np.allclose(by_rows.replicates, by_weights.replicates, rtol=1e-12)
    classes = random.integers(0, 3, 300)
    scores = random.dirichlet((1, 1, 1), 300)
    pairs = metrics.bootstrap(
        metrics.roc_auc_score, classes, scores, replicates=50, multi_class="ovo"
    )
    assert pairs.lower < pairs.estimate < pairs.upper


ENDLESS = """
import sys
import numpy as np
from halfback import metrics
random = np.random.default_rng(0)
truth, scores = random.integers(0, 2, {rows}), random.random({rows})
others = {{"replicates": 10_000_000, "sensitive_features": truth}}
def bootstrap():
    {call}
sys.stdout.write("begun\\n")
sys.stdout.flush()
try:
    bootstrap()
except KeyboardInterrupt:
    sys.exit(3)
"""
AREA = "metrics.bootstrap(metrics.roc_auc_score, truth, scores, replicates=10_000_000)"


@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
@pytest.mark.parametrize("rows", [2000, 500_000])
@pytest.mark.parametrize(
    "call",
    [
        AREA,
        f"with metrics.n_threads(2): {AREA}",
        AREA.replace("roc_auc", "average_precision"),
        "metrics.fairness_interval('demographic_parity_ratio', truth, truth, **others)",
    ],
    ids=["areas", "threads", "any metric", "fairness"],
)
def test_control_c_ends_a_bootstrap_within_a_second(call: str, rows: int) -> None:
    script = ENDLESS.format(rows=rows, call=call)
    running = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        assert running.stdout.readline() == "begun\n"
        time.sleep(0.5)  # into the resamples; where it comes too early, it ends all the sooner
        began = time.monotonic()
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=30) == 3
        # The promise is a second; this is a debug build on a busy machine.
        assert time.monotonic() - began < 3
    finally:
        running.kill()
        running.communicate()


LONG_COMPARISON = """
import sys
import numpy as np
import halfback
registry = halfback.open(sys.argv[1], create=True)
registry.create_model("fraud")
for weights in (b"one", b"two"):
    open("model.bin", "wb").write(weights)
    registry.register_version("fraud", "model.bin")
random = np.random.default_rng(0)
truth, scores = random.integers(0, 2, 2000), random.random(2000)
options = {{"clusters": np.arange(2000) // 2, "replicates": 1_000_000}}
slices = {{f"column_{{at}}": random.integers(0, 200, 2000) for at in range(32)}}
small = {{"weights": np.ones(2000), "slices": slices}}
sys.stdout.write("begun\\n")
sys.stdout.flush()
try:
    {call}
except KeyboardInterrupt:
    kept = [*registry.list_evaluations("fraud/1"), *registry.list_comparisons("fraud/2")]
    sys.exit(4 if kept else 3)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
@pytest.mark.parametrize(
    "call",
    [
        'registry.evaluate("fraud/1", truth, y_score=scores, **options)',
        'registry.compare("fraud/2", "fraud/1", truth, y_score=(scores, scores), **options)',
        'registry.evaluate("fraud/1", truth, y_score=scores, **small)',
        'registry.compare("fraud/2", "fraud/1", truth, y_score=(scores, scores), **small)',
    ],
    ids=["evaluate", "compare", "evaluate small slices", "compare small slices"],
)
def test_control_c_ends_an_evaluation_and_nothing_is_kept(call: str, tmp_path: Path) -> None:
    script = LONG_COMPARISON.format(call=call)
    command = [sys.executable, "-c", script, str(tmp_path / "hb")]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    try:
        assert running.stdout is not None
        assert running.stdout.readline() == "begun\n"
        time.sleep(0.5)
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=10) == 3
    finally:
        running.kill()
        running.communicate()


def test_what_a_metric_raises_ends_the_bootstrap_at_once() -> None:
    calls = 0

    def failing(truth: Any, sample_weight: Any) -> float:
        nonlocal calls
        calls += 1
        return 1.0 if calls < 3 else 1 / 0

    with pytest.raises(ZeroDivisionError):
        metrics.bootstrap(failing, np.zeros(1000), replicates=1_000_000, method="bca")
    assert calls == 3
    # Nothing of it is left for the next call.
    assert metrics.roc_auc_score([0, 1], [0.1, 0.2]) == 1.0
