"""Metrics of labels against labels: scikit-learn's, and some beside them.

`y_true` and `y_pred` are columns of equal length of booleans, whole numbers or texts, or tables of
0 and 1 with a column for each label (several labels a row). `labels` chooses the classes that
a metric is about and their order. `sample_weight` has zero or more for each row. Lengths that
differ, empty columns, NaN and unknown classes are a `ValueError`.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from halfback import _native
from halfback.metrics.checks import as_float, choice, flag, number, refused, whole, zero
from halfback.metrics.columns import array, scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from halfback.metrics.columns import Column

__all__ = [
    "accuracy_score",
    "balanced_accuracy_score",
    "class_likelihood_ratios",
    "classification_report",
    "cohen_kappa_score",
    "confusion_matrix",
    "cost_score",
    "f1_score",
    "fbeta_score",
    "hamming_loss",
    "jaccard_score",
    "matthews_corrcoef",
    "multilabel_confusion_matrix",
    "negative_predictive_value_score",
    "precision_recall_fscore_support",
    "precision_score",
    "recall_score",
    "specificity_score",
    "zero_one_loss",
]

_AVERAGES = ("binary", "micro", "macro", "weighted", "samples", None)


def accuracy_score(
    y_true: Column, y_pred: Column, *, normalize: bool = True, sample_weight: Column | None = None
) -> float:
    """The share of rows that are right; without `normalize` their number or weight.

    With several labels a row, all of them must be right.
    Source: scikit-learn 1.9 `accuracy_score`.

    >>> from halfback.metrics import accuracy_score
    >>> accuracy_score(["a", "b", "b"], ["a", "b", "a"], normalize=False)
    2.0
    """
    if normalize is not True:
        normalize = flag("normalize", normalize)
    return _native.metrics_accuracy(y_true, y_pred, sample_weight, normalize, False)


def zero_one_loss(
    y_true: Column, y_pred: Column, *, normalize: bool = True, sample_weight: Column | None = None
) -> float:
    """The share of rows that are wrong; without `normalize` their number or weight.

    Source: scikit-learn 1.9 `zero_one_loss`.
    """
    if normalize is not True:
        normalize = flag("normalize", normalize)
    loss = _native.metrics_accuracy(y_true, y_pred, sample_weight, normalize, True)
    return loss if normalize or sample_weight is None else _weighed(loss, sample_weight)


def hamming_loss(y_true: Column, y_pred: Column, *, sample_weight: Column | None = None) -> float:
    """The share of labels that are wrong. Source: scikit-learn 1.9 `hamming_loss`."""
    loss, is_table = _native.metrics_hamming(y_true, y_pred, sample_weight)
    return _weighed(loss, sample_weight) if is_table and sample_weight is not None else loss


def balanced_accuracy_score(
    y_true: Column, y_pred: Column, *, sample_weight: Column | None = None, adjusted: bool = False
) -> float:
    """The mean recall of the classes in the truth; `adjusted` makes chance 0 and perfection 1.

    Source: scikit-learn 1.9 `balanced_accuracy_score`.
    """
    kind = "adjusted" if flag("adjusted", adjusted) else "balanced"
    return _native.metrics_agreement(kind, y_true, y_pred, sample_weight)


def matthews_corrcoef(
    y_true: Column, y_pred: Column, *, sample_weight: Column | None = None
) -> float:
    """Matthews' correlation, within [-1, 1]; for several classes in Gorodkin's form.

    Source: Gorodkin (2004); scikit-learn 1.9 `matthews_corrcoef`.
    """
    return _native.metrics_agreement("matthews", y_true, y_pred, sample_weight)


def cohen_kappa_score(
    y1: Column,
    y2: Column,
    *,
    labels: Column | None = None,
    weights: str | None = None,
    sample_weight: Column | None = None,
    replace_undefined_by: float = math.nan,
) -> float:
    """Cohen's kappa: agreement beyond chance, plain or with `linear` or `quadratic` weights.

    Source: Cohen (1960; weighted 1968); scikit-learn 1.9 `cohen_kappa_score`.
    """
    choice("weights", weights, ("linear", "quadratic", None))
    replace = as_float(replace_undefined_by)
    if replace is None or replace == replace:
        replace = number(
            "replace_undefined_by", replace_undefined_by, -1, 1, "within [-1, 1], or NaN"
        )
    return _native.metrics_kappa(y1, y2, labels, weights, sample_weight, replace)


def class_likelihood_ratios(
    y_true: Column,
    y_pred: Column,
    *,
    labels: Column | None = None,
    sample_weight: Column | None = None,
    replace_undefined_by: float | Mapping[str, float] = math.nan,
) -> tuple[float, float]:
    """How much a positive and a negative prediction move the odds of the second of two classes.

    `replace_undefined_by` is 1, NaN, or a mapping of `LR+` (1 or more, or NaN) and `LR-` (within
    [0, 1], or NaN). Source: scikit-learn 1.9 `class_likelihood_ratios`.
    """
    replace: Any = replace_undefined_by
    both = hasattr(replace, "keys") and {*replace} == {"LR+", "LR-"}
    given = (replace["LR+"], replace["LR-"]) if both else (replace, replace)
    first, second = (float(one) if isinstance(one, bool) else as_float(one) for one in given)
    is_one = both or first == 1 or first != first
    if first is None or second is None or not is_one:
        raise refused("replace_undefined_by", replace, "1, NaN, or a mapping of `LR+` and `LR-`")
    return _native.metrics_likelihood(y_true, y_pred, labels, sample_weight, first, second)


def precision_recall_fscore_support(
    y_true: Column,
    y_pred: Column,
    *,
    beta: float = 1.0,
    labels: Column | None = None,
    pos_label: object = 1,
    average: str | None = None,
    warn_for: Iterable[str] = ("precision", "recall", "f-score"),
    sample_weight: Column | None = None,
    zero_division: str | float = "warn",
) -> tuple[Any, Any, Any, Any]:
    """Precision, recall, F-beta and support: arrays with one for each class, or averages.

    `average` is `binary` (the class `pos_label` of two), `micro`, `macro`, `weighted` or, for
    several labels a row, `samples`; with it support is `None`. `zero_division` is what a share of
    nothing is. Source: scikit-learn 1.9 `precision_recall_fscore_support`.
    """
    if not isinstance(warn_for, (list, tuple, set)):
        raise refused("warn_for", warn_for, "a list, a tuple or a set of names")
    named = {"precision": 1, "recall": 2, "f-score": 4}
    loud = sum(bit for name, bit in named.items() if name in warn_for)
    found = _scores(
        y_true, y_pred, beta, labels, pos_label, average, sample_weight, zero_division, loud
    )
    if average is not None:
        return (*found, None)
    precision, recall, fscore, support, is_whole = found
    counts = array(support)
    if is_whole and sample_weight is None:
        counts = counts.astype("int64")
    return array(precision), array(recall), array(fscore), counts


def precision_score(
    y_true: Column,
    y_pred: Column,
    *,
    labels: Column | None = None,
    pos_label: object = 1,
    average: str | None = "binary",
    sample_weight: Column | None = None,
    zero_division: str | float = "warn",
) -> float | NDArray[Any]:
    """The share of what was predicted that is true; an array where `average` is `None`.

    Arguments are those of `precision_recall_fscore_support`.
    Source: scikit-learn 1.9 `precision_score`.
    """
    found = _scores(
        y_true, y_pred, 1.0, labels, pos_label, average, sample_weight, zero_division, 1
    )
    return _one(found, average, 0)


def recall_score(
    y_true: Column,
    y_pred: Column,
    *,
    labels: Column | None = None,
    pos_label: object = 1,
    average: str | None = "binary",
    sample_weight: Column | None = None,
    zero_division: str | float = "warn",
) -> float | NDArray[Any]:
    """The share of what is true that was predicted; an array where `average` is `None`.

    Arguments are those of `precision_recall_fscore_support`.
    Source: scikit-learn 1.9 `recall_score`.
    """
    found = _scores(
        y_true, y_pred, 1.0, labels, pos_label, average, sample_weight, zero_division, 2
    )
    return _one(found, average, 1)


def f1_score(
    y_true: Column,
    y_pred: Column,
    *,
    labels: Column | None = None,
    pos_label: object = 1,
    average: str | None = "binary",
    sample_weight: Column | None = None,
    zero_division: str | float = "warn",
) -> float | NDArray[Any]:
    """The harmonic mean of precision and recall; an array where `average` is `None`.

    Arguments are those of `precision_recall_fscore_support`. Source: scikit-learn 1.9 `f1_score`.

    >>> from halfback.metrics import f1_score
    >>> f1_score([0, 1, 1, 0], [0, 1, 0, 0])
    0.6666666666666666
    """
    found = _scores(
        y_true, y_pred, 1.0, labels, pos_label, average, sample_weight, zero_division, 4
    )
    return _one(found, average, 2)


def fbeta_score(
    y_true: Column,
    y_pred: Column,
    *,
    beta: float,
    labels: Column | None = None,
    pos_label: object = 1,
    average: str | None = "binary",
    sample_weight: Column | None = None,
    zero_division: str | float = "warn",
) -> float | NDArray[Any]:
    """The harmonic mean of precision and recall, recall counting `beta` times as much.

    Arguments are those of `precision_recall_fscore_support`.
    Source: van Rijsbergen (1979); scikit-learn 1.9 `fbeta_score`.
    """
    found = _scores(
        y_true, y_pred, beta, labels, pos_label, average, sample_weight, zero_division, 4
    )
    return _one(found, average, 2)


def jaccard_score(
    y_true: Column,
    y_pred: Column,
    *,
    labels: Column | None = None,
    pos_label: object = 1,
    average: str | None = "binary",
    sample_weight: Column | None = None,
    zero_division: str | float = "warn",
) -> float | NDArray[Any]:
    """What is true and predicted, over what is either; an array where `average` is `None`.

    Arguments are those of `precision_recall_fscore_support`; `zero_division` is not NaN.
    Source: Jaccard (1901); scikit-learn 1.9 `jaccard_score`.
    """
    policy = zero(zero_division, nan=False)
    _averaged(average, pos_label)
    found = _native.metrics_share(
        "jaccard", y_true, y_pred, labels, pos_label, average, sample_weight, policy
    )
    return array(found) if average is None else found


def specificity_score(
    y_true: Column,
    y_pred: Column,
    *,
    labels: Column | None = None,
    pos_label: object = 1,
    average: str = "binary",
    sample_weight: Column | None = None,
    zero_division: str | float = "warn",
) -> float:
    """The share of what is not of a class that was not predicted as it.

    `average` is `binary`, `micro`, `macro` or `weighted`. Source: Yerushalmy (1947).

    >>> from halfback.metrics import specificity_score
    >>> specificity_score([0, 0, 0, 1], [0, 1, 0, 1])
    0.6666666666666666
    """
    choice("average", average, _AVERAGES[:4])
    policy = zero(zero_division)
    found: float = _native.metrics_share(
        "specificity", y_true, y_pred, labels, pos_label, average, sample_weight, policy
    )
    return found


def negative_predictive_value_score(
    y_true: Column,
    y_pred: Column,
    *,
    labels: Column | None = None,
    pos_label: object = 1,
    average: str = "binary",
    sample_weight: Column | None = None,
    zero_division: str | float = "warn",
) -> float:
    """The share of what was not predicted as a class that is not of it.

    `average` is `binary`, `micro`, `macro` or `weighted`. Source: Altman and Bland (1994).
    """
    choice("average", average, _AVERAGES[:4])
    policy = zero(zero_division)
    found: float = _native.metrics_share(
        "negative", y_true, y_pred, labels, pos_label, average, sample_weight, policy
    )
    return found


def cost_score(
    y_true: Column,
    y_pred: Column,
    cost_matrix: Column,
    *,
    labels: Column | None = None,
    sample_weight: Column | None = None,
) -> float:
    """The mean cost of a row, in the unit of `cost_matrix`.

    It has a row for each true class and a column for each predicted one, in the order of `labels`
    or of the sorted classes; gains are negative. Source: Elkan (IJCAI 2001).

    >>> from halfback.metrics import cost_score
    >>> cost_score([0, 0, 1, 1], [0, 1, 1, 0], [[0, 1], [10, 0]])
    2.75
    """
    return _native.metrics_cost(y_true, y_pred, cost_matrix, labels, sample_weight)


def confusion_matrix(
    y_true: Column,
    y_pred: Column,
    *,
    labels: Column | None = None,
    sample_weight: Column | None = None,
    normalize: str | None = None,
) -> NDArray[Any]:
    """How many rows of each true class (down) were predicted as each class (across).

    `normalize` is `true` (rows sum to one), `pred` (columns do) or `all`. Whole numbers unless
    weights are fractional or the matrix is scaled. Source: scikit-learn 1.9 `confusion_matrix`.
    """
    if normalize is not None:
        choice("normalize", normalize, ("true", "pred", "all", None))
    cells, classes, is_whole = _native.metrics_confusion(
        y_true, y_pred, labels, _counts(sample_weight), normalize
    )
    matrix = array(cells).reshape(classes, classes)
    return matrix.astype("int64") if is_whole else matrix


def _counts(sample_weight: Any) -> object:
    """Weights; whole ones of pandas' nullable types as whole numbers."""
    dtype: Any = getattr(sample_weight, "dtype", None)
    is_nullable = getattr(dtype, "na_value", None) is not None and hasattr(dtype, "numpy_dtype")
    if not is_nullable or dtype.kind not in "biu" or sample_weight.isna().any():
        return sample_weight
    return sample_weight.to_numpy(dtype.numpy_dtype)


def multilabel_confusion_matrix(
    y_true: Column,
    y_pred: Column,
    *,
    sample_weight: Column | None = None,
    labels: Column | None = None,
    samplewise: bool = False,
) -> NDArray[Any]:
    """For each class, label or (`samplewise`) row the matrix ((tn, fp), (fn, tp)).

    Source: scikit-learn 1.9 `multilabel_confusion_matrix`.
    """
    wanted = flag("samplewise", samplewise)
    cells, is_whole = _native.metrics_multilabel(y_true, y_pred, labels, sample_weight, wanted)
    matrices = array(cells).reshape(-1, 2, 2)
    return matrices.astype("int64") if is_whole else matrices


def classification_report(
    y_true: Column,
    y_pred: Column,
    *,
    labels: Column | None = None,
    target_names: Sequence[str] | None = None,
    sample_weight: Column | None = None,
    digits: int = 2,
    output_dict: bool = False,
    zero_division: str | float = "warn",
) -> str | dict[str, Any]:
    """The scores of every class and their averages, as a text or a dict of dicts.

    `target_names` stand for the classes in their order. Source: scikit-learn 1.9
    `classification_report`.
    """
    names = None if target_names is None else _names(target_names)
    listed = len(labels) if names is not None and hasattr(labels, "__len__") else None
    if names is not None and listed is not None and listed != len(names):
        warnings.warn(
            f"`labels` has {listed} classes, and `target_names` has {len(names)} names",
            UserWarning,
            stacklevel=2,
        )
    report: str | dict[str, Any] = _native.metrics_report(
        y_true,
        y_pred,
        labels,
        names,
        sample_weight,
        whole("digits", digits, 0),
        flag("output_dict", output_dict),
        zero(zero_division),
    )
    return report


def _names(target_names: Any) -> list[str]:
    is_list = hasattr(target_names, "__len__") and not isinstance(target_names, str)
    if not is_list or getattr(target_names, "ndim", 1) != 1:
        raise refused("target_names", target_names, "a list of names")
    return [str(name) for name in target_names]


def _scores(
    y_true: Column,
    y_pred: Column,
    beta: float,
    labels: Column | None,
    pos_label: object,
    average: str | None,
    sample_weight: Column | None,
    zero_division: str | float,
    loud: int,
) -> Any:
    policy = zero(zero_division)
    _averaged(average, pos_label)
    if type(beta) is not float or beta != 1.0:
        beta = number("beta", beta, 0, math.inf, "zero or more")
    return _native.metrics_scores(
        y_true, y_pred, beta, labels, pos_label, average, sample_weight, policy, loud
    )


def _averaged(average: str | None, pos_label: object) -> None:
    if type(average) is str and average == "binary":
        return
    choice("average", average, _AVERAGES)
    if not (pos_label is None or pos_label is True or as_float(pos_label) == 1):
        warnings.warn(
            f"`pos_label` is not used where `average` is `{average}`; choose one class by `labels`",
            UserWarning,
            stacklevel=4,
        )


def _weighed(loss: float, weight: object) -> float:
    """As scikit-learn, which gives a number of the weights' type here."""
    dtype = getattr(weight, "dtype", None)
    return scalar(loss, dtype if str(dtype) == "float32" else float)


def _one(found: Any, average: str | None, at: int) -> float | NDArray[Any]:
    one = found[at]
    return array(one) if average is None else float(one)
