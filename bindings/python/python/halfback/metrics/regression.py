"""Metrics of numbers against numbers: scikit-learn's, and some beside them.

`y_true` and `y_pred` are columns of equal length, or tables with a column for each output.
`sample_weight` has zero or more for each row. `multioutput` is `uniform_average`, `raw_values` (an
array with one for each output) or a weight for each output. Lengths that differ, empty columns,
NaN and infinities are a `ValueError`. Errors are in the unit of the target, or of its square.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from halfback import _native
from halfback.libraries import library
from halfback.metrics.checks import BELOW_ONE, LEAST, MOST, choice, flag, number, refused
from halfback.metrics.columns import array, floating

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from halfback.metrics.columns import Column

    Multioutput = str | Sequence[float] | NDArray[Any]

__all__ = [
    "ErrorSummary",
    "IntervalCoverage",
    "d2_absolute_error_score",
    "d2_pinball_score",
    "d2_tweedie_score",
    "error_summary",
    "explained_variance_score",
    "interval_coverage",
    "max_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_bias_error",
    "mean_gamma_deviance",
    "mean_pinball_loss",
    "mean_poisson_deviance",
    "mean_squared_error",
    "mean_squared_log_error",
    "mean_tweedie_deviance",
    "median_absolute_error",
    "r2_score",
    "root_mean_squared_error",
    "root_mean_squared_log_error",
    "symmetric_mean_absolute_percentage_error",
    "weighted_mean_absolute_percentage_error",
]

_OUTPUTS = ("raw_values", "uniform_average")
_SHARES = (*_OUTPUTS, "variance_weighted")


class ErrorSummary(NamedTuple):
    """What one pass over an output gives."""

    mean_absolute_error: float
    root_mean_squared_error: float
    bias: float
    """The mean of prediction less truth."""

    r2: float


class IntervalCoverage(NamedTuple):
    """What intervals are worth."""

    coverage: float
    """The share of rows within their interval, ends included."""

    mean_width: float
    score: float
    """The mean interval score: width, and `2 / alpha` times what lies outside. Less is better."""


def mean_absolute_error(
    y_true: Column,
    y_pred: Column,
    *,
    sample_weight: Column | None = None,
    multioutput: Multioutput = "uniform_average",
) -> float | NDArray[Any]:
    """The mean of |prediction - truth|. Source: scikit-learn 1.9 `mean_absolute_error`.

    >>> from halfback.metrics import mean_absolute_error
    >>> mean_absolute_error([3.0, 5.0], [2.5, 5.0])
    0.25
    """
    return _outputs("mae", y_true, y_pred, sample_weight, multioutput, _OUTPUTS, 0.0)


def mean_squared_error(
    y_true: Column,
    y_pred: Column,
    *,
    sample_weight: Column | None = None,
    multioutput: Multioutput = "uniform_average",
) -> float | NDArray[Any]:
    """The mean of the squared error. Source: scikit-learn 1.9 `mean_squared_error`."""
    return _outputs("mse", y_true, y_pred, sample_weight, multioutput, _OUTPUTS, 0.0)


def root_mean_squared_error(
    y_true: Column,
    y_pred: Column,
    *,
    sample_weight: Column | None = None,
    multioutput: Multioutput = "uniform_average",
) -> float | NDArray[Any]:
    """The root of the mean squared error of each output.

    Source: scikit-learn 1.9 `root_mean_squared_error`.
    """
    return _outputs("rmse", y_true, y_pred, sample_weight, multioutput, _OUTPUTS, 0.0)


def mean_squared_log_error(
    y_true: Column,
    y_pred: Column,
    *,
    sample_weight: Column | None = None,
    multioutput: Multioutput = "uniform_average",
) -> float | NDArray[Any]:
    """The mean squared difference of ln(1 + value); all values must be above -1.

    Source: scikit-learn 1.9 `mean_squared_log_error`.
    """
    return _outputs("msle", y_true, y_pred, sample_weight, multioutput, _OUTPUTS, 0.0)


def root_mean_squared_log_error(
    y_true: Column,
    y_pred: Column,
    *,
    sample_weight: Column | None = None,
    multioutput: Multioutput = "uniform_average",
) -> float | NDArray[Any]:
    """The root of the mean squared log error of each output.

    Source: scikit-learn 1.9 `root_mean_squared_log_error`.
    """
    return _outputs("rmsle", y_true, y_pred, sample_weight, multioutput, _OUTPUTS, 0.0)


def mean_absolute_percentage_error(
    y_true: Column,
    y_pred: Column,
    *,
    sample_weight: Column | None = None,
    multioutput: Multioutput = "uniform_average",
) -> float | NDArray[Any]:
    """The mean of |error| over |truth|, 1 for 100 %; a true value of zero counts as 2^-52.

    Source: scikit-learn 1.9 `mean_absolute_percentage_error`.
    """
    return _outputs("mape", y_true, y_pred, sample_weight, multioutput, _OUTPUTS, 0.0)


def symmetric_mean_absolute_percentage_error(
    y_true: Column,
    y_pred: Column,
    *,
    sample_weight: Column | None = None,
    multioutput: Multioutput = "uniform_average",
) -> float | NDArray[Any]:
    """The mean of |error| over the mean size of truth and prediction, within [0, 2].

    Source: Makridakis (1993).
    """
    return _outputs("smape", y_true, y_pred, sample_weight, multioutput, _OUTPUTS, 0.0)


def weighted_mean_absolute_percentage_error(
    y_true: Column,
    y_pred: Column,
    *,
    sample_weight: Column | None = None,
    multioutput: Multioutput = "uniform_average",
) -> float | NDArray[Any]:
    """The sum of |error| over the sum of |truth|; NaN where that is zero.

    Source: Kolassa and Schütz (2007).

    >>> from halfback.metrics import weighted_mean_absolute_percentage_error
    >>> weighted_mean_absolute_percentage_error([0.0, 4.0], [1.0, 4.0])
    0.25
    """
    return _outputs("wmape", y_true, y_pred, sample_weight, multioutput, _OUTPUTS, 0.0)


def mean_bias_error(
    y_true: Column,
    y_pred: Column,
    *,
    sample_weight: Column | None = None,
    multioutput: Multioutput = "uniform_average",
) -> float | NDArray[Any]:
    """The mean of prediction less truth: above zero where predictions are too large."""
    return _outputs("bias", y_true, y_pred, sample_weight, multioutput, _OUTPUTS, 0.0)


def median_absolute_error(
    y_true: Column,
    y_pred: Column,
    *,
    multioutput: Multioutput = "uniform_average",
    sample_weight: Column | None = None,
) -> float | NDArray[Any]:
    """The median of |prediction - truth|, which few wild errors do not move.

    Source: scikit-learn 1.9 `median_absolute_error`.
    """
    return _outputs("median", y_true, y_pred, sample_weight, multioutput, _OUTPUTS, 0.0)


def r2_score(
    y_true: Column,
    y_pred: Column,
    *,
    sample_weight: Column | None = None,
    multioutput: Multioutput | None = "uniform_average",
    force_finite: bool = True,
) -> float | NDArray[Any]:
    """The share of the variance of the truth that is explained.

    `multioutput` may be `variance_weighted`. A constant truth gives 1 or 0 where `force_finite`,
    else NaN or -inf. Source: scikit-learn 1.9 `r2_score`.
    """
    finite = float(flag("force_finite", force_finite))
    if multioutput is None:
        multioutput = "uniform_average"
    return _outputs("r2", y_true, y_pred, sample_weight, multioutput, _SHARES, finite)


def explained_variance_score(
    y_true: Column,
    y_pred: Column,
    *,
    sample_weight: Column | None = None,
    multioutput: Multioutput = "uniform_average",
    force_finite: bool = True,
) -> float | NDArray[Any]:
    """As R², of the error less its mean. Arguments are those of `r2_score`.

    Source: scikit-learn 1.9 `explained_variance_score`.
    """
    finite = float(flag("force_finite", force_finite))
    return _outputs("explained", y_true, y_pred, sample_weight, multioutput, _SHARES, finite)


def mean_pinball_loss(
    y_true: Column,
    y_pred: Column,
    *,
    sample_weight: Column | None = None,
    alpha: float = 0.5,
    multioutput: Multioutput = "uniform_average",
) -> float | NDArray[Any]:
    """The mean pinball loss of predictions of the quantile `alpha`.

    Source: Koenker and Bassett (1978); scikit-learn 1.9 `mean_pinball_loss`.
    """
    quantile = number("alpha", alpha, 0, 1, "within [0, 1]")
    return _outputs("pinball", y_true, y_pred, sample_weight, multioutput, _OUTPUTS, quantile)


def d2_pinball_score(
    y_true: Column,
    y_pred: Column,
    *,
    sample_weight: Column | None = None,
    alpha: float = 0.5,
    multioutput: Multioutput = "uniform_average",
) -> float | NDArray[Any]:
    """The share of the pinball loss of the truth's own quantile that is saved.

    Source: Koenker and Machado (1999); scikit-learn 1.9 `d2_pinball_score`.
    """
    quantile = number("alpha", alpha, 0, 1, "within [0, 1]")
    return _outputs("d2_pinball", y_true, y_pred, sample_weight, multioutput, _OUTPUTS, quantile)


def d2_absolute_error_score(
    y_true: Column,
    y_pred: Column,
    *,
    sample_weight: Column | None = None,
    multioutput: Multioutput = "uniform_average",
) -> float | NDArray[Any]:
    """The share of the absolute error of the truth's own median that is saved.

    Source: scikit-learn 1.9 `d2_absolute_error_score`.
    """
    return _outputs("d2_absolute", y_true, y_pred, sample_weight, multioutput, _OUTPUTS, 0.0)


def max_error(y_true: Column, y_pred: Column) -> float:
    """The largest |prediction - truth| of the only output. Source: scikit-learn 1.9 `max_error`."""
    return _native.metrics_single("max", y_true, y_pred, None, 0.0)


def mean_tweedie_deviance(
    y_true: Column, y_pred: Column, *, sample_weight: Column | None = None, power: float = 0
) -> float:
    """The mean Tweedie deviance: `power` 0 is squared error, 1 Poisson, 2 gamma.

    None is defined within (0, 1). Below 0 predictions must be positive; within [1, 2) also the
    truth zero or more; from 2 both must be positive. Source: Jørgensen (1987); scikit-learn 1.9
    `mean_tweedie_deviance`.
    """
    return _native.metrics_single("tweedie", y_true, y_pred, sample_weight, _power(power))


def mean_poisson_deviance(
    y_true: Column, y_pred: Column, *, sample_weight: Column | None = None
) -> float:
    """The mean Poisson deviance. Source: scikit-learn 1.9 `mean_poisson_deviance`."""
    return _native.metrics_single("tweedie", y_true, y_pred, sample_weight, 1.0)


def mean_gamma_deviance(
    y_true: Column, y_pred: Column, *, sample_weight: Column | None = None
) -> float:
    """The mean gamma deviance. Source: scikit-learn 1.9 `mean_gamma_deviance`."""
    return _native.metrics_single("tweedie", y_true, y_pred, sample_weight, 2.0)


def d2_tweedie_score(
    y_true: Column, y_pred: Column, *, sample_weight: Column | None = None, power: float = 0
) -> float:
    """The share of the deviance of the truth's mean that is saved.

    Source: scikit-learn 1.9 `d2_tweedie_score`.
    """
    return _native.metrics_single("d2_tweedie", y_true, y_pred, sample_weight, _power(power))


def error_summary(
    y_true: Column, y_pred: Column, *, sample_weight: Column | None = None
) -> ErrorSummary:
    """Mean absolute error, root mean squared error, bias and R² of one output, in one pass.

    >>> from halfback.metrics import error_summary
    >>> error_summary([1.0, 2.0, 3.0], [1.0, 2.0, 4.0]).bias
    0.3333333333333333
    """
    return ErrorSummary(*_native.metrics_summary(y_true, y_pred, sample_weight))


def interval_coverage(
    y_true: Column,
    lower: Column,
    upper: Column,
    *,
    alpha: float = 0.05,
    sample_weight: Column | None = None,
) -> IntervalCoverage:
    """What intervals are worth that should miss the truth with chance `alpha`.

    Source: Gneiting and Raftery (2007).

    >>> from halfback.metrics import interval_coverage
    >>> interval_coverage([1.0, 2.0], [0.5, 2.5], [1.5, 3.5], alpha=0.5)
    IntervalCoverage(coverage=0.5, mean_width=1.0, score=2.0)
    """
    return IntervalCoverage(
        *_native.metrics_coverage(
            y_true,
            lower,
            upper,
            number("alpha", alpha, LEAST, BELOW_ONE, "above 0 and below 1"),
            sample_weight,
        )
    )


def _outputs(
    kind: str,
    y_true: Column,
    y_pred: Column,
    sample_weight: Column | None,
    multioutput: Multioutput,
    names: tuple[str, ...],
    option: float,
) -> float | NDArray[Any]:
    if isinstance(multioutput, str):
        choice("multioutput", multioutput, names)
    elif multioutput is None:
        raise refused("multioutput", multioutput, "a name or a weight for each output")
    found = _native.metrics_regression(kind, y_true, y_pred, sample_weight, multioutput, option)
    if type(found) is not bytearray:
        one: float = found
        return one
    dtype = floating(y_true, y_pred, sample_weight)
    if kind == "median":  # scikit-learn's does not look for a common type
        numpy = library("numpy", "an array")
        columns = (numpy.asarray(y_true), numpy.asarray(y_pred))
        dtype = floating(*(c.astype(float) if c.dtype.kind == "O" else c for c in columns))
    is_weighed_half = dtype.itemsize == 2 and sample_weight is not None
    values: NDArray[Any] = array(found).astype(float if is_weighed_half else dtype, copy=False)
    return values


def _power(power: float) -> float:
    found = number("power", power, -MOST, MOST, "a finite number outside (0, 1)")
    if 0 < found < 1:
        raise refused("power", power, "a number outside (0, 1)")
    return found
