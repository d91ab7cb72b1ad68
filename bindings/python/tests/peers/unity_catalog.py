"""A small stand-in for Unity Catalog: the REST calls by which MLflow's client reads models.

It answers those of the open-source server and of Databricks (`/api/2.1/unity-catalog`), the older
ones of Databricks (`/api/2.0/mlflow/unity-catalog`), and those by which Databricks hands out files.
Lists come in pages of one. Whoever does not show the token is refused.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "a-token-of-the-test"
CREATED = 1_700_000_000_000
MODELS: dict[str, dict[str, Any]] = {
    "prod.ml.fraud": {
        "comment": "finds fraud",
        "aliases": {"champion": 2},
        "tags": {"team": "risk"},
        "versions": {1: "READY", 2: "READY", 3: "FAILED_REGISTRATION"},
    },
    "prod.risk.fraud": {"comment": "another", "aliases": {}, "tags": {}, "versions": {1: "READY"}},
    "dev.ml.fraud": {"comment": "", "aliases": {}, "tags": {}, "versions": {1: "READY"}},
}


def run_of(name: str, number: int) -> str:
    return f"{name.replace('.', '-')}-{number}"


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    root: Path

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def _answer(self, asked: dict[str, Any]) -> None:
        url = urlsplit(self.path)
        path = unquote(url.path)
        if path.startswith("/signed/"):  # its address is the right to it
            return self._send(200, (self.root / path.removeprefix("/signed/")).read_bytes())
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self._fail(401, "UNAUTHENTICATED", "no token")
        asked = asked | dict(parse_qsl(url.query))
        for begin, answer in (
            ("/api/2.1/unity-catalog/", self._unity_catalog),
            ("/api/2.0/mlflow/unity-catalog/", self._databricks),
            ("/api/2.0/fs/", self._files),
            ("/api/2.0/mlflow/runs/get", self._run),
        ):
            if path.startswith(begin):
                told = answer(path.removeprefix(begin), asked)
                if told is None:
                    return self._fail(404, "RESOURCE_DOES_NOT_EXIST", path)
                return self._send(200, json.dumps(told).encode())
        return self._fail(404, "ENDPOINT_NOT_FOUND", path)

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _fail(self, status: int, code: str, message: str) -> None:
        self._send(status, json.dumps({"error_code": code, "message": message}).encode())

    def _unity_catalog(self, path: str, asked: dict[str, Any]) -> dict[str, Any] | None:
        match path.split("/"):
            case ["models"]:
                return _page("registered_models", [_model(name) for name in MODELS], asked)
            case ["models", name] if name in MODELS:
                return _model(name)
            case ["models", name, "versions"] if name in MODELS:
                versions = [self._version(name, number) for number in MODELS[name]["versions"]]
                return _page("model_versions", versions, asked)
            case ["models", name, "versions", number]:
                return self._version(name, int(number))
            case ["temporary-model-version-credentials"]:
                return {"storage_mode": "DEFAULT_STORAGE"}
        return None

    def _version(self, name: str, number: int) -> dict[str, Any]:
        catalog, schema, model = name.split(".")
        folder = self.root.joinpath("Models", catalog, schema, model, str(number))
        return {
            "catalog_name": catalog,
            "schema_name": schema,
            "model_name": model,
            "version": number,
            "source": f"dbfs:/made/{name}",
            "run_id": run_of(name, number),
            "status": MODELS[name]["versions"][number],
            "comment": f"number {number}",
            "created_at": CREATED + number,
            "updated_at": CREATED + number,
            "created_by": "ana",
            "storage_location": folder.as_uri(),
            "tags": [{"key": "k", "value": str(number)}],
        }

    def _databricks(self, path: str, asked: dict[str, Any]) -> dict[str, Any] | None:
        match path.split("/"):
            case ["registered-models", "search"]:
                return _page("registered_models", [_older(_model(name)) for name in MODELS], asked)
            case ["registered-models", "get"] if asked["name"] in MODELS:
                return {"registered_model": _older(_model(asked["name"]))}
            case ["model-versions", "search"]:
                name = asked["filter"].split("'")[1]
                versions = [
                    # A list has no tags.
                    _older(self._version(name, number)) | {"tags": []}
                    for number in MODELS[name]["versions"]
                ]
                return _page("model_versions", versions, asked)
            case ["model-versions", "get"]:
                version = self._version(asked["name"], int(asked["version"]))
                return {"model_version": _older(version)}
            case ["model-versions", "generate-temporary-credentials"]:
                return {"credentials": {"storage_mode": "DEFAULT_STORAGE"}}
            case ["registered-models:is-databricks-sdk-models-artifact-repository-enabled"]:
                return {"is_databricks_sdk_models_artifact_repository_enabled": False}
        return None

    def _files(self, path: str, asked: dict[str, Any]) -> dict[str, Any] | None:
        if path == "create-download-url":
            address = f"http://{self.headers['Host']}"
            return {"url": f"{address}/signed{asked['path']}", "headers": []}
        folder = self.root / path.removeprefix("directories/")
        if not folder.is_dir():
            return None
        contents = [
            {
                "path": f"/{entry.relative_to(self.root)}",
                "is_directory": entry.is_dir(),
                "file_size": entry.stat().st_size,
            }
            for entry in folder.iterdir()
        ]
        return {"contents": contents}

    def _run(self, _: str, asked: dict[str, Any]) -> dict[str, Any] | None:
        run, number = asked["run_id"], int(asked["run_id"].rpartition("-")[2])
        info = {"run_id": run, "run_uuid": run, "experiment_id": "1", "user_id": "ana"}
        info |= {"status": "FINISHED", "start_time": CREATED, "artifact_uri": "dbfs:/runs"}
        data = {
            "params": [{"key": "depth", "value": str(number)}],
            "metrics": [{"key": "auc", "value": number / 4, "timestamp": CREATED, "step": 0}],
            "tags": [{"key": "mlflow.source.git.commit", "value": "abc123"}],
        }
        return {"run": {"info": info, "data": data}}


def _model(name: str) -> dict[str, Any]:
    catalog, schema, model = name.split(".")
    known = MODELS[name]
    return {
        "full_name": name,
        "catalog_name": catalog,
        "schema_name": schema,
        "name": model,
        "comment": known["comment"],
        "created_at": CREATED,
        "updated_at": CREATED,
        "aliases": [
            {"alias_name": alias, "version_num": number}
            for alias, number in known["aliases"].items()
        ],
        "tags": [{"key": key, "value": value} for key, value in known["tags"].items()],
    }


def _older(told: dict[str, Any]) -> dict[str, Any]:
    """The same in the words of the older calls."""
    model = told.get("model_name", told.get("name"))
    older = {
        "name": f"{told['catalog_name']}.{told['schema_name']}.{model}",
        "creation_timestamp": told["created_at"],
        "last_updated_timestamp": told["updated_at"],
        "description": told["comment"],
        "tags": told["tags"],
    }
    if "version" in told:
        older |= {key: told[key] for key in ("source", "run_id", "status")}
        return older | {"version": str(told["version"]), "user_id": told["created_by"]}
    aliases = [
        {"alias": alias["alias_name"], "version": str(alias["version_num"])}
        for alias in told["aliases"]
    ]
    return older | {"aliases": aliases}


def _page(name: str, items: list[dict[str, Any]], asked: dict[str, Any]) -> dict[str, Any]:
    at = int(asked.get("page_token") or 0)
    more = {"next_page_token": str(at + 1)} if at + 1 < len(items) else {}
    return {name: items[at : at + 1], **more}


@contextmanager
def unity_catalog(root: Path) -> Iterator[str]:
    """The address of a server whose files are below `root`."""
    for name, model in MODELS.items():
        for number in model["versions"]:
            folder = root.joinpath("Models", *name.split("."), str(number))
            (folder / "weights").mkdir(parents=True)
            (folder / "MLmodel").write_text("flavors: {sklearn: {sklearn_version: 1.9.1}}\n")
            (folder / "weights" / "part").write_text(f"{name} {number}")
    handler = type("Here", (Handler,), {"root": root})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
