"""scikit-learn: skops where it is installed, else joblib, which can run code when it is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from halfback.errors import PermissionDeniedError
from halfback.frameworks import Format, Framework
from halfback.libraries import library, loaded

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FRAMEWORK"]


class ScikitLearn(Framework):
    """Estimators, transformers and pipelines."""

    flavor = "sklearn"
    formats = (
        Format("skops", "model.skops", "skops"),
        Format("joblib", "model.joblib", "joblib"),
        Format("pickle", "model.pkl", "pickle", (".pickle",)),
    )

    def owns(self, model: object) -> bool:
        base = loaded("sklearn.base")
        return base is not None and isinstance(model, base.BaseEstimator)

    def version(self) -> str:
        return str(library("sklearn", "this model").__version__)

    def save(self, model: Any, format: Format, path: Path, example: Any) -> None:
        if format.name == "skops":
            library("skops.io", "the format `skops`").dump(model, path)
        elif format.name == "joblib":
            library("joblib", "the format `joblib`").dump(model, path)
        else:
            path.write_bytes(library("pickle", "a pickle").dumps(model))

    def load(self, path: Path, format: Format, *, trust: bool, into: Any) -> Any:
        if format.name == "joblib":
            return library("joblib", "this model").load(path)
        if format.name == "pickle":
            return library("pickle", "a pickle").loads(path.read_bytes())
        skops = library("skops.io", "this model")
        untrusted = skops.get_untrusted_types(file=path)
        if untrusted and not trust:
            raise PermissionDeniedError(
                f"`{path.name}` holds types that skops doesn't know to be harmless: "
                f"{', '.join(f'`{name}`' for name in untrusted)}; pass `trust=True` if you know "
                "who made the file",
                "permission_denied",
            )
        return skops.load(path, trusted=untrusted)

    def params(self, model: Any) -> dict[str, Any]:
        params: dict[str, Any] = model.get_params()
        return params


FRAMEWORK = ScikitLearn()
