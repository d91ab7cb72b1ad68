"""PyTorch itself: its modules, programs and files, those that came to harm among them.

Needs what `crates/xtask/requirements/frameworks.txt` lists.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile

import halfback
import numpy as np
import pandas as pd
import pytest
import torch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

X = np.random.default_rng(7).normal(size=(60, 3)).astype("float32")
TENSOR = torch.as_tensor(X)
FRAME = pd.DataFrame(X, columns=["age", "income", "debt"])


def network() -> Any:
    """A module that answers otherwise while it learns, and otherwise each time it is made."""
    return torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Dropout(), torch.nn.Linear(4, 2)
    )


def tied() -> Any:
    layers = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 3))
    layers[1].weight = layers[0].weight
    return layers


class Sum(torch.nn.Module):  # type: ignore[misc]  # of a library without types
    """Takes two tensors, and gives one by its name."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 1)

    def forward(self, left: Any, right: Any) -> Any:
        return {"sum": self.layer(left) + right}


class Noted(torch.nn.Linear):  # type: ignore[misc]  # of a library without types
    """Keeps something that is no tensor."""

    note = "unknown"

    def __init__(self) -> None:
        super().__init__(3, 1)

    def get_extra_state(self) -> Any:
        return {"note": self.note}

    def set_extra_state(self, state: Any) -> None:
        self.note = state["note"]


class Pair(torch.nn.Linear):  # type: ignore[misc]  # of a library without types
    """Answers with what has no names."""

    def forward(self, x: Any) -> Any:
        return super().forward(x), x


@pytest.fixture
def registry(tmp_path: Path) -> Any:
    with halfback.open(tmp_path / "models.hb", create=True) as registry:
        registry.create_model("tried")
        yield registry


def names(version: halfback.ModelVersion) -> list[str]:
    return [file.path for file in version._reads().get_artifact(version).files]


# What is registered: how it is made, and the example that it is asked.
MODELS: dict[str, tuple[Callable[[], Any], Any]] = {
    "rows": (network, X),
    "a list": (network, X.tolist()),
    "a tensor": (network, TENSOR),
    "a frame": (network, FRAME),
    "one row": (network, X[:1]),
    "whole numbers": (lambda: torch.nn.Embedding(5, 2), np.array([0, 3, 4])),
    "shared weights": (tied, X),
    "several tensors": (Sum, {"left": X, "right": X[:, :1]}),
}


@pytest.mark.parametrize("format", [None, "torch.export", "torch.save"])
@pytest.mark.parametrize("name", MODELS)
def test_a_module_comes_back_and_answers_the_same(
    registry: halfback.Registry, name: str, format: str | None
) -> None:
    make, example = MODELS[name]
    model = make()
    version = registry.register("tried", model, format=format, example=example)
    assert model.training  # as it was
    assert (version.flavor, version.framework_version) == ("pytorch", torch.__version__)
    ending = {None: "safetensors", "torch.export": "pt2", "torch.save": "pt"}[format]
    assert names(version) == [f"model.{ending}"]
    assert version.executable == (format is not None)
    if version.executable:
        with pytest.raises(halfback.PermissionDeniedError, match="trust=True"):
            version.load()
    into = None if format == "torch.export" else make()
    again = version.load(trust=version.executable, into=into)
    assert version.check_example(again).passed
    if format != "torch.export":
        assert not version.check_example(make()).passed
        assert again is into


def test_tensors_alone_come_back_as_such(registry: halfback.Registry) -> None:
    state = network().state_dict()
    version = registry.register("tried", state, example=X, outputs=None)
    again = version.load()
    assert again.keys() == state.keys()
    assert all(torch.equal(again[key], state[key]) for key in state)
    assert torch.equal(version.load(into=network())[0].weight, state["0.weight"])
    with pytest.raises(halfback.InvalidError, match=r"(?s)Missing key.*which version of `pytorch`"):
        version.load(into=torch.nn.Linear(3, 4))


def test_a_program_is_registered_as_it_is(registry: halfback.Registry) -> None:
    model = network().eval()
    rows = ({0: torch.export.Dim.DYNAMIC},)
    program = torch.export.export(model, (TENSOR,), dynamic_shapes=rows)
    with pytest.warns(UserWarning, match="`safetensors` does not fit this `ExportedProgram`"):
        version = registry.register("tried", program, example=X)
    assert (names(version), version.executable) == (["model.pt2"], True)
    again = version.load(trust=True)
    assert torch.equal(again(TENSOR[:7]), model(TENSOR[:7]))
    assert version.check_example(again).passed
    with pytest.raises(halfback.InvalidError, match=r"as `torch\.export` alone"):
        registry.register("tried", program, format="safetensors")


def test_a_file_of_a_program_tells_what_it_takes_and_gives(
    registry: halfback.Registry, tmp_path: Path
) -> None:
    rows = {"left": {0: torch.export.Dim.DYNAMIC}, "right": {0: torch.export.Dim.DYNAMIC}}
    given = {"left": TENSOR, "right": TENSOR[:, :1]}
    program = torch.export.export(Sum(), (), given, dynamic_shapes=rows)
    torch.export.save(program, tmp_path / "sum.pt2")
    version = registry.register_version("tried", tmp_path / "sum.pt2")
    assert version.signature is not None
    told = {side: version.signature[side] for side in ("inputs", "outputs")}
    wide, narrow = ({"dtype": "float32", "shape": [-1, width]} for width in (3, 1))
    assert told == {
        "inputs": [
            {"name": "left", "type": "tensor", "tensor-spec": wide},
            {"name": "right", "type": "tensor", "tensor-spec": narrow},
        ],
        "outputs": [{"type": "tensor", "tensor-spec": narrow}],
    }


def test_what_is_no_tensor_takes_another_format(registry: halfback.Registry) -> None:
    model = Noted()
    model.note = "of mine"
    with pytest.warns(UserWarning, match="`safetensors` does not fit this `Noted`"):
        version = registry.register("tried", model)
    assert names(version) == ["model.pt"]
    assert version.load(trust=True, into=Noted()).note == "of mine"
    with pytest.raises(halfback.InvalidError, match="`_extra_state` of this `Noted` is no tensor"):
        registry.register("tried", model, format="safetensors")


def test_a_compiled_module_is_the_module_in_it(registry: halfback.Registry) -> None:
    model = network()
    version = registry.register("tried", torch.compile(model), example=X)
    assert version.load().keys() == model.state_dict().keys()
    assert version.check_example(into=network()).passed


def test_half_precision_is_stored_and_its_answers_are_widened(registry: halfback.Registry) -> None:
    class Half(torch.nn.Linear):  # type: ignore[misc]  # of a library without types
        def forward(self, x: Any) -> Any:
            return super().forward(x.bfloat16())

    model = Half(3, 2).bfloat16()
    version = registry.register("tried", model, example=TENSOR.bfloat16())
    assert version.load()["weight"].dtype == torch.bfloat16
    assert version.signature is not None
    assert version.signature["outputs"][0]["tensor-spec"]["dtype"] == "float32"
    assert version.check_example(into=Half(3, 2).bfloat16()).passed


def test_what_cannot_be_asked_says_why(registry: halfback.Registry) -> None:
    refused: list[tuple[Any, dict[str, Any], str]] = [
        (network(), {"example": X.astype("float64")}, "failed on the example.*outputs=None"),
        (Pair(3, 1), {"example": X}, "answers with a `tuple`.*outputs=None"),
        (network(), {"format": "torch.export"}, "needs a module and an example"),
        (network().state_dict(), {"example": X}, "a dictionary of tensors can't be called"),
    ]
    for model, asked, why in refused:
        with pytest.raises(halfback.InvalidError, match=why):
            registry.register("tried", model, **asked)
    assert registry.get_model("tried").latest_version is None


def test_golden_rows_hold_whatever_is_called(registry: halfback.Registry) -> None:
    model = network()
    version = registry.register("tried", model, example=X)
    model.eval()
    assert version.check_example(lambda rows: model(torch.as_tensor(rows))).passed
    off = version.check_example(lambda rows: model(torch.as_tensor(rows)).detach().numpy() + 0.5)
    assert off.deviating == tuple(range(60))


@pytest.mark.filterwarnings("ignore:.torch.jit:FutureWarning")
def test_torchscript_comes_back_without_its_python(
    registry: halfback.Registry, tmp_path: Path
) -> None:
    model = network().eval()
    torch.jit.script(model).save(tmp_path / "model.pt")
    version = registry.register_version("tried", tmp_path / "model.pt")
    assert torch.equal(version.load(trust=True)(TENSOR), model(TENSOR))
    with pytest.raises(halfback.InvalidError, match="without `into`"):
        version.load(trust=True, into=network())


def test_damage_is_refused_by_its_name(registry: halfback.Registry, tmp_path: Path) -> None:
    model = network().eval()
    torch.export.save(torch.export.export(model, (TENSOR,)), tmp_path / "model.pt2")
    whole = (tmp_path / "model.pt2").read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:-30], b"PK\x03\x04" + whole[40:]):
        (tmp_path / "model.pt2").write_bytes(damaged)
        version = registry.register_version("tried", tmp_path / "model.pt2")
        assert version.executable
        with pytest.raises(halfback.PermissionDeniedError):
            version.load()
        with pytest.raises(halfback.InvalidError, match=r"could not be read as `torch\.export`"):
            version.load(trust=True)


REGISTER = """
import sys, halfback
with halfback.open(sys.argv[1]) as registry:
    version = registry.register_version("tried", sys.argv[2])
    print(version.flavor, version.executable, version.signature)
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


def test_a_program_that_inflates_without_end_costs_little(
    registry: halfback.Registry, tmp_path: Path
) -> None:
    bomb = tmp_path / "bomb.pt2"
    with ZipFile(bomb, "w", ZIP_DEFLATED) as archive:
        archive.writestr("m/archive_format", "pt2")
        with archive.open("m/models/model.json", "w") as program:
            program.write(b'{"graph_module":{"graph":{"tensor_values":{"x":{"sizes":[')
            for _ in range(256):
                program.write(b"{}," * (1 << 19))
    assert bomb.stat().st_size < 8 << 20
    command = [sys.executable, "-c", REGISTER, str(registry.path), str(bomb)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    told, memory = said.splitlines()
    assert told == "pytorch True None"
    assert int(memory) < 200 << 10
