"""Mergeable states of `halfback.metrics`."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from halfback import metrics


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("classification", {}),
        ("scores", {"probabilities": True}),
        ("scores", {"probabilities": True, "buckets": 64}),
        ("regression", {}),
    ],
)
def test_a_state_does_not_depend_on_the_partition(kind: str, options: dict[str, Any]) -> None:
    random = np.random.default_rng(5)
    truth = random.integers(0, 2, 999)
    other = (
        truth if kind == "classification" else np.clip(truth * 0.3 + random.random(999) / 2, 0, 1)
    )
    given = truth.astype(float) if kind == "regression" else truth
    whole = metrics.State(kind, **options).update(given, other)
    parts = [metrics.State(kind, **options).update(given[at::3], other[at::3]) for at in (2, 0, 1)]
    parts = [pickle.loads(pickle.dumps(part)) for part in parts]
    merged = parts[0].merge(parts[1].merge(parts[2]))
    assert merged == whole
    assert merged.to_bytes() == whole.to_bytes()
    assert metrics.State.from_bytes(whole.to_bytes()).finish() == whole.finish()
    found = whole.finish()
    if kind == "scores" and "buckets" not in options:
        assert found["roc_auc"] == pytest.approx(metrics.roc_auc_score(truth, other), rel=1e-12)
        assert found["log_loss"] == pytest.approx(metrics.log_loss(truth, other), rel=1e-12)
    if kind == "classification":
        assert found["matrix"] == metrics.confusion_matrix(truth, other).tolist()
    before = whole.to_bytes()
    with pytest.raises(ValueError, match=r"`y_(pred|score)`"):
        whole.update(given, other[1:])
    assert whole.to_bytes() == before
