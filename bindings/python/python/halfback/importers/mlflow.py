"""MLflow's model registry into Halfback.

>>> from halfback.importers import mlflow
>>> print(mlflow.import_from(registry, "mlflow.db", dry_run=True))
>>> mlflow.import_from(registry, "mlflow.db")

MLflow itself is needed for a tracking URI only: its database and its `mlruns` folder are read as
they are.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager
from importlib import import_module
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from halfback import arguments
from halfback._native import import_mlflow
from halfback.arguments import flag, optional, text
from halfback.errors import _BY_KIND, HalfbackError, InvalidError
from halfback.wire import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from halfback.arguments import PathArgument, Progress
    from halfback.registry import Registry

__all__ = ["Report", "import_from"]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:|(databricks|databricks-uc|uc)$")
_UNITY_CATALOG = ("databricks-uc", "uc:")


class Report:
    """What an import brought; of a dry run, what it would bring.

    It prints as a table, one row for each model, with the findings below.
    """

    dry_run: bool
    """Whether nothing was changed."""
    totals: Mapping[str, int]
    """The sums: `there`, `brought`, `here`, `skipped`, `failed`, `aliases`, `tags`, `files`,
    `bytes`."""
    models: tuple[Mapping[str, Any], ...]
    """For each model its `source`, its `model` here, and the numbers of `totals`."""
    versions: tuple[Mapping[str, Any], ...]
    """For each version that was brought `source`, `uri`, `files`, `bytes`, and the `digest`,
    which was recomputed from the source."""
    findings: tuple[Mapping[str, str], ...]
    """What could not come over as it is: `subject`, and a `message` with what can be done."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        report = told["report"]
        self._report, self._text = dict(report), str(told["text"])
        self.dry_run, self.totals = report["dry_run"], report["totals"]
        self.models, self.versions = tuple(report["models"]), tuple(report["versions"])
        self.findings = tuple(report["findings"])

    def to_dict(self) -> dict[str, Any]:
        """The whole report as plain values, for programs."""
        return dict(self._report)

    def __repr__(self) -> str:
        return self._text.rstrip()


def import_from(
    registry: Registry,
    source: PathArgument,
    *,
    into: str | None = None,
    dry_run: bool = False,
    names: Iterable[str] = (),
    like: str | None = None,
    workspace: str | None = None,
    artifacts: PathArgument | None = None,
    within: Iterable[PathArgument] = (),
    allow_gaps: bool = False,
    allow_secrets: bool = False,
    strict: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Brings registered models with their versions, files, aliases, tags, stages, parameters and
    metrics.

    `source` is the path of a tracking database or its URI (`sqlite:///mlflow.db`), an `mlruns`
    folder, or any tracking URI (`http://…`, `databricks-uc`), which is read through the installed
    mlflow. The models come into the schema `into`, `main.default` where it is left out; those of
    Unity Catalog then keep their catalog and schema.

    What is here already is left as it is, so an import can be repeated and goes on where it was
    interrupted. What can't come over is a finding, or with `strict` an error. `names` and `like`
    (`%` is any text, `_` any character) choose models. `artifacts` is the folder that
    `mlflow-artifacts:/` stands for. Files are read only in the folders `within`, where `"/"` is
    anywhere; where it is left out, in the folder of the database or in `mlruns` itself, and in
    `artifacts`. A tag or parameter that looks like a key, token or password is left out, unless
    `allow_secrets`. A version that fails makes the later ones of its model wait, unless
    `allow_gaps`. `progress` counts versions.
    """
    options = {
        "into": optional(text, "into", into),
        "keep_namespaces": False,
        "dry_run": flag("dry_run", dry_run),
        "names": _texts("names", names),
        "like": optional(text, "like", like),
        "workspace": optional(text, "workspace", workspace),
        "allow_gaps": flag("allow_gaps", allow_gaps),
        "allow_secrets": flag("allow_secrets", allow_secrets),
        "strict": flag("strict", strict),
    }
    if isinstance(within, (str, os.PathLike)):
        raise arguments.wrong_type("within", "a list of folders", within)
    places = {
        "root": optional(arguments.path, "artifacts", artifacts),
        "within": [arguments.path("within", folder) for folder in within],
    }
    found, fetch = _source(arguments.path("source", source), options)
    request = encode({"source": found, "artifacts": places, "options": options})
    told = arguments.callback("progress", progress)
    return Report(import_mlflow(registry._handle, request, fetch, told))


def _source(place: str, options: dict[str, Any]) -> tuple[dict[str, str], Any]:
    """What the core reads, and what fetches files for it."""
    if place.startswith("sqlite:"):
        path = place.removeprefix("sqlite:///")
        if path == place or not path:
            raise InvalidError(
                f"`{place}` names no file: expected `sqlite:///mlflow.db`, or its path",
                "invalid_argument",
            )
        return {"database": path.partition("?")[0]}, None
    if place.startswith("file:"):
        place = unquote(urlsplit(place).path)
    elif _SCHEME.match(place) and not Path(place).exists():
        client = _Client(place)
        options["keep_namespaces"] = client.unity_catalog and options["into"] is None
        return {"document": json.dumps(client.document(options["names"]))}, client.fetch
    folder = Path(place)
    if not folder.is_dir():
        return {"database": place}, None
    if not (folder / "models").is_dir() and (folder / "mlruns" / "models").is_dir():
        folder /= "mlruns"
    return {"folder": str(folder)}, None


def _texts(name: str, values: Iterable[str]) -> list[str]:
    if isinstance(values, str):
        raise arguments.wrong_type(name, "a list of names", values)
    return [text(name, value) for value in values]


class _Client:
    """A registry behind a tracking URI, through MLflow's own client."""

    def __init__(self, uri: str) -> None:
        try:
            mlflow: Any = import_module("mlflow")
        except ImportError as error:
            raise InvalidError(
                f"`{uri}` is read through MLflow's own client, which is not installed: "
                "`pip install mlflow`, or give its database or its `mlruns` folder",
                "invalid_argument",
            ) from error
        self.unity_catalog = uri.startswith(_UNITY_CATALOG) or uri == "uc"
        self._mlflow = mlflow
        self._registry = uri
        # Unity Catalog has models and no runs. Those of Databricks are in the workspace; of the
        # open server, where the environment says.
        self._has_runs = True
        self._tracking = uri.replace("databricks-uc", "databricks", 1).removeprefix("uc:")
        if self._tracking != "databricks" and uri.startswith("uc:"):
            self._has_runs = mlflow.is_tracking_uri_set()
            if self._has_runs:
                self._tracking = mlflow.get_tracking_uri()
        self._client = mlflow.MlflowClient(tracking_uri=self._tracking, registry_uri=uri)
        self._findings: list[dict[str, str]] = []
        self._runs: dict[str, dict[str, Any] | None] = {}

    def document(self, names: list[str]) -> dict[str, Any]:
        """Everything that is registered, as the core reads it."""
        listed = names or [model.name for model in self._pages("search_registered_models")]
        models = [model for name in listed if (model := self._model(name)) is not None]
        return {"models": models, "findings": self._findings}

    def fetch(self, version: Mapping[str, Any], into: Path) -> Path:
        """Downloads the files of a version."""
        name, number = version["name"], str(version["version"])
        uri = f"models:/{name}/{number}"
        if not self._registry.startswith(("databricks", "uc")):
            # MLflow looks a `models:/` up where the whole process is set to, whatever it is told.
            uri = self._located(self._client.get_model_version_download_uri(name, number))
        with self._settled():
            got = Path(
                self._mlflow.artifacts.download_artifacts(
                    artifact_uri=uri,
                    dst_path=str(into),
                    registry_uri=self._registry,
                    tracking_uri=self._tracking,
                )
            )
        if uri.startswith("models:/"):
            # MLflow puts this beside what it downloads; it is no part of the version.
            (got / "registered_model_meta").unlink(missing_ok=True)
        return got

    def _located(self, uri: str) -> str:
        """Where files are, also those of a model that was logged and has an id (`models:/m-…`)."""
        logged = re.fullmatch(r"models:/([^/@]+)", uri)
        if logged is None:
            return uri
        return str(self._client.get_logged_model(logged[1]).artifact_location)

    @contextmanager
    def _settled(self) -> Iterator[None]:
        """Tells the clients that MLflow makes for itself where to track: where nothing does, they
        make a database in the folder that one works in.
        """
        if self._mlflow.is_tracking_uri_set():
            yield
            return
        os.environ["MLFLOW_TRACKING_URI"] = self._tracking
        try:
            yield
        finally:
            os.environ.pop("MLFLOW_TRACKING_URI", None)

    def _pages(self, search: str, **asked: Any) -> Iterator[Any]:
        token = None
        while True:
            page = getattr(self._client, search)(page_token=token, **asked)
            yield from page
            token = page.token
            if not token:
                return

    def _model(self, name: str) -> dict[str, Any] | None:
        try:
            model = self._client.get_registered_model(name)
            quoted = f'"{name}"' if "'" in name else f"'{name}'"
            found = self._pages("search_model_versions", filter_string=f"name = {quoted}")
            versions = [self._version(version) for version in found]
        except self._mlflow.MlflowException as error:
            self._finding(f"models:/{name}", f"the model is left out: {error}")
            return None
        return {
            "name": model.name,
            "creation_time": model.creation_timestamp,
            "last_updated_time": model.last_updated_timestamp,
            "description": model.description,
            "tags": _tags(model.tags),
            "aliases": {alias: int(number) for alias, number in model.aliases.items()},
            "versions": versions,
        }

    def _version(self, version: Any) -> dict[str, Any]:
        if self.unity_catalog:  # which leaves the tags out of a list
            version = self._client.get_model_version(version.name, str(version.version))
        return {
            "name": version.name,
            "version": int(version.version),
            "creation_time": version.creation_timestamp,
            "last_updated_time": version.last_updated_timestamp,
            "description": version.description,
            "user_id": version.user_id,
            "current_stage": version.current_stage,
            "status": version.status,
            "source": version.source,
            "run_id": version.run_id or None,
            "run": self._run(version),
            "tags": _tags(version.tags),
        }

    def _run(self, version: Any) -> dict[str, Any] | None:
        """What a run recorded; a run that can't be read is a finding."""
        run_id = version.run_id
        if not run_id:
            return None
        about = f"models:/{version.name}/{version.version}"
        left_out = "parameters and metrics of its run are left out"
        if not self._has_runs:
            self._finding(about, f"{left_out}: MLFLOW_TRACKING_URI does not say where runs are")
            return None
        if run_id not in self._runs:
            try:
                self._runs[run_id] = _recorded(self._client.get_run(run_id))
            except self._mlflow.MlflowException as error:
                self._runs[run_id] = None
                self._finding(about, f"{left_out}: {error}")
        return self._runs[run_id]

    def _finding(self, subject: str, message: str) -> None:
        self._findings.append({"subject": subject, "message": message})


def _recorded(run: Any) -> dict[str, Any]:
    metrics = run.data.metrics.items()
    return {
        "artifact_uri": run.info.artifact_uri,
        "params": dict(run.data.params),
        "metrics": {name: value if isfinite(value) else None for name, value in metrics},
        "code_commit": run.data.tags.get("mlflow.source.git.commit"),
    }


def _tags(tags: Mapping[str, object]) -> dict[str, str]:
    return {key: "" if value is None else str(value) for key, value in tags.items()}


def _main() -> None:
    """What the command line asks for a tracking server: a request in, as JSON, and in the last line
    of the standard output either the `report` or the `error`.
    """
    import sys

    # Only the answer goes there: what a library prints, in C too, goes to the standard error.
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        answer = _answer(json.load(sys.stdin))
        out.write(f"\n{json.dumps(answer)}\n")


def _kind(error: HalfbackError) -> str:
    """The kind of an error, as the core calls it."""
    kinds = (kind for kind, known in _BY_KIND.items() if isinstance(error, known))
    return next(kinds, "internal")


def _answer(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The report of an import, or its error."""
    import halfback

    source = asked["source"]
    try:
        with halfback.open(asked["registry"]) as registry:
            return {"report": import_from(registry, source, **asked["options"]).to_dict()}
    except HalfbackError as error:
        kind, code, message = _kind(error), error.code, error.message
    except KeyboardInterrupt:
        kind, code, message = "unavailable", "cancelled", "stopped"
    except Exception as error:  # MLflow's own, of any class: the server is away, or refuses
        kind, code = "unavailable", "io"
        message = f"`{source}` can't be read through MLflow: {type(error).__name__}: {error}"
    return {"error": {"kind": kind, "code": code, "message": message}}


if __name__ == "__main__":
    _main()
