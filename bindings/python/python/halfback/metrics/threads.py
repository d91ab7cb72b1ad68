"""How many threads a metric takes: one, unless `n_threads` says otherwise."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from halfback import _native
from halfback.metrics.checks import whole

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["n_threads"]


@contextmanager
def n_threads(count: int | None = None, /) -> Iterator[None]:
    """Lets metrics inside the block take up to `count` threads, `None` for one a processor.

    So do `registry.evaluate` and `registry.compare`. It holds for calls from the thread that
    entered the block. Results are the same to the last bit for any number of threads; columns of
    fewer than some 100,000 rows are left to one. Functions of scikit-learn's names keep its
    parameters, and so have none for it.

    >>> from halfback.metrics import n_threads, roc_auc_score
    >>> with n_threads(2):
    ...     roc_auc_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    before = _native.metrics_threads(0 if count is None else whole("count", count, 1))
    try:
        yield
    finally:
        _native.metrics_threads(before)
