"""`halfback.metrics` beside scikit-learn itself, on random rows and parameters.

Needs `scikit-learn`, which is too much for every run of the tests: run it with
`python -m pytest tests/peers` where it is installed. `HALFBACK_SEED` draws other rows.
"""

from __future__ import annotations

import inspect
import os
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import sklearn.calibration
import sklearn.metrics
from halfback import metrics

if TYPE_CHECKING:
    from collections.abc import Callable

SEED = int(os.environ.get("HALFBACK_SEED", "0"))
ROUNDS = 60
Random = np.random.Generator
Call = tuple[tuple[Any, ...], dict[str, Any]]


def pick(random: Random, *values: Any) -> Any:
    return values[random.integers(len(values))]


def weighted(random: Random, rows: int, options: dict[str, Any]) -> dict[str, Any]:
    if random.random() < 0.4:
        options["sample_weight"] = random.integers(0, 4, rows) + (random.random(rows) < 0.5)
        options["sample_weight"][0] = 1
        if random.random() < 0.5:
            options["sample_weight"] = options["sample_weight"] / 4
    return options


KINDS = (
    *("int", "int8", "float", "swapped", "strided", "list"),
    *("text", "object", "boxed", "large", "nullable"),
)


def named(random: Random, codes: Any) -> Any:
    """Codes as labels of some type."""
    kind = pick(random, *KINDS)
    if kind == "large":
        return codes.astype("u8") + np.uint64(2**63)
    if kind == "nullable":
        return pd.Series(codes).convert_dtypes()
    if kind in ("text", "object"):
        words = np.array(["ham", "spam", "éggs", "x", "yy"])[codes]
        return words.astype(object) if kind == "object" else words
    if kind == "list":
        return [int(code) for code in codes]
    if kind == "strided":
        return np.repeat(codes, 2)[::2]
    types = {"int": "i8", "int8": "i1", "float": "f8", "swapped": ">i4", "boxed": "O"}
    return codes.astype(types[kind])


def label_pair(random: Random, classes: int) -> tuple[Any, Any]:
    rows = int(random.integers(1, 30))
    truth = random.integers(0, classes, rows)
    predicted = np.where(random.random(rows) < 0.6, truth, random.integers(0, classes, rows))
    state = random.bit_generator.state
    first = named(random, truth)
    random.bit_generator.state = state
    return first, named(random, predicted)


def of_labels(random: Random) -> Call:
    return label_pair(random, int(random.integers(1, 5))), {}


def of_sets(random: Random) -> Call:
    if random.random() < 0.3:
        rows = int(random.integers(1, 12))
        truth = (random.random((rows, 3)) < 0.5).astype(int)
        predicted = np.where(random.random((rows, 3)) < 0.7, truth, 1 - truth)
        average = pick(random, "micro", "macro", "weighted", "samples", None)
        return (truth, predicted), {"average": average}
    average = pick(random, "micro", "macro", "weighted", None, "binary")
    truth, predicted = label_pair(random, 2 if average == "binary" else 4)
    options: dict[str, Any] = {"average": average}
    if average == "binary":
        options["pos_label"] = truth[0]
    if random.random() < 0.5:
        options["zero_division"] = pick(random, "warn", 0, 1)
    return (truth, predicted), options


def of_scores(random: Random) -> Call:
    rows = int(random.integers(2, 40))
    truth = random.integers(0, 2, rows)
    if random.random() < 0.9:
        truth[:2] = [0, 1]
    scores = np.clip(truth * 0.3 + random.random(rows) * 0.7, 0, 1)
    scores = np.round(scores, int(random.integers(1, 6)))
    kind = pick(random, "f8", "f8", "f4", ">f8", "strided")
    scores = np.repeat(scores, 3)[::3] if kind == "strided" else scores.astype(kind)
    return (pick(random, truth, truth * 2 - 1, truth.astype(bool), truth.tolist()), scores), {}


def of_bins(random: Random) -> Call:
    """Often of rows that the edges of bins fall on."""
    n_bins = int(random.integers(1, 31))
    rows = int(random.integers(2, 200))
    if random.random() < 0.5:
        rows = n_bins * int(random.integers(1, 8)) + 1
    truth = random.integers(0, 2, rows)
    scores = np.round(random.random(rows), int(random.integers(1, 6)))
    strategy = pick(random, "uniform", "quantile")
    return (truth, scores), {"n_bins": n_bins, "strategy": strategy}


def of_classes(random: Random) -> Call:
    rows, classes = int(random.integers(6, 40)), int(random.integers(3, 6))
    truth = random.integers(0, classes, rows)
    truth[:classes] = range(classes)
    table = random.random((rows, classes)) + np.eye(classes)[truth]
    return (named(random, truth), table / table.sum(axis=1, keepdims=True)), {}


def of_numbers(random: Random) -> Call:
    rows = int(random.integers(1, 40))
    shape = (rows, 3) if random.random() < 0.4 else (rows,)
    truth = np.round(random.gamma(2.0, 2.0, shape), 3)
    predicted = np.round(np.abs(truth + random.normal(0, 1, shape)), 3) + 0.01
    options: dict[str, Any] = {}
    if len(shape) == 2:
        options["multioutput"] = pick(random, "uniform_average", "raw_values", [0.2, 0.3, 0.5])
    kind = pick(random, "f8", "f4", ">f8", "f", "list", "mixed")
    if kind == "list":
        return (truth.tolist(), predicted.tolist()), options
    if kind == "mixed":
        return (truth.astype("f4"), predicted), options
    if kind == "f":
        return (np.asfortranarray(truth), np.asfortranarray(predicted)), options
    return (truth.astype(kind), predicted.astype(kind)), options


def of_one_output(random: Random) -> Call:
    rows = int(random.integers(2, 40))
    truth = random.gamma(2.0, 2.0, rows) + 0.01
    return (truth, random.gamma(2.0, 2.0, rows) + 0.01), {}


def of_rankings(random: Random) -> Call:
    shape = int(random.integers(1, 10)), int(random.integers(2, 8))
    return (random.integers(0, 4, shape), np.round(random.random(shape), 1)), {}


def of_relevance(random: Random) -> Call:
    shape = int(random.integers(2, 10)), int(random.integers(3, 8))
    truth = (random.random(shape) < 0.5).astype(int)
    truth[0, :2] = [0, 1]  # else it is no table of labels for scikit-learn
    return (truth, np.round(random.random(shape), 1)), {}


def also(make: Callable[[Random], Call], **choices: Any) -> Callable[[Random], Call]:
    """The same calls with some of these options."""

    def made(random: Random) -> Call:
        columns, options = make(random)
        for name, values in choices.items():
            if random.random() < 0.7:
                options[name] = pick(random, *values)
        return columns, options

    return made


def always(make: Callable[[Random], Call], **options: Any) -> Callable[[Random], Call]:
    def made(random: Random) -> Call:
        columns, some = make(random)
        return columns, {**some, **options}

    return made


FLAGS = (False, True)
CALLS: list[tuple[str, Callable[[Random], Call]]] = [
    ("accuracy_score", also(of_labels, normalize=FLAGS)),
    ("zero_one_loss", also(of_labels, normalize=FLAGS)),
    ("hamming_loss", of_labels),
    ("balanced_accuracy_score", also(of_labels, adjusted=FLAGS)),
    ("matthews_corrcoef", of_labels),
    ("cohen_kappa_score", also(of_labels, weights=(None, "linear", "quadratic"))),
    ("confusion_matrix", also(of_labels, normalize=(None, "true", "pred", "all"))),
    ("multilabel_confusion_matrix", of_labels),
    ("classification_report", also(of_labels, digits=(0, 3), output_dict=FLAGS)),
    ("class_likelihood_ratios", of_labels),
    ("precision_score", of_sets),
    ("recall_score", of_sets),
    ("f1_score", of_sets),
    ("fbeta_score", always(of_sets, beta=0.7)),
    ("jaccard_score", of_sets),
    ("precision_recall_fscore_support", of_sets),
    ("roc_auc_score", also(of_scores, max_fpr=(0.2, 1.0))),
    ("roc_auc_score", also(always(of_classes, multi_class="ovr"), average=("micro", "weighted"))),
    ("roc_auc_score", also(always(of_classes, multi_class="ovo"), average=("weighted", "macro"))),
    ("average_precision_score", of_scores),
    ("average_precision_score", also(of_classes, average=("micro", "macro", "weighted"))),
    ("roc_curve", also(of_scores, drop_intermediate=FLAGS)),
    ("precision_recall_curve", also(of_scores, drop_intermediate=FLAGS)),
    ("det_curve", also(of_scores, drop_intermediate=FLAGS)),
    ("confusion_matrix_at_thresholds", of_scores),
    ("metric_at_thresholds", always(of_scores, metric_func=sklearn.metrics.accuracy_score)),
    ("log_loss", also(of_scores, normalize=FLAGS)),
    ("log_loss", of_classes),
    ("brier_score_loss", also(of_scores, scale_by_half=("auto", True, False))),
    ("brier_score_loss", of_classes),
    ("d2_log_loss_score", of_classes),
    ("d2_brier_score", of_scores),
    ("hinge_loss", of_classes),
    ("top_k_accuracy_score", also(of_classes, k=(1, 2), normalize=FLAGS)),
    ("calibration_curve", of_bins),
    ("mean_absolute_error", of_numbers),
    ("mean_squared_error", of_numbers),
    ("root_mean_squared_error", of_numbers),
    ("mean_squared_log_error", of_numbers),
    ("root_mean_squared_log_error", of_numbers),
    ("mean_absolute_percentage_error", of_numbers),
    ("median_absolute_error", of_numbers),
    ("r2_score", also(of_numbers, force_finite=FLAGS)),
    ("explained_variance_score", also(of_numbers, force_finite=FLAGS)),
    ("mean_pinball_loss", also(of_numbers, alpha=(0.1, 0.9))),
    ("d2_pinball_score", also(of_numbers, alpha=(0.1, 0.9))),
    ("d2_absolute_error_score", of_numbers),
    ("max_error", of_one_output),
    ("mean_tweedie_deviance", also(of_one_output, power=(0, 1, 1.5, 2, 3))),
    ("mean_poisson_deviance", of_one_output),
    ("mean_gamma_deviance", of_one_output),
    ("d2_tweedie_score", also(of_one_output, power=(0, 1, 1.5, 2, 3))),
    ("dcg_score", also(of_rankings, k=(None, 2), log_base=(2, 10))),
    ("ndcg_score", also(of_rankings, k=(None, 2))),
    ("label_ranking_average_precision_score", of_relevance),
    ("coverage_error", of_relevance),
    ("label_ranking_loss", of_relevance),
]


def outcome(function: Callable[..., Any], call: Call) -> tuple[Any, set[str], Exception | None]:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            value = function(*call[0], **call[1])
        except (ValueError, TypeError, ZeroDivisionError, IndexError) as error:
            return None, set(), error
    warned = {one.category.__name__ for one in said} - {"RuntimeWarning", "FutureWarning"}
    return value, warned, None


def alike(ours: Any, theirs: Any, tolerance: float) -> bool:
    if isinstance(theirs, dict):
        return (
            isinstance(ours, dict)
            and [*ours] == [*theirs]
            and all(alike(ours[key], theirs[key], tolerance) for key in theirs)
        )
    if isinstance(theirs, tuple):
        return len(ours) == len(theirs) and all(
            alike(one, other, tolerance) for one, other in zip(ours, theirs, strict=True)
        )
    if isinstance(theirs, (str, type(None))):
        return bool(ours == theirs)
    if isinstance(theirs, np.ndarray):
        if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
            return False
    elif type(ours) is not type(theirs):
        return False
    return bool(np.allclose(ours, theirs, rtol=tolerance, atol=tolerance, equal_nan=True))


@pytest.mark.parametrize(
    ("name", "make"), CALLS, ids=[f"{at}-{name}" for at, (name, _) in enumerate(CALLS)]
)
def test_it_answers_as_scikit_learn_does(name: str, make: Callable[[Random], Call]) -> None:
    ours = getattr(metrics, name)
    theirs = getattr(sklearn.metrics, name, None) or getattr(sklearn.calibration, name)
    random = np.random.default_rng([SEED, len(name), *map(ord, name)])
    weighs = "sample_weight" in inspect.signature(ours).parameters
    answered = 0
    for _ in range(ROUNDS):
        columns, options = make(random)
        if weighs:
            options = weighted(random, len(columns[0]), options)
        call = (columns, options)
        value, warned, error = outcome(ours, call)
        due, due_warned, due_error = outcome(theirs, call)
        if isinstance(due_error, (ZeroDivisionError, IndexError)):
            continue  # a slip of its own, and no rule
        if due_error is not None or error is not None:
            assert isinstance(error, ValueError), (call, due, due_error)
            assert due_error is not None, (call, error)
            continue
        single = any(getattr(column, "dtype", None) == np.float32 for column in columns)
        assert alike(value, due, 1e-5 if single else 1e-9), (call, value, due)
        assert warned == due_warned, (call, warned, due_warned)
        answered += 1
    assert answered > ROUNDS / 5
