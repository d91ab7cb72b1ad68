"""Metrics of rows that come in batches, on many machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from halfback import _native
from halfback.errors import InvalidError
from halfback.metrics.checks import flag, refused, whole

if TYPE_CHECKING:
    from halfback.metrics.columns import Column

__all__ = ["State"]

_MOST_BUCKETS = 1 << 24


class State:
    """What has been seen of rows: exact, so that any partition and order end in the same bytes.

    `kind` is `classification` (labels against labels), `scores` (two classes against scores) or
    `regression` (numbers against numbers). Of scores every different one is kept, and areas are
    exact; with `buckets` for probabilities, memory is bounded, and `auc_error` states how far the
    area may be off. With `probabilities` there are log loss and Brier score too.

    A state can be pickled, as the bytes of `to_bytes`; it takes no weights.

    >>> from halfback.metrics import State
    >>> one = State("scores").update([0, 1], [0.1, 0.8])
    >>> other = State("scores").update([1, 0], [0.7, 0.9])
    >>> one.merge(other).finish()["roc_auc"]
    0.5
    """

    __slots__ = ("_state",)

    def __init__(
        self, kind: str, *, probabilities: bool = False, buckets: int | None = None
    ) -> None:
        if buckets is not None and whole("buckets", buckets, 1) > _MOST_BUCKETS:
            message = f"`buckets` is `{buckets}`, expected at most {_MOST_BUCKETS}"
            raise InvalidError(message, "invalid_argument")
        if kind != "scores" and (flag("probabilities", probabilities) or buckets is not None):
            message = f"`probabilities` and `buckets` are of scores, and `kind` is `{kind}`"
            raise InvalidError(message, "invalid_argument")
        self._state = _native.MetricState(kind, flag("probabilities", probabilities), buckets)

    @property
    def kind(self) -> str:
        """`classification`, `scores` or `regression`."""
        return self._state.spec()[0]

    def update(self, y_true: Column, y_pred: Column, *, pos_label: object = None) -> Self:
        """Sees more rows, and gives itself; after an error it is what it was.

        `y_pred` has labels, scores or numbers, as the kind has it. Of scores, `pos_label` is the
        positive class; it may be left out where labels are from {0, 1} or {-1, 1}.
        """
        self._state.update(y_true, y_pred, pos_label)
        return self

    def merge(self, other: State) -> Self:
        """Sees what another state of the same kind has seen, and gives itself."""
        if not isinstance(other, State):
            raise refused("other", other, "a state")
        self._state.merge(other._state)
        return self

    def finish(self) -> dict[str, Any]:
        """The metrics of all rows seen, of which there must be some.

        Of labels: `labels`, `matrix` (rows of counts), `accuracy`, `balanced_accuracy` and
        `matthews_corrcoef`. Of scores: `positives`, `negatives`, `roc_auc`, `auc_error`,
        `average_precision`, and of probabilities `log_loss` and `brier_score`. Of numbers:
        `mean_absolute_error`, `root_mean_squared_error`, `bias` and `r2`.
        """
        found = self._state.finish()
        if "matrix" in found:
            cells = [int(cell) for cell in memoryview(found["matrix"]).cast("d")]
            classes = len(found["labels"])
            found["matrix"] = [cells[row * classes : (row + 1) * classes] for row in range(classes)]
        return found

    def to_bytes(self) -> bytes:
        """The state as bytes, the same for the same rows in any order and partition."""
        return self._state.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The state that `to_bytes` wrote. Other bytes are a `ValueError`."""
        state = cls.__new__(cls)
        state._state = _native.MetricState.from_bytes(bytes(data))
        return state

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, State):
            return NotImplemented
        return self._state == other._state

    __hash__ = None  # type: ignore[assignment]  # it changes, and has no hash

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        return type(self).from_bytes, (self.to_bytes(),)

    def __repr__(self) -> str:
        return f"<State of {self.kind}>"
