"""Numbers that a double does not hold, or holds too well: large whole ones, and halves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from halfback import metrics

if TYPE_CHECKING:
    from collections.abc import Callable

TRUTH = [0, 1, 0, 1, 1, 0]
PLACES = [0, 2, 1, 3, 5, 5]
BASES = (2**53, 1_700_000_000_000_000_000, -(2**62), 2**63 - 6, 2**63 + 1)

RANKED: dict[str, Callable[[Any], object]] = {
    "roc_auc": lambda scores: metrics.roc_auc_score(TRUTH, scores),
    "average_precision": lambda scores: metrics.average_precision_score(TRUTH, scores),
    "gini": lambda scores: metrics.gini_score(TRUTH, scores),
    "ks": lambda scores: metrics.ks_statistic(TRUTH, scores),
    "lift": lambda scores: metrics.lift_score(TRUTH, scores, share=0.5),
    "roc_curve": lambda scores: metrics.roc_curve(TRUTH, scores)[:2],
    "det_curve": lambda scores: metrics.det_curve(TRUTH, scores)[:2],
    "gain_curve": lambda scores: metrics.gain_curve(TRUTH, scores),
    "best_threshold": lambda scores: metrics.best_threshold(TRUTH, scores, {"fp": 1, "fn": 2})[1],
    "delong": lambda scores: metrics.delong(TRUTH, scores, level=0.5),
    "ndcg": lambda scores: metrics.ndcg_score([TRUTH], [scores]),
    "ranking loss": lambda scores: metrics.label_ranking_loss([TRUTH], [scores]),
    "of labels": lambda scores: metrics.roc_auc_score(
        np.transpose([TRUTH, TRUTH]), np.transpose([scores, scores])
    ),
}


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("name", RANKED)
def test_large_whole_numbers_keep_their_order(name: str, base: int) -> None:
    scores = [base + place for place in PLACES]
    expected = RANKED[name](PLACES)
    np.testing.assert_equal(RANKED[name](scores), expected)
    np.testing.assert_equal(RANKED[name](np.array(scores)), expected)


@pytest.mark.parametrize("base", BASES)
def test_thresholds_are_scores(base: int) -> None:
    scores = np.array([base + place for place in PLACES])
    *_, thresholds = metrics.confusion_matrix_at_thresholds(TRUTH, scores)
    assert thresholds.dtype == scores.dtype
    assert thresholds.tolist() == [base + place for place in (5, 3, 2, 1, 0)]
    _, _, ascending = metrics.precision_recall_curve(TRUTH, scores.tolist())
    assert ascending.tolist() == [base + place for place in (0, 1, 2, 3, 5)]
    assert metrics.roc_curve(TRUTH, scores, drop_intermediate=False)[2].tolist() == [
        math.inf,
        *(float(base + place) for place in (5, 3, 2, 1, 0)),
    ]


MOVED: dict[str, Callable[[Any, Any], object]] = {
    "max": metrics.max_error,
    "median": metrics.median_absolute_error,
    "mean": metrics.mean_absolute_error,
    "root": metrics.root_mean_squared_error,
    "bias": metrics.mean_bias_error,
    "r2": metrics.r2_score,
    "pinball": metrics.mean_pinball_loss,
    "summary": metrics.error_summary,
    "coverage": lambda truth, bound: metrics.interval_coverage(
        truth, bound, [one + 1 for one in bound], alpha=0.5
    ),
    "auc": lambda x, _: metrics.auc(sorted(x), [0.5, 1, 2, 3, 5, 8]),
}


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("name", MOVED)
def test_differences_of_large_whole_numbers_are_exact(name: str, base: int) -> None:
    other = [1, 2, 4, 0, 5, 3]
    moved = [[base + place for place in places] for places in (PLACES, other)]
    assert MOVED[name](*moved) == MOVED[name](PLACES, other)


def test_each_output_is_moved_alone() -> None:
    truth = np.array([[2**60, 1], [2**60 + 1, 2]])
    off = np.abs(
        metrics.mean_absolute_error(truth, truth + np.array([3, 1]), multioutput="raw_values")
    )
    assert off.tolist() == [3, 1]


@pytest.mark.parametrize("of", [np.asarray, pd.Series], ids=["array", "series"])
def test_halves_are_clipped_by_their_own_precision(of: Callable[[Any], Any]) -> None:
    wrong = of(np.array([1, 0, 0.5], np.float16))
    expected = -(2 * math.log(2.0**-10) + math.log(0.5)) / 3
    assert metrics.log_loss([0, 1, 1], wrong) == pytest.approx(expected, rel=1e-12)
    table = np.array([[0, 1], [1, 0], [0.5, 0.5]], np.float16)
    assert metrics.log_loss([0, 1, 1], table) == pytest.approx(expected, rel=1e-12)
    assert metrics.log_loss([0, 1, 1], pd.DataFrame(table)) == pytest.approx(expected, rel=1e-12)
    entropy = -(math.log(1 / 3) + 2 * math.log(2 / 3)) / 3
    share = metrics.d2_log_loss_score([0, 1, 1], wrong)
    assert share == pytest.approx(1 - expected / entropy, rel=1e-12)


def test_rows_of_halves_sum_to_one_as_halves_do(recwarn: pytest.WarningsRecorder) -> None:
    thirds = np.full((3, 3), 1 / 3, np.float16)
    metrics.log_loss([0, 1, 2], thirds)
    assert not recwarn.list
