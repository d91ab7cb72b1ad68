"""Metrics of rankings: scikit-learn's, and those of retrieval.

Both tables have a row for each query or example and a column for each document or label. `y_score`
is larger for what is ranked higher. `sample_weight` has zero or more for each row. Shapes that
differ, NaN and infinities are a `ValueError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from halfback import _native
from halfback.metrics.checks import flag, number, whole

if TYPE_CHECKING:
    from halfback.metrics.columns import Column

__all__ = [
    "coverage_error",
    "dcg_score",
    "hit_rate",
    "label_ranking_average_precision_score",
    "label_ranking_loss",
    "mean_average_precision",
    "mean_reciprocal_rank",
    "ndcg_score",
    "precision_at_k",
    "recall_at_k",
]


def dcg_score(
    y_true: Column,
    y_score: Column,
    *,
    k: int | None = None,
    log_base: float = 2,
    sample_weight: Column | None = None,
    ignore_ties: bool = False,
) -> float:
    """The mean discounted cumulative gain; `y_true` has gains, and the best `k` documents count.

    Source: Järvelin and Kekäläinen (2002); ties by McSherry and Najork (2008); scikit-learn 1.9
    `dcg_score`.
    """
    base = number("log_base", log_base, 5e-324, float("inf"), "above 0")
    ties = flag("ignore_ties", ignore_ties)
    return _native.metrics_gain("dcg", y_true, y_score, _cut(k), base, sample_weight, ties)


def ndcg_score(
    y_true: Column,
    y_score: Column,
    *,
    k: int | None = None,
    sample_weight: Column | None = None,
    ignore_ties: bool = False,
) -> float:
    """Discounted cumulative gain over the best that the gains allow, within [0, 1].

    Gains are zero or more. Source: scikit-learn 1.9 `ndcg_score`.

    >>> from halfback.metrics import ndcg_score
    >>> round(ndcg_score([[3, 2, 0]], [[0.1, 0.9, 0.5]]), 3)
    0.821
    """
    ties = flag("ignore_ties", ignore_ties)
    return _native.metrics_gain("ndcg", y_true, y_score, _cut(k), 2.0, sample_weight, ties)


def label_ranking_average_precision_score(
    y_true: Column, y_score: Column, *, sample_weight: Column | None = None
) -> float:
    """The mean share of labels at or above a true one that are true; `y_true` has 0 and 1.

    Source: Tsoumakas et al. (2010); scikit-learn 1.9 `label_ranking_average_precision_score`.
    """
    return _native.metrics_relevant("label_precision", y_true, y_score, None, sample_weight)


def coverage_error(
    y_true: Column, y_score: Column, *, sample_weight: Column | None = None
) -> float:
    """The mean number of labels down to the worst-scored true one; `y_true` has 0 and 1.

    Source: Tsoumakas et al. (2010); scikit-learn 1.9 `coverage_error`.
    """
    return _native.metrics_relevant("coverage", y_true, y_score, None, sample_weight)


def label_ranking_loss(
    y_true: Column, y_score: Column, *, sample_weight: Column | None = None
) -> float:
    """The mean share of pairs of a true and a false label that are not in order.

    Source: Tsoumakas et al. (2010); scikit-learn 1.9 `label_ranking_loss`.
    """
    return _native.metrics_relevant("label_loss", y_true, y_score, None, sample_weight)


def mean_average_precision(
    y_true: Column,
    y_score: Column,
    *,
    k: int | None = None,
    sample_weight: Column | None = None,
) -> float:
    """Over queries the mean precision at each relevant document among the best `k`.

    `y_true` has 1 for what is relevant; a query without any counts 0. Of equal scores the earlier
    column goes first, here and below. Source: Manning, Raghavan and Schütze (2008), 8.4.
    """
    return _native.metrics_relevant("map", y_true, y_score, _cut(k), sample_weight)


def mean_reciprocal_rank(
    y_true: Column,
    y_score: Column,
    *,
    k: int | None = None,
    sample_weight: Column | None = None,
) -> float:
    """The mean of 1 / rank of the first relevant document, 0 where none is among the best `k`.

    Source: Voorhees (1999).

    >>> from halfback.metrics import mean_reciprocal_rank
    >>> mean_reciprocal_rank([[0, 1], [1, 0]], [[0.9, 0.1], [0.9, 0.1]])
    0.75
    """
    return _native.metrics_relevant("mrr", y_true, y_score, _cut(k), sample_weight)


def hit_rate(
    y_true: Column,
    y_score: Column,
    *,
    k: int | None = None,
    sample_weight: Column | None = None,
) -> float:
    """The share of queries with a relevant document among the best `k`."""
    return _native.metrics_relevant("hits", y_true, y_score, _cut(k), sample_weight)


def precision_at_k(
    y_true: Column, y_score: Column, *, k: int, sample_weight: Column | None = None
) -> float:
    """The mean share of the best `k` documents that is relevant; missing ones are not.

    Source: Manning, Raghavan and Schütze (2008), 8.4.
    """
    return _native.metrics_relevant("precision", y_true, y_score, whole("k", k, 1), sample_weight)


def recall_at_k(
    y_true: Column, y_score: Column, *, k: int, sample_weight: Column | None = None
) -> float:
    """The mean share of the relevant documents that is among the best `k`; 0 without any."""
    return _native.metrics_relevant("recall", y_true, y_score, whole("k", k, 1), sample_weight)


def _cut(k: int | None) -> int | None:
    return None if k is None else whole("k", k, 1)
