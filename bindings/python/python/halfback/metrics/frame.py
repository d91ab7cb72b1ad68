"""Any metric by group, as fairlearn's `MetricFrame` has it, without pandas."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from halfback import _native
from halfback.errors import InvalidError
from halfback.metrics.checks import TooFewError, choice, refused
from halfback.metrics.fairness import METHODS
from halfback.metrics.groups import features, groups, settled, taken
from halfback.metrics.intervals import bootstrap, plain_values, takes_weights
from halfback.metrics.warned import undefined_metric_warning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from halfback.metrics.columns import Column
    from halfback.metrics.groups import Group
    from halfback.metrics.intervals import BootstrapInterval

__all__ = ["MetricFrame"]

_MOST_ROWS = 50
_DRAWN = {"keys", "strata"}


class MetricFrame:
    """One metric or several for each group of rows, and for all rows.

    `metrics` is a function of `(y_true, y_pred)`, or a dict of such by name; they get the rows of a
    group in the library that they came in. `sensitive_features` is a column with the group of each
    row, or several whose groups are crossed: a dict of columns by name, a list of columns, or a
    table. `sample_params` is a dict of further columns, such as `sample_weight`; with several
    metrics a dict of such dicts by the name of the metric. Groups without rows are not listed.
    Source: fairlearn 0.15 `MetricFrame`.

    >>> from halfback.metrics import MetricFrame, accuracy_score
    >>> frame = MetricFrame(
    ...     metrics=accuracy_score,
    ...     y_true=[1, 0, 1, 0],
    ...     y_pred=[1, 0, 0, 0],
    ...     sensitive_features={"sex": ["f", "f", "m", "m"]},
    ... )
    >>> frame.by_group
    {'f': 1.0, 'm': 0.5}
    >>> frame.overall, frame.difference()
    (0.75, 0.5)
    >>> frame
    sex      accuracy_score
    f                     1
    m                   0.5
    overall            0.75
    """

    overall: Any
    """The metric of all rows; of several a dict by name."""

    by_group: dict[Any, Any]
    """The metric of each group, in the order of their labels; of several a dict by name.

    A group is the label of its rows, or a tuple of labels where features are crossed.
    """

    sensitive_levels: list[str]
    """The names of the features, in the order of a group's labels."""

    def __init__(
        self,
        *,
        metrics: Callable[..., Any] | Mapping[Any, Callable[..., Any]],
        y_true: Column,
        y_pred: Column,
        sensitive_features: Any,
        sample_params: Mapping[Any, Any] | None = None,
    ) -> None:
        self._single = callable(metrics)
        self._metrics = _named(metrics)
        truth = settled(y_true, "y_true", None)
        self._columns = (truth, settled(y_pred, "y_pred", len(truth)))
        self._params = self._settled(sample_params or {}, len(truth))
        self.sensitive_levels, columns = features(sensitive_features)
        self._groups = groups(
            [settled(column, "sensitive_features", len(truth)) for column in columns]
        )
        self.overall = self._each(
            lambda name: self._metrics[name](*self._columns, **self._params[name])
        )
        self.by_group = {
            group.name: self._each(partial(self._measure, rows=group.rows))
            for group in self._groups
        }

    def group_min(self) -> Any:
        """The smallest value of a group; of several metrics a dict by name.

        >>> from halfback.metrics import MetricFrame, accuracy_score
        >>> rows = {"y_true": [1, 0, 1, 0], "y_pred": [1, 0, 0, 0]}
        >>> frame = MetricFrame(
        ...     metrics=accuracy_score, sensitive_features=["f", "f", "m", "m"], **rows
        ... )
        >>> frame.group_min(), frame.group_max()
        (0.5, 1.0)
        """
        return self._between(0)

    def group_max(self) -> Any:
        """The largest value of a group; of several metrics a dict by name."""
        return self._between(1)

    def difference(self, method: str = "between_groups") -> Any:
        """The largest difference `between_groups`, or of a group `to_overall`.

        Groups whose value is NaN are left out here and in `ratio`.
        """
        choice("method", method, METHODS)
        return self._between(2 + METHODS.index(method))

    def ratio(self, method: str = "between_groups") -> Any:
        """The smallest ratio `between_groups`, or of a group `to_overall`, whichever is larger."""
        choice("method", method, METHODS)
        return self._between(4 + METHODS.index(method))

    def intervals(
        self,
        *,
        level: float = 0.95,
        replicates: int = 1000,
        seed: int = 0,
        keys: Iterable[object] | None = None,
        strata: Iterable[object] | None = None,
    ) -> dict[Any, Any]:
        """An interval of each group's value: that of `bootstrap` over the rows of the group.

        A weight among `sample_params` is multiplied by the draws; a metric without `sample_weight`
        sees each row, with all its columns, as often as it was drawn. `keys` and `strata` are a
        column for all rows each, as in `bootstrap`. A group whose value is NaN, or whose rows,
        clusters or resamples are too few, or all the same, has `None`. `overall_interval` has that
        of all rows.

        >>> from halfback.metrics import MetricFrame, accuracy_score
        >>> rows = {"y_true": [1, 0, 1, 0] * 50, "y_pred": [1, 0, 0, 0] * 50}
        >>> frame = MetricFrame(
        ...     metrics=accuracy_score, sensitive_features=["f", "m", "m", "m"] * 50, **rows
        ... )
        >>> found = frame.intervals(replicates=200)["m"]
        >>> 0.5 < found.lower < found.estimate < found.upper < 0.8
        True
        """
        options = {"level": level, "replicates": replicates, "seed": seed}
        options |= self._drawn(keys, strata)

        def of(group: Group) -> Any:
            value, rows = self.by_group[group.name], group.rows
            return self._each(partial(self._interval, value=value, rows=rows, options=options))

        return {group.name: of(group) for group in self._groups}

    def overall_interval(
        self,
        *,
        level: float = 0.95,
        replicates: int = 1000,
        seed: int = 0,
        keys: Iterable[object] | None = None,
        strata: Iterable[object] | None = None,
    ) -> Any:
        """An interval of the value of all rows, as `intervals` has them of groups.

        >>> from halfback.metrics import MetricFrame, accuracy_score
        >>> rows = {"y_true": [1, 0, 1, 0] * 50, "y_pred": [1, 0, 0, 0] * 50}
        >>> frame = MetricFrame(
        ...     metrics=accuracy_score, sensitive_features=["f", "m", "m", "m"] * 50, **rows
        ... )
        >>> found = frame.overall_interval(replicates=200)
        >>> found.estimate, 0.6 < found.lower < 0.75 < found.upper < 0.9
        (0.75, True)
        """
        options = {"level": level, "replicates": replicates, "seed": seed}
        options |= self._drawn(keys, strata)
        return self._each(partial(self._interval, value=self.overall, rows=None, options=options))

    def __repr__(self) -> str:
        names, overall, rows = self._shown()
        blank = [""] * (len(names) - len(overall) - 1)
        shown = [names, *rows[:_MOST_ROWS], ["overall", *blank, *overall]]
        table = _aligned(shown, len(names) - len(overall))
        left_out = len(rows) - _MOST_ROWS
        return f"{table}\n({left_out} more groups)" if left_out > 0 else table

    def _repr_html_(self) -> str:
        from halfback.notebook import frame_html

        return frame_html(self)

    def _shown(self) -> tuple[list[str], list[str], list[list[str]]]:
        """What is shown: the names of features and metrics, those of all rows, and each group."""
        rows = []
        for name, value in self.by_group.items():
            labels = [name] if len(self.sensitive_levels) == 1 else name
            rows.append([*map(str, labels), *self._texts(value)])
        names = [*self.sensitive_levels, *map(str, self._metrics)]
        return names, self._texts(self.overall), rows

    def _each(self, of: Callable[[str], Any]) -> Any:
        """Something of the one metric, or a dict of that by the names of several."""
        found = {name: of(name) for name in self._metrics}
        return next(iter(found.values())) if self._single else found

    def _one(self, value: Any, name: str) -> Any:
        return value if self._single else value[name]

    def _settled(self, params: Any, rows: int) -> dict[str, dict[str, Any]]:
        """The sample parameters of each metric."""
        if not isinstance(params, Mapping):
            raise refused("sample_params", params, "a dict")
        by_metric = dict.fromkeys(self._metrics, params) if self._single else params
        for name, options in by_metric.items():
            if name not in self._metrics or not isinstance(options, Mapping):
                expected = "a dict of columns for some of the names of `metrics`"
                raise refused("sample_params", name, expected)
        return {
            name: {
                key: settled(column, key, rows)
                for key, column in by_metric.get(name, {}).items()
                if column is not None
            }
            for name in self._metrics
        }

    def _of(self, name: str, rows: Any) -> tuple[list[Any], dict[str, Any]]:
        if rows is None:
            return [*self._columns], {**self._params[name]}
        columns = [taken(column, rows) for column in self._columns]
        return columns, {key: taken(column, rows) for key, column in self._params[name].items()}

    def _measure(self, name: str, rows: Any) -> Any:
        columns, params = self._of(name, rows)
        return self._metrics[name](*columns, **params)

    def _drawn(self, *columns: Any) -> dict[str, Any]:
        """Keys and strata as lists, where they are given."""
        rows = len(self._columns[0])
        return {
            name: plain_values(name, column, rows)
            for name, column in zip(("keys", "strata"), columns, strict=True)
            if column is not None
        }

    def _interval(
        self, name: str, value: Any, rows: Any, options: dict[str, Any]
    ) -> BootstrapInterval | None:
        if math.isnan(_number(self._one(value, name))):
            return None
        if rows is not None:
            own_rows = {name: taken(options[name], rows) for name in options.keys() & _DRAWN}
            options = options | own_rows
        columns, params = self._of(name, rows)
        metric = self._metrics[name]
        if params and "sample_weight" not in params and not takes_weights(metric, params):
            metric = _of_columns(metric, [*params])
            columns, params = [*columns, *params.values()], {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", undefined_metric_warning())
            try:
                found = bootstrap(metric, *columns, **options, **params)
            except TooFewError:
                return None
        return None if math.isnan(found.lower) else found

    def _between(self, place: int) -> Any:
        def of(name: str) -> float:
            values = [_number(self._one(value, name)) for value in self.by_group.values()]
            overall = _number(self._one(self.overall, name))
            return _native.metrics_by_group(values, overall)[place]

        return self._each(of)

    def _texts(self, value: Any) -> list[str]:
        return [_text(self._one(value, name)) for name in self._metrics]


def _named(metrics: Any) -> dict[Any, Callable[..., Any]]:
    if callable(metrics):
        return {getattr(metrics, "__name__", "metric"): metrics}
    if not isinstance(metrics, Mapping) or not all(map(callable, metrics.values())):
        raise refused("metrics", metrics, "a function or a dict of functions")
    if not metrics:
        raise InvalidError("`metrics` is empty, expected at least one", "invalid_argument")
    return dict(metrics)


def _number(value: Any) -> float:
    if not hasattr(value, "__float__") or getattr(value, "ndim", 0) != 0:
        raise refused("metrics", type(value).__name__, "functions that give a number")
    return float(value)


def _of_columns(metric: Callable[..., Any], names: list[str]) -> Callable[..., Any]:
    """The metric where its further columns are drawn with the others."""

    def drawn(y_true: Any, y_pred: Any, *further: Any) -> Any:
        return metric(y_true, y_pred, **dict(zip(names, further, strict=True)))

    return drawn


def _text(value: Any) -> str:
    if hasattr(value, "__float__") and getattr(value, "ndim", 0) == 0:
        return f"{float(value):.4g}"
    return " ".join(str(value).split())[:40]


def _aligned(lines: list[list[str]], left: int) -> str:
    """Lines of a table, the first columns to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if at < left else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )
