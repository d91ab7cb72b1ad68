"""What is given to be measured: shapes, tables and the names of their columns, and what is none."""

from __future__ import annotations

import os
import threading
import time
from collections import UserDict
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

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

NAMED = ["no", "yes", "yes", "no", "yes", "no", "yes", "no"]
CERTAIN = np.array([0.1, 0.8, 0.7, 0.2, 0.9, 0.3, 0.4, 0.45])
BOTH = np.column_stack([1 - CERTAIN, CERTAIN])
THREE = ["a", "b", "c", "a", "b", "c"]
OF_THREE = np.array([[6, 3, 1], [2, 7, 1], [1, 2, 7], [5, 3, 2], [4, 5, 1], [3, 4, 3]]) / 10
Y = [0, 1, 1, 0, 1, 0, 1, 0]


def area(registry: halfback.Registry, scores: Any, positive: str) -> float | None:
    made = registry.evaluate(f"{MODEL}/1", NAMED, y_score=scores, pos_label=positive)
    found = made.metric("roc_auc")
    assert found is not None
    return found.value


@pytest.mark.parametrize("positive", ["no", "yes"])
def test_the_score_of_the_positive_class_is_in_its_own_column(
    registry: halfback.Registry, positive: str
) -> None:
    assert area(registry, BOTH, positive) == 0.9375
    assert area(registry, BOTH.tolist(), positive) == 0.9375
    assert area(registry, BOTH[:, ["no", "yes"].index(positive)], positive) == 0.9375


FRAMES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "arrow": pa.table,
    "batch": pa.record_batch,
}


@pytest.mark.parametrize("kind", FRAMES)
def test_names_of_columns_say_whose_they_are(registry: halfback.Registry, kind: str) -> None:
    frame = FRAMES[kind]
    plain = registry.evaluate(f"{MODEL}/1", NAMED, y_score=BOTH, pos_label="no")
    for columns in (
        {"no": BOTH[:, 0], "yes": BOTH[:, 1]},
        {"yes": BOTH[:, 1], "no": BOTH[:, 0]},
        {"p0": BOTH[:, 0], "p1": BOTH[:, 1]},
    ):
        table = frame(columns)
        made = registry.evaluate(f"{MODEL}/1", NAMED, y_score=table, pos_label="no")
        assert made == plain
    several = registry.evaluate(f"{MODEL}/1", THREE, y_score=OF_THREE)
    for order in ("bca", "cab", "xyz"):
        at = ["abcxyz".index(name) % 3 for name in order]
        table = frame({name: OF_THREE[:, place] for name, place in zip(order, at, strict=True)})
        assert registry.evaluate(f"{MODEL}/1", THREE, y_score=table) == several
    odd = frame({"no": BOTH[:, 0], "p1": BOTH[:, 1]})
    with pytest.raises(halfback.InvalidError, match="`y_score` has the column `p1`, which is none"):
        area(registry, odd, "no")
    compared = registry.compare(
        f"{MODEL}/2",
        f"{MODEL}/1",
        NAMED,
        y_score=(BOTH, frame({"yes": BOTH[:, 1], "no": BOTH[:, 0]})),
        pos_label="no",
    )
    assert compared.results[0].candidate_value == compared.results[0].baseline_value == 0.9375


def test_names_that_a_frame_numbers_by_itself_are_none(registry: halfback.Registry) -> None:
    truth = [1, 2, 3, 1, 2, 3]
    plain = registry.evaluate(f"{MODEL}/1", truth, y_score=OF_THREE)
    assert registry.evaluate(f"{MODEL}/1", truth, y_score=pd.DataFrame(OF_THREE)) == plain
    frame = pd.DataFrame(OF_THREE[:, ::-1], columns=[3, 2, 1])
    assert registry.evaluate(f"{MODEL}/1", truth, y_score=frame) == plain
    truths = [False, True] * 4
    plain = registry.evaluate(f"{MODEL}/1", truths, y_score=BOTH)
    frame = pd.DataFrame({True: BOTH[:, 1], False: BOTH[:, 0]})
    assert registry.evaluate(f"{MODEL}/1", truths, y_score=frame) == plain


WIDE = np.arange(16).reshape(8, 2) % 2
SHAPES: list[tuple[str, dict[str, Any], str]] = [
    ("y_score", {"y_score": [0.5] * 16}, "has 16 rows, expected 8"),
    ("y_score", {"y_score": BOTH.T}, "has 8 columns|has 2 rows"),
    ("y_score", {"y_score": BOTH[:4]}, "has 4 rows, expected 8"),
    ("y_score", {"y_score": [[0.5, 0.5], [0.5]] * 4}, "differs in length at row 1"),
    ("y_score", {"y_score": [0.5, [0.5]] * 4}, "differs in length at row 1"),
    ("y_score", {"y_score": np.zeros((8, 2, 1))}, "has 3 dimensions, expected 1 or 2"),
    ("y_score", {"y_score": np.zeros((8, 2, 1)).tolist()}, "has 3 dimensions, expected 1 or 2"),
    ("y_score", {"y_score": np.float64(0.5)}, "has 0 dimensions, expected 1 or 2"),
    ("y_pred", {"y_pred": WIDE}, "has 2 columns, expected one column"),
    ("y_pred", {"y_pred": WIDE.astype(str)}, "has 2 columns, expected one column"),
    ("y_pred", {"y_pred": pd.DataFrame(WIDE)}, "has 2 columns, expected one column"),
    ("y_pred", {"y_pred": [Y]}, "has 8 columns, expected one column"),
    ("weights", {"y_pred": Y, "weights": WIDE}, "has 2 columns, expected one column"),
    ("clusters", {"y_pred": Y, "clusters": WIDE[:4]}, "has 2 columns, expected one column"),
    ("strata", {"y_pred": Y, "strata": WIDE[:4].tolist()}, "has 2 columns, expected one column"),
    ("slices.s", {"y_pred": Y, "slices": {"s": WIDE[:4]}}, "has 2 columns, expected one column"),
]


@pytest.mark.parametrize(("argument", "given", "why"), SHAPES)
def test_shapes_are_held_against_the_truth(
    registry: halfback.Registry, argument: str, given: dict[str, Any], why: str
) -> None:
    with pytest.raises(halfback.InvalidError, match=f"`{argument}` ({why})"):
        registry.evaluate(f"{MODEL}/1", Y, **given)
    pair = given | {name: (given[name], given[name]) for name in given if name.startswith("y_")}
    with pytest.raises(halfback.InvalidError, match=f"`{argument}` ({why})"):
        registry.compare(f"{MODEL}/2", f"{MODEL}/1", Y, **pair)


def test_the_truth_is_one_column(registry: halfback.Registry) -> None:
    with pytest.raises(halfback.InvalidError, match="`y_true` has 2 columns, expected one column"):
        registry.evaluate(f"{MODEL}/1", WIDE, y_score=[0.5] * 16)
    plain = registry.evaluate(f"{MODEL}/1", Y, Y, weights=CERTAIN, slices={"s": Y})
    tall = np.array(Y).reshape(-1, 1)
    made = registry.evaluate(
        f"{MODEL}/1", tall, tall, weights=CERTAIN.reshape(-1, 1), slices={"s": tall}
    )
    assert made == plain


def test_metrics_of_ones_own_get_a_table_of_one_column_as_it(registry: halfback.Registry) -> None:
    tall = np.array(Y).reshape(-1, 1)

    def rows(y_true: Any, y_pred: Any, sample_weight: Any) -> float:
        return float((y_true * y_pred * sample_weight).size)

    made = registry.evaluate(f"{MODEL}/1", tall, Y, metrics={"rows": rows}, replicates=39)
    found = made.metric("rows")
    assert found is not None
    assert found.value == 8


NO_COLUMNS = {
    "dict": dict.fromkeys(range(8), 1),
    "set": set(range(8)),
    "frozenset": frozenset(range(8)),
    "mappingproxy": MappingProxyType(dict.fromkeys(range(8), 1)),
    "UserDict": UserDict(dict.fromkeys(range(8), 1)),
    "dict_keys": dict.fromkeys(range(8)).keys(),
}
ROLES = ["y_true", "y_pred", "y_score", "weights", "clusters", "strata", "slices.s"]


@pytest.mark.parametrize("kind", NO_COLUMNS)
@pytest.mark.parametrize("argument", ROLES)
def test_sets_and_mappings_are_no_columns(
    registry: halfback.Registry, argument: str, kind: str
) -> None:
    given: dict[str, Any] = {"y_true": Y, "y_pred": Y}
    column = NO_COLUMNS[kind]
    given |= {"slices": {"s": column}} if argument == "slices.s" else {argument: column}
    why = f"`{argument}` is of type `{kind}`, expected an array or a list"
    with pytest.raises(halfback.InvalidTypeError, match=why):
        registry.evaluate(f"{MODEL}/1", **given)
    for name in ("y_pred", "y_score"):
        if name in given:
            given[name] = (given[name], given[name])
    with pytest.raises(halfback.InvalidTypeError, match=why):
        registry.compare(f"{MODEL}/2", f"{MODEL}/1", **given)


MASKED = [np.ma.MaskedArray, type("Masked", (np.ma.MaskedArray,), {})]


@pytest.mark.parametrize("argument", ["y_true", "y_pred", "y_score", "weights"])
@pytest.mark.parametrize("kind", MASKED)
def test_what_a_mask_hides_is_missing(
    registry: halfback.Registry, argument: str, kind: Any
) -> None:
    hidden = np.ma.array(Y, mask=[0, 1] * 4).view(kind)
    given: dict[str, Any] = {"y_true": Y, "y_pred": Y, argument: hidden}
    with pytest.raises(halfback.InvalidError, match=f"`{argument}` has missing values"):
        registry.evaluate(f"{MODEL}/1", **given)
    with pytest.raises(halfback.InvalidError, match="`y_true` has missing values"):
        metrics.accuracy_score(hidden, Y)
    shown = np.ma.array(Y, mask=False).view(kind)
    assert registry.evaluate(f"{MODEL}/1", shown, Y) == registry.evaluate(f"{MODEL}/1", Y, Y)


ODD: list[tuple[str, dict[str, Any]]] = [
    ("`level` must be a number, not a `str`", {"level": "0.9"}),
    ("`threshold` must be a number, not a `str`", {"threshold": "0.5"}),
    ("`pos_label` must be text, a number or a boolean", {"pos_label": [1]}),
    (r"`labels\[1\]` must be text, a number or a boolean", {"labels": [0, None]}),
    ("`dataset` has the field `nme`, expected one of `name`, `digest`", {"dataset": {"nme": "q"}}),
    ("`dataset` has no `name`", {"dataset": {"digest": "v3"}}),
    (r"`dataset.name` must be text", {"dataset": {"name": 5}}),
    ("`dataset` must be a mapping", {"dataset": 5}),
    ("give `y_pred` or `y_score`", {"y_pred": None}),
]


@pytest.mark.parametrize(("why", "given"), ODD)
def test_options_are_named(registry: halfback.Registry, why: str, given: dict[str, Any]) -> None:
    with pytest.raises(halfback.InvalidError, match=why):
        registry.evaluate(f"{MODEL}/1", Y, **({"y_pred": Y} | given))
    with pytest.raises(halfback.InvalidError, match="`margin` must be a number, not a `str`"):
        registry.compare(f"{MODEL}/2", f"{MODEL}/1", Y, y_pred=(Y, Y), margin="0.1")  # type: ignore[arg-type]


def test_what_a_picture_is_asked_for_is_named(registry: halfback.Registry) -> None:
    made = registry.evaluate(f"{MODEL}/1", Y, Y)
    with pytest.raises(halfback.InvalidTypeError, match="`metric` must be text"):
        made.svg("slices", metric=5)  # type: ignore[arg-type]
    with pytest.raises(halfback.InvalidTypeError, match="`picture` must be text"):
        made.svg(1)  # type: ignore[arg-type]


KEPT: dict[str, Any] = {
    "task": "binary",
    "rows": 200,
    "level": 0.95,
    "library": "own 1.0",
    "data_digest": "sha256:" + 64 * "0",
}
FIELDS: list[tuple[str, dict[str, Any]]] = [
    (r"`measurement.metrics\[0\].rows` must be a whole number", {"metrics": [{"rows": 1.5}]}),
    (r"`measurement.metrics\[0\]` has the field `row`, expected", {"metrics": [{"row": 1}]}),
    (r"`measurement.metrics\[0\].slice` must be a mapping", {"metrics": [{"slice": "north"}]}),
    (r"`measurement.metrics\[1\]` must be a mapping", {"metrics": [{}, 5]}),
    ("`measurement.metrics` must be a list", {"metrics": {"rows": 1}}),
    ("`measurement.rows` must be a whole number", {"rows": "200"}),
    ("`measurement.weighted` must be `True` or `False`", {"weighted": 1}),
    ("`measurement.task` is `ranking`, expected one of `binary`", {"task": "ranking"}),
    ("`measurement.dataset` must be a mapping", {"dataset": "q1"}),
    ("`measurement.curves.roc` must be a list", {"curves": {"roc": 5}}),
]


@pytest.mark.parametrize(("why", "given"), FIELDS)
def test_fields_of_a_record_are_named_by_their_path(
    registry: halfback.Registry, why: str, given: dict[str, Any]
) -> None:
    accuracy = {"metric": "accuracy", "rows": 200, "value": 0.91}
    if isinstance(given.get("metrics"), list):
        given = {
            "metrics": [
                accuracy | one if isinstance(one, dict) else one for one in given["metrics"]
            ]
        }
    with pytest.raises(halfback.InvalidError, match=why):
        registry.record_evaluation(f"{MODEL}/1", KEPT | {"metrics": [accuracy]} | given)
    kept = registry.record_evaluation(f"{MODEL}/1", KEPT | {"metrics": [accuracy]})
    assert kept.rows == 200


LONE = ["\ud800", "\ud801", "\ud800", "\ud801"]
TRUTH = [0, 1, 1, 0]


@pytest.mark.parametrize("of", [list, np.array, lambda values: np.array(values, dtype=object)])
def test_lone_surrogates_are_no_texts(registry: halfback.Registry, of: Any) -> None:
    column = of(LONE)
    for argument in ("y_true", "y_pred", "clusters", "strata", "slices.s"):
        given: dict[str, Any] = {"y_true": TRUTH, "y_pred": TRUTH}
        given |= {"slices": {"s": column}} if argument == "slices.s" else {argument: column}
        with pytest.raises(halfback.InvalidError, match=f"`{argument}` holds a lone surrogate"):
            registry.evaluate(f"{MODEL}/1", **given)
    other = of(LONE[::-1])
    with pytest.raises(halfback.InvalidError, match="`y_true` holds a lone surrogate"):
        metrics.accuracy_score(column, other)
    with pytest.raises(halfback.InvalidError, match=r"`keys\[0\]` holds a lone surrogate"):
        metrics.bootstrap(metrics.accuracy_score, TRUTH, TRUTH, keys=column)


def test_measuring_takes_the_threads_that_a_block_allows(registry: halfback.Registry) -> None:
    truth = np.arange(200_000) % 2

    def most_threads() -> int:
        most, ended = 0, threading.Event()

        def watch() -> None:
            nonlocal most
            while not ended.is_set():
                most = max(most, len(os.listdir("/proc/self/task")))

        watcher = threading.Thread(target=watch)
        watcher.start()
        registry.evaluate(f"{MODEL}/1", truth, truth, weights=np.ones(truth.size), replicates=39)
        ended.set()
        watcher.join()
        return most

    alone = most_threads()
    with metrics.n_threads(4):
        assert most_threads() >= alone + 2


def test_a_state_at_work_leaves_other_threads_alone() -> None:
    rng = np.random.default_rng(1)
    truth, scores = rng.integers(0, 2, 2_000_000), rng.random(2_000_000)
    state = metrics.State("scores").update(truth, scores)
    waiting = [
        threading.Thread(target=state.update, args=(truth, rng.random(truth.size))),
        threading.Thread(target=state.to_bytes),
        threading.Thread(target=metrics.State("scores").merge, args=(state,)),
        threading.Thread(target=state.__eq__, args=(state,)),
    ]
    began = last = time.perf_counter()
    longest = 0.0
    for thread in waiting:
        thread.start()
    while any(thread.is_alive() for thread in waiting):
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    assert longest < (time.perf_counter() - began) / 3


BIG = np.array([2**63, 2**63 + 1, 2**64 - 1, 5, 2**63, 2**63 + 1, 2**64 - 1, 5], dtype=np.uint64)


def test_large_numbers_tell_groups_apart_and_are_no_scores(registry: halfback.Registry) -> None:
    texts = [str(number) for number in BIG.tolist()]
    for name, of in (("clusters", BIG), ("strata", BIG), ("slices", {"s": BIG})):
        given: dict[str, Any] = {name: of}
        of_texts: dict[str, Any] = {name: texts if name != "slices" else {"s": texts}}
        made, other = (
            registry.evaluate(f"{MODEL}/1", Y, Y, level=0.5, **each) for each in (given, of_texts)
        )
        assert made.clusters == other.clusters
        values = [value.slice and value.slice.value for value in made.metrics]
        assert values == [value.slice and value.slice.value for value in other.metrics]
        assert (made == other) == (name == "slices")
    with pytest.raises(halfback.InvalidError, match="`y_true` has whole numbers of 2\\^63 or more"):
        registry.evaluate(f"{MODEL}/1", BIG, BIG)
    with pytest.raises(halfback.InvalidError, match="`clusters` has whole numbers beyond 64 bits"):
        registry.evaluate(f"{MODEL}/1", Y, Y, clusters=[2**64] * 8)
    close = [2**53 + row for row in range(8)]
    close_columns: dict[str, dict[str, Any]] = {
        "y_score": {"y_score": close},
        "weights": {"y_pred": Y, "weights": close},
        "y_true": {"y_true": close, "y_pred": Y, "task": "regression"},
        "y_pred": {"y_pred": close, "task": "regression"},
    }
    for argument, columns in close_columns.items():
        why = f"`{argument}` has .*a double would round; subtract a common base"
        for kind in (list, np.array, lambda values: [0.5, *values[1:]]):
            mixed = {
                name: kind(column) if column is close else column
                for name, column in columns.items()
            }
            with pytest.raises(halfback.InvalidError, match=why):
                registry.evaluate(f"{MODEL}/1", **({"y_true": Y} | mixed))


@pytest.mark.parametrize("argument", ["clusters", "strata", "slices.s"])
def test_floats_are_no_groups(registry: halfback.Registry, argument: str) -> None:
    column = [1.0, 2.0] * 4
    given: dict[str, Any] = {argument: column}
    if argument == "slices.s":
        given = {"slices": {"s": column}}
    with pytest.raises(halfback.InvalidError, match=f"`{argument}` holds floating-point numbers"):
        registry.evaluate(f"{MODEL}/1", Y, Y, **given)


@pytest.mark.parametrize("kind", ["column", "table", "frame", "arrow"])
def test_scores_keep_their_precision(registry: halfback.Registry, kind: str) -> None:
    truth = [1, 0, 1, 0] * 3
    single = np.array([0.7, 0.0, 0.0, 0.3] * 3, dtype=np.float32)
    both = np.column_stack([1 - single, single])
    scores = {
        "column": single,
        "table": both,
        "frame": pd.DataFrame(both, columns=["0", "1"]),
        "arrow": pa.array(single),
    }[kind]

    def measured(scores: Any) -> dict[str, Any]:
        made = registry.evaluate(f"{MODEL}/1", truth, y_score=scores, threshold=0.7)
        values = {one.metric: one.value for one in made.metrics}
        return values | {"digest": made.data_digest}

    made, double = measured(scores), measured(single.astype(float))
    # Clipped by their own precision, which is that of the threshold too.
    assert made["log_loss"] == pytest.approx(metrics.log_loss(truth, single))
    assert (made["recall"], double["recall"]) == (0.5, 0.0)
    assert double["log_loss"] > 2 * made["log_loss"]
    assert double["digest"] != made["digest"]
