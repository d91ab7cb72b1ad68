"""Columns that lack values, and columns of days, intervals, decimals and the like."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import halfback
import pytest
from conftest import MODEL
from halfback import metrics

if TYPE_CHECKING:
    from collections.abc import Callable

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

NAN = float("nan")
Y = [0, 1, 1, 0]


Site = Enum("Site", ["NORTH", "SOUTH"])


LACKING: dict[str, Callable[[list[Any]], Any]] = {
    "list": list,
    "objects": lambda values: np.array(values, dtype=object),
    "nan": lambda values: np.array([NAN if v is None else v for v in values], dtype=object),
    "NA": lambda values: pd.Series([pd.NA if v is None else v for v in values], dtype=object),
    "NaT": lambda values: [pd.NaT if v is None else v for v in values],
    "category": lambda values: pd.Series(values, dtype="category"),
    "pandas": pd.Series,
    "polars": pl.Series,
    "arrow": pa.array,
    "chunks": lambda values: pa.chunked_array([values]),
    "dictionary": lambda values: pa.array(values).dictionary_encode(),
}


@pytest.mark.parametrize("values", [["a", "b", None, "a"], [None, "a", "b", "a"], [True, None] * 2])
@pytest.mark.parametrize("kind", LACKING)
def test_a_label_that_lacks_is_told_as_missing(kind: str, values: list[Any]) -> None:
    column = LACKING[kind](values)
    for name, pair in {"y_true": (column, ["a"] * 4), "y_pred": (["a"] * 4, column)}.items():
        with pytest.raises(halfback.InvalidError, match=f"`{name}` has (missing values|NaN)"):
            metrics.accuracy_score(*pair)
    with pytest.raises(halfback.InvalidError, match=r"`sensitive_features` has (missing|NaN)"):
        metrics.demographic_parity_difference(Y, Y, sensitive_features=column)
    with pytest.raises(halfback.InvalidError, match="`keys` has no value at row"):
        metrics.bootstrap(metrics.accuracy_score, Y, Y, keys=column)


@pytest.mark.parametrize("dtype", ["string[python]", "string[pyarrow]", "Int64", "Float64"])
def test_a_nullable_column_that_lacks_is_told_as_missing(dtype: str) -> None:
    column = pd.Series(["1", None, "0", "1"]).astype(dtype)
    with pytest.raises(halfback.InvalidError, match=r"`y_true` has (missing values|NaN)"):
        metrics.accuracy_score(column, Y)
    with pytest.raises(halfback.InvalidError, match="`strata` has no value at row 1"):
        metrics.bootstrap(metrics.accuracy_score, Y, Y, strata=column)


CALLS: dict[str, Callable[[Any], object]] = {
    "y_true": lambda column: metrics.r2_score(column, Y),
    "y_score": lambda column: metrics.roc_auc_score(Y, column),
    "sample_weight": lambda column: metrics.accuracy_score(Y, Y, sample_weight=column),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("value", [None, NAN, pd.NA, pd.NaT])
def test_a_number_that_lacks_is_told_as_missing(value: object, name: str) -> None:
    values = [0.5, value, 1, 0]
    for column in (values, pd.Series(values, dtype=object)):
        with pytest.raises(halfback.InvalidError, match=f"`{name}` has (missing values|NaN)"):
            CALLS[name](column)


DAYS = [dt.date(2020, 1, 1), dt.date(2020, 1, 2)] * 2
DAY_TEXTS = ["2020-01-01", "2020-01-02"]
# Both days twice, at midnight.
INSTANTS = [
    np.datetime64("2020-01-01T00:00:00.000000000"),
    pd.Timestamp("2020-01-02"),
    dt.datetime(2020, 1, 1),
    np.datetime64("2020-01-02T00:00", "m"),
]
WORDED: dict[str, tuple[Any, list[str]]] = {
    "intervals": (pd.cut(pd.Series([1, 5, 1, 5]), [0, 3, 6]), ["(0, 3]", "(3, 6]"]),
    "periods": (pd.Series(pd.PeriodIndex(DAY_TEXTS * 2, freq="D")), DAY_TEXTS),
    "dates": (DAYS, DAY_TEXTS),
    "dates of numpy": (np.array(DAYS, dtype="datetime64[D]"), DAY_TEXTS),
    "dates of polars": (pl.Series(DAYS), DAY_TEXTS),
    "dates of arrow": (pa.array(DAYS), DAY_TEXTS),
    "times": (pd.to_datetime(pd.Series(DAYS)), [f"{day} 00:00:00" for day in DAY_TEXTS]),
    "decimals": ([Decimal("1.50"), Decimal(2), Decimal("1.5"), Decimal("2.0")], ["1.5", "2"]),
    "instants": (INSTANTS, [f"{day} 00:00:00" for day in DAY_TEXTS]),
    "nanoseconds": (
        [np.datetime64("2020-01-01T00:00:00.000000001"), pd.Timestamp("2020-01-02 00:00")] * 2,
        ["2020-01-01 00:00:00.000000001", "2020-01-02 00:00:00"],
    ),
    "months": (np.array(["2020-01", "2020-02"] * 2, dtype="datetime64[M]"), ["2020-01", "2020-02"]),
    "durations": (
        [np.timedelta64(90, "s"), pd.Timedelta(days=1), dt.timedelta(seconds=90), dt.timedelta(1)],
        ["0:01:30", "1 day, 0:00:00"],
    ),
    "days beside a text": (["none", DAYS[0]] * 2, ["2020-01-01", "none"]),
    "members": ([Site.NORTH, Site.SOUTH] * 2, ["Site.NORTH", "Site.SOUTH"]),
    "uuids": ([UUID(int=1), UUID(int=2)] * 2, [str(UUID(int=1)), str(UUID(int=2))]),
    "enum of polars": (pl.Series(["a", "b"] * 2, dtype=pl.Enum(["a", "b"])), ["a", "b"]),
    "dictionary": (pa.array(["a", "b"] * 2).dictionary_encode(), ["a", "b"]),
}


@pytest.mark.parametrize("kind", WORDED)
def test_a_group_or_slice_is_known_by_its_text(registry: halfback.Registry, kind: str) -> None:
    column, texts = WORDED[kind]
    frame = metrics.MetricFrame(
        metrics=metrics.accuracy_score, y_true=Y, y_pred=Y, sensitive_features=column
    )
    assert list(frame.by_group) == texts
    found = registry.evaluate(f"{MODEL}/1", Y, Y, slices={"s": column})
    rows = texts[::-1] if kind == "days beside a text" else texts
    assert found == registry.evaluate(f"{MODEL}/1", Y, Y, slices={"s": rows * 2})


@pytest.mark.parametrize(
    "column", [[None, *DAYS[1:]], pd.to_datetime(pd.Series([None, *DAYS[1:]]))]
)
def test_a_day_that_lacks_is_told_as_missing(registry: halfback.Registry, column: Any) -> None:
    with pytest.raises(halfback.InvalidError, match=r"`slices.s` has no value at row 0"):
        registry.evaluate(f"{MODEL}/1", Y, Y, slices={"s": column})
    with pytest.raises(halfback.InvalidError, match="`sensitive_features` has missing values"):
        metrics.demographic_parity_difference(Y, Y, sensitive_features=column)


TABLE = {"site": ["n", "s", "n", "s"], "age": [1, 1, 2, 2]}


@pytest.mark.parametrize(
    "table", [pd.DataFrame, pl.DataFrame, pa.table, pa.RecordBatch.from_pydict]
)
def test_slices_come_as_a_table(registry: halfback.Registry, table: Any) -> None:
    expected = registry.evaluate(f"{MODEL}/1", Y, Y, slices=TABLE)
    assert registry.evaluate(f"{MODEL}/1", Y, Y, slices=table(TABLE)) == expected


@pytest.mark.parametrize("series", [pd.Series, pl.Series])
def test_slices_come_as_a_column_with_a_name(registry: halfback.Registry, series: Any) -> None:
    site = series(TABLE["site"]).rename("site")
    expected = registry.evaluate(f"{MODEL}/1", Y, Y, slices={"site": TABLE["site"]})
    assert registry.evaluate(f"{MODEL}/1", Y, Y, slices=site) == expected


@pytest.mark.parametrize(
    ("slices", "why"),
    [
        (pd.DataFrame([[1, 2]] * 4, columns=["a", "a"]), "`slices` has two columns `a`"),
        (pd.DataFrame([[1, 2]] * 4), "`slices key`"),
        (pd.DataFrame([[1, 2]] * 4, columns=[("a", 1), ("a", 2)]), "`slices key`"),
        (pd.Series([1, 2] * 2), "`slices key`"),
        ([["n", "s", "n", "s"]], "`slices` .*or a table"),
    ],
)
def test_slices_without_names_are_refused(
    registry: halfback.Registry, slices: Any, why: str
) -> None:
    with pytest.raises((halfback.InvalidError, TypeError), match=why):
        registry.evaluate(f"{MODEL}/1", Y, Y, slices=slices)


DECIMALS = [Decimal("0.5"), Decimal("1.25"), Decimal(3), Decimal(0)]


@pytest.mark.parametrize(
    "column",
    [DECIMALS, np.array(DECIMALS), pd.Series(DECIMALS), pl.Series(DECIMALS), pa.array(DECIMALS)],
)
def test_decimals_are_numbers_of_a_regression_and_no_labels(
    column: Any, registry: halfback.Registry
) -> None:
    assert metrics.mean_absolute_error(column, Y) == 0.6875
    kept = registry.evaluate(f"{MODEL}/1", column, Y, task="regression").metric("mae")
    assert kept is not None
    assert kept.value == 0.6875
    assert metrics.accuracy_score(Y, Y, sample_weight=column) == 1.0
    with pytest.raises(halfback.InvalidError, match="`y_true` has numbers of type `object`"):
        metrics.accuracy_score(column, Y)


def test_a_label_under_a_mask_is_told_as_missing() -> None:
    hidden = np.ma.array(Y, mask=[False, True, False, False])
    for name, pair in {"y_true": (hidden, Y), "y_pred": (Y, hidden)}.items():
        for metric in (metrics.accuracy_score, metrics.f1_score, metrics.confusion_matrix):
            with pytest.raises(halfback.InvalidError, match=f"`{name}` has missing values"):
                metric(*pair)
    assert metrics.accuracy_score(np.ma.array(Y), Y) == 1.0


def test_a_group_or_slice_under_a_mask_is_told_as_missing(registry: halfback.Registry) -> None:
    hidden = np.ma.array(Y, mask=[False, True, False, False])
    with pytest.raises(halfback.InvalidError, match="`sensitive_features` has missing values"):
        metrics.demographic_parity_difference(Y, Y, sensitive_features=hidden)
    with pytest.raises(halfback.InvalidError, match=r"`slices.s` has no value at row 1"):
        registry.evaluate(f"{MODEL}/1", Y, Y, slices={"s": hidden})
