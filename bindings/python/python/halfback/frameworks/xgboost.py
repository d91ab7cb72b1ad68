"""XGBoost: boosters and its estimators, as universal binary JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from halfback.frameworks import Format, Framework
from halfback.libraries import belongs, library

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FRAMEWORK"]


class XGBoost(Framework):
    """Boosters, and the estimators around them."""

    flavor = "xgboost"
    formats = (
        Format("xgboost-ubj", "model.ubj", "xgboost"),
        Format("xgboost-json", "model.json", "xgboost"),
    )

    def owns(self, model: object) -> bool:
        return belongs(model, "xgboost", "Booster", "XGBModel")

    def version(self) -> str:
        return str(library("xgboost", "this model").__version__)

    def save(self, model: Any, format: Format, path: Path, example: Any) -> None:
        model.save_model(path)

    def load(self, path: Path, format: Format, *, trust: bool, into: Any) -> Any:
        xgboost = library("xgboost", "this model")
        booster = xgboost.Booster(model_file=path)
        if into is None:
            # The booster says what was saved: an estimator's name is one of its attributes.
            kind = booster.attr("scikit_learn")
            into = _estimator(xgboost, kind) if kind else None
        if into is None:
            return booster
        into.load_model(path)
        return into

    def params(self, model: Any) -> dict[str, Any]:
        if belongs(model, "xgboost", "XGBModel"):
            params: dict[str, Any] = model.get_params()
            return params
        return {}

    def predict(self, model: Any, inputs: Any, method: str | None) -> Any:
        if belongs(model, "xgboost", "Booster"):
            inputs = library("xgboost", "this model").DMatrix(inputs)
        return super().predict(model, inputs, method)


def _estimator(xgboost: Any, described: str) -> Any:
    """The estimator that a model was saved from, by the type that it wrote down."""
    from json import loads

    kinds = {"classifier": "XGBClassifier", "regressor": "XGBRegressor", "ranker": "XGBRanker"}
    try:
        kind = loads(described).get("_estimator_type")
    except (AttributeError, ValueError):
        return None
    return getattr(xgboost, kinds[kind])() if kind in kinds else None


FRAMEWORK = XGBoost()
