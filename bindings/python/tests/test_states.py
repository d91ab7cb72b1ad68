"""States of quantiles and of buckets: what they state about their errors, and what they refuse."""

from __future__ import annotations

import math
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from halfback import InvalidError
from halfback.metrics import State, average_precision_score, roc_auc_score

if TYPE_CHECKING:
    from collections.abc import Callable

SHARES = [0, 0.001, 0.1, 0.25, 1 / 3, 0.5, 0.9, 0.99, 1]


def latencies() -> np.ndarray[Any, np.dtype[np.float64]]:
    random = np.random.default_rng(3)
    return np.concatenate([random.lognormal(3, 2, 700), -random.random(99), np.zeros(3)])


@pytest.mark.parametrize("buckets", [None, 1, 64])
def test_a_state_does_not_depend_on_the_partition(buckets: int | None) -> None:
    values = latencies()
    truth = values > np.random.default_rng(4).normal(20, 40, len(values))
    for kind, columns in (("quantiles", (values,)), ("scores", (truth, values))):
        whole = State(kind, buckets=buckets).update(*columns)
        parts = [
            State(kind, buckets=buckets).update(*(column[at::3] for column in columns))
            for at in (2, 0, 1)
        ]
        parts = [pickle.loads(pickle.dumps(part)) for part in parts]
        merged = parts[0].merge(parts[1].merge(parts[2]))
        assert merged == whole
        assert merged.to_bytes() == whole.to_bytes()
        assert State.from_bytes(whole.to_bytes()).finish() == whole.finish()


def test_quantiles_are_those_of_numpy() -> None:
    values = latencies()
    exact = State("quantiles").update(values[::2]).update(pa.array(values[1::2]))
    assert exact.quantile(SHARES) == np.quantile(values, SHARES).tolist()
    assert exact.quantile(0.3) == np.quantile(values, 0.3)
    assert exact.quantile(np.array([0.3])) == [exact.quantile(np.float64(0.3))]
    assert exact.quantile([]) == []
    assert exact.quantile_error(SHARES) == [0.0] * 9
    found = exact.finish()
    assert (found["count"], found["min"], found["max"]) == (802, values.min(), values.max())
    assert found["mean"] == pytest.approx(values.mean(), rel=1e-12)


def test_quantiles_of_buckets_are_within_their_errors() -> None:
    values = latencies()
    few = State("quantiles", buckets=100).update(values)
    given = zip(SHARES, few.quantile(SHARES), few.quantile_error(SHARES), strict=True)
    for share, value, error in given:
        assert abs(value - np.quantile(values, share)) <= error * (1 + 1e-12)
    assert few.quantile_error(0.5) > 0
    assert few.quantile_error([0, 1]) == [0.0, 0.0]
    found = few.finish()
    assert found["quantiles"][0.95] == few.quantile(0.95)
    assert found["quantile_errors"][0.95] == few.quantile_error(0.95)


def test_areas_of_buckets_are_within_their_errors() -> None:
    random = np.random.default_rng(7)
    truth = random.integers(0, 2, 4000)
    margins = random.normal(truth * 1.5, 3.0)
    area, precision = roc_auc_score(truth, margins), average_precision_score(truth, margins)
    exact = State("scores", buckets=4000).update(truth, margins).finish()
    assert (exact["auc_error"], exact["average_precision_error"]) == (0.0, 0.0)
    assert exact["roc_auc"] == pytest.approx(area, rel=1e-12)
    chances = 1 / (1 + np.exp(-margins))
    for probabilities, scores in ((False, margins), (True, chances)):
        state = State("scores", probabilities=probabilities, buckets=200).update(truth, scores)
        found = state.finish()
        assert 0 < abs(found["roc_auc"] - area) <= found["auc_error"] < 0.02
        off = abs(found["average_precision"] - precision)
        assert 0 < off <= found["average_precision_error"] < 0.05


VALUES = State("quantiles").update([1.0, 2.0])
CASES: list[tuple[str, Callable[[], object], str, type[Exception]]] = [
    ("no share", lambda: VALUES.quantile(1.5), "`q` is `1.5`, expected a number", ValueError),
    ("NaN", lambda: VALUES.quantile([0.5, math.nan]), "`q` is `nan`", TypeError),
    ("text", lambda: VALUES.quantile_error("0.5"), "`q` is `0.5`", TypeError),  # type: ignore[arg-type]
    (
        "of scores",
        lambda: State("scores").quantile(0.5),
        "quantiles are of .* `kind` is `scores`",
        ValueError,
    ),
    ("no rows", lambda: State("quantiles").quantile(0.5), "`y_true` is empty", ValueError),
    ("nothing seen", lambda: State("quantiles").finish(), "`y_true` is empty", ValueError),
    ("NaN", lambda: VALUES.update([1.0, math.nan]), "`y_true` has NaN", ValueError),
    ("infinite", lambda: VALUES.update([math.inf]), "`y_true` has NaN or inf", ValueError),
    ("table", lambda: VALUES.update(np.zeros((2, 2))), "`y_true`", ValueError),
    ("texts", lambda: VALUES.update(["a"]), "`y_true`", ValueError),
    ("second column", lambda: VALUES.update([1.0], [1.0]), "`y_pred` is given", ValueError),
    ("class", lambda: VALUES.update([1.0], pos_label=1), "`pos_label` is given", ValueError),
    ("no scores", lambda: State("scores").update([0, 1]), "`y_pred` is `None`", TypeError),
    ("no bucket", lambda: State("quantiles", buckets=0), "`buckets` is `0`", ValueError),
    (
        "many buckets",
        lambda: State("scores", buckets=(1 << 24) + 1),
        "`buckets` is `16777217`, expected at most 16777216",
        ValueError,
    ),
    (
        "half a bucket",
        lambda: State("scores", buckets=0.5),  # type: ignore[arg-type]
        "`buckets` is `0.5`",
        TypeError,
    ),
    (
        "probabilities",
        lambda: State("quantiles", probabilities=True),
        "`probabilities` are scores, and `kind` is `quantiles`",
        ValueError,
    ),
    (
        "no flag",
        lambda: State("scores", probabilities="no"),  # type: ignore[arg-type]
        "`probabilities` is `no`",
        TypeError,
    ),
]


@pytest.mark.parametrize(
    ("call", "message", "kind"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_mistakes_are_named(
    call: Callable[[], object], message: str, kind: type[Exception]
) -> None:
    with pytest.raises(InvalidError, match="^" + message) as caught:
        call()
    assert isinstance(caught.value, kind)
    assert VALUES.finish()["count"] == 2
