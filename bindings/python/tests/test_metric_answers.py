"""What `halfback.metrics` answers: types, warnings and edge cases are scikit-learn's."""

from __future__ import annotations

import math
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from halfback import metrics
from halfback.metrics.warned import undefined_metric_warning

TRUTH = [0, 1, 1, 0, 1, 0]
PREDICTED = [0, 1, 0, 0, 1, 1]
SCORES = [0.125, 0.75, 0.5, 0.25, 0.875, 0.625]
AREA = 8 / 9


def test_arrays_are_of_scikit_learns_types() -> None:
    weight = [1.5] * 6
    assert metrics.confusion_matrix(TRUTH, PREDICTED).dtype == np.int64
    assert metrics.confusion_matrix(TRUTH, PREDICTED, sample_weight=[1] * 6).dtype == np.int64
    assert metrics.confusion_matrix(TRUTH, PREDICTED, sample_weight=weight).dtype == np.float64
    assert metrics.multilabel_confusion_matrix(TRUTH, PREDICTED).dtype == np.int64
    support = metrics.precision_recall_fscore_support(TRUTH, PREDICTED)[3]
    assert support.dtype == np.int64
    single = np.array(SCORES, np.float32)
    assert metrics.precision_recall_curve(TRUTH, single)[2].dtype == np.float32
    assert metrics.precision_recall_curve(TRUTH, [1, 2, 3, 4, 5, 6])[2].dtype == np.int64
    fpr, _, thresholds = metrics.roc_curve(TRUTH, single)
    assert fpr.dtype == thresholds.dtype == np.float64
    fpr[0] = 1.0  # the caller's own, as scikit-learn's are
    report = metrics.classification_report(TRUTH, PREDICTED, output_dict=True)
    assert isinstance(report, dict)
    assert report["macro avg"]["support"] == 6.0
    assert [*report] == ["0", "1", "accuracy", "macro avg", "weighted avg"]


def test_a_warning_names_the_function_and_the_callers_line() -> None:
    # The class is scikit-learn's where another test has imported that.
    with pytest.warns(undefined_metric_warning(), match="`precision_score`") as said:
        metrics.precision_score([0, 1], [0, 0])
    assert said[0].filename == __file__
    with pytest.warns(UserWarning, match="pos_label") as said:
        metrics.precision_score([0, 1], [0, 1], average="macro", pos_label=0)
    assert said[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert metrics.precision_score([0, 1], [0, 0], zero_division=0) == 0.0
        found = metrics.precision_recall_fscore_support(
            [0, 1], [0, 0], average="binary", warn_for=("recall",)
        )
    assert found == (0.0, 0.0, 0.0, None)


def test_the_warning_is_scikit_learns_own_where_it_is_imported() -> None:
    script = """
import sys, types, warnings
import halfback.metrics as m
def said():
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        m.roc_auc_score([1, 1], [0.1, 0.2])
    return heard[0].category
assert said() is m.UndefinedMetricWarning
stands_in = types.ModuleType("sklearn.exceptions")
stands_in.UndefinedMetricWarning = type("UndefinedMetricWarning", (UserWarning,), {})
sys.modules["sklearn.exceptions"] = stands_in
assert said() is stands_in.UndefinedMetricWarning
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_what_scikit_learn_gives_of_several_classes_and_of_narrow_numbers() -> None:
    scores = [[0.6, 0.3, 0.1], [0.2, 0.2, 0.6], [0.3, 0.4, 0.3], [0.1, 0.5, 0.4]]
    each = metrics.average_precision_score(["a", "b", "c", "b"], scores, average=None)
    assert np.allclose(each, [1.0, 0.75, 1 / 3])
    assert metrics.r2_score(TRUTH, SCORES, multioutput=None) == metrics.r2_score(TRUTH, SCORES)
    narrow = np.full((4, 3), 1 / 3, dtype=np.float32)
    assert metrics.d2_log_loss_score([0] * 4, narrow, labels=[0, 1, 2]) < -1e15


def test_what_scikit_learn_lacks() -> None:
    assert metrics.specificity_score(TRUTH, PREDICTED) == pytest.approx(2 / 3)
    assert metrics.negative_predictive_value_score(TRUTH, PREDICTED) == pytest.approx(2 / 3)
    values, cuts = metrics.metric_at_thresholds(TRUTH, SCORES, metrics.accuracy_score)
    assert [*cuts] == sorted(SCORES, reverse=True)
    assert values[2] == metrics.accuracy_score(TRUTH, np.array(SCORES) >= cuts[2])
    assert metrics.gini_score(TRUTH, SCORES) == pytest.approx(2 * AREA - 1)
    assert metrics.lift_score(TRUTH, SCORES, share=1 / 6) == 2.0
    curve = metrics.gain_curve(TRUTH, SCORES)
    assert curve.share[-1] == curve.gain[-1] == curve.lift[-1] == 1.0
    parts = metrics.murphy_decomposition(TRUTH, SCORES)
    brier = metrics.brier_score_loss(TRUTH, SCORES)
    assert parts.reliability - parts.resolution + parts.uncertainty == pytest.approx(brier)
    assert metrics.symmetric_mean_absolute_percentage_error([1.0, 3.0], [3.0, 3.0]) == 0.5
    assert metrics.mean_bias_error([1.0, 3.0], [2.0, 3.0]) == 0.5
    summary = metrics.error_summary(SCORES, SCORES[::-1])
    assert summary.mean_absolute_error == metrics.mean_absolute_error(SCORES, SCORES[::-1])
    assert summary.r2 == pytest.approx(metrics.r2_score(SCORES, SCORES[::-1]))
    relevant, ranked = [[0, 1, 1], [1, 0, 0]], [[0.9, 0.5, 0.1], [0.9, 0.5, 0.1]]
    assert metrics.mean_average_precision(relevant, ranked) == pytest.approx((7 / 12 + 1) / 2)
    assert metrics.hit_rate(relevant, ranked, k=1) == 0.5
    assert metrics.precision_at_k(relevant, ranked, k=2) == 0.5
    assert metrics.recall_at_k(relevant, ranked, k=2) == 0.75


def test_one_class_with_two_columns_of_scores_has_no_area() -> None:
    scores = [[0.2, 0.8], [0.6, 0.4]]
    for options in ({}, {"multi_class": "ovo", "labels": [0, 1]}, {"max_fpr": 0.5}):
        with pytest.warns(undefined_metric_warning(), match="one class only"):
            assert math.isnan(metrics.roc_auc_score(["a", "a"], scores, **options))
    with pytest.raises(ValueError, match="`y_score`"):
        metrics.roc_auc_score([1, 1], [[0.2, 0.8], [0.6, math.nan]])
    with pytest.raises(ValueError, match="`multi_class`"):
        metrics.roc_auc_score([0, 1], scores)


def test_numbers_beyond_those_with_a_sign_are_classes() -> None:
    low, high = 2**63, 2**64 - 1
    truth, guess = np.array([low, high, high], "u8"), np.array([low, high, low], "u8")
    assert metrics.confusion_matrix(truth, guess, labels=[high, low]).tolist() == [[1, 1], [0, 1]]
    assert metrics.recall_score(truth, guess, pos_label=high) == 0.5
    report = metrics.classification_report(truth, guess, output_dict=True)
    assert isinstance(report, dict)
    assert [*report][:2] == [str(low), str(high)]
    assert metrics.accuracy_score([low, 3], [low, 4]) == 0.5
    assert metrics.confusion_matrix([high, 3, 20], [high, 3, 3]).tolist() == [
        [1, 0, 0],
        [1, 0, 0],
        [0, 0, 1],
    ]
    scores = [0.1, 0.9, 0.2]
    assert metrics.roc_auc_score(truth, scores) == 1.0
    fpr, tpr, _ = metrics.roc_curve(truth, scores, pos_label=low)
    assert (fpr[-1], tpr[-1]) == (1.0, 1.0)
    assert metrics.brier_score_loss(truth, scores) == pytest.approx((0.01 + 0.01 + 0.64) / 3)
    assert metrics.log_loss(truth, scores, labels=[low, high]) == metrics.log_loss(
        [0, 1, 1], scores
    )
    assert metrics.mean_absolute_error(truth, truth) == 0.0


def test_numbers_are_of_scikit_learns_types() -> None:
    single = np.array(SCORES, np.float32)
    for name in ("mean_absolute_error", "r2_score", "median_absolute_error", "mean_pinball_loss"):
        of = getattr(metrics, name)
        assert of(single, single[::-1], multioutput="raw_values").dtype == np.float32
        assert of(single, SCORES, multioutput="raw_values").dtype == (
            np.float64 if name == "median_absolute_error" else np.float32
        )
        assert of(SCORES, SCORES[::-1], multioutput="raw_values").dtype == np.float64
    assert metrics.root_mean_squared_error([0.0, 2.0], [0.0, 0.0], multioutput=[3.0]) == 2**0.5
    table = np.full((6, 3), 1 / 3)
    classes = [0, 1, 2, 0, 1, 2]
    assert type(metrics.roc_auc_score(classes, table, multi_class="ovo")) is np.float64
    assert type(metrics.roc_auc_score(classes, table, multi_class="ovr")) is float
    assert metrics.multilabel_confusion_matrix([0, 1], [1, 0]).dtype == np.float64
    assert metrics.precision_recall_fscore_support([0, 1], [1, 0])[3].dtype == np.float64
    for kind in ("f2", "f4", ">f4", ">i4", "i4"):
        scores = np.arange(6).astype(kind)
        assert metrics.precision_recall_curve(TRUTH, scores)[2].dtype == np.dtype(kind)
    nullable = pd.Series(SCORES, dtype="Float32")
    assert metrics.precision_recall_curve(TRUTH, nullable)[2].dtype == np.float64


@pytest.mark.parametrize(
    ("truth", "guess", "names"),
    [
        ([0.0, 1.0], [0.0, 1.0], ["0.0", "1.0"]),
        ([0, 1], [0.0, 1.0], ["0", "1"]),
        ([0, 0], [0.0, 1.0], ["0.0", "1.0"]),
        ([True, False], [0, 1], ["False", "True"]),
        ([True, False], [0, 2], ["0", "1", "2"]),
        (pd.Series([0, 1], dtype="Int64"), [0, 1], ["0.0", "1.0"]),
    ],
)
def test_a_report_names_classes_as_the_truth_has_them(
    truth: Any, guess: Any, names: list[str]
) -> None:
    report = metrics.classification_report(truth, guess, output_dict=True, zero_division=0)
    assert [*report][: len(names)] == names


def test_single_precision_that_is_not_numpys_own_is_read_as_double() -> None:
    # scikit-learn clips probabilities by the type that it reads them in.
    sure = np.array([1.0, 0.0], np.float32)
    assert metrics.log_loss([0, 1], sure) == pytest.approx(15.94, abs=0.01)
    for double in (sure.astype(">f4"), pl.Series(sure), pa.array(sure)):
        assert metrics.log_loss([0, 1], double) == pytest.approx(36.04, abs=0.01)
    assert metrics.log_loss([0, 1], pd.Series(sure)) == metrics.log_loss([0, 1], sure)
