"""Keras 3: its own archive or the older HDF5.

Either is read back without the code that a `Lambda` layer may bring.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from halfback.errors import PermissionDeniedError
from halfback.frameworks import Format, Framework
from halfback.libraries import belongs, library

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FRAMEWORK"]


class Keras(Framework):
    """Models of layers."""

    flavor = "keras"
    formats = (
        Format("keras", "model.keras", "keras"),
        Format("hdf5", "model.h5", "h5py", (".hdf5",)),
    )

    def owns(self, model: object) -> bool:
        return belongs(model, "keras", "Model")

    def version(self) -> str:
        return str(library("keras", "this model").__version__)

    def save(self, model: Any, format: Format, path: Path, example: Any) -> None:
        model.save(path)

    def load(self, path: Path, format: Format, *, trust: bool, into: Any) -> Any:
        keras = library("keras.saving", "this model")
        try:
            # What the older files say of their training, Keras itself does not always read.
            compiled = format.name != "hdf5"
            return keras.load_model(path, safe_mode=not trust, compile=compiled)
        except ValueError as error:
            if trust or "arbitrary code" not in str(error):
                raise
            raise PermissionDeniedError(
                f"`{path.name}` brings code along, such as that of a `Lambda` layer: pass "
                "`trust=True` if you know who made it",
                "permission_denied",
            ) from error

    def predict(self, model: Any, inputs: Any, method: str | None) -> Any:
        if method in (None, "predict"):
            return model.predict(inputs, verbose=0)
        return super().predict(model, inputs, method)


FRAMEWORK = Keras()
