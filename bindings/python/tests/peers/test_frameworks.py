"""The libraries themselves: what they write is recognised, and what is registered answers the same.

Needs what `crates/xtask/requirements/frameworks.txt` lists, which is too much for every run of the
tests. What is PyTorch's alone is in `test_pytorch.py`.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from typing import TYPE_CHECKING, Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # before TensorFlow is imported
# What PyTorch compiles for graphics cards with: its LLVM beside TensorFlow's ends the process.
sys.modules["triton"] = None  # type: ignore[assignment]  # what Python takes for an absent module

import halfback
import joblib  # type: ignore[import-untyped]  # brings no types along
import keras
import lightgbm as lgb
import numpy as np
import onnx
import onnxruntime
import pytest
import skl2onnx
import sklearn
import skops.io
import tensorflow as tf
import torch
import transformers
import xgboost as xgb
from safetensors.numpy import save_file
from safetensors.torch import save_model
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore")  # those of the libraries

X = np.random.default_rng(7).normal(size=(60, 3)).astype("float32")
Y = (X[:, 0] > X[:, 1]).astype(int)
NAMES = ["age", "income", "debt"]


def estimator() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)


def network(*layers: Any) -> Any:
    model = keras.Sequential([keras.Input((3,), name="x"), *layers, keras.layers.Dense(2)])
    model.compile(loss="mse")
    return model


def graph() -> Any:
    return skl2onnx.to_onnx(estimator(), X[:1], options={"zipmap": False})


def booster() -> Any:
    return xgb.train({"max_depth": 2}, xgb.DMatrix(X, label=Y, feature_names=NAMES), 3)


def module() -> Any:
    torch.manual_seed(7)
    return torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Dropout(), torch.nn.Linear(4, 2)
    )


def write_program(path: Path) -> None:
    rows = ({0: torch.export.Dim.DYNAMIC},)
    program = torch.export.export(module().eval(), (torch.as_tensor(X),), dynamic_shapes=rows)
    torch.export.save(program, path)


def write_lightgbm(path: Path) -> None:
    data = lgb.Dataset(X, label=Y, feature_name=NAMES)
    lgb.train({"verbose": -1}, data, 3).save_model(path)


def write_pickle(path: Path) -> None:
    with path.open("wb") as file:
        pickle.dump(estimator(), file)


def write_transformer(path: Path) -> None:
    sizes = {"hidden_size": 8, "intermediate_size": 8, "vocab_size": 16}
    layers = {"num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.BertConfig(**sizes, **layers, architectures=["BertModel"])
    config.save_pretrained(path)
    weights = {"embeddings.weight": np.zeros((16, 8), "float32")}
    save_file(weights, path / "model.safetensors", metadata={"format": "pt"})


# What a library writes: the file or folder, and the flavor, version and inputs that it tells, and
# whether loading it runs code.
Written = tuple["Callable[[Path], object]", str, str, str | None, list[str], bool]
SKLEARN = sklearn.__version__
FILES: dict[str, Written] = {
    "skops": (
        lambda path: skops.io.dump(estimator(), path), "m.skops", "sklearn", SKLEARN, [], False,
    ),
    "pickle": (write_pickle, "m.pkl", "sklearn", SKLEARN, [], True),
    "joblib": (
        lambda path: joblib.dump(estimator(), path), "m.joblib", "sklearn", SKLEARN, [], True,
    ),
    "joblib, packed": (
        lambda path: joblib.dump(estimator(), path, compress=3),
        "m.joblib", "sklearn", SKLEARN, [], True,
    ),
    "skl2onnx": (
        lambda path: onnx.save(graph(), path),
        "m.onnx", "onnx", f"skl2onnx {skl2onnx.__version__}", ["X"], False,
    ),
    "XGBoost's JSON": (
        lambda path: booster().save_model(path), "m.json", "xgboost", xgb.__version__, NAMES, False,
    ),
    "XGBoost's UBJSON": (
        lambda path: booster().save_model(path), "m.ubj", "xgboost", xgb.__version__, NAMES, False,
    ),
    "LightGBM": (write_lightgbm, "m.txt", "lightgbm", None, NAMES, False),
    "Keras": (
        lambda path: network().save(path), "m.keras", "keras", keras.__version__, [], False,
    ),
    "Keras's HDF5": (
        lambda path: network().save(path), "m.h5", "keras", keras.__version__, [], False,
    ),
    "a large description in HDF5": (
        lambda path: network(*[keras.layers.Dense(3, name="n" * 90 + str(n)) for n in range(200)])
        .save(path),
        "m.h5", "keras", keras.__version__, [], False,
    ),
    "code in Keras": (
        lambda path: network(keras.layers.Lambda(lambda x: x * 2)).save(path),
        "m.keras", "keras", keras.__version__, [], True,
    ),
    "code in HDF5": (
        lambda path: network(keras.layers.Lambda(lambda x: x * 2)).save(path),
        "m.h5", "keras", keras.__version__, [], True,
    ),
    "SavedModel": (
        lambda path: network().export(path, verbose=False),
        "model", "tensorflow", tf.__version__, ["x"], False,
    ),
    "torch.export": (write_program, "m.pt2", "pytorch", torch.__version__, ["input"], True),
    "TorchScript": (
        lambda path: torch.jit.script(module()).save(path), "m.pt", "pytorch", None, [], True,
    ),
    "torch.save": (
        lambda path: torch.save(module().state_dict(), path), "m.pt", "pytorch", None, [], True,
    ),
    "torch.save of a module": (
        lambda path: torch.save(module(), path), "m.pth", "pytorch", None, [], True,
    ),
    "torch.save without an archive": (
        lambda path: torch.save(
            module().state_dict(), path, _use_new_zipfile_serialization=False
        ),
        "m.pth", "pytorch", None, [], True,
    ),
    "safetensors of PyTorch": (
        lambda path: save_model(module(), path), "m.safetensors", "safetensors", None, [], False,
    ),
    "transformers": (
        write_transformer, "model", "transformers", transformers.__version__, [], False,
    ),
}  # fmt: skip


@pytest.fixture
def registry(tmp_path: Path) -> Any:
    with halfback.open(tmp_path / "models.hb", create=True) as registry:
        registry.create_model("tried")
        yield registry


@pytest.mark.parametrize("name", FILES)
def test_what_a_library_writes_is_recognised(
    registry: halfback.Registry, tmp_path: Path, name: str
) -> None:
    write, file, flavor, release, inputs, executable = FILES[name]
    write(tmp_path / file)
    version = registry.register_version("tried", tmp_path / file)
    assert (version.flavor, version.executable) == (flavor, executable)
    assert version.framework_version == release
    told = (version.signature or {}).get("inputs", [])
    assert [column["name"] for column in told] == inputs
    found = registry.search_versions(f"feature = '{inputs[0]}'" if inputs else "feature IS NULL")
    assert [found.number for found in found] == [1]
    if executable:
        with pytest.raises(halfback.PermissionDeniedError, match="trust=True"):
            version.load()


def test_hdf5_without_a_description_is_no_model(
    registry: halfback.Registry, tmp_path: Path
) -> None:
    network().save_weights(tmp_path / "m.weights.h5")
    version = registry.register_version("tried", tmp_path / "m.weights.h5")
    assert (version.flavor, version.executable) == (None, False)


def run(model: Any) -> Any:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(["probabilities"], {"X": X})[0]


# What `register` saves and `load` gives back; the example is what it is asked.
OBJECTS: dict[str, tuple[Callable[[], Any], str | None, Callable[[Any], Any]]] = {
    "estimator": (estimator, None, lambda model: model.predict_proba(X)),
    "estimator as joblib": (estimator, "joblib", lambda model: model.predict_proba(X)),
    "XGBoost": (
        lambda: xgb.XGBClassifier(n_estimators=3).fit(X, Y), None, lambda model: model.predict(X),
    ),
    "LightGBM": (
        lambda: lgb.LGBMRegressor(n_estimators=3, verbose=-1).fit(X, X[:, 0]),
        None, lambda model: model.predict(X),
    ),
    "ONNX": (graph, None, run),
    "Keras": (network, None, lambda model: model.predict(X, verbose=0)),
    "Keras as HDF5": (network, "hdf5", lambda model: model.predict(X, verbose=0)),
}  # fmt: skip


@pytest.mark.parametrize("name", OBJECTS)
def test_what_comes_back_answers_the_same(registry: halfback.Registry, name: str) -> None:
    make, format, answers = OBJECTS[name]
    model = make()
    asked: dict[str, Any] = {} if name == "ONNX" else {"example": X}
    version = registry.register("tried", model, format=format, **asked)
    trust = format == "joblib"
    assert np.array_equal(answers(version.load(trust=trust)), answers(model))
    if asked:
        assert version.check_example(trust=trust).passed
        assert json.dumps(version.signature)


def test_a_layer_with_code_comes_back_with_trust(registry: halfback.Registry) -> None:
    model = network(keras.layers.Lambda(lambda x: x * 2))
    for format in ("keras", "hdf5"):
        version = registry.register("tried", model, format=format)
        with pytest.raises(halfback.PermissionDeniedError):
            version.load()
        again = version.load(trust=True)
        assert np.array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
