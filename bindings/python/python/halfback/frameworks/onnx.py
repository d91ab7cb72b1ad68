"""ONNX: a `ModelProto`, as its own bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from halfback.errors import InvalidError
from halfback.frameworks import Format, Framework
from halfback.libraries import belongs, library

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FRAMEWORK"]


class Onnx(Framework):
    """Models in the exchange format of the same name."""

    flavor = "onnx"
    formats = (Format("onnx", "model.onnx", "onnx"),)

    def owns(self, model: object) -> bool:
        return belongs(model, "onnx", "ModelProto")

    def version(self) -> str:
        return str(library("onnx", "this model").__version__)

    def save(self, model: Any, format: Format, path: Path, example: Any) -> None:
        path.write_bytes(model.SerializeToString())

    def load(self, path: Path, format: Format, *, trust: bool, into: Any) -> Any:
        return library("onnx", "this model").load_model_from_string(path.read_bytes())

    def predict(self, model: Any, inputs: Any, method: str | None) -> Any:
        """Runs the graph in the reference implementation; its first output is the answer."""
        evaluator = library("onnx.reference", "this model").ReferenceEvaluator(model)
        if not isinstance(inputs, dict):
            if len(evaluator.input_names) != 1:
                raise InvalidError(
                    "the graph has several inputs: give the example as a dictionary of arrays "
                    f"called {', '.join(f'`{name}`' for name in evaluator.input_names)}",
                    "invalid_argument",
                )
            inputs = {evaluator.input_names[0]: inputs}
        wanted = None if method in (None, "predict") else [method]
        return evaluator.run(wanted, inputs)[0]


FRAMEWORK = Onnx()
