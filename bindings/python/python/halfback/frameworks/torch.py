"""PyTorch: the tensors of a module, or of a dictionary, which are loaded `into` a module again.

That is safetensors, which holds no code. `torch.export` stores the program that an example shows,
and its loader can run code; so can that of `torch.save`, with which TorchScript is read too.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile, is_zipfile

from halfback.errors import InvalidError
from halfback.examples import array_of
from halfback.frameworks import Format, Framework
from halfback.libraries import belongs, library, loaded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["FRAMEWORK"]


class PyTorch(Framework):
    """Modules, dictionaries of tensors, and programs of `torch.export`."""

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
        return isinstance(model, torch.nn.Module) or _is_state(model) or _is_program(model)

    def suits(self, model: Any, format: Format, example: Any) -> bool:
        if _is_program(model):
            return format.name == "torch.export"
        if format.name == "safetensors" and not _is_state(_state(model)):
            return format.installed and not _state(model)
        if format.name == "torch.export" and (example is None or _is_state(model)):
            return False
        return format.installed

    def version(self) -> str:
        return str(library("torch", "this model").__version__)

    def save(self, model: Any, format: Format, path: Path, example: Any) -> None:
        torch = library("torch", "this model")
        if format.name == "torch.export":
            torch.export.save(model if _is_program(model) else _program(model, example), path)
            return
        if _is_program(model):
            raise InvalidError(
                "a program of `torch.export` is written as `torch.export` alone", "invalid_argument"
            )
        state = _state(model)
        if format.name == "torch.save":
            torch.save(state, path)
            return
        other = [key for key, value in state.items() if not isinstance(value, torch.Tensor)]
        if other:
            raise InvalidError(
                f"`{other[0]}` of this `{type(model).__name__}` is no tensor, and safetensors hold "
                "nothing else: `torch.save` and `torch.export` do",
                "invalid_argument",
            )
        # Tensors may share memory, which the format does not say.
        tensors = {key: value.detach().clone().contiguous() for key, value in state.items()}
        library("safetensors.torch", "the format `safetensors`").save_file(tensors, path)

    def load(self, path: Path, format: Format, *, trust: bool, into: Any) -> Any:
        torch = library("torch", "this model")
        if format.name == "torch.export":
            return torch.export.load(path).module()
        if format.name == "safetensors":
            state = library("safetensors.torch", "this model").load_file(path)
        elif _is_script(path):
            state = torch.jit.load(path, map_location="cpu")
        else:
            state = torch.load(path, map_location="cpu", weights_only=False)
        if into is None:
            return state
        if not isinstance(state, Mapping):
            raise InvalidError(
                f"the file holds a whole `{type(state).__name__}`, and no tensors to go `into` "
                "another: load it without `into`",
                "invalid_argument",
            )
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
        model = model.module() if _is_program(model) else _plain(model)
        called = model if method in (None, "forward", "predict") else getattr(model, str(method))
        arguments, named = _arguments(model, inputs)
        with _evaluating(model), torch.no_grad():
            answers = called(*arguments, **named)
        if isinstance(answers, Mapping):
            return {name: _answer(answer) for name, answer in answers.items()}
        return _answer(answers)


def _program(model: Any, example: Any) -> Any:
    """The program that a module runs for the example and for any other number of rows."""
    torch = library("torch", "this model")
    if example is None or _is_state(model):
        raise InvalidError(
            "the format `torch.export` needs a module and an example that shows what its "
            "`forward` takes",
            "invalid_argument",
        )
    model = _plain(model)
    arguments, named = _arguments(model, example)
    # An example of one row would fix the number of rows for good.
    arguments = tuple(map(_several, arguments))
    named = {name: _several(tensor) for name, tensor in named.items()}
    rows = {0: torch.export.Dim.DYNAMIC}
    shapes = dict.fromkeys(named, rows) if named else (rows,)
    with _evaluating(model):
        return torch.export.export(model, arguments, named, dynamic_shapes=shapes)


def _several(tensor: Any) -> Any:
    torch = library("torch", "this model")
    return torch.cat([tensor, tensor]) if len(tensor) == 1 else tensor


def _arguments(model: Any, inputs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What `forward` is called with, where the module is: one tensor, or several by their names."""
    tensor = next(iter(_state(model).values()), None)
    device = getattr(tensor, "device", None)
    if isinstance(inputs, dict):
        return (), {str(name): _tensor(held, device) for name, held in inputs.items()}
    return (_tensor(inputs, device),), {}


def _tensor(inputs: Any, device: Any) -> Any:
    torch = library("torch", "this model")
    if belongs(inputs, "pandas", "DataFrame", "Series") or belongs(inputs, "polars", "DataFrame"):
        inputs = inputs.to_numpy()
    if belongs(inputs, "numpy", "ndarray") and not inputs.flags.writeable:
        inputs = inputs.copy()  # a tensor could be written to
    return torch.as_tensor(inputs, device=device)


def _answer(answer: Any) -> Any:
    if belongs(answer, "torch", "Tensor"):
        return array_of(answer)
    raise InvalidError(
        f"the model answers with a `{type(answer).__name__}`: a tensor, or a dictionary of them, "
        "is what can be stored; give `outputs=None` to register it without outputs",
        "invalid_argument",
    )


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


def _plain(model: Any) -> Any:
    """The module itself: `torch.compile` wraps it, and puts its own name before each tensor's."""
    return getattr(model, "_orig_mod", model)


def _state(model: Any) -> Any:
    return model if isinstance(model, dict) else _plain(model).state_dict()


def _is_state(model: object) -> bool:
    torch = loaded("torch")
    return (
        isinstance(model, dict)
        and bool(model)
        and all(isinstance(value, torch.Tensor) for value in model.values())
    )


def _is_program(model: object) -> bool:
    return belongs(model, "torch.export", "ExportedProgram")


def _is_script(path: Path) -> bool:
    """Whether a file is TorchScript, which `torch.load` reads under protest."""
    if not is_zipfile(path):
        return False
    with ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


FRAMEWORK = PyTorch()
