"""Metrics of scores and probabilities: scikit-learn's, and some beside them.

`y_true` is a column of labels, or a table of 0 and 1 with a column for each label. `y_score` is
larger for rows that are likelier positive; with more than two classes it has a column for each
class. Probabilities lie within [0, 1]. `sample_weight` has zero or more for each row. `pos_label`
is the positive class; it may be left out where labels are from {0, 1} or {-1, 1}. Lengths that
differ, empty columns, NaN and infinities are a `ValueError`.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

from halfback import _native
from halfback.errors import InvalidError
from halfback.libraries import belongs
from halfback.metrics.checks import LEAST, choice, finite, flag, number, refused, whole
from halfback.metrics.columns import array, plain, scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from halfback.metrics.columns import Column

__all__ = [
    "BestThreshold",
    "GainCurve",
    "auc",
    "average_precision_score",
    "best_threshold",
    "brier_score_loss",
    "confusion_matrix_at_thresholds",
    "d2_brier_score",
    "d2_log_loss_score",
    "det_curve",
    "gain_curve",
    "gini_score",
    "hinge_loss",
    "ks_statistic",
    "lift_score",
    "log_loss",
    "metric_at_thresholds",
    "precision_recall_curve",
    "roc_auc_score",
    "roc_curve",
    "top_k_accuracy_score",
]

_AVERAGES = ("micro", "macro", "samples", "weighted", None)


class BestThreshold(NamedTuple):
    """The cheapest threshold: rows that score at or above it are predicted positive."""

    threshold: float
    mean_cost: float


class GainCurve(NamedTuple):
    """Cumulative gains, from nothing to all rows."""

    share: NDArray[Any]
    """The share of rows at or above each threshold, from 0."""

    gain: NDArray[Any]
    """The share of the positive rows among them."""

    lift: NDArray[Any]
    """Gain over share: how many times as many positives as by chance."""


def roc_auc_score(
    y_true: Column,
    y_score: Column,
    *,
    average: str | None = "macro",
    sample_weight: Column | None = None,
    max_fpr: float | None = None,
    multi_class: str = "raise",
    labels: Column | None = None,
) -> float | NDArray[Any]:
    """The area under the ROC curve: the chance that a positive row scores above a negative one.

    `max_fpr` takes the part of the curve up to it, standardized to [0.5, 1]. For more than two
    classes `multi_class` is `ovr` (each against all others) or `ovo` (each against each other).
    NaN with a warning where there is one class only. Sources: Hanley and McNeil (1982); McClish
    (1989); Hand and Till (2001); scikit-learn 1.9 `roc_auc_score`.

    >>> from halfback.metrics import roc_auc_score
    >>> roc_auc_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    if type(average) is not str or average != "macro":
        choice("average", average, _AVERAGES)
    if type(multi_class) is not str or multi_class != "raise":
        choice("multi_class", multi_class, ("raise", "ovr", "ovo"))
    if max_fpr is not None:
        max_fpr = number("max_fpr", max_fpr, 5e-324, 1, "above 0 and at most 1")
    area = _native.metrics_roc_auc(
        y_true, y_score, average, sample_weight, max_fpr, multi_class, labels
    )
    if type(area) is tuple:
        return scalar(*area)
    return array(area) if type(area) is bytearray else area


def average_precision_score(
    y_true: Column,
    y_score: Column,
    *,
    average: str | None = "macro",
    pos_label: object = 1,
    sample_weight: Column | None = None,
) -> float | NDArray[Any]:
    """The mean precision over the positive rows, each at its own threshold.

    Source: scikit-learn 1.9 `average_precision_score`.
    """
    if type(average) is not str or average != "macro":
        choice("average", average, _AVERAGES)
    area = _native.metrics_average_precision(y_true, y_score, average, pos_label, sample_weight)
    return array(area) if type(area) is bytearray else area


def roc_curve(
    y_true: Column,
    y_score: Column,
    *,
    pos_label: object = None,
    sample_weight: Column | None = None,
    drop_intermediate: bool = True,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """False and true positive rates and thresholds, from infinity downwards.

    `drop_intermediate` leaves out points on straight lines. Source: Fawcett (2006); scikit-learn
    1.9 `roc_curve`.
    """
    drop = flag("drop_intermediate", drop_intermediate)
    (fpr, tpr, thresholds), *_ = _native.metrics_curve(
        "roc", y_true, y_score, pos_label, sample_weight, drop
    )
    return array(fpr), array(tpr), array(thresholds)


def precision_recall_curve(
    y_true: Column,
    y_score: Column,
    *,
    pos_label: object = None,
    sample_weight: Column | None = None,
    drop_intermediate: bool = False,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Precision and recall at each threshold, ascending, and then (1, 0) without one.

    Source: scikit-learn 1.9 `precision_recall_curve`.
    """
    drop = flag("drop_intermediate", drop_intermediate)
    (precision, recall, thresholds), kind, exact = _native.metrics_curve(
        "precision_recall", y_true, y_score, pos_label, sample_weight, drop
    )
    return array(precision), array(recall), _typed(thresholds, kind, exact, y_score)


def det_curve(
    y_true: Column,
    y_score: Column,
    pos_label: object = None,
    sample_weight: Column | None = None,
    drop_intermediate: bool = False,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """False positive and false negative rates and thresholds, ascending.

    Source: Martin et al. (1997); scikit-learn 1.9 `det_curve`.
    """
    drop = flag("drop_intermediate", drop_intermediate)
    (fpr, fnr, thresholds), *_ = _native.metrics_curve(
        "det", y_true, y_score, pos_label, sample_weight, drop
    )
    return array(fpr), array(fnr), array(thresholds)


def confusion_matrix_at_thresholds(
    y_true: Column,
    y_score: Column,
    *,
    pos_label: object = None,
    sample_weight: Column | None = None,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """True negatives, false positives, false negatives, true positives and thresholds, descending.

    Source: scikit-learn 1.9 `confusion_matrix_at_thresholds`.
    """
    (tn, fp, fn, tp, thresholds), kind, exact = _native.metrics_curve(
        "thresholds", y_true, y_score, pos_label, sample_weight, False
    )
    return array(tn), array(fp), array(fn), array(tp), _typed(thresholds, kind, exact, y_score)


def metric_at_thresholds(
    y_true: Column,
    y_score: Column,
    metric_func: Callable[..., Any],
    *,
    sample_weight: Column | None = None,
    metric_params: Mapping[str, Any] | None = None,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Any metric of labels at each threshold, and the thresholds, descending.

    `metric_func(y_true, y_pred, **metric_params)` is called with rows that score at or above the
    threshold as 1. Source: scikit-learn 1.9 `metric_at_thresholds`.
    """
    from halfback.libraries import library

    numpy = library("numpy", "an array")
    if not callable(metric_func):
        raise refused("metric_func", metric_func, "a function of `(y_true, y_pred)`")
    if metric_params is not None and not hasattr(metric_params, "keys"):
        raise refused("metric_params", metric_params, "a mapping of the function's options")
    scores, options = numpy.asarray(y_score), dict(metric_params or {})
    if sample_weight is not None:
        options["sample_weight"] = sample_weight
    # The thresholds of a curve: rows without weight have none.
    truth = numpy.arange(len(scores)) % 2
    *_, thresholds = confusion_matrix_at_thresholds(truth, scores, sample_weight=sample_weight)
    values = [
        metric_func(y_true, (scores >= threshold).astype(numpy.int32), **options)
        for threshold in thresholds
    ]
    return numpy.asarray(values), thresholds


def auc(x: Column, y: Column) -> float:
    """The area under a curve of points whose `x` ascend or descend, by the trapezoidal rule.

    Source: scikit-learn 1.9 `auc`.
    """
    return _native.metrics_auc(x, y)


def log_loss(
    y_true: Column,
    y_proba: Column | None = None,
    *,
    normalize: bool = True,
    sample_weight: Column | None = None,
    labels: Column | None = None,
    y_pred: object = "deprecated",
) -> float:
    """The mean of -ln of the probability of each row's class; without `normalize` the sum.

    `y_proba` is a column for the larger of two classes, or has a column for each class of `labels`
    or of the truth. Probabilities are clipped by the precision of their type. Source: Good (1952);
    scikit-learn 1.9 `log_loss`.
    """
    kind = "log" if flag("normalize", normalize) else "log_sum"
    proba = _read(_renamed(y_proba, y_pred))
    return _native.metrics_loss(
        kind, y_true, proba, sample_weight, labels, None, None, _epsilon(proba)
    )


def brier_score_loss(
    y_true: Column,
    y_proba: Column,
    *,
    sample_weight: Column | None = None,
    pos_label: object = None,
    labels: Column | None = None,
    scale_by_half: str | bool = "auto",
) -> float:
    """The mean squared distance of the probabilities from what came.

    It lies within [0, 1] where `scale_by_half`, else within [0, 2]; `auto` scales for two classes.
    Source: Brier (1950); scikit-learn 1.9 `brier_score_loss`.
    """
    half = None
    if type(scale_by_half) is not str or scale_by_half != "auto":
        half = flag("scale_by_half", scale_by_half)
    proba = _read(y_proba)
    return _native.metrics_loss(
        "brier", y_true, proba, sample_weight, labels, pos_label, half, None
    )


def d2_log_loss_score(
    y_true: Column,
    y_proba: Column | None = None,
    *,
    sample_weight: Column | None = None,
    labels: Column | None = None,
    y_pred: object = "deprecated",
) -> float:
    """The share of the log loss of the classes' frequencies that the probabilities save.

    Source: scikit-learn 1.9 `d2_log_loss_score`.
    """
    proba = _read(_renamed(y_proba, y_pred))
    return _native.metrics_loss(
        "d2_log", y_true, proba, sample_weight, labels, None, None, _epsilon(proba)
    )


def d2_brier_score(
    y_true: Column,
    y_proba: Column,
    *,
    sample_weight: Column | None = None,
    pos_label: object = None,
    labels: Column | None = None,
) -> float:
    """The share of the Brier score of the classes' frequencies that the probabilities save.

    Source: scikit-learn 1.9 `d2_brier_score`.
    """
    proba = _read(y_proba)
    return _native.metrics_loss(
        "d2_brier", y_true, proba, sample_weight, labels, pos_label, None, None
    )


def hinge_loss(
    y_true: Column,
    pred_decision: Column,
    *,
    labels: Column | None = None,
    sample_weight: Column | None = None,
) -> float:
    """The mean of max(0, 1 - margin) of decisions, which are positive for the larger class.

    Source: Crammer and Singer (2001); scikit-learn 1.9 `hinge_loss`.
    """
    return _native.metrics_loss(
        "hinge", y_true, pred_decision, sample_weight, labels, None, None, None
    )


def top_k_accuracy_score(
    y_true: Column,
    y_score: Column,
    *,
    k: int = 2,
    normalize: bool = True,
    sample_weight: Column | None = None,
    labels: Column | None = None,
) -> float:
    """The share of rows whose class has one of the `k` best scores; else their number.

    Of equal scores the later column goes first. Source: scikit-learn 1.9 `top_k_accuracy_score`.
    """
    wanted = flag("normalize", normalize)
    return _native.metrics_top_k(y_true, y_score, whole("k", k, 1), wanted, sample_weight, labels)


def ks_statistic(
    y_true: Column,
    y_score: Column,
    *,
    pos_label: object = None,
    sample_weight: Column | None = None,
) -> float:
    """The largest distance between the distributions of positive and of negative scores.

    Source: Smirnov (1939); without weights the statistic of scipy's `ks_2samp`.
    """
    return _native.metrics_ranked("ks", y_true, y_score, pos_label, sample_weight, 0.0)


def gini_score(y_true: Column, y_score: Column, *, sample_weight: Column | None = None) -> float:
    """The Gini coefficient of a score: 2 AUC - 1. Source: Somers (1962).

    >>> from halfback.metrics import gini_score
    >>> gini_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.5
    """
    return _native.metrics_ranked("gini", y_true, y_score, None, sample_weight, 0.0)


def lift_score(
    y_true: Column,
    y_score: Column,
    *,
    share: float = 0.1,
    pos_label: object = None,
    sample_weight: Column | None = None,
) -> float:
    """How many times as many positives the best-scored `share` of rows has as all rows.

    Source: Ling and Li (KDD 1998).
    """
    share = number("share", share, LEAST, 1, "above 0 and at most 1")
    return _native.metrics_ranked("lift", y_true, y_score, pos_label, sample_weight, share)


def gain_curve(
    y_true: Column,
    y_score: Column,
    *,
    pos_label: object = None,
    sample_weight: Column | None = None,
) -> GainCurve:
    """Gains and lifts at every threshold. Source: Ling and Li (KDD 1998)."""
    columns, *_ = _native.metrics_curve("gain", y_true, y_score, pos_label, sample_weight, False)
    return GainCurve(*map(array, columns))


def best_threshold(
    y_true: Column,
    y_score: Column,
    costs: Mapping[str, float],
    *,
    pos_label: object = None,
    sample_weight: Column | None = None,
) -> BestThreshold:
    """The threshold with the least mean cost; of equally cheap ones the highest.

    `costs` has what a row of each kind costs, in one unit: `tp`, `fp`, `fn`, `tn`; what is left
    out costs nothing, and gains are negative. Source: Elkan (IJCAI 2001).

    >>> from halfback.metrics import best_threshold
    >>> best_threshold([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], {"fp": 1, "fn": 5})
    BestThreshold(threshold=0.35, mean_cost=0.25)
    """
    if not hasattr(costs, "get"):
        raise refused("costs", costs, "a mapping of some of `tp`, `fp`, `fn` and `tn`")
    odd = [str(name) for name in costs if name not in ("tp", "fp", "fn", "tn")]
    if odd:
        message = f"`costs` has `{min(odd)}`, expected some of `tp`, `fp`, `fn` and `tn`"
        raise InvalidError(message, "invalid_argument")
    tp, fp, fn, tn = (finite("costs", costs.get(name, 0.0)) for name in ("tp", "fp", "fn", "tn"))
    return BestThreshold(
        *_native.metrics_best_threshold(y_true, y_score, pos_label, sample_weight, (tp, fp, fn, tn))
    )


def _renamed(y_proba: object, y_pred: object) -> object:
    if isinstance(y_pred, str) and y_pred == "deprecated":
        return y_proba
    if y_proba is not None:
        message = "`y_pred` is the former name of `y_proba`, expected one of them"
        raise InvalidError(message, "invalid_argument")
    warnings.warn("`y_pred` is now called `y_proba`", FutureWarning, stacklevel=3)
    return y_pred


def _read(y_proba: object) -> object:
    """As scikit-learn, which reads single precision of other libraries than pandas as double."""
    if type(y_proba) is list or belongs(y_proba, "numpy", "ndarray"):
        return y_proba
    of_polars = belongs(y_proba, "polars", "Series", "DataFrame")
    if not of_polars and not belongs(y_proba, "pyarrow", "Array", "ChunkedArray"):
        return y_proba
    found: Any = plain(y_proba, "y_proba")
    return found.astype(float) if found.dtype.kind == "f" else found


def _epsilon(y_proba: Any) -> float | None:
    """That of halves, which the native half reads as doubles."""
    dtype = getattr(y_proba, "dtype", None)
    dtypes = getattr(y_proba, "dtypes", ()) if dtype is None else (dtype,)
    return 2.0**-10 if {*map(str, dtypes)} == {"float16"} else None


def _typed(thresholds: bytearray, kind: str, exact: bool, y_score: object) -> NDArray[Any]:
    """Thresholds are scores, in their type."""
    found = array(thresholds)
    if exact:
        found = found.view(kind)
    dtype: Any = getattr(y_score, "dtype", None)
    if belongs(dtype, "numpy", "dtype"):
        return found.astype(dtype)
    nullable = getattr(dtype, "na_value", None) is not None and dtype.kind in "biuf"
    if nullable:  # a column of pandas
        return found
    return found if kind == "float64" else found.astype(kind)
