"""Measured evidence: evaluations of versions, and comparisons of two of them on the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

from halfback import _native, arguments, records
from halfback.arguments import integer, text
from halfback.entities import Comparison, Evaluation, ModelVersion
from halfback.errors import InvalidError, InvalidTypeError
from halfback.transactions import Transactions
from halfback.wire import encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from halfback.own_metrics import OwnMetric, OwnMetrics

__all__ = ["Evaluations"]

Array: TypeAlias = Any
"""A list, or an array or column of NumPy, pandas, polars or pyarrow."""

Label: TypeAlias = "str | int | float | bool"


class Evaluations(Transactions):
    """The commands of `halfback.Registry` on evaluations and comparisons."""

    def evaluate(
        self,
        version: str | ModelVersion,
        y_true: Array,
        y_pred: Array | None = None,
        y_score: Array | None = None,
        *,
        slices: Mapping[str, Array] | Array | None = None,
        dataset: str | Mapping[str, str] | None = None,
        task: records.Task | None = None,
        weights: Array | None = None,
        clusters: Array | None = None,
        strata: Array | None = None,
        metrics: Mapping[str, OwnMetric] | None = None,
        pos_label: Label | None = None,
        labels: Sequence[Label] | None = None,
        threshold: float | None = None,
        seed: int = 0,
        level: float = 0.95,
        replicates: int | None = None,
    ) -> Evaluation:
        """Measures a version's predictions, each metric with its interval, and keeps that.

        `y_pred` are labels or numbers; `y_score` are scores of the positive class, or a table of
        probabilities with a column for each class in ascending order, as `predict_proba` gives it.
        A frame whose columns are named after the classes may have them in any order. `slices` are
        columns of labels by name, or a table of them: every value of each is measured alone too,
        days and intervals by their texts. `dataset` is the name of what the rows are of, or its
        `name` and `digest`. `weights` say how much each row counts, zero or more.

        `clusters` are for repeated rows of the same customer, patient or day: a whole number, text
        or boolean for each row. Rows of one cluster are not independent, so that every interval
        comes by a bootstrap of whole clusters, of which two at least are needed. `strata`, such as
        sites, keep the weight in every resample that they have in the rows.

        `metrics` are further ones by name: functions `metric(y_true, y_pred, sample_weight=…)` that
        give a number, with the scores where there is no `y_pred`. Each gets arrays of all rows or
        of a slice, has a bootstrap interval, and is undefined where it is NaN.

        Only the numbers are kept, not the rows. The same rows and settings give the same
        evaluation.

        >>> evaluation = registry.evaluate(
        ...     "risk.credit.default/1",
        ...     y_true=[0, 0, 1, 1, 0, 1],
        ...     y_score=[0.1, 0.4, 0.35, 0.8, 0.2, 0.9],
        ...     slices={"region": ["north", "north", "south", "south", "south", "north"]},
        ...     dataset="applications",
        ... )
        >>> evaluation
        <Evaluation of models:/risk.credit.default/1 on applications: 6 rows, roc_auc 0.8889>
        >>> evaluation.metric("accuracy").lower > 0.4
        True
        >>> of_customers = registry.evaluate(
        ...     "risk.credit.default/1",
        ...     y_true=[0, 0, 1, 1, 0, 1],
        ...     y_score=[0.1, 0.4, 0.35, 0.8, 0.2, 0.9],
        ...     clusters=["ann", "ann", "bob", "bob", "eve", "eve"],
        ...     level=0.7,  # 95 % takes six clusters
        ... )
        >>> of_customers.clusters, of_customers.metric("brier").method
        (3, 'cluster_bootstrap')
        >>> def profit(y_true, y_pred, sample_weight):
        ...     return float(((60 * y_true - 20) * y_pred * sample_weight).sum())
        >>> paid = registry.evaluate(
        ...     "risk.credit.default/1", [0, 1, 1, 0], [0, 1, 0, 1], metrics={"profit": profit}
        ... )
        >>> paid.metric("profit").value
        20.0
        """
        drawn = _columns(weights=weights, clusters=clusters, strata=strata)
        roles = _columns(y_true=y_true, y_pred=y_pred, y_score=y_score) | drawn
        options = _options(dataset, task, pos_label, labels, threshold, seed, level, replicates)
        own = None if metrics is None else _own("metrics", metrics, roles)
        request = {
            "version": self._reference("version", version),
            "options": options,
            "metrics": [] if own is None else own.names,
        }
        return _native.evaluate(
            self._handle, encode(request), roles, _slices(slices), own, Evaluation
        )

    def compare(
        self,
        candidate: str | ModelVersion,
        baseline: str | ModelVersion,
        y_true: Array,
        *,
        y_pred: tuple[Array, Array] | None = None,
        y_score: tuple[Array, Array] | None = None,
        metric: str | Mapping[str, OwnMetric] | None = None,
        higher_is_better: bool | None = None,
        alternative: records.Alternative = "difference",
        margin: float = 0.0,
        adjustment: records.Adjustment = "holm",
        slices: Mapping[str, Array] | Array | None = None,
        dataset: str | Mapping[str, str] | None = None,
        task: records.Task | None = None,
        weights: Array | None = None,
        clusters: Array | None = None,
        strata: Array | None = None,
        pos_label: Label | None = None,
        labels: Sequence[Label] | None = None,
        threshold: float | None = None,
        seed: int = 0,
        level: float = 0.95,
        replicates: int | None = None,
    ) -> Comparison:
        """Compares two versions on the same rows, and keeps the comparison with its verdict.

        `y_pred` and `y_score` are pairs: the candidate's column, then the baseline's. The `margin`
        is the difference that matters, in the unit of the metric; p-values of slices are adjusted
        for their number. With `weights`, `clusters` or `strata`, as in `evaluate`, the difference
        is told by a bootstrap that draws the rows of both versions together, whatever the metric.

        A `metric` of one's own is a name with a function, as in `evaluate`, and `higher_is_better`
        says whether more of it is better: the same bootstrap compares it.

        >>> comparison = registry.compare(
        ...     "risk.credit.default/2",
        ...     "risk.credit.default@champion",
        ...     y_true=[0, 0, 1, 1, 0, 1],
        ...     y_score=([0.1, 0.2, 0.7, 0.8, 0.2, 0.9], [0.1, 0.4, 0.35, 0.8, 0.2, 0.9]),
        ... )
        >>> comparison.verdict, comparison.results[0].difference > 0
        ('inconclusive', True)
        >>> def profit(y_true, y_pred, sample_weight):
        ...     return float(((60 * y_true - 20) * y_pred * sample_weight).sum())
        >>> paid = registry.compare(
        ...     "risk.credit.default/2",
        ...     "risk.credit.default@champion",
        ...     y_true=[0, 1, 1, 0],
        ...     y_pred=([0, 1, 1, 0], [0, 1, 0, 1]),
        ...     metric={"profit": profit},
        ...     higher_is_better=True,
        ... )
        >>> paid.metric, paid.results[0].difference, paid.method
        ('profit', 60.0, 'paired_bootstrap')
        """
        roles = _columns(y_true=y_true, weights=weights, clusters=clusters, strata=strata)
        for name, pair in (("y_pred", y_pred), ("y_score", y_score)):
            if pair is not None:
                given = [_column(name, column) for column in _pair(name, pair)]
                roles[name], roles[f"baseline.{name}"] = given
        options = _options(dataset, task, pos_label, labels, threshold, seed, level, replicates)
        options |= {
            "alternative": _word("alternative", alternative, records.Alternative),
            "margin": arguments.number("margin", margin),
            "adjustment": _word("adjustment", adjustment, records.Adjustment),
        }
        own = None
        if isinstance(metric, Mapping):
            own = _own("metric", metric, roles)
            options["metric"], higher_is_better = own.one(higher_is_better)
        elif metric is not None and not isinstance(metric, str):
            wanted = "a name (`str`), or one with its function (`dict`)"
            raise arguments.wrong_type("metric", wanted, metric)
        elif higher_is_better is not None:
            message = "`higher_is_better` is for a metric of one's own; of others it is known"
            raise InvalidError(message, "invalid_argument")
        elif metric is not None:
            options["metric"] = text("metric", metric)
        request = {
            "candidate": self._reference("candidate", candidate),
            "baseline": self._reference("baseline", baseline),
            "options": options,
            "higher_is_better": higher_is_better,
        }
        return _native.compare(
            self._handle, encode(request), roles, _slices(slices), own, Comparison
        )

    def record_evaluation(
        self,
        version: str | ModelVersion,
        measurement: Mapping[str, Any] | records.Measurement,
        *,
        idempotency_key: str | None = None,
    ) -> Evaluation:
        """Keeps what was measured of a version elsewhere: the fields of a `records.Measurement`.

        >>> accuracy = {"metric": "accuracy", "rows": 200, "value": 0.91}
        >>> registry.record_evaluation("risk.credit.default/1", {
        ...     "task": "binary", "rows": 200, "level": 0.95, "library": "own 1.0",
        ...     "data_digest": "sha256:" + 64 * "0", "metrics": [accuracy],
        ... }).metric("accuracy").value
        0.91
        """
        from halfback.fields import fitting

        fields = {
            "version": self._reference("version", version),
            "measurement": fitting("measurement", measurement, records.Measurement),
        }
        return self._output(Evaluation, "record_evaluation", idempotency_key, fields)

    def record_comparison(
        self,
        candidate: str | ModelVersion,
        baseline: str | ModelVersion,
        measurement: Mapping[str, Any] | records.PairedMeasurement,
        *,
        idempotency_key: str | None = None,
    ) -> Comparison:
        """Keeps how two versions compare, measured elsewhere: a `records.PairedMeasurement`.

        >>> result = {"rows": 200, "difference": 0.02, "verdict": "better", "reason": "an A/B test"}
        >>> registry.record_comparison(
        ...     "risk.credit.default/2", "risk.credit.default/1", {
        ...         "task": "binary", "metric": "conversion", "rows": 200, "level": 0.95,
        ...         "library": "own 1.0", "data_digest": "sha256:" + 64 * "0", "method": "own",
        ...         "alternative": "superiority", "margin": 0, "adjustment": "holm",
        ...         "results": [result],
        ...     }
        ... ).verdict
        'better'
        """
        from halfback.fields import fitting

        fields = {
            "candidate": self._reference("candidate", candidate),
            "baseline": self._reference("baseline", baseline),
            "measurement": fitting("measurement", measurement, records.PairedMeasurement),
        }
        return self._output(Comparison, "record_comparison", idempotency_key, fields)


def _columns(**columns: Array | None) -> dict[str, Array]:
    from halfback.tables import worded

    given = {name: column for name, column in columns.items() if column is not None}
    found = {name: _column(name, column) for name, column in given.items()}
    return found | {name: worded(found[name]) for name in ("clusters", "strata") if name in found}


def _column(name: str, column: Array) -> Array:
    """A column that can be read twice: by the core, and for metrics of the caller's own."""
    if isinstance(column, (Set, Mapping)):
        found = type(column).__name__
        message = f"`{name}` is of type `{found}`, expected an array or a list"
        raise InvalidTypeError(message, "invalid_argument")
    is_read_once = isinstance(column, Iterable) and not hasattr(column, "__getitem__")
    return list(column) if is_read_once else column


def _own(argument: str, functions: object, roles: Mapping[str, Array]) -> OwnMetrics:
    from halfback.own_metrics import OwnMetrics

    return OwnMetrics(argument, functions, roles)


def _slices(slices: Mapping[str, Array] | Array | None) -> dict[str, Array]:
    if slices is None:
        return {}
    from halfback.libraries import belongs
    from halfback.tables import named_columns, worded

    if isinstance(slices, Mapping):
        named: list[tuple[Any, Array]] | None = list(slices.items())
    elif belongs(slices, "pandas", "Series") or belongs(slices, "polars", "Series"):
        named = [(slices.name, slices)]
    else:
        named = named_columns(slices)
    if named is None:
        wanted = "a mapping from names to columns (`dict`), or a table"
        raise arguments.wrong_type("slices", wanted, slices)
    found: dict[str, Array] = {}
    for name, column in named:
        if text("slices key", name) in found:
            message = f"`slices` has two columns `{name}`, expected different names"
            raise InvalidError(message, "invalid_argument")
        found[name] = worded(_column(f"slices.{name}", column))
    return found


def _pair(name: str, pair: object) -> tuple[Array, Array]:
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        wanted = "a pair of columns, `(candidate, baseline)`"
        raise arguments.wrong_type(name, wanted, pair)
    return pair[0], pair[1]


def _word(name: str, value: object, words: object) -> str:
    """One of the words of a record's field."""
    return arguments.word(name, value, get_args(words))


def _count(name: str, value: object) -> int:
    number = integer(name, value)
    if number < 0:
        raise InvalidError(f"`{name}` is `{number}`, expected zero or more", "invalid_argument")
    return number


def _dataset(dataset: object) -> dict[str, Any]:
    from halfback.fields import fitting

    named = {"name": dataset} if isinstance(dataset, str) else dataset
    found = fitting("dataset", named, records.Dataset)
    if "name" not in found:
        raise InvalidError("`dataset` has no `name`; give it one", "invalid_argument")
    return found


def _options(
    dataset: str | Mapping[str, str] | None,
    task: str | None,
    pos_label: Label | None,
    labels: Sequence[Label] | None,
    threshold: float | None,
    seed: int,
    level: float,
    replicates: int | None,
) -> dict[str, Any]:
    options: dict[str, Any] = {
        "seed": _count("seed", seed),
        "level": arguments.number("level", level),
    }
    if dataset is not None:
        options["dataset"] = _dataset(dataset)
    if task is not None:
        options["task"] = _word("task", task, records.Task)
    if pos_label is not None:
        options["pos_label"] = arguments.param("pos_label", pos_label)
    if labels is not None:
        if isinstance(labels, str) or not isinstance(labels, Iterable):
            raise arguments.wrong_type("labels", "a list of labels", labels)
        options["labels"] = [
            arguments.param(f"labels[{at}]", label) for at, label in enumerate(labels)
        ]
    if threshold is not None:
        options["threshold"] = arguments.number("threshold", threshold)
    if replicates is not None:
        options["replicates"] = arguments.within("replicates", replicates, 2, 1_000_000)
    return options
