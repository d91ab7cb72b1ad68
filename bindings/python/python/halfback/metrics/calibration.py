"""How far probabilities can be taken at their word.

`y_true` is a column of two classes and `y_prob` the probability of the positive one, `pos_label`,
which may be left out where labels are from {0, 1} or {-1, 1}. `sample_weight` has zero or more for
each row. Other classes, NaN and what is no probability are a `ValueError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from halfback import _native
from halfback.metrics.checks import choice, whole
from halfback.metrics.columns import array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from halfback.metrics.columns import Column

__all__ = [
    "CalibrationSlope",
    "MurphyDecomposition",
    "Reliability",
    "Spiegelhalter",
    "adaptive_calibration_error",
    "calibration_curve",
    "calibration_slope_intercept",
    "expected_calibration_error",
    "maximum_calibration_error",
    "murphy_decomposition",
    "reliability",
    "spiegelhalter_z",
]

_STRATEGIES = ("uniform", "quantile")


class Reliability(NamedTuple):
    """The reliability table: bins that have rows, by ascending probability."""

    lower: NDArray[Any]
    """The probability above which each bin starts; the first takes its lower end too."""

    upper: NDArray[Any]
    weight: NDArray[Any]
    """Its rows, or their weight."""

    predicted: NDArray[Any]
    """The mean probability."""

    observed: NDArray[Any]
    """The share of positive rows."""


class MurphyDecomposition(NamedTuple):
    """What a Brier score is made of: reliability - resolution + uncertainty."""

    reliability: float
    resolution: float
    uncertainty: float


class CalibrationSlope(NamedTuple):
    """A logistic regression of what came on the log odds of the probabilities."""

    slope: float
    """1 for perfect calibration; below where probabilities are too extreme."""

    intercept: float
    """0 for perfect calibration."""

    in_the_large: float
    """The intercept with the slope held at 1."""


class Spiegelhalter(NamedTuple):
    """Spiegelhalter's test that probabilities are calibrated."""

    z: float
    p_value: float


def calibration_curve(
    y_true: Column,
    y_prob: Column,
    *,
    pos_label: object = None,
    n_bins: int = 5,
    strategy: str = "uniform",
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The share of positive rows and the mean probability of each bin that has rows.

    `strategy` makes bins of equal width or of equal numbers of rows.
    Source: DeGroot and Fienberg (1983); scikit-learn 1.9 `sklearn.calibration.calibration_curve`.
    """
    columns, _ = _table(y_true, y_prob, pos_label, None, n_bins, strategy)
    return array(columns[4]), array(columns[3])


def reliability(
    y_true: Column,
    y_prob: Column,
    *,
    pos_label: object = None,
    sample_weight: Column | None = None,
    n_bins: int = 10,
    strategy: str = "uniform",
) -> Reliability:
    """The reliability table. Bins are those of `calibration_curve`."""
    columns, _ = _table(y_true, y_prob, pos_label, sample_weight, n_bins, strategy)
    return Reliability(*map(array, columns))


def expected_calibration_error(
    y_true: Column,
    y_prob: Column,
    *,
    pos_label: object = None,
    sample_weight: Column | None = None,
    n_bins: int = 10,
    strategy: str = "uniform",
) -> float:
    """The mean distance of observed from predicted over bins, weighted by their rows.

    Source: Naeini, Cooper and Hauskrecht (AAAI 2015).

    >>> from halfback.metrics import expected_calibration_error
    >>> round(expected_calibration_error([0, 1, 1, 1], [0.2, 0.8, 0.8, 0.8]), 3)
    0.2
    """
    return _table(y_true, y_prob, pos_label, sample_weight, n_bins, strategy)[1][0]


def maximum_calibration_error(
    y_true: Column,
    y_prob: Column,
    *,
    pos_label: object = None,
    sample_weight: Column | None = None,
    n_bins: int = 10,
    strategy: str = "uniform",
) -> float:
    """The largest distance of observed from predicted over bins.

    Source: Naeini, Cooper and Hauskrecht (AAAI 2015).
    """
    return _table(y_true, y_prob, pos_label, sample_weight, n_bins, strategy)[1][1]


def adaptive_calibration_error(
    y_true: Column,
    y_prob: Column,
    *,
    pos_label: object = None,
    sample_weight: Column | None = None,
    n_bins: int = 10,
) -> float:
    """The mean distance of observed from predicted over bins of equal numbers of rows.

    Source: Nixon et al., Measuring calibration in deep learning (2019).
    """
    return _table(y_true, y_prob, pos_label, sample_weight, n_bins, "quantile")[1][2]


def murphy_decomposition(
    y_true: Column,
    y_prob: Column,
    *,
    pos_label: object = None,
    sample_weight: Column | None = None,
) -> MurphyDecomposition:
    """The parts of the Brier score, over the different probabilities. Source: Murphy (1973)."""
    return MurphyDecomposition(
        *_native.metrics_calibration("murphy", y_true, y_prob, pos_label, sample_weight)
    )


def calibration_slope_intercept(
    y_true: Column,
    y_prob: Column,
    *,
    pos_label: object = None,
    sample_weight: Column | None = None,
) -> CalibrationSlope:
    """Calibration slope and intercept; NaN where probabilities separate the classes.

    Probabilities are clipped to [1e-15, 1 - 1e-15]. Source: Cox (1958), by Newton's method.
    """
    return CalibrationSlope(
        *_native.metrics_calibration("slope", y_true, y_prob, pos_label, sample_weight)
    )


def spiegelhalter_z(
    y_true: Column,
    y_prob: Column,
    *,
    pos_label: object = None,
    sample_weight: Column | None = None,
) -> Spiegelhalter:
    """Spiegelhalter's z, standard normal for calibrated probabilities, and its p-value.

    NaN where all probabilities are 0, ½ or 1. Source: Spiegelhalter (1986).
    """
    return Spiegelhalter(
        *_native.metrics_calibration("spiegelhalter", y_true, y_prob, pos_label, sample_weight)
    )


def _table(
    y_true: Column,
    y_prob: Column,
    pos_label: object,
    sample_weight: Column | None,
    n_bins: int,
    strategy: str,
) -> tuple[list[bytearray], tuple[float, float, float]]:
    choice("strategy", strategy, _STRATEGIES)
    bins = whole("n_bins", n_bins, 1)
    return _native.metrics_reliability(
        y_true, y_prob, pos_label, sample_weight, bins, strategy == "quantile"
    )
