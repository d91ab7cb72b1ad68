"""Every case that scikit-learn and its like answered, through the Python functions.

The values are those of `crates/halfback-metrics/tests/golden`, so scikit-learn is not needed here.
"""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from halfback import metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GOLDEN = Path(__file__).parents[3] / "crates" / "halfback-metrics" / "tests" / "golden"
TYPES = {"bool": np.bool_, "int": np.int64, "f32": np.float32, "f64": np.float64, "text": np.str_}
# scikit-learn and scipy computed these with their own tolerances.
TOLERANCE = {"calibration": 1e-9, "statistics": 1e-10}
# Distribution functions are not in Python.
INTERNAL = {
    "normal_cdf",
    "normal_quantile",
    "beta_cdf",
    "beta_quantile",
    "student",
    "student_quantile",
}


def distances(y_true: Any, y_prob: Any, bins: int, strategy: str) -> list[float]:
    names = ("expected", "maximum")
    found = [
        getattr(metrics, f"{name}_calibration_error")(
            y_true, y_prob, n_bins=bins, strategy=strategy
        )
        for name in names
    ]
    if strategy == "quantile":
        return [*found, metrics.adaptive_calibration_error(y_true, y_prob, n_bins=bins)]
    table = metrics.reliability(y_true, y_prob, n_bins=bins)
    return [*found, float(np.mean(abs(table.predicted - table.observed)))]


def proportion_confint(count: int, nobs: int, alpha: float, method: str) -> list[float]:
    of = metrics.wilson if method == "wilson" else metrics.clopper_pearson
    found = of(count, nobs, level=1 - alpha)
    return [found.lower, found.upper]


def newcombe(count1: int, nobs1: int, count2: int, nobs2: int) -> list[float]:
    found = metrics.newcombe((count1, nobs1), (count2, nobs2))
    return [found.lower, found.upper]


def miettinen_nurminen(count1: int, nobs1: int, count2: int, nobs2: int) -> list[float]:
    found = metrics.miettinen_nurminen((count1, nobs1), (count2, nobs2))
    return [found.lower, found.upper]


def paired(b: int, c: int) -> metrics.McNemar:
    first = np.r_[np.ones(b, int), np.zeros(c, int), 1]
    second = np.r_[np.zeros(b, int), np.ones(c, int), 1]
    return metrics.mcnemar(np.ones(b + c + 1, int), first, second)


def delong(y_true: Any, *scores: Any) -> list[float]:
    if len(scores) == 1:
        one = metrics.delong(y_true, *scores)
        return [one.estimate, one.variance, one.variance]
    own = [metrics.delong(y_true, score).variance for score in scores]
    two = metrics.delong_paired(y_true, *scores)
    return [two.first, two.second, *own, (sum(own) - two.variance) / 2]


def welch(first: Any, second: Any) -> list[float]:
    found = metrics.welch(first, second, level=0.9)
    return [found.p_value, found.freedom, found.lower, found.upper]


def claims(difference: metrics.Difference, margin: float) -> list[float | None]:
    return [
        metrics.superiority(difference, margin=margin).p_value,
        metrics.non_inferiority(difference, margin=margin).p_value,
        metrics.equivalence(difference, margin=margin).p_value,
    ]


def proportion_claims(
    count1: int, nobs1: int, count2: int, nobs2: int, margin: float
) -> list[float | None]:
    return claims(metrics.two_proportions((count1, nobs1), (count2, nobs2)), margin)


METHODS = {
    "holm": "holm",
    "fdr_bh": "benjamini_hochberg",
    "fdr_by": "benjamini_yekutieli",
}
OURS: dict[str, Callable[..., Any]] = {
    "ks_2samp": metrics.ks_statistic,
    "distances": distances,
    "recalibration": metrics.calibration_slope_intercept,
    "spiegelhalter": metrics.spiegelhalter_z,
    "delong": delong,
    "proportion_confint": proportion_confint,
    "newcombe": newcombe,
    "miettinen_nurminen": miettinen_nurminen,
    "mcnemar": lambda b, c: paired(b, c).exact_p_value,
    "mcnemar_mid": lambda b, c: paired(b, c).mid_p_value,
    "proportion_claims": proportion_claims,
    "welch": welch,
    "welch_claims": lambda first, second, margin: claims(metrics.welch(first, second), margin),
    "multipletests": lambda p, method: metrics.adjust(p, method=METHODS[method]),
    "power_means": lambda d, n, ratio, alpha: metrics.power_of_means(
        d, n, ratio=ratio, alpha=alpha
    ),
    "power_proportions": lambda p1, p2, n, ratio, alpha: metrics.power_of_proportions(
        p1, p2, n, ratio=ratio, alpha=alpha
    ),
}


def numbers(value: Any) -> Iterator[float]:
    """The numbers of a value in any nesting; `None` is scikit-learn's for no support."""
    if isinstance(value, (list, tuple, np.ndarray)):
        for one in value:
            yield from numbers(one)
    elif value is not None:
        yield float(value)


def same(got: float, want: float, tolerance: float) -> bool:
    if math.isnan(want) or math.isinf(want):
        return got == want or (math.isnan(got) and math.isnan(want))
    return abs(got - want) <= tolerance * max(abs(want), abs(got), 1e-3)


def differs(case: dict[str, Any], data: dict[str, Any], tolerance: float) -> str | None:
    function = OURS.get(case["fn"]) or getattr(metrics, case["fn"])
    options = {
        name: {"nan": math.nan, "inf": math.inf}.get(value, value)
        if isinstance(value, str)
        else value
        for name, value in case.get("params", {}).items()
    }
    columns = [data[name] for name in case["columns"]]
    if "weight" in case:
        options["sample_weight"] = data[case["weight"]]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            value = function(*columns, **options)
        except (ValueError, TypeError) as error:
            if "error" not in case:
                return f"refused: {error}"
            # Other classes are slips of scikit-learn's: an index or a division of its own.
            due = (ValueError, TypeError) if case["error"] == "InvalidParameterError" else ()
            if not isinstance(error, ValueError) or not all(isinstance(error, d) for d in due):
                return f"{case['error']} was due, got {type(error)}: {error}"
            return None
    if "error" in case:
        return f"{case['error']} was due, got {value}"
    warned = {one.category.__name__ for one in said}
    if warned != {*case.get("warnings", ())}:
        return f"warned {warned}"
    if isinstance(case["value"], str) and isinstance(value, str):
        return None if value == case["value"] else f"got\n{value}"
    got, want = [*numbers(value)], [*numbers(case["value"])]
    if any(column.dtype == np.float32 for column in columns):
        tolerance = 2e-6  # scikit-learn sums in the precision of its columns
    if len(got) == len(want) and all(map(same, got, want, [tolerance] * len(got))):
        return None
    return f"got {value}"


# Fairness takes features beside its columns: it has tests of its own.
BOOKS = sorted({path.stem for path in GOLDEN.glob("*.json")} - {"fairness"})


@pytest.mark.parametrize("book", BOOKS)
def test_every_case_gives_what_it_gave_there(book: str) -> None:
    read = json.loads((GOLDEN / f"{book}.json").read_text(encoding="utf-8"))
    data = {
        name: np.array(
            [float(v) if column["kind"][0] == "f" else v for v in column["values"]],
            TYPES[column["kind"]],
        ).reshape(column["shape"])
        for name, column in read["data"].items()
    }
    cases = [case for case in read["cases"] if case["fn"] not in INTERNAL]
    wrong = [
        f"{said}\n    {json.dumps(case)[:400]}"
        for case in cases
        if (said := differs(case, data, TOLERANCE.get(book, 1e-12)))
    ]
    assert cases
    assert not wrong, f"{len(wrong)} of {len(cases)} cases differ:\n" + "\n".join(wrong[:25])
