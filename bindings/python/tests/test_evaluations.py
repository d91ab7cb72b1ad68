"""Evaluations and comparisons from whatever holds columns in Python."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import halfback
import pytest
from conftest import MODEL
from halfback import metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

np = pytest.importorskip("numpy")

TRUTH = [0, 1, 1, 0, 1, 0, 1, 0]
SCORES = [0.1, 0.7, 0.45, 0.6, 0.8, 0.2, 0.9, 0.3]


def swapped(values: Sequence[float]) -> Any:
    """Numbers in the other byte order."""
    return np.array(values).astype(np.dtype(float).newbyteorder())


def frozen(values: Sequence[float]) -> Any:
    array = np.array(values)
    array.flags.writeable = False
    return array


COLUMNS = {
    "lists": (TRUTH, SCORES),
    "tuples": (tuple(TRUTH), tuple(SCORES)),
    "arrays": (np.array(TRUTH), np.array(SCORES)),
    "narrow": (np.array(TRUTH, dtype=np.int8), np.array(SCORES)),
    "strided": (np.repeat(TRUTH, 2)[::2], np.repeat(SCORES, 3)[::3]),
    "reversed": (np.array(TRUTH[::-1])[::-1], np.array(SCORES[::-1])[::-1]),
    "swapped": (np.array(TRUTH, dtype=">i4"), swapped(SCORES)),
    "frozen": (frozen(TRUTH), frozen(SCORES)),
    "objects": (np.array(TRUTH, dtype=object), np.array(SCORES, dtype=object)),
    "tables": (np.array(TRUTH), np.array([[1 - p, p] for p in SCORES])),
    "columns": (np.array(TRUTH), np.asfortranarray([[1 - p, p] for p in SCORES])),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_columns_of_any_kind_give_the_same(registry: halfback.Registry, kind: str) -> None:
    truth, scores = COLUMNS[kind]
    expected = registry.evaluate(f"{MODEL}/1", TRUTH, y_score=SCORES)
    found = registry.evaluate(f"{MODEL}/1", truth, y_score=scores)
    assert [value.value for value in found.metrics] == pytest.approx(
        [value.value for value in expected.metrics], abs=1e-12
    )
    assert found.metrics[0].method == "wilson"


LACKING: list[tuple[str, Any, str]] = [
    ("polars", lambda polars: polars.Series([0, None, 1]), "has missing values"),
    ("polars", lambda polars: polars.Series(["a", None, "b"]), "has missing values"),
    ("pyarrow", lambda pyarrow: pyarrow.array([0.5, None, 1.0]), "has missing values"),
    ("pyarrow", lambda pyarrow: pyarrow.chunked_array([[True, None], [False]]), "missing values"),
    ("pandas", lambda pandas: pandas.Series(["a", None, "b"], dtype="string"), "no value at row 1"),
    ("pandas", lambda pandas: pandas.Series([True, None], dtype="boolean"), "no value at row 1"),
    ("numpy", lambda numpy: numpy.array(["a", numpy.nan], dtype=object), "no value at row 1"),
]


@pytest.mark.parametrize(("library", "of", "why"), LACKING)
def test_columns_that_lack_values_say_so(
    registry: halfback.Registry, library: str, of: Any, why: str
) -> None:
    column = of(pytest.importorskip(library))
    rest = [0] * len(column)
    with pytest.raises(halfback.InvalidError, match=f"`y_true` .*{why}"):
        registry.evaluate(f"{MODEL}/1", column, rest)
    with pytest.raises(halfback.InvalidError, match=f"`y_pred` .*{why}"):
        registry.compare(f"{MODEL}/2", f"{MODEL}/1", rest, y_pred=(rest, column))
    with pytest.raises(halfback.InvalidError, match=f"`slices.s` .*{why}"):
        registry.evaluate(f"{MODEL}/1", rest, rest, slices={"s": column})


def test_a_missing_picture_says_which_there_are(registry: halfback.Registry) -> None:
    made = registry.evaluate(f"{MODEL}/1", [0, 1, 1, 0], [0, 1, 0, 0])
    for name in ("roc", "foo"):
        with pytest.raises(halfback.InvalidError, match=f"`{name}`, .* `confusion`, `slices`"):
            made.svg(name)  # type: ignore[arg-type]


def test_the_same_rows_are_one_evaluation(registry: halfback.Registry) -> None:
    first = registry.evaluate(f"{MODEL}/1", np.array(TRUTH), y_score=np.array(SCORES))
    assert registry.evaluate(f"{MODEL}/1", TRUTH, y_score=SCORES) == first
    assert [each.id for each in registry.list_evaluations(f"{MODEL}/1")] == [first.id]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_give_their_columns(registry: halfback.Registry, library: str) -> None:
    module = pytest.importorskip(library)
    make = {"pandas": "Series", "polars": "Series", "pyarrow": "array"}[library]
    of = getattr(module, make)
    regions = ["north", "south"] * 4
    found = registry.evaluate(
        f"{MODEL}/1", of(TRUTH), y_score=of(SCORES), slices={"region": of(regions)}
    )
    assert found == registry.evaluate(
        f"{MODEL}/1", TRUTH, y_score=SCORES, slices={"region": regions}
    )
    area = found.metric("roc_auc", ("region", "north"))
    assert area is not None
    assert area.rows == 4


@pytest.mark.parametrize("make", ["record_batch", "table"])
def test_tables_of_arrow_are_rows(registry: halfback.Registry, make: str) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    both = np.column_stack([1 - np.array(SCORES), SCORES])
    table = getattr(pyarrow, make)({"no": both[:, 0], "yes": both[:, 1]})
    found = registry.evaluate(f"{MODEL}/1", TRUTH, y_score=table)
    assert found == registry.evaluate(f"{MODEL}/1", TRUTH, y_score=both)
    truth = getattr(pyarrow, make)({"truth": TRUTH})
    assert found == registry.evaluate(f"{MODEL}/1", truth, y_score=both)


def test_what_was_given_is_recorded(registry: halfback.Registry) -> None:
    made = registry.evaluate(
        registry.resolve(f"{MODEL}/1"),
        ["no", "yes", "yes", "no"],
        ["no", "yes", "no", "no"],
        dataset={"name": "q1", "digest": "v3"},
        pos_label="yes",
        weights=[1, 2, 1, 1],
        seed=7,
        level=0.9,
        replicates=50,
    )
    assert (made.task, made.pos_label, made.weighted, made.seed) == ("binary", "yes", True, 7)
    assert made.dataset == halfback.records.Dataset(name="q1", digest="v3")
    assert made.replicates == 50
    recall = made.metric("recall")
    assert recall is not None
    assert recall.value == pytest.approx(2 / 3)
    assert made.data_digest.startswith("sha256:")


BAD = [
    ("y_true", {"y_true": [], "y_pred": []}),
    ("y_true", {"y_true": "text", "y_pred": [0]}),
    ("y_true", {"y_true": 3, "y_pred": [0]}),
    ("y_true", {"y_true": [0, None], "y_pred": [0, 1]}),
    ("y_true", {"y_true": [0, "a"], "y_pred": [0, 1]}),
    ("y_true", {"y_true": [object(), 1], "y_pred": [0, 1]}),
    ("y_true", {"y_true": [2**70, 1], "y_pred": [0, 1]}),
    ("y_pred", {"y_true": [0, 1]}),
    ("y_pred", {"y_true": [0, 1], "y_pred": [0]}),
    ("y_score", {"y_true": [0, 1], "y_score": [0.5, float("nan")]}),
    ("y_score", {"y_true": [0, 1, 2], "y_score": np.full((3, 3), 0.9)}),
    ("weights", {"y_true": [0, 1], "y_pred": [0, 1], "weights": [0, 0]}),
    ("weights", {"y_true": [0, 1], "y_pred": [0, 1], "weights": ["a", "b"]}),
    ("weights", {"y_true": [0, 1], "y_pred": [0, 1], "weights": [1, -1]}),
    ("weights", {"y_true": [0, 1], "y_pred": [0, 1], "weights": [1, float("nan")]}),
    ("weights", {"y_true": [0, 1], "y_pred": [0, 1], "weights": []}),
    ("clusters", {"y_true": [0, 1], "y_pred": [0, 1], "clusters": [1]}),
    ("clusters", {"y_true": [0, 1], "y_pred": [0, 1], "clusters": []}),
    ("clusters", {"y_true": [0, 1], "y_pred": [0, 1], "clusters": ["a", "a"]}),
    ("clusters", {"y_true": [0, 1], "y_pred": [0, 1], "clusters": ["a", None]}),
    ("clusters", {"y_true": [0, 1], "y_pred": [0, 1], "clusters": ["a", 1]}),
    ("clusters", {"y_true": [0, 1], "y_pred": [0, 1], "clusters": [1.0, float("nan")]}),
    ("clusters", {"y_true": [0, 1], "y_pred": [0, 1], "clusters": "ab"}),
    ("strata", {"y_true": [0, 1], "y_pred": [0, 1], "strata": [1, 2, 3]}),
    ("strata", {"y_true": [0, 1], "y_pred": [0, 1], "strata": [0.5, 1.5]}),
    ("strata", {"y_true": [0, 1], "y_pred": [0, 1], "strata": 2}),
    ("slices.s", {"y_true": [0, 1], "y_pred": [0, 1], "slices": {"s": [0]}}),
    ("slices.s", {"y_true": [0, 1], "y_pred": [0, 1], "slices": {"s": [0.5, 1.5]}}),
    ("slices.s", {"y_true": [0, 1], "y_pred": [0, 1], "slices": {"s": ["a", None]}}),
    ("slices", {"y_true": [0, 1], "y_pred": [0, 1], "slices": [0, 1]}),
    ("seed", {"y_true": [0, 1], "y_pred": [0, 1], "seed": -1}),
    ("level", {"y_true": [0, 1], "y_pred": [0, 1], "level": 0}),
    ("task", {"y_true": [0, 1], "y_pred": [0, 1], "task": "ranking"}),
    ("replicates", {"y_true": [0, 1], "y_pred": [0, 1], "replicates": 1}),
    ("dataset", {"y_true": [0, 1], "y_pred": [0, 1], "dataset": ""}),
]


@pytest.mark.parametrize(("argument", "given"), BAD)
def test_bad_columns_name_the_argument(
    registry: halfback.Registry, argument: str, given: dict[str, Any]
) -> None:
    before = registry.info()
    with pytest.raises(halfback.InvalidError, match=argument):
        registry.evaluate(f"{MODEL}/1", **given)
    if argument in ("weights", "clusters", "strata"):
        pair = given | {"y_pred": (given["y_pred"], given["y_pred"])}
        with pytest.raises(halfback.InvalidError, match=argument):
            registry.compare(f"{MODEL}/2", f"{MODEL}/1", **pair)
    assert registry.info() == before


CUSTOMERS = ["ann", "ann", "bob", "bob", "eve", "eve", "zoë", "zoë"]


@pytest.mark.parametrize("strata", [None, [1] * 8], ids=["plain", "strata"])
@pytest.mark.parametrize("clusters", [CUSTOMERS, [-4, -4, 0, 0, 9, 9, 2**62, 2**62]])
def test_resamples_are_those_of_the_bootstrap(
    registry: halfback.Registry, clusters: list[Any], strata: list[int] | None
) -> None:
    made = registry.evaluate(
        f"{MODEL}/1",
        TRUTH,
        y_score=SCORES,
        clusters=clusters,
        strata=strata,
        level=0.8,
        seed=3,
        replicates=200,
    )
    expected = metrics.bootstrap(
        metrics.brier_score_loss,
        TRUTH,
        SCORES,
        keys=clusters,
        strata=strata,
        level=0.8,
        seed=3,
        replicates=200,
    )
    found = made.metric("brier")
    assert found is not None
    assert found.method == ("stratified_cluster_bootstrap" if strata else "cluster_bootstrap")
    assert (found.lower, found.upper) == pytest.approx((expected.lower, expected.upper), abs=1e-12)
    assert made.clusters == 4
    assert registry.get_evaluation(made.id) == made


@pytest.mark.parametrize("library", ["numpy", "pandas", "polars", "pyarrow"])
def test_clusters_come_from_any_column(registry: halfback.Registry, library: str) -> None:
    module = pytest.importorskip(library)
    make = {"pandas": "Series", "polars": "Series"}.get(library, "array")
    of = getattr(module, make)
    found = registry.evaluate(f"{MODEL}/1", TRUTH, y_score=SCORES, clusters=of(CUSTOMERS))
    assert found == registry.evaluate(f"{MODEL}/1", TRUTH, y_score=SCORES, clusters=CUSTOMERS)


def test_rows_without_clusters_have_none(registry: halfback.Registry) -> None:
    made = registry.evaluate(f"{MODEL}/1", TRUTH, y_score=SCORES)
    assert (made.clusters, made.replicates) == (None, None)
    assert registry.get_evaluation(made.id) == made


def test_a_comparison_has_weights_and_clusters(registry: halfback.Registry) -> None:
    pair = (SCORES, [1 - score for score in SCORES])

    def compared(**drawn: Any) -> halfback.Comparison:
        return registry.compare(
            f"{MODEL}/2", f"{MODEL}/1", TRUTH, y_score=pair, metric="accuracy", **drawn
        )

    weights = [1, 2, 1, 1, 3, 1, 0, 0]
    weighted = compared(weights=weights, slices={"half": [1, 1, 1, 1, 1, 1, 2, 2]})
    own = registry.evaluate(f"{MODEL}/2", TRUTH, y_score=SCORES, weights=weights)
    value = own.metric("accuracy")
    assert value is not None
    assert weighted.method == "paired_bootstrap"
    assert weighted.results[0].candidate_value == value.value
    assert weighted.results[2].difference is None
    assert "weight of zero" in weighted.results[2].reason
    clustered = compared(clusters=CUSTOMERS, slices={"customer": CUSTOMERS})
    assert clustered.method == "paired_cluster_bootstrap"
    assert {result.reason for result in clustered.results[1:]} == {"all rows are of one cluster"}
    assert compared(strata=TRUTH).method == "paired_stratified_bootstrap"
    assert [each.replicates for each in (weighted, clustered)] == [2000, 2000]
    plain = compared()
    assert (plain.method, plain.replicates) == ("mcnemar_tango", None)
    assert registry.get_comparison(clustered.id) == clustered
    assert registry.get_comparison(plain.id) == plain


def test_a_pair_is_a_pair(registry: halfback.Registry) -> None:
    with pytest.raises(halfback.InvalidError, match="y_pred"):
        registry.compare(f"{MODEL}/2", f"{MODEL}/1", [0, 1], y_pred=[0, 1])  # type: ignore[arg-type]
    with pytest.raises(halfback.InvalidError, match="same version"):
        registry.compare(f"{MODEL}/2", f"{MODEL}/latest", [0, 1], y_pred=([0, 1], [0, 1]))
    with pytest.raises(halfback.InvalidError, match="baseline"):
        registry.compare(f"{MODEL}/2", f"{MODEL}/1", [0, 1], y_pred=([0, 1], [0]))


def test_a_comparison_says_why(registry: halfback.Registry) -> None:
    random = np.random.default_rng(1)
    truth = random.integers(0, 2, 400)
    good = np.clip(truth * 0.4 + random.random(400) * 0.6, 0, 1)
    bad = random.random(400)
    made = registry.compare(
        f"{MODEL}/2",
        f"{MODEL}/1",
        truth,
        y_score=(good, bad.astype(np.float32)),
        slices={"half": np.repeat(["a", "b"], 200)},
        adjustment="benjamini_hochberg",
    )
    assert (made.verdict, made.method, made.metric) == ("better", "delong", "roc_auc")
    assert "ruled out" in made.reason
    assert [result.verdict for result in made.results] == ["better"] * 3
    assert list(registry.list_comparisons(f"{MODEL}/1")) == [made]


def test_the_interpreter_is_free_meanwhile(registry: halfback.Registry) -> None:
    truth = np.tile(TRUTH, 2000)
    ticks = 0
    done = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1

    thread = threading.Thread(target=tick)
    thread.start()
    registry.evaluate(f"{MODEL}/1", truth, truth, weights=np.ones(len(truth)), replicates=300)
    done.set()
    thread.join()
    assert ticks > 1000


def test_a_comparison_says_what_the_functions_say(registry: halfback.Registry) -> None:
    random = np.random.default_rng(2)
    truth = random.integers(0, 2, 600)
    new = np.clip(truth * 0.3 + random.random(600) * 0.7, 0, 1)
    old = np.clip(new + random.normal(0, 0.3, 600), 0, 1)
    site = np.repeat(["a", "b", "c"], 200)
    parts = [slice(None), *(site == name for name in "abc")]
    predictions = (new > 0.5, old > 0.5)
    measured: dict[str, Any] = {
        "roc_auc": [metrics.delong_paired(truth[part], new[part], old[part]) for part in parts],
        "accuracy": [
            metrics.mcnemar(truth[part], *(labels[part] for labels in predictions))
            for part in parts
        ],
    }
    for metric, differences in measured.items():
        question: dict[str, Any] = {"alternative": "non_inferiority", "margin": 0.02, "level": 0.9}
        made = registry.compare(
            f"{MODEL}/2",
            f"{MODEL}/1",
            truth,
            y_pred=predictions,
            y_score=(new, old),
            metric=metric,
            slices={"site": site},
            **question,
        )
        overall = metrics.judge(differences[0], **question)
        judged = [overall, *metrics.judge_all(differences[1:], **question)]
        assert len(made.results) == len(judged) == 4
        for kept, found in zip(made.results, judged, strict=True):
            assert (kept.verdict, kept.reason) == (found.verdict, found.reason)
            assert found.interval is not None
            bounds = (kept.difference, kept.lower, kept.upper)
            assert bounds == pytest.approx(found.interval[:3], rel=1e-12)
            assert kept.p_value == pytest.approx(found.p_value, rel=1e-9)
            assert kept.adjusted_p_value == pytest.approx(found.adjusted_p_value, rel=1e-9)


def test_notebooks_show_pictures_and_escape(registry: halfback.Registry) -> None:
    evil = "<script>alert(1)</script>"
    made = registry.evaluate(
        f"{MODEL}/1", TRUTH, y_score=SCORES, slices={evil: [evil, "b"] * 4}, dataset=evil
    )
    page = made._repr_html_()
    assert page.count("<svg") == 5
    assert "<script" not in page
    assert "0.9375" in page
    assert made._repr_svg_().startswith("<svg")
    with pytest.raises(halfback.InvalidError):
        next(iter(registry.list_evaluations(f"{MODEL}/1"))).svg("roc")
    compared = registry.compare(
        f"{MODEL}/2",
        f"{MODEL}/1",
        TRUTH,
        y_pred=(TRUTH, TRUTH[::-1]),
        slices={evil: [evil, "b"] * 4},
    )
    page = compared._repr_html_()
    assert page.count("<svg") == 1
    assert "<script" not in page
    assert compared.reason in page


def test_an_evaluation_is_told_in_one_line_without_what_steers_a_terminal(
    registry: halfback.Registry,
) -> None:
    dataset = "q1\x1b[31m\nnext\u202e\u200b Umsätze"
    told = repr(registry.evaluate(f"{MODEL}/1", TRUTH, y_pred=TRUTH, dataset=dataset))
    assert told.isprintable()
    assert r" on q1\x1b[31m\nnext\u202e\u200b Umsätze: 8 rows" in told
