"""scikit-learn: skops where it is installed, else joblib, which can run code when it is loaded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

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
            _steady(path)
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


def _steady(path: Path) -> None:
    """Makes a file of skops the same for the same model: without times, and with objects and their
    files numbered in the order in which they come, in place of their addresses in memory.
    """
    with ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(members.pop("schema.json"))
    files: dict[str, str] = {}
    _renumber(schema, {}, files)
    if members.keys() != files.keys():
        return  # of a version of skops that names them otherwise
    members = {files[name]: content for name, content in members.items()}
    members["schema.json"] = json.dumps(schema).encode()
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name in sorted(members):
            archive.writestr(ZipInfo(name), members[name], ZIP_DEFLATED)


def _renumber(node: object, objects: dict[int, int], files: dict[str, str]) -> None:
    if isinstance(node, dict):
        if isinstance(node.get("__id__"), int):
            node["__id__"] = objects.setdefault(node["__id__"], len(objects))
        file = node.get("file")
        if isinstance(file, str) and "__loader__" in node:
            ending = file.rpartition(".")[2]
            node["file"] = files.setdefault(file, f"{len(files)}.{ending}")
        for item in node.values():
            _renumber(item, objects, files)
    elif isinstance(node, list):
        for item in node:
            _renumber(item, objects, files)


FRAMEWORK = ScikitLearn()
