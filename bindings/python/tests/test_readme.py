"""The Python that the READMEs and the recipes show works as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1]
REPOSITORY = PACKAGE.parents[1]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    "page",
    [
        REPOSITORY / "README.md",
        PACKAGE / "README.md",
        REPOSITORY / "docs" / "python.md",
        REPOSITORY / "docs" / "proofs.md",
        REPOSITORY / "docs" / "metrics.md",
        REPOSITORY / "docs" / "evaluation.md",
        REPOSITORY / "docs" / "erasure.md",
        REPOSITORY / "docs" / "sql.md",
        REPOSITORY / "docs" / "mlflow.md",
    ],
    ids=lambda page: f"{page.parent.name}/{page.name}",
)
def test_a_page_shows_python_that_works(page: Path, tmp_path: Path) -> None:
    blocks = [
        block
        for block in BLOCK.findall(page.read_text(encoding="utf-8"))
        # What asks MLflow itself is run by `tests/peers/test_mlflow_itself.py`.
        if "\nimport mlflow\n" not in block
    ]
    assert blocks
    (tmp_path / "model.joblib").write_bytes(b"a trained model")
    for block in blocks:
        ran = subprocess.run(
            [sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, f"{block}\n{ran.stderr}"
