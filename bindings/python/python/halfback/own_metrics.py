"""Metrics of the caller's own in an evaluation, told by the same resamples as all others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import isinf, isnan
from typing import Any, TypeAlias

from halfback import records
from halfback.arguments import text, wrong_type
from halfback.errors import InvalidError
from halfback.libraries import library

__all__ = ["OwnMetric", "Rows", "checked", "measured"]

OwnMetric: TypeAlias = Callable[..., float]
"""`metric(y_true, y_pred, sample_weight=…)`, a number; of scores where there are no labels."""


@dataclass(frozen=True)
class Rows:
    """Columns as arrays that nobody can change, and how their rows are drawn."""

    truth: Any
    predicted: Any
    weights: Any
    keys: Any
    strata: Any
    is_clustered: bool
    seed: int
    replicates: int
    level: float

    @classmethod
    def of(cls, roles: Mapping[str, Any], settings: Mapping[str, Any]) -> Rows:
        """The columns by role, with the options of the evaluation."""
        numpy = library("numpy", "a metric of one's own")

        def array(name: str) -> Any:
            values = numpy.array(roles[name])
            values.flags.writeable = False
            return values

        truth, clusters = array("y_true"), roles.get("clusters")
        return cls._locked(
            truth,
            array("y_pred" if "y_pred" in roles else "y_score"),
            array("weights").astype(float) if "weights" in roles else numpy.ones(len(truth)),
            array("clusters") if clusters is not None else numpy.arange(len(truth)),
            array("strata") if "strata" in roles else None,
            clusters is not None,
            settings["seed"],
            settings.get("replicates", 1000),
            settings["level"],
        )

    def select(self, chosen: list[int]) -> Rows:
        """Some of the rows, by their places here."""
        strata = None if self.strata is None else self.strata[chosen]
        columns = (self.truth, self.predicted, self.weights, self.keys)
        rest = (strata, self.is_clustered, self.seed, self.replicates, self.level)
        return self._locked(*(column[chosen] for column in columns), *rest)

    @classmethod
    def _locked(cls, *fields: Any) -> Rows:
        for field in fields:
            if hasattr(field, "flags"):
                field.flags.writeable = False
        return cls(*fields)

    @property
    def method(self) -> str:
        """How intervals come about."""
        within = "" if self.strata is None else "stratified_"
        return within + ("cluster_bootstrap" if self.is_clustered else "bootstrap")


def checked(metrics: object) -> dict[str, OwnMetric]:
    """The metrics by name."""
    if not isinstance(metrics, Mapping):
        raise wrong_type("metrics", "a mapping from names to functions (`dict`)", metrics)
    for name, metric in metrics.items():
        if not text("metrics key", name) or "." in name:
            raise InvalidError(
                f"`metrics` has the name `{name}`, expected one that is not empty and has no dot",
                "invalid_argument",
            )
        if not callable(metric):
            raise wrong_type(f"metrics[{name!r}]", "a function that gives a number", metric)
    return dict(metrics)


def measured(
    measurement: records.Measurement,
    metrics: Mapping[str, OwnMetric],
    rows: Rows,
    slices: Mapping[str, Any],
) -> records.Measurement:
    """The measurement with these metrics after the others of the same rows."""
    known = {value.metric for value in measurement.metrics}
    for name in metrics:
        if name in known:
            raise InvalidError(
                f"`metrics` has `{name}`, which is measured already; give it another name",
                "invalid_argument",
            )
    groups: dict[records.Slice | None, list[records.MetricValue]] = {}
    for value in measurement.metrics:
        groups.setdefault(value.slice, []).append(value)
    numpy = library("numpy", "a metric of one's own")
    labels = {
        name: [_label(at) for at in numpy.array(column).tolist()] for name, column in slices.items()
    }
    for slice_, values in groups.items():
        part = rows
        if slice_ is not None:
            column = labels[slice_.column]
            part = rows.select([at for at, label in enumerate(column) if label == slice_.value])
        values += [_value(name, metric, part, slice_) for name, metric in metrics.items()]
    together = tuple(value for values in groups.values() for value in values)
    drawn = rows.replicates if metrics else measurement.replicates
    return replace(measurement, metrics=together, replicates=drawn)


def _label(value: object) -> str:
    """A label as slices have it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(
    name: str, metric: OwnMetric, rows: Rows, slice_: records.Slice | None
) -> records.MetricValue:
    told = records.MetricValue(metric=name, rows=len(rows.truth), slice=slice_)
    if not rows.weights.any():
        return replace(told, undefined="too_few_rows")
    value = _called(name, metric, rows, rows.weights)
    if isnan(value) or isinf(value):
        return replace(told, undefined="not_a_number" if isnan(value) else "too_large")
    told = replace(told, value=value)
    bounds = _bounds(name, metric, rows)
    if bounds is None:
        return told
    lower, upper = min(bounds[0], value), max(bounds[1], value)
    return replace(told, lower=lower, upper=upper, method=rows.method)


def _called(name: str, metric: OwnMetric, rows: Rows, weights: Any) -> float:
    weights.flags.writeable = False
    found = metric(rows.truth, rows.predicted, sample_weight=weights)
    if not hasattr(found, "__float__") or getattr(found, "ndim", 0) != 0:
        raise wrong_type(f"metrics[{name!r}]", "a function that gives a number", found)
    return float(found)


def _bounds(name: str, metric: OwnMetric, rows: Rows) -> tuple[float, float] | None:
    """The interval; none where the resamples do not tell one."""
    from halfback.metrics.intervals import bootstrap

    if rows.is_clustered and len(set(rows.keys.tolist())) == 1:
        return None
    drawn: list[float] = []
    failed = False

    def resampled(_: Any, sample_weight: Any) -> float:
        nonlocal failed
        weights = rows.weights * sample_weight
        if not weights.any():
            return float("nan")
        # To the weight of all rows, so that a sum is told like the mean that it is a multiple of.
        weights *= rows.weights.sum() / weights.sum()
        failed = True
        value = _called(name, metric, rows, weights)
        failed = False
        if isnan(value) or isinf(value):
            return float("nan")
        drawn.append(value)
        return value

    try:
        found = bootstrap(
            resampled,
            rows.truth,
            replicates=rows.replicates,
            seed=rows.seed,
            level=rows.level,
            keys=rows.keys,
            strata=rows.strata,
        )
    except InvalidError:
        # The first call is with every row once.
        if failed or len(drawn) > 2:
            raise
        return None
    lowest, highest = found.replicates[0], found.replicates[-1]
    differ = highest - lowest > 1e-12 * abs(found.estimate)
    return (found.lower, found.upper) if differ else None
