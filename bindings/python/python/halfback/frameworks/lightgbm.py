"""LightGBM: boosters and its estimators, as the library's own text.

The text holds the trees and neither the estimator nor its classes: what comes back is a booster,
which answers with scores or probabilities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from halfback.errors import InvalidError
from halfback.frameworks import Format, Framework
from halfback.libraries import belongs, library

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FRAMEWORK"]


class LightGBM(Framework):
    """Boosters, and the estimators around them."""

    flavor = "lightgbm"
    formats = (Format("lightgbm-text", "model.txt", "lightgbm"),)

    def owns(self, model: object) -> bool:
        return belongs(model, "lightgbm", "Booster", "LGBMModel")

    def version(self) -> str:
        return str(library("lightgbm", "this model").__version__)

    def save(self, model: Any, format: Format, path: Path, example: Any) -> None:
        _booster(model).save_model(path)

    def load(self, path: Path, format: Format, *, trust: bool, into: Any) -> Any:
        return library("lightgbm", "this model").Booster(model_file=path)

    def params(self, model: Any) -> dict[str, Any]:
        params: dict[str, Any] = (
            model.get_params() if belongs(model, "lightgbm", "LGBMModel") else model.params
        )
        return params

    def predict(self, model: Any, inputs: Any, method: str | None) -> Any:
        # What is stored answers, and so it is asked, also while the estimator is at hand.
        if method not in (None, "predict"):
            raise InvalidError(
                f"a model of LightGBM is stored as a booster, which has no `{method}`: "
                "`predict` gives its scores or probabilities",
                "invalid_argument",
            )
        return _booster(model).predict(inputs)


def _booster(model: Any) -> Any:
    return model.booster_ if belongs(model, "lightgbm", "LGBMModel") else model


FRAMEWORK = LightGBM()
