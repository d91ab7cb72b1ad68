"""PyTorch: the tensors of a module, or of a dictionary, which are loaded `into` a module again.

That is safetensors, which holds no code. `torch.export` stores the program that an example shows,
and its loader can run code; so can that of `torch.save`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from halfback.errors import InvalidError
from halfback.frameworks import Format, Framework
from halfback.libraries import library, loaded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["FRAMEWORK"]


class PyTorch(Framework):
    """Modules, and dictionaries of tensors."""

    flavor = "pytorch"
    formats = (
        Format("safetensors", "model.safetensors", "safetensors"),
        Format("torch.export", "model.pt2", "torch"),
        Format("torch.save", "model.pt", "torch", (".pth",)),
    )

    def owns(self, model: object) -> bool:
        torch = loaded("torch")
        if torch is None:
            return False
        return isinstance(model, torch.nn.Module) or _is_state(model)

    def suits(self, model: Any, format: Format, example: Any) -> bool:
        if format.name == "torch.export" and (example is None or _is_state(model)):
            return False
        return format.installed

    def version(self) -> str:
        return str(library("torch", "this model").__version__)

    def save(self, model: Any, format: Format, path: Path, example: Any) -> None:
        torch = library("torch", "this model")
        if format.name == "torch.export":
            if example is None or _is_state(model):
                raise InvalidError(
                    "the format `torch.export` needs a module and an example that shows what "
                    "its `forward` takes",
                    "invalid_argument",
                )
            tensor = _tensor(example)
            # An example of one row would fix the number of rows for good.
            shown = torch.cat([tensor, tensor]) if len(tensor) == 1 else tensor
            rows = ({0: torch.export.Dim.DYNAMIC},)
            with _evaluating(model):
                program = torch.export.export(model, (shown,), dynamic_shapes=rows)
            torch.export.save(program, path)
            return
        state = model if _is_state(model) else model.state_dict()
        if format.name == "torch.save":
            torch.save(state, path)
            return
        # Tensors may share memory, which the format does not say.
        tensors = {key: value.detach().clone().contiguous() for key, value in state.items()}
        library("safetensors.torch", "the format `safetensors`").save_file(tensors, path)

    def load(self, path: Path, format: Format, *, trust: bool, into: Any) -> Any:
        torch = library("torch", "this model")
        if format.name == "torch.export":
            return torch.export.load(path).module()
        if format.name == "torch.save":
            state = torch.load(path, map_location="cpu", weights_only=False)
        else:
            state = library("safetensors.torch", "this model").load_file(path)
        if into is None:
            return state
        into.load_state_dict(state)
        return into

    def predict(self, model: Any, inputs: Any, method: str | None) -> Any:
        torch = library("torch", "this model")
        if _is_state(model):
            raise InvalidError(
                "a dictionary of tensors can't be called: load it with `into=` the module that it "
                "belongs to, or give `outputs=None`",
                "invalid_argument",
            )
        called = model if method in (None, "forward", "predict") else getattr(model, str(method))
        with _evaluating(model), torch.no_grad():
            return called(_tensor(inputs)).numpy()


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    """Keeps layers such as dropout from acting at random, and leaves the module as it was."""
    training = [module for module in model.modules() if module.training]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True


def _is_state(model: object) -> bool:
    torch = loaded("torch")
    return (
        isinstance(model, dict)
        and bool(model)
        and all(isinstance(value, torch.Tensor) for value in model.values())
    )


def _tensor(inputs: Any) -> Any:
    torch = library("torch", "this model")
    return inputs if isinstance(inputs, torch.Tensor) else torch.as_tensor(inputs)


FRAMEWORK = PyTorch()
