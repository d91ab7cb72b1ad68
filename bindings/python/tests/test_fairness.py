"""`halfback.metrics` by group: the figures, what is taken, and what is refused."""

from __future__ import annotations

import json
import math
import threading
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from halfback import InvalidError, metrics
from halfback.metrics import MetricFrame, fairness_interval

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY = Path(__file__).parents[3]
BOOK: dict[str, Any] = json.loads(
    (REPOSITORY / "crates/halfback-metrics/tests/golden/fairness.json").read_text(encoding="utf-8")
)
DATA: dict[str, list[Any]] = {name: column["values"] for name, column in BOOK["data"].items()}

TRUTH = [1, 1, 0, 0, 1, 1, 0, 0]
PREDICTED = [1, 0, 0, 0, 1, 1, 1, 0]
SEX = ["f", "f", "f", "f", "m", "m", "m", "m"]
AGE = [1, 2, 1, 2, 1, 1, 2, 2]

MEASURES: dict[str, Callable[..., float]] = {
    name: getattr(metrics, name) for name in metrics.fairness.__all__ if name != "fairness_interval"
}
NAN = float("nan")


def named(case: dict[str, Any]) -> str:
    return "-".join([case["fn"], *case["columns"][1:], *map(str, case["params"].values())])


@pytest.mark.filterwarnings("ignore:.*the same in every resample")
@pytest.mark.parametrize("case", [c for c in BOOK["cases"] if c["fn"] != "by_group"], ids=named)
def test_measures_are_those_of_fairlearn(case: dict[str, Any]) -> None:
    truth, predicted, sex = (DATA[name] for name in case["columns"])
    found = MEASURES[case["fn"]](truth, predicted, sensitive_features=sex, **case["params"])
    assert found == pytest.approx(case["value"], rel=1e-12, abs=1e-14)
    interval = fairness_interval(
        case["fn"], truth, predicted, sensitive_features=sex, replicates=200, **case["params"]
    )
    assert interval.estimate == found
    assert math.isnan(interval.lower) or 0 <= interval.lower <= interval.upper <= 1


@pytest.mark.parametrize("case", [c for c in BOOK["cases"] if c["fn"] == "by_group"], ids=named)
def test_frames_are_those_of_fairlearn(case: dict[str, Any]) -> None:
    truth, predicted, *sensitive = case["columns"]
    frame = MetricFrame(
        metrics=getattr(metrics, case["params"]["metric"]),
        y_true=DATA[truth],
        y_pred=DATA[predicted],
        sensitive_features={name: DATA[name] for name in sensitive},
    )
    methods = ("between_groups", "to_overall")
    found = [*frame.by_group.values(), frame.overall, frame.group_min(), frame.group_max()]
    found += [frame.difference(method) for method in methods]
    found += [frame.ratio(method=method) for method in methods]
    assert found == pytest.approx(case["value"], rel=1e-12)


# Of f one of four is predicted positive, of m three; of positives one of two and two of two; of
# negatives none of two and one of two.
BY_HAND = {
    "demographic_parity_difference": (0.5, 0.25),
    "demographic_parity_ratio": (1 / 3, 0.5),
    "equal_opportunity_difference": (0.5, 0.25),
    "equal_opportunity_ratio": (0.5, 2 / 3),
    "equalized_odds_difference": (0.5, 0.25),
    "equalized_odds_ratio": (0.0, 0.0),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_measure_by_hand(name: str) -> None:
    of = MEASURES[name]
    between, overall = BY_HAND[name]
    assert of(TRUTH, PREDICTED, sensitive_features=SEX) == pytest.approx(between)
    found = of(TRUTH, PREDICTED, sensitive_features=SEX, method="to_overall")
    assert found == pytest.approx(overall)


def test_the_mean_of_both_rates() -> None:
    ratio = metrics.equalized_odds_ratio(TRUTH, PREDICTED, sensitive_features=SEX, agg="mean")
    assert ratio == 0.25


def test_crossed_groups() -> None:
    frame = MetricFrame(
        metrics=metrics.accuracy_score,
        y_true=TRUTH,
        y_pred=PREDICTED,
        sensitive_features={"sex": SEX, "age": AGE},
    )
    assert frame.by_group == {("f", 1): 1.0, ("f", 2): 0.5, ("m", 1): 1.0, ("m", 2): 0.5}
    assert frame.sensitive_levels == ["sex", "age"]
    only = MetricFrame(
        metrics=metrics.accuracy_score,
        y_true=[1, 0],
        y_pred=[1, 1],
        sensitive_features=[[1, 2]] * 2,
    )
    assert only.by_group == {(1, 1): 1.0, (2, 2): 0.0}
    crossed = metrics.demographic_parity_difference(TRUTH, PREDICTED, sensitive_features=[SEX, AGE])
    assert crossed == 1.0


FEATURES: dict[str, Callable[[], Any]] = {
    "dict": lambda: {"sex": SEX, "age": AGE},
    "dict of arrays": lambda: {"sex": np.array(SEX), "age": pl.Series(AGE)},
    "list": lambda: [SEX, AGE],
    "tuple of series": lambda: (pd.Series(SEX, index=range(8, 16)), pa.array(AGE)),
    "pandas": lambda: pd.DataFrame({"sex": SEX, "age": AGE}, index=range(8, 16)),
    "categories": lambda: pd.DataFrame({"sex": pd.Categorical(SEX), "age": AGE}),
    "polars": lambda: pl.DataFrame({"sex": SEX, "age": AGE}),
    "arrow": lambda: pa.table({"sex": SEX, "age": AGE}),
    "batch": lambda: pa.RecordBatch.from_pydict({"sex": SEX, "age": AGE}),
    "numpy": lambda: np.array([[ord(sex) for sex in SEX], AGE]).T,
}


@pytest.mark.parametrize("kind", FEATURES)
def test_features_of_every_kind_are_taken(kind: str) -> None:
    frame = MetricFrame(
        metrics=metrics.accuracy_score,
        y_true=TRUTH,
        y_pred=PREDICTED,
        sensitive_features=FEATURES[kind](),
    )
    assert [*frame.by_group.values()] == [1.0, 0.5, 1.0, 0.5]
    found = metrics.equalized_odds_difference(TRUTH, PREDICTED, sensitive_features=FEATURES[kind]())
    assert found == 1.0


COLUMNS: dict[str, Callable[[list[Any]], Any]] = {
    "list": list,
    "tuple": tuple,
    "numpy": np.array,
    "objects": lambda values: np.array(values, dtype=object),
    "series": lambda values: pd.Series(values, index=range(8, 8 + len(values))),
    "polars": pl.Series,
    "arrow": pa.array,
    "arrow chunks": lambda values: pa.chunked_array([values[:3], values[3:]]),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_columns_of_every_kind_are_taken(kind: str) -> None:
    make = COLUMNS[kind]
    seen: list[type] = []

    def kept(y_true: Any, y_pred: Any, sample_weight: Any) -> float:
        seen.extend(map(type, (y_true, y_pred, sample_weight)))
        if kind == "objects":  # which scikit-learn's functions refuse
            y_true, y_pred = y_true.astype(int), y_pred.astype(int)
        return metrics.accuracy_score(y_true, y_pred, sample_weight=sample_weight)

    frame = MetricFrame(
        metrics=kept,
        y_true=make(TRUTH),
        y_pred=make(PREDICTED),
        sensitive_features=make(SEX),
        sample_params={"sample_weight": make([1, 3, 1, 1, 1, 1, 5, 1])},
    )
    assert frame.by_group == {"f": 0.5, "m": 3 / 8}
    assert frame.overall == 6 / 14
    assert {*seen} <= {type(make(TRUTH)), list}
    found = metrics.demographic_parity_ratio(
        make(TRUTH), make(PREDICTED), sensitive_features=make(SEX), sample_weight=make([1.0] * 8)
    )
    assert found == pytest.approx(1 / 3)


def test_labels_of_groups_are_plain_values() -> None:
    for labels in ([True, False], [0, 1], [2.0, 3.0], ["a", "b"]):
        frame = MetricFrame(
            metrics=metrics.accuracy_score,
            y_true=[1, 0],
            y_pred=[1, 1],
            sensitive_features=np.array(labels),
        )
        assert [(type(name), name) for name in frame.by_group] == [
            (type(name), name) for name in sorted(labels)
        ]


def test_several_metrics_with_their_own_weights() -> None:
    weight = [1, 3, 1, 1, 1, 1, 5, 1]
    frame = MetricFrame(
        metrics={"right": metrics.accuracy_score, "found": metrics.recall_score},
        y_true=TRUTH,
        y_pred=PREDICTED,
        sensitive_features=SEX,
        sample_params={"found": {"sample_weight": weight}},
    )
    assert frame.overall == {"right": 0.75, "found": 0.5}
    assert frame.by_group["f"] == {"right": 0.75, "found": 0.25}
    assert frame.group_min() == {"right": 0.75, "found": 0.25}
    assert frame.group_max() == {"right": 0.75, "found": 1.0}
    assert frame.difference() == {"right": 0.0, "found": 0.75}
    assert frame.ratio("to_overall") == {"right": 1.0, "found": 0.5}
    said = repr(frame).splitlines()
    assert said[0].split() == ["sensitive_feature_0", "right", "found"]
    assert said[1].split() == ["f", "0.75", "0.25"]
    assert said[-1].split() == ["overall", "0.75", "0.5"]
    intervals = frame.intervals(replicates=40)
    assert {*intervals} == {"f", "m"}
    assert {*intervals["f"]} == {"right", "found"}


def test_mappings_and_names_of_any_type() -> None:
    found = MetricFrame(
        metrics=MappingProxyType({1: metrics.accuracy_score}),
        y_true=TRUTH,
        y_pred=PREDICTED,
        sensitive_features=MappingProxyType({2: SEX}),
        sample_params=MappingProxyType({1: MappingProxyType({"sample_weight": None})}),
    )
    assert found.overall == {1: 0.75}
    assert repr(found).splitlines()[0].split() == ["2", "1"]


def test_a_weight_is_so_many_rows() -> None:
    weight = [1, 3, 1, 2, 1, 1, 5, 1]
    columns = [np.repeat(column, weight) for column in (TRUTH, PREDICTED, SEX)]
    for name, of in MEASURES.items():
        once = of(TRUTH, PREDICTED, sensitive_features=SEX, sample_weight=weight)
        assert once == of(columns[0], columns[1], sensitive_features=columns[2]), name
    interval = fairness_interval(
        "demographic_parity_difference",
        TRUTH,
        PREDICTED,
        sensitive_features=SEX,
        sample_weight=weight,
        level=0.8,
    )
    assert interval.estimate == pytest.approx(7 / 8 - 1 / 7)


@pytest.mark.filterwarnings("ignore:.*the same in every resample")
def test_any_labels_of_two_classes() -> None:
    texts = {0: "no", 1: "yes"}
    truth, predicted = ([texts[label] for label in column] for column in (TRUTH, PREDICTED))
    for name, of in MEASURES.items():
        same = of(TRUTH, PREDICTED, sensitive_features=SEX)
        assert of(truth, predicted, sensitive_features=SEX, pos_label="yes") == same
        signs = ([2 * label - 1 for label in column] for column in (TRUTH, PREDICTED))
        assert of(*signs, sensitive_features=SEX) == same
        assert fairness_interval(
            name,
            truth * 3,
            predicted * 3,
            sensitive_features=SEX * 3,
            pos_label="yes",
            replicates=200,
            level=0.8,
        ).estimate == pytest.approx(same)


def test_what_has_no_rows_is_left_out() -> None:
    of = metrics.equal_opportunity_difference
    assert of([1, 1, 0], [1, 0, 1], sensitive_features=["a", "b", "c"]) == 1.0
    assert math.isnan(of([0, 0], [1, 0], sensitive_features=["a", "b"]))
    none = metrics.demographic_parity_ratio([1, 0], [0, 0], sensitive_features=["a", "b"])
    assert math.isnan(none)
    with pytest.warns(UserWarning, match="the measure is undefined"):
        interval = fairness_interval(
            "demographic_parity_ratio", [1, 0], [0, 0], sensitive_features=["a", "b"]
        )
    assert all(map(math.isnan, interval[:3]))
    assert interval.level == 0.95


def test_an_interval_repeats_and_widens_with_its_level() -> None:
    def found(**options: Any) -> metrics.Interval:
        return fairness_interval(
            "demographic_parity_difference",
            DATA["truth"],
            DATA["predicted"],
            sensitive_features=DATA["sex"],
            **options,
        )

    assert found() == found(replicates=1000, seed=0)
    assert found(seed=1) != found()
    narrow, wide = found(level=0.5), found(level=0.99)
    assert wide.lower < narrow.lower < narrow.upper < wide.upper
    assert isinstance(wide, metrics.Interval)


def test_an_interval_draws_clusters_and_strata() -> None:
    rows = len(DATA["truth"])

    def found(**options: Any) -> metrics.Interval:
        name, truth, predicted = "demographic_parity_difference", DATA["truth"], DATA["predicted"]
        return fairness_interval(name, truth, predicted, sensitive_features=DATA["sex"], **options)

    keys, strata = [f"customer {at // 3}" for at in range(rows)], [at % 2 for at in range(rows)]
    plain, clustered, both = found(), found(keys=keys), found(keys=keys, strata=strata)
    assert plain.estimate == clustered.estimate == both.estimate
    assert len({plain, clustered, both, found(strata=strata)}) == 4
    with pytest.raises(
        ValueError,
        match=r"this rests on too few rows or clusters: they count as 5, a `level` of 0\.95 takes",
    ):
        found(keys=[at % 5 for at in range(rows)])
    with pytest.raises(ValueError, match="`keys` has 1, expected at least 2"):
        found(keys=["one"] * rows)
    with pytest.raises(ValueError, match="`keys` has 2 rows"):
        found(keys=[1, 2])
    with pytest.raises(ValueError, match="`replicates` has 1, expected at least 50"):
        found(replicates=1)
    with pytest.warns(UserWarning, match="the measure is the same in every resample"):
        same = fairness_interval(
            "demographic_parity_difference",
            [1, 0] * 20,
            [1] * 40,
            sensitive_features=["a", "b"] * 20,
        )
    assert same.estimate == 0.0
    assert math.isnan(same.lower)


def test_intervals_of_groups_are_those_of_their_rows() -> None:
    sex = np.array(DATA["sex"])
    truth, predicted = np.array(DATA["truth"]), np.array(DATA["predicted"])
    options: dict[str, Any] = {"replicates": 100, "seed": 3, "level": 0.9}
    frame = MetricFrame(
        metrics=metrics.accuracy_score, y_true=truth, y_pred=predicted, sensitive_features=sex
    )
    for name, found in frame.intervals(**options).items():
        own = sex == name
        alone = metrics.bootstrap(metrics.accuracy_score, truth[own], predicted[own], **options)
        assert found[:5] == alone[:5]
        assert np.array_equal(found.replicates, alone.replicates)
        assert found.estimate == frame.by_group[name]


def test_intervals_count_a_drawn_row_by_its_weight() -> None:
    frame = MetricFrame(
        metrics=metrics.accuracy_score,
        y_true=TRUTH,
        y_pred=PREDICTED,
        sensitive_features=SEX,
        sample_params={"sample_weight": [1, 3, 1, 1, 1, 1, 5, 1]},
    )
    found = frame.intervals(replicates=50, level=0.75)
    assert {name: one.estimate for name, one in found.items()} == frame.by_group


def test_a_group_without_a_value_has_no_interval() -> None:
    frame = MetricFrame(
        metrics=lambda y_true, y_pred, sample_weight=None: (
            NAN if sum(y_true) == 0 else metrics.accuracy_score(y_true, y_pred)
        ),
        y_true=[1, 0, 0, 0],
        y_pred=[1, 1, 0, 0],
        sensitive_features=["a", "a", "b", "b"],
    )
    assert math.isnan(frame.by_group["b"])
    assert frame.intervals(replicates=20)["b"] is None
    assert (frame.group_min(), frame.difference()) == (0.5, 0.0)


def test_a_warning_names_the_metric_and_the_line() -> None:
    with pytest.warns(UserWarning, match="`recall_score` stands for nothing") as said:
        frame(metrics=metrics.recall_score)
    assert {Path(one.filename).name for one in said} == {Path(__file__).name}


def test_a_notebook_shows_a_table() -> None:
    shown = frame(sensitive_features={"sex": ["<f>", "m"]})._repr_html_()
    for text in ("<th>sex</th>", "accuracy_score", "<td>&lt;f&gt;</td>", "<dd>1</dd>"):
        assert text in shown


def test_long_tables_are_cut() -> None:
    rows = list(range(60))
    frame = MetricFrame(
        metrics=metrics.mean_absolute_error, y_true=rows, y_pred=rows, sensitive_features=rows
    )
    said = repr(frame).splitlines()
    assert (len(said), said[-1]) == (53, "(10 more groups)")
    assert said[-2].split() == ["overall", "0"]


def test_other_threads_go_on() -> None:
    random = np.random.default_rng(5)
    truth, predicted, group = (random.integers(0, 2, 200_000) for _ in range(3))
    ticks, done = 0, threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.wait(0.002):
            ticks += 1

    other = threading.Thread(target=tick)
    other.start()
    for name in ("demographic_parity_difference", "equalized_odds_ratio"):
        fairness_interval(name, truth, predicted, sensitive_features=group, replicates=40)
    done.set()
    other.join()
    assert ticks > 0


def test_any_number_of_threads_gives_the_same_number() -> None:
    def measured() -> list[float]:
        return [of(TRUTH, PREDICTED, sensitive_features=SEX) for of in MEASURES.values()]

    one = measured()
    with metrics.n_threads(2):
        assert measured() == one


def parity(*columns: Any, sensitive_features: Any = ("a", "b"), **options: Any) -> float:
    return metrics.demographic_parity_difference(
        *columns, sensitive_features=sensitive_features, **options
    )


INVALID: dict[str, tuple[Callable[[], object], str]] = {
    "lengths": (lambda: parity([0, 1], [0]), "`y_pred` has 1 rows, expected 2"),
    "empty": (lambda: parity([], [], sensitive_features=[]), "is empty"),
    "short feature": (
        lambda: parity([0, 1], [0, 1], sensitive_features=["a"]),
        "`sensitive_features` has 1 rows, expected 2",
    ),
    "features differ": (
        lambda: parity([0, 1], [0, 1], sensitive_features={"a": [0, 1], "b": [0]}),
        "`sensitive_features` has 1 rows, expected 2",
    ),
    "no features": (
        lambda: parity([0, 1], [0, 1], sensitive_features={}),
        "`sensitive_features` has 0, expected at least 1",
    ),
    "method": (lambda: parity([0, 1], [0, 1], method="largest"), "`method` is `largest`"),
    "no method": (lambda: parity([0, 1], [0, 1], method=None), "`method` is `None`"),
    "three classes": (lambda: parity([0, 2], [0, 1]), "`y_true` has the label `2"),
    "three predicted": (lambda: parity([0, 1], [0, 2]), "`y_pred` has the label `2"),
    "texts": (
        lambda: parity(["n", "y"], ["n", "y"]),
        "`y_true` has the label `n`: labels are from",
    ),
    "texts and numbers": (
        lambda: parity(["n", "y"], [0, 1], pos_label="y"),
        "`y_pred` mixes texts with numbers",
    ),
    "scores": (lambda: parity([0, 1], [0.2, 0.7]), "`y_pred` has the label `0.2`"),
    "nan": (lambda: parity([0, NAN], [0, 1]), "`y_true` has NaN"),
    "positive label": (
        lambda: parity([0, 1], [0, 1], pos_label=5),
        "`pos_label` has the label `5`",
    ),
    "nan group": (
        lambda: parity([0, 1], [0, 1], sensitive_features=np.array([1, NAN])),
        "`sensitive_features` has NaN",
    ),
    "no group": (
        lambda: parity([0, 1], [0, 1], sensitive_features=["a", None]),
        "`sensitive_features` has missing values",
    ),
    "nan among texts": (
        lambda: parity([0, 1], [0, 1], sensitive_features=pd.Series(["a", NAN], dtype=object)),
        "`sensitive_features` has missing values",
    ),
    "no group in polars": (
        lambda: parity([0, 1], [0, 1], sensitive_features=pl.Series(["a", None])),
        "`sensitive_features` has missing values",
    ),
    "many groups": (
        lambda: parity([0] * 10_001, [0] * 10_001, sensitive_features=range(10_001)),
        "`sensitive_features` has 10001 classes, expected at most 10000 groups",
    ),
    "negative weight": (
        lambda: parity([0, 1], [0, 1], sample_weight=[1, -1]),
        "`sample_weight` is negative at row 1",
    ),
    "short weight": (
        lambda: parity([0, 1], [0, 1], sample_weight=[1]),
        "`sample_weight` has 1 rows, expected 2",
    ),
    "aggregate": (
        lambda: metrics.equalized_odds_ratio([0, 1], [0, 1], sensitive_features="ab", agg="sum"),
        "`agg` is `sum`",
    ),
}


@pytest.mark.parametrize("name", INVALID)
def test_what_cannot_be_measured_is_refused(name: str) -> None:
    call, said = INVALID[name]
    with pytest.raises(InvalidError, match=said) as refused:
        call()
    assert isinstance(refused.value, ValueError)


def test_features_that_are_no_column_are_refused() -> None:
    for odd, kind in ((None, TypeError), (5, TypeError), ("ab", ValueError), ({1, 2}, TypeError)):
        with pytest.raises(kind, match="`sensitive_features` is"):
            parity([0, 1], [0, 1], sensitive_features=odd)
        with pytest.raises(kind, match="`sensitive_features` is"):
            frame(sensitive_features=odd)


def frame(**options: Any) -> MetricFrame:
    usual: dict[str, Any] = {
        "metrics": metrics.accuracy_score,
        "y_true": [0, 1],
        "y_pred": [0, 1],
        "sensitive_features": ["a", "b"],
    }
    return MetricFrame(**usual | options)


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "no metrics": (lambda: frame(metrics={}), "`metrics` is empty"),
    "not callable": (lambda: frame(metrics="accuracy"), "`metrics` is `accuracy`, expected a func"),
    "one not callable": (lambda: frame(metrics={"a": 1}), "`metrics` is "),
    "lengths": (lambda: frame(y_pred=[0]), "`y_pred` has 1 rows, expected 2"),
    "empty": (lambda: frame(y_true=[]), "`y_true` is empty"),
    "text": (lambda: frame(y_true="ab"), "`y_true` is a single text"),
    "none": (lambda: frame(y_pred=None), "`y_pred` is of type `NoneType`"),
    "scalar": (lambda: frame(y_pred=np.array(5)), "`y_pred` is of type"),
    "groups": (
        lambda: frame(sensitive_features=["a"]),
        "`sensitive_features` has 1 rows, expected 2",
    ),
    "no groups": (lambda: frame(sensitive_features={}), "`sensitive_features` has 0"),
    "nan group": (
        lambda: frame(sensitive_features=pd.Series([0, NAN])),
        "`sensitive_features` has NaN",
    ),
    "method": (lambda: frame().difference("all"), "`method` is `all`"),
    "method of a ratio": (lambda: frame().ratio(method="all"), "`method` is `all`"),
    "weights": (
        lambda: frame(sample_params={"sample_weight": [1]}),
        "`sample_weight` has 1 rows, expected 2",
    ),
    "params": (lambda: frame(sample_params=[1, 1]), "`sample_params` is"),
    "params of no metric": (
        lambda: frame(metrics={"a": max}, sample_params={"b": {}}),
        "`sample_params` is `b`",
    ),
    "params of several": (
        lambda: frame(metrics={"a": metrics.f1_score}, sample_params={"a": [1, 1]}),
        "`sample_params` is `a`",
    ),
    "not a number": (
        lambda: frame(metrics=lambda *columns: np.array(columns)).group_min(),
        "`metrics` is `ndarray`, expected functions that give a number",
    ),
    "measure": (
        lambda: fairness_interval("accuracy", [0, 1], [0, 1], sensitive_features=["a", "b"]),
        "`name` is `accuracy`",
    ),
    "level": (lambda: frame().intervals(level=2.0), "`level`"),
    "level where nothing varies": (
        lambda: fairness_interval(
            "equalized_odds_ratio", [0, 0], [0, 0], sensitive_features=["a", "b"], level=1.5
        ),
        "`level`",
    ),
    "replicates": (lambda: frame().intervals(replicates=0), "`replicates`"),
    "seed": (
        lambda: fairness_interval(
            "equalized_odds_ratio", [0, 1], [0, 1], sensitive_features=["a", "b"], seed=-1
        ),
        "`seed`",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_frame_is_refused(name: str) -> None:
    call, said = REFUSED[name]
    with pytest.raises(InvalidError, match=said):
        call()
