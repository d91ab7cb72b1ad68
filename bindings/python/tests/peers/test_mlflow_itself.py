"""MLflow itself: what it registers comes over, and what goes out it loads.

Needs `mlflow` and `scikit-learn`, which are too much for every run of the tests: run it with
`python -m pytest tests/peers` where they are installed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import halfback
import pytest
from halfback.importers import mlflow

PAGE = (Path(__file__).parents[4] / "docs" / "mlflow.md").read_text(encoding="utf-8")
ENVIRONMENT = {
    **os.environ,
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
}

REGISTER = """
import sys
import mlflow
import numpy
from sklearn.linear_model import LogisticRegression

mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient()
x = numpy.arange(20.0).reshape(10, 2)
for number in (1, 2, 3):
    model = LogisticRegression(C=number / 10).fit(x, x[:, 0] > 4 * number)
    with mlflow.start_run():
        mlflow.log_params({"C": number / 10, "n": number, "id": "007"})
        mlflow.log_metric("auc", 0.5, step=0)
        mlflow.log_metric("auc", number / 4, step=1)
        mlflow.set_tag("mlflow.source.git.commit", "abc123")
        mlflow.sklearn.log_model(
            model, name="model", registered_model_name="fraud.eu v2",
            pip_requirements=["scikit-learn"],
        )
client.update_registered_model("fraud.eu v2", "finds fraud")
client.set_registered_model_tag("fraud.eu v2", "team", "risk")
client.set_registered_model_alias("fraud.eu v2", "champion", 2)
client.set_model_version_tag("fraud.eu v2", "2", "k/a", "v")
client.update_model_version("fraud.eu v2", "2", "the best")
client.transition_model_version_stage("fraud.eu v2", "1", "Archived")
client.transition_model_version_stage("fraud.eu v2", "2", "Production")
client.delete_model_version("fraud.eu v2", "3")
"""

LOAD = """
import json, sys
import mlflow
import numpy

mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient(tracking_uri=sys.argv[1])
told = {}
for model in client.search_registered_models():
    versions = {}
    for version in client.search_model_versions(f"name = '{model.name}'"):
        uri = f"models:/{model.name}/{version.version}"
        run = client.get_run(version.run_id).data
        loaded = mlflow.pyfunc.load_model(uri)
        versions[version.version] = {
            "stage": version.current_stage, "description": version.description,
            "tags": version.tags, "params": run.params, "metrics": run.metrics,
            "created": version.creation_timestamp,
            "flavors": sorted(mlflow.models.Model.load(uri).flavors),
            "answers": [int(y) for y in loaded.predict(numpy.arange(20.0).reshape(10, 2))],
        }
    told[model.name] = {
        "description": model.description, "tags": model.tags, "versions": versions,
        "aliases": {alias: int(number) for alias, number in model.aliases.items()},
    }
print(json.dumps(told))
"""


def python(script: str, *arguments: str) -> str:
    command = [sys.executable, "-W", "ignore", "-c", script, *arguments]
    run = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def told_by_mlflow(uri: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(python(LOAD, uri).splitlines()[-1])
    return told


def test_the_page_on_mlflow_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert python(blocks.pop(0)) == ""
    said = [python(block) for block in blocks]
    assert "\nimport mlflow\n" in blocks[-1]
    assert said[-1].endswith("/artifacts/model\n")


@pytest.mark.filterwarnings("ignore")  # those of MLflow and what it uses
@pytest.mark.parametrize("kind", ["database", "folder", "client"])
def test_there_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    there = tmp_path / "there"
    there.mkdir()
    monkeypatch.chdir(there)
    for name in ("MLFLOW_ALLOW_FILE_STORE", "MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
        monkeypatch.setenv(name, "true")
    folder = kind == "folder"
    uri = (there / "mlruns").as_uri() if folder else f"sqlite:///{there / 'mlflow.db'}"
    python(REGISTER, uri)
    before = told_by_mlflow(uri)
    source: str | Path = there / ("mlruns" if folder else "mlflow.db")
    if kind == "client":  # what any tracking URI goes through, without a server
        monkeypatch.setattr(mlflow, "_source", lambda place, options: client_of(uri))
    with halfback.open(tmp_path / "models.hb", create=True) as registry:
        report = mlflow.import_from(registry, source)
        assert (report.totals["brought"], report.findings) == (2, ())
        assert report.totals["skipped"] == (0 if kind == "client" else 1)
        assert mlflow.import_from(registry, source).totals["here"] == 2
        version = registry.resolve("main.default.`fraud.eu v2`@champion")
        assert (version.number, version.stage, version.code_commit) == (2, "production", "abc123")
        assert version.params == {"C": 0.2, "n": 2, "id": "007"}
        assert registry.export(tmp_path / "out", "mlflow").findings == ()
    shutil.rmtree(there / "mlruns")  # so that nothing can be loaded from where it came from
    assert told_by_mlflow((tmp_path / "out/mlruns").as_uri()) == before


def client_of(uri: str) -> tuple[dict[str, str], Any]:
    client = mlflow._Client(uri)
    return {"document": json.dumps(client.document([]))}, client.fetch
