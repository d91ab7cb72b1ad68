"""Metrics of rows that come in batches, on many machines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self, overload

from halfback import _native
from halfback.errors import InvalidError
from halfback.metrics.checks import flag, number, refused, whole

if TYPE_CHECKING:
    from halfback.metrics.columns import Column

__all__ = ["State"]

_MOST_BUCKETS = 1 << 24
_QUANTILES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]


class State:
    """What has been seen of rows: exact, so that any partition and order end in the same bytes.

    `kind` is `classification` (labels against labels), `scores` (two classes against scores),
    `regression` (numbers against numbers) or `quantiles` (a column of numbers, such as latencies).
    Of scores every different one is kept, and areas are exact; of numbers every different one, and
    quantiles are exact.

    With `buckets`, from 1 to 2^24, memory is bounded, and `finish` states how far areas and
    quantiles may be off. Buckets of `probabilities` have equal width. Other scores, and numbers,
    are kept as they are while no more of them differ than there are buckets; beyond that,
    neighbours share buckets, whose width doubles for all, relative to the numbers, until they fit.
    With `probabilities` there are log loss and Brier score too.

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
        given = flag("probabilities", probabilities)
        if buckets is not None and whole("buckets", buckets, 1) > _MOST_BUCKETS:
            raise _invalid(f"`buckets` is `{buckets}`, expected at most {_MOST_BUCKETS}")
        if given and kind != "scores":
            raise _invalid(f"`probabilities` are scores, and `kind` is `{kind}`")
        if buckets is not None and kind not in ("scores", "quantiles"):
            raise _invalid(f"`buckets` are of scores and quantiles, and `kind` is `{kind}`")
        self._state = _native.MetricState(kind, given, buckets)

    @property
    def kind(self) -> str:
        """`classification`, `scores`, `regression` or `quantiles`."""
        return self._state.spec()[0]

    def update(
        self, y_true: Column, y_pred: Column | None = None, *, pos_label: object = None
    ) -> Self:
        """Sees more rows, and gives itself; after an error it is what it was.

        `y_pred` has labels, scores or numbers, as the kind has it. Of scores, `pos_label` is the
        positive class; it may be left out where labels are from {0, 1} or {-1, 1}. Of quantiles,
        `y_true` has the numbers, and `y_pred` is left out.
        """
        if self.kind == "quantiles":
            for name, given in (("y_pred", y_pred), ("pos_label", pos_label)):
                if given is not None:
                    raise _invalid(f"`{name}` is given, and `kind` is `quantiles`: leave it out")
        elif y_pred is None:
            raise refused("y_pred", None, "a column")
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
        `average_precision`, `average_precision_error`, and of probabilities `log_loss` and
        `brier_score`; an error is how far the number may be from that of the scores themselves,
        zero without buckets. Of numbers against numbers: `mean_absolute_error`,
        `root_mean_squared_error`, `bias` and `r2`. Of a column of numbers: `count`, `min`, `max`,
        `mean`, and for q of 0.01, 0.05, 0.25, 0.5, 0.75, 0.95 and 0.99 `quantiles` and
        `quantile_errors`.
        """
        found = self._state.finish()
        if "matrix" in found:
            cells = [int(cell) for cell in memoryview(found["matrix"]).cast("d")]
            classes = len(found["labels"])
            found["matrix"] = [cells[row * classes : (row + 1) * classes] for row in range(classes)]
        if "mean" in found:
            found["quantiles"] = dict(zip(_QUANTILES, self.quantile(_QUANTILES), strict=True))
            errors = self.quantile_error(_QUANTILES)
            found["quantile_errors"] = dict(zip(_QUANTILES, errors, strict=True))
        return found

    @overload
    def quantile(self, q: float) -> float: ...
    @overload
    def quantile(self, q: Iterable[float]) -> list[float]: ...
    def quantile(self, q: float | Iterable[float]) -> float | list[float]:
        """The quantile at `q`, from 0 to 1, or one for each, of a state of `quantiles`.

        Without buckets it is `numpy.quantile`, whose method is `linear`; with buckets it is in the
        middle of where that may lie, at most `quantile_error` from it.

        >>> from halfback.metrics import State
        >>> State("quantiles").update([3.0, 1.0, 2.0]).quantile([0.5, 0.75])
        [2.0, 2.5]
        """
        return self._quantile(q, 0)

    @overload
    def quantile_error(self, q: float) -> float: ...
    @overload
    def quantile_error(self, q: Iterable[float]) -> list[float]: ...
    def quantile_error(self, q: float | Iterable[float]) -> float | list[float]:
        """How far `quantile` may be from the quantile of the numbers themselves, up to rounding.

        It is zero without buckets, and while there are no more different numbers than buckets.
        """
        return self._quantile(q, 1)

    def _quantile(self, q: float | Iterable[float], half: int) -> float | list[float]:
        if self.kind != "quantiles":
            raise _invalid(f"quantiles are of a state of `quantiles`, and `kind` is `{self.kind}`")
        if isinstance(q, Iterable) and not isinstance(q, str):
            pairs = self._state.quantiles([_share(one) for one in q])
            return [pair[half] for pair in pairs]
        return self._state.quantiles([_share(q)])[0][half]

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


def _share(q: object) -> float:
    return number("q", q, 0.0, 1.0, "a number from 0 to 1")


def _invalid(message: str) -> InvalidError:
    return InvalidError(message, "invalid_argument")
