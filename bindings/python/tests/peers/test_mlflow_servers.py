"""MLflow's server and Unity Catalog: what is registered there comes over through MLflow's client.

Needs `mlflow` and `scikit-learn`, as `test_mlflow_itself.py` does. Servers listen on the loopback
alone.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING

import halfback
import pytest
from halfback.importers import mlflow
from test_mlflow_itself import ENVIRONMENT, REGISTER, python, told_by_mlflow
from unity_catalog import TOKEN, run_of, unity_catalog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore")  # those of MLflow and what it uses

MORE = """
import sys
import mlflow

mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient()
client.create_registered_model("empty", {"k": "v"}, "no version yet")
client.create_registered_model("more")
for number in (1, 2, 3):
    with mlflow.start_run() as run:
        mlflow.log_text(f"weights {number}", "files/a/weights.txt")
    client.create_model_version("more", f"{run.info.artifact_uri}/files", run.info.run_id)
client.set_registered_model_alias("more", "champion", 2)
"""


class Server:
    """A tracking server with a database and files of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--workers", "1"]
        command += ["--backend-store-uri", f"sqlite:///{self.folder / 'mlflow.db'}"]
        command += ["--artifacts-destination", str(self.folder / "files")]
        environment = ENVIRONMENT | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=log, stderr=log
            )
        until = time.monotonic() + 120
        while not self.answers():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < until, (self.folder / "log").read_text()
            time.sleep(0.1)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    try:
        python(REGISTER, server.uri)
        python(MORE, server.uri)
        yield server
    finally:
        server.stop()


@pytest.fixture(autouse=True)
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder to work in, in which MLflow leaves nothing."""
    folder = tmp_path / "away"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("DO_NOT_TRACK", "true")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    yield
    assert list(folder.iterdir()) == []


def holds(registry: halfback.Registry, report: mlflow.Report) -> None:
    """What the report says adds up, and is what is here."""
    for row in (report.totals, *report.models):
        assert row["there"] == row["brought"] + row["here"] + row["skipped"] + row["failed"]
    assert len(report.versions) == report.totals["brought"]
    for brought in report.versions:
        version = registry.resolve(brought["uri"])
        assert version.digest == brought["digest"]
        assert version.origin is not None
        assert version.origin.reference == brought["source"]
        version.verify()
    assert registry.check().findings == ()


def test_a_server_comes_over(server: Server, tmp_path: Path) -> None:
    with halfback.open(tmp_path / "models.hb", create=True) as registry:
        empty = registry.info().commit
        planned = mlflow.import_from(registry, server.uri, dry_run=True)
        assert planned.dry_run
        assert registry.info().commit == empty
        assert planned.totals["brought"] == 5
        report = mlflow.import_from(registry, server.uri)
        assert report.findings == planned.findings == ()
        assert report.totals["brought"] == 5
        assert report.totals["aliases"] == 2
        holds(registry, report)

        version = registry.resolve("main.default.`fraud.eu v2`@champion")
        assert (version.number, version.stage, version.code_commit) == (2, "production", "abc123")
        assert version.params == {"C": 0.2, "n": 2, "id": "007"}
        assert version.metrics == {"auc": 0.5}
        assert version.comment == "the best"
        assert (version.tags, version.flavor) == ({"k/a": "v"}, "sklearn")
        assert [found.uri for found in registry.search_versions("stage = 'archived'")] == [
            "models:/main.default.`fraud.eu v2`/1"
        ]
        model = registry.get_model("main.default.`fraud.eu v2`")
        assert (model.comment, model.tags) == ("finds fraud", {"team": "risk"})
        assert registry.get_model("empty").comment == "no version yet"

        commit = registry.info().commit
        again = mlflow.import_from(registry, server.uri)
        assert (again.totals["here"], again.totals["brought"]) == (5, 0)
        assert registry.info().commit == commit
        holds(registry, again)


def test_what_was_interrupted_goes_on(server: Server, tmp_path: Path) -> None:
    class Stopped(Exception):  # noqa: N818  # no error: the user's own stop
        pass

    def stop(done: int, total: int) -> None:
        if done >= 2:
            raise Stopped

    with halfback.open(tmp_path / "models.hb", create=True) as registry:
        with pytest.raises(Stopped):
            mlflow.import_from(registry, server.uri, progress=stop)
        there = len(list(registry.search_versions()))
        assert 2 <= there < 5
        report = mlflow.import_from(registry, server.uri)
        assert (report.totals["here"], report.totals["brought"]) == (there, 5 - there)
        holds(registry, report)


def test_a_server_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    server = Server(folder)
    try:
        python(REGISTER, server.uri)
        with halfback.open(tmp_path / "models.hb", create=True) as registry:
            empty = registry.info().commit
            server.stop()
            with pytest.raises(Exception, match=str(server.port)):
                mlflow.import_from(registry, server.uri)
            assert registry.info().commit == empty
            server.start()
            report = mlflow.import_from(registry, server.uri)
            assert report.totals["brought"] == 2
            holds(registry, report)
            assert registry.export(tmp_path / "out", "mlflow").findings == ()
        before = told_by_mlflow(server.uri)
    finally:
        server.stop()
    after = told_by_mlflow((tmp_path / "out/mlruns").as_uri())
    for version in after["fraud.eu v2"]["versions"].values():
        version["description"] = version["description"] or ""  # a server knows no other nothing
    assert after == before


@pytest.mark.parametrize("kind", ["open source", "databricks", "databricks, older calls"])
def test_unity_catalog_keeps_its_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    is_open = kind == "open source"
    with unity_catalog(tmp_path / "there") as address:
        monkeypatch.setenv("MLFLOW_UC_OSS_TOKEN", TOKEN)
        monkeypatch.setenv("DATABRICKS_HOST", address)
        monkeypatch.setenv("DATABRICKS_TOKEN", TOKEN)
        native = "true" if kind == "databricks" else "false"
        monkeypatch.setenv("MLFLOW_ENABLE_UC_NATIVE_MODEL_REGISTRY", native)
        source = f"uc:{address}" if is_open else "databricks-uc"
        with halfback.open(tmp_path / "models.hb", create=True) as registry:
            planned = mlflow.import_from(registry, source, dry_run=True)
            report = mlflow.import_from(registry, source)
            assert report.findings == planned.findings
            assert (report.totals["brought"], report.totals["skipped"]) == (4, 1)
            holds(registry, report)
            names = [model.name for model in registry.search_models()]
            assert names == ["dev.ml.fraud", "prod.ml.fraud", "prod.risk.fraud"]
            assert [catalog.name for catalog in registry.list_catalogs()] == ["dev", "main", "prod"]

            version = registry.get_version("prod.ml.fraud", 2)
            assert (version.flavor, version.framework_version) == ("sklearn", "1.9.1")
            assert (version.comment, version.run) == ("number 2", run_of("prod.ml.fraud", 2))
            part = version.file_path("weights/part")
            assert part.read_text() == "prod.ml.fraud 2"
            if is_open:  # which has neither runs nor aliases nor tags
                assert (version.params, version.aliases, version.tags) == ({}, (), {})
                told = [finding["message"] for finding in report.findings]
                assert any("MLFLOW_TRACKING_URI" in message for message in told), told
            else:
                assert (version.params, version.metrics) == ({"depth": 2}, {"auc": 0.5})
                assert (version.aliases, version.tags) == (("champion",), {"k": "2"})
                assert version.code_commit == "abc123"
                assert registry.get_model("prod.ml.fraud").tags == {"team": "risk"}

            again = mlflow.import_from(registry, source)
            assert (again.totals["here"], again.totals["brought"]) == (4, 0)
            flat = mlflow.import_from(registry, source, into="flat.all", names=["dev.ml.fraud"])
            assert [version["uri"] for version in flat.versions] == [
                "models:/flat.all.`dev.ml.fraud`/1"
            ]


def test_unity_catalog_that_refuses_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unity_catalog(tmp_path / "there") as address:
        monkeypatch.setenv("MLFLOW_UC_OSS_TOKEN", "another")
        with halfback.open(tmp_path / "models.hb", create=True) as registry:
            empty = registry.info().commit
            with pytest.raises(Exception, match=r"401|UNAUTHENTICATED"):
                mlflow.import_from(registry, f"uc:{address}")
            assert registry.info().commit == empty
