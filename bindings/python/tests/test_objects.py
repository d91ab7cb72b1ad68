"""Models as objects: saved in the safest format, read back as they were, and tried again."""

from __future__ import annotations

import importlib.util
import math
import pickle
import sys
import warnings
from typing import TYPE_CHECKING, Any

import halfback
import lightgbm as lgb
import numpy as np
import onnx
import pandas as pd
import polars as pl
import pytest
import xgboost as xgb
from onnx import TensorProto, helper
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = "risk.credit.objects"
RANDOM = np.random.default_rng(7)
ARRAY = RANDOM.normal(size=(150, 4))
LABELS = (ARRAY[:, 0] + ARRAY[:, 1] > 0).astype(int)
NUMBERS = pd.DataFrame(ARRAY, columns=list("abcd"))
FRAME = NUMBERS.assign(city=np.where(ARRAY[:, 2] > 0, "Oslo", "Rome"))
TEXTS = ["a good day", "a bad night"] * 8


def graph() -> Any:
    """A linear model in ONNX."""
    weights = helper.make_tensor("w", TensorProto.FLOAT, [4, 2], [float(n) for n in range(8)])
    made = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 2])],
        [weights],
    )
    return helper.make_model(made)


def encoded(estimator: Any) -> Any:
    columns = make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough")
    return make_pipeline(columns, estimator).fit(FRAME, LABELS)


# What is made, some inputs for it, and the flavor and file that it becomes.
MODELS: dict[str, tuple[Callable[[], Any], Any, str, str]] = {
    "estimator of an array": (
        lambda: LogisticRegression(C=0.5).fit(ARRAY, LABELS), ARRAY, "sklearn", "model.skops",
    ),
    "estimator of a frame": (
        lambda: encoded(LogisticRegression()), FRAME, "sklearn", "model.skops",
    ),
    "estimator of a frame of Polars": (
        lambda: encoded(LogisticRegression()), pl.from_pandas(FRAME), "sklearn", "model.skops",
    ),
    "estimator of texts": (
        lambda: make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, [1, 0] * 8),
        TEXTS, "sklearn", "model.skops",
    ),
    "estimator with labels of text": (
        lambda: LogisticRegression().fit(NUMBERS, np.where(LABELS, "yes", "no")),
        NUMBERS, "sklearn", "model.skops",
    ),
    "estimator of a sparse matrix": (
        lambda: LogisticRegression().fit(sparse.csr_matrix(ARRAY), LABELS),
        sparse.csr_matrix(ARRAY), "sklearn", "model.skops",
    ),
    "transformer": (
        lambda: make_pipeline(StandardScaler(), LinearRegression()).fit(ARRAY, ARRAY[:, :2]),
        ARRAY, "sklearn", "model.skops",
    ),
    "classifier of XGBoost": (
        lambda: xgb.XGBClassifier(n_estimators=4).fit(NUMBERS, LABELS),
        NUMBERS, "xgboost", "model.ubj",
    ),
    "regressor of XGBoost": (
        lambda: xgb.XGBRegressor(n_estimators=4).fit(ARRAY, ARRAY[:, 0]),
        ARRAY, "xgboost", "model.ubj",
    ),
    "booster of XGBoost": (
        lambda: xgb.train({"max_depth": 2}, xgb.DMatrix(ARRAY, label=LABELS), 4),
        ARRAY, "xgboost", "model.ubj",
    ),
    "classifier of LightGBM": (
        lambda: lgb.LGBMClassifier(n_estimators=4, verbose=-1).fit(NUMBERS, LABELS),
        NUMBERS, "lightgbm", "model.txt",
    ),
    "booster of LightGBM": (
        lambda: lgb.train({"verbose": -1}, lgb.Dataset(ARRAY, label=LABELS), 4),
        ARRAY, "lightgbm", "model.txt",
    ),
    "graph": (graph, ARRAY.astype("float32"), "onnx", "model.onnx"),
    "graph with named inputs": (graph, {"x": ARRAY.astype("float32")}, "onnx", "model.onnx"),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back_and_answers_as_before(registry: halfback.Registry, name: str) -> None:
    make, example, flavor, file = MODELS[name]
    version = registry.register(NAME, make(), example=example)
    assert (version.flavor, version.number) == (flavor, 1)
    assert version.framework_version
    assert [each.path for each in registry.get_artifact(version).files] == [file]
    assert version.signature is not None
    assert version.signature["inputs"]
    assert version.signature["outputs"]
    check = version.check_example()
    assert check.passed
    assert check.rows == min(100, example.shape[0] if hasattr(example, "shape") else check.rows)
    assert check.largest_deviation < 1e-12


def test_what_comes_back_is_an_estimator_again(registry: halfback.Registry) -> None:
    for make in (MODELS["classifier of XGBoost"][0], MODELS["estimator with labels of text"][0]):
        model = make()
        again = registry.register(NAME, model).load()
        assert type(again) is type(model)
        assert np.array_equal(again.predict_proba(NUMBERS), model.predict_proba(NUMBERS))
        assert list(again.classes_) == list(model.classes_)


def test_the_example_becomes_signature_rows_and_outputs(registry: halfback.Registry) -> None:
    frame = FRAME.copy()
    frame.loc[120, "a"] = np.nan  # beyond the rows that are stored
    model = encoded(xgb.XGBClassifier(n_estimators=2))
    version = registry.register(NAME, model, example=frame, format="pickle")
    assert version.signature is not None
    required = {spec["name"]: spec["required"] for spec in version.signature["inputs"]}
    assert required == {"a": False, "b": True, "c": True, "d": True, "city": True}
    example = registry.get_example(version)
    assert example.columns == ("a", "b", "c", "d", "city")
    assert len(example.rows) == len(example.outputs or ()) == 100
    assert list(example.outputs or ()) == model.predict(frame)[:100].tolist()


def test_an_array_whose_columns_are_known_by_name(registry: halfback.Registry) -> None:
    model = xgb.XGBRegressor(n_estimators=2).fit(NUMBERS, ARRAY[:, 0])
    version = registry.register(NAME, model, example=NUMBERS.to_numpy())
    assert version.signature is not None
    assert [spec["name"] for spec in version.signature["inputs"]] == list("abcd")
    assert version.signature["outputs"] == [{"type": "float", "required": True}]
    assert registry.get_example(version).columns == tuple("abcd")
    assert version.check_example().passed


def test_another_method_and_answers_that_are_given(registry: halfback.Registry) -> None:
    model = LogisticRegression().fit(ARRAY, LABELS)
    proba = registry.register(NAME, model, example=ARRAY, method="predict_proba")
    assert proba.signature is not None
    assert proba.signature["outputs"][0]["tensor-spec"]["shape"] == [-1, 2]
    assert proba.check_example(method="predict_proba").passed
    given = registry.register(NAME, model, example=ARRAY, outputs=model.predict(ARRAY) + 1)
    check = given.check_example()
    assert not check.passed
    assert len(check.deviating) == 100
    assert 0.5 <= check.largest_deviation <= 1
    silent = registry.register(NAME, model, example=ARRAY, outputs=None)
    assert silent.signature is not None
    assert "outputs" not in silent.signature
    with pytest.raises(halfback.NotFoundError, match="has no outputs"):
        silent.check_example()
    bare = registry.register(NAME, model, example=ARRAY, store_example=False)
    assert bare.signature == registry.get_version(NAME, 2).signature
    assert not bare.has_example


def test_a_check_names_the_rows_that_deviate(registry: halfback.Registry) -> None:
    version = registry.register(NAME, graph(), example=ARRAY.astype("float32"))

    def off(inputs: Any) -> Any:
        answers = inputs @ np.arange(8, dtype="float32").reshape(4, 2)
        answers[3, 1] += 0.25
        answers[5, 0] = np.nan
        return answers

    check = version.check_example(off)
    assert check.deviating == (3, 5)
    assert check.largest_deviation == math.inf
    assert version.check_example(off, tolerance=1).deviating == (5,)
    with pytest.raises(halfback.InvalidError, match="0 or more"):
        version.check_example(off, tolerance=-1)
    with pytest.raises(halfback.InvalidError, match="gave 2 answers to 100 rows"):
        version.check_example(lambda inputs: [1, 2])


def test_only_scalar_params_are_stored_and_given_ones_win(registry: halfback.Registry) -> None:
    model = xgb.XGBClassifier(n_estimators=np.int64(3), max_depth=2, missing=np.nan)
    model.fit(ARRAY, LABELS)
    params = registry.register(NAME, model, params={"max_depth": "two", "fold": 1}).params
    assert params["n_estimators"] == 3
    assert params["max_depth"] == "two"
    assert params["fold"] == 1
    assert "missing" not in params
    assert None not in params.values()


def test_rows_that_are_large_are_fewer(registry: halfback.Registry) -> None:
    wide = RANDOM.normal(size=(100, 200))
    model = LinearRegression().fit(wide, wide[:, 0])
    version = registry.register(NAME, model, example=wide)
    assert 1 < len(registry.get_example(version).rows) < 100
    assert version.check_example().passed


def test_a_signature_that_is_given_is_kept(registry: halfback.Registry) -> None:
    signature = {"inputs": [{"type": "double", "name": "x", "required": True}]}
    model = LinearRegression().fit(ARRAY, LABELS)
    version = registry.register(NAME, model, example=ARRAY, signature=signature)
    assert version.signature == signature


# Formats and trust.


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return open, (self.path, "w")


@pytest.mark.parametrize("file", ["model.pkl", "model.pickle", "model.joblib"])
def test_a_pickle_is_not_opened_without_trust(
    registry: halfback.Registry, tmp_path: Path, file: str
) -> None:
    mark = tmp_path / "exploded"
    registry.create_model(NAME)
    content = pickle.dumps(Bomb(str(mark)))
    for flavor in ("sklearn", None, "pickle"):
        version = registry.register_version(NAME, content, name=file, flavor=flavor)
        with pytest.raises(halfback.PermissionDeniedError, match="trust=True") as caught:
            version.load()
        assert caught.value.code == "permission_denied"
        with pytest.raises(halfback.InvalidTypeError):
            version.load(trust="yes")  # type: ignore[arg-type]
    assert not mark.exists()


@pytest.mark.parametrize(("format", "file"), [("joblib", "model.joblib"), ("pickle", "model.pkl")])
def test_formats_that_run_code_need_trust(
    registry: halfback.Registry, format: str, file: str
) -> None:
    model = LogisticRegression().fit(ARRAY, LABELS)
    version = registry.register(NAME, model, example=ARRAY, format=format)
    assert [each.path for each in registry.get_artifact(version).files] == [file]
    with pytest.raises(halfback.PermissionDeniedError):
        version.check_example()
    assert version.check_example(trust=True).passed
    assert version.check_example(model).passed


def test_the_same_model_is_the_same_file(
    registry: halfback.Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = encoded(LogisticRegression())
    first = registry.register("fraud", model, example=FRAME)
    monkeypatch.setattr("time.time", lambda: 1_900_000_000.0)
    again = registry.register("fraud", pickle.loads(pickle.dumps(model)), exist_ok=True)
    assert (again.number, again.digest) == (1, first.digest)
    assert first.check_example(trust=True).passed


def test_types_that_skops_does_not_know_are_listed(registry: halfback.Registry) -> None:
    forest = RandomForestClassifier(3).fit(ARRAY, LABELS)
    version = registry.register(NAME, forest, example=ARRAY)
    with pytest.raises(halfback.PermissionDeniedError, match=r"`sklearn\.tree\._tree\.Tree`"):
        version.load()
    assert version.check_example(trust=True).passed


def test_without_skops_it_is_joblib_with_a_warning(
    registry: halfback.Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "halfback.frameworks.find_spec", lambda name: None if name == "skops" else find(name)
    )
    model = LogisticRegression().fit(ARRAY, LABELS)
    with pytest.warns(UserWarning, match="`skops` is not installed") as caught:
        version = registry.register(NAME, model)
    assert caught[0].filename == __file__
    assert [each.path for each in registry.get_artifact(version).files] == ["model.joblib"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        registry.register(NAME, model, format="joblib")


def test_a_damaged_file_is_not_loaded(registry: halfback.Registry) -> None:
    version = registry.register(NAME, graph())
    stored = version.file_path()
    stored.chmod(0o644)
    stored.write_bytes(b"\0" * version.size)
    with pytest.raises(halfback.IntegrityError):
        version.load()


def test_files_that_were_registered_by_hand_load_too(
    registry: halfback.Registry, tmp_path: Path
) -> None:
    booster = MODELS["booster of XGBoost"][0]()
    booster.save_model(tmp_path / "credit.json")
    registry.create_model(NAME)
    version = registry.register_version(NAME, tmp_path / "credit.json", flavor="xgboost")
    again = version.load()
    assert np.array_equal(again.predict(xgb.DMatrix(ARRAY)), booster.predict(xgb.DMatrix(ARRAY)))
    (tmp_path / "graph.onnx").write_bytes(graph().SerializeToString())
    assert isinstance(
        registry.register_version(NAME, tmp_path / "graph.onnx").load(), onnx.ModelProto
    )


# What is refused.


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        (object(), {}, "is no model of `xgboost`"),
        (LogisticRegression, {}, "is no model of"),
        (LogisticRegression(), {"format": "onnx"}, "is written as `skops`, `joblib`, `pickle`"),
        (LogisticRegression(), {"example": ARRAY}, "failed on the example: This LogisticRegr"),
        (LogisticRegression(), {"example": ARRAY, "method": "foretell"}, "has no `foretell`"),
        (LogisticRegression(), {"outputs": [1]}, "give the `example` too"),
        (LogisticRegression(), {"example": ARRAY, "outputs": [1]}, "100 rows and 1 outputs"),
        (
            LogisticRegression(),
            {"example": np.array([[np.inf]]), "outputs": [1]},
            "only finite numbers",
        ),
        (
            make_pipeline(FunctionTransformer(lambda x: x)),
            {"format": "pickle"},
            "could not be written as `pickle`",
        ),
        (lgb.Booster, {}, "is no model of"),
    ],
)
def test_what_cannot_be_registered_changes_nothing(
    registry: halfback.Registry, model: Any, given: dict[str, Any], message: str
) -> None:
    before = registry.info()
    with pytest.raises(halfback.InvalidError, match=message):
        registry.register("risk.credit.never", model, **given)
    assert registry.info() == before
    assert registry.find_model("risk.credit.never") is None


def test_a_version_of_no_known_format_says_so(registry: halfback.Registry) -> None:
    with pytest.raises(halfback.InvalidError, match="`download` it and load it with its own"):
        registry.resolve("risk.credit.default@champion").load()


def test_a_missing_library_is_named_when_a_model_is_loaded(
    registry: halfback.Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = registry.register(NAME, graph())
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(halfback.MissingLibraryError, match=r"halfback\[onnx\]"):
        version.load()
