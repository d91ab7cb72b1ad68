"""Parameters of `halfback.metrics`: what is none of theirs is refused by their name."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from halfback import InvalidError, metrics

if TYPE_CHECKING:
    from collections.abc import Callable

TRUTH = [0, 1, 1, 0, 1, 0]
PREDICTED = [0, 1, 0, 0, 1, 1]
SCORES = [0.125, 0.75, 0.5, 0.25, 0.875, 0.625]
NUMBERS = ("a", "0.5", None, [0.5], np.array([0.5]), np.str_("0.5"), True, math.nan, 10**5000)


def unreached(*_: object, **__: object) -> float:
    raise AssertionError("the metric was called")


LEVELS: dict[str, Callable[[Any], object]] = {
    "wilson": lambda level: metrics.wilson(3, 5, level=level),
    "clopper_pearson": lambda level: metrics.clopper_pearson(3, 5, level=level),
    "delong": lambda level: metrics.delong(TRUTH, SCORES, level=level),
    "delong_paired": lambda level: metrics.delong_paired(TRUTH, SCORES, SCORES, level=level),
    "welch": lambda level: metrics.welch(SCORES, SCORES, level=level),
    "newcombe": lambda level: metrics.newcombe((3, 5), (2, 5), level=level),
    "two_proportions": lambda level: metrics.two_proportions((3, 5), (2, 5), level=level),
    "bootstrap": lambda level: metrics.bootstrap(unreached, TRUTH, SCORES, level=level),
    "paired_bootstrap": lambda level: metrics.paired_bootstrap(
        unreached, TRUTH, SCORES, SCORES, level=level
    ),
}


@pytest.mark.parametrize("name", LEVELS)
@pytest.mark.parametrize("level", [*NUMBERS, "95%", 0, 1, -1, 95, math.inf, 10**400], ids=range(16))
def test_a_level_is_a_number_above_0_and_below_1(name: str, level: object) -> None:
    with pytest.raises(InvalidError, match="`level` is `") as refused:
        LEVELS[name](level)
    assert "above 0 and below 1" in refused.value.message
    assert len(refused.value.message) < 150


PARAMETERS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "share": ("share", lambda it: metrics.lift_score(TRUTH, SCORES, share=it)),
    "coverage": ("alpha", lambda it: metrics.interval_coverage([1], [0], [2], alpha=it)),
    "costs": ("costs", lambda it: metrics.best_threshold(TRUTH, SCORES, {"fp": it})),
    "difference": ("difference", lambda it: metrics.power_of_means(it, 5)),
    "alpha": ("alpha", lambda it: metrics.power_of_means(0.5, 5, alpha=it)),
    "ratio": ("ratio", lambda it: metrics.rows_for_means(0.5, ratio=it)),
    "power": ("power", lambda it: metrics.rows_for_means(0.5, power=it)),
    "p1": ("p1", lambda it: metrics.power_of_proportions(it, 0.5, 5)),
    "p2": ("p2", lambda it: metrics.rows_for_proportions(0.5, it)),
    "tweedie": ("power", lambda it: metrics.mean_tweedie_deviance([1], [2], power=it)),
    "d2 tweedie": ("power", lambda it: metrics.d2_tweedie_score([1, 2], [2, 2], power=it)),
    "zero_division": (
        "zero_division",
        lambda it: metrics.f1_score(TRUTH, PREDICTED, zero_division=it),
    ),
}


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("value", [*NUMBERS, math.inf, -math.inf], ids=range(11))
def test_a_number_is_refused_by_its_name(name: str, value: object) -> None:
    argument, call = PARAMETERS[name]
    if argument == "zero_division" and isinstance(value, float) and math.isnan(value):
        return
    with pytest.raises(InvalidError, match=f"`{argument}` is `"):
        call(value)


REFUSED: dict[str, tuple[str, Callable[[], object]]] = {
    "adjusted": (
        "adjusted",
        lambda: metrics.balanced_accuracy_score(TRUTH, PREDICTED, adjusted="no"),  # type: ignore[arg-type]
    ),
    "warn_for": (
        "warn_for",
        lambda: metrics.precision_recall_fscore_support(TRUTH, TRUTH, warn_for="precision"),
    ),
    "multioutput": (
        "multioutput",
        lambda: metrics.mean_absolute_error(SCORES, SCORES, multioutput=np.str_("macro")),
    ),
    "odd costs": (
        "costs",
        lambda: metrics.best_threshold(TRUTH, SCORES, {"fp": 1, 3: 1, "q": 1}),  # type: ignore[dict-item]
    ),
    "metric_func": (
        "metric_func",
        lambda: metrics.metric_at_thresholds(TRUTH, SCORES, 3),  # type: ignore[arg-type]
    ),
    "metric_params": (
        "metric_params",
        lambda: metrics.metric_at_thresholds(
            TRUTH,
            SCORES,
            metrics.accuracy_score,
            metric_params=3,  # type: ignore[arg-type]
        ),
    ),
    "columns": ("columns", lambda: metrics.bootstrap(metrics.accuracy_score, 5, 6)),
    "generators": (
        "columns",
        lambda: metrics.bootstrap(metrics.accuracy_score, iter(TRUTH), iter(TRUTH)),
    ),
    "equal shares": ("p2", lambda: metrics.rows_for_proportions(0.5, 0.5)),
    "a tiny difference": ("difference` is `1e-9", lambda: metrics.rows_for_means(1e-9)),
    "memoryview": (
        "y_true",
        lambda: metrics.accuracy_score(memoryview(array("q", TRUTH)), PREDICTED),
    ),
    "matrix": ("y_pred", lambda: metrics.accuracy_score(TRUTH, np.matrix(PREDICTED).T)),
    "matrix of weights": (
        "sample_weight",
        lambda: metrics.roc_auc_score(TRUTH, SCORES, sample_weight=np.matrix(SCORES).T),
    ),
    "weights in a table": (
        "sample_weight",
        lambda: metrics.accuracy_score(TRUTH, TRUTH, sample_weight=[[one] for one in SCORES]),
    ),
    "errors' weights in a table": (
        "sample_weight",
        lambda: metrics.mean_squared_error(
            SCORES, SCORES, sample_weight=np.reshape(SCORES, (-1, 1))
        ),
    ),
    "replacement of one": (
        "replace_undefined_by",
        lambda: metrics.class_likelihood_ratios(
            TRUTH,
            TRUTH,
            replace_undefined_by={"LR+": None, "LR-": 1},  # type: ignore[dict-item]
        ),
    ),
    "replacement": (
        "replace_undefined_by",
        lambda: metrics.class_likelihood_ratios(TRUTH, TRUTH, replace_undefined_by=2),
    ),
}


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_by_its_name(name: str) -> None:
    argument, call = REFUSED[name]
    with pytest.raises(InvalidError) as refused:
        call()
    assert f"`{argument}`" in refused.value.message


def test_a_curve_takes_weights_in_a_table_of_one_column() -> None:
    weight = np.reshape(SCORES, (-1, 1))
    area = metrics.roc_auc_score(TRUTH, SCORES, sample_weight=weight)
    assert area == metrics.roc_auc_score(TRUTH, SCORES, sample_weight=SCORES)


@pytest.mark.filterwarnings("ignore:`class_likelihood_ratios` stands for nothing")
@pytest.mark.parametrize("one", [1, 1.0, np.int64(1), np.float32(1), np.array(1)])
def test_numbers_of_numpy_stand_for_what_is_undefined(one: Any) -> None:
    ratios = metrics.class_likelihood_ratios([0, 0, 1], [0, 0, 0], replace_undefined_by=one)
    assert ratios == (1.0, 1.0)
    both = {"LR+": one, "LR-": np.float32(0.5)}
    ratios = metrics.class_likelihood_ratios([0, 0, 1], [0, 0, 0], replace_undefined_by=both)
    assert ratios == (1.0, 1.0)


@pytest.mark.parametrize(
    ("dtype", "kind"), [("Int64", "i"), ("UInt8", "i"), ("boolean", "i"), ("Float64", "f")]
)
def test_whole_weights_of_pandas_count_in_whole_numbers(dtype: str, kind: str) -> None:
    weight = pd.Series([1, 0, 1, 1, 0, 1], dtype=dtype)
    matrix = metrics.confusion_matrix(TRUTH, PREDICTED, sample_weight=weight)
    assert matrix.dtype.kind == kind
    assert matrix.tolist() == [[2, 1], [1, 0]]


SEVERAL = (
    np.array([1.0, 2]),
    np.ones((6, 1)),
    pd.Series([1, 2], index=["a", "b"]),
    pl.Series([1, 2]),
)
TABLE = [[0.2, 0.8], [0.5, 0.5]]
OF_ONE: dict[str, tuple[str, Callable[[Any], object]]] = {
    "average": ("average", lambda it: metrics.f1_score(TRUTH, PREDICTED, average=it)),
    "average of areas": ("average", lambda it: metrics.roc_auc_score(TRUTH, SCORES, average=it)),
    "average of precision": (
        "average",
        lambda it: metrics.average_precision_score(TRUTH, SCORES, average=it),
    ),
    "multi_class": (
        "multi_class",
        lambda it: metrics.roc_auc_score(TRUTH, SCORES, multi_class=it),
    ),
    "beta": ("beta", lambda it: metrics.fbeta_score(TRUTH, PREDICTED, beta=it)),
    "zero_division": (
        "zero_division",
        lambda it: metrics.jaccard_score(TRUTH, PREDICTED, zero_division=it),
    ),
    "pos_label": ("pos_label", lambda it: metrics.f1_score(TRUTH, PREDICTED, pos_label=it)),
    "pos_label of a curve": (
        "pos_label",
        lambda it: metrics.roc_curve(TRUTH, SCORES, pos_label=it),
    ),
    "scale_by_half": (
        "scale_by_half",
        lambda it: metrics.brier_score_loss(TRUTH, SCORES, scale_by_half=it),
    ),
    "n_bins": ("n_bins", lambda it: metrics.calibration_curve(TRUTH, SCORES, n_bins=it)),
    "k": ("k", lambda it: metrics.top_k_accuracy_score([0, 1], TABLE, k=it)),
    "digits": ("digits", lambda it: metrics.classification_report(TRUTH, TRUTH, digits=it)),
    "replace_undefined_by": (
        "replace_undefined_by",
        lambda it: metrics.cohen_kappa_score(TRUTH, TRUTH, replace_undefined_by=it),
    ),
    "replacement of ratios": (
        "replace_undefined_by",
        lambda it: metrics.class_likelihood_ratios(TRUTH, TRUTH, replace_undefined_by=it),
    ),
}


@pytest.mark.parametrize("several", SEVERAL, ids=["array", "table", "pandas", "polars"])
@pytest.mark.parametrize("name", OF_ONE)
def test_an_array_is_no_parameter(name: str, several: object) -> None:
    argument, call = OF_ONE[name]
    with pytest.raises(InvalidError, match=f"`{argument}` "):
        call(several)


@pytest.mark.parametrize("names", [3, 0.5, "ab", np.array(1)])
def test_names_of_a_report_are_a_list(names: Any) -> None:
    with pytest.raises(InvalidError, match="`target_names` is "):
        metrics.classification_report(TRUTH, TRUTH, target_names=names)
