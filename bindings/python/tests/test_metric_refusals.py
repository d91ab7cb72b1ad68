"""What `halfback.metrics` refuses, and by which name."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from halfback import InvalidError, metrics

if TYPE_CHECKING:
    from collections.abc import Callable

TRUTH = [0, 1, 1, 0, 1, 0]
PREDICTED = [0, 1, 0, 0, 1, 1]
SCORES = [0.125, 0.75, 0.5, 0.25, 0.875, 0.625]

NAN = float("nan")
INVALID: list[tuple[str, Callable[[], object], str, type[Exception]]] = [
    ("lengths", lambda: metrics.accuracy_score([0, 1], [0]), "`y_pred`", ValueError),
    ("empty", lambda: metrics.accuracy_score([], []), "`y_true`", ValueError),
    ("nan", lambda: metrics.roc_auc_score([0, 1], [0.1, NAN]), "`y_score`", ValueError),
    ("inf", lambda: metrics.max_error([0.0], [math.inf]), "`y_pred`", ValueError),
    (
        "nan label",
        lambda: metrics.accuracy_score(np.array([0, NAN]), [0, 1]),
        "`y_true`",
        ValueError,
    ),
    (
        "negative weight",
        lambda: metrics.accuracy_score([0, 1], [0, 1], sample_weight=[1, -1]),
        "`sample_weight`",
        ValueError,
    ),
    (
        "zero weights",
        lambda: metrics.log_loss([0, 1], [0.1, 0.9], sample_weight=[0, 0]),
        "`sample_weight`",
        ValueError,
    ),
    (
        "weights of texts",
        lambda: metrics.accuracy_score([0, 1], [0, 1], sample_weight=["a", "b"]),
        "`sample_weight`",
        ValueError,
    ),
    (
        "table of weights",
        lambda: metrics.accuracy_score([0, 1], [0, 1], sample_weight=[[1, 1], [1, 1]]),
        "`sample_weight`",
        ValueError,
    ),
    ("class", lambda: metrics.f1_score([0, 1], [0, 1], pos_label=5), "`pos_label`", ValueError),
    ("many", lambda: metrics.f1_score([0, 1, 2], [0, 1, 2]), "`y_true`", ValueError),
    (
        "labels",
        lambda: metrics.confusion_matrix([0, 1], [0, 1], labels=[7]),
        "`labels`",
        ValueError,
    ),
    (
        "no labels",
        lambda: metrics.confusion_matrix([0, 1], [0, 1], labels=[]),
        "`labels`",
        ValueError,
    ),
    ("above", lambda: metrics.brier_score_loss([0, 1], [0.1, 1.5]), "`y_proba`", ValueError),
    ("mixed", lambda: metrics.accuracy_score(["a", "b"], [0, 1]), "`y_pred`", ValueError),
    ("mixed in one", lambda: metrics.accuracy_score(["a", 1], ["a", "b"]), "`y_true`", ValueError),
    ("none", lambda: metrics.accuracy_score([0, None], [0, 1]), "`y_true`", ValueError),
    ("nothing", lambda: metrics.accuracy_score([0, 1], None), "`y_pred`", TypeError),
    ("number", lambda: metrics.accuracy_score(5, 5), "`y_true`", TypeError),
    ("text", lambda: metrics.accuracy_score("ab", "ab"), "`y_true`", ValueError),
    ("set", lambda: metrics.accuracy_score({0, 1}, [0, 1]), "`y_true`", ValueError),
    ("iterator", lambda: metrics.accuracy_score(iter([0]), [0]), "`y_true`", TypeError),
    (
        "bytes",
        lambda: metrics.accuracy_score(np.array([b"a"]), np.array([b"a"])),
        "`y_true`",
        TypeError,
    ),
    (
        "complex",
        lambda: metrics.accuracy_score(np.array([1j]), [1]),
        "`y_true`",
        ValueError,
    ),
    (
        "moments",
        lambda: metrics.max_error(np.array(["2020-01-01"], "M8[D]"), [1.0]),
        "`y_true`",
        TypeError,
    ),
    (
        "records",
        lambda: metrics.accuracy_score(np.zeros(2, [("a", "i4"), ("b", "f8")]), [0, 1]),
        "`y_true`",
        TypeError,
    ),
    ("huge", lambda: metrics.accuracy_score([2**70], [2**70]), "`y_true`", ValueError),
    (
        "objects",
        lambda: metrics.f1_score(np.array(TRUTH, object), PREDICTED),
        "`y_true` has numbers of type `object`",
        ValueError,
    ),
    (
        "objects in a table",
        lambda: metrics.accuracy_score([[0, 1]], np.array([[0, 1]], object)),
        "`y_pred` has numbers of type `object`",
        ValueError,
    ),
    (
        "margins of a table",
        lambda: metrics.hinge_loss(np.eye(3), np.eye(3)),
        "`y_true` has 3 columns",
        ValueError,
    ),
    (
        "labels of a table",
        lambda: metrics.log_loss(np.eye(3), np.eye(3), labels=[0, 1, 2]),
        "`labels` does not fit",
        ValueError,
    ),
    (
        "large beside texts",
        lambda: metrics.accuracy_score(["a"], [2**63]),
        "`y_true` mixes texts",
        ValueError,
    ),
    (
        "large beside one below zero",
        lambda: metrics.accuracy_score([-1], [2**63]),
        "`y_true` has a whole number beyond",
        ValueError,
    ),
    (
        "missing in a nullable column",
        lambda: metrics.max_error(pd.Series([1, None], dtype="Int64"), [1, 2]),
        "`y_true` has NaN",
        ValueError,
    ),
    ("ragged", lambda: metrics.accuracy_score([[1, 0], [1]], [[1, 0]]), "`y_true`", ValueError),
    ("deep", lambda: metrics.accuracy_score(np.zeros((2, 2, 2)), [0, 1]), "`y_true`", ValueError),
    ("twos", lambda: metrics.hamming_loss([[0, 2]], [[0, 2]]), "`y_true`", ValueError),
    ("average", lambda: metrics.f1_score(TRUTH, TRUTH, average="x"), "`average`", TypeError),
    (
        "zero",
        lambda: metrics.f1_score(TRUTH, TRUTH, zero_division=3),
        "`zero_division`",
        TypeError,
    ),
    ("beta", lambda: metrics.fbeta_score(TRUTH, TRUTH, beta=-1), "`beta`", TypeError),
    ("alpha", lambda: metrics.mean_pinball_loss(SCORES, SCORES, alpha=2), "`alpha`", TypeError),
    ("k", lambda: metrics.ndcg_score([[1, 2]], [[1, 2]], k=0), "`k`", TypeError),
    (
        "flag",
        lambda: metrics.accuracy_score(TRUTH, TRUTH, normalize="yes"),  # type: ignore[arg-type]
        "`normalize`",
        TypeError,
    ),
    ("max_fpr", lambda: metrics.roc_auc_score(TRUTH, SCORES, max_fpr=0), "`max_fpr`", TypeError),
    (
        "multioutput",
        lambda: metrics.r2_score(SCORES, SCORES, multioutput="x"),
        "`multioutput`",
        TypeError,
    ),
    (
        "names",
        lambda: metrics.classification_report(TRUTH, TRUTH, target_names=["a"]),
        "`target_names`",
        ValueError,
    ),
    ("continuous", lambda: metrics.accuracy_score([0.5, 1], [0, 1]), "`y_true`", ValueError),
    (
        "columns",
        lambda: metrics.roc_auc_score(TRUTH, np.zeros((6, 2))),
        "`multi_class`",
        ValueError,
    ),
    ("bytes of a state", lambda: metrics.State.from_bytes(b"HBMS\x01"), "`bytes`", ValueError),
    ("kind", lambda: metrics.State("x"), "`kind`", ValueError),
    (
        "other kind",
        lambda: metrics.State("scores").merge(metrics.State("regression")),
        "`other`",
        ValueError,
    ),
    ("level", lambda: metrics.wilson(1, 2, level=1), "`level`", ValueError),
    ("endless level", lambda: metrics.wilson(1, 2, level=10**5000), "`level`", ValueError),
    (
        "endless level of a bootstrap",
        lambda: metrics.bootstrap(
            metrics.accuracy_score, TRUTH, PREDICTED, replicates=50, level=10**400
        ),
        "`level`",
        ValueError,
    ),
    (
        "endless level of two models",
        lambda: metrics.paired_bootstrap(
            metrics.accuracy_score, TRUTH, TRUTH, PREDICTED, replicates=50, level=-(10**400)
        ),
        "`level`",
        ValueError,
    ),
    ("rows", lambda: metrics.wilson(3, 2), "`successes`", ValueError),
    *[
        (
            f"{count} resamples",
            lambda count=count: metrics.bootstrap(
                metrics.accuracy_score, TRUTH, PREDICTED, replicates=count
            ),
            "`replicates`",
            ValueError,
        )
        for count in (-1, 0, 2**24 + 1, 2**70, 10**30)
    ],
    *[
        (
            f"seed {seed}",
            lambda seed=seed: metrics.bootstrap(
                metrics.accuracy_score, TRUTH, PREDICTED, seed=seed
            ),
            f"`seed` is `{seed}`, expected a whole number from 0 to {2**64 - 1}",
            ValueError,
        )
        for seed in (-1, 2**64, 2**70)
    ],
    ("no columns", lambda: metrics.bootstrap(metrics.accuracy_score), "`columns`", ValueError),
    (
        "a metric by its name",
        lambda: metrics.bootstrap("accuracy", TRUTH, PREDICTED),  # type: ignore[arg-type]
        "`metric` is `accuracy`, expected a function",
        TypeError,
    ),
    (
        "a positive class of three",
        lambda: metrics.average_precision_score([0, 1, 2], np.eye(3), pos_label=0),
        "`pos_label` does not fit: it is 1",
        ValueError,
    ),
    (
        "one class by a single score",
        lambda: metrics.top_k_accuracy_score([0, 0, 0], [0.1, 0.4, 0.8], k=1),
        "`y_true` has 1, expected at least 2",
        ValueError,
    ),
    (
        "weights of no rows",
        lambda: metrics.d2_brier_score([], [], sample_weight=[1, 2]),
        "`sample_weight` has 2 rows, expected 0",
        ValueError,
    ),
    ("no share", lambda: metrics.newcombe((1, 2), ()), "`second` is `", TypeError),  # type: ignore[arg-type]
    ("more than all", lambda: metrics.newcombe((3, 2), (1, 2)), "`first` is `", ValueError),
    (
        "costs in a list",
        lambda: metrics.best_threshold(TRUTH, SCORES, [1, 2]),  # type: ignore[arg-type]
        "`costs` is `",
        TypeError,
    ),
    (
        "no state",
        lambda: metrics.State("scores").merge(3),  # type: ignore[arg-type]
        "`other` is `3`, expected a state",
        TypeError,
    ),
    (
        "buckets of numbers",
        lambda: metrics.State("regression", buckets=9),
        "`kind` is `regression`",
        ValueError,
    ),
    (
        "few keys",
        lambda: metrics.bootstrap(metrics.accuracy_score, TRUTH, PREDICTED, keys=[1, 2]),
        "`keys` has 2 rows, expected 6",
        ValueError,
    ),
    (
        "few strata",
        lambda: metrics.bootstrap(metrics.accuracy_score, TRUTH, PREDICTED, strata=[1, 2]),
        "`strata` has 2 rows, expected 6",
        ValueError,
    ),
    (
        "strata of a metric without weights",
        lambda: metrics.bootstrap(metrics.max_error, TRUTH, PREDICTED, strata=TRUTH),
        "`metric` is `max_error`, expected one that takes weights",
        ValueError,
    ),
    (
        "an array",
        lambda: metrics.bootstrap(metrics.confusion_matrix, TRUTH, PREDICTED),
        "`metric` is `confusion_matrix`, expected one that gives a number",
        TypeError,
    ),
    (
        "a pair",
        lambda: metrics.bootstrap(metrics.class_likelihood_ratios, TRUTH, PREDICTED),
        "`metric` is `class_likelihood_ratios`, expected one that gives a number",
        TypeError,
    ),
]


@pytest.mark.parametrize(
    ("call", "argument", "kind"),
    [case[1:] for case in INVALID],
    ids=[case[0] for case in INVALID],
)
def test_what_is_wrong_is_refused_by_name(
    call: Callable[[], object], argument: str, kind: type[Exception]
) -> None:
    with pytest.raises(InvalidError) as refused:
        call()
    assert isinstance(refused.value, kind)
    assert isinstance(refused.value, ValueError)
    assert argument in refused.value.message
