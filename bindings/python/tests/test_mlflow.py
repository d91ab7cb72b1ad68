"""MLflow in and everything out, on the files that MLflow leaves and a stand-in for its client.

`tests/peers/test_mlflow_itself.py` does the same with MLflow itself.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import halfback
import pytest
from conftest import MODEL
from halfback.importers import mlflow

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MADE = 1_767_225_600_000

TABLES = """
CREATE TABLE registered_models (name VARCHAR(256) NOT NULL, creation_time BIGINT,
  last_updated_time BIGINT, description VARCHAR(5000),
  workspace VARCHAR(63) DEFAULT 'default' NOT NULL, PRIMARY KEY (workspace, name));
CREATE TABLE model_versions (name VARCHAR(256) NOT NULL, version INTEGER NOT NULL,
  creation_time BIGINT, last_updated_time BIGINT, description VARCHAR(5000), user_id VARCHAR(256),
  current_stage VARCHAR(20), source VARCHAR(500), run_id VARCHAR(32), status VARCHAR(20),
  status_message VARCHAR(500), run_link VARCHAR(500), storage_location VARCHAR(500),
  workspace VARCHAR(63) DEFAULT 'default' NOT NULL, PRIMARY KEY (workspace, name, version));
CREATE TABLE registered_model_aliases (alias VARCHAR(256) NOT NULL, version INTEGER NOT NULL,
  name VARCHAR(256) NOT NULL, workspace VARCHAR(63) DEFAULT 'default' NOT NULL,
  PRIMARY KEY (workspace, name, alias));
"""


def model_folder(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    (folder / "model.skops").write_bytes(b"weights")
    return folder


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A tracking database with one model of two versions."""
    path = tmp_path / "mlflow.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(TABLES)
        model = ("fraud.eu", MADE, MADE, "finds fraud")
        connection.execute("INSERT INTO registered_models VALUES (?, ?, ?, ?, 'default')", model)
        for number in (1, 2):
            place = str(model_folder(tmp_path / "store" / str(number)))
            connection.execute(
                "INSERT INTO model_versions (name, version, creation_time, current_stage, source,"
                " status) VALUES ('fraud.eu', ?, ?, 'None', ?, 'READY')",
                (number, MADE, place),
            )
        connection.execute(
            "INSERT INTO registered_model_aliases (alias, version, name)"
            " VALUES ('champion', 2, 'fraud.eu')"
        )
    connection.close()
    return path


def test_a_database_comes_over(registry: halfback.Registry, database: Path) -> None:
    before = registry.info()
    plan = mlflow.import_from(registry, database, dry_run=True)
    assert plan.dry_run
    assert "to bring" in repr(plan)
    assert registry.info() == before
    told: list[tuple[int, int]] = []
    report = mlflow.import_from(
        registry, f"sqlite:///{database}", progress=lambda done, total: told.append((done, total))
    )
    assert (report.totals["brought"], report.totals["files"]) == (2, 4)
    assert told[-1] == (2, 2)
    champion = registry.resolve("main.default.`fraud.eu`@champion")
    assert champion.number == 2
    assert champion.origin is not None
    assert champion.origin.reference == "models:/fraud.eu/2"
    assert report.versions[1]["digest"] == champion.digest
    assert json.loads(json.dumps(report.to_dict()))["totals"]["there"] == 2
    assert mlflow.import_from(registry, database).totals["here"] == 2


def test_it_comes_into_another_schema(registry: halfback.Registry, database: Path) -> None:
    mlflow.import_from(registry, database, into="mlflow.old", like="fraud%")
    assert registry.get_model("mlflow.old.`fraud.eu`").latest_version == 2
    report = mlflow.import_from(registry, database, names=["none"], into="mlflow.new")
    assert [finding["subject"] for finding in report.findings] == ["models:/none"]


def test_a_file_store_comes_over(registry: halfback.Registry, tmp_path: Path) -> None:
    registry.export(tmp_path / "out", "mlflow")
    for source in ("out", "out/mlruns", (tmp_path / "out/mlruns").as_uri()):
        place = source if source.startswith("file:") else tmp_path / source
        report = mlflow.import_from(registry, place, into="back.again")
        assert report.totals["there"] == 2
    version = registry.resolve(f"back.again.`{MODEL}`/2")
    assert version.digest == registry.resolve(f"{MODEL}/2").digest


def test_files_are_read_only_within_the_folders_that_are_named(
    registry: halfback.Registry, database: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    report = mlflow.import_from(registry, database, within=[tmp_path / "other"])
    assert report.totals["failed"] == 2
    assert "outside the folders" in report.findings[0]["message"]
    with pytest.raises(halfback.InvalidError, match="strict"):
        mlflow.import_from(registry, database, within=[tmp_path / "other"], strict=True)
    assert mlflow.import_from(registry, database, within=[tmp_path]).totals["brought"] == 2


def test_files_elsewhere_are_read_only_where_that_is_said(
    registry: halfback.Registry, database: Path
) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE model_versions SET source = '/etc/passwd' WHERE version = 2")
    connection.close()
    report = mlflow.import_from(registry, database)
    assert (report.totals["brought"], report.totals["failed"]) == (1, 1)
    assert "`within=[FOLDER]`, here `/etc`" in report.findings[0]["message"]
    anywhere = mlflow.import_from(registry, database, within=["/"], dry_run=True)
    assert anywhere.totals["failed"] == 0


def test_what_looks_like_a_secret_comes_only_where_it_is_allowed(
    registry: halfback.Registry, database: Path
) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE model_version_tags (key, value, name, version, workspace)")
        tag = ("password", "Xk3!ppQz91vLmw", "fraud.eu", 1, "default")
        connection.execute("INSERT INTO model_version_tags VALUES (?, ?, ?, ?, ?)", tag)
    connection.close()
    plan = mlflow.import_from(registry, database, dry_run=True)
    assert "the tag `password` is left out" in plan.findings[0]["message"]
    assert mlflow.import_from(registry, database).totals["brought"] == 2
    assert registry.resolve("main.default.`fraud.eu`/1").tags == {}
    mlflow.import_from(registry, database, into="with.secrets", allow_secrets=True)
    assert registry.resolve("with.secrets.`fraud.eu`/1").tags == {tag[0]: tag[1]}


def test_a_printed_report_steers_no_terminal(registry: halfback.Registry, database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO registered_models (name) VALUES ('e\x1b[31mX')")
        connection.execute(
            "INSERT INTO model_versions (name, version, source, status)"
            " VALUES ('e\x1b[31mX', 1, '/nowhere', 'READY')"
        )
    connection.close()
    report = mlflow.import_from(registry, database, dry_run=True)
    assert "\x1b" not in str(report)
    assert "\\u{1b}" in str(report)


CLIENT = """
import os, sys
print("a word on the standard output")
os.system("echo another, from a program")

class MlflowException(Exception):
    pass

class MlflowClient:
    def __init__(self, tracking_uri, registry_uri):
        self.uri = tracking_uri

    def search_registered_models(self, page_token):
        if "away" in self.uri:
            raise MlflowException("the server is away")
        page = type("Page", (list,), {"token": None})
        return page()
"""


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["http://mlflow.example"], 0, "total"),
        (["http://away.example"], 7, "MlflowException: the server is away"),
        (["http://mlflow.example", "--into", "a.b.c.d"], 2, "a.b.c.d"),
        (["http://mlflow.example", "--registry", "none.hb"], 3, "none.hb"),
    ],
)
def test_the_command_line_reads_a_server_through_this_python(
    registry: halfback.Registry, tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    (tmp_path / "libraries").mkdir()
    (tmp_path / "libraries/mlflow.py").write_text(CLIENT)
    (tmp_path / "here/halfback").mkdir(parents=True)
    (tmp_path / "here/halfback/__init__.py").write_text("open('../ran', 'w')")
    environment = dict(os.environ)
    environment |= {"HALFBACK_PYTHON": sys.executable, "HALFBACK_REGISTRY": str(registry.path)}
    environment |= {"PYTHONPATH": str(tmp_path / "libraries")}
    run = subprocess.run(
        [sys.executable, "-P", "-m", "halfback.cli", "import", "mlflow", *arguments],
        cwd=tmp_path / "here",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == code, run
    assert says in (run.stderr if code else run.stdout)
    assert "a word" not in run.stdout
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("nowhere.db", halfback.NotFoundError),
        ("sqlite://", halfback.InvalidError),
        (".", halfback.InvalidError),
        (7, halfback.InvalidTypeError),
    ],
)
def test_what_is_no_mlflow_is_refused(
    registry: halfback.Registry, tmp_path: Path, source: Any, error: type[Exception]
) -> None:
    place = tmp_path / source if isinstance(source, str) and ":" not in source else source
    with pytest.raises(error):
        mlflow.import_from(registry, place)


class Client:
    """What is used of MLflow's client, with one model of two versions."""

    def __init__(self, tracking_uri: str, registry_uri: str) -> None:
        self.uris = (tracking_uri, registry_uri)

    def search_registered_models(self, page_token: str | None) -> Any:
        return Listed([SimpleNamespace(name="prod.risk.fraud")], None)

    def get_registered_model(self, name: str) -> Any:
        if name != "prod.risk.fraud":
            raise LookupError(name)
        times = {"creation_timestamp": MADE, "last_updated_timestamp": MADE}
        about = {"description": "", "tags": {"team": "risk"}, "aliases": {"champion": "2"}}
        return SimpleNamespace(name=name, **times, **about)

    def search_model_versions(self, filter_string: str, page_token: str | None) -> Any:
        assert filter_string == "name = 'prod.risk.fraud'"
        if page_token is None:  # a page each, the newest first
            return Listed([self.get_model_version("prod.risk.fraud", "2")], "next")
        return Listed([self.get_model_version("prod.risk.fraud", "1")], None)

    def get_model_version(self, name: str, number: str) -> Any:
        times = {"creation_timestamp": MADE, "last_updated_timestamp": MADE}
        about = {"description": "", "user_id": "ada", "current_stage": None, "status": "READY"}
        run = {"source": "dbfs:/x", "run_id": f"run{number}", "tags": {"k": number}}
        return SimpleNamespace(name=name, version=number, **times, **about, **run)

    def get_model_version_download_uri(self, name: str, number: str) -> str:
        return f"models:/m-{number}"

    def get_logged_model(self, model_id: str) -> Any:
        return SimpleNamespace(artifact_location=f"mlflow-artifacts:/{model_id}")

    def get_run(self, run_id: str) -> Any:
        if run_id == "run1":
            raise LookupError("no such run")
        data = {"params": {"n": "3"}, "metrics": {"auc": 0.5, "bad": float("nan")}, "tags": {}}
        info = SimpleNamespace(artifact_uri="dbfs:/run")
        return SimpleNamespace(data=SimpleNamespace(**data), info=info)


class Listed(list[Any]):
    """A page of MLflow's."""

    def __init__(self, items: list[Any], token: str | None) -> None:
        super().__init__(items)
        self.token = token


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[str], None]]:
    """Stands in for MLflow; what is in the list is called before each download."""
    before: list[Callable[[str], None]] = []

    def download_artifacts(artifact_uri: str, dst_path: str, **_uris: str) -> str:
        from pathlib import Path

        for call in before:
            call(artifact_uri)
        folder = model_folder(Path(dst_path) / "model")
        (folder / "model.skops").write_text(artifact_uri)
        (folder / "registered_model_meta").write_text("added by the download")
        return str(folder)

    module: Any = ModuleType("mlflow")
    module.MlflowClient, module.MlflowException = Client, LookupError
    module.is_tracking_uri_set = lambda: False
    module.artifacts = SimpleNamespace(download_artifacts=download_artifacts)
    monkeypatch.setitem(sys.modules, "mlflow", module)
    return before


def test_a_tracking_uri_is_read_through_mlflow(
    registry: halfback.Registry, downloads: list[Callable[[str], None]]
) -> None:
    assert downloads == []
    report = mlflow.import_from(registry, "databricks-uc")
    assert (report.totals["brought"], report.totals["failed"]) == (2, 0)
    version = registry.resolve("prod.risk.fraud@champion")
    assert (version.number, version.params["n"], version.metrics) == (2, 3, {"auc": 0.5})
    assert version.tags == {"k": "2"}
    files = registry.get_artifact(version).files
    assert [file.path for file in files] == ["MLmodel", "model.skops"]
    about = {finding["subject"]: finding["message"] for finding in report.findings}
    assert "no such run" in about["models:/prod.risk.fraud/1"]
    assert "`bad`" in about["models:/prod.risk.fraud/2"]
    elsewhere = mlflow.import_from(registry, "http://mlflow.example", into="here.there")
    assert elsewhere.models[0]["model"] == "here.there.`prod.risk.fraud`"
    # What MLflow adds to a download of a model is in no other download.
    copy = registry.get_artifact("here.there.`prod.risk.fraud`/1")
    assert [file.path for file in copy.files][-1] == "registered_model_meta"
    assert "MLFLOW_TRACKING_URI" not in os.environ


def test_a_download_that_fails_is_a_finding_and_comes_the_next_time(
    registry: halfback.Registry, downloads: list[Callable[[str], None]]
) -> None:
    def fail(uri: str) -> None:
        if uri.endswith("/2"):
            raise RuntimeError("the network is away")

    downloads.append(fail)
    report = mlflow.import_from(registry, "databricks-uc")
    assert (report.totals["brought"], report.totals["failed"]) == (1, 1)
    assert "the network is away" in report.findings[-1]["message"]
    downloads.clear()
    assert mlflow.import_from(registry, "databricks-uc").totals["brought"] == 1


def test_ctrl_c_in_a_download_ends_the_import(
    registry: halfback.Registry, downloads: list[Callable[[str], None]]
) -> None:
    def interrupt(uri: str) -> None:
        if uri.endswith("/2"):
            raise KeyboardInterrupt

    downloads.append(interrupt)
    with pytest.raises(KeyboardInterrupt):
        mlflow.import_from(registry, "databricks-uc")
    assert registry.get_model("prod.risk.fraud").latest_version == 1


def test_progress_can_end_an_import(registry: halfback.Registry, database: Path) -> None:
    def enough(done: int, total: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        mlflow.import_from(registry, database, progress=enough)


def test_without_mlflow_a_tracking_uri_says_what_is_missing(
    registry: halfback.Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(halfback.InvalidError, match="pip install mlflow"):
        mlflow.import_from(registry, "http://localhost:5000")


def test_an_export_of_the_past_has_what_was_then(
    registry: halfback.Registry, tmp_path: Path
) -> None:
    report = registry.as_of(4).export(tmp_path / "out", models=[MODEL])
    assert (report.models, report.versions, report.findings) == (1, 2, ())
    lines = (tmp_path / "out/models.jsonl").read_text().splitlines()
    assert [json.loads(line)["aliases"] for line in lines] == [{}]
    assert repr(report).startswith("1 models, 2 versions")
    assert report.to_dict()["files"] == 2
    with pytest.raises(halfback.ConflictError):
        registry.export(tmp_path / "out")
    with pytest.raises(halfback.InvalidError, match="unknown variant"):
        registry.export(tmp_path / "new", "zip")  # type: ignore[arg-type]  # what is refused


def test_importing_the_importer_does_not_import_mlflow() -> None:
    script = "import halfback.importers.mlflow, sys; print('mlflow' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
